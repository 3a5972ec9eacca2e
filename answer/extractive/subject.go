package extractive

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// resembles is how near the title of a document comes to the question: the
// share of words that they have in common (Dice). An article that is called
// what was asked is about it; one that is called the same and more is about a
// special case.
func (q *question) resembles(d *document) float64 {
	asked := content(q.Question, d.language)
	if len(asked) == 0 || len(d.subject) == 0 {
		return 0
	}
	common := 0.0
	for _, t := range asked {
		common += credit(t, d.title)
	}
	return 2 * common / float64(len(asked)+len(d.subject))
}

// strays reports whether a title names something near to what the question
// names, but another: "Light Blue Account" or "Platinum Plus Account" where the
// question has "Blue Account" and "Platinum Account".
func (q *question) strays(d *document) bool {
	title, asked := titleWords(d.Title), titleWords(q.Question)
	in := make(map[string]bool)
	for _, w := range asked {
		in[w.text] = true
	}
	for i := 0; i+1 < len(asked); i++ {
		a, b := asked[i], asked[i+1]
		if !b.joined {
			continue
		}
		for j, w := range title {
			if w.text != a.text {
				continue
			}
			follows := func(k int, text string) bool { return k < len(title) && title[k].joined && title[k].text == text }
			inserted := j+2 < len(title) && title[j+1].joined && follows(j+2, b.text) && !in[title[j+1].text]
			preceded := follows(j+1, b.text) && j > 0 && w.joined && w.capital && title[j-1].capital && !in[title[j-1].text]
			if inserted || preceded {
				return true
			}
		}
	}
	return false
}

// phrase returns the share of the question's neighbouring words that are
// neighbours in a sentence too.
func phrase(terms []term, order []string) float64 {
	at := make(map[string]int, len(order))
	for i, t := range order {
		at[t] = i + 1
	}
	pairs, together := 0.0, 0.0
	for i := 0; i+1 < len(terms); i++ {
		pairs++
		if a, b := at[terms[i].text], at[terms[i+1].text]; a > 0 && b == a+1 {
			together++
		}
	}
	return together / max(1, pairs)
}

// beginsWith reports whether a sentence begins with all of the question's words,
// as one that defines something does.
func beginsWith(order []string, terms []term) bool {
	for i := range terms {
		if i >= len(order) || !slices.ContainsFunc(terms, func(t term) bool { return t.text == order[i] }) {
			return false
		}
	}
	return len(terms) > 0
}

// titleWord is a word of a title or a question.
type titleWord struct {
	text    string // in lower case
	joined  bool   // one space is between it and the word before
	capital bool
}

var wordPattern = regexp.MustCompile(`[\pL\pN]+`)

func titleWords(text string) []titleWord {
	var out []titleWord
	end := -2
	for _, m := range wordPattern.FindAllStringIndex(text, -1) {
		w := text[m[0]:m[1]]
		first, _ := utf8.DecodeRuneInString(w)
		out = append(out, titleWord{strings.ToLower(w), m[0] == end+1 && text[end] == ' ', unicode.IsUpper(first)})
		end = m[1]
	}
	return out
}
