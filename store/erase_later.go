package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"candor/identity"
)

// erasurePatience is after which an erasure that is not finished was cut off.
const erasurePatience = 3 * time.Second

// EndErasures ends the erasures that were cut off, and returns how many.
func (s *Store) EndErasures(ctx context.Context) (n int, err error) {
	ids, err := collect(ctx, s.reads, scanString, "SELECT id FROM customers WHERE erasing AND erased <= now_micros() - ? ORDER BY erased LIMIT 100",
		erasurePatience.Microseconds())
	var errs []error
	for _, id := range ids {
		if _, waits := s.waiting.Load(identity.CustomerID(id)); waits {
			// Everything here was done before; only what is outside was waited for.
			if err := s.goneOutside(ctx, identity.CustomerID(id)); err != nil {
				errs = append(errs, sweeping(err))
				continue
			}
		}
		out, err := s.endErasure(ctx, identity.CustomerID(id))
		if errs = append(errs, sweeping(err)); err == nil && out.Done {
			n++
		}
	}
	return n, errors.Join(append(errs, err)...)
}

// erasedOverlap is how long before its commit an erasure may have taken its time.
const erasedOverlap = 2 * runTimeout

// ForgetErased forgets the keys of who was erased since it looked last, on whichever
// replica, and returns them, so that what else is remembered of them can be forgotten
// too. Some are returned more than once.
func (s *Store) ForgetErased(ctx context.Context) ([]identity.CustomerID, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	since := s.forgot.Load() // long ago, if the database was away
	if since == 0 {
		since = micros(now) // nothing was in memory before
	}
	ids, err := collect(ctx, s.reads, scanString, "SELECT id FROM customers WHERE erased > 0 AND erased > ?", since-erasedOverlap.Microseconds())
	if err != nil {
		return nil, err
	}
	s.forgot.Store(micros(now))
	out := make([]identity.CustomerID, len(ids))
	for i, id := range ids {
		out[i] = identity.CustomerID(id)
		s.keys.forget(out[i])
	}
	return out, nil
}

// WatchErased returns wake-ups when somebody was erased here, or WakeErased was
// called.
func (s *Store) WatchErased() (<-chan struct{}, func()) { return s.Watch(erasedTopic) }

// WakeErased says that somebody may have been erased elsewhere.
func (s *Store) WakeErased() { s.Wake(erasedTopic) }

// RemoveProofs removes the proofs of consent of who was erased longer ago than they
// are kept, and what is left of the customers themselves. The citation log keeps its
// entries, which lead to nobody. While a legal hold stands the proofs stay. It
// returns of how many customers it removed them.
func (s *Store) RemoveProofs(ctx context.Context, kept time.Duration) (removed int64, err error) {
	ids, err := collect(ctx, s.reads, scanString, `SELECT id FROM customers c WHERE erased > 0 AND NOT erasing AND erased <= now_micros() - ?
		AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.customer = c.id AND h.ended = 0) ORDER BY erased LIMIT 1000`, kept.Microseconds())
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, id := range ids {
		err := s.erase(ctx, identity.CustomerID(id), func(tx *Tx) error {
			for _, t := range slices.Backward(dataTables) {
				if t.proof == "" {
					continue
				}
				if _, err := tx.exec("DELETE FROM "+t.name+" WHERE "+t.proof, id); err != nil {
					return err
				}
			}
			_, err := tx.exec("DELETE FROM customers WHERE id = ?", id)
			return err
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("remove proofs: %w", err)) // the others' time is over too
			continue
		}
		removed++
	}
	return removed, errors.Join(errs...)
}
