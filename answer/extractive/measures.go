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
	anAmount // of money, or a share
	aTime    // a date or a length of time
)

var (
	amountWords = regexp.MustCompile(`\bhow (?:much|expensive)\b|\b(?:fees?|costs?|prices?|charges?|rates?|apy|apr|amount|bonus|rebate)\b|` +
		`\bquanto (?:custa|é|pago)|\b(?:taxa|preço|valor|tarifa|custo)s?\b|\bcuánto (?:cuesta|vale|es)|\b(?:precio|coste|costo|importe)s?\b|` +
		`скільки кошту|цін[аиу]|варт[іо]ст|сколько стоит|цен[аыу]|стоимост`)
	timeWords = regexp.MustCompile(`\bhow (?:long|soon|often|late|early)\b|\bwhen\b|\bdeadline\b|\bwhat (?:year|date|time|day)\b|\bquando\b|\bem que ano\b|\bprazo\b|quanto tempo|` +
		`\bcuándo\b|\ben qué año\b|\bplazo\b|cuánto tiempo|коли|якого року|термін|скільки (?:часу|днів)|когда|в каком году|срок|сколько (?:времени|дней)`)
	numberWords = regexp.MustCompile(`\bhow (?:many|old|far|big|high)\b|\b(?:limit|minimum|maximum|number|percentage|balance)s?\b|\bquant[oa]s?\b|\b(?:limite|mínimo|máximo|número)\b|` +
		`\bcuánt[oa]s?\b|\b(?:límite)\b|скільки|ліміт|сколько|лимит`)

	amountPattern = regexp.MustCompile(`[€$£₴₽%]|\b(?:EUR|USD|BRL|UAH|RUB)\b|free of charge|\bfree\b|grátis|gratuit|безкоштовн|бесплатн`)
	timePattern   = regexp.MustCompile(`(?i)\d[ -](?:(?:business|working|calendar|full|рабоч\pL+|робоч\pL+|банк\pL+) )?(?:second|minute|hour|day|week|month|year|segund|minuto|hora|dia|día|semana|m[eê]s|año|ano|хвилин|годин|д[ен]н|тижн|місяц|р[оі]к|минут|час|недел|месяц|год|лет)|\b(?:19|20)\d{2}\b|\d:\d\d|immediately|instantly`)
)

func measureOf(lower string) measure {
	switch {
	case timeWords.MatchString(lower):
		return aTime
	case amountWords.MatchString(lower):
		return anAmount
	case numberWords.MatchString(lower):
		return aNumber
	}
	return noMeasure
}

// measureIn returns what a sentence gains by holding the kind of value that the
// question asks for.
func (q *question) measureIn(sentence string) float64 {
	digit := strings.ContainsAny(sentence, "0123456789")
	switch q.measure {
	case anAmount:
		if amountPattern.MatchString(sentence) {
			return measureBonus
		}
	case aTime:
		if timePattern.MatchString(sentence) {
			return measureBonus
		}
	case aNumber:
		if digit {
			return measureBonus
		}
	case noMeasure:
		return 0
	}
	if digit {
		return digitBonus
	}
	return 0
}
