package analysis

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func texts(terms []Term) string {
	var out []string
	for _, t := range terms {
		out = append(out, t.Text)
	}
	return strings.Join(out, " ")
}

func TestTerms(t *testing.T) {
	for _, c := range []struct{ language, text, want string }{
		{"en", "Refunds REFUNDED refunding", "refund refund refund"},
		{"en", "don't dont O’Brien's customer's", "dont dont obrien custom"},
		{"en", "e-mail Wi-Fi well-known U.S.A.", "email mail wifi wi fi well known usa"},
		{"en", "the end.Next one", "the end next one"},
		{"pt-BR", "cancelação cancelacao CANCELAÇÕES", "cancel cancel cancel"},
		{"pt", "água agua d'água", "agu agu agu"},
		{"es", "devoluciones devolución devolucion", "devolu devolu devolu"},
		{"ru", "возвраты возврата ещё еще", "возврат возврат ещ ещ"},
		{"uk", "замовлення замовлень замовленням", "замовл замовл замовл"},
		{"uk", "картка картку карток доставка доставок", "картк картк картк доставк доставк"},
		{"uk", "м'який м’який мʼякий", "мяк мяк мяк"},
		{"uk", "оплата оплатити оплату", "оплат оплат оплат"},
		{"", "Straße ﬁne ＦＵＬＬ running", "strasse fine full running"},
		{"fr", "élèves", "eleves"},
		{"", "й їжа", "й їжа"},
	} {
		if got := texts(Terms(c.text, c.language)); got != c.want {
			t.Errorf("%s: Terms(%q) = %q, want %q", c.language, c.text, got, c.want)
		}
	}
}

func TestIdentifiersAndNumbers(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"FH-10234", "fh10234 fh 10234"},
		{"FH10234", "fh10234 10234"},
		{"fh/10234", "fh10234 fh 10234"},
		{"INV/2024/07", "inv202407 inv 2024 7"},
		{"2024-07-15", "20240715 2024 7 15"},
		{"Ana.Silva@Example.com", "ana.silva@example.com ana silva exampl com"},
		{"open_account_4821", "openaccount4821 open account 4821"},
		{"+1-555-0100", "15550100 1 555 100"},
		{"$1,234.50 1.234,5 1234.5", "1234.5 1234.5 1234.5"},
		{"49.00 49 049", "49 49 49"},
		{"0.125", "0.125"},
		{"1,000,000 1.000.000", "1000000 1000000"},
		{"12.05.2024", "12052024 12 5 2024"},
		{"0", "0"},
		{strings.Repeat("x", 65), ""},
	} {
		if got := texts(Terms(c.text, "en")); got != c.want {
			t.Errorf("Terms(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzTerms(f *testing.F) {
	for _, s := range []string{"FH-10234, e-mail a@b.c", "Страховка №5", "a\xff-1", "1.2,3.4", "''-'", "_._-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range append([]string{""}, Languages...) {
			last := 0
			for _, x := range Terms(text, l) {
				if x.Text == "" || x.Start < last || x.Start >= x.End || x.End > len(text) || len(x.Text) > maxTerm {
					t.Fatalf("%q has term %+v", text, x)
				}
				if utf8.ValidString(text) && !utf8.ValidString(text[x.Start:x.End]) {
					t.Fatalf("%q: the span of %+v cuts a character", text, x)
				}
			}
		}
		last := 0
		for _, s := range Sentences(text) {
			if s.Start < last || s.Start >= s.End || s.End > len(text) {
				t.Fatalf("%q has sentence %+v", text, s)
			}
			last = s.End
			Plain(s.Of(text))
		}
		DetectLanguage(text)
	})
}

func TestIsStop(t *testing.T) {
	for _, c := range []struct {
		word, language string
		want           bool
	}{
		{"the", "en", true},
		{"The", "en", true},
		{"don't", "en", true},
		{"dont", "en", true},
		{"veri", "en", true},
		{"order", "en", false},
		{"não", "pt-BR", true},
		{"nao", "pt", true},
		{"dónde", "es", true},
		{"donde", "es", true},
		{"що", "uk", true},
		{"что", "ru", true},
		{"что", "uk", false},
		{"что", "", true},
		{"boots", "", false},
		{"", "en", false},
	} {
		if got := IsStop(c.word, c.language); got != c.want {
			t.Errorf("IsStop(%q, %q) = %v", c.word, c.language, got)
		}
	}
}

func TestDetectLanguage(t *testing.T) {
	for text, want := range map[string]string{
		"Where is my order?":                         "en",
		"refund please":                              "en",
		"Onde está o meu pedido?":                    "pt",
		"quero cancelar minha compra":                "pt",
		"cade minha encomenda":                       "pt",
		"¿Dónde está mi pedido?":                     "es",
		"quiero devolver un producto":                "es",
		"Де моє замовлення?":                         "uk",
		"хочу повернути товар":                       "uk",
		"Где мой заказ?":                             "ru",
		"хочу вернуть товар":                         "ru",
		"Сколько стоит доставка в Berlin?":           "ru",
		"cancelar pedido":                            "",
		"FH-10234":                                   "",
		"":                                           "",
		"Où est ma commande, s'il vous plaît ?":      "",
		"Wo ist meine Bestellung?":                   "",
		"Dove è il mio ordine?":                      "",
		"注文はどこですか":                                   "",
		"What does «Где мой заказ» mean in English?": "en",
	} {
		if got := DetectLanguage(text); got != want {
			t.Errorf("DetectLanguage(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestBase(t *testing.T) {
	got := []string{Base("pt-BR"), Base("EN"), Base("uk_UA"), Base("fr"), Base("")}
	if d := cmp.Diff([]string{"pt", "en", "uk", "", ""}, got); d != "" {
		t.Error(d)
	}
}

func BenchmarkTerms(b *testing.B) {
	for language, text := range map[string]string{
		"en": "You can return boots within 30 days of delivery, and we refund order FH-10234 to the card you paid with.",
		"pt": "Você pode devolver as botas em até 30 dias após a entrega, e devolvemos o valor do pedido FH-10234 no cartão.",
		"ru": "Вы можете вернуть ботинки в течение 30 дней после доставки, и мы вернём деньги за заказ FH-10234 на карту.",
		"uk": "Ви можете повернути черевики протягом 30 днів після доставки, і ми повернемо гроші за замовлення FH-10234.",
	} {
		b.Run(language, func(b *testing.B) {
			text := strings.Repeat(text+" ", 10)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = len(Terms(text, language))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/term")
		})
	}
}

func ExampleTerms() {
	for _, t := range Terms("Refunds for FH-10234", "en") {
		fmt.Print(t.Text, " ")
	}
	// Output: refund for fh10234 fh 10234
}
