package answer_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/store"
	"candor/store/schematest"
)

// secret is what the customer's order says and nothing else does.
const secret = "CANARY-4711"

// world is an engine on a real store, with one customer who has one order.
type world struct {
	*testing.T
	store    *store.Store
	gate     *consent.Gate
	engine   *answer.Engine
	who      identity.Principal
	question string
}

func newWorld(t *testing.T, a answer.Answerer) *world {
	t.Helper()
	s := schematest.Open(t, t.TempDir())
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{T: t, store: s, question: "Where is my order?"}
	w.gate = consent.NewGate(s, consent.DefaultPolicy())
	w.ok(s.InstallPolicy(t.Context(), w.gate.Policy()))
	w.ok(s.AddSite(t.Context(), identity.Site{ID: "shop", Name: "Shop", Secret: []byte("x")}, "key"))
	id, err := s.Customer(t.Context(), "shop", "ana")
	w.ok(err)
	w.ok(s.PutRecord(t.Context(), retrieval.Record{
		ID: "order-1", Site: "shop", Customer: id, Category: "orders", Title: "Order 1",
		Text: "Your order was shipped. The code is " + secret + ".", CollectedAt: time.Now(),
	}))
	w.who = identity.Principal{Kind: identity.Customer, Site: "shop", Customer: id}
	w.engine = &answer.Engine{
		Gate: w.gate, Search: retrieval.NewSearcher(embedded.New(s, embedded.Options{}), s), Log: s.Citations(),
		Journal: s, Extractive: a, Logger: slog.New(slog.DiscardHandler),
	}
	return w
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) choose(granted bool, d consent.Duration) {
	w.Helper()
	_, err := w.gate.Change(w.Context(), w.who, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{{
		Triple:  consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI},
		Granted: granted, Duration: d,
	}}})
	w.ok(err)
}

// post starts a conversation and asks; it returns the turn to answer.
func (w *world) post() answer.Turn {
	w.Helper()
	c := conversation.Conversation{
		ID: identity.NewID("cnv"), Site: "shop", Customer: w.who.Customer, State: conversation.Pending, Language: "en",
	}
	w.ok(w.store.Create(w.Context(), c, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Hello"),
	}))
	p, err := w.store.Post(w.Context(), c.ID, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage(w.question),
	}, "en")
	w.ok(err)
	w.who = w.who.In(c.ID)
	return answer.Turn{
		AnswerID: p.AnswerID, Conversation: c.ID, Who: w.who, Brand: "Shop", Text: w.question, Language: "en", Asked: p.Message.At,
	}
}

// read returns the answer as it is stored.
func (w *world) read(q answer.Turn) answer.Answer {
	w.Helper()
	a, err := w.store.Answer(w.Context(), w.who.Customer, q.AnswerID)
	w.ok(err)
	return a
}

// events returns everything that the customer was shown, in order.
func (w *world) events(q answer.Turn) []conversation.Event {
	w.Helper()
	all, err := w.store.Events(w.Context(), q.Conversation, 0, 1000)
	w.ok(err)
	return all
}

// script is an answerer that does what a test wants.
type script func(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error

func (script) Model() answer.Model {
	return answer.Model{Name: "script", Recipient: consent.BrandAI}
}

func (s script) Answer(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	return s(ctx, r, yield)
}

// honest quotes the order, if it was given it.
func honest(r answer.Request, yield func(answer.Sentence) error) error {
	for _, h := range r.Hits {
		if h.RecordID == "order-1" {
			return yield(quote(h, "The code is "+secret+"."))
		}
	}
	return nil
}

func quote(h retrieval.Hit, text string) answer.Sentence {
	return answer.Sentence{Text: text, Citations: []answer.Citation{{RecordID: h.RecordID, PassageID: h.PassageID, Quote: text, Score: 1}}}
}

// TestLyingModel lets a model say what it was not given: none of it is shown.
func TestLyingModel(t *testing.T) {
	w := newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		hit := r.Hits[0]
		lies := []answer.Sentence{
			{Text: "Your order will arrive tomorrow."},
			{Text: "The code is CANARY-9999.", Citations: []answer.Citation{{RecordID: hit.RecordID, PassageID: hit.PassageID, Quote: "The code is " + secret + "."}}},
			{Text: "The code is " + secret + ".", Citations: []answer.Citation{{RecordID: "order-2", PassageID: "order-2#0", Quote: "The code is " + secret + "."}}},
			{Text: "It was sent to Berlin.", Citations: []answer.Citation{{RecordID: hit.RecordID, PassageID: hit.PassageID, Quote: "It was sent to Berlin."}}},
		}
		for _, l := range lies {
			if err := yield(l); err != nil {
				return err
			}
		}
		return yield(quote(hit, "Your order was shipped."))
	}))
	w.choose(true, consent.Standing)
	q := w.post()
	w.ok(w.engine.Answer(t.Context(), q))
	a := w.read(q)
	if v := a.Verification; a.Text != "Your order was shipped." || v.Checked != 5 || v.Released != 1 || v.Dropped != 4 || len(v.Removed) != 4 {
		t.Errorf("shown %q, verification %+v", a.Text, a.Verification)
	}
	for _, e := range w.events(q) {
		for _, lie := range []string{"tomorrow", "9999", "Berlin", secret} {
			if strings.Contains(string(e.Data), lie) {
				t.Errorf("event %d shows %q", e.Seq, lie)
			}
		}
	}
}

// failingLog fails from the nth entry on.
type failingLog struct {
	citation.Log
	after int
}

func (l *failingLog) Append(ctx context.Context, e citation.Entry) error {
	if l.after--; l.after < 0 {
		return citation.ErrUnavailable
	}
	return l.Log.Append(ctx, e)
}

// TestLogFails gives no answer that cannot be recorded, and shows no record to
// a model before the log says so.
func TestLogFails(t *testing.T) {
	asked := false
	w := newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		asked = true
		return honest(r, yield)
	}))
	w.choose(true, consent.Standing)
	w.engine.Log = &failingLog{w.store.Citations(), 0}
	q := w.post()
	// The closed entry cannot be written either; the caller learns of it.
	if err := w.engine.Answer(t.Context(), q); !errors.Is(err, citation.ErrUnavailable) {
		t.Errorf("answering without a log: %v", err)
	}
	if asked {
		t.Error("the model was asked before the log had the entry")
	}
	a := w.read(q)
	if a.Status == answer.Answered || strings.Contains(a.Text, secret) || len(a.Used) > 0 {
		t.Errorf("%s: %s", a.Status, a.Text)
	}
	c, err := w.store.Conversation(t.Context(), q.Conversation)
	w.ok(err)
	if c.State != conversation.Open {
		t.Errorf("the conversation is %s: nobody will answer", c.State)
	}
	// What is missing is found and written when the log is back.
	unfinished, err := w.store.Unfinished(t.Context(), 0)
	w.ok(err)
	if len(unfinished) != 1 || unfinished[0].AnswerID != q.AnswerID {
		t.Errorf("unrecorded answers: %+v", unfinished)
	}
	w.engine.Log = w.store.Citations()
	w.ok(w.engine.Recover(t.Context(), q.AnswerID, w.who))
	w.ok(w.engine.Recover(t.Context(), q.AnswerID, w.who)) // again changes nothing
	entries, err := w.store.Citations().ByAnswer(t.Context(), q.AnswerID)
	w.ok(err)
	if len(entries) != 1 || entries[0].Kind != citation.Closed || entries[0].Status != string(a.Status) {
		t.Errorf("the entries: %+v", entries)
	}
}

// TestWithdrawnMidAnswer withdraws after the model has the record and before
// its next sentence is released.
func TestWithdrawnMidAnswer(t *testing.T) {
	var w *world
	calls := 0
	w = newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		if calls++; calls > 1 {
			return honest(r, yield)
		}
		if err := yield(quote(r.Hits[0], "Your order was shipped.")); err != nil {
			return err
		}
		w.choose(false, "")
		return honest(r, yield)
	}))
	w.choose(true, consent.Standing)
	q := w.post()
	w.ok(w.engine.Answer(t.Context(), q))
	a := w.read(q)
	if a.Attempt != 2 || a.Status != answer.NeedsConsent || strings.Contains(a.Text, "shipped") || len(a.Used) > 0 {
		t.Errorf("attempt %d, %s: %s", a.Attempt, a.Status, a.Text)
	}
	withdrawn, reset := false, false
	for _, e := range w.events(q) {
		withdrawn = withdrawn || e.Type == conversation.ConsentEvent
		reset = reset || e.Type == conversation.ResetEvent
		if withdrawn && (strings.Contains(string(e.Data), secret) || strings.Contains(string(e.Data), "shipped")) {
			t.Errorf("event %d (%s) shows the order after the withdrawal", e.Seq, e.Type)
		}
	}
	if !withdrawn || !reset {
		t.Errorf("withdrawn %v, reset %v", withdrawn, reset)
	}
	entries, err := w.store.Citations().ByAnswer(t.Context(), q.AnswerID)
	w.ok(err)
	if len(entries) != 3 || len(entries[0].Records) != 1 || len(entries[1].Records) != 0 || entries[2].Attempt != 2 {
		t.Errorf("the log does not tell both attempts: %+v", entries)
	}
}

// TestScopeKeepsChanging gives up after the third attempt and says nothing of
// any.
func TestScopeKeepsChanging(t *testing.T) {
	var w *world
	w = newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		w.choose(false, "")
		w.choose(true, consent.Standing)
		return honest(r, yield)
	}))
	w.choose(true, consent.Standing)
	q := w.post()
	w.ok(w.engine.Answer(t.Context(), q))
	a := w.read(q)
	if a.Status != answer.Declined || a.Attempt != 4 {
		t.Errorf("attempt %d, %s: %s", a.Attempt, a.Status, a.Text)
	}
	for _, e := range w.events(q) {
		if strings.Contains(string(e.Data), secret) {
			t.Errorf("event %d shows the order", e.Seq)
		}
	}
}

// TestPolicyChangesMidAnswer puts another policy version into force.
func TestPolicyChangesMidAnswer(t *testing.T) {
	var w *world
	w = newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		next := *w.gate.Policy()
		next.Version = "another"
		w.ok(w.store.InstallPolicy(t.Context(), &next))
		return honest(r, yield)
	}))
	w.choose(true, consent.Standing)
	q := w.post()
	w.ok(w.engine.Answer(t.Context(), q))
	for _, e := range w.events(q) {
		if strings.Contains(string(e.Data), secret) {
			t.Errorf("event %d was released under a policy that is no longer in force", e.Seq)
		}
	}
}

// TestTakenOverMidAnswer lets an agent step in: the assistant is silent from
// there on.
func TestTakenOverMidAnswer(t *testing.T) {
	var w *world
	var q answer.Turn
	w = newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		if err := yield(quote(r.Hits[0], "Your order was shipped.")); err != nil {
			return err
		}
		w.ok(w.store.AddStaff(t.Context(), identity.StaffMember{ID: "sam", Email: "sam@shop.example", Name: "Sam"}))
		w.ok(w.store.Act(t.Context(), agents.By{Staff: "sam"}, q.Conversation, agents.Action{Trigger: conversation.AgentClaims, Reason: conversation.TakenOver}))
		return honest(r, yield)
	}))
	w.choose(true, consent.Standing)
	q = w.post()
	w.ok(w.engine.Answer(t.Context(), q))
	a := w.read(q)
	if a.Status != answer.Interrupted || a.Text != "Your order was shipped." {
		t.Errorf("%s: %s", a.Status, a.Text)
	}
	opened := false
	for _, e := range w.events(q) {
		if opened && e.Type == conversation.SentenceEvent {
			t.Errorf("the assistant talks over a person: event %d", e.Seq)
		}
		opened = opened || e.Type == conversation.StateEvent
		if strings.Contains(string(e.Data), secret) {
			t.Errorf("event %d shows what came after", e.Seq)
		}
	}
	entries, err := w.store.Citations().ByAnswer(t.Context(), q.AnswerID)
	w.ok(err)
	if last := entries[len(entries)-1]; last.Kind != citation.Closed || last.Status != string(answer.Interrupted) || len(last.Records) != 1 {
		t.Errorf("the log does not say that it ended: %+v", entries)
	}
}

// TestWithdrawnThenTakenOver withdraws, and lets an agent step in before the
// assistant notices: ending the answer must not show the order once more.
func TestWithdrawnThenTakenOver(t *testing.T) {
	var w *world
	var q answer.Turn
	w = newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		if err := honest(r, yield); err != nil {
			return err
		}
		w.choose(false, "")
		w.ok(w.store.AddStaff(t.Context(), identity.StaffMember{ID: "sam", Email: "sam@shop.example", Name: "Sam"}))
		w.ok(w.store.Act(t.Context(), agents.By{Staff: "sam"}, q.Conversation, agents.Action{Trigger: conversation.AgentClaims, Reason: conversation.TakenOver}))
		return honest(r, yield)
	}))
	w.choose(true, consent.Standing)
	q = w.post()
	w.ok(w.engine.Answer(t.Context(), q))
	withdrawn := false
	for _, e := range w.events(q) {
		withdrawn = withdrawn || e.Type == conversation.ConsentEvent
		if withdrawn && strings.Contains(string(e.Data), secret) {
			t.Errorf("event %d (%s) shows the order after the withdrawal", e.Seq, e.Type)
		}
	}
	a := w.read(q)
	if a.Status != answer.Interrupted || strings.Contains(a.Text, secret) || len(a.Used) > 0 {
		t.Errorf("%s: %s, used %v", a.Status, a.Text, a.Used)
	}
	entries, err := w.store.Citations().ByAnswer(t.Context(), q.AnswerID)
	w.ok(err)
	if last := entries[len(entries)-1]; last.Kind != citation.Closed || last.Opened != entries[0].ID || last.ID != a.Leaf.ID || strings.Contains(string(last.Body), secret) {
		t.Errorf("the closed entry: %+v", last)
	}
}

// hookedLog does something just before an entry is written.
type hookedLog struct {
	citation.Log
	before func()
}

func (l *hookedLog) Append(ctx context.Context, e citation.Entry) error {
	if l.before != nil {
		before := l.before
		l.before = nil
		before()
	}
	return l.Log.Append(ctx, e)
}

// TestWithdrawnBeforeModel withdraws between the search and the model: the
// model never gets the record.
func TestWithdrawnBeforeModel(t *testing.T) {
	w := newWorld(t, script(func(_ context.Context, r answer.Request, _ func(answer.Sentence) error) error {
		for _, h := range r.Hits {
			if h.RecordID == "order-1" {
				t.Error("the model got a record that was withdrawn")
			}
		}
		return nil
	}))
	w.choose(true, consent.Standing)
	w.engine.Log = &hookedLog{w.store.Citations(), func() { w.choose(false, "") }}
	q := w.post()
	w.ok(w.engine.Answer(t.Context(), q))
	if a := w.read(q); a.Attempt != 2 {
		t.Errorf("attempt %d, %s", a.Attempt, a.Status)
	}
}

// failingLedger cannot be read.
type failingLedger struct{ consent.Ledger }

func (failingLedger) Snapshot(context.Context, identity.CustomerID) (consent.Snapshot, error) {
	return consent.Snapshot{}, errors.New("away")
}

// TestLedgerFails uses nothing personal and says so.
func TestLedgerFails(t *testing.T) {
	w := newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		return honest(r, yield)
	}))
	w.choose(true, consent.Standing)
	q := w.post()
	w.engine.Gate = consent.NewGate(failingLedger{w.store}, w.gate.Policy())
	w.ok(w.engine.Answer(t.Context(), q))
	a := w.read(q)
	if strings.Contains(a.Text, secret) || !strings.Contains(a.Text, "can't check your choices") {
		t.Errorf("%s: %s", a.Status, a.Text)
	}
	for _, n := range a.NotSearched {
		if n.Reason != consent.Unavailable {
			t.Errorf("%s was not searched for %s", n.Category, n.Reason)
		}
	}
}

// TestCancelled ends an answer whose process is stopping, and leaves nothing
// half-said.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWorld(t, script(func(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		if err := yield(quote(r.Hits[0], "Your order was shipped.")); err != nil {
			return err
		}
		cancel()
		return ctx.Err()
	}))
	w.choose(true, consent.Standing)
	q := w.post()
	w.ok(w.engine.Answer(ctx, q))
	if a := w.read(q); a.Status != answer.Interrupted || strings.Contains(a.Text, "shipped") {
		t.Errorf("%s: %s", a.Status, a.Text)
	}
}

// TestSegmentsInherit looks at what others may see of a finished answer: its
// text carries the categories that it was made from.
func TestSegmentsInherit(t *testing.T) {
	w := newWorld(t, script(func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		return honest(r, yield)
	}))
	w.choose(true, consent.Standing)
	q := w.post()
	w.ok(w.engine.Answer(t.Context(), q))
	for _, e := range w.events(q) {
		if e.Type != conversation.MessageEvent {
			continue
		}
		var m conversation.Message
		w.ok(json.Unmarshal(e.Data, &m))
		for _, s := range m.Segments {
			if strings.Contains(s.Text, secret) && (len(s.Categories) != 1 || s.Categories[0] != "orders") {
				t.Errorf("%q carries %v", s.Text, s.Categories)
			}
		}
	}
}
