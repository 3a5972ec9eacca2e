package eval

import (
	"context"
	"errors"
	"slices"
	"strings"

	"candor/answer"
	"candor/retrieval"
	"candor/review"
)

// ReviewedAnswer is an answer that people have reviewed, as a case: its sentences with
// what they quote, and the latest verdict.
type ReviewedAnswer struct {
	ID        string            `json:"id"`
	Language  string            `json:"language"`
	Model     string            `json:"model"`
	Verdict   review.Verdict    `json:"verdict"`
	Question  string            `json:"question"`
	Sentences []answer.Sentence `json:"sentences"`
}

// support is what reviewers found of whether an answer's sources say what it says: a
// wrong source, and data that should not have been used, tell nothing about that.
func (a ReviewedAnswer) support() (supported, told bool) {
	switch a.Verdict {
	case review.Correct, review.Tone:
		return true, true
	case review.Unsupported:
		return false, true
	case review.WrongSource, review.ShouldNotHaveBeenUsed:
	}
	return false, false
}

// Agreement is how the verifier stands to the reviewers, over answers.
type Agreement struct {
	// Compared are the answers that reviewers found supported or unsupported, and that
	// claim something.
	Compared  int     `json:"compared"`
	Supported int     `json:"supported"` // of them, as the reviewers found
	Passed    int     `json:"passed"`    // of them, every sentence passes the verifier
	Agreed    int     `json:"agreed"`
	Agreement float64 `json:"agreement"` // agreed of compared
	Precision float64 `json:"precision"` // of those that pass, the share that is supported
	Recall    float64 `json:"recall"`    // of those that are supported, the share that passes
}

func (a *Agreement) count(supported, passed bool) {
	a.Compared++
	if supported {
		a.Supported++
	}
	if passed {
		a.Passed++
	}
	if supported == passed {
		a.Agreed++
	}
}

// rates fills in the shares; both is how many are supported and pass.
func (a *Agreement) rates() {
	// agreed = both + neither, and neither = compared - supported - passed + both.
	both := (a.Agreed - a.Compared + a.Supported + a.Passed) / 2
	a.Agreement = float64(a.Agreed) / float64(max(1, a.Compared))
	a.Precision = float64(both) / float64(max(1, a.Passed))
	a.Recall = float64(both) / float64(max(1, a.Supported))
}

// AnswersReport is how the present verifier agrees with people on answers that were
// given. It holds no text.
type AnswersReport struct {
	Reviewed   int `json:"reviewed"`    // answers with a verdict
	NotAllowed int `json:"not_allowed"` // their customer does not let them be measured
	Withheld   int `json:"withheld"`    // they were made from data that may not be used for this
	Gone       int `json:"gone"`        // what they said was deleted
	Answers    int `json:"answers"`     // cases
	Sentences  int `json:"sentences"`   // of them, with a source
	Agreement
	Verdicts map[review.Verdict]int `json:"verdicts"`
	ByModel  map[string]*Agreement  `json:"by_model"`
}

// Answers has the verifier check each case again. What was quoted stands for the source,
// which may be gone.
func Answers(ctx context.Context, v *answer.Verifier, cases []ReviewedAnswer) (AnswersReport, error) {
	r := AnswersReport{Answers: len(cases), Verdicts: make(map[review.Verdict]int), ByModel: make(map[string]*Agreement)}
	for _, verdict := range review.Verdicts {
		r.Verdicts[verdict] = 0
	}
	for _, a := range cases {
		r.Verdicts[a.Verdict]++
		sentences, passed, err := passes(ctx, v, a)
		if err != nil {
			return r, err
		}
		r.Sentences += sentences
		supported, told := a.support()
		if !told || sentences == 0 {
			continue
		}
		if r.ByModel[a.Model] == nil {
			r.ByModel[a.Model] = &Agreement{}
		}
		r.count(supported, passed)
		r.ByModel[a.Model].count(supported, passed)
	}
	r.rates()
	for _, m := range r.ByModel {
		m.rates()
	}
	return r, nil
}

// passes checks the sentences of a case that have a source, and returns how many there
// are and whether all of them pass.
func passes(ctx context.Context, v *answer.Verifier, a ReviewedAnswer) (sentences int, all bool, err error) {
	quotes := make(map[string][]string)
	var order []answer.Citation
	for _, x := range a.Sentences {
		for _, c := range x.Citations {
			if !slices.Contains(quotes[c.RecordID], c.Quote) {
				quotes[c.RecordID] = append(quotes[c.RecordID], c.Quote)
			}
			if !slices.ContainsFunc(order, func(o answer.Citation) bool { return o.RecordID == c.RecordID && o.PassageID == c.PassageID }) {
				order = append(order, c)
			}
		}
	}
	hits := make([]retrieval.Hit, len(order))
	for i, c := range order {
		text := strings.Join(quotes[c.RecordID], "\n")
		hits[i] = retrieval.Hit{Record: retrieval.Record{ID: c.RecordID, Text: text}}
		hits[i].RecordID, hits[i].PassageID, hits[i].End = c.RecordID, c.PassageID, len(text)
	}
	check := v.Check(hits)
	all = true
	for _, x := range a.Sentences {
		if len(x.Citations) == 0 {
			continue
		}
		sentences++
		_, err := check.Verify(ctx, x)
		if err != nil && !errors.Is(err, answer.ErrUnverified) {
			return sentences, false, err
		}
		all = all && err == nil
	}
	return sentences, all, nil
}
