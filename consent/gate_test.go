package consent_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
	"candor/identity"
	"candor/store"
	"candor/store/schematest"
)

const shop identity.SiteID = "shop"

// world is a real store with customers, and a gate.
type world struct {
	*testing.T
	store *store.Store
	gate  *consent.Gate
	ids   map[string]identity.CustomerID
}

// newWorld opens a store. In a synctest bubble its clock is the bubble's.
func newWorld(t *testing.T, p *consent.Policy) *world {
	t.Helper()
	s := schematest.Open(t, t.TempDir())
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{T: t, store: s, gate: consent.NewGate(s, p), ids: make(map[string]identity.CustomerID)}
	w.must(s.InstallPolicy(t.Context(), p))
	w.must(s.AddSite(t.Context(), identity.Site{ID: shop, Name: "Shop", Secret: []byte("s")}, "key"))
	for _, name := range []string{"maya", "omar"} {
		id, err := s.Customer(t.Context(), shop, name)
		w.must(err)
		w.ids[name] = id
	}
	visitor, err := s.AddVisitor(t.Context(), shop)
	w.must(err)
	w.ids["visitor"] = visitor
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// who is somebody of a story, in a conversation.
func (w *world) who(name, conversation string) identity.Principal {
	p := identity.Principal{Kind: identity.Customer, Site: shop, Customer: w.ids[name], Conversation: conversation}
	switch name {
	case "visitor":
		p.Kind = identity.Visitor
	case "agent": // serves maya
		return identity.Principal{Kind: identity.Staff, Site: shop, Staff: "stf_1", Roles: []identity.Role{identity.RoleAgent}}.
			About(w.ids["maya"], conversation)
	case "admin":
		return identity.Principal{Kind: identity.Staff, Site: shop, Staff: "stf_2", Roles: []identity.Role{identity.RoleAdmin}}
	case "backend":
		p.Kind, p.Customer = identity.Backend, w.ids["maya"]
	case "browser":
		p.Kind, p.Customer = identity.Browser, w.ids["maya"]
	case "system":
		p.Kind, p.Customer = identity.System, w.ids["maya"]
	case "nobody":
		p.Kind, p.Customer = identity.Nobody, w.ids["maya"]
	}
	return p
}

func triple(s string) consent.Triple {
	part := strings.SplitN(s, "/", 3)
	return consent.Triple{Purpose: consent.Purpose(part[0]), Category: consent.Category(part[1]), Recipient: consent.Recipient(part[2])}
}

func choose(granted bool, d consent.Duration, triples ...string) consent.ChangeSet {
	set := consent.ChangeSet{Language: "en", Channel: "widget"}
	for _, s := range triples {
		set.Changes = append(set.Changes, consent.Change{Triple: triple(s), Granted: granted, Duration: d})
	}
	return set
}

func yes(triples ...string) consent.ChangeSet { return choose(true, consent.Standing, triples...) }
func here(triples ...string) consent.ChangeSet {
	return choose(true, consent.ThisConversation, triples...)
}
func no(triples ...string) consent.ChangeSet { return choose(false, "", triples...) }

func notNow(triples ...string) consent.ChangeSet {
	set := no(triples...)
	set.Offer = "ofr_1"
	return set
}

func withDelete(set consent.ChangeSet) consent.ChangeSet {
	for i := range set.Changes {
		set.Changes[i].Delete = true
	}
	return set
}

func (w *world) change(who identity.Principal, set consent.ChangeSet) consent.Changed {
	w.Helper()
	c, err := w.gate.Change(w.Context(), who, set)
	w.must(err)
	return c
}

// state is the state of a triple as its customer sees it.
func (w *world) state(who identity.Principal, s string) consent.State {
	w.Helper()
	all, err := w.gate.Choices(w.Context(), who, "en")
	w.must(err)
	for _, c := range all.Choices {
		if c.Triple == triple(s) {
			if c.Allowed != (c.Grant != "") {
				w.Errorf("%s: allowed %t by grant %q", s, c.Allowed, c.Grant)
			}
			return c.State
		}
	}
	w.Fatalf("%s is not among the choices", s)
	return ""
}

func (w *world) epoch(name string) int64 {
	w.Helper()
	s, err := w.store.Snapshot(w.Context(), w.ids[name])
	w.must(err)
	return s.Epoch
}

const orders, billing = "answers/orders/brand_ai", "answers/billing/brand_ai"

// TestChange walks from each state to the next: what is written, and whether the
// epoch moves.
func TestChange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before []consent.ChangeSet
		set    consent.ChangeSet
		want   consent.State // of the event; empty: none is written
	}{
		{"given", nil, yes(orders), consent.Given},
		{"given again", []consent.ChangeSet{yes(orders)}, yes(orders), ""},
		{"given, then for this conversation", []consent.ChangeSet{yes(orders)}, here(orders), ""},
		{"for this conversation", nil, here(orders), consent.Given},
		{"for this conversation again", []consent.ChangeSet{here(orders)}, here(orders), consent.Renewed},
		{"for this conversation, then standing", []consent.ChangeSet{here(orders)}, yes(orders), consent.Given},
		{"withdrawn", []consent.ChangeSet{yes(orders)}, no(orders), consent.Withdrawn},
		{"withdrawn from this conversation", []consent.ChangeSet{here(orders)}, no(orders), consent.Withdrawn},
		{"withdrawn again", []consent.ChangeSet{yes(orders), no(orders)}, no(orders), ""},
		{"withdrawn and deleted", []consent.ChangeSet{yes(orders)}, withDelete(no(orders)), consent.Withdrawn},
		{"withdrawn, then deleted", []consent.ChangeSet{yes(orders), no(orders)}, withDelete(no(orders)), consent.Refused},
		{"given after a withdrawal", []consent.ChangeSet{yes(orders), no(orders)}, yes(orders), consent.Given},
		{"for this conversation and standing, then withdrawn", []consent.ChangeSet{here(orders), yes(orders)}, no(orders), consent.Withdrawn},
		{"refused", nil, no(orders), consent.Refused},
		{"refused again", []consent.ChangeSet{no(orders)}, no(orders), ""},
		{"given after a refusal", []consent.ChangeSet{no(orders)}, yes(orders), consent.Given},
		{"not now", nil, notNow(orders), consent.Deferred},
		{"refused after not now", []consent.ChangeSet{notNow(orders)}, no(orders), consent.Refused},
		{"given after not now", []consent.ChangeSet{notNow(orders)}, yes(orders), consent.Given},
		{"not now to an offer, though it is given", []consent.ChangeSet{yes(orders)}, notNow(orders), consent.Withdrawn},
		{"deleted, never given", nil, withDelete(no(orders)), consent.Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, consent.DefaultPolicy())
			maya := w.who("maya", "cnv_1")
			for _, set := range tt.before {
				w.change(maya, set)
			}
			before := w.epoch("maya")
			history, err := w.gate.History(t.Context(), maya)
			w.must(err)
			got := w.change(maya, tt.set)
			after, err := w.gate.History(t.Context(), maya)
			w.must(err)
			if tt.want == "" {
				if len(got.Events) != 0 || w.epoch("maya") != before || len(after) != len(history) {
					t.Fatalf("wrote %+v, epoch %d to %d", got.Events, before, w.epoch("maya"))
				}
				return
			}
			// A withdrawal ends the standing grant and those for conversations.
			if len(got.Events) == 0 || slices.ContainsFunc(got.Events, func(e consent.Event) bool { return e.State != tt.want }) {
				t.Fatalf("wrote %+v, want %s", got.Events, tt.want)
			}
			if w.epoch("maya") != before+1 || got.Epoch != before+1 || got.Events[0].Epoch != before+1 {
				t.Errorf("the epoch went from %d to %d, the event says %d", before, w.epoch("maya"), got.Events[0].Epoch)
			}
			if len(after) != len(history)+len(got.Events) {
				t.Fatalf("the ledger grew from %d to %d", len(history), len(after))
			}
			stored := after[len(history)]
			if d := cmp.Diff(got.Events[0], stored); d != "" {
				t.Errorf("the event that was returned is not the one that was stored:\n%s", d)
			}
			p := w.gate.Policy()
			if stored.Notice != p.Notice.Ref("en") || stored.Version != p.Version || stored.Actor != "customer:"+string(maya.Customer) ||
				stored.Channel != "widget" || stored.At.IsZero() || stored.Evidence != tt.set.Offer {
				t.Errorf("the event does not say how it came about: %+v", stored)
			}
		})
	}
}

func TestChangeIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	maya := w.who("maya", "cnv_1")
	w.change(maya, yes(billing))
	p := w.gate.Policy()
	stale := consent.NoticeRef{ID: p.Notice.ID, Version: "0"}
	bad := func(change func(*consent.ChangeSet)) consent.ChangeSet {
		set := yes(orders)
		change(&set)
		return set
	}
	add := func(c consent.Change) consent.ChangeSet {
		return bad(func(s *consent.ChangeSet) { s.Changes = append(s.Changes, c) })
	}
	for _, tt := range []struct {
		name string
		who  identity.Principal
		set  consent.ChangeSet
		want error
	}{
		{"nothing", maya, consent.ChangeSet{}, consent.ErrInvalidChange},
		{"an unknown category", maya, yes(orders, "answers/health/brand_ai"), consent.ErrUnknownTriple},
		{"an unknown purpose", maya, yes(orders, "training/orders/brand_ai"), consent.ErrUnknownTriple},
		{"a pair that does not exist", maya, yes(orders, "insights/location/brand_ai"), consent.ErrUnknownTriple},
		{"a wildcard", maya, yes(orders, "answers/*/brand_ai"), consent.ErrUnknownTriple},
		{"knowledge", maya, yes(orders, "answers/knowledge/brand_ai"), consent.ErrUnknownTriple},
		{"an empty triple", maya, add(consent.Change{Granted: true}), consent.ErrUnknownTriple},
		{"the same twice", maya, yes(orders, orders), consent.ErrInvalidChange},
		{"yes and no to the same", maya, add(consent.Change{Triple: triple(orders)}), consent.ErrInvalidChange},
		{"an unknown duration", maya, add(consent.Change{Triple: triple("answers/profile/brand_ai"), Granted: true, Duration: "year"}), consent.ErrInvalidChange},
		{"a grant that deletes", maya, add(consent.Change{Triple: triple("answers/profile/brand_ai"), Granted: true, Delete: true}), consent.ErrInvalidChange},
		{"for this conversation, outside of one", w.who("maya", ""), here(orders), consent.ErrInvalidChange},
		{"on an older notice", maya, bad(func(s *consent.ChangeSet) { s.Notice = &stale }), consent.ErrStaleNotice},
		{"on another notice", maya, bad(func(s *consent.ChangeSet) { s.Notice = &consent.NoticeRef{ID: "terms", Version: p.Notice.Version} }), consent.ErrStaleNotice},
		{"a visitor's orders", w.who("visitor", "cnv_1"), yes("answers/conversation/ai_provider:openai", orders), consent.ErrInvalidChange},
		{"by an agent", w.who("agent", "cnv_1"), yes(orders), consent.ErrForbidden},
		{"by the site", w.who("backend", ""), yes(orders), consent.ErrForbidden},
		{"by the system", w.who("system", ""), yes(orders), consent.ErrForbidden},
		{"by nobody", w.who("nobody", ""), yes(orders), consent.ErrForbidden},
		{"by the zero principal", identity.Principal{}, yes(orders), consent.ErrForbidden},
		{"by somebody unknown", identity.Principal{Kind: identity.Customer, Site: shop, Customer: "cus_0"}, yes(orders), consent.ErrUnknownCustomer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := w.gate.Change(t.Context(), tt.who, tt.set)
			if !errors.Is(err, tt.want) || len(got.Events) != 0 {
				t.Errorf("%+v, %v; want %v", got.Events, err, tt.want)
			}
			if e := w.epoch("maya"); e != 1 {
				t.Errorf("the epoch is %d", e)
			}
			if s := w.state(maya, orders); s != consent.None {
				t.Errorf("half of it happened: orders are %s", s)
			}
			if e := w.epoch("visitor"); e != 0 {
				t.Errorf("the visitor's epoch is %d", e)
			}
		})
	}
	// Several at once are one step of the epoch, with an event each.
	set := yes(orders, "answers/profile/brand_ai", billing)
	set.Notice = &consent.NoticeRef{ID: p.Notice.ID, Version: p.Notice.Version}
	if got := w.change(maya, set); len(got.Events) != 2 || got.Epoch != 2 {
		t.Errorf("%d events, epoch %d; want the two that change something, in one step", len(got.Events), got.Epoch)
	}
}

func TestOneEpochForEachChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	maya := w.who("maya", "cnv_1")
	triples := w.gate.Policy().Triples()
	const n = 32
	var mu sync.Mutex
	var epochs []int64
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			x := triples[i%len(triples)]
			got, err := w.gate.Change(t.Context(), maya, consent.ChangeSet{
				Language: "en", Channel: "widget", Changes: []consent.Change{{Triple: x, Granted: i < len(triples)}},
			})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if len(got.Events) > 0 {
				epochs = append(epochs, got.Events[0].Epoch)
			}
		})
	}
	group.Wait()
	slices.Sort(epochs)
	for i, e := range epochs {
		if e != int64(i+1) {
			t.Fatalf("the epochs are %v", epochs)
		}
	}
	if e := w.epoch("maya"); e != int64(len(epochs)) {
		t.Errorf("the epoch is %d after %d changes", e, len(epochs))
	}
}

// TestStaffAndBackendScopes: only a customer gets the scope of a customer.
func TestWhoGetsAScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	var everything []string
	for _, x := range w.gate.Policy().Triples() {
		everything = append(everything, fmt.Sprintf("%s/%s/%s", x.Purpose, x.Category, x.Recipient))
	}
	w.change(w.who("maya", "cnv_1"), yes(everything...))
	for _, tt := range []struct {
		who        string
		purpose    consent.Purpose
		searchable int
		audience   consent.Audience
	}{
		{"maya", consent.Answers, 8, consent.Public},
		{"maya", consent.Insights, 4, consent.Public},
		{"maya", "training", 0, consent.Public},
		{"maya", "", 0, consent.Public},
		{"agent", consent.AgentAssist, 6, consent.Staff},
		// What may go to the company's AI may not be read by a person for it.
		{"agent", consent.Answers, 0, consent.Staff},
		{"agent", consent.Insights, 0, consent.Staff},
		{"omar", consent.Answers, 0, consent.Public},
		{"visitor", consent.Answers, 0, consent.Public},
		{"backend", consent.Answers, 0, consent.Public},
		{"system", consent.Answers, 0, consent.Public},
		{"nobody", consent.Answers, 0, consent.Public},
	} {
		s, err := w.gate.Scope(t.Context(), w.who(tt.who, "cnv_1"), tt.purpose)
		w.must(err)
		if n := len(s.Searchable()); n != tt.searchable || s.Audience() != tt.audience {
			t.Errorf("%s for %s: %d categories, audience %d; want %d, %d", tt.who, tt.purpose, n, s.Audience(), tt.searchable, tt.audience)
		}
		if tt.searchable == 0 && s.Stamp().Personal {
			t.Errorf("%s for %s: permits something personal", tt.who, tt.purpose)
		}
		// Every category of the purpose is either permitted or named.
		named := map[consent.Category]bool{}
		for _, c := range s.Searchable() {
			named[c] = true
		}
		for _, d := range s.Denials() {
			if named[d.Category] || !slices.Contains(consent.Reasons, d.Reason) {
				t.Errorf("%s for %s: %s is permitted, or denied twice, or for %q", tt.who, tt.purpose, d.Category, d.Reason)
			}
			named[d.Category] = true
		}
		for _, x := range w.gate.Policy().Triples() {
			if x.Purpose == tt.purpose && x.Category != consent.Conversation && !named[x.Category] {
				t.Errorf("%s for %s: nothing is said of %s", tt.who, tt.purpose, x.Category)
			}
		}
	}
	// Staff without a customer see what the site has, and nobody's data; of another desk,
	// what is for everybody.
	for desk, audience := range map[string]consent.Audience{"": consent.Staff, "desk:acme": consent.Public} {
		s, err := w.gate.Scope(t.Context(), identity.Principal{Kind: identity.Staff, Site: shop, Recipient: desk}, consent.AgentAssist)
		if err != nil || s.Stamp().Personal || s.Customer() != "" || s.Audience() != audience {
			t.Errorf("at %q: %+v, %v", desk, s, err)
		}
	}
}

// TestNewNotice: a choice stands for the text that was shown.
func TestNewNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	maya := w.who("maya", "cnv_1")
	w.change(maya, yes(orders))
	text := strings.NewReplacer(`version: "2026-11-28"`, `version: "2027-01-01"`, "  id: data-choices\n  version: \"1\"", "  id: data-choices\n  version: \"2\"",
		"We do not train AI models on your data.", "We keep your data where you live.").
		Replace(policyText(t))
	next, err := consent.LoadPolicy(strings.NewReader(text))
	w.must(err)
	w.must(w.store.InstallPolicy(t.Context(), next))
	w.gate = consent.NewGate(w.store, next)
	if s := w.state(maya, orders); s != consent.Invalidated {
		t.Errorf("on the older notice orders are %s", s)
	}
	s, err := w.gate.Scope(t.Context(), maya, consent.Answers)
	w.must(err)
	if len(s.Searchable()) > 0 || !slices.Contains(s.Denials(), consent.Denial{Category: "orders", Reason: consent.NoticeChanged}) {
		t.Errorf("%v, %v", s.Searchable(), s.Denials())
	}
	if live, _, err := w.gate.Indexable(t.Context(), maya.Customer); err != nil || len(live) > 0 {
		t.Errorf("indexable: %v, %v", live, err)
	}
	if o, err := w.gate.Offer(t.Context(), maya, consent.BrandAI, []consent.Category{"orders"}, "en", "Shop"); err != nil || o == nil || o.Notice.Version != "2" {
		t.Errorf("the new notice is not offered: %+v, %v", o, err)
	}
	if got := w.change(maya, yes(orders)); len(got.Events) != 1 || got.Events[0].State != consent.Renewed {
		t.Errorf("%+v, want it renewed", got.Events)
	}
	if s := w.state(maya, orders); s != consent.Renewed {
		t.Errorf("after the renewal orders are %s", s)
	}
}

// TestChoiceOnAnOlderNotice: a yes counts for the text that was read, also on a
// replica that has not seen the newer one; a no never waits for it.
func TestChoiceOnAnOlderNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	maya, read := w.who("maya", "cnv_1"), w.gate.Policy().Notice.Ref("en")
	w.change(maya, yes(billing))
	w.must(w.store.InstallPolicy(t.Context(), edit(t, "reworded", "We do not train AI models on your data.", "We keep your data where you live.")))
	set := yes(orders)
	set.Notice = &read
	if _, err := w.gate.Change(t.Context(), maya, set); !errors.Is(err, consent.ErrStaleNotice) {
		t.Errorf("a yes on the text before: %v", err)
	}
	set = no(billing)
	set.Notice = &read
	w.change(maya, set)
	if s := w.state(maya, billing); s != consent.Withdrawn {
		t.Errorf("billing is %s", s)
	}
}

// TestNoticeInAnotherLanguage: a policy may have more languages than the product.
func TestNoticeInAnotherLanguage(t *testing.T) {
	t.Parallel()
	p, err := consent.LoadPolicy(strings.NewReader(strings.Replace(policyText(t), "  version: \"1\"\n  text:\n", "  version: \"1\"\n  text:\n    de: Wir sehen Ihre Daten nur an, wenn Sie zustimmen.\n", 1)))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, p)
	for language, shown := range map[string]string{"de": "de", "de-AT": "de", "pt-PT": "pt-BR", "ru": "ru", "": "en"} {
		maya := w.who("maya", "cnv_1")
		set := yes(orders)
		set.Language = language
		got := w.change(maya, set)
		if len(got.Events) != 1 || got.Events[0].Language != shown || got.Events[0].Notice != p.Notice.Ref(shown) || got.Notice != p.Notice.Ref(shown) {
			t.Errorf("%q: %+v, want the text in %s", language, got.Events, shown)
		}
		if s, err := w.gate.Scope(t.Context(), maya, consent.Answers); err != nil || len(s.Searchable()) != 1 {
			t.Errorf("%q: the grant does not hold: %v, %v", language, s.Denials(), err)
		}
		w.change(maya, no(orders))
	}
	// No grant without a notice in the customer's language; a withdrawal needs none.
	french := yes(orders)
	french.Language = "fr"
	if _, err := w.gate.Change(t.Context(), w.who("maya", "cnv_1"), french); !errors.Is(err, consent.ErrNoNotice) {
		t.Errorf("a grant in French: %v", err)
	}
	french = no(orders)
	french.Language = "fr"
	w.change(w.who("maya", "cnv_1"), french)
}

func TestOffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, consent.DefaultPolicy())
		maya := w.who("maya", "cnv_1")
		gpc := maya
		gpc.GPC = true
		offered := func(who identity.Principal, categories ...consent.Category) (out []consent.Category) {
			t.Helper()
			o, err := w.gate.Offer(t.Context(), who, consent.BrandAI, categories, "en", "Fernhill")
			w.must(err)
			if o == nil {
				return nil
			}
			if o.ID == "" || o.Notice != w.gate.Policy().Notice.Ref("en") || strings.ContainsAny(o.Text, "{}") {
				t.Errorf("the offer is %+v", o)
			}
			for _, c := range o.Changes {
				if !c.Granted || c.Purpose != consent.Answers || c.Recipient != consent.BrandAI {
					t.Errorf("it asks for %+v", c)
				}
				out = append(out, c.Category)
			}
			return out
		}
		expect := func(step string, got []consent.Category, want ...consent.Category) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("%s: offered %v, want %v", step, got, want)
			}
		}
		o, err := w.gate.Offer(t.Context(), maya, consent.BrandAI, []consent.Category{"orders", "billing", "profile"}, "en", "Fernhill")
		w.must(err)
		const want = "To answer, I need to look at your orders, your invoices and payments and your profile details. Only Fernhill's own AI will see them."
		if o == nil || o.Text != want {
			t.Errorf("the offer reads %q, want %q", o.Text, want)
		}
		expect("first", offered(maya, "orders", "orders"), "orders")
		expect("with GPC, which masks third parties only", offered(gpc, "orders"), "orders")
		expect("what does not exist", offered(maya, "health", consent.Conversation, consent.Knowledge, ""))
		outside := func(who identity.Principal, categories ...consent.Category) *consent.Offer {
			t.Helper()
			o, err := w.gate.Offer(t.Context(), who, "ai_provider:openai", categories, "en", "Fernhill")
			w.must(err)
			return o
		}
		if o := outside(maya, consent.Conversation); o == nil || len(o.Changes) != 1 || o.Changes[0].Recipient != "ai_provider:openai" ||
			o.Text != "To answer, I need to look at your messages in this chat. OpenAI, an outside AI company, will see them." {
			t.Errorf("own words for another company: %+v", o)
		}
		if o := outside(w.who("visitor", "cnv_1"), consent.Conversation, "orders"); o == nil || len(o.Changes) != 1 || o.Changes[0].Category != consent.Conversation {
			t.Errorf("a visitor's own words: %+v", o)
		}
		if o := outside(gpc, consent.Conversation); o != nil {
			t.Errorf("asked against the browser's signal: %+v", o)
		}
		expect("nothing", offered(maya))
		expect("a visitor", offered(w.who("visitor", "cnv_1"), "orders"))
		expect("an agent", offered(w.who("agent", "cnv_1"), "orders"))
		expect("the zero principal", offered(identity.Principal{}, "orders"))

		w.change(maya, yes(billing))
		expect("one of two given", offered(maya, "orders", "billing"), "orders")
		w.change(maya, notNow(orders))
		expect("after not now", offered(maya, "orders"))
		time.Sleep(30*24*time.Hour - time.Second)
		expect("a second before 30 days", offered(maya, "orders"))
		time.Sleep(time.Second)
		expect("after 30 days", offered(maya, "orders"), "orders")
		w.change(maya, no(orders))
		expect("refused", offered(maya, "orders"))
		time.Sleep(365 * 24 * time.Hour)
		expect("refused, a year later", offered(maya, "orders"))
		w.change(maya, yes(orders))
		w.change(maya, no(orders))
		expect("withdrawn", offered(maya, "orders"), "orders")

		// A grant for another conversation, or one that has run out, is asked for
		// again here; "not now" is then that, and is not asked about again.
		omar1, omar2 := w.who("omar", "cnv_1"), w.who("omar", "cnv_2")
		w.change(omar1, here(orders))
		expect("in the conversation of the grant", offered(omar1, "orders"))
		expect("in another conversation", offered(omar2, "orders"), "orders")
		if got := w.change(omar2, notNow(orders)); len(got.Events) != 1 || got.Events[0].State != consent.Deferred {
			t.Errorf("not now, with a grant elsewhere: %+v", got.Events)
		}
		expect("after not now in another conversation", offered(omar2, "orders"))
		w.change(omar2, here(orders))
		time.Sleep(25 * time.Hour)
		expect("run out", offered(omar2, "orders"), "orders")
		w.change(omar2, notNow(orders))
		expect("after not now to one that had run out", offered(omar2, "orders"))
	})
}

// TestConversationsApart: a choice in one conversation leaves another's alone,
// and to stop is to stop everywhere.
func TestConversationsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	first, second := w.who("maya", "cnv_1"), w.who("maya", "cnv_2")
	allowed := func(step string, inFirst, inSecond bool) {
		t.Helper()
		for _, c := range []struct {
			who  identity.Principal
			want bool
		}{{first, inFirst}, {second, inSecond}} {
			s, err := w.gate.Scope(t.Context(), c.who, consent.Answers)
			w.must(err)
			if _, ok := s.Permits("orders", consent.BrandAI); ok != c.want {
				t.Errorf("%s: allowed in %s is %t", step, c.who.Conversation, ok)
			}
		}
	}
	w.change(first, here(orders))
	allowed("given in the first", true, false)
	w.change(second, notNow(orders))
	allowed("not now in the second", true, false)
	w.change(second, here(orders))
	allowed("given in both", true, true)
	w.change(second, no(orders))
	allowed("stopped in the second", false, false)
	w.change(first, here(orders))
	w.change(second, yes(orders))
	allowed("standing", true, true)
	w.change(first, no(orders))
	allowed("stopped in the first", false, false)
}

// TestExpire: the ledger learns that a grant has run out, once; that it denies
// was true before.
func TestExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, consent.DefaultPolicy())
		maya, omar := w.who("maya", "cnv_1"), w.who("omar", "cnv_1")
		w.change(maya, here(orders, billing))
		w.change(maya, yes("answers/profile/brand_ai"))
		w.change(maya, notNow("answers/preferences/brand_ai"))
		w.change(omar, yes(orders))
		expire := func() int {
			t.Helper()
			n, err := w.gate.Expire(t.Context(), 10)
			w.must(err)
			return n
		}
		time.Sleep(consent.ConversationGrant - time.Second)
		if n := expire(); n != 0 || w.state(maya, orders) != consent.Given {
			t.Errorf("a second early: %d, %s", n, w.state(maya, orders))
		}
		time.Sleep(time.Second)
		if s := w.state(maya, orders); s != consent.Expired || w.epoch("maya") != 3 {
			t.Errorf("before it is swept: %s, epoch %d", s, w.epoch("maya"))
		}
		if n := expire(); n != 1 {
			t.Errorf("%d customers", n)
		}
		if w.epoch("maya") != 4 || w.epoch("omar") != 1 {
			t.Errorf("epochs %d and %d", w.epoch("maya"), w.epoch("omar"))
		}
		history, err := w.gate.History(t.Context(), maya)
		w.must(err)
		last := history[len(history)-1]
		if len(history) != 6 || last.State != consent.Expired || last.Actor != "system" || last.Conversation != "cnv_1" || !last.Expires.IsZero() {
			t.Errorf("%d events, the last is %+v", len(history), last)
		}
		if n := expire(); n != 0 || w.epoch("maya") != 4 {
			t.Errorf("again: %d, epoch %d", n, w.epoch("maya"))
		}
		if s := w.state(maya, "answers/profile/brand_ai"); s != consent.Given {
			t.Errorf("the standing grant is %s", s)
		}
		time.Sleep(31 * 24 * time.Hour)
		if n := expire(); n != 0 || w.state(maya, "answers/preferences/brand_ai") != consent.Deferred {
			t.Errorf("not now became an expired grant: %d", n)
		}
	})
}
