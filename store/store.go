// Package store keeps everything in SQL: it implements the storage contracts of
// the domain packages, and is the only package that knows SQL.
//
// It promises that a write is durable when it returns, that everything
// customer-linked is sealed under that customer's key before it reaches the
// disk, and that a release commits only if the scope it was made under still
// holds in the same transaction. It never decides what may be used.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver
)

//go:embed migrations
var migrations embed.FS

// Store is the database. It is safe for concurrent use.
type Store struct {
	reads  *sql.DB
	writes *sql.DB
	keys   *Keyring

	jobs   chan job
	closed chan struct{}
	close  func() error
	done   sync.WaitGroup

	mu       sync.Mutex
	watchers map[string]map[chan struct{}]bool
}

// maxBatch bounds how many jobs share a commit, and so how long one waits for
// the others.
const maxBatch = 256

// OpenSQLite opens the database in a file and brings its schema up to date.
// The Store takes the keyring over and closes it.
func OpenSQLite(ctx context.Context, path string, keys *Keyring) (*Store, error) {
	reads, err := openSQLite(path, "deferred")
	if err != nil {
		return nil, err
	}
	writes, err := openSQLite(path, "immediate")
	if err != nil {
		return nil, errors.Join(err, reads.Close())
	}
	writes.SetMaxOpenConns(1)
	reads.SetMaxOpenConns(8)
	s := &Store{
		reads: reads, writes: writes, keys: keys,
		jobs: make(chan job), closed: make(chan struct{}),
		watchers: make(map[string]map[chan struct{}]bool),
	}
	if err := migrate(ctx, writes, "sqlite"); err != nil {
		return nil, errors.Join(err, reads.Close(), writes.Close())
	}
	s.close = sync.OnceValue(func() error {
		close(s.closed)
		s.done.Wait()
		return errors.Join(s.reads.Close(), s.writes.Close(), s.keys.Close())
	})
	s.done.Go(s.writer)
	return s, nil
}

func openSQLite(path, lock string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// Made here, so that nobody else may read it, nor its write-ahead log, which
	// gets the same mode.
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	q := url.Values{"_txlock": {lock}}
	for _, p := range []string{
		"journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "foreign_keys(ON)",
		"busy_timeout(10000)", "temp_store(MEMORY)",
	} {
		q.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}
	return sql.Open("sqlite", u.String())
}

func migrate(ctx context.Context, db *sql.DB, dialect string) error {
	dir, err := fs.Sub(migrations, "migrations/"+dialect)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	if current > target {
		return fmt.Errorf("the database has schema version %d, this program knows up to %d: use a newer program", current, target)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

// Close waits for the writes under way and closes the database. Closing again
// does nothing.
func (s *Store) Close() error { return s.close() }

// Ready reports whether the database takes writes.
func (s *Store) Ready(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("UPDATE policy SET at = at")
		return err
	})
}

// Tx is a writing transaction. Its methods add to the statement's error what
// was attempted; values are never part of an error.
type Tx struct {
	ctx   context.Context
	tx    *sql.Tx
	Now   time.Time // the database's clock
	wakes []string
}

type job struct {
	ctx  context.Context
	fn   func(*Tx) error
	done chan error
}

// Write runs fn in a transaction and returns when it is committed and durable,
// or with fn's error, in which case nothing of fn was stored. One goroutine
// writes; jobs that wait share a commit, each under a savepoint of its own. fn
// must not do I/O and must not keep the Tx.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	j := job{ctx, fn, make(chan error, 1)}
	select {
	case s.jobs <- j:
	case <-s.closed:
		return errors.New("the database is closed")
	case <-ctx.Done():
		return ctx.Err()
	}
	// Once taken, the job runs to its end: its caller must learn whether it was
	// committed.
	return <-j.done
}

func (s *Store) writer() {
	for {
		select {
		case j := <-s.jobs:
			s.commit(s.gather(j))
		case <-s.closed:
			return
		}
	}
}

// gather adds the jobs that are waiting already.
func (s *Store) gather(first job) []job {
	batch := []job{first}
	for len(batch) < maxBatch {
		select {
		case j := <-s.jobs:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

func (s *Store) commit(batch []job) {
	results := make([]error, len(batch))
	wakes, err := s.run(batch, results)
	for i, j := range batch {
		if err != nil {
			results[i] = err
		}
		j.done <- results[i]
	}
	if err == nil {
		for _, topic := range wakes {
			s.Wake(topic)
		}
	}
}

// run runs the jobs in one transaction; results gets each one's own error.
func (s *Store) run(batch []job, results []error) (wakes []string, err error) {
	ctx := context.Background()
	raw, err := s.writes.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, raw.Rollback())
		}
	}()
	now := time.Now().UTC().Truncate(time.Microsecond)
	for i, j := range batch {
		if j.ctx.Err() != nil {
			results[i] = j.ctx.Err()
			continue
		}
		if _, err := raw.ExecContext(ctx, "SAVEPOINT job"); err != nil {
			return nil, fmt.Errorf("savepoint: %w", err)
		}
		tx := &Tx{ctx: ctx, tx: raw, Now: now}
		results[i] = attempt(tx, j.fn)
		if results[i] == nil {
			wakes = append(wakes, tx.wakes...)
		} else if _, err := raw.ExecContext(ctx, "ROLLBACK TO SAVEPOINT job"); err != nil {
			return nil, fmt.Errorf("roll a job back: %w", err)
		}
		if _, err := raw.ExecContext(ctx, "RELEASE SAVEPOINT job"); err != nil {
			return nil, fmt.Errorf("end of a job: %w", err)
		}
	}
	if err := raw.Commit(); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	return wakes, nil
}

// attempt runs fn; a panic fails the job, not the writer.
func attempt(tx *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a write panicked: %T", r)
		}
	}()
	return fn(tx)
}

func (tx *Tx) exec(query string, args ...any) (rows int64, err error) {
	res, err := tx.tx.ExecContext(tx.ctx, query, args...)
	if err != nil {
		return 0, sqlError(query, err)
	}
	return res.RowsAffected()
}

func (tx *Tx) row(query string, args ...any) *sql.Row {
	return tx.tx.QueryRowContext(tx.ctx, query, args...)
}

// Wake wakes the watchers of a topic once the transaction is committed.
func (tx *Tx) Wake(topic string) { tx.wakes = append(tx.wakes, topic) }

// sqlError names the statement without its values.
func sqlError(query string, err error) error {
	line, _, _ := strings.Cut(strings.TrimSpace(query), "\n")
	if len(line) > 60 {
		line = line[:60]
	}
	return fmt.Errorf("%s: %w", line, err)
}

// querier is what reads: the pool, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// collect reads all rows with scan.
func collect[T any](ctx context.Context, q querier, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, sqlError(query, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// marks returns n placeholders, for IN lists; n must be positive.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// anys returns values as arguments.
func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// Times are stored as microseconds since 1970 UTC, the zero time as 0.

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

// Watch returns a channel that receives after a commit that concerns the topic.
func (s *Store) Watch(topic string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers[topic] == nil {
		s.watchers[topic] = make(map[chan struct{}]bool)
	}
	s.watchers[topic][c] = true
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers[topic], c)
		if len(s.watchers[topic]) == 0 {
			delete(s.watchers, topic)
		}
	}
}

// Wake wakes the watchers of a topic: after a commit here, or when a message
// tells of one elsewhere.
func (s *Store) Wake(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.watchers[topic] {
		select {
		case c <- struct{}{}:
		default: // it has a wake-up already
		}
	}
}
