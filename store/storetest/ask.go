package storetest

import (
	"errors"
	"sync"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// staffed is a conversation of the customer's that an agent has, and the agent as
// who asks there.
func (f *fixture) staffed(who identity.Principal, agent identity.StaffID) (conv string, asker identity.Principal) {
	f.Helper()
	conv = f.talk(who)
	f.handOff(conv)
	f.must(f.Act(f.Context(), agent, conv, agents.Action{Trigger: conversation.AgentClaims}))
	asker = identity.Principal{Kind: identity.Staff, Staff: agent, Name: "Ana", Site: shop}
	return conv, asker.About(who.Customer, conv)
}

func (f *fixture) askFor(who identity.Principal, message string, categories ...consent.Category) error {
	f.Helper()
	return f.gate.Ask(f.Context(), who, categories, message, "en", "Shop")
}

// offersMade is one transaction: the ledger's event and what the customer reads are
// there, or neither is; and the offer is found again by its customer alone.
func offersMade(f *fixture) {
	ana, ben := f.agent("stf_ana"), f.agent("stf_ben")
	conv, asker := f.staffed(f.maya, ana)
	nobodys := f.talk(f.maya)
	before := f.contents()
	for name, tt := range map[string]struct {
		who  identity.Principal
		want error
	}{
		"another agent":                   {identity.Principal{Kind: identity.Staff, Staff: ben}.About(f.maya.Customer, conv), agents.ErrOwned},
		"nobody's id":                     {identity.Principal{Kind: identity.Staff}.About(f.maya.Customer, conv), agents.ErrOwned},
		"in another customer's":           {identity.Principal{Kind: identity.Staff, Staff: ana}.About(f.omar.Customer, conv), conversation.ErrNotFound},
		"in an unknown conversation":      {identity.Principal{Kind: identity.Staff, Staff: ana}.About(f.maya.Customer, "cnv_none"), conversation.ErrNotFound},
		"of an unknown customer":          {identity.Principal{Kind: identity.Staff, Staff: ana}.About("cus_none", conv), consent.ErrUnknownCustomer},
		"in a conversation with nobody":   {identity.Principal{Kind: identity.Staff, Staff: ana}.About(f.maya.Customer, nobodys), agents.ErrNotOwner},
		"without a customer or a place":   {identity.Principal{Kind: identity.Staff, Staff: ana}, consent.ErrForbidden},
		"the customer, of themselves":     {f.maya.In(conv), consent.ErrForbidden},
		"the site's backend, as somebody": {identity.Principal{Kind: identity.Backend, Customer: f.maya.Customer, Conversation: conv}, consent.ErrForbidden},
	} {
		f.is(name, f.askFor(tt.who, "msg_"+name, "orders"), tt.want)
	}
	f.unchanged("refused requests", before)

	f.must(f.askFor(asker, "msg_1", "orders"))
	messages, err := f.Messages(f.Context(), conv)
	f.must(err)
	last := messages[len(messages)-1]
	if last.ID != "msg_1" || last.Offer == nil || last.Offer.ID != consent.OfferOf("msg_1") || last.Text() != last.Offer.Text {
		f.Fatalf("the customer reads %+v", last)
	}
	o, err := f.Asked(f.Context(), f.maya.Customer, last.Offer.ID)
	if err != nil || o.Conversation != conv || o.Language != "en" || o.Offer.Text != last.Offer.Text || len(o.Offer.Changes) != 1 ||
		o.Offer.Changes[0].Triple != triple(consent.AgentAssist, "orders", consent.HumanAgents) {
		f.Errorf("found again: %+v, %v", o, err)
	}
	for _, id := range []string{"", "ofr_none", "msg_1", "%", "\x00", "\xff", consent.OfferOf(messages[0].ID)} {
		f.is("the offer "+id, only(f.Asked(f.Context(), f.maya.Customer, id)), conversation.ErrNotFound)
	}
	f.is("another customer's offer", only(f.Asked(f.Context(), f.omar.Customer, last.Offer.ID)), conversation.ErrNotFound)
	if where := f.plain("asks to see"); len(where) > 0 {
		f.Errorf("what the customer reads is plain in %v", where)
	}
}

// offersRunOut: not now, and no word at all, keep for the policy's time.
func offersRunOut(f *fixture) {
	ana := f.agent("stf_ana")
	_, asker := f.staffed(f.maya, ana)
	defers := f.policy.DeferFor.Duration()
	f.must(f.askFor(asker, "msg_1", "orders"))
	f.pass(defers - time.Minute)
	f.is("a minute before", f.askFor(asker, "msg_2", "orders"), consent.ErrWaiting)
	f.pass(time.Minute)
	f.must(f.askFor(asker, "msg_3", "orders"))
	_, err := f.gate.Change(f.Context(), f.maya, consent.ChangeSet{
		Language: "en", Channel: "widget", Offer: consent.OfferOf("msg_3"),
		Changes: []consent.Change{{Triple: triple(consent.AgentAssist, "orders", consent.HumanAgents)}},
	})
	f.must(err)
	f.pass(defers - time.Minute)
	f.is("a minute before not now is over", f.askFor(asker, "msg_4", "orders"), consent.ErrNotNow)
	f.pass(time.Minute)
	f.must(f.askFor(asker, "msg_5", "orders"))
}

// oneOfTwoAsks: of two replicas one asks; and whoever gives a conversation away at
// that moment does not ask any more.
func oneOfTwoAsks(a, b *fixture) {
	ana := a.agent("stf_ana")
	for range 20 {
		f := a.strangers()
		g := *b
		g.maya = f.maya
		conv, asker := f.staffed(f.maya, ana)
		var group sync.WaitGroup
		var errs [2]error
		var released error
		for i, x := range []*fixture{f, &g} {
			group.Go(func() { errs[i] = x.askFor(asker, identity.NewID("msg"), "orders") })
		}
		group.Go(func() {
			released = f.Act(f.Context(), ana, conv, agents.Action{Trigger: conversation.AgentReleases})
		})
		group.Wait()
		f.must(released)
		asked := 0
		for _, err := range errs {
			switch {
			case err == nil:
				asked++
			case !errors.Is(err, consent.ErrWaiting) && !errors.Is(err, agents.ErrNotOwner):
				f.Errorf("the other one: %v", err)
			}
		}
		offers := 0
		messages, err := f.Messages(f.Context(), conv)
		f.must(err)
		for _, m := range messages {
			if m.Offer != nil {
				offers++
			}
		}
		events := f.count("SELECT COUNT(*) FROM ledger WHERE customer = $1", f.maya.Customer)
		if asked > 1 || offers != asked || events != asked {
			f.Fatalf("%d asked, the customer reads %d offers, the ledger has %d events", asked, offers, events)
		}
	}
}
