package vector

import (
	"fmt"
	"math"
)

// Dot returns the dot product of a and b, of equal length. Its error is at most
// len(a)·2⁻²³ times the sum of |a[i]·b[i]|.
func Dot(a, b []float32) float32 {
	check("Dot", "b", len(b), len(a))
	var sum float32
	for s := range blocks(a) {
		sum += dot(s, b[:len(s)])
		b = b[len(s):]
	}
	return sum
}

// MatMul sets dst[m×n] to a[m×k]·b[k×n]. All are row-major, row i of dst begins
// at dst[i*ldd], and likewise for the others; a leading dimension is at least
// the length of a row, and what lies between rows is neither read nor written.
// Each element's error is at most k·2⁻²³ times the sum of the products'
// magnitudes. With k = 0 the product is zero.
func MatMul(dst []float32, ldd int, a []float32, lda int, b []float32, ldb int, m, k, n int) {
	if m < 0 || k < 0 || n < 0 {
		panic(fmt.Sprintf("vector: MatMul: negative shape %d×%d×%d", m, k, n))
	}
	checkLayout("dst", len(dst), ldd, m, n)
	checkLayout("a", len(a), lda, m, k)
	checkLayout("b", len(b), ldb, k, n)
	if m == 0 || n == 0 {
		return
	}
	if k == 0 {
		for i := range m {
			clear(dst[i*ldd : i*ldd+n])
		}
		return
	}
	matMul(dst, ldd, a, lda, b, ldb, m, k, n)
}

func checkLayout(name string, length, ld, rows, columns int) {
	if rows == 0 || columns == 0 {
		return
	}
	if ld < columns {
		panic(fmt.Sprintf("vector: MatMul: leading dimension %d of %s is under its %d columns", ld, name, columns))
	}
	// Divided rather than multiplied, so that nothing overflows.
	if length < columns || (length-columns)/ld < rows-1 {
		panic(fmt.Sprintf("vector: MatMul: %s has length %d, too short for %d rows of %d, %d apart", name, length, rows, columns, ld))
	}
}

// LayerNorm replaces the row x by the layer normalisation of x+residual, times
// gain, plus bias (Ba, Kiros and Hinton, "Layer Normalization", 2016):
//
//	(y - mean(y)) / √(var(y) + eps) · gain + bias,  y = x + residual
//
// with the variance of the population, in a second pass. A nil residual is zero;
// the others have the length of x.
func LayerNorm(x, residual, gain, bias []float32, eps float32) {
	check("LayerNorm", "gain", len(gain), len(x))
	check("LayerNorm", "bias", len(bias), len(x))
	if residual != nil {
		check("LayerNorm", "residual", len(residual), len(x))
	}
	if len(x) == 0 {
		return
	}
	n := float32(len(x))
	var sum float32
	if residual == nil {
		for s := range blocks(x) {
			sum += total(s)
		}
	} else {
		for s := range blocks(x) {
			sum += addTotal(s, residual[:len(s)])
			residual = residual[len(s):]
		}
	}
	mean := sum / n
	var squares float32
	for s := range blocks(x) {
		squares += deviation(s, mean)
	}
	inverse := float32(1 / math.Sqrt(float64(squares/n)+float64(eps)))
	for s := range blocks(x) {
		normalize(s, gain[:len(s)], bias[:len(s)], mean, inverse)
		gain, bias = gain[len(s):], bias[len(s):]
	}
}

// GELU replaces each x by x·Φ(x), the Gaussian error linear unit with the exact
// error function (Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016).
// The absolute error is below 1e-6 where x is negative or below 8, and half a
// unit in the last place above; from 20 on the result is x, and from -20 down it
// is zero. NaN stays NaN.
func GELU(x []float32) {
	for s := range blocks(x) {
		gelu(s)
	}
}

// Softmax replaces the row x by exp(x[i]-max) / Σ exp(x[j]-max). Each result's
// relative error is below 1e-6 plus len(x)·2⁻²⁴; an exp below 1.3e-38 may count as
// zero.
//
// Where every x is -Inf, as in a row that attends to nothing, the result is zero
// throughout; an empty row stays empty. A NaN or +Inf makes the whole row NaN.
func Softmax(x []float32) {
	if len(x) == 0 {
		return
	}
	largest := float32(math.Inf(-1))
	for s := range blocks(x) {
		largest = max(largest, maximum(s))
	}
	if math.IsInf(float64(largest), -1) {
		// A kernel's maximum may pass over NaN.
		fill := float32(0)
		for _, v := range x {
			if v != v {
				fill = v
			}
		}
		for i := range x {
			x[i] = fill
		}
		return
	}
	var sum float32
	for s := range blocks(x) {
		sum += expTotal(s, largest)
	}
	inverse := 1 / sum
	for s := range blocks(x) {
		multiply(s, inverse)
	}
}
