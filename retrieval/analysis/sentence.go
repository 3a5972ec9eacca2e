package analysis

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a stretch of a text, in bytes.
type Span struct{ Start, End int }

// Of returns the span's part of the text that it was made from.
func (s Span) Of(text string) string { return text[s.Start:s.End] }

// shortLine is the length in characters below which a line that is followed by
// a capital was broken on purpose, not wrapped.
const shortLine = 50

// Sentences returns the sentences of plain or Markdown text, in order, without
// surrounding space and not overlapping.
//
// A heading, a list item, a table row and a "Key: value" line is a unit of its
// own; a list item of several sentences is split into them, the first with its
// marker. What only structures (rules, fences, a table's delimiter row) is left
// out, and so are empty items.
func Sentences(text string) []Span {
	var out []Span
	for _, b := range blocks(text) {
		switch b.kind {
		case headingBlock, tableBlock, codeBlock:
			if hasWord(b.Of(text)) {
				out = append(out, b.Span)
			}
		case paragraphBlock, itemBlock:
			out = split(text, b, out)
		}
	}
	return out
}

func hasWord(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// split appends the sentences of a paragraph or list item.
func split(text string, b block, out []Span) []Span {
	add := func(start, end int) {
		s := trimSpan(text, Span{start, end})
		if s.End > s.Start && hasWord(s.Of(text)) {
			out = append(out, s)
		}
	}
	start := b.Start
	// The number of a list item ("1.") is not the end of a sentence.
	i := b.Start + markerLength(text[b.Start:b.End])
	for i < b.End {
		r, size := utf8.DecodeRuneInString(text[i:b.End])
		end := i + size
		switch {
		case r == '\n':
			if breaks(text, start, i, b) {
				add(start, i)
				start = end
			}
		case r == '。' || r == '！' || r == '？':
			end = closers(text, end, b.End)
			add(start, end)
			start = end
		case r == '.' || r == '!' || r == '?' || r == '…':
			for end < b.End && strings.IndexByte(".!?", text[end]) >= 0 {
				end++
			}
			end = closers(text, end, b.End)
			if endsSentence(text, start, i, end, b.End) {
				add(start, end)
				start = end
			}
		}
		i = end
	}
	add(start, b.End)
	return out
}

// closers skips the quotes and brackets that belong to the sentence before.
func closers(text string, i, limit int) int {
	for i < limit {
		r, size := utf8.DecodeRuneInString(text[i:limit])
		if !strings.ContainsRune(`"')]}”’»*_`, r) {
			break
		}
		i += size
	}
	return i
}

// EndsSentence reports whether the punctuation at text[at:end] ends the sentence that
// began at start. What comes after it tells, up to the first letter; at the end of the
// text it does.
func EndsSentence(text string, start, at, end int) bool {
	return endsSentence(text, start, at, end, len(text))
}

// endsSentence reports whether the punctuation at text[at:end] ends the
// sentence that began at start.
func endsSentence(text string, start, at, end, limit int) bool {
	if end >= limit {
		return true
	}
	next, _ := utf8.DecodeRuneInString(text[end:limit])
	if !unicode.IsSpace(next) {
		return false // a decimal, a URL, a file name, an abbreviation
	}
	follows, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(text[end:limit], func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`"'([{“‘«*_`, r)
	}))
	if text[at] == '!' || text[at] == '?' {
		// «"Why?" he said» goes on after the quote.
		return !unicode.IsLower(follows) || isMark(text[end-1])
	}
	word := lastWord(text[start:at])
	if strings.HasPrefix(text[at:end], "..") || strings.HasPrefix(text[at:end], "…") {
		return !unicode.IsLower(follows)
	}
	if unicode.IsLetter(firstRune(word)) && utf8.RuneCountInString(word) == 1 {
		switch {
		case unicode.IsUpper(firstRune(word)):
			return word == "I" // else the initial of a name
		case unicode.IsLower(follows):
			return false // "p. ex."
		}
	}
	switch class := abbreviations[strings.ToLower(strings.ReplaceAll(word, ".", ""))]; {
	case class == beforeName && word != "":
		return false
	case class == anywhere && word != "":
		return unicode.IsUpper(follows)
	case class == beforeNumber && word != "":
		return !unicode.IsDigit(follows)
	}
	if strings.Contains(word, ".") && !strings.Contains(word, "/") && len(word) <= 5 && unicode.IsLower(follows) {
		return false // "a.m.", "т.д."
	}
	// A chat is often without capitals, so that a small letter may begin one.
	return true
}

func isMark(c byte) bool { return c == '.' || c == '!' || c == '?' }

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// lastWord returns the letters, digits and inner dots at the end of s.
func lastWord(s string) string {
	i := strings.LastIndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && !unicode.Is(unicode.Mn, r)
	})
	if i < 0 {
		return s
	}
	_, size := utf8.DecodeRuneInString(s[i:])
	return s[i+size:]
}

// breaks reports whether the line break at i separates sentences, or only wraps
// one that began at start.
func breaks(text string, start, i int, b block) bool {
	line := text[start:i]
	if j := strings.LastIndexByte(line, '\n'); j >= 0 {
		line = line[j+1:]
	}
	line = strings.TrimSpace(line)
	next, _, _ := strings.Cut(text[i+1:b.End], "\n")
	next = strings.TrimSpace(next)
	if line == "" || next == "" {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(line)
	first := firstRune(next)
	switch {
	case strings.ContainsRune(".!?…:;。", last):
		return true
	case isKeyValue(line) || isKeyValue(next):
		return true
	}
	return utf8.RuneCountInString(line) < shortLine && !unicode.IsLower(first) && last != ','
}

// isKeyValue reports whether a line is a "Key: value" of a form or an e-mail.
func isKeyValue(line string) bool {
	key, value, ok := strings.Cut(line, ":")
	return ok && (value == "" || value[0] == ' ' || value[0] == '*') &&
		len(key) <= 40 && !strings.ContainsAny(key, ".!?,;") && len(strings.Fields(key)) <= 4 && hasWord(key) &&
		len(line) <= 160
}

func trimSpan(text string, s Span) Span {
	part := s.Of(text)
	left := len(part) - len(strings.TrimLeftFunc(part, isBlank))
	right := len(strings.TrimRightFunc(part, isBlank))
	if right < left {
		return Span{s.Start, s.Start}
	}
	return Span{s.Start + left, s.Start + right}
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' }

// How a sentence can go on after an abbreviation.
type abbreviation int

const (
	_            abbreviation = iota
	beforeName                // never ends a sentence: "Dr. Silva"
	beforeNumber              // ends one unless a number follows: "No. 5"
	anywhere                  // ends one if a capital follows: "etc."
)

var abbreviations = func() map[string]abbreviation {
	m := make(map[string]abbreviation)
	for class, list := range map[abbreviation]string{
		beforeName: `av avda mr mrs ms dr prof st sr sra srs sras srta dra drs dña eng rev hon gen gov messrs ud uds vd vds
			eg ie vs cf ca al viz resp proc depto ул вул пр просп бул пл г-н г-жа им ім акад проф св
			напр тзв тн нпр пер обл респ буд`,
		beforeNumber: `no nos nr núm num nº art arts sec ch fig figs p pp pág págs pag vol ed tel ext cap inc № ст стр
			стор гл рис табл п пп пункт ч кв д к м тел ext fls`,
		anywhere: `etc inc ltd ltda co corp cia bros jr approx apt ave blvd dept est min max hr hrs am pm us uk eu usa
			jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun ene abr ago set out dez dic
			fev aprox máx mín ex eeuu sa ss гг г р рр коп руб грн тыс тис млн млрд мин хв год час сек тд тп др ін тп
			те тобто см кг шт нэ до`,
	} {
		for _, w := range strings.Fields(list) {
			m[w] = class
		}
	}
	return m
}()
