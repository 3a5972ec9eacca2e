package embedded

import (
	"context"
	"fmt"
	"sync"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/bm25"
	"candor/retrieval/vector"
)

// site is the knowledge of one site: an inverted index.
type site struct {
	id identity.SiteID

	refresh sync.Mutex // held by the one who reads changes
	version int64      // of the store, that the index is at; under refresh
	loaded  bool       // under refresh

	mu       sync.RWMutex // guards what follows
	passages []passage    // by ordinal
	free     []uint32     // ordinals of removed passages
	records  map[string][]uint32
	postings map[string]*postings
	// Statistics of the public passages alone: internal ones must not move the
	// scores that a customer's question gets.
	publicPassages int
	publicLength   int

	// vectors and scales have a row for each passage; the scale of one without a
	// vector is 0.
	vectors []int8
	scales  []float32

	scratch sync.Pool // of *scores
}

// passage is what a match needs to know of an indexed passage.
type passage struct {
	id, record string
	start, end int
	length     int
	internal   bool
}

// postings lists the passages that hold a term.
type postings struct {
	list   []posting
	public int // how many of them are public
}

type posting struct {
	passage   uint32
	frequency uint32
}

// site returns the index of a site at the store's current version.
func (x *Index) site(ctx context.Context, id identity.SiteID) (*site, error) {
	x.mu.Lock()
	s := x.sites[id]
	if s == nil {
		s = &site{id: id}
		s.reset()
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
	if s.loaded && s.version >= version {
		// A later version is that of a question which came after this one.
		return s, nil
	}
	return s, s.update(ctx, x.store, x.space, version)
}

// update reads what changed since the version that the index is at. Version was
// read before, so that what changes meanwhile is read again next time.
func (s *site) update(ctx context.Context, store retrieval.Store, space retrieval.Space, version int64) error {
	since := s.version
	if !s.loaded {
		since = 0
	}
	type change struct {
		record   string
		passages []retrieval.Passage
		vectors  []retrieval.Vector
		internal bool
	}
	var changes []change
	err := store.Knowledge(ctx, s.id, since, space, func(r retrieval.Record, vectors []byte) error {
		c := change{record: r.ID}
		// SECURITY: only what is knowledge of this site, and public or internal, gets
		// in. Anything else removes what was there under its id, if anything was.
		if r.Knowledge() && r.Site == s.id && (r.Visibility == retrieval.PublicKnowledge || r.Visibility == retrieval.InternalKnowledge) {
			c.passages = retrieval.Split(r)
			c.vectors = retrieval.OpenVectors(vectors, space, r, c.passages)
			c.internal = r.Visibility != retrieval.PublicKnowledge
		}
		changes = append(changes, c)
		return nil
	}, func(id string) error {
		changes = append(changes, change{record: id})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the knowledge: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if since == 0 {
		s.reset()
	}
	// The last word on a record counts, and all old passages go in one pass.
	last := make(map[string]int, len(changes))
	for i, c := range changes {
		last[c.record] = i
	}
	s.remove(last)
	for i, c := range changes {
		if last[c.record] == i {
			s.insert(c.record, c.passages, c.vectors, space.Dimension, c.internal)
		}
	}
	s.version, s.loaded = version, true
	return nil
}

func (s *site) reset() {
	s.passages, s.free, s.vectors, s.scales = nil, nil, nil, nil
	s.records = make(map[string][]uint32)
	s.postings = make(map[string]*postings)
	s.publicPassages, s.publicLength = 0, 0
}

// remove takes the passages of the records out of the index. It walks all
// postings once, however many records there are.
func (s *site) remove(records map[string]int) {
	gone := make(map[uint32]bool)
	for id := range records {
		for _, n := range s.records[id] {
			gone[n] = true
			if p := &s.passages[n]; !p.internal {
				s.publicPassages--
				s.publicLength -= p.length
			}
		}
		delete(s.records, id)
	}
	if len(gone) == 0 {
		return
	}
	for term, p := range s.postings {
		kept := p.list[:0]
		for _, e := range p.list {
			switch {
			case !gone[e.passage]:
				kept = append(kept, e)
			case !s.passages[e.passage].internal:
				p.public--
			}
		}
		if p.list = kept; len(kept) == 0 {
			delete(s.postings, term)
		}
	}
	for n := range gone {
		s.passages[n], s.scales[n] = passage{}, 0
		s.free = append(s.free, n)
	}
}

func (s *site) insert(record string, passages []retrieval.Passage, vectors []retrieval.Vector, dimension int, internal bool) {
	for i, p := range passages {
		var n uint32
		if last := len(s.free) - 1; last >= 0 {
			n, s.free = s.free[last], s.free[:last]
		} else {
			n = uint32(len(s.passages))
			s.passages = append(s.passages, passage{})
			s.vectors = append(s.vectors, make([]int8, dimension)...)
			s.scales = append(s.scales, 0)
		}
		if vectors != nil && !vectors[i].Zero() {
			copy(s.vectors[int(n)*dimension:], vectors[i].Values)
			s.scales[n] = vectors[i].Scale
		}
		s.passages[n] = passage{p.ID, record, p.Start, p.End, p.Length, internal}
		s.records[record] = append(s.records[record], n)
		if !internal {
			s.publicPassages++
			s.publicLength += p.Length
		}
		for t, f := range p.Terms {
			e := s.postings[t]
			if e == nil {
				e = &postings{}
				s.postings[t] = e
			}
			e.list = append(e.list, posting{n, uint32(f)})
			if !internal {
				e.public++
			}
		}
	}
}

// scores is a search's scratch: the sum of each passage's terms, the product of
// its vector with the question's, and which passages have a sum.
type scores struct {
	sum     []float64
	dots    []int32
	touched []uint32
	dense   bool
	scale   float64 // of the question's vector
}

// cosine is that of a passage.
func (s *site) cosine(k *scores, n int) float64 {
	if !k.dense {
		return 0
	}
	return float64(k.dots[n]) * float64(s.scales[n]) * k.scale
}

// scanRows is how many vectors are multiplied at a time.
const scanRows = 1024

// score scores the site's passages, and raises the peak to those that the scope's
// audience may see. Whoever gets the result gives it back to the scratch.
func (s *site) score(scope consent.Scope, terms []queryTerm, v retrieval.Vector, peak *retrieval.Peak) *scores {
	k, _ := s.scratch.Get().(*scores)
	if k == nil {
		k = &scores{}
	}
	for _, n := range k.touched {
		k.sum[n] = 0
	}
	k.touched = k.touched[:0]
	if len(k.sum) < len(s.passages) {
		k.sum = make([]float64, len(s.passages)+len(s.passages)/4)
		k.dots = make([]int32, len(k.sum))
	}
	internal := retrieval.Visible(scope, retrieval.InternalKnowledge)
	average := bm25.Average(s.publicLength, s.publicPassages)
	for _, t := range terms {
		list := s.postings[t.text]
		if list == nil {
			continue
		}
		for _, e := range list.list {
			p := &s.passages[e.passage]
			// SECURITY: the audience's filter is here, inside the scan: a passage that it
			// may not see gets no score, so it can neither take a place in the result
			// nor be told from one that does not exist.
			if p.internal && !internal {
				continue
			}
			if k.sum[e.passage] == 0 {
				k.touched = append(k.touched, e.passage)
			}
			k.sum[e.passage] += t.weight * bm25.Weight(int(e.frequency), p.length, average)
		}
	}
	for _, n := range k.touched {
		peak.Add(k.sum[n], 0)
	}
	if k.dense = !v.Zero(); !k.dense {
		return k
	}
	k.scale = float64(v.Scale)
	d := len(v.Values)
	for from := 0; from < len(s.passages); from += scanRows {
		to := min(from+scanRows, len(s.passages))
		vector.Scan(k.dots[from:to], v.Values, s.vectors[from*d:to*d])
		for n := from; n < to; n++ {
			// SECURITY: as above. Multiplying is the same for every passage and tells
			// nothing; what the audience may not see is forgotten here.
			if p := &s.passages[n]; p.internal && !internal {
				k.dots[n] = 0
			} else {
				peak.Add(0, s.cosine(k, n))
			}
		}
	}
	return k
}

// fusion makes one score of two.
type fusion func(lexical, cosine float64) float64

// collect adds the site's matches to best. Only passages that the audience may
// see have a score.
func (s *site) collect(k *scores, fuse fusion, best *top) {
	add := func(n int) {
		lexical, cosine := k.sum[n], s.cosine(k, n)
		score := fuse(lexical, cosine)
		if score <= 0 || !best.wants(score) {
			return
		}
		p := &s.passages[n]
		best.add(candidate{Match: retrieval.Match{
			RecordID: p.record, PassageID: p.id, Start: p.start, End: p.end, Category: consent.Knowledge,
			Score: score, Lexical: lexical, Cosine: cosine,
		}})
	}
	if k.dense {
		for n := range s.passages {
			add(n)
		}
		return
	}
	for _, n := range k.touched {
		add(int(n))
	}
}
