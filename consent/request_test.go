package consent

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/identity"
)

func moment(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestDue(t *testing.T) {
	t.Parallel()
	month, days := Profile{AnswerWithin: Term{Months: 1}}, Profile{AnswerWithin: Term{Days: 15}}
	for _, tt := range []struct {
		name    string
		profile Profile
		at, due string
	}{
		{"a month", month, "2026-11-21T14:05:09Z", "2026-12-21T14:05:09Z"},
		{"over the year", month, "2026-12-31T23:59:59Z", "2027-01-31T23:59:59Z"},
		{"a shorter month", month, "2027-01-31T00:00:00Z", "2027-02-28T00:00:00Z"},
		{"the day before its last", month, "2027-01-30T08:00:00Z", "2027-02-28T08:00:00Z"},
		{"the last that February has", month, "2027-01-28T08:00:00Z", "2027-02-28T08:00:00Z"},
		{"a leap year", month, "2028-01-31T08:00:00Z", "2028-02-29T08:00:00Z"},
		{"from the leap day", month, "2028-02-29T08:00:00Z", "2028-03-29T08:00:00Z"},
		{"thirty days", month, "2027-03-31T08:00:00Z", "2027-04-30T08:00:00Z"},
		{"in another zone: the day is that of UTC", month, "2027-02-01T01:30:00+02:00", "2027-02-28T23:30:00Z"},
		{"fifteen days", days, "2026-11-21T14:05:09Z", "2026-12-06T14:05:09Z"},
		{"fifteen days over February", days, "2027-02-20T00:00:00Z", "2027-03-07T00:00:00Z"},
	} {
		if got := Due(moment(t, tt.at), tt.profile); got.Format(time.RFC3339) != tt.due {
			t.Errorf("%s: %s, want %s", tt.name, got.Format(time.RFC3339), tt.due)
		}
	}
	p := DefaultPolicy()
	at := moment(t, "2027-01-31T12:00:00Z")
	for id, want := range map[string]string{"eu-gdpr": "2027-02-28", "br-lgpd": "2027-02-15", "default": "2027-03-02"} {
		profile := p.Profile(id)
		if got := Due(at, profile); profile.ID != id || got.Format(time.DateOnly) != want {
			t.Errorf("the policy's %s: %s, want %s", profile.ID, got.Format(time.DateOnly), want)
		}
	}
}

// TestDueIsNearby: whatever the moment, a month's due date is in the next month, on
// the same day or its last, and later moments are never due earlier.
func TestDueIsNearby(t *testing.T) {
	t.Parallel()
	profile := Profile{AnswerWithin: Term{Months: 1}}
	seconds := rapid.Int64Range(0, 4_000_000_000)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(seconds.Draw(t, "at"), 0).UTC()
		due := Due(at, profile)
		if months := 12*(due.Year()-at.Year()) + int(due.Month()-at.Month()); months != 1 {
			t.Fatalf("%s is due %s", at, due)
		}
		if last := due.AddDate(0, 0, 1).Day() == 1; due.Day() != at.Day() && (!last || due.Day() > at.Day()) {
			t.Fatalf("%s is due %s", at, due)
		}
		if later := at.Add(time.Duration(rapid.IntRange(0, 86_400).Draw(t, "later")) * time.Second); at.Day() == later.Day() && Due(later, profile).Before(due) {
			t.Fatalf("%s is due before %s", later, at)
		}
	})
}

func TestOverdue(t *testing.T) {
	t.Parallel()
	r := Request{Status: RequestInProgress, Due: moment(t, "2026-12-21T14:05:09Z")}
	if r.Overdue(r.Due.Add(-time.Second)) || !r.Overdue(r.Due) {
		t.Error("it is overdue from its due date on")
	}
	r.Status = RequestRefused
	if r.Overdue(r.Due.AddDate(1, 0, 0)) {
		t.Error("a closed one is not overdue")
	}
}

// TestRequestSteps tries every action in every status.
func TestRequestSteps(t *testing.T) {
	t.Parallel()
	now := moment(t, "2026-11-21T12:00:00Z")
	statuses := []RequestStatus{RequestOpen, RequestInProgress, RequestDone, RequestRefused}
	allowed := map[RequestAction]string{ // a column for each status: what it becomes
		ActStart: "in_progress - - -", ActNote: "open in_progress done refused", ActDone: "done done - -",
		ActRefuse: "refused refused - -", ActReopen: "- - open open",
		ActOpen: "x x x x", ActErase: "x x x x", "": "x x x x", "delete": "x x x x",
	}
	for action, row := range allowed {
		for i, want := range strings.Fields(row) {
			r := Request{Kind: ComplaintRequest, Status: statuses[i]}
			if r.Status.Closed() {
				r.Closed = now.Add(-time.Hour)
			}
			got, err := r.With(RequestEvent{At: now, Action: action, Note: "We looked.", ForCustomer: true})
			switch want {
			case "-":
				if !errors.Is(err, ErrRequestState) {
					t.Errorf("%s of one that is %s: %v", action, statuses[i], err)
				}
				continue
			case "x":
				if !errors.Is(err, ErrRequestStep) {
					t.Errorf("%q of one that is %s: %v", action, statuses[i], err)
				}
				continue
			}
			if err != nil || got.Status != RequestStatus(want) || len(got.History) != 1 {
				t.Errorf("%s of one that is %s: %s, %v", action, statuses[i], got.Status, err)
			}
			closed := now
			switch {
			case r.Status.Closed() && action == ActNote:
				closed = r.Closed // a later note closes nothing
			case !got.Status.Closed():
				closed = time.Time{}
			}
			if !got.Closed.Equal(closed) {
				t.Errorf("%s of one that is %s: closed at %s, want %s", action, statuses[i], got.Closed, closed)
			}
		}
	}
}

func TestRequestStepsNeedReasons(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("я", MaxRequestText)
	for _, tt := range []struct {
		name   string
		kind   RequestKind
		record string
		e      RequestEvent
		says   string // empty: it is fine
	}{
		{"a refusal", AccessRequest, "", RequestEvent{Action: ActRefuse, Note: "Unfounded.", ForCustomer: true}, ""},
		{"a refusal without a word", AccessRequest, "", RequestEvent{Action: ActRefuse}, "says why"},
		{"a refusal of spaces", AccessRequest, "", RequestEvent{Action: ActRefuse, Note: " \n", ForCustomer: true}, "says why"},
		{"a refusal that the customer does not read", AccessRequest, "", RequestEvent{Action: ActRefuse, Note: "Unfounded."}, "says why"},
		{"an empty note", AccessRequest, "", RequestEvent{Action: ActNote, Note: " "}, "empty"},
		{"the longest note", AccessRequest, "", RequestEvent{Action: ActNote, Note: long}, ""},
		{"a note too long", AccessRequest, "", RequestEvent{Action: ActNote, Note: long + "я"}, "4000"},
		{"done", AccessRequest, "", RequestEvent{Action: ActDone}, ""},
		{"done with an outcome of no record", RectificationRequest, "", RequestEvent{Action: ActDone, Outcome: RecordKept}, "dispute"},
		{"a complaint with an outcome", ComplaintRequest, "", RequestEvent{Action: ActDone, Outcome: RecordKept}, "dispute"},
		{"a dispute without an outcome", RectificationRequest, "r1", RequestEvent{Action: ActDone}, "corrected, removed or kept"},
		{"a dispute with an unknown outcome", RectificationRequest, "r1", RequestEvent{Action: ActDone, Outcome: "lost"}, "corrected, removed or kept"},
		{"a dispute", RectificationRequest, "r1", RequestEvent{Action: ActDone, Outcome: RecordCorrected}, ""},
		{"an outcome while it goes on", RectificationRequest, "r1", RequestEvent{Action: ActStart, Outcome: RecordRemoved}, "dispute"},
		{"a refused dispute", RectificationRequest, "r1", RequestEvent{Action: ActRefuse, Note: "It is right.", ForCustomer: true}, ""},
	} {
		r := Request{Kind: tt.kind, Record: tt.record, Status: RequestOpen}
		_, err := r.With(tt.e)
		if (err == nil) != (tt.says == "") || err != nil && (!errors.Is(err, ErrRequestStep) || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestRequestHistories follows random steps: a request is closed exactly while its
// status says so, an earlier value is not touched, and nothing is lost.
func TestRequestHistories(t *testing.T) {
	t.Parallel()
	actions := rapid.SampledFrom([]RequestAction{ActStart, ActNote, ActDone, ActRefuse, ActReopen})
	rapid.Check(t, func(t *rapid.T) {
		r := Request{Kind: ErasureRequest, Status: RequestOpen, History: make([]RequestEvent, 1, 8)}
		now := time.Unix(1_800_000_000, 0)
		taken := 1
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			now = now.Add(time.Minute)
			before := r
			after, err := r.With(RequestEvent{At: now, Action: actions.Draw(t, "action"), Note: "n", ForCustomer: true})
			if err != nil {
				if after.Status != before.Status || len(after.History) != len(before.History) {
					t.Fatal("a refused step changed something")
				}
				continue
			}
			taken++
			if len(before.History) != taken-1 {
				t.Fatal("the request of before has changed")
			}
			r = after
			if r.Status.Closed() == r.Closed.IsZero() || len(r.History) != taken {
				t.Fatalf("after %d steps: %+v", taken, r)
			}
		}
	})
}

func TestNewRequest(t *testing.T) {
	t.Parallel()
	now := moment(t, "2027-01-31T12:00:00Z")
	maya := identity.Principal{Kind: identity.Customer, Site: "shop", Customer: "cus_1"}
	g := NewGate(&requestLedger{snap: Snapshot{Now: now, PolicyVersion: DefaultPolicy().Version, Person: Person{Jurisdiction: "eu-gdpr"}}}, DefaultPolicy())
	r, err := g.NewRequest(t.Context(), maya, ComplaintRequest, "  Nobody answers. ")
	if err != nil || r.ID == "" || r.Customer != "cus_1" || r.Site != "shop" || r.Status != RequestOpen || r.Detail != "Nobody answers." ||
		r.Jurisdiction != "eu-gdpr" || !r.At.Equal(now) || r.Due.Format(time.DateOnly) != "2027-02-28" ||
		len(r.History) != 1 || r.History[0].Actor != "customer:cus_1" || r.History[0].Action != ActOpen {
		t.Errorf("%+v, %v", r, err)
	}
	long := strings.Repeat("ж", MaxRequestText)
	for _, tt := range []struct {
		kind RequestKind
		text string
		err  error
	}{
		{ComplaintRequest, long, nil},
		{ComplaintRequest, long + "ж", ErrRequestText},
		{ComplaintRequest, " \t", ErrRequestText},
		{RectificationRequest, "", ErrRequestText},
		{AccessRequest, "", nil},
		{ErasureRequest, "", nil},
		{AccessRequest, long + "ж", ErrRequestText},
	} {
		if _, err := g.NewRequest(t.Context(), maya, tt.kind, tt.text); !errors.Is(err, tt.err) {
			t.Errorf("%s of %d bytes: %v", tt.kind, len(tt.text), err)
		}
	}
	gone := NewGate(&requestLedger{err: ErrUnknownCustomer}, DefaultPolicy())
	if _, err := gone.NewRequest(t.Context(), maya, AccessRequest, ""); !errors.Is(err, ErrUnknownCustomer) {
		t.Errorf("of nobody: %v", err)
	}
}

// requestLedger says one thing of everybody.
type requestLedger struct {
	Ledger
	snap Snapshot
	err  error
}

func (l *requestLedger) Snapshot(context.Context, identity.CustomerID) (Snapshot, error) {
	return l.snap, l.err
}

func (l *requestLedger) Policies(context.Context) ([]PolicyVersion, error) {
	p := DefaultPolicy()
	return []PolicyVersion{{Version: p.Version, Text: p.Text()}}, nil
}
