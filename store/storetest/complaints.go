package storetest

import (
	"fmt"
	"strings"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// complain says that something is wrong with an answer.
func (f *fixture) complain(who identity.Principal, conv, id string, kind consent.ComplaintKind, text string) consent.Request {
	f.Helper()
	r, err := f.gate.NewComplaint(f.Context(), who, conv, id, kind, text)
	f.must(err)
	f.must(f.AddRequest(f.Context(), r))
	return r
}

// said are the company's own messages in a conversation, but the first.
func (f *fixture) said(conv string) (out []string) {
	f.Helper()
	messages, err := f.Messages(f.Context(), conv)
	f.must(err)
	for _, m := range messages[1:] {
		if m.From == conversation.FromSystem {
			out = append(out, m.Text())
		}
	}
	return out
}

// complaints: a complaint about an answer is a request with the clock and the history of
// every other, of its customer's own answer only, one at a time; its customer learns in
// the conversation that it was answered, and nothing more there.
func complaints(f *fixture) {
	conv, others := f.talk(f.maya), f.talk(f.omar)
	a, b := f.writing(conv, "Where is it?"), f.writing(others, "And mine?")
	before := f.contents()
	for name, tt := range map[string]struct{ conv, answer string }{
		"somebody else's":               {others, b.ID},
		"somebody else's, in one's own": {conv, b.ID},
		"one's own, in another":         {others, a.ID},
		"what is not there":             {conv, "ans_unknown"},
		"what cannot be":                {conv, "\x00"},
	} {
		r, err := f.gate.NewComplaint(f.Context(), f.maya, tt.conv, tt.answer, consent.WrongAnswer, "")
		f.must(err)
		f.is(name, f.AddRequest(f.Context(), r), conversation.ErrNotFound)
	}
	f.is("of no kind", only(f.gate.NewComplaint(f.Context(), f.maya, conv, a.ID, "revenge", "Zanzibar.")), consent.ErrRequestText)
	f.is("too long", only(f.gate.NewComplaint(f.Context(), f.maya, conv, a.ID, consent.WrongTone, strings.Repeat("x", consent.MaxRequestText+1))), consent.ErrRequestText)
	f.unchanged("what was refused", before)

	r := f.complain(f.maya, conv, a.ID, consent.WrongSource, "The zanzibar is another.")
	again, err := f.gate.NewComplaint(f.Context(), f.maya, conv, a.ID, consent.WrongTone, "")
	f.must(err)
	f.is("a second one", f.AddRequest(f.Context(), again), consent.ErrComplained)
	f.complain(f.omar, others, b.ID, consent.ShouldNotUse, "")
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("its words are in %v", where)
	}
	own, _, err := f.RequestsOf(f.Context(), f.maya.Customer, consent.Place{}, 10)
	if err != nil || len(own) != 1 || own[0].Answer != a.ID || own[0].Complaint != consent.WrongSource || own[0].Detail != "The zanzibar is another." ||
		own[0].Kind != consent.ComplaintRequest || own[0].Conversation != conv || !own[0].Due.Equal(r.Due) {
		f.Errorf("to its customer: %+v, %v", own, err)
	}

	// Closed without a word to the customer there is nothing that they could read.
	_, err = f.act(r.ID, consent.RequestEvent{Action: consent.ActDone, Note: "Nothing zanzibar to it."})
	f.must(err)
	if got := f.said(conv); len(got) > 0 {
		f.Errorf("without a word: %q", got)
	}
	_, err = f.act(r.ID, consent.RequestEvent{Action: consent.ActReopen})
	f.must(err)
	f.is("a second one while the first is open again", f.AddRequest(f.Context(), again), consent.ErrComplained)
	_, err = f.act(r.ID, consent.RequestEvent{Action: consent.ActNote, Note: "We zanzibar corrected it.", ForCustomer: true})
	f.must(err)
	if got := f.said(conv); len(got) > 0 {
		f.Errorf("before it is answered: %q", got)
	}
	_, err = f.act(r.ID, consent.RequestEvent{Action: consent.ActDone})
	f.must(err)
	want := answer.Say(answer.SayComplaintAnswered, "en")
	if got := f.said(conv); len(got) != 1 || got[0] != want || strings.Contains(want, "zanzibar") {
		f.Errorf("the complainant reads %q, want %q", got, want)
	}
	if got := f.said(others); len(got) > 0 {
		f.Errorf("somebody else reads %q", got)
	}
	if state := f.state(conv).State; state != conversation.Pending {
		f.Errorf("the conversation is %s", state)
	}
	f.must(f.AddRequest(f.Context(), again))
	f.is("the first while the second is open", only(f.act(r.ID, consent.RequestEvent{Action: consent.ActReopen})), consent.ErrComplained)
}

// complaintAtOnce: of several complaints at once about an answer one is stored.
func complaintAtOnce(f *fixture, stores []*fixture) {
	conv := f.talk(f.maya)
	a := f.writing(conv, "Where is it?")
	const each = 4
	results := make(chan error)
	for _, s := range stores {
		for range each {
			go func() {
				r, err := s.gate.NewComplaint(f.Context(), f.maya, conv, a.ID, consent.WrongAnswer, "")
				if err == nil {
					err = s.AddRequest(f.Context(), r)
				}
				results <- err
			}()
		}
	}
	stored := 0
	for range each * len(stores) {
		if err := <-results; err == nil {
			stored++
		} else {
			f.is("another", err, consent.ErrComplained)
		}
	}
	if n := f.count("SELECT COUNT(*) FROM requests"); stored != 1 || n != 1 {
		f.Errorf("%d are acknowledged, %d stored", stored, n)
	}
}

// erasedComplaint: of a customer who was erased nothing says which answer they
// complained about, nor of what.
func erasedComplaint(f *fixture) {
	conv := f.talk(f.maya)
	a := f.writing(conv, "Where is it?")
	r := f.complain(f.maya, conv, a.ID, consent.ShouldNotUse, "Zanzibar.")
	f.must(only(f.Erase(f.Context(), f.maya.Customer, nil)))
	var got string
	f.must(f.operator.QueryRowContext(f.Context(), "SELECT answer || '|' || complaint || '|' || conversation || '|' || status FROM requests WHERE id = '"+r.ID+"'").Scan(&got))
	if want := fmt.Sprintf("|||%s", consent.RequestDone); got != want {
		f.Errorf("what is left: %q, want %q", got, want)
	}
}
