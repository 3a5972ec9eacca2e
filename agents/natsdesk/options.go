package natsdesk

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
)

// Embedded is the URL of a NATS server inside this process.
const Embedded = "embedded:"

// Options says which NATS server is used, and how.
type Options struct {
	// URL is Embedded, or the addresses of a NATS server or cluster, several
	// with commas between them: all nats://host:port, or all tls://host:port. A
	// user:password or a token may stand before the host, as in
	// tls://user:password@host:port.
	URL string
	// Dir is the folder in which the embedded server keeps its streams.
	Dir string
	// Listen opens the embedded server at host:port for outside desks; port 0
	// picks a free one. It is refused without ListenToken or Desks.
	Listen string
	// ListenToken is what a desk that serves every queue presents to connect, as a
	// NATS token. What it may then do is in outside.go; each call still needs an
	// agent's own API token.
	ListenToken string
	// Desks are those that serve some queues, each with a token of its own.
	Desks []OutsideDesk

	// Credentials is the .creds file with which this process connects to an
	// outside server. Like the files below it is read again at each connect, so
	// that it can be replaced while the program runs.
	Credentials string
	// CA is a PEM file with the authorities that an outside server's
	// certificate may come from; empty: those of the system. With it, or with
	// Cert, nats:// URLs are connected to by TLS too.
	CA string
	// Cert and Key are the PEM files of this process's own certificate, for
	// servers that ask for one.
	Cert, Key string
	// Replicas is how many servers of a cluster keep each stream and who is
	// present: 1, 3 or 5; 0 is 1. What exists with fewer is raised, and what
	// exists with more is left.
	Replicas int

	Logger *slog.Logger // nil: nothing is logged
}

// check refuses options that contradict each other, and files that do not read.
// What it says is one line, and never repeats the URL, which may hold a
// password.
func (o Options) check() error {
	if o.URL == Embedded {
		return o.checkEmbedded()
	}
	return o.checkOutside()
}

func (o Options) checkEmbedded() error {
	switch {
	case o.Dir == "":
		return errors.New("the embedded NATS server needs a folder")
	case o.Listen != "" && len(o.desks()) == 0:
		return errors.New("nats.listen needs authentication: set a token for outside desks")
	case slices.ContainsFunc(o.Desks, func(d OutsideDesk) bool {
		return d.Name == "" || d.Token == "" || d.Token == o.ListenToken || len(d.Queues) == 0
	}):
		return errors.New("an outside desk needs a name, a token of its own and queues")
	case o.Credentials != "" || o.CA != "" || o.Cert != "" || o.Key != "":
		return errors.New("credentials and certificates are for an outside NATS server, but it is the embedded one")
	case o.Replicas != 0 && o.Replicas != 1:
		return errors.New("the embedded NATS server is one; replicas need a cluster outside")
	}
	return nil
}

// desks are who is let in from outside.
func (o Options) desks() []OutsideDesk {
	if o.ListenToken == "" {
		return o.Desks
	}
	return append([]OutsideDesk{{Token: o.ListenToken}}, o.Desks...)
}

func (o Options) checkOutside() error {
	schemes := make(map[string]bool)
	user := false
	for s := range strings.SplitSeq(o.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(s))
		// A password with a slash in it would make its user the host.
		if err != nil || u.Hostname() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "nats" && u.Scheme != "tls" {
			return errors.New("the NATS URL must be embedded:, or nats://host:port or tls://host:port, several with commas between them")
		}
		schemes[u.Scheme] = true
		user = user || u.User != nil
	}
	switch {
	case len(schemes) > 1:
		return errors.New("of the NATS URLs some are tls: and some are not")
	case o.Listen != "" || len(o.desks()) > 0:
		return errors.New("nats.listen is for the embedded server; an outside NATS server has its own listener and users")
	case o.Credentials != "" && user:
		return errors.New("the NATS URL names a user, and there is a credentials file: one of them must go")
	case (o.Cert == "") != (o.Key == ""):
		return errors.New("a certificate for NATS needs its key, and a key its certificate")
	case !slices.Contains([]int{0, 1, 3, 5}, o.Replicas):
		return errors.New("NATS keeps 1, 3 or 5 replicas")
	}
	scratch := nats.GetDefaultOptions()
	for _, option := range o.files() {
		if err := option(&scratch); err != nil {
			return fmt.Errorf("connect to NATS by TLS: %w", err)
		}
	}
	if o.Credentials != "" {
		_, err := scratch.UserJWT()
		if err == nil {
			_, err = scratch.SignatureCB(nil)
		}
		if err != nil {
			return fmt.Errorf("read the credentials for NATS: %w", err)
		}
	}
	return nil
}

// files are the options of the files, which are read at each connect.
func (o Options) files() []nats.Option {
	var out []nats.Option
	if o.Credentials != "" {
		out = append(out, nats.UserCredentials(o.Credentials))
	}
	if o.CA != "" {
		out = append(out, nats.RootCAs(o.CA))
	}
	if o.Cert != "" {
		out = append(out, nats.ClientCert(o.Cert, o.Key))
	}
	return out
}
