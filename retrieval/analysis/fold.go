package analysis

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold returns s in Unicode NFKC, case folded, with every kind of apostrophe as
// an ASCII one and without invisible characters. Lower-case ASCII is returned as it is.
func fold(s string) string {
	upper := false
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return foldUnicode(s)
		}
		upper = upper || c >= 'A' && c <= 'Z'
	}
	if !upper {
		return s
	}
	return strings.ToLower(s)
}

func foldUnicode(s string) string {
	simple := true
	for _, r := range s {
		if !simpleFold(r) {
			simple = false
			break
		}
	}
	if simple {
		return strings.ToLower(s)
	}
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	return strings.Map(func(r rune) rune {
		switch r {
		case '’', '‘', 'ʼ', '`', '´', '′':
			return '\''
		case '\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
			return -1
		}
		return r
	}, s)
}

// simpleFold reports whether lower-casing is all that a rune needs: true of
// ASCII, and of the letters of Latin-1 (but ß), Latin Extended-A up to ħ and
// modern Cyrillic, which NFKC leaves alone.
func simpleFold(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r != '`'
	case r >= 0xC0 && r <= 0x127:
		return r != 'ß' && r != '×' && r != '÷'
	}
	return r >= 0x400 && r <= 0x45F || r == 'ґ' || r == 'Ґ'
}

// unaccent removes the marks of Latin letters, which people leave out when they
// type in a hurry. Cyrillic й and ї are letters of their own and stay.
func unaccent(s string) string {
	ascii := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	latin := false
	for _, r := range norm.NFD.String(s) {
		if unicode.Is(unicode.Mn, r) {
			if latin {
				continue
			}
		} else {
			latin = unicode.Is(unicode.Latin, r)
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}
