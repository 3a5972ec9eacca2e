package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"candor/consent"
)

// neverKept are what a customer types in these tests and nobody may find again: a card
// in the groups that are on it and without them, an account, a government id, a password
// and an illness; and parts of them that are too long for an id or a time to hold them
// by chance.
var neverKept = []string{
	"4556 7375 8689 9855", "4556737586899855", "7375 8689", "73758689", "DE75512108001245126199", "51210800", "529.982.247-25", "982.247", "zanthoriq77", "endometriosis",
}

// typed holds all of it, with what support needs.
const typed = "How can I return a tent of order FH-20871? Paid with 4556 7375 8689 9855, money to DE75512108001245126199. " +
	"My CPF is 529.982.247-25, my password is zanthoriq77 and I have endometriosis. Mail ana@example.com."

const typedMasked = "How can I return a tent of order FH-20871? Paid with [card number ending 9855], money to [bank account ending 6199]. " +
	"My CPF is [government ID], my password is [password] and I have [health detail]. Mail ana@example.com."

// TestMasked types what support never needs wherever a customer can type, and looks for it
// in whatever anybody can read, the logs, and what lies on disk.
func TestMasked(t *testing.T) { eachSetup(t, testMasked) }

func testMasked(t *testing.T, run setup) {
	var log syncBuffer
	info, stop, atRest := run(t, &log)
	carla := customer(t, info, "carla")
	at := "/api/conversations/" + carla.conversation
	var seen strings.Builder
	look := func(what string, v any) {
		t.Helper()
		s := fmt.Sprint(v)
		seen.WriteString(s)
		for _, secret := range neverKept {
			if strings.Contains(s, secret) {
				t.Errorf("%s holds %q", what, secret)
			}
		}
	}

	kinds := "[card bank_account government_id password health]"
	out := carla.must("POST", at+"/messages", object{"text": typed}, "Idempotency-Key", "typed")
	if fmt.Sprint(out["masked"]) != kinds {
		t.Errorf("hidden: %v, want %s", out["masked"], kinds)
	}
	if again := carla.must("POST", at+"/messages", object{"text": typed}, "Idempotency-Key", "typed"); fmt.Sprint(again) != fmt.Sprint(out) {
		t.Errorf("said again: %v, first %v", again, out)
	}
	answer := out["answer_id"].(string)
	look("the answer", text(carla.finished(answer)))
	if a := carla.must("GET", "/api/answers/"+answer, nil); a["question"] != typedMasked {
		t.Errorf("the question is %v", a["question"])
	}
	messages := list(carla.must("GET", at, nil), "messages")
	asked := messages[1]
	if asked["text"] != typedMasked || fmt.Sprint(asked["masked"]) != kinds {
		t.Errorf("the message is %v", asked)
	}
	for _, m := range messages {
		if m["from"] != "customer" && m["masked"] != nil {
			t.Errorf("a message of another says that something was hidden: %v", m)
		}
	}
	look("the stream", carla.events(at+"/events", 0, func(e event) bool { return e.name == "answer" }))

	// In the language that it is written in.
	es := carla.must("POST", at+"/messages", object{"text": "Necesito ayuda con mi pedido, mi tarjeta es 4556737586899855"})
	if fmt.Sprint(es["masked"]) != "[card]" {
		t.Errorf("in Spanish: %v", es)
	}
	carla.finished(es["answer_id"].(string))
	if all := text(carla.must("GET", at, nil)); !strings.Contains(all, "[número de tarjeta que termina en 9855]") {
		t.Errorf("in Spanish: %s", all)
	}
	plain := carla.must("POST", at+"/messages", object{"text": "Where is order 4556737586899855, tracking RC48120937BR?"})
	if plain["masked"] != nil {
		t.Errorf("the number of an order was hidden: %v", plain)
	}
	carla.finished(plain["answer_id"].(string))
	// It is one that this test looks for: from here on only what was never an order's.
	neverKept := neverKept[2:]
	look = func(what string, v any) {
		t.Helper()
		s := strings.ReplaceAll(fmt.Sprint(v), "order 4556737586899855", "")
		seen.WriteString(s)
		for _, secret := range neverKept {
			if strings.Contains(s, secret) {
				t.Errorf("%s holds %q", what, secret)
			}
		}
	}

	// The other ways in.
	carla.must("POST", "/api/answers/"+answer+"/feedback", object{"helpful": false, "comment": typed})
	carla.must("POST", at+"/rating", object{"score": 1, "comment": typed})
	carla.must("POST", "/api/me/requests", object{"kind": "complaint", "text": typed})
	if status, out := carla.do("POST", "/api/me/records", object{"text": typed}); status != http.StatusUnprocessableEntity {
		t.Errorf("remembering a card: %d %v", status, out)
	}
	note := carla.must("POST", "/api/me/records", object{"text": "I have endometriosis, call in the morning."})
	carla.must("POST", "/api/me/records/"+note["id"].(string)+"/dispute", object{"text": typed})
	carla.must("POST", at+"/handoff", object{"reason": typed})

	// Whoever can read it.
	look("the customer's export", carla.export())
	look("what is held", text(carla.must("GET", "/api/me/records", nil)))
	look("the requests", text(carla.must("GET", "/api/me/requests", nil)))
	sam, admin := staff(t, info, "agent@fernhill.example"), staff(t, info, "admin@fernhill.example")
	look("the queue", text(sam.must("GET", "/api/desk/queue", nil)))
	look("the desk", text(sam.must("GET", "/api/desk/conversations/"+carla.conversation, nil)))
	look("the list of the log", text(admin.must("GET", "/api/admin/citations?limit=200&reason=legal", nil)))
	for _, said := range []object{out, es, plain} {
		look("the log of an answer", text(admin.must("GET", "/api/admin/citations/"+said["answer_id"].(string)+"?reason=legal", nil)))
	}
	for _, r := range list(admin.must("GET", "/api/admin/requests", nil), "items") {
		look("a request", text(admin.must("GET", fmt.Sprintf("/api/admin/requests/%v", r["id"]), nil)))
	}
	// The words are there, so what was looked at is where they would be.
	for _, kept := range []string{"[card number ending 9855]", "FH-20871", "ana@example.com"} {
		if n := strings.Count(seen.String(), kept); n < 8 {
			t.Errorf("%q is found %d times: too few places are looked at", kept, n)
		}
	}

	stop()
	look("the log", log.String())
	for name, b := range atRest() {
		for _, secret := range neverKept {
			if len(secret) > 6 && bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
}

// TestMaskedBeforeModels: a model is given the masked words, as a question and as what
// was said before.
func TestMaskedBeforeModels(t *testing.T) {
	t.Parallel()
	info, s := serveModel(t, consent.BrandAI, quoting)
	maya := customer(t, info, "maya")
	maya.ask("How can I return a tent? I paid with 4556 7375 8689 9855 and I have endometriosis.")
	maya.ask("And how long does the refund take to my card 4556737586899855?")
	if !sent(s, "[card number ending 9855]") || !sent(s, "[health detail]") {
		t.Errorf("the model was not asked, so nothing is shown: %d prompts", len(s.Prompts()))
	}
	for _, secret := range neverKept {
		if sent(s, secret) {
			t.Errorf("the model was sent %q", secret)
		}
	}
}
