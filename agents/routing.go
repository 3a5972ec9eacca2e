package agents

import (
	"cmp"
	"container/heap"
	"errors"
	"slices"
	"strings"
	"time"

	"candor/identity"
)

// Queued is a ticket that waits for somebody to take it.
type Queued struct {
	Ticket       string
	Conversation string
	Queue        string
	Skills       []string // that its agent needs
	Language     string   // BCP 47
	Priority     int      // lower is sooner
	Since        time.Time
	// Reserve is how long it is kept for who is given it; zero: it is given to nobody.
	Reserve   time.Duration
	LastOwner identity.StaffID
	// Declined are those who passed it, let it lapse or put it back not long ago.
	Declined []identity.StaffID
}

// Agent is a member of staff who may be given tickets.
type Agent struct {
	Seat
	Load   int       // conversations that they have, or that are reserved for them
	Given  time.Time // when they were given a ticket last
	Lapsed int       // how many in a row they let lapse
}

// Reservation is a ticket that is kept for an agent for a while.
type Reservation struct {
	Ticket       string
	Conversation string
	Staff        identity.StaffID
	Until        time.Time
}

// Held is a conversation that a member of staff has.
type Held struct {
	Conversation string
	Staff        identity.StaffID
	Language     string // of its customer
}

// Errors of reservations.
var (
	// ErrReserved means that the ticket is kept for somebody else at this moment.
	ErrReserved = errors.New("this conversation is being offered to a colleague: take another, or try again when their time is over")
	// ErrNotReserved means that the ticket is not kept for who lets it pass.
	ErrNotReserved = errors.New("this conversation is not reserved for you any more")
	// ErrSeat refuses a seat.
	ErrSeat = errors.New("this seat cannot be")
)

// Status is how present an agent is to routing: who let too many lapse is away,
// whatever their page says.
func (a Agent) Status(said Status) Status {
	if said == Online && a.Lapsed >= MaxLapses {
		return Away
	}
	return said
}

// Serves reports whether the agent has the ticket's queue, skills and language.
//
// SECURITY: a desk of somebody else's serves the queues that it was given, and without
// any none.
func (a Agent) Serves(q Queued) bool {
	if (len(a.Queues) > 0 || a.Recipient != "") && !slices.Contains(a.Queues, q.Queue) {
		return false
	}
	for _, s := range q.Skills {
		if !slices.Contains(a.Skills, s) {
			return false
		}
	}
	return len(a.Languages) == 0 || slices.ContainsFunc(a.Languages, func(l string) bool { return baseLanguage(l) == baseLanguage(q.Language) })
}

// baseLanguage is a language tag without its region.
func baseLanguage(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	return strings.ToLower(base)
}

// Route decides for whom tickets are reserved. It takes them by priority, then by who
// waits longest; each goes to one who is online, serves it and has room: to its last
// owner, else to who was given a ticket longest ago, but to those who declined it only
// where nobody else is able. It depends on its arguments alone, whose order does not
// matter, and changes none. It takes time in the order of (t + s·k) log s for t
// tickets, s agents and k different needs (queue, skills, language).
func Route(tickets []Queued, staff []Agent, present map[identity.StaffID]Status, now time.Time) []Reservation {
	var able []*candidate
	for i := range staff {
		a := &staff[i]
		if a.Status(present[a.Staff]) == Online && a.Load < a.Capacity {
			able = append(able, &candidate{agent: a, room: a.Capacity - a.Load})
		}
	}
	slices.SortFunc(able, func(a, b *candidate) int {
		return cmp.Or(a.agent.Given.Compare(b.agent.Given), cmp.Compare(a.agent.Staff, b.agent.Staff))
	})
	room := 0
	byID := make(map[identity.StaffID]*candidate, len(able))
	for i, c := range able {
		c.turn = i
		room += c.room
		byID[c.agent.Staff] = c
	}
	next := len(able) // the turn of who was given a ticket now
	ordered := slices.Clone(tickets)
	slices.SortFunc(ordered, func(a, b Queued) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.Since.Compare(b.Since), cmp.Compare(a.Ticket, b.Ticket))
	})
	var out []Reservation
	rings := make(map[string]*ring)
	for _, q := range ordered {
		if room == 0 {
			break
		}
		if q.Reserve <= 0 {
			continue
		}
		c := byID[q.LastOwner]
		if c == nil || c.room == 0 || slices.Contains(q.Declined, q.LastOwner) || !c.agent.Serves(q) {
			need := q.Queue + "\x00" + baseLanguage(q.Language) + "\x00" + strings.Join(q.Skills, "\x00")
			r, ok := rings[need]
			if !ok {
				r = newRing(able, q)
				rings[need] = r
			}
			if c = r.choose(q.Declined); c == nil {
				continue
			}
		}
		c.room--
		room--
		c.turn = next
		next++
		out = append(out, Reservation{q.Ticket, q.Conversation, c.agent.Staff, now.Add(q.Reserve)})
	}
	return out
}

// candidate is an agent who is able, while tickets are given out.
type candidate struct {
	agent *Agent
	room  int
	turn  int // lower is sooner
}

// place is a candidate's place in a ring. It is theirs only while the turns agree: who
// was given a ticket through another ring stands too far in front in this one.
type place struct {
	turn int
	*candidate
}

// ring is a heap of those who serve the same tickets, by their turns.
type ring []place

func newRing(able []*candidate, q Queued) *ring {
	var r ring
	for _, c := range able {
		if c.agent.Serves(q) {
			r = append(r, place{c.turn, c})
		}
	}
	heap.Init(&r)
	return &r
}

// choose returns whose turn it is, nil if nobody has room.
func (r *ring) choose(declined []identity.StaffID) *candidate {
	var chosen, alone *candidate
	var aside []place
	for chosen == nil && r.Len() > 0 {
		p := heap.Pop(r).(place)
		switch {
		case p.room == 0: // and will have none
		case p.turn != p.candidate.turn:
			heap.Push(r, place{p.candidate.turn, p.candidate})
		case slices.Contains(declined, p.agent.Staff):
			aside = append(aside, p)
			if alone == nil {
				alone = p.candidate
			}
		default:
			aside = append(aside, p)
			chosen = p.candidate
		}
	}
	for _, p := range aside {
		heap.Push(r, p)
	}
	if chosen == nil {
		chosen = alone
	}
	return chosen
}

var _ heap.Interface = (*ring)(nil)

// Len is how many are in the ring.
func (r ring) Len() int { return len(r) }

// Less orders by turn.
func (r ring) Less(i, j int) bool { return r[i].turn < r[j].turn }

// Swap is of heap.Interface.
func (r ring) Swap(i, j int) { r[i], r[j] = r[j], r[i] }

// Push is of heap.Interface.
func (r *ring) Push(x any) { *r = append(*r, x.(place)) }

// Pop is of heap.Interface.
func (r *ring) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}
