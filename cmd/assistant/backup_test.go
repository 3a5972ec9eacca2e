//go:build unix

package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/identity"
	"candor/retrieval"
	"candor/store"
)

// kept is an installation in a folder, of which backups are made.
type kept struct {
	*testing.T
	dir string
	*store.Store
}

func newKept(t *testing.T) *kept {
	t.Helper()
	k := &kept{T: t, dir: t.TempDir()}
	k.Store = k.openIn(k.dir)
	k.must(k.AddSite(t.Context(), identity.Site{ID: "shop", Name: "Shop", Secret: []byte("s")}, "key"))
	return k
}

func (k *kept) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kept) openIn(dir string) *store.Store {
	k.Helper()
	c := defaults()
	c.DataDir = dir
	s, err := openStore(k.Context(), c)
	k.must(err)
	k.Cleanup(func() { _ = s.Close() })
	return s
}

// put makes a record of a customer's, whose name is in its text.
func (k *kept) put(sub string, n int) identity.CustomerID {
	k.Helper()
	ctx := context.WithoutCancel(k.Context())
	id, err := k.Customer(ctx, "shop", sub)
	if err == nil {
		err = k.PutRecord(ctx, retrieval.Record{
			ID: fmt.Sprintf("%s-%d", sub, n), Site: "shop", Customer: id, Category: "orders", Text: "The words of " + sub + ".",
		})
	}
	if err != nil {
		k.Error(err)
	}
	return id
}

// elsewhere is a folder with nothing but the master key.
func (k *kept) elsewhere() string {
	k.Helper()
	dir := k.TempDir()
	b, err := os.ReadFile(filepath.Join(k.dir, "master.key"))
	k.must(err)
	k.must(os.WriteFile(filepath.Join(dir, "master.key"), b, 0o600))
	return dir
}

// blobs are the values of a column in a file of SQLite.
func (k *kept) blobs(path, query string, args ...any) (out [][]byte) {
	k.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	k.must(err)
	defer db.Close()
	rows, err := db.QueryContext(k.Context(), query, args...)
	k.must(err)
	defer rows.Close()
	for rows.Next() {
		var b []byte
		k.must(rows.Scan(&b))
		out = append(out, b)
	}
	k.must(rows.Err())
	return out
}

// TestBackupWhileBusy makes backups while customers come and their records are
// written: each is restored elsewhere, holds everything from before it was begun,
// and can be read throughout.
func TestBackupWhileBusy(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	var writers sync.WaitGroup
	stop := make(chan struct{})
	var mu sync.Mutex
	var written []string // records that are durable
	for w := range 4 {
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				sub := fmt.Sprintf("w%d-%d", w, n)
				k.put(sub, 1)
				mu.Lock()
				written = append(written, sub+"-1")
				mu.Unlock()
			}
		})
	}
	for round := range 4 {
		var before []string
		for deadline := time.Now().Add(20 * time.Second); len(before) == 0 && time.Now().Before(deadline); {
			time.Sleep(100 * time.Millisecond)
			mu.Lock()
			before = append(before, written...)
			mu.Unlock()
		}
		dir := filepath.Join(t.TempDir(), "backup")
		mustRun(t, "backup", dir, "--data-dir", k.dir)
		if files, err := os.ReadDir(dir); err != nil || len(files) != 4 {
			t.Errorf("the backup has %d files, %v", len(files), err)
		} else {
			for _, f := range files {
				if info, err := f.Info(); err != nil || info.Mode() != 0o600 {
					t.Errorf("%s has the mode %v", f.Name(), info.Mode())
				}
			}
		}
		home := k.elsewhere()
		out := mustRun(t, "restore", dir, "--data-dir", home)
		if strings.Contains(out, "no key") || !strings.Contains(out, "destroyed again: 0 keys") {
			t.Errorf("round %d: %s", round, out)
		}
		s := k.openIn(home)
		for _, id := range before {
			if r, err := s.Record(t.Context(), "shop", id); err != nil || !strings.HasPrefix(r.Text, "The words of w") {
				t.Fatalf("round %d: %s: %q, %v", round, id, r.Text, err)
			}
		}
		for _, id := range k.blobs(filepath.Join(home, "candor.db"), "SELECT id FROM records") {
			if _, err := s.Record(t.Context(), "shop", string(id)); err != nil {
				t.Fatalf("round %d: %s: %v", round, id, err)
			}
		}
		if len(before) == 0 {
			t.Error("nothing was written meanwhile")
		}
	}
	close(stop)
	writers.Wait()
}

// TestRestoreErases: an old backup does not bring back who was erased since, from
// wherever the list of erasures is known.
func TestRestoreErases(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	maya := k.put("maya", 1)
	k.put("maya", 2)
	k.put("omar", 1)
	old, late := filepath.Join(t.TempDir(), "old"), filepath.Join(t.TempDir(), "late")
	mustRun(t, "backup", old, "--data-dir", k.dir)
	gone := append(k.blobs(filepath.Join(old, "candor.db"), "SELECT sealed FROM records WHERE customer = ?", maya),
		k.blobs(filepath.Join(old, "keys.db"), "SELECT wrapped FROM keys WHERE customer = ?", maya)...)
	gone = append(gone, []byte("The words of maya"))
	if len(gone) != 4 {
		t.Fatalf("there are %d values to be erased", len(gone))
	}
	_, err := k.Erase(t.Context(), maya, nil)
	k.must(err)
	mustRun(t, "backup", late, "--data-dir", k.dir, "--only", "erasures")
	k.must(k.Close())

	// check looks for what was erased in every file, and for the rest.
	check := func(what, home, out string) {
		t.Helper()
		if !strings.Contains(out, "1 listed; destroyed again: 1 keys, the rows of 1 customers") {
			t.Errorf("%s: %s", what, out)
		}
		s := k.openIn(home)
		if _, err := s.Record(t.Context(), "shop", "maya-1"); !errors.Is(err, retrieval.ErrNotFound) {
			t.Errorf("%s: what was erased: %v", what, err)
		}
		if r, err := s.Record(t.Context(), "shop", "omar-1"); err != nil || r.Text != "The words of omar." {
			t.Errorf("%s: the rest: %q, %v", what, r.Text, err)
		}
		if id, err := s.Customer(t.Context(), "shop", "maya"); err != nil || id == maya {
			t.Errorf("%s: who returns is %s, %v", what, id, err)
		}
		k.must(s.Close())
		err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			for _, x := range gone {
				if bytes.Contains(b, x) {
					t.Errorf("%s: %s holds what was erased", what, path)
				}
			}
			return err
		})
		k.must(err)
	}
	home := k.elsewhere()
	check("with a list from outside", home, mustRun(t, "restore", old, "--data-dir", home, "--erasures", filepath.Join(late, "erasures.jsonl")))
	check("with that of the keys that are replaced", k.dir, mustRun(t, "restore", old, "--data-dir", k.dir, "--replace"))

	// As after pg_restore: the list is replayed on what was put in place.
	home = k.elsewhere()
	mustRun(t, "restore", old, "--data-dir", home)
	s := k.openIn(home)
	if _, err := s.Record(t.Context(), "shop", "maya-1"); err != nil {
		t.Errorf("without a list: %v", err)
	}
	k.must(s.Close())
	check("replayed afterwards", home, mustRun(t, "restore", "--data-dir", home, "--erasures", filepath.Join(late, "erasures.jsonl")))

	// The old keys alone, beside data of now.
	home = k.elsewhere()
	mustRun(t, "restore", old, "--data-dir", home, "--erasures", filepath.Join(late, "erasures.jsonl"))
	out := mustRun(t, "restore", old, "--only", "keys", "--replace", "--data-dir", home)
	if !strings.Contains(out, "destroyed again: 1 keys, the rows of 0 customers") {
		t.Errorf("the old keys: %s", out)
	}
	s = k.openIn(home)
	if _, err := s.Record(t.Context(), "shop", "omar-1"); err != nil {
		t.Errorf("after the old keys: %v", err)
	}
}

// TestRestoreDamaged: a backup that was changed, or cut short, is refused, and
// nothing is touched.
func TestRestoreDamaged(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	k.put("maya", 1)
	good := filepath.Join(t.TempDir(), "good")
	mustRun(t, "backup", good, "--data-dir", k.dir)
	k.must(k.Close())
	before := fingerprint(t, k.dir)
	for _, name := range []string{"candor.db", "keys.db", "erasures.jsonl", "manifest.json"} {
		whole, err := os.ReadFile(filepath.Join(good, name))
		k.must(err)
		changes := map[string][]byte{"longer": append(bytes.Clone(whole), 'x')}
		if len(whole) > 0 {
			changes["shorter"], changes["empty"] = whole[:len(whole)-3], nil
			for _, at := range []int{0, len(whole) / 3, len(whole) - 2} {
				flipped := bytes.Clone(whole)
				flipped[at] ^= 4
				changes[fmt.Sprintf("flipped at %d", at)] = flipped
			}
		}
		for how, b := range changes {
			if name == "manifest.json" && how == "longer" {
				continue // what follows it says nothing
			}
			bad := filepath.Join(t.TempDir(), "bad")
			k.must(os.CopyFS(bad, os.DirFS(good)))
			k.must(os.WriteFile(filepath.Join(bad, name), b, 0o600))
			if _, err := runCommand(t, "restore", bad, "--data-dir", k.dir, "--replace"); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s %s: %v", name, how, err)
			}
		}
		missing := filepath.Join(t.TempDir(), "missing")
		k.must(os.CopyFS(missing, os.DirFS(good)))
		k.must(os.Remove(filepath.Join(missing, name)))
		if _, err := runCommand(t, "restore", missing, "--data-dir", k.dir, "--replace"); err == nil {
			t.Errorf("without %s it is restored", name)
		}
	}
	if after := fingerprint(t, k.dir); after != before {
		t.Errorf("refused, it changed\n%s\nto\n%s", before, after)
	}
}

// fingerprint is what lies in a folder, but for its lock.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == "lock" {
			continue
		}
		s, err := sum(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, e.Name(), s)
	}
	return b.String()
}

// TestRestoreCutOff cuts a restore off after each of its renames: nothing opens
// what is half-way, and it is ended by running it again, or by the next start.
func TestRestoreCutOff(t *testing.T) {
	t.Parallel()
	for steps := 0; ; steps++ {
		k := newKept(t)
		k.put("old", 1)
		dir := filepath.Join(t.TempDir(), "backup")
		mustRun(t, "backup", dir, "--data-dir", k.dir)
		k.put("new", 1)
		k.must(k.Close())
		c := defaults()
		c.DataDir = k.dir
		// A log that was not folded back is the database's too.
		k.must(os.WriteFile(filepath.Join(k.dir, "candor.db-wal"), nil, 0o600))

		r := &restoring{Config: c, parts: []store.Schema{store.DataSchema, store.KeysSchema}, replace: true, out: t.Output()}
		k.must(r.choose([]string{dir}))
		_, err := r.stage(t.Context())
		k.must(err)
		p, _, err := r.plan()
		k.must(err)
		k.must(p.write(c))
		all := append(append([]rename{}, p.Aside...), p.In...)
		if steps > len(all) {
			return
		}
		for _, x := range all[:steps] {
			k.must(os.Rename(x.From, x.To))
		}

		for _, args := range [][]string{{"site", "list"}, {"backup", filepath.Join(t.TempDir(), "b")}} {
			if _, err := runCommand(t, append(args, "--data-dir", k.dir)...); !errors.Is(err, errHalfRestored) {
				t.Errorf("after %d renames %v: %v", steps, args, err)
			}
		}
		if steps%2 == 0 {
			mustRun(t, "restore", "--data-dir", k.dir)
		} else if ended, err := endRestore(c); err != nil || !ended {
			t.Fatalf("after %d renames: %v", steps, err)
		}
		s := k.openIn(k.dir)
		if _, err := s.Record(t.Context(), "shop", "old-1"); err != nil {
			t.Errorf("after %d renames what was backed up: %v", steps, err)
		}
		if _, err := s.Record(t.Context(), "shop", "new-1"); !errors.Is(err, retrieval.ErrNotFound) {
			t.Errorf("after %d renames what came later: %v", steps, err)
		}
		k.must(s.Close())
		// What was replaced can be put back.
		aside := filepath.Dir(p.Aside[0].To)
		for _, x := range p.Aside {
			k.must(os.Rename(x.To, x.From))
		}
		if _, err := k.openIn(k.dir).Record(t.Context(), "shop", "new-1"); err != nil {
			t.Errorf("after %d renames what was replaced: %v", steps, err)
		}
		k.must(os.Remove(aside)) // there is nothing else in it
	}
}

// TestRestoreKilled kills a restore at any moment: there is the old data, or the
// new, and running it again ends it.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	k.put("old", 1)
	dir := filepath.Join(t.TempDir(), "backup")
	mustRun(t, "backup", dir, "--data-dir", k.dir)
	k.put("new", 1)
	k.must(k.Close())
	bin := assistantBinary(t)
	run := func(args ...string) ([]byte, error) {
		return exec.CommandContext(t.Context(), bin, append(args, "--data-dir", k.dir)...).CombinedOutput()
	}
	restored := false
	for after := 20 * time.Millisecond; !restored; after += 10 * time.Millisecond {
		ctx, cancel := context.WithTimeout(t.Context(), after) // it kills
		out, err := exec.CommandContext(ctx, bin, "restore", dir, "--replace", "--data-dir", k.dir).CombinedOutput()
		killed := ctx.Err() != nil
		cancel()
		if err != nil && !killed {
			t.Fatalf("killed before %s: %v\n%s", after, err, out)
		}
		if out, err := run("site", "list"); err != nil {
			if !strings.Contains(string(out), errHalfRestored.Error()) {
				t.Fatalf("killed after %s: %v\n%s", after, err, out)
			}
			if out, err := run("restore"); err != nil {
				t.Fatalf("killed after %s and run again: %v\n%s", after, err, out)
			}
		}
		s := k.openIn(k.dir)
		_, gone := s.Record(t.Context(), "shop", "new-1")
		restored = errors.Is(gone, retrieval.ErrNotFound)
		if _, err := s.Record(t.Context(), "shop", "old-1"); err != nil || gone != nil && !restored {
			t.Fatalf("killed after %s: %v, %v", after, err, gone)
		}
		k.must(s.Close())
		if after > 10*time.Second {
			t.Fatal("it does not get on")
		}
	}
	if out, err := run("restore", dir, "--replace"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
