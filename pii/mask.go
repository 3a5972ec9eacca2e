package pii

import (
	"slices"
	"strings"
)

// Kind is what was hidden.
type Kind string

// Kinds of what support never needs.
const (
	HidCard         Kind = "card"
	HidCode         Kind = "card_code"
	HidBankAccount  Kind = "bank_account"
	HidGovernmentID Kind = "government_id"
	HidPassword     Kind = "password"
	HidHealth       Kind = "health"
)

// Kinds lists all kinds, in the order in which Mask and Masked return them.
var Kinds = []Kind{HidCard, HidCode, HidBankAccount, HidGovernmentID, HidPassword, HidHealth}

// hidden says which types Mask hides, and as what. E-mail addresses, telephone numbers,
// names, addresses and the numbers of orders stay: without them nobody can help.
var hidden = map[Type]Kind{
	Card: HidCard, CVV: HidCode, IBAN: HidBankAccount, BankAccount: HidBankAccount,
	GovernmentID: HidGovernmentID, Passport: HidGovernmentID, DrivingLicence: HidGovernmentID,
	Password: HidPassword, Health: HidHealth,
}

// Mask hides what support never needs: the numbers of cards and bank accounts but for
// their last four digits, card codes, government ids, passwords, PINs and one-time codes,
// and what somebody says of their own health. The language, a BCP 47 tag, is that of the
// words put instead; one that is not known is English. The kinds are those hidden now,
// each once. A masked text is masked no further.
func Mask(text, language string) (masked string, kinds []Kind) {
	spans := Find(text, language)
	card := slices.ContainsFunc(spans, func(s Span) bool { return s.Type == Card || s.Type == CVV })
	words := maskWords(language)
	done := marks(text)
	var b strings.Builder
	last := 0
	for _, s := range spans {
		kind, hide := hidden[s.Type]
		if s.Type == CardExpiry && card {
			kind, hide = HidCode, true
		}
		if !hide || slices.ContainsFunc(done, func(m Span) bool { return s.Start < m.End && m.Start < s.End }) {
			continue
		}
		b.WriteString(text[last:s.Start])
		b.WriteString(words.mark(kind, text[s.Start:s.End]))
		last = s.End
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if last == 0 {
		return text, nil
	}
	b.WriteString(text[last:])
	sortKinds(kinds)
	return b.String(), kinds
}

// Masked returns the kinds that Mask has hidden in a text, in any language.
func Masked(text string) (kinds []Kind) {
	for _, m := range marks(text) {
		kind := Kind(m.Type)
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	sortKinds(kinds)
	return kinds
}

func sortKinds(kinds []Kind) {
	slices.SortFunc(kinds, func(a, b Kind) int { return slices.Index(Kinds, a) - slices.Index(Kinds, b) })
}

// marks are the places of what Mask puts, each with its kind as the type.
func marks(text string) (out []Span) {
	for start := 0; ; {
		i := strings.IndexByte(text[start:], '[')
		if i < 0 {
			return out
		}
		start += i
		end := strings.IndexByte(text[start:min(len(text), start+maxMark)], ']')
		if end < 0 {
			start++
			continue
		}
		inside := text[start+1 : start+end]
		if n := len(inside) - lastDigits; n > 0 && digitsOf(inside[n:]) == inside[n:] {
			inside = inside[:n]
		}
		if kind, ok := markKinds[inside]; ok {
			out = append(out, Span{start, start + end + 1, Type(kind)})
			start += end
		}
		start++
	}
}
