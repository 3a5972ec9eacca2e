package review

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestClocks: 72 hours whatever day it is, and three working days in Brazil.
func TestClocks(t *testing.T) {
	for _, tt := range []struct{ name, found, gdpr, anpd string }{
		{"a Monday", "2026-06-08T15:00:00Z", "2026-06-11T15:00:00Z", "2026-06-12T02:59:59Z"},
		{"a Friday", "2026-06-12T15:00:00Z", "2026-06-15T15:00:00Z", "2026-06-18T02:59:59Z"},
		{"a Saturday", "2026-06-13T15:00:00Z", "2026-06-16T15:00:00Z", "2026-06-18T02:59:59Z"},
		{"a Sunday night in Brasília", "2026-06-15T02:30:00Z", "2026-06-18T02:30:00Z", "2026-06-18T02:59:59Z"},
		{"a Monday in Brasília", "2026-06-15T03:30:00Z", "2026-06-18T03:30:00Z", "2026-06-19T02:59:59Z"},
		{"before Good Friday of 2026", "2026-04-01T12:00:00Z", "2026-04-04T12:00:00Z", "2026-04-08T02:59:59Z"},
		{"Carnival is no holiday", "2026-02-13T12:00:00Z", "2026-02-16T12:00:00Z", "2026-02-19T02:59:59Z"},
		{"Corpus Christi is none", "2026-06-03T12:00:00Z", "2026-06-06T12:00:00Z", "2026-06-09T02:59:59Z"},
		{"over the New Year", "2026-12-30T12:00:00Z", "2027-01-02T12:00:00Z", "2027-01-06T02:59:59Z"},
		{"Tiradentes, a Tuesday", "2026-04-20T12:00:00Z", "2026-04-23T12:00:00Z", "2026-04-25T02:59:59Z"},
		{"Labour Day, a Friday", "2026-04-30T12:00:00Z", "2026-05-03T12:00:00Z", "2026-05-07T02:59:59Z"},
		{"Independence, a Monday", "2026-09-04T12:00:00Z", "2026-09-07T12:00:00Z", "2026-09-11T02:59:59Z"},
		{"Aparecida, a Monday", "2026-10-09T12:00:00Z", "2026-10-12T12:00:00Z", "2026-10-16T02:59:59Z"},
		{"All Souls, a Monday", "2026-10-30T12:00:00Z", "2026-11-02T12:00:00Z", "2026-11-06T02:59:59Z"},
		{"Black Awareness, a Friday", "2026-11-17T12:00:00Z", "2026-11-20T12:00:00Z", "2026-11-24T02:59:59Z"},
		{"which it was not in 2023, a Monday", "2023-11-17T12:00:00Z", "2023-11-20T12:00:00Z", "2023-11-23T02:59:59Z"},
		{"Christmas, a Friday", "2026-12-23T12:00:00Z", "2026-12-26T12:00:00Z", "2026-12-30T02:59:59Z"},
		{"a holiday on a Sunday moves nothing", "2026-11-13T12:00:00Z", "2026-11-16T12:00:00Z", "2026-11-19T02:59:59Z"},
		{"in another zone", "2026-06-08T17:00:00+02:00", "2026-06-11T15:00:00Z", "2026-06-12T02:59:59Z"},
	} {
		for _, c := range (Incident{Found: moment(t, tt.found)}).Clocks() {
			want := map[Law]string{GDPR: tt.gdpr, ANPD: tt.anpd}[c.Law]
			if got := c.Due.Format(time.RFC3339); got != want {
				t.Errorf("%s: %s is due %s, want %s", tt.name, c.Law, got, want)
			}
		}
	}
}

// TestEaster: by the tables of the church.
func TestEaster(t *testing.T) {
	for year, want := range map[int]string{
		1961: "04-02", 1981: "04-19", 2000: "04-23", 2008: "03-23", 2011: "04-24", 2016: "03-27", 2019: "04-21", 2024: "03-31", 2025: "04-20",
		2026: "04-05", 2027: "03-28", 2028: "04-16", 2029: "04-01", 2030: "04-21", 2038: "04-25", 2049: "04-18", 2076: "04-19", 2285: "03-22",
	} {
		month, day := easter(year)
		if got := time.Date(year, month, day, 0, 0, 0, 0, time.UTC); got.Format("01-02") != want || got.Weekday() != time.Sunday {
			t.Errorf("Easter of %d is on %s", year, got.Format("Monday 01-02"))
		}
	}
}

// TestBinding: the law of the jurisdiction binds; where it is neither, both do; it is
// overdue until whoever the law names was told.
func TestBinding(t *testing.T) {
	found := moment(t, "2026-06-08T15:00:00Z")
	at := func(hours int) time.Time { return found.Add(time.Duration(hours) * time.Hour) }
	for _, tt := range []struct {
		jurisdiction    string
		authority, told int // hours after; 0: not
		status          IncidentStatus
		at              int
		overdue         bool
		due             string
	}{
		{"eu-gdpr", 0, 0, IncidentOpen, 71, false, "06-11T15:00"},
		{"eu-gdpr", 0, 0, IncidentOpen, 72, true, "06-11T15:00"},
		{"eu-gdpr", 0, 5, IncidentNotified, 72, true, "06-11T15:00"},
		{"eu-gdpr", 5, 0, IncidentNotified, 720, false, ""},
		{"eu-gdpr", 0, 0, IncidentClosed, 720, false, ""},
		{"br-lgpd", 0, 0, IncidentOpen, 83, false, "06-12T02:59"},
		{"br-lgpd", 0, 0, IncidentOpen, 84, true, "06-12T02:59"},
		{"br-lgpd", 5, 0, IncidentNotified, 84, true, "06-12T02:59"},
		{"br-lgpd", 0, 5, IncidentNotified, 84, true, "06-12T02:59"},
		{"br-lgpd", 5, 6, IncidentNotified, 840, false, ""},
		{"", 0, 0, IncidentOpen, 72, true, "06-11T15:00"},
		{"", 5, 0, IncidentNotified, 72, false, "06-12T02:59"},
		{"default", 5, 0, IncidentNotified, 84, true, "06-12T02:59"},
	} {
		x := Incident{Jurisdiction: tt.jurisdiction, Found: found, Status: tt.status}
		if tt.authority > 0 {
			x.Authority = at(tt.authority)
		}
		if tt.told > 0 {
			x.Told = at(tt.told)
		}
		due := ""
		if d := x.Due(); !d.IsZero() {
			due = d.Format("01-02T15:04")
		}
		if got := x.Overdue(at(tt.at)); got != tt.overdue || due != tt.due {
			t.Errorf("%+v: overdue %t, due %q", tt, got, due)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestIncidentChanges: what a change makes of an incident, and what is refused.
func TestIncidentChanges(t *testing.T) {
	now := moment(t, "2026-06-10T12:00:00Z")
	found := now.Add(-time.Hour)
	begin := IncidentChange{Kind: ptr(DataShown), Found: &found, Title: " Shown ", Note: "How."}
	recorded, err := Incident{}.With(IncidentEvent{At: now, Actor: "staff:1", IncidentChange: begin})
	if err != nil || recorded.Status != IncidentOpen || recorded.Title != "Shown" || !recorded.At.Equal(now) {
		t.Fatalf("%+v, %v", recorded, err)
	}
	closed, err := recorded.With(IncidentEvent{At: now, IncidentChange: IncidentChange{Status: ptr(IncidentClosed)}})
	if err != nil || !closed.Closed.Equal(now) || len(recorded.History) != 1 {
		t.Fatalf("%+v, %v", closed, err)
	}
	for _, tt := range []struct {
		name   string
		of     Incident
		change IncidentChange
		err    error
		status IncidentStatus
		step   IncidentStep
	}{
		{"a note", recorded, IncidentChange{Note: "x"}, nil, IncidentOpen, StepNote},
		{"counts", recorded, IncidentChange{Answers: ptr(int64(0)), Customers: ptr(int64(9))}, nil, IncidentOpen, StepChange},
		{"another title", recorded, IncidentChange{Title: "x"}, nil, IncidentOpen, StepChange},
		{"the authority was told", recorded, IncidentChange{Authority: &now}, nil, IncidentNotified, StepNotify},
		{"told by a clock that is ahead", recorded, IncidentChange{Told: ptr(now.Add(30 * time.Second))}, nil, IncidentNotified, StepNotify},
		{"told and closed", recorded, IncidentChange{Told: &now, Status: ptr(IncidentClosed)}, nil, IncidentClosed, StepClose},
		{"notified without a time", recorded, IncidentChange{Status: ptr(IncidentNotified)}, ErrIncident, "", ""},
		{"nothing", recorded, IncidentChange{Note: "  "}, ErrIncident, "", ""},
		{"no status", recorded, IncidentChange{Status: ptr(IncidentStatus("lost"))}, ErrIncident, "", ""},
		{"no kind", recorded, IncidentChange{Kind: ptr(IncidentKind("bad"))}, ErrIncident, "", ""},
		{"fewer than none", recorded, IncidentChange{Answers: ptr(int64(-1))}, ErrIncident, "", ""},
		{"more than can be", recorded, IncidentChange{Customers: ptr(int64(1e15))}, ErrIncident, "", ""},
		{"told in the future", recorded, IncidentChange{Told: ptr(now.Add(time.Hour))}, ErrIncident, "", ""},
		{"told before it was found", recorded, IncidentChange{Told: ptr(found.Add(-time.Second))}, ErrIncident, "", ""},
		{"found at no time", recorded, IncidentChange{Found: ptr(time.Time{})}, ErrIncident, "", ""},
		{"a long title", recorded, IncidentChange{Title: strings.Repeat("ж", MaxTitle+1)}, ErrIncident, "", ""},
		{"the longest title", recorded, IncidentChange{Title: strings.Repeat("ж", MaxTitle)}, nil, IncidentOpen, StepChange},
		{"a long note", recorded, IncidentChange{Note: strings.Repeat("ж", MaxNote+1)}, ErrIncident, "", ""},
		{"a note when closed", closed, IncidentChange{Note: "x"}, nil, IncidentClosed, StepNote},
		{"told when closed", closed, IncidentChange{Told: &now}, ErrIncidentClosed, "", ""},
		{"closed again", closed, IncidentChange{Status: ptr(IncidentClosed)}, ErrIncidentClosed, "", ""},
		{"opened again", closed, IncidentChange{Status: ptr(IncidentOpen), Note: "x"}, nil, IncidentOpen, StepReopen},
		{"without a title", Incident{}, IncidentChange{Kind: ptr(DataShown), Found: &found}, ErrIncident, "", ""},
		{"without a kind", Incident{}, IncidentChange{Title: "x", Found: &found}, ErrIncident, "", ""},
		{"without a time", Incident{}, IncidentChange{Title: "x", Kind: ptr(DataShown)}, ErrIncident, "", ""},
	} {
		events := len(tt.of.History)
		got, err := tt.of.With(IncidentEvent{At: now, IncidentChange: tt.change})
		if !errors.Is(err, tt.err) || len(tt.of.History) != events {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
		if err != nil {
			continue
		}
		steps := got.Steps()
		if got.Status != tt.status || steps[len(steps)-1] != tt.step || got.Closed.IsZero() == (got.Status == IncidentClosed) {
			t.Errorf("%s: it is %s by %v, closed %s", tt.name, got.Status, steps, got.Closed)
		}
	}
}

// TestCorrectionChecks: what is refused, and that an answer is named once.
func TestCorrectionChecks(t *testing.T) {
	got, err := Correction{Site: "shop", Text: " x ", Answers: []string{"b", "a", "b"}}.Check()
	if err != nil || got.Text != "x" || strings.Join(got.Answers, "") != "ab" {
		t.Errorf("%+v, %v", got, err)
	}
	many := make([]string, MaxCorrectedAnswers+1)
	for i := range many {
		many[i] = strings.Repeat("a", i+1)
	}
	for name, c := range map[string]Correction{
		"no words": {Site: "shop", Record: "k"}, "long": {Site: "shop", Record: "k", Text: strings.Repeat("x", MaxCorrection+1)},
		"of nothing": {Site: "shop", Text: "x"}, "of both": {Site: "shop", Record: "k", Answers: []string{"a"}, Text: "x"},
		"of no site": {Record: "k", Text: "x"}, "many answers": {Site: "shop", Answers: many, Text: "x"},
	} {
		if _, err := c.Check(); !errors.Is(err, ErrCorrection) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := HideNote(strings.Repeat("x", MaxNote+1)); !errors.Is(err, ErrNote) {
		t.Errorf("a long note: %v", err)
	}
}
