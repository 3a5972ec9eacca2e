package store

import (
	"context"
	"encoding/json"
	"time"

	"candor/consent"
	"candor/delivery"
	"candor/identity"
)

var _ delivery.Store = deliveries{}

// deliveriesTopic is woken when something is to be delivered.
const deliveriesTopic = "deliveries"

// deliveriesKept is how long it is kept what came of a delivery.
const deliveriesKept = 7 * 24 * time.Hour

// deliveries is what is to be delivered.
type deliveries struct{ *Store }

// Deliveries returns what is to be delivered.
func (s *Store) Deliveries() delivery.Store { return deliveries{s} }

// Watch returns wake-ups when something is to be delivered.
func (s deliveries) Watch() (<-chan struct{}, func()) { return s.Store.Watch(deliveriesTopic) }

// deliver adds a delivery, to be made after the commit.
func (tx *Tx) deliver(d delivery.Delivery) error {
	_, err := tx.exec(`INSERT INTO deliveries (id, target, kind, event, conversation, customer, staff, body, status, attempts, next, code, why, at, done)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, '', ?, 0)`,
		d.ID, d.Target, d.Kind, d.Event, d.Conversation, d.Customer, d.Staff, d.Body, delivery.Waiting, micros(tx.Now), micros(tx.Now))
	tx.Wake(deliveriesTopic)
	return err
}

// Targets returns for whom something is to be delivered by now.
func (s deliveries) Targets(ctx context.Context) ([]string, error) {
	return collect(ctx, s.reads, scanString, "SELECT DISTINCT target FROM deliveries WHERE next > 0 AND next <= now_micros()")
}

// Due returns what a target is owed by now.
func (s deliveries) Due(ctx context.Context, target string, limit int) ([]delivery.Delivery, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (d delivery.Delivery, err error) {
		var at int64
		err = scan(&d.ID, &d.Target, &d.Kind, &d.Event, &d.Conversation, &d.Customer, &d.Staff, &d.Body, &at, &d.Attempts)
		d.At = fromMicros(at)
		return d, err
	}, `SELECT id, target, kind, event, conversation, customer, staff, body, at, attempts FROM deliveries
		WHERE target = ? AND next > 0 AND next <= now_micros() ORDER BY next LIMIT ?`, target, limit)
}

// Settle stores what came of a try.
func (s deliveries) Settle(ctx context.Context, d delivery.Delivery, r delivery.Result) error {
	return s.Write(ctx, func(tx *Tx) error {
		status, next, done := r.Status, time.Time{}, tx.Now
		if delay, again := delivery.Again(d.Attempts + 1); status == delivery.Waiting && again {
			next, done = tx.Now.Add(delay), time.Time{}
		} else if status == delivery.Waiting {
			status = delivery.Failed
		}
		made := 1
		if status == delivery.Dropped {
			made = 0
		}
		n, err := tx.exec(`UPDATE deliveries SET status = ?, attempts = attempts + ?, next = ?, done = ?, code = ?, why = ?,
			body = CASE WHEN ? THEN NULL ELSE body END WHERE id = ? AND target = ? AND next > 0`,
			status, made, micros(next), micros(done), r.Code, r.Why, next.IsZero(), d.ID, d.Target)
		if err != nil || n == 0 || d.Kind != delivery.Hook {
			return err // dropped meanwhile
		}
		return tx.judge(d.Target, r)
	})
}

// Letter reads what a mail is made of.
func (s deliveries) Letter(ctx context.Context, d delivery.Delivery) (delivery.Letter, error) {
	if d.Kind == delivery.Unread {
		return s.unreadLetter(ctx, d.Conversation)
	}
	return s.staffLetter(ctx, d)
}

// SweepDeliveries removes what is known of deliveries that are long over, and links to
// passwords that cannot be used any more.
func (s *Store) SweepDeliveries(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error {
		if _, err := tx.exec("DELETE FROM deliveries WHERE done > 0 AND done <= ?", micros(tx.Now.Add(-deliveriesKept))); err != nil {
			return err
		}
		_, err := tx.exec("DELETE FROM staff_tokens WHERE expires <= ?", micros(tx.Now))
		return err
	})
}

// WaitingDeliveries returns how many deliveries are to be made, by kind.
func (s *Store) WaitingDeliveries(ctx context.Context) (map[delivery.Kind]int, error) {
	out := make(map[delivery.Kind]int)
	_, err := collect(ctx, s.reads, func(scan func(...any) error) (kind delivery.Kind, err error) {
		var n int
		err = scan(&kind, &n)
		out[kind] = n
		return kind, err
	}, "SELECT kind, COUNT(*) FROM deliveries WHERE next > 0 GROUP BY kind")
	return out, err
}

// scanBytes reads one column of bytes.
func scanBytes(scan func(...any) error) (b []byte, err error) {
	err = scan(&b)
	return b, err
}

// hook is what the outbox needs to know of a webhook.
type hook struct {
	recipient consent.Recipient
	webhook   delivery.Webhook
}

// hooked adds a delivery of a CloudEvent to each webhook that is told of its type.
func (tx *Tx) hooked(event cloudEvent, payload []byte) error {
	if !delivery.Told(event.Type) {
		return nil
	}
	known := tx.arranged
	if !known.hooksRead {
		hooks, err := collect(tx.ctx, tx.tx, func(scan func(...any) error) (h hook, err error) {
			var events string
			if err := scan(&h.webhook.Name, &events); err != nil {
				return h, err
			}
			h.recipient = h.webhook.Recipient()
			return h, json.Unmarshal([]byte(events), &h.webhook.Events)
		}, "SELECT name, events FROM webhooks WHERE disabled = 0")
		if err != nil {
			return err
		}
		known.hooks, known.hooksRead = hooks, true
	}
	for _, h := range known.hooks {
		if !h.webhook.Wants(event.Type) {
			continue
		}
		if err := tx.deliver(delivery.Delivery{
			ID: event.ID, Target: string(h.recipient), Kind: delivery.Hook, Event: event.Type, Body: payload,
		}); err != nil {
			return err
		}
	}
	return nil
}

// addStaffMail adds the mail with a link to a password. Its token is sealed until it
// was sent.
func (tx *Tx) addStaffMail(kind delivery.Kind, staff identity.StaffID, token string, house Sealer) error {
	id := identity.NewID("dlv")
	sealed, err := house.Seal("delivery/"+id, []byte(token))
	if err != nil {
		return err
	}
	return tx.deliver(delivery.Delivery{ID: id, Target: delivery.MailTarget, Kind: kind, Staff: staff, Body: sealed})
}
