package analysis

import "strings"

// stopWords are the words that say little about what a text is about: articles,
// pronouns, prepositions, conjunctions, auxiliaries, question words, and the
// courtesies of a chat. The lists are our own. A negation is a stop word for
// retrieval; whoever compares meanings must look for it themselves.
var stopWords = map[string]string{
	"en": `a about above after again against all also am an and any are aren't as at be because been before being
		below between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during
		each few for from further had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers
		herself hey hi hello him himself his how how's however i i'd i'll i'm i've if in into is isn't it it's its itself
		just let let's may me might more most must mustn't my myself no nor not of off ok okay on once only or other
		ought our ours ourselves out over own please same shall she she'd she'll she's should shouldn't so some such
		than thank thanks that that's the their theirs them themselves then there there's these they they'd they'll
		they're they've this those through to too under until up upon us very was wasn't we we'd we'll we're we've
		were weren't what what's when when's where where's whether which while who who's whom whose why why's will
		with within without won't would wouldn't you you'd you'll you're you've your yours yourself yourselves`,
	"pt": `a à ao aos aquela aquelas aquele aqueles aquilo as às até bem boa bom com como da das de dela delas dele
		deles depois desde dessa desse desta deste disso disto do dos e é ela elas ele eles em embora entre era eram
		essa essas esse esses esta está estamos estão estar estas estava este estes estou eu foi fomos for foram fosse
		há isso isto já la lhe lhes lo logo mais mas me mesmo meu meus minha minhas muito muita na não nas nem no nos
		nós nossa nossas nosso nossos num numa o obrigada obrigado oi olá onde os ou para pela pelas pelo pelos per
		pois por porque porquê posso pode podem pra qual quais qualquer quando quanto quantos quanta quantas que quê
		quem são se seja sem ser será seria seu seus só sob sobre sua suas também te tem têm temos tenho ter teu teus
		teve tive tinha toda todas todo todos tu tua tuas tudo um uma umas uns vocês você vai vou voce nao eh`,
	"es": `a al algo alguna algunas alguno algunos ante antes aquel aquella aquello así aunque bien buenas buenos cada
		como cómo con cual cuál cuales cuáles cualquier cuando cuándo cuanto cuánto cuántos cuánta cuántas de del desde
		después donde dónde dos el él ella ellas ellos en entre era eran eres es esa esas ese eso esos esta está están
		estaba estamos estar estas este esto estos estoy fue fueron gracias ha había haber han has hasta hay he hemos
		hola la las le les lo los más me mi mí mis mientras mismo mucha muchas mucho muchos muy nada ni no nos nosotros
		nuestra nuestras nuestro nuestros o os otra otras otro otros para pero poco por porque qué que quien quién
		quienes se sea según ser será si sí sido sin sobre sois somos son soy su sus suya suyo también tan tanto te
		tendrá tener tengo ti tiene tienen toda todas todo todos tu tú tus un una unas uno unos usted ustedes va vamos
		voy vosotros vuestra vuestro y ya yo puedo puede pueden favor`,
	"uk": `а або але б без би більш був була були було бути в вам вами вас ваш ваша ваше ваші вашого вашої вашу весь ви
		від він вона вони воно все всі всіх вже вітаю де для до добрий дякую день є її її їй їм їх з за зі із і й інші
		його йому й кого коли колись кому котра котрий який яка яке які якого якої яким якій яку як якщо куди ледве ли
		лише між мене мені ми мій моя моє мої мого моєї моєму моїй моїм моїх мною може можна можу на над нам нами нас
		наш наша наше наші не неї нема ним ними них ні ніж ну о об один однак от ось по при про раз саме свій своя своє
		свої себе скільки собі та так така таке такий такі також там тебе ти тим тих тієї то тобі тобою того той тому
		тут ту твій твоя твоє твої у усі хіба хто це цього цьому цей ця цю ці цих цим через чи чий чого чому ще що щоб
		щодо я будь ласка привіт треба`,
	"ru": `а без более больше будет будто бы был была были было быть в вам вами вас ваш ваша ваше ваши вашего вашей вашу
		ведь весь во вот все всего всех вы где да даже для до добрый день его ее ей ему если есть еще ещё ж же за
		здравствуйте здесь и из или им ими их к каждый как какая какие какой каким какого какую ко когда кого кому
		который которая которое которые которых которого куда ли либо лишь между меня мне много мной могу может можно
		мой моя моё мое мои моего моей моему мою мы на над надо нам нами нас наш наша наше наши не него нее неё ней
		нет ни нибудь никогда ним них ничего но ну о об один однако она они оно от очень перед по под пожалуйста после
		потом потому почему при про привет раз с сам свой своя свое свои своего своей себе себя сейчас сколько со
		спасибо так также такая такие такой там тебе тебя тем теперь то тобой того тоже той только том тот ту тут ты
		у уже хоть чего чей чем через что чтоб чтобы чье чья эта эти этим этих это этого этой этом этот эту я является`,
}

// stops holds, by language, the folded stop words and their terms.
var stops = func() map[string]map[string]bool {
	all := make(map[string]map[string]bool)
	union := make(map[string]bool)
	for language, list := range stopWords {
		set := make(map[string]bool)
		for _, w := range strings.Fields(list) {
			set[fold(w)] = true
			for _, t := range Terms(w, language) {
				set[t.Text] = true
			}
		}
		for w := range set {
			union[w] = true
		}
		all[language] = set
	}
	all[""] = union
	return all
}()

// IsStop reports whether a word, or a term of Terms, is a stop word of the
// language. For an unknown language it is one if it is so in any.
func IsStop(term, language string) bool { return stops[Base(language)][fold(term)] }
