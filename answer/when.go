package answer

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"candor/retrieval"
)

// month matches the name of one in folded text, or what it is shortened to; monthName
// only the whole name, as "mar" and "dez" are words of their own.
var month, monthName = monthsOf(func(string) bool { return true }), monthsOf(func(name string) bool {
	n := utf8.RuneCountInString(name)
	return n > 4 || n == 4 && name != "sept" || slices.Contains([]string{"may", "май", "мая", "мае"}, name)
})

func monthsOf(wanted func(name string) bool) string {
	names := make([]string, 0, len(months))
	for name := range months {
		if wanted(name) {
			names = append(names, strings.TrimSpace(fold(name)))
		}
	}
	slices.Sort(names)
	return strings.Join(names, "|")
}

// times are the ways to name a time, on folded text, with what it is. A month or a
// year counts only after a word that says when; "may" and "march" are verbs, too.
var times = []struct {
	*regexp.Regexp
	period func(m []string, now time.Time) retrieval.Period
}{
	{when(` (20\d\d) (0[1-9]|1[0-2]) (0[1-9]|[12]\d|3[01]) `), func(m []string, now time.Time) retrieval.Period {
		return day(digits(m[1]), time.Month(digits(m[2])), digits(m[3]), now)
	}},
	{when(` (\d{1,2})(?:st|nd|rd|th)? (?:of |de )?(MONTH)(?: (?:of |de |del )?(20\d\d))? `), func(m []string, now time.Time) retrieval.Period {
		return day(yearOf(m[3], named(m[2]), now), named(m[2]), digits(m[1]), now)
	}},
	{when(` (?:on|of|from|for) (MONTH) (\d{1,2})(?:st|nd|rd|th)?(?: (20\d\d))? `), func(m []string, now time.Time) retrieval.Period {
		return day(yearOf(m[3], named(m[1]), now), named(m[1]), digits(m[2]), now)
	}},
	{when(` (?:since|desde|з|із|с) (NAME)(?: (?:of |de |del )?(20\d\d))? `), func(m []string, now time.Time) retrieval.Period {
		p := span(yearOf(m[2], named(m[1]), now), named(m[1]), 1, now)
		p.To = time.Time{}
		return p
	}},
	{when(` (?:in|from|of|during|for|last|this|em|de|do mes de|durante|en|del mes de|у|в|за|від|на|от) (NAME)(?: (?:of |de |del )?(20\d\d))? `), func(m []string, now time.Time) retrieval.Period {
		return span(yearOf(m[2], named(m[1]), now), named(m[1]), 1, now)
	}},
	{when(` (?:in|during|from|em|durante|en|у|в|за) (20\d\d) `), func(m []string, now time.Time) retrieval.Period {
		return span(digits(m[1]), time.January, 12, now)
	}},
	{when(` (?:yesterday|ontem|ayer|вчора|вчера) `), func(_ []string, now time.Time) retrieval.Period {
		return day(now.Year(), now.Month(), now.Day()-1, now)
	}},
	{when(` (?:last week|semana passada|semana pasada|минул(?:ого|ому|ий) тиж(?:ня|ні|день)|прошл(?:ой|ую) недел[еюи]) `), func(_ []string, now time.Time) retrieval.Period {
		return week(now, -1)
	}},
	{when(` (?:this week|(?:esta|nesta) semana|цього тижня|на этой неделе) `), func(_ []string, now time.Time) retrieval.Period {
		return week(now, 0)
	}},
	{when(` (?:last month|mes passado|mes pasado|минул(?:ого|ому|ий) місяц[яьі]|прошл(?:ом|ый|ого) месяц[еа]?) `), func(_ []string, now time.Time) retrieval.Period {
		return span(now.Year(), now.Month()-1, 1, now)
	}},
	{when(` (?:this month|(?:este|neste) mes|цього місяця|в этом месяце) `), func(_ []string, now time.Time) retrieval.Period {
		return span(now.Year(), now.Month(), 1, now)
	}},
	{when(` (?:last year|ano passado|ano pasado|минул(?:ого|ому) ро(?:ку|ці)|торік|прошл(?:ом|ого) год[ау]) `), func(_ []string, now time.Time) retrieval.Period {
		return span(now.Year()-1, time.January, 12, now)
	}},
	{when(` (?:this year|(?:este|neste) ano|цього року|в этом году) `), func(_ []string, now time.Time) retrieval.Period {
		return span(now.Year(), time.January, 12, now)
	}},
}

func when(expr string) *regexp.Regexp {
	return regexp.MustCompile(strings.NewReplacer("MONTH", month, "NAME", monthName).Replace(expr))
}

// otherwise holds what has a time of its own: a delivery that was due in March is not
// of an order of March.
var otherwise = patterns(nil,
	` (?:arrive|arrives|arrived|arriving|deliver|delivers|delivered|delivery|ship|ships|shipped|come|comes|came|due|expire|expires|expired|expected|until|till|by|before|after|born|valid) `,
	` (?:chega|chegar|chegara|chegou|entrega|entregue|entregar|entregam|vence|venceu|ate|antes|depois|nasci|valido|valida) `,
	` rio de janeiro `,
	` (?:llega|llegara|llego|llegar|entrega|entregan|entregado|entregar|vence|vencio|hasta|antes|despues|naci|valido|valida) `,
	` (?:прийде|прийшл\S+|доставл\S+|доставк\S+|привез\S+|до|перед|після|народ\S+|дійсн\S+) `,
	` (?:придет|пришл\S+|пришел|доставл\S+|доставк\S+|привез\S+|до|перед|после|роди\S+|действ\S+) `,
)

// several is more than one day or month: from one to another, or this or that.
var several = when(` (?:MONTH) .*(?:MONTH) `)

// Period is the time that a question about the customer's own case is of, where it
// says so plainly ("my orders of March", "what did I buy last week?"); else it is not
// set. A month without a year is the latest that has begun. Now says which day it is,
// and where.
func Period(question string, now time.Time) retrieval.Period {
	message := fold(cut(question))
	if matchesAny(otherwise, message) || several.MatchString(message) {
		return retrieval.Period{}
	}
	for _, t := range times {
		if m := t.FindStringSubmatch(message); m != nil {
			return t.period(m, now)
		}
	}
	return retrieval.Period{}
}

// named is the month of a folded name.
func named(name string) time.Month { return time.Month(months[name]) }

func digits(s string) int {
	n, _ := strconv.Atoi(s) // it is digits
	return n
}

// yearOf is the year that is said, or of the latest such month that has begun.
func yearOf(year string, m time.Month, now time.Time) int {
	switch {
	case year != "":
		return digits(year)
	case m > now.Month():
		return now.Year() - 1
	}
	return now.Year()
}

// span is so many whole months.
func span(year int, m time.Month, n int, now time.Time) retrieval.Period {
	from := time.Date(year, m, 1, 0, 0, 0, 0, now.Location())
	return retrieval.Period{From: from, To: from.AddDate(0, n, 0)}
}

// day is one day; not set if there is none such.
func day(year int, m time.Month, d int, now time.Time) retrieval.Period {
	from := time.Date(year, m, d, 0, 0, 0, 0, now.Location())
	if from.Day() != d && d > 0 {
		return retrieval.Period{}
	}
	return retrieval.Period{From: from, To: from.AddDate(0, 0, 1)}
}

// week is one from Monday on, n from the present one.
func week(now time.Time, n int) retrieval.Period {
	monday := now.Day() - (int(now.Weekday())+6)%7 + 7*n
	from := time.Date(now.Year(), now.Month(), monday, 0, 0, 0, 0, now.Location())
	return retrieval.Period{From: from, To: from.AddDate(0, 0, 7)}
}
