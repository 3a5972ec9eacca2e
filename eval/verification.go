package eval

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"candor/answer"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// Judged is a claim with what it cites, and whether people found it supported.
type Judged struct {
	ID      string `json:"id"`
	Claim   string `json:"claim"`
	Context string `json:"context"`
	Title   string `json:"title"`
	Label   string `json:"label"` // supported | unsupported | generic (it claims nothing)
}

// ReadJudged reads a file of lines of JSON, each a Judged.
func ReadJudged(name string) ([]Judged, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []Judged
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var j Judged
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", filepath.Base(name), len(out)+1, err)
		}
		if j.Claim == "" || !slices.Contains([]string{"supported", "unsupported", "generic"}, j.Label) {
			return nil, fmt.Errorf("%s, line %d: it needs a claim, and a label that is supported, unsupported or generic", filepath.Base(name), len(out)+1)
		}
		out = append(out, j)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return out, nil
}

// VerificationReport is how well the verifier tells supported claims from others.
type VerificationReport struct {
	Rows int `json:"rows"`
	// NoClaim of the rows claim nothing. They count for NoClaimReleased alone.
	NoClaim          int     `json:"no_claim"`
	Threshold        float64 `json:"threshold"`
	BalancedAccuracy float64 `json:"balanced_accuracy"` // mean share found right of the supported and of the others
	Precision        float64 `json:"precision"`         // of what is called supported, the share that is
	Recall           float64 `json:"recall"`            // of what is supported, the share that is called so
	AUC              float64 `json:"auc"`
	CalibrationError float64 `json:"calibration_error"` // see calibrationError
	// What production shows: the score is at least ReleaseThreshold, and nothing that
	// must agree with the source differs.
	ReleaseThreshold float64 `json:"release_threshold"`
	Released         int     `json:"released"`
	ReleasePrecision float64 `json:"release_precision"`
	ReleaseRecall    float64 `json:"release_recall"`
	NoClaimReleased  int     `json:"no_claim_released"`
	// Microseconds to check a sentence, once its source is read, and to read a source.
	P50     float64 `json:"us_per_sentence_p50"`
	P99     float64 `json:"us_per_sentence_p99"`
	ReadP50 float64 `json:"us_per_source_p50"`
	ReadP99 float64 `json:"us_per_source_p99"`
}

// Verification has the verifier of production check each claim as a sentence that
// cites its context as one record.
func Verification(ctx context.Context, v *answer.Verifier, rows []Judged) (VerificationReport, error) {
	r := VerificationReport{Rows: len(rows), Threshold: answer.Threshold, ReleaseThreshold: answer.ReleaseThreshold}
	var scores []float64
	var truths []bool
	var checking, reading []time.Duration
	called, calledRight, right, shownRight := 0, 0, 0, 0
	for _, j := range rows {
		hit := retrieval.Hit{Record: retrieval.Record{ID: "context", Title: j.Title, Text: j.Context, Category: "knowledge"}}
		hit.RecordID, hit.PassageID, hit.End = "context", "context#0", len(j.Context)
		cited := answer.Citation{RecordID: "context", PassageID: "context#0"}
		if quotes := analysis.Sentences(j.Context); len(quotes) > 0 {
			cited.Quote = quotes[0].Of(j.Context)
		}
		began := time.Now()
		check := v.Check([]retrieval.Hit{hit})
		check.Prepare()
		reading = append(reading, time.Since(began))
		began = time.Now()
		score, err := check.Verify(ctx, answer.Sentence{Text: j.Claim, Citations: []answer.Citation{cited}})
		checking = append(checking, time.Since(began)/time.Duration(max(1, len(analysis.Sentences(j.Claim)))))
		if err != nil && !errors.Is(err, answer.ErrUnverified) {
			return r, fmt.Errorf("claim %s: %w", j.ID, err)
		}
		if j.Label == "generic" {
			r.NoClaim++
			if err == nil {
				r.NoClaimReleased++
			}
			continue
		}
		truth := j.Label == "supported"
		scores, truths = append(scores, score), append(truths, truth)
		if score >= answer.Threshold {
			called++
			if truth {
				calledRight++
			}
		}
		if (score >= answer.Threshold) == truth {
			right++
		}
		if err == nil {
			r.Released++
			if truth {
				shownRight++
			}
		}
	}
	var positives, negatives []float64
	for i, s := range scores {
		if truths[i] {
			positives = append(positives, s)
		} else {
			negatives = append(negatives, s)
		}
	}
	supported, others := len(positives), len(negatives)
	if supported == 0 || others == 0 {
		return r, errors.New("it needs claims that are supported and claims that are not")
	}
	r.Recall = float64(calledRight) / float64(supported)
	r.BalancedAccuracy = (r.Recall + float64(others-(called-calledRight))/float64(others)) / 2
	r.Precision = float64(calledRight) / float64(max(1, called))
	r.ReleasePrecision = float64(shownRight) / float64(max(1, r.Released))
	r.ReleaseRecall = float64(shownRight) / float64(supported)
	r.AUC, r.CalibrationError = auc(positives, negatives), calibrationError(scores, truths)
	slices.Sort(checking)
	slices.Sort(reading)
	r.P50, r.P99 = 1000*percentile(checking, 50), 1000*percentile(checking, 99)
	r.ReadP50, r.ReadP99 = 1000*percentile(reading, 50), 1000*percentile(reading, 99)
	return r, nil
}

// calibrationError is the expected calibration error: the mean distance, over ten bins
// of scores weighted by what is in them, between the mean score and the share that is
// supported (Guo et al., "On calibration of modern neural networks", ICML 2017, eq. 3).
func calibrationError(scores []float64, truths []bool) float64 {
	const bins = 10
	var sum, good, n [bins]float64
	for i, s := range scores {
		b := min(int(s*bins), bins-1)
		sum[b], n[b] = sum[b]+s, n[b]+1
		if truths[i] {
			good[b]++
		}
	}
	e := 0.0
	for b := range n {
		e += math.Abs(sum[b]-good[b]) / float64(len(scores))
	}
	return e
}

// VerificationFiles are the files of judged claims that a path names: itself, or those
// in a folder or in its folder "verification".
func VerificationFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	for _, dir := range []string{path, filepath.Join(path, "verification")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		var files []string
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".jsonl") {
				files = append(files, filepath.Join(dir, e.Name()))
			}
		}
		if len(files) > 0 {
			return files, nil
		}
	}
	return nil, fmt.Errorf("%s has no *.jsonl, and no folder verification that has", path)
}
