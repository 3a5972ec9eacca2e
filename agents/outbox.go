package agents

import "context"

// Outgoing is a message that the other parts are to get. Payload is a CloudEvent
// with ids, states and reasons, and never a customer's words. ID is the same
// however often the message is published.
type Outgoing struct {
	Position int64
	ID       string
	Subject  string
	Payload  []byte
}

// Outbox keeps messages from the transaction that writes them until they are
// published. Outbox returns the oldest first; Published removes those that were
// acknowledged. A message may be published more than once, and never not at all.
type Outbox interface {
	Outbox(ctx context.Context, limit int) ([]Outgoing, error)
	Published(ctx context.Context, positions ...int64) error
	// WatchOutbox returns wake-ups when there is something to publish; a wake-up
	// can be missed.
	WatchOutbox() (wake <-chan struct{}, stop func())
}
