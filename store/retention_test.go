package store

import (
	"testing"
	"time"

	"candor/consent"
	"candor/retrieval"
)

// TestRemoveExpired removes what has run out and what nobody ever granted, and
// nothing else.
func TestRemoveExpired(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	put := func(id string, category consent.Category, expires time.Time) {
		f.put(retrieval.Record{
			ID: id, Site: shop, Customer: f.maya.Customer, Category: category, Title: id, Text: "About " + id + ".",
			CollectedAt: time.Now(), Expires: expires,
		})
	}
	put("run out", "orders", time.Now().Add(-time.Minute))
	put("granted", "orders", time.Now().Add(time.Hour))
	put("granted once", "profile", time.Time{})
	put("never granted", "billing", time.Time{})
	put("never granted, new", "billing", time.Time{})
	f.choose(f.maya, true, "orders", "profile")
	f.choose(f.maya, false, "profile")
	if _, err := f.Passages(t.Context(), f.scope(f.maya, consent.Answers)); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-1000 * 24 * time.Hour).UnixMicro()
	if _, err := f.raw("candor.db").Exec("UPDATE records SET at = ? WHERE id <> 'never granted, new'", long); err != nil {
		t.Fatal(err)
	}
	before := f.count("SELECT data_version FROM customers WHERE id = ?", f.maya.Customer)

	n, err := f.RemoveExpired(t.Context(), f.policy.Categories)
	if err != nil || n != 2 {
		t.Errorf("removed %d, %v", n, err)
	}
	for id, want := range map[string]int{
		"run out": 0, "granted": 1, "granted once": 1, "never granted": 0, "never granted, new": 1,
	} {
		if got := f.count("SELECT COUNT(*) FROM records WHERE id = ?", id); got != want {
			t.Errorf("%s: %d records, want %d", id, got, want)
		}
	}
	if n := f.count("SELECT COUNT(*) FROM passages WHERE record = 'run out'"); n != 0 {
		t.Errorf("%d passages of a record that is gone", n)
	}
	if n := f.count("SELECT COUNT(*) FROM passages WHERE record = 'granted'"); n == 0 {
		t.Error("the passages of a record that stays are gone")
	}
	if after := f.count("SELECT data_version FROM customers WHERE id = ?", f.maya.Customer); after == before {
		t.Error("the index does not learn of it")
	}
	if n, err := f.RemoveExpired(t.Context(), f.policy.Categories); err != nil || n != 0 {
		t.Errorf("again: %d, %v", n, err)
	}
}
