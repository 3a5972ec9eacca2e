package store

import (
	"context"

	"candor/consent"
	"candor/identity"
)

// logDeletions remembers what was deleted of a customer's, in the transaction that
// deletes it: a row for each category.
func (tx *Tx) logDeletions(customer identity.CustomerID, what consent.Deleted, why func(consent.Category) consent.DeletionReason, counts map[consent.Category]int64) error {
	for category, n := range counts {
		if err := tx.logDeletion(customer, category, what, why(category), n); err != nil {
			return err
		}
	}
	return nil
}

// logDeletion remembers one kind of thing of one category. Nothing deleted is
// nothing to remember.
func (tx *Tx) logDeletion(customer identity.CustomerID, c consent.Category, what consent.Deleted, why consent.DeletionReason, n int64) error {
	if n == 0 {
		return nil
	}
	_, err := tx.exec(`INSERT INTO deletions (id, at, site, customer, category, what, reason, count)
		SELECT ?, ?, site, id, ?, ?, ?, ? FROM customers WHERE id = ?`,
		identity.NewID("del"), micros(tx.Now), c, what, why, n, customer)
	return err
}

// because is the one reason of everything that is deleted.
func because(why consent.DeletionReason) func(consent.Category) consent.DeletionReason {
	return func(consent.Category) consent.DeletionReason { return why }
}

// deleteByCategory runs a DELETE and returns how many rows of each category it
// took.
func (tx *Tx) deleteByCategory(statement string, args ...any) (map[consent.Category]int64, error) {
	gone, err := collect(tx.ctx, tx.tx, scanString, statement+" RETURNING category", args...)
	if err != nil {
		return nil, err
	}
	counts := make(map[consent.Category]int64)
	for _, c := range gone {
		counts[consent.Category(c)]++
	}
	return counts, nil
}

// Deletions returns what was deleted of a customer's here, the latest first.
func (s *Store) Deletions(ctx context.Context, customer identity.CustomerID) ([]consent.Deletion, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (d consent.Deletion, err error) {
		var at int64
		err = scan(&d.ID, &at, &d.Site, &d.Customer, &d.Category, &d.What, &d.Reason, &d.Count)
		d.At = fromMicros(at)
		return d, err
	}, "SELECT id, at, site, customer, category, what, reason, count FROM deletions WHERE customer = ? ORDER BY at DESC, category, what, id", customer)
}
