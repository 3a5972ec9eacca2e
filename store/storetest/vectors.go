package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// Two spaces of one dimension, so that nothing but their names tells them apart.
var (
	spaceA = retrieval.Space{Model: "org/model", Version: "1-1", Dimension: 16, Quantisation: retrieval.Int8}
	spaceB = retrieval.Space{Model: "org/model", Version: "2-1", Dimension: 16, Quantisation: retrieval.Int8}
)

// canary is the coordinates of a vector whose bytes are a word that can be looked
// for.
const canary = "zanzibar-vectors"

func canaryVector() retrieval.Vector {
	v := retrieval.Vector{Scale: 1.0 / 127}
	for _, c := range []byte(canary) {
		v.Values = append(v.Values, int8(c))
	}
	return v
}

// vectorOf is a vector of spaceA or spaceB that only this text has.
func vectorOf(text string) retrieval.Vector {
	v := retrieval.Vector{Scale: 1.0 / 512}
	for _, c := range sha256.Sum256([]byte(text)) {
		if len(v.Values) < spaceA.Dimension {
			v.Values = append(v.Values, int8(c))
		}
	}
	return v
}

func article(id, text string) retrieval.Record {
	return retrieval.Record{ID: id, Title: "Title of " + id, Text: text, Visibility: retrieval.PublicKnowledge, Category: consent.Knowledge}
}

func (f *fixture) putArticles(site identity.SiteID, articles ...retrieval.Record) {
	f.Helper()
	f.must(f.PutKnowledge(f.Context(), site, articles))
}

// otherSite makes a second site.
func (f *fixture) otherSite() identity.SiteID {
	f.Helper()
	f.must(f.AddSite(f.Context(), identity.Site{ID: "other", Name: "Other", Secret: []byte("s")}, "key2"))
	return "other"
}

// unembedded reads all articles without vectors, in pages of a size.
func (f *fixture) unembedded(space retrieval.Space, size int) (all []retrieval.Unembedded) {
	f.Helper()
	var after retrieval.Article
	for {
		page, err := f.Unembedded(f.Context(), space, after, size)
		f.must(err)
		if len(page) > size || len(all) > 1000 {
			f.Fatalf("a page of %d where %d were asked for, after %d", len(page), size, len(all))
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		after = retrieval.Article{Site: page[len(page)-1].Site, ID: page[len(page)-1].ID}
	}
}

func names(articles []retrieval.Unembedded) (out []string) {
	for _, a := range articles {
		out = append(out, string(a.Site)+"/"+a.ID)
	}
	return out
}

// lacks fails unless just these articles have no vectors in the space.
func (f *fixture) lacks(step string, space retrieval.Space, want ...string) {
	f.Helper()
	if got := names(f.unembedded(space, 100)); !slices.Equal(got, want) {
		f.Errorf("%s: without vectors are %q, want %q", step, got, want)
	}
	missing, all, err := f.CountUnembedded(f.Context(), space)
	f.must(err)
	if n := f.count("SELECT COUNT(*) FROM knowledge WHERE NOT removed"); missing != len(want) || all != n {
		f.Errorf("%s: %d of %d are counted, want %d of %d", step, missing, all, len(want), n)
	}
}

// vectorsFor makes the vectors of an article as it was read.
func vectorsFor(space retrieval.Space, a retrieval.Unembedded) retrieval.ArticleVectors {
	passages := retrieval.Split(a.Record)
	vectors := make([]retrieval.Vector, len(passages))
	for i, p := range passages {
		vectors[i] = vectorOf(retrieval.PassageInput(a.Record, p))
	}
	return retrieval.ArticleVectors{
		Article: retrieval.Article{Site: a.Site, ID: a.ID}, Body: a.Body,
		Sealed: retrieval.SealVectors(space, a.Record, passages, vectors),
	}
}

// embed gives articles their vectors.
func (f *fixture) embed(space retrieval.Space, articles ...retrieval.Unembedded) {
	f.Helper()
	var all []retrieval.ArticleVectors
	for _, a := range articles {
		all = append(all, vectorsFor(space, a))
	}
	f.must(f.PutVectors(f.Context(), space, all))
}

// withVectors returns the articles of a site that have vectors in the space which
// are those of their text now.
func (f *fixture) withVectors(site identity.SiteID, space retrieval.Space, since int64) (right []string) {
	f.Helper()
	f.must(f.Knowledge(f.Context(), site, since, space, func(r retrieval.Record, sealed []byte) error {
		if sealed == nil {
			return nil
		}
		passages := retrieval.Split(r)
		vectors := retrieval.OpenVectors(sealed, space, r, passages)
		if len(vectors) != len(passages) || len(passages) == 0 {
			f.Errorf("%s has vectors that are not its own", r.ID)
			return nil
		}
		for i, v := range vectors {
			if want := vectorOf(retrieval.PassageInput(r, passages[i])); v.Scale != want.Scale || !slices.Equal(v.Values, want.Values) {
				f.Errorf("%s has another text's vector", r.ID)
			}
		}
		right = append(right, r.ID)
		return nil
	}, func(string) error { return nil }))
	return right
}

// spaceIsOne: the index searches in one space; whoever sets another removes the
// vectors of the one before, of knowledge and of customers.
func spaceIsOne(f *fixture) {
	in := func(step string, want retrieval.Space) {
		f.Helper()
		if got, err := f.Space(f.Context()); err != nil || got != want {
			f.Errorf("%s: the space is %v, %v, want %v", step, got, err, want)
		}
	}
	in("at first", retrieval.Space{})
	f.must(f.SetSpace(f.Context(), spaceA))
	in("set", spaceA)
	f.putArticles(shop, article("k1", "Returns take 30 days."))
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "o2", "orders", "A mat."))
	f.choose(f.maya, true, "orders")
	scope := f.scope(f.maya, consent.Answers)
	f.embed(spaceA, f.unembedded(spaceA, 10)...)
	f.embed(spaceB, f.unembedded(spaceB, 10)...) // beside the old
	own := f.ownPassages(scope, spaceA)
	f.putOwn(scope, spaceA, own[:1]...)
	f.putOwn(scope, spaceB, own[1:]...)
	f.must(f.SetSpace(f.Context(), spaceA)) // what is right already stays
	in("set again", spaceA)
	if got := f.withVectors(shop, spaceA, 0); !slices.Equal(got, []string{"k1"}) {
		f.Errorf("of the space that stays the vectors are %v", got)
	}
	if got := f.withVectors(shop, spaceB, 0); len(got) != 0 {
		f.Errorf("of the other space there are vectors of %v", got)
	}
	f.embedded("set again", scope, map[string]retrieval.Space{"o1#0": spaceA})
	f.embed(spaceB, f.unembedded(spaceB, 10)...)
	f.must(f.SetSpace(f.Context(), spaceB))
	in("replaced", spaceB)
	if got := f.withVectors(shop, spaceB, 0); !slices.Equal(got, []string{"k1"}) {
		f.Errorf("what was filled beforehand is %v", got)
	}
	f.embedded("replaced", scope, nil)
	if n := f.count("SELECT COUNT(*) FROM passages WHERE vector IS NOT NULL OR space <> ''"); n != 0 {
		f.Errorf("%d passages keep something of the space before", n)
	}
	if n := f.count("SELECT COUNT(*) FROM knowledge_vectors"); n != 1 {
		f.Errorf("there are %d articles' vectors, want those of the new space", n)
	}
	if n := f.found(f.maya, consent.Answers); n != 2 {
		f.Errorf("%d passages are found by words, want both", n)
	}
	f.reopen()
	in("after a restart", spaceB)
}

// unembeddedPages: what has no vectors is read page by page, of all sites, in one
// order on every engine, each once.
func unembeddedPages(f *fixture) {
	other := f.otherSite()
	f.lacks("nothing there", spaceA)
	internal := article("a b", "For staff.")
	internal.Visibility, internal.Language, internal.Fields = retrieval.InternalKnowledge, "en", map[string]string{"b": "1", "a": "2"}
	f.putArticles(shop, article("b", "1"), article("a", "2"), article("B", "3"), article("é", "4"), internal, article("gone", "5"))
	f.putArticles(other, article("b", "other 1"), article("z", "other 2"))
	f.must(f.RemoveRecord(f.Context(), shop, "gone"))
	want := []string{"other/b", "other/z", "shop/B", "shop/a", "shop/a b", "shop/b", "shop/é"}
	for size := 1; size <= len(want)+1; size++ {
		if got := names(f.unembedded(spaceA, size)); !slices.Equal(got, want) {
			f.Errorf("in pages of %d: %q, want %q", size, got, want)
		}
	}
	f.lacks("all of them", spaceA, want...)
	if page, err := f.Unembedded(f.Context(), spaceA, retrieval.Article{}, 0); err != nil || len(page) != 0 {
		f.Errorf("a limit of 0 gives %v, %v", names(page), err)
	}
	all := f.unembedded(spaceA, 100)
	if a := all[4]; a.Text != "For staff." || a.Title != internal.Title || a.Visibility != retrieval.InternalKnowledge || a.Category != consent.Knowledge ||
		a.Language != "en" || a.Fields["a"] != "2" || len(a.Body) == 0 || !a.Knowledge() {
		f.Errorf("an article is read as %+v", a)
	}
	f.embed(spaceA, all[0], all[3], all[6])
	f.lacks("three have them", spaceA, "other/z", "shop/B", "shop/a b", "shop/b")
	f.lacks("another space", spaceB, want...)
	f.lacks("no space", retrieval.Space{}, want...)
	// One that comes before where a reader is does not come to it, one behind does.
	page, err := f.Unembedded(f.Context(), spaceA, retrieval.Article{Site: shop, ID: "a"}, 2)
	f.must(err)
	if got := names(page); !slices.Equal(got, []string{"shop/a b", "shop/b"}) {
		f.Errorf("after shop/a: %q", got)
	}
	// The site comes first: a later id of an earlier site is behind nothing here.
	page, err = f.Unembedded(f.Context(), spaceA, retrieval.Article{Site: shop, ID: ""}, 2)
	f.must(err)
	if got := names(page); !slices.Equal(got, []string{"shop/B", "shop/a b"}) {
		f.Errorf("from the beginning of shop: %q", got)
	}
}

// articleVectors: vectors are found with the text that they were made of, and the
// indexes learn of them.
func articleVectors(f *fixture) {
	other := f.otherSite()
	f.putArticles(shop, article("k1", "Returns take 30 days."), article("k2", "Parcels take three days."), article("k3", "Boots are warm."))
	f.putArticles(other, article("k1", "Elsewhere returns take 14 days."))
	version := func(site identity.SiteID) int64 {
		f.Helper()
		v, err := f.KnowledgeVersion(f.Context(), site)
		f.must(err)
		return v
	}
	state := func() int64 {
		f.Helper()
		v, err := f.KnowledgeState(f.Context())
		f.must(err)
		return v
	}
	was, wasOther, wasState := version(shop), version(other), state()
	read := f.unembedded(spaceA, 100) // other/k1, shop/k1, k2, k3
	if v := state(); v != wasState {
		f.Error("reading changes the state of the knowledge")
	}
	f.must(f.PutVectors(f.Context(), spaceA, nil))
	if v := state(); v != wasState {
		f.Error("nothing changes the state of the knowledge")
	}
	f.embed(spaceA, read[1])
	if version(shop) == was || state() == wasState {
		f.Error("the indexes do not learn of new vectors")
	}
	if version(other) != wasOther {
		f.Error("another site's index reads its knowledge again")
	}
	if got := f.withVectors(shop, spaceA, was); !slices.Equal(got, []string{"k1"}) {
		f.Errorf("new since then are %v", got)
	}
	if got := f.withVectors(other, spaceA, 0); len(got) != 0 {
		f.Errorf("another site's article of the same id has them too: %v", got)
	}
	if got := f.withVectors(shop, spaceB, 0); len(got) != 0 {
		f.Errorf("another space has vectors of %v", got)
	}
	if got := f.withVectors(shop, retrieval.Space{}, 0); len(got) != 0 {
		f.Errorf("no space has vectors of %v", got)
	}
	// What is stored last stands.
	wrong := vectorsFor(spaceA, read[2])
	wrong.Sealed = []byte("something else")
	f.must(f.PutVectors(f.Context(), spaceA, []retrieval.ArticleVectors{wrong}))
	f.embed(spaceA, read...) // again, and of both sites at once
	f.lacks("all have them", spaceA)
	if got := f.withVectors(shop, spaceA, 0); !slices.Equal(got, []string{"k1", "k2", "k3"}) {
		f.Errorf("all have them: %v", got)
	}
	if version(other) == wasOther {
		f.Error("the other site's index does not learn of new vectors")
	}

	// Changed after it was read.
	changed := func(step string, change func()) {
		f.Helper()
		f.putArticles(shop, article("k1", "Before "+step), article("k2", "Kept by "+step))
		stale := f.unembedded(spaceA, 100)
		if got := names(stale); !slices.Equal(got, []string{"shop/k1", "shop/k2"}) {
			f.Fatalf("%s: %q have no vectors", step, got)
		}
		change()
		f.embed(spaceA, stale...)
		if got := f.withVectors(shop, spaceA, 0); !slices.Equal(got, []string{"k2", "k3"}) {
			f.Errorf("%s: vectors have %v, want k2, k3", step, got)
		}
		if n := f.count("SELECT COUNT(*) FROM knowledge_vectors WHERE site = 'shop' AND id = 'k1'"); n != 0 {
			f.Errorf("%s: vectors of what is no more are kept", step)
		}
	}
	changed("another text", func() { f.putArticles(shop, article("k1", "After.")) })
	f.lacks("another text", spaceA, "shop/k1")
	changed("another title", func() {
		a := article("k1", "Before another title")
		a.Title = "Another"
		f.putArticles(shop, a)
	})
	changed("another field", func() {
		a := article("k1", "Before another field")
		a.Fields = map[string]string{"hours": "9-17"}
		f.putArticles(shop, a)
	})
	changed("removed", func() { f.must(f.RemoveRecord(f.Context(), shop, "k1")) })
	f.lacks("removed", spaceA)
	f.putArticles(shop, article("k1", "Before removed"))
	f.lacks("the same text came back", spaceA, "shop/k1")

	// Imported again.
	f.embed(spaceA, f.unembedded(spaceA, 100)...)
	f.embed(spaceB, f.unembedded(spaceB, 100)...)
	was = version(shop)
	again := article("k1", "Before removed")
	again.Visibility = retrieval.InternalKnowledge
	f.putArticles(shop, again)
	f.lacks("the same text", spaceA)
	f.lacks("the same text", spaceB)
	if got := f.withVectors(shop, spaceA, was); !slices.Equal(got, []string{"k1"}) {
		f.Errorf("the same text came with the vectors of %v", got)
	}
	f.putArticles(shop, article("k1", "Before removed, and more."))
	f.lacks("another text", spaceA, "shop/k1")
	f.lacks("another text", spaceB, "shop/k1")
	f.must(f.RemoveRecord(f.Context(), shop, "k2"))
	for id, want := range map[string]int{"k1": 0, "k2": 0, "k3": 2} {
		if n := f.count("SELECT COUNT(*) FROM knowledge_vectors WHERE site = 'shop' AND id = $1", id); n != want {
			f.Errorf("%s has the vectors of %d spaces, want %d", id, n, want)
		}
	}

	f.must(f.SetSpace(f.Context(), spaceA))
	f.embed(spaceB, f.unembedded(spaceB, 100)...)
	f.must(f.DropVectors(f.Context(), spaceA))
	f.lacks("dropped", spaceA, "other/k1", "shop/k1", "shop/k3")
	f.lacks("dropped another's", spaceB)
	if got, err := f.Space(f.Context()); err != nil || got != spaceA {
		f.Errorf("dropping vectors leaves the space %v, %v", got, err)
	}
}

// ownPassages reads what has no vector of everything that the scope permits.
func (f *fixture) ownPassages(scope consent.Scope, space retrieval.Space) []retrieval.OwnPassage {
	f.Helper()
	p, err := f.UnembeddedOwn(f.Context(), scope, scope.Searchable(), space, 1000)
	f.must(err)
	return p
}

// withVector gives passages their vectors.
func withVector(passages []retrieval.OwnPassage, vector func(retrieval.OwnPassage) retrieval.Vector) (out []retrieval.OwnVector) {
	for _, p := range passages {
		out = append(out, retrieval.OwnVector{OwnPassage: p, Vector: vector(p)})
	}
	return out
}

func ownVector(p retrieval.OwnPassage) retrieval.Vector { return vectorOf(p.Passage.ID) }

// putOwn stores vectors of a customer's passages.
func (f *fixture) putOwn(scope consent.Scope, space retrieval.Space, passages ...retrieval.OwnPassage) {
	f.Helper()
	f.must(f.PutOwnVectors(f.Context(), scope, space, withVector(passages, ownVector)))
}

// embedded fails unless just these passages that the scope finds have a vector, in
// the spaces, and each its own.
func (f *fixture) embedded(step string, scope consent.Scope, want map[string]retrieval.Space) {
	f.Helper()
	passages, err := f.Passages(f.Context(), scope)
	f.must(err)
	seen := 0
	for _, p := range passages {
		if p.Space != want[p.ID] {
			f.Errorf("%s: %s is in the space %q, want %q", step, p.ID, p.Space, want[p.ID])
		}
		if p.Space == (retrieval.Space{}) {
			if !p.Vector.Zero() {
				f.Errorf("%s: %s has a vector of no space", step, p.ID)
			}
			continue
		}
		seen++
		if v := vectorOf(p.ID); v.Scale != p.Vector.Scale || !slices.Equal(v.Values, p.Vector.Values) {
			f.Errorf("%s: %s has another passage's vector", step, p.ID)
		}
	}
	if seen != len(want) {
		f.Errorf("%s: %d passages have vectors, want %d", step, seen, len(want))
	}
}

// ownUnembedded: what is read to be embedded is the scope's own customer's, of
// categories that were asked for and that the scope permits, whatever is asked for.
func ownUnembedded(f *fixture) {
	other := f.otherSite()
	at := func(id string, c consent.Category, day int) retrieval.Record {
		r := record(f.maya, id, c, "About "+id+".")
		r.CollectedAt = time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)
		return r
	}
	expired, elsewhere := at("expired", "orders", 20), at("elsewhere", "orders", 21)
	expired.Expires = f.now().Add(time.Hour)
	elsewhere.Site = other
	f.put(at("o1", "orders", 1), at("o3", "orders", 3), at("o2", "orders", 2), at("b1", "billing", 4), at("p1", "profile", 5), at("disputed", "orders", 6),
		at("x1", "support_history", 7), expired, elsewhere, record(f.omar, "omars", "orders", "Omar's lamp."))
	f.dispute(f.maya, "disputed")
	f.choose(f.maya, true, "orders", "billing")
	f.choose(f.omar, true, "orders", "profile")
	f.change(f.maya,
		consent.Change{Triple: triple(consent.Answers, "profile", "ai_provider:openai"), Granted: true}, // goes out, is not searched
		consent.Change{Triple: triple(consent.AgentAssist, "support_history", consent.HumanAgents), Granted: true})
	f.pass(time.Hour)
	mine := f.scope(f.maya, consent.Answers)
	every := []consent.Category{"orders", "billing", "profile", "support_history", "inferences", consent.Knowledge, consent.Conversation, "", "%"}
	read := func(scope consent.Scope, categories []consent.Category, space retrieval.Space, limit int) (ids []string) {
		f.Helper()
		passages, err := f.UnembeddedOwn(f.Context(), scope, categories, space, limit)
		f.must(err)
		for _, p := range passages {
			ids = append(ids, p.Record.ID)
			if p.Passage.ID != p.Record.ID+"#0" || p.Text == "" || p.Title == "" || p.End != len(p.Text) || p.Start != 0 || len(p.Body) == 0 ||
				p.Customer != scope.Customer() || p.Fields["note"] == "" {
				f.Errorf("a passage is read as %+v", p)
			}
		}
		return ids
	}
	asCustomer := f.maya
	asCustomer.Site = other
	staff := identity.Principal{Kind: identity.Staff, Site: shop, Staff: "stf_1"}
	visitor, err := f.AddVisitor(f.Context(), shop)
	f.must(err)
	for name, tt := range map[string]struct {
		scope      consent.Scope
		categories []consent.Category
		limit      int
		want       []string
	}{
		"the zero scope":         {consent.Scope{}, every, 100, nil},
		"a visitor":              {f.scope(identity.Principal{Kind: identity.Visitor, Site: shop, Customer: visitor}, consent.Answers), every, 100, nil},
		"everything":             {mine, every, 100, []string{"b1", "o3", "o2", "o1"}},
		"no category":            {mine, nil, 100, nil},
		"one category":           {mine, []consent.Category{"billing"}, 100, []string{"b1"}},
		"one twice":              {mine, []consent.Category{"billing", "billing"}, 100, []string{"b1"}},
		"one without a grant":    {mine, []consent.Category{"profile"}, 100, nil},
		"one of the desk's":      {mine, []consent.Category{"support_history"}, 100, nil},
		"the newest":             {mine, every, 2, []string{"b1", "o3"}},
		"none of them":           {mine, every, 0, nil},
		"for the desk":           {f.scope(f.maya, consent.AgentAssist), every, 100, []string{"x1"}},
		"staff about them":       {f.scope(staff.About(f.maya.Customer, "cnv"), consent.AgentAssist), every, 100, []string{"x1"}},
		"staff, for answers":     {f.scope(staff.About(f.maya.Customer, "cnv"), consent.Answers), every, 100, nil},
		"for nothing":            {f.scope(f.maya, ""), every, 100, nil},
		"another customer":       {f.scope(f.omar, consent.Answers), every, 100, []string{"omars"}},
		"another site":           {f.scope(asCustomer, consent.Answers), every, 100, []string{"elsewhere"}},
		"nobody, with their id":  {f.scope(identity.Principal{Site: shop, Customer: f.maya.Customer}, consent.Answers), every, 100, nil},
		"a backend, with the id": {f.scope(identity.Principal{Kind: identity.Backend, Site: shop, Customer: f.maya.Customer}, consent.Answers), every, 100, nil},
	} {
		asked := slices.Clone(tt.categories)
		if got := read(tt.scope, tt.categories, spaceA, tt.limit); !slices.Equal(got, tt.want) {
			f.Errorf("%s: %v, want %v", name, got, tt.want)
		}
		if !slices.Equal(tt.categories, asked) {
			f.Errorf("%s: the caller's list became %v", name, tt.categories)
		}
	}
	if n := f.count("SELECT COUNT(*) FROM passages WHERE category = 'profile' OR record = 'disputed'"); n != 0 {
		f.Errorf("%d passages were made of what may not be searched", n)
	}
	// What has a vector in the space is not read again; in another space it is.
	f.putOwn(mine, spaceA, f.ownPassages(mine, spaceA)[:2]...)
	if got := read(mine, every, spaceA, 100); !slices.Equal(got, []string{"o2", "o1"}) {
		f.Errorf("two are done, left are %v", got)
	}
	if got := read(mine, every, spaceB, 100); !slices.Equal(got, []string{"b1", "o3", "o2", "o1"}) {
		f.Errorf("in another space %v are left", got)
	}
	// One of which the model knows nothing is done as well.
	f.must(f.PutOwnVectors(f.Context(), mine, spaceA, withVector(f.ownPassages(mine, spaceA), func(retrieval.OwnPassage) retrieval.Vector { return retrieval.Vector{} })))
	if got := read(mine, every, spaceA, 100); len(got) != 0 {
		f.Errorf("without a meaning %v are asked for again", got)
	}
	passages, err := f.Passages(f.Context(), mine)
	f.must(err)
	for _, p := range passages {
		if p.Space != spaceA || p.Vector.Zero() != slices.Contains([]string{"o1", "o2"}, p.Record) {
			f.Errorf("%s is in %q with %v", p.ID, p.Space, p.Vector)
		}
	}
	f.choose(f.maya, false, "orders")
	if got := read(f.scope(f.maya, consent.Answers), every, spaceB, 100); !slices.Equal(got, []string{"b1"}) {
		f.Errorf("after a withdrawal %v", got)
	}
}

// ownVectors: a vector is stored under the scope that it was made for, with the
// record that it was made of, and the caches learn of it.
func ownVectors(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "o2", "orders", "A mat."), record(f.omar, "x1", "orders", "A lamp."))
	f.choose(f.maya, true, "orders")
	f.choose(f.omar, true, "orders")
	scope := func() consent.Scope { f.Helper(); return f.scope(f.maya, consent.Answers) }
	version := func() int64 {
		f.Helper()
		v, err := f.PassagesVersion(f.Context(), scope())
		f.must(err)
		return v
	}
	f.ownPassages(scope(), spaceA) // is indexed
	at := version()
	own := f.ownPassages(scope(), spaceA)
	if version() != at {
		f.Error("reading makes the caches read again")
	}
	f.putOwn(scope(), spaceA, own...)
	if version() == at {
		f.Error("the caches do not learn of new vectors")
	}
	f.embedded("stored", scope(), map[string]retrieval.Space{"o1#0": spaceA, "o2#0": spaceA})
	f.putOwn(scope(), spaceB, own[:1]...)
	f.embedded("one in another space", scope(), map[string]retrieval.Space{own[0].Passage.ID: spaceB, own[1].Passage.ID: spaceA})
	f.putOwn(scope(), spaceA, own...)

	// The customer chose otherwise in between.
	for step, choose := range map[string]func(){
		"withdrawn":     func() { f.choose(f.maya, false, "orders") },
		"granted again": func() { f.choose(f.maya, true, "orders") },
		"another one":   func() { f.choose(f.maya, true, "billing") },
	} {
		f.choose(f.maya, step != "granted again", "orders")
		stale := scope()
		passages := f.ownPassages(f.scope(f.maya, consent.Answers), spaceB)
		if len(passages) == 0 {
			passages = own
		}
		choose()
		before := f.contents()
		f.is(step, f.PutOwnVectors(f.Context(), stale, spaceB, withVector(passages, ownVector)), consent.ErrStale)
		f.unchanged(step, before)
		f.choose(f.maya, false, "billing")
	}
	f.is("nobody's", f.PutOwnVectors(f.Context(), consent.Scope{}, spaceB, withVector(own, ownVector)), consent.ErrUnknownCustomer)

	// Another customer's, with a scope that holds.
	f.choose(f.maya, true, "orders")
	others := f.ownPassages(f.scope(f.omar, consent.Answers), spaceA)
	f.putOwn(scope(), spaceA, others...)
	f.embedded("another customer's", f.scope(f.omar, consent.Answers), nil)
	f.putOwn(f.scope(f.omar, consent.Answers), spaceA, f.ownPassages(scope(), spaceA)...)
	f.embedded("by another customer", scope(), nil)

	// The record changed in between.
	for step, change := range map[string]func(){
		"another text":     func() { f.put(record(f.maya, "o1", "orders", "A lamp.")) },
		"the same text":    func() { f.put(record(f.maya, "o1", "orders", "A tent.")) },
		"another category": func() { f.put(record(f.maya, "o1", "billing", "A tent.")) },
		"removed":          func() { f.must(f.RemoveRecord(f.Context(), shop, "o1")) },
		"replaced and indexed": func() {
			f.put(record(f.maya, "o1", "orders", "A canoe."))
			f.found(f.maya, consent.Answers)
		},
		"another category, indexed": func() {
			f.put(record(f.maya, "o1", "billing", "A tent."))
			f.found(f.maya, consent.Answers)
		},
	} {
		f.choose(f.maya, false, "orders")
		f.choose(f.maya, true, "orders", "billing")
		f.put(record(f.maya, "o1", "orders", "A tent."))
		s := scope()
		passages := f.ownPassages(s, spaceA)
		if len(passages) != 2 {
			f.Fatalf("%s: %d passages to begin with", step, len(passages))
		}
		change()
		f.putOwn(s, spaceA, passages...)
		f.embedded(step, scope(), map[string]retrieval.Space{"o2#0": spaceA})
	}
	// It is disputed in between.
	f.choose(f.maya, false, "orders")
	f.choose(f.maya, true, "orders")
	f.put(record(f.maya, "o1", "orders", "A tent."))
	s := scope()
	passages := f.ownPassages(s, spaceA)
	f.dispute(f.maya, "o1")
	if err := f.PutOwnVectors(f.Context(), s, spaceA, withVector(passages, ownVector)); err != nil && !errors.Is(err, consent.ErrStale) {
		f.Error(err)
	}
	if n := f.count("SELECT COUNT(*) FROM passages WHERE record = 'o1' AND vector IS NOT NULL"); n != 0 {
		f.Error("a disputed record was given a vector")
	}
}

// ownVectorsAreSealed: no coordinate of a customer's vector is stored in plain, and
// a vector opens only where it belongs.
func ownVectorsAreSealed(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "o2", "orders", "A mat."), record(f.omar, "x1", "orders", "A lamp."))
	f.choose(f.maya, true, "orders")
	f.choose(f.omar, true, "orders")
	for _, who := range []identity.Principal{f.maya, f.omar} {
		scope := f.scope(who, consent.Answers)
		f.must(f.PutOwnVectors(f.Context(), scope, spaceA, withVector(f.ownPassages(scope, spaceA), func(retrieval.OwnPassage) retrieval.Vector { return canaryVector() })))
	}
	scope := f.scope(f.maya, consent.Answers)
	read := func() ([]retrieval.Stored, error) { return f.Passages(f.Context(), scope) }
	if p, err := read(); err != nil || len(p) != 2 || !slices.Equal(p[0].Vector.Values, canaryVector().Values) {
		f.Fatalf("the vector is not there, so the case shows nothing: %v, %v", p, err)
	}
	sealed := func(step string) {
		f.Helper()
		if where := f.plain(canary); len(where) > 0 {
			f.Errorf("%s: a vector is in plain in %v", step, where)
		}
	}
	sealed("stored")

	// What somebody moved in the database does not open.
	_, kept := f.read(f.operator, "SELECT vector FROM passages WHERE id = 'o1#0'")
	for name, statement := range map[string]string{
		"another passage's":  "UPDATE passages SET vector = (SELECT vector FROM passages WHERE id = 'o2#0') WHERE id = 'o1#0'",
		"another customer's": "UPDATE passages SET vector = (SELECT vector FROM passages WHERE id = 'x1#0') WHERE id = 'o1#0'",
		"another space's":    "UPDATE passages SET space = '" + spaceB.String() + "' WHERE id = 'o1#0'",
		"a wider space's":    "UPDATE passages SET space = 'org/model/1-1/17/int8' WHERE id = 'o1#0'",
		"no space's name":    "UPDATE passages SET space = 'something' WHERE id = 'o1#0'",
		"its terms":          "UPDATE passages SET vector = sealed WHERE id = 'o1#0'",
		"nothing":            "UPDATE passages SET vector = NULL WHERE id = 'o1#0'",
	} {
		f.exec(statement)
		p, err := read()
		if err == nil {
			f.Errorf("%s was read: %+v", name, p)
		} else if strings.Contains(err.Error(), canary) {
			f.Errorf("%s: the error says too much: %v", name, err)
		}
		f.exec("UPDATE passages SET space = '"+spaceA.String()+"', vector = $1 WHERE id = 'o1#0'", kept[0][0])
		if _, err := read(); err != nil {
			f.Fatalf("put back after %s: %v", name, err)
		}
	}
	f.must(f.Close())
	sealed("closed")
}

// plainWouldBeSeen: an article's vectors are in plain, and are found by what looks for
// a customer's.
func plainWouldBeSeen(f *fixture) {
	f.putArticles(shop, article("k1", "Returns."))
	a := f.unembedded(spaceA, 1)[0]
	f.must(f.PutVectors(f.Context(), spaceA, []retrieval.ArticleVectors{{
		Article: retrieval.Article{Site: shop, ID: "k1"}, Body: a.Body,
		Sealed: retrieval.SealVectors(spaceA, a.Record, retrieval.Split(a.Record), []retrieval.Vector{canaryVector()}),
	}}))
	if where := f.plain(canary); !slices.Contains(where, "knowledge_vectors") {
		f.Errorf("what is in plain is seen in %v", where)
	}
}

// ownVectorsGo: vectors live no longer than the last grant of their category, and
// nothing of them is left where the customer has it deleted.
func ownVectorsGo(f *fixture) {
	desk := triple(consent.AgentAssist, "orders", consent.HumanAgents)
	vectors := func(step string, want int) {
		f.Helper()
		if n := f.count("SELECT COUNT(*) FROM passages WHERE customer = $1 AND (vector IS NOT NULL OR space <> '')", f.maya.Customer); n != want {
			f.Errorf("%s: %d vectors are stored, want %d", step, n, want)
		}
	}
	begin := func() {
		f.Helper()
		f.choose(f.maya, true, "orders", "billing")
		scope := f.scope(f.maya, consent.Answers)
		f.putOwn(scope, spaceA, f.ownPassages(scope, spaceA)...)
	}
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "b1", "billing", "An invoice."))
	begin()
	f.change(f.maya, consent.Change{Triple: desk, Granted: true})
	vectors("granted", 2)
	f.choose(f.maya, false, "orders")
	vectors("one of two grants ended", 2)
	f.embedded("one of two grants ended", f.scope(f.maya, consent.Answers), map[string]retrieval.Space{"b1#0": spaceA})
	f.embedded("for the desk", f.scope(f.maya, consent.AgentAssist), map[string]retrieval.Space{"o1#0": spaceA})
	if got := f.ownPassages(f.scope(f.maya, consent.Answers), spaceB); len(got) != 1 || got[0].Record.ID != "b1" {
		f.Errorf("to be embedded for answers are %v", got)
	}
	f.change(f.maya, consent.Change{Triple: desk})
	vectors("the last grant ended", 1)
	begin()
	f.embedded("granted again", f.scope(f.maya, consent.Answers), map[string]retrieval.Space{"o1#0": spaceA, "b1#0": spaceA})
	f.put(record(f.maya, "o1", "orders", "A tent, sent."))
	vectors("replaced", 1)
	begin()
	f.change(f.maya, consent.Change{Triple: orders, Delete: true})
	vectors("stopped and deleted", 1)
	if n := f.count("SELECT COUNT(*) FROM records WHERE customer = $1", f.maya.Customer); n != 1 {
		f.Errorf("stop and delete left %d records", n)
	}
	f.must(f.RemoveRecord(f.Context(), shop, "b1"))
	vectors("removed", 0)
	f.put(record(f.maya, "b2", "billing", "An invoice."))
	begin()
	categories, stamp, err := f.gate.Indexable(f.Context(), f.maya.Customer)
	f.must(err)
	f.must(f.KeepIndexed(f.Context(), stamp, categories))
	vectors("what may be kept is kept", 1)
	scope := f.scope(f.maya, consent.Answers)
	passages := f.ownPassages(scope, spaceB)
	f.erase(f.maya)
	vectors("erased", 0)
	if err := f.PutOwnVectors(f.Context(), scope, spaceB, withVector(passages, ownVector)); err == nil {
		f.Error("who was erased was given vectors")
	}
	if p, err := f.UnembeddedOwn(f.Context(), scope, scope.Searchable(), spaceA, 10); err == nil || len(p) != 0 {
		f.Errorf("of who was erased %d passages are read, %v", len(p), err)
	}
	vectors("after the erasure", 0)
}

// vectorsAndWithdrawals: whatever happens first, after a withdrawal no vector is
// stored.
func vectorsAndWithdrawals(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "o2", "orders", "A mat."))
	for i := range 20 {
		f.choose(f.maya, true, "orders")
		scope := f.scope(f.maya, consent.Answers)
		passages := f.ownPassages(scope, spaceA)
		if len(passages) != 2 {
			f.Fatalf("round %d: %d passages", i, len(passages))
		}
		var group sync.WaitGroup
		start := make(chan struct{})
		for range 3 {
			group.Go(func() {
				<-start
				err := f.PutOwnVectors(f.Context(), scope, spaceA, withVector(passages, ownVector))
				if err != nil && !errors.Is(err, consent.ErrStale) {
					f.Error(err)
				}
			})
		}
		close(start)
		f.choose(f.maya, false, "orders")
		at := f.count("SELECT COUNT(*) FROM passages")
		group.Wait()
		if n := f.count("SELECT COUNT(*) FROM passages"); at != 0 || n != 0 {
			f.Fatalf("round %d: %d passages at the withdrawal, %d after", i, at, n)
		}
	}
}

// asked is an embedder outside of the house. Before it answers, it looks.
type asked struct {
	look func(kind retrieval.TextKind, texts []string)
}

func (asked) Space() retrieval.Space { return spaceA }

func (asked) Recipient() consent.Recipient { return "ai_provider:openai" }

func (a asked) Embed(_ context.Context, kind retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	a.look(kind, texts)
	out := make([]retrieval.Vector, len(texts))
	for i, t := range texts {
		out[i] = vectorOf(t)
	}
	return out, nil
}

// emptyIndex is an index that finds nothing.
type emptyIndex struct{}

func (emptyIndex) Search(context.Context, consent.Scope, retrieval.Query, int) ([]retrieval.Match, error) {
	return nil, nil
}

// sentOutside: what goes to a model outside is committed to the access log before, and
// is not sent after a withdrawal, though the same was sent before it within the hour.
func sentOutside(f *fixture) {
	const model consent.Recipient = "ai_provider:openai"
	// From the beginning of an hour, so that the test is in one.
	f.pass(f.now().Truncate(time.Hour).Add(time.Hour + time.Minute).Sub(f.now()))
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "b1", "billing", "An invoice."), record(f.omar, "x1", "orders", "A lamp."))
	choose := func(who identity.Principal, granted bool) {
		f.Helper()
		f.change(who, consent.Change{Triple: triple(consent.Answers, consent.Conversation, model), Granted: granted},
			consent.Change{Triple: triple(consent.Answers, "orders", model), Granted: granted})
	}
	f.choose(f.maya, true, "orders", "billing")
	f.choose(f.omar, true, "orders")
	choose(f.maya, true)
	choose(f.omar, true)
	var sent []string
	then := func() {}
	e := asked{look: func(_ retrieval.TextKind, texts []string) {
		sent = append(sent, texts...)
		if n := f.count("SELECT COUNT(*) FROM accesses WHERE customer = $1 AND actor = $2 AND kind = 'embedding'", f.maya.Customer, model); n != min(2, len(sent)) {
			f.Errorf("%q was sent, and %d looks are recorded", texts, n)
		}
		then()
	}}
	s := retrieval.NewSearcher(emptyIndex{}, f.Store).ByMeaning(e, f.Store)
	ask := func(scope consent.Scope) retrieval.Result {
		f.Helper()
		r, err := s.Search(f.Context(), scope, retrieval.Analyze("Where is it?", "en"), 10)
		f.must(err)
		return r
	}
	expect := func(step string, r retrieval.Result, meaning retrieval.Meaning, cause error, want ...string) {
		f.Helper()
		if r.Meaning != meaning || !errors.Is(r.Cause, cause) || (r.Cause == nil) != (cause == nil) {
			f.Errorf("%s: the meaning is %s, %v", step, r.Meaning, r.Cause)
		}
		if !slices.Equal(sent, want) {
			f.Errorf("%s: sent is %q, want %q", step, sent, want)
		}
	}
	const question, order = "Where is it?", "Title of o1\nA tent.\nnote: field of o1"
	scope := f.scope(f.maya, consent.Answers)
	expect("granted", ask(scope), retrieval.MeaningUsed, nil, question, order)
	passages, err := f.Passages(f.Context(), scope)
	f.must(err)
	for _, p := range passages {
		if (p.Record == "o1") != (p.Space == spaceA) {
			f.Errorf("%s is in the space %q", p.Record, p.Space)
		}
	}
	expect("again", ask(scope), retrieval.MeaningUsed, nil, question, order, question)
	choose(f.maya, false)
	expect("withdrawn since", ask(scope), retrieval.MeaningAway, consent.ErrStale, question, order, question)
	expect("by a new scope", ask(f.scope(f.maya, consent.Answers)), retrieval.MeaningDenied, nil, question, order, question)
	// The withdrawal comes while the question is out.
	choose(f.maya, true)
	f.put(record(f.maya, "o1", "orders", "A tent."))
	sent, then = nil, func() { choose(f.maya, false) }
	n := f.count("SELECT COUNT(*) FROM accesses")
	e.look = func(_ retrieval.TextKind, texts []string) { sent = append(sent, texts...); then() }
	s = retrieval.NewSearcher(emptyIndex{}, f.Store).ByMeaning(e, f.Store)
	expect("withdrawn meanwhile", ask(f.scope(f.maya, consent.Answers)), retrieval.MeaningUsed, consent.ErrStale, question)
	if got := f.count("SELECT COUNT(*) FROM accesses"); got != n {
		f.Errorf("%d looks more are recorded", got-n)
	}
	if n := f.count("SELECT COUNT(*) FROM passages WHERE record = 'o1' AND vector IS NOT NULL"); n != 0 {
		f.Error("it has a vector")
	}
}

// noDeadlockOfVectors: nor do two commits wait for each other of which one stores
// vectors.
func noDeadlockOfVectors(a, b *fixture) {
	sites := []identity.SiteID{shop, a.otherSite()}
	for _, site := range sites {
		for i := range 4 {
			a.putArticles(site, article(fmt.Sprint("k", i), "Returns."))
		}
	}
	whos := make([]identity.Principal, 4)
	for i := range whos {
		whos[i] = a.customer(fmt.Sprint("customer ", i))
		for j := range 4 {
			a.put(record(whos[i], fmt.Sprint("o", i, j), "orders", "A tent."))
		}
		a.choose(whos[i], true, "orders")
	}
	spaces := []retrieval.Space{spaceA, spaceB}
	mix(a, b, func(f *fixture, r *rand.Rand) error {
		site, id, space := sites[r.IntN(len(sites))], fmt.Sprint("k", r.IntN(4)), spaces[r.IntN(2)]
		var err error
		switch r.IntN(7) {
		case 0:
			err = f.PutKnowledge(f.Context(), site, []retrieval.Record{article(id, fmt.Sprint("Returns ", r.IntN(3)))})
		case 1:
			err = f.RemoveRecord(f.Context(), site, id)
		case 2:
			err = f.SetSpace(f.Context(), space)
		case 3:
			err = f.DropVectors(f.Context(), space)
		case 4, 5:
			var articles []retrieval.Unembedded
			articles, err = f.Unembedded(f.Context(), space, retrieval.Article{}, 8)
			var all []retrieval.ArticleVectors
			for _, x := range articles {
				all = append(all, vectorsFor(space, x))
			}
			if err == nil {
				err = f.PutVectors(f.Context(), space, all)
			}
		case 6:
			scope := f.scope(whos[r.IntN(len(whos))], consent.Answers)
			var own []retrieval.OwnPassage
			if own, err = f.UnembeddedOwn(f.Context(), scope, scope.Searchable(), space, 10); err == nil {
				r.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
				err = f.PutOwnVectors(f.Context(), scope, space, withVector(own, ownVector))
			}
		}
		if errors.Is(err, retrieval.ErrNotFound) {
			return nil // it was removed already
		}
		return err
	})
}
