package encoder_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/encoder"
)

func load(t testing.TB, m *small) *encoder.Encoder {
	t.Helper()
	e, err := encoder.New(m.file())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func encode(t testing.TB, e *encoder.Encoder, texts ...string) [][]float32 {
	t.Helper()
	var out [][]float32
	if err := e.Encode(t.Context(), retrieval.QueryText, texts, func(_ int, v []float32) { out = append(out, slices.Clone(v)) }); err != nil {
		t.Fatal(err)
	}
	return out
}

func cosine(a []float32, b []float64) float64 {
	dot, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		dot, aa, bb = dot+float64(a[i])*b[i], aa+float64(a[i])*float64(a[i]), bb+b[i]*b[i]
	}
	return dot / math.Sqrt(aa*bb)
}

// TestForward compares with the transformer written out.
func TestForward(t *testing.T) {
	m := newSmall()
	e := load(t, m)
	for _, text := range []string{"where is my order?", "my tent", "Where", "the order is the parcel? where is the tent"} {
		ids, known := e.Tokens(nil, retrieval.QueryText, text)
		if !known || ids[0] != begin || ids[len(ids)-1] != end {
			t.Fatalf("%q: ids %v, known %v", text, ids, known)
		}
		if c := cosine(encode(t, e, text)[0], m.vector(ids)); c < .999 {
			t.Errorf("%q: cosine with the transformer written out %v", text, c)
		}
	}
	m.header["pooling"] = "cls"
	mean, cls := encode(t, e, "my tent")[0], encode(t, load(t, m), "my tent")[0]
	if slices.Equal(mean, cls) {
		t.Error("the pooling makes no difference")
	}
}

// TestWords: embeddings of four bits, two a byte, with a scale for 32.
func TestWords(t *testing.T) {
	m := newSmall()
	var pairs, scales []byte
	whole := make([]float32, 0, len(pieces)*hidden)
	for i := range len(pieces) * hidden / 2 {
		low, high := byte(i*7%16), byte(i*5%16)
		pairs = append(pairs, low|high<<4)
		scale := float32(.25)
		if 2*i/32%2 == 1 {
			scale = .125
		}
		whole = append(whole, scale*float32(int(low)-8), scale*float32(int(high)-8))
	}
	for i := range len(pieces) * hidden / 32 {
		h := uint16(13 << 10) // 0.25 in half precision
		if i%2 == 1 {
			h = 12 << 10
		}
		scales = append(scales, byte(h), byte(h>>8))
	}
	m.put("words", "i4", pairs, len(pieces), hidden/2)
	m.put("words.scales", "f16", scales, len(pieces), hidden/32)
	m.float["words"] = whole
	e := load(t, m)
	ids, _ := e.Tokens(nil, retrieval.QueryText, "where is my parcel?")
	if c := cosine(encode(t, e, "where is my parcel?")[0], m.vector(ids)); c < .999 {
		t.Errorf("cosine %v", c)
	}
}

// TestUnknown: what the vocabulary lacks has no vector, and does not disturb others.
func TestUnknown(t *testing.T) {
	e := load(t, newSmall())
	texts := []string{"my order", "", " \n", "посилка", "tent посилка квиток", "my order посилка", "[SEP]"}
	got := encode(t, e, texts...)
	for i, want := range []bool{true, false, false, false, false, true, false} {
		if (got[i] != nil) != want {
			t.Errorf("%q: has a vector: %v", texts[i], got[i] != nil)
		}
	}
	if !slices.Equal(got[0], encode(t, e, "my order")[0]) {
		t.Error("the others of a batch changed a vector")
	}
	vectors, err := e.Embed(t.Context(), retrieval.QueryText, texts)
	if err != nil || vectors[0].Zero() || !vectors[1].Zero() {
		t.Errorf("%v, %v", vectors, err)
	}
}

// TestLong: a million words and ten megabytes are cut, soon.
func TestLong(t *testing.T) {
	e := load(t, newSmall())
	for name, text := range map[string]string{
		"a million words": strings.Repeat("my order ", 500_000), "one word": strings.Repeat("order", 2_000_000),
		"not UTF-8": strings.Repeat("order \xff ", 1_000_000), "blanks": strings.Repeat(" ", 10_000_000),
	} {
		ids, _ := e.Tokens(nil, retrieval.QueryText, text)
		if len(ids) > positions-2 {
			t.Errorf("%s: %d tokens", name, len(ids))
		}
		encode(t, e, text)
	}
	long, cut := strings.Repeat("my order ", 500_000), strings.Repeat("my order ", 100)
	if !slices.Equal(encode(t, e, long)[0], encode(t, e, cut)[0]) {
		t.Error("what is cut off changes the vector")
	}
}

// TestConcurrent: calls do not share what they work in.
func TestConcurrent(t *testing.T) {
	e := load(t, newSmall())
	texts := []string{"where is my order?", "tent", "the parcel is my tent", "my my my order ? ? ?"}
	want := encode(t, e, texts...)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 50 {
				text := texts[i%len(texts)]
				if got := encode(t, e, text); !slices.Equal(got[0], want[i%len(texts)]) {
					t.Errorf("%q has another vector", text)
				}
			}
		})
	}
	group.Wait()
}

// TestAllocations: in the steady state nothing is allocated, whatever the number of
// tokens.
func TestAllocations(t *testing.T) {
	e := load(t, newSmall())
	for _, text := range []string{"tent", strings.Repeat("my order ", 8)} {
		texts := []string{text}
		nothing := func(int, []float32) {}
		if n := testing.AllocsPerRun(200, func() { _ = e.Encode(t.Context(), retrieval.QueryText, texts, nothing) }); n > 0 && !raceEnabled {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

func TestSpace(t *testing.T) {
	m := newSmall()
	a := load(t, m).Space()
	m.floats(rand.New(rand.NewPCG(5, 6)), "0.inner.bias", .2, inner)
	b := load(t, m).Space()
	if a == b || a.Model != "small" || a.Dimension != hidden || a.Quantisation != retrieval.Int8 {
		t.Errorf("%s and %s", a, b)
	}
	if load(t, m).Recipient() != consent.BrandAI {
		t.Error("what runs here is somebody else's")
	}
}

// TestCancelled: a call ends with its context.
func TestCancelled(t *testing.T) {
	e := load(t, newSmall())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := e.Embed(ctx, retrieval.QueryText, []string{"tent"}); err == nil || v != nil {
		t.Errorf("%v, %v", v, err)
	}
}

// TestRefuses: what is no whole model is refused with one line that says why.
func TestRefuses(t *testing.T) {
	good := newSmall().file()
	change := func(f func(m *small)) []byte {
		m := newSmall()
		f(m)
		return m.file()
	}
	nan := floats32([]float32{float32(math.NaN())})
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":           {nil, "does not begin"},
		"another file":    {[]byte("PK\x03\x04 and so on, for a good while longer than a head"), "does not begin"},
		"a pointer":       {[]byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 58063232\n"), "does not begin"},
		"cut short":       {good[:len(good)-1], "checksum"},
		"cut in the head": {good[:60], "checksum"},
		"longer":          {append(slices.Clone(good), 0), "checksum"},
		"a flipped bit":   {flip(good, len(good)/2), "checksum"},
		"a flipped sum":   {flip(good, 9), "checksum"},
		"no JSON":         {sealed([]byte("{"), nil), "header"},
		"a long header":   {longHeader(), "header"},
		"a later format":  {change(func(m *small) { m.header["format"] = 2 }), "format"},
		"no layers":       {change(func(m *small) { m.header["layers"] = 0 }), "layers"},
		"huge":            {change(func(m *small) { m.header["hidden"] = 1 << 40 }), "hidden"},
		"odd heads":       {change(func(m *small) { m.header["heads"] = 7 }), "heads"},
		"too many tokens": {change(func(m *small) { m.header["max_tokens"] = positions }), "positions"},
		"no epsilon":      {change(func(m *small) { m.header["epsilon"] = -1 }), "epsilon"},
		"another pooling": {change(func(m *small) { m.header["pooling"] = "max" }), "pooling"},
		"no tokenizer":    {change(func(m *small) { m.header["tokenizer"] = map[string]any{"type": "bpe", "end": 1} }), "tokenizer"},
		"a token outside": {change(func(m *small) { m.header["tokenizer"].(map[string]any)["end"] = 99 }), "end token"},
		"a lost tensor":   {change(func(m *small) { delete(m.tensors, "1.inner.weight") }), "1.inner.weight"},
		"a wrong shape":   {change(func(m *small) { m.put("0.key.bias", "f32", make([]byte, 8), 2) }), "0.key.bias"},
		"a wrong type":    {change(func(m *small) { m.put("0.key.bias", "i8", make([]byte, hidden), hidden) }), "0.key.bias"},
		"a wrong size":    {change(func(m *small) { m.put("0.key.bias", "f32", make([]byte, 8), hidden) }), "0.key.bias"},
		"NaN":             {change(func(m *small) { copy(m.tensors["0.key.bias"].bytes, nan) }), "no number"},
		"NaN in a scale":  {change(func(m *small) { copy(m.tensors["1.outer.scales"].bytes[8:], nan) }), "no number"},
		"infinity":        {change(func(m *small) { copy(m.tensors["positions"].bytes, floats32([]float32{float32(math.Inf(1))})) }), "no number"},
		"pieces outside":  {change(func(m *small) { copy(m.tensors["pieces.offsets"].bytes[8:], words32([]uint32{1 << 30})) }), "piece"},
		"an offset":       {change(func(m *small) { m.header["tensors"] = outside(m) }), "outside"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "model.enc")
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			e, err := encoder.OpenFile(path)
			if e != nil || !errors.Is(err, encoder.ErrModel) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
	if _, err := encoder.OpenFile(filepath.Join(t.TempDir(), "none.enc")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func flip(file []byte, at int) []byte {
	out := slices.Clone(file)
	out[at] ^= 4
	return out
}

// longHeader says that its header goes on after the file's end.
func longHeader() []byte {
	rest := append(binary.LittleEndian.AppendUint32(nil, 1<<20), "{}"...)
	sum := sha256.Sum256(rest)
	return slices.Concat([]byte("CANDENC1"), sum[:], rest)
}

// outside puts a tensor where the file has ended.
func outside(m *small) map[string]any {
	out := make(map[string]any)
	for name, t := range m.tensors {
		out[name] = map[string]any{"type": t.kind, "shape": t.shape, "offset": 1 << 20 * 64, "size": len(t.bytes)}
	}
	return out
}

// FuzzNew gives a header and a body that the checksum vouches for.
func FuzzNew(f *testing.F) {
	file := newSmall().file()
	length := int(file[40]) | int(file[41])<<8
	f.Add(file[44:44+length], file[44+length:])
	f.Add([]byte(`{"format":1}`), []byte{})
	f.Fuzz(func(t *testing.T, head, body []byte) {
		if !json.Valid(head) && !bytes.HasPrefix(head, []byte("{")) {
			return
		}
		e, err := encoder.New(sealed(head, body))
		if err != nil {
			if !errors.Is(err, encoder.ErrModel) {
				t.Error(err)
			}
			return
		}
		_, _ = e.Embed(t.Context(), retrieval.QueryText, []string{"where is my order?"})
	})
}
