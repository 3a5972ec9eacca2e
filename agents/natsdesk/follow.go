package natsdesk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Follow calls fn with what is published from now on, to both streams and about
// consent, until ctx ends, and returns nil then. It is how a replica learns that
// another one has written. fn is called by one goroutine at a time, and not
// after Follow has returned; the order of two subjects is not certain.
//
// After an outage the streams go on where they stopped, and one that was made
// anew begins at its start; a broadcast about consent may be missed, as a
// wake-up always may.
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

// position is how far a stream has been read.
type position struct {
	created time.Time // of the stream; zero before it was first seen
	next    uint64    // the message to read next
}

// followStream reads a stream until ctx ends, and again after each failure.
func (b *Bus) followStream(ctx context.Context, name string, deliver func(string, []byte)) {
	var at position
	for failed := false; ; {
		before := at
		connected, end := b.whileConnected(ctx)
		err := b.readStream(connected, name, &at, deliver)
		err = cmp.Or(context.Cause(connected), err)
		end()
		if !pause(ctx, lastRetry) || b.conn.IsClosed() {
			return
		}
		if failed = failed && at == before; !failed { // once an outage
			b.log.Warn("a stream cannot be followed, and is tried until it can", "stream", name, "error", err)
			failed = true
		}
	}
}

// readStream reads a stream until it fails or ctx ends.
func (b *Bus) readStream(ctx context.Context, name string, at *position, deliver func(string, []byte)) error {
	if err := b.provision(ctx); err != nil {
		return err
	}
	ask, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	stream, err := b.js.Stream(ask, name)
	if err != nil {
		b.unprovision()
		return fmt.Errorf("look up a stream: %w", err)
	}
	info := stream.CachedInfo()
	switch {
	case at.created.IsZero():
		*at = position{info.Created, info.State.LastSeq + 1}
	case !at.created.Equal(info.Created):
		*at = position{info.Created, 1} // made anew: all of it follows what was read
	}
	// One server of a cluster keeps the consumer, in memory. Whatever becomes of
	// it, the caller makes another one.
	consumer, err := stream.CreateConsumer(ask, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: at.next,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: time.Minute,
	})
	if err != nil {
		return fmt.Errorf("read a stream: %w", err)
	}
	// That the server is gone may show by its silence alone.
	messages, err := consumer.Messages(jetstream.PullHeartbeat(time.Second), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return fmt.Errorf("read a stream: %w", err)
	}
	defer messages.Stop()
	for n := uint64(1); ; n++ {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("read a stream: %w", err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("read a stream: %w", err)
		}
		if meta.Sequence.Consumer != n {
			return errors.New("read a stream: a message was lost on its way")
		}
		at.next = meta.Sequence.Stream + 1
		deliver(m.Subject(), m.Data())
	}
}
