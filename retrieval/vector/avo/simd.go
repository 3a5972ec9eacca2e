package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// width is a vector size: what a kernel that is written once differs in.
type width struct {
	name  string
	lanes int // of 32 bits
	v     []VecPhysical
}

var (
	xs = []VecPhysical{X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15}
	ys = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	zs = []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}

	avx2   = width{"AVX2", 8, ys}
	avx512 = width{"AVX512", 16, zs}
)

func (w width) wide() bool { return w.lanes == 16 }

func (w width) bytes() int { return 4 * w.lanes }

// tail is the register of the mask of the last, partial vector under AVX2; under
// AVX-512 it is K1.
var tail = Y15

var windowDefined bool

// window is eight words of ones followed by eight of zeros: the load that begins
// n words before its middle has n ones.
func window() Mem {
	if !windowDefined {
		windowDefined = true
		m := GLOBL("window", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(uint32(0xffffffff)*uint32((15-i)/8)))
		}
		return m
	}
	return NewDataAddr(NewStaticSymbol("window"), 0)
}

// setTail makes the mask of the first n lanes, n < lanes. It spoils CX.
func (w width) setTail(n Register) {
	if w.wide() {
		MOVQ(n, RCX)
		m := GP32()
		MOVL(U32(1), m)
		SHLL(CL, m)
		DECL(m)
		KMOVW(m, K1)
		return
	}
	at := GP64()
	LEAQ(window().Offset(32), at)
	t := GP64()
	MOVQ(n, t)
	SHLQ(U8(2), t)
	SUBQ(t, at)
	VMOVDQU(Mem{Base: at}, tail)
}

// load loads a vector; masked, the lanes beyond the tail are zero and their
// memory is not touched.
func (w width) load(m Mem, dst Register, masked bool) {
	switch {
	case !masked:
		VMOVUPS(m, dst)
	case w.wide():
		VMOVUPS_Z(m, K1, dst)
	default:
		VMASKMOVPS(m, tail, dst)
	}
}

func (w width) store(src Register, m Mem, masked bool) {
	switch {
	case !masked:
		VMOVUPS(src, m)
	case w.wide():
		VMOVUPS(src, K1, m)
	default:
		VMASKMOVPS(src, tail, m)
	}
}

// keep zeroes the lanes of a register beyond the tail.
func (w width) keep(r Register) {
	if w.wide() {
		VMOVAPS_Z(r, K1, r)
	} else {
		VANDPS(tail, r, r)
	}
}

func (w width) zero(r VecPhysical) {
	// The short form clears the whole register.
	if n := index(w, r); n < 16 {
		VPXOR(xs[n], xs[n], xs[n])
	} else {
		VPXORD(r, r, r)
	}
}

func index(w width, r VecPhysical) int {
	for i, v := range w.v {
		if v == r {
			return i
		}
	}
	panic("no such register")
}

// each runs over n elements: four vectors at a time, then one, then the partial
// one. body gets the number of the vector among the four, for an accumulator of
// its own, and its offset in bytes from the pointers, which each advances. What
// does not accumulate needs no fourfold loop.
func (w width) each(name string, n Register, pointers []Register, fourfold bool, body func(group, offset int, masked bool)) {
	advance := func(vectors int) {
		for _, p := range pointers {
			ADDQ(U32(uint32(vectors*w.bytes())), p)
		}
		SUBQ(U32(uint32(vectors*w.lanes)), n)
	}
	if fourfold {
		Label(name + "four")
		CMPQ(n, U32(uint32(4*w.lanes)))
		JL(LabelRef(name + "one"))
		for g := range 4 {
			body(g, g*w.bytes(), false)
		}
		advance(4)
		JMP(LabelRef(name + "four"))
	}
	Label(name + "one")
	CMPQ(n, U32(uint32(w.lanes)))
	JL(LabelRef(name + "tail"))
	body(0, 0, false)
	advance(1)
	JMP(LabelRef(name + "one"))
	Label(name + "tail")
	TESTQ(n, n)
	JE(LabelRef(name + "done"))
	w.setTail(n)
	body(0, 0, true)
	Label(name + "done")
}

// fold reduces a vector to its first lane with an operation on two registers and
// a destination, by way of a second vector that is spoilt. Both are below 16.
func (w width) fold(v, t VecPhysical, op func(a, b, dst Register)) {
	i, j := index(w, v), index(w, t)
	if w.wide() {
		VEXTRACTF32X8(U8(1), zs[i], ys[j])
		op(ys[j], ys[i], ys[i])
	}
	VEXTRACTF128(U8(1), ys[i], xs[j])
	op(xs[j], xs[i], xs[i])
	VPSHUFD(U8(0x4e), xs[i], xs[j])
	op(xs[j], xs[i], xs[i])
	VPSHUFD(U8(0xb1), xs[i], xs[j])
	op(xs[j], xs[i], xs[i])
}

func addFloats(a, b, dst Register) { VADDPS(a, b, dst) }
func addInts(a, b, dst Register)   { VPADDD(a, b, dst) }

// function begins a function; the doc is one sentence that the name begins.
func (w width) function(name, signature, doc string) string {
	full := name + w.name
	TEXT(full, NOSPLIT, signature)
	Pragma("noescape")
	Doc(full + " " + doc)
	return strings.ToLower(name)
}

func pointer(name string) Register { return Load(Param(name), GP64()) }

// parameter returns where a scalar argument is on the stack.
func parameter(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

func at(base Register, offset int) Mem { return Mem{Base: base, Disp: offset} }

// strides addresses up to twelve rows that are a fixed distance apart, with a
// base for every four of them.
type strides struct {
	bases      []Register
	one, three Register
}

// rowsOf makes strides for n rows from the address of the first and the distance
// in bytes.
func rowsOf(base, stride Register, n int) strides {
	s := strides{bases: []Register{base}, one: stride}
	if n > 3 {
		s.three = GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, s.three)
	}
	for i := 4; i < n; i += 4 {
		next := GP64()
		LEAQ(Mem{Base: s.bases[len(s.bases)-1], Index: stride, Scale: 4}, next)
		s.bases = append(s.bases, next)
	}
	return s
}

func (s strides) row(i, offset int) Mem {
	m := Mem{Base: s.bases[i/4], Disp: offset}
	switch i % 4 {
	case 1:
		m.Index, m.Scale = s.one, 1
	case 2:
		m.Index, m.Scale = s.one, 2
	case 3:
		m.Index, m.Scale = s.three, 1
	}
	return m
}

func (s strides) advance(bytes int) {
	for _, b := range s.bases {
		ADDQ(U32(uint32(bytes)), b)
	}
}

// byRows emits the same code for each number of rows up to n, and the choice.
func byRows(rows Register, n int, body func(rows int, label string)) {
	for i := 1; i < n; i++ {
		CMPQ(rows, U32(uint32(i)))
		JE(LabelRef(fmt.Sprintf("rows%d", i)))
	}
	for i := n; i >= 1; i-- {
		label := fmt.Sprintf("rows%d", i)
		Label(label)
		body(i, label)
		VZEROUPPER()
		RET()
	}
}
