package extractive

import (
	"cmp"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/consent"
	"candor/internal/evaldata"
	"candor/retrieval"
)

// corpus is a small BM25 search over records, so that these tests measure the
// choice of sentences and not an index.
type corpus struct {
	records  map[string]retrieval.Record
	passages []retrieval.Passage
	df       map[string]int
	length   float64
}

func newCorpus(records []retrieval.Record) *corpus {
	c := &corpus{records: make(map[string]retrieval.Record), df: make(map[string]int)}
	for _, r := range records {
		c.records[r.ID] = r
		for _, p := range retrieval.Split(r) {
			c.passages = append(c.passages, p)
			c.length += float64(p.Length)
			for t := range p.Terms {
				c.df[t]++
			}
		}
	}
	c.length /= float64(max(1, len(c.passages)))
	return c
}

// readCorpus reads the public documents of a retrieval set.
func readCorpus(t *testing.T, set, language string) *corpus {
	t.Helper()
	var records []retrieval.Record
	for _, d := range evaldata.Rows[struct{ ID, Title, Text, Visibility string }](t, "retrieval/"+set+"/corpus.jsonl") {
		if d.Visibility == "internal" {
			continue
		}
		records = append(records, retrieval.Record{
			ID: d.ID, Title: d.Title, Text: d.Text, Language: language, Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge,
		})
	}
	return newCorpus(records)
}

// search returns the twelve best passages, none of the record without.
func (c *corpus) search(question, language, without string) []retrieval.Hit {
	const k1, b, limit = 1.2, .75, 12
	q := retrieval.Analyze(question, language)
	n := float64(len(c.passages))
	var hits []retrieval.Hit
	for _, p := range c.passages {
		score := 0.0
		for t := range q.Terms {
			if tf := float64(p.Terms[t]); tf > 0 {
				idf := math.Log(1 + (n-float64(c.df[t])+.5)/(float64(c.df[t])+.5))
				score += idf * tf * (k1 + 1) / (tf + k1*(1-b+b*float64(p.Length)/c.length))
			}
		}
		if score > 0 && p.Record != without {
			hits = append(hits, retrieval.Hit{
				Match:  retrieval.Match{RecordID: p.Record, PassageID: p.ID, Start: p.Start, End: p.End, Category: consent.Knowledge, Score: score},
				Record: c.records[p.Record],
			})
		}
	}
	slices.SortFunc(hits, func(a, b retrieval.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.PassageID, b.PassageID))
	})
	return hits[:min(limit, len(hits))]
}

// readQrels returns the document that answers each query.
func readQrels(t *testing.T, set string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(evaldata.Dir(t), "retrieval", set, "qrels.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(line, "\t"); len(f) == 3 {
			out[f[0]] = f[1]
		}
	}
	return out
}
