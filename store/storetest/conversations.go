package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// resolve ends a conversation, by an agent.
func (f *fixture) resolve(conv string) {
	f.Helper()
	id := f.agent(identity.StaffID(identity.NewID("stf")))
	f.claim(id, conv)
	f.must(f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentResolves, Reason: conversation.SolvedByAgent}))
}

// oneSequence: whatever happens at once, the conversation's events are numbered
// from 1 without a gap, and every one is there.
func oneSequence(f *fixture) {
	conv, other := f.talk(f.maya), f.talk(f.omar)
	var posted atomic.Int64
	var group sync.WaitGroup
	for i := range 24 {
		group.Go(func() {
			switch i % 4 {
			case 0:
				f.choose(f.maya, i%8 == 0, "orders")
			case 1:
				if _, err := f.Post(f.Context(), other, message(conversation.FromCustomer, "elsewhere"), "en"); err != nil {
					f.Error(err)
				}
			default:
				if _, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, fmt.Sprint(i)), "en"); err != nil {
					f.Error(err)
				}
				posted.Add(1)
			}
			// What fails leaves no gap.
			if _, err := f.Post(cancelled(f.T), conv, message(conversation.FromCustomer, "x"), "en"); err == nil {
				f.Error("a cancelled message was posted")
			}
		})
	}
	group.Wait()
	events := f.all(conv)
	messages := 0
	for _, e := range events {
		if e.Type == conversation.MessageEvent {
			messages++
		}
	}
	if c := f.state(conv); c.LastSeq != int64(len(events)) || int64(messages) != posted.Load()+1 {
		f.Errorf("%d events, last %d, %d messages of %d", len(events), c.LastSeq, messages, posted.Load()+1)
	}
	tail, err := f.Events(f.Context(), conv, 3, 2)
	if err != nil || len(tail) != 2 || tail[0].Seq != 4 || tail[1].Seq != 5 {
		f.Errorf("after 3, two: %+v, %v", tail, err)
	}
	if tail, err := f.Events(f.Context(), conv, int64(len(events)), 10); err != nil || len(tail) != 0 {
		f.Errorf("after the last: %+v, %v", tail, err)
	}
}

func handoffIsOne(f *fixture) {
	conv := f.talk(f.maya)
	var mu sync.Mutex
	ids := map[string]int{}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			ticket, err := f.Handoff(f.Context(), conv, conversation.CustomerRequest, message(conversation.FromSystem, "A person will come."))
			if err != nil {
				f.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[fmt.Sprint(ticket)]++
		})
	}
	group.Wait()
	if len(ids) != 1 {
		f.Errorf("several tickets: %v", ids)
	}
	if n := f.count("SELECT COUNT(*) FROM tickets"); n != 1 {
		f.Errorf("%d tickets", n)
	}
	m, err := f.Messages(f.Context(), conv)
	if err != nil || len(m) != 2 {
		f.Errorf("%d messages, %v: want one notice", len(m), err)
	}
	tickets, err := f.Tickets(f.Context(), "")
	if err != nil || len(tickets) != 1 || tickets[0].State != agents.Waiting || tickets[0].Reason != conversation.CustomerRequest {
		f.Errorf("%+v, %v", tickets, err)
	}
	// After it was resolved, a new wish is a new ticket.
	f.resolve(conv)
	if got, err := f.Tickets(f.Context(), ""); err != nil || len(got) != 0 {
		f.Errorf("a resolved one waits: %+v, %v", got, err)
	}
	if next := f.handOff(conv); next.ID == tickets[0].ID || next.QueuePosition != 1 {
		f.Errorf("%+v", next)
	}
}

// saidOnce: who does not know whether something was said says it again, with the
// same id.
func saidOnce(f *fixture) {
	c := conversation.Conversation{ID: identity.NewID("cnv"), Site: shop, Customer: f.maya.Customer, State: conversation.Pending, Language: "en"}
	first := message(conversation.FromSystem, "You're chatting with an AI.")
	f.must(f.Create(f.Context(), c, first))
	before := f.contents()
	f.must(f.Create(f.Context(), c, first))
	f.unchanged("the same conversation again", before)
	theirs := c
	theirs.Customer = f.omar.Customer
	f.is("another customer's id", f.Create(f.Context(), theirs, first), conversation.ErrNotFound)
	f.unchanged("another customer's id", before)

	m := message(conversation.FromCustomer, "Where is my order?")
	made, err := f.Post(f.Context(), c.ID, m, "en")
	f.must(err)
	if made.AnswerID == "" || made.Known || made.Message.Seq != 2 || made.Conversation.State != conversation.Pending {
		f.Errorf("%+v", made)
	}
	before = f.contents()
	again := func(step string, known bool) conversation.Posted {
		f.Helper()
		p, err := f.Post(f.Context(), c.ID, m, "de")
		if err != nil || p.AnswerID != made.AnswerID || p.Known != known || p.Message.Seq != 2 || p.Message.Text() != m.Text() {
			f.Errorf("%s: %+v, %v", step, p, err)
		}
		return p
	}
	// Nobody has begun its answer: it is there to be begun.
	again("before it is begun", false)
	f.unchanged("the same message again", before)
	a := answer.Answer{ID: made.AnswerID, ConversationID: c.ID, Question: m.Text(), Status: answer.Writing, Attempt: 1}
	f.must(f.Begin(f.Context(), a, ""))
	again("while it is written", true)
	a.Status = answer.Answered
	f.must(f.Finish(f.Context(), f.stamp(f.maya), sentence(a, "On its way."), answer.Ending{}))
	before = f.contents()
	again("when it is finished", true)
	f.unchanged("the same message again, answered", before)

	// It is said once in its conversation, whoever has that.
	f.handOff(c.ID)
	before = f.contents()
	if p := again("at the desk", true); p.Conversation.State != conversation.Open {
		f.Errorf("%+v", p)
	}
	f.unchanged("the same message again, at the desk", before)
	n := message(conversation.FromCustomer, "Hello?")
	for i := range 2 {
		if p, err := f.Post(f.Context(), c.ID, n, "en"); err != nil || p.AnswerID != "" || p.Known != (i == 1) {
			f.Errorf("to the desk, %d: %+v, %v", i, p, err)
		}
	}
	elsewhere := f.talk(f.maya)
	if p, err := f.Post(f.Context(), elsewhere, m, "en"); err != nil || p.AnswerID == made.AnswerID || p.Known || p.Message.Seq != 2 {
		f.Errorf("in another conversation: %+v, %v", p, err)
	}

	// Many at once.
	conv, x := f.talk(f.omar), message(conversation.FromCustomer, "Where is mine?")
	ids := make([]string, 16)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			p, err := f.Post(f.Context(), conv, x, "en")
			if err != nil {
				f.Error(err)
			}
			ids[i] = p.AnswerID
		})
	}
	group.Wait()
	if slices.Sort(ids); ids[0] == "" || ids[0] != ids[15] || f.state(conv).LastSeq != 2 {
		f.Errorf("said at once: answers %v, %d events", slices.Compact(ids), f.state(conv).LastSeq)
	}
}

func againIsForItsCustomer(f *fixture) {
	conv := f.talk(f.maya)
	a := f.ask(conv, "Where is my order?")
	before := f.contents()
	for _, who := range []identity.CustomerID{f.omar.Customer, "", "cus_unknown"} {
		p, err := f.Again(f.Context(), who, a.ID)
		f.is(fmt.Sprintf("again, by %q", who), err, conversation.ErrNotFound)
		if p.AnswerID != "" {
			f.Errorf("%q answers another's question again: %+v", who, p)
		}
	}
	f.unchanged("again, by another", before)
	p, err := f.Again(f.Context(), f.maya.Customer, a.ID)
	if err != nil || p.AnswerID == "" || p.AnswerID == a.ID || p.Known || p.Message.Text() != "Where is my order?" {
		f.Errorf("%+v, %v", p, err)
	}
	if got, err := f.Stored(f.Context(), p.AnswerID); err != nil || got.Supersedes != a.ID {
		f.Errorf("%+v, %v", got, err)
	}
	before = f.contents()
	if twice, err := f.Again(f.Context(), f.maya.Customer, a.ID); err != nil || twice.AnswerID != p.AnswerID || !twice.Known {
		f.Errorf("a second yes: %+v, %v; want %s", twice, err, p.AnswerID)
	}
	f.unchanged("a second yes", before)
	b := f.ask(conv, "And my other order?")
	f.handOff(conv)
	before = f.contents()
	if p, err := f.Again(f.Context(), f.maya.Customer, b.ID); err != nil || p.AnswerID != "" {
		f.Errorf("at the desk: %+v, %v", p, err)
	}
	f.unchanged("again, at the desk", before)
}

// unknownIsNotFound: whatever an id holds, what has none is not found, and is
// told in one way.
func unknownIsNotFound(f *fixture) {
	for _, id := range []string{"unknown", "", "%", "\x00", "\xff\xfe", "a\x00b", "'; --", strings.Repeat("long", 4000)} {
		for name, err := range map[string]error{
			"Conversation": only(f.Conversation(f.Context(), id)),
			"Messages":     only(f.Messages(f.Context(), id)),
			"Events":       only(f.Events(f.Context(), id, 0, 10)),
			"Post":         only(f.Post(f.Context(), id, message(conversation.FromCustomer, "x"), "en")),
			"Again":        only(f.Again(f.Context(), f.maya.Customer, id)),
			"Handoff":      only(f.Handoff(f.Context(), id, conversation.CustomerRequest, message(conversation.FromSystem, "x"))),
			"Act":          f.Act(f.Context(), "stf_1", id, agents.Action{Trigger: conversation.AgentClaims}),
			"Ticket":       only(f.Ticket(f.Context(), id)),
			"Answer":       only(f.Answer(f.Context(), f.maya.Customer, id)),
			"Stored":       only(f.Stored(f.Context(), id)),
			"Begin":        f.Begin(f.Context(), answer.Answer{ID: "ans_1", ConversationID: id}, ""),
			"offer":        only(f.AnswerWithOffer(f.Context(), f.maya.Customer, id)),
		} {
			f.is(fmt.Sprintf("%s of %.10q", name, id), err, conversation.ErrNotFound)
		}
		if ticket, err := f.TicketOf(f.Context(), id); err != nil || ticket.ID != "" {
			f.Errorf("TicketOf %.10q: %+v, %v", id, ticket, err)
		}
		if got, err := f.Tickets(f.Context(), id); err != nil || len(got) != 0 {
			f.Errorf("the queue %.10q: %+v, %v", id, got, err)
		}
		if _, ok, err := f.Latest(f.Context(), identity.CustomerID(id)); err != nil || ok {
			f.Errorf("Latest of %.10q: %t, %v", id, ok, err)
		}
		if entries, err := f.Citations().ByAnswer(f.Context(), id); err != nil || len(entries) != 0 {
			f.Errorf("the entries of %.10q: %+v, %v", id, entries, err)
		}
	}
	conv := f.talk(f.maya)
	f.is("an answer that is not there", f.Begin(f.Context(), answer.Answer{ID: "ans_unknown", ConversationID: conv}, ""), answer.ErrNotWriting)
}

func latest(f *fixture) {
	f.queue(agents.Queue{Name: "support", Order: 1_000_000, Priority: 1}) // what is resolved does not return
	first := f.talk(f.maya)
	f.talk(f.omar)
	time.Sleep(time.Millisecond)
	second := f.talk(f.maya)
	is := func(step, want string) {
		f.Helper()
		if c, ok, err := f.Latest(f.Context(), f.maya.Customer); err != nil || c.ID != want || ok != (want != "") {
			f.Errorf("%s: %+v, %t, %v; want %q", step, c, ok, err, want)
		}
	}
	is("the second has just begun", second)
	time.Sleep(time.Millisecond)
	f.ask(first, "Where is my order?")
	is("the first goes on", first)
	f.resolve(first)
	is("the first is resolved", second)
	f.resolve(second)
	is("both are", "")
}

// oneTurn: an answer waits for those that were asked for before it.
func oneTurn(f *fixture) {
	conv := f.talk(f.maya)
	f.writing(f.talk(f.maya), "elsewhere") // another conversation holds nothing up
	a, b := f.writing(conv, "one"), f.ask(conv, "two")
	f.must(f.AwaitTurn(f.Context(), conv, a.ID))
	ctx, cancel := context.WithTimeout(f.Context(), 50*time.Millisecond)
	defer cancel()
	f.is("while the first is written", f.AwaitTurn(ctx, conv, b.ID), context.DeadlineExceeded)
	turn := make(chan error, 1)
	go func() { turn <- f.AwaitTurn(f.Context(), conv, b.ID) }()
	f.must(f.Release(f.Context(), f.stamp(f.maya), sentence(a, "It left.")))
	select {
	case err := <-turn:
		f.Errorf("the second is answered beside the first (%v)", err)
	case <-time.After(50 * time.Millisecond):
	}
	a.Status = answer.Answered
	f.must(f.Finish(f.Context(), f.stamp(f.maya), a, answer.Ending{}))
	select {
	case err := <-turn:
		f.must(err)
	case <-time.After(500 * time.Millisecond): // sooner than the poll
		f.Error("the end of the first did not wake the second")
	}
}

// restart: everything that was acknowledged is there after reopening.
func restart(f *fixture) {
	f.everything()
	conv := f.talk(f.maya)
	a := f.writing(conv, "Where is my order?")
	f.must(f.Release(f.Context(), f.stamp(f.maya), sentence(a, "On its way.")))
	before := f.contents()
	messages, err := f.Messages(f.Context(), conv)
	f.must(err)
	f.reopen()
	if d := cmp.Diff(before, f.contents()); d != "" {
		f.Errorf("-before +after:\n%s", d)
	}
	if again, err := f.Messages(f.Context(), conv); err != nil || cmp.Diff(messages, again) != "" {
		f.Errorf("the messages differ: %v", err)
	}
	if r, err := f.Record(f.Context(), shop, "r1"); err != nil || r.Text != "A tent." {
		f.Errorf("the record: %+v, %v", r, err)
	}
	if id, ok, err := f.FindCustomer(f.Context(), shop, "maya"); err != nil || !ok || id != f.maya.Customer {
		f.Errorf("the customer: %s, %t, %v", id, ok, err)
	}
	if len(f.scope(f.maya, consent.Answers).Searchable()) != 1 {
		f.Error("the grant is gone")
	}
	if s, err := f.Session(f.Context(), "token"); err != nil || s.ID != "ses_1" {
		f.Errorf("the session: %+v, %v", s, err)
	}
	// The answer that was being written is known, to be ended.
	turns, err := f.LeftBehind(f.Context())
	if err != nil || len(turns) != 1 || turns[0].AnswerID != a.ID || turns[0].Who.Customer != f.maya.Customer ||
		turns[0].Who.Kind != identity.Customer || turns[0].Conversation != conv {
		f.Errorf("%+v, %v", turns, err)
	}
}

// leftBehind: answers that are not finished, or whose end was not recorded, are
// known to whoever must see to them.
func leftBehind(f *fixture) {
	f.attend()
	visitor, err := f.AddVisitor(f.Context(), shop)
	f.must(err)
	conv := identity.NewID("cnv")
	f.must(f.Create(f.Context(), conversation.Conversation{
		ID: conv, Site: shop, Customer: visitor, Visitor: true, State: conversation.Pending, Language: "en",
	}, message(conversation.FromSystem, "You're chatting with an AI.")))
	a := f.writing(conv, "one")
	unfinished := func(step string, patience time.Duration, want ...string) {
		f.Helper()
		turns, err := f.Unfinished(f.Context(), patience)
		f.must(err)
		var got []string
		for _, x := range turns {
			got = append(got, x.AnswerID)
		}
		if !slices.Equal(got, want) {
			f.Errorf("%s: %v are unfinished, want %v", step, got, want)
		}
	}
	unfinished("just asked", time.Minute)
	f.pass(2 * time.Minute)
	unfinished("a while ago", time.Minute, a.ID)
	b := f.writing(conv, "two")
	unfinished("another, just now", time.Minute, a.ID)
	if turns, err := f.LeftBehind(f.Context()); err != nil || len(turns) != 0 {
		f.Errorf("what this replica writes was left behind: %+v, %v", turns, err)
	}
	f.pass(2 * time.Minute)
	unfinished("its turn comes after the first", time.Minute, a.ID)
	turns, err := f.Unfinished(f.Context(), time.Minute)
	if err != nil || len(turns) != 1 || turns[0].Who.Kind != identity.Visitor || turns[0].Who.Customer != visitor || turns[0].Who.Conversation != conv {
		f.Errorf("%+v, %v", turns, err)
	}
	// Finished is not recorded; recorded is over. The next is its turn's.
	stamp := consent.Stamp{Unavailable: true}
	a.Status, b.Status = answer.Declined, answer.Declined
	f.must(f.Finish(f.Context(), stamp, a, answer.Ending{}))
	unfinished("finished, not recorded", time.Minute, a.ID, b.ID)
	f.must(f.Citations().Append(f.Context(), closed(a.ID, visitor)))
	unfinished("recorded", time.Minute, b.ID)
	// To another process all of this was left behind.
	f.soon("the lease is renewed", func() bool { n, err := f.Replicas(f.Context()); return err == nil && n == 1 })
	f.reopen()
	unfinished("another process has begun nothing", 0)
	turns, err = f.LeftBehind(f.Context())
	if f.db.engine.shared {
		if err != nil || len(turns) != 0 {
			f.Errorf("before the lease of the other process is over: %+v, %v", turns, err)
		}
		f.pass(3 * time.Second)
	} else {
		f.attend() // nobody else has the file
	}
	turns, err = f.LeftBehind(f.Context())
	if err != nil || len(turns) != 1 || turns[0].AnswerID != b.ID {
		f.Errorf("left behind: %+v, %v", turns, err)
	}
}

// times are the database's.
func times(f *fixture) {
	near := func(what string, at time.Time) {
		f.Helper()
		if now := f.now(); now.Sub(at).Abs() > time.Minute {
			f.Errorf("%s is of %s, the database's clock says %s", what, at, now)
		}
	}
	now, err := f.Now(f.Context())
	f.must(err)
	near("the store's clock", now)
	conv := f.talk(f.maya)
	p, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, "Where is my order?"), "en")
	f.must(err)
	near("a message", p.Message.At)
	c := f.state(conv)
	near("a conversation", c.Created)
	near("its last change", c.Updated)
	a, err := f.Stored(f.Context(), p.AnswerID)
	f.must(err)
	near("an answer", a.At)
	near("an event of consent", f.choose(f.maya, true, "orders").Events[0].At)
	s, err := f.Snapshot(f.Context(), f.maya.Customer)
	f.must(err)
	near("a snapshot", s.Now)
	for _, e := range f.all(conv) {
		near("an event", e.At)
	}
	f.handOff(conv)
	tickets, err := f.Tickets(f.Context(), "support")
	f.must(err)
	near("a ticket", tickets[0].WaitingSince)
	f.must(f.Citations().Append(f.Context(), closed(a.ID, f.maya.Customer)))
	entries, err := f.Citations().ByAnswer(f.Context(), a.ID)
	f.must(err)
	near("an entry", entries[0].At)
	before := f.now()
	f.pass(time.Hour)
	if d := f.now().Sub(before); d < time.Hour || d > time.Hour+time.Minute {
		f.Errorf("in an hour the database's clock went on by %s", d)
	}
}

// nothingSaidIsPlain: what people write is sealed, and what goes to other parts
// has no words in it.
func nothingSaidIsPlain(f *fixture) {
	wake, stop := f.WatchOutbox()
	defer stop()
	conv := f.talk(f.maya)
	select {
	case <-wake:
	case <-time.After(5 * time.Second):
		f.Error("there is something to publish, and nobody was woken")
	}
	a := f.writing(conv, "Where is my zanzibarorder?")
	stamp := f.stamp(f.maya)
	a = sentence(a, "It is in zanzibartown.")
	f.must(f.Release(f.Context(), stamp, a))
	a.Status = answer.Answered
	f.must(f.Finish(f.Context(), stamp, a, answer.Ending{}))
	reply := message(conversation.FromAgent, "I am zanzibaragent.")
	reply.Staff, reply.Name = f.agent("stf_1"), "Zanzibarname"
	f.must(f.Act(f.Context(), "stf_1", conv, agents.Action{Trigger: conversation.AgentReplies, Message: &reply}))
	f.must(f.Rate(f.Context(), f.maya.Customer, conv, 1, "zanzibarbad"))
	f.must(f.Rate(f.Context(), f.maya.Customer, conv, 2, "zanzibarbetter"))
	if got := f.plain("zanzibar"); len(got) > 0 {
		f.Errorf("what was said is in %v", got)
	}
	if n := f.count("SELECT SUM(score) FROM ratings"); n != 2 {
		f.Errorf("rated %d, want the later 2", n)
	}
	out, err := f.Outbox(f.Context(), 100)
	if err != nil || len(out) == 0 {
		f.Fatal(len(out), err)
	}
	for i, o := range out {
		if strings.Contains(string(o.Payload), "zanzibar") {
			f.Errorf("%s carries words: %s", o.Subject, o.Payload)
		}
		if i > 0 && o.Position <= out[i-1].Position {
			f.Errorf("position %d comes after %d", o.Position, out[i-1].Position)
		}
		f.must(f.Published(f.Context(), o.Position))
		f.must(f.Published(f.Context(), o.Position)) // again
	}
	if n, err := f.Unpublished(f.Context()); err != nil || n != 0 {
		f.Errorf("%d unpublished, %v", n, err)
	}
	var texts []string
	m, err := f.Messages(f.Context(), conv)
	f.must(err)
	for _, x := range m {
		texts = append(texts, x.Text())
	}
	if want := []string{"You're chatting with an AI.", "Where is my zanzibarorder?", "It is in zanzibartown.", "I am zanzibaragent."}; !slices.Equal(texts, want) {
		f.Errorf("%q", texts)
	}
	if last := m[len(m)-1]; last.Staff != "stf_1" || last.Name != "Zanzibarname" || last.From != conversation.FromAgent {
		f.Errorf("%+v", last)
	}
}

// errorsHoldNoValues: what was to be written is not in what failed.
func errorsHoldNoValues(f *fixture) {
	r := record(f.maya, "r2", "orders", "secret words")
	r.Site = "nowhere"
	err := f.PutRecord(f.Context(), r)
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), string(f.maya.Customer)) || strings.Contains(err.Error(), "nowhere") {
		f.Errorf("%v", err)
	}
}

func cancelledWrite(f *fixture) {
	before := f.contents()
	for i := range 20 { // select takes either way, when both are open
		err := f.PutRecord(cancelled(f.T), record(f.maya, fmt.Sprint(i), "orders", "x"))
		f.is("with a cancelled context", err, context.Canceled)
	}
	f.unchanged("what was not begun", before)
	f.must(f.Ready(f.Context()))
	f.must(f.Close())
	if err := f.Close(); err != nil {
		f.Errorf("closing again: %v", err)
	}
	if err := f.Ready(f.Context()); err == nil || errors.Is(err, identity.ErrUnavailable) {
		f.Errorf("a closed store is ready, or away: %v", err)
	}
	if err := f.PutRecord(f.Context(), record(f.maya, "r1", "orders", "x")); err == nil {
		f.Error("a closed store wrote")
	}
	f.unchanged("after closing", before)
}
