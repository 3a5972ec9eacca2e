package storetest

import (
	"errors"
	"sync"
	"time"

	"candor/answer"
	"candor/consent"
	"candor/identity"
)

// budgets checks that models are paid for out of what is left of a day, by every
// replica, and that what was not spent comes back.
func budgets(a, b *fixture) {
	day := time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)
	take := func(f *fixture, at time.Time) int {
		f.Helper()
		n, err := f.Budget(1000, 2600).Reserve(f.Context(), f.maya, at, 0)
		if err != nil {
			f.Fatal(err)
		}
		return n
	}
	var group sync.WaitGroup
	for _, f := range []*fixture{a, b} {
		group.Go(func() {
			if n := take(f, day); n != 1000 {
				f.Errorf("the first answers may have %d tokens", n)
			}
		})
	}
	group.Wait()
	if n := take(b, day); n != 600 {
		b.Errorf("%d tokens of 600 that are left", n)
	}
	if n := take(a, day); n != 0 {
		a.Errorf("%d tokens where none is left", n)
	}
	give := func(f *fixture, n int) {
		f.Helper()
		if err := f.Budget(1000, 2600).Settle(f.Context(), f.maya, day, n); err != nil {
			f.Fatal(err)
		}
	}
	give(a, 249)
	if n := take(b, day); n != 0 {
		b.Errorf("%d tokens are less than any answer needs", n)
	}
	give(b, 1)
	if n := take(a, day); n != 250 {
		a.Errorf("%d tokens of 250 that came back", n)
	}
	give(a, 1<<20) // more than was ever taken
	if n := take(a, day); n != 1000 {
		a.Errorf("%d tokens of a day that is empty again", n)
	}
	if n := take(a, day.Add(2*time.Hour)); n != 1000 {
		a.Errorf("%d tokens on the next day", n)
	}
	// What people at the desk have written to help a customer costs the customer nothing.
	desk := func(f *fixture) answer.Budget { return f.Budget(1000, 1000) }
	sam := identity.Principal{Kind: identity.Staff, Staff: "stf_sam"}.About(a.omar.Customer, "cnv_1")
	noor := identity.Principal{Kind: identity.Staff, Staff: "stf_noor"}.About(a.omar.Customer, "cnv_1")
	before := day.AddDate(0, 0, -10)
	for i, who := range []identity.Principal{sam, a.omar, noor, a.omar} {
		want := []int{1000, 1000, 0, 0}[i]
		if n, err := desk(a).Reserve(a.Context(), who, before, 0); n != want || err != nil {
			a.Errorf("%s may have %d tokens, %v; want %d", who.Actor(), n, err, want)
		}
	}
	if err := desk(b).Settle(b.Context(), noor, before, 600); err != nil {
		b.Fatal(err)
	}
	for i, who := range []identity.Principal{a.omar, sam} {
		want := []int{0, 600}[i]
		if n, err := desk(a).Reserve(a.Context(), who, before, 0); n != want || err != nil {
			a.Errorf("%s may have %d tokens of those that came back to the desk, %v; want %d", who.Actor(), n, err, want)
		}
	}
	if n := a.count("SELECT COUNT(*) FROM model_tokens WHERE customer = $1", a.omar.Customer); n != 2 {
		a.Errorf("%d accounts are kept", n)
	}
	// One answer has one budget, however many models are asked for it.
	for spent, want := range map[int]int{700: 300, 800: 0} {
		if n, err := a.Budget(1000, 9000).Reserve(a.Context(), a.omar, day.AddDate(0, 1, 0), spent); err != nil || n != want {
			a.Errorf("an answer that has spent %d may have %d more, %v; want %d", spent, n, err, want)
		}
	}
	if n, err := a.Budget(1000, 2600).Reserve(a.Context(), a.omar, day, 0); err != nil || n != 1000 {
		a.Errorf("somebody else has %d tokens, %v", n, err)
	}
	if _, err := a.Erase(a.Context(), a.maya.Customer, nil); err != nil {
		a.Fatal(err)
	}
	if _, err := b.Budget(1000, 2600).Reserve(b.Context(), b.maya, day, 0); !errors.Is(err, consent.ErrUnknownCustomer) {
		b.Errorf("for somebody who was erased: %v", err)
	}
}
