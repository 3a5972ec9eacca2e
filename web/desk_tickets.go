package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/agents"
	"candor/identity"
)

// Tickets is what is done to tickets besides serving them: agents.Service does.
type Tickets interface {
	Transfer(ctx context.Context, who identity.Principal, conversation string, t agents.Transfer) error
	Note(ctx context.Context, who identity.Principal, conversation, text string) error
}

type transferInput struct {
	ID   string `path:"id"`
	Body struct {
		Queue string           `json:"queue,omitempty" doc:"To whoever serves it; or"`
		Staff identity.StaffID `json:"staff,omitempty" doc:"to a colleague, to whom it is offered"`
		Note  string           `json:"note,omitempty" doc:"For who takes it; its customer does not read it here"`
	}
}

type noteInput struct {
	ID   string `path:"id"`
	Body struct {
		Text string `json:"text" doc:"At most 4000 characters"`
	}
}

type noteJSON struct {
	ID     string           `json:"id"`
	At     time.Time        `json:"at"`
	Author identity.StaffID `json:"author"`
	Name   string           `json:"name"`
	Text   string           `json:"text"`
}

type ticketEventJSON struct {
	At     time.Time        `json:"at"`
	Kind   agents.EventKind `json:"kind" doc:"opened, reserved, passed, lapsed, claimed, released, transferred, assigned, replied, noted, escalated, snoozed, woke, returned, resolved, reopened, confirmed or contact"`
	Actor  identity.StaffID `json:"actor,omitempty" doc:"Who did it; customer: its customer; absent: Candor"`
	Name   string           `json:"name,omitempty"`
	Queue  string           `json:"queue" doc:"The ticket's, after it"`
	Detail string           `json:"detail,omitempty" doc:"By its kind: a reason, a target, a queue, a member of staff, a time"`
}

func (s *Server) ticketRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "transfer", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/transfer",
		Summary: "Give a conversation to a queue or a colleague", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, who identity.Principal, in *transferInput) (*deskDone, error) {
		return s.done(ctx, in.ID, s.Tickets.Transfer(ctx, who, in.ID, agents.Transfer{Queue: in.Body.Queue, Staff: in.Body.Staff, Note: in.Body.Note}))
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "note", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/notes",
		Summary: "Note something for the desk", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, who identity.Principal, in *noteInput) (*deskDone, error) {
		return s.done(ctx, in.ID, s.Tickets.Note(ctx, who, in.ID, in.Body.Text))
	})
}

func toNotes(notes []agents.Note) []noteJSON {
	out := make([]noteJSON, len(notes))
	for i, n := range notes {
		out[i] = noteJSON{n.ID, n.At, n.Staff, n.Name, n.Text}
	}
	return out
}

func toHistory(events []agents.TicketEvent) []ticketEventJSON {
	out := make([]ticketEventJSON, len(events))
	for i, e := range events {
		out[i] = ticketEventJSON(e)
	}
	return out
}
