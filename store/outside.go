package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// An index on another server is written when a question needs it, and nobody can commit
// there and here at once. So a row here says, before the first write, that there may be
// something; whatever deletes passages here says in its commit which versions of it have
// to go; and the row goes when a look after the last write found nothing. Versions are
// the customer's data_version, which therefore rises with every such deletion: what was
// read before it is of an earlier one, however late it is written.

var _ retrieval.OutsideStore = (*Store)(nil)

// outsideTopic is woken when something has to be removed outside.
const outsideTopic = "outside"

// HashKey is the key of an index's keyed hashes.
func (s *Store) HashKey() []byte { return []byte(s.keys.Hash("index key")) }

// Tenant is the keyed hash by which an index outside knows a customer of a site.
func (s *Store) Tenant(site identity.SiteID, customer identity.CustomerID) string {
	return s.keys.Hash("index tenant", string(site), string(customer))
}

// tenantOf is Tenant of a customer, also of one who was erased.
func (tx *Tx) tenantOf(customer identity.CustomerID) (string, error) {
	var site string
	if err := tx.row("SELECT site FROM customers WHERE id = ?", customer).Scan(&site); err != nil {
		return "", fmt.Errorf("find the customer's site: %w", err)
	}
	return tx.keys.Hash("index tenant", site, string(customer)), nil
}

// Alone implements retrieval.OutsideStore, with a lease.
func (s *Store) Alone(ctx context.Context, name string, work func(context.Context) error) error {
	holding, end := context.WithCancel(ctx)
	defer end()
	var ran bool
	var failed error
	if err := s.Hold(holding, "alone/"+name, func(ctx context.Context) error {
		ran = true
		failed = work(ctx)
		end() // once is enough
		return nil
	}); err != nil {
		return err
	}
	if !ran {
		return ctx.Err()
	}
	return failed
}

// HomeOutside implements retrieval.OutsideStore. The name is in a row without a tenant.
func (s *Store) HomeOutside(ctx context.Context) (home string, used bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT COALESCE((SELECT category FROM outside WHERE tenant = ''), ''),
		EXISTS (SELECT 1 FROM outside WHERE tenant <> '')`).Scan(&home, &used)
	return home, used, err
}

// MoveOutside implements retrieval.OutsideStore.
func (s *Store) MoveOutside(ctx context.Context, from, to string) (home string, err error) {
	err = s.writeAlone(ctx, func(tx *Tx) error {
		if err := tx.row("SELECT COALESCE((SELECT category FROM outside WHERE tenant = ''), '')").Scan(&home); err != nil || home != from {
			return err
		}
		home = to
		if _, err := tx.exec("DELETE FROM outside WHERE tenant = ''"); err != nil {
			return err
		}
		_, err := tx.exec("INSERT INTO outside (tenant, category, entered) VALUES ('', ?, 0)", to)
		return err
	})
	return home, err
}

// EnterOutside implements retrieval.OutsideStore.
func (s *Store) EnterOutside(ctx context.Context, scope consent.Scope, categories []consent.Category, most time.Duration) (version int64, err error) {
	searchable := scope.Searchable()
	for _, c := range categories {
		// SECURITY: nothing is written outside that the scope does not permit here.
		if !slices.Contains(searchable, c) {
			return 0, fmt.Errorf("%w: the scope does not permit the category", consent.ErrStale)
		}
	}
	tenant := s.Tenant(scope.Site(), scope.Customer())
	err = s.writeFor(ctx, scope.Customer(), func(tx *Tx) error {
		if err := tx.checkStamp(scope.Stamp()); err != nil {
			return err
		}
		if err := tx.row("SELECT data_version FROM customers WHERE id = ? AND site = ?", scope.Customer(), scope.Site()).Scan(&version); err != nil {
			return fmt.Errorf("read the version of a customer's passages: %w", err)
		}
		for _, c := range categories {
			// Who did not end in time counts no more.
			_, err := tx.exec(`INSERT INTO outside (tenant, category, entered, writers, until) VALUES (?, ?, ?, 1, ?)
				ON CONFLICT (tenant, category) DO UPDATE SET entered = CASE WHEN outside.entered > excluded.entered THEN outside.entered ELSE excluded.entered END,
					writers = CASE WHEN outside.until > ? THEN outside.writers + 1 ELSE 1 END, until = excluded.until`,
				tenant, c, version, micros(tx.Now.Add(most)), micros(tx.Now))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return version, err
}

// LeaveOutside implements retrieval.OutsideStore.
func (s *Store) LeaveOutside(ctx context.Context, scope consent.Scope, categories []consent.Category) error {
	tenant := s.Tenant(scope.Site(), scope.Customer())
	left := func(tx *Tx) error {
		_, err := tx.exec("UPDATE outside SET writers = writers - 1 WHERE writers > 0 AND tenant = ? AND category IN ("+marks(len(categories))+")",
			append([]any{tenant}, anys(categories)...)...)
		if err == nil {
			tx.Wake(outsideTopic) // a removal may have waited for this
		}
		return err
	}
	if len(categories) == 0 {
		return nil
	}
	var stale error
	err := s.writeFor(ctx, scope.Customer(), func(tx *Tx) error {
		if err := left(tx); err != nil {
			return err
		}
		// SECURITY: what was written under a scope that has ceased to hold meanwhile
		// goes, in the commit that says so.
		if stale = tx.checkStamp(scope.Stamp()); stale != nil {
			return tx.leaveOutside(scope.Customer(), "category IN ("+marks(len(categories))+")", anys(categories)...)
		}
		return nil
	})
	if errors.Is(err, errErased) {
		// Their erasure has said already that everything goes, and waits for this.
		return errors.Join(err, s.Write(ctx, left))
	}
	if err != nil {
		return err
	}
	return stale
}

// leaveOutside says that what an index outside may hold of a customer, in the rows that
// a condition selects, has to go: every version up to now. Whatever deletes passages
// calls it in the same transaction.
func (tx *Tx) leaveOutside(customer identity.CustomerID, where string, args ...any) error {
	tenant, err := tx.tenantOf(customer)
	if err != nil {
		return err
	}
	// What was said before of all that was entered need not be said again.
	where = "tenant = ? AND before <= entered AND " + where
	args = append([]any{tenant}, args...)
	var some bool
	if err := tx.row("SELECT EXISTS (SELECT 1 FROM outside WHERE "+where+")", args...).Scan(&some); err != nil || !some {
		return err
	}
	var version int64
	if err := tx.row("UPDATE customers SET data_version = data_version + 1 WHERE id = ? RETURNING data_version", customer).Scan(&version); err != nil {
		return err
	}
	tx.Wake(outsideTopic)
	_, err = tx.exec("UPDATE outside SET before = ? WHERE "+where, append([]any{version}, args...)...)
	return err
}

// leaveOutsideIn is leaveOutside of the categories of which something was deleted.
func (tx *Tx) leaveOutsideIn(customer identity.CustomerID, deleted map[consent.Category]int64) error {
	categories := make([]any, 0, len(deleted))
	for c, n := range deleted {
		if n > 0 {
			categories = append(categories, c)
		}
	}
	if len(categories) == 0 {
		return nil
	}
	return tx.leaveOutside(customer, "category IN ("+marks(len(categories))+")", categories...)
}

// eraseOutside says that everything of an erased customer's has to go, for ever.
func (tx *Tx) eraseOutside(customer identity.CustomerID) error {
	tenant, err := tx.tenantOf(customer)
	if err != nil {
		return err
	}
	tx.Wake(outsideTopic)
	_, err = tx.exec("UPDATE outside SET before = ? WHERE tenant = ?", int64(math.MaxInt64), tenant)
	return err
}

// ErrOutside means that an erasure is done here, and that an index on another server may
// still hold something.
var ErrOutside = errors.New("everything here is erased; the index on another server was not found empty yet, and is looked at again until it is")

// goneOutside fails with ErrOutside while an index outside may hold anything of a
// customer's.
func (s *Store) goneOutside(ctx context.Context, customer identity.CustomerID) error {
	site, err := s.SiteOf(ctx, customer)
	if err != nil {
		return err
	}
	var left bool
	err = s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM outside WHERE tenant = ?)", s.Tenant(site, customer)).Scan(&left)
	if err == nil && left {
		err = ErrOutside
	}
	return err
}

// DueOutside implements retrieval.OutsideStore.
func (s *Store) DueOutside(ctx context.Context, limit int) ([]retrieval.Outside, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (o retrieval.Outside, err error) {
		err = scan(&o.Tenant, &o.Category, &o.Before, &o.Entered, &o.Writing)
		return o, err
	}, `SELECT tenant, category, before, entered, writers > 0 AND until > now_micros() FROM outside
		WHERE before > 0 ORDER BY tenant, category LIMIT ?`, limit)
}

// RemovedOutside implements retrieval.OutsideStore.
func (s *Store) RemovedOutside(ctx context.Context, o retrieval.Outside) (ended bool, err error) {
	if o.Writing {
		return false, nil // it was looked too early
	}
	err = s.Write(ctx, func(tx *Tx) error {
		// SECURITY: only if nobody has entered since it was looked for, nor said that
		// more has to go.
		const same = "tenant = ? AND category = ? AND before = ? AND entered = ? AND (writers = 0 OR until <= now_micros())"
		args := []any{o.Tenant, o.Category, o.Before, o.Entered}
		var n int64
		var err error
		if o.Entered < o.Before {
			n, err = tx.exec("DELETE FROM outside WHERE "+same, args...)
		} else {
			n, err = tx.exec("UPDATE outside SET before = 0 WHERE "+same, args...)
		}
		if ended = n > 0; ended {
			tx.Wake(erasedTopic)
		}
		return err
	})
	return ended, err
}

// CountOutside is of how many customers an index on another server may hold something.
func (s *Store) CountOutside(ctx context.Context) (n int, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT COUNT(DISTINCT tenant) FROM outside WHERE tenant <> ''").Scan(&n)
	return n, err
}

// ForgetOutside notes that an index on another server is gone with all that it held.
// It must not be called while anybody writes there.
func (s *Store) ForgetOutside(ctx context.Context) error {
	return s.writeAlone(ctx, func(tx *Tx) error {
		_, err := tx.exec("DELETE FROM outside")
		return err
	})
}

// WatchOutside returns wake-ups when something has to be removed outside.
func (s *Store) WatchOutside() (<-chan struct{}, func()) { return s.Watch(outsideTopic) }

// RecordIDs implements retrieval.OutsideStore.
func (s *Store) RecordIDs(ctx context.Context, scope consent.Scope) ([]string, error) {
	categories := scope.Searchable()
	if scope.Customer() == "" || len(categories) == 0 {
		return nil, nil
	}
	// SECURITY: the customer and the categories are the scope's own.
	args := append([]any{scope.Site(), scope.Customer()}, anys(categories)...)
	return collect(ctx, s.reads, scanString, `SELECT id FROM records WHERE site = ? AND customer = ?
		AND (expires = 0 OR expires > now_micros()) AND category IN (`+marks(len(categories))+`) AND `+present("records.customer")+` AND`+usable("records"), args...)
}
