package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"golang.org/x/time/rate"

	"candor/conversation"
	"candor/identity"
	"candor/pii"
)

// typingRate is how often typing is passed on, of each person in each conversation.
const typingRate rate.Limit = 1

type readInput struct {
	ID   string `path:"id"`
	Body struct {
		Seq int64 `json:"seq" minimum:"1" doc:"Of the latest message that was read"`
	}
}

type editInput struct {
	ID      string `path:"id"`
	Message string `path:"message"`
	Body    struct {
		Text string `json:"text" doc:"At most 4000 characters"`
	}
}

type editOutput struct {
	Body struct {
		MessageID string     `json:"message_id"`
		Text      string     `json:"text"`
		At        time.Time  `json:"at" doc:"When it was changed"`
		Masked    []pii.Kind `json:"masked,omitempty" doc:"What was hidden in the message before it was stored"`
	}
}

// typingJSON and readJSON are events of the moment; they have no id. Who types is said
// again while they do, and over six seconds after it was said last.
type typingJSON struct {
	Conversation string              `json:"conversation_id,omitempty"`
	From         conversation.Author `json:"from"`
	Name         string              `json:"name,omitempty"`
}

type readJSON struct {
	Conversation string `json:"conversation_id,omitempty"`
	By           string `json:"by" enum:"customer,desk"`
	Seq          int64  `json:"seq"`
}

// side is what a side is called towards clients.
func side(a conversation.Author) string {
	if a == conversation.FromAgent {
		return "desk"
	}
	return string(a)
}

func (s *Server) liveRoutes() {
	type act = func(context.Context, identity.Principal, string) error
	for _, x := range []struct {
		audience       audience
		id, path, what string
		do             act
	}{
		{customers, "typing", "/api/conversations/{id}/typing", "Say that I am typing; again every few seconds while I am", s.Exchange.Type},
		{staffOnly, "deskTyping", "/api/desk/conversations/{id}/typing", "Tell the customer that I am typing; again every few seconds while I am", s.DeskExchange.Type},
	} {
		register(s, x.audience, huma.Operation{
			OperationID: x.id, Method: http.MethodPost, Path: x.path, Summary: x.what, DefaultStatus: http.StatusNoContent,
		}, func(ctx context.Context, who identity.Principal, in *conversationID) (*struct{}, error) {
			if s.limits.wait("typing "+who.Actor()+" "+in.ID, typingRate, 1) > 0 {
				return nil, nil // they were told a moment ago
			}
			return nil, x.do(ctx, who, in.ID)
		})
	}
	register(s, customers, huma.Operation{
		OperationID: "read", Method: http.MethodPost, Path: "/api/conversations/{id}/read",
		Summary: "Say up to where I have read", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, who identity.Principal, in *readInput) (*struct{}, error) {
		return nil, s.Exchange.Read(ctx, who, in.ID, in.Body.Seq)
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "deskRead", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/read",
		Summary: "Say up to where I have read; it counts of who has the conversation", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, who identity.Principal, in *readInput) (*struct{}, error) {
		return nil, s.DeskExchange.Read(ctx, who, in.ID, in.Body.Seq)
	})
	register(s, customers, huma.Operation{
		OperationID: "editMessage", Method: http.MethodPatch, Path: "/api/conversations/{id}/messages/{message}",
		Summary: "Change a message of mine, for a minute, while a person is to answer it",
		// A changed message is one to read again: it is counted as one.
		Middlewares: huma.Middlewares{s.limitEdits},
	}, s.editMessage)
	register(s, staffOnly, huma.Operation{
		OperationID: "deskEditMessage", Method: http.MethodPatch, Path: "/api/desk/conversations/{id}/messages/{message}",
		Summary: "Change a message of mine, for a minute",
	}, func(ctx context.Context, who identity.Principal, in *editInput) (*deskDone, error) {
		return s.done(ctx, in.ID, s.DeskExchange.Edit(ctx, who, in.ID, in.Message, in.Body.Text))
	})
}

func (s *Server) limitEdits(ctx huma.Context, next func(huma.Context)) {
	if err := s.tooManyMessages(principal(ctx), humafiber.Unwrap(ctx).IP()); err != nil {
		s.writeErr(ctx, err)
		return
	}
	next(ctx)
}

func (s *Server) editMessage(ctx context.Context, who identity.Principal, in *editInput) (*editOutput, error) {
	m, err := s.Exchange.Edit(ctx, who, in.ID, in.Message, in.Body.Text)
	if err != nil {
		return nil, err
	}
	out := &editOutput{}
	out.Body.MessageID, out.Body.Text, out.Body.At, out.Body.Masked = m.ID, m.Text(), m.Edited, masked(m)
	return out, nil
}

// sendEdit sends how a message reads now. Of one that was changed again meanwhile the
// newest words come twice, and never the former ones.
func (s *Server) sendEdit(ctx context.Context, st *stream, conv string, seq int64, message string) error {
	m, err := within(ctx, func(ctx context.Context) (conversation.Message, error) { return s.Exchange.Message(ctx, conv, message) })
	if err != nil {
		return err
	}
	return st.send(seq, string(conversation.EditEvent), struct {
		MessageID string     `json:"message_id"`
		Text      string     `json:"text"`
		At        time.Time  `json:"at"`
		Masked    []pii.Kind `json:"masked,omitempty"`
	}{m.ID, m.Text(), m.Edited, masked(m)})
}

// reading is what a stream has told of who has read what.
type reading struct{ told conversation.Marks }

// send tells the marks that have risen.
func (r *reading) send(st *stream, now conversation.Marks) error {
	for _, x := range []struct {
		side  conversation.Author
		told  *int64
		after int64
	}{
		{conversation.FromCustomer, &r.told.Customer, now.Customer}, {conversation.FromAgent, &r.told.Desk, now.Desk},
	} {
		if x.after <= *x.told {
			continue
		}
		if err := st.send(0, string(conversation.Reads), readJSON{By: side(x.side), Seq: x.after}); err != nil {
			return err
		}
		*x.told = x.after
	}
	return nil
}

// tellCustomer tells a moment to the customer of its conversation.
func (s *Server) tellCustomer(ctx context.Context, st *stream, r *reading, m conversation.Moment) error {
	if m.Kind == conversation.Reads {
		now := r.told
		if m.From == conversation.FromCustomer {
			now.Customer = m.Seq
		} else {
			now.Desk = m.Seq
		}
		return r.send(st, now)
	}
	if m.From == conversation.FromCustomer {
		return nil // it is themself
	}
	out := typingJSON{From: m.From}
	name, err := within(ctx, func(ctx context.Context) (string, error) {
		x, err := s.Directory.Staff(ctx, m.Staff)
		return x.Name, err
	})
	if err == nil { // without a name somebody is typing all the same
		out.Name = name
	}
	return st.send(0, string(m.Kind), out)
}

// tellDesk tells a moment of the customer's to who has the conversation, and to
// supervisors, who may be looking on.
func tellDesk(st *stream, who identity.Principal, m conversation.Moment) error {
	if m.From != conversation.FromCustomer || m.Staff != who.Staff && (!who.Has(identity.RoleSupervisor) || who.Outside()) {
		return nil
	}
	if m.Kind == conversation.Reads {
		return st.send(0, string(m.Kind), readJSON{m.Conversation, side(m.From), m.Seq})
	}
	return st.send(0, string(m.Kind), typingJSON{Conversation: m.Conversation, From: m.From})
}
