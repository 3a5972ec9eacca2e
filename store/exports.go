package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"candor/export"
	"candor/identity"
)

var _ export.Shelf = (*Exports)(nil)

// exportPatience is after which an export that nobody says goes on has failed.
const exportPatience = 2 * time.Minute

// Exports keeps exports and their archives in SQL.
type Exports struct{ s *Store }

// Exports returns the exports.
func (s *Store) Exports() *Exports { return &Exports{s} }

func exportPlace(id string, part int) string { return fmt.Sprintf("export/%s/%d", id, part) }

// abandoned is the condition that a running export is being made by nobody. Its
// parameters are exportPatience in microseconds and replicaLease.
func abandoned() string {
	return "(exports.touched <= now_micros() - CAST(? AS BIGINT) OR " + gone("exports.holder") + ")"
}

// Begin starts an export of the customer's, of which this replica is the maker.
func (x *Exports) Begin(ctx context.Context, customer identity.CustomerID, id string, total int64) error {
	return x.s.writeFor(ctx, customer, func(tx *Tx) error {
		if err := tx.failAbandoned(" AND customer = ?", customer); err != nil {
			return err
		}
		n, err := tx.exec(`INSERT INTO exports (id, customer, status, holder, done, total, size, parts, touched, at, expires)
			SELECT ?, ?, 'running', ?, 0, CAST(? AS BIGINT), 0, 0, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)
			WHERE NOT EXISTS (SELECT 1 FROM exports WHERE customer = ? AND status = 'running')`,
			id, customer, x.s.ID, total, micros(tx.Now), micros(tx.Now), micros(tx.Now.Add(export.Life)), customer)
		if err == nil && n == 0 {
			err = export.ErrRunning
		}
		return err
	})
}

// failAbandoned ends exports that nobody makes any more; their parts go.
func (tx *Tx) failAbandoned(where string, args ...any) error {
	which := "status = 'running' AND " + abandoned() + where
	args = append([]any{exportPatience.Microseconds(), replicaLease}, args...)
	if _, err := tx.exec("DELETE FROM export_parts WHERE export IN (SELECT id FROM exports WHERE "+which+")", args...); err != nil {
		return err
	}
	_, err := tx.exec("UPDATE exports SET status = 'failed', size = 0, parts = 0 WHERE "+which, args...)
	return err
}

// Put adds a part to an export that this replica makes, sealed; nil only says that
// its making goes on.
func (x *Exports) Put(ctx context.Context, customer identity.CustomerID, id string, part []byte, done int64) error {
	key, err := x.s.keys.For(ctx, customer)
	if errors.Is(err, ErrKeyDestroyed) {
		return export.ErrEnded
	}
	if err != nil {
		return err
	}
	return x.s.writeFor(ctx, customer, func(tx *Tx) error {
		grows := 0
		if part != nil {
			grows = 1
		}
		var parts int
		err := tx.row(`UPDATE exports SET done = ?, touched = ?, size = size + ?, parts = parts + ?
			WHERE id = ? AND customer = ? AND status = 'running' AND holder = ? RETURNING parts`,
			done, micros(tx.Now), len(part), grows, id, customer, x.s.ID).Scan(&parts)
		if errors.Is(err, sql.ErrNoRows) {
			return export.ErrEnded
		}
		if err != nil || part == nil {
			return err
		}
		sealed, err := key.Seal(exportPlace(id, parts-1), part)
		if err != nil {
			return err
		}
		_, err = tx.exec("INSERT INTO export_parts (export, part, sealed) VALUES (?, ?, ?)", id, parts-1, sealed)
		return err
	})
}

// End ends an export that this replica makes. Of one that failed nothing is kept, and
// one that is done takes the place of those before it.
func (x *Exports) End(ctx context.Context, customer identity.CustomerID, id string, status export.Status) error {
	return x.s.writeFor(ctx, customer, func(tx *Tx) error {
		n, err := tx.exec(`UPDATE exports SET status = ?, expires = ?, total = done
			WHERE id = ? AND customer = ? AND status = 'running' AND holder = ?`,
			status, micros(tx.Now.Add(export.Life)), id, customer, x.s.ID)
		switch {
		case err != nil:
			return err
		case n == 0:
			return export.ErrEnded
		case status == export.Done:
			return tx.removeExports("customer = ? AND id <> ? AND status <> 'running'", customer, id)
		}
		if _, err := tx.exec("UPDATE exports SET size = 0, parts = 0 WHERE id = ?", id); err != nil {
			return err
		}
		_, err = tx.exec("DELETE FROM export_parts WHERE export = ?", id)
		return err
	})
}

// Remove removes an export that this replica makes.
func (x *Exports) Remove(ctx context.Context, customer identity.CustomerID, id string) error {
	return x.s.writeFor(ctx, customer, func(tx *Tx) error {
		return tx.removeExports("id = ? AND customer = ? AND holder = ?", id, customer, x.s.ID)
	})
}

// removeExports removes the exports that a condition selects, with their parts.
func (tx *Tx) removeExports(where string, args ...any) error {
	if _, err := tx.exec("DELETE FROM export_parts WHERE export IN (SELECT id FROM exports WHERE "+where+")", args...); err != nil {
		return err
	}
	_, err := tx.exec("DELETE FROM exports WHERE "+where, args...)
	return err
}

// Job returns how an export of the customer's stands.
func (x *Exports) Job(ctx context.Context, customer identity.CustomerID, id string) (export.Job, error) {
	j := export.Job{ID: id}
	var expires int64
	err := x.s.reads.QueryRowContext(ctx, `SELECT CASE WHEN status = 'running' AND `+abandoned()+` THEN 'failed' ELSE status END,
		done, total, size, parts, expires FROM exports WHERE id = ? AND customer = ? AND expires > now_micros()`,
		exportPatience.Microseconds(), replicaLease, id, customer).Scan(&j.Status, &j.Done, &j.Total, &j.Size, &j.Parts, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return j, export.ErrNotFound
	}
	if j.Status == export.Failed {
		j.Size, j.Parts = 0, 0
	}
	j.Expires, j.Total = fromMicros(expires), max(j.Total, j.Done)
	return j, err
}

// Part returns a part of an archive.
func (x *Exports) Part(ctx context.Context, customer identity.CustomerID, id string, n int) ([]byte, error) {
	var sealed []byte
	err := x.s.reads.QueryRowContext(ctx, `SELECT p.sealed FROM export_parts p JOIN exports e ON e.id = p.export
		WHERE e.id = ? AND e.customer = ? AND e.status = 'done' AND e.expires > now_micros() AND p.part = ?`, id, customer, n).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, export.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	key, err := x.s.keyOf(ctx, customer)
	if err != nil {
		return nil, err
	}
	return key.Open(exportPlace(id, n), sealed)
}

// SweepExports removes the archives whose time is over, and ends the exports of
// replicas that are gone.
func (s *Store) SweepExports(ctx context.Context) error {
	var due bool
	err := s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM exports WHERE expires <= now_micros() OR status = 'running' AND "+abandoned()+")",
		exportPatience.Microseconds(), replicaLease).Scan(&due)
	if err != nil || !due {
		return err
	}
	return s.Write(ctx, func(tx *Tx) error {
		if err := tx.removeExports("expires <= ?", micros(tx.Now)); err != nil {
			return err
		}
		return tx.failAbandoned("")
	})
}
