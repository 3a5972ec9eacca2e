package natsdesk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"candor/identity"
)

const (
	presenceBucket = "presence"
	// presenceTTL is how long a status holds: three heartbeats of 15 s.
	presenceTTL = 45 * time.Second
)

// Statuses are what an agent can be. Who is none of them is not there.
var Statuses = []string{"online", "busy", "away"}

// ErrStatus means that a status is none of Statuses.
var ErrStatus = errors.New("the status must be online, busy or away")

// SetPresence says how present a member of staff is. It holds for 45 seconds
// and is to be repeated before they are over; nothing of it is kept.
func (b *Bus) SetPresence(ctx context.Context, staff identity.StaffID, status string) error {
	if !slices.Contains(Statuses, status) {
		return ErrStatus
	}
	bucket, err := b.presence(ctx)
	if err != nil {
		return err
	}
	if _, err := bucket.PutString(ctx, string(staff), status); err != nil {
		b.unprovision()
		return fmt.Errorf("set presence: %w", err)
	}
	return nil
}

// Presence returns everyone who is present.
func (b *Bus) Presence(ctx context.Context) (map[identity.StaffID]string, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	bucket, err := b.presence(ctx)
	if err != nil {
		return nil, err
	}
	watch, err := bucket.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		b.unprovision()
		return nil, fmt.Errorf("read presence: %w", err)
	}
	defer func() { _ = watch.Stop() }() // it ends with ctx too
	out := make(map[identity.StaffID]string)
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("read presence: %w", ctx.Err())
		case entry, ok := <-watch.Updates():
			if !ok {
				return nil, errors.New("read presence: NATS is away")
			}
			if entry == nil { // that was everyone
				return out, nil
			}
			out[identity.StaffID(entry.Key())] = string(entry.Value())
		}
	}
}

func (b *Bus) presence(ctx context.Context) (jetstream.KeyValue, error) {
	if err := b.provision(ctx); err != nil {
		return nil, err
	}
	bucket, err := b.js.KeyValue(ctx, presenceBucket)
	if err != nil {
		b.unprovision()
		return nil, fmt.Errorf("open the bucket %s: %w", presenceBucket, err)
	}
	return bucket, nil
}
