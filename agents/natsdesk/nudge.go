package natsdesk

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
)

// nudgeSubject has no payload, and what it says is in SQL: it is not for desks.
const nudgeSubject = "candor.outbox"

// Nudge tells the replica that publishes the outbox that there is something in
// it. A nudge may be lost; the outbox is looked at every second besides.
func (b *Bus) Nudge() {
	_ = b.conn.Publish(nudgeSubject, nil) // NATS is away: so is what it would be published to
}

// Nudged calls fn at every nudge, until ctx ends, and returns nil then.
func (b *Bus) Nudged(ctx context.Context, fn func()) error {
	sub, err := b.conn.Subscribe(nudgeSubject, func(*nats.Msg) { fn() })
	if err != nil {
		return fmt.Errorf("listen for nudges: %w", err)
	}
	<-ctx.Done()
	_ = sub.Unsubscribe() // fails if the bus was closed first, and is then not needed
	return nil
}
