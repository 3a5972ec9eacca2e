package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"candor/consent"
	"candor/delivery"
	"candor/identity"
)

func webhookPlace(name, what string) string { return "webhook/" + name + "/" + what }

const webhookColumns = `w.name, w.url, w.events, w.words, w.failing, w.disabled, w.why, w.at, w.actor,
	(SELECT COUNT(*) FROM deliveries d WHERE d.target = ? || w.name AND d.next > 0)`

func (s *Store) scanWebhook(scan func(...any) error) (w delivery.Webhook, err error) {
	var url []byte
	var events string
	var failing, disabled, at int64
	err = scan(&w.Name, &url, &events, &w.Text, &failing, &disabled, &w.Why, &at, &w.Actor, &w.Waiting)
	if errors.Is(err, sql.ErrNoRows) {
		err = delivery.ErrUnknownWebhook
	}
	if err != nil {
		return w, err
	}
	w.Failing, w.Disabled, w.At = fromMicros(failing), fromMicros(disabled), fromMicros(at)
	opened, err := s.keys.House().Open(webhookPlace(w.Name, "url"), url)
	w.URL = string(opened)
	return w, errors.Join(err, json.Unmarshal([]byte(events), &w.Events))
}

// noName is a recipient of webhooks without the name.
var noName = string(delivery.WebhookRecipient(""))

// Webhooks returns every webhook, by name, without its secret.
func (s *Store) Webhooks(ctx context.Context) ([]delivery.Webhook, error) {
	return collect(ctx, s.reads, s.scanWebhook, "SELECT "+webhookColumns+" FROM webhooks w ORDER BY w.name", noName)
}

// WebhookNamed returns a webhook without its secret: delivery.ErrUnknownWebhook.
func (s *Store) WebhookNamed(ctx context.Context, name string) (delivery.Webhook, error) {
	return s.scanWebhook(s.reads.QueryRowContext(ctx, "SELECT "+webhookColumns+" FROM webhooks w WHERE w.name = ?", noName, name).Scan)
}

// Webhook returns a webhook with its secret, for a delivery: delivery.ErrNotWanted if
// it is disabled or gone.
func (s deliveries) Webhook(ctx context.Context, recipient consent.Recipient) (delivery.Webhook, error) {
	w, err := s.WebhookNamed(ctx, strings.TrimPrefix(string(recipient), noName))
	if errors.Is(err, delivery.ErrUnknownWebhook) || err == nil && !w.Disabled.IsZero() {
		return delivery.Webhook{}, delivery.ErrNotWanted
	}
	if err != nil {
		return w, err
	}
	var sealed []byte
	if err := s.reads.QueryRowContext(ctx, "SELECT secret FROM webhooks WHERE name = ?", w.Name).Scan(&sealed); err != nil {
		return w, err
	}
	secret, err := s.keys.House().Open(webhookPlace(w.Name, "secret"), sealed)
	w.Secret = string(secret)
	return w, err
}

// PutWebhook stores a webhook, at the time of the commit. Without a secret it keeps the
// one that it has, and a new one gets a fresh one; the secret is returned where it is
// another than before. Disabled is whether it is, and not since when. What is to be
// delivered to it still is, unless it is disabled.
func (s *Store) PutWebhook(ctx context.Context, w delivery.Webhook, disabled bool) (secret string, err error) {
	fresh := w.Secret
	if fresh == "" {
		fresh = delivery.NewSecret()
	}
	house := s.keys.House()
	sealed, err := house.Seal(webhookPlace(w.Name, "secret"), []byte(fresh))
	if err != nil {
		return "", err
	}
	url, err := house.Seal(webhookPlace(w.Name, "url"), []byte(w.URL))
	if err != nil {
		return "", err
	}
	events, err := json.Marshal(w.Events)
	if err != nil {
		return "", err
	}
	err = s.Write(ctx, func(tx *Tx) error {
		secret = ""
		since, why := int64(0), delivery.DisabledWhy("")
		if disabled {
			since, why = micros(tx.Now), delivery.DisabledByHand
		}
		n, err := tx.exec(`UPDATE webhooks SET url = ?, events = ?, words = ?, at = ?, actor = ?,
			failing = CASE WHEN disabled > 0 THEN 0 ELSE failing END,
			why = CASE WHEN disabled > 0 AND ? THEN why ELSE ? END,
			disabled = CASE WHEN disabled > 0 AND ? THEN disabled ELSE ? END WHERE name = ?`,
			url, string(events), w.Text, micros(tx.Now), w.Actor, disabled, why, disabled, since, w.Name)
		if err != nil {
			return err
		}
		switch {
		case n == 0:
			secret = fresh
			if _, err := tx.exec(`INSERT INTO webhooks (name, url, events, words, secret, failing, disabled, why, at, actor)
				VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)`, w.Name, url, string(events), w.Text, sealed, since, why, micros(tx.Now), w.Actor); err != nil {
				return err
			}
		case w.Secret != "":
			secret = fresh
			if _, err := tx.exec("UPDATE webhooks SET secret = ? WHERE name = ?", sealed, w.Name); err != nil {
				return err
			}
		}
		if !disabled {
			return nil
		}
		return tx.dropFor(string(w.Recipient()))
	})
	return secret, err
}

// dropFor ends what is to be delivered to a target.
func (tx *Tx) dropFor(target string) error {
	_, err := tx.exec("UPDATE deliveries SET status = ?, next = 0, done = ?, body = NULL WHERE target = ? AND next > 0",
		delivery.Dropped, micros(tx.Now), target)
	return err
}

// RemoveWebhook removes a webhook with its log: delivery.ErrUnknownWebhook.
func (s *Store) RemoveWebhook(ctx context.Context, name string) error {
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.exec("DELETE FROM webhooks WHERE name = ?", name)
		if err == nil && n == 0 || errors.Is(err, sql.ErrNoRows) {
			err = delivery.ErrUnknownWebhook
		}
		if err != nil {
			return err
		}
		_, err = tx.exec("DELETE FROM deliveries WHERE target = ?", string(delivery.WebhookRecipient(name)))
		return err
	})
}

// TryWebhook adds a delivery that tries a webhook, and returns its id. Errors:
// delivery.ErrUnknownWebhook; delivery.ErrWebhookDisabled.
func (s *Store) TryWebhook(ctx context.Context, name string) (id string, err error) {
	w, err := s.WebhookNamed(ctx, name)
	if err == nil && !w.Disabled.IsZero() {
		err = delivery.ErrWebhookDisabled
	}
	if err != nil {
		return "", err
	}
	id = identity.NewID("evt")
	return id, s.writeNew(ctx, func(tx *Tx) error {
		payload, err := json.Marshal(newCloudEvent(tx, id, delivery.TestEvent, map[string]any{"webhook": name}))
		if err != nil {
			return err
		}
		return tx.deliver(delivery.Delivery{ID: id, Target: string(w.Recipient()), Kind: delivery.Hook, Event: delivery.TestEvent, Body: payload})
	})
}

// WebhookLog returns what was delivered to a webhook, or is to be, the newest first.
func (s *Store) WebhookLog(ctx context.Context, name string, limit int) ([]delivery.Logged, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (l delivery.Logged, err error) {
		var at, next, done int64
		err = scan(&l.ID, &l.Event, &l.Status, &l.Attempts, &l.Code, &l.Why, &at, &next, &done)
		l.At, l.Next, l.Done = fromMicros(at), fromMicros(next), fromMicros(done)
		return l, err
	}, `SELECT id, event, status, attempts, code, why, at, next, done FROM deliveries WHERE target = ? ORDER BY at DESC, id LIMIT ?`,
		string(delivery.WebhookRecipient(name)), limit)
}

// judge keeps account of how long a webhook has been failing, and disables it in the
// end.
func (tx *Tx) judge(target string, r delivery.Result) error {
	name := strings.TrimPrefix(target, noName)
	disable := func(why delivery.DisabledWhy, where string, args ...any) error {
		n, err := tx.exec("UPDATE webhooks SET disabled = ?, why = ? WHERE name = ? AND disabled = 0"+where,
			append([]any{micros(tx.Now), why, name}, args...)...)
		if err != nil || n == 0 {
			return err
		}
		return tx.dropFor(target)
	}
	switch {
	case r.Status == delivery.Sent:
		_, err := tx.exec("UPDATE webhooks SET failing = 0 WHERE name = ? AND failing > 0", name)
		return err
	case r.Gone:
		return disable(delivery.DisabledAsGone, "")
	case r.Status == delivery.Dropped || r.Why == delivery.Internal:
		return nil // not its fault
	}
	if _, err := tx.exec("UPDATE webhooks SET failing = ? WHERE name = ? AND failing = 0", micros(tx.Now), name); err != nil {
		return err
	}
	return disable(delivery.DisabledByFailure, " AND failing <= ?", micros(tx.Now.Add(-delivery.FailureLimit)))
}
