package natsdesk

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"

	"candor/conversation"
)

// momentSubjects tell the other replicas who types and reads. They hold ids only, are in
// no stream, and are not for desks outside.
const (
	momentPrefix   = "candor.typing."
	momentSubjects = momentPrefix + "*"
)

// momentJSON is a moment and the process that it is of.
type momentJSON struct {
	conversation.Moment
	Replica string `json:"replica"`
}

// PassOn tells the other replicas a moment of this one's. It may be lost.
func (b *Bus) PassOn(replica string, m conversation.Moment) {
	body, err := json.Marshal(momentJSON{m, replica})
	if err != nil {
		return // it is texts and a number
	}
	_ = b.conn.Publish(momentPrefix+m.Conversation, body) // NATS is away: so are the others
}

// Moments calls fn with the moments of the other replicas, until ctx ends, and returns
// nil then.
func (b *Bus) Moments(ctx context.Context, replica string, fn func(conversation.Moment)) error {
	sub, err := b.conn.Subscribe(momentSubjects, func(msg *nats.Msg) {
		var m momentJSON
		if json.Unmarshal(msg.Data, &m) == nil && m.Replica != replica && msg.Subject == momentPrefix+m.Conversation {
			fn(m.Moment)
		}
	})
	if err != nil {
		return fmt.Errorf("listen for who is typing: %w", err)
	}
	<-ctx.Done()
	_ = sub.Unsubscribe() // fails if the bus was closed first, and is then not needed
	return nil
}
