package main

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWaitingTimes: who waits is told how long others waited, by as many as it takes to
// tell it, and out of hours when somebody is there again: in what a handoff answers, in
// the conversation and on its stream.
func TestWaitingTimes(t *testing.T) {
	t.Parallel()
	const waited = 4 * time.Minute
	c := defaults()
	c.DataDir, c.Embedding = t.TempDir(), "none:"
	info, _ := serveDemo(t, c, t.Output(), func(*app) {})
	robin := staff(t, info, "admin@fernhill.example")
	sam := attend(t, info, "agent@fernhill.example", 5*time.Second)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(c.DataDir, "candor.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	wait := func(c *client) object {
		w, _ := c.must("GET", "/api/conversations/"+c.conversation, nil)["wait"].(object)
		return w
	}
	handOff := func() (*client, object) {
		c := customer(t, info, "")
		w, _ := c.must("POST", "/api/conversations/"+c.conversation+"/handoff", object{})["wait"].(object)
		return c, w
	}
	// took has somebody take a conversation for which its customer waited so long.
	took := func() {
		c, _ := handOff()
		sam.must("POST", "/api/desk/conversations/"+c.conversation+"/claim", nil)
		if _, err := db.ExecContext(t.Context(), "UPDATE tickets SET opened = opened - ?, waiting_since = waiting_since - ? WHERE conversation = ?",
			waited.Microseconds(), waited.Microseconds(), c.conversation); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 { // as many as Sam serves at once
		took()
	}
	visitor, w := handOff()
	if w["agents"] != float64(1) || w["minutes"] != nil || w["opens_at"] != nil {
		t.Errorf("after four who waited: %v", w)
	}
	took()
	soon(t, "it is told after five", func() bool { return wait(visitor)["minutes"] == float64(5) })
	second, w := handOff()
	if w["agents"] != float64(1) || w["minutes"] != float64(10) {
		t.Errorf("the second in the line: %v, want twice four minutes", w)
	}
	second.events("/api/conversations/"+second.conversation+"/events", 0, func(e event) bool {
		w, _ := e.data["wait"].(object)
		return e.name == "state" && w["minutes"] == float64(10)
	})
	noor := attend(t, info, "second@fernhill.example", 5*time.Second)
	noor.must("PUT", "/api/desk/presence", object{"status": "busy"})
	robin.must("POST", "/api/desk/conversations/"+visitor.conversation+"/claim", nil)
	if w := wait(second); w["agents"] != float64(1) || w["minutes"] != float64(5) {
		t.Errorf("the first in the line, with a colleague who is busy: %v", w)
	}
	sam.leave()
	sam.must("PUT", "/api/desk/presence", object{"status": "away"})
	soon(t, "nobody is there to wait for", func() bool { w := wait(second); return w["agents"] == float64(0) && w["minutes"] == nil })

	// The desk opens on one day of the week, the one after tomorrow.
	zone, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().In(zone)
	opens := time.Date(now.Year(), now.Month(), now.Day()+2, 9, 30, 0, 0, zone)
	queue := object{"title": "Support", "order": 1_000_000}
	queue["hours"] = object{"zone": zone.String(), "week": object{strings.ToLower(opens.Weekday().String()[:3]): []any{[]any{"09:30", "17:00"}}}}
	robin.must("PUT", "/api/admin/queues/support", queue)
	sam.must("PUT", "/api/desk/presence", object{"status": "online"})
	closed := func(w object) bool {
		at, _ := w["opens_at"].(string)
		when, err := time.Parse(time.RFC3339, at)
		return err == nil && when.Equal(opens) && w["minutes"] == nil
	}
	late, w := handOff()
	if !closed(w) {
		t.Errorf("out of hours a handoff says %v, want %s", w, opens)
	}
	if w := wait(second); !closed(w) {
		t.Errorf("out of hours who waits is told %v", w)
	}
	late.events("/api/conversations/"+late.conversation+"/events", 0, func(e event) bool {
		w, _ := e.data["wait"].(object)
		return e.name == "state" && closed(w)
	})
	if status, _ := late.do("POST", "/api/conversations/"+late.conversation+"/messages", object{"text": "My tent leaks."}); status >= http.StatusMultipleChoices {
		t.Errorf("out of hours no message is taken: %d", status)
	}
	for _, q := range list(robin.must("GET", "/api/desk/live", nil), "queues") {
		if q["name"] == "support" && (q["open"] != false || !closed(q) || q["waiting"] != float64(2)) {
			t.Errorf("supervisors see %v", q)
		}
	}
}
