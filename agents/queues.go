package agents

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"candor/conversation"
	"candor/identity"
)

// Errors of queues.
var (
	// ErrQueue refuses a queue, and says what is wrong with it.
	ErrQueue = errors.New("this queue cannot be used")
	// ErrUnknownQueue means that there is no such queue.
	ErrUnknownQueue = errors.New("there is no queue of this name")
	// ErrQueueNeeded means that a queue cannot be removed yet.
	ErrQueueNeeded = errors.New("this queue is still needed")
)

// DefaultQueue takes the tickets that no other queue takes. It is always there.
const DefaultQueue = "support"

// Span is a length of time as people configure it: in JSON a text such as "30s" or
// "72h", of which "" is zero.
type Span time.Duration

// MarshalText returns the span as time.Duration writes it, zero as "".
func (s Span) MarshalText() ([]byte, error) {
	if s == 0 {
		return nil, nil
	}
	return []byte(time.Duration(s).String()), nil
}

// UnmarshalText reads what time.ParseDuration reads; "" is zero.
func (s *Span) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = 0
		return nil
	}
	d, err := time.ParseDuration(string(text))
	*s = Span(d)
	return err
}

// Queue is where tickets wait for those who can serve them.
type Queue struct {
	// Name is a token of a NATS subject: a-z, 0-9 and hyphens.
	Name  string `json:"name"`
	Title string `json:"title"`
	// Order is when it is tried for a new ticket, lower sooner.
	Order int   `json:"order"`
	Takes Takes `json:"takes,omitzero"`
	// Skills are what its agents must have.
	Skills   []string `json:"skills,omitempty"`
	Priority int      `json:"priority"` // of its tickets: 0 is urgent, 1 normal, 2 low
	// Hours are when somebody is there; nil: always.
	Hours   *Hours  `json:"hours,omitempty"`
	Targets Targets `json:"targets,omitzero"`
	// Reserve is how long a ticket is kept for the agent whom it was given to; zero:
	// nobody is given tickets, and all are taken.
	Reserve Span `json:"reserve,omitempty"`
	// Quiet is after how long a conversation is closed whose customer does not write;
	// zero: never.
	Quiet Span `json:"quiet,omitempty"`
	// Reopen is for how long a resolved conversation returns to its last owner; zero:
	// it does not.
	Reopen Span `json:"reopen,omitempty"`
}

// Takes selects tickets: each list that is not empty must hold the ticket's value.
type Takes struct {
	Sites     []identity.SiteID     `json:"sites,omitempty"`
	Languages []string              `json:"languages,omitempty"` // BCP 47, without a region
	Reasons   []conversation.Reason `json:"reasons,omitempty"`
	Topics    []string              `json:"topics,omitempty"` // of the policy
}

// Targets are how soon a customer is to be served, in business time. Zero: no target.
type Targets struct {
	FirstReply Span `json:"first_reply,omitempty"`
	NextReply  Span `json:"next_reply,omitempty"`
	Resolution Span `json:"resolution,omitempty"`
	// Escalate is the queue to which a ticket goes whose target has passed; empty: it
	// stays.
	Escalate string `json:"escalate,omitempty"`
}

// Seat is what a member of staff serves.
type Seat struct {
	Staff     identity.StaffID `json:"staff"`
	Name      string           `json:"name"`
	Queues    []string         `json:"queues"`    // none: all, but none at an outside desk
	Skills    []string         `json:"skills"`    // beyond what the queues ask for nothing
	Languages []string         `json:"languages"` // none: all
	Capacity  int              `json:"capacity"`  // conversations at once
	// Recipient is the desk that they work at, as the policy names it; empty: the
	// company's own.
	Recipient string `json:"recipient,omitempty"`
}

// DefaultCapacity is how many conversations a member of staff has at once whose seat does
// not say.
const DefaultCapacity = 4

// Need is what a ticket is opened with.
type Need struct {
	Site     identity.SiteID
	Language string // BCP 47
	Reason   conversation.Reason
	Topic    string // of the policy, that it came for; empty: none
}

// Choose returns the queue of a new ticket: the first, by order and then by name, whose
// every list that is not empty holds the ticket's value; else DefaultQueue.
func Choose(queues []Queue, n Need) Queue {
	chosen, rest := -1, Queue{Name: DefaultQueue, Title: "Support", Priority: 1}
	for i, q := range queues {
		if q.Name == DefaultQueue {
			rest = q // it takes what no other takes
		}
		if q.Takes.hold(n) && (chosen < 0 || before(q, queues[chosen])) {
			chosen = i
		}
	}
	if chosen < 0 {
		return rest
	}
	return queues[chosen]
}

// before is the order in which queues are tried.
func before(a, b Queue) bool {
	return a.Order < b.Order || a.Order == b.Order && a.Name < b.Name
}

func (t Takes) hold(n Need) bool {
	has := func(language string) bool { return baseLanguage(language) == baseLanguage(n.Language) }
	return (len(t.Sites) == 0 || slices.Contains(t.Sites, n.Site)) &&
		(len(t.Languages) == 0 || slices.ContainsFunc(t.Languages, has)) &&
		(len(t.Reasons) == 0 || slices.Contains(t.Reasons, n.Reason)) &&
		(len(t.Topics) == 0 || slices.Contains(t.Topics, n.Topic))
}

// DueKind is a target of a queue.
type DueKind string

// Kinds of targets.
const (
	FirstReply DueKind = "first_reply"
	NextReply  DueKind = "next_reply"
	Resolution DueKind = "resolution"
)

// Clocks are the times of a ticket that targets count from; zero: it has not happened.
type Clocks struct {
	Opened, FirstReply, Asked time.Time
	// Passed are the targets that count no more: they passed, or were met before.
	Passed []DueKind
}

// Due returns which of the queue's targets passes next, and when, in its business hours;
// the zero time where none is left to meet.
func (q Queue) Due(c Clocks) (at time.Time, kind DueKind) {
	for _, t := range []struct {
		kind   DueKind
		target Span
		from   time.Time
		counts bool
	}{
		{FirstReply, q.Targets.FirstReply, c.Opened, c.FirstReply.IsZero()},
		{NextReply, q.Targets.NextReply, c.Asked, !c.FirstReply.IsZero() && !c.Asked.IsZero()},
		{Resolution, q.Targets.Resolution, c.Opened, true},
	} {
		if t.target <= 0 || !t.counts || slices.Contains(c.Passed, t.kind) {
			continue
		}
		end := t.from.Add(time.Duration(t.target))
		if q.Hours != nil {
			end = q.Hours.Add(t.from, time.Duration(t.target))
		}
		if !end.IsZero() && (at.IsZero() || end.Before(at)) {
			at, kind = end, t.kind
		}
	}
	return at, kind
}

var (
	queueName = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$`)
	skillName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	languages = regexp.MustCompile(`^[A-Za-z]{2,3}$`)
)

const (
	maxQueueItems = 100
	// maxReserve is how long a ticket may be kept for somebody, maxQuiet every other
	// time of a queue.
	maxReserve = time.Hour
	maxQuiet   = 366 * 24 * time.Hour
)

// Validate returns an ErrQueue, or an ErrHours, that says what is wrong with the queue
// alone: that the sites, the topics and the queue that it names are there is for others
// to check.
func (q Queue) Validate() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrQueue, fmt.Sprintf(format, args...))
	}
	switch {
	case !queueName.MatchString(q.Name):
		return wrong("its name is at most 40 of a-z, 0-9 and hyphens, such as returns-de")
	case q.Title == "" || len([]rune(q.Title)) > 80:
		return wrong("title is what people read, at most 80 characters")
	case q.Priority < 0 || q.Priority > 2:
		return wrong("priority is 0 (urgent), 1 (normal) or 2 (low)")
	case q.Targets.Escalate == q.Name:
		return wrong("targets.escalate names the queue itself; leave it empty, and its tickets stay")
	case q.Targets.Escalate != "" && q.Targets == (Targets{Escalate: q.Targets.Escalate}):
		return wrong("targets.escalate says where a late ticket goes, but no target says when one is late")
	}
	for name, list := range map[string]int{
		"skills": len(q.Skills), "takes.sites": len(q.Takes.Sites), "takes.languages": len(q.Takes.Languages),
		"takes.reasons": len(q.Takes.Reasons), "takes.topics": len(q.Takes.Topics),
	} {
		if list > maxQueueItems {
			return wrong("%s has %d items, and at most %d are kept", name, list, maxQueueItems)
		}
	}
	for _, s := range q.Skills {
		if !skillName.MatchString(s) {
			return wrong("the skill %q is not written with a-z, 0-9, hyphens and underscores", s)
		}
	}
	for _, l := range q.Takes.Languages {
		if !languages.MatchString(l) {
			return wrong("takes.languages has %q; write a language without its region, such as pt", l)
		}
	}
	for _, r := range q.Takes.Reasons {
		if !slices.Contains(conversation.HandoffReasons, r) && r != conversation.TakenOver {
			return wrong("takes.reasons has %q, which no ticket is opened for; they are %q and taken_over", r, conversation.HandoffReasons)
		}
	}
	for _, d := range []struct {
		name string
		is   Span
		most time.Duration
	}{
		{"targets.first_reply", q.Targets.FirstReply, maxQuiet},
		{"targets.next_reply", q.Targets.NextReply, maxQuiet},
		{"targets.resolution", q.Targets.Resolution, maxQuiet},
		{"reserve", q.Reserve, maxReserve},
		{"quiet", q.Quiet, maxQuiet},
		{"reopen", q.Reopen, maxQuiet},
	} {
		if t := time.Duration(d.is); t != 0 && (t < time.Second || t > d.most) {
			return wrong("%s is %s; write 1s to %s, or leave it out for never", d.name, t, d.most)
		}
	}
	if q.Hours != nil {
		return q.Hours.Validate()
	}
	return nil
}
