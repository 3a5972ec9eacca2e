package retrieval

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/consent"
)

// MaxLimit is the most hits that one search returns.
const MaxLimit = 1000

// Searcher is how the rest of Candor searches: an index to find passages, a store
// to read their texts, with the scope applied in both, and perhaps an embedder for
// the meaning of questions and passages.
type Searcher struct {
	index    Index
	store    Store
	embedder Embedder
	accesses consent.AccessLog
}

// NewSearcher returns a searcher over an index and the store it is built from,
// which searches by words alone.
func NewSearcher(index Index, store Store) *Searcher { return &Searcher{index: index, store: store} }

// ByMeaning returns a searcher that searches by meaning too. Where the embedder is
// not the company's own, what it is shown of a customer's is recorded in the access
// log before.
func (s *Searcher) ByMeaning(e Embedder, log consent.AccessLog) *Searcher {
	return &Searcher{s.index, s.store, e, log}
}

// Meaning says whether a search went by meaning too, and why not.
type Meaning string

// Meanings.
const (
	MeaningUsed    Meaning = "used"
	MeaningOff     Meaning = "off"            // nothing is set up to tell it
	MeaningUnknown Meaning = "unknown_script" // the model knows too little of the question, as of a script that it lacks
	MeaningDenied  Meaning = "no_consent"     // the question would have to go to a recipient that the customer did not allow it to
	MeaningAway    Meaning = "unavailable"    // who tells it did not answer
)

// Result is what a search found, best first, and how.
type Result struct {
	Hits    []Hit
	Meaning Meaning
	// Cause is why Meaning is MeaningAway, or why passages of the customer's are
	// found by words alone.
	Cause error
	// Query is the question as it was searched.
	Query Query
	// Widened is whether nothing of the customer's own was found in Query.Period, so
	// that it was searched again without.
	Widened bool
}

// patience is how long a question waits for its meaning. After that it is searched
// by words.
const patience = 3 * time.Second

// embed fills in the meaning of a question, if it may be told to who tells it.
func (s *Searcher) embed(ctx context.Context, scope consent.Scope, q *Query) (Meaning, error) {
	if s.embedder == nil {
		return MeaningOff, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// SECURITY: a question is the customer's own words. The company's own models may
	// have them; whoever else needs a grant for just that, and it is on record first.
	if r := s.embedder.Recipient(); r != consent.BrandAI {
		if _, ok := scope.Permits(consent.Conversation, r); !ok {
			return MeaningDenied, nil
		}
		if err := s.accesses.Accessed(ctx, sentTo(scope, r, nil)); err != nil {
			return MeaningAway, err
		}
	}
	// SECURITY: earlier turns are for the company's own models alone.
	inHouse := s.embedder.Recipient() == consent.BrandAI
	texts := []string{q.Text}
	if inHouse {
		texts = append(texts, q.Before...)
	}
	vectors, err := s.embedder.Embed(ctx, QueryText, texts)
	if err != nil {
		return MeaningAway, err
	}
	meaning := vectors[0]
	if meaning.Zero() {
		return MeaningUnknown, nil
	}
	if slices.ContainsFunc(vectors[1:], func(v Vector) bool { return meaning.Cosine(v) > related }) {
		*q = q.WithContext(slices.Concat(q.Turns, q.Before)...)
	}
	if inHouse && len(q.Turns) > 0 {
		whole, err := s.embedder.Embed(ctx, QueryText, []string{strings.Join(append(slices.Clone(q.Turns), q.Text), "\n")})
		if err != nil {
			return MeaningAway, err
		}
		meaning = meaning.Plus(whole[0])
	}
	if err := s.embedOwn(ctx, scope); err != nil {
		// The question has its meaning; some passages are found by words alone.
		return s.meant(q, meaning), err
	}
	return s.meant(q, meaning), nil
}

// related is the cosine above which an earlier turn is about the same as a question,
// by the vectors of questions, which are centred. Of turns of the same conversation of
// the evaluation set more than half reach it, of turns of others one in twenty or fewer.
const related = 0.42

func (s *Searcher) meant(q *Query, v Vector) Meaning {
	q.Vector, q.Space = v, s.embedder.Space()
	return MeaningUsed
}

// Search returns at most limit passages that answer the query and that the
// scope permits, best first, with their records and with who these may go to.
// Passages that say the same are one; see Query for what else it leaves out. A limit
// below 1 finds nothing. Where the meaning of the question cannot be had it is
// searched by words, and the result says so. An error means that nothing was found
// out; it names no record.
func (s *Searcher) Search(ctx context.Context, scope consent.Scope, q Query, limit int) (Result, error) {
	if limit = min(limit, MaxLimit); limit < 1 {
		return Result{Meaning: MeaningOff, Query: q}, nil
	}
	var out Result
	out.Meaning, out.Cause = s.embed(ctx, scope, &q)
	out.Query = q
	hits, err := s.distinct(ctx, scope, q, limit)
	if err == nil && q.Period.Set() && !slices.ContainsFunc(hits, func(h Hit) bool { return !h.Record.Knowledge() }) {
		// A record may not have the time that its customer means.
		q.Period, out.Widened = Period{}, true
		hits, err = s.distinct(ctx, scope, q, limit)
	}
	if err != nil {
		return Result{}, err
	}
	if q.Latest {
		hits = latest(hits, q.Prefer)
	}
	out.Hits = hits
	return out, nil
}

// distinct returns at most limit hits of which no two say the same.
func (s *Searcher) distinct(ctx context.Context, scope consent.Scope, q Query, limit int) ([]Hit, error) {
	for ask := limit; ; ask = min(2*ask, MaxLimit) {
		hits, full, err := s.hits(ctx, scope, q, ask)
		if err != nil {
			return nil, err
		}
		distinct := collapse(hits)
		// What was left out makes room for more, if there is more.
		if len(distinct) >= limit || len(distinct) == len(hits) || !full || ask == MaxLimit {
			if ask > limit {
				distinct = preferredFirst(distinct, q.Prefer, limit)
			}
			return distinct[:min(limit, len(distinct))], nil
		}
	}
}

// hits returns what the index finds, with the records; full is whether that are as
// many as were asked for.
func (s *Searcher) hits(ctx context.Context, scope consent.Scope, q Query, limit int) (hits []Hit, full bool, err error) {
	matches, err := s.index.Search(ctx, scope, q, limit)
	if err != nil || len(matches) == 0 {
		return nil, false, err
	}
	ids := make([]string, 0, len(matches))
	for _, m := range matches {
		ids = append(ids, m.RecordID)
	}
	slices.Sort(ids)
	records, err := s.store.Texts(ctx, scope, slices.Compact(ids))
	if err != nil {
		return nil, false, err
	}
	// An article and a record may have the same id.
	type key struct {
		id        string
		knowledge bool
	}
	byID := make(map[key]Record, len(records))
	for _, r := range records {
		byID[key{r.ID, r.Knowledge()}] = r
	}
	hits = make([]Hit, 0, len(matches))
	for _, m := range matches {
		r, ok := byID[key{m.RecordID, m.Category == consent.Knowledge}]
		// SECURITY: the filter is in the index and in the store; this is the third
		// look, on the record itself, so that a fault in either of them is not a
		// leak. A hit that fails it is dropped without a word: to say that there was
		// one would tell of a record outside the scope.
		if !ok || !Permitted(scope, r) || m.Category != r.Category || !spanOf(r.Text, m.Start, m.End) {
			continue // or the record went, or changed, after the index was read
		}
		h := Hit{Match: m, Record: r}
		if !r.Knowledge() {
			h.Recipients = scope.Recipients(r.Category)
		}
		hits = append(hits, h)
	}
	return hits, len(matches) == limit, nil
}

// Permitted reports whether a record may be searched and read under the scope:
// the knowledge of its site that its audience may see, and the records of its
// customer in a category that it permits to the purpose's searcher. Whatever is
// neither, and whatever lacks a site, a customer or a category, is not.
func Permitted(scope consent.Scope, r Record) bool {
	if r.Site == "" || r.Site != scope.Site() {
		return false
	}
	if r.Knowledge() {
		return Visible(scope, r.Visibility)
	}
	return r.Customer != "" && r.Customer == scope.Customer() &&
		r.Category != "" && r.Category != consent.Knowledge && slices.Contains(scope.Searchable(), r.Category)
}

// Visible reports whether the scope's audience may see company knowledge of
// that visibility. An unknown one is nobody's.
func Visible(scope consent.Scope, v Visibility) bool {
	switch v {
	case PublicKnowledge:
		return true
	case InternalKnowledge:
		return scope.Audience() == consent.Staff
	}
	return false
}

// spanOf reports whether the offsets are a span of the text, on rune boundaries.
func spanOf(text string, start, end int) bool {
	return 0 <= start && start <= end && end <= len(text) &&
		(start == len(text) || utf8.RuneStart(text[start])) && (end == len(text) || utf8.RuneStart(text[end]))
}
