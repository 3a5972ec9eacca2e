package store

import (
	"context"
	"crypto/rand"
	"math/big"
	"slices"

	"candor/citation"
	"candor/review"
)

// unreviewed selects the answers a that are ended, can be opened and have no verdict.
var unreviewed = "a.kind <> 'opened' AND a.verdict = '' AND EXISTS (SELECT 1 FROM citation_bodies b WHERE b.entry = a.entry) AND " + present("a.customer")

// measured selects the answers a of customers whose latest choices about improvement, in
// general or for the conversation, allow it: for what was said, and for each category
// that the answer was made from.
var measured = " AND a.customer IN (SELECT customer FROM ledger WHERE purpose = 'improvement') AND " + improves("'conversation'") +
	` AND NOT EXISTS (SELECT 1 FROM citation_records r WHERE r.entry = a.entry AND r.category NOT IN ('knowledge', 'conversation') AND NOT ` + improves("r.category") + ")"

// improves is the condition that the customer of an answer a allows a category for
// improvement.
func improves(category string) string {
	return `EXISTS (SELECT 1 FROM ledger l WHERE l.customer = a.customer AND l.purpose = 'improvement' AND l.category = ` + category + `
	AND l.recipient = 'brand_ai' AND l.state IN ('given', 'renewed') AND l.conversation IN ('', a.conversation) AND (l.expires = 0 OR l.expires > now_micros())
	AND NOT EXISTS (SELECT 1 FROM ledger n WHERE n.customer = l.customer AND n.purpose = l.purpose AND n.category = l.category
		AND n.recipient = l.recipient AND n.conversation = l.conversation AND n.epoch > l.epoch))`
}

const (
	// few is how many answers are all looked at for a random sample.
	few = 20_000
	// draws is how many places are drawn at a time, and drawings how often.
	draws    = 256
	drawings = 40
)

// Sample returns answers that nobody has reviewed: at most n, chosen by the kind.
func (r *Reviews) Sample(ctx context.Context, kind review.SampleKind, n int) ([]review.Item, error) {
	var places []int64
	var err error
	switch kind {
	case review.Complained:
		places, err = collect(ctx, r.s.reads, scanPlace, "SELECT a.place FROM log_answers a WHERE a.complaint AND "+unreviewed+" ORDER BY a.rank LIMIT ?", n)
	case review.LowScore:
		places, err = collect(ctx, r.s.reads, scanPlace, "SELECT a.place FROM log_answers a WHERE a.hundredths IS NOT NULL AND "+unreviewed+measured+
			" ORDER BY a.hundredths, a.rank LIMIT ?", n)
	case review.Random:
		places, err = r.random(ctx, n)
	}
	if err != nil {
		return nil, err
	}
	return r.s.items(ctx, places)
}

// random draws places at random and keeps those that qualify, so that each answer is as
// likely as every other one. Where too few do, all are looked at.
func (r *Reviews) random(ctx context.Context, n int) (out []int64, err error) {
	var last int64
	if err := r.s.reads.QueryRowContext(ctx, "SELECT COALESCE(MAX(place), 0) FROM log_answers").Scan(&last); err != nil {
		return nil, err
	}
	for i := 0; last > few && i < drawings && len(out) < n; i++ {
		drawn := make([]any, draws)
		for j := range drawn {
			x, err := rand.Int(rand.Reader, big.NewInt(last))
			if err != nil {
				return nil, err
			}
			drawn[j] = 1 + x.Int64()
		}
		found, err := collect(ctx, r.s.reads, scanPlace, "SELECT a.place FROM log_answers a WHERE a.place IN ("+marks(draws)+") AND "+unreviewed+measured, drawn...)
		if err != nil {
			return nil, err
		}
		for _, x := range drawn { // in this order: that of places would favour the oldest
			if place := x.(int64); slices.Contains(found, place) && !slices.Contains(out, place) {
				out = append(out, place)
			}
		}
	}
	if len(out) < n {
		out, err = collect(ctx, r.s.reads, scanPlace, "SELECT a.place FROM log_answers a WHERE "+unreviewed+measured+" ORDER BY random() LIMIT ?", n)
		if err != nil {
			return nil, err
		}
	}
	return out[:min(n, len(out))], nil
}

// Reviewed calls fn with the answers that have a verdict, the newest first, until it
// returns an error.
func (r *Reviews) Reviewed(ctx context.Context, fn func(review.Item) error) error {
	yes := true
	for before := int64(0); ; {
		page, next, err := r.s.list(ctx, review.Filter{Filter: citation.Filter{Before: before, Limit: 200}, Reviewed: &yes})
		if err != nil {
			return err
		}
		for _, x := range page {
			if err := fn(x); err != nil {
				return err
			}
		}
		if before = next; next == 0 {
			return nil
		}
	}
}
