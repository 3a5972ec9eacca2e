package extractive

import (
	"context"
	"crypto/sha256"
	"sync"

	"candor/consent"
	"candor/retrieval"
)

// remembered is how many sentences of articles keep their vectors: some 8 MB.
const remembered = 20_000

// meaning tells how near sentences of articles are to a question. It is safe for
// concurrent use. Of what it was shown it keeps hashes and vectors, of articles only.
type meaning struct {
	embedder retrieval.Embedder

	mu sync.Mutex
	// Vectors are kept in two generations, so that what is not asked for any more goes.
	young, old map[[16]byte]retrieval.Vector
}

// newMeaning returns nil for an embedder that is not the company's own.
//
// SECURITY: a question is the customer's own words, and leaves the house only under
// a grant, which nobody looks at here.
func newMeaning(e retrieval.Embedder) *meaning {
	if e == nil || e.Recipient() != consent.BrandAI {
		return nil
	}
	return &meaning{embedder: e, young: make(map[[16]byte]retrieval.Vector)}
}

// questions returns the vectors of a question as it stands and with what it leans on;
// ok is false where they cannot be had.
func (m *meaning) questions(ctx context.Context, own, whole string) (o, w retrieval.Vector, ok bool) {
	texts := []string{own, whole}
	if own == whole {
		texts = texts[:1]
	}
	vectors, err := m.embedder.Embed(ctx, retrieval.QueryText, texts)
	if err != nil || len(vectors) != len(texts) {
		return o, w, false
	}
	o, w = vectors[0], vectors[len(vectors)-1]
	return o, w, !w.Zero()
}

// articles returns the vectors of sentences of articles, nil where they cannot be had.
func (m *meaning) articles(ctx context.Context, texts []string) []retrieval.Vector {
	keys := make([][16]byte, len(texts))
	out := make([]retrieval.Vector, len(texts))
	var fresh []string
	var at []int
	m.mu.Lock()
	for i, text := range texts {
		sum := sha256.Sum256([]byte(text))
		keys[i] = [16]byte(sum[:16])
		v, ok := m.young[keys[i]]
		if !ok {
			if v, ok = m.old[keys[i]]; ok {
				m.keep(keys[i], v)
			}
		}
		if out[i] = v; !ok {
			fresh, at = append(fresh, text), append(at, i)
		}
	}
	m.mu.Unlock()
	if len(fresh) == 0 {
		return out
	}
	vectors, err := m.embedder.Embed(ctx, retrieval.PassageText, fresh)
	if err != nil || len(vectors) != len(fresh) {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, v := range vectors {
		out[at[i]] = v
		m.keep(keys[at[i]], v)
	}
	return out
}

// keep remembers a vector. The caller holds the lock.
func (m *meaning) keep(key [16]byte, v retrieval.Vector) {
	if len(m.young) >= remembered/2 {
		m.old, m.young = m.young, make(map[[16]byte]retrieval.Vector)
	}
	m.young[key] = v
}
