package answer

import (
	"math"
	"unicode"
	"unicode/utf8"

	"candor/retrieval/analysis"
)

// claim is a sentence that is compared with its evidence.
type claim struct {
	terms   []claimTerm // content words, each once; at most maxTerms
	words   []int32     // all words in order, as the evidence numbers them; -1: it has no such word
	stems   []string
	signs   []int8
	negated bool
	denied  map[int32]bool // see unit
	values  []value
	weight  float64 // of all terms, and 1 for each value
	folded  string
}

// maxTerms is how many content words of a sentence are compared: a mask has a bit
// for each.
const maxTerms = 64

// claimTerm is a content word, and how the evidence has it.
type claimTerm struct {
	stem    string
	surface string
	id      int32
	match   float64 // 1: the same word; less: a word like it; 0: none
	weight  float64 // the rarer in the evidence, the more; 0 to 1
	at      int     // its place among the words
	end     int     // where it ends in the text
	name    bool    // written as a name, and not because a sentence begins
}

func (e *evidence) readClaim(text string) claim {
	c := claim{folded: fold(text)}
	var rest string
	c.values, rest = values(text)
	c.weight = float64(len(c.values))
	seen := make(map[string]bool)
	var traits []trait
	end := 0
	terms := analysis.Terms(rest, e.language)
	for i, t := range terms {
		if t.Start < end {
			continue // a part of what was compared as a whole
		}
		id, known := e.ids[t.Text]
		if !known && i+1 < len(terms) && terms[i+1].Start < t.End {
			continue // its parts follow
		}
		end = t.End
		if !known {
			id = -1
		}
		surface := rest[t.Start:t.End]
		tr := e.claimTrait(surface)
		c.words, c.stems, traits = append(c.words, id), append(c.stems, t.Text), append(traits, tr)
		if tr.stop || seen[t.Text] || len(c.terms) == maxTerms {
			continue
		}
		seen[t.Text] = true
		x := claimTerm{stem: t.Text, surface: surface, id: id, match: 1, at: len(c.words) - 1, end: t.End}
		if !known {
			x.id, x.match = e.like(t.Text)
		}
		initial, _ := utf8.DecodeRuneInString(surface)
		x.name = unicode.IsUpper(initial) && x.at > 0
		x.weight = e.weight(x.id)
		c.weight += x.weight
		c.terms = append(c.terms, x)
	}
	c.signs, c.negated = direct(traits)
	c.denied = denied(c.words, traits)
	return c
}

// weight is the inverse frequency of a word among the units, relative to that of a
// word that is in none: log(1 + (N+1)/(n+½)) / log(1 + 2(N+1)).
func (e *evidence) weight(id int32) float64 {
	n, in := float64(len(e.units)), 0.0
	if id >= 0 {
		in = float64(len(e.in[id]))
	}
	return math.Log1p((n+1)/(in+0.5)) / math.Log1p((n+1)/0.5)
}

// claimTrait is that of a word of a claim, which adds nothing to the evidence.
func (e *evidence) claimTrait(surface string) trait {
	if t, known := e.traits[surface]; known {
		return t
	}
	return traitOf(surface, e.language)
}
