package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/export"
	"candor/identity"
)

var _ export.Source = (*Store)(nil)

// keyOf returns the key of a customer for reading. Of one who was erased nothing is
// read (consent.ErrUnknownCustomer), whoever still has their key: an archive that is
// being sent is cut off.
func (s *Store) keyOf(ctx context.Context, customer identity.CustomerID) (Sealer, error) {
	var there bool
	err := s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM customers WHERE id = ? AND erased = 0)", customer).Scan(&there)
	if err == nil && !there {
		err = consent.ErrUnknownCustomer
	}
	if err != nil {
		return Sealer{}, err
	}
	return s.keys.For(ctx, customer)
}

// Owner returns whom an archive is about, with the site's own id for them.
func (s *Store) Owner(ctx context.Context, customer identity.CustomerID) (export.Owner, error) {
	o := export.Owner{ID: customer}
	var sealed []byte
	var created int64
	err := s.reads.QueryRowContext(ctx, "SELECT c.site, s.name, s.accent, c.sealed, c.created FROM customers c JOIN sites s ON s.id = c.site WHERE c.id = ?",
		customer).Scan(&o.Site, &o.Brand, &o.Accent, &sealed, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return o, consent.ErrUnknownCustomer
	}
	if o.Since = fromMicros(created); err != nil || sealed == nil {
		return o, err
	}
	key, err := s.keyOf(ctx, customer)
	if err != nil {
		return o, err
	}
	subject, err := key.Open("subject/"+string(customer), sealed)
	o.Subject = string(subject)
	return o, err
}

// Counts returns how much is held about a customer.
func (s *Store) Counts(ctx context.Context, customer identity.CustomerID) (c export.Counts, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM records WHERE customer = ?),
		(SELECT COUNT(*) FROM events e JOIN conversations c ON c.id = e.conversation WHERE c.customer = ? AND e.type = 'message'),
		(SELECT COUNT(*) FROM ledger WHERE customer = ?), (SELECT COUNT(*) FROM accesses WHERE customer = ?)
			+ (SELECT COUNT(*) FROM citation_entries WHERE customer = ? AND kind = 'opened')
			+ (SELECT COUNT(*) FROM deletions WHERE customer = ?)`,
		slices.Repeat([]any{customer}, 6)...).Scan(&c.Records, &c.Messages, &c.Events, &c.Uses)
	if err != nil {
		return c, err
	}
	c.Categories, err = collect(ctx, s.reads, func(scan func(...any) error) (id consent.Category, err error) {
		err = scan(&id)
		return id, err
	}, "SELECT DISTINCT category FROM records WHERE customer = ?", customer)
	if c.Messages > 0 {
		c.Categories = append(c.Categories, consent.Conversation)
	}
	slices.Sort(c.Categories)
	return c, err
}

// ConversationsOf returns every conversation of a customer, the newest first.
func (s *Store) ConversationsOf(ctx context.Context, customer identity.CustomerID) ([]conversation.Conversation, error) {
	return collect(ctx, s.reads, scanConversation, "SELECT "+conversationColumns+" FROM conversations WHERE customer = ? ORDER BY created DESC, id", customer)
}

// MessagesOf returns messages of a conversation after a number, in order.
func (s *Store) MessagesOf(ctx context.Context, c conversation.Conversation, after int64, limit int) (page []conversation.Message, next int64, err error) {
	key, err := s.keyOf(ctx, c.Customer)
	if err != nil {
		return nil, 0, err
	}
	events, err := collect(ctx, s.reads, scanEventOf(c.ID, key), `SELECT seq, type, ref, at, sealed FROM events
		WHERE conversation = ? AND seq > ? AND type = 'message' ORDER BY seq LIMIT ?`, c.ID, after, limit+1)
	if err != nil {
		return nil, 0, err
	}
	if len(events) > limit {
		events = events[:limit]
		next = events[limit-1].Seq
	}
	page = make([]conversation.Message, len(events))
	for i, e := range events {
		if json.Unmarshal(e.Data, &page[i]) != nil {
			return nil, 0, errors.New("a stored message does not read")
		}
	}
	return page, next, nil
}

// AnswersOf returns answers of a conversation, in the order of their ids.
func (s *Store) AnswersOf(ctx context.Context, c conversation.Conversation, after string, limit int) (page []answer.Answer, next string, err error) {
	key, err := s.keyOf(ctx, c.Customer)
	if err != nil {
		return nil, "", err
	}
	page, err = collect(ctx, s.reads, func(scan func(...any) error) (a answer.Answer, err error) {
		var id string
		var sealed []byte
		if err := scan(&id, &sealed); err != nil {
			return a, err
		}
		return a, key.openJSON(answerPlace(id), sealed, &a)
	}, "SELECT id, sealed FROM answers WHERE conversation = ? AND id > ? ORDER BY id LIMIT ?", c.ID, after, limit+1)
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	return page, next, err
}

// RatingsOf returns what a customer thought of conversations and answers.
func (s *Store) RatingsOf(ctx context.Context, customer identity.CustomerID) ([]export.Rating, error) {
	key, err := s.keyOf(ctx, customer)
	if err != nil {
		return nil, err
	}
	return collect(ctx, s.reads, func(scan func(...any) error) (r export.Rating, err error) {
		var sealed []byte
		var at int64
		if err := scan(&r.Subject, &r.Score, &sealed, &at, &r.Shown); err != nil {
			return r, err
		}
		r.At = fromMicros(at)
		comment, err := key.Open("rating/"+r.Subject, sealed)
		r.Comment = string(comment)
		return r, err
	}, "SELECT subject, score, sealed, at, shown FROM ratings WHERE customer = ? ORDER BY at, subject", customer)
}
