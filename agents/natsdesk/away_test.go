package natsdesk_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/agents"
	"candor/agents/natsdesk"
)

// countingBox counts how often the outbox is read.
type countingBox struct {
	*memoryBox
	reads atomic.Int64
}

func (b *countingBox) Outbox(ctx context.Context, limit int) ([]agents.Outgoing, error) {
	b.reads.Add(1)
	return b.memoryBox.Outbox(ctx, limit)
}

// presenceFails checks that presence fails soon, and with an error that can be
// shown.
func presenceFails(t *testing.T, bus *natsdesk.Bus) {
	t.Helper()
	var group sync.WaitGroup
	defer group.Wait()
	for what, do := range map[string]func() error{
		"set":  func() error { return bus.SetPresence(t.Context(), "stf_1", "online") },
		"read": func() error { _, err := bus.Presence(t.Context()); return err },
	} {
		group.Go(func() {
			start := time.Now()
			if err := do(); !errors.Is(err, natsdesk.ErrPresence) {
				t.Errorf("presence is %s: got %v, want %v", what, err, natsdesk.ErrPresence)
			}
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("that presence cannot be %s took %v to tell, want at most 2s", what, d)
			}
		})
	}
}

// TestAwayForLong keeps everything going without a server, and looks at what
// that costs.
func TestAwayForLong(t *testing.T) {
	port := freePort(t)
	s := outside(t, t.TempDir(), port)
	var log recorder
	bus := openOutside(t, natsdesk.Options{URL: fmt.Sprint("nats://127.0.0.1:", port), Logger: log.logger()})
	ready(t, bus)
	must(t, bus.SetPresence(t.Context(), "stf_1", "online"))
	box := &countingBox{memoryBox: &memoryBox{}}
	background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, box) })
	background(t, func(ctx context.Context) error { return bus.Follow(ctx, func(string, []byte) {}) })
	background(t, func(ctx context.Context) error { return bus.ServeDesk(ctx, brokenDesk{}, nil, only("support")) })
	s.Shutdown()
	s.WaitForShutdown()
	box.mu.Lock()
	for i := range 1000 {
		box.out = append(box.out, agents.Outgoing{Position: int64(i), ID: fmt.Sprint("evt_", i), Subject: fmt.Sprint("candor.conversation.", i), Payload: []byte("{}")})
	}
	box.mu.Unlock()
	eventually(t, "the outage is noticed", func() bool { return strings.Contains(log.String(), "wait to be published") })

	reads, subscriptions, goroutines := box.reads.Load(), bus.Conn().NumSubscriptions(), runtime.NumGoroutine()
	start := time.Now()
	for time.Since(start) < 2*time.Second {
		presenceFails(t, bus)
		time.Sleep(10 * time.Millisecond) // as often as people may ask
	}
	if n := box.reads.Load() - reads; n > 10 {
		t.Errorf("the outbox was read %d times in 2s", n)
	}
	if n := bus.Conn().NumSubscriptions(); n > subscriptions {
		t.Errorf("there are %d subscriptions, were %d", n, subscriptions)
	}
	if n := runtime.NumGoroutine(); n > goroutines+5 {
		t.Errorf("there are %d goroutines, were %d", n, goroutines)
	}
	if n := strings.Count(log.String(), "\n"); n > 10 {
		t.Errorf("an outage is %d lines:\n%s", n, log.String())
	}
	if n := strings.Count(log.String(), "wait to be published"); n != 1 {
		t.Errorf("an outage is logged %d times, want once:\n%s", n, log.String())
	}
}

// wire carries connections to a server until it is cut, and then holds them
// open and carries nothing, as a network may.
type wire struct {
	listener net.Listener
	cut      chan struct{}
	end      func() // closes the connections
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &wire{listener: l, cut: make(chan struct{})}
	var group sync.WaitGroup
	ended := make(chan struct{})
	w.end = sync.OnceFunc(func() { close(ended); l.Close(); group.Wait() })
	t.Cleanup(w.end)
	carry := func(to, from net.Conn) {
		buffer := make([]byte, 64<<10)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				to.Close()
				return
			}
			select {
			case <-w.cut:
				<-ended
			default:
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
	group.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				near.Close()
				continue
			}
			group.Go(func() { <-ended; near.Close(); far.Close() })
			group.Go(func() { carry(far, near) })
			group.Go(func() { carry(near, far) })
		}
	})
	return w
}

// TestSilentServer cuts the wire while everything waits for NATS.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	outside(t, t.TempDir(), port)
	w := newWire(t, fmt.Sprint("127.0.0.1:", port))
	bus := openOutside(t, natsdesk.Options{URL: "nats://" + w.listener.Addr().String()})
	ready(t, bus)
	box := &countingBox{memoryBox: &memoryBox{out: []agents.Outgoing{{Position: 1, ID: "evt_1", Subject: "candor.handoff.support", Payload: []byte("{}")}}}}
	close(w.cut)
	stop := background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, box) })
	// The second time PublishOutbox asks whether the streams are still there,
	// and who else asks waits behind it.
	eventually(t, "the outbox waits for the streams", func() bool { return box.reads.Load() > 1 })
	presenceFails(t, bus)
	stop()
	w.end()
}
