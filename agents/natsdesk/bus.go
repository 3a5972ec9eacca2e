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
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bus is a connection to NATS, with the embedded server if there is one. It is
// safe for concurrent use, and outlives the server's absence: what needs NATS
// fails while it is away and works when it is back.
type Bus struct {
	log      *slog.Logger
	dir      string         // of the embedded server
	server   *server.Server // nil: the server is somebody else's
	conn     *nats.Conn
	js       jetstream.JetStream
	closed   chan struct{} // closed when conn is
	back     chan struct{} // receives when conn is connected again
	replicas int

	roster       roster
	provisioned  atomic.Bool   // the streams and the bucket are there
	provisioning chan struct{} // holds who makes them

	mu     sync.Mutex
	lost   chan struct{}   // closed when the connection of this moment is lost
	logged map[string]bool // what has been logged since NATS was last back
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
	b := &Bus{
		log: o.Logger, dir: o.Dir, closed: make(chan struct{}), back: make(chan struct{}, 1), replicas: max(o.Replicas, 1),
		provisioning: make(chan struct{}, 1), lost: make(chan struct{}), logged: make(map[string]bool),
	}
	target, options := o.URL, append(b.options(), o.files()...)
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

// options are those of every connection.
func (b *Bus) options() []nats.Option {
	return []nats.Option{
		nats.Name("candor"),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		// Else the second refusal would be the last attempt: credentials may be
		// replaced, and a server may start before its users are known to it.
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 500*time.Millisecond),
		// Without a buffer a publish fails at once while the server is away. A
		// buffered one would be sent later, when the outbox has sent it again.
		nats.ReconnectBufSize(-1),
		// Outside desks may read _INBOX; what this process asks is not for them.
		nats.CustomInboxPrefix("_CANDOR"),
		nats.DrainTimeout(5 * time.Second),
		// A server that went without a word is noticed within half a minute.
		nats.PingInterval(10 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("NATS is away", "error", err)
			}
			b.disconnected()
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			if b.first("connect") {
				b.log.Warn("NATS cannot be reached, and is tried until it can", "error", err)
			}
		}),
		nats.ConnectHandler(func(*nats.Conn) { b.connected() }),
		nats.ReconnectHandler(func(*nats.Conn) { b.log.Info("NATS is back"); b.connected() }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			kind, _, _ := strings.Cut(err.Error(), `"`) // a subject follows
			if b.first(kind) {
				b.log.Warn("NATS reports an error", "error", err)
			}
		}),
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

// first is whether nothing of this kind was logged since NATS was last back. Of
// what repeats at each attempt, one line an outage is enough.
func (b *Bus) first(kind string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.logged[kind]
	b.logged[kind] = true
	return !was
}

// errLost is why a context of whileConnected ended.
var errLost = errors.New("the connection to NATS was lost")

// disconnected ends what waits for an answer, which is lost. The streams are
// looked at again, since a server may come back without them.
func (b *Bus) disconnected() {
	b.unprovision()
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.lost)
	b.lost = make(chan struct{})
}

// whileConnected returns a context that ends with the connection of this
// moment, and why.
func (b *Bus) whileConnected(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	b.mu.Lock()
	lost := b.lost
	b.mu.Unlock()
	go func() {
		select {
		case <-lost:
			cancel(errLost)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// connected makes what waits for NATS try again.
func (b *Bus) connected() {
	b.mu.Lock()
	clear(b.logged)
	b.mu.Unlock()
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
	if err := b.notConnected(); err != nil {
		return err
	}
	return b.provision(ctx)
}

// notConnected is why nothing can be asked of NATS now, nil if it can.
func (b *Bus) notConnected() error {
	if b.conn.IsConnected() {
		return nil
	}
	if err := b.conn.LastError(); err != nil {
		return fmt.Errorf("NATS is not connected: %w", err)
	}
	return errors.New("NATS is not connected")
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
