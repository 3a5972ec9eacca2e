package openai

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"candor/retrieval/analysis"
)

// claim is a sentence of a model with the numbers of the sources that it names.
type claim struct {
	text    string // plain; an item of a list begins with "• " or its number
	sources []int
}

// cutter cuts what a model writes into sentences while it comes.
//
// A sentence is cut off once what follows it cannot change where it ends, which is with
// the first letter of the next one at the latest; so the same text is cut in the same
// way in whatever pieces it comes. Sentences without a source wait for the end of their
// paragraph: a source there is the source of all of it.
type cutter struct {
	text    string  // that is not cut yet
	broken  string  // the first bytes of a letter
	waiting []claim // of the paragraph, without a source
	item    string  // the marker of the list item that the line is, until it is used
	inLine  bool    // the line has begun before the text
	footer  bool    // the rest lists sources
	thought bool    // the text is inside of <think>
	begun   bool    // there was a line that says something
	leading bool    // the model names a source before its sentence: "[1] It is free."
	last    []int   // the sources named last, where it does
}

// lookAhead is more than there is between a sentence and the first letter of the next.
const lookAhead = 200

// lookBack is more than the longest word after which a full stop ends nothing.
const lookBack = 64

// maxClaim bounds a sentence in bytes: text that has no end is cut there.
const maxClaim = 2000

// add takes more text, and yields the sentences that are complete.
func (c *cutter) add(text string, yield func(claim) error) error {
	c.broken += text
	n := len(c.broken)
	for back := 1; back < utf8.UTFMax && back <= n; back++ { // a letter may come in two pieces
		if utf8.RuneStart(c.broken[n-back]) {
			if !utf8.FullRuneInString(c.broken[n-back:]) {
				n -= back
			}
			break
		}
	}
	c.text += strings.ToValidUTF8(c.broken[:n], "\uFFFD")
	c.broken = c.broken[n:]
	return c.cut(false, yield)
}

// end yields what is left.
func (c *cutter) end(yield func(claim) error) error {
	c.text += strings.ToValidUTF8(c.broken, "\uFFFD")
	c.broken = ""
	if err := c.cut(true, yield); err != nil {
		return err
	}
	return c.flush(nil, yield)
}

func (c *cutter) cut(final bool, yield func(claim) error) error {
	for !c.footer {
		if !c.think(final) {
			return nil
		}
		if !c.inLine {
			ready := c.beginLine(final)
			if !ready || c.footer {
				return c.flushFooter(yield)
			}
			if c.text == "" {
				return nil
			}
			if !c.inLine { // the line was structure
				continue
			}
		}
		end, last, ok := c.sentenceEnd(final)
		if !ok {
			return nil
		}
		sentence := c.text[:end]
		c.text = c.text[end:]
		if err := c.say(sentence, yield); err != nil {
			return err
		}
		if last {
			c.inLine, c.item = false, ""
			if n := len(c.waiting); n > 0 && strings.HasSuffix(c.waiting[n-1].text, ":") {
				continue // what it introduces has its source
			}
			if err := c.flush(nil, yield); err != nil {
				return err
			}
		}
		if c.text == "" && !last {
			return nil
		}
	}
	c.text = ""
	return nil
}

func (c *cutter) flushFooter(yield func(claim) error) error {
	if !c.footer {
		return nil
	}
	c.text = ""
	return c.flush(nil, yield)
}

const (
	thinkOpen  = "<think>"
	thinkClose = "</think>"
)

// think leaves out what a model says to itself. It reports whether the text goes on
// outside of it, as far as can be told.
func (c *cutter) think(final bool) bool {
	for {
		if c.thought {
			i := strings.Index(c.text, thinkClose)
			if i < 0 {
				c.text = c.text[max(0, len(c.text)-len(thinkClose)+1):] // the end of it may be cut
				if final {
					c.text = ""
				}
				return false
			}
			c.text, c.thought = c.text[i+len(thinkClose):], false
		}
		rest := strings.TrimLeftFunc(c.text, unicode.IsSpace)
		if c.inLine || !strings.HasPrefix(rest, thinkOpen) {
			return final || c.inLine || rest == "" || !strings.HasPrefix(thinkOpen, rest)
		}
		c.text, c.thought = rest[len(thinkOpen):], true
	}
}

var (
	itemMarker = regexp.MustCompile(`^(?:(\d{1,3})[.)]|[-*+•–])[ \t]+`)
	heading    = regexp.MustCompile(`^#{1,6}[ \t]`)
	boldLine   = regexp.MustCompile(`^\*\*[^*]+\*\*:?$`)
	delimiter  = regexp.MustCompile(`^[|:\- \t]+$`)
	footerLine = regexp.MustCompile(`(?i)^[*_#>\s]*(?:sources?|references?|citations?|fontes?|referências|fuentes?|referencias|джерел[ао]|источники?)[*_]*:`)
)

// beginLine looks at the line that the text begins with. A line that is a heading, a
// fence or a rule is left out whole; a table row and a list's item lose their markup. It
// is false while too little of the line is there.
func (c *cutter) beginLine(final bool) bool {
	c.text = strings.TrimLeftFunc(c.text, unicode.IsSpace)
	if c.text == "" {
		return true
	}
	line, _, whole := strings.Cut(c.text, "\n")
	whole = whole || final
	// What a line is shows in its first letters but for a few kinds, which begin with a
	// sign or one of a few words.
	first := firstLetter(line)
	if !whole && (len(line) < 24 && first < 0 || len(line) < 24 && !strings.ContainsRune(line, ' ')) {
		return false
	}
	structured := strings.ContainsAny(line[:1], "#`~|*_>-=") || footerLine.MatchString(line)
	if structured && !whole && !itemMarker.MatchString(line) && len(line) < maxClaim {
		return false
	}
	trimmed := strings.TrimRightFunc(line, unicode.IsSpace)
	skip := func() bool {
		c.text = strings.TrimPrefix(c.text[len(line):], "\n")
		return true
	}
	switch {
	case footerLine.MatchString(line) && c.begun:
		c.footer = true
		return true
	case footerLine.MatchString(line), heading.MatchString(line), boldLine.MatchString(trimmed) && !sourcePattern.MatchString(line), strings.HasPrefix(line, "```"), strings.HasPrefix(line, "~~~"), delimiter.MatchString(trimmed):
		return skip()
	case strings.HasPrefix(line, "|") && !strings.Contains(line[1:], "|"):
		c.text = c.text[1:] // a line of the prompt with its mark, which small models repeat
		return c.beginLine(final)
	case strings.HasPrefix(line, "|"):
		// A row says what its cells do.
		c.text = analysis.Plain(trimmed) + c.text[len(line):]
		c.item = "• "
	case strings.HasPrefix(line, ">"):
		c.text = strings.TrimLeft(c.text, "> \t")
	}
	marker := itemMarker.FindStringSubmatch(c.text)
	if !c.begun {
		says := c.text
		if marker != nil {
			says = says[len(marker[0]):]
		}
		if !whole && sourceBegun.MatchString(says) {
			return false
		}
		c.begun, c.leading = true, sourceAtStart.MatchString(says)
	}
	if m := marker; m != nil {
		c.item = "• "
		if m[1] != "" {
			c.item = m[1] + ". "
		}
		c.text = c.text[len(m[0]):]
	}
	c.inLine = true
	return true
}

func firstLetter(s string) int {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// sentenceEnd returns where the first sentence of the text ends, with its punctuation,
// closing quotes and the sources after it, and whether its line ends there. It is
// not ok while more text could tell otherwise.
func (c *cutter) sentenceEnd(final bool) (end int, last, ok bool) {
	text := c.text
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == '\n' {
			return i, true, true
		}
		if i >= maxClaim && unicode.IsSpace(r) || i >= 2*maxClaim {
			return i, false, true
		}
		if !strings.ContainsRune(".!?…。！？", r) {
			i += size
			continue
		}
		at := i
		i += size
		for i < len(text) && strings.ContainsRune(".!?…", firstRune(text[i:])) {
			i += utf8.RuneLen(firstRune(text[i:]))
		}
		i = skipClosers(text, i)
		if !c.leading {
			after, sure := skipSources(text, i, final)
			if !sure {
				return 0, false, false
			}
			i = after
		}
		ahead := text[i:min(len(text), i+lookAhead)]
		rest := strings.TrimLeft(ahead, " \t\r")
		switch {
		case !final && len(ahead) < lookAhead && letterAfter(rest) < 0:
			return 0, false, false
		case rest == "" && final, strings.HasPrefix(rest, "\n"):
			return i, false, true // the line's end is met next
		}
		ahead, _, _ = strings.Cut(ahead, "\n")
		// The sources between are no part of the sentence's own text.
		marks := skipClosersFrom(text, at)
		if i > marks {
			ahead = " " + ahead
		}
		from := max(0, at-lookBack)
		for !utf8.RuneStart(text[from]) {
			from++
		}
		if strings.ContainsRune("。！？", r) || analysis.EndsSentence(text[from:marks]+ahead, 0, at-from, marks-from) {
			return i, false, true
		}
	}
	if final && text != "" {
		return len(text), true, true
	}
	return 0, false, false
}

// letterAfter is where the first letter or digit of a text is, before its line ends.
func letterAfter(s string) int {
	for i, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return i
		case r == '\n':
			return i
		}
	}
	return -1
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// skipClosersFrom skips the punctuation at a place, and what closes after it.
func skipClosersFrom(text string, at int) int {
	i := at
	for i < len(text) && strings.ContainsRune(".!?…。！？", firstRune(text[i:])) {
		i += utf8.RuneLen(firstRune(text[i:]))
	}
	return skipClosers(text, i)
}

func skipClosers(text string, i int) int {
	for i < len(text) && strings.ContainsRune(`"')”’»*_`, firstRune(text[i:])) {
		i += utf8.RuneLen(firstRune(text[i:]))
	}
	return i
}

// source matches the ways in which models name sources.
const (
	sourceWord = `(?i:sources?|fontes?|fuentes?|джерел[оа]|источники?)\s*`
	sourceList = `\d{1,4}(?:\s*[,;–†-]\s*\^?\d{1,4})*`
	source     = `(?:[\[【](?:\^|` + sourceWord + `)?` + sourceList + `[\]】](?:\([^()\s]{0,300}\))?|\(` + sourceWord + sourceList + `\))`
)

var (
	sourcePattern = regexp.MustCompile(source)
	sourceAtStart = regexp.MustCompile(`^[ \t]*` + source)
	// sourceBegun is what may still become one.
	sourceBegun = regexp.MustCompile(`^[ \t]*(?:[\[【(](?:\^|\pL{0,12}\s*)?[\d\s,;–†^-]*)?$`)
	linkBegun   = regexp.MustCompile(`^\([^()\s]{0,300}$`)
	// credit is how a sentence begins that names its source first.
	credit  = regexp.MustCompile(`^(?i:according to|as (?:stated|mentioned|described) in|based on|per|de acordo com|conforme|segundo|de acuerdo con|según|згідно з|відповідно до|согласно)(?: (?i:the ))?\s*(?:` + sourceWord + `)?(?:` + source + `[\s,]*)+`)
	numbers = regexp.MustCompile(`\d+`)
	span    = regexp.MustCompile(`(\d{1,4})\s*[–-]\s*(\d{1,4})`)
)

// skipSources skips the sources that follow a sentence. It is not sure while the text
// ends in what may become one.
func skipSources(text string, i int, final bool) (end int, sure bool) {
	for {
		rest := text[i:]
		if loc := sourceAtStart.FindStringIndex(rest); loc != nil {
			if !final && (loc[1] == len(rest) || linkBegun.MatchString(rest[loc[1]:])) {
				return 0, false // its link may follow
			}
			i += loc[1]
			if after := strings.TrimLeft(text[i:], " \t"); strings.HasPrefix(after, ".") && !strings.HasPrefix(after, "..") {
				i = len(text) - len(after) + 1
			}
			continue
		}
		if !final && len(rest) < 340 && sourceBegun.MatchString(rest) {
			return 0, false
		}
		return i, true
	}
}

// say takes a sentence as the model wrote it.
func (c *cutter) say(raw string, yield func(claim) error) error {
	var sources []int
	for _, m := range sourcePattern.FindAllString(raw, -1) {
		sources = append(sources, numbersOf(m)...)
	}
	text := plain(sourcePattern.ReplaceAllString(uncredited(raw), ""))
	if firstLetter(text) < 0 {
		if len(sources) > 0 { // alone, after the sentences that they are of
			return c.flush(sources, yield)
		}
		return nil
	}
	if c.leading {
		if len(sources) == 0 {
			sources = c.last
		}
		c.last = sources
	}
	x := claim{c.item + text, sources}
	c.item = ""
	if len(sources) == 0 {
		c.waiting = append(c.waiting, x)
		return nil
	}
	if err := c.flush(sources, yield); err != nil {
		return err
	}
	return yield(x)
}

// flush yields the sentences that waited for a source; without one they have none.
func (c *cutter) flush(sources []int, yield func(claim) error) error {
	waiting := c.waiting
	c.waiting = nil
	for _, w := range waiting {
		w.sources = sources
		if err := yield(w); err != nil {
			return err
		}
	}
	return nil
}

// numbersOf are the sources that a mark names: "[1, 3-4]" are 1, 3 and 4.
func numbersOf(mark string) (out []int) {
	mark, _, _ = strings.Cut(strings.TrimPrefix(mark, "("), "(") // without its link
	add := func(n int) {
		if len(out) < 16 {
			out = append(out, n)
		}
	}
	rest := span.ReplaceAllStringFunc(mark, func(s string) string {
		m := span.FindStringSubmatch(s)
		from, _ := strconv.Atoi(m[1])
		to, _ := strconv.Atoi(m[2])
		for n := from; n <= to && n-from < 16; n++ {
			add(n)
		}
		return ""
	})
	for _, s := range numbers.FindAllString(rest, -1) {
		n, _ := strconv.Atoi(s)
		add(n)
	}
	return out
}

// uncredited is a sentence without the name of its source before it.
func uncredited(s string) string {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	if loc := sourceAtStart.FindStringIndex(s); loc != nil {
		return strings.TrimLeft(s[loc[1]:], " \t:–-")
	}
	loc := credit.FindStringIndex(s)
	if loc == nil {
		return s
	}
	rest := s[loc[1]:]
	first, size := utf8.DecodeRuneInString(rest)
	return string(unicode.ToUpper(first)) + rest[size:]
}

var beforePunctuation = regexp.MustCompile(`\s+([.,;:!?…])`)

// plain is a sentence without markup, and without the space that its sources left. What
// is bold may go on in the next sentence.
func plain(s string) string {
	s = beforePunctuation.ReplaceAllString(s, "$1")
	return strings.TrimSpace(strings.ReplaceAll(analysis.Plain(s), "**", ""))
}
