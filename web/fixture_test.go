package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// database is one in memory that can be away. Several servers may share
// it, as replicas do. Only what the tests reach is there.
type database struct {
	away atomic.Bool
	// lost is set to commit the next message and then lose the connection.
	lost atomic.Bool
	// hold makes sites wait until it is closed, if it is there.
	hold chan struct{}
	// over ends every session.
	over atomic.Bool

	mu       sync.Mutex
	events   []conversation.Event
	watchers map[chan struct{}]bool
	replies  []string
	kept     map[string]*Response // by scope and key; nil: reserved
}

func newDatabase() *database {
	return &database{watchers: make(map[chan struct{}]bool), kept: make(map[string]*Response)}
}

// down is the error of a database that is away, with what a driver adds.
func (d *database) down() error {
	if d.away.Load() {
		return fmt.Errorf("%w: dial tcp 10.0.0.7:5432: connection refused", identity.ErrUnavailable)
	}
	return nil
}

const (
	customerToken = "cst_1"
	staffToken    = "sst_1"
	csrf          = "csrf_1"
	talk          = "cnv_1"
	brand         = identity.SiteID("shop")
)

// directory knows one site, one customer and one agent.
type directory struct {
	identity.Directory
	*database
}

func (d directory) Site(_ context.Context, id identity.SiteID) (identity.Site, error) {
	if d.hold != nil {
		<-d.hold
	}
	if err := d.down(); err != nil {
		return identity.Site{}, err
	}
	if id != brand {
		return identity.Site{}, identity.ErrUnknownSite
	}
	return identity.Site{ID: brand, Name: "Shop", Origins: []string{"https://shop.example"}}, nil
}

func (d directory) Session(_ context.Context, token string) (identity.Session, error) {
	if err := d.down(); err != nil {
		return identity.Session{}, err
	}
	switch {
	case d.over.Load():
	case token == customerToken:
		return identity.Session{ID: "ses_1", Kind: identity.Customer, Site: brand, Customer: "cus_1"}, nil
	case token == staffToken:
		return identity.Session{ID: "ses_2", Kind: identity.Staff, Staff: "stf_1", CSRF: csrf}, nil
	}
	return identity.Session{}, identity.ErrUnauthenticated
}

func (d directory) Staff(context.Context, identity.StaffID) (identity.StaffMember, error) {
	return identity.StaffMember{ID: "stf_1", Name: "Sam", Roles: []identity.Role{identity.RoleAdmin}}, d.down()
}

func (d directory) StaffByEmail(ctx context.Context, _ string) (identity.StaffMember, error) {
	return d.Staff(ctx, "")
}

func (d directory) SiteByServerKey(ctx context.Context, _ string) (identity.Site, error) {
	return d.Site(ctx, brand)
}

// conversations keeps one conversation.
type conversations struct {
	conversation.Store
	*database
}

func (c conversations) Conversation(_ context.Context, id string) (conversation.Conversation, error) {
	if err := c.down(); err != nil {
		return conversation.Conversation{}, err
	}
	if id != talk {
		return conversation.Conversation{}, conversation.ErrNotFound
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return conversation.Conversation{
		ID: talk, Site: brand, Customer: "cus_1", State: conversation.Pending, Language: "en", LastSeq: int64(len(c.events)),
	}, nil
}

func (c conversations) Post(ctx context.Context, id string, m conversation.Message, _ string) (conversation.Posted, error) {
	conv, err := c.Conversation(ctx, id)
	if err != nil {
		return conversation.Posted{}, err
	}
	known := slices.ContainsFunc(c.messages(), func(x conversation.Message) bool { return x.ID == m.ID })
	if !known {
		c.tell(conversation.MessageEvent, m)
	}
	if c.lost.CompareAndSwap(true, false) {
		c.away.Store(true)
		return conversation.Posted{}, c.down()
	}
	return conversation.Posted{Message: m, Conversation: conv, AnswerID: "ans_1", Known: true}, nil
}

func (c conversations) Events(_ context.Context, _ string, after int64, limit int) ([]conversation.Event, error) {
	if err := c.down(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	events := c.events[min(int(after), len(c.events)):]
	return slices.Clone(events[:min(limit, len(events))]), nil
}

func (d *database) watch() (<-chan struct{}, func()) {
	wake := make(chan struct{}, 1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watchers[wake] = true
	return wake, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.watchers, wake)
	}
}

func (c conversations) Watch(string) (<-chan struct{}, func()) { return c.watch() }

// tell commits an event, and wakes who waits for one.
func (d *database) tell(kind conversation.EventType, data any) {
	b, _ := json.Marshal(data)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, conversation.Event{Seq: int64(len(d.events) + 1), Type: kind, Data: b})
	for wake := range d.watchers {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

func (d *database) messages() []conversation.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []conversation.Message
	for _, e := range d.events {
		var m conversation.Message
		if e.Type == conversation.MessageEvent && json.Unmarshal(e.Data, &m) == nil {
			out = append(out, m)
		}
	}
	return out
}

// deskFeed, desk, answers and memory are what else is in the database.
type deskFeed struct{ *database }

func (f deskFeed) DeskVersion(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprint(len(f.events)), f.down()
}

func (f deskFeed) WatchDesk() (<-chan struct{}, func()) { return f.watch() }

func (f deskFeed) TicketOf(context.Context, string) (conversation.Ticket, error) {
	return conversation.Ticket{}, f.down()
}

type desk struct {
	agents.Desk
	*database
}

func (d desk) Queue(context.Context, identity.Principal, string) ([]agents.Ticket, error) {
	return nil, d.down()
}

type assist struct {
	Assist
	*database
}

func (d assist) Send(ctx context.Context, _ identity.Principal, _ string, _ agents.Reply) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.replies = append(d.replies, conversation.MessageID(ctx))
	return d.down()
}

type answers struct {
	Answers
	*database
}

func (a answers) Answer(context.Context, identity.CustomerID, string) (answer.Answer, error) {
	return answer.Answer{}, a.down()
}

type memory struct{ *database }

func (m memory) Remember(_ context.Context, _ identity.CustomerID, scope, key, _ string) (*Response, error) {
	if err := m.down(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.kept[scope+key]
	if known && r == nil {
		return nil, ErrInFlight
	}
	if !known {
		m.kept[scope+key] = nil
	}
	return r, nil
}

func (m memory) Settle(_ context.Context, _ identity.CustomerID, scope, key string, r Response) error {
	if err := m.down(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[scope+key] = &r
	return nil
}

func (m memory) Forget(_ context.Context, scope, key string) error {
	if err := m.down(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, scope+key)
	return nil
}

// presence is NATS, which can be away by itself.
type presence struct{ away *atomic.Bool }

func (p presence) SetPresence(ctx context.Context, _ identity.StaffID, _ agents.Status) error {
	if !p.away.Load() {
		return nil
	}
	<-ctx.Done() // nobody answers
	return ctx.Err()
}

// routing keeps nothing for anybody.
type routing struct {
	Routing
	*database
}

func (r routing) Reservations(context.Context, identity.StaffID) ([]agents.Reservation, error) {
	return nil, r.down()
}

func (r routing) Heard(_ context.Context, _ identity.StaffID, says agents.Status) (agents.Status, error) {
	return says, r.down()
}

// waits knows of nobody who waits.
type waits struct{ *database }

func (w waits) Of(context.Context, string) (agents.Wait, error) {
	if err := w.down(); err != nil {
		return agents.Wait{}, err
	}
	return agents.Wait{}, conversation.ErrNotFound
}

// replica is a server that listens.
type replica struct {
	*testing.T
	*Server
	url  string
	nats atomic.Bool // whether NATS is away
	log  bytes.Buffer
}

func newReplica(t *testing.T, d *database, change ...func(*Options)) *replica {
	t.Helper()
	r := &replica{T: t}
	log := slog.New(slog.NewTextHandler(&r.log, nil))
	o := Options{
		Directory: directory{database: d}, Gate: consent.NewGate(nil, consent.DefaultPolicy()), Answers: answers{database: d},
		Conversations: conversation.NewService(t.Context(), conversations{database: d}, nil, log),
		Desk:          desk{database: d}, Assist: assist{database: d}, Feed: deskFeed{d}, Live: conversation.NewLive(), Presence: presence{&r.nats}, Routing: routing{database: d}, Waits: waits{d}, Memory: memory{d},
		Language: func(string) string { return "" },
		Parts: []Part{
			{Name: "database", Essential: true, Check: func(context.Context) error { return d.down() }},
			{Name: "messages", Check: func(context.Context) error {
				if r.nats.Load() {
					return io.EOF
				}
				return nil
			}},
		},
		Register: prometheus.NewRegistry(), Metrics: http.NotFoundHandler(), Logger: log, CursorKey: []byte("key"),
	}
	for _, c := range change {
		c(&o)
	}
	r.Server = New(o)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- r.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return r
}

// request is a request as the customer or, to the desk, as the agent.
func (r *replica) request(method, path, body string, header ...string) *http.Request {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	if strings.HasPrefix(path, "/api/desk") || strings.HasPrefix(path, "/api/staff") || strings.HasPrefix(path, "/api/admin") {
		req.Header.Set("Cookie", staffCookie+"="+staffToken)
		req.Header.Set(csrfHeader, csrf)
	} else {
		req.Header.Set("Authorization", "Bearer "+customerToken)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

// reply is a response that was read.
type reply struct {
	status int
	header http.Header
	body   map[string]any
}

// do sends a request on a connection of its own.
func (r *replica) do(method, path, body string, header ...string) reply {
	r.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(r.request(method, path, body, header...))
	if err != nil {
		r.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatalf("%s %s: %v", method, path, err)
	}
	var out map[string]any
	_ = json.Unmarshal(b, &out) // pages are no JSON
	return reply{res.StatusCode, res.Header, out}
}

// reader reads a stream.
type reader struct {
	*testing.T
	response *http.Response
	lines    chan string
}

func (r *replica) stream(path string, header ...string) *reader {
	r.Helper()
	res, err := (&http.Transport{}).RoundTrip(r.request(http.MethodGet, path, "", header...))
	if err != nil {
		r.Fatal(err)
	}
	x := &reader{r.T, res, make(chan string, 1000)}
	r.Cleanup(func() { _ = res.Body.Close() })
	go func() {
		defer close(x.lines)
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			x.lines <- s.Text()
		}
	}()
	return x
}

// event is the next event of a stream: its id, its name and its data, with a
// space between them. "retry: 500" is one too, and "end" is its end.
func (x *reader) event() string {
	x.Helper()
	var parts []string
	for {
		select {
		case line, ok := <-x.lines:
			switch _, value, _ := strings.Cut(line, ": "); {
			case !ok:
				return "end"
			case strings.HasPrefix(line, "retry"):
				return line
			case line == "" && len(parts) > 0:
				return strings.Join(parts, " ")
			case value != "":
				parts = append(parts, value)
			}
		case <-time.After(10 * time.Second):
			x.Fatal("the stream is silent")
		}
	}
}

// quiet checks that nothing more has come.
func (x *reader) quiet(wait time.Duration) {
	x.Helper()
	select {
	case line := <-x.lines:
		if line != "" {
			x.Errorf("the stream says %q", line)
		}
	case <-time.After(wait):
	}
}
