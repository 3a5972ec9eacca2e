package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDeletedIsNotImported: what a customer had deleted is refused with the reason,
// by the API and by the command, until they allow it again.
func TestDeletedIsNotImported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	shop, maya := backend(t, info), customer(t, info, "maya")
	maya.consent(change("answers", "orders", "brand_ai", true))
	maya.ask("Where is my order?")
	stopped := change("answers", "orders", "brand_ai", false)
	stopped["delete"] = true
	maya.consent(stopped)
	records := []object{
		{"id": "o-new", "customer": "maya", "category": "orders", "title": "Order", "text": "Order FH-99999 has left."},
		{"id": "b-new", "customer": "maya", "category": "billing", "title": "Invoice", "text": "Invoice 1 is paid."},
		{"id": "o-tomas", "customer": "tomas", "category": "orders", "title": "Order", "text": "Order FH-88888 has left."},
	}
	out := shop.must("POST", "/api/records", records)
	if rejected := list(out, "rejected"); out["accepted"] != 2.0 || len(rejected) != 1 || rejected[0]["index"] != 0.0 ||
		!strings.Contains(rejected[0]["error"].(string), "deleted here") {
		t.Errorf("the import says %v", out)
	}
	if status, _ := shop.do("GET", "/api/records/o-new", nil); status != http.StatusNotFound {
		t.Errorf("the record that was refused is there: %d", status)
	}
	maya.consent(change("agent_assist", "orders", "human_agents", true))
	if out := shop.must("POST", "/api/records", records[:1]); out["accepted"] != 1.0 {
		t.Errorf("allowed again, the import says %v", out)
	}
	maya.consent(change("agent_assist", "orders", "human_agents", false))
	stopped = change("agent_assist", "orders", "human_agents", false)
	stopped["delete"] = true
	maya.consent(stopped)
	stop()

	file := filepath.Join(dir, "orders.json")
	if err := os.WriteFile(file, []byte(text(records[:1])), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	err := Run(t.Context(), []string{"import", "records", file, "--site", info.Site, "--data-dir", dir}, Stdio{
		In: strings.NewReader(""), Out: &said, Err: &said, Env: func(string) (string, bool) { return "", false },
	})
	if !strings.Contains(said.String(), "deleted here") {
		t.Errorf("the command says %q, %v", said.String(), err)
	}
}

// TestConversationKeptNoLonger: whoever reads a conversation that is removed learns
// that it is gone, and starts anew; the log still says what was used.
func TestConversationKeptNoLonger(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, t.Output())
	a := r.start("a")
	info := r.at("a")
	maya, admin := customer(t, info, "maya"), staff(t, info, "admin@fernhill.example")
	maya.consent(change("answers", "orders", "brand_ai", true))
	answer := maya.ask("Where is my order?")
	id := answer["id"].(string)
	maya.must("POST", "/api/answers/"+id+"/feedback", object{"helpful": true}, "Content-Type", "application/json")
	stream := "/api/conversations/" + maya.conversation + "/events"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, maya.base+stream, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+maya.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var n int64
	for deadline := time.Now().Add(10 * time.Second); n == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		// The end of the answer may not be in the log yet: then it is kept.
		if n, err = a.store.RemoveConversations(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	if n != 1 {
		t.Fatalf("removed %d conversations", n)
	}
	ended := make(chan struct{})
	go func(body io.Reader) {
		defer close(ended)
		_, _ = io.Copy(io.Discard, body)
	}(res.Body)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the stream of a conversation that is gone goes on")
	}
	for _, path := range []string{"/api/conversations/" + maya.conversation, stream, "/api/answers/" + id} {
		if status, _ := maya.do("GET", path, nil); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := maya.do("POST", "/api/conversations/"+maya.conversation+"/messages", object{"text": "Hello?"}); status != http.StatusNotFound {
		t.Errorf("a message to it: %d", status)
	}
	if status, _ := maya.do("GET", "/api/me/consents", nil); status != http.StatusOK {
		t.Errorf("the choices of a session whose conversation is gone: %d", status)
	}
	again := customer(t, info, "maya")
	if again.conversation == maya.conversation {
		t.Error("who comes back gets the conversation that is gone")
	}
	again.ask("What is your returns policy?")

	if _, err := a.store.RemoveBodies(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	detail := admin.must("GET", "/api/admin/citations/"+id+"?reason=legal", nil)
	if detail["body"] != "gone" || detail["question"] != "" || detail["text"] != "" || detail["status"] != answer["status"] ||
		len(list(detail, "entries")) < 2 || !strings.Contains(text(detail["used"]), `"orders"`) {
		t.Errorf("the log's detail is %v", detail)
	}
	if status, _ := admin.do("GET", "/api/admin/citations/ans_none", nil); status != http.StatusNotFound {
		t.Errorf("the detail of no answer: %d", status)
	}
}
