package qdrant

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/bm25"
)

// own is what a scope may search of its customer's.
type own struct {
	tenant     string
	version    int64
	categories []consent.Category
	count      int // of passages in them; known once heads were read
}

// own returns what the scope may search of its customer's; nil: nothing.
func (x *Index) own(ctx context.Context, scope consent.Scope) (*own, error) {
	// SECURITY: without a customer or a searchable category nothing of anybody's is
	// asked for. An empty value in a filter never means "any".
	categories := slices.DeleteFunc(slices.Clone(scope.Searchable()), func(c consent.Category) bool { return c == "" || c == consent.Knowledge })
	if scope.Customer() == "" || scope.Site() == "" || len(categories) == 0 {
		return nil, nil
	}
	version, err := x.store.PassagesVersion(ctx, scope)
	if err != nil {
		return nil, fmt.Errorf("version of the customer's passages: %w", err)
	}
	return &own{tenant: x.store.Tenant(scope.Site(), scope.Customer()), version: version, categories: categories}, nil
}

// A head is a point that says that all passages of a customer in a category are there
// at a version. It is written last.

func (x *Index) headID(tenant string, c consent.Category, version int64) pointID {
	return x.keys.id("head", tenant, string(c), strconv.FormatInt(version, 10))
}

func (o *own) heads(x *Index) []pointID {
	ids := make([]pointID, len(o.categories))
	for i, c := range o.categories {
		ids[i] = x.headID(o.tenant, c, o.version)
	}
	return ids
}

// payload is what a point tells of itself.
type payload interface {
	GetId() *api.PointId
	GetPayload() map[string]*api.Value
}

// missing returns the categories without a head among the points, and counts the
// passages of the others.
func missing[P payload](x *Index, o *own, points []P) (out []consent.Category) {
	o.count = 0
	heads := o.heads(x)
	for i, c := range o.categories {
		at := slices.IndexFunc(points, func(p P) bool { id, ok := readID(p.GetId()); return ok && id == heads[i] })
		if at < 0 {
			out = append(out, c)
			continue
		}
		fields := points[at].GetPayload()
		o.count += int(fields["count"].GetIntegerValue())
		if fields["complete"].GetBoolValue() {
			x.remember(o.tenant, c, o.version)
		}
	}
	return out
}

const (
	// writeTime is how long writing a customer's passages may take, a search waits for it.
	writeTime = 20 * time.Second
	// lateness is for how long after it began a write is reckoned with: one that was
	// given up here may still be carried out there.
	lateness = time.Minute
)

// turn makes those wait who would write the same.
type turn struct {
	sync.Mutex
	waiting int
}

// inTurn runs f while nobody else here writes about the tenant.
func (x *Index) inTurn(tenant string, f func() error) error {
	x.mu.Lock()
	t := x.busy[tenant]
	if t == nil {
		t = &turn{}
		x.busy[tenant] = t
	}
	t.waiting++
	x.mu.Unlock()
	t.Lock()
	defer func() {
		t.Unlock()
		x.mu.Lock()
		if t.waiting--; t.waiting == 0 {
			delete(x.busy, tenant)
		}
		x.mu.Unlock()
	}()
	return f()
}

// write brings what the server has of a customer up to date, in the categories of the
// scope that have no head.
func (x *Index) write(ctx context.Context, scope consent.Scope, o *own) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	return x.inTurn(o.tenant, func() error {
		version, err := x.store.PassagesVersion(ctx, scope)
		if err != nil {
			return fmt.Errorf("version of the customer's passages: %w", err)
		}
		now := &own{tenant: o.tenant, version: version, categories: o.categories}
		heads, err := x.get(ctx, now.heads(x)...)
		if err != nil {
			return err
		}
		lacking := missing(x, now, heads)
		if len(lacking) == 0 {
			return nil // another question has seen to it
		}
		// SECURITY: what may lie outside is on record before anything does, and under
		// a scope that holds: whoever deletes a passage from here on, or ends a grant,
		// finds that there is something to remove.
		if now.version, err = x.store.EnterOutside(ctx, scope, lacking, lateness); err != nil {
			return err
		}
		if err := x.put(ctx, scope, now, lacking); err != nil {
			return err // what was written is found by nobody, and goes with the next write or the grant
		}
		return x.store.LeaveOutside(ctx, scope, lacking)
	})
}

// put writes the passages of categories, and then their heads, and removes what is of
// earlier versions.
func (x *Index) put(ctx context.Context, scope consent.Scope, o *own, categories []consent.Category) error {
	stored, err := x.store.Passages(ctx, scope)
	if err != nil {
		return fmt.Errorf("read the customer's passages: %w", err)
	}
	type held struct {
		count    int
		complete bool
	}
	heads := make(map[consent.Category]*held, len(categories))
	for _, c := range categories {
		heads[c] = &held{complete: true}
	}
	index := x.keys.words(o.tenant)
	points := make([]*api.PointStruct, 0, len(stored))
	for _, s := range stored {
		// SECURITY: the store filters by category already; a passage that it should not
		// have returned is not sent anywhere.
		h := heads[s.Category]
		if h == nil {
			continue
		}
		p, err := x.ownPoint(o, index, s)
		if err != nil {
			return err
		}
		points = append(points, p)
		h.count++
		h.complete = h.complete && s.Space == x.space
	}
	if err := x.upsert(ctx, points); err != nil {
		return err
	}
	done := make([]*api.PointStruct, 0, len(categories))
	for _, c := range categories {
		done = append(done, &api.PointStruct{
			Id: x.headID(o.tenant, c, o.version).wire(), Vectors: api.NewVectorsMap(map[string]*api.Vector{}),
			Payload: map[string]*api.Value{
				fieldTenant: api.NewValueString(o.tenant), fieldKind: api.NewValueString(kindHead), fieldCategory: api.NewValueString(string(c)),
				fieldVersion: api.NewValueInt(o.version),
				"count":      api.NewValueInt(int64(heads[c].count)), "complete": api.NewValueBool(heads[c].complete),
			},
		})
	}
	if err := x.upsert(ctx, done); err != nil {
		return err
	}
	return x.remove(ctx, earlierFilter(o.tenant, o.version, categories...))
}

func (x *Index) ownPoint(o *own, index func(string) uint32, s retrieval.Stored) (*api.PointStruct, error) {
	n, err := ordinal(s.Passage)
	if err != nil {
		return nil, err
	}
	words := weigh(index, s.Terms, func(f int) float64 { return bm25.Weight(f, s.Length, bm25.PersonalLength) })
	v := retrieval.Vector{}
	if s.Space == x.space && len(s.Vector.Values) == x.space.Dimension {
		v = s.Vector
	}
	return &api.PointStruct{
		// A version has points of its own: a late write cannot replace a newer one.
		Id:      x.keys.id("own", o.tenant, s.ID, strconv.FormatInt(o.version, 10)).wire(),
		Vectors: vectors(words, v),
		Payload: map[string]*api.Value{
			fieldTenant: api.NewValueString(o.tenant), fieldKind: api.NewValueString(kindOwn), fieldCategory: api.NewValueString(string(s.Category)),
			fieldVersion: api.NewValueInt(o.version), fieldAt: api.NewValueInt(s.CollectedAt.UnixMicro()),
			"record": api.NewValueString(x.keys.record(o.tenant, s.Record)), "ordinal": api.NewValueInt(int64(n)),
			"start": api.NewValueInt(int64(s.Start)), "end": api.NewValueInt(int64(s.End)),
		},
	}, nil
}
