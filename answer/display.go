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

// Markers of list items, at the beginning of a quote.
var (
	bullet = regexp.MustCompile(`^\s*[-*+•–·▪]\s+`)
	step   = regexp.MustCompile(`^\s*(\d{1,2})[.)]\s+`)
)

// Display returns a quote as a customer reads it: without Markdown and internal
// ids, on one line, ended by a full stop if nothing else ends it. An item of a list
// keeps what makes it one, as "• " or its number ("1. ").
func Display(quote string) string {
	marker := ""
	if m := step.FindStringSubmatch(quote); m != nil {
		marker = m[1] + ". "
	} else if bullet.MatchString(quote) {
		marker = "• "
	}
	if shown := display(quote); shown != "" {
		return marker + shown
	}
	return ""
}

// display is Display of anything but an item of a list.
func display(quote string) string {
	s := internalID.ReplaceAllString(analysis.Plain(quote), "")
	s = strings.Join(strings.Fields(s), " ")
	last, _ := utf8.DecodeLastRuneInString(s)
	if s != "" && (unicode.IsLetter(last) || unicode.IsNumber(last) || strings.ContainsRune(`%)"”»€$`, last)) {
		s += "."
	}
	return s
}
