package retrieval

import (
	"context"
	"slices"

	"candor/consent"
)

// OwnPassage is a passage of a customer's record that has no vector. Body is what
// the record was read from: with it the store tells whether it has changed.
type OwnPassage struct {
	Record
	Passage
	Body []byte
}

// OwnVector is the vector of such a passage.
type OwnVector struct {
	OwnPassage
	Vector Vector
}

// OwnVectorStore keeps the vectors of customers' passages, sealed. They go with
// the passages when the last grant of their category ends.
type OwnVectorStore interface {
	// UnembeddedOwn returns at most limit passages of the scope's customer, in those
	// of the categories that the scope permits, that have no vector in the space: the
	// newest first.
	UnembeddedOwn(ctx context.Context, scope consent.Scope, categories []consent.Category, space Space, limit int) ([]OwnPassage, error)
	// PutOwnVectors stores vectors of passages that are as they were read. It is
	// consent.ErrStale if the scope does not hold any more.
	PutOwnVectors(ctx context.Context, scope consent.Scope, space Space, vectors []OwnVector) error
}

// ownBatch is how many of a customer's passages are embedded for one question, so
// that the first one after a grant does not wait long. The next questions see to
// the rest; words find all of them meanwhile.
const (
	ownBatch = 64
	// ownFirst is how many are embedded and stored first; then twice as many, and so
	// on. What is stored stays where the question's patience ends before all are done.
	ownFirst = 4
)

// CompleteIndex is an Index that can tell cheaply whether anything lacks a vector.
// Without it the store is asked at every question.
type CompleteIndex interface {
	Index
	// Complete reports whether all passages of the scope's customer that it permits
	// have what PutOwnVectors stores, in the index's space.
	Complete(ctx context.Context, scope consent.Scope) (bool, error)
}

// Embeddable returns the categories of the scope whose records the recipient may
// be sent to be embedded. The company's own models search, so they may have what
// may be searched; anybody else needs a grant of their own.
func Embeddable(scope consent.Scope, to consent.Recipient) []consent.Category {
	searchable := scope.Searchable()
	if to == consent.BrandAI {
		return searchable
	}
	return slices.DeleteFunc(searchable, func(c consent.Category) bool {
		_, ok := scope.Permits(c, to)
		return !ok
	})
}

// embedOwn gives passages of the scope's customer their vectors, if there are any
// without and they may be shown to who embeds them.
func (s *Searcher) embedOwn(ctx context.Context, scope consent.Scope) error {
	own, ok := s.store.(OwnVectorStore)
	categories := Embeddable(scope, s.embedder.Recipient())
	if !ok || scope.Customer() == "" || len(categories) == 0 {
		return nil
	}
	if x, ok := s.index.(CompleteIndex); ok {
		if done, err := x.Complete(ctx, scope); done || err != nil {
			return err
		}
	}
	passages, err := own.UnembeddedOwn(ctx, scope, categories, s.embedder.Space(), ownBatch)
	if err != nil {
		return err
	}
	// SECURITY: another look, on the records themselves, so that a fault in the store
	// shows nobody what they may not see.
	passages = slices.DeleteFunc(passages, func(p OwnPassage) bool {
		return !Permitted(scope, p.Record) || !slices.Contains(categories, p.Category) || !spanOf(p.Text, p.Start, p.End)
	})
	for n := ownFirst; len(passages) > 0; n *= 2 {
		part := passages[:min(n, len(passages))]
		if err := s.embedPassages(ctx, scope, own, part); err != nil {
			return err
		}
		passages = passages[len(part):]
	}
	return nil
}

func (s *Searcher) embedPassages(ctx context.Context, scope consent.Scope, own OwnVectorStore, passages []OwnPassage) error {
	// SECURITY: who sees the texts is on record before they do.
	if r := s.embedder.Recipient(); r != consent.BrandAI {
		if err := s.accesses.Accessed(ctx, sentTo(scope, r, passages)); err != nil {
			return err
		}
	}
	texts := make([]string, len(passages))
	for i, p := range passages {
		texts[i] = PassageInput(p.Record, p.Passage)
	}
	vectors, err := s.embedder.Embed(ctx, PassageText, texts)
	if err != nil {
		return err
	}
	out := make([]OwnVector, len(passages))
	for i, p := range passages {
		out[i] = OwnVector{p, vectors[i]}
	}
	return own.PutOwnVectors(ctx, scope, s.embedder.Space(), out)
}

// sentTo is the look that a recipient gets at passages, or, without any, at the
// customer's question.
func sentTo(scope consent.Scope, r consent.Recipient, passages []OwnPassage) consent.Access {
	stamp := scope.Stamp()
	a := consent.Access{
		Customer: scope.Customer(), Actor: string(r), Kind: consent.EmbeddingAccess, Purpose: scope.Purpose(), Stamp: &stamp,
	}
	if len(passages) == 0 {
		a.Categories = []consent.Category{consent.Conversation}
	}
	for _, p := range passages {
		grant, _ := scope.Permits(p.Category, r)
		record := consent.AccessedRecord{ID: p.Record.ID, Category: p.Category, Grant: grant}
		if !slices.Contains(a.Records, record) {
			a.Records = append(a.Records, record)
		}
		if !slices.Contains(a.Categories, p.Category) {
			a.Categories = append(a.Categories, p.Category)
		}
	}
	return a
}
