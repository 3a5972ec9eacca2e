package store

import (
	"encoding/json"
	"errors"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// tellQueue tells whoever serves the queue of a conversation at the desk that somebody
// wrote in it. A desk outside hears its queues and no conversations, whose subjects do
// not say whose they are. Webhooks are told of the message itself.
func (tx *Tx) tellQueue(conv string, m conversation.Message) error {
	t, err := scanTicket(tx.row(ticketQuery+"WHERE t.conversation = ? AND t.state <> 'closed'", conv).Scan)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.tellServers(t.Queue, "candor.handoff.message", map[string]any{
		"ticket_id": t.ID, "conversation_id": conv, "queue": t.Queue, "message_id": m.ID, "seq": m.Seq, "from": m.From,
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
	return tx.publish(id, "candor.handoff."+queue, payload)
}
