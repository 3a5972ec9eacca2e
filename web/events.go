package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"candor/agents"
	"candor/answer"
	"candor/conversation"
	"candor/identity"
)

// eventRoutes are the streams; they lie outside huma, whose streaming cannot
// flush on Fiber.
func (s *Server) eventRoutes() {
	// Not Get, which answers HEAD too, with a stream that nobody reads.
	s.app.Add(fiber.MethodGet, "/api/conversations/:id/events", s.conversationEvents)
	s.app.Add(fiber.MethodGet, "/api/desk/events", s.deskEvents)
}

// eventPage is how many events are read at once.
const eventPage = 100

func (s *Server) conversationEvents(c *fiber.Ctx) error {
	who, err := s.authenticate(c, customers)
	if err != nil {
		return err
	}
	id := c.Params("id")
	if _, err := s.Conversations.Own(c.UserContext(), who, id); err != nil {
		return err
	}
	var after int64
	if last := c.Get("Last-Event-ID", c.Query("last_event_id")); last != "" {
		if after, err = strconv.ParseInt(last, 10, 64); err != nil || after < 0 {
			return huma.Error400BadRequest("`Last-Event-ID` is not the id of an event of this stream, which is a whole number.")
		}
	}
	token := bearer(c)
	may := func(ctx context.Context) error {
		_, err := s.session(ctx, token, who.Kind)
		return err
	}
	return s.streams.open(c, who.Actor(), func(ctx context.Context, st *stream) {
		s.leaving.came(id)
		defer func() { s.leaving.went(id, st.left()) }()
		wake, stop := s.Conversations.Watch(id)
		defer stop()
		moments, ignore := s.Live.Watch(id)
		defer ignore()
		var read reading
		var at place
		next := func(ctx context.Context) error {
			c, err := within(ctx, func(ctx context.Context) (conversation.Conversation, error) { return s.Conversations.At(ctx, id) })
			if err != nil {
				return err
			}
			for c.LastSeq > after {
				events, err := within(ctx, func(ctx context.Context) ([]conversation.Event, error) {
					return s.Conversations.Events(ctx, id, after, eventPage)
				})
				if err != nil {
					return err
				}
				for _, e := range events {
					if err := s.sendEvent(ctx, st, who, id, e, &at); err != nil {
						return err
					}
					after = e.Seq
				}
				if len(events) < eventPage {
					break
				}
			}
			if err := read.send(st, c.Read); err != nil {
				return err
			}
			return s.tellPlace(ctx, st, &at, c)
		}
		s.serve(ctx, st, feed{
			wake: wake, may: may, next: next, resume: func(ctx context.Context) error { return s.sendState(ctx, st, id) },
			moments: moments, tell: func(ctx context.Context, m conversation.Moment) error { return s.tellCustomer(ctx, st, &read, m) },
		})
	})
}

// serve runs a stream. One that fails tells its reader to come back, not at once.
func (s *Server) serve(ctx context.Context, st *stream, f feed) {
	err := st.follow(ctx, f)
	if err == nil || ctx.Err() != nil || errors.Is(err, errGone) {
		return
	}
	p := s.problem(err)
	if p.GetStatus() < http.StatusInternalServerError {
		return // they may not read this any more, and learn why when they come back
	}
	_ = st.fail(p.Error()) // the reader may be gone by now
	_ = st.retire(comeBackLater)
}

type stateJSON struct {
	State         conversation.State  `json:"state"`
	Reason        conversation.Reason `json:"reason"`
	QueuePosition int                 `json:"queue_position,omitempty"`
	Wait          *waitJSON           `json:"wait,omitempty"`
	Assignee      *person             `json:"assignee,omitempty"`
}

// sendEvent renders a stored event for its customer.
func (s *Server) sendEvent(ctx context.Context, st *stream, who identity.Principal, id string, e conversation.Event, at *place) error {
	var data any = e.Data
	switch e.Type {
	case conversation.MessageEvent:
		var m conversation.Message
		if err := json.Unmarshal(e.Data, &m); err != nil {
			return err
		}
		data = toMessage(m)
	case conversation.AnswerEvent:
		var ref struct {
			ID string `json:"answer_id"`
		}
		if err := json.Unmarshal(e.Data, &ref); err != nil {
			return err
		}
		a, err := within(ctx, func(ctx context.Context) (answer.Answer, error) {
			return s.Answers.Answer(ctx, who.Customer, ref.ID)
		})
		if err != nil {
			return err
		}
		data = s.toCustomer(a)
	case conversation.StateEvent:
		var b struct {
			stateJSON
			Name string `json:"name"`
		}
		if err := json.Unmarshal(e.Data, &b); err != nil {
			return err
		}
		if b.Name != "" {
			b.Assignee = &person{Name: b.Name}
		} else if b.State == conversation.Open {
			t, err := within(ctx, func(ctx context.Context) (conversation.Ticket, error) { return s.Feed.TicketOf(ctx, id) })
			if err != nil {
				return err
			}
			b.QueuePosition, b.Wait = t.QueuePosition, s.wait(ctx, id, t.QueuePosition)
		}
		at.told(b.stateJSON)
		data = b.stateJSON
	case conversation.EditEvent:
		var ref struct {
			Message string `json:"message_id"`
		}
		if err := json.Unmarshal(e.Data, &ref); err != nil {
			return err
		}
		return s.sendEdit(ctx, st, id, e.Seq, ref.Message)
	case conversation.SentenceEvent, conversation.ResetEvent, conversation.ConsentEvent, conversation.ErrorEvent:
	}
	return st.send(e.Seq, string(e.Type), data)
}

// sendState tells the customer how their conversation stands. The event has no
// id, since it repeats what the stream has told.
func (s *Server) sendState(ctx context.Context, st *stream, id string) error {
	state, err := within(ctx, func(ctx context.Context) (stateJSON, error) {
		c, err := s.Conversations.At(ctx, id)
		if err != nil {
			return stateJSON{}, err
		}
		assignee, position, err := s.atDesk(ctx, c)
		return stateJSON{c.State, c.Reason, position, s.wait(ctx, id, position), assignee}, err
	})
	if err != nil {
		return err
	}
	return st.send(0, string(conversation.StateEvent), state)
}

// deskEvents tells the desk's page that something has changed; the page reads
// what, as its agent may see it.
func (s *Server) deskEvents(c *fiber.Ctx) error {
	who, err := s.authenticate(c, staffOnly)
	if err != nil {
		return err
	}
	if !who.Has(identity.RoleAgent, identity.RoleSupervisor) {
		return errRole
	}
	token, cookie := bearer(c), c.Cookies(staffCookie)
	may := func(ctx context.Context) error {
		m, _, err := s.staffBy(ctx, token, cookie)
		if err == nil && !m.Principal().Has(identity.RoleAgent, identity.RoleSupervisor) {
			err = errRole
		}
		return err
	}
	return s.streams.open(c, who.Actor(), func(ctx context.Context, st *stream) {
		wake, stop := s.Feed.WatchDesk()
		defer stop()
		moments, ignore := s.Live.Watch("")
		defer ignore()
		seen := ""
		var kept []agents.Reservation
		send := func() error { return st.send(0, "ticket", map[string]string{"version": seen}) }
		next := func(ctx context.Context) error {
			version, err := within(ctx, s.Feed.DeskVersion)
			if err != nil || version == seen {
				return err
			}
			seen = version
			if err := send(); err != nil {
				return err
			}
			return s.tellReservations(ctx, st, who, &kept)
		}
		s.serve(ctx, st, feed{
			wake: wake, may: may, next: next, resume: func(context.Context) error { return send() },
			moments: moments, tell: func(_ context.Context, m conversation.Moment) error { return tellDesk(st, who, m) },
		})
	})
}
