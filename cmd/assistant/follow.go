package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"candor/identity"
	"candor/review"
	"candor/store"
	"candor/web"
)

// hiding is what may be hidden. What an index here remembers of a record that is
// hidden goes at once.
type hiding struct {
	*store.Store
	forget func(identity.CustomerID)
}

var _ web.Hiding = hiding{}

func (s hiding) Hide(ctx context.Context, h review.HiddenSource) (review.HiddenSource, error) {
	out, err := s.Store.Hide(ctx, h)
	if out.Customer != "" { // also where only the article of the same id could not be hidden
		s.forget(out.Customer)
	}
	return out, err
}

// correctionInterval is how often it is looked for corrections that another replica
// took.
const correctionInterval = time.Second

// sendCorrections sends corrections as they come. One replica at a time does it.
func (a *app) sendCorrections(ctx context.Context) error {
	wake, stop := a.store.WatchCorrections()
	defer stop()
	tick := time.NewTicker(correctionInterval)
	defer tick.Stop()
	for {
		n, err := a.store.SendCorrections(ctx)
		if n > 0 {
			a.log.Info("sent corrections", "conversations", n)
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, identity.ErrUnavailable) {
			a.log.Error("corrections cannot be sent: they are tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-tick.C:
		}
	}
}

// incidentMetrics counts the incidents that are not closed, by kind.
type incidentMetrics struct {
	count         func(context.Context) ([]store.IncidentCount, error)
	open, overdue *prometheus.Desc
}

var _ prometheus.Collector = incidentMetrics{}

func newIncidentMetrics(count func(context.Context) ([]store.IncidentCount, error)) incidentMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help+" NaN when the database is away.", []string{"kind"}, nil)
	}
	return incidentMetrics{
		count,
		desc("candor_incidents_open", "Incidents with customers' data that are not closed."),
		desc("candor_incidents_overdue", "Those of them of which somebody should have been told by now."),
	}
}

// Describe names the metrics.
func (m incidentMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.open
	to <- m.overdue
}

// Collect counts.
func (m incidentMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	counts, err := m.count(ctx)
	tell := func(kind review.IncidentKind, open, overdue float64) {
		to <- prometheus.MustNewConstMetric(m.open, prometheus.GaugeValue, open, string(kind))
		to <- prometheus.MustNewConstMetric(m.overdue, prometheus.GaugeValue, overdue, string(kind))
	}
	if err != nil {
		for _, kind := range review.IncidentKinds {
			tell(kind, math.NaN(), math.NaN())
		}
		return
	}
	for _, n := range counts {
		tell(n.Kind, float64(n.Open), float64(n.Overdue))
	}
}

// warnIncidents says in the log of how many incidents somebody should have been told
// by now.
func (a *app) warnIncidents(ctx context.Context) error {
	counts, err := a.store.CountIncidents(ctx)
	if err != nil {
		return fmt.Errorf("count incidents: %w", err)
	}
	n := 0
	for _, c := range counts {
		n += c.Overdue
	}
	if n > 0 {
		a.log.Warn("the time to tell somebody of an incident has run out: see the admin's page Incidents", "incidents", n)
	}
	return nil
}
