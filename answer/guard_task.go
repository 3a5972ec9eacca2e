package answer

import (
	"regexp"
	"strings"
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
	predict forecast estimate simulate brainstorm elaborate illustrate argue debate persuade convince promote advertise emphasize emphasise proofread transcribe pronounce rearrange enrich execute
	escreva redija explique descreva traduza resuma reescreva conte diga gere calcule resolva converta finja repita revele
	escribe escriba redacta redacte explica describe describa traduce traduzca resume reescribe cuenta di diga genera genere calcula resuelve convierte finge repite revela
	напиши складіть склади поясни поясніть опиши переклади перекладіть підсумуй перефразуй назви перелічи розкажи скажи згенеруй обчисли розвяжи повтори
	составь объясни объясните опиши переведи переведите перескажи перефразируй перечисли расскажи скажи сгенерируй вычисли реши повтори`
	chores = `provide give list show create produce develop build make compare contrast find identify convert replace remove combine group add append include insert integrate introduce
	modify change alter adjust enhance use adopt apply deploy implement run present format arrange organize organise recommend suggest propose evaluate assess respond reply answer repeat print quote
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
	// listed begins an item of a list, where things are named and steps told.
	listed = regexp.MustCompile(`^\s*(?:[-*+•–·▪|#]|\d{1,2}[.)])\s`)
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
	chore   asking = 1 // what a help text may tell its reader to do
	task    asking = 33
	code    asking = 101 // or a part of a made-up conversation: only the question can vouch for it
	query   asking = 102
)

// askingOf tells what a sentence asks of its reader.
func askingOf(sentence string) asking {
	switch {
	case strings.HasSuffix(strings.TrimRight(sentence, " .\"”»'*_)`"), "?"):
		return query
	case program.MatchString(sentence), speaker.MatchString(sentence):
		return code
	}
	folded := fold(sentence)
	first, _, _ := strings.Cut(strings.TrimSpace(folded[max(0, len(leadIn.FindString(folded))-1):]), " ")
	switch {
	case begins[first] && !listed.MatchString(sentence):
		return task
	case begins[first], helps[first] && !listed.MatchString(sentence):
		return chore
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
