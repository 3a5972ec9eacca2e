package pii

import (
	_ "embed"
	"strings"
	"sync"
)

// The lists are written by tools/gazetteer, which says where they are from.
var (
	//go:embed gazetteer/given.txt
	givenText string
	//go:embed gazetteer/given_or_word.txt
	givenOrWordText string
	//go:embed gazetteer/family.txt
	familyText string
	//go:embed gazetteer/places.txt
	placesText string
)

// listing is the lists in which a folded word is.
type listing uint8

const (
	given       listing = 1 << iota // a first name, and no word of the five languages
	givenOrWord                     // a first name that is also a word: Mark, Rose, Віра
	family
	placeName
	placeStart // a place of several words begins with it
)

var gazetteer = sync.OnceValue(func() map[string]listing {
	out := make(map[string]listing, 26000)
	for l, text := range map[listing]string{given: givenText, givenOrWord: givenOrWordText, family: familyText, placeName: placesText} {
		for word := range strings.Lines(text) {
			word = strings.TrimSuffix(word, "\n")
			out[word] |= l
			if first, _, several := strings.Cut(word, " "); several {
				out[first] |= placeStart
			}
		}
	}
	return out
})

// listed returns the lists in which a word is; of a double name, those of both parts.
func lists(word string) listing {
	if l, ok := gazetteer()[word]; ok {
		return l
	}
	if a, b, double := strings.Cut(word, "-"); double {
		la, lb := gazetteer()[a], gazetteer()[b]
		if la != 0 && lb != 0 {
			return (la | lb) &^ (placeName | placeStart)
		}
	}
	return 0
}

// place returns how many tokens from i are the name of a place; 0: none.
func (x *reading) placeAt(i int) int {
	l := lists(x.at(i).word)
	best := 0
	if l&placeName != 0 {
		best = 1
	}
	if l&placeStart == 0 {
		return best
	}
	name := x.at(i).word
	for n := 2; n <= 4 && i+n <= len(x.tokens); n++ {
		if name += " " + x.at(i+n-1).word; gazetteer()[name]&placeName != 0 {
			best = n
		}
	}
	return best
}
