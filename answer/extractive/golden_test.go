package extractive

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/answer"
	"candor/consent"
	"candor/internal/evaldata"
	"candor/retrieval"
)

var update = flag.Bool("update", false, "write the golden figures")

var policy = consent.DefaultPolicy()

// ask answers a question as the engine would: every sentence must pass the
// verifier, as one that does not is dropped.
func ask(t *testing.T, question, language string, hits []retrieval.Hit) []answer.Sentence {
	t.Helper()
	lang := consent.MatchLanguage(language)
	return say(t, Answerer{}, answer.Request{Question: question, Language: lang, Brand: "Fjell", Intent: answer.Understand(policy, question, lang), Hits: hits})
}

// say returns what an answerer says to a request.
func say(t *testing.T, a Answerer, r answer.Request) []answer.Sentence {
	t.Helper()
	var out []answer.Sentence
	err := a.Answer(t.Context(), r, func(s answer.Sentence) error {
		if _, err := answer.Verify(s, r.Hits); err != nil {
			t.Errorf("%s\n  the verifier drops %q: %v", r.Question, s.Text, err)
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func text(sentences []answer.Sentence) string {
	parts := make([]string, len(sentences))
	for i, s := range sentences {
		parts[i] = s.Text
	}
	return strings.Join(parts, " ")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; look at it, then run with -update\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}

// TestFigures measures, on reading comprehension whose answers are spans: how
// many questions are answered, how many answers hold the span, and how many are
// answered although the document that answers them is not there. The last are
// wrong but for the few that another document answers; on faquad_pt, where
// several documents are versions of one regulation, that is most of them. Of
// the out-of-scope questions none has an answer in the bank's help centre.
func TestFigures(t *testing.T) {
	var report strings.Builder
	for _, set := range []struct{ name, language string }{{"xquad_en", "en"}, {"xquad_es", "es"}, {"xquad_ru", "ru"}, {"faquad_pt", "pt-BR"}} {
		c := readCorpus(t, set.name, set.language)
		relevant := readQrels(t, set.name)
		var questions, answered, right, blind, sentences int
		for i, q := range evaldata.Rows[struct {
			ID, Text string
			Answers  []string
		}](t, "retrieval/"+set.name+"/queries.jsonl") {
			if i%3 != 0 {
				continue // a third tells enough
			}
			questions++
			out := ask(t, q.Text, set.language, c.search(q.Text, set.language, ""))
			sentences += len(out)
			if len(out) > 0 {
				answered++
			}
			for _, a := range q.Answers {
				if strings.Contains(strings.ToLower(text(out)), strings.ToLower(a)) {
					right++
					break
				}
			}
			if len(ask(t, q.Text, set.language, c.search(q.Text, set.language, relevant[q.ID]))) > 0 {
				blind++
			}
		}
		n := float64(questions)
		fmt.Fprintf(&report, "%-10s %d questions: answered %.2f, with the span %.2f, without the document %.2f; %.1f sentences an answer\n",
			set.name, questions, float64(answered)/n, float64(right)/n, float64(blind)/n, float64(sentences)/float64(answered))
	}
	c := readCorpus(t, "tau_banking", "en")
	questions, answered := 0, 0
	for _, q := range evaldata.Rows[struct {
		Text string
		OOS  bool `json:"out_of_scope"`
	}](t, "intents/clinc150.jsonl") {
		if !q.OOS {
			continue
		}
		questions++
		if out := ask(t, q.Text, "en", c.search(q.Text, "en", "")); len(out) > 0 {
			answered++
			t.Logf("out of scope: %s\n    %s", q.Text, text(out))
		}
	}
	fmt.Fprintf(&report, "%-10s %d out-of-scope questions: answered %d\n", "clinc150", questions, answered)
	golden(t, "figures.golden", report.String())
}

// TestQuestions asks what customers of a bank and students of a university
// would ask. The record that answers is part of the golden file, the text of
// the data is not.
func TestQuestions(t *testing.T) {
	var report strings.Builder
	right := 0
	for _, set := range asked {
		c := readCorpus(t, set.corpus, set.language)
		for _, q := range set.questions {
			out := ask(t, q.text, set.language, c.search(q.text, set.language, ""))
			verdict := "right"
			switch got := text(out); {
			case q.want == "" && got == "", q.want != "" && strings.Contains(got, q.want):
				right++
			case got == "":
				verdict = "silent"
			default:
				verdict = "wrong"
			}
			id := "-"
			if len(out) > 0 {
				id = out[0].Citations[0].RecordID
			}
			fmt.Fprintf(&report, "%-6s %s | %d from %s\n", verdict, q.text, len(out), id)
			t.Logf("%s %s\n    %s", verdict, q.text, text(out))
		}
	}
	fmt.Fprintf(&report, "%d right\n", right)
	golden(t, "questions.golden", report.String())
}
