package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"candor/identity"
)

// audience is who an endpoint is for.
type audience int

const (
	anyone     audience = iota
	customers           // bearer token of a widget session
	backends            // server key of a site
	sites               // server key of a site, or the browser key of its pages
	staffOnly           // cookie of a staff session, or an API token
	staffLogin          // anyone, at the pace of a person who types a password
)

var securitySchemes = map[string]*huma.SecurityScheme{
	"session":    {Type: "http", Scheme: "bearer", Description: "The token of POST /api/session"},
	"serverKey":  {Type: "http", Scheme: "bearer", Description: "The server key of a site"},
	"browserKey": {Type: "http", Scheme: "bearer", Description: "The browser key of a site: it may only narrow what is allowed"},
	"staff":      {Type: "apiKey", In: "cookie", Name: staffCookie, Description: "The cookie of POST /api/staff/login, with its csrf as X-CSRF-Token"},
}

var security = map[audience][]map[string][]string{
	customers: {{"session": {}}}, backends: {{"serverKey": {}}}, sites: {{"serverKey": {}}, {"browserKey": {}}}, staffOnly: {{"staff": {}}},
}

const (
	staffCookie = "candor_staff"
	csrfHeader  = "X-CSRF-Token"
)

// authenticate returns who the request speaks for. A credential that does not
// check is an error; it never falls back to an anonymous visitor.
func (s *Server) authenticate(c *fiber.Ctx, a audience) (identity.Principal, error) {
	ctx := c.UserContext()
	switch a {
	case customers:
		x, err := s.session(ctx, bearer(c), identity.Customer, identity.Visitor)
		if err != nil {
			return identity.Principal{}, err
		}
		return identity.Principal{
			Kind: x.Kind, Site: x.Site, Customer: x.Customer, Session: x.ID, GPC: x.GPC || c.Get("Sec-GPC") == "1",
		}, nil
	case backends:
		site, err := s.Directory.SiteByServerKey(ctx, bearer(c))
		if err != nil {
			return identity.Principal{}, err
		}
		return identity.Principal{Kind: identity.Backend, Site: site.ID}, nil
	case sites:
		site, err := s.Directory.SiteByServerKey(ctx, bearer(c))
		if err == nil {
			return identity.Principal{Kind: identity.Backend, Site: site.ID}, nil
		}
		if !errors.Is(err, identity.ErrUnauthenticated) {
			return identity.Principal{}, err
		}
		site, err = s.Directory.SiteByBrowserKey(ctx, bearer(c))
		return identity.Principal{Kind: identity.Browser, Site: site.ID}, err
	case staffOnly:
		return s.authenticateStaff(c)
	case anyone, staffLogin:
	}
	return identity.Principal{}, nil
}

func (s *Server) session(ctx context.Context, token string, kinds ...identity.Kind) (identity.Session, error) {
	if token == "" {
		return identity.Session{}, identity.ErrUnauthenticated
	}
	x, err := s.Directory.Session(ctx, token)
	if err == nil && !slices.Contains(kinds, x.Kind) {
		err = identity.ErrUnauthenticated
	}
	return x, err
}

func (s *Server) authenticateStaff(c *fiber.Ctx) (identity.Principal, error) {
	m, x, err := s.staffBy(c.UserContext(), bearer(c), c.Cookies(staffCookie))
	if err != nil {
		return identity.Principal{}, err
	}
	// A page of another site can make the browser send the cookie, not the
	// header.
	reads := c.Method() == http.MethodGet || c.Method() == http.MethodHead
	if x.ID != "" && !reads && subtle.ConstantTimeCompare([]byte(c.Get(csrfHeader)), []byte(x.CSRF)) != 1 {
		return identity.Principal{}, huma.Error403Forbidden("The X-CSRF-Token header is missing or wrong. Sign in again.")
	}
	who := m.Principal()
	who.Session = x.ID
	return who, nil
}

// staffBy returns the member of staff of an API token, or if there is none of a
// cookie's session, which then is not empty.
func (s *Server) staffBy(ctx context.Context, token, cookie string) (identity.StaffMember, identity.Session, error) {
	if token != "" {
		m, err := s.Directory.StaffByAPIToken(ctx, token)
		return m, identity.Session{}, err
	}
	x, err := s.session(ctx, cookie, identity.Staff)
	if err != nil {
		return identity.StaffMember{}, x, err
	}
	m, err := s.Directory.Staff(ctx, x.Staff)
	return m, x, err
}

func bearer(c *fiber.Ctx) string {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

type principalKey struct{}

// register adds an operation for an audience. fn gets the principal; its error
// becomes a problem.
func register[I, O any](s *Server, a audience, op huma.Operation, fn func(context.Context, identity.Principal, *I) (*O, error)) {
	op.Security = security[a]
	before := huma.Middlewares{s.authMiddleware(a), s.limit(a)}
	if !unremembered[op.OperationID] {
		before = append(before, s.idempotent)
	}
	op.Middlewares = append(before, op.Middlewares...)
	op.MaxBodyBytes = maxImport // checkBody has refused what is too large for its route
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		who, _ := ctx.Value(principalKey{}).(identity.Principal)
		out, err := fn(ctx, who, in)
		if err != nil {
			return nil, s.problem(err)
		}
		return out, nil
	})
}

// unremembered are the operations whose responses are not kept for who asks again.
//
// SECURITY: a draft must not outlive the consent that it was made under, nor be read
// without a look on record, and a link to a password works once.
var unremembered = map[string]bool{"suggest": true, "invite": true, "staffLink": true}

func (s *Server) authMiddleware(a audience) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		who, err := s.authenticate(humafiber.Unwrap(ctx), a)
		if err != nil {
			s.writeErr(ctx, err)
			return
		}
		next(huma.WithValue(ctx, principalKey{}, who))
	}
}

func principal(ctx huma.Context) identity.Principal {
	who, _ := ctx.Context().Value(principalKey{}).(identity.Principal)
	return who
}

// writeErr answers with a problem from a middleware. An answer that cannot be
// written has nobody to read it.
func (s *Server) writeErr(ctx huma.Context, err error) {
	_ = writeProblem(humafiber.Unwrap(ctx), s.problem(err))
}
