package citation

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWords bounds the words that an entry can be found by.
const maxWords = 400

// Words returns the distinct words of texts, folded to lower case, by which an
// entry can be found: runs of letters and digits, of at least two code points.
func Words(texts ...string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, text := range texts {
		fields := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		})
		for _, w := range fields {
			if utf8.RuneCountInString(w) < 2 || seen[w] || len(out) == maxWords {
				continue
			}
			seen[w] = true
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}
