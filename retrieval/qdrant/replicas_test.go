package qdrant_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/protobuf/proto"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/retrieval/indextest"
	"candor/retrieval/qdrant"
)

// TestReplicas writes and searches through several processes on one server: each finds
// what was committed before it was asked, and none what was removed.
func TestReplicas(t *testing.T) {
	w := newWorld(t, qdrant.Options{Space: words})
	w.store.Embedder = indextest.Words{}
	all := []*qdrant.Index{w.index}
	for range 2 {
		all = append(all, open(t, w.store, qdrant.Options{URL: w.server.URL(), Space: words}))
	}
	w.choose(true)
	scope := w.scope()
	ask := func(x *qdrant.Index, text string) ([]string, error) {
		q := retrieval.Analyze(text, "en")
		v, err := indextest.Words{}.Embed(t.Context(), retrieval.QueryText, []string{text})
		if err != nil {
			return nil, err
		}
		q.Vector, q.Space = v[0], words
		got, err := x.Search(t.Context(), scope, q, 100)
		var ids []string
		for _, m := range got {
			if m.Category == consent.Knowledge {
				ids = append(ids, m.RecordID)
			}
		}
		slices.Sort(ids)
		return slices.Compact(ids), err
	}
	var group sync.WaitGroup
	for n, x := range all {
		group.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(n)))
			for i := range 30 {
				word := fmt.Sprintf("word%d", n)
				id := fmt.Sprintf("article-%d", n)
				if i%3 == 2 {
					w.store.Remove(id)
				} else {
					w.store.Put(article(id, strings.Repeat(word+" and other things. ", 1+r.IntN(30))))
				}
				got, err := ask(x, word)
				if err != nil || (i%3 == 2) != (len(got) == 0) || len(got) > 1 {
					t.Errorf("replica %d, step %d: %v, %v", n, i, got, err)
				}
			}
		})
	}
	group.Wait()
	for n, x := range all {
		w.store.Put(article("last", fmt.Sprintf("The last one of %d.", n)))
		for m, y := range all {
			if got, err := ask(y, "last"); err != nil || !slices.Equal(got, []string{"last"}) {
				t.Errorf("written by %d, asked by %d: %v, %v", n, m, got, err)
			}
		}
		_ = x
	}
	want := 0
	for _, r := range w.store.Records() {
		if r.Knowledge() {
			want += len(retrieval.Split(r))
		}
	}
	if n := w.server.Points("kind", "public"); n != want {
		t.Errorf("the server has %d passages of knowledge, want %d", n, want)
	}
}

// TestTies: of more equals than were asked for, those come that should, in order.
func TestTies(t *testing.T) {
	w := newWorld(t, qdrant.Options{Space: words})
	w.store.Embedder = indextest.Words{}
	var want []string
	for i := range 300 {
		id := fmt.Sprintf("same-%03d", i)
		w.store.Put(article(id, "A warranty for a zipper."))
		want = append(want, id+"#0")
	}
	w.choose(true)
	for i := range 40 {
		o := order(fmt.Sprintf("same-%02d", i))
		o.Text = "Nothing in common."
		w.store.Put(o)
	}
	for _, meaning := range []bool{false, true} {
		q := retrieval.Analyze("warranty zipper", "en")
		if meaning {
			v, err := indextest.Words{}.Embed(t.Context(), retrieval.QueryText, []string{q.Text})
			if err != nil {
				t.Fatal(err)
			}
			q.Vector, q.Space = v[0], words
		}
		for _, limit := range []int{1, 3, 8, 100} {
			got, err := w.index.Search(t.Context(), w.scope(), q, limit)
			var ids []string
			for _, m := range got {
				ids = append(ids, m.PassageID)
			}
			if err != nil || !slices.Equal(ids, want[:limit]) {
				t.Errorf("limit %d, meaning %t: %v, %v", limit, meaning, ids, err)
			}
			// Preferred ones are of one day: by their score, and then in order.
			p := q
			p.Prefer = []consent.Category{"orders"}
			got, err = w.index.Search(t.Context(), w.scope(), p, limit)
			if err != nil || len(got) != limit || got[0].Category != "orders" {
				t.Fatalf("limit %d, meaning %t, preferred: %v, %v", limit, meaning, got, err)
			}
			inside := embedded.New(w.store, embedded.Options{Space: words})
			same, err := inside.Search(t.Context(), w.scope(), p, limit)
			inside.Close()
			for n, m := range same {
				if err != nil || got[n].PassageID != m.PassageID {
					t.Errorf("limit %d, meaning %t, preferred, place %d: %s, want %s, %v", limit, meaning, n, got[n].PassageID, m.PassageID, err)
				}
			}
		}
	}
}

// TestAsEmbedded compares both engines: what is found, in which order, with which
// scores and explanations.
func TestAsEmbedded(t *testing.T) {
	w := newWorld(t, qdrant.Options{Space: words})
	w.store.Embedder = indextest.Words{}
	vocabulary := strings.Fields("parcel boots tent refund label umbrella invoice courier warranty zipper size blue parasol tracksuit reembolso entrega")
	r := rand.New(rand.NewPCG(3, 4))
	phrase := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(vocabulary[r.IntN(len(vocabulary))] + " ")
		}
		return b.String()
	}
	for i := range 60 {
		a := article(fmt.Sprint("article-", i), phrase(1+r.IntN(60)))
		a.Title = phrase(r.IntN(4))
		w.store.Put(a)
		o := order(fmt.Sprint("order-", i))
		o.Text, o.CollectedAt = phrase(1+r.IntN(20)), o.CollectedAt.AddDate(0, 0, r.IntN(20))
		w.store.Put(o)
	}
	w.choose(true)
	scope := w.scope()
	// A record without a vector, and nothing near to the question.
	w.store.Embedder = nil
	alone := order("alone")
	alone.Text = "A quagga."
	w.store.Put(alone)
	w.store.Embedder = indextest.Words{}
	var far strings.Builder
	for i := range 60 {
		fmt.Fprintf(&far, "thing%d ", i)
	}
	w.store.Put(article("far", far.String()+"quagga"))

	// What the server's formula made of them.
	var made []float64
	w.server.SetStep(func(_ context.Context, _ string, in proto.Message, run func() (any, error)) (any, error) {
		out, err := run()
		if q, ok := in.(*api.QueryBatchPoints); ok && err == nil && q.GetQueryPoints()[0].GetQuery().GetFormula() != nil {
			made = nil
			for _, p := range out.(*api.QueryBatchResponse).GetResult()[0].GetResult() {
				made = append(made, float64(p.GetScore()))
			}
		}
		return out, err
	})
	inside := embedded.New(w.store, embedded.Options{Space: words})
	defer inside.Close()
	for i := range 150 {
		text := phrase(1 + r.IntN(5))
		if i%10 == 1 {
			text = "quagga one two three four five six"
		}
		q := retrieval.Analyze(text, "en").WithContext(phrase(r.IntN(3)))
		if i%3 > 0 {
			v, err := indextest.Words{}.Embed(t.Context(), retrieval.QueryText, []string{text})
			if err != nil {
				t.Fatal(err)
			}
			q.Vector, q.Space = v[0], words
		}
		if i%4 == 0 {
			q.Prefer = []consent.Category{"orders"}
		}
		if i%5 == 0 {
			q.Period.From = order("").CollectedAt.AddDate(0, 0, 5)
			q.Period.To = q.Period.From.AddDate(0, 0, 7)
		}
		q.Explain = i%2 == 0
		limit := []int{1, 3, 8, 50, 1000}[r.IntN(5)]
		want, err := inside.Search(t.Context(), scope, q, limit)
		got, err2 := w.index.Search(t.Context(), scope, q, limit)
		if err != nil || err2 != nil || len(got) != len(want) {
			t.Fatalf("query %d: %d matches, want %d, %v, %v", i, len(got), len(want), err, err2)
		}
		if !q.Vector.Zero() && q.Prefer == nil {
			for n, m := range got {
				if math.Abs(made[n]-m.Score) > tolerance {
					t.Fatalf("query %d, place %d: the server's score is %v, here it is %v", i, n, made[n], m.Score)
				}
			}
		}
		near := func(a, b float64) bool { return math.Abs(a-b) <= tolerance*(1+math.Abs(a)) }
		for n, a := range want {
			b := got[n]
			if a.PassageID != b.PassageID && near(a.Score, b.Score) && near(a.Score, want[max(0, n-1)].Score) || a.PassageID != b.PassageID && near(a.Score, want[min(len(want)-1, n+1)].Score) {
				continue // equals, but for a rounding
			}
			if a.PassageID != b.PassageID || !near(a.Score, b.Score) || !near(a.Lexical, b.Lexical) || !near(a.Cosine, b.Cosine) || a.Start != b.Start || a.End != b.End || a.Category != b.Category {
				t.Fatalf("query %d, limit %d, place %d: %+v, want %+v", i, limit, n, b, a)
			}
			if !q.Explain {
				continue
			}
			if a.Explanation.LexicalRank != b.Explanation.LexicalRank || a.Explanation.CosineRank != b.Explanation.CosineRank || len(a.Explanation.Terms) != len(b.Explanation.Terms) {
				t.Fatalf("query %d, place %d: %+v, want %+v", i, n, b.Explanation, a.Explanation)
			}
			for k, term := range a.Explanation.Terms {
				if !near(term.Score, b.Explanation.Terms[k].Score) {
					t.Fatalf("query %d, place %d: %+v, want %+v", i, n, b.Explanation, a.Explanation)
				}
			}
		}
	}
}
