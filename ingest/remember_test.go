package ingest_test

import (
	"errors"
	"strings"
	"testing"

	"candor/consent"
	"candor/retrieval"
)

// TestRemember: what customers say about themselves is kept by the rules of an
// import, and by those for what they write.
func TestRemember(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	maya, err := s.Customer(t.Context(), shop, "maya")
	if err != nil {
		t.Fatal(err)
	}
	im := importer(s)
	long := strings.Repeat("x", retrieval.MaxOwnText)
	for _, tt := range []struct {
		name, category, title, text string
		want                        string // the title; empty: it is refused
	}{
		{"a preference", "", "", "I like tents.", "I like tents."},
		{"of its category", "preferences", "Tents", "I like tents.", "Tents"},
		{"of the profile", "profile", " ", "Call me\n\tMaya.", "Call me Maya."},
		{"the longest", "", "", long, long[:60] + "…"},
		{"a long one in words", "", "", strings.Repeat("палатка ", 20), strings.TrimSpace(strings.Repeat("палатка ", 7)) + "…"},
		{"longer", "", "", long + "x", ""},
		{"longer in bytes", "", "", strings.Repeat("я", retrieval.MaxOwnText/2+1), ""},
		{"nothing", "", "Tents", " \n", ""},
		{"an order", "orders", "", "I ordered a tent.", ""},
		{"guesses", "inferences", "", "I am rich.", ""},
		{"a special category", "health", "", "I am ill.", ""},
		{"the chat", "conversation", "", "Hello.", ""},
		{"a payment card", "", "", "My card is 4111-1111-1111-1111.", ""},
		{"a payment card in the title", "", "4111 1111 1111 1111", "My card.", ""},
		{"not UTF-8", "", "", "I like \xff tents.", ""},
		{"a NUL", "", "", "I like \x00 tents.", ""},
	} {
		id, err := im.Remember(t.Context(), shop, maya, consent.Category(tt.category), tt.title, tt.text)
		if tt.want == "" {
			if !errors.Is(err, retrieval.ErrRefused) || strings.Contains(err.Error(), "4111") {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		r, err := s.Record(t.Context(), shop, id)
		if err != nil || r.Title != tt.want || r.Text != strings.TrimSpace(tt.text) || r.Customer != maya || !r.Own ||
			r.Source.System != "customer" || !r.CollectedAt.Equal(noon) || !r.Expires.After(noon) {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
	}
}

// TestRememberHides stores no health and no password, and cuts no title out of one.
func TestRememberHides(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	maya, err := s.Customer(t.Context(), shop, "maya")
	if err != nil {
		t.Fatal(err)
	}
	im := importer(s)
	for text, want := range map[string]string{
		"I have diabetes, so no sweets please.":                                "I have [health detail], so no sweets please.",
		"Tengo diabetes, nada de dulces por favor.":                            "Tengo [dato de salud], nada de dulces por favor.",
		"When you call about the gate of our building my password is hunter22": "When you call about the gate of our building my password is [password]",
	} {
		id, err := im.Remember(t.Context(), shop, maya, "", "", text)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Record(t.Context(), shop, id)
		if err != nil || r.Text != want || strings.Contains(r.Title, "diabet") || strings.Contains(r.Title, "hunter") {
			t.Errorf("%q is kept as %q, %q, %v", text, r.Title, r.Text, err)
		}
	}
}
