package answer

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/retrieval"
)

// Excerpt is a message of a conversation, or a part of one, from which a summary may be
// made.
type Excerpt struct {
	ID   string // of the message
	From string // customer, assistant or agent
	Text string
	// Made are the records that it was made from, with their categories. What was made of
	// none is the words of who wrote it.
	Made []Used
	// Own is whether it is the customer's own words.
	Own bool
}

// Gist is what a language model made of a conversation. The citations of a sentence
// name messages. Without a Model none was asked.
type Gist struct {
	Sentences []Sentence
	Model     Model
	Stamp     consent.Stamp
}

// sumUp is what a model is asked. It speaks of the customer and what they were told, so
// that each point is something that a message says.
var sumUp = consent.Text{
	"en": "What does the customer want, what were they told, and what is still open?", "pt-BR": "O que o cliente quer, o que lhe foi dito e o que ainda está em aberto?",
	"es": "¿Qué quiere el cliente, qué se le dijo y qué queda pendiente?", "uk": "Чого хоче клієнт, що йому сказали і що ще не вирішено?",
	"ru": "Чего хочет клиент, что ему сказали и что ещё не решено?",
}

// Summarize has the first language model that may do so sum a conversation up for the
// member of staff of the turn. A model of the company's own gets what was said, but for
// what quotes data that it, or the reader, may not have; one of another company also needs
// the customer's grant of their own words for agent_assist. What goes to it is on record
// before, and each point is checked against the messages that it cites: what they do not
// support is left out.
//
// No sentence and no error: no model may, or it said nothing that its sources support. The
// error wraps ErrModel where a model failed, is consent.ErrStale where choices changed
// meanwhile, or wraps citation.ErrUnavailable.
func (e *Engine) Summarize(ctx context.Context, q Turn, excerpts []Excerpt) (Gist, error) {
	scope, err := e.Gate.Scope(ctx, q.Who, consent.AgentAssist)
	if err != nil && !scope.Unavailable() {
		return Gist{}, err
	}
	var last Gist
	for _, m := range e.Models {
		if _, ok := scope.Permits(consent.Conversation, m.Model().Recipient); !ok && m.Model().Recipient != consent.BrandAI {
			continue
		}
		out, err := e.points(ctx, q, scope, m, excerpts)
		if err != nil || len(out.Sentences) > 0 {
			return out, err
		}
		if out.Model != (Model{}) {
			last = out
		}
	}
	return last, nil
}

// points has one model sum up.
func (e *Engine) points(ctx context.Context, q Turn, scope consent.Scope, m Answerer, excerpts []Excerpt) (Gist, error) {
	model, stamp := m.Model(), scope.Stamp()
	q.Text = sumUp.In(consent.MatchLanguage(q.Language))
	a := e.newAnswer(q)
	a.Attempt, a.Model, a.Epoch, a.PolicyVersion = 1, model, stamp.Epoch, stamp.PolicyVersion
	a.NotSearched = notSearchedOf(scope, Intent{})
	w := &writer{engine: e, ctx: ctx, turn: q, scope: scope, stamp: stamp, answer: &a, routing: &routing{out: make(map[int]bool), began: time.Now()}}
	hits, made := given(scope, q, model.Recipient, excerpts)
	if len(hits) == 0 {
		return Gist{}, nil
	}
	tokens, err := w.reserve()
	if err != nil || tokens == 0 {
		return Gist{}, err
	}
	var sent []Used
	for _, uses := range made {
		sent = append(sent, uses...)
	}
	if err := w.openSummary(model, sent); err != nil {
		w.settle(tokens)
		return Gist{}, err
	}
	check, guard := e.Verifier.Check(hits), newGuard(m, q.Text, hits)
	r := Request{Question: q.Text, Language: a.Language, Brand: q.Brand, Hits: hits, Now: q.Asked}
	if tokens < noBound {
		r.MaxTokens = tokens
	}
	spent := 0
	r.Count = func(n int) { spent += n }
	failed := m.Answer(ctx, r, func(s Sentence) error {
		score, err := check.Verify(ctx, s)
		if err == nil {
			err = guard.check(s)
		}
		a.Verification.Checked++
		if err != nil {
			a.Verification.Dropped++
			return ctx.Err()
		}
		a.Verification.Released++
		s.Citations = slices.Clone(s.Citations)
		for i := range s.Citations {
			s.Citations[i].Score = score
			for _, u := range made[s.Citations[i].RecordID] {
				if !slices.ContainsFunc(a.Used, func(o Used) bool { return o.RecordID == u.RecordID }) {
					a.Used = append(a.Used, u)
				}
			}
		}
		if a.Sentences = append(a.Sentences, s); len(a.Sentences) >= maxPoints {
			return errEnough
		}
		return nil
	})
	w.settle(max(tokens-spent, 0))
	if errors.Is(failed, errEnough) {
		failed = nil
	}
	a.Status, a.Text, a.Spent = Answered, textOf(a.Sentences), Spent{Tokens: spent}
	switch {
	case failed != nil:
		a.TakeBack()
		a.Status = Interrupted
	case len(a.Sentences) == 0:
		a.Status = Declined
	}
	if err := errors.Join(failed, e.close(q, a, scope, w.opened)); err != nil {
		return Gist{}, err
	}
	return Gist{a.Sentences, model, stamp}, e.Gate.Holds(ctx, stamp)
}

// maxPoints bounds a summary, which is read at a glance.
const maxPoints = 8

// given is what of a conversation a model may be given, as sources, and by message what
// it was made from.
//
// SECURITY: what a message quotes must be permitted to who reads the summary and to the
// model, each record of it.
func given(scope consent.Scope, q Turn, r consent.Recipient, excerpts []Excerpt) (hits []retrieval.Hit, made map[string][]Used) {
	made = make(map[string][]Used)
	for _, x := range excerpts {
		var uses []Used
		denied := x.Text == ""
		for _, u := range x.Made {
			if u.Category == consent.Knowledge {
				continue
			}
			grant, ok := scope.Permits(u.Category, r)
			_, read := scope.Permits(u.Category, q.reader())
			denied = denied || !ok || !read
			u.Purpose, u.Recipient, u.GrantID = consent.AgentAssist, r, grant
			uses = append(uses, u)
		}
		if denied {
			continue
		}
		hits = append(hits, retrieval.Hit{
			Match: retrieval.Match{RecordID: x.ID, PassageID: x.ID, End: len(x.Text), Category: consent.Conversation},
			Record: retrieval.Record{
				ID: x.ID, Site: q.Who.Site, Customer: q.Who.Customer, Category: consent.Conversation, Title: x.From, Text: x.Text, Language: q.Language,
			},
		})
		made[x.ID] = append(made[x.ID], uses...)
	}
	clean, _ := quarantine(hits)
	return clean, made
}

// openSummary records what goes to a model that sums up, before it does.
func (w *writer) openSummary(m Model, sent []Used) error {
	entry := w.engine.entry(w.turn, *w.answer, w.scope, citation.Opened, m)
	entry.Records = usesOf(sent)
	if grant, ok := w.scope.Permits(consent.Conversation, m.Recipient); ok {
		entry.Records = append(entry.Records, citation.Use{
			RecordID: w.turn.Conversation, Category: consent.Conversation, Recipient: m.Recipient, GrantID: grant,
		})
	}
	var err error
	if entry.Body, err = json.Marshal(Said{Question: w.answer.Question}); err != nil {
		return err
	}
	stamp := w.stamp
	entry.Stamp, w.opened = &stamp, entry.ID
	return w.engine.Log.Append(w.ctx, entry)
}
