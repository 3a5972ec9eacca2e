package storetest

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/store"
)

// lateness is how long a writer outside may take, in these tests.
const lateness = time.Minute

// wroteOutside does what an index outside does with the categories of a scope.
func (f *fixture) wroteOutside(who identity.Principal, categories ...consent.Category) (version int64) {
	f.Helper()
	scope := f.scope(who, consent.Answers)
	version, err := f.EnterOutside(f.Context(), scope, categories, lateness)
	f.must(err)
	f.must(only(f.Passages(f.Context(), scope)))
	f.must(f.LeaveOutside(f.Context(), scope, categories))
	return version
}

// due returns what has to be removed outside.
func (f *fixture) due() []retrieval.Outside {
	f.Helper()
	out, err := f.DueOutside(f.Context(), 100)
	f.must(err)
	return out
}

// removeOutside removes what has to be, as if nothing were left.
func (f *fixture) removeOutside() {
	f.Helper()
	for _, o := range f.due() {
		if ended, err := f.RemovedOutside(f.Context(), o); err != nil || !ended {
			f.Errorf("%+v is not removed: %v", o, err)
		}
	}
}

// outsideIsEntered: only a scope that holds enters, and only what it permits; what is
// stored of it does not say who it is.
func outsideIsEntered(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.choose(f.maya, true, "orders")
	scope := f.scope(f.maya, consent.Answers)
	before := f.contents()
	enter := func(s consent.Scope, c ...consent.Category) error {
		return only(f.EnterOutside(f.Context(), s, c, lateness))
	}
	f.is("what is not permitted", enter(scope, "orders", "billing"), consent.ErrStale)
	f.is("an empty category", enter(scope, ""), consent.ErrStale)
	f.is("of nobody", enter(consent.Scope{}, "orders"), consent.ErrStale)
	f.unchanged("what was refused", before)
	version, err := f.EnterOutside(f.Context(), scope, []consent.Category{"orders"}, lateness)
	f.must(err)
	if v, err := f.PassagesVersion(f.Context(), scope); err != nil || v != version {
		f.Errorf("entered at version %d, the passages are at %d, %v", version, v, err)
	}
	if n := f.count("SELECT COUNT(*) FROM outside WHERE tenant = $1 AND category = 'orders'", f.Tenant(shop, f.maya.Customer)); n != 1 {
		f.Errorf("%d rows", n)
	}
	if n := f.count("SELECT COUNT(*) FROM outside WHERE tenant LIKE '%' || $1 || '%'", f.maya.Customer); n != 0 {
		f.Error("a row names the customer")
	}
	if f.Tenant(shop, f.maya.Customer) == f.Tenant(f.otherSite(), f.maya.Customer) || f.Tenant(shop, f.maya.Customer) == f.Tenant(shop, f.omar.Customer) {
		f.Error("two have one hash")
	}
	if due := f.due(); len(due) != 0 {
		f.Errorf("%+v has to be removed, and nothing ended", due)
	}
	// The scope ceases to hold before the writing has ended.
	f.choose(f.maya, true, "billing")
	f.is("left under a scope of before", f.LeaveOutside(f.Context(), scope, []consent.Category{"orders"}), consent.ErrStale)
	if due := f.due(); len(due) != 1 || due[0].Before <= version || due[0].Writing {
		f.Errorf("left under a scope of before, %+v has to be removed", due)
	}
	f.is("entered under a scope of before", enter(scope, "orders"), consent.ErrStale)
	ids, err := f.RecordIDs(f.Context(), f.scope(f.maya, consent.Answers))
	if err != nil || !slices.Equal(ids, []string{"o1"}) {
		f.Errorf("the records %v, %v", ids, err)
	}
	if ids, err := f.RecordIDs(f.Context(), f.scope(f.omar, consent.Answers)); err != nil || len(ids) != 0 {
		f.Errorf("another customer's records %v, %v", ids, err)
	}
}

// outsideLeaves: whatever deletes passages says in the same commit that those outside
// have to go, and only those.
func outsideLeaves(f *fixture) {
	for step, way := range map[string]func(who identity.Principal, id string){
		"withdrawn":           func(who identity.Principal, _ string) { f.choose(who, false, "orders") },
		"stopped and deleted": func(who identity.Principal, _ string) { f.change(who, consent.Change{Triple: orders, Delete: true}) },
		"replaced":            func(who identity.Principal, id string) { f.put(record(who, id, "orders", "A lamp.")) },
		"another category":    func(who identity.Principal, id string) { f.put(record(who, id, "billing", "A tent.")) },
		"removed by the site": func(_ identity.Principal, id string) { f.must(f.RemoveRecord(f.Context(), shop, id)) },
		"disputed":            func(who identity.Principal, id string) { f.dispute(who, id) },
		"removed under a hold": func(who identity.Principal, id string) {
			f.holdOn(who, time.Hour, "orders")
			f.must(f.RemoveRecord(f.Context(), shop, id))
		},
		"run out": func(who identity.Principal, id string) {
			f.pass(2 * time.Hour)
			f.must(only(f.RemoveExpired(f.Context(), f.policy.Categories)))
		},
		"another policy": func(who identity.Principal, _ string) {
			s := f.stamp(who)
			f.must(f.KeepIndexed(f.Context(), s, []consent.Category{"profile"}))
		},
	} {
		who := f.customer("sub " + step)
		id := "o " + step
		r := record(who, id, "orders", "A tent.")
		r.Expires = f.now().Add(time.Hour)
		f.put(r, record(who, "p "+step, "profile", "Likes tents."))
		f.choose(who, true, "orders", "profile")
		version := f.wroteOutside(who, "orders", "profile")
		f.put(record(f.omar, "x "+step, "orders", "A mat."))
		f.choose(f.omar, true, "orders")
		f.wroteOutside(f.omar, "orders")
		f.removeOutside()
		way(who, id)
		due := f.due()
		if len(due) != 1 || due[0].Tenant != f.Tenant(shop, who.Customer) || due[0].Category != "orders" || due[0].Before <= version || due[0].Entered != version || due[0].Writing {
			f.Errorf("%s: %+v has to be removed, written was version %d", step, due, version)
			continue
		}
		if v, err := f.PassagesVersion(f.Context(), f.scope(who, consent.Answers)); err != nil || v < due[0].Before {
			f.Errorf("%s: the passages are at version %d, and what is before %d has to go, %v", step, v, due[0].Before, err)
		}
		// What happens again and again is said once.
		f.choose(who, false, "billing")
		if again := f.due(); !slices.Equal(again, due) {
			f.Errorf("%s: then %+v", step, again)
		}
		f.removeOutside()
		if n := f.count("SELECT COUNT(*) FROM outside WHERE tenant = $1", f.Tenant(shop, who.Customer)); n != 1 {
			f.Errorf("%s: %d rows are left, want that of the other category", step, n)
		}
	}
}

// outsideIsLate: while a writer may be late a removal is not the end, and neither is one
// that was looked for before somebody else wrote.
func outsideIsLate(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	enter := func() consent.Scope {
		f.choose(f.maya, true, "orders")
		s := f.scope(f.maya, consent.Answers)
		f.must(only(f.EnterOutside(f.Context(), s, []consent.Category{"orders"}, lateness)))
		return s
	}
	one := func(step string, writing bool) retrieval.Outside {
		f.Helper()
		due := f.due()
		if len(due) != 1 || due[0].Writing != writing {
			f.Fatalf("%s: %+v has to be removed", step, due)
		}
		return due[0]
	}
	ends := func(step string, o retrieval.Outside, want bool) {
		f.Helper()
		if ended, err := f.RemovedOutside(f.Context(), o); err != nil || ended != want {
			f.Errorf("%s: ended %t, %v", step, ended, err)
		}
	}
	enter()
	f.choose(f.maya, false, "orders")
	ends("a writer may be late", one("entered", true), false)
	f.pass(lateness / 2)
	ends("still", one("half of its time", true), false)
	f.pass(lateness)
	ends("it cannot be any more", one("its time is over", false), true)
	if n := f.count("SELECT COUNT(*) FROM outside"); n != 0 {
		f.Errorf("%d rows are left", n)
	}

	// One of two ended; the other may be late.
	s := enter()
	f.must(only(f.EnterOutside(f.Context(), s, []consent.Category{"orders"}, lateness)))
	f.must(f.LeaveOutside(f.Context(), s, []consent.Category{"orders"}))
	f.choose(f.maya, false, "orders")
	one("one of two has left", true)
	f.is("the other leaves", f.LeaveOutside(f.Context(), s, []consent.Category{"orders"}), consent.ErrStale)
	o := one("both have left", false)

	// Somebody writes again between the look and the note.
	enter()
	ends("written again meanwhile", o, false)
	o.Entered = one("written again", true).Entered
	ends("what the writer may add", o, false)
	f.pass(2 * lateness)
	ends("later", one("later", false), true)
	// It is granted, so the row stays: there may be something.
	if n := f.count("SELECT COUNT(*) FROM outside WHERE before = 0"); n != 1 {
		f.Errorf("%d rows of what is granted", n)
	}
}

// outsideHoldsErasure: an erasure is done when the index outside was found empty, and
// says so until then.
func outsideHoldsErasure(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.choose(f.maya, true, "orders")
	f.wroteOutside(f.maya, "orders")
	scope := f.scope(f.maya, consent.Answers)
	f.must(only(f.EnterOutside(f.Context(), scope, []consent.Category{"orders"}, lateness))) // and is still writing
	tenant := f.Tenant(shop, f.maya.Customer)
	out, err := f.Erase(f.Context(), f.maya.Customer, nil)
	if !errors.Is(err, store.ErrOutside) || out.Done || out.At.IsZero() || out.Deleted["records"] != 1 {
		f.Fatalf("%+v, %v", out, err)
	}
	f.is("entered after it", only(f.EnterOutside(f.Context(), scope, []consent.Category{"orders"}, lateness)), consent.ErrUnknownCustomer)
	look := func(step string, done bool) {
		f.Helper()
		f.pass(5 * time.Second)
		n, err := f.EndErasures(f.Context())
		if err != nil || n > 0 != done {
			f.Errorf("%s: ended %d erasures, %v", step, n, err)
		}
		if again, err := f.Erase(f.Context(), f.maya.Customer, nil); again.Done != done || (err == nil) != done {
			f.Errorf("%s: %+v, %v", step, again, err)
		}
	}
	look("nothing was removed", false)
	due := f.due()
	if len(due) != 1 || due[0].Tenant != tenant || due[0].Before != math.MaxInt64 || !due[0].Writing {
		f.Fatalf("%+v has to be removed", due)
	}
	if ended, err := f.RemovedOutside(f.Context(), due[0]); ended || err != nil {
		f.Errorf("ended while somebody writes, %v", err)
	}
	look("a writer may be late", false)
	f.is("it leaves", f.LeaveOutside(f.Context(), scope, []consent.Category{"orders"}), consent.ErrUnknownCustomer)
	f.reopen()
	look("the process was started anew", false)
	f.removeOutside()
	look("it was found empty", true)
	if n := f.count("SELECT COUNT(*) FROM outside"); n != 0 {
		f.Errorf("%d rows are left", n)
	}
	// Nobody of whom nothing is outside waits.
	f.put(record(f.omar, "x1", "orders", "A mat."))
	if out, err := f.Erase(f.Context(), f.omar.Customer, nil); err != nil || !out.Done {
		f.Errorf("%+v, %v", out, err)
	}
}

// outsideAndWithdrawals: whatever happens first, after a withdrawal nobody has entered
// of whom it is not said that it has to go.
func outsideAndWithdrawals(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	for i := range 20 {
		f.choose(f.maya, true, "orders")
		scope := f.scope(f.maya, consent.Answers)
		var group sync.WaitGroup
		start := make(chan struct{})
		for range 3 {
			group.Go(func() {
				<-start
				_, err := f.EnterOutside(f.Context(), scope, []consent.Category{"orders"}, lateness)
				if err == nil {
					err = f.LeaveOutside(f.Context(), scope, []consent.Category{"orders"})
				}
				if err != nil && !errors.Is(err, consent.ErrStale) {
					f.Error(err)
				}
			})
		}
		close(start)
		f.choose(f.maya, false, "orders")
		group.Wait()
		if n := f.count("SELECT COUNT(*) FROM outside WHERE before <= entered OR writers <> 0"); n != 0 {
			f.Fatalf("round %d: something may be outside, and nothing says that it has to go", i)
		}
		f.removeOutside()
	}
}

// outsideHome: the collection that is written to has one name, whoever gives it.
func outsideHome(f *fixture) {
	home := func(step, want string, wantUsed bool) {
		f.Helper()
		got, used, err := f.HomeOutside(f.Context())
		if err != nil || got != want || used != wantUsed {
			f.Errorf("%s: %q, used %t, %v", step, got, used, err)
		}
	}
	move := func(from, to, want string) {
		f.Helper()
		if got, err := f.MoveOutside(f.Context(), from, to); err != nil || got != want {
			f.Errorf("from %q to %q: %q, %v", from, to, got, err)
		}
	}
	home("none was written to", "", false)
	move("", "first", "first")
	move("", "second", "first") // by a replica that started at the same time
	home("one was", "first", false)
	move("first", "third", "third")
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.choose(f.maya, true, "orders")
	f.wroteOutside(f.maya, "orders")
	home("it holds something", "third", true)
	f.reopen()
	home("started again", "third", true)
	if n, err := f.CountOutside(f.Context()); err != nil || n != 1 {
		f.Errorf("of %d customers, %v", n, err)
	}
	f.choose(f.maya, false, "orders")
	f.removeOutside()
	home("it holds nothing any more", "third", false)
	f.must(f.ForgetOutside(f.Context()))
	home("it is gone", "", false)
}

// outsideAlone: of the same name one works at a time, on whichever replica, and once.
func outsideAlone(a, b *fixture) {
	var working, runs atomic.Int64
	var group sync.WaitGroup
	for i, f := range []*fixture{a, b} {
		group.Go(func() {
			for range 3 {
				err := f.Alone(f.Context(), "work", func(context.Context) error {
					if working.Add(1) != 1 {
						f.Error("two work at a time")
					}
					time.Sleep(10 * time.Millisecond)
					working.Add(-1)
					runs.Add(1)
					return nil
				})
				if err != nil {
					f.Errorf("replica %d: %v", i, err)
				}
			}
		})
	}
	group.Wait()
	if runs.Load() != 6 {
		a.Errorf("it ran %d times", runs.Load())
	}
	failed := errors.New("it failed")
	a.is("what fails", a.Alone(a.Context(), "work", func(context.Context) error { return failed }), failed)
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	b.is("who does not wait", b.Alone(ctx, "work", func(context.Context) error { b.Error("it ran"); return nil }), context.Canceled)
	a.is("after all that", a.Alone(a.Context(), "work", func(context.Context) error { return nil }), nil)
}
