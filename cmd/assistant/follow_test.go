package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestFollow tells what follows when an answer was wrong: its customer complains, a
// reviewer hides the source and corrects what was said from it, the complaint is
// answered, and an incident is recorded.
func TestFollow(t *testing.T) { eachSetup(t, testFollow) }

func testFollow(t *testing.T, run setup) {
	var log syncBuffer
	info, stop, atRest := run(t, &log)
	const canary = "wuxolip" // what staff write, which is nowhere in plain
	shop := backend(t, info)
	imports := func() {
		t.Helper()
		shop.must("POST", "/api/knowledge", []object{{
			"id": "zan-returns", "title": "Returning zanthoriq tents", "text": "Zanthoriq tents can be returned within 17 days of delivery.", "visibility": "public",
		}})
	}
	imports()
	carla, omar := customer(t, info, "carla"), customer(t, info, "omar")
	robin, sam := staff(t, info, "admin@fernhill.example"), staff(t, info, "agent@fernhill.example")
	ask := func(c *client) object { return c.ask("Within how many days can zanthoriq tents be returned?") }
	wrong := ask(carla)
	if !strings.Contains(text(wrong["sentences"]), "17 days") || !strings.Contains(text(ask(omar)["sentences"]), "17 days") {
		t.Fatalf("the article is not used before: %v", wrong)
	}

	complain := func(c *client, body object, want int, header ...string) object {
		t.Helper()
		status, out := c.do("POST", "/api/answers/"+wrong["id"].(string)+"/complaint", body, header...)
		if status != want {
			t.Errorf("%v: %d %v, want %d", body, status, out, want)
		}
		return out
	}
	complain(omar, object{"kind": "wrong"}, http.StatusNotFound)
	complain(robin, object{"kind": "wrong"}, http.StatusUnauthorized)
	complain(shop, object{"kind": "wrong"}, http.StatusUnauthorized)
	complain(carla, object{"kind": "revenge"}, http.StatusUnprocessableEntity)
	request := complain(carla, object{"kind": "wrong", "text": "The label says 20, " + canary + "."}, http.StatusCreated, "Idempotency-Key", "k")["request_id"].(string)
	if again := complain(carla, object{"kind": "wrong", "text": "The label says 20, " + canary + "."}, http.StatusCreated, "Idempotency-Key", "k"); again["request_id"] != request {
		t.Errorf("complained twice: %v", again)
	}
	complain(carla, object{"kind": "tone"}, http.StatusConflict)
	if mine := list(carla.must("GET", "/api/me/requests", nil), "items"); len(mine) != 1 || mine[0]["answer_id"] != wrong["id"] || mine[0]["complaint"] != "wrong" || mine[0]["kind"] != "complaint" {
		t.Errorf("carla reads %v", mine)
	}

	source := object{"site": info.Site, "record": "zan-returns", "note": "The " + canary + " is wrong."}
	uses := func() object { return robin.must("GET", "/api/admin/sources/"+info.Site+"/zan-returns/uses", nil) }
	if u := uses(); u["answers"] != 2.0 || u["conversations"] != 2.0 || u["customers"] != 2.0 || u["open"] != 2.0 {
		t.Errorf("its uses: %v", u)
	}
	for _, c := range []struct {
		who  *client
		want int
	}{{sam, 403}, {carla, 401}, {shop, 401}} {
		if status, _ := c.who.do("POST", "/api/admin/sources/hide", source); status != c.want {
			t.Errorf("%v hides it: %d", c.who, status)
		}
	}
	sealed := "/api/admin/citations/" + wrong["id"].(string)
	opened := sealed + "?reason=complaint"
	reads := func(step, path string, hides bool) {
		t.Helper()
		used := list(robin.must("GET", path, nil), "used")
		if len(used) == 0 {
			t.Errorf("%s: the answer used nothing", step)
		}
		for _, u := range used {
			if want := hides && u["record_id"] == "zan-returns"; u["hidden"] != want {
				t.Errorf("%s: %v is hidden: %v, want %v", step, u["record_id"], u["hidden"], want)
			}
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // until its end is recorded
		if e := list(robin.must("GET", sealed, nil), "entries"); len(e) > 0 && e[len(e)-1]["kind"] == "closed" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the log does not say how the answer ended")
		}
	}
	reads("not hidden", opened, false)
	robin.must("POST", "/api/admin/sources/hide", source)
	reads("hidden", opened, true)
	reads("hidden, with the answer sealed", sealed, false)
	unused := func(step string) {
		t.Helper()
		for range 2 { // the balancer has two
			visitor := customer(t, info, "")
			if a := text(ask(visitor)); strings.Contains(a, "17 days") || strings.Contains(a, "zan-returns") {
				t.Errorf("%s: an answer uses it: %s", step, a)
			}
		}
	}
	unused("hidden")
	imports()
	unused("imported anew")
	if status, out := robin.do("POST", "/api/admin/sources/hide", source); status != http.StatusConflict || strings.Contains(text(out), canary) {
		t.Errorf("hidden again: %d %v", status, out)
	}
	hidden := list(robin.must("GET", "/api/admin/sources/hidden", nil), "items")
	if len(hidden) != 1 || hidden[0]["record"] != "zan-returns" || hidden[0]["note"] != source["note"] || !strings.Contains(text(hidden[0]["by"]), "Robin") {
		t.Errorf("what is hidden: %v", hidden)
	}

	// A person has omar's conversation, and keeps it.
	omar.must("POST", "/api/conversations/"+omar.conversation+"/handoff", object{})
	sam.must("POST", "/api/desk/conversations/"+omar.conversation+"/claim", object{})
	body := object{"site": info.Site, "record": "zan-returns", "text": "They can be returned within 20 days.", "language": "en"}
	if status, _ := sam.do("POST", "/api/admin/corrections", body); status != http.StatusForbidden {
		t.Errorf("sam corrects: %d", status)
	}
	correction := robin.must("POST", "/api/admin/corrections", body, "Idempotency-Key", "c")
	if again := robin.must("POST", "/api/admin/corrections", body, "Idempotency-Key", "c"); again["id"] != correction["id"] || correction["conversations"] != 2.0 {
		t.Errorf("%v, again %v", correction, again)
	}
	var how object
	for range 100 {
		if how = robin.must("GET", "/api/admin/corrections/"+correction["id"].(string), nil); how["status"] == "done" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if how["status"] != "done" || how["sent"] != 2.0 || how["skipped"] != 0.0 {
		t.Errorf("the correction: %v", how)
	}
	system := func(c *client, part string) (n int) {
		for _, m := range list(c.must("GET", "/api/conversations/"+c.conversation, nil), "messages") {
			if m["from"] == "system" && strings.Contains(text(m["text"]), part) {
				n++
			}
		}
		return n
	}
	for name, c := range map[string]*client{"carla": carla, "omar": omar} {
		if n := system(c, ": They can be returned within 20 days."); n != 1 {
			t.Errorf("%s got the correction %d times", name, n)
		}
	}
	if c := omar.must("GET", "/api/conversations/"+omar.conversation, nil); c["state"] != "open" {
		t.Errorf("omar's conversation is %v", c["state"])
	}

	robin.must("POST", "/api/admin/requests/"+request, object{"action": "done", "note": "You are right: 20 days, " + canary + ".", "for_customer": true})
	if n := system(carla, "has been answered"); n != 1 || system(carla, canary) != 0 {
		t.Errorf("carla reads %d times that it was answered", n)
	}

	found := time.Now().Add(-100 * time.Hour).UTC().Format(time.RFC3339)
	incident := object{"site": info.Site, "kind": "wrong_answer", "title": "A " + canary + " answer", "notes": "By " + canary + ".", "found_at": found, "answers": 2, "customers": 2}
	if status, _ := sam.do("POST", "/api/admin/incidents", incident); status != http.StatusForbidden {
		t.Errorf("sam records: %d", status)
	}
	recorded := robin.must("POST", "/api/admin/incidents", incident, "Idempotency-Key", "i")
	id := recorded["id"].(string)
	if x := robin.must("GET", "/api/admin/incidents/"+id, nil); x["title"] != incident["title"] || x["overdue"] != true || len(list(x, "clocks")) != 2 {
		t.Errorf("the incident: %v", x)
	}
	if _, _, metrics := robin.raw("GET", "/metrics", "", nil); !strings.Contains(string(metrics), `candor_incidents_overdue{kind="wrong_answer"} 1`) {
		t.Error("the metrics do not know that it is overdue")
	}
	robin.must("PATCH", "/api/admin/incidents/"+id, object{"notification": object{"to": "authority", "at": time.Now().UTC().Format(time.RFC3339)}, "note": "By " + canary + " letter."})
	robin.must("PATCH", "/api/admin/incidents/"+id, object{"status": "closed"})
	if status, _ := robin.do("PATCH", "/api/admin/incidents/"+id, object{"answers": 3}); status != http.StatusConflict {
		t.Errorf("a closed one: %d", status)
	}
	if all := list(robin.must("GET", "/api/admin/incidents?status=closed", nil), "items"); len(all) != 1 || all[0]["title"] != incident["title"] {
		t.Errorf("the incidents: %v", all)
	}

	robin.must("POST", "/api/admin/sources/show", object{"site": info.Site, "record": "zan-returns"})
	reads("shown again", opened, false)
	if a := ask(customer(t, info, "")); !strings.Contains(text(a["sentences"]), "17 days") {
		t.Errorf("shown again it is not used: %v", a)
	}
	stop()
	for name, b := range atRest() {
		if strings.Contains(string(b), canary) {
			t.Errorf("%s holds what was written", name)
		}
	}
	if strings.Contains(log.String(), canary) {
		t.Error("the log holds what was written")
	}
}
