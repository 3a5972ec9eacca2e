package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

const attachmentColumns = "id, conversation, customer, message, author, staff, pieces, sealed"

func attachmentPlace(id string) string { return "attachment/" + id }

func piecePlace(id string, n int) string { return fmt.Sprintf("attachment/%s/%d", id, n) }

// attachmentsOf reads attachments that a condition selects, each as it is stored.
func attachmentsOf(ctx context.Context, q querier, key Sealer, where string, args ...any) ([]conversation.StoredAttachment, error) {
	return collect(ctx, q, func(scan func(...any) error) (a conversation.StoredAttachment, err error) {
		var id string
		var sealed []byte
		if err := scan(&id, &a.Conversation, &a.Customer, &a.Message, &a.From, &a.Staff, &a.Pieces, &sealed); err != nil {
			return a, err
		}
		return a, key.openJSON(attachmentPlace(id), sealed, &a.Attachment)
	}, "SELECT "+attachmentColumns+" FROM attachments WHERE "+where, args...)
}

// piecesAtOnce is how many pieces of an attachment share a commit: others wait for it.
const piecesAtOnce = 4

// Upload stores an attachment that belongs to no message yet. What is cut off in between
// is never given out, and swept like what was not sent. Each attempt seals its row anew,
// and adds to that row alone: of several attempts at one id the pieces are not mixed.
func (s *Store) Upload(ctx context.Context, a conversation.StoredAttachment, data []byte) error {
	c, key, err := s.keyIn(ctx, a.Conversation)
	if err != nil {
		return err
	}
	sealed, err := key.sealJSON(attachmentPlace(a.ID), a.Attachment)
	if err != nil {
		return err
	}
	known := false
	err = s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		var err error
		known, err = tx.beginUpload(a, sealed)
		return err
	})
	if err != nil || known {
		return err
	}
	pieces := slices.Collect(slices.Chunk(data, conversation.AttachmentPiece))
	for first := 0; first < len(pieces); first += piecesAtOnce {
		some := pieces[first:min(first+piecesAtOnce, len(pieces))]
		last := first+len(some) == len(pieces)
		rows := make([][]byte, len(some))
		for i, p := range some {
			if rows[i], err = key.Seal(piecePlace(a.ID, first+i), p); err != nil {
				return err
			}
		}
		err := s.writeFor(ctx, c.Customer, func(tx *Tx) error {
			whole := 0
			if last {
				whole = len(pieces)
			}
			n, err := tx.exec("UPDATE attachments SET pieces = ? WHERE id = ? AND pieces = 0 AND sealed = ?", whole, a.ID, sealed)
			if err == nil && n == 0 {
				err = conversation.ErrUploadedAgain
			}
			if err != nil {
				return err
			}
			for i, row := range rows {
				if _, err := tx.exec("INSERT INTO attachment_pieces (attachment, piece, sealed) VALUES (?, ?, ?)", a.ID, first+i, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// beginUpload adds the row of an attachment, if its sender may still upload today, and an
// agent's while nobody else has the conversation. One whose id was uploaded before is
// known; where that was cut off, or goes on, it begins again.
func (tx *Tx) beginUpload(a conversation.StoredAttachment, sealed []byte) (known bool, err error) {
	c, err := getConversation(tx.ctx, tx.tx, a.Conversation)
	if err != nil {
		return false, err
	}
	if a.From == conversation.FromAgent {
		if err := tx.serves(agents.By{Staff: a.Staff}, c.ID); err != nil {
			return false, err
		}
		if c.Assignee != "" && c.Assignee != a.Staff {
			return false, agents.ErrOwned
		}
	}
	var owner identity.CustomerID
	var conv string
	var pieces int
	err = tx.row("SELECT customer, conversation, pieces FROM attachments WHERE id = ?", a.ID).Scan(&owner, &conv, &pieces)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return false, err
	case owner != c.Customer || conv != c.ID:
		return false, conversation.ErrNotFound
	case pieces > 0:
		return true, nil
	default:
		if err := tx.removeAttachments("id = ?", a.ID); err != nil {
			return false, err
		}
	}
	var count, size int64
	if err := tx.row("SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM attachments WHERE customer = ? AND staff = ? AND at > ?",
		c.Customer, a.Staff, micros(tx.Now.Add(-24*time.Hour))).Scan(&count, &size); err != nil {
		return false, err
	}
	if count >= conversation.MaxAttachmentsADay || size+a.Size > conversation.MaxAttachmentBytesADay {
		return false, conversation.ErrAttachmentAllowance
	}
	_, err = tx.exec("INSERT INTO attachments ("+attachmentColumns+", size, at) VALUES ("+marks(10)+")",
		a.ID, c.ID, c.Customer, "", a.From, a.Staff, 0, sealed, a.Size, micros(tx.Now))
	return false, err
}

// attach gives the files that a message names to it, and fills them in: whole ones of
// its author's for this conversation that were uploaded within the hour, once.
func (tx *Tx) attach(key Sealer, conv string, m *conversation.Message) error {
	if len(m.Attachments) == 0 {
		return nil
	}
	filled := make([]conversation.Attachment, len(m.Attachments))
	for i, x := range m.Attachments {
		n, err := tx.exec(`UPDATE attachments SET message = ? WHERE id = ? AND conversation = ? AND message = '' AND pieces > 0
			AND author = ? AND staff = ? AND at > ?`, m.ID, x.ID, conv, m.From, m.Staff, micros(tx.Now.Add(-conversation.AttachmentLife)))
		if err != nil {
			return err
		}
		if n == 0 {
			return conversation.ErrAttachmentGone
		}
		found, err := attachmentsOf(tx.ctx, tx.tx, key, "id = ?", x.ID)
		if err != nil {
			return err
		}
		filled[i] = found[0].Attachment
	}
	m.Attachments = filled
	return nil
}

// Attachment returns a whole attachment of a conversation.
func (s *Store) Attachment(ctx context.Context, conv, attachment string) (a conversation.StoredAttachment, err error) {
	_, key, err := s.keyIn(ctx, conv)
	if err != nil {
		return a, err
	}
	found, err := attachmentsOf(ctx, s.reads, key, "id = ? AND conversation = ? AND pieces > 0", attachment, conv)
	if err != nil {
		return a, err
	}
	if len(found) == 0 {
		return a, conversation.ErrNotFound
	}
	return found[0], nil
}

// AttachmentsOf returns the files that were sent in a conversation of the customer's.
func (s *Store) AttachmentsOf(ctx context.Context, c conversation.Conversation) ([]conversation.StoredAttachment, error) {
	key, err := s.keyOf(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	return attachmentsOf(ctx, s.reads, key, "conversation = ? AND customer = ? AND pieces > 0 AND message <> '' ORDER BY at, id", c.ID, c.Customer)
}

// AttachmentPiece returns a piece of an attachment. Of a customer who was erased there
// is none: a file that is being sent is cut off.
func (s *Store) AttachmentPiece(ctx context.Context, a conversation.StoredAttachment, n int) ([]byte, error) {
	var sealed []byte
	err := s.reads.QueryRowContext(ctx, "SELECT sealed FROM attachment_pieces WHERE attachment = ? AND piece = ?", a.ID, n).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, conversation.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	key, err := s.keyOf(ctx, a.Customer)
	if err != nil {
		return nil, err
	}
	return key.Open(piecePlace(a.ID, n), sealed)
}

// SweepAttachments removes what was uploaded and not sent within the hour, or cut off.
func (s *Store) SweepAttachments(ctx context.Context) error {
	var due bool
	err := s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM attachments WHERE message = '' AND at <= now_micros() - CAST(? AS BIGINT))",
		conversation.AttachmentLife.Microseconds()).Scan(&due)
	if err != nil || !due {
		return err
	}
	return s.Write(ctx, func(tx *Tx) error {
		// First it cannot be sent any more: a message that takes it at this moment has
		// the row, and it is none of these then.
		loose := []any{micros(tx.Now.Add(-conversation.AttachmentLife))}
		if _, err := tx.exec("UPDATE attachments SET pieces = 0 WHERE message = '' AND at <= ?", loose...); err != nil {
			return err
		}
		return tx.removeAttachments("message = '' AND pieces = 0 AND at <= ?", loose...)
	})
}

// removeAttachments removes the attachments that a condition selects, with their pieces.
func (tx *Tx) removeAttachments(where string, args ...any) error {
	if _, err := tx.exec("DELETE FROM attachment_pieces WHERE attachment IN (SELECT id FROM attachments WHERE "+where+")", args...); err != nil {
		return err
	}
	_, err := tx.exec("DELETE FROM attachments WHERE "+where, args...)
	return err
}

// heldFile is a piece of an attachment that a legal hold keeps.
type heldFile struct {
	conversation.Attachment
	Conversation string `json:"conversation"`
	Piece        int    `json:"piece"`
	Data         []byte `json:"data"`
}

// holdAttachments keeps the files that were sent in a conversation under the holds that
// cover what was said.
func (tx *Tx) holdAttachments(conv string, holds []consent.Hold) error {
	files, err := attachmentsOf(tx.ctx, tx.tx, *tx.holding.own, "conversation = ? AND pieces > 0 AND message <> '' ORDER BY id", conv)
	if err != nil {
		return err
	}
	for _, f := range files {
		for n := range f.Pieces {
			var sealed []byte
			if err := tx.row("SELECT sealed FROM attachment_pieces WHERE attachment = ? AND piece = ?", f.ID, n).Scan(&sealed); err != nil {
				return sqlError("read a piece of an attachment", err)
			}
			data, err := tx.holding.own.Open(piecePlace(f.ID, n), sealed)
			if err != nil {
				return err
			}
			kept := &heldFile{Attachment: f.Attachment, Conversation: conv, Piece: n, Data: data}
			if err := tx.keep(holds, keeping{consent.Conversation, "attachment", heldBody{File: kept}}); err != nil {
				return err
			}
		}
	}
	return nil
}
