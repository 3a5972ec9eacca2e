package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

var _ consent.Ledger = (*Store)(nil)

const ledgerColumns = `id, customer, epoch, purpose, category, recipient, state, notice_id, notice_version, notice_sha256,
	language, jurisdiction, channel, actor, evidence, conversation, at, expires, deletes, policy_version`

func scanEvent(scan func(...any) error) (consent.Event, error) {
	var e consent.Event
	var at, expires int64
	err := scan(&e.ID, &e.Customer, &e.Epoch, &e.Purpose, &e.Category, &e.Recipient, &e.State,
		&e.Notice.ID, &e.Notice.Version, &e.Notice.SHA256, &e.Language, &e.Jurisdiction, &e.Channel, &e.Actor,
		&e.Evidence, &e.Conversation, &at, &expires, &e.Delete, &e.Version)
	e.At, e.Expires = fromMicros(at), fromMicros(expires)
	return e, err
}

func snapshot(ctx context.Context, q querier, customer identity.CustomerID, now time.Time) (consent.Snapshot, error) {
	s := consent.Snapshot{Now: now, Latest: make(map[consent.Key]consent.Event)}
	err := q.QueryRowContext(ctx, "SELECT epoch FROM customers WHERE id = ?", customer).Scan(&s.Epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return s, consent.ErrUnknownCustomer
	}
	if err != nil {
		return s, err
	}
	// The latest event of each choice: an epoch holds at most one of each.
	events, err := collect(ctx, q, scanEvent, `SELECT `+ledgerColumns+` FROM (
		SELECT *, ROW_NUMBER() OVER (PARTITION BY purpose, category, recipient, conversation ORDER BY epoch DESC) AS newest
		FROM ledger WHERE customer = ?) AS latest WHERE newest = 1`, customer)
	if err != nil {
		return s, err
	}
	var within []any
	for _, e := range events {
		s.Latest[e.Key()] = e
		if e.Conversation != "" {
			within = append(within, e.Conversation)
		}
	}
	if len(within) == 0 {
		return s, nil
	}
	ended, err := collect(ctx, q, scanString, "SELECT id FROM conversations WHERE state = ? AND id IN ("+marks(len(within))+")",
		append([]any{conversation.Resolved}, within...)...)
	s.Ended = make(map[string]bool, len(ended))
	for _, id := range ended {
		s.Ended[id] = true
	}
	return s, err
}

// Snapshot returns what the ledger says about the customer now.
func (s *Store) Snapshot(ctx context.Context, customer identity.CustomerID) (consent.Snapshot, error) {
	// One transaction, so that the epoch and the events belong together.
	tx, err := s.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return consent.Snapshot{}, err
	}
	snap, err := snapshot(ctx, tx, customer, time.Now().UTC())
	return snap, errors.Join(err, tx.Rollback())
}

// Append adds what decide returns to the ledger, raises the epoch, removes the
// passages of categories that no longer have a grant, and tells the customer's
// conversations: all in one transaction.
func (s *Store) Append(ctx context.Context, customer identity.CustomerID, decide func(consent.Snapshot) (consent.Entry, error)) (consent.Snapshot, error) {
	var after consent.Snapshot
	key, err := s.keys.For(ctx, customer)
	if errors.Is(err, ErrKeyDestroyed) {
		return after, consent.ErrUnknownCustomer
	}
	if err != nil {
		return after, err
	}
	err = s.Write(ctx, func(tx *Tx) error {
		before, err := snapshot(tx.ctx, tx.tx, customer, tx.Now)
		if err != nil {
			return err
		}
		entry, err := decide(before)
		if err != nil {
			return err
		}
		if len(entry.Events) == 0 && len(entry.Delete) == 0 {
			after = before
			return nil
		}
		if err := tx.appendEvents(customer, before.Epoch+1, entry.Events); err != nil {
			return err
		}
		if err := tx.dropPassages(customer, entry.Live); err != nil {
			return err
		}
		for _, c := range entry.Delete {
			if err := tx.deleteRecords(customer, c); err != nil {
				return err
			}
		}
		if err := s.tellConsent(tx, key, customer, before.Epoch+1); err != nil {
			return err
		}
		after, err = snapshot(tx.ctx, tx.tx, customer, tx.Now)
		return err
	})
	return after, err
}

func (tx *Tx) appendEvents(customer identity.CustomerID, epoch int64, events []consent.Event) error {
	if _, err := tx.exec("UPDATE customers SET epoch = ? WHERE id = ?", epoch, customer); err != nil {
		return err
	}
	for _, e := range events {
		_, err := tx.exec("INSERT INTO ledger ("+ledgerColumns+") VALUES ("+marks(20)+")",
			e.ID, customer, epoch, e.Purpose, e.Category, e.Recipient, e.State,
			e.Notice.ID, e.Notice.Version, e.Notice.SHA256, e.Language, e.Jurisdiction, e.Channel, e.Actor,
			e.Evidence, e.Conversation, micros(e.At), micros(e.Expires), e.Delete, e.Version)
		if err != nil {
			return err
		}
	}
	return nil
}

// tellConsent puts a consent event into the customer's conversations that are
// not resolved, and tells the other replicas and the desk.
func (s *Store) tellConsent(tx *Tx, key Sealer, customer identity.CustomerID, epoch int64) error {
	ids, err := collect(tx.ctx, tx.tx, scanString,
		"SELECT id FROM conversations WHERE customer = ? AND state <> ?", customer, conversation.Resolved)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := tx.addEvent(key, id, conversation.ConsentEvent, "", map[string]int64{"epoch": epoch}); err != nil {
			return err
		}
	}
	tx.Wake(deskTopic)
	return tx.send("candor.consent."+s.keys.Hash("customer", string(customer)), "candor.consent.changed",
		map[string]any{"epoch": epoch})
}

func scanString(scan func(...any) error) (v string, err error) {
	err = scan(&v)
	return v, err
}

// History returns every event of the customer, oldest first.
func (s *Store) History(ctx context.Context, customer identity.CustomerID) ([]consent.Event, error) {
	return collect(ctx, s.reads, scanEvent,
		"SELECT "+ledgerColumns+" FROM ledger WHERE customer = ? ORDER BY epoch, purpose, category, recipient, conversation", customer)
}

// Due returns customers whose latest event of a choice is a grant that has run
// out, or whose conversation is over. A grant for a conversation always expires.
func (s *Store) Due(ctx context.Context, limit int) ([]identity.CustomerID, error) {
	ids, err := collect(ctx, s.reads, scanString, `SELECT DISTINCT customer FROM ledger l
		WHERE expires > 0 AND state IN (?, ?) AND (expires <= ? OR EXISTS (
			SELECT 1 FROM conversations c WHERE c.id = l.conversation AND c.state = ?))
		AND NOT EXISTS (
			SELECT 1 FROM ledger n WHERE n.customer = l.customer AND n.purpose = l.purpose
			AND n.category = l.category AND n.recipient = l.recipient AND n.conversation = l.conversation AND n.epoch > l.epoch)
		LIMIT ?`, consent.Given, consent.Renewed, micros(time.Now()), conversation.Resolved, limit)
	out := make([]identity.CustomerID, len(ids))
	for i, id := range ids {
		out[i] = identity.CustomerID(id)
	}
	return out, err
}

// PolicyVersion returns the version of the policy in force; empty if there is
// none yet.
func (s *Store) PolicyVersion(ctx context.Context) (version string, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), '') FROM policy").Scan(&version)
	return version, err
}

// InstallPolicy records the policy in force. Another text under the version of
// the one that is recorded is refused: a version names one text.
func (s *Store) InstallPolicy(ctx context.Context, p *consent.Policy) error {
	return s.Write(ctx, func(tx *Tx) error {
		var version, sum string
		err := tx.row("SELECT version, sha256 FROM policy").Scan(&version, &sum)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.exec("INSERT INTO policy (one, version, sha256, at) VALUES (1, ?, ?, ?)", p.Version, p.SHA256(), micros(tx.Now))
			return err
		case err != nil:
			return err
		case version == p.Version && sum == p.SHA256():
			return nil
		case version == p.Version:
			return fmt.Errorf("the policy file was changed but its version is still %q: give it a new version", p.Version)
		}
		_, err = tx.exec("UPDATE policy SET version = ?, sha256 = ?, at = ?", p.Version, p.SHA256(), micros(tx.Now))
		return err
	})
}

// checkStamp is the heart of the promise to revoke: it commits a release only
// if what its scope was decided by still holds, in the transaction that
// releases, against the row that a withdrawal writes.
//
// SECURITY: every release calls it. A withdrawal raises customers.epoch in its
// own transaction, so of the two the later one sees the earlier.
func (tx *Tx) checkStamp(p consent.Stamp) error {
	if p.Unavailable && !p.Personal {
		return nil // decided without the ledger, and so without anything personal
	}
	var version string
	if err := tx.row("SELECT version FROM policy").Scan(&version); err != nil {
		return fmt.Errorf("read the policy version: %w", err)
	}
	if version != p.PolicyVersion {
		return fmt.Errorf("%w: another policy version is in force", consent.ErrStale)
	}
	if p.Customer == "" {
		return nil
	}
	var epoch int64
	err := tx.row("SELECT epoch FROM customers WHERE id = ?", p.Customer).Scan(&epoch)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return consent.ErrStale
	case err != nil:
		return fmt.Errorf("read the epoch: %w", err)
	case epoch != p.Epoch:
		return consent.ErrStale
	case !p.ValidUntil.IsZero() && !tx.Now.Before(p.ValidUntil):
		return fmt.Errorf("%w: a grant has run out", consent.ErrStale)
	}
	return nil
}
