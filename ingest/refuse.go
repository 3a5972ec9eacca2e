package ingest

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// digits finds runs that could be a payment card's number: 13 to 19 digits, in
// groups or not.
var digits = regexp.MustCompile(`(?:\d[ -]?){12,18}\d`)

// holdsCardNumber reports whether a text holds what is a payment card's number:
// the length and first digits of a scheme, and a check digit that is right
// (ISO/IEC 7812-1, the Luhn formula). Payment numbers are a special category:
// they are refused, not stored.
func holdsCardNumber(text string) bool {
	for _, run := range digits.FindAllString(text, -1) {
		n := strings.Map(func(r rune) rune {
			if r == ' ' || r == '-' {
				return -1
			}
			return r
		}, run)
		if cardScheme(n) && luhn(n) {
			return true
		}
	}
	return false
}

// cardScheme reports whether a number has the length and the first digits of
// Visa, Mastercard, American Express or Discover.
func cardScheme(n string) bool {
	switch {
	case len(n) == 15:
		return strings.HasPrefix(n, "34") || strings.HasPrefix(n, "37")
	case len(n) != 16 && (len(n) != 13 || n[0] != '4') && len(n) != 19:
		return false
	}
	return n[0] == '4' || n[0] == '5' && n[1] >= '1' && n[1] <= '5' || n[:4] >= "2221" && n[:4] <= "2720" ||
		strings.HasPrefix(n, "6011") || strings.HasPrefix(n, "65")
}

func luhn(n string) bool {
	sum := 0
	for i := range len(n) {
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

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
