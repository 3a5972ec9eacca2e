package soak

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// wording is in everything that customers and agents write.
const wording = " ~"

// violation is a promise that was not kept, and where to look.
type violation struct {
	Promise, Text string
	Conversation  string // empty: not of one conversation
	Seq           int64
}

func (v violation) String() string {
	if v.Conversation == "" {
		return v.Promise + ": " + v.Text
	}
	return fmt.Sprintf("%s: %s, seq %d: %s", v.Promise, v.Conversation, v.Seq, v.Text)
}

// payload is what the checks read of an event.
type payload struct {
	ID       string `json:"id"` // of a message, and of an answer
	From     string `json:"from"`
	Text     string `json:"text"`
	Name     string `json:"name"`
	AnswerID string `json:"answer_id"`
	Epoch    int64  `json:"epoch"`
	State    string `json:"state"`
	Status   string `json:"status"`
	Assignee *struct {
		Name string `json:"name"`
	} `json:"assignee"`
}

// line is an event of a conversation, whoever got it first.
type line struct {
	event
	payload
}

// speaks returns the answer that the assistant says something of, if it does.
func (l line) speaks() string {
	switch {
	case l.Type == "sentence", l.Type == "message" && l.From == "assistant":
		return l.AnswerID
	case l.Type == "answer":
		return l.ID
	}
	return ""
}

// checker looks for violations in a history.
type checker struct {
	history
	lines map[string][]line // by conversation, in the order of seq
	found []violation
}

// check returns what of a history breaks a promise of the design.
func check(h history) []violation {
	c := &checker{history: h, lines: make(map[string][]line)}
	c.sequence()
	for _, conversation := range slices.Sorted(maps.Keys(c.lines)) {
		c.revoked(conversation)
		c.inTurn(conversation)
		c.oneVoice(conversation)
		c.released(conversation)
	}
	c.strangers()
	c.desk()
	c.epochs()
	c.queue()
	c.claims()
	if h.Complete {
		c.messages()
		c.replies()
		c.served()
		c.ends()
		c.published()
	}
	for _, s := range h.Surprises {
		c.add("Serve", "%s", s)
	}
	return c.found
}

func (c *checker) add(promise, format string, args ...any) {
	c.found = append(c.found, violation{Promise: promise, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) at(l line, promise, format string, args ...any) {
	c.found = append(c.found, violation{promise, fmt.Sprintf(format, args...), l.Conversation, l.Seq})
}

// sequence (Seq) holds every reader's stream to be gapless and rising, also
// where it was resumed, and all readers of a conversation to have read the
// same. It fills lines.
func (c *checker) sequence() {
	last := make(map[string]int64)
	type place struct {
		conversation string
		seq          int64
	}
	first := make(map[place]event)
	for _, e := range c.Events {
		// What has no id is of the moment: how things stand, or that they cannot be read.
		if e.Seq == 0 && (e.Type == "state" || e.Type == "error" || e.Type == "read" || e.Type == "typing") {
			continue
		}
		reader := e.Reader + " " + e.Conversation
		if want := last[reader] + 1; e.Seq != want {
			c.at(line{event: e}, "Seq", "%s was to get seq %d", e.Reader, want)
		}
		last[reader] = e.Seq
		p := place{e.Conversation, e.Seq}
		o, seen := first[p]
		if seen && (e.Type != o.Type || steady(e) != steady(o)) {
			c.at(line{event: e}, "Seq", "%s got\n%s %s\nand %s got\n%s %s", e.Reader, e.Type, e.Data, o.Reader, o.Type, o.Data)
		}
		if !seen || e.At < o.At {
			first[p] = e
		}
	}
	for _, e := range first {
		l := line{event: e}
		if err := json.Unmarshal([]byte(e.Data), &l.payload); err != nil {
			c.at(l, "Seq", "the data does not read: %.100s", e.Data)
		}
		c.lines[e.Conversation] = append(c.lines[e.Conversation], l)
	}
	for _, all := range c.lines {
		slices.SortFunc(all, func(a, b line) int { return cmp.Compare(a.Seq, b.Seq) })
	}
}

// steady is an event's data without what may differ from one reading to the
// next: the place in the queue, and the place in the transparency log.
func steady(e event) string {
	var data map[string]any
	if json.Unmarshal([]byte(e.Data), &data) != nil {
		return e.Data
	}
	delete(data, "queue_position")
	delete(data, "wait")
	delete(data, "leaf")
	b, _ := json.Marshal(data) // sorts the keys
	return string(b)
}

// holds reports whether the customer's canary is in a text.
func (c *checker) holds(customer, text string) bool {
	canary := c.Canaries[customer]
	return canary != "" && strings.Contains(text, canary)
}

// mayBeGranted reports whether a grant for the purpose may have held at some
// moment between two times.
func (c *checker) mayBeGranted(customer, purpose string, from, to span) bool {
	for _, g := range c.Choices {
		if g.Customer != customer || g.Purpose != purpose || !g.Granted || g.Sent > to.Done {
			continue
		}
		if !slices.ContainsFunc(c.Choices, func(w choice) bool {
			return w.Customer == customer && w.Purpose == purpose && !w.Granted && w.Acked && w.Sent >= g.Done && w.Done <= from.Sent
		}) {
			return true
		}
	}
	return false
}

// revoked (Gate, Revoke) holds that after the consent event of a withdrawal, and
// before that of the next grant, nothing quotes the orders.
func (c *checker) revoked(conversation string) {
	customer := c.Owners[conversation]
	allowed := make(map[int64]bool)
	for _, r := range c.Readings {
		if r.Customer == customer {
			allowed[r.Epoch] = r.Allowed
		}
	}
	known, may := false, false
	var since int64
	for _, l := range c.lines[conversation] {
		switch {
		case l.Type == "consent":
			// An epoch of which no reply told is of another choice, and leaves this
			// one as it was.
			if state, ok := allowed[l.Epoch]; ok {
				known, may, since = true, state, l.Seq
			}
		case l.Type == "state" && l.State == "resolved":
			known = false // it is not told of choices until it is opened again
		case known && !may && c.holds(customer, l.Data):
			c.at(l, "Revoke", "a %s quotes what was withdrawn at seq %d", l.Type, since)
		}
	}
}

// released (Gate, Revoke) holds, by the clock, that an answer quotes the orders
// only if a grant may have held between its question and its being read.
func (c *checker) released(conversation string) {
	customer := c.Owners[conversation]
	asked := make(map[string]span)
	for _, s := range c.Said {
		asked[s.Answer] = s.span
	}
	for _, g := range c.Choices {
		asked[g.Answer] = g.span
	}
	for _, l := range c.lines[conversation] {
		if !c.holds(customer, l.Data) {
			continue
		}
		id := l.speaks()
		if id == "" {
			c.at(l, "Gate", "a %s that is not the assistant's holds what only orders say", l.Type)
			continue
		}
		// Without an acknowledged question it may have been asked at any time.
		if !c.mayBeGranted(customer, "answers", asked[id], span{Done: l.At}) {
			c.at(l, "Revoke", "a %s quotes orders that nobody had granted", l.Type)
		}
	}
}

// strangers (Gate) holds that nobody reads what another customer's orders say,
// that people at the desk never do in the queue, and that it is never on NATS.
func (c *checker) strangers() {
	for _, e := range c.Events {
		for other, canary := range c.Canaries {
			if other != e.Customer && strings.Contains(e.Data, canary) {
				c.at(line{event: e}, "Gate", "%s reads of %s's orders", e.Customer, other)
			}
		}
	}
	for _, l := range c.Looks {
		for other, canary := range c.Canaries {
			if other != c.Owners[l.Conversation] && strings.Contains(l.Body, canary) {
				c.add("Gate", "%s reads of %s's orders in %q", l.Agent, other, cmp.Or(l.Conversation, "the queue"))
			}
		}
	}
	for _, n := range c.Heard {
		for customer, canary := range c.Canaries {
			if strings.Contains(n.Body, canary) {
				c.add("Gate", "a message on %s holds %s's orders", n.Subject, customer)
			}
		}
		if strings.Contains(n.Body, wording) {
			c.add("Gate", "a message on %s holds somebody's words", n.Subject)
		}
	}
}

// desk (Gate) holds that an agent sees the orders of a conversation only while a
// grant to people at the desk may hold.
func (c *checker) desk() {
	for _, l := range c.Looks {
		customer := c.Owners[l.Conversation]
		if c.holds(customer, l.Body) && !c.mayBeGranted(customer, "agent_assist", l.span, l.span) {
			c.add("Gate", "%s sees orders of %s in %s that are not shared", l.Agent, customer, l.Conversation)
		}
	}
}

// epochs (Revoke) holds that every replica knows a choice that was acknowledged,
// and that an epoch means one thing.
func (c *checker) epochs() {
	for i, a := range c.Readings {
		for _, b := range c.Readings[:i] {
			switch {
			case a.Customer != b.Customer:
			case a.Epoch == b.Epoch && a.Allowed != b.Allowed:
				c.add("Revoke", "at epoch %d of %s orders are granted and are not", a.Epoch, a.Customer)
			case a.Done <= b.Sent && a.Epoch > b.Epoch, b.Done <= a.Sent && b.Epoch > a.Epoch:
				c.add("Revoke", "after an epoch of %s was acknowledged an older one was read: %d and %d", a.Customer, a.Epoch, b.Epoch)
			}
		}
	}
}

// inTurn (Answers) holds that a conversation's answers are written one after
// another, and that each ends once.
func (c *checker) inTurn(conversation string) {
	ended := make(map[string]bool)
	writing := ""
	for _, l := range c.lines[conversation] {
		switch l.Type {
		case "sentence", "reset":
			switch {
			case ended[l.AnswerID]:
				c.at(l, "Answers", "a %s of %s after its end", l.Type, l.AnswerID)
			case writing != "" && writing != l.AnswerID:
				c.at(l, "Answers", "a %s of %s while %s is being written", l.Type, l.AnswerID, writing)
			}
			writing = l.AnswerID
		case "answer":
			switch {
			case ended[l.ID]:
				c.at(l, "Answers", "%s ends twice", l.ID)
			case l.Status == "writing":
				c.at(l, "Answers", "%s ends as %s", l.ID, l.Status)
			}
			ended[l.ID] = true
			if writing == l.ID {
				writing = ""
			}
		}
	}
}

// oneVoice (Handoff) holds that the assistant speaks only while it has the
// conversation, a person only while they have it, and that it goes from one
// person to another only through the queue.
func (c *checker) oneVoice(conversation string) {
	state, owner := "pending", ""
	answers := make(map[string]string) // by message
	for _, s := range c.Said {
		if s.Acked {
			answers[s.Message] = s.Answer
		}
	}
	for _, l := range c.lines[conversation] {
		switch {
		case l.Type == "state":
			next := ""
			if l.Assignee != nil {
				next = l.Assignee.Name
			}
			if owner != "" && next != "" && next != owner {
				c.at(l, "Handoff", "it goes from %s to %s, who have not shared a ticket", owner, next)
			}
			state, owner = l.State, next
		case l.speaks() != "" && state != "pending":
			c.at(l, "Handoff", "a %s of the assistant while the conversation is %s", l.Type, state)
		case l.Type == "message" && l.From == "agent" && l.Name != owner:
			c.at(l, "Handoff", "%q writes while %q has the conversation", l.Name, owner)
		case l.Type == "message" && l.From == "customer":
			answer, acked := answers[l.ID]
			// What was resolved goes to the assistant, or back to the person who had it: the
			// state that follows says to whom.
			at := state
			if state == "resolved" {
				at = follows(c.lines[conversation], l.Seq)
			}
			if acked && at != "" && (answer != "") != (at == "pending") {
				c.at(l, "Answers", "a message while the conversation is %s is to be answered by %q", state, answer)
			}
		}
	}
}

// follows is the state that the first event of a state after a message tells; "": none was
// read.
func follows(lines []line, seq int64) string {
	for _, l := range lines {
		if l.Seq > seq && l.Type == "state" {
			return l.State
		}
	}
	return ""
}

// messages (Messages) holds that what was acknowledged is said once, what was
// not at most once, and that transcripts and streams agree.
func (c *checker) messages() {
	texts := make(map[string]int)
	ids := make(map[string]message)
	for _, m := range c.Messages {
		if m.Replica == 0 {
			texts[m.Conversation+" "+m.Text]++
			ids[m.ID] = m
		}
	}
	for _, s := range c.Said {
		n := texts[s.Conversation+" "+s.Text]
		switch m := ids[s.Message]; {
		case n > 1:
			c.add("Messages", "%s said %q once, and it is there %d times", s.Customer, s.Text, n)
		case !s.Acked:
		case m.Text != s.Text || m.Conversation != s.Conversation:
			c.add("Messages", "%s of %s was acknowledged, and reads %q", s.Message, s.Customer, m.Text)
		}
	}
	streamed := make(map[string]bool)
	for _, all := range c.lines {
		for _, l := range all {
			if l.Type != "message" {
				continue
			}
			if streamed[l.ID] {
				c.at(l, "Messages", "%s is streamed twice", l.ID)
			}
			streamed[l.ID] = true
			if m := ids[l.ID]; m.Seq != l.Seq || m.Text != l.Text || m.From != l.From {
				c.at(l, "Messages", "%s is streamed as %q of %s and kept as %q of %s, seq %d", l.ID, l.Text, l.From, m.Text, m.From, m.Seq)
			}
		}
	}
	for _, m := range c.Messages {
		if m != (message{m.Replica, ids[m.ID].Conversation, m.ID, ids[m.ID].From, ids[m.ID].Text, ids[m.ID].Seq}) {
			c.add("Messages", "the replicas show %s differently", m.ID)
		}
		if !streamed[m.ID] {
			c.add("Messages", "%s, seq %d: %s was never streamed", m.Conversation, m.Seq, m.ID)
		}
	}
}

// replies (Messages) holds the same for what agents write.
func (c *checker) replies() {
	texts := make(map[string]int)
	for _, m := range c.Messages {
		if m.Replica == 0 {
			texts[m.Text]++
		}
	}
	for _, a := range c.Acts {
		n := texts[a.Text]
		switch {
		case a.Verb != "reply":
		case a.OK && n == 0:
			c.add("Messages", "an acknowledged reply of %s in %s is gone: %q", a.Agent, a.Conversation, a.Text)
		case a.Once && n > 1:
			c.add("Messages", "%s wrote %q once in %s, and it is there %d times", a.Agent, a.Text, a.Conversation, n)
		}
	}
}

// closes reports whether an act may have taken a ticket from the desk.
func (a act) closes() bool { return a.Verb == "resolve" || a.Verb == "return" }

// mayClose reports whether a conversation's ticket may have been closed within a
// time.
func (c *checker) mayClose(conversation string, within span) bool {
	return slices.ContainsFunc(c.Acts, func(a act) bool {
		return a.closes() && a.Conversation == conversation && a.overlaps(within)
	})
}

// queue (Handoff) holds that an acknowledged handoff is at the desk until an
// agent has closed it, and under one ticket.
func (c *checker) queue() {
	latest := make(map[string]handoff)
	for _, h := range c.Handoffs {
		if !h.Acked {
			continue
		}
		for _, l := range c.Looks {
			if l.Conversation == "" && h.Done <= l.Sent && !slices.Contains(l.Tickets, h.Ticket) &&
				!c.mayClose(h.Conversation, span{h.Sent, l.Done}) {
				c.add("Handoff", "%s of %s in %s is not in the queue that %s reads", h.Ticket, h.Customer, h.Conversation, l.Agent)
			}
		}
		if before, ok := latest[h.Conversation]; ok && before.Ticket != h.Ticket && !c.mayClose(h.Conversation, span{before.Sent, h.Done}) {
			c.add("Handoff", "%s in %s became %s though nobody closed it", before.Ticket, h.Conversation, h.Ticket)
		}
		latest[h.Conversation] = h
	}
}

// served (Handoff) holds that every acknowledged handoff came to an agent.
func (c *checker) served() {
	for _, h := range c.Handoffs {
		if h.Acked && !c.mayClose(h.Conversation, span{h.Sent, forever}) {
			c.add("Handoff", "%s of %s in %s was never served", h.Ticket, h.Customer, h.Conversation)
		}
	}
}

// claims (Handoff) holds that of several agents one gets a conversation: two have
// claimed it only if it may have been given up in between.
func (c *checker) claims() {
	claimed := make(map[string][]act)
	for _, a := range c.Acts {
		if a.Verb == "claim" && a.OK {
			claimed[a.Conversation] = append(claimed[a.Conversation], a)
		}
	}
	for conversation, all := range claimed {
		slices.SortFunc(all, func(a, b act) int { return cmp.Compare(a.Sent, b.Sent) })
		for i := 1; i < len(all); i++ {
			a, b := all[i-1], all[i]
			between := span{a.Sent, max(a.Done, b.Done)}
			if a.Agent != b.Agent && !slices.ContainsFunc(c.Acts, func(r act) bool {
				return (r.closes() || r.Verb == "release") && r.Conversation == conversation && r.overlaps(between)
			}) {
				c.add("Handoff", "%s and %s both have %s", a.Agent, b.Agent, conversation)
			}
		}
	}
}

// ends (Answers, Cite, Prove) holds that every answer that was promised has ended, that
// the citation log says how: with one closed entry, its last, and that this has a place of
// its own in the public log.
func (c *checker) ends() {
	promised := make(map[string]bool)
	for _, s := range c.Said {
		promised[s.Answer] = true
	}
	for _, g := range c.Choices {
		promised[g.Answer] = true
	}
	delete(promised, "")
	places := make(map[int64]string)
	for _, e := range c.Ended {
		delete(promised, e.Answer)
		if other := places[e.Leaf]; other != "" {
			c.add("Prove", "%s and %s have one place in the public log, %d", other, e.Answer, e.Leaf)
		}
		if e.Leaf < 0 {
			c.add("Prove", "the end of %s is not in the public log", e.Answer)
		} else {
			places[e.Leaf] = e.Answer
		}
		closed := 0
		for _, kind := range e.Entries {
			if kind == "closed" {
				closed++
			}
		}
		switch {
		case e.Status == "writing":
			c.add("Answers", "%s is still being written", e.Answer)
		case closed != 1 || e.Entries[len(e.Entries)-1] != "closed":
			c.add("Cite", "the log of %s (%s) reads %v", e.Answer, e.Status, e.Entries)
		}
	}
	for id := range promised {
		c.add("Answers", "%s was promised, and its end is not known", id)
	}
}

// published (Handoff) holds that what was committed is in its stream, and what is
// there is there once.
func (c *checker) published() {
	ids, stored := make(map[string]bool), make(map[string]bool)
	for _, n := range c.Heard {
		if !n.Stored {
			continue
		}
		if ids[n.ID] {
			c.add("Handoff", "%s on %s is stored twice", n.ID, n.Subject)
		}
		ids[n.ID], stored[n.Message], stored[n.Ticket] = true, true, true
	}
	for _, s := range c.Said {
		if s.Acked && !stored[s.Message] {
			c.add("Handoff", "%s of %s was not published", s.Message, s.Customer)
		}
	}
	for _, h := range c.Handoffs {
		if h.Acked && !stored[h.Ticket] {
			c.add("Handoff", "%s of %s was not published", h.Ticket, h.Customer)
		}
	}
}
