package answer

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"candor/retrieval/analysis"
)

// internalID matches the names that systems give to their parts and that mean
// nothing to a customer: a tool ("open_account_4821"), a document's key in
// brackets ("[doc_12_a]").
var internalID = regexp.MustCompile(`[\[(](?:doc|id|ref|kb|art)[_:#-][\pL\pN_:#.-]*[\])]|\{\{[^{}]*\}\}`)

// Display returns a quote as a customer reads it: without Markdown and internal
// ids, on one line, ended by a full stop if nothing else ends it.
func Display(quote string) string {
	s := internalID.ReplaceAllString(analysis.Plain(quote), "")
	s = strings.Join(strings.Fields(s), " ")
	last, _ := utf8.DecodeLastRuneInString(s)
	if s != "" && (unicode.IsLetter(last) || unicode.IsNumber(last) || strings.ContainsRune(`%)"”»€$`, last)) {
		s += "."
	}
	return s
}
