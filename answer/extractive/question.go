package extractive

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"candor/answer"
	"candor/retrieval"
)

// question is a request with what was understood of it, worked out once.
type question struct {
	answer.Request
	aspects []answer.Aspect
	list    bool     // asks for several records
	numbers []string // identifiers that it names
	measure measure
	define  bool // asks what something is
}

// term is a word of the question that an answer should be about.
type term struct {
	text   string
	weight float64
	titled bool // the title of a document found holds it
}

func newQuestion(r answer.Request) *question {
	q := &question{Request: r}
	lower := strings.ToLower(r.Question)
	q.aspects = aspectsOf(lower)
	q.list = listWords.MatchString(lower)
	q.measure = measureOf(lower)
	q.define = definition.MatchString(lower)
	before := ""
	for _, m := range numberToken.FindAllString(lower, -1) {
		// What looks like a year is one, unless it is said to be a number.
		if len(digits(m)) >= 3 && (!isYear(m) || numbered[before]) {
			q.numbers = append(q.numbers, strings.Trim(m, "#-_/."))
		}
		before = m
	}
	return q
}

var definition = regexp.MustCompile(`^\W*(?:what(?:'s| is| are) (?:an? |the )?[^?]{2,40}\??$|o que (?:é|são|significa)|(?:qué|que) (?:es|son|significa)|що таке|что такое)`)

var numberToken = regexp.MustCompile(`[\pL\pN#]+(?:[-_/][\pL\pN]+)*`)

// numbered are the words after which a number is one of a record.
var numbered = func() map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(`order number no invoice ticket parcel request refund payment pedido número numero nº fatura chamado encomenda factura
		incidencia paquete замовлення номер рахунок звернення посилка заказ счет счёт обращение посылка`) {
		m[w] = true
	}
	return m
}()

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func isYear(s string) bool {
	return len(s) == 4 && (strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20"))
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
	for _, t := range content(q.Question, language) {
		if slices.Contains(own, t) {
			continue
		}
		df := 0.0
		for _, s := range sets {
			if credit(t, s) > 0 {
				df++
			}
		}
		titled := slices.ContainsFunc(titles, func(s map[string]bool) bool { return credit(t, s) > 0 })
		terms = append(terms, term{t, uniform + (1-uniform)*math.Log(1+(n+1)/(df+rareness)), titled})
	}
	return terms
}

// rareness smooths the weight of rare terms, uniform is the part of the weight
// that all have: passages were found by these very words, so how often they hold
// them says less than in a collection.
const (
	rareness = 1.5
	uniform  = .5
)
