package answer

import (
	"context"
	"slices"
	"strings"
	"sync"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// Verifier checks sentences. The zero value does so by words alone. It is safe for
// concurrent use.
type Verifier struct {
	// Embedder tells how near a sentence is to a source in another language; nil: such
	// a sentence passes only as a quote or a statement.
	//
	// SECURITY: it sees sources of any category, so it is used only where it is the
	// company's own (consent.BrandAI).
	Embedder retrieval.Embedder
}

// Check checks the sentences of one answer. Sources are read when they are first
// cited, once. It is safe for concurrent use.
type Check struct {
	verifier *Verifier
	hits     []retrieval.Hit

	mu      sync.Mutex
	sources map[string]*source // by the ids of the records
}

// source is the evidence of some records, and the vectors of its units, made when they
// are first needed.
type source struct {
	*evidence
	vectors []retrieval.Vector
}

// Check returns what checks the sentences of an answer from these hits.
func (v *Verifier) Check(hits []retrieval.Hit) *Check {
	return &Check{verifier: v, hits: hits, sources: make(map[string]*source)}
}

// Prepare reads the sources, so that the first sentence need not wait for it. Call it
// while a model is being asked.
func (c *Check) Prepare() {
	for _, h := range c.hits {
		c.source([]retrieval.Record{h.Record})
	}
}

// maxClaim bounds a sentence, in bytes: nobody reads more than that as one.
const maxClaim = 8000

// Thresholds of the score: from Threshold on more claims of the evaluation data are
// supported than not, each label counted alike; below ReleaseThreshold nothing is
// shown that is not word for word.
var (
	Threshold        = model.Threshold
	ReleaseThreshold = model.Release
)

// Verify checks a sentence. The error is nil if it may be shown: every citation names a
// passage of the hits with a quote that is in its record word for word, and the
// sentence is one of
//
//   - its quotes, shown as plain text and cut at sentence boundaries;
//   - a statement that the fields of a cited record make (see Statements);
//   - said in other words, where every value and name of it is in the cited records,
//     close to what it is said of; it denies what they deny and goes the way they go;
//     and its score is at least ReleaseThreshold.
//
// Score is how likely its sources support it, 0 to 1 (of claims with a score of .8 four
// in five are), by words alone: it is 1 for quotes and statements, and 0 where the
// citations are wrong. A source without a text supports nothing but its statements and
// sentences of its own words. The quote may be empty there.
//
// The error is one of ErrNoCitation, ErrUnknownSource, ErrQuote, ErrValue,
// ErrContradiction and ErrWords, or that of ctx or of the embedder.
func (c *Check) Verify(ctx context.Context, s Sentence) (score float64, err error) {
	if len(s.Citations) == 0 {
		return 0, ErrNoCitation
	}
	text := oneLine(s.Text)
	if text == "" || len(text) > maxClaim {
		return 0, ErrWords
	}
	cited := make([]retrieval.Record, 0, len(s.Citations))
	var once []retrieval.Record
	var passages []string
	for _, x := range s.Citations {
		i := slices.IndexFunc(c.hits, func(h retrieval.Hit) bool { return h.Record.ID == x.RecordID && h.PassageID == x.PassageID })
		if i < 0 || x.RecordID == "" {
			return 0, ErrUnknownSource
		}
		r := c.hits[i].Record
		passages = append(passages, c.hits[i].Text())
		if !strings.Contains(r.Text, x.Quote) || strings.TrimSpace(x.Quote) == "" && (r.Text != "" || len(r.Fields) == 0) {
			return 0, ErrQuote
		}
		cited = append(cited, r)
		if !slices.ContainsFunc(once, func(o retrieval.Record) bool { return o.ID == r.ID }) {
			once = append(once, r)
		}
	}
	if isQuote(text, s.Citations, cited) || isStatement(text, cited) {
		return 1, nil
	}
	src := c.source(once)
	sentences, compared := src.take(text)
	if language := analysis.DetectLanguage(text); foreign(language, src.language) && !shares(compared) {
		return c.translated(ctx, text, language, src, passages)
	}
	score = model.score(src.assess(text, sentences, compared))
	for i, x := range sentences {
		if err := src.agrees(x, compared[i]); err != nil {
			return score, err
		}
	}
	if !labelled(text, once, src.language) {
		return score, ErrValue
	}
	if score < ReleaseThreshold {
		return score, ErrWords
	}
	return score, nil
}

func (c *Check) source(records []retrieval.Record) *source {
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	key := strings.Join(ids, "\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.sources[key]
	if !ok {
		s = &source{evidence: readEvidence(records...)}
		c.sources[key] = s
	}
	return s
}

// foreign reports whether both languages are known and differ.
func foreign(a, b string) bool {
	a, b = analysis.Base(a), analysis.Base(b)
	return a != "" && b != "" && a != b
}

// shares reports whether sentences have most of their words in common with the
// evidence. The language of a few names and terms of art is often mistaken, and what is
// in another language has little in common.
func shares(compared []comparison) bool {
	const most = 0.6
	got, size := 0.0, 0.0
	for _, s := range compared {
		got, size = got+s.covered*s.size, size+s.size
	}
	return got >= most*size
}

// agrees holds a sentence in the language of its evidence to what must not differ.
func (e *evidence) agrees(c claim, s comparison) error {
	if err := e.holds(c, s); err != nil {
		return err
	}
	if s.best < 0 {
		return ErrWords
	}
	if !e.prose && s.missing > 0 {
		return ErrWords // fields do not say how they hang together
	}
	// Several units may cover it alike: it is enough that one of them does not deny it.
	for _, u := range e.nearestUnits(c, s) {
		if !e.contradicts(c, e.units[u]) {
			return nil
		}
	}
	return ErrContradiction
}

// contradicts reports whether a unit denies what a sentence says, or says the opposite.
func (e *evidence) contradicts(c claim, u unit) bool {
	if u.negated != c.negated || opposed(c.folded, fold(u.text)) > 0 || e.affixes(c) > 0 {
		return true
	}
	for _, t := range c.terms {
		if t.match > 0 && c.denied[t.id] != u.denied[t.id] && slices.Contains(u.words, t.id) {
			return true
		}
	}
	return false
}

// nearestUnits are the units that cover the most of a sentence, and of these those that
// have the most of its words in the same order.
func (e *evidence) nearestUnits(c claim, s comparison) (units []int32) {
	in := e.spread(c)
	most := 0
	for _, n := range in.units {
		if covers(c, in.terms[n], in.values[n]) < s.windows[0]-1e-9 {
			continue
		}
		order := commonOrder(c.words, e.units[n].words)
		if order > most {
			units, most = nil, order
		}
		if order == most {
			units = append(units, n)
		}
	}
	return units
}

// holds reports whether the evidence holds every value and name of a sentence, and the
// values near to what else the sentence says. Near is within three units in a row that
// cover at least three fifths of what the best three do.
func (e *evidence) holds(c claim, s comparison) error {
	if s.missingValues > 0 {
		return ErrValue
	}
	for _, t := range c.terms {
		if t.match == 0 && (t.name || t.at == 0 && unknownName(t, e.language)) && !e.hasName(t.surface) {
			return ErrValue
		}
	}
	if len(c.values) == 0 || len(c.values)+len(c.terms) == 1 {
		return nil
	}
	const near = 0.6
	in := e.spread(c)
	for i := range c.values {
		best := 0.0
		for _, u := range in.units {
			var terms, values uint64
			for k := max(0, u-1); k <= u+1; k++ {
				terms |= in.terms[k]
				values |= in.values[k]
			}
			if in.values[u]&(1<<min(i, 63)) != 0 {
				best = max(best, covers(c, terms, values))
			}
		}
		if best < near*s.windows[2] || !e.binds(c, i, in, s.windows[0]) {
			return ErrValue
		}
	}
	return nil
}

// hasName reports whether the evidence has a word as it is written, perhaps in the other
// alphabet.
func (e *evidence) hasName(surface string) bool {
	for _, w := range strings.Fields(fold(surface)) {
		if e.names[w] {
			continue
		}
		if !e.hasTransliterated(w) {
			return false
		}
	}
	return true
}

// unknownName reports whether the first word of a sentence may be a name: nothing else
// tells it from a word that has a capital because it is the first.
func unknownName(t claimTerm, language string) bool {
	return len(t.surface) > 0 && strings.ToLower(t.surface) != t.surface && !slices.Contains(analysis.Common(language), strings.ToLower(t.surface))
}

// translated checks a sentence in another language than its source: values and names
// to the letter, what it denies, and by the encoder whether it means what a unit of the
// source does.
func (c *Check) translated(ctx context.Context, text, language string, src *source, passages []string) (float64, error) {
	own := readEvidence(retrieval.Record{Text: text, Language: language})
	x := own.readClaim(text)
	for _, v := range x.values {
		if !slices.ContainsFunc(v.keys, func(k string) bool { return src.held[k] }) {
			return 0, ErrValue
		}
	}
	for _, t := range x.terms {
		if _, near := src.like(t.stem); t.name && near == 0 && !src.hasName(t.surface) {
			return 0, ErrValue
		}
	}
	if e := c.verifier.Embedder; e == nil || e.Recipient() != consent.BrandAI || len(x.terms) == 0 {
		return 0, ErrWords
	}
	best, cosine, err := c.nearest(ctx, text, src, passages)
	if err != nil {
		return 0, err
	}
	if best < 0 {
		return 0, ErrWords
	}
	score := crossScore(cosine)
	u := src.units[best]
	if u.negated != x.negated || opposed(x.folded, fold(u.text)) > 0 {
		return score, ErrContradiction
	}
	if score < crossRelease {
		return score, ErrWords
	}
	return score, nil
}
