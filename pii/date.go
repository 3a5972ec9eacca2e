package pii

import "regexp"

const months = `(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?` +
	`|janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro` +
	`|enero|febrero|marzo|mayo|junio|julio|septiembre|octubre|noviembre|diciembre` +
	`|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря` +
	`|січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня)`

var monthNames = setOf("jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov november dec december")

var (
	numericDate = regexp.MustCompile(`^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?|(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|[12]\d|3[01])[-./](?:\d{4}|\d{2})\b)`)
	dayFirst    = regexp.MustCompile(`(?i)^\d{1,2}(?:st|nd|rd|th|º)?(?: of| de)? ` + months + `\.?,?(?:(?: de| del)? \d{4})?`)
	monthFirst  = regexp.MustCompile(`(?i)^` + months + `\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?\b`)
	year        = regexp.MustCompile(`^(?:19|20)\d\d\b`)
)

// date finds dates, and what is said to be the day of somebody's birth.
func (x *reading) date(i int) (candidate, bool) {
	t := x.at(i)
	if t.letters+t.digits == 0 || t.digits > 4 || x.joined(i) && x.at(i-1).word != ":" {
		return none, false
	}
	s := x.from(i, 48)
	form := ""
	if t.digits > 0 {
		if form = numericDate.FindString(s); form == "" {
			form = dayFirst.FindString(s)
		}
	} else if monthNames[t.word] {
		form = monthFirst.FindString(s)
	}
	if form != "" && x.alone(i, t.start+len(form)) {
		if x.near(i, 8, cueBirth) {
			return span(t.start, t.start+len(form), BirthDate, checked)
		}
		return span(t.start, t.start+len(form), Date, shaped+1)
	}
	if t.number() && t.digits == 4 && year.MatchString(s) && x.alone(i, t.end) && x.at(i-1).cues&cueIn != 0 {
		return span(t.start, t.end, Date, shaped)
	}
	return none, false
}

var ageAfter = regexp.MustCompile(`(?i)^\d{1,3}[ -]?(?:years?[ -]old|yrs?[ -]old|y/o|yo\b|year[ -]old|anos de idade|años de edad|років|рок[иі]|лет\b|года?\b)`)

func (x *reading) age(i int) (candidate, bool) {
	t := x.at(i)
	if t.digits == 0 || t.digits > 3 || !ageAfter.MatchString(x.from(i, 32)) || x.joined(i) {
		return none, false
	}
	end := t.start
	for end < t.end && x.s[end] >= '0' && x.s[end] <= '9' {
		end++
	}
	return span(t.start, end, Age, shaped)
}
