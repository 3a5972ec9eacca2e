package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// TestNewPolicy starts with a policy whose notice has changed: what was indexed
// under grants that were made on the old one goes.
func TestNewPolicy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := defaults()
	config.DataDir = dir
	start := func() *app {
		a, err := newApp(t.Context(), config, nil, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	stop := func(a *app) {
		if err := a.close(); err != nil {
			t.Fatal(err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	indexed := func(a *app) int {
		customers, err := a.store.Indexed(t.Context())
		must(err)
		return len(customers)
	}

	a := start()
	must(a.store.AddSite(t.Context(), identity.Site{ID: "shop", Name: "Shop", Secret: []byte("s")}, "key"))
	id, err := a.store.Customer(t.Context(), "shop", "maya")
	must(err)
	must(a.store.PutRecord(t.Context(), retrieval.Record{
		ID: "r1", Site: "shop", Customer: id, Category: "orders", Title: "Order 1", Text: "Order 1 was shipped.", CollectedAt: time.Now(),
	}))
	who := identity.Principal{Kind: identity.Customer, Site: "shop", Customer: id}
	_, err = a.gate.Change(t.Context(), who, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{{
		Triple: consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}, Granted: true,
	}}})
	must(err)
	scope, err := a.gate.Scope(context.WithoutCancel(t.Context()), who, consent.Answers)
	must(err)
	if passages, err := a.store.Passages(t.Context(), scope); err != nil || len(passages) == 0 || indexed(a) != 1 {
		t.Fatalf("%d passages, %v", len(passages), err)
	}
	stop(a)
	a = start()
	if indexed(a) != 1 {
		t.Error("the same policy removed what is indexed")
	}
	stop(a)

	text, err := os.ReadFile("../../consent/policy.yaml")
	must(err)
	next := strings.Replace(string(text), "version: ", "version: next-", 1)
	next = strings.Replace(next, "id: data-choices", "id: data-choices-2", 1)
	if strings.Count(next, "next-") != 1 || !strings.Contains(next, "data-choices-2") {
		t.Fatal("the policy file is written in another way")
	}
	config.Policy = filepath.Join(dir, "policy.yaml")
	must(os.WriteFile(config.Policy, []byte(next), 0o600))
	a = start()
	defer stop(a)
	if n := indexed(a); n != 0 {
		t.Errorf("%d customers are indexed under a notice that they never read", n)
	}
	if scope, err := a.gate.Scope(t.Context(), who, consent.Answers); err != nil || len(scope.Searchable()) != 0 {
		t.Errorf("the old grants still allow %v, %v", scope.Searchable(), err)
	}
}
