package openai

import (
	"fmt"
	"strings"
	"testing"

	"candor/answer"
	"candor/retrieval"
)

// TestQuote: a claim rests on the sentence that says it, or on two beside each other, word
// for word as they stand in the record.
func TestQuote(t *testing.T) {
	t.Parallel()
	text := "## Returns\n\nDelivery takes two days. You may **return** a jacket within 30 days. It has to be unworn and dry. - Send it to Porto.\n\nAll else is in the shop."
	h := retrieval.Hit{Record: retrieval.Record{ID: "r1", Text: text, Language: "en"}}
	h.RecordID, h.Start, h.End = "r1", strings.Index(text, "Delivery"), strings.Index(text, "\n\nAll")
	q := quotes{language: "uk", units: make(map[int][]quotable)}
	for claim, want := range map[string]string{
		"Jackets can be returned for 30 days.":                    "You may **return** a jacket within 30 days.",
		"An unworn, dry jacket can be returned within 30 days.":   "You may **return** a jacket within 30 days. It has to be unworn and dry.",
		"Repair is not offered.":                                  "Delivery takes two days.",
		"All the rest is in the shop, and a jacket in the shops.": "You may **return** a jacket within 30 days.",
	} {
		got := q.of(1, h, claim)
		if got != want || !strings.Contains(text, got) {
			t.Errorf("%q rests on %q", claim, got)
		}
	}
	fields := retrieval.Hit{Record: retrieval.Record{ID: "o1", Fields: map[string]string{"status": "shipped"}}}
	if got := q.of(2, fields, "It is shipped."); got != "" {
		t.Errorf("a record without text is quoted: %q", got)
	}
	if _, err := answer.Verify(answer.Sentence{Text: "You may return a jacket within 30 days.", Citations: []answer.Citation{{
		RecordID: "r1", Quote: q.of(1, h, "You may return a jacket within 30 days."),
	}}}, []retrieval.Hit{h}); err != nil {
		t.Error(err)
	}
}

// BenchmarkQuote looks for a quote in a passage of a long article, each time for the first.
func BenchmarkQuote(b *testing.B) {
	var text strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&text, "You may return jacket %d within %d days if it is unworn. ", i, i%60)
	}
	h := retrieval.Hit{Record: retrieval.Record{ID: "r1", Text: text.String(), Language: "en"}}
	h.Start, h.End = 50_000, 51_200
	for b.Loop() {
		q := quotes{language: "en", units: make(map[int][]quotable)}
		q.of(1, h, "You may return jacket 931 within 31 days.")
	}
}
