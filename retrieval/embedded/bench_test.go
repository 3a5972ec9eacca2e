package embedded_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/retrieval/indextest"
)

// These show where the time goes. What is promised is measured by `assistant bench
// retrieval`, on a real store and at size.

// corpus fills a store with n articles of about one passage each, with words
// distributed by Zipf's law. Of a hundred the first so many are public; the rest is
// internal, or is not there.
func corpus(n, public int, rest bool) *indextest.Store {
	store := indextest.NewStore()
	store.Embedder = indextest.Words{}
	r := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(r, 1.2, 8, 30000)
	for i := range n {
		var b strings.Builder
		for range 120 {
			fmt.Fprintf(&b, "word%d ", zipf.Uint64())
		}
		a := retrieval.Record{ID: fmt.Sprint(i), Site: "s", Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge, Text: b.String(), Language: "en"}
		if i%100 >= public {
			if !rest {
				continue
			}
			a.Visibility = retrieval.InternalKnowledge
		}
		store.Put(a)
	}
	return store
}

// benchIndex returns one over a store, with the knowledge loaded.
func benchIndex(b *testing.B, store retrieval.Store) *embedded.Index {
	b.Helper()
	x := embedded.New(store, embedded.Options{Space: indextest.Words{}.Space()})
	b.Cleanup(x.Close)
	if err := x.Load(b.Context(), "s"); err != nil {
		b.Fatal(err)
	}
	return x
}

func benchVisitor(b *testing.B) consent.Scope {
	b.Helper()
	scope, err := consent.NewGate(nil, consent.DefaultPolicy()).Scope(b.Context(), identity.Principal{Kind: identity.Visitor, Site: "s"}, consent.Answers)
	if err != nil {
		b.Fatal(err)
	}
	return scope
}

// benchQuery is a query by words, and by meaning too.
func benchQuery(b *testing.B, text string, meaning bool) retrieval.Query {
	b.Helper()
	q := retrieval.Analyze(text, "en")
	if meaning {
		v, err := indextest.Words{}.Embed(b.Context(), retrieval.QueryText, []string{text})
		if err != nil {
			b.Fatal(err)
		}
		q.Vector, q.Space = v[0], indextest.Words{}.Space()
	}
	return q
}

const rareAndCommon = "word1 word20 word300 word4000 word15 word77 word2 word901"

func BenchmarkKnowledge(b *testing.B) {
	x, scope := benchIndex(b, corpus(10000, 100, true)), benchVisitor(b)
	for _, meaning := range []bool{false, true} {
		q := benchQuery(b, rareAndCommon, meaning)
		b.Run(fmt.Sprintf("meaning=%v", meaning), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Search(b.Context(), scope, q, 20); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGate measures a visitor's search where a share of the articles is public
// against one of the same articles with nothing else there, by turns.
func BenchmarkGate(b *testing.B) {
	scope, q := benchVisitor(b), benchQuery(b, rareAndCommon, true)
	for _, percent := range []int{1, 10, 50, 100} {
		b.Run(fmt.Sprintf("visible=%d%%", percent), func(b *testing.B) {
			gated, only := benchIndex(b, corpus(10000, percent, true)), benchIndex(b, corpus(10000, percent, false))
			var took [2][]time.Duration
			for b.Loop() {
				for i, x := range []*embedded.Index{gated, only} {
					began := time.Now()
					if _, err := x.Search(b.Context(), scope, q, 20); err != nil {
						b.Fatal(err)
					}
					took[i] = append(took[i], time.Since(began))
				}
			}
			median := func(all []time.Duration) float64 {
				slices.Sort(all)
				return float64(all[len(all)/2])
			}
			b.ReportMetric(median(took[0])/median(took[1]), "gated/ungated")
		})
	}
}

func BenchmarkPersonal(b *testing.B) {
	for _, n := range []int{10, 200} {
		for _, c := range []struct {
			name  string
			bytes int
		}{{"cached", 0}, {"cold", 1}} {
			b.Run(fmt.Sprintf("passages=%d/%s", n, c.name), func(b *testing.B) {
				store, grant := own(b, n)
				x := embedded.New(store, embedded.Options{CacheBytes: c.bytes})
				defer x.Close()
				s, q := grant("orders"), benchQuery(b, "when were my boots of order FH-10042 sent?", false)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := x.Search(b.Context(), s, q, 20); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
