package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
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

// begins notes that somebody does something to a conversation, as one of what their
// request is; done where it was noted before. It refuses what serves does.
func (tx *Tx) begins(by agents.By, conv string) (done bool, err error) {
	if by.Request != "" {
		// A response that says nothing: what was done is done.
		n, err := tx.exec(`INSERT INTO idempotency (key, body, customer, status, expires, holder) VALUES (?, '', ?, ?, ?, '')
			ON CONFLICT (key) DO NOTHING`, requestKey(tx.keys, by, conv), tx.customer, http.StatusNoContent, micros(tx.Now.Add(idempotencyLife)))
		if err != nil || n == 0 {
			return err == nil, err
		}
	}
	return false, tx.serves(by, conv)
}

func requestKey(keys *Keyring, by agents.By, conv string) string {
	return keys.Hash("request", string(by.Staff), by.Request, conv)
}

// Done reports whether what a request asks for was done to a conversation before: it is
// noted, or its message is there.
func (s *Store) Done(ctx context.Context, by agents.By, conv string) (done bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM idempotency WHERE key = ?)
		OR EXISTS (SELECT 1 FROM events WHERE ref = ? AND conversation = ?)`, requestKey(s.keys, by, conv), by.Request, conv).Scan(&done)
	return done, err
}

// serves refuses what is done to a conversation that is in another queue than by's, or by
// somebody of an outside desk whose queues do not have it, unless it is theirs:
// conversation.ErrNotFound.
//
// SECURITY: it may have gone to another queue since it was looked at.
func (tx *Tx) serves(by agents.By, conv string) error {
	who := by.Staff
	outside, err := collect(tx.ctx, tx.tx, scanString, `SELECT COALESCE(s.queues, '[]') FROM staff a LEFT JOIN seats s ON s.staff = a.id
		WHERE a.id = ? AND a.recipient <> ''`, who)
	if err != nil || len(outside) == 0 && by.Queue == "" {
		return err
	}
	t, err := scanTicket(tx.row(ticketQuery+"WHERE t.conversation = ? ORDER BY t.closed = 0 DESC, t.closed DESC LIMIT 1", conv).Scan)
	if err == nil && by.Queue != "" && t.Queue != by.Queue {
		err = conversation.ErrNotFound
	}
	if err != nil || len(outside) == 0 || t.State != agents.Closed && t.Assignee == who {
		return err
	}
	var queues []string
	if err := json.Unmarshal([]byte(outside[0]), &queues); err != nil {
		return errors.New("a stored seat does not read")
	}
	if !slices.Contains(queues, t.Queue) {
		return conversation.ErrNotFound
	}
	return nil
}
