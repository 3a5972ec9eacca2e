package answer

import "testing"

// messagesInAnger holds messages by language: those said in anger at whoever answers,
// and complaints, questions and joy that are none.
var messagesInAnger = map[string]struct{ angry, not []string }{
	"en": {
		angry: []string{
			"This is ridiculous", "you are useless", "Stupid bot!", "this is the third time I ask", "For the fourth time, I'm asking where my refund is",
			"how many times do I have to say it", "I already told you my order number", "are you even listening?", "WHERE IS MY ORDER???!!!", "What a waste of my time",
			"I am sick of this", "worst customer service ever", "unacceptable!", "your support is a joke", "wtf", "just fucking answer", "you keep asking the same thing",
			"stop wasting my time", "I'm furious", "You guys are a bunch of idiots", "this bot is so dumb", "why can't you understand me", "shame on you",
			"THIS IS THE WORST SHOP I KNOW", "I'm really disappointed!!!", "You're not helping", "are you kidding me", "I've had enough of this",
			"never mind, this chat is hopeless", "it's absolutely unacceptable to wait this long",
		},
		not: []string{
			"my order arrived broken", "The lamp doesn't work", "I am not happy with the colour, can I return it?", "WHERE IS MY ORDER", "it still hasn't arrived!!!",
			"Thank you so much!!!", "This is great, it works now!!!", "I want a refund", "the zip is broken and I'd like a new one", "is the third time slot free?",
			"how many times can I use the voucher?", "Do you sell party jokes?", "my child is blind, do you have audio guides?", "that was the second time it broke",
			"what time do you close?", "SKU ABC-1234 XL BLACK", "I tried to log in three times", "Can I use the trash bag in this bin?", "this is my second order",
			"I was charged twice for one order, please refund one of them", "I'm sad that it was sold out", "please cancel my order",
		},
	},
	"pt-BR": {
		angry: []string{
			"isso é ridículo", "inaceitável", "que absurdo", "vocês são uns incompetentes", "robô burro", "já falei isso mil vezes", "quantas vezes vou ter que repetir?",
			"é a terceira vez que pergunto", "péssimo atendimento", "estou de saco cheio", "que falta de respeito", "que merda de atendimento", "perda de tempo", "vai pro inferno",
			"vocês só podem estar de brincadeira, isso é uma palhaçada", "estou furiosa", "ONDE ESTÁ O MEU PEDIDO???!!!", "cansei disso",
		},
		not: []string{
			"meu pedido chegou quebrado", "o produto veio com defeito", "quero reembolso", "muito obrigado!!!", "pela terceira vez este ano comprei aqui e adorei", "já falei com o entregador e ele deixou na portaria",
			"quantas vezes posso usar o cupom?", "ainda não chegou", "ONDE ESTÁ O PEDIDO", "qual é o prazo?",
		},
	},
	"es": {
		angry: []string{
			"esto es ridículo", "inaceptable", "qué vergüenza", "son unos incompetentes", "bot estúpido", "ya te lo dije", "¿cuántas veces tengo que repetirlo?", "es la tercera vez que pregunto",
			"pésimo servicio", "estoy harto", "qué falta de respeto", "mierda de servicio", "es una pérdida de tiempo", "me están tomando el pelo", "estoy furiosa", "¿DÓNDE ESTÁ MI PEDIDO???!!!",
			"este bot no sirve",
		},
		not: []string{
			"mi pedido llegó roto", "el producto vino defectuoso", "quiero un reembolso", "¡¡¡muchas gracias!!!", "ya pregunté en la tienda y me enviaron aquí", "¿cuántas veces puedo usar el cupón?",
			"todavía no ha llegado", "DÓNDE ESTÁ EL PEDIDO", "es la tercera vez que compro y estoy encantado", "esta batería no sirve",
		},
	},
	"uk": {
		angry: []string{
			"це жах", "жах!", "це неприйнятно", "ви знущаєтеся?", "скільки можна", "я вже вам казав", "втретє пишу одне й те саме", "тупий бот", "ви марнуєте мій час", "жахливий сервіс",
			"мені набридло", "яке неподобство", "ідіоти", "заткнись", "ДЕ МОЄ ЗАМОВЛЕННЯ???!!!", "я обурена",
		},
		not: []string{
			"замовлення прийшло зламане", "товар бракований", "хочу повернути гроші", "дуже дякую!!!", "скільки коштує доставка?", "втретє замовляю у вас, все чудово", "ще не прийшло",
			"я вже писав на пошту, чекаю", "ДЕ МОЄ ЗАМОВЛЕННЯ", "дякую за терпіння",
		},
	},
	"ru": {
		angry: []string{
			"это ужас", "какой кошмар", "это неприемлемо", "вы издеваетесь?", "сколько можно", "я уже вам говорил", "третий раз пишу одно и то же", "тупой бот", "вы тратите мое время", "ужасный сервис",
			"мне надоело", "безобразие", "идиоты", "заткнись", "ГДЕ МОЙ ЗАКАЗ???!!!", "я возмущена",
		},
		not: []string{
			"заказ пришёл сломанным", "товар бракованный", "хочу вернуть деньги", "большое спасибо!!!", "сколько стоит доставка?", "третий раз заказываю у вас, всё отлично", "ещё не пришло",
			"я уже писала на почту, жду", "ГДЕ МОЙ ЗАКАЗ", "спасибо за терпение", "сколько раз можно использовать купон?",
		},
	},
}

func TestAngry(t *testing.T) {
	for language, said := range messagesInAnger {
		for _, message := range said.angry {
			if !angry(message) {
				t.Errorf("%s: %q is said in anger", language, message)
			}
		}
		for _, message := range said.not {
			if angry(message) {
				t.Errorf("%s: %q is not said in anger", language, message)
			}
		}
	}
}
