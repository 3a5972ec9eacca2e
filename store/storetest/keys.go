package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"candor/consent"
	"candor/identity"
	"candor/store"
)

func sealedStaysInPlace(f *fixture) {
	maya, err := f.keys.For(f.Context(), f.maya.Customer)
	f.must(err)
	omar, err := f.keys.For(f.Context(), f.omar.Customer)
	f.must(err)
	sealed, err := maya.Seal("record/shop/r1", []byte("Maya's order"))
	f.must(err)
	if got, err := maya.Open("record/shop/r1", sealed); err != nil || string(got) != "Maya's order" {
		f.Errorf("%q, %v", got, err)
	}
	flipped := append([]byte{}, sealed...)
	flipped[len(flipped)-1] ^= 1
	for name, try := range map[string]func() ([]byte, error){
		"another place":    func() ([]byte, error) { return maya.Open("record/shop/r2", sealed) },
		"no place":         func() ([]byte, error) { return maya.Open("", sealed) },
		"another customer": func() ([]byte, error) { return omar.Open("record/shop/r1", sealed) },
		"the house key":    func() ([]byte, error) { return f.keys.House().Open("record/shop/r1", sealed) },
		"a flipped bit":    func() ([]byte, error) { return maya.Open("record/shop/r1", flipped) },
		"cut":              func() ([]byte, error) { return maya.Open("record/shop/r1", sealed[:10]) },
		"nothing":          func() ([]byte, error) { return maya.Open("record/shop/r1", nil) },
	} {
		got, err := try()
		if err == nil || len(got) > 0 {
			f.Errorf("%s opened it: %q", name, got)
		} else if strings.Contains(err.Error(), "r1") || strings.Contains(err.Error(), "Maya") {
			f.Errorf("%s: the error says more than the kind: %v", name, err)
		}
	}
	again, err := maya.Seal("record/shop/r1", []byte("Maya's order"))
	if err != nil || string(again) == string(sealed) {
		f.Errorf("the same text seals alike (%v)", err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				for _, who := range []identity.Principal{f.maya, f.omar} {
					if _, err := f.keys.For(f.Context(), who.Customer); err != nil {
						f.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
}

// movedRows: rows that somebody swapped in the database do not open.
func movedRows(f *fixture) {
	f.put(record(f.maya, "r1", "orders", "one"), record(f.maya, "r2", "orders", "two"), record(f.omar, "r3", "orders", "three"))
	for name, statement := range map[string]string{
		"another record's":   "UPDATE records SET sealed = (SELECT sealed FROM records WHERE id = 'r2') WHERE id = 'r1'",
		"another customer's": "UPDATE records SET sealed = (SELECT sealed FROM records WHERE id = 'r3') WHERE id = 'r1'",
	} {
		f.exec(statement)
		if r, err := f.Record(f.Context(), shop, "r1"); err == nil {
			f.Errorf("%s text was read: %q", name, r.Text)
		}
	}
}

func destroyedKey(f *fixture) {
	f.put(record(f.maya, "r1", "orders", "one"), record(f.omar, "r2", "orders", "two"))
	conv := f.talk(f.maya)
	f.must(f.Citations().Append(f.Context(), closed("ans_1", f.maya.Customer)))
	keys := f.raw(f.db.keys)
	_, err := keys.ExecContext(f.Context(), "DELETE FROM keys WHERE customer = $1", f.maya.Customer)
	f.must(err)
	f.reopen() // the key was in memory
	for what, err := range map[string]error{
		"the key":       only(f.keys.For(f.Context(), f.maya.Customer)),
		"the record":    only(f.Record(f.Context(), shop, "r1")),
		"a new record":  f.PutRecord(f.Context(), record(f.maya, "r9", "orders", "nine")),
		"what was said": only(f.Messages(f.Context(), conv)),
		"no such one":   only(f.keys.For(f.Context(), "cus_unknown")),
		"not a name":    only(f.keys.For(f.Context(), "\x00")),
	} {
		f.is(what, err, store.ErrKeyDestroyed)
	}
	_, err = f.Append(f.Context(), f.maya.Customer, func(consent.Snapshot) (consent.Entry, error) { return consent.Entry{}, nil })
	f.is("a choice", err, consent.ErrUnknownCustomer)
	if entries, err := f.Citations().ByAnswer(f.Context(), "ans_1"); err != nil || len(entries) != 1 || len(entries[0].Body) != 0 {
		f.Errorf("the log: %+v, %v; want what was never sealed", entries, err)
	}
	if r, err := f.Record(f.Context(), shop, "r2"); err != nil || r.Text != "two" {
		f.Errorf("another customer's record: %v", err)
	}
	// A wrapped key is its customer's own: it cannot be given to another.
	_, err = keys.ExecContext(f.Context(), fmt.Sprintf("INSERT INTO keys SELECT '%s', generation, wrapped, created FROM keys WHERE customer = $1", f.maya.Customer),
		f.omar.Customer)
	f.must(err)
	if _, err := f.keys.For(f.Context(), f.maya.Customer); err == nil {
		f.Error("one customer's key was unwrapped for another")
	}
}

func hashes(f *fixture) {
	k := f.keys
	seen := make(map[string]string)
	for name, h := range map[string]string{
		"a":               k.Hash("word", "a"),
		"another domain":  k.Hash("subject", "a"),
		"two parts":       k.Hash("word", "a", ""),
		"joined":          k.Hash("word", "ab", "c"),
		"joined, other":   k.Hash("word", "a", "bc"),
		"no part":         k.Hash("word"),
		"an empty part":   k.Hash("word", ""),
		"domain and part": k.Hash("worda"),
	} {
		if other, ok := seen[h]; ok {
			f.Errorf("%s and %s hash alike", name, other)
		}
		seen[h] = name
	}
	a, cursor := k.Hash("word", "a"), string(f.CursorKey())
	if seen[a] != "a" || cursor == "" {
		f.Error("a hash is not stable")
	}
	f.reopen()
	if f.keys.Hash("word", "a") != a || string(f.CursorKey()) != cursor {
		f.Error("a hash changes with the process")
	}
	keys, err := store.OpenKeyring(f.Context(), f.db.engine.fresh(f.T), master)
	f.must(err)
	defer func() { f.must(keys.Close()) }()
	if keys.Hash("word", "a") == a {
		f.Error("two installations hash alike: who has one can look up the other's words")
	}
}

// rewrap replaces the master key: everything can be read with the new one, by the
// same hashes, and nothing with the old one, which changes nothing.
func rewrap(f *fixture) {
	f.put(record(f.maya, "r1", "orders", "The parcel left on Tuesday."))
	hash, verifier := f.keys.Hash("subject", "shop", "maya"), f.keys.ReceiptKey().Verifier()
	f.must(f.Close())
	raw := f.raw(f.db.keys)
	versions := append([]string{"goose_db_version"}, keyTables...)
	before := f.rows(raw, versions)
	refused := func(step string, m store.MasterKey) {
		f.Helper()
		k, err := store.OpenKeyring(f.Context(), f.db.keys, m)
		f.is(step, err, store.ErrWrongMaster)
		if err == nil {
			_ = k.Close()
		}
	}
	refused("a wrong master key", store.MasterKey{9})
	for table, rows := range f.rows(raw, versions) {
		if rows != before[table] {
			f.Errorf("a wrong master key changed %s", table)
		}
	}
	keys, err := store.OpenKeyring(f.Context(), f.db.keys, master)
	f.must(err)
	next := store.NewMasterKey()
	if n, err := keys.Rewrap(f.Context(), next); err != nil || n != 2 {
		f.Fatalf("%d keys, %v", n, err)
	}
	// Whoever did it goes on.
	f.must(keys.Create(f.Context(), "cus_next"))
	f.must(only(keys.For(f.Context(), "cus_next")))
	f.must(keys.Close())
	refused("the old master key", master)

	keys, err = store.OpenKeyring(f.Context(), f.db.keys, next)
	f.must(err)
	s, err := store.Open(f.Context(), f.db.data, keys)
	f.must(err)
	defer func() { f.must(s.Close()) }()
	if r, err := s.Record(f.Context(), shop, "r1"); err != nil || r.Text != "The parcel left on Tuesday." {
		f.Errorf("%q, %v", r.Text, err)
	}
	if site, err := s.Site(f.Context(), shop); err != nil || string(site.Secret) != "s" {
		f.Errorf("the site's secret: %v", err)
	}
	if got := keys.Hash("subject", "shop", "maya"); got != hash {
		f.Error("customers are looked up by another hash")
	}
	if got := keys.ReceiptKey().Verifier(); got != verifier {
		f.Errorf("receipts are signed with %s, were with %s", got, verifier)
	}
	if id, err := s.Customer(f.Context(), shop, "maya"); err != nil || id != f.maya.Customer {
		f.Errorf("the customer is %s, was %s (%v)", id, f.maya.Customer, err)
	}
	if _, err := consent.NewGate(s, f.policy).Scope(f.Context(), f.maya, consent.Answers); err != nil {
		f.Error(err)
	}
}

// tryOpen opens the data with the keys, and closes what it opened.
func (f *fixture) tryOpen(data, keys string) error {
	k, err := store.OpenKeyring(context.WithoutCancel(f.Context()), keys, master)
	if err != nil {
		return err
	}
	s, err := store.Open(context.WithoutCancel(f.Context()), data, k)
	if err != nil {
		// The keyring is not taken over by what fails.
		f.is("the keyring of what was refused", only(k.For(context.WithoutCancel(f.Context()), "cus_unknown")), store.ErrKeyDestroyed)
		f.must(k.Close())
		return err
	}
	return s.Close()
}

func refusedInstallations(f *fixture) {
	f.put(record(f.maya, "r1", "orders", "one"))
	f.must(f.Close())
	before := f.contents()
	f.is("other keys", f.tryOpen(f.db.data, f.db.engine.fresh(f.T)), store.ErrOtherKeys)
	f.unchanged("other keys", before)
	f.exec("UPDATE installation SET moving = TRUE")
	f.is("a move into it is not finished", f.tryOpen(f.db.data, f.db.keys), store.ErrMoving)
	f.exec("UPDATE installation SET moving = FALSE, moved = 'postgres'")
	f.is("it was moved elsewhere", f.tryOpen(f.db.data, f.db.keys), store.ErrMoved)
	f.exec("UPDATE installation SET moved = ''")
	f.must(f.tryOpen(f.db.data, f.db.keys))
	f.unchanged("opened again", before)
}

// newerSchema: a database of the future is refused in one line, and nothing in it
// is touched.
func newerSchema(f *fixture) {
	f.must(f.Close())
	for _, url := range []string{f.db.data, f.db.keys} {
		db := f.raw(url)
		_, err := db.ExecContext(f.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
		f.must(err)
		if err := f.tryOpen(f.db.data, f.db.keys); err == nil || !strings.Contains(err.Error(), "newer program") || strings.Contains(err.Error(), "\n") {
			f.Errorf("a database of the future: %v", err)
		}
		_, err = db.ExecContext(f.Context(), "DELETE FROM goose_db_version WHERE version_id = 9999")
		f.must(err)
	}
	f.must(f.tryOpen(f.db.data, f.db.keys))
}

// keysApart: data and keys do not lie in one database, whichever is made first.
func keysApart(f *fixture) {
	before := f.contents()
	if err := f.tryOpen(f.db.data, f.db.data); err == nil || !strings.Contains(err.Error(), "one of their own") {
		f.Errorf("keys in the database of the data: %v", err)
	}
	f.unchanged("keys in the database of the data", before)
	raw := f.raw(f.db.keys)
	kept := f.rows(raw, keyTables)
	if err := f.tryOpen(f.db.keys, f.db.keys); err == nil {
		f.Error("data in the database of the keys")
	}
	for table, rows := range f.rows(raw, keyTables) {
		if rows != kept[table] {
			f.Errorf("data in the database of the keys changed %s", table)
		}
	}
	f.reopen() // both are as they were

	for url, want := range map[string]bool{f.db.keys: true, f.db.data: false} {
		if ok, err := store.HasKeys(f.Context(), url); err != nil || ok != want {
			f.Errorf("there are keys: %t, %v; want %t", ok, err, want)
		}
	}
	if ok, err := store.HasKeys(f.Context(), f.db.engine.fresh(f.T)); err != nil || ok {
		f.Errorf("in an empty database there are keys: %t, %v", ok, err)
	}
}
