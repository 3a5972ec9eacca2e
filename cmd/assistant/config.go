package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"candor/agents/natsdesk"
	"candor/citation/witness"
	"candor/consent"
	"candor/retrieval/qdrant"
	"candor/web"
)

// Config is every setting. A setting comes from its flag, else its environment
// variable, else the configuration file, else its default; candor.example.yaml
// is made from this type, and a test says whether it still is.
type Config struct {
	Addr            string `yaml:"addr" default:"127.0.0.1:8080" help:"Address to listen on, host:port"`
	DataDir         string `yaml:"data_dir" default:"data" help:"Folder of everything that is kept"`
	Database        string `yaml:"database" default:"sqlite:" help:"Where records, consents and conversations are kept; sqlite: is a file in data_dir, postgres://user:password@host/database a server that several assistants can share"`
	Keys            string `yaml:"keys" default:"sqlite:" help:"Where the customers' keys are kept, apart from their data; sqlite: is a file in data_dir, postgres://user:password@host/database a database of its own"`
	Index           string `yaml:"index" default:"embedded:" help:"What searches; embedded: is this process, qdrant://host:6334 a Qdrant server, qdrants://host:6334 one with TLS"`
	IndexCollection string `yaml:"index_collection" default:"candor" help:"Collection of the Qdrant server; it is made if there is none"`
	QdrantKey       string `yaml:"-" env:"CANDOR_QDRANT_API_KEY" help:"API key of the Qdrant server"`
	Embedding       string `yaml:"embedding" default:"builtin:" help:"What tells the meaning of texts; builtin: is a model in this process, https://host/v1 an OpenAI-compatible server, none: searches by words alone"`
	Encoder         string `yaml:"encoder" default:"" help:"Model file for builtin:, made with tools/encoder; empty: the one that is built in"`
	// What an embedding server needs to be told.
	EmbeddingModel     string `yaml:"embedding_model" default:"" help:"Model that the embedding server is asked for"`
	EmbeddingDimension string `yaml:"embedding_dimension" default:"" help:"How many numbers a vector of that model has"`
	EmbeddingRecipient string `yaml:"embedding_recipient" default:"" help:"Recipient of the policy that the embedding server is, such as ai_provider:openai; it is sent only what customers allowed it. brand_ai: a server of your own"`
	EmbeddingKey       string `yaml:"-" env:"CANDOR_EMBEDDING_KEY" help:"API key of the embedding server"`
	Messages           string `yaml:"messages" default:"embedded:" help:"What carries messages between parts and people; embedded: is a NATS server with JetStream in this process, nats://host:port or tls://host:port one outside, or several with commas between them"`
	Answering          string `yaml:"answering" default:"extractive:" help:"What writes answers; extractive: quotes the sources and needs no model, https://host/v1 an OpenAI-compatible server, azure://host/deployment one of Azure OpenAI; several with commas between them, the preferred first"`
	// What language models need to be told, for each.
	AnsweringModel     string `yaml:"answering_model" default:"" help:"Model that each server of answering is asked for, with commas between them"`
	AnsweringRecipient string `yaml:"answering_recipient" default:"" help:"Recipient of the policy that each server of answering is, with commas between them: brand_ai for a server of your own, or such as ai_provider:openai, which is sent only what customers allowed it"`
	AnsweringTimeout   string `yaml:"answering_timeout" default:"20s" help:"How long a language model may take until it begins to write, before the next is asked or the sources are quoted; a model on a CPU may need 60s"`
	AnsweringTokens    string `yaml:"answering_tokens" default:"8000" help:"Tokens that a language model may read and write for one answer"`
	AnsweringDaily     string `yaml:"answering_daily" default:"200000" help:"Tokens that language models may read and write for one customer on one day (UTC); beyond them answers are quoted"`
	AnsweringKey       string `yaml:"-" env:"CANDOR_ANSWERING_KEY" help:"API keys of the servers of answering, with commas between them"`
	InHouse            string `yaml:"in_house" default:"false" help:"true refuses to start with a model of another company, for answers or embedding"`
	Policy             string `yaml:"policy" default:"" help:"Policy file with purposes, categories, recipients and notices; empty: the one that is built in"`
	PublicURL          string `yaml:"public_url" default:"" help:"Address at which browsers reach this server, such as https://chat.example.com; cookies are for https only if it is"`
	SMTP               string `yaml:"smtp" default:"" help:"Server that sends mails: to customers who left an address, invitations and links to passwords; smtp://user:password@host:587 with STARTTLS, smtps://user:password@host:465 with TLS; empty: no mail. It needs smtp_from and public_url"`
	SMTPFrom           string `yaml:"smtp_from" default:"" help:"Address that mails come from, such as Shop <support@example.com>"`
	Proxies            string `yaml:"proxies" default:"" help:"Addresses or networks of proxies in front of this server, comma-separated; their X-Forwarded-For is believed"`
	LimitCustomer      string `yaml:"limit_customer" default:"60" help:"Messages that one customer may send in a minute; 0: any number. Each assistant counts for itself"`
	LimitAddress       string `yaml:"limit_address" default:"1200" help:"Messages that all customers at one address, such as an office's, may send in a minute; 0: any number. Behind a proxy that proxies does not name, all customers have one address"`
	LimitSite          string `yaml:"limit_site" default:"6000" help:"Messages that all customers of a site may send in a minute; 0: any number"`
	NATSListen         string `yaml:"nats_listen" default:"" help:"Address on which the embedded NATS server lets outside desks in, host:port; needs nats_token or nats_desks"`
	NATSToken          string `yaml:"nats_token" default:"" help:"Token with which a desk of your own, for every queue, connects to the embedded NATS server"`
	NATSDesks          string `yaml:"nats_desks" default:"" help:"Outside desks that connect to the embedded NATS server, each for some queues: name:token:queue+queue, with commas between several"`
	NATSCreds          string `yaml:"nats_creds" default:"" help:"Credentials file for a NATS server outside"`
	NATSCA             string `yaml:"nats_ca" default:"" help:"PEM file of the authorities that the certificate of a NATS server outside may come from; empty: the system's"`
	NATSCert           string `yaml:"nats_cert" default:"" help:"PEM file of this assistant's certificate, for a NATS server outside that asks for one; needs nats_key"`
	NATSKey            string `yaml:"nats_key" default:"" help:"PEM file of the key of nats_cert"`
	Replicas           string `yaml:"nats_replicas" default:"1" help:"How many servers of a NATS cluster keep each stream: 1, 3 or 5"`
	// Who outside remembers how the public log stood, so that a rewrite is noticed.
	LogWitness string `yaml:"log_witness" default:"" help:"Witnesses that cosign the public log (C2SP tlog-witness): the address and the key of each with a space between them, and commas between several"`
	LogCopy    string `yaml:"log_copy" default:"" help:"File or https address to which the newest checkpoint of the public log is copied, best on another machine; a file is replaced only by what continues it"`
	LogLevel   string `yaml:"log_level" default:"info" help:"debug, info, warn or error"`
	// MasterKey comes from the environment only: a flag shows in the process
	// list, and a file belongs elsewhere than the data.
	MasterKey string `yaml:"-" env:"CANDOR_MASTER_KEY" help:"Key that wraps the customers' keys, base64 of 32 bytes; empty: master.key in data_dir, made if there is none"`
}

// setting is one field of Config.
type setting struct {
	name, env, byDefault, help string
	flag                       bool
	index                      int
}

func settings() []setting {
	t := reflect.TypeFor[Config]()
	out := make([]setting, t.NumField())
	for i := range out {
		f := t.Field(i)
		name := f.Tag.Get("yaml")
		out[i] = setting{
			name: name, env: "CANDOR_" + strings.ToUpper(name), byDefault: f.Tag.Get("default"),
			help: f.Tag.Get("help"), flag: name != "-", index: i,
		}
		if env := f.Tag.Get("env"); env != "" {
			out[i].env = env
		}
	}
	return out
}

func (s setting) flagName() string { return strings.ReplaceAll(s.name, "_", "-") }

// addFlags adds --config, and a flag for each setting or for the named ones.
func addFlags(flags *pflag.FlagSet, names ...string) {
	flags.String("config", "", "Configuration file (default: candor.yaml in this folder, if there is one)")
	for _, s := range settings() {
		if s.flag && (len(names) == 0 || slices.Contains(names, s.name)) {
			flags.String(s.flagName(), s.byDefault, s.help+" ("+s.env+")")
		}
	}
}

// defaults is the configuration where nothing is said.
func defaults() Config {
	var c Config
	for _, s := range settings() {
		s.of(&c).SetString(s.byDefault)
	}
	return c
}

// of returns the field of c that holds the setting.
func (s setting) of(c *Config) reflect.Value { return reflect.ValueOf(c).Elem().Field(s.index) }

// loadConfig reads the configuration of a command and refuses what contradicts
// itself.
func loadConfig(cmd *cobra.Command, env func(string) (string, bool)) (Config, error) {
	c := defaults()
	file, _ := cmd.Flags().GetString("config")
	err := c.readFile(file)
	if makes := cmd.Annotations[makesConfig] != ""; err != nil && (!makes || !errors.Is(err, fs.ErrNotExist)) {
		return c, err
	}
	for _, s := range settings() {
		if value, ok := env(s.env); ok {
			s.of(&c).SetString(value)
		}
	}
	c.applyFlags(cmd)
	return c, c.check()
}

// makesConfig is the annotation of the command that writes the configuration
// file, which therefore need not be there.
const makesConfig = "makes-config"

// applyFlags takes over the flags that were given.
func (c *Config) applyFlags(cmd *cobra.Command) {
	for _, s := range settings() {
		if f := cmd.Flags().Lookup(s.flagName()); s.flag && f != nil && f.Changed {
			s.of(c).SetString(f.Value.String())
		}
	}
}

func (c *Config) readFile(path string) error {
	named := path != ""
	if !named {
		path = "candor.yaml"
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close()
	var root yaml.Node
	switch err = yaml.NewDecoder(f).Decode(&root); {
	case errors.Is(err, io.EOF): // empty is fine
		return nil
	case err == nil:
		err = c.readNode(root.Content[0])
	}
	var types *yaml.TypeError
	if errors.As(err, &types) { // its text has several lines
		err = errors.New(strings.Join(types.Errors, "; "))
	}
	if err != nil {
		return fmt.Errorf("the configuration %s: %w", path, err)
	}
	return nil
}

// checkDesks refuses outside desks that nobody lets in. It is for what opens their port:
// other commands share the environment.
func (c *Config) checkDesks() error {
	if c.NATSListen == "" && (c.NATSToken != "" || c.NATSDesks != "") {
		return errors.New("nats_token and nats_desks are for outside desks, so they need nats_listen")
	}
	return nil
}

// readNode takes over the settings of a file, and refuses a name that is none.
func (c *Config) readNode(file *yaml.Node) error {
	if file.Kind == yaml.MappingNode {
		for i := 0; i < len(file.Content); i += 2 {
			key := file.Content[i]
			if !slices.ContainsFunc(settings(), func(s setting) bool { return s.flag && s.name == key.Value }) {
				return fmt.Errorf("line %d: there is no setting %q", key.Line, key.Value)
			}
		}
	}
	return file.Decode(c)
}

// engines names the schemes that each part knows.
var engines = map[string][]string{
	"database": {"sqlite", "postgres", "postgresql"}, "keys": {"sqlite", "postgres", "postgresql"}, "index": {"embedded", "qdrant", "qdrants"},
	"embedding": {"builtin", "https", "http", "none"}, "messages": {"embedded", "nats", "tls"}, "answering": {"extractive", "https", "http", "azure"},
}

func (c *Config) check() error {
	for _, part := range []struct{ name, url string }{
		{"database", c.Database},
		{"keys", c.Keys},
		{"index", c.Index},
		{"embedding", c.Embedding},
		{"messages", c.Messages},
		{"answering", c.Answering},
	} {
		scheme, _, ok := strings.Cut(part.url, ":")
		if !ok || !slices.Contains(engines[part.name], scheme) {
			return fmt.Errorf("%s %q: the scheme is none of %s", part.name, redactURL(part.url), strings.Join(engines[part.name], ":, ")+":")
		}
	}
	if _, port, err := net.SplitHostPort(c.Addr); err != nil || !isPort(port) {
		return fmt.Errorf("addr %q is not host:port", c.Addr)
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("public_url %q is not an address such as https://chat.example.com", c.PublicURL)
		}
	}
	for _, p := range c.proxies() {
		if _, err := netip.ParsePrefix(p); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(p); err != nil {
			return fmt.Errorf("proxies: %q is no address and no network such as 10.0.0.0/8", p)
		}
	}
	for _, l := range []struct{ name, value string }{
		{"limit_customer", c.LimitCustomer}, {"limit_address", c.LimitAddress}, {"limit_site", c.LimitSite},
	} {
		if n, err := strconv.Atoi(l.value); err != nil || n < 0 || n > 1_000_000 {
			return fmt.Errorf("%s %q is no number of messages in a minute, from 0 to 1000000", l.name, l.value)
		}
	}
	if _, err := c.mailer(); err != nil {
		return err
	}
	if err := c.checkEmbedding(); err != nil {
		return err
	}
	if err := c.checkIndex(); err != nil {
		return err
	}
	if err := c.checkAnswering(); err != nil {
		return err
	}
	if _, err := witness.Parse(c.LogWitness); err != nil {
		return fmt.Errorf("log_witness: %w", err)
	}
	if scheme, _, ok := strings.Cut(c.LogCopy, "://"); ok && scheme != "https" {
		return fmt.Errorf("log_copy %q is no file and no https address", redactURL(c.LogCopy))
	}
	switch {
	case !slices.Contains([]string{"1", "3", "5"}, c.Replicas):
		return fmt.Errorf("nats_replicas %q is none of 1, 3 and 5", c.Replicas)
	case c.DataDir == "":
		return errors.New("data_dir is empty")
	case c.NATSListen != "" && !strings.HasPrefix(c.Messages, "embedded:"):
		return errors.New("nats_listen opens the embedded NATS server, but messages names one outside")
	case c.NATSListen != "" && c.NATSToken == "" && c.NATSDesks == "":
		return errors.New("nats_listen lets outside desks in, so it needs nats_token or nats_desks")
	}
	if _, err := natsdesk.ParseDesks(c.NATSDesks); err != nil {
		return fmt.Errorf("nats_desks: %w", err)
	}
	return nil
}

// checkEmbedding refuses settings of what tells the meaning of texts that
// contradict each other.
func (c *Config) checkEmbedding() error {
	scheme, _, _ := strings.Cut(c.Embedding, ":")
	server := scheme == "http" || scheme == "https"
	for name, value := range map[string]string{
		"embedding_model": c.EmbeddingModel, "embedding_dimension": c.EmbeddingDimension, "embedding_recipient": c.EmbeddingRecipient,
	} {
		if server && value == "" {
			return fmt.Errorf("embedding is a server, so it needs %s", name)
		}
		if !server && value != "" {
			return fmt.Errorf("%s is for an embedding server, but embedding is %q", name, c.Embedding)
		}
	}
	if n, err := strconv.Atoi(c.EmbeddingDimension); server && (err != nil || n < 1 || n > 1<<16) {
		return fmt.Errorf("embedding_dimension %q is no number from 1 to 65536", c.EmbeddingDimension)
	}
	switch {
	case c.Encoder != "" && scheme != "builtin":
		return fmt.Errorf("encoder names a model for builtin:, but embedding is %q", redactURL(c.Embedding))
	case scheme == "http" && consent.Recipient(c.EmbeddingRecipient) != consent.BrandAI:
		return errors.New("embedding would send customers' texts to another company in clear: use https")
	}
	return nil
}

// checkIndex refuses settings of what searches that contradict each other.
func (c *Config) checkIndex() error {
	if !c.outsideIndex() {
		if c.IndexCollection != defaults().IndexCollection {
			return fmt.Errorf("index_collection is for a Qdrant server, but index is %q", c.Index)
		}
		return nil
	}
	switch _, _, _, err := qdrant.Address(c.Index); {
	case err != nil:
		return fmt.Errorf("index %q: %w", redactURL(c.Index), err)
	case c.IndexCollection == "" || strings.ContainsAny(c.IndexCollection, "/\\ ?#"):
		return fmt.Errorf("index_collection %q is no name of a collection", c.IndexCollection)
	}
	return nil
}

// linger is zero where nobody else could take the requests.
func (c Config) linger() time.Duration {
	if file(c.databaseURL()) != "" {
		return 0
	}
	return linger
}

// replicas is the number of the setting.
func (c Config) replicas() int {
	n, _ := strconv.Atoi(c.Replicas) // checked
	return n
}

// limits are the numbers of the settings.
func (c Config) limits() web.Limits {
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // checked
		return n
	}
	return web.Limits{Customer: number(c.LimitCustomer), Address: number(c.LimitAddress), Site: number(c.LimitSite)}
}

// proxies is the list of the setting.
func (c Config) proxies() []string {
	return strings.FieldsFunc(c.Proxies, func(r rune) bool { return r == ',' || r == ' ' })
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n <= 65535
}

// databaseURL and keysURL are the URLs with the file in data_dir filled in.
func (c Config) databaseURL() string { return c.inDataDir(c.Database, "candor.db") }
func (c Config) keysURL() string     { return c.inDataDir(c.Keys, "keys.db") }

func (c Config) inDataDir(url, name string) string {
	if url == "sqlite:" {
		return url + c.path(name)
	}
	return url
}

// file is the file of a sqlite: URL; empty: it is a server's.
func file(url string) string {
	path, _ := strings.CutPrefix(url, "sqlite:")
	if path == url {
		return ""
	}
	return path
}

func (c Config) path(name string) string { return filepath.Join(c.DataDir, name) }

// example is candor.example.yaml.
func example() string { return configFile(defaults()) }

// configFile is a configuration file with the defaults, but for the named
// settings, which are as c has them: others may be secrets of the environment.
func configFile(c Config, names ...string) string {
	var b strings.Builder
	b.WriteString("# Every setting of Candor with its default. A flag goes before an environment\n" +
		"# variable, that before this file. Start with: assistant serve --config candor.yaml\n")
	for _, s := range settings() {
		if !s.flag {
			fmt.Fprintf(&b, "\n# %s: environment only. %s.\n", s.env, s.help)
			continue
		}
		value := s.byDefault
		if slices.Contains(names, s.name) {
			value = s.of(&c).String()
		}
		fmt.Fprintf(&b, "\n# %s. (%s, --%s)\n%s: %q\n", s.help, s.env, s.flagName(), s.name, value)
	}
	return b.String()
}
