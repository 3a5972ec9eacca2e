// Package embedded is the search index inside the process: an inverted index of
// each site's knowledge and its vectors, kept in memory, and the customer's own
// passages, read from the store when they ask. Vectors, and own passages, are
// scanned one by one.
//
// It promises exact results: every permitted passage is looked at, and none
// outside the scope is. It is built from the store and holds nothing that the
// store does not; what it caches of a customer goes when their epoch moves, when
// it was not used for a while, and when the bound is reached, and is never written
// to disk. Company knowledge may be, so that a start is quick: in files that are
// checked against the store, and made again from it.
package embedded

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
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
	// Dir is a folder for the files of company knowledge; it is made where it is
	// missing. Empty: there are none.
	Dir string
	// Logger is told when a file cannot be used. Default: nobody is.
	Logger *slog.Logger
}

// Index implements retrieval.Index. Make one with New.
type Index struct {
	store retrieval.Store
	space retrieval.Space
	cache *cache
	dir   string
	log   *slog.Logger

	closed atomic.Bool
	mu     sync.Mutex
	sites  map[identity.SiteID]*site
}

var _ retrieval.CompleteIndex = (*Index)(nil)

// New returns an index over a store. It reads nothing until the first search
// (see Load).
func New(store retrieval.Store, o Options) *Index {
	return &Index{
		store: store, space: o.Space, dir: o.Dir, log: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
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

// Close drops everything that is cached of customers, and writes what files lack.
func (x *Index) Close() {
	x.cache.clear()
	x.closed.Store(true)
	if x.dir == "" {
		return
	}
	x.mu.Lock()
	sites := slices.Collect(maps.Values(x.sites))
	x.mu.Unlock()
	for _, s := range sites {
		x.save(s)
	}
}

// site returns the index of a site at the store's current version.
func (x *Index) site(ctx context.Context, id identity.SiteID) (*site, error) {
	x.mu.Lock()
	s := x.sites[id]
	if s == nil {
		s = newSite(id, x.space)
		x.sites[id] = s
	}
	x.mu.Unlock()

	version, err := x.store.KnowledgeVersion(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("version of the knowledge: %w", err)
	}
	// Whoever comes while changes are being read waits for them: their question
	// was asked after the change was made.
	s.refresh.Lock()
	defer s.refresh.Unlock()
	if !s.loaded {
		x.open(ctx, s, version)
	}
	if s.loaded && s.version >= version {
		// A later version is that of a question which came after this one.
		return s, nil
	}
	if err := s.update(ctx, x.store, version); err != nil {
		return nil, err
	}
	x.keep(s)
	return s, nil
}

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
	if err := q.Check(x.space); err != nil {
		return nil, err
	}
	limit = min(limit, retrieval.MaxLimit)
	best, preferred := newTop(limit, retrieval.ByScore), newTop((limit+1)/2, retrieval.ByTime)
	s.mu.RLock()
	defer s.mu.RUnlock()
	terms := q.Weigh(s.public.count, func(t string) int { return len(s.public.postings[t]) })
	// What a score is relative to is known once everything permitted has been
	// looked at; so each part scores first, and selects then.
	var peak retrieval.Peak
	known := s.scan(scope, terms, q.Vector, &peak)
	defer s.release(known)
	mine := own.score(scope, q.Period, terms, q.Vector, &peak)
	fuse := fusion(func(lexical, _ float64) float64 { return lexical })
	if !q.Vector.Zero() {
		fuse = func(lexical, cosine float64) float64 { return retrieval.Fuse(peak, lexical, cosine) }
	}
	for _, k := range known {
		k.collect(fuse, best)
	}
	own.collect(mine, q.Prefer, fuse, best, preferred)
	ranked := retrieval.Join(preferred.sorted(), best.sorted(), limit, func(r retrieval.Ranked) retrieval.Match { return r.Match })
	matches := make([]retrieval.Match, len(ranked))
	for i, r := range ranked {
		matches[i] = r.Match
	}
	if q.Explain {
		s.explain(matches, terms, known, mine)
	}
	return matches, nil
}

// scanRows is how many vectors are multiplied at a time, while their products are
// near.
const scanRows = 1024

// scan scores the parts that the scope's audience may see. Vectors are shared out
// among the processors: a scan waits for memory more than it works.
func (s *site) scan(scope consent.Scope, terms []retrieval.QueryTerm, v retrieval.Vector, peak *retrieval.Peak) []*scores {
	type piece struct {
		*scores
		from, to int
	}
	var pieces []piece
	parts := s.visible(scope)
	out := make([]*scores, len(parts))
	for i, x := range parts {
		k, _ := s.scratch.Get().(*scores)
		if k == nil {
			k = &scores{}
		}
		k.on(x, v)
		out[i] = k
		for from := 0; from < len(x.passages) && !v.Zero(); from += scanRows {
			pieces = append(pieces, piece{k, from, min(from+scanRows, len(x.passages))})
		}
	}
	var next atomic.Int64
	scan := func(peak *retrieval.Peak) {
		for {
			n := int(next.Add(1)) - 1
			if n >= len(pieces) {
				return
			}
			pieces[n].meaning(pieces[n].from, pieces[n].to, v, peak)
		}
	}
	helpers := min(runtime.GOMAXPROCS(0)-1, len(pieces)/8)
	peaks := make([]retrieval.Peak, helpers)
	var group sync.WaitGroup
	for i := range peaks {
		group.Go(func() { scan(&peaks[i]) })
	}
	for _, k := range out {
		k.words(terms, peak)
	}
	scan(peak)
	group.Wait()
	for _, p := range peaks {
		peak.Add(p.Lexical, p.Cosine)
	}
	return out
}

func (s *site) release(known []*scores) {
	for _, k := range known {
		k.part = nil
		s.scratch.Put(k)
	}
}

// fusion makes one score of two.
type fusion func(lexical, cosine float64) float64
