package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/answer"
	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// officer is a member of staff who answers requests.
var officer = identity.Principal{Kind: identity.Staff, Staff: "stf_privacy", Roles: []identity.Role{identity.RolePrivacy}}

// request asks something as the customer does.
func (f *fixture) request(who identity.Principal, kind consent.RequestKind, text string) consent.Request {
	f.Helper()
	r, err := f.gate.NewRequest(f.Context(), who, kind, text)
	f.must(err)
	f.must(f.AddRequest(f.Context(), r))
	return r
}

// newDispute is a request that says that a record is wrong, which is not stored.
func (f *fixture) newDispute(who identity.Principal, record string) consent.Request {
	f.Helper()
	r, err := f.gate.NewRequest(f.Context(), who, consent.RectificationRequest, "The zanzibar is wrong.")
	f.must(err)
	r.Record = record
	return r
}

func (f *fixture) dispute(who identity.Principal, record string) consent.Request {
	f.Helper()
	r := f.newDispute(who, record)
	f.must(f.AddRequest(f.Context(), r))
	return r
}

// act does something to a request as the officer.
func (f *fixture) act(id string, e consent.RequestEvent) (consent.Request, error) {
	f.Helper()
	e.Actor = officer.Actor()
	return f.ActOnRequest(f.Context(), id, e)
}

// requestsInTime: a request keeps its words, its clock and who did what, in the
// order in which it happened, and is overdue from its due date on.
func requestsInTime(f *fixture) {
	r := f.request(f.maya, consent.ComplaintRequest, "Nobody zanzibar answers.")
	overdue := func(step string, open, overdue int) {
		f.Helper()
		counts, err := f.CountRequests(f.Context())
		f.must(err)
		if len(counts) != len(consent.RequestKinds) {
			f.Errorf("%s: the counts are %v", step, counts)
		}
		for _, n := range counts {
			want := consent.RequestCount{Kind: n.Kind}
			if n.Kind == consent.ComplaintRequest {
				want.Open, want.Overdue = open, overdue
			}
			if n != want {
				f.Errorf("%s: %+v, want %+v", step, n, want)
			}
		}
		page, _, err := f.Requests(f.Context(), consent.RequestFilter{Overdue: true})
		if err != nil || len(page) != overdue {
			f.Errorf("%s: %d are overdue, %v; want %d", step, len(page), err, overdue)
		}
	}
	overdue("asked", 1, 0)
	if got := r.Due.Sub(f.now()).Hours() / 24; got < 27 || got > 31 {
		f.Errorf("it is due in %v days", got)
	}
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("its words are in %v", where)
	}
	f.pass(time.Minute)
	if _, err := f.act(r.ID, consent.RequestEvent{Action: consent.ActStart}); err != nil {
		f.Fatal(err)
	}
	f.pass(time.Minute)
	if _, err := f.act(r.ID, consent.RequestEvent{Action: consent.ActNote, Note: "Zanzibar asked the shop."}); err != nil {
		f.Fatal(err)
	}
	f.pass(r.Due.Sub(f.now()) - time.Minute)
	overdue("a minute before", 1, 0)
	f.pass(2 * time.Minute)
	overdue("a minute after", 1, 1)
	f.reopen()
	done, err := f.act(r.ID, consent.RequestEvent{Action: consent.ActDone, Note: "We called zanzibar you.", ForCustomer: true})
	f.must(err)
	overdue("done", 0, 0)
	var got []string
	at := r.At
	for _, e := range done.History {
		got = append(got, fmt.Sprintf("%s %s %q %t", e.Actor, e.Action, e.Note, e.ForCustomer))
		if e.At.Before(at) || e.At.After(f.now()) {
			f.Errorf("%s was at %s, after %s", e.Action, e.At, at)
		}
		at = e.At
	}
	want := []string{
		`customer:` + string(f.maya.Customer) + ` open "" false`, `staff:stf_privacy start "" false`,
		`staff:stf_privacy note "Zanzibar asked the shop." false`, `staff:stf_privacy done "We called zanzibar you." true`,
	}
	if !slices.Equal(got, want) || done.Status != consent.RequestDone || done.Detail != "Nobody zanzibar answers." || !done.Closed.Equal(at) {
		f.Errorf("%+v\n%s", done, strings.Join(got, "\n"))
	}
	for _, text := range []string{"zanzibar", "Zanzibar"} {
		if where := f.plain(text); len(where) > 0 {
			f.Errorf("%s is in %v", text, where)
		}
	}
	own, _, err := f.RequestsOf(f.Context(), f.maya.Customer, consent.Place{}, 10)
	if err != nil || len(own) != 1 || cmp.Diff(done, own[0]) != "" {
		f.Errorf("to its customer: %v, %v", own, err)
	}

	before := f.contents()
	f.is("done again", only(f.act(r.ID, consent.RequestEvent{Action: consent.ActDone})), consent.ErrRequestState)
	f.is("a refusal without a word", only(f.act(r.ID, consent.RequestEvent{Action: consent.ActRefuse})), consent.ErrRequestState)
	f.is("an unknown action", only(f.act(r.ID, consent.RequestEvent{Action: "delete"})), consent.ErrRequestStep)
	for _, id := range []string{"req_unknown", "", "%", "\x00", "\xff"} {
		f.is("acting on what is not there", only(f.act(id, consent.RequestEvent{Action: consent.ActStart})), consent.ErrUnknownRequest)
		f.is("reading what is not there", only(f.ReadRequest(f.Context(), id, officer)), consent.ErrUnknownRequest)
	}
	f.unchanged("what was refused", before)

	// It is proof for a time.
	if n, err := f.RemoveRequests(f.Context(), 24*time.Hour); n != 0 || err != nil {
		f.Errorf("%d requests are removed, %v", n, err)
	}
	f.pass(24 * time.Hour)
	if _, err := f.act(r.ID, consent.RequestEvent{Action: consent.ActReopen}); err != nil {
		f.Fatal(err)
	}
	overdue("opened again: its clock was not set back", 1, 1)
	if n, err := f.RemoveRequests(f.Context(), 24*time.Hour); n != 0 || err != nil {
		f.Errorf("%d open requests are removed, %v", n, err)
	}
	f.must(only(f.act(r.ID, consent.RequestEvent{Action: consent.ActDone})))
	f.pass(24 * time.Hour)
	if n, err := f.RemoveRequests(f.Context(), 24*time.Hour); n != 1 || err != nil {
		f.Errorf("%d requests are removed, %v", n, err)
	}
	if n := f.count("SELECT COUNT(*) FROM request_events"); n != 0 {
		f.Errorf("%d events of it are left", n)
	}
}

// requestLists: the most urgent first, then what was closed, the latest first, each
// once however it is paged; each filter alone and together; nobody's own list has
// another's.
func requestLists(f *fixture) {
	f.must(f.AddSite(f.Context(), identity.Site{ID: "other", Name: "Other", Secret: []byte("s")}, "key2"))
	stranger, err := f.Customer(f.Context(), "other", "maya")
	f.must(err)
	now := f.now()
	var ids []string
	add := func(customer identity.CustomerID, site identity.SiteID, kind consent.RequestKind, status consent.RequestStatus, due, closed time.Duration) {
		f.Helper()
		r := consent.Request{
			ID: fmt.Sprintf("req_%02d", len(ids)), Customer: customer, Site: site, Kind: kind, Status: status, At: now, Due: now.Add(due),
			History: []consent.RequestEvent{{At: now, Actor: "system", Action: consent.ActOpen}},
		}
		if closed != 0 {
			r.Closed = now.Add(closed)
		}
		f.must(f.AddRequest(f.Context(), r))
		ids = append(ids, r.ID)
	}
	maya, omar := f.maya.Customer, f.omar.Customer
	const hour = time.Hour
	add(maya, shop, consent.AccessRequest, consent.RequestDone, hour, -3*hour)            // 0
	add(maya, shop, consent.ComplaintRequest, consent.RequestOpen, 5*hour, 0)             // 1
	add(omar, shop, consent.ErasureRequest, consent.RequestRefused, hour, -hour)          // 2
	add(omar, shop, consent.ComplaintRequest, consent.RequestInProgress, -hour, 0)        // 3
	add(stranger, "other", consent.RectificationRequest, consent.RequestOpen, 2*hour, 0)  // 4
	add(maya, shop, consent.AccessRequest, consent.RequestOpen, 5*hour, 0)                // 5: due with 1
	add(stranger, "other", consent.AccessRequest, consent.RequestDone, -48*hour, -2*hour) // 6
	add(omar, shop, consent.ErasureRequest, consent.RequestDone, hour, -hour)             // 7: closed with 2
	add(stranger, "other", consent.ComplaintRequest, consent.RequestOpen, -24*hour, 0)    // 8
	for _, tt := range []struct {
		name string
		f    consent.RequestFilter
		want string
	}{
		{"all", consent.RequestFilter{}, "08 03 04 01 05 02 07 06 00"},
		{"a customer", consent.RequestFilter{Customer: maya}, "01 05 00"},
		{"a site", consent.RequestFilter{Site: "other"}, "08 04 06"},
		{"a kind", consent.RequestFilter{Kind: consent.ComplaintRequest}, "08 03 01"},
		{"a status", consent.RequestFilter{Status: consent.RequestOpen}, "08 04 01 05"},
		{"overdue", consent.RequestFilter{Overdue: true}, "08 03"},
		{"overdue at a site", consent.RequestFilter{Overdue: true, Site: shop}, "03"},
		{"several", consent.RequestFilter{Site: shop, Kind: consent.AccessRequest, Status: consent.RequestDone}, "00"},
		{"nothing", consent.RequestFilter{Customer: "cus_unknown"}, ""},
		{"an odd customer", consent.RequestFilter{Customer: "\x00"}, ""},
		{"an unknown kind", consent.RequestFilter{Kind: "%"}, ""},
	} {
		for _, limit := range []int{1, 2, 3, 100, 0, -1, 1000} {
			var got []string
			filter := tt.f
			filter.Limit = limit
			for range 20 {
				page, next, err := f.Requests(f.Context(), filter)
				f.must(err)
				for _, r := range page {
					got = append(got, strings.TrimPrefix(r.ID, "req_"))
				}
				if filter.After = next; next == (consent.Place{}) {
					break
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				f.Errorf("%s, %d at once: %s, want %s", tt.name, limit, s, tt.want)
			}
		}
	}
	own, _, err := f.RequestsOf(f.Context(), maya, consent.Place{}, 100)
	if err != nil || len(own) != 3 {
		f.Errorf("one's own: %d, %v", len(own), err)
	}
	if own, _, err := f.RequestsOf(f.Context(), "", consent.Place{}, 100); err != nil || len(own) != 0 {
		f.Errorf("nobody's own: %d, %v", len(own), err)
	}
}

// disputedIsNotUsed: a record that its customer says is wrong is out of the index
// in the same commit, is not read for anything, and what was being written starts
// again; importing it anew changes nothing of that, and the answer ends it.
func disputedIsNotUsed(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "o2", "orders", "A mat."), record(f.omar, "x1", "orders", "A lamp."))
	f.change(f.maya, consent.Change{Triple: orders, Granted: true},
		consent.Change{Triple: triple(consent.AgentAssist, "orders", consent.HumanAgents), Granted: true})
	conv := f.talk(f.maya)
	staff := identity.Principal{Kind: identity.Staff, Site: shop, Staff: "stf_1"}.About(f.maya.Customer, conv)
	sees := func(step string, want ...string) {
		f.Helper()
		for name, scope := range map[string]consent.Scope{"an answer": f.scope(f.maya, consent.Answers), "the desk": f.scope(staff, consent.AgentAssist)} {
			passages, err := f.Passages(f.Context(), scope)
			f.must(err)
			texts, err := f.Texts(f.Context(), scope, []string{"o1", "o2", "x1"})
			f.must(err)
			permitted, err := f.Permitted(f.Context(), scope, 10)
			f.must(err)
			found := map[string][]string{"passages": nil, "texts": nil, "permitted": nil}
			for _, p := range passages {
				found["passages"] = append(found["passages"], p.Record)
			}
			for _, r := range texts {
				found["texts"] = append(found["texts"], r.ID)
			}
			for _, r := range permitted {
				found["permitted"] = append(found["permitted"], r.ID)
			}
			for what, got := range found {
				slices.Sort(got)
				if !slices.Equal(got, want) {
					f.Errorf("%s: %s has the %s %v, want %v", step, name, what, got, want)
				}
			}
		}
		if n := f.count("SELECT COUNT(DISTINCT record) FROM passages"); n != len(want) {
			f.Errorf("%s: %d records are indexed, want %d", step, n, len(want))
		}
	}
	held := func(step string, disputed bool) {
		f.Helper()
		page, _, err := f.RecordsOf(f.Context(), f.maya.Customer, consent.Place{}, 10)
		f.must(err)
		for _, h := range page {
			if h.Disputed != (disputed && h.ID == "o1") {
				f.Errorf("%s: %s is disputed: %t", step, h.ID, h.Disputed)
			}
		}
	}
	sees("before", "o1", "o2")
	held("before", false)
	a := f.writing(conv, "Where is my order?")
	stamp, scope := f.stamp(f.maya), f.scope(f.maya, consent.Answers)
	r := f.dispute(f.maya, "o1")
	f.is("a sentence that was made before", f.Release(f.Context(), stamp, sentence(a, "A tent.")), consent.ErrStale)
	if n := f.count("SELECT COUNT(*) FROM passages WHERE record = 'o1'"); n != 0 {
		f.Errorf("%d passages of it are left in the commit", n)
	}
	seen := make(map[string]bool)
	f.deleted("disputed", f.maya, seen, "orders passage disputed 1")
	events := f.all(conv)
	if last := events[len(events)-1]; last.Type != "consent" {
		f.Errorf("its conversation is told of %s", last.Type)
	}
	if p, err := f.Passages(f.Context(), scope); err != nil || len(p) != 1 {
		f.Errorf("under a scope of before there are %d passages, %v", len(p), err)
	}
	sees("disputed", "o2")
	held("disputed", true)
	if got, err := f.Record(f.Context(), shop, "o1"); err != nil || got.Text != "A tent." {
		f.Errorf("the site's own backend reads %+v, %v", got, err)
	}
	f.put(record(f.maya, "o1", "orders", "A tent, again."))
	sees("imported anew", "o2")
	f.must(f.RemoveRecord(f.Context(), shop, "o1"))
	f.put(record(f.maya, "o1", "orders", "A tent, once more."))
	sees("removed and imported", "o2")

	// Once is enough, and only what is one's own.
	before := f.contents()
	f.is("a second dispute", f.AddRequest(f.Context(), f.newDispute(f.maya, "o1")), consent.ErrDisputed)
	for _, id := range []string{"x1", "unknown", "%", "\x00", "\xff"} {
		f.is("another's or unknown", f.AddRequest(f.Context(), f.newDispute(f.maya, id)), retrieval.ErrNotFound)
	}
	f.is("another customer", f.AddRequest(f.Context(), f.newDispute(f.omar, "o2")), retrieval.ErrNotFound)
	f.is("without an outcome", only(f.act(r.ID, consent.RequestEvent{Action: consent.ActDone})), consent.ErrRequestStep)
	f.unchanged("what was refused", before)

	f.must(only(f.act(r.ID, consent.RequestEvent{Action: consent.ActStart})))
	sees("being looked at", "o2")
	f.must(only(f.act(r.ID, consent.RequestEvent{Action: consent.ActDone, Outcome: consent.RecordCorrected})))
	held("corrected", false)
	sees("corrected", "o1", "o2")
	f.deleted("the rest", f.maya, seen, "orders record removed_by_site 1")
	f.must(only(f.act(r.ID, consent.RequestEvent{Action: consent.ActReopen})))
	sees("opened again", "o2")
	f.deleted("opened again", f.maya, seen, "orders passage disputed 1")
	f.must(only(f.act(r.ID, consent.RequestEvent{Action: consent.ActRefuse, Note: "It is right.", ForCustomer: true})))
	sees("refused", "o1", "o2")
	second := f.dispute(f.maya, "o1")
	f.is("the first while the second is open", only(f.act(r.ID, consent.RequestEvent{Action: consent.ActReopen})), consent.ErrDisputed)
	f.must(only(f.act(second.ID, consent.RequestEvent{Action: consent.ActDone, Outcome: consent.RecordRemoved})))
	sees("removed", "o2")
	f.deleted("removed", f.maya, seen, "orders passage disputed 1", "orders record disputed 1")
	if n := f.count("SELECT COUNT(*) FROM records WHERE id = 'o1'"); n != 0 {
		f.Error("the record is still there")
	}
	// Opened again it has nothing to restrict, until it comes back.
	f.must(only(f.act(second.ID, consent.RequestEvent{Action: consent.ActReopen})))
	f.put(record(f.maya, "o1", "orders", "A tent, back."))
	sees("back", "o2")
}

// disputedOnce: of disputes at once one is taken.
func disputedOnce(f *fixture) { disputeAtOnce(f, []*fixture{f}) }

func disputeAtOnce(f *fixture, replicas []*fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.choose(f.maya, true, "orders")
	var taken atomic.Int64
	var group sync.WaitGroup
	for i := range 12 {
		r := f.newDispute(f.maya, "o1")
		group.Go(func() {
			switch err := replicas[i%len(replicas)].AddRequest(f.Context(), r); {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, consent.ErrDisputed):
				f.Error(err)
			}
		})
		group.Go(func() {
			_, err := replicas[i%len(replicas)].Passages(f.Context(), f.scope(f.maya, consent.Answers))
			if err != nil && !errors.Is(err, consent.ErrStale) {
				f.Error(err)
			}
		})
	}
	group.Wait()
	if n := taken.Load(); n != 1 {
		f.Errorf("%d disputes were taken", n)
	}
	if n := f.count("SELECT COUNT(*) FROM passages"); n != 0 {
		f.Errorf("%d passages of a disputed record", n)
	}
}

// requestsAreLimited: a customer has so many open requests.
func requestsAreLimited(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	var last consent.Request
	for range consent.MaxOpenRequests {
		last = f.request(f.maya, consent.AccessRequest, "")
	}
	before := f.contents()
	for _, r := range []consent.Request{f.newDispute(f.maya, "o1"), f.newDispute(f.maya, "")} {
		f.is("one too many", f.AddRequest(f.Context(), r), consent.ErrTooManyRequests)
	}
	f.unchanged("one too many", before)
	f.request(f.omar, consent.AccessRequest, "")
	f.must(only(f.act(last.ID, consent.RequestEvent{Action: consent.ActDone})))
	f.dispute(f.maya, "o1")
	// What the product answers by itself is never refused.
	done := f.newDispute(f.maya, "")
	done.Kind, done.Status, done.Closed, done.Detail = consent.AccessRequest, consent.RequestDone, done.At, ""
	f.must(f.AddRequest(f.Context(), done))
}

// readRequests: who looks at the words is recorded before they are given out.
func readRequests(f *fixture) {
	mute, said := f.request(f.maya, consent.AccessRequest, ""), f.request(f.maya, consent.ComplaintRequest, "Nobody answers.")
	looks := func() int {
		return f.count("SELECT COUNT(*) FROM accesses WHERE kind = 'request' AND actor = 'staff:stf_privacy'")
	}
	if r, err := f.ReadRequest(f.Context(), mute.ID, officer); err != nil || r.Detail != "" || looks() != 0 {
		f.Errorf("without words: %+v, %v, %d looks", r, err, looks())
	}
	if r, err := f.ReadRequest(f.Context(), said.ID, officer); err != nil || r.Detail != "Nobody answers." || looks() != 1 {
		f.Errorf("with words: %+v, %v, %d looks", r, err, looks())
	}
	f.must(only(f.act(mute.ID, consent.RequestEvent{Action: consent.ActNote, Note: "Asked the shop."})))
	other := officer
	other.Staff = "stf_auditor"
	if r, err := f.ReadRequest(f.Context(), mute.ID, other); err != nil || len(r.History) != 2 {
		f.Errorf("with a note: %+v, %v", r, err)
	}
	if n := f.count("SELECT COUNT(*) FROM accesses WHERE actor = 'staff:stf_auditor'"); n != 1 {
		f.Errorf("%d looks of another", n)
	}
	r, err := f.ReadRequest(cancelled(f.T), said.ID, officer)
	if err == nil || r.Detail != "" {
		f.Errorf("what cannot be recorded: %+v, %v", r, err)
	}
}

// erasedRequests: of a customer who was erased stays that they asked, and when they
// were answered; the erasure itself is among it.
func erasedRequests(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	open := f.dispute(f.maya, "o1")
	closed := f.request(f.maya, consent.ComplaintRequest, "Nobody zanzibar answers.")
	f.must(only(f.act(closed.ID, consent.RequestEvent{Action: consent.ActDone, Note: "zanzibar", ForCustomer: true})))
	asked, err := f.gate.NewRequest(f.Context(), f.maya, consent.ErasureRequest, "")
	f.must(err)
	f.must(only(f.Erase(f.Context(), f.maya.Customer, &asked)))
	page, _, err := f.Requests(f.Context(), consent.RequestFilter{Customer: f.maya.Customer})
	if err != nil || len(page) != 3 {
		f.Errorf("%d requests are left, %v", len(page), err)
	}
	for _, r := range page {
		r, err := f.ReadRequest(f.Context(), r.ID, officer)
		f.must(err)
		if !r.Status.Closed() || r.Detail != "" || r.Record != "" || r.History[0].Action != consent.ActOpen {
			f.Errorf("%+v", r)
		}
		for _, e := range r.History {
			if e.Note != "" {
				f.Errorf("a note is left: %+v", r)
			}
		}
		f.is("an action", only(f.act(r.ID, consent.RequestEvent{Action: consent.ActReopen})), consent.ErrRequestErased)
	}
	last, err := f.ReadRequest(f.Context(), open.ID, officer)
	if e := last.History[len(last.History)-1]; err != nil || e.Action != consent.ActErase || e.Actor != "system" {
		f.Errorf("the open one ended with %+v, %v", e, err)
	}
	if n := f.count("SELECT COUNT(*) FROM requests WHERE sealed IS NOT NULL OR record <> ''") +
		f.count("SELECT COUNT(*) FROM request_events WHERE sealed IS NOT NULL"); n != 0 {
		f.Errorf("%d rows have something that was said", n)
	}
	if counts, err := f.CountRequests(f.Context()); err != nil || slices.ContainsFunc(counts, func(n consent.RequestCount) bool { return n.Open > 0 }) {
		f.Errorf("%v, %v", counts, err)
	}
	words := closed
	words.ID = identity.NewID("req")
	f.is("words of who was erased", f.AddRequest(f.Context(), words), consent.ErrUnknownCustomer)
	// One without words, that is answered, needs no key.
	words.Detail, words.Status, words.Closed = "", consent.RequestDone, words.At
	f.must(f.AddRequest(f.Context(), words))
	if held, _, err := f.RecordsOf(f.Context(), f.maya.Customer, consent.Place{}, 10); err != nil || len(held) != 0 {
		f.Errorf("%d records are held, %v", len(held), err)
	}
}

// heldRecords: customers see all that is held about them, granted or not, the newest
// first, each once however it is paged, and nothing of another's.
func heldRecords(f *fixture) {
	for i, id := range []string{"b", "a", "d", "c"} {
		r := record(f.maya, id, []consent.Category{"orders", "billing"}[i%2], "Text of "+id)
		r.CollectedAt = r.CollectedAt.AddDate(0, 0, i/2) // two of each day
		f.put(r)
	}
	f.put(record(f.omar, "x1", "orders", "A lamp."))
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{{ID: "k1", Text: "Returns.", Visibility: retrieval.PublicKnowledge}}))
	for _, limit := range []int{1, 2, 3, 4, 50} {
		var got []string
		var after consent.Place
		for range 10 {
			page, next, err := f.RecordsOf(f.Context(), f.maya.Customer, after, limit)
			f.must(err)
			for _, h := range page {
				got = append(got, h.ID)
				if h.Text != "Text of "+h.ID || h.Title == "" || h.Fields["note"] == "" || h.Own || h.Disputed {
					f.Errorf("%+v", h)
				}
			}
			if after = next; next == (consent.Place{}) {
				break
			}
		}
		if s := strings.Join(got, ""); s != "cdab" {
			f.Errorf("%d at once: %s", limit, s)
		}
	}
	for _, who := range []identity.CustomerID{"", "cus_unknown", "%", "\x00"} {
		if page, _, err := f.RecordsOf(f.Context(), who, consent.Place{}, 50); err != nil || len(page) != 0 {
			f.Errorf("%q holds %d, %v", who, len(page), err)
		}
	}
}

// ownRecords: what customers had remembered is theirs: used under a grant like any
// record, not replaced by the site, and theirs to remove.
func ownRecords(f *fixture) {
	own := func(who identity.Principal, id string) retrieval.Record {
		r := record(who, id, "preferences", "I like zanzibar tents.")
		r.Own = true
		return r
	}
	f.put(own(f.maya, "m1"), record(f.maya, "s1", "preferences", "Likes mats."), own(f.omar, "m2"))
	mine := triple(consent.Answers, "preferences", consent.BrandAI)
	f.change(f.maya, consent.Change{Triple: mine, Granted: true})
	if n := f.found(f.maya, consent.Answers); n != 2 {
		f.Errorf("granted, %d passages are found", n)
	}
	page, _, err := f.RecordsOf(f.Context(), f.maya.Customer, consent.Place{}, 10)
	if err != nil || len(page) != 2 || !page[0].Own || page[1].Own {
		f.Errorf("%+v, %v", page, err)
	}
	f.is("the site's over one's own", f.PutRecord(f.Context(), record(f.maya, "m1", "preferences", "Hates tents.")), retrieval.ErrOtherCustomer)
	f.is("one's own over the site's", f.PutRecord(f.Context(), own(f.maya, "s1")), retrieval.ErrOtherCustomer)
	before := f.contents()
	for id, want := range map[string]error{
		"s1": retrieval.ErrNotOwn, "m2": retrieval.ErrNotFound, "unknown": retrieval.ErrNotFound, "": retrieval.ErrNotFound,
		"%": retrieval.ErrNotFound, "\x00": retrieval.ErrNotFound, "\xff": retrieval.ErrNotFound,
	} {
		f.is(fmt.Sprintf("removing %q", id), f.RemoveOwn(f.Context(), f.maya.Customer, id), want)
	}
	f.unchanged("what was refused", before)
	f.must(f.RemoveOwn(f.Context(), f.maya.Customer, "m1"))
	f.deleted("removed", f.maya, map[string]bool{}, "preferences passage removed_by_customer 1", "preferences record removed_by_customer 1")
	if n := f.found(f.maya, consent.Answers); n != 1 {
		f.Errorf("after one was removed %d passages are found", n)
	}
	for i := range retrieval.MaxOwn {
		f.put(own(f.maya, fmt.Sprintf("n%d", i)))
	}
	before = f.contents()
	f.is("one too many", f.PutRecord(f.Context(), own(f.maya, "n-more")), retrieval.ErrTooMany)
	f.unchanged("one too many", before)
	f.put(record(f.maya, "s2", "preferences", "The site's are not counted."))
}

// answerAfterDispute: an answer that is being written about a record ends without it.
func answerAfterDispute(f *fixture) {
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.choose(f.maya, true, "orders")
	a := f.writing(f.talk(f.maya), "Where is my order?")
	before := f.stamp(f.maya)
	f.must(f.Release(f.Context(), before, sentence(a, "A tent.")))
	f.dispute(f.maya, "o1")
	ended := sentence(a, "A tent, on its way.")
	ended.Status = answer.Answered
	f.is("its end", f.Finish(f.Context(), before, ended, answer.Ending{}), consent.ErrStale)
	a.Attempt++
	f.must(f.Begin(f.Context(), a, consent.ErrStale.Error()))
	ended = sentence(a, "I do not know.")
	ended.Status = answer.Answered
	f.must(f.Finish(f.Context(), f.stamp(f.maya), ended, answer.Ending{}))
}
