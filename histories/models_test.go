package histories

import (
	"context"
	"fmt"
	"slices"
	"time"

	"candor/answer"
	"candor/answer/extractive"
	"candor/consent"
)

// Who writes answers: the extractive answerer, and language models in the house and
// outside it. What they write is the extractive answerer's, so that what was found
// and may be used is always said; and some of them fail, or say what is not so.

// author is who may write an answer.
type author int

const (
	quoter author = iota // the extractive answerer: it is always there, and does not fail
	ownModel
	outsideModel
	authors
)

// models are what the authors are taken for.
var models = [authors]answer.Model{
	extractive.Answerer{}.Model(),
	{Name: "own", Recipient: consent.BrandAI},
	{Name: "outside", Recipient: outsider},
}

func (a author) outside() bool { return models[a].Recipient == outsider }

func (a author) String() string { return models[a].Name }

// lineup is which language models an engine has.
type lineup int

// lineups are in the order of preference; the extractive answerer is the last of each.
var lineups = [...][]author{{}, {ownModel}, {outsideModel}, {outsideModel, ownModel}, {ownModel, outsideModel}}

// outside reports whether an engine sends anything out of the house. It also has its
// texts embedded there.
func (l lineup) outside() bool { return slices.Contains(lineups[l], outsideModel) }

func (l lineup) line() []author { return append(slices.Clone(lineups[l]), quoter) }

// behaviour is how a language model behaves.
type behaviour int

const (
	honest    behaviour = iota
	away                // it fails before it says anything
	breaksOff           // it fails after a sentence
	endless             // it goes on with what no source says
	rambles             // it says its last sentence again and again
	silent
	lies
	abandoned // the customer leaves while it writes
	behaviours
)

func (b behaviour) String() string {
	return [...]string{"is honest", "is away", "breaks off", "does not end", "repeats itself", "is silent", "lies", "is left alone"}[b]
}

// call is one time that somebody was asked to answer.
type call struct {
	author
	got   []int // the categories of the records that it was given
	said  bool  // something of what it said was released
	broke bool  // it failed, or was stopped
}

// witnessed is an author that is watched.
type witnessed struct {
	author
	w *world
}

var _ answer.Answerer = witnessed{}

// Model implements answer.Answerer.
func (x witnessed) Model() answer.Model { return models[x.author] }

// Answer implements answer.Answerer.
func (x witnessed) Answer(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	q, _ := ctx.Value(askedKey{}).(*asked)
	x.sees(q, r)
	quote := extractive.Answerer{}.Answer
	if x.author == quoter {
		return quote(ctx, r, yield)
	}
	q.pause(ctx, x.w)
	var last answer.Sentence
	switch b := q.behave[x.author]; b {
	case away:
		return x.fail(q, b)
	case silent:
		return nil
	case lies:
		return x.lie(q, r, yield)
	case endless:
		if err := quote(ctx, r, yield); err != nil {
			return err
		}
		return x.forever(q, func() error { return x.lie(q, r, yield) })
	case rambles:
		err := quote(ctx, r, func(s answer.Sentence) error { last = s; return yield(s) })
		if err != nil || last.Text == "" {
			return err
		}
		return x.forever(q, func() error { return yield(last) })
	case breaksOff, abandoned:
		err := quote(ctx, r, func(s answer.Sentence) error {
			if last.Text != "" {
				return answer.ErrModel
			}
			last = s
			return yield(s)
		})
		switch {
		case err != nil && last.Text == "", err != nil && err != answer.ErrModel: //nolint:errorlint // it is our own, as it is
			return err
		case b == abandoned:
			return x.leave(ctx, q)
		}
		return x.fail(q, b)
	case honest, behaviours:
	}
	return quote(ctx, r, yield)
}

// sees holds that the log names whatever an author is given, and that an outside one
// is given nothing but the question and the records of others that are granted to it.
func (x witnessed) sees(q *asked, r answer.Request) {
	h, c := q.in, &call{author: x.author}
	given, ok := q.given[x.author]
	if !ok {
		h.wrong("%.8s: %s is asked, and the log does not say so", q.id, x)
	}
	if x.author != quoter {
		delete(q.given, x.author) // it was for this once
	}
	for _, hit := range r.Hits {
		if !slices.Contains(given, hit.RecordID) {
			h.wrong("%.8s: a record of %s reaches %s, and the log does not say so", q.id, hit.Record.Category, x)
		}
		for _, i := range h.quotes(fmt.Sprintf("%+v", hit)) {
			c.got = append(c.got, i)
			if hit.Record.Category != categories[i] {
				h.wrong("%.8s: a record of %s holds the word of %s", q.id, hit.Record.Category, categories[i])
			}
		}
	}
	if r.Question != q.question() {
		h.wrong("%.8s: %s is asked something else", q.id, x)
	}
	if len(h.quotes(fmt.Sprintf("%s %s %+v", r.Question, r.Brand, r.Intent))) > 0 {
		h.wrong("%.8s: the question holds a word of a record", q.id)
	}
	q.scope.calls = append(q.scope.calls, c)
	q.writing = c
	if x.outside() {
		h.count(askedOutside)
	}
}

// broken notes that the model that writes gives no answer, and who is asked no more. If
// the answer is begun again, that is from here.
func (q *asked) broken(out ...author) {
	q.writing.broke = true
	q.out, q.scope.out = out, out
	q.again, q.sinceAgain = q.in.now(), q.in.w.clock()
}

// fail is the end of a model that gives no answer.
func (x witnessed) fail(q *asked, b behaviour) error {
	q.broken(append(slices.Clip(q.out), x.author)...)
	q.in.count(modelFailures)
	return fmt.Errorf("%w: it %s", answer.ErrModel, b)
}

// leave is the end of a model whose answer nobody waits for: it is told, and no
// other is asked.
func (x witnessed) leave(ctx context.Context, q *asked) error {
	close(q.left)
	q.broken(lineups[q.lineup]...)
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
		q.in.wrong("%.8s: the customer has left, and %s is kept at work", q.id, x)
	}
	q.in.count(left)
	return fmt.Errorf("%w: %w", answer.ErrModel, ctx.Err())
}

// tooOften is how often a model goes on before somebody must have ended it.
const tooOften = 1000

func (x witnessed) forever(q *asked, say func() error) error {
	for range tooOften {
		if err := say(); err != nil {
			return err
		}
	}
	q.in.wrong("%.8s: %s does not end, and nobody ends it", q.id, x)
	return nil
}

// lie says what no source supports, and what the model cannot know: the words of the
// customer's other records.
func (x witnessed) lie(q *asked, r answer.Request, yield func(answer.Sentence) error) error {
	hit := r.Hits[0]
	of := answer.Citation{RecordID: hit.RecordID, PassageID: hit.PassageID, Quote: hit.Record.Text, Score: 1}
	said := []answer.Sentence{
		{Text: "Your word for this is lost."},
		{Text: "The word is nobody's since Tuesday.", Citations: []answer.Citation{of}},
	}
	for i, word := range q.in.canaries {
		if hit.Record.Category == categories[i] {
			continue
		}
		text := fmt.Sprintf("Your word for this is %s.", word)
		other := answer.Citation{RecordID: q.in.records[i].ID, PassageID: hit.PassageID, Quote: text, Score: 1}
		said = append(said, answer.Sentence{Text: text, Citations: []answer.Citation{of}}, answer.Sentence{Text: text, Citations: []answer.Citation{other}})
	}
	for _, s := range said {
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}
