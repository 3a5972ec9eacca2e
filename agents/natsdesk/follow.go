package natsdesk

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Follow calls fn with what is published from now on, to both streams and about
// consent, until ctx ends, and returns nil then. It is how a replica learns that
// another one has written. fn is called by one goroutine at a time, and not
// after Follow has returned; the order of two subjects is not certain.
//
// After an outage the streams go on where they stopped; a broadcast about
// consent may be missed, as a wake-up always may.
func (b *Bus) Follow(ctx context.Context, fn func(subject string, payload []byte)) error {
	var mu sync.Mutex
	deliver := func(subject string, payload []byte) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() == nil {
			fn(subject, payload)
		}
	}
	// The client subscribes again after an outage by itself.
	sub, err := b.conn.Subscribe(consentSubjects, func(m *nats.Msg) { deliver(m.Subject, m.Data) })
	if err != nil {
		return fmt.Errorf("follow consent: %w", err)
	}
	var group sync.WaitGroup
	for _, stream := range []string{conversationStream, handoffStream} {
		group.Go(func() { b.followStream(ctx, stream, deliver) })
	}
	<-ctx.Done()
	_ = sub.Unsubscribe() // fails if the bus was closed first, and is then not needed
	group.Wait()
	mu.Lock() // a broadcast that is being delivered
	defer mu.Unlock()
	return nil
}

// followStream reads a stream until ctx ends, and again after each failure.
func (b *Bus) followStream(ctx context.Context, name string, deliver func(string, []byte)) {
	var last uint64 // the latest message that was delivered
	for failed := false; ; failed = true {
		err := b.readStream(ctx, name, &last, deliver)
		if !pause(ctx, lastRetry) || b.conn.IsClosed() {
			return
		}
		if err != nil && !failed {
			b.log.Warn("a stream is followed again", "stream", name, "error", err)
		}
	}
}

// readStream reads a stream until it fails or ctx ends.
func (b *Bus) readStream(ctx context.Context, name string, last *uint64, deliver func(string, []byte)) error {
	if err := b.provision(ctx); err != nil {
		return err
	}
	stream, err := b.js.Stream(ctx, name)
	if err != nil {
		b.unprovision()
		return fmt.Errorf("look up a stream: %w", err)
	}
	// Failures end here after one attempt: the caller tries again, and has ctx.
	config := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverNewPolicy, MaxResetAttempts: 1}
	// A stream that was made anew counts from the start again, and has nothing
	// that follows the old one.
	if *last > 0 && stream.CachedInfo().State.LastSeq >= *last {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, *last+1
	}
	consumer, err := stream.OrderedConsumer(ctx, config)
	if err != nil {
		return fmt.Errorf("read a stream: %w", err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("read a stream: %w", err)
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("read a stream: %w", err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("read a stream: %w", err)
		}
		*last = meta.Sequence.Stream
		deliver(m.Subject(), m.Data())
	}
}
