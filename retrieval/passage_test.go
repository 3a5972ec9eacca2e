package retrieval_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"candor/retrieval"
)

// paragraph returns n sentences of ten words each.
func paragraph(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Sentence %d has exactly ten words in it, no more. ", i)
	}
	return b.String()
}

func words(r retrieval.Record, p retrieval.Passage) int {
	return len(strings.Fields(r.Text[p.Start:p.End]))
}

func TestSplitSizes(t *testing.T) {
	for name, text := range map[string]string{
		"sentences":       paragraph(100),
		"one long":        strings.Repeat("word ", 1000),
		"no spaces":       strings.Repeat("слово", 3000),
		"sections":        strings.Repeat("## Section\n\n"+paragraph(7)+"\n\n", 12),
		"a list":          strings.Repeat("- an item of the list with a few words\n", 90),
		"long sentences":  strings.Repeat(strings.Repeat("word ", 90)+". ", 20),
		"broken encoding": strings.Repeat("wor\xffd ", 500),
	} {
		t.Run(name, func(t *testing.T) {
			r := retrieval.Record{ID: "r", Text: text, Language: "en"}
			passages := retrieval.Split(r)
			if len(passages) < 2 {
				t.Fatalf("%d passages", len(passages))
			}
			end := 0
			for i, p := range passages {
				if n := words(r, p); n > 240 || n < 40 && name != "no spaces" {
					t.Errorf("passage %d has %d words", i, n)
				}
				if p.ID != fmt.Sprintf("r#%d", i) || p.Record != "r" {
					t.Errorf("passage %d is %q of %q", i, p.ID, p.Record)
				}
				if strings.TrimSpace(text[min(end, p.Start):p.Start]) != "" {
					t.Errorf("text before passage %d is in none: %q", i, text[end:p.Start])
				}
				if p.End <= end {
					t.Errorf("passage %d ends at %d, the one before at %d", i, p.End, end)
				}
				if utf8.ValidString(text) && !utf8.ValidString(text[p.Start:p.End]) {
					t.Errorf("passage %d cuts a character", i)
				}
				end = p.End
			}
			if strings.TrimSpace(text[end:]) != "" {
				t.Errorf("text after the last passage: %q", text[end:])
			}
		})
	}
}

func TestSplitOverlaps(t *testing.T) {
	r := retrieval.Record{ID: "r", Text: paragraph(40), Language: "en"}
	passages := retrieval.Split(r)
	for i := 1; i < len(passages); i++ {
		shared := r.Text[passages[i].Start:passages[i-1].End]
		if n := len(strings.Fields(shared)); n != 10 {
			t.Errorf("passages %d and %d share %q, want one sentence", i-1, i, shared)
		}
	}
}

func TestSplitTerms(t *testing.T) {
	r := retrieval.Record{
		ID: "r", Title: "Returns", Language: "en",
		Text:   "# Boots\n\n" + paragraph(15) + "\n\n## Zippers\n\n" + paragraph(15),
		Fields: map[string]string{"order": "FH-10234", "words": "ten words"},
	}
	passages := retrieval.Split(r)
	if len(passages) != 2 {
		t.Fatalf("%d passages, want 2", len(passages))
	}
	for i, want := range []map[string]int{
		{"return": 2, "boot": 1, "fh10234": 1, "zipper": 0},
		{"return": 2, "boot": 1, "fh10234": 0, "zipper": 1},
	} {
		for term, n := range want {
			if got := passages[i].Terms[term]; got != n {
				t.Errorf("passage %d has %q %d times, want %d", i, term, got, n)
			}
		}
	}
	if strings.HasSuffix(r.Text[:passages[0].End], "Zippers") {
		t.Error("a heading is parted from its section")
	}
}

func TestSplitSmall(t *testing.T) {
	for name, c := range map[string]struct {
		r    retrieval.Record
		want int
	}{
		"empty":      {retrieval.Record{}, 0},
		"blank":      {retrieval.Record{Text: " \n"}, 0},
		"title only": {retrieval.Record{Title: "Order FH-1"}, 1},
		"fields":     {retrieval.Record{Fields: map[string]string{"status": "shipped"}}, 1},
		"short":      {retrieval.Record{Text: "Yes."}, 1},
		"just fits":  {retrieval.Record{Text: paragraph(18)}, 1},
	} {
		if got := retrieval.Split(c.r); len(got) != c.want {
			t.Errorf("%s: %d passages, want %d", name, len(got), c.want)
		}
	}
}

// TestSplitUnknownLanguage: a record that does not tell its language meets a
// question in any of those of its script.
func TestSplitUnknownLanguage(t *testing.T) {
	p := retrieval.Split(retrieval.Record{ID: "r", Text: "Pedidos: FH-10234"})[0]
	for _, language := range []string{"pt", "es", "en", ""} {
		shared := 0
		for term := range retrieval.Analyze("pedidos", language).Terms {
			if p.Terms[term] > 0 {
				shared++
			}
		}
		if shared == 0 {
			t.Errorf("a question in %q does not meet %v", language, p.Terms)
		}
	}
}

func TestSeal(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	got := retrieval.Seal(retrieval.Record{ID: "r", Customer: "c", Category: "orders", Text: "Boots.", CollectedAt: at, Language: "en"})
	want := []retrieval.Stored{{
		Passage:  retrieval.Passage{ID: "r#0", Record: "r", End: 6, Terms: map[string]int{"boot": 1}, Length: 1},
		Category: "orders", CollectedAt: at,
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAnalyze(t *testing.T) {
	q := retrieval.Analyze("Where is my order FH-10234, and where are the boots?", "")
	want := retrieval.Query{
		Text: "Where is my order FH-10234, and where are the boots?", Language: "en",
		Terms: map[string]int{"order": 1, "fh10234": 1, "fh": 1, "10234": 1, "boot": 1},
	}
	if d := cmp.Diff(want, q); d != "" {
		t.Error(d)
	}
	if q := retrieval.Analyze("can you help with that?", ""); len(q.Terms) != 1 || q.Terms["help"] != 1 {
		t.Errorf("terms %v", q.Terms)
	}
	if q := retrieval.Analyze("", ""); len(q.Terms) != 0 || q.Language != "" {
		t.Errorf("empty question: %+v", q)
	}
	q = retrieval.Analyze("and boots?", "en").WithContext("How do I return a tent?", "You can return tents and boots.")
	if d := cmp.Diff(map[string]int{"return": 2, "tent": 2}, q.Context); d != "" {
		t.Error(d)
	}
}

func BenchmarkSplit(b *testing.B) {
	r := retrieval.Record{ID: "r", Title: "Returns", Text: paragraph(15), Language: "en"}
	b.ReportAllocs()
	for b.Loop() {
		retrieval.Split(r)
	}
}
