package eval_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/answer"
	"candor/eval"
	"candor/internal/evaldata"
)

// verified is what the golden file holds of a report.
type verified struct {
	Rows             int     `json:"rows"`
	NoClaim          int     `json:"no_claim"`
	BalancedAccuracy float64 `json:"balanced_accuracy"`
	Precision        float64 `json:"precision"`
	Recall           float64 `json:"recall"`
	AUC              float64 `json:"auc"`
	CalibrationError float64 `json:"calibration_error"`
	Released         int     `json:"released"`
	ReleasePrecision float64 `json:"release_precision"`
	ReleaseRecall    float64 `json:"release_recall"`
	NoClaimReleased  int     `json:"no_claim_released"`
}

// TestVerificationQuality measures the verifier on the claims that its classifier was
// trained with, so these figures are too good: docs/design/verifier.md has those of the
// folds that it was not trained with. They show when what runs changes.
func TestVerificationQuality(t *testing.T) {
	files, err := eval.VerificationFiles(evaldata.Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	floors := map[string]float64{"wice_claim.jsonl": .68, "scifact.jsonl": .74, "mtrag_human_faithfulness.jsonl": .76, "begin.jsonl": .87}
	got := make(map[string]verified)
	for _, file := range files {
		name := filepath.Base(file)
		rows, err := eval.ReadJudged(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := eval.Verification(t.Context(), &answer.Verifier{}, rows)
		if err != nil {
			t.Fatal(err)
		}
		if r.BalancedAccuracy < floors[name] || r.ReleasePrecision < .9 {
			t.Errorf("%s: balanced accuracy %.3f, want %.2f; precision of what is released %.3f, want .90", name, r.BalancedAccuracy, floors[name], r.ReleasePrecision)
		}
		t.Logf("%-32s balanced accuracy %.3f  AUC %.3f  calibration error %.3f  released %d, precision %.3f  %.0f µs (p99 %.0f)",
			name, r.BalancedAccuracy, r.AUC, r.CalibrationError, r.Released, r.ReleasePrecision, r.P50, r.P99)
		got[name] = verified{
			r.Rows, r.NoClaim, round(r.BalancedAccuracy), round(r.Precision), round(r.Recall), round(r.AUC),
			round(r.CalibrationError), r.Released, round(r.ReleasePrecision), round(r.ReleaseRecall), r.NoClaimReleased,
		}
	}
	// A figure of WiCE differs from run to run in its third decimal.
	golden(t, "verification.json", got, cmpopts.EquateApprox(0, .005))
}

func judged(t *testing.T, lines string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "claims.jsonl")
	if err := os.WriteFile(name, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestVerificationFigures: the figures are those of scores that are known.
func TestVerificationFigures(t *testing.T) {
	rows, err := eval.ReadJudged(judged(t, `{"id":"a","claim":"Returns are free.","context":"Returns are free.","label":"supported"}
{"id":"b","claim":"Penguins sing loudly.","context":"Returns are free.","label":"unsupported"}
{"id":"c","claim":"Wow!","context":"Returns are free.","label":"generic"}
{"id":"d","claim":"Delivery costs money.","context":"","label":"unsupported"}
`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := eval.Verification(t.Context(), &answer.Verifier{}, rows)
	if err != nil {
		t.Fatal(err)
	}
	if r.Rows != 4 || r.NoClaim != 1 || r.NoClaimReleased != 0 || r.BalancedAccuracy != 1 || r.Precision != 1 || r.Recall != 1 ||
		r.AUC != 1 || r.Released != 1 || r.ReleasePrecision != 1 || r.ReleaseRecall != 1 || math.IsNaN(r.CalibrationError) || r.CalibrationError > .2 {
		t.Errorf("%+v", r)
	}
	if _, err := eval.Verification(t.Context(), &answer.Verifier{}, rows[:1]); err == nil {
		t.Error("one label is enough to measure")
	}
}

func TestReadJudgedRefuses(t *testing.T) {
	for lines, want := range map[string]string{
		"{":                                "line 1",
		`{"claim":"x","label":"maybe"}`:    "line 1: it needs a claim",
		`{"claim":"","label":"supported"}`: "line 1: it needs a claim",
		"{\"claim\":\"x\",\"label\":\"generic\"}\n{}": "line 2",
	} {
		if _, err := eval.ReadJudged(judged(t, lines)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", lines, err, want)
		}
	}
	if _, err := eval.VerificationFiles(t.TempDir()); err == nil {
		t.Error("an empty folder has files")
	}
}
