package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// queueQuery reads the queues in the order in which they are tried.
const queueQuery = "SELECT name, rank, body FROM queues ORDER BY rank, name"

func scanQueue(scan func(...any) error) (agents.Queue, error) {
	q := agents.Queue{Priority: 1}
	var name string
	var order int
	var body []byte
	err := scan(&name, &order, &body)
	if errors.Is(err, sql.ErrNoRows) {
		err = agents.ErrUnknownQueue
	}
	if err != nil {
		return q, err
	}
	if json.Unmarshal(body, &q) != nil {
		return q, errors.New("a stored queue does not read")
	}
	q.Name, q.Order = name, order
	return q, nil
}

func getQueue(ctx context.Context, db querier, name string) (agents.Queue, error) {
	return scanQueue(db.QueryRowContext(ctx, "SELECT name, rank, body FROM queues WHERE name = ?", name).Scan)
}

// queues is Queues for a write.
func (tx *Tx) queues() (_ []agents.Queue, err error) {
	if tx.arranged.queues == nil {
		tx.arranged.queues, err = collect(tx.ctx, tx.tx, scanQueue, queueQuery)
	}
	return tx.arranged.queues, err
}

// queue returns a queue for a write, agents.ErrUnknownQueue if there is none of the name.
func (tx *Tx) queue(name string) (agents.Queue, error) {
	queues, err := tx.queues()
	if err != nil {
		return agents.Queue{}, err
	}
	if i := slices.IndexFunc(queues, func(q agents.Queue) bool { return q.Name == name }); i >= 0 {
		return queues[i], nil
	}
	return agents.Queue{}, agents.ErrUnknownQueue
}

// Queues returns the queues in the order in which they are tried.
func (s *Store) Queues(ctx context.Context) ([]agents.Queue, error) {
	return collect(ctx, s.reads, scanQueue, queueQuery)
}

// Queue returns a queue, agents.ErrUnknownQueue if there is none of the name.
func (s *Store) Queue(ctx context.Context, name string) (agents.Queue, error) {
	return getQueue(ctx, s.reads, name)
}

// SetQueue adds a queue, or changes the one of its name: the tickets in it have its
// targets from then on. It refuses what agents.Queue.Validate does, and a queue for late
// tickets that is not there.
func (s *Store) SetQueue(ctx context.Context, q agents.Queue, actor string) error {
	if err := q.Validate(); err != nil {
		return err
	}
	body, err := json.Marshal(q)
	if err != nil {
		return err
	}
	return s.writeAlone(ctx, func(tx *Tx) error {
		if q.Targets.Escalate != "" {
			_, err := getQueue(tx.ctx, tx.tx, q.Targets.Escalate)
			if errors.Is(err, agents.ErrUnknownQueue) {
				err = fmt.Errorf("%w: targets.escalate is %q, and there is no such queue; make it first", agents.ErrQueue, q.Targets.Escalate)
			}
			if err != nil {
				return err
			}
		}
		if _, err := tx.exec(`INSERT INTO queues (name, rank, body, at, actor) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET rank = excluded.rank, body = excluded.body, at = excluded.at, actor = excluded.actor`,
			q.Name, q.Order, string(body), micros(tx.Now), actor); err != nil {
			return err
		}
		ids, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM tickets WHERE queue = ? AND state <> 'closed'", q.Name)
		for _, id := range ids {
			if err == nil {
				err = tx.setDue(id)
			}
		}
		tx.Wake(deskTopic)
		return err
	})
}

// RemoveQueue removes a queue. agents.ErrQueueNeeded says what still needs it: tickets that
// are not closed, another queue whose late tickets go to it, or that it takes what no
// other takes.
func (s *Store) RemoveQueue(ctx context.Context, name string) error {
	if name == agents.DefaultQueue {
		return fmt.Errorf("%w: %s takes what no other queue takes, and always stays", agents.ErrQueueNeeded, name)
	}
	return s.writeAlone(ctx, func(tx *Tx) error {
		var open int
		if err := tx.row("SELECT COUNT(*) FROM tickets WHERE queue = ? AND state <> 'closed'", name).Scan(&open); err != nil {
			return err
		}
		if open > 0 {
			return fmt.Errorf("%w: %d conversations are in it; transfer or resolve them first", agents.ErrQueueNeeded, open)
		}
		queues, err := collect(tx.ctx, tx.tx, scanQueue, queueQuery)
		if err != nil {
			return err
		}
		for _, q := range queues {
			if q.Targets.Escalate == name {
				return fmt.Errorf("%w: late tickets of %s go to it; change targets.escalate there first", agents.ErrQueueNeeded, q.Name)
			}
		}
		n, err := tx.exec("DELETE FROM queues WHERE name = ?", name)
		if err == nil && n == 0 {
			err = agents.ErrUnknownQueue
		}
		tx.Wake(deskTopic)
		return err
	})
}

// colleague returns the name of somebody who may be given tickets of a queue; an empty
// queue names any.
//
// SECURITY: a desk of somebody else's is given what its queues hold and nothing else.
func colleague(ctx context.Context, db querier, staff identity.StaffID, queue string) (string, error) {
	x, err := scanSeated(db.QueryRowContext(ctx, "SELECT "+seatColumns+"AND s.id = ?", agents.DefaultCapacity, staff).Scan)
	if errors.Is(err, identity.ErrUnauthenticated) {
		return "", agents.ErrUnknownColleague
	}
	if err != nil {
		return "", err
	}
	who := identity.Principal{Kind: identity.Staff, Roles: x.roles, Recipient: x.Recipient}
	outside := x.Recipient != "" && queue != "" && !slices.Contains(x.Queues, queue)
	if !who.Has(identity.RoleAgent, identity.RoleSupervisor) || outside {
		return "", agents.ErrUnknownColleague
	}
	return x.Name, nil
}

// Colleague returns the name of somebody who may be given tickets.
func (s *Store) Colleague(ctx context.Context, staff identity.StaffID) (string, error) {
	return colleague(ctx, s.reads, staff, "")
}

// offerTime is the least time for which a conversation is kept for the person whom it is
// transferred to.
const offerTime = 2 * time.Minute

// Transfer gives a conversation to a queue or a person; see agents.TransferStore.
func (s *Store) Transfer(ctx context.Context, by agents.By, conv string, t agents.Transfer) error {
	who := by.Staff
	return s.writeIn(ctx, conv, func(tx *Tx, key Sealer, c conversation.Conversation) error {
		if done, err := tx.begins(by, conv); err != nil || done {
			return err
		}
		switch {
		case t.Anyone:
		case c.Assignee == "":
			return agents.ErrNotOwner
		case c.Assignee != who:
			return agents.ErrOwned
		}
		trigger := conversation.AgentTransfers
		if t.Assign {
			trigger = conversation.SupervisorAssigns
		}
		if _, err := c.State.Next(trigger); err != nil {
			return err
		}
		ticket, err := scanTicket(tx.row(ticketQuery+"WHERE t.conversation = ? AND t.state <> 'closed'", conv).Scan)
		if err != nil {
			return err
		}
		if t.Assign && c.Assignee == t.Staff && c.State == conversation.Open {
			return nil // they have it
		}
		if _, err := tx.exec("UPDATE tickets SET reserved = '', reserved_until = 0 WHERE id = ?", ticket.ID); err != nil {
			return err
		}
		if t.Queue != "" {
			err = tx.toQueue(ticket, who, t.Queue)
		} else {
			err = tx.toPerson(&c, ticket, who, t)
		}
		if err != nil {
			return err
		}
		if !t.Assign {
			c.Assignee, c.Reason = "", conversation.Transferred
		}
		if err := s.passOn(tx, key, &c, change{trigger: trigger, reason: conversation.TakenOver, by: who}); err != nil {
			return err
		}
		if t.Assign {
			if err := tx.owned(conv, t.Staff); err != nil {
				return err
			}
		}
		if t.Note != "" {
			note := agents.Note{ID: identity.NewID("not"), Conversation: conv, Staff: who, Text: t.Note}
			if err := tx.addNote(key, c.Customer, note); err != nil {
				return err
			}
		}
		if !t.Assign || t.Joined == nil {
			return nil
		}
		_, err = tx.addMessage(key, conv, *t.Joined)
		return err
	})
}

// passOn gives a conversation to its new assignee, or to nobody. What was put off comes
// back with it.
func (s *Store) passOn(tx *Tx, key Sealer, c *conversation.Conversation, ch change) error {
	if c.State == conversation.Snoozed {
		return s.move(tx, key, c, ch)
	}
	if _, err := tx.exec("UPDATE conversations SET assignee = ?, reason = ? WHERE id = ?", c.Assignee, c.Reason, c.ID); err != nil {
		return err
	}
	if err := tx.openTicket(c, ch); err != nil {
		return err
	}
	return tx.tellState(key, *c)
}

// toQueue puts a ticket into another queue, where it keeps its clocks, and what is urgent
// stays so.
func (tx *Tx) toQueue(t agents.Ticket, who identity.StaffID, name string) error {
	q, err := getQueue(tx.ctx, tx.tx, name)
	if err != nil {
		return err
	}
	if t.Escalated > 0 {
		q.Priority = 0
	}
	if _, err := tx.exec("UPDATE tickets SET queue = ?, skills = ?, priority = ?, last_owner = '' WHERE id = ?",
		q.Name, texts(q.Skills), q.Priority, t.ID); err != nil {
		return err
	}
	if q.Name != t.Queue {
		if err := tx.tellLeft(t); err != nil {
			return err
		}
	}
	if err := tx.ticketEvent(t.ID, agents.TicketTransferred, who, t.Queue); err != nil {
		return err
	}
	return tx.setDue(t.ID)
}

// toPerson keeps a ticket for a person, or gives it to them.
func (tx *Tx) toPerson(c *conversation.Conversation, t agents.Ticket, who identity.StaffID, to agents.Transfer) error {
	if _, err := colleague(tx.ctx, tx.tx, to.Staff, t.Queue); err != nil {
		return err
	}
	if to.Assign {
		c.Assignee = to.Staff
		return tx.ticketEvent(t.ID, agents.TicketAssigned, who, string(to.Staff))
	}
	q, err := getQueue(tx.ctx, tx.tx, t.Queue)
	if err != nil && !errors.Is(err, agents.ErrUnknownQueue) {
		return err
	}
	until := tx.Now.Add(max(offerTime, time.Duration(q.Reserve)))
	if _, err := tx.exec("UPDATE tickets SET reserved = ?, reserved_until = ?, last_owner = ? WHERE id = ?",
		to.Staff, micros(until), to.Staff, t.ID); err != nil {
		return err
	}
	return tx.ticketEvent(t.ID, agents.TicketTransferred, who, string(to.Staff))
}

// returnsToDesk reports whether a message of its customer returns a resolved conversation
// to the person who had it: they resolved it, or it went quiet, no longer ago than its
// queue says, and its customer has not said since that it is solved.
func returnsToDesk(ctx context.Context, db querier, conv string) (bool, error) {
	outcome, recent, err := lastHad(ctx, db, conv)
	return recent && (outcome == outcomeResolved || outcome == outcomeQuiet), err
}

// lastHad returns how the last ticket of a resolved conversation ended that a person had,
// and whether that is no longer ago than its queue says that it can return.
func lastHad(ctx context.Context, db querier, conv string) (ended string, recent bool, err error) {
	var resolved, now int64
	var body sql.NullString
	err = db.QueryRowContext(ctx, `SELECT t.outcome, c.resolved, now_micros(), q.body FROM conversations c
		JOIN tickets t ON t.conversation = c.id LEFT JOIN queues q ON q.name = t.queue
		WHERE c.id = ? AND c.resolved > 0 AND c.last_owner <> '' ORDER BY t.closed DESC, t.opened DESC, t.id DESC LIMIT 1`, conv).
		Scan(&ended, &resolved, &now, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, sqlError("read the last ticket", err)
	}
	var q agents.Queue
	if body.Valid && json.Unmarshal([]byte(body.String), &q) != nil {
		return "", false, errors.New("a stored queue does not read")
	}
	return ended, now-resolved < time.Duration(q.Reopen).Microseconds(), nil
}

// MayConfirm reports whether the customer of a conversation may say whether it is solved: a
// person had it, it is resolved, and they have not said so.
func (s *Store) MayConfirm(ctx context.Context, conv string) (bool, error) {
	return mayConfirm(ctx, s.reads, conv, outcomeResolved, outcomeQuiet)
}

// mayConfirm reports whether a conversation is resolved, a person had it, and its ticket
// came to one of the outcomes.
func mayConfirm(ctx context.Context, db querier, conv string, outcomes ...string) (may bool, err error) {
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM conversations c JOIN tickets t ON t.conversation = c.id
		WHERE c.id = ? AND c.state = 'resolved' AND c.last_owner <> '' AND t.outcome IN (`+marks(len(outcomes))+`)
		AND NOT EXISTS (SELECT 1 FROM tickets l WHERE l.conversation = c.id AND l.closed > t.closed))`,
		append([]any{conv}, anys(outcomes)...)...).Scan(&may)
	return may, err
}

// Confirm stores whether a resolved conversation is solved, as its customer says: what is
// not goes back to the person who had it. Saying it again changes nothing.
// conversation.ErrIllegalTransition where no person had it, or it is open.
func (s *Store) Confirm(ctx context.Context, id string, solved bool, notSolved conversation.Message) error {
	return s.writeIn(ctx, id, func(tx *Tx, key Sealer, c conversation.Conversation) error {
		if !solved && c.State == conversation.Open && c.Reason == conversation.NotSolved {
			return nil
		}
		trigger := conversation.CustomerReturns
		if solved {
			trigger = conversation.CustomerConfirms
		}
		if _, err := c.State.Next(trigger); err != nil {
			return err
		}
		may, err := mayConfirm(tx.ctx, tx.tx, id, outcomeResolved, outcomeQuiet, outcomeConfirmed)
		if err != nil {
			return err
		}
		if !may {
			return fmt.Errorf("%w: no person had it; write what is still open, or ask for a person", conversation.ErrIllegalTransition)
		}
		if !solved {
			return s.move(tx, key, &c, change{trigger: trigger, reason: conversation.NotSolved, by: agents.ByCustomer, notice: &notSolved})
		}
		ids, err := collect(tx.ctx, tx.tx, scanString, `UPDATE tickets SET outcome = ? WHERE outcome IN (?, ?)
			AND id = (SELECT id FROM tickets t WHERE t.conversation = ? ORDER BY t.closed DESC, t.opened DESC, t.id DESC LIMIT 1) RETURNING id`,
			outcomeConfirmed, outcomeResolved, outcomeQuiet, id)
		for _, ticket := range ids {
			if err == nil {
				err = tx.ticketEvent(ticket, agents.TicketConfirmed, agents.ByCustomer, "")
			}
		}
		return err
	})
}
