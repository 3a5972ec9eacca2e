package answer

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// comparison says how one sentence stands to its evidence. Shares are 0 to 1, the
// others counts; a window is some units in a row.
type comparison struct {
	size float64 // terms and values

	covered, coveredExactly, coveredPlainly float64    // in all units; by weight, without words that are only alike, without weights
	windows                                 [4]float64 // the share that the best 1, 2, 3 and 6 units in a row cover
	best                                    int        // the unit that covers the most; -1: none covers anything
	place                                   float64    // of that unit among all
	bigrams, pairs, order, run, trigrams    float64
	precision                               float64 // the share of the best unit that the sentence repeats

	terms, values, names                       float64
	missing, missingNames, missingValues       float64
	missingFirst, missingLast, longest         float64 // in either half; letters of the longest
	valuesElsewhere                            float64 // that the best unit does not hold
	negationDiffers, opposed, negated          float64
	signs, signsMissing, same, against         float64
	bestSame, bestAgainst, wordSame, wordTurns float64
	product, productWide, productAll           float64
	productBest                                float64
	affixes                                    float64
}

// spread is which terms and how many values of a claim each unit holds.
type spread struct {
	terms  map[int32]uint64 // a bit for each
	values map[int32]uint64
	units  []int32 // in order
}

// rated is a unit with the share of a claim that it covers.
type rated struct {
	unit  int32
	share float64
}

// spread finds where the evidence has what a claim says.
func (e *evidence) spread(c claim) spread {
	in := spread{terms: make(map[int32]uint64), values: make(map[int32]uint64)}
	for i, t := range c.terms {
		if t.match > 0 {
			for _, u := range e.in[t.id] {
				in.terms[u] |= 1 << i
			}
		}
	}
	for i, v := range c.values {
		for _, k := range v.keys {
			for _, u := range e.valuesIn[k] {
				in.values[u] |= 1 << min(i, 63)
				in.terms[u] |= 0 // it is among the units
			}
		}
	}
	for u := range in.terms {
		in.units = append(in.units, u)
	}
	slices.Sort(in.units)
	return in
}

// compare compares a sentence with the evidence.
func (e *evidence) compare(c claim) comparison {
	s := comparison{best: -1, terms: float64(len(c.terms)), values: float64(len(c.values)), negated: share(c.negated)}
	if s.size = s.terms + s.values; s.size == 0 {
		return s
	}
	got, exact, plain := 0.0, 0.0, 0.0
	for i, t := range c.terms {
		got += t.weight * t.match
		if t.name {
			s.names++
		}
		switch {
		case t.match == 1:
			exact += t.weight
			plain++
		case t.match == 0:
			s.missing++
			s.longest = max(s.longest, float64(utf8.RuneCountInString(t.stem)))
			if t.name {
				s.missingNames++
			}
			if i < (len(c.terms)+1)/2 {
				s.missingFirst++
			} else {
				s.missingLast++
			}
		}
	}
	for _, v := range c.values {
		if !slices.ContainsFunc(v.keys, func(k string) bool { return e.held[k] }) {
			s.missingValues++
		}
	}
	held := s.values - s.missingValues
	s.covered, s.coveredExactly, s.coveredPlainly = (got+held)/c.weight, (exact+held)/c.weight, (plain+held)/s.size
	in := e.spread(c)
	ranking := e.rate(c, in, &s)
	s.pairs, s.bigrams = e.pairsOf(c, s.covered), e.bigramsOf(c.words)
	s.run = float64(e.longestRun(c.words)) / float64(max(1, len(c.words)))
	if s.best >= 0 {
		e.compareBest(c, in, &s)
		e.compareDirections(c, ranking, &s)
	}
	return s
}

func share(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// widths are how many units in a row are looked at together.
var widths = [4]int32{1, 2, 3, 6}

// rate finds how much of a claim the best units cover, and ranks them.
func (e *evidence) rate(c claim, in spread, s *comparison) (ranking []rated) {
	for _, u := range in.units {
		var terms, values uint64
		k := u
		for w, width := range widths {
			for ; k < u+width; k++ {
				terms |= in.terms[k]
				values |= in.values[k]
			}
			x := covers(c, terms, values)
			if w == 0 {
				ranking = append(ranking, rated{u, x})
				if x > s.windows[0] {
					s.best = int(u)
				}
			}
			s.windows[w] = max(s.windows[w], x)
		}
	}
	slices.SortStableFunc(ranking, func(a, b rated) int { return cmp.Compare(b.share, a.share) })
	return ranking
}

// covers is the share of a claim that some of its terms and values make up.
func covers(c claim, terms, values uint64) float64 {
	x := 0.0
	for i, t := range c.terms {
		if terms&(1<<i) != 0 {
			x += t.weight * t.match
		}
	}
	for ; values != 0; values &= values - 1 {
		x++
	}
	return min(1, x/c.weight)
}

// compareBest compares a claim with the unit that covers the most of it.
func (e *evidence) compareBest(c claim, in spread, s *comparison) {
	u := e.units[s.best]
	s.place = (float64(s.best) + .5) / float64(len(e.units))
	s.order = float64(commonOrder(c.words, u.words)) / float64(max(1, len(c.words)))
	repeated := 0
	for i := range c.terms {
		if in.terms[int32(s.best)]&(1<<i) != 0 {
			repeated++
		}
	}
	if u.content > 0 {
		s.precision = min(1, float64(repeated)/float64(u.content))
	}
	text := fold(u.text)
	s.trigrams = containment(c.folded, text)
	s.negationDiffers = share(u.negated != c.negated)
	s.opposed = float64(opposed(c.folded, text))
	here := 0
	for v := in.values[int32(s.best)]; v != 0; v &= v - 1 {
		here++
	}
	s.valuesElsewhere = s.values - s.missingValues - float64(here)
}

// commonOrder is the length of the longest common subsequence of the first words.
func commonOrder(a, b []int32) int {
	a, b = a[:min(len(a), 100)], b[:min(len(b), 200)]
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

// containment is the share of the first text's trigrams of letters that are in the other.
func containment(a, b string) float64 {
	x, y := trigrams(a), trigrams(b)
	n := 0
	for k := range x {
		if y[k] {
			n++
		}
	}
	return float64(n) / float64(max(1, len(x)))
}

func trigrams(text string) map[[3]rune]bool {
	const most = 2000 // letters: no sentence is longer
	set := make(map[[3]rune]bool, min(len(text), most))
	var last [3]rune
	n := 0
	for _, r := range text {
		last = [3]rune{last[1], last[2], r}
		if n++; n >= 3 {
			set[last] = true
		}
		if n == most {
			break
		}
	}
	return set
}

// pairsOf is the share of neighbouring content words that some unit holds both of.
func (e *evidence) pairsOf(c claim, otherwise float64) float64 {
	if len(c.terms) < 2 {
		return otherwise
	}
	n := 0
	for i := 1; i < len(c.terms); i++ {
		if a, b := c.terms[i-1], c.terms[i]; a.match > 0 && b.match > 0 && e.together(a.id, b.id, nil) {
			n++
		}
	}
	return float64(n) / float64(len(c.terms)-1)
}

// bigramsOf is the share of neighbouring words that are neighbours in some unit.
func (e *evidence) bigramsOf(words []int32) float64 {
	n := 0
	for i := 1; i < len(words); i++ {
		a, b := words[i-1], words[i]
		if a >= 0 && b >= 0 && e.together(a, b, func(in []int32) bool {
			for k := 1; k < len(in); k++ {
				if in[k-1] == a && in[k] == b {
					return true
				}
			}
			return false
		}) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(words)-1))
}

// together reports whether some unit holds both words, and is accepted; nil: any is.
func (e *evidence) together(a, b int32, accept func(words []int32) bool) bool {
	x, y := e.in[a], e.in[b]
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] < y[j]:
			i++
		case x[i] > y[j]:
			j++
		default:
			if accept == nil || accept(e.units[x[i]].words) {
				return true
			}
			i++
			j++
		}
	}
	return false
}

// longestRun is how many words in a row some unit has in the same order, stop words
// included. Runs begin with a word that is in few units: those of "the" are no sign.
func (e *evidence) longestRun(words []int32) int {
	const few = 200
	best := 0
	for i, w := range words {
		if w < 0 || len(words)-i <= best || len(e.in[w]) > few {
			continue
		}
		for _, u := range e.in[w] {
			there := e.units[u].words
			for k := range there {
				n := 0
				for i+n < len(words) && k+n < len(there) && words[i+n] == there[k+n] {
					n++
				}
				best = max(best, n)
			}
		}
	}
	return best
}

// near is how many words apart a direction and what it is said of may be.
const near = 14

// compareDirections compares where a claim says that things go with where its best
// units do: word by word, beside the words that both hold, and as the product of all
// directions, in which two turns cancel out ("the lack of it prevents").
func (e *evidence) compareDirections(c claim, ranking []rated, s *comparison) {
	matched := make(map[int]int32)
	for _, t := range c.terms {
		if t.match > 0 {
			matched[t.at] = t.id
		}
	}
	mine := make(map[string]int8)
	for k, sign := range c.signs {
		if sign != 0 {
			mine[c.stems[k]] = sign
		}
	}
	for rank, r := range ranking[:min(3, len(ranking))] {
		u := e.units[r.unit]
		first, last := len(u.words), -1
		for k, w := range u.words {
			for _, id := range matched {
				if id == w {
					first, last = min(first, k), max(last, k)
				}
			}
		}
		p := u.product(first-3, last+4, mine, c.negated)
		s.product += p * r.share
		s.productWide += u.product(first-6, last+7, mine, c.negated) * r.share
		s.productAll += u.product(0, len(u.words), mine, c.negated) * r.share
		if rank == 0 {
			s.productBest = p
		}
		for at, sign := range c.signs {
			if sign == 0 {
				continue
			}
			if vote := u.vote(c, matched, at, sign) * r.share; vote > 0 {
				s.same += vote
			} else {
				s.against -= vote
			}
			if rank == 0 {
				u.count(matched, at, sign, s)
			}
		}
	}
	for at, sign := range c.signs {
		if sign != 0 {
			s.signs++
			if _, ok := matched[at]; !ok {
				s.signsMissing++
			}
		}
	}
	s.affixes = e.affixes(c)
}

// product is 1 where a claim and a part of the unit go the same way, else -1. Each
// word counts once. Without directions, negations say which way.
func (u unit) product(from, to int, mine map[string]int8, negated bool) float64 {
	p := int8(1)
	theirs := make(map[int32]int8)
	for k := max(0, from); k < min(len(u.signs), to); k++ {
		if u.signs[k] != 0 {
			theirs[u.words[k]] = u.signs[k]
		}
	}
	for _, sign := range theirs {
		p *= sign
	}
	for _, sign := range mine {
		p *= sign
	}
	if len(mine) == 0 && negated {
		p = -p
	}
	if len(theirs) == 0 && u.negated {
		p = -p
	}
	return float64(p)
}

// vote is positive where the unit's direction nearest to the words beside the
// claim's direction at a place is the same, negative where it is the opposite.
func (u unit) vote(c claim, matched map[int]int32, at int, sign int8) (vote float64) {
	for _, step := range []int{-1, 1} {
		for j, n := at+step, 0; j >= 0 && j < len(c.words) && n < 2; j += step {
			id, ok := matched[j]
			if !ok || c.signs[j] != 0 {
				continue
			}
			n++
			nearest, distance := int8(0), near+1
			for k, w := range u.words {
				if w != id {
					continue
				}
				for l := max(0, k-near); l < min(len(u.words), k+near+1); l++ {
					if d := max(l-k, k-l); u.signs[l] != 0 && d < distance {
						nearest, distance = u.signs[l], d
					}
				}
			}
			vote += float64(nearest*sign) / float64(1+distance) / float64(n)
		}
	}
	return vote
}

// count counts the best unit's directions that agree with one of a claim's.
func (u unit) count(matched map[int]int32, at int, sign int8, s *comparison) {
	id, known := matched[at]
	for k, other := range u.signs {
		switch {
		case other == sign:
			s.bestSame++
			s.wordSame += share(known && u.words[k] == id)
		case other != 0:
			s.bestAgainst++
			s.wordTurns += share(known && u.words[k] == id)
		}
	}
}

// affixes counts the words of a claim that its evidence has only with, or only
// without, a syllable that denies.
func (e *evidence) affixes(c claim) (n float64) {
	for _, t := range c.terms {
		if t.match == 1 {
			continue
		}
		for _, p := range []string{"in", "un", "non", "dis", "im", "mis"} {
			if rest, ok := strings.CutPrefix(t.stem, p); ok && len(rest) > 3 {
				_, known := e.ids[rest]
				n += share(known)
			}
			_, known := e.ids[p+t.stem]
			n += share(known)
		}
	}
	return n
}

// ratio is (a - b) / (a + b + more).
func ratio(a, b, more float64) float64 { return (a - b) / (a + b + more) }

// feature is one number that the classifier sees.
type feature struct {
	name string
	// of is its value for a sentence; over several the mean by size counts, and the
	// least or the most where that is said. Sum: their sum instead.
	of               func(s comparison) float64
	least, most, sum bool
	// grows is 1 where more of it can only speak for a claim, -1 where against; the
	// classifier is trained to hold to that.
	grows int
}

var features = []feature{
	{"covered", func(s comparison) float64 { return s.covered }, true, false, false, 1},
	{"covered exactly", func(s comparison) float64 { return s.coveredExactly }, true, false, false, 1},
	{"covered plainly", func(s comparison) float64 { return s.coveredPlainly }, true, false, false, 1},
	{"window 1", func(s comparison) float64 { return s.windows[0] }, true, false, false, 1},
	{"window 2", func(s comparison) float64 { return s.windows[1] }, true, false, false, 1},
	{"window 3", func(s comparison) float64 { return s.windows[2] }, true, false, false, 1},
	{"window 6", func(s comparison) float64 { return s.windows[3] }, true, false, false, 1},
	{"bigrams", func(s comparison) float64 { return s.bigrams }, true, false, false, 1},
	{"pairs", func(s comparison) float64 { return s.pairs }, true, false, false, 1},
	{"order", func(s comparison) float64 { return s.order }, true, false, false, 1},
	{"run", func(s comparison) float64 { return s.run }, true, true, false, 1},
	{"trigrams", func(s comparison) float64 { return s.trigrams }, true, false, false, 1},
	{"precision", func(s comparison) float64 { return s.precision }, false, true, false, 0},
	{"negation differs", func(s comparison) float64 { return s.negationDiffers }, false, true, false, -1},
	{"opposed", func(s comparison) float64 { return s.opposed }, false, true, false, -1},
	{"product", func(s comparison) float64 { return s.product }, false, false, false, 1},
	{"product wide", func(s comparison) float64 { return s.productWide }, false, false, false, 1},
	{"product all", func(s comparison) float64 { return s.productAll }, false, false, false, 1},
	{"product best", func(s comparison) float64 { return s.productBest }, false, false, false, 1},
	{"place", func(s comparison) float64 { return s.place }, false, false, false, 0},
	{"signs", func(s comparison) float64 { return s.signs }, false, false, false, 0},
	{"signs missing", func(s comparison) float64 { return s.signsMissing }, false, false, false, -1},
	{"same", func(s comparison) float64 { return s.same }, false, false, false, 1},
	{"against", func(s comparison) float64 { return s.against }, false, true, false, -1},
	{"same or against", func(s comparison) float64 { return s.same - s.against }, true, false, false, 1},
	{"share of same", func(s comparison) float64 { return ratio(s.same, s.against, .02) }, true, false, false, 1},
	{"best same", func(s comparison) float64 { return s.bestSame }, false, false, false, 0},
	{"best against", func(s comparison) float64 { return s.bestAgainst }, false, false, false, -1},
	{"share of best same", func(s comparison) float64 { return ratio(s.bestSame, s.bestAgainst, 1) }, false, false, false, 1},
	{"word same", func(s comparison) float64 { return s.wordSame }, false, false, false, 1},
	{"word turns", func(s comparison) float64 { return s.wordTurns }, false, true, false, -1},
	{"affixes", func(s comparison) float64 { return s.affixes }, false, true, false, -1},
	{"negated", func(s comparison) float64 { return s.negated }, false, true, false, 0},
	{"longest missing", func(s comparison) float64 { return s.longest }, false, true, false, -1},
	{"values elsewhere", func(s comparison) float64 { return s.valuesElsewhere }, false, true, false, -1},
	{"missing", func(s comparison) float64 { return s.missing }, false, false, true, -1},
	{"missing names", func(s comparison) float64 { return s.missingNames }, false, false, true, -1},
	{"missing values", func(s comparison) float64 { return s.missingValues }, false, false, true, -1},
	{"missing first", func(s comparison) float64 { return s.missingFirst }, false, false, true, -1},
	{"missing last", func(s comparison) float64 { return s.missingLast }, false, false, true, -1},
	{"names", func(s comparison) float64 { return s.names }, false, false, true, 0},
	{"values", func(s comparison) float64 { return s.values }, false, false, true, 0},
	{"terms", func(s comparison) float64 { return s.terms }, false, false, true, 0},
}

// assess returns the features of a text of one sentence or several.
func (e *evidence) assess(text string, sentences []claim, compared []comparison) []float64 {
	out := make([]float64, 0, 2*len(features))
	for _, f := range features {
		sum, mean, size := 0.0, 0.0, 0.0
		least, most := math.Inf(1), math.Inf(-1)
		for _, s := range compared {
			x, n := f.of(s), s.size+.01
			sum, mean, size = sum+x, mean+x*n, size+n
			least, most = min(least, x), max(most, x)
		}
		if f.sum {
			out = append(out, sum)
			continue
		}
		out = append(out, mean/size)
		if f.least {
			out = append(out, least)
		}
		if f.most {
			out = append(out, most)
		}
	}
	words, speaker := 0, 0
	for _, c := range sentences {
		words += len(c.words)
		for _, w := range strings.Fields(c.folded) {
			if speakers[w] {
				speaker++
			}
		}
	}
	marks := strings.Count(text, "?") + strings.Count(text, "!")
	return append(out, float64(len(sentences)), math.Log1p(float64(words)), math.Log1p(float64(e.content)), math.Log1p(float64(len(e.units))),
		float64(speaker), float64(marks))
}

// speakers are words by which somebody speaks of themself or to somebody: what no
// source says.
var speakers = func() map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields("i im ive id my me we you your eu yo я") {
		m[w] = true
	}
	return m
}()

// FeatureNames are the names of what Features returns, and, by name, whether more of
// it speaks for a claim (1), against it (-1) or neither (0).
func FeatureNames() (names []string, grows []int) {
	add := func(name string, g int) { names, grows = append(names, name), append(grows, g) }
	for _, f := range features {
		add(f.name, f.grows)
		if f.least {
			add("least "+f.name, f.grows)
		}
		if f.most {
			add("most "+f.name, f.grows)
		}
	}
	for _, n := range []string{"sentences", "words", "source words", "source units", "speaker", "marks"} {
		add(n, 0)
	}
	return names, grows
}
