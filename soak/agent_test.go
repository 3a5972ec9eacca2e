//go:build unix

package soak

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"

	"candor/agents"
	"candor/agents/natsdesk"
	"candor/conversation"
	"candor/identity"
)

const admin = "admin@shop.example"

// agentAddresses are who works at the desk. Their names are what comes before
// the @.
var agentAddresses = []string{"ines@shop.example", "jonas@shop.example", "kemal@shop.example"}

// agent is somebody who works at the desk: over HTTP, and over NATS where that
// changes nothing for the checks.
type agent struct {
	client
	desk *natsdesk.Client
	said int
}

// newDesk returns the desk over NATS.
func newDesk(conn *nats.Conn, token string) *natsdesk.Client {
	return natsdesk.NewClient(conn, "support", token)
}

// ticket is what an agent reads of one.
type ticket struct {
	ID             string `json:"id"`
	ConversationID string `json:"conversation_id"`
	State          string `json:"state"`
	Mine           bool   `json:"mine"`
}

// work serves customers until the desk is closed, and then until nobody waits.
func (a *agent) work(ctx context.Context) error {
	for {
		closing := a.closing()
		tickets, err := a.queue(ctx)
		if err != nil {
			return err
		}
		if closing && len(tickets) == 0 {
			return nil
		}
		for _, t := range tickets {
			// All of them go for who has waited longest.
			if t.State == "waiting" || t.Mine {
				if err := a.serve(ctx, t, closing); err != nil {
					return err
				}
				break
			}
		}
		if len(tickets) > 0 && a.chance(30) {
			// A look at what another has, or has given back since.
			if err := a.view(ctx, tickets[a.rng.IntN(len(tickets))].ConversationID); err != nil {
				return err
			}
		}
		if !pause(ctx, a.between(20*time.Millisecond, 120*time.Millisecond)) {
			return ctx.Err()
		}
	}
}

// serve takes a conversation, talks, and gives it up again.
func (a *agent) serve(ctx context.Context, t ticket, closing bool) error {
	id := t.ConversationID
	got, err := a.act(ctx, "claim", id)
	if err != nil || !got {
		return err
	}
	if err := a.view(ctx, id); err != nil {
		return err
	}
	for range a.rng.IntN(3) {
		if err := a.reply(ctx, id); err != nil {
			return err
		}
		pause(ctx, a.between(20*time.Millisecond, 200*time.Millisecond))
		if err := a.view(ctx, id); err != nil {
			return err
		}
	}
	verb := "resolve"
	switch n := a.rng.IntN(100); {
	case closing:
	case n < 50:
		verb = "return"
	case n < 65:
		verb = "release"
	}
	if _, err := a.act(ctx, verb, id); err != nil {
		return err
	}
	if verb == "return" && a.chance(20) {
		// Something forgotten: this takes the conversation from the assistant.
		if err := a.reply(ctx, id); err != nil {
			return err
		}
		_, err := a.act(ctx, "return", id)
		return err
	}
	return nil
}

// queue reads who waits and who is served.
func (a *agent) queue(ctx context.Context) ([]ticket, error) {
	l := look{Agent: a.name}
	var out []ticket
	if a.chance(30) {
		found, at, err := overNATS(ctx, a, func(ctx context.Context) ([]agents.Ticket, error) {
			return a.desk.Queue(ctx, identity.Principal{}, "")
		})
		if err != nil {
			return nil, err
		}
		l.span = at
		for _, t := range found {
			out = append(out, ticket{t.ID, t.Conversation, string(t.State), t.AssigneeName == a.name})
			l.Body += t.Summary + "\n"
		}
	} else {
		r, err := a.do(ctx, request{method: http.MethodGet, path: "/api/desk/queue", patience: impatience})
		if err != nil {
			return nil, err
		}
		var body struct{ Tickets []ticket }
		if err := json.Unmarshal(r.body, &body); err != nil {
			return nil, err
		}
		out, l.span, l.Body = body.Tickets, r.span, string(r.body)
	}
	for _, t := range out {
		l.Tickets = append(l.Tickets, t.ID)
	}
	a.add(func(h *history) { h.Looks = append(h.Looks, l) })
	return out, nil
}

// view reads a conversation as its customer lets people see it.
func (a *agent) view(ctx context.Context, id string) error {
	l := look{Agent: a.name, Conversation: id}
	if a.chance(30) {
		v, at, err := overNATS(ctx, a, func(ctx context.Context) (agents.View, error) {
			return a.desk.Get(ctx, identity.Principal{}, id)
		})
		if err != nil {
			return err
		}
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		l.span, l.Body = at, string(b)
	} else {
		r, err := a.do(ctx, request{method: http.MethodGet, path: "/api/desk/conversations/" + id, patience: impatience, expect: []int{http.StatusConflict}})
		if err != nil {
			return err
		}
		l.span, l.Body = r.span, string(r.body)
	}
	a.add(func(h *history) { h.Looks = append(h.Looks, l) })
	return nil
}

// reply writes to the customer, and reports nothing: what has been taken from the
// agent meanwhile is refused.
func (a *agent) reply(ctx context.Context, id string) error {
	a.said++
	x := act{Agent: a.name, Conversation: id, Verb: "reply", Text: note("I am looking into it, says "+a.name+".", a.said), Once: true}
	r, err := a.do(ctx, request{
		method: http.MethodPost, path: "/api/desk/conversations/" + id + "/messages", body: object{"text": x.Text},
		key: rand.Text(), expect: []int{http.StatusConflict},
	})
	x.span, x.OK = r.span, err == nil && r.status == http.StatusOK
	a.add(func(h *history) { h.Acts = append(h.Acts, x) })
	return err
}

// act claims, releases, resolves or returns a conversation, and reports whether
// it is the agent who did.
func (a *agent) act(ctx context.Context, verb, id string) (bool, error) {
	x := act{Agent: a.name, Conversation: id, Verb: verb}
	var err error
	if a.chance(30) {
		do := map[string]func(context.Context, identity.Principal, string) error{
			"claim": a.desk.Claim, "release": a.desk.Release, "resolve": a.desk.Resolve, "return": a.desk.Return,
		}[verb]
		x.OK, x.span, err = overNATS(ctx, a, func(ctx context.Context) (bool, error) {
			err := do(ctx, identity.Principal{}, id)
			for _, refused := range []error{agents.ErrOwned, agents.ErrNotOwner, conversation.ErrIllegalTransition} {
				if errors.Is(err, refused) {
					return false, nil
				}
			}
			return err == nil, err
		})
	} else {
		var r reply
		r, err = a.do(ctx, request{method: http.MethodPost, path: "/api/desk/conversations/" + id + "/" + verb, expect: []int{http.StatusConflict}})
		x.span, x.OK = r.span, r.status == http.StatusOK
	}
	a.add(func(h *history) { h.Acts = append(h.Acts, x) })
	return x.OK, err
}

// overNATS asks until the desk answers. A request that was given up may still be
// served, by a replica that was paused, so that its repetition has no end.
func overNATS[T any](ctx context.Context, a *agent, ask func(context.Context) (T, error)) (T, span, error) {
	at := span{Sent: a.now(), Done: forever}
	for again := false; ; again = true {
		out, err := ask(ctx)
		switch {
		case err == nil && again:
			return out, at, nil
		case err == nil:
			at.Done = a.now()
			return out, at, nil
		case ctx.Err() != nil:
			return out, at, ctx.Err()
		case a.now()-at.Sent > outage:
			a.surprise("%s: over NATS: nobody served it for %s: %v", a.name, outage, err)
			return out, at, errOutage
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// listen records what is published, as it comes.
func (r *run) listen(ctx context.Context) error {
	sub, err := r.cluster.conn.Subscribe("candor.>", func(m *nats.Msg) {
		if bytes.HasPrefix([]byte(m.Subject), []byte("candor.desk.")) {
			return // what agents ask, which is theirs
		}
		h := hear(m.Subject, m.Header, m.Data)
		h.At = r.now()
		r.add(func(all *history) { all.Heard = append(all.Heard, h) })
	})
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		_ = sub.Unsubscribe() // the connection is closed soon
	}()
	return nil
}

// hear reads a message of NATS.
func hear(subject string, header nats.Header, data []byte) heard {
	var body struct {
		Data struct {
			MessageID string `json:"message_id"`
			TicketID  string `json:"ticket_id"`
		}
	}
	_ = json.Unmarshal(data, &body) // what does not read tells of no message
	return heard{
		ID: header.Get(nats.MsgIdHdr), Subject: subject, Body: string(data),
		Message: body.Data.MessageID, Ticket: body.Data.TicketID,
	}
}
