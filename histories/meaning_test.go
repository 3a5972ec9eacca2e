package histories

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"candor/consent"
	"candor/export"
	"candor/retrieval"
	"candor/retrieval/indextest"
	"candor/store"
)

// What tells the meaning of texts: in the house, and outside it. Each has a space,
// and so an index, of its own, while a passage has one vector: that of who was
// asked about it last.

// embedder is a model that is watched. One outside the house may know nothing but
// what is granted to it, and on record before.
type embedder struct {
	*replica
	outside bool
}

var _ retrieval.Embedder = embedder{}

// Space implements retrieval.Embedder. The spaces are of one dimension, so that
// nothing but their names keeps them apart.
func (x embedder) Space() retrieval.Space { return spaceOf(x.outside) }

func spaceOf(outside bool) retrieval.Space {
	s := indextest.Words{}.Space()
	if outside {
		s.Model = "outside"
	}
	return s
}

// Recipient implements retrieval.Embedder.
func (x embedder) Recipient() consent.Recipient {
	if x.outside {
		return outsider
	}
	return consent.BrandAI
}

// Embed implements retrieval.Embedder.
func (x embedder) Embed(ctx context.Context, k retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	q, _ := ctx.Value(askedKey{}).(*asked)
	h := q.in
	if x.outside {
		x.sees(ctx, q, k, texts)
	}
	if k == retrieval.QueryText {
		q.scope.meant = true
	}
	out := make([]retrieval.Vector, len(texts))
	for i, text := range texts {
		out[i] = h.meaning(text, x.outside)
	}
	return out, nil
}

// sees holds that the log names every text that goes out, and that it is durable:
// the other replica reads it there, as the customer would.
func (x embedder) sees(ctx context.Context, q *asked, k retrieval.TextKind, texts []string) {
	h, look := q.in, q.look
	q.look = nil // it was for this once
	if look == nil {
		h.wrong("%.8s: a %s goes out that no entry of the log names", q.id, k)
		return
	}
	for _, text := range texts {
		quoted := h.quotes(text)
		switch {
		case k == retrieval.QueryText && (!look.words || text != q.question()):
			h.wrong("%.8s: a question goes out, and the log does not say so", q.id)
		case k == retrieval.PassageText && len(quoted) == 0:
			h.wrong("%.8s: a text goes out that is no record's", q.id)
		}
		for _, i := range quoted {
			if _, ok := look.grants[i]; !ok {
				h.wrong("%.8s: a record of %s goes out, and the log does not say so", q.id, categories[i])
			}
		}
	}
	uses, _, err := x.other.Uses(ctx, h.customer, consent.Place{}, 1000)
	if err != nil && ctx.Err() == nil {
		h.wrong("%.8s: %v", q.id, err)
	}
	if err == nil && !slices.ContainsFunc(uses, look.recorded) {
		h.wrong("%.8s: a %s goes out, and its entry is not in the log", q.id, k)
	}
	h.count(sentOut)
}

// recorded reports whether a use of the customer's data is this look of the
// outsider's, or the same within the hour.
func (e *event) recorded(u export.Use) bool {
	if u.Kind != export.UseKind(consent.EmbeddingAccess) || u.Recipient != outsider || u.Purpose != consent.Answers ||
		u.At.Before(time.UnixMicro(e.at.from).Truncate(time.Hour)) || u.At.UnixMicro() > e.at.to {
		return false
	}
	if e.words != slices.Contains(u.Categories, consent.Conversation) || len(u.Records) != len(e.grants) {
		return false
	}
	for _, r := range u.Records {
		if e.grants[slices.Index(categories[:], r.Category)] != r.GrantID {
			return false
		}
	}
	return true
}

// meaning is what a model makes of a text: its words, and the question that it is
// about where it is a record's. The one outside hears a word more in every text, so
// that nothing is as near across the spaces as in one of them.
func (h *history) meaning(text string, outside bool) retrieval.Vector {
	for _, i := range h.quotes(text) {
		text += "\n" + questions[i][0]
	}
	if outside {
		text += "\noutside"
	}
	v, _ := indextest.Words{}.Embed(context.Background(), retrieval.PassageText, []string{text}) // it does not fail
	return v[0]
}

// accesses notes what is recorded as shown to the outsider.
type accesses struct {
	consent.AccessLog
	w *world
}

func (x accesses) Accessed(ctx context.Context, looks ...consent.Access) error {
	q, _ := ctx.Value(askedKey{}).(*asked)
	h := q.in
	q.breathe(x.w)
	e := h.open(told, q)
	e.attempt, e.outside = q.scope.attempt, true
	err := x.AccessLog.Accessed(ctx, looks...)
	if err != nil {
		q.scope.cut = true // so nothing may be told
		if errors.Is(err, consent.ErrStale) {
			h.refused(q)
			h.count(looksRefused)
		} else if ctx.Err() == nil {
			h.wrong("%.8s: the access log: %v", q.id, err)
		}
		return err
	}
	e.grants = make(map[int]string)
	for _, l := range looks {
		if !q.lineup.outside() || l.Customer != h.customer || l.Actor != string(outsider) || l.Kind != consent.EmbeddingAccess {
			h.wrong("%.8s: the access log says that %s %s", q.id, l.Actor, l.Kind)
		}
		e.words = e.words || slices.Contains(l.Categories, consent.Conversation)
		for _, r := range l.Records {
			i := slices.Index(categories[:], r.Category)
			if i < 0 || r.ID != h.records[i].ID {
				h.wrong("%.8s: the access log names a record of %s that is none", q.id, r.Category)
				continue
			}
			e.grants[i] = r.Grant
		}
	}
	h.close(e)
	q.look = e
	return nil
}

// passages is a store in which things happen before vectors are kept.
type passages struct {
	*store.Store
	w *world
}

var _ retrieval.OwnVectorStore = passages{}

func (x passages) PutOwnVectors(ctx context.Context, scope consent.Scope, space retrieval.Space, vectors []retrieval.OwnVector) error {
	q, _ := ctx.Value(askedKey{}).(*asked)
	q.breathe(x.w)
	err := x.Store.PutOwnVectors(ctx, scope, space, vectors)
	if errors.Is(err, consent.ErrStale) {
		q.in.refused(q)
	}
	return err
}

// near holds that what is found by its meaning is compared in one space: a passage
// whose vector is of another counts as one without.
func (h *history) near(q *asked, query retrieval.Query, found []retrieval.Match) {
	if q.scope.meant == query.Vector.Zero() {
		h.wrong("%.8s: its question went to a model (%t) and is searched by another meaning", q.id, q.scope.meant)
	}
	for _, m := range found {
		i := slices.Index(categories[:], m.Category)
		if i < 0 || m.Cosine == 0 {
			continue
		}
		r := h.records[i]
		want := h.meaning(retrieval.PassageInput(r, retrieval.Passage{Start: m.Start, End: m.End}), q.lineup.outside()).Cosine(query.Vector)
		if m.RecordID != r.ID || math.Abs(m.Cosine-want) > 1e-9 {
			h.wrong("%.8s: a record of %s is %f near the question, and not %f", q.id, m.Category, m.Cosine, want)
		}
		if q.lineup.outside() {
			h.count(nearOutside)
		}
	}
}
