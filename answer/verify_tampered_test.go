package answer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// demoArticles are the articles of the demo, as hits of one passage each.
func demoArticles(t testing.TB) []retrieval.Hit {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "cmd", "assistant", "demodata", "knowledge.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []retrieval.Hit
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a struct{ ID, Title, Text, Language string }
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		h := record(a.ID, a.Language, a.Text, nil)
		h.Record.Title, h.Record.Category = a.Title, "knowledge"
		out = append(out, h)
	}
	return out
}

var digitRun = regexp.MustCompile(`\d+`)

// denials turn a sentence into its opposite.
var denials = map[string]*strings.Replacer{
	"en":    strings.NewReplacer(" is ", " is not ", " are ", " are not ", " can ", " cannot ", " will ", " will not ", " does not ", " does ", " do not ", " do ", " is not ", " is ", " cannot ", " can "),
	"pt-BR": strings.NewReplacer(" é ", " não é ", " são ", " não são ", " pode ", " não pode ", " podem ", " não podem ", " não ", " "),
	"es":    strings.NewReplacer(" es ", " no es ", " son ", " no son ", " se puede ", " no se puede ", " se pueden ", " no se pueden ", " puede ", " no puede ", " no ", " "),
	"uk":    strings.NewReplacer(" можна ", " не можна ", " можете ", " не можете ", " діє ", " не діє ", " є ", " не є ", " не ", " "),
	"ru":    strings.NewReplacer(" можно ", " нельзя ", " можете ", " не можете ", " действует ", " не действует ", " не ", " "),
}

// lies are what a sentence becomes with one number changed, with one denial more or less,
// and with one name changed.
func lies(sentence, language string) (out []string) {
	for _, at := range digitRun.FindAllStringIndex(sentence, -1) {
		n, err := strconv.Atoi(sentence[at[0]:at[1]])
		if err != nil {
			continue
		}
		out = append(out, sentence[:at[0]]+strconv.Itoa(n+1)+sentence[at[1]:])
	}
	if l := denials[language].Replace(sentence); l != sentence {
		out = append(out, l)
	}
	words := strings.Fields(sentence)
	for i, w := range words {
		if r := []rune(w); i > 0 && len(r) > 3 && unicode.IsUpper(r[0]) && !unicode.IsUpper(r[1]) && !strings.ContainsAny(words[i-1], ".:!?**→") {
			lie := append([]string(nil), words...)
			lie[i] = "Zorvex"
			out = append(out, strings.Join(lie, " "))
		}
	}
	return out
}

// TestVerifyTampered: not one sentence of the demo's articles passes with one fact
// changed, in any language.
func TestVerifyTampered(t *testing.T) {
	hits := demoArticles(t)
	tried, kinds := make(map[string]int), make(map[string]int)
	for _, h := range hits {
		check := (&Verifier{}).Check([]retrieval.Hit{h})
		for _, s := range analysis.Sentences(h.Record.Text) {
			quote := s.Of(h.Record.Text)
			for _, lie := range lies(Display(quote), h.Record.Language) {
				tried[h.Record.Language]++
				_, err := check.Verify(t.Context(), cite(lie, h.Record.ID, quote))
				if err == nil {
					t.Errorf("%s: %q passes for %q", h.Record.Language, lie, quote)
				}
				kinds[RemovalReason(err)]++
			}
		}
	}
	t.Log(tried, kinds)
	for l := range denials {
		if tried[l] < 20 {
			t.Errorf("only %d lies were tried in %s", tried[l], l)
		}
	}
}

// paraphrases say what an article of the demo says, in other words; those without a
// language of their own are in that of the article.
var paraphrases = []struct{ id, text string }{
	{"kb-en-returns-30-days", "Within 30 days of delivery you can return almost everything."},
	{"kb-en-returns-30-days", "You may return almost everything within 30 days of delivery without giving a reason."},
	{"kb-en-returns-30-days", "The item must be unused, clean and have its tags."},
	{"kb-en-returns-30-days", "In the United Kingdom, 3.95 GBP is taken off the refund."},
	{"kb-en-returns-30-days", "The return label is free in Brazil and the European Union."},
	{"kb-en-returns-30-days", "Hand the parcel in within two weeks of creating the label."},
	{"kb-en-returns-exchange", "Your first exchange for another size or colour is free in every country."},
	{"kb-en-returns-exchange", "We reserve the new size or colour for ten days."},
	{"kb-en-warranty-2-years", "Items sold under our own name come with a warranty of two years from the day of delivery."},
	{"kb-en-warranty-2-years", "You can add up to five photos of the fault."},
	{"kb-en-warranty-2-years", "We reply within three working days."},
	{"kb-en-orders-track", "The tracking number is emailed when the parcel leaves our warehouse."},
	{"kb-en-orders-track", "It can take 24 hours before the first scan is shown by the carrier."},
}

// TestVerifyParaphrases: most of what is true is shown.
func TestVerifyParaphrases(t *testing.T) {
	hits := demoArticles(t)
	check := (&Verifier{}).Check(hits)
	passed := 0
	for _, p := range paraphrases {
		i := slices.IndexFunc(hits, func(h retrieval.Hit) bool { return h.Record.ID == p.id })
		quote := analysis.Sentences(hits[i].Record.Text)[0].Of(hits[i].Record.Text)
		score, err := check.Verify(t.Context(), cite(p.text, p.id, quote))
		if err == nil {
			passed++
		} else {
			t.Logf("%.2f, %s: %s", score, RemovalReason(err), p.text)
		}
		if score < Threshold {
			t.Errorf("%q: %.2f counts as unsupported", p.text, score)
		}
	}
	if passed < 10 {
		t.Errorf("%d of %d are shown, want 10", passed, len(paraphrases))
	}
}

// shuffled is an encoder that knows which texts mean the same.
type shuffled struct {
	retrieval.Embedder
	meaning map[string]int
	to      consent.Recipient
	asked   int
}

func (s *shuffled) Recipient() consent.Recipient { return s.to }

func (s *shuffled) Embed(_ context.Context, _ retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	s.asked++
	out := make([]retrieval.Vector, len(texts))
	for i, text := range texts {
		v := make([]float32, 8)
		v[s.meaning[text]] = 1
		out[i] = retrieval.Quantise(v)
	}
	return out, nil
}

// TestVerifyTranslated: a sentence in the customer's language passes on a source in
// another one where values, names and denials agree and the encoder says that it means
// the same; without an encoder of the company's own it does not.
func TestVerifyTranslated(t *testing.T) {
	source := record("a", "en", "You can send the parcel back within 30 days of the delivery. We never ship batteries to other countries.", nil)
	const back, batteries = "You can send the parcel back within 30 days of the delivery.", "We never ship batteries to other countries."
	for _, tt := range []struct {
		text, means string
		want        error
	}{
		{"Повернути посилку можна протягом 30 днів після отримання.", back, nil},
		{"Повернути посилку можна протягом 31 дня після отримання.", back, ErrValue},
		{"Повернути посилку можна протягом 31 днів після отримання.", back, ErrValue},
		{"Вы не можете вернуть посылку в течение 30 дней после получения.", back, ErrContradiction},
		{"Puede devolver el paquete en los 30 días siguientes a la entrega.", back, nil},
		{"Você pode devolver o pacote em até 30 dias após a entrega com a Zorvex.", back, ErrValue},
		{"Мы отправляем аккумуляторы в другие страны.", batteries, ErrContradiction},
		{"Мы никогда не отправляем пингвинов на другие планеты.", "", ErrWords},
	} {
		e := &shuffled{meaning: map[string]int{back: 1, batteries: 2, tt.text: map[string]int{back: 1, batteries: 2}[tt.means]}, to: consent.BrandAI}
		check := (&Verifier{Embedder: e}).Check([]retrieval.Hit{source})
		_, err := check.Verify(t.Context(), cite(tt.text, "a", back))
		if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%q: %v, want %v", tt.text, err, tt.want)
		}
		if _, err := Verify(cite(tt.text, "a", back), []retrieval.Hit{source}); err == nil {
			t.Errorf("%q passes without an encoder", tt.text)
		}
		outside := &shuffled{meaning: e.meaning, to: "ai_provider:x"}
		if _, err := (&Verifier{Embedder: outside}).Check([]retrieval.Hit{source}).Verify(t.Context(), cite(tt.text, "a", back)); err == nil || outside.asked > 0 {
			t.Errorf("%q: an encoder of another company was asked %d times, and says %v", tt.text, outside.asked, err)
		}
	}
}
