// Package encoder turns texts into vectors whose angle tells how much they are
// about the same: a sentence transformer of the BERT or XLM-R family, in this
// process, without cgo, from one model file.
//
// It promises the vectors of the reference implementation, up to what rounding
// weights and activations to eight bits costs a model (a test holds the one that is
// built in to a cosine of .995), and the same vector for the same text whatever else
// is in the batch. It
// sends nothing anywhere, keeps no text, writes nothing and never logs.
package encoder

import (
	"context"
	"fmt"
	"math"
	"sync"
	"unicode"
	"unsafe"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/encoder/tokenizer"
	"candor/retrieval/vector"
)

// Encoder is a model, ready to use. It is safe for concurrent use; each call
// works on one core. Beside its weights it holds a workspace for each call that
// runs at the same time, of about 16 kB a token of the largest batch.
type Encoder struct {
	head      header
	version   string
	tokenizer tokenizer.Tokenizer
	words     words
	positions []float32 // [positions][hidden], the type embedding included
	first     norm
	centres   map[retrieval.TextKind][]float32 // what texts of the kind have in common
	layers    []layer
	prefixed  map[retrieval.TextKind]int // how many tokens the prefix takes
	letters   []uint8                    // of each piece: how many it stands for

	workspaces sync.Pool // of *workspace
}

var _ retrieval.Embedder = (*Encoder)(nil)

// layer is one block of the transformer. The query's part of attention is
// already divided by the root of the head's size.
type layer struct {
	attend, project, inner, outer                 *vector.Matrix
	attendBias, projectBias, innerBias, outerBias []float32
	afterAttention, afterOuter                    norm
}

// norm is the gain and bias of a layer normalisation.
type norm struct{ gain, bias []float32 }

// New makes an encoder of a model file's bytes, which stay in use and must not
// change. The error wraps ErrModel.
func New(file []byte) (*Encoder, error) {
	r, version, err := open(file)
	if err != nil {
		return nil, err
	}
	e := &Encoder{head: r.header, version: version}
	h := &e.head
	pieces := r.pieces()
	e.tokenizer, e.letters = r.tokenizer(pieces), lettersOf(pieces)
	if r.err == nil {
		e.letters[h.Tokenizer.Unknown] = 0 // whatever it is called
	}
	e.words = r.words(len(pieces), h.Hidden)
	e.positions = r.floats("positions", h.Positions, h.Hidden)
	e.first = r.norm("embeddings.norm", h.Hidden)
	e.centres = make(map[retrieval.TextKind][]float32)
	for _, kind := range []retrieval.TextKind{retrieval.QueryText, retrieval.PassageText} {
		if name := "centre." + string(kind); h.Tensors[name].Type != "" {
			e.centres[kind] = r.floats(name, h.Hidden)
		}
	}
	for i := range h.Layers {
		if r.err != nil {
			break
		}
		at := fmt.Sprintf("%d.", i)
		scale := float32(1 / math.Sqrt(float64(h.Hidden/h.Heads)))
		var l layer
		l.attend, l.attendBias = r.matrix(h.Hidden, part{at + "query", h.Hidden, scale}, part{at + "key", h.Hidden, 1}, part{at + "value", h.Hidden, 1})
		l.project, l.projectBias = r.matrix(h.Hidden, part{at + "attention", h.Hidden, 1})
		l.inner, l.innerBias = r.matrix(h.Hidden, part{at + "inner", h.Inner, 1})
		l.outer, l.outerBias = r.matrix(h.Inner, part{at + "outer", h.Hidden, 1})
		l.afterAttention, l.afterOuter = r.norm(at+"attention.norm", h.Hidden), r.norm(at+"outer.norm", h.Hidden)
		e.layers = append(e.layers, l)
	}
	if r.err != nil {
		return nil, r.err
	}
	e.prefixed = make(map[retrieval.TextKind]int)
	for kind, prefix := range h.Prefix {
		ids, _ := e.tokenizer.Encode(nil, prefix, h.MaxTokens-2)
		e.prefixed[retrieval.TextKind(kind)] = len(ids)
	}
	return e, nil
}

func (r *reader) norm(name string, n int) norm {
	return norm{r.floats(name+".gain", n), r.floats(name+".bias", n)}
}

// Space implements retrieval.Embedder.
func (e *Encoder) Space() retrieval.Space {
	return retrieval.Space{Model: e.head.Name, Version: retrieval.SpaceVersion(e.version), Dimension: e.head.Hidden, Quantisation: retrieval.Int8}
}

// Recipient implements retrieval.Embedder: what runs here is the company's own.
func (e *Encoder) Recipient() consent.Recipient { return consent.BrandAI }

// Licence is that of the weights, and Source where they came from.
func (e *Encoder) Licence() string { return e.head.Licence }

// Source is where the weights came from.
func (e *Encoder) Source() string { return e.head.Source }

// batchTokens is how many tokens go through the layers together: as many as make
// reading the weights once worth it, few enough for their activations to stay in
// the second-level cache or near.
const batchTokens = 256

// Embed implements retrieval.Embedder. A text is cut after the tokens that the
// model takes. One of which the vocabulary knows too little has the zero Vector. What
// all texts of the kind have in common is taken out, if the model file says what that
// is: it makes near and far tell more apart. The context is looked at between
// batches.
func (e *Encoder) Embed(ctx context.Context, kind retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	out := make([]retrieval.Vector, len(texts))
	centre := e.centres[kind]
	err := e.Encode(ctx, kind, texts, func(i int, v []float32) {
		if v != nil {
			for d, c := range centre {
				v[d] -= c
			}
		}
		out[i] = retrieval.Quantise(v)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Encode calls fn with the vector of each text, in order, of length one and valid
// during the call, or with nil where the vocabulary knows too little of the text.
func (e *Encoder) Encode(ctx context.Context, kind retrieval.TextKind, texts []string, fn func(i int, vector []float32)) error {
	w := e.workspace()
	defer e.workspaces.Put(w)
	for from := 0; from < len(texts); {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.begin()
		to := from
		for ; to < len(texts) && (to == from || len(w.ids) < batchTokens); to++ {
			ids, known := e.Tokens(w.ids, kind, texts[to])
			if !known {
				ids = ids[:len(w.ids)]
			}
			w.add(ids)
		}
		e.forward(w)
		for i := from; i < to; i++ {
			fn(i, e.pool(w, i-from))
		}
		from = to
	}
	return nil
}

// Tokens appends the ids that the model sees of a text, begin and end included,
// and says whether it knows enough of them for a vector to mean anything.
func (e *Encoder) Tokens(dst []int32, kind retrieval.TextKind, text string) (ids []int32, known bool) {
	w := e.workspace()
	defer e.workspaces.Put(w)
	// Prefix and text are one text to the tokenizer, as they are to the reference.
	w.text = append(append(w.text[:0], e.head.Prefix[string(kind)]...), text[:min(len(text), maxText)]...)
	dst = append(dst, e.head.Tokenizer.Begin)
	start := len(dst)
	dst, unknown := e.tokenizer.Encode(dst, unsafe.String(unsafe.SliceData(w.text), len(w.text)), e.head.MaxTokens-2)
	cut := len(dst)-start == e.head.MaxTokens-2
	known = e.knows(text, dst[start+min(e.prefixed[kind], len(dst)-start):], unknown, cut)
	return append(dst, e.head.Tokenizer.End), known
}

// knows reports whether the ids of a text stand for at least half of its letters and digits.
// One id may stand for many that are unknown; so these are counted in the text,
// unless it was cut: then only its ids can be.
func (e *Encoder) knows(text string, ids []int32, unknown int, cut bool) bool {
	if cut {
		return 4*unknown < len(ids)
	}
	known, all := 0, 0
	for _, id := range ids {
		known += int(e.letters[id])
	}
	for _, r := range text[:min(len(text), maxText)] {
		if isLetter(r) {
			all++
		}
	}
	if all == 0 {
		return unknown < len(ids) // signs may mean something
	}
	return 2*known >= all
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func lettersOf(pieces []string) []uint8 {
	out := make([]uint8, len(pieces))
	for i, p := range pieces {
		for _, r := range p {
			if isLetter(r) && out[i] < math.MaxUint8 {
				out[i]++
			}
		}
	}
	return out
}

// maxText is how many bytes of a text are looked at: enough for the tokens of any
// model, unless they begin with page after page of blanks.
const maxText = 1 << 16
