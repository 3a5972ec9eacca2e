package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/bm25"
)

// partition is what one scope may see of its customer's own passages. It is
// read-only.
type partition struct {
	passages []ownPassage
	complete bool // all have a vector of the index's space, be it that of no meaning
	bytes    int  // roughly, for the cache's bound
}

type ownPassage struct {
	id, record string
	start, end int
	length     int
	category   consent.Category
	at         time.Time
	terms      []ownTerm // by text
	vector     retrieval.Vector
}

type ownTerm struct {
	text      string
	frequency int
}

// personal returns the passages of the scope's customer that it may search,
// from the cache or the store; nil if there can be none.
func (x *Index) personal(ctx context.Context, scope consent.Scope) (*partition, error) {
	// SECURITY: without a customer or a searchable category nothing is read at
	// all. An empty value in a filter never means "any".
	searchable := scope.Searchable()
	if scope.Customer() == "" || len(searchable) == 0 {
		return nil, nil
	}
	versioned, ok := x.store.(retrieval.VersionedStore)
	if !ok {
		return x.read(ctx, scope)
	}
	version, err := versioned.PassagesVersion(ctx, scope)
	if err != nil {
		return nil, fmt.Errorf("version of the customer's passages: %w", err)
	}
	k := keyOf(scope, version)
	if p := x.cache.get(k); p != nil {
		return p, nil
	}
	p, err := x.read(ctx, scope)
	if err != nil {
		return nil, err
	}
	x.cache.put(k, p)
	return p, nil
}

// Complete implements retrieval.CompleteIndex.
func (x *Index) Complete(ctx context.Context, scope consent.Scope) (bool, error) {
	p, err := x.personal(ctx, scope)
	return err == nil && (p == nil || p.complete), err
}

func (x *Index) read(ctx context.Context, scope consent.Scope) (*partition, error) {
	stored, err := x.store.Passages(ctx, scope)
	if err != nil {
		return nil, fmt.Errorf("read the customer's passages: %w", err)
	}
	searchable := scope.Searchable()
	p := &partition{bytes: 256, complete: true}
	for _, s := range stored {
		// SECURITY: the store filters by category already; a passage that it should
		// not have returned is not even kept.
		if !slices.Contains(searchable, s.Category) || s.Category == consent.Knowledge {
			continue
		}
		own := ownPassage{
			id: s.ID, record: s.Record, start: s.Start, end: s.End, length: s.Length,
			category: s.Category, at: s.CollectedAt, terms: make([]ownTerm, 0, len(s.Terms)),
		}
		if s.Space == x.space {
			own.vector = s.Vector
		} else {
			p.complete = false
		}
		p.bytes += 160 + len(s.ID) + len(s.Record) + len(own.vector.Values)
		for t, f := range s.Terms {
			own.terms = append(own.terms, ownTerm{t, f})
			p.bytes += 24 + len(t)
		}
		slices.SortFunc(own.terms, func(a, b ownTerm) int { return cmp.Compare(a.text, b.text) })
		p.passages = append(p.passages, own)
	}
	return p, nil
}

// ownScore is what a question gives one of the passages.
type ownScore struct {
	passage *ownPassage
	lexical float64
	cosine  float64
}

// score scores the passages that the scope permits, and raises the peak to them.
func (p *partition) score(scope consent.Scope, period retrieval.Period, terms []retrieval.QueryTerm, v retrieval.Vector, peak *retrieval.Peak) []ownScore {
	if p == nil {
		return nil
	}
	searchable := scope.Searchable()
	scores := make([]ownScore, 0, len(p.passages))
	for i := range p.passages {
		own := &p.passages[i]
		// SECURITY: the filter is here, inside the scan, on this very scope, whatever
		// the partition was read or cached for.
		if !slices.Contains(searchable, own.category) || !period.Holds(own.at) {
			continue
		}
		x := ownScore{own, own.score(terms), own.vector.Cosine(v)}
		peak.Add(x.lexical, x.cosine)
		scores = append(scores, x)
	}
	return scores
}

// collect adds the customer's matches to best, and those of the preferred
// categories, matching or not, to preferred.
func (p *partition) collect(scores []ownScore, prefer []consent.Category, fuse fusion, best, preferred *top) {
	for _, x := range scores {
		own := x.passage
		c := retrieval.Ranked{
			Match: retrieval.Match{
				RecordID: own.record, PassageID: own.id, Start: own.start, End: own.end, Category: own.category,
				Score: fuse(x.lexical, x.cosine), Lexical: x.lexical, Cosine: x.cosine,
			},
			At: own.at,
		}
		if c.Score > 0 && best.wants(c.Score) {
			best.add(c)
		}
		if slices.Contains(prefer, own.category) {
			preferred.add(c)
		}
	}
}

// score walks both lists of terms, which are in the same order.
func (p *ownPassage) score(terms []retrieval.QueryTerm) (sum float64) {
	p.each(terms, func(_ string, score float64) { sum += score })
	return sum
}

// each calls f with every term of the question that the passage has, and what it adds.
func (p *ownPassage) each(terms []retrieval.QueryTerm, f func(term string, score float64)) {
	rest := p.terms
	for _, t := range terms {
		i, found := slices.BinarySearchFunc(rest, t.Term, func(o ownTerm, text string) int { return cmp.Compare(o.text, text) })
		rest = rest[i:]
		if found {
			f(t.Term, t.Weight*bm25.Weight(rest[0].frequency, p.length, bm25.PersonalLength))
		}
	}
}
