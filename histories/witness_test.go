package histories

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/store"
)

// What stands between the parts of a replica and notes what they say to each
// other. None of it decides anything.

// asked is a question and what became of it.
type asked struct {
	in *history
	step
	who  int
	id   string // of the answer
	done chan struct{}
	err  error

	paused     int
	mark       int64 // since when the attempt under way may have looked
	since      window
	again      int64 // and if it is taken back for a model that failed, the next may
	sinceAgain window
	scope      *event              // of the attempt under way
	given      map[author][]string // the records that the log says go to whom
	writing    *call               // who was asked last
	out        []author            // who failed, or may not be asked any more
	left       chan struct{}       // closed when the customer has gone
	look       *event              // what the log says goes out next to be embedded; nil: nothing
	stale      int                 // how often a commit was refused
	broke      int                 // how often the answer was begun again since a model broke off
	written    map[int]*event      // by attempt: the categories that it has quoted so far
	finished   answer.Answer
	ended      bool  // finished says how
	over       bool  // the engine is done with it
	began      int64 // by the history's counter
}

type askedKey struct{}

// responder answers turns with the engine that the question wants.
type responder struct{ *replica }

func (r responder) Respond(ctx context.Context, t conversation.Turn) {
	h := r.w.history.Load()
	a := h.question(t.Who.Session)
	if a == nil {
		h.wrong("an answer to a question that nobody asked")
		return
	}
	defer close(a.done)
	a.started(h)
	h.mu.Lock()
	a.id, a.began = t.AnswerID, a.mark
	h.answers[t.AnswerID] = a
	h.mu.Unlock()
	a.err = r.engines[a.lineup].Answer(context.WithValue(ctx, askedKey{}, a), answer.Turn{
		AnswerID: t.AnswerID, Conversation: t.Conversation, Who: t.Who, Brand: "Shop", Text: t.Question,
		Language: t.Language, Supersedes: t.Supersedes, Asked: t.Asked, Left: a.left,
	})
	h.mu.Lock()
	a.over = true
	h.mu.Unlock()
}

// pause waits as the question's plan says, but not where an answer is brought to
// its end, for which there is little time.
func (a *asked) pause(ctx context.Context, w *world) {
	if _, hurried := ctx.Deadline(); hurried {
		return
	}
	w.rest(a.next())
}

// next is the pause that comes next in the question's plan.
func (a *asked) next() pause {
	switch {
	case a.paused < len(a.pauses):
		a.paused++
		return a.pauses[a.paused-1]
	case a.slow:
		return twoTicks
	}
	return none
}

// breathe is pause where there is little time: what is long is left out.
func (a *asked) breathe(w *world) {
	if p := a.next(); p < halfADay {
		w.rest(p)
	}
}

// started notes that the attempt under way has just begun to look.
func (a *asked) started(h *history) { a.mark, a.since = h.now(), h.w.clock() }

// journal notes what is released.
type journal struct{ *replica }

var _ answer.Journal = journal{}

func (j journal) answering(id string) (*history, *asked) {
	h := j.w.history.Load()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h, h.answers[id]
}

func (j journal) Begin(ctx context.Context, a answer.Answer, reason string) error {
	h, q := j.answering(a.ID)
	if reason == "model_failure" {
		q.broke++
		h.count(begunAgain)
		if q.writing == nil || !q.writing.broke {
			h.wrong("%.8s: it is begun again for a model that has not failed", q.id)
		}
		if q.broke > len(lineups[q.lineup]) {
			h.wrong("%.8s: it is begun again and again for models that fail", q.id)
			return answer.ErrNotWriting // or it never ends
		}
		q.mark, q.since = q.again, q.sinceAgain
	}
	if reason != "interrupted" { // an attempt, not the end of one that was given up
		e := &event{
			kind: minted, asks: q.of, who: q.who, call: q.mark, place: q.place, answer: a.ID, attempt: a.Attempt, gpc: q.gpc,
			outside: q.lineup.outside(), line: q.lineup.line(), out: q.out,
		}
		e.at.from = q.since.from
		e.denials = make(map[int]consent.Reason)
		for _, n := range a.NotSearched {
			if i := slices.Index(categories[:], n.Category); i >= 0 {
				e.denials[i] = n.Reason
			}
		}
		h.close(e)
		h.mu.Lock()
		q.scope, q.given, q.writing, q.look = e, make(map[author][]string), nil, nil
		h.mu.Unlock()
	}
	q.pause(ctx, j.w)
	return j.Store.Begin(ctx, a, reason)
}

func (j journal) Release(ctx context.Context, stamp consent.Stamp, a answer.Answer) error {
	h, q := j.answering(a.ID)
	q.pause(ctx, j.w)
	e := h.open(released, q)
	e.attempt = a.Attempt
	last := a.Sentences[len(a.Sentences)-1]
	quoted := h.quotes(last.Text)
	if len(last.Citations) == 0 {
		e.quotes = quoted
	} else {
		e.quotes, e.abroad = q.by(h, a, quoted)
	}
	err := j.Store.Release(ctx, stamp, a)
	q.note(h, err)
	if err == nil {
		h.close(e)
		if len(last.Citations) > 0 && q.writing != nil {
			q.writing.said = true
		}
	}
	return err
}

// by divides what a sentence quotes by whether it was written in the house, and
// notes it. The answer names who was asked last, and what it used so.
func (q *asked) by(h *history, a answer.Answer, quoted []int) (quotes, abroad []int) {
	if q.writing == nil || a.Model != models[q.writing.author] {
		h.wrong("%.8s: a sentence is put down to %s, who was not asked", q.id, a.Model.Name)
		return quoted, nil
	}
	for _, i := range quoted {
		if !slices.ContainsFunc(a.Used, func(u answer.Used) bool { return u.RecordID == h.records[i].ID && u.Recipient == a.Model.Recipient }) {
			h.wrong("%.8s: an answer of %s does not say that it used %s", q.id, a.Model.Name, categories[i])
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w := q.written[a.Attempt]
	if w == nil {
		w = &event{}
		q.written[a.Attempt] = w
	}
	if q.writing.outside() {
		w.abroad = append(w.abroad, quoted...)
		return nil, quoted
	}
	w.quotes = append(w.quotes, quoted...)
	return quoted, nil
}

// wrote divides what a text of an attempt quotes by who wrote it. What nobody wrote
// counts as written by all.
func (q *asked) wrote(attempt int, quoted []int) (quotes, abroad []int) {
	w := q.written[attempt]
	if w == nil {
		return quoted, quoted
	}
	for _, i := range quoted {
		out := slices.Contains(w.abroad, i)
		if slices.Contains(w.quotes, i) || !out {
			quotes = append(quotes, i)
		}
		if out {
			abroad = append(abroad, i)
		}
	}
	return quotes, abroad
}

// note counts what was refused.
func (q *asked) note(h *history, err error) {
	if errors.Is(err, consent.ErrStale) {
		h.refused(q)
		q.stale++
		q.started(h)
	}
}

func (j journal) Finish(ctx context.Context, stamp consent.Stamp, a answer.Answer, end answer.Ending) error {
	h, q := j.answering(a.ID)
	q.pause(ctx, j.w)
	e := h.open(released, q)
	e.attempt = a.Attempt
	err := j.Store.Finish(ctx, stamp, a, end)
	q.note(h, err)
	if err == nil {
		e.quotes, e.abroad = q.wrote(a.Attempt, h.quotes(a.Text))
		h.close(e)
		h.mu.Lock()
		if q.scope != nil && q.scope.attempt == a.Attempt && a.Status != answer.Interrupted {
			q.scope.concluded, q.scope.withheld = true, withheld(a.NotSearched)
		}
		q.finished, q.ended = a, true
		h.mu.Unlock()
	}
	// A message between the replicas would say so.
	j.other.Wake(conversation.Topic(a.ConversationID))
	return err
}

// withheld returns the categories that a recipient may not have.
func withheld(all []answer.NotSearched) (out []int) {
	for i, c := range categories {
		if slices.Contains(all, answer.NotSearched{Category: c, Reason: consent.RecipientDenied, Relevant: true}) ||
			slices.Contains(all, answer.NotSearched{Category: c, Reason: consent.RecipientDenied}) {
			out = append(out, i)
		}
	}
	return out
}

// citations notes what goes to whom.
type citations struct {
	citation.Log
	w *world
}

func (c citations) Append(ctx context.Context, entry citation.Entry) error {
	h := c.w.history.Load()
	h.mu.Lock()
	q := h.answers[entry.AnswerID]
	h.mu.Unlock()
	if entry.Kind != citation.Opened {
		return c.Log.Append(ctx, entry)
	}
	q.pause(ctx, c.w)
	e := h.open(handed, q)
	e.attempt, e.outside = entry.Attempt, entry.Recipient == outsider
	err := c.Log.Append(ctx, entry)
	q.note(h, err)
	if err != nil {
		return err
	}
	to := author(slices.Index(models[:], answer.Model{Name: entry.Model, Recipient: entry.Recipient}))
	if to < 0 {
		h.wrong("the log names %s of %s, and there is no such model", entry.Model, entry.Recipient)
	}
	e.grants, e.withheld = make(map[int]string), withheld(entry.NotSearched)
	var given []string
	for _, u := range entry.Records {
		if u.Recipient != entry.Recipient {
			h.wrong("what goes to %s is put down to %s", entry.Recipient, u.Recipient)
		}
		if u.Category == consent.Conversation && u.RecordID == entry.Conversation {
			e.words, e.grant = true, u.GrantID
			continue
		}
		given = append(given, u.RecordID)
		if i := slices.Index(categories[:], u.Category); i >= 0 {
			e.grants[i] = u.GrantID
		}
	}
	for _, i := range q.scope.found {
		if _, ok := e.grants[i]; e.outside && !ok && !slices.Contains(e.withheld, i) {
			h.wrong("%.8s: the log does not say that %s is kept from %s", q.id, categories[i], to)
		}
	}
	h.close(e)
	if to == quoter { // the first of an attempt: what was found
		q.scope.found = slices.Collect(maps.Keys(e.grants))
	}
	h.mu.Lock()
	q.given[to] = given
	h.mu.Unlock()
	return nil
}

// search notes what is refused while something is indexed.
type search struct {
	retrieval.Index
	w *world
}

func (x search) Search(ctx context.Context, scope consent.Scope, query retrieval.Query, limit int) ([]retrieval.Match, error) {
	q, _ := ctx.Value(askedKey{}).(*asked)
	q.pause(ctx, x.w)
	q.scope.searched = true
	out, err := x.Index.Search(ctx, scope, query, limit)
	q.note(q.in, err)
	q.in.near(q, query, out)
	return out, err
}

// ledger notes what is appended, with what was wanted.
type ledger struct {
	*store.Store
	w *world
}

var _ consent.Ledger = ledger{}

// wantedKey is where an actor leaves in a context what it wants.
type wantedKey struct{}

func (l ledger) Append(ctx context.Context, customer identity.CustomerID, decide func(consent.Snapshot) (consent.Entry, error)) (consent.Snapshot, error) {
	h := l.w.history.Load()
	if customer != h.customer {
		return l.Store.Append(ctx, customer, decide) // time runs out for earlier ones too
	}
	e := &event{}
	if wanted, ok := ctx.Value(wantedKey{}).(*event); ok {
		*e = *wanted
	}
	e.kind = appended
	h.start(e)
	var last consent.Entry
	snap, err := l.Store.Append(ctx, customer, func(s consent.Snapshot) (consent.Entry, error) {
		entry, err := decide(s)
		last = entry
		return entry, err
	})
	if err != nil {
		return snap, err
	}
	e.epoch = snap.Epoch
	e.added = make(map[mark]choice)
	for _, x := range last.Events {
		m := mark{slices.Index(triples[:], x.Triple), h.placeOf(x.Conversation)}
		if m.triple < 0 {
			h.wrong("a choice of %s was made that nobody asked for", x.Triple)
			continue
		}
		c := choice{state: x.State, grant: x.ID}
		if !x.Expires.IsZero() {
			c.until = x.Expires.UnixMicro()
		}
		e.added[m] = c
	}
	h.close(e)
	return snap, nil
}

// witness is a log that must not hold anybody's words.
type witness struct {
	w     *world
	attrs []slog.Attr
}

func (x *witness) Enabled(context.Context, slog.Level) bool { return true }

func (x *witness) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	for _, a := range x.attrs {
		line += fmt.Sprintf(" %s=%v", a.Key, a.Value)
	}
	if h := x.w.history.Load(); h != nil {
		h.logged(line)
	}
	return nil
}

func (x *witness) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &witness{x.w, append(slices.Clip(x.attrs), attrs...)}
}

func (x *witness) WithGroup(string) slog.Handler { return x }
