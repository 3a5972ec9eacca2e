package analysis

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// Term is an index term and the span of the text, in bytes, that it stands for.
type Term struct {
	Text       string
	Start, End int
}

// Bounds on what is indexed. A longer run of characters is not a word or an
// identifier that somebody would type.
const (
	maxTerm  = 64 // bytes of one term
	maxParts = 8  // parts of one compound
)

// Terms returns the index terms of a text in a language (a BCP 47 tag), in
// order of their start.
//
// Words are segmented by UAX #29, normalised by NFKC and case folding, stemmed
// by Snowball (English, Portuguese, Spanish, Russian) or a light stemmer
// (Ukrainian), and stripped of Latin accents. An unknown or empty language is
// not stemmed. Stop words are kept; see IsStop.
//
// An identifier, an e-mail address or another compound with a digit in it
// yields itself first, in a form without separators ("FH-10234", "fh10234" and
// "FH/10234" are one term; an address keeps its form), and then its parts, so
// spans may overlap. A number yields one term without group separators and with
// a decimal point ("1,234.50" and "1.234,5" are both "1234.5").
func Terms(text, language string) []Term {
	a := analyzer{language: Base(language), terms: make([]Term, 0, len(text)/6+1)}
	// A run is a stretch of word tokens that joiners, and no spaces, connect.
	run := struct{ start, end, tokens int }{-1, -1, 0}
	joined := false // whether the last token was a joiner that may go on the run
	flush := func() {
		if run.start >= 0 {
			a.run(text, run.start, run.end, run.tokens)
		}
		run.start, joined = -1, false
	}
	tokens := words.FromString(text)
	for tokens.Next() {
		start, end := tokens.Start(), tokens.End()
		switch {
		case isWord(text[start:end]):
			if run.start < 0 || !joined {
				flush()
				run.start, run.tokens = start, 0
			}
			run.end, joined = end, false
			run.tokens++
		case end-start == 1 && isJoiner(text[start]) && run.start >= 0 && !joined:
			joined = true
		default:
			flush()
		}
	}
	flush()
	return a.terms
}

// isJoiner reports whether a character connects the parts of an identifier, a
// date, a phone number, a path or an e-mail address.
func isJoiner(c byte) bool {
	switch c {
	case '-', '/', '_', '.', '@', '#', '+':
		return true
	}
	return false
}

// isWord reports whether a token of UAX #29 has a letter or a digit in it.
func isWord(token string) bool {
	for _, r := range token {
		if r < utf8.RuneSelf {
			if isASCIIAlnum(byte(r)) {
				return true
			}
		} else if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return true
		}
	}
	return false
}

func isASCIIAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// analyzer collects the terms of one text.
type analyzer struct {
	language string
	terms    []Term
	stemmer  stemmer
}

func (a *analyzer) add(term string, start, end int) {
	if term != "" && len(term) <= maxTerm {
		a.terms = append(a.terms, Term{term, start, end})
	}
}

// run adds the terms of a run: a plain word in almost every case.
func (a *analyzer) run(text string, start, end, tokens int) {
	s := text[start:end]
	if tokens == 1 {
		if n, ok := number(s); ok {
			a.add(n, start, end)
			return
		}
		if isPlain(s) {
			a.word(s, start, end)
			return
		}
	}
	parts := splitParts(s)
	digits := strings.ContainsAny(s, "0123456789")
	switch {
	case len(parts) == 1 && !digits:
		a.word(s[parts[0].Start:parts[0].End], start+parts[0].Start, start+parts[0].End)
		return
	case len(parts) > maxParts || len(s) > maxTerm:
		// Too long to be typed as a whole; its parts still may be.
	case strings.Contains(s, "@"):
		a.add(fold(s), start, end)
	case digits:
		a.add(fold(squash(s, parts)), start, end)
	case len(parts) == 2 && parts[0].End-parts[0].Start <= 2 && s[parts[0].End] == '-',
		initials(parts):
		// "e-mail" and "wi-fi" are also written as one word; "U.S.A." is one.
		a.add(a.stem(fold(squash(s, parts))), start, end)
		if initials(parts) {
			return
		}
	}
	for _, p := range parts {
		part := s[p.Start:p.End]
		if n, ok := number(part); ok {
			if len(parts) > 1 {
				a.add(n, start+p.Start, start+p.End)
			}
			continue
		}
		if len(part) == 1 && !digits {
			continue // the "e" of "e-mail"
		}
		a.mixed(part, start+p.Start, start+p.End, len(parts) == 1)
	}
}

// mixed adds the terms of a part that has letters and perhaps digits. Whole is
// whether the part is all of its run and was added as such.
func (a *analyzer) mixed(part string, start, end int, whole bool) {
	if !strings.ContainsAny(part, "0123456789") {
		a.word(part, start, end)
		return
	}
	if !whole {
		a.add(fold(part), start, end)
	}
	// "FH10234" is also found by its number.
	for i := 0; i < len(part); {
		if !isDigit(part[i]) {
			i++
			continue
		}
		j := i
		for j < len(part) && isDigit(part[j]) {
			j++
		}
		if j-i >= 3 {
			a.add(trimZeros(part[i:j]), start+i, start+j)
		}
		i = j
	}
}

// word adds a word: folded, stemmed, without accents.
func (a *analyzer) word(w string, start, end int) { a.add(a.stem(fold(w)), start, end) }

// isPlain reports whether the token is letters and apostrophes only.
func isPlain(s string) bool {
	for _, r := range s {
		if r < utf8.RuneSelf {
			if c := byte(r); !isASCIIAlnum(c) && c != '\'' || isDigit(c) {
				return false
			}
		} else if unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// splitParts returns the spans of s between ASCII punctuation. An apostrophe
// belongs to its word.
func splitParts(s string) []Span {
	var parts []Span
	start := -1
	for i := range len(s) {
		c := s[i]
		inside := c >= utf8.RuneSelf || isASCIIAlnum(c) || c == '\''
		switch {
		case inside && start < 0:
			start = i
		case !inside && start >= 0:
			parts = append(parts, Span{start, i})
			start = -1
		}
	}
	if start >= 0 {
		parts = append(parts, Span{start, len(s)})
	}
	return parts
}

func initials(parts []Span) bool {
	for _, p := range parts {
		if p.End-p.Start != 1 {
			return false
		}
	}
	return len(parts) > 1
}

func squash(s string, parts []Span) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(s[p.Start:p.End])
	}
	return b.String()
}

// number returns the canonical form of a decimal number, in which the English
// "1,234.50" and the Portuguese "1.234,5" meet. A lone separator before exactly
// three digits is taken for a group separator: right for amounts, and the same
// on both sides for the rest.
func number(s string) (string, bool) {
	if s == "" || !isDigit(s[0]) || !isDigit(s[len(s)-1]) {
		return "", false
	}
	last, separators := -1, 0
	for i := range len(s) {
		switch {
		case isDigit(s[i]):
		case s[i] == '.' || s[i] == ',':
			last, separators = i, separators+1
		default:
			return "", false
		}
	}
	if separators == 0 {
		return trimZeros(s), true
	}
	// All separators group, or all but the last, which must then differ.
	group := s[strings.IndexAny(s, ".,")]
	integer, decimals := s, ""
	if grouped := len(s)-last == 4; s[last] != group || separators == 1 && (!grouped || s[0] == '0') {
		integer, decimals = s[:last], s[last+1:]
	}
	groups := strings.Split(integer, string(group))
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && len(groups) > 1 && len(g) > 3 || strings.ContainsAny(g, ".,") {
			return "", false // a date, a version or a list
		}
	}
	n := trimZeros(strings.Join(groups, ""))
	if decimals = strings.TrimRight(decimals, "0"); decimals != "" {
		n += "." + decimals
	}
	return n, true
}

func trimZeros(s string) string {
	t := strings.TrimLeft(s, "0")
	if t == "" {
		return s[:1]
	}
	return t
}
