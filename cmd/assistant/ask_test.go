package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestAskConsent: somebody at the desk asks for a consent, over HTTP: once, where
// the conversation is theirs, and only the customer says yes.
func TestAskConsent(t *testing.T) { eachSetup(t, testAskConsent) }

func testAskConsent(t *testing.T, run setup) {
	info := run.start(t)
	sam, boss := staff(t, info, "agent@fernhill.example"), staff(t, info, "admin@fernhill.example")
	maya, tomas, visitor := customer(t, info, "maya"), customer(t, info, "tomas"), customer(t, info, "")
	for _, c := range []*client{maya, visitor} {
		c.must("POST", "/api/conversations/"+c.conversation+"/handoff", nil)
	}
	ask := "/api/desk/conversations/" + maya.conversation + "/ask-consent"
	orders := object{"categories": []string{"orders"}}
	refused := func(name string, who *client, path string, body object, want int, say string, header ...string) {
		t.Helper()
		status, out := who.do("POST", path, body, header...)
		if detail, _ := out["detail"].(string); status != want || !strings.Contains(detail, say) {
			t.Errorf("%s: %d %q, want %d and %q", name, status, detail, want, say)
		}
	}
	refused("a ticket that nobody has", sam, ask, orders, 409, "Take the conversation first")
	sam.must("POST", "/api/desk/conversations/"+maya.conversation+"/claim", nil)
	sam.must("POST", "/api/desk/conversations/"+visitor.conversation+"/claim", nil)
	refused("somebody else's ticket", boss, ask, orders, 409, "Someone else")
	refused("a visitor", sam, "/api/desk/conversations/"+visitor.conversation+"/ask-consent", orders, 422, "no records")
	refused("an unknown conversation", sam, "/api/desk/conversations/cnv_none/ask-consent", orders, 404, "")
	refused("nothing", sam, ask, object{"categories": []string{}}, 422, "")
	refused("no categories", sam, ask, object{}, 422, "")
	refused("what does not exist", sam, ask, object{"categories": []string{"shoe_size"}}, 422, "shoe_size")
	refused("not words", sam, ask, object{"categories": "orders"}, 422, "array")
	refused("the customer", maya, ask, orders, 401, "")
	refused("the site's backend", backend(t, info), ask, orders, 401, "")

	// A repeated request is one; with another body it is refused.
	sam.must("POST", ask, orders, "Idempotency-Key", "ask-1")
	sam.must("POST", ask, orders, "Idempotency-Key", "ask-1")
	refused("the key with another body", sam, ask, object{"categories": []string{"billing"}}, 422, "", "Idempotency-Key", "ask-1")
	refused("asked again", sam, ask, orders, 409, "has not answered yet")
	offers := func() (out []object) {
		for _, m := range list(maya.must("GET", "/api/conversations/"+maya.conversation, nil), "messages") {
			if o, ok := m["offer"].(object); ok {
				if m["text"] != o["text"] || m["from"] != "system" {
					t.Errorf("the offer's message is %v", m)
				}
				out = append(out, o)
			}
		}
		return out
	}
	if len(offers()) != 1 {
		t.Fatalf("the customer reads %d offers", len(offers()))
	}
	offer := offers()[0]
	for _, word := range []string{"Sam", "your orders", "Fernhill"} {
		if !strings.Contains(offer["text"].(string), word) {
			t.Errorf("the offer %q does not say %q", offer["text"], word)
		}
	}
	streamed := maya.events("/api/conversations/"+maya.conversation+"/events", 0, func(e event) bool { return e.data["offer"] != nil })
	if o := streamed[len(streamed)-1].data["offer"].(object); o["id"] != offer["id"] {
		t.Errorf("the stream's offer is %v", o)
	}

	view := func() object { return sam.must("GET", "/api/desk/conversations/"+maya.conversation, nil) }
	asks := func(category string) any {
		t.Helper()
		o, _ := view()["asks"].(object)
		return o[category]
	}
	if asks("orders") != "waiting" || asks("billing") != "open" {
		t.Errorf("asked: %v", view()["asks"])
	}
	if other := boss.must("GET", "/api/desk/conversations/"+maya.conversation, nil); other["asks"] != nil {
		t.Errorf("who does not have the conversation sees %v", other["asks"])
	}
	// Only the customer accepts.
	accept := object{"offer_id": offer["id"], "changes": offer["changes"], "notice": offer["notice"]}
	for name, who := range map[string]*client{"staff": sam, "the backend": backend(t, info), "nobody": newClient(t, info.URL)} {
		if status, _ := who.do("PUT", "/api/me/consents", accept); status != http.StatusUnauthorized && status != http.StatusForbidden {
			t.Errorf("%s accepts: %d", name, status)
		}
	}
	if status, _ := tomas.do("PUT", "/api/me/consents", accept); status != http.StatusNotFound {
		t.Errorf("another customer accepts: %d", status)
	}
	wider := object{"offer_id": offer["id"], "changes": []object{change("agent_assist", "billing", "human_agents", true)}}
	if status, _ := maya.do("PUT", "/api/me/consents", wider); status != http.StatusUnprocessableEntity {
		t.Errorf("accepting more than was asked for: %d", status)
	}
	if len(list(view(), "records")) != 0 {
		t.Error("records are shown before the customer said yes")
	}
	reads, told := make(chan struct{}, 2), make(chan struct{})
	go func() {
		defer close(told)
		n := 0
		sam.events("/api/desk/events", 0, func(event) bool {
			reads <- struct{}{}
			n++
			return n > 1
		})
	}()
	<-reads // how things stand
	changes := []object{change("agent_assist", "orders", "human_agents", true)}
	changes[0]["duration"] = "conversation"
	changed := maya.must("PUT", "/api/me/consents", object{"offer_id": offer["id"], "changes": changes, "notice": offer["notice"]})
	if len(changed["receipts"].([]any)) != 1 || changed["answer_id"] != nil {
		t.Errorf("accepting gave %v", changed)
	}
	<-told // the desk reads again
	if !strings.Contains(text(list(view(), "records")), "FH-20871") {
		t.Error("after the yes the order is not shown")
	}
	refused("what is shared", sam, ask, orders, 409, "shares this already")
	maya.consent(change("agent_assist", "orders", "human_agents", false))
	if strings.Contains(text(view()), "FH-20871") || asks("orders") != "stopped" {
		t.Errorf("after the customer stopped, asking is %v", asks("orders"))
	}
	refused("after the customer stopped", sam, ask, orders, 409, "stopped")

	// Not now is not asked again.
	sam.must("POST", ask, object{"categories": []string{"billing"}})
	billing := offers()[1]
	maya.must("PUT", "/api/me/consents", object{"offer_id": billing["id"], "changes": []object{change("agent_assist", "billing", "human_agents", false)}})
	if asks("billing") != "not_now" {
		t.Errorf("after not now, asking is %v", asks("billing"))
	}
	refused("after not now", sam, ask, object{"categories": []string{"billing"}}, 409, "not now")
}
