package store

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"candor/identity"
)

func TestLoadMasterKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := LoadMasterKey("", path); err == nil {
		t.Error("a key was read where there is none")
	}
	made, err := MakeMasterKey(path)
	if err != nil || made == (MasterKey{}) {
		t.Fatal(err)
	}
	if _, err := MakeMasterKey(path); err == nil {
		t.Error("a second key was made in place of the first")
	}
	if again, err := LoadMasterKey("", path); err != nil || again != made {
		t.Errorf("read again: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file can be read by others: %v, %v", info.Mode(), err)
	}
	value := base64.StdEncoding.EncodeToString(make([]byte, 32))
	if k, err := LoadMasterKey(value, path); err != nil || k == made {
		t.Errorf("a value goes before the file: %v", err)
	}
	for name, bad := range map[string]string{
		"short": base64.StdEncoding.EncodeToString(make([]byte, 31)), "long": base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"not base64": "secret-master-key!", "space": "  ",
	} {
		if _, err := LoadMasterKey(bad, path); err == nil || strings.Contains(err.Error(), "secret-master") {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty.key")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadMasterKey("", empty); err == nil {
		t.Error("an empty file is a key")
	}
	if _, err := MakeMasterKey(filepath.Join(t.TempDir(), "no", "folder")); err == nil {
		t.Error("a key that cannot be kept was made")
	}
}

func TestWrongMasterKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.must(f.Close())
	before, err := os.ReadFile(filepath.Join(f.dir, "keys.db"))
	f.must(err)
	if k, err := OpenKeyring(t.Context(), filepath.Join(f.dir, "keys.db"), MasterKey{9}); err == nil {
		t.Error("another master key opens the data")
		_ = k.Close()
	} else if !strings.Contains(err.Error(), "not the one") {
		t.Errorf("the error does not say what is wrong: %v", err)
	}
	after, err := os.ReadFile(filepath.Join(f.dir, "keys.db"))
	if err != nil || string(after) != string(before) {
		t.Errorf("a refused key changed the database (%v)", err)
	}
	f.Store = open(t, f.dir) // and the right one still opens it
	if _, err := f.keys.For(t.Context(), f.maya.Customer); err != nil {
		t.Error(err)
	}
}

func TestSealedStaysInItsPlace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	maya, err := f.keys.For(t.Context(), f.maya.Customer)
	f.must(err)
	omar, err := f.keys.For(t.Context(), f.omar.Customer)
	f.must(err)
	sealed, err := maya.Seal("record/shop/r1", []byte("Maya's order"))
	f.must(err)
	if got, err := maya.Open("record/shop/r1", sealed); err != nil || string(got) != "Maya's order" {
		t.Errorf("%q, %v", got, err)
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
			t.Errorf("%s opened it: %q", name, got)
		} else if strings.Contains(err.Error(), "r1") || strings.Contains(err.Error(), "Maya") {
			t.Errorf("%s: the error says more than the kind: %v", name, err)
		}
	}
	again, err := maya.Seal("record/shop/r1", []byte("Maya's order"))
	if err != nil || string(again) == string(sealed) {
		t.Errorf("the same text seals alike (%v)", err)
	}
}

// TestMovedRows: rows that somebody swapped in the database do not open.
func TestMovedRows(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(record(f.maya, "r1", "orders", "one"), record(f.maya, "r2", "orders", "two"), record(f.omar, "r3", "orders", "three"))
	for name, query := range map[string]string{
		"another record's":   "UPDATE records SET sealed = (SELECT sealed FROM records WHERE id = 'r2') WHERE id = 'r1'",
		"another customer's": "UPDATE records SET sealed = (SELECT sealed FROM records WHERE id = 'r3') WHERE id = 'r1'",
	} {
		_, err := f.raw("candor.db").ExecContext(t.Context(), query)
		f.must(err)
		if r, err := f.Record(t.Context(), shop, "r1"); err == nil {
			t.Errorf("%s text was read: %q", name, r.Text)
		}
	}
}

func TestDestroyedKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(record(f.maya, "r1", "orders", "one"), record(f.omar, "r2", "orders", "two"))
	_, err := f.raw("keys.db").ExecContext(t.Context(), "DELETE FROM keys WHERE customer = ?", f.maya.Customer)
	f.must(err)
	f.reopen() // the key was in memory
	if _, err := f.keys.For(t.Context(), f.maya.Customer); !errors.Is(err, ErrKeyDestroyed) {
		t.Errorf("%v, want ErrKeyDestroyed", err)
	}
	if _, err := f.Record(t.Context(), shop, "r1"); !errors.Is(err, ErrKeyDestroyed) {
		t.Errorf("the record: %v", err)
	}
	if err := f.PutRecord(t.Context(), record(f.maya, "r9", "orders", "nine")); !errors.Is(err, ErrKeyDestroyed) {
		t.Errorf("a new record: %v", err)
	}
	if r, err := f.Record(t.Context(), shop, "r2"); err != nil || r.Text != "two" {
		t.Errorf("another customer's record: %v", err)
	}
	if _, err := f.keys.For(t.Context(), "cus_unknown"); !errors.Is(err, ErrKeyDestroyed) {
		t.Errorf("no such customer: %v", err)
	}
	// A wrapped key is its customer's own: it cannot be given to another.
	_, err = f.raw("keys.db").ExecContext(t.Context(), "INSERT INTO keys SELECT ?, generation, wrapped, created FROM keys WHERE customer = ?",
		f.maya.Customer, f.omar.Customer)
	f.must(err)
	if _, err := f.keys.For(t.Context(), f.maya.Customer); err == nil {
		t.Error("one customer's key was unwrapped for another")
	}
}

func TestManyKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				for _, who := range []identity.Principal{f.maya, f.omar} {
					if _, err := f.keys.For(t.Context(), who.Customer); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	f.keys.mu.Lock()
	defer f.keys.mu.Unlock()
	if len(f.keys.cache) != f.keys.order.Len() {
		t.Errorf("%d keys in the map, %d in the order", len(f.keys.cache), f.keys.order.Len())
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
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
			t.Errorf("%s and %s hash alike", name, other)
		}
		seen[h] = name
	}
	if again := k.Hash("word", "a"); seen[again] != "a" {
		t.Error("a hash is not stable")
	}
	other, err := OpenKeyring(t.Context(), filepath.Join(t.TempDir(), "keys.db"), MasterKey{7})
	f.must(err)
	defer other.Close()
	if other.Hash("word", "a") == k.Hash("word", "a") {
		t.Error("the hash does not depend on the master key: anybody can look words up")
	}
}
