package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/identity"
	"candor/store"
)

// remembered: a key is reserved for one request, and its response is there for
// the same request, for a day of the database's clock.
func remembered(f *fixture) {
	maya := f.maya.Customer
	ask := func(customer identity.CustomerID, scope, key, body string) (*store.Response, error) {
		return f.Remember(f.Context(), customer, scope, key, body)
	}
	fresh := func(step string, customer identity.CustomerID, scope, body string) {
		f.Helper()
		if r, err := ask(customer, scope, "k", body); r != nil || err != nil {
			f.Errorf("%s: %v, %v; want the key to be free", step, r, err)
		}
	}
	fresh("a new key", maya, "maya POST /x", "body")
	f.is("while it is served", only(ask(maya, "maya POST /x", "k", "body")), store.ErrInFlight)
	f.is("another body while it is served", only(ask(maya, "maya POST /x", "k", "other")), store.ErrOtherBody)
	want := store.Response{Status: 201, ContentType: "application/json", Body: []byte(`{"text":"zanzibar"}`)}
	known := func(step string) {
		f.Helper()
		if r, err := ask(maya, "maya POST /x", "k", "body"); err != nil || r == nil || cmp.Diff(want, *r) != "" {
			f.Errorf("%s: %+v, %v", step, r, err)
		}
	}
	f.must(f.Settle(f.Context(), maya, "maya POST /x", "k", want))
	known("answered")
	f.is("another body", only(ask(maya, "maya POST /x", "k", "other")), store.ErrOtherBody)
	for _, scope := range []string{"omar POST /x", "maya POST /y", ""} {
		fresh("in another scope", f.omar.Customer, scope, "body")
	}
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("a response is in %v", where)
	}
	// Forgetting frees what is in flight, and not what was answered.
	f.must(f.Forget(f.Context(), "maya POST /x", "k"))
	known("an answered key is not forgotten")
	f.must(f.Forget(f.Context(), "maya POST /y", "k"))
	fresh("a forgotten key", maya, "maya POST /y", "other")
	// One that was cut off is free again after two minutes, one that was answered
	// after a day. What was swept was over.
	f.pass(119 * time.Second)
	f.must(f.Sweep(f.Context()))
	f.is("a second before", only(ask(maya, "maya POST /y", "k", "other")), store.ErrInFlight)
	f.pass(time.Second)
	fresh("one that was cut off", maya, "maya POST /y", "third")
	f.reopen()
	known("after reopening")
	f.pass(24*time.Hour - 3*time.Minute)
	f.must(f.Sweep(f.Context()))
	known("a minute before a day is over")
	f.pass(time.Minute)
	fresh("after a day", maya, "maya POST /x", "other")
	f.pass(24 * time.Hour)
	f.must(f.Sweep(f.Context()))
	if n := f.count("SELECT COUNT(*) FROM idempotency"); n != 0 {
		f.Errorf("%d keys are left", n)
	}
	// Staff's and backends' are under the house's key.
	fresh("a backend's", "", "site POST /x", "body")
	f.must(f.Settle(f.Context(), "", "site POST /x", "k", want))
	if r, err := ask("", "site POST /x", "k", "body"); err != nil || r == nil || r.Status != 201 {
		f.Errorf("a backend's: %+v, %v", r, err)
	}
}

func oneReserves(f *fixture) { reserveAtOnce(f, []*fixture{f}, 32) }

// reserveAtOnce makes one request many times at once.
func reserveAtOnce(f *fixture, replicas []*fixture, n int) {
	f.Helper()
	key := identity.NewID("key")
	var reserved atomic.Int64
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			switch r, err := replicas[i%len(replicas)].Remember(f.Context(), f.maya.Customer, "scope", key, "body"); {
			case err == nil && r == nil:
				reserved.Add(1)
			case !errors.Is(err, store.ErrInFlight):
				f.Error(r, err)
			}
		})
	}
	group.Wait()
	if n := reserved.Load(); n != 1 {
		f.Errorf("%d requests were let through", n)
	}
}
