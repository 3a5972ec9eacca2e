package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// MaxTokenLife is the longest an identity token may live.
const MaxTokenLife = 5 * time.Minute

// clockSkew is how far the site's clock may run ahead. An expiry is exact.
const clockSkew = 30 * time.Second

// maxSubject bounds the length in bytes of a customer's id at their site.
const maxSubject = 256

// Claims is what an identity token vouches for.
type Claims struct {
	Subject string // the customer's id at their site
	// AgeBand is child, teen or adult, and Jurisdiction the id of a profile of the
	// policy; empty where the site does not say.
	AgeBand, Jurisdiction string
}

// tokenClaims is the body of an identity token.
type tokenClaims struct {
	jwt.RegisteredClaims
	AgeBand      string `json:"age_band,omitempty"`
	Jurisdiction string `json:"jurisdiction,omitempty"`
}

// VerifyToken checks an identity token of the site and returns what it vouches
// for. The token is a JWT signed with HS256 and the site's secret, with
// `sub`, `iat`, `exp` and `jti`, lives at most MaxTokenLife, and is spent by
// this call: the second use is an error. All errors are ErrUnauthenticated with
// a detail that is safe to show.
func VerifyToken(ctx context.Context, dir Directory, site Site, token string, now time.Time) (Claims, error) {
	refuse := func(detail string) (Claims, error) {
		return Claims{}, fmt.Errorf("%w: %s", ErrUnauthenticated, detail)
	}
	if len(site.Secret) == 0 {
		return refuse("the site has no secret to check an identity token with") // anyone can sign with none
	}
	var claims tokenClaims
	// The algorithm is pinned: a token must not choose how it is checked.
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return site.Secret, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	switch {
	case err != nil:
		return refuse("the identity token is not valid: its signature, algorithm or times do not check")
	case claims.Subject == "" || len(claims.Subject) > maxSubject:
		return refuse("the identity token needs a `sub` of 1 to 256 bytes")
	case claims.ID == "":
		return refuse("the identity token needs a `jti`")
	case claims.IssuedAt == nil:
		return refuse("the identity token needs an `iat`")
	case claims.IssuedAt.After(now.Add(clockSkew)):
		return refuse("the identity token was issued in the future")
	case claims.ExpiresAt.Sub(claims.IssuedAt.Time) > MaxTokenLife:
		return refuse("the identity token lives longer than 5 minutes")
	case claims.AgeBand != "" && !slices.Contains(ageBands, claims.AgeBand):
		return refuse("the identity token's `age_band` is none of child, teen and adult")
	}
	if err := dir.UseToken(ctx, site.ID, claims.ID, claims.ExpiresAt.Time); err != nil {
		return Claims{}, err
	}
	return Claims{Subject: claims.Subject, AgeBand: claims.AgeBand, Jurisdiction: claims.Jurisdiction}, nil
}

var ageBands = []string{"child", "teen", "adult"}

// IssueToken signs an identity token, as a site's backend does. Candor itself uses
// it only in demo mode and in tests.
func IssueToken(site Site, c Claims, now time.Time) (string, error) {
	if len(site.Secret) == 0 {
		return "", errors.New("the site has no secret to sign an identity token with")
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, tokenClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject:   c.Subject,
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(MaxTokenLife)),
			ID:        NewID("jti"),
		},
		AgeBand: c.AgeBand, Jurisdiction: c.Jurisdiction,
	})
	return t.SignedString(site.Secret)
}
