//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/pgtest"
	"candor/store"
)

// runCommand runs the program in this process and returns what it printed.
func runCommand(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var b bytes.Buffer
	err = Run(t.Context(), args, Stdio{
		In: strings.NewReader(""), Out: &b, Err: t.Output(), Env: func(string) (string, bool) { return "", false },
	})
	return b.String(), err
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := runCommand(t, args...)
	if err != nil {
		t.Fatalf("assistant %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// TestMoveServed moves what was served from files to a server, and serves it
// there: sessions, choices, answers and the desk are what they were.
func TestMoveServed(t *testing.T) {
	t.Parallel()
	data, keys := pgtest.Database(t), pgtest.Database(t)
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	maya := customer(t, info, "maya")
	maya.consent(change("answers", "orders", "brand_ai", true))
	before := maya.ask("Where is my order?")
	paths := []string{"/api/me/consents", "/api/me/records", "/api/answers/" + before["id"].(string)}
	said := func(o object) string {
		delete(o, "leaf") // it gets its index meanwhile
		return text(o)
	}
	was := make([]string, len(paths))
	for i, path := range paths {
		_, o := maya.do("GET", path, nil)
		was[i] = said(o)
	}
	ticket := maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", object{})
	talk := text(maya.must("GET", "/api/conversations/"+maya.conversation, nil)["messages"])
	if _, err := runCommand(t, "move", "--data-dir", dir, "--to", data); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("moved while it is served: %v", err)
	}
	stop()

	out := mustRun(t, "move", "--data-dir", dir, "--to", data, "--keys-to", keys)
	if strings.Contains(out, "tent") || !strings.Contains(out, "Both sides are equal") {
		t.Errorf("the move said:\n%s", out)
	}

	c := defaults()
	c.DataDir = dir
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	if _, err := newApp(t.Context(), c, nil, log); !errors.Is(err, store.ErrMoved) {
		t.Fatalf("the old data: %v", err)
	}
	c.Database, c.Keys = data, keys
	a, err := newApp(t.Context(), c, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- a.run(ctx, l) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	maya.base = "http://" + l.Addr().String()
	info.URL = maya.base
	for i, path := range paths {
		if _, o := maya.do("GET", path, nil); said(o) != was[i] {
			t.Errorf("%s was\n%s\nand is\n%s", path, was[i], text(o))
		}
	}
	if got := text(maya.must("GET", "/api/conversations/"+maya.conversation, nil)["messages"]); got != talk {
		t.Errorf("what was said was\n%s\nand is\n%s", talk, got)
	}
	sam := staff(t, info, "agent@fernhill.example")
	queue := list(sam.must("GET", "/api/desk/queue", nil), "tickets")
	if len(queue) != 1 || queue[0]["id"] != ticket["ticket_id"] {
		t.Errorf("the queue: %v", queue)
	}
	sam.must("POST", "/api/desk/conversations/"+maya.conversation+"/claim", nil)
	sam.must("POST", "/api/desk/conversations/"+maya.conversation+"/return", nil)
	if again := maya.ask("Where is my order?"); again["text"] != before["text"] {
		t.Errorf("the same question was answered with %q and is with %q", before["text"], again["text"])
	}
	if _, err := runCommand(t, "move", "--data-dir", t.TempDir(), "--database", data, "--keys", keys, "--to", pgtest.Database(t)); err == nil {
		t.Error("moved from a server that is in use, without its master key")
	}
	if _, err := runCommand(t, "backup", filepath.Join(t.TempDir(), "b"), "--data-dir", dir, "--database", data, "--keys", keys); err == nil || !strings.Contains(err.Error(), "pg_dump") {
		t.Errorf("a backup of a server: %v", err)
	}
}

// TestMoveKilled kills a move at any moment, again and again: it goes on where it
// was, and everything is there in the end.
func TestMoveKilled(t *testing.T) {
	t.Parallel()
	dir, home := t.TempDir(), t.TempDir()
	var lines strings.Builder
	const records = 4000
	for i := range records {
		fmt.Fprintf(&lines, `{"id":"o%d","customer":"c%d","category":"orders","text":"One tent."}`+"\n", i, i%50)
	}
	if err := os.WriteFile(filepath.Join(dir, "records.jsonl"), []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "init", "--data-dir", dir, "--config", filepath.Join(dir, "candor.yaml"))
	mustRun(t, "site", "add", "shop", "--data-dir", dir)
	mustRun(t, "import", "records", filepath.Join(dir, "records.jsonl"), "--data-dir", dir)
	to := []string{"--to", "sqlite:" + filepath.Join(home, "candor.db"), "--keys-to", "sqlite:" + filepath.Join(home, "keys.db")}
	if os.Getenv(pgtest.Env) != "" {
		to = []string{"--to", pgtest.Database(t), "--keys-to", pgtest.Database(t)}
	}
	bin := assistantBinary(t)
	kills := 0
	for after := 40 * time.Millisecond; ; after += 20 * time.Millisecond {
		ctx, cancel := context.WithTimeout(t.Context(), after) // it kills
		out, err := exec.CommandContext(ctx, bin, append([]string{"move", "--data-dir", dir}, to...)...).CombinedOutput()
		killed := ctx.Err() != nil
		cancel()
		if err == nil {
			break
		}
		if !killed {
			t.Fatalf("after %d kills: %v\n%s", kills, err, out)
		}
		if kills++; kills > 200 {
			t.Fatal("it does not get on")
		}
	}
	t.Logf("moved after %d kills", kills)
	c := defaults()
	c.DataDir, c.Database, c.Keys = dir, to[1], to[3]
	s, err := openStore(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, i := range []int{0, 1, 1999, records - 1} {
		if r, err := s.Record(t.Context(), "shop", fmt.Sprintf("o%d", i)); err != nil || r.Text != "One tent." {
			t.Errorf("record %d: %q, %v", i, r.Text, err)
		}
	}
	for i := range 50 {
		if _, ok, err := s.FindCustomer(t.Context(), "shop", fmt.Sprintf("c%d", i)); err != nil || !ok {
			t.Errorf("customer %d: %t, %v", i, ok, err)
		}
	}
}
