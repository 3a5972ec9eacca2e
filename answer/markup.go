package answer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"candor/retrieval"
)

// ErrLink means that it has a link, an address or markup that is not in its sources.
var ErrLink = fmt.Errorf("%w: it has a link that its sources do not", ErrUnverified)

var (
	// markup is what a browser or a chat could make something else of than text.
	markup = regexp.MustCompile(`(?i)\]\(|!\[|<\s*/?\s*[a-z!][^>]*>?|javascript:|data:[a-z]+/|vbscript:|&#x?[0-9a-f]+;`)
	// host is what may be an address: words joined by dots, the last of letters.
	host = regexp.MustCompile(`(?i)[\pL\pN][\pL\pN-]*(?:\.[\pL\pN][\pL\pN-]*)*\.\pL{2,}(?:[/:?#][^\s]*)?`)
)

// checkMarkup refuses a sentence with what a reader does not see, with markup, and with an
// address that is in none of the records that it cites, letter by letter.
func checkMarkup(s Sentence, hits []retrieval.Hit) error {
	if strings.ContainsFunc(s.Text, hidden) || markup.MatchString(s.Text) {
		return ErrLink
	}
	for _, address := range host.FindAllString(s.Text, -1) {
		address = strings.ToLower(strings.TrimRight(address, ".,;:!?)»”\"'"))
		has := func(c Citation) bool {
			return slices.ContainsFunc(hits, func(h retrieval.Hit) bool {
				return h.RecordID == c.RecordID && strings.Contains(strings.ToLower(sourceText(h.Record)), address)
			})
		}
		if !slices.ContainsFunc(s.Citations, has) {
			return ErrLink
		}
	}
	return nil
}
