package eval

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tiny")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var tiny = map[string]string{
	"corpus.jsonl": `{"id":"a","title":"A","text":"one"}
{"id":"b","text":"two","visibility":"internal"}
{"id":"c","text":"three","visibility":"unspecified"}
{"id":"d","text":"four","visibility":"public"}
`,
	"queries.jsonl": `{"id":"q1","text":"first"}
{"id":"q2","text":"second","history":[{"speaker":"user","text":"hello"}]}
{"id":"q3","text":"not judged"}
`,
	"qrels.tsv": "query-id\tcorpus-id\tscore\nq1\ta\t2\nq1\tb\t1\nq1\td\t0\nq2\tc\t1\n",
}

// TestRetrieval: the figures are worked out by hand.
func TestRetrieval(t *testing.T) {
	d, err := ReadDataset(write(t, tiny))
	if err != nil {
		t.Fatal(err)
	}
	if got := []string{d.Documents[0].Visibility, d.Documents[1].Visibility, d.Documents[2].Visibility}; !cmp.Equal(got, []string{"public", "internal", "public"}) {
		t.Errorf("visibilities %v", got)
	}
	if d.Questions[1].History[0].Text != "hello" {
		t.Errorf("history %v", d.Questions[1].History)
	}
	got, err := Retrieval(t.Context(), func(_ context.Context, query string, limit int) ([]string, error) {
		if limit != 300 {
			t.Errorf("limit %d", limit)
		}
		return map[string][]string{
			// Two passages of d come first; as documents: d, b, a.
			"first":  {"d", "d", "b", "a", "b"},
			"second": {"a", "b"},
		}[query], nil
	}, d)
	if err != nil {
		t.Fatal(err)
	}
	// q1: gains 0, 1, 2 at ranks 1, 2, 3; the ideal is 2, 1.
	dcg := 1/math.Log2(3) + 2/math.Log2(4)
	ideal := 2/math.Log2(2) + 1/math.Log2(3)
	want := RetrievalReport{
		Dataset: "tiny", Documents: 4, Questions: 2, Skipped: 1,
		NDCG10: dcg / ideal / 2, Recall10: 0.5, Recall100: 0.5, MRR10: 0.25,
		P50: got.P50, P99: got.P99,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestRetrievalErrors(t *testing.T) {
	d, err := ReadDataset(write(t, tiny))
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	fail := func(context.Context, string, int) ([]string, error) { return nil, broken }
	if _, err := Retrieval(t.Context(), fail, d); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	d.Relevant = nil
	if _, err := Retrieval(t.Context(), fail, d); err == nil {
		t.Error("a data set without judgements has figures")
	}
}

func TestReadDatasetErrors(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"json":       {"corpus.jsonl", "{\"id\":\"a\"}\nnot json", "line 2"},
		"visibility": {"corpus.jsonl", `{"id":"a","visibility":"secret"}`, "secret"},
		"fields":     {"qrels.tsv", "query-id\tcorpus-id\tscore\nq1\ta", "line 2"},
		"score":      {"qrels.tsv", "q1\ta\thigh", "high"},
	} {
		files := map[string]string{}
		for k, v := range tiny {
			files[k] = v
		}
		files[c.file] = c.text
		if _, err := ReadDataset(write(t, files)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	if _, err := ReadDataset(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	ranking := make([]string, 150)
	for i := range ranking {
		ranking[i] = string(rune('0' + i))
	}
	one := map[string]int{ranking[10]: 1} // at rank 11
	if got := ndcg(ranking, one, 10) + recall(ranking, one, 10) + reciprocalRank(ranking, one, 10); got != 0 {
		t.Errorf("rank 11 counts for the first ten: %v", got)
	}
	if got := recall(ranking, one, 100); got != 1 {
		t.Errorf("recall@100 = %v", got)
	}
	best := map[string]int{ranking[0]: 3, ranking[1]: 1}
	if got := ndcg(ranking, best, 10); got != 1 {
		t.Errorf("nDCG of the best ranking = %v", got)
	}
	times := []time.Duration{1e6, 2e6, 3e6, 4e6}
	if p50, p99 := percentile(times, 50), percentile(times, 99); p50 != 2 || p99 != 4 {
		t.Errorf("p50 = %v, p99 = %v", p50, p99)
	}
}
