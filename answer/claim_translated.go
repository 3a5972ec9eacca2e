package answer

import (
	"context"
	"math"
	"slices"
	"strings"
	"unicode"

	"candor/retrieval"
)

// maxUnits is how many sentences of the cited passages are compared by meaning.
const maxUnits = 32

// nearest finds the unit within the cited passages that means the most like a text, and
// the cosine of the two; -1: there is none.
func (c *Check) nearest(ctx context.Context, text string, src *source, passages []string) (unit int, cosine float64, err error) {
	var at []int
	var missing []string
	c.mu.Lock()
	if src.vectors == nil {
		src.vectors = make([]retrieval.Vector, len(src.units))
	}
	known := slices.Clone(src.vectors)
	c.mu.Unlock()
	for i, u := range src.units {
		if len(at) < maxUnits && slices.ContainsFunc(passages, func(p string) bool { return strings.Contains(p, u.text) }) {
			at = append(at, i)
		}
	}
	for _, i := range at {
		if known[i].Zero() {
			missing = append(missing, src.units[i].text)
		}
	}
	vectors, err := c.verifier.Embedder.Embed(ctx, retrieval.PassageText, append([]string{text}, missing...))
	if err != nil {
		return -1, 0, err
	}
	claim, vectors := vectors[0], vectors[1:]
	unit = -1
	for _, i := range at {
		if known[i].Zero() {
			known[i], vectors = vectors[0], vectors[1:]
		}
		if x := claim.Cosine(known[i]); unit < 0 || x > cosine {
			unit, cosine = i, x
		}
	}
	c.mu.Lock()
	src.vectors = known
	c.mu.Unlock()
	return unit, cosine, nil
}

// crossSlope and crossShift make a share of the cosine c of a sentence and the nearest
// one of a source in another language: 1/(1+exp(-(crossSlope·c+crossShift))) of such
// sentences are translations of it. They are of xquad's parallel texts in English,
// Spanish and Russian, against the nearest other sentence of the paragraph; from
// crossRelease on, of those .79 are shown and of these .007.
const (
	crossSlope   = 40.7
	crossShift   = -24.43
	crossRelease = 0.9
)

func crossScore(cosine float64) float64 { return 1 / (1 + math.Exp(-(crossSlope*cosine + crossShift))) }

// latin writes a folded Cyrillic word in Latin letters, roughly as names are.
var latin = strings.NewReplacer(
	"а", "a", "б", "b", "в", "v", "г", "g", "ґ", "g", "д", "d", "е", "e", "є", "ie", "ж", "zh", "з", "z", "и", "i", "і", "i", "ї", "i",
	"й", "i", "к", "k", "л", "l", "м", "m", "н", "n", "о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "h",
	"ц", "c", "ч", "ch", "ш", "sh", "щ", "sh", "ъ", "", "ы", "y", "ь", "", "э", "e", "ю", "iu", "я", "ia",
)

func isCyrillic(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) })
}

// hasTransliterated reports whether the evidence has a name in the other alphabet: most
// of both from their beginning, as endings differ.
func (e *evidence) hasTransliterated(folded string) bool {
	const alike = 0.75
	cyrillic, written := isCyrillic(folded), latin.Replace(folded)
	for name := range e.names {
		if len(name) > 2 && isCyrillic(name) != cyrillic && commonBeginning(written, latin.Replace(name)) >= alike {
			return true
		}
	}
	return false
}
