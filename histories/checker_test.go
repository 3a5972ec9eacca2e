package histories

import (
	"slices"
	"testing"
	"time"

	"candor/consent"
)

// day is in microseconds.
const day = int64(24 * time.Hour / time.Microsecond)

// script writes a history by hand: each event takes its place in the time that is
// counted, and the clock stands unless it is moved.
type script struct {
	events []*event
	epoch  int64
	clock  int64
}

// during adds an event between a call and a return.
func (s *script) during(call, ret int64, e *event) *event {
	e.call, e.ret, e.at = call, ret, window{s.clock, s.clock}
	s.events = append(s.events, e)
	return e
}

// choose adds a choice as the ledger has it.
func (s *script) choose(call, ret int64, to consent.State, triple, place int, until int64) *event {
	s.epoch++
	granted := to == consent.Given || to == consent.Renewed
	return s.during(call, ret, &event{
		kind: appended, place: firstTalk, epoch: s.epoch,
		wishes: []wish{{triple: triple, granted: granted, here: place != everywhere}},
		added:  map[mark]choice{{triple, place}: {state: to, grant: "grt", until: until}},
	})
}

func (s *script) give(call, ret int64, triple int) *event {
	return s.choose(call, ret, consent.Given, triple, everywhere, 0)
}

func (s *script) stop(call, ret int64, triple int) *event {
	return s.choose(call, ret, consent.Withdrawn, triple, everywhere, 0)
}

// tell adds texts that go out: records under the grants that are named.
func (s *script) tell(call, ret int64, words bool, records ...int) *event {
	e := &event{kind: told, place: firstTalk, outside: true, words: words, grants: make(map[int]string)}
	for _, i := range records {
		e.grants[i] = "grt"
	}
	return s.during(call, ret, e)
}

func (s *script) release(call, ret int64, quotes ...int) *event {
	return s.during(call, ret, &event{kind: released, place: firstTalk, quotes: quotes})
}

// write adds a sentence of an outside model's.
func (s *script) write(call, ret int64, quotes ...int) *event {
	return s.during(call, ret, &event{kind: released, place: firstTalk, abroad: quotes})
}

// hand adds what the log says goes to an outside model: the question, and records.
func (s *script) hand(call, ret int64, records ...int) *event {
	e := s.tell(call, ret, true, records...)
	e.kind, e.grant = handed, "grt"
	return e
}

// answer adds an attempt that came to its end, about orders, with a line of authors:
// the scope denies what is not of found.
func (s *script) answer(call, ret int64, line []author, found []int, calls ...*call) *event {
	var missing []int
	for i := range categories {
		if !slices.Contains(found, i) {
			missing = append(missing, i)
		}
	}
	e := s.scope(call, ret, consent.NoConsent, missing...)
	e.asks, e.line, e.found, e.calls, e.concluded = orders, line, found, calls, true
	return e
}

// all grants the categories in the house and outside it, and the customer's words.
func (s *script) all(of ...int) {
	for _, i := range of {
		s.give(int64(len(s.events)*2+1), int64(len(s.events)*2+2), inHouse(i))
		s.give(int64(len(s.events)*2+1), int64(len(s.events)*2+2), outOfHouse(i))
	}
	s.give(int64(len(s.events)*2+1), int64(len(s.events)*2+2), ownWords)
}

// scope adds a scope that denies what it names, and the rest not.
func (s *script) scope(call, ret int64, why consent.Reason, denied ...int) *event {
	e := &event{kind: minted, place: firstTalk, denials: make(map[int]consent.Reason)}
	for i := range categories {
		if slices.Contains(denied, i) {
			e.denials[i] = why
		}
	}
	return s.during(call, ret, e)
}

// outsideFirst is a line in which an outside model is preferred.
var outsideFirst = lineup(3).line()

func asks(a author, said bool, got ...int) *call { return &call{author: a, got: got, said: said} }

const (
	orders  = 0
	billing = 1
	profile = 2
)

// TestLawful: the checker takes what the rules allow in some order, and refuses
// what they allow in none.
func TestLawful(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		write func(s *script)
		want  bool
	}{
		"granted and quoted":  {func(s *script) { s.give(1, 2, orders); s.release(3, 4, orders) }, true},
		"never granted":       {func(s *script) { s.release(3, 4, orders) }, false},
		"another category":    {func(s *script) { s.give(1, 2, billing); s.release(3, 4, orders) }, false},
		"what quotes nothing": {func(s *script) { s.release(3, 4) }, true},
		"released after a withdrawal was acknowledged": {func(s *script) {
			s.give(1, 2, orders)
			s.stop(3, 4, orders)
			s.release(5, 6, orders)
		}, false},
		"released while a withdrawal is under way": {func(s *script) {
			s.give(1, 2, orders)
			s.stop(3, 6, orders)
			s.release(4, 5, orders)
		}, true},
		"released beside a withdrawal that another release has shown to be over": {func(s *script) {
			s.give(1, 2, orders)
			s.stop(3, 10, orders)
			s.scope(4, 5, consent.WithdrawnReason, orders).denials[billing] = consent.NoConsent
			s.events[2].denials[profile] = consent.NoConsent
			s.release(6, 7, orders)
		}, false},
		"a grant that was acknowledged is not used": {func(s *script) {
			s.give(1, 2, orders)
			s.scope(3, 4, consent.NoConsent, orders, billing, profile)
		}, false},
		"a grant that may not have been there yet is not used": {func(s *script) {
			s.give(1, 4, orders)
			s.scope(2, 3, consent.NoConsent, orders, billing, profile)
		}, true},
		"a wrong reason": {func(s *script) {
			s.choose(1, 2, consent.Refused, orders, everywhere, 0).wishes[0].granted = false
			s.scope(3, 4, consent.NoConsent, orders, billing, profile)
		}, false},
		"an epoch that is given twice": {func(s *script) {
			s.give(1, 2, orders)
			s.give(3, 4, billing).epoch = 1
		}, false},
		"an epoch that is left out": {func(s *script) { s.give(1, 2, orders).epoch = 2 }, false},
		"epochs against the order of time": {func(s *script) {
			s.give(1, 2, orders).epoch = 2
			s.give(3, 4, billing).epoch = 1
		}, false},
		"a stop that stops something else": {func(s *script) {
			s.give(1, 2, orders)
			s.stop(3, 4, orders).added = map[mark]choice{{billing, everywhere}: {state: consent.Refused}}
		}, false},
		"a stop that leaves the grant for a conversation": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.give(3, 4, orders)
			s.stop(5, 6, orders)
		}, false},
		"a grant for a conversation that is over at once": {func(s *script) { s.choose(1, 2, consent.Given, orders, firstTalk, day/2) }, false},
		"a grant for a conversation, quoted in it": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.release(3, 4, orders)
		}, true},
		"a grant for a conversation, quoted in another": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.release(3, 4, orders).place = secondTalk
		}, false},
		"a grant whose time has run out": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.clock = day
			s.release(3, 4, orders)
		}, false},
		"a grant whose time runs out just then": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.release(3, 4, orders).at = window{day - 1, day + 1}
		}, true},
		"a grant for a conversation that was resolved": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.during(3, 4, &event{kind: resolved, place: firstTalk})
			s.release(5, 6, orders)
		}, false},
		"a grant for a conversation that was resolved, and goes on": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.during(3, 4, &event{kind: resolved, place: firstTalk})
			s.during(5, 6, &event{kind: reopened, place: firstTalk})
			s.release(7, 8, orders)
		}, false},
		"a grant given again once it goes on": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.during(3, 4, &event{kind: resolved, place: firstTalk})
			s.during(5, 6, &event{kind: reopened, place: firstTalk})
			s.choose(7, 8, consent.Renewed, orders, firstTalk, day)
			s.release(9, 10, orders)
		}, true},
		"a sweep that ends what has time left": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.choose(3, 4, consent.Expired, orders, firstTalk, 0).wishes = nil
		}, false},
		"a sweep that leaves what has run out": {func(s *script) {
			s.choose(1, 2, consent.Given, orders, firstTalk, day)
			s.clock = day
			s.during(3, 4, &event{kind: appended, epoch: 1})
		}, false},
		"a policy that is material to it": {func(s *script) {
			s.give(1, 2, orders)
			s.during(3, 4, &event{kind: installed, touches: everything})
			s.release(5, 6, orders)
		}, false},
		"a policy that is not": {func(s *script) {
			s.give(1, 2, orders)
			s.during(3, 4, &event{kind: installed, touches: nothing})
			s.release(5, 6, orders)
		}, true},
		"renewed under the policy": {func(s *script) {
			s.give(1, 2, orders)
			s.during(3, 4, &event{kind: installed, touches: everything})
			s.choose(5, 6, consent.Renewed, orders, everywhere, 0)
			s.release(7, 8, orders)
		}, true},
		"to an outside model under the grant for our own": {func(s *script) {
			s.give(1, 2, orders)
			s.give(3, 4, ownWords)
			s.write(5, 6, orders)
		}, false},
		"to an outside model against the browser's signal": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, outOfHouse(orders))
			s.give(5, 6, ownWords)
			s.write(7, 8, orders).gpc = true
		}, false},
		"to an outside model": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, outOfHouse(orders))
			s.give(5, 6, ownWords)
			s.write(7, 8, orders)
		}, true},
		"to an outside model that may not have the question": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, outOfHouse(orders))
			s.write(5, 6, orders)
		}, false},
		"handed over under a grant that is not there": {func(s *script) {
			s.give(1, 2, orders)
			s.during(3, 4, &event{kind: handed, place: firstTalk, grants: map[int]string{orders: "another"}})
		}, false},
		"the question goes out": {func(s *script) { s.give(1, 2, ownWords); s.tell(3, 4, true) }, true},
		"the question goes out under other grants": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, outOfHouse(orders))
			s.tell(5, 6, true)
		}, false},
		"the question goes out after a withdrawal was acknowledged": {func(s *script) {
			s.give(1, 2, ownWords)
			s.stop(3, 4, ownWords)
			s.tell(5, 6, true)
		}, false},
		"the question goes out while a withdrawal is under way": {func(s *script) {
			s.give(1, 2, ownWords)
			s.stop(3, 6, ownWords)
			s.tell(4, 5, true)
		}, true},
		"the question goes out against the browser's signal": {func(s *script) {
			s.give(1, 2, ownWords)
			s.tell(3, 4, true).gpc = true
		}, false},
		"the question goes out from another conversation": {func(s *script) {
			s.choose(1, 2, consent.Given, ownWords, firstTalk, day)
			s.tell(3, 4, true).place = secondTalk
		}, false},
		"a record goes out": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, outOfHouse(orders))
			s.tell(5, 6, false, orders)
		}, true},
		"a record goes out under the grant for our own": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.tell(3, 4, false, orders)
		}, false},
		"a record goes out under the grant for the words": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, ownWords)
			s.tell(5, 6, false, orders)
		}, false},
		"a question that may go out does not": {func(s *script) {
			s.give(1, 2, ownWords)
			e := s.scope(3, 4, consent.NoConsent, orders, billing, profile)
			e.outside, e.searched = true, true
		}, false},
		"a question that may go out does not, since the log could not say so": {func(s *script) {
			s.give(1, 2, ownWords)
			e := s.scope(3, 4, consent.NoConsent, orders, billing, profile)
			e.outside, e.searched, e.cut = true, true, true
		}, true},
		"a question that may go out does": {func(s *script) {
			s.give(1, 2, ownWords)
			e := s.scope(3, 4, consent.NoConsent, orders, billing, profile)
			e.outside, e.searched, e.meant = true, true, true
		}, true},
		"a question goes out under a scope that denies it": {func(s *script) {
			e := s.scope(1, 2, consent.NoConsent, orders, billing, profile)
			e.outside, e.searched, e.meant = true, true, true
		}, false},
		"a question is not told in the house": {func(s *script) {
			s.scope(1, 2, consent.NoConsent, orders, billing, profile).searched = true
		}, false},
		"granted, kept, and not found": {func(s *script) {
			s.give(1, 2, orders)
			s.answer(3, 4, lineup(0).line(), []int{orders}, asks(quoter, false))
		}, false},
		"granted, kept, and found": {func(s *script) {
			s.give(1, 2, orders)
			s.answer(3, 4, lineup(0).line(), []int{orders}, asks(quoter, true, orders))
		}, true},
		"used, and not granted": {func(s *script) {
			s.give(1, 2, orders)
			s.answer(3, 4, lineup(0).line(), []int{orders}, asks(quoter, true, orders, billing))
		}, false},
		"an outside model is asked": {func(s *script) {
			s.all(orders)
			s.hand(11, 12, orders)
			s.answer(13, 14, outsideFirst, []int{orders}, asks(outsideModel, true, orders))
		}, true},
		"an outside model is passed over": {func(s *script) {
			s.all(orders)
			s.answer(11, 12, outsideFirst, []int{orders}, asks(ownModel, true, orders))
		}, false},
		"an outside model has failed before": {func(s *script) {
			s.all(orders)
			s.answer(11, 12, outsideFirst, []int{orders}, asks(ownModel, true, orders)).out = []author{outsideModel}
		}, true},
		"an outside model says nothing, and the next is asked": {func(s *script) {
			s.all(orders)
			s.answer(11, 12, outsideFirst, []int{orders}, asks(outsideModel, false, orders), asks(ownModel, true, orders))
		}, true},
		"an outside model says nothing, and nobody else is asked": {func(s *script) {
			s.all(orders)
			s.answer(11, 12, outsideFirst, []int{orders}, asks(outsideModel, false, orders))
		}, false},
		"what a model said that broke off is kept": {func(s *script) {
			s.all(orders)
			broke := asks(outsideModel, true, orders)
			broke.broke = true
			s.answer(11, 12, outsideFirst, []int{orders}, broke)
		}, false},
		"an outside model is asked without the question": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, outOfHouse(orders))
			s.answer(5, 6, outsideFirst, []int{orders}, asks(outsideModel, true, orders))
		}, false},
		"an outside model is given what only the house may have": {func(s *script) {
			s.all(orders)
			s.give(11, 12, inHouse(billing))
			s.answer(13, 14, outsideFirst, []int{orders, billing}, asks(outsideModel, true, orders, billing))
		}, false},
		"an outside model is asked with nothing": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, ownWords)
			s.answer(5, 6, outsideFirst, []int{orders}, asks(outsideModel, false), asks(ownModel, true, orders)).withheld = []int{orders}
		}, false},
		"what is kept from an outside model is said": {func(s *script) {
			s.all(orders)
			s.give(11, 12, inHouse(billing))
			s.answer(13, 14, outsideFirst, []int{orders, billing}, asks(outsideModel, true, orders)).withheld = []int{billing}
		}, true},
		"what is kept from an outside model is not said": {func(s *script) {
			s.all(orders)
			s.give(11, 12, inHouse(billing))
			s.answer(13, 14, outsideFirst, []int{orders, billing}, asks(outsideModel, true, orders))
		}, false},
		"what an outside model may have is said to be kept from it": {func(s *script) {
			s.all(orders, billing)
			s.answer(15, 16, outsideFirst, []int{orders, billing}, asks(outsideModel, true, orders)).withheld = []int{billing}
		}, false},
		"handed to an outside model": {func(s *script) { s.all(orders); s.hand(11, 12, orders) }, true},
		"handed to an outside model without a word of the question": {func(s *script) {
			s.all(orders)
			s.hand(11, 12, orders).words = false
		}, false},
		"handed to an outside model under another grant of the question": {func(s *script) {
			s.all(orders)
			s.hand(11, 12, orders).grant = "another"
		}, false},
		"the question alone is handed to an outside model": {func(s *script) { s.all(orders); s.hand(11, 12) }, false},
		"handed to an outside model after the words were withdrawn": {func(s *script) {
			s.all(orders)
			s.stop(11, 12, ownWords)
			s.hand(13, 14, orders)
		}, false},
		"written by an outside model after the words were withdrawn": {func(s *script) {
			s.all(orders)
			s.stop(11, 12, ownWords)
			s.write(13, 14, orders)
		}, false},
		"an agent sees what was not shared": {func(s *script) {
			s.give(1, 2, orders)
			s.during(3, 4, &event{kind: viewed, place: firstTalk, quotes: []int{orders}})
		}, false},
		"an agent does not see what was shared": {func(s *script) {
			s.give(1, 2, toPeople(orders))
			s.during(3, 4, &event{kind: viewed, place: firstTalk})
		}, false},
		"an agent sees what was shared": {func(s *script) {
			s.give(1, 2, toPeople(orders))
			s.during(3, 4, &event{kind: viewed, place: firstTalk, shared: []int{orders}, records: []int{orders}, quotes: []int{orders}})
		}, true},
		"terms without a grant": {func(s *script) {
			s.during(3, 4, &event{kind: looked, records: []int{orders, billing, profile}, indexed: []int{orders}})
		}, false},
		"terms of what was withdrawn": {func(s *script) {
			s.give(1, 2, orders)
			s.stop(3, 4, orders)
			s.during(5, 6, &event{kind: looked, records: []int{orders, billing, profile}, indexed: []int{orders}})
		}, false},
		"vectors of what was withdrawn": {func(s *script) {
			s.give(1, 2, orders)
			s.stop(3, 4, orders)
			s.during(5, 6, &event{kind: looked, records: []int{orders, billing, profile}, embedded: []int{orders}})
		}, false},
		"vectors of what went out": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, outOfHouse(orders))
			s.tell(5, 6, false, orders)
			s.during(7, 8, &event{kind: looked, records: []int{orders, billing, profile}, outOfHouse: []int{orders}})
		}, true},
		"vectors of what went out, and was withdrawn": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, outOfHouse(orders))
			s.tell(5, 6, false, orders)
			s.stop(7, 8, inHouse(orders))
			s.stop(9, 10, outOfHouse(orders))
			s.during(11, 12, &event{kind: looked, records: []int{orders, billing, profile}, outOfHouse: []int{orders}})
		}, false},
		"the outsider's vectors of what it was not told": {func(s *script) {
			s.give(1, 2, inHouse(orders))
			s.give(3, 4, outOfHouse(orders))
			s.during(5, 6, &event{kind: looked, records: []int{orders, billing, profile}, outOfHouse: []int{orders}})
		}, false},
		"records that were to be deleted": {func(s *script) {
			s.give(1, 2, orders)
			s.stop(3, 4, orders).wishes[0].delete = true
			s.during(5, 6, &event{kind: looked, records: []int{orders, billing, profile}})
		}, false},
		"choices that show an older epoch": {func(s *script) {
			s.give(1, 2, orders)
			s.during(3, 4, &event{kind: read, place: firstTalk})
		}, false},
		"choices that do not show a grant": {func(s *script) {
			s.give(1, 2, orders)
			s.during(3, 4, &event{kind: read, place: firstTalk, epoch: 1})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s script
			c.write(&s)
			if found := lawful(s.events); (len(found) == 0) != c.want {
				t.Errorf("found %q, and the history is lawful: %t", found, c.want)
			}
		})
	}
}

// TestUnfounded: a commit is refused only if something has changed.
func TestUnfounded(t *testing.T) {
	t.Parallel()
	var s script
	s.give(1, 2, orders)
	s.choose(2, 2, consent.Given, billing, firstTalk, day)
	s.during(10, 20, &event{kind: appended, epoch: 2}) // changes nothing
	s.during(30, 31, &event{kind: resolved, place: firstTalk})
	for _, c := range []struct {
		refusal
		want int
	}{
		{refusal{from: 2, to: 3}, 0},
		{refusal{from: 3, to: 15}, 1},
		{refusal{from: 3, to: 15, at: window{day - 1, day + 1}}, 0},
		{refusal{from: 3, to: 15, at: window{0, day - 1}}, 1},
		{refusal{place: firstTalk, from: 25, to: 40}, 0},
		{refusal{place: secondTalk, from: 25, to: 40}, 1},
	} {
		if found := unfounded([]refusal{c.refusal}, s.events); len(found) != c.want {
			t.Errorf("%+v: %q", c.refusal, found)
		}
	}
}

// TestQuotes: a word of a record is found wherever it stands, and another
// customer's too.
func TestQuotes(t *testing.T) {
	t.Parallel()
	var h history
	for i := range categories {
		h.canaries[i] = newCanary(i)
	}
	if got := h.quotes("x" + h.canaries[billing] + ", " + h.canaries[orders]); !slices.Equal(got, []int{orders, billing}) || len(h.wrongs) != 0 {
		t.Errorf("%v, %q", got, h.wrongs)
	}
	if got := h.quotes("the word is " + newCanary(profile)); got != nil || len(h.wrongs) != 1 {
		t.Errorf("%v, %q", got, h.wrongs)
	}
}

// TestVacuous: a run that shows nothing says so.
func TestVacuous(t *testing.T) {
	t.Parallel()
	var seen coverage
	seen.add(&history{events: []*event{{kind: released, quotes: []int{orders}}}})
	missing := seen.missing()
	if slices.Contains(missing, counted[personal]) || !slices.Contains(missing, counted[midAnswer]) {
		t.Errorf("missing: %q", missing)
	}
}
