package store

import (
	"context"
	"fmt"

	"candor/identity"
)

// Replayed is what a replay of the erasure list did.
type Replayed struct {
	Listed    int // entries
	Keys      int // customers whose keys were there, and are destroyed
	Customers int // customers of whom anything was there, and is removed
	Keyless   int // customers who are not on the list, and whose key is not there
}

// Replay destroys again what the erasure list says was destroyed: that of the
// keys database, to which the entries are added. It may be run again.
func (s *Store) Replay(ctx context.Context, entries []Erasure) (r Replayed, err error) {
	if err := s.keys.addErasures(ctx, entries); err != nil {
		return r, err
	}
	// First who has rows: what a legal hold covers can be kept only while the key is
	// there.
	listed, err := s.keys.latest(ctx)
	if err != nil {
		return r, err
	}
	held, err := s.keys.customers(ctx)
	if err != nil {
		return r, err
	}
	ids, err := collect(ctx, s.reads, scanString, "SELECT id FROM customers WHERE erased = 0 OR erasing")
	if err != nil {
		return r, err
	}
	for _, id := range ids {
		customer := identity.CustomerID(id)
		e, erased := listed[s.keys.erasureHash(customer)]
		switch {
		case !erased && held[customer] == 0:
			r.Keyless++
		case !erased, held[customer] > e.Generation:
		default:
			if err := s.mark(ctx, customer, e.At, nil); err != nil {
				return r, err
			}
			if _, err := s.endErasure(ctx, customer); err != nil {
				return r, err
			}
			r.Customers++
			if held[customer] > 0 {
				r.Keys++
			}
		}
	}
	if err := s.endHoldsOfList(ctx, listed); err != nil {
		return r, err
	}
	rest, err := s.keys.Replay(ctx, nil) // of whom there is no row
	r.Listed, r.Keys = rest.Listed, r.Keys+rest.Keys
	if err != nil {
		return r, err
	}
	return r, s.truncateLogs(ctx)
}

// endHoldsOfList ends the holds whose keys the list says were destroyed.
func (s *Store) endHoldsOfList(ctx context.Context, listed map[string]Erasure) error {
	holds, err := collect(ctx, s.reads, scanHold, "SELECT "+holdColumns+" FROM holds WHERE ended = 0")
	if err != nil {
		return err
	}
	for _, h := range holds {
		if _, over := listed[s.keys.erasureHash(holdKey(h.ID))]; over {
			if err := s.endHold(ctx, h.Hold); err != nil {
				return err
			}
		}
	}
	return nil
}

// Replay destroys again the keys that the erasure list says were destroyed, and
// adds the entries to it.
func (k *Keyring) Replay(ctx context.Context, entries []Erasure) (r Replayed, err error) {
	if err := k.addErasures(ctx, entries); err != nil {
		return r, err
	}
	listed, err := k.latest(ctx)
	if err != nil {
		return r, err
	}
	held, err := k.customers(ctx)
	if err != nil {
		return r, err
	}
	r.Listed = len(listed)
	for customer := range held {
		e, erased := listed[k.erasureHash(customer)]
		if !erased {
			continue
		}
		var n int64
		err := k.write(ctx, func(tx *transaction) (err error) {
			n, err = destroy(ctx, tx, customer, e.Generation)
			return err
		})
		k.forget(customer)
		if err != nil {
			return r, fmt.Errorf("destroy a key again: %w", err)
		}
		if n > 0 {
			r.Keys++
		}
	}
	return r, k.db.truncateLog(ctx)
}
