package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// ask shows the customer an offer of the member of staff who has the conversation.
//
// SECURITY: whose conversation it is, is read in the transaction that asks.
func (tx *Tx) ask(key Sealer, a consent.Asking) error {
	c, err := getConversation(tx.ctx, tx.tx, a.Conversation)
	if err != nil {
		return err
	}
	if c.Customer != tx.customer {
		return conversation.ErrNotFound
	}
	if err := tx.serves(agents.By{Staff: a.Staff, Queue: a.Queue}, c.ID); err != nil {
		return err
	}
	if err := agents.MayAsk(c, a.Staff); err != nil {
		return err
	}
	_, err = tx.addMessage(key, c.ID, conversation.Message{
		ID: a.Message, From: conversation.FromSystem, Segments: conversation.PlainMessage(a.Offer.Text), Offer: &a.Offer,
	})
	return err
}

// Asked returns an offer that staff put to the customer, while its message is kept;
// conversation.ErrNotFound if there is none of theirs.
func (s *Store) Asked(ctx context.Context, customer identity.CustomerID, offer string) (a consent.Asked, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT c.id, l.language FROM events e JOIN conversations c ON c.id = e.conversation
		JOIN ledger l ON l.customer = c.customer AND l.evidence = ? AND l.state = ?
		WHERE e.ref = ? AND e.type = 'message' AND c.customer = ? LIMIT 1`,
		offer, consent.Requested, consent.MessageOf(offer), customer).Scan(&a.Conversation, &a.Language)
	if errors.Is(err, sql.ErrNoRows) {
		err = conversation.ErrNotFound
	}
	if err != nil {
		return consent.Asked{}, err
	}
	events, err := s.events(ctx, a.Conversation, "AND ref = ? AND type = 'message'", consent.MessageOf(offer))
	if err != nil {
		return consent.Asked{}, err
	}
	for _, e := range events {
		var m conversation.Message
		if err := json.Unmarshal(e.Data, &m); err != nil {
			return consent.Asked{}, errors.New("a stored message does not read")
		}
		if m.Offer != nil && m.Offer.ID == offer {
			a.Offer = *m.Offer
			return a, nil
		}
	}
	return consent.Asked{}, conversation.ErrNotFound // it was removed just now
}
