package multilingual_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"candor/retrieval"
	"candor/retrieval/encoder"
	"candor/retrieval/encoder/multilingual"
)

// text is one of those that tools/encoder/reference.py wrote, with the ids and the
// vector that others make of it.
type text struct {
	Language string
	Kind     retrieval.TextKind
	Text     string
	IDs      []int32
	Vector   string // base64 of float16
}

func references(t *testing.T) []text {
	t.Helper()
	f, err := os.Open("testdata/reference.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []text
	for dec := json.NewDecoder(z); ; {
		var x text
		if err := dec.Decode(&x); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
}

// vector reads the reference's; float16 costs a cosine less than 1e-6.
func (x text) vector(t *testing.T) []float64 {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(x.Vector)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(b)/2)
	for i := range out {
		h := binary.LittleEndian.Uint16(b[2*i:])
		f := math.Ldexp(1+float64(h&1023)/1024, int(h>>10&31)-15)
		if h>>10&31 == 0 {
			f = math.Ldexp(float64(h&1023), -24)
		}
		if h>>15 == 1 {
			f = -f
		}
		out[i] = f
	}
	return out
}

// TestAgreement holds the encoder to the reference implementation: the same token
// ids, and nearly the same vectors.
func TestAgreement(t *testing.T) {
	e, err := multilingual.Encoder()
	if err != nil {
		t.Fatal(err)
	}
	all := references(t)
	languages := make(map[string]int)
	lowest, sum := 2.0, 0.0
	for _, x := range all {
		languages[x.Language]++
		if ids, known := e.Tokens(nil, x.Kind, x.Text); !slices.Equal(ids, x.IDs) || !known {
			t.Errorf("%q: ids %v (known: %v), want %v", x.Text, ids, known, x.IDs)
		}
		want := x.vector(t)
		err := e.Encode(t.Context(), x.Kind, []string{x.Text}, func(_ int, got []float32) {
			dot, square, length := 0.0, 0.0, 0.0
			for d, v := range got {
				dot, square, length = dot+float64(v)*want[d], square+float64(v)*float64(v), length+want[d]*want[d]
			}
			if math.Abs(square-1) > 1e-5 {
				t.Errorf("%q: a vector of length %v", x.Text, math.Sqrt(square))
			}
			cosine := dot / math.Sqrt(square*length)
			lowest, sum = min(lowest, cosine), sum+cosine
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d texts %v: cosine with the reference %.5f on average, %.5f at the lowest", len(all), languages, sum/float64(len(all)), lowest)
	if len(all) < 500 || len(languages) != 5 || lowest < .995 {
		t.Error("the vectors are not those of the reference")
	}
}

// TestBatches: a text has the same vector whatever it is encoded with.
func TestBatches(t *testing.T) {
	e, err := multilingual.Encoder()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for i, x := range references(t) {
		if i%7 == 0 {
			texts = append(texts, x.Text)
		}
	}
	texts = append(texts, "", "中文的问题", " ")
	together, err := e.Embed(t.Context(), retrieval.PassageText, texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range texts {
		alone, err := e.Embed(t.Context(), retrieval.PassageText, []string{x})
		if err != nil {
			t.Fatal(err)
		}
		if alone[0].Scale != together[i].Scale || !slices.Equal(alone[0].Values, together[i].Values) {
			t.Errorf("%q has another vector in a batch", x)
		}
		if alone[0].Zero() != (i >= len(texts)-3) {
			t.Errorf("%q: known is %v", x, !alone[0].Zero())
		}
	}
}

// TestLong: a text that is longer than the model takes has the vector of its
// beginning, whatever kind it is.
func TestLong(t *testing.T) {
	e, err := multilingual.Encoder()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []retrieval.TextKind{retrieval.QueryText, retrieval.PassageText} {
		for text, want := range map[string]bool{
			"Where is the parcel that I ordered? ": true, "Где моя посылка? ": true, "我的 包裹 在 哪里 ？ ": false,
		} {
			ids, known := e.Tokens(nil, kind, strings.Repeat(text, 500))
			if len(ids) != 512 || known != want {
				t.Errorf("%s %q: %d tokens, known: %v", kind, text, len(ids), known)
			}
		}
	}
}

// TestMeaning asks in one language what is said in another.
func TestMeaning(t *testing.T) {
	e, err := multilingual.Encoder()
	if err != nil {
		t.Fatal(err)
	}
	articles := []string{
		"Send an item back within 30 days and we refund the price to your card.",
		"Parcels arrive two to four days after we have sent them.",
		"You can change your password on the page of your account.",
		"Our shops are open from nine to six, and closed on Sundays.",
	}
	passages, err := e.Embed(t.Context(), retrieval.PassageText, articles)
	if err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]int{
		"I don't want it any more, can I have my money back?": 0,
		"Como faço para devolver um produto?":                 0,
		"¿Cuándo llega mi paquete?":                           1,
		"Коли прийде моя посилка?":                            1,
		"Не могу войти, забыл пароль":                         2,
		"А в воскресенье вы работаете?":                       3,
		"Vocês abrem no domingo?":                             3,
	} {
		q, err := e.Embed(t.Context(), retrieval.QueryText, []string{question})
		if err != nil {
			t.Fatal(err)
		}
		best := 0
		for i := range passages {
			if q[0].Cosine(passages[i]) > q[0].Cosine(passages[best]) {
				best = i
			}
		}
		if best != want {
			t.Errorf("%q is nearest to %q", question, articles[best])
		}
	}
}

// TestOrigin: the file says where its weights came from, and may be used.
func TestOrigin(t *testing.T) {
	e, err := multilingual.Encoder()
	if err != nil {
		t.Fatal(err)
	}
	notice, err := os.ReadFile("NOTICE.md")
	if err != nil {
		t.Fatal(err)
	}
	if e.Licence() != "MIT" || !strings.HasPrefix(e.Source(), "https://huggingface.co/intfloat/multilingual-e5-small") || !bytes.Contains(notice, []byte("MIT License")) {
		t.Errorf("licence %q, source %q", e.Licence(), e.Source())
	}
	info, err := os.Stat("multilingual-e5-small.enc")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 64_000_000 {
		t.Errorf("the weights take %d bytes", info.Size())
	}
	if _, err := encoder.OpenFile("multilingual-e5-small.enc"); err != nil {
		t.Error(err)
	}
}
