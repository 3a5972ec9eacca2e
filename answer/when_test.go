package answer

import (
	"testing"
	"time"

	"candor/retrieval"
)

// TestPeriod: a time that is plainly meant, in five languages, and what only looks
// like one.
func TestPeriod(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC) // a Wednesday
	for _, tt := range []struct{ question, from, to string }{
		{"What did I order in March?", "2026-03-01", "2026-04-01"},
		{"Show my orders from December", "2025-12-01", "2026-01-01"},
		{"Which invoices did I get in November?", "2026-11-01", "2026-12-01"},
		{"my invoice of March 2025", "2025-03-01", "2025-04-01"},
		{"what did I buy in may?", "2026-05-01", "2026-06-01"},
		{"the order I placed on 12 March", "2026-03-12", "2026-03-13"},
		{"the order I placed on March 12th, 2025", "2025-03-12", "2025-03-13"},
		{"my order of 2026-03-12", "2026-03-12", "2026-03-13"},
		{"What have I bought since June?", "2026-06-01", ""},
		{"How much did I spend last month?", "2026-10-01", "2026-11-01"},
		{"what did I look at yesterday?", "2026-11-24", "2026-11-25"},
		{"did I contact you last week", "2026-11-16", "2026-11-23"},
		{"what was I charged this month?", "2026-11-01", "2026-12-01"},
		{"my orders this week", "2026-11-23", "2026-11-30"},
		{"what did I pay in 2024?", "2024-01-01", "2025-01-01"},
		{"how much did I spend last year", "2025-01-01", "2026-01-01"},
		{"O que eu comprei em março?", "2026-03-01", "2026-04-01"},
		{"meus pedidos de março de 2025", "2025-03-01", "2025-04-01"},
		{"o pedido que fiz em 12 de outubro", "2026-10-12", "2026-10-13"},
		{"quanto gastei no mês passado?", "2026-10-01", "2026-11-01"},
		{"o que comprei ontem", "2026-11-24", "2026-11-25"},
		{"quanto paguei na semana passada?", "2026-11-16", "2026-11-23"},
		{"¿Qué compré en marzo?", "2026-03-01", "2026-04-01"},
		{"mis facturas de enero de 2026", "2026-01-01", "2026-02-01"},
		{"el pedido que hice el 3 de octubre", "2026-10-03", "2026-10-04"},
		{"¿cuánto gasté el año pasado?", "2025-01-01", "2026-01-01"},
		{"¿qué compré este mes?", "2026-11-01", "2026-12-01"},
		{"Що я замовляв у березні?", "2026-03-01", "2026-04-01"},
		{"мої рахунки за жовтень", "2026-10-01", "2026-11-01"},
		{"замовлення, яке я зробила 12 березня", "2026-03-12", "2026-03-13"},
		{"що я купила минулого тижня?", "2026-11-16", "2026-11-23"},
		{"скільки я витратив торік", "2025-01-01", "2026-01-01"},
		{"мої замовлення з червня", "2026-06-01", ""},
		{"Что я заказывал в марте?", "2026-03-01", "2026-04-01"},
		{"мои счета за октябрь 2025", "2025-10-01", "2025-11-01"},
		{"заказ от 12 марта", "2026-03-12", "2026-03-13"},
		{"сколько я потратил в прошлом месяце?", "2026-10-01", "2026-11-01"},
		{"что я купила вчера", "2026-11-24", "2026-11-25"},
		{"сколько я потратил в прошлом году", "2025-01-01", "2026-01-01"},

		{"my order for March 11", "2026-03-11", "2026-03-12"},
		{"my orders from February 1 to March 1", "", ""},
		{"Where is my order?", "", ""},
		{"May I return my order?", "", ""},
		{"may i have my invoice", "", ""},
		{"Can I march in these boots?", "", ""},
		{"my order should have arrived in March", "", ""},
		{"When will my order of boots be delivered, in December?", "", ""},
		{"my order is expected on 12 March", "", ""},
		{"can I return it by March 12?", "", ""},
		{"is my warranty valid until May 2027?", "", ""},
		{"I was born on 12 March", "", ""},
		{"what did I order for the second floor?", "", ""},
		{"my last order", "", ""},
		{"order 2026 with 12 boots", "", ""},
		{"I bought 3 mars bars", "", ""},
		{"my order FH-20260312", "", ""},
		{"what did I order on 31 February?", "", ""},
		{"a minha encomenda chega em março?", "", ""},
		{"até março, quanto tenho de pagar?", "", ""},
		{"gostaria de marcar uma visita", "", ""},
		{"meu pedido de dez camisetas", "", ""},
		{"minha compra de sal de mar", "", ""},
		{"meu pedido para o Rio de Janeiro", "", ""},
		{"mi pedido de sal de mar", "", ""},
		{"meu pedido de 12 dez", "2025-12-12", "2025-12-13"},
		{"мои заказы за май", "2026-05-01", "2026-06-01"},
		{"¿llegará mi pedido en marzo?", "", ""},
		{"mi pedido de mayor tamaño", "", ""},
		{"коли прийде моє замовлення, у березні?", "", ""},
		{"чи можна повернути до березня?", "", ""},
		{"моє замовлення на маєток", "", ""},
		{"когда придет мой заказ, в марте?", "", ""},
		{"вернуть до мая", "", ""},
		{"", "", ""},
	} {
		date := func(s string) time.Time {
			if s == "" {
				return time.Time{}
			}
			d, err := time.Parse(time.DateOnly, s)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		if got, want := Period(tt.question, now), (retrieval.Period{From: date(tt.from), To: date(tt.to)}); got != want {
			t.Errorf("%q: %v, want %v", tt.question, got, want)
		}
	}
}

// TestPeriodsElsewhere: a day begins where the customer is, and months have ends.
func TestPeriodsElsewhere(t *testing.T) {
	kyiv := time.FixedZone("Kyiv", 2*60*60)
	now := time.Date(2026, 1, 1, 0, 30, 0, 0, kyiv)
	for question, from := range map[string]time.Time{
		"what did I buy yesterday?":      time.Date(2025, 12, 31, 0, 0, 0, 0, kyiv),
		"what did I buy last month?":     time.Date(2025, 12, 1, 0, 0, 0, 0, kyiv),
		"what did I buy last week?":      time.Date(2025, 12, 22, 0, 0, 0, 0, kyiv),
		"what did I buy on 29 February?": {},
		"what did I buy in January?":     time.Date(2026, 1, 1, 0, 0, 0, 0, kyiv),
		"what did I buy on 29 Feb 2024?": time.Date(2024, 2, 29, 0, 0, 0, 0, kyiv),
	} {
		if got := Period(question, now); !got.From.Equal(from) {
			t.Errorf("%q: %v, want from %v", question, got, from)
		}
	}
}
