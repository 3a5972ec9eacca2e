package answer

import (
	"maps"
	"slices"
	"strings"

	"candor/retrieval"
	"candor/retrieval/analysis"
)

// evidence is what sentences are compared with: the records that they cite, read
// once and taken apart. It does not change once it is read.
type evidence struct {
	language string
	units    []unit
	stems    []string         // each word of the texts, once
	ids      map[string]int32 // a word's place in stems
	in       [][]int32        // by word, the units that hold it, in their order
	traits   map[string]trait // by word as it is written
	alike    map[string][]int32
	held     map[string]bool    // the keys of all values
	valuesIn map[string][]int32 // by key, the units that hold it
	names    map[string]bool    // folded words as they are written
	content  int                // words that are no stop words
	prose    bool               // there is more than a title and fields
}

// unit is a sentence of a record, its title, or all of its fields.
type unit struct {
	text    string
	words   []int32
	signs   []int8 // by word, where it goes; see direct
	values  []value
	content int
	negated bool
	denied  map[int32]bool // the content words right after a negation
	ends    []int          // by word, where it ends in the text
}

// trait is what matters of a word wherever it stands.
type trait struct {
	sign    int8
	negates bool
	narrow  bool // it denies what follows it, not the sentence: "without"
	stop    bool
}

func traitOf(surface, language string) trait {
	w := strings.TrimSpace(fold(surface))
	return trait{directionOf(w), negations[w], narrowNegations[w], analysis.IsStop(surface, language)}
}

func (e *evidence) traitOf(surface string) trait {
	t, known := e.traits[surface]
	if !known {
		t = traitOf(surface, e.language)
		e.traits[surface] = t
		for _, w := range strings.Fields(fold(surface)) {
			e.names[w] = true
		}
	}
	return t
}

// readEvidence reads records as one source, in the language of the first.
func readEvidence(records ...retrieval.Record) *evidence {
	e := &evidence{
		ids: make(map[string]int32), traits: make(map[string]trait), alike: make(map[string][]int32), held: make(map[string]bool),
		valuesIn: make(map[string][]int32), names: make(map[string]bool),
	}
	for _, r := range records {
		if e.language = r.Language; e.language == "" {
			e.language = analysis.DetectLanguage(r.Text)
		}
		if e.language != "" {
			break
		}
	}
	for _, r := range records {
		e.add(r.Title)
		for _, s := range analysis.Sentences(r.Text) {
			e.prose = true
			e.add(s.Of(r.Text))
		}
		var fields []string
		for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
			fields = append(fields, k+": "+r.Fields[k])
		}
		e.add(strings.Join(fields, "\n"))
	}
	return e
}

func (e *evidence) add(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	n := int32(len(e.units))
	u := unit{text: text}
	var traits []trait
	for _, t := range analysis.Terms(text, e.language) {
		id, known := e.ids[t.Text]
		if !known {
			id = int32(len(e.stems))
			e.ids[t.Text] = id
			e.stems, e.in = append(e.stems, t.Text), append(e.in, nil)
			if p, ok := beginning(t.Text); ok {
				e.alike[p] = append(e.alike[p], id)
			}
		}
		if in := e.in[id]; len(in) == 0 || in[len(in)-1] != n {
			e.in[id] = append(in, n)
		}
		tr := e.traitOf(text[t.Start:t.End])
		u.words, traits = append(u.words, id), append(traits, tr)
		u.ends = append(u.ends, t.End)
		if !tr.stop {
			u.content++
		}
	}
	u.signs, u.negated = direct(traits)
	u.denied = denied(u.words, traits)
	e.content += u.content
	u.values = valuesOf(text)
	for k := range heldBy(u.values) {
		e.held[k] = true
		e.valuesIn[k] = append(e.valuesIn[k], n)
	}
	e.units = append(e.units, u)
}

// beginning is what two forms of one word have in common at least.
func beginning(stem string) (string, bool) {
	const runes = 4
	n := 0
	for i := range stem {
		if n == runes {
			return stem[:i], true
		}
		n++
	}
	return stem, n == runes
}

// like finds the word that is most like one that the source does not have: another
// form of it, or a compound. It returns -1 and 0 for none, else how alike they are:
// 0.8 times the Dice coefficient of what they have in common from their beginning.
func (e *evidence) like(stem string) (id int32, alike float64) {
	id = -1
	if p, ok := beginning(stem); ok {
		most := 0.55
		for _, other := range e.alike[p] {
			if d := commonBeginning(stem, e.stems[other]); d > most {
				id, most, alike = other, d, 0.8*d
			}
		}
	}
	return id, alike
}

func commonBeginning(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return 2 * float64(n) / float64(len(x)+len(y))
}

// denied are the content words that a negation is said of: the first after it.
func denied(words []int32, traits []trait) map[int32]bool {
	const within = 5
	set := make(map[int32]bool)
	for i, t := range traits {
		if !t.negates {
			continue
		}
		for k := i + 1; k < min(len(words), i+within); k++ {
			if !traits[k].stop && !traits[k].negates {
				if words[k] >= 0 {
					set[words[k]] = !set[words[k]]
				}
				break
			}
		}
	}
	return set
}
