package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"candor/identity"
)

// TestBadInput meets each mistake with a problem that says what is wrong, and
// loses nothing.
func TestBadInput(t *testing.T) {
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
		{"broken JSON", `{"text":`, http.StatusBadRequest},
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

	// Of a file with bad lines the good ones come in.
	lines := "{\"customer\":\"maya\",\"category\":\"orders\",\"text\":\"Order 1\"}\nnot json\n{\"customer\":\"maya\",\"category\":\"orders\"}\n"
	status, _, body := shop.raw("POST", "/api/records", "application/x-ndjson", []byte(lines))
	if status != http.StatusOK || !bytes.Contains(body, []byte(`"accepted":1`)) || !bytes.Contains(body, []byte(`"index":1`)) || !bytes.Contains(body, []byte(`"index":2`)) {
		t.Errorf("a file with bad lines: %d %s", status, body)
	}
}

// TestIdempotency repeats a request and changes nothing.
func TestIdempotency(t *testing.T) {
	info := startDemo(t)
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
