package vector

import (
	"math"
	"sync"
)

// The kernels in plain Go: what the others must agree with, and what runs where
// there are none.

func plainDot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for ; len(a) >= 4; a, b = a[4:], b[4:] {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return s0 + s1 + s2 + s3
}

func plainDotInt8(a, b []int8) int32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 int32
	for ; len(a) >= 8 && len(b) >= 8; a, b = a[8:], b[8:] {
		s0 += int32(a[0])*int32(b[0]) + int32(a[4])*int32(b[4])
		s1 += int32(a[1])*int32(b[1]) + int32(a[5])*int32(b[5])
		s2 += int32(a[2])*int32(b[2]) + int32(a[6])*int32(b[6])
		s3 += int32(a[3])*int32(b[3]) + int32(a[7])*int32(b[7])
	}
	for i, v := range a {
		s0 += int32(v) * int32(b[i])
	}
	return s0 + s1 + s2 + s3
}

func plainScan(dst []int32, query, rows []int8) {
	n := len(query)
	for i := range dst {
		dst[i] = plainDotInt8(query, rows[i*n:i*n+n])
	}
}

// plainMaxAbs returns the largest magnitude as its bits, whose order is that of
// the magnitudes: infinity is above every number, and NaN above infinity.
func plainMaxAbs(x []float32) uint32 {
	var m uint32
	for _, v := range x {
		m = max(m, math.Float32bits(v)&0x7fffffff)
	}
	return m
}

func plainQuantize(dst []int8, src []float32, inverse float32) int32 {
	dst = dst[:len(src)]
	var sum int32
	for i, v := range src {
		q := int32(math.Float32bits(float32(v*inverse)+magic) - magicBits)
		dst[i] = int8(q)
		sum += q
	}
	return sum
}

// Adding 1.5·2²³ leaves no room for a fraction, which is thus rounded half to
// even, and leaves the integer in the low bits.
const (
	magic     = 0x1.8p23
	magicBits = 0x4b400000
)

var pairs = sync.Pool{New: func() any { return new([]int64) }}

// plainMul takes the weights as they came, row-major. It multiplies two rows at
// once, in the halves of an int64: their sums are below 2³¹ in magnitude, so that
// the lower is the low half, and the upper is what is left without it.
func plainMul(m *Matrix, dst []float32, x []int8, scales []float32, bias []float32) {
	w, in := m.packed, m.in
	buffer := pairs.Get().(*[]int64)
	defer func() { clear(*buffer); pairs.Put(buffer) }()
	*buffer = grow(*buffer, 2*in)
	lower, upper := (*buffer)[:in], (*buffer)[in:]
	for i := 0; i < len(scales); i += 4 {
		rows := min(4, len(scales)-i)
		clear(*buffer)
		for r := range rows {
			to := lower
			if r >= 2 {
				to = upper
			}
			for l, v := range x[(i+r)*in : (i+r+1)*in] {
				to[l] += int64(v) << (r % 2 * 32)
			}
		}
		for j := 0; j < m.out; j += 2 {
			// Of an odd number of outputs the last is computed twice.
			k := min(j+1, m.out-1)
			a, b, c, d := plainTile(w[j*in:j*in+in], w[k*in:k*in+in], lower, upper)
			for r, acc := range [4][2]int32{{low(a), low(c)}, {high(a), high(c)}, {low(b), low(d)}, {high(b), high(d)}} {
				if r == rows {
					break
				}
				// The conversions keep a compiler from fusing.
				to := dst[(i+r)*m.out : (i+r+1)*m.out]
				to[j] = float32(float32(float32(acc[0])*scales[i+r])*m.scales[j]) + bias[j]
				to[k] = float32(float32(float32(acc[1])*scales[i+r])*m.scales[k]) + bias[k]
			}
		}
	}
}

// plainTile multiplies two rows of weights by two pairs of rows.
func plainTile(w0, w1 []int8, x0, x1 []int64) (a, b, c, d int64) {
	w1, x0, x1 = w1[:len(w0)], x0[:len(w0)], x1[:len(w0)]
	for l, w := range w0 {
		p, q, u, v := x0[l], x1[l], int64(w), int64(w1[l])
		a += u * p
		b += u * q
		c += v * p
		d += v * q
	}
	return a, b, c, d
}

func low(pair int64) int32 { return int32(pair) }

func high(pair int64) int32 { return int32((pair - int64(int32(pair))) >> 32) }

func plainMatMul(dst []float32, ldd int, a []float32, lda int, b []float32, ldb int, m, k, n int) {
	for i := range m {
		d := dst[i*ldd : i*ldd+n]
		clear(d)
		for l, v := range a[i*lda : i*lda+k] {
			row := b[l*ldb : l*ldb+n]
			for j := range d {
				d[j] += v * row[j]
			}
		}
	}
}

func plainTotal(x []float32) float32 {
	var s [4]float32
	for i, v := range x {
		s[i&3] += v
	}
	return s[0] + s[1] + s[2] + s[3]
}

func plainAddTotal(x, residual []float32) float32 {
	for i, v := range residual {
		x[i] += v
	}
	return plainTotal(x)
}

func plainDeviation(x []float32, mean float32) float32 {
	var s [4]float32
	for i, v := range x {
		d := v - mean
		s[i&3] += d * d
	}
	return s[0] + s[1] + s[2] + s[3]
}

func plainNormalize(x, gain, bias []float32, mean, inverse float32) {
	gain, bias = gain[:len(x)], bias[:len(x)]
	for i, v := range x {
		x[i] = (v-mean)*inverse*gain[i] + bias[i]
	}
}

func plainGELU(x []float32) {
	t := &geluTable
	for i, v := range x {
		u := min(math.Float32frombits(math.Float32bits(v)&0x7fffffff), t[0])
		p := (((((t[9]*u+t[8])*u+t[7])*u+t[6])*u+t[5])*u+t[4])*u + 1
		p *= p
		p *= p
		p *= p
		p *= p
		x[i] = max(v, 0) - 0.5*u/p
	}
}

func plainMaximum(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}

func plainExpTotal(x []float32, largest float32) float32 {
	var s [4]float32
	for i, v := range x {
		e := float32(math.Exp(float64(v - largest)))
		x[i] = e
		s[i&3] += e
	}
	return s[0] + s[1] + s[2] + s[3]
}

func plainMultiply(x []float32, by float32) {
	for i := range x {
		x[i] *= by
	}
}
