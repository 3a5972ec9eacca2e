package vector_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"candor/retrieval/vector"
)

// eachLevel runs a test with every kernel of the machine.
func eachLevel(t *testing.T, test func(t *testing.T)) {
	for _, name := range vector.Levels() {
		t.Run(name, func(t *testing.T) {
			vector.Force(t, name)
			if vector.Kernel() != name {
				t.Fatalf("kernel %q, want %q", vector.Kernel(), name)
			}
			test(t)
		})
	}
}

// random is a source that is the same in every run.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// guarded returns n values that lie between others, and a check that a call
// left those alone. The slice has no capacity to spare.
func guarded[T int8 | int32 | float32](n int) ([]T, func(t *testing.T)) {
	const margin = 80
	const canary = 77
	all := make([]T, n+2*margin)
	for i := range all {
		all[i] = canary
	}
	return all[margin : margin+n : margin+n], func(t *testing.T) {
		t.Helper()
		for i, v := range all {
			if (i < margin || i >= margin+n) && v != canary {
				t.Fatalf("wrote at %d of %d", i-margin, n)
			}
		}
	}
}

// bytesOf returns int8 values of a kind: any, those at the ends, or the lowest.
func bytesOf(r *rand.Rand, n, kind int) []int8 {
	x, _ := guarded[int8](n)
	for i := range x {
		switch kind % 4 {
		case 0:
			x[i] = int8(r.IntN(256) - 128)
		case 1:
			x[i] = []int8{-128, -127, 127}[r.IntN(3)]
		case 2:
			x[i] = -128
		case 3:
			x[i] = int8(r.IntN(255) - 127)
		}
	}
	return x
}

func floatsOf(r *rand.Rand, n int) []float32 {
	x, _ := guarded[float32](n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// exact is the dot product, in the plainest way.
func exact(a, b []int8) int32 {
	var sum int64
	for i := range a {
		sum += int64(a[i]) * int64(b[i])
	}
	return int32(sum)
}

func lengths() []int {
	var n []int
	for i := range 200 {
		n = append(n, i)
	}
	r := random(2)
	for range 40 {
		n = append(n, 200+r.IntN(801))
	}
	return append(n, 1000, 1023, 1024, 1025, 1040)
}

func TestDotInt8(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := random(1)
		for _, n := range append(lengths(), vector.MaxLength-1, vector.MaxLength) {
			for kind := range 4 {
				a, b := bytesOf(r, n, kind), bytesOf(r, n, kind)
				if got, want := vector.DotInt8(a, b), exact(a, b); got != want {
					t.Fatalf("length %d, kind %d: %d, want %d", n, kind, got, want)
				}
			}
		}
	})
}

func TestScan(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := random(1)
		for _, n := range append(lengths(), vector.MaxLength-1, vector.MaxLength) {
			for _, count := range []int{0, 1, 3, 4, 5, 11} {
				kind := r.IntN(4)
				query, rows := bytesOf(r, n, kind), bytesOf(r, n*count, kind)
				dst, check := guarded[int32](count)
				vector.Scan(dst, query, rows)
				check(t)
				for i, got := range dst {
					if want := exact(query, rows[i*n:(i+1)*n]); got != want {
						t.Fatalf("length %d, row %d of %d: %d, want %d", n, i, count, got, want)
					}
				}
			}
		}
	})
}

// TestScanInBlocks has more rows than one call of a kernel takes.
func TestScanInBlocks(t *testing.T) {
	r := random(1)
	query := bytesOf(r, 67, 0)
	rows := bytesOf(r, 67*10001, 0)
	dst := make([]int32, 10001)
	vector.Scan(dst, query, rows)
	for i, got := range dst {
		if want := exact(query, rows[i*67:(i+1)*67]); got != want {
			t.Fatalf("row %d: %d, want %d", i, got, want)
		}
	}
}

// hard are float32 values that kernels get wrong.
var hard = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, 0.5, 1.5, 2.5, 127, -127, 126.5, 1e-45, -1e-45, 0x1p-126, 0x1p-119, 0x1p-120,
	math.MaxFloat32, -math.MaxFloat32, 1e30, 5.5, -5.5, 19.99, 20.01, -20.01, 88, -87.33, -87.34, -104,
}

func TestQuantize(t *testing.T) {
	quantize := func(t *testing.T, src []float32) ([]int8, float32, int32) {
		dst, check := guarded[int8](len(src))
		scale, sum := vector.Quantize(dst, src)
		check(t)
		return dst, scale, sum
	}
	compare := func(t *testing.T, src []float32) {
		t.Helper()
		dst, scale, sum := quantize(t, src)
		want, wantScale, wantSum := reference(src)
		if !slices.Equal(dst, want) || math.Float32bits(scale) != math.Float32bits(wantScale) || sum != wantSum {
			t.Fatalf("length %d: %v %v %d, want %v %v %d", len(src), dst, scale, sum, want, wantScale, wantSum)
		}
	}
	eachLevel(t, func(t *testing.T) {
		r := random(1)
		for _, n := range append(lengths(), 70000) {
			x := floatsOf(r, n)
			compare(t, x)
			if n == 0 {
				continue
			}
			for _, h := range hard {
				x[r.IntN(n)] = h
				compare(t, x)
			}
			for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
				x[r.IntN(n)] = bad
				dst, scale, sum := quantize(t, x)
				if scale == scale || sum != 0 || slices.ContainsFunc(dst, func(q int8) bool { return q != 0 }) {
					t.Fatalf("length %d with %v: scale %v, sum %d", n, bad, scale, sum)
				}
			}
		}
		halves := make([]float32, 255)
		for i := range halves {
			halves[i] = float32(i-127) + 0.5
		}
		halves[254] = 127
		dst, scale, _ := quantize(t, halves)
		if scale != 1 || dst[127] != 0 || dst[128] != 2 || dst[126] != 0 || dst[125] != -2 {
			t.Errorf("halves: scale %v, %v", scale, dst[120:134])
		}
	})
}

// reference is Quantize as it is documented.
func reference(src []float32) (dst []int8, scale float32, sum int32) {
	dst = make([]int8, len(src))
	var largest float32
	for _, v := range src {
		largest = max(largest, float32(math.Abs(float64(v))))
	}
	if largest < 0x1p-119 {
		return dst, 0, 0
	}
	inverse := 127 / largest
	for i, v := range src {
		q := math.RoundToEven(float64(float32(v * inverse)))
		dst[i] = int8(q)
		sum += int32(q)
	}
	return dst, largest / 127, sum
}

// mul checks one product against what Mul documents, bit by bit.
func mul(t *testing.T, r *rand.Rand, rows, out, in, kind int) {
	t.Helper()
	weights, x := bytesOf(r, out*in, kind), bytesOf(r, rows*in, kind)
	scales, rowScales, bias := floatsOf(r, out), floatsOf(r, rows), floatsOf(r, out)
	for i := range scales {
		scales[i] *= 1e-3
	}
	if r.IntN(2) == 0 {
		bias = nil
	}
	if rows > 0 && r.IntN(3) == 0 {
		rowScales[r.IntN(rows)] = append(hard, float32(math.NaN()), float32(math.Inf(1)))[r.IntN(len(hard)+2)]
	}
	sums := make([]int32, rows)
	for i := range rows {
		for _, v := range x[i*in : (i+1)*in] {
			sums[i] += int32(v)
		}
	}
	m := vector.NewMatrix(weights, scales, out, in)
	dst, check := guarded[float32](rows * out)
	m.Mul(dst, x, rowScales, sums, bias)
	check(t)
	for i := range rows {
		for j := range out {
			acc := exact(x[i*in:(i+1)*in], weights[j*in:(j+1)*in])
			want := float32(float32(float32(acc)*rowScales[i]) * scales[j])
			if bias != nil {
				want += bias[j]
			}
			if got := dst[i*out+j]; math.Float32bits(got) != math.Float32bits(want) && (got == got || want == want) {
				t.Fatalf("%d×%d by %d: [%d][%d] = %v, want %v", rows, in, out, i, j, got, want)
			}
		}
	}
}

func TestMatrix(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := random(1)
		for rows := range 27 {
			for range 12 {
				mul(t, r, rows, r.IntN(100), r.IntN(100), r.IntN(4))
			}
		}
		for in := range 70 {
			mul(t, r, 1+r.IntN(13), 33, in, 2)
		}
		mul(t, r, 13, 384, 384, 1)
		mul(t, r, 2, 3, vector.MaxLength, 2)
	})
}

// near checks a sum of products against its bound.
func near(t *testing.T, what string, got float32, want, bound float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= bound) {
		t.Fatalf("%s: %v, want %v ± %g", what, got, want, bound)
	}
}

func TestDot(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := random(1)
		for _, n := range append(lengths(), 70000) {
			a, b := floatsOf(r, n), floatsOf(r, n)
			var want, size float64
			for i := range a {
				p := float64(a[i]) * float64(b[i])
				want += p
				size += math.Abs(p)
			}
			near(t, fmt.Sprint("length ", n), vector.Dot(a, b), want, size*float64(n)*0x1p-23)
		}
		a, b := []float32{1, float32(math.Inf(1))}, []float32{1, 0}
		if got := vector.Dot(a, b); got == got {
			t.Errorf("infinity times zero: %v", got)
		}
	})
}

func TestMatMul(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := random(1)
		shapes := [][3]int{{0, 3, 4}, {3, 0, 4}, {3, 4, 0}, {128, 32, 128}, {127, 128, 64}, {512, 33, 31}, {1, 512, 64}}
		for m := 1; m < 30; m++ {
			for range 8 {
				shapes = append(shapes, [3]int{m, 1 + r.IntN(70), 1 + r.IntN(100)})
			}
		}
		for _, s := range shapes {
			m, k, n := s[0], s[1], s[2]
			ldd, lda, ldb := n+r.IntN(9), k+r.IntN(9), n+r.IntN(9)
			length := func(rows, ld, columns int) int { return max(rows-1, 0)*ld + columns }
			a, b := floatsOf(r, length(m, lda, k)), floatsOf(r, length(k, ldb, n))
			// What lies between the rows must not matter.
			poison(a, lda, k)
			poison(b, ldb, n)
			dst, check := guarded[float32](length(m, ldd, n))
			vector.MatMul(dst, ldd, a, lda, b, ldb, m, k, n)
			check(t)
			for i := range m {
				for j := range n {
					var want, size float64
					for l := range k {
						p := float64(a[i*lda+l]) * float64(b[l*ldb+j])
						want += p
						size += math.Abs(p)
					}
					near(t, fmt.Sprintf("%d×%d×%d at %d, %d", m, k, n, i, j), dst[i*ldd+j], want, size*float64(k)*0x1p-23)
				}
				for j := n; j < ldd && i*ldd+j < len(dst); j++ {
					if dst[i*ldd+j] != 77 {
						t.Fatalf("%d×%d×%d: wrote between rows", m, k, n)
					}
				}
			}
		}
	})
}

func poison(x []float32, ld, columns int) {
	for i := range x {
		if i%ld >= columns {
			x[i] = float32(math.NaN())
		}
	}
}

// TestMatMulIsDeep has more products than one call adds up.
func TestMatMulIsDeep(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		const k = 1<<16 + 1
		a, b, dst := make([]float32, k), make([]float32, k), make([]float32, 1)
		for i := range a {
			a[i], b[i] = 1, 1
		}
		vector.MatMul(dst, 1, a, k, b, 1, 1, k, 1)
		if dst[0] != k {
			t.Errorf("%v", dst[0])
		}
	})
}

func TestLayerNorm(t *testing.T) {
	const eps = 1e-12
	eachLevel(t, func(t *testing.T) {
		r := random(1)
		for _, n := range append(lengths()[1:], 70000) {
			x, check := guarded[float32](n)
			copy(x, floatsOf(r, n))
			gain, bias := floatsOf(r, n), floatsOf(r, n)
			residual := floatsOf(r, n)
			y := make([]float64, n)
			if n%3 == 0 {
				residual = nil
			}
			var mean, variance float64
			for i := range y {
				y[i] = float64(x[i])
				if residual != nil {
					y[i] = float64(x[i] + residual[i])
				}
				mean += y[i] / float64(n)
			}
			for i := range y {
				variance += (y[i] - mean) * (y[i] - mean) / float64(n)
			}
			vector.LayerNorm(x, residual, gain, bias, eps)
			check(t)
			if n == 1 { // no variance, any error of the mean is blown up
				continue
			}
			for i := range y {
				want := (y[i] - mean) / math.Sqrt(variance+eps)
				bound := 2e-5 * (1 + math.Abs(want*float64(gain[i])))
				near(t, fmt.Sprintf("length %d at %d", n, i), x[i], want*float64(gain[i])+float64(bias[i]), bound)
			}
		}
	})
}

func TestGELU(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		want := func(x float32) float64 { return 0.5 * float64(x) * math.Erfc(-float64(x)/math.Sqrt2) }
		const n = 400001
		x, check := guarded[float32](n)
		for i := range x {
			x[i] = float32(-10 + 20*float64(i)/(n-1))
		}
		y := slices.Clone(x)
		vector.GELU(x)
		check(t)
		var worst float64
		for i := range x {
			worst = max(worst, math.Abs(float64(x[i])-want(y[i])))
		}
		t.Logf("greatest error %.2g", worst)
		if worst > 1e-6 {
			t.Errorf("greatest error %g", worst)
		}
		inf := float32(math.Inf(1))
		for _, c := range [][2]float32{{0, 0}, {inf, inf}, {-inf, 0}, {math.MaxFloat32, math.MaxFloat32}, {-math.MaxFloat32, 0}, {20, 20}, {-20, 0}, {1e-45, 0}, {2e-38, 1e-38}} {
			x := []float32{c[0]}
			vector.GELU(x)
			if x[0] != c[1] && math.Abs(float64(x[0]-c[1])) > 1e-44 {
				t.Errorf("%v: %v, want %v", c[0], x[0], c[1])
			}
		}
		for n := range 70 {
			x, check := guarded[float32](n)
			for i := range x {
				x[i] = float32(i%9) - 4
			}
			if n > 0 {
				x[n/2] = float32(math.NaN())
			}
			y := slices.Clone(x)
			vector.GELU(x)
			check(t)
			for i := range x {
				if i == n/2 {
					if x[i] == x[i] {
						t.Errorf("length %d: NaN became %v", n, x[i])
					}
					continue
				}
				near(t, fmt.Sprint("length ", n), x[i], want(y[i]), 1e-6)
			}
		}
	})
}

func TestSoftmax(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachLevel(t, func(t *testing.T) {
		r := random(1)
		for _, n := range append(lengths()[1:], 70000) {
			x, check := guarded[float32](n)
			for i := range x {
				x[i] = float32(r.NormFloat64() * 20)
			}
			if n > 1 && n%2 == 0 {
				x[r.IntN(n)] = -inf
			}
			if n%5 == 0 {
				x[r.IntN(n)] = hard[r.IntN(len(hard))]
			}
			want := make([]float64, n)
			var sum float64
			largest := slices.Max(x)
			for i, v := range x {
				want[i] = math.Exp(float64(v - largest)) // the difference too is in float32
				sum += want[i]
			}
			vector.Softmax(x)
			check(t)
			for i := range x {
				bound := want[i]/sum*(1e-6+float64(n)*0x1p-24) + 1.2e-38
				near(t, fmt.Sprintf("length %d at %d", n, i), x[i], want[i]/sum, bound)
			}
		}
		for n := 1; n < 70; n++ {
			x := make([]float32, n)
			fill := func(v float32) {
				for i := range x {
					x[i] = v
				}
			}
			all := func(what string, ok func(v float32) bool) {
				t.Helper()
				vector.Softmax(x)
				for i, v := range x {
					if !ok(v) {
						t.Fatalf("%s, length %d: %v at %d", what, n, v, i)
					}
				}
			}
			isNaN := func(v float32) bool { return v != v }
			fill(-inf)
			all("nothing", func(v float32) bool { return v == 0 })
			fill(-inf)
			x[r.IntN(n)] = nan
			all("NaN among nothing", isNaN)
			fill(3)
			x[r.IntN(n)] = nan
			all("NaN", isNaN)
			fill(3)
			x[r.IntN(n)] = inf
			all("infinity", isNaN)
			fill(-math.MaxFloat32)
			all("alike", func(v float32) bool { return math.Abs(float64(v)*float64(n)-1) < 1e-5 })
		}
	})
	vector.Softmax(nil)
}

// TestWrongLengths: a slice that does not fit is a mistake of the caller, and
// must never be read or written beyond its end.
func TestWrongLengths(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	b := func(n int) []int8 { return make([]int8, n) }
	i := func(n int) []int32 { return make([]int32, n) }
	m := vector.NewMatrix(b(6), f(2), 2, 3)
	for name, call := range map[string]func(){
		"Dot":              func() { vector.Dot(f(3), f(4)) },
		"DotInt8 short":    func() { vector.DotInt8(b(4), b(3)) },
		"DotInt8 long":     func() { vector.DotInt8(b(1<<16+1), b(1<<16+1)) },
		"Scan rows":        func() { vector.Scan(i(2), b(3), b(5)) },
		"Scan no query":    func() { vector.Scan(i(2), nil, b(5)) },
		"Scan long":        func() { vector.Scan(i(1), b(1<<16+1), b(1<<16+1)) },
		"Quantize":         func() { vector.Quantize(b(2), f(3)) },
		"NewMatrix":        func() { vector.NewMatrix(b(5), f(2), 2, 3) },
		"NewMatrix scales": func() { vector.NewMatrix(b(6), f(3), 2, 3) },
		"NewMatrix shape":  func() { vector.NewMatrix(b(6), f(2), -2, -3) },
		"NewMatrix long":   func() { vector.NewMatrix(b(1<<16+1), f(1), 1, 1<<16+1) },
		"Mul dst":          func() { m.Mul(f(3), b(6), f(2), i(2), nil) },
		"Mul x":            func() { m.Mul(f(4), b(5), f(2), i(2), nil) },
		"Mul sums":         func() { m.Mul(f(4), b(6), f(2), i(1), nil) },
		"Mul bias":         func() { m.Mul(f(4), b(6), f(2), i(2), f(1)) },
		"MatMul dst":       func() { vector.MatMul(f(3), 2, f(4), 2, f(4), 2, 2, 2, 2) },
		"MatMul a":         func() { vector.MatMul(f(4), 2, f(3), 2, f(4), 2, 2, 2, 2) },
		"MatMul b":         func() { vector.MatMul(f(4), 2, f(4), 2, f(3), 2, 2, 2, 2) },
		"MatMul ld":        func() { vector.MatMul(f(4), 1, f(4), 2, f(4), 2, 2, 2, 2) },
		"MatMul shape":     func() { vector.MatMul(f(4), 2, f(4), 2, f(4), 2, 2, -2, 2) },
		"MatMul huge":      func() { vector.MatMul(f(4), math.MaxInt, f(4), 2, f(4), 2, 2, 2, 2) },
		"LayerNorm":        func() { vector.LayerNorm(f(3), nil, f(3), f(2), 0) },
		"LayerNorm gain":   func() { vector.LayerNorm(f(3), nil, f(2), f(3), 0) },
		"LayerNorm twice":  func() { vector.LayerNorm(f(3), f(4), f(3), f(3), 0) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "vector: ") {
					t.Errorf("panic %v", s)
				}
			}()
			call()
		})
	}
}

// TestNothing: empty arguments are fine.
func TestNothing(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		dst := []int32{5}
		vector.Scan(dst, nil, nil)
		scale, sum := vector.Quantize(nil, nil)
		if dst[0] != 0 || scale != 0 || sum != 0 || vector.Dot(nil, nil) != 0 || vector.DotInt8(nil, nil) != 0 {
			t.Error("not zero")
		}
		vector.Scan(nil, []int8{1}, nil)
		vector.GELU(nil)
		vector.LayerNorm(nil, nil, nil, nil, 0)
		vector.NewMatrix(nil, nil, 0, 0).Mul(nil, nil, nil, nil, nil)
		out := []float32{5, 5}
		vector.NewMatrix(nil, []float32{1, 1}, 2, 0).Mul(out, nil, []float32{1}, []int32{0}, []float32{3, 4})
		if out[0] != 3 || out[1] != 4 {
			t.Errorf("bias alone: %v", out)
		}
	})
}

// TestNoAllocation: what runs for every sentence or row leaves nothing behind.
func TestNoAllocation(t *testing.T) {
	r := random(1)
	x, y, q := floatsOf(r, 384), floatsOf(r, 384), bytesOf(r, 384, 0)
	rows, dst, b := bytesOf(r, 3840, 0), make([]int32, 10), make([]int8, 384)
	eachLevel(t, func(t *testing.T) {
		if n := testing.AllocsPerRun(10, func() {
			vector.Dot(x, y)
			vector.DotInt8(q, q)
			vector.Scan(dst, q, rows)
			vector.Quantize(b, x)
			vector.LayerNorm(x, y, y, y, 1)
			vector.GELU(x)
			vector.Softmax(x)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}
