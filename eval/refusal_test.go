package eval_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/eval"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	utterances = `{"id":"1","text":"pay my bill","label":"pay_bill","split":"train","out_of_scope":false}
{"id":"2","text":"settle a bill","label":"pay_bill","split":"val","out_of_scope":false}
{"id":"3","text":"why is the sky blue","label":"oos","split":"oos_val","out_of_scope":true}
`
	corpus  = `{"id":"a","title":"Parks","text":"The park opens at nine."}` + "\n"
	queries = `{"id":"q1","text":"When does it open?","history":[{"speaker":"user","text":"Hello"},{"speaker":"agent","text":"Hi"},{"speaker":"user","text":"Is there a park?"},{"speaker":"user","text":"The big one."}],"answerability":"PARTIAL"}
{"id":"q2","text":"Which park?","answerability":"UNDERSPECIFIED"}
`
)

func TestReadRefusal(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "intents/scope.jsonl", utterances)
	write(t, dir, "intents/other.jsonl", `{"id":"1","text":"x","label":"y"}`+"\n")
	write(t, dir, "retrieval/parks/corpus.jsonl", corpus)
	list := write(t, dir, "retrieval/parks/queries.jsonl", queries)
	for _, path := range []string{file, filepath.Dir(file)} {
		sets, err := eval.ReadRefusal(path)
		if err != nil || len(sets) != 1 {
			t.Fatalf("%s: %d sets, %v", path, len(sets), err)
		}
		s := sets[0]
		if len(s.Documents) != 1 || s.Documents[0].Text != "- pay my bill" || s.Documents[0].Title != "pay bill" || len(s.Questions) != 2 {
			t.Errorf("%+v", s)
		}
		for _, q := range s.Questions {
			if q.Answerable != (q.ID == "2") {
				t.Errorf("%+v", q)
			}
		}
	}
	for _, path := range []string{list, filepath.Dir(list)} {
		sets, err := eval.ReadRefusal(path)
		if err != nil || len(sets) != 1 {
			t.Fatalf("%s: %d sets, %v", path, len(sets), err)
		}
		q := sets[0].Questions
		if len(q) != 2 || !q[0].Answerable || q[1].Answerable || strings.Join(q[0].Before, "|") != "Is there a park?|The big one." {
			t.Errorf("%+v", q)
		}
	}
	if sets, err := eval.ReadRefusal(dir); err != nil || len(sets) != 2 {
		t.Errorf("all: %d sets, %v", len(sets), err)
	}
	if _, err := eval.ReadRefusal(t.TempDir()); err == nil {
		t.Error("an empty folder is no error")
	}
	broken := write(t, t.TempDir(), "queries.jsonl", `{"id":"q","answerability":"PERHAPS"}`)
	write(t, filepath.Dir(broken), "corpus.jsonl", corpus)
	if _, err := eval.ReadRefusal(broken); err == nil || !strings.Contains(err.Error(), "PERHAPS") {
		t.Errorf("an unknown label: %v", err)
	}
}

// TestReadRefusalWithoutTrain: where there is nothing to train on, a third of what is
// within the scope is asked.
func TestReadRefusalWithoutTrain(t *testing.T) {
	text := strings.ReplaceAll(utterances, `"train"`, `"test"`)
	for _, id := range []string{"4", "5", "6", "7"} {
		text += `{"id":"` + id + `","text":"bill ` + id + `","label":"pay_bill","split":"test","out_of_scope":false}` + "\n"
	}
	sets, err := eval.ReadRefusal(write(t, t.TempDir(), "test.jsonl", text))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, q := range sets[0].Questions {
		if q.Answerable {
			asked++
			if strings.Contains(sets[0].Documents[0].Text, q.Text) {
				t.Errorf("%q is asked and in the article", q.Text)
			}
		}
	}
	if asked != 2 || strings.Count(sets[0].Documents[0].Text, "\n") != 3 {
		t.Errorf("%d asked of an article of\n%s", asked, sets[0].Documents[0].Text)
	}
}

func TestRefusalFigures(t *testing.T) {
	set := eval.RefusalSet{Name: "s"}
	responses := map[string]eval.RefusalResponse{
		"a": {Answered: true, Score: .9},
		"b": {Score: .2}, // refused
		"c": {Answered: true, Score: .2},
		"d": {Clarified: true, Score: .1},
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		set.Questions = append(set.Questions, eval.RefusalQuestion{ID: id, Answerable: id < "c", Kind: map[bool]string{true: "with", false: "without"}[id < "c"]})
	}
	var run eval.RefusalRun
	err := run.Ask(t.Context(), set, func(_ context.Context, q eval.RefusalQuestion) (eval.RefusalResponse, error) {
		return responses[q.ID], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f := run.Report().Sources["s"]
	// Of the four pairs three are won and one is even.
	if f.NotAnswered != .5 || f.Refused != .5 || f.Balanced != .5 || math.Abs(f.AUC-.875) > 1e-9 || f.Clarified["without"] != .5 || f.Kinds["with"] != .5 {
		t.Errorf("%+v", f)
	}
}
