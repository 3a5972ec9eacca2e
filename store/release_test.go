package store

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
)

func policyYAML(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../consent/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func sentence(a answer.Answer, text string) answer.Answer {
	a.Sentences = append(slices.Clone(a.Sentences), answer.Sentence{Text: text})
	return a
}

// TestReleaseUnderAStamp: whatever made the scope stale, the release is refused
// and nothing of it is stored; the same release goes through where nothing has.
func TestReleaseUnderAStamp(t *testing.T) {
	t.Parallel()
	here := func(f *fixture, conv string) {
		_, err := f.gate.Change(f.Context(), f.maya.In(conv), consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{
			{Triple: triple(consent.Answers, "orders", consent.BrandAI), Granted: true, Duration: consent.ThisConversation},
		}})
		f.must(err)
	}
	standing := func(f *fixture, _ string) { f.choose(f.maya, true, "orders") }
	for _, tt := range []struct {
		name  string
		grant func(f *fixture, conv string)
		then  func(f *fixture, conv string, a answer.Answer)
		stamp func(consent.Stamp) consent.Stamp
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
				p, err := consent.LoadPolicy(strings.NewReader(strings.Replace(policyYAML(f.T), `version: "`+f.policy.Version+`"`, `version: "next"`, 1)))
				f.must(err)
				f.must(f.InstallPolicy(f.Context(), p))
			},
		},
		{
			name: "the grant runs out", grant: here, want: consent.ErrStale,
			then: func(*fixture, string, answer.Answer) { time.Sleep(consent.ConversationGrant) },
		},
		{
			name: "a moment before the grant runs out", grant: here,
			then: func(*fixture, string, answer.Answer) { time.Sleep(consent.ConversationGrant - time.Second) },
		},
		{
			name: "the customer asks for a person", grant: standing, want: answer.ErrNotWriting,
			then: func(f *fixture, conv string, _ answer.Answer) {
				_, err := f.Handoff(f.Context(), conv, conversation.CustomerRequest, message(conversation.FromSystem, "wait"))
				f.must(err)
			},
		},
		{
			name: "a person takes over", grant: standing, want: answer.ErrNotWriting,
			then: func(f *fixture, conv string, _ answer.Answer) {
				f.must(f.Act(f.Context(), f.staff("stf_1"), conv, agents.Action{Trigger: conversation.AgentClaims}))
			},
		},
		{
			name: "a person took over and gave it back", grant: standing, want: answer.ErrNotWriting,
			then: func(f *fixture, conv string, _ answer.Answer) {
				id := f.staff("stf_1")
				f.must(f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentClaims}))
				f.must(f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentReturns, Reason: conversation.GivenBack}))
			},
		},
		{
			name: "the answer is finished already", grant: standing, want: answer.ErrNotWriting,
			then: func(f *fixture, _ string, a answer.Answer) {
				a.Status = answer.Declined
				f.must(f.Finish(f.Context(), f.scope(f.maya, consent.Answers).Stamp(), a, answer.Ending{}))
			},
		},
		{name: "a zero stamp", grant: standing, want: consent.ErrStale, stamp: func(consent.Stamp) consent.Stamp { return consent.Stamp{} }},
		{
			name: "another customer's stamp", grant: standing, want: consent.ErrStale,
			stamp: func(s consent.Stamp) consent.Stamp { s.Customer = "cus_unknown"; return s },
		},
		{
			name: "unavailable, yet personal", grant: standing, want: consent.ErrStale,
			stamp: func(s consent.Stamp) consent.Stamp { s.Unavailable, s.Epoch = true, 0; return s },
		},
		{
			name: "decided without the ledger", grant: standing,
			stamp: func(s consent.Stamp) consent.Stamp { return consent.Stamp{Customer: s.Customer, Unavailable: true} },
		},
	} {
		for _, finish := range []bool{false, true} {
			name := tt.name + ", a sentence"
			if finish {
				name = tt.name + ", the end"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					f := newFixture(t)
					conv := f.talk(f.maya)
					if tt.grant != nil {
						tt.grant(f, conv)
					}
					a := f.ask(conv, "Where is my order?")
					f.must(f.Begin(t.Context(), a, ""))
					stamp := f.scope(f.maya.In(conv), consent.Answers).Stamp()
					if tt.stamp != nil {
						stamp = tt.stamp(stamp)
					}
					if tt.then != nil {
						tt.then(f, conv, a)
					}
					before := f.contents()
					a = sentence(a, "Your order is on its way.")
					var err error
					if finish {
						a.Status = answer.Answered
						err = f.Finish(t.Context(), stamp, a, answer.Ending{Handoff: string(conversation.ModelFailure), Notice: "A person will come."})
					} else {
						err = f.Release(t.Context(), stamp, a)
					}
					if !errors.Is(err, tt.want) {
						t.Fatalf("%v, want %v", err, tt.want)
					}
					after := f.contents()
					if same := maps.Equal(before, after); same != (tt.want != nil) {
						t.Errorf("refused %t, and nothing stored %t", tt.want != nil, same)
					}
				})
			})
		}
	}
}

// TestReleasedIsKept: what was released before a takeover stays, as what the
// assistant said, and carries the categories of its sources; unless it was
// withdrawn meanwhile.
func TestReleasedIsKept(t *testing.T) {
	t.Parallel()
	for _, withdrawn := range []bool{false, true} {
		releaseThenHandOff(t, withdrawn)
	}
}

func releaseThenHandOff(t *testing.T, withdrawn bool) {
	t.Helper()
	f := newFixture(t)
	conv := f.talk(f.maya)
	f.choose(f.maya, true, "orders")
	a := f.ask(conv, "Where is my order?")
	stamp := f.scope(f.maya, consent.Answers).Stamp()
	a.Epoch, a.PolicyVersion = stamp.Epoch, stamp.PolicyVersion
	f.must(f.Begin(t.Context(), a, ""))
	a.Used = []answer.Used{{RecordID: "r1", Category: "orders"}, {RecordID: "k1", Category: consent.Knowledge}}
	a.Sentences = []answer.Sentence{{Text: "It is on its way.", Citations: []answer.Citation{{RecordID: "r1"}, {RecordID: "k1"}}}}
	f.must(f.Release(t.Context(), stamp, a))
	if withdrawn {
		f.choose(f.maya, false, "orders")
	}
	_, err := f.Handoff(t.Context(), conv, conversation.CustomerRequest, message(conversation.FromSystem, "wait"))
	f.must(err)
	got, err := f.Answer(t.Context(), f.maya.Customer, a.ID)
	if withdrawn {
		m, e := f.Messages(t.Context(), conv)
		if err != nil || e != nil || got.Status != answer.Interrupted || len(got.Sentences)+len(got.Used) != 0 || slices.ContainsFunc(m, func(m conversation.Message) bool {
			return m.From == conversation.FromAssistant
		}) {
			t.Errorf("a takeover said again what was withdrawn: %+v, %v", got, err)
		}
		return
	}
	if err != nil || got.Status != answer.Interrupted || len(got.Sentences) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	m, err := f.Messages(t.Context(), conv)
	f.must(err)
	said := m[2]
	if said.From != conversation.FromAssistant || said.AnswerID != a.ID || !slices.Equal(said.Categories(), []consent.Category{"orders"}) {
		t.Errorf("%+v", said)
	}
	if _, err := f.Answer(t.Context(), f.omar.Customer, a.ID); !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("another customer reads it: %v", err)
	}
	if _, err := f.Answer(t.Context(), "", a.ID); !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("nobody reads it: %v", err)
	}
}

// TestDeclinedTwice hands over to a person, and counts only what follows on
// another.
func TestDeclinedTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	conv := f.talk(f.maya)
	stamp := f.scope(f.maya, consent.Answers).Stamp()
	finish := func(s answer.Status) conversation.State {
		a := f.ask(conv, "hm?")
		f.must(f.Begin(t.Context(), a, ""))
		a.Status = s
		f.must(f.Finish(t.Context(), stamp, a, answer.Ending{AfterDeclined: 2, Notice: "A person will come."}))
		c, err := f.Conversation(t.Context(), conv)
		f.must(err)
		return c.State
	}
	for i, s := range []answer.Status{answer.Declined, answer.Answered, answer.Declined} {
		if got := finish(s); got != conversation.Pending {
			t.Fatalf("after %d answers it is %s", i+1, got)
		}
	}
	if got := finish(answer.Declined); got != conversation.Open {
		t.Errorf("after two in a row it is %s", got)
	}
}
