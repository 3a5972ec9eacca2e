package answer

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold reduces a text to lower-case words with one space before, between and
// after them, so that phrases can be found in it as " word word ". Apostrophes
// vanish ("don't", "з'єднайте" are one word), other punctuation separates.
// Accents of Latin letters vanish too, as people leave them out when they
// type; those of Cyrillic letters make other letters (и, й) and stay, but for
// ё, which is commonly written е.
func fold(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	latin, space := false, true
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
			if latin || r == '\u0308' && strings.HasSuffix(b.String(), "е") {
				continue
			}
			b.WriteRune(r)
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			latin = unicode.Is(unicode.Latin, r)
			b.WriteRune(r)
			space = false
		case r == '\'' || r == '’' || r == 'ʼ' || r == '`':
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	if !space {
		b.WriteByte(' ')
	}
	return norm.NFC.String(b.String())
}
