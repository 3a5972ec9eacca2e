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
	if id, ok := ctx.Value(messageID{}).(string); ok && id != "" {
		return id
	}
	return identity.NewID("msg")
}
