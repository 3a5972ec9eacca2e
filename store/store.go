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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/identity"
)

//go:embed migrations
var migrations embed.FS

// Store is the database. It is safe for concurrent use.
type Store struct {
	// ID names this process among the replicas.
	ID string

	engine *engine
	reads  *pool
	writes *pool
	keys   *Keyring

	jobs   chan job
	closed chan struct{}
	close  func() error
	done   sync.WaitGroup

	truncating sync.Mutex
	refused    time.Time         // when the write-ahead logs could not be emptied last; under truncating
	logged     atomic.Bool       // what was destroyed may be in the write-ahead logs
	forgot     atomic.Int64      // until when ForgetErased has looked; 0: it has not
	waiting    sync.Map          // of who was erased here, and may be outside still; see goneOutside
	step       func(name string) // for tests: what an erasure has done; nil: nobody is told

	most     atomic.Int32 // jobs that share a commit
	pause    atomic.Int64 // in nanoseconds, see GiveWay
	slower   atomic.Int64 // in nanoseconds, see SlowDisk
	desk     desk
	mu       sync.Mutex
	watchers map[string]map[chan struct{}]bool
}

// maxBatch bounds how many jobs share a commit, and so how long one waits for
// the others.
const maxBatch = 256

// Share sets how many writes may share a commit: 1 is none. It is for measuring
// what sharing brings.
func (s *Store) Share(most int) { s.most.Store(int32(min(max(most, 1), maxBatch))) }

// SlowDisk has each commit of the data wait so much longer, doing nothing, as for a disk
// whose sync takes that much more: 0 is none. It is for measuring.
func (s *Store) SlowDisk(wait time.Duration) { s.slower.Store(int64(wait)) }

// Open opens the database of a URL (sqlite:PATH, or postgres:) and brings its
// schema up to date. A database that was sealed with other keys, was moved
// elsewhere, or is being moved into, is refused. The Store takes the keyring over
// and closes it.
func Open(ctx context.Context, rawURL string, keys *Keyring) (*Store, error) {
	e, target, err := engineOf(rawURL)
	if err != nil {
		return nil, err
	}
	s := &Store{
		ID: identity.NewID("rep"), engine: e, keys: keys,
		jobs: make(chan job), closed: make(chan struct{}),
		watchers: make(map[string]map[chan struct{}]bool),
	}
	if s.writes, err = newPool(e, target, forWriting); err != nil {
		return nil, err
	}
	if err := s.writes.holds(ctx, DataSchema); err != nil {
		return nil, errors.Join(err, s.writes.Close())
	}
	if err := migrateFreely(ctx, e, target); err != nil {
		return nil, errors.Join(err, s.writes.Close())
	}
	if s.reads, err = newPool(e, target, forReading); err != nil {
		return nil, errors.Join(err, s.writes.Close())
	}
	s.Share(maxBatch)
	s.logged.Store(true) // by a process that was killed
	s.close = sync.OnceValue(func() error {
		close(s.closed)
		s.done.Wait()
		return errors.Join(s.reads.Close(), s.writes.Close(), s.keys.Close())
	})
	for range e.writers {
		s.done.Go(s.writer)
	}
	if err := s.install(ctx); err != nil {
		// The keyring is not taken over after all.
		close(s.closed)
		s.done.Wait()
		return nil, errors.Join(err, s.reads.Close(), s.writes.Close())
	}
	return s, nil
}

func migrationsIn(folder string) (fs.FS, error) { return fs.Sub(migrations, "migrations/"+folder) }

// migrateFreely brings the schema of the data up to date, over a connection that a
// server gives as long as it takes.
func migrateFreely(ctx context.Context, e *engine, target string) error {
	p, err := newPool(e, target, forKeys)
	if err != nil {
		return err
	}
	return errors.Join(p.migrate(ctx, e.name), p.Close())
}

// migrate brings the schema up to date.
func (p *pool) migrate(ctx context.Context, folder string) error {
	m, err := p.engine.provider(p.DB, folder)
	if err != nil {
		return err
	}
	current, target, err := m.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema version: %w", p.engine.check(err))
	}
	if current > target {
		return newerSchema(current, target)
	}
	if current == target {
		return nil
	}
	if _, err := m.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", p.engine.check(err))
	}
	return nil
}

// Errors of Open.
var (
	// ErrOtherKeys means that the data was sealed with other keys.
	ErrOtherKeys = errors.New("the keys database is not the one that this data was sealed with: name the right one (keys), or restore it")
	// ErrMoving means that a move into the database was not finished.
	ErrMoving = errors.New("a move into this database is not finished: run assistant move again until it is")
	// ErrMoved means that the data was moved elsewhere.
	ErrMoved = errors.New("this data was moved to another database: use that one")
)

// install remembers which keys the data is sealed with, and refuses others.
func (s *Store) install(ctx context.Context) error {
	fingerprint := s.keys.Hash("installation")
	var stored, moved string
	var moving bool
	err := s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("INSERT INTO installation (one, keys) VALUES (1, ?) ON CONFLICT DO NOTHING", fingerprint)
		if err != nil {
			return err
		}
		return tx.row("SELECT keys, moving, moved FROM installation").Scan(&stored, &moving, &moved)
	})
	switch {
	case err != nil:
		return fmt.Errorf("open the database: %w", err)
	case stored != fingerprint:
		return ErrOtherKeys
	case moving:
		return ErrMoving
	case moved != "":
		return movedTo(moved)
	}
	return nil
}

// Close waits for the writes under way and closes the database. Closing again
// does nothing.
func (s *Store) Close() error { return s.close() }

// Ready reports whether the database takes writes. It writes a row that is this
// replica's own, so that nobody waits for it.
func (s *Store) Ready(ctx context.Context) error {
	return s.writeNew(ctx, func(tx *Tx) error {
		_, err := tx.exec("UPDATE leases SET until = until WHERE name = ?", replicaLease+s.ID)
		return err
	})
}

// Tx is a writing transaction. Its methods add to the statement's error what
// was attempted; values are never part of an error.
type Tx struct {
	ctx      context.Context
	tx       *transaction
	Now      time.Time           // the database's clock
	customer identity.CustomerID // whose row is locked; empty: nobody's
	keys     *Keyring            // for keyed hashes
	holding  *holding            // for keeping what a legal hold covers; nil: it was not read
	erased   bool                // the customer is erased by this transaction
	wakes    []string
	arranged *arranged  // what the jobs of the commit read alike
	outgoing []outgoing // for the outbox, once fn is done
}

// arranged is what writes read and administrators alone change: it is read once a commit,
// and again after a job that may have changed it.
type arranged struct {
	queues []agents.Queue // as queueQuery has them; nil: they were not read
	hooks  []hook         // what webhooks want, once hooksRead

	hooksRead bool
}

type job struct {
	ctx      context.Context
	customer identity.CustomerID // whom it is about; empty: nobody
	adds     bool                // locks no row that another job wants
	alone    bool                // shares no commit, and runs while nobody else writes
	erases   bool                // is part of the erasure of its customer
	holding  *holding
	fn       func(*Tx) error
	done     chan error
}

// Write runs fn in a transaction and returns when it is committed and durable,
// or with fn's error, in which case nothing of fn was stored. Jobs that wait
// share a commit, each under a savepoint of its own. fn must not do I/O, must not
// keep the Tx, and may be run again where a commit was undone: it assigns to what
// is outside it, and never adds.
//
// identity.ErrUnavailable means that the database is away. Where the connection
// was lost in the commit and the database stays away, it may have happened.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	return s.write(job{ctx: ctx, fn: fn})
}

// errErased refuses what is about somebody who was erased.
var errErased = fmt.Errorf("%w: they were erased", consent.ErrUnknownCustomer)

// writeFor is Write for what is about a customer, whose row is locked: nothing
// else about them changes meanwhile, on any replica. Of somebody who was erased
// nothing is written, whoever still has their key (consent.ErrUnknownCustomer).
func (s *Store) writeFor(ctx context.Context, customer identity.CustomerID, fn func(*Tx) error) error {
	return s.writeHeld(job{ctx: ctx, customer: customer, fn: fn})
}

// writeHeld is write for what may delete something that a legal hold keeps: fn is
// run again with the keys of the holds, if there are any.
func (s *Store) writeHeld(j job) error {
	for {
		err := s.write(j)
		if !errors.Is(err, errHolds) {
			return err
		}
		if j.holding, err = s.holding(j.ctx, j.customer); err != nil {
			return err
		}
	}
}

// writeNew is Write for what only adds rows, or removes some of its own, so that no
// other write ever waits for it.
func (s *Store) writeNew(ctx context.Context, fn func(*Tx) error) error {
	return s.write(job{ctx: ctx, adds: true, fn: fn})
}

// writeAlone is Write for what changes rows of many customers, or of many sites: on a
// server it waits until nobody writes, and whoever comes then waits for it.
func (s *Store) writeAlone(ctx context.Context, fn func(*Tx) error) error {
	return s.write(job{ctx: ctx, alone: true, fn: fn})
}

func (s *Store) write(j job) error {
	j.done = make(chan error, 1)
	select {
	case s.jobs <- j:
	case <-s.closed:
		return errors.New("the database is closed")
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
	// Once taken, the job runs to its end: its caller must learn whether it was
	// committed.
	return <-j.done
}

func (s *Store) writer() {
	var next *job
	for {
		var first job
		if next != nil {
			first = *next
		} else {
			select {
			case first = <-s.jobs:
			case <-s.closed:
				return
			}
		}
		var batch []job
		batch, next = s.gather(first)
		s.commit(batch)
		if pause := s.pause.Load(); pause > 0 && !s.engine.shared {
			time.Sleep(time.Duration(pause))
		}
	}
}

// GiveWay makes this process pause after each of its commits, so that another one of
// the same file gets at it in between: for a command that writes much beside a server.
func (s *Store) GiveWay(pause time.Duration) { s.pause.Store(int64(pause)) }

// gather adds the jobs that are waiting already, up to one that cannot share this
// commit, which is returned apart.
//
// On a server two commits must not wait for each other: each locks its customers in
// one order, and then has at most one job that may wait for anything else.
func (s *Store) gather(first job) (batch []job, next *job) {
	batch = []job{first}
	waits := first.waits()
	for !first.alone && len(batch) < int(s.most.Load()) {
		select {
		case j := <-s.jobs:
			if j.alone || waits && j.waits() && s.engine.shared {
				return batch, &j
			}
			waits = waits || j.waits()
			batch = append(batch, j)
		default:
			return batch, nil
		}
	}
	return batch, nil
}

// waits reports whether the job may wait for rows other than its customer's.
func (j job) waits() bool { return j.customer == "" && !j.adds }

const (
	// maxRuns is how often a batch is run whose transaction was undone by the
	// database.
	maxRuns = 4
	// runTimeout bounds a transaction on a server.
	runTimeout = 15 * time.Second
	// settleTimeout is how long the outcome of a commit is asked for.
	settleTimeout = 5 * time.Second
)

func (s *Store) commit(batch []job) {
	results := make([]error, len(batch))
	var wakes []string
	var err error
	for try := range maxRuns {
		var again bool
		wakes, again, err = s.run(batch, results)
		if err == nil || !again {
			break
		}
		time.Sleep(time.Duration(try) * 20 * time.Millisecond)
	}
	if err != nil && s.engine.fault(err) == transient { // and it did not go away
		err = fmt.Errorf("%w: %w", identity.ErrUnavailable, err)
	}
	for i, j := range batch {
		if err != nil {
			results[i] = err
		}
		j.done <- results[i]
	}
	if err == nil {
		for _, topic := range wakes {
			if topic == deskTopic {
				s.desk.changes.Add(1)
			}
			s.Wake(topic)
		}
	}
}

// run runs the jobs in one transaction; results gets each one's own error. With
// an error of the transaction, again says that it is undone and may be run again.
func (s *Store) run(batch []job, results []error) (wakes []string, again bool, err error) {
	ctx := context.Background()
	if s.engine.shared {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, runTimeout)
		defer cancel()
	}
	raw, err := s.writes.begin(ctx, nil)
	if err != nil {
		return nil, s.undone(err), fmt.Errorf("begin: %w", err)
	}
	wakes, id, err := s.runJobs(ctx, raw, batch, results)
	if err != nil {
		_ = raw.Rollback() // its error would be that of the same connection
		return nil, s.undone(err), err
	}
	if len(batch) == 1 && results[0] != nil { // it had no savepoint
		_ = raw.Rollback() // the job's error says more
		return nil, false, nil
	}
	if slower := s.slower.Load(); slower > 0 {
		time.Sleep(time.Duration(slower))
	}
	if err := raw.Commit(); err != nil {
		o := s.settle(id)
		if o == done {
			return wakes, false, nil
		}
		return nil, o == undone && s.undone(err), fmt.Errorf("commit: %w", s.engine.check(err))
	}
	raw.prepare(ctx)
	return wakes, false, nil
}

// undone reports whether a transaction that failed before its commit may be run
// again.
func (s *Store) undone(err error) bool {
	f := s.engine.fault(err)
	return f == transient || f == away && s.engine.shared
}

// settle finds out what became of a commit that failed.
func (s *Store) settle(id string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
	defer cancel()
	for {
		if o, err := s.engine.committed(ctx, s.writes, id); err == nil && o != unknown {
			return o
		}
		select {
		case <-ctx.Done():
			return unknown
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Store) runJobs(ctx context.Context, raw *transaction, batch []job, results []error) (wakes []string, id string, err error) {
	now, id, erased, err := s.engine.begin(ctx, raw, customersOf(batch), batch[0].alone)
	if err != nil {
		return nil, "", fmt.Errorf("begin: %w", s.engine.check(err))
	}
	savepoint := func(statement string) error {
		if len(batch) == 1 {
			return nil // the transaction is the job's own
		}
		if _, err := raw.ExecContext(ctx, statement); err != nil {
			return sqlError(statement, s.engine.check(err))
		}
		return nil
	}
	var known arranged
	for i, j := range batch {
		if results[i] = j.ctx.Err(); results[i] != nil {
			continue
		}
		if !j.erases && slices.Contains(erased, string(j.customer)) {
			s.keys.forget(j.customer)
			results[i] = errErased
			continue
		}
		if err := savepoint("SAVEPOINT job"); err != nil {
			return nil, "", err
		}
		tx := &Tx{ctx: ctx, tx: raw, Now: now, customer: j.customer, keys: s.keys, holding: j.holding, arranged: &known}
		results[i] = attempt(tx, j.fn)
		if j.waits() {
			known = arranged{}
		}
		if results[i] == nil {
			wakes = append(wakes, tx.wakes...)
			if tx.erased { // for the jobs behind it, which share its commit
				erased = append(erased, string(j.customer))
			}
		} else if s.engine.fault(results[i]) != ordinary {
			return nil, "", results[i] // not the job's own: nothing of the batch stands
		} else if err := savepoint("ROLLBACK TO SAVEPOINT job"); err != nil {
			return nil, "", err
		}
		if err := savepoint("RELEASE SAVEPOINT job"); err != nil {
			return nil, "", err
		}
	}
	return wakes, id, nil
}

// customersOf returns whom a batch is about, each once, in order.
func customersOf(batch []job) []string {
	var out []string
	for _, j := range batch {
		if j.customer != "" {
			out = append(out, string(j.customer))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// attempt runs fn; a panic fails the job, not the writer.
func attempt(tx *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a write panicked: %T", r)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.putOut()
}

func (tx *Tx) exec(query string, args ...any) (rows int64, err error) {
	res, err := tx.tx.ExecContext(tx.ctx, query, args...)
	if err != nil {
		return 0, sqlError(query, tx.tx.engineOf().check(err))
	}
	return res.RowsAffected()
}

func (tx *Tx) row(query string, args ...any) row {
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

// collect reads all rows with scan.
func collect[T any](ctx context.Context, q querier, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	check := q.engineOf().check
	ctx, cancel := q.engineOf().limit(ctx)
	defer cancel()
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		if err = check(err); errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
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
	if err := check(rows.Err()); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, sqlError(query, err)
	}
	return out, nil
}

// marks returns n placeholders, for IN lists; n must be positive.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// rows returns placeholders for n rows of as many columns, for VALUES.
func rows(n, columns int) string {
	return strings.TrimSuffix(strings.Repeat("("+marks(columns)+"), ", n), ", ")
}

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
