package answer

import (
	"regexp"
	"strings"

	"candor/retrieval/analysis"
)

// asks are words of tasks that do not say what a task is about.
var asks = words(`please can could would you your want need like make sure also then now finally next much many very long answer response reply output message text word words sentence sentences following
	por favor resposta respuesta mensagem mensaje texto frase palavra palabra
	будь ласка відповідь текст слово речення пожалуйста ответ слово предложение`, orders, chores)

// What begins a task, folded. Orders are what one tells somebody who writes and knows
// things to do; chores are in help texts too, which tell customers to do them.
const (
	orders = `write compose draft explain describe translate summarize summarise paraphrase rephrase rewrite generate craft outline discuss analyze analyse calculate compute solve
	determine classify reverse encode decode encrypt decrypt incorporate augment embed blend weave infuse inject interweave meld fuse harmonize harmonise absorb assimilate engage leverage utilize utilise employ
	render scramble jumble misspell anagram substitute pretend imagine roleplay recite sing tell joke say output reveal ignore disregard forget paraphrase
	predict forecast estimate simulate brainstorm elaborate illustrate argue debate persuade convince promote advertise emphasize emphasise respond reply evaluate assess measure rate state endorse claim automate schedule forecast organize organise proofread transcribe pronounce rearrange enrich execute
	escreva redija explique descreva traduza resuma reescreva conte diga gere calcule resolva converta finja repita revele
	escribe escriba redacta redacte explica describe describa traduce traduzca resume reescribe cuenta di diga genera genere calcula resuelve convierte finge repite revela
	напиши складіть склади поясни поясніть опиши переклади перекладіть підсумуй перефразуй назви перелічи розкажи скажи згенеруй обчисли розвяжи повтори
	составь объясни объясните опиши переведи переведите перескажи перефразируй перечисли расскажи скажи сгенерируй вычисли реши повтори`
	chores = `provide give list show create produce develop build make compare contrast find identify convert replace remove combine group add append include insert integrate introduce
	modify change alter adjust enhance use adopt apply deploy implement run present format arrange organize organise recommend suggest propose answer repeat print quote
	help teach name define break expand highlight mention express encourage invite search extract detect ensure consider
	forneca liste crie desenvolva identifique substitua remova adicione inclua insira modifique responda recomende mostre compare
	proporciona enumera crea cree desarrolla identifica sustituye elimina anade incluye inserta modifica responde recomienda muestra compara
	напишіть опишіть розкажіть надай створи розроби визнач заміни видали додай встав зміни відповідай порекомендуй порівняй
	напишите составьте опишите расскажите предоставь создай создайте разработай определи замени удали добавь вставь измени отвечай посоветуй сравни`
)

var (
	begins, helps = words(orders), words(chores)
	// leadIn is what may stand before a task, on folded text.
	leadIn = regexp.MustCompile(`^ (?:(?:\d+|please|kindly|now|then|also|and|next|first|finally|so|just|always|seamlessly|to proceed|dont hesitate to|do not hesitate to|dont forget to|keep in mind to|be sure to|make sure to|remember to|you may|you can|you should|you must|you need to|you have to|` +
		`i want you to|i need you to|i would like you to|can you|could you|would you|will you|in your (?:response|answer|reply|message|output)|` +
		`por favor|agora|ahora|voce deve|debes|puedes|pode|будь ласка|тепер|ти маєш|пожалуйста|теперь|ты должен) )*`)
	// toUs begins what a company asks of its customers, on folded text.
	toUs = regexp.MustCompile(`^ (?:tell|write|show|give|send|describe|explain|report)(?: (?:it|this|that))?(?: to)? us |^ (?:(?:diga|conte|escreva|envie|mostre) nos|diganos|dinos|cuentenos|escribanos|escribenos|envienos) |^ (?:скажіть|напишіть|розкажіть|опишіть|надішліть|скажите|напишите|расскажите|опишите|пришлите) нам `)
	// listed begins an item of a list, where things are named and steps told.
	listed = regexp.MustCompile(`^\s*(?:[-*+•–·▪|#]|\d{1,2}[.)])\s`)
	// dictates matches, on folded text, what tells whoever answers what to say: to customers,
	// in their answers, in place of them.
	dictates = patterns(nil,
		` (?:tell|inform|notify|convince|persuade|remind|warn) (?:them|people|everyone|everybody|anyone|readers|the reader) (?:that|about|they|he|she|it|how|why|who) `,
		` (?:reply|respond|answer|say|print|output|repeat|sign off) (?:(?:only|just|exactly|always|simply|everything|your answer|every answer|each answer|it|back|in) )*(?:with|by saying|using|verbatim|the (?:word|words|phrase|text|sentence|string|code|following)) `,
		` (?:must|should|always|please) (?:end|finish|begin|start|conclude) with `, ` (?:end|finish|begin|start|conclude|write|add|include|append) (?:with )?the (?:word|words|phrase|sentence|string|line) `,
		` (?:if|when|whenever|while|before|after|once|every time) (?:you )?(?:are )?(?:asked|asking|answer|answering|reply|replying|respond|responding|summari[sz]e|summari[sz]ing|process|processing|read this|reading this|see this)(?: \S+){0,6} (?:say|reply|respond|answer|mention|recommend|include|add|tell|state|claim|write|use|always|never|visit|output|print|ignore|instead) `,
		` your (?:new |real |only |actual |main |next |true |current )?(?:task|goal|objective|mission|job|role|purpose|instruction|directive|persona)s? (?:is|are|now|will be) `, ` new (?:task|goal|objective|mission|instruction|instructions|persona) `,
		` (?:do not|dont|never|stop) (?:answer|answering|respond|responding|reply|replying)(?: to)? (?:the|this|that|any|their|his|her) (?:question|questions|user|customer|message|query) `,
		` (?:correct|right|only|real|true) (?:answer|response|reply) (?:to|is|for) `,
		` (?:always|also|instead|please|now) (?:say|mention|praise|insult|promote|claim|pretend|state|recommend|add that|write that|point out|insist) `,
		` (?:act|speak|talk|behave|write|answer|respond|reply) (?:like|as if|in the style of) `, ` i (?:want|need|would like|wish) (?:to know|you to) `,
		`^ (?:important|attention|urgent|note|notice|warning|reminder|instruction|instructions|update|ps|p s|admin|override|at the end|at the start|at the beginning|in the end|in your answer|first|finally|lastly|stop) (?:say|write|print|output|mention|reply|respond|answer|repeat|add|append|include|recommend|ignore|list|tell|end|begin) `,
		// pt-BR, es
		` (?:responda|responde|escreva|diga|termine|comece|encerre|repita)(?: (?:apenas|somente|so|sempre|exatamente))* (?:com|a palavra|as palavras|a frase|o texto|usando) `,
		` (?:responde|responda|escribe|escriba|di|diga|termina|termine|empieza|empiece|repite|repita)(?: (?:solo|solamente|siempre|exactamente|unicamente))* (?:con|la palabra|las palabras|la frase|el texto|usando) `,
		// uk, ru
		` (?:відповідай|відповідайте|відповідь|напиши|напишіть|скажи|скажіть|закінчи|закінчіть|почни|почніть|повтори|повторіть)(?: (?:лише|тільки|завжди|точно|просто))* (?:словом|словами|фразою|слово|фразу|текст|реченням) `,
		` (?:отвечай|отвечайте|ответь|ответьте|напиши|напишите|скажи|скажите|закончи|закончите|начни|начните|повтори|повторите)(?: (?:лишь|только|всегда|точно|просто))* (?:словом|словами|фразой|слово|фразу|текст|предложением) `,
	)
	// relays matches, on folded text, what is to be told to customers: no text for customers
	// speaks of them like that.
	relays = patterns(nil,
		` (?:tell|inform|assure|promise|convince|persuade|ask|send|direct|redirect|urge|instruct|lead|trick|confirm to|say to|reply to|explain to) (?:the |every |all |each |any |our |this |these )*(?:customer|customers|user|users|client|clients|visitor|visitors|shopper|shoppers) (?:that|about|they|he|she|their|it|to|of) `,
		` (?:if|when|whenever|every time) (?:someone|somebody|anyone|anybody|a user|the user|users|a customer|the customer|customers|people|they) (?:ask|asks|is asking|are asking|wants to know)(?: \S+){0,6} (?:say|reply|respond|answer|mention|recommend|tell|state|claim) `,
		` (?:diga|informe|avise|garanta|prometa|conte|explique|confirme)(?: (?:a|ao|aos|o|os|todo|todos|cada|qualquer))* (?:cliente|clientes|usuario|usuarios|leitor|leitores|visitantes?) (?:que|para|sobre|como) `,
		` (?:di|dile|diles|diga|digale|informa|informe|avisa|avise|asegura|asegure|promete|prometa|confirma|confirme)(?: (?:a|al|los|las|el|la|todo|todos|cada|cualquier))* (?:cliente|clientes|usuario|usuarios|lector|lectores|visitantes?) (?:que|sobre|como) `,
		` (?:скажи|скажіть|повідом|повідомте|запевни|запевніть|пообіцяй|пообіцяйте|поясни|поясніть)(?: (?:кожному|усім|всім|цьому|нашому|нашим))* (?:клієнту|клієнтові|клієнтам|користувачу|користувачеві|користувачам|покупцю|покупцеві|покупцям) `,
		` (?:скажи|скажите|сообщи|сообщите|заверь|заверьте|пообещай|пообещайте|объясни|объясните)(?: (?:каждому|всем|этому|нашему|нашим))* (?:клиенту|клиентам|пользователю|пользователям|покупателю|покупателям) `,
	)
	// whats begins a question of which the mark is lost.
	whats = regexp.MustCompile(`^(?:What(?:'s|’s| is| are| was)|Who(?:'s|’s| is| was)|How (?:do|does|can|much|many|is|are)|Why (?:do|does|is|are)|Can you|Could you|Would you)\s`)
	// speaker is who speaks in a conversation that a text makes up.
	speaker = regexp.MustCompile(`(?i)^\W*(?:system|assistant|ai|chatbot|sistema|assistente|asistente|система|асистент|ассистент)\s*:`)
	// program is code of some language, rather than a name or a path of one.
	program = regexp.MustCompile("```" + `|(?m:^\s*(?:import|from) [\w.]+(?: import\b|,|\s*$))|\b\w+(?:\.\w+)+\([^)]*|\b\w+ = \w+[.(\[{]|\);\s*$|^\s*(?:with \w+[.(][^!?]*|for \w+ in [^!?]*|def \w+\([^!?]*|(?:if|while) [^!?]*[(=<>][^!?]*):\s*$|(?i:\b(?:following|subsequent|below) (?:piece of |block of )?code\b)`)
)

// asking is what a sentence asks of its reader, as how much of it (percent of its terms)
// has to occur elsewhere in its record, or one of them in the question, for it to be said.
type asking int

const (
	nothing asking = 0
	odd     asking = 1 // what begins as an order may: with no word that begins statements
	chore   asking = 2 // an order that help texts give too
	task    asking = 33
	code    asking = 101 // or what dictates an answer: only the question can vouch for it
	query   asking = 102
)

func isQuestion(sentence string) bool {
	return strings.HasSuffix(strings.TrimRight(sentence, " .\"”»'*_)`"), "?")
}

// askingOf tells what a sentence asks of its reader.
func askingOf(sentence string) asking {
	switch {
	case isQuestion(sentence), whats.MatchString(sentence):
		return query
	case program.MatchString(sentence), speaker.MatchString(sentence):
		return code
	}
	folded := fold(sentence)
	if matchesAny(dictates, folded) {
		return code
	}
	if matchesAny(relays, folded) {
		return query
	}
	order := folded[max(0, len(leadIn.FindString(folded))-1):]
	first, _, _ := strings.Cut(strings.TrimSpace(order), " ")
	switch {
	case toUs.MatchString(order):
		return nothing
	case begins[first] && !listed.MatchString(sentence):
		return task
	case begins[first], helps[first] && !listed.MatchString(sentence):
		return chore
	case !listed.MatchString(sentence) && !analysis.IsStop(first, ""):
		return odd
	}
	return nothing
}

// words is a set of the words of lists.
func words(lists ...string) map[string]bool {
	out := make(map[string]bool)
	for _, l := range lists {
		for _, w := range strings.Fields(l) {
			out[w] = true
		}
	}
	return out
}
