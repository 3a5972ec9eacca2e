package ingest

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// webAddress reports whether a source's address can be a link: an absolute one
// of a web page, or none.
func webAddress(address string) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

var identifier = regexp.MustCompile(`^[a-z0-9_:.-]{0,48}$`)

// name quotes what could be the name of something. Anything else is not
// repeated: an error must not carry what somebody's record says.
func name(s string) string {
	if identifier.MatchString(s) {
		return `"` + s + `"`
	}
	return "(not a name)"
}

// addressable reports whether an id can be part of an address: it has no slash,
// and no characters that nobody can type or see.
func addressable(id string) bool {
	return !strings.ContainsFunc(id, func(r rune) bool { return r == '/' || unicode.IsControl(r) })
}
