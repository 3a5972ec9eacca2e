package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// OpenTickets are the tickets that are not closed, in the order in which they are served.
// An empty queue names all of them.
type OpenTickets interface {
	Tickets(ctx context.Context, queue string) ([]agents.Ticket, error)
}

type queueNowJSON struct {
	Name    string     `json:"name"`
	Title   string     `json:"title"`
	Waiting int        `json:"waiting"`
	Oldest  *time.Time `json:"oldest,omitempty" doc:"Since when the one has waited who waits longest"`
	Late    int        `json:"late" doc:"Tickets of which a target has passed"`
	Owned   int        `json:"owned"`
	Agents  int        `json:"agents" doc:"Those who serve it and are online"`
	Open    bool       `json:"open"`
	OpensAt *time.Time `json:"opens_at,omitempty"`
}

// briefJSON is a ticket without anything of its customer.
type briefJSON struct {
	ConversationID string              `json:"conversation_id"`
	Queue          string              `json:"queue"`
	Reason         conversation.Reason `json:"reason"`
	Language       string              `json:"language"`
	Since          time.Time           `json:"since"`
	Late           bool                `json:"late"`
}

// snoozedJSON is what somebody put off.
type snoozedJSON struct {
	ConversationID string              `json:"conversation_id"`
	Queue          string              `json:"queue"`
	Reason         conversation.Reason `json:"reason"`
	Language       string              `json:"language"`
	Assignee       person              `json:"assignee"`
	Until          time.Time           `json:"until"`
}

type agentNowJSON struct {
	Staff         identity.StaffID `json:"staff"`
	Name          string           `json:"name"`
	Status        agents.Status    `json:"status" enum:"online,busy,away," doc:"Empty: not there"`
	Load          int              `json:"load"`
	Capacity      int              `json:"capacity" doc:"0: they are no agent, and have what they took"`
	Conversations []briefJSON      `json:"conversations"`
}

type overviewOutput struct {
	Body struct {
		Queues  []queueNowJSON `json:"queues"`
		Agents  []agentNowJSON `json:"agents"`
		Waiting []briefJSON    `json:"waiting"`
		Snoozed []snoozedJSON  `json:"snoozed" doc:"What was put off, the first to come back first. Supervisors can claim or assign it"`
		Known   bool           `json:"presence_known" doc:"Whether it can be told who is there"`
	}
}

func (s *Server) overviewRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "deskLive", Method: http.MethodGet, Path: "/api/desk/live",
		Summary: "Who waits and who serves at this moment",
	}, s.overview)
}

func (s *Server) overview(ctx context.Context, who identity.Principal, _ *struct{}) (*overviewOutput, error) {
	if !who.Has(identity.RoleSupervisor) || who.Outside() {
		return nil, errRole
	}
	tickets, err := s.OpenTickets.Tickets(ctx, "")
	if err != nil {
		return nil, err
	}
	queues, err := s.Routing.Queues(ctx)
	if err != nil {
		return nil, err
	}
	staff, err := s.Routing.Agents(ctx)
	if err != nil {
		return nil, err
	}
	o := agents.Look(tickets, queues, staff, s.Routing.Attendance(), time.Now())
	out := &overviewOutput{}
	b := &out.Body
	b.Queues, b.Agents, b.Waiting, b.Known = []queueNowJSON{}, []agentNowJSON{}, briefs(o.Waiting), o.Known
	b.Snoozed = []snoozedJSON{}
	for _, t := range o.Snoozed {
		b.Snoozed = append(b.Snoozed, snoozedJSON{t.Conversation, t.Queue, t.Reason, t.Language, person{t.Assignee, t.AssigneeName}, t.Until})
	}
	for _, q := range o.Queues {
		b.Queues = append(b.Queues, queueNowJSON{q.Name, q.Title, q.Waiting, optional(q.Oldest), q.Late, q.Owned, q.Online, q.Open, optional(q.OpensAt)})
	}
	for _, a := range o.Agents {
		b.Agents = append(b.Agents, agentNowJSON{a.Staff, a.Name, a.Status, a.Load, a.Capacity, briefs(a.Has)})
	}
	return out, nil
}

func briefs(tickets []agents.Ticket) []briefJSON {
	out := make([]briefJSON, len(tickets))
	for i, t := range tickets {
		out[i] = briefJSON{t.Conversation, t.Queue, t.Reason, t.Language, t.WaitingSince, t.Late()}
	}
	return out
}
