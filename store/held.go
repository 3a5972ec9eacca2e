package store

import (
	"context"
	"database/sql"
	"errors"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// RecordsOf returns everything that is held about a customer, for themself: the
// newest first, granted or not. next is where the list goes on; the zero Place
// says that it does not.
func (s *Store) RecordsOf(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) (page []retrieval.Held, next consent.Place, err error) {
	where, args := "customer = ? AND "+present("records.customer"), []any{customer}
	if after != (consent.Place{}) {
		where, args = where+" AND (collected < ? OR collected = ? AND id > ?)", append(args, after.Rank, after.Rank, after.ID)
	}
	read := s.scanRecord(ctx)
	page, err = collect(ctx, s.reads, func(scan func(...any) error) (h retrieval.Held, err error) {
		h.Record, err = read(func(dest ...any) error { return scan(append(dest, &h.Disputed, &h.Hidden)...) })
		return h, err
	}, "SELECT "+recordColumns+", NOT"+undisputed("records")+", NOT"+unhidden("records")+"FROM records WHERE "+where+" ORDER BY collected DESC, id LIMIT ?", append(args, limit+1)...)
	if len(page) > limit {
		page = page[:limit]
		last := page[limit-1]
		next = consent.Place{Rank: micros(last.CollectedAt), ID: last.ID}
	}
	return page, next, err
}

// roomForOwn refuses one more record of the customer's own.
func (tx *Tx) roomForOwn(customer identity.CustomerID) error {
	var n int
	err := tx.row("SELECT COUNT(*) FROM records WHERE customer = ? AND own", customer).Scan(&n)
	if err == nil && n >= retrieval.MaxOwn {
		err = retrieval.ErrTooMany
	}
	return err
}

// RemoveOwn removes a record that the customer made: retrieval.ErrNotOwn if it is
// about them and they did not, retrieval.ErrNotFound if it is not about them.
func (s *Store) RemoveOwn(ctx context.Context, customer identity.CustomerID, id string) error {
	return s.writeFor(ctx, customer, func(tx *Tx) error {
		var own bool
		err := tx.row("SELECT own FROM records WHERE customer = ? AND id = ?", customer, id).Scan(&own)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return retrieval.ErrNotFound
		case err != nil:
			return err
		case !own:
			return retrieval.ErrNotOwn
		}
		_, err = tx.removeRecords(customer, consent.DeletedByCustomer, "id = ? AND own", id)
		return err
	})
}
