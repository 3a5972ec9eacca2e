package main

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics serves what the parts of this process count.
func (a *app) metrics() (prometheus.Registerer, http.Handler) {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newRequestMetrics(a.store.CountRequests), newIncidentMetrics(a.store.CountIncidents), newDeliveryMetrics(a.store.WaitingDeliveries), newLogMetrics(a.logWatch), newSuggestionMetrics(a.store.SuggestionCounts),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "candor_outbox_messages", Help: "Messages that are to be published; NaN when the database is away.",
		}, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			n, err := a.store.Unpublished(ctx)
			if err != nil {
				return math.NaN()
			}
			return float64(n)
		}),
	)
	return r, promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}
