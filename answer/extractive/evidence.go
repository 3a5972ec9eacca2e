package extractive

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"unicode"

	"candor/answer"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// Evidence is what tells whether articles answer a question. Cosines are of the angle
// between the meaning of the question, with what it leans on, and that of a passage or
// a sentence; shares are of the question's words, weighted by how rare they are.
type Evidence struct {
	Passage       float64 // cosine of the nearest passage
	PassageLead   float64 // by how much it is nearer than the fifth
	PassageAbove  float64 // by how much it is nearer than the passages found are on average
	PassageSpread float64 // standard deviation of their cosines
	Sentence      float64 // cosine of the nearest sentence
	SentenceAlone float64 // the same for the question without what it leans on
	SentenceLead  float64 // by how much the nearest is nearer than the fourth
	Together      float64 // how many of the five nearest are of one record with the nearest, 1 for all

	Covered float64 // the share that one passage holds
	Unknown float64 // the share that nothing found holds
	Lexical float64 // the best BM25 score, for each of the question's words
	Agree   float64 // 1: one record is the best by words and by meaning
	Plain   float64 // 1: by its words alone a sentence answers the question
	Strange float64 // how many names and numbers of the question are in nothing found
	Foreign float64 // 1: the nearest passage is in another language, so that words tell nothing

	Amount    float64 // 1: it asks for an amount of money
	NoValue   float64 // 1: it asks for a kind of value that no passage near the top has
	Pointed   float64 // how many things it points to that were not named ("this card")
	Definite  float64 // how many it takes for known that were not named ("the card")
	Statement float64 // 1: it does not begin as questions do
}

// near is how many hits are looked at closely.
const near = 8

// weighed is how many sentences are compared by meaning: an embedder takes about 2 ms
// for one that it has not seen.
const weighed = 32

// reading is a request as it is understood: the sentences that may answer it, and what
// speaks for them.
type reading struct {
	scorer             // of the question as it was put
	alone    *question // without what it leans on
	whole    scorer    // with it
	units    []*unit
	near     map[*unit]float64 // cosines of the sentences that were compared
	Evidence Evidence
	meant    bool // there are cosines
}

// read looks for what answers a question in articles.
func (a Answerer) read(ctx context.Context, r answer.Request, hits []retrieval.Hit) *reading {
	put := newQuestion(r)
	own := put
	if text := alone(r); text != r.Question {
		r.Question = text
		own = newQuestion(r)
	}
	r.Question = r.Intent.Whole(own.Question)
	whole := newQuestion(r)
	// What is asked is what was asked last, and not what that leans on.
	whole.asksAs(own)
	if put != own {
		put = whole
	}
	out := &reading{scorer: newScorer(put, hits), alone: own, whole: newScorer(whole, hits), units: documents(hits)}
	out.words()
	out.asks()
	out.passages()
	if a.meaning != nil && len(hits) > 0 {
		out.meanings(ctx, a.meaning)
	}
	return out
}

// words fills in what the question's words tell.
func (r *reading) words() {
	e, s := &r.Evidence, r.scorer
	if r.alone != r.question {
		s = newScorer(r.alone, r.hits)
	}
	terms := s.weights(analysis.Base(s.Language))
	total := 0.0
	for _, t := range terms {
		if t.generic || t.text == "" {
			continue
		}
		total += t.weight
		if !t.known {
			e.Unknown += t.weight
		}
	}
	e.Unknown /= max(total, 1e-9)
	lexical := 0.0
	for i, h := range r.hits {
		lexical = max(lexical, h.Lexical)
		if i < near {
			e.Covered = max(e.Covered, s.covers(h))
		}
	}
	e.Lexical = lexical / max(1, float64(len(terms)))
	_, plain := r.whole.best(r.units)
	e.Plain, e.Strange = indicator(plain), s.strange()
}

// strange counts the names and numbers of the question that no hit holds, going by how
// they begin.
func (s scorer) strange() (n float64) {
	var found strings.Builder
	for _, h := range s.hits {
		found.WriteString(strings.ToLower(h.Record.Title + "\n" + h.Text() + "\n"))
	}
	for i, w := range titleWords(s.Question) {
		letters := []rune(w.text)
		if i > 0 && len(letters) > 1 && (w.capital || unicode.IsDigit(letters[0])) &&
			!strings.Contains(found.String(), string(letters[:max(min(4, len(letters)), len(letters)-2)])) {
			n++
		}
	}
	return n
}

// covers is the share of the question's weighted words that a passage holds.
func (s scorer) covers(h retrieval.Hit) float64 {
	language := languageOf(h.Record)
	set := termSet(h.Record.Title+"\n"+h.Text(), language)
	var held, total float64
	for _, t := range s.weights(language) {
		if t.text != "" {
			total += t.weight
			held += t.weight * t.credit(set)
		}
	}
	return held / max(total, 1e-9)
}

// unmarked returns a text that is shown without the mark of a list item.
func unmarked(shown string) string {
	return strings.TrimLeft(shown, "•0123456789. ")
}

// passages fills in what the scores of the search tell.
func (r *reading) passages() {
	if len(r.hits) == 0 {
		return
	}
	e := &r.Evidence
	var cosines []float64
	mean, spread := 0.0, 0.0
	byWords, byMeaning := r.hits[0], r.hits[0]
	for _, h := range r.hits {
		cosines = append(cosines, h.Cosine)
		mean += h.Cosine / float64(len(r.hits))
		if h.Lexical > byWords.Lexical {
			byWords = h
		}
		if h.Cosine > byMeaning.Cosine {
			byMeaning = h
		}
	}
	for _, c := range cosines {
		spread += (c - mean) * (c - mean)
	}
	slices.SortFunc(cosines, func(a, b float64) int { return cmp.Compare(b, a) })
	e.Passage, e.PassageAbove = cosines[0], cosines[0]-mean
	e.PassageLead = cosines[0] - at(cosines, 4)
	e.PassageSpread = math.Sqrt(spread / float64(len(cosines)))
	e.Agree = indicator(byWords.RecordID == byMeaning.RecordID)
	e.Foreign = indicator(languageOf(byMeaning.Record) != analysis.Base(r.Language))
	if m := r.alone.measure; m != noMeasure {
		e.NoValue = indicator(!slices.ContainsFunc(r.hits[:min(4, len(r.hits))], func(h retrieval.Hit) bool { return m.in(h.Text()) }))
	}
}

// at is the i-th of values, 0 where there are fewer.
func at(values []float64, i int) float64 {
	if i < len(values) {
		return values[i]
	}
	return 0
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// meanings compares sentences with the question: those that share most words with it,
// and those of the best hits.
func (r *reading) meanings(ctx context.Context, m *meaning) {
	alone, whole, ok := m.questions(ctx, r.alone.Question, r.Intent.Whole(r.alone.Question))
	if !ok {
		return
	}
	ranked := make([]scored, len(r.units))
	for i, u := range r.units {
		ranked[i] = r.whole.score(u)
	}
	slices.SortStableFunc(ranked, func(a, b scored) int { return cmp.Compare(b.rank, a.rank) })
	picked := make(map[*unit]bool)
	var units []*unit
	pick := func(u *unit) {
		if len(units) < weighed && !picked[u] {
			picked[u] = true
			units = append(units, u)
		}
	}
	for _, c := range ranked[:min(weighed/2-2, len(ranked))] {
		pick(c.unit)
	}
	for _, u := range r.units {
		pick(u)
	}
	texts := make([]string, len(units))
	for i, u := range units {
		texts[i] = u.record.Title + "\n" + unmarked(answer.Display(u.said()))
	}
	vectors := m.articles(ctx, texts)
	if len(vectors) == 0 {
		return
	}
	r.meant, r.near = true, make(map[*unit]float64, len(units))
	e := &r.Evidence
	var cosines []float64
	put := whole
	if r.question == r.alone {
		put = alone
	}
	for i, v := range vectors {
		c := v.Cosine(whole)
		r.near[units[i]] = v.Cosine(put)
		cosines = append(cosines, c)
		e.SentenceAlone = max(e.SentenceAlone, v.Cosine(alone))
	}
	slices.SortFunc(cosines, func(a, b float64) int { return cmp.Compare(b, a) })
	slices.SortStableFunc(units, func(a, b *unit) int { return cmp.Compare(r.near[b], r.near[a]) })
	nearest := units[:min(5, len(units))]
	for _, u := range nearest {
		e.Together += indicator(u.record == nearest[0].record) / float64(len(nearest))
	}
	e.Sentence = cosines[0]
	e.SentenceLead = cosines[0] - cosines[min(3, len(cosines)-1)]
}

var (
	askWords = wordSet(`what what's why how is are was were do does did can could may will would should has have isn't who whom whose when where which
		o que por como é há posso pode podem vocês tem têm quem quando onde qual quais quanto quantos quantas
		qué cómo puedo puede es hay tienen quién quiénes cuándo dónde cuál cuáles cuánto cuántos cuántas
		що чому як чи скільки можна хто коли де який яка яке які якого якому якій яким яких чим чого
		что почему как сколько можно ли есть кто когда где какой какая какое какие какого каком какому каким каких чем чего`)
	// pointers stand before what they point to.
	pointers = wordSet(`this these those that esse essa esses essas aquele aquela aqueles aquelas ese esa esos esas aquel aquella estos estas
		цей ця ці цього цієї цьому этот эта эти этого этой этом`)
)

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// opening is within how many words a question begins as one.
const opening = 3

// asks fills in how the question asks, and what it takes for known. Only English tells
// the latter by an article: other languages have one before anything, or none.
func (r *reading) asks() {
	e, q := &r.Evidence, r.alone
	words := wordPattern.FindAllString(strings.ToLower(q.Question), -1)
	before := " " + strings.Join(wordPattern.FindAllString(strings.ToLower(q.Intent.After), -1), " ")
	e.Amount = indicator(q.measure == aPrice || q.measure == anAmount)
	e.Statement = indicator(!slices.ContainsFunc(words[:min(opening, len(words))], func(w string) bool { return askWords[w] }))
	language := analysis.Base(q.Language)
	for i, w := range words[:max(0, len(words)-1)] {
		next := words[i+1]
		if analysis.IsStop(next, language) || strings.Contains(before, " "+strings.TrimSuffix(next, "s")) {
			continue
		}
		switch {
		case pointers[w]:
			e.Pointed++
		case w == "the":
			e.Definite++
		}
	}
}

// Features are the evidence as numbers, in the order of the weights. What the words
// tell counts only where they are of one language.
func (e Evidence) Features() []float64 {
	same := 1 - e.Foreign
	return []float64{
		e.Passage, e.PassageLead, e.PassageAbove, e.PassageSpread, e.Sentence, e.SentenceAlone, e.SentenceLead, e.Together,
		same * e.Covered, same * e.Unknown, same * e.Lexical, same * e.Agree, same * e.Plain, same * min(e.Strange, 2), e.Foreign,
		e.Amount, e.NoValue, min(e.Pointed, 2), min(e.Definite, 3), e.Statement,
	}
}
