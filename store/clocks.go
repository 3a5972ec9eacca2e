package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// clocksAfter keeps how the ticket's clocks stand since a message.
func (tx *Tx) clocksAfter(conv string, m conversation.Message) error {
	var change string
	switch m.From {
	case conversation.FromCustomer:
		change = "asked = CASE WHEN asked = 0 THEN CAST(? AS BIGINT) ELSE asked END"
	case conversation.FromAgent:
		change = "asked = 0, first_reply = CASE WHEN first_reply = 0 THEN CAST(? AS BIGINT) ELSE first_reply END"
	case conversation.FromAssistant, conversation.FromSystem:
		return nil
	}
	var ticket string
	err := tx.row("UPDATE tickets SET "+change+" WHERE conversation = ? AND state <> 'closed' RETURNING id", micros(tx.Now), conv).Scan(&ticket)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // the assistant has it
	}
	if err == nil && m.From == conversation.FromAgent {
		err = tx.ticketEvent(ticket, agents.TicketReplied, m.Staff, "")
	}
	if err != nil {
		return err
	}
	return tx.setDue(ticket)
}

// setDue finds which target of a ticket passes next. What passed or was met before is
// told by what happened to the ticket, in order: the clock may go back.
func (tx *Tx) setDue(ticket string) error {
	var queue string
	var opened, replied, asked int64
	err := tx.row("SELECT queue, opened, first_reply, asked FROM tickets WHERE id = ?", ticket).Scan(&queue, &opened, &replied, &asked)
	if err != nil {
		return err
	}
	q, err := tx.queue(queue)
	if errors.Is(err, agents.ErrUnknownQueue) {
		q, err = agents.Queue{}, nil // a queue that is gone has no targets
	}
	if err != nil {
		return err
	}
	c := agents.Clocks{Opened: fromMicros(opened), FirstReply: fromMicros(replied), Asked: fromMicros(asked)}
	type event struct {
		kind agents.EventKind
		due  agents.DueKind
	}
	events, err := collect(tx.ctx, tx.tx, func(scan func(...any) error) (e event, err error) {
		return e, scan(&e.kind, &e.due)
	}, "SELECT kind, detail FROM ticket_events WHERE ticket = ? AND kind IN ('escalated', 'replied', 'resolved') ORDER BY ordinal", ticket)
	if err != nil {
		return err
	}
	for _, e := range events {
		if e.kind == agents.TicketReplied { // what is asked next has a target of its own
			c.Passed = slices.DeleteFunc(c.Passed, func(k agents.DueKind) bool { return k == agents.NextReply })
			continue
		}
		if e.kind == agents.TicketResolved {
			c.Passed = slices.DeleteFunc(c.Passed, func(k agents.DueKind) bool { return k == agents.NextReply })
			e.due = agents.Resolution // it was met before the ticket was opened again
		}
		c.Passed = append(c.Passed, e.due)
	}
	at, kind := q.Due(c)
	_, err = tx.exec("UPDATE tickets SET due = ?, due_kind = ? WHERE id = ?", micros(at), kind, ticket)
	return err
}

// sweepPage is how many conversations a sweep changes at a time.
const sweepPage = 100

// about is a conversation of a customer that something is to be done to.
type about struct {
	conv     string
	customer identity.CustomerID
}

func scanAbout(scan func(...any) error) (a about, err error) {
	return a, scan(&a.conv, &a.customer)
}

// each does something to the conversations that find returns, until it finds no more than
// it did. What fails of one is returned, and does not keep it from the others.
func each(ctx context.Context, find func() ([]about, error), do func(about) (bool, error)) (n int, err error) {
	for ctx.Err() == nil {
		found, err := find()
		if err != nil {
			return n, err
		}
		var errs []error
		before := n
		for _, a := range found {
			done, err := do(a)
			if errors.Is(err, identity.ErrUnavailable) {
				return n, err
			}
			if err != nil && !erasedMeanwhile(err) {
				errs = append(errs, err)
			}
			if done {
				n++
			}
		}
		if len(found) < sweepPage || n == before || len(errs) > 0 {
			return n, errors.Join(errs...)
		}
	}
	return n, ctx.Err()
}

// Escalate escalates the tickets of which a target has passed: each becomes urgent, and
// goes to the queue that its own names, once for each target. Who has one keeps it. Of
// what a person put off nothing is late until it wakes. It returns how many there were.
func (s *Store) Escalate(ctx context.Context) (int, error) {
	return each(ctx, func() ([]about, error) {
		return collect(ctx, s.reads, scanAbout, `SELECT t.conversation, t.customer FROM tickets t JOIN conversations c ON c.id = t.conversation
			WHERE t.due > 0 AND t.state <> 'closed' AND t.due <= now_micros() AND c.state = 'open' AND `+present("t.customer")+" ORDER BY t.due, t.id LIMIT ?", sweepPage)
	}, func(a about) (done bool, err error) {
		err = s.writeFor(ctx, a.customer, func(tx *Tx) error {
			done = false
			t, err := scanTicket(tx.row(ticketQuery+"JOIN conversations c ON c.id = t.conversation WHERE t.conversation = ? AND t.state <> 'closed' AND c.state = 'open'", a.conv).Scan)
			if err != nil || t.Clocks.Due.IsZero() || t.Clocks.Due.After(tx.Now) {
				return err // it was answered meanwhile, or another replica was here
			}
			done = true
			return tx.escalate(t)
		})
		return done && err == nil, err
	})
}

func (tx *Tx) escalate(t agents.Ticket) error {
	q, err := getQueue(tx.ctx, tx.tx, t.Queue)
	to := q
	if err == nil && q.Targets.Escalate != "" {
		to, err = getQueue(tx.ctx, tx.tx, q.Targets.Escalate)
	}
	if errors.Is(err, agents.ErrUnknownQueue) {
		to, err = agents.Queue{Name: t.Queue, Skills: t.Skills}, nil
	}
	if err != nil {
		return err
	}
	if to.Name == t.Queue {
		to.Skills = t.Skills // as they were when it came
	}
	if _, err := tx.exec("UPDATE tickets SET priority = 0, escalated = escalated + 1, queue = ?, skills = ? WHERE id = ?",
		to.Name, texts(to.Skills), t.ID); err != nil {
		return err
	}
	if to.Name != t.Queue {
		if err := tx.unreserve(t.ID); err != nil { // it was for who serves the former one
			return err
		}
		if err := tx.tellLeft(t); err != nil {
			return err
		}
	}
	if err := tx.ticketEvent(t.ID, agents.TicketEscalated, "", string(t.Clocks.DueKind)); err != nil {
		return err
	}
	if err := tx.setDue(t.ID); err != nil {
		return err
	}
	_, err = tx.tellTicket(t.Conversation)
	return err
}

// QuietNotice is what a customer reads before their conversation is closed, in their
// language; left is for how long it stays open.
type QuietNotice func(language string, left time.Duration) string

// GoQuiet closes what nobody has written in for the time of its queue: what the assistant
// has, and what a person has whose customer has an answer, after a notice at half of that
// time and as much time again. Who waits for a person is never closed. It returns how
// many were closed.
func (s *Store) GoQuiet(ctx context.Context, notice QuietNotice) (int, error) {
	queues, err := s.Queues(ctx)
	if err != nil {
		return 0, err
	}
	closed := 0
	for i, q := range queues {
		if q.Quiet <= 0 {
			continue
		}
		n, err := s.quietQueue(ctx, q, notice)
		if closed += n; err != nil {
			return closed, err
		}
		if n, err = s.quietPending(ctx, queues, i); err != nil {
			return closed + n, err
		}
		closed += n
	}
	return closed, nil
}

// quiet selects what is owned in a queue, has an answer, and is to be told or closed. Its
// parameters are the queue and half of its time, thrice, and the whole.
const quiet = `c.state = 'open' AND t.queue = ? AND t.state = 'owned' AND t.asked = 0 AND c.said > 0
	AND (c.warned = 0 AND c.said <= now_micros() - CAST(? AS BIGINT)
		OR c.warned > 0 AND c.warned <= now_micros() - CAST(? AS BIGINT) AND c.said <= now_micros() - CAST(? AS BIGINT))`

func (s *Store) quietQueue(ctx context.Context, q agents.Queue, notice QuietNotice) (closed int, err error) {
	whole := time.Duration(q.Quiet)
	args := []any{q.Name, (whole / 2).Microseconds(), (whole / 2).Microseconds(), whole.Microseconds()}
	const from = " FROM conversations c JOIN tickets t ON t.conversation = c.id WHERE "
	_, err = each(ctx, func() ([]about, error) {
		return collect(ctx, s.reads, scanAbout, "SELECT c.id, c.customer"+from+quiet+" AND "+present("c.customer")+" ORDER BY c.said, c.id LIMIT ?", append(args, sweepPage)...)
	}, func(a about) (done bool, err error) {
		key, err := s.keys.For(ctx, a.customer)
		if err != nil {
			return false, erased(err)
		}
		ended := false
		err = s.writeFor(ctx, a.customer, func(tx *Tx) error {
			done, ended = false, false
			warned, err := collect(tx.ctx, tx.tx, scanInt, "SELECT c.warned"+from+quiet+" AND c.id = ?", append(args, a.conv)...)
			if err != nil || len(warned) == 0 {
				return err
			}
			c, err := getConversation(tx.ctx, tx.tx, a.conv)
			if err != nil {
				return err
			}
			done = true
			if warned[0] > 0 {
				ended = true
				return s.move(tx, key, &c, change{trigger: conversation.GoesQuiet, reason: conversation.WentQuiet})
			}
			if _, err := tx.exec("UPDATE conversations SET warned = ? WHERE id = ?", micros(tx.Now), a.conv); err != nil {
				return err
			}
			_, err = tx.addMessage(key, a.conv, conversation.Message{
				ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage(notice(c.Language, whole-whole/2)),
			})
			return err
		})
		if ended && err == nil {
			closed++
		}
		return done && err == nil, err
	})
	return closed, err
}

// erased is an error of a customer's key as one of theirs.
func erased(err error) error {
	if errors.Is(err, ErrKeyDestroyed) {
		return errErased
	}
	return err
}

func scanInt(scan func(...any) error) (n int64, err error) {
	return n, scan(&n)
}

// quietPending closes what the assistant has and nobody has written in for the time of
// the queue that it would come to if it were handed over now.
func (s *Store) quietPending(ctx context.Context, queues []agents.Queue, i int) (int, error) {
	where, args := pendingOf(queues, i)
	args = append(args, time.Duration(queues[i].Quiet).Microseconds())
	// The second condition on the state is the index's.
	where += ` AND c.state = 'pending' AND c.state <> 'resolved' AND c.said > 0 AND c.said <= now_micros() - CAST(? AS BIGINT)
		AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.conversation = c.id AND a.status = 'writing')`
	return each(ctx, func() ([]about, error) {
		return collect(ctx, s.reads, scanAbout, "SELECT c.id, c.customer FROM conversations c WHERE "+where+" AND "+present("c.customer")+" ORDER BY c.said, c.id LIMIT ?",
			append(args, sweepPage)...)
	}, func(a about) (done bool, err error) {
		key, err := s.keys.For(ctx, a.customer)
		if err != nil {
			return false, erased(err)
		}
		err = s.writeFor(ctx, a.customer, func(tx *Tx) error {
			done = false
			still, err := collect(tx.ctx, tx.tx, scanString, "SELECT c.id FROM conversations c WHERE "+where+" AND c.id = ?", append(args, a.conv)...)
			if err != nil || len(still) == 0 {
				return err
			}
			c, err := getConversation(tx.ctx, tx.tx, a.conv)
			if err != nil {
				return err
			}
			done = true
			return s.move(tx, key, &c, change{trigger: conversation.GoesQuiet, reason: conversation.WentQuiet})
		})
		return done && err == nil, err
	})
}

// pendingOf is the condition that conversations c without a ticket are of a queue, as
// agents.Choose has it: it takes their site and language, and none before it does, or it
// is the one that takes the others. The queues are in the order in which they are tried.
func pendingOf(queues []agents.Queue, i int) (where string, args []any) {
	where, args = takesPending(queues[i])
	for _, q := range queues[:i] {
		other, more := takesPending(q)
		where, args = where+" AND NOT "+other, append(args, more...)
	}
	if queues[i].Name != agents.DefaultQueue {
		return where, args
	}
	where = "(" + where + " OR TRUE"
	for _, q := range queues {
		other, more := takesPending(q)
		where, args = where+" AND NOT "+other, append(args, more...)
	}
	return where + ")", args
}

// takesPending is the condition that a queue takes conversations c without a ticket: what
// takes reasons or topics takes none of them.
func takesPending(q agents.Queue) (where string, args []any) {
	if len(q.Takes.Reasons) > 0 || len(q.Takes.Topics) > 0 {
		return "FALSE", nil
	}
	where = "(TRUE"
	if n := len(q.Takes.Sites); n > 0 {
		where, args = where+" AND c.site IN ("+marks(n)+")", anys(q.Takes.Sites)
	}
	if len(q.Takes.Languages) > 0 {
		where += " AND (FALSE"
		for _, l := range q.Takes.Languages {
			where += " OR LOWER(c.language) = LOWER(?) OR LOWER(c.language) LIKE LOWER(?)"
			args = append(args, l, l+"-%")
		}
		where += ")"
	}
	return where + ")", args
}
