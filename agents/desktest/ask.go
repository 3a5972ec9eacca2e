package desktest

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// ask asks for categories.
func (a Agent) ask(t *testing.T, c *Customer, categories ...consent.Category) error {
	t.Helper()
	return a.Desk.Ask(t.Context(), a.Who, c.Conversation, categories)
}

// offers are what the customer was asked for, in order.
func (c *Customer) offers(t *testing.T) (out []conversation.Message) {
	t.Helper()
	_, messages := c.See(t)
	for _, m := range messages {
		if m.Offer != nil {
			out = append(out, m)
		}
	}
	return out
}

// answer answers an offer, as the widget does.
func (c *Customer) answer(t *testing.T, o *consent.Offer, granted bool, d consent.Duration) {
	t.Helper()
	set := consent.ChangeSet{Notice: &o.Notice, Offer: o.ID, Language: "en", Channel: "widget"}
	for _, x := range o.Changes {
		change := consent.Change{Triple: x.Triple, Granted: granted}
		if granted {
			change.Duration = d
		}
		set.Changes = append(set.Changes, change)
	}
	_, err := c.f.Gate.Change(t.Context(), c.Who, set)
	must(t, err)
}

// state is how asking for a category stands, as the agent sees it.
func (a Agent) state(t *testing.T, c *Customer, category consent.Category) consent.AskState {
	t.Helper()
	v, err := a.Desk.Get(t.Context(), a.Who, c.Conversation)
	must(t, err)
	return v.Asks[category]
}

// testAsk follows a question from the agent to the customer, and their yes back.
func testAsk(t *testing.T, f *Fixture) {
	const canary = "canary-order-4711"
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Customer(t, "Where is my parcel?")
	c.Record(t, "orders", "Order", "Order "+canary+" has left.")
	c.AskForPerson(t)
	do(t, "claim", ana, c)
	if s := ana.state(t, c, "orders"); s != consent.AskOpen {
		t.Errorf("before, asking is %q", s)
	}
	must(t, ana.ask(t, c, "orders", "profile"))
	asked := c.offers(t)
	if len(asked) != 1 {
		t.Fatalf("the customer reads %d offers", len(asked))
	}
	m := asked[0]
	o := m.Offer
	if m.From != conversation.FromSystem || m.Text() != o.Text || m.ID == "" || o.ID == "" || o.Notice != f.Gate.Policy().Notice.Ref("en") {
		t.Errorf("the offer is %+v in %+v", o, m)
	}
	for _, word := range []string{"Ana", Brand, f.Gate.Policy().Phrase("en", "orders", "profile")} {
		if !strings.Contains(o.Text, word) {
			t.Errorf("the offer %q does not say %q", o.Text, word)
		}
	}
	if strings.Contains(o.Text, "{") {
		t.Errorf("the offer %q has a placeholder", o.Text)
	}
	for i, category := range []consent.Category{"orders", "profile"} {
		want := consent.OfferChange{Triple: consent.Triple{Purpose: consent.AgentAssist, Category: category, Recipient: consent.HumanAgents}, Granted: true}
		if len(o.Changes) != 2 || o.Changes[i] != want {
			t.Errorf("the offer changes %+v", o.Changes)
		}
		if s := ana.state(t, c, category); s != consent.AskWaiting {
			t.Errorf("asked, %s is %q", category, s)
		}
	}
	history, err := f.Gate.History(t.Context(), c.Who)
	must(t, err)
	if len(history) != 2 {
		t.Fatalf("the ledger has %d events", len(history))
	}
	for _, e := range history {
		if e.State != consent.Requested || e.Actor != ana.Who.Actor() || e.Channel != "desk" || e.Evidence != o.ID || e.Conversation != "" ||
			e.Notice != o.Notice || !e.Expires.Equal(e.At.Add(f.Gate.Policy().DeferFor.Duration())) {
			t.Errorf("the ledger says %+v", e)
		}
	}
	view, err := ana.Desk.Get(t.Context(), ana.Who, c.Conversation)
	must(t, err)
	if len(view.Records) != 0 || len(view.Shared) != 0 {
		t.Errorf("asking showed %d records of %v", len(view.Records), view.Shared)
	}

	c.answer(t, o, true, consent.ThisConversation)
	view, err = ana.Desk.Get(t.Context(), ana.Who, c.Conversation)
	must(t, err)
	if len(view.Records) != 1 || !strings.Contains(view.Records[0].Text, canary) || len(view.Shared) != 2 {
		t.Errorf("after a yes the agent sees %d records of %v", len(view.Records), view.Shared)
	}
	if err := ana.ask(t, c, "orders"); !errors.Is(err, consent.ErrShared) {
		t.Errorf("asking for what is shared: %v", err)
	}
	// And the customer stops: the records go, and nobody asks again.
	c.Share(t, "orders", false)
	view, err = ana.Desk.Get(t.Context(), ana.Who, c.Conversation)
	must(t, err)
	if len(view.Records) != 0 || view.Asks["orders"] != consent.AskStopped {
		t.Errorf("after the customer stopped the agent sees %d records, and asking is %q", len(view.Records), view.Asks["orders"])
	}
	if err := ana.ask(t, c, "orders"); !errors.Is(err, consent.ErrStoppedAsk) {
		t.Errorf("asking after the customer stopped: %v", err)
	}
	if n := len(c.offers(t)); n != 1 {
		t.Errorf("the customer was asked %d times", n)
	}
}

// testAskOnce: whatever the customer says, they are not asked again, in any
// conversation and by nobody; and a category is asked for with the others or not at
// all.
func testAskOnce(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	for name, tt := range map[string]struct {
		categories []consent.Category
		want       error
	}{
		"nothing":                         {nil, consent.ErrInvalidChange},
		"the same twice":                  {[]consent.Category{"orders", "orders"}, consent.ErrInvalidChange},
		"what does not exist":             {[]consent.Category{"orders", "canary <b>"}, consent.ErrUnknownTriple},
		"what people at the desk not see": {[]consent.Category{"browsing"}, consent.ErrUnknownTriple},
		"the chat itself":                 {[]consent.Category{consent.Conversation}, consent.ErrUnknownTriple},
	} {
		if err := ana.ask(t, c, tt.categories...); !errors.Is(err, tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("asking for %s: %v, want %v", name, err, tt.want)
		}
	}
	if n := len(c.offers(t)); n != 0 {
		t.Errorf("refused, and the customer was asked %d times", n)
	}
	again := func(when string, category consent.Category, want error, state consent.AskState) {
		t.Helper()
		if err := ana.ask(t, c, category); !errors.Is(err, want) || !errors.Is(err, consent.ErrNotAskable) && !errors.Is(want, consent.ErrShared) {
			t.Errorf("%s: %v, want %v", when, err, want)
		}
		if s := ana.state(t, c, category); s != state {
			t.Errorf("%s asking is %q, want %q", when, s, state)
		}
	}
	must(t, ana.ask(t, c, "orders"))
	again("asked", "orders", consent.ErrWaiting, consent.AskWaiting)
	if err := ana.ask(t, c, "billing", "orders"); !errors.Is(err, consent.ErrWaiting) {
		t.Errorf("one of two was asked for: %v", err)
	}
	if s := ana.state(t, c, "billing"); s != consent.AskOpen {
		t.Errorf("refused with another category, billing is %q", s)
	}
	c.answer(t, c.offers(t)[0].Offer, false, "")
	again("not now", "orders", consent.ErrNotNow, consent.AskNotNow)
	c.Share(t, "profile", false) // a no that nobody asked for
	again("refused", "profile", consent.ErrSaidNo, consent.AskRefused)
	// What the customer gave by themselves and stopped was never asked for.
	c.Share(t, "billing", true)
	c.Share(t, "billing", false)
	if s := ana.state(t, c, "billing"); s != consent.AskOpen {
		t.Errorf("given unasked and stopped, billing is %q", s)
	}
	must(t, ana.ask(t, c, "billing"))

	// Elsewhere it is the same customer.
	other := &Customer{Conversation: identity.NewID("cnv"), f: f}
	other.Who = c.Who.In(other.Conversation)
	must(t, f.Store.Create(t.Context(), conversation.Conversation{
		ID: other.Conversation, Site: f.site, Customer: c.Who.Customer, State: conversation.Pending, Language: "en",
	}, conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Hi.")}))
	other.AskForPerson(t)
	ben := f.Hire(t, "Ben", identity.RoleAgent)
	do(t, "claim", ben, other)
	for category, want := range map[consent.Category]error{"orders": consent.ErrNotNow, "profile": consent.ErrSaidNo, "billing": consent.ErrWaiting} {
		if err := ben.ask(t, other, category); !errors.Is(err, want) {
			t.Errorf("%s in another conversation: %v, want %v", category, err, want)
		}
	}
}

// testAskOwn: nobody but the agent who has the conversation asks, or learns how the
// choices stand; a visitor has nothing to share.
func testAskOwn(t *testing.T, f *Fixture) {
	ana, ben, boss := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent), f.Hire(t, "Bo", identity.RoleSupervisor)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	must(t, ana.ask(t, c, "orders"))
	for _, a := range []Agent{ben, boss} {
		for _, category := range []consent.Category{"orders", "billing", "nonsense"} {
			if err := a.ask(t, c, category); !errors.Is(err, agents.ErrOwned) {
				t.Errorf("%s asks for %s: %v", a.Who.Name, category, err)
			}
		}
		if s := a.state(t, c, "orders"); s != "" {
			t.Errorf("%s sees that asking is %q", a.Who.Name, s)
		}
	}
	do(t, "release", ana, c)
	refused(t, "ask", ana, c, agents.ErrNotOwner)
	do(t, "claim", ben, c)
	if s := ben.state(t, c, "orders"); s != consent.AskWaiting {
		t.Errorf("the next agent sees that asking is %q", s)
	}
	if n := len(c.offers(t)); n != 1 {
		t.Errorf("the customer was asked %d times", n)
	}

	id, err := f.Store.AddVisitor(t.Context(), f.site)
	must(t, err)
	v := &Customer{Conversation: identity.NewID("cnv"), f: f}
	v.Who = identity.Principal{Kind: identity.Visitor, Site: f.site, Customer: id}.In(v.Conversation)
	must(t, f.Store.Create(t.Context(), conversation.Conversation{
		ID: v.Conversation, Site: f.site, Customer: id, Visitor: true, State: conversation.Pending, Language: "en",
	}, conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Hi.")}))
	v.AskForPerson(t)
	do(t, "claim", ana, v)
	refused(t, "ask", ana, v, consent.ErrNoRecords)
	if s := ana.state(t, v, "orders"); s != "" {
		t.Errorf("of a visitor asking is %q", s)
	}
}

// testAskAtOnce: the customer is asked once, however many requests come at once.
func testAskAtOnce(t *testing.T, f *Fixture) {
	const many = 8
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	errs := make([]error, many)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			<-start
			errs[i] = ana.ask(t, c, "orders")
		})
	}
	close(start)
	group.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, consent.ErrWaiting):
			t.Errorf("one that lost: %v", err)
		}
	}
	if n := len(c.offers(t)); won != 1 || n != 1 {
		t.Errorf("%d of %d asked, and the customer reads %d offers", won, many, n)
	}
}

// testAskAgain: a request that is repeated under one id is one. It is tested in
// process: over a wire ids are the wire's.
func testAskAgain(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Waiting(t, "Hello?")
	do(t, "claim", ana, c)
	ctx := conversation.WithMessageID(t.Context(), "msg_once")
	for range 2 {
		must(t, f.Service.Ask(ctx, ana.Who, c.Conversation, []consent.Category{"orders"}))
	}
	asked := c.offers(t)
	if len(asked) != 1 || asked[0].ID != "msg_once" {
		t.Fatalf("the customer reads %+v", asked)
	}
	// Its answer is known by then, and repeating it still changes nothing.
	c.answer(t, asked[0].Offer, true, consent.Standing)
	must(t, f.Service.Ask(ctx, ana.Who, c.Conversation, []consent.Category{"orders"}))
	if n := len(c.offers(t)); n != 1 {
		t.Errorf("the customer reads %d offers", n)
	}
	// Staff have no way to accept: neither by the gate, nor as somebody about the
	// customer.
	for _, who := range []identity.Principal{ana.Who, ana.Who.About(c.Who.Customer, c.Conversation)} {
		_, err := f.Gate.Change(t.Context(), who, consent.ChangeSet{Language: "en", Changes: []consent.Change{{
			Triple: consent.Triple{Purpose: consent.AgentAssist, Category: "billing", Recipient: consent.HumanAgents}, Granted: true,
		}}})
		if !errors.Is(err, consent.ErrForbidden) {
			t.Errorf("staff choosing for a customer: %v", err)
		}
	}
	stranger := f.Customer(t, "Hello?")
	if err := f.Gate.Ask(t.Context(), stranger.Who, []consent.Category{"orders"}, "msg_own", "en", Brand); !errors.Is(err, consent.ErrForbidden) {
		t.Errorf("a customer who asks themselves: %v", err)
	}
}
