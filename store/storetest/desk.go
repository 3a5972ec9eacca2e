package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

func (f *fixture) claim(who identity.StaffID, conv string) {
	f.Helper()
	f.must(f.Act(f.Context(), who, conv, agents.Action{Trigger: conversation.AgentClaims}))
}

func oneAgentClaims(f *fixture) {
	conv := f.talk(f.maya)
	f.handOff(conv)
	claimAtOnce(f, conv, []*fixture{f}, 200)
}

// claimAtOnce lets n agents claim a conversation, on the replicas in turn.
func claimAtOnce(f *fixture, conv string, replicas []*fixture, n int) {
	f.Helper()
	said := len(f.all(conv))
	ids := make([]identity.StaffID, n)
	for i := range ids {
		ids[i] = f.agent(identity.StaffID(identity.NewID("stf")))
	}
	var won atomic.Int64
	var winner atomic.Value
	var group sync.WaitGroup
	for i, id := range ids {
		group.Go(func() {
			joined := message(conversation.FromSystem, "joined")
			switch err := replicas[i%len(replicas)].Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentClaims, Joined: &joined}); {
			case err == nil:
				won.Add(1)
				winner.Store(id)
			case !errors.Is(err, agents.ErrOwned):
				f.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		f.Fatalf("%d agents won", won.Load())
	}
	c := f.state(conv)
	if c.Assignee != winner.Load() || c.State != conversation.Open {
		f.Errorf("%+v, the winner is %s", c, winner.Load())
	}
	if got := len(f.all(conv)); got != said+2 {
		f.Errorf("%d events more, want the state and that one person joined", got-said)
	}
	if err := f.Act(f.Context(), c.Assignee, conv, agents.Action{Trigger: conversation.AgentClaims}); err != nil {
		f.Errorf("one's own claim again: %v", err)
	}
	ticket, err := f.Ticket(f.Context(), conv)
	if err != nil || ticket.State != agents.Owned || ticket.Assignee != c.Assignee || ticket.AssigneeName != "Agent "+string(c.Assignee) {
		f.Errorf("%+v, %v", ticket, err)
	}
}

// whoMayAct is the desk's rules: the owner, another agent, nobody's.
func whoMayAct(f *fixture) {
	mine, theirs, nobodys := "owner", "another", "unclaimed"
	owner := map[string]error{mine: nil, theirs: agents.ErrOwned, nobodys: agents.ErrNotOwner}
	takes := map[string]error{mine: nil, theirs: agents.ErrOwned, nobodys: nil}
	a, b := f.agent("stf_a"), f.agent("stf_b")
	for trigger, want := range map[conversation.Trigger]map[string]error{
		conversation.AgentClaims: takes, conversation.AgentReplies: takes,
		conversation.AgentReleases: owner, conversation.AgentResolves: owner, conversation.AgentReturns: owner, conversation.AgentSnoozes: owner,
	} {
		for who, wantErr := range want {
			conv := f.talk(f.maya)
			f.handOff(conv)
			if who != nobodys {
				f.claim(a, conv)
			}
			actor := a
			if who == theirs {
				actor = b
			}
			what := fmt.Sprintf("%s by %s", trigger, who)
			before := f.contents()
			m := message(conversation.FromAgent, "hello")
			act := agents.Action{Trigger: trigger, Message: &m, Until: f.now().Add(time.Hour)}
			err := f.Act(f.Context(), actor, conv, act)
			f.is(what, err, wantErr)
			if wantErr != nil {
				f.unchanged(what, before)
			}
			if who == theirs && !slices.Contains([]conversation.Trigger{conversation.AgentClaims, conversation.AgentReplies}, trigger) {
				act.Anyone = true // a supervisor
				f.must(f.Act(f.Context(), actor, conv, act))
			}
		}
	}
}

// queueInOrder: who waits, by priority and time, then who is served.
func queueInOrder(f *fixture) {
	var convs []string
	for range 3 {
		conv := f.talk(f.strangers().maya)
		f.handOff(conv)
		convs = append(convs, conv)
		time.Sleep(time.Millisecond)
	}
	position := func(conv string, want int) {
		f.Helper()
		if ticket, err := f.TicketOf(f.Context(), conv); err != nil || ticket.ID == "" || ticket.QueuePosition != want {
			f.Errorf("the place is %+v, %v; want %d", ticket, err, want)
		}
	}
	queue := func(step string, want ...int) {
		f.Helper()
		tickets, err := f.Tickets(f.Context(), "support")
		f.must(err)
		var got []int
		for _, t := range tickets {
			got = append(got, slices.Index(convs, t.Conversation))
		}
		if !slices.Equal(got, want) {
			f.Errorf("%s: %v wait, want %v", step, got, want)
		}
	}
	version := func() string {
		f.Helper()
		v, err := f.DeskVersion(f.Context())
		f.must(err)
		return v
	}
	queue("at first", 0, 1, 2)
	position(convs[2], 3)
	at := version()
	id := f.agent("stf_1")
	f.claim(id, convs[0])
	queue("the first is served", 1, 2, 0)
	position(convs[0], 0)
	position(convs[2], 2)
	if version() == at {
		f.Error("a claim does not change the desk's version")
	}
	f.exec("UPDATE tickets SET priority = 0 WHERE conversation = $1", convs[2])
	queue("the last is urgent", 2, 1, 0)
	position(convs[2], 1)
	f.must(f.Act(f.Context(), id, convs[0], agents.Action{Trigger: conversation.AgentReleases}))
	queue("put back, in its place", 2, 0, 1)
	at = version()
	f.resolve(convs[1])
	queue("one is resolved", 2, 0)
	if version() == at {
		f.Error("a resolved conversation does not change the desk's version")
	}
	if ticket, err := f.TicketOf(f.Context(), convs[1]); err != nil || ticket.ID != "" {
		f.Errorf("a resolved conversation waits: %+v, %v", ticket, err)
	}
	if ticket, err := f.Ticket(f.Context(), convs[1]); err != nil || ticket.State != agents.Closed {
		f.Errorf("the ticket of a resolved conversation: %+v, %v", ticket, err)
	}
	wake, stop := f.WatchDesk()
	defer stop()
	f.handOff(convs[1])
	select {
	case <-wake:
	case <-time.After(5 * time.Second):
		f.Error("the desk was not woken")
	}
	if ticket, err := f.Ticket(f.Context(), convs[1]); err != nil || ticket.State != agents.Waiting {
		f.Errorf("handed off again: %+v, %v", ticket, err)
	}
}

// noticeOnce: an agent who does not know whether a reply was sent sends it again.
func noticeOnce(f *fixture) {
	conv := f.talk(f.maya)
	f.handOff(conv)
	id := f.agent("stf_1")
	m := message(conversation.FromAgent, "It is on its way.")
	joined := message(conversation.FromSystem, "Agent stf_1 joined.")
	reply := agents.Action{Trigger: conversation.AgentReplies, Message: &m, Joined: &joined}
	f.must(f.Act(f.Context(), id, conv, reply))
	before := f.contents()
	again := message(conversation.FromSystem, "Agent stf_1 joined.")
	reply.Joined = &again
	f.must(f.Act(f.Context(), id, conv, reply))
	f.unchanged("the same reply again", before)
}

// snoozesEnd: a snoozed conversation comes back when the database's time has
// come, to its agent, and cannot be put back before.
func snoozesEnd(f *fixture) {
	conv, id := f.talk(f.maya), f.agent("stf_1")
	f.claim(id, conv)
	snooze := func(until time.Time) error {
		return f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentSnoozes, Reason: conversation.PutOff, Until: until})
	}
	before := f.contents()
	f.is("until now", snooze(f.now()), agents.ErrUntil)
	f.is("without an end", snooze(time.Time{}), agents.ErrUntil)
	f.is("for too long", snooze(f.now().Add(agents.MaxSnooze+time.Minute)), agents.ErrUntil)
	f.unchanged("refused", before)
	until := f.now().Add(time.Hour)
	f.must(snooze(until))
	f.is("a snoozed conversation is released", f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentReleases}), conversation.ErrIllegalTransition)
	f.pass(59 * time.Minute)
	f.must(f.WakeSnoozed(f.Context()))
	if c := f.state(conv); c.State != conversation.Snoozed {
		f.Errorf("woken early: %+v", c)
	}
	if tickets, err := f.Tickets(f.Context(), ""); err != nil || len(tickets) != 1 || tickets[0].State != agents.PutOff ||
		!tickets[0].Until.Equal(until) || tickets[0].Assignee != id || tickets[0].Clocks.Late {
		f.Errorf("a snoozed conversation is listed as %+v, %v", tickets, err)
	}
	f.pass(time.Minute)
	f.must(f.WakeSnoozed(f.Context()))
	if c := f.state(conv); c.State != conversation.Open || c.Assignee != id || c.Reason != conversation.SnoozeOver {
		f.Errorf("after its time: %+v", c)
	}
	seq := f.state(conv).LastSeq
	f.must(f.WakeSnoozed(f.Context()))
	if f.state(conv).LastSeq != seq {
		f.Error("woken twice")
	}
	f.must(f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentReleases}))
	if ticket, err := f.TicketOf(f.Context(), conv); err != nil || ticket.QueuePosition != 1 {
		f.Errorf("put back: %+v, %v", ticket, err)
	}
}

// takenWhilePutOff: what an agent put off is theirs, but for who leads the desk: they take
// it, or give it to somebody, and it is open again.
func takenWhilePutOff(f *fixture) {
	conv, a, b := f.talk(f.maya), f.agent("stf_a"), f.agent("stf_b")
	f.handOff(conv)
	f.claim(a, conv)
	claim := agents.Action{Trigger: conversation.AgentClaims, Reason: conversation.TakenOver}
	leads := claim
	leads.Snoozed = true
	putOff := func(who identity.StaffID) {
		f.Helper()
		f.must(f.Act(f.Context(), who, conv, agents.Action{Trigger: conversation.AgentSnoozes, Until: f.now().Add(time.Hour)}))
	}
	has := func(what string, who identity.StaffID) {
		f.Helper()
		c, t := f.state(conv), f.ticket(conv)
		if c.State != conversation.Open || c.Assignee != who || t.State != agents.Owned || t.Assignee != who || t.LastOwner != who || !t.Until.IsZero() {
			f.Errorf("%s: %+v, %+v", what, c, t)
		}
	}
	f.is("what is served", f.Act(f.Context(), b, conv, leads), agents.ErrOwned)
	putOff(a)
	f.is("what another agent put off", f.Act(f.Context(), b, conv, claim), agents.ErrOwned)
	f.is("it goes to a queue", f.Transfer(f.Context(), a, conv, agents.Transfer{Queue: "support"}), conversation.ErrIllegalTransition)
	f.must(f.Act(f.Context(), b, conv, leads))
	has("taken", b)
	putOff(b)
	f.must(f.Transfer(f.Context(), b, conv, agents.Transfer{Staff: a, Assign: true, Anyone: true}))
	has("given", a)
	putOff(a)
	f.must(f.Transfer(f.Context(), b, conv, agents.Transfer{Staff: a, Assign: true, Anyone: true}))
	has("given to who had it", a)
	want := []string{
		"opened customer customer_request", "claimed stf_a ", "snoozed stf_a", "woke stf_b taken_over", "claimed stf_b ", "snoozed stf_b",
		"assigned stf_b stf_a", "woke stf_b taken_over", "snoozed stf_a", "assigned stf_b stf_a", "woke stf_b taken_over",
	}
	got := f.onRecord(conv)
	for i, x := range got {
		if strings.HasPrefix(x, "snoozed") {
			got[i] = strings.Join(strings.Fields(x)[:2], " ") // without the time
		}
	}
	if !slices.Equal(got, want) {
		f.Errorf("it is on record: %q", got)
	}
	// Those who follow tickets are told that somebody has it.
	out, err := f.Outbox(f.Context(), 1000)
	f.must(err)
	stood := make(map[string]int)
	for _, o := range out {
		var event struct{ Type, Subject string }
		f.must(json.Unmarshal(o.Payload, &event))
		if event.Subject == conv {
			stood[event.Type]++
		}
	}
	if stood["candor.handoff.snoozed"] > 0 || stood["candor.handoff.owned"] < 4 {
		f.Errorf("it is told of as %v", stood)
	}
}

// inItsQueue: what somebody does in a queue, as over NATS, they do to what is there at the
// commit: what has gone to another one meanwhile does not exist for them.
func inItsQueue(f *fixture) {
	f.queue(agents.Queue{Name: "other", Order: 1, Takes: agents.Takes{Topics: []string{"none"}}})
	conv, agent := f.serving(f.maya, "stf_a")
	by := func(queue string) agents.By { return agents.By{Staff: agent.Staff, Queue: queue} }
	does := map[string]func(queue string) error{
		"reply": func(queue string) error {
			m := message(conversation.FromAgent, "Well.")
			m.Staff = agent.Staff
			return f.Store.Act(f.Context(), by(queue), conv, agents.Action{Trigger: conversation.AgentReplies, Message: &m})
		},
		"transfer": func(queue string) error {
			return f.Store.Transfer(f.Context(), by(queue), conv, agents.Transfer{Staff: agent.Staff, Assign: true, Anyone: true})
		},
		"note": func(queue string) error {
			return f.Store.AddNote(f.Context(), by(queue), agents.Note{ID: "not_1", Conversation: conv, Staff: agent.Staff, Text: "Hm."})
		},
		"suggest": func(queue string) error {
			return f.Store.AddSuggestion(f.Context(), by(queue), agent.Customer, agents.Suggestion{
				ID: "sug_1", Status: agents.SuggestionAnswered, Conversation: conv, Staff: agent.Staff, Stamp: f.scope(agent, consent.AgentAssist).Stamp(),
			})
		},
		"ask": func(queue string) error {
			who := agent
			who.Queue = queue
			return f.gate.Ask(f.Context(), who, []consent.Category{"orders"}, "msg_ask", "en", "Shop")
		},
	}
	before := f.contents()
	for what, do := range does {
		f.is(what+" in another queue", do("other"), conversation.ErrNotFound)
	}
	f.is("pass in another queue", f.Store.Pass(f.Context(), by("other"), conv), conversation.ErrNotFound)
	f.unchanged("in another queue", before)
	f.must(f.Transfer(f.Context(), agent.Staff, conv, agents.Transfer{Queue: "other"}))
	f.claim(agent.Staff, conv)
	for what, do := range does {
		if err := do("other"); err != nil {
			f.Errorf("%s where it has gone: %v", what, err)
		}
	}
	f.is("pass where it has gone", f.Store.Pass(f.Context(), by("other"), conv), agents.ErrNotReserved)
}

// doneOnce: of many requests of one id, one is done, on whichever replica.
func doneOnce(f *fixture) {
	conv, a := f.talk(f.maya), f.agent("stf_a")
	f.handOff(conv)
	f.claim(a, conv)
	by := agents.By{Staff: a, Request: "msg_release"}
	if done, err := f.Done(f.Context(), by, conv); done || err != nil {
		f.Errorf("nobody has asked, and it is done: %v, %v", done, err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := f.Store.Act(f.Context(), by, conv, agents.Action{Trigger: conversation.AgentReleases}); err != nil {
				f.Errorf("one of many: %v", err)
			}
		})
	}
	group.Wait()
	f.claim(a, conv)
	f.must(f.Store.Act(f.Context(), by, conv, agents.Action{Trigger: conversation.AgentReleases}))
	if c := f.state(conv); c.Assignee != a {
		f.Error("what was done is done again")
	}
	if got := f.onRecord(conv); !slices.Equal(got, []string{"opened customer customer_request", "claimed stf_a ", "released stf_a ", "claimed stf_a "}) {
		f.Errorf("it is on record: %q", got)
	}
	for who, want := range map[identity.StaffID]bool{a: true, f.agent("stf_b"): false} {
		if done, err := f.Done(f.Context(), agents.By{Staff: who, Request: by.Request}, conv); done != want || err != nil {
			f.Errorf("it is done by %s: %v, %v", who, done, err)
		}
	}
}
