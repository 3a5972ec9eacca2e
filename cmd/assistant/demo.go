package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/identity"
	"candor/ingest"
	"candor/web"
)

//go:embed demodata
var demoData embed.FS

const (
	demoSite  = identity.SiteID("fernhill")
	demoBrand = "Fernhill Outdoor"
)

// demoStaff are the logins of the demo, which serves this machine only.
var demoStaff = []struct {
	email, name, password string
	role                  identity.Role
	languages             []string
}{
	{"agent@fernhill.example", "Sam", "demo-agent-pass", identity.RoleAgent, []string{"en", "pt-BR"}},
	{"second@fernhill.example", "Noor", "demo-second-pass", identity.RoleAgent, []string{"en", "uk", "ru"}},
	{"admin@fernhill.example", "Robin", "demo-admin-pass", identity.RoleAdmin, []string{"en"}},
}

// demoCustomer is a line of customers.json.
type demoCustomer struct {
	ID       string           `json:"id"`
	Name     string           `json:"name"`
	Note     string           `json:"note"`
	GPC      bool             `json:"gpc"`
	Language string           `json:"language"`
	Grants   []consent.Triple `json:"grants"`
}

// demoState is what a kept demo folder needs to know, as the database holds
// only the hash of the key.
type demoState struct {
	ServerKey  string `json:"server_key"`
	BrowserKey string `json:"browser_key"`
}

func demoCommand(io Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run everything on sample data, with nothing else installed",
		Long: "Demo runs a sample shop with its assistant, its desk and its admin pages in this one\n" +
			"process, in a temporary folder. Nothing leaves this machine.",
		Args: cobra.NoArgs,
	}
	cmd.Flags().String("addr", defaults().Addr, "Address to listen on, host:port (default: this one, or a free port if it is taken)")
	cmd.Flags().String("log-level", "warn", "debug, info, warn or error")
	cmd.Flags().String("answering", defaults().Answering, "Address of a language model to try, such as http://127.0.0.1:8000/v1")
	cmd.Flags().String("answering-model", "", "Name of that model")
	cmd.Flags().String("answering-recipient", string(consent.BrandAI), "Who runs it, by the policy")
	cmd.Flags().String("data-dir", "", "Folder to keep the demo's data in (default: a temporary one, removed at the end)")
	cmd.Flags().String("nats-listen", "", "Address for desks over NATS, host:port; needs --nats-token")
	cmd.Flags().String("nats-token", "", "Token that such a desk connects with")
	asJSON := cmd.Flags().Bool("json", false, "Print one line of JSON when it is ready")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		dir, _ := cmd.Flags().GetString("data-dir")
		if dir == "" {
			if dir, err = os.MkdirTemp("", "candor-demo-"); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		}
		c, err := demoConfig(cmd, dir)
		if err != nil {
			return err
		}
		if err := c.checkDesks(); err != nil {
			return err
		}
		log, err := newLogger(io.Err, c.LogLevel)
		if err != nil {
			return err
		}
		l, err := demoListen(cmd, c.Addr)
		if err != nil {
			return err
		}
		if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
			log.Warn("the demo tells its passwords to anyone who can reach it; listen on 127.0.0.1 unless that is meant", "addr", a.String())
		}
		demo := &web.Demo{Site: demoSite, Brand: demoBrand}
		a, err := newApp(cmd.Context(), c, demo, log)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		url := "http://" + l.Addr().String()
		state, err := seedDemo(cmd.Context(), a, demo, url)
		if err != nil {
			return errors.Join(fmt.Errorf("fill the demo: %w", err), l.Close(), a.close())
		}
		if err := a.embedAll(cmd.Context()); err != nil {
			return errors.Join(fmt.Errorf("embed the demo's articles: %w", err), l.Close(), a.close())
		}
		stopLiar, err := a.addLiar(cmd.Context())
		if err != nil {
			return errors.Join(fmt.Errorf("start the demo's model: %w", err), l.Close(), a.close())
		}
		defer func() { err = errors.Join(err, stopLiar()) }()
		// The listener accepts from here on, so whoever reads the line can go on.
		printDemo(cmd, demo, url, state, *asJSON)
		return a.run(cmd.Context(), l)
	}
	return cmd
}

// demoConfig is the built-in configuration: a demo reads no file and no
// environment, so that it is the same everywhere.
func demoConfig(cmd *cobra.Command, dir string) (Config, error) {
	c := defaults()
	c.DataDir, c.LogLevel = dir, "warn"
	for flag, field := range map[string]*string{
		"addr": &c.Addr, "log-level": &c.LogLevel, "answering": &c.Answering, "answering-model": &c.AnsweringModel,
		"nats-listen": &c.NATSListen, "nats-token": &c.NATSToken,
	} {
		if f := cmd.Flags().Lookup(flag); f.Changed {
			*field = f.Value.String()
		}
	}
	if len(c.models()) > 0 {
		c.AnsweringRecipient = cmd.Flags().Lookup("answering-recipient").Value.String()
	}
	return c, c.check()
}

// demoListen listens on the address, or if it was not asked for by name and is
// taken, on a free port.
func demoListen(cmd *cobra.Command, addr string) (net.Listener, error) {
	l, err := listen(cmd.Context(), addr)
	if err != nil && !cmd.Flags().Changed("addr") {
		return listen(cmd.Context(), "127.0.0.1:0")
	}
	return l, err
}

// seedDemo fills an empty data folder; one that was filled before it leaves as
// it is.
func seedDemo(ctx context.Context, a *app, demo *web.Demo, url string) (demoState, error) {
	customers, err := readDemo[[]demoCustomer]("customers.json")
	if err != nil {
		return demoState{}, err
	}
	for _, c := range customers {
		demo.Customers = append(demo.Customers, web.DemoCustomer{ID: c.ID, Name: c.Name, Note: c.Note, GPC: c.GPC})
	}
	for _, m := range demoStaff {
		demo.Staff = append(demo.Staff, web.DemoStaff{Email: m.email, Password: m.password, Role: string(m.role)})
	}
	stateFile := a.config.path("demo.json")
	if b, err := os.ReadFile(stateFile); err == nil {
		var state demoState
		if err := json.Unmarshal(b, &state); err != nil || state.BrowserKey != "" {
			return state, err
		}
		state.BrowserKey = identity.NewSecret("bk") // it was made before there were any
		if err := a.store.RotateBrowserKey(ctx, demoSite, state.BrowserKey); err != nil {
			return state, err
		}
		return state, writeDemoState(stateFile, state)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return demoState{}, err
	}
	state := demoState{ServerKey: identity.NewSecret("sk"), BrowserKey: identity.NewSecret("bk")}
	site := identity.Site{
		ID: demoSite, Name: demoBrand, Origins: []string{url}, Secret: []byte(identity.NewSecret("sec")), Accent: "#1f6f4a",
	}
	// An earlier start may have been cut off half-way: what is there stays.
	err = a.store.AddSite(ctx, site, state.ServerKey)
	if errors.Is(err, identity.ErrConflict) {
		err = a.store.RotateServerKey(ctx, demoSite, state.ServerKey)
	}
	if err == nil {
		err = a.store.RotateBrowserKey(ctx, demoSite, state.BrowserKey)
	}
	if err != nil {
		return state, err
	}
	if err := seedStaff(ctx, a); err != nil {
		return state, err
	}
	if err := seedRecords(ctx, a); err != nil {
		return state, err
	}
	if err := seedVectors(ctx, a); err != nil {
		return state, err
	}
	if err := seedCanned(ctx, a); err != nil {
		return state, err
	}
	for _, c := range customers {
		if err := seedGrants(ctx, a, c); err != nil {
			return state, err
		}
	}
	return state, writeDemoState(stateFile, state) // last: it says that all is there
}

func writeDemoState(file string, state demoState) error {
	b, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return writeWhole(file, b)
}

func readDemo[T any](name string) (v T, err error) {
	b, err := demoData.ReadFile("demodata/" + name)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	return v, err
}

// demoPasswords are the passwords of the demo's staff, hashed once: everybody knows them,
// so that several demos in a process may share the salts.
var demoPasswords = sync.OnceValues(func() ([]string, error) {
	hashes := make([]string, len(demoStaff))
	for i, m := range demoStaff {
		var err error
		if hashes[i], err = identity.HashPassword(m.password); err != nil {
			return nil, err
		}
	}
	return hashes, nil
})

func seedStaff(ctx context.Context, a *app) error {
	hashes, err := demoPasswords()
	if err != nil {
		return err
	}
	for i, m := range demoStaff {
		err = a.store.AddStaff(ctx, identity.StaffMember{
			ID: identity.StaffID(identity.NewID("stf")), Email: m.email, Name: m.name,
			Roles: []identity.Role{m.role}, Languages: m.languages, Password: hashes[i],
		})
		if err != nil && !errors.Is(err, identity.ErrConflict) {
			return err
		}
	}
	return nil
}

func seedRecords(ctx context.Context, a *app) error {
	for _, name := range []string{"knowledge.jsonl", "records.jsonl"} {
		b, err := demoData.ReadFile("demodata/" + name)
		if err != nil {
			return err
		}
		items := ingest.JSON(bytes.NewReader(relativeDates(b, time.Now().UTC())))
		var report ingest.Report
		if name == "records.jsonl" {
			report, err = a.importer.Records(ctx, demoSite, items, func(int) {})
		} else {
			report, err = a.importer.Knowledge(ctx, demoSite, items, "", func(int) {})
		}
		if err != nil {
			return err
		}
		if len(report.Rejected) > 0 {
			r := report.Rejected[0]
			return fmt.Errorf("%s, line %d: %s", name, r.Line, r.Error)
		}
	}
	return nil
}

var relativeDate = regexp.MustCompile(`\{\{([+-]\d+)d\}\}`)

// relativeDates replaces {{-3d}} by the date three days ago, so that the sample
// orders are recent whenever the demo runs.
func relativeDates(b []byte, now time.Time) []byte {
	return relativeDate.ReplaceAllFunc(b, func(m []byte) []byte {
		days, err := strconv.Atoi(string(relativeDate.FindSubmatch(m)[1]))
		if err != nil {
			return m
		}
		return []byte(now.AddDate(0, 0, days).Format(time.DateOnly))
	})
}

// seedGrants gives the consents that a sample customer has given already, the
// way a customer does.
func seedGrants(ctx context.Context, a *app, c demoCustomer) error {
	id, err := a.store.Customer(ctx, demoSite, c.ID)
	if err != nil || len(c.Grants) == 0 {
		return err
	}
	set := consent.ChangeSet{Language: c.Language, Channel: "widget"}
	for _, t := range c.Grants {
		set.Changes = append(set.Changes, consent.Change{Triple: t, Granted: true, Duration: consent.Standing})
	}
	_, err = a.gate.Change(ctx, identity.Principal{Kind: identity.Customer, Site: demoSite, Customer: id}, set)
	return err
}

func printDemo(cmd *cobra.Command, demo *web.Demo, url string, state demoState, asJSON bool) {
	out := cmd.OutOrStdout()
	if asJSON {
		type customer struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		}
		line := struct {
			URL       string          `json:"url"`
			Site      identity.SiteID `json:"site"`
			ServerKey string          `json:"server_key"`
			Browser   string          `json:"browser_key"`
			Customers []customer      `json:"customers"`
			Staff     []web.DemoStaff `json:"staff"`
		}{URL: url, Site: demo.Site, ServerKey: state.ServerKey, Browser: state.BrowserKey, Staff: demo.Staff}
		for _, c := range demo.Customers {
			line.Customers = append(line.Customers, customer{c.ID, c.Name})
		}
		_ = json.NewEncoder(out).Encode(line) // a closed standard output is nobody's loss
		return
	}
	fmt.Fprintf(out, "%s is open:\n\n  the shop, with its assistant  %s/demo\n  the desk, for agents          %s/desk\n"+
		"  the admin pages               %s/admin\n\nSign in at the desk or the admin pages as\n\n", demo.Brand, url, url, url)
	for _, m := range demo.Staff {
		fmt.Fprintf(out, "  %-26s %-18s %s\n", m.Email, m.Password, m.Role)
	}
	fmt.Fprint(out, "\nStop with Ctrl-C.\n")
}
