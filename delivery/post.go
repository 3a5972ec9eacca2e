package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

const (
	// postTimeout bounds a try, from the look-up of the name to the end of the answer.
	postTimeout = 10 * time.Second
	// maxAnswer is how much of an answer is read, to use its connection again.
	maxAnswer = 64 << 10
)

// poster sends webhooks.
type poster struct {
	outside *http.Client
	// inside reaches this machine and nothing else; nil: nothing does.
	inside *http.Client
}

func newPoster(local bool) *poster {
	p := &poster{outside: newHTTPClient(public)}
	if local {
		p.inside = newHTTPClient(netip.Addr.IsLoopback)
	}
	return p
}

// errPrivate refuses an address at which a webhook is not reached.
var errPrivate = errors.New("a private address")

// newHTTPClient returns a client that connects to the addresses that may says.
//
// SECURITY: the address is looked at when it is dialled, after the name was resolved:
// whoever answers for the name cannot answer otherwise in between. No proxy of the
// environment is asked, which would resolve it again.
func newHTTPClient(may func(netip.Addr) bool) *http.Client {
	dialer := &net.Dialer{
		Timeout: postTimeout,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil || !may(ap.Addr().Unmap()) {
				return errPrivate
			}
			return nil
		},
	}
	return &http.Client{
		Timeout:       postTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: lineWidth, IdleConnTimeout: time.Minute,
			MaxResponseHeaderBytes: maxAnswer, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		},
	}
}

// special are the networks that are not private by name and lead into one, or
// nowhere: IANA's registries of special-purpose addresses.
var special = func() (all []netip.Prefix) {
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		// These hold an IPv4 address, which may be any.
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/23", "2001:db8::/32", "100::/64", "fec0::/10", "3fff::/20", "5f00::/16",
	} {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}()

// public reports whether an address is reached over the public Internet.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// post makes one try to deliver a body to a webhook.
func (p *poster) post(ctx context.Context, w Webhook, id string, at time.Time, body []byte) Result {
	signature, err := Sign(w.Secret, id, at, body)
	if err != nil {
		return Result{Status: Failed, Why: "secret"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return Result{Status: Failed, Why: "url"}
	}
	client := p.outside
	if p.inside != nil && loopback(req.URL.Hostname()) {
		client = p.inside
	} else if req.URL.Scheme != "https" {
		return Result{Status: Failed, Why: "url"}
	}
	req.Header.Set("Content-Type", "application/cloudevents+json; charset=UTF-8")
	req.Header.Set("User-Agent", "Candor")
	req.Header.Set(IDHeader, id)
	req.Header.Set(TimestampHeader, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(SignatureHeader, signature)
	res, err := client.Do(req)
	if err != nil {
		return Result{Status: Waiting, Why: reason(err)}
	}
	defer res.Body.Close()
	// What it says is of no interest; a connection that breaks in it has answered.
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer)
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return Result{Status: Sent, Code: res.StatusCode}
	case res.StatusCode == http.StatusGone:
		return Result{Status: Failed, Code: res.StatusCode, Why: "answer", Gone: true}
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return Result{Status: Waiting, Code: res.StatusCode, Why: "redirect"}
	}
	return Result{Status: Waiting, Code: res.StatusCode, Why: "answer"}
}

// reason names what went wrong with a connection. The error itself repeats addresses.
func reason(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var timeout net.Error
	switch {
	case errors.Is(err, errPrivate):
		return "private_address"
	case errors.As(err, &dns):
		return "unknown_host"
	case errors.As(err, &cert), errors.As(err, &record), errors.As(err, &alert):
		return "tls"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	}
	return "connection"
}

// String describes a result for the log.
func (r Result) String() string { return fmt.Sprintf("%s %s %d", r.Status, r.Why, r.Code) }
