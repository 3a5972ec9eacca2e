package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"candor/consent"
	"candor/identity"
)

// Errors of Remember.
var (
	// ErrInFlight means that a request with the same key is being served.
	ErrInFlight = errors.New("a request with this idempotency key is being served")
	// ErrOtherBody means that the key was used with another body.
	ErrOtherBody = errors.New("this idempotency key was used with another body")
)

// idempotencyLife is how long a response is remembered.
const idempotencyLife = 24 * time.Hour

// inFlightLife is how long a request may take; after it, a key whose request
// was cut off can be used again.
const inFlightLife = 2 * time.Minute

// Response is a remembered response.
type Response struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type"`
	Body        []byte `json:"body"`
}

// Remember looks an idempotency key up. Scope is the principal and the route.
// It returns the remembered response, or nil after reserving the key for the
// caller, who must call Settle or Forget. Nothing is remembered for a customer who
// was erased (consent.ErrUnknownCustomer).
func (s *Store) Remember(ctx context.Context, customer identity.CustomerID, scope, key, body string) (*Response, error) {
	id, bodyHash := s.keys.Hash("idempotency", scope, key), s.keys.Hash("body", body)
	var status int
	var hash string
	var sealed []byte
	reserved := false
	err := s.writeResponse(ctx, customer, func(tx *Tx) error {
		// A request whose replica is gone was cut off: it can be made again.
		_, err := tx.exec(`DELETE FROM idempotency WHERE key = ? AND (expires <= ?
			OR status = 0 AND body = ? AND holder <> ? AND `+gone("idempotency.holder")+")",
			id, micros(tx.Now), bodyHash, s.ID, replicaLease)
		if err != nil {
			return err
		}
		for {
			// Of two at once, on two replicas even, one inserts.
			n, err := tx.exec(`INSERT INTO idempotency (key, body, customer, status, expires, holder) VALUES (?, ?, ?, 0, ?, ?)
				ON CONFLICT (key) DO NOTHING`, id, bodyHash, customer, micros(tx.Now.Add(inFlightLife)), s.ID)
			if reserved = err == nil && n == 1; reserved || err != nil {
				return err
			}
			err = tx.row("SELECT status, body, sealed FROM idempotency WHERE key = ?", id).Scan(&status, &hash, &sealed)
			if !errors.Is(err, sql.ErrNoRows) { // else it was freed just now
				return err
			}
		}
	})
	switch {
	case err != nil:
		return nil, err
	case reserved:
		return nil, nil
	case hash != bodyHash:
		return nil, ErrOtherBody
	case status == 0:
		return nil, ErrInFlight
	}
	open, err := s.responseSealer(ctx, customer)
	if err != nil {
		return nil, err
	}
	var r Response
	return &r, open.openJSON("response/"+id, sealed, &r)
}

// writeResponse is Write for what is remembered for a customer, or for nobody.
func (s *Store) writeResponse(ctx context.Context, customer identity.CustomerID, fn func(*Tx) error) error {
	if customer == "" {
		return s.Write(ctx, fn)
	}
	return s.writeFor(ctx, customer, fn)
}

// Settle stores the response of a key that this replica has reserved, sealed. For
// a customer who was erased meanwhile there is nobody to remember it for.
func (s *Store) Settle(ctx context.Context, customer identity.CustomerID, scope, key string, r Response) error {
	id := s.keys.Hash("idempotency", scope, key)
	seal, err := s.responseSealer(ctx, customer)
	if errors.Is(err, ErrKeyDestroyed) {
		return nil
	}
	if err != nil {
		return err
	}
	sealed, err := seal.sealJSON("response/"+id, r)
	if err != nil {
		return err
	}
	err = s.writeResponse(ctx, customer, func(tx *Tx) error {
		_, err := tx.exec("UPDATE idempotency SET status = ?, sealed = ?, expires = ? WHERE key = ? AND holder = ?",
			r.Status, sealed, micros(tx.Now.Add(idempotencyLife)), id, s.ID)
		return err
	})
	if errors.Is(err, consent.ErrUnknownCustomer) {
		return nil
	}
	return err
}

// Forget frees a key that this replica has reserved and whose request failed.
func (s *Store) Forget(ctx context.Context, scope, key string) error {
	id := s.keys.Hash("idempotency", scope, key)
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("DELETE FROM idempotency WHERE key = ? AND status = 0 AND holder = ?", id, s.ID)
		return err
	})
}

// responseSealer seals a customer's responses under their key, those of staff
// and backends, which concern no one customer, under the house's.
func (s *Store) responseSealer(ctx context.Context, customer identity.CustomerID) (Sealer, error) {
	if customer == "" {
		return s.keys.House(), nil
	}
	return s.keys.For(ctx, customer)
}
