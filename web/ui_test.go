package web

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"candor/answer"
	"candor/consent"
	"candor/export"
	"candor/review"
	"candor/web/build/bundle"
)

// The built pages are committed so that `go run` needs only Go. This proves
// that they are those of the sources.
func TestDistIsFresh(t *testing.T) {
	if _, err := os.Stat("ui/node_modules"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("web/ui/node_modules is missing: run npm ci in web/ui")
		}
		t.Skip("web/ui/node_modules is missing: run npm ci in web/ui to compare web/dist with its sources")
	}
	fresh := t.TempDir()
	if err := bundle.Pages("ui", fresh); err != nil {
		t.Fatal(err)
	}
	want, got := files(t, fresh), files(t, "dist")
	for name, b := range want {
		if !bytes.Equal(got[name], b) {
			t.Errorf("dist/%s is not what its sources build: run go generate ./web", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("dist/%s has no source", name)
		}
	}
}

// Inline scripts, inline styles and other origins would be blocked by the pages'
// Content-Security-Policy in the browser; here they fail early.
func TestPagesSuitTheirPolicy(t *testing.T) {
	for name, b := range files(t, "dist") {
		if filepath.Ext(name) != ".html" {
			continue
		}
		for _, bad := range []string{"<style", "style=", "onclick=", "<script>", "http://", "https://"} {
			if bytes.Contains(b, []byte(bad)) {
				t.Errorf("dist/%s contains %s", name, bad)
			}
		}
	}
}

// What the customer's page has to load before it works is kept small.
func TestWidgetIsSmall(t *testing.T) {
	dist := files(t, "dist")
	for _, part := range []struct {
		names []string
		limit int
	}{
		{[]string{"loader.js"}, 8_000},
		// What the chat needs to know of people who answer before person.js is there:
		// unread messages, and files of a message that waits to be sent.
		{[]string{"widget.js", "widget-shared.js"}, 61_500},
		{[]string{"privacy.js"}, 37_500}, // when it is opened
		{[]string{"person.js"}, 20_000},  // when a person is asked for
	} {
		n := 0
		for _, name := range part.names {
			if len(dist[name]) == 0 {
				t.Errorf("dist/%s is not there", name)
			}
			n += len(dist[name])
		}
		if n > part.limit {
			t.Errorf("%s: %d bytes; at most %d are allowed", part.names, n, part.limit)
		}
	}
}

// Every kind that the server knows is one that the pages have words for: the compiler
// demands them of all that a type names.
func TestPagesKnowKinds(t *testing.T) {
	for _, kinds := range []struct {
		file, name string
		want       []string
	}{
		{"widget/privacy/types.ts", "UseKind", inText(export.UseKinds())},
		{"widget/privacy/types.ts", "ComplaintKind", inText(consent.ComplaintKinds)},
		{"desk/types.ts", "FlagKind", inText(review.Verdicts[1:])}, // all but that it is correct
	} {
		source, err := os.ReadFile(filepath.Join("ui", kinds.file))
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile(`export type ` + kinds.name + ` = ([^;]+);`).FindSubmatch(source)
		if named == nil {
			t.Fatalf("%s has no type %s", kinds.file, kinds.name)
		}
		var got []string
		for _, k := range regexp.MustCompile(`\w+`).FindAll(named[1], -1) {
			got = append(got, string(k))
		}
		slices.Sort(got)
		slices.Sort(kinds.want)
		if !slices.Equal(got, kinds.want) {
			t.Errorf("%s knows of %s %v, want %v", kinds.file, kinds.name, got, kinds.want)
		}
	}
}

func inText[K ~string](kinds []K) []string {
	var out []string
	for _, k := range kinds {
		out = append(out, string(k))
	}
	return out
}

// Customers of the demo, and reviewers, read in words why a sentence was removed.
func TestPagesKnowRemovals(t *testing.T) {
	for _, page := range []string{"widget/privacy/words/en.ts", "admin/Removed.tsx"} {
		source, err := os.ReadFile(filepath.Join("ui", page))
		if err != nil {
			t.Fatal(err)
		}
		words := regexp.MustCompile(`(?ms)^(?:const |  )removed:[^{\n]*\{(.*?)\}`).FindSubmatch(source)
		if words == nil {
			t.Fatalf("%s has no words for removed sentences", page)
		}
		var known []string
		for _, m := range regexp.MustCompile(`(?m)^\s*(\w+): "`).FindAllSubmatch(words[1], -1) {
			known = append(known, string(m[1]))
		}
		for _, reason := range answer.RemovalReasons {
			if !slices.Contains(known, reason) {
				t.Errorf("%s has no words for %q, only for %v", page, reason, known)
			}
		}
	}
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	m := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		m[path], err = os.ReadFile(filepath.Join(dir, path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
