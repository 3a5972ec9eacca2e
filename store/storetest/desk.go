package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"candor/agents"
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
	f.must(f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentSnoozes, Reason: conversation.PutOff, Until: f.now().Add(time.Hour)}))
	f.is("a snoozed conversation is released", f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentReleases}), conversation.ErrIllegalTransition)
	f.pass(59 * time.Minute)
	f.must(f.WakeSnoozed(f.Context()))
	if c := f.state(conv); c.State != conversation.Snoozed {
		f.Errorf("woken early: %+v", c)
	}
	if tickets, err := f.Tickets(f.Context(), ""); err != nil || len(tickets) != 0 {
		f.Errorf("a snoozed conversation is in the queue: %+v, %v", tickets, err)
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
