package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// unzip reads an archive.
func (c *client) unzip(b []byte) map[string]string {
	c.t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		c.t.Fatalf("%d bytes are no archive: %v", len(b), err)
	}
	out := make(map[string]string)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			c.t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			c.t.Fatalf("%s: %v", f.Name, err)
		}
		out[f.Name] = string(content)
	}
	return out
}

// export takes everything along at once.
func (c *client) export(header ...string) map[string]string {
	c.t.Helper()
	status, h, b := c.raw("POST", "/api/me/export", "", nil, header...)
	if status != http.StatusOK || h.Get("Content-Type") != "application/zip" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		c.t.Fatalf("an export: %d %v %.300s", status, h, b)
	}
	return c.unzip(b)
}

// usage is what was done with the customer's data.
func (c *client) usage() []object {
	c.t.Helper()
	return list(c.must("GET", "/api/me/usage?limit=200", nil), "items")
}

// ofKind counts the uses of a kind that are of a category.
func ofKind(uses []object, kind, category string) (n int) {
	for _, u := range uses {
		if categories, _ := u["categories"].([]any); u["kind"] == kind && slices.Contains(categories, any(category)) {
			n++
		}
	}
	return n
}

// TestExport walks the story of one customer's data: as its owner, as another
// customer, a visitor, an agent and a reviewer; before, during and after consent.
func TestExport(t *testing.T) { eachSetup(t, testExport) }

func testExport(t *testing.T, run setup) {
	info, stop, atRest := run(t, t.Output())
	shop := backend(t, info)
	shop.must("POST", "/api/records", []object{
		{"id": "carla-1", "customer": "carla", "category": "orders", "title": "Order zanthoriq", "text": "The order zanthoriq is a tent <script>alert(1)</script>."},
		{"id": "dora-1", "customer": "dora", "category": "orders", "title": "Order blivoquen", "text": "The order blivoquen is a canary."},
	})
	carla, dora, visitor := customer(t, info, "carla"), customer(t, info, "dora"), customer(t, info, "")
	sam, admin := staff(t, info, "agent@fernhill.example"), staff(t, info, "admin@fernhill.example")

	// Before: nothing was used, and what is held is there all the same.
	if uses := carla.usage(); len(uses) != 0 {
		t.Errorf("before anything the uses are %v", uses)
	}
	if files := carla.export(); !strings.Contains(files["records.json"], "zanthoriq") {
		t.Error("what is held is not in the archive before any consent")
	}

	// During: an answer, a look at the desk, one at the log, one by the backend.
	carla.consent(change("answers", "orders", "brand_ai", true))
	a := carla.ask("Where is my order zanthoriq?")
	if a["status"] != "answered" {
		t.Fatalf("the answer: %v", a)
	}
	dora.consent(change("answers", "orders", "brand_ai", true))
	dora.ask("Where is my order blivoquen?")
	carla.must("POST", "/api/conversations/"+carla.conversation+"/handoff", object{"share": []string{"orders"}})
	desk := "/api/desk/conversations/" + carla.conversation
	sam.must("POST", desk+"/claim", nil)
	for range 3 {
		if v := sam.must("GET", desk, nil); len(list(v, "records")) != 1 {
			t.Fatalf("the desk shows %v", v["records"])
		}
	}
	admin.must("GET", "/api/admin/citations/"+a["id"].(string)+"?reason=complaint", nil)
	shop.must("GET", "/api/records/carla-1", nil)

	uses := carla.usage()
	for _, c := range []struct {
		kind, category, who string
		want                int
	}{
		{"answer", "orders", "", 1}, {"desk", "orders", "Sam", 1}, {"log", "orders", "Robin", 2} /* the answer, and the order as it is now */, {"backend", "orders", "Fernhill Outdoor", 1}, {"export", "orders", "", 1},
	} {
		if n := ofKind(uses, c.kind, c.category); n != c.want {
			t.Errorf("%d uses are of the kind %s, want %d: %v", n, c.kind, c.want, uses)
		}
		for _, u := range uses {
			if u["kind"] != c.kind || ofKind([]object{u}, c.kind, c.category) == 0 {
				continue
			}
			who, _ := u["who"].(object)
			if c.who != "" && (who == nil || who["name"] != c.who) {
				t.Errorf("a use of the kind %s is %v's, want %s", c.kind, who, c.who)
			}
			if c.kind != "export" && (len(list(u, "records")) != 1 || list(u, "records")[0]["title"] != "Order zanthoriq") {
				t.Errorf("a use of the kind %s has the records %v", c.kind, u["records"])
			}
		}
	}
	if at := uses[0]["at"].(string); at < uses[len(uses)-1]["at"].(string) {
		t.Error("the newest use is not first")
	}
	for _, u := range uses {
		if u["kind"] == "answer" && (u["answer_id"] != a["id"] || u["purpose"] != "answers" || u["recipient"] != "brand_ai" || list(u, "records")[0]["grant_id"] == nil) {
			t.Errorf("the use of an answer: %v", u)
		}
	}
	// Page by page, with cursors that are the list's own.
	var paged []any
	for path := "/api/me/usage?limit=2"; ; {
		page := carla.must("GET", path, nil)
		for _, u := range list(page, "items") {
			paged = append(paged, u["id"])
		}
		next, _ := page["next"].(string)
		if next == "" {
			break
		}
		if status, _ := dora.do("GET", "/api/me/usage?cursor="+next, nil); status != http.StatusBadRequest {
			t.Errorf("another's cursor: %d", status)
		}
		path = "/api/me/usage?limit=2&cursor=" + next
	}
	if len(paged) != len(uses) {
		t.Errorf("%d uses in pages, %d at once", len(paged), len(uses))
	}

	// After: the use stays, what is deleted is not named any more, and nobody looks
	// at orders.
	carla.must("PUT", "/api/me/consents", object{"changes": []object{
		{"purpose": "answers", "category": "orders", "recipient": "brand_ai", "granted": false, "delete": true},
		change("agent_assist", "orders", "human_agents", false),
	}})
	sam.must("GET", desk, nil)
	after := carla.usage()
	if ofKind(after, "answer", "orders") != 1 || ofKind(after, "desk", "orders") != 1 || ofKind(after, "deletion", "orders") == 0 {
		t.Errorf("after the withdrawal the uses are %v", after)
	}
	for _, u := range after {
		for _, r := range list(u, "records") {
			if r["title"] != "" {
				t.Errorf("what was deleted is still called %v", r["title"])
			}
		}
	}
	files := carla.export("Accept-Language", "pt-BR")
	for _, name := range []string{
		"README.txt", "index.html", "records.json", "conversations.json", "consents.json", "usage.json", "recipients.json", "insights.json",
		"requests.json", "deletions.json", "manifest.json",
	} {
		if files[name] == "" {
			t.Errorf("%s is not in the archive", name)
		}
	}
	if strings.Contains(files["records.json"], "zanthoriq") || !strings.Contains(files["conversations.json"], "zanthoriq") {
		t.Error("after stop and delete the archive is not what is held")
	}
	if !strings.Contains(files["index.html"], `<html lang="pt-BR">`) || strings.Contains(files["index.html"], "<script") {
		t.Errorf("the page: %.300s", files["index.html"])
	}
	if n := strings.Count(strings.Join(names(files), " "), "receipts/"); n != 4 { // two yes, two no
		t.Errorf("%d receipts: %v", n, names(files))
	}
	if !strings.Contains(files["recipients.json"], "Sam") || !strings.Contains(files["recipients.json"], "Robin") || strings.Contains(files["recipients.json"], "Noor") {
		t.Errorf("the recipients: %s", files["recipients.json"])
	}
	if !strings.Contains(files["requests.json"], `"kind":"access"`) {
		t.Errorf("that the data was asked for is no request: %s", files["requests.json"])
	}
	if all := fmt.Sprint(files); strings.Contains(all, "blivoquen") || strings.Contains(all, dora.customer) {
		t.Error("the archive holds something of another customer's")
	}

	// Others.
	if all := fmt.Sprint(dora.export(), dora.usage()); strings.Contains(all, "zanthoriq") || !strings.Contains(all, "blivoquen") {
		t.Error("another customer's archive is not theirs")
	}
	visitor.ask("Do you have tents in the colour lurvaxine?")
	if files := visitor.export(); !strings.Contains(files["conversations.json"], "lurvaxine") || strings.Contains(fmt.Sprint(files), "zanthoriq") {
		t.Error("a visitor's archive is not theirs")
	}
	for who, c := range map[string]*client{"an agent": sam, "an admin": admin, "the backend": shop, "nobody": newClient(t, info.URL)} {
		for method, path := range map[string]string{"POST": "/api/me/export", "GET": "/api/me/usage"} {
			if status, _ := c.do(method, path, nil); status != http.StatusUnauthorized {
				t.Errorf("%s: %s %s: %d", who, method, path, status)
			}
		}
	}
	testAsyncExport(t, carla, dora)

	stop()
	for name, b := range atRest() {
		if bytes.Contains(b, []byte("zanthoriq")) || bytes.Contains(b, []byte("carla-1")) && !strings.Contains(name, "records") && !strings.Contains(name, "citation") && strings.HasPrefix(name, "table ") {
			t.Errorf("%s holds what was exported or seen", name)
		}
	}
}

func names(files map[string]string) (out []string) {
	for name := range files {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// testAsyncExport makes an archive in the background.
func testAsyncExport(t *testing.T, carla, dora *client) {
	status, h, b := carla.raw("POST", "/api/me/export", "", nil, "Prefer", "wait=10, respond-async", "Idempotency-Key", "export-1")
	var job object
	if json.Unmarshal(b, &job) != nil || status != http.StatusAccepted || job["status"] != "running" || h.Get("Preference-Applied") != "respond-async" {
		t.Fatalf("in the background: %d %v %s", status, h, b)
	}
	path := h.Get("Location")
	if path != "/api/me/exports/"+job["id"].(string) {
		t.Fatalf("it is at %s: %v", path, job)
	}
	if _, _, again := carla.raw("POST", "/api/me/export", "", nil, "Prefer", "wait=10, respond-async", "Idempotency-Key", "export-1"); string(again) != string(b) {
		t.Errorf("asked for again with one key: %s", again)
	}
	for deadline := time.Now().Add(20 * time.Second); job["status"] == "running" && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		job = carla.must("GET", path, nil)
	}
	if job["status"] != "done" || job["done"] != job["total"] || job["expires"] == nil {
		t.Fatalf("it ended as %v", job)
	}
	for range 2 { // at every replica, as often as it is wanted
		status, h, b = carla.raw("GET", path+"/archive", "", nil)
		if status != http.StatusOK || h.Get("Content-Length") != fmt.Sprint(job["size"]) || h.Get("Content-Type") != "application/zip" {
			t.Errorf("the archive: %d %v", status, h)
		}
		if files := carla.unzip(b); !strings.Contains(files["manifest.json"], carla.customer) {
			t.Errorf("the archive is of somebody else: %s", files["manifest.json"])
		}
	}
	for _, p := range []string{path, path + "/archive", "/api/me/exports/exp_unknown", "/api/me/exports/exp_unknown/archive"} {
		if status, _ := dora.do("GET", p, nil); status != http.StatusNotFound {
			t.Errorf("another customer: %s: %d", p, status)
		}
	}
	// A key does not make a stream be remembered.
	for range 2 {
		status, h, _ := carla.raw("POST", "/api/me/export", "", nil, "Idempotency-Key", "export-2")
		if status != http.StatusOK || h.Get("Idempotency-Replayed") != "" {
			t.Errorf("streamed with a key: %d %v", status, h)
		}
	}
}

// TestExportKilled kills the process while it makes an archive: it has failed then,
// and another can be asked for at once.
func TestExportKilled(t *testing.T) {
	t.Parallel()
	bin, dir := assistantBinary(t), t.TempDir()
	p := startProcess(t, bin, dir)
	var records []object
	for i := range 4000 {
		records = append(records, object{"customer": "carla", "category": "orders", "title": fmt.Sprint("Order ", i), "text": strings.Repeat("A tent. ", 100)})
	}
	backend(t, p.demoInfo).must("POST", "/api/records", records)
	carla := customer(t, p.demoInfo, "carla")
	path := ""
	for try := 0; ; try++ {
		status, h, b := carla.raw("POST", "/api/me/export", "", nil, "Prefer", "respond-async")
		if path = h.Get("Location"); status != http.StatusAccepted {
			t.Fatalf("in the background: %d %s", status, b)
		}
		job := carla.must("GET", path, nil)
		second, h, _ := carla.raw("POST", "/api/me/export", "", nil, "Prefer", "respond-async")
		if second == http.StatusConflict && h.Get("Retry-After") == "" || second == http.StatusAccepted && job["status"] == "running" && carla.must("GET", path, nil)["status"] == "running" {
			t.Errorf("a second one at once: %d %v", second, h)
		}
		p.kill()
		if job["status"] == "running" {
			break
		}
		if try == 5 {
			t.Fatal("it is always done before the process is killed")
		}
		p = startProcess(t, bin, dir)
		carla.base = p.URL
	}
	p = startProcess(t, bin, dir)
	carla.base = p.URL
	if job := carla.must("GET", path, nil); job["status"] != "failed" {
		t.Errorf("after the process was killed it is %v", job)
	}
	if status, out := carla.do("GET", path+"/archive", nil); status != http.StatusConflict {
		t.Errorf("its archive: %d %v", status, out)
	}
	if files := carla.export(); strings.Count(files["records.json"], `"id"`) != 4000 {
		t.Errorf("the next one has %d records", strings.Count(files["records.json"], `"id"`))
	}
}
