package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// deleted fails unless exactly these deletions of the customer's were logged, as
// "category what reason count", since it was last called with the same seen.
func (f *fixture) deleted(step string, who identity.Principal, seen map[string]bool, want ...string) {
	f.Helper()
	log, err := f.Deletions(f.Context(), who.Customer)
	f.must(err)
	var got []string
	for i, d := range log {
		if i > 0 && d.At.After(log[i-1].At) {
			f.Errorf("%s: the log is not the latest first", step)
		}
		if seen[d.ID] {
			continue
		}
		seen[d.ID] = true
		got = append(got, fmt.Sprintf("%s %s %s %d", d.Category, d.What, d.Reason, d.Count))
		if d.Customer != who.Customer || d.Site != shop || d.ID == "" || d.At.Before(f.now().Add(-time.Minute)) || d.At.After(f.now()) {
			f.Errorf("%s: %+v", step, d)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		f.Errorf("%s: the log of deletions has\n%s\nwant\n%s", step, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// indexFollowsConsent: what a category's index has appears with the first question
// after its first grant, and is gone, and logged, in the commit that ends its last
// one, however it ends.
func indexFollowsConsent(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "o2", "orders", "A mat."), record(f.maya, "b1", "billing", "An invoice."),
		record(f.omar, "x1", "orders", "A lamp."))
	f.choose(f.omar, true, "orders")
	f.found(f.omar, consent.Answers)
	seen := make(map[string]bool)
	conv := f.talk(f.maya)
	here := f.maya.In(conv)
	// begin gives a grant, asks, and sees the index.
	begin := func(who identity.Principal, c consent.Change) {
		f.Helper()
		c.Granted = true
		f.change(who, c)
		if n := f.count("SELECT COUNT(*) FROM passages WHERE customer = $1", f.maya.Customer); n != 0 {
			f.Errorf("%d passages before the first question", n)
		}
		if n := f.found(who, consent.Answers); n != 2 {
			f.Errorf("the first question found %d passages, want 2", n)
		}
	}
	gone := func(how string, want ...string) {
		f.Helper()
		if n := f.count("SELECT COUNT(*) FROM passages WHERE customer = $1", f.maya.Customer); n != 0 {
			f.Errorf("%s: %d passages are left", how, n)
		}
		if n := f.count("SELECT COUNT(*) FROM records WHERE customer = $1 AND indexed", f.maya.Customer); n != 0 {
			f.Errorf("%s: %d records are marked as indexed", how, n)
		}
		f.deleted(how, f.maya, seen, want...)
	}
	gone("never granted")

	begin(f.maya, consent.Change{Triple: orders})
	f.change(f.maya, consent.Change{Triple: orders})
	gone("withdrawn", "orders passage stop 2")

	// Of two grants the last one counts.
	desk := triple(consent.AgentAssist, "orders", consent.HumanAgents)
	f.change(f.maya, consent.Change{Triple: desk, Granted: true})
	f.change(f.maya, consent.Change{Triple: orders, Granted: true})
	f.found(f.maya, consent.Answers)
	f.change(f.maya, consent.Change{Triple: orders})
	f.deleted("one of two withdrawn", f.maya, seen)
	f.change(f.maya, consent.Change{Triple: desk})
	gone("both withdrawn", "orders passage stop 2")

	begin(here, consent.Change{Triple: orders, Duration: consent.ThisConversation})
	f.pass(consent.ConversationGrant)
	if n := f.found(here, consent.Answers); n != 0 {
		f.Errorf("run out: %d passages are found", n)
	}
	f.must(only(f.gate.Expire(f.Context(), 10)))
	gone("run out", "orders passage grant_ended 2")

	begin(here, consent.Change{Triple: orders, Duration: consent.ThisConversation})
	f.handOff(conv)
	ana := f.agent("stf_ana")
	f.must(f.Act(f.Context(), ana, conv, agents.Action{Trigger: conversation.AgentClaims}))
	f.must(f.Act(f.Context(), ana, conv, agents.Action{Trigger: conversation.AgentResolves, Reason: conversation.SolvedByAgent}))
	if n := f.found(here, consent.Answers); n != 0 {
		f.Errorf("resolved: %d passages are found", n)
	}
	f.must(only(f.gate.Expire(f.Context(), 10)))
	gone("the conversation is over", "orders passage grant_ended 2")

	begin(f.maya, consent.Change{Triple: orders})
	_, stamp, err := f.gate.Indexable(f.Context(), f.maya.Customer)
	f.must(err)
	f.must(f.KeepIndexed(f.Context(), stamp, nil))
	gone("a policy that suspends it", "orders passage policy_changed 2")

	f.found(f.maya, consent.Answers)
	f.change(f.maya, consent.Change{Triple: orders, Delete: true})
	gone("stop and delete", "orders passage stop_and_delete 2", "orders record stop_and_delete 2")

	f.choose(f.maya, true, "billing")
	f.found(f.maya, consent.Answers)
	f.must(f.RemoveRecord(f.Context(), shop, "b1"))
	gone("removed by the site", "billing passage removed_by_site 1", "billing record removed_by_site 1")

	if n := f.found(f.omar, consent.Answers); n != 1 {
		f.Errorf("of another customer %d passages are left", n)
	}
	f.deleted("another customer", f.omar, make(map[string]bool))
	// A change that fails leaves neither a deletion nor its row.
	before := f.contents()
	if _, err := f.Append(f.Context(), f.omar.Customer, func(s consent.Snapshot) (consent.Entry, error) {
		var latest consent.Event
		for _, e := range s.Latest {
			latest = e
		}
		return consent.Entry{Events: []consent.Event{latest}}, nil // its id is there already
	}); err == nil {
		f.Error("an event was stored twice")
	}
	f.unchanged("a change that failed", before)
}

// deletionsOfRecords: what runs out is logged by what it was and why, and never by
// what it said.
func deletionsOfRecords(f *fixture) {
	put := func(id string, c consent.Category, expires time.Duration) {
		r := record(f.maya, id, c, "A zanzibar tent.")
		if expires > 0 {
			r.Expires = f.now().Add(expires)
		}
		f.put(r)
	}
	spec := func(id consent.Category) consent.CategorySpec {
		c, ok := f.policy.Category(id)
		if !ok {
			f.Fatalf("the policy has no %s", id)
		}
		return c
	}
	seen := make(map[string]bool)
	f.choose(f.maya, true, "orders")
	put("o1", "orders", time.Hour)
	put("o2", "orders", 2*time.Hour)
	put("o3", "orders", 0)
	put("b1", "billing", 0)
	f.found(f.maya, consent.Answers)
	f.pass(time.Hour)
	f.must(only(f.RemoveExpired(f.Context(), f.policy.Categories)))
	f.deleted("run out", f.maya, seen, "orders passage retention 1", "orders record retention 1")
	f.pass(spec("billing").UnconsentedTTL.Duration())
	f.must(only(f.RemoveExpired(f.Context(), f.policy.Categories)))
	f.deleted("never granted", f.maya, seen, "billing record unconsented_ttl 1", "orders passage retention 1", "orders record retention 1")
	// Without a time of its own a record is kept as long as its category.
	f.pass(spec("orders").Retention.Duration() - spec("billing").UnconsentedTTL.Duration() - 2*time.Hour)
	if n, err := f.RemoveExpired(f.Context(), f.policy.Categories); err != nil || n != 0 {
		f.Errorf("an hour before the category's time: %d, %v", n, err)
	}
	f.pass(2 * time.Hour)
	f.must(only(f.RemoveExpired(f.Context(), f.policy.Categories)))
	f.deleted("the category's time", f.maya, seen, "orders passage retention 1", "orders record retention 1")
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("what was deleted is in %v", where)
	}
}

// notTakenAgain: what a customer had deleted is not imported again until they allow
// its category, whatever they stop or refuse meanwhile.
func notTakenAgain(f *fixture) {
	stop := consent.Change{Triple: orders, Delete: true}
	desk := triple(consent.AgentAssist, "orders", consent.HumanAgents)
	put := func(step string, want error) {
		f.Helper()
		f.is(step, f.PutRecord(f.Context(), record(f.maya, "o1", "orders", "A tent.")), want)
		n := f.count("SELECT COUNT(*) FROM records WHERE customer = $1 AND category = 'orders'", f.maya.Customer)
		if (n == 0) != errors.Is(want, retrieval.ErrNotWanted) {
			f.Errorf("%s: %d orders are stored", step, n)
		}
	}
	put("before", nil)
	f.choose(f.maya, true, "orders")
	f.change(f.maya, consent.Change{Triple: orders})
	put("stopped, not deleted", nil)
	f.change(f.maya, stop)
	put("deleted, with nothing granted", retrieval.ErrNotWanted)
	before := f.contents()
	put("again", retrieval.ErrNotWanted)
	f.unchanged("a record that is not wanted", before)
	f.put(record(f.maya, "b1", "billing", "An invoice."), record(f.omar, "x1", "orders", "A lamp."))
	f.choose(f.maya, true, "billing")
	put("another category granted", retrieval.ErrNotWanted)
	f.choose(f.maya, true, "orders")
	put("granted again", nil)
	f.change(f.maya, stop)
	put("deleted again", retrieval.ErrNotWanted)
	f.change(f.maya, consent.Change{Triple: desk, Granted: true})
	put("granted for another purpose", nil)
	f.change(f.maya, consent.Change{Triple: desk})
	put("and stopped", nil)
	f.change(f.maya, consent.Change{Triple: desk, Granted: true}, consent.Change{Triple: orders, Granted: true})
	f.change(f.maya, stop)
	put("deleted while it is granted for another purpose", retrieval.ErrNotWanted)

	// However an import and the wish meet, nothing that it brought is left.
	for i := range 20 {
		g := f.strangers()
		g.choose(g.maya, true, "orders")
		var group sync.WaitGroup
		for j := range 4 {
			group.Go(func() {
				err := g.PutRecord(g.Context(), record(g.maya, fmt.Sprintf("r%d/%d", i, j), "orders", "A tent."))
				if err != nil && !errors.Is(err, retrieval.ErrNotWanted) {
					g.Error(err)
				}
			})
		}
		group.Go(func() { g.change(g.maya, stop) })
		group.Wait()
		if n := g.count("SELECT COUNT(*) FROM records WHERE customer = $1", g.maya.Customer); n != 0 {
			g.Fatalf("%d records are left of what was deleted", n)
		}
	}
}

// conversationsAreKept for as long as their customers are told, and no longer.
func conversationsAreKept(f *fixture) {
	kept := f.policy.ConversationRetention.Duration()
	ana := f.agent("stf_ana")
	answered := func(conv string) string {
		f.Helper()
		a := f.writing(conv, "Where is my zanzibar tent?")
		a.Status = answer.Answered
		f.must(f.Finish(f.Context(), f.stamp(f.maya), sentence(a, "It is on its way."), answer.Ending{}))
		f.must(f.Citations().Append(f.Context(), closed(a.ID, f.maya.Customer)))
		return a.ID
	}
	remove := func(step string, want int64) {
		f.Helper()
		if n, err := f.RemoveConversations(f.Context(), kept); err != nil || n != want {
			f.Errorf("%s: removed %d conversations, %v; want %d", step, n, err, want)
		}
	}
	there := func(step string, conv string, want bool) {
		f.Helper()
		_, err := f.Conversation(f.Context(), conv)
		if (err == nil) != want || err != nil && !errors.Is(err, conversation.ErrNotFound) {
			f.Errorf("%s: %v", step, err)
		}
	}
	old, resolved, unrecorded, open, snoozed, active := f.talk(f.maya), f.talk(f.maya), f.talk(f.maya), f.talk(f.maya), f.talk(f.maya), f.talk(f.maya)
	ans := answered(old)
	f.must(f.Rate(f.Context(), f.maya.Customer, old, 5, "zanzibar"))
	f.must(f.Rate(f.Context(), f.maya.Customer, ans, 1, "zanzibar"))
	for _, conv := range []string{resolved, open, snoozed} {
		f.handOff(conv)
		f.must(f.Act(f.Context(), ana, conv, agents.Action{Trigger: conversation.AgentClaims}))
	}
	f.must(f.Act(f.Context(), ana, resolved, agents.Action{Trigger: conversation.AgentResolves, Reason: conversation.SolvedByAgent}))
	f.must(f.Act(f.Context(), ana, snoozed, agents.Action{Trigger: conversation.AgentSnoozes, Reason: conversation.PutOff, Until: f.now().Add(kept * 3)}))
	f.writing(unrecorded, "Hello?") // the log does not have its end
	others := f.talk(f.omar)
	f.pass(kept - time.Hour)
	remove("an hour before", 0)
	answered(active)
	// A choice is not a message: it does not make what was said stay.
	f.choose(f.maya, true, "orders")
	granted := f.talk(f.maya)
	f.pass(time.Hour)
	seen := make(map[string]bool)
	f.deleted("before", f.maya, seen)

	wake, stop := f.Watch(conversation.Topic(old))
	defer stop()
	select {
	case <-wake:
	default:
	}
	remove("after", 3)
	select {
	case <-wake:
	case <-time.After(10 * time.Second): // who committed is told before who watches
		f.Error("whoever reads a conversation that is removed does not learn of it")
	}
	for conv, want := range map[string]bool{
		old: false, resolved: false, others: false, unrecorded: true, open: true, snoozed: true, active: true, granted: true,
	} {
		there("after", conv, want)
	}
	// old: the greeting, the question, the answer; resolved: the greeting and the
	// notice of the handoff.
	f.deleted("after", f.maya, seen, "conversation conversation retention 2", "conversation message retention 5",
		"conversation answer retention 1", "conversation rating retention 2")
	f.deleted("another customer", f.omar, make(map[string]bool), "conversation conversation retention 1", "conversation message retention 1")
	for _, query := range []string{
		"SELECT COUNT(*) FROM events WHERE conversation IN ($1, $2)", "SELECT COUNT(*) FROM answers WHERE conversation IN ($1, $2)",
		"SELECT COUNT(*) FROM tickets WHERE conversation IN ($1, $2)",
	} {
		if n := f.count(query, old, resolved); n != 0 {
			f.Errorf("%s: %d are left", query, n)
		}
	}
	if n := f.count("SELECT COUNT(*) FROM ratings"); n != 0 {
		f.Errorf("%d ratings are left", n)
	}
	if n := f.count("SELECT COUNT(*) FROM citation_entries WHERE answer = $1", ans); n != 1 {
		f.Errorf("the citation log has %d entries of the answer, want the one", n)
	}
	// What is gone is not found, and somebody who comes back starts anew.
	f.is("its events", only(f.Events(f.Context(), old, 0, 10)), conversation.ErrNotFound)
	f.is("its messages", only(f.Messages(f.Context(), old)), conversation.ErrNotFound)
	f.is("its answer", only(f.Answer(f.Context(), f.maya.Customer, ans)), conversation.ErrNotFound)
	f.is("a message to it", only(f.Post(f.Context(), old, message(conversation.FromCustomer, "Hello?"), "en")), conversation.ErrNotFound)
	if _, ok, err := f.Latest(f.Context(), f.omar.Customer); err != nil || ok {
		f.Errorf("a conversation that is gone is resumed, %v", err)
	}
	remove("again", 0)

	// A grant for a conversation keeps it while it lasts; one whose ticket is closed
	// goes.
	f.change(f.maya.In(granted), consent.Change{Triple: triple(consent.AgentAssist, "orders", consent.HumanAgents), Granted: true, Duration: consent.ThisConversation})
	f.must(f.Act(f.Context(), ana, open, agents.Action{Trigger: conversation.AgentResolves, Reason: conversation.SolvedByAgent}))
	if n, err := f.RemoveConversations(f.Context(), time.Hour-time.Minute); err != nil || n != 2 {
		f.Errorf("removed %d, %v; want the one whose ticket is closed and the one that was active", n, err)
	}
	there("with a grant", granted, true)
	there("with a snooze", snoozed, true)
	f.pass(consent.ConversationGrant)
	if n, err := f.RemoveConversations(f.Context(), time.Hour); err != nil || n != 1 {
		f.Errorf("removed %d, %v; want the one whose grant has run out", n, err)
	}
	there("without a grant", granted, false)

	// Many go in several transactions, and each is counted.
	for range 230 {
		f.talk(f.omar)
	}
	f.pass(kept)
	remove("many", 230)
	log, err := f.Deletions(f.Context(), f.omar.Customer)
	f.must(err)
	var total int64
	for _, d := range log {
		if d.What == consent.DeletedConversation {
			total += d.Count
		}
	}
	if total != 231 {
		f.Errorf("%d conversations are logged, want 231", total)
	}
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("what was deleted is in %v", where)
	}
}
