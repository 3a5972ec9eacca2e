package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/pgtest"
)

// erased is a word in everything that a customer has; no grant lets it out, and an
// erasure leaves it nowhere.
const erased = "quorvanthil"

// TestErasure erases a customer who has talked, agreed, asked for a person and
// rated, and looks for them everywhere.
func TestErasure(t *testing.T) { eachSetup(t, testErasure) }

func testErasure(t *testing.T, run setup) {
	var log syncBuffer
	info, stop, atRest := run(t, &log)
	shop := backend(t, info)
	sub := "customer-" + erased
	shop.must("POST", "/api/records", []object{
		{"id": "order-" + erased, "customer": sub, "category": "orders", "title": "Order " + erased, "text": "The tent " + erased + " is on its way."},
		{"id": "bill-" + erased, "customer": sub, "category": "billing", "title": "Bill " + erased, "text": "The bill " + erased + "."},
	})
	carla := customer(t, info, sub)
	carla.consent(change("answers", "orders", "brand_ai", true))
	if a := carla.ask("Where is my order " + erased + "?"); !strings.Contains(text(a), "on its way") {
		t.Fatalf("the order is not used, so the case shows nothing: %v", a["text"])
	}
	carla.must("POST", "/api/conversations/"+carla.conversation+"/handoff", object{"reason": "My tent " + erased})
	carla.must("POST", "/api/conversations/"+carla.conversation+"/rating", object{"score": 2, "comment": erased})
	sam, admin := staff(t, info, "agent@fernhill.example"), staff(t, info, "admin@fernhill.example")
	if !strings.Contains(text(sam.must("GET", "/api/desk/queue", nil)), carla.conversation) {
		t.Fatal("the desk does not have the conversation")
	}

	// What would go, in their language.
	preview := carla.must("GET", "/api/me/erasure?language=es", nil)
	for _, want := range []object{{"what": "records", "category": "orders", "count": 1.0}, {"what": "records", "category": "billing", "count": 1.0}, {"what": "conversations", "count": 1.0}} {
		if !strings.Contains(text(preview["goes"]), text(want)) {
			t.Errorf("the preview lacks %v: %v", want, preview["goes"])
		}
	}
	if n := len(list(preview, "tickets")); n != 1 || len(list(preview, "held")) != 0 {
		t.Errorf("the preview: %v", preview)
	}
	if kept := list(preview, "kept"); len(kept) < 2 || kept[len(kept)-1]["what"] != "Prueba de tus decisiones" || kept[len(kept)-1]["until"] == nil ||
		strings.Contains(text(kept), "{brand}") || !strings.Contains(text(kept), demoBrand) {
		t.Errorf("what is kept: %v", kept)
	}

	// It takes a fresh token of their own, and each only once.
	token := func(who string) object {
		return object{"identity": carla.must("GET", "/demo/identity?customer="+who, nil)["identity"]}
	}
	spent := token(sub)
	customer(t, info, "tomas")
	for name, body := range map[string]any{
		"no body": nil, "no token": object{}, "an empty one": object{"identity": ""}, "a forged one": object{"identity": "e30.e30.x"},
		"another customer's": token("tomas"), "one of nobody yet": token("nobody-" + t.Name()),
	} {
		if status, out := carla.do("DELETE", "/api/me", body); status != http.StatusUnauthorized {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	if status, _ := customer(t, info, "tomas").do("DELETE", "/api/me", spent); status != http.StatusUnauthorized {
		t.Errorf("another's token erased somebody: %d", status)
	}
	if status, _ := carla.do("DELETE", "/api/me", spent); status != http.StatusUnauthorized {
		t.Errorf("a token that is spent: %d", status)
	}

	ended := make(chan error, 1)
	go func() { ended <- drainStream(carla, "/api/conversations/"+carla.conversation+"/events") }()
	out := carla.must("DELETE", "/api/me", token(sub))
	deleted, _ := out["deleted"].(object)
	if out["erased"] != true || out["at"] == nil || deleted["records"] != 2.0 || deleted["conversations"] != 1.0 || deleted["ratings"] != 1.0 ||
		deleted["tickets"] != 1.0 || len(list(out, "kept")) < 2 || out["held"] == nil {
		t.Errorf("the erasure: %v", out)
	}
	for _, path := range []string{"/api/me/consents", "/api/conversations/" + carla.conversation, "/api/me/erasure"} {
		if status, _ := carla.do("GET", path, nil); status != http.StatusUnauthorized {
			t.Errorf("%s after the erasure: %d", path, status)
		}
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the stream of the conversation goes on")
	}
	if q := text(sam.must("GET", "/api/desk/queue", nil)); strings.Contains(q, carla.conversation) {
		t.Errorf("the desk still has the conversation: %s", q)
	}
	if status, _ := sam.do("GET", "/api/desk/conversations/"+carla.conversation, nil); status != http.StatusNotFound {
		t.Errorf("the desk opens it: %d", status)
	}
	if status, _ := shop.do("GET", "/api/records/order-"+erased, nil); status != http.StatusNotFound {
		t.Errorf("the site reads a record: %d", status)
	}
	if items := list(admin.must("GET", "/api/admin/citations?reason=legal&customer="+carla.customer, nil), "items"); len(items) != 1 || items[0]["question"] != "" || items[0]["body"] != "gone" {
		t.Errorf("the log: %v", items)
	}
	if s := text(admin.must("GET", "/api/admin/requests", nil)); !strings.Contains(s, `"kind":"erasure"`) || !strings.Contains(s, carla.customer) {
		t.Errorf("the erasure is not in the list of requests: %s", s)
	}

	stop()
	if strings.Contains(log.String(), erased) {
		t.Error("the log holds the word")
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("something failed: %s", log.String())
	}
	for name, b := range atRest() {
		if bytes.Contains(b, []byte(erased)) {
			t.Errorf("%s holds the word", name)
		}
	}
}

// drainStream reads a stream until it ends.
func drainStream(c *client, path string) error {
	req, err := http.NewRequestWithContext(context.WithoutCancel(c.t.Context()), http.MethodGet, c.base+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = new(bytes.Buffer).ReadFrom(res.Body)
	return err
}

// TestErasureByTheSite: by the site's own id, once; who returns is somebody new; a
// visitor needs no token.
func TestErasureByTheSite(t *testing.T) {
	eachSetup(t, func(t *testing.T, run setup) {
		info := run.start(t)
		shop := backend(t, info)
		maya := customer(t, info, "maya")
		for _, id := range []string{"never-was", "maya%2Fx", maya.customer} {
			if status, out := shop.do("DELETE", "/api/customers/"+id, nil); status != http.StatusNotFound {
				t.Errorf("erasing %s: %d %v", id, status, out)
			}
		}
		if status, _ := maya.do("DELETE", "/api/customers/maya", nil); status != http.StatusUnauthorized {
			t.Errorf("as a customer: %d", status)
		}
		if out := shop.must("DELETE", "/api/customers/maya", nil); out["erased"] != true {
			t.Errorf("the erasure: %v", out)
		}
		if status, _ := shop.do("DELETE", "/api/customers/maya", nil); status != http.StatusNotFound {
			t.Errorf("erased again: %d", status)
		}
		if status, _ := maya.do("GET", "/api/me/consents", nil); status != http.StatusUnauthorized {
			t.Errorf("the session: %d", status)
		}
		again := customer(t, info, "maya")
		if again.customer == maya.customer {
			t.Error("who returns is who was erased")
		}
		if a := again.ask("Where is my order?"); a["status"] == "answered" {
			t.Errorf("who returns has orders: %v", a)
		}

		// The site's own systems have nothing of somebody whom they do not know.
		visitor := customer(t, info, "")
		visitor.ask("What is your returns policy?")
		preview, out := visitor.must("GET", "/api/me/erasure", nil), visitor.must("DELETE", "/api/me", nil)
		if out["erased"] != true {
			t.Errorf("a visitor: %v", out)
		}
		for _, o := range []object{preview, out} {
			if kept := list(o, "kept"); len(kept) != 1 || kept[0]["what"] != "Proof of your choices" {
				t.Errorf("of a visitor is kept: %v", kept)
			}
		}
		if status, _ := visitor.do("GET", "/api/me/consents", nil); status != http.StatusUnauthorized {
			t.Errorf("the visitor's session: %d", status)
		}
	})
}

// TestAnyCustomerID: a site reports choices of its customers, and erases them, whatever it
// calls them.
func TestAnyCustomerID(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	shop := backend(t, info)
	for _, id := range []string{"a/b", "/", "a/consents", "a%2Fb", "100%", "..", ".", "a?b=c", "a#b", "a b", "a+b", "größe ü", "a;b&c=d", "../../maya", `a\b`, "a\x00b"} {
		c := customer(t, info, url.QueryEscape(id))
		path := "/api/customers/" + url.PathEscape(id)
		if id == "." || id == ".." {
			path = "/api/customers/" + strings.ReplaceAll(id, ".", "%2E")
		}
		c.consent(change("answers", "orders", "brand_ai", true))
		shop.must("PUT", path+"/consents", object{"changes": []object{change("answers", "orders", "brand_ai", false)}, "at": time.Now(), "channel": "account"})
		if s := text(c.must("GET", "/api/me/consents", nil)); !strings.Contains(s, `"withdrawn"`) {
			t.Errorf("a choice of %q was not reported: %s", id, s)
		}
		if out := shop.must("DELETE", path, nil); out["erased"] != true {
			t.Errorf("the erasure of %q: %v", id, out)
		}
		if status, _ := c.do("GET", "/api/me/consents", nil); status != http.StatusUnauthorized {
			t.Errorf("the session of %q: %d", id, status)
		}
	}
	for _, id := range []string{"%ff", "%c3%28"} {
		if status, out := shop.do("DELETE", "/api/customers/"+id, nil); status != http.StatusBadRequest || !strings.Contains(text(out["detail"]), "UTF-8") {
			t.Errorf("erasing %s: %d %v", id, status, out)
		}
	}
}

// TestHolds: who may make one, what is refused, and what it does to an erasure and
// to the site's DELETE.
func TestHolds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	shop, admin, agent := backend(t, info), staff(t, info, "admin@fernhill.example"), staff(t, info, "agent@fernhill.example")
	shop.must("POST", "/api/records", []object{
		{"id": "held-1", "customer": "lena", "category": "orders", "title": "Order", "text": "The tent that burned."},
		{"id": "free-1", "customer": "lena", "category": "billing", "title": "Bill", "text": "The bill."},
	})
	lena := customer(t, info, "lena")
	until := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	good := object{"customer": lena.customer, "categories": []string{"orders"}, "reason": "Fire on the camp site.", "until": until}
	with := func(field string, value any) object {
		out := object{}
		for k, v := range good {
			out[k] = v
		}
		if out[field] = value; value == nil {
			delete(out, field)
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		as     *client
		body   object
		status int
	}{
		{"an agent", agent, good, 403},
		{"no categories", admin, with("categories", []string{}), 422},
		{"an unknown category", admin, with("categories", []string{"orders", "shoes"}), 422},
		{"no reason", admin, with("reason", " "), 422},
		{"a long reason", admin, with("reason", strings.Repeat("x", 2001)), 422},
		{"in the past", admin, with("until", "2020-01-01T00:00:00Z"), 422},
		{"for ever", admin, with("until", "2999-01-01T00:00:00Z"), 422},
		{"nobody", admin, with("customer", nil), 422},
		{"two ways", admin, object{"customer": lena.customer, "site": info.Site, "subject": "lena", "categories": []string{"all"}, "reason": "x", "until": until}, 422},
		{"an unknown customer", admin, with("customer", "cus_unknown"), 404},
	} {
		if status, out := tt.as.do("POST", "/api/admin/holds", tt.body); status != tt.status {
			t.Errorf("%s: %d %v, want %d", tt.name, status, out["detail"], tt.status)
		}
	}
	hold := admin.must("POST", "/api/admin/holds", good)
	if hold["reason"] != "" {
		t.Errorf("what may be remembered of it for a day has the reason: %v", hold)
	}
	other := admin.must("POST", "/api/admin/holds", object{"site": info.Site, "subject": "lena", "categories": []string{"all"}, "reason": "By mistake.", "until": until})
	if n := len(other["categories"].([]any)); n < 5 {
		t.Errorf("all are %v", other["categories"])
	}
	if status, _ := agent.do("DELETE", "/api/admin/holds/"+other["id"].(string), nil); status != 403 {
		t.Errorf("an agent releases: %d", status)
	}
	if status, _ := agent.do("GET", "/api/admin/holds", nil); status != 403 {
		t.Errorf("an agent reads: %d", status)
	}
	out := admin.must("DELETE", "/api/admin/holds/"+other["id"].(string), nil)
	if out["released"] == nil || out["released_by"] == "" {
		t.Errorf("released: %v", out)
	}
	if status, _ := admin.do("DELETE", "/api/admin/holds/"+other["id"].(string), nil); status != 409 {
		t.Errorf("released again: %d", status)
	}
	if status, _ := admin.do("DELETE", "/api/admin/holds/hol_unknown", nil); status != 404 {
		t.Errorf("an unknown one: %d", status)
	}
	page := admin.must("GET", "/api/admin/holds?limit=1", nil)
	rest := admin.must("GET", "/api/admin/holds?limit=1&cursor="+page["next"].(string), nil)
	if list(page, "items")[0]["id"] != other["id"] || list(rest, "items")[0]["id"] != hold["id"] || rest["next"] != nil {
		t.Errorf("the pages: %v, %v", page, rest)
	}

	if held := list(lena.must("GET", "/api/me/erasure", nil), "held"); len(held) != 1 || held[0]["reason"] != "Fire on the camp site." || text(held[0]["categories"]) != `["orders"]` {
		t.Errorf("the preview says that there is held: %v", held)
	}
	shop.must("DELETE", "/api/records/held-1", nil)
	if status, _ := shop.do("GET", "/api/records/held-1", nil); status != 404 {
		t.Errorf("what is held is still read: %d", status)
	}
	done := shop.must("DELETE", "/api/customers/lena", nil)
	if held := list(done, "held"); len(held) != 1 || held[0]["until"] == nil || done["deleted"].(object)["records"] != 1.0 {
		t.Errorf("the erasure: %v", done)
	}

	// The legal department gets what is held, and nobody else does.
	file := filepath.Join(t.TempDir(), "case.json")
	if out, err := runCommand(t, "hold", "export", "hol_unknown", "--out", file, "--data-dir", dir); err == nil {
		t.Errorf("an unknown hold: %s", out)
	}
	mustRun(t, "hold", "export", hold["id"].(string), "--out", file, "--data-dir", dir)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "Fire on the camp site.") || !strings.Contains(lines[1], "The tent that burned.") || !json.Valid([]byte(lines[1])) {
		t.Errorf("the export: %s", b)
	}
	if out, err := runCommand(t, "hold", "export", hold["id"].(string), "--out", file, "--data-dir", dir); err == nil {
		t.Errorf("a file that is there was written over: %s", out)
	}

	admin.must("DELETE", "/api/admin/holds/"+hold["id"].(string), nil)
	for range 100 {
		if x := list(admin.must("GET", "/api/admin/holds?customer="+lena.customer, nil), "items"); x[len(x)-1]["ended"] != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if out, err := runCommand(t, "hold", "export", hold["id"].(string), "--out", file+"2", "--data-dir", dir); err == nil || !strings.Contains(err.Error(), "does not stand") {
		t.Errorf("after its end: %v %s", err, out)
	}
	stop()
}

// TestEraseCommand: it asks, tells, and leaves a server's files alone.
func TestEraseCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	maya := customer(t, info, "maya")
	out, err := runCommand(t, "erase", "--customer", "maya", "--yes", "--data-dir", dir)
	if err == nil || !strings.Contains(err.Error(), "DELETE /api/customers/{id}") {
		t.Errorf("beside a server: %v %s", err, out)
	}
	maya.must("GET", "/api/me/consents", nil)
	stop()
	for name, args := range map[string][]string{
		"nobody": {"--yes"}, "two ways": {"--customer", "maya", "--id", maya.customer, "--yes"}, "an unknown site": {"--site", "other", "--customer", "maya", "--yes"},
		"an unknown customer": {"--customer", "never-was", "--yes"}, "an unknown id": {"--id", "cus_unknown", "--yes"}, "unasked": {"--customer", "maya"},
	} {
		if out, err := runCommand(t, append([]string{"erase", "--data-dir", dir}, args...)...); err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}
	out = mustRun(t, "erase", "--site", info.Site, "--customer", "maya", "--yes", "--data-dir", dir)
	for _, want := range []string{"goes       1 conversations", "erased     " + maya.customer, "deleted    1 conversations"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q: %s", want, out)
		}
	}
	if out, err := runCommand(t, "erase", "--customer", "maya", "--yes", "--data-dir", dir); err == nil {
		t.Errorf("erased again by the site's id: %s", out)
	}
	if out := mustRun(t, "erase", "--id", maya.customer, "--yes", "--data-dir", dir); !strings.Contains(out, "erased     "+maya.customer) || strings.Contains(out, "goes") {
		t.Errorf("erased again by our id: %s", out)
	}
}

// TestEraseBesideReplicas: with PostgreSQL the command works while assistants run,
// and they have nothing of the customer any more.
func TestEraseBesideReplicas(t *testing.T) {
	pgtest.Database(t) // skips where there is none
	r := newReplicas(t, t.Output())
	a := r.start("a")
	maya := customer(t, r.at("a"), "maya")
	maya.consent(change("answers", "orders", "brand_ai", true))
	maya.ask("Where is my order?")
	t.Setenv("CANDOR_MASTER_KEY", r.config.MasterKey)
	var out bytes.Buffer
	err := Run(t.Context(), []string{"erase", "--id", maya.customer, "--yes", "--database", r.config.Database, "--keys", r.config.Keys, "--data-dir", a.config.DataDir},
		Stdio{In: strings.NewReader(""), Out: &out, Err: t.Output(), Env: os.LookupEnv})
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if status, _ := maya.do("GET", "/api/me/consents", nil); status != http.StatusUnauthorized {
		t.Errorf("the session: %d", status)
	}
	if status, _ := maya.do("POST", "/api/conversations/"+maya.conversation+"/messages", object{"text": "Hello"}); status != http.StatusUnauthorized {
		t.Errorf("a message: %d", status)
	}
}

// TestErasureEndsAtTheNextStart: what a crash has cut off is ended by the assistant
// itself.
func TestErasureEndsAtTheNextStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	maya := customer(t, info, "maya")
	stop()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "candor.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// As the first commit of an erasure leaves it.
	if _, err := db.ExecContext(t.Context(), "UPDATE customers SET erased = 1, erasing = TRUE, subject = NULL, sealed = NULL WHERE id = ?", maya.customer); err != nil {
		t.Fatal(err)
	}
	runDemo(t, t.Output(), "--data-dir", dir)
	left := -1
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && left != 0; time.Sleep(50 * time.Millisecond) {
		err := db.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM customers WHERE erasing) +
			(SELECT COUNT(*) FROM records WHERE customer = ?1) + (SELECT COUNT(*) FROM conversations WHERE customer = ?1)`, maya.customer).Scan(&left)
		if err != nil {
			t.Fatal(err)
		}
	}
	if left != 0 {
		t.Errorf("%d rows are left", left)
	}
}

// TestBackupAfterErasure: a backup that is made after an erasure has nothing of it,
// and one of before loses it when it is put in place.
func TestBackupAfterErasure(t *testing.T) {
	t.Parallel()
	dir, before, after := t.TempDir(), filepath.Join(t.TempDir(), "before"), filepath.Join(t.TempDir(), "after")
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	shop := backend(t, info)
	shop.must("POST", "/api/records", []object{{"id": "order-" + erased, "customer": "sub-" + erased, "category": "orders", "title": "x", "text": "y"}})
	holds := func(folder string) bool {
		for _, b := range files(t, folder) {
			if bytes.Contains(b, []byte(erased)) {
				return true
			}
		}
		return false
	}
	mustRun(t, "backup", before, "--data-dir", dir)
	shop.must("DELETE", "/api/customers/sub-"+erased, nil)
	mustRun(t, "backup", after, "--data-dir", dir)
	if !holds(before) || holds(after) || holds(dir) {
		t.Errorf("the word is in the backup of before: %t, in the one after: %t, in the data: %t", holds(before), holds(after), holds(dir))
	}
	// Somebody of the same id returns, and the list of erasures does not touch them.
	shop.must("POST", "/api/records", []object{{"id": "new-order", "customer": "sub-" + erased, "category": "orders", "title": "x", "text": "A new order."}})
	stop()
	mustRun(t, "restore", "--erasures", filepath.Join(after, "erasures.jsonl"), "--data-dir", dir)
	info, stop = runDemo(t, t.Output(), "--data-dir", dir)
	if out := backend(t, info).must("GET", "/api/records/new-order", nil); out["text"] != "A new order." {
		t.Errorf("who returned lost %v", out)
	}
	stop()
	mustRun(t, "restore", before, "--replace", "--data-dir", dir)
	info, _ = runDemo(t, t.Output(), "--data-dir", dir)
	if status, _ := backend(t, info).do("GET", "/api/records/order-"+erased, nil); status != http.StatusNotFound {
		t.Errorf("the backup of before brought it back: %d", status)
	}
}
