package store

import (
	"errors"
	"slices"
	"testing"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// TestPassagesExistWhileGranted follows the rows of the index through a grant:
// none before, some at the first search, none after.
func TestPassagesExistWhileGranted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "o2", "orders", "A mat."), record(f.maya, "b1", "billing", "An invoice."), record(f.omar, "x1", "orders", "A lamp."))
	search := func(who identity.Principal, purpose consent.Purpose) int {
		t.Helper()
		p, err := f.Passages(t.Context(), f.scope(who, purpose))
		f.must(err)
		return len(p)
	}
	rows := func(step string, orders, billing int) {
		t.Helper()
		for category, want := range map[string]int{"orders": orders, "billing": billing} {
			if n := f.count("SELECT COUNT(*) FROM passages WHERE category = ?", category); n != want {
				t.Errorf("%s: %d passages of %s on disk, want %d", step, n, category, want)
			}
			if n := f.count("SELECT COUNT(*) FROM records WHERE category = ? AND indexed = 1", category); n != want {
				t.Errorf("%s: %d records of %s are marked as indexed, want %d", step, n, category, want)
			}
		}
	}
	if n := search(f.maya, consent.Answers); n != 0 {
		t.Errorf("without a grant %d passages were found", n)
	}
	rows("before", 0, 0)
	f.choose(f.maya, true, "orders")
	rows("granted, not yet used", 0, 0)
	if n := search(f.maya, consent.Answers); n != 2 {
		t.Errorf("with a grant %d passages", n)
	}
	rows("used", 2, 0)
	if n := search(f.omar, consent.Answers); n != 0 {
		t.Errorf("another customer found %d", n)
	}
	f.choose(f.maya, true, "billing")
	if n := search(f.maya, consent.Answers); n != 3 {
		t.Errorf("with two grants %d", n)
	}
	f.put(record(f.maya, "o1", "orders", "A tent, shipped."))
	rows("a record changed", 1, 1)
	if n := search(f.maya, consent.Answers); n != 3 {
		t.Errorf("after a change %d", n)
	}
	// The desk's grant keeps the category live when the assistant's ends; the
	// assistant does not find it.
	_, err := f.gate.Change(t.Context(), f.maya, consent.ChangeSet{Language: "en", Changes: []consent.Change{
		{Triple: triple(consent.AgentAssist, "orders", consent.HumanAgents), Granted: true},
	}})
	f.must(err)
	f.choose(f.maya, false, "orders", "billing")
	rows("one of two grants ended", 2, 0)
	if n := search(f.maya, consent.Answers); n != 0 {
		t.Errorf("after the withdrawal %d", n)
	}
	_, err = f.gate.Change(t.Context(), f.maya, consent.ChangeSet{Language: "en", Changes: []consent.Change{
		{Triple: triple(consent.AgentAssist, "orders", consent.HumanAgents), Granted: false},
	}})
	f.must(err)
	rows("after", 0, 0)
	if n := f.count("SELECT COUNT(*) FROM records WHERE customer = ?", f.maya.Customer); n != 3 {
		t.Errorf("stopping left %d records, want them all", n)
	}
	// Stop and delete.
	f.choose(f.maya, true, "orders")
	search(f.maya, consent.Answers)
	_, err = f.gate.Change(t.Context(), f.maya, consent.ChangeSet{Language: "en", Changes: []consent.Change{
		{Triple: triple(consent.Answers, "orders", consent.BrandAI), Delete: true},
	}})
	f.must(err)
	rows("deleted", 0, 0)
	if n := f.count("SELECT COUNT(*) FROM records WHERE customer = ? AND category = 'orders'", f.maya.Customer); n != 0 {
		t.Errorf("stop and delete left %d orders", n)
	}
	if n := f.count("SELECT COUNT(*) FROM records"); n != 2 {
		t.Errorf("%d records are left, want the invoice and the other customer's", n)
	}
}

// TestWithdrawnBetweenScopeAndIndexing: a scope of before indexes nothing after.
func TestWithdrawnBetweenScopeAndIndexing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.choose(f.maya, true, "orders")
	scope := f.scope(f.maya, consent.Answers)
	f.choose(f.maya, false, "orders")
	if p, err := f.Passages(t.Context(), scope); !errors.Is(err, consent.ErrStale) || len(p) > 0 {
		t.Errorf("%d passages, %v", len(p), err)
	}
	if n := f.count("SELECT COUNT(*) FROM passages"); n != 0 {
		t.Errorf("%d passages on disk", n)
	}
}

// TestChangedWhileIndexed: a record that is replaced after it was read for
// indexing, and before it is indexed, is indexed as it is now.
func TestChangedWhileIndexed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(record(f.maya, "o1", "orders", "An old and long text about a zanzibar tent."))
	f.choose(f.maya, true, "orders")
	scope := f.scope(f.maya, consent.Answers)
	busy, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 3)
	go func() {
		done <- f.Write(t.Context(), func(*Tx) error { close(busy); <-release; return nil })
	}()
	<-busy
	// The writer is held: the change waits for it, then the indexing, which has
	// read the record as it was.
	go func() { done <- f.PutRecord(t.Context(), record(f.maya, "o1", "orders", "New.")) }()
	time.Sleep(50 * time.Millisecond)
	go func() {
		_, err := f.Passages(t.Context(), scope)
		done <- err
	}()
	time.Sleep(50 * time.Millisecond)
	close(release)
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	passages, err := f.Passages(t.Context(), scope)
	f.must(err)
	r, err := f.Record(t.Context(), shop, "o1")
	f.must(err)
	if len(passages) != 1 || passages[0].End > len(r.Text) || passages[0].Terms["zanzibar"] > 0 {
		t.Errorf("the index has %+v, the text is %q", passages, r.Text)
	}
}

// TestRecordsAreSealed: no word of a record is on disk in plain, in the
// database, its log or the keys, at any moment.
func TestRecordsAreSealed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := record(f.maya, "o1", "orders", "A zanzibar tent.")
	r.Title, r.Fields, r.Source.Ref = "zanzibar title", map[string]string{"zanzibar": "zanzibar"}, "zanzibar-ref"
	sealed := func(step string) {
		t.Helper()
		for _, text := range []string{"zanzibar", "maya"} {
			if files := f.onDisk(text); len(files) > 0 {
				t.Errorf("%s: %q is in %v", step, text, files)
			}
		}
	}
	f.put(r)
	sealed("stored")
	f.choose(f.maya, true, "orders")
	if p, err := f.Passages(t.Context(), f.scope(f.maya, consent.Answers)); err != nil || len(p) == 0 || p[0].Terms["zanzibar"] == 0 {
		t.Fatalf("it is not indexed, so the case shows nothing: %+v, %v", p, err)
	}
	sealed("indexed")
	f.choose(f.maya, false, "orders")
	sealed("withdrawn")
	f.must(f.Close())
	sealed("closed")
}

// TestTexts: what the scope does not permit is left out, whoever knows its id.
func TestTexts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.must(f.AddSite(t.Context(), identity.Site{ID: "other", Name: "Other", Secret: []byte("s")}, "key2"))
	f.must(f.PutKnowledge(t.Context(), shop, []retrieval.Record{
		{ID: "public", Text: "Returns take 30 days.", Visibility: retrieval.PublicKnowledge, Category: consent.Knowledge},
		{ID: "internal", Text: "Fraud rules.", Visibility: retrieval.InternalKnowledge, Category: consent.Knowledge},
		{ID: "removed", Text: "Old.", Visibility: retrieval.PublicKnowledge, Category: consent.Knowledge},
	}))
	f.must(f.PutKnowledge(t.Context(), "other", []retrieval.Record{{ID: "elsewhere", Text: "Other.", Visibility: retrieval.PublicKnowledge}}))
	f.must(f.RemoveRecord(t.Context(), shop, "removed"))
	expired := record(f.maya, "o-expired", "orders", "Gone.")
	expired.Expires = time.Now().Add(-time.Second)
	f.put(record(f.maya, "o1", "orders", "Maya's tent."), record(f.maya, "b1", "billing", "Maya's invoice."), record(f.omar, "x1", "orders", "Omar's lamp."), expired)
	f.choose(f.maya, true, "orders")
	f.choose(f.omar, true, "orders")
	_, err := f.gate.Change(t.Context(), f.maya, consent.ChangeSet{Language: "en", Changes: []consent.Change{
		{Triple: triple(consent.AgentAssist, "billing", consent.HumanAgents), Granted: true},
		{Triple: triple(consent.Answers, "profile", "ai_provider:openai"), Granted: true}, // goes out, is not searched
	}})
	f.must(err)
	f.put(record(f.maya, "p1", "profile", "Maya's address."))
	ids := []string{"public", "internal", "removed", "elsewhere", "o1", "b1", "p1", "x1", "o-expired", "unknown", "", "%"}
	staff := identity.Principal{Kind: identity.Staff, Site: shop, Staff: "stf_1"}
	visitor, err := f.AddVisitor(t.Context(), shop)
	f.must(err)
	elsewhere := f.maya
	elsewhere.Site = "other"
	for name, tt := range map[string]struct {
		scope consent.Scope
		want  []string
	}{
		"the zero scope":                   {consent.Scope{}, nil},
		"the customer":                     {f.scope(f.maya, consent.Answers), []string{"o1", "public"}},
		"the customer, for the desk":       {f.scope(f.maya, consent.AgentAssist), []string{"b1", "public"}},
		"the customer, for nothing":        {f.scope(f.maya, ""), []string{"public"}},
		"another customer":                 {f.scope(f.omar, consent.Answers), []string{"public", "x1"}},
		"a visitor":                        {f.scope(identity.Principal{Kind: identity.Visitor, Site: shop, Customer: visitor}, consent.Answers), []string{"public"}},
		"staff":                            {f.scope(staff, consent.AgentAssist), []string{"internal", "public"}},
		"staff about the customer":         {f.scope(staff.About(f.maya.Customer, "cnv"), consent.AgentAssist), []string{"b1", "internal", "public"}},
		"staff about them, for answers":    {f.scope(staff.About(f.maya.Customer, "cnv"), consent.Answers), []string{"internal", "public"}},
		"the customer, at another site":    {f.scope(elsewhere, consent.Answers), []string{"elsewhere"}},
		"nobody with the customer's id":    {f.scope(identity.Principal{Site: shop, Customer: f.maya.Customer}, consent.Answers), []string{"public"}},
		"the backend with the customer id": {f.scope(identity.Principal{Kind: identity.Backend, Site: shop, Customer: f.maya.Customer}, consent.Answers), []string{"public"}},
	} {
		records, err := f.Texts(t.Context(), tt.scope, ids)
		f.must(err)
		var got []string
		for _, r := range records {
			got = append(got, r.ID)
			if r.Text == "" {
				t.Errorf("%s: %s has no text", name, r.ID)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s reads %v, want %v", name, got, tt.want)
		}
		own, err := f.Permitted(t.Context(), tt.scope, 10)
		f.must(err)
		for _, r := range own {
			if !slices.Contains(tt.want, r.ID) {
				t.Errorf("%s is permitted %s", name, r.ID)
			}
		}
	}
	if r, err := f.Texts(t.Context(), f.scope(f.maya, consent.Answers), nil); err != nil || len(r) != 0 {
		t.Errorf("no ids select %d records, %v: empty must never mean all", len(r), err)
	}
	if r, err := f.Permitted(t.Context(), f.scope(f.maya, consent.Answers), 0); err != nil || len(r) != 0 {
		t.Errorf("a limit of 0 gives %d", len(r))
	}
	for _, id := range []string{"o1", "public"} {
		if _, err := f.Record(t.Context(), "other", id); !errors.Is(err, retrieval.ErrNotFound) {
			t.Errorf("another site's backend reads %s: %v", id, err)
		}
		if err := f.RemoveRecord(t.Context(), "other", id); !errors.Is(err, retrieval.ErrNotFound) {
			t.Errorf("another site's backend removes %s: %v", id, err)
		}
	}
}

// TestKnowledgeSince tells an index what is new, and no more.
func TestKnowledgeSince(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	article := func(id, text string) retrieval.Record {
		return retrieval.Record{ID: id, Text: text, Visibility: retrieval.PublicKnowledge, Category: consent.Knowledge}
	}
	since := func(v int64) (changed, removed []string, version int64) {
		f.must(f.Knowledge(t.Context(), shop, v, func(r retrieval.Record) error {
			changed = append(changed, r.ID+"="+r.Text)
			return nil
		}, func(id string) error { removed = append(removed, id); return nil }))
		version, err := f.KnowledgeVersion(t.Context(), shop)
		f.must(err)
		return changed, removed, version
	}
	expect := func(step string, v int64, changed, removed []string) int64 {
		t.Helper()
		c, r, version := since(v)
		if !slices.Equal(c, changed) || !slices.Equal(r, removed) {
			t.Errorf("%s: changed %v, removed %v; want %v, %v", step, c, r, changed, removed)
		}
		return version
	}
	v := expect("nothing", 0, nil, nil)
	f.must(f.PutKnowledge(t.Context(), shop, []retrieval.Record{article("a", "1"), article("b", "1")}))
	v = expect("two", v, []string{"a=1", "b=1"}, nil)
	expect("nothing new", v, nil, nil)
	f.must(f.PutKnowledge(t.Context(), shop, []retrieval.Record{article("a", "2")}))
	f.must(f.RemoveRecord(t.Context(), shop, "b"))
	v = expect("one each", v, []string{"a=2"}, []string{"b"})
	if err := f.RemoveRecord(t.Context(), shop, "b"); !errors.Is(err, retrieval.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	f.must(f.PutKnowledge(t.Context(), shop, []retrieval.Record{article("b", "3")}))
	expect("it comes back", v, []string{"b=3"}, nil)
	bad := article("c", "x")
	bad.Visibility = "everybody"
	if err := f.PutKnowledge(t.Context(), shop, []retrieval.Record{article("d", "x"), bad}); err == nil {
		t.Error("an unknown visibility was stored")
	}
	if n := f.count("SELECT COUNT(*) FROM knowledge WHERE id IN ('c', 'd')"); n != 0 {
		t.Error("half of a batch was stored")
	}
}
