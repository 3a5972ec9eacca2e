package desktest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// testTransfer: who has a conversation gives it to another queue, where it waits since
// when it came, with a note.
func testTransfer(t *testing.T, f *Fixture) {
	f.addQueue(t, "elsewhere")
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	came := f.queue(t, ana)[0].Clocks.Opened
	for what, test := range map[string]struct {
		to   agents.Transfer
		want error
	}{
		"nowhere":          {agents.Transfer{}, agents.ErrTransfer},
		"both":             {agents.Transfer{Queue: "elsewhere", Staff: ana.Who.Staff}, agents.ErrTransfer},
		"an unknown queue": {agents.Transfer{Queue: "nowhere"}, agents.ErrUnknownQueue},
		"nobody":           {agents.Transfer{Staff: "stf_none"}, agents.ErrUnknownColleague},
		"a long note":      {agents.Transfer{Queue: "elsewhere", Note: strings.Repeat("x", 4001)}, agents.ErrNote},
	} {
		if err := ana.Desk.Transfer(t.Context(), ana.Who, c.Conversation, test.to); !errors.Is(err, test.want) {
			t.Errorf("to %s: got %v, want %v", what, err, test.want)
		}
	}
	inState(t, c, conversation.Open, ana.Who.Staff)
	must(t, ana.Desk.Transfer(t.Context(), ana.Who, c.Conversation, agents.Transfer{Queue: "elsewhere", Note: "They asked twice."}))
	inState(t, c, conversation.Open, "")
	if got := f.queue(t, ana); len(got) != 0 {
		t.Errorf("it is still in its queue: %+v", got)
	}
	there, err := ana.Desk.Queue(t.Context(), ana.Who, "elsewhere")
	must(t, err)
	if len(there) != 1 || there[0].State != agents.Waiting || !there[0].Clocks.Opened.Equal(came) || there[0].Queue != "elsewhere" {
		t.Errorf("the other queue is %+v, want the ticket of %v", there, came)
	}
}

// testAgain: whatever is asked again under one id is done once, and succeeds as it did,
// also where it could not be done any more.
func testAgain(t *testing.T, f *Fixture) {
	f.addQueue(t, "elsewhere")
	ana, ben := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	ana.Who.Queue = f.Queue
	again := func(id string, act func(ctx context.Context) error) (repeat func()) {
		t.Helper()
		ctx := conversation.WithMessageID(t.Context(), "msg_"+id)
		try := func() {
			t.Helper()
			if err := act(ctx); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		try()
		try()
		return try
	}
	s, id, later := f.Service, c.Conversation, time.Now().Add(time.Hour)
	repeats := []func(){
		again("claim", func(ctx context.Context) error { return ana.Desk.Claim(ctx, ana.Who, id) }),
		again("reply", func(ctx context.Context) error { return ana.Desk.Reply(ctx, ana.Who, id, "Hello.") }),
		again("note", func(ctx context.Context) error { return ana.Desk.Note(ctx, ana.Who, id, "Upset.") }),
		again("ask", func(ctx context.Context) error { return ana.Desk.Ask(ctx, ana.Who, id, []consent.Category{"orders"}) }),
		again("release", func(ctx context.Context) error { return ana.Desk.Release(ctx, ana.Who, id) }),
		again("claim2", func(ctx context.Context) error { return ana.Desk.Claim(ctx, ana.Who, id) }),
		again("snooze", func(ctx context.Context) error { return ana.Desk.Snooze(ctx, ana.Who, id, later) }),
	}
	c.Say(t, "One more thing.")
	repeats = append(repeats, again("transfer", func(ctx context.Context) error {
		return ana.Desk.Transfer(ctx, ana.Who, id, agents.Transfer{Queue: "elsewhere", Note: "Look."})
	}))
	must(t, s.Claim(t.Context(), ben.Who, id))
	for _, repeat := range repeats {
		repeat()
	}
	inState(t, c, conversation.Open, ben.Who.Staff)
	var kinds []string
	history, err := f.Store.TicketHistory(t.Context(), id)
	must(t, err)
	for _, e := range history {
		kinds = append(kinds, string(e.Kind))
	}
	if got, want := strings.Join(kinds, " "), "opened claimed replied noted released claimed snoozed woke transferred noted claimed"; got != want {
		t.Errorf("what happened is %s, want %s", got, want)
	}
	if n := len(c.offers(t)); n != 1 || c.count(t, conversation.FromAgent, "Hello.") != 1 {
		t.Errorf("the customer reads %d offers and %d replies, want one each", n, c.count(t, conversation.FromAgent, "Hello."))
	}
	// It is one of who asked it, and what failed is tried anew.
	ctx := conversation.WithMessageID(t.Context(), "msg_release")
	if err := s.Release(ctx, ben.Who, id); err != nil {
		t.Errorf("another agent's under the same id: %v", err)
	}
	inState(t, c, conversation.Open, "")
	ctx = conversation.WithMessageID(t.Context(), "msg_late")
	if err := s.Resolve(ctx, ben.Who, id); !errors.Is(err, agents.ErrNotOwner) {
		t.Errorf("what is nobody's is resolved: %v", err)
	}
	must(t, s.Claim(t.Context(), ben.Who, id))
	must(t, s.Resolve(ctx, ben.Who, id))
	inState(t, c, conversation.Resolved, "")
}

// testOffer: a conversation that is offered to one is nobody else's to take until they
// let it pass.
func testOffer(t *testing.T, f *Fixture) {
	f.addQueue(t, "elsewhere")
	ana, ben, eve := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent), f.Hire(t, "Eve", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	must(t, ana.Desk.Transfer(t.Context(), ana.Who, c.Conversation, agents.Transfer{Staff: ben.Who.Staff}))
	refused(t, "claim", eve, c, agents.ErrReserved)
	if got := f.queue(t, eve); len(got) != 1 || got[0].Reserved == nil || got[0].Reserved.Staff != ben.Who.Staff {
		t.Errorf("the queue is %+v", got)
	}
	if err := eve.Desk.Pass(t.Context(), eve.Who, c.Conversation); !errors.Is(err, agents.ErrNotReserved) {
		t.Errorf("letting pass what is another's: %v", err)
	}
	must(t, ben.Desk.Pass(t.Context(), ben.Who, c.Conversation))
	do(t, "claim", eve, c)
}

// testNotes: people at the desk read each other's notes, and nobody else does.
func testNotes(t *testing.T, f *Fixture) {
	ana, ben, out := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent), f.HireOutside(t, "Olga", f.Queue)
	c := f.Waiting(t, "Hello?")
	if err := ana.Desk.Note(t.Context(), ana.Who, c.Conversation, " "); !errors.Is(err, agents.ErrNote) {
		t.Errorf("an empty note: %v", err)
	}
	must(t, ana.Desk.Note(t.Context(), ana.Who, c.Conversation, " canary-note "))
	view, _ := f.sees(t, ben, c)
	if len(view.Notes) != 1 || view.Notes[0].Text != "canary-note" || view.Notes[0].Name != "Ana" || view.Notes[0].Staff != ana.Who.Staff {
		t.Errorf("the notes are %+v", view.Notes)
	}
	if !slices.ContainsFunc(view.History, func(e agents.TicketEvent) bool { return e.Kind == agents.TicketOpened }) {
		t.Errorf("the history is %+v", view.History)
	}
	if _, seen := f.sees(t, out, c); strings.Contains(seen, "canary") {
		t.Errorf("a desk that may not read the customer's words sees a note about them: %s", seen)
	}
	if _, messages := c.See(t); slices.ContainsFunc(messages, func(m conversation.Message) bool { return strings.Contains(m.Text(), "canary") }) {
		t.Error("the customer reads the note")
	}
}

// writer suggests one sentence that cites nothing.
type writer struct{ gate *consent.Gate }

const drafted = "It left on Monday."

func (w writer) Suggest(ctx context.Context, who identity.Principal, r agents.SuggestRequest) (agents.Suggestion, error) {
	scope, err := w.gate.Scope(ctx, who, consent.AgentAssist)
	return agents.Suggestion{
		ID: r.ID, Status: agents.SuggestionAnswered, Text: drafted, Sentences: []agents.SuggestedSentence{{Text: drafted, Citations: []agents.Citation{}}},
		Used: []agents.SuggestionSource{}, NotShared: []consent.Category{"orders"}, Stamp: scope.Stamp(),
	}, err
}

// testSuggest: what was drafted and is sent says so.
func testSuggest(t *testing.T, f *Fixture) {
	ana, rev := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Rev", identity.RoleReviewer)
	c := f.Waiting(t, "Where is it?")
	if _, err := ana.Desk.Suggest(t.Context(), ana.Who, c.Conversation, ""); !errors.Is(err, agents.ErrNoAssist) {
		t.Errorf("with nobody who writes: %v", err)
	}
	f.Service.SetAssist(agents.Assist{Store: f.Store.(agents.AssistStore), Suggester: writer{f.Gate}})
	if _, err := rev.Desk.Suggest(t.Context(), rev.Who, c.Conversation, ""); !errors.Is(err, agents.ErrForbidden) {
		t.Errorf("a reviewer: %v", err)
	}
	if _, err := ana.Desk.Suggest(t.Context(), ana.Who, c.Conversation, strings.Repeat("x", 501)); !errors.Is(err, agents.ErrInstruction) {
		t.Errorf("a long instruction: %v", err)
	}
	s, err := ana.Desk.Suggest(t.Context(), ana.Who, c.Conversation, "")
	must(t, err)
	if s.Text != drafted || len(s.Sentences) != 1 || !slices.Equal(s.NotShared, []consent.Category{"orders"}) {
		t.Errorf("the suggestion is %+v", s)
	}
	// Whoever does not know whether it was sent says so again, and the assistant is told
	// again that it has lost the conversation: the first time it may not have been.
	ctx := conversation.WithMessageID(t.Context(), "msg_draft")
	for n := range int64(2) {
		must(t, ana.Desk.Send(ctx, ana.Who, c.Conversation, agents.Reply{Text: drafted, Suggestion: s.ID}))
		if got := f.taken.Load(); got != n+1 {
			t.Errorf("the assistant was told %d times, want %d", got, n+1)
		}
	}
	_, messages := c.See(t)
	if last := messages[len(messages)-1]; !last.Assisted || last.Text() != drafted {
		t.Errorf("the customer reads %+v", last)
	}
	if err := ana.Desk.Send(t.Context(), ana.Who, c.Conversation, agents.Reply{Text: drafted, Suggestion: s.ID}); !errors.Is(err, agents.ErrUnknownSuggestion) {
		t.Errorf("sending it again: %v", err)
	}
}
