package store

import (
	"context"
	"time"

	"candor/answer"
	"candor/identity"
)

// budget is what language models may cost.
type budget struct {
	s              *Store
	answer, perDay int
}

var _ answer.Budget = budget{}

// Budget bounds the tokens of language models for an answer, and for a customer and day:
// as many for what the customer asks, and as many for what people at the desk have written
// to help them. On a day of which less than a quarter of an answer's is left no model is
// asked.
func (s *Store) Budget(perAnswer, perDay int) answer.Budget { return budget{s, perAnswer, perDay} }

// keptDays is how many days before the present one stay counted: an answer may go on
// past midnight.
const keptDays = 1

func (b budget) Reserve(ctx context.Context, who identity.Principal, day time.Time, spent int) (tokens int, err error) {
	customer, account := who.Customer, accountOf(who, day)
	err = b.s.writeFor(ctx, customer, func(tx *Tx) error {
		tokens = 0
		if _, err := tx.exec("DELETE FROM model_tokens WHERE customer = ? AND day < ?", customer, dayOf(day.AddDate(0, 0, -keptDays))); err != nil {
			return err
		}
		if _, err := tx.exec("INSERT INTO model_tokens (customer, day, tokens) VALUES (?, ?, 0) ON CONFLICT DO NOTHING", customer, account); err != nil {
			return err
		}
		var today int
		if err := tx.row("SELECT tokens FROM model_tokens WHERE customer = ? AND day = ?", customer, account).Scan(&today); err != nil {
			return err
		}
		if tokens = min(b.answer-spent, b.perDay-today); tokens < max(b.answer/4, 1) {
			tokens = 0
			return nil
		}
		_, err := tx.exec("UPDATE model_tokens SET tokens = tokens + ? WHERE customer = ? AND day = ?", tokens, customer, account)
		return err
	})
	return tokens, err
}

func (b budget) Settle(ctx context.Context, who identity.Principal, day time.Time, unspent int) error {
	return b.s.writeFor(ctx, who.Customer, func(tx *Tx) error {
		_, err := tx.exec("UPDATE model_tokens SET tokens = CASE WHEN tokens > ? THEN tokens - ? ELSE 0 END WHERE customer = ? AND day = ?", unspent, unspent, who.Customer, accountOf(who, day))
		return err
	})
}

// accountOf is the day that tokens are counted on. What staff has written is beside the
// customer's own, and in their row all the same: nobody else's write waits for it.
func accountOf(who identity.Principal, day time.Time) string {
	if who.Kind == identity.Staff {
		return dayOf(day) + " desk" // in order it is after its day, and before the next
	}
	return dayOf(day)
}

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }
