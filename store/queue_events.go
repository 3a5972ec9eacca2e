package store

import (
	"encoding/json"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// tellQueue tells whoever serves the queue of a conversation at the desk that somebody
// wrote in it. A desk outside hears its queues and no conversations, whose subjects do
// not say whose they are. Webhooks are told of the message itself.
func (tx *Tx) tellQueue(conv string, m conversation.Message) error {
	at, err := collect(tx.ctx, tx.tx, func(scan func(...any) error) (t agents.Ticket, err error) {
		return t, scan(&t.ID, &t.Queue)
	}, "SELECT id, queue FROM tickets WHERE conversation = ? AND state <> 'closed'", conv)
	for _, t := range at {
		if err == nil {
			err = tx.tellOf(t.ID, conv, t.Queue, m)
		}
	}
	return err
}

// tellOf is tellQueue where the ticket is known.
func (tx *Tx) tellOf(ticket, conv, queue string, m conversation.Message) error {
	tx.Wake(deskTopic)
	return tx.tellServers(queue, "candor.handoff.message", map[string]any{
		"ticket_id": ticket, "conversation_id": conv, "queue": queue, "message_id": m.ID, "seq": m.Seq, "from": m.From,
	})
}

// tellLeft tells whoever serves the queue that a ticket was in that it is there no more.
func (tx *Tx) tellLeft(t agents.Ticket) error {
	return tx.tellServers(t.Queue, "candor.handoff.left", map[string]any{"ticket_id": t.ID, "conversation_id": t.Conversation, "queue": t.Queue})
}

func (tx *Tx) tellServers(queue, kind string, data map[string]any) error {
	id := identity.NewID("evt")
	payload, err := json.Marshal(newCloudEvent(tx, id, kind, data))
	if err != nil {
		return err
	}
	tx.publish(id, "candor.handoff."+queue, payload)
	return nil
}
