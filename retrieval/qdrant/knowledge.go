package qdrant

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"

	api "github.com/qdrant/go-client/qdrant"

	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/bm25"
)

// site is what this process knows of a site's company knowledge: the statistics that
// weights are made with, and which points the server should have. The texts, terms and
// vectors are not kept.
type site struct {
	id     identity.SiteID
	tenant string

	mu       sync.RWMutex // held for reading by a search from its first request to its last
	loaded   bool
	version  int64 // of the store, that this is at
	articles map[string]*article
	points   map[pointID]place // what the server should have
	sum      pointID           // of all their ids, in whatever order

	// What the server is not known to have, and what it has too much; unknown: it must
	// be asked. What is missing was changed after version since.
	missing, extra map[pointID]struct{}
	unknown        bool
	since          int64

	// Of public passages, from which alone statistics come.
	terms   map[string]uint32 // number of a term
	in      []int             // how many passages have it
	count   int               // of passages
	length  int               // all their lengths
	average float64           // see bm25.Average
}

type article struct {
	id       string
	internal bool
	passages []known
}

// known is what is kept of a passage.
type known struct {
	content    [16]byte // of all that its point is made from, but for the average
	start, end uint32
	length     int
	terms      []uint32 // of public ones
}

type place struct {
	article *article
	ordinal int
}

// site returns the site of an id. It knows nothing before it is brought up to date.
func (x *Index) site(id identity.SiteID) *site {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.sites[id]
	if s == nil {
		s = &site{
			id: id, tenant: x.keys.knowledge(id), unknown: true, average: bm25.PersonalLength,
			articles: make(map[string]*article), points: make(map[pointID]place), terms: make(map[string]uint32),
			missing: make(map[pointID]struct{}), extra: make(map[pointID]struct{}),
		}
		x.sites[id] = s
	}
	return s
}

// current returns the site, held for reading, at the store's current version, with the
// server up to date. Where there is suspicion the server is asked what it has.
func (x *Index) current(ctx context.Context, id identity.SiteID, suspicious bool) (*site, error) {
	s := x.site(id)
	version, err := x.store.KnowledgeVersion(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("version of the knowledge: %w", err)
	}
	s.mu.RLock()
	if s.upToDate(version) && !suspicious {
		return s, nil
	}
	s.mu.RUnlock()
	s.mu.Lock()
	err = x.update(ctx, s, suspicious)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	return s, nil
}

func (s *site) upToDate(version int64) bool {
	return s.loaded && s.version >= version && !s.unknown && len(s.missing) == 0 && len(s.extra) == 0
}

// syncs is how often the server is brought up to date anew because something changed
// meanwhile: an article, or what another replica writes.
const syncs = 12

// update reads what has changed, and brings the server up to date.
func (x *Index) update(ctx context.Context, s *site, suspicious bool) error {
	before := s.version
	for n := range syncs {
		if err := pause(ctx, n); err != nil {
			return err
		}
		if err := x.refresh(ctx, s); err != nil {
			return err
		}
		// SECURITY: a suspicion is met by asking the server, unless what was read now
		// may explain it.
		if suspicious && s.version == before {
			s.unknown = true
		}
		suspicious = false
		done, err := x.sync(ctx, s)
		if done || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the knowledge of the site changes faster than it can be written", retrieval.ErrUnavailable)
}

// change is what became of an article.
type change struct {
	record   retrieval.Record
	sealed   []byte
	passages []retrieval.Passage
	vectors  []retrieval.Vector
}

// cutBatch is how many articles are cut at a time, by all processors.
const cutBatch = 512

// changes calls f with the articles that were changed after a version, cut, and gone
// with the ids of those that were removed or are nobody's.
func (x *Index) changes(ctx context.Context, s *site, since int64, f func(*change) error, gone func(id string)) error {
	var batch []*change
	flush := func() error {
		var group sync.WaitGroup
		workers := min(runtime.GOMAXPROCS(0), len(batch))
		for w := range workers {
			group.Go(func() {
				for i := w; i < len(batch); i += workers {
					c := batch[i]
					c.passages = retrieval.Split(c.record)
					if x.space.Dimension > 0 {
						c.vectors = retrieval.OpenVectors(c.sealed, x.space, c.record, c.passages)
					}
				}
			})
		}
		group.Wait()
		for _, c := range batch {
			if err := f(c); err != nil {
				return err
			}
		}
		batch = batch[:0]
		return nil
	}
	err := x.store.Knowledge(ctx, s.id, since, x.space, func(r retrieval.Record, sealed []byte) error {
		// SECURITY: what is not knowledge of an audience is nobody's, whatever the store
		// returned.
		if !r.Knowledge() || r.Site != s.id || r.Visibility != retrieval.PublicKnowledge && r.Visibility != retrieval.InternalKnowledge {
			gone(r.ID)
			return nil
		}
		if batch = append(batch, &change{record: r, sealed: sealed}); len(batch) < cutBatch {
			return nil
		}
		return flush()
	}, func(id string) error { gone(id); return nil })
	if err != nil {
		return err
	}
	return flush()
}

// refresh reads what has changed since the version that this is at.
func (x *Index) refresh(ctx context.Context, s *site) error {
	version, err := x.store.KnowledgeVersion(ctx, s.id)
	if err != nil {
		return fmt.Errorf("version of the knowledge: %w", err)
	}
	if s.loaded && s.version >= version {
		return nil
	}
	changed := make(map[string]*article)
	terms := make(map[string][]map[string]int) // of public passages
	err = x.changes(ctx, s, s.version, func(c *change) error {
		a := &article{id: c.record.ID, internal: c.record.Visibility == retrieval.InternalKnowledge}
		for i, p := range c.passages {
			a.passages = append(a.passages, known{
				content: contentOf(a.internal, p, c.vector(i), x.space.Dimension),
				start:   uint32(p.Start), end: uint32(p.End), length: p.Length, //nolint:gosec // a record is shorter
			})
			if !a.internal {
				terms[a.id] = append(terms[a.id], p.Terms)
			}
		}
		changed[a.id] = a
		return nil
	}, func(id string) { changed[id] = nil })
	if err != nil {
		return fmt.Errorf("read the knowledge: %w", err)
	}
	// Nothing was assumed until everything is read: a failure leaves what was known.
	if len(s.missing) == 0 {
		s.since = s.version
	}
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		s.take(x, changed[id], id, terms[id])
	}
	s.version, s.loaded = version, true
	if average := bm25.Average(s.length, s.count); average != s.average {
		// Every weight is another now.
		for _, a := range s.articles {
			s.drop(x, a)
		}
		s.average, s.since = average, 0
		for _, a := range s.articles {
			s.add(x, a)
		}
	}
	return nil
}

// vector is that of a passage, the zero Vector if it has none.
func (c *change) vector(i int) retrieval.Vector {
	if c.vectors == nil {
		return retrieval.Vector{}
	}
	return c.vectors[i]
}

// take puts an article in the place of what had its id; nil: it is gone.
func (s *site) take(x *Index, a *article, id string, terms []map[string]int) {
	if old := s.articles[id]; old != nil {
		s.drop(x, old)
		s.weigh(old, -1)
		delete(s.articles, id)
	}
	if a == nil {
		return
	}
	for i := range a.passages {
		if a.internal {
			continue
		}
		a.passages[i].terms = make([]uint32, 0, len(terms[i]))
		for t := range terms[i] {
			n, ok := s.terms[t]
			if !ok {
				n = uint32(len(s.in)) //nolint:gosec // there are fewer terms
				s.terms[t] = n
				s.in = append(s.in, 0)
			}
			a.passages[i].terms = append(a.passages[i].terms, n)
		}
	}
	s.weigh(a, 1)
	s.articles[id] = a
	s.add(x, a)
}

// weigh adds an article to the statistics, or takes it out.
func (s *site) weigh(a *article, sign int) {
	// SECURITY: of internal articles nothing moves the scores that the public sees.
	if a.internal {
		return
	}
	for _, p := range a.passages {
		s.count += sign
		s.length += sign * p.length
		for _, t := range p.terms {
			s.in[t] += sign
		}
	}
}

// frequency is in how many public passages a term is.
func (s *site) frequency(term string) int {
	n, ok := s.terms[term]
	if !ok {
		return 0
	}
	return s.in[n]
}

// pointID is the one of a passage. Another content is another point, so that a replica
// that is behind cannot replace what is newer.
func (s *site) pointID(x *Index, a *article, ordinal int) pointID {
	return x.keys.id("passage", s.tenant, a.id, strconv.Itoa(ordinal), string(a.passages[ordinal].content[:]),
		strconv.FormatUint(math.Float64bits(s.average), 16))
}

func (s *site) add(x *Index, a *article) {
	for i := range a.passages {
		id := s.pointID(x, a, i)
		s.points[id] = place{a, i}
		s.toggle(id)
		if _, ok := s.extra[id]; ok {
			delete(s.extra, id)
		} else {
			s.missing[id] = struct{}{}
		}
	}
}

func (s *site) drop(x *Index, a *article) {
	for i := range a.passages {
		id := s.pointID(x, a, i)
		delete(s.points, id)
		s.toggle(id)
		if _, ok := s.missing[id]; ok {
			delete(s.missing, id)
		} else {
			s.extra[id] = struct{}{}
		}
	}
}

// contentOf tells whether a point is still that of a passage.
func contentOf(internal bool, p retrieval.Passage, v retrieval.Vector, dimension int) (out [16]byte) {
	b := make([]byte, 0, 64+24*len(p.Terms)+dimension)
	if internal {
		b = append(b, 1)
	}
	for _, n := range []int{p.Start, p.End, p.Length, len(p.Terms)} {
		b = binary.AppendUvarint(b, uint64(n)) //nolint:gosec // none is below 0
	}
	for _, t := range slices.Sorted(maps.Keys(p.Terms)) {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
		b = binary.AppendUvarint(b, uint64(p.Terms[t])) //nolint:gosec // as above
	}
	if !v.Zero() {
		b = v.Append(b, dimension)
	}
	sum := sha256.Sum256(b)
	copy(out[:], sum[:])
	return out
}

func (s *site) toggle(id pointID) {
	for i := range s.sum {
		s.sum[i] ^= id[i]
	}
}

// digest is of all points that the server should have.
func (s *site) digest() string {
	return hex.EncodeToString(s.sum[:]) + "/" + strconv.Itoa(len(s.points))
}

func (x *Index) siteHead(s *site) pointID { return x.keys.id("site", s.tenant) }

// same reports whether the point that says what the server has of the site says that it
// is all that it should have.
func same[P payload](x *Index, s *site, points []P) bool {
	head := x.siteHead(s)
	return slices.ContainsFunc(points, func(p P) bool {
		id, ok := readID(p.GetId())
		return ok && id == head && p.GetPayload()["digest"].GetStringValue() == s.digest()
	})
}

// sync brings the server up to date. It is not done where something changed meanwhile.
//
// One replica at a time writes, with the newest of what it read: so none removes what
// another has just written. It takes away first what says that all is there, so that a
// search which the writing overlaps notices (search.check).
func (x *Index) sync(ctx context.Context, s *site) (done bool, err error) {
	if s.upToDate(s.version) {
		return true, nil
	}
	err = x.store.Alone(ctx, "index/"+s.tenant[:16], func(ctx context.Context) error {
		if err := x.refresh(ctx, s); err != nil {
			return err
		}
		done, err = x.syncAlone(ctx, s)
		return err
	})
	return done && err == nil, err
}

func (x *Index) syncAlone(ctx context.Context, s *site) (done bool, err error) {
	head, err := x.get(ctx, x.siteHead(s))
	if err != nil {
		return false, err
	}
	if same(x, s, head) { // another replica, or this one before it was started again
		if whole, err := x.whole(ctx, s); whole || err != nil {
			s.there(whole)
			return whole, err
		}
		s.unknown = true
	}
	if s.unknown {
		if err := x.scan(ctx, s); err != nil {
			return false, err
		}
	}
	wrote, removed := len(s.missing), len(s.extra)
	if err := x.removeIDs(ctx, []pointID{x.siteHead(s)}); err != nil {
		return false, err
	}
	if err := x.fill(ctx, s); err != nil {
		return false, err
	}
	if err := x.removeIDs(ctx, slices.Collect(maps.Keys(s.extra))); err != nil {
		return false, err
	}
	clear(s.extra)
	if len(s.missing) > 0 {
		return false, nil // they changed once more
	}
	whole, err := x.whole(ctx, s)
	if err != nil || !whole {
		s.unknown = true
		return false, err
	}
	err = x.upsert(ctx, []*api.PointStruct{{
		Id: x.siteHead(s).wire(), Vectors: api.NewVectorsMap(map[string]*api.Vector{}),
		Payload: map[string]*api.Value{
			fieldTenant: api.NewValueString(s.tenant), fieldKind: api.NewValueString(kindHead), "digest": api.NewValueString(s.digest()),
		},
	}})
	if err != nil {
		return false, err
	}
	s.there(true)
	if wrote+removed >= cutBatch {
		x.log.Info("the knowledge of a site was written to Qdrant", "site", s.id, "written", wrote, "removed", removed, "passages", len(s.points))
	}
	return true, nil
}

// there notes that the server has what it should have.
func (s *site) there(whole bool) {
	if whole {
		// Anew, as an emptied map keeps its memory.
		s.missing, s.extra, s.unknown = make(map[pointID]struct{}), make(map[pointID]struct{}), false
	}
}

// whole reports whether the server has as many passages of the site as it should.
func (x *Index) whole(ctx context.Context, s *site) (bool, error) {
	n, err := x.count(ctx, ofTenant(s.tenant, kindPublic, kindInternal))
	return n == len(s.points), err
}

// scan asks the server which passages of the site it has.
func (x *Index) scan(ctx context.Context, s *site) error {
	missing, extra := make(map[pointID]struct{}, len(s.points)), make(map[pointID]struct{})
	for id := range s.points {
		missing[id] = struct{}{}
	}
	err := x.each(ctx, ofTenant(s.tenant, kindPublic, kindInternal), func(id pointID) {
		if _, ok := s.points[id]; ok {
			delete(missing, id)
		} else {
			extra[id] = struct{}{}
		}
	})
	if err != nil {
		return err
	}
	s.missing, s.extra, s.unknown, s.since = missing, extra, false, 0
	return nil
}

// fill writes what is missing, reading the articles once more: what is written is not
// kept in memory.
func (x *Index) fill(ctx context.Context, s *site) error {
	if len(s.missing) == 0 {
		return nil
	}
	index := x.keys.words(s.tenant)
	var batch []*api.PointStruct
	var ids []pointID
	flush := func() error {
		if err := x.upsert(ctx, batch); err != nil {
			return err
		}
		for _, id := range ids {
			delete(s.missing, id)
		}
		batch, ids = batch[:0], ids[:0]
		return nil
	}
	err := x.changes(ctx, s, s.since, func(c *change) error {
		a := s.articles[c.record.ID]
		internal := c.record.Visibility == retrieval.InternalKnowledge
		if a == nil || a.internal != internal || len(a.passages) != len(c.passages) {
			return nil // it changed meanwhile
		}
		for i, p := range c.passages {
			v := c.vector(i)
			if a.passages[i].content != contentOf(internal, p, v, x.space.Dimension) {
				continue
			}
			id := s.pointID(x, a, i)
			if _, ok := s.missing[id]; !ok {
				continue
			}
			kind := kindPublic
			if internal {
				kind = kindInternal
			}
			batch = append(batch, &api.PointStruct{
				Id:      id.wire(),
				Vectors: vectors(weigh(index, p.Terms, func(f int) float64 { return bm25.Weight(f, p.Length, s.average) }), v),
				Payload: map[string]*api.Value{fieldTenant: api.NewValueString(s.tenant), fieldKind: api.NewValueString(kind)},
			})
			ids = append(ids, id)
		}
		if len(batch) < upsertBatch {
			return nil
		}
		return flush()
	}, func(string) {})
	if err != nil {
		return fmt.Errorf("write the knowledge: %w", err)
	}
	return flush()
}
