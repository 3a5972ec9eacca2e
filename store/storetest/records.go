package storetest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// found returns how many passages a search of the customer's own records has.
func (f *fixture) found(who identity.Principal, purpose consent.Purpose) int {
	f.Helper()
	p, err := f.Passages(f.Context(), f.scope(who, purpose))
	f.must(err)
	return len(p)
}

// passagesWhileGranted follows the rows of the index through a grant: none
// before, some at the first search, none after.
func passagesWhileGranted(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "o2", "orders", "A mat."), record(f.maya, "b1", "billing", "An invoice."), record(f.omar, "x1", "orders", "A lamp."))
	rows := func(step string, orders, billing int) {
		f.Helper()
		for category, want := range map[string]int{"orders": orders, "billing": billing} {
			if n := f.count("SELECT COUNT(*) FROM passages WHERE category = $1", category); n != want {
				f.Errorf("%s: %d passages of %s are stored, want %d", step, n, category, want)
			}
			if n := f.count("SELECT COUNT(*) FROM records WHERE category = $1 AND indexed", category); n != want {
				f.Errorf("%s: %d records of %s are marked as indexed, want %d", step, n, category, want)
			}
		}
	}
	if n := f.found(f.maya, consent.Answers); n != 0 {
		f.Errorf("without a grant %d passages were found", n)
	}
	rows("before", 0, 0)
	f.choose(f.maya, true, "orders")
	rows("granted, not yet used", 0, 0)
	if n := f.found(f.maya, consent.Answers); n != 2 {
		f.Errorf("with a grant %d passages", n)
	}
	rows("used", 2, 0)
	if n := f.found(f.omar, consent.Answers); n != 0 {
		f.Errorf("another customer found %d", n)
	}
	if got, err := f.Indexed(f.Context()); err != nil || !slices.Equal(got, []identity.CustomerID{f.maya.Customer}) {
		f.Errorf("indexed are %v, %v", got, err)
	}
	f.choose(f.maya, true, "billing")
	if n := f.found(f.maya, consent.Answers); n != 3 {
		f.Errorf("with two grants %d", n)
	}
	f.put(record(f.maya, "o1", "orders", "A tent, shipped."))
	rows("a record changed", 1, 1)
	if n := f.found(f.maya, consent.Answers); n != 3 {
		f.Errorf("after a change %d", n)
	}
	// The desk's grant keeps the category live when the assistant's ends; the
	// assistant does not find it.
	desk := triple(consent.AgentAssist, "orders", consent.HumanAgents)
	f.change(f.maya, consent.Change{Triple: desk, Granted: true})
	f.choose(f.maya, false, "orders", "billing")
	rows("one of two grants ended", 2, 0)
	if n := f.found(f.maya, consent.Answers); n != 0 {
		f.Errorf("after the withdrawal %d", n)
	}
	f.change(f.maya, consent.Change{Triple: desk})
	rows("after", 0, 0)
	if n := f.count("SELECT COUNT(*) FROM records WHERE customer = $1", f.maya.Customer); n != 3 {
		f.Errorf("stopping left %d records, want them all", n)
	}
	// Stop and delete.
	f.choose(f.maya, true, "orders")
	f.found(f.maya, consent.Answers)
	f.change(f.maya, consent.Change{Triple: orders, Delete: true})
	rows("deleted", 0, 0)
	if n := f.count("SELECT COUNT(*) FROM records WHERE customer = $1 AND category = 'orders'", f.maya.Customer); n != 0 {
		f.Errorf("stop and delete left %d orders", n)
	}
	if n := f.count("SELECT COUNT(*) FROM records"); n != 2 {
		f.Errorf("%d records are left, want the invoice and the other customer's", n)
	}

	// What should not be indexed any more goes, if the decision still holds.
	f.choose(f.maya, true, "billing")
	f.found(f.maya, consent.Answers)
	categories, stamp, err := f.gate.Indexable(f.Context(), f.maya.Customer)
	if err != nil || !slices.Equal(categories, []consent.Category{"billing"}) {
		f.Errorf("indexable is %v, %v", categories, err)
	}
	f.must(f.KeepIndexed(f.Context(), stamp, categories))
	rows("kept", 0, 1)
	old := stamp
	old.Epoch--
	f.is("an older stamp", f.KeepIndexed(f.Context(), old, nil), consent.ErrStale)
	rows("refused", 0, 1)
	f.must(f.KeepIndexed(f.Context(), stamp, nil))
	rows("nothing is to be kept", 0, 0)
}

// withdrawnBeforeIndexed: a scope of before indexes nothing after.
func withdrawnBeforeIndexed(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.choose(f.maya, true, "orders")
	scope := f.scope(f.maya, consent.Answers)
	f.choose(f.maya, false, "orders")
	p, err := f.Passages(f.Context(), scope)
	f.is("a scope of before", err, consent.ErrStale)
	if n := f.count("SELECT COUNT(*) FROM passages"); n != 0 || len(p) != 0 {
		f.Errorf("%d passages are stored, %d read", n, len(p))
	}
}

// changedWhileIndexed: a record that is replaced after it was read for indexing,
// and before it is indexed, is indexed as it is now.
func changedWhileIndexed(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "An old and long text about a zanzibar tent."))
	f.choose(f.maya, true, "orders")
	scope := f.scope(f.maya, consent.Answers)
	busy, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 3)
	go func() {
		_, err := f.Append(f.Context(), f.maya.Customer, func(consent.Snapshot) (consent.Entry, error) {
			close(busy)
			<-release
			return consent.Entry{}, nil
		})
		done <- err
	}()
	<-busy
	// What is written about the customer waits: first the change, then the
	// indexing, which has read the record as it was.
	go func() { done <- f.PutRecord(f.Context(), record(f.maya, "o1", "orders", "New.")) }()
	time.Sleep(50 * time.Millisecond)
	go func() { done <- only(f.Passages(f.Context(), scope)) }()
	time.Sleep(50 * time.Millisecond)
	close(release)
	for range 3 {
		if err := <-done; err != nil {
			f.Error(err)
		}
	}
	passages, err := f.Passages(f.Context(), scope)
	f.must(err)
	r, err := f.Record(f.Context(), shop, "o1")
	f.must(err)
	if len(passages) != 1 || passages[0].End > len(r.Text) || passages[0].Terms["zanzibar"] > 0 {
		f.Errorf("the index has %+v, the text is %q", passages, r.Text)
	}
}

// recordsAreSealed: no word of a record is stored in plain, in the data, its log
// or the keys, at any moment.
func recordsAreSealed(f *fixture) {
	// Four letters are found by chance among the random bytes of the keys that tests share.
	f.maya = f.customer("zanzibar of maya")
	r := record(f.maya, "o1", "orders", "A zanzibar tent.")
	r.Title, r.Fields, r.Source.Ref = "zanzibar title", map[string]string{"zanzibar": "zanzibar"}, "zanzibar-ref"
	sealed := func(step string) {
		f.Helper()
		if where := f.plain("zanzibar"); len(where) > 0 {
			f.Errorf("%s: it is in %v", step, where)
		}
	}
	f.put(r)
	sealed("stored")
	f.choose(f.maya, true, "orders")
	if p, err := f.Passages(f.Context(), f.scope(f.maya, consent.Answers)); err != nil || len(p) == 0 || p[0].Terms["zanzibar"] == 0 {
		f.Fatalf("it is not indexed, so the case shows nothing: %+v, %v", p, err)
	}
	sealed("indexed")
	f.choose(f.maya, false, "orders")
	sealed("withdrawn")
	f.must(f.Close())
	sealed("closed")
}

// texts: what the scope does not permit is left out, whoever knows its id.
func texts(f *fixture) {
	f.must(f.AddSite(f.Context(), identity.Site{ID: "other", Name: "Other", Secret: []byte("s")}, "key2"))
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{
		{ID: "public", Text: "Returns take 30 days.", Visibility: retrieval.PublicKnowledge, Category: consent.Knowledge},
		{ID: "internal", Text: "Fraud rules.", Visibility: retrieval.InternalKnowledge, Category: consent.Knowledge},
		{ID: "removed", Text: "Old.", Visibility: retrieval.PublicKnowledge, Category: consent.Knowledge},
	}))
	f.must(f.PutKnowledge(f.Context(), "other", []retrieval.Record{{ID: "elsewhere", Text: "Other.", Visibility: retrieval.PublicKnowledge}}))
	f.must(f.RemoveRecord(f.Context(), shop, "removed"))
	expired := record(f.maya, "o-expired", "orders", "Gone.")
	expired.Expires = f.now().Add(-time.Second)
	f.put(record(f.maya, "o1", "orders", "Maya's tent."), record(f.maya, "b1", "billing", "Maya's invoice."), record(f.omar, "x1", "orders", "Omar's lamp."), expired)
	f.choose(f.maya, true, "orders")
	f.choose(f.omar, true, "orders")
	f.change(f.maya,
		consent.Change{Triple: triple(consent.AgentAssist, "billing", consent.HumanAgents), Granted: true},
		consent.Change{Triple: triple(consent.Answers, "profile", "ai_provider:openai"), Granted: true}, // goes out, is not searched
	)
	f.put(record(f.maya, "p1", "profile", "Maya's address."))
	ids := []string{"public", "internal", "removed", "elsewhere", "o1", "b1", "p1", "x1", "o-expired", "unknown", "", "%"}
	staff := identity.Principal{Kind: identity.Staff, Site: shop, Staff: "stf_1"}
	visitor, err := f.AddVisitor(f.Context(), shop)
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
		records, err := f.Texts(f.Context(), tt.scope, ids)
		f.must(err)
		var got []string
		for _, r := range records {
			got = append(got, r.ID)
			if r.Text == "" {
				f.Errorf("%s: %s has no text", name, r.ID)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			f.Errorf("%s reads %v, want %v", name, got, tt.want)
		}
		own, err := f.Permitted(f.Context(), tt.scope, 10)
		f.must(err)
		for _, c := range []consent.Category{"orders", "profile", ""} {
			one, err := f.PermittedOf(f.Context(), tt.scope, c, 10)
			f.must(err)
			want := slices.DeleteFunc(slices.Clone(own), func(r retrieval.Record) bool { return r.Category != c })
			if len(one) != len(want) || slices.ContainsFunc(one, func(r retrieval.Record) bool { return r.Category != c }) {
				f.Errorf("%s is permitted %d records of category %q, want %d", name, len(one), c, len(want))
			}
		}
		for _, r := range own {
			if !slices.Contains(tt.want, r.ID) {
				f.Errorf("%s is permitted %s", name, r.ID)
			}
		}
	}
	mine := f.scope(f.maya, consent.Answers)
	if r, err := f.Texts(f.Context(), mine, nil); err != nil || len(r) != 0 {
		f.Errorf("no ids select %d records, %v: empty must never mean all", len(r), err)
	}
	for _, id := range []string{"\x00", "\xff"} {
		if r, err := f.Texts(f.Context(), mine, []string{id}); err != nil || len(r) != 0 {
			f.Errorf("the id %q selects %d records, %v", id, len(r), err)
		}
	}
	if r, err := f.Permitted(f.Context(), mine, 0); err != nil || len(r) != 0 {
		f.Errorf("a limit of 0 gives %d, %v", len(r), err)
	}
	for _, id := range []string{"o1", "public"} {
		f.is("another site's backend reads", only(f.Record(f.Context(), "other", id)), retrieval.ErrNotFound)
		f.is("another site's backend removes", f.RemoveRecord(f.Context(), "other", id), retrieval.ErrNotFound)
	}
}

// replacedAndRemoved: a record is its customer's, and an id is once at a site.
func replacedAndRemoved(f *fixture) {
	r := record(f.maya, "r1", "orders", "A tent.")
	r.Source, r.Language = retrieval.Source{System: "shop", Ref: "4711", URL: "https://shop.example/4711"}, "en"
	f.put(r)
	got, err := f.Record(f.Context(), shop, "r1")
	if err != nil || got.Text != "A tent." || got.Title != r.Title || got.Fields["note"] != "field of r1" || got.Source != r.Source ||
		got.Language != "en" || !got.CollectedAt.Equal(r.CollectedAt) || got.Customer != f.maya.Customer {
		f.Errorf("%+v, %v", got, err)
	}
	f.choose(f.maya, true, "orders")
	scope := f.scope(f.maya, consent.Answers)
	version := func() int64 {
		f.Helper()
		v, err := f.PassagesVersion(f.Context(), scope)
		f.must(err)
		return v
	}
	at := version()
	f.put(record(f.maya, "r1", "orders", "A mat."))
	if got, err := f.Record(f.Context(), shop, "r1"); err != nil || got.Text != "A mat." {
		f.Errorf("replaced: %+v, %v", got, err)
	}
	if version() == at {
		f.Error("the index does not learn of a record that was replaced")
	}
	before := f.contents()
	f.is("another customer's id", f.PutRecord(f.Context(), record(f.omar, "r1", "orders", "Mine!")), retrieval.ErrOtherCustomer)
	f.unchanged("another customer's id", before)
	f.found(f.maya, consent.Answers)
	at = version()
	f.must(f.RemoveRecord(f.Context(), shop, "r1"))
	if version() == at {
		f.Error("the index does not learn of a record that was removed")
	}
	if n := f.count("SELECT COUNT(*) FROM passages"); n != 0 {
		f.Errorf("%d passages of a removed record", n)
	}
	before = f.contents()
	for _, id := range []string{"r1", "unknown", "", "%", "\x00", "\xff"} {
		f.is("a record that is not there", only(f.Record(f.Context(), shop, id)), retrieval.ErrNotFound)
		f.is("removing "+id, f.RemoveRecord(f.Context(), shop, id), retrieval.ErrNotFound)
	}
	f.unchanged("removing what is not there", before)
	// What has the id at both is removed at both.
	f.put(record(f.maya, "r1", "orders", "A lamp."))
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{{ID: "r1", Text: "x", Visibility: retrieval.PublicKnowledge}}))
	f.must(f.RemoveRecord(f.Context(), shop, "r1"))
	if n := f.count("SELECT COUNT(*) FROM records") + f.count("SELECT COUNT(*) FROM knowledge WHERE NOT removed"); n != 0 {
		f.Errorf("%d are left", n)
	}
	if v, err := f.PassagesVersion(f.Context(), consent.Scope{}); err != nil || v != 0 {
		f.Errorf("nobody's version is %d, %v", v, err)
	}
}

// knowledgeSince tells an index what is new, and no more.
func knowledgeSince(f *fixture) {
	article := func(id, text string) retrieval.Record {
		return retrieval.Record{ID: id, Text: text, Visibility: retrieval.PublicKnowledge, Category: consent.Knowledge}
	}
	since := func(v int64) (changed, removed []string, version int64) {
		f.must(f.Knowledge(f.Context(), shop, v, retrieval.Space{}, func(r retrieval.Record, _ []byte) error {
			changed = append(changed, r.ID+"="+r.Text)
			return nil
		}, func(id string) error { removed = append(removed, id); return nil }))
		version, err := f.KnowledgeVersion(f.Context(), shop)
		f.must(err)
		return changed, removed, version
	}
	expect := func(step string, v int64, changed, removed []string) int64 {
		f.Helper()
		c, r, version := since(v)
		if !slices.Equal(c, changed) || !slices.Equal(r, removed) {
			f.Errorf("%s: changed %v, removed %v; want %v, %v", step, c, r, changed, removed)
		}
		return version
	}
	v := expect("nothing", 0, nil, nil)
	// In one order on every engine: that of the bytes.
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("b", "1"), article("a", "1"), article("B", "1"), article("é", "1"), article("a b", "1")}))
	v = expect("five", v, []string{"B=1", "a=1", "a b=1", "b=1", "é=1"}, nil)
	expect("nothing new", v, nil, nil)
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("a", "2")}))
	f.must(f.RemoveRecord(f.Context(), shop, "b"))
	v = expect("one each", v, []string{"a=2"}, []string{"b"})
	// Removed, changed, as it is, new; and of one id both, since the last is to stay.
	again := []retrieval.Record{article("b", "1"), article("B", "2"), article("é", "1"), article("z", "1"), article("a", "3"), article("a", "2")}
	news, err := f.ChangedKnowledge(f.Context(), shop, again)
	f.must(err)
	if want := slices.Delete(slices.Clone(again), 2, 3); !slices.EqualFunc(news, want, func(x, y retrieval.Record) bool { return x.ID == y.ID && x.Text == y.Text }) {
		f.Errorf("%d articles of %d have changed: %v", len(news), len(again), news)
	}
	f.is("removed twice", f.RemoveRecord(f.Context(), shop, "b"), retrieval.ErrNotFound)
	if n := f.count("SELECT COUNT(*) FROM knowledge WHERE id = 'b' AND removed"); n != 1 {
		f.Error("an index could not learn that it was removed")
	}
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("b", "3")}))
	expect("it comes back", v, []string{"b=3"}, nil)
	before := f.contents()
	bad := article("c", "x")
	bad.Visibility = "everybody"
	if err := f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("d", "x"), bad}); err == nil {
		f.Error("an unknown visibility was stored")
	}
	if err := f.PutKnowledge(f.Context(), "nowhere", []retrieval.Record{article("d", "x")}); err == nil {
		f.Error("knowledge of no site was stored")
	}
	f.unchanged("a batch that failed", before)
	failed := errors.New("no")
	f.is("a callback that fails", f.Knowledge(f.Context(), shop, 0, retrieval.Space{}, func(retrieval.Record, []byte) error { return failed }, nil), failed)
	if v, err := f.KnowledgeVersion(f.Context(), "nowhere"); err != nil || v != 0 {
		f.Errorf("the version of no site is %d, %v", v, err)
	}
}

// retention removes what has run out and what nobody ever granted, by the
// database's clock, and nothing else.
func retention(f *fixture) {
	put := func(id string, category consent.Category, expires time.Time) {
		r := record(f.maya, id, category, "About "+id+".")
		r.Expires = expires
		f.put(r)
	}
	billing, ok := f.policy.Category("billing")
	if !ok {
		f.Fatal("the policy has no billing")
	}
	put("never granted", "billing", time.Time{})
	put("granted once", "profile", time.Time{})
	f.choose(f.maya, true, "orders", "profile")
	f.choose(f.maya, false, "profile")
	f.pass(billing.UnconsentedTTL.Duration() - time.Hour)
	if n, err := f.RemoveExpired(f.Context(), f.policy.Categories); err != nil || n != 0 {
		f.Errorf("an hour before: %d, %v", n, err)
	}
	put("run out", "orders", f.now().Add(30*time.Minute))
	put("granted", "orders", f.now().Add(2*time.Hour))
	put("never granted, new", "billing", time.Time{})
	f.found(f.maya, consent.Answers)
	scope := f.scope(f.maya, consent.Answers)
	before, err := f.PassagesVersion(f.Context(), scope)
	f.must(err)

	f.pass(time.Hour)
	if n, err := f.RemoveExpired(f.Context(), f.policy.Categories); err != nil || n != 2 {
		f.Errorf("removed %d, %v", n, err)
	}
	for id, want := range map[string]int{
		"run out": 0, "granted": 1, "granted once": 1, "never granted": 0, "never granted, new": 1,
	} {
		if got := f.count("SELECT COUNT(*) FROM records WHERE id = $1", id); got != want {
			f.Errorf("%s: %d records, want %d", id, got, want)
		}
	}
	if n := f.count("SELECT COUNT(*) FROM passages WHERE record = 'run out'"); n != 0 {
		f.Errorf("%d passages of a record that is gone", n)
	}
	if n := f.count("SELECT COUNT(*) FROM passages WHERE record = 'granted'"); n == 0 {
		f.Error("the passages of a record that stays are gone")
	}
	if after, err := f.PassagesVersion(f.Context(), scope); err != nil || after == before {
		f.Errorf("the index does not learn of it (%v)", err)
	}
	if n, err := f.RemoveExpired(f.Context(), f.policy.Categories); err != nil || n != 0 {
		f.Errorf("again: %d, %v", n, err)
	}
}

// expiredIsNotRead: what has run out is not searched nor read, though it is
// still stored.
func expiredIsNotRead(f *fixture) {
	r := record(f.maya, "o1", "orders", "A tent.")
	r.Expires = f.now().Add(time.Hour)
	f.put(r, record(f.maya, "o2", "orders", "A mat."))
	f.choose(f.maya, true, "orders")
	read := func(step string, want ...string) {
		f.Helper()
		scope := f.scope(f.maya, consent.Answers)
		passages, err := f.Passages(f.Context(), scope)
		f.must(err)
		texts, err := f.Texts(f.Context(), scope, []string{"o1", "o2"})
		f.must(err)
		permitted, err := f.Permitted(f.Context(), scope, 10)
		f.must(err)
		got := map[string][]string{}
		for _, p := range passages {
			got["searched"] = append(got["searched"], p.Record)
		}
		for _, r := range texts {
			got["read"] = append(got["read"], r.ID)
		}
		for _, r := range permitted {
			got["permitted"] = append(got["permitted"], r.ID)
		}
		for what, ids := range got {
			if slices.Sort(ids); !slices.Equal(ids, want) {
				f.Errorf("%s: %s are %s, want %s", step, what, strings.Join(ids, " "), strings.Join(want, " "))
			}
		}
		if len(got) != 3 {
			f.Errorf("%s: %v", step, got)
		}
	}
	read("before", "o1", "o2")
	f.pass(59 * time.Minute)
	read("a minute before", "o1", "o2")
	f.pass(time.Minute)
	read("after", "o2")
	if n := f.count("SELECT COUNT(*) FROM records"); n != 2 {
		f.Errorf("reading removed something: %d are left", n)
	}
}
