package main

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// suggester writes what helps people at the desk, with the engine of answers.
type suggester struct{ *app }

var (
	_ agents.Suggester  = suggester{}
	_ agents.Summarizer = suggester{}
)

// assist is what helps people at the desk.
func (a *app) assist() agents.Assist {
	return agents.Assist{Store: a.store, Suggester: suggester{a}, Summarizer: suggester{a}, Knowledge: a.engine.Search}
}

// Suggest implements agents.Suggester.
func (s suggester) Suggest(ctx context.Context, who identity.Principal, r agents.SuggestRequest) (agents.Suggestion, error) {
	now, err := s.store.Now(ctx)
	if err != nil {
		return agents.Suggestion{}, err
	}
	text, before := answer.Unanswered(s.gate.Policy(), r.Language, r.Unanswered, r.Before)
	d, err := responder(s).writer().Suggest(ctx, answer.Turn{
		AnswerID: r.ID, Conversation: r.Conversation, Who: who, Brand: r.Brand, Text: text, Language: r.Language,
		Before: before, Asked: now, Instruction: r.Instruction,
	})
	if err != nil {
		return agents.Suggestion{}, err
	}
	out := agents.Suggestion{
		ID: d.ID, Status: string(d.Status), Text: d.Text, Model: d.Model.Name, Instructed: d.Instructed, Stamp: d.Stamp,
		Sentences: append(suggested(d.Sentences, false), suggested(d.Internal, true)...),
		Used:      []agents.SuggestionSource{}, NotShared: []consent.Category{},
	}
	for _, u := range d.Used {
		out.Used = append(out.Used, agents.SuggestionSource(u))
	}
	for _, n := range d.NotSearched {
		out.NotShared = append(out.NotShared, n.Category)
	}
	return out, nil
}

// suggested are sentences of a draft as the desk has them.
func suggested(sentences []answer.Sentence, internal bool) []agents.SuggestedSentence {
	out := make([]agents.SuggestedSentence, len(sentences))
	for i, x := range sentences {
		out[i] = agents.SuggestedSentence{Text: x.Text, Internal: internal, Citations: []agents.Citation{}}
		for _, c := range x.Citations {
			out[i].Citations = append(out[i].Citations, agents.Citation(c))
		}
	}
	return out
}

// Summarize implements agents.Summarizer.
func (s suggester) Summarize(ctx context.Context, who identity.Principal, r agents.SummaryRequest) (agents.StoredSummary, bool, error) {
	engine := responder(s).writer()
	if len(engine.Models) == 0 {
		return agents.StoredSummary{}, false, nil
	}
	now, err := s.store.Now(ctx)
	if err != nil {
		return agents.StoredSummary{}, false, err
	}
	from := make(map[string]conversation.Author)
	var excerpts []answer.Excerpt
	for _, x := range r.Excerpts {
		from[x.Message] = x.From
		e := answer.Excerpt{ID: x.Message, From: string(x.From), Text: x.Text}
		for _, m := range x.Made {
			e.Made = append(e.Made, answer.Used{RecordID: m.Record, Category: m.Category})
		}
		excerpts = append(excerpts, e)
	}
	g, err := engine.Summarize(ctx, answer.Turn{
		AnswerID: r.ID, Conversation: r.Conversation, Who: who, Brand: r.Brand, Language: r.Language, Asked: now,
	}, excerpts)
	if err != nil {
		s.log.Warn("no model wrote a summary: what is quoted stands", "conversation", r.Conversation, "error", err)
		return agents.StoredSummary{}, false, err
	}
	out := agents.StoredSummary{By: g.Model.Name, Stamp: g.Stamp}
	for _, x := range g.Sentences {
		p := agents.Point{Kind: agents.AnsweredBy, Text: x.Text, Sources: []agents.PointSource{}}
		for _, c := range x.Citations {
			if from[c.RecordID] == conversation.FromCustomer {
				p.Kind = agents.Wants
			}
			p.Sources = append(p.Sources, agents.PointSource{Message: c.RecordID})
		}
		out.Points = append(out.Points, p)
	}
	return out, g.Model != (answer.Model{}), nil
}

// seedCanned gives the demo the replies that its desk has ready.
func seedCanned(ctx context.Context, a *app) error {
	replies, err := readDemo[[]agents.Canned]("canned.json")
	for _, c := range replies {
		if err == nil {
			err = a.store.PutCanned(ctx, "", c)
		}
	}
	return err
}

// suggestionMetrics counts what became of suggestions.
type suggestionMetrics struct {
	count func(context.Context) (map[agents.Outcome]int, error)
	desc  *prometheus.Desc
}

var _ prometheus.Collector = suggestionMetrics{}

func newSuggestionMetrics(count func(context.Context) (map[agents.Outcome]int, error)) suggestionMetrics {
	return suggestionMetrics{count, prometheus.NewDesc("candor_suggestions",
		"Drafts for people at the desk, of conversations that are kept, by what became of them. NaN when the database is away.", []string{"outcome"}, nil)}
}

// Describe names the metric.
func (m suggestionMetrics) Describe(to chan<- *prometheus.Desc) { to <- m.desc }

// Collect counts.
func (m suggestionMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	counts, err := m.count(ctx)
	for outcome, label := range map[agents.Outcome]string{
		"": "standing", agents.UsedAsItWas: "used", agents.Edited: "edited", agents.Ignored: "ignored",
	} {
		n := float64(counts[outcome])
		if err != nil {
			n = math.NaN()
		}
		to <- prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, n, label)
	}
}
