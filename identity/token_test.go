package identity_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"candor/identity"
	"candor/store"
)

var (
	noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	shop = identity.Site{ID: "shop", Name: "Shop", Secret: []byte("a secret of the shop, 32 bytes..")}
)

func openStore(t *testing.T) *store.Store {
	t.Helper()
	dir := t.TempDir()
	keys, err := store.OpenKeyring(t.Context(), "sqlite:"+filepath.Join(dir, "keys.db"), store.MasterKey{1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "candor.db"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// claims are those of a good token; change spoils them.
func claims(change func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{
		"sub": "maya", "jti": identity.NewID("jti"),
		"iat": noon.Unix(), "exp": noon.Add(identity.MaxTokenLife).Unix(),
	}
	if change != nil {
		change(c)
	}
	return c
}

func sign(t *testing.T, method jwt.SigningMethod, key any, c jwt.MapClaims) string {
	t.Helper()
	s, err := jwt.NewWithClaims(method, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerifyTokenRefuses(t *testing.T) {
	t.Parallel()
	dir := openStore(t)
	hs := func(change func(jwt.MapClaims)) string {
		return sign(t, jwt.SigningMethodHS256, shop.Secret, claims(change))
	}
	set := func(name string, value any) string {
		return hs(func(c jwt.MapClaims) { c[name] = value })
	}
	without := func(name string) string {
		return hs(func(c jwt.MapClaims) { delete(c, name) })
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	none := sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(nil))
	good := hs(nil)
	for _, tt := range []struct {
		name, token string
		detail      string // what the site's developer is told
	}{
		{"nothing", "", "not valid"},
		{"not a token", "a.b.c", "not valid"},
		{"alg none", none, "not valid"},
		{"alg none, unsigned", strings.TrimRight(none, ".") + ".", "not valid"},
		{"RS256", sign(t, jwt.SigningMethodRS256, rsaKey, claims(nil)), "not valid"},
		{"HS256 with an RSA public key", sign(t, jwt.SigningMethodHS256, publicPEM, claims(nil)), "not valid"},
		{"HS512 with the right secret", sign(t, jwt.SigningMethodHS512, shop.Secret, claims(nil)), "not valid"},
		{"another secret", sign(t, jwt.SigningMethodHS256, []byte("another"), claims(nil)), "not valid"},
		{"no secret", sign(t, jwt.SigningMethodHS256, []byte{}, claims(nil)), "not valid"},
		{"a changed payload", good[:len(good)/2] + "x" + good[len(good)/2+1:], "not valid"},
		{"no signature", good[:strings.LastIndex(good, ".")+1], "not valid"},
		{"no sub", without("sub"), "`sub`"},
		{"an empty sub", set("sub", ""), "`sub`"},
		{"a sub of 257 bytes", set("sub", strings.Repeat("x", 257)), "`sub`"},
		{"a sub that is a number", set("sub", 7), "not valid"},
		{"an age band that is none", set("age_band", "old"), "`age_band`"},
		{"no iat", without("iat"), "`iat`"},
		{"no exp", without("exp"), "not valid"},
		{"no jti", without("jti"), "`jti`"},
		{"a life of 5 minutes and 1 second", set("exp", noon.Add(identity.MaxTokenLife+time.Second).Unix()), "5 minutes"},
		{"a life of a year", set("exp", noon.AddDate(1, 0, 0).Unix()), "5 minutes"},
		{"expired by a second", hs(func(c jwt.MapClaims) {
			c["iat"], c["exp"] = noon.Add(-time.Minute).Unix(), noon.Add(-time.Second).Unix()
		}), "not valid"},
		{"expired at this moment", hs(func(c jwt.MapClaims) {
			c["iat"], c["exp"] = noon.Add(-time.Minute).Unix(), noon.Unix()
		}), "not valid"},
		{"issued in the future", hs(func(c jwt.MapClaims) {
			c["iat"], c["exp"] = noon.Add(31*time.Second).Unix(), noon.Add(time.Minute).Unix()
		}), "future"},
		{"not valid before later", set("nbf", noon.Add(time.Minute).Unix()), "not valid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := identity.VerifyToken(t.Context(), dir, shop, tt.token, noon)
			if !errors.Is(err, identity.ErrUnauthenticated) || got != (identity.Claims{}) {
				t.Fatalf("got %+v, %v; want ErrUnauthenticated", got, err)
			}
			if !strings.Contains(err.Error(), tt.detail) {
				t.Errorf("the detail is %q, want it to name %s", err, tt.detail)
			}
			if strings.Contains(err.Error(), "maya") {
				t.Errorf("the error names the customer: %v", err)
			}
		})
	}
}

func TestVerifyTokenAccepts(t *testing.T) {
	t.Parallel()
	dir := openStore(t)
	for _, tt := range []struct {
		name   string
		change func(jwt.MapClaims)
		now    time.Time
		sub    string
	}{
		{"a fresh one", nil, noon, "maya"},
		{"in its last second", nil, noon.Add(identity.MaxTokenLife - time.Second), "maya"},
		{"from a clock half a minute ahead", func(c jwt.MapClaims) {
			c["iat"], c["exp"] = noon.Add(30*time.Second).Unix(), noon.Add(time.Minute).Unix()
		}, noon, "maya"},
		{"with a sub of 256 bytes", func(c jwt.MapClaims) { c["sub"] = strings.Repeat("x", 256) }, noon, strings.Repeat("x", 256)},
		{"with a sub that looks like something else", func(c jwt.MapClaims) { c["sub"] = "../../cus_1 ' --" }, noon, "../../cus_1 ' --"},
		{"with claims that are not known", func(c jwt.MapClaims) { c["admin"] = true }, noon, "maya"},
	} {
		token := sign(t, jwt.SigningMethodHS256, shop.Secret, claims(tt.change))
		if got, err := identity.VerifyToken(t.Context(), dir, shop, token, tt.now); err != nil || got.Subject != tt.sub {
			t.Errorf("%s: got %+v, %v; want %q", tt.name, got, err, tt.sub)
		}
	}
}

// TestSiteWithoutSecret: with no secret anyone could sign.
func TestSiteWithoutSecret(t *testing.T) {
	t.Parallel()
	token := sign(t, jwt.SigningMethodHS256, []byte{}, claims(nil))
	if got, err := identity.VerifyToken(t.Context(), openStore(t), identity.Site{ID: "shop"}, token, noon); !errors.Is(err, identity.ErrUnauthenticated) {
		t.Errorf("a site without a secret took a token for %+v: %v", got, err)
	}
	if token, err := identity.IssueToken(identity.Site{ID: "shop"}, identity.Claims{Subject: "maya"}, noon); err == nil {
		t.Errorf("a site without a secret issued %s", token)
	}
}

func TestTokenIsSpentOnce(t *testing.T) {
	t.Parallel()
	dir := openStore(t)
	token, err := identity.IssueToken(shop, identity.Claims{Subject: "maya"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	var accepted atomic.Int32
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			switch _, err := identity.VerifyToken(t.Context(), dir, shop, token, noon); {
			case err == nil:
				accepted.Add(1)
			case !errors.Is(err, identity.ErrUnauthenticated):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := accepted.Load(); n != 1 {
		t.Errorf("a token was accepted %d times of 50", n)
	}
	// Another site has its own jtis: two shops may count alike.
	other := shop
	other.ID = "other"
	if _, err := identity.VerifyToken(t.Context(), dir, other, token, noon); err != nil {
		t.Errorf("the jti of one site is spent at another: %v", err)
	}
}

// TestRefusedTokenIsNotSpent: a site that repairs its clock can go on.
func TestRefusedTokenIsNotSpent(t *testing.T) {
	t.Parallel()
	dir := openStore(t)
	token := sign(t, jwt.SigningMethodHS256, shop.Secret, claims(nil))
	if _, err := identity.VerifyToken(t.Context(), dir, shop, token, noon.Add(-time.Hour)); err == nil {
		t.Fatal("a token from the future was accepted")
	}
	if _, err := identity.VerifyToken(t.Context(), dir, shop, token, noon); err != nil {
		t.Errorf("a refused token was spent: %v", err)
	}
}
