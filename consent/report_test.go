package consent_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// evidence is complete, and of now.
func evidence(w *world) consent.Evidence {
	now, err := w.store.Now(w.Context())
	w.must(err)
	return consent.Evidence{
		Notice: w.gate.Policy().Notice.Ref("es"), Language: "es", At: now,
		Channel: "checkout", Page: "https://shop.example/pay?name=Maya#step-2",
	}
}

func changes(set consent.ChangeSet) []consent.Change {
	for i := range set.Changes {
		set.Changes[i].Duration = ""
	}
	return set.Changes
}

func TestReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	site := w.who("backend", "")
	got, err := w.gate.Report(t.Context(), site, changes(yes(orders)), evidence(w))
	w.must(err)
	if len(got.Events) != 1 {
		t.Fatalf("%+v", got.Events)
	}
	e := got.Events[0]
	if e.State != consent.Given || e.Channel != "checkout" || e.Language != "es" || e.Actor != "site:shop" || e.Notice != w.gate.Policy().Notice.Ref("es") {
		t.Errorf("%+v", e)
	}
	if !strings.Contains(e.Evidence, `"page":"https://shop.example/pay"`) || strings.Contains(e.Evidence, "Maya") || strings.Contains(e.Evidence, "step-2") {
		t.Errorf("the evidence is %s", e.Evidence)
	}
	if s := w.state(w.who("maya", "cnv_1"), orders); s != consent.Given {
		t.Errorf("orders are %s", s)
	}
	// Said again it changes nothing.
	if got, err = w.gate.Report(t.Context(), site, changes(yes(orders)), evidence(w)); err != nil || len(got.Events) != 0 {
		t.Errorf("again: %+v, %v", got.Events, err)
	}
	// Without evidence a withdrawal is the site's own.
	got, err = w.gate.Report(t.Context(), site, changes(no(orders)), consent.Evidence{})
	if err != nil || len(got.Events) != 1 || got.Events[0].State != consent.Revoked {
		t.Errorf("%+v, %v", got.Events, err)
	}
	w.must(errOf(w.gate.Report(t.Context(), site, changes(yes(orders)), evidence(w))))
	got, err = w.gate.Report(t.Context(), site, changes(no(orders)), evidence(w))
	if err != nil || len(got.Events) != 1 || got.Events[0].State != consent.Withdrawn {
		t.Errorf("with evidence: %+v, %v", got.Events, err)
	}
	// What was never given has nothing to end.
	if got, err = w.gate.Report(t.Context(), site, changes(no(billing)), consent.Evidence{}); err != nil || len(got.Events) != 0 {
		t.Errorf("never given: %+v, %v", got.Events, err)
	}
}

func errOf(_ consent.Changed, err error) error { return err }

func TestReportRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	maya := w.who("maya", "cnv_1")
	site := w.who("backend", "")
	browser := site
	browser.Kind = identity.Browser
	with := func(change func(*consent.Evidence)) consent.Evidence {
		e := evidence(w)
		change(&e)
		return e
	}
	for _, tt := range []struct {
		name string
		who  identity.Principal
		set  []consent.Change
		e    consent.Evidence
		want error
	}{
		{"no evidence", site, changes(yes(orders)), consent.Evidence{}, consent.ErrEvidence},
		{"no notice", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Notice = consent.NoticeRef{} }), consent.ErrEvidence},
		{"a notice without its hash", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Notice.SHA256 = "" }), consent.ErrEvidence},
		{"a notice of another hash", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Notice.SHA256 = strings.Repeat("0", 64) }), consent.ErrStaleNotice},
		{"an older notice", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Notice.Version = "0" }), consent.ErrStaleNotice},
		{"the notice in another language", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Language = "en" }), consent.ErrStaleNotice},
		{"a language without a notice", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Language = "fr" }), consent.ErrEvidence},
		{"no time", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.At = time.Time{} }), consent.ErrEvidence},
		{"in the future", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.At = e.At.Add(2 * time.Hour) }), consent.ErrEvidence},
		{"no channel", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Channel = "" }), consent.ErrEvidence},
		{"a channel that is a sentence", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Channel = "Maya told us" }), consent.ErrEvidence},
		{"no page", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Page = "" }), consent.ErrEvidence},
		{"a page that is none", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Page = "javascript:alert(1)" }), consent.ErrEvidence},
		{"an endless page", site, changes(yes(orders)), with(func(e *consent.Evidence) { e.Page += strings.Repeat("x", 600) }), consent.ErrEvidence},
		{"nothing", site, nil, evidence(w), consent.ErrInvalidChange},
		{"no such use", site, changes(yes("insights/location/human_agents")), evidence(w), consent.ErrUnknownTriple},
		{"twice", site, changes(yes(orders, orders)), evidence(w), consent.ErrInvalidChange},
		{"all or nothing", site, changes(yes(orders, "insights/location/human_agents")), evidence(w), consent.ErrUnknownTriple},
		{"a browser key that widens", browser, changes(yes(orders)), evidence(w), consent.ErrForbidden},
		{"a browser key that deletes", browser, changes(withDelete(no(orders))), consent.Evidence{}, consent.ErrForbidden},
		{"the customer, by the site's way", maya, changes(yes(orders)), evidence(w), consent.ErrForbidden},
		{"an agent", w.who("agent", "cnv_1"), changes(yes(orders)), evidence(w), consent.ErrForbidden},
		{"nobody", w.who("nobody", ""), changes(no(orders)), evidence(w), consent.ErrForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := w.epoch("maya")
			if _, err := w.gate.Report(t.Context(), tt.who, tt.set, tt.e); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if w.epoch("maya") != before {
				t.Error("the epoch has moved")
			}
		})
	}
	// The key of the pages may narrow.
	w.change(maya, yes(orders))
	got, err := w.gate.Report(t.Context(), browser, changes(no(orders)), consent.Evidence{})
	if err != nil || len(got.Events) != 1 || got.Events[0].State != consent.Revoked || w.state(maya, orders) != consent.Revoked {
		t.Errorf("%+v, %v", got.Events, err)
	}
}

// TestReportOfLongAgo: what a site reports late, or again, undoes no later no.
func TestReportOfLongAgo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	maya, site := w.who("maya", "cnv_1"), w.who("backend", "")
	before := evidence(w)
	w.must(errOf(w.gate.Report(t.Context(), site, changes(yes(orders)), before)))
	for name, no := range map[string]func(){
		"a withdrawal":      func() { w.change(maya, no(orders)) },
		"a refusal":         func() { w.change(maya, no(billing)) },
		"not now":           func() { w.change(maya, notNow("answers/profile/brand_ai")) },
		"the site's own no": func() { w.must(errOf(w.gate.Report(t.Context(), site, changes(no(orders)), consent.Evidence{}))) },
	} {
		asked := map[string]string{"a refusal": billing, "not now": "answers/profile/brand_ai"}[name]
		if asked == "" {
			asked = orders
		}
		no()
		if _, err := w.gate.Report(t.Context(), site, changes(yes(asked)), before); !errors.Is(err, consent.ErrSince) {
			t.Errorf("%s: %v", name, err)
		}
		w.must(errOf(w.gate.Report(t.Context(), site, changes(yes(asked)), evidence(w))))
		if s := w.state(maya, asked); s != consent.Given {
			t.Errorf("%s, and a yes after it: %s", name, s)
		}
	}
	// Nobody has said no to this.
	w.must(errOf(w.gate.Report(t.Context(), site, changes(yes("answers/location/brand_ai")), before)))
}

// TestReportedStop: what a site ends without evidence was chosen on the notice that
// the customer read, and what it deletes may never have been given.
func TestReportedStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	site, read := w.who("backend", ""), evidence(w)
	w.must(errOf(w.gate.Report(t.Context(), site, changes(yes(orders)), read)))
	browser := site
	browser.Kind = identity.Browser
	forged := evidence(w)
	forged.Guardian = true
	got, err := w.gate.Report(t.Context(), browser, changes(no(orders)), forged)
	w.must(err)
	if e := got.Events[0]; e.State != consent.Revoked || e.ActorKind() != "browser" || e.Evidence != "" || e.Notice != read.Notice || e.Language != "es" {
		t.Errorf("%+v", e)
	}
	w.must(w.store.PutRecord(t.Context(), retrieval.Record{ID: "r1", Site: shop, Customer: w.ids["maya"], Category: "billing", Text: "Paid."}))
	got, err = w.gate.Report(t.Context(), site, changes(withDelete(no(billing))), consent.Evidence{})
	if err != nil || len(got.Events) != 1 || !got.Events[0].Delete {
		t.Errorf("%+v, %v", got.Events, err)
	}
	if err := w.store.RemoveOwn(t.Context(), w.ids["maya"], "r1"); !errors.Is(err, retrieval.ErrNotFound) {
		t.Errorf("the record is still there: %v", err)
	}
}

// TestBrowserKeyLearnsNothing: what is wrong is wrong whoever it is about.
func TestBrowserKeyLearnsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	known := w.who("backend", "")
	known.Kind = identity.Browser
	unknown := known
	unknown.Customer = ""
	for _, set := range [][]consent.Change{nil, changes(no("insights/location/human_agents")), changes(no(orders, orders)), {{Duration: "always"}}} {
		_, a := w.gate.Report(t.Context(), known, set, consent.Evidence{})
		_, b := w.gate.Report(t.Context(), unknown, set, consent.Evidence{})
		if a == nil || b == nil || a.Error() != b.Error() {
			t.Errorf("%v: %v, %v", set, a, b)
		}
	}
}

// TestDecideByAge says the rules for minors a second time, as a table.
func TestDecideByAge(t *testing.T) {
	t.Parallel()
	general, children := consent.DefaultPolicy(), edit(t, "children", "audience: general", "audience: children")
	for _, p := range []*consent.Policy{general, children} {
		for _, law := range []string{"", "default", "eu-gdpr", "br-lgpd", "unknown"} {
			for _, band := range []consent.AgeBand{"", consent.Child, consent.Teen, consent.Adult, "ancient"} {
				for _, guardian := range []bool{false, true} {
					for _, x := range []string{orders, "insights/orders/brand_ai", "agent_assist/orders/human_agents"} {
						e := consent.Event{
							ID: "g", Triple: triple(x), State: consent.Given, Notice: p.Notice.Ref("en"), Language: "en", Version: p.Version, Actor: "customer:cus_1",
						}
						if guardian {
							e.Actor = "guardian:site:shop"
						}
						s := consent.Snapshot{Now: noon, Person: consent.Person{AgeBand: band, Jurisdiction: law}, Latest: map[consent.Key]consent.Event{e.Key(): e}}
						adult := band == consent.Adult || p == general && band == ""
						want := adult || !strings.HasPrefix(x, "insights") && (guardian || band == consent.Teen && law == "br-lgpd")
						d := consent.Decide(p, s, triple(x), consent.Overlay{})
						if d.Allowed != want || !want && d.Reason != consent.Minor {
							t.Errorf("%s audience, %s, %s, %s, guardian %t: %+v, want allowed %t", p.Audience, law, band, x, guardian, d, want)
						}
					}
				}
			}
		}
	}
}

// TestMinors: who is too young is not asked, and cannot agree; a guardian can, and
// growing up is not agreeing.
func TestMinors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	maya := w.who("maya", "cnv_1")
	w.change(maya, yes(orders))
	before := w.epoch("maya")
	w.must(w.gate.Identify(t.Context(), maya.Customer, consent.Person{AgeBand: consent.Teen}))
	if w.epoch("maya") == before {
		t.Error("an answer of before could still be released: the epoch has not moved")
	}
	if live, _, err := w.gate.Indexable(t.Context(), maya.Customer); err != nil || len(live) > 0 {
		t.Errorf("indexable: %v, %v", live, err)
	}
	s, err := w.gate.Scope(t.Context(), maya, consent.Answers)
	w.must(err)
	if s.Stamp().Personal || s.Denials()[0].Reason != consent.Minor {
		t.Errorf("%v", s.Denials())
	}
	if o, err := w.gate.Offer(t.Context(), maya, consent.BrandAI, []consent.Category{"orders", "billing"}, "en", "Shop"); err != nil || o != nil {
		t.Errorf("a minor is asked: %+v, %v", o, err)
	}
	if _, err := w.gate.Change(t.Context(), maya, yes(billing)); !errors.Is(err, consent.ErrMinor) {
		t.Errorf("a minor agrees: %v", err)
	}
	w.change(maya, no(orders)) // to stop needs nobody

	site := w.who("backend", "")
	if _, err := w.gate.Report(t.Context(), site, changes(yes(orders)), evidence(w)); !errors.Is(err, consent.ErrMinor) {
		t.Errorf("the site says that the minor agreed: %v", err)
	}
	e := evidence(w)
	e.Guardian = true
	got, err := w.gate.Report(t.Context(), site, changes(yes(orders)), e)
	if err != nil || len(got.Events) != 1 || got.Events[0].ActorKind() != consent.Guardian {
		t.Errorf("%+v, %v", got.Events, err)
	}
	if s, err := w.gate.Scope(t.Context(), maya, consent.Answers); err != nil || len(s.Searchable()) != 1 {
		t.Errorf("with the guardian's consent: %v, %v", s.Denials(), err)
	}
	if _, err := w.gate.Report(t.Context(), site, changes(yes("insights/orders/brand_ai")), e); !errors.Is(err, consent.ErrMinor) {
		t.Errorf("guesses about a minor: %v", err)
	}
	// What the site does not say stays as it is known.
	before = w.epoch("maya")
	w.must(w.gate.Identify(t.Context(), maya.Customer, consent.Person{}))
	w.must(w.gate.Identify(t.Context(), maya.Customer, consent.Person{AgeBand: consent.Teen}))
	if w.epoch("maya") != before {
		t.Error("nothing new moves the epoch")
	}
	w.must(w.gate.Identify(t.Context(), maya.Customer, consent.Person{Jurisdiction: "br-lgpd"}))
	snap, err := w.store.Snapshot(t.Context(), maya.Customer)
	w.must(err)
	if snap.Person != (consent.Person{AgeBand: consent.Teen, Jurisdiction: "br-lgpd"}) {
		t.Errorf("%+v", snap.Person)
	}
	if c := w.change(maya, yes(billing)); len(c.Events) != 1 || c.Events[0].Jurisdiction != "br-lgpd" {
		t.Errorf("%+v", c.Events)
	}
}
