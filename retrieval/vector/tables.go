package vector

import "math"

// geluTable is what every kernel computes GELU from, as
//
//	max(x,0) - h(|x|),  h(u) = u·Φ(-u) ≈ ½u / (1 + a₁u + … + a₆u⁶)¹⁶
//
// The form is that of Abramowitz and Stegun 7.1.28 for erfc; the coefficients are
// a minimax fit of h itself (iteratively reweighted least squares over [0, 6.5],
// error 2.5e-7), which has no cancellation at either end: beyond the limit h is
// zero in float32.
var geluTable = [10]float32{
	20,                               // the limit of u
	math.Float32frombits(0x7fffffff), // the bits of a magnitude
	0.5, 1,
	0.0498641376, 0.0211572972, 0.00324931560, 5.97181920e-05, 4.13836945e-05, 6.33300708e-06,
}

// expTable is what the kernels compute exp from: with n = x·log₂e rounded and
// f = x - n·ln 2, it is 2ⁿ·(1 + f + c₂f² + … + c₅f⁵), a minimax fit to a
// relative 1.1e-7. ln 2 is in two parts, the first short enough for an exact
// product (Cody and Waite, "Software Manual for the Elementary Functions", 1980).
var expTable = [9]float32{
	-87.33, // below, exp is subnormal and taken for zero
	math.Log2E, 0.693359375, -2.12194440e-4,
	1, 0.49999232, 0.16667115, 0.04189012, 0.0083125,
}
