// Package server is the other side of OpenAI's /v1/chat/completions, as far as models of
// our own need it: the demo's that lies, the measurements' that obeys, and the tests'.
package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Prompt is what a model was asked.
type Prompt struct {
	System, User string // the messages of either, joined
	Model, Key   string
	MaxTokens    int
	Temperature  float64
	Stream       bool
	Usage        bool // it was asked what the answer costs
}

// maxRequest bounds a request, in bytes.
const maxRequest = 16 << 20

// Read reads a request, or answers one that does not read with 400.
func Read(w http.ResponseWriter, r *http.Request) (p Prompt, ok bool) {
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
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&in); err != nil {
		http.Error(w, `{"error":{"message":"this is no request for a chat completion"}}`, http.StatusBadRequest)
		return p, false
	}
	p = Prompt{
		Model: in.Model, Key: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), MaxTokens: max(in.MaxTokens, in.MaxCompletionTokens),
		Temperature: in.Temperature, Stream: in.Stream, Usage: in.StreamOptions.IncludeUsage,
	}
	for _, m := range in.Messages {
		if m.Role == "system" {
			p.System += m.Content
		} else {
			p.User += m.Content
		}
	}
	return p, true
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
	return s.Raw(fmt.Sprintf("data: %s\n\n", b))
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

// SayAll sends a text a word at a time, each after a pause, and ends.
func (s Stream) SayAll(text string, pause time.Duration) {
	for _, word := range strings.SplitAfter(text, " ") {
		if !s.Say(word) || pause > 0 && !s.Wait(pause) {
			return
		}
	}
	s.End("stop")
}
