package eval_test

import (
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/answer"
	"candor/consent"
	"candor/eval"
	"candor/identity"
	"candor/internal/evaldata"
	"candor/retrieval"
	"candor/retrieval/analysis"
	"candor/retrieval/embedded"
	"candor/retrieval/encoder/multilingual"
	"candor/retrieval/indextest"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares figures with those of the file, or writes them with -update.
// A change of quality is to be seen, and decided on, in a diff.
func golden[T any](t *testing.T, name string, got map[string]T, options ...cmp.Option) {
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
	if d := cmp.Diff(want, got, options...); d != "" {
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

// measured is a data set that is searched, perhaps with the questions of another
// whose ids are the same.
type measured struct {
	corpus, questions string
	words             float64 // nDCG@10 by words is at least this: what plain BM25 reaches elsewhere
	meaning           float64 // and by words and meaning
	recall            float64 // recall@10 by words and meaning
	wordsOnly         bool    // it is measured by words alone
	thin              int     // of documents that answer nothing only every so many-th is there; 0: all are
}

// remembered embeds a text once, however many data sets have it.
type remembered struct {
	retrieval.Embedder
	known map[string]retrieval.Vector
}

// Embed implements retrieval.Embedder.
func (r *remembered) Embed(ctx context.Context, kind retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	out := make([]retrieval.Vector, len(texts))
	var fresh []string
	var at []int
	for i, text := range texts {
		v, ok := r.known[string(kind)+text]
		if out[i] = v; !ok {
			fresh, at = append(fresh, text), append(at, i)
		}
	}
	vectors, err := r.Embedder.Embed(ctx, kind, fresh)
	if err != nil {
		return nil, err
	}
	for i, v := range vectors {
		out[at[i]], r.known[string(kind)+fresh[i]] = v, v
	}
	return out, nil
}

func (m measured) name() string {
	switch {
	case m.thin > 0:
		return m.corpus + " thinned"
	case m.questions == m.corpus:
		return m.corpus
	}
	return m.questions + " over " + m.corpus
}

// TestRetrievalQuality measures the embedded index on the public data sets, as
// `assistant eval retrieval` does, by words alone and with the built-in encoder.
func TestRetrievalQuality(t *testing.T) {
	data := evaldata.Dir(t)
	model, err := multilingual.Encoder()
	if err != nil {
		t.Fatal(err)
	}
	encoder := &remembered{Embedder: model, known: make(map[string]retrieval.Vector)}
	got := make(map[string]quality)
	t.Run("data", func(t *testing.T) { // one after the other: other packages' tests want a core too
		for _, m := range []measured{
			{"scifact", "scifact", .66, 0, 0, true, 0},
			// Embedding all of it takes minutes; assistant eval retrieval does.
			{"scifact", "scifact", .81, .85, 0, false, 16},
			{"mtrag_un", "mtrag_un", .69, .78, 0, false, 0},
			{"tau_banking", "tau_banking", .15, .30, 0, false, 0},
			{"faquad_pt", "faquad_pt", .88, .92, 0, false, 0},
			{"xquad_ru", "xquad_ru", .86, .93, 0, false, 0},
			{"xquad_es", "xquad_es", 0, .96, 0, false, 0},
			{"xquad_en", "xquad_en", 0, .98, 0, false, 0},
			{"xquad_en", "xquad_ru", 0, .85, .85, false, 0},
			{"xquad_en", "xquad_es", 0, .85, .85, false, 0},
			{"dstc11_sktod", "dstc11_sktod", 0, 0, 0, true, 0},
		} {
			t.Run(m.name(), func(t *testing.T) {
				kinds := map[string]retrieval.Embedder{"words": nil, "meaning": encoder}
				if m.wordsOnly {
					delete(kinds, "meaning")
				}
				for kind, e := range kinds {
					for name, report := range m.run(t, data, e) {
						floor := m.words
						if e != nil {
							floor = m.meaning
						}
						if report.NDCG10 < floor || e != nil && report.Recall10 < m.recall {
							t.Errorf("%s: nDCG@10 %.4f, recall@10 %.4f, below %.2f or %.2f", name, report.NDCG10, report.Recall10, floor, m.recall)
						}
						t.Logf("%-26s %-8s nDCG@10 %.3f  recall@10 %.3f  recall@100 %.3f  MRR@10 %.3f  %.2f ms (p99 %.2f)", name, kind,
							report.NDCG10, report.Recall10, report.Recall100, report.MRR10, report.P50, report.P99)
						got[name+", "+kind] = quality{
							report.Documents, report.Questions,
							round(report.NDCG10), round(report.Recall10), round(report.Recall100), round(report.MRR10),
						}
					}
				}
			})
		}
	})
	// The kernels of other processors round a little differently, which may swap two
	// passages that are as good as each other.
	golden(t, "retrieval.json", got, cmpopts.EquateApprox(0, .002))
}

// thinned are the documents that answer a question, and every n-th of the others.
func thinned(d eval.Dataset, n int) (out []eval.Document) {
	answering := make(map[string]bool)
	for _, relevant := range d.Relevant {
		for id := range relevant {
			answering[id] = true
		}
	}
	others := 0
	for _, doc := range d.Documents {
		if !answering[doc.ID] {
			if others++; others%n != 0 {
				continue
			}
		}
		out = append(out, doc)
	}
	return out
}

// run measures the questions as they are, and again after what was said before them.
func (m measured) run(t *testing.T, data string, e retrieval.Embedder) map[string]eval.RetrievalReport {
	d, err := eval.ReadDataset(filepath.Join(data, "retrieval", m.corpus))
	if err != nil {
		t.Fatal(err)
	}
	if m.questions != m.corpus {
		other, err := eval.ReadDataset(filepath.Join(data, "retrieval", m.questions))
		if err != nil {
			t.Fatal(err)
		}
		d.Questions, d.Relevant = other.Questions, other.Relevant
	}
	if m.thin > 0 {
		d.Documents = thinned(d, m.thin)
	}
	store := indextest.NewStore()
	store.Embedder = e
	var o embedded.Options
	if e != nil {
		o.Space = e.Space()
	}
	for _, doc := range d.Documents {
		store.Put(retrieval.Record{
			ID: doc.ID, Site: "eval", Category: consent.Knowledge, Visibility: retrieval.Visibility(doc.Visibility),
			Title: doc.Title, Text: doc.Text,
		})
	}
	index := embedded.New(store, o)
	if err := index.Load(t.Context(), "eval"); err != nil {
		t.Fatal(err)
	}
	scope, err := indextest.NewGate().Scope(t.Context(), identity.Principal{Kind: identity.Staff, Site: "eval"}, consent.Answers)
	if err != nil {
		t.Fatal(err)
	}
	searcher := retrieval.NewSearcher(index, store)
	if e != nil {
		searcher = searcher.ByMeaning(e, nil) // it is the company's own: nothing is sent to anybody
	}
	out := make(map[string]eval.RetrievalReport)
	measure := func(name string, d eval.Dataset, analyze func(question string) retrieval.Query) {
		report, err := eval.Retrieval(t.Context(), func(ctx context.Context, question string, limit int) ([]string, error) {
			found, err := searcher.Search(ctx, scope, analyze(question), limit)
			return eval.Records(found.Hits), err
		}, d)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = report
	}
	measure(m.name(), d, func(question string) retrieval.Query { return retrieval.Analyze(question, "") })

	// Again as the assistant asks, after what the same person said before; and after
	// what somebody said in another conversation, as where the topic changes. Questions
	// are looked up by their id: the same words are asked in several conversations.
	queries, elsewhere := make(map[string]retrieval.Query), make(map[string]retrieval.Query)
	inContext, turns := d, 0
	inContext.Questions = nil
	for i, q := range d.Questions {
		ask := func(before []string) retrieval.Query {
			turns += len(before)
			return answer.UnderstandAfter(nil, q.Text, before, "en").Query(q.Text, "", before, time.Time{})
		}
		queries[q.ID] = ask(said(q))
		elsewhere[q.ID] = ask(said(d.Questions[(i+97)%len(d.Questions)]))
		inContext.Questions = append(inContext.Questions, eval.Question{ID: q.ID, Text: q.ID})
	}
	if turns > 0 {
		measure(m.name()+"+context", inContext, func(id string) retrieval.Query { return queries[id] })
		measure(m.name()+"+other topic", inContext, func(id string) retrieval.Query { return elsewhere[id] })
	}
	return out
}

// said is what the one who asks said before, as much of it as the assistant looks at.
func said(q eval.Question) (turns []string) {
	for _, t := range q.History {
		if t.Speaker == "user" {
			turns = append(turns, t.Text)
		}
	}
	return turns[max(0, len(turns)-2):]
}

// TestLanguageQuality measures the language detector on questions and texts.
func TestLanguageQuality(t *testing.T) {
	data := evaldata.Dir(t)
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
