// Package pii finds personal data in what customers write, and hides what support
// never needs before anybody keeps or reads it.
//
// It promises that offsets are bytes of the text as given, that spans are sorted and
// do not overlap, that what has a check digit is checked by it, and that Mask changes
// nothing else: order numbers, prices, dates, phone numbers and names stay. It works on
// the text alone, in process: it never stores, logs or sends one, and has no model of
// who somebody is. It misses things; it is no anonymiser.
package pii

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// Type is what a piece of text is.
type Type string

// Types of personal data.
const (
	Card           Type = "card"            // a payment card's number
	CardExpiry     Type = "card_expiry"     // with a card, or said to be one
	CVV            Type = "cvv"             // a card's security code
	IBAN           Type = "iban"            // with a right check number
	BankAccount    Type = "bank_account"    // account, sort code, routing number, said to be a bank's
	Account        Type = "account"         // the number of an account, perhaps the company's own
	GovernmentID   Type = "government_id"   // a number that a state gave a person or a company
	Passport       Type = "passport"        //
	DrivingLicence Type = "driving_licence" //
	Password       Type = "password"        // also a PIN and a one-time code
	Health         Type = "health"          // a condition, a medicine or a diagnosis, said of oneself or a relative
	Email          Type = "email"
	Phone          Type = "phone"
	URL            Type = "url"
	IP             Type = "ip"
	MAC            Type = "mac"
	Person         Type = "person"
	Address        Type = "address" // as much of a postal address as there is
	Postcode       Type = "postcode"
	Place          Type = "place" // a country or a city by itself
	Organization   Type = "organization"
	BirthDate      Type = "birth_date"
	Date           Type = "date"
	Age            Type = "age"
	Reference      Type = "reference" // an order, a booking, a claim: what support works with
)

// Span is a piece of a text.
type Span struct {
	Start, End int // bytes
	Type       Type
}

// Find returns the personal data in a text, sorted, without overlaps. The language is
// the text's, as a BCP 47 tag; empty is unknown. Cues of all five languages count in
// every text: people mix them.
func Find(text, language string) []Span {
	var out []Span
	for start, part := range parts(text) {
		for _, c := range find(part, language) {
			out = append(out, Span{start + c.Start, start + c.End, c.Type})
		}
	}
	return out
}

// HoldsCard reports whether a text holds a payment card's number.
func HoldsCard(text string) bool {
	for _, part := range parts(text) {
		x := read(part)
		for i := range x.tokens {
			if _, ok := x.card(i); ok {
				return true
			}
		}
	}
	return false
}

// partSize bounds how much of a text is looked at together, in bytes: memory then
// does not grow with the text.
const partSize = 32 << 10

// parts cuts a text that is longer than partSize: between lines, or else words, or else
// characters.
func parts(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for start := 0; start < len(text); {
			end := start + cut(text[start:])
			if !yield(start, text[start:end]) {
				return
			}
			start = end
		}
	}
}

// cut is how long the first part of a text is.
func cut(text string) int {
	if len(text) <= partSize {
		return len(text)
	}
	const half = partSize / 2
	if i := strings.LastIndexByte(text[half:partSize], '\n'); i >= 0 {
		return half + i + 1
	}
	number := func(b byte) bool { return b >= '0' && b <= '9' }
	for i := partSize - 1; i > half; i-- {
		if text[i] == ' ' && !number(text[i-1]) && !number(text[i+1]) { // a card's groups stay together
			return i + 1
		}
	}
	for i := partSize; i > partSize-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			return i
		}
	}
	return partSize // it is not UTF-8
}

// candidate is a span that may be dropped for one of which more is known.
type candidate struct {
	Span
	weight int
}

// Weights: what is checked beats what is said, which beats what is only shaped so.
const (
	shaped  = iota + 1
	listed  // in a gazetteer
	said    // a word before it says so
	checked // its form or its check digits leave little doubt
)

func find(text, language string) []candidate {
	x := read(text)
	var all []candidate
	for i := range x.tokens {
		for _, recognize := range recognizers {
			if c, ok := recognize(x, i); ok {
				all = append(all, c)
			}
		}
	}
	all = append(all, x.health(language)...)
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(b.weight-a.weight, (b.End-b.Start)-(a.End-a.Start), a.Start-b.Start)
	})
	// The heavier is kept; what begins where a kept one began cannot be told apart
	// from it without looking at its bytes, so each byte knows whether it is taken.
	taken := make([]bool, len(text))
	kept := all[:0]
	for _, c := range all {
		if c.Start >= c.End || slices.Contains(taken[c.Start:c.End], true) {
			continue
		}
		for i := c.Start; i < c.End; i++ {
			taken[i] = true
		}
		kept = append(kept, c)
	}
	slices.SortFunc(kept, func(a, b candidate) int { return a.Start - b.Start })
	return kept
}

// recognizers each look at what begins with a token.
var recognizers []func(*reading, int) (candidate, bool)

func init() {
	recognizers = []func(*reading, int) (candidate, bool){
		(*reading).card, (*reading).iban, (*reading).governmentID, (*reading).document,
		(*reading).bank, (*reading).cvv, (*reading).expiry, (*reading).secret,
		(*reading).email, (*reading).url, (*reading).ip, (*reading).mac, (*reading).phone,
		(*reading).date, (*reading).age, (*reading).reference,
		(*reading).address, (*reading).postcode, (*reading).person, (*reading).organization, (*reading).place,
	}
}
