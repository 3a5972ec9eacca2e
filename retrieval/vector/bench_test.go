package vector_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"candor/retrieval/vector"
)

// benchEach runs a benchmark with every kernel of the machine.
func benchEach(b *testing.B, name string, bench func(b *testing.B)) {
	for _, level := range vector.Levels() {
		b.Run(strings.TrimPrefix(name+"/"+level, "/"), func(b *testing.B) {
			vector.Force(b, level)
			bench(b)
		})
	}
}

// fastest runs f, which takes microseconds or less, in short batches, and returns
// the time of one call in the fastest batch: what a core does while others
// leave it alone, where ns/op is what they leave of it.
func fastest(b *testing.B, f func()) float64 {
	const batch = 100 * time.Microsecond
	n, best := 1, 0.0
	for b.Loop() {
		start := time.Now()
		for range n {
			f()
		}
		took := time.Since(start)
		if per := float64(took.Nanoseconds()) / float64(n); best == 0 || per < best {
			best = per
		}
		if took < batch/2 {
			n *= 2
		}
	}
	b.ReportMetric(0, "ns/op") // an iteration is a batch, whose time says nothing
	return best
}

// rate reports how fast f does a number of multiplications and additions.
func rate(b *testing.B, macs int, f func()) {
	b.ReportMetric(float64(macs)/fastest(b, f), "GMAC/s")
}

func perElement(b *testing.B, n int, f func()) {
	ns := fastest(b, f)
	b.ReportMetric(ns, "ns/row")
	b.ReportMetric(ns/float64(n), "ns/elem")
}

func BenchmarkMul(b *testing.B) {
	for _, s := range [][3]int{{128, 384, 1536}, {128, 1536, 384}, {128, 384, 384}, {12, 384, 1536}, {12, 384, 384}, {1, 384, 1536}} {
		rows, in, out := s[0], s[1], s[2]
		benchEach(b, fmt.Sprintf("%dx%dx%d", rows, in, out), func(b *testing.B) {
			r := random(1)
			m := vector.NewMatrix(bytesOf(r, out*in, 3), floatsOf(r, out), out, in)
			x, scales, bias := bytesOf(r, rows*in, 3), floatsOf(r, rows), floatsOf(r, out)
			sums, dst := make([]int32, rows), make([]float32, rows*out)
			rate(b, rows*in*out, func() { m.Mul(dst, x, scales, sums, bias) })
		})
	}
}

// BenchmarkMulPeak has everything in the nearest cache, where only the
// multiplier bounds it.
func BenchmarkMulPeak(b *testing.B) {
	benchEach(b, "", func(b *testing.B) {
		const rows, in, out = 12, 512, 32
		r := random(1)
		m := vector.NewMatrix(bytesOf(r, out*in, 3), floatsOf(r, out), out, in)
		x, scales, sums, dst := bytesOf(r, rows*in, 3), floatsOf(r, rows), make([]int32, rows), make([]float32, rows*out)
		rate(b, rows*in*out, func() { m.Mul(dst, x, scales, sums, nil) })
	})
}

// BenchmarkScan scans a million vectors and compares with merely reading as many
// bytes, in turns, since a machine's memory is shared. The read is the faster of
// a sum of words in Go and a maximum in assembly.
func BenchmarkScan(b *testing.B) {
	for _, n := range []int{256, 384, 250} {
		benchEach(b, fmt.Sprintf("1Mx%d", n), func(b *testing.B) {
			count := 1 << 20
			rows := make([]int8, count*n)
			for i := range rows {
				rows[i] = int8(i * 7)
			}
			query, dst := rows[1:1+n], make([]int32, count)
			// The same bytes, for those who read words.
			words := unsafe.Slice((*uint64)(unsafe.Pointer(&rows[0])), len(rows)/8)
			floats := unsafe.Slice((*float32)(unsafe.Pointer(&rows[0])), len(rows)/4)
			// The fastest of each, since memory is shared with other work.
			scan, read := time.Hour, time.Hour
			timed := func(best *time.Duration, f func()) {
				start := time.Now()
				f()
				*best = min(*best, time.Since(start))
			}
			vector.Scan(dst, query, rows)
			for b.Loop() {
				timed(&scan, func() { vector.Scan(dst, query, rows) })
				timed(&read, func() { sumWords(words) })
				timed(&read, func() { vector.Read(floats) })
			}
			b.ReportMetric(float64(len(rows))/float64(scan.Nanoseconds()), "GB/s")
			b.ReportMetric(float64(len(rows))/float64(read.Nanoseconds()), "read-GB/s")
			b.ReportMetric(float64(scan)/float64(read), "scan/read")
			b.ReportMetric(float64(scan.Microseconds())/1000, "ms/scan")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkScanCached scans what fits the second-level cache.
func BenchmarkScanCached(b *testing.B) {
	benchEach(b, "1000x256", func(b *testing.B) {
		rows, dst := make([]int8, 256*1000), make([]int32, 1000)
		ns := fastest(b, func() { vector.Scan(dst, rows[:256], rows) })
		b.ReportMetric(float64(len(rows))/ns, "GB/s")
	})
}

var sink uint64

func sumWords(x []uint64) {
	var s0, s1, s2, s3 uint64
	for ; len(x) >= 8; x = x[8:] {
		s0 += x[0] + x[4]
		s1 += x[1] + x[5]
		s2 += x[2] + x[6]
		s3 += x[3] + x[7]
	}
	sink = s0 + s1 + s2 + s3
}

func BenchmarkDot(b *testing.B) {
	benchEach(b, "384", func(b *testing.B) {
		x, y := floatsOf(random(1), 384), floatsOf(random(2), 384)
		rate(b, 384, func() { vector.Dot(x, y) })
	})
}

func BenchmarkDotInt8(b *testing.B) {
	for _, n := range []int{256, 384} {
		benchEach(b, fmt.Sprint(n), func(b *testing.B) {
			x, y := bytesOf(random(1), n, 0), bytesOf(random(2), n, 0)
			rate(b, n, func() { vector.DotInt8(x, y) })
		})
	}
}

func BenchmarkQuantize(b *testing.B) {
	benchEach(b, "384", func(b *testing.B) {
		x, q := floatsOf(random(1), 384), make([]int8, 384)
		perElement(b, 384, func() { vector.Quantize(q, x) })
	})
}

func BenchmarkLayerNorm(b *testing.B) {
	benchEach(b, "384", func(b *testing.B) {
		r := random(1)
		x, y, gain, bias := floatsOf(r, 384), floatsOf(r, 384), floatsOf(r, 384), floatsOf(r, 384)
		perElement(b, 384, func() { vector.LayerNorm(x, y, gain, bias, 1e-12) })
	})
}

func BenchmarkGELU(b *testing.B) {
	benchEach(b, "1536", func(b *testing.B) {
		from := floatsOf(random(1), 1536)
		x := make([]float32, len(from))
		perElement(b, len(x), func() {
			copy(x, from)
			vector.GELU(x)
		})
	})
}

func BenchmarkSoftmax(b *testing.B) {
	for _, n := range []int{12, 128} {
		benchEach(b, fmt.Sprint(n), func(b *testing.B) {
			from := floatsOf(random(1), n)
			x := make([]float32, n)
			perElement(b, n, func() {
				copy(x, from)
				vector.Softmax(x)
			})
		})
	}
}

func BenchmarkMatMul(b *testing.B) {
	for _, s := range [][3]int{{128, 32, 128}, {128, 128, 32}, {512, 64, 512}, {512, 512, 64}, {12, 32, 12}, {12, 12, 32}} {
		m, k, n := s[0], s[1], s[2]
		benchEach(b, fmt.Sprintf("%dx%dx%d", m, k, n), func(b *testing.B) {
			r := random(1)
			// The heads of an encoder are columns of one matrix.
			ld := 384
			x, y, dst := floatsOf(r, m*max(ld, k)), floatsOf(r, k*max(ld, n)), make([]float32, m*n)
			rate(b, m*k*n, func() { vector.MatMul(dst, n, x, max(ld, k), y, max(ld, n), m, k, n) })
		})
	}
}
