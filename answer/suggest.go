package answer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// Draft is a reply that was written for a person at the desk, who alone decides what
// becomes of it. Its Sentences and Text may be sent to the customer.
type Draft struct {
	Answer
	// Internal are sentences of internal knowledge. They are for the person, and no model
	// has seen their sources.
	Internal []Sentence
	// Instructed is whether a model was told the instruction.
	Instructed bool
	// Stamp is what the draft was decided by: it is read only while that holds.
	Stamp consent.Stamp
}

// purpose is what the turn uses data for: staff ask to help their customer.
func (q Turn) purpose() consent.Purpose {
	if q.Who.Kind == identity.Staff {
		return consent.AgentAssist
	}
	return consent.Answers
}

// reader is the recipient that reads what is written, where that is not the customer.
func (q Turn) reader() consent.Recipient {
	if q.Who.Kind == identity.Staff {
		return consent.ReaderOf(q.Who)
	}
	return ""
}

// drafting is the journal of a draft: it is kept by who asked for it, and nobody sees
// anything of it before it is finished.
type drafting struct{ gate *consent.Gate }

var _ Journal = drafting{}

// Begin implements Journal.
func (drafting) Begin(context.Context, Answer, string) error { return nil }

// Release implements Journal.
func (drafting) Release(context.Context, consent.Stamp, Answer) error { return nil }

// Finish implements Journal.
func (d drafting) Finish(ctx context.Context, stamp consent.Stamp, _ Answer, _ Ending) error {
	return d.gate.Holds(ctx, stamp)
}

// Stored implements Journal: there is none.
func (drafting) Stored(context.Context, string) (Answer, error) { return Answer{}, ErrNotWriting }

// Unanswered returns what a draft is to answer of the messages that nobody has answered,
// the oldest first, and what was said before that. Of those that only greet, thank or
// ask for a person there is nothing to answer: then it is the last question before.
// Empty: the customer has asked nothing.
func Unanswered(p *consent.Policy, language string, messages, before []string) (text string, earlier []string) {
	asks := func(m string) bool { return Understand(p, m, consent.MatchLanguage(language)).Act == Question }
	var questions []string
	for _, m := range messages {
		if asks(m) {
			questions = append(questions, m)
		}
	}
	if len(questions) > 0 {
		return strings.Join(questions, "\n"), before
	}
	for i, m := range slices.Backward(before) {
		if asks(m) {
			return m, before[:i]
		}
	}
	return "", before
}

// Suggest writes a draft for the member of staff of the turn, who serves its customer:
// under their grants for agent_assist, searched and written by the company's own AI or by
// whom else they let have it, and checked and recorded like an answer. What it cites its
// reader may see.
//
// A draft for which nothing was found is Declined, one that could not be written, or not
// be recorded, is Interrupted; both are empty. The error is consent.ErrStale if the
// customer's choices kept changing, or that of ctx.
func (e *Engine) Suggest(ctx context.Context, q Turn) (Draft, error) {
	own := *e
	own.Journal = drafting{e.Gate}
	a := own.newAnswer(q)
	r := &routing{out: make(map[int]bool), began: time.Now()}
	opened, err := "", error(nil)
	for stale := 0; stale < maxAttempts; {
		a.Attempt++
		var d Draft
		if d, opened, err = own.draft(ctx, q, &a, r); err == nil {
			return d, nil
		}
		if errors.Is(err, errBrokeOff) {
			continue
		}
		if !errors.Is(err, consent.ErrStale) {
			break
		}
		stale++
	}
	own.takeBack(&a)
	a.Status, a.Spent = Interrupted, r.total()
	var closed error
	if opened != "" {
		closed = own.close(q, a, consent.Scope{}, opened)
	}
	if errors.Is(err, consent.ErrStale) || ctx.Err() != nil {
		return Draft{}, errors.Join(err, closed)
	}
	e.Logger.Error("a draft could not be written", "draft", a.ID, "error", errors.Join(err, closed))
	return Draft{Answer: a}, nil
}

// draft writes the draft once, under one scope.
func (e *Engine) draft(ctx context.Context, q Turn, a *Answer, r *routing) (d Draft, opened string, err error) {
	// An error of the ledger is a denial: the scope then permits nothing.
	scope, err := e.Gate.Scope(ctx, q.Who, consent.AgentAssist)
	if err != nil && !scope.Unavailable() {
		return d, "", err
	}
	stamp := scope.Stamp()
	before := q.Before[max(0, len(q.Before)-leansOn):]
	intent := UnderstandAfter(e.Gate.Policy(), q.Text, before, a.Language)
	e.takeBack(a)
	a.Status, a.Epoch, a.PolicyVersion, a.ValidUntil = Writing, stamp.Epoch, stamp.PolicyVersion, stamp.ValidUntil
	a.NotSearched = append(notSearchedOf(scope, intent), notWritten(scope, intent)...)
	hits, internal, err := e.forDraft(ctx, q, scope, intent, before)
	if err != nil {
		return d, "", fmt.Errorf("search: %w", err)
	}
	w := &writer{engine: e, ctx: ctx, turn: q, found: hits, intent: intent, scope: scope, stamp: stamp, answer: a, routing: r}
	if err := w.open(e.Extractive.Model(), slices.Concat(hits, internal)); err != nil {
		return d, w.opened, err
	}
	if q.Text != "" {
		if _, err := w.question(); err != nil {
			return d, w.opened, err
		}
	}
	a.NotSearched = append(a.NotSearched, w.withheld...)
	said := a.Sentences
	switch {
	case len(said) == 0:
		a.Status = Declined
	case w.complete():
		a.Status = Answered
	default:
		a.Status = Partial
	}
	instructed := q.Instruction != "" && a.Model != e.Extractive.Model()
	if d.Internal, err = w.internally(internal); err != nil {
		return d, w.opened, err
	}
	a.Spent = r.total()
	if err := e.Journal.Finish(ctx, stamp, *a, Ending{}); err != nil {
		return d, w.opened, err
	}
	d.Answer, d.Stamp, d.Instructed = *a, stamp, instructed
	return d, w.opened, e.close(q, *a, scope, w.opened)
}

// forDraft searches, and keeps apart what is for staff alone.
func (e *Engine) forDraft(ctx context.Context, q Turn, scope consent.Scope, intent Intent, before []string) (hits, internal []retrieval.Hit, err error) {
	if q.Text == "" || intent.Act != Question {
		return nil, nil, nil
	}
	found, err := e.Search.Search(ctx, scope, intent.Query(q.Text, q.Language, before, q.Asked), maxHits)
	if err != nil {
		return nil, nil, err
	}
	all, spoke := quarantine(permitted(found.Hits, consent.BrandAI))
	if spoke > 0 {
		e.Logger.Warn("records hold sentences that speak to the assistant: they are left out", "draft", q.AnswerID, "sentences", spoke)
	}
	for _, h := range all {
		switch {
		case h.Record.Knowledge() && h.Record.Visibility != retrieval.PublicKnowledge:
			if scope.Reader() == consent.HumanAgents { // it is for the company's own staff
				internal = append(internal, h)
			}
		case !h.Record.Knowledge() || !intent.Lookup:
			hits = append(hits, h)
		}
	}
	return hits, internal, nil
}

// internally quotes internal knowledge that answers the question, for staff alone. The
// answer is left as it was, but for what it used.
//
// SECURITY: what is for staff is kept apart from the start: no model is given it, so that
// no draft can hold it in other words, and what the log has of the answer does not.
func (w *writer) internally(hits []retrieval.Hit) ([]Sentence, error) {
	if len(hits) == 0 {
		return nil, nil
	}
	a := w.answer
	said, text, model, status := a.Sentences, a.Text, a.Model, a.Status
	w.found, a.Sentences = hits, []Sentence{}
	if w.judge() == Supported {
		if err := w.quote(hits); err != nil {
			return nil, err
		}
	}
	internal := a.Sentences
	a.Sentences, a.Text, a.Model, a.Status = said, text, model, status
	return internal, w.ctx.Err()
}

// notWritten are the categories that the desk may see and the company's AI may not use.
func notWritten(scope consent.Scope, intent Intent) []NotSearched {
	var out []NotSearched
	for _, c := range scope.Searchable() {
		if _, ok := scope.Permits(c, consent.BrandAI); !ok {
			out = append(out, NotSearched{Category: c, Reason: consent.RecipientDenied, Relevant: slices.Contains(intent.Relevant, c)})
		}
	}
	return out
}

// used describes the records of hits that went to a recipient, and to the reader of a
// draft if it is told of them too.
func (w *writer) used(hits []retrieval.Hit, r consent.Recipient, read bool) []Used {
	out := usedOf(hits, w.turn.purpose(), r)
	if reader := w.turn.reader(); read && reader != "" {
		own := slices.DeleteFunc(slices.Clone(hits), func(h retrieval.Hit) bool { return h.Record.Knowledge() })
		out = append(out, usedOf(own, w.turn.purpose(), reader)...)
	}
	return out
}

// asksBack reports whether a sentence without a source asks the customer for what the
// instruction of a draft says, and nothing else: it states nothing that would need one.
func (w *writer) asksBack(s Sentence) bool {
	if w.turn.Instruction == "" || len(s.Citations) > 0 || !isQuestion(s.Text) || checkMarkup(s, nil) != nil ||
		delimiters.MatchString(s.Text) || SpeaksToAssistant(s.Text) {
		return false
	}
	given := w.turn.Instruction + "\n" + w.turn.Text
	held := heldBy(valuesOf(given))
	for k := range heldBy(valuesOf(s.Text)) {
		if !held[k] {
			return false // it names what nobody did
		}
	}
	language := w.answer.Language
	known := make(map[string]bool)
	for _, t := range analysis.Terms(given, language) {
		known[t.Text] = true
	}
	about, other := 0, 0
	for _, t := range analysis.Terms(s.Text, language) {
		word := strings.TrimSpace(fold(s.Text[t.Start:t.End]))
		switch {
		case known[t.Text]:
			about++
		case !analysis.IsStop(s.Text[t.Start:t.End], language) && !asks[word]:
			other++
		}
	}
	return about > 0 && other <= about/2
}
