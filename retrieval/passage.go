package retrieval

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"candor/retrieval/analysis"
)

// The size of a passage, in words between spaces. One passage holds a thought
// of a few sentences; larger ones blur what they are about, smaller ones lose
// it. The values were chosen by nDCG@10 on the evaluation sets (package eval).
const (
	targetWords  = 160 // a passage is closed once it has as many
	maxWords     = 200 // and is not allowed to grow beyond this
	minWords     = 40  // a shorter rest goes to the passage before it
	sectionWords = 100 // a heading opens a new passage after as many
	overlapWords = 30  // the longest sentence that is repeated in the next one
	titleWeight  = 2   // how often the terms of the title are counted
)

// Split cuts a record into passages, in the order of its text.
//
// Each passage is of whole sentences and 120 to 200 words long where the text
// allows; short records are one passage. A passage repeats the last sentence of
// the one before it, if that is short, and starts afresh at a heading. Its terms
// include those of the record's title (twice) and of the headings it lies under;
// the first also has those of the fields that the text does not mention. A
// record without text, but with a title or fields, has one empty passage.
func Split(r Record) []Passage {
	title, text := strings.TrimSpace(r.Title), r.Text
	headings := analysis.Headings(text)
	language := r.Language
	if analysis.Base(language) == "" {
		language = analysis.DetectLanguage(title + "\n" + text)
	}
	spans := passageSpans(text, headings)
	if len(spans) == 0 {
		if title == "" && len(r.Fields) == 0 {
			return nil
		}
		spans = []analysis.Span{{}}
	}
	passages := make([]Passage, 0, len(spans))
	for i, s := range spans {
		l := language
		if analysis.Base(r.Language) == "" && len(spans) > 1 {
			// A long text may change its language; a heading alone does not tell.
			if d := analysis.DetectLanguage(s.Of(text)); d != "" {
				l = d
			}
		}
		p := Passage{
			ID: r.ID + "#" + strconv.Itoa(i), Record: r.ID, Start: s.Start, End: s.End,
		}
		p.Terms, p.Length = termsOf(s.Of(text), l)
		p.add(title, l, titleWeight)
		for _, h := range analysis.HeadingPath(headings, s.Start) {
			if h.Start < s.Start && h.Text != title {
				p.add(h.Text, l, 1)
			}
		}
		if i == 0 {
			for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
				if v := r.Fields[k]; !strings.Contains(text, v) {
					p.add(v, l, 1)
				}
			}
		}
		passages = append(passages, p)
	}
	return passages
}

// add counts the terms of a text that belongs to the passage without being in
// its span.
func (p *Passage) add(text, language string, weight int) {
	terms, n := termsOf(text, language)
	for t, f := range terms {
		p.Terms[t] += f * weight
	}
	p.Length += n * weight
}

// Seal returns what a store keeps of a personal record for an index: its
// passages, each with the record's category and date.
func Seal(r Record) []Stored {
	passages := Split(r)
	stored := make([]Stored, len(passages))
	for i, p := range passages {
		stored[i] = Stored{Passage: p, Category: r.Category, CollectedAt: r.CollectedAt}
	}
	return stored
}

// unit is a sentence with its length.
type unit struct {
	analysis.Span
	words   int
	heading bool
}

func passageSpans(text string, headings []analysis.Heading) []analysis.Span {
	units := unitsOf(text, headings)
	var spans []analysis.Span
	var sizes []int
	first, words := 0, 0 // the open passage: units[first:i]
	fresh := 0           // the first unit that no passage holds yet
	closeAt := func(i int) {
		spans = append(spans, analysis.Span{Start: units[first].Start, End: units[i-1].End})
		sizes = append(sizes, words)
		first, words, fresh = i, 0, i
		if i < len(units) && !units[i].heading && units[i-1].words <= overlapWords && i-1 > 0 {
			first, words = i-1, units[i-1].words
		}
	}
	for i, u := range units {
		if i > fresh && (words >= targetWords || words+u.words > maxWords || u.heading && words >= sectionWords) {
			// A heading stays with what it is the heading of.
			if j := i; units[j-1].heading && j-1 > fresh {
				words -= units[j-1].words
				closeAt(j - 1)
				first, words = j-1, units[j-1].words
			} else {
				closeAt(i)
			}
		}
		words += u.words
	}
	if fresh < len(units) {
		rest := 0
		for _, u := range units[fresh:] {
			rest += u.words
		}
		if n := len(spans); n > 0 && rest < minWords && sizes[n-1]+rest <= maxWords+minWords {
			spans[n-1].End = units[len(units)-1].End
		} else {
			spans = append(spans, analysis.Span{Start: units[first].Start, End: units[len(units)-1].End})
		}
	}
	return spans
}

func unitsOf(text string, headings []analysis.Heading) []unit {
	var units []unit
	for _, s := range analysis.Sentences(text) {
		h, _ := slices.BinarySearchFunc(headings, s.Start, func(h analysis.Heading, start int) int { return h.Start - start })
		heading := h < len(headings) && headings[h].Start == s.Start
		for _, piece := range pieces(text, s) {
			units = append(units, unit{piece, countWords(piece.Of(text)), heading})
		}
	}
	return units
}

// pieces cuts a sentence of more than maxWords (a table without line breaks, a
// text without punctuation or without spaces) at spaces, or at runes if it has
// none.
func pieces(text string, s analysis.Span) []analysis.Span {
	if countWords(s.Of(text)) <= maxWords {
		return []analysis.Span{s}
	}
	const maxBytes = maxWords * 8
	var out []analysis.Span
	for start := s.Start; start < s.End; {
		end, words, inWord := start, 0, false
		for end < s.End && end-start < maxBytes {
			r, size := utf8.DecodeRuneInString(text[end:s.End])
			if unicode.IsSpace(r) {
				if inWord {
					if words++; words == targetWords {
						break
					}
				}
				inWord = false
			} else {
				inWord = true
			}
			end += size
		}
		if end > start {
			out = append(out, analysis.Span{Start: start, End: end})
		}
		for end < s.End {
			r, size := utf8.DecodeRuneInString(text[end:s.End])
			if !unicode.IsSpace(r) {
				break
			}
			end += size
		}
		start = end
	}
	return out
}

// countWords counts the words between spaces, and every 24 bytes
// without a space as one, so that a script without spaces has passages too.
func countWords(s string) int {
	n, run := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			if run > 0 {
				n += 1 + (run-1)/24
			}
			run = 0
		default:
			run++
		}
	}
	if run > 0 {
		n += 1 + (run-1)/24
	}
	return n
}
