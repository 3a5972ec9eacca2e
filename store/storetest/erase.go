package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
	"candor/store"
)

func (f *fixture) erase(who identity.Principal) consent.Erased {
	f.Helper()
	e, err := f.Erase(context.WithoutCancel(f.Context()), who.Customer, nil)
	f.must(err)
	if !e.Done {
		f.Errorf("the erasure is not done: %+v", e)
	}
	return e
}

// holdOn puts a legal hold on a customer for a time.
func (f *fixture) holdOn(who identity.Principal, d time.Duration, categories ...consent.Category) consent.Hold {
	f.Helper()
	h, err := f.AddLegalHold(f.Context(), consent.Hold{
		Customer: who.Customer, Categories: categories, Reason: "The case of the lost tent.", Until: f.now().Add(d), Actor: "staff:stf_law",
	})
	f.must(err)
	return h
}

// kept returns what a hold keeps.
func (f *fixture) kept(h consent.Hold) (out []string) {
	f.Helper()
	f.must(f.Held(f.Context(), h.ID, func(_ time.Time, body json.RawMessage) error {
		out = append(out, string(body))
		return nil
	}))
	return out
}

// lived is a customer with something in every place, all of which names a word.
func (f *fixture) lived(who identity.Principal, word string) (conv string) {
	f.Helper()
	f.put(record(who, word+"-1", "orders", "A tent for "+word+"."), record(who, word+"-2", "billing", "An invoice for "+word+"."))
	f.choose(who, true, "orders")
	f.found(who, consent.Answers)
	f.must(f.AddSession(f.Context(), identity.Session{ID: "ses_" + word, Token: "token of " + word, Kind: identity.Customer, Site: shop, Customer: who.Customer, Expires: f.now().Add(time.Hour)}))
	conv = f.talk(who)
	a := f.writing(conv, "Where is "+word+"?")
	a.Status = answer.Answered
	f.must(f.Finish(f.Context(), f.stamp(who), sentence(a, "On its way to "+word+"."), answer.Ending{}))
	e := closed(a.ID, who.Customer)
	e.Body, e.Words = []byte(`{"question":"Where is `+word+`?"}`), []string{word}
	e.Records = []citation.Use{{RecordID: word + "-1", Category: "orders", Recipient: consent.BrandAI}}
	f.must(f.Citations().Append(f.Context(), e))
	f.handOff(conv)
	f.must(f.Rate(f.Context(), who.Customer, conv, 1, word))
	f.must(only(f.Remember(f.Context(), who.Customer, "scope", word, "body")))
	f.must(f.Settle(f.Context(), who.Customer, "scope", word, store.Response{Status: 200, Body: []byte(word)}))
	return conv
}

// nothingIsLeft: after an erasure no column of any table, and no file, holds a word
// of the customer's, or what their key sealed; what stays cannot be read.
func nothingIsLeft(f *fixture) {
	const word = "zanthoriq"
	who := f.customer(word)
	conv := f.lived(who, word)
	if len(f.plain(word)) == 0 {
		f.Fatal("nothing names the word, so the case shows nothing")
	}
	preview, err := f.Erasable(f.Context(), who.Customer)
	if err != nil || len(preview.Tickets) != 1 || len(preview.Held) != 0 || preview.At.IsZero() {
		f.Errorf("the preview: %+v, %v", preview, err)
	}
	promised := make(map[string]int64)
	for _, g := range preview.Goes {
		promised[g.What] += g.Count
	}
	for _, g := range []consent.Goes{{What: "records", Category: "billing", Count: 1}, {What: "records", Category: "orders", Count: 1}} {
		if !slices.Contains(preview.Goes, g) {
			f.Errorf("the preview lacks %+v: %+v", g, preview.Goes)
		}
	}
	request, err := f.gate.NewRequest(f.Context(), who, consent.ErasureRequest, "")
	f.must(err)
	done, err := f.Erase(f.Context(), who.Customer, &request)
	f.must(err)
	for kind, n := range promised {
		if done.Deleted[kind] != n {
			f.Errorf("%d %s were deleted, %d were to be", done.Deleted[kind], kind, n)
		}
	}
	if where := f.plain(word); len(where) > 0 {
		f.Errorf("the word is still in %v", where)
	}
	if n := f.count("SELECT COUNT(*) FROM customers WHERE id = $1 AND erased > 0 AND NOT erasing AND subject IS NULL AND sealed IS NULL", who.Customer); n != 1 {
		f.Error("the customer's row says who they are, or that they are not erased")
	}
	asked, _, err := f.RequestsOf(f.Context(), who.Customer, consent.Place{}, 10)
	if err != nil || len(asked) != 1 || asked[0].Kind != consent.ErasureRequest || asked[0].Status != consent.RequestDone || asked[0].Closed.IsZero() {
		f.Errorf("the request: %+v, %v", asked, err)
	}
	if _, err := f.Ticket(f.Context(), conv); !errors.Is(err, conversation.ErrNotFound) {
		f.Errorf("the ticket: %v", err)
	}
	if tickets, err := f.Tickets(f.Context(), ""); err != nil || len(tickets) != 0 {
		f.Errorf("the queue: %v, %v", tickets, err)
	}
	if _, err := f.Session(f.Context(), "token of "+word); !errors.Is(err, identity.ErrUnauthenticated) {
		f.Errorf("the session: %v", err)
	}
	// The proofs stay, and say what became of them.
	history, err := f.History(f.Context(), who.Customer)
	if err != nil || len(history) != 2 || history[1].State != consent.Invalidated || history[1].Evidence != "erasure" {
		f.Errorf("the ledger: %+v, %v", history, err)
	}
	deletions, err := f.Deletions(f.Context(), who.Customer)
	if err != nil || !slices.ContainsFunc(deletions, func(d consent.Deletion) bool {
		return d.Category == "billing" && d.What == consent.DeletedRecord && d.Reason == consent.DeletedByErasure && d.Count == 1
	}) {
		f.Errorf("the deletions: %+v, %v", deletions, err)
	}
	f.is("what would be erased of them", only(f.Erasable(f.Context(), who.Customer)), consent.ErrUnknownCustomer)
	f.is("erasing who never was", only(f.Erase(f.Context(), "cus_unknown", nil)), consent.ErrUnknownCustomer)
}

// erasedTwice: of several erasures at once each tells the same, and it happens once.
func erasedTwice(f *fixture) {
	who := f.customer("zanthoriq")
	f.lived(who, "zanthoriq")
	all := make([]consent.Erased, 4)
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() {
			var err error
			if all[i], err = f.Erase(f.Context(), who.Customer, nil); err != nil {
				f.Error(err)
			}
		})
	}
	group.Wait()
	last, err := f.Erase(f.Context(), who.Customer, nil)
	f.must(err)
	if last.Deleted["records"] != 2 || last.Deleted["conversations"] != 1 {
		f.Errorf("%+v", last)
	}
	for _, e := range all {
		if !e.At.Equal(last.At) || !e.Done || e.Deleted["records"] != 2 {
			f.Errorf("one of several says %+v, the last %+v", e, last)
		}
	}
	entries, err := f.keys.Erasures(f.Context())
	if err != nil || len(entries) != 1 {
		f.Errorf("the list has %d entries, %v", len(entries), err)
	}
	if n := f.count("SELECT COUNT(*) FROM ledger WHERE state = 'invalidated'"); n != 1 {
		f.Errorf("%d consents were ended", n)
	}
}

// returnsAsNew: who returns is somebody else, whom no replay of the list touches.
func returnsAsNew(f *fixture) {
	gone := f.customer("zanthoriq")
	f.lived(gone, "zanthoriq")
	f.erase(gone)
	entries, err := f.keys.Erasures(f.Context())
	f.must(err)
	back := f.customer("zanthoriq")
	if back.Customer == gone.Customer {
		f.Fatal("who returns is who was erased")
	}
	f.put(record(back, "zanthoriq-1", "orders", "Another tent."))
	f.choose(back, true, "orders")
	if n := f.found(back, consent.Answers); n != 1 {
		f.Errorf("%d passages of who returned", n)
	}
	r, err := f.Replay(f.Context(), entries)
	if err != nil || r != (store.Replayed{Listed: 1}) {
		f.Errorf("the replay: %+v, %v", r, err)
	}
	f.reopen()
	if r, err := f.Record(f.Context(), shop, "zanthoriq-1"); err != nil || r.Text != "Another tent." {
		f.Errorf("after the replay: %q, %v", r.Text, err)
	}
	if n := f.found(back, consent.Answers); n != 1 {
		f.Errorf("after the replay %d passages", n)
	}
	// A backup brings back a customer and a hold on them: what it covers is kept again.
	f.exec("UPDATE customers SET erased = 0, subject = 'as it was' WHERE id = $1", gone.Customer)
	f.must(f.keys.Create(f.Context(), gone.Customer))
	f.put(record(gone, "zanthoriq-9", "orders", "The tent that was lost."), record(gone, "zanthoriq-8", "billing", "An invoice."))
	h := f.holdOn(gone, time.Hour, "orders")
	r, err = f.Replay(f.Context(), entries)
	if err != nil || r != (store.Replayed{Listed: 1, Keys: 1, Customers: 1}) {
		f.Errorf("the replay with a hold: %+v, %v", r, err)
	}
	if all := f.kept(h); len(all) != 1 || !strings.Contains(all[0], "The tent that was lost.") {
		f.Errorf("the hold keeps %q", all)
	}
}

// refusedAfterErasure: another replica has the key in memory, and everything that is
// written about a customer goes through it after the erasure: nothing is stored.
func refusedAfterErasure(a, b *fixture) {
	who := b.customer("zanthoriq")
	conv := b.lived(who, "zanthoriq")
	x := b.writing(b.talk(who), "And now?")
	scope := b.scope(who, consent.Answers)
	stamp := scope.Stamp()
	staff := b.agent("stf_1")
	b.must(only(b.keys.For(b.Context(), who.Customer)))
	a.erase(who)
	if n := a.count("SELECT COUNT(*) FROM customers WHERE id = $1 AND erased > 0", who.Customer); n != 1 {
		a.Fatal("they are not erased")
	}
	before := a.contents()
	ctx := b.Context()
	for what, c := range map[string]struct{ err, want error }{
		"a record":      {b.PutRecord(ctx, record(who, "r9", "orders", "A lamp.")), consent.ErrUnknownCustomer},
		"a rating":      {b.Rate(ctx, who.Customer, conv, 1, "words"), consent.ErrUnknownCustomer},
		"a session":     {b.AddSession(ctx, identity.Session{ID: "s", Token: "t", Customer: who.Customer, Expires: b.now().Add(time.Hour)}), consent.ErrUnknownCustomer},
		"a choice":      {only(b.gate.Change(ctx, who, consent.ChangeSet{Language: "en", Changes: []consent.Change{{Triple: orders, Granted: true}}})), consent.ErrUnknownCustomer},
		"a scope":       {only(b.gate.Scope(ctx, who, consent.Answers)), consent.ErrUnknownCustomer},
		"a message":     {only(b.Post(ctx, conv, message(conversation.FromCustomer, "Hello"), "en")), conversation.ErrNotFound},
		"a talk":        {b.Create(ctx, conversation.Conversation{ID: "cnv_new", Site: shop, Customer: who.Customer, State: conversation.Pending}, message(conversation.FromSystem, "Hi")), consent.ErrUnknownCustomer},
		"a sentence":    {b.Release(ctx, stamp, sentence(x, "Here.")), answer.ErrNotWriting},
		"an end":        {b.Finish(ctx, stamp, x, answer.Ending{}), answer.ErrNotWriting},
		"an entry":      {b.Citations().Append(ctx, citation.Entry{ID: "cit_9", Kind: citation.Opened, AnswerID: x.ID, Customer: who.Customer, Stamp: &stamp}), answer.ErrNotWriting},
		"a key":         {only(b.Remember(ctx, who.Customer, "scope", "new", "body")), consent.ErrUnknownCustomer},
		"a response":    {b.Settle(ctx, who.Customer, "scope", "zanthoriq", store.Response{Status: 200}), nil},
		"a claim":       {b.Act(ctx, staff, conv, agents.Action{Trigger: conversation.AgentClaims}), conversation.ErrNotFound},
		"a hold":        {only(b.AddLegalHold(ctx, consent.Hold{Customer: who.Customer, Categories: []consent.Category{"orders"}, Until: b.now().Add(time.Hour)})), consent.ErrUnknownCustomer},
		"a removal":     {b.RemoveRecord(ctx, shop, "zanthoriq-1"), retrieval.ErrNotFound},
		"a ticket":      {only(b.Handoff(ctx, conv, conversation.CustomerRequest, message(conversation.FromSystem, "Wait"))), conversation.ErrNotFound},
		"a transcript":  {only(b.Messages(ctx, conv)), conversation.ErrNotFound},
		"its own words": {only(b.Answer(ctx, who.Customer, x.ID)), conversation.ErrNotFound},
	} {
		b.is(what, c.err, c.want)
	}
	a.unchanged("what was refused", before)
	if p, err := b.Permitted(ctx, scope, 10); err != nil || len(p) > 0 {
		b.Errorf("records that are read: %v, %v", p, err)
	}
	if p, err := b.Passages(ctx, scope); len(p) > 0 {
		b.Errorf("passages that are read: %v, %v", p, err)
	}
	list, _, err := b.Reviews().List(ctx, review.Filter{Filter: citation.Filter{Customer: who.Customer}})
	if err != nil || len(list) != 1 {
		b.Fatalf("the log shows %+v, %v", list, err)
	}
	if open, err := b.Citations().Open(ctx, list[0].ID); err != nil || len(open) > 0 {
		b.Errorf("the log opens %d, %v", len(open), err)
	}
	// Whoever was refused has the key no more; the others forget it when they look.
	b.is("the key there", only(b.keys.For(ctx, who.Customer)), store.ErrKeyDestroyed)
	if ids, err := a.ForgetErased(ctx); err != nil || !slices.Equal(ids, []identity.CustomerID{who.Customer}) {
		a.Errorf("to forget: %v, %v", ids, err)
	}
}

// erasedWhileAnswering: what is being written when its customer is erased is not
// released, whatever step it is at, and nothing is left to be ended.
func erasedWhileAnswering(f *fixture) {
	for at := range 4 {
		g := f.strangers()
		g.put(record(g.maya, identity.NewID("rec"), "orders", "A tent."))
		g.choose(g.maya, true, "orders")
		conv := g.talk(g.maya)
		x, stamp := g.ask(conv, "Where is my order?"), g.stamp(g.maya)
		for i, step := range []func() error{
			func() error { return g.Begin(g.Context(), x, "") },
			func() error { x = sentence(x, "One."); return g.Release(g.Context(), stamp, x) },
			func() error { x = sentence(x, "Two."); return g.Release(g.Context(), stamp, x) },
			func() error { x.Status = answer.Answered; return g.Finish(g.Context(), stamp, x, answer.Ending{}) },
		} {
			if i == at {
				g.erase(g.maya)
			}
			want := error(nil)
			if i >= at {
				want = answer.ErrNotWriting
			}
			g.is("a step", step(), want)
		}
		g.is("its end in the log", g.Citations().Append(g.Context(), closed(x.ID, g.maya.Customer)), answer.ErrNotWriting)
	}
	for _, table := range []string{"answers", "events"} {
		if n := f.count("SELECT COUNT(*) FROM " + table); n != 0 {
			f.Errorf("%d rows of %s are left", n, table)
		}
	}
	if left, err := f.Unfinished(f.Context(), 0); err != nil || len(left) != 0 {
		f.Errorf("to be ended: %v, %v", left, err)
	}
	// The streams that follow such a conversation are told, without a word of it.
	out, err := f.Outbox(f.Context(), 1000)
	f.must(err)
	told := 0
	for _, m := range out {
		if strings.Contains(string(m.Payload), string(conversation.CustomerErased)) {
			told++
		}
	}
	if told != 4 {
		f.Errorf("%d conversations were said to be over", told)
	}
}

// holdsKeep: while a hold stands, no way of deleting destroys what it covers, and
// nothing reads it; what it does not cover is deleted.
func holdsKeep(f *fixture) {
	ways := map[string]func(g *fixture){
		"erasure": func(g *fixture) {
			if e := g.erase(g.maya); len(e.Held) != 1 || e.Held[0].Reason != "The case of the lost tent." || e.Deleted["records"] != 1 {
				g.Errorf("erased: %+v", e)
			}
		},
		"stop and delete": func(g *fixture) {
			for _, c := range []consent.Category{"orders", "billing"} {
				g.change(g.maya, consent.Change{Triple: triple(consent.Answers, c, consent.BrandAI), Delete: true})
			}
		},
		"the site": func(g *fixture) {
			for _, id := range []string{"o", "b"} {
				g.must(g.RemoveRecord(g.Context(), shop, id+string(g.maya.Customer)))
			}
		},
		"retention": func(g *fixture) {
			g.exec("UPDATE records SET expires = $1 WHERE customer = $2", g.now().Add(-time.Minute).UnixMicro(), g.maya.Customer)
			if n, err := g.RemoveExpired(g.Context(), g.policy.Categories); err != nil || n != 2 {
				g.Errorf("removed %d, %v", n, err)
			}
		},
	}
	for name, way := range ways {
		g := f.strangers()
		orders, billing := "o"+string(g.maya.Customer), "b"+string(g.maya.Customer)
		g.put(record(g.maya, orders, "orders", "A tent."), record(g.maya, billing, "billing", "An invoice."))
		g.choose(g.maya, true, "orders", "billing")
		g.found(g.maya, consent.Answers)
		h := g.holdOn(g.maya, time.Hour, "orders", "profile")
		over := g.holdOn(g.maya, time.Hour, "billing")
		g.must(only(g.ReleaseLegalHold(g.Context(), over.ID, "staff:stf_law")))
		way(g)
		for _, id := range []string{orders, billing} {
			if _, err := g.Record(g.Context(), shop, id); !errors.Is(err, retrieval.ErrNotFound) {
				g.Errorf("%s: %s is still read: %v", name, id[:1], err)
			}
		}
		if n := g.count("SELECT COUNT(*) FROM passages WHERE customer = $1", g.maya.Customer); n != 0 {
			g.Errorf("%s: %d passages are left", name, n)
		}
		all := g.kept(h)
		if len(all) != 1 || !strings.Contains(all[0], `"text":"A tent."`) || !strings.Contains(all[0], orders) || !strings.Contains(all[0], "field of "+orders) {
			g.Errorf("%s: the hold keeps %q", name, all)
		}
		if all := g.kept(over); len(all) != 0 {
			g.Errorf("%s: a hold that was released keeps %q", name, all)
		}
		logged, err := g.Deletions(g.Context(), g.maya.Customer)
		if err != nil || !slices.ContainsFunc(logged, func(d consent.Deletion) bool {
			return d.Category == "orders" && d.Reason == consent.DeletedUnderHold && d.Count == 1
		}) {
			g.Errorf("%s: the log of deletions: %+v, %v", name, logged, err)
		}
	}
	if where := f.plain("A tent."); len(where) > 0 {
		f.Errorf("what is held lies in plain text in %v", where)
	}
	if where := f.plain("lost tent"); len(where) > 0 {
		f.Errorf("the reason lies in plain text in %v", where)
	}
}

// holdsEnd: a hold stands until its time or its release; then its key and what it
// kept are destroyed, and who made and ended it stays.
func holdsEnd(f *fixture) {
	who := f.customer("zanthoriq")
	conv := f.lived(who, "zanthoriq")
	timed, released, other := f.holdOn(who, time.Hour, "orders"), f.holdOn(who, 2*time.Hour, consent.Conversation, "orders"), f.holdOn(f.omar, time.Hour, "orders")
	preview, err := f.Erasable(f.Context(), who.Customer)
	f.must(err)
	for _, g := range preview.Goes {
		if g.Category == "orders" || g.What == "messages" {
			f.Errorf("the preview says that %+v goes", g)
		}
	}
	if len(preview.Held) != 2 {
		f.Errorf("the preview names %d holds", len(preview.Held))
	}
	f.erase(who)
	if all := f.kept(timed); len(all) != 1 {
		f.Errorf("the first hold keeps %q", all)
	}
	all := f.kept(released)
	if len(all) != 2 || !strings.Contains(strings.Join(all, ""), "Where is zanthoriq?") || !strings.Contains(strings.Join(all, ""), conv) {
		f.Errorf("the second hold keeps %q", all)
	}
	if n, err := f.EndLegalHolds(f.Context()); err != nil || n != 0 {
		f.Errorf("ended %d before their time, %v", n, err)
	}
	f.pass(time.Hour + time.Minute)
	h, err := f.ReleaseLegalHold(f.Context(), released.ID, "staff:stf_2")
	if err != nil || h.Releaser != "staff:stf_2" || h.Released.IsZero() {
		f.Errorf("released: %+v, %v", h, err)
	}
	f.is("releasing again", only(f.ReleaseLegalHold(f.Context(), released.ID, "staff:stf_3")), consent.ErrHoldOver)
	f.is("releasing what is over", only(f.ReleaseLegalHold(f.Context(), timed.ID, "staff:stf_3")), consent.ErrHoldOver)
	f.is("releasing what is not there", only(f.ReleaseLegalHold(f.Context(), "hol_unknown", "staff:stf_3")), consent.ErrUnknownHold)
	if n, err := f.EndLegalHolds(f.Context()); err != nil || n != 3 {
		f.Errorf("ended %d, %v", n, err)
	}
	if n := f.count("SELECT COUNT(*) FROM held"); n != 0 {
		f.Errorf("%d things are still held", n)
	}
	for _, h := range []consent.Hold{timed, released, other} {
		f.is("its key", only(f.keys.For(f.Context(), identity.CustomerID("hold/"+h.ID))), store.ErrKeyDestroyed)
		f.is("what it keeps", f.Held(f.Context(), h.ID, nil), consent.ErrHoldOver)
		again, err := f.LegalHold(f.Context(), h.ID)
		if err != nil || again.Reason != "" || again.Ended.IsZero() || again.Actor != "staff:stf_law" {
			f.Errorf("after its end: %+v, %v", again, err)
		}
	}
	page, next, err := f.LegalHolds(f.Context(), consent.HoldFilter{Limit: 2})
	if err != nil || len(page) != 2 || page[0].ID != other.ID || next == 0 {
		f.Errorf("the list: %+v, %d, %v", page, next, err)
	}
	rest, next, err := f.LegalHolds(f.Context(), consent.HoldFilter{Before: next, Limit: 2})
	if err != nil || len(rest) != 1 || rest[0].ID != timed.ID || next != 0 {
		f.Errorf("the rest of the list: %+v, %d, %v", rest, next, err)
	}
	if own, _, err := f.LegalHolds(f.Context(), consent.HoldFilter{Customer: who.Customer}); err != nil || len(own) != 2 {
		f.Errorf("the holds of one: %+v, %v", own, err)
	}
}

// heldConversations: what was said is kept when a conversation's time is over.
func heldConversations(f *fixture) {
	conv, free := f.talk(f.maya), f.talk(f.omar)
	for _, id := range []string{conv, free} {
		f.must(only(f.Post(f.Context(), id, message(conversation.FromCustomer, "My tent leaks."), "en")))
	}
	f.exec("UPDATE answers SET recorded = TRUE")
	h := f.holdOn(f.maya, 1000*time.Hour, consent.Conversation)
	f.pass(100 * time.Hour)
	if n, err := f.RemoveConversations(f.Context(), 99*time.Hour); err != nil || n != 2 {
		f.Errorf("removed %d, %v", n, err)
	}
	if all := f.kept(h); len(all) != 1 || !strings.Contains(all[0], "My tent leaks.") || !strings.Contains(all[0], conv) {
		f.Errorf("the hold keeps %q", all)
	}
}

// proofsGo: the proofs of who was erased are kept for their time, cannot be changed
// meanwhile, and then go with the customer's row; a hold keeps them longer.
func proofsGo(f *fixture) {
	who, held := f.customer("zanthoriq"), f.customer("quibble")
	f.lived(who, "zanthoriq")
	f.lived(held, "quibble")
	f.choose(f.omar, true, "orders")
	h := f.holdOn(held, 3*time.Hour, "orders")
	f.erase(who)
	f.erase(held)
	for _, statement := range []string{"UPDATE ledger SET state = 'given'", "DELETE FROM ledger WHERE customer = '" + string(f.omar.Customer) + "'"} {
		if _, err := f.operator.ExecContext(f.Context(), statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			f.Errorf("%s: %v", statement, err)
		}
	}
	proofs := func(step string, of identity.Principal, want bool) {
		f.Helper()
		for _, query := range []string{"SELECT COUNT(*) FROM ledger WHERE customer = $1", "SELECT COUNT(*) FROM deletions WHERE customer = $1", "SELECT COUNT(*) FROM customers WHERE id = $1"} {
			if n := f.count(query, of.Customer); n > 0 != want {
				f.Errorf("%s: %d: %s", step, n, query)
			}
		}
	}
	remove := func(want int64) {
		f.Helper()
		if n, err := f.RemoveProofs(f.Context(), 2*time.Hour); err != nil || n != want {
			f.Errorf("removed the proofs of %d, %v; want %d", n, err, want)
		}
	}
	f.pass(time.Hour)
	remove(0)
	proofs("before their time", who, true)
	f.pass(time.Hour + time.Minute)
	remove(1)
	proofs("after their time", who, false)
	proofs("under a hold", held, true)
	f.is("erasing whose proofs are gone", only(f.Erase(f.Context(), who.Customer, nil)), consent.ErrUnknownCustomer)
	if n := f.count("SELECT COUNT(*) FROM citation_entries WHERE customer = $1", who.Customer); n == 0 {
		f.Error("the log lost its entries")
	}
	f.must(only(f.ReleaseLegalHold(f.Context(), h.ID, "staff:stf_law")))
	f.must(only(f.EndLegalHolds(f.Context())))
	remove(1)
	proofs("after the hold", held, false)
	if n := f.count("SELECT COUNT(*) FROM ledger WHERE customer = $1", f.omar.Customer); n != 1 {
		f.Errorf("%d events of another customer", n)
	}
}
