// Package qdrant is the search index on a Qdrant server: one collection for all sites
// and customers, with the words of a passage as a sparse vector and its meaning as a
// dense one.
//
// It promises what the index in the process promises: the scope is the filter of every
// request, results are those of an exact scan of a customer's own passages, and nobody
// else's data moves a score. What lies on the server is no text: words and ids are
// keyed hashes, a customer's by a key of their own. It cannot be sealed though, since
// it is compared there, so that it is written only under a scope that holds, and
// removed, and counted, when the grant ends or the customer is erased: see
// retrieval.OutsideStore and Sweep. It guesses nothing: while the server is away every
// search is retrieval.ErrUnavailable.
package qdrant

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// Options say where the server is and how it is used.
type Options struct {
	// URL is qdrant://host:port, or qdrants://host:port for TLS. The port is the one of
	// gRPC, 6334 where it is left out.
	URL string
	// APIKey is sent with every request; empty: none.
	APIKey string
	// Collection is made where it is missing.
	Collection string
	// Space is the one of the vectors. The zero Space has none: the index searches by
	// words alone.
	Space retrieval.Space
	// TLS is for qdrants:. Default: the system's authorities, TLS 1.3.
	TLS *tls.Config
	// Patience is how long one request may take. Default 5 s for a search, and twice
	// that for a write.
	Patience time.Duration
	// Logger is told what is written again. Default: nobody is.
	Logger *slog.Logger
}

// Index implements retrieval.Index. Make one with Open.
type Index struct {
	client
	store retrieval.OutsideStore
	space retrieval.Space
	keys  hasher
	log   *slog.Logger

	mu    sync.Mutex
	sites map[identity.SiteID]*site
	busy  map[string]*turn // who writes about a tenant now
	full  map[string]int64 // see Complete
}

var _ retrieval.CompleteIndex = (*Index)(nil)

// Address reads a URL of Options.
func Address(rawURL string) (host string, port int, secure bool, err error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "qdrant" && u.Scheme != "qdrants" || u.Hostname() == "" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return "", 0, false, errors.New("not an address such as qdrant://host:6334 or qdrants://host:6334")
	}
	port, err = strconv.Atoi(cmp.Or(u.Port(), "6334"))
	if err != nil || port < 1 || port > 65535 {
		return "", 0, false, fmt.Errorf("%q is no port", u.Port())
	}
	return u.Hostname(), port, u.Scheme == "qdrants", nil
}

// Open connects to the server and checks its collection, or makes it. A collection that
// is not what this configuration needs is refused.
func Open(ctx context.Context, store retrieval.OutsideStore, o Options) (*Index, error) {
	host, port, secure, err := Address(o.URL)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if o.APIKey != "" && !secure && !local(host) {
		return nil, errors.New("index: the API key would go over the network in clear: use qdrants://")
	}
	if o.Collection == "" {
		return nil, errors.New("index: the collection has no name")
	}
	x := &Index{
		store: store, space: o.Space, keys: hasher{store.HashKey()}, log: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
		sites: make(map[identity.SiteID]*site), busy: make(map[string]*turn), full: make(map[string]int64),
	}
	config := &api.Config{Host: host, Port: port, UseTLS: secure, TLSConfig: o.TLS, SkipCompatibilityCheck: true}
	if x.client, err = dial(config, o.APIKey, o.Collection, cmp.Or(o.Patience, 5*time.Second)); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if err := x.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("index: %w", err), x.conn.Close())
	}
	return x, nil
}

// local reports whether a host is this machine.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Load reads the knowledge of a site and brings what the server has of it up to date,
// so that its first question does not wait.
func (x *Index) Load(ctx context.Context, id identity.SiteID) error {
	s := x.site(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	return x.update(ctx, s, false)
}

// Forget is for who has just erased or withdrawn. The index keeps nothing of a customer
// in memory; what lies on the server goes with Sweep.
func (x *Index) Forget(identity.CustomerID) {}

// Close ends the connection.
func (x *Index) Close() { _ = x.conn.Close() } // nothing is lost with it

// Complete implements retrieval.CompleteIndex, from what a search has seen.
func (x *Index) Complete(ctx context.Context, scope consent.Scope) (bool, error) {
	categories := scope.Searchable()
	if scope.Customer() == "" || len(categories) == 0 {
		return true, nil
	}
	version, err := x.store.PassagesVersion(ctx, scope)
	if err != nil {
		return false, fmt.Errorf("version of the customer's passages: %w", err)
	}
	tenant := x.store.Tenant(scope.Site(), scope.Customer())
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range categories {
		if v, ok := x.full[tenant+"/"+string(c)]; !ok || v != version {
			return false, nil
		}
	}
	return true, nil
}

// maxFull bounds what is remembered for Complete, about 150 bytes each.
const maxFull = 50_000

func (x *Index) remember(tenant string, c consent.Category, version int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.full) >= maxFull {
		clear(x.full)
	}
	x.full[tenant+"/"+string(c)] = version
}
