package natsdesk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"candor/agents"
	"candor/agents/natsdesk"
	"candor/identity"
)

// TestNothingIsLeftBehind runs everything, closes it, and looks for goroutines.
func TestNothingIsLeftBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	bus, err := natsdesk.Open(t.Context(), natsdesk.Options{URL: "embedded:", Dir: t.TempDir(), Listen: "127.0.0.1:0", ListenToken: "let me in"})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	box := &memoryBox{out: []agents.Outgoing{{Position: 1, ID: "evt_1", Subject: "candor.handoff.support", Payload: []byte("{}")}}}
	var group sync.WaitGroup
	for _, part := range []func() error{
		func() error { return bus.PublishOutbox(ctx, box) },
		func() error { return bus.Follow(ctx, func(string, []byte) {}) },
		func() error { return bus.ServeDesk(ctx, brokenDesk{}, nil, only("support")) },
	} {
		group.Go(func() {
			if err := part(); err != nil {
				t.Error(err)
			}
		})
	}
	must(t, bus.SetPresence(ctx, "stf_1", "online"))
	if _, err := bus.Presence(ctx); err != nil {
		t.Error(err)
	}
	must(t, bus.Ready(ctx))
	eventually(t, "the outbox is empty", func() bool { return len(pending(t, box)) == 0 })
	cancel()
	group.Wait()
	must(t, bus.Close())
	goleak.VerifyNone(t, before)
}

func TestPresence(t *testing.T) {
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	ctx := t.Context()
	got, err := bus.Presence(ctx)
	if err != nil || len(got) != 0 {
		t.Errorf("at first %v are present, %v", got, err)
	}
	ana, ben := identity.StaffID(identity.NewID("stf")), identity.StaffID(identity.NewID("stf"))
	must(t, bus.SetPresence(ctx, ana, "online"))
	must(t, bus.SetPresence(ctx, ben, "busy"))
	must(t, bus.SetPresence(ctx, ben, "away"))
	got, err = bus.Presence(ctx)
	must(t, err)
	if diff := cmp.Diff(map[identity.StaffID]agents.Status{ana: agents.Online, ben: agents.Away}, got); diff != "" {
		t.Errorf("present are (-want +got):\n%s", diff)
	}
	if err := bus.SetPresence(ctx, ana, "dancing"); !errors.Is(err, natsdesk.ErrStatus) {
		t.Errorf("an unknown status: got %v, want %v", err, natsdesk.ErrStatus)
	}
	if err := bus.SetPresence(ctx, "a.*", "online"); err == nil {
		t.Error("a wildcard is present")
	}
	js, err := jetstream.New(bus.Conn())
	must(t, err)
	bucket, err := js.KeyValue(ctx, "presence")
	must(t, err)
	status, err := bucket.Status(ctx)
	must(t, err)
	if status.TTL() != 45*time.Second {
		t.Errorf("presence holds for %v, want 45s", status.TTL())
	}
}

func TestStreams(t *testing.T) {
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	js, err := jetstream.New(bus.Conn())
	must(t, err)
	for name, subject := range map[string]string{"CONVERSATIONS": "candor.conversation.>", "HANDOFFS": "candor.handoff.>"} {
		stream, err := js.Stream(t.Context(), name)
		must(t, err)
		c := stream.CachedInfo().Config
		if len(c.Subjects) != 1 || c.Subjects[0] != subject || c.Storage != jetstream.FileStorage ||
			c.MaxAge != 7*24*time.Hour || c.Duplicates < 2*time.Minute {
			t.Errorf("the stream %s is %+v", name, c)
		}
	}
}

// follow collects what Follow delivers, from the moment it does.
func follow(t *testing.T, bus *natsdesk.Bus, publish func(i int)) (heard func(subject string) []string) {
	t.Helper()
	var mu sync.Mutex
	got := make(map[string][]string)
	background(t, func(ctx context.Context) error {
		return bus.Follow(ctx, func(subject string, payload []byte) {
			mu.Lock()
			defer mu.Unlock()
			got[subject] = append(got[subject], string(payload))
		})
	})
	heard = func(subject string) []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string{}, got[subject]...)
	}
	i := 0
	eventually(t, "it follows", func() bool {
		publish(i)
		i++
		time.Sleep(20 * time.Millisecond)
		return len(heard("candor.conversation.ready")) > 0 && len(heard("candor.handoff.ready")) > 0
	})
	return heard
}

// post publishes as the outbox does.
func post(t *testing.T, bus *natsdesk.Bus, messages ...agents.Outgoing) {
	t.Helper()
	drain(t, bus, &memoryBox{out: messages})
}

func knock(t *testing.T, bus *natsdesk.Bus) func(int) {
	return func(int) {
		post(t, bus,
			agents.Outgoing{Position: 1, ID: identity.NewID("evt"), Subject: "candor.conversation.ready", Payload: []byte("{}")},
			agents.Outgoing{Position: 2, ID: identity.NewID("evt"), Subject: "candor.handoff.ready", Payload: []byte("{}")})
	}
}

func TestFollow(t *testing.T) {
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	post(t, bus, agents.Outgoing{Position: 1, ID: "evt_old", Subject: "candor.conversation.old", Payload: []byte("{}")})
	heard := follow(t, bus, knock(t, bus))
	var messages []agents.Outgoing
	for i := range 300 { // more than a batch
		messages = append(messages, agents.Outgoing{
			Position: int64(i + 1), ID: fmt.Sprint("evt_", i), Payload: []byte(fmt.Sprint(i)),
			Subject: []string{"candor.conversation.a", "candor.handoff.support", "candor.consent.b"}[i%3],
		})
	}
	post(t, bus, messages...)
	for n, subject := range []string{"candor.conversation.a", "candor.handoff.support", "candor.consent.b"} {
		eventually(t, "all is heard", func() bool { return len(heard(subject)) == 100 })
		for i, payload := range heard(subject) {
			if want := fmt.Sprint(3*i + n); payload != want {
				t.Fatalf("message %d of %s is %s, want %s", i, subject, payload, want)
			}
		}
	}
	if got := heard("candor.conversation.old"); len(got) > 0 {
		t.Error("what was published before is followed")
	}
}

// outside is a NATS server of somebody else's.
func outside(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	return outsideWith(t, &server.Options{Host: "127.0.0.1", Port: port, StoreDir: dir})
}

func outsideWith(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	o.JetStream, o.NoSigs, o.NoLog = true, true, true
	s, err := server.NewServer(o)
	must(t, err)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	stop := func() { s.Shutdown(); s.WaitForShutdown() }
	t.Cleanup(stop)
	return s
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TestNATSAway opens the bus before there is a server, takes the server away in
// between, and at last brings one that has lost everything.
func TestNATSAway(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), freePort(t)
	var log recorder
	bus, err := natsdesk.Open(t.Context(), natsdesk.Options{URL: fmt.Sprintf("nats://127.0.0.1:%d", port), Logger: log.logger()})
	must(t, err)
	t.Cleanup(func() { must(t, bus.Close()) })
	if bus.Ready(t.Context()) == nil {
		t.Error("it is ready without a server")
	}
	if err := bus.SetPresence(t.Context(), "stf_1", "online"); err == nil {
		t.Error("presence is set without a server")
	}
	box := &memoryBox{}
	add := func(from, to int) {
		box.mu.Lock()
		defer box.mu.Unlock()
		for i := from; i < to; i++ {
			box.out = append(box.out, agents.Outgoing{
				Position: int64(i + 1), ID: fmt.Sprint("evt_", i), Subject: "candor.handoff.support", Payload: []byte(fmt.Sprint(i)),
			})
		}
	}
	published := func() bool { return len(pending(t, box)) == 0 }
	f := fixture(t)
	background(t, func(ctx context.Context) error { return bus.ServeDesk(ctx, f.Service, f.Authenticate, only(f.Queue)) })
	background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, box) })
	add(0, 5)
	time.Sleep(300 * time.Millisecond)
	if published() {
		t.Error("messages are removed without a server")
	}

	s := outside(t, dir, port)
	eventually(t, "the backlog is published", published)
	must(t, bus.Ready(t.Context()))
	heard := follow(t, bus, func(i int) {
		box.mu.Lock()
		for n, subject := range []string{"candor.conversation.ready", "candor.handoff.ready"} {
			box.out = append(box.out, agents.Outgoing{
				Position: int64(10_000 + 2*i + n), ID: fmt.Sprint("evt_ready", i, n), Subject: subject, Payload: []byte("{}"),
			})
		}
		box.mu.Unlock()
		eventually(t, "published", published)
	})
	s.Shutdown()
	s.WaitForShutdown()
	add(5, 10)
	s = outside(t, dir, port)
	back := time.Now()
	eventually(t, "the backlog is published after an outage", published)
	if d := time.Since(back); d > 2*time.Second {
		t.Errorf("the backlog took %v after NATS's return, want at most 2s", d)
	}
	var got []string
	for _, m := range stored(t, bus, "HANDOFFS") {
		if m.Subject == "candor.handoff.support" {
			got = append(got, string(m.Data))
		}
	}
	if want := "0 1 2 3 4 5 6 7 8 9"; strings.Join(got, " ") != want {
		t.Errorf("stored are %v, want %s", got, want)
	}
	eventually(t, "what was published is followed after an outage", func() bool { return len(heard("candor.handoff.support")) == 5 })

	s.Shutdown()
	s.WaitForShutdown()
	outside(t, t.TempDir(), port) // without its streams
	add(10, 12)
	eventually(t, "the backlog is published to new streams", published)
	eventually(t, "new streams are followed", func() bool {
		add(12, 13)
		time.Sleep(50 * time.Millisecond)
		box.mu.Lock()
		box.out = nil
		box.mu.Unlock()
		return len(heard("candor.handoff.support")) > 5
	})
	eventually(t, "the desk answers again", func() bool {
		_, err := natsdesk.NewClient(bus.Conn(), "support", "").Queue(t.Context(), identity.Principal{}, "")
		return errors.Is(err, identity.ErrUnauthenticated)
	})
	if n := strings.Count(log.String(), "wait to be published"); n == 0 || n > 5 {
		t.Errorf("an outage is logged %d times", n)
	}
}

// TestEndWithoutServer ends everything while there has never been a server.
func TestEndWithoutServer(t *testing.T) {
	before := goleak.IgnoreCurrent()
	bus, err := natsdesk.Open(t.Context(), natsdesk.Options{URL: fmt.Sprintf("nats://127.0.0.1:%d", freePort(t))})
	must(t, err)
	box := &memoryBox{out: []agents.Outgoing{{Position: 1, ID: "evt_1", Subject: "candor.handoff.support"}}}
	stops := []func(){
		background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, box) }),
		background(t, func(ctx context.Context) error { return bus.Follow(ctx, func(string, []byte) {}) }),
		background(t, func(ctx context.Context) error { return bus.ServeDesk(ctx, brokenDesk{}, nil, only("support")) }),
	}
	time.Sleep(100 * time.Millisecond)
	start := time.Now()
	for _, stop := range stops {
		stop()
	}
	must(t, bus.Close())
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("the end took %v", d)
	}
	if len(pending(t, box)) != 1 {
		t.Error("the message is gone")
	}
	goleak.VerifyNone(t, before)
}

// TestOutsideDesk connects from outside: as a desk that keeps to its subjects,
// as one that does not, and as a stranger.
func TestOutsideDesk(t *testing.T) {
	const token = "a long token for outside desks"
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", ListenToken: token})
	f := fixture(t)
	serve(t, bus, f, f.Service, f.Queue)
	url := "nats://" + bus.Addr()
	for name, options := range map[string][]nats.Option{
		"nobody": nil, "an empty token": {nats.Token("")}, "another token": {nats.Token("guess")}, "a password": {nats.UserInfo("candor", token)},
	} {
		if nc, err := nats.Connect(url, options...); err == nil {
			nc.Close()
			t.Errorf("%s is let in", name)
		}
	}

	var mu sync.Mutex
	var violations []string
	nc, err := nats.Connect(url, nats.Token(token), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		mu.Lock()
		defer mu.Unlock()
		violations = append(violations, err.Error())
	}))
	must(t, err)
	t.Cleanup(nc.Close)
	live, err := nc.SubscribeSync("candor.handoff.>")
	must(t, err)
	must(t, nc.Flush())

	ana := f.Hire(t, "Ana", identity.RoleAgent)
	client := natsdesk.NewClient(nc, f.Queue, ana.Token)
	c := f.Waiting(t, "Hello?")
	post(t, bus, agents.Outgoing{Position: 1, ID: "evt_1", Subject: "candor.handoff.support", Payload: []byte(`{"live":true}`)})
	m, err := live.NextMsg(5 * time.Second)
	must(t, err)
	if string(m.Data) != `{"live":true}` {
		t.Errorf("the desk hears %s", m.Data)
	}
	must(t, client.Claim(t.Context(), ana.Who, c.Conversation))
	must(t, client.Reply(t.Context(), ana.Who, c.Conversation, "Hello."))
	must(t, client.Resolve(t.Context(), ana.Who, c.Conversation))
	if reply := ask(t, nc, "$SRV.PING.candor-desk", "", ""); len(reply.Data) == 0 {
		t.Error("the service is not found")
	}
	reply := ask(t, nc, "$JS.API.DIRECT.GET.HANDOFFS", "", `{"last_by_subj":"candor.handoff.support"}`)
	if string(reply.Data) != `{"live":true}` {
		t.Errorf("the latest handoff is %s %s", reply.Header, reply.Data)
	}

	before := len(stored(t, bus, "HANDOFFS"))
	forbidden := 0
	for _, subject := range []string{
		"candor.desk.>", "candor.desk.support.claim", "_CANDOR.>", "$JS.>", "$KV.>", ">",
	} {
		forbidden++
		_, err := nc.SubscribeSync(subject)
		must(t, err)
	}
	config, err := json.Marshal(map[string]any{"stream_name": "HANDOFFS", "config": map[string]any{"deliver_subject": "candor.desk.support.claim"}})
	must(t, err)
	for subject, body := range map[string]string{
		"candor.handoff.support":              "{}",
		"candor.conversation.c":               "{}",
		"candor.consent.c":                    "{}",
		"$KV.presence.stf_1":                  "online",
		"$JS.API.STREAM.DELETE.HANDOFFS":      "",
		"$JS.API.STREAM.PURGE.HANDOFFS":       "",
		"$JS.API.CONSUMER.CREATE.HANDOFFS":    string(config),
		"$JS.API.CONSUMER.CREATE.HANDOFFS.x":  string(config),
		"$JS.API.STREAM.MSG.DELETE.HANDOFFS":  `{"seq":1}`,
		"$JS.API.STREAM.CREATE.candor_copies": `{"name":"candor_copies","subjects":["candor.desk.>"]}`,
	} {
		forbidden++
		must(t, nc.Publish(subject, []byte(body)))
	}
	must(t, nc.Flush())
	eventually(t, "every attempt is refused", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(violations) == forbidden
	})
	for _, v := range violations {
		if !strings.Contains(strings.ToLower(v), "permissions violation") {
			t.Errorf("refused with %s", v)
		}
	}
	if after := len(stored(t, bus, "HANDOFFS")); after != before {
		t.Errorf("the stream has %d messages, had %d", after, before)
	}
}
