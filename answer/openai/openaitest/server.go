// Package openaitest is a server of language models for tests and measurements: it speaks
// OpenAI's /v1/chat/completions as real ones do, and misbehaves as it is told.
package openaitest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"

	"candor/answer/openai/server"
)

// Prompt is what a model was asked.
type Prompt = server.Prompt

// Stream is a response under way.
type Stream = server.Stream

// Begin starts a stream.
func Begin(w http.ResponseWriter, r *http.Request) Stream { return server.Begin(w, r) }

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
	p, ok := server.Read(w, r)
	if !ok {
		return
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

// Says answers with a text, a word at a time.
func Says(text string) Behaviour {
	return func(w http.ResponseWriter, r *http.Request, _ Prompt) { Begin(w, r).SayAll(text, 0) }
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
