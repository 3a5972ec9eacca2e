package answer_test

import (
	"runtime"
	"sync"
	"testing"

	"candor/answer"
	"candor/consent"
	"candor/internal/evaldata"
)

// counts compares what is said with what is labelled.
type counts struct{ hit, wrong, missed int }

func (c *counts) add(said, label bool) {
	switch {
	case said && label:
		c.hit++
	case said:
		c.wrong++
	case label:
		c.missed++
	}
}

func (c counts) precision() float64 { return float64(c.hit) / float64(max(1, c.hit+c.wrong)) }
func (c counts) recall() float64    { return float64(c.hit) / float64(max(1, c.hit+c.missed)) }
func (c counts) f1() float64        { return 2 * float64(c.hit) / float64(max(1, 2*c.hit+c.wrong+c.missed)) }

// TestWantsPersonOnNLUPP measures requests for a person on NLU++, where a hotel's
// guest who asks for the spa or room service counts as asking for a person.
func TestWantsPersonOnNLUPP(t *testing.T) {
	p := consent.DefaultPolicy()
	var c counts
	for _, row := range evaldata.Rows[struct {
		Text    string
		Handoff bool
	}](t, "handoff/nlupp.jsonl") {
		said := answer.Understand(p, row.Text, "en").Act == answer.WantsPerson
		c.add(said, row.Handoff)
		if said != row.Handoff {
			t.Logf("said %t: %s", said, row.Text)
		}
	}
	t.Logf("wants a person: precision %.2f, recall %.2f, F1 %.2f", c.precision(), c.recall(), c.f1())
	if c.f1() < .90 {
		t.Errorf("F1 %.3f, want at least .90", c.f1())
	}
}

// TestSmalltalkOnCLINC measures greetings and thanks against 148 other things
// that people say to an assistant. A good-bye counts as thanks and is left out.
func TestSmalltalkOnCLINC(t *testing.T) {
	p := consent.DefaultPolicy()
	var hello, thank, person counts
	rows := evaldata.Rows[struct{ Text, Label string }](t, "intents/clinc150.jsonl")
	acts := make([]answer.Act, len(rows))
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() {
			for i := w; i < len(rows); i += workers {
				acts[i] = answer.Understand(p, rows[i].Text, "en").Act
			}
		})
	}
	group.Wait()
	for i, row := range rows {
		act := acts[i]
		hello.add(act == answer.Greeting, row.Label == "greeting")
		if row.Label != "goodbye" {
			thank.add(act == answer.Thanks, row.Label == "thank_you")
		}
		person.add(act == answer.WantsPerson, false)
		if (act == answer.Greeting) != (row.Label == "greeting") || (act == answer.Thanks) != (row.Label == "thank_you") && row.Label != "goodbye" || act == answer.WantsPerson {
			t.Logf("act %d, label %s: %s", act, row.Label, row.Text)
		}
	}
	t.Logf("greeting: precision %.3f, recall %.3f", hello.precision(), hello.recall())
	t.Logf("thanks: precision %.3f, recall %.3f", thank.precision(), thank.recall())
	t.Logf("wants a person, of 18200 that do not: %d", person.wrong)
	if hello.precision() < .95 || hello.recall() < .8 || thank.precision() < .95 || thank.recall() < .8 {
		t.Error("small talk is recognised worse than it was")
	}
}
