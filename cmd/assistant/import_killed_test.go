//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/consent"
	"candor/retrieval"
	"candor/store"
)

// TestImportKilled: an import that is killed goes on when it is run again, and comes to
// what it comes to in one run.
func TestImportKilled(t *testing.T) {
	const customers, each = 50, 80
	bin, dir := assistantBinary(t), t.TempDir()
	t.Chdir(dir) // where init writes a configuration
	flags := []string{"--data-dir", filepath.Join(dir, "data")}
	for _, args := range [][]string{{"init", "--config", filepath.Join(dir, "candor.yaml")}, {"site", "add", "shop", "--name", "Shop", "--origin", "https://shop.example"}} {
		if _, err := runCommand(t, append(args, flags...)...); err != nil {
			t.Fatal(err)
		}
	}
	var lines bytes.Buffer
	for i := range customers * each {
		b, err := json.Marshal(map[string]any{
			"customer": fmt.Sprint("c", i%customers), "category": "orders", "title": fmt.Sprint("Order ", i),
			"text": fmt.Sprintf("Order %d of a tent was sent. %s", i, strings.Repeat("It has pegs. ", i%20)), "collected_at": "2026-11-01",
		})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(b, '\n'))
	}
	file := filepath.Join(dir, "records.jsonl")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"import", "records", file}, flags...)
	kills := 0
	for kill := 100 * time.Millisecond; ; kill *= 2 {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), bin, args...)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(kill, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		if timer.Stop() || err == nil {
			if err != nil || !strings.Contains(out.String(), fmt.Sprint(customers*each, " imported")) {
				t.Fatalf("%v: %s", err, &out)
			}
			break
		}
		kills++
	}
	t.Logf("killed %d times", kills)
	if kills == 0 {
		t.Error("it was never killed in the middle")
	}
	out, err := runCommand(t, args...)
	if err != nil || !strings.Contains(out, fmt.Sprintf("%d imported (%[1]d of them were there already), 0 refused", customers*each)) {
		t.Errorf("again: %v: %s", err, out)
	}
	// Each record is there once, of the right customer.
	s, err := openStore(t.Context(), Config{DataDir: filepath.Join(dir, "data"), Database: "sqlite:", Keys: "sqlite:"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seen := make(map[string]bool)
	for i := range customers {
		for _, r := range allOf(t, s, fmt.Sprint("c", i)) {
			var n int
			if _, err := fmt.Sscanf(r.Title, "Order %d", &n); err != nil || n%customers != i || seen[r.Title] {
				t.Errorf("%q of c%d, %v", r.Title, i, err)
			}
			seen[r.Title] = true
		}
	}
	if len(seen) != customers*each {
		t.Errorf("%d records are there, want %d", len(seen), customers*each)
	}
}

func allOf(t *testing.T, s *store.Store, sub string) []retrieval.Held {
	t.Helper()
	id, ok, err := s.FindCustomer(t.Context(), "shop", sub)
	if err != nil || !ok {
		t.Fatalf("%s: %t, %v", sub, ok, err)
	}
	all, _, err := s.RecordsOf(t.Context(), id, consent.Place{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
