package eval_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/answer"
	"candor/consent"
	"candor/eval"
	"candor/internal/evaldata"
)

// TestHandoffQuality measures who wants a person on NLU++, and, of what people ask
// elsewhere, how much goes to one.
func TestHandoffQuality(t *testing.T) {
	dir := evaldata.Dir(t)
	sets, err := eval.ReadHandoff(filepath.Join(dir, "handoff"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := eval.ReadHandoff(filepath.Join(dir, "intents"))
	if err != nil {
		t.Fatal(err)
	}
	// Every tenth of them says as much, and takes a tenth of the time.
	for name, rows := range elsewhere {
		for i := 0; i < len(rows); i += 10 {
			sets[name] = append(sets[name], rows[i])
		}
	}
	report, err := eval.Handoff(consent.DefaultPolicy(), sets)
	if err != nil {
		t.Fatal(err)
	}
	if report.F1 < .90 {
		t.Errorf("F1 %.3f, want at least .90", report.F1)
	}
	for name, e := range report.Elsewhere {
		if e.Share > .002 {
			t.Errorf("%s: %.4f of what asks for something else is handed over", name, e.Share)
		}
	}
	report.P50, report.P99 = 0, 0 // of the machine
	b, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	figures := make(map[string]any)
	if err := json.Unmarshal(b, &figures); err != nil {
		t.Fatal(err)
	}
	golden(t, "handoff.json", figures)
}

func TestHandoffCounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"handoff/said.jsonl": `{"text":"I want a human","handoff":true,"domain":"shop"}
{"text":"talk to my plants","handoff":true,"domain":"shop"}
{"text":"an agent please","handoff":false,"domain":"bank"}
{"text":"where is my order","handoff":false}
{"text":"I will sue you","handoff":false}
{"text":"this is ridiculous","handoff":false}
`,
		"handoff/tasks.jsonl":   `{"scenario":"I need to speak to a manager.","expects_transfer_to_human":true}` + "\n" + `{"scenario":{"reason_for_call":"Change my seat."},"expects_transfer_to_human":true}` + "\n" + `{"scenario":{"reason_for_call":"My wife passed away."},"expects_transfer_to_human":false}` + "\n",
		"intents/other.jsonl":   `{"text":"agent please","label":"x"}` + "\n" + `{"text":"you are useless","label":["y"]}` + "\n" + `{"text":"hours?","label":"z"}` + "\n",
		"intents/unknown.jsonl": `{"claim":"x"}` + "\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := eval.HandoffReport{
		HandoffCounts: eval.HandoffCounts{Messages: 6, Positives: 2, Hit: 1, Wrong: 1, Missed: 1, Precision: .5, Recall: .5, F1: .5},
		Domains: map[string]*eval.HandoffCounts{
			"shop": {Messages: 2, Positives: 2, Hit: 1, Missed: 1, Precision: 1, Recall: .5, F1: 2. / 3},
			"bank": {Messages: 1, Wrong: 1},
		},
		Reasons: map[answer.Reason]int{answer.CustomerRequest: 2, answer.PolicyTopic: 1}, Angry: 1,
		Elsewhere: map[string]*eval.HandoffElsewhere{"other": {Messages: 3, Handed: 1, Share: 1. / 3, Reasons: map[answer.Reason]int{answer.CustomerRequest: 1}, Angry: 1}},
		Scenarios: &eval.HandoffScenarios{Scenarios: 3, Transfers: 2, Transferred: 1, Others: 1, OthersHanded: 1},
	}
	sets, err := eval.ReadHandoff(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := eval.Handoff(consent.DefaultPolicy(), sets)
	if err != nil {
		t.Fatal(err)
	}
	got.P50, got.P99 = 0, 0
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	// The file, its folder and the folder above are the same data.
	for _, path := range []string{"handoff", "handoff/said.jsonl"} {
		if sets, err := eval.ReadHandoff(filepath.Join(dir, path)); err != nil || len(sets["said"]) != 6 {
			t.Errorf("%s: %v, %v", path, sets, err)
		}
	}
	for _, path := range []string{"nothing", "intents/unknown.jsonl"} {
		if _, err := eval.ReadHandoff(filepath.Join(dir, path)); err == nil {
			t.Errorf("%s was read", path)
		}
	}
}
