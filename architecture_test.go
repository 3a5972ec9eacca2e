package candor

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayImport says which packages of ours each package may import, by the first
// part of its path. Imports point down only; what is not here is refused.
var mayImport = map[string][]string{
	"pii":          {}, // a leaf: whatever takes in what people write may look at it
	"identity":     {},
	"consent":      {"identity"},
	"retrieval":    {"identity", "consent"},
	"citation":     {"identity", "consent"},
	"answer":       {"identity", "consent", "retrieval", "citation"},
	"review":       {"identity", "consent", "citation", "answer"},
	"conversation": {"pii", "identity", "consent"},
	"delivery":     {"identity", "consent", "conversation"},
	"agents":       {"identity", "consent", "retrieval", "conversation"},
	"ingest":       {"pii", "identity", "consent", "retrieval"},
	"export":       {"identity", "consent", "retrieval", "answer", "conversation"},
	"store":        {"identity", "consent", "retrieval", "citation", "answer", "review", "conversation", "agents", "delivery", "export"},
	"web":          {"pii", "identity", "consent", "retrieval", "citation", "answer", "review", "conversation", "agents", "delivery", "export"},
	"eval":         {"pii", "identity", "consent", "retrieval", "answer", "review"},
	"cmd":          {"identity", "consent", "retrieval", "citation", "answer", "review", "conversation", "agents", "delivery", "ingest", "export", "store", "web", "eval"},
	"internal":     {"citation", "eval"}, // help for tests, which nothing imports
	"soak":         {},                   // tests only
	"histories":    {},                   // tests only
	"tools":        {},                   // what stands by itself
}

// only says which packages may import a library: a part and those below it.
var only = map[string][]string{
	"github.com/nats-io/":                 {"agents/natsdesk", "cmd/assistant"}, // the wiring measures it
	"github.com/qdrant/":                  {"retrieval/qdrant"},
	"github.com/sashabaranov/go-openai":   {"answer/openai", "retrieval/openai"},
	"database/sql":                        {"store"},
	"modernc.org/sqlite":                  {"store"},
	"github.com/pressly/goose":            {"store"},
	"github.com/jackc/pgx":                {"store", "internal/pgtest"},
	"github.com/tink-crypto/":             {"store"},
	"github.com/gofiber/":                 {"web"},
	"github.com/danielgtaylor/huma":       {"web"},
	"github.com/spf13/cobra":              {"cmd/assistant"},
	"github.com/blevesearch/snowballstem": {"retrieval/analysis"},
	"github.com/clipperhouse/uax29":       {"retrieval/analysis", "retrieval/encoder/tokenizer"},
	"golang.org/x/sys/cpu":                {"retrieval/vector"},
	"github.com/evanw/esbuild":            {"web/build"},
	"github.com/wneessen/go-mail":         {"delivery"},
	"github.com/golang-jwt/":              {"identity"},
	"golang.org/x/crypto/argon2":          {"identity"},
	"github.com/prometheus/client_golang": {"web", "cmd/assistant"},
	"github.com/google/go-cmp":            {"retrieval/indextest", "agents/desktest", "store/storetest"}, // and tests
	"github.com/rogpeppe/go-internal":     nil,
	"github.com/chromedp/":                nil,
	"testing":                             {"retrieval/indextest", "agents/desktest", "store/storetest", "store/schematest", "internal/pgtest", "internal/evaldata", "internal/logtest"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	// What go list reads is not known to go test, which would go on with an old result: a
	// folder that was read here ends it with any change of its files.
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != "." && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestImportsPointDown holds the layering of the design: what decides about
// data knows nothing of how it is stored, served or shown.
func TestImportsPointDown(t *testing.T) {
	const module = "candor"
	for _, p := range packages(t) {
		path, ours := strings.CutPrefix(p.ImportPath, module+"/")
		if !ours {
			continue
		}
		part, _, _ := strings.Cut(path, "/")
		allowed, known := mayImport[part]
		if !known {
			t.Errorf("%s is in no layer: give it one in mayImport", path)
		}
		for _, i := range p.Imports {
			target, ours := strings.CutPrefix(i, module+"/")
			if !ours {
				continue
			}
			to, _, _ := strings.Cut(target, "/")
			if to != part && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: imports point down only", path, target)
			}
			// An engine is chosen by the wiring, and knows no sibling.
			if strings.HasPrefix(path, part+"/") && to == part && target != part && !helper(target) {
				t.Errorf("%s imports its sibling %s", path, target)
			}
		}
	}
}

// helper names packages that several engines of a part share.
func helper(target string) bool {
	return slices.Contains([]string{"answer/openai/server", "retrieval/analysis", "retrieval/bm25", "retrieval/vector", "retrieval/encoder", "retrieval/encoder/tokenizer", "web/build/bundle", "store/schematest"}, target)
}

// TestLibrariesStayBehindTheirPart keeps each outside dependency where it can
// be replaced.
func TestLibrariesStayBehindTheirPart(t *testing.T) {
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, "candor/")
		for _, i := range p.Imports {
			for library, allowed := range only {
				if i != library && !strings.HasPrefix(i, strings.TrimSuffix(library, "/")+"/") {
					continue
				}
				if !slices.ContainsFunc(allowed, func(a string) bool { return path == a || strings.HasPrefix(path, a+"/") }) {
					t.Errorf("%s imports %s, which only %v may", path, i, allowed)
				}
			}
		}
	}
}
