package agents

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
	_ "time/tzdata" // zones are what they are here, whatever the machine has
)

// Hours are when a queue is served: business hours in a time zone, without its holidays.
// All of its times are of the wall there: an opening that the clock skips is when it
// skips, and an hour that comes twice is open twice.
type Hours struct {
	Zone string `json:"zone"` // of the IANA database
	// Week has for each day, mon to sun, spans of from and to as 15:04; to may be 24:00.
	Week     map[string][][2]string `json:"week"`
	Holidays []Holiday              `json:"holidays,omitempty"`
}

// Holiday is a day on which nobody is there.
type Holiday struct {
	Date string `json:"date"` // 2006-01-02
	Name string `json:"name,omitempty"`
}

// ErrHours refuses business hours.
var ErrHours = errors.New("these business hours cannot be used")

// weekdays are the days as Hours.Week names them, in the order of time.Weekday.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

const (
	maxHolidays = 1000
	// dayMinutes is the end of a day, 24:00.
	dayMinutes = 24 * 60
)

// Validate returns an ErrHours that says what is wrong.
func (h Hours) Validate() error {
	if _, err := zone(h.Zone); err != nil {
		return fmt.Errorf("%w: zone %q is no time zone; write it as America/Sao_Paulo", ErrHours, h.Zone)
	}
	spans := 0
	for day, list := range h.Week {
		if !slices.Contains(weekdays, day) {
			return fmt.Errorf("%w: %q is no day; they are mon, tue, wed, thu, fri, sat and sun", ErrHours, day)
		}
		last := 0
		for _, s := range list {
			from, ok := minutes(s[0])
			to, ok2 := minutes(s[1])
			if !ok || !ok2 || from >= to {
				return fmt.Errorf("%w: %s %s-%s is no span of a day; write [\"09:00\", \"17:30\"], and what goes over midnight as two days", ErrHours, day, s[0], s[1])
			}
			if from < last {
				return fmt.Errorf("%w: the spans of %s overlap or are not in order", ErrHours, day)
			}
			last = to
			spans++
		}
	}
	if spans == 0 {
		return fmt.Errorf("%w: it never opens; leave the hours out where somebody is always there", ErrHours)
	}
	if len(h.Holidays) > maxHolidays {
		return fmt.Errorf("%w: there are %d holidays, and at most %d are kept; leave out those that are over", ErrHours, len(h.Holidays), maxHolidays)
	}
	for _, d := range h.Holidays {
		if _, err := time.Parse(time.DateOnly, d.Date); err != nil {
			return fmt.Errorf("%w: the holiday %q is no date; write it as 2026-12-25", ErrHours, d.Date)
		}
	}
	return nil
}

// minutes reads 15:04 as the minutes since midnight; 24:00 is the end of the day.
func minutes(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	hour, err := strconv.ParseUint(s[:2], 10, 8)
	minute, err2 := strconv.ParseUint(s[3:], 10, 8)
	n := int(hour)*60 + int(minute)
	return n, err == nil && err2 == nil && minute < 60 && n <= dayMinutes
}

var zones sync.Map // string → *time.Location: reading one takes a file

func zone(name string) (*time.Location, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), nil
	}
	if name == "" || name == "Local" {
		return nil, errors.New("no zone is named")
	}
	z, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, z)
	}
	return z, err
}

// wall returns the moment at which the clocks of a zone show the minutes of a day. What
// they never show is the moment at which they skip it; what they show twice is the first
// time, or the last.
func wall(year int, month time.Month, day, minutes int, in *time.Location, last bool) time.Time {
	want := time.Date(year, month, day, 0, minutes, 0, 0, time.UTC)
	offset := func(t time.Time) time.Duration {
		_, seconds := t.In(in).Zone()
		return time.Duration(seconds) * time.Second
	}
	before, after := want.Add(-offset(want.Add(-24*time.Hour))), want.Add(-offset(want.Add(24*time.Hour)))
	shows := func(t time.Time) bool { return t.Add(offset(t)).Equal(want) }
	first, second := before, after
	if second.Before(first) {
		first, second = second, first
	}
	switch {
	case shows(second) && (last || !shows(first)):
		return second.In(in)
	case shows(first):
		return first.In(in)
	default:
		skipped, _ := second.In(in).ZoneBounds()
		return skipped
	}
}

// each calls do with every span from the one on that t is in, until it returns false or
// nothing comes any more.
func (h Hours) each(t time.Time, do func(from, to time.Time) bool) {
	in, err := zone(h.Zone)
	if err != nil {
		return // it was validated when it was stored
	}
	holidays := make(map[string]bool, len(h.Holidays))
	for _, d := range h.Holidays {
		holidays[d.Date] = true
	}
	// Where every week has a span, so many days hold one that no holiday takes.
	patience := 7 * (len(holidays) + 2)
	year, month, day := t.In(in).Date()
	var open time.Time // what is open is open once
	for n, idle := -1, 0; idle < patience; n, idle = n+1, idle+1 {
		date := time.Date(year, month, day+n, 0, 0, 0, 0, time.UTC)
		if holidays[date.Format(time.DateOnly)] {
			continue
		}
		for _, s := range h.Week[weekdays[date.Weekday()]] {
			a, ok := minutes(s[0])
			b, ok2 := minutes(s[1])
			if !ok || !ok2 {
				continue
			}
			from, to := wall(year, month, day+n, a, in, false), wall(year, month, day+n, b, in, true)
			if from.Before(open) {
				from = open
			}
			if !from.Before(to) || !t.Before(to) {
				continue
			}
			open, idle = to, 0
			if !do(from, to) {
				return
			}
		}
	}
}

// Open reports whether somebody is there at the moment.
func (h Hours) Open(t time.Time) bool {
	at, ok := h.Next(t)
	return ok && at.Equal(t)
}

// Next returns the first moment from t on at which it is open, t itself if it is; false
// if it never is.
func (h Hours) Next(t time.Time) (next time.Time, ok bool) {
	h.each(t, func(from, _ time.Time) bool {
		next, ok = from, true
		if from.Before(t) {
			next = t
		}
		return false
	})
	return next, ok
}

// Add returns the moment by which it has been open for d since t; the zero time if it
// never is. For no or a negative d that is t.
func (h Hours) Add(t time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return t
	}
	var end time.Time
	h.each(t, func(from, to time.Time) bool {
		if from.Before(t) {
			from = t
		}
		if open := to.Sub(from); open < d {
			d -= open
			return true
		}
		end = from.Add(d)
		return false
	})
	return end
}

// Between returns for how long it is open from a to b; none where b is not after a.
func (h Hours) Between(a, b time.Time) time.Duration {
	var sum time.Duration
	h.each(a, func(from, to time.Time) bool {
		if from.Before(a) {
			from = a
		}
		if to.After(b) {
			to = b
		}
		if from.Before(to) {
			sum += to.Sub(from)
		}
		return to.Before(b)
	})
	return sum
}
