package tokenizer

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// document is what the tests read of a tokenizer.json.
type document struct {
	Normalizer struct {
		Normalizers []struct {
			Charsmap []byte `json:"precompiled_charsmap"`
		}
	}
	Model struct {
		Unknown int32 `json:"unk_id"`
		Vocab   json.RawMessage
	}
}

func open(tb testing.TB, name string) io.Reader {
	tb.Helper()
	f, err := os.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	if !strings.HasSuffix(name, ".gz") {
		return f
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

func readDocument(tb testing.TB, name string) document {
	tb.Helper()
	var d document
	if err := json.NewDecoder(open(tb, name)).Decode(&d); err != nil {
		tb.Fatal(err)
	}
	return d
}

// vocabulary returns the parts of a Unigram tokenizer.json. The special pieces
// get back the names that keep the reference from matching them.
func vocabulary(tb testing.TB, name string) (pieces []string, scores []float32, charsmap []byte, unknown int32) {
	tb.Helper()
	d := readDocument(tb, name)
	var vocab [][2]any
	if err := json.Unmarshal(d.Model.Vocab, &vocab); err != nil {
		tb.Fatal(err)
	}
	for _, p := range vocab {
		pieces = append(pieces, strings.TrimPrefix(p[0].(string), " "))
		scores = append(scores, float32(p[1].(float64)))
	}
	return pieces, scores, d.Normalizer.Normalizers[0].Charsmap, d.Model.Unknown
}

func unigram(tb testing.TB, name string) *Unigram {
	tb.Helper()
	u, err := NewUnigram(vocabulary(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

func wordPiece(tb testing.TB, name string) *WordPiece {
	tb.Helper()
	var vocab map[string]int
	if err := json.Unmarshal(readDocument(tb, name).Model.Vocab, &vocab); err != nil {
		tb.Fatal(err)
	}
	words := make([]string, len(vocab))
	for s, i := range vocab {
		words[i] = s
	}
	p, err := NewWordPiece(words, Uncased)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

type reference struct {
	Text string
	IDs  []int32
}

func references(tb testing.TB, name string) []reference {
	tb.Helper()
	var all []reference
	lines := bufio.NewScanner(open(tb, name))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var r reference
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			tb.Fatal(err)
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return all
}

const (
	unigramFile   = "testdata/unigram.json.gz"
	wordPieceFile = "testdata/wordpiece.json.gz"
)

func testReference(t *testing.T, tok Tokenizer, name string) {
	t.Helper()
	all := references(t, name)
	if len(all) < 1000 {
		t.Fatalf("%d texts", len(all))
	}
	wrong := 0
	for _, r := range all {
		got, _ := tok.Encode(nil, r.Text, 1<<30)
		if !slices.Equal(got, r.IDs) {
			wrong++
			if wrong <= 10 {
				t.Errorf("%+.200q: got %.300v, want %.300v", r.Text, got, r.IDs)
			}
		}
		for _, limit := range []int{0, 1, 7, len(r.IDs)} {
			limit = min(limit, len(r.IDs))
			if got, _ := tok.Encode(nil, r.Text, limit); !slices.Equal(got, r.IDs[:limit]) {
				t.Errorf("%+.200q: other ids with a limit of %d", r.Text, limit)
			}
		}
	}
	t.Logf("%d of %d texts differ", wrong, len(all))
}

func TestUnigramReference(t *testing.T) {
	testReference(t, unigram(t, unigramFile), "testdata/unigram.jsonl.gz")
}

func TestWordPieceReference(t *testing.T) {
	testReference(t, wordPiece(t, wordPieceFile), "testdata/wordpiece.jsonl.gz")
}

// inside is what testPoints adds to the id of a character that continues a word.
const inside = utf8.MaxRune + 1

// testPoints compares what becomes of each code point, with a vocabulary that
// hides nothing: the id of each character is its code point. starts reports
// whether an id starts a word.
func testPoints(t *testing.T, tok Tokenizer, name string, starts func(id int32) bool) {
	t.Helper()
	lines := bufio.NewScanner(open(t, name))
	n := 0
	for ; lines.Scan(); n++ {
		var want struct {
			From   rune
			SHA256 string
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for r := want.From; r < want.From+512; r++ {
			if c := string(r); utf8.ValidRune(r) {
				text.WriteString(strings.Join([]string{c, "ª" + c, c + "e\u0301", "\U0001f468\u200d" + c + "\u0301", "x\U0001d16d" + c, "x" + c + "\u1b44", ""}, "\n"))
			}
		}
		ids, _ := tok.Encode(nil, text.String(), 1<<30)
		var got []byte
		for i, id := range ids {
			if i > 0 && starts(id) {
				got = append(got, ' ')
			}
			got = utf8.AppendRune(got, id%inside)
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(got)); sum != want.SHA256 {
			t.Errorf("from %U: normalized otherwise", want.From)
		}
	}
	if n < 400 {
		t.Errorf("%d lines", n)
	}
}

func TestUnigramPoints(t *testing.T) {
	pieces := make([]string, 0xE1000)
	for r := range pieces {
		if utf8.ValidRune(rune(r)) {
			pieces[r] = string(rune(r))
		}
	}
	_, _, charsmap, _ := vocabulary(t, unigramFile)
	u, err := NewUnigram(pieces, make([]float32, len(pieces)), charsmap, int32(len(pieces)-1))
	if err != nil {
		t.Fatal(err)
	}
	testPoints(t, u, "testdata/unigram-points.jsonl.gz", func(id int32) bool { return id == wordMark })
}

func TestWordPiecePoints(t *testing.T) {
	vocab := make([]string, inside+0xE1000)
	for r := range rune(0xE1000) {
		if utf8.ValidRune(r) {
			vocab[r], vocab[inside+r] = string(r), continuation+string(r)
		}
	}
	vocab[0xE1000] = "[UNK]"
	p, err := NewWordPiece(vocab, Uncased)
	if err != nil {
		t.Fatal(err)
	}
	testPoints(t, p, "testdata/wordpiece-points.jsonl.gz", func(id int32) bool { return id < inside })
}

// TestConcurrent shares one tokenizer, for the race detector.
func TestConcurrent(t *testing.T) {
	all := references(t, "testdata/unigram.jsonl.gz")[:200]
	u := unigram(t, unigramFile)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, r := range all {
				if got, _ := u.Encode(nil, r.Text, 1<<30); !slices.Equal(got, r.IDs) {
					t.Errorf("%+.100q: other ids", r.Text)
				}
			}
		})
	}
	wg.Wait()
}

func TestReservedPiecesMatchNoText(t *testing.T) {
	u := unigram(t, unigramFile)
	for _, s := range []string{"</s>", "<s>", "<pad><mask>", "a</s> b"} {
		ids, _ := u.Encode(nil, s, 100)
		for _, id := range ids {
			if id < 3 {
				t.Errorf("%q: special token %d", s, id)
			}
		}
	}
	p := wordPiece(t, wordPieceFile)
	if ids, unknown := p.Encode(nil, "[CLS] [SEP]", 100); len(ids) < 6 {
		t.Errorf("[CLS] [SEP]: %v, %d unknown", ids, unknown)
	}
}

func TestValid(t *testing.T) {
	for in, want := range map[string]string{
		"a":                        "a",
		"\xff\xfe":                 "\ufffd\ufffd",
		"\xe2\x82x":                "\ufffdx",
		"\xf0\x9f\x98":             "\ufffd",
		"\xed\xa0\x80":             "\ufffd\ufffd\ufffd",
		"\xc0\x80":                 "\ufffd\ufffd",
		"\xf4\x90\x80\x80":         "\ufffd\ufffd\ufffd\ufffd",
		"é\xc3":                    "é\ufffd",
		"\xe2\x82\xe2\x82\xac\x80": "\ufffd€\ufffd",
	} {
		if got := valid(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestAlone checks that what is taken for a cluster of its own is one.
func TestAlone(t *testing.T) {
	w := unigram(t, unigramFile).scratch.Get().(*words)
	for r := rune(0); r < 0x11000; r++ {
		if !alone(r) || !utf8.ValidRune(r) {
			continue
		}
		for _, s := range []string{"a" + string(r), string(r) + "a", string(r) + string(r), "©" + string(r)} {
			w.clusters.SetText(s)
			w.clusters.Next()
			if _, n := utf8.DecodeRuneInString(s); len(w.clusters.Value()) != n {
				t.Errorf("%U clusters", r)
			}
		}
	}
}

// TestMark has words with the mark in them, which the map of XLM-RoBERTa makes spaces of.
func TestMark(t *testing.T) {
	u, err := NewUnigram([]string{"<unk>", "▁", "a", "▁a", "b"}, []float32{0, -1, -1, -1, -1}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string][]int32{
		"a▁▁b ▁ ▁▁a": {3, 1, 1, 4, 1, 1, 3},
		"▁":          {1},
		"▁a":         {3},
		"ax▁y":       {3, 0, 1, 0},
		"xyz zx":     {1, 0, 1, 0},
	} {
		if got, _ := u.Encode(nil, in, 100); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}

// TestLongWord has one word of several times maxUndecided, whose ids are those
// of its parts as long as these end in something that decides.
func TestLongWord(t *testing.T) {
	u := unigram(t, unigramFile)
	part := strings.Repeat("wonderful", 30) + "."
	want, _ := u.Encode(nil, part, 1<<30)
	got, _ := u.Encode(nil, strings.Repeat(part, 2000), 1<<30)
	if len(got) < len(want)*1000 {
		t.Errorf("%d ids", len(got))
	}
	for _, s := range []string{strings.Repeat("a", 1<<20), strings.Repeat("ж", 1<<19), strings.Repeat("\U00010000", 1<<18)} {
		long, _ := u.Encode(nil, s, 1<<30)
		short, _ := u.Encode(nil, s, 512)
		if !slices.Equal(short, long[:len(short)]) {
			t.Errorf("%.5q: other ids with a limit", s)
		}
	}
	if got, unknown := u.Encode(nil, strings.Repeat("\U00010000", 1<<18), 1<<30); unknown != 1 || len(got) > 2 {
		t.Errorf("unknown characters: %d ids, %d unknown", len(got), unknown)
	}
}

func TestMalformed(t *testing.T) {
	if _, err := NewUnigram([]string{"a"}, nil, nil, 0); err == nil {
		t.Error("no scores")
	}
	if _, err := NewUnigram([]string{"a"}, []float32{0}, nil, 1); err == nil {
		t.Error("no unknown piece")
	}
	for _, raw := range []string{"\x01", "\x00\x00\x00\x00", "\x08\x00\x00\x00abcd", "\x03\x00\x00\x00abc"} {
		if _, err := NewUnigram([]string{"a"}, []float32{0}, []byte(raw), 0); err == nil {
			t.Errorf("charsmap %q", raw)
		}
	}
	if _, err := NewWordPiece([]string{"a"}, Uncased); err == nil {
		t.Error("no [UNK]")
	}
}

func fuzz(f *testing.F, tok Tokenizer) {
	f.Helper()
	for _, s := range []string{"", "Hello, world", "ﬁ\u0301 e\u0301\u0323", "\xff\xe2\x82a\u0301", "Доброго дня! 你好 한국", strings.Repeat("ab", 9000), "👩\u200d👩 \U0001d165\u302e"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = min(max(limit, -1), 1<<16)
		all, _ := tok.Encode([]int32{-7}, text, 1<<30)
		if all[0] != -7 {
			t.Fatal("dst was overwritten")
		}
		all = all[1:]
		ids, unknown := tok.Encode(nil, text, limit)
		if unknown < 0 || unknown > len(ids) || len(ids) > max(limit, 0) {
			t.Fatalf("%d unknown of %d ids, limit %d", unknown, len(ids), limit)
		}
		if want := all[:min(len(all), max(limit, 0))]; !slices.Equal(ids, want) {
			t.Fatalf("limit %d: got %v, want %v", limit, ids, want)
		}
		if again, n := tok.Encode(nil, text, limit); n != unknown || !slices.Equal(again, ids) {
			t.Fatal("other ids the second time")
		}
	})
}

func FuzzUnigram(f *testing.F) { fuzz(f, unigram(f, unigramFile)) }

func FuzzWordPiece(f *testing.F) { fuzz(f, wordPiece(f, wordPieceFile)) }

func benchmark(b *testing.B, tok Tokenizer) {
	texts := references(b, "testdata/unigram.jsonl.gz")[:27]
	var dst []int32
	tokens := 0
	b.ReportAllocs()
	for b.Loop() {
		tokens = 0
		for _, r := range texts {
			dst, _ = tok.Encode(dst[:0], r.Text, 512)
			tokens += len(dst)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*tokens), "ns/token")
}

func BenchmarkUnigram(b *testing.B) { benchmark(b, unigram(b, unigramFile)) }

func BenchmarkWordPiece(b *testing.B) { benchmark(b, wordPiece(b, wordPieceFile)) }

func BenchmarkNewUnigram(b *testing.B) {
	pieces, scores, charsmap, unknown := vocabulary(b, unigramFile)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewUnigram(pieces, scores, charsmap, unknown); err != nil {
			b.Fatal(err)
		}
	}
}
