package eval_test

import (
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
	"candor/eval"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/analysis"
	"candor/retrieval/embedded"
	"candor/retrieval/indextest"
)

var update = flag.Bool("update", false, "write the golden files")

func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := eval.DataDir()
	if err != nil {
		t.Skip(err)
	}
	return dir
}

// golden compares figures with those of the file, or writes them with -update.
// A change of quality is to be seen, and decided on, in a diff.
func golden[T any](t *testing.T, name string, got map[string]T) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		b, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]T)
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s; if this is meant, go test ./eval -update (-want +got):\n%s", name, d)
	}
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// quality is what the golden file holds of a report: what depends on the code
// and the data alone.
type quality struct {
	Documents int     `json:"documents"`
	Questions int     `json:"questions"`
	NDCG10    float64 `json:"ndcg_at_10"`
	Recall10  float64 `json:"recall_at_10"`
	Recall100 float64 `json:"recall_at_100"`
	MRR10     float64 `json:"mrr_at_10"`
}

// TestRetrievalQuality measures the embedded index on the public data sets, as
// `assistant eval retrieval` does, and holds it to what plain BM25 reaches.
func TestRetrievalQuality(t *testing.T) {
	data := dataDir(t)
	floors := map[string]float64{
		"tau_banking": .15, "scifact": .66, "mtrag_un": .69, "faquad_pt": .88, "xquad_ru": .86,
		"xquad_en": 0, "xquad_es": 0, "dstc11_sktod": 0,
	}
	got := make(map[string]quality)
	for name, floor := range floors {
		d, err := eval.ReadDataset(filepath.Join(data, "retrieval", name))
		if err != nil {
			t.Fatal(err)
		}
		store := indextest.NewStore()
		for _, doc := range d.Documents {
			store.Put(retrieval.Record{
				ID: doc.ID, Site: "eval", Category: consent.Knowledge, Visibility: retrieval.Visibility(doc.Visibility),
				Title: doc.Title, Text: doc.Text,
			})
		}
		index := embedded.New(store, embedded.Options{})
		if err := index.Load(t.Context(), "eval"); err != nil {
			t.Fatal(err)
		}
		scope, err := indextest.NewGate().Scope(t.Context(), identity.Principal{Kind: identity.Staff, Site: "eval"}, consent.Answers)
		if err != nil {
			t.Fatal(err)
		}
		searcher := retrieval.NewSearcher(index, store)
		measure := func(name string, d eval.Dataset, analyze func(question string) retrieval.Query) {
			report, err := eval.Retrieval(t.Context(), func(ctx context.Context, question string, limit int) ([]string, error) {
				found, err := searcher.Search(ctx, scope, analyze(question), limit)
				ids := make([]string, len(found.Hits))
				for i, h := range found.Hits {
					ids[i] = h.RecordID
				}
				return ids, err
			}, d)
			if err != nil {
				t.Fatal(err)
			}
			if report.NDCG10 < floor {
				t.Errorf("%s: nDCG@10 %.4f, below %.2f", name, report.NDCG10, floor)
			}
			t.Logf("%-24s nDCG@10 %.3f  recall@10 %.3f  recall@100 %.3f  MRR@10 %.3f  %.2f ms (p99 %.2f)", name,
				report.NDCG10, report.Recall10, report.Recall100, report.MRR10, report.P50, report.P99)
			got[name] = quality{
				report.Documents, report.Questions,
				round(report.NDCG10), round(report.Recall10), round(report.Recall100), round(report.MRR10),
			}
		}
		measure(name, d, func(question string) retrieval.Query { return retrieval.Analyze(question, "") })

		// Again with the turns before the question, which are looked up by its id:
		// the same words are asked in several conversations.
		queries := make(map[string]retrieval.Query)
		inContext, turns := d, 0
		inContext.Questions = nil
		for _, q := range d.Questions {
			var before []string
			for _, turn := range q.History[max(0, len(q.History)-contextTurns):] {
				before = append(before, turn.Text)
			}
			turns += len(before)
			queries[q.ID] = retrieval.Analyze(q.Text, "").WithContext(before...)
			inContext.Questions = append(inContext.Questions, eval.Question{ID: q.ID, Text: q.ID})
		}
		if turns > 0 {
			measure(name+"+context", inContext, func(id string) retrieval.Query { return queries[id] })
		}
	}
	golden(t, "retrieval.json", got)
}

// contextTurns is how many turns before a question go into its context.
const contextTurns = 4

// TestLanguageQuality measures the language detector on questions and texts.
func TestLanguageQuality(t *testing.T) {
	data := dataDir(t)
	type shares struct {
		Right   float64 `json:"right"`
		Unknown float64 `json:"unknown"`
		Wrong   float64 `json:"wrong"`
	}
	got := make(map[string]shares)
	measure := func(name, language string, texts []string) {
		right, unknown := 0, 0
		for _, text := range texts {
			switch analysis.DetectLanguage(text) {
			case language:
				right++
			case "":
				unknown++
			}
		}
		n := float64(len(texts))
		got[name] = shares{round(float64(right) / n), round(float64(unknown) / n), round((n - float64(right+unknown)) / n)}
		if s := got[name]; s.Wrong > .005 || s.Right < .95 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	for name, language := range map[string]string{
		"xquad_en": "en", "xquad_es": "es", "xquad_ru": "ru", "faquad_pt": "pt",
	} {
		d, err := eval.ReadDataset(filepath.Join(data, "retrieval", name))
		if err != nil {
			t.Fatal(err)
		}
		var questions, texts []string
		for _, q := range d.Questions {
			questions = append(questions, q.Text)
		}
		for _, doc := range d.Documents {
			texts = append(texts, doc.Text)
		}
		measure(name+" questions", language, questions)
		measure(name+" texts", language, texts)
	}
	for _, name := range []string{"clinc150", "banking77"} {
		f, err := os.Open(filepath.Join(data, "intents", name+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var texts []string
		for dec := json.NewDecoder(f); dec.More(); {
			var row struct{ Text string }
			if err := dec.Decode(&row); err != nil {
				t.Fatal(err)
			}
			texts = append(texts, row.Text)
		}
		measure(name, "en", texts)
	}
	golden(t, "language.json", got)
}
