package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDisputes tells how a customer says that a record is wrong, and what becomes of
// it: nobody uses it until somebody has answered, on any replica.
func TestDisputes(t *testing.T) { eachSetup(t, testDisputes) }

func testDisputes(t *testing.T, run setup) {
	var log syncBuffer
	info, stop, atRest := run(t, &log)
	const canary = "zanthoriq"
	shop := backend(t, info)
	imports := func() {
		t.Helper()
		shop.must("POST", "/api/records", []object{{
			"id": "ord-1", "customer": "carla", "category": "orders", "title": "Order FH-1", "text": "Your tent " + canary + " was shipped on 3 November.",
		}})
	}
	imports()
	carla, omar, visitor := customer(t, info, "carla"), customer(t, info, "omar"), customer(t, info, "")
	sam, robin := staff(t, info, "agent@fernhill.example"), staff(t, info, "admin@fernhill.example")
	carla.consent(change("answers", "orders", "brand_ai", true), change("agent_assist", "orders", "human_agents", true))
	served := "/api/desk/conversations/" + carla.conversation
	// In a conversation of its own each time: two answers without a source would take
	// it to a person.
	ask := func() string {
		c := *carla
		c.conversation = c.must("POST", "/api/conversations", object{})["id"].(string)
		return text(c.ask("Where is my tent " + canary + "?"))
	}
	if !strings.Contains(ask(), "was shipped") {
		t.Fatal("the record is not used before, so nothing is shown")
	}
	carla.must("POST", "/api/conversations/"+carla.conversation+"/handoff", object{})
	desk := func() []object {
		return list(sam.must("GET", served, nil), "records")
	}
	if len(desk()) == 0 {
		t.Fatal("the desk does not see the record before")
	}
	sam.must("POST", served+"/claim", object{})

	// As somebody else, and badly.
	dispute := func(c *client, id string, body any, want int) object {
		t.Helper()
		status, out := c.do("POST", "/api/me/records/"+id+"/dispute", body)
		if status != want {
			t.Errorf("disputing %s: %d %v, want %d", id, status, out["detail"], want)
		}
		return out
	}
	said := object{"text": "It never came, " + canary + " said so."}
	dispute(omar, "ord-1", said, http.StatusNotFound)
	dispute(visitor, "ord-1", said, http.StatusNotFound)
	dispute(carla, "unknown", said, http.StatusNotFound)
	dispute(carla, "%2e%2e", said, http.StatusNotFound)
	dispute(carla, "ord-1", object{"text": " "}, http.StatusUnprocessableEntity)
	dispute(carla, "ord-1", object{}, http.StatusUnprocessableEntity)
	dispute(carla, "ord-1", object{"text": 7}, http.StatusUnprocessableEntity)
	dispute(carla, "ord-1", object{"text": strings.Repeat("x", 4001)}, http.StatusUnprocessableEntity)
	for _, c := range []*client{sam, robin, shop} {
		dispute(c, "ord-1", said, http.StatusUnauthorized)
	}
	if !strings.Contains(ask(), "was shipped") {
		t.Error("what was refused has an effect")
	}

	id := dispute(carla, "ord-1", said, http.StatusCreated)["id"].(string)
	disputed := func(step string, want bool) {
		t.Helper()
		for _, r := range list(carla.must("GET", "/api/me/records", nil), "items") {
			if r["id"] == "ord-1" && r["disputed"] != want {
				t.Errorf("%s: the record is %v", step, r)
			}
		}
	}
	unused := func(step string) {
		t.Helper()
		disputed(step, true)
		if a := ask(); strings.Contains(a, "was shipped") || strings.Contains(a, "ord-1") {
			t.Errorf("%s: an answer uses it: %s", step, a)
		}
		if records := desk(); len(records) != 0 {
			t.Errorf("%s: the desk shows %v", step, records)
		}
	}
	unused("disputed")
	imports()
	unused("imported anew")
	dispute(carla, "ord-1", said, http.StatusConflict)

	act := func(c *client, body object, want int) object {
		t.Helper()
		status, out := c.do("POST", "/api/admin/requests/"+id, body)
		if status != want {
			t.Errorf("%v: %d %v, want %d", body, status, out["detail"], want)
		}
		if strings.Contains(text(out), canary) {
			t.Errorf("%v: the response repeats what was said: %v", body, out)
		}
		return out
	}
	act(sam, object{"action": "start"}, http.StatusForbidden)
	act(carla, object{"action": "start"}, http.StatusUnauthorized)
	act(robin, object{"action": "start"}, http.StatusOK)
	act(robin, object{"action": "start"}, http.StatusConflict)
	act(robin, object{"action": "done"}, http.StatusUnprocessableEntity)
	act(robin, object{"action": "done", "record": object{"outcome": "lost"}}, http.StatusUnprocessableEntity)
	act(robin, object{"action": "refuse", "note": "No."}, http.StatusUnprocessableEntity)
	act(robin, object{"action": "note", "note": "Asked the carrier about " + canary + "."}, http.StatusOK)
	unused("being looked at")
	act(robin, object{"action": "done", "record": object{"outcome": "corrected"}, "note": "It came back.", "for_customer": true}, http.StatusOK)
	disputed("corrected", false)
	if !strings.Contains(ask(), "was shipped") || len(desk()) == 0 {
		t.Error("the record is not used again")
	}
	mine := list(carla.must("GET", "/api/me/requests", nil), "items")
	if len(mine) != 1 || mine[0]["status"] != "done" || mine[0]["outcome"] != "corrected" || mine[0]["text"] != said["text"] ||
		strings.Contains(text(mine[0]["notes"]), "carrier") || !strings.Contains(text(mine[0]["notes"]), "It came back.") {
		t.Errorf("carla reads %v", mine)
	}
	id = dispute(carla, "ord-1", said, http.StatusCreated)["id"].(string)
	act(robin, object{"action": "done", "record": object{"outcome": "removed"}}, http.StatusOK)
	if status, _ := shop.do("GET", "/api/records/ord-1", nil); status != http.StatusNotFound {
		t.Errorf("the removed record: %d", status)
	}
	out := robin.must("GET", "/api/admin/requests/"+id, nil)
	if out["text"] != said["text"] || out["record_id"] != "ord-1" || out["may_act"] != true || len(list(out, "history")) != 2 ||
		list(out, "history")[1]["name"] != "Robin" || list(out, "history")[1]["outcome"] != "removed" {
		t.Errorf("robin reads %v", out)
	}
	if usage := text(carla.must("GET", "/api/me/usage", nil)); !strings.Contains(usage, "Robin") {
		t.Errorf("carla does not learn that Robin looked: %.600s", usage)
	}
	stop()
	for name, b := range atRest() {
		if strings.Contains(string(b), canary) {
			t.Errorf("%s holds what was said", name)
		}
	}
	if strings.Contains(log.String(), canary) {
		t.Error("the log holds what was said")
	}
}

// TestRequests tells how customers ask about their data, and how they are answered:
// as a customer, another one, a visitor, an agent and an administrator.
func TestRequests(t *testing.T) { eachSetup(t, testRequests) }

func testRequests(t *testing.T, run setup) {
	info := run.start(t)
	carla, omar, visitor := customer(t, info, "carla"), customer(t, info, "omar"), customer(t, info, "")
	sam, robin, shop := staff(t, info, "agent@fernhill.example"), staff(t, info, "admin@fernhill.example"), backend(t, info)

	asked := carla.must("POST", "/api/me/requests", object{"kind": "complaint", "text": "Nobody answers."}, "Idempotency-Key", "k1")
	id := asked["id"].(string)
	if again := carla.must("POST", "/api/me/requests", object{"kind": "complaint", "text": "Nobody answers."}, "Idempotency-Key", "k1"); again["id"] != id {
		t.Errorf("asked twice: %v", again)
	}
	due, err := time.Parse(time.RFC3339, asked["due"].(string))
	if days := time.Until(due).Hours() / 24; err != nil || days < 27 || days > 31 || asked["status"] != "open" {
		t.Errorf("it is due in %v days: %v, %v", days, asked, err)
	}
	carla.must("POST", "/api/me/requests", object{"kind": "access"})
	visitor.must("POST", "/api/me/requests", object{"kind": "erasure", "conversation_id": visitor.conversation})

	for name, c := range map[string]struct {
		who  *client
		body any
		want int
	}{
		"an unknown kind":           {carla, object{"kind": "revenge", "text": "x"}, 422},
		"no kind":                   {carla, object{"text": "x"}, 422},
		"no words":                  {carla, object{"kind": "complaint"}, 422},
		"blank words":               {carla, object{"kind": "rectification", "text": "\n "}, 422},
		"too many words":            {carla, object{"kind": "complaint", "text": strings.Repeat("x", 4001)}, 422},
		"10 MB":                     {carla, object{"kind": "complaint", "text": strings.Repeat("x", 10<<20)}, 413},
		"another's conversation":    {carla, object{"kind": "complaint", "text": "x", "conversation_id": omar.conversation}, 404},
		"a number":                  {carla, object{"kind": "complaint", "text": 7}, 422},
		"nobody":                    {newClient(t, info.URL), object{"kind": "complaint", "text": "x"}, 401},
		"an agent as a customer":    {sam, object{"kind": "complaint", "text": "x"}, 401},
		"the backend as a customer": {shop, object{"kind": "complaint", "text": "x"}, 401},
	} {
		if status, out := c.who.do("POST", "/api/me/requests", c.body); status != c.want {
			t.Errorf("%s: %d %v, want %d", name, status, out["detail"], c.want)
		}
	}

	kinds := func(c *client, path string) (out []string) {
		t.Helper()
		for _, r := range list(c.must("GET", path, nil), "items") {
			out = append(out, r["kind"].(string))
		}
		slices.Sort(out)
		return out
	}
	for name, tt := range map[string]struct {
		who  *client
		path string
		want []string
	}{
		"carla's own":   {carla, "/api/me/requests", []string{"access", "complaint"}},
		"omar's own":    {omar, "/api/me/requests", nil},
		"the visitor's": {visitor, "/api/me/requests", []string{"erasure"}},
		"all":           {robin, "/api/admin/requests", []string{"access", "complaint", "erasure"}},
		"a kind":        {robin, "/api/admin/requests?kind=complaint", []string{"complaint"}},
		"a status":      {robin, "/api/admin/requests?status=done", nil},
		"overdue":       {robin, "/api/admin/requests?overdue=true", nil},
		"the site":      {robin, "/api/admin/requests?site=" + info.Site + "&kind=access", []string{"access"}},
		"another site":  {robin, "/api/admin/requests?site=other", nil},
	} {
		if got := kinds(tt.who, tt.path); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	page := robin.must("GET", "/api/admin/requests?limit=2", nil)
	rest := robin.must("GET", "/api/admin/requests?limit=2&cursor="+page["next"].(string), nil)
	if len(list(page, "items")) != 2 || len(list(rest, "items")) != 1 || rest["next"] != nil {
		t.Errorf("paged: %v then %v", page, rest)
	}
	for _, words := range []string{"Nobody answers", "text"} {
		if strings.Contains(text(list(robin.must("GET", "/api/admin/requests", nil), "items")), words) {
			t.Errorf("the list has %q", words)
		}
	}
	for path, want := range map[string]int{
		"/api/admin/requests?kind=":                                 422,
		"/api/admin/requests?kind=revenge":                          422,
		"/api/admin/requests?limit=0":                               422,
		"/api/admin/requests?cursor=AAAA":                           400,
		"/api/admin/requests/req_unknown":                           404,
		"/api/admin/requests/%00":                                   404,
		"/api/admin/requests?cursor=" + page["next"].(string) + "A": 400,
	} {
		if status, out := robin.do("GET", path, nil); status != want {
			t.Errorf("%s: %d %v, want %d", path, status, out["detail"], want)
		}
	}
	if status, _ := carla.do("GET", "/api/me/requests?cursor="+page["next"].(string), nil); status != 400 {
		t.Errorf("a cursor of another list: %d", status)
	}
	for name, c := range map[string]struct {
		who  *client
		want int
	}{"an agent": {sam, 403}, "a customer": {carla, 401}, "the backend": {shop, 401}, "nobody": {newClient(t, info.URL), 401}} {
		for _, path := range []string{"/api/admin/requests", "/api/admin/requests/" + id} {
			if status, _ := c.who.do("GET", path, nil); status != c.want {
				t.Errorf("%s reads %s: %d, want %d", name, path, status, c.want)
			}
		}
	}

	robin.must("POST", "/api/admin/requests/"+id, object{"action": "refuse", "note": "We called you.", "for_customer": true})
	for _, r := range list(carla.must("GET", "/api/me/requests", nil), "items") {
		if r["id"] == id && (r["status"] != "refused" || !strings.Contains(text(r["notes"]), "We called you.") || r["closed"] == nil) {
			t.Errorf("carla reads %v", r)
		}
	}
	_, _, metrics := newClient(t, info.URL).raw("GET", "/metrics", "", nil)
	for _, line := range []string{
		`candor_requests_open{kind="access"} 1`, `candor_requests_open{kind="complaint"} 0`, `candor_requests_open{kind="erasure"} 1`,
		`candor_requests_overdue{kind="access"} 0`,
	} {
		if !strings.Contains(string(metrics), line) {
			t.Errorf("the metrics do not say %s", line)
		}
	}
	if strings.Contains(string(metrics), carla.customer) {
		t.Error("the metrics name a customer")
	}
}

// TestRemember tells how customers keep something of their own: it is used under
// their grant, is theirs to remove, and an import's rules hold for it.
func TestRemember(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	carla, omar, visitor := customer(t, info, "carla"), customer(t, info, "omar"), customer(t, info, "")
	mine := func(c *client) []object { return list(c.must("GET", "/api/me/records", nil), "items") }
	if len(mine(carla)) != 0 || len(mine(visitor)) != 0 {
		t.Fatal("something is held of who has just come")
	}
	id := carla.must("POST", "/api/me/records", object{"text": "My favourite sleeping bags are the synthetic ones, because goose down makes me sneeze."})["id"].(string)
	held := mine(carla)
	if len(held) != 1 || held[0]["id"] != id || held[0]["category"] != "preferences" || held[0]["mine"] != true || held[0]["disputed"] != false ||
		held[0]["title"] != "My favourite sleeping bags are the synthetic ones, because…" || text(held[0]["source"]) != `{"system":"customer"}` {
		t.Errorf("held is %v", held)
	}
	question := "What are my favourite sleeping bags?"
	if a := text(carla.ask(question)); strings.Contains(a, "synthetic") {
		t.Errorf("used without a grant: %s", a)
	}
	carla.consent(change("answers", "preferences", "brand_ai", true))
	if a := text(carla.ask(question)); !strings.Contains(a, "synthetic") {
		t.Errorf("not used with a grant: %s", a)
	}
	for name, c := range map[string]struct {
		who  *client
		body any
		want int
	}{
		"a payment card":    {carla, object{"text": "My card is 4111 1111 1111 1111."}, 422},
		"no text":           {carla, object{"title": "x"}, 422},
		"blank":             {carla, object{"text": " \n"}, 422},
		"too long":          {carla, object{"text": strings.Repeat("x", 4001)}, 422},
		"a title too long":  {carla, object{"text": "x", "title": strings.Repeat("x", 201)}, 422},
		"orders":            {carla, object{"text": "I ordered a tent.", "category": "orders"}, 422},
		"special category":  {carla, object{"text": "x", "category": "health"}, 422},
		"10 MB":             {carla, object{"text": strings.Repeat("x", 10<<20)}, 413},
		"a visitor":         {visitor, object{"text": "I like tents."}, 403},
		"a broken sentence": {carla, object{"text": []int{1}}, 422},
	} {
		status, out := c.who.do("POST", "/api/me/records", c.body)
		if status != c.want || strings.Contains(text(out), "4111 1111") {
			t.Errorf("%s: %d %v, want %d", name, status, out["detail"], c.want)
		}
	}
	carla.must("POST", "/api/me/records", object{"text": "Call me Carla.", "title": "Name", "category": "profile"})
	backend(t, info).must("POST", "/api/records", []object{{"id": "pref-1", "customer": "carla", "category": "preferences", "text": "Likes mats."}})
	for path, c := range map[string]struct {
		who  *client
		want int
	}{
		"/api/me/records/" + id:  {omar, 404},
		"/api/me/records/pref-1": {carla, 403},
		"/api/me/records/none":   {carla, 404},
	} {
		if status, _ := c.who.do("DELETE", path, nil); status != c.want {
			t.Errorf("removing %s: %d, want %d", path, status, c.want)
		}
	}
	first := carla.must("GET", "/api/me/records?limit=2", nil)
	if rest := carla.must("GET", "/api/me/records?limit=2&cursor="+first["next"].(string), nil); len(list(first, "items")) != 2 || len(list(rest, "items")) != 1 {
		t.Errorf("paged: %v then %v", first, rest)
	}
	if status, _ := omar.do("GET", "/api/me/records?cursor="+first["next"].(string), nil); status != 400 {
		t.Errorf("another customer's cursor: %d", status)
	}
	carla.must("DELETE", "/api/me/records/"+id, nil)
	if a := text(carla.ask(question)); strings.Contains(a, "synthetic") {
		t.Errorf("used after it was removed: %s", a)
	}
	if n := len(mine(omar)); n != 0 {
		t.Errorf("omar has %d records", n)
	}
	// What they had deleted is not kept again before they allow it.
	stop := change("answers", "preferences", "brand_ai", false)
	stop["delete"] = true
	carla.consent(stop)
	if status, out := carla.do("POST", "/api/me/records", object{"text": "I like tents."}); status != 409 || !strings.Contains(out["detail"].(string), "allow it again") {
		t.Errorf("after stop and delete: %d %v", status, out["detail"])
	}
	carla.consent(change("answers", "preferences", "brand_ai", true))
	carla.must("POST", "/api/me/records", object{"text": "I like tents."})
}
