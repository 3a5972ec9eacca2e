package store

import (
	"errors"
	"path/filepath"
	"testing"

	"candor/consent"
)

// TestRewrap replaces the master key: everything can be read with the new one,
// by the same hashes, and nothing with the old one.
func TestRewrap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(record(f.maya, "r1", "orders", "The parcel left on Tuesday."))
	hash := f.keys.Hash("subject", "shop", "maya")
	f.must(f.Close())

	path := filepath.Join(f.dir, "keys.db")
	keys, err := OpenKeyring(t.Context(), path, master)
	f.must(err)
	next := NewMasterKey()
	if n, err := keys.Rewrap(t.Context(), next); err != nil || n != 2 {
		t.Fatalf("%d keys, %v", n, err)
	}
	f.must(keys.Close())

	if k, err := OpenKeyring(t.Context(), path, master); !errors.Is(err, ErrWrongMaster) {
		t.Errorf("the old master key: %v", err)
		if err == nil {
			_ = k.Close()
		}
	}
	keys, err = OpenKeyring(t.Context(), path, next)
	f.must(err)
	s, err := OpenSQLite(t.Context(), filepath.Join(f.dir, "candor.db"), keys)
	f.must(err)
	defer func() { f.must(s.Close()) }()
	if r, err := s.Record(t.Context(), shop, "r1"); err != nil || r.Text != "The parcel left on Tuesday." {
		t.Errorf("%q, %v", r.Text, err)
	}
	if site, err := s.Site(t.Context(), shop); err != nil || string(site.Secret) != "s" {
		t.Errorf("the site's secret: %v", err)
	}
	if got := keys.Hash("subject", "shop", "maya"); got != hash {
		t.Error("customers are looked up by another hash")
	}
	if id, err := s.Customer(t.Context(), shop, "maya"); err != nil || id != f.maya.Customer {
		t.Errorf("the customer is %s, was %s (%v)", id, f.maya.Customer, err)
	}
	if _, err := consent.NewGate(s, f.policy).Scope(t.Context(), f.maya, consent.Answers); err != nil {
		t.Error(err)
	}
}
