package retrieval

import (
	"context"
	"fmt"
	"sync"
	"time"

	"candor/identity"
)

// VectorStore keeps the vectors of company knowledge, by space.
type VectorStore interface {
	// Unembedded returns at most limit articles that have no vectors in the space,
	// in a fixed order, after the given one; the zero Article starts.
	Unembedded(ctx context.Context, space Space, after Article, limit int) ([]Unembedded, error)
	// KnowledgeState changes whenever the knowledge of any site does.
	KnowledgeState(ctx context.Context) (int64, error)
	// Space is the one that the index searches in.
	Space(ctx context.Context) (Space, error)
	// CountUnembedded is how many there are, and how many articles in all.
	CountUnembedded(ctx context.Context, space Space) (missing, all int, err error)
	// PutVectors stores what SealVectors made of an article, and tells the indexes,
	// unless the article has changed since it was read.
	PutVectors(ctx context.Context, space Space, vectors []ArticleVectors) error
}

// Article names one of the articles of all sites.
type Article struct {
	Site identity.SiteID
	ID   string
}

// Unembedded is an article without vectors. Body is what it was read from: with
// it the store tells whether it has changed.
type Unembedded struct {
	Record
	Body []byte
}

// ArticleVectors are the vectors of an article, by SealVectors, as it was with the
// Body.
type ArticleVectors struct {
	Article
	Body   []byte
	Sealed []byte
}

// Keeper gives company knowledge its vectors: what was imported or has changed is
// embedded soon after, and found by words meanwhile. Personal records are not its
// business: they are embedded when a question needs them, under its scope.
type Keeper struct {
	Store    VectorStore
	Embedder Embedder
	// Workers is how many batches are embedded at the same time.
	Workers int
}

// keeperBatch is how many articles are embedded and stored at a time: what a crash
// costs.
const keeperBatch = 16

// Fill embeds what has no vectors, and calls progress with how many articles are
// done. It goes on where an earlier one was cut off.
func (k *Keeper) Fill(ctx context.Context, progress func(done int)) error {
	workers := max(1, k.Workers)
	space := k.Embedder.Space()
	var after Article
	done := 0
	for {
		articles, err := k.Store.Unembedded(ctx, space, after, workers*keeperBatch)
		if err != nil || len(articles) == 0 {
			return err
		}
		last := articles[len(articles)-1]
		after = Article{last.Site, last.ID}
		batches := make([][]ArticleVectors, (len(articles)+keeperBatch-1)/keeperBatch)
		failed := make([]error, len(batches))
		var group sync.WaitGroup
		for i := range batches {
			part := articles[i*keeperBatch : min((i+1)*keeperBatch, len(articles))]
			group.Go(func() { batches[i], failed[i] = k.embed(ctx, space, part) })
		}
		group.Wait()
		for i, b := range batches {
			if failed[i] != nil {
				return failed[i]
			}
			if err := k.Store.PutVectors(ctx, space, b); err != nil {
				return fmt.Errorf("store vectors: %w", err)
			}
		}
		done += len(articles)
		progress(done)
	}
}

func (k *Keeper) embed(ctx context.Context, space Space, articles []Unembedded) ([]ArticleVectors, error) {
	var texts []string
	passages := make([][]Passage, len(articles))
	for i, a := range articles {
		passages[i] = Split(a.Record)
		texts = append(texts, inputs(a.Record, passages[i])...)
	}
	vectors, err := k.Embedder.Embed(ctx, PassageText, texts)
	if err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	out := make([]ArticleVectors, len(articles))
	for i, a := range articles {
		n := len(passages[i])
		out[i] = ArticleVectors{Article{a.Site, a.ID}, a.Body, SealVectors(space, a.Record, passages[i], vectors[:n])}
		vectors = vectors[n:]
	}
	return out, nil
}

// Run fills again and again until ctx ends, soon after something has changed. It
// ends with ErrSpace when the index has moved on to another space. What fails is
// reported and tried again, later each time.
func (k *Keeper) Run(ctx context.Context, report func(error)) error {
	const often, seldom = time.Second, time.Minute
	wait := often
	filled := int64(-1) // the state that was filled last
	for {
		state, err := k.Store.KnowledgeState(ctx)
		if err == nil && state != filled {
			var space Space
			if space, err = k.Store.Space(ctx); err == nil && space != k.Embedder.Space() {
				return fmt.Errorf("%w: this process embeds in %q, the index is in %q now", ErrSpace, k.Embedder.Space(), space)
			}
			if err == nil {
				err = k.Fill(ctx, func(int) {})
			}
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			report(err)
			wait = min(2*wait, seldom)
		default:
			filled, wait = state, often
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
