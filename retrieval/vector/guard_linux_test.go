package vector_test

import (
	"syscall"
	"testing"
	"unsafe"

	"candor/retrieval/vector"
)

// fence is memory between two pages that must not be touched.
type fence []byte

func newFence(t *testing.T, size int) fence {
	t.Helper()
	page := syscall.Getpagesize()
	size = (size + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(all) })
	for _, forbidden := range [][]byte{all[:page], all[page+size:]} {
		if err := syscall.Mprotect(forbidden, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return fence(all[page : page+size])
}

// at returns n values at the end of the fence's memory, or at its beginning.
func at[T any](f fence, n int, end bool) []T {
	if n == 0 {
		return nil
	}
	size := n * int(unsafe.Sizeof(*new(T)))
	if end {
		f = f[len(f)-size:]
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&f[0])), n)
}

// TestFences runs everything where a read or a write beyond an argument, by as
// little as a byte, ends the process.
func TestFences(t *testing.T) {
	var f [5]fence
	for i := range f {
		f[i] = newFence(t, 64<<10)
	}
	eachLevel(t, func(t *testing.T) {
		for _, end := range []bool{true, false} {
			for n := range 150 {
				a, b := at[float32](f[0], n, end), at[float32](f[1], n, end)
				c, d := at[float32](f[2], n, end), at[float32](f[3], n, end)
				q, p := at[int8](f[1], n, end), at[int8](f[4], n, end)
				vector.Dot(a, b)
				vector.DotInt8(q, p)
				vector.Quantize(p, a)
				vector.LayerNorm(a, b, c, d, 1)
				vector.GELU(a)
				vector.Softmax(a)
				for _, rows := range []int{1, 3, 4, 7, 13} {
					vector.Scan(at[int32](f[0], rows, end), q, at[int8](f[4], rows*n, end))
					const out = 37
					m := vector.NewMatrix(make([]int8, out*n), make([]float32, out), out, n)
					m.Mul(at[float32](f[0], rows*out, end), at[int8](f[4], rows*n, end), at[float32](f[2], rows, end),
						at[int32](f[3], rows, end), at[float32](f[1], out, end))
					m = vector.NewMatrix(make([]int8, n*out), make([]float32, n), n, out)
					m.Mul(at[float32](f[0], rows*n, end), at[int8](f[4], rows*out, end), at[float32](f[2], rows, end),
						at[int32](f[3], rows, end), at[float32](f[1], n, end))
					vector.MatMul(at[float32](f[0], rows*n, end), n, at[float32](f[1], rows*9, end), 9, at[float32](f[2], 9*n, end), n, rows, 9, n)
				}
			}
		}
	})
}
