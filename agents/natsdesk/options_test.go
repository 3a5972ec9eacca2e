package natsdesk_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"candor/agents"
	"candor/agents/natsdesk"
	"candor/identity"
)

// authority issues certificates.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.cert, a.key = a.issue(t, "ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// issue writes a certificate and its key to files of that name; the first one
// signs itself.
func (a *authority) issue(t *testing.T, name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := template, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	for file, block := range map[string]*pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		must(t, os.WriteFile(a.file(file), pem.EncodeToMemory(block), 0o600))
	}
	return cert, key
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// Seeds of user keys, made for this test.
const (
	firstSeed  = "SUACQ7I4UXJCVTNLMNNIVSFZO2IQJXKH5N76NLKE3OVDNITSPEB6FF77Q4"
	secondSeed = "SUAJUJ3AS7NKDRSIJ4LAYLPRKXQ3SHEGVHWY4OBXORXTRKGZXUX74HYSNA"
)

// writeCredentials writes a .creds file.
func writeCredentials(t *testing.T, file, seed string) {
	t.Helper()
	must(t, os.WriteFile(file, []byte(`-----BEGIN NATS USER JWT-----
a.b.c
------END NATS USER JWT------
-----BEGIN USER NKEY SEED-----
`+seed+`
------END USER NKEY SEED------
`), 0o600))
}

func TestOpenRefuses(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "other", &x509.Certificate{})
	creds, empty := a.file("good.creds"), a.file("canary.empty")
	writeCredentials(t, creds, firstSeed)
	must(t, os.WriteFile(empty, []byte("canary"), 0o600))
	const url = "nats://127.0.0.1:1"
	for name, o := range map[string]natsdesk.Options{
		"an unknown scheme":          {URL: "redis://user:canary@host:1"},
		"no URL":                     {},
		"a bare address":             {URL: "canary:4222"},
		"one of two":                 {URL: "nats://a:1,http://canary"},
		"two schemes":                {URL: "nats://user:canary@a:1,tls://user:canary@b:1"},
		"an empty one":               {URL: "nats://user:canary@a:1,"},
		"no host":                    {URL: "nats://user:canary@:4222"},
		"a password with a slash":    {URL: "nats://user:12/canary@host:4222"},
		"a password with a hash":     {URL: "nats://user:12#canary@host:4222"},
		"a port that is none":        {URL: "nats://user:canary@host:port"},
		"no folder":                  {URL: "embedded:"},
		"listening without a token":  {URL: "embedded:", Dir: "x", Listen: "127.0.0.1:0"},
		"listening with an outside":  {URL: url, Listen: "127.0.0.1:0", ListenToken: "x"},
		"listening at no address":    {URL: "embedded:", Dir: t.TempDir(), Listen: "4222", ListenToken: "x"},
		"listening at a wrong port":  {URL: "embedded:", Dir: t.TempDir(), Listen: "127.0.0.1:99999", ListenToken: "x"},
		"a folder that is no folder": {URL: "embedded:", Dir: "/dev/null"},
		"embedded with an authority": {URL: "embedded:", Dir: t.TempDir(), CA: a.file("ca.pem")},
		"embedded with credentials":  {URL: "embedded:", Dir: t.TempDir(), Credentials: creds},
		"embedded with a key":        {URL: "embedded:", Dir: t.TempDir(), Key: a.file("ca.key")},
		"embedded with replicas":     {URL: "embedded:", Dir: t.TempDir(), Replicas: 3},
		"two replicas":               {URL: url, Replicas: 2},
		"fewer than no replicas":     {URL: url, Replicas: -1},
		"a key without certificate":  {URL: url, Key: a.file("ca.key")},
		"a certificate without key":  {URL: url, Cert: a.file("ca.pem")},
		"another one's key":          {URL: url, Cert: a.file("ca.pem"), Key: a.file("other.key")},
		"no such authority":          {URL: url, CA: a.file("none")},
		"an empty authority":         {URL: "nats://user:canary@host:1", CA: a.file("ca.key")},
		"no such credentials":        {URL: url, Credentials: a.file("none")},
		"credentials without key":    {URL: url, Credentials: empty},
		"credentials and a user":     {URL: "nats://user:canary@host:1", Credentials: creds},
		"credentials and a token":    {URL: "nats://canary@host:1", Credentials: creds},
	} {
		t.Run(name, func(t *testing.T) {
			bus, err := natsdesk.Open(t.Context(), o)
			if err == nil {
				_ = bus.Close()
				t.Fatal("opened")
			}
			if strings.Contains(strings.ReplaceAll(err.Error(), empty, ""), "canary") {
				t.Errorf("the error repeats a secret: %v", err)
			}
			if !strings.HasPrefix(name, "a folder") && strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is not one line: %v", err)
			}
		})
	}
}

// refused waits until a bus says why it is not let in.
func refused(t *testing.T, bus *natsdesk.Bus, why string) {
	t.Helper()
	eventually(t, "it is refused for "+why, func() bool {
		err := bus.Ready(t.Context())
		return err != nil && strings.Contains(strings.ToLower(err.Error()), why)
	})
}

// TestTLS connects to a server that asks for certificates and a password.
func TestTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.issue(t, "server", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	a.issue(t, "client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	pair, err := tls.LoadX509KeyPair(a.file("server.pem"), a.file("server.key"))
	must(t, err)
	authorities := x509.NewCertPool()
	authorities.AddCert(a.cert)
	port := freePort(t)
	outsideWith(t, &server.Options{
		Host: "127.0.0.1", Port: port, StoreDir: t.TempDir(), Username: "candor", Password: "canary",
		TLS: true, TLSVerify: true, TLSTimeout: 5,
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientCAs: authorities, ClientAuth: tls.RequireAndVerifyClientCert,
		},
	})
	address := func(scheme, user string) string { return fmt.Sprintf("%s://%s@127.0.0.1:%d", scheme, user, port) }
	ca, cert, key := a.file("ca.pem"), a.file("client.pem"), a.file("client.key")

	for _, scheme := range []string{"tls", "nats"} {
		bus := openOutside(t, natsdesk.Options{URL: address(scheme, "candor:canary"), CA: ca, Cert: cert, Key: key})
		ready(t, bus)
		if _, err := bus.Conn().TLSConnectionState(); err != nil {
			t.Errorf("with %s: %v", scheme, err)
		}
	}
	for why, o := range map[string]natsdesk.Options{
		"unknown authority":       {URL: address("tls", "candor:canary"), Cert: cert, Key: key},
		"certificate required":    {URL: address("tls", "candor:canary"), CA: ca},
		"authorization violation": {URL: address("tls", "candor:canary2"), CA: ca, Cert: cert, Key: key},
	} {
		var log recorder
		o.Logger = log.logger()
		refused(t, openOutside(t, o), why)
		eventually(t, "it is logged", func() bool { return strings.Contains(log.String(), "cannot be reached") })
		if strings.Contains(log.String(), "canary") {
			t.Errorf("the log has a password:\n%s", log.String())
		}
	}
}

// gatekeeper admits who signs with a key.
type gatekeeper struct {
	mu      sync.Mutex
	key     ed25519.PublicKey
	refused int
}

// admit changes the key to that of a seed.
func (g *gatekeeper) admit(t *testing.T, seed string) {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed)
	must(t, err)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.key = ed25519.NewKeyFromSeed(raw[2:34]).Public().(ed25519.PublicKey) // between its kind and a checksum
}

func (g *gatekeeper) Check(c server.ClientAuthentication) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	signature, err := base64.RawURLEncoding.DecodeString(c.GetOpts().Sig)
	if err != nil || !ed25519.Verify(g.key, c.GetNonce(), signature) {
		g.refused++
		return false
	}
	c.RegisterUser(&server.User{Username: "candor"})
	return true
}

// TestCredentials replaces a credentials file after the server has stopped to
// take the old one.
func TestCredentials(t *testing.T) {
	t.Parallel()
	gate := &gatekeeper{}
	gate.admit(t, firstSeed)
	port := freePort(t)
	s := outsideWith(t, &server.Options{
		Host: "127.0.0.1", Port: port, StoreDir: t.TempDir(), CustomClientAuthentication: gate, AlwaysEnableNonce: true,
	})
	file := filepath.Join(t.TempDir(), "candor.creds")
	writeCredentials(t, file, firstSeed)
	var log recorder
	bus := openOutside(t, natsdesk.Options{URL: fmt.Sprint("nats://127.0.0.1:", port), Credentials: file, Logger: log.logger()})
	ready(t, bus)

	gate.admit(t, secondSeed)
	id, err := bus.Conn().GetClientID()
	must(t, err)
	must(t, s.DisconnectClientByID(id))
	eventually(t, "it is refused, and does not give up", func() bool {
		gate.mu.Lock()
		defer gate.mu.Unlock()
		return gate.refused > 4
	})
	must(t, os.Remove(file)) // it may be away while it is replaced
	writeCredentials(t, file, secondSeed)
	ready(t, bus)
	if n := strings.Count(strings.ToLower(log.String()), "authorization violation"); n != 1 {
		t.Errorf("that it is refused is logged %d times, want once:\n%s", n, log.String())
	}
}

// TestPermissions uses a server that allows what docs/design/desk.md says is
// needed, and no more.
func TestPermissions(t *testing.T) {
	allowed := &server.SubjectPermission{Allow: []string{"candor.>", "_CANDOR.>", "$SRV.>", "$KV.presence.>", "$JS.API.>", "$JS.FC.>"}}
	port := freePort(t)
	outsideWith(t, &server.Options{
		Host: "127.0.0.1", Port: port, StoreDir: t.TempDir(),
		Users: []*server.User{{Username: "candor", Password: "canary", Permissions: &server.Permissions{Publish: allowed, Subscribe: allowed}}},
	})
	var log recorder
	bus := openOutside(t, natsdesk.Options{URL: fmt.Sprint("nats://candor:canary@127.0.0.1:", port), Logger: log.logger()})
	ready(t, bus)
	f := fixture(t)
	serve(t, bus, f, f.Service, f.Queue)
	heard := follow(t, bus, knock(t, bus))
	for i := range 300 {
		must(t, bus.SetPresence(t.Context(), identity.StaffID(fmt.Sprint("stf_", i)), "online"))
	}
	present, err := bus.Presence(t.Context())
	must(t, err)
	post(t, bus, agents.Outgoing{Position: 1, ID: "evt_1", Subject: "candor.consent.x", Payload: []byte("{}")})
	eventually(t, "a broadcast is heard", func() bool { return len(heard("candor.consent.x")) == 1 })
	must(t, bus.Conn().Flush())
	if strings.Contains(log.String(), "ermission") || len(present) != 300 {
		t.Errorf("%d are present, want 300; the log is\n%s", len(present), log.String())
	}
}
