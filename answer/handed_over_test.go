package answer_test

import (
	"context"
	"strings"
	"testing"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// judged is a judge of one mind.
type judged answer.Support

func (j judged) Judge(context.Context, answer.Request) (answer.Support, float64) {
	return answer.Support(j), .5
}

// TestHandedOver: the customer's words and what became of the answers lead to a person
// with the reason for it, and whoever writes answers is not asked before.
func TestHandedOver(t *testing.T) {
	for _, tt := range []struct {
		name    string
		said    []string // one after the other in a conversation
		support answer.Support
		refused bool // orders are
		state   conversation.State
		reason  conversation.Reason
		wrote   int    // how often the answerer did
		last    string // what the last answer says
	}{
		{"a question", []string{"Which code has the shipped order?"}, answer.Supported, false, conversation.Pending, "", 1, "shipped"},
		{"a person is asked for", []string{"is there anyone real there?"}, answer.Supported, false, conversation.Open, conversation.CustomerRequest, 0, "a person"},
		{"a topic", []string{"I will take you to court over my order"}, answer.Supported, false, conversation.Open, conversation.PolicyTopic, 0, "a person"},
		{"a topic of which something is said", []string{"I want to die"}, answer.Supported, false, conversation.Open, conversation.PolicyTopic, 0, "You are not alone. I'm passing you to a person."},
		{"angry once", []string{"This is ridiculous, which code has the shipped order?"}, answer.Supported, false, conversation.Pending, "", 1, "just ask for one. Your order was shipped."},
		{"angry twice", []string{"This is ridiculous, which code has the shipped order?", "And the code?", "you are useless"}, answer.Supported, false, conversation.Open, conversation.Frustration, 2, "frustrating. I'm passing"},
		{"unclear once", []string{"Which code?"}, answer.Unclear, false, conversation.Pending, "", 0, "not sure what you mean"},
		{"unclear twice", []string{"Which code?", "The code?"}, answer.Unclear, false, conversation.Open, conversation.LowConfidence, 0, "not sure what you mean"},
		{"unknown twice", []string{"What is a quark?", "And a lepton?"}, answer.Unsupported, false, conversation.Open, conversation.MissingKnowledge, 0, ""},
		{"not allowed twice", []string{"Where is my order?", "When will my order come?"}, answer.Unsupported, true, conversation.Open, conversation.ConsentMissing, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wrote := 0
			w := newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
				if tt.support != answer.Supported {
					return nil // who quotes is silent where the evidence is against it
				}
				wrote++
				return yield(quote(r.Hits[0], "Your order was shipped."))
			}))
			w.engine.Judge = judged(tt.support)
			w.choose(!tt.refused, consent.Standing)
			w.question = tt.said[0]
			q := w.post()
			w.ok(w.engine.Answer(t.Context(), q))
			for i, text := range tt.said[1:] {
				p, err := w.store.Post(t.Context(), q.Conversation, conversation.Message{
					ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage(text),
				}, "en")
				w.ok(err)
				q.AnswerID, q.Text, q.Before = p.AnswerID, text, tt.said[:i+1]
				w.ok(w.engine.Answer(t.Context(), q))
			}
			c, err := w.store.Conversation(t.Context(), q.Conversation)
			w.ok(err)
			if c.State != tt.state || c.Reason != tt.reason || wrote != tt.wrote {
				t.Errorf("it is %s for %q and the answerer wrote %d times; want %s for %q, %d times", c.State, c.Reason, wrote, tt.state, tt.reason, tt.wrote)
			}
			a := w.read(q)
			if !strings.Contains(a.Text, tt.last) {
				t.Errorf("the answer is %q, want %q in it", a.Text, tt.last)
			}
			if tt.reason != "" && tt.wrote == 0 && len(a.Used) > 0 {
				t.Errorf("it used %v", a.Used)
			}
		})
	}
}
