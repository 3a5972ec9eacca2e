//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"candor/consent"
	"candor/identity"
)

// policyFile writes the default policy with a version and with what is replaced, in
// pairs of old and new.
func policyFile(t *testing.T, version string, pairs ...string) string {
	t.Helper()
	text := strings.NewReplacer(append([]string{`version: "` + consent.DefaultPolicy().Version + `"`, `version: "` + version + `"`}, pairs...)...).
		Replace(string(consent.DefaultPolicy().Text()))
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	out, err := runCommand(t, "policy", "default")
	if err != nil || out != string(consent.DefaultPolicy().Text()) {
		t.Fatalf("the default policy: %v", err)
	}
	if out, err = runCommand(t, "policy", "check", policyFile(t, "mine")); err != nil || !strings.Contains(out, "is valid: version mine") {
		t.Errorf("%s, %v", out, err)
	}
	file := policyFile(t, "bad", "audience: general", "audience: adults", "retention: 730d", "retention: 2y", "  - id: agent_assist", "  - id: answers", "defer_for", "defers_for")
	lines := strings.Split(readFile(t, file), "\n")
	out, err = runCommand(t, "policy", "check", file)
	if err == nil {
		t.Fatal(out)
	}
	said := strings.Split(err.Error(), "\n")
	for text, at := range map[string]string{
		`audience "adults" is neither`:              "audience: adults",
		`"2y" is not a number of days`:              "retention: 2y",
		`there is no setting "defers_for" here`:     "defers_for",
		`purpose "answers" is defined twice`:        "",
		`purpose "agent_assist" is not defined`:     "purpose: agent_assist",
		"defer_for is missing, in days such as 30d": "version",
	} {
		found := false
		for _, l := range said {
			m := regexp.MustCompile(`:(\d+): `).FindStringSubmatch(l)
			if !strings.Contains(l, text) || m == nil || !strings.HasPrefix(l, file+":") {
				continue
			}
			n := 0
			for _, d := range m[1] {
				n = n*10 + int(d-'0')
			}
			found = found || n > 0 && n <= len(lines) && strings.Contains(lines[n-1], at)
		}
		if !found {
			t.Errorf("nothing says %q at %q:\n%s", text, at, err)
		}
	}
	if _, err := runCommand(t, "policy", "check", filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a file that is not there is valid")
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestPolicyDiff counts what a new policy would suspend, and then loads it: it
// suspends exactly that.
func TestPolicyDiff(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	first, second := policyFile(t, "first"), policyFile(t, "second", "retention: 730d", "retention: 800d")
	p, err := readPolicy(first)
	k.must(err)
	k.must(k.InstallPolicy(t.Context(), p))
	gate := consent.NewGate(k.Store, p)
	give := func(name string, triples ...consent.Triple) {
		id, err := k.Customer(t.Context(), "shop", name)
		k.must(err)
		set := consent.ChangeSet{Language: "en", Channel: "widget"}
		for _, x := range triples {
			set.Changes = append(set.Changes, consent.Change{Triple: x, Granted: true})
		}
		_, err = gate.Change(t.Context(), identity.Principal{Kind: identity.Customer, Site: "shop", Customer: id}, set)
		k.must(err)
	}
	orders := consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}
	desk := consent.Triple{Purpose: consent.AgentAssist, Category: "orders", Recipient: consent.HumanAgents}
	profile := consent.Triple{Purpose: consent.Answers, Category: "profile", Recipient: consent.BrandAI}
	give("one", orders, desk, profile)
	give("two", orders)
	give("three", profile)
	k.must(k.Close())

	out, err := runCommand(t, "policy", "diff", first, second, "--data-dir", k.dir)
	if err != nil || !strings.Contains(out, "loading it would suspend 3 grants of 2 customers") || !strings.Contains(out, "Of 5 grants of 3 customers") ||
		!strings.Contains(out, "orders are kept longer: 800 days, not 730") {
		t.Errorf("%s%v", out, err)
	}
	if out, err = runCommand(t, "policy", "diff", second, first, "--data-dir", k.dir); err != nil || !strings.Contains(out, "another policy is in force") {
		t.Errorf("%s%v", out, err)
	}
	if out, err = runCommand(t, "policy", "diff", first, first, "--data-dir", filepath.Join(t.TempDir(), "none")); err != nil ||
		!strings.Contains(out, "nothing material") || !strings.Contains(out, "There is no database") {
		t.Errorf("%s%v", out, err)
	}
}

// TestReload puts another policy in force while the program runs: by SIGHUP, at
// once for every decision, and never one with faults.
func TestReload(t *testing.T) {
	safe := make(chan os.Signal, 1)
	signal.Notify(safe, syscall.SIGHUP) // the tests must outlive one that comes late
	defer signal.Stop(safe)
	config := defaults()
	config.DataDir = t.TempDir()
	config.Policy = policyFile(t, "first")
	var log lockedBuffer
	a, err := newApp(t.Context(), config, nil, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); a.reloadOnHangup(ctx) }()
	defer func() { stop(); <-ended }()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.store.AddSite(ctx, identity.Site{ID: "shop", Name: "Shop", Secret: []byte("s")}, "key"))
	id, err := a.store.Customer(ctx, "shop", "maya")
	must(err)
	maya := identity.Principal{Kind: identity.Customer, Site: "shop", Customer: id}
	orders := consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}
	_, err = a.gate.Change(ctx, maya, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{{Triple: orders, Granted: true}}})
	must(err)
	scope, err := a.gate.Scope(ctx, maya, consent.Answers)
	must(err)
	hangUp := func(next, said string) {
		t.Helper()
		must(os.WriteFile(config.Policy, []byte(readFile(t, next)), 0o600))
		must(syscall.Kill(os.Getpid(), syscall.SIGHUP))
		for deadline := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), said); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the log does not say %q:\n%s", said, log.String())
			}
		}
		log.Reset()
	}
	time.Sleep(20 * time.Millisecond) // until it listens
	hangUp(config.Policy, "the policy is in force already")
	hangUp(policyFile(t, "broken", "audience: general", "audience: adults"), "the one in force stays")
	must(a.gate.Holds(ctx, scope.Stamp()))
	hangUp(policyFile(t, "second", "retention: 730d", "retention: 800d"), "now=second")
	if err := a.gate.Holds(ctx, scope.Stamp()); !errors.Is(err, consent.ErrStale) {
		t.Errorf("what was decided by the first policy still holds: %v", err)
	}
	if scope, err = a.gate.Scope(ctx, maya, consent.Answers); err != nil || len(scope.Searchable()) > 0 {
		t.Errorf("orders may be searched under a policy that keeps them longer: %v, %v", scope.Searchable(), err)
	}
	hangUp(policyFile(t, "first"), "the policy here was replaced before")
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}
