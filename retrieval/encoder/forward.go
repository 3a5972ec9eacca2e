package encoder

import (
	"math"

	"candor/retrieval/vector"
)

// groupSize is how many coordinates of a word share one scale where words are
// kept in four bits.
const groupSize = 32

// words are the embeddings of the vocabulary, as the file has them: int8 rows
// with a scale each, or four bits with a scale for every 32.
type words struct {
	hidden int
	rows   []int8 // int8, or nil
	pairs  []byte // two coordinates a byte, the first one low
	scales []float32
}

func (r *reader) words(pieces, hidden int) words {
	w := words{hidden: hidden}
	if r.header.Tensors["words"].Type == "i8" {
		w.rows, w.scales = r.int8s("words", pieces, hidden), r.floats("words.scales", pieces)
		return w
	}
	w.pairs, _ = r.raw("words", "i4", pieces, hidden/2)
	w.scales = r.halves("words.scales", pieces, hidden/groupSize)
	return w
}

// add adds the embedding of a token to dst.
func (w *words) add(dst []float32, id int32) {
	if w.rows != nil {
		scale := w.scales[id]
		for i, v := range w.rows[int(id)*w.hidden : (int(id)+1)*w.hidden] {
			dst[i] += scale * float32(v)
		}
		return
	}
	pairs := w.pairs[int(id)*w.hidden/2 : (int(id)+1)*w.hidden/2]
	scales := w.scales[int(id)*w.hidden/groupSize:]
	for i, b := range pairs {
		scale := scales[2*i/groupSize]
		dst[2*i] += scale * float32(int(b&15)-8)
		dst[2*i+1] += scale * float32(int(b>>4)-8)
	}
}

// workspace is what one call needs beside the weights. It grows to the largest
// batch that it has seen.
type workspace struct {
	text []byte
	ids  []int32 // of all texts of the batch, one after the other
	ends []int   // where each text ends in them

	state  []float32 // [tokens][hidden]
	attend []float32 // [tokens][query, key and value]
	mixed  []float32 // [tokens][hidden]
	wide   []float32 // [tokens][inner]
	keys   []float32 // [head size][tokens of one text]: one head's, transposed
	scores []float32 // [tokens of one text][the same]
	pooled []float32

	small  []int8 // what goes into a matrix, in eight bits
	scales []float32
	sums   []int32
}

func (e *Encoder) workspace() *workspace {
	if w, ok := e.workspaces.Get().(*workspace); ok {
		return w
	}
	return &workspace{pooled: make([]float32, e.head.Hidden)}
}

func (w *workspace) begin() { w.ids, w.ends = w.ids[:0], w.ends[:0] }

func (w *workspace) add(ids []int32) { w.ids, w.ends = ids, append(w.ends, len(ids)) }

// span returns where a text's tokens are.
func (w *workspace) span(text int) (from, to int) {
	if text > 0 {
		from = w.ends[text-1]
	}
	return from, w.ends[text]
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// forward runs the batch through all layers: BERT as of Devlin et al. (2019),
// layer normalisation after each residual sum. All texts lie one below the other
// in the matrices, so that the weights are read once for all; only attention
// looks at each text alone.
func (e *Encoder) forward(w *workspace) {
	n, hidden, inner := len(w.ids), e.head.Hidden, e.head.Inner
	w.state, w.mixed = grow(w.state, n*hidden), grow(w.mixed, n*hidden)
	w.attend, w.wide = grow(w.attend, 3*n*hidden), grow(w.wide, n*inner)
	w.small = grow(w.small, n*max(hidden, inner))
	w.scales, w.sums = grow(w.scales, n), grow(w.sums, n)
	for t := range w.ends {
		from, to := w.span(t)
		for i := from; i < to; i++ {
			at := (i - from + e.head.PositionOffset) * hidden
			row := w.state[i*hidden : (i+1)*hidden]
			copy(row, e.positions[at:at+hidden])
			e.words.add(row, w.ids[i])
			vector.LayerNorm(row, nil, e.first.gain, e.first.bias, e.head.Epsilon)
		}
	}
	for i := range e.layers {
		l := &e.layers[i]
		e.multiply(w, w.attend, l.attend, w.state, l.attendBias)
		for t := range w.ends {
			e.attention(w, t)
		}
		e.multiply(w, w.attend[:n*hidden], l.project, w.mixed, l.projectBias)
		e.residual(w, w.attend, l.afterAttention)
		e.multiply(w, w.wide, l.inner, w.state, l.innerBias)
		vector.GELU(w.wide)
		e.multiply(w, w.attend[:n*hidden], l.outer, w.wide, l.outerBias)
		e.residual(w, w.attend, l.afterOuter)
	}
}

// multiply is dst = x·mᵀ + bias with x rounded to eight bits, each row by itself.
func (e *Encoder) multiply(w *workspace, dst []float32, m *vector.Matrix, x, bias []float32) {
	n := len(w.ids)
	if n == 0 {
		return
	}
	in := len(x) / n
	for i := range n {
		w.scales[i], w.sums[i] = vector.Quantize(w.small[i*in:(i+1)*in], x[i*in:(i+1)*in])
	}
	m.Mul(dst, w.small[:n*in], w.scales[:n], w.sums[:n], bias)
}

// residual adds what a block made to the state, and normalises it.
func (e *Encoder) residual(w *workspace, made []float32, by norm) {
	h := e.head.Hidden
	for i := range len(w.ids) {
		vector.LayerNorm(w.state[i*h:(i+1)*h], made[i*h:(i+1)*h], by.gain, by.bias, e.head.Epsilon)
	}
}

// attention mixes the values of one text's tokens, for each head
//
//	softmax(Q·Kᵀ/√d)·V
//
// where the root is in Q already.
func (e *Encoder) attention(w *workspace, text int) {
	from, to := w.span(text)
	n, hidden := to-from, e.head.Hidden
	if n == 0 {
		return
	}
	size, width := hidden/e.head.Heads, 3*hidden
	w.keys, w.scores = grow(w.keys, size*n), grow(w.scores, n*n)
	rows := w.attend[from*width : to*width]
	for head := range e.head.Heads {
		at := head * size
		for i := range n {
			for d, v := range rows[i*width+hidden+at : i*width+hidden+at+size] {
				w.keys[d*n+i] = v
			}
		}
		vector.MatMul(w.scores, n, rows[at:], width, w.keys, n, n, size, n)
		for i := range n {
			vector.Softmax(w.scores[i*n : (i+1)*n])
		}
		vector.MatMul(w.mixed[from*hidden+at:], hidden, w.scores, n, rows[2*hidden+at:], width, n, n, size)
	}
}

// pool returns the vector of a text, of length one; nil if it has no tokens, or
// none that means anything.
func (e *Encoder) pool(w *workspace, text int) []float32 {
	from, to := w.span(text)
	if from == to {
		return nil
	}
	h := e.head.Hidden
	clear(w.pooled)
	if e.head.Pooling == "cls" {
		to = from + 1
	}
	for i := from; i < to; i++ {
		for d, v := range w.state[i*h : (i+1)*h] {
			w.pooled[d] += v
		}
	}
	length := math.Sqrt(float64(vector.Dot(w.pooled, w.pooled)))
	if !(length > 0) || math.IsInf(length, 0) {
		return nil
	}
	for d := range w.pooled {
		w.pooled[d] /= float32(length)
	}
	return w.pooled
}
