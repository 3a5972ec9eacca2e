package answer

import "strings"

// A vocabulary recognises a kind of small talk by its words alone: a message
// is of the kind if it holds a core phrase and nothing but core phrases and
// filler. "Hi there" greets; "hi there, my parcel is late" does not, because
// "parcel" is in no vocabulary.
type vocabulary struct {
	core   phraseSet
	filler phraseSet
	// longest is the most words that small talk of the kind has.
	longest int
}

// phraseSet holds folded phrases of one to five words.
type phraseSet map[string]bool

const longestPhrase = 5

func phrases(lines ...string) phraseSet {
	set := make(phraseSet)
	for _, line := range lines {
		for p := range strings.SplitSeq(line, "|") {
			set[strings.TrimSpace(fold(p))] = true
		}
	}
	return set
}

// is reports whether the folded message is nothing but small talk of the kind.
func (v vocabulary) is(message string) bool {
	words := strings.Fields(message)
	if len(words) == 0 || len(words) > v.longest {
		return false
	}
	core := false
	for i := 0; i < len(words); {
		n := 0
		// The longest phrase first: "how are you" before "how".
		for k := min(longestPhrase, len(words)-i); k > 0 && n == 0; k-- {
			p := strings.Join(words[i:i+k], " ")
			switch {
			case v.core[p]:
				core, n = true, k
			case v.filler[p]:
				n = k
			}
		}
		if n == 0 {
			return false
		}
		i += n
	}
	return core
}

var greetings = vocabulary{
	longest: 12,
	core: phrases(
		"hi|hello|hey|hiya|hey hey|howdy|yo|heyo|hallo|greetings|salutations|aloha|ahoy|ahoy hoy|good day|good morning|good afternoon|good evening|morning|evening",
		"how are you|how are ya|hows are ya|how you are|how is it going|hows it going|how are things|how is everything|hows everything|how goes it|hows it hanging|how is it hanging",
		"how do you do|how have you been|howve you been|how ya been|how ya doin|how are you doing|howre you doing|how you doing|hows life|how is life|how is your day|hows your day",
		"are you well|are you okay|are you ok|are you good|are you doing okay|are you doing ok|are you doing well|are you doing alright|have you been good",
		"whats up|what is up|wassup|sup|whats new|whats happening|nice to meet you|nice to see you|good to see you|anyone there|is anyone there|anybody there|is anybody there",
		"olá|oi|opa|bom dia|boa tarde|boa noite|tudo bem|tudo bom|como vai|como você está|e aí|alô|saudações",
		"hola|buenas|buenos días|buenas tardes|buenas noches|buen día|qué tal|cómo estás|cómo está|cómo va|saludos|hay alguien",
		"привіт|вітаю|добрий день|доброго дня|доброго ранку|добрий ранок|добрий вечір|доброго вечора|здрастуйте|як справи|як ви|день добрий|вітання|доброї ночі",
		"привет|здравствуйте|здравствуй|добрый день|доброго дня|доброе утро|добрый вечер|доброго времени суток|как дела|как вы|приветствую|день добрый|доброй ночи",
	),
	filler: phrases(
		"there|again|everyone|all|team|friend|my friend|fellow|assistant|ai|bot|dear|sir|madam|please|to you|with you|for you|you|today|this fine day|on this fine day|this day|right now|now",
		"well|so|why|oh|ok|okay|going|going on|doing|feeling|is|it|its|and|just wanted to say|i just wanted to say|tell me|can you tell me|are|things|treating you|been|with",
		"alexa|siri|support|candor|a todos|a todas|pessoal|gente|amigo|amiga|aí|com você|y|e|você|hoje|hoy|todo bien|equipo|con usted|usted|señor|señora|por favor",
		"вам|всім|друже|команда|сьогодні|у вас|а|і|й|всем|друг|команда|сегодня|у вас|и|ещё раз|ще раз|будь ласка|пожалуйста",
	),
}

// thanks covers what ends a conversation: thanks, "all clear" and a good-bye.
var thanks = vocabulary{
	longest: 14,
	core: phrases(
		"thanks|thank you|thank ya|thanks a lot|thanks so much|many thanks|thx|ty|tysm|cheers|merci|merci beaucoup|much obliged|much appreciated|appreciate it|appreciated|thank",
		"i appreciate|appreciate the|is appreciated|i really appreciate|grateful|thankful|gratitude|i owe you one|good looking out|good job|good answer|great answer|great help|big help",
		"youre the best|you are the best|you rock|thats all|that is all|thats all i need|thats everything|no thanks|no thank you|got it|perfect|great|excellent|awesome|very helpful|thats helpful",
		"helpful|bye|goodbye|good bye|bye bye|see you|see ya|have a nice day|have a good day|have a good one|good night|take care|cool|wonderful|amazing",
		"obrigado|obrigada|muito obrigado|muito obrigada|valeu|agradeço|grato|grata|obg|brigado|brigada|perfeito|ótimo|só isso|era só isso|tchau|até logo|até mais|beleza|entendi",
		"gracias|muchas gracias|mil gracias|muchísimas gracias|te agradezco|le agradezco|agradecido|agradecida|perfecto|genial|eso es todo|adiós|hasta luego|chao|chau|entendido|excelente",
		"дякую|щиро дякую|дуже дякую|спасибі|вдячний|вдячна|чудово|зрозуміло|зрозумів|зрозуміла|це все|до побачення|бувайте|супер|красно дякую",
		"спасибо|большое спасибо|благодарю|спс|признателен|признательна|отлично|понятно|понял|поняла|это всё|до свидания|пока|всего доброго|супер",
	),
	filler: phrases(
		"so|so so|very|very much|really|again|oh|ok|okay|sweet|nice|well|yes|no|alright|all right|right|then|for now|now|just|why|kindly|too|also|and|im|i am|i|you|u|we|am|a|lot|a lot|much|so much|the|to|for",
		"that|this|it|all|your|my|help|helping|helped|helping out|helping me out|me|us|out|time|support|answer|answers|answering|answering that|answering my question|question|assistance|assisting|assist|info|information",
		"response|reply|service|patience|cooperation|letting me know|giving|providing|quick|today|have|have been|you have|youve been|youve|been|do|doing that|did|have a|with|of|what you did|would like to|need to|want to|let me",
		"must|can not|cant|enough|special|sincere|sir|man|mate|friend|team|everyone|bot|please|youre|you are|kind|glad|happy|day|in advance|were|was|is|by|its|very nice|nothing else|special thanks|dear|there",
		"pela|pelo|por|sua|ajuda|atenção|tudo|a|o|de|e|muito|mesmo|resposta|informação|você|tá|está|ok|sim|não|bom|bem|então|nada mais|isso|é|por tudo|pela ajuda|demais|viu",
		"la|el|su|tu|ayuda|por todo|atención|respuesta|información|muy|amable|todo|sí|no|bueno|vale|y|de|nada|más|nada más|por favor|eso|es|usted|claro|de verdad|tan|por la ayuda",
		"за|вашу|вам|допомогу|відповідь|інформацію|дуже|все|так|ні|добре|гаразд|тобі|усе|і|й|я|щиро|нічого більше|більше|нічого|красно|велике",
		"за|вашу|вам|помощь|ответ|информацию|очень|всё|да|нет|хорошо|ладно|тебе|и|я|ничего|больше|больше ничего|огромное|большое|вас|ок",
	),
}
