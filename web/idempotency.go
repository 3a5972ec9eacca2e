package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"candor/conversation"
	"candor/identity"
)

// Errors of a Memory.
var (
	// ErrInFlight means that a request with the same key is being served.
	ErrInFlight = errors.New("a request with this idempotency key is being served; wait for its answer")
	// ErrOtherBody means that the key was used with another body.
	ErrOtherBody = errors.New("this idempotency key was used with another body")
)

// Response is a response as it was sent.
type Response struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type"`
	Body        []byte `json:"body"`
}

// Memory remembers responses by idempotency key for 24 hours, sealed.
//
// Remember returns the response to the same request, or nil after reserving the
// key for the caller, who then calls Settle or Forget; ErrInFlight while another
// has it, ErrOtherBody if the body differs. Scope is the principal and the route.
type Memory interface {
	Remember(ctx context.Context, customer identity.CustomerID, scope, key, body string) (*Response, error)
	Settle(ctx context.Context, customer identity.CustomerID, scope, key string, r Response) error
	Forget(ctx context.Context, scope, key string) error
}

// idempotent honours Idempotency-Key on POST for whoever is authenticated: a
// repeated request gets the first one's response and changes nothing. Where the
// first one's response is not known, since the database went away meanwhile, the
// message that it may have posted keeps its id.
func (s *Server) idempotent(ctx huma.Context, next func(huma.Context)) {
	key, who := ctx.Header("Idempotency-Key"), principal(ctx)
	if ctx.Method() != http.MethodPost || key == "" || who.Kind == identity.Nobody {
		next(ctx)
		return
	}
	if len(key) > 255 {
		s.writeErr(ctx, huma.Error422UnprocessableEntity("The Idempotency-Key is longer than 255 bytes."))
		return
	}
	c := humafiber.Unwrap(ctx)
	// The customer, not the session: a retry may come with a new session.
	customer := identity.CustomerID("")
	if who.Kind != identity.Staff {
		customer = who.Customer
	}
	scope := who.Actor() + " " + c.Path()
	body := string(c.Request().Body())
	seen, err := s.Memory.Remember(c.UserContext(), customer, scope, key, body)
	if err != nil {
		if away(err) { // the key may have been reserved, for nobody
			s.settle(Response{Status: http.StatusServiceUnavailable}, func(ctx context.Context) error { return s.Memory.Forget(ctx, scope, key) })
		}
		s.writeErr(ctx, err)
		return
	}
	if seen != nil {
		c.Set("Idempotency-Replayed", "true")
		c.Set("Content-Type", seen.ContentType)
		_ = c.Status(seen.Status).Send(seen.Body) // only sets the response
		return
	}
	next(huma.WithContext(ctx, conversation.WithMessageID(ctx.Context(), messageID(scope, key, body))))
	if c.Response().IsBodyStream() { // too large to remember, and made anew as well
		s.settle(Response{Status: http.StatusOK}, func(ctx context.Context) error { return s.Memory.Forget(ctx, scope, key) })
		return
	}
	r := Response{c.Response().StatusCode(), string(c.Response().Header.ContentType()), bytes.Clone(c.Response().Body())}
	if r.Status >= http.StatusInternalServerError || r.Status == http.StatusTooManyRequests {
		s.settle(r, func(ctx context.Context) error { return s.Memory.Forget(ctx, scope, key) })
	} else {
		s.settle(r, func(ctx context.Context) error { return s.Memory.Settle(ctx, customer, scope, key, r) })
	}
}

// messageID is the id of the message that a request posts: the same on every
// replica, and another for every key, address, person and body. What a key was used for
// may have been forgotten: another body is then another request, and not what was done.
func messageID(scope, key, body string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", scope, key, body))
	return "msg_" + hex.EncodeToString(sum[:13]) // as long as others
}

const (
	// settleTimeout bounds one attempt to settle a key.
	settleTimeout = 5 * time.Second
	// settlePause lies between two.
	settlePause = time.Second
	// settleLife is after which nobody comes back for a key that is reserved.
	settleLife = 10 * time.Minute
)

// settle ends the reservation of a key, which served r. While the database is
// away it goes on trying behind the response: whoever repeats the request must
// not be told for long that it is still being served.
func (s *Server) settle(r Response, end func(context.Context) error) {
	attempt := func() error {
		ctx, cancel := context.WithTimeout(s.life, settleTimeout)
		defer cancel()
		return end(ctx)
	}
	// A response that says that the database is away waits for it no longer.
	if r.Status != http.StatusServiceUnavailable && attempt() == nil {
		return
	}
	s.settling.Go(func() {
		err := attempt()
		for start := time.Now(); err != nil && time.Since(start) < settleLife; err = attempt() {
			select {
			case <-s.life.Done():
				return
			case <-time.After(settlePause):
			}
		}
		if err != nil {
			s.Logger.Error("an idempotency key was not settled", "error", err)
		}
	})
}
