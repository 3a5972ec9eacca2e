package pii

import (
	"regexp"
	"strings"
)

// identity is a number that a state gives, and how it is told from other numbers.
type identity struct {
	form  *regexp.Regexp // anchored
	valid func(string) bool
	// cue is needed, unless the form alone says enough.
	cue     cue
	evident func(string) bool
}

func always(string) bool { return true }

// punctuated reports whether a number is written with all its separators.
func punctuated(n int) func(string) bool {
	return func(s string) bool {
		return strings.Count(s, ".")+strings.Count(s, "-")+strings.Count(s, "/") >= n
	}
}

func compact(s string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "", "/", "").Replace(s))
}

var identities = []identity{
	{regexp.MustCompile(`^\d{3}([ -]?)\d{2}([ -]?)\d{4}`), validSSN, cueSSN, func(s string) bool { return len(s) == 11 && s[3] == '-' && s[6] == '-' }},
	{regexp.MustCompile(`^\d{3}[ -]?\d{3}[ -]?\d{3}`), func(s string) bool { return len(s) == 9 && luhn(s) }, cueSSN, nil}, // Canada's SIN
	{regexp.MustCompile(`^\d{3}\.?\d{3}\.?\d{3}[-/]?\d{2}`), validCPF, cueCPF, punctuated(3)},
	{regexp.MustCompile(`^\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}`), validCNPJ, cueCPF, punctuated(4)},
	{regexp.MustCompile(`^(?:\d{2}\.?\d{3}\.?\d{3}|[XYZxyz][ -]?\d{7})[ -]?[A-Za-z]`), validDNI, cueNIF | cueGovID, func(s string) bool { return s == strings.ToUpper(s) }},
	{regexp.MustCompile(`^[A-Wa-w][ -]?\d{7}[0-9A-Ja-j]`), validCIF, cueNIF | cueGovID, nil},
	{regexp.MustCompile(`^\d{3} ?\d{3} ?\d{3}`), validNIF, cueNIF | cueGovID, nil},
	{regexp.MustCompile(`^\d{10}`), validRNOKPP, cueINN | cueGovID, nil},
	{regexp.MustCompile(`^\d{12}|^\d{10}`), validINN, cueINN | cueGovID, nil},
	{regexp.MustCompile(`^\d{3}-?\d{3}-?\d{3}[ -]?\d{2}`), validSNILS, cueSNILS, func(s string) bool { return strings.Count(s, "-") >= 2 && len(s) == 14 }},
	{regexp.MustCompile(`^[A-Za-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]`), validNINO, cueNINO | cueGovID, func(s string) bool { return s == strings.ToUpper(s) }},
	{regexp.MustCompile(`^\d{3} ?\d{3} ?\d{4}`), validNHS, cueNINO, nil},
	{regexp.MustCompile(`^[A-Za-z]{6}\d{2}[A-Ea-eHLMPRSThlmprst]\d{2}[A-Za-z]\d{3}[A-Za-z]`), always, cueGovID, always}, // Italy's codice fiscale
}

// governmentID finds the numbers that a state gives, by form and check digits.
func (x *reading) governmentID(i int) (candidate, bool) {
	t := x.at(i)
	if t.number() && t.digits < 2 || t.digits == 0 && (t.letters > 2 || x.at(i+1).digits == 0) {
		return none, false
	}
	s := x.from(i, 24)
	for _, id := range identities {
		form := id.form.FindString(s)
		if form == "" || !x.alone(i, t.start+len(form)) || !id.valid(compact(form)) {
			continue
		}
		cued := x.announced(i, id.cue) || x.near(i, 3, id.cue)
		if cued || id.evident != nil && id.evident(form) && !x.announced(i, cueReference) {
			return span(t.start, t.start+len(form), GovernmentID, checked)
		}
	}
	// The last four digits of a social security number, which are asked for as such.
	if t.number() && t.digits == 4 && x.alone(i, t.end) && (x.announced(i, cueSSN) || x.follows(i, t.end, 5, cueSSN) && !x.near(i, 2, cueCard|cueAccount)) {
		return span(t.start, t.end, GovernmentID, said)
	}
	return none, false
}

var documentForm = regexp.MustCompile(`^(?:\p{Lu}{1,3}[ -]?)?[A-Za-z0-9]{1,14}(?:[ .-]?\d{1,14}){0,4}[A-Za-z]{0,3}\d{0,3}`)

// document finds the number of a passport, a driving licence or another identity
// document, of which there are too many kinds to check: the words before it tell.
func (x *reading) document(i int) (candidate, bool) {
	t := x.at(i)
	if t.digits == 0 && (!t.caps || t.letters > 3 || t.letters == 0) {
		return none, false
	}
	kind, weight := GovernmentID, said
	switch {
	case x.announced(i, cuePassport):
		kind = Passport
	case x.announced(i, cueLicence):
		kind = DrivingLicence
	case !x.announced(i, cueGovID|cueCPF|cueINN|cueNIF|cueNINO|cueSSN|cueSNILS):
		return none, false
	}
	form := strings.TrimRight(documentForm.FindString(x.from(i, 32)), " .-")
	if n := len(digitsOf(form)); n < 5 || len(form) > 24 || !x.alone(i, t.start+len(form)) {
		return none, false
	}
	return span(t.start, t.start+len(form), kind, weight)
}
