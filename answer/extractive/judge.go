package extractive

import (
	"context"
	"math"
	"strings"

	"candor/answer"
	"candor/retrieval"
)

// verdict is what comes of a request.
type verdict struct {
	support   answer.Support
	score     float64
	sentences []answer.Sentence // none unless it is supported
}

// Judge tells whether the hits answer the question. The score is the likelihood that
// they do, among questions half of which have an answer, by a logistic regression over
// Evidence where the meaning of sentences is known; by words alone it is the share of
// the question's weighted words that the best sentence and its surroundings hold.
func (a Answerer) Judge(ctx context.Context, r answer.Request) (answer.Support, float64) {
	v := a.consider(ctx, r)
	return v.support, v.score
}

// Evidence is what Judge goes by for the request's articles; ok is false where it goes
// by words alone.
func (a Answerer) Evidence(ctx context.Context, r answer.Request) (e Evidence, ok bool) {
	_, knowledge := apart(r.Hits)
	reading := a.read(ctx, r, knowledge)
	return reading.Evidence, reading.meant
}

// apart returns the customer's own records and the articles among hits.
func apart(hits []retrieval.Hit) (own, knowledge []retrieval.Hit) {
	for _, h := range hits {
		if h.Record.Knowledge() {
			knowledge = append(knowledge, h)
		} else {
			own = append(own, h)
		}
	}
	return own, knowledge
}

// alone is the question of a request without what it leans on.
func alone(r answer.Request) string {
	if r.Intent.After == "" {
		return r.Question
	}
	return strings.TrimPrefix(r.Question, r.Intent.After+"\n")
}

// consider answers each question of a message that asks several, where one of them has
// an answer, else the message as a whole.
func (a Answerer) consider(ctx context.Context, r answer.Request) verdict {
	var out verdict
	for _, part := range answer.Parts(r.Question, r.Language) {
		asked := r
		asked.Question = part
		v := a.one(ctx, asked)
		if v.support == answer.Supported {
			out.support, out.score = v.support, max(out.score, v.score)
			out.sentences = append(out.sentences, v.sentences...)
		}
	}
	if out.support == answer.Supported {
		return out
	}
	return a.one(ctx, r)
}

// one answers a single question.
func (a Answerer) one(ctx context.Context, r answer.Request) verdict {
	own, knowledge := apart(r.Hits)
	if adrift(r) {
		return verdict{support: answer.Unclear}
	}
	if !r.Intent.Personal {
		// A general question is the help centre's; the customer's own records
		// come in only where it is silent.
		v := a.articles(ctx, r, knowledge)
		if v.support != answer.Supported {
			if out := fromRecords(newQuestion(r), own); len(out) > 0 {
				return stated(out)
			}
		}
		return v
	}
	out := fromRecords(newQuestion(r), own)
	if len(out) > 0 && !r.Intent.HowTo {
		return stated(out)
	}
	v := a.articles(ctx, r, knowledge)
	if len(out) == 0 {
		return v
	}
	return stated(append(out, v.sentences...))
}

// stated is the verdict on sentences from the customer's own records.
func stated(sentences []answer.Sentence) verdict {
	v := verdict{answer.Supported, 0, sentences}
	for _, s := range sentences {
		v.score = max(v.score, s.Citations[0].Score)
	}
	return v
}

// The least likelihoods of an answer that is given. They are the one setting of every
// site; docs/design/refusal.md has what they trade.
const (
	likely = .31
	// plainly is that for a question which words alone would answer, as they seldom do
	// by chance.
	plainly = .1
	// doubtful is that for one which words would not answer, and of which nothing found
	// holds a share of at least unheard, as in "can I rent a car?" where tents are let.
	doubtful = .6
	unheard  = .5
	// sure is that at which articles answer even what one's own records could tell.
	sure = .6
)

// least is the least likelihood of an answer that is given, by the evidence.
func (e Evidence) least() float64 {
	switch {
	case e.Plain > 0:
		return plainly
	case e.Unknown > unheard && e.Foreign == 0:
		return doubtful
	}
	return likely
}

// articles answers from articles.
func (a Answerer) articles(ctx context.Context, r answer.Request, hits []retrieval.Hit) verdict {
	reading := a.read(ctx, r, hits)
	var v verdict
	if reading.meant {
		v.score = reading.Evidence.likelihood()
	}
	// What only the customer's own records can tell, an article answers only if it
	// plainly speaks of that.
	strict := !reading.meant || r.Intent.Personal && (len(r.Intent.Relevant) > 0 && v.score < sure || len(reading.aspects) > 0)
	least := reading.Evidence.least()
	switch {
	case reading.manifold(), r.Intent.Personal && paid.MatchString(r.Question): // no article knows what
	case strict:
		v.sentences = reading.byWords()
		for _, s := range v.sentences {
			v.score = max(v.score, s.Citations[0].Score)
		}
	case v.score >= least:
		v.sentences = reading.byMeaning(v.score)
	}
	switch {
	case len(v.sentences) > 0:
		v.support = answer.Supported
	case reading.open(), reading.manifold():
		v.support = answer.Unclear
	}
	if v.support != answer.Supported {
		v.score = min(v.score, least)
	}
	return v
}

// likelihood is that of an answer by the evidence.
func (e Evidence) likelihood() float64 {
	z := bias
	for i, x := range e.Features() {
		z += weights[i] * x
	}
	return 1 / (1 + math.Exp(-z))
}
