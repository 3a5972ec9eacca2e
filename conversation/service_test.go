package conversation_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/store"
	"candor/store/schematest"
)

const shop identity.SiteID = "shop"

type world struct {
	*testing.T
	store   *store.Store
	service *conversation.Service
	turns   *journal
	began   chan struct{} // receives as a turn begins
	hold    chan struct{} // a turn is answered when this is closed, or its context ends
	maya    identity.Principal
	omar    identity.Principal
	visitor identity.Principal
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := schematest.Open(t, t.TempDir())
	w := &world{T: t, store: s, turns: &journal{}, began: make(chan struct{}, 100), hold: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	w.service = conversation.NewService(ctx, s, respond(func(ctx context.Context, x conversation.Turn) {
		w.began <- struct{}{}
		select {
		case <-w.hold:
			w.turns.add("%s: %s (%s)", x.Who.Actor(), x.Question, x.Supersedes)
			w.end(x)
		case <-ctx.Done():
			w.turns.add("%s: cancelled", x.Who.Actor())
		}
	}), slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		cancel()
		w.service.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.must(s.AddSite(t.Context(), identity.Site{ID: shop, Name: "Shop", Secret: []byte("s")}, "key"))
	w.must(s.AddSite(t.Context(), identity.Site{ID: "other", Name: "Other", Secret: []byte("s")}, "key2"))
	customer := func(sub string) identity.Principal {
		id, err := s.Customer(t.Context(), shop, sub)
		w.must(err)
		return identity.Principal{Kind: identity.Customer, Site: shop, Customer: id}
	}
	w.maya, w.omar = customer("maya"), customer("omar")
	id, err := s.AddVisitor(t.Context(), shop)
	w.must(err)
	w.visitor = identity.Principal{Kind: identity.Visitor, Site: shop, Customer: id}
	return w
}

// end ends the answer of a turn, so that the next one may be written.
func (w *world) end(x conversation.Turn) {
	a := answer.Answer{ID: x.AnswerID, ConversationID: x.Conversation, Status: answer.Writing, Attempt: 1, Supersedes: x.Supersedes, Question: x.Question}
	err := w.store.Begin(context.Background(), a, "")
	if err == nil {
		a.Status = answer.Smalltalk
		err = w.store.Finish(context.Background(), consent.Stamp{Unavailable: true}, a, answer.Ending{})
	}
	if err != nil && !errors.Is(err, answer.ErrNotWriting) {
		w.Errorf("end an answer: %v", err)
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) start(who identity.Principal) conversation.Conversation {
	w.Helper()
	c, err := w.service.Start(w.Context(), who, "en", "You're chatting with an AI.")
	w.must(err)
	return c
}

func TestStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.start(w.maya)
	if c.State != conversation.Pending || c.Customer != w.maya.Customer || c.Visitor || c.LastSeq != 1 {
		t.Errorf("%+v", c)
	}
	_, m, err := w.service.Messages(t.Context(), w.maya, c.ID)
	if err != nil || len(m) != 1 || m[0].From != conversation.FromSystem || m[0].Seq != 1 || m[0].Text() != "You're chatting with an AI." {
		t.Errorf("%+v, %v", m, err)
	}
	if c := w.start(w.visitor); !c.Visitor {
		t.Error("a visitor's conversation is not marked")
	}
	got, ok, err := w.service.Resume(t.Context(), w.maya)
	if err != nil || !ok || got.ID != c.ID {
		t.Errorf("resumed %s, %t, %v", got.ID, ok, err)
	}
	if _, ok, err := w.service.Resume(t.Context(), w.omar); err != nil || ok {
		t.Errorf("another customer resumed a conversation (%v)", err)
	}
}

// TestOwnership: for anybody else a conversation does not exist.
func TestOwnership(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	close(w.hold)
	c := w.start(w.maya)
	said, err := w.service.Say(t.Context(), w.maya, c.ID, "Where is my order?", "en")
	w.must(err)
	w.service.Wait()
	before, err := w.store.Conversation(t.Context(), c.ID)
	w.must(err)

	elsewhere := w.maya
	elsewhere.Site = "other"
	nobody := identity.Principal{Kind: identity.Customer, Site: shop}
	for name, who := range map[string]identity.Principal{
		"another customer": w.omar, "a visitor": w.visitor, "the customer at another site": elsewhere,
		"a customer without an id": nobody, "the zero principal": {},
		"staff": {Kind: identity.Staff, Site: shop, Staff: "stf_1", Roles: []identity.Role{identity.RoleAdmin}},
	} {
		refused := func(call string, err error) {
			t.Helper()
			if !errors.Is(err, conversation.ErrNotFound) {
				t.Errorf("%s, %s: %v, want ErrNotFound", name, call, err)
			}
		}
		_, err := w.service.Own(t.Context(), who, c.ID)
		refused("Own", err)
		_, err = w.service.Say(t.Context(), who, c.ID, "hello", "en")
		refused("Say", err)
		_, err = w.service.Handoff(t.Context(), who, c.ID, "A person will come.")
		refused("Handoff", err)
		_, m, err := w.service.Messages(t.Context(), who, c.ID)
		refused("Messages", err)
		if len(m) > 0 {
			t.Errorf("%s read %d messages", name, len(m))
		}
		if who.Site == shop { // the answer is looked up by its customer
			id, err := w.service.Again(t.Context(), who, said.AnswerID)
			refused("Again", err)
			if id != "" {
				t.Errorf("%s made an answer", name)
			}
		}
	}
	if _, err := w.service.Own(t.Context(), w.maya, "cnv_unknown"); !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("an unknown conversation: %v", err)
	}
	after, err := w.store.Conversation(t.Context(), c.ID)
	if err != nil || after != before {
		t.Errorf("the conversation changed: %+v, %v", after, err)
	}
	if rows := w.turns.all(); len(rows) != 1 {
		t.Errorf("turns: %v", rows)
	}
}

func TestSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	close(w.hold)
	c := w.start(w.maya)
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"empty":                  {"", conversation.ErrEmptyMessage},
		"space":                  {" \n\t\u00a0", conversation.ErrEmptyMessage},
		"4001 code points":       {strings.Repeat("я", conversation.MaxMessage+1), conversation.ErrTooLong},
		"4000 code points":       {strings.Repeat("я", conversation.MaxMessage), nil},
		"4000 with space around": {"  " + strings.Repeat("x", conversation.MaxMessage) + "  ", nil},
	} {
		p, err := w.service.Say(t.Context(), w.maya, c.ID, tt.text, "en")
		if !errors.Is(err, tt.want) || (err == nil) != (p.AnswerID != "") {
			t.Errorf("%s: %+v, %v; want %v", name, p.AnswerID, err, tt.want)
		}
	}
	w.service.Wait()
	if n := len(w.turns.all()); n != 2 {
		t.Errorf("%d turns, want those of the two messages that were taken", n)
	}
}

// TestHandoffSilencesTheAssistant: the turn that is being answered is cancelled,
// later messages get no answer, until the agent gives the conversation back.
func TestHandoffSilencesTheAssistant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.start(w.maya)
	p, err := w.service.Say(t.Context(), w.maya, c.ID, "Where is my order?", "en")
	if err != nil || p.AnswerID == "" {
		t.Fatal(p, err)
	}
	<-w.began // a turn that has not begun would find that it may no longer be written
	ticket, err := w.service.Handoff(t.Context(), w.maya, c.ID, "A person will come.")
	if err != nil || ticket.ID == "" || ticket.QueuePosition != 1 {
		t.Fatal(ticket, err)
	}
	w.service.Wait() // the turn ends, though nothing lets it finish
	if rows := w.turns.all(); len(rows) != 1 || !strings.HasSuffix(rows[0], "cancelled") {
		t.Errorf("turns: %v", rows)
	}
	p, err = w.service.Say(t.Context(), w.maya, c.ID, "Hello?", "en")
	if err != nil || p.AnswerID != "" || p.Conversation.State != conversation.Open {
		t.Errorf("while a person has it: %+v, %v", p, err)
	}
	if id, err := w.service.Again(t.Context(), w.maya, w.answerOf(c.ID)); err != nil || id != "" {
		t.Errorf("an answer again, while a person has it: %q, %v", id, err)
	}
	again, err := w.service.Handoff(t.Context(), w.maya, c.ID, "A person will come.")
	if err != nil || again.ID != ticket.ID {
		t.Errorf("a second handoff: %+v, %v", again, err)
	}
	_, m, err := w.service.Messages(t.Context(), w.maya, c.ID)
	w.must(err)
	notices := 0
	for _, x := range m {
		if x.Text() == "A person will come." {
			notices++
		}
	}
	if notices != 1 {
		t.Errorf("the notice was sent %d times", notices)
	}
}

// answerOf is the id of the conversation's answer, from its events.
func (w *world) answerOf(conv string) string {
	w.Helper()
	events, err := w.service.Events(w.Context(), conv, 0, 100)
	w.must(err)
	for _, e := range events {
		if e.Type == conversation.AnswerEvent {
			_, id, _ := strings.Cut(string(e.Data), `:"`)
			return strings.TrimSuffix(id, `"}`)
		}
	}
	w.Fatal("there is no answer")
	return ""
}

func TestAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	close(w.hold)
	c := w.start(w.maya)
	p, err := w.service.Say(t.Context(), w.maya, c.ID, "Where is my order?", "en")
	w.must(err)
	w.service.Wait() // nothing here keeps the order of turns that run at once
	id, err := w.service.Again(t.Context(), w.maya, p.AnswerID)
	if err != nil || id == "" || id == p.AnswerID {
		t.Fatal(id, err)
	}
	w.service.Wait()
	who := w.maya.Actor()
	if rows, want := w.turns.all(), who+": Where is my order? ("+p.AnswerID+")"; len(rows) != 2 || rows[1] != want {
		t.Errorf("%v, want %q at the end", rows, want)
	}
	if _, err := w.service.Again(t.Context(), w.maya, "ans_unknown"); !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("an unknown answer: %v", err)
	}
}

func TestCategoriesOfAMessage(t *testing.T) {
	t.Parallel()
	m := conversation.Message{Segments: []conversation.Segment{
		{Text: "Your order is on its way.", Categories: []consent.Category{"orders"}},
		{Text: "It costs 10.", Categories: []consent.Category{"orders", "billing"}},
		{Text: "Anything else?"},
	}}
	if got := m.Categories(); len(got) != 2 || got[0] != "billing" || got[1] != "orders" {
		t.Errorf("%v", got)
	}
	if got := m.Text(); got != "Your order is on its way. It costs 10. Anything else?" {
		t.Errorf("%q", got)
	}
	if (conversation.Message{}).Categories() != nil || (conversation.Message{}).Text() != "" {
		t.Error("an empty message has something")
	}
}
