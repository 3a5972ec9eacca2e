package soak

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	ann, bob   = "ann", "bob"
	annsCanary = "qzann"
	bobsCanary = "qzbob"
	talk       = "cnv_1"
)

// moment is a span of 1 ms at a number of seconds.
func moment(seconds float64) span {
	at := time.Duration(seconds * float64(time.Second))
	return span{at, at + time.Millisecond}
}

// story is a good history: ann asks, allows, asks, withdraws, asks, and talks
// to a person, who gives the conversation back.
func story() history {
	h := history{
		Canaries: map[string]string{ann: annsCanary, bob: bobsCanary},
		Owners:   map[string]string{talk: ann},
		Said: []said{
			{moment(1), ann, talk, "where" + wording + "1", true, "msg_1", "ans_1"},
			{moment(3), ann, talk, "where" + wording + "2", true, "msg_2", "ans_2"},
			{moment(5), ann, talk, "where" + wording + "3", true, "msg_3", "ans_3"},
			{moment(9), ann, talk, "hello" + wording + "4", true, "msg_4", ""},
		},
		Choices: []choice{
			{moment(2), ann, "answers", true, true, ""},
			{moment(4), ann, "answers", false, true, ""},
			{moment(7.2), ann, "agent_assist", true, true, ""},
			{moment(9.5), ann, "agent_assist", false, true, ""},
		},
		Readings: []reading{{moment(2), ann, 1, true}, {moment(4), ann, 2, false}},
		Handoffs: []handoff{{moment(6), ann, talk, "tkt_1", true}},
		Acts: []act{
			{span: moment(7), Agent: "ines", Conversation: talk, Verb: "claim", OK: true},
			{span: moment(7), Agent: "jonas", Conversation: talk, Verb: "claim"},
			{span: moment(8), Agent: "ines", Conversation: talk, Verb: "reply", Text: "soon" + wording + "1", OK: true, Once: true},
			{span: moment(10), Agent: "ines", Conversation: talk, Verb: "return", OK: true},
		},
		Looks: []look{
			{span: moment(6.5), Agent: "ines", Tickets: []string{"tkt_1"}},
			{span: moment(7.5), Agent: "ines", Conversation: talk, Body: "the parcel " + annsCanary},
			{span: moment(9.8), Agent: "ines", Conversation: talk, Body: "[quoted from your orders, not shared]"},
			{span: moment(11), Agent: "jonas"},
		},
		Ended: []ended{
			{"ans_1", "needs_consent", []string{"opened", "closed"}, 1},
			{"ans_2", "answered", []string{"opened", "closed"}, 3},
			{"ans_3", "needs_consent", []string{"opened", "opened", "closed"}, 6},
		},
		Complete: true,
	}
	quote := "the parcel " + annsCanary
	for i, e := range []struct{ kind, data string }{
		{"message", `{"id":"msg_0","from":"system","text":"AI"}`},
		{"message", `{"id":"msg_1","from":"customer","text":"where` + wording + `1"}`},
		{"sentence", `{"answer_id":"ans_1","text":"allow it"}`},
		{"message", `{"id":"msg_1a","from":"assistant","text":"allow it","answer_id":"ans_1"}`},
		{"answer", `{"id":"ans_1","status":"needs_consent","text":"allow it"}`},
		{"consent", `{"epoch":1}`},
		{"message", `{"id":"msg_2","from":"customer","text":"where` + wording + `2"}`},
		{"sentence", `{"answer_id":"ans_2","text":"` + quote + `"}`},
		{"message", `{"id":"msg_2a","from":"assistant","text":"` + quote + `","answer_id":"ans_2"}`},
		{"answer", `{"id":"ans_2","status":"answered","text":"` + quote + `","leaf":{"index":null}}`},
		{"consent", `{"epoch":2}`},
		{"message", `{"id":"msg_3","from":"customer","text":"where` + wording + `3"}`},
		{"reset", `{"answer_id":"ans_3"}`},
		{"sentence", `{"answer_id":"ans_3","text":"allow it"}`},
		{"message", `{"id":"msg_3a","from":"assistant","text":"allow it","answer_id":"ans_3"}`},
		{"answer", `{"id":"ans_3","status":"needs_consent","text":"allow it"}`},
		{"state", `{"state":"open","queue_position":1}`},
		{"message", `{"id":"msg_h","from":"system","text":"a person comes"}`},
		{"state", `{"state":"open","assignee":{"name":"ines"}}`},
		{"message", `{"id":"msg_r","from":"agent","name":"ines","text":"soon` + wording + `1"}`},
		{"message", `{"id":"msg_4","from":"customer","text":"hello` + wording + `4"}`},
		{"state", `{"state":"pending"}`},
	} {
		at := time.Duration(i+1)*450*time.Millisecond + time.Second
		l := line{event: event{at, "page 1", ann, talk, int64(i + 1), e.kind, e.data}}
		again := l.event
		again.Reader, again.At = "page 2", at+time.Millisecond
		again.Data = strings.NewReplacer(`"queue_position":1`, `"queue_position":2`, `"index":null`, `"index":7`).Replace(e.data)
		h.Events = append(h.Events, l.event, again)
	}
	for i, m := range []message{
		{0, talk, "msg_0", "system", "AI", 1},
		{0, talk, "msg_1", "customer", "where" + wording + "1", 2},
		{0, talk, "msg_1a", "assistant", "allow it", 4},
		{0, talk, "msg_2", "customer", "where" + wording + "2", 7},
		{0, talk, "msg_2a", "assistant", quote, 9},
		{0, talk, "msg_3", "customer", "where" + wording + "3", 12},
		{0, talk, "msg_3a", "assistant", "allow it", 15},
		{0, talk, "msg_h", "system", "a person comes", 18},
		{0, talk, "msg_r", "agent", "soon" + wording + "1", 20},
		{0, talk, "msg_4", "customer", "hello" + wording + "4", 21},
	} {
		other := m
		other.Replica = 1
		h.Messages = append(h.Messages, m, other)
		h.Heard = append(h.Heard, heard{
			At: time.Duration(i) * time.Second, ID: fmt.Sprint("evt_", i), Subject: "candor.conversation.cnv_1",
			Body: `{"message_id":"` + m.ID + `"}`, Message: m.ID, Stored: true,
		})
	}
	h.Heard = append(h.Heard, heard{ID: "evt_t", Subject: "candor.handoff.support", Body: `{"ticket_id":"tkt_1"}`, Ticket: "tkt_1", Stored: true})
	return h
}

// change replaces what events of a seq say, for every reader.
func change(h *history, seq int64, from, to string) {
	for i := range h.Events {
		if h.Events[i].Seq == seq {
			h.Events[i].Data = strings.ReplaceAll(h.Events[i].Data, from, to)
		}
	}
}

// retype replaces an event, for every reader.
func retype(h *history, seq int64, kind, data string) {
	for i := range h.Events {
		if h.Events[i].Seq == seq {
			h.Events[i].Type, h.Events[i].Data = kind, data
		}
	}
}

// TestCheckerAccepts holds that a good history breaks nothing, and neither does
// what may happen in one.
func TestCheckerAccepts(t *testing.T) {
	for name, edit := range map[string]func(h *history){
		"as it is": func(*history) {},
		"a message that was not acknowledged and is there": func(h *history) {
			h.Said[3].Acked, h.Said[3].Message, h.Said[3].Done = false, "", forever
		},
		"a message that was not acknowledged and is not there": func(h *history) {
			h.Said = append(h.Said, said{span{9, forever}, ann, talk, "lost" + wording + "5", false, "", ""})
		},
		"a grant whose reply was lost": func(h *history) {
			h.Choices = slices.Insert(h.Choices, 2, choice{span{h.Choices[1].Done + 1, forever}, ann, "answers", true, false, ""})
			change(h, 14, "allow it", annsCanary)
			h.Readings = h.Readings[:1]
		},
		"two claims with a release between": func(h *history) {
			h.Acts = append(
				h.Acts, act{span: moment(7.1), Agent: "ines", Conversation: talk, Verb: "release", OK: true},
				act{span: moment(7.2), Agent: "jonas", Conversation: talk, Verb: "claim", OK: true},
			)
		},
		"a stream that says how things stand": func(h *history) {
			h.Events = slices.Insert(h.Events, 30, event{0, "page 1", ann, talk, 0, "state", `{"state":"open"}`})
		},
		"a run that was broken off": func(h *history) {
			h.Complete, h.Ended, h.Messages, h.Heard = false, nil, nil, nil
		},
	} {
		h := story()
		edit(&h)
		for _, v := range check(h) {
			t.Errorf("%s: %s", name, v)
		}
	}
}

// TestCheckerFinds breaks each promise, and sees that the checker says so.
func TestCheckerFinds(t *testing.T) {
	for _, c := range []struct {
		name, want string
		edit       func(h *history)
	}{
		{"a sentence after the withdrawal", "Revoke: cnv_1, seq 14: a sentence quotes what was withdrawn at seq 11", func(h *history) {
			change(h, 14, "allow it", annsCanary)
		}},
		{"a message after the withdrawal", "Revoke: cnv_1, seq 15: a message quotes what was withdrawn", func(h *history) {
			change(h, 15, "allow it", annsCanary)
		}},
		{"an answer after the withdrawal", "Revoke: cnv_1, seq 16: a answer quotes what was withdrawn", func(h *history) {
			change(h, 16, "allow it", annsCanary)
		}},
		{"a quote after the withdrawal in a stream that does not tell of it", "Revoke: cnv_1, seq 14: a sentence quotes orders that nobody had granted", func(h *history) {
			retype(h, 11, "consent", `{"epoch":9}`)
			change(h, 14, "allow it", annsCanary)
		}},
		{"a quote without any grant", "Revoke: cnv_1, seq 8: a sentence quotes orders that nobody had granted", func(h *history) {
			h.Choices, h.Readings = h.Choices[2:], nil
		}},
		{"a quote in something else", "Gate: cnv_1, seq 18: a message that is not the assistant's", func(h *history) {
			change(h, 18, "a person comes", annsCanary)
		}},
		{"another customer's orders", "Gate: cnv_1, seq 8: ann reads of bob's orders", func(h *history) {
			change(h, 8, annsCanary, bobsCanary)
		}},
		{"another customer's orders at the desk", "Gate: ines reads of bob's orders", func(h *history) {
			h.Looks[1].Body = bobsCanary
		}},
		{"orders in the queue", "Gate: ines reads of ann's orders in \"the queue\"", func(h *history) {
			h.Looks[0].Body = annsCanary
		}},
		{"orders at the desk before they are shared", "Gate: ines sees orders of ann", func(h *history) {
			h.Looks[1].span = moment(7.1)
		}},
		{"orders at the desk after the withdrawal", "Gate: ines sees orders of ann", func(h *history) {
			h.Looks[2].Body = annsCanary
		}},
		{"orders on NATS", "Gate: a message on candor.conversation.cnv_1 holds ann's orders", func(h *history) {
			h.Heard[0].Body = annsCanary
		}},
		{"words on NATS", "Gate: a message on candor.conversation.cnv_1 holds somebody's words", func(h *history) {
			h.Heard[0].Body = h.Said[0].Text
		}},
		{"a replica that has not heard of a choice", "Revoke: after an epoch of ann was acknowledged an older one was read", func(h *history) {
			h.Readings = append(h.Readings, reading{moment(5), ann, 1, true})
		}},
		{"an epoch with two meanings", "Revoke: at epoch 2 of ann orders are granted and are not", func(h *history) {
			h.Readings = append(h.Readings, reading{moment(5), ann, 2, true})
		}},
		{"a gap", "Seq: cnv_1, seq 5: page 1 was to get seq 4", func(h *history) {
			h.Events = slices.DeleteFunc(h.Events, func(e event) bool { return e.Seq == 4 && e.Reader == "page 1" })
		}},
		{"a double", "Seq: cnv_1, seq 22: page 2 was to get seq 23", func(h *history) {
			h.Events = append(h.Events, h.Events[len(h.Events)-1])
		}},
		{"an event without a place", "Seq: cnv_1, seq 0: page 1 was to get seq 16", func(h *history) {
			h.Events = slices.Insert(h.Events, 30, event{0, "page 1", ann, talk, 0, "message", `{}`})
		}},
		{"two streams that differ", "Seq: cnv_1, seq 3: page 2 got", func(h *history) {
			h.Events[5].Data = `{"answer_id":"ans_1","text":"allow that"}`
		}},
		{"a message that is gone", "Messages: msg_4 of ann was acknowledged", func(h *history) {
			h.Messages = h.Messages[:len(h.Messages)-2]
		}},
		{"a message that is there twice", "Messages: ann said \"hello ~4\" once, and it is there 2 times", func(h *history) {
			m := h.Messages[len(h.Messages)-2]
			m.ID, m.Seq = "msg_5", 23
			h.Messages = append(h.Messages, m)
		}},
		{"a message that was never streamed", "Messages: cnv_1, seq 23: msg_5 was never streamed", func(h *history) {
			h.Messages = append(h.Messages, message{0, talk, "msg_5", "system", "?", 23})
		}},
		{"a message that a replica shows differently", "Messages: the replicas show msg_1 differently", func(h *history) {
			h.Messages[3].Text = "?"
		}},
		{"a message that is streamed differently", "Messages: cnv_1, seq 20: msg_r is streamed as", func(h *history) {
			change(h, 20, "soon", "later")
		}},
		{"a reply that is gone", "Messages: an acknowledged reply of ines", func(h *history) {
			h.Acts[2].Text = "soon ~2"
		}},
		{"a reply that is there twice", "Messages: ines wrote", func(h *history) {
			h.Messages[0].Text = h.Acts[2].Text
		}},
		{"two answers at once", "Answers: cnv_1, seq 14: a sentence of ans_3 while ans_4 is being written", func(h *history) {
			change(h, 13, "ans_3", "ans_4")
		}},
		{"a sentence after the end", "Answers: cnv_1, seq 14: a sentence of ans_1 after its end", func(h *history) {
			change(h, 14, "ans_3", "ans_1")
		}},
		{"an answer that ends twice", "Answers: cnv_1, seq 16: ans_1 ends twice", func(h *history) {
			change(h, 16, "ans_3", "ans_1")
		}},
		{"an answer that does not end", "Answers: ans_3 is still being written", func(h *history) {
			h.Ended[2].Status = "writing"
		}},
		{"an answer that is gone", "Answers: ans_3 was promised", func(h *history) {
			h.Ended = h.Ended[:2]
		}},
		{"an answer while a person has the conversation", "Answers: cnv_1, seq 21: a message while the conversation is open", func(h *history) {
			h.Said[3].Answer = "ans_1"
		}},
		{"no answer while the assistant has the conversation", "Answers: cnv_1, seq 12: a message while the conversation is pending", func(h *history) {
			h.Said[2].Answer = ""
		}},
		{"the assistant talks over a person", "Handoff: cnv_1, seq 18: a sentence of the assistant while the conversation is open", func(h *history) {
			retype(h, 18, "sentence", `{"answer_id":"ans_3","text":"and"}`)
		}},
		{"the assistant's message while a person has it", "Handoff: cnv_1, seq 18: a message of the assistant", func(h *history) {
			change(h, 18, `"from":"system"`, `"from":"assistant","answer_id":"ans_3"`)
		}},
		{"a person who does not have it", "Handoff: cnv_1, seq 20: \"jonas\" writes while \"ines\"", func(h *history) {
			change(h, 20, "ines", "jonas")
		}},
		{"a person to a person", "Handoff: cnv_1, seq 20: it goes from ines to jonas", func(h *history) {
			retype(h, 20, "state", `{"state":"open","assignee":{"name":"jonas"}}`)
		}},
		{"a ticket that is lost", "Handoff: tkt_1 of ann in cnv_1 is not in the queue that ines reads", func(h *history) {
			h.Looks[0].Tickets = nil
		}},
		{"another ticket", "Handoff: tkt_1 in cnv_1 became tkt_2", func(h *history) {
			h.Handoffs = append(h.Handoffs, handoff{moment(8), ann, talk, "tkt_2", true})
		}},
		{"a handoff that nobody serves", "Handoff: tkt_2 of ann in cnv_1 was never served", func(h *history) {
			h.Handoffs = append(h.Handoffs, handoff{moment(12), ann, talk, "tkt_2", true})
		}},
		{"two owners", "Handoff: ines and jonas both have cnv_1", func(h *history) {
			h.Acts[1].OK = true
		}},
		{"an answer that is not in the log", "Cite: the log of ans_2 (answered) reads []", func(h *history) {
			h.Ended[1].Entries = nil
		}},
		{"an answer whose end is not in the log", "Cite: the log of ans_2 (answered) reads [opened]", func(h *history) {
			h.Ended[1].Entries = []string{"opened"}
		}},
		{"an answer that ends twice in the log", "Cite: the log of ans_2 (answered) reads [opened closed closed]", func(h *history) {
			h.Ended[1].Entries = append(h.Ended[1].Entries, "closed")
		}},
		{"an end that the public log does not have", "Prove: the end of ans_2 is not in the public log", func(h *history) {
			h.Ended[1].Leaf = -1
		}},
		{"two ends in one place", "Prove: ans_1 and ans_2 have one place in the public log, 1", func(h *history) {
			h.Ended[1].Leaf = 1
		}},
		{"a message that was not published", "Handoff: msg_4 of ann was not published", func(h *history) {
			h.Heard[9].Message = ""
		}},
		{"a ticket that was not published", "Handoff: tkt_1 of ann was not published", func(h *history) {
			h.Heard = h.Heard[:10]
		}},
		{"a message that was published twice", "Handoff: evt_9 on candor.conversation.cnv_1 is stored twice", func(h *history) {
			h.Heard = append(h.Heard, h.Heard[9])
		}},
		{"a refusal", "Serve: ann: POST: 401", func(h *history) {
			h.Surprises = []string{"ann: POST: 401"}
		}},
	} {
		h := story()
		c.edit(&h)
		found := check(h)
		if !slices.ContainsFunc(found, func(v violation) bool { return strings.HasPrefix(v.String(), c.want) }) {
			t.Errorf("%s: the checker does not say %q, but\n%v", c.name, c.want, found)
		}
	}
}
