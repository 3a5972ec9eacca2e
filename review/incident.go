package review

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/consent"
	"candor/identity"
)

// IncidentKind is what went wrong with somebody's data.
type IncidentKind string

// Kinds of incidents.
const (
	DataShown          IncidentKind = "data_shown_to_wrong_person"
	UsedWithoutConsent IncidentKind = "used_without_consent"
	WrongAnswer        IncidentKind = "wrong_answer"
	LogAltered         IncidentKind = "log_altered"
	OtherIncident      IncidentKind = "other"
)

// IncidentKinds lists every kind.
var IncidentKinds = []IncidentKind{DataShown, UsedWithoutConsent, WrongAnswer, LogAltered, OtherIncident}

// IncidentStatus is how an incident stands.
type IncidentStatus string

// Statuses. Only an open one has clocks that can run out.
const (
	IncidentOpen     IncidentStatus = "open"
	IncidentNotified IncidentStatus = "notified"
	IncidentClosed   IncidentStatus = "closed"
)

// IncidentStatuses lists every status.
var IncidentStatuses = []IncidentStatus{IncidentOpen, IncidentNotified, IncidentClosed}

const (
	// MaxTitle is the longest title of an incident, in characters.
	MaxTitle = 200
	// skew is how far the clock of whoever reports may be ahead.
	skew = time.Minute
	// maxAffected bounds what anybody can count.
	maxAffected = 1_000_000_000
)

// Errors of incidents.
var (
	ErrUnknownIncident = errors.New("there is no such incident")
	// ErrIncident refuses what is no incident, or no change of one.
	ErrIncident = errors.New("this cannot be recorded")
	// ErrIncidentClosed refuses a change of an incident that is closed.
	ErrIncidentClosed = errors.New("the incident is closed: open it again first")
)

// Incident is something that went wrong with somebody's data. Its title and notes
// are people's words about it, and name no customer.
type Incident struct {
	ID     string
	Site   identity.SiteID // empty: all of the installation's
	Kind   IncidentKind
	Status IncidentStatus
	// Jurisdiction is the id of the profile whose clock binds, see Clocks.
	Jurisdiction string
	Title        string
	Found        time.Time // when the company learned of it, UTC
	At           time.Time // when it was recorded: the database's clock, UTC
	// Answers and Customers are how many are affected, as far as is known.
	Answers, Customers int64
	// Authority and Told are when the authority and the customers were told; zero: they
	// were not.
	Authority, Told time.Time
	Closed          time.Time       // zero: it is not
	History         []IncidentEvent // oldest first
}

// IncidentChange is what is changed of an incident, or set at its beginning. What is
// nil stays as it is.
type IncidentChange struct {
	Status    *IncidentStatus `json:"status,omitempty"`
	Kind      *IncidentKind   `json:"kind,omitempty"`
	Found     *time.Time      `json:"found_at,omitempty"`
	Answers   *int64          `json:"answers,omitempty"`
	Customers *int64          `json:"customers,omitempty"`
	Authority *time.Time      `json:"authority,omitempty"` // when it was told
	Told      *time.Time      `json:"told,omitempty"`      // when the customers were
	// Title and Note are people's words, and are kept apart from the rest.
	Title string `json:"-"` // empty: it stays
	Note  string `json:"-"`
}

// IncidentEvent is one thing that was done to an incident. The first one is that it
// was recorded.
type IncidentEvent struct {
	At    time.Time
	Actor string // see identity.Principal.Actor
	IncidentChange
}

func (c IncidentChange) empty() bool { return c == IncidentChange{} }

// IncidentStep is what a change was, in a word.
type IncidentStep string

// Steps.
const (
	StepOpen   IncidentStep = "open"
	StepNote   IncidentStep = "note"
	StepNotify IncidentStep = "notify"
	StepClose  IncidentStep = "close"
	StepReopen IncidentStep = "reopen"
	StepChange IncidentStep = "change"
)

// Steps returns what each event of the history was.
func (x Incident) Steps() []IncidentStep {
	out := make([]IncidentStep, len(x.History))
	status := IncidentOpen
	for i, e := range x.History {
		switch {
		case i == 0:
			out[i] = StepOpen
		case e.Status != nil && *e.Status == IncidentClosed:
			out[i] = StepClose
		case e.Status != nil && status == IncidentClosed:
			out[i] = StepReopen
		case e.Authority != nil || e.Told != nil:
			out[i] = StepNotify
		case e.IncidentChange == (IncidentChange{Note: e.Note}):
			out[i] = StepNote
		default:
			out[i] = StepChange
		}
		switch {
		case e.Status != nil:
			status = *e.Status
		case e.Authority != nil || e.Told != nil:
			status = IncidentNotified
		}
	}
	return out
}

// With returns the incident after a change; it changes nothing of x, and is pure. An
// incident that does not exist yet is the zero Incident. ErrIncident and
// ErrIncidentClosed say what is wrong.
func (x Incident) With(e IncidentEvent) (Incident, error) {
	e.Title, e.Note = strings.TrimSpace(e.Title), strings.TrimSpace(e.Note)
	made := len(x.History) > 0
	reopens := e.Status != nil && *e.Status != IncidentClosed
	switch {
	case e.empty():
		return x, fmt.Errorf("%w: nothing is changed by it", ErrIncident)
	case !made && (e.Title == "" || e.Kind == nil || e.Found == nil):
		return x, fmt.Errorf("%w: an incident needs a title, a kind and when it was found", ErrIncident)
	case utf8.RuneCountInString(e.Title) > MaxTitle:
		return x, fmt.Errorf("%w: a title has at most %d characters", ErrIncident, MaxTitle)
	case utf8.RuneCountInString(e.Note) > MaxNote:
		return x, fmt.Errorf("%w: a note has at most %d characters", ErrIncident, MaxNote)
	case e.Kind != nil && !slices.Contains(IncidentKinds, *e.Kind):
		return x, fmt.Errorf("%w: the kind is none of %v", ErrIncident, IncidentKinds)
	case e.Status != nil && !slices.Contains(IncidentStatuses, *e.Status):
		return x, fmt.Errorf("%w: the status is none of %v", ErrIncident, IncidentStatuses)
	case x.Status == IncidentClosed && !reopens && e.IncidentChange != (IncidentChange{Note: e.Note}):
		return x, ErrIncidentClosed
	}
	for _, n := range []*int64{e.Answers, e.Customers} {
		if n != nil && (*n < 0 || *n > maxAffected) {
			return x, fmt.Errorf("%w: a count is from 0 to %d", ErrIncident, maxAffected)
		}
	}
	set(&x.Kind, e.Kind)
	set(&x.Found, e.Found)
	set(&x.Answers, e.Answers)
	set(&x.Customers, e.Customers)
	set(&x.Authority, e.Authority)
	set(&x.Told, e.Told)
	for what, t := range map[string]*time.Time{"found": e.Found, "told to the authority": e.Authority, "told to the customers": e.Told} {
		switch {
		case t == nil:
		case t.After(e.At.Add(skew)):
			return x, fmt.Errorf("%w: it cannot have been %s in the future", ErrIncident, what)
		case t.Unix() <= 0: // no clock was wrong by that much
			return x, fmt.Errorf("%w: say with its year when it was %s", ErrIncident, what)
		case t != e.Found && t.Before(x.Found):
			return x, fmt.Errorf("%w: it cannot have been %s before it was found", ErrIncident, what)
		}
	}
	if e.Title != "" {
		x.Title = e.Title
	}
	switch {
	case e.Status != nil:
		x.Status = *e.Status
	case (e.Authority != nil || e.Told != nil) && x.Status != IncidentClosed:
		x.Status = IncidentNotified
	case !made:
		x.Status = IncidentOpen
	}
	if x.Status == IncidentNotified && x.Authority.IsZero() && x.Told.IsZero() {
		return x, fmt.Errorf("%w: say when the authority or the customers were told", ErrIncident)
	}
	switch {
	case x.Status != IncidentClosed:
		x.Closed = time.Time{}
	case x.Closed.IsZero():
		x.Closed = e.At
	}
	if !made {
		x.At = e.At
	}
	x.History = append(x.History[:len(x.History):len(x.History)], e)
	return x, nil
}

func set[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

// Law is one that has a clock for incidents.
type Law string

// Laws.
const (
	GDPR Law = "gdpr" // Regulation (EU) 2016/679, article 33(1)
	ANPD Law = "anpd" // Resolution CD/ANPD 15/2024, articles 6 and 9
)

// Told is who has to be told of an incident.
type Told string

// Who has to be told.
const (
	ToAuthority Told = "authority"
	ToCustomers Told = "customers"
)

// Clock is by when somebody has to be told of an incident.
type Clock struct {
	Law Law
	To  []Told
	Due time.Time // UTC
	// Binding is whether the law is the one of the incident's jurisdiction.
	Binding bool
	Met     time.Time // when all of them were told; zero: they were not
}

// Overdue reports whether the clock binds and has run out.
func (c Clock) Overdue(now time.Time) bool { return c.Binding && c.Met.IsZero() && !now.Before(c.Due) }

// gdprTime is article 33(1): the authority is told not later than 72 hours after having
// become aware of it. Article 34 gives no time for the customers but "without undue
// delay".
const gdprTime = 72 * time.Hour

// anpdDays is articles 6 and 9: three working days from knowing that the incident
// concerned personal data, for the authority and for the customers alike.
const anpdDays = 3

// Clocks returns the clock of each law. Which of them binds says the jurisdiction;
// where it is neither's, both do: whoever is not sure which law holds has the shorter
// time.
func (x Incident) Clocks() []Clock {
	european, brazilian := x.Jurisdiction == "eu-gdpr", x.Jurisdiction == "br-lgpd"
	if !european && !brazilian {
		european, brazilian = true, true
	}
	both := x.Authority
	if x.Told.IsZero() || !both.IsZero() && x.Told.After(both) {
		both = x.Told
	}
	return []Clock{
		{GDPR, []Told{ToAuthority}, x.Found.UTC().Add(gdprTime), european, x.Authority},
		{ANPD, []Told{ToAuthority, ToCustomers}, WorkingDaysAfter(x.Found, anpdDays), brazilian, both},
	}
}

// Overdue reports whether a clock that binds has run out. Who closes an incident has
// decided that nobody has to be told.
func (x Incident) Overdue(now time.Time) bool {
	return x.Status != IncidentClosed && slices.ContainsFunc(x.Clocks(), func(c Clock) bool { return c.Overdue(now) })
}

// Due is when the next clock that binds runs out; zero: none will.
func (x Incident) Due() (due time.Time) {
	if x.Status == IncidentClosed {
		return due
	}
	for _, c := range x.Clocks() {
		if c.Binding && c.Met.IsZero() && (due.IsZero() || c.Due.Before(due)) {
			due = c.Due
		}
	}
	return due
}

// brasilia is the time of the authority: three hours behind UTC, and since 2019
// without another one in summer (Decree 9.772/2019).
var brasilia = time.FixedZone("BRT", -3*60*60)

// WorkingDaysAfter returns the end of the n-th working day in Brazil after the day of
// a moment, which does not count (Resolution CD/ANPD 1/2021, article 8): its last
// second, in UTC.
func WorkingDaysAfter(at time.Time, n int) time.Time {
	local := at.In(brasilia)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, brasilia)
	for n > 0 {
		if day = day.AddDate(0, 0, 1); working(day) {
			n--
		}
	}
	return day.AddDate(0, 0, 1).Add(-time.Second).UTC()
}

// holidays are those of the whole country on fixed days: Laws 662/1949 (with
// 10.607/2002), 6.802/1980 and, from 2024 on, 14.759/2023.
var holidays = []struct {
	month time.Month
	day   int
	since int
}{
	{time.January, 1, 0},
	{time.April, 21, 0},
	{time.May, 1, 0},
	{time.September, 7, 0},
	{time.October, 12, 1980},
	{time.November, 2, 0},
	{time.November, 15, 0},
	{time.November, 20, 2024},
	{time.December, 25, 0},
}

// working reports whether a day is a working day in Brazil. Good Friday is the one
// holiday that moves. Carnival and Corpus Christi are left to whoever wants to work, and
// count: the date is then never later than the law's.
func working(day time.Time) bool {
	if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	for _, h := range holidays {
		if day.Month() == h.month && day.Day() == h.day && day.Year() >= h.since {
			return false
		}
	}
	month, sunday := easter(day.Year())
	friday := time.Date(day.Year(), month, sunday-2, 0, 0, 0, 0, day.Location())
	return !day.Equal(friday)
}

// easter returns the day of Easter by the Gregorian calendar: the algorithm of
// "A New York correspondent" in Nature 13 (1876), p. 487.
func easter(year int) (time.Month, int) {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	n := h + l - 7*m
	month := (n + 90) / 25
	return time.Month(month), (n + 33*month + 19) % 32
}

// IncidentFilter selects incidents. What is empty selects all.
type IncidentFilter struct {
	Site   identity.SiteID
	Kind   IncidentKind
	Status IncidentStatus
	After  consent.Place
	Limit  int // 1 to 200; otherwise 50
}
