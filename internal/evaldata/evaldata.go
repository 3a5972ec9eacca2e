// Package evaldata gives tests the evaluation data, which is no part of the repository.
// Where it is absent a test is skipped with a line that says so, but never in CI.
package evaldata

import (
	"os"
	"testing"

	"candor/eval"
)

// Dir is the folder of the data.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, err := eval.DataDir()
	if err != nil && os.Getenv("CI") != "" {
		tb.Fatalf("in CI nothing is skipped: %v", err)
	}
	if err != nil {
		tb.Skip(err)
	}
	return dir
}

// Rows are the rows of a file of the data.
func Rows[T any](tb testing.TB, name string) []T {
	tb.Helper()
	Dir(tb)
	rows, err := eval.Rows[T](name)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}
