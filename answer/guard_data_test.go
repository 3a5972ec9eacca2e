package answer_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"candor/answer"
	"candor/eval"
	"candor/internal/evaldata"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// everyAsked is which of the questions are tried. Few are enough to see a
// change of one in a thousand.
const everyAsked = 3

// TestGuardLetsAnswersThrough counts which sentences of articles that answer a question
// would not be said: those that share two words with it.
func TestGuardLetsAnswersThrough(t *testing.T) {
	t.Parallel()
	data := evaldata.Dir(t)
	for _, set := range []string{"mtrag_un", "tau_banking", "faquad_pt", "xquad_es", "xquad_ru"} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			d, err := eval.ReadDataset(filepath.Join(data, "retrieval", set))
			if err != nil {
				t.Fatal(err)
			}
			articles := make(map[string]retrieval.Record)
			for _, d := range d.Documents {
				articles[d.ID] = retrieval.Record{ID: d.ID, Title: d.Title, Text: d.Text, Language: analysis.DetectLanguage(d.Text)}
			}
			said, kept := 0, 0
			for i, q := range d.Questions {
				if i%everyAsked > 0 {
					continue
				}
				for id := range d.Relevant[q.ID] {
					r := articles[id]
					hit := retrieval.Hit{Record: r}
					hit.RecordID, hit.PassageID = id, id+"#0"
					check := answer.Guarded(q.Text, []retrieval.Hit{hit})
					asked := answer.About(q.Text, r.Language)
					for _, x := range analysis.Sentences(r.Text) {
						s := x.Of(r.Text)
						if answer.AskedBy(s) || common(asked, answer.About(s, r.Language)) < 2 {
							continue
						}
						said++
						switch err := check(answer.Sentence{
							Text: answer.Display(s), Citations: []answer.Citation{{RecordID: id, PassageID: id + "#0", Quote: s}},
						}); {
						case errors.Is(err, answer.ErrLink): // is for what models write
						case err != nil:
							kept++
							t.Logf("%v: %.100q", err, s)
						}
					}
				}
			}
			if said == 0 || float64(kept) > .002*float64(said)+1 {
				t.Errorf("%d of %d sentences are kept back", kept, said)
			}
			t.Logf("%d of %d", kept, said)
		})
	}
}

// common is how many terms two texts share.
func common(a, b []string) (n int) {
	for _, t := range a {
		if slices.Contains(b, t) {
			n++
		}
	}
	return n
}
