package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// leaseLife is how long a lease holds that is not renewed, and so how long the
	// work of a replica that died waits for another.
	leaseLife = 2 * time.Second
	// leaseBeat is how often a lease is renewed, and one that another has tried.
	leaseBeat = leaseLife / 4
	// replicaLease starts the name of the lease that says that a replica is there.
	replicaLease = "replica/"
)

// Hold does work while this replica has the lease of the name: it takes it as
// soon as it is free or has run out, runs work, and returns it when ctx ends. work
// must return soon after its context ends, which it does when the lease can no
// longer be renewed; then Hold tries to take it again. Two replicas never both
// have it, but for the moment in which work ends: what work does must bear that.
//
// Hold returns when ctx has ended, with the first error of work other than its
// context's.
func (s *Store) Hold(ctx context.Context, name string, work func(context.Context) error) error {
	beat := time.NewTicker(leaseBeat)
	defer beat.Stop()
	for ctx.Err() == nil {
		if until, err := s.take(ctx, name); err == nil && time.Now().Before(until) {
			if err := s.keep(ctx, name, until, work); err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-beat.C:
		}
	}
	return nil
}

// take takes or renews a lease. The time until which it is held is one of this
// process's monotonic clock, and passes before the database's does; it is zero
// where another has the lease.
func (s *Store) take(ctx context.Context, name string) (until time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, leaseLife)
	defer cancel()
	asked := time.Now()
	const upsert = `INSERT INTO leases (name, holder, until) VALUES (?, ?, now_micros() + ?)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE leases.holder = excluded.holder OR leases.until <= now_micros()`
	args := []any{name, s.ID, leaseLife.Microseconds()}
	var n int64
	if s.engine.shared {
		// Not behind writes, which may wait for what a replica that was stopped holds:
		// this one is well.
		n, err = rowsOf(s.reads.ExecContext(ctx, upsert, args...))
		err = s.engine.check(err)
	} else {
		err = s.Write(ctx, func(tx *Tx) (err error) {
			n, err = tx.exec(upsert, args...)
			return err
		})
	}
	if err != nil || n == 0 {
		return time.Time{}, err
	}
	return asked.Add(leaseLife), nil
}

// keep runs work while the lease can be renewed. A renewal that the database does
// not answer keeps nothing: the work ends when the lease is over here.
func (s *Store) keep(ctx context.Context, name string, until time.Time, work func(context.Context) error) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- work(working) }()
	over := time.NewTimer(time.Until(until))
	defer over.Stop()
	beat := time.NewTicker(leaseBeat)
	defer beat.Stop()
	renewing, renewed := false, make(chan time.Time, 1) // zero: it is another's
	for {
		select {
		case err := <-done:
			s.giveBack(name)
			return err
		case <-over.C:
			stop()
			return <-done
		case <-beat.C:
			if renewing || working.Err() != nil {
				continue
			}
			renewing = true
			held := until
			go func() {
				next, err := s.take(working, name)
				if err != nil {
					next = held // not renewed, and not lost yet
				}
				renewed <- next
			}()
		case until = <-renewed:
			renewing = false
			over.Reset(time.Until(until))
		}
	}
}

// giveBack lets another have the lease at once. A failure only makes it wait.
func (s *Store) giveBack(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), leaseLife)
	defer cancel()
	_ = s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("DELETE FROM leases WHERE name = ? AND holder = ?", name, s.ID)
		return err
	})
}

// Attend tells the other replicas that this one is there, until ctx ends. It
// returns at once if that cannot be said now, else a channel that is closed when
// it has ended. One process at a time attends to a database that is a file.
func (s *Store) Attend(ctx context.Context) (<-chan struct{}, error) {
	name := replicaLease + s.ID
	if !s.engine.shared {
		// Nobody else has this database: who held a lease is gone.
		err := s.Write(ctx, func(tx *Tx) error {
			_, err := tx.exec("DELETE FROM leases")
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("say that this replica is there: %w", err)
		}
	}
	if _, err := s.take(ctx, name); err != nil {
		return nil, fmt.Errorf("say that this replica is there: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		beat := time.NewTicker(leaseBeat)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				s.giveBack(name)
				return
			case <-beat.C:
				_, _ = s.take(ctx, name) // tried again at the next beat
			}
		}
	}()
	return ended, nil
}

// Holder returns which replica has a lease now; empty: none.
func (s *Store) Holder(ctx context.Context, name string) (string, error) {
	holders, err := collect(ctx, s.reads, scanString, "SELECT holder FROM leases WHERE name = ? AND until > now_micros()", name)
	if err != nil || len(holders) == 0 {
		return "", err
	}
	return holders[0], nil
}

// Replicas returns how many replicas are there.
func (s *Store) Replicas(ctx context.Context) (n int, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT COUNT(*) FROM leases WHERE name LIKE ? AND until > now_micros()", replicaLease+"%").Scan(&n)
	return n, err
}
