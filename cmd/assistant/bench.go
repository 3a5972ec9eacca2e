package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/store"
)

// benchSite is the site of a benchmark's own data.
const benchSite identity.SiteID = "bench"

func benchCommand(std Stdio) *cobra.Command {
	group := &cobra.Command{Use: "bench", Short: "Measure speed on this machine"}
	cmd := &cobra.Command{
		Use: "store", Short: "Measure the database: commits, releases, resuming streams, taking over", Args: cobra.NoArgs,
		Long: "Store measures the embedded database in a temporary folder and, where --database and --keys\n" +
			"name two empty PostgreSQL databases, those too, with two replicas. What is compared is\n" +
			"measured in one run: read the ratios, as the rest is this machine's at this moment.",
	}
	addEngines(cmd)
	seconds := cmd.Flags().Duration("time", 2*time.Second, "How long each figure is measured for")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		report := make(map[string]storeFigures)
		err = eachEngine(cmd, func(name, dir string, c Config) (err error) {
			b := &bench{ctx: cmd.Context(), time: *seconds, progress: cmd.ErrOrStderr(), dir: dir}
			report[name], err = b.engine(c)
			return err
		})
		if err != nil {
			return err
		}
		return printReport(cmd.OutOrStdout(), report, *asJSON)
	}
	group.AddCommand(cmd, benchEncoderCommand(std), benchRetrievalCommand(), benchLogCommand(), benchDeskCommand())
	return group
}

// addEngines adds the flags that name another engine to be measured.
func addEngines(cmd *cobra.Command) {
	cmd.Flags().String("database", "sqlite:", "An empty PostgreSQL database to measure too, postgres://user:password@host/database")
	cmd.Flags().String("keys", "sqlite:", "An empty PostgreSQL database for the keys")
}

// eachEngine measures SQLite in a temporary folder, which goes afterwards, and then the
// engine that the flags name, if they do.
func eachEngine(cmd *cobra.Command, measure func(name, dir string, c Config) error) (err error) {
	c := defaults()
	c.applyFlags(cmd)
	if err := c.check(); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "candor-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	embedded := c
	embedded.Database, embedded.Keys, embedded.DataDir = "sqlite:", "sqlite:", filepath.Join(tmp, "sqlite")
	if err := measure("sqlite", tmp, embedded); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if file(c.databaseURL()) != "" {
		return nil
	}
	c.DataDir = filepath.Join(tmp, "postgres")
	if err := measure("postgres", tmp, c); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}

// storeFigures are the figures of an engine. Times are in milliseconds.
type storeFigures struct {
	// RowsShared and RowsAlone are rows a second of 32 writers, one row a write,
	// with shared commits and without.
	RowsShared float64 `json:"rows_per_second_group_commit"`
	RowsAlone  float64 `json:"rows_per_second_one_row_a_transaction"`
	Ratio      float64 `json:"group_commit_ratio"`
	// Release is the transaction that releases a sentence, by writers at once.
	Release map[string]latency `json:"release_ms_by_writers"`
	// Resume is from asking for a stream after some event to having the next one.
	Resume latency `json:"sse_resume_ms"`
	// TakeOver is from kill -9 of the replica with a lease to another having it.
	TakeOver *latency `json:"take_over_ms,omitempty"`
}

type latency struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
	N   int     `json:"n"`
}

func latencyOf(took []time.Duration) latency {
	if len(took) == 0 {
		return latency{}
	}
	slices.Sort(took)
	at := func(q float64) float64 {
		return float64(took[min(int(q*float64(len(took))), len(took)-1)].Microseconds()) / 1000
	}
	return latency{P50: at(.5), P99: at(.99), Max: at(1), N: len(took)}
}

type bench struct {
	ctx      context.Context
	time     time.Duration
	progress io.Writer
	dir      string
}

func (b *bench) say(what string) { fmt.Fprintln(b.progress, what) }

func (b *bench) engine(c Config) (f storeFigures, err error) {
	name, _, _ := strings.Cut(c.Database, ":")
	s, err := openStore(b.ctx, c)
	if err != nil {
		return f, err
	}
	defer func() {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if sites, err := s.Sites(b.ctx); err != nil || len(sites) > 0 {
		return f, errors.Join(errors.New("the database is in use: name an empty one"), err)
	}
	if err := s.InstallPolicy(b.ctx, consent.DefaultPolicy()); err != nil {
		return f, err
	}
	if err := s.AddSite(b.ctx, identity.Site{ID: benchSite, Name: "bench", Secret: []byte("bench")}, identity.NewSecret("sk")); err != nil {
		return f, err
	}
	b.say(name + ": commits")
	for _, measured := range []struct {
		share int
		rows  *float64
	}{{256, &f.RowsShared}, {1, &f.RowsAlone}} {
		s.Share(measured.share)
		if *measured.rows, err = b.rows(s); err != nil {
			return f, err
		}
	}
	s.Share(256)
	f.Ratio = f.RowsShared / f.RowsAlone
	f.Release = make(map[string]latency)
	for _, writers := range []int{1, 32} {
		b.say(fmt.Sprintf("%s: releases, %d at once", name, writers))
		if f.Release[fmt.Sprint(writers)], err = b.releases(s, writers); err != nil {
			return f, err
		}
	}
	err, s = s.Close(), nil // the replicas have it now
	if err != nil {
		return f, err
	}
	b.say(name + ": resuming streams")
	if f.Resume, err = b.resume(c); err != nil {
		return f, err
	}
	if file(c.databaseURL()) != "" {
		return f, nil // one process: nobody takes over
	}
	b.say(name + ": taking over")
	took, err := b.takeOver(c)
	f.TakeOver = &took
	return f, err
}

// during runs work in so many goroutines until the time is over, and returns how
// long each call took.
func (b *bench) during(writers int, work func(writer, n int) error) ([]time.Duration, time.Duration, error) {
	var mu sync.Mutex
	var all []time.Duration
	var failed atomic.Pointer[error]
	var group sync.WaitGroup
	start := time.Now()
	for w := range writers {
		group.Go(func() {
			var took []time.Duration
			for n := 0; time.Since(start) < b.time && failed.Load() == nil && b.ctx.Err() == nil; n++ {
				at := time.Now()
				if err := work(w, n); err != nil {
					failed.Store(&err)
					return
				}
				took = append(took, time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return nil, 0, *err
	}
	return all, time.Since(start), b.ctx.Err()
}

// rows measures writes of one row.
func (b *bench) rows(s *store.Store) (float64, error) {
	took, total, err := b.during(32, func(int, int) error {
		return s.AddSession(b.ctx, identity.Session{
			ID: identity.NewID("ses"), Token: identity.NewSecret("cst"), Site: benchSite, Expires: time.Now().Add(time.Hour),
		})
	})
	return float64(len(took)) / total.Seconds(), err
}

// releases measures the release of a sentence, each writer for a customer of its
// own who has granted a category.
func (b *bench) releases(s *store.Store, writers int) (latency, error) {
	gate := consent.NewGate(s, consent.DefaultPolicy())
	answers, stamps := make([]answer.Answer, writers), make([]consent.Stamp, writers)
	for w := range writers {
		who, conv, err := b.customer(s, gate)
		if err != nil {
			return latency{}, err
		}
		posted, err := s.Post(b.ctx, conv, conversation.Message{
			ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage("Where is my order?"),
		}, "en")
		if err != nil {
			return latency{}, err
		}
		scope, err := gate.Scope(b.ctx, who, consent.Answers)
		if err != nil {
			return latency{}, err
		}
		stamps[w] = scope.Stamp()
		answers[w] = answer.Answer{
			ID: posted.AnswerID, ConversationID: conv, Status: answer.Writing, Attempt: 1, Question: "Where is my order?",
			Sentences: []answer.Sentence{{Text: "Your order 10023 was sent on 3 November and is on its way to you."}},
		}
		if err := s.Begin(b.ctx, answers[w], ""); err != nil {
			return latency{}, err
		}
	}
	took, _, err := b.during(writers, func(w, _ int) error { return s.Release(b.ctx, stamps[w], answers[w]) })
	return latencyOf(took), err
}

// customer makes a customer with a grant and a conversation.
func (b *bench) customer(s *store.Store, gate *consent.Gate) (identity.Principal, string, error) {
	id, err := s.Customer(b.ctx, benchSite, identity.NewID("sub"))
	if err != nil {
		return identity.Principal{}, "", err
	}
	who := identity.Principal{Kind: identity.Customer, Site: benchSite, Customer: id}
	conv := identity.NewID("cnv")
	err = s.Create(b.ctx, conversation.Conversation{ID: conv, Site: benchSite, Customer: id, State: conversation.Pending, Language: "en"},
		conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Hello.")})
	if err != nil {
		return who, conv, err
	}
	_, err = gate.Change(b.ctx, who, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{
		{Triple: consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}, Granted: true},
	}})
	return who.In(conv), conv, err
}

// resume measures streams that are cut and go on: on PostgreSQL at the other
// replica each time.
func (b *bench) resume(c Config) (took latency, err error) {
	replicas := 1
	if file(c.databaseURL()) == "" {
		replicas = 2
	}
	var urls []string
	ctx, stop := context.WithCancel(b.ctx)
	var group sync.WaitGroup
	defer func() { stop(); group.Wait() }()
	for i := range replicas {
		own := c
		own.DataDir, err = b.replicaDir(c, i)
		if err != nil {
			return took, err
		}
		l, err := listen(ctx, "127.0.0.1:0")
		if err != nil {
			return took, err
		}
		a, err := newApp(ctx, own, nil, slog.New(slog.DiscardHandler))
		if err != nil {
			return took, errors.Join(err, l.Close())
		}
		group.Go(func() { _ = a.run(ctx, l) }) // it ends when it is told to
		urls = append(urls, "http://"+l.Addr().String())
	}
	session, err := startSession(ctx, urls[0])
	if err != nil {
		return took, err
	}
	var all []time.Duration
	for start, n := time.Now(), 0; time.Since(start) < b.time; n++ {
		d, err := firstEvent(ctx, urls[n%replicas], session)
		if err != nil {
			return took, err
		}
		all = append(all, d)
	}
	return latencyOf(all), nil
}

// replicaDir is the folder of a replica: the first one's is the configuration's.
func (b *bench) replicaDir(c Config, i int) (string, error) {
	if i == 0 {
		return c.DataDir, nil
	}
	dir := fmt.Sprintf("%s-%d", c.DataDir, i)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if c.MasterKey != "" {
		return dir, nil
	}
	key, err := os.ReadFile(c.masterKeyFile())
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, filepath.Base(c.masterKeyFile())), key, 0o600)
}

type benchSession struct {
	Token        string `json:"token"`
	Conversation string `json:"conversation"`
}

func startSession(ctx context.Context, url string) (s benchSession, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/session", strings.NewReader(`{"site":"`+string(benchSite)+`"}`))
	if err != nil {
		return s, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return s, fmt.Errorf("a session cannot be started: %s", resp.Status)
	}
	return s, json.NewDecoder(resp.Body).Decode(&s)
}

// firstEvent opens the stream and reads its first event.
func firstEvent(ctx context.Context, url string, s benchSession) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/conversations/"+s.Conversation+"/events", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	req.Header.Set("Last-Event-ID", "0")
	start := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data:") {
			return time.Since(start), nil
		}
	}
	return 0, errors.Join(fmt.Errorf("a stream ended before its first event: %s", resp.Status), lines.Err())
}

// takeOvers is how often a replica is killed.
const takeOvers = 5

// takeOver measures how long the work of a killed replica lies.
func (b *bench) takeOver(c Config) (took latency, err error) {
	program, err := os.Executable()
	if err != nil {
		return took, err
	}
	s, err := openStore(b.ctx, c)
	if err != nil {
		return took, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var running []*exec.Cmd
	defer func() {
		for _, p := range running {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
	}()
	start := func(i int) error {
		own := c
		if own.DataDir, err = b.replicaDir(c, i); err != nil {
			return err
		}
		p := exec.CommandContext(b.ctx, program, "serve", "--addr", "127.0.0.1:0", "--data-dir", own.DataDir, "--log-level", "error") //nolint:gosec // this program itself
		p.Dir = own.DataDir
		p.Env = append(os.Environ(), "CANDOR_DATABASE="+c.Database, "CANDOR_KEYS="+c.Keys)
		p.Stderr = b.progress
		running = append(running, p)
		return p.Start()
	}
	holder := func(not string) (string, error) {
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			h, err := s.Holder(b.ctx, "outbox")
			if err != nil || h != "" && h != not {
				return h, err
			}
		}
		return "", errors.New("nobody takes the work over")
	}
	if err := start(1); err != nil {
		return took, err
	}
	now, err := holder("")
	if err != nil {
		return took, err
	}
	var all []time.Duration
	for n := range takeOvers {
		// The one that has the lease is the one that was started first.
		if err := start(n + 2); err != nil {
			return took, err
		}
		if err := b.replicas(s, 2); err != nil {
			return took, err
		}
		first := running[0]
		at := time.Now()
		if err := first.Process.Kill(); err != nil {
			return took, err
		}
		_ = first.Wait() // it was killed
		running = running[1:]
		if now, err = holder(now); err != nil {
			return took, err
		}
		all = append(all, time.Since(at))
		if err := b.replicas(s, 1); err != nil {
			return took, err
		}
	}
	return latencyOf(all), nil
}

// replicas waits until so many are there.
func (b *bench) replicas(s *store.Store, want int) error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if n, err := s.Replicas(b.ctx); err != nil || n == want {
			return err
		}
	}
	return errors.New("the replicas do not start")
}
