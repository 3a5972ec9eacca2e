package store

import (
	"context"

	"candor/conversation"
	"candor/identity"
)

// Rate stores what a customer thinks of an answer, or of a conversation. A later one
// replaces it.
func (s *Store) Rate(ctx context.Context, customer identity.CustomerID, subject string, score int, comment string) error {
	return s.rate(ctx, customer, subject, conversation.Rating{Score: score, Comment: comment})
}

// RateConversation stores what a customer thinks of a conversation. A later one replaces it.
func (s *Store) RateConversation(ctx context.Context, customer identity.CustomerID, conv string, r conversation.Rating) error {
	return s.rate(ctx, customer, conv, r)
}

func (s *Store) rate(ctx context.Context, customer identity.CustomerID, subject string, r conversation.Rating) error {
	key, err := s.keys.For(ctx, customer)
	if err != nil {
		return err
	}
	sealed, err := key.Seal("rating/"+subject, []byte(r.Comment))
	if err != nil {
		return err
	}
	return s.writeFor(ctx, customer, func(tx *Tx) error {
		tx.Wake(deskTopic)
		_, err := tx.exec(`INSERT INTO ratings (subject, customer, score, sealed, at, shown) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (subject) DO UPDATE SET score = excluded.score, sealed = excluded.sealed, at = excluded.at, shown = excluded.shown`,
			subject, customer, r.Score, sealed, micros(tx.Now), r.Shown)
		return err
	})
}

// RatingOf returns what a conversation's customer thought of it; the zero Rating if they did
// not say.
func (s *Store) RatingOf(ctx context.Context, conv string) (conversation.Rating, error) {
	_, key, err := s.keyIn(ctx, conv)
	if err != nil {
		return conversation.Rating{}, err
	}
	found, err := collect(ctx, s.reads, func(scan func(...any) error) (r conversation.Rating, err error) {
		var sealed []byte
		if err := scan(&r.Score, &r.Shown, &sealed); err != nil {
			return r, err
		}
		comment, err := key.Open("rating/"+conv, sealed)
		r.Comment = string(comment)
		return r, err
	}, "SELECT score, shown, sealed FROM ratings WHERE subject = ?", conv)
	if err != nil || len(found) == 0 {
		return conversation.Rating{}, err
	}
	return found[0], nil
}
