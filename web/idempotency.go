package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

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
// repeated request gets the first one's response and changes nothing.
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
	seen, err := s.Memory.Remember(c.UserContext(), customer, scope, key, string(c.Request().Body()))
	if err != nil {
		s.writeErr(ctx, err)
		return
	}
	if seen != nil {
		c.Set("Idempotency-Replayed", "true")
		c.Set("Content-Type", seen.ContentType)
		_ = c.Status(seen.Status).Send(seen.Body) // only sets the response
		return
	}
	next(ctx)
	r := Response{c.Response().StatusCode(), string(c.Response().Header.ContentType()), c.Response().Body()}
	if r.Status >= http.StatusInternalServerError || r.Status == http.StatusTooManyRequests {
		err = s.Memory.Forget(c.UserContext(), scope, key)
	} else {
		err = s.Memory.Settle(c.UserContext(), customer, scope, key, r)
	}
	if err != nil {
		// The request itself was served; its key frees itself after a while.
		s.Logger.Error("an idempotency key was not settled", "error", err)
	}
}
