package web

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"golang.org/x/time/rate"

	"candor/identity"
)

// Limits are how many messages customers may send in a minute; 0: as many as they like.
// Each server counts for itself, and whoever sent nothing for a minute may send a
// minute's at once: a person in a hurry does, a program that floods notices.
type Limits struct {
	Customer int // of one customer or visitor
	Address  int // of all who write from one address, which an office may share
	Site     int // of a site's customers together, for the sake of its models
}

// limits is a token bucket for each caller: enough for a person in a hurry, not
// for a program that guesses passwords or writes without end.
type limits struct {
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	swept   time.Time
}

func newLimits() *limits { return &limits{buckets: make(map[string]*rate.Limiter)} }

// sweepEvery is how often it is looked for buckets that are full again: they say no more
// than new ones, and are forgotten. One that is not yet is kept, however slowly it fills.
const sweepEvery = 5 * time.Minute

// wait takes a token from the caller's bucket, or returns how long until there
// is one.
func (l *limits) wait(caller string, perSecond rate.Limit, burst int) time.Duration {
	d, _ := l.reserve(true, allowance{caller, perSecond, burst})
	return d
}

// peek returns how long until there is a token, and takes none.
func (l *limits) peek(caller string, perSecond rate.Limit, burst int) time.Duration {
	d, _ := l.reserve(false, allowance{caller, perSecond, burst})
	return d
}

// allowance is what a caller may do.
type allowance struct {
	caller    string
	perSecond rate.Limit
	burst     int
}

// reserve takes a token from the buckets of all the allowances, or none if one of them
// has none: then it returns how long until all have, and which is the last that does.
func (l *limits) reserve(take bool, all ...allowance) (wait time.Duration, scarce int) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) > sweepEvery {
		l.swept = now
		for k, b := range l.buckets {
			if b.TokensAt(now) >= float64(b.Burst()) {
				delete(l.buckets, k)
			}
		}
	}
	taken := make([]*rate.Reservation, len(all))
	for i, a := range all {
		b, ok := l.buckets[a.caller]
		if !ok {
			b = rate.NewLimiter(a.perSecond, a.burst)
			l.buckets[a.caller] = b
		}
		taken[i] = b.ReserveN(now, 1)
		if d := taken[i].DelayFrom(now); d > wait {
			wait, scarce = d, i
		}
	}
	if wait > 0 || !take {
		for _, r := range taken {
			r.CancelAt(now)
		}
	}
	return wait, scarce
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
			if d == 0 && ctx.Operation().OperationID == sayOperation {
				if err := s.tooManyMessages(who, ip); err != nil {
					s.writeErr(ctx, err)
					return
				}
			}
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

// tooManyMessages counts a message of a customer from an address, or is the problem of
// one who has to wait. Asking for a person by the button is no message: it is not
// limited here.
func (s *Server) tooManyMessages(who identity.Principal, ip string) error {
	var all []allowance
	var details []string
	add := func(caller string, perMinute int, detail string) {
		if perMinute > 0 {
			all = append(all, allowance{caller, rate.Limit(perMinute) / 60, perMinute})
			details = append(details, detail)
		}
	}
	l := s.Limits
	add("messages of "+string(who.Customer), l.Customer, "You're sending a lot of messages. This one was not sent: try again in %d s.")
	add("messages from "+ip, l.Address, "A lot of messages come from your network. This one was not sent: try again in %d s.")
	add("messages to "+string(who.Site), l.Site, "We're getting a lot of messages right now. This one was not sent: try again in %d s.")
	wait, scarce := s.limits.reserve(true, all...)
	if wait == 0 {
		return nil
	}
	// Up, as in Retry-After: whoever comes a moment too early is refused again.
	seconds := (wait + time.Second - 1) / time.Second
	return passing(http.StatusTooManyRequests, "", fmt.Sprintf(details[scarce], seconds), wait)
}
