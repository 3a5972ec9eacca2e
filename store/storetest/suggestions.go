package storetest

import (
	"errors"
	"slices"
	"sync"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

var (
	ordersToDesk  = triple(consent.AgentAssist, "orders", consent.HumanAgents)
	ordersToDraft = triple(consent.AgentAssist, "orders", consent.BrandAI)
)

// serving is the staff who have a conversation of the customer's.
func (f *fixture) serving(who identity.Principal, staff identity.StaffID) (conv string, agent identity.Principal) {
	f.Helper()
	conv = f.talk(who)
	f.ask(conv, "Where is my order?")
	f.handOff(conv)
	agent = identity.Principal{Kind: identity.Staff, Site: shop, Staff: f.agent(staff)}.About(who.Customer, conv)
	f.claim(agent.Staff, conv)
	return conv, agent
}

// drafts makes a suggestion of an order, as the customer lets it be at this moment.
func (f *fixture) drafts(agent identity.Principal, id, text string) agents.Suggestion {
	f.Helper()
	x := agents.Suggestion{
		ID: id, Status: agents.SuggestionAnswered, Text: text, Conversation: agent.Conversation, Staff: agent.Staff,
		Sentences: []agents.SuggestedSentence{{Text: text, Citations: []agents.Citation{{RecordID: "o1", PassageID: "o1#0", Quote: text}}}},
		Used:      []agents.SuggestionSource{{RecordID: "o1", Category: "orders", Recipient: consent.HumanAgents}},
		Stamp:     f.scope(agent, consent.AgentAssist).Stamp(),
	}
	f.must(f.AddSuggestion(f.Context(), agent.Customer, x))
	return x
}

// sends replies to the customer, which came from a suggestion if one is given.
func (f *fixture) sends(agent identity.Principal, x *agents.Suggestion, how agents.Outcome) error {
	m := message(conversation.FromAgent, "It is on its way.")
	m.Staff = agent.Staff
	a := agents.Action{Trigger: conversation.AgentReplies, Message: &m}
	if x != nil {
		a.Drafted = &agents.Drafted{Suggestion: x.ID, Outcome: how, Stamp: &x.Stamp, Records: []string{"o1"}}
	}
	return f.Act(f.Context(), agent.Staff, agent.Conversation, a)
}

func (f *fixture) share(who identity.Principal, granted bool) {
	f.Helper()
	f.change(who, consent.Change{Triple: ordersToDesk, Granted: granted}, consent.Change{Triple: ordersToDraft, Granted: granted})
}

// settled: a reply settles every suggestion of its conversation, once; of those that are
// settled nothing is left to be read.
func settled(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.share(f.maya, true)
	conv, agent := f.serving(f.maya, "stf_a")
	const words = "Zanthoriq is on its way."
	x, y := f.drafts(agent, "sug_1", words), f.drafts(agent, "sug_2", words)
	stands, err := f.Suggestions(f.Context(), conv)
	if err != nil || len(stands) != 2 || stands[0].Text != words || stands[0].Stamp.Epoch != x.Stamp.Epoch || stands[0].Staff != agent.Staff {
		f.Fatalf("what stands: %+v, %v", stands, err)
	}
	if where := f.plain("zanthoriq"); len(where) > 0 {
		f.Errorf("a suggestion is in plain text in %v", where)
	}
	f.must(f.sends(agent, &x, agents.Edited))
	if stands, err := f.Suggestions(f.Context(), conv); err != nil || len(stands) != 0 {
		f.Errorf("after a reply there stand %+v, %v", stands, err)
	}
	f.is("sent once more", f.sends(agent, &x, agents.UsedAsItWas), agents.ErrUnknownSuggestion)
	f.is("sent when it was ignored", f.sends(agent, &y, agents.UsedAsItWas), agents.ErrUnknownSuggestion)
	z := f.drafts(agent, "sug_3", words)
	f.must(f.sends(agent, &z, agents.UsedAsItWas))
	counts, err := f.SuggestionCounts(f.Context())
	if err != nil || counts[agents.Edited] != 1 || counts[agents.Ignored] != 1 || counts[agents.UsedAsItWas] != 1 {
		f.Errorf("counted: %v, %v", counts, err)
	}
	if n := f.count("SELECT COUNT(*) FROM suggestions WHERE sealed IS NOT NULL"); n != 0 {
		f.Errorf("%d settled suggestions can still be read", n)
	}

	// Another conversation's is none of this one's.
	_, other := f.serving(f.omar, "stf_b")
	o := f.drafts(other, "sug_4", words)
	f.is("another conversation's", f.sends(agent, &o, agents.UsedAsItWas), consent.ErrStale)
}

// draftsUnderStamp: a suggestion is stored, and sent, only while what it was decided by
// holds and its sources are not hidden. What is refused leaves everything as it was.
func draftsUnderStamp(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{{
		ID: "k1", Site: shop, Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge, Title: "Returns", Text: "Returns are free.",
	}}))
	f.share(f.maya, true)
	conv, agent := f.serving(f.maya, "stf_a")
	x := f.drafts(agent, "sug_1", "It is on its way.")
	f.share(f.maya, false)
	before := f.contents()
	f.is("sent after a withdrawal", f.sends(agent, &x, agents.Edited), consent.ErrStale)
	late := x
	late.ID = "sug_late"
	f.is("stored after a withdrawal", f.AddSuggestion(f.Context(), f.maya.Customer, late), consent.ErrStale)
	f.unchanged("a suggestion that is out of date", before)
	f.must(f.sends(agent, nil, ""))

	f.share(f.maya, true)
	y := f.drafts(agent, "sug_2", "It is on its way.")
	f.hide("o1", "wrong")
	before = f.contents()
	f.is("sent when its source was hidden", f.sends(agent, &y, agents.UsedAsItWas), consent.ErrStale)
	late = y
	late.ID = "sug_late"
	late.Stamp = f.scope(agent, consent.AgentAssist).Stamp()
	f.is("stored when its source was hidden", f.AddSuggestion(f.Context(), f.maya.Customer, late), retrieval.ErrHidden)
	f.unchanged("a suggestion of a hidden source", before)

	// Who wants their orders deleted leaves no draft of them.
	stale := f.count("SELECT COUNT(*) FROM suggestions WHERE sealed IS NOT NULL")
	f.change(f.maya, consent.Change{Triple: ordersToDraft, Delete: true})
	if n := f.count("SELECT COUNT(*) FROM suggestions WHERE sealed IS NOT NULL"); stale == 0 || n != 0 {
		f.Errorf("of %d drafts %d are left after deleting what they were made of", stale, n)
	}
	if stands, err := f.Suggestions(f.Context(), conv); err != nil || len(stands) != 0 {
		f.Errorf("they stand: %+v, %v", stands, err)
	}
}

// withdrawnWhileSent: of a withdrawal and a reply from a draft at the same moment the
// reply is sent before it, or not at all.
func withdrawnWhileSent(a, b *fixture) {
	a.put(record(a.maya, "o1", "orders", "A tent."))
	_, agent := a.serving(a.maya, "stf_a")
	for range 20 {
		a.share(a.maya, true)
		x := a.drafts(agent, identity.NewID("sug"), "It is on its way.")
		var group sync.WaitGroup
		var sent error
		group.Go(func() { sent = b.sends(agent, &x, agents.UsedAsItWas) })
		group.Go(func() { a.share(a.maya, false) })
		group.Wait()
		if sent != nil && !errors.Is(sent, consent.ErrStale) {
			a.Fatal(sent)
		}
		// The withdrawal tells the conversation of itself in its own transaction.
		events := a.all(agent.Conversation)
		last := events[len(events)-1]
		if last.Type != conversation.ConsentEvent {
			a.Fatalf("a draft was sent after what it was made of was withdrawn: the last event is %s, %v", last.Type, sent)
		}
	}
}

// summaries: what a model made of a conversation is there until it goes on, for whom it
// was made, under its stamp.
func summaries(f *fixture) {
	f.share(f.maya, true)
	conv, agent := f.serving(f.maya, "stf_a")
	seq := f.state(conv).LastSeq
	x := agents.StoredSummary{
		By: "tester", Seq: seq, Reader: consent.HumanAgents, Points: []agents.Point{{Kind: agents.Wants, Text: "Zanthoriq"}},
		Stamp: f.scope(agent, consent.AgentAssist).Stamp(),
	}
	f.must(f.PutSummary(f.Context(), f.maya.Customer, conv, x))
	f.is("another customer's", f.PutSummary(f.Context(), f.omar.Customer, conv, x), consent.ErrStale)
	at := func(what string, seq int64, reader consent.Recipient, want bool) {
		f.Helper()
		got, ok, err := f.Summarized(f.Context(), conv, seq, reader)
		if err != nil || ok != want || ok && (got.By != "tester" || got.Points[0].Text != "Zanthoriq" || got.Stamp.Epoch != x.Stamp.Epoch) {
			f.Errorf("%s: %+v, %v, %v", what, got, ok, err)
		}
	}
	at("as it was stored", seq, consent.HumanAgents, true)
	at("when the conversation went on", seq+1, consent.HumanAgents, false)
	at("for another desk", seq, "desk:other", false)
	if where := f.plain("zanthoriq"); len(where) > 0 {
		f.Errorf("a summary is in plain text in %v", where)
	}
	f.share(f.maya, false)
	f.is("under choices that are over", f.PutSummary(f.Context(), f.maya.Customer, conv, x), consent.ErrStale)
	f.erase(f.maya)
	if n := f.count("SELECT COUNT(*) FROM summaries"); n != 0 {
		f.Errorf("%d summaries are left of who was erased", n)
	}
}

// answeredBefore: how answers ended is read without those that were written again.
func answeredBefore(f *fixture) {
	conv := f.talk(f.maya)
	a := f.writing(conv, "Where is my order?")
	a.Status = "needs_consent"
	a.NotSearched = []answer.NotSearched{{Category: "orders", Reason: consent.NoConsent, Relevant: true}, {Category: "billing", Reason: consent.NoConsent}}
	f.must(f.Finish(f.Context(), f.stamp(f.maya), sentence(a, "May I look?"), answer.Ending{}))
	got, err := f.Answered(f.Context(), conv)
	if err != nil || len(got) != 1 || got[0].Status != "needs_consent" || got[0].Question != "Where is my order?" || !slices.Equal(got[0].Wanted, []consent.Category{"orders"}) {
		f.Fatalf("the first: %+v, %v", got, err)
	}
	again, err := f.Again(f.Context(), f.maya.Customer, a.ID)
	f.must(err)
	b := a
	b.ID, b.Supersedes, b.Status, b.Sentences, b.NotSearched = again.AnswerID, a.ID, "writing", nil, nil
	f.must(f.Begin(f.Context(), b, ""))
	b.Status = "answered"
	b.Used = []answer.Used{{RecordID: "o1", Category: "orders"}, {RecordID: "k1", Category: consent.Knowledge}}
	f.must(f.Finish(f.Context(), f.stamp(f.maya), sentence(b, "On its way."), answer.Ending{}))
	got, err = f.Answered(f.Context(), conv)
	if err != nil || len(got) != 1 || got[0].ID != b.ID || !slices.Equal(got[0].Made, []agents.Made{{Record: "o1", Category: "orders"}}) {
		f.Errorf("the second: %+v, %v", got, err)
	}
}
