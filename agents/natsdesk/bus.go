// Package natsdesk carries the desk over NATS: it publishes what happened,
// follows it for the other replicas, keeps who is present, and serves the desk
// as a micro service that any NATS client can use.
//
// It promises that a message of the outbox is published at least once and, by
// its id, stored once, that messages of one subject keep their order, and that
// a request speaks for the agent of its token and for nobody else. It decides
// nothing: every rule is that of the agents.Desk behind it, and everything that
// it carries can be rebuilt from SQL. It never puts a customer's words, or an
// agent's, into a stream or a log; they travel in replies to a request only.
package natsdesk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Embedded is the URL of a NATS server inside this process.
const Embedded = "embedded:"

// Options says which NATS server is used, and how.
type Options struct {
	// URL is Embedded, or the addresses of a NATS server or cluster:
	// nats://host:port, several with commas between them.
	URL string
	// Dir is the folder in which the embedded server keeps its streams.
	Dir string
	// Listen opens the embedded server at host:port for outside desks; port 0
	// picks a free one. It is refused without ListenToken.
	Listen string
	// ListenToken is what outside desks present to connect, as a NATS token.
	// What they may then do is in outside.go; each call still needs an agent's
	// own API token.
	ListenToken string
	Logger      *slog.Logger // nil: nothing is logged
}

// Bus is a connection to NATS, with the embedded server if there is one. It is
// safe for concurrent use, and outlives the server's absence: what needs NATS
// fails while it is away and works when it is back.
type Bus struct {
	log    *slog.Logger
	server *server.Server // nil: the server is somebody else's
	conn   *nats.Conn
	js     jetstream.JetStream
	closed chan struct{} // closed when conn is
	back   chan struct{} // receives when conn is connected again

	mu          sync.Mutex
	provisioned bool // the streams and the bucket are there
}

// readyTimeout bounds the start of the embedded server, which reads its
// streams again.
const readyTimeout = 30 * time.Second

// Open starts or connects to NATS. With the embedded server it returns when the
// streams are ready; with an outside one it may return before it is connected,
// and connects for as long as it takes.
func Open(ctx context.Context, o Options) (*Bus, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	b := &Bus{log: o.Logger, closed: make(chan struct{}), back: make(chan struct{}, 1)}
	target, options := o.URL, b.options()
	if o.URL == Embedded {
		secret := nats.NewInbox() // random: only this process can connect with it
		var err error
		if b.server, err = startServer(ctx, o, secret); err != nil {
			return nil, err
		}
		target, options = "", append(options, nats.InProcessServer(b.server), nats.Token(secret))
	}
	if err := b.connect(target, options); err != nil {
		b.stopServer()
		return nil, err
	}
	if b.server != nil {
		if err := b.provision(ctx); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	return b, nil
}

func (o Options) check() error {
	if o.URL != Embedded {
		for u := range strings.SplitSeq(o.URL, ",") {
			// The address may hold a password, so it is not repeated.
			scheme, rest, _ := strings.Cut(strings.TrimSpace(u), "://")
			if strings.Contains(u, "://") && scheme == "nats" && rest != "" {
				continue
			}
			return errors.New("the NATS URL must be embedded: or nats://host:port")
		}
	}
	switch {
	case o.URL == Embedded && o.Dir == "":
		return errors.New("the embedded NATS server needs a folder")
	case o.URL != Embedded && (o.Listen != "" || o.ListenToken != ""):
		return errors.New("nats.listen is for the embedded server; an outside NATS server has its own listener and users")
	case o.Listen != "" && o.ListenToken == "":
		return errors.New("nats.listen needs authentication: set a token for outside desks")
	}
	return nil
}

// options are those of every connection.
func (b *Bus) options() []nats.Option {
	return []nats.Option{
		nats.Name("candor"),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 500*time.Millisecond),
		// Without a buffer a publish fails at once while the server is away. A
		// buffered one would be sent later, when the outbox has sent it again.
		nats.ReconnectBufSize(-1),
		// Outside desks may read _INBOX; what this process asks is not for them.
		nats.CustomInboxPrefix("_CANDOR"),
		nats.DrainTimeout(5 * time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("NATS is away", "error", err)
			}
		}),
		nats.ConnectHandler(func(*nats.Conn) { b.connected() }),
		nats.ReconnectHandler(func(*nats.Conn) { b.log.Info("NATS is back"); b.connected() }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.log.Warn("NATS reports an error", "error", err) }),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
	}
}

func (b *Bus) connect(target string, options []nats.Option) error {
	conn, err := nats.Connect(target, options...)
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return fmt.Errorf("use JetStream: %w", err)
	}
	b.conn, b.js = conn, js
	return nil
}

// connected makes what waits for NATS try again.
func (b *Bus) connected() {
	select {
	case b.back <- struct{}{}:
	default: // it knows already
	}
}

// Conn is the connection, for a desk in this process (NewClient).
func (b *Bus) Conn() *nats.Conn { return b.conn }

// Addr is where the embedded server listens for outside desks; empty if it does
// not.
func (b *Bus) Addr() string {
	if b.server == nil || b.server.Addr() == nil {
		return ""
	}
	return b.server.Addr().String()
}

// Ready reports why NATS cannot be used at this moment, nil if it can.
func (b *Bus) Ready(ctx context.Context) error {
	if !b.conn.IsConnected() {
		return errors.New("NATS is not connected")
	}
	return b.provision(ctx)
}

// Close ends the connection after what is under way, and the embedded server.
// End PublishOutbox, Follow and ServeDesk first, by their contexts.
func (b *Bus) Close() error {
	// Draining fails while the server is away: there is nothing to wait for.
	if b.conn.Drain() != nil {
		b.conn.Close()
	}
	<-b.closed
	b.stopServer()
	return nil
}

func (b *Bus) stopServer() {
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}
