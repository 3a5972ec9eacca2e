package pii

import "strings"

// instead are the words that stand in brackets for what is hidden, and those before the
// last digits of a number.
type instead struct {
	words  map[Kind]string
	ending string
}

// maskTexts are the words by language.
var maskTexts = map[string]instead{
	"en": {map[Kind]string{
		HidCard: "card number", HidCode: "card code", HidBankAccount: "bank account",
		HidGovernmentID: "government ID", HidPassword: "password", HidHealth: "health detail",
	}, " ending "},
	"pt": {map[Kind]string{
		HidCard: "número de cartão", HidCode: "código do cartão", HidBankAccount: "conta bancária",
		HidGovernmentID: "documento de identidade", HidPassword: "senha", HidHealth: "dado de saúde",
	}, " com final "},
	"es": {map[Kind]string{
		HidCard: "número de tarjeta", HidCode: "código de la tarjeta", HidBankAccount: "cuenta bancaria",
		HidGovernmentID: "documento de identidad", HidPassword: "contraseña", HidHealth: "dato de salud",
	}, " que termina en "},
	"uk": {map[Kind]string{ //nolint:gosec // words for people to read, no credentials
		HidCard: "номер картки", HidCode: "код картки", HidBankAccount: "банківський рахунок",
		HidGovernmentID: "номер документа", HidPassword: "пароль", HidHealth: "дані про здоров’я",
	}, ", останні цифри "},
	"ru": {map[Kind]string{ //nolint:gosec // as above
		HidCard: "номер карты", HidCode: "код карты", HidBankAccount: "банковский счёт",
		HidGovernmentID: "номер документа", HidPassword: "пароль", HidHealth: "сведения о здоровье",
	}, ", последние цифры "},
}

// maxMark is longer than anything put instead, in bytes.
const maxMark = 128

// markKinds are the kinds by what is inside the brackets, without digits.
var markKinds = func() map[string]Kind {
	out := make(map[string]Kind)
	for _, language := range maskTexts {
		for kind, words := range language.words {
			out[words] = kind
			out[words+language.ending] = kind
		}
	}
	return out
}()

// maskWords are the words of a language, or English.
func maskWords(language string) instead {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	if words, ok := maskTexts[primary]; ok {
		return words
	}
	return maskTexts["en"]
}

// lastDigits is how many digits of a number stay, if they are at most half of it: PCI
// DSS 3.4 lets the last four of a card be shown.
const lastDigits = 4

// mark is what is put for a text of a kind.
func (w instead) mark(kind Kind, text string) string {
	n := digitsOf(text)
	if kind != HidCard && kind != HidBankAccount || len(n) < 2*lastDigits {
		return "[" + w.words[kind] + "]"
	}
	return "[" + w.words[kind] + w.ending + n[len(n)-lastDigits:] + "]"
}
