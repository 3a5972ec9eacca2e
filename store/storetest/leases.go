package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

const (
	// leaseLife is how long a lease holds that is not renewed.
	leaseLife = 2 * time.Second
	// leaseBeat is a little more than the time between two attempts at one.
	leaseBeat = 600 * time.Millisecond
)

// holding is a Hold that runs.
type holding struct {
	stop context.CancelFunc
	runs atomic.Int64 // how often its work was begun
	busy atomic.Bool  // whether its work runs
	done chan error   // what Hold returned
}

// hold holds a lease until it is stopped, or the test ends.
func (f *fixture) hold(name string) *holding {
	f.Helper()
	ctx, stop := context.WithCancel(f.Context())
	h := &holding{stop: stop, done: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.done <- f.Hold(ctx, name, func(ctx context.Context) error {
			h.runs.Add(1)
			h.busy.Store(true)
			<-ctx.Done()
			h.busy.Store(false)
			return ctx.Err()
		})
	}()
	f.Cleanup(func() { stop(); <-ended })
	return h
}

// attend says that the replica is there, until it leaves or the test ends.
func (f *fixture) attend() (leave func()) {
	f.Helper()
	ctx, stop := context.WithCancel(f.Context())
	ended, err := f.Attend(ctx)
	f.must(err)
	leave = func() { stop(); <-ended }
	f.Cleanup(leave)
	return leave
}

func (f *fixture) holder(name, want string) {
	f.Helper()
	if got, err := f.Holder(f.Context(), name); err != nil || got != want {
		f.Errorf("the lease is %q's, %v; want %q's", got, err, want)
	}
}

func leaseIsHeld(f *fixture) {
	f.holder("work", "")
	h := f.hold("work")
	f.soon("its work runs", h.busy.Load)
	f.holder("work", f.ID)
	f.holder("other work", "")
	time.Sleep(leaseLife + leaseBeat) // it is renewed
	f.holder("work", f.ID)
	if h.runs.Load() != 1 {
		f.Errorf("its work was begun %d times", h.runs.Load())
	}
	h.stop()
	if err := <-h.done; err != nil {
		f.Error(err)
	}
	f.holder("work", "")
	if h.busy.Load() {
		f.Error("its work runs without the lease")
	}
}

// leaseRunsOut: what another holds is taken when its time is over, by the
// database's clock.
func leaseRunsOut(f *fixture) {
	f.exec("INSERT INTO leases (name, holder, until) VALUES ('work', 'rep_other', $1)", f.now().Add(time.Hour).UnixMicro())
	h := f.hold("work")
	time.Sleep(leaseBeat)
	f.holder("work", "rep_other")
	f.pass(59 * time.Minute)
	time.Sleep(leaseBeat)
	if h.busy.Load() {
		f.Error("two have one lease")
	}
	f.pass(time.Minute)
	f.soon("the lease is taken over", h.busy.Load)
	f.holder("work", f.ID)
	// What nobody holds any more is swept, in time.
	f.exec("INSERT INTO leases (name, holder, until) VALUES ('replica/rep_other', 'rep_other', $1)", f.now().UnixMicro())
	f.must(f.Sweep(f.Context()))
	if n := f.count("SELECT COUNT(*) FROM leases WHERE holder = 'rep_other'"); n != 1 {
		f.Error("a lease was swept that may still be asked for")
	}
	h.stop()
	f.must(<-h.done)
	f.pass(time.Hour)
	f.must(f.Sweep(f.Context()))
	if n := f.count("SELECT COUNT(*) FROM leases"); n != 0 {
		f.Errorf("%d leases are left", n)
	}
}

// leaseIsLost: a holder that is told that another has the lease ends its work,
// and goes on when it has the lease again.
func leaseIsLost(f *fixture) {
	h := f.hold("work")
	f.soon("its work runs", h.busy.Load)
	f.exec("UPDATE leases SET holder = 'rep_other', until = $1", f.now().Add(time.Hour).UnixMicro())
	f.soon("its work ends", func() bool { return !h.busy.Load() })
	f.holder("work", "rep_other")
	f.exec("DELETE FROM leases")
	f.soon("its work goes on", h.busy.Load)
	if h.runs.Load() != 2 {
		f.Errorf("its work was begun %d times", h.runs.Load())
	}
}

func leaseOfWhatFails(f *fixture) {
	failed := errors.New("no")
	f.is("what failed", f.Hold(f.Context(), "work", func(context.Context) error { return failed }), failed)
	f.holder("work", "")
	ctx, stop := context.WithCancel(f.Context())
	if err := f.Hold(ctx, "work", func(ctx context.Context) error { stop(); <-ctx.Done(); return ctx.Err() }); err != nil {
		f.Errorf("ended by its context: %v", err)
	}
	if err := f.Hold(cancelled(f.T), "work", func(context.Context) error { return failed }); err != nil {
		f.Errorf("never begun: %v", err)
	}
	f.holder("work", "")
}

func attending(f *fixture) {
	replicas := func(want int) bool {
		f.Helper()
		n, err := f.Replicas(f.Context())
		f.must(err)
		return n == want
	}
	if !replicas(0) {
		f.Error("a replica is there that has not said so")
	}
	leave := f.attend()
	if !replicas(1) {
		f.Error("the replica is not there")
	}
	f.holder("replica/"+f.ID, f.ID)
	leave()
	if !replicas(0) {
		f.Error("the replica is still there")
	}
	f.must(f.Close())
	if _, err := f.Attend(f.Context()); err == nil {
		f.Error("a closed store is there")
	}
}
