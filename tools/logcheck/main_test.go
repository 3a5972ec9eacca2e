package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// TestImports: an auditor who reads this program has to trust the standard library and
// two packages of Go's own, and nothing of Candor.
func TestImports(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(path, "/")
			outside := strings.Contains(first, ".") || first == "candor"
			if outside && path != "golang.org/x/mod/sumdb/tlog" && path != "golang.org/x/mod/sumdb/note" {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}

// served is a log made by the library alone: its stored hashes, and its leaves.
type served struct {
	signer note.Signer
	key    string
	leaves []string
	hashes []tlog.Hash
	change func(path string, b []byte) []byte // what is served otherwise
}

func (s *served) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s.hashes[x]
	}
	return out, nil
}

func newServed(t *testing.T, n int) *served {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, ed25519.SeedSize))
	key, err := note.NewEd25519VerifierKey("log", private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	hash := strings.Split(key, "+")[1]
	signer, err := note.NewSigner("PRIVATE+KEY+log+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, private.Seed()...)))
	if err != nil {
		t.Fatal(err)
	}
	s := &served{signer: signer, key: key}
	some := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for i := range n {
		s.add(t, fmt.Sprintf("candor.citation/1\ncit_%d\n2026-11-28T10Z\nclosed answered\nhead %s\nbody %s\n", i, some, some))
	}
	return s
}

func (s *served) add(t *testing.T, leaf string) {
	t.Helper()
	hashes, err := tlog.StoredHashes(int64(len(s.leaves)), []byte(leaf), s)
	if err != nil {
		t.Fatal(err)
	}
	s.leaves, s.hashes = append(s.leaves, leaf), append(s.hashes, hashes...)
}

func (s *served) checkpoint(t *testing.T, size int64) []byte {
	t.Helper()
	root, err := tlog.TreeHash(size, s)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("log\n%d\n%s\n", size, root)}, s.signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// url serves the log.
func (s *served) url(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, _ := strings.CutPrefix(r.URL.Path, "/log/")
		var b []byte
		if path == "checkpoint" {
			b = s.checkpoint(t, int64(len(s.leaves)))
		} else {
			// The library's own reading of a path, with the height of tiles that it wants.
			tile, err := tlog.ParseTilePath(strings.Replace(strings.Replace(path, "tile/entries", "tile/data", 1), "tile/", "tile/8/", 1))
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
			if tile.L < 0 {
				for _, leaf := range s.leaves[tile.N*256 : tile.N*256+int64(tile.W)] {
					b = append(binary.BigEndian.AppendUint16(b, uint16(len(leaf))), leaf...)
				}
			} else if b, err = tlog.ReadTileData(tile, s); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		if s.change != nil {
			b = s.change(path, b)
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func check(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(context.WithoutCancel(t.Context()), args, &out)
	return out.String(), err
}

// TestLog: a log that the library itself makes is in order, whatever its size, and
// whatever is changed in what is served of it is found.
func TestLog(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 255, 256, 257, 1000} {
		s := newServed(t, n)
		if out, err := check(t, "-key", s.key, s.url(t)); err != nil || !strings.Contains(out, fmt.Sprintf("log: %d leaves", n)) {
			t.Errorf("%d leaves: %v\n%s", n, err, out)
		}
	}
	s := newServed(t, 70_000)
	url := s.url(t)
	if out, err := check(t, "-key", s.key, url); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for path, says := range map[string]string{
		"tile/0/000": "tile 0 of level 0", "tile/0/272": "tile 272 of level 0", "tile/0/273.p/112": "tile 273 of level 0", "tile/1/000": "tile 0 of level 1",
		"tile/1/001.p/17": "tile 1 of level 1", "tile/2/000.p/1": "tile 0 of level 2", "checkpoint": "checkpoint",
		"tile/entries/000": "", "tile/entries/273.p/112": "",
	} {
		for what, change := range map[string]func([]byte) []byte{
			"a bit":    func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			"its end":  func(b []byte) []byte { return b[:len(b)-1] },
			"too much": func(b []byte) []byte { return append(b, b...) },
			"nothing":  func([]byte) []byte { return nil },
		} {
			if what != "a bit" && !strings.Contains(path, ".p/") {
				continue // the whole log is read each time
			}
			touched := false
			s.change = func(p string, b []byte) []byte {
				if p != path {
					return b
				}
				touched = true
				return change(bytes.Clone(b))
			}
			if out, err := check(t, "-key", s.key, url); err == nil || !strings.Contains(err.Error(), says) || !touched {
				t.Errorf("%s, %s: %v\n%s", path, what, err, out)
			}
		}
	}
}

// TestKept: a log must begin with what was kept of it.
func TestKept(t *testing.T) {
	t.Parallel()
	s := newServed(t, 600)
	file := filepath.Join(t.TempDir(), "kept")
	keep := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url := s.url(t)
	for _, size := range []int64{0, 1, 256, 300, 600} {
		keep(s.checkpoint(t, size))
		if out, err := check(t, "-key", s.key, "-checkpoint", file, url); err != nil || !strings.Contains(out, "is its beginning") {
			t.Errorf("%d leaves: %v\n%s", size, err, out)
		}
	}
	longer := newServed(t, 601)
	keep(longer.checkpoint(t, 601))
	if _, err := check(t, "-key", s.key, "-checkpoint", file, url); err == nil || !strings.Contains(err.Error(), "rolled back by 1") {
		t.Errorf("a longer one: %v", err)
	}
	other := newServed(t, 100)
	other.add(t, strings.Replace(other.leaves[0], "answered", "declined", 1))
	keep(other.checkpoint(t, 101))
	if _, err := check(t, "-key", s.key, "-checkpoint", file, url); err == nil || !strings.Contains(err.Error(), "was rewritten") {
		t.Errorf("another: %v", err)
	}
	keep(bytes.Replace(s.checkpoint(t, 300), []byte("\n300\n"), []byte("\n301\n"), 1))
	if _, err := check(t, "-key", s.key, "-checkpoint", file, url); err == nil {
		t.Error("one with another size is taken")
	}
}

// TestSpecimen checks a receipt that was made by the demo, with its key.
func TestSpecimen(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "..", "docs")
	text, err := os.ReadFile(filepath.Join(docs, "log.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "answer-receipt.json --key ")
	key, _, _ := strings.Cut(rest, "\n")
	if !ok {
		t.Fatal("docs/log.md names no key")
	}
	name := filepath.Join(docs, "answer-receipt.json")
	if out, err := check(t, "-key", key, "-receipt", name); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	receipt, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"question": "`, `"question": "x`},
		{`"status": "answered"`, `"status": "declined"`},
		{`closed answered`, `closed declined`},
		{`index `, `index 1`},
		{`"text": "`, `"text": "x`},
		{`head_nonce": "`, `head_nonce": "AAAA`},
		{`"candor.answer-receipt/1"`, `"candor.answer-receipt/2"`},
		{`"body": `, `"body": {"said": {}}, "BODY": `},
		{`"body": `, `"body": {"said": {}}, "body": `},
		{`"head": `, `"head": {}, "\u0068ead": `},
		{`"body": `, `"x": {}, "body": `},
		{`"proof": `, `"PROOF": `},
	} {
		forged := strings.Replace(string(receipt), change[0], change[1], 1)
		if forged == string(receipt) {
			t.Fatalf("%q is not in the receipt", change[0])
		}
		file := filepath.Join(t.TempDir(), "forged")
		if err := os.WriteFile(file, []byte(forged), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := check(t, "-key", key, "-receipt", file); err == nil {
			t.Errorf("with %q it holds:\n%s", change[1], out)
		}
	}
}

func committed(head, body string) string {
	sum := func(part string) string {
		mac := hmac.New(sha256.New, make([]byte, 32))
		mac.Write([]byte(part))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return fmt.Sprintf("candor.citation/1\ncit_1\n2026-11-28T10Z\nclosed answered\nhead %s\nbody %s\n", sum(head), sum(body))
}

// receiptOf is the receipt of the first leaf of a log.
func receiptOf(t *testing.T, leaf, head, body string, signed []byte, path ...tlog.Hash) []byte {
	t.Helper()
	nonce := make([]byte, 32)
	proof := proofType + "\nindex 0\n"
	for _, h := range path {
		proof += h.String() + "\n"
	}
	file, err := json.Marshal(map[string]any{
		"type": receiptType, "leaf": leaf, "head": json.RawMessage(head), "head_nonce": nonce,
		"body": json.RawMessage(body), "body_nonce": nonce, "proof": proof + "\n" + string(signed),
	})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestTwice: the log itself cannot commit to a part that says two things.
func TestTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		head, body string
		holds      bool
	}{
		{`{"status":"answered"}`, `{"said":{"a":[1,{"b":2}]},"records":[]}`, true},
		{`{"status":"answered","STATUS":"declined"}`, `{}`, false},
		{`{}`, `{"said":{},"said":{"a":1}}`, false},
		{`{}`, `{"said":{"a":[{"s":1,"\u017f":2}]}}`, false},
	} {
		s := newServed(t, 0)
		leaf := committed(c.head, c.body)
		s.add(t, leaf)
		file := receiptOf(t, leaf, c.head, c.body, s.checkpoint(t, 1))
		key, err := note.NewVerifier(s.key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := checkReceipt(file, key); (err == nil) != c.holds {
			t.Errorf("%s %s: %v", c.head, c.body, err)
		}
	}
}

// TestRecipe: what docs/log.md gives to do in Python takes the receipt that is there, and
// none in which somebody sees another body first.
func TestRecipe(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("skipped: there is no python3")
	}
	if err != nil {
		t.Fatal(err)
	}
	docs := filepath.Join("..", "..", "docs")
	text, err := os.ReadFile(filepath.Join(docs, "log.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```python\n")
	recipe, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/log.md has no recipe")
	}
	file, err := os.ReadFile(filepath.Join(docs, "answer-receipt.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]json.RawMessage
	if err := json.Unmarshal(file, &r); err != nil {
		t.Fatal(err)
	}
	body := string(r["body"])
	of := func(typ, body string) string {
		return fmt.Sprintf(`{"type":%s,"leaf":%s,"head":%s,"head_nonce":%s,"body":%s,"body_nonce":%s,"proof":%s}`,
			typ, r["leaf"], r["head"], r["head_nonce"], body, r["body_nonce"], r["proof"])
	}
	typ := string(r["type"])
	for _, c := range []struct {
		name, receipt string
		holds         bool
	}{
		{"as it is", string(file), true},
		{"in another layout", of(typ, body), true},
		{"another body", of(typ, strings.Replace(body, "Skarn", "Scarn", 1)), false},
		{"two bodies", of(typ, `{"said":{}},"body":`+body), false},
		{"two bodies, the other last", of(typ, body+`,"body":{"said":{}}`), false},
		{"a body of another case", of(typ, `{"said":{}},"BODY":`+body), false},
		{"the body elsewhere", of(`{"body":`+body+`}`, `{"said":{},`+strings.TrimPrefix(body, "{")), false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "receipt.json"), []byte(c.receipt), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), python, "-c", recipe)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); (err == nil) != c.holds || !c.holds && !strings.Contains(string(out), "AssertionError") {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
	}
}

// TestEndless: a log that claims more leaves than it has, or than there can be, does not
// keep the check busy.
func TestEndless(t *testing.T) {
	t.Parallel()
	s := newServed(t, 0)
	leaf := committed("{}", "{}")
	s.add(t, leaf)
	claims := func(size int64) []byte {
		signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("log\n%d\n%s\n", size, s.hashes[0])}, s.signer)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	for _, size := range []int64{1 << 40, 1<<48 + 1, 1<<62 + 1} {
		signed := claims(size)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/log/checkpoint" {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write(signed)
		}))
		file := filepath.Join(t.TempDir(), "receipt")
		if err := os.WriteFile(file, receiptOf(t, leaf, "{}", "{}", signed, s.hashes[0]), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"-key", s.key, srv.URL}, {"-key", s.key, "-receipt", file}} {
			done := make(chan error, 1)
			go func() { done <- run(context.WithoutCancel(t.Context()), args, &bytes.Buffer{}) }()
			select {
			case err := <-done:
				if err == nil {
					t.Errorf("%d leaves: %v holds", size, args[2:])
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%d leaves: %v does not end", size, args[2:])
			}
		}
		srv.Close()
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	key := newServed(t, 1).key
	for _, args := range [][]string{
		{}, {"http://127.0.0.1:1"}, {"-key", key}, {"-key", "x", "http://127.0.0.1:1"}, {"-key", key, "a", "b"}, {"-key", key, "-receipt", "not-there"}, {"-key", key, "http://127.0.0.1:1"},
	} {
		if _, err := check(t, args...); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
