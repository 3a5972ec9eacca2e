package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestPath walks the main job over HTTP: ask, allow, see the source, stop,
// reach a person, read the log.
func TestPath(t *testing.T) { eachSetup(t, testPath) }

func testPath(t *testing.T, run setup) {
	info := run.start(t)
	maya := customer(t, info, "maya")

	first := maya.ask("Where is my order?")
	if first["status"] != "needs_consent" {
		t.Fatalf("without a grant the status is %v: %v", first["status"], first["text"])
	}
	offer := first["offer"].(object)
	if !strings.Contains(offer["text"].(string), "your orders") {
		t.Errorf("the offer does not name the orders: %v", offer["text"])
	}
	for _, u := range list(first, "used") {
		if u["category"] != "knowledge" {
			t.Errorf("used %v without a grant", u)
		}
	}
	if n := notSearched(first, "orders"); n == nil || n["reason"] != "no_consent" || n["relevant"] != true {
		t.Errorf("not_searched does not say why the orders were not: %v", n)
	}

	changed := maya.must("PUT", "/api/me/consents", object{
		"changes": offer["changes"], "offer_id": offer["id"], "notice": offer["notice"],
	})
	second := maya.finished(changed["answer_id"].(string))
	if second["status"] != "answered" || second["supersedes"] != first["id"] {
		t.Fatalf("after the yes: %v, supersedes %v: %v", second["status"], second["supersedes"], second["text"])
	}
	var used object
	for _, u := range list(second, "used") {
		if u["category"] == "orders" {
			used = u
		}
	}
	if used == nil || used["grant_id"] == nil || used["recipient"] != "brand_ai" || used["purpose"] != "answers" {
		t.Fatalf("the answer does not say under which consent it used the order: %v", second["used"])
	}
	if !strings.Contains(second["text"].(string), "FH-20871") {
		t.Errorf("not the order that is underway: %v", second["text"])
	}
	for _, s := range list(second, "sentences") {
		for _, c := range list(s, "citations") {
			if c["record_id"] == "" || c["quote"] == "" {
				t.Errorf("a citation without record or quote: %v", c)
			}
		}
	}

	streamed := maya.events("/api/conversations/"+maya.conversation+"/events", 0, func(e event) bool {
		return e.name == "answer" && e.data["id"] == second["id"]
	})
	for i, e := range streamed {
		if e.id != int64(i+1) {
			t.Fatalf("event %d has id %d: the sequence has a gap", i, e.id)
		}
	}
	resumed := maya.events("/api/conversations/"+maya.conversation+"/events", streamed[2].id, func(e event) bool {
		return e.id == streamed[len(streamed)-1].id
	})
	if len(resumed) != len(streamed)-3 || resumed[0].id != streamed[3].id {
		t.Errorf("a stream does not go on where it was left")
	}

	maya.consent(change("answers", "orders", "brand_ai", false))
	third := maya.ask("Where is my order?")
	if strings.Contains(text(third), "FH-20871") || third["status"] == "answered" {
		t.Errorf("after the withdrawal: %v", third["text"])
	}
	if n := notSearched(third, "orders"); n == nil || n["reason"] != "withdrawn" {
		t.Errorf("after the withdrawal not_searched says %v", n)
	}

	visitor := customer(t, info, "")
	if visitor.customer != "" {
		t.Errorf("a visitor has the customer id %q", visitor.customer)
	}
	general := visitor.ask("How long do I have to return a jacket?")
	if general["status"] != "answered" || len(list(general, "used")) == 0 {
		t.Errorf("a visitor gets no answer from the articles: %v %v", general["status"], general["text"])
	}
	for _, n := range list(general, "not_searched") {
		if n["reason"] != "anonymous" {
			t.Errorf("a visitor's %v was not searched for %v", n["category"], n["reason"])
		}
	}
	hello := visitor.ask("Hello!")
	if hello["status"] != "smalltalk" || len(list(hello, "used")) != 0 {
		t.Errorf("a greeting: %v, used %v", hello["status"], hello["used"])
	}
	person := visitor.ask("I want to talk to a human")
	state := visitor.must("GET", "/api/conversations/"+visitor.conversation, nil)
	if person["status"] != "handoff" || state["state"] != "open" || state["reason"] != "customer_request" {
		t.Errorf("a visitor who wants a person: %v, %v (%v)", person["status"], state["state"], state["reason"])
	}
	if status, _ := visitor.do("GET", "/api/conversations/"+maya.conversation, nil); status != http.StatusNotFound {
		t.Errorf("a visitor reads another's conversation: %d", status)
	}

	testDesk(t, info, maya)
	testLog(t, info, maya, second)
}

// testDesk hands maya's conversation to a person and back.
func testDesk(t *testing.T, info demoInfo, maya *client) {
	path := "/api/conversations/" + maya.conversation
	ticket := maya.must("POST", path+"/handoff", object{})
	if again := maya.must("POST", path+"/handoff", object{}); again["ticket_id"] != ticket["ticket_id"] {
		t.Errorf("a repeated handoff made another ticket")
	}
	sam, noor := staff(t, info, "agent@fernhill.example"), staff(t, info, "second@fernhill.example")
	queue := list(sam.must("GET", "/api/desk/queue", nil), "tickets")
	// The visitor waits already, and longer.
	if len(queue) != 2 || queue[1]["id"] != ticket["ticket_id"] || queue[1]["state"] != "waiting" || ticket["queue_position"] != float64(2) {
		t.Fatalf("the queue: %v", queue)
	}
	desk := "/api/desk/conversations/" + maya.conversation
	if status, _ := sam.do("POST", desk+"/resolve", nil); status != http.StatusConflict {
		t.Errorf("an agent resolves what they have not taken: %d", status)
	}
	sam.must("POST", desk+"/claim", nil)
	if status, _ := noor.do("POST", desk+"/claim", nil); status != http.StatusConflict {
		t.Errorf("two agents have one conversation: %d", status)
	}
	if status, _ := noor.do("POST", desk+"/messages", object{"text": "me too"}); status != http.StatusConflict {
		t.Errorf("an agent writes into another's conversation: %d", status)
	}
	view := sam.must("GET", desk, nil)
	if strings.Contains(text(view), "FH-20871") {
		t.Errorf("the agent sees an order that was not shared: %s", text(view))
	}
	if !strings.Contains(text(view), "[quoted from your orders, not shared]") {
		t.Errorf("the agent is not told that an order was quoted: %s", text(view))
	}
	if len(list(view, "records")) != 0 {
		t.Errorf("the agent sees records that were not shared: %v", view["records"])
	}
	sam.must("POST", desk+"/messages", object{"text": "Hello, this is Sam."})
	if out := maya.must("POST", path+"/messages", object{"text": "Where is my order?"}); out["answer_id"] != nil {
		t.Errorf("the assistant answers while a person has the conversation")
	}
	if status, _ := sam.do("POST", desk+"/messages", object{"text": "x"}, "X-CSRF-Token", "forged"); status != http.StatusForbidden {
		t.Errorf("a forged CSRF token: %d", status)
	}

	maya.consent(change("agent_assist", "orders", "human_agents", true))
	if view := sam.must("GET", desk, nil); !strings.Contains(text(view["records"]), "FH-20871") {
		t.Errorf("the agent does not see what was shared: %s", text(view["records"]))
	}
	maya.consent(change("agent_assist", "orders", "human_agents", false))
	if view := sam.must("GET", desk, nil); strings.Contains(text(view), "FH-20871") {
		t.Errorf("the agent still sees what is no longer shared")
	}

	sam.must("POST", desk+"/return", nil)
	if a := maya.ask("How do I clean a tent?"); a["status"] != "answered" {
		t.Errorf("given back, the assistant says: %v", a["text"])
	}
	messages := text(maya.must("GET", path, nil)["messages"])
	for _, want := range []string{"Sam has joined", "Hello, this is Sam.", "AI"} {
		if !strings.Contains(messages, want) {
			t.Errorf("the customer does not read %q", want)
		}
	}
}

// testLog finds an answer in the citation log.
func testLog(t *testing.T, info demoInfo, maya *client, answer object) {
	admin := staff(t, info, "admin@fernhill.example")
	id := answer["id"].(string)
	find := func(query string) bool {
		for _, i := range list(admin.must("GET", "/api/admin/citations?"+query, nil), "items") {
			if i["answer_id"] == id {
				return true
			}
		}
		return false
	}
	used := list(answer, "used")[0]["record_id"].(string)
	for _, query := range []string{
		"", "customer=" + maya.customer, "conversation=" + maya.conversation, "category=orders", "recipient=brand_ai",
		"status=answered", "record=" + used, "kind=closed", "q=FH+20871", "from=2020-01-01T00:00:00Z",
	} {
		if !find(query) {
			t.Errorf("the log does not show the answer for %q", query)
		}
	}
	for _, query := range []string{
		"category=billing", "customer=nobody", "status=declined", "q=xylophone", "q=...", "not_searched=gpc", "to=2020-01-01T00:00:00Z",
	} {
		if find(query) {
			t.Errorf("the log shows the answer for %q", query)
		}
	}
	detail := admin.must("GET", "/api/admin/citations/"+id, nil)
	entries := list(detail, "entries")
	if len(entries) != 2 || entries[0]["kind"] != "opened" || entries[1]["kind"] != "closed" || entries[1]["opened"] != entries[0]["id"] {
		t.Errorf("the entries of an answer: %v", entries)
	}
	if status, _ := staff(t, info, "agent@fernhill.example").do("GET", "/api/admin/citations", nil); status != http.StatusForbidden {
		t.Errorf("an agent reads the citation log: %d", status)
	}
	page := admin.must("GET", "/api/admin/citations?limit=1", nil)
	next := admin.must("GET", "/api/admin/citations?limit=1&cursor="+page["next"].(string), nil)
	if list(page, "items")[0]["id"] == list(next, "items")[0]["id"] {
		t.Errorf("the second page is the first one")
	}
}

func notSearched(a object, category string) object {
	for _, n := range list(a, "not_searched") {
		if n["category"] == category {
			return n
		}
	}
	return nil
}

// TestGPC sees a browser's privacy signal mask third parties, and say so.
func TestGPC(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	olena := customer(t, info, "olena", "Sec-GPC", "1")
	c := olena.must("GET", "/api/me/consents", nil)
	if c["gpc"] != true {
		t.Errorf("the choices do not say that the signal is on")
	}
	epoch := c["epoch"]
	a := olena.ask("Where is my order?")
	if a["status"] != "answered" {
		t.Errorf("the signal hides what the company's own AI may use: %v", a["text"])
	}
	for _, u := range list(a, "used") {
		if strings.HasPrefix(u["recipient"].(string), "ai_provider") {
			t.Errorf("used by a third party: %v", u)
		}
	}
	if c := olena.must("GET", "/api/me/consents", nil); c["epoch"] != epoch {
		t.Errorf("the signal wrote to the ledger")
	}
	admin := staff(t, info, "admin@fernhill.example")
	items := list(admin.must("GET", "/api/admin/citations?customer="+olena.customer, nil), "items")
	if len(items) != 1 || items[0]["gpc"] != true {
		t.Errorf("the log does not say that the signal was on: %v", items)
	}
}

// TestConversationGrantEnds gives a consent for one conversation: it ends when
// the conversation does.
func TestConversationGrantEnds(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	maya := customer(t, info, "maya")
	offer := maya.ask("Where is my order?")["offer"].(object)
	changes := list(offer, "changes")
	for i := range changes {
		changes[i]["duration"] = "conversation"
	}
	changed := maya.must("PUT", "/api/me/consents", object{"offer_id": offer["id"], "changes": changes})
	if a := maya.finished(changed["answer_id"].(string)); a["status"] != "answered" {
		t.Fatalf("allowed for this conversation: %v", a["text"])
	}
	other := maya.must("POST", "/api/conversations", nil)["id"].(string)
	here := maya.conversation
	maya.conversation = other
	if a := maya.ask("Where is my order?"); a["status"] != "needs_consent" {
		t.Errorf("allowed in another conversation: %v", a["text"])
	}
	maya.must("POST", "/api/conversations/"+here+"/handoff", object{"share": []string{"orders"}})
	sam := staff(t, info, "agent@fernhill.example")
	desk := "/api/desk/conversations/" + here
	sam.must("POST", desk+"/claim", nil)
	if view := sam.must("GET", desk, nil); !strings.Contains(text(view["records"]), "FH-20871") {
		t.Errorf("what was shared for the conversation does not show")
	}
	sam.must("POST", desk+"/resolve", nil)
	if view := sam.must("GET", desk, nil); strings.Contains(text(view), "FH-20871") {
		t.Errorf("the agent sees the order after the conversation")
	}
	choice := func() any {
		for _, c := range list(maya.must("GET", "/api/me/consents?conversation="+here, nil), "choices") {
			if c["purpose"] == "answers" && c["category"] == "orders" && c["recipient"] == "brand_ai" {
				return c["state"]
			}
		}
		return nil
	}
	if s := choice(); s != "expired" {
		t.Errorf("after the conversation the grant is %v", s)
	}
}
