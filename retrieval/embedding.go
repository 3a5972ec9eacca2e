package retrieval

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"candor/consent"
	"candor/retrieval/vector"
)

// Space names what vectors can be compared with each other: the model that made
// them, which of its versions, and how they are kept.
type Space struct {
	Model        string
	Version      string // see SpaceVersion
	Dimension    int
	Quantisation Quantisation
}

// cutVersion rises when passages, or what a model is shown of them, are made in
// another way: vectors from before are not of the same texts.
const cutVersion = 1

// SpaceVersion is the version of a space whose model's weights have a version.
func SpaceVersion(weights string) string { return fmt.Sprintf("%s-%d", weights, cutVersion) }

// Quantisation is how the numbers of a vector are kept.
type Quantisation string

// Int8 keeps a vector as whole numbers from -127 to 127 and one scale.
const Int8 Quantisation = "int8"

// ErrSpace refuses to compare vectors of different spaces, or to keep them in
// one index.
var ErrSpace = errors.New("vectors of different spaces cannot be compared")

// String is the name of the space, the same for equal ones only.
func (s Space) String() string {
	if s == (Space{}) {
		return ""
	}
	return fmt.Sprintf("%s/%s/%d/%s", s.Model, s.Version, s.Dimension, s.Quantisation)
}

// ParseSpace reads what String wrote. A model may have slashes in its name.
func ParseSpace(name string) (Space, error) {
	if name == "" {
		return Space{}, nil
	}
	parts := strings.Split(name, "/")
	n := len(parts)
	var s Space
	if n >= 4 {
		s = Space{strings.Join(parts[:n-3], "/"), parts[n-3], 0, Quantisation(parts[n-1])}
		_, _ = fmt.Sscan(parts[n-2], &s.Dimension) // what is no number is found below
	}
	if s.String() != name || s.Dimension < 1 {
		return Space{}, fmt.Errorf("%q is not the name of an embedding space", name)
	}
	return s, nil
}

// Vector is the meaning of a text, as a point of length about 1 in some space.
// The zero Vector is that of a text that has none: it is near nothing.
type Vector struct {
	Scale  float32
	Values []int8 // the coordinates, in units of Scale
}

// Check returns ErrSpace if the question has a vector that cannot be compared with
// those of the space: of another one, of another dimension, or no numbers.
func (q Query) Check(space Space) error {
	scale := float64(q.Vector.Scale)
	if q.Vector.Zero() || q.Space == space && len(q.Vector.Values) == space.Dimension && scale > 0 && !math.IsInf(scale, 1) {
		return nil
	}
	return fmt.Errorf("%w: the question is in %q, the index in %q", ErrSpace, q.Space, space)
}

// Zero reports whether it is near nothing.
func (v Vector) Zero() bool { return v.Scale == 0 || len(v.Values) == 0 }

// Cosine is that of the angle between two vectors of one space, 0 if one is the
// zero Vector.
func (v Vector) Cosine(w Vector) float64 {
	if v.Zero() || w.Zero() || len(v.Values) != len(w.Values) {
		return 0
	}
	return float64(vector.DotInt8(v.Values, w.Values)) * float64(v.Scale) * float64(w.Scale)
}

// Plus is the vector between two of one space, at half the angle.
func (v Vector) Plus(w Vector) Vector {
	if v.Zero() || len(v.Values) != len(w.Values) {
		return w
	}
	sum := make([]float32, len(v.Values))
	for i, x := range v.Values {
		sum[i] = v.Scale*float32(x) + w.Scale*float32(w.Values[i])
	}
	return Quantise(sum)
}

// Quantise returns coordinates as a Vector of length 1, the zero Vector for what
// has no direction: no coordinates, only zeros, or one that is no number.
func Quantise(coordinates []float32) Vector {
	v := Vector{Values: make([]int8, len(coordinates))}
	if scale, _ := vector.Quantize(v.Values, coordinates); scale == 0 || scale != scale {
		return Vector{}
	}
	// What is kept has length 1 exactly, so that a dot product is a cosine.
	length := math.Sqrt(float64(vector.DotInt8(v.Values, v.Values)))
	v.Scale = float32(1 / length)
	return v
}

// Append appends the vector, of a space of the dimension: the scale as four bytes,
// then a byte for each coordinate. It panics for a vector of another dimension.
func (v Vector) Append(b []byte, dimension int) []byte {
	if v.Zero() {
		return append(b, make([]byte, 4+dimension)...)
	}
	if len(v.Values) != dimension {
		panic(fmt.Sprintf("retrieval: a vector of %d coordinates in a space of %d", len(v.Values), dimension))
	}
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v.Scale))
	for _, x := range v.Values[:dimension] {
		b = append(b, byte(x))
	}
	return b
}

// CutVector reads what Append wrote, a vector of the dimension from the front of b, and returns the
// rest. What is no vector is an error.
func CutVector(b []byte, dimension int) (v Vector, rest []byte, err error) {
	if len(b) < 4+dimension {
		return Vector{}, nil, errors.New("a vector is cut short")
	}
	v.Scale = math.Float32frombits(binary.LittleEndian.Uint32(b))
	if !(v.Scale >= 0 && v.Scale <= 1) {
		return Vector{}, nil, errors.New("a vector's scale is no number from 0 to 1")
	}
	if v.Scale > 0 {
		v.Values = make([]int8, dimension)
		for i, c := range b[4 : 4+dimension] {
			v.Values[i] = int8(c)
		}
	}
	return v, b[4+dimension:], nil
}

// TextKind is what a text is to a model: some want to be told.
type TextKind string

// Kinds of texts.
const (
	QueryText   TextKind = "query"
	PassageText TextKind = "passage"
)

// Embedder turns texts into vectors of one space.
//
// Embed returns one vector for each text, the zero Vector for a text of which
// the model knows nothing. It is safe for concurrent use. An implementation that
// sends texts elsewhere retries what may be retried until ctx ends; an error
// means that there are no vectors, and holds nothing of the texts.
//
// SECURITY: Recipient is who sees the texts. Whoever calls Embed has to hold a
// grant for it where a text is personal; an Embedder cannot know.
type Embedder interface {
	Space() Space
	Recipient() consent.Recipient
	Embed(ctx context.Context, kind TextKind, texts []string) ([]Vector, error)
}

// PassageInput is what a model sees of a passage: the title of its record and the
// span, or the fields where there is no text.
func PassageInput(r Record, p Passage) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(r.Title))
	if p.End > p.Start {
		b.WriteString("\n")
		b.WriteString(r.Text[p.Start:p.End])
	}
	if p.Start == 0 {
		for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
			if v := r.Fields[k]; !strings.Contains(r.Text, v) {
				b.WriteString("\n" + k + ": " + v)
			}
		}
	}
	return b.String()
}

// inputs are those of all passages of a record.
func inputs(r Record, passages []Passage) []string {
	out := make([]string, len(passages))
	for i, p := range passages {
		out[i] = PassageInput(r, p)
	}
	return out
}

// digest tells whether vectors belong to the texts that a record has now, cut as
// it is cut now.
func digest(texts []string) [8]byte {
	h := sha256.New()
	for _, t := range texts {
		_, _ = fmt.Fprintf(h, "%d\n%s", len(t), t) // a hash does not fail
	}
	return [8]byte(h.Sum(nil)[:8])
}

// SealVectors makes the bytes that a store keeps of a record's vectors, one for
// each of its passages: what tells whether they still belong to it, and the
// vectors.
func SealVectors(space Space, r Record, passages []Passage, vectors []Vector) []byte {
	sum := digest(inputs(r, passages))
	b := slices.Clone(sum[:])
	for _, v := range vectors {
		b = v.Append(b, space.Dimension)
	}
	return b
}

// OpenVectors reads what SealVectors made; nil where it does not belong to the
// record any more, is of another dimension, or does not read: the record is then
// found by words until it is embedded again.
func OpenVectors(b []byte, space Space, r Record, passages []Passage) []Vector {
	if len(b) < 8 || space.Dimension < 1 || [8]byte(b[:8]) != digest(inputs(r, passages)) {
		return nil
	}
	out := make([]Vector, len(passages))
	rest := b[8:]
	for i := range out {
		var err error
		if out[i], rest, err = CutVector(rest, space.Dimension); err != nil {
			return nil
		}
	}
	if len(rest) > 0 {
		return nil
	}
	return out
}
