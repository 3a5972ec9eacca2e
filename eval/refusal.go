package eval

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// RefusalSet is company knowledge with questions of which some have no answer in it.
type RefusalSet struct {
	Name      string
	Documents []Document
	Questions []RefusalQuestion
}

// RefusalQuestion is a question that is to be answered, or not.
type RefusalQuestion struct {
	ID, Text string
	Before   []string // what its customer said before, the oldest first, at most two messages
	// Kind is what the data set calls it: "ANSWERABLE", "in_scope" and so on.
	Kind       string
	Answerable bool
}

// Kinds of questions in the data sets.
const (
	kindAnswerable     = "ANSWERABLE"
	kindPartial        = "PARTIAL"
	kindUnanswerable   = "UNANSWERABLE"
	kindUnderspecified = "UNDERSPECIFIED"
	kindInScope        = "in_scope"
	kindOutOfScope     = "out_of_scope"
)

// ReadRefusal reads what is at path: a folder with corpus.jsonl and queries.jsonl whose
// questions have an answerability; a file of utterances with label, split and
// out_of_scope; or a folder that holds such files and folders, itself or below
// retrieval and intents. It is an error if there is none.
func ReadRefusal(path string) ([]RefusalSet, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if isFile(filepath.Join(filepath.Dir(path), "corpus.jsonl")) {
			path = filepath.Dir(path)
		} else {
			set, err := readScope(path)
			return []RefusalSet{set}, err
		}
	}
	var sets []RefusalSet
	for _, pattern := range []string{".", "*", "retrieval/*"} {
		corpora, err := filepath.Glob(filepath.Join(path, pattern, "corpus.jsonl"))
		if err != nil {
			return nil, err
		}
		for _, corpus := range corpora {
			set, err := readAnswerability(filepath.Dir(corpus))
			if errors.Is(err, errNoLabels) {
				continue
			}
			if err != nil {
				return nil, err
			}
			sets = append(sets, set)
		}
	}
	for _, pattern := range []string{"*.jsonl", "intents/*.jsonl"} {
		files, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			set, err := readScope(file)
			if errors.Is(err, errNoLabels) {
				continue
			}
			if err != nil {
				return nil, err
			}
			sets = append(sets, set)
		}
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("%s: %w: there is neither a folder with corpus.jsonl and queries.jsonl whose questions have an answerability, nor a file of utterances with out_of_scope", path, errNoLabels)
	}
	return sets, nil
}

// errNoLabels means that nothing says which questions have an answer.
var errNoLabels = errors.New("no labels of what has an answer")

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// turnsBefore is how many earlier messages of the customer the assistant looks at.
const turnsBefore = 2

// readAnswerability reads a folder of documents and questions in conversations. What is
// answerable in part counts as answerable; what is unanswerable or underspecified does not.
func readAnswerability(dir string) (RefusalSet, error) {
	set := RefusalSet{Name: filepath.Base(dir)}
	type query struct {
		ID, Text, Answerability string
		History                 []Turn
	}
	queries, err := readLines[query](filepath.Join(dir, "queries.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return set, errNoLabels
	}
	if err != nil {
		return set, err
	}
	for i, q := range queries {
		c := RefusalQuestion{ID: q.ID, Text: q.Text, Kind: q.Answerability}
		switch q.Answerability {
		case kindAnswerable, kindPartial:
			c.Answerable = true
		case kindUnanswerable, kindUnderspecified:
		case "":
			return set, errNoLabels
		default:
			return set, fmt.Errorf("%s, line %d: answerability %q is not known", filepath.Join(dir, "queries.jsonl"), i+1, q.Answerability)
		}
		for _, t := range q.History {
			if t.Speaker == "user" {
				c.Before = append(c.Before, t.Text)
			}
		}
		c.Before = c.Before[max(0, len(c.Before)-turnsBefore):]
		set.Questions = append(set.Questions, c)
	}
	if set.Documents, err = readLines[Document](filepath.Join(dir, "corpus.jsonl")); err != nil {
		return set, err
	}
	return set, nil
}

// articleExamples is how many utterances an article is made of at most.
const articleExamples = 40

// utterance is a row of a data set of intents.
type utterance struct {
	ID    string `json:"id"`
	Text  string `json:"text"`
	Label string `json:"label"`
	Split string `json:"split"`
	Out   *bool  `json:"out_of_scope"`
}

// readScope reads utterances with their intents, and makes company knowledge of them:
// an article for each intent, which lists up to 40 utterances under the intent's name.
// They are those of the split "train", or where there is none two thirds of each
// intent's. All others are questions: within the scope if the intent has an article.
func readScope(file string) (RefusalSet, error) {
	set := RefusalSet{Name: strings.TrimSuffix(filepath.Base(file), ".jsonl")}
	if labelled, err := hasScope(file); err != nil || !labelled {
		return set, errors.Join(err, errNoLabels)
	}
	rows, err := readLines[utterance](file)
	if err != nil {
		return set, err
	}
	byIntent := make(map[string][]utterance)
	train, other := false, false
	for _, u := range rows {
		if u.outside() {
			set.Questions = append(set.Questions, RefusalQuestion{ID: u.ID, Text: u.Text, Kind: kindOutOfScope})
			continue
		}
		byIntent[u.Label] = append(byIntent[u.Label], u)
		train, other = train || u.Split == "train", other || u.Split != "train"
	}
	intents := make([]string, 0, len(byIntent))
	for intent := range byIntent {
		intents = append(intents, intent)
	}
	slices.Sort(intents)
	for _, intent := range intents {
		var examples []string
		for i, u := range byIntent[intent] {
			example := i%3 != 2
			if train && other {
				example = u.Split == "train"
			}
			switch {
			case !example:
				set.Questions = append(set.Questions, RefusalQuestion{ID: u.ID, Text: u.Text, Kind: kindInScope, Answerable: true})
			case len(examples) < articleExamples:
				examples = append(examples, "- "+u.Text)
			}
		}
		set.Documents = append(set.Documents, Document{
			ID: intent, Title: strings.ReplaceAll(intent, "_", " "), Text: strings.Join(examples, "\n"), Visibility: "public",
		})
	}
	return set, nil
}

func (u utterance) outside() bool { return u.Out != nil && *u.Out || u.Label == "oos" }

// hasScope reports whether the first row of a file says whether it is out of scope.
func hasScope(file string) (labelled bool, err error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var first utterance
	if err := json.NewDecoder(f).Decode(&first); err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("%s, row 1: %w", file, err)
	}
	return first.Out != nil, nil
}

// RefusalResponse is what the assistant makes of a question.
type RefusalResponse struct {
	Answered  bool          // it said something that cites a source
	Clarified bool          // it asked back
	Score     float64       // the higher, the likelier is an answer
	Took      time.Duration // of judging and answering, without the search
}

// RefusalFigures are how well the assistant knows what it can answer. Shares are from 0
// to 1.
type RefusalFigures struct {
	Questions    int `json:"questions"`
	Answerable   int `json:"answerable"`
	Unanswerable int `json:"unanswerable"`
	// NotAnswered is the share of the unanswerable questions that were declined, or
	// asked back about, and Refused that of the answerable ones.
	NotAnswered float64 `json:"unanswerable_not_answered"`
	Refused     float64 `json:"answerable_refused"`
	// Balanced is the mean of NotAnswered and of the share of the answerable answered.
	Balanced float64 `json:"balanced_accuracy"`
	// AUC is how often a question with an answer has a higher score than one without.
	AUC float64 `json:"auc"`
	// Kinds is the share of the questions of each kind that were not answered, and
	// Clarified that of those which were asked back about.
	Kinds     map[string]float64 `json:"not_answered"`
	Clarified map[string]float64 `json:"clarified"`
	// Curve is the share of the unanswerable that would not be answered if the score
	// were the only rule, at thresholds that refuse so many of the answerable.
	Curve map[string]float64 `json:"not_answered_if_refused"`
	P50   float64            `json:"ms_p50"` // of judging and answering
	P99   float64            `json:"ms_p99"`
}

// RefusalReport is the figures of all questions together, and by source.
type RefusalReport struct {
	RefusalFigures
	Sources map[string]RefusalFigures `json:"sources"`
}

type refusalResult struct {
	RefusalQuestion
	RefusalResponse
}

// RefusalRun collects what was made of questions.
type RefusalRun struct {
	names   []string
	results map[string][]refusalResult
}

// Every returns a part of the set: each so many-th question of a kind, and all documents.
func (s RefusalSet) Every(n int) RefusalSet {
	seen := make(map[string]int)
	s.Questions = slices.DeleteFunc(slices.Clone(s.Questions), func(q RefusalQuestion) bool {
		seen[q.Kind]++
		return (seen[q.Kind]-1)%n != 0
	})
	return s
}

// Ask asks all questions of a set, several at a time.
func (r *RefusalRun) Ask(ctx context.Context, set RefusalSet, ask func(context.Context, RefusalQuestion) (RefusalResponse, error)) error {
	results := make([]refusalResult, len(set.Questions))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0)) // half of them wait for a disk
	for i, q := range set.Questions {
		group.Go(func() error {
			response, err := ask(ctx, q)
			if err != nil {
				return fmt.Errorf("question %s: %w", q.ID, err)
			}
			results[i] = refusalResult{q, response}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if r.results == nil {
		r.results = make(map[string][]refusalResult)
	}
	r.names = append(r.names, set.Name)
	r.results[set.Name] = results
	return nil
}

// Report returns the figures of what was asked.
func (r *RefusalRun) Report() RefusalReport {
	report := RefusalReport{Sources: make(map[string]RefusalFigures)}
	var all []refusalResult
	for _, name := range r.names {
		report.Sources[name] = refusalFigures(r.results[name])
		all = append(all, r.results[name]...)
	}
	report.RefusalFigures = refusalFigures(all)
	return report
}

// curve is where RefusalFigures.Curve is taken.
var curve = []float64{.05, .1, .15, .2, .3}

func refusalFigures(results []refusalResult) RefusalFigures {
	f := RefusalFigures{Questions: len(results), Kinds: make(map[string]float64), Clarified: make(map[string]float64), Curve: make(map[string]float64)}
	kinds := make(map[string]int)
	var with, without []float64
	var times []time.Duration
	for _, r := range results {
		kinds[r.Kind]++
		times = append(times, r.Took)
		if r.Answerable {
			with = append(with, r.Score)
		} else {
			without = append(without, r.Score)
		}
		if r.Answered {
			continue
		}
		f.Kinds[r.Kind]++
		if r.Clarified {
			f.Clarified[r.Kind]++
		}
		if r.Answerable {
			f.Refused++
		} else {
			f.NotAnswered++
		}
	}
	f.Answerable, f.Unanswerable = len(with), len(without)
	f.Refused /= math.Max(1, float64(len(with)))
	f.NotAnswered /= math.Max(1, float64(len(without)))
	f.Balanced = (f.NotAnswered + 1 - f.Refused) / 2
	for kind, n := range kinds {
		f.Kinds[kind] /= float64(n)
		f.Clarified[kind] /= float64(n)
	}
	slices.Sort(with)
	slices.Sort(without)
	if len(with) > 0 {
		for _, refused := range curve {
			threshold := with[int(refused*float64(len(with)))]
			below, _ := slices.BinarySearch(without, threshold)
			f.Curve[fmt.Sprintf("%.2f", refused)] = float64(below) / math.Max(1, float64(len(without)))
		}
	}
	f.AUC = auc(with, without)
	if slices.Sort(times); len(times) > 0 {
		f.P50, f.P99 = percentile(times, 50), percentile(times, 99)
	}
	return f
}

// auc is the area under the curve of the receiver operating characteristic: the share of
// pairs of a positive and a negative in which the positive has the higher score, where
// equals count half (Hanley and McNeil, "The Meaning and Use of the Area under a
// Receiver Operating Characteristic (ROC) Curve", Radiology 143(1), 1982).
func auc(positives, negatives []float64) float64 {
	negatives = slices.SortedFunc(slices.Values(negatives), cmp.Compare)
	won := 0.0
	for _, p := range positives {
		below, _ := slices.BinarySearch(negatives, p)
		upTo, _ := slices.BinarySearch(negatives, math.Nextafter(p, math.Inf(1)))
		won += float64(below) + float64(upTo-below)/2
	}
	return won / math.Max(1, float64(len(positives)*len(negatives)))
}
