package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"candor/consent"
	"candor/identity"
	"candor/internal/pgtest"
)

var master = MasterKey{1, 2, 3}

// onEach runs a test of what the engines share on each of them; open opens the
// databases of the test, again and again.
func onEach(t *testing.T, test func(t *testing.T, open func() *Store)) {
	for name, fresh := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") },
		"postgres": func(t *testing.T) string { return pgtest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, keys := fresh(t), fresh(t)
			test(t, func() *Store { return opened(t, data, keys) })
		})
	}
}

func opened(tb testing.TB, data, keys string) *Store {
	tb.Helper()
	k, err := OpenKeyring(tb.Context(), keys, master)
	must(tb, err)
	s, err := Open(tb.Context(), data, k)
	must(tb, err)
	tb.Cleanup(func() { must(tb, s.Close()) })
	return s
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// numbers makes a table for what a test writes.
func numbers(tb testing.TB, s *Store) {
	tb.Helper()
	must(tb, s.Write(tb.Context(), func(tx *Tx) error {
		_, err := tx.exec("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
		return err
	}))
}

func insert(n int) func(*Tx) error {
	return func(tx *Tx) error {
		_, err := tx.exec("INSERT INTO numbers (n) VALUES (?)", n)
		return err
	}
}

// stored counts on another connection than those that write.
func (s *Store) stored(tb testing.TB, where string, args ...any) (n int) {
	tb.Helper()
	must(tb, s.reads.QueryRowContext(tb.Context(), "SELECT COUNT(*) FROM numbers WHERE "+where, args...).Scan(&n))
	return n
}

// TestGroupCommit: many writers share commits, and what one of them breaks is
// its own.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *Store) {
		s := open()
		numbers(t, s)
		refused := errors.New("refused")
		const writers, each = 32, 20
		var stored atomic.Int64
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for i := range each {
					n := w*each + i
					err := s.writeFor(t.Context(), identity.CustomerID(fmt.Sprint(n%7)), func(tx *Tx) error {
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
					if seen := s.stored(t, "n = ?", n); (seen == 1) != want {
						t.Errorf("job %d: %d rows", n, seen)
					}
					if want {
						stored.Add(1)
					}
				}
			})
		}
		group.Wait()
		must(t, s.Close())
		s = open()
		if n := s.stored(t, "TRUE"); int64(n) != stored.Load() {
			t.Errorf("after reopening %d rows, want %d", n, stored.Load())
		}
	})
}

// TestJobsShareACommit: while every writer is busy the others wait, and then go
// together, each customer's with those of others.
func TestJobsShareACommit(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *Store) {
		s := open()
		numbers(t, s)
		for round, most := range []int{maxBatch, 1} {
			s.Share(most)
			base := round * 1000
			release := make(chan struct{})
			busy := make(chan struct{}, s.engine.writers)
			first := make(chan error, s.engine.writers)
			for w := range s.engine.writers {
				go func() {
					first <- s.writeFor(context.WithoutCancel(t.Context()), identity.CustomerID(fmt.Sprint("busy ", w)), func(tx *Tx) error {
						busy <- struct{}{}
						<-release
						return insert(base + 100 + w)(tx)
					})
				}()
				<-busy
			}
			var mu sync.Mutex
			times := make(map[time.Time]int)
			var group sync.WaitGroup
			for n := range 40 {
				group.Go(func() {
					var at time.Time
					err := s.writeFor(t.Context(), identity.CustomerID(fmt.Sprint(n)), func(tx *Tx) error {
						at = tx.Now
						return insert(base + n)(tx)
					})
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					times[at]++
				})
			}
			time.Sleep(100 * time.Millisecond) // they queue
			if n := s.stored(t, "n >= ?", base); n != 0 {
				t.Errorf("%d rows are seen before their commit", n)
			}
			close(release)
			group.Wait()
			for range s.engine.writers {
				must(t, <-first)
			}
			// Each commit has its one time.
			switch {
			case most == 1 && len(times) < 30:
				t.Errorf("40 jobs that share nothing had %d commits", len(times))
			case most > 1 && len(times) > 3*s.engine.writers:
				t.Errorf("40 jobs that waited took %d commits", len(times))
			}
		}
	})
}

// TestAlone: what installs a policy shares its commit with nobody, and keeps
// nobody waiting for good.
func TestAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *Store) {
		s := open()
		var mu sync.Mutex
		alone := make(map[time.Time]bool) // the times of commits
		var group sync.WaitGroup
		for n := range 60 {
			group.Go(func() {
				var at time.Time
				j := job{ctx: t.Context(), alone: n%10 == 0, fn: func(tx *Tx) error { at = tx.Now; return nil }}
				if err := s.write(j); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if other, shared := alone[at]; shared && (other || j.alone) && !s.engine.shared {
					t.Error("a commit that should be alone is not")
				}
				alone[at] = j.alone
			})
		}
		group.Wait()
	})
}

func TestWriteIsNotBegun(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *Store) {
		s := open()
		numbers(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for i := range 20 { // select takes either way, when both are open
			if err := s.Write(ctx, insert(i)); !errors.Is(err, context.Canceled) {
				t.Errorf("with a cancelled context: %v", err)
			}
		}
		must(t, s.Close())
		if err := s.Write(t.Context(), insert(100)); err == nil {
			t.Error("a closed store wrote")
		}
		s = open()
		if n := s.stored(t, "TRUE"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}

// TestWake: after the commit, and not for what was rolled back.
func TestWake(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *Store) {
		s := open()
		numbers(t, s)
		wake, stop := s.Watch("topic")
		other, stopOther := s.Watch("other")
		defer stopOther()
		failed := errors.New("failed")
		if err := s.Write(t.Context(), func(tx *Tx) error { tx.Wake("topic"); return failed }); !errors.Is(err, failed) {
			t.Fatal(err)
		}
		must(t, s.Write(t.Context(), insert(1)))
		select {
		case <-wake:
			t.Error("woken by what was rolled back")
		default:
		}
		for range 3 { // a watcher that does not listen holds nothing up
			must(t, s.Write(t.Context(), func(tx *Tx) error { tx.Wake("topic"); return nil }))
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
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.watchers) != 1 {
			t.Errorf("%d topics are watched after one has stopped", len(s.watchers))
		}
	})
}

// TestKeysInMemory: those that were used last, and no more than a bound.
func TestKeysInMemory(t *testing.T) {
	t.Parallel()
	s := opened(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"), "sqlite:"+filepath.Join(t.TempDir(), "b.db"))
	k := s.keys
	must(t, k.Create(t.Context(), "cus_1"))
	must(t, only(k.For(t.Context(), "cus_1")))
	for n := range maxCachedKeys {
		k.order.PushFront(cachedKey{customer: identity.CustomerID(fmt.Sprint(n))})
		k.cache[identity.CustomerID(fmt.Sprint(n))] = k.order.Front()
		if n == 10 {
			must(t, only(k.For(t.Context(), "cus_1"))) // used again
		}
	}
	must(t, k.Create(t.Context(), "cus_2"))
	must(t, only(k.For(t.Context(), "cus_2")))
	_, first := k.cache["0"]
	_, used := k.cache["cus_1"]
	if len(k.cache) != k.order.Len() || first || !used {
		t.Errorf("%d keys, %d in their order; the oldest is there: %t; one used since: %t", len(k.cache), k.order.Len(), first, used)
	}
}

func only[T any](_ T, err error) error { return err }

// TestFaults: what the errors of PostgreSQL mean for who met them.
func TestFaults(t *testing.T) {
	t.Parallel()
	for want, errs := range map[fault][]error{
		ordinary: {
			errors.New("other"), context.Canceled, &pgconn.PgError{Code: "23505"}, &pgconn.PgError{Code: "42P01"},
			&pgconn.ParseConfigError{}, &pgconn.PgError{Code: "57014"},
		},
		transient: {&pgconn.PgError{Code: "40001"}, &pgconn.PgError{Code: "40P01"}, &pgconn.PgError{Code: "55P03"}},
		away: {
			driver.ErrBadConn, io.ErrUnexpectedEOF, &pgconn.PgError{Code: "57P01"}, &pgconn.PgError{Code: "57P03"},
			&pgconn.PgError{Code: "53300"}, &pgconn.PgError{Code: "53100"}, &pgconn.PgError{Code: "08006"},
			&pgconn.PgError{Code: "25006"}, &pgconn.PgError{Code: "25P03"},
		},
		notText: {&pgconn.PgError{Code: "22021"}},
	} {
		for _, err := range errs {
			if got := postgresEngine.fault(fmt.Errorf("wrapped: %w", err)); got != want {
				t.Errorf("%v is %d, want %d", err, got, want)
			}
			checked := postgresEngine.check(err)
			if errors.Is(checked, identity.ErrUnavailable) != (want == away) || errors.Is(checked, sql.ErrNoRows) != (want == notText) {
				t.Errorf("%v is told as %v", err, checked)
			}
		}
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "candor.db", "mysql://host/x", "postgres://user:hunter2@host:port/x", "postgres://user:hunter2@host"} {
		_, _, err := engineOf(bad)
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for good, want := range map[string]*engine{
		"sqlite:/x/y.db": sqliteEngine, "postgres://u:p@host/x": postgresEngine, "postgresql://host/x?sslmode=require": postgresEngine,
	} {
		if e, _, err := engineOf(good); err != nil || e != want {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for engine, fresh := range map[string]func(b *testing.B) string{
		"sqlite":   func(b *testing.B) string { return "sqlite:" + filepath.Join(b.TempDir(), "test.db") },
		"postgres": func(b *testing.B) string { return pgtest.Database(b) },
	} {
		for _, writers := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s/writers=%d", engine, writers), func(b *testing.B) {
				s := opened(b, fresh(b), fresh(b))
				numbers(b, s)
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
}

// TestOutcome: what became of a commit is the same however often it is asked, and
// one that was undone is never taken for the row that asking has left.
func TestOutcome(t *testing.T) {
	t.Parallel()
	s := onPostgres(t)
	for range 3 {
		if o, err := committedPostgres(t.Context(), s.writes, "never"); err != nil || o != undone {
			t.Errorf("a commit that never was: %v, %v", o, err)
		}
	}
	tx, err := s.writes.begin(t.Context(), nil)
	must(t, err)
	_, id, _, err := beginPostgres(t.Context(), tx, nil, false)
	must(t, err)
	must(t, tx.Commit())
	for range 3 {
		if o, err := committedPostgres(t.Context(), s.writes, id); err != nil || o != done {
			t.Errorf("a commit that was: %v, %v", o, err)
		}
	}
}

// TestMovedWhileOpen: who has a database open that is moved elsewhere acknowledges
// nothing more in it.
func TestMovedWhileOpen(t *testing.T) {
	t.Parallel()
	s := onPostgres(t)
	_, err := s.writes.ExecContext(t.Context(), "UPDATE installation SET moved = 'elsewhere'")
	must(t, err)
	_, err = s.keys.db.ExecContext(t.Context(), "INSERT INTO installation (one, keys, moving, moved) VALUES (1, ?, FALSE, 'elsewhere') ON CONFLICT (one) DO UPDATE SET moved = excluded.moved", s.keys.Installation())
	must(t, err)
	if err := s.AddSite(t.Context(), identity.Site{ID: "late", Name: "Late", Secret: []byte("s")}, "key"); !errors.Is(err, ErrMoved) {
		t.Errorf("a write: %v", err)
	}
	if err := s.keys.Create(t.Context(), "cus_late"); !errors.Is(err, ErrMoved) {
		t.Errorf("a key: %v", err)
	}
}

// onPostgres opens an empty store on PostgreSQL.
func onPostgres(t *testing.T) *Store {
	t.Helper()
	data, keysURL := pgtest.Database(t), pgtest.Database(t)
	keys, err := OpenKeyring(t.Context(), keysURL, master)
	must(t, err)
	s, err := Open(t.Context(), data, keys)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// TestPoliciesInOrder: the order of policies is that in which they were put in
// force, also where the clock was set back meanwhile.
func TestPoliciesInOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *Store) {
		s, first := open(), consent.DefaultPolicy()
		must(t, s.InstallPolicy(t.Context(), first))
		must(t, s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.exec("UPDATE policies SET at = at + 3600000000")
			return err
		}))
		second, err := consent.LoadPolicy(strings.NewReader(strings.Replace(string(first.Text()), first.Version, "1999-01-01", 1)))
		must(t, err)
		must(t, s.InstallPolicy(t.Context(), second))
		all, err := s.Policies(t.Context())
		if err != nil || len(all) != 2 || all[1].Version != second.Version || !all[1].At.After(all[0].At) {
			t.Errorf("%v, %v", all, err)
		}
	})
}
