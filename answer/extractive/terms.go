package extractive

import (
	"math"
	"slices"
	"strings"

	"candor/retrieval"
	"candor/retrieval/analysis"
)

// term is a word of the question that an answer should be about.
type term struct {
	text   string
	weight float64
	titled bool // the title of a document found holds it
	known  bool // something found holds it
	head   bool // it is what the question is about, and no circumstance of it
	// measure is whether it names the kind of value that is asked for.
	measure bool
	generic bool
	region  []string // the terms of the name of what it is a part of
}

// credit is how well a set of terms holds the term.
func (t term) credit(set map[string]bool) float64 {
	c := credit(t.text, set)
	if c > 0 || len(t.region) == 0 {
		return c
	}
	for _, r := range t.region {
		if !set[r] {
			return 0
		}
	}
	return regionCredit
}

// weigh gives the question's terms their weights for the passages found: a term
// that is in all of them tells none from another, one that is in none of them
// says that they are about something else.
func (q *question) weigh(language string, hits []retrieval.Hit) []term {
	var sets, titles []map[string]bool
	for _, h := range hits {
		titles = append(titles, termSet(h.Record.Title, language))
		sets = append(sets, termSet(h.Record.Title+"\n"+h.Text(), language))
	}
	n := float64(len(sets))
	var terms []term
	var own []string
	if q.Intent.Personal {
		// The number of one's own order is in no article about orders.
		own = content(strings.Join(q.numbers, " "), language)
	}
	asked := content(q.Question, language)
	heads := content(mainClause(q.Question, language), language)
	for _, t := range asked {
		if slices.Contains(own, t) || measureVerbs[q.measure.words()][language][t] ||
			measureVerbs[q.left.words()][language][t] || measureTerms[q.left.words()][language][t] {
			continue
		}
		w := term{
			text: t, head: slices.Contains(heads, t), measure: measureTerms[q.measure.words()][language][t], region: regions[language][t],
		}
		df := 0.0
		for _, s := range sets {
			if w.credit(s) > 0 {
				df++
			}
		}
		w.known = df > 0
		w.titled = slices.ContainsFunc(titles, func(s map[string]bool) bool { return credit(t, s) > 0 })
		w.weight = uniform + (1-uniform)*math.Log(1+(n+1)/(df+rareness))
		w.generic = generic[language][t]
		terms = append(terms, w)
	}
	if slices.ContainsFunc(terms, func(t term) bool { return !t.generic }) {
		for i := range terms {
			if terms[i].generic {
				terms[i].weight *= genericWeight
			}
		}
	} else {
		for i := range terms {
			terms[i].generic = false // "where is my order?" is about orders
		}
	}
	if q.asksValue() && len(terms) > 0 && !slices.ContainsFunc(terms, func(t term) bool { return t.measure }) {
		// "How long" has no word that says time.
		terms = append(terms, term{weight: impliedWeight, measure: true})
	}
	return terms
}

// mainClause returns a question up to the preposition after its first content
// word, where circumstances begin: "how much is delivery", "return a jacket".
func mainClause(text, language string) string {
	begun := false
	for _, t := range analysis.Terms(text, language) {
		surface := strings.ToLower(text[t.Start:t.End])
		switch {
		case begun && prepositions[surface]:
			return text[:t.Start]
		case len(content(surface, language)) > 0:
			begun = true
		}
	}
	return text
}

var prepositions = func() map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(`
		to for on in at of with by from about without after before inside if when
		para por em no na nos nas com de do da dos das sem após sobre se quando
		en con del sin a al desde hasta cuando
		до для на в у з із зі від без після про якщо коли через
		с со от из без после о об если когда через`) {
		m[w] = true
	}
	return m
}()

// generic are words that stand for anything that is sold or done.
var generic = termsByLanguage(map[string]string{
	"en": "item items product products thing order orders accept accepted offer offered available option options method methods use right best number guide",
	"pt": "item itens produto produtos artigo pedido aceitam aceita oferecem disponível opção opções método métodos usar certo número",
	"es": "artículo artículos producto productos pedido aceptan acepta ofrecen disponible opción opciones método métodos usar correcto número",
	"uk": "товар товари товару річ речі приймаєте пропонуєте доступний спосіб вибрати обрати номер",
	"ru": "товар товары вещь вещи принимаете предлагаете доступный способ выбрать номер",
})

// rareness smooths the weight of rare terms, uniform is the part of the weight
// that all have: passages were found by these very words, so how often they hold
// them says less than in a collection.
const (
	rareness = 1.5
	uniform  = .5
	// genericWeight is what is left of the weight of a generic word.
	genericWeight = .3
	// impliedWeight is that of the kind of value which no word of the question
	// names.
	impliedWeight = .8
	// regionCredit is how well a place is named by what it is a part of.
	regionCredit = .9
)

// lone returns the only word of a question that tells anything, if there is but
// one.
func lone(terms []term) (t term, ok bool) {
	for _, x := range terms {
		if x.generic || x.measure {
			continue
		}
		if ok {
			return term{}, false
		}
		t, ok = x, true
	}
	return t, ok
}
