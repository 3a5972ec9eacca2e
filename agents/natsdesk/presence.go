package natsdesk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"candor/agents"
	"candor/identity"
)

const (
	presenceBucket = "presence"
	presenceStream = "KV_" + presenceBucket // as NATS names the stream behind it
	// presenceTTL is how long a status holds.
	presenceTTL = agents.PresenceLife
	// presenceTimeout is how long who waits for a page waits for NATS.
	presenceTimeout = 1500 * time.Millisecond
)

// Statuses are what an agent can be. Who is none of them is not there.
var Statuses = []agents.Status{agents.Online, agents.Busy, agents.Away}

// Errors of presence.
var (
	// ErrStatus means that a status is none of Statuses.
	ErrStatus = errors.New("the status must be online, busy or away")
	// ErrPresence means that NATS is away, or too slow to wait for.
	ErrPresence = errors.New("who is at the desk cannot be read or changed now")
)

// SetPresence says how present a member of staff is. It holds for 45 seconds
// and is to be repeated before they are over; nothing of it is kept. While NATS
// is away it fails with ErrPresence, within two seconds.
func (b *Bus) SetPresence(ctx context.Context, staff identity.StaffID, status agents.Status) error {
	if !slices.Contains(Statuses, status) {
		return ErrStatus
	}
	return b.withPresence(ctx, func(ctx context.Context, bucket jetstream.KeyValue) error {
		_, err := bucket.PutString(ctx, string(staff), string(status))
		return err
	})
}

// Presence returns everyone who is present. While NATS is away it fails with
// ErrPresence, within two seconds.
func (b *Bus) Presence(ctx context.Context) (map[identity.StaffID]agents.Status, error) {
	out := make(map[identity.StaffID]agents.Status)
	err := b.withPresence(ctx, func(ctx context.Context, bucket jetstream.KeyValue) error {
		watch, err := bucket.WatchAll(ctx, jetstream.IgnoreDeletes())
		if err != nil {
			return err
		}
		defer func() { _ = watch.Stop() }() // it ends with ctx too
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case entry, ok := <-watch.Updates():
				if !ok {
					return errors.New("NATS went away")
				}
				if entry == nil { // that was everyone
					return nil
				}
				out[identity.StaffID(entry.Key())] = agents.Status(entry.Value())
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// withPresence runs fn on the bucket.
func (b *Bus) withPresence(ctx context.Context, fn func(context.Context, jetstream.KeyValue) error) error {
	ctx, cancel := context.WithTimeout(ctx, presenceTimeout)
	defer cancel()
	err := b.provision(ctx)
	if err == nil {
		var bucket jetstream.KeyValue
		if bucket, err = b.js.KeyValue(ctx, presenceBucket); err == nil {
			err = fn(ctx, bucket)
		}
		if err != nil {
			b.unprovision()
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPresence, err)
	}
	return nil
}
