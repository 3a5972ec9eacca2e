package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"candor/conversation"
	"candor/identity"
)

// TestDatabaseAway: whoever asks while the database is away reads so, and nobody
// takes it for a wrong password or an unknown conversation.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	r := newReplica(t, d)
	if res := r.do("GET", "/widget?site=shop", ""); res.status != http.StatusOK {
		t.Fatalf("the widget: %d", res.status)
	}
	d.away.Store(true)
	const canary = "my canary words"
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/api/session", `{"site":"shop"}`},
		{"POST", "/api/conversations", `{}`},
		{"GET", "/api/conversations/" + talk, ""},
		{"POST", "/api/conversations/" + talk + "/messages", `{"text":"` + canary + `"}`},
		{"POST", "/api/conversations/" + talk + "/handoff", `{"reason":"` + canary + `"}`},
		{"GET", "/api/conversations/" + talk + "/events", ""},
		{"GET", "/api/answers/ans_1", ""},
		{"GET", "/api/me/consents", ""},
		{"PUT", "/api/me/consents", `{"changes":[]}`},
		{"POST", "/api/records", "[]"},
		{"POST", "/api/staff/login", `{"email":"sam@shop.example","password":"x"}`},
		{"GET", "/api/desk/queue", ""},
		{"GET", "/api/desk/events", ""},
		{"POST", "/api/desk/conversations/" + talk + "/messages", `{"text":"` + canary + `"}`},
		{"GET", "/api/admin/citations", ""},
		{"GET", "/api/me/records", ""},
		{"POST", "/api/me/records", `{"text":"` + canary + `"}`},
		{"POST", "/api/me/records/rec_1/dispute", `{"text":"` + canary + `"}`},
		{"POST", "/api/me/requests", `{"kind":"complaint","text":"` + canary + `"}`},
		{"GET", "/api/admin/requests", ""},
		{"POST", "/api/admin/requests/req_1", `{"action":"note","note":"` + canary + `"}`},
		{"GET", "/widget?site=never-seen", ""},
	} {
		res := r.do(c.method, c.path, c.body, "Idempotency-Key", "k")
		if res.status != http.StatusServiceUnavailable || res.header.Get("Content-Type") != "application/problem+json" ||
			res.header.Get("Retry-After") != "2" || res.body["detail"] != awayDetail || res.body["part"] != "database" {
			t.Errorf("%s %s: %v", c.method, c.path, res)
		}
	}
	res := r.do("GET", "/widget?site=shop", "")
	if csp := res.header.Get("Content-Security-Policy"); res.status != http.StatusOK || !strings.HasSuffix(csp, "frame-ancestors 'self' https://shop.example") {
		t.Errorf("the widget of a site that was seen before: %d %q", res.status, csp)
	}
	if strings.Contains(r.log.String(), canary) {
		t.Error("the log has a customer's words")
	}
	if n := strings.Count(r.log.String(), "a part is away"); n != 1 {
		t.Errorf("the log says %d times that a part is away", n)
	}
	d.away.Store(false)
	if res := r.do("POST", "/api/conversations/"+talk+"/messages", `{"text":"hello"}`); res.status != http.StatusAccepted {
		t.Errorf("once it is back: %v", res)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	r := newReplica(t, d)
	for _, c := range []struct {
		database, nats bool
		status         int
		want           string
	}{
		{false, false, http.StatusOK, "map[database:ok messages:ok]"},
		{false, true, http.StatusOK, "map[database:ok messages:away]"},
		{true, false, http.StatusServiceUnavailable, "map[database:away messages:ok]"},
		{true, true, http.StatusServiceUnavailable, "map[database:away messages:away]"},
		{false, false, http.StatusOK, "map[database:ok messages:ok]"},
	} {
		d.away.Store(c.database)
		r.nats.Store(c.nats)
		time.Sleep(readyLife)
		if res := r.do("GET", "/readyz", ""); res.status != c.status || fmt.Sprint(res.body) != c.want {
			t.Errorf("%v, want %d %s", res, c.status, c.want)
		}
	}
}

// TestPresenceAway: without NATS presence fails, soon and in its own words; what
// the desk does otherwise does not.
func TestPresenceAway(t *testing.T) {
	t.Parallel()
	r := newReplica(t, newDatabase())
	r.nats.Store(true)
	res := r.do("PUT", "/api/desk/presence", `{"status":"busy"}`)
	if detail := fmt.Sprint(res.body["detail"]); res.status != http.StatusServiceUnavailable || res.body["part"] != "messages" ||
		!strings.HasPrefix(detail, "Presence can't be updated right now") {
		t.Errorf("%v", res)
	}
	if res := r.do("GET", "/api/desk/queue", ""); res.status != http.StatusOK {
		t.Errorf("the queue: %v", res)
	}
	r.nats.Store(false)
	if res := r.do("PUT", "/api/desk/presence", `{"status":"busy"}`); res.status != http.StatusNoContent {
		t.Errorf("back: %v", res)
	}
}

// TestStreamOutage: a stream tells of an outage once, lives through it, and goes
// on where it was.
func TestStreamOutage(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	r := newReplica(t, d)
	say := func(text string) {
		d.tell(conversation.MessageEvent, conversation.Message{ID: text, From: conversation.FromCustomer, Segments: conversation.PlainMessage(text)})
	}
	say("one")
	x := r.stream("/api/conversations/" + talk + "/events")
	queue := r.stream("/api/desk/events")
	expect := func(x *reader, want string) {
		t.Helper()
		if got := x.event(); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	expect(x, `1 message {"id":"one"`)
	expect(queue, `ticket {"version":"1"}`)
	for round := range 2 {
		d.away.Store(true)
		expect(x, `error {"detail":"`+awayDetail+`"}`)
		expect(queue, `error {"detail":"`+awayDetail+`"}`)
		x.quiet(2500 * time.Millisecond) // two polls: it is said once
		seq := round + 2
		say(fmt.Sprint("in the outage ", seq))
		d.away.Store(false)
		expect(x, fmt.Sprintf(`%d message {"id":"in the outage %d"`, seq, seq))
		expect(x, `state {"state":"pending"`)
		expect(queue, fmt.Sprintf(`ticket {"version":"%d"}`, seq))
		expect(queue, `ticket`)
	}
	say("four")
	expect(x, `4 message {"id":"four"`)
}

// pipe returns a stream whose reader takes what is written.
func pipe(t *testing.T) (*stream, func() string) {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	said := make(chan string, 1000)
	go func() {
		for b := make([]byte, 4096); ; {
			n, err := theirs.Read(b)
			if err != nil {
				return
			}
			said <- string(b[:n])
		}
	}()
	return &stream{conn: ours}, func() string {
		synctest.Wait()
		var out strings.Builder
		for len(said) > 0 {
			out.WriteString(<-said)
		}
		return out.String()
	}
}

// TestFollowAsksWhoReads: nothing is sent once the reader may not read any more,
// nor while that cannot be looked at.
func TestFollowAsksWhoReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, said := pipe(t)
		var may atomic.Pointer[error]
		set := func(err error) { may.Store(&err) }
		set(nil)
		var n atomic.Int64
		over := make(chan error, 1)
		go func() {
			over <- st.follow(t.Context(), feed{
				may:    func(context.Context) error { return *may.Load() },
				next:   func(context.Context) error { return st.send(n.Add(1), "message", "words") },
				resume: func(context.Context) error { return st.send(0, "state", "pending") },
			})
		}()
		time.Sleep(keepAlive - pollInterval/2)
		if got := said(); !strings.Contains(got, "words") {
			t.Fatalf("%q", got)
		}
		set(fmt.Errorf("look the session up: %w", identity.ErrUnavailable))
		time.Sleep(pollInterval)
		said() // up to the look that fails
		sent := n.Load()
		time.Sleep(4 * keepAlive)
		if got := said(); n.Load() != sent || got != strings.Repeat(":\n\n", 4) {
			t.Errorf("while nobody can say who reads: %q", got)
		}
		set(nil)
		time.Sleep(pollInterval)
		if got := said(); !strings.Contains(got, "words") || !strings.Contains(got, "event: state") {
			t.Errorf("after the outage: %q", got)
		}
		set(identity.ErrUnauthenticated)
		time.Sleep(keepAlive)
		if err := <-over; !errors.Is(err, identity.ErrUnauthenticated) {
			t.Errorf("when the session is over: %v", err)
		}
	})
}

// TestFollowWaitsNotForever: a database that does not answer is away.
func TestFollowWaitsNotForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, said := pipe(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- st.follow(ctx, feed{
				may: func(context.Context) error { return nil },
				next: func(ctx context.Context) error {
					_, err := within(ctx, func(ctx context.Context) (string, error) {
						<-ctx.Done()
						return "", ctx.Err()
					})
					return err
				},
			})
		}()
		time.Sleep(5 * time.Minute)
		got := said()
		if strings.Count(got, "event: error") != 1 || strings.Count(got, ":\n\n") < 10 {
			t.Errorf("%q", got)
		}
		cancel()
		if err := <-done; err != nil || said() != "retry: 500\n\n" {
			t.Errorf("at the end: %v", err)
		}
	})
}

// TestSayingItAgain: a message whose fate was not known has the same id when it
// is sent again with its key, to whichever replica, and is there once.
func TestSayingItAgain(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	a, b := newReplica(t, d), newReplica(t, d)
	const path = "/api/conversations/" + talk + "/messages"
	d.lost.Store(true)
	say := func(r *replica, header ...string) reply { return r.do("POST", path, `{"text":"hello"}`, header...) }
	if res := say(a, "Idempotency-Key", "one"); res.status != http.StatusServiceUnavailable {
		t.Fatalf("a lost connection: %v", res)
	}
	d.away.Store(false)
	// The replica that took the key gives it back, though it could not at first.
	res := say(b, "Idempotency-Key", "one")
	for deadline := time.Now().Add(10 * time.Second); res.status != http.StatusAccepted; res = say(b, "Idempotency-Key", "one") {
		if res.status != http.StatusConflict || res.header.Get("Retry-After") != "1" || time.Now().After(deadline) {
			t.Fatalf("while the key is reserved: %v", res)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if m := d.messages(); len(m) != 1 || res.body["message_id"] != m[0].ID {
		t.Errorf("%v, and the messages are %v", res.body, m)
	}
	if again := say(a, "Idempotency-Key", "one"); again.header.Get("Idempotency-Replayed") != "true" || fmt.Sprint(again.body) != fmt.Sprint(res.body) {
		t.Errorf("a repetition: %v", again)
	}
	ids := map[any]bool{
		res.body["message_id"]: true, say(a, "Idempotency-Key", "two").body["message_id"]: true, say(a).body["message_id"]: true,
	}
	for id := range ids {
		if s, ok := id.(string); !ok || len(s) != len(identity.NewID("msg")) || !strings.HasPrefix(s, "msg_") {
			t.Errorf("the id %v", id)
		}
	}
	if len(ids) != 3 || len(d.messages()) != 3 {
		t.Errorf("three messages have the ids %v", ids)
	}

	// The desk's messages likewise, and apart from the customer's.
	for _, r := range []*replica{a, b} {
		r.do("POST", "/api/desk/conversations/"+talk+"/messages", `{"text":"hello"}`, "Idempotency-Key", "one")
		d.mu.Lock()
		clear(d.kept) // as if the first had not been answered
		d.mu.Unlock()
	}
	if r := d.replies; len(r) != 2 || r[0] != r[1] || r[0] == res.body["message_id"] {
		t.Errorf("the desk's messages: %v", r)
	}
	// With another body it is another request, also where the key was forgotten.
	d.replies = nil
	for _, text := range []string{"hello", "goodbye"} {
		a.do("POST", "/api/desk/conversations/"+talk+"/messages", `{"text":"`+text+`"}`, "Idempotency-Key", "two")
		d.mu.Lock()
		clear(d.kept)
		d.mu.Unlock()
	}
	if r := d.replies; len(r) != 2 || r[0] == r[1] {
		t.Errorf("the desk's messages under one key with two bodies: %v", r)
	}
	if messageID("a b", "c", "") == messageID("a", "b c", "") {
		t.Error("two requests share an id")
	}
}

// TestDrain: a server that ends says so, lets go of its readers, and serves what
// it has begun.
func TestDrain(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	r := newReplica(t, d, func(o *Options) { o.Linger = time.Second })
	keepAlive := &http.Transport{MaxConnsPerHost: 1}
	res, err := keepAlive.RoundTrip(r.request("GET", "/healthz", ""))
	if err != nil || res.Close {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	x := r.stream("/api/conversations/" + talk + "/events")
	silent, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	d.hold = make(chan struct{})
	slow := make(chan int, 1)
	go func() {
		res, err := (&http.Transport{}).RoundTrip(r.request("POST", "/api/session", `{"site":"nowhere"}`))
		if err != nil {
			slow <- 0
			return
		}
		_ = res.Body.Close()
		slow <- res.StatusCode
	}()
	time.Sleep(300 * time.Millisecond)

	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- r.Shutdown(t.Context()) }()
	time.Sleep(100 * time.Millisecond)
	if ready := r.do("GET", "/readyz", ""); ready.status != http.StatusServiceUnavailable || ready.body["server"] != "ending" || ready.body["database"] != "ok" {
		t.Errorf("ready: %v", ready)
	}
	refused := r.do("GET", "/api/conversations/"+talk+"/events", "")
	if refused.status != http.StatusServiceUnavailable || refused.header.Get("Retry-After") != "1" || refused.body["part"] != "server" {
		t.Errorf("a new stream: %v", refused)
	}
	if res, err = keepAlive.RoundTrip(r.request("GET", "/healthz", "")); err != nil || !res.Close || res.StatusCode != http.StatusOK {
		t.Errorf("a connection that is kept: %v, %v", res, err)
	}
	_ = res.Body.Close()
	if got := x.event(); got != "retry: 500" {
		t.Errorf("the stream says %q", got)
	}
	if got := x.event(); got != "end" {
		t.Errorf("the stream says %q", got)
	}
	if after := time.Since(began); after < time.Second {
		t.Errorf("the streams ended after %v, before a balancer could know", after)
	}
	time.Sleep(100 * time.Millisecond)
	if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://")); err == nil {
		_ = conn.Close()
		t.Error("the listener still takes connections")
	}
	close(d.hold)
	if status := <-slow; status != http.StatusNotFound {
		t.Errorf("the request under way: %d", status)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("a connection that says nothing held the end for %v", took)
	}
}
