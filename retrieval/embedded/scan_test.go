package embedded_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/retrieval/indextest"
)

// TestScanSharedOut: what is scanned by several processors is what one finds.
func TestScanSharedOut(t *testing.T) {
	store := indextest.NewStore()
	store.Embedder = indextest.Words{}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 20_000 {
		v := retrieval.PublicKnowledge
		if i%3 == 0 {
			v = retrieval.InternalKnowledge
		}
		store.Put(retrieval.Record{
			ID: fmt.Sprint(i), Site: "s", Category: consent.Knowledge, Visibility: v, Language: "en",
			Text: fmt.Sprintf("word%d word%d word%d", r.IntN(50), r.IntN(500), r.IntN(500)),
		})
	}
	x := embedded.New(store, embedded.Options{Space: store.Embedder.Space()})
	gate := indextest.NewGate()
	search := func(who identity.Principal, q retrieval.Query) []retrieval.Match {
		scope, err := gate.Scope(t.Context(), who, consent.Answers)
		if err != nil {
			t.Error(err)
		}
		m, err := x.Search(t.Context(), scope, q, 300)
		if err != nil {
			t.Error(err)
		}
		return m
	}
	for i := range 10 {
		q := retrieval.Analyze(fmt.Sprintf("word%d word%d", i, r.IntN(500)), "en")
		v, err := store.Embedder.Embed(t.Context(), retrieval.QueryText, []string{q.Text})
		if err != nil {
			t.Fatal(err)
		}
		q.Vector, q.Space = v[0], store.Embedder.Space()
		for _, who := range []identity.Principal{{Kind: identity.Visitor, Site: "s"}, {Kind: identity.Staff, Site: "s", Staff: "stf"}} {
			before := runtime.GOMAXPROCS(1)
			want := search(who, q)
			runtime.GOMAXPROCS(4)
			if len(want) != 300 {
				t.Fatalf("%d matches", len(want))
			}
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() {
					if d := cmp.Diff(want, search(who, q)); d != "" {
						t.Errorf("four processors (-one +four):\n%s", d)
					}
				})
			}
			group.Wait()
			runtime.GOMAXPROCS(before)
		}
	}
}
