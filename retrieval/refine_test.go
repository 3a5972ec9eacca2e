package retrieval_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/retrieval/indextest"
)

// drawer is a store with records of ana's and articles, searched by words.
type drawer struct {
	*testing.T
	store    *indextest.Store
	scope    consent.Scope
	searcher *retrieval.Searcher
}

func newDrawer(t *testing.T, records ...retrieval.Record) *drawer {
	s := &drawer{T: t, store: indextest.NewStore()}
	for _, r := range records {
		r.Site, r.Language = "shop", "en"
		if r.Customer == "" {
			r.Category, r.Visibility = consent.Knowledge, retrieval.PublicKnowledge
		}
		s.store.Put(r)
	}
	gate := indextest.NewGate()
	_, err := gate.Change(t.Context(), ana, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{
		{Triple: answers("orders", consent.BrandAI), Granted: true}, {Triple: answers("billing", consent.BrandAI), Granted: true},
	}})
	if err == nil {
		s.scope, err = gate.Scope(t.Context(), ana, consent.Answers)
	}
	if err != nil {
		t.Fatal(err)
	}
	x := embedded.New(s.store, embedded.Options{})
	t.Cleanup(x.Close)
	s.searcher = retrieval.NewSearcher(x, s.store)
	return s
}

func (s *drawer) search(q retrieval.Query, limit int) retrieval.Result {
	s.Helper()
	found, err := s.searcher.Search(s.Context(), s.scope, q, limit)
	if err != nil {
		s.Fatal(err)
	}
	return found
}

func (s *drawer) want(r retrieval.Result, want ...string) {
	s.Helper()
	var got []string
	for _, h := range r.Hits {
		id := h.RecordID
		if len(h.Same) > 0 {
			id += " for " + strings.Join(h.Same, ", ")
		}
		got = append(got, id)
	}
	if !slices.Equal(got, want) {
		s.Errorf("found %q, want %q", got, want)
	}
}

func at(day int) time.Time { return time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC) }

func order(id string, day int, title, text string) retrieval.Record {
	return retrieval.Record{ID: id, Customer: "ana", Category: "orders", Title: title, Text: text, CollectedAt: at(day)}
}

// TestCollapse: what says the same is one hit, and what only looks like it is not.
func TestCollapse(t *testing.T) {
	s := newDrawer(t,
		retrieval.Record{ID: "a", Title: "Boots", Text: "Boots are waterproof."},
		retrieval.Record{ID: "b", Title: "Shoes", Text: "boots ARE  waterproof!"},
		retrieval.Record{ID: "c", Title: "Boots", Text: "Boots are not waterproof."},
		order("o1", 1, "Order 1", "Your boots left."),
		order("o2", 2, "Order 2", "Your boots left."), // another order
		order("o2-again", 3, "Order 2", "Your boots  left."),
		retrieval.Record{ID: "bill", Customer: "ana", Category: "billing", Title: "Order 2", Text: "Your boots left.", CollectedAt: at(9)},
	)
	found := s.search(retrieval.Analyze("waterproof", "en"), 10)
	s.want(found, "a for b", "c")
	found = s.search(retrieval.Analyze("left", "en"), 10)
	ids := make(map[string][]string)
	for _, h := range found.Hits {
		ids[h.RecordID] = h.Same
	}
	if len(ids) != 3 || len(ids["o1"]) != 0 || len(ids["bill"]) != 0 || !slices.Equal(ids["o2-again"], []string{"o2"}) {
		t.Errorf("found %v", ids)
	}
}

// TestCollapseMakesRoom: what is left out for another takes no place, and the limit is
// kept.
func TestCollapseMakesRoom(t *testing.T) {
	var records []retrieval.Record
	for i := range 40 {
		records = append(records, retrieval.Record{ID: fmt.Sprintf("same-%02d", i), Text: "Boots boots boots are here."})
	}
	for i := range 5 {
		records = append(records, retrieval.Record{ID: fmt.Sprintf("other-%d", i), Text: "One pair of boots, and many other things, number " + fmt.Sprint(i)})
	}
	s := newDrawer(t, records...)
	for _, limit := range []int{1, 3, 6, 50} {
		found := s.search(retrieval.Analyze("boots", "en"), limit)
		if len(found.Hits) != min(limit, 6) || found.Hits[0].RecordID != "same-00" {
			t.Errorf("limit %d: %d hits", limit, len(found.Hits))
		}
	}
}

// TestCollapseKeepsBalance: where the index is asked for more because of what says the
// same, the newest of a preferred category still take no more than half of the limit.
func TestCollapseKeepsBalance(t *testing.T) {
	var records []retrieval.Record
	for i := range 8 {
		records = append(records, retrieval.Record{ID: fmt.Sprintf("rule-%d", i), Text: fmt.Sprintf("Lost boots are replaced, rule number %d.", i/4)})
	}
	for i := range 28 {
		records = append(records, order(fmt.Sprintf("o%02d", i), i+1, fmt.Sprintf("Order %d", i), "A tent."))
	}
	records = append(records, order("boots", 0, "Order of boots", "Boots."))
	q := retrieval.Analyze("my lost boots", "en")
	q.Prefer = []consent.Category{"orders"}
	found := newDrawer(t, records...).search(q, 10)
	got := make(map[string]int)
	for i, h := range found.Hits {
		if got[h.RecordID] = i + 1; i < 5 != (h.Score == 0) {
			t.Errorf("%d: %s with score %.3f", i, h.RecordID, h.Score)
		}
	}
	if got["o27"] != 1 || got["o23"] != 5 || got["rule-0"] == 0 || got["rule-4"] == 0 || got["boots"] == 0 || len(got) != 8 {
		t.Errorf("found %v", got)
	}
}

// TestLatest: of the categories that are preferred only the newest record is left.
func TestLatest(t *testing.T) {
	s := newDrawer(t,
		retrieval.Record{ID: "article", Text: "How orders of boots are sent."},
		order("o1", 1, "Order 1", "Your boots left."), order("o3", 3, "Order 3", "Your umbrella left."), order("o2", 2, "Order 2", "Your boots, left and right."),
		retrieval.Record{ID: "bill", Customer: "ana", Category: "billing", Text: "Boots, 49.00 EUR.", CollectedAt: at(1)},
	)
	q := retrieval.Analyze("my last order of boots", "en")
	q.Prefer, q.Latest = []consent.Category{"orders"}, true
	s.want(s.search(q, 10), "o3", "article", "bill")
	q.Latest = false
	if n := len(s.search(q, 10).Hits); n != 5 {
		t.Errorf("%d hits, want 5", n)
	}
}

// TestPeriod: the customer's own are of that time, if any are; articles have none.
func TestPeriod(t *testing.T) {
	s := newDrawer(t,
		retrieval.Record{ID: "article", Text: "Boots are sent within a day.", CollectedAt: at(1)},
		order("o1", 1, "Order 1", "Your boots left."), order("o2", 12, "Order 2", "Your brown boots left."),
	)
	q := retrieval.Analyze("brown boots", "en")
	q.Period = retrieval.Period{From: at(10), To: at(20)}
	found := s.search(q, 10)
	s.want(found, "o2", "article")
	if found.Widened {
		t.Error("it was widened")
	}
	q.Period = retrieval.Period{From: at(20)}
	found = s.search(q, 10)
	s.want(found, "o2", "o1", "article")
	if !found.Widened || found.Query.Period != q.Period {
		t.Errorf("%+v", found)
	}
}

// TestBefore: an earlier turn is the context of a question that is about the same, and
// no other's.
func TestBefore(t *testing.T) {
	s := newDrawer(t)
	s.store.Embedder = indextest.Words{}
	s.store.Put(
		retrieval.Record{ID: "boots", Site: "shop", Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge, Language: "en", Text: "Boots get waterproof with wax."},
		retrieval.Record{ID: "tent", Site: "shop", Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge, Language: "en", Text: "A tent gets waterproof with spray."},
	)
	x := embedded.New(s.store, embedded.Options{Space: s.store.Embedder.Space()})
	defer x.Close()
	s.searcher = retrieval.NewSearcher(x, s.store).ByMeaning(s.store.Embedder, nil)
	ask := func(before string) retrieval.Result {
		q := retrieval.Analyze("waterproof wax", "en")
		q.Before = []string{before}
		return s.search(q, 10)
	}
	if r := ask("are boots waterproof?"); r.Query.Context["boot"] == 0 || len(r.Query.Turns) != 1 {
		t.Errorf("about the same: %+v", r.Query)
	}
	if r := ask("where is my invoice"); len(r.Query.Context) > 0 || len(r.Query.Turns) > 0 {
		t.Errorf("about something else: %+v", r.Query)
	}
	// By words alone nobody knows.
	s.searcher = retrieval.NewSearcher(x, s.store)
	if r := ask("are boots waterproof?"); len(r.Query.Context) > 0 {
		t.Errorf("by words: %+v", r.Query)
	}
}

// elsewhere is an embedder of another company's, that remembers what it was shown.
type elsewhere struct {
	indextest.Words
	shown *[]string
}

func (elsewhere) Recipient() consent.Recipient { return openAI }

func (e elsewhere) Embed(ctx context.Context, kind retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	*e.shown = append(*e.shown, texts...)
	return e.Words.Embed(ctx, kind, texts)
}

// TestTurnsStayInHouse: whatever is granted, earlier turns go to the company's own
// models alone.
func TestTurnsStayInHouse(t *testing.T) {
	var shown []string
	h := newHouse(t, openAI)
	h.grant(ana, answers(consent.Conversation, openAI), answers("orders", consent.BrandAI), answers("orders", openAI))
	x := embedded.New(h.store, embedded.Options{Space: indextest.Words{}.Space()})
	defer x.Close()
	searcher := retrieval.NewSearcher(x, h.store).ByMeaning(elsewhere{shown: &shown}, h.log)
	q := retrieval.Analyze(question, "en").WithContext("A secret turn.")
	q.Before = []string{"Another secret turn."}
	if _, err := searcher.Search(t.Context(), h.scope(ana, consent.Answers), q, 10); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(shown, question) || slices.ContainsFunc(shown, func(s string) bool { return strings.Contains(s, "secret") }) {
		t.Errorf("shown: %q", shown)
	}
}
