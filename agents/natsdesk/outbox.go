package natsdesk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"candor/agents"
)

const (
	outboxPoll  = time.Second // beneath the wake-ups, which can be missed
	outboxBatch = 256
	// outboxLines is how many subjects are published at once. Their messages
	// then share syncs, here and in SQL.
	outboxLines = 32
	// Waits after a failure, where NATS does not come back sooner.
	firstRetry = 100 * time.Millisecond
	lastRetry  = time.Second
)

// PublishOutbox publishes what is in the outbox until ctx ends, and returns nil
// then. Of the replicas, one at a time may run it: with two, nothing is lost or
// stored twice, but the order within a subject is no longer certain.
//
// A message is removed after NATS has acknowledged it: of a stream when it is
// stored, of a broadcast when the server has it. What fails stays, with
// everything behind it on its subject, and is published again under the same
// id.
func (b *Bus) PublishOutbox(ctx context.Context, box agents.Outbox) error {
	wake, stop := box.WatchOutbox()
	defer stop()
	retry := firstRetry
	for {
		n, err := b.publishBatch(ctx, box)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if retry == firstRetry { // once an outage
				b.log.Warn("messages wait to be published", "error", err)
			}
			select {
			case <-ctx.Done():
			case <-b.back:
			case <-time.After(retry):
			}
			retry = min(2*retry, lastRetry)
			continue
		case retry > firstRetry:
			b.log.Info("messages are published again")
			retry = firstRetry
		}
		if n == outboxBatch {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-time.After(outboxPoll):
		}
	}
}

// publishBatch publishes the oldest messages: those of a subject one after
// another, subjects beside each other. It returns how many there were.
func (b *Bus) publishBatch(ctx context.Context, box agents.Outbox) (int, error) {
	batch, err := box.Outbox(ctx, outboxBatch)
	if err != nil {
		return 0, fmt.Errorf("read the outbox: %w", err)
	}
	if len(batch) == 0 {
		return 0, nil
	}
	ctx, end := b.whileConnected(ctx)
	defer end()
	if err := b.provision(ctx); err != nil {
		return 0, err
	}
	lines := make(map[string][]agents.Outgoing)
	for _, m := range batch {
		lines[m.Subject] = append(lines[m.Subject], m)
	}
	var silent sync.Map // streams that did not answer; the rest of theirs would only wait as long
	var group errgroup.Group
	group.SetLimit(outboxLines)
	for _, line := range lines {
		group.Go(func() error { return b.publishLine(ctx, box, line, &silent) })
	}
	if err := group.Wait(); err != nil {
		b.unprovision()
		return len(batch), cmp.Or(context.Cause(ctx), err)
	}
	return len(batch), nil
}

// publishLine publishes messages of one subject, up to the first that fails.
func (b *Bus) publishLine(ctx context.Context, box agents.Outbox, line []agents.Outgoing, silent *sync.Map) error {
	stream := line[0].Subject[:strings.LastIndexByte(line[0].Subject, '.')+1]
	for _, m := range line {
		if _, ok := silent.Load(stream); ok {
			return nil // who noticed returns the error
		}
		err := b.publish(ctx, m)
		if errors.Is(err, context.DeadlineExceeded) {
			silent.Store(stream, true)
		}
		if err != nil {
			return err
		}
		// What is acknowledged is removed even while the program stops, so that
		// it is not published again when it starts.
		err = func() error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
			defer cancel()
			return box.Published(ctx, m.Position)
		}()
		if err != nil {
			return fmt.Errorf("remove a published message: %w", err)
		}
	}
	return nil
}

func (b *Bus) publish(ctx context.Context, m agents.Outgoing) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	msg := nats.NewMsg(m.Subject)
	msg.Data = m.Payload
	msg.Header.Set(jetstream.MsgIDHeader, m.ID)
	msg.Header.Set("Content-Type", "application/cloudevents+json")
	if !strings.HasPrefix(m.Subject, consentPrefix) {
		_, err := b.js.PublishMsg(ctx, msg)
		if err != nil {
			return fmt.Errorf("publish to a stream: %w", err)
		}
		return nil
	}
	if err := b.conn.PublishMsg(msg); err != nil {
		return fmt.Errorf("broadcast: %w", err)
	}
	if err := b.conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("broadcast: %w", err)
	}
	return nil
}
