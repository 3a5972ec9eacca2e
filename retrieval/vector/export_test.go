package vector

import "testing"

// Levels returns the kernels that this machine has, the plain one first.
func Levels() []string {
	var names []string
	for l := plain; l <= detect(); l++ {
		names = append(names, l.String())
	}
	return names
}

// Force runs the rest of a test or benchmark, which must not be parallel, with
// a kernel.
func Force(t testing.TB, name string) {
	t.Helper()
	before := current
	t.Cleanup(func() { current = before })
	for l := plain; l <= detect(); l++ {
		if l.String() == name {
			current = l
			return
		}
	}
	t.Fatalf("no kernel %q here", name)
}

// Read looks at all of x with the best kernel there is, whatever is forced.
func Read(x []float32) uint32 {
	before := current
	defer func() { current = before }()
	current = detect()
	var bits uint32
	for s := range blocks(x) {
		bits = max(bits, maxAbs(s))
	}
	return bits
}
