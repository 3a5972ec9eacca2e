package answer

import (
	_ "embed" // for the classifier
	"encoding/json"
	"math"

	"candor/retrieval"
	"candor/retrieval/analysis"
)

// The classifier is a sum of small regression trees over Features (gradient
// boosting; Friedman, "Greedy function approximation", Annals of Statistics 29(5),
// 2001), calibrated on claims that it was not trained with. tools/verifier trains it.
//
//go:embed verifier.json
var modelFile []byte

var model = func() (m classifier) {
	if err := json.Unmarshal(modelFile, &m); err != nil {
		panic("verifier.json: " + err.Error())
	}
	return m
}()

type classifier struct {
	Trees []tree `json:"trees"`
	// Slope and Shift make a share of the trees' sum s: of the claims with that sum
	// 1/(1+exp(-(Slope·s+Shift))) are supported (Platt, "Probabilistic outputs for
	// support vector machines", 1999).
	Slope float64 `json:"slope"`
	Shift float64 `json:"shift"`
	// Threshold is the score from which on a claim counts as supported, Release the
	// one from which on it is shown.
	Threshold float64 `json:"threshold"`
	Release   float64 `json:"release"`
}

// tree is a tree's nodes from the root: the feature that is compared, with what, and
// where to go if it is at most that and if it is more; below 0: the leaf -n-1.
type tree struct {
	Feature []int     `json:"f"`
	Limit   []float64 `json:"l"`
	Left    []int     `json:"a"`
	Right   []int     `json:"b"`
	Leaves  []float64 `json:"v"`
}

func (t tree) of(x []float64) float64 {
	n := 0
	for n >= 0 {
		if x[t.Feature[n]] <= t.Limit[n] {
			n = t.Left[n]
		} else {
			n = t.Right[n]
		}
	}
	return t.Leaves[-n-1]
}

// score is how likely a claim with the features is supported, 0 to 1.
func (m classifier) score(x []float64) float64 {
	sum := 0.0
	for _, t := range m.Trees {
		sum += t.of(x)
	}
	return 1 / (1 + math.Exp(-(m.Slope*sum + m.Shift)))
}

// Features returns what the classifier of Verify sees of a text and what it cites,
// for training; FeatureNames says what they are.
func Features(text string, sources ...retrieval.Record) []float64 {
	e := readEvidence(sources...)
	sentences, compared := e.take(text)
	return e.assess(text, sentences, compared)
}

// take compares each sentence of a text that says something.
func (e *evidence) take(text string) (sentences []claim, compared []comparison) {
	for _, s := range analysis.Sentences(text) {
		if c := e.readClaim(s.Of(text)); len(c.terms)+len(c.values) > 0 {
			sentences, compared = append(sentences, c), append(compared, e.compare(c))
		}
	}
	if len(sentences) == 0 {
		c := e.readClaim(text)
		sentences, compared = append(sentences, c), append(compared, e.compare(c))
	}
	return sentences, compared
}
