package natsdesk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// maxPayload lets a long conversation be read in one reply. It is the most that
// NATS recommends.
const maxPayload = 8 << 20

// maxStore bounds what the streams may take. By default the server bounds them
// by the room that it finds when it starts, and with a full disk it would refuse
// messages for good. Age bounds them; the disk's end is noticed when it is met.
const maxStore = 1 << 40

// startServer starts the embedded server. Secret is what this process connects
// with.
func startServer(ctx context.Context, o Options, secret string) (*server.Server, error) {
	door := &doorkeeper{inside: secret}
	opts := &server.Options{
		ServerName:        "candor",
		DontListen:        true,
		JetStream:         true,
		StoreDir:          o.Dir,
		JetStreamMaxStore: maxStore,
		// By default the server acknowledges before it syncs, and a power cut
		// takes what it acknowledged.
		SyncAlways:                 true,
		MaxPayload:                 maxPayload,
		NoSigs:                     true, // signals are the program's
		CustomClientAuthentication: door,
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
	// JetStream takes the account that there is alone, so others come once it runs.
	if err := door.open(s, o.desks()); err != nil {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, err
	}
	return s, nil
}

// heal starts JetStream in the embedded server again where it has given up. A
// write that failed, as on a full disk, is its last one to that stream: it takes
// no message any more, even when the disk has room again.
func (b *Bus) heal() error {
	if b.server == nil {
		return nil
	}
	health := b.server.Healthz(&server.HealthzOptions{Account: server.DEFAULT_GLOBAL_ACCOUNT})
	if health.StatusCode != http.StatusServiceUnavailable {
		return nil
	}
	if err := writable(b.dir); err != nil {
		return fmt.Errorf("the NATS server cannot write: %w", err)
	}
	b.log.Warn("the NATS server's streams are opened again", "error", health.Error)
	if err := b.server.ShutdownJetStream(); err != nil {
		return fmt.Errorf("stop JetStream: %w", err)
	}
	if err := b.server.EnableJetStream(&server.JetStreamConfig{StoreDir: b.dir, MaxStore: maxStore}); err != nil {
		// What has started of it must not be taken for the whole.
		return fmt.Errorf("start JetStream: %w", errors.Join(err, b.server.ShutdownJetStream()))
	}
	return nil
}

// room is what must fit on the disk before JetStream is given another chance.
const room = 256 << 10

// writable reports why a folder takes no more.
func writable(dir string) error {
	probe := filepath.Join(dir, "room")
	defer func() { _ = os.Remove(probe) }() // it may be there in part, or not at all
	return os.WriteFile(probe, make([]byte, room), 0o600)
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
