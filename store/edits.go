package store

import (
	"context"
	"encoding/json"
	"errors"

	"candor/consent"
	"candor/conversation"
)

// eventColumns are those that scanEventOf reads.
const eventColumns = "seq, type, ref, at, sealed"

// Message returns one message of a conversation.
func (s *Store) Message(ctx context.Context, conv, message string) (m conversation.Message, err error) {
	_, key, err := s.keyIn(ctx, conv)
	if err != nil {
		return m, err
	}
	return messageOf(ctx, s.reads, key, conv, message)
}

func messageOf(ctx context.Context, q querier, key Sealer, conv, message string) (m conversation.Message, err error) {
	found, err := collect(ctx, q, scanEventOf(conv, key), "SELECT "+eventColumns+" FROM events WHERE conversation = ? AND type = ? AND ref = ?",
		conv, conversation.MessageEvent, message)
	if err == nil && len(found) == 0 {
		err = conversation.ErrNotFound
	}
	if err == nil && json.Unmarshal(found[0].Data, &m) != nil {
		err = errors.New("a stored message does not read")
	}
	return m, err
}

// editBody is an edit event. The words are the message's alone.
type editBody struct {
	Message string `json:"message_id"`
}

// Edit gives a message other words, in the place of the former ones.
func (s *Store) Edit(ctx context.Context, conv string, e conversation.Edit) error {
	return s.writeIn(ctx, conv, func(tx *Tx, key Sealer, c conversation.Conversation) error {
		m, err := messageOf(tx.ctx, tx.tx, key, conv, e.Message)
		if err != nil {
			return err
		}
		later, err := collect(tx.ctx, tx.tx, scanEventOf(conv, key), "SELECT "+eventColumns+" FROM events WHERE conversation = ? AND type = ? AND seq > ?",
			conv, conversation.MessageEvent, m.Seq)
		if err != nil {
			return err
		}
		after := make([]conversation.Message, len(later))
		for i, x := range later {
			if json.Unmarshal(x.Data, &after[i]) != nil {
				return errors.New("a stored message does not read")
			}
		}
		if !e.Allows(c, m, after, tx.Now) {
			return conversation.ErrNotEditable
		}
		if m.Text() == e.Text {
			return nil
		}
		// SECURITY: it is said once more.
		switch {
		case e.Stamp != nil:
			err = tx.checkStamp(*e.Stamp)
		case len(m.Categories())+len(e.Made) > 0:
			err = consent.ErrStale
		}
		if err != nil {
			return err
		}
		sealed, err := key.sealJSON(eventPlace(conv, m.Seq), bodyOf(e.Apply(m, tx.Now)))
		if err != nil {
			return err
		}
		if _, err := tx.exec("UPDATE events SET sealed = ? WHERE conversation = ? AND seq = ?", sealed, conv, m.Seq); err != nil {
			return err
		}
		seq, err := tx.addEvent(key, conv, conversation.EditEvent, "", editBody{m.ID})
		if err != nil {
			return err
		}
		tx.Wake(deskTopic)
		return tx.send("candor.conversation."+conv, "candor.conversation.edited",
			map[string]any{"conversation_id": conv, "message_id": m.ID, "seq": seq, "from": m.From})
	})
}
