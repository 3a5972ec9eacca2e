package retrieval

import (
	"cmp"
	"slices"
	"time"

	"candor/retrieval/bm25"
)

// QueryTerm is a term of a question with its weight: everything of a lexical score
// that does not depend on the passage.
type QueryTerm struct {
	Term   string
	Weight float64
}

// Weigh returns the terms of the question and of its context, where frequency tells in
// how many of so many public passages a term is. They are in a fixed order, so that sums
// of floating point numbers come out the same every time, and in every index.
func (q Query) Weigh(passages int, frequency func(term string) int) []QueryTerm {
	terms := make([]QueryTerm, 0, len(q.Terms)+len(q.Context))
	add := func(counts map[string]int, factor float64) {
		for t, n := range counts {
			if n > 0 {
				terms = append(terms, QueryTerm{t, factor * bm25.Query(n) * bm25.IDF(t, passages, frequency(t))})
			}
		}
	}
	add(q.Terms, 1)
	add(q.Context, bm25.Context)
	slices.SortFunc(terms, func(a, b QueryTerm) int {
		return cmp.Or(cmp.Compare(a.Term, b.Term), cmp.Compare(a.Weight, b.Weight))
	})
	return terms
}

// Ranked is a match with what breaks ties.
type Ranked struct {
	Match
	At time.Time
}

// ByScore orders matches by score, then the newer first. Like ByTime it is total:
// passage ids are unique within a scope.
func ByScore(a, b Ranked) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), b.At.Compare(a.At), cmp.Compare(a.PassageID, b.PassageID))
}

// ByTime orders matches by time, the newest first.
func ByTime(a, b Ranked) int {
	return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Score, a.Score), cmp.Compare(a.PassageID, b.PassageID))
}

// Join returns the preferred matches and then the best that are not among them, at most
// limit. Match tells the match of either.
func Join[T any](preferred, best []T, limit int, match func(T) Match) []T {
	out := slices.Clone(preferred)
	for _, b := range best {
		m := match(b)
		among := func(p T) bool { o := match(p); return o.PassageID == m.PassageID && o.Category == m.Category }
		if len(out) < limit && !slices.ContainsFunc(preferred, among) {
			out = append(out, b)
		}
	}
	return out
}

// Explain makes the explanation of a match from its terms, in any order, and its places.
func Explain(terms []TermScore, lexicalRank, cosineRank int) *Explanation {
	slices.SortFunc(terms, func(a, b TermScore) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Term, b.Term))
	})
	return &Explanation{Terms: terms, LexicalRank: lexicalRank, CosineRank: cosineRank}
}
