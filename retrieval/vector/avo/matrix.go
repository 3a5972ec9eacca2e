package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// mulAVX2 multiplies pairs of int16, which is exact for every int8: up to 6 rows
// by 16 outputs. The weights are [pairs][16][2].
func mulAVX2() {
	avx2.function("mul", "func(dst *float32, ldd int, x *int16, ldx int, weights *int8, pairs, rows int, rowScales, scales, bias *float32)",
		"computes rows (1 to 6) of 16 outputs. Leading dimensions are in bytes.")
	dst, ldd, x, ldx, weights := pointer("dst"), pointer("ldd"), pointer("x"), pointer("ldx"), pointer("weights")
	pairs, rows := pointer("pairs"), pointer("rows")
	byRows(rows, 6, func(r int, label string) {
		s := rowsOf(x, ldx, r)
		for i := range 2 * r {
			avx2.zero(ys[i])
		}
		w0, w1, a, t := Y12, Y13, Y14, Y15
		Label(label + "loop")
		VPMOVSXBW(at(weights, 0), w0)
		VPMOVSXBW(at(weights, 16), w1)
		for i := range r {
			VPBROADCASTD(s.row(i, 0), a)
			VPMADDWD(a, w0, t)
			VPADDD(t, ys[2*i], ys[2*i])
			VPMADDWD(a, w1, a)
			VPADDD(a, ys[2*i+1], ys[2*i+1])
		}
		ADDQ(U32(32), weights)
		s.advance(4)
		DECQ(pairs)
		JNE(LabelRef(label + "loop"))
		rowScales, scales, bias := pointer("rowScales"), pointer("scales"), pointer("bias")
		for i := range r {
			VBROADCASTSS(at(rowScales, 4*i), Y12)
			for j := range 2 {
				v := ys[2*i+j]
				VCVTDQ2PS(v, v)
				VMULPS(Y12, v, v)
				VMULPS(at(scales, 32*j), v, v)
				VADDPS(at(bias, 32*j), v, v)
				VMOVUPS(v, at(dst, 32*j))
			}
			if i+1 < r {
				ADDQ(ldd, dst)
			}
		}
	})
}

// mulAVX512 multiplies the weights+128, unsigned, by the signed inputs: up to 12
// rows by 32 outputs. The weights are [quads][32][4]. Where there are few rows it
// keeps several sums of each, or it would wait for one multiplication after the
// other.
func mulAVX512() {
	avx512.function("mul", "func(dst *float32, ldd int, x *int8, ldx int, weights *int8, quads, rows int, rowScales *float32, sums *int32, scales, bias *float32, columns int)",
		"computes rows (1 to 12) of up to 32 outputs. Leading dimensions are in bytes.")
	dst, ldd, x, ldx, weights := pointer("dst"), pointer("ldd"), pointer("x"), pointer("ldx"), pointer("weights")
	quads, rows := pointer("quads"), pointer("rows")
	columns := pointer("columns")
	MOVQ(columns, RCX)
	m := GP64()
	MOVQ(U32(1), m)
	SHLQ(CL, m)
	DECQ(m)
	KMOVW(m.As32(), K1)
	SHRQ(U8(16), m)
	KMOVW(m.As32(), K2)
	byRows(rows, 12, func(r int, label string) {
		s := rowsOf(x, ldx, r)
		sets := 1
		switch {
		case r <= 3:
			sets = 4
		case r <= 6:
			sets = 2
		}
		for i := range 2 * r * sets {
			avx512.zero(zs[i])
		}
		w0, w1 := Z24, Z25
		next := 0
		step := func(set, offset int) {
			VMOVDQU64(at(weights, 32*offset), w0)
			VMOVDQU64(at(weights, 32*offset+64), w1)
			for i := range r {
				a := zs[26+next%6]
				next++
				VPBROADCASTD(s.row(i, offset), a)
				VPDPBUSD(a, w0, zs[2*r*set+2*i])
				VPDPBUSD(a, w1, zs[2*r*set+2*i+1])
			}
		}
		for _, by := range []int{max(sets, 2), 1} {
			l := fmt.Sprintf("%sby%d", label, by)
			Label(l)
			CMPQ(quads, U32(uint32(by)))
			JL(LabelRef(l + "done"))
			for u := range by {
				step(u%sets, 4*u)
			}
			ADDQ(U32(uint32(128*by)), weights)
			s.advance(4 * by)
			SUBQ(U32(uint32(by)), quads)
			JMP(LabelRef(l))
			Label(l + "done")
		}
		for n := sets; n > 1; n /= 2 {
			for i := range 2 * r * n / 2 {
				VPADDD(zs[2*r*n/2+i], zs[i], zs[i])
			}
		}
		rowScales, sums, scales, bias := pointer("rowScales"), pointer("sums"), pointer("scales"), pointer("bias")
		s0, s1, b0, b1 := Z24, Z25, Z26, Z27
		VMOVUPS(at(scales, 0), s0)
		VMOVUPS(at(scales, 64), s1)
		VMOVUPS_Z(at(bias, 0), K1, b0)
		VMOVUPS_Z(at(bias, 64), K2, b1)
		for i := range r {
			VPBROADCASTD(at(sums, 4*i), Z28)
			VPSLLD(U8(7), Z28, Z28)
			VBROADCASTSS(at(rowScales, 4*i), Z29)
			for j, k := range []Register{K1, K2} {
				v := zs[2*i+j]
				VPSUBD(Z28, v, v)
				VCVTDQ2PS(v, v)
				VMULPS(Z29, v, v)
				VMULPS([]Register{s0, s1}[j], v, v)
				VADDPS([]Register{b0, b1}[j], v, v)
				VMOVUPS(v, k, at(dst, 64*j))
			}
			if i+1 < r {
				ADDQ(ldd, dst)
			}
		}
	})
}
