package natsdesk_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"candor/agents/desktest"
	"candor/agents/natsdesk"
	"candor/store"
	"candor/store/schematest"
)

var leaders = flag.Int("desk.leaders", 3, "how often TestLeadersFall takes away the server that leads the stream of handoffs")

// TestLeadersFall takes away the leader of the stream of handoffs, again and again, while
// customers are handed over. Nobody waits for the election, and nothing is lost or twice.
func TestLeadersFall(t *testing.T) {
	c := newCluster(t, 3)
	c.start(t, 0, 1, 2)
	bus := openOutside(t, natsdesk.Options{URL: c.url(0) + "," + c.url(1) + "," + c.url(2), Replicas: 3})
	ready(t, bus)
	c.replicated(t, "HANDOFFS")
	s := schematest.Open(t, t.TempDir())
	t.Cleanup(func() { must(t, s.Close()) })
	desktest.NewFixture(t, s)
	background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, s) })
	asking := handOver(t, s)
	for range *leaders {
		fallen := c.leader(t, "HANDOFFS")
		c.stop(fallen)
		time.Sleep(100 * time.Millisecond) // customers go on asking
		c.start(t, fallen)
		c.replicated(t, "HANDOFFS")
	}
	took := asking.settled(bus)
	t.Logf("%d leaders fell: %d handoffs, half of them acknowledged within %s, the slowest within %s", *leaders, len(took), took[len(took)/2], took[len(took)-1])
}

var away = flag.Duration("desk.away", time.Second, "how long TestHandedOverWithoutNATS is without NATS")

// TestHandedOverWithoutNATS takes the server away while customers are handed over. They do
// not notice, and what was to be published is, once it is back.
func TestHandedOverWithoutNATS(t *testing.T) {
	port, dir := freePort(t), t.TempDir()
	server := outside(t, dir, port)
	bus := openOutside(t, natsdesk.Options{URL: fmt.Sprintf("nats://127.0.0.1:%d", port)})
	ready(t, bus)
	s := schematest.Open(t, t.TempDir())
	t.Cleanup(func() { must(t, s.Close()) })
	desktest.NewFixture(t, s)
	background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, s) })
	asking := handOver(t, s)
	time.Sleep(100 * time.Millisecond)
	server.Shutdown()
	server.WaitForShutdown()
	before := asking.so()
	time.Sleep(*away)
	without := asking.so() - before
	if without == 0 {
		t.Error("nobody was handed over without NATS")
	}
	outside(t, dir, port)
	back := time.Now()
	took := asking.settled(bus)
	t.Logf("%s without NATS: %d handoffs in it, half of all acknowledged within %s, the slowest within %s; all was published %s after its return",
		*away, without, took[len(took)/2], took[len(took)-1], time.Since(back).Round(time.Millisecond))
}

// handingOver is customers who are handed over one after another.
type handingOver struct {
	*testing.T
	store *store.Store
	stop  func()

	mu           sync.Mutex
	acknowledged []string
	took         []time.Duration
}

func handOver(t *testing.T, s *store.Store) *handingOver {
	t.Helper()
	sites, err := s.Sites(t.Context())
	must(t, err)
	h := &handingOver{T: t, store: s}
	h.stop = background(t, func(ctx context.Context) error {
		for ctx.Err() == nil {
			began := time.Now()
			id, err := handOff(context.WithoutCancel(ctx), s, sites[0].ID)
			if err != nil {
				return err
			}
			h.mu.Lock()
			h.acknowledged, h.took = append(h.acknowledged, id), append(h.took, time.Since(began))
			h.mu.Unlock()
			time.Sleep(2 * time.Millisecond)
		}
		return nil
	})
	return h
}

// so is how many have been handed over so far.
func (h *handingOver) so() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.acknowledged)
}

// settled ends it, waits until all is published, and looks whether everything is there
// once, in the order of the handoffs. It returns how long each acknowledgement took, the
// shortest first.
func (h *handingOver) settled(bus *natsdesk.Bus) []time.Duration {
	h.Helper()
	h.stop()
	eventually(h.T, "all is published", func() bool {
		n, err := h.store.Unpublished(h.Context())
		must(h, err)
		return n == 0
	})
	handedOff(h.T, h.store, bus, h.acknowledged)
	if !slices.Equal(inStream(h.T, bus), h.acknowledged) {
		h.Error("the stream has the handoffs in another order than the desk")
	}
	slices.Sort(h.took)
	return h.took
}
