package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// QueuesOf returns the queues that a member of staff serves; none: all, but for somebody
// of an outside desk, who then serves none.
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

// serves refuses what is done to a conversation by somebody of an outside desk whose queues
// do not have it, unless it is theirs: conversation.ErrNotFound.
//
// SECURITY: it may have gone to another queue since it was looked at.
func (tx *Tx) serves(who identity.StaffID, conv string) error {
	outside, err := collect(tx.ctx, tx.tx, scanString, `SELECT COALESCE(s.queues, '[]') FROM staff a LEFT JOIN seats s ON s.staff = a.id
		WHERE a.id = ? AND a.recipient <> ''`, who)
	if err != nil || len(outside) == 0 {
		return err
	}
	var queues []string
	if err := json.Unmarshal([]byte(outside[0]), &queues); err != nil {
		return errors.New("a stored seat does not read")
	}
	t, err := scanTicket(tx.row(ticketQuery+"WHERE t.conversation = ? ORDER BY t.closed = 0 DESC, t.closed DESC LIMIT 1", conv).Scan)
	if err == nil && !slices.Contains(queues, t.Queue) && (t.State != agents.Owned || t.Assignee != who) {
		err = conversation.ErrNotFound
	}
	return err
}
