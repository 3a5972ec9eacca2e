package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"candor/retrieval"
)

// TestBenchRetrieval runs the benchmark on next to nothing, twice on the same data.
func TestBenchRetrieval(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	run := func(extra ...string) (out, errs bytes.Buffer, err error) {
		args := append(strings.Fields("bench retrieval --knowledge 60 --customers 5 --passages 2 --granted 4 --queries 3 --json --data-dir"), dir)
		err = Run(t.Context(), append(args, extra...), Stdio{
			In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(string) (string, bool) { return "", false },
		})
		return out, errs, err
	}
	for _, again := range []bool{false, true} {
		out, errs, err := run()
		if err != nil {
			t.Fatalf("%v\n%s", err, &errs)
		}
		if made := strings.Contains(errs.String(), "making"); made == again {
			t.Errorf("again %v: made %v", again, made)
		}
		var f retrievalFigures
		if err := json.Unmarshal(out.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		if f.Sizes != (retrievalSizes{Knowledge: 60, Customers: 5, Passages: 2, Granted: 4, Own: 200}) {
			t.Errorf("sizes are %+v", f.Sizes)
		}
		for name, l := range map[string]latency{
			"cold": f.Personal.Cold.All, "warm": f.Personal.Warm.Index, "visitor": f.Knowledge.Meaning.All, "words": f.Knowledge.Words.Index,
			"both": f.Both.All, "scope": f.Scope,
		} {
			if l.N != 3 || l.P50 <= 0 || l.P99 < l.P50 || l.Max < l.P99 {
				t.Errorf("%s: %+v", name, l)
			}
		}
		if l := f.Personal.First.All; l.N != 1 || l.P50 <= 0 {
			t.Errorf("first: %+v", l)
		}
		for _, s := range shares {
			percent := strconv.Itoa(s.percent)
			g, p := f.Gate[percent], f.GatePersonal[percent]
			if g.Ratio <= 0 || g.ToAll <= 0 || g.Staff <= 0 || g.Visible > 60 || s.percent == 100 && g.Visible != 60 {
				t.Errorf("%d %%: %+v", s.percent, g)
			}
			if p.Granted != 2*s.percent || p.WarmRatio <= 0 || p.ColdRatio <= 0 || f.GateWorst < p.ColdRatio {
				t.Errorf("%d %%: %+v", s.percent, p)
			}
		}
		if f.Restart.ReadyMS <= f.Restart.OpenMS || f.Restart.FirstMS < f.Restart.ReadyMS || f.Restart.HeapMB <= 0 || f.Restart.BuildMS <= 0 {
			t.Errorf("restart: %+v", f.Restart)
		}
	}
	out, errs, err := run("--json=false")
	if err != nil || !strings.Contains(out.String(), "the highest ratio") || strings.Contains(out.String(), "NaN") {
		t.Errorf("%v\n%s%s", err, &errs, &out)
	}
	if _, errs, err := run("--knowledge", "61"); err == nil || !strings.Contains(errs.String()+err.Error(), "other sizes") {
		t.Errorf("data of other sizes: %v\n%s", err, &errs)
	}
	if err := os.Remove(filepath.Join(dir, dataMark)); err != nil {
		t.Fatal(err)
	}
	if _, errs, err := run(); err == nil || !strings.Contains(errs.String()+err.Error(), "something else") {
		t.Errorf("a folder that was not filled to its end: %v\n%s", err, &errs)
	}
	if _, _, err := run("--queries", "0"); err == nil {
		t.Error("no queries at all are accepted")
	}
}

// TestBenchVectors checks that the made-up vectors are near where texts are about the
// same, so that search has something to find.
func TestBenchVectors(t *testing.T) {
	a, b, other := dataWord(3), dataWord(3), dataWord(4)
	v, err := newDataEmbedder().Embed(t.Context(), retrieval.PassageText, []string{a + " one", b + " two", other + " one"})
	if err != nil {
		t.Fatal(err)
	}
	if near, far := v[0].Cosine(v[1]), v[0].Cosine(v[2]); near < .35 || near > .65 || far > .2 || far < -.2 {
		t.Errorf("cosines are %.2f and %.2f", near, far)
	}
	if dataWord(0) == dataWord(1) || dataWord(dataWords-1) == dataWord(dataWords-2) || topicOf(dataWord(7)) != 7 {
		t.Error("words are not told apart")
	}
}
