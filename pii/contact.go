package pii

import (
	"net/netip"
	"regexp"
	"strings"
)

var (
	emailForm = regexp.MustCompile(`^[\p{L}\p{N}._%+'-]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,24}`)
	urlForm   = regexp.MustCompile(`^(?i:(?:https?|ftp)://|www\.)[^\s<>"'“”»]+`)
	bareForm  = regexp.MustCompile(`^(?i:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})*\.(?:com|org|net|info|edu|gov|io|co|app|dev|shop|store|online|site|biz|me|ly|br|es|pt|ua|ru|de|fr|it|uk|us|eu|ca|pl)(?:\.[a-z]{2})?)(?:/[^\s<>"'“”»]*)?`)
	macForm   = regexp.MustCompile(`^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}`)
	ip4Form   = regexp.MustCompile(`^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}`)
	ip6Form   = regexp.MustCompile(`^[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*`)
)

// maxLocal is how long the part before the @ may be, in characters (RFC 5321).
const maxLocal = 64

// joined reports whether a token goes on from the one before it.
func (x *reading) joined(i int) bool {
	return i > 0 && x.gap(i) == "" && (x.at(i-1).letters+x.at(i-1).digits > 0 || strings.Contains(".-_@+%/:", x.at(i-1).word))
}

func (x *reading) email(i int) (candidate, bool) {
	t := x.at(i)
	if t.letters+t.digits == 0 || x.joined(i) {
		return none, false
	}
	s := x.from(i, 320)
	if at := strings.IndexByte(s, '@'); at <= 0 || at > 2*maxLocal || strings.ContainsAny(s[:at], " \n") {
		return none, false
	}
	form := emailForm.FindString(s)
	if form == "" {
		return none, false
	}
	return span(t.start, t.start+len(form), Email, checked+1)
}

var schemes = setOf("http https ftp www")

func (x *reading) url(i int) (candidate, bool) {
	t := x.at(i)
	if t.letters+t.digits == 0 || x.joined(i) {
		return none, false
	}
	s := x.from(i, 2048)
	form := ""
	if schemes[t.word] {
		form = urlForm.FindString(s)
	}
	if form == "" && (x.at(i+1).word == "." || x.at(i+1).word == "-") && x.gap(i+1) == "" {
		if form = bareForm.FindString(s); form != "" && !x.alone(i, t.start+len(form)) {
			form = ""
		}
	}
	form = strings.TrimRight(form, ".,;:!?)]")
	if len(form) < 5 {
		return none, false
	}
	return span(t.start, t.start+len(form), URL, checked)
}

func (x *reading) ip(i int) (candidate, bool) {
	t := x.at(i)
	if x.joined(i) && x.at(i-1).word != "/" || t.digits+t.letters == 0 && t.word != ":" {
		return none, false
	}
	form := ""
	if s := x.from(i, 48); t.number() {
		form = ip4Form.FindString(s)
	}
	if form == "" && (t.word == ":" || x.at(i+1).word == ":") {
		form = strings.TrimRight(ip6Form.FindString(x.from(i, 48)), ".")
		if strings.Count(form, ":") < 3 && len(form) < 5 {
			return none, false
		}
	}
	if form == "" || !x.alone(i, t.start+len(form)) {
		return none, false
	}
	if a, err := netip.ParseAddr(form); err != nil || a.Is4() && x.announced(i, cueReference) {
		return none, false
	}
	return span(t.start, t.start+len(form), IP, checked)
}

func (x *reading) mac(i int) (candidate, bool) {
	t := x.at(i)
	if t.end-t.start != 2 || x.joined(i) {
		return none, false
	}
	form := macForm.FindString(x.from(i, 17))
	if form == "" || !x.alone(i, t.start+len(form)) {
		return none, false
	}
	return span(t.start, t.start+len(form), MAC, checked+1)
}

var (
	// An area code in brackets, two to five groups, an extension.
	phoneForm = regexp.MustCompile(`^\+?(?:\d{1,4}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d{1,5}(?:[ .-]{1,2}\d{1,5}){0,5}(?: ?(?i:x|ext\.?|доб\.?|ramal) ?\d{1,5})?`)
	// phoneGroups are three or more of at least two digits, with a single kind of mark.
	phoneGroups   = regexp.MustCompile(`^(?:\(\d{2,5}\) ?|\d{2,5}[ -])\d{2,5}(?:[ -]\d{2,5}){1,4}$|^\d{2,5}(?:\.\d{2,5}){2,4}$`)
	longer        = regexp.MustCompile(`^[ -]\d{2}`)
	northAmerican = regexp.MustCompile(`^(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}\b`)
)

// phone finds telephone numbers: international ones, those in the groups of one, and
// any number of their length that is said to be one.
func (x *reading) phone(i int) (candidate, bool) {
	t := x.at(i)
	plus, bracket := t.word == "+", t.word == "("
	if !plus && !bracket && (!t.number() || x.joined(i) && x.at(i-1).word != ":") {
		return none, false
	}
	if p := x.at(i - 1); i > 0 && p.digits > 0 && (p.number() || (plus || bracket) && x.gap(i) == "") && len(x.gap(i)) < 2 && x.at(i).word != "+" {
		return none, false // it goes on from other digits
	}
	s := x.from(i, 40)
	if form := numericDate.FindString(s); form != "" && x.alone(i, t.start+len(form)) {
		return none, false
	}
	form := phoneForm.FindString(s)
	n := len(digitsOf(form))
	end := t.start + len(form)
	if n < 7 || n > 17 || !x.alone(i, end) || longer.MatchString(x.s[end:min(len(x.s), end+4)]) {
		return none, false
	}
	switch {
	case plus && n >= 8:
		return span(t.start, end, Phone, said)
	case northAmerican.MatchString(s):
		return span(t.start, end, Phone, listed)
	case x.announced(i, cueReference|cueAccount|cueCard|cueSSN):
		return none, false
	case x.announced(i, cuePhone) || n >= 9 && x.near(i, 4, cuePhone):
		return span(t.start, end, Phone, said)
	case n >= 9 && n <= 13 && phoneGroups.MatchString(form):
		return span(t.start, end, Phone, shaped)
	}
	return none, false
}

var referenceForm = regexp.MustCompile(`^[A-Za-z]{2,4} \d{3,12}\b|^#?[A-Za-z0-9]{1,20}(?:[-/][A-Za-z0-9]{1,20}){0,4}`)

// reference finds the number of an order, a booking or a claim behind the word for it.
func (x *reading) reference(i int) (candidate, bool) {
	t := x.at(i)
	if t.letters+t.digits == 0 || x.joined(i) || !x.announced(i, cueReference) {
		return none, false
	}
	form := referenceForm.FindString(x.from(i, 64))
	if len(digitsOf(form)) < 3 || !x.alone(i, t.start+len(form)) {
		return none, false
	}
	return span(t.start, t.start+len(form), Reference, said)
}
