package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/identity"
)

func numbers(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	f.must(f.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.exec("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
		return err
	}))
	return f
}

func insert(n int) func(*Tx) error {
	return func(tx *Tx) error {
		_, err := tx.exec("INSERT INTO numbers (n) VALUES (?)", n)
		return err
	}
}

// TestGroupCommit: many writers share commits, and what one of them breaks is
// its own.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	f := numbers(t)
	db := f.raw("candor.db")
	refused := errors.New("refused")
	const writers, each = 32, 20
	var stored atomic.Int64
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				n := w*each + i
				err := f.Write(t.Context(), func(tx *Tx) error {
					if err := insert(n)(tx); err != nil {
						return err
					}
					switch n % 5 {
					case 1:
						return refused
					case 2:
						panic("a fault with Maya's order in it")
					case 3:
						return insert(n)(tx) // twice: a constraint fails
					}
					return nil
				})
				want := n%5 == 0 || n%5 == 4
				if (err == nil) != want {
					t.Errorf("job %d: %v", n, err)
				}
				switch n % 5 {
				case 1:
					if !errors.Is(err, refused) {
						t.Errorf("job %d has the error of another: %v", n, err)
					}
				case 2:
					if err != nil && strings.Contains(err.Error(), "Maya") {
						t.Errorf("the error holds what panicked: %v", err)
					}
				}
				// Whoever was told has it on another connection, or has nothing there.
				var seen int
				if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM numbers WHERE n = ?", n).Scan(&seen); err != nil || (seen == 1) != want {
					t.Errorf("job %d: %d rows, %v", n, seen, err)
				}
				if want {
					stored.Add(1)
				}
			}
		})
	}
	group.Wait()
	f.reopen()
	if n := f.count("SELECT COUNT(*) FROM numbers"); int64(n) != stored.Load() {
		t.Errorf("after reopening %d rows, want %d", n, stored.Load())
	}
}

// TestJobsShareACommit: while one job runs, the others wait and then go together.
func TestJobsShareACommit(t *testing.T) {
	t.Parallel()
	f := numbers(t)
	running, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- f.Write(context.WithoutCancel(t.Context()), func(tx *Tx) error {
			close(running)
			<-release
			return insert(-1)(tx)
		})
	}()
	<-running
	var mu sync.Mutex
	times := make(map[time.Time]int)
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			err := f.Write(t.Context(), func(tx *Tx) error {
				mu.Lock()
				times[tx.Now]++
				mu.Unlock()
				return insert(n)(tx)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(100 * time.Millisecond) // they queue
	if n := f.count("SELECT COUNT(*) FROM numbers"); n != 0 {
		t.Errorf("%d rows are seen before their commit", n)
	}
	close(release)
	group.Wait()
	if err := <-first; err != nil {
		t.Error(err)
	}
	if len(times) > 5 { // each commit has its one time
		t.Errorf("40 jobs that waited took %d commits", len(times))
	}
}

func TestWriteIsNotBegun(t *testing.T) {
	t.Parallel()
	f := numbers(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 20 { // select takes either way, when both are open
		if err := f.Write(ctx, insert(i)); !errors.Is(err, context.Canceled) {
			t.Errorf("with a cancelled context: %v", err)
		}
	}
	f.must(f.Close())
	if err := f.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if err := f.Write(t.Context(), insert(100)); err == nil {
		t.Error("a closed store wrote")
	}
	f.reopen()
	if n := f.count("SELECT COUNT(*) FROM numbers"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// TestWake: after the commit, and not for what was rolled back.
func TestWake(t *testing.T) {
	t.Parallel()
	f := numbers(t)
	wake, stop := f.Watch("topic")
	other, stopOther := f.Watch("other")
	defer stopOther()
	failed := errors.New("failed")
	if err := f.Write(t.Context(), func(tx *Tx) error { tx.Wake("topic"); return failed }); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	f.must(f.Write(t.Context(), insert(1)))
	select {
	case <-wake:
		t.Error("woken by what was rolled back")
	default:
	}
	for range 3 { // a watcher that does not listen holds nothing up
		f.must(f.Write(t.Context(), func(tx *Tx) error { tx.Wake("topic"); return nil }))
	}
	select {
	case <-wake:
	case <-time.After(10 * time.Second):
		t.Error("not woken")
	}
	select {
	case <-other:
		t.Error("woken for another topic")
	default:
	}
	stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.watchers) != 1 {
		t.Errorf("%d topics are watched after one has stopped", len(f.watchers))
	}
}

// TestErrorsHoldNoValues: what was written is not in what failed.
func TestErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	err := f.PutRecord(t.Context(), record(identity.Principal{Customer: f.maya.Customer}, "r", "orders", "secret words"))
	f.must(err)
	r := record(f.maya, "r2", "orders", "secret words")
	r.Site = "nowhere"
	err = f.PutRecord(t.Context(), r)
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), string(f.maya.Customer)) {
		t.Errorf("%v", err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.must(f.Close())
	_, err := f.raw("candor.db").ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	f.must(err)
	keys, err := OpenKeyring(t.Context(), filepath.Join(f.dir, "keys.db"), master)
	f.must(err)
	s, err := OpenSQLite(t.Context(), filepath.Join(f.dir, "candor.db"), keys)
	if err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("a database of the future was opened: %v", err)
	}
	if s != nil {
		_ = s.Close()
	}
	f.must(keys.Close())
}

func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 32} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			dir := b.TempDir()
			keys, err := OpenKeyring(b.Context(), filepath.Join(dir, "keys.db"), master)
			if err != nil {
				b.Fatal(err)
			}
			s, err := OpenSQLite(b.Context(), filepath.Join(dir, "candor.db"), keys)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			if err := s.Write(b.Context(), func(tx *Tx) error {
				_, err := tx.exec("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
				return err
			}); err != nil {
				b.Fatal(err)
			}
			var n atomic.Int64
			b.SetParallelism(max(1, writers/2)) // of two processors
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Write(b.Context(), insert(int(n.Add(1)))); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
