package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

var _ agents.AssistStore = (*Store)(nil)

func suggestionPlace(id string) string { return "suggestion/" + id }

func summaryPlace(conversation string) string { return "summary/" + conversation }

// suggestionBody is the sealed part of a suggestion.
type suggestionBody struct {
	agents.Suggestion
	Stamp consent.Stamp `json:"stamp"`
}

// AddSuggestion stores a suggestion, if its stamp still holds and nobody has hidden what
// it cites.
func (s *Store) AddSuggestion(ctx context.Context, by agents.By, customer identity.CustomerID, x agents.Suggestion) error {
	key, err := s.keys.For(ctx, customer)
	if err != nil {
		return err
	}
	sealed, err := key.sealJSON(suggestionPlace(x.ID), suggestionBody{x, x.Stamp})
	if err != nil {
		return err
	}
	return s.writeFor(ctx, customer, func(tx *Tx) error {
		if err := tx.serves(by, x.Conversation); err != nil {
			return err
		}
		if err := tx.checkStamp(x.Stamp); err != nil {
			return err
		}
		var cited []string
		for _, sentence := range x.Sentences {
			for _, c := range sentence.Citations {
				cited = append(cited, c.RecordID)
			}
		}
		if err := tx.citedVisible(x.Conversation, cited); err != nil {
			return err
		}
		_, err := tx.exec("INSERT INTO suggestions (id, conversation, customer, staff, at, status, sealed) VALUES ("+marks(7)+")",
			x.ID, x.Conversation, customer, x.Staff, micros(tx.Now), x.Status, sealed)
		return err
	})
}

// Suggestions returns the suggestions of a conversation that stand, the newest last.
func (s *Store) Suggestions(ctx context.Context, conv string) ([]agents.Suggestion, error) {
	type row struct {
		id     string
		staff  identity.StaffID
		sealed []byte
	}
	rows, err := collect(ctx, s.reads, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.id, &r.staff, &r.sealed)
		return r, err
	}, "SELECT id, staff, sealed FROM suggestions WHERE conversation = ? AND outcome = '' AND sealed IS NOT NULL ORDER BY at, id", conv)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	_, key, err := s.keyIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	out := make([]agents.Suggestion, len(rows))
	for i, r := range rows {
		var b suggestionBody
		if err := key.openJSON(suggestionPlace(r.id), r.sealed, &b); err != nil {
			return nil, err
		}
		out[i] = b.Suggestion
		out[i].Conversation, out[i].Staff, out[i].Stamp = conv, r.staff, b.Stamp
	}
	return out, nil
}

// settle ends the suggestions of a conversation in which a person replies: the one that
// the reply came from, and all others, which are ignored. What they say goes.
//
// SECURITY: sending what was drafted releases it, and so needs what every release needs,
// in the same transaction.
func (tx *Tx) settle(conv, message string, d *agents.Drafted) error {
	if d != nil {
		if err := tx.citedVisible(conv, d.Records); err != nil {
			return err
		}
		if d.Stamp != nil {
			if err := tx.checkStamp(*d.Stamp); err != nil {
				return err
			}
		}
		n, err := tx.exec("UPDATE suggestions SET outcome = ?, message = ?, settled = ?, sealed = NULL WHERE id = ? AND conversation = ? AND outcome = ''",
			d.Outcome, message, micros(tx.Now), d.Suggestion, conv)
		if err != nil {
			return err
		}
		if n == 0 { // another reply was sent meanwhile
			return agents.ErrUnknownSuggestion
		}
	}
	_, err := tx.exec("UPDATE suggestions SET outcome = ?, settled = ?, sealed = NULL WHERE conversation = ? AND outcome = ''",
		agents.Ignored, micros(tx.Now), conv)
	return err
}

// forgetDrafts removes what suggestions and summaries say that were made of a customer's
// data, some of which they want deleted.
func (tx *Tx) forgetDrafts(customer identity.CustomerID) error {
	if _, err := tx.exec("UPDATE suggestions SET sealed = NULL WHERE customer = ? AND sealed IS NOT NULL", customer); err != nil {
		return err
	}
	_, err := tx.exec("DELETE FROM summaries WHERE customer = ?", customer)
	return err
}

// SuggestionCounts returns how many suggestions ended how; those that stand are under "".
func (s *Store) SuggestionCounts(ctx context.Context) (map[agents.Outcome]int, error) {
	type count struct {
		outcome agents.Outcome
		n       int
	}
	rows, err := collect(ctx, s.reads, func(scan func(...any) error) (c count, err error) {
		err = scan(&c.outcome, &c.n)
		return c, err
	}, "SELECT outcome, COUNT(*) FROM suggestions GROUP BY outcome")
	out := make(map[agents.Outcome]int)
	for _, c := range rows {
		out[c.outcome] = c.n
	}
	return out, err
}

// Answered returns how the answers of a conversation ended, but for those that another
// one supersedes, the oldest first.
func (s *Store) Answered(ctx context.Context, conv string) ([]agents.Answered, error) {
	type row struct {
		id     string
		sealed []byte
	}
	rows, err := collect(ctx, s.reads, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.id, &r.sealed)
		return r, err
	}, `SELECT id, sealed FROM answers a WHERE conversation = ? AND status <> ?
		AND NOT EXISTS (SELECT 1 FROM answers b WHERE b.conversation = a.conversation AND b.supersedes = a.id) ORDER BY seq, id`, conv, answer.Writing)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	_, key, err := s.keyIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	out := make([]agents.Answered, len(rows))
	for i, r := range rows {
		var a answer.Answer
		if err := key.openJSON(answerPlace(r.id), r.sealed, &a); err != nil {
			return nil, err
		}
		out[i] = agents.Answered{ID: a.ID, Status: string(a.Status), Question: a.Question}
		for _, u := range a.Used {
			made := agents.Made{Record: u.RecordID, Category: u.Category}
			if u.Category != consent.Knowledge && !slices.Contains(out[i].Made, made) {
				out[i].Made = append(out[i].Made, made)
			}
		}
		for _, n := range a.NotSearched {
			if n.Relevant && !slices.Contains(out[i].Wanted, n.Category) {
				out[i].Wanted = append(out[i].Wanted, n.Category)
			}
		}
	}
	return out, nil
}

// PutSummary stores what a model made of a conversation, if its stamp still holds.
func (s *Store) PutSummary(ctx context.Context, customer identity.CustomerID, conv string, x agents.StoredSummary) error {
	key, err := s.keys.For(ctx, customer)
	if err != nil {
		return err
	}
	sealed, err := key.sealJSON(summaryPlace(conv), x)
	if err != nil {
		return err
	}
	return s.writeFor(ctx, customer, func(tx *Tx) error {
		if err := tx.checkStamp(x.Stamp); err != nil {
			return err
		}
		c, err := getConversation(tx.ctx, tx.tx, conv)
		if err == nil && c.Customer != customer {
			err = conversation.ErrNotFound
		}
		if err != nil {
			return err
		}
		tx.Wake(deskTopic)
		_, err = tx.exec(`INSERT INTO summaries (conversation, customer, seq, reader, at, sealed) VALUES (`+marks(6)+`)
			ON CONFLICT (conversation, reader) DO UPDATE SET seq = excluded.seq, at = excluded.at, sealed = excluded.sealed`,
			conv, customer, x.Seq, x.Reader, micros(tx.Now), sealed)
		return err
	})
}

// Summarized returns the summary of a conversation for a reader, up to a sequence number
// or a later one, if it is there.
func (s *Store) Summarized(ctx context.Context, conv string, seq int64, reader consent.Recipient) (agents.StoredSummary, bool, error) {
	var out agents.StoredSummary
	var customer identity.CustomerID
	var sealed []byte
	err := s.reads.QueryRowContext(ctx, "SELECT customer, sealed FROM summaries WHERE conversation = ? AND seq >= ? AND reader = ? AND "+present("summaries.customer"),
		conv, seq, reader).Scan(&customer, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return out, false, nil
	}
	if err != nil {
		return out, false, err
	}
	key, err := s.keys.For(ctx, customer)
	if err == nil {
		err = key.openJSON(summaryPlace(conv), sealed, &out)
	}
	return out, err == nil, err
}
