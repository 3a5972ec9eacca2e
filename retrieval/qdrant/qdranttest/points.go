package qdranttest

import (
	"cmp"
	"context"
	"encoding/hex"
	"maps"
	"math"
	"slices"
	"strings"

	api "github.com/qdrant/go-client/qdrant"
)

// maxUpsert bounds what is written with one request.
const maxUpsert = 1000

func uuid(id *api.PointId) (string, error) {
	s := id.GetUuid()
	if b, err := hex.DecodeString(strings.ReplaceAll(s, "-", "")); err != nil || len(b) != 16 || len(s) != 36 {
		return "", bad("Unable to parse UUID: %s", s)
	}
	return s, nil
}

func finite(values []float32) bool {
	return !slices.ContainsFunc(values, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) })
}

func (c *collection) checkDense(name string, data []float32) error {
	p := c.denseParams(name)
	switch {
	case p == nil:
		return bad("Wrong input: Not existing vector name error: %s", name)
	case uint64(len(data)) != p.GetSize():
		return bad("Wrong input: Vector dimension error: expected dim: %d, got %d", p.GetSize(), len(data))
	case !finite(data):
		return bad("the vector %s has what is no number", name)
	}
	return nil
}

func (c *collection) checkSparse(name string, v *api.SparseVector) error {
	indices := slices.Sorted(slices.Values(v.GetIndices()))
	switch {
	case !c.hasSparse(name):
		return bad("Wrong input: Not existing vector name error: %s", name)
	case len(indices) == 0 || len(indices) != len(v.GetValues()):
		return bad("indices and values of the sparse vector %s are none, or not as many", name)
	case len(slices.Compact(indices)) != len(v.GetIndices()):
		return bad("Validation error: indices of the sparse vector %s must be unique", name)
	case !finite(v.GetValues()):
		return bad("the vector %s has what is no number", name)
	}
	return nil
}

func (x pointsServer) Upsert(_ context.Context, in *api.UpsertPoints) (*api.PointsOperationResponse, error) {
	c, err := x.s.collection(in.GetCollectionName())
	if err != nil {
		return nil, err
	}
	if !in.GetWait() {
		return nil, bad("a write that is not waited for")
	}
	if n := len(in.GetPoints()); n == 0 || n > maxUpsert {
		return nil, bad("%d points in a write", n)
	}
	var points []*point
	for _, p := range in.GetPoints() {
		id, err := uuid(p.GetId())
		if err != nil {
			return nil, err
		}
		made := &point{id: id, payload: p.GetPayload(), dense: map[string][]float32{}, indices: map[string][]uint32{}, values: map[string][]float32{}}
		for field := range c.schema {
			if v, ok := made.payload[field]; ok && v.GetStringValue() == "" && c.schema[field].GetDataType() == api.PayloadSchemaType_Keyword {
				return nil, bad("the point has an empty %s", field)
			}
		}
		for name, v := range p.GetVectors().GetVectors().GetVectors() {
			switch v := v.GetVector().(type) {
			case *api.Vector_Dense:
				if err := c.checkDense(name, v.Dense.GetData()); err != nil {
					return nil, err
				}
				made.dense[name] = v.Dense.GetData()
			case *api.Vector_Sparse:
				if err := c.checkSparse(name, v.Sparse); err != nil {
					return nil, err
				}
				made.indices[name], made.values[name] = v.Sparse.GetIndices(), v.Sparse.GetValues()
			default:
				return nil, bad("the vector %s is neither dense nor sparse", name)
			}
		}
		points = append(points, made)
	}
	for _, p := range points {
		c.points[p.id] = p
	}
	return done(), nil
}

func (x pointsServer) Delete(_ context.Context, in *api.DeletePoints) (*api.PointsOperationResponse, error) {
	c, err := x.s.collection(in.GetCollectionName())
	if err != nil {
		return nil, err
	}
	if !in.GetWait() {
		return nil, bad("a removal that is not waited for")
	}
	switch selector := in.GetPoints().GetPointsSelectorOneOf().(type) {
	case *api.PointsSelector_Points:
		for _, id := range selector.Points.GetIds() {
			name, err := uuid(id)
			if err != nil {
				return nil, err
			}
			delete(c.points, name)
		}
	case *api.PointsSelector_Filter:
		// Qdrant would remove everything.
		if len(selector.Filter.GetMust()) == 0 {
			return nil, bad("a removal by a filter without conditions")
		}
		selected, err := c.selected(selector.Filter)
		if err != nil {
			return nil, err
		}
		for _, p := range selected {
			delete(c.points, p.id)
		}
	default:
		return nil, bad("a removal that selects nothing")
	}
	return done(), nil
}

func (x pointsServer) Get(_ context.Context, in *api.GetPoints) (*api.GetResponse, error) {
	c, err := x.s.collection(in.GetCollectionName())
	if err != nil {
		return nil, err
	}
	out := &api.GetResponse{}
	for _, id := range in.GetIds() {
		name, err := uuid(id)
		if err != nil {
			return nil, err
		}
		if p := c.points[name]; p != nil {
			out.Result = append(out.Result, &api.RetrievedPoint{Id: id, Payload: p.show(in.GetWithPayload())})
		}
	}
	return out, nil
}

func (p *point) show(with *api.WithPayloadSelector) map[string]*api.Value {
	if !with.GetEnable() {
		return nil
	}
	return maps.Clone(p.payload)
}

func (x pointsServer) Count(_ context.Context, in *api.CountPoints) (*api.CountResponse, error) {
	c, err := x.s.collection(in.GetCollectionName())
	if err != nil {
		return nil, err
	}
	if !in.GetExact() || in.GetFilter() == nil {
		return nil, bad("a count that is not exact, or without a filter")
	}
	selected, err := c.selected(in.GetFilter())
	if err != nil {
		return nil, err
	}
	return &api.CountResponse{Result: &api.CountResult{Count: uint64(len(selected))}}, nil
}

func (x pointsServer) Scroll(_ context.Context, in *api.ScrollPoints) (*api.ScrollResponse, error) {
	c, err := x.s.collection(in.GetCollectionName())
	if err != nil {
		return nil, err
	}
	if in.GetFilter() == nil || in.GetLimit() == 0 {
		return nil, bad("a list without a filter or a limit")
	}
	selected, err := c.selected(in.GetFilter())
	if err != nil {
		return nil, err
	}
	out := &api.ScrollResponse{}
	for _, p := range selected {
		switch {
		case p.id < in.GetOffset().GetUuid():
		case len(out.GetResult()) == int(in.GetLimit()):
			out.NextPageOffset = api.NewIDUUID(p.id)
			return out, nil
		default:
			out.Result = append(out.Result, &api.RetrievedPoint{Id: api.NewIDUUID(p.id), Payload: p.show(in.GetWithPayload())})
		}
	}
	return out, nil
}

// selected returns what a filter selects, by id.
func (c *collection) selected(f *api.Filter) ([]*point, error) {
	var out []*point
	for _, condition := range f.GetMust() {
		if err := c.checkCondition(condition); err != nil {
			return nil, err
		}
	}
	for _, p := range c.points {
		if !slices.ContainsFunc(f.GetMust(), func(condition *api.Condition) bool { return !p.meets(condition) }) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *point) int { return cmp.Compare(a.id, b.id) })
	return out, nil
}

func (c *collection) checkCondition(condition *api.Condition) error {
	if h := condition.GetHasId(); h != nil {
		if len(h.GetHasId()) == 0 {
			return bad("a condition on no id")
		}
		for _, id := range h.GetHasId() {
			if _, err := uuid(id); err != nil {
				return err
			}
		}
		return nil
	}
	f := condition.GetField()
	if f.GetKey() == "" || (f.GetMatch() == nil) == (f.GetRange() == nil) {
		return bad("a condition on no field, or not of one kind")
	}
	index := c.schema[f.GetKey()]
	if index == nil {
		return bad("Index required but not found for %q", f.GetKey())
	}
	integer := index.GetParams().GetIntegerIndexParams()
	if r := f.GetRange(); r != nil {
		if index.GetDataType() != api.PayloadSchemaType_Integer || !integer.GetRange() || r.Lt == nil && r.Gte == nil {
			return bad("a range of %q, which is not indexed for that, or without a bound", f.GetKey())
		}
		return nil
	}
	switch m := f.GetMatch().GetMatchValue().(type) {
	case *api.Match_Keyword:
		return keywords(index, f.GetKey(), m.Keyword)
	case *api.Match_Keywords:
		return keywords(index, f.GetKey(), m.Keywords.GetStrings()...)
	case *api.Match_Integer:
		if index.GetDataType() != api.PayloadSchemaType_Integer || !integer.GetLookup() {
			return bad("a match of %q, which is not indexed for that", f.GetKey())
		}
		return nil
	}
	return bad("a match of %q with nothing", f.GetKey())
}

func keywords(index *api.PayloadSchemaInfo, field string, words ...string) error {
	if index.GetDataType() != api.PayloadSchemaType_Keyword || len(words) == 0 || slices.Contains(words, "") {
		return bad("a match of %q with nothing, or which is not indexed for that", field)
	}
	return nil
}

func (p *point) meets(condition *api.Condition) bool {
	if h := condition.GetHasId(); h != nil {
		return slices.ContainsFunc(h.GetHasId(), func(id *api.PointId) bool { return id.GetUuid() == p.id })
	}
	f := condition.GetField()
	v, ok := p.payload[f.GetKey()]
	if !ok {
		return false
	}
	if r := f.GetRange(); r != nil {
		_, whole := v.GetKind().(*api.Value_IntegerValue)
		n := float64(v.GetIntegerValue())
		return whole && (r.Lt == nil || n < r.GetLt()) && (r.Gte == nil || n >= r.GetGte())
	}
	switch m := f.GetMatch().GetMatchValue().(type) {
	case *api.Match_Keyword:
		return v.GetStringValue() == m.Keyword
	case *api.Match_Keywords:
		return slices.Contains(m.Keywords.GetStrings(), v.GetStringValue())
	case *api.Match_Integer:
		_, whole := v.GetKind().(*api.Value_IntegerValue)
		return whole && v.GetIntegerValue() == m.Integer
	}
	return false
}
