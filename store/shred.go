package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/identity"
)

// shred deletes what entries of the citation log say, and the words by which they are
// found: those of the customer's entries e, with a sealed part b, that a condition
// selects, at most limit. Their leaves stay. It returns how many there were.
func (tx *Tx) shred(customer identity.CustomerID, limit int, where string, args ...any) (int64, error) {
	entries, err := collect(tx.ctx, tx.tx, scanString, "SELECT b.entry FROM citation_bodies b JOIN citation_entries e ON e.id = b.entry WHERE e.customer = ? AND "+
		where+" LIMIT ?", append(append([]any{customer}, args...), limit)...)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	in := " IN (" + marks(len(entries)) + ")"
	if _, err := tx.exec("DELETE FROM citation_words WHERE entry"+in, anys(entries)...); err != nil {
		return 0, err
	}
	// Which records were used is the site's numbering of its customer's orders.
	if _, err := tx.exec("UPDATE citation_records SET record = '' WHERE category <> 'knowledge' AND entry"+in, anys(entries)...); err != nil {
		return 0, err
	}
	for _, table := range []string{"reviews", "flags"} { // notes may repeat it
		if _, err := tx.exec("UPDATE "+table+" SET sealed = NULL WHERE sealed IS NOT NULL AND answer IN (SELECT answer FROM citation_entries WHERE id"+in+")", anys(entries)...); err != nil {
			return 0, err
		}
	}
	return tx.exec("DELETE FROM citation_bodies WHERE entry"+in, anys(entries)...)
}

// madeFrom is the condition that the answer of an entry e was made from a category, its
// parameter, in whichever attempt, and whether or not it was said.
const madeFrom = `EXISTS (SELECT 1 FROM citation_records r JOIN citation_entries o ON o.id = r.entry WHERE o.answer = e.answer AND r.category = ?)`

// shredQuotes deletes what the log says of answers that were made from a category,
// which the customer wants deleted. What the law keeps, or what was said, stays until its
// time is over.
func (tx *Tx) shredQuotes(customer identity.CustomerID, c consent.Category) error {
	holds, err := standingHolds(tx.ctx, tx.tx, customer, tx.Now)
	if err != nil || slices.ContainsFunc(holds, func(h consent.Hold) bool { return h.Covers(c) || h.Covers(consent.Conversation) }) {
		return err
	}
	for total := int64(0); ; {
		n, err := tx.shred(customer, maxShredded, madeFrom, c)
		if err != nil {
			return err
		}
		if total += n; n < maxShredded {
			return tx.logDeletion(customer, c, consent.DeletedLogBody, consent.DeletedByStopDelete, total)
		}
	}
}

// shredLate deletes what an entry says that was added after its customer wanted that
// deleted: the end of an answer is recorded a moment after it was said, or much later.
func (tx *Tx) shredLate(e citation.Entry) error {
	deleted, err := collect(tx.ctx, tx.tx, scanString, `SELECT DISTINCT d.category FROM ledger d WHERE d.customer = ? AND d.deletes AND d.epoch > ? AND d.category IN (
		SELECT r.category FROM citation_records r JOIN citation_entries o ON o.id = r.entry WHERE o.answer = ?)`, e.Customer, e.Epoch, e.AnswerID)
	if err != nil {
		return err
	}
	for _, c := range deleted {
		if err := tx.shredQuotes(e.Customer, consent.Category(c)); err != nil {
			return err
		}
	}
	return nil
}

// maxShredded is how many entries a statement deletes the sealed part of.
const maxShredded = 500

// outlived is the condition that the sealed part b of an entry e is kept no longer: it
// is of before a time, its conversation is gone, and nobody waits for an answer about it.
// Its parameter is that time.
const outlived = `b.at <= ? AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = e.conversation)
	AND NOT EXISTS (SELECT 1 FROM requests q WHERE q.customer = e.customer AND q.conversation = e.conversation AND q.closed = 0)
	AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.customer = e.customer AND h.released = 0 AND h.ended = 0 AND h.until > now_micros())`

// RemoveBodies removes what the entries of the citation log say that are older than
// they are kept, with their words; their leaves, and so all proofs, stay valid. What
// belongs to a conversation that is kept stays with it, and so does what an open request
// is about, and what a legal hold may need. Each customer's are removed in transactions of their own, which log it. It
// returns how many there were.
func (s *Store) RemoveBodies(ctx context.Context, kept time.Duration) (removed int64, err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	before := micros(now.Add(-kept))
	owners, err := collect(ctx, s.reads, scanString, "SELECT DISTINCT e.customer FROM citation_bodies b JOIN citation_entries e ON e.id = b.entry WHERE "+outlived+" AND "+present("e.customer"), before)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, owner := range owners {
		customer := identity.CustomerID(owner)
		for n := int64(maxShredded); n == maxShredded; removed += n {
			err := s.writeFor(ctx, customer, func(tx *Tx) (err error) {
				if n, err = tx.shred(customer, maxShredded, outlived, before); err != nil {
					return err
				}
				return tx.logDeletion(customer, consent.Conversation, consent.DeletedLogBody, consent.DeletedByRetention, n)
			})
			if errors.Is(err, consent.ErrUnknownCustomer) {
				break // they are being erased, and this goes with them
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("remove what the log says: %w", err))
				if errors.Is(err, identity.ErrUnavailable) || ctx.Err() != nil {
					return removed, errors.Join(errs...)
				}
				break // the others' time is over too
			}
		}
	}
	return removed, errors.Join(errs...)
}
