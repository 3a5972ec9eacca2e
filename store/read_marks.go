package store

import (
	"context"
	"database/sql"
	"errors"

	"candor/conversation"
	"candor/identity"
)

var _ conversation.ExchangeStore = (*Store)(nil)

// readColumn is the column of a side's read mark.
func readColumn(by conversation.Author) string {
	if by == conversation.FromCustomer {
		return "customer_read"
	}
	return "desk_read"
}

func markOf(c conversation.Conversation, by conversation.Author) int64 {
	if by == conversation.FromCustomer {
		return c.Read.Customer
	}
	return c.Read.Desk
}

// MarkRead raises the read mark of a side: of the desk, only while the member of staff has
// the conversation.
func (s *Store) MarkRead(ctx context.Context, conv string, by conversation.Author, staff identity.StaffID, seq int64) (at int64, raised bool, err error) {
	c, err := s.Conversation(ctx, conv)
	if err != nil {
		return 0, false, err
	}
	before := markOf(c, by)
	if seq <= before { // most looks tell nothing new, and write nothing
		return before, false, nil
	}
	column, theirs := readColumn(by), ""
	args := []any{seq, seq, conv, seq}
	if by == conversation.FromAgent {
		theirs, args = " AND assignee = ?", append(args, staff)
	}
	err = s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		raised = false
		err := tx.row("UPDATE conversations SET "+column+" = CASE WHEN last_seq < CAST(? AS BIGINT) THEN last_seq ELSE CAST(? AS BIGINT) END"+
			" WHERE id = ? AND "+column+" < CAST(? AS BIGINT) AND "+column+" < last_seq"+theirs+" RETURNING "+column, args...).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // it is there by now, or somebody else has it
		}
		raised = err == nil
		tx.Wake(conversation.Topic(conv))
		return err
	})
	if err != nil || raised {
		return at, raised, err
	}
	if c, err = s.Conversation(ctx, conv); err != nil {
		return 0, false, err
	}
	return markOf(c, by), false, nil
}
