//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"candor/identity"
	"candor/internal/pgtest"
)

// weather is what a balancer and what lies behind it do to a request.
type weather string

const (
	fine weather = "fine"
	// away: the server cannot reach its database.
	away weather = "away"
	// told: the same, and streams live and say so.
	told weather = "told"
	// cut: connections break before anything is served.
	cut weather = "cut"
	// lost: messages are served, and the answer to whoever sent them is lost.
	lost weather = "lost"
	// noNATS: presence cannot be set.
	noNATS weather = "no NATS"
)

// balancer lies between the browser and the demo.
type balancer struct {
	url   string
	proxy *httputil.ReverseProxy

	mu      sync.Mutex
	weather weather
	change  context.CancelFunc // ends what is under way
	now     context.Context
	keys    map[string]int // how often a key has come through, of messages
	streams map[*stream]bool
}

// stream is a stream that the balancer can say something on.
type stream struct {
	http.ResponseWriter
	mu sync.Mutex
}

func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ResponseWriter.Write(b)
}

func (s *stream) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = http.NewResponseController(s.ResponseWriter).Flush()
}

// startBalancer puts a balancer in front of the demo, and returns its address
// for whoever is to go through it.
func startBalancer(t *testing.T, info demoInfo) *balancer {
	t.Helper()
	target, err := url.Parse(info.URL)
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{proxy: httputil.NewSingleHostReverseProxy(target), keys: make(map[string]int), streams: make(map[*stream]bool)}
	b.proxy.FlushInterval = -1
	b.proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	b.set(fine)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.url = "http://" + l.Addr().String()
	server := &http.Server{Handler: b, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		b.set(cut)
		_ = server.Close()
	})
	return b
}

// set changes the weather. What is under way is cut, but streams that can say
// what is going on, as the server's own do.
func (b *balancer) set(w weather) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.weather
	b.weather = w
	for s := range b.streams {
		switch {
		case w == told:
			_, _ = io.WriteString(s, "event: error\ndata: {\"detail\":\"We can't reach our records right now.\"}\n\n")
			s.Flush()
		case was == told:
			_, _ = io.WriteString(s, "event: state\ndata: {\"state\":\"pending\",\"reason\":\"\"}\n\n")
			s.Flush()
		}
	}
	if w == told || was == told {
		return
	}
	if b.change != nil {
		b.change()
	}
	b.now, b.change = context.WithCancel(context.Background())
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	weather, now := b.weather, b.now
	b.mu.Unlock()
	says := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages")
	records := strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/readyz"
	switch {
	case weather == cut:
		panic(http.ErrAbortHandler)
	case (weather == away || weather == told) && records:
		unavailable(w, "database", "We can't reach our records right now. Nothing was changed; please try again in a moment.")
		return
	case weather == noNATS && strings.HasSuffix(r.URL.Path, "/presence"):
		unavailable(w, "messages", "Presence can't be updated right now. Everything else works.")
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if !says {
		defer context.AfterFunc(now, cancel)()
		if strings.HasSuffix(r.URL.Path, "/events") {
			s := &stream{ResponseWriter: w}
			b.keep(s, true)
			defer b.keep(s, false)
			w = s
		}
		b.proxy.ServeHTTP(w, r.WithContext(ctx))
		return
	}
	b.mu.Lock()
	b.keys[r.Header.Get("Idempotency-Key")]++
	b.mu.Unlock()
	if weather == lost {
		b.proxy.ServeHTTP(discard{}, r)
		panic(http.ErrAbortHandler)
	}
	b.proxy.ServeHTTP(w, r)
}

func (b *balancer) keep(s *stream, open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if open {
		b.streams[s] = true
	} else {
		delete(b.streams, s)
	}
}

// discard is a response that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func unavailable(w http.ResponseWriter, part, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = fmt.Fprintf(w, `{"status":503,"title":"Service Unavailable","detail":%q,"part":%q}`, detail, part)
}

// width looks at the page as on a screen of this width.
func (p *page) width(pixels int64) {
	p.run(command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: pixels, Height: 740, DeviceScaleFactor: 1, Mobile: true,
	}))
}

// shots saves pictures in light and dark, and on a narrow screen.
func (p *page) shots(name string) {
	p.shot(name)
	p.look(true, false)
	p.shot(name + "-dark")
	p.look(false, false)
	p.width(360)
	p.shot(name + "-360")
	p.look(false, false)
}

// gone waits until an element is not there, or is not seen.
func (p *page) gone(element string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](
		fmt.Sprintf(`(() => { const e = %s; return !e || e.getClientRects().length === 0 })()`, element),
		chromedp.WithPollingTimeout(20*time.Second), chromedp.WithPollingInterval(50*time.Millisecond)))
	if err != nil {
		p.shot("failed")
		p.t.Fatalf("%s stays: %s", element, p.eval(fmt.Sprintf(`(%s)?.innerText ?? "(not there)"`, element)))
	}
}

// said is what the customer has said, in order, as the server has it.
func said(c *client) []string {
	c.t.Helper()
	var out []string
	for _, m := range list(c.must("GET", "/api/conversations/"+c.conversation, nil), "messages") {
		if m["from"] == "customer" {
			out = append(out, m["text"].(string))
		}
	}
	return out
}

// TestDegradedChat: whatever happens between a customer and the records, what
// they type is kept, they read how things stand, and it arrives once, in order.
func TestDegradedChat(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	lb := startBalancer(t, info)
	shop := &page{t, ctx}
	banner, draft, again := inWidget(`[data-testid=banner]`), inWidget(`[data-testid=draft]`), inWidget(`[data-testid=send-again]`)
	say := func(words string) {
		t.Helper()
		shop.write(inWidget(`[data-testid=composer]`), words)
		shop.click(inWidget(`[data-testid=send]`))
	}
	log := inWidget(`.log`)
	shop.run(chromedp.Navigate(lb.url + "/demo"))
	shop.click(onPage(`[data-testid=guide-close]`))
	shop.eval(`window.Candor.open()`)
	say("How long do I have to return a jacket?")
	shop.see(inWidget(`[data-testid=answer]`), "30 days")
	maya := customer(t, info, "maya")

	// Somebody who only reads learns it too, and that it is over.
	lb.set(told)
	shop.see(banner, "We can't reach our records right now. What you write is kept and will be sent when we're back.")
	shop.shot("10-told")
	lb.set(fine)
	shop.gone(banner)

	lb.set(away)
	say("Can I return it in a shop?")
	shop.see(draft, "Not sent yet")
	shop.see(banner, "We can't reach our records right now. Your message is kept and will be sent when we're back.")
	shop.shots("10-away")
	say("And is that free?")
	shop.see(banner, "Your messages are kept")
	shop.click(again)
	shop.see(again, "Try again now")
	shop.shot("10-away-two")
	shop.click(inWidget(`[data-testid=your-data]`))
	shop.click(inWidget(`[data-testid=switch-orders]`))
	shop.see(inWidget(`.panel`), "This change is not confirmed")
	if on := shop.eval(inWidget(`[data-testid=switch-orders]`) + `.getAttribute("aria-checked")`); on != "false" {
		t.Error("a choice shows as made that was not confirmed")
	}
	shop.shots("11-choice")
	shop.click(inWidget(`[data-testid=panel-close]`))
	shop.write(inWidget(`[data-testid=composer]`), "One more")

	// A reload in the middle of it.
	shop.run(chromedp.Reload())
	shop.click(onPage(`[data-testid=guide-close]`))
	shop.eval(`window.Candor.open()`)
	shop.see(inWidget(`[data-testid=waiting]`), "We can't reach our records right now. Your conversation opens as soon as we're back.")
	shop.shots("12-opening")
	lb.set(fine)
	shop.see(log, "Can I return it in a shop?")
	shop.gone(draft)
	shop.gone(banner)
	shop.see(inWidget(`[data-testid=composer]`), "One more")
	shop.shot("13-back")
	want := []string{"How long do I have to return a jacket?", "Can I return it in a shop?", "And is that free?"}
	if got := said(maya); !slices.Equal(got, want) {
		t.Errorf("said %q, want %q", got, want)
	}

	// The server has it, and the customer's page does not know.
	shop.click(inWidget(`[data-testid=send]`))
	shop.see(log, "One more")
	shop.gone(draft)
	lb.set(lost)
	say("Do you ship to Brazil?")
	shop.see(banner, "Your message is kept")
	shop.see(log, "Do you ship to Brazil?")
	lb.set(cut)
	say("And to Ukraine?")
	shop.see(banner, "I cannot reach Fernhill Outdoor right now")
	shop.shots("14-cut")
	lb.set(fine)
	shop.gone(draft)
	shop.gone(banner)
	want = append(want, "One more", "Do you ship to Brazil?", "And to Ukraine?")
	if got := said(maya); !slices.Equal(got, want) {
		t.Errorf("said %q, want %q", got, want)
	}
	if n := shop.eval(`[...` + log + `.querySelectorAll(".mine .bubble")].length`); n != fmt.Sprint(len(want)) {
		t.Errorf("the chat shows %s messages of the customer, want %d", n, len(want))
	}
	lb.mu.Lock()
	repeated := 0
	for _, n := range lb.keys {
		if n > 1 {
			repeated++
		}
	}
	lb.mu.Unlock()
	if repeated == 0 {
		t.Error("no message was sent again: the test does not test it")
	}

	// A person is asked for once, though the first time nobody hears it.
	lb.set(away)
	shop.click(inWidget(`[data-testid=handoff-open]`))
	shop.click(inWidget(`[data-testid=handoff-without]`))
	shop.see(inWidget(`.panel`), "Your request for a person is kept and will be sent when we're back.")
	shop.shots("15-person")
	shop.click(inWidget(`[data-testid=panel-close]`))
	shop.see(banner, "Your request for a person is kept")
	lb.set(fine)
	shop.see(banner, "number 1 in line")
	if strings.Contains(shop.eval(log+".innerText"), "customer_request") {
		t.Error("the customer reads a word of ours among their own")
	}
}

// TestDegradedDesk: the desk shows what it has, says that it may be old, and
// keeps what an agent has written.
func TestDegradedDesk(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	lb := startBalancer(t, info)
	maya := customer(t, info, "maya")
	maya.must("POST", "/api/conversations/"+maya.conversation+"/messages", object{"text": "My tent leaks."})
	maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", object{})
	desk := &page{t, ctx}
	banner, reply := onPage(`[data-testid=banner]`), onPage(`[data-testid=reply]`)
	desk.run(chromedp.Navigate(lb.url + "/desk"))
	desk.signIn("agent@fernhill.example", "demo-agent-pass")
	desk.click(onPage(`[data-testid=ticket]`))
	desk.click(onPage(`[data-testid=claim]`))
	desk.write(reply, "I am sorry to hear that.")
	for _, w := range []struct {
		weather  weather
		says     string
		problem  string
		pictures string
	}{
		{away, "Live updates are delayed: our records can't be reached right now.", "We can't reach our records right now", "20-desk-away"},
		{cut, "Live updates are delayed: the server can't be reached right now.", "The server does not answer", "21-desk-cut"},
	} {
		lb.set(w.weather)
		desk.see(banner, w.says)
		desk.click(onPage(`[data-testid=reply-send]`))
		desk.see(onPage(`[data-testid=problem]`), w.problem)
		desk.see(reply, "I am sorry to hear that.")
		desk.see(onPage(`[data-testid=ticket]`), "My tent leaks.")
		desk.shots(w.pictures)
		lb.set(fine)
		desk.gone(banner)
	}
	desk.click(onPage(`[data-testid=reply-send]`))
	desk.see(onPage(`[data-from=agent]`), "I am sorry to hear that.")
	if s := text(maya.must("GET", "/api/conversations/"+maya.conversation, nil)); strings.Count(s, "sorry to hear") != 1 {
		t.Errorf("the customer has the reply %d times", strings.Count(s, "sorry to hear"))
	}

	lb.set(noNATS)
	desk.eval(`(() => { const e = document.querySelector("[data-testid=presence]"); e.value = "busy"; e.dispatchEvent(new Event("change", { bubbles: true })) })()`)
	desk.see(onPage(`[data-testid=also]`), "Presence can't be updated right now")
	if v := desk.eval(`document.querySelector("[data-testid=presence]").value`); v != "busy" {
		t.Errorf("beside the notice the desk shows the presence %s, which was not chosen", v)
	}
	desk.gone(banner)
	desk.shots("22-desk-presence")
	desk.write(reply, "A new one is on its way.")
	desk.click(onPage(`[data-testid=reply-send]`))
	desk.see(onPage(`[data-testid=message]:last-of-type`), "A new one is on its way.")

	lb.set(fine)
	// What was chosen holds, and is said once it can be.
	sam := staff(t, info, "agent@fernhill.example")
	soon(t, "it is known that the agent is busy", func() bool { return sam.must("GET", "/api/desk/me", nil)["status"] == "busy" })
	desk.gone(onPage(`[data-testid=also]`))
	admin := &page{t, ctx}
	admin.run(chromedp.Navigate(lb.url + "/admin"))
	admin.signIn("admin@fernhill.example", "demo-admin-pass")
	admin.choose(onPage(`[data-testid=reason]`), "complaint")
	admin.see(onPage(`[data-testid=entry]`), "tent")
	lb.set(away)
	admin.click(onPage(`[data-testid=entry]`))
	admin.see(banner, "Live updates are delayed")
	admin.shots("23-log-away")
	lb.set(fine)
	admin.gone(banner)
	admin.see(onPage(`[data-testid=detail]`), "tent")
}

// TestDegradedKey: a message whose answer was lost is repeated with its key, and
// is there once.
func TestDegradedKey(t *testing.T) {
	info := startDemo(t)
	lb := startBalancer(t, info)
	maya := customer(t, info, "maya")
	path := "/api/conversations/" + maya.conversation + "/messages"
	lb.set(lost)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, lb.url+path, bytes.NewReader([]byte(`{"text":"hello"}`)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+maya.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "once")
	if res, err := new(http.Transport).RoundTrip(req); err == nil {
		_ = res.Body.Close()
		t.Fatalf("the answer was not lost: %d", res.StatusCode)
	}
	maya.must("POST", path, object{"text": "hello"}, "Idempotency-Key", "once")
	if got := said(maya); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("said %q", got)
	}
}

// startReplica runs a server on the databases of a PostgreSQL.
func startReplica(t *testing.T, pg *pgtest.Server) *app {
	t.Helper()
	c := defaults()
	c.DataDir, c.Database, c.Keys = t.TempDir(), pg.URL("candor"), pg.URL("keys")
	c.MasterKey = strings.Repeat("QUFB", 10) + "QUE="
	a, err := newApp(t.Context(), c, nil, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// serve serves until the test ends, and returns the address.
func (a *app) serve(t *testing.T) string {
	t.Helper()
	l, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- a.run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("a replica ended with: %v", err)
		}
	})
	return "http://" + l.Addr().String()
}

// TestDegradedDatabase: while the database is away both replicas say so, and
// when it is back everything goes on, with no restart: streams where they were,
// and a message that was sent in the outage once, to whichever replica.
func TestDegradedDatabase(t *testing.T) {
	pg, err := pgtest.Start(t.TempDir())
	if errors.Is(err, pgtest.ErrNotInstalled) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Stop() })
	if err := errors.Join(pg.Create(t.Context(), "candor"), pg.Create(t.Context(), "keys")); err != nil {
		t.Fatal(err)
	}
	first, second := startReplica(t, pg), startReplica(t, pg)
	if err := first.store.AddSite(t.Context(), identity.Site{ID: "shop", Name: "Shop", Secret: []byte("secret")}, "key"); err != nil {
		t.Fatal(err)
	}
	c := customer(t, demoInfo{URL: first.serve(t), Site: "shop"}, "")
	other := *c
	other.base = second.serve(t)
	path := "/api/conversations/" + c.conversation
	c.ask("hello")

	told := make(chan string, 1000) // what the stream tells of itself
	go func() {
		defer close(told)
		back, answered := false, false
		other.events(path+"/events", 0, func(e event) bool {
			if e.id <= 1 && e.name != "read" { // of who has read how far
				told <- e.name
			}
			back = back || e.id == 0 && e.name == "state"
			answered = answered || e.name == "answer" && e.data["question"] == "I wrote this in the outage"
			return back && answered
		})
	}()
	next := func(want string) {
		t.Helper()
		if got := <-told; got != want {
			t.Fatalf("the stream tells %q, want %q", got, want)
		}
	}
	next("message") // it is open
	pg.Kill()
	next("error")
	message := object{"text": "I wrote this in the outage"}
	for _, x := range []*client{c, &other} {
		for method, address := range map[string]string{"POST": path + "/messages", "GET": path, "PUT": "/api/me/consents"} {
			if status, _ := x.do(method, address, message, "Idempotency-Key", "once"); status != http.StatusServiceUnavailable {
				t.Errorf("%s %s while the database is away: %d", method, address, status)
			}
		}
		if status, _, body := x.raw("GET", "/readyz", "", nil); status != http.StatusServiceUnavailable || !bytes.Contains(body, []byte(`"database":"away","messages":"ok"`)) {
			t.Errorf("ready: %d %s", status, body)
		}
	}
	if err := pg.Restart(); err != nil {
		t.Fatal(err)
	}
	sent := false
	for deadline := time.Now().Add(20 * time.Second); !sent && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		for _, x := range []*client{c, &other} {
			status, _ := x.do("POST", path+"/messages", message, "Idempotency-Key", "once")
			sent = sent || status == http.StatusAccepted
		}
	}
	next("state")
	next("") // after the answer
	if got := said(c); !slices.Equal(got, []string{"hello", "I wrote this in the outage"}) {
		t.Errorf("said %q", got)
	}
}
