package store

import (
	"context"

	"candor/review"
)

// Flagged returns what the desk found wrong with the answers of a conversation, by
// answer, the latest last.
func (r *Reviews) Flagged(ctx context.Context, conversation string) (map[string][]review.Verdict, error) {
	type flag struct {
		answer string
		kind   review.Verdict
	}
	flags, err := collect(ctx, r.s.reads, func(scan func(...any) error) (f flag, err error) {
		err = scan(&f.answer, &f.kind)
		return f, err
	}, "SELECT f.answer, f.kind FROM log_answers a JOIN flags f ON f.answer = a.answer WHERE a.conversation = ? ORDER BY f.at, f.id", conversation)
	out := make(map[string][]review.Verdict)
	for _, f := range flags {
		out[f.answer] = append(out[f.answer], f.kind)
	}
	return out, err
}
