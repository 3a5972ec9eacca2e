package storetest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// marksRise: a read mark never falls, nor passes what there is.
func marksRise(f *fixture) {
	conv, sam := f.talk(f.maya), f.agent("stf_sam")
	f.handOff(conv)
	if _, raised, err := f.MarkRead(f.Context(), conv, conversation.FromAgent, sam, 2); raised || err != nil {
		f.Errorf("who does not have it has read it: %v, %v", raised, err)
	}
	f.claim(sam, conv)
	said := f.state(conv).LastSeq
	mark := func(by conversation.Author, seq, want int64, raises bool) {
		f.Helper()
		at, raised, err := f.MarkRead(f.Context(), conv, by, sam, seq)
		if err != nil || at != want || raised != raises {
			f.Errorf("%s reads %d: %d, %v, %v; want %d, %v", by, seq, at, raised, err, want, raises)
		}
	}
	mark(conversation.FromAgent, 2, 2, true)
	mark(conversation.FromAgent, 1, 2, false)
	mark(conversation.FromAgent, 2, 2, false)
	mark(conversation.FromAgent, 1<<40, said, true)
	mark(conversation.FromAgent, 1<<40, said, false)
	if got := f.state(conv).Read; got != (conversation.Marks{Desk: said}) {
		f.Errorf("the marks are %+v", got)
	}
	mark(conversation.FromCustomer, 1, 1, true)
	// Who writes has read.
	p, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, "hello?"), "en")
	f.must(err)
	if got := f.state(conv).Read; got != (conversation.Marks{Customer: p.Message.Seq, Desk: said}) {
		f.Errorf("after a message the marks are %+v", got)
	}
	messages, err := f.Messages(f.Context(), conv)
	f.must(err)
	if n := f.state(conv).Read.Unread(messages); n != 1 {
		f.Errorf("the desk has %d to read", n)
	}
	f.is("nowhere", func() error {
		_, _, err := f.MarkRead(f.Context(), "cnv_none", conversation.FromAgent, sam, 1)
		return err
	}(), conversation.ErrNotFound)
}

// edits: a message reads with its newest words, in its old place, and the former ones are
// nowhere.
func edits(f *fixture) {
	conv := f.talk(f.maya)
	f.handOff(conv)
	sam, noor := f.agent("stf_sam"), f.agent("stf_noor")
	p, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, "my order is late"), "en")
	f.must(err)
	mine := conversation.Edit{Message: p.Message.ID, Text: "my order came", By: conversation.FromCustomer}
	f.must(f.Edit(f.Context(), conv, mine))
	f.must(f.Edit(f.Context(), conv, mine)) // it reads so already
	got, err := f.Message(f.Context(), conv, p.Message.ID)
	if err != nil || got.Text() != "my order came" || got.Seq != p.Message.Seq || !got.At.Equal(p.Message.At) || got.Edited.IsZero() {
		f.Errorf("it reads %+v, %v", got, err)
	}
	var told []string
	for _, e := range f.all(conv) {
		if strings.Contains(string(e.Data), "late") {
			f.Errorf("event %d has the former words", e.Seq)
		}
		if e.Type == conversation.EditEvent {
			var ref struct {
				ID string `json:"message_id"`
			}
			f.must(json.Unmarshal(e.Data, &ref))
			told = append(told, ref.ID)
		}
	}
	if !slices.Equal(told, []string{p.Message.ID}) {
		f.Errorf("the edits that are told: %q", told)
	}

	refused := func(what string, e conversation.Edit, want error) {
		f.Helper()
		before := f.contents()
		f.is(what, f.Edit(f.Context(), conv, e), want)
		f.unchanged(what, before)
	}
	asAgent := mine
	asAgent.By, asAgent.Staff = conversation.FromAgent, sam
	refused("an agent changes the customer's words", asAgent, conversation.ErrNotEditable)
	refused("a message that is not there", conversation.Edit{Message: "msg_none", Text: "x", By: conversation.FromCustomer}, conversation.ErrNotFound)

	reply := message(conversation.FromAgent, "Let me see.")
	reply.Staff, reply.Segments = sam, []conversation.Segment{{Text: "Let me see.", Categories: []consent.Category{"orders"}}}
	f.must(f.Act(f.Context(), sam, conv, agents.Action{Trigger: conversation.AgentReplies, Message: &reply}))
	mine.Text = "never mind"
	refused("words that a person has answered", mine, conversation.ErrNotEditable)
	theirs := conversation.Edit{Message: reply.ID, Text: "It left yesterday.", By: conversation.FromAgent, Staff: noor}
	refused("another agent's words", theirs, conversation.ErrNotEditable)
	theirs.Staff = sam
	refused("what quotes orders, and nobody looked whether it may", theirs, consent.ErrStale)
	stamp := f.stamp(f.maya)
	theirs.Stamp = &stamp
	f.choose(f.maya, true, "orders")
	f.choose(f.maya, false, "orders")
	refused("what quotes orders, after a withdrawal", theirs, consent.ErrStale)
	stamp = f.stamp(f.maya)
	f.must(f.Edit(f.Context(), conv, theirs))
	if got, err := f.Message(f.Context(), conv, reply.ID); err != nil || !slices.Equal(got.Categories(), []consent.Category{"orders"}) {
		f.Errorf("the changed reply is made of %v, %v", got.Categories(), err)
	}

	next, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, "thanks"), "en")
	f.must(err)
	f.pass(conversation.EditableFor + time.Second)
	refused("after a minute", conversation.Edit{Message: next.Message.ID, Text: "x", By: conversation.FromCustomer}, conversation.ErrNotEditable)
	theirs.Text = "x"
	refused("after a minute", theirs, conversation.ErrNotEditable)

	f.must(f.Act(f.Context(), sam, conv, agents.Action{Trigger: conversation.AgentReturns, Reason: conversation.GivenBack}))
	q, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, "Where is it?"), "en")
	f.must(err)
	refused("what the assistant answers", conversation.Edit{Message: q.Message.ID, Text: "x", By: conversation.FromCustomer}, conversation.ErrNotEditable)
	ofOmar := identity.NewID("cnv")
	f.is("another's conversation", f.Edit(f.Context(), ofOmar, mine), conversation.ErrNotFound)
}
