package eval_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"candor/eval"
	"candor/internal/evaldata"
	"candor/pii"
)

// TestPIIQuality measures what is found in labelled texts, and how often something is
// hidden in messages that hold no personal data.
func TestPIIQuality(t *testing.T) {
	dir := evaldata.Dir(t)
	got := make(map[string]any)
	for name, want := range map[string]struct {
		support float64 // F1 is at least this
		hidden  float64 // and of the texts without labels at most this share is touched
		every   int     // only every so many-th text is looked at
	}{
		"pii/presidio_synth_v2": {.85, 0, 1},
		"pii/multidogo_pii":     {.30, .001, 1},
		"intents/banking77":     {0, .0005, 4},
		// People tell it to set their PIN to some number: a hundredth of the share is wrong.
		"intents/clinc150": {0, .001, 4},
	} {
		sets, one, err := eval.ReadPII(filepath.Join(dir, filepath.FromSlash(name)+".jsonl"))
		if err != nil || !one {
			t.Fatal(err)
		}
		var texts []eval.PIIText
		for _, all := range sets {
			for i := 0; i < len(all); i += want.every {
				texts = append(texts, all[i])
			}
		}
		r := eval.PII(texts)
		if r.F1 < want.support || r.HiddenShare > want.hidden {
			t.Errorf("%s: F1 %.3f, want at least %.2f; %.4f of the texts without labels touched, at most %.4f", name, r.F1, want.support, r.HiddenShare, want.hidden)
		}
		t.Logf("%-22s %5d texts  support P %.3f R %.3f F1 %.3f exact %.3f  in pieces F1 %.3f  all F1 %.3f  hidden in %d of %d",
			name, r.Texts, r.Precision, r.Recall, r.F1, r.Exact, r.InPieces.F1, r.All.F1, r.HiddenIn, r.Clean)
		got[name] = rounded(t, r)
	}
	golden(t, "pii.json", got)
}

// rounded is a report with four places.
func rounded(t *testing.T, report any) any {
	t.Helper()
	b, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case float64:
			return round(v)
		case map[string]any:
			for k := range v {
				v[k] = walk(v[k])
			}
		}
		return v
	}
	return walk(v)
}

// TestPIIScore has what counts as found.
func TestPIIScore(t *testing.T) {
	t.Parallel()
	// The labels are of code points, of which é and the Cyrillic letters are two bytes.
	texts, err := eval.ReadPIITexts(strings.NewReader(`
		{"text": "Привіт é, Anna Kowalska", "spans": [{"start": 10, "end": 23, "type": "PERSON"}]}
		{"text": "My name is Anna Kowalska.", "spans": [{"start": 11, "end": 15, "type": "PERSON"}]}
		{"text": "ship to 12 Main Street, London", "spans": [{"start": 8, "end": 10, "type": "STREET_ADDRESS"}, {"start": 11, "end": 22, "type": "STREET_ADDRESS"}, {"start": 24, "end": 30, "type": "GPE"}]}
		{"text": "Hello Mr. Green", "spans": [{"start": 6, "end": 8, "type": "TITLE"}]}
		{"text": "I have asthma"}
		{"text": "I have time"}`))
	if err != nil {
		t.Fatal(err)
	}
	r := eval.PII(texts)
	if s := r.PIIScore; s.Labelled != 3 || s.Found != 4 || s.Precision != .5 {
		t.Errorf("support: %+v", s)
	}
	if s := r.Types["address"]; s.Labelled != 1 || s.F1 != 1 || s.Exact != 1 {
		t.Errorf("the pieces of an address are one: %+v", s)
	}
	if s := r.InPieces; s.Labelled != 4 {
		t.Errorf("in pieces: %+v", s)
	}
	if s := r.Types["TITLE"]; s.Labelled != 1 || s.Found != 0 {
		t.Errorf("a label that is no type of ours: %+v", s)
	}
	if r.Clean != 2 || r.HiddenIn != 1 || r.Hidden[pii.HidHealth] != 1 {
		t.Errorf("hidden: %+v", r)
	}
	for _, bad := range []string{`{"text": "Ana", "spans": [{"start": 2, "end": 4, "type": "PERSON"}]}`, `{"text": "Ana", "spans": [{"start": 2, "end": 2}]}`, `{"id": "1"}`, `{`} {
		if _, err := eval.ReadPIITexts(strings.NewReader(bad)); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}
