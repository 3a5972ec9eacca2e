package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/retrieval"
)

// embeddings is an embedding server: a text means its words, hashed.
type embeddings struct {
	*httptest.Server
	texts atomic.Int64 // that it was sent
	mu    sync.Mutex
	hook  func() // before an answer
}

func newEmbeddings(t *testing.T) *embeddings {
	e := &embeddings{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Input []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.URL.Path != "/v1/embeddings" || r.Header.Get("Authorization") != "Bearer secret" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		e.mu.Lock()
		if e.hook != nil {
			e.hook()
		}
		e.mu.Unlock()
		e.texts.Add(int64(len(in.Input)))
		var out struct {
			Data []map[string]any `json:"data"`
		}
		for i, text := range in.Input {
			v := make([]float32, 64)
			for _, word := range strings.Fields(strings.ToLower(text)) {
				h := fnv.New32a()
				_, _ = h.Write([]byte(strings.Trim(word, ".,?!")))
				v[h.Sum32()%64]++
			}
			out.Data = append(out.Data, map[string]any{"index": i, "embedding": v})
		}
		_ = json.NewEncoder(w).Encode(out)
	}))
	t.Cleanup(e.Close)
	return e
}

// env is the configuration that uses it.
func (e *embeddings) env() map[string]string {
	return map[string]string{
		"CANDOR_EMBEDDING": e.URL + "/v1", "CANDOR_EMBEDDING_MODEL": "hashed", "CANDOR_EMBEDDING_DIMENSION": "64",
		"CANDOR_EMBEDDING_RECIPIENT": "brand_ai", "CANDOR_EMBEDDING_KEY": "secret",
	}
}

// runWith runs one in this process.
func runWith(ctx context.Context, env map[string]string, args ...string) (string, error) {
	var out bytes.Buffer
	err := Run(ctx, args, Stdio{In: strings.NewReader(""), Out: &out, Err: io.Discard, Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
	return out.String(), err
}

// TestChangeOfModel goes from the built-in encoder to a server, while the assistant
// serves: nothing is compared across, nothing is lost, and what was cut off goes on.
func TestChangeOfModel(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	must := func(out string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return out
	}
	run := func(env map[string]string, args ...string) string {
		t.Helper()
		return must(runWith(t.Context(), env, append(args, "--data-dir", dir)...))
	}
	const articles = 150
	var lines strings.Builder
	for i := range articles {
		fmt.Fprintf(&lines, `{"id":"a%03d","title":"Article %d","text":"Parcel number %d is sent back to the shop within %d days."}`+"\n", i, i, i, i+1)
	}
	file := filepath.Join(t.TempDir(), "articles.jsonl")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	run(nil, "init", "--config", filepath.Join(t.TempDir(), "candor.yaml"))
	run(nil, "site", "add", "shop")
	run(nil, "import", "knowledge", file)
	run(nil, "index", "rebuild")

	// The assistant serves with the built-in encoder.
	serving, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := runWith(serving, nil, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir)
		ended <- err
	}()
	space := func() string { return strings.SplitN(run(nil, "index", "rebuild"), "\n", 2)[0] }
	builtIn := space()
	if !strings.Contains(builtIn, "multilingual-e5-small") {
		t.Fatalf("the space is %q", builtIn)
	}
	deadline := time.Now().Add(20 * time.Second)
	for strings.Contains(must(runWith(t.Context(), nil, "search", "parcel number 7", "--explain", "--data-dir", dir)), "cosine 0.000") {
		if time.Now().After(deadline) {
			t.Fatal("the articles are not found by meaning")
		}
		time.Sleep(50 * time.Millisecond)
	}

	server := newEmbeddings(t)
	// With another model it neither starts nor searches before a rebuild.
	for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"search", "parcel"}} {
		_, err := runWith(t.Context(), server.env(), append(args, "--data-dir", dir, "--nats-listen", "")...)
		if args[0] == "search" {
			_, err = runWith(t.Context(), server.env(), append(args, "--data-dir", dir)...)
		}
		if err == nil || strings.Contains(err.Error(), "\n") || args[0] == "search" && !strings.Contains(err.Error(), "assistant index rebuild") {
			t.Errorf("%s: %v", args[0], err)
		}
	}
	if n := server.texts.Load(); n != 0 {
		t.Errorf("%d texts were sent before a rebuild was asked for", n)
	}

	// A rebuild that is cut off keeps what it has, and goes on.
	rebuilding, cut := context.WithCancel(t.Context())
	server.hook = func() {
		if server.texts.Load() > articles/3 {
			cut()
		}
	}
	if _, err := runWith(rebuilding, server.env(), "index", "rebuild", "--data-dir", dir); !errors.Is(err, context.Canceled) {
		t.Fatalf("cut off: %v", err)
	}
	server.mu.Lock()
	server.hook = nil
	server.mu.Unlock()
	// Meanwhile the old vectors are searched.
	if out := must(runWith(t.Context(), nil, "search", "parcel number 7", "--explain", "--data-dir", dir)); strings.Contains(out, "cosine 0.000") {
		t.Errorf("searches do not go on:\n%s", out)
	}
	before := server.texts.Load()
	out := run(server.env(), "index", "rebuild")
	had := 0
	for _, line := range strings.Split(out, "\n") {
		if _, rest, ok := strings.Cut(line, "of which "); ok {
			had, _ = strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	if sent := server.texts.Load() - before; had == 0 || sent != int64(articles-had) {
		t.Errorf("%d articles had vectors, and %d were sent\n%s", had, sent, out)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatalf("serving ended with %v", err)
	}

	// Now it starts with the new model, and the old one is refused.
	again, stop := context.WithCancel(t.Context())
	go func() {
		_, err := runWith(again, server.env(), "serve", "--addr", "127.0.0.1:0", "--data-dir", dir)
		ended <- err
	}()
	for {
		_, err := runWith(t.Context(), nil, "search", "parcel", "--data-dir", dir)
		if err != nil && strings.Contains(err.Error(), "the index was made with hashed/") {
			break
		}
		if time.Now().After(deadline.Add(20 * time.Second)) {
			t.Fatalf("the new model is not taken over: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if out := must(runWith(t.Context(), server.env(), "search", "Parcel number 7", "--explain", "--limit", "1", "--data-dir", dir)); !strings.Contains(out, "a007#0") || strings.Contains(out, "cosine 0.000") {
		t.Errorf("by the new model:\n%s", out)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatalf("serving ended with %v", err)
	}
	s, err := openStore(t.Context(), Config{DataDir: dir, Database: "sqlite:", Keys: "sqlite:"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	old, err := retrieval.ParseSpace(strings.Fields(builtIn)[1])
	if err != nil {
		t.Fatal(err)
	}
	if missing, all, err := s.CountUnembedded(t.Context(), old); err != nil || missing != all || all != articles {
		t.Errorf("%d of %d articles have no vectors of the old model, %v", missing, all, err)
	}
}

// TestEmbeddingServerIsAway: search goes on by words, and says so.
func TestEmbeddingServerIsAway(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	server := newEmbeddings(t)
	file := filepath.Join(t.TempDir(), "articles.jsonl")
	if err := os.WriteFile(file, []byte(`{"id":"a","title":"Returns","text":"A tent is sent back within 30 days."}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "--config", filepath.Join(t.TempDir(), "candor.yaml")}, {"site", "add", "shop"}, {"import", "knowledge", file}, {"index", "rebuild"},
	} {
		if out, err := runWith(t.Context(), server.env(), append(args, "--data-dir", dir)...); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	server.Close()
	out, err := runWith(t.Context(), server.env(), "search", "canary tent", "--explain", "--data-dir", dir)
	if err != nil || !strings.Contains(out, "a#0") || !strings.Contains(out, "by words alone: the embedding server did not answer") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, because, _ := strings.Cut(out, "because: "); because == "" || strings.Contains(because, "canary") {
		t.Errorf("because %q", because)
	}
}
