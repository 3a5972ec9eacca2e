package retrieval_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"candor/retrieval"
)

// TestFuse: a score is from 0 to 1, no lower where either part is higher, and 0 where
// there is nothing in common.
func TestFuse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lexical := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0, 100))
		cosine := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(-1, 1))
		var peak retrieval.Peak
		n := rapid.IntRange(1, 5).Draw(t, "passages")
		passages := make([][2]float64, n)
		for i := range passages {
			passages[i] = [2]float64{lexical.Draw(t, "lexical"), cosine.Draw(t, "cosine")}
			peak.Add(passages[i][0], passages[i][1])
		}
		for i, p := range passages {
			score := retrieval.Fuse(peak, p[0], p[1])
			if !(score >= 0 && score <= 1+1e-12) {
				t.Fatalf("%v of the peak %+v is %v", p, peak, score)
			}
			if p[0] == 0 && p[1] <= 0 && score != 0 {
				t.Fatalf("nothing in common scores %v", score)
			}
			if p[0] == peak.Lexical && p[1] == peak.Cosine && p[0] > 0 && p[1] > 0 && math.Abs(score-1) > 1e-12 {
				t.Fatalf("the best by both scores %v", score)
			}
			for _, q := range passages[i+1:] {
				if other := retrieval.Fuse(peak, q[0], q[1]); p[0] >= q[0] && p[1] >= q[1] && score < other || p[0] <= q[0] && p[1] <= q[1] && score > other {
					t.Fatalf("%v scores %v, %v scores %v", p, score, q, other)
				}
			}
			// By words alone the order is that of the words.
			if words := retrieval.Fuse(retrieval.Peak{Lexical: peak.Lexical}, p[0], 0); (words > 0) != (p[0] > 0) {
				t.Fatalf("by words alone %v scores %v", p, words)
			}
		}
	})
	if s := retrieval.Fuse(retrieval.Peak{}, 0, 0); s != 0 {
		t.Errorf("of nothing the score is %v", s)
	}
	// What is far is no match by its meaning alone, however little there is.
	if s := retrieval.Fuse(retrieval.Peak{Cosine: 0.9}, 0, 0.5); s != 0 {
		t.Errorf("what is far scores %v", s)
	}
	if near, far := retrieval.Fuse(retrieval.Peak{Cosine: 0.9}, 0, 0.89), retrieval.Fuse(retrieval.Peak{Cosine: 0.9}, 0, 0.8); near <= far || far <= 0 {
		t.Errorf("what is near scores %v, what is further %v", near, far)
	}
}

// TestPeak: it is the best of each, wherever they are, and no less than nothing.
func TestPeak(t *testing.T) {
	var p retrieval.Peak
	p.Add(0, -0.5)
	if p != (retrieval.Peak{}) {
		t.Errorf("below nothing it is %+v", p)
	}
	p.Add(3, 0.1)
	p.Add(1, 0.7)
	if p != (retrieval.Peak{Lexical: 3, Cosine: 0.7}) {
		t.Errorf("%+v", p)
	}
}
