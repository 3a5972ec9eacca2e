// Package indextest is the conformance suite of retrieval.Index, with a store
// and a consent ledger in memory to run it on.
//
// It has no way around consent: every scope in it is minted by a real
// consent.Gate, over choices that were made through Gate.Change as a customer
// makes them.
package indextest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// NewIndex makes an empty index over a store, for vectors of the space (zero: for
// none). It may use t for what has to be closed.
type NewIndex func(t *testing.T, s retrieval.Store, space retrieval.Space) retrieval.Index

// Run checks that an index keeps every promise of retrieval.Index: by words alone,
// and then by meaning too.
func Run(t *testing.T, newIndex NewIndex) { RunWithin(t, 0, newIndex) }

// RunWithin is Run for an index that computes with smaller numbers: its scores may
// differ by the tolerance from what they should be, and matches whose scores differ by
// no more may be in any order.
func RunWithin(t *testing.T, tolerance float64, newIndex NewIndex) {
	t.Run("words", func(t *testing.T) { run(t, newIndex, nil, tolerance) })
	t.Run("meaning", func(t *testing.T) { run(t, newIndex, Words{}, tolerance) })
}

func run(t *testing.T, newIndex NewIndex, e retrieval.Embedder, tolerance float64) {
	for _, c := range []struct {
		name string
		test func(*world)
	}{
		{"anonymous finds public knowledge only", anonymous},
		{"internal knowledge is for staff", internal},
		{"another customer's records are not found", others},
		{"another site's knowledge is not found", sites},
		{"a withdrawn category is not found", withdrawn},
		{"a grant is for its purpose", purposes},
		{"a grant for a conversation ends there", conversations},
		{"an expired grant is none", expired},
		{"a store that leaks is not believed", leaky},
		{"what was written is found", fresh},
		{"nobody else's data moves a score", unmoved},
		{"a limit takes from the top", limits},
		{"preferred categories", preferred},
		{"what means the same is found", meant},
		{"spaces do not mix", spaces},
		{"periods", periods},
		{"explanations", explained},
		{"bad input", badInput},
		{"what was removed is held nowhere", removed},
		{"unusual records", unusual},
		{"a record of ten thousand passages", large},
		{"errors find nothing", failures},
		{"random histories equal brute force", random},
		{"concurrent use", concurrent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(newWorld(t, newIndex, e, tolerance)) })
	}
}

const (
	shop  identity.SiteID     = "shop"
	other identity.SiteID     = "other"
	ana   identity.CustomerID = "cus_ana"
	bob   identity.CustomerID = "cus_bob"
)

var all = retrieval.MaxLimit

// world is a store, an index over it, and the gate.
type world struct {
	*testing.T
	new      NewIndex
	embedder retrieval.Embedder // nil: by words alone
	store    *Store
	index    retrieval.Index
	ledger   *ledger
	gate     *consent.Gate
	// tolerance is of scores, see RunWithin.
	tolerance float64
}

func newWorld(t *testing.T, newIndex NewIndex, e retrieval.Embedder, tolerance float64) *world {
	w := &world{T: t, new: newIndex, embedder: e, ledger: newLedger(), tolerance: tolerance}
	w.store, w.index = w.empty()
	w.gate = consent.NewGate(w.ledger, consent.DefaultPolicy())
	return w
}

// empty returns a store with nothing in it, and an index over it.
func (w *world) empty() (*Store, retrieval.Index) {
	s := NewStore()
	s.Embedder, s.Holds = w.embedder, w.ledger.holds
	return s, w.new(w.T, s, w.space())
}

func (w *world) space() retrieval.Space {
	if w.embedder == nil {
		return retrieval.Space{}
	}
	return w.embedder.Space()
}

// ask is the query of a question, with its meaning if there is one.
func (w *world) ask(question, language string) retrieval.Query {
	q := retrieval.Analyze(question, language)
	if w.embedder != nil {
		v, err := w.embedder.Embed(w.Context(), retrieval.QueryText, []string{question})
		if err != nil {
			w.Fatal(err)
		}
		q.Vector, q.Space = v[0], w.embedder.Space()
	}
	return q
}

func customer(id identity.CustomerID) identity.Principal {
	return identity.Principal{Kind: identity.Customer, Site: shop, Customer: id, Conversation: "cnv_1"}
}

func staff() identity.Principal {
	return identity.Principal{Kind: identity.Staff, Site: shop, Staff: "stf_1"}
}

func visitor() identity.Principal { return identity.Principal{Kind: identity.Visitor, Site: shop} }

// choose makes a customer's choice as the widget does.
func (w *world) choose(who identity.Principal, purpose consent.Purpose, category consent.Category, granted bool, d consent.Duration) {
	w.Helper()
	recipient := consent.BrandAI
	if purpose == consent.AgentAssist {
		recipient = consent.HumanAgents
	}
	_, err := w.gate.Change(w.Context(), who, consent.ChangeSet{
		Language: "en", Channel: "widget",
		Changes: []consent.Change{{
			Triple:  consent.Triple{Purpose: purpose, Category: category, Recipient: recipient},
			Granted: granted, Duration: d,
		}},
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) grant(id identity.CustomerID, categories ...consent.Category) {
	w.Helper()
	for _, c := range categories {
		w.choose(customer(id), consent.Answers, c, true, consent.Standing)
	}
}

func (w *world) scope(who identity.Principal, purpose consent.Purpose) consent.Scope {
	w.Helper()
	s, err := w.gate.Scope(w.Context(), who, purpose)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// find returns the sorted ids of the records that a question finds.
func (w *world) find(s consent.Scope, question string) []string {
	w.Helper()
	var ids []string
	for _, m := range w.search(w.index, s, w.ask(question, "en"), all) {
		ids = append(ids, m.RecordID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (w *world) search(x retrieval.Index, s consent.Scope, q retrieval.Query, limit int) []retrieval.Match {
	w.Helper()
	matches, err := x.Search(w.Context(), s, q, limit)
	if err != nil {
		w.Fatal(err)
	}
	return matches
}

func (w *world) want(got []string, want ...string) {
	w.Helper()
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if d := cmp.Diff(want, got); d != "" {
		w.Errorf("records found (-want +got):\n%s", d)
	}
}

// equal fails unless both are the same matches, within the tolerance.
func (w *world) equal(what string, want, got []retrieval.Match) {
	w.Helper()
	if d := cmp.Diff(want, got); d != "" && !w.near(want, got) {
		w.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// near reports whether two lists differ by no more than the tolerance.
func (w *world) near(want, got []retrieval.Match) bool {
	if w.tolerance == 0 || len(want) != len(got) {
		return false
	}
	same := func(a, b float64) bool { return math.Abs(a-b) <= w.tolerance*(1+math.Abs(a)) }
	for i, a := range want {
		if !same(a.Score, got[i].Score) {
			return false
		}
		at := slices.IndexFunc(got, func(m retrieval.Match) bool { return m.PassageID == a.PassageID && m.Category == a.Category })
		if at < 0 {
			// The last places are shared by equals.
			if !same(a.Score, want[len(want)-1].Score) {
				return false
			}
			continue
		}
		b := got[at]
		if !same(a.Score, b.Score) || !same(a.Lexical, b.Lexical) || !same(a.Cosine, b.Cosine) || a.Start != b.Start || a.End != b.End || a.RecordID != b.RecordID {
			return false
		}
	}
	return true
}

func article(id string, v retrieval.Visibility, text string) retrieval.Record {
	return retrieval.Record{ID: id, Site: shop, Category: consent.Knowledge, Visibility: v, Text: text, Language: "en"}
}

func record(id string, c identity.CustomerID, category consent.Category, text string) retrieval.Record {
	return retrieval.Record{
		ID: id, Site: shop, Customer: c, Category: category, Text: text, Language: "en",
		CollectedAt: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
	}
}

func (w *world) seed() {
	w.store.Put(
		article("public", retrieval.PublicKnowledge, "A parcel takes three days."),
		article("internal", retrieval.InternalKnowledge, "A lost parcel is refunded without asking."),
		article("nobody", "", "A parcel article that nobody may see."),
		record("ana-order", ana, "orders", "Your parcel with boots left on Monday."),
		record("ana-bill", ana, "billing", "The parcel cost 49.00 EUR."),
		record("bob-order", bob, "orders", "Your parcel with a tent left on Friday."),
	)
}

func anonymous(w *world) {
	w.seed()
	w.grant(ana, "orders", "billing")
	w.want(w.find(w.scope(visitor(), consent.Answers), "parcel"), "public")
	w.want(w.find(w.scope(identity.Principal{Site: shop}, consent.Answers), "parcel"), "public")
	for _, id := range w.find(consent.Scope{}, "parcel") {
		if id != "public" {
			w.Errorf("the zero scope found %q", id)
		}
	}
}

func internal(w *world) {
	w.seed()
	w.want(w.find(w.scope(staff(), consent.Answers), "parcel"), "internal", "public")
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "public")
	// An article that becomes internal is gone for the public at once.
	w.store.Put(article("public", retrieval.InternalKnowledge, "A parcel takes three days."))
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"))
}

func others(w *world) {
	w.seed()
	w.grant(ana, "orders")
	w.grant(bob, "orders", "billing")
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-order", "public")
	w.want(w.find(w.scope(customer(bob), consent.Answers), "parcel"), "bob-order", "public")
	w.want(w.find(w.scope(customer("cus_new"), consent.Answers), "parcel"), "public")
}

func sites(w *world) {
	w.seed()
	theirs := article("theirs", retrieval.PublicKnowledge, "A parcel of another shop.")
	theirs.Site = other
	nowhere := article("nowhere", retrieval.PublicKnowledge, "A parcel of no shop.")
	nowhere.Site = ""
	w.store.Put(theirs, nowhere)
	w.want(w.find(w.scope(visitor(), consent.Answers), "parcel"), "public")
	w.want(w.find(w.scope(identity.Principal{Kind: identity.Visitor, Site: other}, consent.Answers), "parcel"), "theirs")
	w.want(w.find(w.scope(identity.Principal{Kind: identity.Visitor}, consent.Answers), "parcel")) // empty is not any
}

func withdrawn(w *world) {
	w.seed()
	for range 3 {
		w.grant(ana, "orders", "billing")
		w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-bill", "ana-order", "public")
		w.choose(customer(ana), consent.Answers, "orders", false, "")
		w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-bill", "public")
		w.choose(customer(ana), consent.Answers, "billing", false, "")
		w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "public")
	}
}

func purposes(w *world) {
	w.seed()
	w.grant(ana, "orders")
	w.choose(customer(ana), consent.AgentAssist, "billing", true, consent.Standing)
	agent := staff().About(ana, "cnv_1")
	w.want(w.find(w.scope(agent, consent.AgentAssist), "parcel"), "ana-bill", "internal", "public")
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-order", "public")
	w.want(w.find(w.scope(customer(ana), consent.Improvement), "parcel"), "public")
	w.want(w.find(w.scope(staff().About(bob, "cnv_2"), consent.AgentAssist), "parcel"), "internal", "public")
}

func conversations(w *world) {
	w.seed()
	w.choose(customer(ana), consent.Answers, "orders", true, consent.ThisConversation)
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-order", "public")
	w.want(w.find(w.scope(customer(ana).In("cnv_2"), consent.Answers), "parcel"), "public")
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-order", "public")
}

func expired(w *world) {
	w.seed()
	w.choose(customer(ana), consent.Answers, "orders", true, consent.ThisConversation)
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-order", "public")
	w.ledger.mu.Lock()
	w.ledger.now = w.ledger.now.Add(consent.ConversationGrant)
	w.ledger.mu.Unlock()
	// No event, and so no new epoch, says that it is over.
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "public")
}

func leaky(w *world) {
	w.seed()
	w.grant(ana, "orders")
	w.store.Leaky = true
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parcel"), "ana-order", "public")
}

func fresh(w *world) {
	w.seed()
	w.grant(ana, "orders")
	s := w.scope(customer(ana), consent.Answers)
	w.want(w.find(s, "umbrella"))
	w.store.Put(article("new", retrieval.PublicKnowledge, "An umbrella."), record("ana-new", ana, "orders", "Your umbrella."))
	w.want(w.find(s, "umbrella"), "ana-new", "new")
	w.store.Put(article("new", retrieval.PublicKnowledge, "A hat."), record("ana-new", ana, "orders", "Your hat."))
	w.want(w.find(s, "umbrella"))
	w.want(w.find(s, "hat"), "ana-new", "new")
	w.store.Remove("new")
	w.store.Remove("ana-new")
	w.want(w.find(s, "hat"))
	w.want(w.find(s, "parcel"), "ana-order", "public")
}

func unmoved(w *world) {
	w.seed()
	w.grant(ana, "orders")
	w.grant(bob, "orders", "billing")
	s := w.scope(customer(ana), consent.Answers)
	q := w.ask("when does my parcel with boots leave?", "en")
	before := w.search(w.index, s, q, all)
	for i := range 50 {
		w.store.Put(
			record(fmt.Sprint("bob", i), bob, "orders", strings.Repeat("Parcel of boots. ", i+1)),
			record(fmt.Sprint("hidden", i), ana, "billing", "Boots in a parcel."),
			article(fmt.Sprint("secret", i), retrieval.InternalKnowledge, "Boots leave in a parcel."))
	}
	w.equal("what the scope does not permit moved the result", before, w.search(w.index, s, q, all))
}

func limits(w *world) {
	for i := range 40 {
		w.store.Put(article(fmt.Sprint("a", i), retrieval.PublicKnowledge, strings.Repeat("boots ", i%7+1)+"and a tent"))
	}
	s := w.scope(visitor(), consent.Answers)
	q := w.ask("boots tent", "en")
	everything := w.search(w.index, s, q, all)
	if len(everything) != 40 {
		w.Fatalf("%d matches, want 40", len(everything))
	}
	for _, limit := range []int{1, 2, 7, 39, 40, 41} {
		w.equal(fmt.Sprint("limit ", limit), everything[:min(limit, 40)], w.search(w.index, s, q, limit))
	}
	for _, limit := range []int{0, -1} {
		if got := w.search(w.index, s, q, limit); len(got) != 0 {
			w.Errorf("limit %d finds %d", limit, len(got))
		}
	}
	for i := 1; i < len(everything); i++ {
		a, b := everything[i-1], everything[i]
		if a.Score < b.Score || a.Score == b.Score && a.PassageID >= b.PassageID {
			w.Errorf("%q (%v) comes before %q (%v)", a.PassageID, a.Score, b.PassageID, b.Score)
		}
	}
}

func preferred(w *world) {
	w.seed()
	newer := record("ana-order-2", ana, "orders", "Your umbrella left on Tuesday.")
	newer.CollectedAt = newer.CollectedAt.AddDate(0, 0, 9)
	w.store.Put(newer)
	w.grant(ana, "orders")
	q := w.ask("where is it?", "en")
	q.Prefer = []consent.Category{"orders", "billing"}
	var got []string
	for _, m := range w.search(w.index, w.scope(customer(ana), consent.Answers), q, all) {
		got = append(got, m.RecordID)
	}
	w.want(got, "ana-order-2", "ana-order")
	if got := w.search(w.index, w.scope(visitor(), consent.Answers), q, all); len(got) != 0 {
		w.Errorf("a preference found %d matches for a visitor", len(got))
	}
}

func unusual(w *world) {
	w.grant(ana, "orders")
	long := strings.Repeat("The parcel has a number and a label. ", 1500)
	ids := []string{"doc_(general) #1", "naïve/ид|0", `quote"'\`, strings.Repeat("x", 300)}
	for i, id := range ids {
		w.store.Put(article(id, retrieval.PublicKnowledge, fmt.Sprintf("umbrella %d", i)))
	}
	w.store.Put(
		article("long", retrieval.PublicKnowledge, long),
		article("empty", retrieval.PublicKnowledge, ""),
		article("blank", retrieval.PublicKnowledge, " \n\t"),
		article("broken", retrieval.PublicKnowledge, "umbrel\xffla \xc3\x28"),
		article("unbroken", retrieval.PublicKnowledge, strings.Repeat("parcel", 5000)),
		record("ana-long", ana, "orders", long),
	)
	slices.Sort(ids)
	s := w.scope(customer(ana), consent.Answers)
	w.want(w.find(s, "umbrella"), ids...)
	w.want(w.find(s, "label"), "ana-long", "long")
	w.want(w.find(s, ""))
	w.want(w.find(s, "?! … \xff"))
	for _, m := range w.search(w.index, s, w.ask("label", "en"), all) {
		if m.Start < 0 || m.Start >= m.End || m.End > len(long) {
			w.Errorf("%s: span %d:%d", m.PassageID, m.Start, m.End)
		}
	}
}

func failures(w *world) {
	w.seed()
	w.grant(ana, "orders")
	s := w.scope(customer(ana), consent.Answers)
	q := w.ask("parcel", "en")
	w.store.Fail = errors.New("the disk is gone")
	if got, err := w.index.Search(w.Context(), s, q, all); err == nil || len(got) != 0 {
		w.Errorf("a failing store gave %d matches and error %v", len(got), err)
	}
	w.store.Fail = nil
	w.want(w.find(s, "parcel"), "ana-order", "public")
	ctx, cancel := context.WithCancel(w.Context())
	cancel()
	if got, err := w.index.Search(ctx, s, q, all); err == nil || len(got) != 0 {
		w.Errorf("a cancelled search gave %d matches and error %v", len(got), err)
	}
}

var (
	vocabulary = strings.Fields(`parcel boots tent refund label umbrella invoice courier warranty zipper size blue
		reembolso entrega pedido factura посилка возврат доставка 10234 FH-10234 ana@example.com`)
	categories = []consent.Category{"orders", "billing", "profile", "support_history", "preferences", "browsing", "location", "inferences"}
	people     = []identity.CustomerID{ana, bob, "cus_eve", "cus_dan"}
)

func phrase(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
		if i%9 == 8 {
			b.WriteByte('.')
		}
		b.WriteByte(' ')
	}
	return b.String()
}

func randomRecord(r *rand.Rand, n int) retrieval.Record {
	words := 1 + r.IntN(40)
	if r.IntN(20) == 0 {
		words = 600
	}
	rec := retrieval.Record{ID: fmt.Sprintf("r%03d", r.IntN(n)), Site: shop, Title: phrase(r, r.IntN(4)), Text: phrase(r, words)}
	// A record keeps its site, customer and kind under its id, as in the store:
	// the number decides.
	switch number := int(rec.ID[3]-'0') + 10*int(rec.ID[2]-'0'); number % 3 {
	case 0:
		if number%10 == 9 {
			rec.Site = other
		}
		rec.Category = consent.Knowledge
		rec.Visibility = []retrieval.Visibility{retrieval.PublicKnowledge, retrieval.InternalKnowledge, "", "secret"}[min(r.IntN(8), 3)]
		if r.IntN(2) == 0 {
			rec.Visibility = retrieval.PublicKnowledge
		}
	default:
		rec.Customer = people[number%len(people)]
		rec.Category = categories[r.IntN(len(categories))]
		rec.CollectedAt = time.Date(2026, 1, 1+r.IntN(5), 0, 0, 0, 0, time.UTC)
	}
	return rec
}

func randomScope(w *world, r *rand.Rand) consent.Scope {
	purpose := []consent.Purpose{consent.Answers, consent.Answers, consent.Answers, consent.AgentAssist, consent.Insights, consent.Improvement}[r.IntN(6)]
	who := customer(people[r.IntN(len(people))]).In(fmt.Sprint("cnv_", r.IntN(2)))
	who.GPC = r.IntN(4) == 0
	switch r.IntN(6) {
	case 0:
		who = visitor()
	case 1:
		who = staff()
	case 2:
		who = staff().About(who.Customer, who.Conversation)
	}
	return w.scope(who, purpose)
}

func randomChoice(w *world, r *rand.Rand) {
	uses := w.gate.Policy().Triples()
	t := uses[r.IntN(len(uses))]
	c := consent.Change{Triple: t, Granted: r.IntN(3) > 0}
	if c.Granted && r.IntN(3) == 0 {
		c.Duration = consent.ThisConversation
	}
	who := customer(people[r.IntN(len(people))]).In(fmt.Sprint("cnv_", r.IntN(2)))
	if _, err := w.gate.Change(w.Context(), who, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{c}}); err != nil {
		w.Fatal(err)
	}
}

// random compares, after random writes and choices, an index over everything
// with a new one over the permitted records alone: same matches, same scores,
// same order. And it looks for every permitted passage itself.
func random(w *world) {
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	const seed = 20261121
	r := rand.New(rand.NewPCG(seed, 1))
	for round := range rounds {
		for range 1 + r.IntN(25) {
			switch r.IntN(10) {
			case 0:
				w.store.Remove(fmt.Sprintf("r%03d", r.IntN(100)))
			case 1, 2, 3:
				randomChoice(w, r)
			default:
				w.store.Put(randomRecord(r, 100))
			}
		}
		for range 4 {
			s := randomScope(w, r)
			q := w.ask(phrase(r, 1+r.IntN(6)), "")
			if r.IntN(3) == 0 {
				q.Prefer = categories[:1+r.IntN(3)]
			}
			limit := all
			if r.IntN(2) == 0 {
				limit = 1 + r.IntN(10)
			}
			got := w.search(w.index, s, q, limit)

			only, index := w.empty()
			var permitted []retrieval.Record
			for _, rec := range w.store.Records() {
				if retrieval.Permitted(s, rec) {
					permitted = append(permitted, rec)
				}
			}
			only.Put(permitted...)
			want := w.search(index, s, q, limit)
			w.equal(fmt.Sprintf("seed %d, round %d, query %q: not what a search of the %d permitted records finds",
				seed, round, q.Text, len(permitted)), want, got)
			if limit == all {
				complete(w, permitted, q, got)
			}
		}
	}
}

// complete checks without the index's help that every permitted passage that shares
// a term with the query was found, and that each has the score that it should.
func complete(w *world, permitted []retrieval.Record, q retrieval.Query, got []retrieval.Match) {
	w.Helper()
	if len(got) == all {
		return
	}
	found := make(map[string]retrieval.Match)
	var peak retrieval.Peak
	for _, m := range got {
		found[m.PassageID] = m
		peak.Add(m.Lexical, 0)
	}
	cosines := make(map[string]float64)
	for _, rec := range permitted {
		passages := retrieval.Split(rec)
		for i, p := range passages {
			for t := range q.Terms {
				if _, ok := found[p.ID]; p.Terms[t] > 0 && !ok {
					w.Fatalf("query %q: passage %s has %q and was not found", q.Text, p.ID, t)
				}
			}
			if !q.Vector.Zero() {
				cosines[p.ID] = w.store.vectors(rec, passages)[i].Cosine(q.Vector)
				peak.Add(0, cosines[p.ID])
			}
		}
	}
	for id, cosine := range cosines {
		m, ok := found[id]
		want := retrieval.Fuse(peak, m.Lexical, cosine)
		if preferred := ok && slices.Contains(q.Prefer, m.Category); ok != (want > 0) && !preferred && want > w.tolerance || math.Abs(m.Score-want) > 1e-9+w.tolerance {
			w.Fatalf("query %q: passage %s is %+v, want a score of %v", q.Text, id, m, want)
		}
	}
}

func meant(w *world) {
	w.seed()
	w.store.Put(article("public-umbrella", retrieval.PublicKnowledge, "An umbrella."), record("ana-umbrella", ana, "orders", "Your umbrella."),
		record("ana-bill-umbrella", ana, "billing", "An umbrella."), article("internal-umbrella", retrieval.InternalKnowledge, "An umbrella."))
	w.grant(ana, "orders")
	s := w.scope(customer(ana), consent.Answers)
	if w.embedder == nil {
		w.want(w.find(s, "parasol"))
		return
	}
	w.want(w.find(s, "parasol"), "ana-umbrella", "public-umbrella")
	for _, m := range w.search(w.index, s, w.ask("parasol", "en"), all) {
		if m.Lexical != 0 || m.Cosine < .9 {
			w.Errorf("%+v", m)
		}
	}
	// What is not near is not found for want of better.
	w.want(w.find(s, "tracksuit"), "ana-order")
	w.want(w.find(w.scope(staff(), consent.AgentAssist), "parasol"), "internal-umbrella", "public-umbrella")
	w.choose(customer(ana), consent.Answers, "orders", false, "")
	w.want(w.find(w.scope(customer(ana), consent.Answers), "parasol"), "public-umbrella")
}

func spaces(w *world) {
	w.seed()
	w.grant(ana, "orders")
	s := w.scope(customer(ana), consent.Answers)
	q := w.ask("parcel", "en")
	q.Vector = retrieval.Vector{Scale: 1, Values: []int8{1}}
	q.Space = retrieval.Space{Model: "words", Version: "2", Dimension: 1, Quantisation: retrieval.Int8}
	if got, err := w.index.Search(w.Context(), s, q, all); !errors.Is(err, retrieval.ErrSpace) || len(got) != 0 {
		w.Errorf("a question of another space: %v, %v", got, err)
	}
	if w.embedder != nil {
		cut := w.ask("parcel", "en")
		cut.Vector.Values = cut.Vector.Values[1:]
		if got, err := w.index.Search(w.Context(), s, cut, all); !errors.Is(err, retrieval.ErrSpace) || len(got) != 0 {
			w.Errorf("a vector of another dimension: %v, %v", got, err)
		}
	}
	// What is kept in another space is found by words.
	other := w.new(w.T, w.store, q.Space)
	matches, err := other.Search(w.Context(), s, retrieval.Analyze("parcel", "en"), all)
	if err != nil || len(matches) != 2 {
		w.Errorf("%v, %v", matches, err)
	}
	if matches, err = other.Search(w.Context(), s, q, all); err != nil || len(matches) != 2 || matches[0].Cosine != 0 {
		w.Errorf("%v, %v", matches, err)
	}
}

// concurrent searches while others write and choose. Whatever interleaving
// there is, a scope finds only what it permits.
func concurrent(w *world) {
	kinds := make(map[string]retrieval.Record) // what each id is in this test
	r := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		rec := randomRecord(r, 100)
		rec.Site = shop
		if rec.Customer == "" {
			rec.Visibility = retrieval.PublicKnowledge
			if rec.ID[3]%2 == 0 {
				rec.Visibility = retrieval.InternalKnowledge
			}
		}
		if old, ok := kinds[rec.ID]; ok {
			rec.Category, rec.Visibility = old.Category, old.Visibility
		}
		kinds[rec.ID] = rec
		w.store.Put(rec)
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(11, uint64(n)))
			for range 150 {
				switch r.IntN(6) {
				case 0:
					id := fmt.Sprintf("r%03d", r.IntN(100))
					if rec, ok := kinds[id]; ok {
						rec.Text = phrase(r, 20)
						w.store.Put(rec)
					}
				case 1:
					w.choose(customer(people[n%len(people)]), consent.Answers, categories[r.IntN(4)], r.IntN(2) == 0, "")
				default:
					s := randomScope(w, r)
					matches, err := w.index.Search(w.Context(), s, w.ask(phrase(r, 3), ""), all)
					if errors.Is(err, consent.ErrStale) {
						continue // somebody chose meanwhile, and the index refused to write
					}
					if err != nil {
						w.Error(err)
						return
					}
					for _, m := range matches {
						if rec := kinds[m.RecordID]; !retrieval.Permitted(s, rec) || rec.Category != m.Category {
							w.Errorf("found %s, which the scope does not permit", m.RecordID)
						}
					}
				}
			}
		})
	}
	wg.Wait()
}
