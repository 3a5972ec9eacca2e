package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// MaxTokenLife is the longest an identity token may live.
const MaxTokenLife = 5 * time.Minute

// clockSkew is how far the site's clock may run ahead. An expiry is exact.
const clockSkew = 30 * time.Second

// maxSubject bounds the length in bytes of a customer's id at their site.
const maxSubject = 256

// VerifyToken checks an identity token of the site and returns the `sub` it
// vouches for. The token is a JWT signed with HS256 and the site's secret, with
// `sub`, `iat`, `exp` and `jti`, lives at most MaxTokenLife, and is spent by
// this call: the second use is an error. All errors are ErrUnauthenticated with
// a detail that is safe to show.
func VerifyToken(ctx context.Context, dir Directory, site Site, token string, now time.Time) (sub string, err error) {
	refuse := func(detail string) (string, error) {
		return "", fmt.Errorf("%w: %s", ErrUnauthenticated, detail)
	}
	if len(site.Secret) == 0 {
		return refuse("the site has no secret to check an identity token with") // anyone can sign with none
	}
	var claims jwt.RegisteredClaims
	// The algorithm is pinned: a token must not choose how it is checked.
	_, err = jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return site.Secret, nil },
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
	}
	if err := dir.UseToken(ctx, site.ID, claims.ID, claims.ExpiresAt.Time); err != nil {
		return "", err
	}
	return claims.Subject, nil
}

// IssueToken signs an identity token for sub, as a site's backend does. Candor
// itself uses it only in demo mode and in tests.
func IssueToken(site Site, sub string, now time.Time) (string, error) {
	if len(site.Secret) == 0 {
		return "", errors.New("the site has no secret to sign an identity token with")
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject:   sub,
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(MaxTokenLife)),
		ID:        NewID("jti"),
	})
	return t.SignedString(site.Secret)
}
