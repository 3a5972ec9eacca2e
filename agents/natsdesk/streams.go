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
	// storeTimeout bounds a request to JetStream.
	storeTimeout = 5 * time.Second
)

// provision makes the streams and the bucket that are missing. What exists is
// left as it is: on a cluster its operator decides about replicas and limits.
func (b *Bus) provision(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.provisioned {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	for _, s := range []struct{ name, subjects, description string }{
		{conversationStream, conversationSubjects, "What happened in conversations: ids and states, no text"},
		{handoffStream, handoffSubjects, "Conversations that need a person: ids, states and reasons, no text"},
	} {
		_, err := b.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: s.name, Description: s.description, Subjects: []string{s.subjects},
			Storage: jetstream.FileStorage, MaxAge: streamAge, Duplicates: duplicates, AllowDirect: true,
		})
		if err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return fmt.Errorf("make the stream %s: %w", s.name, err)
		}
	}
	_, err := b.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: presenceBucket, Description: "Who is at the desk", TTL: presenceTTL,
		// A heartbeat is not worth a write to the disk, and is soon repeated.
		Storage: jetstream.MemoryStorage,
	})
	if err != nil && !errors.Is(err, jetstream.ErrBucketExists) {
		return fmt.Errorf("make the bucket %s: %w", presenceBucket, err)
	}
	b.provisioned = true
	return nil
}

// unprovision makes the next use look whether the streams are there: a server
// may come back without them.
func (b *Bus) unprovision() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.provisioned = false
}

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
