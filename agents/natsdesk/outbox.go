package natsdesk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"candor/agents"
)

const (
	outboxPoll = time.Second // beneath the wake-ups, which can be missed
	// outboxBatch is how many messages are on their way at once, and are removed in one
	// commit. More is published again after a failure.
	outboxBatch = 512
	// Waits after a failure, where NATS does not come back sooner.
	firstRetry = 100 * time.Millisecond
	lastRetry  = time.Second
)

// PublishOutbox publishes what is in the outbox until ctx ends, and returns nil
// then. Of the replicas, one at a time may run it: with two, nothing is lost or
// stored twice, but the order within a stream is no longer certain.
//
// A message is removed after NATS has acknowledged it: of a stream when it is
// stored, of a broadcast when the server has it. What fails stays, with
// everything behind it on its stream, and is published again under the same
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

// publishBatch publishes the oldest messages: those of a stream in their order, and
// streams beside each other. It returns how many there were.
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
		prefix := m.Subject[:strings.LastIndexByte(m.Subject, '.')+1]
		lines[prefix] = append(lines[prefix], m)
	}
	var group errgroup.Group
	for prefix, line := range lines {
		group.Go(func() error {
			publish := b.publishStored
			if prefix == consentPrefix {
				publish = b.publishBroadcast
			}
			n, err := publish(ctx, line)
			return errors.Join(err, remove(ctx, box, line[:n]))
		})
	}
	if err := group.Wait(); err != nil {
		b.js.CleanupPublisher() // whose acknowledgements nobody waits for any more
		b.unprovision()
		return len(batch), cmp.Or(context.Cause(ctx), err)
	}
	return len(batch), nil
}

// publishStored publishes messages of one stream without waiting for each other's
// acknowledgement, and returns how many of the first were acknowledged.
//
// Their order holds all the same: each names the one before it, and a stream that has
// not stored that one last refuses what follows. So nothing overtakes what was lost on
// the way to a leader that fell. The first names none, so that the line goes on
// whatever else is in the stream.
func (b *Bus) publishStored(ctx context.Context, line []agents.Outgoing) (int, error) {
	acks := make([]jetstream.PubAckFuture, 0, len(line))
	var failed error
	for i, m := range line {
		msg := message(m)
		if i > 0 {
			msg.Header.Set(jetstream.ExpectedLastMsgIDHeader, line[i-1].ID)
		}
		ack, err := b.js.PublishMsgAsync(msg, jetstream.WithRetryAttempts(0))
		if err != nil {
			failed = err
			break
		}
		acks = append(acks, ack)
	}
	patience := time.NewTimer(storeTimeout) // with one, and not with all
	defer patience.Stop()
	for i, ack := range acks {
		var err error
		select {
		case <-ack.Ok():
			patience.Reset(storeTimeout)
			continue
		case err = <-ack.Err():
		case <-patience.C:
			err = context.DeadlineExceeded
		case <-ctx.Done():
			err = ctx.Err()
		}
		return i, fmt.Errorf("publish to a stream: %w", err)
	}
	if failed != nil {
		return len(acks), fmt.Errorf("publish to a stream: %w", failed)
	}
	return len(acks), nil
}

// publishBroadcast publishes messages that no stream keeps, and returns how many the
// server has for certain: all or none.
func (b *Bus) publishBroadcast(ctx context.Context, line []agents.Outgoing) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	for _, m := range line {
		if err := b.conn.PublishMsg(message(m)); err != nil {
			return 0, fmt.Errorf("broadcast: %w", err)
		}
	}
	if err := b.conn.FlushWithContext(ctx); err != nil {
		return 0, fmt.Errorf("broadcast: %w", err)
	}
	return len(line), nil
}

func message(m agents.Outgoing) *nats.Msg {
	msg := nats.NewMsg(m.Subject)
	msg.Data = m.Payload
	msg.Header.Set(jetstream.MsgIDHeader, m.ID)
	msg.Header.Set("Content-Type", "application/cloudevents+json")
	return msg
}

// remove takes what was acknowledged out of the outbox, even while the program stops, so
// that it is not published again when it starts.
func remove(ctx context.Context, box agents.Outbox, published []agents.Outgoing) error {
	if len(published) == 0 {
		return nil
	}
	positions := make([]int64, len(published))
	for i, m := range published {
		positions[i] = m.Position
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := box.Published(ctx, positions...); err != nil {
		return fmt.Errorf("remove published messages: %w", err)
	}
	return nil
}
