package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/openai"
)

const dimension = 8

// request is what the server was sent.
type request struct {
	Input      []string
	Model      string
	Dimensions *int
	Format     string `json:"encoding_format"`
}

type datum struct {
	Object    string    `json:"object"`
	Index     int       `json:"index"`
	Embedding []float32 `json:"embedding"`
}

// coordinates of a text, which no other has.
func coordinates(text string) []float32 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, text)
	out, sum := make([]float32, dimension), h.Sum64()
	for i := range out {
		out[i] = float32(sum>>(8*i)&0xff) - 127.25
	}
	return out
}

func data(texts []string) []datum {
	out := make([]datum, len(texts))
	for i, t := range texts {
		out[i] = datum{"embedding", i, coordinates(t)}
	}
	return out
}

func reply(w http.ResponseWriter, d []datum) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "model": "m", "data": d, "usage": map[string]int{"total_tokens": 1}})
}

// server is one that speaks as OpenAI's does, and checks that it is spoken to so.
// Answer decides on the n-th request, from 1; nil: as it should.
type server struct {
	*httptest.Server
	t        *testing.T
	mu       sync.Mutex
	requests []request
	answer   func(w http.ResponseWriter, r *http.Request, n int, q request)
}

func newServer(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int, q request)) *server {
	s := &server{t: t, answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/embeddings" || r.URL.RawQuery != "" {
		s.t.Errorf("%s %s", r.Method, r.URL)
	}
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		s.t.Errorf("Content-Type %q", got)
	}
	if got := r.Header.Get("Authorization"); got != "Bearer secret-key" {
		s.t.Errorf("Authorization %q", got)
	}
	var q request
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		s.t.Errorf("the request does not read: %v", err)
	}
	if q.Model != "the-model" && !strings.HasPrefix(q.Model, "text-embedding-") || q.Format != "" && q.Format != "float" {
		s.t.Errorf("asked for model %q, format %q", q.Model, q.Format)
	}
	s.mu.Lock()
	s.requests = append(s.requests, q)
	n := len(s.requests)
	s.mu.Unlock()
	if s.answer != nil {
		s.answer(w, r, n, q)
		return
	}
	reply(w, data(q.Input))
}

// seen returns the requests so far.
func (s *server) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *server) options() openai.Options {
	return openai.Options{
		URL: s.URL + "/v1", Key: "secret-key", Model: "the-model", Dimension: dimension,
		Recipient: "ai_provider:openai", Client: s.Client(), Backoff: time.Microsecond,
	}
}

func (s *server) embedder() *openai.Embedder {
	s.t.Helper()
	e, err := openai.New(s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// secret and number are in every text whose embedding fails, and in no error.
const (
	secret = "Zanzibar"
	number = "47110815"
)

// fails checks that an error is the server's and says nothing of the texts.
func fails(t *testing.T, v []retrieval.Vector, err error) {
	t.Helper()
	if !errors.Is(err, openai.ErrServer) || v != nil {
		t.Errorf("%d vectors, %v", len(v), err)
		return
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if s := strings.ToLower(fmt.Sprintf("%v %+v %#v", e, e, e)); strings.Contains(s, strings.ToLower(secret)) || strings.Contains(s, number) || strings.Contains(s, "secret-key") {
			t.Errorf("the error says what was sent: %s", s)
		}
	}
}

// right fails unless the vectors are those of the texts.
func right(t *testing.T, v []retrieval.Vector, texts []string) {
	t.Helper()
	if len(v) != len(texts) {
		t.Fatalf("%d vectors for %d texts", len(v), len(texts))
	}
	for i, text := range texts {
		if want := retrieval.Quantise(coordinates(text)); !slices.Equal(v[i].Values, want.Values) || v[i].Scale != want.Scale {
			t.Fatalf("the vector of text %d is another's", i)
		}
	}
}

func TestSpace(t *testing.T) {
	s := newServer(t, nil)
	e := s.embedder()
	want := retrieval.Space{Model: "the-model", Version: retrieval.SpaceVersion("1"), Dimension: dimension, Quantisation: retrieval.Int8}
	if e.Space() != want || e.Recipient() != "ai_provider:openai" {
		t.Errorf("%v, %s", e.Space(), e.Recipient())
	}
	if len(s.seen()) != 0 {
		t.Error("the server was asked before there was anything to ask")
	}
	for name, change := range map[string]func(*openai.Options){
		"address":   func(o *openai.Options) { o.URL = "" },
		"model":     func(o *openai.Options) { o.Model = "" },
		"dimension": func(o *openai.Options) { o.Dimension = 0 },
		"recipient": func(o *openai.Options) { o.Recipient = "" },
	} {
		o := s.options()
		change(&o)
		if _, err := openai.New(o); err == nil {
			t.Errorf("without %s one was made", name)
		}
	}
}

// TestRequest: what is sent is the texts, the model, and the dimension where the model
// takes one.
func TestRequest(t *testing.T) {
	for model, want := range map[string]int{"the-model": 0, "text-embedding-ada-002": 0, "text-embedding-3-small": dimension, "text-embedding-3-large": dimension} {
		s := newServer(t, nil)
		o := s.options()
		o.Model = model
		o.URL += "/" // as somebody may have written it
		e, err := openai.New(o)
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{"Where is my parcel?", "<b>\u2028Ünïcode</b> \"quoted\" \x00"}
		v, err := e.Embed(t.Context(), retrieval.QueryText, texts)
		if err != nil {
			t.Fatal(err)
		}
		right(t, v, texts)
		got := s.seen()
		if len(got) != 1 || !slices.Equal(got[0].Input, texts) || got[0].Model != model {
			t.Errorf("%s: sent %+v", model, got)
		}
		if d := got[0].Dimensions; (d == nil) != (want == 0) || d != nil && *d != want {
			t.Errorf("%s: dimensions %v, want %d", model, d, want)
		}
	}
}

// TestNoKey: a server without one is not sent an empty one.
func TestNoKey(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, sent := r.Header["Authorization"]; sent {
			t.Errorf("Authorization %q", r.Header["Authorization"])
		}
		reply(w, data([]string{"a"}))
	}))
	defer s.Close()
	e, err := openai.New(openai.Options{URL: s.URL, Model: "m", Dimension: dimension, Recipient: consent.BrandAI})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(t.Context(), retrieval.QueryText, []string{"a"}); err != nil {
		t.Error(err)
	}
}

// TestBatches: many texts go in several requests, by number and by size, in order.
func TestBatches(t *testing.T) {
	// The answers come in reverse: the index tells which is whose.
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ int, q request) {
		d := data(q.Input)
		slices.Reverse(d)
		reply(w, d)
	})
	e := s.embedder()
	var texts, sent []string
	for i := range 150 {
		texts = append(texts, fmt.Sprint("text ", i))
	}
	for i := range 40 {
		texts = append(texts, fmt.Sprintf("%05d", i)+strings.Repeat("x", 15_000))
	}
	v, err := e.Embed(t.Context(), retrieval.PassageText, texts)
	if err != nil {
		t.Fatal(err)
	}
	right(t, v, texts)
	for i, q := range s.seen() {
		size := 0
		for _, text := range q.Input {
			size += len(text)
		}
		if len(q.Input) > 64 || size > 256<<10 || len(q.Input) == 0 {
			t.Errorf("request %d has %d texts of %d bytes", i, len(q.Input), size)
		}
		sent = append(sent, q.Input...)
	}
	if !slices.Equal(sent, texts) {
		t.Error("the texts were sent in another order, or not once")
	}
	if n := len(s.seen()); n > 8 {
		t.Errorf("%d requests", n)
	}
}

// TestEmpty: what means nothing is not sent, and is near nothing; the others have their
// own vectors all the same.
func TestEmpty(t *testing.T) {
	s := newServer(t, nil)
	e := s.embedder()
	for _, texts := range [][]string{nil, {}, {""}, {"", " \n\t", "\u00a0"}} {
		v, err := e.Embed(t.Context(), retrieval.QueryText, texts)
		if err != nil || len(v) != len(texts) || slices.ContainsFunc(v, func(v retrieval.Vector) bool { return !v.Zero() }) {
			t.Errorf("%q: %v, %v", texts, v, err)
		}
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests of nothing", n)
	}
	v, err := e.Embed(t.Context(), retrieval.QueryText, []string{"", "a", " ", " b\n", ""})
	if err != nil || !v[0].Zero() || !v[2].Zero() || !v[4].Zero() {
		t.Fatalf("%v, %v", v, err)
	}
	right(t, []retrieval.Vector{v[1], v[3]}, []string{"a", "b"})
	if got := s.seen(); len(got) != 1 || !slices.Equal(got[0].Input, []string{"a", "b"}) {
		t.Errorf("sent %+v", got)
	}
}

// TestHugeText is cut, between characters.
func TestHugeText(t *testing.T) {
	s := newServer(t, nil)
	for shift := range 4 {
		text := strings.Repeat("a", shift) + strings.Repeat("😀", 1<<16)
		if _, err := s.embedder().Embed(t.Context(), retrieval.QueryText, []string{text, "\xff\xfe broken"}); err != nil {
			t.Fatal(err)
		}
		q := s.seen()[shift]
		if sent := q.Input[0]; len(sent) > 16<<10 || len(sent) < 16<<10-3 || !strings.HasPrefix(text, sent) || !utf8.ValidString(sent) {
			t.Errorf("of a text of %d bytes, %d were sent", len(text), len(sent))
		}
		if sent := q.Input[1]; !utf8.ValidString(sent) || !strings.HasSuffix(sent, " broken") {
			t.Errorf("what is not UTF-8 was sent as %q", sent)
		}
	}
}

// breakOff ends the connection, after what was written.
func breakOff(w http.ResponseWriter, raw string) {
	c, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = buffer.WriteString(raw)
	_ = buffer.Flush()
	if tcp, ok := c.(*net.TCPConn); ok && raw == "" {
		_ = tcp.SetLinger(0) // reset
	}
	_ = c.Close()
}

// echo answers with a status, and repeats what it was sent.
func echo(w http.ResponseWriter, status int, q request) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"message": "cannot embed " + strings.Join(q.Input, " "), "type": secret, "param": secret, "code": secret,
	}})
}

// TestRetries: what may pass is tried again, and then the vectors are there.
func TestRetries(t *testing.T) {
	texts := []string{secret + " one " + number, secret + " two"}
	for name, fail := range map[string]func(w http.ResponseWriter, q request){
		"408":            func(w http.ResponseWriter, q request) { echo(w, 408, q) },
		"429":            func(w http.ResponseWriter, q request) { echo(w, 429, q) },
		"500":            func(w http.ResponseWriter, q request) { echo(w, 500, q) },
		"502 of another": func(w http.ResponseWriter, _ request) { w.WriteHeader(502); _, _ = io.WriteString(w, "<html>"+secret) },
		"503":            func(w http.ResponseWriter, q request) { echo(w, 503, q) },
		"no answer":      func(w http.ResponseWriter, _ request) { breakOff(w, "") },
		"half a status":  func(w http.ResponseWriter, _ request) { breakOff(w, "HTTP/1.1 20") },
		"half an answer": func(w http.ResponseWriter, _ request) {
			breakOff(w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"data\":[")
		},
		"not HTTP, with words": func(w http.ResponseWriter, q request) { breakOff(w, q.Input[0]+"\r\n\r\n") },
		"a header with words":  func(w http.ResponseWriter, q request) { breakOff(w, "HTTP/1.1 200 OK\r\n"+q.Input[0]+"\r\n\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request, n int, q request) {
				if n < 5 {
					fail(w, q)
					return
				}
				reply(w, data(q.Input))
			})
			v, err := s.embedder().Embed(t.Context(), retrieval.PassageText, texts)
			if err != nil {
				t.Fatal(err)
			}
			right(t, v, texts)
			for i, q := range s.seen() {
				if !slices.Equal(q.Input, texts) {
					t.Errorf("try %d sent %q", i+1, q.Input)
				}
			}
			if n := len(s.seen()); n != 5 {
				t.Errorf("%d tries", n)
			}

			always := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ int, q request) { fail(w, q) })
			v, err = always.embedder().Embed(t.Context(), retrieval.PassageText, texts)
			fails(t, v, err)
			if n := len(always.seen()); n != 5 {
				t.Errorf("gave up after %d tries", n)
			}
		})
	}
}

// TestNoRetries: what will not pass is not tried again.
func TestNoRetries(t *testing.T) {
	for status, says := range map[int]string{400: "400", 401: "CANDOR_EMBEDDING_KEY", 403: "CANDOR_EMBEDDING_KEY", 404: "model", 413: "413", 422: "422", 501: "501"} {
		s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ int, q request) { echo(w, status, q) })
		v, err := s.embedder().Embed(t.Context(), retrieval.PassageText, []string{secret})
		fails(t, v, err)
		if n := len(s.seen()); n != 1 || !strings.Contains(err.Error(), says) {
			t.Errorf("%d: %d tries, %v", status, n, err)
		}
	}
}

// TestFirstBatchFails: no vectors rather than some, and nothing more is sent.
func TestFirstBatchFails(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, n int, q request) {
		if n == 2 {
			echo(w, 400, q)
			return
		}
		reply(w, data(q.Input))
	})
	texts := make([]string, 200)
	for i := range texts {
		texts[i] = fmt.Sprint(secret, i)
	}
	v, err := s.embedder().Embed(t.Context(), retrieval.PassageText, texts)
	fails(t, v, err)
	if n := len(s.seen()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

// TestRetryAfter: a server that says how long to wait is waited for so long.
func TestRetryAfter(t *testing.T) {
	var at [2]time.Time
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, n int, q request) {
		at[n-1] = time.Now()
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			echo(w, 429, q)
			return
		}
		reply(w, data(q.Input))
	})
	if _, err := s.embedder().Embed(t.Context(), retrieval.PassageText, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if d := at[1].Sub(at[0]); d < 900*time.Millisecond || d > 5*time.Second {
		t.Errorf("waited %s", d)
	}
	// "0" is at once, though the backoff is long; what is no number is not understood.
	s = newServer(t, func(w http.ResponseWriter, _ *http.Request, n int, q request) {
		if n == 1 {
			w.Header().Set("Retry-After", "0")
			echo(w, 429, q)
			return
		}
		reply(w, data(q.Input))
	})
	o := s.options()
	o.Backoff = time.Hour
	e, err := openai.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := e.Embed(ctx, retrieval.PassageText, []string{"a"}); err != nil {
		t.Error(err)
	}
	s = newServer(t, func(w http.ResponseWriter, _ *http.Request, n int, q request) {
		if n == 1 {
			w.Header().Set("Retry-After", "-5 minutes")
			echo(w, 429, q)
			return
		}
		reply(w, data(q.Input))
	})
	if _, err := s.embedder().Embed(ctx, retrieval.PassageText, []string{"a"}); err != nil {
		t.Error(err)
	}
}

// TestSmallestBackoff: any backoff is one.
func TestSmallestBackoff(t *testing.T) {
	for _, d := range []time.Duration{1, 2} {
		s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ int, q request) { echo(w, 500, q) })
		o := s.options()
		o.Backoff = d
		e, err := openai.New(o)
		if err != nil {
			t.Fatal(err)
		}
		v, err := e.Embed(t.Context(), retrieval.PassageText, []string{secret})
		fails(t, v, err)
	}
}

// TestCancelled: whoever gives up does not wait, neither for an answer nor for the next
// try.
func TestCancelled(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request, n int, q request){
		"in a request": func(_ http.ResponseWriter, r *http.Request, _ int, _ request) {
			select {
			case <-r.Context().Done():
			case <-release:
			}
		},
		"in an answer": func(w http.ResponseWriter, r *http.Request, _ int, _ request) {
			_, _ = io.WriteString(w, `{"data":[`)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-release:
			}
		},
		"between tries": func(w http.ResponseWriter, _ *http.Request, _ int, q request) {
			w.Header().Set("Retry-After", "60")
			echo(w, 429, q)
		},
	} {
		t.Run(name, func(t *testing.T) {
			began := make(chan struct{}, 10)
			s := newServer(t, func(w http.ResponseWriter, r *http.Request, n int, q request) {
				began <- struct{}{}
				answer(w, r, n, q)
			})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-began
				time.Sleep(20 * time.Millisecond)
				cancel()
			}()
			at := time.Now()
			v, err := s.embedder().Embed(ctx, retrieval.QueryText, []string{secret})
			fails(t, v, err)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the error does not say why: %v", err)
			}
			if d := time.Since(at); d > 5*time.Second {
				t.Errorf("it took %s", d)
			}
			if n := len(s.seen()); n != 1 {
				t.Errorf("%d tries", n)
			}
		})
	}
	s := newServer(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v, err := s.embedder().Embed(ctx, retrieval.QueryText, []string{secret})
	fails(t, v, err)
	if n := len(s.seen()); n != 0 {
		t.Errorf("cancelled before, and %d requests", n)
	}
}

// TestUseless: an answer that is not what was asked for is none, and is not asked for
// again.
func TestUseless(t *testing.T) {
	texts := []string{secret + " one " + number, secret + " two"}
	vector := func(v string) string {
		return `{"data":[{"index":0,"embedding":` + v + `},{"index":1,"embedding":[1,0,0,0,0,0,0,0]}]}`
	}
	for name, body := range map[string]string{
		"nothing":              ``,
		"no JSON":              secret,
		"an error with 200":    `{"error":{"message":"` + secret + `"}}`,
		"no data":              `{}`,
		"data of another kind": `{"data":"` + secret + `"}`,
		"an index of words":    `{"data":[{"index":"` + secret + `","embedding":[1]}]}`,
		"an index of digits":   `{"data":[{"index":` + number + `.5,"embedding":[1]}]}`,
		"too few":              `{"data":[{"index":0,"embedding":[1,0,0,0,0,0,0,0]}]}`,
		"too many":             `{"data":[{"index":0,"embedding":[1,0,0,0,0,0,0,0]},{"index":1,"embedding":[1,0,0,0,0,0,0,0]},{"index":2,"embedding":[1,0,0,0,0,0,0,0]}]}`,
		"an index twice":       `{"data":[{"index":0,"embedding":[1,0,0,0,0,0,0,0]},{"index":0,"embedding":[1,0,0,0,0,0,0,0]}]}`,
		"an index beyond":      `{"data":[{"index":0,"embedding":[1,0,0,0,0,0,0,0]},{"index":2,"embedding":[1,0,0,0,0,0,0,0]}]}`,
		"an index below":       `{"data":[{"index":0,"embedding":[1,0,0,0,0,0,0,0]},{"index":-1,"embedding":[1,0,0,0,0,0,0,0]}]}`,
		"no vector":            vector(`null`),
		"too short":            vector(`[1,0,0,0,0,0,0]`),
		"too long":             vector(`[1,0,0,0,0,0,0,0,0]`),
		"NaN":                  vector(`[NaN,0,0,0,0,0,0,0]`),
		"infinite":             vector(`[Infinity,0,0,0,0,0,0,0]`),
		"beyond a float32":     vector(`[1e39,0,0,0,0,0,0,0]`),
		"beyond a float64":     vector(`[1e999,0,0,0,0,0,0,0]`),
		"digits":               vector(`[` + number + `e99,0,0,0,0,0,0,0]`),
		"words":                vector(`["` + secret + `",0,0,0,0,0,0,0]`),
		"without a direction":  vector(`[0,0,0,0,0,0,0,0]`),
		"cut":                  vector(`[1,0,0,0,0,0,0,0]`)[:60],
	} {
		s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ int, _ request) { _, _ = io.WriteString(w, body) })
		v, err := s.embedder().Embed(t.Context(), retrieval.PassageText, texts)
		t.Run(name, func(t *testing.T) { fails(t, v, err) })
		if n := len(s.seen()); n != 1 {
			t.Errorf("%s: %d tries", name, n)
		}
	}
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ int, _ request) {
		_, _ = io.WriteString(w, vector(`[1,0,0,0,0,0,0]`))
	})
	if _, err := s.embedder().Embed(t.Context(), retrieval.PassageText, texts); err == nil || !strings.Contains(err.Error(), "embedding_dimension") {
		t.Errorf("a wrong dimension: %v", err)
	}
}

// TestRedirect: texts go to the server that is set, and nowhere that it points to.
func TestRedirect(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere.Add(1)
		reply(w, data([]string{secret}))
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := newServer(t, func(w http.ResponseWriter, r *http.Request, _ int, _ request) {
			http.Redirect(w, r, other.URL+"/v1/embeddings?q="+secret, status)
		})
		v, err := s.embedder().Embed(t.Context(), retrieval.QueryText, []string{secret})
		fails(t, v, err)
		if n := len(s.seen()); n != 1 {
			t.Errorf("%d: %d requests", status, n)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("another server got %d requests", n)
	}
}

// TestAway: a server that is not there is said not to be, without the address's own
// secrets.
func TestAway(t *testing.T) {
	s := newServer(t, nil)
	o := s.options()
	o.URL = strings.Replace(o.URL, "http://", "http://user:"+secret+"@", 1)
	s.Close()
	e, err := openai.New(o)
	if err != nil {
		t.Fatal(err)
	}
	v, err := e.Embed(t.Context(), retrieval.QueryText, []string{secret})
	fails(t, v, err)
	if !strings.Contains(err.Error(), "cannot be reached") {
		t.Error(err)
	}
}

// TestConcurrent: callers do not get each other's vectors.
func TestConcurrent(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request, n int, q request) {
		if n%3 == 0 {
			echo(w, 503, q)
			return
		}
		reply(w, data(q.Input))
	})
	e := s.embedder()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 5 {
				texts := make([]string, 1+(i*j)%100)
				for k := range texts {
					texts[k] = fmt.Sprint("text ", i, " ", j, " ", k)
				}
				v, err := e.Embed(t.Context(), retrieval.PassageText, texts)
				if errors.Is(err, openai.ErrServer) {
					continue // every third request fails: five in a row may be among them
				}
				if err != nil || len(v) != len(texts) {
					t.Errorf("%d vectors, %v", len(v), err)
					continue
				}
				for k, text := range texts {
					if want := retrieval.Quantise(coordinates(text)); !slices.Equal(v[k].Values, want.Values) {
						t.Errorf("text %d has another's vector", k)
					}
				}
			}
		})
	}
	group.Wait()
}
