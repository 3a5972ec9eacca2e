package extractive

import (
	"regexp"
	"strings"
)

// measure is the kind of value that a question asks for.
type measure int

const (
	noMeasure measure = iota
	aNumber
	aPrice   // an amount of money
	anAmount // of money, or a share
	aTime    // a date or a length of time
)

var (
	priceWords  = regexp.MustCompile(`\bhow (?:much (?:is|are|do|does|will|would|for)|expensive)\b|\b(?:costs?|prices?)\b|\bquanto (?:custa|é|pago)|\b(?:preço|custo)s?\b|\bcuánto (?:cuesta|vale|es)|\b(?:precio|coste|costo)s?\b|скільки кошту|цін[аиу]|варт[іо]ст|сколько стоит|цен[аыу]|стоимост`)
	shareWords  = regexp.MustCompile(`%|\b(?:rates?|apy|apr|percent|interest|cash ?back|rewards?|bonus|discount|fees?|desconto|taxas?|juros|descuento|interés|tasas?)\b|знижк|відсот|скидк|процент`)
	amountWords = regexp.MustCompile(`\bhow much\b|\b(?:fees?|charges?|rates?|apy|apr|amount|bonus|rebate)\b|\b(?:taxa|valor|tarifa)s?\b|\bimportes?\b`)
	timeWords   = regexp.MustCompile(`\b(?:opening|business|office) (?:hours|times)\b|horários? de|графік роботи|години роботи|часы работы|\bhow (?:long|soon|often|late|early)\b|\bwhen\b|\bdeadline\b|\bwhat (?:year|date|time|day)\b|\bquando\b|\bem que ano\b|\bprazo\b|quant[oa]s? (?:tempo|dias|horas|semanas|meses|anos)|\b(?:demora|dura)\b|` +
		`\bcuándo\b|\ben qué año\b|\bplazo\b|cu[aá]nt[oa]s? (?:tiempo|días|dias|horas|semanas|meses|años|tarda|demora|dura)|коли|якого року|термін|скільки (?:часу|днів|триває|діє|йде)|когда|в каком году|срок|сколько (?:времени|дней|длится|действует|идет|идёт)`)
	numberWords = regexp.MustCompile(`\bhow (?:many|old|far|big|high)\b|\b(?:limit|minimum|maximum|number|percentage|balance)s?\b|\bquant[oa]s?\b|\b(?:limite|mínimo|máximo|número)\b|` +
		`\bcuánt[oa]s?\b|\b(?:límite)\b|скільки|ліміт|сколько|лимит`)

	pricePattern  = regexp.MustCompile(`[€$£₴₽]|\b(?:EUR|USD|BRL|UAH|RUB)\b|free of charge|\bfree\b|grátis|gratuit|безкоштовн|бесплатн`)
	amountPattern = regexp.MustCompile(`[€$£₴₽%]|\b(?:EUR|USD|BRL|UAH|RUB)\b|free of charge|\bfree\b|grátis|gratuit|безкоштовн|бесплатн`)
	timePattern   = regexp.MustCompile(`(?i)\d[ -](?:(?:business|working|calendar|full|рабоч\pL+|робоч\pL+|банк\pL+) )?(?:second|minute|hour|day|week|month|year|segund|minuto|hora|dia|día|semana|m[eê]s|año|ano|хвилин|годин|д[ен]н|тижн|місяц|р[оі]к|минут|час|недел|месяц|год|лет)|\b(?:19|20)\d{2}\b|\d:\d\d|immediately|instantly`)
)

// words is the measure whose words name this one.
func (m measure) words() measure {
	if m == aPrice {
		return anAmount
	}
	return m
}

// measureTerms are the words of a question that name the kind of value it asks
// for. A sentence that has such a value need not repeat them.
var measureTerms = map[measure]map[string]map[string]bool{
	aTime: termsByLanguage(map[string]string{
		"en": "time times deadline period valid days hours duration",
		"pt": "prazo prazos tempo duração dias validade válido",
		"es": "plazo plazos tiempo duración días validez válido",
		"uk": "строк строки термін час часу днів дійсний",
		"ru": "срок сроки время времени дней действительный",
	}),
	anAmount: termsByLanguage(map[string]string{
		"en": "cost costs price prices fee charge",
		"pt": "custo custos preço preços valor taxa tarifa",
		"es": "coste costes costo precio precios gastos importe tarifa",
		"uk": "ціна ціни вартість",
		"ru": "цена цены стоимость",
	}),
}

// measureVerbs ask for a value ("how long does it take") and say nothing of
// what it is the value of.
var measureVerbs = map[measure]map[string]map[string]bool{
	aTime: termsByLanguage(map[string]string{
		"en": "take takes took last lasts long soon",
		"pt": "demora demorar dura durar leva levar vale",
		"es": "tarda tardar dura durar lleva llevar vale",
		"uk": "триває тривати довго займає йде діє",
		"ru": "длится длиться долго занимает идет действует",
	}),
	anAmount: termsByLanguage(map[string]string{
		"pt": "custa custam",
		"es": "cuesta cuestan vale",
		"uk": "коштує коштують",
		"ru": "стоит стоят",
	}),
}

func measureOf(lower string) measure {
	switch {
	case timeWords.MatchString(lower):
		return aTime
	case priceWords.MatchString(lower) && !shareWords.MatchString(lower):
		return aPrice
	case priceWords.MatchString(lower), amountWords.MatchString(lower):
		return anAmount
	case numberWords.MatchString(lower):
		return aNumber
	}
	return noMeasure
}

// in reports whether a text holds a value of the kind.
func (m measure) in(text string) bool {
	switch m {
	case aPrice:
		return pricePattern.MatchString(text)
	case anAmount:
		return amountPattern.MatchString(text)
	case aTime:
		return timePattern.MatchString(text)
	case aNumber:
		return strings.ContainsAny(text, "0123456789")
	case noMeasure:
	}
	return false
}

// measureIn returns what a sentence gains by holding the kind of value that the
// question asks for.
func (q *question) measureIn(sentence string) float64 {
	switch {
	case q.measure == noMeasure:
		return 0
	case q.measure.in(sentence):
		return measureBonus
	case aNumber.in(sentence):
		return digitBonus
	}
	return 0
}
