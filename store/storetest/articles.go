package storetest

import (
	"maps"
	"time"

	"candor/retrieval"
)

// articlesByVersion: what a file of the index is compared with: the articles that
// were last changed at its version or before, each with the time that its record has.
func articlesByVersion(f *fixture) {
	other := f.otherSite()
	f.putArticles(shop, article("a", "one"), article("b", "two"))
	f.putArticles(other, article("a", "of another site"))
	at := func() int64 {
		f.Helper()
		v, err := f.KnowledgeVersion(f.Context(), shop)
		f.must(err)
		return v
	}
	before := at()
	f.putArticles(shop, article("b", "changed"), article("c", "three"))
	f.must(f.RemoveRecord(f.Context(), shop, "a"))

	times := make(map[string]time.Time) // as an index gets them
	f.must(f.Knowledge(f.Context(), shop, 0, retrieval.Space{}, func(r retrieval.Record, _ []byte) error {
		times[r.ID] = r.CollectedAt
		return nil
	}, func(string) error { return nil }))
	for _, tt := range []struct {
		version int64
		want    []string
	}{{0, nil}, {before, nil}, {at() - 1, []string{"b", "c"}}, {at(), []string{"b", "c"}}} {
		want := make(map[string]time.Time)
		for _, id := range tt.want {
			want[id] = times[id]
		}
		got, err := f.Articles(f.Context(), shop, tt.version)
		f.must(err)
		if !maps.EqualFunc(got, want, time.Time.Equal) {
			f.Errorf("at version %d: %v, want %v", tt.version, got, want)
		}
	}
}
