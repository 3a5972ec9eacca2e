package vector

import "math"

// DotInt8 returns the exact dot product of a and b, of equal length up to
// MaxLength.
func DotInt8(a, b []int8) int32 {
	check("DotInt8", "b", len(b), len(a))
	checkLength("DotInt8", len(a))
	return dotInt8(a, b)
}

// Scan sets dst[i] to the exact dot product of query and row i of rows, which is
// row-major: [len(dst)][len(query)]. A query has at most MaxLength values.
func Scan(dst []int32, query, rows []int8) {
	check("Scan", "rows", len(rows), len(dst)*len(query))
	checkLength("Scan", len(query))
	if len(query) == 0 {
		clear(dst)
		return
	}
	// A block of rows at a time, since assembly cannot be preempted.
	const block = 256 << 10 // bytes
	step := max(block/len(query), 1)
	for len(dst) > 0 {
		n := min(step, len(dst))
		scan(dst[:n], query, rows[:n*len(query)])
		dst, rows = dst[n:], rows[n*len(query):]
	}
}

// tiny is what a vector must reach somewhere to count as other than zero: below
// it the scale would be subnormal, 127·2⁻¹²⁶, and its inverse overflows.
const tiny = 0x1p-119

// Quantize rounds src to dst, of equal length, symmetrically: src[i] is about
// scale·dst[i], where scale is max|src|/127 and dst[i] is src[i]·(127/max|src|)
// in float32, rounded half to even. The result is within ±127. It also returns
// the sum of dst, which wraps beyond 2²⁴ values.
//
// A vector that is zero, or below 2⁻¹¹⁹ throughout, has the scale 0 and dst
// zero. A NaN or an infinity makes the scale NaN, and dst zero.
func Quantize(dst []int8, src []float32) (scale float32, sum int32) {
	check("Quantize", "dst", len(dst), len(src))
	var bits uint32
	for s := range blocks(src) {
		bits = max(bits, maxAbs(s))
	}
	largest := math.Float32frombits(bits)
	switch {
	case bits >= 0x7f800000:
		clear(dst)
		return float32(math.NaN()), 0
	case largest < tiny:
		clear(dst)
		return 0, 0
	}
	inverse := 127 / largest
	for s := range blocks(src) {
		sum += quantize(dst[:len(s)], s, inverse)
		dst = dst[len(s):]
	}
	return largest / 127, sum
}

// blocks cuts a long vector into parts that one call of assembly may have, since
// it cannot be preempted.
func blocks(x []float32) func(yield func([]float32) bool) {
	const block = 64 << 10
	return func(yield func([]float32) bool) {
		for len(x) > 0 {
			n := min(block, len(x))
			if !yield(x[:n:n]) {
				return
			}
			x = x[n:]
		}
	}
}
