package extractive

import (
	"regexp"
	"strings"

	"candor/answer"
	"candor/retrieval/analysis"
)

// question is a request with what was understood of it, worked out once.
type question struct {
	answer.Request
	aspects []answer.Aspect
	list    bool     // asks for several records
	numbers []string // identifiers that it names
	measure measure
	left    measure // what was asked for before that, and is not any more
	define  bool    // asks what something is
	whether bool    // asks whether something may be, or is done
	// permission is whether it asks whether the customer may do something.
	permission bool
	which      bool // asks what there is
	denies     bool // asks what is not
}

func newQuestion(r answer.Request) *question {
	q := &question{Request: r}
	lower := strings.ToLower(r.Question)
	q.aspects = aspectsOf(lower)
	q.list = listWords.MatchString(lower)
	q.measure = measureOf(lower)
	q.define = definition.MatchString(lower) && !definite.MatchString(lower)
	q.whether = whether.MatchString(lower)
	q.permission = permission.MatchString(lower)
	q.denies = denial[analysis.Base(r.Language)].MatchString(lower)
	q.which = q.measure == noMeasure && which.MatchString(lower)
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

// asksAs makes the question, which begins with an earlier one, ask in the way in which
// the last one does.
func (q *question) asksAs(o *question) {
	if earlier := measureOf(strings.ToLower(q.Intent.After)); o.measure != noMeasure && earlier.words() != o.measure.words() {
		q.left = earlier
	}
	q.measure, q.define, q.whether, q.permission, q.which, q.denies = o.measure, o.define, o.whether, o.permission, o.which, o.denies
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
