package answer_test

import (
	"errors"
	"io/fs"
	"testing"

	"candor/eval"
)

// readData reads rows of the evaluation data, which is no part of the
// repository; without it the test is skipped.
func readData[T any](t *testing.T, name string) []T {
	t.Helper()
	rows, err := eval.Rows[T](name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
