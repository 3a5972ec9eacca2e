package main

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"candor/identity"
)

// TestBadInput meets each mistake with a problem that says what is wrong, and
// loses nothing.
func TestBadInput(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	maya, tomas := customer(t, info, "maya"), customer(t, info, "tomas")
	shop := backend(t, info)
	spent := maya.must("GET", "/demo/identity?customer=maya", nil)["identity"]
	maya.must("POST", "/api/session", object{"site": info.Site, "identity": spent})
	messages := "/api/conversations/" + maya.conversation + "/messages"
	longLine := strings.Repeat("canary ", 10<<20/7)

	forged := func(alg jwt.SigningMethod, key any, claims jwt.RegisteredClaims) string {
		s, err := jwt.NewWithClaims(alg, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	now := time.Now()
	claims := jwt.RegisteredClaims{
		Subject: "maya", ID: identity.NewID("jti"), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)),
	}
	session := func(token any) object { return object{"site": info.Site, "identity": token} }

	for _, c := range []struct {
		name         string
		who          *client
		method, path string
		body         any
		header       []string
		status       int
		detail       string // part of it
	}{
		{"unknown site", maya, "POST", "/api/session", object{"site": "nowhere"}, nil, 404, "site"},
		{"spent token", maya, "POST", "/api/session", session(spent), nil, 401, "used before"},
		{"garbage token", maya, "POST", "/api/session", session("x.y.z"), nil, 401, "identity token"},
		{"unsigned token", maya, "POST", "/api/session", session(forged(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims)), nil, 401, "identity token"},
		{"wrong secret", maya, "POST", "/api/session", session(forged(jwt.SigningMethodHS256, []byte("guess"), claims)), nil, 401, "identity token"},
		{"no credential", newClient(t, info.URL), "POST", messages, object{"text": "hi"}, nil, 401, ""},
		{"wrong credential", maya, "POST", messages, object{"text": "hi"}, []string{"Authorization", "Bearer nonsense"}, 401, ""},
		{"server key as session", shop, "POST", messages, object{"text": "hi"}, nil, 401, ""},
		{"session as server key", maya, "POST", "/api/records", []object{}, nil, 401, ""},
		{"session as staff", maya, "GET", "/api/desk/queue", nil, nil, 401, ""},
		{"session as admin", maya, "GET", "/api/admin/citations", nil, nil, 401, ""},
		{"another's conversation", tomas, "GET", "/api/conversations/" + maya.conversation, nil, nil, 404, ""},
		{"writing into another's conversation", tomas, "POST", messages, object{"text": "hi"}, nil, 404, ""},
		{"handing off another's conversation", tomas, "POST", "/api/conversations/" + maya.conversation + "/handoff", object{}, nil, 404, ""},
		{"another's events", tomas, "GET", "/api/conversations/" + maya.conversation + "/events", nil, nil, 404, ""},
		{"unknown answer", maya, "GET", "/api/answers/ans_nothing", nil, nil, 404, ""},
		{"10 MB message", maya, "POST", messages, object{"text": longLine}, nil, 413, "too large"},
		{"message over the limit", maya, "POST", messages, object{"text": strings.Repeat("я", 4001)}, nil, 413, "4000"},
		{"empty message", maya, "POST", messages, object{"text": " \n\t"}, nil, 422, "empty"},
		{"invisible message", maya, "POST", messages, object{"text": "\u200b\ufeff \u2060"}, nil, 422, "empty"},
		{"events after none", maya, "GET", "/api/conversations/" + maya.conversation + "/events", nil, []string{"Last-Event-ID", "-1"}, 400, "`Last-Event-ID` is not"},
		{"events after a word", maya, "GET", "/api/conversations/" + maya.conversation + "/events", nil, []string{"Last-Event-ID", "abc"}, 400, "`Last-Event-ID` is not"},
		{"events after too many", maya, "GET", "/api/conversations/" + maya.conversation + "/events", nil, []string{"Last-Event-ID", strings.Repeat("9", 20)}, 400, "`Last-Event-ID` is not"},
		{"no text", maya, "POST", messages, object{}, nil, 422, ""},
		{"unknown category", maya, "PUT", "/api/me/consents", object{"changes": []object{change("answers", "shoe_size", "brand_ai", true)}}, nil, 422, "shoe_size"},
		{"unknown purpose", maya, "PUT", "/api/me/consents", object{"changes": []object{change("training", "orders", "brand_ai", true)}}, nil, 422, "training"},
		{"nothing to change", maya, "PUT", "/api/me/consents", object{"changes": []object{}}, nil, 422, "nothing"},
		{"stale notice", maya, "PUT", "/api/me/consents", object{"changes": []object{change("answers", "orders", "brand_ai", true)}, "notice": object{"id": "data-choices", "version": "0"}}, nil, 409, "notice"},
		{"another's offer", tomas, "PUT", "/api/me/consents", object{"changes": []object{change("answers", "orders", "brand_ai", true)}, "offer_id": "ofr_x"}, nil, 404, ""},
		{"record of nobody", shop, "POST", "/api/records", []object{{"category": "orders", "text": "x"}}, nil, 422, "customer"},
		{"record of no category", shop, "POST", "/api/records", []object{{"customer": "maya", "category": "health", "text": "x"}}, nil, 422, "health"},
		{"article of no visibility", shop, "POST", "/api/knowledge", []object{{"title": "x", "text": "x"}}, nil, 422, "visibility"},
		{"another's record id", shop, "POST", "/api/records", []object{{"id": "bad-input-1", "customer": "maya", "category": "orders", "text": "x"}, {"id": "bad-input-1", "customer": "tomas", "category": "orders", "text": "y"}}, nil, 200, ""},
		{"unknown address", maya, "GET", "/api/nothing", nil, nil, 404, ""},
		{"wrong password", newClient(t, info.URL), "POST", "/api/staff/login", object{"email": "agent@fernhill.example", "password": "guess"}, nil, 401, "wrong"},
		{"empty identity", newClient(t, info.URL), "POST", "/api/session", object{"site": info.Site, "identity": ""}, nil, 401, "identity token"},
		{"empty filter", staff(t, info, "admin@fernhill.example"), "GET", "/api/admin/citations?customer=", nil, nil, 422, "customer"},
		{"slash in an id", shop, "POST", "/api/records", []object{{"id": "ord/3", "customer": "maya", "category": "orders", "text": "x"}}, nil, 422, "slash"},
		{"card number", shop, "POST", "/api/records", []object{{"customer": "maya", "category": "orders", "text": "Paid with 4111 1111 1111 1111"}}, nil, 422, "card"},
		{"script as a source", shop, "POST", "/api/records", []object{{"customer": "maya", "category": "orders", "text": "x", "source": object{"url": "javascript:alert(1)"}}}, nil, 422, "web page"},
		{"words as a category", maya, "PUT", "/api/me/consents", object{"changes": []object{change("answers", "my secret canary words", "brand_ai", true)}}, nil, 422, "not a name"},
		{"forged cursor", staff(t, info, "admin@fernhill.example"), "GET", "/api/admin/citations?cursor=AAAA", nil, nil, 400, "cursor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			outer := c.who.t
			c.who.t = t
			defer func() { c.who.t = outer }()
			status, out := c.who.do(c.method, c.path, c.body, c.header...)
			detail, _ := out["detail"].(string)
			if status != c.status || !strings.Contains(detail, c.detail) {
				t.Errorf("%d %q, want %d and %q", status, detail, c.status, c.detail)
			}
			if strings.Contains(text(out), "canary") {
				t.Errorf("the problem repeats what was sent")
			}
		})
	}

	for _, c := range []struct {
		name, body string
		status     int
	}{
		{"invalid UTF-8", "{\"text\":\"caf\xe9\"}", http.StatusBadRequest},
		{"half a character", `{"text":"\ud800"}`, http.StatusBadRequest},
		{"the other half", `{"text":"x\uDC00"}`, http.StatusBadRequest},
		{"NUL", `{"text":"a\u0000b"}`, http.StatusBadRequest},
		{"broken JSON", `{"text":`, http.StatusBadRequest},
		{"a number too big", `{"text":1e999}`, http.StatusBadRequest},
		{"wrong type", `{"text":7}`, http.StatusUnprocessableEntity},
	} {
		status, header, body := maya.raw("POST", messages, "application/json", []byte(c.body))
		if status != c.status || header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
	if got := list(maya.must("GET", "/api/conversations/"+maya.conversation, nil), "messages"); len(got) != 1 {
		t.Errorf("refused messages were stored: %v", got)
	}

	// What only looks like a bad escape is a message like any other.
	if status, _, b := maya.raw("POST", messages, "application/json", []byte(`{"text":"\\u0000 and \\ud800 and \ud83d\ude00"}`)); status != http.StatusAccepted {
		t.Errorf("escaped backslashes and a whole character: %d %s", status, b)
	}

	// An id is whatever a site chooses, and its record can be read and removed.
	for _, id := range []string{"order 1", "order#2", "größe", "a:b", "a%41", "über?x=1", "a+b"} {
		shop.must("POST", "/api/records", []object{{"id": id, "customer": "maya", "category": "orders", "text": "x"}})
		path := "/api/records/" + url.PathEscape(id)
		if got := shop.must("GET", path, nil); got["id"] != id || got["customer"] != "maya" {
			t.Errorf("record %q reads as %v", id, got)
		}
		if status, _, _ := shop.raw("DELETE", path, "", nil); status != http.StatusNoContent {
			t.Errorf("record %q cannot be removed: %d", id, status)
		}
		if status, _ := shop.do("GET", path, nil); status != http.StatusNotFound {
			t.Errorf("record %q is still there: %d", id, status)
		}
	}

	// What is not JSON is malformed; what is JSON and no record is not acceptable.
	for body, want := range map[string]int{
		`[{"a":`: 400, `hello`: 400, `{"title":`: 400, `[`: 400, `[{"title":"x"}`: 400, `[{"title":"x"}] more`: 400, "{\"title\":\"x\"}\n{\"title\":": 400,
		`7`: 422, `"hello"`: 422, `[1]`: 422, `[{"title":7}]`: 422, `[]`: 422, `[{"title":"x"}]`: 422,
	} {
		for _, path := range []string{"/api/records", "/api/knowledge"} {
			if status, header, b := shop.raw("POST", path, "application/json", []byte(body)); status != want || header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s to %s: %d %s, want %d", body, path, status, b, want)
			}
		}
	}

	// Of a file with bad lines the good ones come in, and of an array that is cut off
	// what came before.
	status, _, cut := shop.raw("POST", "/api/records", "application/json", []byte(`[{"customer":"maya","category":"orders","text":"Order 2"},{"customer":`))
	if status != http.StatusOK || !bytes.Contains(cut, []byte(`"accepted":1`)) || !bytes.Contains(cut, []byte(`"index":1`)) {
		t.Errorf("an array that is cut off: %d %s", status, cut)
	}
	lines := "{\"customer\":\"maya\",\"category\":\"orders\",\"text\":\"Order 1\"}\nnot json\n{\"customer\":\"maya\",\"category\":\"orders\"}\n"
	status, _, body := shop.raw("POST", "/api/records", "application/x-ndjson", []byte(lines))
	if status != http.StatusOK || !bytes.Contains(body, []byte(`"accepted":1`)) || !bytes.Contains(body, []byte(`"index":1`)) || !bytes.Contains(body, []byte(`"index":2`)) {
		t.Errorf("a file with bad lines: %d %s", status, body)
	}
}

// TestIdempotency repeats a request and changes nothing.
func TestIdempotency(t *testing.T) { eachSetup(t, testIdempotency) }

func testIdempotency(t *testing.T, run setup) {
	info := run.start(t)
	maya := customer(t, info, "maya")
	path := "/api/conversations/" + maya.conversation + "/messages"
	first := maya.must("POST", path, object{"text": "Hello"}, "Idempotency-Key", "k1")
	again := maya.must("POST", path, object{"text": "Hello"}, "Idempotency-Key", "k1")
	if first["message_id"] != again["message_id"] {
		t.Errorf("a repeated message was posted twice")
	}
	if status, _ := maya.do("POST", path, object{"text": "Something else"}, "Idempotency-Key", "k1"); status != http.StatusUnprocessableEntity {
		t.Errorf("a key with another body: %d", status)
	}
	// The same key of someone else is another key.
	tomas := customer(t, info, "tomas")
	other := tomas.must("POST", "/api/conversations/"+tomas.conversation+"/messages", object{"text": "Hello"}, "Idempotency-Key", "k1")
	if other["message_id"] == first["message_id"] {
		t.Errorf("two customers share an idempotency key")
	}
}

// TestReplayShowsNothing repeats an agent's request after the customer has
// withdrawn: a remembered response must not outlive a consent.
func TestReplayShowsNothing(t *testing.T) { eachSetup(t, testReplayShowsNothing) }

func testReplayShowsNothing(t *testing.T, run setup) {
	info := run.start(t)
	tomas, sam := customer(t, info, "tomas"), staff(t, info, "agent@fernhill.example")
	tomas.ask("Where is my order?")
	tomas.must("POST", "/api/conversations/"+tomas.conversation+"/handoff", object{"share": []string{"orders"}})
	desk := "/api/desk/conversations/" + tomas.conversation
	first := sam.must("POST", desk+"/claim", nil, "Idempotency-Key", "k1")
	if view := sam.must("GET", desk, nil); !strings.Contains(text(view), "FH-20914") {
		t.Fatalf("what was shared does not show: %v", view["shared"])
	}
	tomas.consent(change("agent_assist", "orders", "human_agents", false))
	again := sam.must("POST", desk+"/claim", nil, "Idempotency-Key", "k1")
	for _, response := range []object{first, again, sam.must("GET", desk, nil)} {
		if strings.Contains(text(response), "FH-20914") {
			t.Errorf("the agent is shown the order: %v", text(response))
		}
	}
}

// TestHandoffWhatever reaches a person whatever else the request asks for.
func TestHandoffWhatever(t *testing.T) { eachSetup(t, testHandoffWhatever) }

func testHandoffWhatever(t *testing.T, run setup) {
	info := run.start(t)
	for _, share := range [][]string{nil, {"orders"}, {"browsing"}, {"orders", "orders"}, {"no such thing"}, {"conversation"}} {
		for _, id := range []string{"maya", ""} {
			c := customer(t, info, id)
			c.conversation = c.must("POST", "/api/conversations", nil)["id"].(string)
			out := c.must("POST", "/api/conversations/"+c.conversation+"/handoff", object{"share": share, "reason": "It is about my parcel."})
			if out["state"] != "open" || out["ticket_id"] == "" {
				t.Errorf("%q sharing %v: %v", id, share, out)
			}
			shared := text(out["shared"])
			if want := id == "maya" && len(share) > 0 && share[0] == "orders"; (shared == `["orders"]`) != want {
				t.Errorf("%q sharing %v: shared %s", id, share, shared)
			}
			if said := text(c.must("GET", "/api/conversations/"+c.conversation, nil)["messages"]); !strings.Contains(said, "about my parcel") {
				t.Errorf("%q sharing %v: the reason is not there for the person who takes over", id, share)
			}
		}
	}
	c := customer(t, info, "maya")
	c.conversation = c.must("POST", "/api/conversations", nil)["id"].(string)
	if status, _, b := c.raw("POST", "/api/conversations/"+c.conversation+"/handoff", "", nil); status != http.StatusOK {
		t.Errorf("a handoff without a body: %d %s", status, b)
	}
}

// TestOffers accepts an offer once, and only for what it asks.
func TestOffers(t *testing.T) { eachSetup(t, testOffers) }

func testOffers(t *testing.T, run setup) {
	info := run.start(t)
	maya := customer(t, info, "maya")
	a := maya.ask("Where is my order?")
	offer := a["offer"].(object)
	wider := object{"offer_id": offer["id"], "changes": []object{change("answers", "orders", "brand_ai", true), change("answers", "billing", "brand_ai", true)}}
	if status, _ := maya.do("PUT", "/api/me/consents", wider); status != http.StatusUnprocessableEntity {
		t.Errorf("an offer was stretched: %d", status)
	}
	yes := object{"offer_id": offer["id"], "changes": offer["changes"]}
	first := maya.must("PUT", "/api/me/consents", yes)
	again := maya.must("PUT", "/api/me/consents", yes)
	if first["answer_id"] == nil || first["answer_id"] != again["answer_id"] || first["epoch"] != again["epoch"] {
		t.Errorf("a second yes: %v %v, %v %v", first["answer_id"], again["answer_id"], first["epoch"], again["epoch"])
	}
	maya.finished(first["answer_id"].(string))

	// "Not now" is remembered, and not asked again.
	b := maya.ask("What about my invoice?")
	offer = b["offer"].(object)
	changes := list(offer, "changes")
	for i := range changes {
		changes[i]["granted"] = false
	}
	maya.must("PUT", "/api/me/consents", object{"offer_id": offer["id"], "changes": changes})
	if c := maya.ask("What about my invoice?"); c["offer"] != nil {
		t.Errorf("asked again after \"not now\": %v", c["offer"])
	}
	for _, c := range list(maya.must("GET", "/api/me/consents", nil), "choices") {
		if c["category"] == "billing" && c["purpose"] == "answers" && c["recipient"] == "brand_ai" && c["state"] != "deferred" {
			t.Errorf("\"not now\" is %v", c["state"])
		}
	}
}

// TestGuessing slows down whoever guesses one account's password, and nobody
// else at the same address.
func TestGuessing(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	c := newClient(t, info.URL)
	guess := object{"email": "admin@fernhill.example", "password": "guess"}
	for range 10 {
		if status, _ := c.do("POST", "/api/staff/login", guess); status != http.StatusUnauthorized {
			t.Fatalf("a wrong password: %d", status)
		}
	}
	status, out := c.do("POST", "/api/staff/login", guess)
	_, header, _ := c.raw("POST", "/api/staff/login", "application/json", []byte(text(guess)))
	if status != http.StatusTooManyRequests || header.Get("Retry-After") == "" || !strings.Contains(text(out), "Wait") {
		t.Errorf("the eleventh guess: %d, Retry-After %q: %v", status, header.Get("Retry-After"), out)
	}
	staff(t, info, "agent@fernhill.example") // not slowed down
}
