package delivery

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/consent"
	"candor/identity"
)

// TestSign is the example that the specification of Standard Webhooks publishes.
func TestSign(t *testing.T) {
	got, err := Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	for _, secret := range []string{"", "whsec_", "whsec_!"} {
		if _, err := Sign(secret, "id", time.Now(), nil); err == nil {
			t.Errorf("signed with %q", secret)
		}
	}
	a, b := NewSecret(), NewSecret()
	if key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a, "whsec_")); err != nil || len(key) != 32 || a == b {
		t.Errorf("secrets %d bytes, %v", len(key), err)
	}
}

func TestPublic(t *testing.T) {
	for _, a := range []string{"93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "172.32.0.1"} {
		if !public(netip.MustParseAddr(a)) {
			t.Errorf("%s is not public", a)
		}
	}
	for _, a := range []string{
		"127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "fec0::1",
	} {
		if public(netip.MustParseAddr(a)) {
			t.Errorf("%s is public", a)
		}
	}
}

func TestCheck(t *testing.T) {
	policy := consent.DefaultPolicy()
	good := Webhook{Name: "crm", URL: "https://crm.example/hook?k=1", Events: []string{"candor.handoff.*", "candor.message.unread"}}
	if err := good.Check(false, policy); err != nil {
		t.Error(err)
	}
	with := func(change func(*Webhook)) Webhook {
		w := good
		change(&w)
		return w
	}
	for name, w := range map[string]Webhook{
		"no name":               with(func(w *Webhook) { w.Name = "" }),
		"a name with a colon":   with(func(w *Webhook) { w.Name = "a:b" }),
		"no events":             with(func(w *Webhook) { w.Events = nil }),
		"every event":           with(func(w *Webhook) { w.Events = []string{"*"} }),
		"choices":               with(func(w *Webhook) { w.Events = []string{"candor.consent.changed"} }),
		"in clear":              with(func(w *Webhook) { w.URL = "http://crm.example" }),
		"this machine":          with(func(w *Webhook) { w.URL = "https://localhost/hook" }),
		"a private address":     with(func(w *Webhook) { w.URL = "https://10.0.0.1/hook" }),
		"the cloud's own":       with(func(w *Webhook) { w.URL = "https://169.254.169.254/latest" }),
		"a mapped address":      with(func(w *Webhook) { w.URL = "https://[::ffff:10.0.0.1]/" }),
		"a user":                with(func(w *Webhook) { w.URL = "https://me:secret@crm.example" }),
		"a file":                with(func(w *Webhook) { w.URL = "file:///etc/passwd" }),
		"nothing":               with(func(w *Webhook) { w.URL = "" }),
		"text without a policy": with(func(w *Webhook) { w.Text = true }),
	} {
		if err := w.Check(false, policy); !errors.Is(err, ErrWebhook) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := with(func(w *Webhook) { w.URL = "http://127.0.0.1:9/hook" }).Check(true, policy); err != nil {
		t.Errorf("this machine, in a demo: %v", err)
	}
	if err := with(func(w *Webhook) { w.URL = "http://10.0.0.1/hook" }).Check(true, policy); err == nil {
		t.Error("a private address, in a demo")
	}
	for event, want := range map[string]bool{"candor.handoff.waiting": true, "candor.message.unread": true, "candor.handoffs.x": false, "candor.conversation.message": false} {
		if got := good.Wants(event); got != want {
			t.Errorf("it wants %s: %t", event, got)
		}
	}
}

func TestPost(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	var status int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(status)
		_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20)) // more than anybody reads
	}))
	defer server.Close()
	w := Webhook{Name: "crm", URL: server.URL + "/hook", Secret: NewSecret()}
	inside := newPoster(true)
	at, sent := time.Unix(1_800_000_000, 0), []byte(`{"id":"evt_1"}`)
	for code, want := range map[int]Result{
		204: {Status: Sent, Code: 204}, 200: {Status: Sent, Code: 200}, 302: {Status: Waiting, Code: 302, Why: "redirect"},
		400: {Status: Waiting, Code: 400, Why: "answer"}, 503: {Status: Waiting, Code: 503, Why: "answer"}, 410: {Status: Failed, Code: 410, Why: "answer", Gone: true},
	} {
		status = code
		if r := inside.post(t.Context(), w, "evt_1", at, sent); r != want {
			t.Errorf("%d: %+v", code, r)
		}
	}
	signature, _ := Sign(w.Secret, "evt_1", at, body)
	h := got.Header
	if !bytes.Equal(body, sent) || h.Get("webhook-id") != "evt_1" || h.Get("webhook-timestamp") != strconv.FormatInt(at.Unix(), 10) || h.Get("webhook-signature") != signature {
		t.Errorf("it got %s with %v", body, h)
	}
	// Outside a demo nothing reaches this machine, by whatever name or address.
	got = nil
	outside := newPoster(false)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		u := w
		u.URL = "https://" + net.JoinHostPort(strings.Trim(host, "[]"), port)
		if r := outside.post(t.Context(), u, "evt_1", at, sent); r.Status != Waiting || r.Why != "private_address" {
			t.Errorf("%s: %+v", host, r)
		}
		u.URL = "http://" + net.JoinHostPort(strings.Trim(host, "[]"), port)
		if r := outside.post(t.Context(), u, "evt_1", at, sent); r.Status != Failed {
			t.Errorf("in clear, %s: %+v", host, r)
		}
	}
	server.Close()
	if r := inside.post(t.Context(), w, "evt_1", at, sent); r.Status != Waiting || r.Why != "refused" {
		t.Errorf("nobody there: %+v", r)
	}
	if got != nil {
		t.Error("it was reached")
	}
}

// mailServer is an SMTP server for one test. Its answer to RCPT is code.
func mailServer(t *testing.T, code *int) (url string, mails <-chan string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	out := make(chan string, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveMail(textproto.NewConn(conn), code, out)
		}
	}()
	return "smtp://" + l.Addr().String(), out
}

func serveMail(c *textproto.Conn, code *int, out chan<- string) {
	defer c.Close()
	_ = c.PrintfLine("220 test")
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case verb == "EHLO":
			_ = c.PrintfLine("250 test")
		case verb == "RCPT" && *code != 250:
			_ = c.PrintfLine("%d no such person %s", *code, line)
		case verb == "DATA":
			_ = c.PrintfLine("354 go on")
			text, err := io.ReadAll(c.DotReader())
			if err != nil {
				return
			}
			out <- string(text)
			_ = c.PrintfLine("250 ok")
		case verb == "QUIT":
			_ = c.PrintfLine("221 bye")
			return
		default:
			_ = c.PrintfLine("250 ok")
		}
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	code := 250
	url, mails := mailServer(t, &code)
	m, err := NewMailer(url, "Shop <support@shop.example>", "https://chat.example")
	if err != nil {
		t.Fatal(err)
	}
	site := identity.Site{ID: "shop", Name: "Магазин", Origins: []string{"https://shop.example"}}
	letter := Letter{To: "maya@post.example", Language: "uk", Site: site}
	if r := m.Send(t.Context(), Delivery{ID: "dlv_1", Kind: Unread}, letter); r.Status != Sent {
		t.Fatalf("%+v", r)
	}
	got, err := mail.ReadMessage(bufio.NewReader(strings.NewReader(<-mails)))
	if err != nil {
		t.Fatal(err)
	}
	h := got.Header
	if h.Get("From") != `"Shop" <support@shop.example>` || h.Get("To") != "<maya@post.example>" || h.Get("Message-Id") != "<dlv_1@shop.example>" || h.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("its head: %v", h)
	}
	for c, want := range map[int]Status{451: Waiting, 550: Failed} {
		code = c
		r := m.Send(t.Context(), Delivery{ID: "dlv_2", Kind: Unread}, letter)
		if r.Status != want || r.Code != c || strings.Contains(r.String(), "maya") {
			t.Errorf("%d: %+v", c, r)
		}
	}
	code = 250
	letter.To = "maya@post.example>\r\nBcc: <all@post.example"
	if r := m.Send(t.Context(), Delivery{ID: "dlv_3", Kind: Unread}, letter); r.Status != Failed {
		t.Errorf("an address that is none: %+v", r)
	}
	away, _ := NewMailer("smtp://127.0.0.1:1", "a@shop.example", "")
	if r := away.Send(t.Context(), Delivery{ID: "dlv_4"}, Letter{To: "maya@post.example"}); r.Status != Waiting || r.Code != 0 {
		t.Errorf("nobody there: %+v", r)
	}
	for _, x := range [][2]string{{"smtp://", "a@b.example"}, {"http://mail.example", "a@b.example"}, {"smtp://me:hunter22@mail.example:x", "a@b.example"}, {"smtp://mail.example", "nobody"}, {"smtp://mail.example/x", "a@b.example"}} {
		if _, err := NewMailer(x[0], x[1], ""); err == nil || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%v: %v", x, err)
		}
	}
}

// TestLetters: every mail is there in every language, with its link.
func TestLetters(t *testing.T) {
	for kind, link := range map[Kind]string{Unread: "https://shop.example", Invitation: "https://chat.example/staff/password#token=pwt_1", Reset: "https://chat.example/staff/password#token=pwt_1"} {
		seen := make(map[string]bool)
		for _, language := range consent.Languages {
			l := Letter{Language: language, Site: identity.Site{Name: "Shop", Origins: []string{"https://shop.example"}}, Token: "pwt_1"}
			subject, text := l.Written(kind, "https://chat.example/")
			if subject == "" || !strings.Contains(text, "\n"+link+"\n") || strings.ContainsAny(subject+text, "{}") || seen[text] {
				t.Errorf("%s in %s: %q %q", kind, language, subject, text)
			}
			seen[text] = true
		}
	}
	if got := SiteLink("https://chat.example", identity.Site{ID: "shop"}); got != "https://chat.example/widget?site=shop" {
		t.Errorf("a site without pages: %s", got)
	}
}

// memory is a Store in memory.
type memory struct {
	mu       sync.Mutex
	due      []Delivery
	settled  map[string]Result
	webhooks map[string]Webhook
}

func (m *memory) Targets(context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, d := range m.due {
		out = append(out, d.Target)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (m *memory) Due(_ context.Context, target string, limit int) ([]Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Delivery
	for _, d := range m.due {
		if d.Target == target && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, nil
}

func (m *memory) Settle(_ context.Context, d Delivery, r Result) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.due = slices.DeleteFunc(m.due, func(x Delivery) bool { return x.ID == d.ID })
	m.settled[d.ID] = r
	return nil
}

func (m *memory) Letter(context.Context, Delivery) (Letter, error) { return Letter{}, ErrNotWanted }

func (m *memory) Webhook(_ context.Context, r consent.Recipient) (Webhook, error) {
	w, ok := m.webhooks[string(r)]
	if !ok {
		return w, ErrNotWanted
	}
	return w, nil
}

func (m *memory) Watch() (<-chan struct{}, func()) { return nil, func() {} }

func (m *memory) result(id string) (Result, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.settled[id]
	return r, ok
}

// TestLinesApart: a target that does not answer keeps no other waiting, and what nobody
// wants is dropped.
func TestLinesApart(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	dead := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	good := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer dead.Close()
	defer close(hang)
	defer good.Close()
	m := &memory{settled: make(map[string]Result), webhooks: map[string]Webhook{
		"webhook:dead": {Name: "dead", URL: dead.URL, Secret: NewSecret()}, "webhook:good": {Name: "good", URL: good.URL, Secret: NewSecret()},
	}}
	for i := range 200 {
		m.due = append(m.due, Delivery{ID: fmt.Sprintf("dead_%d", i), Target: "webhook:dead", Kind: Hook})
	}
	for i := range 100 {
		m.due = append(m.due, Delivery{ID: fmt.Sprintf("good_%d", i), Target: "webhook:good", Kind: Hook})
	}
	m.due = append(m.due, Delivery{ID: "gone", Target: "webhook:gone", Kind: Hook}, Delivery{ID: "mail", Target: MailTarget, Kind: Unread})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	sender := NewSender(m, nil, Words{}, true, slog.New(slog.DiscardHandler))
	start := time.Now()
	go func() { ended <- sender.Run(ctx) }()
	for deadline := start.Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, ok := m.result("good_99"); ok {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the good one waits for the dead one")
		}
	}
	for id, want := range map[string]Status{"good_0": Sent, "good_99": Sent, "gone": Dropped, "mail": Failed} {
		if r, _ := m.result(id); r.Status != want {
			t.Errorf("%s: %+v", id, r)
		}
	}
	if _, ok := m.result("dead_0"); ok {
		t.Error("the dead one answered")
	}
	cancel()
	select {
	case <-ended:
	case <-time.After(3 * time.Second):
		t.Error("it does not end while one does not answer")
	}
	if _, ok := m.result("dead_0"); ok {
		t.Error("a try that was cut off counts")
	}
}
