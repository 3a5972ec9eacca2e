package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/store"
	"candor/web"
)

// ownRecords is what a customer sees and keeps of their own.
type ownRecords struct{ *app }

var _ web.OwnRecords = ownRecords{}

func (r ownRecords) RecordsOf(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) ([]retrieval.Held, consent.Place, error) {
	return r.store.RecordsOf(ctx, customer, after, limit)
}

func (r ownRecords) Remember(ctx context.Context, site identity.SiteID, customer identity.CustomerID, category consent.Category, title, text string) (string, error) {
	return r.importer.Remember(ctx, site, customer, category, title, text)
}

func (r ownRecords) RemoveOwn(ctx context.Context, customer identity.CustomerID, id string) error {
	return r.store.RemoveOwn(ctx, customer, id)
}

// requests is what customers ask. What an index here remembers of a record that is
// disputed goes at once.
type requests struct {
	*store.Store
	forget func(identity.CustomerID)
}

var _ web.Requests = requests{}

func (r requests) AddRequest(ctx context.Context, q consent.Request) error {
	err := r.Store.AddRequest(ctx, q)
	if err == nil && q.Record != "" {
		r.forget(q.Customer)
	}
	return err
}

// requestMetrics counts the requests that are not answered yet, by kind.
type requestMetrics struct {
	count         func(context.Context) ([]consent.RequestCount, error)
	open, overdue *prometheus.Desc
}

var _ prometheus.Collector = requestMetrics{}

func newRequestMetrics(count func(context.Context) ([]consent.RequestCount, error)) requestMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help+" NaN when the database is away.", []string{"kind"}, nil)
	}
	return requestMetrics{
		count,
		desc("candor_requests_open", "Requests of customers about their data that are not closed."),
		desc("candor_requests_overdue", "Those of them that should have been answered by now."),
	}
}

// Describe names the metrics.
func (m requestMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.open
	to <- m.overdue
}

// Collect counts.
func (m requestMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	counts, err := m.count(ctx)
	tell := func(kind consent.RequestKind, open, overdue float64) {
		to <- prometheus.MustNewConstMetric(m.open, prometheus.GaugeValue, open, string(kind))
		to <- prometheus.MustNewConstMetric(m.overdue, prometheus.GaugeValue, overdue, string(kind))
	}
	if err != nil {
		for _, kind := range consent.RequestKinds {
			tell(kind, math.NaN(), math.NaN())
		}
		return
	}
	for _, n := range counts {
		tell(n.Kind, float64(n.Open), float64(n.Overdue))
	}
}

// overdueInterval is how often the log says that requests are overdue.
const overdueInterval = 24 * time.Hour

// warnOverdue says in the log how many requests should have been answered by now.
func (a *app) warnOverdue(ctx context.Context) error {
	counts, err := a.store.CountRequests(ctx)
	if err != nil {
		return fmt.Errorf("count requests: %w", err)
	}
	n := 0
	for _, c := range counts {
		n += c.Overdue
	}
	if n > 0 {
		a.log.Warn("requests of customers are overdue: answer them on the admin's page Requests", "requests", n)
	}
	return nil
}
