// Command avo writes the assembly of package vector and its Go declarations. It
// is a module of its own, so that the product does not depend on the generator.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64,!purego")
	for _, w := range []width{avx2, avx512} {
		dot(w)
		maxAbs(w)
		quantize(w)
		total(w)
		addTotal(w)
		deviation(w)
		normalize(w)
		gelu(w)
		maximum(w)
		expTotal(w)
		multiply(w)
	}
	matMul(avx2, "matMulAVX2", 6, false)
	matMul(avx2, "matMulTailAVX2", 4, true)
	matMul(avx512, "matMulAVX512", 12, true)
	widen()
	dotInt8AVX2()
	dotInt8AVX512()
	scanAVX2()
	scanAVX512()
	mulAVX2()
	mulAVX512()
	Generate()
}
