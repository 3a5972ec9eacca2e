package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// declineTime is how long who passed a ticket is not given it again, while somebody else
// is able.
const declineTime = 10 * time.Minute

const queuedColumns = `t.id, t.conversation, t.queue, t.skills, t.language, t.priority, t.waiting_since, t.last_owner, COALESCE(q.body, '')`

// scanQueued reads a ticket, and the queue that it waits in.
func scanQueued(scan func(...any) error, more ...any) (t agents.Queued, q agents.Queue, err error) {
	var skills, body string
	var since int64
	err = scan(append([]any{&t.Ticket, &t.Conversation, &t.Queue, &skills, &t.Language, &t.Priority, &since, &t.LastOwner, &body}, more...)...)
	if err == nil {
		err = json.Unmarshal([]byte(skills), &t.Skills)
	}
	if err == nil && body != "" { // else the queue was removed: its tickets are taken
		err = json.Unmarshal([]byte(body), &q)
	}
	t.Since, t.Reserve = fromMicros(since), time.Duration(q.Reserve)
	return t, q, err
}

// Queued returns the tickets that wait and are kept for nobody, and the time by the
// database's clock: of those that need the same, the first of the line, as many as are
// asked for. Priority and time decide, so the others cannot be served before them.
func (s *Store) Queued(ctx context.Context, each int) (tickets []agents.Queued, now time.Time, err error) {
	tickets, err = collect(ctx, s.reads, func(scan func(...any) error) (agents.Queued, error) {
		var place, at int64
		t, _, err := scanQueued(scan, &place, &at)
		now = fromMicros(at)
		return t, err
	}, `SELECT * FROM (SELECT `+queuedColumns+`,
		ROW_NUMBER() OVER (PARTITION BY t.queue, t.language, t.skills ORDER BY t.priority, t.waiting_since, t.id) AS place, now_micros() AS at
		FROM tickets t JOIN conversations c ON c.id = t.conversation LEFT JOIN queues q ON q.name = t.queue
		WHERE t.state = 'waiting' AND t.reserved = '' AND c.state = 'open') line WHERE place <= ?`, each)
	if err != nil || len(tickets) == 0 {
		return nil, now, err
	}
	// Who passed says so; what lapsed, or was taken back, is said of them.
	type declined struct {
		ticket string
		by     identity.StaffID
	}
	all, err := collect(ctx, s.reads, func(scan func(...any) error) (d declined, err error) {
		return d, scan(&d.ticket, &d.by)
	}, `SELECT e.ticket, CASE WHEN e.kind <> 'passed' AND e.detail <> '' THEN e.detail ELSE e.actor END FROM ticket_events e JOIN tickets t ON t.id = e.ticket
		WHERE e.at > ? AND e.kind IN ('passed', 'lapsed', 'released') AND t.state = 'waiting'`, micros(now.Add(-declineTime)))
	if err != nil {
		return nil, now, err
	}
	by := make(map[string][]identity.StaffID)
	for _, d := range all {
		by[d.ticket] = append(by[d.ticket], d.by)
	}
	for i := range tickets {
		tickets[i].Declined = by[tickets[i].Ticket]
	}
	return tickets, now, nil
}

// Line returns where a conversation waits.
func (s *Store) Line(ctx context.Context, conv string) (agents.Line, error) {
	var l agents.Line
	var now int64
	var q agents.Queue
	var err error
	l.Queued, q, err = scanQueued(s.reads.QueryRowContext(ctx, "SELECT "+queuedColumns+`, now_micros()
		FROM tickets t LEFT JOIN queues q ON q.name = t.queue WHERE t.conversation = ? AND t.state = 'waiting'`, conv).Scan, &now)
	if errors.Is(err, sql.ErrNoRows) {
		err = conversation.ErrNotFound
	}
	if err != nil {
		return l, err
	}
	l.Hours, l.Now = q.Hours, fromMicros(now)
	place, err := ticketOf(ctx, s.reads, conv)
	if err != nil {
		return l, err
	}
	l.Position = max(place.QueuePosition, 1) // 0: somebody took it at this moment
	return l, nil
}

// Waited returns how the latest tickets of a queue waited, the newest first.
func (s *Store) Waited(ctx context.Context, queue string) ([]agents.Taking, error) {
	// Who took a ticket again, after a release, did not make its customer wait for the first time.
	return collect(ctx, s.reads, func(scan func(...any) error) (agents.Taking, error) {
		var opened, taken int64
		err := scan(&opened, &taken)
		return agents.Taking{Opened: fromMicros(opened), Taken: fromMicros(taken)}, err
	}, `SELECT t.opened, e.at FROM ticket_events e JOIN tickets t ON t.id = e.ticket
		WHERE e.queue = ? AND e.kind = 'claimed' AND e.at > now_micros() - CAST(? AS BIGINT)
		AND NOT EXISTS (SELECT 1 FROM ticket_events b WHERE b.ticket = e.ticket AND b.ordinal < e.ordinal AND b.kind IN ('claimed', 'assigned'))
		ORDER BY e.at DESC, e.ticket LIMIT ?`, queue, agents.WaitWindow.Microseconds(), agents.WaitSample)
}

// Reservations returns what is kept for a member of staff at this moment, the soonest
// over first.
func (s *Store) Reservations(ctx context.Context, staff identity.StaffID) ([]agents.Reservation, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (r agents.Reservation, err error) {
		var until int64
		err = scan(&r.Ticket, &r.Conversation, &r.Staff, &until)
		r.Until = fromMicros(until)
		return r, err
	}, `SELECT id, conversation, reserved, reserved_until FROM tickets
		WHERE reserved = ? AND state = 'waiting' AND reserved_until > now_micros() ORDER BY reserved_until, id`, staff)
}

// customerOf returns whose a conversation is.
func (s *Store) customerOf(ctx context.Context, conv string) (identity.CustomerID, error) {
	c, err := s.Conversation(ctx, conv)
	return c.Customer, err
}

// Reserve keeps a ticket for an agent, if it still waits and is kept for nobody.
func (s *Store) Reserve(ctx context.Context, r agents.Reservation) error {
	customer, err := s.customerOf(ctx, r.Conversation)
	if err != nil {
		return err
	}
	return s.writeFor(ctx, customer, func(tx *Tx) error {
		n, err := tx.exec(`UPDATE tickets SET reserved = ?, reserved_until = ? WHERE id = ? AND state = 'waiting' AND reserved = ''
			AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = tickets.conversation AND c.state = 'open')`,
			r.Staff, micros(r.Until), r.Ticket)
		if err != nil || n == 0 {
			return err
		}
		if err := tx.implicitSeat(r.Staff); err != nil {
			return err
		}
		if _, err := tx.exec("UPDATE seats SET given = ? WHERE staff = ?", micros(tx.Now), r.Staff); err != nil {
			return err
		}
		tx.Wake(deskTopic)
		return tx.ticketEvent(r.Ticket, agents.TicketReserved, "", string(r.Staff))
	})
}

// Lapse ends the reservations that are over: the tickets are given to others.
func (s *Store) Lapse(ctx context.Context) error {
	over, err := collect(ctx, s.reads, func(scan func(...any) error) (r agents.Reservation, err error) {
		return r, scan(&r.Ticket, &r.Conversation)
	}, "SELECT id, conversation FROM tickets WHERE reserved <> '' AND reserved_until <= now_micros() AND state = 'waiting'")
	if err != nil {
		return err
	}
	for _, r := range over {
		customer, err := s.customerOf(ctx, r.Conversation)
		if err == nil {
			err = s.writeFor(ctx, customer, func(tx *Tx) error { return tx.lapse(r.Ticket) })
		}
		if err != nil && !erasedMeanwhile(err) {
			return err
		}
	}
	return nil
}

// erasedMeanwhile reports whether a customer was erased meanwhile.
func erasedMeanwhile(err error) bool {
	return errors.Is(err, conversation.ErrNotFound) || errors.Is(err, consent.ErrUnknownCustomer)
}

// lapse ends the reservation of a ticket if it is over. It counts against whom it was kept
// for unless it ran beside another one that they took, passed or let lapse: nobody can
// take two at once.
func (tx *Tx) lapse(ticket string) error {
	staff, err := collect(tx.ctx, tx.tx, scanString,
		"SELECT reserved FROM tickets WHERE id = ? AND reserved <> '' AND reserved_until <= ? AND state = 'waiting'", ticket, micros(tx.Now))
	if err != nil || len(staff) == 0 {
		return err
	}
	if err := tx.unreserve(ticket); err != nil {
		return err
	}
	if err := tx.implicitSeat(identity.StaffID(staff[0])); err != nil {
		return err
	}
	if _, err := tx.exec(`UPDATE seats SET lapsed = lapsed + 1, lapses_from = ? WHERE staff = ?
		AND lapses_from <= (SELECT COALESCE(MAX(e.at), 0) FROM ticket_events e WHERE e.ticket = ? AND e.kind IN ('reserved', 'transferred'))`,
		micros(tx.Now), staff[0], ticket); err != nil {
		return err
	}
	return tx.ticketEvent(ticket, agents.TicketLapsed, "", staff[0])
}

func (tx *Tx) unreserve(ticket string) error {
	tx.Wake(deskTopic)
	_, err := tx.exec("UPDATE tickets SET reserved = '', reserved_until = 0 WHERE id = ?", ticket)
	return err
}

// responded notes that who was given tickets is there after all.
func (tx *Tx) responded(staff identity.StaffID) error {
	_, err := tx.exec("UPDATE seats SET lapsed = 0, lapses_from = ? WHERE staff = ?", micros(tx.Now), staff)
	return err
}

// Pass lets a reservation pass: the ticket is given to somebody else.
func (s *Store) Pass(ctx context.Context, by agents.By, conv string) error {
	who := by.Staff
	customer, err := s.customerOf(ctx, conv)
	if err != nil {
		return err
	}
	return s.writeFor(ctx, customer, func(tx *Tx) error {
		if done, err := tx.begins(by, conv); err != nil || done {
			return err
		}
		tickets, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM tickets WHERE conversation = ? AND state = 'waiting' AND reserved = ?", conv, who)
		if err != nil {
			return err
		}
		if len(tickets) == 0 {
			return agents.ErrNotReserved
		}
		if err := tx.unreserve(tickets[0]); err != nil {
			return err
		}
		if err := tx.responded(who); err != nil {
			return err
		}
		return tx.ticketEvent(tickets[0], agents.TicketPassed, who, "")
	})
}

// takeReserved ends the reservation of a conversation that who takes. What is kept for
// somebody else they may take only if anyone's may be taken, or it is over.
func (tx *Tx) takeReserved(conv string, who identity.StaffID, anyone bool) error {
	kept, err := collect(tx.ctx, tx.tx, func(scan func(...any) error) (r agents.Reservation, err error) {
		var until int64
		err = scan(&r.Ticket, &r.Staff, &until)
		r.Until = fromMicros(until)
		return r, err
	}, "SELECT id, reserved, reserved_until FROM tickets WHERE conversation = ? AND state = 'waiting' AND reserved <> ''", conv)
	if err != nil {
		return err
	}
	for _, r := range kept {
		switch {
		case r.Staff == who:
		case !r.Until.After(tx.Now):
			if err := tx.lapse(r.Ticket); err != nil {
				return err
			}
		case !anyone:
			return agents.ErrReserved
		}
		if err := tx.unreserve(r.Ticket); err != nil {
			return err
		}
	}
	return tx.responded(who)
}

// recent is how long before somebody's latest act on a ticket they said last that they
// are there, if they work where that is said: over NATS nobody says it.
const recent = 5 * time.Minute

// silentOwners selects what is owned by who has been silent for a time that is its
// parameters, as they are in silence: who says that they are there, and did while they
// had it; and by whose account was closed.
const silentOwners = ` FROM tickets t JOIN conversations c ON c.id = t.conversation JOIN staff a ON a.id = t.assignee LEFT JOIN seats s ON s.staff = t.assignee
	WHERE t.state = 'owned' AND c.state = 'open' AND (a.disabled OR s.attended > 0 AND s.attended <= now_micros() - CAST(? AS BIGINT)
	AND (SELECT COALESCE(MAX(e.at), 0) FROM ticket_events e WHERE e.ticket = t.id AND e.kind IN ('claimed', 'assigned', 'transferred')) <= now_micros() - CAST(? AS BIGINT)
	AND (SELECT COALESCE(MAX(e.at), 0) FROM ticket_events e WHERE e.ticket = t.id AND e.actor = t.assignee) <= s.attended + CAST(? AS BIGINT)) `

func silence(silent time.Duration) []any {
	return []any{silent.Microseconds(), silent.Microseconds(), recent.Microseconds()}
}

// Silent returns the conversations whose owners have not said for as long that they are
// there, though they did before.
func (s *Store) Silent(ctx context.Context, silent time.Duration) ([]agents.Held, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (h agents.Held, err error) {
		return h, scan(&h.Conversation, &h.Staff, &h.Language)
	}, "SELECT t.conversation, t.assignee, c.language"+silentOwners+"ORDER BY t.conversation", silence(silent)...)
}

// TakeBack puts the conversation of an agent who has disappeared back into the queue,
// where it keeps its place and its clocks, and tells its customer. It does nothing, and
// says so, if they are back, or somebody else has it.
func (s *Store) TakeBack(ctx context.Context, h agents.Held, silent time.Duration, notice conversation.Message) (taken bool, err error) {
	err = s.writeIn(ctx, h.Conversation, func(tx *Tx, key Sealer, c conversation.Conversation) error {
		taken = false
		tickets, err := collect(tx.ctx, tx.tx, scanString, "SELECT t.id"+silentOwners+"AND t.conversation = ? AND t.assignee = ?",
			append(silence(silent), h.Conversation, h.Staff)...)
		if err != nil || len(tickets) == 0 || c.Assignee != h.Staff {
			return err
		}
		taken = true
		if err := tx.putBack(key, &c); err != nil {
			return err
		}
		if _, err := tx.exec("UPDATE tickets SET last_owner = ? WHERE id = ?", h.Staff, tickets[0]); err != nil {
			return err
		}
		if err := tx.ticketEvent(tickets[0], agents.TicketReleased, "", string(h.Staff)); err != nil {
			return err
		}
		_, err = tx.addMessage(key, c.ID, notice)
		return err
	})
	return taken && err == nil, err
}
