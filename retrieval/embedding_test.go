package retrieval_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/retrieval"
)

// drawSpace draws a space that a store could be in. A model may have slashes in its
// name, a version has none.
func drawSpace(t *rapid.T, label string) retrieval.Space {
	return retrieval.Space{
		Model:        rapid.StringMatching(`[a-zA-Z0-9/:._ é-]{0,20}`).Draw(t, label+" model"),
		Version:      rapid.StringMatching(`[a-zA-Z0-9:._ é-]{0,8}`).Draw(t, label+" version"),
		Dimension:    rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 1<<16)).Draw(t, label+" dimension"),
		Quantisation: rapid.SampledFrom([]retrieval.Quantisation{retrieval.Int8, "float32", ""}).Draw(t, label+" quantisation"),
	}
}

// TestSpaceNames: a name is that of one space, and is read back as it.
func TestSpaceNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawSpace(t, "a"), drawSpace(t, "b")
		if got, err := retrieval.ParseSpace(a.String()); err != nil || got != a {
			t.Fatalf("%#v is named %q, which reads as %#v, %v", a, a, got, err)
		}
		if (a == b) != (a.String() == b.String()) {
			t.Fatalf("%#v and %#v are both named %q", a, b, a)
		}
	})
	if got, err := retrieval.ParseSpace(""); err != nil || got != (retrieval.Space{}) || got.String() != "" {
		t.Errorf("no name is %#v, %v", got, err)
	}
}

// TestSpaceNamesRefused: what is no name of a space is not taken for one.
func TestSpaceNamesRefused(t *testing.T) {
	for _, name := range []string{
		"model", "/", "///", "model/1/384", "model/1//int8", "model/1/0/int8", "model/1/-384/int8", "model/1/+384/int8",
		"model/1/0384/int8", "model/1/0x180/int8", "model/1/384 /int8", "model/1/ 384/int8", "model/1/384x/int8", "model/1/3_84/int8",
		"model/1/3.5/int8", "model/1/many/int8", "model/1/99999999999999999999/int8", "1/384/int8", " ",
	} {
		got, err := retrieval.ParseSpace(name)
		if err == nil || got != (retrieval.Space{}) {
			t.Errorf("%q is read as %#v, %v", name, got, err)
		}
	}
	// Whatever is read has the name that was read.
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a/]{0,6}[/ 0-9+x-]{0,8}/(int8)?`).Draw(t, "name")
		if got, err := retrieval.ParseSpace(name); err == nil && got.String() != name {
			t.Fatalf("%q is read as %q", name, got)
		}
	})
}

func TestSpaceVersion(t *testing.T) {
	a, b := retrieval.SpaceVersion("1"), retrieval.SpaceVersion("2")
	if a == b || a == "1" || strings.Contains(a, "/") {
		t.Errorf("the versions are %q and %q", a, b)
	}
}

// drawVector draws what an embedder may return.
func drawVector(t *rapid.T, label string, dimension int) retrieval.Vector {
	if rapid.IntRange(0, 9).Draw(t, label+" is zero") == 0 {
		return retrieval.Vector{}
	}
	return retrieval.Quantise(rapid.SliceOfN(rapid.Float32Range(-1e6, 1e6), dimension, dimension).Draw(t, label))
}

// TestVectorBytes: vectors are read back as they were, one after the other.
func TestVectorBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dimension := rapid.IntRange(1, 70).Draw(t, "dimension")
		vectors := make([]retrieval.Vector, rapid.IntRange(0, 4).Draw(t, "number"))
		b := []byte("before")
		for i := range vectors {
			vectors[i] = drawVector(t, "vector", dimension)
			b = vectors[i].Append(b, dimension)
		}
		if want := len("before") + len(vectors)*(4+dimension); len(b) != want || string(b[:6]) != "before" {
			t.Fatalf("%d bytes, want %d", len(b), want)
		}
		rest := b[6:]
		for i, want := range vectors {
			got, next, err := retrieval.CutVector(rest, dimension)
			if err != nil || got.Zero() != want.Zero() || !want.Zero() && (got.Scale != want.Scale || !slices.Equal(got.Values, want.Values)) {
				t.Fatalf("vector %d is %v, %v, want %v", i, got, err, want)
			}
			rest = next
		}
		if len(rest) != 0 {
			t.Fatalf("%d bytes are left", len(rest))
		}
		if n := rapid.IntRange(0, 3+dimension).Draw(t, "cut to"); len(b) > 6 {
			if v, rest, err := retrieval.CutVector(b[6:6+n], dimension); err == nil || !v.Zero() || rest != nil {
				t.Fatalf("%d bytes of %d are a vector: %v", n, 4+dimension, v)
			}
		}
	})
}

// TestVectorIsItsOwn: what is read does not change with the bytes that it was read from.
func TestVectorIsItsOwn(t *testing.T) {
	v := retrieval.Quantise([]float32{1, -2, 3})
	b := v.Append(nil, 3)
	got, _, err := retrieval.CutVector(b, 3)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if !slices.Equal(got.Values, v.Values) {
		t.Errorf("it became %v", got.Values)
	}
}

func TestVectorScales(t *testing.T) {
	for scale, good := range map[float32]bool{
		0: true, 1: true, 1.0 / 127: true, math.SmallestNonzeroFloat32: true,
		-1: false, -math.SmallestNonzeroFloat32: false, 1.0001: false, float32(math.Inf(1)): false, float32(math.Inf(-1)): false, float32(math.NaN()): false,
	} {
		b := retrieval.Vector{Scale: 1, Values: []int8{1, 2}}.Append(nil, 2)
		bits := math.Float32bits(scale)
		b[0], b[1], b[2], b[3] = byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24)
		v, _, err := retrieval.CutVector(b, 2)
		if (err == nil) != good || err != nil && !v.Zero() && v.Values != nil {
			t.Errorf("the scale %v: %v, %v", scale, v, err)
		}
	}
	// Of the wrong dimension it is nobody's to store: what is beyond it in memory least
	// of all.
	for _, values := range [][]int8{{1, 2}, {1, 2, 3, 4}, make([]int8, 2, 100)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d coordinates were stored as 3", len(values))
				}
			}()
			retrieval.Vector{Scale: 1, Values: values}.Append(nil, 3)
		}()
	}
}

// TestQuantise: what has a direction keeps it, at length 1; what has none is zero.
func TestQuantise(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for name, x := range map[string][]float32{
		"nothing": nil, "no coordinate": {}, "zeros": {0, 0, 0}, "minus zero": {float32(math.Copysign(0, -1)), 0}, "NaN": {1, nan, 2}, "only NaN": {nan},
		"infinite": {1, inf}, "minus infinite": {-inf, 1}, "both": {inf, -inf}, "NaN and infinite": {inf, nan}, "below what can be scaled": {1e-40, -1e-40},
	} {
		v := retrieval.Quantise(x)
		if !v.Zero() || v.Scale != 0 || v.Values != nil {
			t.Errorf("%s: %v", name, v)
		}
		if c := v.Cosine(retrieval.Quantise([]float32{1, 0, 0})); c != 0 {
			t.Errorf("%s: the cosine is %v", name, c)
		}
	}
	for name, x := range map[string][]float32{"the largest": {math.MaxFloat32, -math.MaxFloat32}, "small": {1e-30, 0}, "one": {-3}} {
		v := retrieval.Quantise(x)
		if c := v.Cosine(v); v.Zero() || math.Abs(c-1) > 1e-6 {
			t.Errorf("%s: %v, of length %v", name, v, c)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float32Range(-1, 1), 1, 400).Draw(t, "x")
		y := slices.Clone(x)
		v := retrieval.Quantise(x)
		if !slices.Equal(x, y) {
			t.Fatal("the coordinates were changed")
		}
		if v.Zero() {
			return
		}
		// The angle to what it was made of is that of rounding to 1/127.
		dot, length := 0.0, 0.0
		for i := range x {
			dot += float64(x[i]) * float64(v.Values[i]) * float64(v.Scale)
			length += float64(x[i]) * float64(x[i])
		}
		largest := 0.0
		for _, c := range x {
			largest = max(largest, math.Abs(float64(c)))
		}
		// |error| ≤ ½·largest/127 a coordinate, so its tangent is at most this.
		bound := math.Sqrt(float64(len(x))) * largest / 254 / math.Sqrt(length)
		if cosine := dot / math.Sqrt(length); cosine < 1-bound*bound-1e-4 {
			t.Fatalf("the cosine to what was quantised is %v, bound %v", cosine, 1-bound*bound)
		}
		half := make([]float32, len(x))
		for i := range x {
			half[i] = x[i] * 0.5
		}
		if w := retrieval.Quantise(half); !w.Zero() && v.Cosine(w) < 0.999 {
			t.Fatalf("half of it points elsewhere: %v", v.Cosine(w))
		}
	})
}

// TestCosine: it is between -1 and 1, the same both ways, 1 with itself, and 0 where
// nothing can be said.
func TestCosine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dimension := rapid.IntRange(1, 100).Draw(t, "dimension")
		v, w := drawVector(t, "v", dimension), drawVector(t, "w", dimension)
		c := v.Cosine(w)
		if c != w.Cosine(v) || c < -1-1e-5 || c > 1+1e-5 || c != c {
			t.Fatalf("the cosine is %v, the other way %v", c, w.Cosine(v))
		}
		if v.Zero() || w.Zero() {
			if c != 0 {
				t.Fatalf("nothing is near something: %v", c)
			}
			return
		}
		if c := v.Cosine(v); math.Abs(c-1) > 1e-5 {
			t.Fatalf("with itself it is %v", c)
		}
		opposite := retrieval.Vector{Scale: v.Scale, Values: slices.Clone(v.Values)}
		for i := range opposite.Values {
			opposite.Values[i] *= -1
		}
		if got := opposite.Cosine(w); math.Abs(got+c) > 1e-9 {
			t.Fatalf("of the opposite it is %v, not %v", got, -c)
		}
		other := drawVector(t, "of another dimension", dimension+1)
		if c := v.Cosine(other); c != 0 {
			t.Fatalf("vectors of %d and %d coordinates have the cosine %v", dimension, dimension+1, c)
		}
	})
	x, y := retrieval.Quantise([]float32{1, 0}), retrieval.Quantise([]float32{1, 1})
	if c := x.Cosine(y); math.Abs(c-math.Sqrt2/2) > 1e-6 {
		t.Errorf("of 45 degrees it is %v", c)
	}
	if c := (retrieval.Vector{Scale: 1}).Cosine(retrieval.Vector{Scale: 1}); c != 0 {
		t.Errorf("without coordinates it is %v", c)
	}
}

func longText() string {
	var b strings.Builder
	for range 40 {
		b.WriteString("The parcel that you ordered on Monday was handed to the courier, who brings it tomorrow. ")
	}
	return b.String()
}

// TestPassageInput: what a model sees of a passage is its record's title and its span,
// and with the first what the text does not say.
func TestPassageInput(t *testing.T) {
	r := retrieval.Record{ID: "r", Title: " Order 1 ", Text: longText(), Fields: map[string]string{"total": "49.00 EUR", "day": "Monday", "carrier": "Post"}}
	passages := retrieval.Split(r)
	if len(passages) < 3 {
		t.Fatalf("%d passages", len(passages))
	}
	for i, p := range passages {
		want := "Order 1\n" + r.Text[p.Start:p.End]
		if i == 0 {
			want += "\ncarrier: Post\ntotal: 49.00 EUR"
		}
		if d := cmp.Diff(want, retrieval.PassageInput(r, p)); d != "" {
			t.Errorf("passage %d (-want +got):\n%s", i, d)
		}
	}
	r.Text = ""
	if got := retrieval.PassageInput(r, retrieval.Split(r)[0]); got != "Order 1\ncarrier: Post\nday: Monday\ntotal: 49.00 EUR" {
		t.Errorf("without a text it is %q", got)
	}
}

// TestSealedVectors: the vectors of a record open with that record only, as it was.
func TestSealedVectors(t *testing.T) {
	space := retrieval.Space{Model: "m", Version: "1", Dimension: 3, Quantisation: retrieval.Int8}
	r := retrieval.Record{ID: "r", Title: "Order 1", Text: longText(), Fields: map[string]string{"total": "49.00 EUR"}}
	passages := retrieval.Split(r)
	vectors := make([]retrieval.Vector, len(passages))
	for i := range vectors {
		vectors[i] = retrieval.Quantise([]float32{1, float32(i), -2})
	}
	vectors[1] = retrieval.Vector{}
	sealed := retrieval.SealVectors(space, r, passages, vectors)
	if got := retrieval.OpenVectors(sealed, space, r, passages); len(got) != len(vectors) {
		t.Fatalf("opened %v", got)
	} else if d := cmp.Diff(vectors, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// What the model is not shown may change.
	other := r
	other.ID, other.Visibility, other.Source.URL = "other", retrieval.InternalKnowledge, "https://shop.example"
	if got := retrieval.OpenVectors(sealed, space, other, passages); len(got) != len(vectors) {
		t.Error("what the model is not shown changes the vectors")
	}
	refused := func(what string, sealed []byte, space retrieval.Space, r retrieval.Record) {
		t.Helper()
		if got := retrieval.OpenVectors(sealed, space, r, retrieval.Split(r)); got != nil {
			t.Errorf("%s: opened %v", what, got)
		}
	}
	changed := func(what string, change func(r *retrieval.Record)) {
		t.Helper()
		x := r
		x.Fields = map[string]string{"total": "49.00 EUR"}
		change(&x)
		refused(what, sealed, space, x)
	}
	changed("another word", func(r *retrieval.Record) { r.Text = strings.Replace(r.Text, "Monday", "Friday", 1) })
	changed("another word at the end", func(r *retrieval.Record) {
		i := strings.LastIndex(r.Text, "Monday")
		r.Text = r.Text[:i] + "Friday" + r.Text[i+6:]
	})
	changed("more text", func(r *retrieval.Record) { r.Text += "And so on." })
	changed("less text", func(r *retrieval.Record) { r.Text = r.Text[:len(r.Text)/2] })
	changed("no text", func(r *retrieval.Record) { r.Text = "" })
	changed("another title", func(r *retrieval.Record) { r.Title = "Order 2" })
	changed("no title", func(r *retrieval.Record) { r.Title = "" })
	changed("another field", func(r *retrieval.Record) { r.Fields["total"] = "50.00 EUR" })
	changed("one more field", func(r *retrieval.Record) { r.Fields["carrier"] = "Post" })
	changed("another name of a field", func(r *retrieval.Record) { r.Fields = map[string]string{"sum": "49.00 EUR"} })
	changed("nothing at all", func(r *retrieval.Record) { *r = retrieval.Record{ID: "r"} })

	for _, dimension := range []int{0, -1, 1, 2, 4, 8} {
		s := space
		s.Dimension = dimension
		refused("another dimension", sealed, s, r)
	}
	for n := range sealed {
		refused("cut", sealed[:n], space, r)
	}
	refused("one more byte", append(slices.Clone(sealed), 0), space, r)
	refused("one more vector", vectors[0].Append(slices.Clone(sealed), 3), space, r)
	for i := range 8 {
		x := slices.Clone(sealed)
		x[i] ^= 1
		refused("another record's digest", x, space, r)
	}
	x := slices.Clone(sealed)
	x[8], x[9], x[10], x[11] = 0, 0, 0xc0, 0x7f // NaN
	refused("no scale", x, space, r)
	// Passages that were cut elsewhere have other texts.
	if got := retrieval.OpenVectors(sealed, space, r, passages[:len(passages)-1]); got != nil {
		t.Errorf("with one passage less: %v", got)
	}
	moved := slices.Clone(passages)
	moved[0].End--
	if got := retrieval.OpenVectors(sealed, space, r, moved); got != nil {
		t.Errorf("with a passage cut elsewhere: %v", got)
	}
	// Two texts are not one: where one ends counts.
	a := []retrieval.Passage{{Start: 0, End: 3}, {Start: 4, End: 5}}
	b := []retrieval.Passage{{Start: 0, End: 1}, {Start: 2, End: 5}}
	flat := retrieval.Record{Text: "a\nb\nc"}
	two := retrieval.SealVectors(space, flat, a, make([]retrieval.Vector, 2))
	if retrieval.OpenVectors(two, space, flat, a) == nil || retrieval.OpenVectors(two, space, flat, b) != nil {
		t.Error("the vectors of one cut open with another")
	}
	// A record of no passages has vectors, of which there are none.
	none := retrieval.SealVectors(space, retrieval.Record{}, nil, nil)
	if got := retrieval.OpenVectors(none, space, retrieval.Record{}, nil); got == nil || len(got) != 0 {
		t.Errorf("of no passages: %v", got)
	}
}
