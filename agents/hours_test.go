package agents_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"candor/agents"
)

var weekdays9to5 = map[string][][2]string{
	"mon": {{"09:00", "12:00"}, {"13:00", "17:00"}}, "tue": {{"09:00", "17:00"}}, "wed": {{"09:00", "17:00"}},
	"thu": {{"09:00", "17:00"}}, "fri": {{"09:00", "17:00"}},
}

// TestHours: opening times across weekends, holidays, and the clocks' changes.
func TestHours(t *testing.T) {
	t.Parallel()
	berlin := agents.Hours{Zone: "Europe/Berlin", Week: weekdays9to5, Holidays: []agents.Holiday{{Date: "2026-12-25"}, {Date: "2026-12-24"}}}
	all := map[string][][2]string{}
	for _, d := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		all[d] = [][2]string{{"00:00", "24:00"}}
	}
	night := agents.Hours{Zone: "Europe/Berlin", Week: map[string][][2]string{"sun": {{"02:30", "04:00"}}}}
	skipped := agents.Hours{Zone: "Europe/Berlin", Week: map[string][][2]string{"sun": {{"02:10", "02:50"}}}}
	twice := agents.Hours{Zone: "Europe/Berlin", Week: map[string][][2]string{"sun": {{"01:00", "02:30"}, {"02:30", "05:00"}}}}
	midnight := agents.Hours{Zone: "America/Asuncion", Week: all} // its clocks went from 0:00 to 1:00 in 2023
	for _, tt := range []struct {
		name          string
		hours         agents.Hours
		from          string
		open          bool
		next          string
		add           time.Duration
		added         string
		until         string
		betweenBounds time.Duration
	}{
		{"in the morning", berlin, "2026-11-30T10:00:00+01:00", true, "2026-11-30T10:00:00+01:00", 3 * time.Hour, "2026-11-30T14:00:00+01:00", "2026-11-30T23:00:00+01:00", 6 * time.Hour},
		{"at lunch", berlin, "2026-11-30T12:00:00+01:00", false, "2026-11-30T13:00:00+01:00", time.Hour, "2026-11-30T14:00:00+01:00", "2026-11-30T12:30:00+01:00", 0},
		{"at closing", berlin, "2026-11-27T17:00:00+01:00", false, "2026-11-30T09:00:00+01:00", 0, "2026-11-27T17:00:00+01:00", "2026-11-30T09:00:01+01:00", time.Second},
		{"over the weekend", berlin, "2026-11-27T16:00:00+01:00", true, "2026-11-27T16:00:00+01:00", 2 * time.Hour, "2026-11-30T10:00:00+01:00", "2026-12-05T00:00:00+01:00", 40 * time.Hour},
		{"over two holidays and a weekend", berlin, "2026-12-23T17:30:00+01:00", false, "2026-12-28T09:00:00+01:00", time.Minute, "2026-12-28T09:01:00+01:00", "2026-12-28T00:00:00+01:00", 0},
		{"a day of 23 hours", agents.Hours{Zone: "Europe/Berlin", Week: all}, "2026-03-29T00:00:00+01:00", true, "2026-03-29T00:00:00+01:00", 23 * time.Hour, "2026-03-30T00:00:00+02:00", "2026-03-30T00:00:00+02:00", 23 * time.Hour},
		{"a day of 25 hours", agents.Hours{Zone: "Europe/Berlin", Week: all}, "2026-10-25T00:00:00+02:00", true, "2026-10-25T00:00:00+02:00", 25 * time.Hour, "2026-10-26T00:00:00+01:00", "2026-10-26T00:00:00+01:00", 25 * time.Hour},
		{"an opening that the clock skips", night, "2026-03-29T00:00:00+01:00", false, "2026-03-29T03:00:00+02:00", time.Hour, "2026-03-29T04:00:00+02:00", "2026-03-30T00:00:00+02:00", time.Hour},
		{"a span that the clock skips", skipped, "2026-03-29T00:00:00+01:00", false, "2026-04-05T02:10:00+02:00", 40 * time.Minute, "2026-04-05T02:50:00+02:00", "2026-04-01T00:00:00+02:00", 0},
		{"an hour that comes twice is open twice, and once", twice, "2026-10-25T00:00:00+02:00", false, "2026-10-25T01:00:00+02:00", 5 * time.Hour, "2026-10-25T05:00:00+01:00", "2026-10-26T00:00:00+01:00", 5 * time.Hour},
		{"a midnight that the clock skips", midnight, "2023-09-30T23:00:00-04:00", true, "2023-09-30T23:00:00-04:00", 2 * time.Hour, "2023-10-01T02:00:00-03:00", "2023-10-02T00:00:00-03:00", 24 * time.Hour},
		{"half an hour beside the others", agents.Hours{Zone: "Asia/Kolkata", Week: weekdays9to5}, "2026-11-30T03:00:00Z", false, "2026-11-30T09:00:00+05:30", 30 * time.Minute, "2026-11-30T09:30:00+05:30", "2026-11-30T04:00:00Z", 30 * time.Minute},
	} {
		from := at(t, tt.from)
		if err := tt.hours.Validate(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := tt.hours.Open(from); got != tt.open {
			t.Errorf("%s: open is %v", tt.name, got)
		}
		if got, ok := tt.hours.Next(from); !ok || !got.Equal(at(t, tt.next)) {
			t.Errorf("%s: opens at %s, want %s", tt.name, got, tt.next)
		}
		if got := tt.hours.Add(from, tt.add); !got.Equal(at(t, tt.added)) {
			t.Errorf("%s: %s more is %s, want %s", tt.name, tt.add, got, tt.added)
		}
		if got := tt.hours.Between(from, at(t, tt.until)); got != tt.betweenBounds {
			t.Errorf("%s: open for %s, want %s", tt.name, got, tt.betweenBounds)
		}
	}
	never := agents.Hours{Zone: "UTC", Week: map[string][][2]string{}}
	if _, ok := never.Next(time.Now()); ok || !never.Add(time.Now(), time.Hour).IsZero() || never.Between(time.Now(), time.Now().Add(time.Hour)) != 0 {
		t.Error("hours without a span open")
	}
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestHoursAgree: what is added lies between, wherever it starts; and no time lies between
// that is not open.
func TestHoursAgree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9))
	zones := []string{"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia"}
	for range 1500 {
		h := agents.Hours{Zone: zones[r.IntN(len(zones))], Week: map[string][][2]string{}}
		for _, d := range []string{"mon", "wed", "sat", "sun"} {
			a, b := r.IntN(24), r.IntN(24)
			if a < b {
				h.Week[d] = [][2]string{{clock(a, r.IntN(60)), clock(b, r.IntN(60))}}
			}
		}
		for range r.IntN(20) {
			h.Holidays = append(h.Holidays, agents.Holiday{Date: time.Date(2011, 1, r.IntN(6000), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)})
		}
		from := time.Date(2011, 1, r.IntN(6000), 0, 0, r.IntN(86400), 0, time.UTC)
		d := time.Duration(r.IntN(200*3600)) * time.Second
		end := h.Add(from, d)
		if len(h.Week) == 0 {
			continue
		}
		if got := h.Between(from, end); end.IsZero() || got != d {
			t.Fatalf("%+v: %s after %s is %s, between them %s", h, d, from, end, got)
		}
		if next, ok := h.Next(end.Add(time.Nanosecond)); !ok || !h.Open(next) || h.Between(end.Add(time.Nanosecond), next) != 0 {
			t.Fatalf("%+v: after %s it opens at %s", h, end, next)
		}
	}
}

func clock(hour, minute int) string {
	return time.Date(2000, 1, 1, hour, minute, 0, 0, time.UTC).Format("15:04")
}

// TestHoursRefused: what does not say when somebody is there is refused, in words.
func TestHoursRefused(t *testing.T) {
	t.Parallel()
	one := func(from, to string) map[string][][2]string { return map[string][][2]string{"mon": {{from, to}}} }
	for name, h := range map[string]agents.Hours{
		"no zone":     {Week: weekdays9to5},
		"local":       {Zone: "Local", Week: weekdays9to5},
		"no day":      {Zone: "UTC", Week: map[string][][2]string{"monday": {{"09:00", "10:00"}}}},
		"backwards":   {Zone: "UTC", Week: one("17:00", "09:00")},
		"no time":     {Zone: "UTC", Week: one("9:00", "10:00")},
		"after 24":    {Zone: "UTC", Week: one("09:00", "24:01")},
		"overlapping": {Zone: "UTC", Week: map[string][][2]string{"mon": {{"09:00", "11:00"}, {"10:00", "12:00"}}}},
		"never":       {Zone: "UTC", Week: map[string][][2]string{"mon": {}}},
		"no date":     {Zone: "UTC", Week: weekdays9to5, Holidays: []agents.Holiday{{Date: "25.12.2026"}}},
	} {
		if err := h.Validate(); !errors.Is(err, agents.ErrHours) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
