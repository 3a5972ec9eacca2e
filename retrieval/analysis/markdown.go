package analysis

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The kinds of block that text is made of, a small part of CommonMark
// (https://spec.commonmark.org/0.31.2/) with the tables of GitHub's: what help
// articles and records use. Anything else is a paragraph.
type blockKind int

const (
	paragraphBlock blockKind = iota
	headingBlock
	itemBlock  // a list item with its continuation lines
	tableBlock // one row
	codeBlock  // one line of fenced code
)

type block struct {
	Span
	kind  blockKind
	level int // of a heading
}

// blocks returns the blocks of a text in order; rules, fences, a table's
// delimiter row and blank lines belong to none.
func blocks(text string) []block {
	var out []block
	open := -1 // the paragraph or item that the next plain line continues
	fence := ""
	for start := 0; start < len(text); {
		end := len(text)
		if i := strings.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i
		}
		line := trimSpan(text, Span{start, end})
		start = end + 1
		s := line.Of(text)
		switch {
		case fence != "":
			if strings.HasPrefix(s, fence) {
				fence = ""
			} else if s != "" {
				out = append(out, block{Span: line, kind: codeBlock})
			}
			open = -1
		case strings.HasPrefix(s, "```"), strings.HasPrefix(s, "~~~"):
			fence = s[:3]
			open = -1
		case s == "":
			open = -1
		case open >= 0 && out[open].kind == paragraphBlock && isUnderline(s) && len(s) >= 2 &&
			!strings.Contains(out[open].Of(text), "\n") && utf8.RuneCountInString(out[open].Of(text)) <= 100:
			out[open].kind, out[open].level = headingBlock, 2
			if s[0] == '=' {
				out[open].level = 1
			}
			open = -1
		case isRule(s), isDelimiterRow(s):
			open = -1
		case headingLevel(s) > 0:
			out = append(out, block{line, headingBlock, headingLevel(s)})
			open = -1
		case len(s) > 1 && s[0] == '|':
			out = append(out, block{Span: line, kind: tableBlock})
			open = -1
		case markerLength(s) > 0:
			out = append(out, block{Span: line, kind: itemBlock})
			open = len(out) - 1
		case open >= 0:
			out[open].End = line.End
		default:
			out = append(out, block{Span: line, kind: paragraphBlock})
			open = len(out) - 1
		}
	}
	return out
}

// headingLevel returns the level of an ATX heading, or 0.
func headingLevel(s string) int {
	n := 0
	for n < len(s) && s[n] == '#' {
		n++
	}
	if n == 0 || n > 6 || n < len(s) && s[n] != ' ' && s[n] != '\t' {
		return 0
	}
	return n
}

// isUnderline reports whether a line underlines a setext heading.
func isUnderline(s string) bool {
	return strings.Trim(s, "=") == "" || strings.Trim(s, "-") == ""
}

// isRule reports whether a line is a thematic break: three or more of one mark.
func isRule(s string) bool {
	t := strings.ReplaceAll(s, " ", "")
	return len(t) >= 3 && strings.ContainsRune("-*_=", rune(t[0])) && strings.Trim(t, t[:1]) == ""
}

// isDelimiterRow reports whether a line is the row under a table's head.
func isDelimiterRow(s string) bool {
	return strings.Contains(s, "|") && strings.Contains(s, "-") && strings.Trim(s, "|-: \t") == ""
}

// markerLength returns the length of the list or quote marker that s begins
// with, with the space after it, or 0: "- ", "* ", "• ", "1. ", "12) ", "a) ".
func markerLength(s string) int {
	n := 0
	switch {
	case s == "":
		return 0
	case strings.IndexByte("-*+>", s[0]) >= 0:
		n = 1
	case strings.HasPrefix(s, "•"), strings.HasPrefix(s, "–"), strings.HasPrefix(s, "·"), strings.HasPrefix(s, "▪"), strings.HasPrefix(s, "—"):
		_, n = utf8.DecodeRuneInString(s)
	default:
		for n < len(s) && n < 3 && isDigit(s[n]) {
			n++
		}
		if n == 0 && (s[0] >= 'a' && s[0] <= 'z') && len(s) > 1 && s[1] == ')' {
			n = 1
		}
		if n == 0 || n == len(s) || s[n] != '.' && s[n] != ')' {
			return 0
		}
		n++
	}
	if n == len(s) {
		return n
	}
	if s[n] != ' ' && s[n] != '\t' {
		return 0
	}
	for n < len(s) && (s[n] == ' ' || s[n] == '\t') {
		n++
	}
	return n
}

// Heading is a heading of a Markdown text.
type Heading struct {
	Span
	Level int    // 1 is the highest
	Text  string // without markup
}

// Headings returns the headings of a text in order.
func Headings(text string) []Heading {
	var out []Heading
	for _, b := range blocks(text) {
		if b.kind == headingBlock {
			out = append(out, Heading{b.Span, b.level, Plain(b.Of(text))})
		}
	}
	return out
}

// HeadingPath returns the headings that an offset of the text lies under, the
// highest first. A heading lies under itself.
func HeadingPath(headings []Heading, offset int) []Heading {
	var path []Heading
	for _, h := range headings {
		if h.Start > offset {
			break
		}
		for len(path) > 0 && path[len(path)-1].Level >= h.Level {
			path = path[:len(path)-1]
		}
		path = append(path, h)
	}
	return path
}

var (
	imageOrLink  = regexp.MustCompile(`!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+"[^"]*")?\)`)
	referenceRef = regexp.MustCompile(`\[([^\[\]]+)\]\[[^\[\]]*\]`)
	autolink     = regexp.MustCompile(`<((?:https?://|mailto:)[^<>\s]+|[^<>\s@]+@[^<>\s@]+)>`)
	htmlBreak    = regexp.MustCompile(`(?i)<br\s*/?>`)
	htmlTag      = regexp.MustCompile(`</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>|<!--.*?-->`)
	checkbox     = regexp.MustCompile(`^\[[ xX]\]\s+`)
	strong       = regexp.MustCompile(`(\*\*\*|\*\*|~~)(\S(?:.*?\S)?)(\*\*\*|\*\*|~~)`)
	emphasis     = regexp.MustCompile(`(^|[^\w*])\*(\S(?:[^*]*[^*\s])?)\*`)
	underscores  = regexp.MustCompile(`(^|[^\pL\pN_])(__?)(\S(?:[^_]*[^_\s])?)(__?)($|[^\pL\pN_])`)
	codeSpan     = regexp.MustCompile("(`+)([^`]+)(`+)")
	entity       = regexp.MustCompile(`&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);`)
	escape       = regexp.MustCompile("\\\\([!\"#$%&'()*+,\\-./:;<=>?@\\[\\]\\\\^_`{|}~])")
)

// Plain returns the text of a Markdown span for display: on one line, without
// markers, emphasis, link targets, HTML tags and escapes. Plain text comes back
// as it is, but for its white space. The cells of a table row are joined by
// ": " if there are two of them, else by ", ".
func Plain(markdown string) string {
	var lines []string
	for line := range strings.SplitSeq(markdown, "\n") {
		line = strings.TrimFunc(line, isBlank)
		if isRule(line) || isDelimiterRow(line) || strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			continue
		}
		if n := headingLevel(line); n > 0 {
			line = strings.TrimRight(strings.TrimSpace(line[n:]), "# ")
		}
		for n := markerLength(line); n > 0; n = markerLength(line) {
			// A number is only a marker once: "1. 2. x" is odd enough to stay.
			digit := isDigit(line[0])
			line = line[n:]
			if digit {
				break
			}
		}
		line = checkbox.ReplaceAllString(line, "")
		if len(line) > 1 && line[0] == '|' {
			line = joinCells(line)
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	s := strings.Join(lines, " ")
	if strings.ContainsAny(s, "*_`[<\\~&") {
		s = plainInline(s)
	}
	return strings.Join(strings.Fields(s), " ")
}

func joinCells(row string) string {
	var cells []string
	for cell := range strings.SplitSeq(strings.Trim(row, "|"), "|") {
		if cell = strings.TrimSpace(cell); cell != "" {
			cells = append(cells, cell)
		}
	}
	if len(cells) == 2 {
		return cells[0] + ": " + cells[1]
	}
	return strings.Join(cells, ", ")
}

func plainInline(s string) string {
	s = htmlBreak.ReplaceAllString(s, " ")
	s = autolink.ReplaceAllString(s, "$1")
	s = htmlTag.ReplaceAllString(s, "")
	s = imageOrLink.ReplaceAllString(s, "$1")
	s = referenceRef.ReplaceAllString(s, "$1")
	s = codeSpan.ReplaceAllString(s, "$2")
	for range 2 { // emphasis within strong emphasis
		s = strong.ReplaceAllString(s, "$2")
		s = emphasis.ReplaceAllString(s, "$1$2")
		s = underscores.ReplaceAllString(s, "$1$3$5")
	}
	s = escape.ReplaceAllString(s, "$1")
	// A sentence that was cut out of an emphasised paragraph has half of it.
	s = strings.ReplaceAll(s, "**", "")
	return entity.ReplaceAllStringFunc(s, html.UnescapeString)
}
