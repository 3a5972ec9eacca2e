// Package extractive answers by quoting: it picks the sentences of the found
// passages that support an answer best, and phrases structured records from
// their fields.
//
// It promises that every sentence is a span of a record's text, shown without
// its markup, or a statement that the record's fields make; it never writes a
// word of its own, and it says nothing where nothing found covers the question.
// It needs no model and no network, and it is always there.
package extractive

import (
	"context"
	"slices"

	"candor/answer"
	"candor/consent"
	"candor/retrieval"
)

// Answerer is the extractive answerer. The zero value is ready; it is safe for
// concurrent use.
type Answerer struct{}

var _ answer.Answerer = Answerer{}

// Model names the answerer. It is part of the company's own AI.
func (Answerer) Model() answer.Model {
	return answer.Model{Name: "extractive", Recipient: consent.BrandAI}
}

// Answer yields the sentences that answer the request: what the customer's own
// records say if the question is about them, else what company knowledge says.
// It yields nothing if neither supports an answer.
func (Answerer) Answer(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	for _, s := range choose(r) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := yield(s); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func choose(r answer.Request) []answer.Sentence {
	var own, knowledge []retrieval.Hit
	for _, h := range r.Hits {
		if h.Record.Knowledge() {
			knowledge = append(knowledge, h)
		} else {
			own = append(own, h)
		}
	}
	q := newQuestion(r)
	if !r.Intent.Personal {
		// A general question is the help centre's; the customer's own records
		// come in only where it is silent.
		if out := fromTexts(q, knowledge); len(out) > 0 {
			return out
		}
		return fromRecords(q, own)
	}
	out := fromRecords(q, own)
	if len(out) == 0 || r.Intent.HowTo {
		out = append(out, fromTexts(q, knowledge)...)
	}
	return slices.Clip(out)
}
