package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"candor/agents"
	"candor/identity"
)

// Canned returns the canned replies, by title.
func (s *Store) Canned(ctx context.Context) ([]agents.Canned, error) {
	out, err := collect(ctx, s.reads, func(scan func(...any) error) (c agents.Canned, err error) {
		var body []byte
		if err := scan(&body); err != nil {
			return c, err
		}
		if json.Unmarshal(body, &c) != nil {
			return c, errors.New("a stored canned reply does not read")
		}
		return c, nil
	}, "SELECT body FROM canned ORDER BY id")
	slices.SortStableFunc(out, func(a, b agents.Canned) int { return strings.Compare(a.Title, b.Title) })
	return out, err
}

// PutCanned adds a canned reply, or changes the one of its id.
func (s *Store) PutCanned(ctx context.Context, who identity.StaffID, c agents.Canned) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO canned (id, body, at, actor) VALUES (?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET body = excluded.body, at = excluded.at, actor = excluded.actor`, c.ID, string(body), micros(tx.Now), who)
		return err
	})
}

// RemoveCanned removes a canned reply.
func (s *Store) RemoveCanned(ctx context.Context, id string) error {
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.exec("DELETE FROM canned WHERE id = ?", id)
		if err == nil && n == 0 {
			err = agents.ErrUnknownCanned
		}
		return err
	})
}
