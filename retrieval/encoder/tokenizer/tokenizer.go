// Package tokenizer turns text into the token ids that sentence encoders were
// trained on.
//
// It promises the ids of the Hugging Face tokenizers library, whose rules
// (quirks included) the weights of a model depend on: Unigram as
// XLM-RoBERTa and multilingual E5 use it, WordPiece as BERT and MiniLM do. It
// never returns the id of a special token but the unknown one: "</s>" in a
// customer's message is four characters like any other. No part of a text
// outlives the call, because the text may be personal.
package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// Tokenizer turns text into token ids. Implementations are safe for concurrent
// use, take time linear in the text, and memory that does not grow with it but
// for the copy that they make of a text that is not UTF-8.
type Tokenizer interface {
	// Encode appends the ids of text's tokens to dst, at most limit of them and
	// without special tokens, and returns how many of those appended are
	// unknown. With a smaller limit the ids are the first of those with a larger
	// one. Each maximal invalid part of the UTF-8 counts as one U+FFFD.
	Encode(dst []int32, text string, limit int) (ids []int32, unknown int)
}

// valid returns text with U+FFFD for whatever is not UTF-8, by the rule of
// Unicode's chapter 3.9 that Rust's from_utf8_lossy follows: one for each
// longest start of a character that breaks off.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 {
			n = brokenLen(text)
		}
		b.WriteRune(r)
		text = text[n:]
	}
	return b.String()
}

// brokenLen returns the length of the invalid part that text starts with.
func brokenLen(text string) int {
	c := text[0]
	low, high, size := byte(0x80), byte(0xBF), 1
	switch {
	case c >= 0xC2 && c <= 0xDF:
		size = 2
	case c >= 0xE0 && c <= 0xEF:
		size = 3
	case c >= 0xF0 && c <= 0xF4:
		size = 4
	}
	// The second byte of these has a narrower range: no overlong form, no
	// surrogate, nothing past U+10FFFF.
	switch c {
	case 0xE0:
		low = 0xA0
	case 0xED:
		high = 0x9F
	case 0xF0:
		low = 0x90
	case 0xF4:
		high = 0x8F
	}
	n := 1
	for n < size && n < len(text) && text[n] >= low && text[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}
