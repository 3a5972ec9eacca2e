package answer

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Anger is told by what is said to, or of, whoever answers: an insult, a curse, that
// one has asked for the third time. That something arrived broken is a complaint, and
// no anger; so a strong sign is enough, and of the weak ones (capitals, a row of
// exclamation marks, a bitter word) two kinds are needed. The expressions run on folded
// text, as in wants_person.go.

// angryWords are the strong signs, by language.
var angryWords = wordings{latin: slices.Concat(
	patterns(map[string]string{
		"us":  `you|youre|u|ur|yall|you guys|you people|this (?:bot|chat|chatbot|thing|assistant|ai|service|company|website|site|robot|machine|app)|your (?:bot|chat|chatbot|service|company|support|app|website|site|ai|assistant|team|help|customer service|customer support)`,
		"bad": `useless|stupid|dumb|idiotic|an? (?:complete |total |absolute )?(?:idiot|moron|joke|waste of time|disgrace|nightmare|scam)|idiots|morons|incompetent|pathetic|ridiculous|worthless|garbage|trash|rubbish|crap|shit|hopeless|terrible|awful|horrible|the worst|no help|not helping|no use|clueless|liars?|a liar|thieves|deaf|blind|brainless|retarded|sucks?|stinks?`,
	},
		` {us} (?:is |are |r |was |were )?(?:so |just |really |all |a bunch of |absolutely |completely |totally |fucking |freaking |bloody |beyond |truly |simply |such |very )*(?:{bad}) `,
		` (?:stupid|dumb|useless|idiotic|fucking|damn|bloody|shitty|crappy|worthless|pathetic|moronic|goddamn) (?:bot|chatbot|robot|machine|assistant|ai|chat|service|support|company|website|site|answer|computer|program|customer service|thing) `,
		` (?:this is|its|thats|that is|it is|how|what an|is|are|absolutely|just|completely|so|simply) (?:(?:getting|absolutely|just|completely|so|really|totally|beyond|becoming|such|an|a|complete|absolute|utterly|frankly) )*(?:ridiculous|unacceptable|outrageous|disgraceful|inexcusable|infuriating|pathetic|insane|absurd|bullshit|laughable|appalling|disgusting service|joke|shambles|disgrace|farce|nightmare|driving me (?:crazy|mad|nuts|insane)) `,
		` (?:ridiculous|unacceptable|outrageous|pathetic|disgraceful|infuriating) $|^ (?:ridiculous|unacceptable|outrageous|pathetic|disgraceful|infuriating|useless) `,
		` (?:fuck|fucks|fucking|fucked|fuckin|fck|fkn|wtf|stfu|gtfo|ffs|bullshit|shit|shitty|bastards?|assholes?|arseholes?|dickheads?|morons?|piss off|pissed off|pissing me off|damn you|damn it|goddamn|screw you|go to hell|bloody hell|what the (?:hell|heck|fuck)|for (?:gods|christs|fucks|heavens) sake|shut up) `,
		` (?:third|fourth|fifth|sixth|seventh|tenth|hundredth|thousandth|millionth|umpteenth|nth|3rd|4th|5th|6th|10th|100th) time (?:\S+ ){0,5}(?:ask|asked|asking|say|said|saying|tell|told|telling|contact\S*|write|wrote|writing|written|explain\S*|call|called|calling|complain\S*|repeat\S*|request\S*|message\S*|try|tried|trying|chase|chasing|reach\S*) `,
		` how many (?:more )?times (?:do|must|should|will|does) (?:i|we|a person|one) (?:have|need)?(?: to)? ?(?:say|tell|ask|repeat|explain|write|call|contact|answer) | how many (?:more )?times have (?:i|we) (?:told|said|asked|explained|written|called|contacted|answered) `,
		` (?:i|ive|i have|we|weve) (?:already |just |literally )+(?:told|said|asked|explained|answered) (?:you|that|this|it|to you) | told you (?:already|before|\S+ times|a (?:hundred|thousand|million) times) `,
		` (?:you|u) (?:just )?(?:keep|kept) (?:on )?(?:saying|asking|repeating|ignoring|giving me the same|sending me the same|telling me the same|avoiding|dodging) `,
		` stop (?:asking me|repeating|wasting|ignoring|lying|saying the same|sending me|giving me|copy pasting) `,
		` (?:are you (?:even |actually |not |all )?(?:listening|reading|deaf|blind|stupid|kidding|joking|serious|out of your mind|dense)|do you (?:even|not|ever|actually) (?:listen|read|understand|care|work)|cant you (?:even )?(?:read|understand|listen)|why (?:cant|wont|dont|do|are) you (?:just |ever |even |not |never )*(?:answer|understand|listen|read|get it|so (?:stupid|dumb|slow|useless))) `,
		` (?:fed up|sick of (?:this|you|your|waiting|asking|being|it|repeating)|sick and tired|had enough of|ive had enough|had it with|tired of (?:this|waiting|you|your|asking|repeating|being)|(?:lost|losing|lose|out of|running out of|run out of) (?:my |all |all my )?(?:patience|temper|mind)|my patience|last straw|furious|livid|enraged|frustrating|frustrated|infuriated|fuming|(?:so|very|really|extremely|getting|absolutely|beyond|seriously) (?:\S+ )?(?:angry|annoyed|annoying|mad|pissed|irritated|irritating|upset with you|unhappy with you|disappointed (?:in|with|by) (?:you|your))|makes me (?:so )?(?:angry|mad|furious|sick)) `,
		` (?:wasting|wasted|waste of|waste) (?:my |our |everyones |everybodys )?(?:\S+ )?time `,
		` (?:worst|horrible|terrible|awful|appalling|atrocious|disgusting|disgraceful|pathetic|lousy|shocking|dreadful|crap|abysmal|horrendous|rubbish|shameful|garbage) (?:customer |online |ever )?(?:service|support|experience|company|bank|store|shop|help|assistant|bot|chatbot|airline|hotel|website|site|app) `,
		` (?:shame on|how dare|i hate|hate) (?:you|this (?:bot|company|chat|service|site|shop|store|place)|your) | (?:clowns|scumbags?|jokers|crooks|losers) | (?:absolute|complete|total|utter) (?:joke|disgrace|shambles|nightmare|incompetence|nonsense|garbage|rubbish) `,
		` (?:just|at least|for once) answer (?:me|my|the) | answer (?:my|the) (?:damn|bloody|fucking|goddamn) `,
	),
	patterns(nil,
		` (?:ridicul[oa]s?|inaceitavel|inaceitaveis|inadmissivel|absurdo|palhacada|vergonha|vergonhos[oa]|descaso|falta de respeito|desrespeito|revoltante|revoltad[oa]|indignad[oa]|lamentavel atendimento|atendimento lamentavel|falta de vergonha) `,
		` (?:merda|porra|caralho|puta|putaria|foda se|se foder|se fuder|filh[oa]s? da puta|fdp|vsf|vtnc|tnc|pqp|desgraca|desgracad[oa]s?|arrombad[oa]s?|cacete|que droga|que saco|que inferno|vai (?:pro|para o|se) (?:inferno|catar)|cala a boca) `,
		` (?:voces?|vcs?|robo|bot|assistente|atendimento|servico|empresa|suporte|site|chat|ia|isso|isto)(?: e| sao| eh)? (?:(?:um|uma|uns|muito|tao|so|totalmente|mesmo|bando de) )*(?:idiotas?|burr[oa]s?|imbec(?:il|eis)|incompetentes?|inut(?:il|eis)|lixo|pessim[oa]s?|horrive(?:l|is)|palhac[oa]s?|piada|ladroes|mentiros[oa]s?|otari[oa]s?|enrolacao|enganacao|uma porcaria|porcaria|inferno) `,
		` (?:idiotas?|imbec(?:il|eis)|burr[oa] d\S+|palhac[oa]s?|otari[oa]s?|bando de \S+|robo (?:burro|idiota|inutil|estupido)|bot (?:burro|idiota|inutil|estupido)) `,
		` (?:de saco cheio|saco cheio|(?:cansei|cansad[oa]|fart[oa]) d(?:e|isso|esse|essa|este|esta|voces?)(?: \S+)?|perdi a paciencia|perdendo a paciencia|minha paciencia|sem paciencia|estou (?:muito )?(?:furios[oa]|irritad[oa]|nervos[oa]|com raiva|put[oa])|to (?:muito )?(?:furios[oa]|irritad[oa]|nervos[oa]|com raiva|put[oa])) `,
		` ja (?:te|lhe|lhes) (?:falei|disse|expliquei|perguntei|respondi|repeti) | ja (?:falei|disse|expliquei|perguntei|respondi|repeti) (?:isso|que|tudo|mil vezes|varias vezes|\d+ vezes) | quantas vezes (?:mais )?(?:eu )?(?:vou|tenho|preciso|terei) (?:ter )?(?:que |de )?(?:\S+ )?(?:repetir|explicar|falar|dizer|pedir|perguntar|escrever|ligar) | (?:e )?a? ?(?:terceira|quarta|quinta|sexta|decima|milesima|centesima|enesima) vez que (?:\S+ ){0,3}(?:falo|pergunto|peco|explico|escrevo|ligo|reclamo|digo|tento|entro|repito|mando|solicito|estou) `,
		` (?:perda de tempo|perdendo (?:o )?(?:meu )?tempo|perder (?:o )?(?:meu )?tempo|desperdicio de tempo|(?:pior|pessim[oa]|horrivel|terrivel|ridiculo|porcaria de) (?:atendimento|servico|empresa|loja|suporte|banco|site)|(?:atendimento|servico|suporte) (?:\S+ )?(?:horrivel|pessimo|terrivel|de merda|porco|podre)|nao (?:me )?(?:entende|escuta|ouve|le|resolve)m? (?:nada|droga nenhuma)|(?:voce|robo|bot|chat|assistente|atendimento|suporte) (?:nao (?:serve|ajuda|funciona|resolve)|so (?:enrola|atrapalha)) |(?:ta|esta|estao|tao) (?:de brincadeira|me zoando|me enrolando|brincando com a minha cara)|so pode ser (?:brincadeira|piada)) `,
	),
	patterns(nil,
		` (?:ridicul[oa]s?|inaceptables?|inadmisibles?|absurdo|verguenza|vergonzos[oa]|falta de respeto|indignante|indignad[oa]|lamentable|tomadura de pelo|burla) `,
		` (?:mierda|joder|jodan|jodete|puta|put[oa]s|cabron|cabrones|gilipollas|carajo|hostia|pendej[oa]s?|malparid[oa]s?|hijos? de puta|chinguen|chinga|verga|cojones|maldit[oa]s? (?:sea|bot|robot|maquina|servicio|empresa)|vete al \S+|vayanse al \S+|callate|que asco) `,
		` (?:ustedes|usted|eres|son|sois|bot|robot|asistente|servicio|empresa|soporte|chat|ia|esto|pagina|atencion)(?: es| son| esta)? (?:(?:un|una|unos|unas|muy|tan|totalmente|pura|puro|de) )*(?:idiotas?|tont[oa]s?|estupid[oa]s?|imbecil|imbeciles|incompetentes?|inutil|inutiles|basura|pesim[oa]s?|horribles?|payas[oa]s?|chiste|broma|ladrones|mentiros[oa]s?|estafadores|porqueria|asco|desastre|patetic[oa]s?) `,
		` (?:idiotas?|imbecil|imbeciles|payas[oa]s|(?:bot|robot|maquina) (?:tont[oa]|idiota|inutil|estupid[oa])) `,
		` (?:(?:estoy|me tienen|ya|muy) (?:muy |ya )?(?:hart[oa]|furios[oa]|enfadad[oa]|enojad[oa]|cabread[oa]|molest[oa] con)|hart[oa] de|cansad[oa] de (?:esto|esperar|repetir|preguntar|ustedes|este|que|explicar|tanta)|perdiendo la paciencia|perdi la paciencia|mi paciencia|hasta las narices|hasta la coronilla) `,
		` ya (?:(?:te|le|les|se|os|lo|la) ){1,2}(?:dije|he dicho|explique|he explicado|pregunte|he preguntado|respondi|he respondido|repeti) | cuantas veces (?:mas )?(?:tengo|hay|voy|tendre) (?:que|a) (?:\S+ )?(?:repetir|decir|explicar|pedir|preguntar|escribir|llamar)\S* | cuantas veces (?:(?:te|le|les|se|lo) )+(?:he|tengo|dije) | (?:tercera|cuarta|quinta|sexta|decima|enesima|milesima|centesima) vez que (?:\S+ ){0,3}(?:pregunto|digo|pido|explico|escribo|llamo|reclamo|intento|contacto|repito|solicito|hablo|consulto|mando) `,
		` (?:perdida de tiempo|perdiendo (?:el |mi )?tiempo|perder (?:el |mi )?tiempo|hacen perder|(?:peor|pesim[oa]|horrible|terrible) (?:servicio|atencion|empresa|tienda|soporte|banco|experiencia)|(?:servicio|atencion|soporte) (?:\S+ )?(?:horrible|pesim[oa]|lamentable|terrible|de mierda)|no (?:me )?(?:entiendes?|entienden|escuchas?|escuchan|lees|leen) nada|(?:bot|robot|chat|asistente|tu|ustedes|soporte) no (?:sirves?|sirven?|ayudas?|ayudan?|entiendes?|entienden?)|es(?:ta|tan)? de broma|me estan? tomando el pelo|me estas tomando el pelo|me toman el pelo) `,
	),
), cyrillic: slices.Concat(
	patterns(nil,
		` (?:(?:це|який|яке|просто|повний|суцільний|тихий|такий|ну і|що за) (?:просто |якийсь |повний |суцільний )*(?:жах|ганьба|ганьбище|абсурд|маразм|знущання|безглуздя|маячня|цирк|дурдом|кошмар|неподобство|неповага)|жах|неподобств\S*|неприйнятн\S*|неприпустим\S*|ганьба|знущаєте\S*|знущаєшся|знущання|обурен\S*|обурлив\S*|обурює) `,
		` скільки можна $| жахлив\S+ (?:сервіс|обслуговування|підтримк\S*|служб\S*|компані\S*|магазин\S*|ставлення|сайт|бот) | (?:сервіс|обслуговування|підтримка|ставлення) (?:просто |у вас |тут )*жахлив\S* | найгірш\S+ (?:сервіс|магазин|компані\S*|підтримк\S*|обслуговування|банк\S*) `,
		` (?:скільки (?:ще )?можна(?: вже| вас| чекати| терпіти| повторювати| говорити| казати| писати| питати| пояснювати| знущатися)|скільки (?:ще )?разів (?:(?:я|мені|вам|треба|потрібно|можна|вже) )*(?:казати|говорити|повторювати|писати|пояснювати|питати|просити|маю|повинен|повинна)|вкотре|сотий раз|тисячний раз|(?:втретє|вчетверте|впяте|вшосте|вдесяте|третій раз|четвертий раз|пятий раз|десятий раз)(?: \S+){0,3} (?:пишу|питаю|запитую|кажу|прошу|пояснюю|дзвоню|повторюю|звертаюся|звертаюсь|намагаюся|намагаюсь)|(?:пишу|питаю|запитую|кажу|прошу|пояснюю|дзвоню|повторюю|звертаюся|звертаюсь) (?:\S+ ){0,2}(?:втретє|вчетверте|впяте|третій раз|четвертий раз|пятий раз|десятий раз)) `,
		` вже (?:(?:вам|тобі|це|про це|тричі|двічі|\S+ разів) ){1,2}(?:казав|казала|писав|писала|питав|питала|пояснював|пояснювала|говорив|говорила|відповідав|відповідала|сказав|сказала) | вже (?:казав|казала|писав|писала|питав|питала|пояснював|пояснювала|говорив|говорила|сказав|сказала) (?:вам|тобі|про це|це|що|тричі|двічі|\S+ разів) `,
		` (?:марн\S+ час\S*|марнуєте|марную|трат\S+ (?:мій |свій )?час\S*|набридло|набридли|набрид|(?:ви |мене |вже )дістали|задовбал\S*|задовбав|терпець (?:урвався|увірвався|ввірвався)|терпіння (?:урвалося|закінчилося|закінчилось|скінчилося|на межі)|розлючен\S*|злий як|зла як|дуже (?:злий|зла|сердит\S*)|бісите|бісить|дратує\S*|дратуєте) `,
		` (?:ідіот\S*|дебіл\S*|тупий|тупа|тупі|тупе|тупо|бовдур\S*|дурень|дурний бот|дурна|дурні|придур\S*|кретин\S*|нікчем\S*|бестолков\S*|бездар\S*|негідник\S*|хамство|хами|брехун\S*|брехня|нічого не (?:розумієте|розумієш|тямите)|клоуни) `,
		` (?:хрін\S*|бля|блять|блядь|сука|пізд\S*|хуй\S*|хуя|нахуй|нахер|нахрін|єба\S*|заєба\S*|лайно|гівно|чорт (?:забирай|візьми)|якого (?:біса|чорта|хріна)|заткни\S*|замовкни|курва) `,
	),
	patterns(nil,
		` (?:(?:это|какой|какое|просто|полный|сплошной|тихий|такой|ну и|что за) (?:просто |какой то |полный |сплошной )*(?:ужас|позор|абсурд|маразм|издевательство|бред|цирк|дурдом|кошмар|безобразие|хамство|неуважение)|безобразие|недопустимо|неприемлемо|позор|издевае\S*|издевательство|возмущен\S*|возмутительн\S*|возмущает) `,
		` сколько можно $| ужасн\S+ (?:сервис|обслуживание|поддержк\S*|служб\S*|компани\S*|магазин\S*|отношение|сайт|бот) | (?:сервис|обслуживание|поддержка|отношение) (?:просто |у вас |тут )*ужасн\S* | (?:худш\S+|отвратительн\S+|мерзк\S+) (?:сервис|магазин|компани\S*|поддержк\S*|обслуживание|банк\S*) `,
		` (?:сколько (?:еще )?можно(?: уже| вас| ждать| терпеть| повторять| говорить| писать| спрашивать| объяснять| издеваться)|сколько (?:еще )?раз (?:(?:я|мне|вам|надо|нужно|можно|уже) )*(?:говорить|повторять|писать|объяснять|спрашивать|просить|должен|должна)|который раз|сотый раз|тысячный раз|(?:в )?(?:третий|четвертый|пятый|шестой|десятый) раз (?:\S+ ){0,3}(?:пишу|спрашиваю|говорю|прошу|объясняю|звоню|повторяю|обращаюсь|пытаюсь)|(?:пишу|спрашиваю|говорю|прошу|объясняю|звоню|повторяю|обращаюсь) (?:\S+ ){0,2}(?:третий|четвертый|пятый|десятый) раз) `,
		` уже (?:(?:вам|тебе|это|об этом|трижды|дважды|\S+ раз) ){1,2}(?:говорил|говорила|писал|писала|спрашивал|спрашивала|объяснял|объясняла|сказал|сказала|отвечал|отвечала) | уже (?:говорил|говорила|писал|писала|спрашивал|спрашивала|объяснял|объясняла|сказал|сказала) (?:вам|тебе|об этом|это|что|трижды|дважды|\S+ раз) `,
		` (?:пуст\S+ трат\S+ времени|трат\S+ (?:мое |свое )?врем\S+|надоел\S*|(?:вы |меня |уже |все )достали|задолбал\S*|заколебал\S*|терпение (?:лопнуло|кончилось|закончилось|на исходе|заканчивается)|в ярости|в бешенстве|очень (?:зол|зла|злой|злая)|бесите|бесит|раздражае\S*) `,
		` (?:идиот\S*|дебил\S*|тупой|тупая|тупые|тупое|тупо|тупица|дура|дурак\S*|кретин\S*|придур\S*|бестолков\S*|бездар\S*|бесполезн\S+ (?:бот|чат|сервис|поддержка|робот)|(?:бот|чат|сервис|вы|робот) (?:\S+ )?бесполез\S+|негодя\S*|хамы|хамство|лжец\S*|вранье|врете|ничего не (?:понимаете|понимаешь|соображаете)|клоуны|бред|чушь) `,
		` (?:хрен\S*|бля|блять|блядь|сука|пизд\S*|хуй\S*|хуя|хуйня|нахуй|нахер|нахрен|ебан\S*|заеба\S*|дерьмо|говно|черт (?:возьми|побери)|какого (?:черта|хрена|хера|фига)|заткни\S*|замолчи\S*) `,
	),
)}

// bitter holds words that are said in anger and in sorrow alike: a weak sign.
var bitter = wordings{latin: patterns(nil,
	` (?:terrible|awful|horrible|disappointed|disappointing|unhappy|annoyed|annoying|angry|upset|hate|useless|worst|nonsense|ridiculous|not helpful|unhelpful|doesnt help|not helping|not what i asked|didnt answer|did not answer|dont understand|do not understand|again and again|over and over|still no|still nothing|still waiting|unbelievable|shame|wrong again|not working again) `,
	` (?:horrivel|pessimo|pessima|decepcionad[oa]|chatead[oa]|irritad[oa]|odeio|inutil|pior|de novo|outra vez|ainda nao|ate agora|nao ajuda|nao ajudou|nao foi isso|nao respondeu|nao entende|chega|demora) `,
	` (?:horrible|pesim[oa]|decepcionad[oa]|molest[oa]|enojad[oa]|enfadad[oa]|odio|inutil|peor|otra vez|de nuevo|todavia no|aun no|no ayuda|no me ayuda|no respondiste|no respondio|no entiendes?|basta) `,
), cyrillic: patterns(nil,
	` (?:жахлив\S*|розчарован\S*|злий|зла|сердит\S*|ненавиджу|марно|знову|досі|ще й досі|не допомагає|не допомогло|не відповіли|не розумієте|не розумієш|досить|негайно) `,
	` (?:ужасн\S*|разочарован\S*|зол|зла|злюсь|ненавижу|бесполезно|опять|снова|до сих пор|не помогает|не помогло|не ответили|не понимаете|не понимаешь|хватит|немедленно) `,
)}

// marks is a row of at least three exclamation and question marks.
var marks = regexp.MustCompile(`[!?！？]{3,}`)

// Shouting is most of at least so many letters in capitals: a number of an order or an
// abbreviation is none.
const (
	shoutedLetters = 10
	shoutedWords   = 3
	shoutedShare   = .8
)

// angry reports whether a message is written in anger at whoever answers it.
func angry(text string) bool {
	text = cut(text)
	message := fold(text)
	if angryWords.in(message) {
		return true
	}
	signs := 0
	for _, sign := range []bool{shouted(text), marks.MatchString(text), bitter.in(message)} {
		if sign {
			signs++
		}
	}
	return signs >= 2
}

func shouted(text string) bool {
	letters, capitals := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsUpper(r):
			letters++
			capitals++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return letters >= shoutedLetters && len(strings.Fields(text)) >= shoutedWords && float64(capitals) >= shoutedShare*float64(letters)
}
