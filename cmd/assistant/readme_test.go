package main

import (
	"os"
	"strings"
	"testing"
)

// TestReadme keeps the README's commands and settings those of the program.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(b)
	for _, command := range []string{"go run ./cmd/assistant demo", "go test ./..."} {
		if !strings.Contains(readme, command) {
			t.Errorf("the README does not show %s", command)
		}
	}
	for _, s := range settings() {
		if !strings.Contains(readme, "`"+s.env+"`") {
			t.Errorf("the README does not name %s", s.env)
		}
		if s.flag && !strings.Contains(readme, "`"+s.name+"` | `--"+s.flagName()+"`") {
			t.Errorf("the README does not name the setting %s with its flag", s.name)
		}
		if s.flag && s.byDefault != "" && !strings.Contains(readme, "| `"+s.byDefault+"` |") {
			t.Errorf("the README does not have the default of %s", s.name)
		}
	}
}
