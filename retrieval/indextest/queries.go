package indextest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// periods: the customer's own passages are those of the period, in all that a score is
// made of; knowledge has no time.
func periods(w *world) {
	day := func(n int) time.Time { return time.Date(2026, 2, n, 12, 0, 0, 0, time.UTC) }
	w.store.Put(article("public", retrieval.PublicKnowledge, "A parcel takes three days."))
	for n := 1; n <= 9; n++ {
		r := record(fmt.Sprint("order-", n), ana, "orders", strings.Repeat("Your parcel left. ", n)+"It has a number.")
		r.CollectedAt = day(n)
		w.store.Put(r)
	}
	w.grant(ana, "orders")
	s := w.scope(customer(ana), consent.Answers)
	for _, c := range []struct {
		name     string
		from, to time.Time
		first    int
		last     int
	}{
		{"all", time.Time{}, time.Time{}, 1, 9},
		{"since a day", day(7), time.Time{}, 7, 9},
		{"before a day", time.Time{}, day(3), 1, 2},
		{"between", day(3), day(6), 3, 5},
		{"one moment", day(4), day(4).Add(time.Microsecond), 4, 4},
		{"nothing is in it", day(20), day(21), 1, 0},
		{"it ends before it begins", day(5), day(2), 1, 0},
	} {
		want := []string{"public"}
		var only []retrieval.Record
		for _, r := range w.store.Records() {
			p := retrieval.Period{From: c.from, To: c.to}
			if r.Knowledge() || p.Holds(r.CollectedAt) {
				only = append(only, r)
			}
		}
		for n := c.first; n <= c.last; n++ {
			want = append(want, fmt.Sprint("order-", n))
		}
		for _, prefer := range [][]consent.Category{nil, {"orders"}} {
			q := w.ask("parcel", "en")
			q.Period, q.Prefer = retrieval.Period{From: c.from, To: c.to}, prefer
			got := w.search(w.index, s, q, all)
			var ids []string
			for _, m := range got {
				ids = append(ids, m.RecordID)
			}
			slices.Sort(ids)
			slices.Sort(want)
			if !slices.Equal(slices.Compact(ids), want) {
				w.Errorf("%s, preferring %v: found %v, want %v", c.name, prefer, ids, want)
			}
			// As if there were nothing else.
			store, index := w.empty()
			store.Put(only...)
			plain := q
			plain.Period = retrieval.Period{}
			w.equal(c.name+": what is outside the period moved the result", w.search(index, s, plain, all), got)
		}
	}
}

// explained: what an explanation says adds up.
func explained(w *world) {
	w.seed()
	w.store.Put(
		article("boots", retrieval.PublicKnowledge, "Boots, boots and a parcel."),
		article("two", retrieval.PublicKnowledge, "A parcel takes three days."), // as another
		record("ana-boots", ana, "orders", "Boots."),
	)
	w.grant(ana, "orders")
	w.grant(bob, "orders", "billing")
	s := w.scope(customer(ana), consent.Answers)
	q := w.ask("when does my parcel with boots leave?", "en").WithContext("a parcel on Monday")
	for _, m := range w.search(w.index, s, q, all) {
		if m.Explanation != nil {
			w.Fatalf("%s is explained, and nobody asked", m.PassageID)
		}
	}
	q.Explain = true
	got := w.search(w.index, s, q, all)
	if len(got) < 4 {
		w.Fatalf("%d matches", len(got))
	}
	for _, m := range got {
		x := m.Explanation
		if x == nil {
			w.Fatalf("%s is not explained", m.PassageID)
		}
		sum := 0.0
		for i, t := range x.Terms {
			sum += t.Score
			if q.Terms[t.Term]+q.Context[t.Term] == 0 || t.Score <= 0 || i > 0 && t.Score > x.Terms[i-1].Score {
				w.Errorf("%s: the terms %v", m.PassageID, x.Terms)
			}
		}
		if math.Abs(sum-m.Lexical) > 1e-9 {
			w.Errorf("%s: the terms %v add up to %v, and the score by words is %v", m.PassageID, x.Terms, sum, m.Lexical)
		}
		above, same := 1, 0
		for _, o := range got {
			if o.Lexical > m.Lexical+w.tolerance {
				above++
			}
			if o.Cosine > 0 && o.Cosine > m.Cosine+w.tolerance {
				same++
			}
		}
		if m.Lexical == 0 {
			above = 0
		}
		if x.LexicalRank != above {
			w.Errorf("%s has the place %d by words, want %d", m.PassageID, x.LexicalRank, above)
		}
		if (x.CosineRank > 0) != (m.Cosine > 0) || m.Cosine > 0 && x.CosineRank < same+1 {
			w.Errorf("%s has the place %d by meaning, with a cosine of %v, and %d of those found are nearer", m.PassageID, x.CosineRank, m.Cosine, same)
		}
	}
}

// badInput: what makes no sense is refused or finds nothing, and never "any".
func badInput(w *world) {
	w.seed()
	w.grant(ana, "orders")
	w.grant(bob, "orders", "billing")
	s := w.scope(customer(ana), consent.Answers)
	w.want(w.find(s, "parcel"), "ana-order", "public")

	// Of the same customer id on another site, and of none, nothing is found.
	elsewhere := customer(ana)
	elsewhere.Site = other
	w.want(w.find(w.scope(elsewhere, consent.Answers), "parcel"))
	nowhere := customer(ana)
	nowhere.Site = ""
	if found, err := w.gate.Scope(w.Context(), nowhere, consent.Answers); err == nil {
		w.want(w.find(found, "parcel"))
	}
	nobody := customer("")
	if found, err := w.gate.Scope(w.Context(), nobody, consent.Answers); err == nil {
		w.want(w.find(found, "parcel"), "public")
	}

	// Records that lack what a filter is made of.
	half := record("no-category", ana, "", "A parcel of no category.")
	w.store.Put(half, record("as-knowledge", ana, consent.Knowledge, "A parcel that pretends."))
	w.want(w.find(s, "parcel"), "ana-order", "public")

	for name, change := range map[string]func(*retrieval.Query){
		"an empty preference":      func(q *retrieval.Query) { q.Prefer = []consent.Category{""} },
		"knowledge is preferred":   func(q *retrieval.Query) { q.Prefer = []consent.Category{consent.Knowledge} },
		"what is not permitted is": func(q *retrieval.Query) { q.Prefer = []consent.Category{"billing"} },
		"an empty term":            func(q *retrieval.Query) { q.Terms[""] = 1 },
		"terms that are not there": func(q *retrieval.Query) { q.Terms["boot"], q.Terms["lost"] = 0, -1 },
	} {
		q := w.ask("parcel", "en")
		change(&q)
		var ids []string
		for _, m := range w.search(w.index, s, q, all) {
			ids = append(ids, m.RecordID)
		}
		slices.Sort(ids)
		if !slices.Equal(ids, []string{"ana-order", "public"}) {
			w.Errorf("%s: found %v", name, ids)
		}
	}
	nothing := retrieval.Query{Text: "parcel", Terms: map[string]int{}}
	if got := w.search(w.index, s, nothing, all); len(got) != 0 {
		w.Errorf("no term found %d", len(got))
	}
	if w.embedder == nil {
		return
	}
	q := w.ask("parcel", "en")
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		q.Vector.Scale = bad
		if got, err := w.index.Search(w.Context(), s, q, all); !errors.Is(err, retrieval.ErrSpace) || len(got) > 0 {
			w.Errorf("a vector of %v: %d matches, %v", bad, len(got), err)
		}
	}
	w.want(w.find(s, "parcel"), "ana-order", "public")
}

// Outside is an index on another server, which can say what lies there.
type Outside interface {
	// Sweep removes what has to go, and returns how much that was.
	Sweep(ctx context.Context) (int, error)
	// Held counts what there is of a customer.
	Held(ctx context.Context, site identity.SiteID, customer identity.CustomerID) (int, error)
}

// removed: what was withdrawn, removed or erased is found nowhere, and nothing of it is
// held.
func removed(w *world) {
	w.seed()
	held := func(step string, id identity.CustomerID, want bool) {
		w.Helper()
		x, ok := w.index.(Outside)
		if !ok {
			return
		}
		for range 3 {
			if _, err := x.Sweep(w.Context()); err != nil {
				w.Fatalf("%s: %v", step, err)
			}
		}
		n, err := x.Held(w.Context(), shop, id)
		if err != nil || (n > 0) != want {
			w.Errorf("%s: %d points of %s are held, %v", step, n, id, err)
		}
		if due, err := w.store.DueOutside(w.Context(), 10); err != nil || len(due) > 0 {
			w.Errorf("%s: %v has to be removed still, %v", step, due, err)
		}
	}
	held("to begin with", ana, false)
	w.grant(ana, "orders", "billing")
	w.grant(bob, "orders")
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-bill", "ana-order", "public")
	w.want(w.find(w.scope(customer(bob), consent.Answers), "parcel"), "bob-order", "public")
	held("granted", ana, true)

	w.choose(customer(ana), consent.Answers, "orders", false, "")
	w.store.Withdraw(shop, ana, "orders")
	held("one category withdrawn", ana, true)
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-bill", "public")
	w.choose(customer(ana), consent.Answers, "billing", false, "")
	w.store.Withdraw(shop, ana, "billing")
	held("all withdrawn", ana, false)
	held("of another customer", bob, true)

	w.grant(ana, "orders", "billing")
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-bill", "ana-order", "public")
	w.store.Remove("ana-bill")
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-order", "public")
	held("one record removed", ana, true)
	w.store.Remove("ana-order")
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "public")

	w.store.Put(record("ana-again", ana, "orders", "Another parcel."))
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-again", "public")
	w.store.Erase(shop, ana)
	held("erased", ana, false)
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "public")
	held("of another customer", bob, true)
	w.want(w.find(w.scope(customer(bob), consent.Answers), "parcel"), "bob-order", "public")
}

// large: a record of ten thousand passages, of which each is found.
func large(w *world) {
	if testing.Short() || w.embedder != nil {
		return // as many vectors take a minute to make
	}
	w.grant(ana, "orders")
	const passages = 10_000
	var b strings.Builder
	for i := range passages {
		fmt.Fprintf(&b, "n%d %s.\n", i, strings.Repeat("a ", 158))
	}
	r := record("large", ana, "orders", b.String())
	w.store.Put(r, record("small", ana, "orders", "A parcel."))
	s := w.scope(customer(ana), consent.Answers)
	for _, i := range []int{0, 1, 4_999, passages - 1} {
		got := w.search(w.index, s, retrieval.Analyze(fmt.Sprint("n", i), "en"), 3)
		if len(got) == 0 || got[0].RecordID != "large" || !strings.Contains(r.Text[got[0].Start:got[0].End], fmt.Sprintf("n%d ", i)) {
			w.Errorf("passage %d: %+v", i, got)
		}
	}
	w.want(w.find(s, "parcel"), "small")
	if n := len(w.store.sealed["large"]); n < passages {
		w.Errorf("the record has %d passages", n)
	}
}
