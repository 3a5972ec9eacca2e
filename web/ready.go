package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	// checkTimeout bounds the check of the parts. One that does not answer is away.
	checkTimeout = 3 * time.Second
	// readyLife is how long a look at the parts holds: anybody may ask, and pages do
	// while something is away.
	readyLife = 500 * time.Millisecond
)

// readiness is the last look at the parts.
type readiness struct {
	mu    sync.Mutex
	at    time.Time
	away  map[string]bool
	ready bool
}

// ready says which parts are there. It is 503 while an essential one is away,
// and as soon as the server drains, so that a balancer asks another replica.
func (s *Server) ready(c *fiber.Ctx) error {
	away, ready := s.look(c.UserContext())
	body := make(map[string]string, len(s.Parts)+1)
	for _, p := range s.Parts {
		body[p.Name] = "ok"
		if away[p.Name] {
			body[p.Name] = "away"
		}
	}
	if s.draining.Load() {
		ready, body[partServer] = false, "ending"
	}
	status := http.StatusOK
	if !ready {
		status = http.StatusServiceUnavailable
	}
	return c.Status(status).JSON(body)
}

// look checks the parts, unless somebody has just done so.
func (s *Server) look(ctx context.Context) (away map[string]bool, ready bool) {
	r := &s.readiness
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) < readyLife {
		return r.away, r.ready
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	checks := make([]chan error, len(s.Parts))
	for i, p := range s.Parts {
		checks[i] = make(chan error, 1)
		go func() { checks[i] <- p.Check(ctx) }()
	}
	r.away, r.ready = make(map[string]bool), true
	for i, p := range s.Parts {
		var err error
		select {
		case err = <-checks[i]:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			s.outage(p.Name, err)
			r.away[p.Name] = true
			r.ready = r.ready && !p.Essential
		}
	}
	r.at = time.Now()
	return r.away, r.ready
}
