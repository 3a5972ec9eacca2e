package tokenizer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

const (
	// wordMark starts each word, in place of the space before it.
	wordMark = '▁'

	// unknownPenalty is how far the score of an unknown character is below the
	// least of the vocabulary (kUnkPenalty in SentencePiece).
	unknownPenalty = 10

	// maxUndecided is how many bytes of one word are held until its tokens are
	// certain. See Unigram.
	maxUndecided = 16 << 10

	// maxWhole is the length in bytes from which a grapheme cluster is mapped
	// character by character, as spm_precompiled has it.
	maxWhole = 6
)

// reserved are the pieces of XLM-RoBERTa that stand for no text. Text that looks
// like them is tokenized as characters, or a customer could end the sequence.
var reserved = []string{"<s>", "<pad>", "</s>", "<unk>", "<mask>", "<s>NOTUSED", "</s>NOTUSED"}

// Unigram is the tokenizer of XLM-RoBERTa: SentencePiece's nmt_nfkc
// normalization, words at white space, and in each word the sequence of pieces
// with the highest sum of scores (Kudo 2018, https://arxiv.org/abs/1804.10959).
//
// The ids are exact for words of up to 16 KiB when normalized, and for longer
// ones as long as the best sequences of any two endings agree up to 8 KiB
// before them. Where they do not, as in one letter a million times, the word is
// cut there, and its tokens are those of its parts.
type Unigram struct {
	pieces       *trie
	scores       []float32
	unknown      int32
	unknownScore float64
	chars        charsmap
	plain        [utf8.RuneSelf]bool // ASCII that is no space and stays as it is
	scratch      sync.Pool
}

var _ Tokenizer = (*Unigram)(nil)

// NewUnigram returns the tokenizer of a vocabulary: its pieces and their scores
// (log probabilities) by id, the precompiled_charsmap of its normalizer, and the
// id of its unknown piece. Empty pieces, the unknown one and those that
// XLM-RoBERTa reserves (<s>, <pad>, </s>, <unk>, <mask>) match no text. It keeps
// scores and charsmap, which must not change, but not pieces.
func NewUnigram(pieces []string, scores []float32, charsmap []byte, unknown int32) (*Unigram, error) {
	if len(pieces) != len(scores) || len(pieces) > math.MaxInt32 {
		return nil, fmt.Errorf("tokenizer: %d pieces with %d scores", len(pieces), len(scores))
	}
	if unknown < 0 || int(unknown) >= len(pieces) {
		return nil, errors.New("tokenizer: unknown piece is not in the vocabulary")
	}
	chars, err := newCharsmap(charsmap)
	if err != nil {
		return nil, err
	}
	least := math.Inf(1)
	for _, s := range scores {
		if math.IsNaN(float64(s)) || math.IsInf(float64(s), 0) {
			return nil, errors.New("tokenizer: score is not finite")
		}
		least = min(least, float64(s))
	}
	u := &Unigram{
		scores:       scores,
		unknown:      unknown,
		unknownScore: least - unknownPenalty,
		chars:        chars,
	}
	u.pieces = newTrie(pieces, func(id int32) bool {
		return id != unknown && (pieces[id] == "" || pieces[id][0] != '<' || !slices.Contains(reserved, pieces[id]))
	})
	if u.pieces.depth > maxUndecided/4 {
		return nil, errors.New("tokenizer: piece is too long")
	}
	for c := range u.plain {
		_, mapped := chars.find(string(rune(c)))
		u.plain[c] = !mapped && !unicode.IsSpace(rune(c))
	}
	u.scratch.New = func() any { return &words{Unigram: u, clusters: graphemes.FromString("")} }
	return u, nil
}

// Encode implements Tokenizer.
func (u *Unigram) Encode(dst []int32, text string, limit int) (ids []int32, unknown int) {
	if limit <= 0 || text == "" {
		return dst, 0
	}
	text = valid(text)
	w := u.scratch.Get().(*words)
	w.ids, w.left, w.unknowns = dst, limit, 0
	w.read(text)
	ids, unknown = w.ids, w.unknowns
	w.forget()
	u.scratch.Put(w)
	return ids, unknown
}

// words collects the words of a normalized text and appends their ids.
type words struct {
	*Unigram
	clusters *graphemes.Iterator[string]

	ids      []int32
	left     int // ids until the limit
	unknowns int

	begun        bool    // and has not ended
	afterUnknown bool    // its last id is the unknown one, which takes in more
	base         float64 // the score of its decided part
	word         []byte  // its undecided part
	best         []arc   // by the end in word
	open         []bool  // ends whose sequences agreed has yet to compare
	path         []int32 // ids of a decided part, backwards
	used         int     // bytes of word that were written to
}

// arc is the last piece of the best sequence of pieces up to some end.
type arc struct {
	score float64 // of the sequence
	start int32   // of the piece, or none
	id    int32
}

// forget drops all that is left of a text.
func (w *words) forget() {
	if w.used > 0 {
		clear(w.word[:w.used])
		clear(w.best[:w.used+1])
		clear(w.path[:cap(w.path)])
	}
	w.used = 0
	w.word = w.word[:0]
	w.begun = false
	w.ids = nil
	w.clusters.SetText("")
}

// read normalizes text as Hugging Face's Precompiled does: a grapheme cluster of
// less than 6 bytes is replaced as a whole by what its shortest mapped prefix
// becomes; the characters of others are replaced one by one.
func (w *words) read(text string) {
	for at := 0; at < len(text) && w.left > 0; {
		c := text[at]
		// What starts with a byte below 0xCC is below U+0300 and joins no cluster.
		if c < utf8.RuneSelf && w.plain[c] && (at+1 == len(text) || text[at+1] < 0xCC) {
			w.add(c)
			at++
			continue
		}
		cluster := w.cluster(text[at:])
		at += len(cluster)
		if len(cluster) < maxWhole {
			if replacement, ok := w.chars.find(cluster); ok {
				w.write(replacement)
				continue
			}
		}
		for len(cluster) > 0 && w.left > 0 {
			r, n := utf8.DecodeRuneInString(cluster)
			if replacement, ok := w.chars.find(cluster[:n]); ok {
				w.write(replacement)
			} else {
				w.writeRune(r)
			}
			cluster = cluster[n:]
		}
	}
	if w.left > 0 {
		w.end()
	}
}

// cluster returns the extended grapheme cluster that text starts with.
func (w *words) cluster(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	if alone(r) {
		if n == len(text) {
			return text
		}
		if next, _ := utf8.DecodeRuneInString(text[n:]); alone(next) {
			return text[:n]
		}
	}
	w.clusters.SetText(text)
	w.clusters.Next()
	return w.clusters.Value()
}

// alone reports whether a character is known to form no cluster with another of
// this kind: the letters of Latin, Greek, Cyrillic and Armenian, dashes and
// quotes, and Chinese characters.
func alone(r rune) bool {
	switch {
	case r < 0x300:
		return r != '\r'
	case r < 0x590:
		return r >= 0x370 && (r < 0x483 || r > 0x489)
	}
	return r >= 0x2010 && r <= 0x2027 || r >= 0x3400 && r <= 0x9FFF
}

// write adds normalized text.
func (w *words) write(text []byte) {
	for len(text) > 0 && w.left > 0 {
		r, n := utf8.DecodeRune(text)
		w.writeRune(r)
		text = text[n:]
	}
}

func (w *words) writeRune(r rune) {
	switch {
	case r == wordMark:
		w.end()
		w.begin()
	case unicode.IsSpace(r):
		w.end()
	case r < utf8.RuneSelf:
		w.add(byte(r))
	default:
		w.begin()
		w.word = utf8.AppendRune(w.word, r)
		if len(w.word) >= maxUndecided {
			w.decide()
		}
	}
}

// add adds an ASCII character that is no space.
func (w *words) add(c byte) {
	w.begin()
	w.word = append(w.word, c)
	if len(w.word) >= maxUndecided {
		w.decide()
	}
}

// begin begins a word, unless it has begun.
func (w *words) begin() {
	if w.begun {
		return
	}
	w.begun, w.afterUnknown, w.base = true, false, 0
	w.word = utf8.AppendRune(w.word[:0], wordMark)
}

// end appends the ids of the word, if one has begun.
func (w *words) end() {
	if !w.begun {
		return
	}
	w.search(len(w.word))
	w.emit(len(w.word))
	w.begun = false
}

// decide appends the ids of a long word as far as they no longer depend on what
// follows, and keeps the rest.
func (w *words) decide() {
	end := w.search(len(w.word) - w.pieces.depth)
	cut := w.agreed(end)
	w.base = w.best[cut].score
	if cut < maxUndecided/2 {
		// To wait longer would take memory without bound.
		cut, w.base = end, 0
	}
	w.emit(cut)
	w.word = w.word[:copy(w.word, w.word[cut:])]
}

// search finds the best sequence of pieces for each end in the word, with pieces
// that start before the given end, and returns where the next would start.
// Among equals the first counts, which is the one with the longest last piece.
func (w *words) search(end int) int {
	w.used = max(w.used, len(w.word))
	if cap(w.best) <= len(w.word) {
		w.best = make([]arc, len(w.word)+len(w.word)/2+64)
	}
	best := w.best[:len(w.word)+1]
	for i := range best {
		best[i] = arc{start: none}
	}
	best[0].score = w.base
	t := w.pieces
	start := 0
	for start < end {
		score := best[start].score
		size := runeLen(w.word[start])
		single := false
		node := 0
		for i := start; i < len(w.word); i++ {
			if node = t.step(node, w.word[i]); node < 0 {
				break
			}
			id := t.nodes[node].id
			if id < 0 {
				continue
			}
			single = single || i+1-start == size
			best[i+1].improve(score+float64(w.scores[id]), start, id)
		}
		if !single {
			best[start+size].improve(score+w.unknownScore, start, w.unknown)
		}
		start += size
	}
	return start
}

func (a *arc) improve(score float64, start int, id int32) {
	if a.start == none || score > a.score {
		*a = arc{score, int32(start), id}
	}
}

// agreed returns the last position that the best sequences of all ends from the
// given one on go through.
func (w *words) agreed(end int) int {
	// Going back, each end is replaced by the start of its piece until one is left.
	best := w.best[:len(w.word)+1]
	if len(w.open) < len(best) {
		w.open = make([]bool, len(w.best))
	}
	clear(w.open)
	open := 0
	for i := end; i < len(best); i++ {
		if best[i].start != none {
			w.open[i] = true
			open++
		}
	}
	for i := len(best) - 1; i > 0; i-- {
		if !w.open[i] {
			continue
		}
		if open == 1 {
			return i
		}
		if s := best[i].start; w.open[s] {
			open--
		} else {
			w.open[s] = true
		}
	}
	return 0
}

// emit appends the ids of the best sequence up to end.
func (w *words) emit(end int) {
	w.path = w.path[:0]
	for end > 0 {
		a := w.best[end]
		w.path = append(w.path, a.id)
		end = int(a.start)
	}
	for i := len(w.path) - 1; i >= 0 && w.left > 0; i-- {
		id := w.path[i]
		if id != w.unknown {
			w.afterUnknown = false
		} else {
			if w.afterUnknown {
				continue
			}
			w.afterUnknown = true
			w.unknowns++
		}
		w.ids = append(w.ids, id)
		w.left--
	}
}

// runeLen returns the length of the character that starts with c.
func runeLen(c byte) int {
	switch {
	case c < 0xC0:
		return 1
	case c < 0xE0:
		return 2
	case c < 0xF0:
		return 3
	}
	return 4
}
