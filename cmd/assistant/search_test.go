package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestSearchExplains: search shows how it understood the question and why it found
// what it did, within the width of a terminal; without --explain it shows what it
// found.
func TestSearchExplains(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "articles.jsonl")
	articles := `{"id":"a1","title":"Returning boots","text":"Returns of boots are free."}
{"id":"a2","title":"Boots that go back","text":"returns of boots  are free!"}
{"id":"a3","title":"Delivery","text":"Parcels go to Norway by plane; tents, kayaks, ladders, wardrobes, pianos and carpets by ship."}
`
	if err := os.WriteFile(file, []byte(articles), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := runWith(t.Context(), nil, append(args, "--data-dir", dir)...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return out
	}
	run("init", "--config", filepath.Join(dir, "candor.yaml"))
	run("site", "add", "shop")
	run("import", "knowledge", file)

	for _, tt := range []struct {
		name      string
		args      []string
		want, not []string
	}{
		{
			"plain",
			[]string{"How do I return boots?"},
			[]string{"a1#0  Returning boots"},
			[]string{"language:", "rank", "a3#0"},
		},
		{
			"terms, scores, ranks and what was collapsed",
			[]string{"How do I return boots?", "--explain"},
			[]string{"language: en\n", "terms: boot, return\n", "by words alone", "a1#0", "says the same as a2\n", "(rank 1)", "boot ", "return "},
			[]string{"collected:", "earlier", "own:"},
		},
		{
			"a time and the latest",
			[]string{"my last order of boots in March 2025", "--explain"},
			[]string{"about the customer's own: orders\n", "of these: the newest record alone\n", "collected: 2025-03-01 to 2025-03-31\n"},
			nil,
		},
		{
			"a time that goes on",
			[]string{"my orders of boots since March 2025", "--explain"},
			[]string{"collected: 2025-03-01 to today\n"},
			[]string{"newest"},
		},
		{
			"a follow-up",
			[]string{"And how long does it take there?", "--after", "Do tents, kayaks, ladders, wardrobes, pianos and carpets go by plane?", "--after", "To Norway?", "--explain"},
			[]string{"terms of earlier questions: carpet, ", "norway", "a3#0"},
			[]string{"a1#0"},
		},
		{
			"nothing",
			[]string{"umbrella", "--explain", "--language", "en"},
			[]string{"terms: umbrella\n", "nothing found\n"},
			[]string{"rank"},
		},
	} {
		out := run(append([]string{"search", "--embedding", "none:"}, tt.args...)...)
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in\n%s", tt.name, want, out)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(out, not) {
				t.Errorf("%s: %q is in\n%s", tt.name, not, out)
			}
		}
		for line := range strings.Lines(out) {
			// Texts wrap in the terminal; what explains them fits.
			if n := utf8.RuneCountInString(line); n > width+1 && !strings.Contains(line, "Parcels go") {
				t.Errorf("%s: a line of %d characters: %s", tt.name, n, line)
			}
		}
	}
}
