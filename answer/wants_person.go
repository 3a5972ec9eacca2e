package answer

import (
	"regexp"
	"strings"
)

// The expressions below run on folded text (see fold): lower-case words with
// one space around each. Go's \b knows ASCII only, so a space is the boundary;
// "(?:x )" consumes a word, and no expression may end by consuming a space that
// the next word of the same expression needs.

// pattern compiles an expression after putting named word lists in its place:
// {person} is replaced by the list of that name.
func pattern(lists map[string]string, expr string) *regexp.Regexp {
	// Lists may use lists; two rounds are as deep as they go.
	for range 2 {
		for name, list := range lists {
			expr = strings.ReplaceAll(expr, "{"+name+"}", "(?:"+list+")")
		}
	}
	return regexp.MustCompile(expr)
}

func patterns(lists map[string]string, exprs ...string) []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(exprs))
	for i, e := range exprs {
		out[i] = pattern(lists, e)
	}
	return out
}

// personWords are, by language, who a customer may ask for and how.
var (
	english = map[string]string{
		"det": `a|an|the|some|any|one|of|your|this|that|my|another|other|with`,
		"adj": `real|actual|live|human|normal|physical|proper|different|nice|non|robotic|customer|service|support|sales|care|help|desk|senior|flesh|and|blood|living|breathing|else|account|billing|bank|qualified|available`,
		"person": `human|humans|person|people|human being|agent|agents|representative|representatives|rep|reps|operator|operators|adviser|advisor|advisers|advisors|someone|somebody|anyone|anybody|manager|supervisor|` +
			`employee|employees|colleague|colleagues|staff|staff member|member of staff|customer service|customer support|customer care|support|support team|team|team member|specialist|consultant|attendant|boss|cleaners|guy`,
		"bot":  `you|bot|bots|robot|robots|machine|machines|computer|ai|chatbot|chat bot|virtual agent|virtual agents|virtual assistant|assistant|program`,
		"talk": `talk|speak|chat|talking|speaking|chatting|communicate|have a chat|have a word|get in touch|a word|get in contact|deal`,
	}
	portuguese = map[string]string{
		"det":    `um|uma|o|a|os|as|algum|alguma|seu|sua|de|do|da|outro|outra|verdade|verdadeiro|verdadeira|real|humano|humana|ser|vivo|viva|com|pra|para|no|na`,
		"person": `atendente|atendentes|humano|humana|pessoa|pessoas|alguem|gente|representante|gerente|operador|operadora|supervisor|supervisora|responsavel|agente|consultor|consultora|funcionario|funcionaria|especialista|equipe|suporte|atendimento|sac`,
	}
	spanish = map[string]string{
		"det":    `un|una|el|la|los|las|algun|alguna|su|tu|de|del|otro|otra|verdad|real|ser|vivo|viva|con|a|en`,
		"person": `agente|agentes|humano|humana|persona|personas|alguien|representante|gerente|operador|operadora|operadores|supervisor|supervisora|encargado|encargada|responsable|asesor|asesora|ejecutivo|ejecutiva|empleado|empleada|especialista|soporte|equipo|atencion al cliente|servicio al cliente`,
	}
	ukrainian = map[string]string{
		"adj":    `живою|живу|жива|реальною|реальну|справжньою|справжню|вашим|вашого|іншою|іншим|якимось|будь|ласка|мене|мені|нас|до|на|з|із|зі|службою|службу`,
		"person": `людин\S*|оператор\S*|агент\S*|менеджер\S*|консультант\S*|спеціаліст\S*|фахівц\S*|представник\S*|співробітник\S*|працівник\S*|керівник\S*|адміністратор\S*|кимось|кого\S*|підтримк\S*`,
	}
	russian = map[string]string{
		"adj":    `живым|живого|живой|живому|реальным|реального|реальному|настоящим|настоящего|вашим|вашего|вашему|другим|другого|каким|нибудь|пожалуйста|меня|мне|нас|на|к|с|со|службой|службу`,
		"person": `человек\S*|оператор\S*|агент\S*|менеджер\S*|консультант\S*|специалист\S*|представител\S*|сотрудник\S*|работник\S*|руководител\S*|администратор\S*|кем|кого|кому|людьми|поддержк\S*`,
	}
)

// asksPerson holds the ways to ask for a person.
var asksPerson = append(append(append(append(
	patterns(english,
		` {talk}(?: directly)?(?: (?:to|with))(?: {det}| {adj})* {person} `,
		` (?:put|get|pass|patch|hand|transfer|connect|forward|redirect|escalate|switch|send|move) (?:me|us|this|it|my call|my chat)(?: (?:over|on|up|straight|directly))?(?: (?:to|with|through|onto))*(?: {det}| {adj})* {person} `,
		` (?:put me through|transfer me to|transfer us to|pass me to|connect me (?:to|with) (?:the|your) (?:\S+ )?(?:spa|team|department|desk|reception|office|store|shop)|put me on to|put me in touch) `,
		` (?:give|get|bring|fetch|call) me (?:(?:a|an|the|your|some|one|real|actual|live|human|another|different) )*(?:human|person|agent|representative|rep|operator|manager|supervisor|someone|somebody|advisor|adviser) `,
		` (?:i|we|id|wed) (?:just |really |only |would |also )*(?:want|need|demand|prefer|require|like|rather have|insist on|wanna|wanna have) (?:to have )?(?:(?:a|an|the|your|real|actual|live|another|different) )*(?:human|real person|actual person|live person|person|agent|representative|rep|operator|supervisor|live chat|human help|human support|human assistance) (?:$|please|now|right|to help|to talk|who can|not|instead|on the|for this|immediately)`,
		` (?:can|could|may|let) (?:i|me|we|us)(?: please)? (?:get|have|see|talk to|speak to|speak with|talk with|reach|contact) (?:(?:a|an|some|your|another|the) )*(?:real |actual |live |human )*(?:human|person|agent|representative|rep|operator|manager|supervisor|someone|somebody)(?: else)? `,
		` (?:can|could|may|please|must) (?:a person|a human|an agent|a representative|(?:someone|somebody|anyone) (?:else|from your team|from support)) (?:please )?(?:take a look|take over|help|look at) `,
		` (?:can|could|may|please|must) (?:someone|somebody|anyone|a person|a human|an agent|a representative)(?: else)?(?: from your team)? (?:please )?(?:call me|contact me|phone me|ring me|talk to me|speak to me|get back to me) `,
		` (?:have|get|ask) (?:someone|somebody|a person|an agent|a human|a manager) (?:to )?(?:call|contact|phone|ring|talk to|speak to|help) (?:me|us) `,
		` (?:dont|do not|not|never|stop|hate|tired of|sick of|rather not|no more|wasting time with|enough of) (?:want to |wanna |going to |like to |like |to )?(?:talk to|talking to|talking with|speak to|speak with|speaking to|speaking with|chat with|chatting with|deal with|dealing with) (?:(?:a|an|the|this|your|these|another|stupid) )*{bot} `,
		` (?:with|to|by) (?:a|some|this|an) (?:stupid |dumb |useless )?(?:machine|robot|bot|chatbot|computer|virtual agent) $`,
		` wasting (?:my )?time with (?:a |this )?(?:machine|robot|bot|chatbot|computer) `,
		`^ (?:(?:i|want|need|please|a|an|the|real|live|human|speak|talk|to|no|yes|now|customer|give|me|get|just) )*(?:human|agent|operator|representative|live agent|real person|customer service|customer support|live chat|live person|helpdesk) (?:please |now |asap )*$`,
		` (?:human|live|real) (?:agent|operator|representative|person|support|help|assistance|being) (?:please |now |asap )*$`,
	),
	patterns(portuguese,
		` (?:falar|conversar|fala|falo|converso|tratar|contato|contatar|falando)(?: diretamente)? (?:com|c) (?:{det} )*{person} `,
		` (?:me )?(?:passa|passe|passar|transfere|transfira|transferir|transferido|transferida|conecta|conecte|conectar|encaminha|encaminhe|encaminhar|chama|chame|chamar|coloca|coloque|liga|ligue)(?: me| ja| logo)? (?:{det} )*{person} `,
		` (?:quero|queria|preciso|gostaria|exijo|desejo|prefiro)(?: de)? (?:falar com )?(?:{det} )*(?:atendente|humano|atendimento humano|suporte humano|pessoa de verdade|pessoa real|operador|operadora|representante|gerente|supervisor) `,
		` (?:atendimento|suporte|ajuda|atendente) (?:humano|humana|pessoal) `,
		` nao quero (?:mais )?(?:falar|conversar) com (?:um |uma |voce |esse |esta )?(?:robo|maquina|bot|voce|chatbot) `,
		`^ (?:atendente|humano|operador|representante|pessoa real)(?: por favor)? $`,
	)...),
	patterns(spanish,
		` (?:hablar|hablo|charlar|conversar|chatear|platicar|contactar|contacto|comunicarme|comunicar|comunicame|contactarme|tratar|hablando)(?: directamente)? (?:con|a) (?:{det} )*{person} `,
		` (?:me )?(?:pasame|paseme|pasar|pasa|pase|pasen|pasarme|comuniqueme|comuniquenme|comunicame|conectame|conecteme|conectar|conectarme|transfiereme|transfierame|transferirme|transferir|derivame|deriveme|derivar|llamen|llama|ponme|pongame|poner) (?:{det} )*{person} `,
		` (?:quiero|quisiera|necesito|exijo|prefiero|deseo|querria) (?:{det} )*(?:agente|humano|persona real|persona humana|atencion humana|operador|operadora|representante|asesor|asesora|supervisor|encargado) `,
		` (?:atencion|ayuda|soporte|asistencia|agente) (?:humano|humana|personal) `,
		` no quiero (?:seguir )?(?:hablar|hablando|chatear|conversar) con (?:un |una |este |esta )?(?:robot|maquina|bot|chatbot|usted|contigo) `,
		`^ (?:agente|humano|operador|operadora|representante|asesor|persona real)(?: por favor)? $`,
	)...),
	patterns(ukrainian,
		` (?:говорити|поговорити|розмовляти|спілкуватися|поспілкуватися|звязатися|звязатись|звяжіть|звязати|зєднайте|зєднати|зєднай|зєднуйте|переговорити)(?: {adj})* {person} `,
		` (?:переведіть|перевести|переключіть|переключити|переключи|перемкніть|передайте|покличте|поклич|покликати|дайте|дай|запросіть)(?: {adj})* {person} `,
		` (?:хочу|потрібен|потрібна|потрібно|треба|бажаю)(?: {adj})* (?:оператор\S*|людин\S*|менеджер\S*|консультант\S*|представник\S*) `,
		` не хочу (?:говорити|розмовляти|спілкуватися) з (?:ботом|роботом|машиною|вами|тобою) `,
		`^ (?:оператор\S*|жива людина|живу людину|людину|менеджера)(?: будь ласка)? $`,
	)...),
	patterns(russian,
		` (?:говорить|поговорить|разговаривать|общаться|пообщаться|связаться|свяжите|связать|соедините|соединить|соедини|переговорить|побеседовать)(?: {adj})* {person} `,
		` (?:переведите|перевести|переведи|переключите|переключить|переключи|передайте|позовите|позови|позвать|дайте|дай|пригласите|вызовите)(?: {adj})* {person} `,
		` (?:хочу|нужен|нужна|нужно|надо|требую|желаю)(?: {adj})* (?:оператор\S*|человек\S*|менеджер\S*|консультант\S*|представител\S*|живой человек) `,
		` не хочу (?:говорить|разговаривать|общаться) с (?:ботом|роботом|машиной|вами|тобой) `,
		`^ (?:оператор\S*|живой человек|живого человека|человека|менеджера)(?: пожалуйста)? $`,
	)...)

// declinesPerson holds the ways to say that no person is wanted, and talk of
// people that asks for none.
var declinesPerson = append(append(append(append(
	patterns(english,
		` (?:dont|do not|didnt|not|no) (?:want|need|have|wish|like)(?: to)? (?:talk|speak|chat|be transferred|be connected|get in touch)(?: (?:to|with))? (?:(?:a|an|any|the|your) )*(?:human|person|people|anyone|anybody|someone|agent|representative|operator) `,
		` (?:without|instead of|before|avoid) (?:having to |needing to )?(?:talking|talk|speaking|speak|chatting|calling) (?:to|with) `,
		` no need (?:for|to) (?:a |an |talk |speak )`,
		` do (?:i|we) (?:need|have) to (?:talk|speak|chat) `,
		// "Are you a real person?" is a question about the assistant.
		` (?:are you|am i|is this|you are|youre|think like|act like|be|acting like) (?:\S+ ){0,6}(?:human|person|agent|being|bot|robot|representative|real|someone) `,
	),
	patterns(portuguese,
		` nao (?:quero|preciso|precisa)(?: de)? (?:falar com |conversar com )?(?:um |uma |o |a )?(?:atendente|humano|pessoa|ninguem|alguem) `,
		` sem (?:falar|conversar|precisar falar) com `)...),
	patterns(spanish,
		` no (?:quiero|necesito|hace falta|deseo) (?:hablar con )?(?:un |una |el |la )?(?:agente|humano|persona|nadie|alguien|operador) `,
		` sin (?:hablar|tener que hablar) con `)...),
	patterns(ukrainian,
		` не (?:хочу|потрібно|треба) (?:говорити |розмовляти |спілкуватися )?(?:з |із )?(?:оператор\S*|людин\S*|ніким|менеджер\S*) `,
		` без (?:оператора|розмови|менеджера) `)...),
	patterns(russian,
		` не (?:хочу|нужно|надо|нужен) (?:говорить |разговаривать |общаться )?(?:с |со )?(?:оператор\S*|человек\S*|никем|менеджер\S*) `,
		` без (?:оператора|разговора|менеджера) `)...)

// wantsPerson reports whether the folded message asks for a person.
func wantsPerson(message string) bool {
	return matchesAny(asksPerson, message) && !matchesAny(declinesPerson, message)
}

func matchesAny(list []*regexp.Regexp, message string) bool {
	for _, re := range list {
		if re.MatchString(message) {
			return true
		}
	}
	return false
}
