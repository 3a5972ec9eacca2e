package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"sync"

	"candor/consent"
	"candor/retrieval"
)

// The data are made up, and the same in every run: words by Zipf's law about topics
// that have words of their own, and vectors that lie around their topic's. `assistant
// bench retrieval` makes the same kind.
const (
	words     = 50_000
	topics    = 500
	dimension = 384
)

// categories are those of a customer's passages, by turns. A customer grants the first
// three.
var (
	categories = []string{"orders", "billing", "support_history", "preferences", "profile"}
	allowed    = categories[:3]
)

// sizes are those of the data.
type sizes struct {
	knowledge int // passages
	customers int
	passages  int // of each customer
}

// doc is a passage with what a filter needs to know of it.
type doc struct {
	title, text string
	internal    bool   // of the knowledge: one in ten is
	category    string // of a customer's
}

// input is what an encoder would see of it.
func (d doc) input() string { return d.title + "\n" + d.text }

// public is the other way round, as others' filters want it.
func (d doc) visibility() string {
	if d.internal {
		return "internal"
	}
	return "public"
}

// article is the n-th passage of the knowledge.
func article(n int) doc {
	d := draw(fmt.Sprint("article ", n))
	topic := d.r.IntN(topics)
	return doc{title: d.title(topic), text: d.text(topic, 100+d.r.IntN(40)), internal: n%10 == 9}
}

// own is the n-th passage of a customer.
func own(customer, n int) doc {
	d := draw(fmt.Sprint("customer ", customer, " passage ", n))
	topic := d.r.IntN(topics)
	return doc{title: d.title(topic), text: d.text(topic, 20+d.r.IntN(10)), category: categories[n%len(categories)]}
}

// question is the n-th question: the word of a topic and five others.
func question(n int) string {
	d := draw(fmt.Sprint("question ", n))
	topic := d.r.IntN(topics)
	return word(topic) + " " + strings.Join(d.words(topic, 5), " ")
}

// word is the i-th word, of three syllables.
func word(i int) string {
	const consonants, vowels = "bdfghklmnprstvz", "aeiou"
	const syllables = len(consonants) * len(vowels)
	var b []byte
	for range 3 {
		s := i % syllables
		b = append(b, consonants[s/len(vowels)], vowels[s%len(vowels)])
		i /= syllables
	}
	return string(b)
}

// source makes texts from random numbers.
type source struct {
	r    *rand.Rand
	zipf *rand.Zipf
}

// draw is the source of a thing, the same every time.
func draw(name string) source {
	r := random(name)
	return source{r, rand.NewZipf(r, 1.1, 20, words-1)}
}

func random(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)                // a hash does not fail
	return rand.New(rand.NewPCG(h.Sum64(), 2026)) //nolint:gosec // data of a benchmark
}

// words are n words of a topic: each third is the topic's own.
func (s source) words(topic, n int) []string {
	out := make([]string, n)
	for i := range out {
		w := int(s.zipf.Uint64())
		if s.r.IntN(3) == 0 {
			w = (w + (topic+1)*words/(topics+1)) % words
		}
		out[i] = word(w)
	}
	return out
}

// title starts with the word of its topic.
func (s source) title(topic int) string {
	return word(topic) + " " + strings.Join(s.words(topic, 2), " ")
}

// text is n words in sentences of twelve.
func (s source) text(topic, n int) string {
	var b strings.Builder
	for i, w := range s.words(topic, n) {
		switch {
		case i == 0:
		case i%12 == 0:
			b.WriteString(". ")
		default:
			b.WriteByte(' ')
		}
		if i%12 == 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		b.WriteString(w)
	}
	b.WriteByte('.')
	return b.String()
}

// embedder is a retrieval.Embedder that takes no time to speak of: a text's vector
// lies around that of the topic which its first word says.
type embedder struct{}

var _ retrieval.Embedder = embedder{}

func (embedder) Space() retrieval.Space {
	return retrieval.Space{Model: "bench", Version: "1", Dimension: dimension, Quantisation: retrieval.Int8}
}

func (embedder) Recipient() consent.Recipient { return consent.BrandAI }

func (embedder) Embed(_ context.Context, _ retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	out := make([]retrieval.Vector, len(texts))
	for i, t := range texts {
		out[i] = retrieval.Quantise(embed(t))
	}
	return out, nil
}

var centres = sync.OnceValue(func() map[string][]float32 {
	out := make(map[string][]float32, topics)
	for t := range topics {
		out[word(t)] = direction(random(fmt.Sprint("topic ", t)))
	}
	return out
})

// embed returns the vector of a text, of length 1.
func embed(text string) []float32 {
	v := direction(random(text))
	first, _, _ := strings.Cut(text, " ")
	sum := 0.0
	centre := centres()[first]
	for i := range v {
		v[i] += centre[i]
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// direction is a random one, of length 1 or about.
func direction(r *rand.Rand) []float32 {
	v := make([]float32, dimension)
	for i := range v {
		v[i] = float32(r.NormFloat64()) / 19.6 // the root of the dimension
	}
	return v
}
