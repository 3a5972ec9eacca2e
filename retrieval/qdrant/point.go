package qdrant

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	api "github.com/qdrant/go-client/qdrant"

	"candor/retrieval"
)

// weighted is a sparse vector: the indices in order, each once.
type weighted struct {
	indices []uint32
	values  []float32
}

// weigh makes the sparse vector of terms. Two terms whose hashes are the same count
// together; among the terms of a passage that is one in millions.
func weigh(index func(string) uint32, terms map[string]int, weight func(frequency int) float64) weighted {
	sum := make(map[uint32]float64, len(terms))
	for t, n := range terms {
		if n > 0 {
			sum[index(t)] += weight(n)
		}
	}
	return vectorOf(sum)
}

func vectorOf(sum map[uint32]float64) (w weighted) {
	for i := range sum {
		w.indices = append(w.indices, i)
	}
	slices.Sort(w.indices)
	w.values = make([]float32, len(w.indices))
	for n, i := range w.indices {
		w.values[n] = float32(sum[i])
	}
	return w
}

// at is the value of an index.
func (w weighted) at(index uint32) float64 {
	n, ok := slices.BinarySearch(w.indices, index)
	if !ok {
		return 0
	}
	return float64(w.values[n])
}

// floats are the coordinates of a vector.
func floats(v retrieval.Vector) []float32 {
	out := make([]float32, len(v.Values))
	for i, x := range v.Values {
		out[i] = v.Scale * float32(x)
	}
	return out
}

// vectors are those of a point: the ones that it has.
func vectors(w weighted, v retrieval.Vector) *api.Vectors {
	named := make(map[string]*api.Vector, 2)
	if len(w.indices) > 0 {
		named[sparse] = api.NewVectorSparse(w.indices, w.values)
	}
	if !v.Zero() {
		named[dense] = api.NewVectorDense(floats(v))
	}
	return api.NewVectorsMap(named)
}

// read returns the vectors of an answer. Older servers put them elsewhere.
func read(v *api.VectorsOutput) (w weighted, meaning []float32) {
	named := v.GetVectors().GetVectors()
	if s := named[sparse]; s.GetSparse() != nil {
		w = weighted{s.GetSparse().GetIndices(), s.GetSparse().GetValues()}
	} else if s != nil {
		w = weighted{s.GetIndices().GetData(), s.GetData()} //nolint:staticcheck // what servers before 1.16 fill in
	}
	if !slices.IsSorted(w.indices) && len(w.indices) == len(w.values) {
		w = sorted(w)
	}
	if d := named[dense]; d.GetDense() != nil {
		meaning = d.GetDense().GetData()
	} else if d != nil {
		meaning = d.GetData() //nolint:staticcheck // as above
	}
	return w, meaning
}

func sorted(w weighted) weighted {
	order := make([]int, len(w.indices))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(w.indices[a], w.indices[b]) })
	var out weighted
	for _, i := range order {
		out.indices, out.values = append(out.indices, w.indices[i]), append(out.values, w.values[i])
	}
	return out
}

// cosine of the question and a passage.
func cosine(q retrieval.Vector, passage []float32) (sum float64) {
	if len(passage) != len(q.Values) {
		return 0
	}
	for i, x := range q.Values {
		sum += float64(x) * float64(passage[i])
	}
	return sum * float64(q.Scale)
}

// ordinal is the number of a passage among those of its record.
func ordinal(p retrieval.Passage) (int, error) {
	rest, ok := strings.CutPrefix(p.ID, p.Record+"#")
	n, err := strconv.Atoi(rest)
	if !ok || err != nil || n < 0 {
		return 0, errors.New("the id of a passage is not its record's with a number")
	}
	return n, nil
}
