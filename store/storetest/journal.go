package storetest

import (
	"slices"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// releasedUnderStamp: whatever made the scope stale, the release is refused and
// nothing of it is stored; the same release goes through where nothing has.
func releasedUnderStamp(f *fixture) {
	here := func(f *fixture, conv string) {
		f.change(f.maya.In(conv), consent.Change{Triple: orders, Granted: true, Duration: consent.ThisConversation})
	}
	standing := func(f *fixture, _ string) { f.choose(f.maya, true, "orders") }
	for _, tt := range []struct {
		name  string
		grant func(f *fixture, conv string)
		then  func(f *fixture, conv string, a answer.Answer)
		stamp func(*fixture, consent.Stamp) consent.Stamp
		want  error
	}{
		{name: "nothing happens", grant: standing},
		{name: "nothing happens, without a grant"},
		{
			name: "withdrawn", grant: standing, want: consent.ErrStale,
			then: func(f *fixture, _ string, _ answer.Answer) { f.choose(f.maya, false, "orders") },
		},
		{
			name: "more is granted", grant: standing, want: consent.ErrStale,
			then: func(f *fixture, _ string, _ answer.Answer) { f.choose(f.maya, true, "billing") },
		},
		{
			name: "withdrawn and given again", grant: standing, want: consent.ErrStale,
			then: func(f *fixture, _ string, _ answer.Answer) {
				f.choose(f.maya, false, "orders")
				f.choose(f.maya, true, "orders")
			},
		},
		{
			name: "another customer withdraws", grant: standing,
			then: func(f *fixture, _ string, _ answer.Answer) {
				f.choose(f.omar, true, "orders")
				f.choose(f.omar, false, "orders")
			},
		},
		{
			name: "another policy", grant: standing, want: consent.ErrStale,
			then: func(f *fixture, _ string, _ answer.Answer) {
				f.must(f.InstallPolicy(f.Context(), f.edition(identity.NewID("pol"), "")))
			},
		},
		{
			name: "the grant runs out", grant: here, want: consent.ErrStale,
			then: func(f *fixture, _ string, _ answer.Answer) { f.pass(consent.ConversationGrant) },
		},
		{
			name: "a minute before the grant runs out", grant: here,
			then: func(f *fixture, _ string, _ answer.Answer) { f.pass(consent.ConversationGrant - time.Minute) },
		},
		{
			name: "the customer asks for a person", grant: standing, want: answer.ErrNotWriting,
			then: func(f *fixture, conv string, _ answer.Answer) { f.handOff(conv) },
		},
		{
			name: "a person takes over", grant: standing, want: answer.ErrNotWriting,
			then: func(f *fixture, conv string, _ answer.Answer) {
				f.claim(f.agent(identity.StaffID(identity.NewID("stf"))), conv)
			},
		},
		{
			name: "a person took over and gave it back", grant: standing, want: answer.ErrNotWriting,
			then: func(f *fixture, conv string, _ answer.Answer) {
				id := f.agent(identity.StaffID(identity.NewID("stf")))
				f.claim(id, conv)
				f.must(f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentReturns, Reason: conversation.GivenBack}))
			},
		},
		{
			name: "the answer is finished already", grant: standing, want: answer.ErrNotWriting,
			then: func(f *fixture, _ string, a answer.Answer) {
				a.Status = answer.Declined
				f.must(f.Finish(f.Context(), f.stamp(f.maya), a, answer.Ending{}))
			},
		},
		{
			name: "a zero stamp", grant: standing, want: consent.ErrStale,
			stamp: func(*fixture, consent.Stamp) consent.Stamp { return consent.Stamp{} },
		},
		{
			name: "an unknown customer's stamp", grant: standing, want: consent.ErrStale,
			stamp: func(_ *fixture, s consent.Stamp) consent.Stamp { s.Customer = "cus_unknown"; return s },
		},
		{
			name: "another customer's stamp", grant: standing, want: consent.ErrStale,
			stamp: func(f *fixture, _ consent.Stamp) consent.Stamp {
				f.choose(f.omar, true, "orders")
				return f.stamp(f.omar)
			},
		},
		{
			name: "unavailable, yet personal", grant: standing, want: consent.ErrStale,
			stamp: func(_ *fixture, s consent.Stamp) consent.Stamp { s.Unavailable, s.Epoch = true, 0; return s },
		},
		{
			name: "decided without the ledger", grant: standing,
			stamp: func(_ *fixture, s consent.Stamp) consent.Stamp {
				return consent.Stamp{Customer: s.Customer, Unavailable: true}
			},
		},
	} {
		for _, finish := range []bool{false, true} {
			f := f.strangers()
			conv := f.talk(f.maya)
			if tt.grant != nil {
				tt.grant(f, conv)
			}
			a := f.writing(conv, "Where is my order?")
			stamp := f.stamp(f.maya.In(conv))
			if tt.stamp != nil {
				stamp = tt.stamp(f, stamp)
			}
			if tt.then != nil {
				tt.then(f, conv, a)
			}
			before, seq := f.contents(), f.state(conv).LastSeq
			a = sentence(a, "Your order is on its way.")
			var err error
			if finish {
				a.Status = answer.Answered
				err = f.Finish(f.Context(), stamp, a, answer.Ending{Handoff: answer.ModelFailure, Notice: "A person will come."})
			} else {
				err = f.Release(f.Context(), stamp, a)
			}
			f.is(tt.name, err, tt.want)
			if tt.want != nil {
				f.unchanged(tt.name, before)
			} else if f.state(conv).LastSeq == seq {
				f.Errorf("%s: nothing was stored", tt.name)
			}
		}
	}
}

// releasedIsKept: what was released before a takeover stays, as what the
// assistant said, and carries the categories of its sources; unless it was
// withdrawn meanwhile.
func releasedIsKept(f *fixture) {
	for _, withdrawn := range []bool{false, true} {
		releaseThenHandOff(f.strangers(), withdrawn)
	}
}

func releaseThenHandOff(f *fixture, withdrawn bool) {
	conv := f.talk(f.maya)
	f.choose(f.maya, true, "orders")
	a := f.ask(conv, "Where is my order?")
	stamp := f.stamp(f.maya)
	a.Epoch, a.PolicyVersion = stamp.Epoch, stamp.PolicyVersion
	f.must(f.Begin(f.Context(), a, ""))
	a.Used = []answer.Used{{RecordID: "r1", Category: "orders"}, {RecordID: "k1", Category: consent.Knowledge}}
	a.Sentences = []answer.Sentence{{Text: "It is on its way.", Citations: []answer.Citation{{RecordID: "r1"}, {RecordID: "k1"}}}}
	f.must(f.Release(f.Context(), stamp, a))
	if withdrawn {
		f.choose(f.maya, false, "orders")
	}
	f.handOff(conv)
	got, err := f.Answer(f.Context(), f.maya.Customer, a.ID)
	f.must(err)
	m, err := f.Messages(f.Context(), conv)
	f.must(err)
	if withdrawn {
		if got.Status != answer.Interrupted || len(got.Sentences)+len(got.Used) != 0 || slices.ContainsFunc(m, func(m conversation.Message) bool {
			return m.From == conversation.FromAssistant
		}) {
			f.Errorf("a takeover said again what was withdrawn: %+v", got)
		}
		return
	}
	if got.Status != answer.Interrupted || len(got.Sentences) != 1 {
		f.Errorf("%+v", got)
	}
	said := m[2]
	if said.From != conversation.FromAssistant || said.AnswerID != a.ID || !slices.Equal(said.Categories(), []consent.Category{"orders"}) {
		f.Errorf("%+v", said)
	}
	for _, who := range []identity.CustomerID{f.omar.Customer, ""} {
		f.is("another customer's answer", only(f.Answer(f.Context(), who, a.ID)), conversation.ErrNotFound)
	}
	if any, owner, err := f.AnyAnswer(f.Context(), a.ID); err != nil || owner != f.maya.Customer || any.ID != a.ID {
		f.Errorf("to a reviewer: %+v of %s, %v", any, owner, err)
	}
}

// declinedTwice hands over to a person, and counts only what follows on another.
func declinedTwice(f *fixture) {
	conv := f.talk(f.maya)
	stamp := f.stamp(f.maya)
	finish := func(s answer.Status) conversation.Conversation {
		a := f.writing(conv, "hm?")
		a.Status = s
		f.must(f.Finish(f.Context(), stamp, a, answer.Ending{AfterDeclined: 2, Notice: "A person will come."}))
		return f.state(conv)
	}
	for i, s := range []answer.Status{answer.Declined, answer.Answered, answer.Declined} {
		if got := finish(s); got.State != conversation.Pending {
			f.Fatalf("after %d answers it is %s", i+1, got.State)
		}
	}
	if got := finish(answer.Declined); got.State != conversation.Open || got.Reason != conversation.MissingKnowledge {
		f.Errorf("after two in a row it is %+v", got)
	}
	m, err := f.Messages(f.Context(), conv)
	if err != nil || m[len(m)-1].Text() != "A person will come." {
		f.Errorf("%+v, %v", m, err)
	}
	// Why is what the last of them lacked.
	for _, tt := range []struct {
		first, second answer.Status
		refused       bool // what would answer was, the second time
		want          conversation.Reason
	}{
		{answer.Declined, answer.Declined, true, conversation.ConsentMissing},
		{answer.Clarify, answer.Clarify, false, conversation.LowConfidence},
		{answer.Clarify, answer.Declined, false, conversation.MissingKnowledge},
		{answer.Declined, answer.NeedsConsent, false, ""},
	} {
		conv := f.talk(f.maya)
		for i, status := range []answer.Status{tt.first, tt.second} {
			a := f.writing(conv, "hm?")
			a.Status = status
			if i == 1 && tt.refused {
				a.NotSearched = []answer.NotSearched{{Category: "orders", Reason: consent.RefusedReason, Relevant: true}}
			}
			f.must(f.Finish(f.Context(), stamp, a, answer.Ending{AfterDeclined: 2}))
		}
		if got := f.state(conv); got.Reason != tt.want {
			f.Errorf("%s, then %s: the reason is %q, want %q", tt.first, tt.second, got.Reason, tt.want)
		}
	}
}

// attempts: the second one tells the customer to forget the first, in the same
// sequence.
func attempts(f *fixture) {
	conv := f.talk(f.maya)
	a := f.writing(conv, "Where is my order?")
	stamp := f.stamp(f.maya)
	f.must(f.Release(f.Context(), stamp, sentence(a, "It left.")))
	a.Attempt = 2
	f.must(f.Begin(f.Context(), a, "consent_changed"))
	if got, err := f.Stored(f.Context(), a.ID); err != nil || got.Attempt != 2 || len(got.Sentences) != 0 || got.Status != answer.Writing {
		f.Errorf("%+v, %v", got, err)
	}
	a = sentence(a, "I cannot say.")
	f.must(f.Release(f.Context(), stamp, a))
	a.Status = answer.Answered
	f.must(f.Finish(f.Context(), stamp, a, answer.Ending{}))
	var got []conversation.EventType
	for _, e := range f.all(conv)[2:] {
		got = append(got, e.Type)
	}
	want := []conversation.EventType{
		conversation.SentenceEvent, conversation.ResetEvent, conversation.SentenceEvent,
		conversation.MessageEvent, conversation.AnswerEvent,
	}
	if !slices.Equal(got, want) {
		f.Errorf("the customer sees %v, want %v", got, want)
	}
	f.is("after the end", f.Begin(f.Context(), a, ""), answer.ErrNotWriting)
}

func offers(f *fixture) {
	conv := f.talk(f.maya)
	a := f.writing(conv, "Where is my order?")
	a.Status, a.Offer = answer.NeedsConsent, &consent.Offer{ID: "off_1"}
	f.must(f.Finish(f.Context(), f.stamp(f.maya), a, answer.Ending{}))
	if got, err := f.AnswerWithOffer(f.Context(), f.maya.Customer, "off_1"); err != nil || got.ID != a.ID || got.Offer == nil {
		f.Errorf("%+v, %v", got, err)
	}
	for _, offer := range []string{"", "off_2", "%", "\x00"} {
		f.is("the offer "+offer, only(f.AnswerWithOffer(f.Context(), f.maya.Customer, offer)), conversation.ErrNotFound)
	}
	for _, who := range []identity.CustomerID{f.omar.Customer, ""} {
		f.is("another customer's offer", only(f.AnswerWithOffer(f.Context(), who, "off_1")), conversation.ErrNotFound)
	}
}
