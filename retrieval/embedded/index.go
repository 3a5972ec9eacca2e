// Package embedded is the search index inside the process: an inverted index of
// each site's knowledge and its vectors, kept in memory, and the customer's own
// passages, read from the store when they ask. Vectors, and own passages, are
// scanned one by one.
//
// It promises exact results: every permitted passage is looked at, and none
// outside the scope is. It is built from the store and holds nothing that the
// store does not; what it caches of a customer goes when their epoch moves, when
// it was not used for a while, and when the bound is reached. It writes nothing
// to disk and never logs.
package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/bm25"
)

// Options are the bounds of an Index. The zero value of each means its default.
type Options struct {
	// CacheBytes bounds the memory for customers' decrypted passages, roughly.
	// Default 64 MiB.
	CacheBytes int
	// CacheIdle is how long a customer's passages are kept after their last
	// question. Default 5 minutes.
	CacheIdle time.Duration
	// Space is the one of the vectors. The zero Space has none: the index searches
	// by words alone.
	Space retrieval.Space
}

// Index implements retrieval.Index. Make one with New.
type Index struct {
	store retrieval.Store
	space retrieval.Space
	cache *cache

	mu    sync.Mutex
	sites map[identity.SiteID]*site
}

var _ retrieval.Index = (*Index)(nil)

// New returns an index over a store. It reads nothing until the first search
// (see Load).
func New(store retrieval.Store, o Options) *Index {
	return &Index{
		store: store, space: o.Space,
		cache: newCache(cmp.Or(o.CacheBytes, 64<<20), cmp.Or(o.CacheIdle, 5*time.Minute)),
		sites: make(map[identity.SiteID]*site),
	}
}

// Load reads the knowledge of a site, so that its first question does not wait.
func (x *Index) Load(ctx context.Context, id identity.SiteID) error {
	_, err := x.site(ctx, id)
	return err
}

// Forget drops what is cached of a customer. A search never needs it; it is for
// who has just erased or withdrawn and wants the memory gone too.
func (x *Index) Forget(customer identity.CustomerID) { x.cache.forget(customer) }

// Close drops everything that is cached of customers.
func (x *Index) Close() { x.cache.clear() }

// Search implements retrieval.Index.
func (x *Index) Search(ctx context.Context, scope consent.Scope, q retrieval.Query, limit int) ([]retrieval.Match, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// SECURITY: a scope without a site has no knowledge to search. An empty value
	// in a filter never means "any".
	if limit < 1 || scope.Site() == "" {
		return nil, nil
	}
	s, err := x.site(ctx, scope.Site())
	if err != nil {
		return nil, err
	}
	own, err := x.personal(ctx, scope)
	if err != nil {
		return nil, err
	}
	if !q.Vector.Zero() && (q.Space != x.space || len(q.Vector.Values) != x.space.Dimension) {
		return nil, fmt.Errorf("%w: the question is in %q, the index in %q", retrieval.ErrSpace, q.Space, x.space)
	}
	limit = min(limit, retrieval.MaxLimit)
	best, preferred := newTop(limit, byScore), newTop((limit+1)/2, byTime)
	s.mu.RLock()
	defer s.mu.RUnlock()
	terms := s.weigh(q)
	// What a score is relative to is known once everything permitted has been
	// looked at; so each part scores first, and selects then.
	var peak retrieval.Peak
	known := s.score(scope, terms, q.Vector, &peak)
	defer s.scratch.Put(known)
	mine := own.score(scope, terms, q.Vector, &peak)
	fuse := fusion(func(lexical, _ float64) float64 { return lexical })
	if !q.Vector.Zero() {
		fuse = func(lexical, cosine float64) float64 { return retrieval.Fuse(peak, lexical, cosine) }
	}
	s.collect(known, fuse, best)
	own.collect(mine, q.Prefer, fuse, best, preferred)
	return join(preferred.sorted(), best.sorted(), limit), nil
}

// queryTerm is a term of the question with its weight: everything of a score
// that does not depend on the passage.
type queryTerm struct {
	text   string
	weight float64
}

// weigh returns the query's terms in a fixed order, so that sums of floating
// point numbers come out the same every time.
func (s *site) weigh(q retrieval.Query) []queryTerm {
	terms := make([]queryTerm, 0, len(q.Terms)+len(q.Context))
	add := func(counts map[string]int, factor float64) {
		for t, n := range counts {
			if n < 1 {
				continue
			}
			df := 0
			if p := s.postings[t]; p != nil {
				df = p.public
			}
			terms = append(terms, queryTerm{t, factor * bm25.Query(n) * bm25.IDF(t, s.publicPassages, df)})
		}
	}
	add(q.Terms, 1)
	add(q.Context, bm25.Context)
	slices.SortFunc(terms, func(a, b queryTerm) int {
		return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.weight, b.weight))
	})
	return terms
}
