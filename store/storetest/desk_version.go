package storetest

import (
	"fmt"
	"slices"

	"candor/conversation"
	"candor/delivery"
)

// deskVersion: it rises with what is changed here and elsewhere, and stays otherwise.
func deskVersion(f, elsewhere *fixture) {
	last := ""
	version := func() string {
		f.Helper()
		v, err := f.DeskVersion(f.Context())
		f.must(err)
		return v
	}
	rises := func(what string) {
		f.Helper()
		now := version()
		if now == last {
			f.Errorf("%s does not change the desk's version", what)
		}
		last = now
	}
	settles := func(what string) {
		f.Helper()
		// What was told at once is counted behind, while another may be told.
		f.soon(what+": nothing changes the desk's version", func() bool {
			before := last
			last = version()
			f.WakeDesk()
			return before == last && version() == last
		})
	}
	rises("the first look")
	conv := f.talk(f.maya)
	settles("a conversation of the assistant's")
	f.handOff(conv)
	rises("a handoff here")
	settles("a handoff here")
	other := elsewhere.talk(f.omar)
	elsewhere.handOff(other)
	f.WakeDesk()
	f.soon("a handoff elsewhere is told", func() bool { return version() != last })
	last = version()
	f.say(other, "Is anybody there?")
	rises("a message to the desk")
	settles("a message to the desk")
	elsewhere.say(conv, "And here?")
	f.soon("a message elsewhere is told without a wake-up", func() bool { return version() != last })
}

// outboxOrder: a handoff is told of in the order in which it happened, and webhooks as
// they are wanted at its commit.
func outboxOrder(f *fixture) {
	hook := delivery.Webhook{Name: "order", URL: "https://order.example", Events: []string{"candor.handoff.*"}}
	for i, disabled := range []bool{false, true, false} {
		f.must(only(f.PutWebhook(f.Context(), hook, disabled)))
		owed := func() int {
			w, err := f.WebhookNamed(f.Context(), hook.Name)
			f.must(err)
			return w.Waiting
		}
		conv, before := f.talk(f.strangers().maya), owed()
		all, err := f.Outbox(f.Context(), 1000)
		f.must(err)
		known := len(all)
		ticket := f.handOff(conv)
		all, err = f.Outbox(f.Context(), 1000)
		f.must(err)
		var subjects []string
		for _, o := range all[known:] {
			subjects = append(subjects, o.Subject)
		}
		if want := []string{"candor.handoff.support", "candor.conversation." + conv, "candor.handoff.support", "candor.conversation." + conv}; !slices.Equal(subjects, want) {
			f.Errorf("a handoff is told of as %v, want %v", subjects, want)
		}
		if got := owed() - before; got > 0 == disabled {
			f.Errorf("round %d: %d deliveries for a webhook that is disabled: %v", i, got, disabled)
		}
		var kinds []string
		for _, e := range f.all(conv) {
			kinds = append(kinds, fmt.Sprint(e.Seq, " ", e.Type))
		}
		c := f.state(conv)
		if n := len(kinds); n < 2 || kinds[n-2] != fmt.Sprint(n-1, " ", conversation.StateEvent) || kinds[n-1] != fmt.Sprint(n, " ", conversation.MessageEvent) || c.LastSeq != int64(n) {
			f.Errorf("the events are %v, the last one is %d", kinds, c.LastSeq)
		}
		if placed, err := f.TicketOf(f.Context(), conv); err != nil || placed.ID != ticket.ID {
			f.Errorf("the ticket is %+v, %v; its customer was told of %s", placed, err, ticket.ID)
		}
	}
}
