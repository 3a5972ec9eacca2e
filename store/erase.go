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
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Erasing a customer ends all use of their data, destroys their key, and then
// removes what it sealed and what says who they are. An entry of the erasure stays
// in the keys database, by a keyed hash. Where a backup of before is restored,
// replaying the entries destroys again what it brought back.

var _ consent.Eraser = (*Store)(nil)

// The steps of an erasure, each of which can be cut off and done again. SECURITY:
// from the first one on nothing is written about the customer (writeFor) nor read
// of them (present), whoever still has their key.
const (
	stepMarked  = "marked"  // nothing is used any more, and every grant is ended
	stepHeld    = "held"    // what a legal hold covers is under the hold's key
	stepKeyless = "keyless" // the keys are destroyed, and the list has its entry
	stepGone    = "gone"    // the rows are deleted, and counted
	stepDone    = "done"    // the write-ahead logs are empty, and an index outside holds nothing
)

// erasedTopic is woken when somebody was erased, here or elsewhere.
const erasedTopic = "erased"

// passed tells a test that a step is durable.
func (s *Store) passed(step string) {
	if s.step != nil {
		s.step(step)
	}
}

// present is the condition that the customer in a column was not erased.
func present(column string) string {
	return "EXISTS (SELECT 1 FROM customers p WHERE p.id = " + column + " AND p.erased = 0)"
}

// Erase erases a customer: see consent.Eraser. An error with a time says that the
// erasure has begun, and is ended by the sweep.
func (s *Store) Erase(ctx context.Context, customer identity.CustomerID, request *consent.Request) (consent.Erased, error) {
	if err := s.mark(ctx, customer, time.Time{}, request); err != nil {
		return consent.Erased{}, err
	}
	return s.endErasure(ctx, customer)
}

// endErasure does what is left of an erasure after its mark.
func (s *Store) endErasure(ctx context.Context, customer identity.CustomerID) (consent.Erased, error) {
	out, err := s.erased(ctx, customer)
	if err != nil || out.Done {
		return out, err
	}
	for _, step := range []struct {
		name string
		run  func(context.Context, identity.CustomerID) error
	}{
		{stepHeld, s.keepHeld},
		{stepKeyless, s.keys.Destroy},
		{stepGone, s.eraseRows},
		{stepDone, s.markDone},
	} {
		if err := step.run(ctx, customer); err != nil {
			if now, e := s.erased(ctx, customer); e == nil {
				out = now
			}
			return out, fmt.Errorf("erase a customer: %w", err)
		}
		s.passed(step.name)
	}
	return s.erased(ctx, customer)
}

// erased returns how the erasure of a customer stands.
func (s *Store) erased(ctx context.Context, customer identity.CustomerID) (out consent.Erased, err error) {
	var at int64
	var erasing bool
	var deleted string
	err = s.reads.QueryRowContext(ctx, "SELECT erased, erasing, deleted FROM customers WHERE id = ? AND erased > 0", customer).Scan(&at, &erasing, &deleted)
	if errors.Is(err, sql.ErrNoRows) {
		return out, consent.ErrUnknownCustomer
	}
	if err == nil {
		err = json.Unmarshal([]byte(deleted), &out.Deleted)
	}
	if err != nil {
		return out, err
	}
	out.At, out.Done = fromMicros(at), !erasing
	out.Held, err = s.holdsOf(ctx, customer)
	return out, err
}

// erase is writeFor for the erasure itself.
func (s *Store) erase(ctx context.Context, customer identity.CustomerID, fn func(*Tx) error) error {
	return s.writeHeld(job{ctx: ctx, customer: customer, erases: true, fn: fn})
}

// mark ends all use of a customer's data, in one commit: every grant, every session
// and every ticket. Somebody who returns is a new customer from then on. What was
// marked before stays as it is. At is when the erasure was, if that is known.
func (s *Store) mark(ctx context.Context, customer identity.CustomerID, at time.Time, request *consent.Request) error {
	err := s.erase(ctx, customer, func(tx *Tx) error {
		before, err := snapshot(tx.ctx, tx.tx, customer)
		if errors.Is(err, consent.ErrUnknownCustomer) {
			var marked bool
			if err := tx.row("SELECT EXISTS (SELECT 1 FROM customers WHERE id = ? AND erased > 0)", customer).Scan(&marked); err != nil || marked {
				return err
			}
		}
		if err != nil {
			return err
		}
		when := at
		if when.IsZero() {
			when = tx.Now
		}
		if err := tx.appendEvents(customer, before.Epoch+1, ended(before)); err != nil {
			return err
		}
		if err := tx.tellErased(customer); err != nil {
			return err
		}
		deleted := make(map[string]int64)
		for _, table := range []string{"passages", "sessions"} {
			if deleted[table], err = tx.exec("DELETE FROM "+table+" WHERE customer = ?", customer); err != nil {
				return err
			}
		}
		if err := tx.eraseOutside(customer); err != nil {
			return err
		}
		if _, err := tx.exec(`UPDATE customers SET erased = ?, erasing = TRUE, subject = NULL, sealed = NULL, age_band = '', jurisdiction = '',
			data_version = data_version + 1 WHERE id = ?`, micros(when), customer); err != nil {
			return err
		}
		if request != nil {
			done := *request
			done.Status, done.Closed = consent.RequestDone, tx.Now
			done.History = append(slices.Clip(done.History), consent.RequestEvent{
				At: tx.Now, Actor: (identity.Principal{Kind: identity.System}).Actor(), Action: consent.ActErase,
			})
			if err := tx.addRequest(Sealer{}, done); err != nil { // without words it needs no key
				return err
			}
		}
		tx.erased = true
		tx.Wake(erasedTopic)
		err = tx.send("candor.consent."+s.keys.Hash("customer", string(customer)), "candor.consent.changed", map[string]any{"epoch": before.Epoch + 1})
		if err != nil {
			return err
		}
		return tx.count(customer, deleted)
	})
	if err == nil {
		s.passed(stepMarked)
	}
	return err
}

// tellErased closes the customer's tickets, and tells whoever follows one of their
// conversations that it is over.
func (tx *Tx) tellErased(customer identity.CustomerID) error {
	served, err := collect(tx.ctx, tx.tx, scanString, "SELECT conversation FROM tickets WHERE customer = ? AND state <> ?", customer, agents.Closed)
	if err != nil {
		return err
	}
	for _, id := range served {
		if err := tx.closeTicket(id, outcomeErased, change{}); err != nil {
			return err
		}
	}
	tx.Wake(deskTopic)
	open, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM conversations WHERE customer = ? AND state <> ?", customer, conversation.Resolved)
	if err != nil {
		return err
	}
	for _, id := range open {
		tx.Wake(conversation.Topic(id))
		if err := tx.send("candor.conversation."+id, "candor.conversation.state",
			map[string]any{"conversation_id": id, "state": conversation.Resolved, "reason": conversation.CustomerErased}); err != nil {
			return err
		}
	}
	return nil
}

// count adds to what was deleted of an erased customer.
func (tx *Tx) count(customer identity.CustomerID, deleted map[string]int64) error {
	var before string
	if err := tx.row("SELECT deleted FROM customers WHERE id = ?", customer).Scan(&before); err != nil {
		return err
	}
	sum := make(map[string]int64)
	if err := json.Unmarshal([]byte(before), &sum); err != nil {
		return err
	}
	for kind, n := range deleted {
		if n > 0 {
			sum[kind] += n
		}
	}
	after, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	_, err = tx.exec("UPDATE customers SET deleted = ? WHERE id = ?", string(after), customer)
	return err
}

// What one transaction keeps: it must end long before runTimeout, and others wait
// for it on SQLite.
const (
	maxHeldRecords = 2000
	maxHeldTalks   = 50
)

// keepHeld moves what legal holds cover to what is held, some in each transaction.
// Once the key is destroyed there is nothing that could be.
func (s *Store) keepHeld(ctx context.Context, customer identity.CustomerID) error {
	for n := int64(maxHeldRecords); n == maxHeldRecords; {
		if err := s.erase(ctx, customer, func(tx *Tx) (err error) {
			n, _, err = tx.holdSome(customer, maxHeldRecords, "TRUE")
			return err
		}); err != nil {
			return err
		}
	}
	for n := maxHeldTalks; n == maxHeldTalks; {
		if err := s.erase(ctx, customer, func(tx *Tx) (err error) {
			n, err = tx.holdSaid(customer)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// holdSaid moves what a customer said in at most maxHeldTalks conversations to what
// is held, if a hold covers it, and returns how many there were.
func (tx *Tx) holdSaid(customer identity.CustomerID) (int, error) {
	said, err := collect(tx.ctx, tx.tx, scanString,
		"SELECT id FROM conversations c WHERE customer = ? AND EXISTS (SELECT 1 FROM events e WHERE e.conversation = c.id AND e.type = 'message') ORDER BY created, id LIMIT ?",
		customer, maxHeldTalks)
	if err != nil || len(said) == 0 {
		return 0, err
	}
	kept, err := tx.holdConversations(said...)
	if err != nil || !kept {
		return 0, err
	}
	// Not kept twice, should this be done again.
	_, err = tx.exec("DELETE FROM events WHERE conversation IN ("+marks(len(said))+")", anys(said)...)
	return len(said), err
}

// kinds are the names of what is counted of a table, where it is not the table's.
var kinds = map[string]string{"citation_words": "log_words", "citation_bodies": "log_texts", "idempotency": "responses", "export_parts": "", "attachment_pieces": "", "ticket_events": "", "model_tokens": "", "hidden": "", "corrections": "", "corrected": ""}

// kindOf is what the rows of a table are counted as; empty: they are not.
func (t table) kindOf() string {
	if kind, other := kinds[t.name]; other {
		return kind
	}
	return t.name
}

// eraseRows removes a customer's rows, and of those that stay what says anything
// about them.
func (s *Store) eraseRows(ctx context.Context, customer identity.CustomerID) error {
	return s.erase(ctx, customer, func(tx *Tx) error {
		deleted := make(map[string]int64)
		// What customers said, apart from what else happens in a conversation.
		var err error
		if deleted["messages"], err = tx.exec("DELETE FROM events WHERE type = 'message' AND "+ofConversation, customer); err != nil {
			return err
		}
		records := make(map[consent.Category]int64)
		for _, t := range slices.Backward(dataTables) {
			if t.name == "records" {
				if records, err = tx.deleteByCategory("DELETE FROM records WHERE "+t.erased, customer); err != nil {
					return err
				}
				for _, n := range records {
					deleted["records"] += n
				}
				continue
			}
			if t.erased == "" {
				continue
			}
			n, err := tx.exec("DELETE FROM "+t.name+" WHERE "+t.erased, customer)
			if err != nil {
				return err
			}
			if kind := t.kindOf(); kind != "" && t.name != "events" {
				deleted[kind] = n
			}
		}
		if err := tx.logErased(customer, records, deleted); err != nil {
			return err
		}
		if err := tx.eraseRequests(customer); err != nil {
			return err
		}
		if err := tx.eraseReviews(customer); err != nil {
			return err
		}
		// Which records were used is the site's numbering of its orders.
		if _, err := tx.exec("UPDATE citation_records SET record = '' WHERE "+ofEntry, customer); err != nil {
			return err
		}
		tx.Wake(deskTopic)
		return tx.count(customer, deleted)
	})
}

// logErased puts what an erasure deleted into the log of deletions.
func (tx *Tx) logErased(customer identity.CustomerID, records map[consent.Category]int64, deleted map[string]int64) error {
	if err := tx.logDeletions(customer, consent.DeletedRecord, because(consent.DeletedByErasure), records); err != nil {
		return err
	}
	for kind, what := range map[string]consent.Deleted{
		"conversations": consent.DeletedConversation, "messages": consent.DeletedMessage,
		"answers": consent.DeletedAnswer, "ratings": consent.DeletedRating,
	} {
		if err := tx.logDeletion(customer, consent.Conversation, what, consent.DeletedByErasure, deleted[kind]); err != nil {
			return err
		}
	}
	return nil
}

// markDone empties the write-ahead logs, and says that the erasure is done once an
// index outside holds nothing either.
func (s *Store) markDone(ctx context.Context, customer identity.CustomerID) error {
	if err := s.truncateLogs(ctx); err != nil {
		return err
	}
	if err := s.goneOutside(ctx, customer); err != nil {
		if errors.Is(err, ErrOutside) {
			s.waiting.Store(customer, true)
		}
		return err
	}
	s.waiting.Delete(customer)
	return s.erase(ctx, customer, func(tx *Tx) error {
		_, err := tx.exec("UPDATE customers SET erasing = FALSE WHERE id = ? AND erasing", customer)
		return err
	})
}

// Erasable returns what an erasure of a customer would do.
func (s *Store) Erasable(ctx context.Context, customer identity.CustomerID) (out consent.Erasable, err error) {
	snap, err := s.Snapshot(ctx, customer)
	if err != nil {
		return out, err
	}
	out.At = snap.Now
	if out.Held, err = s.holdsOf(ctx, customer); err != nil {
		return out, err
	}
	kept := covered(out.Held)
	out.Goes, err = collect(ctx, s.reads, func(scan func(...any) error) (g consent.Goes, err error) {
		g.What = "records"
		err = scan(&g.Category, &g.Count)
		return g, err
	}, "SELECT category, COUNT(*) FROM records WHERE customer = ? GROUP BY category ORDER BY category", customer)
	if err != nil {
		return out, err
	}
	out.Goes = slices.DeleteFunc(out.Goes, func(g consent.Goes) bool { return slices.Contains(kept, g.Category) })
	for _, t := range dataTables {
		g := consent.Goes{What: t.kindOf()}
		query := "SELECT COUNT(*) FROM " + t.name + " WHERE " + t.erased
		if t.name == "events" {
			g.What, query = "messages", query+" AND type = 'message'"
		}
		said := g.What == "messages" && slices.Contains(kept, consent.Conversation)
		if t.erased == "" || g.What == "" || g.What == "records" || said {
			continue
		}
		if err := s.reads.QueryRowContext(ctx, query, customer).Scan(&g.Count); err != nil {
			return out, err
		}
		if g.Count > 0 {
			out.Goes = append(out.Goes, g)
		}
	}
	out.Tickets, err = collect(ctx, s.reads, func(scan func(...any) error) (t consent.OpenTicket, err error) {
		var since int64
		err = scan(&t.ID, &since)
		t.Since = fromMicros(since)
		return t, err
	}, "SELECT id, waiting_since FROM tickets WHERE customer = ? AND state <> ? ORDER BY waiting_since, id", customer, agents.Closed)
	return out, err
}

// SiteOf returns the site of a customer, also of one who was erased.
func (s *Store) SiteOf(ctx context.Context, customer identity.CustomerID) (site identity.SiteID, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT site FROM customers WHERE id = ?", customer).Scan(&site)
	if errors.Is(err, sql.ErrNoRows) {
		err = consent.ErrUnknownCustomer
	}
	return site, err
}

// ended returns the events that end every consent which stands.
func ended(s consent.Snapshot) (events []consent.Event) {
	for _, e := range s.Latest {
		if e.State != consent.Given && e.State != consent.Renewed {
			continue
		}
		e.ID, e.State, e.At, e.Expires = identity.NewID("grt"), consent.Invalidated, s.Now, time.Time{}
		e.Actor, e.Channel, e.Version, e.Evidence = "system", "system", s.PolicyVersion, "erasure"
		events = append(events, e)
	}
	return events
}

// truncateLogs empties the write-ahead logs, which hold what was removed.
func (s *Store) truncateLogs(ctx context.Context) error {
	s.truncating.Lock() // of two at once the later one would find the other busy
	defer s.truncating.Unlock()
	if time.Since(s.refused) < logRest {
		return errLogRests
	}
	s.logged.Store(false) // before it is looked: more may come meanwhile
	err := errors.Join(s.writes.truncateLog(ctx), s.keys.db.truncateLog(ctx))
	if errors.Is(err, errLogRead) {
		s.refused = time.Now()
	}
	if err != nil {
		s.logged.Store(true)
	}
	return err
}

// SQLite takes no writes while it waits for readers of a log that it is to empty: a
// backup may read for minutes. So it waits for short ones only, and is asked again.
const (
	logPatience = 100 * time.Millisecond
	logPause    = 200 * time.Millisecond
	logTries    = 3
	// logRest is for how long nobody asks after a reader who was not short.
	logRest = 5 * time.Second
)

var (
	// errLogRead means that a reader keeps a write-ahead log from being emptied.
	errLogRead = errors.New("what was erased is gone, but a reader keeps the write-ahead log from being emptied: try again")
	// errLogRests is errLogRead of a moment ago.
	errLogRests = fmt.Errorf("%w in a moment", errLogRead)
)

// sweeping is an error of what the sweep tries again by itself: it tells once in a
// while that a write-ahead log cannot be emptied, and whoever removes what is outside
// tells why that cannot be done.
func sweeping(err error) error {
	if errors.Is(err, errLogRests) || errors.Is(err, ErrOutside) {
		return nil
	}
	return err
}

func (p *pool) truncateLog(ctx context.Context) error {
	if p.engine.shared {
		return nil
	}
	for try := 1; ; try++ {
		err := p.tryTruncateLog(ctx)
		if !errors.Is(err, errLogRead) || try == logTries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(logPause):
		}
	}
}

func (p *pool) tryTruncateLog(ctx context.Context) (err error) {
	c, err := p.Conn(ctx)
	if err != nil {
		return p.engine.check(err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	var was int
	if err := c.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&was); err != nil {
		return p.engine.check(err)
	}
	wait := func(milliseconds int64) error {
		_, err := c.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout = %d", milliseconds))
		return p.engine.check(err)
	}
	if err := wait(logPatience.Milliseconds()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, wait(int64(was))) }()
	var busy bool
	var pages, moved int
	err = c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	if err == nil && busy {
		return errLogRead
	}
	return p.engine.check(err)
}
