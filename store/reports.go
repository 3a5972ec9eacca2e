package store

import (
	"context"
	"time"

	"candor/agents"
	"candor/identity"
)

// maxStays bounds a report.
const maxStays = 200_000

// Stays returns the tickets that came to the desk in a time, from inclusive, to exclusive,
// with what happened to them. A zero to is now. More than 200,000 are agents.ErrTooMuch.
func (s *Store) Stays(ctx context.Context, from, to time.Time) ([]agents.Stay, error) {
	until := micros(to)
	if to.IsZero() {
		until = 1 << 62
	}
	type row struct {
		agents.Stay
		back int64
	}
	stays, err := collect(ctx, s.reads, func(scan func(...any) error) (x row, err error) {
		var opened int64
		err = scan(&x.Ticket, &x.Queue, &x.Language, &x.Reason, &opened, &x.back, &x.Score, &x.Shown)
		x.Opened = fromMicros(opened)
		return x, err
	}, `SELECT t.id, t.queue, t.language, t.reason, t.opened,
			CASE WHEN t.closed = 0 THEN 0 ELSE COALESCE((SELECT MIN(n.opened) FROM tickets n WHERE n.customer = t.customer AND n.opened > t.closed), 0) END,
			COALESCE(r.score, 0), COALESCE(r.shown, '')
		FROM tickets t LEFT JOIN ratings r ON r.subject = t.conversation
			AND NOT EXISTS (SELECT 1 FROM tickets n WHERE n.conversation = t.conversation AND n.opened > t.opened)
		WHERE t.opened >= ? AND t.opened < ? ORDER BY t.opened, t.id LIMIT ?`, micros(from), until, maxStays+1)
	switch {
	case err != nil:
		return nil, err
	case len(stays) > maxStays:
		return nil, agents.ErrTooMuch
	}
	out := make([]agents.Stay, len(stays))
	place := make(map[string]int, len(stays))
	for i, x := range stays {
		if x.back > 0 {
			x.Back = fromMicros(x.back)
		}
		out[i], place[x.Ticket] = x.Stay, i
	}
	type happened struct {
		ticket string
		agents.TicketEvent
	}
	events, err := collect(ctx, s.reads, func(scan func(...any) error) (x happened, err error) {
		var at int64
		err = scan(&x.ticket, &at, &x.Kind, &x.Actor, &x.Queue, &x.Detail)
		x.At = fromMicros(at)
		return x, err
	}, `SELECT e.ticket, e.at, e.kind, e.actor, e.queue, e.detail FROM tickets t JOIN ticket_events e ON e.ticket = t.id
		WHERE t.opened >= ? AND t.opened < ? ORDER BY t.opened, t.id, e.ordinal`, micros(from), until)
	for _, e := range events {
		if i, ok := place[e.ticket]; ok { // else it came since
			out[i].Events = append(out[i].Events, e.TicketEvent)
		}
	}
	return out, err
}

// StaffNames returns the names of all staff, also of those who have left.
func (s *Store) StaffNames(ctx context.Context) (map[identity.StaffID]string, error) {
	type named struct {
		id   identity.StaffID
		name string
	}
	all, err := collect(ctx, s.reads, func(scan func(...any) error) (n named, err error) {
		return n, scan(&n.id, &n.name)
	}, "SELECT id, name FROM staff")
	out := make(map[identity.StaffID]string, len(all))
	for _, n := range all {
		out[n.id] = n.name
	}
	return out, err
}
