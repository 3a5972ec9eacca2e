package natsdesk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"candor/agents"
	"candor/identity"
)

var _ agents.Roster = (*Bus)(nil)

// rosterCheck is how often the bucket behind the roster is asked whether it is there. A
// watch alone is silent both when nobody comes and when nobody can.
const rosterCheck = 5 * time.Second

// roster is what has been heard of who is at the desk.
type roster struct {
	mu    sync.Mutex
	since time.Time // zero: it is not read now
	seen  map[identity.StaffID]agents.Sighting
}

// Attendance returns who has been at the desk, as far as KeepRoster has heard.
func (b *Bus) Attendance() agents.Attendance {
	b.roster.mu.Lock()
	defer b.roster.mu.Unlock()
	return agents.Attendance{Since: b.roster.since, Seen: maps.Clone(b.roster.seen)}
}

// KeepRoster listens to who is at the desk until ctx ends. While NATS is away nothing is
// known, and afterwards it begins anew.
func (b *Bus) KeepRoster(ctx context.Context) {
	for failed := false; ; {
		connected, end := b.whileConnected(ctx)
		begun, err := b.readRoster(connected)
		err = cmp.Or(context.Cause(connected), err)
		end()
		b.roster.forget()
		if !pause(ctx, lastRetry) || b.conn.IsClosed() {
			return
		}
		if failed = failed && !begun; !failed { // once an outage
			b.log.Warn("who is at the desk cannot be read, and is tried until it can", "error", err)
			failed = true
		}
	}
}

// readRoster listens until it fails or ctx ends.
func (b *Bus) readRoster(ctx context.Context) (begun bool, err error) {
	if err := b.provision(ctx); err != nil {
		return false, err
	}
	bucket, made, err := b.presenceBucket(ctx)
	if err != nil {
		b.unprovision()
		return false, fmt.Errorf("look up who is at the desk: %w", err)
	}
	watch, err := bucket.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return false, fmt.Errorf("read who is at the desk: %w", err)
	}
	defer func() { _ = watch.Stop() }() // it ends with ctx too
	check := time.NewTicker(rosterCheck)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return begun, ctx.Err()
		case <-check.C:
			_, now, err := b.presenceBucket(ctx)
			if err == nil && !now.Equal(made) {
				err = errors.New("it was made anew")
			}
			if err != nil {
				b.unprovision()
				return begun, fmt.Errorf("read who is at the desk: %w", err)
			}
		case entry, ok := <-watch.Updates():
			switch {
			case !ok:
				return begun, errors.New("read who is at the desk: NATS went away")
			case entry == nil: // that was everyone
				begun = true
				b.roster.begin()
			default:
				b.roster.hear(identity.StaffID(entry.Key()), agents.Status(entry.Value()))
			}
		}
	}
}

// presenceBucket returns the bucket, and when it was made.
func (b *Bus) presenceBucket(ctx context.Context) (jetstream.KeyValue, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	bucket, err := b.js.KeyValue(ctx, presenceBucket)
	if err != nil {
		return nil, time.Time{}, err
	}
	status, err := bucket.Status(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	var made time.Time
	if s, ok := status.(*jetstream.KeyValueBucketStatus); ok {
		made = s.StreamInfo().Created
	}
	return bucket, made, nil
}

// hear notes a heartbeat. The bucket's own times are another clock's; one that was there
// before counts from now on, which is at most its life too late.
func (r *roster) hear(staff identity.StaffID, status agents.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = make(map[identity.StaffID]agents.Sighting)
	}
	r.seen[staff] = agents.Sighting{Status: status, At: time.Now()}
}

func (r *roster) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since = time.Now()
}

func (r *roster) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since, r.seen = time.Time{}, nil
}
