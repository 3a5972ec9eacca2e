package embedded

import (
	"container/heap"
	"slices"

	"candor/retrieval"
)

// top keeps the first candidates, in its order, of those it was shown: in a
// heap with the last of them on top.
type top struct {
	limit   int
	compare func(a, b retrieval.Ranked) int
	kept    []retrieval.Ranked
}

func newTop(limit int, compare func(a, b retrieval.Ranked) int) *top {
	return &top{limit: limit, compare: compare}
}

// wants reports whether a candidate of the score could be kept by score.
func (t *top) wants(score float64) bool {
	return len(t.kept) < t.limit || t.limit > 0 && score >= t.kept[0].Score
}

func (t *top) add(c retrieval.Ranked) {
	if len(t.kept) < t.limit {
		heap.Push(t, c)
	} else if t.limit > 0 && t.compare(c, t.kept[0]) < 0 {
		t.kept[0] = c
		heap.Fix(t, 0)
	}
}

// sorted returns what was kept, in order.
func (t *top) sorted() []retrieval.Ranked {
	slices.SortFunc(t.kept, t.compare)
	return t.kept
}

func (t *top) Len() int           { return len(t.kept) }
func (t *top) Less(i, j int) bool { return t.compare(t.kept[i], t.kept[j]) > 0 }
func (t *top) Swap(i, j int)      { t.kept[i], t.kept[j] = t.kept[j], t.kept[i] }
func (t *top) Push(x any)         { t.kept = append(t.kept, x.(retrieval.Ranked)) }
func (t *top) Pop() any {
	last := len(t.kept) - 1
	x := t.kept[last]
	t.kept = t.kept[:last]
	return x
}
