package web

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/gofiber/fiber/v2"

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
			return fiber.NewError(fiber.StatusBadRequest, "Last-Event-ID is not a number")
		}
	}
	token := bearer(c)
	may := func(ctx context.Context) error {
		_, err := s.session(ctx, token, who.Kind)
		return err
	}
	return s.streams.open(c, who.Actor(), func(ctx context.Context, st *stream) {
		wake, stop := s.Conversations.Watch(id)
		defer stop()
		st.follow(ctx, wake, may, func() error {
			for {
				events, err := s.Conversations.Events(ctx, id, after, eventPage)
				if err != nil {
					return s.streamError(st, err)
				}
				for _, e := range events {
					if err := s.sendEvent(ctx, st, who, id, e); err != nil {
						return err
					}
					after = e.Seq
				}
				if len(events) < eventPage {
					return nil
				}
			}
		})
	})
}

// streamError tells the reader that nothing can be read now, and ends the
// stream; the reader comes back.
func (s *Server) streamError(st *stream, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	s.Logger.Error("a stream cannot be read", "error", err)
	return errors.Join(err, st.send(0, string(conversation.ErrorEvent), map[string]string{"detail": internalDetail}))
}

type stateJSON struct {
	State         conversation.State  `json:"state"`
	Reason        conversation.Reason `json:"reason"`
	QueuePosition int                 `json:"queue_position,omitempty"`
	Assignee      *person             `json:"assignee,omitempty"`
}

// sendEvent renders a stored event for its customer.
func (s *Server) sendEvent(ctx context.Context, st *stream, who identity.Principal, id string, e conversation.Event) error {
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
		a, err := s.Answers.Answer(ctx, who.Customer, ref.ID)
		if err != nil {
			return s.streamError(st, err)
		}
		data = a
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
			t, err := s.Feed.TicketOf(ctx, id)
			if err != nil {
				return s.streamError(st, err)
			}
			b.QueuePosition = t.QueuePosition
		}
		data = b.stateJSON
	case conversation.SentenceEvent, conversation.ResetEvent, conversation.ConsentEvent, conversation.ErrorEvent:
	}
	return st.send(e.Seq, string(e.Type), data)
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
		if err == nil && !principalOf(m).Has(identity.RoleAgent, identity.RoleSupervisor) {
			err = errRole
		}
		return err
	}
	return s.streams.open(c, who.Actor(), func(ctx context.Context, st *stream) {
		wake, stop := s.Feed.WatchDesk()
		defer stop()
		seen := ""
		st.follow(ctx, wake, may, func() error {
			version, err := s.Feed.DeskVersion(ctx)
			if err != nil {
				return s.streamError(st, err)
			}
			if version == seen {
				return nil
			}
			seen = version
			return st.send(0, "ticket", map[string]string{"version": version})
		})
	})
}
