package pii

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// token is a word, a number, or one other character. White space is in none.
type token struct {
	start, end int    // bytes
	word       string // folded: lower case, without marks on Latin letters
	letters    int    // characters
	digits     int
	upper      bool // it begins with a capital letter
	caps       bool // all its letters are capitals
	initial    bool // it begins a sentence or a line
	cues       cue
}

func (t token) number() bool { return t.digits > 0 && t.letters == 0 }
func (t token) name() bool   { return t.letters > 0 && t.digits == 0 }

// reading is a text with its tokens.
type reading struct {
	s      string
	tokens []token
}

func read(s string) *reading {
	x := &reading{s: s}
	initial := true
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(r) {
			initial = initial || r == '\n'
			i += n
			continue
		}
		t := token{start: i, initial: initial, caps: true}
		for i < len(s) {
			r, n := utf8.DecodeRuneInString(s[i:])
			switch {
			case unicode.IsLetter(r):
				if t.upper = t.upper || t.letters+t.digits == 0 && unicode.IsUpper(r); !unicode.IsUpper(r) {
					t.caps = false
				}
				t.letters++
			case r >= '0' && r <= '9':
				t.digits++
			case unicode.IsMark(r) && i > t.start:
			case (r == '\'' || r == '’' || r == 'ʼ' || r == '-') && t.letters > 0 && t.digits == 0 && letterAt(s, i+n):
				// l'Oréal, Jean-Pierre, з'єднання
			default:
				n = 0
			}
			if n == 0 {
				break
			}
			i += n
		}
		if i == t.start { // a mark of its own
			t.caps = false
			i += n
		}
		t.end = i
		t.word = fold(s[t.start:t.end])
		initial = t.letters+t.digits == 0 && (strings.ContainsRune(".!?…", r) && !x.abbreviated() || t.initial)
		x.tokens = append(x.tokens, t)
	}
	x.readCues()
	return x
}

func letterAt(s string, i int) bool {
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLetter(r)
}

// abbreviated reports whether the last token is one after which a point ends no
// sentence.
func (x *reading) abbreviated() bool {
	if len(x.tokens) == 0 {
		return false
	}
	t := x.tokens[len(x.tokens)-1]
	return t.letters == 1 || abbreviations[t.word]
}

var abbreviations = setOf("mr mrs ms dr prof sr sra dra no apt ste st ave blvd rd jr nr tel ph núm num вул ул пр просп кв буд")

// setOf is a set of folded words.
func setOf(words string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		out[fold(w)] = true
	}
	return out
}

// fold is how words are compared: in lower case, and Latin letters without marks.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return foldMarks(s)
		}
	}
	return strings.ToLower(s)
}

// latin are letters that have no decomposition.
var latin = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ı", "i", "æ", "ae", "ß", "ss", "þ", "th", "ð", "d", "’", "'", "ʼ", "'")

func foldMarks(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToLower(s)) {
		if d := norm.NFD.PropertiesString(string(r)).Decomposition(); len(d) > 0 && d[0] >= 'a' && d[0] <= 'z' {
			r = rune(d[0])
		}
		b.WriteRune(r)
	}
	return latin.Replace(b.String())
}

// at returns the token at i, or one that is nothing.
func (x *reading) at(i int) token {
	if i < 0 || i >= len(x.tokens) {
		return token{start: len(x.s), end: len(x.s)}
	}
	return x.tokens[i]
}

// gap is what is between a token and the one before it: white space, if anything.
func (x *reading) gap(i int) string {
	if i <= 0 || i >= len(x.tokens) {
		return "\n"
	}
	return x.s[x.tokens[i-1].end:x.tokens[i].start]
}

// alone reports whether nothing is written together with what begins with token i
// and ends at the byte.
func (x *reading) alone(i, end int) bool {
	if i > 0 && x.gap(i) == "" {
		p := x.at(i - 1)
		if p.letters+p.digits > 0 || i > 1 && strings.Contains("-./_", p.word) && x.gap(i-1) == "" && x.at(i-2).digits > 0 {
			return false
		}
	}
	if end >= len(x.s) {
		return true
	}
	r, n := utf8.DecodeRuneInString(x.s[end:])
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return false
	}
	if strings.ContainsRune("-./_", r) && end+n < len(x.s) {
		next, _ := utf8.DecodeRuneInString(x.s[end+n:])
		return next < '0' || next > '9'
	}
	return true
}

// near reports whether one of at most n tokens before i is a cue, in the same
// sentence and line or the one before it.
func (x *reading) near(i, n int, c cue) bool {
	for k := i - 1; k >= 0 && k >= i-n; k-- {
		if x.tokens[k].cues&c != 0 {
			return true
		}
		// A second number has its own cue.
		if x.tokens[k].digits >= 4 && x.tokens[k].letters == 0 && k < i-1 {
			return false
		}
	}
	return false
}

// follows reports whether one of at most n tokens after the byte is a cue.
func (x *reading) follows(i, end, n int, c cue) bool {
	for ; i < len(x.tokens) && x.tokens[i].start < end; i++ {
	}
	for k := i; k < len(x.tokens) && k < i+n; k++ {
		if x.tokens[k].cues&c != 0 {
			return true
		}
		if x.tokens[k].digits > 0 || strings.Contains(".!?\n;", x.tokens[k].word) {
			return false
		}
	}
	return false
}

// filler are words between a cue and what it announces.
var filler = setOf("is number no nr num nº # : = - the my es é e are it it's its id it`s was of with to a number's code номер № это є — – ends ending last four digits 4 n o numero número núm")

// announced reports whether the first word before i that is no filler is a cue.
func (x *reading) announced(i int, c cue) bool {
	for k := i - 1; k >= 0 && k >= i-7; k-- {
		t := x.tokens[k]
		if t.cues&c != 0 {
			return true
		}
		if !filler[t.word] && t.word != "." {
			return false
		}
	}
	return false
}

// from is the text from a token on, as far as one thing may reach.
func (x *reading) from(i, n int) string {
	s := x.s[x.tokens[i].start:]
	if len(s) > n {
		s = s[:n]
	}
	return s
}

func span(start, end int, t Type, weight int) (candidate, bool) {
	return candidate{Span{start, end, t}, weight}, true
}

var none candidate
