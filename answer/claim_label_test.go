package answer

import (
	"testing"

	"candor/retrieval"
)

// TestLabelled: what a list says of one thing is not said of another. A small model took
// the ways to pay in Brazil for those in the United Kingdom, and was believed.
func TestLabelled(t *testing.T) {
	t.Parallel()
	text := "You can pay in these ways:\n\n- **European Union**: Visa, Mastercard, PayPal and iDEAL.\n- **United Kingdom**: Visa, Mastercard, PayPal, Apple Pay and Google Pay.\n" +
		"- **Brazil**: Visa, Mastercard, Elo, Pix and boleto.\n\nThe card is charged when the parcel leaves."
	h := retrieval.Hit{Record: retrieval.Record{ID: "r", Title: "How can I pay?", Text: text, Language: "en"}}
	h.RecordID, h.PassageID, h.End = "r", "r#0", len(text)
	for claim, fine := range map[string]bool{
		"United Kingdom: Visa, Mastercard, PayPal, Apple Pay and Google Pay.": true,
		"United Kingdom: PayPal, Visa and Mastercard.":                        true,
		"Brazil: Visa, Mastercard, Elo, Pix and boleto.":                      true,
		"United Kingdom: Visa, Mastercard, Elo, Pix and boleto.":              false,
		"European Union: Visa, Mastercard, Elo, Pix and boleto.":              false,
		"Brazil: PayPal.":                         false,
		"Brazil: Visa, Mastercard and Apple Pay.": false,
	} {
		_, err := Verify(Sentence{Text: claim, Citations: []Citation{{RecordID: "r", PassageID: "r#0", Quote: "- **Brazil**: Visa, Mastercard, Elo, Pix and boleto."}}}, []retrieval.Hit{h})
		if !fine && err == nil {
			t.Errorf("%q is shown", claim)
		}
		if fine && !labelled(claim, []retrieval.Record{h.Record}, "en") {
			t.Errorf("%q is said of something else", claim)
		}
	}
}
