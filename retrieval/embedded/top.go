package embedded

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"candor/retrieval"
)

// candidate is a match with what breaks ties.
type candidate struct {
	retrieval.Match
	at time.Time
}

// byScore orders candidates by score, then the newer first. Like byTime it is
// total: passage ids are unique within a scope.
func byScore(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), b.at.Compare(a.at), cmp.Compare(a.PassageID, b.PassageID))
}

// byTime orders candidates by time, the newest first.
func byTime(a, b candidate) int {
	return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.Score, a.Score), cmp.Compare(a.PassageID, b.PassageID))
}

// top keeps the first candidates, in its order, of those it was shown: in a
// heap with the last of them on top.
type top struct {
	limit   int
	compare func(a, b candidate) int
	kept    []candidate
}

func newTop(limit int, compare func(a, b candidate) int) *top {
	return &top{limit: limit, compare: compare}
}

// wants reports whether a candidate of the score could be kept by score.
func (t *top) wants(score float64) bool {
	return len(t.kept) < t.limit || t.limit > 0 && score >= t.kept[0].Score
}

func (t *top) add(c candidate) {
	if len(t.kept) < t.limit {
		heap.Push(t, c)
	} else if t.limit > 0 && t.compare(c, t.kept[0]) < 0 {
		t.kept[0] = c
		heap.Fix(t, 0)
	}
}

// sorted returns what was kept, in order.
func (t *top) sorted() []candidate {
	slices.SortFunc(t.kept, t.compare)
	return t.kept
}

func (t *top) Len() int           { return len(t.kept) }
func (t *top) Less(i, j int) bool { return t.compare(t.kept[i], t.kept[j]) > 0 }
func (t *top) Swap(i, j int)      { t.kept[i], t.kept[j] = t.kept[j], t.kept[i] }
func (t *top) Push(x any)         { t.kept = append(t.kept, x.(candidate)) }
func (t *top) Pop() any {
	last := len(t.kept) - 1
	x := t.kept[last]
	t.kept = t.kept[:last]
	return x
}

// join returns the matches of first and then those of rest that are not among
// them, at most limit.
func join(first, rest []candidate, limit int) []retrieval.Match {
	out := make([]retrieval.Match, 0, min(limit, len(first)+len(rest)))
	for _, c := range first {
		out = append(out, c.Match)
	}
	for _, c := range rest {
		same := func(f candidate) bool { return f.PassageID == c.PassageID && f.Category == c.Category }
		if len(out) < limit && !slices.ContainsFunc(first, same) {
			out = append(out, c.Match)
		}
	}
	return out
}
