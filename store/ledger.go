package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

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

func snapshot(ctx context.Context, q querier, customer identity.CustomerID) (consent.Snapshot, error) {
	s := consent.Snapshot{Latest: make(map[consent.Key]consent.Event)}
	var now int64
	err := q.QueryRowContext(ctx, `SELECT c.epoch, now_micros(), COALESCE((SELECT version FROM policy), ''), c.age_band,
			CASE c.jurisdiction WHEN '' THEN s.jurisdiction ELSE c.jurisdiction END
		FROM customers c JOIN sites s ON s.id = c.site WHERE c.id = ? AND c.erased = 0`, customer).
		Scan(&s.Epoch, &now, &s.PolicyVersion, &s.Person.AgeBand, &s.Person.Jurisdiction)
	if errors.Is(err, sql.ErrNoRows) {
		return s, consent.ErrUnknownCustomer
	}
	if err != nil {
		return s, err
	}
	s.Now = fromMicros(now)
	// The latest event of each choice: an epoch holds at most one of each. Which it
	// is is found in an index alone, however many there were.
	events, err := collect(ctx, q, scanEvent, `SELECT `+ledgerColumns+` FROM ledger WHERE customer = ?
		AND (purpose, category, recipient, conversation, epoch) IN (
			SELECT purpose, category, recipient, conversation, MAX(epoch) FROM ledger WHERE customer = ?
			GROUP BY purpose, category, recipient, conversation)`, customer, customer)
	if err != nil {
		return s, err
	}
	within := false
	for _, e := range events {
		s.Latest[e.Key()] = e
		within = within || e.Conversation != ""
	}
	if !within {
		return s, nil
	}
	s.Ended = make(map[string]int64)
	_, err = collect(ctx, q, func(scan func(...any) error) (none struct{}, err error) {
		var id string
		var over bool
		var epoch int64
		if err = scan(&id, &over, &epoch); over {
			epoch = math.MaxInt64
		}
		s.Ended[id] = epoch
		return none, err
	}, `SELECT id, state = ?, ended FROM conversations WHERE customer = ? AND (state = ? OR ended > 0)
		AND id IN (SELECT conversation FROM ledger WHERE customer = ? AND conversation <> '')`,
		conversation.Resolved, customer, conversation.Resolved, customer)
	return s, err
}

// Snapshot returns what the ledger says about the customer now.
func (s *Store) Snapshot(ctx context.Context, customer identity.CustomerID) (consent.Snapshot, error) {
	// One transaction, so that the epoch and the events belong together.
	ctx, cancel := s.engine.limit(ctx)
	defer cancel()
	tx, err := s.reads.begin(ctx, s.engine.snapshot)
	if err != nil {
		return consent.Snapshot{}, err
	}
	snap, err := snapshot(ctx, tx, customer)
	if e := tx.Rollback(); e != nil && err == nil {
		err = s.engine.check(e)
	}
	tx.prepare(ctx)
	return snap, err
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
	err = s.writeFor(ctx, customer, func(tx *Tx) error {
		before, err := snapshot(tx.ctx, tx.tx, customer)
		if err != nil {
			return err
		}
		entry, err := decide(before)
		if err != nil {
			return err
		}
		if len(entry.Events) == 0 && len(entry.Delete) == 0 && entry.Person == nil {
			after = before
			return nil
		}
		if p := entry.Person; p != nil {
			if _, err := tx.exec(`UPDATE customers SET age_band = CASE ? WHEN '' THEN age_band ELSE ? END,
				jurisdiction = CASE ? WHEN '' THEN jurisdiction ELSE ? END WHERE id = ?`, p.AgeBand, p.AgeBand, p.Jurisdiction, p.Jurisdiction, customer); err != nil {
				return err
			}
		}
		if err := tx.appendEvents(customer, before.Epoch+1, entry.Events); err != nil {
			return err
		}
		if err := tx.dropPassages(customer, entry.Live, entry.Because); err != nil {
			return err
		}
		for _, c := range entry.Delete {
			if _, err := tx.removeRecords(customer, consent.DeletedByStopDelete, "category = ?", c); err != nil {
				return err
			}
			if err := tx.shredQuotes(customer, c); err != nil {
				return err
			}
		}
		if len(entry.Delete) > 0 {
			if err := tx.forgetDrafts(customer); err != nil {
				return err
			}
		}
		if entry.Asks != nil {
			if err := tx.ask(key, *entry.Asks); err != nil {
				return err
			}
		}
		if err := s.tellConsent(tx, key, customer, before.Epoch+1); err != nil {
			return err
		}
		after, err = snapshot(tx.ctx, tx.tx, customer)
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
		WHERE expires > 0 AND state IN (?, ?) AND (expires <= now_micros() OR EXISTS (
			SELECT 1 FROM conversations c WHERE c.id = l.conversation AND (c.state = ? OR l.epoch <= c.ended)))
		AND NOT EXISTS (
			SELECT 1 FROM ledger n WHERE n.customer = l.customer AND n.purpose = l.purpose
			AND n.category = l.category AND n.recipient = l.recipient AND n.conversation = l.conversation AND n.epoch > l.epoch)
		LIMIT ?`, consent.Given, consent.Renewed, conversation.Resolved, limit)
	out := make([]identity.CustomerID, len(ids))
	for i, id := range ids {
		out[i] = identity.CustomerID(id)
	}
	return out, err
}

// Standing calls fn with every grant that has not run out, of any customer.
func (s *Store) Standing(ctx context.Context, fn func(consent.Event)) error {
	_, err := collect(ctx, s.reads, func(scan func(...any) error) (none struct{}, err error) {
		e, err := scanEvent(scan)
		if err == nil {
			fn(e)
		}
		return none, err
	}, `SELECT `+ledgerColumns+` FROM (
		SELECT *, ROW_NUMBER() OVER (PARTITION BY customer, purpose, category, recipient, conversation ORDER BY epoch DESC) AS newest
		FROM ledger) AS latest WHERE newest = 1 AND state IN (?, ?) AND (expires = 0 OR expires > now_micros())`, consent.Given, consent.Renewed)
	return err
}

// Unfollowed returns the version of the policy in force while something may still
// be indexed that it suspends, else nothing.
func (s *Store) Unfollowed(ctx context.Context) (version string, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT COALESCE(MAX(p.version), '') FROM policies f JOIN policy p ON p.version = f.version
		WHERE NOT f.followed`).Scan(&version)
	return version, err
}

// Followed remembers that nothing is indexed that a policy suspends.
func (s *Store) Followed(ctx context.Context, version string) error {
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("UPDATE policies SET followed = TRUE WHERE version = ?", version)
		return err
	})
}

// PolicyVersion returns the version of the policy in force; empty if there is
// none yet.
func (s *Store) PolicyVersion(ctx context.Context) (version string, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), '') FROM policy").Scan(&version)
	return version, err
}

// PolicyText returns the text of a policy that is or was in force.
func (s *Store) PolicyText(ctx context.Context, version string) (text []byte, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT body FROM policies WHERE version = ?", version).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("the text of policy %q is not in the database", version)
	}
	return text, err
}

// Policies returns every policy that was ever in force, oldest first.
func (s *Store) Policies(ctx context.Context) ([]consent.PolicyVersion, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (v consent.PolicyVersion, err error) {
		var at int64
		err = scan(&v.Version, &v.Text, &at)
		v.At = fromMicros(at)
		return v, err
	}, "SELECT version, body, at FROM policies ORDER BY at, version")
}

// InstallPolicy puts a policy in force, on every replica at its commit. Another
// text under the version of one that was ever in force is refused: a version
// names one text. A policy that another has replaced stays replaced
// (consent.ErrReplaced).
func (s *Store) InstallPolicy(ctx context.Context, p *consent.Policy) error {
	install := func(tx *Tx) error {
		var known []byte
		err := tx.row("SELECT body FROM policies WHERE version = ?", p.Version).Scan(&known)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var version, sum string
		err = tx.row("SELECT version, sha256 FROM policy").Scan(&version, &sum)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		switch {
		case version == p.Version && sum != p.SHA256() || known != nil && !bytes.Equal(known, p.Text()):
			return fmt.Errorf("the policy file was changed but its version is still %q: give it a new version", p.Version)
		case version == p.Version && known != nil:
			return nil
		case known != nil:
			return fmt.Errorf("%w: policy %q is in force", consent.ErrReplaced, version)
		}
		// Their order is that of their times, also where the clock was set back.
		var last int64
		if err := tx.row("SELECT COALESCE(MAX(at), 0) FROM policies").Scan(&last); err != nil {
			return err
		}
		at := max(micros(tx.Now), last+1)
		if _, err := tx.exec("INSERT INTO policies (version, body, at) VALUES (?, ?, ?)", p.Version, p.Text(), at); err != nil {
			return err
		}
		_, err = tx.exec(`INSERT INTO policy (one, version, sha256, at) VALUES (1, ?, ?, ?)
			ON CONFLICT (one) DO UPDATE SET version = excluded.version, sha256 = excluded.sha256, at = excluded.at`,
			p.Version, p.SHA256(), at)
		return err
	}
	return s.writeAlone(ctx, install)
}

// checkStamp is the heart of the promise to revoke: it commits a release only
// if what its scope was decided by still holds, in the transaction that
// releases, against the row that a withdrawal writes.
//
// SECURITY: every release calls it. A withdrawal raises customers.epoch in its
// own transaction, and both hold the customer's row, so of the two the later one
// sees the earlier. So it is with the policy, which a write holds in common.
func (tx *Tx) checkStamp(p consent.Stamp) error { return holds(tx.row, tx.customer, p) }

// holds is checkStamp of a customer by what row reads.
func holds(row func(query string, args ...any) row, customer identity.CustomerID, p consent.Stamp) error {
	if p.Unavailable && !p.Personal {
		return nil // decided without the ledger, and so without anything personal
	}
	if p.Customer != "" && p.Customer != customer {
		return fmt.Errorf("%w: the scope is another customer's", consent.ErrStale)
	}
	var version string
	var epoch sql.NullInt64
	var now int64 // not the transaction's: others in it may have waited since
	var ended bool
	// A grant for a conversation is of a later epoch than the one with which others of
	// it have ended: what has ended at the stamp's has done so since.
	err := row(`SELECT COALESCE((SELECT version FROM policy), ''), (SELECT epoch FROM customers WHERE id = ?), now_micros(),
		EXISTS (SELECT 1 FROM conversations WHERE id = ? AND customer = ? AND (state = ? OR ended >= ?))`,
		p.Customer, p.Conversation, p.Customer, conversation.Resolved, p.Epoch).Scan(&version, &epoch, &now, &ended)
	switch {
	case err != nil:
		return fmt.Errorf("read the epoch: %w", err)
	case version != p.PolicyVersion:
		return fmt.Errorf("%w: another policy version is in force", consent.ErrStale)
	case p.Customer == "":
		return nil
	case !epoch.Valid || epoch.Int64 != p.Epoch:
		return consent.ErrStale
	case !p.ValidUntil.IsZero() && !fromMicros(now).Before(p.ValidUntil):
		return fmt.Errorf("%w: a grant has run out", consent.ErrStale)
	case ended:
		return fmt.Errorf("%w: a grant has ended with its conversation", consent.ErrStale)
	}
	return nil
}
