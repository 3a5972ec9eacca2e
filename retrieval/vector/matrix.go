package vector

import (
	"fmt"
	"math"
)

// panel is how many outputs the kernels compute at once; a matrix is padded to a
// multiple of it.
const panel = 32

// Matrix holds int8 weights, packed for the kernel in use when it was made. It
// takes about one byte a weight and does not change.
type Matrix struct {
	out, in int
	level   level
	packed  []int8
	scales  []float32 // padded to whole panels
	noBias  []float32 // -0 throughout: adding it changes nothing, not even a sign
}

// NewMatrix packs weights, row-major [out][in], with one scale for each output.
// The arguments are not kept. An input has at most MaxLength values; any of an
// int8, -128 too, is exact.
func NewMatrix(weights []int8, scales []float32, out, in int) *Matrix {
	if out < 0 || in < 0 {
		panic(fmt.Sprintf("vector: NewMatrix: negative shape [%d][%d]", out, in))
	}
	checkLength("NewMatrix", in)
	check("NewMatrix", "weights", len(weights), out*in)
	check("NewMatrix", "scales", len(scales), out)
	padded := (out + panel - 1) / panel * panel
	m := &Matrix{out: out, in: in, level: current, scales: make([]float32, padded), noBias: make([]float32, padded)}
	copy(m.scales, scales)
	for i := range m.noBias {
		m.noBias[i] = float32(math.Copysign(0, -1))
	}
	m.packed = pack(m.level, weights, out, in)
	return m
}

// Mul multiplies each row of x, row-major [rows][in], by the matrix. There are
// len(scales) rows; scales and sums are those of Quantize for each row, and sums
// must be right, since a kernel may need them. dst is row-major [rows][out]:
//
//	dst[i][j] = float32(float32(acc)·scales[i])·m.scales[j] + bias[j]
//
// with the exact int32 dot product acc, each step rounded to float32 and nothing
// fused. A nil bias adds nothing.
func (m *Matrix) Mul(dst []float32, x []int8, scales []float32, sums []int32, bias []float32) {
	rows := len(scales)
	check("Mul", "dst", len(dst), rows*m.out)
	check("Mul", "x", len(x), rows*m.in)
	check("Mul", "sums", len(sums), rows)
	if bias != nil {
		check("Mul", "bias", len(bias), m.out)
	}
	if rows == 0 || m.out == 0 {
		return
	}
	if bias == nil {
		bias = m.noBias[:m.out]
	}
	mul(m, dst, x, scales, sums, bias)
}

// grow returns n values of scratch space, in s if they fit.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
