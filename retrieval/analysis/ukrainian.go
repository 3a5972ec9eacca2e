package analysis

import (
	"strings"
	"unicode/utf8"
)

// ukrainianEndings are the inflections that stemUkrainian removes, by group;
// within a group the longest that fits is taken.
//
// The order of the groups is that of the Snowball stemmer for Russian
// (https://snowballstem.org/algorithms/russian/stemmer.html), whose grammar is
// near; the endings are those of the declensions and conjugations in the
// Ukrainian orthography of 2019, §§ 82-117.
var (
	ukrainianReflexive = []string{"ся", "сь"}
	// Deverbal nouns decline alike, and their genitive plural has no vowel:
	// "замовлення", "замовленням", "замовлень".
	ukrainianDeverbal  = group("ення енню енням енні еннях еннями ень ання анню анням анні аннях аннями ань іння інню інням інні іннях іннями інь яння янню янням янні яннях яннями янь")
	ukrainianAdjective = group("ого ому ими ій ий їй ий а я е є им їм их їх ої ею єю у ю і ї ою ього ьому ьої ьою ьої ім")
	ukrainianVerb      = group("ти ть тимуть тиму тиме ємо емо имо їмо єте ете ите їте ють уть ять ать єш еш иш їш ла ло ли ав яв ив їв ув вши чи ймо йте й")
	ukrainianNoun      = group("ами ями ах ях ам ям ів їв ей ові еві єві ою ею єю ом ем єм ії ія ію ією іях іям іями а у и і ї е о ь я ю й є")
	ukrainianAbstract  = group("ість ості істю остей остям остями остях")
)

// group sorts a list of endings so that the longest is tried first.
func group(list string) []string {
	endings := strings.Fields(list)
	for n := len(endings); n > 1; n-- { // a handful: no need for package sort
		for i := 1; i < n; i++ {
			if len(endings[i]) > len(endings[i-1]) {
				endings[i], endings[i-1] = endings[i-1], endings[i]
			}
		}
	}
	return endings
}

// minUkrainianStem is the fewest letters that removing an ending may leave.
const minUkrainianStem = 3

// stemUkrainian is a light stemmer: it removes inflection, and few of the
// suffixes that make a new word. Word must be folded and have no apostrophe.
func stemUkrainian(word string) string {
	if utf8.RuneCountInString(word) <= minUkrainianStem {
		return word
	}
	if w, ok := cutEnding(word, ukrainianReflexive); ok {
		word = w
	}
	if w, ok := cutEnding(word, ukrainianDeverbal); ok {
		return w
	}
	if w, ok := cutEnding(word, ukrainianAbstract); ok {
		return trimSoft(w)
	}
	// The three classes share endings, and a stem does not tell which class it
	// is of; the longest ending of any is the best guess.
	best := word
	for _, endings := range [][]string{ukrainianAdjective, ukrainianVerb, ukrainianNoun} {
		if w, ok := cutEnding(word, endings); ok && len(w) < len(best) {
			best = w
		}
	}
	// A verb's past tense and infinitive keep the vowel of their theme, which
	// its other forms do not have: "оплати-ти", "оплат-а", "оплачу-вати".
	if w, ok := cutEnding(best, []string{"юва", "ува", "ова"}); ok {
		best = w
	} else if w, ok := cutEnding(best, []string{"а", "и", "і", "я", "ї", "у", "ю"}); ok {
		best = w
	}
	// The fleeting vowel: "картка, карток", "рахунок, рахунку".
	if w, ok := strings.CutSuffix(best, "ок"); ok && utf8.RuneCountInString(w) > minUkrainianStem {
		best = w + "к"
	}
	return trimSoft(best)
}

func trimSoft(word string) string {
	word = strings.TrimSuffix(word, "ь")
	if w, ok := strings.CutSuffix(word, "нн"); ok {
		word = w + "н"
	}
	return closeVowel(word)
}

// closeVowel undoes the alternation of о and е with і in a closed syllable
// ("доставок" has none, but "ніч, ночі", "кінь, коня", "умов, умів" do): the
// last і before a single final consonant becomes о.
func closeVowel(word string) string {
	runes := []rune(word)
	n := len(runes)
	if n > minUkrainianStem && runes[n-2] == 'і' {
		runes[n-2] = 'о'
		return string(runes)
	}
	return word
}

func cutEnding(word string, endings []string) (string, bool) {
	for _, e := range endings {
		if w, ok := strings.CutSuffix(word, e); ok && utf8.RuneCountInString(w) >= minUkrainianStem {
			return w, true
		}
	}
	return word, false
}
