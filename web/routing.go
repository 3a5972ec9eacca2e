package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// Routing is who serves what at the desk, and what is kept for them.
//
// Heard notes that somebody says that they are there, and returns how they are. Pass and
// Assign are those of agents.Service.
type Routing interface {
	Agent(ctx context.Context, staff identity.StaffID) (agents.Agent, error)
	Agents(ctx context.Context) ([]agents.Agent, error)
	Queues(ctx context.Context) ([]agents.Queue, error)
	Reservations(ctx context.Context, staff identity.StaffID) ([]agents.Reservation, error)
	Heard(ctx context.Context, staff identity.StaffID, says agents.Status) (agents.Status, error)
	Pass(ctx context.Context, who identity.Principal, conversation string) error
	Assign(ctx context.Context, who identity.Principal, conversation string, staff identity.StaffID) error
	agents.Roster
}

// Waits tells how long it takes until somebody takes a conversation; one that does not
// wait is conversation.ErrNotFound.
type Waits interface {
	Of(ctx context.Context, conversation string) (agents.Wait, error)
}

type waitJSON struct {
	Minutes int        `json:"minutes,omitempty" doc:"About how long it still takes; absent where that cannot be told honestly"`
	OpensAt *time.Time `json:"opens_at,omitempty" doc:"When somebody is there again, out of hours"`
	Agents  int        `json:"agents" doc:"How many people who can help are there now"`
}

func (w *waitJSON) same(o *waitJSON) bool {
	if w == nil || o == nil {
		return w == o
	}
	return w.Minutes == o.Minutes && (w.Agents == 0) == (o.Agents == 0) && (w.OpensAt == nil) == (o.OpensAt == nil) && (w.OpensAt == nil || w.OpensAt.Equal(*o.OpensAt))
}

// wait returns how long it takes to who has a place in the queue. Nothing fails because
// it cannot be told.
func (s *Server) wait(ctx context.Context, id string, position int) *waitJSON {
	if position == 0 {
		return nil
	}
	w, err := s.Waits.Of(ctx, id)
	if err != nil {
		if !errors.Is(err, conversation.ErrNotFound) && !away(err) && ctx.Err() == nil {
			s.Logger.Warn("a waiting time cannot be told", "conversation", id, "error", err)
		}
		return nil
	}
	return &waitJSON{w.Minutes, optional(w.OpensAt), w.Agents}
}

// placeInterval is how often who waits is told that their place has changed, at most.
const placeInterval = 5 * time.Second

// place is what a stream has told of its conversation's place in the queue.
type place struct {
	position int
	wait     *waitJSON
	looked   time.Time
}

// told notes what an event of the stream has said.
func (p *place) told(b stateJSON) { *p = place{b.QueuePosition, b.Wait, time.Now()} }

// tellPlace tells the customer of a conversation that waits that its place has changed.
func (s *Server) tellPlace(ctx context.Context, st *stream, p *place, c conversation.Conversation) error {
	if c.State != conversation.Open || c.Assignee != "" || time.Since(p.looked) < placeInterval {
		return nil
	}
	t, err := within(ctx, func(ctx context.Context) (conversation.Ticket, error) { return s.Feed.TicketOf(ctx, c.ID) })
	if err != nil {
		return err
	}
	now := stateJSON{State: c.State, Reason: c.Reason, QueuePosition: t.QueuePosition, Wait: s.wait(ctx, c.ID, t.QueuePosition)}
	changed := now.QueuePosition != 0 && (now.QueuePosition != p.position || !now.Wait.same(p.wait))
	p.told(now)
	if !changed {
		return nil
	}
	return st.send(0, string(conversation.StateEvent), now)
}

type reservationJSON struct {
	ConversationID string    `json:"conversation_id"`
	Until          time.Time `json:"until"`
}

// tellReservations tells an agent what is kept for them since the stream told last.
func (s *Server) tellReservations(ctx context.Context, st *stream, who identity.Principal, told *[]agents.Reservation) error {
	now, err := within(ctx, func(ctx context.Context) ([]agents.Reservation, error) { return s.Routing.Reservations(ctx, who.Staff) })
	if err != nil {
		return err
	}
	for _, r := range now {
		known := false
		for _, t := range *told {
			known = known || t.Ticket == r.Ticket && t.Until.Equal(r.Until)
		}
		if known {
			continue
		}
		if err := st.send(0, "reservation", reservationJSON{r.Conversation, r.Until}); err != nil {
			return err
		}
	}
	*told = now
	return nil
}

type deskMeOutput struct {
	Body struct {
		Seat         seatJSON          `json:"seat"`
		Status       agents.Status     `json:"status" enum:"online,busy,away," doc:"Empty: not there"`
		Load         int               `json:"load" doc:"Conversations that I have, or that are reserved for me"`
		Reservations []reservationJSON `json:"reservations"`
	}
}

type queueName struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

type colleague struct {
	ID       identity.StaffID `json:"id"`
	Name     string           `json:"name"`
	Status   agents.Status    `json:"status" enum:"online,busy,away," doc:"Empty: not there"`
	Load     int              `json:"load"`
	Capacity int              `json:"capacity"`
}

type colleaguesOutput struct {
	Body struct {
		Queues []queueName `json:"queues"`
		Staff  []colleague `json:"staff"`
	}
}

type assignToInput struct {
	ID   string `path:"id"`
	Body struct {
		Staff identity.StaffID `json:"staff" minLength:"1" doc:"The id of who is to have it"`
	}
}

func (s *Server) routingRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "deskMe", Method: http.MethodGet, Path: "/api/desk/me", Summary: "What I serve, have, and am offered",
	}, s.deskMe)
	register(s, staffOnly, huma.Operation{
		OperationID: "deskColleagues", Method: http.MethodGet, Path: "/api/desk/colleagues", Summary: "Where a conversation can be transferred to",
	}, s.colleagues)
	register(s, staffOnly, huma.Operation{
		OperationID: "pass", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/pass",
		Summary: "Let a conversation that is reserved for me go to somebody else",
	}, func(ctx context.Context, who identity.Principal, in *conversationID) (*deskDone, error) {
		return s.done(ctx, in.ID, s.Routing.Pass(ctx, who, in.ID))
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "deskAssign", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/assign",
		Summary: "Give a conversation to somebody; supervisors may",
	}, func(ctx context.Context, who identity.Principal, in *assignToInput) (*deskDone, error) {
		return s.done(ctx, in.ID, s.Routing.Assign(ctx, who, in.ID, in.Body.Staff))
	})
}

func (s *Server) deskMe(ctx context.Context, who identity.Principal, _ *struct{}) (*deskMeOutput, error) {
	if !who.Has(identity.RoleAgent, identity.RoleSupervisor) {
		return nil, agents.ErrForbidden
	}
	a, err := s.Routing.Agent(ctx, who.Staff)
	if err != nil {
		return nil, err
	}
	kept, err := s.Routing.Reservations(ctx, who.Staff)
	if err != nil {
		return nil, err
	}
	out := &deskMeOutput{}
	b := &out.Body
	b.Seat = seatJSON{append([]string{}, a.Queues...), append([]string{}, a.Skills...), append([]string{}, a.Languages...), a.Capacity}
	b.Status, b.Load = a.Status(s.Routing.Attendance().Status(who.Staff, time.Now())), a.Load
	b.Reservations = []reservationJSON{}
	for _, r := range kept {
		b.Reservations = append(b.Reservations, reservationJSON{r.Conversation, r.Until})
	}
	return out, nil
}

// colleagues are those of one's own desk.
//
// SECURITY: a desk of somebody else's sees its own people and queues.
func (s *Server) colleagues(ctx context.Context, who identity.Principal, _ *struct{}) (*colleaguesOutput, error) {
	if !who.Has(identity.RoleAgent, identity.RoleSupervisor) {
		return nil, agents.ErrForbidden
	}
	staff, err := s.Routing.Agents(ctx)
	if err != nil {
		return nil, err
	}
	queues, err := s.Routing.Queues(ctx)
	if err != nil {
		return nil, err
	}
	self, err := s.Routing.Agent(ctx, who.Staff)
	if err != nil {
		return nil, err
	}
	out := &colleaguesOutput{}
	out.Body.Queues, out.Body.Staff = []queueName{}, []colleague{}
	for _, q := range queues {
		if who.Recipient == "" || self.Serves(agents.Queued{Queue: q.Name}) {
			out.Body.Queues = append(out.Body.Queues, queueName{q.Name, q.Title})
		}
	}
	there, now := s.Routing.Attendance(), time.Now()
	for _, a := range staff {
		if a.Recipient == who.Recipient && a.Staff != who.Staff {
			out.Body.Staff = append(out.Body.Staff, colleague{a.Staff, a.Name, a.Status(there.Status(a.Staff, now)), a.Load, a.Capacity})
		}
	}
	return out, nil
}

// setPresence says whether somebody is there. That it was said is noted first: who
// cannot be heard of over NATS is there all the same, and keeps what they have.
func (s *Server) setPresence(ctx context.Context, who identity.Principal, in *presenceInput) (*struct{}, error) {
	if !who.Has(identity.RoleAgent, identity.RoleSupervisor) {
		return nil, agents.ErrForbidden
	}
	status, err := s.Routing.Heard(ctx, who.Staff, in.Body.Status)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, presenceTimeout)
	defer cancel()
	if err := s.Presence.SetPresence(ctx, who.Staff, status); err != nil {
		s.outage(partMessages, err)
		return nil, passing(http.StatusServiceUnavailable, partMessages, "Presence can't be updated right now. Everything else works.", 5*time.Second)
	}
	return nil, nil
}

// presenceTimeout is how long presence may take. It is of the moment, and not
// worth waiting for.
const presenceTimeout = 3 * time.Second
