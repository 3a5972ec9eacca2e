package extractive

import (
	"context"
	"slices"
	"strings"
	"testing"

	"candor/answer"
	"candor/consent"
	"candor/retrieval"
)

// TestShopJudge: what the sample shop's help centre answers, what it does not, what
// leaves open what it means, and what leans on the question before, in five languages.
func TestShopJudge(t *testing.T) {
	search, a := shopSearch(t), byMeaning(t)
	for _, tt := range []struct {
		language, question, before string
		want                       answer.Support
		says                       string // of what the answer holds
	}{
		{"en", "it doesn't work", "", answer.Unclear, ""},
		{"en", "And the other ones?", "", answer.Unclear, ""},
		{"en", "How much is it?", "", answer.Unclear, ""},
		{"en", "why?", "", answer.Unclear, ""},
		{"en", "boots", "", answer.Unclear, ""},
		{"pt-BR", "não funciona", "", answer.Unclear, ""},
		{"pt-BR", "E os outros?", "", answer.Unclear, ""},
		{"es", "¿Y el otro?", "", answer.Unclear, ""},
		{"uk", "не працює", "", answer.Unclear, ""},
		{"uk", "А інші?", "", answer.Unclear, ""},
		{"ru", "А другой?", "", answer.Unclear, ""},
		{"en", "And the other ones?", "How do I return a jacket?", answer.Unclear, ""},
		{"en", "gift card", "", answer.Supported, "Gift cards are available"},
		{"en", "Is it possible to pay later?", "", answer.Supported, "We do not offer payment on account"},

		{"en", "And for boots?", "How do I return a jacket?", answer.Supported, "boots indoors"},
		{"en", "And to Brazil?", "Do you deliver to Norway?", answer.Supported, "Brazil"},
		{"en", "How long does it take?", "How much is delivery to Germany?", answer.Supported, "3–5 working days"},
		{"pt-BR", "E quanto custa?", "Quanto tempo demora a entrega?", answer.Supported, "R$ 24,90"},
		{"es", "¿Y cuánto tarda?", "¿Cuánto cuesta el envío exprés?", answer.Supported, "1 o 2 días"},
		{"uk", "А скільки коштує доставка?", "Скільки триває гарантія?", answer.Supported, "5,90 €"},
		{"ru", "А сколько стоит доставка?", "Сколько длится гарантия?", answer.Supported, "5,90 €"},

		{"es", "¿Tienen descuento para estudiantes?", "", answer.Supported, "Students get 10% off."}, // only in English
		{"en", "What are the opening hours and do you ship to Norway?", "", answer.Supported, "10:00 to 18:30"},
		{"en", "How much did I pay for my jacket?", "", answer.Unsupported, ""}, // no article knows
		{"en", "do you sell kayaks", "", answer.Unsupported, ""},
		{"en", "do you accept bitcoin", "", answer.Unsupported, ""},
		{"pt-BR", "Qual é a capital da França?", "", answer.Unsupported, ""},
		{"es", "¿Puedo pagar con bitcoin?", "", answer.Unsupported, ""},
		{"uk", "Скільки важить слон?", "", answer.Unsupported, ""},
		{"ru", "Какая завтра погода?", "", answer.Unsupported, ""},
	} {
		var before []string
		if tt.before != "" {
			before = append(before, tt.before)
		}
		r := search(tt.question, tt.language, before...)
		got, score := a.Judge(t.Context(), r)
		r.Question = r.Intent.Whole(r.Question)
		said := text(say(t, a, r))
		if got != tt.want || score < 0 || score > 1 || !strings.Contains(said, tt.says) || (said == "") != (tt.want != answer.Supported) {
			t.Errorf("%q %q: %d at %.2f: %q", tt.before, tt.question, got, score, said)
		}
	}
}

// TestShopRecords: a customer's own records answer beside articles, also what leans on
// the question before, in five languages.
func TestShopRecords(t *testing.T) {
	search, a := shopSearch(t), byMeaning(t)
	for _, tt := range []struct{ language, question, before, says string }{
		{"en", "Where is my order?", "", "FJ-1002"},
		{"pt-BR", "Onde está meu pedido?", "", "FJ-1002"},
		{"es", "¿Dónde está mi pedido?", "", "FJ-1002"},
		{"uk", "Де моє замовлення?", "", "FJ-1002"},
		{"ru", "Где мой заказ?", "", "FJ-1002"},
		{"en", "When will it arrive?", "Where is my order?", "24 November 2026"},
		{"ru", "А когда он придёт?", "Где мой заказ?", "24 ноября 2026"},
		{"en", "How do I return order FJ-1001?", "", "Return items"},
	} {
		var before []string
		if tt.before != "" {
			before = append(before, tt.before)
		}
		r := search(tt.question, tt.language, before...)
		r.Hits = append(slices.Clone(shop), r.Hits...)
		got, _ := a.Judge(t.Context(), r)
		r.Question = r.Intent.Whole(r.Question)
		if said := text(say(t, a, r)); got != answer.Supported || !strings.Contains(said, tt.says) {
			t.Errorf("%q %q: %d %q", tt.before, tt.question, got, said)
		}
	}
}

// outside is an embedder of another company, which must not be asked.
type outside struct{ t *testing.T }

func (outside) Space() retrieval.Space       { return retrieval.Space{} }
func (outside) Recipient() consent.Recipient { return "ai_provider:other" }
func (o outside) Embed(context.Context, retrieval.TextKind, []string) ([]retrieval.Vector, error) {
	o.t.Error("a question was sent outside")
	return nil, nil
}

// TestOutsideEmbedder: a question does not go to another company's embedder.
func TestOutsideEmbedder(t *testing.T) {
	r := answer.Request{Question: "Do gift cards expire?", Language: "en", Hits: helpCentre.search("Do gift cards expire?", "en", "")}
	if got := text(say(t, New(outside{t}), r)); got != "No, they never do." {
		t.Errorf("%q", got)
	}
}
