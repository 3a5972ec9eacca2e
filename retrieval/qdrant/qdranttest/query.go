package qdranttest

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	api "github.com/qdrant/go-client/qdrant"
)

// scored is a point that a query found.
type scored struct {
	*point
	score float32
	order int64
}

// query is what QueryPoints and PrefetchQuery have in common.
type query interface {
	GetQuery() *api.Query
	GetUsing() string
	GetFilter() *api.Filter
	GetParams() *api.SearchParams
	GetScoreThreshold() float32
	GetLimit() uint64
}

func (x pointsServer) QueryBatch(_ context.Context, in *api.QueryBatchPoints) (*api.QueryBatchResponse, error) {
	c, err := x.s.collection(in.GetCollectionName())
	if err != nil {
		return nil, err
	}
	out := &api.QueryBatchResponse{}
	for _, q := range in.GetQueryPoints() {
		if q.GetCollectionName() != in.GetCollectionName() {
			return nil, bad("a query of another collection")
		}
		found, err := c.run(q, q.ScoreThreshold, q.GetPrefetch())
		if err != nil {
			return nil, err
		}
		result := &api.BatchResult{}
		for _, f := range found {
			p := &api.ScoredPoint{Id: api.NewIDUUID(f.id), Score: f.score, Payload: f.show(q.GetWithPayload())}
			if q.GetWithVectors().GetEnable() {
				p.Vectors = x.s.vectors(f.point)
			}
			result.Result = append(result.Result, p)
		}
		out.Result = append(out.Result, result)
	}
	return out, nil
}

func (s *Server) vectors(p *point) *api.VectorsOutput {
	named := make(map[string]*api.VectorOutput)
	for name, data := range p.dense {
		named[name] = &api.VectorOutput{Vector: &api.VectorOutput_Dense{Dense: &api.DenseVector{Data: data}}}
		if s.o.OldVectors {
			named[name] = &api.VectorOutput{Data: data} //nolint:staticcheck // of old servers
		}
	}
	for name, indices := range p.indices {
		named[name] = &api.VectorOutput{Vector: &api.VectorOutput_Sparse{Sparse: &api.SparseVector{Indices: indices, Values: p.values[name]}}}
		if s.o.OldVectors {
			named[name] = &api.VectorOutput{Data: p.values[name], Indices: &api.SparseIndices{Data: indices}} //nolint:staticcheck // of old servers
		}
	}
	return &api.VectorsOutput{VectorsOptions: &api.VectorsOutput_Vectors{Vectors: &api.NamedVectorsOutput{Vectors: named}}}
}

// run evaluates a query: the best first, those of equal score by id.
func (c *collection) run(q query, threshold *float32, prefetch []*api.PrefetchQuery) ([]scored, error) {
	if q.GetLimit() < 1 {
		return nil, bad("a query for nothing")
	}
	found, err := c.score(q, prefetch)
	if err != nil {
		return nil, err
	}
	if threshold != nil {
		found = slices.DeleteFunc(found, func(f scored) bool { return f.score < *threshold })
	}
	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.order, a.order)) })
	return found[:min(len(found), int(q.GetLimit()))], nil //nolint:gosec // of a test
}

func (c *collection) score(q query, prefetch []*api.PrefetchQuery) ([]scored, error) {
	if formula := q.GetQuery().GetFormula(); formula != nil {
		if q.GetFilter() != nil || q.GetUsing() != "" || q.GetParams() != nil {
			return nil, bad("a formula with a filter, a vector or parameters of its own is not evaluated here")
		}
		return c.rescore(formula, prefetch)
	}
	if len(prefetch) > 0 || q.GetFilter() == nil {
		return nil, bad("a query without a filter, or with prefetches that it does not use")
	}
	selected, err := c.selected(q.GetFilter())
	if err != nil {
		return nil, err
	}
	var out []scored
	switch asked := q.GetQuery().GetVariant().(type) {
	case nil:
		for _, p := range selected {
			out = append(out, scored{point: p})
		}
	case *api.Query_OrderBy:
		index := c.schema[asked.OrderBy.GetKey()]
		if index.GetDataType() != api.PayloadSchemaType_Integer || !index.GetParams().GetIntegerIndexParams().GetRange() || asked.OrderBy.GetDirection() != api.Direction_Desc {
			return nil, bad("an order by %q, which has no index for that, or upwards", asked.OrderBy.GetKey())
		}
		for _, p := range selected {
			if v, ok := p.payload[asked.OrderBy.GetKey()]; ok {
				out = append(out, scored{point: p, order: v.GetIntegerValue()})
			}
		}
	case *api.Query_Nearest:
		return c.nearest(asked.Nearest, q.GetUsing(), selected)
	}
	return out, nil
}

func (c *collection) nearest(v *api.VectorInput, using string, among []*point) (out []scored, err error) {
	if d := v.GetDense(); d != nil {
		if err := c.checkDense(using, d.GetData()); err != nil {
			return nil, err
		}
		for _, p := range among {
			if mine, ok := p.dense[using]; ok {
				sum := float32(0)
				for i, x := range d.GetData() {
					sum += x * mine[i]
				}
				out = append(out, scored{point: p, score: sum})
			}
		}
		return out, nil
	}
	s := v.GetSparse()
	if s == nil {
		return nil, bad("a query by what is no vector")
	}
	if err := c.checkSparse(using, s); err != nil {
		return nil, err
	}
	weights := make(map[uint32]float32)
	for i, index := range s.GetIndices() {
		weights[index] = s.GetValues()[i]
	}
	for _, p := range among {
		sum, shared := float32(0), false
		for i, index := range p.indices[using] {
			if w, ok := weights[index]; ok {
				sum += w * p.values[using][i]
				shared = true
			}
		}
		if shared {
			out = append(out, scored{point: p, score: sum})
		}
	}
	return out, nil
}

// rescore scores what the prefetches found by a formula.
func (c *collection) rescore(f *api.Formula, prefetch []*api.PrefetchQuery) ([]scored, error) {
	if len(prefetch) == 0 {
		return nil, bad("a formula without prefetches")
	}
	scores := make([]map[string]float32, len(prefetch))
	among := make(map[string]*point)
	for i, p := range prefetch {
		found, err := c.run(p, p.ScoreThreshold, nil)
		if err != nil {
			return nil, err
		}
		scores[i] = make(map[string]float32)
		for _, s := range found {
			scores[i][s.id] = s.score
			among[s.id] = s.point
		}
	}
	for name := range f.GetDefaults() {
		if _, err := scoreIndex(name, len(prefetch)); err != nil {
			return nil, err
		}
	}
	var out []scored
	for id, p := range among {
		score, err := eval(f.GetExpression(), func(name string) (float64, error) {
			n, err := scoreIndex(name, len(prefetch))
			if err != nil {
				return 0, err
			}
			if s, ok := scores[n][id]; ok {
				return float64(s), nil
			}
			v := f.GetDefaults()[name]
			return v.GetDoubleValue() + float64(v.GetIntegerValue()), nil // 0 without a default
		})
		if err != nil {
			return nil, err
		}
		out = append(out, scored{point: p, score: float32(score)})
	}
	slices.SortFunc(out, func(a, b scored) int { return cmp.Compare(a.id, b.id) })
	return out, nil
}

// scoreIndex reads the name of the score of a prefetch.
func scoreIndex(name string, prefetches int) (int, error) {
	digits, ok := strings.CutPrefix(name, "$score[")
	digits, ok2 := strings.CutSuffix(digits, "]")
	n, err := strconv.Atoi(digits)
	if !ok || !ok2 || err != nil || n < 0 || n >= prefetches {
		return 0, bad("the formula has the variable %q", name)
	}
	return n, nil
}

func eval(e *api.Expression, variable func(string) (float64, error)) (float64, error) {
	fold := func(list []*api.Expression, start float64, f func(a, b float64) float64) (float64, error) {
		if len(list) == 0 {
			return 0, bad("the formula has an operation of nothing")
		}
		for _, x := range list {
			v, err := eval(x, variable)
			if err != nil {
				return 0, err
			}
			start = f(start, v)
		}
		return start, nil
	}
	switch v := e.GetVariant().(type) {
	case *api.Expression_Constant:
		if x := float64(v.Constant); !math.IsNaN(x) && !math.IsInf(x, 0) {
			return x, nil
		}
	case *api.Expression_Variable:
		return variable(v.Variable)
	case *api.Expression_Mult:
		return fold(v.Mult.GetMult(), 1, func(a, b float64) float64 { return a * b })
	case *api.Expression_Sum:
		return fold(v.Sum.GetSum(), 0, func(a, b float64) float64 { return a + b })
	case *api.Expression_LinDecay:
		return linDecay(v.LinDecay, variable)
	}
	return 0, bad("the formula has what is not evaluated here")
}

// linDecay is 1 at the target, and the midpoint where x is the scale away from it.
func linDecay(d *api.DecayParamsExpression, variable func(string) (float64, error)) (float64, error) {
	scale, midpoint := 1.0, 0.5
	if d.Scale != nil {
		scale = float64(d.GetScale())
	}
	if d.Midpoint != nil {
		midpoint = float64(d.GetMidpoint())
	}
	lambda := (1 - midpoint) / scale
	// Between the nodes of a cluster it is sent as this one number.
	if scale <= 0 || midpoint < 0 || midpoint > 1 || lambda > 1 {
		return 0, bad("Linear decay midpoint should be in the range [0.0, 1.0], and its scale above 0: %v and %v", midpoint, scale)
	}
	x, err := eval(d.GetX(), variable)
	if err != nil {
		return 0, err
	}
	target := 0.0
	if d.GetTarget() != nil {
		if target, err = eval(d.GetTarget(), variable); err != nil {
			return 0, err
		}
	}
	return max(0, 1-lambda*math.Abs(x-target)), nil
}
