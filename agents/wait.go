package agents

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Line is where a conversation waits, and how it went for those before.
type Line struct {
	Queued
	Position int    // from 1
	Hours    *Hours // of the queue; nil: always
	Now      time.Time
	Waited   []Taking
}

// Taking is how long a ticket waited for somebody to take it.
type Taking struct{ Opened, Taken time.Time }

const (
	// WaitSample is how many tickets a waiting time is told from, and minSample below
	// how many none is told.
	WaitSample = 20
	minSample  = 5
	// WaitWindow is how old they may be.
	WaitWindow = 7 * 24 * time.Hour
)

// waitSteps are the minutes that a customer is told.
var waitSteps = []int{1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120}

// Wait is what a customer is told of how long it takes.
type Wait struct {
	Minutes int       // 0: it cannot be told
	OpensAt time.Time // zero: the queue is open, or never opens
	Agents  int       // who are online and serve the ticket
}

// WaitStore is what waiting times are told from.
//
// Line returns where a conversation waits, conversation.ErrNotFound if it does not.
// Waited returns how the latest tickets of a queue waited, the newest first: at most
// WaitSample, of the last WaitWindow. Agents returns everyone who may be given tickets.
type WaitStore interface {
	Line(ctx context.Context, conversation string) (Line, error)
	Waited(ctx context.Context, queue string) ([]Taking, error)
	Agents(ctx context.Context) ([]Agent, error)
}

// Waits tells customers how long it takes. It is safe for concurrent use, and remembers
// for a second what is the same for all of them: many ask at once.
type Waits struct {
	store  WaitStore
	roster Roster

	mu     sync.Mutex
	read   time.Time // when what follows was
	staff  []Agent
	waited map[string][]Taking // by queue
}

// NewWaits returns what tells it.
func NewWaits(s WaitStore, r Roster) *Waits { return &Waits{store: s, roster: r} }

// common returns what is the same for everyone in a queue.
func (w *Waits) common(ctx context.Context, queue string) (staff []Agent, waited []Taking, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.read) > time.Second {
		w.staff, w.waited = nil, make(map[string][]Taking)
		if w.staff, err = w.store.Agents(ctx); err != nil {
			return nil, nil, err
		}
		w.read = time.Now()
	}
	waited, known := w.waited[queue]
	if !known {
		if waited, err = w.store.Waited(ctx, queue); err != nil {
			return nil, nil, err
		}
		w.waited[queue] = waited
	}
	return w.staff, waited, nil
}

// Of returns what to tell the customer of a conversation that waits; where it does not
// wait, conversation.ErrNotFound.
func (w *Waits) Of(ctx context.Context, conv string) (Wait, error) {
	l, err := w.store.Line(ctx, conv)
	if err != nil {
		return Wait{}, err
	}
	staff, waited, err := w.common(ctx, l.Queue)
	if err != nil {
		return Wait{}, err
	}
	l.Waited = waited
	var out Wait
	there, now := w.roster.Attendance(), time.Now()
	for _, a := range staff {
		if a.Status(there.Status(a.Staff, now)) == Online && a.Serves(l.Queued) {
			out.Agents++
		}
	}
	if l.Hours != nil && !l.Hours.Open(l.Now) {
		out.OpensAt, _ = l.Hours.Next(l.Now)
		return out, nil
	}
	out.Minutes = l.minutes(out.Agents)
	return out, nil
}

// minutes is how long it still takes, as far as that can be told honestly; 0: it cannot.
//
// It is the median of how long those waited who waited longer than the customer has
// already, in the hours of the queue, less what the customer has waited. Where more are
// before them than there are agents, that is as many times as long. It is never less:
// those before them waited in a line too.
func (l Line) minutes(agents int) int {
	if agents == 0 {
		return 0
	}
	already := l.business(l.Since, l.Now)
	var rest []time.Duration
	for _, s := range l.Waited {
		// Who came out of hours waited for the morning, not for their turn.
		if l.Hours != nil && !l.Hours.Open(s.Opened) {
			continue
		}
		if waited := l.business(s.Opened, s.Taken); waited >= already {
			rest = append(rest, waited-already)
		}
	}
	if len(rest) < minSample {
		return 0
	}
	slices.Sort(rest)
	median := (rest[(len(rest)-1)/2] + rest[len(rest)/2]) / 2
	takes := median * time.Duration(max(l.Position, agents)) / time.Duration(agents)
	for _, step := range waitSteps {
		if takes <= time.Duration(step)*time.Minute {
			return step
		}
	}
	return 0 // longer than anything that would help them
}

// business is the time between two moments in which the queue is open.
func (l Line) business(from, to time.Time) time.Duration {
	if l.Hours == nil {
		return to.Sub(from)
	}
	return l.Hours.Between(from, to)
}
