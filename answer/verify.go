package answer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// Why a sentence is not released. The errors name no text of any record.
var (
	// ErrUnverified is every other error of this list.
	ErrUnverified = errors.New("the sentence is not supported")
	// ErrNoCitation means that the sentence cites nothing.
	ErrNoCitation = fmt.Errorf("%w: it cites no source", ErrUnverified)
	// ErrUnknownSource means that it cites what the search did not find.
	ErrUnknownSource = fmt.Errorf("%w: it cites what this search did not find", ErrUnverified)
	// ErrQuote means that a quote is not in the record, word for word.
	ErrQuote = fmt.Errorf("%w: a quote is not in its source", ErrUnverified)
	// ErrValue means that a number, date, amount, identifier or address is in
	// no cited record.
	ErrValue = fmt.Errorf("%w: its sources do not hold a value that it states", ErrUnverified)
	// ErrWords means that it says something else than its sources.
	ErrWords = fmt.Errorf("%w: its sources do not say this", ErrUnverified)
)

// RemovalReasons are why a sentence of an answer was not released.
var RemovalReasons = []string{"no_citation", "unknown_source", "quote", "value", "unsupported"}

// RemovalReason is the one of RemovalReasons that an error of Verify stands for.
func RemovalReason(err error) string {
	for i, e := range []error{ErrNoCitation, ErrUnknownSource, ErrQuote, ErrValue} {
		if errors.Is(err, e) {
			return RemovalReasons[i]
		}
	}
	return "unsupported"
}

// Verify reports whether what a sentence says is in what it cites. It is nil if
// every citation names a passage of the hits with a quote that is in its record
// word for word, and the sentence is one of
//
//   - its quotes, shown as plain text and cut at sentence boundaries;
//   - a statement that the fields of a cited record make (see Statements);
//   - words of its sources in another order: every value of it is in a cited
//     record, every content word of it too, and it denies what they deny.
//
// It is strict: much that is true does not pass. The quote may be empty where a
// record has fields and no text.
func Verify(s Sentence, hits []retrieval.Hit) error {
	if len(s.Citations) == 0 {
		return ErrNoCitation
	}
	text := oneLine(s.Text)
	if text == "" {
		return ErrWords
	}
	cited := make([]retrieval.Record, 0, len(s.Citations))
	for _, c := range s.Citations {
		i := slices.IndexFunc(hits, func(h retrieval.Hit) bool { return h.Record.ID == c.RecordID && h.PassageID == c.PassageID })
		if i < 0 || c.RecordID == "" {
			return ErrUnknownSource
		}
		r := hits[i].Record
		if !strings.Contains(r.Text, c.Quote) || strings.TrimSpace(c.Quote) == "" && (r.Text != "" || len(r.Fields) == 0) {
			return ErrQuote
		}
		cited = append(cited, r)
	}
	if isQuote(text, s.Citations, cited) || isStatement(text, cited) {
		return nil
	}
	return supported(text, s.Citations, cited)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// isQuote reports whether the sentence is its quotes, in their order. A quote
// that starts or ends within a sentence is no support by itself: "delivery is
// free" can be cut from "it is not true that delivery is free".
func isQuote(text string, citations []Citation, records []retrieval.Record) bool {
	var plain []string
	for i, c := range citations {
		if !wholeSentences(c.Quote, records[i].Text) {
			return false
		}
		plain = append(plain, Display(c.Quote))
	}
	return text == oneLine(strings.Join(plain, " ")) || len(plain) > 0 && slices.Contains(plain, text)
}

// wholeSentences reports whether the quote begins where a sentence of the text
// does, and ends where one does.
func wholeSentences(quote, text string) bool {
	quote = strings.TrimSpace(quote)
	if quote == "" {
		return false
	}
	starts, ends := make(map[int]bool), make(map[int]bool)
	for _, s := range analysis.Sentences(text) {
		starts[s.Start], ends[s.End] = true, true
	}
	for from := 0; ; {
		i := strings.Index(text[from:], quote)
		if i < 0 {
			return false
		}
		if starts[from+i] && ends[from+i+len(quote)] {
			return true
		}
		from += i + 1
	}
}

func isStatement(text string, records []retrieval.Record) bool {
	for _, r := range records {
		for _, l := range consent.Languages {
			for _, st := range Statements(r, l) {
				if st.Text == text {
					return true
				}
			}
		}
	}
	return false
}

// supported checks a sentence in words of its own.
func supported(text string, citations []Citation, records []retrieval.Record) error {
	sources := make([]string, len(records))
	for i, r := range records {
		sources[i] = sourceText(r)
	}
	have := held(strings.Join(sources, "\n"))
	found, rest := values(text)
	for _, v := range found {
		if !slices.ContainsFunc(v.keys, func(k string) bool { return have[k] }) {
			return ErrValue
		}
	}
	for i, r := range records {
		language := r.Language
		if language == "" {
			language = analysis.DetectLanguage(r.Text)
		}
		words := make(map[string]bool)
		for _, t := range analysis.Terms(sources[i], language) {
			words[t.Text] = true
		}
		if !saysSomething(rest, language) && len(found) == 0 || missing(rest, language, words) || denies(text) != denies(nearest(text, language, r.Text, citations[i].Quote)) {
			continue
		}
		return nil
	}
	return ErrWords
}

// sourceText is everything that a record says.
func sourceText(r retrieval.Record) string {
	parts := []string{r.Title, r.Text}
	for k, v := range r.Fields {
		parts = append(parts, k+": "+v)
	}
	return strings.Join(parts, "\n")
}

// missing reports whether a content word of a text is not among the words. The
// text is without its values, which are compared by what they mean.
func missing(text, language string, words map[string]bool) bool {
	for _, t := range analysis.Terms(text, language) {
		surface := text[t.Start:t.End]
		if !words[t.Text] && !analysis.IsStop(surface, language) {
			return true
		}
	}
	return false
}

// saysSomething reports whether a text has a content word: "Yes, it is" has
// none, and nothing could support it.
func saysSomething(text, language string) bool { return missing(text, language, nil) }

// nearest returns the sentence of the source that shares the most words with
// the text: the one whose denials count.
func nearest(text, language, source, quote string) string {
	words := make(map[string]bool)
	for _, t := range analysis.Terms(text, language) {
		words[t.Text] = true
	}
	best, most := quote, -1
	for _, s := range analysis.Sentences(source) {
		n := 0
		for _, t := range analysis.Terms(s.Of(source), language) {
			if words[t.Text] {
				n++
			}
		}
		if n > most {
			best, most = s.Of(source), n
		}
	}
	return best
}

var negations = func() map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(`not no never none nothing nobody neither nor without cannot cant dont doesnt didnt isnt arent wasnt werent wont
		wouldnt shouldnt couldnt havent hasnt hadnt mustnt except unless hardly unable
		nao nunca sem nenhum nenhuma nada ninguem nem exceto jamais sin ningun ninguno ninguna nadie ni excepto salvo tampoco
		не ні ніколи без жоден жодна жодного нічого ніхто крім немає неможливо никогда нет нельзя ничего никто кроме ни невозможно`) {
		m[w] = true
	}
	return m
}()

// denies reports whether a text holds an odd number of negations.
func denies(text string) bool {
	odd := false
	for _, w := range strings.Fields(fold(text)) {
		if negations[w] {
			odd = !odd
		}
	}
	return odd
}
