package store

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// desk is what this process knows of changes at the desk. To count what is there takes
// longer the more there is: who is told of a change of this process does not wait for it,
// and all who ask share one count.
type desk struct {
	changes atomic.Int64 // that were committed here
	wakes   atomic.Int64 // of WakeDesk: something may have changed elsewhere

	mu      sync.Mutex
	version int64     // rises with every change, wherever it was made
	seen    int64     // changes here that version has
	counted string    // what was there at version; empty: that is not known
	woken   int64     // wakes before the latest count
	at      time.Time // of it
	err     error     // it failed
	behind  bool      // it is being counted behind who was told

	turn sync.Mutex // of who counts
}

// deskPoll is how long a count stands where nothing tells of a change: less than the time
// between two looks of a stream.
const deskPoll = 900 * time.Millisecond

// DeskVersion differs whenever a ticket, or a conversation that has one, has changed. Its
// values are this process's. What another replica has changed shows once WakeDesk is
// called, what another process, within a second.
func (s *Store) DeskVersion(ctx context.Context) (string, error) {
	d := &s.desk
	d.mu.Lock()
	if n := d.changes.Load(); n != d.seen {
		defer d.mu.Unlock()
		if err := s.countBehind(ctx, n); err != nil {
			return "", err
		}
		d.seen, d.version = n, d.version+1
		return strconv.FormatInt(d.version, 10), nil
	}
	d.mu.Unlock()

	d.turn.Lock()
	defer d.turn.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if wakes := d.wakes.Load(); wakes != d.woken || d.err != nil || time.Since(d.at) >= deskPoll {
		seen := d.seen
		d.woken, d.at = wakes, time.Now()
		d.mu.Unlock()
		counted, err := deskCount(ctx, s.reads)
		d.mu.Lock()
		// Who was told of a change meanwhile was told of all that was there.
		if d.err = err; err == nil && d.seen == seen && counted != d.counted {
			d.counted, d.version = counted, d.version+1
		}
	}
	return strconv.FormatInt(d.version, 10), d.err
}

// countBehind fixes what is there now, and counts it behind its caller, who tells of a
// change: what comes after it is another one. While that goes on already what is there
// stays unknown, and the next count tells of a change, be there one or not.
func (s *Store) countBehind(ctx context.Context, n int64) error {
	d := &s.desk
	if d.counted = ""; d.behind {
		return nil
	}
	behind, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	tx, err := s.reads.begin(behind, s.engine.snapshot)
	if err != nil {
		cancel()
		return err
	}
	var one int // the snapshot is that of the first statement
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM installation").Scan(&one); err != nil {
		_ = tx.Rollback() // its error would be that of the same connection
		cancel()
		return err
	}
	d.behind, d.at = true, time.Now()
	s.done.Go(func() {
		defer cancel()
		counted, err := deskCount(behind, tx)
		_ = tx.Rollback() // it has only read
		tx.prepare(behind)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.behind = false
		if err == nil && d.seen == n {
			d.counted = counted
		}
	})
	return nil
}

// deskCount differs whenever a ticket, or a conversation that has one, has changed:
// sequence numbers only rise.
func deskCount(ctx context.Context, q querier) (string, error) {
	var open, seq, closed, kept, events int64
	err := q.QueryRowContext(ctx, `SELECT COUNT(*), CAST(COALESCE(SUM(c.last_seq), 0) AS BIGINT),
		(SELECT COALESCE(MAX(closed), 0) FROM tickets), CAST(COALESCE(SUM(t.reserved_until / 1000), 0) AS BIGINT),
		CAST(COALESCE(SUM((SELECT COUNT(*) FROM ticket_events e WHERE e.ticket = t.id)), 0) AS BIGINT)
		FROM tickets t JOIN conversations c ON c.id = t.conversation WHERE t.state <> 'closed'`).Scan(&open, &seq, &closed, &kept, &events)
	return fmt.Sprintf("%d.%d.%d.%d.%d", open, seq, closed, kept, events), err
}
