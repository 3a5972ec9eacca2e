package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// demoInfo is the line that `assistant demo --json` prints.
type demoInfo struct {
	URL        string `json:"url"`
	Site       string `json:"site"`
	ServerKey  string `json:"server_key"`
	BrowserKey string `json:"browser_key"`
	Customers  []struct{ ID, Name string }
	Staff      []struct{ Email, Password, Role string }
}

// startDemo runs the demo in this process and stops it with the test.
func startDemo(t *testing.T) demoInfo {
	t.Helper()
	info, _ := runDemo(t, t.Output())
	return info
}

// runDemo runs the demo with its log in w, until stop or the end of the test.
func runDemo(t *testing.T, w io.Writer, args ...string) (info demoInfo, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, append([]string{"demo", "--json", "--addr", "127.0.0.1:0"}, args...), Stdio{
			In: strings.NewReader(""), Out: out, Err: w, Env: func(string) (string, bool) { return "", false },
		})
		_ = out.Close()
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("the demo ended with: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return readInfo(t, r), stop
}

func readInfo(t *testing.T, r io.Reader) demoInfo {
	t.Helper()
	var info demoInfo
	b := bufio.NewReader(r)
	line, err := b.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &info)
	}
	if err != nil {
		t.Fatalf("the demo's line: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, b) }()
	return info
}

// client speaks to the API for somebody.
type client struct {
	t            *testing.T
	base         string
	token        string
	csrf         string
	http         *http.Client
	conversation string
	customer     string
}

type object = map[string]any

func newClient(t *testing.T, base string) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, base: base, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// raw sends a request and returns the status, the headers and the body.
func (c *client) raw(method, path, contentType string, body []byte, header ...string) (int, http.Header, []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.csrf != "" {
		req.Header.Set("X-CSRF-Token", c.csrf)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, res.Header, b
}

// do sends JSON and returns the status and the object that came back.
func (c *client) do(method, path string, body any, header ...string) (int, object) {
	c.t.Helper()
	var b []byte
	contentType := ""
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			c.t.Fatal(err)
		}
		contentType = "application/json"
	}
	status, h, raw := c.raw(method, path, contentType, b, header...)
	var out object
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			c.t.Fatalf("%s %s: %d %s: %.200s", method, path, status, h.Get("Content-Type"), raw)
		}
	}
	if status >= 400 {
		if h.Get("Content-Type") != "application/problem+json" || out["detail"] == nil {
			c.t.Errorf("%s %s: status %d is no problem with a detail: %.300s", method, path, status, raw)
		}
	}
	return status, out
}

// must is do for what has to succeed.
func (c *client) must(method, path string, body any, header ...string) object {
	c.t.Helper()
	status, out := c.do(method, path, body, header...)
	if status >= 300 {
		c.t.Fatalf("%s %s: %d %v", method, path, status, out["detail"])
	}
	return out
}

// customer signs a customer of the demo shop in; an empty id is a visitor.
func customer(t *testing.T, info demoInfo, id string, header ...string) *client {
	t.Helper()
	c := newClient(t, info.URL)
	body := object{"site": info.Site}
	if id != "" {
		body["identity"] = c.must("GET", "/demo/identity?customer="+id, nil)["identity"]
	}
	out := c.must("POST", "/api/session", body, header...)
	c.token, c.conversation = out["token"].(string), out["conversation"].(string)
	c.customer, _ = out["customer"].(string)
	return c
}

// staff signs a member of the demo's staff in.
func staff(t *testing.T, info demoInfo, email string) *client {
	t.Helper()
	c := newClient(t, info.URL)
	for _, s := range info.Staff {
		if s.Email == email {
			out := c.must("POST", "/api/staff/login", object{"email": s.Email, "password": s.Password})
			c.csrf = out["csrf"].(string)
			return c
		}
	}
	t.Fatalf("no staff %s", email)
	return nil
}

// backend speaks with the server key of the demo's site.
func backend(t *testing.T, info demoInfo) *client {
	c := newClient(t, info.URL)
	c.token = info.ServerKey
	return c
}

// ask sends a message and returns the finished answer.
func (c *client) ask(text string) object {
	c.t.Helper()
	out := c.must("POST", "/api/conversations/"+c.conversation+"/messages", object{"text": text})
	id, _ := out["answer_id"].(string)
	if id == "" {
		c.t.Fatalf("%q: nobody will answer", text)
	}
	return c.finished(id)
}

// finished waits until an answer is.
func (c *client) finished(id string) object {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if a := c.must("GET", "/api/answers/"+id, nil); a["status"] != "writing" {
			return a
		}
	}
	c.t.Fatalf("answer %s is still being written", id)
	return nil
}

// change is one change of PUT /api/me/consents.
func change(purpose, category, recipient string, granted bool) object {
	return object{"purpose": purpose, "category": category, "recipient": recipient, "granted": granted}
}

func (c *client) consent(changes ...object) object {
	c.t.Helper()
	return c.must("PUT", "/api/me/consents", object{"changes": changes})
}

// event is one event of a stream.
type event struct {
	id   int64
	name string
	data object
}

// events reads a stream until until is true or the time is up.
func (c *client) events(path string, after int64, until func(event) bool) []event {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if after > 0 {
		req.Header.Set("Last-Event-ID", fmt.Sprint(after))
	}
	streaming := *c.http
	streaming.Timeout = 0
	res, err := streaming.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %d", path, res.StatusCode)
	}
	var out []event
	var e event
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			e.id, _ = strconv.ParseInt(value, 10, 64)
		case "event":
			e.name = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.data); err != nil {
				c.t.Fatalf("event %s: %v", e.name, err)
			}
		case "":
			if e.name == "" {
				continue
			}
			out = append(out, e)
			if until(e) {
				return out
			}
			e = event{}
		}
	}
	c.t.Fatalf("%s: the stream ended, or the time was up, after %d events", path, len(out))
	return nil
}

// list returns a field that is a list of objects.
func list(o object, field string) []object {
	all, _ := o[field].([]any)
	out := make([]object, len(all))
	for i, x := range all {
		out[i], _ = x.(object)
	}
	return out
}

// text renders anything, to look for what must not be in it.
func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
