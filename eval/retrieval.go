// Package eval measures Candor on data that its authors did not write.
//
// It promises figures that can be compared: standard metrics by their published
// formulas, on whole public data sets, through the same code as production. It
// reads data, never instructions: no text of a data set is acted upon.
package eval

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/retrieval"
)

// Document is a document of a retrieval data set. Visibility is "public" or
// "internal"; one that is unspecified counts as public.
type Document struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Text       string `json:"text"`
	Visibility string `json:"visibility"`
}

// Turn is what somebody said before a question.
type Turn struct {
	Speaker string `json:"speaker"`
	Text    string `json:"text"`
}

// Question is a query of a retrieval data set, with the conversation before it.
type Question struct {
	ID      string `json:"id"`
	Text    string `json:"text"`
	History []Turn `json:"history"`
}

// Dataset is a collection of documents, with questions and with judgements of
// which documents answer them.
type Dataset struct {
	Name      string
	Documents []Document
	Questions []Question
	// Relevant holds, by question and document, how relevant the document is: 1
	// or more. A pair that is not there is not relevant.
	Relevant map[string]map[string]int
}

// ReadDataset reads corpus.jsonl, queries.jsonl and qrels.tsv of a folder. An
// error names the file and the line.
func ReadDataset(dir string) (Dataset, error) {
	d := Dataset{Name: filepath.Base(dir)}
	var err error
	if d.Documents, err = readLines[Document](filepath.Join(dir, "corpus.jsonl")); err != nil {
		return Dataset{}, err
	}
	for i := range d.Documents {
		switch v := &d.Documents[i].Visibility; *v {
		case "public", "internal":
		case "", "unspecified":
			*v = "public"
		default:
			return Dataset{}, fmt.Errorf("%s: document %q: visibility %q is neither public nor internal", dir, d.Documents[i].ID, *v)
		}
	}
	if d.Questions, err = readLines[Question](filepath.Join(dir, "queries.jsonl")); err != nil {
		return Dataset{}, err
	}
	d.Relevant, err = readJudgements(filepath.Join(dir, "qrels.tsv"))
	return d, err
}

func readLines[T any](name string) (items []T, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// A decoder has no bound on the length of a line, as a scanner would.
	dec := json.NewDecoder(bufio.NewReader(f))
	for {
		var item T
		switch err := dec.Decode(&item); {
		case errors.Is(err, io.EOF):
			return items, nil
		case err != nil:
			return nil, fmt.Errorf("%s: line %d: %w", name, len(items)+1, err)
		}
		items = append(items, item)
	}
}

// readJudgements reads tab-separated query id, document id and score, under a
// head line. Scores below 1 mean not relevant.
func readJudgements(name string) (map[string]map[string]int, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	relevant := make(map[string]map[string]int)
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		fields := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if n == 1 && len(fields) == 3 && fields[0] == "query-id" || len(fields) == 1 && fields[0] == "" {
			continue
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: line %d: %d fields, want 3", name, n, len(fields))
		}
		score, err := strconv.Atoi(fields[2])
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: score %q is not a number", name, n, fields[2])
		}
		if score < 1 {
			continue
		}
		if relevant[fields[0]] == nil {
			relevant[fields[0]] = make(map[string]int)
		}
		relevant[fields[0]][fields[1]] = score
	}
	return relevant, nil
}

// DataDir returns the folder of the evaluation data: that of the environment
// variable CANDOR_DATA, or else ../shared/data beside the module's root, which
// is found from the working directory upwards. It is an error if there is none.
func DataDir() (string, error) {
	if dir := os.Getenv("CANDOR_DATA"); dir != "" {
		if _, err := os.Stat(dir); err != nil {
			return "", fmt.Errorf("CANDOR_DATA: %w", err)
		}
		return dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no evaluation data: CANDOR_DATA is not set and there is no go.mod above: %w", fs.ErrNotExist)
		}
		dir = parent
	}
	data := filepath.Join(filepath.Dir(dir), "shared", "data")
	if _, err := os.Stat(data); err != nil {
		return "", fmt.Errorf("no evaluation data: CANDOR_DATA is not set: %w", err)
	}
	return data, nil
}

// Rows reads a file of lines of JSON from the evaluation data. The error wraps
// fs.ErrNotExist if there is no such file or no data at all.
func Rows[T any](name string) ([]T, error) {
	dir, err := DataDir()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []T
	for dec := json.NewDecoder(f); ; {
		var row T
		if err := dec.Decode(&row); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s, row %d: %w", name, len(out)+1, err)
		}
		out = append(out, row)
	}
}

// Records are the ids of what was found, best first. A document that says the same as
// another is found with it.
func Records(hits []retrieval.Hit) (ids []string) {
	for _, h := range hits {
		ids = append(append(ids, h.RecordID), h.Same...)
	}
	return ids
}

// RetrievalReport is how well a search found what was judged relevant. Ratios
// are from 0 to 1, means over the questions.
type RetrievalReport struct {
	Dataset   string  `json:"dataset"`
	Documents int     `json:"documents"`
	Questions int     `json:"questions"` // that have a relevant document
	Skipped   int     `json:"skipped"`   // that have none, so that nothing can be measured
	NDCG10    float64 `json:"ndcg_at_10"`
	Recall10  float64 `json:"recall_at_10"`
	Recall100 float64 `json:"recall_at_100"`
	MRR10     float64 `json:"mrr_at_10"`
	P50       float64 `json:"ms_per_query_p50"`
	P99       float64 `json:"ms_per_query_p99"`
}

// Depths of the metrics, and how many passages are asked for so that the best
// hundred documents are among them.
const (
	shallow  = 10
	deep     = 100
	passages = 3 * deep
)

// Retrieval asks search every question that has a relevant document. Search
// returns the document ids of at most limit passages, best first; a document
// that comes more than once counts where its best passage is.
func Retrieval(ctx context.Context, search func(ctx context.Context, query string, limit int) ([]string, error), dataset Dataset) (RetrievalReport, error) {
	report := RetrievalReport{Dataset: dataset.Name, Documents: len(dataset.Documents)}
	var times []time.Duration
	for _, q := range dataset.Questions {
		relevant := dataset.Relevant[q.ID]
		if len(relevant) == 0 {
			report.Skipped++
			continue
		}
		began := time.Now()
		found, err := search(ctx, q.Text, passages)
		times = append(times, time.Since(began))
		if err != nil {
			return RetrievalReport{}, fmt.Errorf("question %s: %w", q.ID, err)
		}
		ranking := distinct(found)
		report.Questions++
		report.NDCG10 += ndcg(ranking, relevant, shallow)
		report.Recall10 += recall(ranking, relevant, shallow)
		report.Recall100 += recall(ranking, relevant, deep)
		report.MRR10 += reciprocalRank(ranking, relevant, shallow)
	}
	if report.Questions == 0 {
		return report, fmt.Errorf("data set %s has no question with a relevant document", dataset.Name)
	}
	for _, sum := range []*float64{&report.NDCG10, &report.Recall10, &report.Recall100, &report.MRR10} {
		*sum /= float64(report.Questions)
	}
	slices.Sort(times)
	report.P50, report.P99 = percentile(times, 50), percentile(times, 99)
	return report, nil
}

// distinct keeps the first of each id: a document has the rank of its best
// passage.
func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	var out []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// ndcg is the normalised discounted cumulative gain of the first k results:
//
//	DCG@k = sum over ranks i = 1..k of gain(i) / log2(i+1)
//
// divided by that of the best possible ranking (Järvelin and Kekäläinen,
// "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002, in
// the form of trec_eval's ndcg_cut: the gain is the judgement itself).
func ndcg(ranking []string, relevant map[string]int, k int) float64 {
	dcg := 0.0
	for i, id := range ranking[:min(k, len(ranking))] {
		dcg += float64(relevant[id]) / math.Log2(float64(i+2))
	}
	gains := make([]int, 0, len(relevant))
	for _, gain := range relevant {
		gains = append(gains, gain)
	}
	slices.SortFunc(gains, func(a, b int) int { return b - a })
	ideal := 0.0
	for i, gain := range gains[:min(k, len(gains))] {
		ideal += float64(gain) / math.Log2(float64(i+2))
	}
	return dcg / ideal
}

// recall is the share of the relevant documents that are among the first k
// (Manning, Raghavan and Schütze, "Introduction to Information Retrieval",
// 2008, §8.3).
func recall(ranking []string, relevant map[string]int, k int) float64 {
	n := 0
	for _, id := range ranking[:min(k, len(ranking))] {
		if relevant[id] > 0 {
			n++
		}
	}
	return float64(n) / float64(len(relevant))
}

// reciprocalRank is 1 over the rank of the first relevant document, or 0 if it
// is not among the first k; its mean is MRR (Voorhees, "The TREC-8 Question
// Answering Track Report", 1999).
func reciprocalRank(ranking []string, relevant map[string]int, k int) float64 {
	for i, id := range ranking[:min(k, len(ranking))] {
		if relevant[id] > 0 {
			return 1 / float64(i+1)
		}
	}
	return 0
}

// percentile returns the p-th percentile of sorted times in milliseconds, by
// the nearest rank: the smallest value with at least p percent at or below it.
func percentile(sorted []time.Duration, p int) float64 {
	rank := (len(sorted)*p + 99) / 100
	return float64(sorted[max(rank, 1)-1].Microseconds()) / 1000
}
