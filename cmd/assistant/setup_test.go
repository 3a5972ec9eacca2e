package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"candor/consent"
)

// atOnce is how many tests run side by side, if the command line does not say: most wait
// for a clock, a process or a server more than they work.
const atOnce = 4

func TestMain(m *testing.M) {
	if runtime.GOMAXPROCS(0) < atOnce {
		if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){"assistant": main})
}

// TestScripts runs the command line as its users do: testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true})
}

// TestPolicyIsTheServers: a command that is run beside a server, with another
// policy or with none, does not put it into force.
func TestPolicyIsTheServers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "consent", "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	load := func(version, extra string) *consent.Policy {
		t.Helper()
		s := strings.Replace(string(text), `version: "`+consent.DefaultPolicy().Version+`"`, `version: "`+version+`"`, 1)
		p, err := consent.LoadPolicy(strings.NewReader(s + extra))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	dir := t.TempDir()
	s, err := openStore(t.Context(), Config{DataDir: dir, Database: "sqlite:", Keys: "sqlite:"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.InstallPolicy(t.Context(), load("of the server", "")); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"site add shop", "site list", "init --config " + filepath.Join(dir, "candor.yaml")} {
		err := Run(t.Context(), append(strings.Fields(command), "--data-dir", dir), Stdio{
			In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: t.Output(), Env: func(string) (string, bool) { return "", false },
		})
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		// While the server's is in force, its version names its text alone.
		if err := s.InstallPolicy(t.Context(), load("of the server", "# another text\n")); err == nil {
			t.Fatalf("%s replaced the policy in force", command)
		}
	}
}
