package extractive

import (
	"maps"
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
	labelled  bool   // (part of) an item that begins with what it is about
	explains  bool   // it is under a heading that says how
	opening   bool   // in the first paragraph
	leans     *unit  // the sentence before, if this one speaks of what that one names

	terms   map[string]bool // of the sentence, and of the one that it leans on
	order   []string        // its content terms, in order
	heading map[string]bool // of the headings above it, and of a question before it
}

// document is a record whose text was cut into sentences.
type document struct {
	retrieval.Record
	language string
	title    map[string]bool
	subject  []string // the words of the title that tell what it is about, in order
	units    []unit
}

// maxLabel is how many words in bold are a label; more may be a sentence.
const maxLabel = 4

var (
	// internal matches what was written for staff or left by a template: the name
	// of a tool, a value that was never filled in.
	internal   = regexp.MustCompile(`\b[a-z]+(?:_[a-z0-9]+)+\b|(?i:\b(?:call|use|using|run) (?:this|the) tool\b|\bfor (?:support )?agents\b)|\[(?:value|VALUE|TODO|TBD|insert)[^\]]*\]|\{\{`)
	itemMarker = regexp.MustCompile(`^(?:[-*+•–·▪]|\d{1,2}[.)]|[a-z]\))\s|^\|`)
	// label matches what stands in bold before a list or a paragraph, or begins an
	// item.
	label     = regexp.MustCompile(`^(?:[-*+•–] |\d{1,2}[.)] )?\*\*([^*]{2,60})\*\*[:.]?(?:$|\s)`)
	pronoun   = regexp.MustCompile(`^(?:(?:If )?(?:this|This|That|that|These|Those|[Ii]t|[Tt]hey)|Such|Both|For the same reason|After that|In that case|Isso|Isto|El[ea]s?|Por isso|Depois disso|Nesse caso|Esto|Eso|Estos|Estas|Por eso|Después|En ese caso|Це|Він|Вона|Воно|Вони|Тому|Після цього|Это|Он|Она|Оно|Они|Поэтому|После этого)\PL`)
	how       = regexp.MustCompile(`(?im)^(?:how|como|cómo|як|как)\PL`)
	ruleOfRow = regexp.MustCompile(`^\s*\|?[\s:|-]*-[\s:|-]*$`)
)

// newDocument cuts a record into units. What only introduces is no unit, but
// stands above those that follow it: a heading, the head of a table, a question
// that the next sentence answers.
func newDocument(r retrieval.Record) *document {
	d := &document{Record: r, language: languageOf(r)}
	d.title, d.subject = termSet(r.Title, d.language), subjectOf(r.Title, d.language)
	headings := analysis.Headings(r.Text)
	asked, topic, section := "", "", 0 // a question, a label, and where they begin
	sentences := analysis.Sentences(r.Text)
	d.units = make([]unit, 0, len(sentences)) // units point to each other
	for _, s := range sentences {
		text := s.Of(r.Text)
		if slices.ContainsFunc(headings, func(h analysis.Heading) bool { return h.Start == s.Start }) {
			asked, topic, section = "", "", s.Start
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
		bold := label.FindStringSubmatch(text)
		if bold != nil && bold[0] == text && !itemMarker.MatchString(text) {
			asked, topic, section = "", bold[1], s.Start
			if len(strings.Fields(topic)) <= maxLabel {
				continue
			}
		}
		u := unit{Span: s, record: d, section: section, item: itemMarker.MatchString(text)}
		u.step = u.item && text[0] >= '1' && text[0] <= '9'
		u.labelled = u.item && bold != nil
		above := asked + "\n" + topic
		var before *unit
		if n := len(d.units); n > 0 && !strings.Contains(r.Text[d.units[n-1].End:s.Start], "\n\n") {
			before = &d.units[n-1]
		}
		if before != nil && !u.item && before.item && !strings.Contains(r.Text[before.End:s.Start], "\n") {
			u.item, u.continued, u.labelled = true, true, before.labelled
			above += "\n" + analysis.Plain(before.Of(r.Text))
		}
		for _, h := range analysis.HeadingPath(headings, s.Start) {
			above += "\n" + h.Text
		}
		u.explains = how.MatchString(above)
		u.opening = len(d.units) == 0 || before != nil && before.opening && !u.item
		u.terms, u.heading = termSet(shown, d.language), termSet(above, d.language)
		u.order = content(shown, d.language)
		if n := len(d.units); n > 0 && !u.item && d.units[n-1].section == section && pronoun.MatchString(shown) {
			u.leans = &d.units[n-1]
			maps.Copy(u.terms, u.leans.terms)
		}
		d.units = append(d.units, u)
	}
	return d
}

func isTableHead(rest string) bool {
	line, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(rest, "\r"), "\n"), "\n")
	return line != "" && ruleOfRow.MatchString(line)
}

// said returns what a unit says, with the sentence that it leans on.
func (u *unit) said() string {
	text := u.Of(u.record.Text)
	if u.leans != nil {
		text = u.leans.Of(u.record.Text) + " " + text
	}
	return text
}

// holds reports whether a unit holds a value of the kind.
func (u *unit) holds(m measure) bool { return m.in(u.said()) }

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
