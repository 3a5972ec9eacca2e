package natsdesk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Streams and their subjects. Consent is broadcast and kept nowhere: whoever
// missed it finds the epoch in SQL.
const (
	conversationStream   = "CONVERSATIONS"
	conversationSubjects = "candor.conversation.>"
	handoffStream        = "HANDOFFS"
	handoffSubjects      = "candor.handoff.>"
	handoffPrefix        = "candor.handoff."
	consentSubjects      = "candor.consent.*"
	consentPrefix        = "candor.consent."
)

const (
	// streamAge is how long a message stays. The streams wake and tell; what
	// they tell of is in SQL.
	streamAge = 7 * 24 * time.Hour
	// duplicates is how long a message id is remembered: longer than any pause
	// between publishing a message and removing it from the outbox should be.
	duplicates = time.Hour
	// storeTimeout bounds a request to JetStream. While a cluster elects there
	// may be no answer at all.
	storeTimeout = 3 * time.Second
)

// provision makes the streams and the bucket that are missing, and raises their
// replicas. Else what exists is left as it is: on a cluster its operator decides
// about limits. An error means that they cannot be used yet, as while a cluster
// elects, and is worth another attempt.
func (b *Bus) provision(ctx context.Context) error {
	if b.provisioned.Load() {
		return nil
	}
	select {
	case b.provisioning <- struct{}{}:
		defer func() { <-b.provisioning }()
	case <-ctx.Done(): // who was first may wait for NATS longer than this one can
		return fmt.Errorf("wait for NATS: %w", ctx.Err())
	}
	if b.provisioned.Load() {
		return nil
	}
	if err := b.notConnected(); err != nil {
		return err
	}
	if err := b.heal(); err != nil {
		return err
	}
	for _, s := range []struct{ name, subjects, description string }{
		{conversationStream, conversationSubjects, "What happened in conversations: ids and states, no text"},
		{handoffStream, handoffSubjects, "Conversations that need a person: ids, states and reasons, no text"},
	} {
		err := b.keep(ctx, s.name, func(ctx context.Context) error {
			_, err := b.js.CreateStream(ctx, jetstream.StreamConfig{
				Name: s.name, Description: s.description, Subjects: []string{s.subjects}, Replicas: b.replicas,
				Storage: jetstream.FileStorage, MaxAge: streamAge, Duplicates: duplicates, AllowDirect: true,
			})
			return err
		})
		if err != nil {
			return fmt.Errorf("make the stream %s: %w", s.name, err)
		}
	}
	err := b.keep(ctx, presenceStream, func(ctx context.Context) error {
		_, err := b.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: presenceBucket, Description: "Who is at the desk", TTL: presenceTTL, Replicas: b.replicas,
			// A heartbeat is not worth a write to the disk, and is soon repeated.
			Storage: jetstream.MemoryStorage,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("make the bucket %s: %w", presenceBucket, err)
	}
	b.provisioned.Store(true)
	return nil
}

// keep creates a stream if it is missing, and raises its replicas. That it
// cannot raise them is said and no error: the stream works with those it has,
// and it is tried again at the next connection.
func (b *Bus) keep(ctx context.Context, name string, create func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	stream, err := b.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return create(ctx)
	}
	if err != nil {
		return err
	}
	config := stream.CachedInfo().Config
	if config.Replicas >= b.replicas {
		return nil
	}
	had := config.Replicas
	config.Replicas = b.replicas
	if _, err := b.js.UpdateStream(ctx, config); err != nil && b.first("replicas of "+name) {
		b.log.Warn("a stream has fewer replicas than configured", "stream", name, "replicas", had, "configured", b.replicas, "error", err)
	}
	return nil
}

// unprovision makes the next use look whether the streams are there.
func (b *Bus) unprovision() { b.provisioned.Store(false) }

// pause waits, and reports whether ctx still runs.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
