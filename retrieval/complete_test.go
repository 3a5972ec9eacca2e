package retrieval_test

import (
	"testing"
	"time"

	"candor/consent"
	"candor/retrieval"
)

// TestMeaningIsComplete: the store is asked what lacks a vector while something does,
// and not at every question.
func TestMeaningIsComplete(t *testing.T) {
	h := newHouse(t, consent.BrandAI)
	h.grant(ana, answers("orders", consent.BrandAI))
	ask := func(step string, asked int, found ...string) {
		t.Helper()
		before := len(h.store.asked)
		h.found(step, h.ask(h.scope(ana, consent.Answers)), found...)
		if n := len(h.store.asked) - before; n != asked {
			t.Errorf("%s: the store is asked %d times, want %d", step, n, asked)
		}
	}
	ask("first", 1, "article", "order-1", "order-2")
	ask("again", 0, "article", "order-1", "order-2")
	h.store.Put(retrieval.Record{
		ID: "order-3", Site: "shop", Customer: "ana", Category: "orders", Title: "anas-order-3", Text: "Your parcel with a lamp left today.",
		Language: "en", CollectedAt: time.Date(2026, 2, 20, 0, 0, 0, 0, time.UTC),
	})
	ask("one more", 1, "article", "order-1", "order-2", "order-3")
	ask("one more, again", 0, "article", "order-1", "order-2", "order-3")
	h.grant(ana, answers("billing", consent.BrandAI))
	ask("another category", 1, "article", "bill", "order-1", "order-2", "order-3")
	ask("another category, again", 0, "article", "bill", "order-1", "order-2", "order-3")
	h.sent("in the end", 6, "anas-bill", "anas-order-1", "anas-order-2", "anas-order-3")
}
