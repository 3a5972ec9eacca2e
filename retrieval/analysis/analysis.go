// Package analysis turns text into what a search engine works with: its
// language, its index terms, its sentences, and its Markdown structure.
//
// It promises that a question and a document that say the same in the same
// language meet in the same terms, whatever their case, accents, apostrophes
// and inflection, and that every offset it returns is a byte offset into the
// text it was given, on a rune boundary. It keeps no state between calls: no
// word of a text outlives the call, because the text may be personal. It
// understands English, Portuguese, Spanish, Ukrainian and Russian; text in
// other languages is segmented and folded, but not stemmed.
package analysis

import "strings"

// Languages are the languages that DetectLanguage knows and Terms stems, as
// ISO 639-1 codes.
var Languages = []string{"en", "pt", "es", "uk", "ru"}

// Base returns the primary language subtag of a BCP 47 tag in lower case ("pt"
// for "pt-BR"), or "" if it is none of Languages.
func Base(tag string) string {
	base := strings.ToLower(tag)
	if i := strings.IndexAny(base, "-_"); i >= 0 {
		base = base[:i]
	}
	for _, l := range Languages {
		if l == base {
			return l
		}
	}
	return ""
}
