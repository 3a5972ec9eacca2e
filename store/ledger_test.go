package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/identity"
)

// TestAppendOnly: the ledger and the citation log cannot be rewritten, not even
// with another tool.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.choose(f.maya, true, "orders")
	f.must(f.Citations().Append(t.Context(), citation.Entry{ID: "ent_1", Kind: citation.Opened, AnswerID: "ans_1", Customer: f.maya.Customer, Body: []byte("{}")}))
	before := f.contents()
	for _, query := range []string{
		"UPDATE ledger SET state = 'given'", "UPDATE ledger SET at = 0 WHERE 1", "DELETE FROM ledger",
		"UPDATE citation_entries SET status = 'x'", "DELETE FROM citation_entries",
	} {
		if _, err := f.raw("candor.db").ExecContext(t.Context(), query); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", query, err)
		}
	}
	if after := f.contents(); after["ledger"] != before["ledger"] || after["citation_entries"] != before["citation_entries"] {
		t.Error("rows changed")
	}
}

func TestSnapshotIsTheLatest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	s, err := f.Snapshot(t.Context(), f.maya.Customer)
	if err != nil || s.Epoch != 0 || len(s.Latest) != 0 || s.Latest == nil || s.Now.IsZero() {
		t.Errorf("at first: %+v, %v", s, err)
	}
	orders := consent.Key{Triple: triple(consent.Answers, "orders", consent.BrandAI)}
	for i, granted := range []bool{true, false, true} {
		f.choose(f.maya, granted, "orders")
		s, err := f.Snapshot(t.Context(), f.maya.Customer)
		f.must(err)
		want := consent.Given
		if !granted {
			want = consent.Withdrawn
		}
		if s.Epoch != int64(i+1) || s.Latest[orders].State != want || s.Latest[orders].Epoch != s.Epoch || len(s.Latest) != 1 {
			t.Errorf("after %d changes: %+v", i+1, s)
		}
	}
	f.choose(f.maya, true, "billing", "profile")
	s, err = f.Snapshot(t.Context(), f.maya.Customer)
	f.must(err)
	if s.Epoch != 4 || len(s.Latest) != 3 || s.Latest[orders].Epoch != 3 {
		t.Errorf("%+v", s)
	}
	if o, err := f.Snapshot(t.Context(), f.omar.Customer); err != nil || o.Epoch != 0 || len(o.Latest) != 0 {
		t.Errorf("another customer: %+v, %v", o, err)
	}
	if _, err := f.Snapshot(t.Context(), "cus_unknown"); !errors.Is(err, consent.ErrUnknownCustomer) {
		t.Errorf("nobody: %v", err)
	}
	history, err := f.History(t.Context(), f.maya.Customer)
	if err != nil || len(history) != 5 {
		t.Errorf("%d events, %v", len(history), err)
	}
}

func TestAppendStoresAllOrNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	conv := f.talk(f.maya)
	f.put(record(f.maya, "r1", "orders", "one"))
	before := f.contents()
	event := func(id string) consent.Event {
		return consent.Event{ID: id, Triple: triple(consent.Answers, "orders", consent.BrandAI), State: consent.Given}
	}
	failed := errors.New("no")
	for name, decide := range map[string]func(consent.Snapshot) (consent.Entry, error){
		"an error": func(consent.Snapshot) (consent.Entry, error) {
			return consent.Entry{Events: []consent.Event{event("a")}}, failed
		},
		"a panic": func(consent.Snapshot) (consent.Entry, error) { panic("no") },
		"nothing": func(consent.Snapshot) (consent.Entry, error) { return consent.Entry{}, nil },
		"one triple twice": func(consent.Snapshot) (consent.Entry, error) {
			return consent.Entry{Events: []consent.Event{event("a"), event("b")}}, nil
		},
		"an id that is used up": func(consent.Snapshot) (consent.Entry, error) {
			x := event("a")
			y := x
			y.Category = "billing"
			return consent.Entry{Events: []consent.Event{x, y}}, nil
		},
	} {
		snap, err := f.Append(t.Context(), f.maya.Customer, decide)
		if (err == nil) != (name == "nothing") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "nothing" && snap.Epoch != 0 {
			t.Errorf("%s: epoch %d", name, snap.Epoch)
		}
		for table, rows := range f.contents() {
			if rows != before[table] {
				t.Errorf("%s changed %s", name, table)
			}
		}
	}
	if _, err := f.Append(t.Context(), "cus_unknown", func(consent.Snapshot) (consent.Entry, error) {
		return consent.Entry{Events: []consent.Event{event("z")}}, nil
	}); !errors.Is(err, consent.ErrUnknownCustomer) {
		t.Errorf("an unknown customer: %v", err)
	}
	// The customer's conversations are told, and other replicas without a name.
	f.choose(f.maya, true, "orders")
	events, err := f.Events(t.Context(), conv, 1, 10)
	if err != nil || len(events) != 1 || string(events[0].Data) != `{"epoch":1}` {
		t.Errorf("%+v, %v", events, err)
	}
	out, err := f.Outbox(t.Context(), 10)
	f.must(err)
	last := out[len(out)-1]
	if !strings.HasPrefix(last.Subject, "candor.consent.") || strings.Contains(last.Subject+string(last.Payload), string(f.maya.Customer)) {
		t.Errorf("the message about a consent is %s %s", last.Subject, last.Payload)
	}
}

// TestAppendRaces: each decision is made on the one before it.
func TestAppendRaces(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const n = 40
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			_, err := f.Append(t.Context(), f.maya.Customer, func(s consent.Snapshot) (consent.Entry, error) {
				x := triple(consent.Answers, "orders", consent.BrandAI)
				if want := fmt.Sprint(s.Epoch); s.Epoch > 0 && s.Latest[consent.Key{Triple: x}].Evidence != want {
					return consent.Entry{}, fmt.Errorf("at epoch %d the latest is of %s", s.Epoch, s.Latest[consent.Key{Triple: x}].Evidence)
				}
				return consent.Entry{Events: []consent.Event{{ID: fmt.Sprint(i), Triple: x, State: consent.Given, Evidence: fmt.Sprint(s.Epoch + 1)}}}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if s, err := f.Snapshot(t.Context(), f.maya.Customer); err != nil || s.Epoch != n {
		t.Errorf("epoch %d, %v", s.Epoch, err)
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	past := time.Now().Add(-time.Minute)
	give := func(who identity.Principal, id string, state consent.State, expires time.Time) {
		_, err := f.Append(t.Context(), who.Customer, func(consent.Snapshot) (consent.Entry, error) {
			return consent.Entry{Events: []consent.Event{{ID: id, Triple: triple(consent.Answers, "orders", consent.BrandAI), State: state, Expires: expires}}}, nil
		})
		f.must(err)
	}
	due := func() int {
		out, err := f.Due(t.Context(), 10)
		f.must(err)
		return len(out)
	}
	give(f.maya, "1", consent.Given, past.Add(time.Hour))
	give(f.omar, "2", consent.Deferred, past)
	if n := due(); n != 0 {
		t.Errorf("%d are due that have not run out, or are no grants", n)
	}
	give(f.maya, "3", consent.Renewed, past)
	if n := due(); n != 1 {
		t.Errorf("%d due, want 1", n)
	}
	give(f.maya, "4", consent.Given, time.Time{})
	if n := due(); n != 0 {
		t.Error("one that was given again is due")
	}
}

func TestInstallPolicy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	load := func(version, extra string) *consent.Policy {
		text := strings.ReplaceAll(policyYAML(t), `version: "`+f.policy.Version+`"`, `version: "`+version+`"`) + extra
		p, err := consent.LoadPolicy(strings.NewReader(text))
		f.must(err)
		return p
	}
	f.must(f.InstallPolicy(t.Context(), f.policy)) // again
	if err := f.InstallPolicy(t.Context(), load(f.policy.Version, "# changed\n")); err == nil || !strings.Contains(err.Error(), "new version") {
		t.Errorf("another text under the same version: %v", err)
	}
	f.must(f.InstallPolicy(t.Context(), load("next", "# changed\n")))
	if n := f.count("SELECT COUNT(*) FROM policy WHERE version = 'next'"); n != 1 {
		t.Error("the new version is not in force")
	}
}

func TestCitations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	log := f.Citations()
	entry := func(id, answer string, who identity.Principal, kind citation.Kind, question string) citation.Entry {
		return citation.Entry{
			ID: id, Kind: kind, AnswerID: answer, Attempt: 1, Site: shop, Customer: who.Customer, Purpose: consent.Answers, Recipient: consent.BrandAI,
			Status: "answered", Records: []citation.Use{{RecordID: "r-" + answer, Category: "orders", Recipient: consent.BrandAI, GrantID: "grt_1"}},
			NotSearched: []citation.NotSearched{{Category: "billing", Reason: consent.NoConsent, Relevant: true}},
			Body:        []byte(`{"question":"` + question + `"}`), Words: citation.Words(question),
		}
	}
	f.must(log.Append(t.Context(), entry("e1", "a1", f.maya, citation.Opened, "Where is my parcel?")))
	f.must(log.Append(t.Context(), entry("e2", "a1", f.maya, citation.Closed, "Where is my parcel?")))
	f.must(log.Append(t.Context(), entry("e3", "a2", f.omar, citation.Closed, "Refund my tent")))
	// The end of an answer may be recorded again; what was recorded first stays.
	f.must(log.Append(t.Context(), entry("e3", "a3", f.omar, citation.Closed, "Something else")))
	if err := log.Append(t.Context(), citation.Entry{ID: "e4", Customer: "cus_unknown"}); !errors.Is(err, citation.ErrUnavailable) {
		t.Errorf("a customer without a key: %v", err)
	}
	for name, tt := range map[string]struct {
		filter citation.Filter
		want   string
	}{
		"all":                          {citation.Filter{}, "a2 a1"},
		"a customer":                   {citation.Filter{Customer: f.maya.Customer}, "a1"},
		"a customer who is not there":  {citation.Filter{Customer: "cus_unknown"}, ""},
		"a record":                     {citation.Filter{Record: "r-a2"}, "a2"},
		"a record that is not there":   {citation.Filter{Record: "r"}, ""},
		"a category":                   {citation.Filter{Category: "orders"}, "a2 a1"},
		"one that went nowhere":        {citation.Filter{Category: "billing"}, ""},
		"a recipient":                  {citation.Filter{Recipient: "ai_provider:openai"}, ""},
		"not searched":                 {citation.Filter{NotSearched: consent.NoConsent}, "a2 a1"},
		"not searched for another":     {citation.Filter{NotSearched: consent.GPC}, ""},
		"the latest entry is not this": {citation.Filter{Kind: citation.Opened}, ""},
		"a word":                       {citation.Filter{Query: "PARCEL"}, "a1"},
		"two words, of two answers":    {citation.Filter{Query: "parcel tent"}, ""},
		"a part of a word":             {citation.Filter{Query: "parc"}, ""},
		"punctuation":                  {citation.Filter{Query: "?!"}, ""},
		"a wildcard":                   {citation.Filter{Query: "%", Record: "%"}, ""},
		"before everything":            {citation.Filter{To: time.Unix(1, 0)}, ""},
		"after everything":             {citation.Filter{From: time.Now().Add(time.Hour)}, ""},
	} {
		page, next, err := log.List(t.Context(), tt.filter)
		var got []string
		for _, s := range page {
			got = append(got, s.AnswerID)
		}
		if err != nil || strings.Join(got, " ") != tt.want || next != 0 {
			t.Errorf("%s: %v, %d, %v; want %s", name, got, next, err, tt.want)
		}
	}
	page, next, err := log.List(t.Context(), citation.Filter{Limit: 1})
	if err != nil || len(page) != 1 || next == 0 || page[0].Question != "Refund my tent" {
		t.Fatalf("%+v, %d, %v", page, next, err)
	}
	page, next, err = log.List(t.Context(), citation.Filter{Limit: 1, Before: next})
	if err != nil || len(page) != 1 || page[0].AnswerID != "a1" || next != 0 {
		t.Errorf("the second page: %+v, %d, %v", page, next, err)
	}
	entries, err := log.ByAnswer(t.Context(), "a1")
	if err != nil || len(entries) != 2 || entries[0].ID != "e1" || entries[1].ID != "e2" || len(entries[0].Records) != 1 || len(entries[0].NotSearched) != 1 {
		t.Errorf("%+v, %v", entries, err)
	}
	for _, word := range []string{"parcel", "refund"} {
		if files := f.onDisk(word); len(files) > 0 {
			t.Errorf("the word %q of a question is in %v", word, files)
		}
	}
	if err := log.Append(cancelled(t), entry("e9", "a9", f.maya, citation.Opened, "x")); !errors.Is(err, citation.ErrUnavailable) {
		t.Errorf("cancelled: %v", err)
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
