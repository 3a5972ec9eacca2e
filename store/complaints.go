package store

import (
	"database/sql"
	"errors"
	"slices"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// mayComplain refuses a complaint about an answer that is not the customer's, and a
// second one while another is open.
func (tx *Tx) mayComplain(r consent.Request) error {
	var own bool
	err := tx.row("SELECT EXISTS (SELECT 1 FROM answers WHERE id = ? AND customer = ? AND conversation = ?)", r.Answer, r.Customer, r.Conversation).Scan(&own)
	switch {
	case errors.Is(err, sql.ErrNoRows): // it cannot be an id
		return conversation.ErrNotFound
	case err != nil:
		return err
	case !own:
		return conversation.ErrNotFound
	}
	return tx.oneComplaint(r)
}

// oneComplaint refuses a complaint while another about the same answer is open.
func (tx *Tx) oneComplaint(r consent.Request) error {
	var open bool
	err := tx.row("SELECT EXISTS (SELECT 1 FROM requests WHERE answer = ? AND answer <> '' AND closed = 0)", r.Answer).Scan(&open)
	if err == nil && open {
		err = consent.ErrComplained
	}
	return err
}

// tellComplainant says in the conversation that a complaint about an answer of it was
// answered, if there is something to read. It says nothing of the complaint: others may
// look at the screen.
func (tx *Tx) tellComplainant(key Sealer, r consent.Request) error {
	told := slices.ContainsFunc(r.History, func(e consent.RequestEvent) bool { return e.ForCustomer && e.Note != "" })
	if !told {
		var err error // the notes of before are sealed: that there is one is enough
		if err = tx.row("SELECT EXISTS (SELECT 1 FROM request_events WHERE request = ? AND for_customer AND sealed IS NOT NULL)", r.ID).Scan(&told); err != nil || !told {
			return err
		}
	}
	c, err := getConversation(tx.ctx, tx.tx, r.Conversation)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil // its time was over
	}
	if err != nil {
		return err
	}
	_, err = tx.addMessage(key, c.ID, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromSystem,
		Segments: conversation.PlainMessage(answer.Say(answer.SayComplaintAnswered, c.Language)),
	})
	return err
}
