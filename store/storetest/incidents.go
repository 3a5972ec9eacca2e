package storetest

import (
	"slices"
	"strings"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/review"
)

// incident records an incident that was found an hour ago.
func (f *fixture) incident(kind review.IncidentKind, title string) review.Incident {
	f.Helper()
	found := f.now().Add(-time.Hour)
	x, err := f.AddIncident(f.Context(), shop, review.IncidentEvent{
		Actor: officer.Actor(), IncidentChange: review.IncidentChange{Kind: &kind, Found: &found, Title: title},
	})
	f.must(err)
	return x
}

func (f *fixture) changeIncident(id string, c review.IncidentChange) (review.Incident, error) {
	f.Helper()
	return f.ChangeIncident(f.Context(), id, review.IncidentEvent{Actor: officer.Actor(), IncidentChange: c})
}

// incidents: an incident keeps what was found, whom the company told and who did what,
// in its order, and what people wrote is in no row; its clock is its site's.
func incidents(f *fixture) {
	f.must(f.AddSite(f.Context(), identity.Site{ID: "br", Name: "Loja", Secret: []byte("s"), Jurisdiction: "br-lgpd"}, "key2"))
	counts := func(step string, open, overdue int) {
		f.Helper()
		all, err := f.CountIncidents(f.Context())
		f.must(err)
		if len(all) != len(review.IncidentKinds) {
			f.Errorf("%s: the counts are %v", step, all)
		}
		for _, n := range all {
			wantOpen, wantOverdue := 0, 0
			if n.Kind == review.DataShown {
				wantOpen, wantOverdue = open, overdue
			}
			if n.Open != wantOpen || n.Overdue != wantOverdue {
				f.Errorf("%s: of %s %d are open, %d overdue; want %d, %d", step, n.Kind, n.Open, n.Overdue, wantOpen, wantOverdue)
			}
		}
	}
	x := f.incident(review.DataShown, "A zanzibar order was shown")
	counts("recorded", 1, 0)
	f.pass(time.Minute)
	three, two := int64(3), int64(2)
	_, err := f.changeIncident(x.ID, review.IncidentChange{Answers: &three, Customers: &two, Note: "We zanzibar found two more."})
	f.must(err)
	f.pass(72 * time.Hour)
	counts("after three days", 1, 1)
	told := f.now().Add(-time.Hour)
	_, err = f.changeIncident(x.ID, review.IncidentChange{Authority: &told, Note: "By zanzibar letter."})
	f.must(err)
	done := review.IncidentClosed
	_, err = f.changeIncident(x.ID, review.IncidentChange{Status: &done, Title: "A zanzibar order was shown to another"})
	f.must(err)
	counts("closed", 0, 0)
	f.reopen()
	got, err := f.Incident(f.Context(), x.ID)
	f.must(err)
	var history []string
	at := x.At
	for i, step := range got.Steps() {
		e := got.History[i]
		history = append(history, string(step)+" "+e.Note)
		if e.Actor != officer.Actor() || e.At.Before(at) {
			f.Errorf("%s by %s at %s, after %s", step, e.Actor, e.At, at)
		}
		at = e.At
	}
	want := []string{"open ", "change We zanzibar found two more.", "notify By zanzibar letter.", "close "}
	if !slices.Equal(history, want) || got.Title != "A zanzibar order was shown to another" || got.Answers != 3 || got.Customers != 2 ||
		got.Status != review.IncidentClosed || !got.Authority.Equal(told.Truncate(time.Microsecond)) || !got.Told.IsZero() || !got.Closed.Equal(at) ||
		got.History[0].Title != "A zanzibar order was shown" {
		f.Errorf("%+v\n%q", got, history)
	}
	for _, text := range []string{"zanzibar", "Zanzibar", "order was shown"} {
		if where := f.plain(text); len(where) > 0 {
			f.Errorf("%s is in %v", text, where)
		}
	}

	before := f.contents()
	open := review.IncidentOpen
	kind := review.LogAltered
	f.is("a closed one", only(f.changeIncident(x.ID, review.IncidentChange{Kind: &kind})), review.ErrIncidentClosed)
	f.is("nothing", only(f.changeIncident(x.ID, review.IncidentChange{Note: " "})), review.ErrIncident)
	future := f.now().Add(time.Hour)
	f.is("told in the future", only(f.changeIncident(x.ID, review.IncidentChange{Status: &open, Told: &future})), review.ErrIncident)
	for _, id := range []string{"inc_unknown", "", "%", "\x00", "\xff"} {
		f.is("changing what is not there", only(f.changeIncident(id, review.IncidentChange{Note: "x"})), review.ErrUnknownIncident)
		f.is("reading what is not there", only(f.Incident(f.Context(), id)), review.ErrUnknownIncident)
	}
	f.is("at no site", only(f.AddIncident(f.Context(), "nowhere", review.IncidentEvent{IncidentChange: review.IncidentChange{Kind: &kind, Found: &told, Title: "x"}})), identity.ErrUnknownSite)
	f.is("without a title", only(f.AddIncident(f.Context(), shop, review.IncidentEvent{IncidentChange: review.IncidentChange{Kind: &kind, Found: &told}})), review.ErrIncident)
	f.unchanged("what was refused", before)
	f.pass(10 * 24 * time.Hour)
	_, err = f.changeIncident(x.ID, review.IncidentChange{Status: &open})
	f.must(err)
	counts("opened again: the customers were not told", 1, 1)

	binding := func(x review.Incident) (laws []string) {
		for _, c := range x.Clocks() {
			if c.Binding {
				laws = append(laws, string(c.Law))
			}
		}
		return laws
	}
	y, err := f.AddIncident(f.Context(), "br", review.IncidentEvent{Actor: officer.Actor(), IncidentChange: review.IncidentChange{Kind: &kind, Found: &told, Title: "x"}})
	f.must(err)
	z, err := f.AddIncident(f.Context(), "", review.IncidentEvent{Actor: officer.Actor(), IncidentChange: review.IncidentChange{Kind: &kind, Found: &told, Title: "y"}})
	f.must(err)
	if b := strings.Join(binding(y), " "); b != "anpd" {
		f.Errorf("in Brazil %s binds", b)
	}
	if b := strings.Join(binding(z), " "); b != "gdpr anpd" {
		f.Errorf("everywhere %s binds", b)
	}
	for name, tt := range map[string]struct {
		f    review.IncidentFilter
		want int
	}{
		"all": {review.IncidentFilter{}, 3}, "a site": {review.IncidentFilter{Site: "br"}, 1}, "a kind": {review.IncidentFilter{Kind: review.LogAltered}, 2},
		"a status": {review.IncidentFilter{Status: review.IncidentClosed}, 0}, "unknown": {review.IncidentFilter{Kind: "%"}, 0}, "odd": {review.IncidentFilter{Site: "\x00"}, 0},
	} {
		for _, limit := range []int{1, 2, 100} {
			seen := make(map[string]bool)
			filter := tt.f
			filter.Limit = limit
			for range 10 {
				page, next, err := f.Incidents(f.Context(), filter)
				f.must(err)
				for _, x := range page {
					seen[x.ID] = true
				}
				if filter.After = next; next == (consent.Place{}) {
					break
				}
			}
			if len(seen) != tt.want {
				f.Errorf("%s, %d at once: %d, want %d", name, limit, len(seen), tt.want)
			}
		}
	}
}
