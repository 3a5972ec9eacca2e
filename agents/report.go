package agents

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"candor/conversation"
	"candor/identity"
)

// durable is for how long a customer must not come back for a resolution to have held.
const durable = 7 * 24 * time.Hour

// Stay is a ticket with what happened to it, as reports are made of it. It has no words of
// anybody and no customer.
type Stay struct {
	Ticket   string
	Queue    string // where it was last
	Language string
	Reason   conversation.Reason
	Opened   time.Time
	Events   []TicketEvent // in their order
	// Back is when its customer was at the desk again after it was closed; zero: not yet.
	Back time.Time
	// Score is what its customer gave, 1 to 5, and Shown whether they were shown what was
	// used: yes, no or unsure. Zero: they did not say.
	Score int
	Shown string
}

// Spread is how a duration is spread over tickets.
type Spread struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50" doc:"Seconds"`
	P90 float64 `json:"p90" doc:"Seconds"`
}

// Figures are those of a group of tickets.
type Figures struct {
	Key     string `json:"key"`
	Tickets int    `json:"tickets"`
	// Waiting is from coming to the desk to a person having it, FirstReply to their first
	// words, Handling how long people had it in all, without what was put off.
	Waiting    Spread `json:"waiting"`
	FirstReply Spread `json:"first_reply"`
	Handling   Spread `json:"handling"`
	// Resolved tickets are confirmed by their customer, or assumed to be, or open again.
	// Durable are those whose customer did not come back within seven days, of the Settled
	// ones, which were first resolved at least seven days ago. One that came back sooner
	// waits for its seven days too: counted at once, it would make every share too low.
	Resolved   int     `json:"resolved"`
	Confirmed  int     `json:"confirmed"`
	Assumed    int     `json:"assumed"`
	Settled    int     `json:"settled"`
	Durable    int     `json:"durable"`
	Reopened   int     `json:"reopened"`
	ReopenRate float64 `json:"reopen_rate" doc:"Of the resolved ones"`
	Returned   int     `json:"returned" doc:"Given back to the assistant"`
	Escalated  int     `json:"escalated"`
	Open       int     `json:"open" doc:"Still at the desk"`
	Ratings    int     `json:"ratings"`
	Score      float64 `json:"score" doc:"Average, 1 to 5; 0 where nobody rated"`
	// What customers say to "did we show you what we used?".
	Shown    int `json:"shown"`
	NotShown int `json:"not_shown"`
	Unsure   int `json:"unsure"`
}

// Groupings are what a report can be made by.
var Groupings = []string{"day", "queue", "language", "reason", "staff"}

// ErrTooMuch means that a report would be about more tickets than are read at once.
var ErrTooMuch = errors.New("that is too much for one report: choose a shorter time")

// ErrGrouping means that a report cannot be made by what was asked for.
var ErrGrouping = errors.New("a report is by day, queue, language, reason or staff")

// Report returns the figures of the stays by a grouping, and those of all. Days are UTC. By
// staff a ticket counts for whoever had it last. Now decides what is settled.
func Report(stays []Stay, by string, now time.Time) (rows []Figures, all Figures, err error) {
	if !slices.Contains(Groupings, by) {
		return nil, Figures{}, ErrGrouping
	}
	groups := make(map[string]*tally)
	total := &tally{}
	for _, s := range stays {
		m := measure(s, now)
		key := m.key(by)
		if groups[key] == nil {
			groups[key] = &tally{}
		}
		groups[key].add(m)
		total.add(m)
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		rows = append(rows, groups[key].figures(key))
	}
	return rows, total.figures(""), nil
}

// measured is what a stay comes to. A duration below zero is not known.
type measured struct {
	Stay
	owner                         identity.StaffID // who had it last
	waiting, firstReply, handling time.Duration
	resolved                      time.Time // the last time, if it still is
	first                         time.Time // the first time, if ever
	confirmed, reopened, returned bool
	settled, held                 bool // whether it is known how it held, and whether it did
	escalated, open               bool
}

func measure(s Stay, now time.Time) measured {
	m := measured{Stay: s, waiting: -1, firstReply: -1, handling: -1, open: true}
	var since time.Time // since when a person has it
	back := s.Back      // when its customer first came back
	let := func(at time.Time) {
		if !since.IsZero() {
			m.handling, since = max(m.handling, 0)+at.Sub(since), time.Time{}
		}
	}
	for _, e := range s.Events {
		switch e.Kind {
		case TicketClaimed, TicketAssigned, TicketWoke:
			if e.Kind == TicketWoke && m.owner == "" {
				continue
			}
			if e.Kind != TicketWoke {
				m.owner = owner(e)
			}
			if m.waiting < 0 {
				m.waiting = e.At.Sub(s.Opened)
			}
			let(e.At)
			since = e.At
		case TicketReplied:
			if m.firstReply < 0 {
				m.firstReply = e.At.Sub(s.Opened)
			}
		case TicketReleased, TicketTransferred, TicketSnoozed:
			let(e.At)
		case TicketReturned:
			let(e.At)
			m.returned, m.open = true, false
		case TicketResolved:
			let(e.At)
			m.resolved, m.open = e.At, false
			if m.first.IsZero() {
				m.first = e.At
			}
		case TicketConfirmed:
			m.confirmed = true
		case TicketReopened:
			if !m.reopened {
				back = e.At
			}
			m.reopened, m.confirmed, m.open, m.resolved = true, false, true, time.Time{}
		case TicketEscalated:
			m.escalated = true
		case TicketOpened, TicketReserved, TicketPassed, TicketLapsed, TicketNoted, TicketContact:
		}
	}
	m.settled = !m.first.IsZero() && now.Sub(m.first) >= durable
	m.held = m.settled && (back.IsZero() || back.Sub(m.first) >= durable)
	return m
}

// owner is who has a ticket after an event: who was given it, else who took it.
func owner(e TicketEvent) identity.StaffID {
	if e.Kind == TicketAssigned && e.Detail != "" {
		return identity.StaffID(e.Detail)
	}
	return identity.StaffID(e.Actor)
}

func (m measured) key(by string) string {
	switch by {
	case "queue":
		return m.Queue
	case "language":
		return m.Language
	case "reason":
		return string(m.Reason)
	case "staff":
		return string(m.owner)
	}
	return m.Opened.UTC().Format(time.DateOnly)
}

// tally adds tickets up.
type tally struct {
	f                             Figures
	waiting, firstReply, handling []time.Duration
	score                         int
}

func (t *tally) add(m measured) {
	t.f.Tickets++
	for _, x := range []struct {
		d   time.Duration
		all *[]time.Duration
	}{{m.waiting, &t.waiting}, {m.firstReply, &t.firstReply}, {m.handling, &t.handling}} {
		if x.d >= 0 {
			*x.all = append(*x.all, x.d)
		}
	}
	count := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	resolved := !m.resolved.IsZero()
	count(&t.f.Resolved, !m.first.IsZero())
	count(&t.f.Confirmed, resolved && m.confirmed)
	count(&t.f.Assumed, resolved && !m.confirmed)
	count(&t.f.Settled, m.settled)
	count(&t.f.Durable, m.held)
	count(&t.f.Reopened, m.reopened)
	count(&t.f.Returned, m.returned)
	count(&t.f.Escalated, m.escalated)
	count(&t.f.Open, m.open)
	count(&t.f.Ratings, m.Score > 0)
	count(&t.f.Shown, m.Shown == "yes")
	count(&t.f.NotShown, m.Shown == "no")
	count(&t.f.Unsure, m.Shown == "unsure")
	t.score += m.Score
}

func (t *tally) figures(key string) Figures {
	f := t.f
	f.Key, f.Waiting, f.FirstReply, f.Handling = key, spread(t.waiting), spread(t.firstReply), spread(t.handling)
	if f.Resolved > 0 {
		f.ReopenRate = float64(f.Reopened) / float64(f.Resolved)
	}
	if f.Ratings > 0 {
		f.Score = float64(t.score) / float64(f.Ratings)
	}
	return f
}

// spread is by nearest rank.
func spread(all []time.Duration) Spread {
	if len(all) == 0 {
		return Spread{}
	}
	slices.SortFunc(all, cmp.Compare[time.Duration])
	at := func(q float64) float64 { return all[min(int(q*float64(len(all))), len(all)-1)].Seconds() }
	return Spread{N: len(all), P50: at(.5), P90: at(.9)}
}
