package answer

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
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

// wordings are expressions by the script of their languages: those of the other need
// not be tried.
type wordings struct{ latin, cyrillic []*regexp.Regexp }

// in reports whether one of them is in the folded message.
func (w wordings) in(message string) bool {
	latin, cyrillic := false, false
	for _, r := range message {
		latin = latin || unicode.Is(unicode.Latin, r)
		cyrillic = cyrillic || unicode.Is(unicode.Cyrillic, r)
	}
	return latin && matchesAny(w.latin, message) || cyrillic && matchesAny(w.cyrillic, message)
}

// personWords are, by language, who a customer may ask for and how.
var (
	english = map[string]string{
		"det": `a|an|the|some|any|one|of|your|this|that|my|another|other|with|yours`,
		"adj": `real|actual|live|human|normal|physical|proper|different|nice|non|robotic|customer|service|support|sales|care|help|desk|senior|flesh|and|blood|living|breathing|else|account|billing|bank|qualified|available`,
		"person": `human|humans|person|people|human being|agent|agents|representative|representatives|rep|reps|operator|operators|adviser|advisor|advisers|advisors|someone|somebody|anyone|anybody|manager|supervisor|` +
			`employee|employees|colleague|colleagues|staff|staff member|member of staff|customer service|customer support|customer care|support|support team|team|team member|specialist|consultant|attendant|boss|cleaners|guy`,
		"bot":  `you|bot|bots|robot|robots|machine|machines|computer|ai|chatbot|chat bot|virtual agent|virtual agents|virtual assistant|assistant|program`,
		"dept": `reception|receptionist|front desk|desk|concierge|housekeeping|room service|kitchen|spa|restaurant|bar|pool|gym|department|office|branch|billing|sales|management|line|store|shop|owner|director|ceo|expert|technician|engineer|banker|teller|chef|doctor|boss|team|staff|manager`,
		"talk": `talk|speak|chat|talking|speaking|chatting|communicate|complain|have a chat|have a word|get in touch|a word|get in contact|deal`,
	}
	portuguese = map[string]string{
		"det":    `um|uma|o|a|os|as|algum|alguma|seu|sua|de|do|da|outro|outra|verdade|verdadeiro|verdadeira|real|humano|humana|ser|vivo|viva|com|pra|pro|para|no|na|ao|logo|por favor`,
		"adj":    `humano|humana|real|vivo|viva|de verdade|de carne e osso|da equipe|do suporte|do atendimento`,
		"person": `atendente|atendentes|humano|humana|pessoa|pessoas|alguem|gente|representante|gerente|operador|operadora|supervisor|supervisora|responsavel|agente|consultor|consultora|funcionario|funcionaria|especialista|equipe|suporte|atendimento|sac`,
	}
	spanish = map[string]string{
		"det":    `un|una|el|la|los|las|algun|alguna|su|tu|de|del|al|otro|otra|verdad|real|ser|vivo|viva|con|a|en|ya|por favor`,
		"adj":    `real|humano|humana|vivo|viva|de verdad|de carne y hueso|del equipo|de soporte|mas`,
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
var asksPerson = wordings{latin: slices.Concat(
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
		` (?:human|live|real) (?:agent|operator|representative|person|support|help|assistance) (?:please |now |asap )*$`,
		// Whom to be put through to does not matter: a hotel's guest asks for the spa.
		` (?:transfer|connect|put|patch|forward|pass|redirect) (?:me|us|my call|this call|the call|this chat) (?:(?:over|straight|directly|back|now|please|on|right) )*(?:to|through|thru) `,
		` (?:send|direct|route) (?:me|us) (?:straight |over |back )?to (?:the |your |a )?(?:\S+ ){0,2}{dept} `,
		` (?:can|could|would|may|want|need|like|please)(?: i| we| to)? (?:be|get|getting|being) (?:transferred|connected|put through|forwarded|redirected|escalated|switched) (?:through )?(?:to|with) (?:\S+ ){0,3}(?:{person}|{dept}) `,
		` {talk}(?: directly)? (?:to|with) (?:(?:\S+ ){0,2}{dept}|whoever|whomever) `,
		` (?:put|get) (?:\S+ )?{person} on (?:the )?(?:line|phone|chat) `,
		` (?:call|ring|phone|get|reach) (?:me )?(?:the |your )?(?:reception|front desk|concierge|housekeeping|manager|supervisor)(?: for me| please| now| on the line| on the phone)? $`,
		` who (?:can|could|may) (?:i|we) (?:talk|speak|complain) (?:to|with) `,
		// Is anybody there who is not a machine?
		` (?:is|are) there (?:(?:a|an|any|some|actually|even|maybe|at least) )*{person}(?: {adj}| else)* (?:there|here|available|around|online|free|on duty|working|i can|i could|we can|that can|who can|that could|who could|to talk|to speak|to help|to chat|behind|at your end|on the other) `,
		` (?:is|are) (?:there )?(?:(?:a|an|any|some) )*(?:(?:real|actual|live|living|breathing) (?:human |live )*(?:human|humans|person|people|someone|anyone|agent|agents|human being|being)|human|humans)(?: {adj})* (?:there|here|available|around|online|working|behind|i can|in this|on the other) `,
		` (?:any|anyone|anybody|someone|somebody) (?:real|human|alive|live|who is real|thats real|with a pulse|with a brain)(?: there| here| around| available)? `,
		` (?:any|no) (?:real |actual |live )*(?:humans|people|human|human being|human beings|real person|live person|live agent|live agents)(?: there| here| around| available| working| i can| at all|$)`,
		` (?:is there|isnt there) (?:someone|somebody|anyone|anybody) else (?:$|here|there|i can|i could|who can|who could|available)`,
		// A person is to do it.
		` (?:need|want|require|prefer|like|get|have) (?:some |a |an |to get |to have |me )*(?:real |actual |live )?(?:real|actual|human|live|proper) (?:help|support|assistance|service|contact|person|human|agent|being|employee|representative|interaction|customer service) `,
		` (?:have|get|let|want|need|ask|can|could|may) (?:a|an|the|your|some) (?:(?:real|actual|live|human|different|senior|proper) )*(?:human|person|agent|rep|representative|manager|supervisor|colleague|employee|staff member|specialist) (?:please )?(?:to )?(?:please )?(?:call|look|check|contact|review|handle|take|answer|reply|respond|help|deal|assist|sort|fix|read|email|message|join|step) `,
		` (?:get|want|bring|send|give|fetch|prefer) (?:me )?(?:someone|somebody|anyone|a person) (?:who|that|real|else|competent|human|useful|smarter|with) `,
		` (?:get|give|fetch|bring) me (?:a |an |the |your |some |one |any |this )*(?:(?:real|actual|live|human|different|other|proper|senior|f\S*ing|damn|bloody) )*{person}(?: else)? `,
		` escalate (?:this|it|my|the|to|me) | (?:want|need|like) (?:to|this|it) (?:escalate|escalated|be escalated) `,
		` (?:call|phone|ring) me (?:back|please|now|asap|immediately|urgently|today|tomorrow) `,
		` (?:no|enough|stop with|done with|not another|no more|fed up with) (?:(?:the|these|more|with|your|this|stupid|of|damn|talking|to) )*(?:bots|robots|bot|robot|chatbots|chatbot|machines|automated \S+|ai) (?:please |anymore |any more |now |thanks |here )*$`,
		`^ (?:\S+ ){0,1}(?:human|representative|operator|live agent|real person|live person|actual person|person please|someone please|agent please|manager please)(?: \S+){0,2} $`,
	),
	patterns(portuguese,
		` (?:falar|conversar|fala|falo|converso|tratar|contato|contatar|falando)(?: diretamente)? (?:com|c) (?:{det} )*{person} `,
		` (?:me )?(?:passa|passe|passar|transfere|transfira|transferir|transferido|transferida|conecta|conecte|conectar|encaminha|encaminhe|encaminhar|chama|chame|chamar|coloca|coloque|liga|ligue)(?: me| ja| logo)? (?:{det} )*{person} `,
		` (?:quero|queria|preciso|gostaria|exijo|desejo|prefiro)(?: de)? (?:falar com )?(?:{det} )*(?:atendente|humano|atendimento humano|suporte humano|pessoa de verdade|pessoa real|operador|operadora|representante|gerente|supervisor) `,
		` (?:atendimento|suporte|ajuda|atendente) (?:humano|humana|pessoal) `,
		` nao quero (?:mais )?(?:falar|conversar) com (?:um |uma |voce |esse |esta )?(?:robo|maquina|bot|voce|chatbot) `,
		`^ (?:\S+ )?(?:atendente|humano|operador|operadora|representante|pessoa|pessoa real|gerente)(?: (?:humano|real|por favor|pf|pfv|pfvr|agora|ja|urgente))* $`,
		` (?:tem|existe|ha|teria) (?:aqui |ai )?(?:alguem|algum (?:atendente|humano|funcionario)|alguma pessoa|um (?:atendente|humano)|uma pessoa|gente)(?: {adj})* (?:ai|aqui|disponivel|que (?:possa|pode|consiga|entenda)|com quem|para (?:falar|atender|conversar)|pra (?:falar|atender|conversar)|me atendendo|atendendo) `,
		` (?:alguem|uma pessoa|um humano|um atendente) (?:{adj} )+(?:ai|aqui|que|para|pra|por favor|me|disponivel) `,
		` (?:ser |quero |queria |preciso )(?:ser )?(?:atendid[oa]|transferid[oa]|passad[oa]|conectad[oa]|encaminhad[oa]) (?:por|para|pra|com|a|ao) (?:{det} )*{person} `,
		` (?:que |alguem |pessoa |atendente )(?:pode |poderia |possa |consegue )?(?:me )?(?:ligue|liguem|ligar|telefone|telefonar|retorne|retornar|atenda|atender) (?:alguem|uma pessoa|um humano|um atendente|de volta|para mim|pra mim) `,
		` me (?:liga|ligue|liguem|telefone|telefonem|retorne|retornem)(?: de volta| por favor| agora| hoje)? $`,
		` (?:cade|onde esta|quero|queria|preciso do|preciso da|preciso de|manda|mande|arruma|me de|me da|chamem) (?:{det} )*(?:atendente|atendentes|gerente|humano|supervisor|supervisora|responsavel|operador|operadora|pessoa de verdade|alguem de verdade|pessoa real|ser humano) `,
		` nao (?:quero|aguento|vou|adianta|gosto de|da para|da pra)(?: mais)? (?:falar|conversar|lidar|tratar|ser atendid[oa])(?: mais)?(?: com| por)? (?:(?:um|uma|o|a|esse|essa|este|esta|voce|com) )*(?:robo|robos|maquina|maquinas|bot|bots|ia|chatbot|computador|voce) `,
		` (?:chega de|nada de|cansei de|odeio|sem) (?:falar com |ess[ae]s? )*(?:robo|robos|bot|bots|maquinas?|chatbots?|ia) `,
	),
	patterns(spanish,
		` (?:hablar|hablo|charlar|conversar|chatear|platicar|contactar|contacto|comunicarme|comunicar|comunicame|contactarme|tratar|hablando)(?: directamente)? (?:con|a) (?:{det} )*{person} `,
		` (?:me )?(?:pasame|paseme|pasar|pasa|pase|pasen|pasarme|comuniqueme|comuniquenme|comunicame|conectame|conecteme|conectar|conectarme|transfiereme|transfierame|transferirme|transferir|derivame|deriveme|derivar|llamen|llama|ponme|pongame|poner) (?:{det} )*{person} `,
		` (?:quiero|quisiera|necesito|exijo|prefiero|deseo|querria) (?:{det} )*(?:agente|humano|persona real|persona humana|atencion humana|operador|operadora|representante|asesor|asesora|supervisor|encargado) `,
		` (?:atencion|ayuda|soporte|asistencia|agente) (?:humano|humana|personal) `,
		` no quiero (?:seguir )?(?:hablar|hablando|chatear|conversar) con (?:un |una |este |esta )?(?:robot|maquina|bot|chatbot|usted|contigo) `,
		`^ (?:\S+ )?(?:agente|humano|operador|operadora|representante|asesor|asesora|persona|persona real|encargado|gerente)(?: (?:humano|humana|real|por favor|porfa|ahora|ya|urgente))* $`,
		` hay (?:ahi |aqui )?(?:alguien|algun (?:humano|agente|asesor|operador)|alguna persona|un humano|una persona|un agente|gente)(?: {adj})* (?:ahi|aqui|disponible|detras|que (?:pueda|me|sepa|entienda)|con quien|con el que|con la que|para hablar|para atender\S*) `,
		` (?:alguien|una persona|un humano|un agente) (?:{adj} )+(?:ahi|aqui|que|para|por favor|me|disponible) `,
		` (?:ser|quiero ser|quisiera ser) (?:atendid[oa]|transferid[oa]|derivad[oa]) (?:por|a|con) (?:{det} )*{person} `,
		` (?:me |que me |que |puede |podria |pueden )(?:atienda|atender|atenderme|llame|llamar|llamarme|contacte|contactar|contactarme|conteste|conectar|conectarme|conecten) (?:con )?(?:{det} )*(?:persona|humano|agente|alguien|asesor|asesora|operador|operadora|representante|encargado|gerente) `,
		` (?:alguien|una persona|un agente|un humano|un asesor) (?:me )?(?:puede|podria) (?:llamar|llamarme|contactar|contactarme|atender|atenderme) `,
		` (?:llamenme|llameme|llamame|que me llamen|que me llame alguien|pueden llamarme|puede llamarme|podrian llamarme) `,
		` (?:donde esta|quiero|quisiera|necesito|traigan|traiga|busquen|busque) (?:{det} )*(?:encargado|encargada|gerente|supervisor|supervisora|responsable|humano|alguien real|persona de verdad|persona de carne y hueso|ser humano|ayuda de (?:un humano|una persona)) `,
		` no (?:quiero|voy a|puedo|soporto)(?: seguir)? (?:hablar|hablando|chatear|conversar|tratar|tratando)(?: mas)? con (?:(?:un|una|el|la|este|esta|estos|su) )*(?:robot|robots|maquina|maquinas|bot|bots|ia|chatbot|ordenador|usted|contigo) `,
		` (?:basta de|nada de|no mas|odio|hart[oa] de|cansad[oa] de) (?:hablar con |est[eo]s? )*(?:robot|robots|bot|bots|maquinas?|chatbots?) `,
	),
), cyrillic: slices.Concat(
	patterns(ukrainian,
		` (?:говорити|поговорити|розмовляти|спілкуватися|поспілкуватися|звязатися|звязатись|звяжіть|звязати|зєднайте|зєднати|зєднай|зєднуйте|переговорити)(?: {adj})* {person} `,
		` (?:переведіть|перевести|переключіть|переключити|переключи|перемкніть|передайте|покличте|поклич|покликати|дайте|дай|запросіть)(?: {adj})* {person} `,
		` (?:хочу|потрібен|потрібна|потрібно|треба|бажаю)(?: {adj})* (?:оператор\S*|людин\S*|менеджер\S*|консультант\S*|представник\S*) `,
		` не хочу (?:говорити|розмовляти|спілкуватися) з (?:ботом|роботом|машиною|вами|тобою) `,
		`^ (?:\S+ )?(?:оператор\S*|жива людина|живу людину|людину|людина|менеджер|менеджера|консультант|консультанта)(?: будь ласка| терміново| зараз| негайно| сюди)* $`,
		` (?:звяжи|звяжіть|зєднай|переведи|переведіть|переключи|переключіть|передай|зєднати|звязати) (?:мене |нас |дзвінок |чат )?(?:будь ласка )?(?:з|із|зі|на|до) (?:{adj} )*{person} `,
		` є (?:тут |там |у вас |хоч |взагалі )*(?:хтось|хто небудь|хто|жива|живі|людина|люди|оператор) (?:живий|жива|люди|людина|справжній|реальний|крім бота|на звязку|вільний|онлайн|тут|там) `,
		` (?:хтось|хто небудь) (?:живий|справжній|реальний|з людей) `,
		` (?:жив(?:а|у|ою|ої|ий|им|ого|ому)|справжн(?:я|ю|ьою|ій|ім|ього)|реальн(?:а|у|ою|ий|им|ого)) (?:людин\S*|оператор\S*|спілкування|підтримк\S*|консультант\S*|менеджер\S*) `,
		` (?:передзвоніть|зателефонуйте|подзвоніть|перетелефонуйте|наберіть) (?:мені|будь ласка|зараз|сьогодні|завтра) `,
		` (?:де|кличте|давайте|дайте|можна|можу|покличте|хай|нехай) (?:мені |вже |я |ваш\S* |нарешті |якогось |когось )*(?:оператор\S*|менеджер\S*|керівник\S*|адміністратор\S*|людину|когось живого|когось іншого) `,
		` (?:досить|годі|без|набридли|набрид|ненавиджу|не хочу) (?:цих |цього |цей |ваших |з |вже )*(?:ботів|роботів|боти|роботи|бота|ботом|роботом|робота|бот|робот) `,
		` не (?:хочу|буду|можу)(?: більше)? (?:говорити|розмовляти|спілкуватися|спілкуватись|мати справу|переписуватися) (?:з|із|зі) (?:цим |цією |вашим |якимось )?(?:ботом|роботом|машиною|компютером|програмою|ші|вами|тобою) `,
	),
	patterns(russian,
		` (?:говорить|поговорить|разговаривать|общаться|пообщаться|связаться|свяжите|связать|соедините|соединить|соедини|переговорить|побеседовать)(?: {adj})* {person} `,
		` (?:переведите|перевести|переведи|переключите|переключить|переключи|передайте|позовите|позови|позвать|дайте|дай|пригласите|вызовите)(?: {adj})* {person} `,
		` (?:хочу|нужен|нужна|нужно|надо|требую|желаю)(?: {adj})* (?:оператор\S*|человек\S*|менеджер\S*|консультант\S*|представител\S*|живой человек) `,
		` не хочу (?:говорить|разговаривать|общаться) с (?:ботом|роботом|машиной|вами|тобой) `,
		`^ (?:\S+ )?(?:оператор\S*|живой человек|живого человека|человек|человека|менеджер|менеджера|консультант|консультанта)(?: пожалуйста| срочно| сейчас| немедленно| сюда)* $`,
		` (?:свяжи|свяжите|соедини|соедините|переведи|переведите|переключи|переключите|передай|соединить|связать) (?:меня |нас |звонок |чат )?(?:пожалуйста )?(?:с|со|на|к) (?:{adj} )*{person} `,
		` есть (?:тут |там |у вас |хоть |вообще |ли |здесь )*(?:кто то|кто нибудь|кто|живые|человек|люди|оператор) (?:живой|живые|люди|человек|настоящий|реальный|кроме бота|на связи|свободный|онлайн) `,
		` (?:кто то|кто нибудь|кто) (?:живой|настоящий|реальный|из людей) `,
		` (?:жив(?:ой|ого|ым|ому|ая|ую)|настоящ(?:ий|его|им|ему|ая|ую)|реальн(?:ый|ого|ым|ому|ая|ую)) (?:человек\S*|людьми|оператор\S*|общени\S*|поддержк\S*|консультант\S*|менеджер\S*|сотрудник\S*) `,
		` (?:перезвоните|позвоните|наберите|перезвони) (?:мне|пожалуйста|сейчас|сегодня|завтра) `,
		` (?:где|зовите|давайте|дайте|можно|могу|позовите|пусть) (?:мне |уже |я |ваш\S* |наконец |какого нибудь |кого нибудь )*(?:оператор\S*|менеджер\S*|руководител\S*|администратор\S*|начальник\S*|человека|кого нибудь живого|кого то живого|кого нибудь другого) `,
		` (?:хватит|без|надоели|надоел|ненавижу|не хочу) (?:этих |этого |этот |ваших |с |уже )*(?:ботов|роботов|боты|роботы|бота|ботом|роботом|робота|бот|робот) `,
		` не (?:хочу|буду|могу)(?: больше)? (?:говорить|разговаривать|общаться|иметь дело|переписываться) (?:с|со) (?:этим |этой |вашим |каким то )?(?:ботом|роботом|машиной|компьютером|программой|ии|вами|тобой) `,
	),
)}

// declinesPerson holds the ways to say that no person is wanted, and talk of
// people that asks for none.
var declinesPerson = wordings{latin: slices.Concat(
	patterns(english,
		` (?:dont|do not|didnt|not|no) (?:want|need|have|wish|like)(?: to)? (?:talk|speak|chat|be transferred|be connected|get in touch)(?: (?:to|with))? (?:(?:a|an|any|the|your) )*(?:human|person|people|anyone|anybody|someone|agent|representative|operator) `,
		` (?:without|instead of|before|avoid) (?:having to |needing to )?(?:talking|talk|speaking|speak|chatting|calling) (?:to|with) `,
		` no need (?:for|to) (?:a |an |talk |speak )`,
		` do (?:i|we) (?:need|have) to (?:talk|speak|chat) `,
		// "Are you a real person?" is a question about the assistant.
		` (?:are you|am i|is this|you are|youre|think like|act like|be|acting like) (?:\S+ ){0,3}(?:human|person|agent|being|bot|robot|representative|real|someone) `,
	),
	patterns(portuguese,
		` nao (?:quero|preciso|precisa)(?: de)? (?:falar com |conversar com )?(?:um |uma |o |a )?(?:atendente|humano|pessoa|ninguem|alguem) `,
		` sem (?:falar|conversar|precisar falar) com `),
	patterns(spanish,
		` no (?:quiero|necesito|hace falta|deseo) (?:hablar con )?(?:un |una |el |la )?(?:agente|humano|persona|nadie|alguien|operador) `,
		` sin (?:hablar|tener que hablar) con `),
), cyrillic: slices.Concat(
	patterns(ukrainian,
		` не (?:хочу|потрібно|треба|потрібен|потрібна) (?:говорити |розмовляти |спілкуватися )?(?:з |із )?(?:оператор\S*|людин\S*|ніким|менеджер\S*) `,
		` без (?:оператора|розмови|менеджера) `),
	patterns(russian,
		` не (?:хочу|нужно|надо|нужен) (?:говорить |разговаривать |общаться )?(?:с |со )?(?:оператор\S*|человек\S*|никем|менеджер\S*) `,
		` без (?:оператора|разговора|менеджера) `),
)}

// wantsPerson reports whether the folded message asks for a person.
func wantsPerson(message string) bool {
	asks := asksPerson.in(message)
	if !asks {
		if mended := mendPerson(message); mended != message {
			message, asks = mended, asksPerson.in(mended)
		}
	}
	return asks && !declinesPerson.in(message)
}

func matchesAny(list []*regexp.Regexp, message string) bool {
	for _, re := range list {
		if re.MatchString(message) {
			return true
		}
	}
	return false
}
