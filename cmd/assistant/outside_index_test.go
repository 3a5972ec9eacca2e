package main

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/retrieval/qdrant/qdranttest"
	"candor/web"
)

func startQdrant(t *testing.T) *qdranttest.Server {
	t.Helper()
	s, err := qdranttest.Start(qdranttest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// onQdrant is a setup of one process that searches on the server.
func onQdrant(s *qdranttest.Server) setup {
	return func(t *testing.T, w io.Writer) (demoInfo, func(), func() map[string][]byte) {
		t.Helper()
		dir := t.TempDir()
		info, stop := serveOnQdrant(t, s, dir, w)
		return info, stop, func() map[string][]byte {
			rest := files(t, dir)
			rest["qdrant"] = []byte(s.Dump())
			return rest
		}
	}
}

// replicasOnQdrant is a setup of two that search on the server.
func replicasOnQdrant(s *qdranttest.Server) setup {
	return func(t *testing.T, w io.Writer) (demoInfo, func(), func() map[string][]byte) {
		t.Helper()
		r := newReplicas(t, w)
		r.config.Index = s.URL()
		r.start("a")
		r.start("b")
		info := r.info
		info.URL = balance(t, r.running["a"].url, r.running["b"].url)
		return info, r.stop, func() map[string][]byte {
			rest := files(t, r.dir)
			for _, url := range []string{r.config.Database, r.config.Keys} {
				maps.Copy(rest, tables(t, url))
			}
			rest["qdrant"] = []byte(s.Dump())
			return rest
		}
	}
}

// serveOnQdrant runs the demo on the server, with its data in a folder.
func serveOnQdrant(t *testing.T, s *qdranttest.Server, dir string, w io.Writer) (demoInfo, func()) {
	t.Helper()
	c := defaults()
	c.DataDir, c.Index = dir, s.URL()
	return serveDemo(t, c, w, func(*app) {})
}

// serveDemo runs the demo with other settings and changes, until stop or the end of the
// test.
func serveDemo(t *testing.T, c Config, w io.Writer, change func(*app)) (demoInfo, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	demo := &web.Demo{Site: demoSite, Brand: demoBrand}
	a, err := newApp(ctx, c, demo, slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	change(a)
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	state, err := seedDemo(ctx, a, demo, url)
	if err == nil {
		err = a.embedAll(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.run(ctx, l) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("it ended with: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	info := demoInfo{URL: url, Site: string(demoSite), ServerKey: state.ServerKey, BrowserKey: state.BrowserKey}
	for _, m := range demoStaff {
		info.Staff = append(info.Staff, struct{ Email, Password, Role string }{m.email, m.password, string(m.role)})
	}
	return info, stop
}

// soon waits until something holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// TestCanaryOnQdrant and TestErasureOnQdrant run the cases with the server, on which
// nothing may be read either.
func TestCanaryOnQdrant(t *testing.T) {
	t.Parallel()
	t.Run("one process", func(t *testing.T) { testCanary(t, onQdrant(startQdrant(t))) })
	t.Run("two replicas", func(t *testing.T) { testCanary(t, replicasOnQdrant(startQdrant(t))) })
}

func TestErasureOnQdrant(t *testing.T) {
	t.Parallel()
	t.Run("one process", func(t *testing.T) { testErasure(t, onQdrant(startQdrant(t))) })
	t.Run("two replicas", func(t *testing.T) { testErasure(t, replicasOnQdrant(startQdrant(t))) })
}

// TestQdrant follows a customer's passages on the server: from a grant to a withdrawal
// and an erasure, with the server there and away.
func TestQdrant(t *testing.T) {
	t.Parallel()
	s := startQdrant(t)
	info := onQdrant(s).start(t)
	own := func() int { return s.Points("kind", "own") }
	shop := backend(t, info)
	shop.must("POST", "/api/records", []object{{"id": "o-77", "customer": "ines", "category": "orders", "title": "Order FH-7700", "text": "Your order FH-7700, a tent, left on Monday and arrives on Friday."}})
	ines := customer(t, info, "ines")
	if a := ines.ask("Where is my order FH-7700?"); strings.Contains(text(a["text"]), "Friday") || own() != 0 {
		t.Errorf("without a grant: %v, and %d points", a["text"], own())
	}
	ines.consent(change("answers", "orders", "brand_ai", true))
	if own() != 0 {
		t.Errorf("%d points before a question needs them", own())
	}
	if a := ines.ask("Where is my order FH-7700?"); !strings.Contains(text(a["text"]), "Friday") || own() == 0 {
		t.Errorf("with a grant: %v, and %d points", a["text"], own())
	}
	if a := ines.ask("How long does a return take?"); a["status"] != "answered" {
		t.Errorf("from company knowledge: %v", a)
	}
	ines.consent(change("answers", "orders", "brand_ai", false))
	soon(t, "what was withdrawn is gone from the server", func() bool { return s.Points("category", "orders") == 0 })
	if a := ines.ask("Where is my order FH-7700?"); strings.Contains(text(a["text"]), "Friday") || own() != 0 {
		t.Errorf("withdrawn: %v, and %d points", a["text"], own())
	}

	// Away: nothing is guessed, nobody is told that there is nothing, and who asks again
	// gets a person; readiness says what is away, and stays.
	ines.consent(change("answers", "orders", "brand_ai", true))
	if a := ines.ask("Where is my order FH-7700?"); !strings.Contains(text(a["text"]), "Friday") {
		t.Fatalf("granted again: %v", a["text"])
	}
	s.SetAway(true)
	other := customer(t, info, "tomas")
	for range 2 {
		a := other.ask("How long does a return take?")
		if a["status"] != "declined" || len(list(a, "used")) != 0 || !strings.Contains(text(a["text"]), "can't look anything up at the moment") || !strings.Contains(text(a["text"]), "person") {
			t.Errorf("while the server is away: %v", a)
		}
	}
	soon(t, "a person takes over", func() bool {
		state := other.must("GET", "/api/conversations/"+other.conversation, nil)["state"]
		return state == "pending" || state == "open"
	})
	if status, ready := newClient(t, info.URL).do("GET", "/readyz", nil); status != http.StatusOK || !strings.Contains(text(ready), "index") {
		t.Errorf("ready: %d %v", status, ready)
	}
	status, out := ines.do("DELETE", "/api/me", object{"identity": newClient(t, info.URL).must("GET", "/demo/identity?customer=ines", nil)["identity"]})
	if status != http.StatusAccepted || out["erased"] != false || own() == 0 {
		t.Errorf("an erasure while the server is away: %d %v, and %d points", status, out["erased"], own())
	}
	s.SetAway(false)
	soon(t, "who was erased is gone from the server", func() bool { return own() == 0 && s.Points("category", "orders") == 0 })

	// With the server there an erasure is done at once.
	shop.must("POST", "/api/records", []object{{"id": "o-78", "customer": "joao", "category": "orders", "title": "Order FH-7800", "text": "Your order FH-7800 arrives on Friday."}})
	joao := customer(t, info, "joao")
	joao.consent(change("answers", "orders", "brand_ai", true))
	if a := joao.ask("Where is my order FH-7800?"); !strings.Contains(text(a["text"]), "Friday") || own() == 0 {
		t.Fatalf("%v, and %d points", a["text"], own())
	}
	status, out = joao.do("DELETE", "/api/me", object{"identity": newClient(t, info.URL).must("GET", "/demo/identity?customer=joao", nil)["identity"]})
	if status != http.StatusOK || out["erased"] != true || own() != 0 || s.Points("category", "orders") != 0 {
		t.Errorf("an erasure: %d %v, and %d points", status, out["erased"], own())
	}
}

// TestQdrantCommands erases, changes the engine and drops the collection with commands.
func TestQdrantCommands(t *testing.T) {
	t.Parallel()
	s := startQdrant(t)
	dir := filepath.Join(t.TempDir(), "data")
	info, stop := serveOnQdrant(t, s, dir, t.Output())
	shop := backend(t, info)
	for _, id := range []string{"ines", "joao"} {
		shop.must("POST", "/api/records", []object{{"id": "o-" + id, "customer": id, "category": "orders", "title": "Order FH-7700", "text": "Your order FH-7700 arrives on Friday."}})
		c := customer(t, info, id)
		c.consent(change("answers", "orders", "brand_ai", true))
		if a := c.ask("Where is my order FH-7700?"); !strings.Contains(text(a["text"]), "Friday") {
			t.Fatalf("%v", a["text"])
		}
	}
	stop()
	run := func(args ...string) (string, error) {
		return runWith(t.Context(), map[string]string{"CANDOR_INDEX": s.URL()}, append(args, "--data-dir", dir)...)
	}
	before := s.Points("kind", "own")
	if out, err := run("erase", "--customer", "ines", "--yes"); err != nil || !strings.Contains(out, "erased") {
		t.Errorf("erase: %v\n%s", err, out)
	}
	if n := s.Points("kind", "own"); n == 0 || n >= before {
		t.Errorf("%d points of %d are left of the other one", n, before)
	}
	// The engine is not changed while something lies on the server.
	if _, err := runWith(t.Context(), nil, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir); err == nil || !strings.Contains(err.Error(), "assistant index drop") || strings.Contains(err.Error(), "\n") {
		t.Errorf("another engine: %v", err)
	}
	if _, err := runWith(t.Context(), nil, "index", "drop", "--data-dir", dir); err == nil || !strings.Contains(err.Error(), "--gone") {
		t.Errorf("drop without a server: %v", err)
	}
	// Erased while the server cannot be reached: it says so, and the drop ends it.
	s.Close()
	out, err := run("erase", "--customer", "joao", "--yes")
	if err == nil || !strings.Contains(err.Error(), "it has begun") || strings.Contains(out, "erased   ") {
		t.Errorf("erase without the server: %v\n%s", err, out)
	}
	if _, err := run("index", "drop"); err == nil {
		t.Error("a server that is not there was said to be empty")
	}
	time.Sleep(3100 * time.Millisecond) // after which an erasure counts as cut off
	if out, err := run("index", "drop", "--gone"); err != nil || !strings.Contains(out, "ended      1 ") {
		t.Errorf("drop: %v\n%s", err, out)
	}
	serving, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := runWith(serving, nil, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir); err != nil {
		t.Errorf("another engine, after the drop: %v", err)
	}
}

// TestIndexSetting refuses settings of the index that contradict each other.
func TestIndexSetting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ index, collection, want string }{
		{"embedded:", "candor", ""},
		{"qdrant://host", "candor", ""},
		{"qdrants://host:6334", "shop-1", ""},
		{"embedded:", "shop-1", "index_collection is for a Qdrant server"},
		{"qdrant:", "candor", "not an address such as"},
		{"qdrant://secret@host", "candor", "not an address such as"},
		{"qdrant://host/candor", "candor", "not an address such as"},
		{"qdrant://host", "", "no name of a collection"},
		{"qdrant://host", "a/b", "no name of a collection"},
		{"milvus://host", "candor", "the scheme is none of embedded:, qdrant:, qdrants:"},
	} {
		x := defaults()
		x.Index, x.IndexCollection = c.index, c.collection
		err := x.check()
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s, %s: %v, want %q", c.index, c.collection, err, c.want)
		}
	}
}
