package tokenizer

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// BERT says how text is normalized before WordPiece, by the names of a
// tokenizer.json. What is white space, a mark, punctuation or a control
// character is what the Hugging Face library takes for one, which is that of
// Unicode 8 but for white space and case; canonical order is Unicode 9's.
type BERT struct {
	CleanText    bool // drop control characters, make every white space a space
	ChineseChars bool // make a word of each Chinese character
	StripAccents bool // decompose and drop marks; null in the JSON is as Lowercase
	Lowercase    bool
}

// Uncased is the normalization of the uncased models, MiniLM among them.
var Uncased = BERT{CleanText: true, ChineseChars: true, StripAccents: true, Lowercase: true}

const (
	// maxWordChars is that of characters in a word before all of it is unknown.
	maxWordChars = 100

	// Of the Unicode standard's chapter 3.12, which decomposes syllables by rule.
	hangulBase, hangulEnd      = 0xAC00, 0xD7A4
	leadBase, vowelBase        = 0x1100, 0x1161
	tailBase                   = 0x11A7
	vowelCount, tailCount rune = 21, 28
)

// mark is a combining mark that awaits its place in canonical order.
type mark struct {
	r     rune
	class uint8
}

// read normalizes text and splits it into words.
func (w *bertWords) read(text string) {
	for i := 0; i < len(text) && w.left > 0; {
		c := text[i]
		if kind := w.ascii[c&0x7F]; c < utf8.RuneSelf && kind != other {
			w.flush()
			switch kind {
			case letter:
				w.word = append(w.word, w.lower[c])
				w.chars++
				if w.chars > maxWordChars {
					w.word = w.word[:0]
				}
			case space:
				w.end()
			case punctuation:
				w.end()
				w.word, w.chars = append(w.word, c), 1
				w.end()
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		w.clean(r, text[i:i+n])
		i += n
	}
	if w.left > 0 {
		w.flush()
		w.end()
	}
}

// clean does what CleanText and ChineseChars ask for.
func (w *bertWords) clean(r rune, s string) {
	if w.bert.CleanText {
		if unicode.Is(control, r) {
			return
		}
		if unicode.IsSpace(r) {
			r, s = ' ', " "
		}
	}
	if w.bert.ChineseChars && chinese(r) {
		w.flush()
		w.end()
		w.decompose(r, s)
		w.flush()
		w.end()
		return
	}
	w.decompose(r, s)
}

// decompose does what StripAccents asks for: NFD without the marks.
func (w *bertWords) decompose(r rune, s string) {
	if !w.bert.StripAccents {
		w.fold(r)
		return
	}
	if r < utf8.RuneSelf {
		w.flush()
		w.fold(r)
		return
	}
	if r >= hangulBase && r < hangulEnd {
		w.flush()
		r -= hangulBase
		w.fold(leadBase + r/(vowelCount*tailCount))
		w.fold(vowelBase + r%(vowelCount*tailCount)/tailCount)
		if tail := r % tailCount; tail != 0 {
			w.fold(tailBase + tail)
		}
		return
	}
	p := norm.NFD.PropertiesString(s)
	d := p.Decomposition()
	if len(d) == 0 || undecomposed(r) {
		w.order(r, p.CCC())
		return
	}
	for len(d) > 0 {
		r, n := utf8.DecodeRune(d)
		w.order(r, norm.NFD.Properties(d).CCC())
		d = d[n:]
	}
}

// order drops marks, and keeps what is no mark to the library but combines
// until it can be put in canonical order.
func (w *bertWords) order(r rune, class uint8) {
	drop := unicode.Is(nonspacing, r)
	if class != 0 && !drop && !unicode.Is(combining, r) {
		class = 0 // newer than the library's tables
	}
	if class == 0 {
		w.flush()
	}
	if drop {
		return
	}
	if class == 0 {
		w.fold(r)
		return
	}
	w.marks = append(w.marks, mark{r, class})
	if len(w.marks) > maxWordChars {
		w.flush() // the word is unknown in any order
	}
}

// flush folds the marks that are held, in canonical order.
func (w *bertWords) flush() {
	if len(w.marks) == 0 {
		return
	}
	slices.SortStableFunc(w.marks, func(a, b mark) int { return int(a.class) - int(b.class) })
	for _, m := range w.marks {
		w.fold(m.r)
	}
	w.marks = w.marks[:0]
}

// fold does what Lowercase asks for, and adds a normalized character.
func (w *bertWords) fold(r rune) {
	if w.bert.Lowercase {
		if r == 'İ' { // the one with a mapping to two characters
			w.add('i')
			r = '\u0307'
		}
		r = lower(r)
	}
	w.add(r)
}

// add adds a normalized character to the word, or ends it.
func (w *bertWords) add(r rune) {
	switch {
	case unicode.IsSpace(r):
		w.end()
	case unicode.Is(punct, r):
		w.end()
		w.word, w.chars = utf8.AppendRune(w.word, r), 1
		w.end()
	case w.chars >= maxWordChars:
		w.word, w.chars = w.word[:0], w.chars+1
	default:
		w.word, w.chars = utf8.AppendRune(w.word, r), w.chars+1
	}
}

// chinese reports whether r is in the blocks that the library takes for Chinese:
// as in the original BERT, but from U+2B920 on and not U+2B820 in extension E.
func chinese(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4DBF, r >= 0x4E00 && r <= 0x9FFF, r >= 0xF900 && r <= 0xFAFF:
		return true
	}
	return r >= 0x20000 && r <= 0x2A6DF || r >= 0x2A700 && r <= 0x2B81F ||
		r >= 0x2B920 && r <= 0x2CEAF || r >= 0x2F800 && r <= 0x2FA1F
}

// lower returns the lower case of r in Unicode 17, which is newer than Go's.
func lower(r rune) rune {
	if r < 0x1C89 {
		return unicode.ToLower(r)
	}
	switch r {
	case 0x1C89, 0xA7CC, 0xA7CE, 0xA7D2, 0xA7D4, 0xA7DA:
		return r + 1
	case 0xA7CB:
		return 0x264
	case 0xA7DC:
		return 0x19B
	}
	switch {
	case r >= 0x10D50 && r <= 0x10D65:
		return r + 0x20
	case r >= 0x16EA0 && r <= 0x16EB8:
		return r + 0x1B
	}
	return unicode.ToLower(r)
}

// undecomposed reports whether r has a decomposition that the library's older
// tables lack.
func undecomposed(r rune) bool { return r == 0x11938 }
