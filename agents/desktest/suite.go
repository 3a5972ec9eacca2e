package desktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Run tests the desk that setup connects to. Each test has a company of its own.
func Run(t *testing.T, setup func(t *testing.T) *Fixture) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, f *Fixture)
	}{
		{"the queue is in the order of waiting", testQueueOrder},
		{"of many who claim one wins", testClaimOnce},
		{"a repeated claim changes nothing", testClaimAgain},
		{"who has not claimed may not act", testOwnership},
		{"a reply takes and reaches the customer", testReply},
		{"a reply is neither empty nor too long", testReplyLimits},
		{"resolve", testResolve},
		{"return gives back to the assistant", testReturn},
		{"snooze", testSnooze},
		{"release puts back in its place", testRelease},
		{"roles", testRoles},
		{"unknown and never handed off look alike", testNotFound},
		{"what is not shared is not shown", testNotShared},
		{"a visitor reaches a person", testNothingShared},
		{"what is seen is on record", testOnRecord},
		{"who listens in is on record", testListens},
		{"what cannot be recorded is not shown", testNotRecorded},
		{"asking for a consent", testAsk},
		{"a category is asked for once", testAskOnce},
		{"only who has the conversation asks", testAskOwn},
		{"of two who ask at once one asks", testAskAtOnce},
		{"a question that was not answered", testAskAgain},
		{"what is asked again is done once", testAgain},
		{"a transfer to a queue", testTransfer},
		{"a transfer to a colleague is offered to them", testOffer},
		{"notes are the desk's", testNotes},
		{"a suggestion is sent as it was drafted", testSuggest},
		{"an outside desk is a recipient of its own", testOutsideDesk},
		{"an outside desk helps without being told", testOutsideBlind},
		{"an outside desk asks for words too", testOutsideAsks},
		{"an outside desk has its queues only", testOutsideQueues},
		{"what moves while it is read is not shown", testMovedWhileRead},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, setup(t)) })
	}
}

// actions is everything that changes a conversation.
var actions = map[string]func(ctx context.Context, a Agent, id string) error{
	"claim":   func(ctx context.Context, a Agent, id string) error { return a.Desk.Claim(ctx, a.Who, id) },
	"release": func(ctx context.Context, a Agent, id string) error { return a.Desk.Release(ctx, a.Who, id) },
	"reply":   func(ctx context.Context, a Agent, id string) error { return a.Desk.Reply(ctx, a.Who, id, "Hello.") },
	"resolve": func(ctx context.Context, a Agent, id string) error { return a.Desk.Resolve(ctx, a.Who, id) },
	"return":  func(ctx context.Context, a Agent, id string) error { return a.Desk.Return(ctx, a.Who, id) },
	"snooze": func(ctx context.Context, a Agent, id string) error {
		return a.Desk.Snooze(ctx, a.Who, id, time.Now().Add(time.Hour))
	},
	"transfer": func(ctx context.Context, a Agent, id string) error {
		return a.Desk.Transfer(ctx, a.Who, id, agents.Transfer{Queue: "support", Note: "Please."})
	},
	"ask": func(ctx context.Context, a Agent, id string) error {
		return a.Desk.Ask(ctx, a.Who, id, []consent.Category{"orders"})
	},
}

func do(t *testing.T, action string, a Agent, c *Customer) {
	t.Helper()
	if err := actions[action](t.Context(), a, c.Conversation); err != nil {
		t.Fatalf("%s: %v", action, err)
	}
}

func refused(t *testing.T, action string, a Agent, c *Customer, want error) {
	t.Helper()
	before, said := c.See(t)
	if err := actions[action](t.Context(), a, c.Conversation); !errors.Is(err, want) {
		t.Errorf("%s by %s: got %v, want %v", action, a.Who.Name, err, want)
	}
	after, saidAfter := c.See(t)
	if before.State != after.State || before.Assignee != after.Assignee || len(said) != len(saidAfter) {
		t.Errorf("%s by %s was refused and changed the conversation", action, a.Who.Name)
	}
}

func inState(t *testing.T, c *Customer, state conversation.State, assignee identity.StaffID) {
	t.Helper()
	conv, _ := c.See(t)
	if conv.State != state || conv.Assignee != assignee {
		t.Errorf("the conversation is %s with %q, want %s with %q", conv.State, conv.Assignee, state, assignee)
	}
}

func (f *Fixture) queue(t *testing.T, a Agent) []agents.Ticket {
	t.Helper()
	tickets, err := a.Desk.Queue(t.Context(), a.Who, f.Queue)
	must(t, err)
	return tickets
}

func conversations(tickets []agents.Ticket) []string {
	out := make([]string, len(tickets))
	for i, t := range tickets {
		out[i] = t.Conversation
	}
	return out
}

func testQueueOrder(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	if got := f.queue(t, ana); len(got) != 0 {
		t.Errorf("the queue of nobody has %d tickets", len(got))
	}
	f.Customer(t, "I only talk to the assistant.")
	first, second, third := f.Waiting(t, "I was first."), f.Waiting(t, "I was second."), f.Waiting(t, "I was third.")
	do(t, "claim", ana, first)
	second.Say(t, "Hello?")
	second.AskForPerson(t) // asking again neither makes a ticket nor loses the place

	got := f.queue(t, ana)
	want := []string{second.Conversation, third.Conversation, first.Conversation}
	if !slices.Equal(conversations(got), want) {
		t.Fatalf("the queue is %v, want those who wait, then those who are served: %v", conversations(got), want)
	}
	if got[0].State != agents.Waiting || got[0].Queue != f.Queue || got[0].Reason != conversation.CustomerRequest || got[0].Assignee != "" {
		t.Errorf("the first ticket is %+v", got[0])
	}
	if !strings.Contains(got[0].Summary, "I was second.") {
		t.Errorf("the summary %q does not say what the customer said", got[0].Summary)
	}
	if got[2].State != agents.Owned || got[2].Assignee != ana.Who.Staff || got[2].AssigneeName != "Ana" {
		t.Errorf("the claimed ticket is %+v", got[2])
	}
}

func testClaimOnce(t *testing.T, f *Fixture) {
	const many = 16
	c := f.Waiting(t, "Can a person help me?")
	staff := make([]Agent, many)
	for i := range staff {
		staff[i] = f.Hire(t, fmt.Sprintf("Agent %d", i), identity.RoleAgent)
	}
	errs := make([]error, many)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range staff {
		group.Go(func() {
			<-start
			errs[i] = actions["claim"](t.Context(), staff[i], c.Conversation)
		})
	}
	close(start)
	group.Wait()
	var winners []identity.StaffID
	for i, err := range errs {
		switch {
		case err == nil:
			winners = append(winners, staff[i].Who.Staff)
		case !errors.Is(err, agents.ErrOwned):
			t.Errorf("a claim that lost: got %v, want %v", err, agents.ErrOwned)
		}
	}
	if len(winners) != 1 {
		t.Fatalf("%d of %d claims won, want exactly one", len(winners), many)
	}
	inState(t, c, conversation.Open, winners[0])
	if n := c.count(t, conversation.FromSystem, "joined"); n != 1 {
		t.Errorf("the customer reads %d times that somebody joined, want once", n)
	}
}

func testClaimAgain(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	_, before := c.See(t)
	do(t, "claim", ana, c)
	if _, after := c.See(t); len(after) != len(before) {
		t.Error("claiming one's own again said something to the customer")
	}
	inState(t, c, conversation.Open, ana.Who.Staff)
}

func testOwnership(t *testing.T, f *Fixture) {
	ana, ben := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	for _, action := range []string{"release", "resolve", "return", "snooze", "ask", "transfer"} {
		refused(t, action, ana, c, agents.ErrNotOwner)
	}
	do(t, "claim", ana, c)
	for action := range actions {
		refused(t, action, ben, c, agents.ErrOwned)
	}
	inState(t, c, conversation.Open, ana.Who.Staff)
}

func testReply(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Waiting(t, "Where is my parcel?")
	const text = "It is on its way — até já! 🙂"
	must(t, ana.Desk.Reply(t.Context(), ana.Who, c.Conversation, "  "+text+"\n"))
	inState(t, c, conversation.Open, ana.Who.Staff)
	_, messages := c.See(t)
	last := messages[len(messages)-1]
	if last.From != conversation.FromAgent || last.Text() != text || last.Name != "Ana" || last.Staff != ana.Who.Staff {
		t.Errorf("the customer's last message is %+v", last)
	}
	if n := c.count(t, conversation.FromSystem, "Ana joined"); n != 1 {
		t.Errorf("the customer reads %d times that Ana joined, want once", n)
	}
	c.Say(t, "Thank you.")
	must(t, ana.Desk.Reply(t.Context(), ana.Who, c.Conversation, "You're welcome."))
	view, err := ana.Desk.Get(t.Context(), ana.Who, c.Conversation)
	must(t, err)
	if view.Brand != Brand || view.Ticket.Assignee != ana.Who.Staff || view.Conversation.State != conversation.Open {
		t.Errorf("the view is of %q, %+v", view.Brand, view.Ticket)
	}
	_, messages = c.See(t)
	if len(view.Messages) != len(messages) {
		t.Fatalf("the agent sees %d messages, the customer %d", len(view.Messages), len(messages))
	}
	for i, m := range view.Messages {
		if len(m.Parts) != 1 || m.Parts[0].Text != messages[i].Text() || m.Parts[0].Masked || m.Seq != messages[i].Seq || m.From != messages[i].From {
			t.Errorf("message %d is %+v to the agent, %+v to the customer", i, m, messages[i])
		}
	}
}

func testReplyLimits(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	_, before := c.See(t)
	for text, want := range map[string]error{
		"": conversation.ErrEmptyMessage, " \n\t": conversation.ErrEmptyMessage,
		strings.Repeat("é", conversation.MaxMessage+1): conversation.ErrTooLong,
	} {
		if err := ana.Desk.Reply(t.Context(), ana.Who, c.Conversation, text); !errors.Is(err, want) {
			t.Errorf("a reply of %d bytes: got %v, want %v", len(text), err, want)
		}
	}
	if _, after := c.See(t); len(after) != len(before) {
		t.Error("a refused reply said something to the customer")
	}
	inState(t, c, conversation.Open, "")
	must(t, ana.Desk.Reply(t.Context(), ana.Who, c.Conversation, strings.Repeat("é", conversation.MaxMessage)))
}

func testResolve(t *testing.T, f *Fixture) {
	ana, ben := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	do(t, "resolve", ana, c)
	inState(t, c, conversation.Resolved, "")
	if n := c.count(t, conversation.FromSystem, "closed"); n != 1 {
		t.Errorf("the customer reads %d times that the conversation is closed, want once", n)
	}
	if got := f.queue(t, ana); len(got) != 0 {
		t.Errorf("a resolved conversation is in the queue: %+v", got)
	}
	for _, action := range []string{"claim", "reply"} {
		refused(t, action, ana, c, conversation.ErrIllegalTransition)
		refused(t, action, ben, c, conversation.ErrIllegalTransition)
	}
	view, err := ana.Desk.Get(t.Context(), ana.Who, c.Conversation)
	must(t, err)
	if view.Ticket.State != agents.Closed {
		t.Errorf("the ticket of a resolved conversation is %s", view.Ticket.State)
	}
	c.AskForPerson(t)
	if got := conversations(f.queue(t, ben)); !slices.Equal(got, []string{c.Conversation}) {
		t.Errorf("asked for a person again, the queue is %v", got)
	}
	do(t, "claim", ben, c)
}

func testReturn(t *testing.T, f *Fixture) {
	ana, ben := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	do(t, "return", ana, c)
	inState(t, c, conversation.Pending, "")
	if n := c.count(t, conversation.FromSystem, Brand); n != 1 {
		t.Errorf("the customer reads %d times that the assistant is back, want once", n)
	}
	if got := f.queue(t, ana); len(got) != 0 {
		t.Errorf("a conversation that was given back is in the queue: %+v", got)
	}
	refused(t, "resolve", ana, c, agents.ErrNotOwner)
	do(t, "reply", ben, c) // a person steps in
	inState(t, c, conversation.Open, ben.Who.Staff)
}

func testSnooze(t *testing.T, f *Fixture) {
	ana, ben := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	for what, until := range map[string]time.Time{
		"no time": {}, "a time that is past": time.Now().Add(-time.Second), "a time too far off": time.Now().Add(agents.MaxSnooze + time.Hour),
	} {
		if err := ana.Desk.Snooze(t.Context(), ana.Who, c.Conversation, until); !errors.Is(err, agents.ErrUntil) {
			t.Errorf("put off until %s: %v", what, err)
		}
	}
	inState(t, c, conversation.Open, ana.Who.Staff)
	do(t, "snooze", ana, c)
	inState(t, c, conversation.Snoozed, ana.Who.Staff)
	sue := f.Hire(t, "Sue", identity.RoleSupervisor)
	for _, a := range []Agent{ana, sue} {
		got := f.queue(t, a)
		if len(got) != 1 || got[0].State != agents.PutOff || got[0].Assignee != ana.Who.Staff || time.Until(got[0].Until) < 59*time.Minute {
			t.Errorf("to %s what is put off is %+v", a.Who.Name, got)
		}
	}
	if got := f.queue(t, ben); len(got) != 0 {
		t.Errorf("what another agent put off is in the queue: %+v", got)
	}
	refused(t, "snooze", ana, c, conversation.ErrIllegalTransition)
	refused(t, "ask", ana, c, conversation.ErrIllegalTransition)
	refused(t, "claim", ben, c, agents.ErrOwned)
	c.Say(t, "One more thing.")
	inState(t, c, conversation.Open, ana.Who.Staff)
	if got := f.queue(t, ana); len(got) != 1 || got[0].State != agents.Owned {
		t.Errorf("the customer wrote, and the queue is %+v", got)
	}
	// Who leads the desk takes what was put off, and nothing that is served.
	refused(t, "claim", sue, c, agents.ErrOwned)
	do(t, "snooze", ana, c)
	refused(t, "reply", sue, c, agents.ErrOwned)
	do(t, "claim", sue, c)
	inState(t, c, conversation.Open, sue.Who.Staff)
	do(t, "snooze", sue, c)
	must(t, f.Service.Assign(t.Context(), sue.Who, c.Conversation, ben.Who.Staff))
	inState(t, c, conversation.Open, ben.Who.Staff)
	if n := c.count(t, conversation.FromSystem, "joined"); n != 3 {
		t.Errorf("the customer reads %d times that somebody joined, want 3", n)
	}
}

func testRelease(t *testing.T, f *Fixture) {
	ana, ben := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent)
	first, second := f.Waiting(t, "I was first."), f.Waiting(t, "I was second.")
	do(t, "claim", ana, first)
	do(t, "release", ana, first)
	inState(t, first, conversation.Open, "")
	if got, want := conversations(f.queue(t, ben)), []string{first.Conversation, second.Conversation}; !slices.Equal(got, want) {
		t.Errorf("the queue is %v, want %v: a release keeps the place", got, want)
	}
	do(t, "claim", ben, first)
	refused(t, "reply", ana, first, agents.ErrOwned)
	refused(t, "release", ana, first, agents.ErrOwned)
	// A supervisor can put back what another has, and do nothing else to it.
	boss := f.Hire(t, "Bo", identity.RoleSupervisor)
	refused(t, "resolve", boss, first, agents.ErrOwned)
	do(t, "release", boss, first)
	inState(t, first, conversation.Open, "")
	do(t, "claim", ana, first)
}

func testRoles(t *testing.T, f *Fixture) {
	c := f.Waiting(t, "Hello?")
	for _, role := range []identity.Role{identity.RoleReviewer, identity.RolePrivacy, identity.RoleAnalyst, identity.RoleAuditor} {
		a := f.Hire(t, string(role), role)
		for action := range actions {
			refused(t, action, a, c, agents.ErrForbidden)
		}
		if tickets, err := a.Desk.Queue(t.Context(), a.Who, f.Queue); !errors.Is(err, agents.ErrForbidden) || tickets != nil {
			t.Errorf("%s reads the queue: %v", role, err)
		}
		if view, err := a.Desk.Get(t.Context(), a.Who, c.Conversation); !errors.Is(err, agents.ErrForbidden) || view.Messages != nil {
			t.Errorf("%s reads the conversation: %v", role, err)
		}
	}
	for _, role := range []identity.Role{identity.RoleSupervisor, identity.RoleAdmin} {
		a := f.Hire(t, string(role), role)
		do(t, "claim", a, c)
		do(t, "release", a, c)
	}
}

func testNotFound(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Customer(t, "I talk to the assistant only.")
	for name, id := range map[string]string{"an unknown conversation": identity.NewID("cnv"), "one that nobody handed off": c.Conversation} {
		if view, err := ana.Desk.Get(t.Context(), ana.Who, id); !errors.Is(err, conversation.ErrNotFound) || view.Messages != nil {
			t.Errorf("get %s: got %v, want %v", name, err, conversation.ErrNotFound)
		}
		for action, act := range actions {
			if err := act(t.Context(), ana, id); !errors.Is(err, conversation.ErrNotFound) {
				t.Errorf("%s %s: got %v, want %v", action, name, err, conversation.ErrNotFound)
			}
		}
	}
	inState(t, c, conversation.Pending, "")
}

// testNotShared reads one conversation before the customer shares orders, while,
// and after: what the assistant quoted and the records come and go with it.
func testNotShared(t *testing.T, f *Fixture) {
	const orders, billing, plain, own = "canary-order-4711", "canary-bill-0815", "Here is what I found:", "my own words"
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Customer(t, own,
		conversation.Segment{Text: plain},
		conversation.Segment{Text: "Your order " + orders + ".", Categories: []consent.Category{"orders"}},
		conversation.Segment{Text: "Paid with " + billing + ".", Categories: []consent.Category{"orders", "billing"}})
	c.Record(t, "orders", "Order", "Order "+orders+" has left.")
	c.Record(t, "billing", "Invoice", "Invoice "+billing+".")
	c.AskForPerson(t)
	do(t, "claim", ana, c)

	check := func(when string, shared []consent.Category, want, not []string) {
		t.Helper()
		view, err := ana.Desk.Get(t.Context(), ana.Who, c.Conversation)
		must(t, err)
		seen, err := json.Marshal([]any{view, f.queue(t, ana)})
		must(t, err)
		for _, s := range append(want, plain, own) {
			if !strings.Contains(string(seen), s) {
				t.Errorf("%s the agent does not see %q", when, s)
			}
		}
		for _, s := range not {
			if strings.Contains(string(seen), s) {
				t.Errorf("%s the agent sees %q", when, s)
			}
		}
		if !slices.Equal(view.Shared, shared) {
			t.Errorf("%s the customer shares %v, want %v", when, view.Shared, shared)
		}
		if len(view.Records) != len(shared) {
			t.Errorf("%s the agent sees %d records, want %d", when, len(view.Records), len(shared))
		}
		for _, category := range []consent.Category{"orders", "billing"} {
			if slices.Contains(view.NotShared, category) == slices.Contains(shared, category) {
				t.Errorf("%s not shared is %v", when, view.NotShared)
			}
		}
		masked := 0
		for _, m := range view.Messages {
			if m.Segments != nil {
				t.Errorf("%s a message has its segments, which nothing was left out of", when)
			}
			for _, p := range m.Parts {
				if p.Masked {
					masked++
					if p.Category == "" || !strings.Contains(p.Text, "not shared") {
						t.Errorf("%s what was left out reads %+v", when, p)
					}
				}
			}
		}
		if want := 2 - len(shared); masked != want {
			t.Errorf("%s %d parts are left out, want %d", when, masked, want)
		}
	}
	check("before sharing", nil, nil, []string{orders, billing})
	c.Share(t, "orders", true)
	check("with orders shared", []consent.Category{"orders"}, []string{orders}, []string{billing})
	c.Share(t, "billing", true)
	check("with both shared", []consent.Category{"billing", "orders"}, []string{orders, billing}, nil)
	c.Share(t, "billing", false)
	check("with billing withdrawn", []consent.Category{"orders"}, []string{orders}, []string{billing})
	c.Share(t, "orders", false)
	check("with all withdrawn", nil, nil, []string{orders, billing})
}

func testNothingShared(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	id, err := f.Store.AddVisitor(t.Context(), f.site)
	must(t, err)
	c := &Customer{Conversation: identity.NewID("cnv"), f: f}
	c.Who = identity.Principal{Kind: identity.Visitor, Site: f.site, Customer: id}.In(c.Conversation)
	must(t, f.Store.Create(t.Context(), conversation.Conversation{
		ID: c.Conversation, Site: f.site, Customer: id, Visitor: true, State: conversation.Pending, Language: "en",
	}, conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Hi.")}))
	c.Say(t, "I want a person.")
	c.AskForPerson(t)
	do(t, "reply", ana, c)
	view, err := ana.Desk.Get(t.Context(), ana.Who, c.Conversation)
	must(t, err)
	if !view.Conversation.Visitor || len(view.Shared) != 0 || len(view.Records) != 0 {
		t.Errorf("a visitor's view is %+v", view)
	}
	inState(t, c, conversation.Open, ana.Who.Staff)
}
