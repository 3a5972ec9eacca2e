package answer_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"candor/answer"
	"candor/consent"
	"candor/retrieval"
	"candor/review"
)

// TestHiddenFromModel hides a source while a model writes from it: what was said of it
// is taken back, and the answer is written anew without it.
func TestHiddenFromModel(t *testing.T) {
	for source, said := range map[string]string{"order-1": "The code is " + secret + ".", "article-1": "Returns are free."} {
		t.Run(source, func(t *testing.T) {
			p := newPanel(t, ordersIn)
			if source == "article-1" {
				p.question = "Are returns free?"
			}
			asked := 0
			p.models(speaker{name: "own", to: consent.BrandAI, says: func(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
				i := slices.IndexFunc(r.Hits, func(h retrieval.Hit) bool { return h.RecordID == source })
				if asked++; asked > 1 {
					if i >= 0 {
						t.Errorf("%s is found again", source)
					}
					return quoteAll(r, yield)
				}
				if i < 0 {
					t.Errorf("%s is not found, so nothing is shown", source)
					return nil
				}
				p.ok(yield(quote(r.Hits[i], said)))
				_, err := p.store.Hide(ctx, review.HiddenSource{Site: "shop", Record: source, Actor: "staff:stf_1"})
				p.ok(err)
				err = yield(quote(r.Hits[i], strings.ToUpper(said)))
				if err == nil {
					err = yield(quote(r.Hits[i], r.Hits[i].Text()))
				}
				if !errors.Is(err, consent.ErrStale) {
					t.Errorf("told %v", err)
				}
				return err
			}})
			q, a := p.answer()
			if strings.Contains(a.Text, said) || slices.ContainsFunc(a.Used, func(u answer.Used) bool { return u.RecordID == source }) || a.Attempt != 2 {
				t.Errorf("%s at attempt %d: %s, used %+v", a.Status, a.Attempt, a.Text, a.Used)
			}
			if n, why := p.resets(q); n != 1 || !strings.Contains(why, "source_hidden") {
				t.Errorf("%d resets: %s", n, why)
			}
		})
	}
}

// TestHiddenBeforeModel hides a source between the search and the model: it does not
// reach the model.
func TestHiddenBeforeModel(t *testing.T) {
	p := newPanel(t, ordersIn)
	p.question = "Are returns free?"
	p.models(speaker{name: "own", to: consent.BrandAI, says: func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		if slices.ContainsFunc(r.Hits, func(h retrieval.Hit) bool { return h.RecordID == "article-1" }) {
			t.Error("the model has it")
		}
		return quoteAll(r, yield)
	}})
	hid := false
	p.engine.Log = &hookedLog{p.store.Citations(), func() {
		if hid {
			return
		}
		hid = true
		_, err := p.store.Hide(t.Context(), review.HiddenSource{Site: "shop", Record: "article-1", Actor: "staff:stf_1"})
		p.ok(err)
	}}
	if _, a := p.answer(); !hid || a.Attempt != 2 {
		t.Errorf("hidden: %t, attempt %d", hid, a.Attempt)
	}
}
