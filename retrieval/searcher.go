package retrieval

import (
	"context"
	"slices"
	"unicode/utf8"

	"candor/consent"
)

// MaxLimit is the most hits that one search returns.
const MaxLimit = 1000

// Searcher is how the rest of Candor searches: an index to find passages and a
// store to read their texts, with the scope applied in both.
type Searcher struct {
	index Index
	store Store
}

// NewSearcher returns a searcher over an index and the store it is built from.
func NewSearcher(index Index, store Store) *Searcher { return &Searcher{index, store} }

// Search returns at most limit passages that answer the query and that the
// scope permits, best first, with their records and with who these may go to.
// A limit below 1 finds nothing. An error means that nothing was found out; it
// names no record.
func (s *Searcher) Search(ctx context.Context, scope consent.Scope, q Query, limit int) ([]Hit, error) {
	if limit = min(limit, MaxLimit); limit < 1 {
		return nil, nil
	}
	matches, err := s.index.Search(ctx, scope, q, limit)
	if err != nil || len(matches) == 0 {
		return nil, err
	}
	ids := make([]string, 0, len(matches))
	for _, m := range matches {
		ids = append(ids, m.RecordID)
	}
	slices.Sort(ids)
	records, err := s.store.Texts(ctx, scope, slices.Compact(ids))
	if err != nil {
		return nil, err
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
	hits := make([]Hit, 0, len(matches))
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
	return hits, nil
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
