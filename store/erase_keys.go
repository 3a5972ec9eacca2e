package store

import (
	"context"
	"fmt"
	"time"

	"candor/identity"
)

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
// process that has the key in memory keeps it until it looks (ForgetErased).
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

// addErasures adds entries to the erasure list.
func (k *Keyring) addErasures(ctx context.Context, entries []Erasure) error {
	err := k.write(ctx, func(tx *transaction) error {
		for _, e := range entries {
			if err := addErasure(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("add to the erasure list: %w", err)
	}
	return nil
}

// latest returns the entry of each customer's latest generation that was destroyed,
// by their hash.
func (k *Keyring) latest(ctx context.Context) (map[string]Erasure, error) {
	all, err := k.Erasures(ctx)
	out := make(map[string]Erasure, len(all))
	for _, e := range all {
		if e.Generation > out[e.Customer].Generation {
			out[e.Customer] = e
		}
	}
	return out, err
}

// customers returns the latest generation of each customer's keys that are there.
func (k *Keyring) customers(ctx context.Context) (map[identity.CustomerID]int, error) {
	type row struct {
		customer   identity.CustomerID
		generation int
	}
	rows, err := collect(ctx, k.db, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.customer, &r.generation)
		return r, err
	}, "SELECT customer, MAX(generation) FROM keys GROUP BY customer")
	out := make(map[identity.CustomerID]int, len(rows))
	for _, r := range rows {
		out[r.customer] = r.generation
	}
	return out, err
}
