package vector_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"candor/retrieval/vector"
)

func int8s(b []byte) []int8 {
	x := make([]int8, len(b))
	for i, v := range b {
		x[i] = int8(v)
	}
	return x
}

func float32s(b []byte) []float32 {
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x
}

// eachKernel runs f with every kernel.
func eachKernel(t *testing.T, f func(name string)) {
	for _, name := range vector.Levels() {
		vector.Force(t, name)
		f(name)
	}
}

func FuzzDotInt8(f *testing.F) {
	f.Add([]byte("\x80\x80\x7f\x81"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 2*vector.MaxLength)]
		n := len(data) / 2
		a, b := int8s(data[:n]), int8s(data[n:2*n])
		eachKernel(t, func(name string) {
			if got, want := vector.DotInt8(a, b), exact(a, b); got != want {
				t.Errorf("%s: %d, want %d", name, got, want)
			}
		})
	})
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("\x80\x80\x7f\x81\x01\x02"), 2)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if n < 1 || n > len(data) || n > vector.MaxLength {
			return
		}
		query, rows := int8s(data[:n]), int8s(data[n:])
		dst := make([]int32, len(rows)/n)
		rows = rows[: len(dst)*n : len(dst)*n]
		eachKernel(t, func(name string) {
			vector.Scan(dst, query, rows)
			for i, got := range dst {
				if want := exact(query, rows[i*n:(i+1)*n]); got != want {
					t.Errorf("%s: row %d: %d, want %d", name, i, got, want)
				}
			}
		})
	})
}

func FuzzMatrix(f *testing.F) {
	f.Add(uint64(1), 13, 33, 5)
	f.Fuzz(func(t *testing.T, seed uint64, rows, out, in int) {
		if min(rows, out, in) < 0 || rows > 40 || out > 100 || in > 2000 {
			return
		}
		eachKernel(t, func(string) {
			r := random(seed)
			mul(t, r, rows, out, in, r.IntN(4))
		})
	})
}

func FuzzQuantize(f *testing.F) {
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		src := float32s(data)
		var first []int8
		scale, sum := float32(0), int32(0)
		eachKernel(t, func(name string) {
			dst := make([]int8, len(src))
			s, n := vector.Quantize(dst, src)
			if first == nil {
				first, scale, sum = dst, s, n
				return
			}
			if !slices.Equal(dst, first) || math.Float32bits(s) != math.Float32bits(scale) || n != sum {
				t.Errorf("%s: %v %v %d, want %v %v %d", name, dst, s, n, first, scale, sum)
			}
		})
	})
}

// FuzzSoftmax holds what is promised of any input: numbers in [0, 1], or NaN
// throughout.
func FuzzSoftmax(f *testing.F) {
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\x80\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		eachKernel(t, func(name string) {
			x := float32s(data)
			want := slices.ContainsFunc(x, func(v float32) bool { return v != v || math.IsInf(float64(v), 1) })
			vector.Softmax(x)
			for _, v := range x {
				if want != (v != v) || v < 0 || v > 1 {
					t.Errorf("%s: %v", name, v)
				}
			}
		})
	})
}

// FuzzGELU compares the kernels, which compute the same but for fused steps.
func FuzzGELU(f *testing.F) {
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\x80\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		want := float32s(data)
		for i, v := range want {
			want[i] = float32(0.5 * float64(v) * math.Erfc(-float64(v)/math.Sqrt2))
			if math.IsInf(float64(v), -1) {
				want[i] = 0
			}
		}
		eachKernel(t, func(name string) {
			x := float32s(data)
			vector.GELU(x)
			for i, v := range x {
				if v != want[i] && (v == v || want[i] == want[i]) && !(math.Abs(float64(v)-float64(want[i])) <= 1e-6) {
					t.Errorf("%s: %v, want %v", name, v, want[i])
				}
			}
		})
	})
}
