package answer

import (
	"strings"
	"unicode/utf8"

	"candor/retrieval"
	"candor/retrieval/analysis"
)

// maxLabel is the longest that stands before a colon for what a line is about.
const maxLabel = 60

// labelled reports whether a claim of the form "United Kingdom: Visa and PayPal" says of
// its label what one sentence or line of the records does, under their title at most. In
// a list of such lines every word of the claim is close by, also where it is said of
// another label. Claims of another form are not its business.
func labelled(text string, records []retrieval.Record, language string) bool {
	label, rest, ok := strings.Cut(text, ": ")
	if !ok || utf8.RuneCountInString(label) > maxLabel || strings.ContainsAny(label, ".!?") {
		return true
	}
	telling := func(s string) (out []string) {
		for _, t := range analysis.Terms(s, language) {
			if !analysis.IsStop(s[t.Start:t.End], language) {
				out = append(out, t.Text)
			}
		}
		return out
	}
	about, said := telling(label), telling(rest)
	if len(about) == 0 || len(said) == 0 {
		return true
	}
	for _, r := range records {
		title := make(map[string]bool)
		for _, t := range telling(r.Title) {
			title[t] = true
		}
		for _, s := range analysis.Sentences(r.Text) {
			line := make(map[string]bool)
			for _, t := range telling(s.Of(r.Text)) {
				line[t] = true
			}
			holds := true
			for _, t := range about {
				holds = holds && (line[t] || title[t])
			}
			for _, t := range said {
				holds = holds && line[t]
			}
			if holds {
				return true
			}
		}
	}
	return false
}
