package agents

import (
	"cmp"
	"slices"
	"time"

	"candor/identity"
)

// QueueNow is how a queue stands.
type QueueNow struct {
	Queue
	Waiting int
	Oldest  time.Time // since when the one has waited who waits longest; zero: nobody does
	Late    int       // tickets of which a target has passed
	Owned   int
	Online  int // agents who serve it and are online
	Open    bool
	OpensAt time.Time // where it is not open; zero: it does not open
}

// AgentNow is how an agent stands, with what they have.
type AgentNow struct {
	Agent
	Status Status
	Has    []Ticket
}

// Overview is the desk at a moment, as who leads it sees it. Summaries are not in it.
type Overview struct {
	Queues  []QueueNow
	Agents  []AgentNow // those who are there first; of capacity 0 who has something and no seat
	Waiting []Ticket   // in the order in which they are served
	Snoozed []Ticket   // those that are put off, the first to come back first
	// Known is whether it can be told who is there.
	Known bool
}

// Look returns an overview: of the tickets that are not closed, in the order in which they
// are served, the queues, all agents, and who has been there.
func Look(tickets []Ticket, queues []Queue, staff []Agent, present Attendance, now time.Time) Overview {
	o := Overview{Known: !present.Since.IsZero()}
	place := make(map[string]int)
	for i, q := range queues {
		n := QueueNow{Queue: q, Open: true}
		if q.Hours != nil && !q.Hours.Open(now) {
			n.Open = false
			n.OpensAt, _ = q.Hours.Next(now)
		}
		for _, a := range staff {
			if a.Status(present.Status(a.Staff, now)) == Online && a.Serves(Queued{Queue: q.Name, Skills: q.Skills, Language: anyLanguage(a)}) {
				n.Online++
			}
		}
		o.Queues, place[q.Name] = append(o.Queues, n), i
	}
	has := make(map[identity.StaffID][]Ticket)
	for _, t := range tickets {
		t.Summary = ""
		if t.State == PutOff {
			o.Snoozed = append(o.Snoozed, t)
			continue
		}
		if t.Assignee != "" {
			has[t.Assignee] = append(has[t.Assignee], t)
		} else {
			o.Waiting = append(o.Waiting, t)
		}
		i, ok := place[t.Queue]
		if !ok {
			continue // it was removed just now
		}
		q := &o.Queues[i]
		if t.Late() {
			q.Late++
		}
		if t.Assignee != "" {
			q.Owned++
			continue
		}
		q.Waiting++
		if q.Oldest.IsZero() || t.WaitingSince.Before(q.Oldest) {
			q.Oldest = t.WaitingSince
		}
	}
	slices.SortStableFunc(o.Snoozed, func(a, b Ticket) int { return a.Until.Compare(b.Until) })
	for _, a := range staff {
		o.Agents = append(o.Agents, AgentNow{Agent: a, Status: a.Status(present.Status(a.Staff, now)), Has: has[a.Staff]})
		delete(has, a.Staff)
	}
	// Who leads the desk is given nothing, and may have taken something all the same.
	for id, own := range has {
		a := Agent{Seat: Seat{Staff: id, Name: own[0].AssigneeName}, Load: len(own)}
		o.Agents = append(o.Agents, AgentNow{Agent: a, Status: present.Status(id, now), Has: own})
	}
	rank := map[Status]int{Online: 0, Busy: 1, Away: 2, "": 3}
	slices.SortStableFunc(o.Agents, func(a, b AgentNow) int {
		return cmp.Or(cmp.Compare(rank[a.Status], rank[b.Status]), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Staff, b.Staff))
	})
	return o
}

// anyLanguage is one that the agent speaks: a queue is of no language.
func anyLanguage(a Agent) string {
	if len(a.Languages) == 0 {
		return ""
	}
	return a.Languages[0]
}
