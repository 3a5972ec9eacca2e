package extractive

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"candor/retrieval"
)

// bearing is how the title of a document bears on a question.
type bearing struct {
	// covers is the share of the question's weighted words that the title holds.
	covers float64
	// general is the share of the title's words that the question holds, the
	// first counting most: 1 means that the article is about nothing more special
	// than the question.
	general float64
	// forgiven is the one word of the question that the document lacks and that
	// may be a case of what it is about, as a jacket is of what can be returned.
	forgiven string
	bonus    float64 // what the document's sentences gain or lose by it
}

// bearing works out how a document bears on the question, whose terms are given
// in the document's language. An article that is called what was asked is about
// it; one that is called the same and more is about a special case.
func (q *question) bearing(d *document, terms []term, hits []retrieval.Hit) bearing {
	if len(terms) == 0 || len(d.subject) == 0 {
		return bearing{}
	}
	b := bearing{forgiven: q.forgiven(d, terms, hits)}
	var common, total, asked float64
	for _, t := range terms {
		c := t.credit(d.title)
		if c == 0 && (t.measure || t.generic || t.text == b.forgiven && !d.mentions(t)) {
			continue
		}
		common += c
		b.covers += c * t.weight
		total += t.weight
		asked++
	}
	if total == 0 {
		return bearing{}
	}
	b.covers /= total
	held, most := 0.0, 0.0
	for i, w := range d.subject {
		weight := 1 / float64(i+1)
		most += weight
		if slices.ContainsFunc(terms, func(t term) bool { return t.credit(map[string]bool{w: true}) > 0 }) {
			held += weight
		}
	}
	b.general = held / most
	b.bonus = titleBonus*2*common/(asked+float64(len(d.subject))) + coverBonus*b.covers
	if q.isTitle(d) {
		b.bonus += wholeBonus
	}
	if q.strays(d) {
		b.bonus -= strayPenalty
	}
	return b
}

// isTitle reports whether the title holds the question word for word.
func (q *question) isTitle(d *document) bool {
	words := func(text string) string {
		var b strings.Builder
		for _, w := range titleWords(text) {
			b.WriteString(" " + w.text)
		}
		return b.String() + " "
	}
	asked := words(q.Question)
	return strings.Count(asked, " ") > 2 && strings.Contains(words(d.Title), asked)
}

// mentions reports whether a sentence of the document holds the term.
func (d *document) mentions(t term) bool {
	return slices.ContainsFunc(d.units, func(u unit) bool { return t.credit(u.terms) > 0 })
}

// forgiven returns the one word that the title lacks of the question, unless
// nothing found holds it, or another title has it beside a word of this one: of
// a gift card asks who wants to know about gift cards, and not about cards. Nor
// is what one wants to do a case of anything.
func (q *question) forgiven(d *document, terms []term, hits []retrieval.Hit) string {
	lacking := ""
	for i, t := range terms {
		switch {
		case t.measure || t.generic || t.credit(d.title) > 0:
		case lacking != "" || !t.known, i == 0 && q.Intent.HowTo:
			return ""
		default:
			lacking = t.text
		}
	}
	for _, h := range hits {
		title := termSet(h.Record.Title, d.language)
		if credit(lacking, title) > 0 && slices.ContainsFunc(d.subject, func(w string) bool { return credit(w, title) > 0 }) {
			return ""
		}
	}
	return lacking
}

// subjectOf returns the words of a title that tell what it is about: not
// numbers, lengths of time, and what any article may be called ("times and
// costs", "a guide").
func subjectOf(title, language string) []string {
	plain := plainTitle[language]
	return slices.DeleteFunc(content(title, language), func(t string) bool {
		return plain[t] || generic[language][t] || measureTerms[aTime][language][t] || measureTerms[anAmount][language][t] || strings.ContainsAny(t, "0123456789")
	})
}

// plainTitle are words that tell nothing of what an article is about, by
// language.
var plainTitle = termsByLanguage(map[string]string{
	"en": "guide faq overview summary specification requirement policy general complete everything year month week day hour two three our",
	"pt": "guia resumo política geral perguntas frequentes ano mês semana dia hora dois duas três",
	"es": "guía resumen política general preguntas frecuentes año mes semana día hora dos tres",
	"uk": "посібник огляд загальний правила умови рік роки місяць тиждень день година два три",
	"ru": "руководство обзор общий правила условия год года месяц неделя день час два три",
})

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
