package store

import (
	"context"

	"candor/agents"
	"candor/identity"
)

// ticketEvent adds to what happened to a ticket, with the queue that it is in by then.
func (tx *Tx) ticketEvent(ticket string, kind agents.EventKind, actor identity.StaffID, detail string) error {
	tx.Wake(deskTopic)
	_, err := tx.exec(`INSERT INTO ticket_events (ticket, ordinal, at, kind, actor, queue, detail)
		SELECT id, (SELECT COALESCE(MAX(ordinal), -1) + 1 FROM ticket_events e WHERE e.ticket = tickets.id), CAST(? AS BIGINT), ?, ?, queue, ? FROM tickets WHERE id = ?`,
		micros(tx.Now), kind, actor, detail, ticket)
	return err
}

// firstEvent adds that a ticket was opened.
func (tx *Tx) firstEvent(t agents.Ticket, actor identity.StaffID, detail string) error {
	tx.Wake(deskTopic)
	_, err := tx.exec("INSERT INTO ticket_events (ticket, ordinal, at, kind, actor, queue, detail) VALUES (?, 0, ?, ?, ?, ?, ?)",
		t.ID, micros(t.Clocks.Opened), agents.TicketOpened, actor, t.Queue, detail)
	return err
}

// TicketHistory returns what happened to the tickets of a conversation, the oldest first.
func (s *Store) TicketHistory(ctx context.Context, conv string) ([]agents.TicketEvent, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (e agents.TicketEvent, err error) {
		var at int64
		err = scan(&at, &e.Kind, &e.Actor, &e.Name, &e.Queue, &e.Detail)
		e.At = fromMicros(at)
		return e, err
	}, `SELECT e.at, e.kind, e.actor, COALESCE(s.name, ''), e.queue, e.detail FROM ticket_events e
		JOIN tickets t ON t.id = e.ticket LEFT JOIN staff s ON s.id = e.actor
		WHERE t.conversation = ? ORDER BY t.opened, t.id, e.ordinal`, conv)
}

// eventOf is ticketEvent for the ticket of a conversation that is not closed.
func (tx *Tx) eventOf(conv string, kind agents.EventKind, actor identity.StaffID, detail string) error {
	ids, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM tickets WHERE conversation = ? AND state <> 'closed'", conv)
	for _, id := range ids {
		if err == nil {
			err = tx.ticketEvent(id, kind, actor, detail)
		}
	}
	return err
}
