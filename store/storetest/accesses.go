package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/export"
	"candor/identity"
)

// deskLook is a look of an agent's at two records.
func deskLook(who identity.Principal) consent.Access {
	return consent.Access{
		Customer: who.Customer, Actor: "staff:stf_1", Kind: consent.DeskAccess, Conversation: "cnv_1", Purpose: consent.AgentAssist,
		Categories: []consent.Category{consent.Conversation, "orders"},
		Records:    []consent.AccessedRecord{{ID: "order-canary-1", Category: "orders", Grant: "grt_1"}, {ID: "order-canary-2", Category: "orders", Grant: "grt_1"}},
	}
}

// accessesAreRecorded: every look that differs is recorded once an hour, before the
// call returns, and says nothing in plain text.
func accessesAreRecorded(f *fixture) {
	f.agent("stf_1")
	n := 0
	recorded := func(what string, more int, looks ...consent.Access) {
		f.Helper()
		f.must(f.Accessed(f.Context(), looks...))
		n += more
		if got := f.count("SELECT COUNT(*) FROM accesses"); got != n {
			f.Errorf("%s: %d rows, want %d", what, got, n)
			n = got
		}
	}
	// From the beginning of an hour, so that the test is in one.
	f.pass(f.now().Truncate(time.Hour).Add(time.Hour + time.Minute).Sub(f.now()))
	recorded("nothing", 0)
	recorded("a look", 1, deskLook(f.maya))
	recorded("the same", 0, deskLook(f.maya), deskLook(f.maya))
	other := deskLook(f.maya)
	slices.Reverse(other.Records)
	slices.Reverse(other.Categories)
	recorded("the same in another order", 0, other)
	for what, change := range map[string]func(*consent.Access){
		"another agent":        func(a *consent.Access) { a.Actor = "staff:stf_2" },
		"another desk":         func(a *consent.Access) { a.Recipient = "desk:acme" },
		"another kind":         func(a *consent.Access) { a.Kind = consent.LogAccess },
		"another conversation": func(a *consent.Access) { a.Conversation = "cnv_2" },
		"another answer":       func(a *consent.Access) { a.Answer = "ans_1" },
		"another reason":       func(a *consent.Access) { a.Reason = "complaint" },
		"fewer categories":     func(a *consent.Access) { a.Categories = a.Categories[:1] },
		"fewer records":        func(a *consent.Access) { a.Records = a.Records[:1] },
		"another grant": func(a *consent.Access) {
			a.Records = []consent.AccessedRecord{a.Records[0], {ID: "order-canary-2", Category: "orders", Grant: "grt_2"}}
		},
		"another customer": func(a *consent.Access) { a.Customer = f.omar.Customer },
	} {
		x := deskLook(f.maya)
		change(&x)
		recorded(what, 1, x, deskLook(f.maya))
	}
	f.pass(50 * time.Minute)
	recorded("within the hour", 0, deskLook(f.maya))
	f.pass(10 * time.Minute)
	recorded("in the next hour", 1, deskLook(f.maya))

	before := f.contents()
	f.is("of nobody", f.Accessed(f.Context(), consent.Access{Customer: "cus_unknown", Actor: "staff:stf_1"}), consent.ErrUnknownCustomer)
	f.unchanged("what was not recorded", before)
	if where := f.plain("order-canary"); len(where) > 0 {
		f.Errorf("which records were seen is in %v", where)
	}
}

// accessesUnderStamp: what was withdrawn before it is recorded is not, and a look
// that is recorded was allowed at that moment.
func accessesUnderStamp(f *fixture) {
	f.choose(f.maya, true, "orders")
	stamp := f.stamp(f.maya)
	allowed := deskLook(f.maya)
	allowed.Stamp = &stamp
	f.must(f.Accessed(f.Context(), allowed))
	f.choose(f.maya, false, "orders")
	before := f.contents()
	late := allowed
	late.Conversation = "cnv_2"
	f.is("withdrawn", f.Accessed(f.Context(), late), consent.ErrStale)
	others := f.stamp(f.omar)
	late.Stamp = &others
	f.is("another customer's", f.Accessed(f.Context(), late), consent.ErrStale)
	f.unchanged("a stale look", before)

	// What is granted for a conversation ends with it: no choice is made then, and
	// the epoch stays.
	conv := f.talk(f.maya)
	f.change(f.maya.In(conv), consent.Change{Triple: orders, Granted: true, Duration: consent.ThisConversation})
	here := f.stamp(f.maya.In(conv))
	of := allowed
	of.Conversation, of.Stamp = conv, &here
	f.must(f.Accessed(f.Context(), of))
	f.handOff(conv)
	f.resolve(conv)
	if now := f.stamp(f.maya.In(conv)); now.Epoch != here.Epoch || now.Personal {
		f.Errorf("after the end the stamp is %+v, of before %+v", now, here)
	}
	before = f.contents()
	of.Categories = []consent.Category{consent.Conversation} // another look
	f.is("ended with its conversation", f.Accessed(f.Context(), of), consent.ErrStale)
	f.is("ended, as the gate sees it", f.gate.Holds(f.Context(), here), consent.ErrStale)
	f.unchanged("a look at what has ended", before)
	f.say(conv, "One thing more?")
	f.is("ended, and the conversation goes on", f.Accessed(f.Context(), of), consent.ErrStale)
	f.is("the same, as the gate sees it", f.gate.Holds(f.Context(), here), consent.ErrStale)
	f.change(f.maya.In(conv), consent.Change{Triple: orders, Granted: true, Duration: consent.ThisConversation})
	here = f.stamp(f.maya.In(conv))
	f.must(f.gate.Holds(f.Context(), here))
	f.must(f.Accessed(f.Context(), of))
}

// looksAgain: a look that is recorded already is not recorded again, and yet allowed
// only if its stamp holds.
func looksAgain(f *fixture) {
	f.change(f.maya, consent.Change{Triple: triple(consent.Answers, consent.Conversation, "ai_provider:openai"), Granted: true})
	stamp := f.stamp(f.maya)
	look := consent.Access{
		Customer: f.maya.Customer, Actor: "ai_provider:openai", Kind: consent.EmbeddingAccess, Purpose: consent.Answers,
		Categories: []consent.Category{consent.Conversation}, Stamp: &stamp,
	}
	// From the beginning of an hour, so that the test is in one.
	f.pass(f.now().Truncate(time.Hour).Add(time.Hour + time.Minute).Sub(f.now()))
	f.must(f.Accessed(f.Context(), look))
	f.must(f.Accessed(f.Context(), look))
	f.change(f.maya, consent.Change{Triple: triple(consent.Answers, consent.Conversation, "ai_provider:openai")})
	before := f.contents()
	f.is("withdrawn since", f.Accessed(f.Context(), look), consent.ErrStale)
	others := f.stamp(f.omar)
	look.Stamp = &others
	f.is("under another customer's stamp", f.Accessed(f.Context(), look), consent.ErrStale)
	f.unchanged("what does not hold", before)
	look.Stamp = nil
	f.must(f.Accessed(f.Context(), look))
	if n := f.count("SELECT COUNT(*) FROM accesses"); n != 1 {
		f.Errorf("%d looks are recorded", n)
	}
}

// went records that records went to a recipient for an answer.
func (f *fixture) went(who identity.Principal, id string, recipient consent.Recipient, records ...citation.Use) {
	f.Helper()
	f.must(f.Citations().Append(f.Context(), citation.Entry{
		ID: id, Kind: citation.Opened, AnswerID: "ans" + id[3:], Site: shop, Customer: who.Customer, Conversation: "cnv_1", Purpose: consent.Answers,
		Recipient: recipient, Records: records, Body: []byte("{}"),
	}))
}

func (f *fixture) uses(who identity.Principal) []export.Use {
	f.Helper()
	all, next, err := f.Uses(f.Context(), who.Customer, consent.Place{}, 1000)
	f.must(err)
	if next != (consent.Place{}) {
		f.Errorf("a list of %d goes on at %v", len(all), next)
	}
	return all
}

// usesAreListed: answers, looks and deletions are one list, the customer's own,
// that can be read page by page.
func usesAreListed(f *fixture) {
	f.agent("stf_1")
	f.put(record(f.maya, "r1", "orders", "A tent."), record(f.maya, "r2", "billing", "An invoice."), record(f.omar, "r3", "orders", "A canary."))
	order := citation.Use{RecordID: "r1", Category: "orders", Recipient: consent.BrandAI, GrantID: "grt_1"}
	article := citation.Use{RecordID: "k1", Category: consent.Knowledge, Recipient: consent.BrandAI}
	f.went(f.maya, "cit_1", consent.BrandAI, order, article)
	f.went(f.maya, "cit_2", consent.BrandAI, article) // of the company's own articles only
	f.went(f.maya, "cit_3", "ai_provider:x", article)
	e := closed("ans_1", f.maya.Customer)
	e.Records = []citation.Use{order}
	f.must(f.Citations().Append(f.Context(), e)) // the end of one is no second use
	f.went(f.omar, "cit_4", consent.BrandAI, citation.Use{RecordID: "r3", Category: "orders", Recipient: consent.BrandAI})
	look := deskLook(f.maya)
	look.Records = []consent.AccessedRecord{{ID: "r1", Category: "orders"}, {ID: "r2", Category: "billing"}, {ID: "r3", Category: "orders"}}
	f.must(f.Accessed(f.Context(), look))
	f.must(f.Accessed(f.Context(), consent.Access{Customer: f.maya.Customer, Actor: "site:shop", Kind: consent.BackendAccess}))
	asked := consent.Access{Customer: f.maya.Customer, Actor: "ai_provider:x", Kind: consent.EmbeddingAccess, Purpose: consent.Answers}
	shown := asked
	asked.Categories = []consent.Category{consent.Conversation}
	shown.Categories, shown.Records = []consent.Category{"orders"}, []consent.AccessedRecord{{ID: "r1", Category: "orders", Grant: "grt_2"}}
	f.must(f.Accessed(f.Context(), asked))
	f.must(f.Accessed(f.Context(), shown))
	f.must(f.RemoveRecord(f.Context(), shop, "r2"))

	all := f.uses(f.maya)
	var got []string
	for i, u := range all {
		if i > 0 && u.At.After(all[i-1].At) {
			f.Errorf("use %d is of %s, the one before of %s", i, u.At, all[i-1].At)
		}
		line := fmt.Sprint(u.Kind, " ", u.Recipient, " ", u.Categories)
		for _, r := range u.Records {
			line += fmt.Sprintf(" %s=%q", r.ID, r.Title)
		}
		if u.Who != nil {
			line += " " + u.Who.Kind + ":" + u.Who.Name
		}
		got = append(got, line)
	}
	want := []string{
		"deletion  [billing]",
		// A company outside is who it went to, as with an answer, and no person.
		`embedding ai_provider:x [orders] r1="Title of r1"`,
		"embedding ai_provider:x [conversation]",
		"backend  [] site:Shop",
		// The title of what was deleted is gone, and another's was never there.
		`desk human_agents [conversation orders] r1="Title of r1" r2="" r3="" staff:Agent stf_1`,
		"answer ai_provider:x [conversation]",
		`answer brand_ai [orders] r1="Title of r1"`,
	}
	if !slices.Equal(got, want) {
		f.Errorf("the uses are\n%q\nwant\n%q", got, want)
	}
	if d := all[0]; d.What != consent.DeletedRecord || d.Count != 1 || d.Reason != string(consent.DeletedBySite) {
		f.Errorf("the deletion: %+v", d)
	}

	for size := range 6 {
		var paged []string
		var after consent.Place
		for {
			page, next, err := f.Uses(f.Context(), f.maya.Customer, after, size+1)
			f.must(err)
			for _, u := range page {
				paged = append(paged, u.ID)
			}
			if next == (consent.Place{}) {
				break
			}
			if after = next; len(page) != size+1 || len(paged) > len(all) {
				f.Fatalf("pages of %d: %d, then %v", size+1, len(page), next)
			}
		}
		if !slices.EqualFunc(paged, all, func(id string, u export.Use) bool { return id == u.ID }) {
			f.Errorf("pages of %d: %v", size+1, paged)
		}
	}
	if others := f.uses(f.omar); len(others) != 1 || others[0].Records[0].Title != "Title of r3" {
		f.Errorf("another customer's: %+v", others)
	}
	visitor, err := f.AddVisitor(f.Context(), shop)
	f.must(err)
	if none := f.uses(identity.Principal{Customer: visitor}); len(none) > 0 {
		f.Errorf("a visitor's: %+v", none)
	}
}

// takeout: what is held about a customer is all there, page by page, and nobody
// else's.
func takeout(f *fixture) {
	for i := range 5 {
		f.put(record(f.maya, fmt.Sprint("m", i), "orders", "A tent."), record(f.omar, fmt.Sprint("o", i), "orders", "A canary."))
	}
	conv, others := f.talk(f.maya), f.talk(f.omar)
	for i := range 3 {
		a := f.writing(conv, fmt.Sprint("Question ", i))
		a.Status = answer.Answered
		f.must(f.Finish(f.Context(), f.stamp(f.maya), sentence(a, fmt.Sprint("Answer ", i)), answer.Ending{}))
		f.must(f.Rate(f.Context(), f.maya.Customer, a.ID, 1, "good"))
	}
	f.ask(others, "A canary.")
	f.must(f.Rate(f.Context(), f.omar.Customer, others, 0, "A canary."))

	owner, err := f.Owner(f.Context(), f.maya.Customer)
	if err != nil || owner.Subject != "maya" || owner.Brand != "Shop" || owner.Since.IsZero() {
		f.Errorf("the owner: %+v, %v", owner, err)
	}
	if _, err := f.Owner(f.Context(), "cus_unknown"); err == nil {
		f.Error("nobody owns something")
	}
	counts, err := f.Counts(f.Context(), f.maya.Customer)
	if err != nil || counts.Records != 5 || counts.Messages != 7 || counts.Events != 0 || !slices.Equal(counts.Categories, []consent.Category{consent.Conversation, "orders"}) {
		f.Errorf("the counts: %+v, %v", counts, err)
	}
	talks, err := f.ConversationsOf(f.Context(), f.maya.Customer)
	if err != nil || len(talks) != 1 || talks[0].ID != conv {
		f.Fatalf("the conversations: %+v, %v", talks, err)
	}
	var said, answered []string
	for after := int64(0); ; {
		page, next, err := f.MessagesOf(f.Context(), talks[0], after, 2)
		f.must(err)
		for _, m := range page {
			said = append(said, m.Text())
		}
		if after = next; next == 0 {
			break
		}
	}
	if want := []string{"You're chatting with an AI.", "Question 0", "Answer 0", "Question 1", "Answer 1", "Question 2", "Answer 2"}; !slices.Equal(said, want) {
		f.Errorf("the messages: %q", said)
	}
	for after := ""; ; {
		page, next, err := f.AnswersOf(f.Context(), talks[0], after, 2)
		f.must(err)
		for _, a := range page {
			answered = append(answered, a.Sentences[0].Text)
		}
		if after = next; next == "" {
			break
		}
	}
	slices.Sort(answered)
	if want := []string{"Answer 0", "Answer 1", "Answer 2"}; !slices.Equal(answered, want) {
		f.Errorf("the answers: %q", answered)
	}
	ratings, err := f.RatingsOf(f.Context(), f.maya.Customer)
	if err != nil || len(ratings) != 3 || ratings[0].Comment != "good" || ratings[0].Score != 1 {
		f.Errorf("the ratings: %+v, %v", ratings, err)
	}
}

// exportsAreKept: an archive lies sealed, for its customer, for a day.
func exportsAreKept(f *fixture) {
	x, ctx, who := f.Exports(), f.Context(), f.maya.Customer
	leave := f.attend()
	f.must(x.Begin(ctx, who, "exp_1", 10))
	f.is("a second one", x.Begin(ctx, who, "exp_2", 10), export.ErrRunning)
	f.must(x.Begin(ctx, f.omar.Customer, "exp_3", 10))
	f.must(x.Put(ctx, who, "exp_1", []byte("first canary"), 3))
	f.must(x.Put(ctx, who, "exp_1", nil, 4))
	f.must(x.Put(ctx, who, "exp_1", []byte("second canary"), 6))
	job := func(id string) export.Job {
		f.Helper()
		j, err := x.Job(ctx, who, id)
		f.must(err)
		return j
	}
	if j := job("exp_1"); j.Status != export.Running || j.Done != 6 || j.Total != 10 || j.Size != 25 || j.Parts != 2 {
		f.Errorf("while it is made: %+v", j)
	}
	f.is("before it is done", only(x.Part(ctx, who, "exp_1", 0)), export.ErrNotFound)
	f.must(x.End(ctx, who, "exp_1", export.Done))
	if j := job("exp_1"); j.Status != export.Done || j.Done != j.Total || j.Expires.Sub(f.now()) < 23*time.Hour {
		f.Errorf("done: %+v", j)
	}
	for n, want := range []string{"first canary", "second canary"} {
		if b, err := x.Part(ctx, who, "exp_1", n); err != nil || string(b) != want {
			f.Errorf("part %d: %q, %v", n, b, err)
		}
	}
	f.is("a part too many", only(x.Part(ctx, who, "exp_1", 2)), export.ErrNotFound)
	f.is("another's", only(x.Part(ctx, f.omar.Customer, "exp_1", 0)), export.ErrNotFound)
	f.is("how another's stands", only(x.Job(ctx, f.omar.Customer, "exp_1")), export.ErrNotFound)
	f.is("an unknown one", only(x.Job(ctx, who, "exp_9")), export.ErrNotFound)
	f.is("more of what is done", x.Put(ctx, who, "exp_1", []byte("x"), 9), export.ErrEnded)
	f.is("its end again", x.End(ctx, who, "exp_1", export.Failed), export.ErrEnded)
	if where := f.plain("canary"); len(where) > 0 {
		f.Errorf("an archive lies open in %v", where)
	}

	// One that failed keeps nothing.
	f.must(x.Begin(ctx, who, "exp_4", 10))
	f.must(x.Put(ctx, who, "exp_4", []byte("half"), 3))
	f.must(x.End(ctx, who, "exp_4", export.Failed))
	if j := job("exp_4"); j.Status != export.Failed || j.Parts != 0 || f.count("SELECT COUNT(*) FROM export_parts WHERE export = 'exp_4'") > 0 {
		f.Errorf("failed: %+v", j)
	}
	f.must(x.Begin(ctx, who, "exp_5", 10))
	f.must(x.Remove(ctx, f.omar.Customer, "exp_5"))
	job("exp_5")
	f.must(x.Remove(ctx, who, "exp_5"))
	f.is("removed", only(x.Job(ctx, who, "exp_5")), export.ErrNotFound)

	// The next one takes the place of those before it, once it is done.
	f.must(x.Begin(ctx, who, "exp_6", 10))
	f.must(x.Put(ctx, who, "exp_6", []byte("all of it"), 10))
	f.must(only(x.Part(ctx, who, "exp_1", 0)))
	f.must(x.End(ctx, who, "exp_6", export.Done))
	f.must(only(x.Part(ctx, who, "exp_6", 0)))
	f.is("one that was replaced", only(x.Part(ctx, who, "exp_1", 0)), export.ErrNotFound)
	if n := f.count("SELECT COUNT(*) FROM exports") + f.count("SELECT COUNT(*) FROM export_parts"); n != 3 {
		f.Errorf("%d rows, with another customer's", n)
	}

	leave() // or it says twice a second that it is there, for a day
	f.pass(export.Life + time.Minute)
	f.is("after a day", only(x.Job(ctx, who, "exp_6")), export.ErrNotFound)
	f.is("its parts after a day", only(x.Part(ctx, who, "exp_6", 0)), export.ErrNotFound)
	f.must(f.SweepExports(ctx))
	if n := f.count("SELECT COUNT(*) FROM exports") + f.count("SELECT COUNT(*) FROM export_parts"); n > 0 {
		f.Errorf("%d rows are left after a day", n)
	}
}

// exportsAreAbandoned: an export that nobody says goes on has failed, and another
// can be asked for.
func exportsAreAbandoned(f *fixture) {
	x, ctx, who := f.Exports(), f.Context(), f.maya.Customer
	f.attend()
	f.must(x.Begin(ctx, who, "exp_1", 10))
	f.must(x.Put(ctx, who, "exp_1", bytes.Repeat([]byte("x"), 100), 1))
	for range 3 { // as long as it goes on
		f.pass(time.Minute)
		f.attend() // time passed in one go: it is still there
		f.must(x.Put(ctx, who, "exp_1", nil, 2))
		f.must(f.SweepExports(ctx))
	}
	f.is("while it goes on", x.Begin(ctx, who, "exp_2", 10), export.ErrRunning)
	f.pass(3 * time.Minute)
	f.attend()
	if j, err := x.Job(ctx, who, "exp_1"); err != nil || j.Status != export.Failed || j.Parts != 0 {
		f.Errorf("abandoned: %+v, %v", j, err)
	}
	f.must(x.Begin(ctx, who, "exp_2", 10))
	f.is("it was only slow", x.Put(ctx, who, "exp_1", []byte("x"), 3), export.ErrEnded)
	f.is("its end", x.End(ctx, who, "exp_1", export.Done), export.ErrEnded)
	f.pass(3 * time.Minute)
	f.attend()
	f.must(f.SweepExports(ctx))
	if n := f.count("SELECT COUNT(*) FROM exports WHERE status = 'failed'"); n != 2 || f.count("SELECT COUNT(*) FROM export_parts") > 0 {
		f.Errorf("the sweep found %d", n)
	}
}

// exportOfGoneReplica: the other replica sees that an export is being made, that
// its maker is gone, and gives out what was finished.
func exportOfGoneReplica(a, b *fixture) {
	ctx, who := a.Context(), a.maya.Customer
	leave := a.attend()
	b.attend()
	a.must(a.Exports().Begin(ctx, who, "exp_1", 10))
	a.must(a.Exports().Put(ctx, who, "exp_1", []byte("all of it"), 10))
	a.must(a.Exports().End(ctx, who, "exp_1", export.Done))
	if p, err := b.Exports().Part(ctx, who, "exp_1", 0); err != nil || string(p) != "all of it" {
		b.Errorf("made elsewhere: %q, %v", p, err)
	}
	a.must(a.Exports().Begin(ctx, who, "exp_2", 10))
	a.must(a.Exports().Put(ctx, who, "exp_2", []byte("half of"), 5))
	if j, err := b.Exports().Job(ctx, who, "exp_2"); err != nil || j.Status != export.Running || j.Done != 5 {
		b.Errorf("while it is made elsewhere: %+v, %v", j, err)
	}
	b.is("another at once", b.Exports().Begin(ctx, who, "exp_3", 10), export.ErrRunning)
	leave()
	if j, err := b.Exports().Job(ctx, who, "exp_2"); err != nil || j.Status != export.Failed {
		b.Errorf("its maker is gone: %+v, %v", j, err)
	}
	b.must(b.SweepExports(ctx))
	a.is("its maker was only slow", a.Exports().Put(ctx, who, "exp_2", []byte("the rest"), 10), export.ErrEnded)
	b.must(b.Exports().Begin(ctx, who, "exp_3", 10))
	b.must(b.Exports().Remove(ctx, who, "exp_3"))

	// Of many at once, on both, one begins. What nobody who is there makes is no hindrance,
	// so both are.
	a.attend()
	var group sync.WaitGroup
	var mu sync.Mutex
	begun := 0
	for i := range 16 {
		group.Go(func() {
			f := []*fixture{a, b}[i%2]
			err := f.Exports().Begin(ctx, b.omar.Customer, fmt.Sprint("exp_many_", i), 1)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				begun++
			} else {
				f.is("one of many", err, export.ErrRunning)
			}
		})
	}
	group.Wait()
	if begun != 1 {
		a.Errorf("%d of 16 exports began", begun)
	}
}
