package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goldenFigures compares figures with those of a file beside the other suites', or writes
// them with -update. A change of quality is to be seen, and decided on, in a diff.
func goldenFigures[T any](t *testing.T, name string, got T, options ...cmp.Option) {
	t.Helper()
	name = filepath.Join("..", "..", "eval", "testdata", name)
	if *update {
		b, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var want T
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, options...); d != "" {
		t.Errorf("%s; if this is meant, go test ./cmd/assistant -run %s -update (-want +got):\n%s", name, t.Name(), d)
	}
}
