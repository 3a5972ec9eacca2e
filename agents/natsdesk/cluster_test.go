package natsdesk_test

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"candor/agents"
	"candor/agents/natsdesk"
	"candor/identity"
)

// cluster is a NATS cluster of somebody else's.
type cluster struct {
	dir           string
	ports, routes []int
	servers       []*server.Server
}

const clusterPassword = "canary-of-the-cluster"

func newCluster(t *testing.T, nodes int) *cluster {
	c := &cluster{dir: t.TempDir(), servers: make([]*server.Server, nodes)}
	for range nodes {
		c.ports, c.routes = append(c.ports, freePort(t)), append(c.routes, freePort(t))
	}
	t.Cleanup(func() {
		for i := range c.servers {
			c.stop(i)
		}
	})
	return c
}

// url is the address of a node.
func (c *cluster) url(i int) string {
	return fmt.Sprintf("nats://candor:%s@127.0.0.1:%d", clusterPassword, c.ports[i])
}

func (c *cluster) start(t *testing.T, nodes ...int) {
	t.Helper()
	for _, i := range nodes {
		o := &server.Options{
			ServerName: fmt.Sprint("node", i), Host: "127.0.0.1", Port: c.ports[i], NoSigs: true, NoLog: true,
			Username: "candor", Password: clusterPassword,
			JetStream: true, StoreDir: filepath.Join(c.dir, fmt.Sprint(i)),
			Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: c.routes[i]},
		}
		for _, port := range c.routes {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprint("127.0.0.1:", port)})
		}
		s, err := server.NewServer(o)
		must(t, err)
		s.Start()
		c.servers[i] = s
	}
}

func (c *cluster) stop(i int) {
	if s := c.servers[i]; s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
	c.servers[i] = nil
}

// leader is the node that leads a stream.
func (c *cluster) leader(t *testing.T, stream string) (leader int) {
	t.Helper()
	eventually(t, "the stream has a leader", func() bool {
		leader = slices.IndexFunc(c.servers, func(s *server.Server) bool {
			return s != nil && s.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream)
		})
		return leader >= 0
	})
	return leader
}

// replicated waits until every node has all of the streams.
func (c *cluster) replicated(t *testing.T, streams ...string) {
	t.Helper()
	for _, stream := range streams {
		c.leader(t, stream)
		eventually(t, stream+" is replicated", func() bool {
			return !slices.ContainsFunc(c.servers, func(s *server.Server) bool {
				return !s.JetStreamIsStreamCurrent(server.DEFAULT_GLOBAL_ACCOUNT, stream)
			})
		})
	}
}

// openOutside opens a bus on somebody else's server.
func openOutside(t *testing.T, o natsdesk.Options) *natsdesk.Bus {
	t.Helper()
	bus, err := natsdesk.Open(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, bus.Close()) })
	return bus
}

// ready waits until a bus can be used.
func ready(t *testing.T, bus *natsdesk.Bus) {
	t.Helper()
	eventually(t, "NATS is ready", func() bool { return bus.Ready(t.Context()) == nil })
}

// replicas are those that the streams and the bucket are kept by.
func replicas(t *testing.T, bus *natsdesk.Bus) map[string]int {
	t.Helper()
	js, err := jetstream.New(bus.Conn())
	must(t, err)
	out := make(map[string]int)
	for _, name := range []string{"CONVERSATIONS", "HANDOFFS", "KV_presence"} {
		stream, err := js.Stream(t.Context(), name)
		must(t, err)
		out[name] = stream.CachedInfo().Config.Replicas
	}
	return out
}

// lines are subjects on which messages are numbered, and what was sent there.
type lines struct {
	box  *memoryBox
	sent int
}

func newLines() *lines { return &lines{box: &memoryBox{wake: make(chan struct{}, 1)}} }

var lineSubjects = []string{"candor.conversation.a", "candor.conversation.b", "candor.conversation.c", "candor.handoff.support"}

// add puts as many messages as there are subjects into the outbox, n times.
func (l *lines) add(n int) {
	l.box.mu.Lock()
	defer l.box.mu.Unlock()
	select {
	case l.box.wake <- struct{}{}:
	default:
	}
	for range n {
		for i, subject := range lineSubjects {
			l.box.out = append(l.box.out, agents.Outgoing{
				Position: int64(l.sent*len(lineSubjects) + i + 1), ID: fmt.Sprintf("evt_%s_%d", subject, l.sent),
				Subject: subject, Payload: []byte(fmt.Sprint(l.sent)),
			})
		}
		l.sent++
	}
}

// want is what was sent on each subject.
func (l *lines) want() string {
	var out []string
	for i := range l.sent {
		out = append(out, fmt.Sprint(i))
	}
	return strings.Join(out, " ")
}

func (l *lines) published(t *testing.T) func() bool {
	return func() bool { return len(pending(t, l.box)) == 0 }
}

// stored checks that the streams hold what was sent, each once and in order.
func (l *lines) stored(t *testing.T, bus *natsdesk.Bus) {
	t.Helper()
	got := make(map[string][]string)
	for _, m := range append(stored(t, bus, "CONVERSATIONS"), stored(t, bus, "HANDOFFS")...) {
		got[m.Subject] = append(got[m.Subject], string(m.Data))
	}
	for _, subject := range lineSubjects {
		if s := strings.Join(got[subject], " "); s != l.want() {
			t.Errorf("%s has\n%s, want\n%s", subject, s, l.want())
		}
	}
}

// followed waits until a replica has heard all that was sent, and checks its
// order.
func (l *lines) followed(t *testing.T, heard func(subject string) []string) {
	t.Helper()
	for _, subject := range lineSubjects {
		eventually(t, "all is heard", func() bool { return len(heard(subject)) >= l.sent })
		if s := strings.Join(heard(subject), " "); s != l.want() {
			t.Errorf("heard on %s is\n%s, want\n%s", subject, s, l.want())
		}
	}
}

// TestCluster has two replicas of Candor on a cluster of three servers. It
// opens them before there is a cluster, takes the leader of a stream away while
// messages are published, and at last all servers, which then come back.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	var log recorder
	single := openOutside(t, natsdesk.Options{URL: c.url(0)})
	one := openOutside(t, natsdesk.Options{URL: c.url(0), Replicas: 3, Logger: log.logger()})
	two := openOutside(t, natsdesk.Options{URL: c.url(1) + "," + c.url(2), Replicas: 3})
	messages := newLines()
	messages.add(1)

	c.start(t, 0) // alone it cannot elect
	eventually(t, "it is connected", one.Conn().IsConnected)
	soon, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := one.Ready(soon); err == nil {
		t.Error("it is ready without a quorum")
	}
	c.start(t, 1, 2)
	ready(t, single)
	for name, n := range replicas(t, single) {
		if n != 1 {
			t.Errorf("%s has %d replicas, want 1", name, n)
		}
	}
	ready(t, two)
	for name, n := range replicas(t, two) {
		if n != 3 {
			t.Errorf("%s has %d replicas, want 3: they are raised", name, n)
		}
	}
	c.replicated(t, "CONVERSATIONS", "HANDOFFS", "KV_presence")
	ears := []func(string) []string{follow(t, one, knock(t, one)), follow(t, two, knock(t, two))}
	f := fixture(t)
	serve(t, one, f, f.Service, f.Queue)
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	waiting := f.Waiting(t, "Hello?")
	client := natsdesk.NewClient(two.Conn(), f.Queue, ana.Token)
	must(t, client.Claim(t.Context(), ana.Who, waiting.Conversation)) // through another node
	eventually(t, "presence is set", func() bool { return two.SetPresence(t.Context(), ana.Who.Staff, "busy") == nil })

	background(t, func(ctx context.Context) error { return one.PublishOutbox(ctx, messages.box) })
	messages.add(20)
	eventually(t, "some are published", func() bool { return len(pending(t, messages.box)) < 80 })
	lost := c.leader(t, "HANDOFFS")
	c.stop(lost)
	messages.add(20)
	eventually(t, "all is published without the leader", messages.published(t))
	messages.stored(t, two)
	for _, heard := range ears {
		messages.followed(t, heard)
	}
	var present map[identity.StaffID]agents.Status
	eventually(t, "presence is read without the leader", func() bool {
		var err error
		present, err = one.Presence(t.Context())
		return err == nil
	})
	if len(present) != 1 || present[ana.Who.Staff] != "busy" {
		t.Errorf("present are %v", present)
	}
	eventually(t, "the desk answers without the leader", func() bool {
		_, err := client.Get(t.Context(), ana.Who, waiting.Conversation)
		return err == nil
	})

	for i := range c.servers {
		c.stop(i)
	}
	messages.add(5)
	c.start(t, 0, 1, 2)
	eventually(t, "all is published after an outage", messages.published(t))
	messages.add(1)
	eventually(t, "all is published after an outage", messages.published(t))
	messages.stored(t, two)
	for _, heard := range ears {
		messages.followed(t, heard)
	}
	must(t, client.Resolve(t.Context(), ana.Who, waiting.Conversation))
	single.Conn().ForceReconnect() // it looks at the streams again
	ready(t, single)
	for name, n := range replicas(t, single) {
		if n != 3 {
			t.Errorf("%s has %d replicas, want 3: they are never lowered", name, n)
		}
	}
	if strings.Contains(log.String(), "canary") {
		t.Errorf("the log has a password:\n%s", log.String())
	}
}

// TestReplicasOfOne asks a server that is no cluster for three replicas.
func TestReplicasOfOne(t *testing.T) {
	port := freePort(t)
	address := fmt.Sprintf("nats://127.0.0.1:%d", port)
	outside(t, t.TempDir(), port)
	var log recorder
	three := openOutside(t, natsdesk.Options{URL: address, Replicas: 3, Logger: log.logger()})
	if err := three.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "replicas") {
		t.Errorf("three replicas of one server: %v", err)
	}
	ready(t, openOutside(t, natsdesk.Options{URL: address}))
	ready(t, three) // with what there is
	if n := strings.Count(log.String(), "fewer replicas than configured"); n != 3 {
		t.Errorf("it warns of %d, want of 2 streams and a bucket:\n%s", n, log.String())
	}
	must(t, three.SetPresence(t.Context(), "stf_1", "online"))
}
