package answer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/retrieval"
)

const (
	// maxSentences bounds an answer.
	maxSentences = 40
	// maxHeard bounds what is listened to of one answerer, whatever becomes of it: one
	// that does not end is ended.
	maxHeard = 3 * maxSentences
)

var (
	// errNotRecorded means that the log could not say what a model was about to be
	// given, so it was not given it.
	errNotRecorded = errors.New("what goes to a model cannot be recorded")
	// errEnough ends a model that writes on and on.
	errEnough = errors.New("the answer is long enough")
)

// writer writes one attempt at an answer: it has answerers asked, checks what they
// say, and releases it.
type writer struct {
	engine   *Engine
	ctx      context.Context
	turn     Turn
	intent   Intent
	handover Handover
	scope    consent.Scope
	stamp    consent.Stamp
	answer   *Answer
	routing  *routing
	opened   string // the latest opened entry

	model    Model             // who is writing
	found    []retrieval.Hit   // by the search
	guard    *guard            // of what they write
	check    *Check            // of what they write
	heard    int               // how many sentences they have written
	hits     []retrieval.Hit   // what they were given
	withheld []NotSearched     // what a model was not given
	unread   consent.Recipient // the first that may not have the customer's words
	day      time.Time         // of which tokens are reserved
}

// open records what goes to a model, before it does. A model of another company is
// given the customer's own words too.
func (w *writer) open(m Model, hits []retrieval.Hit) error {
	entry := w.engine.entry(w.turn, *w.answer, w.scope, citation.Opened, m)
	entry.Records = usesOf(w.used(hits, m.Recipient, false))
	if grant, ok := w.scope.Permits(consent.Conversation, m.Recipient); ok && m.Recipient.Outside() {
		entry.Records = append(entry.Records, citation.Use{
			RecordID: w.turn.Conversation, Category: consent.Conversation, Recipient: m.Recipient, GrantID: grant,
		})
	}
	entry.NotSearched = append(slices.Clip(entry.NotSearched), w.withheld...)
	var err error
	if entry.Body, err = json.Marshal(Said{Question: w.answer.Question}); err != nil {
		return err
	}
	entry.Words = citation.Words(w.answer.Question)
	// Nothing is handed to the answerer that was withdrawn since the search.
	stamp := w.stamp
	entry.Stamp = &stamp
	err = w.engine.Log.Append(w.ctx, entry)
	if err == nil || w.ctx.Err() != nil { // then it may be there
		w.opened = entry.ID
	}
	return err
}

// writes says who is asked now, and what they are given.
func (w *writer) writes(a Answerer, hits []retrieval.Hit) {
	w.model, w.hits, w.heard = a.Model(), hits, 0
	w.check, w.guard = w.engine.Verifier.Check(hits), newGuard(a, w.intent.Whole(w.turn.Text), w.found)
}

// sentence checks a factual sentence against its sources and releases it. One
// that its sources do not support is dropped, and kept for review.
func (w *writer) sentence(s Sentence) error {
	a := w.answer
	w.heard++
	if slices.ContainsFunc(a.Sentences, func(o Sentence) bool { return o.Text == s.Text }) {
		return w.enough() // said already
	}
	if w.asksBack(s) {
		a.Model = w.model
		if err := w.release(s); err != nil {
			return err
		}
		return w.enough()
	}
	a.Verification.Checked++
	score, err := w.check.Verify(w.ctx, s)
	if w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	if w.model != w.engine.Extractive.Model() { // a model does not know how sure it may be
		s.Citations = slices.Clone(s.Citations)
		for i := range s.Citations {
			s.Citations[i].Score = math.Round(score*100) / 100
		}
	}
	if err == nil {
		err = w.guard.check(s)
	}
	if err != nil {
		a.Verification.Dropped++
		if len(a.Verification.Removed) < maxSentences { // enough to see what went wrong
			a.Verification.Removed = append(a.Verification.Removed, Removed{cut(s.Text), RemovalReason(err)})
		}
		w.engine.checked(w.model, RemovalReason(err))
		w.engine.Logger.Warn("a sentence was dropped", "answer", a.ID, "model", w.model.Name, "error", err)
		return w.enough()
	}
	a.Verification.Released++
	before, model := a.Used, a.Model
	a.Model = w.model
	for _, u := range w.used(w.hits, w.model.Recipient, true) {
		cites := slices.ContainsFunc(s.Citations, func(c Citation) bool { return c.RecordID == u.RecordID })
		has := slices.ContainsFunc(a.Used, func(o Used) bool { return o.RecordID == u.RecordID && o.Recipient == u.Recipient })
		if cites && !has {
			a.Used = append(slices.Clip(a.Used), u)
		}
	}
	if err := w.release(s); err != nil {
		a.Verification.Released--
		a.Used, a.Model = before, model
		return err
	}
	w.engine.checked(w.model, "")
	return w.enough()
}

// enough ends a model that has written as much as anybody reads.
func (w *writer) enough() error {
	if w.heard >= maxHeard || len(w.answer.Sentences) >= maxSentences {
		return errEnough
	}
	return nil
}

// say releases a set phrase, which states no fact and needs no source.
func (w *writer) say(text string) error {
	return w.release(Sentence{Text: text, Citations: []Citation{}})
}

func (w *writer) release(s Sentence) error {
	a := w.answer
	before := *a
	a.Sentences = append(slices.Clip(a.Sentences), s)
	a.Text = textOf(a.Sentences)
	// The status is the end's; what is released meanwhile is being written.
	writing := *a
	writing.Status = Writing
	err := w.engine.Journal.Release(w.ctx, w.stamp, writing)
	if err != nil {
		a.Sentences, a.Text = before.Sentences, before.Text // it was not said
		return err
	}
	if r := w.routing; r != nil && r.first == 0 { // nil: an end that was not asked for
		r.first = time.Since(r.began)
	}
	return nil
}

// question answers from what was found: by a model that may have it, else by quoting.
func (w *writer) question() (Support, error) {
	e, hits := w.engine, w.found
	asks := false // a model that may have the question
	for i, m := range e.Models {
		asks = w.mayRead(m) && !w.routing.isOut(i) || asks
	}
	said := len(w.answer.Sentences)
	if len(hits) == 0 {
		return w.judge(), w.ctx.Err() // whoever might be asked
	}
	if !asks { // who quotes says nothing where the evidence is against it
		if err := w.quote(hits); err != nil || len(w.answer.Sentences) > said {
			return Supported, err
		}
		return w.judge(), w.ctx.Err()
	}
	if support := w.judge(); support != Supported {
		return support, w.ctx.Err()
	}
	for i, m := range e.Models {
		if w.routing.isOut(i) || !w.mayRead(m) {
			continue
		}
		given := permitted(hits, m.Model().Recipient)
		own := w.withhold(m, hits)
		if len(own) > 0 && w.intent.Personal {
			// What is on record answers such a question; a model that may not read it
			// could only go round it.
			if err := w.inHouse(own); err != nil {
				return Supported, err
			}
			if len(w.answer.Sentences) > said {
				return Supported, w.rest(i, given)
			}
		}
		if len(given) > 0 {
			if err := w.ask(i, given); err != nil {
				return Supported, err
			}
		}
		if len(w.answer.Sentences) > said {
			return Supported, nil
		}
	}
	return Supported, w.quote(hits)
}

// judge tells whether what was found answers the message, alone or with what it leans on.
func (w *writer) judge() Support {
	best := w.supports(w.turn.Text)
	if whole := w.intent.Whole(w.turn.Text); whole != w.turn.Text && best != Supported {
		best = max(best, w.supports(whole))
	}
	return best
}

// complete reports whether what was found answers each of the questions that the message
// asks.
func (w *writer) complete() bool {
	return !slices.ContainsFunc(Parts(w.turn.Text, w.answer.Language), func(part string) bool { return w.supports(part) != Supported })
}

func (w *writer) supports(question string) Support {
	switch j := w.engine.Judge; {
	case j != nil:
		support, _ := j.Judge(w.ctx, w.request(question, w.found))
		return support
	case len(w.found) > 0:
		return Supported
	}
	return Unsupported
}

// rest has a model answer what the house has not: how something is done, or what is on
// record in other categories that the question is about. If it says nothing, the house
// does.
func (w *writer) rest(which int, given []retrieval.Hit) error {
	asked := func(h retrieval.Hit) bool { return slices.Contains(w.intent.Relevant, h.Record.Category) }
	if len(given) == 0 || !w.intent.HowTo && !slices.ContainsFunc(given, asked) {
		return nil
	}
	said := len(w.answer.Sentences)
	if err := w.ask(which, given); err != nil || len(w.answer.Sentences) > said {
		return err
	}
	return w.inHouse(given)
}

// mayRead reports whether the customer's own words may go to a model.
//
// SECURITY: the question is what the customer wrote. It leaves the house only under
// a grant for this recipient.
func (w *writer) mayRead(m Answerer) bool {
	r := m.Model().Recipient
	if r == consent.BrandAI {
		return true
	}
	_, ok := w.scope.Permits(consent.Conversation, r)
	if !ok && w.unread == "" {
		w.unread = r
	}
	return ok
}

// withhold notes what a model may not be given of the customer's records, and returns it.
func (w *writer) withhold(m Answerer, hits []retrieval.Hit) []retrieval.Hit {
	r := m.Model().Recipient
	own := slices.DeleteFunc(slices.Clone(hits), func(h retrieval.Hit) bool { return mayHave(h, r) })
	for _, h := range own {
		c := h.Record.Category
		if !slices.ContainsFunc(w.withheld, func(n NotSearched) bool { return n.Category == c }) {
			w.withheld = append(w.withheld, NotSearched{Category: c, Reason: consent.RecipientDenied, Relevant: slices.Contains(w.intent.Relevant, c)})
		}
	}
	return own
}

// inHouse answers from records that may not leave the house.
func (w *writer) inHouse(hits []retrieval.Hit) error {
	said := len(w.answer.Sentences)
	for i, m := range w.engine.Models {
		if m.Model().Recipient != consent.BrandAI || w.routing.isOut(i) {
			continue
		}
		if err := w.ask(i, hits); err != nil || len(w.answer.Sentences) > said {
			return err
		}
	}
	return w.quote(hits)
}

// quote has the extractive answerer answer.
func (w *writer) quote(hits []retrieval.Hit) error {
	w.writes(w.engine.Extractive, hits)
	said := len(w.answer.Sentences)
	err := w.follow(hits)
	if err == nil && len(w.answer.Sentences) == said { // it stands alone, or may do after all
		err = w.engine.Extractive.Answer(w.ctx, w.request(w.turn.Text, hits), w.sentence)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// follow quotes for a message together with the one that it leans on.
func (w *writer) follow(hits []retrieval.Hit) error {
	whole := w.intent.Whole(w.turn.Text)
	if whole == w.turn.Text {
		return nil
	}
	named := names(w.turn.Text)
	return w.engine.Extractive.Answer(w.ctx, w.request(whole, hits), func(s Sentence) error {
		if !about(s.Text, named) {
			return nil // it answers what was asked before
		}
		return w.sentence(s)
	})
}

func (w *writer) request(question string, hits []retrieval.Hit) Request {
	return Request{
		Question: question, Language: w.answer.Language, Brand: w.turn.Brand, Intent: w.intent, Hits: hits, Now: w.turn.Asked,
		Instruction: w.turn.Instruction,
	}
}

// ask has a language model answer. One that fails is left out from now on; if it had
// said something, that is errBrokeOff.
func (w *writer) ask(which int, hits []retrieval.Hit) error {
	m := w.engine.Models[which]
	model := m.Model()
	select {
	case <-w.turn.Left: // never, where it is nil
		w.routing.allOut(w.engine.Models)
		return nil
	default:
	}
	tokens, err := w.reserve()
	if err != nil || tokens == 0 {
		return err
	}
	if err := w.open(model, hits); err != nil {
		w.settle(tokens)
		if errors.Is(err, consent.ErrStale) || w.ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%w: %w", errNotRecorded, err)
	}
	w.writes(m, hits)
	said := len(w.answer.Sentences)
	ctx, stop := w.whileWaited()
	defer stop()
	r := w.request(w.intent.Whole(w.turn.Text), hits)
	if tokens < noBound {
		r.MaxTokens = tokens
	}
	go w.check.Prepare() // while the model reads
	call := Call{Model: model}
	r.Count = func(n int) { call.Tokens += n }
	began := time.Now()
	var ended error
	err = m.Answer(ctx, r, func(s Sentence) error {
		if call.First == 0 {
			call.First = time.Since(began)
		}
		if ended == nil { // nobody goes on once the answer has ended
			ended = w.sentence(s)
		}
		return ended
	})
	w.settle(max(tokens-call.Tokens, 0))
	w.routing.spent += call.Tokens
	call.Took, call.Failed, call.Left = time.Since(began), err != nil && ended == nil && w.ctx.Err() == nil, ctx.Err() != nil
	w.engine.observe(call)
	switch {
	case errors.Is(ended, errEnough):
		return nil
	case ended != nil:
		return ended
	case err == nil:
		return nil
	case w.ctx.Err() != nil:
		return w.ctx.Err()
	}
	if ctx.Err() != nil { // nobody waits: no other model is kept at work either
		w.routing.allOut(w.engine.Models)
	} else {
		w.routing.out[which] = true
		w.engine.Logger.Error("a model failed", "answer", w.answer.ID, "model", model.Name, "error", err)
	}
	if len(w.answer.Sentences) > said {
		return errBrokeOff
	}
	return nil
}

// whileWaited is a context that ends when nobody waits for the answer any more.
func (w *writer) whileWaited() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(w.ctx)
	if w.turn.Left == nil {
		return ctx, cancel
	}
	go func() {
		select {
		case <-w.turn.Left:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// usesOf is what the log has of what was used.
func usesOf(used []Used) []citation.Use {
	var out []citation.Use
	for _, u := range used {
		out = append(out, citation.Use{RecordID: u.RecordID, Category: u.Category, Recipient: u.Recipient, GrantID: u.GrantID})
	}
	return out
}

// permitted returns the hits that may go to the recipient.
func permitted(hits []retrieval.Hit, r consent.Recipient) []retrieval.Hit {
	return slices.DeleteFunc(slices.Clone(hits), func(h retrieval.Hit) bool { return !mayHave(h, r) })
}

// mayHave reports whether a hit may go to the recipient. Company knowledge may go to
// any: the audience was decided by the search.
func mayHave(h retrieval.Hit, r consent.Recipient) bool {
	return h.Record.Knowledge() || slices.ContainsFunc(h.Recipients, func(p consent.Permit) bool { return p.Recipient == r })
}
