package analysis

import (
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
)

// stemmer reuses one Snowball environment for the words of a text.
type stemmer struct{ env *snowballstem.Env }

func (s *stemmer) snowball(word string, stem func(*snowballstem.Env) bool) string {
	if s.env == nil {
		s.env = snowballstem.NewEnv(word)
	} else {
		s.env.SetCurrent(word)
	}
	stem(s.env)
	return s.env.Current()
}

// stem returns the index term of a folded word.
func (a *analyzer) stem(word string) string {
	if cyrillic(word) {
		// Text in one Cyrillic language quotes names and words of the other; a
		// Latin language's stemmer would leave them alone.
		word = strings.ReplaceAll(word, "'", "")
		switch a.language {
		case "uk":
			return stemUkrainian(strings.ReplaceAll(word, "ґ", "г"))
		case "ru":
			return a.stemmer.snowball(strings.ReplaceAll(word, "ё", "е"), russian.Stem)
		}
		return strings.ReplaceAll(strings.ReplaceAll(word, "ґ", "г"), "ё", "е")
	}
	switch a.language {
	case "en":
		// "don't" and "dont", "O'Brien" and "OBrien" are one word in a chat.
		if strings.Contains(word, "'") {
			word = strings.TrimSuffix(strings.Trim(word, "'"), "'s")
			word = strings.ReplaceAll(word, "'", "")
		}
		word = a.stemmer.snowball(word, english.Stem)
	case "pt":
		word = a.stemmer.snowball(accentPortuguese(trimElision(word)), portuguese.Stem)
	case "es":
		word = a.stemmer.snowball(accentSpanish(trimElision(word)), spanish.Stem)
	default:
		word = strings.ReplaceAll(word, "'", "")
	}
	return unaccent(word)
}

// trimElision removes an elided particle: "d'água" is a kind of "água".
func trimElision(word string) string {
	word = strings.Trim(word, "'")
	if i := strings.IndexByte(word, '\''); i >= 0 {
		if i <= 2 {
			word = word[i+1:]
		}
		word = strings.ReplaceAll(word, "'", "")
	}
	return word
}

// The stemmers know suffixes by their accents, which are often not typed. These
// endings are no others' in their language, so the accent can be put back.

func accentPortuguese(word string) string {
	for _, e := range [...][2]string{{"cao", "ção"}, {"coes", "ções"}, {"soes", "sões"}, {"avel", "ável"}, {"ivel", "ível"}, {"encia", "ência"}, {"ancia", "ância"}} {
		if stem, ok := strings.CutSuffix(word, e[0]); ok && len(stem) >= 2 {
			return stem + e[1]
		}
	}
	return word
}

func accentSpanish(word string) string {
	if stem, ok := strings.CutSuffix(word, "cion"); ok && len(stem) >= 2 {
		return stem + "ción"
	}
	if stem, ok := strings.CutSuffix(word, "sion"); ok && len(stem) >= 2 {
		return stem + "sión"
	}
	return word
}

// cyrillic reports whether a word begins with a Cyrillic letter.
func cyrillic(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return r >= 0x400 && r <= 0x52F
}
