package answer

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// readData reads a JSONL file of the evaluation data, which is no part of the
// repository: its folder is CANDOR_DATA, else ../shared/data beside it.
func readData[T any](t *testing.T, name string) []T {
	t.Helper()
	dir := os.Getenv("CANDOR_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, name))
	if os.IsNotExist(err) {
		t.Skipf("no evaluation data at %s; set CANDOR_DATA", filepath.Join(dir, name))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
