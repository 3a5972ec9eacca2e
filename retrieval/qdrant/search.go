package qdrant

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"candor/consent"
	"candor/retrieval"
)

// attempts is how often a search begins anew because what it found is not what there is
// now: another replica was writing, or a customer's passages had to be written first.
const attempts = 16

// pause waits before an attempt, a little longer each time and not as long as another
// replica that meets the same.
func pause(ctx context.Context, attempt int) error {
	if attempt < 2 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(time.Duration(min(attempt*attempt, 50)) * time.Millisecond)): //nolint:gosec // not a secret
		return nil
	}
}

// Search implements retrieval.Index.
func (x *Index) Search(ctx context.Context, scope consent.Scope, q retrieval.Query, limit int) ([]retrieval.Match, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// SECURITY: a scope without a site has no knowledge to search. An empty value in a
	// filter never means "any".
	if limit < 1 || scope.Site() == "" {
		return nil, nil
	}
	limit = min(limit, retrieval.MaxLimit)
	suspicious := false
	for n := range attempts {
		if err := pause(ctx, n); err != nil {
			return nil, err
		}
		s, err := x.current(ctx, scope.Site(), suspicious)
		if err != nil {
			return nil, err
		}
		matches, next, err := x.attempt(ctx, s, scope, q, limit)
		s.mu.RUnlock()
		switch {
		case err != nil:
			return nil, err
		case next == found:
			return matches, nil
		case next == writeOwn:
			o, err := x.own(ctx, scope)
			if err == nil && o != nil {
				err = x.write(ctx, scope, o)
			}
			if err != nil {
				return nil, err
			}
		}
		suspicious = next == knowledgeDiffers
	}
	return nil, fmt.Errorf("%w: the index changes faster than it can be searched", retrieval.ErrUnavailable)
}

// outcome is what an attempt to search ended with.
type outcome int

const (
	found            outcome = iota
	writeOwn                 // the customer's passages are not on the server as they are now
	knowledgeDiffers         // the server has other knowledge than this process knows
)

// search is one attempt.
type search struct {
	*Index
	site   *site
	scope  consent.Scope
	query  retrieval.Query
	own    *own // nil: nothing may be searched of a customer's
	limit  int
	terms  []queryTerm // of knowledge, and with other indices of the customer's
	mine   []queryTerm
	peak   retrieval.Peak
	ids    map[string]string // record ids by their hash; nil: not read yet
	differ bool              // a point was found that should not be there
}

// queryTerm is a term of the question with its index in a tenant's sparse vectors.
type queryTerm struct {
	retrieval.QueryTerm
	index uint32
}

func (x *Index) attempt(ctx context.Context, s *site, scope consent.Scope, q retrieval.Query, limit int) ([]retrieval.Match, outcome, error) {
	own, err := x.own(ctx, scope)
	if err != nil {
		return nil, found, err
	}
	if err := q.Check(x.space); err != nil {
		return nil, found, err
	}
	e := &search{Index: x, site: s, scope: scope, query: q, own: own, limit: limit}
	e.terms = s.queryTerms(q, x.keys.words(s.tenant))
	if own != nil {
		e.mine = s.queryTerms(q, x.keys.words(own.tenant))
	}
	next, err := e.look(ctx)
	if err != nil || next != found {
		return nil, next, err
	}
	var best, preferred []candidate
	if !q.Vector.Zero() {
		best, err = e.fused(ctx)
	} else {
		best, err = e.byWords(ctx)
	}
	if err == nil {
		preferred, err = e.preferred(ctx)
	}
	if err != nil {
		return nil, found, err
	}
	if e.differ {
		return nil, knowledgeDiffers, nil
	}
	matches := retrieval.Join(preferred, best, limit, func(c candidate) retrieval.Match { return c.Match })
	if q.Explain {
		if err := e.explain(ctx, matches); err != nil {
			return nil, found, err
		}
	}
	// What was there at the beginning must have been there all the time.
	now, err := e.get(ctx, e.heads()...)
	if err != nil {
		return nil, found, err
	}
	if next := check(e, now); next != found {
		return nil, next, nil
	}
	out := make([]retrieval.Match, len(matches))
	for i, m := range matches {
		out[i] = m.Match
	}
	return out, found, nil
}

func (s *site) queryTerms(q retrieval.Query, index func(string) uint32) []queryTerm {
	weighed := q.Weigh(s.count, s.frequency)
	terms := make([]queryTerm, len(weighed))
	for i, t := range weighed {
		terms[i] = queryTerm{t, index(t.Term)}
	}
	return terms
}

// sparseQuery is the sparse vector of the question; nil: it has no term.
func sparseQuery(terms []queryTerm) *api.Query {
	sum := make(map[uint32]float64, len(terms))
	for _, t := range terms {
		sum[t.index] += t.Weight
	}
	w := vectorOf(sum)
	if len(w.indices) == 0 {
		return nil
	}
	return api.NewQuerySparse(w.indices, w.values)
}

// part is one of the places that a scope may search, by words or by meaning.
type part struct {
	query   *api.Query
	using   string
	filter  *api.Filter
	exact   bool
	most    int  // points that can be of use
	meaning bool //
	own     bool
}

// knowledgeReach is how many of the best articles by words, and by meaning, are looked
// at to find the best by both.
const knowledgeReach = 4 * retrieval.MaxLimit

// parts are the places, those of the question's words first.
func (e *search) parts() (out []part) {
	add := func(terms []queryTerm, filter *api.Filter, most int, own bool) {
		// SECURITY: no filter is no permission, and never "any".
		if filter == nil || most < 1 {
			return
		}
		if q := sparseQuery(terms); q != nil {
			out = append(out, part{query: q, using: sparse, filter: filter, exact: own, most: most, own: own})
		}
		if !e.query.Vector.Zero() {
			out = append(out, part{query: api.NewQueryDense(floats(e.query.Vector)), using: dense, filter: filter, exact: own, most: most, meaning: true, own: own})
		}
	}
	if e.site.count > 0 || len(e.site.points) > 0 {
		add(e.terms, knowledgeFilter(e.scope, e.site.tenant), knowledgeReach, false)
	}
	if e.own != nil {
		add(e.mine, e.ownFilter(), e.own.count, true)
	}
	return out
}

func (e *search) ownFilter() *api.Filter {
	return ownFilter(e.own.tenant, e.own.version, e.own.categories, e.query.Period)
}

func (p part) points(limit int) *api.QueryPoints {
	return &api.QueryPoints{
		Query: p.query, Using: api.PtrOf(p.using), Filter: p.filter, Params: p.params(), Limit: api.PtrOf(uint64(limit)), //nolint:gosec // above 0
		WithPayload: api.NewWithPayload(true), WithVectors: api.NewWithVectors(true),
	}
}

func (p part) params() *api.SearchParams {
	if !p.exact {
		return nil
	}
	// A customer's own passages are compared one by one: none is missed.
	return &api.SearchParams{Exact: api.PtrOf(true)}
}

// heads are the points that say what is there.
func (e *search) heads() []pointID {
	ids := []pointID{e.siteHead(e.site)}
	if e.own != nil {
		ids = append(ids, e.own.heads(e.Index)...)
	}
	return ids
}

// check compares what is there, as heads say, with what should be.
func check[P payload](e *search, heads []P) outcome {
	switch {
	case !same(e.Index, e.site, heads):
		return knowledgeDiffers
	case e.own != nil && len(missing(e.Index, e.own, heads)) > 0:
		return writeOwn
	}
	return found
}

// look asks in one request whether the server has what it should have, and for the best
// of each part, which scores are relative to.
func (e *search) look(ctx context.Context) (outcome, error) {
	ids := e.heads()
	if e.own != nil {
		e.own.count = 1 // so that there are parts: how many passages there are is asked now
	}
	queries := []*api.QueryPoints{{
		Filter: withIDs(ids), Limit: api.PtrOf(uint64(len(ids))), WithPayload: api.NewWithPayload(true), WithVectors: api.NewWithVectors(false),
	}}
	var parts []part
	if !e.query.Vector.Zero() {
		parts = e.parts()
		for _, p := range parts {
			queries = append(queries, p.points(1))
		}
	}
	lists, err := e.Index.query(ctx, queries)
	if err != nil {
		return found, err
	}
	if next := check(e, lists[0]); next != found {
		return next, nil
	}
	for _, list := range lists[1:] {
		for _, p := range list {
			c, ok, err := e.candidate(ctx, p, e.peak)
			if err != nil {
				return found, err
			}
			if ok {
				e.peak.Add(c.Lexical, c.Cosine)
			}
		}
	}
	if e.differ {
		return knowledgeDiffers, nil
	}
	return found, nil
}

// fetchOf is how many are asked for to have a limit of them: more, so that those of
// equal score are put in order here.
func fetchOf(limit int) int { return limit + limit/2 + 8 }

// margin is by how much two scores may differ here and there, where sums are made of
// smaller numbers.
func margin(score float64) float64 { return 1e-6 + 1e-5*math.Abs(score) }

// byWords finds the best by words: a request for each part, and no fusion.
func (e *search) byWords(ctx context.Context) ([]candidate, error) {
	parts := e.parts()
	for fetch := fetchOf(e.limit); ; fetch *= 4 {
		queries := make([]*api.QueryPoints, len(parts))
		for i, p := range parts {
			queries[i] = p.points(min(fetch, p.most))
		}
		lists, err := e.Index.query(ctx, queries)
		if err != nil {
			return nil, err
		}
		best, err := e.candidates(ctx, slices.Concat(lists...), retrieval.ByScore, true)
		if err != nil {
			return nil, err
		}
		enough := true
		for i, list := range lists {
			enough = enough && e.reaches(best, list, min(fetch, parts[i].most), parts[i].most)
		}
		if enough {
			return best, nil
		}
	}
}

// reaches reports whether a list holds all that are as good as the last that is wanted:
// it ended by itself, or its last is worse.
func (e *search) reaches(best []candidate, list []*api.ScoredPoint, asked, most int) bool {
	if len(list) < asked || asked >= most {
		return true
	}
	if len(best) < e.limit {
		return false
	}
	last := best[e.limit-1].Score
	return float64(list[len(list)-1].GetScore()) < last-margin(last)
}

// fused finds the best by words and meaning. The server makes one score of both.
func (e *search) fused(ctx context.Context) ([]candidate, error) {
	near := max(e.peak.Cosine-retrieval.FuseReach, 0)
	var prefetch []*api.PrefetchQuery
	var sum []*api.Expression
	defaults := make(map[string]*api.Value)
	most := 0
	for _, p := range e.parts() {
		if p.meaning && e.peak.Cosine <= 0 || !p.meaning && e.peak.Lexical <= 0 {
			continue // it adds nothing to any score
		}
		f := &api.PrefetchQuery{Query: p.query, Using: api.PtrOf(p.using), Filter: p.filter, Params: p.params(), Limit: api.PtrOf(uint64(p.most))} //nolint:gosec // above 0
		score := fmt.Sprintf("$score[%d]", len(prefetch))
		if p.meaning {
			// What is no nearer than this adds nothing; and what is at a right angle, or
			// beyond, never does.
			f.ScoreThreshold = api.PtrOf(float32(max(near-1e-6, 1e-7)))
			sum = append(sum, nearness(score, e.peak.Cosine))
			defaults[score] = api.NewValueDouble(-1) // a passage that is not among these is not near
		} else {
			sum = append(sum, scaled((1-retrieval.FuseShare)/e.peak.Lexical, api.NewExpressionVariable(score)))
			defaults[score] = api.NewValueDouble(0)
		}
		prefetch = append(prefetch, f)
		most += p.most
	}
	if len(prefetch) == 0 {
		return nil, nil
	}
	for fetch := fetchOf(e.limit); ; fetch *= 4 {
		asked := min(fetch, most)
		lists, err := e.Index.query(ctx, []*api.QueryPoints{{
			Prefetch: prefetch,
			Query:    api.NewQueryFormula(&api.Formula{Expression: api.NewExpressionSum(&api.SumExpression{Sum: sum}), Defaults: defaults}),
			Limit:    api.PtrOf(uint64(asked)), //nolint:gosec // above 0
			// SECURITY: the prefetches have the filters; nothing else can be found.
			WithPayload: api.NewWithPayload(true), WithVectors: api.NewWithVectors(true),
		}})
		if err != nil {
			return nil, err
		}
		best, err := e.candidates(ctx, lists[0], retrieval.ByScore, true)
		if err != nil {
			return nil, err
		}
		if e.reaches(best, lists[0], asked, most) {
			return best, nil
		}
	}
}

// nearness is the part of the meaning in a score, see retrieval.Fuse:
// FuseShare · max(0, 1 - (peak - score)/FuseReach).
//
// The server's linear decay is max(0, 1 - (1-midpoint)/scale · |x - target|). Midpoint
// and scale are left at their defaults, ½ and 1, and x and the target stretched instead:
// between the nodes of a cluster the two are sent as one number, which must be from 0
// to 1.
func nearness(score string, peak float64) *api.Expression {
	const stretch = 2 / retrieval.FuseReach
	return scaled(retrieval.FuseShare, api.NewExpressionLinDecay(&api.DecayParamsExpression{
		X: scaled(stretch, api.NewExpressionVariable(score)), Target: api.NewExpressionConstant(float32(stretch * peak)),
	}))
}

func scaled(by float64, e *api.Expression) *api.Expression {
	return api.NewExpressionMult(&api.MultExpression{Mult: []*api.Expression{api.NewExpressionConstant(float32(by)), e}})
}

// preferred finds the newest of the customer's passages in the categories that the
// question prefers.
func (e *search) preferred(ctx context.Context) ([]candidate, error) {
	if e.own == nil || e.own.count == 0 {
		return nil, nil
	}
	categories := slices.DeleteFunc(slices.Clone(e.own.categories), func(c consent.Category) bool { return !slices.Contains(e.query.Prefer, c) })
	// SECURITY: of the preferred categories those that the scope permits; none is none.
	filter := ownFilter(e.own.tenant, e.own.version, categories, e.query.Period)
	if filter == nil {
		return nil, nil
	}
	want := (e.limit + 1) / 2
	for fetch := fetchOf(want); ; fetch *= 4 {
		asked := min(fetch, e.own.count)
		lists, err := e.Index.query(ctx, []*api.QueryPoints{{
			Query:  api.NewQueryOrderBy(&api.OrderBy{Key: fieldAt, Direction: api.PtrOf(api.Direction_Desc)}),
			Filter: filter, Limit: api.PtrOf(uint64(asked)), //nolint:gosec // above 0
			WithPayload: api.NewWithPayload(true), WithVectors: api.NewWithVectors(true),
		}})
		if err != nil {
			return nil, err
		}
		newest, err := e.candidates(ctx, lists[0], retrieval.ByTime, false)
		if err != nil {
			return nil, err
		}
		if len(lists[0]) < asked || asked >= e.own.count || len(newest) > want && newest[len(newest)-1].At.Before(newest[want-1].At) {
			return newest[:min(want, len(newest))], nil
		}
	}
}

// candidate is a match with its words on the server.
type candidate struct {
	retrieval.Ranked
	words weighted
}

// candidates reads points, in an order. Their scores are made again here, of larger
// numbers than the server's.
func (e *search) candidates(ctx context.Context, points []*api.ScoredPoint, order func(a, b retrieval.Ranked) int, matching bool) ([]candidate, error) {
	out := make([]candidate, 0, len(points))
	for _, p := range points {
		c, ok, err := e.candidate(ctx, p, e.peak)
		if err != nil {
			return nil, err
		}
		if ok && (!matching || c.Score > 0) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b candidate) int { return order(a.Ranked, b.Ranked) })
	return out, nil
}

// candidate reads a point. One that is none of those that should be there is left out,
// and noted.
func (e *search) candidate(ctx context.Context, p *api.ScoredPoint, peak retrieval.Peak) (c candidate, ok bool, err error) {
	words, meaning := read(p.GetVectors())
	id, valid := readID(p.GetId())
	c.words = words
	terms := e.terms
	fields := p.GetPayload()
	if fields[fieldKind].GetStringValue() == kindOwn {
		if ok, err = e.mineOf(ctx, &c, fields); err != nil || !ok {
			return c, false, err
		}
		terms = e.mine
	} else {
		at, known := e.site.points[id]
		// SECURITY: this process knows what may be found, and whose it is. What it does
		// not know is of before or after a change, and shown to nobody.
		if !valid || !known || at.article.internal && !retrieval.Visible(e.scope, retrieval.InternalKnowledge) {
			e.differ = true
			return c, false, nil
		}
		k := at.article.passages[at.ordinal]
		c.Match = retrieval.Match{
			RecordID: at.article.id, PassageID: fmt.Sprintf("%s#%d", at.article.id, at.ordinal),
			Start: int(k.start), End: int(k.end), Category: consent.Knowledge,
		}
	}
	for _, t := range terms {
		c.Lexical += t.Weight * words.at(t.index)
	}
	c.Score = c.Lexical
	if !e.query.Vector.Zero() {
		c.Cosine = cosine(e.query.Vector, meaning)
		peak.Add(c.Lexical, c.Cosine) // the server's best may be another by a rounding
		c.Score = retrieval.Fuse(peak, c.Lexical, c.Cosine)
	}
	return c, true, nil
}

// mineOf reads a point of the customer's.
func (e *search) mineOf(ctx context.Context, c *candidate, fields map[string]*api.Value) (bool, error) {
	category := consent.Category(fields[fieldCategory].GetStringValue())
	// SECURITY: the filter was in the request; this is another look, so that a fault of
	// the server's is not a leak.
	if e.own == nil || fields[fieldTenant].GetStringValue() != e.own.tenant || !slices.Contains(e.own.categories, category) {
		return false, nil
	}
	if e.ids == nil {
		ids, err := e.store.RecordIDs(ctx, e.scope)
		if err != nil {
			return false, fmt.Errorf("list the customer's records: %w", err)
		}
		e.ids = make(map[string]string, len(ids))
		for _, id := range ids {
			e.ids[e.keys.record(e.own.tenant, id)] = id
		}
	}
	record, ok := e.ids[fields["record"].GetStringValue()]
	c.At = time.UnixMicro(fields[fieldAt].GetIntegerValue())
	c.Match = retrieval.Match{
		RecordID: record, PassageID: fmt.Sprintf("%s#%d", record, fields["ordinal"].GetIntegerValue()),
		Start: int(fields["start"].GetIntegerValue()), End: int(fields["end"].GetIntegerValue()), Category: category,
	}
	return ok && e.query.Period.Holds(c.At), nil // a record that has gone since is not found
}

// explain fills in how matches came by their scores.
func (e *search) explain(ctx context.Context, matches []candidate) error {
	parts := e.parts()
	queries := make([]*api.QueryPoints, len(parts))
	for i, p := range parts {
		queries[i] = p.points(max(p.most, len(e.site.points)))
		queries[i].WithPayload, queries[i].WithVectors = api.NewWithPayload(false), api.NewWithVectors(false)
	}
	lists, err := e.Index.query(ctx, queries)
	if err != nil {
		return err
	}
	var lexical, cosines []float64
	for i, list := range lists {
		for _, p := range list {
			score := float64(p.GetScore())
			switch {
			case score <= 0:
			case parts[i].meaning:
				cosines = append(cosines, score)
			default:
				lexical = append(lexical, score)
			}
		}
	}
	for i := range matches {
		m := &matches[i]
		var adds []retrieval.TermScore
		terms := e.terms
		if m.Category != consent.Knowledge {
			terms = e.mine
		}
		for _, t := range terms {
			if s := t.Weight * m.words.at(t.index); s > 0 {
				adds = append(adds, retrieval.TermScore{Term: t.Term, Score: s})
			}
		}
		m.Explanation = retrieval.Explain(adds, rank(lexical, m.Lexical), rank(cosines, m.Cosine))
	}
	return nil
}

// rank is the place of a score among all, 0 for one that is none. Those that differ by a
// rounding share a place.
func rank(all []float64, score float64) int {
	if score <= 0 {
		return 0
	}
	place := 1
	for _, s := range all {
		if s > score+1e-6*math.Abs(score) {
			place++
		}
	}
	return place
}
