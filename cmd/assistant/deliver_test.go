package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/consent"
	"candor/delivery"
	"candor/web"
)

// delivered runs the demo with mail, a policy that knows the webhook crm, and little
// patience with customers who do not read.
func delivered(t *testing.T, log io.Writer, smtp string) (info demoInfo, atRest func() map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	policy := string(consent.DefaultPolicy().Text())
	policy = strings.Replace(policy, `version: "`, `version: "crm-`, 1)
	texts := `{ en: "CRM {brand}", pt-BR: "CRM {brand}.", es: "CRM {brand}..", uk: "CRM {brand}!", ru: "CRM {brand}!!" }`
	policy = strings.Replace(policy, "\nrecipients:\n", "\nrecipients:\n  - id: \"webhook:crm\"\n    dpv: \"dpv:DataProcessor\"\n    third_party: true\n    label: "+texts+"\n    only: "+texts+"\n", 1)
	policy = strings.Replace(policy, "\nuses:\n", "\nuses:\n  - purpose: agent_assist\n    categories: [conversation, orders]\n    recipients: [\"webhook:crm\"]\n", 1)
	c := defaults()
	c.DataDir, c.Policy, c.Embedding, c.LimitCustomer = filepath.Join(dir, "data"), filepath.Join(dir, "policy.yaml"), "none:", "0"
	c.SMTP, c.SMTPFrom, c.PublicURL = smtp, "Shop <support@fernhill.example>", "http://candor.example"
	if err := os.WriteFile(c.Policy, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	demo := &web.Demo{Site: demoSite, Brand: demoBrand}
	l, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(t.Context(), c, demo, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	a.unreadAfter = 300 * time.Millisecond
	url := "http://" + l.Addr().String()
	state, err := seedDemo(t.Context(), a, demo, url)
	if err != nil {
		t.Fatal(err)
	}
	info = demoInfo{URL: url, Site: string(demoSite), ServerKey: state.ServerKey}
	for _, s := range demo.Staff {
		info.Staff = append(info.Staff, struct{ Email, Password, Role string }{s.Email, s.Password, s.Role})
	}
	stop := serveApp(t, a, l)
	return info, func() map[string][]byte { stop(); return files(t, dir) }
}

// serveApp runs an app until stop, or the end of the test.
func serveApp(t *testing.T, a *app, l net.Listener) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- a.run(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("it ended with: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// postbox is a mail server that keeps what it is sent.
func postbox(t *testing.T) (url string, next func(what string) string) {
	t.Helper()
	l, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	mails := make(chan string, 100)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go takeMail(textproto.NewConn(conn), mails)
		}
	}()
	return "smtp://" + l.Addr().String(), func(what string) string {
		t.Helper()
		select {
		case m := <-mails:
			return m
		case <-time.After(10 * time.Second):
			t.Fatalf("no mail came: %s", what)
		}
		return ""
	}
}

func takeMail(c *textproto.Conn, mails chan<- string) {
	defer c.Close()
	_ = c.PrintfLine("220 test")
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		switch {
		case strings.HasPrefix(line, "DATA"):
			_ = c.PrintfLine("354 go on")
			text, err := io.ReadAll(c.DotReader())
			if err != nil {
				return
			}
			// Quoted-printable breaks lines where it likes.
			mails <- strings.NewReplacer("=\n", "", "=3D", "=").Replace(string(text))
			_ = c.PrintfLine("250 ok")
		case strings.HasPrefix(line, "QUIT"):
			_ = c.PrintfLine("221 bye")
			return
		default:
			_ = c.PrintfLine("250 ok")
		}
	}
}

// hookCall is what a webhook was sent.
type hookCall struct {
	id, body string
	event    struct {
		Type string
		Data object
	}
}

// receiver is a webhook that keeps what it is sent and was signed with its secret.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	calls  []hookCall
	status int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		c := hookCall{id: req.Header.Get("webhook-id"), body: string(body)}
		seconds, err := time.ParseDuration(req.Header.Get("webhook-timestamp") + "s")
		signature, err2 := delivery.Sign(r.signs(), c.id, time.Unix(int64(seconds/time.Second), 0), body)
		if err != nil || err2 != nil || signature != req.Header.Get("webhook-signature") || json.Unmarshal(body, &c.event) != nil {
			t.Errorf("not signed as it should be: %v %s", req.Header, body)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, c)
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) signs() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.secret
}

// wait returns the first call that is wanted.
func (r *receiver) wait(t *testing.T, what string, wanted func(hookCall) bool) hookCall {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r.mu.Lock()
		i := slices.IndexFunc(r.calls, wanted)
		if i >= 0 {
			defer r.mu.Unlock()
			return r.calls[i]
		}
		r.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("the webhook was not told: %s", what)
		}
	}
}

func ofType(kind string) func(hookCall) bool {
	return func(c hookCall) bool { return c.event.Type == kind }
}

var passwordLink = regexp.MustCompile(`http://candor\.example/staff/password#token=(pwt_\w+)`)

// TestDeliver: a customer who has left, a new colleague and a webhook learn what they
// should, and nothing else.
func TestDeliver(t *testing.T) {
	t.Parallel()
	smtp, mail := postbox(t)
	var log syncBuffer
	info, atRest := delivered(t, &log, smtp)
	admin, sam := staff(t, info, "admin@fernhill.example"), staff(t, info, "agent@fernhill.example")
	crm := newReceiver(t)
	const canary, address = "wuxolip", "maya.wuxolipson@post.example"

	put := func(name string, body object, want int) object {
		t.Helper()
		status, out := admin.do("PUT", "/api/admin/webhooks/"+name, body)
		if status != want {
			t.Fatalf("webhook %s with %v: %d %v, want %d", name, body, status, out, want)
		}
		return out
	}
	every := []string{"candor.handoff.*", "candor.conversation.*", "candor.message.unread"}
	put("crm", object{"url": "http://crm.example", "events": every}, http.StatusUnprocessableEntity)
	put("other", object{"url": crm.URL, "events": every, "text": true}, http.StatusUnprocessableEntity)
	if status, _ := sam.do("PUT", "/api/admin/webhooks/crm", object{"url": crm.URL, "events": every}); status != http.StatusForbidden {
		t.Errorf("an agent sets a webhook: %d", status)
	}
	crm.mu.Lock()
	secret := put("crm", object{"url": crm.URL, "events": every, "text": true}, http.StatusOK)["secret"].(string)
	crm.secret = secret
	crm.mu.Unlock()
	if again := put("crm", object{"url": crm.URL, "events": every, "text": true}, http.StatusOK); again["secret"] != nil {
		t.Error("the secret is shown twice")
	}
	test := admin.must("POST", "/api/admin/webhooks/crm/test", nil)["delivery"]
	if c := crm.wait(t, "the test", ofType(delivery.TestEvent)); c.id != test {
		t.Errorf("the test is %s, want %s", c.id, test)
	}

	// Maya asks for a person and leaves, with an address; what she wrote stays here.
	maya := customer(t, info, "maya")
	path := "/api/conversations/" + maya.conversation
	if out := maya.must("POST", path+"/handoff", object{"reason": "My " + canary + " is broken."}); out["contact_offered"] != true {
		t.Errorf("no address is asked for: %v", out)
	}
	for _, bad := range []string{"maya", "Maya <maya@post.example>", "a@b", "a@b.example\nBcc: c@d.example"} {
		if status, _ := maya.do("PUT", path+"/contact", object{"email": bad}); status != http.StatusUnprocessableEntity {
			t.Errorf("the address %q: %d", bad, status)
		}
	}
	if status, _ := customer(t, info, "tomas").do("PUT", path+"/contact", object{"email": address}); status != http.StatusNotFound {
		t.Errorf("in somebody else's conversation: %d", status)
	}
	if out := maya.must("PUT", path+"/contact", object{"email": address}); out["email"] != "m…@post.example" {
		t.Errorf("the address reads %v", out["email"])
	}
	desk := "/api/desk/conversations/" + maya.conversation
	sam.must("POST", desk+"/claim", object{})
	if v := sam.must("GET", desk, nil); v["contact"] != true || strings.Contains(text(v), "post.example") {
		t.Errorf("the desk sees of the address: %v", v["contact"])
	}
	sam.must("POST", desk+"/messages", object{"text": "Send the " + canary + " back."})
	m := mail("somebody has answered")
	if !strings.Contains(m, "To: <"+address+">") || !strings.Contains(m, info.URL) || strings.Contains(m, canary+" ") || strings.Contains(m, maya.conversation) {
		t.Errorf("the mail: %s", m)
	}
	crm.wait(t, "unread", ofType(delivery.UnreadEvent))
	c := crm.wait(t, "a handoff", ofType("candor.handoff.waiting"))
	if c.event.Data["conversation_id"] != maya.conversation {
		t.Errorf("the handoff: %s", c.body)
	}

	// With her consent the webhook gets her words, and those of people; without it, ids.
	agents := func(c hookCall) bool {
		return c.event.Type == "candor.conversation.message" && c.event.Data["from"] == "agent"
	}
	if c := crm.wait(t, "the message", agents); c.event.Data["text"] != nil || c.event.Data["segments"] != nil {
		t.Errorf("without her consent: %s", c.body)
	}
	maya.consent(change("agent_assist", "conversation", "webhook:crm", true))
	maya.must("POST", path+"/messages", object{"text": "Where is the label?"})
	shared := func(c hookCall) bool {
		return c.event.Type == "candor.conversation.message" && c.event.Data["text"] == "Where is the label?"
	}
	crm.wait(t, "her words", shared)
	usage := list(maya.must("GET", "/api/me/usage", nil), "items")
	if i := slices.IndexFunc(usage, func(u object) bool { return u["kind"] == "webhook" }); i < 0 || usage[i]["recipient"] != "webhook:crm" || usage[i]["conversation_id"] != maya.conversation {
		t.Errorf("her usage says %v", usage)
	}
	maya.consent(change("agent_assist", "conversation", "webhook:crm", false))
	crm.mu.Lock()
	n := len(crm.calls)
	crm.mu.Unlock()
	maya.must("POST", path+"/messages", object{"text": "Hello? " + canary})
	last := crm.wait(t, "a message after the withdrawal", func(c hookCall) bool {
		return slices.IndexFunc(crm.calls, func(x hookCall) bool { return x.id == c.id }) >= n && c.event.Data["from"] == "customer"
	})
	if last.event.Data["text"] != nil {
		t.Errorf("after the withdrawal: %s", last.body)
	}
	crm.mu.Lock()
	for _, c := range crm.calls {
		if strings.Contains(c.body, canary) || strings.Contains(c.body, "post.example") {
			t.Errorf("the webhook got %s", c.body)
		}
	}
	crm.mu.Unlock()

	// She is back, and takes the address away.
	if c := maya.must("GET", path, nil); c["contact"].(object)["email"] != "m…@post.example" {
		t.Errorf("her conversation has %v", c["contact"])
	}
	maya.must("DELETE", path+"/contact", nil)
	if c := maya.must("GET", path, nil); c["contact"] != nil {
		t.Errorf("removed: %v", c["contact"])
	}

	testStaffMail(t, info, admin, mail)

	crm.mu.Lock()
	crm.status = http.StatusGone
	crm.mu.Unlock()
	admin.must("POST", "/api/admin/webhooks/crm/test", nil)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		w := admin.must("GET", "/api/admin/webhooks/crm", nil)
		if d, _ := w["disabled"].(object); d["why"] == "gone" {
			if log := list(w, "deliveries"); log[0]["status"] != "failed" || log[0]["code"] != 410.0 || log[0]["attempts"] != 1.0 {
				t.Errorf("its log: %v", log[0])
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a webhook that is gone: %v", w)
		}
	}
	admin.must("DELETE", "/api/admin/webhooks/crm", nil)

	for name, b := range atRest() {
		for _, s := range []string{canary, strings.TrimPrefix(secret, "whsec_"), strings.TrimPrefix(crm.URL, "http://") + "/"} {
			if strings.Contains(string(b), s) {
				t.Errorf("%s holds %q", name, s)
			}
		}
	}
	for _, s := range []string{canary, "post.example", "pwt_", "whsec_", crm.URL} {
		if strings.Contains(log.String(), s) {
			t.Errorf("the log holds %q", s)
		}
	}
}

// testStaffMail: who is invited chooses a password, forgets it and chooses another.
func testStaffMail(t *testing.T, info demoInfo, admin *client, mail func(string) string) {
	t.Helper()
	invite := object{"email": "Lea@fernhill.example", "name": "Lea", "roles": []string{"agent"}, "languages": []string{"es"}}
	invited := admin.must("POST", "/api/admin/staff", invite)
	if invited["mailed"] != true || invited["link"] != nil {
		t.Errorf("invited: %v", invited)
	}
	if status, _ := admin.do("POST", "/api/admin/staff", invite); status != http.StatusConflict {
		t.Errorf("invited twice: %d", status)
	}
	m := mail("the invitation")
	link := passwordLink.FindStringSubmatch(m)
	if link == nil || !strings.Contains(m, "Hay una cuenta para usted") {
		t.Fatalf("the invitation: %s", m)
	}
	nobody := newClient(t, info.URL)
	set := func(token, password string, want int) {
		t.Helper()
		if status, out := nobody.do("POST", "/api/staff/password", object{"token": token, "password": password}); status != want {
			t.Errorf("a password: %d %v, want %d", status, out, want)
		}
	}
	set(link[1], "password1234", http.StatusUnprocessableEntity)
	set(link[1], "lea@fernhill.example", http.StatusUnprocessableEntity)
	set(link[1], "three tall lamps", http.StatusNoContent)
	set(link[1], "four tall lamps", http.StatusGone)
	lea := staff(t, demoInfo{URL: info.URL, Staff: []struct{ Email, Password, Role string }{{"lea@fernhill.example", "three tall lamps", "agent"}}}, "lea@fernhill.example")
	lea.must("GET", "/api/desk/queue", nil)
	if status, _ := lea.do("GET", "/api/admin/staff", nil); status != http.StatusForbidden {
		t.Errorf("an agent reads the accounts: %d", status)
	}

	for _, email := range []string{"nobody@fernhill.example", "lea@fernhill.example"} {
		if status, out := nobody.do("POST", "/api/staff/password-reset", object{"email": email}); status != http.StatusAccepted || out["mails"] != true {
			t.Errorf("a link for %s: %d %v", email, status, out)
		}
	}
	m = mail("another password")
	if link = passwordLink.FindStringSubmatch(m); link == nil || !strings.Contains(m, "To: <lea@fernhill.example>") {
		t.Fatalf("the mail: %s", m)
	}
	set(link[1], "five tall lamps", http.StatusNoContent)
	if status, _ := lea.do("GET", "/api/staff/me", nil); status != http.StatusUnauthorized {
		t.Errorf("a session of before: %d", status)
	}

	member := "/api/admin/staff/" + invited["id"].(string)
	a := admin.must("PATCH", member, object{"roles": []string{"agent", "supervisor"}, "seat": object{"queues": []string{"support"}, "skills": []string{"tents"}, "languages": []string{}, "capacity": 2}})
	if seat, _ := a["seat"].(object); seat["capacity"] != 2.0 || !slices.Equal(a["roles"].([]any), []any{"agent", "supervisor"}) {
		t.Errorf("changed: %v", a)
	}
	admin.must("PATCH", member, object{"disabled": true})
	if status, _ := nobody.do("POST", "/api/staff/login", object{"email": "lea@fernhill.example", "password": "five tall lamps"}); status != http.StatusUnauthorized {
		t.Errorf("disabled, signs in: %d", status)
	}
	me := admin.must("GET", "/api/staff/me", nil)["id"].(string)
	if status, out := admin.do("PATCH", "/api/admin/staff/"+me, object{"roles": []string{"agent"}}); status != http.StatusConflict {
		t.Errorf("their own administration: %d %v", status, out)
	}
	var done []string
	for _, e := range list(admin.must("GET", member, nil), "history") {
		done = append(done, e["action"].(string))
	}
	if got := strings.Join(done, " "); got != "added invited password reset password roles seat disabled" {
		t.Errorf("on record: %s", got)
	}
}

// TestDeliverKilled: what a webhook was not sure to have got when the process was killed
// comes again, under the same id.
func TestDeliverKilled(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var ids []string
	got := make(chan struct{}, 10)
	hang := make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		ids = append(ids, r.Header.Get("webhook-id"))
		first := len(ids) == 1
		mu.Unlock()
		got <- struct{}{}
		if first {
			<-hang
		}
	}))
	defer hook.Close()
	defer close(hang)
	bin, dir := assistantBinary(t), t.TempDir()
	p := startProcess(t, bin, dir)
	admin := staff(t, p.demoInfo, "admin@fernhill.example")
	admin.must("PUT", "/api/admin/webhooks/crm", object{"url": hook.URL, "events": []string{"candor.handoff.*"}})
	want := admin.must("POST", "/api/admin/webhooks/crm/test", nil)["delivery"].(string)
	await := func(what string) {
		t.Helper()
		select {
		case <-got:
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing came %s\n%s", what, p.log)
		}
	}
	await("before it was killed")
	p.kill()
	p = startProcess(t, bin, dir)
	await("after it was killed")
	mu.Lock()
	if len(ids) != 2 || ids[0] != want || ids[1] != want {
		t.Errorf("it came as %v, want twice %s", ids, want)
	}
	mu.Unlock()
	admin = staff(t, p.demoInfo, "admin@fernhill.example")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		log := list(admin.must("GET", "/api/admin/webhooks/crm", nil), "deliveries")
		if len(log) == 1 && log[0]["status"] == "sent" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("its log: %v", log)
		}
	}
	p.kill()
}
