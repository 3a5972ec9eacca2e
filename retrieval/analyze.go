package retrieval

import (
	"unicode"

	"candor/retrieval/analysis"
)

// Analyze builds the query of a question. Language is a BCP 47 tag; where it is
// empty or unknown the language is found from the text. A question that does
// not tell its language is analysed in every language of its script: its terms
// then meet those of a passage in any of them.
//
// Stop words are no terms, so that a question of nothing else ("can you help
// me?") finds nothing.
func Analyze(text, language string) Query {
	if analysis.Base(language) == "" {
		if l := analysis.DetectLanguage(text); l != "" || language == "" {
			language = l
		}
	}
	terms, _ := termsOf(text, language)
	return Query{Text: text, Language: language, Terms: terms}
}

// WithContext returns the query with earlier turns of the conversation, the oldest
// first. Their terms count less than its own: enough to tell what "it" is in a
// follow-up question, not enough to bring an old topic back. Its meaning is that of
// the question alone and in its context, half and half.
func (q Query) WithContext(turns ...string) Query {
	terms := make(map[string]int)
	for _, turn := range turns {
		more, _ := termsOf(turn, analysis.DetectLanguage(turn))
		for t, n := range more {
			if q.Terms[t] == 0 {
				terms[t] += n
			}
		}
	}
	q.Context, q.Turns = terms, turns
	return q
}

// termsOf returns the index terms of a text with their frequencies, without
// stop words, and how many occurrences there are. Without a language that is
// known, it is analysed in all those of its script, and a term's frequency is
// the highest of any.
func termsOf(text, language string) (terms map[string]int, length int) {
	terms = make(map[string]int)
	languages := []string{language}
	if analysis.Base(language) == "" {
		languages = languagesOfScript(text)
	}
	for i, l := range languages {
		counts := terms
		if i > 0 {
			counts = make(map[string]int)
		}
		for _, t := range analysis.Terms(text, l) {
			if analysis.IsStop(t.Text, l) {
				continue
			}
			counts[t.Text]++
			if i == 0 {
				length++
			}
		}
		if i > 0 {
			for t, n := range counts {
				terms[t] = max(terms[t], n)
			}
		}
	}
	return terms, length
}

func languagesOfScript(text string) []string {
	for _, r := range text {
		if unicode.Is(unicode.Cyrillic, r) {
			return []string{"uk", "ru"}
		}
	}
	return []string{"en", "pt", "es"}
}
