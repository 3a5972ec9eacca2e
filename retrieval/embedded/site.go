package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/bm25"
)

// site is the knowledge of one site, a part for each audience.
type site struct {
	id    identity.SiteID
	space retrieval.Space

	saving  sync.Mutex    // held by the one who writes the file; before refresh
	refresh sync.Mutex    // held by the one who reads changes; guards what follows
	version int64         // of the store, that the index is at
	loaded  bool          //
	dirty   bool          // there is something that is not in the file
	timer   *time.Timer   // until that is written
	took    time.Duration // to make the last file

	mu sync.RWMutex // guards what follows
	// SECURITY: internal articles are a part of their own. A search for the public
	// does not look into it, so they can neither take a place in a result, nor move a
	// score, nor take time.
	public, internal *part
	articles         map[string]article
	average          float64 // length of public passages, see bm25.Average

	scratch sync.Pool // of *scores
}

// article is where a record's passages are, and what they were made from.
type article struct {
	internal bool
	places   []uint32
	text     [8]byte // see textOf
	at       int64   // of the store, in microseconds
}

func newSite(id identity.SiteID, space retrieval.Space) *site {
	s := &site{id: id, space: space}
	s.reset()
	return s
}

// reset empties the index.
func (s *site) reset() {
	s.public, s.internal = newPart(s.space.Dimension), newPart(s.space.Dimension)
	s.articles = make(map[string]article)
	s.average = bm25.PersonalLength
}

// part is the one of an audience.
func (s *site) part(internal bool) *part {
	if internal {
		return s.internal
	}
	return s.public
}

// visible are the parts that the scope's audience may see.
func (s *site) visible(scope consent.Scope) []*part {
	if retrieval.Visible(scope, retrieval.InternalKnowledge) {
		return []*part{s.public, s.internal}
	}
	return []*part{s.public}
}

// textOf tells whether the passages of an article are still those of a record.
func textOf(r retrieval.Record) [8]byte {
	h := sha256.New()
	add := func(text string) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(text)))
		h.Write(n[:])
		h.Write([]byte(text))
	}
	add(r.Title)
	add(r.Text)
	add(r.Language)
	for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
		add(k)
		add(r.Fields[k])
	}
	return [8]byte(h.Sum(nil)[:8])
}

// change is what became of an article.
type change struct {
	record   retrieval.Record
	sealed   []byte // its vectors, as the store keeps them
	kept     bool   // it is knowledge, of an audience
	passages []retrieval.Passage
	vectors  []retrieval.Vector
	text     [8]byte
}

// cut fills in what is indexed.
func (c *change) cut(space retrieval.Space) {
	c.passages = retrieval.Split(c.record)
	c.vectors = retrieval.OpenVectors(c.sealed, space, c.record, c.passages)
	c.text = textOf(c.record)
	c.record.Text, c.record.Fields, c.sealed = "", nil, nil
}

// update reads what changed since the version that the index is at. Version was
// read before, so that what changes meanwhile is read again next time.
func (s *site) update(ctx context.Context, store retrieval.Store, version int64) error {
	since := s.version
	if !s.loaded {
		since = 0
	}
	// The last word on an article counts.
	changes := make(map[string]*change)
	err := store.Knowledge(ctx, s.id, since, s.space, func(r retrieval.Record, vectors []byte) error {
		// SECURITY: only what is knowledge of this site, and public or internal, gets
		// in. Anything else removes what was there under its id, if anything was.
		kept := r.Knowledge() && r.Site == s.id && (r.Visibility == retrieval.PublicKnowledge || r.Visibility == retrieval.InternalKnowledge)
		changes[r.ID] = &change{record: r, sealed: vectors, kept: kept}
		return nil
	}, func(id string) error {
		changes[id] = &change{}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the knowledge: %w", err)
	}
	each(slices.Collect(maps.Values(changes)), func(c *change) {
		if c.kept {
			c.cut(s.space)
		}
	})

	s.mu.Lock()
	defer s.mu.Unlock()
	if since == 0 {
		s.reset()
	}
	s.apply(changes)
	s.version, s.loaded = version, true
	s.dirty = s.dirty || len(changes) > 0
	return nil
}

// each calls f for all, side by side.
func each[T any](all []T, f func(T)) {
	workers := min(runtime.GOMAXPROCS(0), len(all))
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < len(all); i += workers {
				f(all[i])
			}
		})
	}
	group.Wait()
}

// apply puts changes into the index.
func (s *site) apply(changes map[string]*change) {
	var gone [2][]uint32 // places in the public and in the internal part
	fresh := make([]string, 0, len(changes))
	for id, c := range changes {
		old, known := s.articles[id]
		internal := c.record.Visibility == retrieval.InternalKnowledge
		if known && c.kept && old.text == c.text && old.internal == internal {
			s.part(internal).mean(old.places, c.vectors) // that is all that can have changed
			old.at = c.record.CollectedAt.UnixMicro()
			s.articles[id] = old
			continue
		}
		if known {
			i := 0
			if old.internal {
				i = 1
			}
			gone[i] = append(gone[i], old.places...)
			delete(s.articles, id)
		}
		if c.kept {
			fresh = append(fresh, id)
		}
	}
	s.public.remove(gone[0])
	s.internal.remove(gone[1])
	slices.Sort(fresh)
	for _, id := range fresh {
		c := changes[id]
		internal := c.record.Visibility == retrieval.InternalKnowledge
		s.articles[id] = article{internal, s.part(internal).insert(id, c.passages, c.vectors), c.text, c.record.CollectedAt.UnixMicro()}
	}
	if len(fresh) > 0 || len(gone[0]) > 0 {
		s.weigh()
	}
}

// weigh makes the norms that weights are made with.
func (s *site) weigh() {
	s.average = bm25.Average(s.public.terms, s.public.count)
	s.public.weigh(s.average)
	s.internal.weigh(s.average)
}
