package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// anyOrder: whatever happens to a conversation, in whatever order, its state is what the
// table of states says, what is not in it changes nothing, and its ticket agrees: there is
// one while a person is to have it, of the same clocks for as long as it stays.
func anyOrder(f *fixture) {
	f.queue(agents.Queue{Name: "support", Order: 1_000_000, Priority: 1, Reopen: span(time.Hour), Targets: agents.Targets{FirstReply: span(time.Hour)}})
	f.queue(agents.Queue{Name: "other", Order: 1, Takes: agents.Takes{Topics: []string{"none"}}, Reopen: span(time.Hour)})
	staff := []identity.StaffID{f.agent("stf_a"), f.agent("stf_b")}
	seed := rand.Uint64()               //nolint:gosec // nothing is secret in an order
	r := rand.New(rand.NewPCG(seed, 9)) //nolint:gosec // what happened is to happen again
	conv := f.talk(f.maya)
	model := deskModel{state: conversation.Pending}
	var opened agents.Ticket
	for step := range 120 {
		did, want, got := model.step(f, r, conv, staff)
		where := fmt.Sprintf("seed %d, step %d: %s", seed, step, did)
		if !errors.Is(got, want) || want == nil && got != nil {
			f.Fatalf("%s: %v, want %v", where, got, want)
		}
		c := f.state(conv)
		if c.State != model.state || c.Assignee != model.owner {
			f.Fatalf("%s: it is %s of %q, want %s of %q", where, c.State, c.Assignee, model.state, model.owner)
		}
		open := f.count("SELECT COUNT(*) FROM tickets WHERE conversation = $1 AND state <> 'closed'", conv)
		atDesk := c.State == conversation.Open || c.State == conversation.Snoozed
		if atDesk != (open == 1) || open > 1 {
			f.Fatalf("%s: %s with %d open tickets", where, c.State, open)
		}
		if !atDesk {
			continue
		}
		t := f.ticket(conv)
		stands := agents.Waiting
		switch {
		case c.State == conversation.Snoozed:
			stands = agents.PutOff
		case c.Assignee != "":
			stands = agents.Owned
		}
		if t.State != stands || t.Assignee != c.Assignee || t.Outcome != "" || !t.Clocks.Closed.IsZero() {
			f.Fatalf("%s: the ticket is %+v", where, t)
		}
		if t.ID == opened.ID && (t.Clocks.Opened != opened.Clocks.Opened || t.WaitingSince != opened.WaitingSince ||
			!opened.Clocks.FirstReply.IsZero() && t.Clocks.FirstReply != opened.Clocks.FirstReply) {
			f.Fatalf("%s: its clocks were %+v and are %+v", where, opened.Clocks, t.Clocks)
		}
		if t.Clocks.Asked.IsZero() == model.asked {
			f.Fatalf("%s: asked at %s, want %t", where, t.Clocks.Asked, model.asked)
		}
		opened = t
	}
}

// deskModel is what a conversation is, as the design says it.
type deskModel struct {
	state  conversation.State
	owner  identity.StaffID
	kept   identity.StaffID // whom it is offered to
	ended  string           // how its last stay at the desk ended
	asked  bool             // its customer waits for a person
	wrote  bool             // its customer wrote last
	reason conversation.Reason
}

// step does something at random, and says what must come of it.
func (m *deskModel) step(f *fixture, r *rand.Rand, conv string, staff []identity.StaffID) (did string, want, got error) {
	f.Helper()
	ctx, who := f.Context(), staff[r.IntN(len(staff))]
	other := staff[r.IntN(len(staff))]
	says := func() conversation.Message {
		x := message(conversation.FromAgent, "Well.")
		x.Staff = who
		return x
	}
	act := func(t conversation.Trigger) error {
		a := agents.Action{Trigger: t, Reason: conversation.Reason(t), Until: f.now().Add(time.Hour)}
		if t == conversation.AgentReplies {
			x := says()
			a.Message = &x
		}
		return f.Act(ctx, who, conv, a)
	}
	next := func(t conversation.Trigger) (conversation.State, error) { return m.state.Next(t) }
	switch n := r.IntN(12); n {
	case 0, 1:
		_, got = f.Handoff(ctx, conv, conversation.CustomerRequest, message(conversation.FromSystem, "Soon."))
		if m.state == conversation.Pending || m.state == conversation.Resolved {
			m.owner, m.kept = "", ""
		}
		m.state, m.asked = conversation.Open, true
		return "handoff", nil, got
	case 2, 3:
		_, got = f.Post(ctx, conv, message(conversation.FromCustomer, "Hm."), "en")
		switch m.state {
		case conversation.Resolved:
			if m.state = conversation.Pending; m.ended == "resolved" {
				m.state, m.asked, m.reason = conversation.Open, true, conversation.CustomerWrote
			}
		case conversation.Snoozed:
			m.state, m.asked = conversation.Open, true
		case conversation.Open:
			m.asked = true
		case conversation.Pending:
		}
		m.wrote = true
		return "the customer writes", nil, got
	case 4, 5:
		t := []conversation.Trigger{conversation.AgentClaims, conversation.AgentReplies}[n-4]
		got = act(t)
		switch {
		case m.owner != "" && m.owner != who:
			return string(t), agents.ErrOwned, got
		case m.state == conversation.Resolved:
			return string(t), conversation.ErrIllegalTransition, got
		case m.owner == "" && m.kept != "" && m.kept != who:
			return string(t), agents.ErrReserved, got
		}
		if m.state == conversation.Pending {
			m.asked = m.wrote
		}
		m.state, m.owner, m.kept = conversation.Open, who, ""
		if t == conversation.AgentReplies {
			m.asked, m.wrote = false, false
		}
		return string(t), nil, got
	case 6, 7, 8, 9:
		t := []conversation.Trigger{conversation.AgentReleases, conversation.AgentResolves, conversation.AgentReturns, conversation.AgentSnoozes}[n-6]
		to, illegal := next(t)
		got = act(t)
		switch {
		case m.owner == "":
			return string(t), agents.ErrNotOwner, got
		case m.owner != who:
			return string(t), agents.ErrOwned, got
		case illegal != nil:
			return string(t), conversation.ErrIllegalTransition, got
		}
		m.state = to
		if t != conversation.AgentSnoozes {
			m.owner = ""
		}
		if ended := map[conversation.Trigger]string{conversation.AgentResolves: "resolved", conversation.AgentReturns: "returned"}[t]; ended != "" {
			m.ended = ended
		}
		return string(t), nil, got
	case 10:
		to, assign := agents.Transfer{Queue: []string{"support", "other"}[r.IntN(2)]}, r.IntN(2) == 0
		if assign {
			to = agents.Transfer{Staff: other, Assign: r.IntN(2) == 0, Anyone: true}
		}
		got = f.Transfer(ctx, who, conv, to)
		trigger := conversation.AgentTransfers
		if to.Assign {
			trigger = conversation.SupervisorAssigns
		}
		_, illegal := next(trigger)
		switch {
		case !to.Anyone && m.owner == "":
			return "transfer", agents.ErrNotOwner, got
		case !to.Anyone && m.owner != who:
			return "transfer", agents.ErrOwned, got
		case illegal != nil:
			return "transfer", conversation.ErrIllegalTransition, got
		case to.Assign:
			m.state, m.owner, m.kept = conversation.Open, other, ""
		default:
			m.owner, m.kept = "", to.Staff
		}
		return fmt.Sprintf("transfer %+v", to), nil, got
	default:
		solved := r.IntN(2) == 0
		got = f.confirm(conv, solved)
		did = fmt.Sprintf("confirm %t", solved)
		repeated := !solved && m.state == conversation.Open && m.reason == conversation.NotSolved
		switch {
		case repeated && got == nil:
			return did, nil, nil
		case m.state != conversation.Resolved || m.ended == "returned" || m.ended == "":
			return did, conversation.ErrIllegalTransition, got
		case solved:
			m.ended = "confirmed"
		default:
			m.state, m.asked, m.reason = conversation.Open, true, conversation.NotSolved
		}
		return did, nil, got
	}
}
