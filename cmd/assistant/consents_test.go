package main

import (
	"slices"
	"testing"
	"time"
)

// notice returns the notice that a customer is shown in a language.
func (c *client) notice(language string) object {
	c.t.Helper()
	n, _ := c.must("GET", "/api/me/consents?language="+language, nil)["notice"].(object)
	return object{"id": n["id"], "version": n["version"], "sha256": n["sha256"]}
}

// searchedOrders reports whether an answer used the customer's orders.
func searchedOrders(a object) bool {
	return slices.ContainsFunc(list(a, "used"), func(u object) bool { return u["category"] == "orders" })
}

// TestReportedConsent: what the customer agreed to on the site holds in the chat,
// with its evidence, and a key that anybody can read only narrows.
func TestReportedConsent(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	shop, pages, stranger := backend(t, info), backend(t, info), backend(t, info)
	pages.token, stranger.token = info.BrowserKey, "bk_guess"
	shop.must("POST", "/api/records", []object{{"id": "rep-1", "customer": "rosa", "category": "orders", "title": "Order 77", "text": "Order 77: a green tent, shipped on 3 May."}})
	rosa := customer(t, info, "rosa")
	if searchedOrders(rosa.ask("Where is my order 77?")) {
		t.Fatal("orders are used before anybody agreed")
	}
	grant := object{
		"changes": []object{change("answers", "orders", "brand_ai", true)},
		"notice":  rosa.notice("es"), "language": "es", "at": time.Now().Add(-time.Hour).Format(time.RFC3339),
		"channel": "checkout", "page": info.URL + "/demo?email=rosa@example.com",
	}
	without := func(field string) object {
		out := object{}
		for k, v := range grant {
			if k != field {
				out[k] = v
			}
		}
		return out
	}
	with := func(field string, value any) object {
		out := without(field)
		out[field] = value
		return out
	}
	put := "/api/customers/rosa/consents"
	stale := rosa.notice("es")
	stale["version"] = "0"
	for _, c := range []struct {
		name   string
		who    *client
		body   object
		status int
	}{
		{"no notice", shop, without("notice"), 422},
		{"no time", shop, without("at"), 422},
		{"no channel", shop, without("channel"), 422},
		{"no page", shop, without("page"), 422},
		{"no language", shop, without("language"), 422},
		{"in the future", shop, with("at", time.Now().Add(time.Hour).Format(time.RFC3339)), 422},
		{"at no time", shop, with("at", "yesterday"), 422},
		{"a stale notice", shop, with("notice", stale), 409},
		{"nothing to change", shop, with("changes", []object{}), 422},
		{"no such use", shop, with("changes", []object{change("insights", "location", "human_agents", true)}), 422},
		{"by somebody else", shop, with("by", "neighbour"), 422},
		{"the browser key widens", pages, grant, 403},
		{"the browser key deletes", pages, object{"changes": []object{{"purpose": "answers", "category": "orders", "recipient": "brand_ai", "granted": false, "delete": true}}}, 403},
		{"no such key", stranger, grant, 401},
		{"the customer's own session", rosa, grant, 401},
	} {
		if status, out := c.who.do("PUT", put, c.body); status != c.status {
			t.Errorf("%s: %d %v, want %d", c.name, status, out["detail"], c.status)
		}
	}
	if status, _ := shop.do("PUT", "/api/customers/nobody-knows/consents", object{"changes": []object{change("answers", "orders", "brand_ai", false)}}); status != 404 {
		t.Errorf("withdrawn for a stranger: %d", status)
	}
	if searchedOrders(rosa.ask("Where is my order 77?")) {
		t.Fatal("a refused report is a grant")
	}
	out := shop.must("PUT", put, grant)
	if receipts, _ := out["receipts"].([]any); len(receipts) != 1 {
		t.Errorf("%v", out)
	}
	if !searchedOrders(rosa.ask("Where is my order 77?")) {
		t.Error("what was agreed to at the checkout is not used")
	}
	h := list(rosa.must("GET", "/api/me/consents/history", nil), "items")
	if len(h) != 1 || h[0]["state"] != "given" || h[0]["actor"] != "site" || h[0]["channel"] != "checkout" || h[0]["language"] != "es" {
		t.Errorf("the history: %v", h)
	}
	// The pages may narrow, and learn nothing by it.
	narrow := object{"changes": []object{change("answers", "orders", "brand_ai", false)}}
	known, unknown := pages.must("PUT", put, narrow), pages.must("PUT", "/api/customers/nobody-knows/consents", narrow)
	if text(known) != text(unknown) {
		t.Errorf("the browser key tells customers from others: %v, %v", known, unknown)
	}
	if searchedOrders(rosa.ask("Where is my order 77?")) {
		t.Error("orders are used after the withdrawal")
	}
	wrong := object{"changes": []object{change("answers", "nothing", "brand_ai", false)}}
	for _, id := range []string{"rosa", "nobody-knows"} {
		if status, _ := pages.do("PUT", "/api/customers/"+id+"/consents", wrong); status != 422 {
			t.Errorf("a use that is none, of %s: %d", id, status)
		}
	}
	// The checkout's report, sent again, is older than the withdrawal.
	if status, _ := shop.do("PUT", put, grant); status != 409 {
		t.Errorf("a yes before the no: %d", status)
	}
	// Somebody may agree before they ever chatted.
	shop.must("PUT", "/api/customers/newcomer/consents", grant)
	if h := list(customer(t, info, "newcomer").must("GET", "/api/me/consents/history", nil), "items"); len(h) != 1 {
		t.Errorf("a newcomer's history: %v", h)
	}
	if status, _ := customer(t, info, "newcomer").do("PUT", "/api/me/consents?language=fr", object{"changes": []object{change("answers", "billing", "brand_ai", true)}}); status != 422 {
		t.Errorf("a grant in a language without a notice: %d", status)
	}
}

// TestPastConsents: the customer can ask what was allowed when, and on which text.
func TestPastConsents(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	rosa := customer(t, info, "rosa")
	state := func(o object) any {
		for _, c := range list(o, "choices") {
			if c["purpose"] == "answers" && c["category"] == "orders" && c["recipient"] == "brand_ai" && c["conversation"] == nil {
				return c["state"]
			}
		}
		return nil
	}
	now := func() string {
		time.Sleep(5 * time.Millisecond)
		defer time.Sleep(5 * time.Millisecond)
		return time.Now().UTC().Format(time.RFC3339Nano)
	}
	before := now()
	rosa.consent(change("answers", "orders", "brand_ai", true))
	given := now()
	rosa.consent(change("answers", "orders", "brand_ai", false))
	withdrawn := now()
	for at, want := range map[string]string{before: "none", given: "given", withdrawn: "withdrawn"} {
		out := rosa.must("GET", "/api/me/consents/past?at="+at, nil)
		if state(out) != want {
			t.Errorf("at %s: %v, want %s", at, state(out), want)
		}
		for _, c := range list(out, "choices") {
			if c["state"] != "none" && (c["text"] == nil || c["notice"] == nil) {
				t.Errorf("at %s: nothing says what was read: %v", at, c)
			}
		}
	}
	for _, at := range []string{"", "tomorrow", time.Now().Add(time.Hour).UTC().Format(time.RFC3339)} {
		if status, _ := rosa.do("GET", "/api/me/consents/past?at="+at, nil); status != 422 {
			t.Errorf("at %q: %d", at, status)
		}
	}
	// So can who reviews; an agent cannot.
	admin := staff(t, info, "admin@fernhill.example")
	if out := admin.must("GET", "/api/admin/consents?customer="+rosa.customer+"&at="+given, nil); state(out) != "given" || len(list(out, "events")) != 1 {
		t.Errorf("as the admin is told: %v", out)
	}
	if out := admin.must("GET", "/api/admin/consents?customer="+rosa.customer, nil); state(out) != "withdrawn" || len(list(out, "events")) != 2 {
		t.Errorf("as the admin is told now: %v", out)
	}
	// And the customer learns that they looked.
	if u := list(rosa.must("GET", "/api/me/usage", nil), "items"); len(u) == 0 || u[0]["kind"] != "choices" || u[0]["categories"] == nil || u[0]["who"].(object)["name"] == nil {
		t.Errorf("nothing says who looked: %v", u)
	}
	if status, _ := admin.do("GET", "/api/admin/consents?customer=cus_nobody", nil); status != 404 {
		t.Errorf("of nobody: %d", status)
	}
	if status, _ := staff(t, info, "agent@fernhill.example").do("GET", "/api/admin/consents?customer="+rosa.customer, nil); status != 403 {
		t.Errorf("an agent: %d", status)
	}
	// The history comes in pages, newest first, and its cursor is signed.
	for range 5 {
		rosa.consent(change("answers", "orders", "brand_ai", true))
		rosa.consent(change("answers", "orders", "brand_ai", false))
	}
	var all []object
	next := ""
	for {
		page := rosa.must("GET", "/api/me/consents/history?limit=5"+next, nil)
		all = append(all, list(page, "items")...)
		if page["next"] == nil {
			break
		}
		next = "&cursor=" + page["next"].(string)
	}
	if len(all) != 12 || all[0]["state"] != "withdrawn" || all[11]["state"] != "given" {
		t.Errorf("%d events, from %v to %v", len(all), all[0], all[len(all)-1])
	}
	ids := make(map[any]bool)
	for _, e := range all {
		ids[e["id"]] = true
	}
	if len(ids) != len(all) {
		t.Error("an event is there twice")
	}
	if status, _ := rosa.do("GET", "/api/me/consents/history?cursor=AAAA", nil); status != 400 {
		t.Errorf("a forged cursor: %d", status)
	}
}

// TestMinorsInTheChat: the site's token says how old a customer is.
func TestMinorsInTheChat(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	c := newClient(t, info.URL)
	sign := func(query string) int {
		token := c.must("GET", "/demo/identity?customer=kim"+query, nil)["identity"]
		status, out := c.do("POST", "/api/session", object{"site": info.Site, "identity": token})
		if status < 300 {
			c.token = out["token"].(string)
		}
		return status
	}
	if status := sign("&age_band=teenager"); status != 401 {
		t.Errorf("an age band that is none: %d", status)
	}
	if status := sign("&jurisdiction=atlantis"); status != 401 {
		t.Errorf("a jurisdiction that is none: %d", status)
	}
	if status := sign("&age_band=teen"); status != 200 {
		t.Fatalf("a teen: %d", status)
	}
	yes := object{"changes": []object{change("answers", "orders", "brand_ai", true)}}
	if status, out := c.do("PUT", "/api/me/consents", yes); status != 403 {
		t.Errorf("a teen agrees: %d %v", status, out)
	}
	for _, x := range list(c.must("GET", "/api/me/consents", nil), "choices") {
		if x["reason"] != "minor" {
			t.Errorf("%v", x)
		}
	}
	// What the site does not say again stays as it is known.
	sign("")
	if status, _ := c.do("PUT", "/api/me/consents", yes); status != 403 {
		t.Errorf("a token without an age makes an adult: %d", status)
	}
	sign("&jurisdiction=br-lgpd")
	if status, out := c.do("PUT", "/api/me/consents", yes); status != 200 {
		t.Errorf("where teens choose for themselves: %d %v", status, out)
	}
	if status, _ := c.do("PUT", "/api/me/consents", object{"changes": []object{change("insights", "orders", "brand_ai", true)}}); status != 403 {
		t.Errorf("guesses about a teen: %d", status)
	}
}

// TestGPCStatement: the site says that it honours the signal.
func TestGPCStatement(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	out := newClient(t, info.URL).must("GET", "/.well-known/gpc.json", nil)
	if out["gpc"] != true || out["lastUpdate"] == nil {
		t.Errorf("%v", out)
	}
}
