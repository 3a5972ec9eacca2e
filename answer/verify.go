package answer

import (
	"context"
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
	// ErrValue means that a number, date, amount, name, identifier or address is
	// in no cited record, or is said of something else there.
	ErrValue = fmt.Errorf("%w: its sources do not hold a value that it states", ErrUnverified)
	// ErrContradiction means that its source says the opposite.
	ErrContradiction = fmt.Errorf("%w: its sources say the opposite", ErrUnverified)
	// ErrWords means that it says something else than its sources.
	ErrWords = fmt.Errorf("%w: its sources do not say this", ErrUnverified)
)

// removals are the reasons in the order in which they are looked for, with their errors.
var removals = []struct {
	reason string
	err    error
}{
	{"no_citation", ErrNoCitation},
	{"unknown_source", ErrUnknownSource},
	{"quote", ErrQuote},
	{"value", ErrValue},
	{"contradiction", ErrContradiction},
	{"link", ErrLink},
	{"instruction", ErrInstruction},
	{"leak", ErrLeak},
	{"unsupported", ErrUnverified}, // every other
}

// RemovalReasons are why a sentence of an answer was not released. The list is closed:
// reviewers filter by it, and pages have words for each.
var RemovalReasons = func() (reasons []string) {
	for _, r := range removals {
		reasons = append(reasons, r.reason)
	}
	return reasons
}()

// RemovalReason is the one of RemovalReasons that an error of Verify stands for.
func RemovalReason(err error) string {
	for _, r := range removals {
		if errors.Is(err, r.err) {
			return r.reason
		}
	}
	return "unsupported"
}

// Verify checks a sentence against what it cites, without an encoder: a paraphrase in
// another language than its source does not pass. See Check.Verify.
func Verify(s Sentence, hits []retrieval.Hit) (score float64, err error) {
	return (&Verifier{}).Check(hits).Verify(context.Background(), s)
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

// sourceText is everything that a record says.
func sourceText(r retrieval.Record) string {
	parts := []string{r.Title, r.Text}
	for k, v := range r.Fields {
		parts = append(parts, k+": "+v)
	}
	return strings.Join(parts, "\n")
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

var narrowNegations = map[string]bool{"without": true, "sem": true, "sin": true, "без": true}
