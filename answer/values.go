package answer

import (
	"fmt"
	"math"
	"regexp"
	"slices"
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
	at    int      // about where in the text it begins, in bytes
}

// values returns the values of a text, and the text without them. A number carries its unit where that is
// a currency, a percentage or a length of time, so that "14 days" and "14
// weeks" or "15%" and "15 days" do not meet, or a measure.
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
	x.text = magnitude.ReplaceAllStringFunc(wordNumbers(x.text), writeOut)
	x.take(moneyBefore, func(m []string) []string { return money(m[1], m[2]) })
	x.take(moneyAfter, func(m []string) []string { return money(m[2], m[1]) })
	x.take(percent, func(m []string) []string { return []string{"percent " + decimal(m[1])} })
	x.take(timeSpan, func(m []string) []string {
		return timeSpanKeys(m[1], m[2]+m[4], m[3])
	})
	x.take(oneSpan, func(m []string) []string { return timeSpanKeys("1", m[1], m[2]) })
	x.take(measure, func(m []string) []string { return measureKeys(m[1], m[2]) })
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
	slices.SortStableFunc(x.found, func(a, b value) int { return a.at - b.at })
	return x.found, x.text
}

// held returns what a source text holds: the keys of its values, and of what
// follows from them (a date's day without its year, its month, its year).
func held(text string) map[string]bool {
	return heldBy(valuesOf(text))
}

// valuesOf returns the values of a source text.
func valuesOf(text string) []value {
	if !mayHold(text) {
		return nil
	}
	found, _ := values(text)
	return found
}

func heldBy(found []value) map[string]bool {
	set := make(map[string]bool)
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

// mayHold reports whether there can be values in a text: looking for them takes long.
func mayHold(text string) bool {
	if strings.ContainsFunc(text, unicode.IsDigit) || strings.Contains(text, "@") || urlPattern.MatchString(text) {
		return true
	}
	for _, w := range letters.FindAllString(text, -1) {
		w = strings.NewReplacer("’", "'", "ʼ", "'", "ё", "е").Replace(strings.ToLower(w))
		if numerals[w] != "" || months[w] > 0 || oneWords[w] {
			return true
		}
	}
	for _, w := range calendarWord.FindAllString(text, -1) {
		if weekdays[strings.ToLower(w)] > 0 {
			return true
		}
	}
	return false
}

var oneWords = map[string]bool{"one": true, "um": true, "uma": true, "un": true, "una": true, "один": true, "одна": true, "одну": true, "одного": true}

// extractor takes values out of a text, one pattern after the other, so that
// the digits of a date are not found again as numbers.
type extractor struct {
	text  string
	found []value
}

// take replaces each match that keys accepts by spaces. Nil keys leave it.
func (x *extractor) take(re *regexp.Regexp, keys func([]string) []string) {
	var rest []byte
	for _, at := range re.FindAllStringSubmatchIndex(x.text, -1) {
		m := make([]string, len(at)/2)
		for i := range m {
			if at[2*i] >= 0 {
				m[i] = x.text[at[2*i]:at[2*i+1]]
			}
		}
		k := keys(m)
		if len(k) == 0 {
			continue
		}
		if rest == nil {
			rest = []byte(x.text)
		}
		x.found = append(x.found, value{strings.TrimSpace(m[0]), k, at[0]})
		for i := at[0]; i < at[1]; i++ {
			rest[i] = ' '
		}
	}
	if rest != nil {
		x.text = string(rest)
	}
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

	// qualifier says which days count.
	qualifier    = `(?:(business|working|calendar|full|consecutive|рабоч\pL+|робоч\pL+|календарн\pL+|банковск\pL+|банківськ\pL+) )?`
	number       = `(\d{1,3}(?:[  ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)`
	moneyBefore  = regexp.MustCompile(`(?i)(R\$|US\$|[€$£₴₽¥]|\b(?:EUR|USD|GBP|BRL|UAH|RUB|CHF|PLN|MXN|ARS)) ?` + number)
	moneyAfter   = regexp.MustCompile(`(?i)` + number + ` ?([€$£₴₽¥]|(?:EUR|USD|GBP|BRL|UAH|RUB|CHF|PLN|MXN|ARS|euros?|dollars?|pounds?|reais|d[oó]lares|грн|гривень|гривні|руб|рублей|рубля|євро|евро)(?:[^\pL]|$))`)
	measure      = regexp.MustCompile(`(?i)` + number + `[  -]?(°[cfсС]|\pL+)`)
	magnitude    = regexp.MustCompile(`(?i)` + number + ` (thousand|тисяч\pL*|тысяч\pL*|тис\.?|тыс\.?|millions?|milh(?:ão|ões)|mill[oó]n(?:es)?|мільйон\pL*|миллион\pL*|млн\.?|billions?|bilh(?:ão|ões)|мільярд\pL*|миллиард\pL*|млрд\.?)`)
	percent      = regexp.MustCompile(`(?i)` + number + ` ?(?:%|per ?cent|por cento|por ciento|відсот\pL*|процент\pL*)`)
	timeSpan     = regexp.MustCompile(`(?i)` + number + `(?:-| )?` + qualifier + `(\pL+)(?: (úteis|uteis|hábiles|habiles|laborables|corridos|naturales))?`)
	oneSpan      = regexp.MustCompile(`(?i)\b(?:one|um|uma|un|una|один|одна|одну|одного) ` + qualifier + `(\pL+)`)
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

// timeSpanKeys are those of a length of time. Weeks are days, hours are minutes and
// years are months; days on which business is done are other days.
func timeSpanKeys(n, which, word string) []string {
	w := strings.ToLower(word)
	for _, u := range timeUnits {
		if !strings.Contains(u.words, " "+w+" ") {
			continue
		}
		unit := u.unit
		if which = strings.ToLower(which); unit == "days" && which != "" && businessDays.MatchString(which) {
			unit = "business days"
		}
		if u.times == 1 {
			return []string{unit + " " + decimal(n)}
		}
		return []string{unit + " " + multiplied(n, u.times)}
	}
	return nil
}

// multiplied is a number times another, as decimal writes it.
func multiplied(n string, by float64) string {
	x, err := strconv.ParseFloat(decimal(n), 64)
	if err != nil {
		return decimal(n)
	}
	return strconv.FormatFloat(math.Round(x*by*1e6)/1e6, 'f', -1, 64)
}

var businessDays = regexp.MustCompile(`^(?:business|working|рабоч|робоч|банковск|банківськ|úteis|uteis|hábiles|habiles|laborables)`)

var timeUnits = []struct {
	unit  string
	times float64
	words string
}{
	{"minutes", 1, " minute minutes min mins minuto minutos хвилина хвилини хвилин хвилину хв минута минуты минут минуту мин "},
	{"minutes", 60, " hour hours hr hrs hora horas година години годин годину год час часа часов ч "},
	{"days", 1, " day days dia dias día días день дні днів дня дней дн доба доби суток "},
	{"days", 7, " week weeks semana semanas тиждень тижні тижнів тижня неделя недели недель неделю "},
	{"months", 1, " month months mês mes meses місяць місяці місяців місяця месяц месяца месяцев "},
	{"months", 12, " year years ano anos año años рік роки років року лет года "},
}

// measureKeys are those of a number with a unit of measure, in the smallest unit of its
// kind.
func measureKeys(n, unit string) []string {
	u, ok := measures[unit]
	if !ok {
		if u, ok = measures[strings.ToLower(unit)]; !ok {
			return nil
		}
	}
	return []string{u.kind + " " + multiplied(n, u.times)}
}

type measureUnit struct {
	kind  string
	times float64
}

var measures = func() map[string]measureUnit {
	m := make(map[string]measureUnit)
	for _, line := range []struct {
		kind  string
		times float64
		words string
	}{
		{"milligrams", 1, "mg мг"},
		{"milligrams", 1e3, "g gr gram grams gramas gramos гр грам грамів грамм граммов"},
		{"milligrams", 1e6, "kg kgs kilo kilos kilogram kilograms кг кілограм кілограмів килограмм килограммов"},
		{"milligrams", 1e9, "tonne tonnes т"},
		{"ounces", 1, "oz ounce ounces"},
		{"ounces", 16, "lb lbs libras фунт фунтів фунтов"},
		{"millimetres", 1, "mm мм"},
		{"millimetres", 10, "cm centimetre centimetres centimeter centimeters centímetros см сантиметрів сантиметров"},
		{"millimetres", 1e3, "m metre metres meter meters metros м метрів метров метра"},
		{"millimetres", 1e6, "km kilometre kilometres kilometer kilometers quilômetros kilómetros км кілометрів километров"},
		{"inches", 1, "inch inches polegadas pulgadas дюймів дюймов"},
		{"inches", 12, "ft foot feet"},
		{"miles", 1, "mile miles milhas millas миль"},
		{"millilitres", 1, "ml мл"},
		{"millilitres", 1e3, "l litre litres liter liters litros л літрів літри литров литра"},
		{"bytes", 1e3, "kb кб"},
		{"bytes", 1e6, "mb мб"},
		{"bytes", 1e9, "gb гб"},
		{"bytes", 1e12, "tb тб"},
		{"degrees C", 1, "°c °с"},
		{"degrees F", 1, "°f"},
		{"watts", 1, "w watt watts вт"},
		{"watts", 1e3, "kw кВт квт"},
		{"volts", 1, "v volt volts"},
		{"mah", 1, "mah мАч мач"},
	} {
		for _, w := range strings.Fields(line.words) {
			m[w] = measureUnit{line.kind, line.times}
		}
	}
	return m
}()

// writeOut writes a number with a word for its size in digits: "1.5 million".
func writeOut(s string) string {
	m := magnitude.FindStringSubmatch(s)
	w := strings.ToLower(m[2])
	for _, size := range magnitudes {
		if strings.HasPrefix(w, size.word) {
			n := multiplied(m[1], size.times)
			return strings.Repeat(" ", max(0, len(s)-len(n))) + n
		}
	}
	return s
}

var magnitudes = []struct {
	word  string
	times float64
}{
	{"thousand", 1e3},
	{"тис", 1e3},
	{"тыс", 1e3},
	{"mil", 1e6}, // million, milhão, millón
	{"мільйон", 1e6},
	{"миллион", 1e6},
	{"млн", 1e6},
	{"bil", 1e9},
	{"мільярд", 1e9},
	{"миллиард", 1e9},
	{"млрд", 1e9},
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
			// What follows stays where it was, and beside its number.
			return strings.Repeat(" ", max(0, len(w)-len(n))) + n
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
