package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"candor/consent"
	"candor/identity"
)

func snapshotIsTheLatest(f *fixture) {
	s, err := f.Snapshot(f.Context(), f.maya.Customer)
	if err != nil || s.Epoch != 0 || len(s.Latest) != 0 || s.Latest == nil || s.Now.IsZero() || s.PolicyVersion != f.policy.Version {
		f.Errorf("at first: %+v, %v", s, err)
	}
	key := consent.Key{Triple: orders}
	for i, granted := range []bool{true, false, true} {
		f.choose(f.maya, granted, "orders")
		s, err := f.Snapshot(f.Context(), f.maya.Customer)
		f.must(err)
		want := consent.Given
		if !granted {
			want = consent.Withdrawn
		}
		if s.Epoch != int64(i+1) || s.Latest[key].State != want || s.Latest[key].Epoch != s.Epoch || len(s.Latest) != 1 {
			f.Errorf("after %d changes: %+v", i+1, s)
		}
	}
	f.choose(f.maya, true, "billing", "profile")
	s, err = f.Snapshot(f.Context(), f.maya.Customer)
	f.must(err)
	if s.Epoch != 4 || len(s.Latest) != 3 || s.Latest[key].Epoch != 3 {
		f.Errorf("%+v", s)
	}
	if o, err := f.Snapshot(f.Context(), f.omar.Customer); err != nil || o.Epoch != 0 || len(o.Latest) != 0 {
		f.Errorf("another customer: %+v, %v", o, err)
	}
	for _, who := range []identity.CustomerID{"cus_unknown", "", "\x00", "\xff"} {
		_, err := f.Snapshot(f.Context(), who)
		f.is(fmt.Sprintf("the snapshot of %q", who), err, consent.ErrUnknownCustomer)
	}
	history, err := f.History(f.Context(), f.maya.Customer)
	if err != nil || len(history) != 5 || history[0].Epoch != 1 || history[4].Epoch != 4 || history[4].Category != "profile" {
		f.Errorf("%+v, %v", history, err)
	}

	// A choice in one conversation is one of its own, and is known to have ended
	// with it.
	conv := f.talk(f.omar)
	f.change(f.omar.In(conv), consent.Change{Triple: orders, Granted: true, Duration: consent.ThisConversation})
	f.choose(f.omar, true, "billing")
	here := consent.Key{Triple: orders, Conversation: conv}
	s, err = f.Snapshot(f.Context(), f.omar.Customer)
	if err != nil || s.Latest[here].State != consent.Given || s.Ended[conv] > 0 || s.Latest[here].Expires.IsZero() {
		f.Errorf("in a conversation: %+v, %v", s, err)
	}
	f.resolve(conv)
	s, err = f.Snapshot(f.Context(), f.omar.Customer)
	if err != nil || s.Ended[conv] < s.Latest[here].Epoch || len(s.Ended) != 1 {
		f.Errorf("after the conversation: %+v, %v", s, err)
	}
	// Also if it goes on; what is chosen then is a new choice.
	f.say(conv, "One more thing?")
	s, err = f.Snapshot(f.Context(), f.omar.Customer)
	if err != nil || s.Ended[conv] < s.Latest[here].Epoch {
		f.Errorf("when it goes on: %+v, %v", s, err)
	}
	if due, err := f.Due(f.Context(), 10); err != nil || len(due) != 1 || due[0] != f.omar.Customer {
		f.Errorf("due: %v, %v", due, err)
	}
	f.change(f.omar.In(conv), consent.Change{Triple: orders, Granted: true, Duration: consent.ThisConversation})
	s, err = f.Snapshot(f.Context(), f.omar.Customer)
	if err != nil || s.Ended[conv] >= s.Latest[here].Epoch {
		f.Errorf("chosen again: %+v, %v", s, err)
	}
	if due, err := f.Due(f.Context(), 10); err != nil || len(due) != 0 {
		f.Errorf("due after that: %v, %v", due, err)
	}
}

func appendsAllOrNothing(f *fixture) {
	conv := f.talk(f.maya)
	f.put(record(f.maya, "r1", "orders", "one"))
	before := f.contents()
	event := func(id string) consent.Event { return consent.Event{ID: id, Triple: orders, State: consent.Given} }
	failed := errors.New("no")
	for name, decide := range map[string]func(consent.Snapshot) (consent.Entry, error){
		"an error": func(consent.Snapshot) (consent.Entry, error) {
			return consent.Entry{Events: []consent.Event{event("a")}}, failed
		},
		"a panic": func(consent.Snapshot) (consent.Entry, error) { panic("no") },
		"nothing": func(consent.Snapshot) (consent.Entry, error) { return consent.Entry{}, nil },
		"one triple twice": func(consent.Snapshot) (consent.Entry, error) {
			return consent.Entry{Events: []consent.Event{event("a"), event("b")}}, nil
		},
		"an id that is used up": func(consent.Snapshot) (consent.Entry, error) {
			x := event("a")
			y := x
			y.Category = "billing"
			return consent.Entry{Events: []consent.Event{x, y}}, nil
		},
	} {
		snap, err := f.Append(f.Context(), f.maya.Customer, decide)
		if (err == nil) != (name == "nothing") {
			f.Errorf("%s: %v", name, err)
		}
		if name == "an error" {
			f.is(name, err, failed)
		}
		if name == "nothing" && snap.Epoch != 0 {
			f.Errorf("%s: epoch %d", name, snap.Epoch)
		}
		f.unchanged(name, before)
	}
	_, err := f.Append(f.Context(), "cus_unknown", func(consent.Snapshot) (consent.Entry, error) {
		return consent.Entry{Events: []consent.Event{event("z")}}, nil
	})
	f.is("an unknown customer", err, consent.ErrUnknownCustomer)

	// The customer's conversations are told, and other replicas without a name.
	over := f.talk(f.maya)
	f.resolve(over)
	ended := f.state(over).LastSeq
	f.choose(f.maya, true, "orders")
	events, err := f.Events(f.Context(), conv, 1, 10)
	if err != nil || len(events) != 1 || string(events[0].Data) != `{"epoch":1}` {
		f.Errorf("%+v, %v", events, err)
	}
	if seq := f.state(over).LastSeq; seq != ended {
		f.Error("a resolved conversation was told of a consent")
	}
	out, err := f.Outbox(f.Context(), 100)
	f.must(err)
	last := out[len(out)-1]
	if !strings.HasPrefix(last.Subject, "candor.consent.") || strings.Contains(last.Subject+string(last.Payload), string(f.maya.Customer)) {
		f.Errorf("the message about a consent is %s %s", last.Subject, last.Payload)
	}
}

// appendsInOrder: each decision is made on the one before it.
func appendsInOrder(f *fixture) {
	const n = 40
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if err := f.appendNext(f.maya, fmt.Sprint(i)); err != nil {
				f.Error(err)
			}
		})
	}
	group.Wait()
	if s, err := f.Snapshot(f.Context(), f.maya.Customer); err != nil || s.Epoch != n {
		f.Errorf("epoch %d, %v", s.Epoch, err)
	}
}

// appendNext adds an event that names its epoch, if the one before does.
func (f *fixture) appendNext(who identity.Principal, id string) error {
	_, err := f.Append(f.Context(), who.Customer, func(s consent.Snapshot) (consent.Entry, error) {
		if latest := s.Latest[consent.Key{Triple: orders}]; s.Epoch > 0 && latest.Evidence != fmt.Sprint(s.Epoch) {
			return consent.Entry{}, fmt.Errorf("at epoch %d the latest is of %s", s.Epoch, latest.Evidence)
		}
		return consent.Entry{Events: []consent.Event{{
			ID: id, Triple: orders, State: consent.Given, Evidence: fmt.Sprint(s.Epoch + 1), At: s.Now,
		}}}, nil
	})
	return err
}

// grantsRunOut: they are due when the database's time has come, and their end is
// written once.
func grantsRunOut(f *fixture) {
	give := func(who identity.Principal, id string, state consent.State, expires time.Time) {
		_, err := f.Append(f.Context(), who.Customer, func(s consent.Snapshot) (consent.Entry, error) {
			return consent.Entry{Events: []consent.Event{{ID: id, Triple: orders, State: state, At: s.Now, Expires: expires}}}, nil
		})
		f.must(err)
	}
	due := func(step string, want int) {
		f.Helper()
		if out, err := f.Due(f.Context(), 10); err != nil || len(out) != want {
			f.Errorf("%s: %v are due, %v; want %d", step, out, err, want)
		}
	}
	now := f.now()
	give(f.maya, "1", consent.Given, now.Add(time.Hour))
	give(f.omar, "2", consent.Deferred, now.Add(-time.Hour))
	due("nothing has run out that is a grant", 0)
	f.pass(59 * time.Minute)
	due("a minute before", 0)
	f.pass(time.Minute)
	due("at its time", 1)
	give(f.maya, "3", consent.Renewed, f.now().Add(time.Hour))
	due("renewed", 0)
	give(f.maya, "4", consent.Given, time.Time{})
	f.pass(2 * time.Hour)
	due("given without an end", 0)

	// As the gate sees it: allowed until then, and the end is written.
	f.put(record(f.omar, "r1", "orders", "A tent."))
	conv := f.talk(f.omar)
	who := f.omar.In(conv)
	f.change(who, consent.Change{Triple: orders, Granted: true, Duration: consent.ThisConversation})
	scope := f.scope(who, consent.Answers)
	if want := f.now().Add(consent.ConversationGrant); len(scope.Searchable()) != 1 || scope.Stamp().ValidUntil.Sub(want).Abs() > time.Minute {
		f.Errorf("a grant for a conversation lasts until %s, want %s", scope.Stamp().ValidUntil, want)
	}
	if p, err := f.Passages(f.Context(), scope); err != nil || len(p) == 0 {
		f.Fatalf("nothing is indexed, so the case shows nothing: %v", err)
	}
	f.pass(consent.ConversationGrant)
	if got := f.scope(who, consent.Answers).Searchable(); len(got) != 0 {
		f.Errorf("%v may be searched after the grant", got)
	}
	due("for a conversation", 1)
	if n, err := f.gate.Expire(f.Context(), 10); err != nil || n != 1 {
		f.Errorf("expired %d, %v", n, err)
	}
	due("its end is written", 0)
	if n := f.count("SELECT COUNT(*) FROM passages"); n != 0 {
		f.Errorf("%d passages are left", n)
	}

	// A conversation's end is the end of what was given for it.
	other := f.strangers()
	conv = other.talk(other.maya)
	other.change(other.maya.In(conv), consent.Change{Triple: orders, Granted: true, Duration: consent.ThisConversation})
	due("the conversation goes on", 0)
	other.resolve(conv)
	due("the conversation is over", 1)
}

func policyInForce(f *fixture) {
	f.must(f.InstallPolicy(f.Context(), f.policy)) // again
	if err := f.InstallPolicy(f.Context(), f.edition(f.policy.Version, "# changed\n")); err == nil || !strings.Contains(err.Error(), "new version") {
		f.Errorf("another text under the same version: %v", err)
	}
	next := f.edition("next", "# changed\n")
	f.must(f.InstallPolicy(f.Context(), next))
	if v, err := f.PolicyVersion(f.Context()); err != nil || v != "next" {
		f.Errorf("%q is in force, %v", v, err)
	}
	f.is("the one that was replaced", f.InstallPolicy(f.Context(), f.policy), consent.ErrReplaced)
	if err := f.InstallPolicy(f.Context(), f.edition(f.policy.Version, "# changed\n")); err == nil {
		f.Error("another text under the version of one that was replaced")
	}
	for _, p := range []*consent.Policy{f.policy, next} {
		if text, err := f.PolicyText(f.Context(), p.Version); err != nil || string(text) != string(p.Text()) {
			f.Errorf("the text of %s: %v", p.Version, err)
		}
	}
	for _, version := range []string{"unknown", "", "\x00"} {
		if text, err := f.PolicyText(f.Context(), version); err == nil {
			f.Errorf("the text of %q is %q", version, text)
		}
	}
	// A gate that has the old one decides by the one in force.
	if got := f.stamp(f.maya).PolicyVersion; got != "next" || f.gate.Policy().Version != "next" {
		f.Errorf("the gate decides by %q", got)
	}
	f.reopen()
	f.is("after reopening", f.InstallPolicy(f.Context(), f.policy), consent.ErrReplaced)
	if got := f.stamp(f.maya).PolicyVersion; got != "next" {
		f.Errorf("after reopening %q is in force", got)
	}
}
