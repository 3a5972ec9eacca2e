package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Erasing a customer destroys their key, and then removes what it sealed and
// what says who they are. An entry of the erasure stays in the keys database, by
// a keyed hash. Where a backup of before is restored, replaying the entries
// destroys again what it brought back.

// Erasure says that the keys of a customer were destroyed.
type Erasure struct {
	Customer   string    `json:"customer"` // keyed hash
	Generation int       `json:"generation"`
	At         time.Time `json:"at"` // the database's clock, UTC
}

// erasureHash is by which an erased customer is known.
func (k *Keyring) erasureHash(customer identity.CustomerID) string {
	return k.Hash("erasure", string(customer))
}

// Installation is the keyed hash by which the data knows its keys.
func (k *Keyring) Installation() string { return k.Hash("installation") }

// Destroy destroys every key of a customer and adds an entry to the erasure list,
// in one transaction. A customer without a key is left as they are. Another
// process that has the key in memory keeps it until it ends.
func (k *Keyring) Destroy(ctx context.Context, customer identity.CustomerID) error {
	err := k.write(ctx, func(tx *transaction) error {
		e := Erasure{Customer: k.erasureHash(customer)}
		var now int64
		err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(generation), 0), now_micros() FROM keys WHERE customer = ?", customer).Scan(&e.Generation, &now)
		if err != nil || e.Generation == 0 {
			return err
		}
		e.At = fromMicros(now)
		if _, err := destroy(ctx, tx, customer, e.Generation); err != nil {
			return err
		}
		return addErasure(ctx, tx, e)
	})
	k.forget(customer)
	if err != nil {
		return fmt.Errorf("destroy a key: %w", err)
	}
	return nil
}

// destroy destroys a customer's keys up to a generation.
func destroy(ctx context.Context, tx *transaction, customer identity.CustomerID, generation int) (keys int64, err error) {
	return rowsOf(tx.ExecContext(ctx, "DELETE FROM keys WHERE customer = ? AND generation <= ?", customer, generation))
}

// addErasure stores an entry; the first of a customer's generation stays.
func addErasure(ctx context.Context, tx *transaction, e Erasure) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO erasures (customer, generation, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		e.Customer, e.Generation, micros(e.At))
	return err
}

// forget removes a key from memory, and keeps one that is being read out of it.
func (k *Keyring) forget(customer identity.CustomerID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.destroyed++
	if e, ok := k.cache[customer]; ok {
		k.order.Remove(e)
		delete(k.cache, customer)
	}
}

// Erasures returns the erasure list, oldest first.
func (k *Keyring) Erasures(ctx context.Context) ([]Erasure, error) { return erasures(ctx, k.db) }

func erasures(ctx context.Context, q querier) ([]Erasure, error) {
	return collect(ctx, q, func(scan func(...any) error) (e Erasure, err error) {
		var at int64
		err = scan(&e.Customer, &e.Generation, &at)
		e.At = fromMicros(at)
		return e, err
	}, "SELECT customer, generation, at FROM erasures ORDER BY at, customer, generation")
}

// Erase destroys a customer: the key, and everything that it sealed or that says
// who they are. The citation log and the ledger keep their rows, of which nothing
// sealed can be read any more; the ledger says that no consent stands. Somebody
// who returns is a new customer. Erasing again does nothing; where it failed it
// is to be tried again, and consent.ErrUnknownCustomer says that there never was
// such a customer.
func (s *Store) Erase(ctx context.Context, customer identity.CustomerID) error {
	// The key first: without it the rest cannot be read, wherever a copy lies.
	if err := s.keys.Destroy(ctx, customer); err != nil {
		return err
	}
	if _, err := s.eraseRows(ctx, customer); err != nil {
		return fmt.Errorf("erase a customer: %w", err)
	}
	return s.truncateLogs(ctx)
}

// eraseRows removes a customer's rows and reports whether there was anything.
func (s *Store) eraseRows(ctx context.Context, customer identity.CustomerID) (found bool, err error) {
	err = s.writeFor(ctx, customer, func(tx *Tx) error {
		found = false
		before, err := snapshot(tx.ctx, tx.tx, customer)
		if err != nil {
			return err
		}
		// The desk is told before the tickets go.
		served, err := collect(tx.ctx, tx.tx, scanString, "SELECT conversation FROM tickets WHERE customer = ? AND state <> ?", customer, agents.Closed)
		if err != nil {
			return err
		}
		for _, id := range served {
			if err := tx.closeTicket(&conversation.Conversation{ID: id}); err != nil {
				return err
			}
		}
		for _, t := range slices.Backward(dataTables) {
			if t.erased == "" {
				continue
			}
			n, err := tx.exec("DELETE FROM "+t.name+" WHERE "+t.erased, customer)
			if err != nil {
				return err
			}
			found = found || n > 0
		}
		// Which records were used is the site's numbering of its orders.
		if _, err := tx.exec("UPDATE citation_records SET record = '' WHERE "+ofEntry, customer); err != nil {
			return err
		}
		n, err := tx.exec("UPDATE customers SET subject = NULL, sealed = NULL WHERE id = ? AND (subject IS NOT NULL OR sealed IS NOT NULL)", customer)
		if err != nil {
			return err
		}
		events := ended(before)
		if found = found || n > 0 || len(events) > 0; !found {
			return nil
		}
		// What is being written for them now fails: the epoch has moved.
		if err := tx.appendEvents(customer, before.Epoch+1, events); err != nil {
			return err
		}
		tx.Wake(deskTopic)
		return tx.touch(customer)
	})
	return found, err
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
	return errors.Join(s.writes.truncateLog(ctx), s.keys.db.truncateLog(ctx))
}

func (p *pool) truncateLog(ctx context.Context) error {
	if p.engine.shared {
		return nil
	}
	var busy bool
	var pages, moved int
	err := p.DB.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	if err == nil && busy {
		err = errors.New("what was erased is gone, but a reader keeps the write-ahead log from being emptied: try again")
	}
	return p.engine.check(err)
}

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
	if r, err = s.keys.Replay(ctx, entries); err != nil {
		return r, err
	}
	listed, err := s.keys.generations(ctx)
	if err != nil {
		return r, err
	}
	held, err := s.keys.customers(ctx)
	if err != nil {
		return r, err
	}
	ids, err := collect(ctx, s.reads, scanString, "SELECT id FROM customers")
	if err != nil {
		return r, err
	}
	for _, id := range ids {
		customer := identity.CustomerID(id)
		if held[customer] {
			continue
		}
		if listed[s.keys.erasureHash(customer)] == 0 {
			r.Keyless++
			continue
		}
		found, err := s.eraseRows(ctx, customer)
		if err != nil {
			return r, fmt.Errorf("erase a customer again: %w", err)
		}
		if found {
			r.Customers++
		}
	}
	return r, s.truncateLogs(ctx)
}

// Replay destroys again the keys that the erasure list says were destroyed, and
// adds the entries to it.
func (k *Keyring) Replay(ctx context.Context, entries []Erasure) (r Replayed, err error) {
	err = k.write(ctx, func(tx *transaction) error {
		for _, e := range entries {
			if err := addErasure(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("add to the erasure list: %w", err)
	}
	listed, err := k.generations(ctx)
	if err != nil {
		return r, err
	}
	held, err := k.customers(ctx)
	if err != nil {
		return r, err
	}
	r.Listed = len(listed)
	for customer := range held {
		generation := listed[k.erasureHash(customer)]
		if generation == 0 {
			continue
		}
		var n int64
		err := k.write(ctx, func(tx *transaction) (err error) {
			n, err = destroy(ctx, tx, customer, generation)
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

// generations returns up to which generation each customer's keys were
// destroyed, by their hash.
func (k *Keyring) generations(ctx context.Context) (map[string]int, error) {
	all, err := k.Erasures(ctx)
	out := make(map[string]int, len(all))
	for _, e := range all {
		out[e.Customer] = max(out[e.Customer], e.Generation)
	}
	return out, err
}

// customers returns whose keys are there.
func (k *Keyring) customers(ctx context.Context) (map[identity.CustomerID]bool, error) {
	ids, err := collect(ctx, k.db, scanString, "SELECT DISTINCT customer FROM keys")
	out := make(map[identity.CustomerID]bool, len(ids))
	for _, id := range ids {
		out[identity.CustomerID(id)] = true
	}
	return out, err
}
