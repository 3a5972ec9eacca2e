package conversation

import (
	"context"

	"candor/identity"
)

type messageID struct{}

// WithMessageID returns a context in which the message that is posted gets an id
// of the caller's choice. Whoever does not know whether a message was posted
// posts it again under the same id, on any replica: see Store.Post.
func WithMessageID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, messageID{}, id)
}

// MessageID returns the id for a message that is posted under ctx: the one that
// was chosen, else a fresh one.
func MessageID(ctx context.Context) string {
	if id := RequestID(ctx); id != "" {
		return id
	}
	return identity.NewID("msg")
}

// RequestID returns the id that was chosen for what is done under ctx; empty: none was,
// and doing it again is doing it twice.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(messageID{}).(string)
	return id
}
