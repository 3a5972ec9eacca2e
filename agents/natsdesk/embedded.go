package natsdesk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// maxPayload lets a long conversation be read in one reply. It is the most that
// NATS recommends.
const maxPayload = 8 << 20

// startServer starts the embedded server. Secret is what this process connects
// with.
func startServer(ctx context.Context, o Options, secret string) (*server.Server, error) {
	opts := &server.Options{
		ServerName: "candor",
		DontListen: true,
		JetStream:  true,
		StoreDir:   o.Dir,
		// By default the server acknowledges before it syncs, and a power cut
		// takes what it acknowledged.
		SyncAlways:                 true,
		MaxPayload:                 maxPayload,
		NoSigs:                     true, // signals are the program's
		CustomClientAuthentication: &doorkeeper{inside: secret, outside: o.ListenToken},
	}
	if o.Listen != "" {
		if err := listen(opts, o.Listen); err != nil {
			return nil, err
		}
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("start the embedded NATS server: %w", err)
	}
	log := &bridge{log: o.Logger}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	deadline := time.Now().Add(readyTimeout)
	for !s.ReadyForConnections(50 * time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(deadline) || log.fatal() != nil {
			s.Shutdown()
			s.WaitForShutdown()
			return nil, fmt.Errorf("start the embedded NATS server: %w", errors.Join(ctx.Err(), log.fatal(), errNotReady))
		}
	}
	return s, nil
}

var errNotReady = errors.New("it did not become ready")

func listen(opts *server.Options, address string) error {
	host, p, err := net.SplitHostPort(address)
	port, numErr := strconv.Atoi(p)
	if err != nil || numErr != nil || port < 0 || port > 65535 {
		return errors.New("nats.listen must be host:port")
	}
	if port == 0 {
		port = server.RANDOM_PORT // for the server 0 means its default port
	}
	opts.DontListen, opts.Host, opts.Port = false, host, port
	return nil
}

// bridge takes the server's log lines, quietly: what it notices is of interest
// to who debugs it only. Tracing, which would show payloads, is off.
type bridge struct {
	log *slog.Logger

	mu   sync.Mutex
	died error
}

var _ server.Logger = (*bridge)(nil)

func (b *bridge) Noticef(format string, v ...any) { b.say(slog.LevelDebug, format, v) }
func (b *bridge) Warnf(format string, v ...any)   { b.say(slog.LevelWarn, format, v) }
func (b *bridge) Errorf(format string, v ...any)  { b.say(slog.LevelError, format, v) }
func (b *bridge) Debugf(string, ...any)           {}
func (b *bridge) Tracef(string, ...any)           {}

func (b *bridge) say(level slog.Level, format string, v []any) {
	b.log.Log(context.Background(), level, "the NATS server says", "line", fmt.Sprintf(format, v...))
}

func (b *bridge) Fatalf(format string, v ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.died = fmt.Errorf(format, v...)
}

// fatal is why the server could not start.
func (b *bridge) fatal() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.died
}
