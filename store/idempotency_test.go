package store

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/identity"
)

func TestRemember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		maya := f.maya.Customer
		ask := func(customer identity.CustomerID, scope, key, body string) (*Response, error) {
			return f.Remember(t.Context(), customer, scope, key, body)
		}
		if r, err := ask(maya, "maya POST /x", "k", "body"); r != nil || err != nil {
			t.Fatalf("a new key: %v, %v", r, err)
		}
		if _, err := ask(maya, "maya POST /x", "k", "body"); !errors.Is(err, ErrInFlight) {
			t.Errorf("while it is served: %v", err)
		}
		if _, err := ask(maya, "maya POST /x", "k", "other"); !errors.Is(err, ErrOtherBody) {
			t.Errorf("another body while it is served: %v", err)
		}
		want := Response{Status: 201, ContentType: "application/json", Body: []byte(`{"text":"zanzibar"}`)}
		f.must(f.Settle(t.Context(), maya, "maya POST /x", "k", want))
		if r, err := ask(maya, "maya POST /x", "k", "body"); err != nil || r == nil || cmp.Diff(want, *r) != "" {
			t.Errorf("remembered: %+v, %v", r, err)
		}
		if _, err := ask(maya, "maya POST /x", "k", "other"); !errors.Is(err, ErrOtherBody) {
			t.Errorf("another body: %v", err)
		}
		for _, scope := range []string{"omar POST /x", "maya POST /y", ""} {
			if r, err := ask(f.omar.Customer, scope, "k", "body"); r != nil || err != nil {
				t.Errorf("in the scope %q the key is not its own: %v, %v", scope, r, err)
			}
		}
		if files := f.onDisk("zanzibar"); len(files) > 0 {
			t.Errorf("a response is on disk in %v", files)
		}
		f.reopen()
		if r, err := ask(maya, "maya POST /x", "k", "body"); err != nil || r == nil || r.Status != 201 {
			t.Errorf("after reopening: %+v, %v", r, err)
		}
		// Forgetting frees what is in flight, and not what was answered.
		f.must(f.Forget(t.Context(), "maya POST /x", "k"))
		if r, err := ask(maya, "maya POST /x", "k", "body"); err != nil || r == nil {
			t.Errorf("an answered key was forgotten: %v, %v", r, err)
		}
		f.must(f.Forget(t.Context(), "maya POST /y", "k"))
		if r, err := ask(maya, "maya POST /y", "k", "other"); r != nil || err != nil {
			t.Errorf("a forgotten key: %v, %v", r, err)
		}
		// One that was cut off is free again after a while, one that was answered
		// after a day.
		time.Sleep(inFlightLife)
		if r, err := ask(maya, "maya POST /y", "k", "third"); r != nil || err != nil {
			t.Errorf("one that was cut off: %v, %v", r, err)
		}
		time.Sleep(idempotencyLife)
		f.must(f.Sweep(t.Context()))
		if n := f.count("SELECT COUNT(*) FROM idempotency"); n != 0 {
			t.Errorf("%d keys are left after a day", n)
		}
		// Staff's and backends' are under the house's key.
		if r, err := ask("", "site POST /x", "k", "body"); r != nil || err != nil {
			t.Fatal(r, err)
		}
		f.must(f.Settle(t.Context(), "", "site POST /x", "k", want))
		if r, err := ask("", "site POST /x", "k", "body"); err != nil || r == nil || r.Status != 201 {
			t.Errorf("a backend's: %+v, %v", r, err)
		}
	})
}

func TestOneReserves(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var reserved atomic.Int64
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			switch r, err := f.Remember(t.Context(), f.maya.Customer, "scope", "key", "body"); {
			case err == nil && r == nil:
				reserved.Add(1)
			case !errors.Is(err, ErrInFlight):
				t.Error(r, err)
			}
		})
	}
	group.Wait()
	if n := reserved.Load(); n != 1 {
		t.Errorf("%d requests were let through", n)
	}
}
