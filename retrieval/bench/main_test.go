package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestRun runs all of it on next to nothing.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), sizes{knowledge: 200, customers: 6, passages: 10}, 4, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if n := strings.Count(out.String(), "| "+task.name+" |"); n < 2 {
			t.Errorf("%s is measured of %d engines\n%s", task.name, n, &out)
		}
	}
}

// TestFilters checks that every engine keeps to the filter, and finds what is right.
func TestFilters(t *testing.T) {
	z := sizes{knowledge: 300, customers: 8, passages: 10}
	asked := []int{0, 3, 5}
	all, err := engines(t.Context(), z, asked, t.TempDir(), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, e := range all {
			if err := e.close(); err != nil {
				t.Error(err)
			}
		}
	}()
	did := make(map[string]int)
	for n := range 30 {
		text := question(n)
		for _, e := range all {
			for _, by := range []struct {
				text   string
				vector []float32
			}{{text, nil}, {"", embed(text)}} {
				got, err := e.knowledge(t.Context(), by.text, by.vector)
				if err == nil {
					did[e.name()] += len(got)
				} else if !errors.Is(err, errCannot) {
					t.Fatalf("%s: %v", e.name(), err)
				}
				for _, f := range got {
					if article(int(f)).internal {
						t.Errorf("%s finds internal article %d", e.name(), f)
					}
				}
				got, err = e.own(t.Context(), asked[n%len(asked)], by.text, by.vector)
				if err == nil {
					did[e.name()] += len(got)
				} else if !errors.Is(err, errCannot) {
					t.Fatalf("%s: %v", e.name(), err)
				}
				for _, f := range got {
					if f < 0 || int(f) >= z.passages || !slices.Contains(allowed, categories[int(f)%len(categories)]) {
						t.Errorf("%s finds passage %d of a customer", e.name(), f)
					}
				}
			}
		}
	}
	for _, e := range all {
		if _, ok := e.(pair); !ok && did[e.name()] == 0 {
			t.Errorf("%s finds nothing", e.name())
		}
	}
	results, err := measure(t.Context(), all, asked, 5, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := judge(context.Background(), results, z, asked, 30); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.task.meaning && !r.task.words && (r.of == 0 || float64(r.same) < .97*float64(r.of)) {
			t.Errorf("%s, %s: %d of %d are right", r.task.name, r.engine.name(), r.same, r.of)
		}
	}
}
