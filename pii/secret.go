package pii

import (
	"regexp"
	"strings"
)

var (
	codeForm   = regexp.MustCompile(`^(?:[A-Z]{1,2}-)?(?:\d{3}[ -]\d{3}|\d{4,8})\b`)
	secretForm = regexp.MustCompile(`^[^\s"'“”«»]{4,64}`)
)

// secret finds a password, a PIN or a one-time code behind the word for it. What
// follows "my password" is mostly no password ("my password does not work"), so a
// value has to look like one.
func (x *reading) secret(i int) (candidate, bool) {
	t := x.at(i)
	p := x.at(i - 1)
	if t.number() && x.alone(i, t.end) {
		form := codeForm.FindString(x.from(i, 12))
		end := t.start + len(form)
		switch {
		case form == "" || !x.alone(i, end):
		case x.announced(i, cueCode), x.announced(i, cuePassword):
			return span(t.start, end, Password, said)
		case len(form) == t.digits && t.digits <= 6 && x.announced(i, cuePIN) && (t.digits == 4 || !x.announced(i, cuePostcode)):
			return span(t.start, end, Password, said)
		}
		return none, false
	}
	if !x.announced(i, cuePassword) || filler[t.word] || t.cues&(cuePassword|cueReference) != 0 {
		return none, false
	}
	value := strings.TrimRight(secretForm.FindString(x.s[t.start:min(len(x.s), t.start+80)]), ".,;:?)")
	quoted := strings.ContainsAny(p.word, "\"'“«") && p.letters == 0
	assigned := p.word == ":" || p.word == "="
	switch {
	case len(value) < 4 || strings.Contains(value, "://"):
		return none, false
	case strings.ContainsAny(value, "0123456789@#$%^&*_+!"), quoted:
	case !assigned || len(value) < 6 || x.at(i+1).letters > 0:
		return none, false
	}
	return span(t.start, t.start+len(value), Password, said)
}
