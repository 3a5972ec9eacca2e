package bm25_test

import (
	"math"
	"testing"

	"candor/retrieval/bm25"
)

// TestFormulas compares with values worked out by hand for the parameters in
// force.
func TestFormulas(t *testing.T) {
	for name, c := range map[string]struct{ got, want float64 }{
		"one, average length":   {bm25.Weight(1, 50, 50), 1},
		"two, average length":   {bm25.Weight(2, 50, 50), 4.4 / 3.2},
		"one, twice as long":    {bm25.Weight(1, 100, 50), 2.2 / 3.1},
		"never":                 {bm25.Weight(0, 50, 50), 0},
		"once in the question":  {bm25.Query(1), 1},
		"often in the question": {bm25.Query(3), 2},
		"a rare term":           {bm25.IDF("zyzzyva", 100, 1), math.Log(1 + 199.5/1.5)},
		"a common term":         {bm25.IDF("order", 100, 1), math.Log(1 + 194.5/6.5)},
		"no knowledge yet":      {bm25.IDF("order", 0, 0), math.Log(1 + 95.5/5.5)},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

// TestIDFIsPositive: a term in every passage must still count for something, or
// a passage that has it could not be told from one that was not found.
func TestIDFIsPositive(t *testing.T) {
	for _, n := range []int{0, 1, 10, 1e6} {
		if got := bm25.IDF("order", n, n); got <= 0 {
			t.Errorf("of %d: %v", n, got)
		}
	}
}
