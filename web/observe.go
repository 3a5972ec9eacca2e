package web

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// observed counts requests by route, never by address: an address can hold an
// id.
type observed struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newObserved(r prometheus.Registerer) observed {
	return observed{
		promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "candor_http_requests_total", Help: "HTTP requests by method, route and status.",
		}, []string{"method", "route", "status"}),
		promauto.With(r).NewHistogramVec(prometheus.HistogramOpts{
			Name: "candor_http_request_seconds", Help: "Time to answer an HTTP request, streams excluded, in seconds.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 5},
		}, []string{"method", "route"}),
	}
}

func (s *Server) observe(c *fiber.Ctx) error {
	start := time.Now()
	err := c.Next()
	if err != nil {
		// Rendered here, so that its status is known.
		if err = s.problemHandler(c, err); err != nil {
			return err
		}
	}
	route := c.Route().Path
	s.observed.requests.WithLabelValues(c.Method(), route, strconv.Itoa(c.Response().StatusCode())).Inc()
	s.observed.seconds.WithLabelValues(c.Method(), route).Observe(time.Since(start).Seconds())
	return nil
}
