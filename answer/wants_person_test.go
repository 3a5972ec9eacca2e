package answer

import (
	"strings"
	"testing"
)

// askingForPerson holds messages by language: those that ask for a person, also
// indirectly or mistyped, and those that speak of people and ask for none.
var askingForPerson = map[string]struct{ asks, not []string }{
	"en": {
		asks: []string{
			"is there anyone real there?", "this bot is useless, get me someone", "Is there a human I can chat with?", "any actual humans around?",
			"I'd rather deal with a person", "can a human look at this please", "You're a machine, I want a real human being", "let me speak to whoever is in charge, your manager",
			"I wish to complain to your supervisor", "please have someone call me back", "could you put me through to reception", "Transfer me to the billing department",
			"speek to a humen", "I want to tlak to a persn", "represetnative please", "conect me to an agent", "can i speak to a representitive", "operator!!!", "HUMAN",
			"no more bots please", "I don't want to chat with a robot", "Can I get a live agent?", "get me a supervisor right now", "I need actual human assistance",
			"who can I talk to about this?", "please escalate this", "isn't there someone else I can ask?", "are there any real people working there?", "call me back please",
			"I need a person, not a script", "somebody competent please, get me someone who understands", "may I be connected to a colleague of yours?",
			"I would like to talk with one of your employees", "can you hand this over to a human", "Put your boss on the line", "stop, give me a real person",
		},
		not: []string{
			"my order arrived broken", "is a person allowed to bring a bag on board?", "how many people fit in the tent?", "do you have human hair wigs?",
			"I work in human resources", "can I transfer me points to my wife", "How do I connect my phone to the speaker?", "my agent at the bank told me to ask here",
			"what does the manager's special include?", "can someone else use my voucher?", "who can use the gift card?", "call me Alex", "is there anything else I should know?",
			"I don't need to talk to anyone, just tell me the price", "do I have to speak with an agent to cancel?", "can you put the order through again?", "are you a bot?",
			"When is your support team available?", "Is the support service free?", "the person who delivered it was rude", "I spoke to an agent yesterday and got no answer",
			"Please transfer my points to the new card", "can I connect the lamp to the hub?",
		},
	},
	"pt-BR": {
		asks: []string{
			"tem alguém de verdade aí?", "Quero ser atendido por uma pessoa", "esse robô não entende nada, me passa pra um humano", "cadê o atendente?", "chama o gerente",
			"preciso de atendimento humano", "gostaria de falar com alguém da equipe", "me transfere para um atendente por favor", "chega de robô", "não quero falar com máquina",
			"existe algum humano aqui que possa me ajudar?", "atendente por favor", "quero falar com um atendnte", "posso conversar com um representante?", "me liga por favor",
			"alguém pode me ligar de volta?", "prefiro falar com uma pessoa real", "humano", "quero o supervisor", "me coloca em contato com o suporte",
		},
		not: []string{
			"quantas pessoas cabem na barraca?", "a pessoa que entregou foi grosseira", "alguém pode me ajudar a trocar o tamanho?", "não preciso falar com ninguém, só quero o preço",
			"como falo para o entregador deixar na portaria?", "o atendente me disse que chegaria ontem", "posso dar o cupom para outra pessoa?", "qual o horário do atendimento?",
			"meu pedido chegou quebrado", "o suporte da bicicleta veio torto",
		},
	},
	"es": {
		asks: []string{
			"¿hay alguien real ahí?", "quiero que me atienda una persona", "este bot no sirve, páseme con un humano", "póngame con el encargado", "necesito hablar con alguien del equipo",
			"¿me puede llamar un agente?", "basta de robots", "no quiero hablar con una máquina", "agente humano por favor", "quisiera ser atendido por una persona",
			"quiero hablar con un agnte", "prefiero tratar con una persona", "transfiérame a un asesor", "¿hay alguna persona disponible?", "necesito ayuda de un humano",
			"¿dónde está el gerente? quiero hablar con él", "comuníqueme con servicio al cliente", "una persona real por favor", "que me llame alguien", "humano ya",
		},
		not: []string{
			"¿cuántas personas caben en la tienda?", "la persona que lo entregó fue grosera", "¿puedo regalar el cupón a otra persona?", "no necesito hablar con nadie, solo el precio",
			"el agente me dijo que llegaría ayer", "¿alguien me puede ayudar con la talla?", "mi pedido llegó roto", "¿qué horario tiene la atención al cliente?",
			"¿cómo paso el pedido a otra dirección?", "¿dónde está mi pedido?",
		},
	},
	"uk": {
		asks: []string{
			"є тут хтось живий?", "хочу поговорити зі справжньою людиною", "цей бот нічого не розуміє, дайте оператора", "зв'яжіть мене з менеджером", "переключіть на живого оператора",
			"не хочу розмовляти з роботом", "досить ботів", "передзвоніть мені", "людину будь ласка", "можна поговорити з кимось із підтримки?", "покличте керівника",
			"потрібна жива людина", "зєднайте з опертором", "хочу спілкуватися з людиною, а не з ботом", "де оператор?", "менеджера!",
		},
		not: []string{
			"скільки людей вміщує намет?", "людина, яка доставила, була грубою", "оператор сказав, що посилка приїде вчора", "мені не потрібен оператор", "замовлення прийшло зламане",
			"який графік роботи служби підтримки?", "чи може інша людина забрати посилку?", "дайте знижку", "як передати подарунок людині в іншому місті?",
		},
	},
	"ru": {
		asks: []string{
			"есть кто живой?", "хочу поговорить с настоящим человеком", "этот бот ничего не понимает, дайте оператора", "свяжите меня с менеджером", "переключите на живого оператора",
			"не хочу разговаривать с роботом", "хватит ботов", "перезвоните мне", "человека пожалуйста", "можно поговорить с кем-нибудь из поддержки?", "позовите начальника",
			"нужен живой человек", "соедините с опертором", "хочу общаться с человеком, а не с ботом", "где оператор?", "менеджера!",
		},
		not: []string{
			"сколько людей вмещает палатка?", "человек, который доставил, грубил", "оператор сказал, что посылка придёт вчера", "мне не нужен оператор", "заказ пришёл сломанным",
			"какой график работы службы поддержки?", "может ли другой человек забрать посылку?", "дайте скидку", "как передать подарок человеку в другом городе?",
		},
	},
}

func TestWantsPerson(t *testing.T) {
	for language, said := range askingForPerson {
		for _, message := range said.asks {
			if !wantsPerson(fold(message)) {
				t.Errorf("%s: %q asks for a person", language, message)
			}
		}
		for _, message := range said.not {
			if wantsPerson(fold(message)) {
				t.Errorf("%s: %q asks for none", language, message)
			}
		}
	}
}

// TestMendPerson: a slip inside a word is put right, another word is left.
func TestMendPerson(t *testing.T) {
	for message, want := range map[string]string{
		"humen": "human", "reprsentative": "representative", "represetnativ": "represetnativ", "opertor": "operator", "tlak": "talk",
		"operador": "operador", "persona": "persona", "personal": "personal", "humans": "humans", "manages": "manages", "prison": "prison", "": "",
		"менежер": "менеджер", "людиною": "людиною",
	} {
		if got := strings.TrimSpace(mendPerson(fold(message))); got != want {
			t.Errorf("%q becomes %q, want %q", message, got, want)
		}
	}
}

// BenchmarkWantsPerson is of the longest message that is looked at.
func BenchmarkWantsPerson(b *testing.B) {
	message := fold(cut(strings.Repeat("can i speek to the prson who can transfr me to ", 200)))
	for b.Loop() {
		wantsPerson(message)
	}
}
