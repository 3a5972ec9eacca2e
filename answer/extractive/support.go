package extractive

import (
	"math"
	"slices"
	"strings"

	"candor/answer"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// What decides whether a unit answers at all: the share of the question's
// weighted words that it and its surroundings hold. The numbers of this file
// were chosen on the sets of the golden test; they trade answers that are
// missing against answers that are wrong.
const (
	// threshold is the least share, thresholdShort that of a question of at most
	// two words, which are found together by chance more often.
	threshold      = .6
	thresholdShort = .8
	// inner is the least share that the sentence itself or its heading holds.
	inner = .3
	// A heading or a title says what a sentence is about without the sentence
	// repeating it; a neighbour often does.
	headingCredit   = .85
	titleCredit     = .85
	neighbourCredit = .4
	// confused is what is left of the support of a unit that lacks a word by
	// which the titles found are told apart: the question names another product.
	confused = .8
)

// What decides between units that answer.
const (
	withinBonus   = .35  // all words are in the sentence itself
	inTitle       = .3   // of that, for a word that the title has already
	titleBonus    = .45  // the title is the question
	strayPenalty  = .4   // the title names something else that is called nearly the same
	measureBonus  = .2   // it has the kind of value that is asked for
	digitBonus    = .1   // it has another value
	stepBonus     = .25  // it is a step, and the question asks how
	phraseBonus   = .15  // it holds the question's words beside each other
	defineBonus   = .2   // it begins with what the question asks to define
	rankPenalty   = .02  // for each hit before its own
	placePenalty  = .008 // for each unit before it in the record
	neighbourLoss = .12  // how much worse than the best a neighbour may be
)

// maxSteps is how many items of a list are quoted: half of the steps of a
// procedure are no answer.
const maxSteps = 6

// scored is a unit with how well it answers.
type scored struct {
	*unit
	support float64 // 0 to 1: compared with the threshold
	rank    float64
}

// scorer scores units for a question among the hits of its search.
type scorer struct {
	*question
	hits     []retrieval.Hit
	terms    map[string][]term // by language of the text
	subjects map[*document]float64
}

func newScorer(q *question, hits []retrieval.Hit) scorer {
	return scorer{q, hits, make(map[string][]term), make(map[*document]float64)}
}

// weights returns the question's terms for texts in a language.
func (s scorer) weights(language string) []term {
	terms, ok := s.terms[language]
	if !ok {
		terms = s.weigh(language, s.hits)
		s.terms[language] = terms
	}
	return terms
}

// subject returns what a document gains or loses by its title.
func (s scorer) subject(d *document) float64 {
	bonus, ok := s.subjects[d]
	if !ok {
		bonus = titleBonus * s.resembles(d)
		if s.strays(d) {
			bonus -= strayPenalty
		}
		s.subjects[d] = bonus
	}
	return bonus
}

// fromTexts quotes the sentences that support an answer best.
func fromTexts(q *question, hits []retrieval.Hit) []answer.Sentence {
	s := newScorer(q, hits)
	best, ok := s.best(documents(hits))
	if !ok {
		return nil
	}
	var out []answer.Sentence
	units := s.extend(best)
	for len(units) > 1 && units[len(units)-1].introduces() {
		units = units[:len(units)-1] // what it leads to is not quoted
	}
	for _, u := range units {
		sentence := quote(u.record.Record, best.passage, u.Span, math.Round(min(u.support, 1)*100)/100)
		if u.passage != "" {
			sentence.Citations[0].PassageID = u.passage
		}
		// What is said twice in an article is said once.
		if sentence.Text != "" && !slices.ContainsFunc(out, func(o answer.Sentence) bool { return o.Text == sentence.Text }) {
			out = append(out, sentence)
		}
	}
	return out
}

func (s scorer) best(units []*unit) (best scored, ok bool) {
	for _, u := range units {
		c := s.score(u)
		if c.support == 0 || ok && c.rank <= best.rank || u.introduces() && len(s.list(c)) < 2 {
			continue // what introduces a list that is not there says nothing
		}
		best, ok = c, true
	}
	return best, ok
}

// score weighs how much of the question a unit answers. Support is 0 below the
// threshold.
func (s scorer) score(u *unit) scored {
	d := u.record
	terms := s.weights(d.language)
	at := u.position()
	var total, support, within, above float64
	other := false
	for _, t := range terms {
		self, heading, title := credit(t.text, u.terms), credit(t.text, u.heading), credit(t.text, d.title)
		c := max(self, headingCredit*heading, titleCredit*title)
		for _, i := range []int{at - 1, at + 1} {
			if i >= 0 && i < len(d.units) && d.units[i].section == u.section {
				c = max(c, neighbourCredit*credit(t.text, d.units[i].terms))
			}
		}
		total += t.weight
		support += c * t.weight
		above += max(self, heading) * t.weight
		if title > 0 {
			self *= inTitle
		}
		within += self * t.weight
		other = other || c == 0 && t.titled
	}
	if total == 0 {
		return scored{unit: u}
	}
	support /= total
	if other {
		support *= confused
	}
	least := threshold
	if len(terms) <= 2 {
		least = thresholdShort
	}
	if support < least || above/total < inner {
		support = 0
	}
	rank := support + withinBonus*within/total + s.subject(d) + s.measureIn(u.Of(d.Text)) -
		rankPenalty*float64(min(u.hit, 10)) - placePenalty*float64(min(at, 20))
	if s.Intent.HowTo && u.step {
		rank += stepBonus
	}
	rank += phraseBonus * phrase(terms, u.order)
	if s.define && beginsWith(u.order, terms) {
		rank += defineBonus
	}
	return scored{u, support, rank}
}

// extend adds to the best unit what a reader needs with it: the list that it
// introduces or is a step of, or sentences beside it that answer as well.
func (s scorer) extend(best scored) []scored {
	if list := s.list(best); len(list) > 1 {
		return list
	}
	out := []scored{best}
	at := best.position()
	add := func(i int) bool {
		u, ok := s.beside(best, i)
		if !ok || u.support == 0 || u.rank < best.rank-neighbourLoss || len(out) == maxSentences {
			return false
		}
		if i < at {
			out = append([]scored{u}, out...)
		} else {
			out = append(out, u)
		}
		return true
	}
	after, before := at+1, at-1
	for add(after) {
		after++
	}
	// Prose goes on after its point; the items of a list are of equal standing.
	for best.item && add(before) {
		before--
	}
	return out
}

// list returns the list around the best unit, with the sentence that introduces
// it, if there is one and the question wants it whole.
func (s scorer) list(best scored) []scored {
	at := best.position()
	first := at
	switch {
	case best.introduces():
	case best.item && s.Intent.HowTo:
		for {
			u, ok := s.beside(best, first-1)
			if !ok || !u.item && !u.introduces() {
				break
			}
			first--
			if !u.item {
				break
			}
		}
	default:
		return nil
	}
	var out []scored
	for i, items := first, 0; ; i++ {
		u, ok := s.beside(best, i)
		if !ok || i > first && !u.item {
			break
		}
		if u.item && !u.continued {
			if items++; items > maxSteps {
				break
			}
		}
		// A step answers as part of its list, whatever words it holds.
		u.support = max(u.support, best.support)
		out = append(out, u)
	}
	return out
}

// beside returns the unit at the position if it is in the section of another.
func (s scorer) beside(u scored, position int) (scored, bool) {
	units := u.record.units
	if position < 0 || position >= len(units) || units[position].section != u.section {
		return scored{}, false
	}
	return s.score(&units[position]), true
}

// introduces reports whether the unit leads to what follows it.
func (u *unit) introduces() bool {
	return strings.HasSuffix(analysis.Plain(u.Of(u.record.Text)), ":")
}
