package natsdesk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"candor/agents"
	"candor/agents/desktest"
	"candor/agents/natsdesk"
	"candor/conversation"
	"candor/identity"
	"candor/store/schematest"
)

// openBus opens an embedded server in a folder, and returns how to close it,
// which happens at the end of the test at the latest.
func openBus(t testing.TB, o natsdesk.Options) *natsdesk.Bus {
	t.Helper()
	o.URL = natsdesk.Embedded
	bus, err := natsdesk.Open(context.Background(), o)
	must(t, err)
	t.Cleanup(func() { _ = bus.Close() })
	return bus
}

func fixture(t *testing.T) *desktest.Fixture {
	t.Helper()
	s := schematest.Open(t, t.TempDir())
	t.Cleanup(func() { must(t, s.Close()) })
	return desktest.NewFixture(t, s)
}

// background runs fn until the test ends, or until the returned function is
// called, and expects no error.
func background(t testing.TB, fn func(ctx context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fn(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// only is a company with these queues.
func only(queues ...string) func(context.Context) ([]string, error) {
	return func(context.Context) ([]string, error) { return queues, nil }
}

// serve serves the fixture's desk, as one replica, and waits until it answers.
func serve(t *testing.T, bus *natsdesk.Bus, f *desktest.Fixture, desk agents.Desk, queues ...string) {
	t.Helper()
	background(t, func(ctx context.Context) error { return bus.ServeDesk(ctx, desk, f.Authenticate, only(queues...)) })
	for _, q := range queues {
		eventually(t, "the desk answers", func() bool {
			_, err := natsdesk.NewClient(bus.Conn(), q, "").Queue(t.Context(), identity.Principal{}, "")
			return errors.Is(err, identity.ErrUnauthenticated)
		})
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestServiceIsADesk(t *testing.T) { desktest.Run(t, fixture) }

// TestClientIsADesk runs the suite over NATS, with two replicas that serve.
func TestClientIsADesk(t *testing.T) {
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	desktest.Run(t, func(t *testing.T) *desktest.Fixture {
		f := fixture(t)
		for range 2 {
			serve(t, bus, f, f.Service, f.Queue, "elsewhere")
		}
		f.Connect = func(t *testing.T, _ identity.Principal, token string) agents.Desk {
			return natsdesk.NewClient(bus.Conn(), f.Queue, token)
		}
		return f
	})
}

func TestClientSeesWhatTheServiceShows(t *testing.T) {
	f := fixture(t)
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	serve(t, bus, f, f.Service, f.Queue)
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Customer(t, "Where is it?", conversation.Segment{Text: "Order 1", Categories: nil})
	c.Record(t, "orders", "Order 1", "It has left.")
	c.Share(t, "orders", true)
	c.AskForPerson(t)
	must(t, ana.Desk.Reply(t.Context(), ana.Who, c.Conversation, "Let me look."))
	client := natsdesk.NewClient(bus.Conn(), f.Queue, ana.Token)

	want, err := f.Service.Get(t.Context(), ana.Who, c.Conversation)
	must(t, err)
	got, err := client.Get(t.Context(), identity.Principal{}, c.Conversation)
	must(t, err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the view differs (-service +client):\n%s", diff)
	}
	tickets, err := f.Service.Queue(t.Context(), ana.Who, f.Queue)
	must(t, err)
	overNATS, err := client.Queue(t.Context(), identity.Principal{}, f.Queue)
	must(t, err)
	if diff := cmp.Diff(tickets, overNATS, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the queue differs (-service +client):\n%s", diff)
	}
}

// ask sends a request as any NATS client may.
func ask(t *testing.T, nc *nats.Conn, subject, token, body string) *nats.Msg {
	t.Helper()
	m := nats.NewMsg(subject)
	m.Data = []byte(body)
	if token != "" {
		m.Header.Set(natsdesk.TokenHeader, token)
	}
	reply, err := nc.RequestMsg(m, 5*time.Second)
	must(t, err)
	return reply
}

func TestRequests(t *testing.T) {
	f := fixture(t)
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	serve(t, bus, f, f.Service, f.Queue, "returns")
	ana, ben := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Ben", identity.RoleAgent)
	auditor := f.Hire(t, "Ada", identity.RoleAuditor)
	c, other := f.Waiting(t, "Hello?"), f.Waiting(t, "Hello again?")
	must(t, ben.Desk.Claim(t.Context(), ben.Who, other.Conversation))
	about := func(c *desktest.Customer, more string) string {
		return fmt.Sprintf(`{"conversation_id":%q%s}`, c.Conversation, more)
	}
	tests := []struct {
		name, subject, token, body string
		code, error                string
	}{
		{"no token", "support.list", "", "", "401", "unauthenticated"},
		{"a made-up token", "support.claim", "api_secret", about(c, ""), "401", "unauthenticated"},
		{"a role without rights", "support.claim", auditor.Token, about(c, ""), "403", "forbidden"},
		{"an unknown conversation", "support.get", ana.Token, `{"conversation_id":"cnv_none"}`, "404", "not_found"},
		{"another queue's conversation", "returns.get", ana.Token, about(c, ""), "404", "not_found"},
		{"another queue's conversation, claimed", "returns.claim", ana.Token, about(c, ""), "404", "not_found"},
		{"somebody else's", "support.reply", ana.Token, about(other, `,"text":"Hi"`), "409", "owned"},
		{"nobody's", "support.resolve", ana.Token, about(c, ""), "409", "not_owner"},
		{"an empty reply", "support.reply", ana.Token, about(c, `,"text":" "`), "422", "empty_message"},
		{"a long reply", "support.reply", ana.Token, about(c, `,"text":"`+strings.Repeat("x", 4001)+`"`), "413", "too_long"},
		{"no conversation", "support.claim", ana.Token, `{}`, "422", "no_conversation"},
		{"snooze without a time", "support.snooze", ben.Token, about(other, ""), "422", "until"},
		{"snooze into the past", "support.snooze", ben.Token, about(other, `,"until":"2020-01-01T00:00:00Z"`), "422", "until"},
		{"not JSON", "support.claim", ana.Token, `canary`, "400", "malformed"},
		{"JSON null", "support.claim", ana.Token, `null`, "400", "malformed"},
		{"not UTF-8", "support.reply", ana.Token, about(c, ",\"text\":\"\xff\""), "400", "malformed"},
		{"no body", "support.get", ana.Token, "", "400", "malformed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := ask(t, bus.Conn(), "candor.desk."+test.subject, test.token, test.body)
			if got := reply.Header.Get(micro.ErrorCodeHeader); got != test.code {
				t.Errorf("code %q, want %s (%s)", got, test.code, reply.Data)
			}
			var body struct{ Error, Detail string }
			must(t, json.Unmarshal(reply.Data, &body))
			if body.Error != test.error || body.Detail == "" || reply.Header.Get(micro.ErrorHeader) != body.Detail {
				t.Errorf("the reply is %s with the header %q, want the error %s", reply.Data, reply.Header.Get(micro.ErrorHeader), test.error)
			}
			if strings.Contains(string(reply.Data), "canary") {
				t.Errorf("the reply repeats what was sent: %s", reply.Data)
			}
		})
	}
	// The agent is the token's, whatever the payload and other headers say.
	reply := ask(t, bus.Conn(), "candor.desk.support.claim", ana.Token,
		about(c, fmt.Sprintf(`,"agent":%q,"staff":%q,"assignee":%q`, ben.Who.Staff, ben.Who.Staff, ben.Who.Staff)))
	if code := reply.Header.Get(micro.ErrorCodeHeader); code != "" {
		t.Fatalf("claim: %s %s", code, reply.Data)
	}
	if conv, _ := c.See(t); conv.Assignee != ana.Who.Staff {
		t.Errorf("the conversation is %q's, want that of the token: %q", conv.Assignee, ana.Who.Staff)
	}
	reply = ask(t, bus.Conn(), "candor.desk.returns.list", ana.Token, "")
	if string(reply.Data) != `{"tickets":[]}` {
		t.Errorf("the other queue lists %s", reply.Data)
	}
}

// brokenDesk fails as a desk may inside.
type brokenDesk struct{ agents.Desk }

func (brokenDesk) Queue(context.Context, identity.Principal, string) ([]agents.Ticket, error) {
	return nil, fmt.Errorf("inside-canary: %w", errors.New("disk I/O error"))
}

func (brokenDesk) Get(context.Context, identity.Principal, string) (agents.View, error) {
	panic("panic-canary")
}

func TestInsideStaysInside(t *testing.T) {
	f := fixture(t)
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	serve(t, bus, f, brokenDesk{}, f.Queue)
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	for verb, body := range map[string]string{"list": "", "get": `{"conversation_id":"cnv_1"}`, "claim": `{"conversation_id":"cnv_1"}`} {
		for range 2 { // it goes on after a panic
			reply := ask(t, bus.Conn(), "candor.desk.support."+verb, ana.Token, body)
			if got := reply.Header.Get(micro.ErrorCodeHeader); got != "500" {
				t.Errorf("%s: code %q, want 500", verb, got)
			}
			if s := fmt.Sprint(reply.Header, string(reply.Data)); strings.Contains(s, "canary") || strings.Contains(s, "disk") {
				t.Errorf("%s tells what went wrong inside: %s", verb, s)
			}
		}
	}
}

// longDesk has a conversation that no message can carry.
type longDesk struct{ agents.Desk }

func (longDesk) Get(context.Context, identity.Principal, string) (agents.View, error) {
	return agents.View{Ticket: agents.Ticket{Queue: "support"}, Brand: strings.Repeat("x", 9<<20)}, nil
}

func (longDesk) Claim(context.Context, identity.Principal, string) error { return nil }

func TestTooLargeToRead(t *testing.T) {
	f := fixture(t)
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	serve(t, bus, f, longDesk{}, f.Queue)
	client := natsdesk.NewClient(bus.Conn(), f.Queue, f.Hire(t, "Ana", identity.RoleAgent).Token)
	if _, err := client.Get(t.Context(), identity.Principal{}, "cnv_1"); !errors.Is(err, natsdesk.ErrReplyTooLarge) {
		t.Errorf("get: got %v, want %v", err, natsdesk.ErrReplyTooLarge)
	}
	must(t, client.Claim(t.Context(), identity.Principal{}, "cnv_1"))
}

func TestServiceIsDiscoverable(t *testing.T) {
	f := fixture(t)
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	serve(t, bus, f, f.Service, f.Queue)
	reply := ask(t, bus.Conn(), "$SRV.INFO.candor-desk", "", "")
	var info micro.Info
	must(t, json.Unmarshal(reply.Data, &info))
	if info.Version != "1.0.0" || info.Description == "" {
		t.Errorf("the service is %+v", info)
	}
	served := make(map[string]bool)
	for _, e := range info.Endpoints {
		served[e.Subject] = true
	}
	for verb := range natsdesk.Verbs() {
		if !served["candor.desk.support."+verb] {
			t.Errorf("candor.desk.support.%s is not served", verb)
		}
	}
}

func TestQueueNames(t *testing.T) {
	f := fixture(t)
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	wrong := []string{"*", ">", "a.b", "a b", ""}
	var mu sync.Mutex
	queues := append(wrong, "support")
	background(t, func(ctx context.Context) error {
		return bus.ServeDesk(ctx, f.Service, f.Authenticate, func(context.Context) ([]string, error) {
			mu.Lock()
			defer mu.Unlock()
			return queues, nil
		})
	})
	answers := func(queue string) bool {
		_, err := natsdesk.NewClient(bus.Conn(), queue, "x").Queue(t.Context(), identity.Principal{}, "")
		return errors.Is(err, identity.ErrUnauthenticated)
	}
	eventually(t, "a queue is served whose neighbours have wrong names", func() bool { return answers("support") })
	mu.Lock()
	queues = []string{"returns"}
	mu.Unlock()
	eventually(t, "a queue that came is served, and one that went is not", func() bool { return answers("returns") && !answers("support") })
	for _, name := range wrong[:4] {
		if _, err := natsdesk.NewClient(bus.Conn(), "support", "x").Queue(t.Context(), identity.Principal{}, name); err == nil {
			t.Errorf("the queue %q is asked for", name)
		}
	}
	if _, err := natsdesk.NewClient(bus.Conn(), "nobody", "x").Queue(t.Context(), identity.Principal{}, ""); !errors.Is(err, natsdesk.ErrUnavailable) {
		t.Errorf("a queue that nobody serves: got %v, want %v", err, natsdesk.ErrUnavailable)
	}
}

// recorder keeps everything that is logged.
type recorder struct {
	mu  sync.Mutex
	all strings.Builder
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.Write(p)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.String()
}

func (r *recorder) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
