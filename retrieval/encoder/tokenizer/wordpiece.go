package tokenizer

import (
	"errors"
	"math"
	"sync"
	"unicode"
	"unicode/utf8"
)

// What an ASCII character is to WordPiece.
const (
	other = iota // left to the general case
	letter
	space
	punctuation
)

// continuation starts pieces that are not the first of their word.
const continuation = "##"

// WordPiece is the tokenizer of BERT: words at white space and punctuation, and
// in each word the longest piece that fits, from the left. A word that pieces do
// not cover, or of more than 100 characters, is one unknown token.
//
// Since brackets are words of their own, no text matches [CLS] or [SEP].
type WordPiece struct {
	pieces  *trie
	inner   int // the node of continuation, or none
	unknown int32
	bert    BERT
	ascii   [utf8.RuneSelf]uint8
	lower   [utf8.RuneSelf]byte // as normalized
	scratch sync.Pool
}

var _ Tokenizer = (*WordPiece)(nil)

// NewWordPiece returns the tokenizer of a vocabulary by id, which has to have
// [UNK]. It does not keep the slice.
func NewWordPiece(vocabulary []string, bert BERT) (*WordPiece, error) {
	if len(vocabulary) > math.MaxInt32 {
		return nil, errors.New("tokenizer: vocabulary is too large")
	}
	p := &WordPiece{unknown: none, bert: bert}
	for i, s := range vocabulary {
		if s == "[UNK]" {
			p.unknown = int32(i)
		}
	}
	if p.unknown == none {
		return nil, errors.New("tokenizer: vocabulary has no [UNK]")
	}
	p.pieces = newTrie(vocabulary, func(int32) bool { return true })
	for _, c := range []byte(continuation) {
		if p.inner >= 0 {
			p.inner = p.pieces.step(p.inner, c)
		}
	}
	for i := range p.ascii {
		r := rune(i)
		p.lower[i] = byte(r)
		switch {
		case r == ' ', r == '\t', r == '\n', r == '\r':
			p.ascii[i] = space
		case unicode.IsControl(r):
		case unicode.Is(punct, r):
			p.ascii[i] = punctuation
		default:
			p.ascii[i] = letter
			if bert.Lowercase {
				p.lower[i] = byte(unicode.ToLower(r))
			}
		}
	}
	p.scratch.New = func() any { return &bertWords{WordPiece: p} }
	return p, nil
}

// Encode implements Tokenizer.
func (p *WordPiece) Encode(dst []int32, text string, limit int) (ids []int32, unknown int) {
	if limit <= 0 || text == "" {
		return dst, 0
	}
	text = valid(text)
	w := p.scratch.Get().(*bertWords)
	w.ids, w.left, w.unknowns = dst, limit, 0
	w.read(text)
	ids, unknown = w.ids, w.unknowns
	w.forget()
	p.scratch.Put(w)
	return ids, unknown
}

// bertWords collects the words of a text and appends their ids.
type bertWords struct {
	*WordPiece

	ids      []int32
	left     int // ids until the limit
	unknowns int

	word  []byte // or nothing, if it is too long
	chars int    // in the word
	marks []mark
	found []int32 // the pieces of the word
}

// forget drops all that is left of a text.
func (w *bertWords) forget() {
	clear(w.word[:cap(w.word)])
	clear(w.marks[:cap(w.marks)])
	clear(w.found[:cap(w.found)])
	w.ids, w.word, w.marks, w.found, w.chars = nil, w.word[:0], w.marks[:0], w.found[:0], 0
}

// end appends the ids of the word, if there is one.
func (w *bertWords) end() {
	if w.chars == 0 {
		return
	}
	if w.chars > maxWordChars || !w.split() {
		w.found = append(w.found[:0], w.unknown)
	}
	for _, id := range w.found {
		if w.left <= 0 {
			break
		}
		if id == w.unknown {
			w.unknowns++
		}
		w.ids = append(w.ids, id)
		w.left--
	}
	w.word, w.chars = w.word[:0], 0
}

// split finds the pieces of the word, and reports whether they cover it.
func (w *bertWords) split() bool {
	w.found = w.found[:0]
	node := 0
	for start := 0; start < len(w.word); node = w.inner {
		id, end := int32(none), 0
		for i := start; i < len(w.word) && node >= 0; i++ {
			if node = w.pieces.step(node, w.word[i]); node >= 0 && w.pieces.nodes[node].id >= 0 {
				id, end = w.pieces.nodes[node].id, i+1
			}
		}
		if id < 0 {
			return false
		}
		w.found = append(w.found, id)
		start = end
	}
	return true
}
