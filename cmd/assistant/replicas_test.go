package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats-server/v2/server"

	"candor/consent"
	"candor/internal/pgtest"
	"candor/store"
	"candor/web"
)

// setup runs the demo in some way, with its log in w, until stop. At rest is what
// lies on disks and in databases then.
type setup func(t *testing.T, w io.Writer) (info demoInfo, stop func(), atRest func() map[string][]byte)

// eachSetup runs a test on one process, and on two replicas with PostgreSQL and
// NATS outside behind a balancer that sends every request to the other one.
func eachSetup(t *testing.T, test func(t *testing.T, start setup)) {
	t.Helper()
	t.Parallel()
	for name, start := range map[string]setup{"one process": oneProcess, "two replicas": twoReplicas} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start)
		})
	}
}

// start is a setup whose log and whose disks do not matter.
func (s setup) start(t *testing.T) demoInfo {
	t.Helper()
	info, _, _ := s(t, t.Output())
	return info
}

func oneProcess(t *testing.T, w io.Writer) (demoInfo, func(), func() map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	info, stop := runDemo(t, w, "--data-dir", dir, "--log-level", "debug")
	return info, stop, func() map[string][]byte { return files(t, dir) }
}

func twoReplicas(t *testing.T, w io.Writer) (demoInfo, func(), func() map[string][]byte) {
	t.Helper()
	r := newReplicas(t, w)
	r.start("a")
	r.start("b")
	info := r.info
	info.URL = balance(t, r.running["a"].url, r.running["b"].url)
	return info, r.stop, func() map[string][]byte {
		rest := files(t, r.dir)
		for _, url := range []string{r.config.Database, r.config.Keys} {
			maps.Copy(rest, tables(t, url))
		}
		return rest
	}
}

// files is what lies in a folder.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[strings.TrimPrefix(path, dir)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tables is what lies in the tables of a PostgreSQL database.
func tables(t *testing.T, url string) map[string][]byte {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	rows, err := conn.Query(t.Context(), "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) < 2 {
		t.Fatalf("tables %v: %v", names, err)
	}
	out := make(map[string][]byte)
	for _, name := range names {
		// In the text protocol bytes would be hexadecimal digits.
		rows, err := conn.Query(t.Context(), "SELECT * FROM "+pgx.Identifier{name}.Sanitize(), pgx.QueryExecModeDescribeExec)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			for _, v := range rows.RawValues() {
				out["table "+name] = append(append(out["table "+name], v...), '\n')
			}
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
	}
	return out
}

// balance sends every request to the next replica.
func balance(t *testing.T, urls ...string) string {
	t.Helper()
	proxies := make([]http.Handler, len(urls))
	for i, u := range urls {
		target, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		proxies[i] = &httputil.ReverseProxy{
			FlushInterval: -1, // streams
			Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
			ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		}
	}
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxies[int(n.Add(1))%len(proxies)].ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// replicas are assistants on one database and one NATS server, filled like the
// demo.
type replicas struct {
	t       *testing.T
	log     io.Writer
	dir     string
	config  Config
	info    demoInfo
	demo    *web.Demo
	running map[string]*replica
}

type replica struct {
	*app
	url string
	end func()
}

func newReplicas(t *testing.T, w io.Writer) *replicas {
	t.Helper()
	r := &replicas{
		t: t, log: w, dir: t.TempDir(), config: defaults(), demo: &web.Demo{Site: demoSite, Brand: demoBrand}, running: make(map[string]*replica),
	}
	r.config.Database, r.config.Keys = pgtest.Database(t), pgtest.Database(t)
	r.config.MasterKey = store.NewMasterKey().Encode()
	r.config.LimitCustomer = "0" // its customers are programs, who write without a pause
	s := outsideNATS(t, filepath.Join(r.dir, "nats"), server.RANDOM_PORT)
	r.config.Messages = s.ClientURL()
	t.Cleanup(r.stop)
	return r
}

// outsideNATS starts a NATS server of somebody else's, which keeps what it has in dir.
func outsideNATS(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	return s
}

// start starts a replica; change changes its configuration. The first one fills
// the database.
func (r *replicas) start(name string, change ...func(*Config)) *replica {
	r.t.Helper()
	c := r.config
	c.DataDir = filepath.Join(r.dir, name)
	for _, f := range change {
		f(&c)
	}
	l, err := listen(r.t.Context(), "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})).With("replica", name)
	a, err := newApp(r.t.Context(), c, r.demo, log)
	if err != nil {
		r.t.Fatal(err)
	}
	if r.info.URL == "" {
		url := "http://" + l.Addr().String()
		state, err := seedDemo(r.t.Context(), a, r.demo, url)
		if err != nil {
			r.t.Fatal(err)
		}
		r.info = demoInfo{URL: url, Site: string(r.demo.Site), ServerKey: state.ServerKey}
		for _, s := range r.demo.Staff {
			r.info.Staff = append(r.info.Staff, struct{ Email, Password, Role string }{s.Email, s.Password, s.Role})
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	done := make(chan error, 1)
	go func() { done <- a.run(ctx, l) }()
	x := &replica{app: a, url: "http://" + l.Addr().String()}
	x.end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("replica %s ended with: %v", name, err)
		}
	})
	r.running[name] = x
	return x
}

// at is the demo at one replica.
func (r *replicas) at(name string) demoInfo {
	info := r.info
	info.URL = r.running[name].url
	return info
}

// stop ends the replicas that still run, at once: nobody sends requests any more for
// which one that ends would wait.
func (r *replicas) stop() {
	var group sync.WaitGroup
	for _, x := range r.running {
		x.server.Linger = 0
		group.Go(x.end)
	}
	group.Wait()
}

// elsewhere is the same person, at another replica's address.
func (c *client) elsewhere(url string) *client {
	other := *c
	other.base = url
	return &other
}

// TestStreamGoesOnElsewhere: a stream that is followed at one replica has what
// was written at the other, soon, and one that is resumed there has the rest.
func TestStreamGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, t.Output())
	a, b := r.start("a"), r.start("b")
	maya := customer(t, r.at("a"), "maya")
	stream := "/api/conversations/" + maya.conversation + "/events"
	answered := func(id any) func(event) bool {
		return func(e event) bool { return e.name == "answer" && e.data["id"] == id }
	}
	first := maya.ask("What is your returns policy?")
	all := maya.elsewhere(b.url).events(stream, 0, answered(first["id"]))
	if here := maya.elsewhere(a.url).events(stream, 0, answered(first["id"])); text(ids(here)) != text(ids(all)) {
		t.Errorf("the replicas tell different histories: %v and %v", ids(here), ids(all))
	}
	half := all[len(all)/2].id
	if rest := maya.elsewhere(a.url).events(stream, half, answered(first["id"])); text(ids(rest)) != text(ids(all)[len(all)/2+1:]) {
		t.Errorf("resumed after %d: %v, of %v", half, ids(rest), ids(all))
	}
	// Followed at b, said at a.
	last, done := all[len(all)-1].id, make(chan []event, 1)
	go func() {
		done <- maya.elsewhere(b.url).events(stream, last, func(e event) bool { return e.name == "answer" })
	}()
	second := maya.ask("How long does delivery take?")
	followed := slices.DeleteFunc(<-done, func(e event) bool { return e.name == "read" }) // of the moment
	for i, e := range followed {
		if e.id != last+1+int64(i) {
			t.Errorf("event %d after %d", e.id, last+int64(i))
		}
		if e.name == "answer" && e.data["id"] != second["id"] {
			t.Errorf("another answer: %v", e.data["id"])
		}
	}
}

func ids(events []event) (out []int64) {
	for _, e := range events {
		out = append(out, e.id)
	}
	return out
}

// TestPolicyHoldsEverywhere: a replica that starts with a new policy puts it in
// force on the others at once, and an old one does not come back.
func TestPolicyHoldsEverywhere(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	r := newReplicas(t, &log)
	r.start("a")
	maya := customer(t, r.at("a"), "maya")
	maya.consent(change("answers", "orders", "brand_ai", true))
	if a := maya.ask("Where is my order?"); a["status"] != "answered" {
		t.Fatalf("granted: %v", a)
	}
	// The notice changes: what was granted under the old one is suspended.
	policy := consent.DefaultPolicy()
	next := strings.Replace(string(policy.Text()), `version: "`+policy.Version+`"`, `version: "next"`, 1)
	next = strings.Replace(next, "We do not train AI models on your data.", "We keep your data where you live.", 1)
	file := filepath.Join(r.dir, "next.yaml")
	if err := os.WriteFile(file, []byte(next), 0o600); err != nil {
		t.Fatal(err)
	}
	r.start("b", func(c *Config) { c.Policy = file })
	a := maya.ask("Where is my order?")
	if a["policy_version"] != "next" || a["status"] == "answered" || len(list(a, "used")) > 0 && list(a, "used")[0]["category"] == "orders" {
		t.Errorf("the replica goes on with the old policy: %v %v", a["policy_version"], a["status"])
	}
	if n := notSearched(a, "orders"); n == nil || n["reason"] != "notice_changed" {
		t.Errorf("orders were not searched for %v", n)
	}
	if v := maya.must("GET", "/api/me/consents", nil)["policy_version"]; v != "next" {
		t.Errorf("the choices are those of policy %v", v)
	}
	// A restart with the old file, in the middle of a rollout.
	r.running["a"].end()
	restarted := r.start("a")
	if v := restarted.gate.Policy().Version; v != "next" || !strings.Contains(log.String(), "was replaced before") {
		t.Errorf("policy %s is in force after a restart with the old file", v)
	}
}

// TestOneAnswerAtATime: messages of one conversation that are sent to two
// replicas are answered one after another.
func TestOneAnswerAtATime(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, t.Output())
	replicas := []*replica{r.start("a"), r.start("b")}
	maya := customer(t, r.at("a"), "maya")
	var group sync.WaitGroup
	var mu sync.Mutex
	asked := make(map[any]bool)
	for i := range 12 {
		group.Go(func() {
			out := maya.elsewhere(replicas[i%2].url).must("POST", "/api/conversations/"+maya.conversation+"/messages", object{"text": "How long does delivery take?"})
			mu.Lock()
			defer mu.Unlock()
			asked[out["answer_id"]] = true
		})
	}
	group.Wait()
	finished := 0
	var current any
	maya.events("/api/conversations/"+maya.conversation+"/events", 0, func(e event) bool {
		switch e.name {
		case "sentence":
			if id := e.data["answer_id"]; current == nil {
				current = id
			} else if current != id {
				t.Errorf("answer %v speaks within answer %v", id, current)
			}
		case "answer":
			if !asked[e.data["id"]] {
				t.Errorf("nobody asked for %v", e.data["id"])
			}
			current = nil
			finished++
		}
		return finished == len(asked)
	})
	if len(asked) != 12 {
		t.Errorf("%d answers for 12 messages", len(asked))
	}
}

// TestRollingRestart: replicas are replaced one after another under load, and
// every message that was taken is answered.
func TestRollingRestart(t *testing.T) {
	r := newReplicas(t, t.Output())
	r.start("a")
	r.start("b")
	customers := []*client{customer(t, r.at("a"), "maya"), customer(t, r.at("b"), "tomas"), customer(t, r.at("a"), "")}
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	urls := []string{r.running["a"].url, r.running["b"].url}
	pick := func(i int) string {
		mu.Lock()
		defer mu.Unlock()
		return urls[i%len(urls)]
	}
	const unanswered = 3
	var taken atomic.Int64
	var group sync.WaitGroup
	answers := make([][]string, len(customers))
	for i, c := range customers {
		group.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				// Nobody asks on and on without an answer: a slow machine would be left more
				// questions than an orderly end has time for.
				for try := n; len(answers[i]) >= unanswered && ctx.Err() == nil; try++ {
					if status, body, ok := c.elsewhere(pick(try)).try("GET", "/api/answers/"+answers[i][len(answers[i])-unanswered], nil, ""); ok &&
						status == http.StatusOK && !strings.Contains(body, `"status":"writing"`) {
						break
					}
					time.Sleep(20 * time.Millisecond)
				}
				key := c.conversation + " " + string(rune('a'+n%26)) + time.Now().Format(time.RFC3339Nano)
				// As a client behind a balancer does: until it is taken, with one key.
				for try := n; ; try++ {
					status, body, ok := c.elsewhere(pick(try)).try("POST", "/api/conversations/"+c.conversation+"/messages",
						object{"text": "How long does delivery take?"}, key)
					ok = ok && status == http.StatusAccepted
					_, rest, _ := strings.Cut(body, `"answer_id":"`)
					id, _, _ := strings.Cut(rest, `"`)
					if ok {
						if id != "" {
							answers[i] = append(answers[i], id)
						}
						taken.Add(1)
						break
					}
					time.Sleep(20 * time.Millisecond)
				}
				time.Sleep(50 * time.Millisecond) // nobody types faster
			}
		})
	}
	wait := func(more int64) {
		for want, deadline := taken.Load()+more, time.Now().Add(20*time.Second); taken.Load() < want && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
		}
	}
	for i, name := range []string{"a", "b"} {
		wait(15)
		mu.Lock()
		urls = slices.Delete(slices.Clone(urls), i, i+1)
		mu.Unlock()
		r.running[name].end()
		wait(15)
		fresh := r.start(name + "2")
		mu.Lock()
		urls = slices.Insert(slices.Clone(urls), i, fresh.url)
		mu.Unlock()
	}
	wait(15)
	stop()
	group.Wait()
	for i, c := range customers {
		c.base = pick(0)
		for _, id := range answers[i] {
			if a := c.finished(id); a["status"] == "interrupted" {
				t.Errorf("answer %s was interrupted", id)
			}
		}
		said := 0
		for _, m := range list(c.must("GET", "/api/conversations/"+c.conversation, nil), "messages") {
			if m["from"] == "customer" {
				said++
			}
		}
		if want := len(answers[i]); said != want {
			t.Errorf("%d messages were taken and %d are there", want, said)
		}
	}
}

// try asks once; it reports whether there was an answer, whichever.
func (c *client) try(method, path string, body object, key string) (status int, answer string, ok bool) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader([]byte(text(body)))
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, content)
	if err != nil {
		return 0, "", false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.token)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, "", false
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err == nil
}
