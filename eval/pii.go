package eval

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"candor/pii"
)

// PIIText is a text with the personal data in it, as people labelled it.
type PIIText struct {
	ID    string
	Text  string
	Spans []PIILabel // none in a text of a set that labels something else
}

// PIILabel is a labelled piece of a text; Start and End count its code points.
type PIILabel struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Type  string `json:"type"`
}

// ReadPII reads the sets of texts at a path, by name: a file of JSON lines, or a folder
// with such files, or with the folders pii and intents of the evaluation data. One
// reports whether it is a file.
func ReadPII(path string) (sets map[string][]PIIText, one bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, err
	}
	files := []string{path}
	if info.IsDir() {
		files = nil
		for _, pattern := range []string{"*.jsonl", filepath.Join("pii", "*.jsonl"), filepath.Join("intents", "*.jsonl")} {
			matches, err := filepath.Glob(filepath.Join(path, pattern))
			if err != nil {
				return nil, false, err
			}
			files = append(files, matches...)
		}
		if len(files) == 0 {
			return nil, false, fmt.Errorf("%s has no *.jsonl, and none in pii or intents: name a file or a folder of texts", path)
		}
	}
	sets = make(map[string][]PIIText)
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, false, err
		}
		texts, err := ReadPIITexts(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		folder := ""
		if filepath.Dir(name) != filepath.Clean(path) && info.IsDir() {
			folder = filepath.Base(filepath.Dir(name)) + "/"
		}
		sets[folder+strings.TrimSuffix(filepath.Base(name), ".jsonl")] = texts
	}
	return sets, !info.IsDir(), nil
}

// ReadPIITexts reads JSON lines of {id, text, spans: [{start, end, type}]}. A row
// whose offsets are not in its text is an error.
func ReadPIITexts(r io.Reader) (out []PIIText, err error) {
	dec := json.NewDecoder(bufio.NewReader(r))
	for dec.More() {
		var t PIIText
		if err := dec.Decode(&t); err != nil {
			return nil, fmt.Errorf("row %d: %w", len(out)+1, err)
		}
		if t.Text == "" {
			return nil, fmt.Errorf("row %d has no text", len(out)+1)
		}
		for _, s := range t.Spans {
			if s.Start < 0 || s.Start >= s.End || s.End > len([]rune(t.Text)) {
				return nil, fmt.Errorf("row %d: a span of %d to %d is not in its text", len(out)+1, s.Start, s.End)
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// piiTypes are our types of the labels of Presidio's synthetic set and of MultiDoGO.
// TITLE, NRP (nationalities, religions) and USERNAME are none of ours: among all types
// they count as missed.
var piiTypes = map[string]pii.Type{
	"PERSON": pii.Person, "STREET_ADDRESS": pii.Address, "ADDRESS": pii.Address, "ZIP_CODE": pii.Postcode, "ZIP": pii.Postcode,
	"PHONE_NUMBER": pii.Phone, "PHONE": pii.Phone, "EMAIL_ADDRESS": pii.Email, "EMAIL": pii.Email, "DOMAIN_NAME": pii.URL, "URL": pii.URL,
	"IP_ADDRESS": pii.IP, "CREDIT_CARD": pii.Card, "IBAN_CODE": pii.IBAN, "IBAN": pii.IBAN, "US_SSN": pii.GovernmentID,
	"US_DRIVER_LICENSE": pii.DrivingLicence, "US_PASSPORT": pii.Passport, "US_BANK_NUMBER": pii.Account,
	"ACCOUNT_NUMBER": pii.Account, "REFERENCE_NUMBER": pii.Reference, "PASSWORD": pii.Password,
	"GPE": pii.Place, "LOCATION": pii.Place, "DATE_TIME": pii.Date, "ORGANIZATION": pii.Organization, "AGE": pii.Age,
}

// piiSame are types that a label does not tell apart.
var piiSame = map[pii.Type]pii.Type{pii.BirthDate: pii.Date, pii.BankAccount: pii.Account}

// piiSupport are the types that support needs: who somebody is, how to reach them, where
// they live, what they pay and prove themselves with, and what they name their case by.
// Countries, dates, companies, ages, titles and nationalities alone are not.
var piiSupport = map[pii.Type]bool{
	pii.Person: true, pii.Address: true, pii.Postcode: true, pii.Phone: true, pii.Email: true, pii.URL: true, pii.IP: true,
	pii.Card: true, pii.IBAN: true, pii.GovernmentID: true, pii.DrivingLicence: true, pii.Passport: true,
	pii.Account: true, pii.Reference: true, pii.Password: true,
}

// piiUnlabelled are types that no set labels, so that what is found cannot be judged.
var piiUnlabelled = map[pii.Type]bool{pii.Health: true, pii.CVV: true, pii.CardExpiry: true, pii.MAC: true}

// PIIScore counts spans. A span that was found is right if one of its type was labelled
// there, each at most once: right by overlap if they share at least half of the
// characters of both together, exactly if they are the same.
type PIIScore struct {
	Labelled  int     `json:"labelled"`
	Found     int     `json:"found"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Exact     float64 `json:"exact_f1"`
	right     int
	exact     int
}

func (s *PIIScore) finish() {
	f1 := func(right int) float64 { return ratio(2*right, s.Labelled+s.Found) }
	s.Precision, s.Recall, s.F1, s.Exact = ratio(s.right, s.Found), ratio(s.right, s.Labelled), f1(s.right), f1(s.exact)
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// PIIReport is how well personal data is found, and how often something is hidden in
// texts that hold none.
type PIIReport struct {
	Texts int `json:"texts"`
	// The score is over the types that support needs, All over everything labelled. In
	// both, labelled pieces of one address that follow each other are one address: the
	// sets label some as a whole and some in pieces.
	PIIScore
	All PIIScore `json:"all"`
	// InPieces is the score with every piece as it is labelled.
	InPieces PIIScore            `json:"in_pieces"`
	Types    map[string]PIIScore `json:"types,omitempty"`
	// Clean is how many texts have no label, HiddenIn in how many of them something is
	// hidden, HiddenShare their share, Hidden how often by kind.
	Clean       int              `json:"clean"`
	HiddenIn    int              `json:"hidden_in"`
	HiddenShare float64          `json:"hidden_share"`
	Hidden      map[pii.Kind]int `json:"hidden"`
}

// piiSpan is a span in code points.
type piiSpan struct {
	start, end int
	kind       string // a pii.Type, or a label that is none
}

// PII measures package pii on labelled texts.
func PII(texts []PIIText) PIIReport {
	r := PIIReport{Texts: len(texts), Types: make(map[string]PIIScore), Hidden: make(map[pii.Kind]int)}
	byType := make(map[string]*PIIScore)
	for _, t := range texts {
		runes := []rune(t.Text)
		labelled, found := labelledSpans(t), foundSpans(t.Text)
		support := func(s piiSpan) bool { return piiSupport[pii.Type(s.kind)] }
		r.InPieces.count(only(labelled, support), only(found, support))
		labelled, found = wholeAddresses(labelled, runes), wholeAddresses(found, runes)
		r.count(only(labelled, support), only(found, support))
		r.All.count(labelled, found)
		for _, s := range slices.Concat(labelled, found) {
			if byType[s.kind] == nil {
				byType[s.kind] = new(PIIScore)
			}
		}
		for kind, score := range byType {
			same := func(s piiSpan) bool { return s.kind == kind }
			score.count(only(labelled, same), only(found, same))
		}
		if len(t.Spans) > 0 {
			continue
		}
		r.Clean++
		_, kinds := pii.Mask(t.Text, "en")
		for _, k := range kinds {
			r.Hidden[k]++
		}
		if len(kinds) > 0 {
			r.HiddenIn++
		}
	}
	r.HiddenShare = ratio(r.HiddenIn, r.Clean)
	for _, s := range []*PIIScore{&r.PIIScore, &r.All, &r.InPieces} {
		s.finish()
	}
	for kind, s := range byType {
		s.finish()
		r.Types[kind] = *s
	}
	return r
}

func only(spans []piiSpan, which func(piiSpan) bool) (out []piiSpan) {
	for _, s := range spans {
		if which(s) {
			out = append(out, s)
		}
	}
	return out
}

func labelledSpans(t PIIText) (out []piiSpan) {
	for _, l := range t.Spans {
		kind := l.Type
		if ours, ok := piiTypes[l.Type]; ok {
			kind = string(ours)
		}
		out = append(out, piiSpan{l.Start, l.End, kind})
	}
	slices.SortFunc(out, func(a, b piiSpan) int { return cmp.Or(a.start-b.start, a.end-b.end) })
	return out
}

func foundSpans(text string) (out []piiSpan) {
	at, runes := 0, 0 // a byte, and how many code points are before it
	for _, s := range pii.Find(text, "") {
		if piiUnlabelled[s.Type] {
			continue
		}
		kind := s.Type
		if one, ok := piiSame[kind]; ok {
			kind = one
		}
		start := runes + len([]rune(text[at:s.Start]))
		at, runes = s.End, start+len([]rune(text[s.Start:s.End]))
		out = append(out, piiSpan{start, runes, string(kind)})
	}
	return out
}

// wholeAddresses joins neighbouring streets, towns and codes of which at least one is a
// street.
func wholeAddresses(spans []piiSpan, text []rune) (out []piiSpan) {
	part := func(s piiSpan) bool {
		return s.kind == string(pii.Address) || s.kind == string(pii.Postcode) || s.kind == string(pii.Place)
	}
	for i := 0; i < len(spans); {
		k, street := i, false
		for ; k < len(spans) && part(spans[k]); k++ {
			if k > i && strings.ContainsFunc(string(text[min(spans[k-1].end, spans[k].start):spans[k].start]), func(r rune) bool {
				return !unicode.IsSpace(r) && r != ',' && r != '.'
			}) {
				break
			}
			street = street || spans[k].kind == string(pii.Address)
		}
		if k > i && street {
			out = append(out, piiSpan{spans[i].start, spans[k-1].end, string(pii.Address)})
			i = k
			continue
		}
		out = append(out, spans[i])
		i++
	}
	return out
}

// count matches what was found with what was labelled, the closest first.
func (s *PIIScore) count(labelled, found []piiSpan) {
	s.Labelled += len(labelled)
	s.Found += len(found)
	used := make([]bool, len(labelled))
	for _, f := range found {
		best, overlap := -1, 0.0
		for i, l := range labelled {
			if used[i] || l.kind != f.kind {
				continue
			}
			shared := min(l.end, f.end) - max(l.start, f.start)
			if o := ratio(shared, max(l.end, f.end)-min(l.start, f.start)); shared > 0 && o >= .5 && o > overlap {
				best, overlap = i, o
			}
		}
		if best < 0 {
			continue
		}
		used[best] = true
		s.right++
		if labelled[best].start == f.start && labelled[best].end == f.end {
			s.exact++
		}
	}
}
