package storetest

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

const reviewer = "staff:stf_reviewer"

func (f *fixture) hide(record, note string) {
	f.Helper()
	f.must(only(f.Hide(f.Context(), review.HiddenSource{Site: shop, Record: record, Actor: reviewer, Note: note})))
}

// reads returns what may be used under a scope: the articles that an index holds, and
// the records and passages that are read.
func (f *fixture) reads(who identity.Principal) []string {
	f.Helper()
	found := make(map[string]bool)
	f.must(f.Knowledge(f.Context(), shop, 0, retrieval.Space{}, func(r retrieval.Record, _ []byte) error {
		found["indexed "+r.ID] = true
		return nil
	}, func(string) error { return nil }))
	version, err := f.KnowledgeVersion(f.Context(), shop)
	f.must(err)
	articles, err := f.Articles(f.Context(), shop, version)
	f.must(err)
	for id := range articles {
		found["listed "+id] = true
	}
	scope := f.scope(who, consent.Answers)
	passages, err := f.Passages(f.Context(), scope)
	f.must(err)
	for _, p := range passages {
		found["passage "+p.Record] = true
	}
	texts, err := f.Texts(f.Context(), scope, []string{"k1", "k2", "o1", "o2"})
	f.must(err)
	for _, r := range texts {
		found["text "+r.ID] = true
	}
	permitted, err := f.Permitted(f.Context(), scope, 10)
	f.must(err)
	for _, r := range permitted {
		found["permitted "+r.ID] = true
	}
	ids, err := f.RecordIDs(f.Context(), scope)
	f.must(err)
	for _, id := range ids {
		found["id "+id] = true
	}
	out := make([]string, 0, len(found))
	for what := range found {
		out = append(out, what)
	}
	slices.Sort(out)
	return out
}

// hiddenIsNotUsed: from the commit on a hidden source is neither indexed nor read, also
// after it was imported anew, until somebody shows it again; who did what when and why
// is kept, and why is in no row.
func hiddenIsNotUsed(f *fixture) {
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("k1", "Returns take 30 days."), article("k2", "We open at nine.")}))
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.maya, "o2", "orders", "A mat."))
	f.choose(f.maya, true, "orders")
	all := []string{
		"id o1", "id o2", "indexed k1", "indexed k2", "listed k1", "listed k2", "passage o1", "passage o2",
		"permitted o1", "permitted o2", "text k1", "text k2", "text o1", "text o2",
	}
	reads := func(step string, hidden ...string) {
		f.Helper()
		want := slices.DeleteFunc(slices.Clone(all), func(what string) bool {
			return slices.ContainsFunc(hidden, func(id string) bool { return what[len(what)-2:] == id })
		})
		if got := f.reads(f.maya); !slices.Equal(got, want) {
			f.Errorf("%s: %v are read, want %v", step, got, want)
		}
	}
	reads("before")
	since, err := f.KnowledgeVersion(f.Context(), shop)
	f.must(err)
	f.hide("k1", "The zanzibar is old.")
	reads("an article", "k1")
	var gone []string
	f.must(f.Knowledge(f.Context(), shop, since, retrieval.Space{}, func(r retrieval.Record, _ []byte) error {
		f.Errorf("%s has changed since", r.ID)
		return nil
	}, func(id string) error {
		gone = append(gone, id)
		return nil
	}))
	if !slices.Equal(gone, []string{"k1"}) {
		f.Errorf("an index is told that %v went", gone)
	}
	// Imported with another text it has no vectors, and is sent to nobody for them.
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("k1", "Returns take 31 days."), article("k2", "We open at nine.")}))
	if got := names(f.unembedded(spaceA, 10)); !slices.Equal(got, []string{"shop/k2"}) {
		f.Errorf("%v are embedded", got)
	}
	if missing, all, err := f.CountUnembedded(f.Context(), spaceA); missing != 1 || all != 1 || err != nil {
		f.Errorf("%d of %d lack vectors, %v", missing, all, err)
	}
	f.hide("o1", "The zanzibar is another's.")
	reads("a record", "k1", "o1")
	if n := f.count("SELECT COUNT(*) FROM passages WHERE record = 'o1'"); n != 0 {
		f.Errorf("%d passages of it are left", n)
	}
	f.deleted("hidden", f.maya, make(map[string]bool), "orders passage hidden 1")
	held, _, err := f.RecordsOf(f.Context(), f.maya.Customer, consent.Place{}, 10)
	f.must(err)
	for _, h := range held {
		if h.Hidden != (h.ID == "o1") || h.Disputed {
			f.Errorf("its customer reads that %s is hidden: %t, disputed: %t", h.ID, h.Hidden, h.Disputed)
		}
	}
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("why is in %v", where)
	}
	// Imports bring nothing back, the article's not after it was removed either.
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("k1", "Returns take 40 days.")}))
	f.put(record(f.maya, "o1", "orders", "A better tent."))
	reads("imported anew", "k1", "o1")
	f.must(f.RemoveRecord(f.Context(), shop, "k1"))
	f.must(f.RemoveRecord(f.Context(), shop, "o1"))
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("k1", "Returns take 50 days.")}))
	f.put(record(f.maya, "o1", "orders", "The best tent."))
	reads("removed and imported anew", "k1", "o1")
	f.reopen()
	reads("after a restart", "k1", "o1")

	before := f.contents()
	for _, id := range []string{"k1", "o1"} {
		f.is("hidden again", only(f.Hide(f.Context(), review.HiddenSource{Site: shop, Record: id, Actor: reviewer})), review.ErrHidden)
	}
	for _, id := range []string{"unknown", "", "%", "\x00", "\xff"} {
		f.is("hiding what is not there", only(f.Hide(f.Context(), review.HiddenSource{Site: shop, Record: id, Actor: reviewer})), retrieval.ErrNotFound)
		f.is("showing what is not hidden", f.Show(f.Context(), shop, id, reviewer, ""), review.ErrNotHidden)
	}
	f.is("another site's", only(f.Hide(f.Context(), review.HiddenSource{Site: "other", Record: "k1", Actor: reviewer})), retrieval.ErrNotFound)
	f.is("showing another site's", f.Show(f.Context(), "other", "k1", reviewer, ""), review.ErrNotHidden)
	f.unchanged("what was refused", before)

	f.must(f.Show(f.Context(), shop, "k1", "staff:stf_2", "It is zanzibar right now."))
	reads("the article shown again", "o1")
	f.must(f.Show(f.Context(), shop, "o1", "staff:stf_2", ""))
	reads("both shown again")
	f.hide("o1", "Once more.")
	reads("hidden once more", "o1")

	var kept []string
	for after := (consent.Place{}); ; {
		page, next, err := f.Hidden(f.Context(), review.HiddenFilter{Site: shop, Past: true, After: after, Limit: 1})
		f.must(err)
		for _, h := range page {
			kept = append(kept, h.Record+" "+string(h.Customer)+" "+h.Actor+" "+h.Note+" "+h.ShownBy+" "+h.Reason)
			if h.At.IsZero() || h.Shown.IsZero() != (h.ShownBy == "") || !h.Shown.IsZero() && h.Shown.Before(h.At) {
				f.Errorf("%s was hidden at %s, shown at %s", h.Record, h.At, h.Shown)
			}
		}
		if after = next; after == (consent.Place{}) {
			break
		}
	}
	maya := string(f.maya.Customer)
	want := []string{
		"o1 " + maya + " " + reviewer + " Once more.  ",
		"o1 " + maya + " " + reviewer + " The zanzibar is another's. staff:stf_2 ",
		"k1  " + reviewer + " The zanzibar is old. staff:stf_2 It is zanzibar right now.",
	}
	if !slices.Equal(kept, want) {
		f.Errorf("what is kept:\n%q, want\n%q", kept, want)
	}
	now, _, err := f.Hidden(f.Context(), review.HiddenFilter{})
	if err != nil || len(now) != 1 || now[0].Record != "o1" {
		f.Errorf("hidden now: %v, %v", now, err)
	}
	if of, err := f.HiddenOf(f.Context(), shop, []string{"k1", "o1", "none"}); err != nil || !slices.Equal(of, []string{"o1"}) {
		f.Errorf("hidden of them: %v, %v", of, err)
	}
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("why is in %v", where)
	}
}

// cites returns an answer with one more sentence, from a source.
func cites(a answer.Answer, text, source string) answer.Answer {
	a = sentence(a, text)
	a.Sentences[len(a.Sentences)-1].Citations = []answer.Citation{{RecordID: source, PassageID: source + "#0", Quote: text}}
	return a
}

// hiddenWhileWritten: an answer that is being written with a source that is hidden
// meanwhile starts again: nothing of it is released, ended, taken over as it is, or sent
// to a model; one with other sources goes on.
func hiddenWhileWritten(f *fixture) {
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("k1", "Returns take 30 days."), article("k2", "We open at nine.")}))
	f.put(record(f.maya, "o1", "orders", "A tent."))
	f.choose(f.maya, true, "orders")
	conv, others, served := f.talk(f.maya), f.talk(f.omar), f.talk(f.omar)
	a := f.writing(conv, "How long do returns take?")
	b := f.writing(others, "When do you open?")
	c := f.writing(served, "How long do returns take?")
	stamp, omars := f.stamp(f.maya), f.stamp(f.omar)
	one := cites(a, "30 days.", "k1")
	f.must(f.Release(f.Context(), stamp, one))
	taken := cites(c, "30 days.", "k1")
	f.must(f.Release(f.Context(), omars, taken))
	f.hide("k1", "")
	hidden := func(what string, err error) {
		f.Helper()
		f.is(what, err, consent.ErrStale)
		f.is(what, err, retrieval.ErrHidden)
	}
	events := len(f.all(conv))
	hidden("a sentence from it", f.Release(f.Context(), stamp, cites(a, "Thirty.", "k1")))
	hidden("a sentence behind one from it", f.Release(f.Context(), stamp, sentence(one, "Anything else?")))
	one.Status = answer.Answered
	hidden("the end", f.Finish(f.Context(), stamp, one, answer.Ending{}))
	if n := len(f.all(conv)); n != events {
		f.Errorf("%d events follow", n-events)
	}
	opened := citation.Entry{
		ID: "cit_1", Kind: citation.Opened, AnswerID: a.ID, Attempt: 1, Site: shop, Customer: f.maya.Customer, Conversation: conv,
		Records: []citation.Use{{RecordID: "k2", Category: consent.Knowledge}, {RecordID: "k1", Category: consent.Knowledge}}, Body: []byte(`{}`),
	}
	hidden("an entry before it goes to a model", f.Citations().Append(f.Context(), opened))
	opened.Records = opened.Records[:1]
	f.must(f.Citations().Append(f.Context(), opened))
	f.must(f.Release(f.Context(), omars, cites(b, "At nine.", "k2")))

	// Who takes the conversation over does not keep what was said from it.
	f.handOff(served)
	end, err := f.Stored(f.Context(), c.ID)
	if err != nil || end.Status != answer.Interrupted || len(end.Sentences) > 0 {
		f.Errorf("taken over it is %s with %d sentences, %v", end.Status, len(end.Sentences), err)
	}
	var reset bool
	for _, e := range f.all(served) {
		reset = reset || e.Type == conversation.ResetEvent
	}
	if !reset {
		f.Error("its customer does not learn that it was taken back")
	}

	a.Attempt = 2
	f.must(f.Begin(f.Context(), a, "source_hidden"))
	f.must(f.Release(f.Context(), stamp, cites(a, "At nine.", "k2")))
	// Of a record the customer's epoch moves too, so that what was read of it is not said
	// in other words.
	f.hide("o1", "")
	f.is("a sentence after a record was hidden", f.Release(f.Context(), stamp, sentence(a, "A tent.")), consent.ErrStale)
	hidden("a sentence from the record", f.Release(f.Context(), f.stamp(f.maya), cites(a, "A tent.", "o1")))
	f.must(f.Release(f.Context(), f.stamp(f.maya), cites(a, "At nine.", "k2")))
	// Another's record with the id of what is hidden is another.
	f.must(f.RemoveRecord(f.Context(), shop, "o1"))
	f.put(record(f.omar, "o1", "orders", "A lamp."))
	f.choose(f.omar, true, "orders")
	if got, err := f.Texts(f.Context(), f.scope(f.omar, consent.Answers), []string{"o1"}); err != nil || len(got) != 1 {
		f.Errorf("another's record of the id: %v, %v", got, err)
	}
}

// hiddenAtAnyMoment: whenever a source is hidden on one replica, no release that begins
// on another after it was acknowledged says anything from it, and none that was
// committed comes later in the conversation than one that was refused.
func hiddenAtAnyMoment(a, b *fixture) {
	for _, source := range []string{"k1", "o1"} {
		for round := range 6 {
			f := a.strangers()
			id := source + string(rune('a'+round))
			if source == "k1" {
				f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article(id, "Returns take 30 days.")}))
			} else {
				f.put(record(f.maya, id, "orders", "A tent."))
			}
			f.choose(f.maya, true, "orders")
			conv := f.talk(f.maya)
			x := f.writing(conv, "How long?")
			stamp := f.stamp(f.maya)
			var acknowledged atomic.Bool
			var group sync.WaitGroup
			group.Go(func() {
				for range 60 {
					late := acknowledged.Load()
					err := b.Release(f.Context(), stamp, cites(x, "30 days.", id))
					switch {
					case err == nil && late:
						f.Errorf("%s: a release that began after it was hidden is committed", id)
					case err != nil && !errors.Is(err, consent.ErrStale):
						f.Errorf("%s: %v", id, err)
					}
					if err != nil && late {
						return
					}
				}
			})
			time.Sleep(time.Duration(round) * 3 * time.Millisecond)
			f.hide(id, "")
			acknowledged.Store(true)
			group.Wait()
			f.is("after it", b.Release(f.Context(), stamp, cites(x, "30 days.", id)), consent.ErrStale)
			if texts, err := b.Texts(f.Context(), f.scope(f.maya, consent.Answers), []string{id}); err != nil || len(texts) > 0 {
				f.Errorf("the other replica reads %v, %v", texts, err)
			}
		}
	}
}

// erasedHidden: what is said of a hidden record goes with its customer; what is said
// of articles stays.
func erasedHidden(f *fixture) {
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article("k1", "Returns take 30 days.")}))
	f.put(record(f.maya, "o1", "orders", "A tent."), record(f.omar, "o2", "orders", "A mat."))
	for _, id := range []string{"k1", "o1", "o2"} {
		f.hide(id, "Zanzibar.")
	}
	f.must(only(f.Erase(f.Context(), f.maya.Customer, nil)))
	page, _, err := f.Hidden(f.Context(), review.HiddenFilter{})
	f.must(err)
	var left []string
	for _, h := range page {
		left = append(left, h.Record+" "+h.Note)
	}
	if want := []string{"o2 Zanzibar.", "k1 Zanzibar."}; !slices.Equal(left, want) {
		f.Errorf("%q are left, want %q", left, want)
	}
}

// hidingWaits: a source is hidden behind the writes under way, which may be releasing
// something from it: an article behind everybody's, a record behind its customer's.
func hidingWaits(a, b *fixture) {
	a.must(a.PutKnowledge(a.Context(), shop, []retrieval.Record{article("k1", "Returns take 30 days.")}))
	a.put(record(a.maya, "o1", "orders", "A tent."))
	for _, id := range []string{"k1", "o1"} {
		begun, release := make(chan struct{}), make(chan struct{})
		under, hidden := make(chan error, 1), make(chan error, 1)
		go func() {
			under <- only(b.Append(b.Context(), b.maya.Customer, func(consent.Snapshot) (consent.Entry, error) {
				close(begun)
				<-release
				return consent.Entry{}, nil
			}))
		}()
		<-begun
		go func() {
			hidden <- only(a.Hide(a.Context(), review.HiddenSource{Site: shop, Record: id, Actor: reviewer}))
		}()
		select {
		case err := <-hidden:
			a.Errorf("%s was hidden within a write (%v)", id, err)
			hidden <- nil // for whoever waits for it below
		case <-time.After(200 * time.Millisecond):
		}
		close(release)
		a.must(<-under)
		a.must(<-hidden)
	}
}
