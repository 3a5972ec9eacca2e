package pii

import (
	"regexp"
	"strings"
)

// cardForms are how a card's number is written: without separators, or in the groups
// that are on the card, the longest first. Other groups of digits that follow each other
// are no card: an amount, a date and a telephone number in a row have check digits by
// chance.
var cardForms = []*regexp.Regexp{
	regexp.MustCompile(`^\d{12,19}`),
	regexp.MustCompile(`^\d{4}[ .-]\d{4}[ .-]\d{4}[ .-]\d{4}[ .-]\d{3}`),
	regexp.MustCompile(`^\d{4}[ .-]\d{4}[ .-]\d{4}[ .-]\d{4}`),
	regexp.MustCompile(`^\d{4}[ .-]\d{6}[ .-]\d{4,5}`),
}

// fifthGroup is what makes of four groups of four digits something longer than a card's.
var fifthGroup = regexp.MustCompile(`^[ .-]\d{4}\b`)

// digitsOf is a text without what is no digit.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func (x *reading) card(i int) (candidate, bool) {
	t := x.at(i)
	if !t.number() || t.digits < 4 || x.continues(i) {
		return none, false
	}
	text := x.from(i, 32)
	for _, form := range cardForms {
		if f := form.FindString(text); f != "" && x.alone(i, t.start+len(f)) {
			if weight := x.cardWeight(i, f); weight > 0 && (x.announced(i, cueCard) || !fifthGroup.MatchString(text[len(f):])) {
				return span(t.start, t.start+len(f), Card, weight)
			}
		}
	}
	return none, false
}

// continues reports whether a group of digits is not the first of its kind: parcels'
// numbers are often in groups of four.
func (x *reading) continues(i int) bool {
	p := x.at(i - 1)
	return i > 0 && p.number() && p.digits == 4 && x.gap(i) == " "
}

// cardWeight is how much there is for a number being a card's; 0: it is none.
func (x *reading) cardWeight(i int, form string) int {
	n := digitsOf(form)
	separators := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, form)
	card, other := x.announced(i, cueCard), x.announced(i, cueOtherCard)
	switch {
	case same(n), separators != "" && !same(separators):
		return 0
	case separators == "" && x.announced(i, cueReference) && !card, separators == "" && other:
		return 0
	case cardScheme(n) && luhn(n):
		return checked
	case other || !card:
		return 0
	case luhn(n) && (len(n) > 12 || n[0] == '5' || n[0] == '6'), cardScheme(n) && len(n) >= 15:
		return said // of another scheme, or with a digit mistyped: it is said to be one
	}
	return 0
}

var ibanForm = regexp.MustCompile(`^[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{1,4}){3,8}`)

func (x *reading) iban(i int) (candidate, bool) {
	t := x.at(i)
	if t.letters < 2 || t.digits < 2 && (t.letters != 2 || x.at(i+1).digits < 2) {
		return none, false
	}
	form := ibanForm.FindString(x.from(i, 44))
	if len(form) < 15 || x.joined(i) {
		return none, false
	}
	// The text may go on after the number with a space, as one group of it would.
	length, n := ibanLength[strings.ToUpper(form[:2])], 0
	for k, c := range []byte(form) {
		if c != ' ' {
			n++
		}
		if n == length {
			number := strings.ToUpper(strings.ReplaceAll(form[:k+1], " ", ""))
			if validIBAN(number) && x.alone(i, t.start+k+1) {
				return span(t.start, t.start+k+1, IBAN, checked)
			}
			break
		}
	}
	return none, false
}

var (
	accountForm = regexp.MustCompile(`^\d{2,4}(?:[ -]?\d{1,4}){0,6}(?:[ -][0-9Xx])?`)
	routingForm = regexp.MustCompile(`^(?:\d{9}|\d\d-\d\d-\d\d|\d\d \d\d \d\d|\d{3}-\d{3})`)
	swiftForm   = regexp.MustCompile(`^[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?`)
)

// bank finds the number of a bank account, a branch or a bank, which nothing but the
// words before it tells from any other number.
func (x *reading) bank(i int) (candidate, bool) {
	t := x.at(i)
	bank := x.announced(i, cueBank)
	if t.letters >= 6 && t.caps && bank {
		if form := swiftForm.FindString(x.from(i, 12)); form != "" && len(form) == t.end-t.start {
			return span(t.start, t.end, BankAccount, said)
		}
	}
	if !t.number() {
		return none, false
	}
	if !bank && x.announced(i, cueAccount) {
		// "account at the bank 12345678", "agência 1234 conta 56789-0"
		for k := max(0, i-8); k < i && !bank; k++ {
			bank = x.tokens[k].cues&cueBank != 0
		}
		if !bank && x.at(i-1).cues&cueReference == 0 {
			form := accountForm.FindString(x.from(i, 30))
			if len(digitsOf(form)) >= 4 && x.alone(i, t.start+len(form)) {
				return span(t.start, t.start+len(form), Account, said-1)
			}
		}
	}
	if !bank {
		return none, false
	}
	form := routingForm.FindString(x.from(i, 12))
	if form == "" || !x.alone(i, t.start+len(form)) {
		form = accountForm.FindString(x.from(i, 30))
	}
	if n := digitsOf(form); len(n) < 4 || len(n) > 20 || !x.alone(i, t.start+len(form)) {
		return none, false
	}
	return span(t.start, t.start+len(form), BankAccount, said)
}

func (x *reading) cvv(i int) (candidate, bool) {
	t := x.at(i)
	if t.number() && (t.digits == 3 || t.digits == 4) && x.announced(i, cueCVV) && x.alone(i, t.end) {
		return span(t.start, t.end, CVV, said+1)
	}
	return none, false
}

var expiryForm = regexp.MustCompile(`^(?:0?[1-9]|1[0-2]) ?[/.-] ?(?:20)?[2-4]\d\b`)

func (x *reading) expiry(i int) (candidate, bool) {
	t := x.at(i)
	if !t.number() || t.digits > 2 || !x.announced(i, cueExpiry) {
		return none, false
	}
	form := expiryForm.FindString(x.from(i, 12))
	if form == "" || !x.alone(i, t.start+len(form)) {
		return none, false
	}
	return span(t.start, t.start+len(form), CardExpiry, said)
}
