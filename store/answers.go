package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

var _ answer.Journal = (*Store)(nil)

func answerPlace(id string) string { return "answer/" + id }

// answer reads an answer and its conversation.
func (s *Store) answer(ctx context.Context, id string) (answer.Answer, conversation.Conversation, error) {
	var a answer.Answer
	var conv string
	var sealed []byte
	err := s.reads.QueryRowContext(ctx, "SELECT conversation, sealed FROM answers WHERE id = ?", id).Scan(&conv, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return a, conversation.Conversation{}, conversation.ErrNotFound
	}
	if err != nil {
		return a, conversation.Conversation{}, err
	}
	c, key, err := s.keyIn(ctx, conv)
	if err != nil {
		return a, c, err
	}
	if err := key.openJSON(answerPlace(id), sealed, &a); err != nil {
		return a, c, err
	}
	index, err := s.Transparency().Index(ctx, a.Leaf.ID)
	switch {
	case err == nil:
		a.Leaf.Index = &index
	case errors.Is(err, citation.ErrNoEntry), errors.Is(err, citation.ErrNotIntegrated):
		err = nil
	}
	return a, c, err
}

// Answer returns an answer of the customer's; for another it does not exist.
func (s *Store) Answer(ctx context.Context, customer identity.CustomerID, id string) (answer.Answer, error) {
	a, c, err := s.answer(ctx, id)
	if err != nil {
		return a, err
	}
	if c.Customer != customer {
		return answer.Answer{}, conversation.ErrNotFound
	}
	return a, nil
}

// AnyAnswer returns an answer for a reviewer, with whose it is. The caller has
// checked the role.
func (s *Store) AnyAnswer(ctx context.Context, id string) (answer.Answer, identity.CustomerID, error) {
	a, c, err := s.answer(ctx, id)
	return a, c.Customer, err
}

// AnswerWithOffer returns the customer's answer that made the offer.
func (s *Store) AnswerWithOffer(ctx context.Context, customer identity.CustomerID, offer string) (answer.Answer, error) {
	if offer == "" {
		return answer.Answer{}, conversation.ErrNotFound
	}
	var id string
	err := s.reads.QueryRowContext(ctx, "SELECT id FROM answers WHERE offer = ? AND offer <> '' AND customer = ?", offer, customer).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return answer.Answer{}, conversation.ErrNotFound
	}
	if err != nil {
		return answer.Answer{}, err
	}
	return s.Answer(ctx, customer, id)
}

// writable refuses an answer that is not being written any more, whose
// conversation the assistant has lost, or of which somebody else has begun an
// attempt: a replica that was paused must not go on with its own.
//
// SECURITY: the assistant never talks over a person: the state is read in the
// transaction that releases.
func (tx *Tx) writable(a answer.Answer, begins bool) error {
	var status answer.Status
	var state conversation.State
	var attempt int
	err := tx.row(`SELECT a.status, a.attempt, c.state FROM answers a JOIN conversations c ON c.id = a.conversation
		WHERE a.id = ?`, a.ID).Scan(&status, &attempt, &state)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return answer.ErrNotWriting
	case err != nil:
		return err
	case status != answer.Writing, state != conversation.Pending, begins && attempt >= a.Attempt, !begins && attempt != a.Attempt:
		return answer.ErrNotWriting
	}
	return nil
}

func (tx *Tx) saveAnswer(key Sealer, a answer.Answer) error {
	sealed, err := key.sealJSON(answerPlace(a.ID), a)
	if err != nil {
		return err
	}
	offer := ""
	if a.Offer != nil {
		offer = a.Offer.ID
	}
	_, err = tx.exec("UPDATE answers SET status = ?, attempt = ?, offer = ?, sealed = ? WHERE id = ?",
		a.Status, a.Attempt, offer, sealed, a.ID)
	return err
}

// journal runs fn in a transaction in which the answer may be written: its attempt
// is the one under way, or the next. Of somebody who was erased nothing is written
// any more.
func (s *Store) journal(ctx context.Context, a answer.Answer, begins bool, fn func(tx *Tx, key Sealer) error) error {
	c, err := s.Conversation(ctx, a.ConversationID)
	if errors.Is(err, conversation.ErrNotFound) {
		err = fmt.Errorf("%w: %w", answer.ErrNotWriting, err)
	}
	if err != nil {
		return err
	}
	key, err := s.keys.For(ctx, c.Customer)
	if err == nil {
		err = s.writeFor(ctx, c.Customer, func(tx *Tx) error {
			if err := tx.writable(a, begins); err != nil {
				return err
			}
			return fn(tx, key)
		})
	}
	if errors.Is(err, consent.ErrUnknownCustomer) {
		err = answer.ErrNotWriting
	}
	return err
}

type resetBody struct {
	AnswerID string `json:"answer_id"`
	Attempt  int    `json:"attempt"`
	Reason   string `json:"reason"`
}

// Begin starts an attempt at an answer; a later one takes back what the one
// before has released.
func (s *Store) Begin(ctx context.Context, a answer.Answer, reason string) error {
	return s.journal(ctx, a, true, func(tx *Tx, key Sealer) error {
		if err := tx.saveAnswer(key, a); err != nil || a.Attempt == 1 {
			return err
		}
		_, err := tx.addEvent(key, a.ConversationID, conversation.ResetEvent, a.ID, resetBody{a.ID, a.Attempt, reason})
		return err
	})
}

type sentenceBody struct {
	AnswerID  string            `json:"answer_id"`
	Attempt   int               `json:"attempt"`
	Index     int               `json:"index"`
	Text      string            `json:"text"`
	Citations []answer.Citation `json:"citations"`
}

// Release commits the last sentence of the answer, if the stamp still holds.
func (s *Store) Release(ctx context.Context, stamp consent.Stamp, a answer.Answer) error {
	return s.journal(ctx, a, false, func(tx *Tx, key Sealer) error {
		if err := tx.citesVisible(a); err != nil {
			return err
		}
		if err := tx.checkStamp(stamp); err != nil {
			return err
		}
		if err := tx.saveAnswer(key, a); err != nil {
			return err
		}
		last := len(a.Sentences) - 1
		x := a.Sentences[last]
		_, err := tx.addEvent(key, a.ConversationID, conversation.SentenceEvent, a.ID,
			sentenceBody{a.ID, a.Attempt, last, x.Text, x.Citations})
		return err
	})
}

// Finish commits the end of the answer, if the stamp still holds.
func (s *Store) Finish(ctx context.Context, stamp consent.Stamp, a answer.Answer, end answer.Ending) error {
	return s.journal(ctx, a, false, func(tx *Tx, key Sealer) error {
		if err := tx.citesVisible(a); err != nil {
			return err
		}
		if err := tx.checkStamp(stamp); err != nil {
			return err
		}
		if err := tx.endAnswer(key, a); err != nil {
			return err
		}
		handoff, err := tx.countUnhelped(a, end)
		if err != nil || handoff == "" {
			return err
		}
		c, err := getConversation(tx.ctx, tx.tx, a.ConversationID)
		if err != nil {
			return err
		}
		if err := s.move(tx, key, &c, change{trigger: conversation.HandoffWanted, reason: handoff, topic: end.Topic}); err != nil {
			return err
		}
		if end.Notice == "" {
			return nil
		}
		_, err = tx.addMessage(key, c.ID, conversation.Message{
			ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage(end.Notice),
		})
		return err
	})
}

// countUnhelped keeps the number of answers in a row that did not help, and returns why
// the conversation goes to a person, if it does: of two reasons the last one's, which
// is what the customer waits for.
func (tx *Tx) countUnhelped(a answer.Answer, end answer.Ending) (conversation.Reason, error) {
	if end.Handoff != "" {
		return conversation.Reason(end.Handoff), nil
	}
	why := answer.Unhelped(&a)
	if why == "" {
		_, err := tx.exec("UPDATE conversations SET unanswered = 0 WHERE id = ?", a.ConversationID)
		return "", err
	}
	var unhelped int
	err := tx.row("UPDATE conversations SET unanswered = unanswered + 1 WHERE id = ? RETURNING unanswered", a.ConversationID).Scan(&unhelped)
	if err != nil || end.AfterDeclined == 0 || unhelped < end.AfterDeclined {
		return "", err
	}
	return conversation.Reason(why), nil
}

type answerBody struct {
	AnswerID string `json:"answer_id"`
}

// endAnswer stores a finished answer, and what it said as a message whose
// segments carry the categories of the data that they were made from.
func (tx *Tx) endAnswer(key Sealer, a answer.Answer) error {
	if err := tx.saveAnswer(key, a); err != nil {
		return err
	}
	if len(a.Sentences) > 0 {
		m := conversation.Message{ID: identity.NewID("msg"), From: conversation.FromAssistant, AnswerID: a.ID}
		for _, x := range a.Sentences {
			m.Segments = append(m.Segments, conversation.Segment{Text: x.Text, Categories: a.Categories(x)})
		}
		if _, err := tx.addMessage(key, a.ConversationID, m); err != nil {
			return err
		}
	}
	_, err := tx.addEvent(key, a.ConversationID, conversation.AnswerEvent, a.ID, answerBody{a.ID})
	return err
}

// interruptAnswers ends the answers that are being written in a conversation
// which a person has now: what was released stays, and nothing follows.
func (s *Store) interruptAnswers(tx *Tx, key Sealer, c *conversation.Conversation) error {
	type writing struct {
		id     string
		sealed []byte
	}
	rows, err := collect(tx.ctx, tx.tx, func(scan func(...any) error) (w writing, err error) {
		err = scan(&w.id, &w.sealed)
		return w, err
	}, "SELECT id, sealed FROM answers WHERE conversation = ? AND status = 'writing' ORDER BY at, id", c.ID)
	if err != nil {
		return err
	}
	for _, w := range rows {
		var a answer.Answer
		if err := key.openJSON(answerPlace(w.id), w.sealed, &a); err != nil {
			return err
		}
		a.Status = answer.Interrupted
		if err := tx.takeBackStale(key, c, &a); err != nil {
			return err
		}
		if err := tx.endAnswer(key, a); err != nil {
			return err
		}
	}
	return nil
}

// takeBackStale empties an answer that quotes what was withdrawn, or hidden, since.
//
// SECURITY: ending an answer releases its text once more, as a message, and so
// needs what every release needs.
func (tx *Tx) takeBackStale(key Sealer, c *conversation.Conversation, a *answer.Answer) error {
	err := tx.citesVisible(*a)
	if err == nil && a.Personal() {
		err = tx.checkStamp(consent.Stamp{
			Customer: c.Customer, Epoch: a.Epoch, PolicyVersion: a.PolicyVersion, ValidUntil: a.ValidUntil, Personal: true,
		})
	}
	if !errors.Is(err, consent.ErrStale) {
		return err
	}
	a.TakeBack()
	_, err = tx.addEvent(key, c.ID, conversation.ResetEvent, a.ID, resetBody{a.ID, a.Attempt, staleReason(err)})
	return err
}

// Stored returns an answer as it stands.
func (s *Store) Stored(ctx context.Context, id string) (answer.Answer, error) {
	a, _, err := s.answer(ctx, id)
	return a, err
}
