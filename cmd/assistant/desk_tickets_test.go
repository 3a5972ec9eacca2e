package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTickets: a queue takes what the policy leaves to people, what is late is escalated,
// what is transferred is read with its notes, and its customer says whether it is solved.
func TestTickets(t *testing.T) { eachSetup(t, testTickets) }

// putOff: what Noor puts off she and who leads the desk see, who can take it and give it
// back.
func putOff(t *testing.T, sam, noor, boss *client, conversation string) {
	t.Helper()
	desk := "/api/desk/conversations/" + conversation
	for _, days := range []int{-1, 91} {
		status, out := noor.do("POST", desk+"/snooze", object{"until": time.Now().AddDate(0, 0, days)})
		if status != http.StatusUnprocessableEntity || !strings.Contains(text(out["detail"]), "90 days") {
			t.Errorf("put off for %d days: %d %v", days, status, out)
		}
	}
	if out := noor.must("POST", desk+"/snooze", object{"until": time.Now().Add(time.Hour)}); out["state"] != "snoozed" {
		t.Errorf("put off it is %v", out)
	}
	listed := func(c *client) object {
		t.Helper()
		for _, x := range list(c.must("GET", "/api/desk/queue", nil), "tickets") {
			if x["conversation_id"] == conversation {
				return x
			}
		}
		return nil
	}
	if x := listed(sam); x != nil {
		t.Errorf("a colleague is shown %v", x)
	}
	for _, c := range []*client{noor, boss} {
		x := listed(c)
		if x == nil || x["state"] != "snoozed" || text(x["until"]) == "" || x["assignee"].(object)["name"] != "Noor" || x["mine"] != (c == noor) {
			t.Errorf("it is listed as %v", x)
		}
	}
	live := boss.must("GET", "/api/desk/live", nil)
	if all := list(live, "snoozed"); len(all) != 1 || all[0]["conversation_id"] != conversation || all[0]["assignee"].(object)["name"] != "Noor" || text(all[0]["until"]) == "" {
		t.Errorf("of what is put off who leads the desk sees %v", all)
	}
	for _, a := range list(live, "agents") {
		if n := len(list(a, "conversations")); n != 0 {
			t.Errorf("%v serves %d conversations", a["name"], n)
		}
	}
	if status, _ := sam.do("POST", desk+"/claim", nil); status != http.StatusConflict {
		t.Errorf("a colleague takes it: %d", status)
	}
	boss.must("POST", desk+"/claim", nil)
	boss.must("POST", desk+"/snooze", object{"until": time.Now().Add(time.Hour)})
	boss.must("POST", desk+"/assign", object{"staff": boss.colleague(t, "Noor")})
	if x := listed(noor); x == nil || x["state"] != "owned" || x["until"] != nil || x["mine"] != true {
		t.Errorf("given back it is %v", x)
	}
}

func testTickets(t *testing.T, run setup) {
	info := run.start(t)
	maya, sam, noor := customer(t, info, "maya"), staff(t, info, "agent@fernhill.example"), staff(t, info, "second@fernhill.example")
	boss := staff(t, info, "admin@fernhill.example")
	for name, body := range map[string]object{
		"hours":      {"title": "Legal", "hours": object{"zone": "Berlin", "week": object{"mon": []any{[]any{"09:00", "17:00"}}}}},
		"a duration": {"title": "Legal", "quiet": "a while"},
		"a topic":    {"title": "Legal", "takes": object{"topics": []any{"weather"}}},
		"a site":     {"title": "Legal", "takes": object{"sites": []any{"nowhere"}}},
		"a queue":    {"title": "Legal", "targets": object{"first_reply": "1m", "escalate": "nowhere"}},
		"its name":   {"title": "Legal", "name": "illegal"},
	} {
		if status, out := boss.do("PUT", "/api/admin/queues/legal", body); status != http.StatusUnprocessableEntity || len(text(out["detail"])) < 20 {
			t.Errorf("%s that is wrong: %d %v", name, status, out)
		}
	}
	legal := object{
		"title": "Legal", "order": 1, "takes": object{"topics": []any{"legal"}}, "targets": object{"first_reply": "1s", "escalate": "support"},
	}
	if status, _ := sam.do("PUT", "/api/admin/queues/legal", legal); status != http.StatusForbidden {
		t.Errorf("an agent changes queues: %d", status)
	}
	if out := boss.must("PUT", "/api/admin/queues/legal", legal); out["priority"] != float64(1) || out["name"] != "legal" {
		t.Errorf("the queue is %v", out)
	}
	boss.must("PUT", "/api/admin/queues/support", object{"title": "Support", "order": 1000000, "reopen": "72h"})
	if items := list(boss.must("GET", "/api/admin/queues", nil), "items"); len(items) != 2 || items[0]["name"] != "legal" || items[1]["reopen"] != "72h0m0s" {
		t.Errorf("the queues are %v", items)
	}
	if status, out := boss.do("DELETE", "/api/admin/queues/support", nil); status != http.StatusConflict {
		t.Errorf("the last queue is removed: %d %v", status, out)
	}

	// It comes to its queue, and is late there.
	mine, desk := "/api/conversations/"+maya.conversation, "/api/desk/conversations/"+maya.conversation
	maya.must("POST", mine+"/messages", object{"text": "I will take you to court over my order"})
	ticket := waitFor(t, func() (object, bool) {
		for _, x := range list(sam.must("GET", "/api/desk/queue", nil), "tickets") {
			if x["conversation_id"] == maya.conversation && x["escalated"] == float64(1) {
				return x, true
			}
		}
		return nil, false
	})
	if ticket["topic"] != "legal" || ticket["queue"] != "support" || ticket["priority"] != float64(0) || ticket["asked"] == nil {
		t.Errorf("the late ticket is %v", ticket)
	}

	// From one person to another, with a note.
	noorID := sam.colleague(t, "Noor")
	if status, out := sam.do("POST", desk+"/transfer", object{"staff": noorID}); status != http.StatusConflict {
		t.Errorf("who does not have it gives it away: %d %v", status, out)
	}
	sam.must("POST", desk+"/claim", nil)
	if status, out := sam.do("POST", desk+"/transfer", object{"note": "to whom?"}); status != http.StatusUnprocessableEntity {
		t.Errorf("a transfer to nobody: %d %v", status, out)
	}
	sam.must("POST", desk+"/notes", object{"text": "Sounds upset."}, "Idempotency-Key", "note one")
	sam.must("POST", desk+"/notes", object{"text": "Sounds upset."}, "Idempotency-Key", "note one")
	if status, _ := sam.do("POST", desk+"/notes", object{"text": " "}); status != http.StatusUnprocessableEntity {
		t.Errorf("an empty note: %d", status)
	}
	sam.must("POST", desk+"/transfer", object{"staff": noorID, "note": "You know the case."})
	if status, out := sam.do("POST", desk+"/claim", nil); status != http.StatusConflict {
		t.Errorf("what is offered to another is taken: %d %v", status, out)
	}
	if kept, ok := noor.must("GET", desk, nil)["ticket"].(object)["reserved"].(object); !ok || kept["mine"] != true {
		t.Error("Noor does not see that it is offered to her")
	}
	noor.must("POST", desk+"/claim", nil)
	view := noor.must("GET", desk, nil)
	var notes []string
	for _, n := range list(view, "notes") {
		notes = append(notes, n["name"].(string)+": "+n["text"].(string))
	}
	if !slices.Equal(notes, []string{"Sam: Sounds upset.", "Sam: You know the case."}) {
		t.Errorf("the notes are %q", notes)
	}
	if strings.Contains(text(maya.must("GET", mine, nil)), "upset") {
		t.Error("the customer reads the desk's notes")
	}
	var kinds []string
	for _, e := range list(view, "history") {
		kinds = append(kinds, e["kind"].(string))
	}
	if want := []string{"opened", "escalated", "claimed", "noted", "transferred", "noted", "claimed"}; !slices.Equal(kinds, want) {
		t.Errorf("its history is %q, want %q", kinds, want)
	}
	putOff(t, sam, noor, boss, maya.conversation)
	noor.must("POST", desk+"/messages", object{"text": "Your order is on its way."})
	if maya.must("GET", mine, nil)["may_confirm"] != nil {
		t.Error("what is open may be confirmed")
	}
	noor.must("POST", desk+"/resolve", nil)

	// Its customer says so.
	if maya.must("GET", mine, nil)["may_confirm"] != true {
		t.Error("what is resolved may not be confirmed")
	}
	if again := customer(t, info, "maya"); again.conversation != maya.conversation {
		t.Error("who comes back finds another conversation")
	}
	if status, _ := customer(t, info, "omar").do("POST", mine+"/confirm", object{"solved": false}); status != http.StatusNotFound {
		t.Errorf("somebody else says that it is not solved: %d", status)
	}
	if out := maya.must("POST", mine+"/confirm", object{"solved": false}); out["state"] != "open" || out["reason"] != "not_solved" || out["queue_position"] != float64(1) {
		t.Errorf("not solved: %v", out)
	}
	noor.must("POST", desk+"/claim", nil)
	noor.must("POST", desk+"/resolve", nil)
	for range 2 {
		if out := maya.must("POST", mine+"/confirm", object{"solved": true}); out["state"] != "resolved" || out["may_confirm"] != nil {
			t.Errorf("solved: %v", out)
		}
	}
	if again := customer(t, info, "maya"); again.conversation != maya.conversation {
		t.Error("who comes back does not find what was solved, to read and to rate it")
	}
	if status, out := boss.do("DELETE", "/api/admin/queues/legal", nil); status != http.StatusNoContent {
		t.Errorf("a queue that nothing needs stays: %d %v", status, out)
	}
}

// waitFor returns what is found within some seconds.
func waitFor(t *testing.T, find func() (object, bool)) object {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if x, ok := find(); ok {
			return x
		}
	}
	t.Fatal("it does not come")
	return nil
}

// colleague is the id of somebody at the desk.
func (c *client) colleague(t *testing.T, name string) string {
	t.Helper()
	for _, m := range list(c.must("GET", "/api/desk/colleagues", nil), "staff") {
		if m["name"] == name {
			return m["id"].(string)
		}
	}
	t.Fatalf("there is no %s", name)
	return ""
}
