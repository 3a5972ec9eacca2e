package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// RemoveExpired removes the records whose time has run out, and of each category
// those that nobody ever granted for longer than its policy allows: in a
// transaction for each customer, which logs what it deletes. One of whom it fails
// does not keep what there is of the others. It returns how many there were.
func (s *Store) RemoveExpired(ctx context.Context, categories []consent.CategorySpec) (removed int64, err error) {
	type rule struct {
		why   consent.DeletionReason
		where string
		args  []any
	}
	rules := []rule{{consent.DeletedByRetention, "expires > 0 AND expires <= now_micros()", nil}}
	for _, c := range categories {
		rules = append(rules, rule{
			consent.DeletedByRetention, "category = ? AND expires = 0 AND at <= now_micros() - ?",
			[]any{c.ID, c.Retention.Duration().Microseconds()},
		}, rule{
			consent.DeletedUnconsented, `category = ? AND at <= now_micros() - ? AND NOT EXISTS (
			SELECT 1 FROM ledger l WHERE l.customer = records.customer AND l.category = records.category AND l.state IN (?, ?))`,
			[]any{c.ID, c.UnconsentedTTL.Duration().Microseconds(), consent.Given, consent.Renewed},
		})
	}
	var errs []error
	for _, r := range rules {
		owners, err := collect(ctx, s.reads, scanString, "SELECT DISTINCT customer FROM records WHERE "+r.where, r.args...)
		if err != nil {
			return removed, errors.Join(append(errs, err)...)
		}
		for _, owner := range owners {
			var n int64
			err := s.writeFor(ctx, identity.CustomerID(owner), func(tx *Tx) (err error) {
				n, err = tx.removeRecords(identity.CustomerID(owner), r.why, r.where, r.args...)
				return err
			})
			if errors.Is(err, consent.ErrUnknownCustomer) {
				continue // they are being erased, and this goes with them
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("remove records: %w", err))
				if errors.Is(err, identity.ErrUnavailable) || ctx.Err() != nil {
					return removed, errors.Join(errs...)
				}
				continue // the others' time is over too
			}
			removed += n
		}
	}
	return removed, errors.Join(errs...)
}

// removeRecords removes those of the customer's records that a condition selects,
// with what is indexed of them, logs why, and tells the indexes. Nothing else
// deletes records of a customer who stays. It returns how many there were.
func (tx *Tx) removeRecords(customer identity.CustomerID, why consent.DeletionReason, where string, args ...any) (int64, error) {
	n, covered, err := tx.hold(customer, where, args...)
	if err != nil {
		return 0, err
	}
	where = "customer = ? AND " + where
	args = append([]any{customer}, args...)
	if len(covered) > 0 {
		where += " AND category NOT IN (" + marks(len(covered)) + ")"
		args = append(args, anys(covered)...)
	}
	passages, err := tx.deleteByCategory("DELETE FROM passages WHERE (site, record) IN (SELECT site, id FROM records WHERE "+where+")", args...)
	if err != nil {
		return 0, err
	}
	if err := tx.leaveOutsideIn(customer, passages); err != nil {
		return 0, err
	}
	records, err := tx.deleteByCategory("DELETE FROM records WHERE "+where, args...)
	if err != nil {
		return 0, err
	}
	if err := tx.logDeletions(customer, consent.DeletedPassage, because(why), passages); err != nil {
		return 0, err
	}
	if err := tx.logDeletions(customer, consent.DeletedRecord, because(why), records); err != nil {
		return 0, err
	}
	for _, count := range records {
		n += count
	}
	if n == 0 {
		return 0, nil
	}
	return n, tx.touch(customer)
}

// wanted refuses a record of a category that its customer had deleted here and has
// not allowed since.
//
// SECURITY: the ledger is read in the transaction that stores the record, with the
// customer's row locked, so that an import under way cannot bring back what is
// being deleted.
func (tx *Tx) wanted(customer identity.CustomerID, c consent.Category) error {
	var unwanted bool
	err := tx.row(`SELECT EXISTS (SELECT 1 FROM ledger d WHERE d.customer = ? AND d.category = ? AND d.deletes
		AND NOT EXISTS (SELECT 1 FROM ledger g WHERE g.customer = d.customer AND g.category = d.category
			AND g.state IN (?, ?) AND g.epoch >= d.epoch))`,
		customer, c, consent.Given, consent.Renewed).Scan(&unwanted)
	if err == nil && unwanted {
		err = retrieval.ErrNotWanted
	}
	return err
}

// overdue is the condition that a conversation c is to be removed: nothing was said
// in it after a time, nobody at the desk has or expects it, the log has the end of
// each of its answers, and no grant is for it. Its parameters are that time twice,
// and agents.Closed.
//
// What the customer is told is how long messages are kept, so that a choice which
// was changed since does not count.
const overdue = `c.created <= ? AND NOT EXISTS (SELECT 1 FROM events e WHERE e.conversation = c.id AND e.type = 'message' AND e.at > ?)
	AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.conversation = c.id AND t.state <> ?)
	AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.conversation = c.id AND NOT a.recorded)
	AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.customer = c.customer AND l.conversation = c.id AND l.expires > now_micros())`

// RemoveConversations removes the conversations in which nothing was said for as
// long as they are kept, with their messages, answers, tickets and ratings: in
// transactions of one customer each, which log what they delete. One that somebody
// at the desk has or expects stays. The citation log keeps its entries. Responses
// that are remembered for repeated requests are gone by then: no time to keep is
// shorter than theirs. It returns how many there were.
func (s *Store) RemoveConversations(ctx context.Context, kept time.Duration) (removed int64, err error) {
	var now int64
	if err := s.reads.QueryRowContext(ctx, "SELECT now_micros()").Scan(&now); err != nil {
		return 0, err
	}
	before := now - kept.Microseconds()
	owners, err := collect(ctx, s.reads, scanString, "SELECT DISTINCT c.customer FROM conversations c WHERE "+overdue, before, before, agents.Closed)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, owner := range owners {
		for n := int64(maxRemoved); n == maxRemoved; removed += n {
			err := s.writeFor(ctx, identity.CustomerID(owner), func(tx *Tx) (err error) {
				n, err = tx.removeConversations(identity.CustomerID(owner), before)
				return err
			})
			if errors.Is(err, consent.ErrUnknownCustomer) {
				break
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("remove conversations: %w", err))
				if errors.Is(err, identity.ErrUnavailable) || ctx.Err() != nil {
					return removed, errors.Join(errs...)
				}
				break // the others' time is over too
			}
		}
	}
	return removed, errors.Join(errs...)
}

// maxRemoved is how many conversations a transaction removes.
const maxRemoved = 100

// removeConversations removes those of a customer's conversations that are
// overdue, at most maxRemoved.
func (tx *Tx) removeConversations(customer identity.CustomerID, before int64) (int64, error) {
	ids, err := collect(tx.ctx, tx.tx, scanString, "SELECT c.id FROM conversations c WHERE c.customer = ? AND "+overdue+" LIMIT ?",
		customer, before, before, agents.Closed, maxRemoved)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	in := " IN (" + marks(len(ids)) + ")"
	if _, err := tx.holdConversations(ids...); err != nil {
		return 0, err
	}
	messages, err := tx.exec("DELETE FROM events WHERE type = 'message' AND conversation"+in, anys(ids)...)
	if err != nil {
		return 0, err
	}
	count := map[consent.Deleted]int64{consent.DeletedMessage: messages}
	for _, step := range []struct {
		what  consent.Deleted
		where string
	}{
		{"", "events WHERE conversation" + in},
		{consent.DeletedRating, "ratings WHERE subject" + in},
		{consent.DeletedRating, "ratings WHERE subject IN (SELECT id FROM answers WHERE conversation" + in + ")"},
		{consent.DeletedAnswer, "answers WHERE conversation" + in},
		{"", "notes WHERE conversation" + in},
		{"", "contacts WHERE conversation" + in},
		{"", "suggestions WHERE conversation" + in},
		{"", "summaries WHERE conversation" + in},
		{"", "ticket_events WHERE ticket IN (SELECT id FROM tickets WHERE conversation" + in + ")"},
		{"", "attachment_pieces WHERE attachment IN (SELECT id FROM attachments WHERE conversation" + in + ")"},
		{"", "attachments WHERE conversation" + in},
		{"", "tickets WHERE conversation" + in},
		{consent.DeletedConversation, "conversations WHERE id" + in},
	} {
		n, err := tx.exec("DELETE FROM "+step.where, anys(ids)...)
		if err != nil {
			return 0, err
		}
		count[step.what] += n
	}
	for _, what := range []consent.Deleted{
		consent.DeletedConversation, consent.DeletedMessage, consent.DeletedAnswer, consent.DeletedRating,
	} {
		if err := tx.logDeletion(customer, consent.Conversation, what, consent.DeletedByRetention, count[what]); err != nil {
			return 0, err
		}
	}
	for _, id := range ids {
		tx.Wake(conversation.Topic(id)) // whoever reads it learns that it is gone
	}
	return int64(len(ids)), nil
}
