package answer

import (
	"slices"
	"testing"

	"candor/consent"
)

func TestUnderstandAct(t *testing.T) {
	p := consent.DefaultPolicy()
	for _, tt := range []struct {
		act      Act
		language string
		messages []string
	}{
		{Greeting, "en", []string{"Hi", "hello!", "Good morning", "hey there, how are you?"}},
		{Greeting, "pt-BR", []string{"Oi", "Olá, tudo bem?", "Bom dia!"}},
		{Greeting, "es", []string{"Hola", "¡Buenos días!", "Hola, ¿qué tal?"}},
		{Greeting, "uk", []string{"Привіт", "Добрий день!", "Доброго дня"}},
		{Greeting, "ru", []string{"Привет", "Здравствуйте!", "Добрый день"}},
		{Thanks, "en", []string{"thanks", "Thank you so much for your help!", "ok, thanks, bye", "that's all, thank you"}},
		{Thanks, "pt-BR", []string{"obrigado", "Muito obrigada pela ajuda!", "valeu, tchau"}},
		{Thanks, "es", []string{"gracias", "¡Muchas gracias por su ayuda!", "vale, gracias"}},
		{Thanks, "uk", []string{"дякую", "Дуже дякую за допомогу!"}},
		{Thanks, "ru", []string{"спасибо", "Большое спасибо за помощь!"}},
		{WantsPerson, "en", []string{
			"Can I talk to a human?", "agent please", "I want to speak to a real person", "connect me to an agent", "Let me speak with your manager",
			"I don't want to talk to a bot", "put me through to someone", "human", "I'd rather talk to someone about this", "transfer me to customer support please",
		}},
		{WantsPerson, "pt-BR", []string{"quero falar com um atendente", "Me passa para uma pessoa", "posso falar com alguém?", "não quero falar com robô", "atendente", "Quero falar com uma pessoa de verdade"}},
		{WantsPerson, "es", []string{"quiero hablar con una persona", "páseme con un agente", "necesito un humano", "¿puedo hablar con alguien?", "Quisiera hablar con un representante", "agente por favor"}},
		{WantsPerson, "uk", []string{"з'єднайте з оператором", "хочу поговорити з людиною", "покличте менеджера", "потрібен оператор", "Дайте мені живу людину"}},
		{WantsPerson, "ru", []string{"позовите человека", "соедините с оператором", "хочу поговорить с человеком", "переведите на оператора", "оператор", "Мне нужен живой человек"}},
		{Question, "en", []string{
			"do your agents work on Sunday?", "I am a person who likes tea", "hi, where is my order?", "thanks, but when does it arrive?", "are you a real person?",
			"I don't want to talk to a person", "how do I become a representative?", "Can I pay a person back?", "", "?", "Does someone need to be at home?", "Do I need to speak to a representative to change my pin?", "my human resources department ordered a desk",
		}},
		{Question, "pt-BR", []string{"Oi, onde está meu pedido?", "vocês têm atendentes no domingo?", "não preciso falar com ninguém"}},
		{Question, "es", []string{"Hola, ¿dónde está mi pedido?", "¿los agentes trabajan el domingo?"}},
		{Question, "uk", []string{"Привіт, де моє замовлення?", "чи працюють оператори у неділю?"}},
		{Question, "ru", []string{"Здравствуйте, где мой заказ?", "работают ли операторы в воскресенье?", "сколько человек в вашей команде?"}},
	} {
		for _, m := range tt.messages {
			if got := Understand(p, m, tt.language).Act; got != tt.act {
				t.Errorf("%s %q: act %d, want %d", tt.language, m, got, tt.act)
			}
		}
	}
}

func TestUnderstandQuestion(t *testing.T) {
	p := consent.DefaultPolicy()
	for _, tt := range []struct {
		language, message       string
		first                   consent.Category
		personal, latest, howTo bool
	}{
		{"en", "What did I look at yesterday?", "browsing", true, false, false},
		{"en", "Where is my order?", "orders", true, false, false},
		{"en", "When will my last order arrive?", "orders", true, true, false},
		{"en", "When will my last orders arrive?", "orders", true, false, false},
		{"pt-BR", "Onde está meu último pedido?", "orders", true, true, false},
		{"es", "¿Dónde está mi última compra?", "orders", true, true, false},
		{"uk", "Де моє останнє замовлення?", "orders", true, true, false},
		{"uk", "Де мої останні замовлення?", "orders", true, false, false},
		{"ru", "Где мой последний заказ?", "orders", true, true, false},
		{"en", "list my orders", "orders", true, false, false},
		{"en", "How do I return an order?", "orders", false, false, true},
		{"en", "How can I track my order?", "orders", false, false, true},
		{"en", "Do you deliver on Sundays?", "orders", false, false, false},
		{"en", "Why was I charged twice?", "billing", true, false, false},
		{"en", "where is my refund", "billing", true, false, false},
		{"en", "Did I pay my invoice?", "billing", true, false, false},
		{"en", "Can I return order 12345?", "orders", true, false, true},
		{"en", "What did you tell me about my ticket?", "support_history", true, false, false},
		{"en", "What are your opening hours?", "", false, false, false},
		{"en", "How long do I have to send something back?", "", false, false, true},
		{"pt-BR", "Onde está meu pedido?", "orders", true, false, false},
		{"pt-BR", "Como faço para devolver um pedido?", "orders", false, false, true},
		{"pt-BR", "Cadê meu reembolso?", "billing", true, false, false},
		{"pt-BR", "Quais são meus pedidos?", "orders", true, false, false},
		{"es", "¿Dónde está mi pedido?", "orders", true, false, false},
		{"es", "¿Cómo puedo devolver un pedido?", "orders", false, false, true},
		{"es", "¿Me han cobrado dos veces?", "billing", true, false, false},
		{"uk", "Де моє замовлення?", "orders", true, false, false},
		{"uk", "Як повернути замовлення?", "orders", false, false, true},
		{"uk", "Чому з мене списали гроші двічі?", "billing", true, false, false},
		{"ru", "Где мой заказ?", "orders", true, false, false},
		{"ru", "Как вернуть заказ?", "orders", false, false, true},
		{"ru", "Почему с меня списали деньги дважды?", "billing", true, false, false},
		// A short message may be taken for another language.
		{"en", "mi pedido", "orders", true, false, false},
	} {
		got := Understand(p, tt.message, tt.language)
		first := consent.Category("")
		if len(got.Relevant) > 0 {
			first = got.Relevant[0]
		}
		if first != tt.first || got.Personal != tt.personal || got.Latest != tt.latest || got.HowTo != tt.howTo {
			t.Errorf("%q:\n got %q personal %t latest %t how-to %t (%v)\nwant %q personal %t latest %t how-to %t", tt.message,
				first, got.Personal, got.Latest, got.HowTo, got.Relevant, tt.first, tt.personal, tt.latest, tt.howTo)
		}
	}
}

func TestUnderstandWithoutPolicy(t *testing.T) {
	if got := Understand(nil, "Where is my order?", "xx"); len(got.Relevant) != 0 || !got.Personal {
		t.Errorf("got %+v", got)
	}
}

func FuzzUnderstand(f *testing.F) {
	p := consent.DefaultPolicy()
	for _, s := range []string{"", "Where is my order?", "з'єднайте", "\xff\x00", "ё̈̈й", "order 123 " + string(make([]byte, 5000))} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := Understand(p, s, "en")
		if slices.Contains(in.Relevant, consent.Conversation) {
			t.Error("the customer's own words are no category of records")
		}
	})
}
