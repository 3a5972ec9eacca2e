package histories

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"candor/answer"
	"candor/conversation"
)

// model is the reference as porcupine takes it: everything about a customer is
// one partition, as a history is.
var model = porcupine.Model{
	Init: func() any { return newState() },
	Step: func(s, in, _ any) (bool, any) {
		next, ok := s.(state).next(in.(*event))
		return ok, next
	},
	DescribeOperation: func(in, _ any) string { return in.(*event).String() },
	DescribeState:     func(s any) string { return s.(state).String() },
}

func newState() state {
	var s state
	for i := range s.held {
		s.held[i] = true
	}
	return s
}

// patience bounds the search for an order of a history.
const patience = 20 * time.Second

// judge returns what of a history breaks the rules.
func (h *history) judge() []string {
	found := slices.Clone(h.wrongs)
	found = append(found, lawful(h.events)...)
	found = append(found, unfounded(h.stale, h.events)...)
	found = append(found, h.unused()...)
	for place := firstTalk; place < places; place++ {
		found = append(found, h.inOrder(place)...)
	}
	return found
}

// lawful looks for an order of the events, each at a moment between its call and
// its return, in which the reference allows all of them. It is what "acknowledged"
// means: a release that began after a withdrawal had returned comes after it in
// every order.
func lawful(events []*event) []string {
	operations := make([]porcupine.Operation, len(events))
	for i, e := range events {
		operations[i] = porcupine.Operation{ClientId: e.who, Input: e, Call: e.call, Return: e.ret}
	}
	switch porcupine.CheckOperationsTimeout(model, operations, patience) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return []string{"whether there is a lawful order was not found out in time"}
	case porcupine.Illegal:
	}
	_, info := porcupine.CheckOperationsVerbose(model, operations, patience)
	what := "there is no order of what happened that the rules allow" + furthest(events, info)
	if dir := os.Getenv("CANDOR_HISTORIES"); dir != "" {
		path := filepath.Join(dir, "history.html")
		if err := porcupine.VisualizePath(model, info, path); err != nil {
			path = err.Error()
		}
		what += "; see " + path
	}
	return []string{what}
}

// furthest names what cannot follow the longest lawful order that was found.
func furthest(events []*event, info porcupine.LinearizationInfo) string {
	var longest []porcupine.Operation
	for _, all := range info.PartialLinearizationsOperations() {
		for _, l := range all {
			if len(l) > len(longest) {
				longest = l
			}
		}
	}
	s := newState()
	placed := make(map[*event]bool)
	for _, o := range longest {
		e := o.Input.(*event)
		s, _ = s.next(e)
		placed[e] = true
	}
	rest := slices.DeleteFunc(slices.Clone(events), func(e *event) bool { return placed[e] })
	if len(rest) == 0 {
		return ""
	}
	slices.SortFunc(rest, func(a, b *event) int { return cmp.Compare(a.call, b.call) })
	first := rest[0].ret
	for _, e := range rest {
		first = min(first, e.ret)
	}
	var stuck []string
	for _, e := range rest {
		if e.call < first {
			stuck = append(stuck, strings.TrimSpace(e.String()))
		}
	}
	return fmt.Sprintf(": after %d of %d none of these can follow:\n    %s\n    when the customer's choices are: %s",
		len(longest), len(events), strings.Join(stuck, "\n    "), s)
}

// unfounded returns the commits that were refused because choices had changed,
// when nothing had.
func unfounded(stale []refusal, events []*event) (found []string) {
	for _, r := range stale {
		founded := false
		for _, e := range events {
			for _, c := range e.added {
				founded = founded || c.until > 0 && r.at.from <= c.until && c.until <= r.at.to // its time ran out
			}
			changes := e.kind == installed || e.kind == appended && len(e.added) > 0 || e.kind == resolved && e.place == r.place
			founded = founded || changes && e.ret >= r.from && e.call <= r.to
		}
		if !founded {
			found = append(found, fmt.Sprintf("%.8s was refused between %d and %d, when nothing had changed", r.answer, r.from, r.to))
		}
	}
	return found
}

// unused returns the answers that do not quote what they were given, though they
// came to their end.
func (h *history) unused() (found []string) {
	for id, q := range h.answers {
		switch {
		case q.err != nil:
			found = append(found, fmt.Sprintf("%.8s ended with: %v", id, q.err))
		case !q.ended || q.finished.Status == answer.Interrupted:
		case q.scope != nil && q.scope.concluded && slices.ContainsFunc(q.scope.calls, func(c *call) bool { return slices.Contains(c.got, q.of) }) &&
			!slices.Contains(h.quotes(q.finished.Text), q.of):
			found = append(found, fmt.Sprintf("%.8s was given %s and says nothing of it: %s", id, categories[q.of], q.finished.Status))
		case q.finished.Attempt > 3+q.broke && q.stale < 3:
			found = append(found, fmt.Sprintf("%.8s was given up after %d refusals", id, q.stale))
		}
	}
	return found
}

// inOrder reads a conversation in its one sequence, which is the order of the
// commits: what quotes a category comes only while the epoch that was told before
// allows it, and while the assistant has the conversation.
func (h *history) inOrder(place int) (found []string) {
	epochs := map[int64]state{0: newState()}
	changes := slices.DeleteFunc(slices.Clone(h.events), func(e *event) bool { return e.kind != appended || len(e.added) == 0 })
	slices.SortFunc(changes, func(a, b *event) int { return cmp.Compare(a.epoch, b.epoch) })
	s := newState()
	for _, e := range changes {
		s.turn++
		for m, c := range e.added {
			c.turn = s.turn
			if !c.given() {
				c.until = 0
			}
			s.choices[m.triple][m.place] = c
		}
		epochs[e.epoch] = s
	}
	events, err := h.w.replicas[0].Events(background(h.w.tb), h.talks[place], 0, 100_000)
	if err != nil {
		return []string{err.Error()}
	}
	epoch, known, has := int64(0), true, conversation.Pending
	attempts := make(map[string]int)
	for i, x := range events {
		var body struct {
			AnswerID string             `json:"answer_id"`
			Attempt  int                `json:"attempt"`
			Epoch    int64              `json:"epoch"`
			State    conversation.State `json:"state"`
			Text     string             `json:"text"`
		}
		if err := json.Unmarshal(x.Data, &body); err != nil {
			return append(found, err.Error())
		}
		if x.Seq != int64(i+1) {
			found = append(found, fmt.Sprintf("event %d has seq %d", i+1, x.Seq))
		}
		quoted := h.quotes(string(x.Data))
		attempts[body.AnswerID] = max(attempts[body.AnswerID], body.Attempt)
		switch x.Type {
		case conversation.ConsentEvent:
			epoch, known = body.Epoch, true
			continue
		case conversation.StateEvent:
			has = body.State
			known = known && has != conversation.Resolved // it is told of nothing until it goes on
			continue
		case conversation.SentenceEvent:
			if has != conversation.Pending {
				found = append(found, fmt.Sprintf("seq %d: the assistant speaks while the conversation is %s", x.Seq, has))
			}
		case conversation.MessageEvent:
			var m conversation.Message
			if err := json.Unmarshal(x.Data, &m); err != nil {
				return append(found, err.Error())
			}
			h.inherits(m)
			body.AnswerID = m.AnswerID
		case conversation.ResetEvent, conversation.AnswerEvent, conversation.ErrorEvent, conversation.EditEvent:
		}
		if len(quoted) == 0 || !known {
			continue
		}
		q := h.answers[body.AnswerID]
		then, ok := epochs[epoch]
		if q == nil || !ok {
			found = append(found, fmt.Sprintf("seq %d: a %s quotes %s and is no answer's", x.Seq, x.Type, names(quoted)))
			continue
		}
		e := &event{place: place, gpc: q.gpc, at: window{x.At.UnixMicro(), x.At.UnixMicro()}}
		if e.quotes, e.abroad = q.wrote(attempts[body.AnswerID], quoted); !then.released(e) {
			found = append(found, fmt.Sprintf("seq %d: a %s of %.8s quotes %s at epoch %d, which does not allow it: %s",
				x.Seq, x.Type, body.AnswerID, names(quoted), epoch, then))
		}
	}
	return found
}
