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
	thresholdShort = .75
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
	// valueCredit is what the kind of value that was asked for says in place of
	// the word that asks for it: "€5.90" of the cost.
	valueCredit = .75
	// passing is below what a sentence with the only telling word of a question
	// has it in passing, going by how much of a title or a heading the word is.
	passing = .3
	// A question about one's own case is answered by an article that is about
	// nothing more special, at least so far, or by a sentence that holds as much
	// of the question.
	special  = .6
	explicit = .8
	// relief is how much of the weight of the one word that a general article
	// lacks is forgiven: what it says of all products it says of this one.
	relief = .65
	// covered is the share of the question that a title holds if its article
	// need not repeat it.
	covered = .75
)

// What decides between units that answer.
const (
	withinBonus   = .35  // all words are in the sentence itself
	underHeading  = .6   // of that, for a word that its heading has
	inTitle       = .3   // of that, for a word that the title has already
	titleBonus    = .45  // the title is the question
	coverBonus    = .1   // the title holds all of the question
	wholeBonus    = .3   // the title holds the question word for word
	headBonus     = .08  // the title or a heading holds the question's head
	leadBonus     = .25  // it opens the article that is about the question
	modalBonus    = .2   // it permits or denies, and the question asks whether
	denialBonus   = .15  // it denies, as the question does or does not
	caseLoss      = .12  // it speaks of one case, and the question of none
	rowBonus      = .12  // it is an item or a row with the value
	howBonus      = .15  // its heading says how, and the question asks so
	pathBonus     = .15  // it says where, or to what end, and the question asks how
	seriesBonus   = .12  // it enumerates, and the question asks what there is
	strayPenalty  = .4   // the title names something else that is called nearly the same
	measureBonus  = .2   // it has the kind of value that is asked for
	digitBonus    = .1   // it has another value
	stepBonus     = .4   // it is a step, and the question asks how
	phraseBonus   = .15  // it holds the question's words beside each other
	languageBonus = .15  // it is in the language of the question
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
	share   float64 // the support before it is compared
	rank    float64
	merit   float64 // the rank without what an article's opening gains
}

// scorer scores units for a question among the hits of its search.
type scorer struct {
	*question
	hits     []retrieval.Hit
	terms    map[string][]term // by language of the text
	bearings map[*document]bearing
}

func newScorer(q *question, hits []retrieval.Hit) scorer {
	return scorer{q, hits, make(map[string][]term), make(map[*document]bearing)}
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

// about returns how a document's title bears on the question.
func (s scorer) about(d *document) bearing {
	b, ok := s.bearings[d]
	if !ok {
		b = s.bearing(d, s.weights(d.language), s.hits)
		s.bearings[d] = b
	}
	return b
}

// fromTexts quotes the sentences of texts that support an answer best, by words alone.
func fromTexts(q *question, hits []retrieval.Hit) []answer.Sentence {
	s := newScorer(q, hits)
	best, ok := s.best(documents(hits))
	if !ok {
		return nil
	}
	return s.quote(best)
}

// quote quotes a sentence and what a reader needs with it.
func (s scorer) quote(best scored) []answer.Sentence {
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

// coverage is how much of the question a unit and what surrounds it hold, each
// as a sum over the question's weighted words.
type coverage struct {
	total   float64 // of the weights
	support float64 // with the headings, the title and the neighbours
	above   float64 // with the headings
	within  float64 // the sentence itself, and what the title has already for less
	headed  float64 // the best of the question's head in the title or a heading
	named   float64 // the best of its telling words there
	other   bool    // it lacks a word by which the titles found are told apart
}

func (s scorer) cover(u *unit, terms []term, about bearing) coverage {
	d, at := u.record, u.position()
	var sum coverage
	for _, t := range terms {
		self, heading, title := t.credit(u.terms), t.credit(u.heading), t.credit(d.title)
		if t.measure && u.holds(s.measure) {
			self = max(self, valueCredit)
		}
		c := max(self, headingCredit*heading, titleCredit*title)
		for _, i := range []int{at - 1, at + 1} {
			if i >= 0 && i < len(d.units) && d.units[i].section == u.section {
				c = max(c, neighbourCredit*t.credit(d.units[i].terms))
			}
		}
		weight := t.weight
		if c == 0 {
			switch {
			case t.generic:
				continue
			case t.text != "" && t.text == about.forgiven:
				weight *= 1 - relief*about.general*about.general
			case t.titled:
				sum.other = true
			}
		}
		sum.total += weight
		sum.support += c * weight
		sum.above += max(self, heading) * weight
		if !t.generic {
			sum.named = max(sum.named, heading, title*about.general)
		}
		if t.head {
			sum.headed = max(sum.headed, title, heading)
		}
		near := max(self, underHeading*heading)
		if title > 0 {
			near *= inTitle
		}
		sum.within += near * weight
	}
	return sum
}

// score weighs how much of the question a unit answers. Support is 0 below the
// threshold.
func (s scorer) score(u *unit) scored {
	d, at := u.record, u.position()
	terms, about := s.weights(d.language), s.about(d)
	sum := s.cover(u, terms, about)
	if sum.total == 0 {
		return scored{unit: u}
	}
	support := sum.support / sum.total
	if sum.other {
		support *= confused
	}
	share := support
	if !s.answers(u, terms, about, sum, support) {
		support = 0
	}
	rank := support + withinBonus*sum.within/sum.total + headBonus*sum.headed + about.bonus + s.manner(u) -
		rankPenalty*float64(min(u.hit, 10)) - placePenalty*float64(min(at, 20)) + phraseBonus*phrase(terms, u.order)
	if d.language == analysis.Base(s.Language) {
		rank += languageBonus
	}
	if s.define && beginsWith(u.order, terms) {
		rank += defineBonus
	}
	lead := 0.0
	if at == 0 && !u.item && s.leads(u) {
		lead = leadBonus * about.covers
	}
	return scored{u, support, share, rank + lead, rank}
}

// answers reports whether a unit has enough of the question to answer it.
func (s scorer) answers(u *unit, terms []term, about bearing, sum coverage, support float64) bool {
	least := threshold
	if len(terms) <= 2 && about.forgiven == "" {
		least = thresholdShort
	}
	if t, ok := lone(terms); ok && !s.define && sum.named < passing {
		begins := len(u.order) > 0 && u.order[0] == t.text
		if all := len(terms) > 1 && sum.above == sum.total && !s.steps(); !begins && !all {
			return false
		}
	}
	own := s.Intent.Personal && u.record.Knowledge()
	if own && paid.MatchString(s.Question) {
		return false // no article knows what
	}
	if own && sum.above/sum.total < explicit && about.general < special {
		return false
	}
	opens := u.opening || u.step && s.steps() || u.item && s.asksValue() && u.holds(s.measure)
	return support >= least && (sum.above/sum.total >= inner || opens && about.covers >= covered)
}

// extend adds to the best unit what a reader needs with it: the list that it
// introduces or is a step of, or sentences beside it that answer as well.
func (s scorer) extend(best scored) []scored {
	if list := s.list(best); len(list) > 1 {
		return append(list[0].leaning(), list[1:]...)
	}
	out := best.leaning()
	at := best.position()
	after, before := at+1, at-len(out)
	add := func(i int) bool {
		u, ok := s.beside(best, i)
		if !ok || u.item != best.item || u.support == 0 || u.merit < best.merit-neighbourLoss || len(out) == maxSentences {
			return false
		}
		if i < at {
			out = append([]scored{u}, out...)
		} else {
			out = append(out, u)
		}
		return true
	}
	for add(after) {
		after++
	}
	// Prose goes on after its point, and not into half of a list; the items of a list are of equal standing.
	for best.item && add(before) {
		before--
	}
	return out
}

// leaning returns the unit after the one that it leans on, if it does.
func (u scored) leaning() []scored {
	if u.leans == nil {
		return []scored{u}
	}
	return []scored{{u.leans, u.support, u.share, u.rank, u.merit}, u}
}

// list returns the list around the best unit, with the sentence that introduces
// it, if there is one and the question wants it whole. Items that have a label
// each are of different things.
func (s scorer) list(best scored) []scored {
	at := best.position()
	first := at
	switch {
	case best.introduces():
	case best.item && !best.labelled && s.steps():
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
