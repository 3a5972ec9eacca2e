package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/review"
)

// given counts how often it is asked, and gives the customer's orders.
func given(asked *atomic.Int64) func(consent.Snapshot) (consent.Entry, error) {
	return func(s consent.Snapshot) (consent.Entry, error) {
		asked.Add(1)
		return consent.Entry{Events: []consent.Event{{ID: identity.NewID("grt"), Triple: orders, State: consent.Given, At: s.Now}}}, nil
	}
}

// happened fails unless a write happened as often as it should have.
func (f *fixture) happened(who identity.Principal, want int) {
	f.Helper()
	epoch := f.count("SELECT epoch FROM customers WHERE id = $1", who.Customer)
	events := f.count("SELECT COUNT(*) FROM ledger WHERE customer = $1", who.Customer)
	if epoch != want || events != want {
		f.Errorf("it happened %d times (%d events), want %d", epoch, events, want)
	}
}

// slowCommits makes each commit of a choice take a while.
func (f *fixture) slowCommits() {
	f.Helper()
	f.exec("CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$")
	f.exec("CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly()")
}

// lostCommits: whenever the connection is lost in a commit, the caller learns
// what became of it, and it happens once.
func lostCommits(f *fixture) {
	g, link := f.through()
	for _, c := range []struct {
		name  string
		loses loss
		slow  bool
		asked []int64
	}{
		{"the server never heard of it", itsQuestion, false, []int64{2}},
		{"it was done", itsAnswer, false, []int64{1}},
		// The driver asks the server to cancel it, which may be in time.
		{"it is being done", itsEnd, true, []int64{1, 2}},
	} {
		if c.slow {
			f.slowCommits()
		}
		f := f.strangers()
		var asked atomic.Int64
		link.lose(c.loses)
		snap, err := g.Append(g.Context(), f.maya.Customer, given(&asked))
		if err != nil || snap.Epoch != 1 || !slices.Contains(c.asked, asked.Load()) {
			f.Errorf("%s: epoch %d, %v; decided %d times, want %v", c.name, snap.Epoch, err, asked.Load(), c.asked)
		}
		f.happened(f.maya, 1)
		if link.lose(nothing) != nothing {
			f.Errorf("%s: no commit was lost, so the case shows nothing", c.name)
		}
	}
}

// lostForLong: where the database stays away, nobody knows, and the caller is
// told so in time.
func lostForLong(f *fixture) {
	g, link := f.through()
	var asked atomic.Int64
	f.slowCommits()
	link.lose(itsEndForLong)
	f.within("an unknown outcome", 15*time.Second, func() {
		f.is("an unknown outcome", only(g.Append(g.Context(), f.maya.Customer, given(&asked))), identity.ErrUnavailable)
	})
	if asked.Load() != 1 {
		f.Errorf("what may have happened was done again: decided %d times", asked.Load())
	}
	f.happened(f.maya, 1)
	link.mend()
	f.must(only(g.Append(g.Context(), f.maya.Customer, given(&asked))))
	f.happened(f.maya, 2)
}

// terminate ends the connections of every store that a condition selects.
func (f *fixture) terminate(where string) (n int) {
	f.Helper()
	return f.count("SELECT COUNT(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'candor' AND " + where + ") AS ended")
}

// held starts a write that is stopped in its middle until release is closed.
func held(f *fixture) (asked *atomic.Int64, release chan struct{}, done <-chan error) {
	asked, release = new(atomic.Int64), make(chan struct{})
	begun, ended := make(chan struct{}), make(chan error, 1)
	decide := given(asked)
	go func() {
		_, err := f.Append(f.Context(), f.maya.Customer, func(s consent.Snapshot) (consent.Entry, error) {
			if asked.Load() == 0 {
				close(begun)
				<-release
			}
			return decide(s)
		})
		ended <- err
	}()
	<-begun
	return asked, release, ended
}

// terminated: a write whose connection is ended by the server happens once.
func terminated(f *fixture) {
	asked, release, done := held(f)
	if f.terminate("state = 'idle in transaction'") == 0 {
		f.Error("no connection was ended, so the case shows nothing")
	}
	close(release)
	if err := <-done; err != nil || asked.Load() != 2 {
		f.Errorf("ended before its commit: %v, decided %d times, want 2", err, asked.Load())
	}
	f.happened(f.maya, 1)

	// In the commit.
	f.slowCommits()
	asked.Store(0)
	committed := make(chan error, 1)
	go func() { committed <- only(f.Append(f.Context(), f.omar.Customer, given(asked))) }()
	f.soon("it is in its commit", func() bool { return f.terminate("wait_event = 'PgSleep'") > 0 })
	if err := <-committed; err != nil || asked.Load() != 2 {
		f.Errorf("ended in its commit: %v, decided %d times, want 2", err, asked.Load())
	}
	f.happened(f.omar, 1)

	// All of them at once, while others write.
	f.exec("DROP TRIGGER slowly ON ledger")
	asked.Store(0)
	who, errs := f.strangers().maya, make(chan error, 8)
	for i := range cap(errs) {
		go func() {
			var err error
			for n := range 20 {
				err = errors.Join(err, f.appendNext(who, fmt.Sprint(i, " ", n)))
			}
			errs <- err
		}()
	}
	for range 5 {
		time.Sleep(20 * time.Millisecond)
		f.terminate("TRUE")
	}
	lost := false
	for range cap(errs) {
		if err := <-errs; err != nil {
			f.Errorf("a write that could have been run again: %v", err)
			lost = true
		}
	}
	if !lost {
		f.happened(who, 8*20)
	}
}

// stopped: a process that stops in the middle of a write keeps nobody waiting for
// long, and its write happens once when it goes on.
func stopped(f *fixture) {
	asked, release, done := held(f)
	other := f.replica()
	f.within("a write behind one that was stopped", 6*time.Second, func() {
		f.must(other.PutRecord(f.Context(), record(f.maya, "r1", "orders", "A tent.")))
	})
	close(release)
	if err := <-done; err != nil || asked.Load() != 2 {
		f.Errorf("when it goes on: %v, decided %d times, want 2", err, asked.Load())
	}
	f.happened(f.maya, 1)
}

// calls is something of everything that the store does, for the customer who has
// the conversation. Each can be called again.
func (f *fixture) calls(who identity.Principal, conv string) map[string]func() error {
	scope := f.scope(who, consent.Answers)
	return map[string]func() error{
		"Ready":    func() error { return f.Ready(f.Context()) },
		"Site":     func() error { return only(f.Site(f.Context(), shop)) },
		"Sites":    func() error { return only(f.Sites(f.Context())) },
		"Customer": func() error { return only(f.Customer(f.Context(), shop, "maya")) },
		"Staff":    func() error { return only(f.StaffByAPIToken(f.Context(), "api")) },
		"Snapshot": func() error { return only(f.Snapshot(f.Context(), who.Customer)) },
		"Append":   func() error { return only(f.Append(f.Context(), who.Customer, given(new(atomic.Int64)))) },
		"Post":     func() error { return only(f.Post(f.Context(), conv, message(conversation.FromCustomer, "x"), "en")) },
		"Events":   func() error { return only(f.Events(f.Context(), conv, 0, 10)) },
		"Tickets":  func() error { return only(f.Tickets(f.Context(), "")) },
		"Remember": func() error { return only(f.Remember(f.Context(), who.Customer, "s", identity.NewID("key"), "b")) },
		"Texts":    func() error { return only(f.Texts(f.Context(), scope, []string{"r1"})) },
		"List": func() error {
			_, _, err := f.Reviews().List(f.Context(), review.Filter{Filter: citation.Filter{}})
			return err
		},
		"Outbox": func() error { return only(f.Outbox(f.Context(), 1)) },
		"Due":    func() error { return only(f.Due(f.Context(), 10)) },
		"Sweep":  func() error { return f.Sweep(f.Context()) },
		"a key":  func() error { return f.keys.Create(f.Context(), identity.CustomerID(identity.NewID("cus"))) },
		"Handoff": func() error {
			return only(f.Handoff(f.Context(), conv, conversation.CustomerRequest, message(conversation.FromSystem, "x")))
		},
	}
}

// unavailable fails unless every call says that the database is away, soon.
func (f *fixture) unavailable(calls map[string]func() error) {
	f.Helper()
	for name, call := range calls {
		f.within(name+", while the database is away", 4*time.Second, func() {
			f.is(name+", while the database is away", call(), identity.ErrUnavailable)
		})
	}
	err := f.Citations().Append(f.Context(), citation.Entry{ID: "e1", Customer: f.maya.Customer, Body: []byte("{}")})
	f.is("an entry", err, citation.ErrUnavailable)
	f.is("an entry", err, identity.ErrUnavailable)
}

// available fails unless every call does what it should.
func (f *fixture) available(calls map[string]func() error) {
	f.Helper()
	for name, call := range calls {
		if err := call(); err != nil {
			f.Errorf("%s, when the database is back: %v", name, err)
		}
	}
}

// away: while the database cannot be reached every call says so, soon; when it is
// back the store goes on.
func away(f *fixture) {
	f.must(f.AddAPIToken(f.Context(), f.agent("stf_1"), "api"))
	f.choose(f.maya, true, "orders")
	conv := f.talk(f.maya)
	g, link := f.through()
	calls := g.calls(f.maya, conv)
	link.cut()
	g.unavailable(calls)
	// Whoever waits goes on waiting.
	turn := make(chan error, 1)
	go func() { turn <- g.AwaitTurn(g.Context(), conv, "ans") }()
	select {
	case err := <-turn:
		f.Errorf("while the database is away it is somebody's turn (%v)", err)
	case <-time.After(100 * time.Millisecond):
	}
	link.mend()
	g.available(calls)
	f.must(<-turn)

	// One that does not take writes is away for those who write.
	f.exec("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")
	f.terminate("TRUE")
	f.is("a write to what only reads", g.Ready(g.Context()), identity.ErrUnavailable)
	f.soon("it reads", func() bool { return calls["Snapshot"]() == nil })
}

// RunRestart checks that two stores outlive their server: crash ends it at once,
// back starts it again. What was acknowledged is there, what was not is told
// apart, and nobody has to open anything again.
func RunRestart(t *testing.T, e Engine, crash func(), back func() error) {
	a := newFixture(t, e, 0)
	b := a.replica()
	a.must(a.AddAPIToken(t.Context(), a.agent("stf_1"), "api"))
	conv := a.talk(a.maya)
	var done, unknown atomic.Int64
	var group sync.WaitGroup
	stop := make(chan struct{})
	for _, f := range []*fixture{a, b} {
		for range 4 {
			group.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					switch _, err := f.Append(t.Context(), a.omar.Customer, given(new(atomic.Int64))); {
					case err == nil:
						done.Add(1)
					case errors.Is(err, identity.ErrUnavailable):
						unknown.Add(1)
						return
					default:
						f.Error(err)
						return
					}
				}
			})
		}
	}
	a.soon("both write", func() bool { return done.Load() > 20 })
	calls := []map[string]func() error{a.calls(a.maya, conv), b.calls(a.maya, conv)}
	crash()
	a.unavailable(calls[0])
	b.unavailable(calls[1])
	close(stop)
	group.Wait()
	a.must(back())
	a.available(calls[0])
	b.available(calls[1])
	events, err := b.History(t.Context(), a.omar.Customer)
	a.must(err)
	if n := int64(len(events)); n < done.Load() || n > done.Load()+unknown.Load() {
		t.Errorf("%d events: %d were acknowledged, of %d nobody knows", n, done.Load(), unknown.Load())
	}
	if s, err := a.Snapshot(t.Context(), a.omar.Customer); err != nil || s.Epoch != int64(len(events)) {
		t.Errorf("epoch %d of %d events, %v", s.Epoch, len(events), err)
	}
}

// cutOff: a holder that the network cuts off, without a word, ends its work when
// its lease is over by its own clock, before or soon after another has it.
func cutOff(f *fixture) {
	g, link := f.through()
	gone := g.hold("work")
	f.soon("its work runs", gone.busy.Load)
	next := f.hold("work")
	link.hold()
	at := time.Now()
	f.soon("another has the lease", next.busy.Load)
	f.soon("the work of who was cut off ends", func() bool { return !gone.busy.Load() })
	if took := time.Since(at); took > leaseLife+leaseBeat+time.Second {
		f.Errorf("it took %s", took)
	}
	f.holder("work", f.ID)
	link.cut()
	link.release()
}
