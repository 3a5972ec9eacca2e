package embedded

import (
	"slices"
	"strconv"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/bm25"
	"candor/retrieval/vector"
)

// part is an inverted index of passages that one audience may see, with their
// vectors. A search reads a part or does not: whether a passage may be seen is never
// asked within one.
type part struct {
	dimension int // of the vectors; 0: there are none
	passages  []passage
	free      []uint32 // places of passages that were removed
	postings  map[string][]posting
	// norms, scales and vectors have a row for each place. The scale of a passage
	// without a vector is 0.
	norms   []float64
	scales  []float32
	vectors []int8
	count   int // of passages
	terms   int // all their lengths
}

// passage is what a match needs to know of an indexed passage.
type passage struct {
	record             string
	ordinal            uint32
	start, end, length uint32
}

// id is that of the passage, see retrieval.Passage.
func (p passage) id() string { return p.record + "#" + strconv.FormatUint(uint64(p.ordinal), 10) }

type posting struct {
	passage   uint32
	frequency uint32
}

func newPart(dimension int) *part {
	return &part{dimension: dimension, postings: make(map[string][]posting)}
}

// insert adds a record's passages, and returns their places. Their norms are set
// by weigh.
func (x *part) insert(record string, passages []retrieval.Passage, vectors []retrieval.Vector) []uint32 {
	places := make([]uint32, len(passages))
	for i, p := range passages {
		n := x.place()
		places[i] = n
		x.passages[n] = passage{record, uint32(i), uint32(p.Start), uint32(p.End), uint32(p.Length)} //nolint:gosec // a record is shorter
		x.count++
		x.terms += p.Length
		for t, f := range p.Terms {
			x.postings[t] = append(x.postings[t], posting{n, uint32(f)}) //nolint:gosec // as above
		}
	}
	x.mean(places, vectors)
	return places
}

// place returns an empty place for a passage.
func (x *part) place() uint32 {
	if last := len(x.free) - 1; last >= 0 {
		n := x.free[last]
		x.free = x.free[:last]
		return n
	}
	x.passages = append(x.passages, passage{})
	x.norms = append(x.norms, 0)
	x.scales = append(x.scales, 0)
	x.vectors = append(x.vectors, make([]int8, x.dimension)...)
	return uint32(len(x.passages) - 1) //nolint:gosec // there are fewer
}

// mean sets the vectors of the passages in the places; nil: they have none.
func (x *part) mean(places []uint32, vectors []retrieval.Vector) {
	for i, n := range places {
		x.scales[n] = 0
		if vectors != nil && !vectors[i].Zero() {
			copy(x.vectors[int(n)*x.dimension:], vectors[i].Values)
			x.scales[n] = vectors[i].Scale
		}
	}
}

// remove takes passages out. It walks all postings once, however many there are.
func (x *part) remove(places []uint32) {
	if len(places) == 0 {
		return
	}
	gone := make([]bool, len(x.passages))
	for _, n := range places {
		gone[n] = true
		x.count--
		x.terms -= int(x.passages[n].length)
		x.passages[n], x.scales[n] = passage{}, 0
	}
	x.free = append(x.free, places...)
	for term, list := range x.postings {
		kept := slices.DeleteFunc(list, func(p posting) bool { return gone[p.passage] })
		if len(kept) == 0 {
			delete(x.postings, term)
		} else if len(kept) < len(list) {
			x.postings[term] = kept
		}
	}
}

// weigh works out the norms for an average length.
func (x *part) weigh(average float64) {
	for n, p := range x.passages {
		x.norms[n] = bm25.Norm(int(p.length), average)
	}
}

// scores are what a question gives each place of a part.
type scores struct {
	part    *part
	lexical []float64
	dots    []int32
	scale   float64 // of the question's vector; 0: it has none
}

// on makes room for the scores of a part.
func (k *scores) on(x *part, v retrieval.Vector) {
	n := len(x.passages)
	if cap(k.lexical) < n {
		k.lexical, k.dots = make([]float64, n+n/4), make([]int32, n+n/4)
	}
	k.part, k.lexical, k.dots, k.scale = x, k.lexical[:n], k.dots[:n], 0
	if !v.Zero() {
		k.scale = float64(v.Scale)
	}
}

// words scores by words, and raises the peak.
func (k *scores) words(terms []retrieval.QueryTerm, peak *retrieval.Peak) {
	clear(k.lexical)
	for _, t := range terms {
		for _, p := range k.part.postings[t.Term] {
			k.lexical[p.passage] += t.Weight * bm25.Saturate(float64(p.frequency), k.part.norms[p.passage])
		}
	}
	for _, lexical := range k.lexical {
		peak.Add(lexical, 0)
	}
}

// meaning scores the places from one to before another by meaning, and raises the
// peak.
func (k *scores) meaning(from, to int, v retrieval.Vector, peak *retrieval.Peak) {
	d := k.part.dimension
	vector.Scan(k.dots[from:to], v.Values, k.part.vectors[from*d:to*d])
	for n := from; n < to; n++ {
		peak.Add(0, k.cosine(n))
	}
}

// cosine is that of a place, 0 without vectors.
func (k *scores) cosine(n int) float64 {
	if k.scale == 0 {
		return 0
	}
	return float64(k.dots[n]) * float64(k.part.scales[n]) * k.scale
}

// collect adds the matches to best.
func (k *scores) collect(fuse fusion, best *top) {
	for n := range k.part.passages {
		lexical, cosine := k.lexical[n], k.cosine(n)
		if lexical == 0 && cosine <= 0 {
			continue
		}
		score := fuse(lexical, cosine)
		if score <= 0 || !best.wants(score) {
			continue
		}
		p := k.part.passages[n]
		best.add(retrieval.Ranked{Match: retrieval.Match{
			RecordID: p.record, PassageID: p.id(), Start: int(p.start), End: int(p.end), Category: consent.Knowledge,
			Score: score, Lexical: lexical, Cosine: cosine,
		}})
	}
}

// contributions are what the terms add to the lexical score of a passage.
func (x *part) contributions(terms []retrieval.QueryTerm, n uint32) (out []retrieval.TermScore) {
	for _, t := range terms {
		for _, p := range x.postings[t.Term] {
			if p.passage == n {
				out = append(out, retrieval.TermScore{Term: t.Term, Score: t.Weight * bm25.Saturate(float64(p.frequency), x.norms[n])})
			}
		}
	}
	return out
}
