// Package bm25 holds the lexical weights that every index uses, so that the
// same passage has the same score in each.
//
// The score of a passage d for a query q is Okapi BM25 (Robertson and Zaragoza,
// "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, eq. 3.15):
//
//	sum over t in q of  IDF(t) · Query(qtf) · Weight(tf, |d|, average)
//
// Its statistics come from the public knowledge of a site and a general table,
// never from personal or internal records: nobody's data moves the score that
// somebody else sees.
package bm25

import (
	"math"

	"candor/retrieval/analysis"
)

// Parameters, tuned on the evaluation sets (see package eval).
const (
	K1 = 1.2  // how fast repetitions of a term in a passage stop to count
	B  = 0.75 // how much a long passage is held against it
	K3 = 3.0  // how fast repetitions of a term in the question stop to count
	// Context is the weight of a term of earlier turns.
	Context = 0.2

	// PersonalLength stands for the average length of personal passages, in
	// terms. It is a constant because the true average would tell of others'.
	PersonalLength = 40
)

// IDF returns the inverse document frequency of a term that occurs in df of n
// public passages, ln(1 + (N-n+½)/(n+½)) as in Lucene's BM25Similarity, which
// is never negative. The passages of the general table are added to both.
func IDF(term string, n, df int) float64 {
	big := float64(n + generalPassages)
	in := float64(df + general[term])
	return math.Log1p((big - in + 0.5) / (in + 0.5))
}

// Average returns the average length of public passages that weights are made with:
// of that many passages with that many terms in all, rounded to a power of the fourth
// root of 2, and PersonalLength where there are none. An index that keeps weights
// would have to change all of them with every article; so it seldom does, and never by
// more than a few percent of a score.
func Average(terms, passages int) float64 {
	if terms <= 0 || passages <= 0 {
		return PersonalLength
	}
	return math.Exp2(math.Round(4*math.Log2(float64(terms)/float64(passages))) / 4)
}

// Weight returns the weight of tf occurrences of a term in a passage of length
// terms, where average is that of all.
func Weight(tf, length int, average float64) float64 {
	return Saturate(float64(tf), Norm(length, average))
}

// Norm is what the length of a passage has to do with its weights, for Saturate: an
// index may work it out once for each passage.
func Norm(length int, average float64) float64 { return K1 * (1 - B + B*float64(length)/average) }

// Saturate is Weight of a passage with that Norm.
func Saturate(tf, norm float64) float64 { return tf * (K1 + 1) / (tf + norm) }

// Query returns the weight of qtf occurrences of a term in the question: the
// (k3+1)·qtf/(k3+qtf) of Okapi, which matters in long ones.
func Query(qtf int) float64 {
	f := float64(qtf)
	return (K3 + 1) * f / (K3 + f)
}

// The general table is a small made-up collection that stands in while a site
// has little knowledge of its own: the words that are common in customer service
// are in one of twenty of its passages, all others in none.
const (
	generalPassages = 100
	generalCommon   = 5
)

var general = func() map[string]int {
	table := make(map[string]int)
	for _, language := range analysis.Languages {
		for _, w := range analysis.Common(language) {
			for _, t := range analysis.Terms(w, language) {
				table[t.Text] = generalCommon
			}
		}
	}
	return table
}()
