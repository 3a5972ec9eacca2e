package answer

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"candor/retrieval/analysis"
)

// A value is something in a text that is right or wrong to the letter: a
// number, date, time, amount, share, identifier, address. It has several keys
// where its writing leaves open what it means ("03/04/2026").
type value struct {
	shown string   // as it was written
	keys  []string // canonical, in which two writings of one value meet
}

// values returns the values of a text, and the text without them. A number carries its unit where that is
// a currency, a percentage or a length of time, so that "14 days" and "14
// weeks" or "15%" and "15 days" do not meet.
func values(text string) (found []value, rest string) {
	x := extractor{text: text}
	x.take(emailPattern, func(m []string) []string { return []string{"email " + strings.ToLower(m[0])} })
	x.take(urlPattern, func(m []string) []string { return []string{"url " + canonicalURL(m[0])} })
	x.take(isoDate, func(m []string) []string { return dateKeys(m[1], m[2], m[3]) })
	x.take(dayMonth, func(m []string) []string { return namedDate(m[3], m[2], m[1]) })
	x.take(monthDay, func(m []string) []string { return namedDate(m[3], m[1], m[2]) })
	x.take(monthYear, func(m []string) []string { return namedDate(m[2], m[1], "") })
	x.take(numericDate, func(m []string) []string {
		year := m[3]
		if len(year) == 2 {
			year = "20" + year
		}
		// Day first, as most of the world writes it, or month first.
		return append(dateKeys(year, m[2], m[1]), dateKeys(year, m[1], m[2])...)
	})
	x.take(clockTime, func(m []string) []string { return timeKeys(m[1], m[2], m[3]) })
	x.take(hourTime, func(m []string) []string { return timeKeys(m[1], "", m[2]) })
	x.take(phonePattern, func(m []string) []string { return []string{"phone " + onlyDigits(m[0])} })
	x.text = wordNumbers(x.text)
	x.take(moneyBefore, func(m []string) []string { return money(m[1], m[2]) })
	x.take(moneyAfter, func(m []string) []string { return money(m[2], m[1]) })
	x.take(percent, func(m []string) []string { return []string{"percent " + decimal(m[1])} })
	x.take(timeSpan, func(m []string) []string {
		unit, ok := timeUnit(m[2])
		if !ok {
			return nil
		}
		return []string{unit + " " + decimal(m[1])}
	})
	x.take(identifier, identifierKeys)
	x.take(plainNumber, func(m []string) []string { return []string{"number " + decimal(m[0])} })
	x.take(calendarWord, func(m []string) []string {
		w := strings.ToLower(m[0])
		if d, ok := weekdays[w]; ok {
			return []string{"weekday " + strconv.Itoa(d)}
		}
		if mon, ok := months[w]; ok && len([]rune(w)) > 3 && !alsoWord[w] {
			return []string{"month " + strconv.Itoa(mon)}
		}
		return nil
	})
	return x.found, x.text
}

// held returns what a source text holds: the keys of its values, and of what
// follows from them (a date's day without its year, its month, its year).
func held(text string) map[string]bool {
	set := make(map[string]bool)
	found, _ := values(text)
	for _, v := range found {
		for _, k := range v.keys {
			set[k] = true
			date, ok := strings.CutPrefix(k, "date ")
			if !ok {
				continue
			}
			p := strings.Split(date, "-") // year, month, day; any may be empty
			set["date -"+p[1]+"-"+p[2]] = true
			set["date "+p[0]+"-"+p[1]+"-"] = true
			set["month "+p[1]] = true
			set["number "+p[0]] = true
		}
	}
	return set
}

// extractor takes values out of a text, one pattern after the other, so that
// the digits of a date are not found again as numbers.
type extractor struct {
	text  string
	found []value
}

// take replaces each match that keys accepts by spaces. Nil keys leave it.
func (x *extractor) take(re *regexp.Regexp, keys func([]string) []string) {
	x.text = re.ReplaceAllStringFunc(x.text, func(s string) string {
		k := keys(re.FindStringSubmatch(s))
		if len(k) == 0 {
			return s
		}
		x.found = append(x.found, value{strings.TrimSpace(s), k})
		return strings.Repeat(" ", len(s))
	})
}

// In the patterns, (?:^|[^\pL\pN]) would consume what the next match needs, so
// they start at the value itself; identifiers are taken before plain numbers.
var (
	emailPattern = regexp.MustCompile(`[\pL\pN._%+-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+`)
	urlPattern   = regexp.MustCompile(`(?i)(?:https?://[^\s<>"'()\[\]{}«»“”]+|(?:[a-z0-9-]+\.)+(?:com|org|net|io|app|dev|eu|br|es|ua|ru|de|fr|uk|us|shop|store|info|example|help|co)(?:/[^\s<>"'()\[\]{}«»“”]*)?)`)
	isoDate      = regexp.MustCompile(`\b(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?`)
	dayMonth     = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th|º|-?го|-?е)?\.? (?:de |of )?(\pL{3,})\.?(?:,? (?:de |del )?(\d{4})\b)?`)
	monthDay     = regexp.MustCompile(`(?i)(\pL{3,})\.? (\d{1,2})(?:st|nd|rd|th)?\b(?:,? (\d{4})\b)?`)
	monthYear    = regexp.MustCompile(`(?i)(\pL{3,})\.? (?:de |of |del )?(\d{4})\b`)
	numericDate  = regexp.MustCompile(`\b(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})\b`)
	clockTime    = regexp.MustCompile(`(?i)\b(\d{1,2})[:h](\d{2})\b(?: ?([ap])\.?m\b)?`)
	hourTime     = regexp.MustCompile(`(?i)\b(\d{1,2}) ?([ap])\.?m\b`)
	phonePattern = regexp.MustCompile(`\+\d[\d ().-]{6,}\d|\(\d{3}\) ?\d{3}[ .-]?\d{4}|\b\d{3}[ .-]\d{3}[ .-]\d{4}\b`)

	number       = `(\d{1,3}(?:[  ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)`
	moneyBefore  = regexp.MustCompile(`(?i)(R\$|US\$|[€$£₴₽¥]|\b(?:EUR|USD|GBP|BRL|UAH|RUB|CHF|PLN|MXN|ARS)) ?` + number)
	moneyAfter   = regexp.MustCompile(`(?i)` + number + ` ?([€$£₴₽¥]|(?:EUR|USD|GBP|BRL|UAH|RUB|CHF|PLN|MXN|ARS|euros?|dollars?|pounds?|reais|d[oó]lares|грн|гривень|гривні|руб|рублей|рубля|євро|евро)(?:[^\pL]|$))`)
	percent      = regexp.MustCompile(`(?i)` + number + ` ?(?:%|per ?cent|por cento|por ciento|відсот\pL*|процент\pL*)`)
	timeSpan     = regexp.MustCompile(`(?i)` + number + `(?:-| )?(?:(?:business|working|calendar|full|consecutive|рабоч\pL+|робоч\pL+|календарн\pL+|банковск\pL+|банківськ\pL+) )?(\pL+)`)
	identifier   = regexp.MustCompile(`[\pL\pN]+(?:[-_/.][\pL\pN]+)*`)
	plainNumber  = regexp.MustCompile(number)
	calendarWord = regexp.MustCompile(`\pL[\pL-]{3,}`)
	countedUnit  = regexp.MustCompile(`^\d+(?:[.,]\d+)*-?(?:st|nd|rd|th|h|hr|hrs|kg|g|km|m|cm|mm|x|k|gb|mb|ª|º|º|й|я|е|го|му|х|ти|и|ми|кг|км|см|мм)$`)
	shortRange   = regexp.MustCompile(`^\d{1,3}-\d{1,3}$`)
	counted      = regexp.MustCompile(`^\d+-\p{Ll}{2,}$`) // "14-day"
)

func canonicalURL(u string) string {
	u = strings.ToLower(strings.TrimRight(u, ".,;:!?/"))
	u = strings.TrimPrefix(strings.TrimPrefix(u, "https://"), "http://")
	return strings.TrimPrefix(u, "www.")
}

// identifierKeys accepts what mixes digits with letters or separators: order
// numbers, references, versions. Case and separators do not count.
func identifierKeys(m []string) []string {
	s := strings.ToLower(m[0])
	digits := strings.ContainsFunc(s, unicode.IsDigit)
	other := strings.ContainsFunc(s, unicode.IsLetter) || strings.ContainsAny(s, "-_/")
	switch {
	case !digits, !other && strings.Count(s, ".") < 2:
		return nil
	case countedUnit.MatchString(s), counted.MatchString(s), shortRange.MatchString(s):
		return nil
	}
	return []string{"id " + strings.NewReplacer("-", "", "_", "", "/", "", ".", "").Replace(s)}
}

// decimal writes a number as the index does: without group separators, with a
// decimal point, without needless zeros.
func decimal(s string) string {
	s = strings.NewReplacer(" ", "", " ", "", " ", "").Replace(s)
	if terms := analysis.Terms(s, ""); len(terms) > 0 && terms[0].End-terms[0].Start == len(s) {
		return terms[0].Text
	}
	return s
}

func money(currency, amount string) []string {
	currency = strings.ToLower(strings.TrimRightFunc(currency, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(".,;:!?)", r) }))
	for _, c := range currencies {
		if strings.Contains(" "+c+" ", " "+currency+" ") {
			return []string{"money " + c[:3] + " " + decimal(amount)}
		}
	}
	return nil
}

// currencies are lines of code, signs and names.
var currencies = []string{
	"eur € euro euros євро евро", "usd us$ $ dollar dollars dólares dolares", "gbp £ pound pounds", "brl r$ reais",
	"uah ₴ грн гривень гривні", "rub ₽ руб рублей рубля", "chf", "pln", "mxn", "ars", "jpy ¥",
}

// timeUnit returns the unit of a length of time that a word names.
func timeUnit(word string) (string, bool) {
	w := strings.ToLower(word)
	for _, u := range timeUnits {
		if strings.Contains(u[1], " "+w+" ") {
			return u[0], true
		}
	}
	return "", false
}

var timeUnits = [][2]string{
	{"minutes", " minute minutes min mins minuto minutos хвилина хвилини хвилин хв минута минуты минут мин "},
	{"hours", " hour hours hr hrs hora horas година години годин год час часа часов ч "},
	{"days", " day days dia dias día días день дні днів дня дней дн доба доби суток "},
	{"weeks", " week weeks semana semanas тиждень тижні тижнів тижня неделя недели недель "},
	{"months", " month months mês mes meses місяць місяці місяців місяця месяц месяца месяцев "},
	{"years", " year years ano anos año años рік роки років року лет год года "},
}

func dateKeys(year, month, day string) []string {
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	if m < 1 || m > 12 || day != "" && (d < 1 || d > 31) {
		return nil
	}
	if day == "" {
		return []string{fmt.Sprintf("date %s-%d-", year, m)}
	}
	return []string{fmt.Sprintf("date %s-%d-%d", year, m, d)}
}

func namedDate(year, month, day string) []string {
	m, ok := months[strings.ToLower(month)]
	if !ok {
		return nil
	}
	return dateKeys(year, strconv.Itoa(m), day)
}

func timeKeys(hour, minute, half string) []string {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	if h > 24 || m > 59 {
		return nil
	}
	switch strings.ToLower(half) {
	case "a":
		h %= 12
	case "p":
		h = h%12 + 12
	}
	return []string{fmt.Sprintf("time %d:%02d", h, m)}
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

var letters = regexp.MustCompile(`[\pL'’ʼ]+`)

// wordNumbers writes number words as digits. "One" is left out: it is a pronoun
// or an article more often than a number, in all five languages.
func wordNumbers(text string) string {
	return letters.ReplaceAllStringFunc(text, func(w string) string {
		if n, ok := numerals[strings.NewReplacer("’", "'", "ʼ", "'", "ё", "е").Replace(strings.ToLower(w))]; ok {
			return n
		}
		return w
	})
}

// byWord maps each word of the lines to its line's number, counted from first.
func byWord(first int, lines ...string) map[string]int {
	m := make(map[string]int)
	for i, line := range lines {
		for _, w := range strings.Fields(line) {
			m[w] = first + i
		}
	}
	return m
}

var numerals = func() map[string]string {
	m := make(map[string]string)
	for w, n := range byWord(
		2,
		"two dois duas dos два дві двох две двух", "three três tres три трьох трех", "four quatro cuatro чотири чотирьох четыре четырех",
		"five cinco п'ять п'яти пять пяти", "six seis шість шести шесть", "seven sete siete сім семи семь", "eight oito ocho вісім восьми восемь",
		"nine nove nueve дев'ять дев'яти девять девяти", "ten diez десять десяти", "eleven одинадцять одиннадцать", "twelve doze doce дванадцять двенадцать",
	) {
		m[w] = strconv.Itoa(n)
	}
	for i, line := range []string{
		"fifteen quinze quince п'ятнадцять пятнадцать", "twenty vinte veinte двадцять двадцать", "thirty trinta treinta тридцять тридцать",
		"sixty sessenta sesenta шістдесят шестьдесят", "ninety noventa дев'яносто девяносто",
	} {
		for _, w := range strings.Fields(line) {
			m[w] = []string{"15", "20", "30", "60", "90"}[i]
		}
	}
	return m
}()

var months = byWord(
	1,
	"january jan janeiro enero ene січень січня січні январь января январе янв",
	"february feb fevereiro fev febrero лютий лютого лютому февраль февраля феврале фев",
	"march mar março marco marzo березень березня березні март марта марте мар",
	"april apr abril abr квітень квітня квітні апрель апреля апреле апр",
	"may maio mai mayo травень травня травні май мая мае",
	"june jun junho junio червень червня червні июнь июня июне июн",
	"july jul julho julio липень липня липні июль июля июле июл",
	"august aug agosto ago серпень серпня серпні август августа августе авг",
	"september sep sept setembro septiembre setiembre вересень вересня вересні сентябрь сентября сентябре сен",
	"october oct outubro octubre жовтень жовтня жовтні октябрь октября октябре окт",
	"november nov novembro noviembre листопад листопада листопаді ноябрь ноября ноябре ноя",
	"december dec dezembro dez diciembre dic грудень грудня грудні декабрь декабря декабре дек",
)

// alsoWord are names of months that are common words, too, when no number is
// beside them.
var alsoWord = map[string]bool{"march": true, "marco": true, "марта": true}

var weekdays = byWord(
	1,
	"monday segunda-feira lunes понеділок понеділка понедельник понедельника",
	"tuesday terça-feira martes вівторок вівторка вторник вторника",
	"wednesday quarta-feira miércoles miercoles середа середу среда среду",
	"thursday quinta-feira jueves четвер четверга четверг",
	"friday sexta-feira viernes п'ятниця п'ятницю пятница пятницу",
	"saturday sábado sabado субота суботу суббота субботу",
	"sunday domingo неділя неділю воскресенье",
)
