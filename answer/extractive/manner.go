package extractive

import (
	"regexp"
	"slices"
	"strings"
)

// definite matches a question about something certain, which no definition
// answers.
var definite = regexp.MustCompile(`^\P{L}*what(?:'s| is| are) (?:the|your|my|our)\PL`)

var (
	whether    = regexp.MustCompile(`^\P{L}*(?:can|could|may|do (?:you|i|we)|does|is|are|am|will|must|posso|podem?|vocês?|é|há|tem|têm|aceitam|fazem|entregam|puedo|se puede|pueden|es|hay|tienen|aceptan|hacen|envían|чи|можна|можу|ви|є|можно|могу|вы|есть|доставля\pL+|принима\pL+|прийма\pL+)\PL`)
	permission = regexp.MustCompile(`^\P{L}*(?:can|could|may|am i|are we|must i|is it|posso|podemos|é poss|puedo|podemos|se puede|es pos|чи можна|чи можу|можна|можу|можно|могу)\PL`)
	which      = regexp.MustCompile(`^\P{L}*(?:(?:what|which)(?: \pL+){0,2} \pL+s (?:do|are|can|does|will) |where |quais |que \pL+s |qué \pL+s |cuáles |які |какие )`)

	// modal matches what permits, or says that it is so; denial what denies.
	modal = byLanguage(map[string]string{
		"en": "can|may|must|only|(?:we|you) (?:accept|offer|deliver|match|have|get)|possible|allowed|available|included?s?|covered|yes",
		"pt": "pode|podem|podemos|sim|aceitamos|possível|disponível",
		"es": "puede|pueden|podemos|sí|aceptamos|posible|disponible",
		"uk": "можна|можете|може|так|приймаємо|можливо",
		"ru": "можно|можете|может|да|принимаем|возможно",
	})
	denial = byLanguage(map[string]string{
		"en": "not|cannot|can't|can’t|never|don't|don’t|doesn't|doesn’t|won't|isn't|aren't|no longer",
		"pt": "não|nunca|nem",
		"es": "no|nunca|ni",
		"uk": "не|немає|нема|ніколи|неможливо",
		"ru": "не|нет|нельзя|никогда|невозможно",
	})
	// refusal matches what somebody says they do not do.
	refusal = byLanguage(map[string]string{
		"en": "we do not|we don't|we don’t",
		"pt": "não \\pL+mos",
		"es": "no \\pL+mos",
		"uk": "не \\pL+мо|немає",
		"ru": "не \\pL+[еи]м|нет",
	})
)

// byLanguage compiles alternatives of whole words, by language. Texts in other
// languages have none.
func byLanguage(words map[string]string) map[string]*regexp.Regexp {
	m := map[string]*regexp.Regexp{"": regexp.MustCompile(`$.`)}
	for language, alternatives := range words {
		m[language] = regexp.MustCompile(`(?i)(?:^|\PL)(?:` + alternatives + `)(?:\PL|$)`)
	}
	return m
}

// steps reports whether the question asks how to do something.
func (q *question) steps() bool { return q.Intent.HowTo && !q.asksValue() && !q.whether }

// asksValue reports whether the question asks for a time or an amount, and does
// not only speak of a limit or a number.
func (q *question) asksValue() bool {
	return q.measure != noMeasure && q.measure != aNumber && !q.whether
}

// purpose matches what says to what end something is done.
var purpose = regexp.MustCompile(`^\P{L}*(?:To|Para|Щоб|Чтобы)\PL`)

// paid matches a question about what one has paid already.
var paid = regexp.MustCompile(`(?i)\b(?:did|have|was|were) (?:i|we) (?:pay|paid|spend|spent|charged|billed)\b|\b(?:i|we) (?:paid|spent|owe)\b|paguei|gastei|pagué|gasté|я (?:за|о|с)плати|я (?:ви|по)трати`)

// conditional matches what is said of one case.
var conditional = regexp.MustCompile(`(?i)^\P{L}*(?:if|in case|unless|se|caso|si|якщо|если)\PL|\PL(?:what|happens|acontece|pasa|буде|будет) (?:if|se|si|якщо|если)\PL`)

// leads reports whether a unit that opens its article answers in the way in
// which the question asks.
func (s scorer) leads(u *unit) bool {
	switch {
	case s.asksValue():
		return u.holds(s.measure)
	case s.permission:
		return modal[u.record.language].MatchString(u.said())
	case s.steps():
		return !slices.ContainsFunc(u.record.units, func(o unit) bool { return o.step })
	}
	return !s.define
}

// manner returns what a unit gains by saying something in the way in which the
// question asks for it.
func (s scorer) manner(u *unit) float64 {
	said := u.said()
	bonus := s.measureIn(said)
	if s.asksValue() && u.item && u.holds(s.measure) {
		bonus += rowBonus
	}
	if s.steps() && u.step {
		bonus += stepBonus
	}
	if s.steps() && u.explains {
		bonus += howBonus
	}
	if s.steps() && (strings.Contains(said, "→") || purpose.MatchString(said)) {
		bonus += pathBonus
	}
	denies := denial[u.record.language].MatchString(said)
	switch {
	case s.permission && (denies || modal[u.record.language].MatchString(said)):
		bonus += modalBonus
	case s.whether && !s.permission && refusal[u.record.language].MatchString(said):
		bonus += modalBonus
	case s.denies && denies:
		bonus += denialBonus
	case !s.whether && !s.denies && denies:
		bonus -= denialBonus
	}
	if conditional.MatchString(said) && u.position() > 0 && (s.asksValue() || s.whether || s.which) && !conditional.MatchString(s.Question) {
		bonus -= caseLoss
	}
	if s.which && (u.item || strings.Count(said, ",") >= 2) {
		bonus += seriesBonus
	}
	return bonus
}
