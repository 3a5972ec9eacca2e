package main

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/eval"
	"candor/internal/evaldata"
)

// sampled keeps every so many-th question of either kind, and of the documents those
// that answer one of them and every so many-th.
func sampled(set eval.RefusalSet, questions, without, documents int, relevant map[string]map[string]int) eval.RefusalSet {
	out := eval.RefusalSet{Name: set.Name}
	wanted := make(map[string]bool)
	counts := make(map[bool]int)
	for _, q := range set.Questions {
		every := questions
		if !q.Answerable {
			every = without
		}
		if counts[q.Answerable]++; counts[q.Answerable]%every != 0 {
			continue
		}
		out.Questions = append(out.Questions, q)
		for id := range relevant[q.ID] {
			wanted[id] = true
		}
	}
	for i, d := range set.Documents {
		if wanted[d.ID] || i%documents == 0 {
			out.Documents = append(out.Documents, d)
		}
	}
	return out
}

// refusal is what the golden file holds of the figures.
type refusal struct {
	Answerable   int     `json:"answerable"`
	Unanswerable int     `json:"unanswerable"`
	NotAnswered  float64 `json:"unanswerable_not_answered"`
	Refused      float64 `json:"answerable_refused"`
	AUC          float64 `json:"auc"`
}

// TestRefusalFigures measures on a part of the data what `assistant eval refusal` does on
// all of it. With fewer documents there is less that an answer can be mistaken for.
func TestRefusalFigures(t *testing.T) {
	t.Parallel()
	data := evaldata.Dir(t)
	round := func(x float64) float64 { return math.Round(x*1e4) / 1e4 }
	got := make(map[string]refusal)
	for _, s := range []struct {
		path                          string
		questions, without, documents int
	}{
		{"intents/clinc150.jsonl", 150, 10, 1},
		{"retrieval/mtrag_un", 8, 4, 40},
	} {
		path := filepath.Join(data, filepath.FromSlash(s.path))
		sets, err := eval.ReadRefusal(path)
		if err != nil {
			t.Fatal(err)
		}
		var relevant map[string]map[string]int
		if s.documents > 1 {
			d, err := eval.ReadDataset(path)
			if err != nil {
				t.Fatal(err)
			}
			relevant = d.Relevant
		}
		set := sampled(sets[0], s.questions, s.without, s.documents, relevant)
		for kind, embedding := range map[string]string{"words": "none:", "meaning": "builtin:"} {
			c := defaults()
			c.Embedding = embedding
			r, err := evalRefusal(t.Context(), c, []eval.RefusalSet{set}, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			got[set.Name+" "+kind] = refusal{r.Answerable, r.Unanswerable, round(r.NotAnswered), round(r.Refused), round(r.AUC)}
		}
	}
	// Processors round differently, and a question on the edge may fall to either side.
	goldenFigures(t, "refusal.json", got, cmpopts.EquateApprox(0, .06))
}
