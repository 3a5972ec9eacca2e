package answer

import (
	"testing"
	"time"

	"candor/consent"
	"candor/retrieval"
)

func TestStatementsTolerateMissingFields(t *testing.T) {
	lead := func(fields map[string]string, category consent.Category, language string, about Aspect) string {
		for _, s := range Statements(retrieval.Record{Category: category, Fields: fields}, language) {
			if s.About == about && s.Lead {
				return s.Text
			}
		}
		return ""
	}
	for _, tt := range []struct {
		category consent.Category
		language string
		about    Aspect
		fields   map[string]string
		want     string
	}{
		{"orders", "en", AboutStatus, map[string]string{"status": "shipped"}, "Your order is on its way."},
		{"orders", "en", AboutStatus, map[string]string{"status": "Out for delivery", "number": "7"}, "Your order 7 is out for delivery."},
		{"orders", "en", AboutStatus, map[string]string{"status": "in customs", "number": "7"}, "The status of your order 7 is: in customs."},
		{"orders", "en", AboutArrival, map[string]string{"status": "delivered", "expected": "2026-11-14"}, ""},
		{"orders", "en", AboutArrival, map[string]string{"expected": "next week"}, "Your order is expected on next week."},
		{"orders", "en", AboutStatus, map[string]string{"number": "7"}, ""},
		{"orders", "pt-BR", AboutPlaced, map[string]string{"placed": "2026-11-01T10:00:00Z"}, "Seu pedido foi feito em 1º de novembro de 2026."},
		{"billing", "en", AboutStatus, map[string]string{"kind": "invoice", "status": "paid"}, "Your invoice is paid."},
		{"billing", "en", AboutStatus, map[string]string{"kind": "fee", "status": "waived", "amount": "€3"}, "Fee: €3 – waived."},
		{"billing", "es", AboutStatus, map[string]string{"kind": "refund", "status": "paid", "amount": "30 €"}, "Su reembolso de 30 € se envió."},
		{"support_history", "ru", AboutStatus, map[string]string{"status": "open", "subject": "Стол"}, "Ваше обращение «Стол» ещё открыто."},
		{"profile", "en", AboutSummary, map[string]string{"email": "a@b.example", "loyalty_tier": "gold"}, "email: a@b.example; loyalty tier: gold."},
	} {
		if got := lead(tt.fields, tt.category, tt.language, tt.about); got != tt.want {
			t.Errorf("%s %v\ngot  %q\nwant %q", tt.category, tt.fields, got, tt.want)
		}
	}
}

func TestRecordDate(t *testing.T) {
	collected := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for field, want := range map[string]string{"placed": "2026-11-14", "date": "2026-11-14", "opened": "2026-11-14", "other": "2026-01-02"} {
		got := RecordDate(retrieval.Record{Fields: map[string]string{field: "2026-11-14"}, CollectedAt: collected})
		if got.Format(time.DateOnly) != want {
			t.Errorf("%s: %v, want %s", field, got, want)
		}
	}
}
