package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

var _ agents.Store = (*Store)(nil)

// Outcomes of tickets.
const (
	outcomeResolved  = "resolved"
	outcomeConfirmed = "confirmed"
	outcomeReturned  = "returned"
	outcomeQuiet     = "went_quiet"
	outcomeErased    = "erased"
)

// openTicket makes sure that a conversation which needs a person has a ticket: the one
// that it has, the one that its customer returns to, or a new one in the queue that
// takes it.
func (tx *Tx) openTicket(c *conversation.Conversation, ch change) error {
	_, err := tx.ticketFor(c, ch)
	return err
}

// ticketFor is openTicket, and returns the ticket as the desk was told of it.
func (tx *Tx) ticketFor(c *conversation.Conversation, ch change) (agents.Ticket, error) {
	state := agents.Waiting
	if c.Assignee != "" {
		state = agents.Owned
	}
	n, err := tx.exec("UPDATE tickets SET state = ?, assignee = ? WHERE conversation = ? AND state <> 'closed'",
		state, c.Assignee, c.ID)
	switch {
	case err != nil:
		return agents.Ticket{}, err
	case n > 0:
	case ch.trigger == conversation.CustomerReturns:
		err = tx.reopenTicket(c, ch)
	default:
		t, err := tx.newTicket(c, state, ch)
		if err != nil {
			return t, err
		}
		return t, tx.sendTicket(t, state)
	}
	if err != nil {
		return agents.Ticket{}, err
	}
	return tx.tellTicket(c.ID)
}

func (tx *Tx) newTicket(c *conversation.Conversation, state agents.TicketState, ch change) (agents.Ticket, error) {
	t := agents.Ticket{
		ID: identity.NewID("tkt"), Conversation: c.ID, Site: c.Site, Customer: c.Customer, Reason: c.Reason, Topic: ch.topic,
		Language: c.Language, State: state, Assignee: c.Assignee, WaitingSince: tx.Now,
		Clocks: agents.TicketClocks{Opened: tx.Now, Asked: tx.Now},
	}
	queues, err := tx.queues()
	if err != nil {
		return t, err
	}
	q := agents.Choose(queues, agents.Need{Site: c.Site, Language: c.Language, Reason: c.Reason, Topic: ch.topic})
	t.Queue, t.Skills, t.Priority = q.Name, q.Skills, q.Priority
	if state != agents.Waiting { // who is taken over waits only if they wrote last
		var said int64
		if err := tx.row("SELECT CASE WHEN said_by = ? THEN said ELSE 0 END FROM conversations WHERE id = ?", conversation.FromCustomer, c.ID).Scan(&said); err != nil {
			return t, sqlError("read who wrote last", err)
		}
		t.Clocks.Asked = fromMicros(said)
	}
	t.Clocks.Due, t.Clocks.DueKind = q.Due(agents.Clocks{Opened: t.Clocks.Opened, Asked: t.Clocks.Asked})
	_, err = tx.exec(`INSERT INTO tickets (id, conversation, site, customer, queue, reason, topic, skills, priority, language, state, assignee, due_kind,
		last_owner, waiting_since, opened, asked, due, closed)
		SELECT `+marks(13)+", c.last_owner, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), 0 FROM conversations c WHERE c.id = ?",
		t.ID, t.Conversation, t.Site, t.Customer, t.Queue, t.Reason, t.Topic, texts(t.Skills), t.Priority, t.Language, t.State, t.Assignee, t.Clocks.DueKind,
		micros(t.WaitingSince), micros(t.Clocks.Opened), micros(t.Clocks.Asked), micros(t.Clocks.Due), c.ID)
	if err == nil {
		err = tx.firstEvent(t, ch.by, string(c.Reason))
	}
	return t, err
}

// reopenTicket opens the last ticket of a conversation again: it keeps its place and its
// clocks, but for what its customer asks now.
func (tx *Tx) reopenTicket(c *conversation.Conversation, ch change) error {
	var id string
	err := tx.row(`UPDATE tickets SET state = ?, assignee = '', closed = 0, outcome = '', asked = ?,
		last_owner = (SELECT c.last_owner FROM conversations c WHERE c.id = tickets.conversation),
		queue = CASE WHEN EXISTS (SELECT 1 FROM queues q WHERE q.name = tickets.queue) THEN queue ELSE ? END
		WHERE id = (SELECT id FROM tickets t WHERE t.conversation = ? ORDER BY t.closed DESC, t.opened DESC, t.id DESC LIMIT 1) RETURNING id`,
		agents.Waiting, micros(tx.Now), agents.DefaultQueue, c.ID).Scan(&id)
	if err == nil {
		err = tx.ticketEvent(id, agents.TicketReopened, ch.by, string(ch.reason))
	}
	if err == nil {
		err = tx.setDue(id)
	}
	return err
}

// texts is a list of texts as it is stored.
func texts(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(list) // a list of texts always is JSON
	return string(b)
}

func (tx *Tx) closeTicket(conv, outcome string, ch change) error {
	t, err := scanTicket(tx.row(ticketQuery+"WHERE t.conversation = ? AND t.state <> 'closed'", conv).Scan)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.exec("UPDATE tickets SET state = ?, closed = ?, outcome = ?, asked = 0, due = 0, due_kind = '', reserved = '', reserved_until = 0 WHERE id = ?",
		agents.Closed, micros(tx.Now), outcome, t.ID); err != nil {
		return err
	}
	switch outcome {
	case outcomeErased: // the events go too
	case outcomeReturned:
		err = tx.ticketEvent(t.ID, agents.TicketReturned, ch.by, "")
	default:
		err = tx.ticketEvent(t.ID, agents.TicketResolved, ch.by, string(ch.reason))
	}
	if err != nil {
		return err
	}
	return tx.sendTicket(t, agents.Closed)
}

// tellTicket tells the desk how the conversation's ticket stands, and returns it.
func (tx *Tx) tellTicket(conv string) (agents.Ticket, error) {
	t, err := scanTicket(tx.row(ticketQuery+"WHERE t.conversation = ? AND t.state <> 'closed'", conv).Scan)
	if err != nil {
		return t, err
	}
	if t.State == agents.PutOff { // so it is listed; here it is owned, and comes back in this very transaction
		t.State = agents.Owned
	}
	return t, tx.sendTicket(t, t.State)
}

func (tx *Tx) sendTicket(t agents.Ticket, state agents.TicketState) error {
	tx.Wake(deskTopic)
	return tx.send("candor.handoff."+t.Queue, "candor.handoff."+string(state), map[string]any{
		"ticket_id": t.ID, "conversation_id": t.Conversation, "queue": t.Queue, "state": state, "reason": t.Reason,
		"priority": t.Priority, "language": t.Language, "waiting_since": t.WaitingSince, "assignee": t.Assignee,
	})
}

const ticketQuery = `SELECT t.id, t.conversation, t.site, t.customer, t.queue, t.reason, t.priority, t.language, t.state,
	t.assignee, COALESCE(s.name, ''), t.waiting_since, t.topic, t.skills, t.opened, t.first_reply, t.asked, t.due, t.due_kind,
	t.due > 0 AND t.due <= now_micros(), t.closed, t.escalated, t.last_owner, t.outcome, t.reserved, COALESCE(r.name, ''), t.reserved_until,
	COALESCE((SELECT z.snoozed_until FROM conversations z WHERE z.id = t.conversation AND z.state = 'snoozed'), 0)
	FROM tickets t LEFT JOIN staff s ON s.id = t.assignee LEFT JOIN staff r ON r.id = t.reserved `

func scanTicket(scan func(...any) error) (agents.Ticket, error) {
	var t agents.Ticket
	var since, opened, replied, asked, due, closed, until, putOff int64
	var skills string
	var kept agents.Kept
	err := scan(&t.ID, &t.Conversation, &t.Site, &t.Customer, &t.Queue, &t.Reason, &t.Priority, &t.Language, &t.State,
		&t.Assignee, &t.AssigneeName, &since, &t.Topic, &skills, &opened, &replied, &asked, &due, &t.Clocks.DueKind,
		&t.Clocks.Late, &closed, &t.Escalated, &t.LastOwner, &t.Outcome, &kept.Staff, &kept.Name, &until, &putOff)
	if errors.Is(err, sql.ErrNoRows) {
		err = conversation.ErrNotFound
	}
	if err != nil {
		return t, err
	}
	t.WaitingSince, t.Clocks.Opened, t.Clocks.FirstReply = fromMicros(since), fromMicros(opened), fromMicros(replied)
	t.Clocks.Asked, t.Clocks.Due, t.Clocks.Closed = fromMicros(asked), fromMicros(due), fromMicros(closed)
	if putOff > 0 && t.State == agents.Owned {
		t.State, t.Until = agents.PutOff, fromMicros(putOff)
		t.Clocks.Late = false // until it comes back
	}
	if kept.Staff != "" {
		kept.Until = fromMicros(until)
		t.Reserved = &kept
	}
	return t, json.Unmarshal([]byte(skills), &t.Skills)
}

// ticketOf returns the conversation's ticket as its customer sees it.
func ticketOf(ctx context.Context, q querier, conv string) (conversation.Ticket, error) {
	var t agents.Ticket
	var since int64
	err := q.QueryRowContext(ctx, "SELECT id, queue, assignee, priority, waiting_since FROM tickets WHERE conversation = ? AND state <> 'closed'", conv).
		Scan(&t.ID, &t.Queue, &t.Assignee, &t.Priority, &since)
	if errors.Is(err, sql.ErrNoRows) {
		err = conversation.ErrNotFound
	}
	out := conversation.Ticket{ID: t.ID}
	if err != nil || t.Assignee != "" {
		return out, err
	}
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) + 1 FROM (SELECT 1 FROM tickets WHERE queue = ? AND state = 'waiting'
		AND (priority, waiting_since, id) < (?, ?, ?) LIMIT ?) AS ahead`,
		t.Queue, t.Priority, since, t.ID, conversation.LastPlace-1).Scan(&out.QueuePosition)
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
// order in which they will be served, and who is served, or put off. An empty queue names
// them all.
func (s *Store) Tickets(ctx context.Context, queue string) ([]agents.Ticket, error) {
	query, args := ticketQuery+"WHERE t.state <> 'closed'", []any(nil)
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
func (s *Store) Act(ctx context.Context, by agents.By, conv string, a agents.Action) error {
	who := by.Staff
	return s.writeIn(ctx, conv, func(tx *Tx, key Sealer, c conversation.Conversation) error {
		if a.Message != nil {
			sent, err := collect(tx.ctx, tx.tx, scanString, "SELECT ref FROM events WHERE ref = ? AND conversation = ?", a.Message.ID, conv)
			if err != nil || len(sent) > 0 {
				return err
			}
		}
		if a.Trigger == conversation.AgentReplies {
			by.Request = "" // it is known by its message
		}
		if done, err := tx.begins(by, conv); err != nil || done {
			return err
		}
		takes := a.Trigger == conversation.AgentClaims || a.Trigger == conversation.AgentReplies
		free := c.Assignee == "" || a.Snoozed && c.State == conversation.Snoozed && c.Assignee != who
		switch {
		case !free && c.Assignee != who && !a.Anyone:
			return agents.ErrOwned
		case c.Assignee == "" && !takes:
			return agents.ErrNotOwner
		case free && takes:
			// The compare-and-set: of two agents' transactions the later one
			// finds an assignee.
			if err := s.claim(tx, key, &c, who, a.Joined, a.Kept); err != nil {
				return err
			}
		}
		if a.Trigger == conversation.AgentReleases {
			if _, err := c.State.Next(a.Trigger); err != nil {
				return err
			}
			former := identity.StaffID("") // who else's it was
			if c.Assignee != who {
				former = c.Assignee
			}
			if err := tx.putBack(key, &c); err != nil {
				return err
			}
			return tx.eventOf(conv, agents.TicketReleased, who, string(former))
		}
		if a.Trigger == conversation.AgentSnoozes && (!a.Until.After(tx.Now) || a.Until.Sub(tx.Now) > agents.MaxSnooze) {
			return agents.ErrUntil
		}
		if a.Stamp != nil {
			if err := tx.checkStamp(*a.Stamp); err != nil {
				return err
			}
		}
		if a.Message != nil && a.Trigger == conversation.AgentReplies {
			if err := tx.settle(conv, a.Message.ID, a.Drafted); err != nil {
				return err
			}
			if _, err := tx.addMessage(key, conv, *a.Message); err != nil {
				return err
			}
		}
		if err := s.move(tx, key, &c, change{trigger: a.Trigger, reason: a.Reason, by: who, until: a.Until}); err != nil {
			return err
		}
		_, err := tx.exec("UPDATE conversations SET snoozed_until = ? WHERE id = ?", micros(a.Until), conv)
		if err == nil && a.Message != nil && a.Trigger != conversation.AgentReplies {
			_, err = tx.addMessage(key, conv, *a.Message)
		}
		return err
	})
}

func (s *Store) claim(tx *Tx, key Sealer, c *conversation.Conversation, who identity.StaffID, joined *conversation.Message, kept bool) error {
	if _, err := c.State.Next(conversation.AgentClaims); err != nil {
		return err
	}
	if err := tx.takeReserved(c.ID, who, kept); err != nil {
		return err
	}
	c.Assignee = who
	ch := change{trigger: conversation.AgentClaims, reason: conversation.TakenOver, by: who}
	if c.State == conversation.Open {
		if _, err := tx.exec("UPDATE conversations SET assignee = ? WHERE id = ?", who, c.ID); err != nil {
			return err
		}
		if err := tx.openTicket(c, ch); err != nil {
			return err
		}
		if err := tx.tellState(key, *c); err != nil {
			return err
		}
	} else if err := s.move(tx, key, c, ch); err != nil {
		return err
	}
	if err := tx.owned(c.ID, who); err != nil {
		return err
	}
	if err := tx.eventOf(c.ID, agents.TicketClaimed, who, ""); err != nil {
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
	if err := tx.openTicket(c, change{}); err != nil {
		return err
	}
	return tx.tellState(key, *c)
}

// owned notes who has a conversation: they are asked first when it returns.
func (tx *Tx) owned(conv string, who identity.StaffID) error {
	if _, err := tx.exec("UPDATE conversations SET last_owner = ? WHERE id = ?", who, conv); err != nil {
		return err
	}
	_, err := tx.exec("UPDATE tickets SET last_owner = ? WHERE conversation = ? AND state <> 'closed'", who, conv)
	return err
}

// WakeSnoozed reopens the conversations whose time has come.
func (s *Store) WakeSnoozed(ctx context.Context) error {
	ids, err := collect(ctx, s.reads, scanString,
		"SELECT id FROM conversations WHERE state = 'snoozed' AND snoozed_until > 0 AND snoozed_until <= now_micros() AND "+present("conversations.customer"))
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
			var until int64
			if err := tx.row("SELECT snoozed_until FROM conversations WHERE id = ?", id).Scan(&until); err != nil || until > micros(tx.Now) {
				return err // it was put off once more
			}
			return s.move(tx, key, &c, change{trigger: conversation.SnoozeEnds, reason: conversation.SnoozeOver})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// WatchDesk returns wake-ups when something at the desk has changed.
func (s *Store) WatchDesk() (<-chan struct{}, func()) { return s.Watch(deskTopic) }

// WakeDesk wakes the watchers of the desk, where another replica may have changed
// something. Of SQLite there is one: what it is told of was its own.
func (s *Store) WakeDesk() {
	if s.engine.shared {
		s.desk.wakes.Add(1)
	}
	s.Wake(deskTopic)
}

// CursorKey is the key that signs the cursors of lists.
func (s *Store) CursorKey() []byte { return []byte(s.keys.Hash("cursor key")) }
