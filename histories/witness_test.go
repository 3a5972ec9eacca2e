package histories

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

	paused   int
	mark     int64 // since when the attempt under way may have looked
	since    window
	scope    *event          // of the attempt under way
	given    map[string]bool // the records that the log says go to the answerer
	look     *event          // what the log says goes out next to be embedded; nil: nothing
	stale    int             // how often a commit was refused
	finished answer.Answer
	ended    bool  // finished says how
	over     bool  // the engine is done with it
	began    int64 // by the history's counter
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
	a.err = r.engines[a.outside].Answer(context.WithValue(ctx, askedKey{}, a), answer.Turn{
		AnswerID: t.AnswerID, Conversation: t.Conversation, Who: t.Who, Brand: "Shop", Text: t.Question,
		Language: t.Language, Supersedes: t.Supersedes, Asked: t.Asked,
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
	if reason == "consent_changed" { // an attempt, not the end of one that was given up
		e := &event{kind: minted, asks: q.of, who: q.who, call: q.mark, place: q.place, answer: a.ID, attempt: a.Attempt, gpc: q.gpc, outside: q.outside}
		e.at.from = q.since.from
		e.denials = make(map[int]consent.Reason)
		for _, n := range a.NotSearched {
			if i := slices.Index(categories[:], n.Category); i >= 0 {
				e.denials[i] = n.Reason
			}
		}
		h.close(e)
		h.mu.Lock()
		q.scope, q.given, q.look = e, nil, nil
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
	err := j.Store.Release(ctx, stamp, a)
	e.quotes = h.quotes(a.Sentences[len(a.Sentences)-1].Text)
	q.note(h, err)
	if err == nil {
		h.close(e)
	}
	return err
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
		e.quotes = h.quotes(a.Text)
		h.close(e)
		h.mu.Lock()
		q.finished, q.ended = a, true
		h.mu.Unlock()
	}
	// A message between the replicas would say so.
	j.other.Wake(conversation.Topic(a.ConversationID))
	return err
}

// citations notes what goes to an answerer.
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
	e.attempt = entry.Attempt
	err := c.Log.Append(ctx, entry)
	q.note(h, err)
	if err != nil {
		return err
	}
	e.grants = make(map[int]string)
	given := make(map[string]bool)
	for _, u := range entry.Records {
		given[u.RecordID] = true
		if i := slices.Index(categories[:], u.Category); i >= 0 {
			e.grants[i] = u.GrantID
			if e.outside != (u.Recipient == outsider) {
				h.wrong("the log names the recipient %s", u.Recipient)
			}
		}
	}
	h.close(e)
	h.mu.Lock()
	q.given = given
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

// witnessed is an answerer that is watched.
type witnessed struct {
	answer.Answerer
	outside bool
}

// Model says who the answerer is taken for.
func (x witnessed) Model() answer.Model {
	if x.outside {
		return answer.Model{Name: "outside", Recipient: outsider}
	}
	return x.Answerer.Model()
}

func (x witnessed) Answer(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	q, _ := ctx.Value(askedKey{}).(*asked)
	h := q.in
	for _, hit := range r.Hits {
		if !q.given[hit.RecordID] {
			h.wrong("%.8s: a record of %s reaches the answerer, and the log does not say so", q.id, hit.Record.Category)
		}
		for _, i := range h.quotes(hit.Record.Text + " " + hit.Record.Title) {
			q.scope.got = append(q.scope.got, i)
			if hit.Record.Category != categories[i] {
				h.wrong("%.8s: a record of %s holds the word of %s", q.id, hit.Record.Category, categories[i])
			}
		}
	}
	if len(h.quotes(r.Question)) > 0 {
		h.wrong("%.8s: the question holds a word of a record", q.id)
	}
	q.scope.prompted = true
	return x.Answerer.Answer(ctx, r, yield)
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
