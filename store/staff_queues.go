package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"candor/identity"
)

// QueuesOf returns the queues that a member of staff serves; none: all.
func (s *Store) QueuesOf(ctx context.Context, staff identity.StaffID) (queues []string, err error) {
	var list []byte
	err = s.reads.QueryRowContext(ctx, "SELECT queues FROM seats WHERE staff = ?", staff).Scan(&list)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return queues, json.Unmarshal(list, &queues)
}

// QueueNames returns the queues that there are, in the order in which they are tried.
func (s *Store) QueueNames(ctx context.Context) ([]string, error) {
	return collect(ctx, s.reads, scanString, "SELECT name FROM queues ORDER BY rank, name")
}
