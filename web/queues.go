package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Queues keeps the queues of the desk. Its errors are those of agents.
type Queues interface {
	Queue(ctx context.Context, name string) (agents.Queue, error)
	Queues(ctx context.Context) ([]agents.Queue, error)
	SetQueue(ctx context.Context, q agents.Queue, actor string) error
	RemoveQueue(ctx context.Context, name string) error
}

type queuesOutput struct {
	Body struct {
		Items []agents.Queue `json:"items" doc:"In the order in which they are tried for a new ticket"`
	}
}

type queueAddress struct {
	Name string `path:"name"`
}

type oneQueueOutput struct {
	Body agents.Queue
}

type takesJSON struct {
	Sites     []identity.SiteID     `json:"sites,omitempty"`
	Languages []string              `json:"languages,omitempty" doc:"BCP 47, without a region"`
	Reasons   []conversation.Reason `json:"reasons,omitempty"`
	Topics    []string              `json:"topics,omitempty" doc:"Of the policy"`
}

type targetsJSON struct {
	FirstReply string `json:"first_reply,omitempty"`
	NextReply  string `json:"next_reply,omitempty"`
	Resolution string `json:"resolution,omitempty"`
	Escalate   string `json:"escalate,omitempty" doc:"The queue to which a late ticket goes"`
}

type holidayJSON struct {
	Date string `json:"date" doc:"As 2026-12-25"`
	Name string `json:"name,omitempty"`
}

type hoursJSON struct {
	Zone     string                 `json:"zone" doc:"Such as America/Sao_Paulo"`
	Week     map[string][][2]string `json:"week" doc:"mon to sun: spans such as [\"09:00\", \"17:30\"]"`
	Holidays []holidayJSON          `json:"holidays,omitempty"`
}

type putQueueInput struct {
	Name string `path:"name"`
	Body struct {
		Name     string       `json:"name,omitempty" doc:"That of the address, if it is there"`
		Title    string       `json:"title"`
		Order    int          `json:"order,omitempty" doc:"When it is tried for a new ticket, lower sooner"`
		Takes    *takesJSON   `json:"takes,omitempty" doc:"Each list that is not empty must hold the ticket's value"`
		Skills   []string     `json:"skills,omitempty"`
		Priority *int         `json:"priority,omitempty" doc:"0 urgent, 1 normal, 2 low; absent: 1"`
		Hours    *hoursJSON   `json:"hours,omitempty" doc:"Absent: somebody is always there"`
		Targets  *targetsJSON `json:"targets,omitempty" doc:"Durations in the hours above, such as 15m; absent: none"`
		Reserve  string       `json:"reserve,omitempty" doc:"For how long a ticket is kept for whom it is offered to; absent: all take from the queue"`
		Quiet    string       `json:"quiet,omitempty" doc:"After how long without a word a conversation is closed; absent: never"`
		Reopen   string       `json:"reopen,omitempty" doc:"For how long a resolved conversation returns to who had it; absent: it does not"`
	}
}

func (s *Server) queueRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "queues", Method: http.MethodGet, Path: "/api/admin/queues", Summary: "The queues of the desk",
	}, func(ctx context.Context, who identity.Principal, _ *struct{}) (*queuesOutput, error) {
		if !who.Has(queueRoles...) || who.Outside() {
			return nil, errRole
		}
		all, err := s.QueueStore.Queues(ctx)
		out := &queuesOutput{}
		out.Body.Items = all
		return out, err
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "putQueue", Method: http.MethodPut, Path: "/api/admin/queues/{name}", Summary: "Add a queue, or change one as a whole",
	}, s.putQueue)
	register(s, staffOnly, huma.Operation{
		OperationID: "removeQueue", Method: http.MethodDelete, Path: "/api/admin/queues/{name}",
		Summary: "Remove a queue that nothing needs any more", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, who identity.Principal, in *queueAddress) (*struct{}, error) {
		if !who.Has(queueRoles...) || who.Outside() {
			return nil, errRole
		}
		return nil, s.QueueStore.RemoveQueue(ctx, in.Name)
	})
}

// queueRoles are the roles that say what the queues are.
var queueRoles = []identity.Role{identity.RoleAdmin, identity.RoleSupervisor}

func (s *Server) putQueue(ctx context.Context, who identity.Principal, in *putQueueInput) (*oneQueueOutput, error) {
	if !who.Has(queueRoles...) || who.Outside() {
		return nil, errRole
	}
	q, err := in.queue()
	if err == nil {
		err = NamesKnown(ctx, q, s.Directory, s.Gate.Policy())
	}
	if err == nil {
		err = s.QueueStore.SetQueue(ctx, q, who.Actor())
	}
	if err != nil {
		return nil, err
	}
	q, err = s.QueueStore.Queue(ctx, q.Name)
	return &oneQueueOutput{q}, err
}

// queue reads what was sent.
func (in *putQueueInput) queue() (agents.Queue, error) {
	b := in.Body
	q := agents.Queue{Name: in.Name, Title: b.Title, Order: b.Order, Skills: b.Skills, Priority: 1}
	if b.Name != "" && b.Name != in.Name {
		return q, fmt.Errorf("%w: the address names %q and the queue %q; a queue keeps its name", agents.ErrQueue, in.Name, b.Name)
	}
	if b.Priority != nil {
		q.Priority = *b.Priority
	}
	if b.Takes != nil {
		q.Takes = agents.Takes(*b.Takes)
	}
	if b.Hours != nil {
		q.Hours = &agents.Hours{Zone: b.Hours.Zone, Week: b.Hours.Week}
		for _, d := range b.Hours.Holidays {
			q.Hours.Holidays = append(q.Hours.Holidays, agents.Holiday(d))
		}
	}
	t := targetsJSON{}
	if b.Targets != nil {
		t = *b.Targets
	}
	q.Targets.Escalate = t.Escalate
	for _, x := range []struct {
		name, text string
		to         *agents.Span
	}{
		{"targets.first_reply", t.FirstReply, &q.Targets.FirstReply},
		{"targets.next_reply", t.NextReply, &q.Targets.NextReply},
		{"targets.resolution", t.Resolution, &q.Targets.Resolution},
		{"reserve", b.Reserve, &q.Reserve},
		{"quiet", b.Quiet, &q.Quiet},
		{"reopen", b.Reopen, &q.Reopen},
	} {
		if x.to.UnmarshalText([]byte(x.text)) != nil {
			return q, fmt.Errorf("%w: %s is no duration; write it as 30s, 15m or 72h", agents.ErrQueue, x.name)
		}
	}
	return q, nil
}

// NamesKnown returns an agents.ErrQueue if a queue takes what there is not: a site, or a
// topic of the policy.
func NamesKnown(ctx context.Context, q agents.Queue, sites interface {
	Site(ctx context.Context, id identity.SiteID) (identity.Site, error)
}, p *consent.Policy,
) error {
	for _, id := range q.Takes.Sites {
		_, err := sites.Site(ctx, id)
		if errors.Is(err, identity.ErrUnknownSite) {
			err = fmt.Errorf("%w: takes.sites has %q, and there is no such site", agents.ErrQueue, id)
		}
		if err != nil {
			return err
		}
	}
	for _, topic := range q.Takes.Topics {
		if !slices.ContainsFunc(p.Topics, func(t consent.Topic) bool { return t.ID == topic }) {
			return fmt.Errorf("%w: takes.topics has %q, and the policy in force has no such topic", agents.ErrQueue, topic)
		}
	}
	return nil
}

type dueJSON struct {
	Kind agents.DueKind `json:"kind" enum:"first_reply,next_reply,resolution"`
	At   time.Time      `json:"at"`
	Late bool           `json:"late"`
}

type reservedForJSON struct {
	Name  string    `json:"name"`
	Until time.Time `json:"until"`
	Mine  bool      `json:"mine"`
}

// ClocksJSON is how a ticket stands with what it was opened for. It is exported so that
// the API's description has it where it is embedded.
type ClocksJSON struct {
	Topic     string           `json:"topic,omitempty" doc:"Of the policy, that it came for"`
	Skills    []string         `json:"skills,omitempty" doc:"That its agent needs"`
	Opened    time.Time        `json:"opened"`
	Asked     *time.Time       `json:"asked,omitempty" doc:"Since when the customer waits for a reply"`
	Due       *dueJSON         `json:"due,omitempty" doc:"The queue's target that passes next"`
	Escalated int              `json:"escalated" doc:"How many targets have passed"`
	Reserved  *reservedForJSON `json:"reserved,omitempty" doc:"For whom it is kept at this moment"`
}

func clocks(t agents.Ticket, who identity.Principal) ClocksJSON {
	out := ClocksJSON{Topic: t.Topic, Skills: t.Skills, Opened: t.Clocks.Opened, Asked: optional(t.Clocks.Asked), Escalated: t.Escalated}
	if !t.Clocks.Due.IsZero() {
		out.Due = &dueJSON{t.Clocks.DueKind, t.Clocks.Due, t.Clocks.Late}
	}
	if t.Reserved != nil {
		out.Reserved = &reservedForJSON{t.Reserved.Name, t.Reserved.Until, t.Reserved.Staff == who.Staff}
	}
	return out
}
