package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// screenshot is a PNG of a size.
func screenshot(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends a file, and returns the status and what came back.
func (c *client) upload(path, name string, data []byte, header ...string) (int, object) {
	c.t.Helper()
	status, h, raw := c.raw(http.MethodPost, path+"/attachments?name="+url.QueryEscape(name), "image/png", data, header...)
	var out object
	if err := json.Unmarshal(raw, &out); err != nil {
		c.t.Fatalf("%s: %d %.200s", name, status, raw)
	}
	if status >= 400 && (h.Get("Content-Type") != "application/problem+json" || out["detail"] == nil) {
		c.t.Errorf("%s: %d is no problem with a detail: %.200s", name, status, raw)
	}
	return status, out
}

// atDesk hands maya's conversation to Sam, and returns the paths of both sides.
func atDesk(t *testing.T, maya, sam *client) (mine, desk string) {
	t.Helper()
	mine, desk = "/api/conversations/"+maya.conversation, "/api/desk/conversations/"+maya.conversation
	maya.must("POST", mine+"/handoff", object{})
	sam.must("POST", desk+"/claim", nil)
	return mine, desk
}

// follow reads a stream in the background until an event is what is waited for.
func (c *client) follow(path string, after int64, until func(event) bool) <-chan event {
	out := make(chan event, 1)
	go func() {
		defer close(out) // also where the time is up
		events := c.events(path, after, until)
		out <- events[len(events)-1]
	}()
	return out
}

// TestLive: typing, what was read and what was changed, both ways, in one process and
// across two.
func TestLive(t *testing.T) { eachSetup(t, testLive) }

func testLive(t *testing.T, run setup) {
	info := run.start(t)
	maya, sam, noor := customer(t, info, "maya"), staff(t, info, "agent@fernhill.example"), staff(t, info, "second@fernhill.example")
	mine, desk := atDesk(t, maya, sam)
	last := int64(maya.must("GET", mine, nil)["last_seq"].(float64))

	// Typing is told while it goes on.
	typing := func(e event) bool { return e.name == "typing" }
	atSam := sam.follow("/api/desk/events", 0, typing)
	atMaya := maya.follow(mine+"/events", last, typing)
	again := func(seen <-chan event, act func()) event {
		t.Helper()
		for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); {
			act()
			select {
			case e := <-seen:
				return e
			case <-time.After(300 * time.Millisecond):
			}
		}
		t.Fatal("nobody was told of the typing")
		return event{}
	}
	if e := again(atSam, func() { maya.must("POST", mine+"/typing", nil) }); e.data["conversation_id"] != maya.conversation || e.id != 0 {
		t.Errorf("the desk is told %+v", e)
	}
	if e := again(atMaya, func() { sam.must("POST", desk+"/typing", nil) }); e.data["from"] != "agent" || e.data["name"] != "Sam" || e.id != 0 {
		t.Errorf("the customer is told %+v", e)
	}
	if status, _ := noor.do("POST", desk+"/typing", nil); status != http.StatusConflict {
		t.Errorf("somebody else is typing: %d", status)
	}
	if seq := maya.must("GET", mine, nil)["last_seq"]; seq != float64(last) {
		t.Errorf("typing left something in the conversation: %v, before %d", seq, last)
	}

	// What is read.
	said := maya.must("POST", mine+"/messages", object{"text": "My order is late, card 4111 1111 1111 1111"})
	queue := func() object { return list(sam.must("GET", "/api/desk/queue", nil), "tickets")[0] }
	if n := queue()["unread"]; n != float64(2) && n != float64(1) {
		t.Errorf("the desk has %v to read", n)
	}
	seq := maya.must("GET", mine, nil)["last_seq"]
	readBy := func(side string) func(event) bool {
		return func(e event) bool { return e.name == "read" && e.data["by"] == side && e.data["seq"] == seq }
	}
	atMaya = maya.follow(mine+"/events", 0, readBy("desk"))
	noor.must("POST", desk+"/read", object{"seq": seq}) // a look of somebody else is none
	if read := maya.must("GET", mine, nil)["read"].(object); read["desk"] == seq {
		t.Error("somebody who does not have the conversation read it for its customer")
	}
	sam.must("POST", desk+"/read", object{"seq": seq})
	if e := <-atMaya; e.id != 0 {
		t.Errorf("a read mark is in the sequence: %+v", e)
	}
	if n := queue()["unread"]; n != float64(0) {
		t.Errorf("the desk still has %v to read", n)
	}
	sam.must("POST", desk+"/messages", object{"text": "It leves today."})
	seq = maya.must("GET", mine, nil)["last_seq"]
	maya.must("POST", mine+"/read", object{"seq": seq})
	if read := sam.must("GET", desk, nil)["read"].(object); read["customer"] != seq {
		t.Errorf("the desk sees that the customer read up to %v, want %v", read["customer"], seq)
	}

	// What is changed.
	messages := list(maya.must("GET", mine, nil), "messages")
	reply := messages[len(messages)-1]
	edited := func(id any) func(event) bool {
		return func(e event) bool { return e.name == "edit" && e.data["message_id"] == id }
	}
	atMaya = maya.follow(mine+"/events", int64(reply["seq"].(float64)), edited(reply["id"]))
	if status, _ := noor.do("PATCH", desk+"/messages/"+reply["id"].(string), object{"text": "It never leaves."}); status != http.StatusConflict {
		t.Errorf("another agent changes it: %d", status)
	}
	if status, _ := maya.do("PATCH", mine+"/messages/"+reply["id"].(string), object{"text": "You get your money back."}); status != http.StatusConflict {
		t.Errorf("the customer changes the agent's words: %d", status)
	}
	sam.must("PATCH", desk+"/messages/"+reply["id"].(string), object{"text": "It leaves today."})
	if e := <-atMaya; e.data["text"] != "It leaves today." || e.id == 0 || e.data["at"] == nil {
		t.Errorf("the customer is told %+v", e)
	}
	if status, out := maya.do("PATCH", mine+"/messages/"+said["message_id"].(string), object{"text": "Never mind."}); status != http.StatusConflict {
		t.Errorf("words that were answered are changed: %d %v", status, out)
	}
	next := maya.must("POST", mine+"/messages", object{"text": "Thank you, it is 4111 1111 1111 1111"})
	out := maya.must("PATCH", mine+"/messages/"+next["message_id"].(string), object{"text": "Thanks! My card is 4111 1111 1111 1111"})
	if strings.Contains(text(out), "4111 1111") || out["masked"] == nil {
		t.Errorf("a card in changed words is not hidden: %v", out)
	}
	view := text(sam.must("GET", desk, nil)["messages"])
	for what, in := range map[string]bool{"It leaves today.": true, "It leves": false, "Thanks! My card is": true, "Thank you, it is": false, "4111": false} {
		if strings.Contains(view, what) != in {
			t.Errorf("the desk reads %q: %v", what, !in)
		}
	}
	for _, e := range maya.events(mine+"/events", 0, edited(next["message_id"])) {
		if strings.Contains(text(e.data), "leves") {
			t.Errorf("who comes later reads the former words: %v", e.data)
		}
	}
}

// TestAttachments: files go both ways, to who may have them and to nobody else, and end
// with their customer.
func TestAttachments(t *testing.T) { eachSetup(t, testAttachments) }

func testAttachments(t *testing.T, run setup) {
	info := run.start(t)
	maya, omar := customer(t, info, "maya"), customer(t, info, "omar")
	sam := staff(t, info, "agent@fernhill.example")
	mine := "/api/conversations/" + maya.conversation
	shot := screenshot(t, 50, 40)

	// The assistant reads no files, and says so.
	status, first := maya.upload(mine, "../receipt <1>.png", append(bytes.Clone(shot), "<script>alert(1)</script>"...), "Idempotency-Key", "one")
	if status != http.StatusCreated || first["name"] != "receipt _1_.png" || first["type"] != "image/png" || first["width"] != float64(50) {
		t.Fatalf("uploaded: %d %v", status, first)
	}
	if _, again := maya.upload(mine, "../receipt <1>.png", append(bytes.Clone(shot), "<script>alert(1)</script>"...), "Idempotency-Key", "one"); again["id"] != first["id"] {
		t.Errorf("a repeated upload is another file: %v", again)
	}
	out := maya.must("POST", mine+"/messages", object{"attachments": []any{first["id"]}})
	messages := list(maya.must("GET", mine, nil), "messages")
	notice, sent := messages[len(messages)-1], messages[len(messages)-2]
	if out["answer_id"] != nil || notice["from"] != "system" || !strings.Contains(notice["text"].(string), "can't read files") {
		t.Errorf("of a file alone: %v, then %v", out, notice)
	}
	if a := list(sent, "attachments"); len(a) != 1 || a[0]["id"] != first["id"] {
		t.Errorf("the message has %v", sent)
	}
	_, second := maya.upload(mine, "tent.png", shot)
	asked := maya.must("POST", mine+"/messages", object{"text": "How do I clean a tent?", "attachments": []any{second["id"]}})
	if a := maya.finished(asked["answer_id"].(string)); a["status"] != "answered" || strings.Contains(text(a), "tent.png") {
		t.Errorf("with words the assistant answers them: %v", a)
	}

	file := func(c *client, path string, id any) (int, http.Header, []byte) {
		t.Helper()
		return c.raw("GET", path+"/attachments/"+id.(string), "", nil)
	}
	status, h, body := file(maya, mine, first["id"])
	if status != http.StatusOK || !bytes.Equal(body, shot) {
		t.Errorf("downloaded: %d, %d bytes of %d", status, len(body), len(shot))
	}
	for name, want := range map[string]string{
		"Content-Type": "image/png", "Content-Disposition": `inline; filename="receipt _1_.png"`, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %s, want %s", name, h.Get(name), want)
		}
	}
	if !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a file may run: %s", h.Get("Content-Security-Policy"))
	}

	// Attacks.
	bomb := bytes.Clone(shot)
	copy(bomb[16:], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff})
	for name, x := range map[string]struct {
		data []byte
		want int
	}{
		"too large.png": {append(bytes.Clone(shot), make([]byte, 10<<20+1-len(shot))...), http.StatusRequestEntityTooLarge},
		"bomb.png":      {fixSum(bomb), http.StatusUnprocessableEntity},
		"drawing.png":   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), http.StatusUnsupportedMediaType},
		"page.png":      {[]byte("<!doctype html><script>alert(1)</script>"), http.StatusUnsupportedMediaType},
		"half.png":      {shot[:60], http.StatusUnprocessableEntity},
		"empty.png":     {nil, http.StatusBadRequest},
	} {
		if status, out := maya.upload(mine, name, x.data); status != x.want {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	theirs := "/api/conversations/" + omar.conversation
	_, loose := omar.upload(theirs, "mine.png", shot)
	for what, got := range map[string]int{
		"another's file by one's own conversation": first3(file(omar, theirs, first["id"])),
		"another's conversation":                   first3(file(omar, mine, first["id"])),
		"a file before anybody asked for a person": first3(file(sam, "/api/desk/conversations/"+maya.conversation, first["id"])),
	} {
		if got != http.StatusNotFound {
			t.Errorf("%s: %d", what, got)
		}
	}
	for what, id := range map[string]any{"a second time": first["id"], "another's": loose["id"]} {
		if status, out := maya.do("POST", mine+"/messages", object{"text": "look", "attachments": []any{id}}); status != http.StatusConflict {
			t.Errorf("a file is sent %s: %d %v", what, status, out)
		}
	}

	// The desk.
	_, desk := atDesk(t, maya, sam)
	if status, _, body := file(sam, desk, first["id"]); status != http.StatusOK || !bytes.Equal(body, shot) {
		t.Errorf("the desk downloads: %d", status)
	}
	if view := sam.must("GET", desk, nil); !strings.Contains(text(view["messages"]), first["id"].(string)) {
		t.Errorf("the desk does not see the file")
	}
	status, form := sam.upload(desk, "form.pdf", []byte("%PDF-1.4\n1 0 obj<<>>endobj\nstartxref\n9\n%%EOF\n"))
	if status != http.StatusCreated || form["type"] != "application/pdf" {
		t.Fatalf("the agent uploads: %d %v", status, form)
	}
	if status, _, _ := file(maya, mine, form["id"]); status != http.StatusNotFound {
		t.Errorf("the customer reads what was not sent: %d", status)
	}
	sam.must("POST", desk+"/messages", object{"text": "Please sign this.", "attachments": []any{form["id"]}})
	if status, h, _ := file(maya, mine, form["id"]); status != http.StatusOK || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		t.Errorf("the customer gets the form: %d %s", status, h.Get("Content-Disposition"))
	}
	uses := text(maya.must("GET", "/api/me/usage", nil))
	if !strings.Contains(uses, `"Sam"`) {
		t.Errorf("the look is not on record: %s", uses)
	}

	// In the takeout, and gone.
	_, _, archive := maya.raw("POST", "/api/me/export", "", nil)
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("attachments/" + first["id"].(string) + ".png")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(f); err != nil || !bytes.Equal(b, shot) {
		t.Errorf("the takeout has %d bytes, %v", len(b), err)
	}
	backend(t, info).must("DELETE", "/api/customers/maya", nil)
	if status, _, _ := file(sam, desk, first["id"]); status != http.StatusNotFound {
		t.Errorf("a file of who was erased: %d", status)
	}
}

// first3 is the first of three values.
func first3[A, B, C any](a A, _ B, _ C) A { return a }

// fixSum makes the header's sum right again.
func fixSum(file []byte) []byte {
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

// TestWithdrawalAtTheDesk: a withdrawal is told to the desk's stream at once, on every
// replica, and what was shown before is not given out any more.
func TestWithdrawalAtTheDesk(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, t.Output())
	a, b := r.start("a"), r.start("b")
	maya, sam := customer(t, r.at("a"), "maya"), staff(t, r.at("a"), "agent@fernhill.example")
	_, desk := atDesk(t, maya, sam)
	maya.consent(change("agent_assist", "orders", "human_agents", true))
	for _, at := range []*replica{a, b} {
		here := sam.elsewhere(at.url)
		if view := here.must("GET", desk, nil); !strings.Contains(text(view["records"]), "FH-20871") {
			t.Fatalf("what was shared is not shown: %v", view["records"])
		}
	}
	told := make([]<-chan event, 0, 2)
	for _, at := range []*replica{a, b} {
		first := make(chan struct{})
		n := 0
		told = append(told, sam.elsewhere(at.url).follow("/api/desk/events", 0, func(e event) bool {
			if e.name == "ticket" {
				if n++; n == 1 {
					close(first)
				}
			}
			return n > 1
		}))
		<-first
	}
	before := time.Now()
	maya.consent(change("agent_assist", "orders", "human_agents", false))
	for _, x := range told {
		<-x
	}
	if took := time.Since(before); took > 2*time.Second {
		t.Errorf("the desk was told after %s", took)
	}
	for _, at := range []*replica{a, b} {
		if view := sam.elsewhere(at.url).must("GET", desk, nil); strings.Contains(text(view), "FH-20871") {
			t.Errorf("what was withdrawn is still shown")
		}
	}
}
