package store

import (
	"context"
	"database/sql"
	"errors"

	"candor/conversation"
)

var _ conversation.ExchangeStore = (*Store)(nil)

// readColumn is the column of a side's read mark.
func readColumn(by conversation.Author) string {
	if by == conversation.FromCustomer {
		return "customer_read"
	}
	return "desk_read"
}

// MarkRead raises the read mark of a side.
func (s *Store) MarkRead(ctx context.Context, conv string, by conversation.Author, seq int64) (at int64, raised bool, err error) {
	c, err := s.Conversation(ctx, conv)
	if err != nil {
		return 0, false, err
	}
	before := c.Read.Desk
	if by == conversation.FromCustomer {
		before = c.Read.Customer
	}
	if seq <= before { // most looks tell nothing new, and write nothing
		return before, false, nil
	}
	column := readColumn(by)
	err = s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		raised = false
		err := tx.row("UPDATE conversations SET "+column+" = CASE WHEN last_seq < CAST(? AS BIGINT) THEN last_seq ELSE CAST(? AS BIGINT) END"+
			" WHERE id = ? AND "+column+" < CAST(? AS BIGINT) AND "+column+" < last_seq RETURNING "+column, seq, seq, conv, seq).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // it is there by now
		}
		raised = err == nil
		tx.Wake(conversation.Topic(conv))
		return err
	})
	if err != nil || raised {
		return at, raised, err
	}
	return max(before, min(seq, c.LastSeq)), false, nil
}

// readBy raises a side's read mark to what it has just written itself.
func (tx *Tx) readBy(conv string, by conversation.Author, seq int64) error {
	if by != conversation.FromCustomer && by != conversation.FromAgent {
		return nil
	}
	column := readColumn(by)
	_, err := tx.exec("UPDATE conversations SET "+column+" = ? WHERE id = ? AND "+column+" < ?", seq, conv, seq)
	return err
}
