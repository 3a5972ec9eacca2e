package desktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Acme is the outside desk of the fixture's policy.
const Acme consent.Recipient = "desk:acme"

// withOutsideDesk adds Acme to the text of a policy, as docs/desk.md says.
func withOutsideDesk(policy []byte) []byte {
	texts := func(text string) string {
		var out []string
		for _, l := range consent.Languages {
			out = append(out, fmt.Sprintf("%s: %q", l, text))
		}
		return "{ " + strings.Join(out, ", ") + " }"
	}
	recipient := fmt.Sprintf(`
recipients:
  - id: %q
    dpv: "dpv:DataProcessor"
    third_party: true
    label: %s
    only: %s
`, Acme, texts("Acme, a support company"), texts("Only Acme will see them."))
	use := fmt.Sprintf(`
uses:
  - purpose: agent_assist
    categories: [conversation, orders]
    recipients: [%q]
`, Acme)
	policy = bytes.Replace(policy, []byte("\nrecipients:\n"), []byte(recipient), 1)
	return bytes.Replace(policy, []byte("\nuses:\n"), []byte(use), 1)
}

// HireOutside makes a member of staff of Acme's, who serves the queues.
func (f *Fixture) HireOutside(t *testing.T, name string, queues ...string) Agent {
	t.Helper()
	a := f.hire(t, identity.StaffMember{Name: name, Roles: []identity.Role{identity.RoleAgent}, Recipient: string(Acme)})
	must(t, f.Store.SetSeat(t.Context(), agents.Seat{Staff: a.Who.Staff, Name: name, Queues: queues, Capacity: agents.DefaultCapacity}))
	return a
}

// sees returns all that an agent reads of a conversation, and of the queue, as text.
func (f *Fixture) sees(t *testing.T, a Agent, c *Customer) (agents.View, string) {
	t.Helper()
	view, err := a.Desk.Get(t.Context(), a.Who, c.Conversation)
	must(t, err)
	seen, err := json.Marshal([]any{view, f.queue(t, a)})
	must(t, err)
	return view, string(seen)
}

// testOutsideDesk: what a customer lets the company's desk see says nothing about
// another desk, and the other way round.
func testOutsideDesk(t *testing.T, f *Fixture) {
	const words, order, said = "canary-words", "canary-order", "canary-answer"
	ana, out := f.Hire(t, "Ana", identity.RoleAgent), f.HireOutside(t, "Olga", f.Queue)
	c := f.Customer(t, words,
		conversation.Segment{Text: said},
		conversation.Segment{Text: "It is " + order + ".", Categories: []consent.Category{"orders"}})
	c.Record(t, "orders", "Order", "Order "+order+" has left.")
	c.AskForPerson(t)
	f.looks.take()
	check := func(when string, a Agent, want, not []string) {
		t.Helper()
		_, seen := f.sees(t, a, c)
		for _, s := range want {
			if !strings.Contains(seen, s) {
				t.Errorf("%s %s does not see %s", when, a.Who.Name, s)
			}
		}
		for _, s := range not {
			if strings.Contains(seen, s) {
				t.Errorf("%s %s sees %s", when, a.Who.Name, s)
			}
		}
	}
	check("before sharing", ana, []string{words, said}, []string{order})
	f.looks.take()
	check("before sharing", out, nil, []string{words, said, order})
	if got := f.looks.take(); len(got) != 0 {
		t.Errorf("who saw nothing is on record: %v", got)
	}
	c.Share(t, "orders", true)
	check("with orders for the company", ana, []string{words, order}, nil)
	check("with orders for the company", out, nil, []string{words, said, order})
	c.Share(t, "orders", false)
	c.ShareWith(t, Acme, "orders", true)
	check("with orders for Acme", ana, []string{words}, []string{order})
	// The record is theirs to see; the message that quotes it answers words that are not.
	view, seen := f.sees(t, out, c)
	if len(view.Records) != 1 || strings.Contains(seen, words) || strings.Contains(seen, said) || strings.Contains(seen, "It is "+order) {
		t.Errorf("with orders for Acme it sees %s", seen)
	}
	c.ShareWith(t, Acme, consent.Conversation, true)
	f.looks.take()
	check("with words too", out, []string{words, said, "It is " + order}, nil)
	f.looks.mu.Lock()
	for _, a := range f.looks.all {
		if a.Recipient != Acme {
			t.Errorf("the look was for %q, want %q", a.Recipient, Acme)
		}
	}
	f.looks.mu.Unlock()
	c.ShareWith(t, Acme, consent.Conversation, false)
	check("after taking words back", out, nil, []string{words, said, "It is " + order})
}

// testOutsideBlind: who is told nothing can still take the conversation, write and end it.
func testOutsideBlind(t *testing.T, f *Fixture) {
	out := f.HireOutside(t, "Olga", f.Queue)
	c := f.Waiting(t, "canary-words")
	if got := f.queue(t, out); len(got) != 1 || got[0].Summary != "" || got[0].Reason != conversation.CustomerRequest {
		t.Errorf("the queue is %+v", got)
	}
	do(t, "claim", out, c)
	must(t, out.Desk.Reply(t.Context(), out.Who, c.Conversation, "How can I help?"))
	c.Say(t, "canary-more")
	view, seen := f.sees(t, out, c)
	if strings.Contains(seen, "canary") || !strings.Contains(seen, "How can I help?") || !strings.Contains(seen, "Olga joined") {
		t.Errorf("it sees %s", seen)
	}
	if view.Conversation.State != conversation.Open || !slices.Contains(view.NotShared, consent.Conversation) {
		t.Errorf("the view is %+v", view)
	}
	masked := 0
	for _, m := range view.Messages {
		for _, p := range m.Parts {
			if p.Masked && p.Category == consent.Conversation && strings.Contains(p.Text, "not shared") {
				masked++
			}
		}
	}
	if masked != 2 {
		t.Errorf("%d parts stand for the customer's words, want 2", masked)
	}
	do(t, "resolve", out, c)
	inState(t, c, conversation.Resolved, "")
}

// testOutsideAsks: what the other desk asks for is for it alone, and says so.
func testOutsideAsks(t *testing.T, f *Fixture) {
	out := f.HireOutside(t, "Olga", f.Queue)
	c := f.Waiting(t, "canary-words")
	do(t, "claim", out, c)
	view, _ := f.sees(t, out, c)
	if view.Asks[consent.Conversation] != consent.AskOpen || view.Asks["orders"] != consent.AskOpen {
		t.Errorf("it may ask for %v", view.Asks)
	}
	if err := out.Desk.Ask(t.Context(), out.Who, c.Conversation, []consent.Category{"billing"}); !errors.Is(err, consent.ErrUnknownTriple) {
		t.Errorf("asking for what the policy does not give it: %v", err)
	}
	must(t, out.Desk.Ask(t.Context(), out.Who, c.Conversation, []consent.Category{consent.Conversation}))
	_, messages := c.See(t)
	offer := messages[len(messages)-1].Offer
	if offer == nil || len(offer.Changes) != 1 || offer.Changes[0].Recipient != Acme || offer.Changes[0].Category != consent.Conversation {
		t.Fatalf("the offer is %+v", offer)
	}
	if strings.Contains(offer.Text, Brand) || !strings.Contains(offer.Text, "Olga from Acme, a support company") || !strings.Contains(offer.Text, "Only Acme") {
		t.Errorf("the customer reads %q", offer.Text)
	}
}

// testOutsideQueues: a conversation of another queue does not exist for an outside desk.
func testOutsideQueues(t *testing.T, f *Fixture) {
	f.addQueue(t, "elsewhere")
	out, mine := f.HireOutside(t, "Olga", "elsewhere"), f.HireOutside(t, "Oleg", f.Queue, "elsewhere")
	c := f.Waiting(t, "Hello?")
	if got := f.queue(t, out); len(got) != 0 {
		t.Errorf("its queue is %+v", got)
	}
	if view, err := out.Desk.Get(t.Context(), out.Who, c.Conversation); !errors.Is(err, conversation.ErrNotFound) || view.Conversation.ID != "" {
		t.Errorf("it gets %+v, %v", view, err)
	}
	for action := range actions {
		refused(t, action, out, c, conversation.ErrNotFound)
	}
	nowhere := f.HireOutside(t, "Otto")
	refused(t, "claim", nowhere, c, conversation.ErrNotFound)
	do(t, "claim", mine, c)
	if got := f.queue(t, mine); len(got) != 1 {
		t.Errorf("the queue is %+v", got)
	}
}

// testMovedWhileRead: what goes to another queue while it is read is not shown to who has
// the former one alone.
func testMovedWhileRead(t *testing.T, f *Fixture) {
	f.addQueue(t, "elsewhere")
	lead, ana, out := f.Hire(t, "Lea", identity.RoleSupervisor), f.Hire(t, "Ana", identity.RoleAgent), f.HireOutside(t, "Olga", f.Queue)
	ana.Who.Queue = f.Queue
	var c *Customer
	move := func(queue string) {
		t.Helper()
		must(t, f.Service.Transfer(t.Context(), lead.Who, c.Conversation, agents.Transfer{Queue: queue}))
	}
	away := func() {
		move("elsewhere")
		c.Say(t, "canary-later")
	}
	for _, a := range []Agent{ana, out} {
		c = f.Waiting(t, "canary-words")
		c.ShareWith(t, Acme, consent.Conversation, true)
		f.looks.reading(away)
		if view, err := a.Desk.Get(t.Context(), a.Who, c.Conversation); !errors.Is(err, conversation.ErrNotFound) || len(view.Messages) > 0 {
			t.Errorf("%s gets %+v, %v", a.Who.Name, view, err)
		}
		move(f.Queue)
		f.looks.reading(away)
		if got := f.queue(t, a); len(got) != 0 {
			t.Errorf("the queue of %s is %+v", a.Who.Name, got)
		}
	}
}
