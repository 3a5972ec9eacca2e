package answer_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// asked is an index that remembers what it was asked.
type asked struct {
	retrieval.Index
	queries *[]retrieval.Query
	fail    error
}

func (a asked) Search(ctx context.Context, scope consent.Scope, q retrieval.Query, limit int) ([]retrieval.Match, error) {
	*a.queries = append(*a.queries, q)
	if a.fail != nil {
		return nil, a.fail
	}
	return nil, nil
}

// TestFollowUp: a question that leans on an earlier one is searched with its words, and
// is about the same of the customer's data; one that stands alone is not.
func TestFollowUp(t *testing.T) {
	w := newWorld(t, answer.Answerer(script(func(context.Context, answer.Request, func(answer.Sentence) error) error { return nil })))
	var queries []retrieval.Query
	w.engine.Search = retrieval.NewSearcher(asked{queries: &queries}, w.store)
	w.choose(true, consent.Standing)
	ask := func(question string, before ...string) retrieval.Query {
		t.Helper()
		w.question = question
		turn := w.post()
		turn.Before = before
		w.ok(w.engine.Answer(t.Context(), turn))
		if len(queries) == 0 {
			t.Fatalf("%q was not searched", question)
		}
		q := queries[0]
		queries = nil
		return q
	}
	orders := []consent.Category{"orders"}
	if q := ask("And the other one?", "Where is my order of boots?"); q.Context["boot"] == 0 || !slices.Equal(q.Prefer, orders) {
		t.Errorf("a follow-up: %+v", q)
	}
	if q := ask("And the other one?", "Where is my order of boots?", "Thank you!"); q.Context["boot"] == 0 || !slices.Equal(q.Prefer, orders) {
		t.Errorf("a follow-up after thanks: %+v", q)
	}
	if q := ask("When will it arrive?", "Where is my last order?"); !q.Latest || !slices.Equal(q.Prefer, orders) {
		t.Errorf("a follow-up of what is of one category: %+v", q)
	}
	if q := ask("How much was it?", "Where is my last order?", "When will it arrive?"); !q.Latest || !slices.Equal(q.Prefer, orders) {
		t.Errorf("a follow-up of a follow-up: %+v", q)
	}
	if q := ask("How do I return it?", "Where is my last order?"); len(q.Prefer) > 0 || q.Context["order"] == 0 {
		t.Errorf("how something is done: %+v", q)
	}
	if q := ask("And the other one?"); len(q.Context) > 0 || len(q.Prefer) > 0 {
		t.Errorf("without a word before: %+v", q)
	}
	if q := ask("Do you deliver hiking boots to Norway?", "Where is my order of a tent?"); len(q.Context) > 0 || len(q.Prefer) > 0 || len(q.Before) != 1 {
		t.Errorf("a question that stands alone: %+v", q)
	}
	if q := ask("Where is my last order?"); !q.Latest || q.Period.Set() || !slices.Equal(q.Prefer, orders) {
		t.Errorf("the latest: %+v", q)
	}
	if q := ask("What did I order yesterday?"); !q.Period.Holds(time.Now().Add(-24*time.Hour)) || q.Period.Holds(time.Now()) {
		t.Errorf("a time: %+v", q.Period)
	}
	if q := ask("Which boots were in the news yesterday?"); q.Period.Set() {
		t.Errorf("a time of nobody's records: %+v", q.Period)
	}
}

// TestSearchUnavailable: where the server that searches is away the customer is told,
// nothing is guessed, and whoever asks again gets to a person.
func TestSearchUnavailable(t *testing.T) {
	guessed := false
	w := newWorld(t, answer.Answerer(script(func(context.Context, answer.Request, func(answer.Sentence) error) error {
		guessed = true
		return nil
	})))
	var queries []retrieval.Query
	w.engine.Search = retrieval.NewSearcher(asked{queries: &queries, fail: fmt.Errorf("a server: %w", retrieval.ErrUnavailable)}, w.store)
	w.choose(true, consent.Standing)
	turn := w.post()
	w.ok(w.engine.Answer(t.Context(), turn))
	a := w.read(turn)
	want := answer.Say(answer.SaySearchUnavailable, "en") + " " + answer.Say(answer.SayOfferPerson, "en")
	if a.Status != answer.Declined || a.Text != want || len(a.Used) > 0 || guessed {
		t.Errorf("%s %q, used %v, guessed %t", a.Status, a.Text, a.Used, guessed)
	}
	again, err := w.store.Post(t.Context(), turn.Conversation, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage("And now?"),
	}, "en")
	w.ok(err)
	turn.AnswerID, turn.Text = again.AnswerID, "And now?"
	w.ok(w.engine.Answer(t.Context(), turn))
	c, err := w.store.Conversation(t.Context(), turn.Conversation)
	w.ok(err)
	if c.State != conversation.Open {
		t.Errorf("the conversation is %s", c.State)
	}
}
