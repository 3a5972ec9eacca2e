package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// TestOneSequence: whatever happens at once, the conversation's events are
// numbered from 1 without a gap, and every one is there.
func TestOneSequence(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	conv, other := f.talk(f.maya), f.talk(f.omar)
	var posted atomic.Int64
	var group sync.WaitGroup
	for i := range 24 {
		group.Go(func() {
			switch i % 4 {
			case 0:
				f.choose(f.maya, i%8 == 0, "orders")
			case 1:
				if _, err := f.Post(t.Context(), other, message(conversation.FromCustomer, "elsewhere"), "en"); err != nil {
					t.Error(err)
				}
			default:
				if _, err := f.Post(t.Context(), conv, message(conversation.FromCustomer, fmt.Sprint(i)), "en"); err != nil {
					t.Error(err)
				}
				posted.Add(1)
			}
			// What fails leaves no gap.
			refused := message(conversation.FromCustomer, "x")
			if _, err := f.Post(cancelled(t), conv, refused, "en"); err == nil {
				t.Error("a cancelled message was posted")
			}
		})
	}
	group.Wait()
	events, err := f.Events(t.Context(), conv, 0, 1000)
	f.must(err)
	messages := 0
	for i, e := range events {
		if e.Seq != int64(i+1) {
			t.Fatalf("event %d has number %d", i+1, e.Seq)
		}
		if e.Type == conversation.MessageEvent {
			messages++
		}
	}
	c, err := f.Conversation(t.Context(), conv)
	if err != nil || c.LastSeq != int64(len(events)) || int64(messages) != posted.Load()+1 {
		t.Errorf("%d events, last %d, %d messages of %d; %v", len(events), c.LastSeq, messages, posted.Load()+1, err)
	}
	tail, err := f.Events(t.Context(), conv, 3, 2)
	if err != nil || len(tail) != 2 || tail[0].Seq != 4 || tail[1].Seq != 5 {
		t.Errorf("after 3, two: %+v, %v", tail, err)
	}
}

func TestHandoffIsIdempotent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	conv := f.talk(f.maya)
	var mu sync.Mutex
	ids := map[string]int{}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			ticket, err := f.Handoff(t.Context(), conv, conversation.CustomerRequest, message(conversation.FromSystem, "A person will come."))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[fmt.Sprint(ticket)]++
		})
	}
	group.Wait()
	if len(ids) != 1 {
		t.Errorf("several tickets: %v", ids)
	}
	if n := f.count("SELECT COUNT(*) FROM tickets"); n != 1 {
		t.Errorf("%d tickets", n)
	}
	m, err := f.Messages(t.Context(), conv)
	if err != nil || len(m) != 2 {
		t.Errorf("%d messages, %v: want one notice", len(m), err)
	}
	tickets, err := f.Tickets(t.Context(), "")
	if err != nil || len(tickets) != 1 || tickets[0].State != agents.Waiting || tickets[0].Reason != conversation.CustomerRequest {
		t.Errorf("%+v, %v", tickets, err)
	}
	// After it was resolved, a new wish is a new ticket.
	stf := f.staff("stf_1")
	f.must(f.Act(t.Context(), stf, conv, agents.Action{Trigger: conversation.AgentClaims}))
	f.must(f.Act(t.Context(), stf, conv, agents.Action{Trigger: conversation.AgentResolves, Reason: conversation.SolvedByAgent}))
	if got, err := f.Tickets(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("a resolved one waits: %+v, %v", got, err)
	}
	next, err := f.Handoff(t.Context(), conv, conversation.CustomerRequest, message(conversation.FromSystem, "A person will come."))
	if err != nil || next.ID == tickets[0].ID || next.QueuePosition != 1 {
		t.Errorf("%+v, %v", next, err)
	}
}

func TestOneAgentClaims(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	conv := f.talk(f.maya)
	_, err := f.Handoff(t.Context(), conv, conversation.CustomerRequest, message(conversation.FromSystem, "wait"))
	f.must(err)
	const n = 32
	var staff []identity.StaffID
	for i := range n {
		staff = append(staff, f.staff(identity.StaffID(fmt.Sprintf("stf_%d", i))))
	}
	var won atomic.Int64
	var winner atomic.Value
	var group sync.WaitGroup
	for _, id := range staff {
		group.Go(func() {
			joined := message(conversation.FromSystem, "joined")
			switch err := f.Act(t.Context(), id, conv, agents.Action{Trigger: conversation.AgentClaims, Joined: &joined}); {
			case err == nil:
				won.Add(1)
				winner.Store(id)
			case !errors.Is(err, agents.ErrOwned):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Fatalf("%d agents won", won.Load())
	}
	c, err := f.Conversation(t.Context(), conv)
	if err != nil || c.Assignee != winner.Load() {
		t.Errorf("it is %s's, %v", c.Assignee, err)
	}
	m, err := f.Messages(t.Context(), conv)
	if err != nil || len(m) != 3 {
		t.Errorf("the customer reads %d messages, %v; want that one person joined", len(m), err)
	}
	if err := f.Act(t.Context(), c.Assignee, conv, agents.Action{Trigger: conversation.AgentClaims}); err != nil {
		t.Errorf("one's own claim again: %v", err)
	}
}

// TestWhoMayAct is the desk's rules: the owner, another agent, nobody's.
func TestWhoMayAct(t *testing.T) {
	t.Parallel()
	mine, theirs, nobodys := "owner", "another", "unclaimed"
	owner := map[string]error{mine: nil, theirs: agents.ErrOwned, nobodys: agents.ErrNotOwner}
	takes := map[string]error{mine: nil, theirs: agents.ErrOwned, nobodys: nil}
	for trigger, want := range map[conversation.Trigger]map[string]error{
		conversation.AgentClaims: takes, conversation.AgentReplies: takes,
		conversation.AgentReleases: owner, conversation.AgentResolves: owner, conversation.AgentReturns: owner, conversation.AgentSnoozes: owner,
	} {
		for who, wantErr := range want {
			t.Run(fmt.Sprintf("%s by %s", trigger, who), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				conv := f.talk(f.maya)
				_, err := f.Handoff(t.Context(), conv, conversation.CustomerRequest, message(conversation.FromSystem, "wait"))
				f.must(err)
				a, b := f.staff("stf_a"), f.staff("stf_b")
				if who != nobodys {
					f.must(f.Act(t.Context(), a, conv, agents.Action{Trigger: conversation.AgentClaims}))
				}
				actor := a
				if who == theirs {
					actor = b
				}
				before := f.contents()
				m := message(conversation.FromAgent, "hello")
				err = f.Act(t.Context(), actor, conv, agents.Action{Trigger: trigger, Message: &m, Until: time.Now().Add(time.Hour)})
				if !errors.Is(err, wantErr) {
					t.Fatalf("%v, want %v", err, wantErr)
				}
				if wantErr != nil && !maps.Equal(before, f.contents()) {
					t.Error("what was refused was stored")
				}
			})
		}
	}
}

// TestSnoozedIsNotReleased: the transition table has it so.
func TestSnoozedIsNotReleased(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	conv, id := f.talk(f.maya), f.staff("stf_1")
	f.must(f.Act(t.Context(), id, conv, agents.Action{Trigger: conversation.AgentClaims}))
	f.must(f.Act(t.Context(), id, conv, agents.Action{Trigger: conversation.AgentSnoozes, Reason: conversation.PutOff, Until: time.Now().Add(50 * time.Millisecond)}))
	if err := f.Act(t.Context(), id, conv, agents.Action{Trigger: conversation.AgentReleases}); !errors.Is(err, conversation.ErrIllegalTransition) {
		t.Errorf("a snoozed conversation was released: %v", err)
	}
	f.must(f.WakeSnoozed(t.Context()))
	if c, err := f.Conversation(t.Context(), conv); err != nil || c.State != conversation.Snoozed {
		t.Errorf("woken early: %+v, %v", c, err)
	}
	time.Sleep(60 * time.Millisecond)
	f.must(f.WakeSnoozed(t.Context()))
	if c, err := f.Conversation(t.Context(), conv); err != nil || c.State != conversation.Open || c.Assignee != id {
		t.Errorf("after its time: %+v, %v", c, err)
	}
	f.must(f.Act(t.Context(), id, conv, agents.Action{Trigger: conversation.AgentReleases}))
	if ticket, err := f.TicketOf(t.Context(), conv); err != nil || ticket.QueuePosition != 1 {
		t.Errorf("put back: %+v, %v", ticket, err)
	}
}

// TestRestart: everything that was acknowledged is there after reopening.
func TestRestart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	conv := f.talk(f.maya)
	f.put(record(f.maya, "r1", "orders", "a tent"))
	f.choose(f.maya, true, "orders")
	a := f.ask(conv, "Where is my order?")
	f.must(f.Begin(t.Context(), a, ""))
	f.must(f.Release(t.Context(), f.scope(f.maya, consent.Answers).Stamp(), sentence(a, "On its way.")))
	f.must(f.AddSession(t.Context(), identity.Session{ID: "ses_1", Token: "token", Kind: identity.Customer, Customer: f.maya.Customer, Expires: time.Now().Add(time.Hour)}))
	other := f.talk(f.omar)
	_, err := f.Handoff(t.Context(), other, conversation.CustomerRequest, message(conversation.FromSystem, "wait"))
	f.must(err)
	before := f.contents()
	messages, err := f.Messages(t.Context(), conv)
	f.must(err)
	f.reopen()
	if d := cmp.Diff(before, f.contents()); d != "" {
		t.Errorf("-before +after:\n%s", d)
	}
	if again, err := f.Messages(t.Context(), conv); err != nil || cmp.Diff(messages, again) != "" {
		t.Errorf("the messages differ: %v", err)
	}
	if r, err := f.Record(t.Context(), shop, "r1"); err != nil || r.Text != "a tent" {
		t.Errorf("the record: %+v, %v", r, err)
	}
	if id, ok, err := f.FindCustomer(t.Context(), shop, "maya"); err != nil || !ok || id != f.maya.Customer {
		t.Errorf("the customer: %s, %t, %v", id, ok, err)
	}
	if len(f.scope(f.maya, consent.Answers).Searchable()) != 1 {
		t.Error("the grant is gone")
	}
	if s, err := f.Session(t.Context(), "token"); err != nil || s.ID != "ses_1" {
		t.Errorf("the session: %+v, %v", s, err)
	}
	// The answer that was being written is known, to be ended.
	turns, err := f.Unfinished(t.Context(), time.Now().Add(time.Second))
	if err != nil || len(turns) != 1 || turns[0].AnswerID != a.ID || turns[0].Who.Customer != f.maya.Customer ||
		turns[0].Who.Kind != identity.Customer {
		t.Errorf("%+v, %v", turns, err)
	}
}

func TestAgainIsForItsCustomer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.ask(f.talk(f.maya), "Where is my order?")
	before := f.contents()
	for _, who := range []identity.CustomerID{f.omar.Customer, "", "cus_unknown"} {
		if p, err := f.Again(t.Context(), who, a.ID); !errors.Is(err, conversation.ErrNotFound) || p.AnswerID != "" {
			t.Errorf("%q answers another's question again: %+v, %v", who, p, err)
		}
	}
	if !maps.Equal(before, f.contents()) {
		t.Error("something was stored")
	}
	p, err := f.Again(t.Context(), f.maya.Customer, a.ID)
	if err != nil || p.AnswerID == "" || p.Message.Text() != "Where is my order?" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestUnknownConversation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const id = "cnv_unknown"
	for name, err := range map[string]error{
		"Conversation": second(f.Conversation(t.Context(), id)),
		"Messages":     second(f.Messages(t.Context(), id)),
		"Events":       second(f.Events(t.Context(), id, 0, 10)),
		"Post":         second(f.Post(t.Context(), id, message(conversation.FromCustomer, "x"), "en")),
		"Handoff":      second(f.Handoff(t.Context(), id, conversation.CustomerRequest, message(conversation.FromSystem, "x"))),
		"Act":          f.Act(t.Context(), "stf_1", id, agents.Action{Trigger: conversation.AgentClaims}),
		"Answer":       second(f.Answer(t.Context(), f.maya.Customer, "ans_unknown")),
		"Begin":        f.Begin(t.Context(), answer.Answer{ID: "ans_unknown", ConversationID: id}, ""),
		"offer":        second(f.AnswerWithOffer(t.Context(), f.maya.Customer, "")),
	} {
		if !errors.Is(err, conversation.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestNothingSaidIsOnDisk: what people write is sealed, and what goes to other
// parts has no words in it.
func TestNothingSaidIsOnDisk(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	conv := f.talk(f.maya)
	a := f.ask(conv, "Where is my zanzibarorder?")
	f.must(f.Begin(t.Context(), a, ""))
	stamp := f.scope(f.maya, consent.Answers).Stamp()
	a = sentence(a, "It is in zanzibartown.")
	f.must(f.Release(t.Context(), stamp, a))
	a.Status = answer.Answered
	f.must(f.Finish(t.Context(), stamp, a, answer.Ending{}))
	reply := message(conversation.FromAgent, "I am zanzibaragent.")
	f.must(f.Act(t.Context(), f.staff("stf_1"), conv, agents.Action{Trigger: conversation.AgentReplies, Message: &reply}))
	f.must(f.Rate(t.Context(), f.maya.Customer, conv, 1, "zanzibarbad"))
	if got := f.onDisk("zanzibar"); len(got) > 0 {
		t.Errorf("what was said is in %v", got)
	}
	out, err := f.Outbox(t.Context(), 100)
	if err != nil || len(out) == 0 {
		t.Fatal(len(out), err)
	}
	for _, o := range out {
		if strings.Contains(string(o.Payload), "zanzibar") {
			t.Errorf("%s carries words: %s", o.Subject, o.Payload)
		}
		f.must(f.Published(t.Context(), o.Position))
	}
	if n, err := f.Unpublished(t.Context()); err != nil || n != 0 {
		t.Errorf("%d unpublished, %v", n, err)
	}
	var texts []string
	m, err := f.Messages(t.Context(), conv)
	f.must(err)
	for _, x := range m {
		texts = append(texts, x.Text())
	}
	if want := []string{"You're chatting with an AI.", "Where is my zanzibarorder?", "It is in zanzibartown.", "I am zanzibaragent."}; !slices.Equal(texts, want) {
		t.Errorf("%q", texts)
	}
}
