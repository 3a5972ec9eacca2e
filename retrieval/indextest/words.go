package indextest

import (
	"context"
	"hash/fnv"
	"slices"

	"candor/consent"
	"candor/retrieval"
)

// Words is an Embedder for tests that a person can follow: a text means the terms
// that are in it, and some of them mean the same. Texts that share none are at a
// right angle.
type Words struct{}

var _ retrieval.Embedder = Words{}

// synonyms are terms that mean another.
var synonyms = map[string]string{"parasol": "umbrella", "tracksuit": "boot"}

// wordDimension is wide enough for the suite's terms to have coordinates of their
// own.
const wordDimension = 1 << 9

// Space implements retrieval.Embedder.
func (Words) Space() retrieval.Space {
	return retrieval.Space{Model: "words", Version: "1", Dimension: wordDimension, Quantisation: retrieval.Int8}
}

// Recipient implements retrieval.Embedder.
func (Words) Recipient() consent.Recipient { return consent.BrandAI }

// Embed implements retrieval.Embedder.
func (Words) Embed(_ context.Context, _ retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	out := make([]retrieval.Vector, len(texts))
	for i, text := range texts {
		at := make([]float32, wordDimension)
		for term, n := range retrieval.Analyze(text, "en").Terms {
			if s, ok := synonyms[term]; ok {
				term = s
			}
			h := fnv.New32a()
			_, _ = h.Write([]byte(term)) // a hash does not fail
			at[h.Sum32()%wordDimension] += float32(n)
		}
		out[i] = retrieval.Quantise(at)
	}
	return out, nil
}

// vectors returns those of a record's passages.
func (s *Store) vectors(r retrieval.Record, passages []retrieval.Passage) []retrieval.Vector {
	texts := make([]string, len(passages))
	for i, p := range passages {
		texts[i] = retrieval.PassageInput(r, p)
	}
	v, _ := s.Embedder.Embed(context.Background(), retrieval.PassageText, texts) // of tests, which do not fail
	return v
}

// seal is what the store keeps of a personal record.
func (s *Store) seal(r retrieval.Record) []retrieval.Stored {
	stored := retrieval.Seal(r)
	if s.Embedder == nil {
		return stored
	}
	var passages []retrieval.Passage
	for _, p := range stored {
		passages = append(passages, p.Passage)
	}
	for i, v := range s.vectors(r, passages) {
		stored[i].Vector, stored[i].Space = v, s.Embedder.Space()
	}
	return stored
}

// sealed is what the store keeps of an article's vectors in the space.
func (s *Store) sealedVectors(r retrieval.Record, space retrieval.Space) []byte {
	if s.Embedder == nil || s.Embedder.Space() != space {
		return nil
	}
	passages := retrieval.Split(r)
	return slices.Clip(retrieval.SealVectors(space, r, passages, s.vectors(r, passages)))
}
