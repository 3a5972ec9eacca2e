package answer

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pointing holds what points to something that was said before: pronouns, and the
// ways to go on. They run on folded text, where some pronouns look like common words
// (esta is está, la is lá); those are not here.
var pointing = slices.Concat(
	patterns(nil,
		`^ (?:and|but|so|or|then|also|what about|how about|what else|why not|which one|which ones|how so|how come|really|ok and|okay and) `,
		` (?:it|its|they|them|their|theirs|those|these|he|she|him|her|his|hers|the same|same one|the other|the others|another one|that one|this one|the first one|the second one|the former|the latter|you said|you mentioned|you told) `,
		` (?:about|of|for|with|to|from|is|was|does|do|did|after|before|without|on|in|mean|has) (?:that|this) $`,
		` (?:is|was|does|did|has|can|could|will|would|if) (?:that|this) `,
	),
	patterns(nil,
		`^ (?:e|mas|entao|ou|tambem|e se|e quanto|e sobre) `,
		` (?:ele|ela|eles|elas|dele|dela|deles|delas|nele|nela|isso|isto|aquilo|disso|disto|nisso|esse|essa|aquele|aquela|desse|dessa|deste|desta|nesse|nessa|o mesmo|a mesma|o outro|a outra|os outros|as outras) `,
	),
	patterns(nil,
		`^ (?:y|pero|entonces|tambien|y si|y que) `,
		` (?:el mismo|la misma|ellos|ellas|eso|esto|aquello|ese|esa|aquel|aquella|lo mismo|el otro|la otra|los otros|las otras|el primero|el segundo|alli|ahi) `,
	),
	patterns(nil,
		`^ (?:а|але|і|й|та|тоді|також) `,
		` (?:він|вона|воно|вони|його|її|їх|їм|йому|їй|ним|нею|ними|цей|ця|це|ці|цього|цієї|цим|той|те|ті|того|тієї|тим|інший|інша|інше|інші) `,
	),
	patterns(nil,
		`^ (?:а|но|и|тогда|также) `,
		` (?:он|она|оно|они|его|ее|их|им|ему|ей|ним|нею|ними|этот|эта|это|эти|этого|этой|этим|тот|те|того|той|тем|другой|другая|другое|другие) `,
	),
)

// pointless holds an it that points to nothing.
var pointless = regexp.MustCompile(` (?:(?:is|was|would|will|if|whether) it (?:be )?(?:possible|ok|okay|allowed|safe|true|necessary|worth|too|free|normal|better|legal|a) |it is (?:possible|true|safe) |(?:does|did|will|would) it (?:take|cost) (?:to |for |me |you )|what (?:time|day) is it )`)

// Points reports whether a message points to something that was said before, by a pronoun
// or by how it goes on. It looks at the words alone.
func Points(message string) bool {
	return matchesAny(pointing, pointless.ReplaceAllString(fold(cut(message)), " "))
}

// few is how many words, beside stop words, a message has that asks for one thing, or
// may not stand alone.
const few = 2

// follows reports whether a message leans on what was said before: it points there, or
// is too short to say what it is about. It looks at the words alone.
func follows(message, language string, in Intent) bool {
	return matchesAny(pointing, pointless.ReplaceAllString(message, " ")) || len(in.Relevant) == 0 && telling(message, language) <= few
}

// names are the names and numbers in a message, by how they begin, folded: an answer
// about Brazil is none to "and to Ukraine?", whatever was asked before.
func names(message string) (out []string) {
	first := true
	for _, w := range strings.Fields(message) {
		word := []rune(strings.TrimSpace(fold(w)))
		at := strings.IndexFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
		if at >= 0 {
			r, _ := utf8.DecodeRuneInString(w[at:])
			if len(word) > 1 && (unicode.IsDigit(r) || unicode.IsUpper(r) && !first) {
				out = append(out, string(word[:max(min(4, len(word)), len(word)-2)]))
			}
			first = false
		}
		if strings.ContainsAny(w, ".!?") {
			first = true
		}
	}
	return out
}

// about reports whether a text has all that names are.
func about(text string, names []string) bool {
	folded := fold(text)
	return !slices.ContainsFunc(names, func(n string) bool { return !strings.Contains(folded, " "+n) })
}
