package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"candor/answer"
)

// modelMetrics counts what language models do, and how their sentences fare. The names
// are those of OpenTelemetry's conventions for generative AI where it has one.
type modelMetrics struct {
	took      *prometheus.HistogramVec // by model, error
	first     *prometheus.HistogramVec // by model
	tokens    *prometheus.CounterVec   // by model
	sentences *prometheus.CounterVec   // by model, outcome
}

var _ answer.Meter = modelMetrics{}

func newModelMetrics(r prometheus.Registerer) modelMetrics {
	seconds := []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80}
	m := modelMetrics{
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gen_ai_client_operation_duration_seconds", Buckets: seconds,
			Help: "How long language models took for an answer. error_type is empty, failed, or left where nobody waited any more.",
		}, []string{"gen_ai_request_model", "error_type"}),
		first: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "candor_model_first_sentence_seconds", Buckets: seconds, Help: "How long language models took for their first sentence.",
		}, []string{"gen_ai_request_model"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gen_ai_client_token_usage_total", Help: "Tokens that language models read and wrote.",
		}, []string{"gen_ai_request_model"}),
		sentences: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "candor_sentences_total", Help: "Sentences of answers that were checked, by who wrote them; outcome is released, or why it was not.",
		}, []string{"model", "outcome"}),
	}
	r.MustRegister(m.took, m.first, m.tokens, m.sentences)
	return m
}

func (m modelMetrics) Called(c answer.Call) {
	kind := ""
	switch {
	case c.Left:
		kind = "left"
	case c.Failed:
		kind = "failed"
	}
	m.took.WithLabelValues(c.Model.Name, kind).Observe(c.Took.Seconds())
	if c.First > 0 {
		m.first.WithLabelValues(c.Model.Name).Observe(c.First.Seconds())
	}
	m.tokens.WithLabelValues(c.Model.Name).Add(float64(c.Tokens))
}

func (m modelMetrics) Checked(by answer.Model, removed string) {
	if removed == "" {
		removed = "released"
	}
	m.sentences.WithLabelValues(by.Name, removed).Inc()
}
