package web

import (
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"golang.org/x/time/rate"

	"candor/identity"
)

// limits is a token bucket for each caller: enough for a person in a hurry, not
// for a program that guesses passwords or writes without end.
type limits struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	swept   time.Time
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

func newLimits() *limits { return &limits{buckets: make(map[string]*bucket)} }

// idle is after which an unused bucket is forgotten: it is full again by then.
const idle = 10 * time.Minute

// wait takes a token from the caller's bucket, or returns how long until there
// is one.
func (l *limits) wait(caller string, perSecond rate.Limit, burst int) time.Duration {
	return l.reserve(caller, perSecond, burst, true)
}

// peek returns how long until there is a token, and takes none.
func (l *limits) peek(caller string, perSecond rate.Limit, burst int) time.Duration {
	return l.reserve(caller, perSecond, burst, false)
}

func (l *limits) reserve(caller string, perSecond rate.Limit, burst int, take bool) time.Duration {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) > idle {
		l.swept = now
		for k, b := range l.buckets {
			if now.Sub(b.used) > idle {
				delete(l.buckets, k)
			}
		}
	}
	b, ok := l.buckets[caller]
	if !ok {
		b = &bucket{Limiter: rate.NewLimiter(perSecond, burst)}
		l.buckets[caller] = b
	}
	b.used = now
	r := b.ReserveN(now, 1)
	d := r.DelayFrom(now)
	if d > 0 || !take {
		r.CancelAt(now)
	}
	return d
}

// limit refuses a caller that writes too fast. Reading is not limited.
func (s *Server) limit(a audience) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if ctx.Method() == http.MethodGet {
			next(ctx)
			return
		}
		ip := humafiber.Unwrap(ctx).IP()
		var d time.Duration
		switch who := principal(ctx); {
		case a == staffLogin:
			d = s.limits.wait("login "+ip, 10, 300) // a company may share one address; see login
		case a == anyone:
			d = s.limits.wait("session "+ip, 50, 1000)
		case who.Kind == identity.Browser:
			d = s.limits.wait("browser "+ip, 5, 50) // it may guess at customers
		case who.Kind == identity.Customer, who.Kind == identity.Visitor:
			d = s.limits.wait("customer "+string(who.Customer), 20, 300)
		}
		if d > 0 {
			s.writeErr(ctx, tooMany(d))
			return
		}
		next(ctx)
	}
}

// tooMany is the problem of a caller who has to wait.
func tooMany(wait time.Duration) error {
	return passing(http.StatusTooManyRequests, "", "That is too much at once. Wait a moment and try again.", wait)
}
