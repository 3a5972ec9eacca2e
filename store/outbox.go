package store

import (
	"context"
	"encoding/json"
	"slices"

	"candor/agents"
	"candor/identity"
)

var _ agents.Outbox = (*Store)(nil)

// outboxTopic is woken when something is to be published, and by other replicas
// that say so; ownOutboxTopic when a commit of this one has added to it.
const (
	outboxTopic    = "outbox"
	ownOutboxTopic = "outbox/own"
)

// deskTopic is woken when a ticket, or a conversation at the desk, changes.
const deskTopic = "desk"

// cloudEvent is the JSON format of CloudEvents 1.0. Its subject is the conversation that
// it is about, if it is about one.
type cloudEvent struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Subject     string `json:"subject,omitempty"`
	Time        string `json:"time"`
	ContentType string `json:"datacontenttype"`
	Data        any    `json:"data"`
}

func newCloudEvent(tx *Tx, id, kind string, data any) cloudEvent {
	fields, _ := data.(map[string]any)
	about, _ := fields["conversation_id"].(string)
	return cloudEvent{
		SpecVersion: "1.0", ID: id, Source: "/candor", Type: kind, Subject: about,
		Time: tx.Now.Format("2006-01-02T15:04:05.000000Z07:00"), ContentType: "application/json", Data: data,
	}
}

// send puts a message into the outbox, to be published after the commit.
func (tx *Tx) send(subject, kind string, data any) error {
	id := identity.NewID("evt")
	event := newCloudEvent(tx, id, kind, data)
	payload, err := json.Marshal(event)
	if err != nil {
		return err
	}
	if err := tx.hooked(event, payload); err != nil {
		return err
	}
	tx.publish(id, subject, payload)
	return nil
}

// outgoing is a message for the outbox.
type outgoing struct {
	id, subject string
	payload     []byte
}

func (tx *Tx) publish(id, subject string, payload []byte) {
	tx.outgoing = append(tx.outgoing, outgoing{id, subject, payload})
}

// putAtOnce is how many messages one statement puts into the outbox.
const putAtOnce = 8

// putOut puts into the outbox what the job has to publish, in its order.
func (tx *Tx) putOut() error {
	for some := range slices.Chunk(tx.outgoing, putAtOnce) {
		args := make([]any, 0, 4*len(some))
		for _, o := range some {
			args = append(args, o.id, o.subject, o.payload, micros(tx.Now))
		}
		if _, err := tx.exec("INSERT INTO outbox (message, subject, payload, at) VALUES "+rows(len(some), 4), args...); err != nil {
			return err
		}
		tx.Wake(outboxTopic)
		tx.Wake(ownOutboxTopic)
	}
	return nil
}

// Outbox returns at most limit messages that are to be published, oldest first.
func (s *Store) Outbox(ctx context.Context, limit int) ([]agents.Outgoing, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (agents.Outgoing, error) {
		var o agents.Outgoing
		err := scan(&o.Position, &o.ID, &o.Subject, &o.Payload)
		return o, err
	}, "SELECT id, message, subject, payload FROM outbox ORDER BY id LIMIT ?", limit)
}

// WatchOutbox returns wake-ups when there is something to publish.
func (s *Store) WatchOutbox() (<-chan struct{}, func()) { return s.Watch(outboxTopic) }

// WatchOwnOutbox returns wake-ups when this replica has added to the outbox, for
// telling the one that publishes it, which calls WakeOutbox.
func (s *Store) WatchOwnOutbox() (<-chan struct{}, func()) { return s.Watch(ownOutboxTopic) }

// WakeOutbox wakes the publisher of the outbox.
func (s *Store) WakeOutbox() { s.Wake(outboxTopic) }

// Published removes messages that were acknowledged, in one commit.
func (s *Store) Published(ctx context.Context, positions ...int64) error {
	if len(positions) == 0 {
		return nil
	}
	return s.writeNew(ctx, func(tx *Tx) error {
		_, err := tx.exec("DELETE FROM outbox WHERE id IN ("+marks(len(positions))+")", anys(positions)...)
		return err
	})
}

// Unpublished is how many messages are to be published.
func (s *Store) Unpublished(ctx context.Context) (n int, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT COUNT(*) FROM outbox").Scan(&n)
	return n, err
}
