package histories

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/consent"
)

// The reference: what the design says of consent, in as few words as it takes. It
// is pure, and shares nothing with the product but its vocabulary.

// everywhere is the place of a standing choice; the others are the conversations'.
const (
	everywhere = iota
	firstTalk
	secondTalk
	places
)

// choice is what the customer said last of a triple at a place.
type choice struct {
	state     consent.State
	grant     string // the event
	until     int64  // in microseconds: when a grant runs out; 0: never
	suspended bool   // a policy was material to it since
	over      bool   // its conversation was resolved since, whether or not it goes on
	turn      int    // which of the customer's choices it was
}

func (c choice) given() bool { return c.state == consent.Given || c.state == consent.Renewed }

// state is a customer's consent at one moment. It is comparable.
type state struct {
	epoch    int64
	turn     int
	choices  [len(triples)][places]choice
	resolved [places]bool          // the conversations that are over
	held     [len(categories)]bool // what of is kept here
	known    [len(categories)]bool // what of the outsider was told
}

// window is what the clock may have been, in microseconds, both ends included.
type window struct{ from, to int64 }

// verdict is the reference's word.
type verdict int

const (
	denied verdict = iota
	allowed
	either // it runs out at just that time
)

// one says what a choice by itself allows.
func (s state) one(c choice, place int, at window) (verdict, consent.Reason) {
	switch c.state {
	case consent.Given, consent.Renewed:
	case consent.Refused:
		return denied, consent.RefusedReason
	case consent.Withdrawn, consent.Revoked:
		return denied, consent.WithdrawnReason
	case consent.Expired:
		return denied, consent.ExpiredReason
	case consent.Invalidated:
		return denied, consent.NoticeChanged
	case consent.None, consent.Requested, consent.Deferred:
		return denied, consent.NoConsent
	default:
		return denied, consent.NoConsent
	}
	switch {
	case c.over, s.resolved[place], c.until > 0 && c.until <= at.from:
		return denied, consent.ExpiredReason
	case c.suspended:
		return denied, consent.NoticeChanged
	case c.until > 0 && c.until <= at.to:
		return either, consent.ExpiredReason
	}
	return allowed, ""
}

// decide says whether a triple is allowed in a conversation: by the standing
// choice, or by one for the conversation alone. Of two denials the later one gives
// the reason. The grants are those that may allow it.
func (s state) decide(triple, place int, gpc bool, at window) (v verdict, why consent.Reason, grants []string) {
	standing := s.choices[triple][everywhere]
	v, why = s.one(standing, everywhere, at)
	if v != denied {
		grants = append(grants, standing.grant)
	}
	if here := s.choices[triple][place]; v != allowed && place != everywhere && here.state != "" {
		h, reason := s.one(here, place, at)
		if h != denied {
			grants = append(grants, here.grant)
		}
		if h > v && v == denied || h == allowed {
			v, why = h, reason
		} else if v == denied && here.turn >= standing.turn {
			why = reason
		}
	}
	if gpc && triples[triple].Recipient == outsider {
		return denied, consent.GPC, nil
	}
	return v, why, grants
}

// wish is what somebody wants of a triple.
type wish struct {
	triple  int
	granted bool
	here    bool // for the conversation alone
	delete  bool
}

// mark is a choice that becomes another.
type mark struct{ triple, place int }

// wanted returns what a wish makes of the choices, as the design has it: a yes
// that holds already is not given twice; "not now" puts off what does not hold;
// to stop is to stop everywhere, and what was never given is refused.
func (s state) wanted(x wish, place int, offer bool, at window) map[mark]consent.State {
	out := make(map[mark]consent.State)
	all := s.choices[x.triple]
	if x.granted {
		if v, _ := s.one(all[everywhere], everywhere, at); v == allowed {
			return out
		}
		m := mark{x.triple, everywhere}
		if x.here {
			m.place = place
		}
		out[m] = consent.Given
		if all[m.place].given() {
			out[m] = consent.Renewed
		}
		return out
	}
	if v, _, _ := s.decide(x.triple, place, false, at); offer && v == denied {
		out[mark{x.triple, everywhere}] = consent.Deferred
		return out
	}
	for p, c := range all {
		if c.given() {
			out[mark{x.triple, p}] = consent.Withdrawn
		}
	}
	last := all[everywhere].state
	if len(out) == 0 && (x.delete || last != consent.Refused && last != consent.Withdrawn) {
		out[mark{x.triple, everywhere}] = consent.Refused
	}
	return out
}

// over returns the grants whose time has run out, or whose conversation is over.
func (s state) over(at window) map[mark]consent.State {
	out := make(map[mark]consent.State)
	for t, all := range s.choices {
		for p, c := range all {
			if c.given() && (c.over || s.resolved[p] || c.until > 0 && c.until <= at.from) {
				out[mark{t, p}] = consent.Expired
			}
		}
	}
	return out
}

// open reports whether the time of a grant runs out within the window, so that
// the reference cannot say what a change of it does.
func (s state) open(at window) bool {
	for _, all := range s.choices {
		for _, c := range all {
			if c.given() && c.until > at.from && c.until <= at.to {
				return true
			}
		}
	}
	return false
}

// appended takes over what the ledger has got, if the reference wants the same.
func (s state) appended(e *event) (state, bool) {
	expect := make(map[mark]consent.State)
	if e.wishes == nil {
		expect = s.over(e.at)
	}
	for _, x := range e.wishes {
		for m, state := range s.wanted(x, e.place, e.offer, e.at) {
			expect[m] = state
		}
	}
	if !s.open(e.at) {
		if len(expect) != len(e.added) {
			return s, false
		}
		for m, a := range e.added {
			if expect[m] != a.state {
				return s, false
			}
		}
	}
	epoch := s.epoch
	if len(e.added) > 0 {
		epoch++
	}
	if e.epoch != epoch {
		return s, false
	}
	s.epoch = epoch
	s.turn++
	for m, a := range e.added {
		a.turn = s.turn
		if m.place != everywhere && a.given() && (a.until < e.at.from+conversationGrant || a.until > e.at.to+conversationGrant) {
			return s, false
		}
		if !a.given() || m.place == everywhere && a.given() {
			if a.given() && a.until != 0 {
				return s, false
			}
			a.until = 0
		}
		s.choices[m.triple][m.place] = a
	}
	for _, x := range e.wishes {
		if x.delete && !x.granted && len(e.added) > 0 {
			if i, ok := categoryOf(x.triple); ok {
				s.held[i] = false
			}
		}
	}
	return s, true
}

// conversationGrant is how long a grant for one conversation lasts, in
// microseconds.
const conversationGrant = int64(24 * time.Hour / time.Microsecond)

// installed suspends what a policy is material to.
func (s state) installed(touches func(consent.Triple) bool) state {
	for t := range s.choices {
		for p := range s.choices[t] {
			if s.choices[t][p].given() && touches(triples[t]) {
				s.choices[t][p].suspended = true
			}
		}
	}
	return s
}

// minted reports whether a scope may name just these categories as not covered.
func (s state) minted(e *event) bool {
	for i := range categories {
		v, why, _ := s.decide(inHouse(i), e.place, e.gpc, e.at)
		reason, missing := e.denials[i]
		switch {
		case v == allowed && missing, v == denied && !missing:
			return false
		case v == denied && reason != why && !s.open(e.at):
			return false
		}
	}
	return s.meant(e) && s.only(e) && s.used(e)
}

// only reports whether each that was asked was given nothing but what it may have,
// an outside model something at all, whether the customer is told what was kept from
// it, and whether nothing is left of what somebody said who failed.
func (s state) only(e *event) bool {
	for _, c := range e.calls {
		if e.concluded && c.said && c.broke {
			return false
		}
		if slices.ContainsFunc(c.got, func(i int) bool { return s.write(i, c.author, e) == denied }) {
			return false
		}
		if !c.outside() {
			continue
		}
		if s.words(e) == denied || len(c.got) == 0 {
			return false
		}
		kept := func(i int) bool { return !slices.Contains(c.got, i) && !slices.Contains(e.withheld, i) }
		if e.concluded && slices.ContainsFunc(e.found, kept) {
			return false
		}
	}
	return s.keeps(e)
}

// keeps reports whether what is said to be kept from an outside model is.
func (s state) keeps(e *event) bool {
	return !slices.ContainsFunc(e.withheld, func(i int) bool { return s.use(i, false, e) == denied || s.use(i, true, e) == allowed })
}

// used reports whether what is granted is used: of those that may write about what
// the question asks for, the first was given it; if it said nothing, the next.
func (s state) used(e *event) bool {
	if !e.concluded || !s.held[e.asks] {
		return true
	}
	for _, a := range e.line {
		may := s.write(e.asks, a, e)
		if may == either {
			return true
		}
		if may == denied || slices.Contains(e.out, a) {
			continue
		}
		given, said := false, false
		for _, c := range e.calls {
			if c.author == a && slices.Contains(c.got, e.asks) {
				given, said = true, said || c.said
			}
		}
		if !given || said {
			return given
		}
	}
	return true
}

// meant reports whether a question may be searched by its meaning, or by its words
// alone: those go out only if they may, and then they do.
func (s state) meant(e *event) bool {
	v := allowed
	if e.outside {
		v = s.words(e)
	}
	return v == either || !e.meant && (v == denied || e.cut || !e.searched) || e.meant && v == allowed
}

// words says whether the customer's own may go to the outsider.
func (s state) words(e *event) verdict {
	v, _, _ := s.decide(ownWords, e.place, e.gpc, e.at)
	return v
}

// write says whether somebody may answer from a category. An outside model needs the
// question too.
func (s state) write(category int, a author, e *event) verdict {
	if a.outside() {
		return weaker(s.words(e), s.use(category, true, e))
	}
	return s.use(category, false, e)
}

// use says whether records of a category may be used in the house, or outside it.
func (s state) use(category int, outside bool, e *event) verdict {
	v, _, _ := s.decide(inHouse(category), e.place, e.gpc, e.at)
	if outside {
		out, _, _ := s.decide(outOfHouse(category), e.place, e.gpc, e.at)
		v = weaker(v, out)
	}
	return v
}

// weaker returns what of two verdicts both allow.
func weaker(a, b verdict) verdict {
	switch {
	case a == denied || b == denied:
		return denied
	case a == either || b == either:
		return either
	}
	return allowed
}

// handed reports whether what the log says may go to whom is asked to answer. In the
// house nobody needs a grant for the question; outside it nobody is asked without.
func (s state) handed(e *event) bool {
	_, _, grants := s.decide(ownWords, e.place, e.gpc, e.at)
	if e.words != e.outside || e.words && (s.words(e) == denied || !slices.Contains(grants, e.grant) || len(e.grants) == 0) {
		return false
	}
	return s.granted(e) && s.keeps(e)
}

// granted reports whether records of the categories may go to the recipient, under
// the grants that the log names.
func (s state) granted(e *event) bool {
	for i, grant := range e.grants {
		t := inHouse(i)
		if e.outside {
			t = outOfHouse(i)
		}
		if _, _, grants := s.decide(t, e.place, e.gpc, e.at); s.use(i, e.outside, e) == denied || !slices.Contains(grants, grant) {
			return false
		}
	}
	return true
}

// told reports whether the outsider may be told what the log says, and notes that
// it was.
func (s state) told(e *event) (state, bool) {
	if e.words && s.words(e) == denied {
		return s, false
	}
	ok := s.granted(e)
	for i := range e.grants {
		s.known[i] = true
	}
	return s, ok
}

// released reports whether what quotes the categories may be said.
func (s state) released(e *event) bool {
	return !slices.ContainsFunc(e.quotes, func(i int) bool { return s.write(i, quoter, e) == denied }) &&
		!slices.ContainsFunc(e.abroad, func(i int) bool { return s.write(i, outsideModel, e) == denied })
}

// viewed reports whether a person may see just these categories, and of them
// nothing that is not kept.
func (s state) viewed(e *event) bool {
	for i := range categories {
		v, _, _ := s.decide(toPeople(i), e.place, false, e.at)
		shared := slices.Contains(e.shared, i)
		switch {
		case v == allowed && !shared, v == denied && shared:
			return false
		case slices.Contains(e.quotes, i) && !shared:
			return false
		case slices.Contains(e.records, i) != (shared && s.held[i]):
			return false
		}
	}
	return true
}

// read reports whether the customer may be shown these states of their choices.
func (s state) read(e *event) bool {
	if e.epoch != s.epoch {
		return false
	}
	for t := range triples {
		v, _, grants := s.decide(t, e.place, false, e.at)
		grant := e.shown[t]
		if v == allowed && grant == "" || v == denied && grant != "" || grant != "" && !slices.Contains(grants, grant) {
			return false
		}
	}
	return true
}

// looked reports whether the rows may be there: records until they are deleted,
// terms and vectors only of what some choice has given and no event has ended, and
// vectors of the outsider's only of what it was told.
func (s state) looked(e *event) bool {
	for i := range categories {
		if slices.Contains(e.records, i) != s.held[i] {
			return false
		}
		if slices.Contains(e.outOfHouse, i) && !s.known[i] {
			return false
		}
		if !slices.Contains(slices.Concat(e.indexed, e.embedded, e.outOfHouse), i) {
			continue
		}
		some := false
		for _, t := range []int{inHouse(i), outOfHouse(i), toPeople(i)} {
			some = some || slices.ContainsFunc(s.choices[t][:], choice.given)
		}
		if !some || !s.held[i] {
			return false
		}
	}
	return true
}

// next returns the state after an event, and whether it may happen in this one.
func (s state) next(e *event) (state, bool) {
	switch e.kind {
	case appended:
		return s.appended(e)
	case installed:
		return s.installed(e.touches), true
	case resolved:
		s.resolved[e.place] = true
		for t := range s.choices {
			s.choices[t][e.place].over = true // also if the conversation goes on
		}
		return s, true
	case reopened:
		s.resolved[e.place] = false
		return s, true
	case minted:
		return s, s.minted(e)
	case handed:
		return s, s.handed(e)
	case told:
		return s.told(e)
	case released:
		return s, s.released(e)
	case viewed:
		return s, s.viewed(e)
	case read:
		return s, s.read(e)
	case looked:
		return s, s.looked(e)
	}
	return s, false
}

// String shows what the customer has chosen.
func (s state) String() string {
	out := []string{fmt.Sprint("epoch ", s.epoch)}
	for t, all := range s.choices {
		for p, c := range all {
			if c.state == "" {
				continue
			}
			what := fmt.Sprintf("%s%s %s", shortName(t), placeName(p), c.state)
			if c.suspended {
				what += ", suspended"
			}
			if c.over || s.resolved[p] {
				what += ", over"
			}
			out = append(out, what)
		}
	}
	return strings.Join(out, "; ")
}

// shortName names a triple.
func shortName(t int) string {
	i, ok := categoryOf(t)
	if !ok {
		return "own words outside"
	}
	return string(categories[i]) + []string{"", " outside", " to people"}[t/len(categories)]
}

func placeName(p int) string { return []string{"", " (talk 1)", " (talk 2)"}[p] }
