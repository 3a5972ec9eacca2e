package answer

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"candor/retrieval"
	"candor/retrieval/analysis"
)

var (
	// ErrInstruction means that it speaks to whoever answers, or asks for something that
	// neither the customer nor the rest of its source is about.
	ErrInstruction = fmt.Errorf("%w: it is an instruction, not an answer", ErrUnverified)
	// ErrLeak means that it repeats what its writer was told, or a record that it does not cite.
	ErrLeak = fmt.Errorf("%w: it repeats what it does not cite", ErrUnverified)
)

// Instructed is an Answerer that is told how to answer, in a text that no customer
// should see.
type Instructed interface {
	// Instructions are the parts of that text that are the same for everybody.
	Instructions() string
}

// guard refuses what a hostile text made a writer say though a source holds it: Verify asks
// whether a sentence is in its sources, guard whether it should have been said. It is made
// for one writer's answer and is not safe for concurrent use.
type guard struct {
	asked    string // what the customer wrote
	told     map[string]bool
	found    []retrieval.Hit
	folded   map[string]string         // by record or passage, what it says
	contexts map[string][]sentenceView // by record
}

const (
	// toldRun is how many words in a row of the instructions are a leak, and sharedRun how
	// many of a passage that is not cited: fewer are ordinary language.
	toldRun, sharedRun = 6, 10
)

// newGuard makes a guard for what a writes in answer to what the customer asked, where
// found is everything that the search found, also what a was not given.
func newGuard(a Answerer, asked string, found []retrieval.Hit) *guard {
	g := &guard{asked: asked, found: found, folded: make(map[string]string), contexts: make(map[string][]sentenceView)}
	if i, ok := a.(Instructed); ok {
		g.told = make(map[string]bool)
		for _, run := range runs(i.Instructions(), toldRun) {
			g.told[run] = true
		}
	}
	return g
}

// delimiters are how a prompt keeps its parts apart (see openai's prompt).
var delimiters = regexp.MustCompile(`(?:END OF )?(?:SOURCE \d+|QUESTION|WISH) [A-Z2-7]{8,}|<\|[a-z_]+\|>|\[/?INST\]|(?m:^#{2,} ?(?:System|User|Assistant|Instruction)\b)`)

// check returns nil for a sentence that may be said, or ErrLink, ErrInstruction or ErrLeak.
// Its citations are of g.found.
func (g *guard) check(s Sentence) error {
	if err := checkMarkup(s, g.found); err != nil {
		return err
	}
	if delimiters.MatchString(s.Text) {
		return ErrLeak
	}
	orders := func(text string) bool { return SpeaksToAssistant(text) || matchesAny(relays, fold(text)) }
	if orders(s.Text) || slices.ContainsFunc(s.Citations, func(c Citation) bool { return orders(c.Quote) }) {
		return ErrInstruction
	}
	var cited []retrieval.Record
	for _, c := range s.Citations {
		if i := slices.IndexFunc(g.found, func(h retrieval.Hit) bool { return h.RecordID == c.RecordID }); i >= 0 {
			cited = append(cited, g.found[i].Record)
		}
	}
	if g.leaks(s, cited) {
		return ErrLeak
	}
	if onlyAsks(s.Text) || shouts(s.Text, cited) || g.backwards(s.Text, cited) || g.strays(s, cited) {
		return ErrInstruction
	}
	return nil
}

// SpeaksToAssistant reports whether a text, or a sentence of it, is meant for whoever
// answers rather than for its readers: such sentences of records are used for nothing.
func SpeaksToAssistant(text string) bool {
	_, n := blank(text)
	return n > 0
}

// leaks reports whether a sentence has a run of words of the instructions, or of a passage
// that it does not cite, which no record that it cites holds.
func (g *guard) leaks(s Sentence, cited []retrieval.Record) bool {
	if len(g.told) > 0 {
		for _, run := range runs(s.Text, toldRun) {
			if g.told[run] && !g.holds(cited, run) {
				return true
			}
		}
	}
	for _, run := range runs(s.Text, sharedRun) {
		if g.holds(cited, run) {
			continue
		}
		for _, h := range g.found {
			cites := slices.ContainsFunc(cited, func(r retrieval.Record) bool { return r.ID == h.RecordID })
			if !cites && strings.Contains(g.fold(h.PassageID, h.Text), run) {
				// What is phrased from the fields of one order is so of another.
				return !isStatement(oneLine(s.Text), cited)
			}
		}
	}
	return false
}

// holds reports whether a record says a run of words.
func (g *guard) holds(records []retrieval.Record, run string) bool {
	return slices.ContainsFunc(records, func(r retrieval.Record) bool {
		return strings.Contains(g.fold(r.ID, func() string { return sourceText(r) }), run)
	})
}

// fold folds a text once.
func (g *guard) fold(id string, text func() string) string {
	folded, ok := g.folded[id]
	if !ok {
		folded = fold(text())
		g.folded[id] = folded
	}
	return folded
}

// runs are the runs of so many words of a text, as fold makes them.
func runs(text string, n int) []string {
	words := strings.Fields(fold(text))
	var out []string
	for i := 0; i+n <= len(words); i++ {
		out = append(out, " "+strings.Join(words[i:i+n], " ")+" ")
	}
	return out
}

// onlyAsks reports whether a text is nothing but questions: no answer is.
func onlyAsks(text string) bool {
	sentences := analysis.Sentences(text)
	return len(sentences) > 0 && !slices.ContainsFunc(sentences, func(x analysis.Span) bool { return !isQuestion(x.Of(text)) })
}

// fewShouted is how many letters may be capitals throughout, as in a name or a code.
const fewShouted = 8

// shouts reports whether a text is in capitals that its sources do not have: its writer
// was told how to write.
func shouts(text string, cited []retrieval.Record) bool {
	letters := 0
	for _, r := range text {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			letters++
		}
	}
	if letters <= fewShouted {
		return false
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
	return slices.ContainsFunc(words, func(w string) bool {
		return !slices.ContainsFunc(cited, func(r retrieval.Record) bool { return strings.Contains(sourceText(r), w) })
	})
}

// fewReversed is how many words in a row say something backwards.
const fewReversed = 4

// backwards reports whether a text has words of its sources in the reverse order: its
// words are in them, and it says nothing.
func (g *guard) backwards(text string, cited []retrieval.Record) bool {
	words := strings.Fields(text) // which keeps identifiers and dates whole
	words = slices.DeleteFunc(words, func(w string) bool { return strings.TrimSpace(fold(w)) == "" })
	slices.Reverse(words)
	n, forward := min(fewReversed, max(len(words), fewReversed-1)), fold(text)
	for i := 0; i+n <= len(words); i++ {
		if run := fold(strings.Join(words[i:i+n], " ")); len(strings.Fields(run)) >= n && !strings.Contains(forward, run) && g.holds(cited, run) {
			return true
		}
	}
	return false
}

// sentenceView is a sentence of a record as strays looks at it.
type sentenceView struct {
	text, folded string
	asking       asking
}

const (
	// fewRepeated is how many words in a row of a stranger are it.
	fewRepeated = 3
	// fewOdd is how many words an odd sentence has: fewer are a label or a value.
	fewOdd = 4
)

// strays reports whether a sentence repeats, or rests on nothing but, what a stranger in
// its source says: a question, a task or code that has to do neither with what the customer
// asked nor with the rest of the source, and that somebody put there for whoever answers.
func (g *guard) strays(s Sentence, cited []retrieval.Record) bool {
	text := fold(s.Text)
	for _, r := range cited {
		views := g.views(r)
		for i, v := range views {
			if v.asking != nothing && g.repeats(text, views, i) && g.foreign(r, i) {
				return true
			}
		}
	}
	for _, c := range s.Citations {
		for _, r := range cited {
			if r.ID == c.RecordID && g.strangers(r, c.Quote) {
				return true
			}
		}
	}
	return false
}

// repeats reports whether a folded text has a run of words of a sentence that none of the
// others holds that ask for nothing.
func (g *guard) repeats(text string, views []sentenceView, which int) bool {
	folded := views[which].folded
	said := func(run string) bool {
		return slices.ContainsFunc(views, func(v sentenceView) bool { return v.asking <= odd && strings.Contains(v.folded, run) })
	}
	switch {
	case views[which].asking == odd:
		return len(strings.Fields(folded)) >= fewOdd && overlaps(folded, text)
	case strings.Contains(folded, text) && !said(text):
		return true
	}
	for _, run := range runs(folded, min(fewRepeated, len(strings.Fields(folded)))) {
		if strings.Contains(text, run) && (views[which].asking == code || !onlyCommon(run)) && !said(run) {
			return true
		}
	}
	return false
}

// onlyCommon reports whether a run of words says nothing of its own.
func onlyCommon(run string) bool {
	return !slices.ContainsFunc(strings.Fields(run), func(w string) bool { return !asks[w] && !analysis.IsStop(w, "") })
}

// strangers reports whether every sentence of a quote is a stranger in its record.
func (g *guard) strangers(r retrieval.Record, quote string) bool {
	sentences := analysis.Sentences(quote)
	views := g.views(r)
	for _, x := range sentences {
		folded := fold(x.Of(quote))
		i := slices.IndexFunc(views, func(v sentenceView) bool { return v.folded == folded })
		if i < 0 || views[i].asking == nothing || !g.foreign(r, i) {
			return false
		}
	}
	return len(sentences) > 0
}

func (g *guard) language(r retrieval.Record) string {
	if r.Language != "" {
		return r.Language
	}
	return analysis.DetectLanguage(r.Text)
}

// views are the sentences of a record: of its title, its fields and its text.
func (g *guard) views(r retrieval.Record) []sentenceView {
	views, ok := g.contexts[r.ID]
	if ok {
		return views
	}
	for _, text := range slices.Concat([]string{r.Title}, slices.Sorted(maps.Values(r.Fields)), []string{r.Text}) {
		fences, at := 0, 0 // of code, and until where they are counted
		for _, x := range analysis.Sentences(text) {
			v := sentenceView{x.Of(text), fold(x.Of(text)), askingOf(x.Of(text))}
			fences, at = fences+strings.Count(text[at:x.Start], "```"), x.Start
			if fences%2 == 1 || strings.HasPrefix(strings.TrimSpace(text[x.End:]), "```") && strings.HasSuffix(v.text, ":") {
				v.asking = max(v.asking, code)
			}
			views = append(views, v)
		}
	}
	g.contexts[r.ID] = views
	return views
}

// foreign reports whether a sentence has little to do with the rest of the record and
// with the question.
func (g *guard) foreign(r retrieval.Record, which int) bool {
	views := g.views(r)
	language := g.language(r)
	// A question in another language shares no words with what answers it, so that their
	// lack says nothing of an ordinary statement.
	if views[which].asking == odd && foreign(analysis.DetectLanguage(g.asked), language) {
		return false
	}
	about := contentOf(views[which].text, language)
	if slices.ContainsFunc(contentOf(g.asked, language), func(t string) bool { return slices.Contains(about, t) }) {
		return false
	}
	known := make(map[string]bool)
	for _, v := range views {
		if v.asking >= task || overlaps(v.folded, views[which].folded) {
			continue // strangers do not vouch for each other
		}
		for _, t := range contentOf(v.text, language) {
			known[t] = true
		}
	}
	shared := 0
	for _, t := range about {
		if known[t] {
			shared++
		}
	}
	return shared*100 < int(views[which].asking)*max(len(about), 1)
}

func overlaps(a, b string) bool { return strings.Contains(a, b) || strings.Contains(b, a) }

// contentOf are the terms of a text that say what it is about, each once.
func contentOf(text, language string) (out []string) {
	for _, t := range analysis.Terms(text, language) {
		if !analysis.IsStop(text[t.Start:t.End], language) && !asks[strings.TrimSpace(fold(text[t.Start:t.End]))] && !slices.Contains(out, t.Text) {
			out = append(out, t.Text)
		}
	}
	return out
}
