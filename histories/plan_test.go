package histories

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// verb is what an actor does in a step.
type verb string

const (
	give       verb = "give"
	stop       verb = "stop"
	notNow     verb = "not now"
	ask        verb = "ask"
	accept     verb = "accept" // the offer of the latest answer
	look       verb = "look"
	readOwn    verb = "read choices"
	transcript verb = "read transcript"
	handOff    verb = "ask for a person"
	claim      verb = "claim"
	view       verb = "view"
	reply      verb = "reply"
	queue      verb = "read queue"
	giveBack   verb = "give back"
	resolve    verb = "resolve"
	sweep      verb = "sweep"
	install    verb = "install"
)

// verbs holds each as often as it is to be drawn, in no order: what comes first
// is drawn a little more often.
var verbs = func() (all []verb) {
	for _, v := range []struct {
		verb
		n int
	}{
		{ask, 20},
		{stop, 14},
		{give, 10},
		{view, 6},
		{claim, 4},
		{giveBack, 4},
		{accept, 6},
		{notNow, 2},
		{look, 3},
		{readOwn, 3},
		{sweep, 3},
		{transcript, 2},
		{resolve, 3},
		{handOff, 2},
		{reply, 1},
		{queue, 1},
	} {
		for range v.n {
			all = append(all, v.verb)
		}
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}()

// step is one thing that an actor does.
type step struct {
	verb    verb
	wait    pause // before it
	replica int
	place   int
	triples []int  // give, stop, not now
	here    bool   // give: for the conversation alone
	delete  bool   // stop
	leave   bool   // stop: and ask for a person at once
	of      int    // ask: the category
	general bool   // ask: and not about one's own
	gpc     bool   // ask
	lineup  lineup // ask: who may answer
	behave  [authors]behaviour
	pauses  []pause // ask: before what the engine does, one after another
	slow    bool    // ask: and two ticks before all the rest
	edition int
}

// pause is how long somebody waits.
type pause int

const (
	none pause = iota
	tick
	twoTicks
	aWhile
	halfADay
	aDay
)

func drawPause(long bool) *rapid.Generator[pause] {
	often := []pause{none, none, tick, tick, tick, twoTicks}
	if long {
		often = append(often, halfADay, aDay)
	}
	return rapid.SampledFrom(often)
}

// plan is a history before it happens: what the customer has chosen to begin
// with, and what each actor does. How their steps interleave is up to the waits
// and to chance.
type plan struct {
	given  []int // standing
	here   []int // for the first conversation
	desk   bool  // a person has had the first conversation, and given it back
	actors [][]step
}

// size is how much there is to read of a plan.
func (p plan) size() (n int) {
	n = len(p.given) + len(p.here)
	for _, steps := range p.actors {
		for _, s := range steps {
			n += 10 + len(s.triples) + len(s.pauses)
		}
	}
	return n
}

// drawPlan draws a plan. Shrinking it leaves fewer actors, steps and pauses.
func drawPlan(t *rapid.T) plan {
	var p plan
	for i := range triples {
		switch rapid.IntRange(0, 3).Draw(t, "given") {
		case 1:
			p.given = append(p.given, i)
		case 2:
			p.here = append(p.here, i)
		}
	}
	// In some an outside model has the words, and more or less of what the house has.
	abroad := rapid.IntRange(0, 2).Draw(t, "abroad") == 2
	if abroad {
		p.give(ownWords)
		for i := range categories {
			p.give(inHouse(i))
		}
	}
	p.desk = rapid.Bool().Draw(t, "desk")
	// Some histories have a policy that changes, some time that passes.
	policies := rapid.IntRange(0, 4).Draw(t, "policies") == 4
	// Most are about one category above all.
	focus := rapid.IntRange(0, len(categories)).Draw(t, "focus")
	long := rapid.IntRange(0, 4).Draw(t, "long") == 4
	for range rapid.IntRange(2, 4).Draw(t, "actors") {
		p.actors = append(p.actors, rapid.SliceOfN(drawStep(policies, long, abroad, focus), 1, 4).Draw(t, "steps"))
	}
	if rapid.Bool().Draw(t, "meet") {
		p.meet(t, min(focus, len(categories)-1))
	}
	return p
}

// meet adds a question about a category that is answered slowly, in the house or
// outside, or an agent's look at it, and somebody who stops it meanwhile.
func (p *plan) meet(t *rapid.T, category int) {
	stops := step{
		verb: stop, wait: rapid.SampledFrom([]pause{aWhile, twoTicks, tick}).Draw(t, "wait"), triples: []int{inHouse(category)},
		place: firstTalk, replica: rapid.IntRange(0, 1).Draw(t, "replica"), leave: rapid.Bool().Draw(t, "leave"),
	}
	meets := []step{{verb: ask, of: category, place: firstTalk, slow: true}}
	given := stops.triples
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 2:
		p.desk = true
		meets = []step{{verb: view, place: firstTalk}}
		stops.wait, stops.delete, stops.triples = tick, true, []int{toPeople(category)}
		given = stops.triples
	case 3:
		meets[0].lineup = lineup(rapid.IntRange(2, len(lineups)-1).Draw(t, "lineup"))
		if rapid.Bool().Draw(t, "again") { // what is shown then was shown before
			meets = append([]step{{verb: ask, of: category, place: firstTalk, lineup: meets[0].lineup}}, meets...)
		}
		given = []int{inHouse(category), outOfHouse(category), ownWords}
		if !rapid.Bool().Draw(t, "ends") {
			stops.triples = []int{rapid.SampledFrom(given[1:]).Draw(t, "stops")}
			break
		}
		// Or it ends with the conversation, which a person has on the other replica.
		stops.verb, stops.replica, stops.triples, stops.leave = resolve, 1, nil, false
		given = given[:2]
		p.given = slices.DeleteFunc(p.given, func(x int) bool { return x == ownWords })
		if !slices.Contains(p.here, ownWords) {
			p.here = append(p.here, ownWords)
		}
	}
	p.give(given...)
	p.actors = append(p.actors, meets, []step{stops})
}

// give adds standing choices.
func (p *plan) give(of ...int) {
	for _, x := range of {
		if !slices.Contains(p.given, x) {
			p.given = append(p.given, x)
		}
	}
}

func drawStep(policies, long, abroad bool, focus int) *rapid.Generator[step] {
	from := verbs
	if policies {
		from = slices.Concat(verbs, slices.Repeat([]verb{install}, len(verbs)/4))
	}
	who := []lineup{0, 0, 1, 2, 3, 4}
	if abroad {
		who = []lineup{2, 3, 4}
	}
	of, which := rapid.IntRange(0, len(categories)-1), rapid.IntRange(0, len(triples)-1)
	if focus < len(categories) {
		of = rapid.Just(focus)
		which = rapid.OneOf(rapid.SampledFrom([]int{inHouse(focus), outOfHouse(focus), toPeople(focus), ownWords}), which)
	}
	return rapid.Custom(func(t *rapid.T) step {
		s := step{
			verb: rapid.SampledFrom(from).Draw(t, "verb"), wait: drawPause(long).Draw(t, "wait"),
			replica: rapid.IntRange(0, 1).Draw(t, "replica"), place: firstTalk,
		}
		if rapid.IntRange(0, 4).Draw(t, "talk") == 4 {
			s.place = secondTalk
		}
		switch s.verb {
		case give, stop, notNow:
			s.triples = rapid.SliceOfNDistinct(which, 1, 3, rapid.ID).Draw(t, "triples")
			s.here = s.verb == give && rapid.Bool().Draw(t, "here")
			s.delete = s.verb == stop && rapid.IntRange(0, 4).Draw(t, "delete") == 4
			s.leave = s.verb == stop && rapid.Bool().Draw(t, "leave") && rapid.Bool().Draw(t, "at once")
		case ask:
			s.of = of.Draw(t, "of")
			s.general = rapid.IntRange(0, 3).Draw(t, "general") == 3
			s.gpc = rapid.IntRange(0, 5).Draw(t, "gpc") == 5
			s.lineup = rapid.SampledFrom(who).Draw(t, "lineup")
			for _, a := range lineups[s.lineup] {
				if rapid.IntRange(0, 2).Draw(t, "misbehaves") == 2 {
					s.behave[a] = behaviour(rapid.IntRange(0, int(behaviours)-1).Draw(t, "behaviour"))
				}
			}
			s.pauses = rapid.SliceOfN(drawPause(long), 0, 8).Draw(t, "pauses")
			s.slow = rapid.Bool().Draw(t, "slow")
		case install:
			s.edition = rapid.IntRange(0, len(editions)-1).Draw(t, "edition")
		case accept, look, readOwn, transcript, handOff, claim, view, reply, queue, giveBack, resolve, sweep:
		}
		return s
	})
}

// question is what is asked.
func (s step) question() string {
	if s.general {
		return questions[s.of][1]
	}
	return questions[s.of][0]
}

func (s step) String() string {
	var b strings.Builder
	if s.wait != none {
		fmt.Fprintf(&b, "wait %s; ", s.wait)
	}
	fmt.Fprintf(&b, "%s", s.verb)
	for _, t := range s.triples {
		b.WriteString(" " + shortName(t))
	}
	switch {
	case s.here:
		b.WriteString(" for this conversation")
	case s.delete:
		b.WriteString(" and delete")
	case s.verb == ask:
		fmt.Fprintf(&b, " %q", s.question())
	case s.verb == install:
		b.WriteString(" " + editions[s.edition].name)
	}
	if s.leave {
		b.WriteString(" and ask for a person")
	}
	for _, a := range lineups[s.lineup] {
		fmt.Fprintf(&b, ", the model %s %s", a, s.behave[a])
	}
	if s.gpc {
		b.WriteString(", with GPC")
	}
	if len(s.pauses) > 0 {
		fmt.Fprintf(&b, ", pausing %v", s.pauses)
	}
	if s.slow {
		b.WriteString(", slowly")
	}
	fmt.Fprintf(&b, " [talk %d, replica %d]", s.place, s.replica)
	return b.String()
}

func (p pause) String() string {
	return [...]string{"-", "a tick", "two ticks", "a while", "half a day", "a day"}[p]
}

func (p plan) String() string {
	var b strings.Builder
	for _, t := range p.given {
		b.WriteString("  to begin with: give " + shortName(t) + "\n")
	}
	for _, t := range p.here {
		b.WriteString("  to begin with: give " + shortName(t) + " for conversation 1\n")
	}
	if p.desk {
		b.WriteString("  to begin with: a person has had conversation 1, and given it back\n")
	}
	for i, steps := range p.actors {
		for _, s := range steps {
			fmt.Fprintf(&b, "  #%d: %s\n", i+1, s)
		}
	}
	return b.String()
}
