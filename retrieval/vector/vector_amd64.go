//go:build amd64 && !purego

package vector

import (
	"sync"

	"golang.org/x/sys/cpu"
)

func detect() level {
	x := cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasFMA:
		return plain
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VNNI:
		return avx512
	default:
		return avx2
	}
}

func dot(a, b []float32) float32 {
	switch {
	case current == plain || len(a) == 0:
		return plainDot(a, b)
	case current == avx512:
		return dotAVX512(&a[0], &b[0], len(a))
	default:
		return dotAVX2(&a[0], &b[0], len(a))
	}
}

func dotInt8(a, b []int8) int32 {
	switch {
	case current == plain || len(a) == 0:
		return plainDotInt8(a, b)
	case current == avx512:
		return dotInt8AVX512(&a[0], &b[0], len(a))
	default:
		whole := len(a) &^ 15
		return dotInt8AVX2(&a[0], &b[0], whole) + plainDotInt8(a[whole:], b[whole:])
	}
}

// local is the length of a query up to which its copy is on the stack.
const local = 1024

func scan(dst []int32, query, rows []int8) {
	n := len(query)
	switch {
	case current == avx512:
		var small [local]int8
		padded := small[:]
		if n > local {
			padded = make([]int8, (n+63)&^63)
		}
		copy(padded, query)
		var sum int32
		for _, v := range query {
			sum += int32(v)
		}
		scanAVX512(&dst[0], &padded[0], &rows[0], n, len(dst), 128*sum)
	case current == avx2 && n >= 16:
		// The last 16 values follow the whole sixteens, without those that the
		// sixteens have.
		var small [local + 16]int16
		wide := small[:]
		if n > local {
			wide = make([]int16, n&^15+16)
		}
		for i, v := range query {
			wide[i] = int16(v)
		}
		whole := n &^ 15
		clear(wide[whole : whole+16])
		for i := whole; i < n; i++ {
			wide[whole+16-n+i] = int16(query[i])
		}
		scanAVX2(&dst[0], &wide[0], &rows[0], n, len(dst))
	default:
		plainScan(dst, query, rows)
	}
}

func maxAbs(x []float32) uint32 {
	switch {
	case current == plain || len(x) == 0:
		return plainMaxAbs(x)
	case current == avx512:
		return maxAbsAVX512(&x[0], len(x))
	default:
		return maxAbsAVX2(&x[0], len(x))
	}
}

func quantize(dst []int8, src []float32, inverse float32) int32 {
	switch {
	case current == plain || len(src) == 0:
		return plainQuantize(dst, src, inverse)
	case current == avx512:
		return quantizeAVX512(&dst[0], &src[0], len(src), inverse)
	default:
		whole := len(src) &^ 7
		return quantizeAVX2(&dst[0], &src[0], whole, inverse) + plainQuantize(dst[whole:], src[whole:], inverse)
	}
}

func total(x []float32) float32 {
	switch {
	case current == plain || len(x) == 0:
		return plainTotal(x)
	case current == avx512:
		return totalAVX512(&x[0], len(x))
	default:
		return totalAVX2(&x[0], len(x))
	}
}

func addTotal(x, residual []float32) float32 {
	switch {
	case current == plain || len(x) == 0:
		return plainAddTotal(x, residual)
	case current == avx512:
		return addTotalAVX512(&x[0], &residual[0], len(x))
	default:
		return addTotalAVX2(&x[0], &residual[0], len(x))
	}
}

func deviation(x []float32, mean float32) float32 {
	switch {
	case current == plain || len(x) == 0:
		return plainDeviation(x, mean)
	case current == avx512:
		return deviationAVX512(&x[0], len(x), mean)
	default:
		return deviationAVX2(&x[0], len(x), mean)
	}
}

func normalize(x, gain, bias []float32, mean, inverse float32) {
	switch {
	case current == plain || len(x) == 0:
		plainNormalize(x, gain, bias, mean, inverse)
	case current == avx512:
		normalizeAVX512(&x[0], &gain[0], &bias[0], len(x), mean, inverse)
	default:
		normalizeAVX2(&x[0], &gain[0], &bias[0], len(x), mean, inverse)
	}
}

func gelu(x []float32) {
	switch {
	case current == plain || len(x) == 0:
		plainGELU(x)
	case current == avx512:
		geluAVX512(&x[0], len(x), &geluTable)
	default:
		geluAVX2(&x[0], len(x), &geluTable)
	}
}

func maximum(x []float32) float32 {
	switch {
	case current == plain || len(x) == 0:
		return plainMaximum(x)
	case current == avx512:
		return maximumAVX512(&x[0], len(x))
	default:
		return maximumAVX2(&x[0], len(x))
	}
}

func expTotal(x []float32, largest float32) float32 {
	switch {
	case current == plain || len(x) == 0:
		return plainExpTotal(x, largest)
	case current == avx512:
		return expTotalAVX512(&x[0], len(x), largest, &expTable)
	default:
		return expTotalAVX2(&x[0], len(x), largest, &expTable)
	}
}

func multiply(x []float32, by float32) {
	switch {
	case current == plain || len(x) == 0:
		plainMultiply(x, by)
	case current == avx512:
		multiplyAVX512(&x[0], len(x), by)
	default:
		multiplyAVX2(&x[0], len(x), by)
	}
}

// deepest is the most products that one call adds up.
const deepest = 1 << 16

func matMul(dst []float32, ldd int, a []float32, lda int, b []float32, ldb int, m, k, n int) {
	if current == plain || k > deepest {
		plainMatMul(dst, ldd, a, lda, b, ldb, m, k, n)
		return
	}
	width := 32
	if current == avx2 {
		width = 16
	}
	for j := 0; j < n; j += width {
		columns := min(width, n-j)
		most := 12
		if current == avx2 {
			most = 6
			if columns < width {
				most = 4
			}
		}
		for i := 0; i < m; {
			rows := tile(m-i, most)
			d, r := &dst[i*ldd+j], &a[i*lda]
			switch {
			case current == avx512:
				matMulAVX512(d, 4*ldd, r, 4*lda, &b[j], 4*ldb, k, rows, columns)
			case columns == width:
				matMulAVX2(d, 4*ldd, r, 4*lda, &b[j], 4*ldb, k, rows)
			default:
				matMulTailAVX2(d, 4*ldd, r, 4*lda, &b[j], 4*ldb, k, rows, columns)
			}
			i += rows
		}
	}
}

// pack lays out weights as the kernel reads them. For AVX-512 that is
// [out/32][in/4][32][4] with 128 added, for AVX2 [out/16][in/2][16][2].
func pack(l level, weights []int8, out, in int) []int8 {
	var wide, deep int
	var offset int8
	switch l {
	case avx512:
		wide, deep, offset = 32, 4, -128
	case avx2:
		wide, deep = 16, 2
	case plain:
		return append([]int8(nil), weights...)
	}
	groups := (in + deep - 1) / deep
	packed := make([]int8, (out+wide-1)/wide*wide*groups*deep)
	for i := range packed {
		packed[i] = offset
	}
	for j := range out {
		first := (j/wide*groups*wide + j%wide) * deep
		for i, v := range weights[j*in : j*in+in] {
			// Flipping the sign bit adds 128 to what is then unsigned.
			packed[first+i/deep*wide*deep+i%deep] = v ^ offset
		}
	}
	return packed
}

// Scratch space for inputs. It is cleared after use: they come of somebody's
// text, and nothing of that stays.
var (
	narrow = sync.Pool{New: func() any { return new([]int8) }}
	wide   = sync.Pool{New: func() any { return new([]int16) }}
)

func mul(m *Matrix, dst []float32, x []int8, scales []float32, sums []int32, bias []float32) {
	switch {
	case m.level == plain || m.in == 0:
		plainMul(m, dst, x, scales, bias)
	case m.level == avx512:
		m.mulAVX512(dst, x, scales, sums, bias)
	default:
		m.mulAVX2(dst, x, scales, bias)
	}
}

func (m *Matrix) mulAVX512(dst []float32, x []int8, scales []float32, sums []int32, bias []float32) {
	rows, quads := len(scales), (m.in+3)/4
	stride := 4 * quads
	if stride != m.in {
		buffer := narrow.Get().(*[]int8)
		defer func() { clear(*buffer); narrow.Put(buffer) }()
		*buffer = grow(*buffer, rows*stride)
		for i := range rows {
			row := (*buffer)[i*stride : (i+1)*stride]
			clear(row[copy(row, x[i*m.in:(i+1)*m.in]):])
		}
		x = *buffer
	}
	for j := 0; j < m.out; j += 32 {
		weights := &m.packed[j*stride]
		columns := min(32, m.out-j)
		for i := 0; i < rows; {
			n := tile(rows-i, 12)
			mulAVX512(&dst[i*m.out+j], 4*m.out, &x[i*stride], stride, weights, quads, n, &scales[i], &sums[i], &m.scales[j], &bias[j], columns)
			i += n
		}
	}
}

func (m *Matrix) mulAVX2(dst []float32, x []int8, scales, bias []float32) {
	rows, pairs := len(scales), (m.in+1)/2
	stride := 2 * pairs
	buffer := wide.Get().(*[]int16)
	defer func() { clear(*buffer); wide.Put(buffer) }()
	*buffer = grow(*buffer, rows*stride)
	for i := range rows {
		row := (*buffer)[i*stride : (i+1)*stride]
		from := x[i*m.in : (i+1)*m.in]
		whole := m.in &^ 15
		widenAVX2(&row[0], &from[0], whole)
		clear(row[m.in:])
		for l := whole; l < m.in; l++ {
			row[l] = int16(from[l])
		}
	}
	// The last outputs go by way of a full tile.
	var last [6 * 16]float32
	var lastBias [16]float32
	for j := 0; j < m.out; j += 16 {
		columns := min(16, m.out-j)
		weights := &m.packed[j*stride]
		if columns < 16 {
			copy(lastBias[:], bias[j:])
		}
		for i := 0; i < rows; {
			n := tile(rows-i, 6)
			from := &(*buffer)[i*stride]
			if columns == 16 {
				mulAVX2(&dst[i*m.out+j], 4*m.out, from, 2*stride, weights, pairs, n, &scales[i], &m.scales[j], &bias[j])
			} else {
				mulAVX2(&last[0], 4*16, from, 2*stride, weights, pairs, n, &scales[i], &m.scales[j], &lastBias[0])
				for r := range n {
					copy(dst[(i+r)*m.out+j:(i+r+1)*m.out], last[r*16:])
				}
			}
			i += n
		}
	}
}

// tile returns how many of the rows that are left go first, so that the tiles
// are few, at most most, and alike.
func tile(left, most int) int {
	count := (left + most - 1) / most
	return (left + count - 1) / count
}
