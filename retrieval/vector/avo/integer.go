package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// broadcast fills a register with a 32-bit constant.
func broadcast(c uint32, dst Register) {
	t := GP32()
	MOVL(U32(c), t)
	VMOVD(t, X15)
	VPBROADCASTD(X15, dst)
}

func maxAbs(w width) {
	l := w.function("maxAbs", "func(x *float32, n int) uint32", "returns the largest magnitude of n values, as its bits.")
	x, n := pointer("x"), pointer("n")
	magnitude := w.v[12]
	broadcast(0x7fffffff, magnitude)
	w.zeroFour()
	// Without the sign, the order of floats is that of their bits as integers.
	op := func(a, b, dst Register) { VPMAXSD(a, b, dst) }
	w.each(l, n, []Register{x}, true, func(g, offset int, masked bool) {
		v := w.v[4+g]
		w.load(at(x, offset), v, masked)
		VANDPS(magnitude, v, v)
		op(v, w.v[g], w.v[g])
	})
	op(w.v[1], w.v[0], w.v[0])
	op(w.v[3], w.v[2], w.v[2])
	op(w.v[2], w.v[0], w.v[0])
	w.fold(w.v[0], w.v[1], op)
	returnInt()
}

// returnInt returns the first lane of X0.
func returnInt() {
	r := GP32()
	VMOVD(X0, r)
	VZEROUPPER()
	Store(r, ReturnIndex(0))
	RET()
}

func quantize(w width) {
	doc := "rounds n values times inverse to dst, and returns their sum."
	if !w.wide() {
		doc = "rounds n values times inverse to dst, and returns their sum; n is a multiple of 8."
	}
	w.function("quantize", "func(dst *int8, src *float32, n int, inverse float32) int32", doc)
	dst, src, n := pointer("dst"), pointer("src"), pointer("n")
	v, sum, inverse := w.v[0], w.v[1], w.v[2]
	VBROADCASTSS(parameter("inverse"), inverse)
	w.zero(sum)
	scale := func(masked bool) {
		w.load(at(src, 0), v, masked)
		VMULPS(inverse, v, v)
		VCVTPS2DQ(v, v) // half to even, as Go sets MXCSR
		VPADDD(v, sum, sum)
	}
	Label("one")
	CMPQ(n, U32(uint32(w.lanes)))
	JL(LabelRef("tail"))
	scale(false)
	if w.wide() {
		VPMOVDB(v, X3)
		VMOVDQU(X3, at(dst, 0))
	} else {
		VEXTRACTI128(U8(1), v, X3)
		VPACKSSDW(X3, X0, X0)
		VPACKSSWB(X0, X0, X0)
		VMOVQ(X0, at(dst, 0))
	}
	ADDQ(U32(uint32(w.bytes())), src)
	ADDQ(U32(uint32(w.lanes)), dst)
	SUBQ(U32(uint32(w.lanes)), n)
	JMP(LabelRef("one"))
	Label("tail")
	if w.wide() {
		TESTQ(n, n)
		JE(LabelRef("done"))
		w.setTail(n)
		scale(true)
		VPMOVDB(v, X3)
		VMOVDQU8(X3, K1, at(dst, 0))
		Label("done")
	}
	w.fold(sum, v, addInts)
	VMOVDQA(X1, X0)
	returnInt()
}

func widen() {
	avx2.function("widen", "func(dst *int16, src *int8, n int)", "sign-extends n values; n is a multiple of 16.")
	dst, src, n := pointer("dst"), pointer("src"), pointer("n")
	Label("loop")
	CMPQ(n, U32(16))
	JL(LabelRef("done"))
	VPMOVSXBW(at(src, 0), Y0)
	VMOVDQU(Y0, at(dst, 0))
	ADDQ(U32(32), dst)
	ADDQ(U32(16), src)
	SUBQ(U32(16), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

func dotInt8AVX2() {
	avx2.function("dotInt8", "func(a, b *int8, n int) int32", "returns the dot product of n values; n is a multiple of 16.")
	a, b, n := pointer("a"), pointer("b"), pointer("n")
	avx2.zeroFour()
	step := func(g int) {
		VPMOVSXBW(at(a, 16*g), ys[4+g])
		VPMOVSXBW(at(b, 16*g), ys[8+g])
		VPMADDWD(ys[8+g], ys[4+g], ys[4+g])
		VPADDD(ys[4+g], ys[g], ys[g])
	}
	for _, by := range []int{4, 1} {
		label := fmt.Sprintf("by%d", by)
		Label(label)
		CMPQ(n, U32(uint32(16*by)))
		JL(LabelRef(label + "done"))
		for g := range by {
			step(g)
		}
		ADDQ(U32(uint32(16*by)), a)
		ADDQ(U32(uint32(16*by)), b)
		SUBQ(U32(uint32(16*by)), n)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	VPADDD(Y1, Y0, Y0)
	VPADDD(Y3, Y2, Y2)
	VPADDD(Y2, Y0, Y0)
	avx2.fold(Y0, Y1, addInts)
	returnInt()
}

// byteTail sets K1 to the first n bytes of 64, n < 64. It spoils CX.
func byteTail(n Register) {
	MOVQ(n, RCX)
	m := GP64()
	MOVQ(U32(1), m)
	SHLQ(CL, m)
	DECQ(m)
	KMOVQ(m, K1)
}

// dotInt8AVX512 multiplies a+128, which is unsigned as VPDPBUSD wants it, and
// takes off 128·b. Sums may wrap on the way; the result does not.
func dotInt8AVX512() {
	avx512.function("dotInt8", "func(a, b *int8, n int) int32", "returns the dot product of n values.")
	a, b, n := pointer("a"), pointer("b"), pointer("n")
	offset := Z12
	broadcast(0x80808080, offset)
	avx512.zeroFour()
	step := func(g int, masked bool) {
		x, y := zs[4+g], zs[8+g]
		if masked {
			VMOVDQU8_Z(at(a, 0), K1, x)
			VMOVDQU8_Z(at(b, 0), K1, y)
			VPXORD(offset, x, x)
		} else {
			VMOVDQU64(at(b, 64*g), y)
			VPXORD(at(a, 64*g), offset, x)
		}
		VPDPBUSD(y, x, zs[g])
		VPDPBUSD(y, offset, zs[2+g])
	}
	for _, by := range []int{2, 1} {
		label := fmt.Sprintf("by%d", by)
		Label(label)
		CMPQ(n, U32(uint32(64*by)))
		JL(LabelRef(label + "done"))
		for g := range by {
			step(g, false)
		}
		ADDQ(U32(uint32(64*by)), a)
		ADDQ(U32(uint32(64*by)), b)
		SUBQ(U32(uint32(64*by)), n)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	TESTQ(n, n)
	JE(LabelRef("done"))
	byteTail(n)
	step(0, true)
	Label("done")
	VPADDD(Z1, Z0, Z0)
	VPADDD(Z3, Z2, Z2)
	VPSUBD(Z2, Z0, Z0)
	avx512.fold(Z0, Z1, addInts)
	returnInt()
}

// combine leaves the sums of the four vectors from first on in an X register,
// the first of them, in order.
func combine(w width) {
	if w.wide() {
		for i := range 4 {
			VEXTRACTI64X4(U8(1), zs[i], ys[4+i])
			VPADDD(ys[4+i], ys[i], ys[i])
		}
	}
	VPHADDD(Y1, Y0, Y0)
	VPHADDD(Y3, Y2, Y2)
	VPHADDD(Y2, Y0, Y0)
	VEXTRACTI128(U8(1), Y0, X1)
	VPADDD(X1, X0, X0)
}

// scanAVX2 takes the query as int16, followed by what the last 16 values of a row
// are multiplied by when 16 does not divide n: zeros for those counted before.
func scanAVX2() {
	avx2.function("scan", "func(dst *int32, query *int16, rows *int8, n, count int)", "computes count dot products of n (at least 16) values.")
	dst, query, rows, n, count := pointer("dst"), pointer("query"), pointer("rows"), pointer("n"), pointer("count")
	chunks, rest := GP64(), GP64()
	MOVQ(n, chunks)
	SHRQ(U8(4), chunks)
	MOVQ(n, rest)
	ANDQ(U32(15), rest)
	for _, by := range []int{4, 1} {
		label := fmt.Sprintf("by%d", by)
		Label(label)
		CMPQ(count, U32(uint32(by)))
		JL(LabelRef(label + "done"))
		for i := range 4 {
			avx2.zero(ys[i])
		}
		q, c := GP64(), GP64()
		for i := range by {
			row := fmt.Sprintf("%srow%d", label, i)
			step := func(k int) {
				VPMOVSXBW(at(rows, 16*k), ys[4+k])
				VPMADDWD(at(q, 32*k), ys[4+k], ys[4+k])
				VPADDD(ys[4+k], ys[i], ys[i])
			}
			MOVQ(query, q)
			MOVQ(chunks, c)
			for _, u := range []int{4, 1} {
				l := fmt.Sprintf("%sby%d", row, u)
				Label(l)
				CMPQ(c, U32(uint32(u)))
				JL(LabelRef(l + "done"))
				if u == 4 {
					PREFETCHT0(at(rows, ahead))
				}
				for k := range u {
					step(k)
				}
				ADDQ(U32(uint32(32*u)), q)
				ADDQ(U32(uint32(16*u)), rows)
				SUBQ(U32(uint32(u)), c)
				JMP(LabelRef(l))
				Label(l + "done")
			}
			TESTQ(rest, rest)
			JE(LabelRef(row + "whole"))
			ADDQ(rest, rows)
			SUBQ(U32(16), rows)
			step(0)
			ADDQ(U32(16), rows)
			Label(row + "whole")
		}
		store(avx2, dst, by)
		SUBQ(U32(uint32(by)), count)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	VZEROUPPER()
	RET()
}

// store writes the sums of one or four vectors, which it spoils.
func store(w width, dst Register, by int) {
	if by == 1 {
		w.fold(w.v[0], w.v[1], addInts)
		if w.wide() {
			VPSUBD(X11, X0, X0)
		}
		VMOVD(X0, at(dst, 0))
	} else {
		combine(w)
		if w.wide() {
			VPSUBD(X11, X0, X0)
		}
		VMOVDQU(X0, at(dst, 0))
	}
	ADDQ(U32(uint32(4*by)), dst)
}

// ahead is how many bytes before their use the rows are asked for.
const ahead = 4096

// scanAVX512 multiplies rows+128 by the query; the correction is 128 times the
// sum of the query, whose length is padded to whole vectors.
func scanAVX512() {
	avx512.function("scan", "func(dst *int32, query, rows *int8, n, count int, correction int32)", "computes count dot products of n values.")
	dst, query, rows, n, count := pointer("dst"), pointer("query"), pointer("rows"), pointer("n"), pointer("count")
	VMOVD(Load(Param("correction"), GP32()), X11)
	VPBROADCASTD(X11, X11)
	offset := Z12
	broadcast(0x80808080, offset)
	chunks, rest := GP64(), GP64()
	MOVQ(n, chunks)
	SHRQ(U8(6), chunks)
	MOVQ(n, rest)
	ANDQ(U32(63), rest)
	byteTail(rest)
	for _, by := range []int{4, 1} {
		label := fmt.Sprintf("by%d", by)
		Label(label)
		CMPQ(count, U32(uint32(by)))
		JL(LabelRef(label + "done"))
		for i := range 4 {
			avx512.zero(zs[i])
		}
		q, c := GP64(), GP64()
		for i := range by {
			row := fmt.Sprintf("%srow%d", label, i)
			MOVQ(query, q)
			MOVQ(chunks, c)
			for _, u := range []int{4, 1} {
				l := fmt.Sprintf("%sby%d", row, u)
				Label(l)
				CMPQ(c, U32(uint32(u)))
				JL(LabelRef(l + "done"))
				for k := range u {
					PREFETCHT0(at(rows, ahead+64*k))
					VPXORD(at(rows, 64*k), offset, zs[4+k])
					VPDPBUSD(at(q, 64*k), zs[4+k], zs[i])
				}
				ADDQ(U32(uint32(64*u)), q)
				ADDQ(U32(uint32(64*u)), rows)
				SUBQ(U32(uint32(u)), c)
				JMP(LabelRef(l))
				Label(l + "done")
			}
			TESTQ(rest, rest)
			JE(LabelRef(row + "whole"))
			VMOVDQU8_Z(at(rows, 0), K1, Z4)
			VPXORD(offset, Z4, Z4)
			VPDPBUSD(at(q, 0), Z4, zs[i])
			ADDQ(rest, rows)
			Label(row + "whole")
		}
		store(avx512, dst, by)
		SUBQ(U32(uint32(by)), count)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	VZEROUPPER()
	RET()
}
