//go:build !amd64 || purego

package vector

func detect() level { return plain }

func dot(a, b []float32) float32               { return plainDot(a, b) }
func dotInt8(a, b []int8) int32                { return plainDotInt8(a, b) }
func scan(dst []int32, query, rows []int8)     { plainScan(dst, query, rows) }
func maxAbs(x []float32) uint32                { return plainMaxAbs(x) }
func total(x []float32) float32                { return plainTotal(x) }
func addTotal(x, residual []float32) float32   { return plainAddTotal(x, residual) }
func gelu(x []float32)                         { plainGELU(x) }
func maximum(x []float32) float32              { return plainMaximum(x) }
func multiply(x []float32, by float32)         { plainMultiply(x, by) }
func deviation(x []float32, m float32) float32 { return plainDeviation(x, m) }

func expTotal(x []float32, largest float32) float32 { return plainExpTotal(x, largest) }

func quantize(dst []int8, src []float32, inverse float32) int32 {
	return plainQuantize(dst, src, inverse)
}

func normalize(x, gain, bias []float32, mean, inverse float32) {
	plainNormalize(x, gain, bias, mean, inverse)
}

func matMul(dst []float32, ldd int, a []float32, lda int, b []float32, ldb int, m, k, n int) {
	plainMatMul(dst, ldd, a, lda, b, ldb, m, k, n)
}

func pack(_ level, weights []int8, _, _ int) []int8 {
	return append([]int8(nil), weights...)
}

func mul(m *Matrix, dst []float32, x []int8, scales []float32, _ []int32, bias []float32) {
	plainMul(m, dst, x, scales, bias)
}
