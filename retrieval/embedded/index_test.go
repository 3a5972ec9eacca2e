package embedded_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/bm25"
	"candor/retrieval/embedded"
	"candor/retrieval/indextest"
)

func TestConformance(t *testing.T) {
	indextest.Run(t, func(t *testing.T, s retrieval.Store, space retrieval.Space) retrieval.Index {
		x := embedded.New(s, embedded.Options{Space: space})
		t.Cleanup(x.Close)
		return x
	})
}

// TestConformanceWithoutCache runs the suite where nothing fits the cache.
func TestConformanceWithoutCache(t *testing.T) {
	indextest.Run(t, func(t *testing.T, s retrieval.Store, space retrieval.Space) retrieval.Index {
		return embedded.New(s, embedded.Options{CacheBytes: 1, Space: space})
	})
}

// unversioned hides PassagesVersion.
type unversioned struct{ retrieval.Store }

// TestConformanceUnversioned runs the suite on a store that cannot tell whether
// a customer's passages have changed.
func TestConformanceUnversioned(t *testing.T) {
	indextest.Run(t, func(t *testing.T, s retrieval.Store, space retrieval.Space) retrieval.Index {
		return embedded.New(unversioned{s}, embedded.Options{Space: space})
	})
}

// TestScore compares scores with the formula, written out.
func TestScore(t *testing.T) {
	store := indextest.NewStore()
	texts := []string{
		"Boots and more boots.", "A tent.", "Boots in a tent, in a parcel, on a courier's bicycle.", "Returns are free.",
	}
	total := 0
	frequency := make(map[string]int)
	passages := make(map[string]retrieval.Passage)
	for i, text := range texts {
		r := retrieval.Record{ID: fmt.Sprint(i), Site: "s", Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge, Text: text, Language: "en"}
		store.Put(r)
		p := retrieval.Split(r)[0]
		passages[p.ID] = p
		total += p.Length
		for term := range p.Terms {
			frequency[term]++
		}
	}
	q := retrieval.Analyze("boots boots tent", "en")
	scope, err := consent.NewGate(nil, consent.DefaultPolicy()).Scope(t.Context(), identity.Principal{Kind: identity.Visitor, Site: "s"}, consent.Answers)
	if err != nil {
		t.Fatal(err)
	}
	got, err := embedded.New(store, embedded.Options{}).Search(t.Context(), scope, q, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d matches, want 3", len(got))
	}
	for _, m := range got {
		p, want := passages[m.PassageID], 0.0
		for term, n := range q.Terms {
			want += bm25.IDF(term, len(texts), frequency[term]) * bm25.Query(n) *
				bm25.Weight(p.Terms[term], p.Length, bm25.Average(total, len(texts)))
		}
		if d := m.Score - want; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s: score %v, want %v", m.PassageID, m.Score, want)
		}
	}
}

// own returns a store where one customer has n records, and a scope for them.
func own(tb testing.TB, n int) (*indextest.Store, func(categories ...consent.Category) consent.Scope) {
	store := indextest.NewStore()
	gate := indextest.NewGate()
	who := identity.Principal{Kind: identity.Customer, Site: "s", Customer: "c", Conversation: "v"}
	for i := range n {
		store.Put(retrieval.Record{
			ID: fmt.Sprint("r", i), Site: "s", Customer: "c", Category: "orders", Language: "en",
			Title: fmt.Sprint("Order FH-", 10000+i),
			Text:  fmt.Sprintf("Two pairs of boots and a tent, size %d, were sent on %d March by courier to your home address.", 30+i%20, 1+i%28),
		})
	}
	return store, func(categories ...consent.Category) consent.Scope {
		var set consent.ChangeSet
		for _, c := range []consent.Category{"orders", "billing"} {
			set.Changes = append(set.Changes, consent.Change{
				Triple:  consent.Triple{Purpose: consent.Answers, Category: c, Recipient: consent.BrandAI},
				Granted: slices.Contains(categories, c),
			})
		}
		if _, err := gate.Change(tb.Context(), who, set); err != nil {
			tb.Fatal(err)
		}
		s, err := gate.Scope(tb.Context(), who, consent.Answers)
		if err != nil {
			tb.Fatal(err)
		}
		return s
	}
}

// TestCache checks when a customer's passages are read again.
func TestCache(t *testing.T) {
	store, grant := own(t, 5)
	x := embedded.New(store, embedded.Options{CacheIdle: time.Hour})
	defer x.Close()
	search := func(s consent.Scope, want, reads int) {
		t.Helper()
		before := store.Reads
		got, err := x.Search(t.Context(), s, retrieval.Analyze("boots", "en"), 100)
		if err != nil || len(got) != want || store.Reads-before != reads {
			t.Errorf("%d matches, %d reads, %v; want %d, %d", len(got), store.Reads-before, err, want, reads)
		}
	}
	s := grant("orders")
	search(s, 5, 1)
	search(s, 5, 0)
	wider := grant("orders", "billing") // a new epoch
	search(wider, 5, 1)
	search(wider, 5, 0)
	search(s, 5, 1) // a scope from before is served, and nothing is kept for it
	search(s, 5, 1)
	search(wider, 5, 0)
	store.Remove("r0") // a new version
	search(wider, 4, 1)
	search(wider, 4, 0)
	x.Forget("c")
	search(wider, 4, 1)
	search(grant(), 0, 0) // nothing is searchable, so nothing is read
}

// TestCacheIdle checks that what is not used goes.
func TestCacheIdle(t *testing.T) {
	store, grant := own(t, 5)
	s := grant("orders")
	x := embedded.New(store, embedded.Options{CacheIdle: time.Millisecond})
	for range 2 {
		before := store.Reads
		if _, err := x.Search(t.Context(), s, retrieval.Analyze("boots", "en"), 1); err != nil {
			t.Fatal(err)
		}
		if store.Reads != before+1 {
			t.Errorf("%d reads, want 1", store.Reads-before)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
