package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"candor/citation"
	"candor/citation/witness"
	"candor/internal/logtest"
)

// proof waits for the receipt of an answer, as a client does that it is told to come back.
func (c *client) proof(answer string) []byte {
	c.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		status, h, b := c.raw("GET", "/api/answers/"+answer+"/receipt", "", nil)
		switch status {
		case http.StatusAccepted:
			if h.Get("Retry-After") != "1" || h.Get("Content-Type") != "application/json" || string(b) != `{"status":"pending"}`+"\n" {
				c.t.Errorf("not yet: %v %s", h, b)
			}
		case http.StatusOK:
			if h.Get("Content-Type") != "application/json" || h.Get("Content-Disposition") != `attachment; filename="receipt-`+answer+`.json"` || h.Get("Cache-Control") != "no-store" {
				c.t.Errorf("the headers of a receipt: %v", h)
			}
			return b
		default:
			c.t.Fatalf("the receipt of %s: %d %s", answer, status, b)
		}
	}
	c.t.Fatalf("answer %s has no receipt", answer)
	return nil
}

// logKey is the key that an installation publishes.
func logKey(t *testing.T, base string) string {
	t.Helper()
	status, _, b := newClient(t, base).raw("GET", citation.LogKeyPath, "", nil)
	if status != http.StatusOK {
		t.Fatalf("the key: %d", status)
	}
	return strings.TrimSpace(string(b))
}

// inFile writes a file into a folder of the test's own.
func inFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAnswerReceipts: customers can prove what they were told, to anybody, and with
// others' programs.
func TestAnswerReceipts(t *testing.T) { eachSetup(t, testAnswerReceipts) }

func testAnswerReceipts(t *testing.T, run setup) {
	info := run.start(t)
	maya, nina := customer(t, info, "maya"), customer(t, info, "nina")
	maya.consent(change("answers", "orders", "brand_ai", true))
	asked := maya.ask("Where is my order?")
	id := asked["id"].(string)
	receipt := maya.proof(id)
	key := logKey(t, info.URL)
	file := inFile(t, "receipt.json", receipt)

	// It proves what was said, offline.
	out, err := printed(t, "", "log", "verify", file, "--key", key)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	said := list(asked, "sentences")[0]["text"].(string)
	used := list(asked, "used")[0]
	for _, want := range []string{
		"is genuine", id, "answered", "Where is my order?", said, used["record_id"].(string), "(orders)", used["grant_id"].(string), "billing: no_consent", maya.customer, "candor-log-",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	piped, err := printed(t, string(receipt), "log", "verify", "-", "--key", key, "--json")
	var proven provenAnswer
	if err != nil || json.Unmarshal([]byte(piped), &proven) != nil || !proven.OK || proven.Answer != id || proven.Sentences[0].Text != said || proven.Leaves <= proven.Index {
		t.Errorf("%v: %s", err, piped)
	}
	// JSON may be written otherwise: what is committed to is its compact form.
	var loose bytes.Buffer
	if err := json.Compact(&loose, receipt); err != nil {
		t.Fatal(err)
	}
	if _, err := printed(t, loose.String(), "log", "verify", "-", "--key", key); err != nil {
		t.Errorf("without spaces: %v", err)
	}
	// Whatever is changed in it is found, and another's key says nothing.
	for _, change := range [][2]string{
		{"Where is my order?", "Where is my money?"},
		{said, "Something else."},
		{used["grant_id"].(string), "grt_x"},
		{`"status": "answered"`, `"status": "declined"`},
		{"2026-", "2025-"},
		{"index ", "index 1"},
		{maya.customer, nina.customer},
	} {
		forged := strings.Replace(string(receipt), change[0], change[1], 1)
		if forged == string(receipt) {
			t.Fatalf("%q is not in the receipt", change[0])
		}
		if out, err := printed(t, forged, "log", "verify", "-", "--key", key); err == nil {
			t.Errorf("with %q it holds:\n%s", change[1], out)
		}
	}
	other, err := citation.NewLogKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for what, args := range map[string][]string{
		"another's key": {"log", "verify", file, "--key", other.Verifier()}, "no key": {"log", "verify", file}, "an empty key": {"log", "verify", file, "--key", ""},
		"no receipt": {"log", "verify", file + "x", "--key", key}, "a witness that did not cosign": {"log", "verify", file, "--key", key, "--witness", logtest.NewCosigner("w").Verifier()},
	} {
		if out, err := printed(t, "", args...); err == nil {
			t.Errorf("%s: %s", what, out)
		}
	}

	// It is theirs alone.
	for who, c := range map[string]*client{"nina": nina, "a visitor": customer(t, info, "")} {
		if status, _ := c.do("GET", "/api/answers/"+id+"/receipt", nil); status != http.StatusNotFound {
			t.Errorf("%s gets it: %d", who, status)
		}
	}
	if status, _ := maya.do("GET", "/api/answers/ans_unknown/receipt", nil); status != http.StatusNotFound {
		t.Errorf("an answer that there is not: %d", status)
	}

	// The log is checked from outside: by this program, and by one that has nothing of it.
	if out, err := printed(t, "", "log", "verify", "--url", info.URL, "--key", key); err != nil || !strings.Contains(out, "as it was recorded") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := printed(t, "", "log", "verify", file, "--url", info.URL, "--key", key); err != nil || !strings.Contains(out, "since then") {
		t.Errorf("%v\n%s", err, out)
	}
	check := exec.CommandContext(t.Context(), "go", "run", "candor/tools/logcheck", "-key", key, "-receipt", file, info.URL)
	if out, err := check.CombinedOutput(); err != nil || strings.Count(string(out), "\n") != 3 {
		t.Errorf("logcheck: %v\n%s", err, out)
	}
}

// TestReceiptOfTheLogsPage: the example of the documentation is one.
func TestReceiptOfTheLogsPage(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "..", "docs")
	b, err := os.ReadFile(filepath.Join(docs, "log.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	_, key, _ := strings.Cut(page, "answer-receipt.json --key ")
	key, _, _ = strings.Cut(key, "\n")
	out, err := printed(t, "", "log", "verify", filepath.Join(docs, "answer-receipt.json"), "--key", key)
	if err != nil || !strings.Contains(page, "```\n"+out+"```\n") {
		t.Errorf("the page does not show what is printed of its receipt: %v\n%s", err, out)
	}
}

// TestReviewersProof: a reviewer gets the same proof for a reason, which its customer can
// read; the rest of the staff gets none.
func TestReviewersProof(t *testing.T) { eachSetup(t, testReviewersProof) }

func testReviewersProof(t *testing.T, run setup) {
	info := run.start(t)
	maya := customer(t, info, "maya")
	maya.consent(change("answers", "orders", "brand_ai", true))
	id := maya.ask("Where is my order?")["id"].(string)
	mine := maya.proof(id)
	admin := staff(t, info, "admin@fernhill.example")
	path := "/api/admin/citations/" + id + "/proof"

	for _, bad := range []string{"", "?reason=", "?reason=curiosity"} {
		if status, out := admin.do("GET", path+bad, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d %v", bad, status, out)
		}
	}
	if status, _ := staff(t, info, "agent@fernhill.example").do("GET", path+"?reason=legal", nil); status != http.StatusForbidden {
		t.Errorf("an agent: %d", status)
	}
	if status, _ := maya.do("GET", path+"?reason=legal", nil); status != http.StatusUnauthorized {
		t.Errorf("its customer: %d", status)
	}
	if status, _ := admin.do("GET", "/api/admin/citations/ans_unknown/proof?reason=legal", nil); status != http.StatusNotFound {
		t.Errorf("an answer that there is not: %d", status)
	}
	// A sample is of customers who let answers be measured.
	if status, _ := admin.do("GET", path+"?reason=sample", nil); status != http.StatusForbidden {
		t.Errorf("a sample without consent: %d", status)
	}
	if usage := text(maya.must("GET", "/api/me/usage", nil)); strings.Contains(usage, "legal") || strings.Contains(usage, "sample") {
		t.Errorf("looks that were refused are recorded: %s", usage)
	}
	status, h, b := admin.raw("GET", path+"?reason=complaint", "", nil)
	if status != http.StatusOK || h.Get("Content-Disposition") != `attachment; filename="receipt-`+id+`.json"` {
		t.Fatalf("%d %v %s", status, h, b)
	}
	var one, two citation.Receipt
	if json.Unmarshal(mine, &one) != nil || json.Unmarshal(b, &two) != nil || one.Leaf != two.Leaf || !bytes.Equal(one.Body, two.Body) {
		t.Errorf("the reviewer's proof is another:\n%s\n%s", mine, b)
	}
	maya.consent(change("improvement", "conversation", "brand_ai", true))
	if status, _ := admin.do("GET", path+"?reason=sample", nil); status != http.StatusForbidden {
		t.Errorf("a sample of what was made from orders: %d", status)
	}
	article := maya.ask("Do you ship to Portugal?")["id"].(string)
	proved := func() bool {
		status, _, _ := admin.raw("GET", "/api/admin/citations/"+article+"/proof?reason=sample", "", nil)
		return status == http.StatusOK
	}
	for deadline := time.Now().Add(20 * time.Second); !proved(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a sample with consent is not given")
		}
	}
	usage := text(maya.must("GET", "/api/me/usage", nil))
	for _, reason := range []string{"complaint", "sample"} {
		if !strings.Contains(usage, `"reason":"`+reason+`"`) {
			t.Errorf("the look for %q does not show in %s", reason, usage)
		}
	}
}

// TestErasedIsNotProved: of whom was erased the log keeps the leaf, and it verifies.
func TestErasedIsNotProved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	maya, nina := customer(t, info, "maya"), customer(t, info, "nina")
	id := maya.ask("How do I return something?")["id"].(string)
	receipt := maya.proof(id)
	theirs := nina.ask("How do I return something?")["id"].(string)
	nina.proof(theirs)
	admin := staff(t, info, "admin@fernhill.example")
	maya.must("DELETE", "/api/me", object{"identity": maya.must("GET", "/demo/identity?customer=maya", nil)["identity"]})
	if status, out := admin.do("GET", "/api/admin/citations/"+id+"/proof?reason=legal", nil); status != http.StatusGone || !strings.Contains(text(out), "stays in the public log") {
		t.Errorf("the proof of one who was erased: %d %v", status, out)
	}
	// What they kept themselves still holds, and is in the log as it is now.
	key := logKey(t, info.URL)
	if out, err := printed(t, string(receipt), "log", "verify", "-", "--url", info.URL, "--key", key); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	stop()
	out, err := printed(t, "", "log", "verify", "--data-dir", dir, "--json")
	var v verifiedLog
	if err != nil || json.Unmarshal([]byte(out), &v) != nil || !v.OK || v.Entries.Erased != 2 || v.Entries.Bodies != v.Entries.Compared-2 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestTamperingIsNamed: whoever changes the database is found out by log verify, and a
// database that was put back by whoever kept a checkpoint.
func TestTamperingIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	maya := customer(t, info, "maya")
	id := maya.ask("How do I return something?")["id"].(string)
	maya.proof(id)
	stop()
	before := t.TempDir()
	if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}

	verify := func(args ...string) (string, error) {
		t.Helper()
		return printed(t, "", append([]string{"log", "verify", "--data-dir", dir}, args...)...)
	}
	early, err := printed(t, "", "log", "checkpoint", "--data-dir", dir)
	if err != nil {
		t.Fatal(err)
	}
	again, stop := runDemo(t, t.Output(), "--data-dir", dir)
	maya.base = again.URL
	maya.proof(maya.ask("What does delivery cost?")["id"].(string))
	key := logKey(t, again.URL)
	stop()
	if out, err := printed(t, "", "log", "key", "--data-dir", dir); err != nil || strings.TrimSpace(out) != key {
		t.Errorf("%v: %s, want %s", err, out, key)
	}
	late, err := printed(t, "", "log", "checkpoint", "--data-dir", dir)
	if err != nil || late == early {
		t.Fatalf("%v: %s", err, late)
	}
	earlyFile, lateFile := inFile(t, "early", []byte(early)), inFile(t, "late", []byte(late))
	if out, err := verify("--checkpoint", earlyFile); err != nil || !strings.Contains(out, "has grown by 2") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := verify("--checkpoint", lateFile); err != nil || !strings.Contains(out, "nothing was added") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := verify("--checkpoint", inFile(t, "forged", []byte(strings.Replace(late, "\n4\n", "\n5\n", 1)))); err == nil {
		t.Errorf("a forged checkpoint:\n%s", out)
	}

	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "candor.db"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	defer db.Close()
	do := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var triggers string
	const named = "SELECT group_concat(name) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'citation_entries'"
	if err := db.QueryRowContext(t.Context(), named).Scan(&triggers); err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(triggers, ",") {
		do("DROP TRIGGER " + name)
	}
	do("UPDATE citation_entries SET model = 'gpt' WHERE answer = ? AND kind = 'closed'", id)
	out, err := verify()
	want := `DIFFERENT  leaf 1, entry ` + strings.Replace(id, "ans_", "cit_", 1) + `, answer ` + id + `: the entry was changed: model was "extractive" and is "gpt"`
	if err == nil || !strings.Contains(err.Error(), "1 difference") || !strings.Contains(out, want) || strings.Contains(out, "is as it was") {
		t.Errorf("%v\n%s\nwant %s", err, out, want)
	}
	out, err = verify("--json")
	var v verifiedLog
	if err == nil || json.Unmarshal([]byte(out), &v) != nil || v.OK || v.Different != 1 || v.Findings[0].Field != "model" || v.Findings[0].Answer != id {
		t.Errorf("%v\n%s", err, out)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	// An older copy is in order by itself.
	dir = before
	if out, err := verify(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := verify("--checkpoint", lateFile); err == nil || !strings.Contains(out, "DIFFERENT  the log was rolled back by 2: it had 4 entries and has 2") {
		t.Errorf("%v\n%s", err, out)
	}
	// It is written on, as after a restored backup.
	third, stop := runDemo(t, t.Output(), "--data-dir", dir)
	again2 := customer(t, third, "omar")
	for range 2 {
		again2.proof(again2.ask("What does delivery cost?")["id"].(string))
	}
	if out, err := printed(t, "", "log", "verify", "--url", third.URL, "--checkpoint", lateFile, "--json"); err == nil || !strings.Contains(out, `"relation":"rewritten"`) {
		t.Errorf("%v\n%s", err, out)
	}
	stop()
	if out, err := verify("--checkpoint", lateFile); err == nil || !strings.Contains(out, "the log was rewritten: its first 4 entries are not what they were") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestForeignLog: what is served by a log that was changed on its way, or at its source,
// is named from outside.
func TestForeignLog(t *testing.T) {
	t.Parallel()
	l := logtest.NewLog(t)
	l.Grow(t, "leaf", 300)
	flip := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b []byte
		var err error
		switch path, tile := strings.CutPrefix(r.URL.Path, "/log/tile/"); {
		case r.URL.Path == citation.LogKeyPath:
			b = []byte(l.Verifier())
		case r.URL.Path == "/log/checkpoint":
			b, err = l.Checkpoint(r.Context())
		case tile:
			p, ok := citation.ParseTilePath(path)
			if !ok {
				http.NotFound(w, r)
				return
			}
			if p.Level == citation.EntriesLevel {
				leaves, err2 := l.Entries(r.Context(), p.N, p.Width)
				err = err2
				for _, leaf := range leaves {
					b = append(append(b, byte(len(leaf)>>8), byte(len(leaf))), leaf...)
				}
			} else {
				b, err = l.Tile(r.Context(), p.Level, p.N, p.Width)
			}
		}
		if err != nil || b == nil {
			http.NotFound(w, r)
			return
		}
		if b = bytes.Clone(b); r.URL.Path == flip {
			b[len(b)/2] ^= 1
		}
		_, _ = w.Write(b)
	}))
	defer srv.Close()
	for path, want := range map[string]string{
		"":                           "",
		"/log/tile/0/000":            `"kind":"tile","index":-1,"tile":"0/000","hash":128`,
		"/log/tile/0/001.p/44":       `"kind":"tile","index":-1,"tile":"0/001","hash":22`,
		"/log/tile/1/000.p/1":        `"kind":"tile","index":-1,"tile":"1/000"`,
		"/log/tile/entries/000":      `"kind":"leaf"`,
		"/log/tile/entries/001.p/44": `"kind":"leaf"`,
	} {
		flip = path
		out, _ := printed(t, "", "log", "verify", "--url", srv.URL, "--key", l.Verifier(), "--json")
		var v verifiedLog
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%s: %v\n%s", path, err, out)
		}
		// The leaves of this log are no entries: each of them does not read.
		v.Findings = slices.DeleteFunc(v.Findings, func(f citation.Finding) bool { return strings.HasSuffix(f.Detail, "does not read") })
		found, err := json.Marshal(v.Findings)
		if err != nil || (want == "") != (len(v.Findings) == 0) || !strings.Contains(string(found), want) {
			t.Errorf("%s: %s, want %s", path, found, want)
		}
	}
	flip = "/log/checkpoint"
	if out, err := printed(t, "", "log", "verify", "--url", srv.URL, "--key", l.Verifier()); err == nil {
		t.Errorf("a changed checkpoint:\n%s", out)
	}
	if out, err := printed(t, "", "log", "verify", "--url", srv.URL+"/elsewhere", "--key", l.Verifier()); err == nil || !strings.Contains(err.Error(), "no log") {
		t.Errorf("no log: %v\n%s", err, out)
	}
}

// TestLogEndless: a log that claims leaves which it does not serve is a finding, and the
// check of it ends.
func TestLogEndless(t *testing.T) {
	t.Parallel()
	key, err := citation.NewLogKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for size, says := range map[int64]string{
		1 << 40:   `"kind":"leaf","index":0,"detail":"leaf 0 and those after it are not served`,
		1<<48 + 1: "not a checkpoint",
		1<<62 + 1: "not a checkpoint",
	} {
		signed, err := key.Checkpoint(size, [32]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/log/checkpoint" {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write(signed)
		}))
		done := make(chan string, 1)
		go func() {
			out, err := printed(t, "", "log", "verify", "--url", srv.URL, "--key", key.Verifier(), "--json")
			if err == nil {
				t.Errorf("%d leaves: the log holds", size)
			}
			done <- fmt.Sprint(out, err)
		}()
		select {
		case out := <-done:
			if !strings.Contains(out, says) {
				t.Errorf("%d leaves: %s", size, out)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%d leaves: the check does not end", size)
		}
		srv.Close()
	}
}

// TestLogCopy: the copy of the checkpoint follows the log, and is not replaced by what
// does not continue it.
func TestLogCopy(t *testing.T) {
	t.Parallel()
	l := logtest.NewLog(t)
	file := filepath.Join(t.TempDir(), "checkpoint")
	c := newLogCopier(l, file, nil)
	content := func() string {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	signed := func() string {
		b, err := l.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, n := range []int{0, 1, 300, 0, 5} {
		l.Grow(t, "leaf", n)
		if _, err := c.copy(t.Context()); err != nil || content() != signed() {
			t.Fatalf("after %d more: %v\n%s", n, err, content())
		}
	}
	good := content()
	real := l
	for what, n := range map[string]int{"rolled back": 4, "rewritten": 400} {
		l = logtest.NewLog(t)
		l.Grow(t, "forged", n)
		// Another process, which knows nothing of what was copied before.
		_, err := newLogCopier(l, file, nil).copy(t.Context())
		var bad *citation.InconsistentError
		if !errors.As(err, &bad) || content() != good {
			t.Errorf("%s: %v", what, err)
		}
	}
	if l = real; failed(c.copy(t.Context())) != nil {
		t.Error("as it was, it is refused")
	}
	// What is no checkpoint of this log is left alone.
	if err := os.WriteFile(file, []byte("my notes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newLogCopier(l, file, nil).copy(t.Context()); err == nil || content() != "my notes\n" {
		t.Errorf("another file: %v", err)
	}
	if _, err := newLogCopier(l, filepath.Join(file, "x"), nil).copy(t.Context()); err == nil {
		t.Error("a folder that there is not")
	}
}

// failed is how a copy ended.
func failed(_ bool, err error) error { return err }

// TestLogWebhook: a webhook is sent every checkpoint, and the process tells as well when
// one does not continue the last.
func TestLogWebhook(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []string
	status := http.StatusNoContent
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s %v, %v", r.Method, r.Header, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if status < 300 {
			got = append(got, string(b))
		}
		w.WriteHeader(status)
	}))
	defer srv.Close()
	was := copyClient.Transport
	copyClient.Transport = srv.Client().Transport
	defer func() { copyClient.Transport = was }()

	l := logtest.NewLog(t)
	l.Grow(t, "leaf", 3)
	c := newLogCopier(l, srv.URL, nil)
	for range 2 { // the second has nothing new
		if err := failed(c.copy(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	status = http.StatusBadGateway
	l.Grow(t, "leaf", 3)
	if err := failed(c.copy(t.Context())); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("a webhook that fails: %v", err)
	}
	status = http.StatusOK
	if err := failed(c.copy(t.Context())); err != nil {
		t.Fatal(err)
	}
	other := logtest.NewLog(t)
	other.Grow(t, "forged", 20)
	c.tree = other
	var bad *citation.InconsistentError
	if err := failed(c.copy(t.Context())); !errors.As(err, &bad) {
		t.Errorf("another log: %v", err)
	}
	if len(got) != 3 || !strings.Contains(got[0], "\n3\n") || !strings.Contains(got[1], "\n6\n") || !strings.Contains(got[2], "\n20\n") {
		t.Errorf("%q", got)
	}
}

// TestLogIsRemembered: witnesses and the copy follow the log of an assistant that runs,
// and one that was put back is told by the log, by the metrics and by the witness.
func TestLogIsRemembered(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	r := newReplicas(t, io.MultiWriter(t.Output(), &log))
	first := r.start("a")
	key := logKey(t, first.url)
	first.end()
	w := logtest.NewWitness(t, "witness.example/w1", key)
	file := filepath.Join(t.TempDir(), "checkpoint")
	remembered := func(c *Config) { c.LogWitness, c.LogCopy = w.Setting(), file }

	b := r.start("b", remembered)
	info := r.info
	info.URL = b.url
	maya := customer(t, info, "maya")
	id := maya.ask("How do I return something?")["id"].(string)
	maya.proof(id)
	cosigned := func(url string) bool {
		_, _, signed := newClient(t, url).raw("GET", "/log/checkpoint", "", nil)
		_, err := witness.Cosigned(signed, w.Key.Verifier())
		return err == nil && bytes.Contains(signed, []byte("\n2\n"))
	}
	soon(t, "the checkpoint is cosigned", func() bool { return cosigned(b.url) })
	receipt := maya.proof(id)
	out, err := printed(t, string(receipt), "log", "verify", "-", "--key", key, "--witness", w.Key.Verifier())
	if err != nil || !strings.Contains(out, "cosigned   by witness.example/w1, at 2023-11-14 22:13:20 UTC") {
		t.Errorf("%v\n%s", err, out)
	}
	// It stays so while the log goes on.
	maya.proof(maya.ask("What does delivery cost?")["id"].(string))
	if out, err := printed(t, string(maya.proof(id)), "log", "verify", "-", "--key", key, "--witness", w.Key.Verifier()); err != nil {
		t.Errorf("of an older answer: %v\n%s", err, out)
	}
	if out, err := printed(t, string(receipt), "log", "verify", "-", "--key", key); err != nil || !strings.Contains(out, "was not checked") {
		t.Errorf("without the witness's key: %v\n%s", err, out)
	}
	inconsistent := func(url string) bool {
		_, _, metrics := newClient(t, url).raw("GET", "/metrics", "", nil)
		if !bytes.Contains(metrics, []byte("\ncandor_log_inconsistent ")) {
			t.Errorf("the metrics have no candor_log_inconsistent")
		}
		return bytes.Contains(metrics, []byte("\ncandor_log_inconsistent 1\n"))
	}
	if inconsistent(b.url) {
		t.Error("it is inconsistent to begin with")
	}
	b.end() // the last checkpoint is copied at the end
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := citation.OpenCheckpoint(kept, key); err != nil || c.Size != 4 {
		t.Fatalf("%+v, %v", c, err)
	}

	// The tree is put back, as somebody does who restores a part of a backup.
	conn, err := pgx.Connect(t.Context(), r.config.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range []string{
		"SET session_replication_role = replica",
		"DELETE FROM citation_bodies", "DELETE FROM citation_records", "DELETE FROM citation_not_searched", "DELETE FROM citation_words",
		"DELETE FROM log_leaves", "DELETE FROM log_tiles", "DELETE FROM log_head", "DELETE FROM citation_entries",
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	c := r.start("c", remembered)
	info.URL = c.url
	nina := customer(t, info, "nina")
	nina.proof(nina.ask("What does delivery cost?")["id"].(string))
	soon(t, "the metric says so", func() bool { return inconsistent(c.url) })
	soon(t, "the log says who noticed", func() bool {
		told := log.String()
		return strings.Contains(told, "THE PUBLIC LOG IS NOT WHAT IT WAS") && strings.Contains(told, `by="witness witness.example/w1"`) && strings.Contains(told, "by=log_copy")
	})
	if cosigned(c.url) {
		t.Error("the witness cosigned another history")
	}
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, kept) {
		t.Errorf("the copy was replaced: %v\n%s", err, now)
	}
}

// TestLogTrouble: what is said of the log is logged when it changes, and stays true until
// it is mended.
func TestLogTrouble(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	logger, err := newLogger(&log, "info")
	if err != nil {
		t.Fatal(err)
	}
	w := newLogWatch(logger)
	lines := func() int { return strings.Count(log.String(), "\n") }
	away := errors.New("no route to host")
	for i, step := range []struct {
		say          func()
		lines        int
		inconsistent bool
	}{
		{func() { w.witnessed("w", nil) }, 0, false},
		{func() { w.witnessed("w", away) }, 1, false},
		{func() { w.witnessed("w", fmt.Errorf("again: %w", away)) }, 1, false},
		{func() { w.witnessed("w", nil) }, 2, false},
		{func() { w.witnessed("w", fmt.Errorf("x: %w", witness.ErrInconsistent)) }, 3, true},
		{func() { w.witnessed("w", fmt.Errorf("x: %w", witness.ErrInconsistent)) }, 3, true},
		{func() { w.witnessed("w", away) }, 3, true}, // that it cannot be reached mends nothing
		{func() { w.copied(nil) }, 3, true},
		{func() { w.witnessed("w", nil) }, 4, false},
		{func() { w.copied(fmt.Errorf("x: %w", &citation.InconsistentError{})) }, 5, true},
		{func() { w.copied(nil) }, 6, false},
	} {
		step.say()
		if lines() != step.lines || w.inconsistent() != step.inconsistent {
			t.Errorf("step %d: %d lines, %t\n%s", i, lines(), w.inconsistent(), log.String())
		}
	}
}
