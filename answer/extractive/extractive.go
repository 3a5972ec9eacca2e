// Package extractive answers by quoting: it picks the sentences of the found
// passages that support an answer best, and phrases structured records from
// their fields.
//
// It promises that every sentence is a span of a record's text, shown without
// its markup, or a statement that the record's fields make; it never writes a
// word of its own, and it says nothing where nothing found answers the question.
// It needs no model and no network, and it is always there; with the company's own
// embedder it also knows other words, and other languages, for the same.
package extractive

import (
	"context"

	"candor/answer"
	"candor/consent"
	"candor/retrieval"
)

// Answerer is the extractive answerer, and the judge of whether what was found
// answers a question. The zero value goes by words alone; it is safe for concurrent
// use.
type Answerer struct{ meaning *meaning }

var (
	_ answer.Answerer = Answerer{}
	_ answer.Judge    = Answerer{}
)

// New returns an answerer that goes by the meaning of sentences too, as the embedder
// tells it. An embedder that is not the company's own is not used; nil is none.
func New(e retrieval.Embedder) Answerer { return Answerer{newMeaning(e)} }

// Model names the answerer. It is part of the company's own AI.
func (Answerer) Model() answer.Model {
	return answer.Model{Name: "extractive", Recipient: consent.BrandAI}
}

// Answer yields the sentences that answer the request: what the customer's own
// records say if the question is about them, else what company knowledge says.
// It yields nothing where Judge does not say that the request is supported.
func (a Answerer) Answer(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	for _, s := range a.consider(ctx, r).sentences {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := yield(s); err != nil {
			return err
		}
	}
	return ctx.Err()
}
