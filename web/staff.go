package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/identity"
)

// staffSessionLife is how long staff stay signed in.
const staffSessionLife = 12 * time.Hour

type loginInput struct {
	Body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
}

type loginOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      struct {
		CSRF  string          `json:"csrf" doc:"Send it as X-CSRF-Token with everything but GET"`
		Name  string          `json:"name"`
		Roles []identity.Role `json:"roles"`
	}
}

type meOutput struct {
	Body struct {
		ID    identity.StaffID `json:"id"`
		Name  string           `json:"name"`
		Email string           `json:"email"`
		Roles []identity.Role  `json:"roles"`
		// Recipient is whose desk they work at.
		Recipient string `json:"recipient,omitempty" doc:"desk:<name> of a desk of somebody else's; absent: the company's own"`
		CSRF      string `json:"csrf,omitempty"`
	}
}

type meInput struct {
	Cookie string `cookie:"candor_staff"`
}

type logoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *Server) staffRoutes() {
	register(s, staffLogin, huma.Operation{
		OperationID: "login", Method: http.MethodPost, Path: "/api/staff/login", Summary: "Sign in",
	}, s.login)
	register(s, staffOnly, huma.Operation{
		OperationID: "logout", Method: http.MethodPost, Path: "/api/staff/logout",
		Summary: "Sign out", DefaultStatus: http.StatusNoContent,
	}, s.logout)
	register(s, staffOnly, huma.Operation{
		OperationID: "me", Method: http.MethodGet, Path: "/api/staff/me", Summary: "Who is signed in",
	}, s.me)
}

func (s *Server) cookie(value string, expires time.Time) http.Cookie {
	return http.Cookie{
		Name: staffCookie, Value: value, Path: "/", Expires: expires, HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteStrictMode,
	}
}

func (s *Server) login(ctx context.Context, _ identity.Principal, in *loginInput) (*loginOutput, error) {
	email := strings.ToLower(strings.TrimSpace(in.Body.Email))
	// One account can be guessed at slowly only, wherever from. A right password
	// is no guess.
	if d := s.limits.peek("account "+email, guessRate, guessBurst); d > 0 {
		return nil, tooMany(d)
	}
	// An unknown address takes as long as a wrong password, and reads alike.
	m, err := s.Directory.StaffByEmail(ctx, email)
	if away(err) {
		return nil, err // not a guess
	}
	if !s.checkPassword(m.Password, in.Body.Password) || err != nil {
		s.limits.wait("account "+email, guessRate, guessBurst)
		return nil, huma.Error401Unauthorized("The address or the password is wrong.")
	}
	now, err := s.Directory.Now(ctx)
	if err != nil {
		return nil, err
	}
	x := identity.Session{
		ID: identity.NewID("ses"), Token: identity.NewSecret("sst"), Kind: identity.Staff, Staff: m.ID,
		CSRF: identity.NewSecret("csrf"), Expires: now.Add(staffSessionLife),
	}
	if err := s.Directory.AddSession(ctx, x); err != nil {
		return nil, err
	}
	out := &loginOutput{SetCookie: s.cookie(x.Token, x.Expires)}
	out.Body.CSRF, out.Body.Name, out.Body.Roles = x.CSRF, m.Name, m.Roles
	return out, nil
}

// How fast one account's password may be guessed: ten times, then once in five
// seconds.
const (
	guessRate  = 0.2
	guessBurst = 10
)

// passwordChecks is how many passwords are checked at once: each takes 64 MiB.
const passwordChecks = 2

func (s *Server) checkPassword(encoded, password string) bool {
	s.passwords <- struct{}{}
	defer func() { <-s.passwords }()
	return identity.CheckPassword(encoded, password)
}

func (s *Server) logout(ctx context.Context, _ identity.Principal, in *meInput) (*logoutOutput, error) {
	if in.Cookie != "" {
		if err := s.Directory.EndSession(ctx, in.Cookie); err != nil {
			return nil, err
		}
	}
	return &logoutOutput{s.cookie("", time.Unix(1, 0))}, nil
}

func (s *Server) me(ctx context.Context, who identity.Principal, in *meInput) (*meOutput, error) {
	m, err := s.Directory.Staff(ctx, who.Staff)
	if err != nil {
		return nil, err
	}
	out := &meOutput{}
	out.Body.ID, out.Body.Name, out.Body.Email, out.Body.Roles = m.ID, m.Name, m.Email, m.Roles
	out.Body.Recipient = m.Recipient
	if in.Cookie != "" && who.Session != "" {
		x, err := s.Directory.Session(ctx, in.Cookie)
		if err != nil {
			return nil, err
		}
		out.Body.CSRF = x.CSRF
	}
	return out, nil
}
