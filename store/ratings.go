package store

import (
	"context"

	"candor/identity"
)

// Rate stores what a customer thinks of an answer, or of a conversation. A later one
// replaces it.
func (s *Store) Rate(ctx context.Context, customer identity.CustomerID, subject string, score int, comment string) error {
	return s.rate(ctx, customer, subject, score, comment, "")
}

// RateConversation stores what a customer thinks of a conversation, and of whether they were
// shown what was used: yes, no, unsure, or "" if they do not say. A later one replaces it.
func (s *Store) RateConversation(ctx context.Context, customer identity.CustomerID, conv string, score int, comment, shown string) error {
	return s.rate(ctx, customer, conv, score, comment, shown)
}

func (s *Store) rate(ctx context.Context, customer identity.CustomerID, subject string, score int, comment, shown string) error {
	key, err := s.keys.For(ctx, customer)
	if err != nil {
		return err
	}
	sealed, err := key.Seal("rating/"+subject, []byte(comment))
	if err != nil {
		return err
	}
	return s.writeFor(ctx, customer, func(tx *Tx) error {
		tx.Wake(deskTopic)
		_, err := tx.exec(`INSERT INTO ratings (subject, customer, score, sealed, at, shown) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (subject) DO UPDATE SET score = excluded.score, sealed = excluded.sealed, at = excluded.at, shown = excluded.shown`,
			subject, customer, score, sealed, micros(tx.Now), shown)
		return err
	})
}

// RatingOf returns the score that a conversation's customer gave it; 0: none.
func (s *Store) RatingOf(ctx context.Context, conv string) (score int, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT COALESCE(MAX(score), 0) FROM ratings WHERE subject = ?", conv).Scan(&score)
	return score, err
}
