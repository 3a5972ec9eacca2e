package embedded

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"candor/consent"
	"candor/retrieval"
)

// explain fills in how matches came by their scores, from the scores of everything
// within the scope.
func (s *site) explain(matches []retrieval.Match, terms []retrieval.QueryTerm, known []*scores, mine []ownScore) {
	var lexical, cosine []float64 // of all that have one, the best first
	add := func(l, c float64) {
		if l > 0 {
			lexical = append(lexical, l)
		}
		if c > 0 {
			cosine = append(cosine, c)
		}
	}
	for _, k := range known {
		for n := range k.part.passages {
			add(k.lexical[n], k.cosine(n))
		}
	}
	for _, x := range mine {
		add(x.lexical, x.cosine)
	}
	slices.SortFunc(lexical, descending)
	slices.SortFunc(cosine, descending)
	for i := range matches {
		m := &matches[i]
		var adds []retrieval.TermScore
		if m.Category == consent.Knowledge {
			a := s.articles[m.RecordID]
			ordinal, _ := strconv.Atoi(m.PassageID[strings.LastIndexByte(m.PassageID, '#')+1:])
			adds = s.part(a.internal).contributions(terms, a.places[ordinal])
		} else {
			at := slices.IndexFunc(mine, func(x ownScore) bool { return x.passage.id == m.PassageID })
			mine[at].passage.each(terms, func(term string, score float64) {
				adds = append(adds, retrieval.TermScore{Term: term, Score: score})
			})
		}
		m.Explanation = retrieval.Explain(adds, rank(lexical, m.Lexical), rank(cosine, m.Cosine))
	}
}

func descending(a, b float64) int { return cmp.Compare(b, a) }

// rank is the place of a score among all, 0 for one that is none.
func rank(sorted []float64, score float64) int {
	if score <= 0 {
		return 0
	}
	n, _ := slices.BinarySearchFunc(sorted, score, descending)
	return n + 1
}
