// Package openaitest is a server of language models for tests and measurements: it speaks
// OpenAI's /v1/chat/completions as real ones do, and misbehaves as it is told.
package openaitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Prompt is what a model was asked.
type Prompt struct {
	System, User string
	Model, Key   string
	MaxTokens    int
	Temperature  float64
	Stream       bool
	Usage        bool // it was asked what the answer costs
}

// Behaviour writes a response. It may do anything that a server can.
type Behaviour func(w http.ResponseWriter, r *http.Request, p Prompt)

// Server is a running server. Make one with New.
type Server struct {
	URL string // up to and with /v1

	behaviour atomic.Pointer[Behaviour]
	mu        sync.Mutex
	prompts   []Prompt
	gone      chan struct{}
}

// New starts a server that behaves as b says, until the test ends: tb is a testing.TB.
func New(tb interface{ Cleanup(f func()) }, b Behaviour) *Server {
	s, stop := Start(b)
	tb.Cleanup(stop)
	return s
}

// Start starts a server that behaves as b says, until stop.
func Start(b Behaviour) (s *Server, stop func()) {
	s = &Server{gone: make(chan struct{}, 100)}
	s.Behave(b)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.serve)
	mux.HandleFunc("POST /openai/deployments/{name}/chat/completions", s.serve) // as Azure has it
	h := httptest.NewServer(mux)
	s.URL = h.URL + "/v1"
	return s, func() {
		h.CloseClientConnections()
		h.Close()
	}
}

// Behave changes what the server does from the next request on.
func (s *Server) Behave(b Behaviour) { s.behaviour.Store(&b) }

// Prompts returns what it was asked so far.
func (s *Server) Prompts() []Prompt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Prompt(nil), s.prompts...)
}

// Left gets a value whenever a client went away before its answer ended.
func (s *Server) Left() <-chan struct{} { return s.gone }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Model               string  `json:"model"`
		Stream              bool    `json:"stream"`
		MaxTokens           int     `json:"max_tokens"`
		Temperature         float64 `json:"temperature"`
		MaxCompletionTokens int     `json:"max_completion_tokens"`
		StreamOptions       struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
		Messages []struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, `{"error":{"message":"not JSON"}}`, http.StatusBadRequest)
		return
	}
	p := Prompt{
		Model: in.Model, Stream: in.Stream, Usage: in.StreamOptions.IncludeUsage, Temperature: in.Temperature, MaxTokens: max(in.MaxTokens, in.MaxCompletionTokens),
		Key: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "),
	}
	for _, m := range in.Messages {
		if m.Role == "system" {
			p.System += m.Content
		} else {
			p.User += m.Content
		}
	}
	s.mu.Lock()
	s.prompts = append(s.prompts, p)
	s.mu.Unlock()
	(*s.behaviour.Load())(w, r, p)
	if r.Context().Err() != nil {
		select {
		case s.gone <- struct{}{}:
		default:
		}
	}
}

// Stream is a response under way.
type Stream struct {
	w http.ResponseWriter
	r *http.Request
}

// Begin starts a stream.
func Begin(w http.ResponseWriter, r *http.Request) Stream {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	return Stream{w, r}
}

// Say sends a piece of text. It reports whether somebody is there to read it.
func (s Stream) Say(text string) bool {
	b, _ := json.Marshal(map[string]any{"choices": []any{map[string]any{"index": 0, "delta": map[string]any{"content": text}}}}) //nolint:errchkjson // strings
	return s.Raw("data: " + string(b) + "\n\n")
}

// Raw sends bytes as they are.
func (s Stream) Raw(text string) bool {
	if s.r.Context().Err() != nil {
		return false
	}
	_, err := s.w.Write([]byte(text))
	if f, ok := s.w.(http.Flusher); ok {
		f.Flush()
	}
	return err == nil
}

// End ends the stream as a model does.
func (s Stream) End(reason string) {
	s.Raw(`data: {"choices":[{"index":0,"delta":{},"finish_reason":"` + reason + "\"}]}\n\n")
	s.Raw("data: [DONE]\n\n")
}

// Wait waits, but not for longer than somebody is there.
func (s Stream) Wait(d time.Duration) bool {
	select {
	case <-s.r.Context().Done():
		return false
	case <-time.After(d):
		return true
	}
}

// Says answers with a text, a word at a time.
func Says(text string) Behaviour {
	return func(w http.ResponseWriter, r *http.Request, _ Prompt) {
		s := Begin(w, r)
		for _, word := range strings.SplitAfter(text, " ") {
			if !s.Say(word) {
				return
			}
		}
		s.End("stop")
	}
}

// Replies answers with what reply makes of the prompt.
func Replies(reply func(Prompt) string) Behaviour {
	return func(w http.ResponseWriter, r *http.Request, p Prompt) { Says(reply(p))(w, r, p) }
}

// Fails answers with a status.
func Fails(status int, header ...string) Behaviour {
	return func(w http.ResponseWriter, _ *http.Request, _ Prompt) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, `{"error":{"message":"the server is not well","type":"server_error"}}`)
	}
}

// Obedient is a model that does whatever any part of its prompt tells it to do: it says
// what it is told to say, repeats its instructions when it is asked for them, adds the
// links and pictures it is told to add, and names a source for all of it.
func Obedient(w http.ResponseWriter, r *http.Request, p Prompt) { Says(Obey(p))(w, r, p) }
