package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/store"
)

// withdrawnBetweenSteps: an answer is written on one replica, step by step.
// Whatever happens on the other between two of them, no step after it releases
// anything.
func withdrawnBetweenSteps(a, b *fixture) {
	id := b.agent("stf_1")
	for name, happens := range map[string]struct {
		do   func(b *fixture, conv string)
		want error
		// searches and begins are what the steps say that release nothing.
		searches, begins error
	}{
		"a withdrawal": {func(b *fixture, _ string) { b.choose(b.maya, false, "orders") }, consent.ErrStale, consent.ErrStale, nil},
		"a policy": {func(b *fixture, _ string) {
			b.must(b.InstallPolicy(b.Context(), b.edition(identity.NewID("pol"), "")))
		}, consent.ErrStale, consent.ErrStale, nil},
		"an erasure": {func(b *fixture, _ string) { b.erase(b.maya) }, answer.ErrNotWriting, nil, answer.ErrNotWriting},
		"a handoff":  {func(b *fixture, conv string) { b.handOff(conv) }, answer.ErrNotWriting, nil, answer.ErrNotWriting},
		"a claim":    {func(b *fixture, conv string) { b.claim(id, conv) }, answer.ErrNotWriting, nil, answer.ErrNotWriting},
	} {
		for at := range 6 {
			here, there := a.strangers(), *b
			if at%2 == 1 { // the other way round
				here, there = b.strangers(), *a
			}
			there.maya = here.maya
			here.put(record(here.maya, identity.NewID("rec"), "orders", "A tent."))
			here.choose(here.maya, true, "orders")
			conv := here.talk(here.maya)
			x := here.ask(conv, "Where is my order?")
			scope := here.scope(here.maya, consent.Answers)
			stamp := scope.Stamp()
			for i, step := range []func() error{
				func() error { return only(here.Passages(here.Context(), scope)) },
				func() error { return here.Begin(here.Context(), x, "") },
				func() error {
					return here.Citations().Append(here.Context(), citation.Entry{
						ID: identity.NewID("cit"), Kind: citation.Opened, AnswerID: x.ID, Attempt: 1, Customer: here.maya.Customer, Body: []byte("{}"), Stamp: &stamp,
					})
				},
				func() error { x = sentence(x, "One."); return here.Release(here.Context(), stamp, x) },
				func() error { x = sentence(x, "Two."); return here.Release(here.Context(), stamp, x) },
				func() error {
					x.Status = answer.Answered
					return here.Finish(here.Context(), stamp, x, answer.Ending{})
				},
			} {
				what := fmt.Sprintf("%s before step %d, step %d", name, at, i)
				if i == at {
					happens.do(&there, conv)
				}
				before := here.contents()
				err := step()
				switch {
				case i < at:
					here.is(what, err, nil)
				case i == 0:
					here.is(what, err, happens.searches)
				case i == 1:
					here.is(what, err, happens.begins)
				default:
					here.is(what, err, happens.want)
					here.unchanged(what, before)
				}
			}
		}
	}
}

// answering writes answers in a conversation until stop is closed. Each sentence
// is a text that says what it was decided by. before is called before each
// release, and the error of the release is given to what it returns.
func (f *fixture) answering(conv string, stop <-chan struct{}, text func(consent.Stamp) string, before func(consent.Stamp) func(error)) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		p, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, "hm?"), "en")
		if err != nil {
			f.Error(err)
			return
		}
		if p.AnswerID == "" {
			continue // a person has the conversation
		}
		a := answer.Answer{ID: p.AnswerID, ConversationID: conv, Status: answer.Writing, Attempt: 1}
		stamp := f.stamp(f.maya)
		if err := f.Begin(f.Context(), a, ""); err != nil {
			if !errors.Is(err, answer.ErrNotWriting) {
				f.Error(err)
			}
			continue
		}
		for range 4 {
			a = sentence(a, text(stamp))
			after := before(stamp)
			err := f.Release(f.Context(), stamp, a)
			after(err)
			if errors.Is(err, consent.ErrStale) || errors.Is(err, answer.ErrNotWriting) {
				break
			}
			if err != nil {
				f.Error(err)
				return
			}
		}
	}
}

// raise sets a number that only rises.
func raise(n *atomic.Int64, to int64) {
	for {
		was := n.Load()
		if was >= to || n.CompareAndSwap(was, to) {
			return
		}
	}
}

// eventBody is what the tests read of the events of a conversation.
type eventBody struct {
	Text  string             // of a sentence
	Epoch int64              // of a consent
	State conversation.State // of a state
}

func (f *fixture) body(e conversation.Event) (b eventBody) {
	f.Helper()
	f.must(json.Unmarshal(e.Data, &b))
	return b
}

// withdrawnAtAnyMoment: while both replicas write answers and change choices,
// nothing is released under an epoch that is over: not after the change has
// returned, and not after its place in the one sequence.
func withdrawnAtAnyMoment(a, b *fixture) {
	conv := a.talk(a.maya)
	var epoch, released, refused atomic.Int64
	stop := make(chan struct{})
	var writers, choosers sync.WaitGroup
	for i := range 6 {
		f := []*fixture{a, b}[i%2]
		writers.Go(func() {
			f.answering(conv, stop,
				func(s consent.Stamp) string { return fmt.Sprint(s.Epoch) },
				func(s consent.Stamp) func(error) {
					over := epoch.Load()
					return func(err error) {
						if err != nil {
							refused.Add(1)
							return
						}
						released.Add(1)
						if s.Epoch < over {
							f.Errorf("released under epoch %d after epoch %d was acknowledged", s.Epoch, over)
						}
					}
				})
		})
	}
	for i, f := range []*fixture{a, b} {
		choosers.Go(func() {
			for n := range 30 {
				raise(&epoch, f.choose(f.maya, (n+i)%2 == 0, "orders").Epoch)
				time.Sleep(time.Duration(n%3) * 10 * time.Millisecond) // now and then something is released
			}
		})
	}
	choosers.Wait()
	close(stop)
	writers.Wait()
	if released.Load() == 0 || refused.Load() == 0 {
		a.Errorf("%d released, %d refused: the case shows nothing", released.Load(), refused.Load())
	}
	now := int64(0)
	for _, e := range a.all(conv) {
		body := a.body(e)
		if e.Type == conversation.ConsentEvent {
			if body.Epoch != now+1 {
				a.Errorf("epoch %d follows %d", body.Epoch, now)
			}
			now = body.Epoch
		}
		if e.Type == conversation.SentenceEvent && body.Text != fmt.Sprint(now) {
			a.Errorf("event %d was released under epoch %s, in epoch %d", e.Seq, body.Text, now)
		}
	}
}

// policyAtAnyMoment: nothing is released under a policy after another was put in
// force.
func policyAtAnyMoment(a, b *fixture) {
	conv := a.talk(a.maya)
	a.choose(a.maya, true, "orders")
	const n = 8
	editions, order := make([]*consent.Policy, n), map[string]int64{a.policy.Version: 0}
	for i := range editions {
		editions[i] = a.edition(fmt.Sprint("edition ", i+1), "")
		order[editions[i].Version] = int64(i + 1)
	}
	var inForce, released atomic.Int64
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for i := range 6 {
		f := []*fixture{a, b}[i%2]
		writers.Go(func() {
			f.answering(conv, stop,
				func(s consent.Stamp) string { return s.PolicyVersion },
				func(s consent.Stamp) func(error) {
					over := inForce.Load()
					return func(err error) {
						if err == nil && order[s.PolicyVersion] < over {
							f.Errorf("released under %q after edition %d was in force", s.PolicyVersion, over)
						}
						if err == nil {
							released.Add(1)
						}
					}
				})
		})
	}
	for i, p := range editions {
		f := []*fixture{a, b}[i%2]
		f.must(f.InstallPolicy(f.Context(), p))
		inForce.Store(int64(i + 1))
		time.Sleep(30 * time.Millisecond)
	}
	// On a busy machine a release takes longer than that.
	for end := time.Now().Add(20 * time.Second); released.Load() == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	close(stop)
	writers.Wait()
	if released.Load() == 0 {
		a.Error("nothing was released: the case shows nothing")
	}
	latest := int64(0)
	for _, e := range a.all(conv) {
		if e.Type == conversation.SentenceEvent {
			at := order[a.body(e).Text]
			if at < latest {
				a.Errorf("event %d was released under edition %d, after one under %d", e.Seq, at, latest)
			}
			latest = at
		}
	}
}

// takenOverAtAnyMoment: from the moment that a person has the conversation, the
// assistant is silent, on either replica.
func takenOverAtAnyMoment(a, b *fixture) {
	conv, id := a.talk(a.maya), a.agent("stf_1")
	var taken, released atomic.Int64
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for i := range 6 {
		f := []*fixture{a, b}[i%2]
		writers.Go(func() {
			f.answering(conv, stop,
				func(consent.Stamp) string { return "x" },
				func(consent.Stamp) func(error) {
					before := taken.Load()
					return func(err error) {
						if err == nil && before == 1 && taken.Load() == 1 {
							f.Error("released while a person has the conversation")
						}
						if err == nil {
							released.Add(1)
						}
					}
				})
		})
	}
	for i := range 12 {
		f := []*fixture{a, b}[i%2]
		time.Sleep(20 * time.Millisecond) // something is being written
		if i%3 == 0 {
			f.handOff(conv)
		}
		f.claim(id, conv)
		taken.Store(1)
		time.Sleep(10 * time.Millisecond)
		taken.Store(0)
		f.must(f.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentReturns, Reason: conversation.GivenBack}))
	}
	close(stop)
	writers.Wait()
	if released.Load() == 0 {
		a.Error("nothing was released: the case shows nothing")
	}
	state := conversation.Pending
	for _, e := range a.all(conv) {
		if e.Type == conversation.StateEvent {
			state = a.body(e).State
		}
		if e.Type == conversation.SentenceEvent && state != conversation.Pending {
			a.Errorf("event %d was released while the conversation was %s", e.Seq, state)
		}
	}
}

// policyWaits: a write that has begun ends under the policy that it began with,
// and one that begins later finds the new one.
func policyWaits(a, b *fixture) {
	begun, release := make(chan struct{}), make(chan struct{})
	under := make(chan string, 2)
	version := func(wait bool) func(consent.Snapshot) (consent.Entry, error) {
		return func(s consent.Snapshot) (consent.Entry, error) {
			if wait {
				close(begun)
				<-release
			}
			under <- s.PolicyVersion
			return consent.Entry{Events: []consent.Event{{ID: identity.NewID("grt"), Triple: orders, State: consent.Given, At: s.Now}}}, nil
		}
	}
	done := make(chan error, 3)
	go func() { done <- only(b.Append(b.Context(), b.maya.Customer, version(true))) }()
	<-begun
	installed := make(chan error, 1)
	go func() { installed <- a.InstallPolicy(a.Context(), a.edition("next", "")) }()
	select {
	case err := <-installed:
		b.Errorf("a policy came into force within a write (%v)", err)
	case <-time.After(200 * time.Millisecond):
	}
	// Behind the policy, though it is another customer's and on either replica.
	go func() { done <- only(a.Append(a.Context(), a.omar.Customer, version(false))) }()
	time.Sleep(100 * time.Millisecond)
	close(release)
	a.must(<-installed)
	a.must(<-done)
	a.must(<-done)
	if first, second := <-under, <-under; first != a.policy.Version || second != "next" {
		a.Errorf("the write under way was decided by %q, the later one by %q", first, second)
	}
}

// sequenceFromBoth: with writers on both replicas a conversation has one sequence
// without gaps, in the order of the commits, and every reader sees it grow.
func sequenceFromBoth(a, b *fixture) {
	conv := a.talk(a.maya)
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	for _, f := range []*fixture{a, b} {
		readers.Go(func() {
			last := int64(0)
			for ended := false; !ended; {
				select {
				case <-stop:
					ended = true // once more, for the end
				default:
				}
				events, err := f.Events(f.Context(), conv, last, 50)
				if err != nil {
					f.Error(err)
					return
				}
				for _, e := range events {
					if e.Seq != last+1 {
						f.Errorf("a reader saw event %d after %d", e.Seq, last)
					}
					last = e.Seq
				}
			}
		})
		for i := range 4 {
			writers.Go(func() {
				for n := range 15 {
					if i == 0 {
						f.choose(f.maya, n%2 == 0, "orders")
					} else if _, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, fmt.Sprint(n)), "en"); err != nil {
						f.Error(err)
					}
				}
			})
		}
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	here, there := a.all(conv), b.all(conv)
	if !slices.EqualFunc(here, there, func(x, y conversation.Event) bool { return x.Seq == y.Seq && string(x.Data) == string(y.Data) }) {
		a.Error("the replicas read different sequences")
	}
	if len(here) < 1+2*3*15 {
		a.Errorf("%d events", len(here))
	}
}

func oneOfTwoClaims(a, b *fixture) {
	for range 3 {
		conv := a.talk(a.maya)
		b.handOff(conv)
		claimAtOnce(a, conv, []*fixture{a, b}, 16)
	}
}

func oneOfTwoRequests(a, b *fixture) {
	a.attend()
	b.attend()
	for range 5 {
		reserveAtOnce(a, []*fixture{a, b}, 16)
		spendAtOnce(a, []*fixture{a, b}, identity.NewID("jti"), 16)
	}
}

func oneOfTwoCustomers(a, b *fixture) {
	for range 5 {
		oneOf(a, []*fixture{a, b}, 16)
	}
	var group sync.WaitGroup
	conv, c := identity.NewID("cnv"), message(conversation.FromSystem, "You're chatting with an AI.")
	for i := range 8 {
		f := []*fixture{a, b}[i%2]
		group.Go(func() {
			if err := f.Create(f.Context(), conversation.Conversation{
				ID: conv, Site: shop, Customer: a.maya.Customer, State: conversation.Pending, Language: "en",
			}, c); err != nil {
				f.Error(err)
			}
		})
	}
	group.Wait()
	if n := len(a.all(conv)); n != 1 {
		a.Errorf("a conversation was made %d times", n)
	}
}

// oneOfTwoBegins: a message that is said again on the other replica is answered
// there only if the first is gone. If that was only slow, one of the two begins.
func oneOfTwoBegins(a, b *fixture) {
	leave := a.attend()
	b.attend()
	conv := a.talk(a.maya)
	said := make([]conversation.Message, 2)
	var answers []answer.Answer
	for i := range said {
		said[i] = message(conversation.FromCustomer, "Where is my order?")
		p, err := a.Post(a.Context(), conv, said[i], "en")
		a.must(err)
		answers = append(answers, answer.Answer{ID: p.AnswerID, ConversationID: conv, Status: answer.Writing, Attempt: 1})
		if again, err := b.Post(b.Context(), conv, said[i], "en"); err != nil || again.AnswerID != p.AnswerID || !again.Known {
			b.Errorf("while the other replica is there: %+v, %v", again, err)
		}
	}
	leave()
	for i, order := range [][]*fixture{{a, b}, {b, a}} {
		if again, err := b.Post(b.Context(), conv, said[i], "en"); err != nil || again.AnswerID != answers[i].ID || again.Known {
			b.Errorf("after the other replica is gone: %+v, %v", again, err)
		}
		order[0].must(order[0].Begin(a.Context(), answers[i], ""))
		a.is("the other one begins", order[1].Begin(a.Context(), answers[i], ""), answer.ErrNotWriting)
		// Whoever begins anew ends what the first may still say.
		next := answers[i]
		next.Attempt = 2
		order[1].must(order[1].Begin(a.Context(), next, "consent_changed"))
		a.is("the first goes on", order[0].Release(a.Context(), a.stamp(a.maya), sentence(answers[i], "One.")), answer.ErrNotWriting)
	}
}

func oneTurnOnBoth(a, b *fixture) {
	conv := a.talk(a.maya)
	x, y := a.writing(conv, "one"), b.ask(conv, "two")
	b.must(a.AwaitTurn(a.Context(), conv, x.ID))
	turn := make(chan error, 1)
	go func() { turn <- b.AwaitTurn(b.Context(), conv, y.ID) }()
	select {
	case err := <-turn:
		b.Errorf("the second is answered beside the first (%v)", err)
	case <-time.After(200 * time.Millisecond):
	}
	x.Status = answer.Answered
	a.must(a.Finish(a.Context(), a.stamp(a.maya), x, answer.Ending{}))
	select {
	case err := <-turn:
		b.must(err)
	case <-time.After(5 * time.Second):
		b.Error("the second was not answered")
	}
}

// leftByReplica: what a replica worked on is another's when its lease is over,
// and not before; if it was only slow, it finds that it may not go on.
func leftByReplica(a, b *fixture) {
	leave := a.attend()
	b.attend()
	if n, err := b.Replicas(b.Context()); err != nil || n != 2 {
		b.Errorf("%d replicas, %v", n, err)
	}
	x := a.writing(a.talk(a.maya), "Where is my order?")
	stamp := a.stamp(a.maya)
	a.must(only(a.Remember(a.Context(), a.maya.Customer, "scope", "key", "body")))
	time.Sleep(leaseLife + leaseBeat) // it renews its lease
	if turns, err := b.LeftBehind(b.Context()); err != nil || len(turns) != 0 {
		b.Errorf("left behind by a replica that is there: %+v, %v", turns, err)
	}
	b.is("a request that is served there", only(b.Remember(b.Context(), b.maya.Customer, "scope", "key", "body")), store.ErrInFlight)

	leave()
	turns, err := b.LeftBehind(b.Context())
	if err != nil || len(turns) != 1 || turns[0].AnswerID != x.ID || turns[0].Who.Customer != a.maya.Customer {
		b.Errorf("left behind: %+v, %v", turns, err)
	}
	b.is("another body", only(b.Remember(b.Context(), b.maya.Customer, "scope", "key", "other")), store.ErrOtherBody)
	if r, err := b.Remember(b.Context(), b.maya.Customer, "scope", "key", "body"); r != nil || err != nil {
		b.Errorf("a request whose replica is gone: %v, %v", r, err)
	}
	end, err := b.Stored(b.Context(), x.ID)
	b.must(err)
	end.Status = answer.Interrupted
	b.must(b.Finish(b.Context(), consent.Stamp{Unavailable: true}, end, answer.Ending{}))
	// It was only slow.
	before := a.contents()
	a.is("a release", a.Release(a.Context(), stamp, sentence(x, "One.")), answer.ErrNotWriting)
	a.is("an end", a.Finish(a.Context(), stamp, sentence(x, "One."), answer.Ending{}), answer.ErrNotWriting)
	a.unchanged("the replica that was only slow", before)
	a.must(a.Forget(a.Context(), "scope", "key"))
	b.is("a request that the slow one has given up", only(b.Remember(b.Context(), b.maya.Customer, "scope", "key", "body")), store.ErrInFlight)
}

func oneLease(a, b *fixture) {
	holdings := map[*fixture]*holding{a: a.hold("work"), b: b.hold("work")}
	busy := func() (who *fixture, n int) {
		for f, h := range holdings {
			if h.busy.Load() {
				who, n = f, n+1
			}
		}
		return who, n
	}
	a.soon("one has the lease", func() bool { _, n := busy(); return n == 1 })
	for end := time.Now().Add(leaseLife + leaseBeat); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, n := busy(); n > 1 {
			a.Fatal("two have one lease")
		}
	}
	first, _ := busy()
	if holdings[a].runs.Load()+holdings[b].runs.Load() != 1 {
		a.Error("a lease that is renewed went from one to the other")
	}
	at := time.Now()
	holdings[first].stop()
	a.soon("the other has the lease", func() bool { who, n := busy(); return n == 1 && who != first })
	if took := time.Since(at); took > leaseLife {
		a.Errorf("a lease that was given back was free for %s", took)
	}
	second, _ := busy()
	a.holder("work", second.ID)
}

// rewrappedElsewhere: a process that has the old master key wraps nothing more by
// it.
func rewrappedElsewhere(a, b *fixture) {
	n, err := a.keys.Rewrap(a.Context(), store.NewMasterKey())
	if err != nil || n != 2 {
		a.Fatalf("%d keys, %v", n, err)
	}
	before := a.contents()
	b.is("a customer's key", b.keys.Create(b.Context(), "cus_late"), store.ErrWrongMaster)
	if _, err := b.Customer(b.Context(), shop, "late"); !errors.Is(err, store.ErrWrongMaster) {
		b.Errorf("a customer: %v", err)
	}
	b.unchanged("a customer without a key", before)
	id, err := a.Customer(a.Context(), shop, "late")
	if err != nil || id == "" {
		a.Errorf("where it was done: %v", err)
	}
}

// mix does what pick returns, many times on both replicas at once, and fails if
// the server ended a deadlock, which takes it a second. The stores are closed
// afterwards.
func mix(a, b *fixture, pick func(f *fixture, r *rand.Rand) error) {
	var group sync.WaitGroup
	for i := range 32 {
		f := []*fixture{a, b}[i%2]
		group.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i))) //nolint:gosec // what happens next is no secret
			for range 25 {
				if err := pick(f, r); err != nil {
					f.Error(err)
				}
			}
		})
	}
	group.Wait()
	a.must(a.Close())
	a.must(b.Close())
	// A connection tells what it counted when it has ended.
	a.soon("the connections of the stores end", func() bool {
		return a.count("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'candor'") == 0
	})
	if n := a.count("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); n != 0 {
		a.Errorf("%d times writes waited for each other", n)
	}
}

// noDeadlockOfCustomers: whatever is written about whom, no two commits wait for
// each other.
func noDeadlockOfCustomers(a, b *fixture) {
	type one struct {
		who  identity.Principal
		conv string
		a    answer.Answer
	}
	id := a.agent("stf_1")
	all := make([]one, 8)
	for i := range all {
		who := a.customer(fmt.Sprint("customer ", i))
		conv := a.talk(who)
		all[i] = one{who, conv, a.writing(conv, "hm?")}
	}
	mix(a, b, func(f *fixture, r *rand.Rand) error {
		x := all[r.IntN(len(all))]
		var err error
		switch r.IntN(8) {
		case 0:
			_, err = f.gate.Change(f.Context(), x.who, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{{Triple: orders, Granted: r.IntN(2) == 0}}})
		case 1:
			_, err = f.Post(f.Context(), x.conv, message(conversation.FromCustomer, "hm?"), "en")
		case 2:
			err = f.PutRecord(f.Context(), record(x.who, string(x.who.Customer)+fmt.Sprint(r.IntN(3)), "orders", "A tent."))
		case 3:
			err = f.Citations().Append(f.Context(), citation.Entry{ID: identity.NewID("cit"), Kind: citation.Closed, AnswerID: x.a.ID, Customer: x.who.Customer, Body: []byte("{}")})
		case 4:
			_, err = f.Handoff(f.Context(), x.conv, conversation.CustomerRequest, message(conversation.FromSystem, "wait"))
		case 5:
			err = f.Act(f.Context(), id, x.conv, agents.Action{Trigger: conversation.AgentReplies})
		case 6:
			err = f.Act(f.Context(), id, x.conv, agents.Action{Trigger: conversation.AgentReturns})
		case 7:
			err = only(f.Passages(f.Context(), f.scope(x.who, consent.Answers)))
		}
		// What the desk's rules or a change of mind refuse is refused.
		for _, fine := range []error{agents.ErrNotOwner, agents.ErrOwned, conversation.ErrIllegalTransition, consent.ErrStale} {
			if errors.Is(err, fine) {
				return nil
			}
		}
		return err
	})
}

// noDeadlockOfOthers: nor do those that write about no one customer.
func noDeadlockOfOthers(a, b *fixture) {
	for i := range 3 {
		a.must(a.AddSite(a.Context(), identity.Site{ID: identity.SiteID(fmt.Sprint("site ", i))}, fmt.Sprint("key ", i)))
	}
	mix(a, b, func(f *fixture, r *rand.Rand) error {
		x := fmt.Sprint(r.IntN(6))
		site := identity.SiteID("site " + fmt.Sprint(r.IntN(3)))
		switch r.IntN(8) {
		case 0:
			_, err := f.Remember(f.Context(), f.maya.Customer, "scope", x, "body")
			if errors.Is(err, store.ErrInFlight) {
				return nil
			}
			return err
		case 1:
			return f.Forget(f.Context(), "scope", x)
		case 2:
			if err := f.UseToken(f.Context(), site, x, time.Unix(1, 0)); !errors.Is(err, identity.ErrUnauthenticated) {
				return err
			}
			return nil
		case 3:
			return only(f.Customer(f.Context(), site, "sub "+fmt.Sprint(r.IntN(100))))
		case 4:
			return f.PutKnowledge(f.Context(), site, []retrieval.Record{{ID: x, Text: "x", Visibility: retrieval.PublicKnowledge}})
		case 5:
			return f.Ready(f.Context())
		case 6:
			return f.Sweep(f.Context())
		}
		ctx, stop := context.WithCancel(f.Context())
		defer stop()
		time.AfterFunc(10*time.Millisecond, stop)
		return f.Hold(ctx, "work "+fmt.Sprint(r.IntN(2)), func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	})
}

// startAtOnce: replicas that start at once on empty databases make them once.
func startAtOnce(t *testing.T, e Engine) {
	e.keys = ""
	db := e.database(t)
	var mu sync.Mutex
	seen := make(map[string]int)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			keys, err := store.OpenKeyring(t.Context(), db.keys, master)
			if err != nil {
				t.Error(err)
				return
			}
			s, err := store.Open(t.Context(), db.data, keys)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			seen[keys.Hash("word", "a")]++
			mu.Unlock()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(seen) != 1 {
		t.Errorf("the replicas have different keys: %v", seen)
	}
}
