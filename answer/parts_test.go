package answer

import (
	"slices"
	"testing"
)

// TestParts: what asks several things, in five languages, and what asks one.
func TestParts(t *testing.T) {
	for _, tt := range []struct {
		language, message string
		want              []string
	}{
		{"en", "What are the opening hours and do you ship to Norway?", []string{"What are the opening hours", "do you ship to Norway?"}},
		{"en", "How do I return a jacket? Where is your shop?", []string{"How do I return a jacket", "Where is your shop?"}},
		{"en", "How do I return a jacket and trousers?", nil},
		{"en", "How do I return a jacket and how long does it take?", nil}, // it leans on the jacket
		{"en", "Do you sell tents?", nil},
		{"en", "Where are you? Who are you? Do you sell tents? Do you sell boots?", nil},
		{"pt-BR", "Qual é o horário da loja e como devolvo um produto?", []string{"Qual é o horário da loja", "como devolvo um produto?"}},
		{"es", "¿Cuánto cuesta el envío y dónde están sus tiendas?", []string{"¿Cuánto cuesta el envío", "dónde están sus tiendas?"}},
		{"uk", "Скільки коштує доставка і як повернути товар?", []string{"Скільки коштує доставка", "як повернути товар?"}},
		{"ru", "Сколько стоит доставка и как вернуть товар?", []string{"Сколько стоит доставка", "как вернуть товар?"}},
	} {
		if got := Parts(tt.message, tt.language); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.message, got, tt.want)
		}
	}
}
