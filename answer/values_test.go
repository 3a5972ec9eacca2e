package answer

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"candor/consent"
)

// same reports whether the first text's values are all held by the other.
func same(a, b string) bool {
	found, _ := values(a)
	have := held(b)
	for _, v := range found {
		if !slices.ContainsFunc(v.keys, func(k string) bool { return have[k] }) {
			return false
		}
	}
	return len(found) > 0
}

// TestValuesMeet: one value in its writings, and others that are near to it.
func TestValuesMeet(t *testing.T) {
	for _, tt := range []struct {
		writings []string
		others   []string
	}{
		{[]string{"€1.299,00", "1,299 euros", "1299 EUR", "1 299,00 €", "EUR 1299", "1.299 евро"}, []string{"€1.299,10", "1299 USD", "€129", "1299"}},
		{[]string{"12 de março de 2026", "March 12, 2026", "12 березня 2026", "12 марта 2026 года", "2026-03-12", "12 de marzo de 2026"}, []string{"13 de março de 2026", "March 12, 2027", "12 квітня 2026"}},
		{[]string{"2 weeks", "14 days", "14 днів", "две недели", "duas semanas", "14-day"}, []string{"14 weeks", "15 days", "14 business days", "14 hours"}},
		{[]string{"3 business days", "3 working days", "three business days", "3 dias úteis", "3 días laborables", "3 робочих дні", "3 рабочих дня"}, []string{"3 days", "4 business days", "3 dias"}},
		{[]string{"1.5 kg", "1500 g", "1,5 кг", "1500 грам"}, []string{"1.5 lb", "15 kg", "1.5 km"}},
		{[]string{"5 km", "5000 m", "5 км"}, []string{"5 miles", "5 cm"}},
		{[]string{"2 GB", "2000 MB", "2 ГБ"}, []string{"2 MB"}},
		{[]string{"15%", "15 per cent", "15 por ciento", "15 відсотків", "15 процентов"}, []string{"16%", "15"}},
		{[]string{"1.5 million", "1500000", "1,5 millones", "1,5 млн"}, []string{"1.5 billion", "1.5"}},
		{[]string{"5 pm", "17:00", "5 p.m."}, []string{"5 am", "17:30"}},
		{[]string{"2 years", "24 months", "два года", "24 meses"}, []string{"2 months", "24 years"}},
	} {
		for _, a := range tt.writings {
			for _, b := range tt.writings {
				if !same("It is "+a+" now", "It is "+b+" now") {
					t.Errorf("%q and %q do not meet", a, b)
				}
			}
			for _, b := range tt.others {
				if same("It is "+b+" now", "It is "+a+" now") {
					t.Errorf("%q is taken for %q", b, a)
				}
			}
		}
	}
}

// TestValuesRoundTrip: whatever amount, date or number it is, its writings in all
// languages meet, and no other does.
func TestValuesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 999_999).Draw(t, "n")
		year, month, day := rapid.IntRange(1950, 2090).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day")
		iso := func(d int) string { return fmt.Sprintf("%d-%02d-%02d", year, month, d) }
		for _, l := range consent.Languages {
			date := FormatDate(iso(day), l)
			if !same(date, iso(day)) || !same(iso(day), date) || same(date, iso(day%28+1)) {
				t.Fatalf("%s: %q and %s", l, date, iso(day))
			}
		}
		plain, grouped := fmt.Sprint(n), grouped(n)
		whole := []string{"€" + plain, plain + " EUR", plain + " euros", grouped + " €"}
		cents := []string{grouped + ",50 €", "€ " + grouped + ",50", plain + ".50 EUR"}
		for i, a := range append(whole, cents...) {
			for k, b := range append(whole, cents...) {
				if got := same(a, b); got != ((i < len(whole)) == (k < len(whole))) {
					t.Fatalf("%q and %q meet: %t", a, b, got)
				}
			}
		}
	})
}

// grouped writes a number as in Portuguese and Spanish: 1.299.
func grouped(n int) string {
	s := fmt.Sprint(n)
	if len(s) > 3 {
		return s[:len(s)-3] + "." + s[len(s)-3:]
	}
	return s
}
