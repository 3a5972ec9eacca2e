package answer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

func record(id, language, text string, fields map[string]string) retrieval.Hit {
	return retrieval.Hit{
		Match:  retrieval.Match{RecordID: id, PassageID: id + "#0", End: len(text)},
		Record: retrieval.Record{ID: id, Category: "orders", Language: language, Text: text, Fields: fields},
	}
}

var sources = []retrieval.Hit{
	record("en", "en", "Returns are free within 14 days. It is not true that delivery is free. Orders above €50.00 ship free with code SHIP-22; write to help@fjell.example or see https://fjell.example/returns. "+
		"The sale ends on 14 November 2026 at 17:00. A refund takes 3 to 5 business days and a fee of 15% applies. Call +44 20 7946 0958.", nil),
	record("pt", "pt-BR", "O prazo de devolução é de 30 dias. O frete custa R$ 1.299,00 até 12 de março de 2026. Não aceitamos cheques.", nil),
	record("es", "es", "El plazo de devolución es de 30 días. El envío cuesta 249,00 € desde el 3 de abril de 2026. No aceptamos cheques.", nil),
	record("uk", "uk", "Повернути товар можна протягом 14 днів. Доставка коштує 249,00 грн до 14 листопада 2026 року. Ми не приймаємо чеки.", nil),
	record("ru", "ru", "Вернуть товар можно в течение 14 дней. Доставка стоит 1 299,00 руб. до 14 ноября 2026 года. Мы не принимаем чеки.", nil),
	record("order", "en", "", map[string]string{"number": "FJ-1042", "status": "shipped", "total": "€249.00", "expected": "2026-11-14", "carrier": "DHL"}),
}

// cite makes a sentence that cites a source's first sentence with the word.
func cite(text, id, quote string) Sentence {
	return Sentence{Text: text, Citations: []Citation{{RecordID: id, PassageID: id + "#0", Quote: quote}}}
}

func textOfSource(id string) string {
	for _, h := range sources {
		if h.Record.ID == id {
			return h.Record.Text
		}
	}
	return ""
}

func TestVerifyTrue(t *testing.T) {
	for _, tt := range []struct{ id, quote, text string }{
		{"en", "Returns are free within 14 days.", "Returns are free within 14 days."},
		{"en", "The sale ends on 14 November 2026 at 17:00.", "The sale ends on 2026-11-14 at 5 pm."},
		{"en", "The sale ends on 14 November 2026 at 17:00.", "The sale ends on November 14, 2026."},
		{"en", "A refund takes 3 to 5 business days and a fee of 15% applies.", "A refund takes three to five business days."},
		{"en", "Orders above €50.00 ship free with code SHIP-22", "Orders above 50 euros ship free with code ship-22."},
		{"pt", "O frete custa R$ 1.299,00 até 12 de março de 2026.", "O frete custa BRL 1299 até 12/03/2026."},
		{"es", "El envío cuesta 249,00 € desde el 3 de abril de 2026.", "El envío cuesta €249.00 desde el 2026-04-03."},
		{"uk", "Доставка коштує 249,00 грн до 14 листопада 2026 року.", "Доставка коштує 249 грн до 14.11.2026."},
		{"ru", "Доставка стоит 1 299,00 руб. до 14 ноября 2026 года.", "Доставка стоит 1299 руб до 2026-11-14."},
		{"order", "", "Your order FJ-1042 is on its way with DHL."},
		{"order", "", "A entrega do seu pedido FJ-1042 está prevista para 14 de novembro de 2026."},
		{"order", "", "Сума вашого замовлення FJ-1042: €249.00."},
	} {
		if _, err := Verify(cite(tt.text, tt.id, tt.quote), sources); err != nil {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
}

func TestVerifyLies(t *testing.T) {
	for _, tt := range []struct {
		id, text string
		want     error
	}{
		{"en", "Returns are free within 15 days.", ErrValue},
		{"en", "Returns are free within 14 weeks.", ErrValue},
		{"en", "Returns are free within fourteen months and 14 years.", ErrValue},
		{"en", "Returns are not free within 14 days.", ErrContradiction},
		{"en", "delivery is free.", ErrContradiction},
		{"en", "Delivery is free.", ErrContradiction},
		{"en", "Orders above $50.00 ship free.", ErrValue},
		{"en", "Orders above €50.50 ship free.", ErrValue},
		{"en", "Orders above €5,000 ship free.", ErrValue},
		{"en", "Orders ship free with code SHIP-23.", ErrValue},
		{"en", "The sale ends on 15 November 2026.", ErrValue},
		{"en", "The sale ends on 14 November 2027.", ErrValue},
		{"en", "The sale ends in December.", ErrValue},
		{"en", "The sale ends on Monday.", ErrValue},
		{"en", "The sale ends at 18:00.", ErrValue},
		{"en", "A fee of 14% applies.", ErrValue},
		{"en", "A fee of 15 days applies.", ErrValue},
		{"en", "Write to helper@fjell.example.", ErrValue},
		{"en", "See https://fjell.example/refunds.", ErrValue},
		{"en", "See https://evil.example/returns.", ErrValue},
		{"en", "Call +44 20 7946 0959.", ErrValue},
		{"en", "A refund takes 3 hours.", ErrValue},
		{"en", "Returns cost money.", ErrContradiction},
		{"en", "Yes, it is.", ErrWords},
		{"en", "…", ErrWords},
		{"pt", "O prazo de devolução é de 60 dias.", ErrValue},
		{"pt", "O frete custa R$ 1.299,90.", ErrValue},
		{"pt", "O frete custa € 1.299,00.", ErrValue},
		{"pt", "Aceitamos cheques.", ErrContradiction},
		{"pt", "O frete é grátis.", ErrContradiction},
		{"es", "El plazo de devolución es de 20 días.", ErrValue},
		{"es", "Aceptamos cheques.", ErrContradiction},
		{"es", "El envío cuesta 24,90 €.", ErrValue},
		{"es", "El envío es gratuito.", ErrContradiction},
		{"uk", "Повернути товар можна протягом 30 днів.", ErrValue},
		{"uk", "Ми приймаємо чеки.", ErrContradiction},
		{"uk", "Доставка безкоштовна.", ErrWords},
		{"ru", "Вернуть товар можно в течение 30 дней.", ErrValue},
		{"ru", "Мы принимаем чеки.", ErrContradiction},
		{"ru", "Доставка стоит 1 299,00 руб. до 15 ноября 2026 года.", ErrValue},
		{"ru", "Доставка бесплатная.", ErrContradiction},
		{"order", "Your order FJ-1042 was delivered.", ErrWords},
		{"order", "Your order FJ-1043 is on its way with DHL.", ErrValue},
		{"order", "Ваше замовлення FJ-1042 скасовано.", ErrWords},
		{"order", "Your order FJ-1042 is expected on 15 November 2026.", ErrValue},
	} {
		quote := textOfSource(tt.id)
		if _, err := Verify(cite(tt.text, tt.id, quote), sources); !errors.Is(err, tt.want) || !errors.Is(err, ErrUnverified) {
			t.Errorf("%q: %v, want %v", tt.text, err, tt.want)
		}
	}
}

func TestVerifyCitations(t *testing.T) {
	said := "Returns are free within 14 days."
	for _, tt := range []struct {
		name string
		s    Sentence
		want error
	}{
		{"none", Sentence{Text: said}, ErrNoCitation},
		{"an unknown record", cite(said, "other", said), ErrUnknownSource},
		{"no record", cite(said, "", said), ErrUnknownSource},
		{"an unknown passage", Sentence{said, []Citation{{RecordID: "en", PassageID: "en#7", Quote: said}}}, ErrUnknownSource},
		{"a passage of another record", Sentence{said, []Citation{{RecordID: "en", PassageID: "pt#0", Quote: said}}}, ErrUnknownSource},
		{"a changed quote", cite(said, "en", "Returns are free within 15 days."), ErrQuote},
		{"no quote", cite(said, "en", ""), ErrQuote},
		{"the quote of another record", cite(said, "pt", said), ErrQuote},
		{"one good and one bad", Sentence{said, []Citation{{RecordID: "en", PassageID: "en#0", Quote: said}, {RecordID: "x", PassageID: "x#0", Quote: said}}}, ErrUnknownSource},
		{"no text", cite("  ", "en", said), ErrWords},
		{"the source of another claim", cite(said, "pt", "Não aceitamos cheques."), ErrValue},
	} {
		if _, err := Verify(tt.s, sources); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := Verify(cite(said, "en", said), nil); !errors.Is(err, ErrUnknownSource) {
		t.Errorf("without hits: %v", err)
	}
}

// Whatever digit of a statement is changed, the sentence is a lie.
func TestVerifyEveryDigit(t *testing.T) {
	for _, l := range consent.Languages {
		for _, st := range Statements(sources[len(sources)-1].Record, l) {
			if _, err := Verify(cite(st.Text, "order", ""), sources); err != nil {
				t.Errorf("%q: %v", st.Text, err)
			}
			for i, r := range st.Text {
				if r < '0' || r > '9' {
					continue
				}
				lie := st.Text[:i] + string('0'+(r-'0'+1)%10) + st.Text[i+1:]
				if _, err := Verify(cite(lie, "order", ""), sources); err == nil {
					t.Errorf("%q is taken for true", lie)
				}
			}
		}
	}
	for _, h := range sources[:5] {
		for i, r := range h.Record.Text {
			if r < '0' || r > '9' {
				continue
			}
			lie := h.Record.Text[:i] + string('0'+(r-'0'+1)%10) + h.Record.Text[i+1:]
			if _, err := Verify(cite(lie, h.Record.ID, h.Record.Text), sources); err == nil {
				t.Errorf("%q is taken for true", lie)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("Returns are free within 14 days.", "Returns")
	f.Add("1.299,00 € \xff", "")
	f.Add("5 out of 10, 14-day, #A-1/2, 31/02/2026, 99:99", "free")
	f.Fuzz(func(t *testing.T, text, quote string) {
		if _, err := Verify(cite(text, "en", quote), sources); err == nil && !strings.Contains(sources[0].Record.Text, quote) {
			t.Errorf("%q passes with a quote that its source does not hold", text)
		}
	})
}

// TestRemovalReasons: each error has a reason of the closed list.
func TestRemovalReasons(t *testing.T) {
	for err, want := range map[error]string{
		ErrNoCitation: "no_citation", ErrUnknownSource: "unknown_source", ErrQuote: "quote", ErrValue: "value",
		ErrContradiction: "contradiction", ErrLink: "link", ErrWords: "unsupported", ErrUnverified: "unsupported",
	} {
		if got := RemovalReason(fmt.Errorf("checked: %w", err)); got != want || !slices.Contains(RemovalReasons, want) {
			t.Errorf("%v: %s, want %s of %v", err, got, want, RemovalReasons)
		}
	}
}

// TestVerifyScore: what is word for word is certain, and what cites wrongly is nothing.
func TestVerifyScore(t *testing.T) {
	for _, tt := range []struct {
		s        Sentence
		from, to float64
	}{
		{cite("Returns are free within 14 days.", "en", "Returns are free within 14 days."), 1, 1},
		{cite("Your order FJ-1042 is on its way with DHL.", "order", ""), 1, 1},
		{cite("Returns are free within 14 days.", "none", ""), 0, 0},
		{cite("Within 14 days, returns are free.", "en", "Returns are free within 14 days."), Threshold, .99},
		{cite("Penguins sing of distant oceans.", "en", "Returns are free within 14 days."), 0, .2},
	} {
		if score, err := Verify(tt.s, sources); score < tt.from || score > tt.to {
			t.Errorf("%q: %.3f (%v), want %.2f to %.2f", tt.s.Text, score, err, tt.from, tt.to)
		}
	}
}

// TestVerifyLong: a sentence of ten million bytes, or a source of a million, ends soon.
func TestVerifyLong(t *testing.T) {
	big := record("big", "en", strings.Repeat("The parcel no. 17 costs €12.50 on 3 May 2026, and is not free. ", 16_000), nil)
	began := time.Now()
	if _, err := Verify(cite("The parcel costs 12.50 euros on 3 May 2026.", "big", "The parcel no. 17"), []retrieval.Hit{big}); errors.Is(err, ErrQuote) {
		t.Error(err)
	}
	for _, text := range []string{strings.Repeat(big.Record.Text, 10), strings.Repeat("x", 10_000_000), strings.Repeat("1.", 5_000_000), strings.Repeat("not ", 2000)} {
		if _, err := Verify(cite(text, "en", "Returns are free"), sources); err == nil {
			t.Error("a sentence without end passes")
		}
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func BenchmarkVerify(b *testing.B) {
	hits := demoArticles(b)
	for _, p := range paraphrases[:3] {
		check := (&Verifier{}).Check(hits)
		check.Prepare()
		s := cite(p.text, p.id, "")
		for _, h := range hits {
			if h.Record.ID == p.id {
				s.Citations[0].Quote = analysis.Sentences(h.Record.Text)[0].Of(h.Record.Text)
			}
		}
		b.Run(strings.Fields(p.text)[0], func(b *testing.B) {
			for b.Loop() {
				if _, err := check.Verify(b.Context(), s); err != nil && !errors.Is(err, ErrUnverified) {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("Prepare", func(b *testing.B) {
		for b.Loop() {
			(&Verifier{}).Check(hits[:8]).Prepare()
		}
	})
}
