//go:build unix

package soak

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// articles is company knowledge, so that a question without a grant is answered
// too.
func articles() []byte {
	return lines(
		object{"id": "returns", "title": "Send something back", "text": "You can return an order within 30 days of delivery. Put it into its box and bring it to a shop of the carrier. The refund takes up to 5 working days."},
		object{"id": "tents", "title": "Clean a tent", "text": "Clean a tent with cold water and a soft sponge. Let it dry for a day before you pack it. Never wash a tent in a machine."},
		object{"id": "parcels", "title": "Follow a parcel", "text": "The parcel code of an order is sent by email when it leaves the warehouse. The carrier shows the first scan within 24 hours."},
	)
}

// orders is three orders of each customer, full of their canary.
func orders(canaries map[string]string) []byte {
	var all []object
	for customer, canary := range canaries {
		for i, what := range []string{"tent", "jacket", "lamp"} {
			number := fmt.Sprint(48000 + 10*len(all) + i)
			all = append(all, object{
				"customer": customer, "category": "orders", "title": "Order " + number + ": " + what,
				"text": fmt.Sprintf("Order %s of a %s was shipped with Northline. The parcel code of the order is %s. "+
					"Delivery of the parcel %s is expected on Friday. The order was paid with the voucher %s.", number, what, canary, canary, canary),
				"source": object{"system": "shop", "ref": number}, "collected_at": "2026-01-14T09:00:00Z",
			})
		}
	}
	return lines(all...)
}

type object = map[string]any

func lines(all ...object) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, o := range all {
		_ = enc.Encode(o) // strings only
	}
	return b.Bytes()
}

// newCanary makes a word that occurs nowhere else.
func newCanary() string { return "qz" + strings.ToLower(rand.Text()[:12]) }

// customer is somebody who chats, allows, and thinks better of it.
type customer struct {
	client
	conversation string
	granted      bool // orders, for answers
	shared       bool // orders, with people at the desk
	said         int
	streams      context.Context // ends the readers
	readers      *sync.WaitGroup
	here         *screen
	screens      map[string]*screen // by conversation
}

// screen is what the customer knows of the conversation they look at.
type screen struct {
	mu    sync.Mutex
	state string
	offer *offer
	ended map[string]chan struct{} // by answer
}

type offer struct {
	ID      string          `json:"id"`
	Changes []offeredChange `json:"changes"`
}

type offeredChange struct {
	Purpose   string `json:"purpose"`
	Category  string `json:"category"`
	Recipient string `json:"recipient"`
	Granted   bool   `json:"granted"`
}

// show takes over what a stream says.
func (s *screen) show(kind string, data []byte) {
	var e struct {
		ID    string `json:"id"`
		State string `json:"state"`
		Offer *offer `json:"offer"`
	}
	if json.Unmarshal(data, &e) != nil {
		return // the checks will say so
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind {
	case "state":
		s.state = e.State
	case "answer":
		s.offer = e.Offer
		close(s.end(e.ID)) // an answer ends once, and the reader never reads an event twice
	}
}

// end returns what is closed when an answer has ended. The lock is held.
func (s *screen) end(answer string) chan struct{} {
	if s.ended[answer] == nil {
		s.ended[answer] = make(chan struct{})
	}
	return s.ended[answer]
}

// await returns what is closed when an answer has ended.
func (s *screen) await(answer string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(answer)
}

func (s *screen) is(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == state
}

// offered returns the latest offer, once.
func (s *screen) offered() *offer {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.offer
	s.offer = nil
	return o
}

// identity signs the customer in, as the site's backend does.
func (c *customer) identity() string {
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": c.name, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": rand.Text(),
	}).SignedString(c.cluster.secret)
	if err != nil {
		panic(err) // the secret is bytes
	}
	return token
}

// session starts a session, and reads the conversation that it is about.
func (c *customer) session(ctx context.Context) error {
	var out struct{ Token, Conversation string }
	for deadline := c.now() + outage; ; {
		// The token is for one attempt: a second use of it is refused.
		body, err := json.Marshal(object{"site": site, "identity": c.identity()})
		if err != nil {
			return err
		}
		status, b, err := c.attempt(ctx, c.urls[c.rng.IntN(len(c.urls))], request{method: http.MethodPost, path: "/api/session", body: object{}}, body)
		if err == nil && status == http.StatusOK {
			if err := json.Unmarshal(b, &out); err != nil {
				return err
			}
			break
		}
		if err == nil && status < 500 {
			c.surprise("%s: a session: %d %s", c.name, status, b)
		}
		if c.now() > deadline {
			c.surprise("%s: nobody started a session", c.name)
			return errOutage
		}
		if !pause(ctx, 100*time.Millisecond) {
			return ctx.Err()
		}
	}
	c.token = out.Token
	c.open(out.Conversation)
	return nil
}

// another starts a conversation beside those that there are.
func (c *customer) another(ctx context.Context) error {
	r, err := c.do(ctx, request{method: http.MethodPost, path: "/api/conversations", key: rand.Text()})
	var out struct{ ID string }
	if err == nil {
		err = json.Unmarshal(r.body, &out)
	}
	if err == nil {
		c.open(out.ID)
	}
	return err
}

// open shows a conversation, on two pages that follow it to the end.
func (c *customer) open(conversation string) {
	c.conversation = conversation
	if c.here = c.screens[conversation]; c.here != nil {
		return
	}
	c.here = &screen{state: "pending", ended: make(map[string]chan struct{})}
	c.screens[conversation] = c.here
	c.add(func(h *history) { h.Owners[conversation] = c.name })
	for i := range 2 {
		r := &reader{
			client: client{run: c.run, rng: c.source(), name: fmt.Sprintf("%s's page %d", c.name, i+1), token: c.token},
			owner:  c.name, conversation: c.conversation, restless: i == 1,
		}
		if i == 0 {
			r.screen = c.here
		}
		c.readers.Go(func() { r.follow(c.streams) })
	}
}

// mostConversations is how many one customer has at most: a replica lets nobody
// read in too many places at once.
const mostConversations = 8

// live is what the customer does until load ends.
func (c *customer) live(ctx context.Context) error {
	if err := c.session(ctx); err != nil {
		return err
	}
	for !c.resting() {
		if !pause(ctx, c.between(20*time.Millisecond, 250*time.Millisecond)) {
			return ctx.Err()
		}
		var err error
		switch n := c.rng.IntN(100); {
		case c.here.is("open") && n < 70:
			err = c.say(ctx, "Are you still there?")
		case n < 45:
			err = c.ask(ctx)
		case n < 60:
			err = c.choose(ctx, "answers", !c.granted)
		case n < 70:
			err = c.choose(ctx, "agent_assist", !c.shared)
		case n < 78:
			err = c.accept(ctx)
		case n < 85:
			err = c.handoff(ctx)
		case n < 93 && len(c.screens) < mostConversations:
			err = c.session(ctx)
		case n < 94 && len(c.screens) < mostConversations:
			err = c.another(ctx)
		default:
			err = c.ask(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// questions are mostly about orders.
var questions = []string{
	"What is the parcel code of my order?", "Where is my order, and what is its parcel code?",
	"Which voucher was my order paid with?", "When is the delivery of my parcel expected?", "How do I clean a tent?",
	"Can I return my order?", "Was my order shipped?", "I want to talk to a human",
}

// ask asks, and may do something else before the answer is there.
func (c *customer) ask(ctx context.Context) error {
	question := questions[c.rng.IntN(len(questions))]
	switch n := c.rng.IntN(100); {
	case n < 35 && c.granted:
		// Withdrawn while the answer is being written.
		var after error
		var both sync.WaitGroup
		wait, choosing := c.between(0, 20*time.Millisecond), *c
		choosing.rng = c.source()
		both.Go(func() {
			if pause(ctx, wait) {
				after = choosing.choose(ctx, "answers", false)
			}
		})
		err := c.say(ctx, question)
		both.Wait()
		c.granted = choosing.granted
		if err == nil {
			err = after
		}
		return err
	case n < 50: // two at once
		if err := c.say(ctx, question); err != nil {
			return err
		}
		return c.say(ctx, questions[c.rng.IntN(len(questions))])
	case n < 53: // a person, while the answer is being written
		if err := c.say(ctx, question); err != nil {
			return err
		}
		return c.handoff(ctx)
	}
	return c.say(ctx, question)
}

// say sends a message, and mostly waits for its answer.
func (c *customer) say(ctx context.Context, text string) error {
	c.said++
	s := said{Customer: c.name, Conversation: c.conversation, Text: note(text, c.said)}
	// It is known before anybody can read it.
	r, err := c.do(ctx, request{
		method: http.MethodPost, path: "/api/conversations/" + c.conversation + "/messages", body: object{"text": s.Text},
		key: rand.Text(), patience: impatience,
	})
	s.span = r.span
	var out struct {
		MessageID string `json:"message_id"`
		AnswerID  string `json:"answer_id"`
	}
	if err == nil {
		err = json.Unmarshal(r.body, &out)
	}
	s.Acked, s.Message, s.Answer = err == nil, out.MessageID, out.AnswerID
	c.add(func(h *history) { h.Said = append(h.Said, s) })
	if err != nil || out.AnswerID == "" || c.chance(40) {
		return err
	}
	select {
	case <-c.here.await(out.AnswerID):
	case <-time.After(2 * time.Second): // not everybody is that patient
	case <-ctx.Done():
	}
	return nil
}

var recipients = map[string]string{"answers": "brand_ai", "agent_assist": "human_agents"}

// choose lets orders be used for a purpose, or not any more.
func (c *customer) choose(ctx context.Context, purpose string, granted bool) error {
	_, err := c.change(ctx, purpose, granted, object{"changes": []object{
		{"purpose": purpose, "category": "orders", "recipient": recipients[purpose], "granted": granted},
	}})
	return err
}

// accept says yes to what an answer asked for, which answers again.
func (c *customer) accept(ctx context.Context) error {
	o := c.here.offered()
	if o == nil || len(o.Changes) != 1 || o.Changes[0].Purpose != "answers" {
		return c.ask(ctx)
	}
	_, err := c.change(ctx, "answers", true, object{"changes": o.Changes, "offer_id": o.ID})
	return err
}

func (c *customer) change(ctx context.Context, purpose string, granted bool, body object) (reply, error) {
	r, err := c.do(ctx, request{method: http.MethodPut, path: "/api/me/consents", body: body})
	var out struct {
		Epoch    int64
		AnswerID string `json:"answer_id"`
		Choices  []struct{ Purpose, Category, Recipient, State string }
	}
	if err == nil {
		err = json.Unmarshal(r.body, &out)
	}
	know := reading{span: r.span, Customer: c.name, Epoch: out.Epoch}
	for _, x := range out.Choices {
		if x.Purpose == "answers" && x.Category == "orders" && x.Recipient == recipients["answers"] {
			know.Allowed = x.State == "given" || x.State == "renewed"
		}
	}
	if purpose == "answers" {
		c.granted = granted
	} else {
		c.shared = granted
	}
	c.add(func(h *history) {
		h.Choices = append(h.Choices, choice{
			span: r.span, Customer: c.name, Purpose: purpose, Granted: granted, Acked: err == nil, Answer: out.AnswerID,
		})
		if err == nil {
			h.Readings = append(h.Readings, know)
		}
	})
	if err == nil && purpose == "answers" && know.Allowed != granted {
		c.surprise("%s: orders were to be granted: %t; acknowledged as %t", c.name, granted, know.Allowed)
	}
	return r, err
}

// handoff asks for a person, and may share orders with them.
func (c *customer) handoff(ctx context.Context) error {
	body := object{}
	share := c.chance(30)
	if share {
		body["share"] = []string{"orders"}
	}
	r, err := c.do(ctx, request{
		method: http.MethodPost, path: "/api/conversations/" + c.conversation + "/handoff", body: body, key: rand.Text(),
	})
	var out struct {
		TicketID string `json:"ticket_id"`
	}
	if err == nil {
		err = json.Unmarshal(r.body, &out)
	}
	c.shared = c.shared || share
	c.add(func(h *history) {
		h.Handoffs = append(h.Handoffs, handoff{r.span, c.name, c.conversation, out.TicketID, err == nil})
		if share {
			h.Choices = append(h.Choices, choice{span: r.span, Customer: c.name, Purpose: "agent_assist", Granted: true, Acked: err == nil})
		}
	})
	return err
}
