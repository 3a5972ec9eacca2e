package extractive

import (
	"regexp"
	"slices"
	"strings"

	"candor/answer"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// unit is a sentence of a record that may be quoted, with where it stands.
type unit struct {
	analysis.Span
	record    *document
	passage   string // the hit that it is in
	hit       int    // its rank, 0 is the best
	section   int    // start of the heading that it lies under
	item      bool   // (part of) a list item or a table row
	continued bool   // not the first sentence of its item
	step      bool   // a numbered item

	terms   map[string]bool // of the sentence
	order   []string        // its content terms, in order
	heading map[string]bool // of the headings above it, and of a question before it
}

// document is a record whose text was cut into sentences.
type document struct {
	retrieval.Record
	language string
	title    map[string]bool
	subject  []string // the content terms of the title, in order
	units    []unit
}

var (
	// internal matches what was written for staff or left by a template: the name
	// of a tool, a value that was never filled in.
	internal   = regexp.MustCompile(`\b[a-z]+(?:_[a-z0-9]+)+\b|\[(?:value|VALUE|TODO|TBD|insert)[^\]]*\]|\{\{`)
	itemMarker = regexp.MustCompile(`^(?:[-*+•–·▪]|\d{1,2}[.)]|[a-z]\))\s|^\|`)
	ruleOfRow  = regexp.MustCompile(`^\s*\|?[\s:|-]*-[\s:|-]*$`)
)

// newDocument cuts a record into units. What only introduces is no unit, but
// stands above those that follow it: a heading, the head of a table, a question
// that the next sentence answers.
func newDocument(r retrieval.Record) *document {
	d := &document{Record: r, language: languageOf(r)}
	d.title, d.subject = termSet(r.Title, d.language), content(r.Title, d.language)
	headings := analysis.Headings(r.Text)
	asked := ""
	for _, s := range analysis.Sentences(r.Text) {
		text := s.Of(r.Text)
		if slices.ContainsFunc(headings, func(h analysis.Heading) bool { return h.Start == s.Start }) {
			asked = ""
			continue
		}
		shown := analysis.Plain(text)
		if internal.MatchString(answer.Display(text)) {
			continue
		}
		if strings.HasSuffix(strings.Trim(shown, `"”»*_ `), "?") {
			asked = shown
			continue
		}
		if strings.HasPrefix(text, "|") && isTableHead(r.Text[s.End:]) {
			asked = shown
			continue
		}
		u := unit{Span: s, record: d, item: itemMarker.MatchString(text)}
		u.step = u.item && text[0] >= '1' && text[0] <= '9'
		if n := len(d.units); !u.item && n > 0 && d.units[n-1].item && !strings.Contains(r.Text[d.units[n-1].End:s.Start], "\n") {
			u.item, u.continued = true, true
		}
		above := asked
		for _, h := range analysis.HeadingPath(headings, s.Start) {
			above += "\n" + h.Text
			u.section = h.Start
		}
		u.terms, u.heading = termSet(shown, d.language), termSet(above, d.language)
		u.order = content(shown, d.language)
		d.units = append(d.units, u)
	}
	return d
}

func isTableHead(rest string) bool {
	line, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(rest, "\r"), "\n"), "\n")
	return line != "" && ruleOfRow.MatchString(line)
}

// position returns where the unit is among those of its document.
func (u *unit) position() int {
	i, _ := slices.BinarySearchFunc(u.record.units, u.Start, func(o unit, start int) int { return o.Start - start })
	return i
}

// documents cuts the records of the hits, each once, and says which of their
// units were found.
func documents(hits []retrieval.Hit) (found []*unit) {
	byID := make(map[string]*document)
	seen := make(map[*unit]bool)
	for rank, h := range hits {
		d := byID[h.Record.ID]
		if d == nil {
			d = newDocument(h.Record)
			byID[h.Record.ID] = d
		}
		for i := range d.units {
			u := &d.units[i]
			if u.Start < h.Start || u.End > h.End || seen[u] {
				continue
			}
			seen[u] = true
			u.passage, u.hit = h.PassageID, rank
			found = append(found, u)
		}
	}
	return found
}
