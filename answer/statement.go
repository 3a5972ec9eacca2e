package answer

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"candor/consent"
	"candor/retrieval"
)

// Aspect is what a statement about a record tells.
type Aspect string

// Aspects. Summary is everything that matters in one line, for lists.
const (
	AboutStatus   Aspect = "status"
	AboutArrival  Aspect = "arrival"
	AboutTracking Aspect = "tracking"
	AboutAmount   Aspect = "amount"
	AboutItems    Aspect = "items"
	AboutPlaced   Aspect = "placed" // when it was placed, issued or opened
	AboutDue      Aspect = "due"
	AboutMethod   Aspect = "method"
	AboutOutcome  Aspect = "outcome"
	AboutSummary  Aspect = "summary"
)

// Statement is a sentence that says what a structured record holds.
type Statement struct {
	About Aspect
	// Lead is whether the sentence stands alone; the others follow a lead and
	// do not repeat what they are about.
	Lead bool
	Text string
}

// Statements phrases a record's fields in the language: for each aspect that
// the fields hold, a sentence that leads and, where it is useful, a shorter one
// that follows another. It returns none for a record without the fields of its
// category. What it returns is all that may be said from fields: Verify accepts
// no other sentence without support in the record's text.
func Statements(r retrieval.Record, language string) []Statement {
	forms := statementForms[r.Category]
	if len(r.Fields) == 0 {
		return nil
	}
	if len(forms) == 0 {
		return plainStatement(r)
	}
	lang := consent.MatchLanguage(language)
	values := make(map[string]string, len(r.Fields)+1)
	for k, v := range r.Fields {
		if v = oneLine(v); v != "" {
			values[strings.ToLower(k)] = v
		}
	}
	status := strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(values["status"]))
	kind := strings.ToLower(values["kind"])
	if state, ok := stateWords[r.Category][status]; ok {
		values["state"] = state.In(lang)
	} else if values["status"] != "" {
		values["state"] = values["status"]
	}
	if noun, ok := kindWords[kind]; ok {
		values["noun"] = noun.In(lang)
	} else if values["kind"] != "" {
		values["noun"] = capital(values["kind"])
	} else {
		values["noun"] = kindWords["invoice"].In(lang)
	}
	for _, k := range dateFields {
		if v, ok := values[k]; ok {
			values[k] = FormatDate(v, lang)
		}
	}
	var out []Statement
	for _, f := range forms {
		if !f.fits(kind, status) {
			continue
		}
		// The first form of an aspect that fits is the most particular one.
		if slices.ContainsFunc(out, func(s Statement) bool { return s.About == f.about && s.Lead == f.lead }) {
			continue
		}
		if text, ok := fillForm(f.text.In(lang), values); ok {
			out = append(out, Statement{f.about, f.lead, text})
		}
	}
	return out
}

// plainStatement lists the fields of a record that has neither forms nor a text.
func plainStatement(r retrieval.Record) []Statement {
	if strings.TrimSpace(r.Text) != "" {
		return nil
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
		if v := oneLine(r.Fields[k]); v != "" {
			parts = append(parts, strings.ReplaceAll(k, "_", " ")+": "+v)
		}
	}
	text := strings.Join(parts, "; ") + "."
	if title := oneLine(r.Title); title != "" {
		text = title + " – " + text
	}
	return []Statement{{AboutSummary, true, text}}
}

// fits reports whether the form is for a record of the kind and status.
func (f statementForm) fits(kind, status string) bool {
	if f.kind != "" && f.kind != kind {
		return false
	}
	listed, not := strings.CutPrefix(f.status, "!")
	return f.status == "" || slices.Contains(strings.Split(listed, "|"), status) != not
}

func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

var dateFields = []string{"placed", "expected", "delivered", "date", "due", "opened", "closed"}

var (
	optionalPart = regexp.MustCompile(`\[([^\[\]]*)\]`)
	placeholder  = regexp.MustCompile(`\{(\w+)\}`)
)

// fillForm fills a form's placeholders. A part in brackets goes if one of its
// values is missing; ok is false if one outside brackets is.
func fillForm(form string, values map[string]string) (text string, ok bool) {
	missing := func(part string) bool {
		for _, m := range placeholder.FindAllStringSubmatch(part, -1) {
			if values[m[1]] == "" {
				return true
			}
		}
		return false
	}
	form = optionalPart.ReplaceAllStringFunc(form, func(part string) string {
		if missing(part) {
			return ""
		}
		return part[1 : len(part)-1]
	})
	if missing(form) {
		return "", false
	}
	text = placeholder.ReplaceAllStringFunc(form, func(p string) string { return values[p[1:len(p)-1]] })
	// A value may bring the full stop ("Acme Inc.").
	return strings.Replace(text, "..", ".", 1), true
}

// RecordDate returns when what the record is about happened: the first date
// among its fields that says so, else when it was collected.
func RecordDate(r retrieval.Record) time.Time {
	for _, k := range []string{"placed", "date", "opened"} {
		if t, ok := ParseDate(r.Fields[k]); ok {
			return t
		}
	}
	return r.CollectedAt
}

// ParseDate reads a date or a time in RFC 3339; the day is that of the text,
// whatever its zone.
func ParseDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// FormatDate writes a date as people do in the language. What is no date that
// ParseDate knows stays as it is.
func FormatDate(s, language string) string {
	t, ok := ParseDate(s)
	if !ok {
		return s
	}
	lang := consent.MatchLanguage(language)
	month := monthNames[lang][t.Month()-1]
	switch lang {
	case "pt-BR", "es":
		if lang == "pt-BR" && t.Day() == 1 {
			return fmt.Sprintf("1º de %s de %d", month, t.Year())
		}
		return fmt.Sprintf("%d de %s de %d", t.Day(), month, t.Year())
	case "uk", "ru":
		return fmt.Sprintf("%d %s %d", t.Day(), month, t.Year())
	}
	return strconv.Itoa(t.Day()) + " " + month + " " + strconv.Itoa(t.Year())
}

// monthNames are in the case that follows a day.
var monthNames = map[string][]string{
	"en":    strings.Fields("January February March April May June July August September October November December"),
	"pt-BR": strings.Fields("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
	"es":    strings.Fields("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
	"uk":    strings.Fields("січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня"),
	"ru":    strings.Fields("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"),
}
