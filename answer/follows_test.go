package answer

import (
	"testing"

	"candor/consent"
)

// TestFollows: what leans on what was said before, in five languages, and what stands
// alone.
func TestFollows(t *testing.T) {
	for _, tt := range []struct {
		language string
		follows  bool
		messages []string
	}{
		{"en", true, []string{"And the other one?", "when will it arrive", "What about boots?", "why?", "Is that also true for children?", "can I send them back", "the second one", "How much does it cost?"}},
		{"en", false, []string{"Where is my order of hiking boots?", "Do you deliver parcels to Norway by plane?", "How do I clean a dirty leather tent?", "Is it possible to return boots without a receipt?", "How long does it take to deliver boots?"}},
		{"pt-BR", true, []string{"E o outro?", "quando ele chega?", "Por quê?", "isso vale para botas de criança também?"}},
		{"pt-BR", false, []string{"O pedido de botas chegou com defeito", "Onde está meu pedido de botas?", "Como faço para devolver um pedido com defeito na costura?"}},
		{"es", true, []string{"¿Y el otro?", "¿por qué?", "¿eso vale también para botas de niño?"}},
		{"es", false, []string{"La entrega de mi pedido está atrasada", "¿Cómo puedo devolver un pedido con defectos de costura?"}},
		{"uk", true, []string{"А інше?", "коли воно прийде?", "чому?", "чи діє це також для дитячих черевиків?"}},
		{"uk", false, []string{"Скільки коштують черевики та намети?", "Як повернути замовлення дитячих черевиків поштою?"}},
		{"ru", true, []string{"А другой?", "когда он придет?", "почему?", "это действует и для детских ботинок?"}},
		{"ru", false, []string{"Как вернуть заказ детских ботинок почтой?"}},
	} {
		for _, m := range tt.messages {
			if got := UnderstandAfter(consent.DefaultPolicy(), m, []string{"Hello"}, tt.language).Follows; got != tt.follows {
				t.Errorf("%s %q: follows %t", tt.language, m, got)
			}
		}
	}
}

// TestNames: what an answer to a follow-up has to be about.
func TestNames(t *testing.T) {
	for _, tt := range []struct {
		message, text string
		about         bool
	}{
		{"And to Ukraine?", "Orders in Brazil are sent from Campinas.", false},
		{"And to Ukraine?", "We deliver to Ukraine in 5 days.", true},
		{"¿Y a Canarias?", "El envío a la península es gratis.", false},
		{"А в Україну?", "Доставка до України коштує 12 €.", true},
		{"А в Бразилию?", "Доставка в Украину стоит 12 €.", false},
		{"How long do I have?", "You can return it within 30 days.", true},
		{"And order 4711?", "Your order 4711 was sent.", true},
		{"And order 4711?", "Your order 4712 was sent.", false},
		{"Really? Can I?", "You can.", true},
		{"", "You can.", true},
	} {
		if got := about(tt.text, names(tt.message)); got != tt.about {
			t.Errorf("%q to %q: about %t", tt.text, tt.message, got)
		}
	}
}
