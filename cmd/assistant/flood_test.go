package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// TestFlood: a customer who sends 200 messages at once is cut, reads when to go on, and
// reaches a person all the same; others are answered meanwhile.
func TestFlood(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	maya, visitor := customer(t, info, "maya"), customer(t, info, "")
	taken := 0
	for range 200 {
		status, header, body := maya.raw("POST", "/api/conversations/"+maya.conversation+"/messages", "application/json", []byte(`{"text":"hello"}`))
		switch after, err := strconv.Atoi(header.Get("Retry-After")); {
		case status == http.StatusAccepted:
			taken++
		case status != http.StatusTooManyRequests, err != nil, after < 1, !strings.Contains(string(body), "try again in"):
			t.Fatalf("%d, Retry-After %q: %s", status, header.Get("Retry-After"), body)
		}
	}
	if taken < 60 || taken > 150 {
		t.Errorf("%d of 200 messages were taken; the limit is 60 a minute", taken)
	}
	if a := visitor.ask("How long does delivery take?"); a["status"] != "answered" {
		t.Errorf("beside a flood a visitor gets %v", a)
	}
	if out := maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", object{}); out["state"] != "open" {
		t.Errorf("the customer who floods gets no person: %v", out)
	}
}
