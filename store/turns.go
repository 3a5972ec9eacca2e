package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"candor/conversation"
)

// lookBack is how many messages before a question are looked through.
const lookBack = 20

// Before returns what the customer said before the message that an answer is to: at
// most n messages of the same conversation, the oldest first. Nothing that anybody
// else said is in them.
func (s *Store) Before(ctx context.Context, answerID string, n int) ([]string, error) {
	var id string
	var seq int64
	err := s.reads.QueryRowContext(ctx, `SELECT a.conversation, e.seq FROM answers a
		JOIN events e ON e.conversation = a.conversation AND e.type = 'message' AND e.ref = a.message WHERE a.id = ?`, answerID).Scan(&id, &seq)
	if err != nil {
		return nil, err
	}
	events, err := s.events(ctx, id, "AND type = 'message' AND seq < ? ORDER BY seq DESC LIMIT ?", seq, lookBack)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range events {
		var m conversation.Message
		if err := json.Unmarshal(e.Data, &m); err != nil {
			return nil, errors.New("a stored message does not read")
		}
		if m.From == conversation.FromCustomer && len(out) < n {
			out = append(out, m.Text())
		}
	}
	slices.Reverse(out)
	return out, nil
}
