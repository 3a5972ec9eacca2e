package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func fmadd(a Op, b, acc Register) { VFMADD231PS(a, b, acc) }

// sumFour leaves v0+v1+v2+v3 in the first lane of v0 and returns it.
func (w width) sumFour() {
	v := w.v
	VADDPS(v[1], v[0], v[0])
	VADDPS(v[3], v[2], v[2])
	VADDPS(v[2], v[0], v[0])
	w.fold(v[0], v[1], addFloats)
	VZEROUPPER()
	Store(X0, ReturnIndex(0))
	RET()
}

func (w width) zeroFour() {
	for i := range 4 {
		w.zero(w.v[i])
	}
}

func dot(w width) {
	l := w.function("dot", "func(a, b *float32, n int) float32", "returns the dot product of n values.")
	a, b, n := pointer("a"), pointer("b"), pointer("n")
	w.zeroFour()
	w.each(l, n, []Register{a, b}, true, func(g, offset int, masked bool) {
		x, y := w.v[4+g], w.v[8+g]
		w.load(at(a, offset), x, masked)
		if masked {
			w.load(at(b, offset), y, masked)
			fmadd(y, x, w.v[g])
		} else {
			fmadd(at(b, offset), x, w.v[g])
		}
	})
	w.sumFour()
}

func total(w width) {
	l := w.function("total", "func(x *float32, n int) float32", "returns the sum of n values.")
	x, n := pointer("x"), pointer("n")
	w.zeroFour()
	w.each(l, n, []Register{x}, true, func(g, offset int, masked bool) {
		if masked {
			w.load(at(x, offset), w.v[4], masked)
			VADDPS(w.v[4], w.v[g], w.v[g])
		} else {
			VADDPS(at(x, offset), w.v[g], w.v[g])
		}
	})
	w.sumFour()
}

func addTotal(w width) {
	l := w.function("addTotal", "func(x, residual *float32, n int) float32", "adds residual to x and returns the sum.")
	x, r, n := pointer("x"), pointer("residual"), pointer("n")
	w.zeroFour()
	w.each(l, n, []Register{x, r}, true, func(g, offset int, masked bool) {
		v, u := w.v[4+g], w.v[8+g]
		w.load(at(x, offset), v, masked)
		w.load(at(r, offset), u, masked)
		VADDPS(u, v, v)
		w.store(v, at(x, offset), masked)
		VADDPS(v, w.v[g], w.v[g])
	})
	w.sumFour()
}

func deviation(w width) {
	l := w.function("deviation", "func(x *float32, n int, mean float32) float32", "returns the sum of squared distances from mean.")
	x, n := pointer("x"), pointer("n")
	mean := w.v[12]
	VBROADCASTSS(parameter("mean"), mean)
	w.zeroFour()
	w.each(l, n, []Register{x}, true, func(g, offset int, masked bool) {
		v := w.v[4+g]
		w.load(at(x, offset), v, masked)
		VSUBPS(mean, v, v)
		if masked {
			w.keep(v)
		}
		fmadd(v, v, w.v[g])
	})
	w.sumFour()
}

func normalize(w width) {
	l := w.function("normalize", "func(x, gain, bias *float32, n int, mean, inverse float32)", "replaces x by (x-mean)·inverse·gain + bias.")
	x, gain, bias, n := pointer("x"), pointer("gain"), pointer("bias"), pointer("n")
	mean, inverse := w.v[12], w.v[13]
	VBROADCASTSS(parameter("mean"), mean)
	VBROADCASTSS(parameter("inverse"), inverse)
	w.each(l, n, []Register{x, gain, bias}, false, func(_, offset int, masked bool) {
		v, g, b := w.v[0], w.v[1], w.v[2]
		w.load(at(x, offset), v, masked)
		w.load(at(gain, offset), g, masked)
		w.load(at(bias, offset), b, masked)
		VSUBPS(mean, v, v)
		VMULPS(inverse, v, v)
		VFMADD213PS(b, g, v)
		w.store(v, at(x, offset), masked)
	})
	VZEROUPPER()
	RET()
}

func multiply(w width) {
	l := w.function("multiply", "func(x *float32, n int, by float32)", "multiplies n values by one.")
	x, n := pointer("x"), pointer("n")
	by := w.v[12]
	VBROADCASTSS(parameter("by"), by)
	w.each(l, n, []Register{x}, false, func(_, offset int, masked bool) {
		w.load(at(x, offset), w.v[0], masked)
		VMULPS(by, w.v[0], w.v[0])
		w.store(w.v[0], at(x, offset), masked)
	})
	VZEROUPPER()
	RET()
}

// constants broadcasts the table of a function, in the order of its fields, to
// the registers from first on.
func (w width) constants(table Register, first, n int) []VecPhysical {
	for i := range n {
		VBROADCASTSS(at(table, 4*i), w.v[first+i])
	}
	return w.v[first : first+n]
}

// gelu computes max(x,0) - h(|x|), see geluTable in the package.
func gelu(w width) {
	l := w.function("gelu", "func(x *float32, n int, table *[10]float32)", "replaces n values by their GELU.")
	x, n, table := pointer("x"), pointer("n"), pointer("table")
	c := w.constants(table, 5, 10)
	limit, magnitude, half, one, poly := c[0], c[1], c[2], c[3], c[4:]
	w.each(l, n, []Register{x}, false, func(_, offset int, masked bool) {
		v, u, p, z := w.v[0], w.v[1], w.v[2], w.v[3]
		w.load(at(x, offset), v, masked)
		VANDPS(magnitude, v, u)
		VMINPS(u, limit, u) // a NaN stays, being the second source
		VMOVAPS(poly[5], p)
		for i := 4; i >= 0; i-- {
			VFMADD213PS(poly[i], u, p)
		}
		VFMADD213PS(one, u, p)
		for range 4 {
			VMULPS(p, p, p)
		}
		VMULPS(half, u, u)
		VDIVPS(p, u, u)
		w.zero(z)
		VMAXPS(v, z, v)
		VSUBPS(u, v, v)
		w.store(v, at(x, offset), masked)
	})
	VZEROUPPER()
	RET()
}

func maximum(w width) {
	l := w.function("maximum", "func(x *float32, n int) float32", "returns the largest of n values, or -Inf; it may pass over NaN.")
	x, n := pointer("x"), pointer("n")
	inf := GP32()
	MOVL(U32(0xff800000), inf)
	VMOVD(inf, X0)
	VBROADCASTSS(X0, w.v[0])
	for i := 1; i <= 4; i++ {
		VMOVAPS(w.v[0], w.v[i])
	}
	lowest := w.v[4]
	op := func(a, b, dst Register) { VMAXPS(a, b, dst) }
	w.each(l, n, []Register{x}, true, func(g, offset int, masked bool) {
		v := w.v[5+g]
		switch {
		case masked && w.wide():
			VMOVAPS(lowest, v)
			VMOVUPS(at(x, offset), K1, v)
		case masked:
			w.load(at(x, offset), v, masked)
			VBLENDVPS(tail, v, lowest, v)
		default:
			w.load(at(x, offset), v, masked)
		}
		op(w.v[g], v, w.v[g])
	})
	op(w.v[1], w.v[0], w.v[0])
	op(w.v[3], w.v[2], w.v[2])
	op(w.v[2], w.v[0], w.v[0])
	w.fold(w.v[0], w.v[1], op)
	VZEROUPPER()
	Store(X0, ReturnIndex(0))
	RET()
}

// expTotal computes 2ⁿ·p(f), see expTable in the package.
func expTotal(w width) {
	l := w.function("expTotal", "func(x *float32, n int, largest float32, table *[9]float32) float32", "replaces n values by exp(x-largest) and returns the sum.")
	x, n, table := pointer("x"), pointer("n"), pointer("table")
	largest, sum := w.v[5], w.v[4]
	VBROADCASTSS(parameter("largest"), largest)
	c := w.constants(table, 6, 9)
	lowest, log2e, ln2hi, ln2lo, poly := c[0], c[1], c[2], c[3], c[4:]
	w.zero(sum)
	w.each(l, n, []Register{x}, false, func(_, offset int, masked bool) {
		v, k, p, f := w.v[0], w.v[1], w.v[2], w.v[3]
		w.load(at(x, offset), v, masked)
		VSUBPS(largest, v, v)
		VMAXPS(v, lowest, f) // a NaN stays, being the second source
		VMULPS(log2e, f, k)
		if w.wide() {
			VRNDSCALEPS(U8(8), k, k)
		} else {
			VROUNDPS(U8(8), k, k)
		}
		VFNMADD231PS(ln2hi, k, f)
		VFNMADD231PS(ln2lo, k, f)
		VMOVAPS(poly[4], p)
		for _, c := range []VecPhysical{poly[3], poly[2], poly[1]} {
			VFMADD213PS(c, f, p)
		}
		VFMADD213PS(poly[0], f, p)
		VFMADD213PS(poly[0], f, p)
		if w.wide() {
			VCMPPS(U8(0x15), lowest, v, K2) // not less than, so that NaN stays
			VSCALEFPS_Z(k, p, K2, p)
		} else {
			VCMPPS(U8(0x15), lowest, v, v)
			VCVTPS2DQ(k, k)
			VPSLLD(U8(23), k, k)
			VPADDD(k, p, p) // the exponent stays in range: p is about 1, k at least -126
			VANDPS(v, p, p)
		}
		if masked {
			w.keep(p)
		}
		w.store(p, at(x, offset), masked)
		VADDPS(p, sum, sum)
	})
	w.fold(sum, w.v[0], addFloats)
	VMOVAPS(X4, X0)
	VZEROUPPER()
	Store(X0, ReturnIndex(0))
	RET()
}

// matMul computes a tile of up to rows × two vectors, and masks its columns.
func matMul(w width, name string, rows int, masked bool) {
	signature := "func(dst *float32, ldd int, a *float32, lda int, b *float32, ldb, k, rows int"
	doc := fmt.Sprintf("computes rows (1 to %d) of a·b, %d columns wide.", rows, 2*w.lanes)
	if masked {
		signature += ", columns int"
		doc = fmt.Sprintf("computes rows (1 to %d) of a·b, up to %d columns wide.", rows, 2*w.lanes)
	}
	TEXT(name, NOSPLIT, signature+")")
	Pragma("noescape")
	Doc(name + " " + doc + " Leading dimensions are in bytes.")
	dst, ldd, a, lda, b, ldb := pointer("dst"), pointer("ldd"), pointer("a"), pointer("lda"), pointer("b"), pointer("ldb")
	k, n := pointer("k"), pointer("rows")
	masks := []Register{K1, K2}
	if masked {
		columns := pointer("columns")
		if w.wide() {
			MOVQ(columns, RCX)
			m := GP64()
			MOVQ(U32(1), m)
			SHLQ(CL, m)
			DECQ(m)
			KMOVW(m.As32(), K1)
			SHRQ(U8(16), m)
			KMOVW(m.As32(), K2)
		} else {
			masks = []Register{Y13, Y14}
			for i, m := range masks {
				// Clamped to between none and all lanes of this vector.
				c, t := GP64(), GP64()
				LEAQ(at(columns, -8*i), c)
				XORQ(t, t)
				CMPQ(c, t)
				CMOVQLT(t, c)
				MOVQ(U32(8), t)
				CMPQ(c, t)
				CMOVQGT(t, c)
				LEAQ(window().Offset(32), t)
				SHLQ(U8(2), c)
				SUBQ(c, t)
				VMOVDQU(at(t, 0), m)
			}
		}
	}
	byRows(n, rows, func(r int, label string) {
		as := rowsOf(a, lda, r)
		for i := range 2 * r {
			w.zero(w.v[i])
		}
		first := 24
		if !w.wide() {
			first = 12
			if masked {
				first = 8
			}
		}
		b0, b1 := w.v[first], w.v[first+1]
		Label(label + "loop")
		for i, v := range []Register{b0, b1} {
			m := at(b, i*w.bytes())
			switch {
			case !masked:
				VMOVUPS(m, v)
			case w.wide():
				VMOVUPS_Z(m, masks[i], v)
			default:
				VMASKMOVPS(m, masks[i], v)
			}
		}
		for i := range r {
			c := w.v[first+2+i%2]
			if w.wide() {
				c = w.v[first+2+i%6]
			}
			VBROADCASTSS(as.row(i, 0), c)
			VFMADD231PS(c, b0, w.v[2*i])
			VFMADD231PS(c, b1, w.v[2*i+1])
		}
		as.advance(4)
		ADDQ(ldb, b)
		DECQ(k)
		JNE(LabelRef(label + "loop"))
		for i := range r {
			for j := range 2 {
				m, v := at(dst, j*w.bytes()), w.v[2*i+j]
				switch {
				case !masked:
					VMOVUPS(v, m)
				case w.wide():
					VMOVUPS(v, masks[j], m)
				default:
					VMASKMOVPS(v, masks[j], m)
				}
			}
			if i+1 < r {
				ADDQ(ldd, dst)
			}
		}
	})
}
