package storetest

import (
	"encoding/json"
	"time"

	"candor/agents"
	"candor/conversation"
	"candor/delivery"
	"candor/identity"
)

// wrote is a message of a person.
func (f *fixture) wrote(who identity.StaffID, conv, text string) {
	f.Helper()
	m := message(conversation.FromAgent, text)
	m.Staff = who
	f.must(f.Act(f.Context(), who, conv, agents.Action{Trigger: conversation.AgentReplies, Message: &m}))
}

// owed is what is to be delivered to a target.
func (f *fixture) owed(target string) []delivery.Delivery {
	f.Helper()
	due, err := f.Deliveries().Due(f.Context(), target, 1000)
	f.must(err)
	return due
}

func contacts(f *fixture) {
	conv, other := f.state(f.talk(f.maya)), f.state(f.talk(f.omar))
	const address = "zanzibar@post.example"
	f.must(f.SetContact(f.Context(), conv, "first@post.example"))
	f.must(f.SetContact(f.Context(), conv, address))
	if got, err := f.Contact(f.Context(), conv); err != nil || got != address {
		f.Errorf("%q, %v", got, err)
	}
	if got, err := f.Contact(f.Context(), other); err != nil || got != "" {
		f.Errorf("somebody else's: %q, %v", got, err)
	}
	for id, want := range map[string]bool{conv.ID: true, other.ID: false, "": false} {
		if has, err := f.HasContact(f.Context(), id); err != nil || has != want {
			f.Errorf("%s has one: %t, %v", id, has, err)
		}
	}
	if all, err := f.ContactsOf(f.Context(), f.maya.Customer); err != nil || len(all) != 1 || all[conv.ID] != address {
		f.Errorf("of maya: %v, %v", all, err)
	}
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("the address is in %v", where)
	}
	f.is("of nobody's conversation", f.SetContact(f.Context(), conversation.Conversation{ID: "cnv_none", Customer: f.maya.Customer}, address), conversation.ErrNotFound)
	f.must(f.RemoveContact(f.Context(), conv))
	f.must(f.RemoveContact(f.Context(), conv))
	if got, err := f.Contact(f.Context(), conv); err != nil || got != "" {
		f.Errorf("removed: %q, %v", got, err)
	}
	f.must(f.SetContact(f.Context(), other, address))
	f.must(only(f.Erase(f.Context(), f.omar.Customer, nil)))
	if n := f.count("SELECT COUNT(*) FROM contacts"); n != 0 {
		f.Errorf("%d addresses are left of who was erased", n)
	}
}

// unreadIsTold: what a person wrote and nobody read is told once until the customer
// comes back, and mailed to the address that they left.
func unreadIsTold(f *fixture) {
	const after = 2 * time.Minute
	sam := f.agent("stf_sam")
	with, without := f.talk(f.maya), f.talk(f.omar)
	f.must(f.SetContact(f.Context(), f.state(with), "maya@post.example"))
	for _, conv := range []string{with, without} {
		f.handOff(conv)
	}
	tell := func(step string, want, mails int) {
		f.Helper()
		if told, err := f.TellUnread(f.Context(), after, true); err != nil || told != want {
			f.Errorf("%s: told %d, %v; want %d", step, told, err, want)
		}
		if n := len(f.owed(delivery.MailTarget)); n != mails {
			f.Errorf("%s: %d mails wait, want %d", step, n, mails)
		}
	}
	events := func() (n int) {
		f.Helper()
		out, err := f.Outbox(f.Context(), 10_000)
		f.must(err)
		for _, o := range out {
			var e struct{ Type string }
			f.must(json.Unmarshal(o.Payload, &e))
			if e.Type == delivery.UnreadEvent {
				n++
			}
		}
		return n
	}
	tell("nothing was written", 0, 0)
	f.wrote(sam, with, "Here it is.")
	f.wrote(sam, without, "Here it is.")
	f.pass(after - time.Second)
	tell("a second early", 0, 0)
	f.wrote(sam, with, "And one more.") // does not put it off
	f.pass(time.Second)
	tell("in time", 2, 1)
	tell("again", 0, 1)
	f.pass(time.Hour)
	f.wrote(sam, with, "Are you there?")
	f.pass(time.Hour)
	tell("they did not come back", 0, 1)
	if n := events(); n != 2 {
		f.Errorf("%d events, want 2", n)
	}

	mail := f.owed(delivery.MailTarget)[0]
	l, err := f.Deliveries().Letter(f.Context(), mail)
	if err != nil || l.To != "maya@post.example" || l.Site.ID != shop || l.Language != "en" {
		f.Errorf("the mail: %+v, %v", l, err)
	}
	f.must(only(f.Post(f.Context(), with, message(conversation.FromCustomer, "I am."), "en")))
	f.is("the mail to who is back", only(f.Deliveries().Letter(f.Context(), mail)), delivery.ErrNotWanted)
	f.must(f.Deliveries().Settle(f.Context(), mail, delivery.Result{Status: delivery.Dropped}))
	f.pass(time.Hour)
	tell("they are back", 0, 0)
	f.wrote(sam, with, "Good.")
	f.pass(after)
	tell("written after they were back", 1, 1)
	f.must(f.RemoveContact(f.Context(), f.state(with)))
	tell("the address was taken away", 0, 0)
	f.wrote(sam, without, "Once more.")
	f.must(only(f.Post(f.Context(), without, message(conversation.FromCustomer, "Yes?"), "en")))
	f.wrote(sam, without, "Yes.")
	f.must(only(f.Erase(f.Context(), f.omar.Customer, nil)))
	f.pass(after)
	tell("erased", 0, 0)
}
