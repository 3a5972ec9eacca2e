package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

// canaries is a word for each category that occurs nowhere else.
var canaries = map[string]string{
	"orders": "zanthoriq", "billing": "blivoquen", "profile": "prundexal", "support_history": "smorvithu",
	"preferences": "pelquandor", "browsing": "brelzonty", "location": "lurvaxine",
}

// questions asks for each category, in words that its record holds too.
var questions = map[string]string{
	"orders": "Where is my order zanthoriq?", "billing": "What about my invoice blivoquen?",
	"profile": "What is my address prundexal?", "support_history": "What became of my ticket smorvithu?",
	"preferences": "What is my favourite pelquandor?", "browsing": "Which tent did I look at, brelzonty?",
	"location": "Which store is near me, lurvaxine?",
}

// internal is a word of an article that is for staff only.
const internal = "quibblethorn"

// syncBuffer is a log that can be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestCanary puts a word into a record of every category and looks for it in
// everything that goes out: without its grant it must not be there.
func TestCanary(t *testing.T) { eachSetup(t, testCanary) }

func testCanary(t *testing.T, run setup) {
	var log syncBuffer
	info, stop, atRest := run(t, &log)
	shop := backend(t, info)
	var records []object
	for category, word := range canaries {
		records = append(records, object{
			"customer": "carla", "category": category, "title": "About " + category,
			"text": questions[category] + " The word is " + word + ".",
		})
	}
	if out := shop.must("POST", "/api/records", records); out["accepted"] != float64(len(records)) {
		t.Fatalf("the import: %v", out)
	}
	// What is for staff only reaches no customer either, whatever they granted.
	shop.must("POST", "/api/knowledge", []object{{
		"id": "staff-only", "visibility": "internal", "title": "Goodwill vouchers for vexatious returns",
		"text": "A goodwill voucher for vexatious returns is at most 25 euros. The word is " + internal + ".",
	}})
	carla := customer(t, info, "carla")
	for _, who := range []*client{carla, customer(t, info, ""), customer(t, info, "tomas")} {
		if a := who.ask("How much is a goodwill voucher for vexatious returns?"); strings.Contains(text(a), internal) || strings.Contains(text(a), "staff-only") {
			t.Errorf("an internal article reached a customer: %v", a["text"])
		}
	}
	sam := staff(t, info, "agent@fernhill.example")
	admin := staff(t, info, "admin@fernhill.example")

	// The customer's own questions hold the words too, so what goes out is
	// searched for the wording of the record, which no question has.
	leaks := func(step string, allowed func(category string) bool, outgoing string) {
		t.Helper()
		for category := range canaries {
			if strings.Contains(outgoing, "The word is "+canaries[category]) && !allowed(category) {
				t.Errorf("%s: a record of %s went out without its grant", step, category)
			}
		}
	}
	nothing := func(string) bool { return false }
	only := func(granted string) func(string) bool {
		return func(c string) bool { return c == granted }
	}
	stream := func() string {
		marker := carla.ask("Hello")["id"]
		var all strings.Builder
		for _, e := range carla.events("/api/conversations/"+carla.conversation+"/events", 0, func(e event) bool {
			return e.name == "answer" && e.data["id"] == marker
		}) {
			all.WriteString(text(e.data))
		}
		return all.String()
	}

	for category, question := range questions {
		leaks("asked about "+category+" without a grant", nothing, text(carla.ask(question)))
	}
	leaks("the stream before any grant", nothing, stream())

	for category, question := range questions {
		carla.consent(change("answers", category, "brand_ai", true))
		a := carla.ask(question)
		if !strings.Contains(text(a), "The word is "+canaries[category]) {
			t.Errorf("granted, %s is not used: %v", category, a["text"])
		}
		leaks("granted "+category, only(category), text(a))

		// Another customer, a visitor, and the same customer's other categories.
		leaks("another customer", nothing, text(customer(t, info, "tomas").ask(question)))
		leaks("a visitor", nothing, text(customer(t, info, "").ask(question)))

		carla.consent(change("answers", category, "brand_ai", false))
		leaks("withdrawn "+category, nothing, text(carla.ask(question)))
	}

	// A grant to the assistant is none to the desk; the transcript quotes all.
	carla.must("POST", "/api/conversations/"+carla.conversation+"/handoff", object{})
	desk := "/api/desk/conversations/" + carla.conversation
	leaks("the desk's queue", nothing, text(sam.must("GET", "/api/desk/queue", nil)))
	leaks("the desk", nothing, text(sam.must("GET", desk, nil)))
	carla.consent(change("agent_assist", "orders", "human_agents", true))
	view := text(sam.must("GET", desk, nil))
	leaks("the desk with orders shared", only("orders"), view)
	if !strings.Contains(view, "The word is "+canaries["orders"]) {
		t.Errorf("the desk does not see the orders that were shared")
	}
	carla.consent(change("agent_assist", "orders", "human_agents", false))
	leaks("the desk after the withdrawal", nothing, text(sam.must("GET", desk, nil)))

	// The reviewer's list shows no text of records, the metrics no text at all.
	leaks("the list of the log", nothing, text(admin.must("GET", "/api/admin/citations?limit=200&reason=legal", nil)))
	_, _, metrics := admin.raw("GET", "/metrics", "", nil)
	leaks("the metrics", nothing, string(metrics))

	stop()
	for category, word := range canaries {
		if strings.Contains(log.String(), word) {
			t.Errorf("the log holds the word of %s", category)
		}
	}
	// Nothing personal lies unsealed anywhere: databases, write-ahead logs, message
	// streams.
	for name, b := range atRest() {
		for category, word := range canaries {
			if bytes.Contains(b, []byte(word)) {
				t.Errorf("%s holds the word of %s", name, category)
			}
		}
	}
}
