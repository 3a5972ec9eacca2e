package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"candor/consent"
)

// printed runs a command and returns what it prints.
func printed(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := Run(t.Context(), args, Stdio{
		In: strings.NewReader(in), Out: &out, Err: t.Output(), Env: func(string) (string, bool) { return "", false },
	})
	return out.String(), err
}

// publishedKey is what anybody can read.
func publishedKey(t *testing.T, base string) string {
	t.Helper()
	status, h, b := newClient(t, base).raw("GET", consent.KeyPath, "", nil)
	if status != http.StatusOK || h.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Fatalf("the key: %d, %s", status, h.Get("Content-Type"))
	}
	return strings.TrimSuffix(string(b), "\n")
}

// TestReceipts: every change has a receipt, which its customer alone can fetch and
// anybody can check.
func TestReceipts(t *testing.T) { eachSetup(t, testReceipts) }

func testReceipts(t *testing.T, run setup) {
	info := run.start(t)
	maya, nina := customer(t, info, "maya"), customer(t, info, "nina")
	maya.consent(change("answers", "orders", "brand_ai", true), change("answers", "billing", "brand_ai", true))
	maya.consent(change("answers", "orders", "brand_ai", false))
	last := maya.must("PUT", "/api/me/consents?language=uk", object{"changes": []object{change("answers", "orders", "brand_ai", true)}})

	// The list is newest first, page by page, and has every one once.
	var all []object
	path := "/api/me/receipts?limit=2"
	for path != "" {
		page := maya.must("GET", path, nil)
		items := list(page, "items")
		all = append(all, items...)
		next, more := page["next"].(string)
		path = ""
		if more {
			path = "/api/me/receipts?limit=2&cursor=" + next
		}
	}
	seen := make(map[string]bool)
	for _, r := range all {
		seen[r["id"].(string)] = true
	}
	if newest := all[0]; len(seen) != len(all) || newest["id"] != last["receipts"].([]any)[0] || newest["state"] != "given" || newest["category"] != "orders" {
		t.Fatalf("%d receipts, %d of them different; the newest is %v", len(all), len(seen), newest)
	}
	if !slices.IsSortedFunc(all, func(a, b object) int { return strings.Compare(b["at"].(string), a["at"].(string)) }) {
		t.Errorf("not newest first: %v", all)
	}
	key := publishedKey(t, info.URL)
	verifier, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range all {
		id := item["id"].(string)
		status, h, file := maya.raw("GET", "/api/me/receipts/"+id, "", nil)
		if status != http.StatusOK || h.Get("Content-Type") != "application/vnd.candor.receipt; charset=utf-8" ||
			h.Get("Content-Disposition") != `attachment; filename="receipt-`+id+`.txt"` {
			t.Fatalf("%d %v", status, h)
		}
		r, err := consent.VerifyReceipt(file, key)
		if err != nil {
			t.Fatal(err)
		}
		if r.ID != id || string(r.State()) != item["state"] || r.Record.Subject.ID != maya.customer || r.Record.Notice.Shown == nil {
			t.Errorf("%s is %+v", id, r.Record)
		}
		if opened, err := note.Open(file, note.VerifierList(verifier)); err != nil || !strings.HasPrefix(opened.Text, "{\n") {
			t.Errorf("the public tools do not open it: %v", err)
		} else if _, _, bare := maya.raw("GET", "/api/me/receipts/"+id+"?format=jsonld", "", nil); string(bare) != opened.Text {
			t.Error("the text alone is another one")
		}
		if _, _, again := maya.raw("GET", "/api/me/receipts/"+id, "", nil); !bytes.Equal(again, file) {
			t.Error("asked again, it is another one")
		}
		for _, who := range []*client{nina, customer(t, info, "")} {
			if status, body := who.do("GET", "/api/me/receipts/"+id, nil); status != http.StatusNotFound || strings.Contains(text(body), id) {
				t.Errorf("somebody else's receipt: %d %v", status, body)
			}
		}
		status, k := maya.do("GET", "/api/me/receipts/"+id+"?format=kantara", nil)
		if given := item["state"] == "given"; given && (k["version"] != "KI-CR-v1.1.0" || k["consentReceiptID"] != id) ||
			!given && (status != http.StatusUnprocessableEntity || !strings.Contains(k["detail"].(string), "Kantara")) {
			t.Errorf("a receipt of %v in the Kantara format: %d %v", item["state"], status, k)
		}
	}
	for path, want := range map[string]int{
		"/api/me/receipts/grt_unknown": http.StatusNotFound, "/api/me/receipts/%00": http.StatusNotFound,
		"/api/me/receipts?cursor=abc": http.StatusBadRequest, "/api/me/receipts?limit=0": http.StatusUnprocessableEntity,
		"/api/me/receipts/" + all[0]["id"].(string) + "?format=pdf": http.StatusUnprocessableEntity,
	} {
		if status, _ := maya.do("GET", path, nil); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	if status, _ := newClient(t, info.URL).do("GET", "/api/me/receipts", nil); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	_, _, file := maya.raw("GET", "/api/me/receipts/"+all[0]["id"].(string), "", nil)
	out, err := printed(t, string(file), "receipt", "verify", "-", "--key", key)
	if err != nil || !strings.HasPrefix(out, "The receipt is genuine") || !strings.Contains(out, "Відповідати на мої запитання (answers)") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestReceiptOutlivesMasterKey: a receipt is the same, and can be checked, after the
// master key was replaced.
func TestReceiptOutlivesMasterKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	maya := customer(t, info, "maya")
	id := maya.consent(change("answers", "orders", "brand_ai", true))["receipts"].([]any)[0].(string)
	_, _, before := maya.raw("GET", "/api/me/receipts/"+id, "", nil)
	key := publishedKey(t, info.URL)
	stop()
	if _, err := printed(t, "", "key", "rotate", "--master", "--data-dir", dir); err != nil {
		t.Fatal(err)
	}
	out, err := printed(t, "", "receipt", "key", "--data-dir", dir)
	if err != nil || out != key+"\n" {
		t.Errorf("the key is %q, was %q (%v)", out, key, err)
	}
	path := filepath.Join(t.TempDir(), "receipt.txt")
	if err := os.WriteFile(path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := printed(t, "", "receipt", "verify", path); err != nil || !strings.Contains(out, "WHO signed it was NOT checked") {
		t.Errorf("%v\n%s", err, out)
	}
	info, _ = runDemo(t, t.Output(), "--data-dir", dir)
	_, _, after := customer(t, info, "maya").raw("GET", "/api/me/receipts/"+id, "", nil)
	if !bytes.Equal(before, after) {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// TestReceiptOnATerminal: what a forger writes does nothing to a terminal.
func TestReceiptOnATerminal(t *testing.T) {
	t.Parallel()
	seed := bytes.Repeat([]byte{7}, 32)
	k, err := consent.NewReceiptKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join("..", "..", "consent", "testdata", "receipts", "given.txt"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := consent.VerifyReceipt(b, "")
	if err != nil {
		t.Fatal(err)
	}
	r.Key.Key = k.Verifier()
	r.Record.Process.Purpose.Title = "\x1b[2J\x1b]0;mine\a\u202egenuine\u2028"
	r.Record.Event.Evidence = "line\nThe receipt is genuine"
	file, err := r.File(k)
	if err != nil {
		t.Fatal(err)
	}
	out, err := printed(t, string(file), "receipt", "verify", "-")
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out, "\x1b\a\u202e\u2028") || strings.Contains(out, "\nThe receipt is genuine") {
		t.Errorf("%q", out)
	}
	if _, err := printed(t, string(file), "receipt", "verify", "-", "--key", ""); err == nil {
		t.Error("an empty key is no key")
	}
}

// TestReceiptOfTheDocs: the example of the documentation is one.
func TestReceiptOfTheDocs(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "..", "docs")
	b, err := os.ReadFile(filepath.Join(docs, "receipts.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	_, key, _ := strings.Cut(page, "key is `")
	key, _, _ = strings.Cut(key, "`")
	out, err := printed(t, "", "receipt", "verify", filepath.Join(docs, "receipt.txt"), "--key", key)
	if err != nil || !strings.Contains(page, "```\n"+out+"```\n") {
		t.Errorf("the page does not show what is printed of its receipt: %v\n%s", err, out)
	}
}
