package openai

import (
	"slices"
	"strings"

	"candor/retrieval"
	"candor/retrieval/analysis"
)

// quotes finds in a source what a claim rests on.
type quotes struct {
	language string
	units    map[int][]quotable // by hit
}

// quotable is a sentence of a passage with its words.
type quotable struct {
	analysis.Span
	words map[string]bool
}

// of returns the sentence of the hit's passage that shares most of its words with the
// claim, or two beside each other where the second adds some; empty for a record without text.
func (q *quotes) of(n int, h retrieval.Hit, claim string) string {
	units, ok := q.units[n]
	language := h.Record.Language
	if language == "" {
		language = q.language
	}
	if !ok {
		for _, s := range analysis.Sentences(h.Text()) {
			words := make(map[string]bool)
			for _, t := range analysis.Terms(s.Of(h.Text()), language) {
				words[t.Text] = true
			}
			units = append(units, quotable{s, words})
		}
		q.units[n] = units
	}
	if len(units) == 0 {
		return strings.TrimSpace(h.Text())
	}
	var terms []string
	for _, t := range analysis.Terms(claim, language) {
		if !slices.Contains(terms, t.Text) {
			terms = append(terms, t.Text)
		}
	}
	shared := func(units ...quotable) (n int) {
		for _, t := range terms {
			if slices.ContainsFunc(units, func(u quotable) bool { return u.words[t] }) {
				n++
			}
		}
		return n
	}
	best, most := 0, -1
	for i, u := range units {
		if n := shared(u); n > most {
			best, most = i, n
		}
	}
	span := units[best].Span
	for _, i := range []int{best - 1, best + 1} {
		if i < 0 || i >= len(units) || shared(units[best], units[i]) < most+2 {
			continue
		}
		span = analysis.Span{Start: min(span.Start, units[i].Start), End: max(span.End, units[i].End)}
		break
	}
	return span.Of(h.Text())
}
