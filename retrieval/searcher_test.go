package retrieval_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/indextest"
)

// everything is an index without any filter: whatever the scope, it finds all.
type everything []retrieval.Match

func (e everything) Search(context.Context, consent.Scope, retrieval.Query, int) ([]retrieval.Match, error) {
	return e, nil
}

// TestSearcherTrustsNobody gives the searcher an index that finds everything and
// a store that returns everything.
func TestSearcherTrustsNobody(t *testing.T) {
	store := indextest.NewStore()
	store.Leaky = true
	var index everything
	for _, r := range []retrieval.Record{
		{ID: "public", Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge},
		{ID: "internal", Category: consent.Knowledge, Visibility: retrieval.InternalKnowledge},
		{ID: "nobody's", Category: consent.Knowledge},
		{ID: "elsewhere", Site: "other", Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge},
		{ID: "order", Customer: "ana", Category: "orders"},
		{ID: "bill", Customer: "ana", Category: "billing"},
		{ID: "none", Customer: "ana"},
		{ID: "false knowledge", Customer: "ana", Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge},
		{ID: "theirs", Customer: "bob", Category: "orders"},
		{ID: "ownerless", Category: "orders"},
		{ID: "elsewhere's", Site: "other", Customer: "ana", Category: "orders"},
	} {
		r.Text = "Boots."
		if r.ID == "internal" {
			r.Text = "Boats." // or it says what the public one does
		}
		if r.Site == "" {
			r.Site = "shop"
		}
		store.Put(r)
		index = append(index, retrieval.Match{RecordID: r.ID, PassageID: r.ID + "#0", End: 6, Category: r.Category})
	}
	index = append(index,
		retrieval.Match{RecordID: "gone", PassageID: "gone#0", Category: consent.Knowledge},
		retrieval.Match{RecordID: "public", PassageID: "public#1", End: 7, Category: consent.Knowledge},
		retrieval.Match{RecordID: "public", PassageID: "public#2", Start: -1, End: 2, Category: consent.Knowledge},
		retrieval.Match{RecordID: "order", PassageID: "order#1", End: 6, Category: consent.Knowledge},
	)
	gate := indextest.NewGate()
	ana := identity.Principal{Kind: identity.Customer, Site: "shop", Customer: "ana"}
	changed, err := gate.Change(t.Context(), ana, consent.ChangeSet{Changes: []consent.Change{
		{Triple: consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}, Granted: true},
		// A model may have them, but without the company's own search nobody finds them.
		{Triple: consent.Triple{Purpose: consent.Answers, Category: "billing", Recipient: "ai_provider:openai"}, Granted: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	searcher := retrieval.NewSearcher(index, store)
	for name, c := range map[string]struct {
		who  identity.Principal
		want []string
	}{
		"customer": {ana, []string{"public", "order"}},
		"visitor":  {identity.Principal{Kind: identity.Visitor, Site: "shop"}, []string{"public"}},
		"staff":    {identity.Principal{Kind: identity.Staff, Site: "shop"}, []string{"public", "internal"}},
		"nobody":   {identity.Principal{}, nil},
	} {
		scope, err := gate.Scope(t.Context(), c.who, consent.Answers)
		if err != nil {
			t.Fatal(err)
		}
		found, err := searcher.Search(t.Context(), scope, retrieval.Query{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range found.Hits {
			got = append(got, h.RecordID)
			if h.Text() != h.Record.Text {
				t.Errorf("%s: text %q", name, h.Text())
			}
			var want []consent.Permit
			if h.Category == "orders" {
				want = []consent.Permit{{Recipient: consent.BrandAI, Grant: changed.Events[0].ID}}
			}
			if d := cmp.Diff(want, h.Recipients); d != "" {
				t.Errorf("%s: recipients of %s (-want +got):\n%s", name, h.RecordID, d)
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	if found, err := searcher.Search(t.Context(), consent.Scope{}, retrieval.Query{}, 100); err != nil || len(found.Hits) != 0 {
		t.Errorf("the zero scope: %d hits, %v", len(found.Hits), err)
	}
}

func TestSearcherErrors(t *testing.T) {
	store := indextest.NewStore()
	searcher := retrieval.NewSearcher(everything{{RecordID: "x"}}, store)
	if found, err := searcher.Search(t.Context(), consent.Scope{}, retrieval.Query{}, 0); err != nil || found.Hits != nil {
		t.Errorf("limit 0: %v, %v", found, err)
	}
	store.Fail = errors.New("the disk is gone")
	if found, err := searcher.Search(t.Context(), consent.Scope{}, retrieval.Query{}, 1); !errors.Is(err, store.Fail) || found.Hits != nil {
		t.Errorf("failing store: %v, %v", found, err)
	}
}
