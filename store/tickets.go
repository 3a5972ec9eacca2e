package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

var _ agents.Store = (*Store)(nil)

// defaultQueue is the queue of every ticket until a site has others.
const defaultQueue = "support"

// openTicket makes sure that a conversation which needs a person has a ticket.
func (tx *Tx) openTicket(c *conversation.Conversation) error {
	state := agents.Waiting
	if c.Assignee != "" {
		state = agents.Owned
	}
	n, err := tx.exec("UPDATE tickets SET state = ?, assignee = ? WHERE conversation = ? AND state <> 'closed'",
		state, c.Assignee, c.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		_, err := tx.exec(`INSERT INTO tickets (id, conversation, site, customer, queue, reason, priority, language, state, assignee, waiting_since, closed)
			VALUES (`+marks(12)+`)`, identity.NewID("tkt"), c.ID, c.Site, c.Customer, defaultQueue, c.Reason, 1,
			c.Language, state, c.Assignee, micros(tx.Now), 0)
		if err != nil {
			return err
		}
	}
	return tx.tellTicket(c.ID)
}

func (tx *Tx) closeTicket(c *conversation.Conversation) error {
	t, err := scanTicket(tx.row(ticketQuery+"WHERE t.conversation = ? AND t.state <> 'closed'", c.ID).Scan)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.exec("UPDATE tickets SET state = ?, closed = ? WHERE id = ?", agents.Closed, micros(tx.Now), t.ID); err != nil {
		return err
	}
	return tx.sendTicket(t, agents.Closed)
}

// tellTicket tells the desk how the conversation's ticket stands.
func (tx *Tx) tellTicket(conv string) error {
	t, err := scanTicket(tx.row(ticketQuery+"WHERE t.conversation = ? AND t.state <> 'closed'", conv).Scan)
	if err != nil {
		return err
	}
	return tx.sendTicket(t, t.State)
}

func (tx *Tx) sendTicket(t agents.Ticket, state agents.TicketState) error {
	tx.Wake(deskTopic)
	return tx.send("candor.handoff."+t.Queue, "candor.handoff."+string(state), map[string]any{
		"ticket_id": t.ID, "conversation_id": t.Conversation, "queue": t.Queue, "state": state, "reason": t.Reason,
		"priority": t.Priority, "language": t.Language, "waiting_since": t.WaitingSince, "assignee": t.Assignee,
	})
}

const ticketQuery = `SELECT t.id, t.conversation, t.site, t.customer, t.queue, t.reason, t.priority, t.language, t.state,
	t.assignee, COALESCE(s.name, ''), t.waiting_since FROM tickets t LEFT JOIN staff s ON s.id = t.assignee `

func scanTicket(scan func(...any) error) (agents.Ticket, error) {
	var t agents.Ticket
	var since int64
	err := scan(&t.ID, &t.Conversation, &t.Site, &t.Customer, &t.Queue, &t.Reason, &t.Priority, &t.Language, &t.State,
		&t.Assignee, &t.AssigneeName, &since)
	t.WaitingSince = fromMicros(since)
	if errors.Is(err, sql.ErrNoRows) {
		err = conversation.ErrNotFound
	}
	return t, err
}

// ticketOf returns the conversation's ticket as its customer sees it.
func ticketOf(ctx context.Context, q querier, conv string) (conversation.Ticket, error) {
	t, err := scanTicket(q.QueryRowContext(ctx, ticketQuery+"WHERE t.conversation = ? AND t.state <> 'closed'", conv).Scan)
	if err != nil || t.State == agents.Owned {
		return conversation.Ticket{ID: t.ID}, err
	}
	out := conversation.Ticket{ID: t.ID}
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) + 1 FROM tickets WHERE state = ? AND queue = ?
		AND (priority < ? OR priority = ? AND (waiting_since < ? OR waiting_since = ? AND id < ?))`,
		agents.Waiting, t.Queue, t.Priority, t.Priority, micros(t.WaitingSince), micros(t.WaitingSince), t.ID).Scan(&out.QueuePosition)
	return out, err
}

// TicketOf returns the place of a conversation in the queue, if it has one.
func (s *Store) TicketOf(ctx context.Context, conv string) (conversation.Ticket, error) {
	t, err := ticketOf(ctx, s.reads, conv)
	if errors.Is(err, conversation.ErrNotFound) {
		return conversation.Ticket{}, nil
	}
	return t, err
}

// Tickets returns the tickets of a queue that are not closed: who waits, in the
// order in which they will be served, and who is served. An empty queue names
// them all.
func (s *Store) Tickets(ctx context.Context, queue string) ([]agents.Ticket, error) {
	query, args := ticketQuery+"JOIN conversations c ON c.id = t.conversation WHERE t.state <> 'closed' AND c.state = ?", []any{conversation.Open}
	if queue != "" {
		query, args = query+" AND t.queue = ?", append(args, queue)
	}
	return collect(ctx, s.reads, scanTicket, query+" ORDER BY t.state DESC, t.priority, t.waiting_since, t.id", args...)
}

// Ticket returns the ticket of a conversation: the one that is not closed, or
// the latest.
func (s *Store) Ticket(ctx context.Context, conv string) (agents.Ticket, error) {
	return scanTicket(s.reads.QueryRowContext(ctx, ticketQuery+
		"WHERE t.conversation = ? ORDER BY t.closed = 0 DESC, t.closed DESC LIMIT 1", conv).Scan)
}

// Act does what an agent does to a conversation, if it is theirs to do.
func (s *Store) Act(ctx context.Context, who identity.StaffID, conv string, a agents.Action) error {
	c, err := s.Conversation(ctx, conv)
	if err != nil {
		return err
	}
	key, err := s.keys.For(ctx, c.Customer)
	if err != nil {
		return err
	}
	return s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		c, err := getConversation(tx.ctx, tx.tx, conv)
		if err != nil {
			return err
		}
		if a.Message != nil {
			sent, err := collect(tx.ctx, tx.tx, scanString, "SELECT ref FROM events WHERE ref = ? AND conversation = ?", a.Message.ID, conv)
			if err != nil || len(sent) > 0 {
				return err
			}
		}
		takes := a.Trigger == conversation.AgentClaims || a.Trigger == conversation.AgentReplies
		switch {
		case c.Assignee != "" && c.Assignee != who && !a.Anyone:
			return agents.ErrOwned
		case c.Assignee == "" && !takes:
			return agents.ErrNotOwner
		case c.Assignee == "" && takes:
			// The compare-and-set: of two agents' transactions the later one
			// finds an assignee.
			if err := s.claim(tx, key, &c, who, a.Joined); err != nil {
				return err
			}
		}
		if a.Trigger == conversation.AgentReleases {
			if _, err := c.State.Next(a.Trigger); err != nil {
				return err
			}
			return tx.putBack(key, &c)
		}
		if a.Message != nil && a.Trigger == conversation.AgentReplies {
			if _, err := tx.addMessage(key, conv, *a.Message); err != nil {
				return err
			}
		}
		if err := s.move(tx, key, &c, a.Trigger, a.Reason); err != nil {
			return err
		}
		if _, err := tx.exec("UPDATE conversations SET snoozed_until = ? WHERE id = ?", micros(a.Until), conv); err != nil {
			return err
		}
		if a.Message != nil && a.Trigger != conversation.AgentReplies {
			_, err = tx.addMessage(key, conv, *a.Message)
		}
		return err
	})
}

func (s *Store) claim(tx *Tx, key Sealer, c *conversation.Conversation, who identity.StaffID, joined *conversation.Message) error {
	if _, err := c.State.Next(conversation.AgentClaims); err != nil {
		return err
	}
	c.Assignee = who
	if c.State == conversation.Open {
		if _, err := tx.exec("UPDATE conversations SET assignee = ? WHERE id = ?", who, c.ID); err != nil {
			return err
		}
		if err := tx.openTicket(c); err != nil {
			return err
		}
		if err := tx.tellState(key, *c); err != nil {
			return err
		}
	} else if err := s.move(tx, key, c, conversation.AgentClaims, conversation.TakenOver); err != nil {
		return err
	}
	if joined == nil {
		return nil
	}
	_, err := tx.addMessage(key, c.ID, *joined)
	return err
}

// putBack returns a conversation to the queue, where it keeps its place.
func (tx *Tx) putBack(key Sealer, c *conversation.Conversation) error {
	c.Assignee, c.Reason = "", conversation.PutBack
	if _, err := tx.exec("UPDATE conversations SET assignee = '', reason = ? WHERE id = ?", c.Reason, c.ID); err != nil {
		return err
	}
	if err := tx.openTicket(c); err != nil {
		return err
	}
	return tx.tellState(key, *c)
}

// WakeSnoozed reopens the conversations whose time has come.
func (s *Store) WakeSnoozed(ctx context.Context) error {
	ids, err := collect(ctx, s.reads, scanString,
		"SELECT id FROM conversations WHERE state = ? AND snoozed_until > 0 AND snoozed_until <= now_micros() AND "+present("conversations.customer"), conversation.Snoozed)
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, err := s.Conversation(ctx, id)
		if err != nil {
			return err
		}
		key, err := s.keys.For(ctx, c.Customer)
		if err != nil {
			return err
		}
		err = s.writeFor(ctx, c.Customer, func(tx *Tx) error {
			c, err := getConversation(tx.ctx, tx.tx, id)
			if err != nil || c.State != conversation.Snoozed {
				return err
			}
			return s.move(tx, key, &c, conversation.SnoozeEnds, conversation.SnoozeOver)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// DeskVersion differs whenever a ticket, or a conversation that has one, has
// changed: sequence numbers only rise.
func (s *Store) DeskVersion(ctx context.Context) (string, error) {
	var open, seq, closed int64
	err := s.reads.QueryRowContext(ctx, `SELECT COUNT(*), CAST(COALESCE(SUM(c.last_seq), 0) AS BIGINT),
		(SELECT COALESCE(MAX(closed), 0) FROM tickets)
		FROM tickets t JOIN conversations c ON c.id = t.conversation WHERE t.state <> 'closed'`).Scan(&open, &seq, &closed)
	return fmt.Sprintf("%d.%d.%d", open, seq, closed), err
}

// WatchDesk returns wake-ups when something at the desk has changed.
func (s *Store) WatchDesk() (<-chan struct{}, func()) { return s.Watch(deskTopic) }

// WakeDesk wakes the watchers of the desk.
func (s *Store) WakeDesk() { s.Wake(deskTopic) }

// CursorKey is the key that signs the cursors of lists.
func (s *Store) CursorKey() []byte { return []byte(s.keys.Hash("cursor key")) }
