package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"candor/consent"
)

var update = flag.Bool("update", false, "write candor.example.yaml")

// TestExample: the example in the repository's root is the one that the program
// knows, and it is a configuration.
func TestExample(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "candor.example.yaml")
	if *update {
		if err := os.WriteFile(file, []byte(example()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(example(), string(b)); d != "" {
		t.Errorf("candor.example.yaml is not fresh: go test ./cmd/assistant -run TestExample -update\n%s", d)
	}
	c, err := load(t, nil, nil, "--config", file)
	if err != nil || c != defaults() {
		t.Errorf("the example is not the defaults: %+v, %v", c, err)
	}
	for _, s := range settings() {
		if s.help == "" {
			t.Errorf("%s has no help", s.name)
		}
		if !strings.Contains(string(b), s.env) {
			t.Errorf("the example does not name %s", s.env)
		}
	}
}

// load runs loadConfig as a command with all the flags does.
func load(t *testing.T, file *string, env map[string]string, args ...string) (Config, error) {
	t.Helper()
	if file != nil {
		path := filepath.Join(t.TempDir(), "candor.yaml")
		if err := os.WriteFile(path, []byte(*file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	var c Config
	cmd := &cobra.Command{SilenceErrors: true, SilenceUsage: true, RunE: func(cmd *cobra.Command, _ []string) (err error) {
		c, err = loadConfig(cmd, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
		return err
	}}
	addFlags(cmd.Flags())
	cmd.SetArgs(append([]string{}, args...))
	return c, cmd.ExecuteContext(t.Context())
}

// TestWhereASettingComesFrom: its flag, else the environment, else the file, else
// its default.
func TestWhereASettingComesFrom(t *testing.T) {
	t.Parallel()
	file, empty, comment, begun := "addr: :1001\nlog_level: debug\n", "", "# addr: :1001\n", "---\n"
	env := map[string]string{"CANDOR_ADDR": ":1002", "CANDOR_MASTER_KEY": "key of the environment"}
	for _, tt := range []struct {
		name string
		file *string
		env  map[string]string
		args []string
		want string
	}{
		{"nothing", nil, nil, nil, "127.0.0.1:8080"},
		{"an empty file", &empty, nil, nil, "127.0.0.1:8080"},
		{"a file of comments", &comment, nil, nil, "127.0.0.1:8080"},
		{"a file that has only begun", &begun, nil, nil, "127.0.0.1:8080"},
		{"the file", &file, nil, nil, ":1001"},
		{"the environment", &file, env, nil, ":1002"},
		{"the flag", &file, env, []string{"--addr", ":1003"}, ":1003"},
		{"the flag, with the default", &file, env, []string{"--addr", "127.0.0.1:8080"}, "127.0.0.1:8080"},
	} {
		c, err := load(t, tt.file, tt.env, tt.args...)
		if err != nil || c.Addr != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, c.Addr, err, tt.want)
		}
		if tt.file == &file && c.LogLevel != "debug" {
			t.Errorf("%s: what only the file says is lost", tt.name)
		}
		if want := tt.env["CANDOR_MASTER_KEY"]; c.MasterKey != want {
			t.Errorf("%s: the master key is %q, want %q", tt.name, c.MasterKey, want)
		}
	}
	if _, err := load(t, nil, nil, "--master-key", "x"); err == nil {
		t.Error("the master key can be a flag, which shows in the process list")
	}
	inFile := "master_key: x\n"
	if _, err := load(t, &inFile, nil); err == nil {
		t.Error("the master key can be in the file")
	}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file string
		args       []string
		want       string // one clear line has this
	}{
		{"an unknown setting", "log_level: info\ncolour: red\n", nil, `candor.yaml: line 2: there is no setting "colour"`},
		{"a setting of the environment alone", "master_key: x\n", nil, `there is no setting "master_key"`},
		{"no settings", "colour\n", nil, "candor.yaml: line 1:"},
		{"two settings that are no text", "addr: [1]\nindex: {a: b}\n", nil, "candor.yaml: line 1:"},
		{"one setting twice", "index: \"embedded:\"\nindex: \"embedded:\"\n", nil, `"index" already defined`},
		{"not YAML", "addr: [", nil, "candor.yaml"},
		{"an unknown database", "", []string{"--database", "mysql:x"}, `database "mysql:x": the scheme is none of sqlite:`},
		{"a database without a scheme", "", []string{"--database", "candor.db"}, `database "candor.db"`},
		{"an empty database", "", []string{"--database", ""}, `database ""`},
		{"an unknown index", "index: \"elastic:\"\n", nil, `index "elastic:"`},
		{"an unknown carrier of messages", "", []string{"--messages", "kafka://x"}, `messages "kafka://x": the scheme is none of embedded:, nats:`},
		{"an unknown answerer", "", []string{"--answering", "magic:"}, `answering "magic:"`},
		{"an address without a port", "", []string{"--addr", "localhost"}, "host:port"},
		{"a port beyond the last", "", []string{"--addr", "localhost:70000"}, "host:port"},
		{"a port that is a word", "", []string{"--addr", "localhost:http!"}, "host:port"},
		{"a witness without a key", "", []string{"--log-witness", "https://witness.example"}, "log_witness"},
		{"a witness with the key of a log", "", []string{"--log-witness", "https://witness.example candor-log-1+00000000+AAAA"}, "log_witness"},
		{"a copy over plain http", "", []string{"--log-copy", "http://copies.example/log"}, "log_copy"},
		{"a public address without a scheme", "", []string{"--public-url", "chat.example.com"}, "public_url"},
		{"a public address of another scheme", "", []string{"--public-url", "ftp://chat.example.com"}, "public_url"},
		{"a limit that is no number", "limit_site: many\n", nil, `limit_site "many" is no number`},
		{"a limit below none", "", []string{"--limit-customer", "-1"}, `limit_customer "-1"`},
		{"no data folder", "", []string{"--data-dir", ""}, "data_dir"},
		{"outside desks without a token", "", []string{"--nats-listen", "127.0.0.1:4222"}, "nats_token"},
		{"outside desks of a server outside", "", []string{"--nats-listen", "127.0.0.1:4222", "--nats-token", "t", "--messages", "nats://x:4222"}, "outside"},
		{"an unknown embedder", "", []string{"--embedding", "magic:"}, `embedding "magic:": the scheme is none of builtin:`},
		{"a server without a model", "", []string{"--embedding", "https://x/v1", "--embedding-dimension", "3", "--embedding-recipient", "r"}, "needs embedding_model"},
		{"a server without a recipient", "", []string{"--embedding", "https://x/v1", "--embedding-dimension", "3", "--embedding-model", "m"}, "needs embedding_recipient"},
		{"a server's dimension", "", []string{"--embedding", "https://x/v1", "--embedding-dimension", "many", "--embedding-model", "m", "--embedding-recipient", "r"}, `embedding_dimension "many"`},
		{"a model of no server", "", []string{"--embedding-model", "m"}, "embedding_model is for an embedding server"},
		{"another company in clear", "", []string{"--embedding", "http://x/v1", "--embedding-dimension", "3", "--embedding-model", "m", "--embedding-recipient", "ai_provider:openai"}, "use https"},
		{"a model file of no encoder", "", []string{"--embedding", "none:", "--encoder", "m.enc"}, "encoder names a model for builtin:"},
		{"a model without its name", "", []string{"--answering", "https://x/v1", "--answering-recipient", "brand_ai"}, "needs as many values"},
		{"two models with one recipient", "", models("https://x/v1,https://y/v1", "m,n", "brand_ai"), "answering names 2 models, so answering_recipient"},
		{"a model of nobody", "", models("https://x/v1", "m", "human_agents"), "neither brand_ai nor an ai_provider"},
		{"a model without a host", "", models("https:", "m", "brand_ai"), `answering "https:" is neither`},
		{"one of two models unknown", "", models("https://x/v1,magic:", "m,n", "brand_ai,brand_ai"), `answering "magic:" is neither`},
		{"a password in an address", "", models("https://u:p@x/v1", "m", "brand_ai"), "CANDOR_ANSWERING_KEY"},
		{"another company's model in clear", "", models("http://x/v1", "m", "ai_provider:openai"), "use https"},
		{"another company's model as ours", "", models("https://api.openai.com/v1", "m", "brand_ai"), "is run by OpenAI"},
		{"a deployment of Azure as ours", "", models("azure://x.example/d", "m", "brand_ai"), "is run by Microsoft"},
		{"another company in house", "", append(models("https://x/v1", "m", "ai_provider:openai"), "--in-house", "true"), "in_house is true, but answering"},
		{"embedding by another company in house", "", []string{
			"--embedding", "https://x/v1", "--embedding-dimension", "3", "--embedding-model", "m", "--embedding-recipient", "ai_provider:openai", "--in-house", "true",
		}, "in_house is true, but embedding"},
		{"in house or not", "", []string{"--in-house", "perhaps"}, `in_house "perhaps"`},
		{"a model of no server that answers", "", []string{"--answering-model", "m"}, "answering_model is for language models"},
		{"no time", "", []string{"--answering-timeout", "soon"}, `answering_timeout "soon"`},
		{"no tokens", "", []string{"--answering-tokens", "0"}, `answering_tokens "0"`},
		{"a day of less than an answer", "", []string{"--answering-tokens", "9000", "--answering-daily", "8000"}, `answering_daily "8000"`},
		{"a file that is not there", "", []string{"--config", "/nowhere/candor.yaml"}, "/nowhere/candor.yaml"},
	} {
		var file *string
		if tt.file != "" {
			file = &tt.file
		}
		_, err := load(t, file, nil, tt.args...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: not one line: %v", tt.name, err)
		}
	}
	if _, err := load(t, nil, nil, "--nats-listen", "127.0.0.1:4222", "--nats-token", "t", "--public-url", "https://chat.example.com"); err != nil {
		t.Errorf("settings that fit together: %v", err)
	}
}

// models are the flags of language models.
func models(urls, names, recipients string) []string {
	return []string{"--answering", urls, "--answering-model", names, "--answering-recipient", recipients}
}

// TestConfigModels: each server has its own name, recipient and key.
func TestConfigModels(t *testing.T) {
	t.Parallel()
	c, err := load(t, nil, map[string]string{"CANDOR_ANSWERING_KEY": ",k2"},
		models("http://127.0.0.1:1/v1, https://api.openai.com/v1", "small, large", "brand_ai, ai_provider:openai")...)
	if err != nil {
		t.Fatal(err)
	}
	want := []model{
		{url: "http://127.0.0.1:1/v1", name: "small", recipient: consent.BrandAI},
		{url: "https://api.openai.com/v1", name: "large", key: "k2", recipient: "ai_provider:openai"},
	}
	if got := c.models(); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if c, err = load(t, nil, nil, "--in-house", "true"); err != nil || len(c.models()) > 0 {
		t.Errorf("%+v, %v", c.models(), err)
	}
}

func TestDatabaseURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"sqlite:": filepath.Join("d", "candor.db"), "sqlite:/var/x.db": "/var/x.db", "sqlite:x.db": "x.db", "postgres://h/x": "",
	} {
		c := Config{DataDir: "d", Database: url}
		if got := file(c.databaseURL()); got != want {
			t.Errorf("%s is at %s, want %s", url, got, want)
		}
	}
}

func TestRedactURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"nats://user:pass@host:4222": "nats://host:4222", "nats://token@host": "nats://host",
		"nats://u:p@a:1,nats://u:p@b:2": "nats://a:1,nats://b:2", "postgres://u:p@h/d?password=p": "postgres://h/d", "sqlite:": "sqlite:", "embedded:": "embedded:",
	} {
		if got := redactURL(url); got != want {
			t.Errorf("%s is logged as %s, want %s", url, got, want)
		}
	}
}

// TestEveryCommandHasHelp, which neither fails nor writes anything.
func TestEveryCommandHasHelp(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, command := range []string{
		"", "demo", "serve", "init", "site", "site add", "site list", "staff", "staff add", "staff token", "key", "key rotate",
		"receipt", "receipt key", "receipt verify", "erase", "hold", "hold export",
		"import", "import knowledge", "import records", "migrate", "migrate status", "migrate up", "move", "backup", "restore", "eval", "eval retrieval", "eval handoff", "bench", "bench store", "bench encoder", "bench retrieval", "search", "index", "index rebuild", "index drop", "version",
	} {
		var out, errs bytes.Buffer
		err := Run(t.Context(), append(strings.Fields(command), "--help"), Stdio{
			In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(string) (string, bool) { return "", false },
		})
		if err != nil || errs.Len() > 0 || !strings.Contains(out.String(), "Usage:") || !strings.Contains(out.String(), strings.TrimSpace("assistant "+command)) {
			t.Errorf("assistant %s --help: %v\n%s%s", command, err, &out, &errs)
		}
	}
	if files, err := os.ReadDir("."); err != nil || len(files) != 0 {
		t.Errorf("help left %d files", len(files))
	}
}

// TestUnknownCommands: a group of commands alone says what it has; what is none of
// them it refuses, in one line.
func TestUnknownCommands(t *testing.T) {
	t.Parallel()
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := Run(t.Context(), args, Stdio{In: strings.NewReader(""), Out: &out, Err: &out, Env: func(string) (string, bool) { return "", false }})
		return out.String(), err
	}
	groups := 0
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if !cmd.HasSubCommands() {
			return
		}
		groups++
		path := strings.Fields(cmd.CommandPath())[1:]
		if out, err := run(path...); err != nil || !strings.Contains(out, "Available Commands:") {
			t.Errorf("%s alone: %v\n%s", cmd.CommandPath(), err, out)
		}
		out, err := run(append(path, "bogus", "more")...)
		if want := `unknown command "bogus" for "` + cmd.CommandPath() + `"`; err == nil || err.Error() != want || out != "" {
			t.Errorf("%s bogus: %v\n%s", cmd.CommandPath(), err, out)
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(rootCommand(Stdio{}))
	if groups < 14 {
		t.Errorf("%d groups of commands", groups)
	}
	for args, meant := range map[string]string{
		"serv": "serve", "policy chek x": "check", "key rotat x": "rotate", "hold exprt": "export", "receipt verfy x": "verify", "queue sett F": "set",
		"migrate upp": "up", "index rebuildd": "rebuild",
	} {
		if _, err := run(strings.Fields(args)...); err == nil || !strings.HasSuffix(err.Error(), "; did you mean "+meant+"?") {
			t.Errorf("%s: %v, want %q", args, err, meant)
		}
	}
}
