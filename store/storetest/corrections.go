package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/review"
)

// told is an answer that was written from sources, and is over.
func (f *fixture) told(who identity.Principal, conv string, category consent.Category, sources ...string) answer.Answer {
	f.Helper()
	a := f.writing(conv, "How long?")
	a.Status = answer.Answered
	f.must(f.Finish(f.Context(), f.stamp(who), sentence(a, "30 days."), answer.Ending{}))
	e := closed(a.ID, who.Customer)
	e.Conversation = conv
	for _, id := range sources {
		e.Records = append(e.Records, citation.Use{RecordID: id, Category: category, Recipient: consent.BrandAI})
	}
	f.must(f.Citations().Append(f.Context(), e))
	return a
}

func (f *fixture) correct(c review.Correction) review.Correction {
	f.Helper()
	c.Site, c.Actor = shop, reviewer
	c, err := f.AddCorrection(f.Context(), c)
	f.must(err)
	return c
}

func (f *fixture) send(want int) {
	f.Helper()
	if n, err := f.SendCorrections(f.Context()); n != want || err != nil {
		f.Errorf("%d corrections are sent, %v; want %d", n, err, want)
	}
}

// progress fails where a correction is not as far.
func (f *fixture) progress(step, id string, all, sent, pending int64) {
	f.Helper()
	c, err := f.Correction(f.Context(), id)
	if err != nil || c.Conversations != all || c.Sent != sent || c.Pending != pending {
		f.Errorf("%s: of %d conversations %d have it, %d get it, %v; want %d, %d, %d", step, c.Conversations, c.Sent, c.Pending, err, all, sent, pending)
	}
}

// corrections: each conversation whose answers used a source gets a correction once, in
// its customer's language behind its heading, whatever its state, which stays as it is;
// no other does.
func corrections(f *fixture) {
	const text = "Returns take 40 days, zanzibar not 30."
	one, two, three, four, five := f.talk(f.maya), f.talk(f.maya), f.talk(f.omar), f.talk(f.omar), f.talk(f.omar)
	f.told(f.maya, one, consent.Knowledge, "k1", "k2")
	f.told(f.maya, one, consent.Knowledge, "k1")
	f.told(f.maya, two, consent.Knowledge, "k2")
	f.told(f.omar, three, consent.Knowledge, "k1")
	f.told(f.omar, four, consent.Knowledge, "k1")
	// What was only looked through for an answer was not said.
	looked := f.writing(five, "How long?")
	f.must(f.Citations().Append(f.Context(), citation.Entry{
		ID: "cit_looked", Kind: citation.Opened, AnswerID: looked.ID, Attempt: 1, Site: shop, Customer: f.omar.Customer, Conversation: five,
		Records: []citation.Use{{RecordID: "k1", Category: consent.Knowledge}}, Body: []byte(`{}`),
	}))
	f.must(only(f.Post(f.Context(), three, message(conversation.FromCustomer, "E agora?"), "pt-BR")))
	f.agent("stf_1")
	f.handOff(three)
	f.must(f.Act(f.Context(), "stf_1", three, agents.Action{Trigger: conversation.AgentClaims}))
	f.handOff(four)
	f.must(f.Act(f.Context(), "stf_1", four, agents.Action{Trigger: conversation.AgentClaims}))
	f.must(f.Act(f.Context(), "stf_1", four, agents.Action{Trigger: conversation.AgentResolves}))

	u, err := f.SourceUses(f.Context(), shop, "k1")
	if want := (review.Uses{Answers: 4, Conversations: 3, Customers: 2, Open: 2, Kept: 3}); err != nil || u != want {
		f.Errorf("its uses are %+v, %v; want %+v", u, err, want)
	}
	for _, id := range []string{"unknown", "", "%", "\x00"} {
		if u, err := f.SourceUses(f.Context(), shop, id); err != nil || u != (review.Uses{}) {
			f.Errorf("the uses of %q are %+v, %v", id, u, err)
		}
	}
	if u, err := f.SourceUses(f.Context(), "other", "k1"); err != nil || u != (review.Uses{}) {
		f.Errorf("the uses at another site are %+v, %v", u, err)
	}

	states := make(map[string]conversation.State)
	talks := []string{one, two, three, four, five}
	was := make(map[string][]string)
	for _, id := range talks {
		states[id], was[id] = f.state(id).State, f.said(id)
	}
	before := f.contents()
	for name, c := range map[string]review.Correction{
		"without words": {Site: shop, Record: "k1", Text: " "}, "too long": {Site: shop, Record: "k1", Text: strings.Repeat("x", review.MaxCorrection+1)},
		"of nothing": {Site: shop, Text: "No."}, "of both": {Site: shop, Record: "k1", Answers: []string{"ans_1"}, Text: "No."}, "of no site": {Record: "k1", Text: "No."},
	} {
		f.is(name, only(f.AddCorrection(f.Context(), c)), review.ErrCorrection)
	}
	f.is("of what nobody used", only(f.AddCorrection(f.Context(), review.Correction{Site: shop, Record: "k9", Text: "No."})), review.ErrNothingToCorrect)
	f.is("at another site", only(f.AddCorrection(f.Context(), review.Correction{Site: "other", Record: "k1", Text: "No."})), review.ErrNothingToCorrect)
	f.is("of what is no answer", only(f.AddCorrection(f.Context(), review.Correction{Site: shop, Answers: []string{"ans_unknown"}, Text: "No."})), conversation.ErrNotFound)
	f.is("of another site's answer", only(f.AddCorrection(f.Context(), review.Correction{Site: "other", Answers: []string{looked.ID}, Text: "No."})), conversation.ErrNotFound)
	f.unchanged("what was refused", before)

	c := f.correct(review.Correction{Record: "k1", Text: text, Language: "en"})
	f.progress("at first", c.ID, 3, 0, 3)
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("its words are in %v", where)
	}
	f.send(3)
	f.send(0)
	f.reopen()
	f.send(0)
	f.progress("sent", c.ID, 3, 3, 0)
	want := map[string][]string{one: {"Correction from Shop: " + text}, three: {"Correção da Shop: " + text}, four: {"Correction from Shop: " + text}}
	for _, id := range talks {
		if got := f.said(id)[len(was[id]):]; !slices.Equal(got, want[id]) {
			f.Errorf("a %s conversation got %q, want %q", states[id], got, want[id])
		}
		if state := f.state(id).State; state != states[id] {
			f.Errorf("a %s conversation is %s now", states[id], state)
		}
	}
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("its words are in %v", where)
	}
	got, _, err := f.Corrections(f.Context(), review.CorrectionFilter{Site: shop})
	if err != nil || len(got) != 1 || got[0].Text != text || got[0].Actor != reviewer || got[0].Record != "k1" || got[0].At.IsZero() {
		f.Errorf("%+v, %v", got, err)
	}
	f.is("what is not there", only(f.Correction(f.Context(), "cor_unknown")), review.ErrUnknownCorrection)

	// Answers that are named.
	c = f.correct(review.Correction{Answers: []string{looked.ID, looked.ID}, Text: "We do not know."})
	f.progress("of answers", c.ID, 1, 0, 1)
	f.send(1)
	if got := f.said(five); len(got) == 0 || got[len(got)-1] != "Correction from Shop: We do not know." {
		f.Errorf("it got %q", got)
	}
}

// correctionCutOff: wherever the sending is cut off, each conversation gets it once.
func correctionCutOff(f *fixture) {
	const talks = 12
	var all []string
	for i := range talks {
		who := f.customer(fmt.Sprint("c", i))
		conv := f.talk(who)
		f.told(who, conv, consent.Knowledge, "k1")
		all = append(all, conv)
	}
	c := f.correct(review.Correction{Record: "k1", Text: "40 days."})
	sent := 0
	for i := range talks {
		ctx, cancel := context.WithCancel(f.Context())
		wake, stop := f.Watch(conversation.Topic(all[i]))
		done := make(chan int)
		go func() {
			n, err := f.SendCorrections(ctx)
			if err != nil && !errors.Is(err, context.Canceled) {
				f.Error(err)
			}
			done <- n
		}()
		select { // as soon as one more has it, or there is none
		case <-wake:
		case <-time.After(50 * time.Millisecond):
		}
		cancel()
		sent += <-done
		stop()
		if i%3 == 0 {
			f.reopen()
		}
	}
	n, err := f.SendCorrections(f.Context())
	f.must(err)
	if sent += n; sent != talks {
		f.Errorf("%d are sent", sent)
	}
	f.progress("in the end", c.ID, talks, talks, 0)
	for _, id := range all {
		if got := f.said(id); len(got) != 1 {
			f.Errorf("a conversation got %q", got)
		}
	}
}

// correctionFromBoth: two replicas that both send give each conversation one.
func correctionFromBoth(a, b *fixture) {
	const talks = 30
	var all []string
	for i := range talks {
		who := a.customer(fmt.Sprint("c", i))
		conv := a.talk(who)
		a.told(who, conv, consent.Knowledge, "k1")
		all = append(all, conv)
	}
	a.correct(review.Correction{Record: "k1", Text: "40 days."})
	var mu sync.Mutex
	var group sync.WaitGroup
	sent := 0
	for _, f := range []*fixture{a, b, a, b} {
		group.Go(func() {
			n, err := f.SendCorrections(f.Context())
			mu.Lock()
			defer mu.Unlock()
			if sent += n; err != nil {
				a.Error(err)
			}
		})
	}
	group.Wait()
	if sent != talks {
		a.Errorf("%d are sent of %d", sent, talks)
	}
	for _, id := range all {
		if got := a.said(id); len(got) != 1 {
			a.Errorf("a conversation got %q", got)
		}
	}
}

// correctionOfErased: who is erased meanwhile, and what is kept no longer, is left out
// without keeping the others back; the words of what is about one customer's data go
// with them.
func correctionOfErased(f *fixture) {
	one, two := f.talk(f.maya), f.talk(f.omar)
	f.told(f.maya, one, consent.Knowledge, "k1")
	f.told(f.omar, two, consent.Knowledge, "k1")
	mine := f.told(f.maya, one, "orders", "o1")
	general := f.correct(review.Correction{Record: "k1", Text: "40 days."})
	personal := f.correct(review.Correction{Record: "o1", Text: "The tent is zanzibar late."})
	named := f.correct(review.Correction{Answers: []string{mine.ID}, Text: "It is zanzibar lost."})
	if personal.Customer != f.maya.Customer || named.Customer != f.maya.Customer || general.Customer != "" {
		f.Errorf("they are about %q, %q and %q", personal.Customer, named.Customer, general.Customer)
	}
	f.must(only(f.Erase(f.Context(), f.maya.Customer, nil)))
	f.progress("erased", general.ID, 2, 0, 1)
	for _, id := range []string{personal.ID, named.ID} {
		f.is("what was about them", only(f.Correction(f.Context(), id)), review.ErrUnknownCorrection)
	}
	f.send(1)
	if got := f.said(two); len(got) != 1 {
		f.Errorf("the other got %q", got)
	}
	f.progress("sent", general.ID, 2, 1, 0)
	if u, err := f.SourceUses(f.Context(), shop, "o1"); err != nil || u != (review.Uses{}) {
		f.Errorf("the uses of what they had are %+v, %v", u, err)
	}
	f.is("of what was theirs", only(f.AddCorrection(f.Context(), review.Correction{Site: shop, Record: "o1", Text: "No."})), review.ErrNothingToCorrect)

	// A conversation whose time was over between.
	again := f.correct(review.Correction{Record: "k1", Text: "50 days."})
	f.pass(48 * time.Hour)
	if n, err := f.RemoveConversations(f.Context(), 24*time.Hour); n != 1 || err != nil {
		f.Errorf("%d conversations are removed, %v", n, err)
	}
	f.send(0)
	f.progress("removed", again.ID, 1, 0, 0)
	f.send(0)
}

// correctionIsMasked: a correction has the categories of the data that it is about, as
// what it corrects has, and one of the company's knowledge has none.
func correctionIsMasked(f *fixture) {
	talk := f.talk(f.maya)
	mine := f.told(f.maya, talk, "orders", "o1")
	f.told(f.maya, talk, consent.Knowledge, "k1")
	for _, c := range []struct {
		review.Correction
		want []consent.Category
	}{
		{review.Correction{Record: "o1", Text: "It is late."}, []consent.Category{"orders"}},
		{review.Correction{Answers: []string{mine.ID}, Text: "It is lost."}, []consent.Category{"orders"}},
		{review.Correction{Record: "k1", Text: "40 days."}, nil},
	} {
		f.correct(c.Correction)
		f.send(1)
		messages, err := f.Messages(f.Context(), talk)
		f.must(err)
		last := messages[len(messages)-1]
		if got := last.Categories(); last.From != conversation.FromSystem || !slices.Equal(got, c.want) {
			f.Errorf("%q is of %v, want %v", c.Text, got, c.want)
		}
	}
}
