package natsdesk_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"candor/agents"
	"candor/agents/desktest"
	"candor/agents/natsdesk"
	"candor/conversation"
	"candor/identity"
)

// twoDesks is a company with the queues returns and billing, in which its conversations
// wait, and an outside desk for each.
type twoDesks struct {
	f             *desktest.Fixture
	bus           *natsdesk.Bus
	returns, bore *hostile
}

// hostile is the connection of an outside desk that does what it likes.
type hostile struct {
	*nats.Conn
	mu     sync.Mutex
	errors []string
}

func connect(t *testing.T, url string, option nats.Option) *hostile {
	t.Helper()
	h := &hostile{}
	nc, err := nats.Connect(url, option, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.errors = append(h.errors, err.Error())
	}))
	must(t, err)
	t.Cleanup(nc.Close)
	h.Conn = nc
	return h
}

// refused waits until as many attempts were refused.
func (h *hostile) refused(t *testing.T, n int) {
	t.Helper()
	must(t, h.Flush())
	eventually(t, "every attempt is refused", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.errors) >= n
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.errors) != n {
		t.Errorf("%d attempts were refused, want %d", len(h.errors), n)
	}
	for _, e := range h.errors {
		if !strings.Contains(strings.ToLower(e), "permissions violation") {
			t.Errorf("refused with %s", e)
		}
	}
	h.errors = nil
}

const (
	acmeToken = "token-of-acme-desk"
	boreToken = "token-of-bore-desk"
)

func TestHostileDesk(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (bus *natsdesk.Bus, acme, bore *hostile){
		"embedded": func(t *testing.T) (*natsdesk.Bus, *hostile, *hostile) {
			desks, err := natsdesk.ParseDesks("acme:" + acmeToken + ":returns, bore:" + boreToken + ":billing")
			must(t, err)
			bus := openBus(t, natsdesk.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Desks: desks})
			return bus, connect(t, "nats://"+bus.Addr(), nats.Token(acmeToken)), connect(t, "nats://"+bus.Addr(), nats.Token(boreToken))
		},
		// With the file of the documentation, as it is but for where it is.
		"docs/nats-server.conf": func(t *testing.T) (*natsdesk.Bus, *hostile, *hostile) {
			t.Setenv("CANDOR_NATS_PASSWORD", "password-of-candor")
			t.Setenv("ACME_NATS_PASSWORD", acmeToken)
			t.Setenv("BORE_NATS_PASSWORD", boreToken)
			o, err := server.ProcessConfigFile(filepath.Join("..", "..", "docs", "nats-server.conf"))
			must(t, err)
			o.Host, o.Port, o.StoreDir = "127.0.0.1", freePort(t), t.TempDir()
			outsideWith(t, o)
			url := fmt.Sprintf("nats://127.0.0.1:%d", o.Port)
			bus := openOutside(t, natsdesk.Options{URL: fmt.Sprintf("nats://candor:password-of-candor@127.0.0.1:%d", o.Port)})
			ready(t, bus)
			return bus, connect(t, url, nats.UserInfo("acme", acmeToken)), connect(t, url, nats.UserInfo("bore", boreToken))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := fixture(t)
			f.Queue = "billing"
			for order, queue := range []string{"billing", "returns"} {
				must(t, f.Store.SetQueue(t.Context(), agents.Queue{Name: queue, Title: queue, Order: order, Priority: 1}, ""))
			}
			bus, acme, bore := open(t)
			serve(t, bus, f, f.Service, "returns", "billing")
			d := twoDesks{f, bus, acme, bore}
			t.Run("keeps to its own", d.keeps)
			t.Run("hears its own only", d.hears)
			t.Run("does not get out", d.breaksOut)
			t.Run("sends nobody else's replies anywhere", d.misdirects)
			t.Run("repeats itself", d.repeats)
		})
	}
}

// keeps does what a desk may, and reaches for the other queue by what it may.
func (d twoDesks) keeps(t *testing.T) {
	oleg := d.f.HireOutside(t, "Oleg", d.f.Queue)
	c := d.f.Waiting(t, "canary")
	about := fmt.Sprintf(`{"conversation_id":%q,"text":"Hi","queue":"billing"}`, c.Conversation)
	for _, verb := range []string{"get", "claim", "reply", "resolve", "return", "release", "suggest", "ask-consent"} {
		reply := ask(t, d.returns.Conn, "candor.desk.returns."+verb, oleg.Token, about)
		if got := reply.Header.Get(micro.ErrorCodeHeader); got != "404" || strings.Contains(string(reply.Data), "canary") {
			t.Errorf("%s of another queue's conversation: code %q, %s", verb, got, reply.Data)
		}
	}
	if reply := ask(t, d.returns.Conn, "candor.desk.returns.list", oleg.Token, ""); string(reply.Data) != `{"tickets":[]}` {
		t.Errorf("the other queue is listed: %s", reply.Data)
	}
	bore := natsdesk.NewClient(d.bore.Conn, "billing", oleg.Token)
	must(t, bore.Claim(t.Context(), identity.Principal{}, c.Conversation))
	reply := ask(t, d.returns.Conn, "candor.desk.returns.reply", oleg.Token, "{\"conversation_id\":\"\xff\"}")
	if got := reply.Header.Get(micro.ErrorCodeHeader); got != "400" {
		t.Errorf("a request that is not UTF-8: code %q", got)
	}
	if reply := ask(t, d.returns.Conn, "$SRV.PING.candor-desk", "", ""); len(reply.Data) == 0 {
		t.Error("the service is not found")
	}
}

// hears listens to what it may, while events of both queues pass and the other desk is
// answered.
func (d twoDesks) hears(t *testing.T) {
	oleg := d.f.HireOutside(t, "Oleg", d.f.Queue)
	own, err := d.returns.SubscribeSync("candor.handoff.returns")
	must(t, err)
	inboxes, err := d.returns.SubscribeSync("_INBOX.>")
	must(t, err)
	must(t, d.returns.Flush())
	ask(t, d.bore.Conn, "candor.desk.billing.list", oleg.Token, "")
	for i, queue := range []string{"billing", "returns"} {
		post(t, d.bus, agents.Outgoing{
			Position: int64(i + 1), ID: identity.NewID("evt"), Subject: "candor.handoff." + queue, Payload: []byte(queue),
		})
	}
	m, err := own.NextMsg(5 * time.Second)
	must(t, err)
	if string(m.Data) != "returns" {
		t.Errorf("it hears %s", m.Data)
	}
	must(t, d.returns.Flush())
	if n, _, err := own.Pending(); err != nil || n != 0 {
		t.Errorf("it hears %d more, %v", n, err)
	}
	if n, _, err := inboxes.Pending(); err != nil || n != 0 {
		t.Errorf("it hears %d replies to the other desk, %v", n, err)
	}
	must(t, inboxes.Unsubscribe())
}

// breaksOut tries what is not given to it.
func (d twoDesks) breaksOut(t *testing.T) {
	before := len(stored(t, d.bus, "HANDOFFS"))
	n := 0
	for _, subject := range []string{
		"candor.desk.>", "candor.desk.returns.*", "candor.desk.returns.claim", "candor.desk.billing.claim", "candor.handoff.>", "candor.handoff.billing",
		"candor.conversation.>", "candor.consent.*", "candor.typing.*", "_CANDOR.>", "_R_.>", "$JS.>", "$KV.>", "$SRV.>", ">", "*.>",
	} {
		_, err := d.returns.SubscribeSync(subject)
		must(t, err)
		_, err = d.returns.QueueSubscribeSync(subject, "q") // as the service itself does
		must(t, err)
		n += 2
	}
	consumer, err := json.Marshal(map[string]any{"stream_name": "HANDOFFS", "config": map[string]any{"deliver_subject": "candor.desk.billing.claim"}})
	must(t, err)
	for subject, body := range map[string]string{
		"candor.desk.billing.list": "", "candor.desk.billing.claim": "{}", "candor.handoff.returns": "{}", "candor.handoff.billing": "{}",
		"candor.conversation.c": "{}", "candor.consent.c": "{}", "candor.typing.c": "{}", "candor.outbox": "", "$KV.presence.stf_1": "online",
		"$JS.API.STREAM.DELETE.HANDOFFS": "", "$JS.API.STREAM.PURGE.HANDOFFS": "", "$JS.API.STREAM.MSG.DELETE.HANDOFFS": `{"seq":1}`,
		"$JS.API.CONSUMER.CREATE.HANDOFFS": string(consumer), "$JS.API.CONSUMER.CREATE.HANDOFFS.x": string(consumer),
		"$JS.API.STREAM.CREATE.copies": `{"name":"copies","subjects":["candor.desk.>"]}`, "$JS.API.DIRECT.GET.CONVERSATIONS": `{"seq":1}`,
		"$JS.API.DIRECT.GET.HANDOFFS.candor.handoff.billing": "", "$JS.API.INFO": "", "_CANDOR.x": "{}", "_R_.x": "{}",
	} {
		must(t, d.returns.Publish(subject, []byte(body)))
		n++
	}
	d.returns.refused(t, n)
	if after := len(stored(t, d.bus, "HANDOFFS")); after != before {
		t.Errorf("the stream has %d messages, had %d", after, before)
	}

	// More than any message may be, past the client that would not send it.
	address, err := net.Dial("tcp", strings.TrimPrefix(d.returns.ConnectedUrl(), "nats://"))
	must(t, err)
	defer address.Close()
	must(t, address.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = fmt.Fprintf(address, "CONNECT {\"verbose\":false,\"auth_token\":%q,\"user\":\"acme\",\"pass\":%q}\r\nPUB candor.desk.returns.list %d\r\n", acmeToken, acmeToken, 10<<20)
	must(t, err)
	for lines := bufio.NewScanner(address); ; {
		if !lines.Scan() {
			t.Fatalf("10 MB are not refused: %v", lines.Err())
		}
		if strings.Contains(lines.Text(), "Maximum Payload Violation") {
			break
		}
	}
}

// misdirects names as its inbox what it may not write to: the one who answers may.
func (d twoDesks) misdirects(t *testing.T) {
	oleg := d.f.HireOutside(t, "Oleg", d.f.Queue)
	theirs, err := d.bore.SubscribeSync("_INBOX.theirs.>")
	must(t, err)
	must(t, d.bore.Flush())
	post(t, d.bus, agents.Outgoing{Position: 1, ID: identity.NewID("evt"), Subject: "candor.handoff.billing", Payload: []byte("{}")})
	before := len(stored(t, d.bus, "HANDOFFS"))
	for _, reply := range []string{
		"candor.handoff.billing", "candor.conversation.c", "$JS.API.STREAM.PURGE.HANDOFFS", "$KV.presence.stf_mallory", "_INBOX.theirs.1", "candor.desk.billing.claim",
	} {
		for _, subject := range []string{"candor.desk.returns.list", "$SRV.INFO.candor-desk", "$SRV.PING"} {
			m := nats.NewMsg(subject)
			m.Reply = reply
			m.Header.Set(natsdesk.TokenHeader, oleg.Token)
			must(t, d.returns.PublishMsg(m))
		}
	}
	ask(t, d.returns.Conn, "candor.desk.returns.list", oleg.Token, "") // they were before it
	if after := len(stored(t, d.bus, "HANDOFFS")); after != before {
		t.Errorf("the stream has %d messages, had %d", after, before)
	}
	present, err := d.bus.Presence(t.Context())
	if err != nil || len(present) != 0 {
		t.Errorf("present are %v, %v", present, err)
	}
	must(t, d.bore.Flush())
	if n, _, err := theirs.Pending(); err != nil || n != 0 {
		t.Errorf("the other desk has %d replies that it did not ask for, %v", n, err)
	}
}

// repeats sends one request again and again: under its name it is one.
func (d twoDesks) repeats(t *testing.T) {
	oleg, olga := d.f.HireOutside(t, "Oleg", d.f.Queue), d.f.HireOutside(t, "Olga", d.f.Queue)
	c := d.f.Waiting(t, "Hello?")
	send := func(token, id, text string) string {
		m := nats.NewMsg("candor.desk.billing.reply")
		m.Header.Set(natsdesk.TokenHeader, token)
		m.Header.Set(nats.MsgIdHdr, id)
		m.Data = fmt.Appendf(nil, `{"conversation_id":%q,"text":%q}`, c.Conversation, text)
		reply, err := d.bore.RequestMsg(m, 5*time.Second)
		must(t, err)
		return reply.Header.Get(micro.ErrorCodeHeader)
	}
	for range 3 {
		if code := send(oleg.Token, "1", "Once."); code != "" {
			t.Errorf("repeating a reply: %s", code)
		}
	}
	if code := send(olga.Token, "1", "Once."); code != "409" {
		t.Errorf("another agent's under the same name: %q, want 409", code)
	}
	if code := send(oleg.Token, "2", "Once."); code != "" {
		t.Errorf("a second reply: %s", code)
	}
	_, messages := c.See(t)
	n := 0
	for _, m := range messages {
		if m.From == conversation.FromAgent {
			n++
		}
	}
	if n != 2 {
		t.Errorf("the customer has %d replies, want 2", n)
	}
	// What hands it on is one too: it is in the other queue by then.
	both := d.f.HireOutside(t, "Otto", d.f.Queue, "returns")
	c = d.f.Waiting(t, "Hello?")
	for range 2 {
		for _, verb := range []string{"claim", "transfer"} {
			m := nats.NewMsg("candor.desk.billing." + verb)
			m.Header.Set(natsdesk.TokenHeader, both.Token)
			m.Header.Set(nats.MsgIdHdr, "1")
			m.Data = fmt.Appendf(nil, `{"conversation_id":%q,"queue":"returns","note":"Once."}`, c.Conversation)
			reply, err := d.bore.RequestMsg(m, 5*time.Second)
			must(t, err)
			if code := reply.Header.Get(micro.ErrorCodeHeader); code != "" {
				t.Errorf("repeating a %s: %s, %s", verb, code, reply.Data)
			}
		}
	}
	history, err := d.f.Store.TicketHistory(t.Context(), c.Conversation)
	must(t, err)
	var kinds []agents.EventKind
	for _, e := range history {
		kinds = append(kinds, e.Kind)
	}
	if want := []agents.EventKind{agents.TicketOpened, agents.TicketClaimed, agents.TicketTransferred, agents.TicketNoted}; !slices.Equal(kinds, want) {
		t.Errorf("what happened is %v, want %v", kinds, want)
	}
}

func TestParseDesks(t *testing.T) {
	got, err := natsdesk.ParseDesks(" acme:a:token:with:colons:returns+billing,bore:another long token:support")
	must(t, err)
	if len(got) != 2 || got[0].Token != "a:token:with:colons" || len(got[0].Queues) != 2 || got[1].Name != "bore" {
		t.Errorf("got %+v", got)
	}
	for _, wrong := range []string{
		"acme", "acme:canary-canary-canary", ":canary-canary-canary:q", "Acme:canary-canary-canary:q", "acme:canary:q", "acme:canary-canary-canary:",
		"acme:canary-canary-canary:q+>", "acme:canary-canary-canary:q,", "acme:canary-canary-canary:q,acme:canary-canary-other:q",
		"acme:canary-canary-canary:q,bore:canary-canary-canary:q",
	} {
		if _, err := natsdesk.ParseDesks(wrong); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
