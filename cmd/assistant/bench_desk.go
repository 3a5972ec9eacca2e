package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"candor/conversation"
	"candor/identity"
	"candor/store"
)

// deskFigures are the figures of handing over. Times are in milliseconds.
type deskFigures struct {
	// Fsync is writing 4 KiB and syncing them, on the disk of the database.
	Fsync latency `json:"fsync_ms"`
	ackFigures
	// Slow is the same where a sync takes --slower-disk longer.
	Slow *slowFigures `json:"slower_disk,omitempty"`
	// Seen is from a customer's request over HTTP to the event in an agent's stream;
	// Bare is from a synced publish to JetStream to its delivery.
	Seen      latency `json:"request_to_agents_stream_ms"`
	Bare      latency `json:"bare_jetstream_ms"`
	SeenRatio float64 `json:"request_to_agents_stream_p99_to_bare_p99"`
	// Away is the acknowledgement while NATS is away, Back the time after its return until
	// all that waited is published.
	Here      latency `json:"handoff_ack_with_nats_ms"`
	Away      latency `json:"handoff_ack_without_nats_ms"`
	AwayRatio float64 `json:"handoff_ack_without_to_with_nats"`
	Waited    int     `json:"messages_that_waited"`
	Back      float64 `json:"drained_after_return_ms"`
}

// ackFigures are those of acknowledgements.
type ackFigures struct {
	// Ack is from asking for a person to that being durable, 32 customers at once.
	Ack      latency `json:"handoff_ack_ms"`
	AckRatio float64 `json:"handoff_ack_p50_to_fsync_p50"`
	// Shared and Alone are handoffs a second, 32 at once, with shared commits and each
	// in a transaction of its own.
	Shared float64 `json:"handoffs_per_second_group_commit"`
	Alone  float64 `json:"handoffs_per_second_one_a_transaction"`
	Ratio  float64 `json:"group_commit_ratio"`
}

// slowFigures are those of acknowledgements where each commit waits so much longer for
// the disk. Fsync is what was measured and that wait.
type slowFigures struct {
	Slower float64 `json:"slower_by_ms"`
	Fsync  latency `json:"fsync_ms"`
	ackFigures
}

func benchDeskCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "desk", Short: "Measure handing over to people, also while NATS is away", Args: cobra.NoArgs,
		Long: "Desk measures, in a temporary folder and where --database and --keys name two empty PostgreSQL\n" +
			"databases on those too, how long a customer waits for the acknowledgement that a person will\n" +
			"come, how soon an agent sees it, and what an outage of NATS does to both. What is compared is\n" +
			"measured in one run: read the ratios, as the rest is this machine's at this moment.\n\n" +
			"Where a sync takes less than the statements of a handoff, the ratio to it says how fast the\n" +
			"processor is. --slower-disk measures acknowledgements once more on a disk that is simulated:\n" +
			"before each commit of the database the process waits for so long, doing nothing, as it would\n" +
			"for a sync. Neither the message server nor the disk itself is any slower.",
	}
	addEngines(cmd)
	handoffs := cmd.Flags().Int("handoffs", 60, "How many handoffs each of 32 customers asks for in a turn")
	slower := cmd.Flags().Duration("slower-disk", 0, "How much longer a sync takes on the disk that is simulated, such as 4ms; 0: none is")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		report := make(map[string]deskFigures)
		err := eachEngine(cmd, func(name, dir string, c Config) (err error) {
			b := &deskBench{bench: &bench{ctx: cmd.Context(), progress: cmd.ErrOrStderr(), dir: dir}, name: name, each: *handoffs, slower: *slower}
			report[name], err = b.engine(c)
			return err
		})
		if err != nil {
			return err
		}
		return printReport(cmd.OutOrStdout(), report, *asJSON)
	}
	return cmd
}

const deskWriters = 32

type deskBench struct {
	*bench
	name   string
	each   int
	slower time.Duration
}

func (b *deskBench) engine(c Config) (f deskFigures, err error) {
	port, err := benchPort(b.ctx)
	if err != nil {
		return f, err
	}
	c.Messages = fmt.Sprintf("nats://127.0.0.1:%d", port)
	n := &benchNATS{dir: filepath.Join(b.dir, b.name+"-nats"), port: port}
	if err := n.start(); err != nil {
		return f, err
	}
	defer n.stop()
	ctx, stop := context.WithCancel(b.ctx)
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		stop()
		return f, err
	}
	a, err := newApp(ctx, c, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		stop()
		return f, errors.Join(err, l.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx, l) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	if sites, err := a.store.Sites(b.ctx); err != nil || len(sites) > 0 {
		return f, errors.Join(errors.New("the database is in use: name an empty one"), err)
	}
	if err := a.store.AddSite(b.ctx, identity.Site{ID: benchSite, Name: "bench", Secret: []byte("bench")}, identity.NewSecret("sk")); err != nil {
		return f, err
	}
	for _, step := range []struct {
		what string
		run  func(*app, string, *deskFigures) error
	}{
		{"acknowledgements", b.acknowledge},
		{"what an agent sees", func(a *app, url string, f *deskFigures) error { return b.seen(a, url, n, f) }},
		{"while NATS is away", func(a *app, _ string, f *deskFigures) error { return b.away(a, n, f) }},
		{"acknowledgements on a slower disk", b.acknowledgeSlowly},
	} {
		b.say(b.name + ": " + step.what)
		if err := step.run(a, "http://"+l.Addr().String(), &f); err != nil {
			return f, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return f, nil
}

// acknowledge measures handoffs, and what a sync costs beside them.
func (b *deskBench) acknowledge(a *app, _ string, f *deskFigures) (err error) {
	f.Fsync, f.ackFigures, err = b.acks(a, 0)
	return err
}

// acknowledgeSlowly is acknowledge on the disk that is simulated, if one is wanted.
func (b *deskBench) acknowledgeSlowly(a *app, _ string, f *deskFigures) (err error) {
	if b.slower <= 0 {
		return nil
	}
	f.Slow = &slowFigures{Slower: float64(b.slower.Microseconds()) / 1000}
	f.Slow.Fsync, f.Slow.ackFigures, err = b.acks(a, b.slower)
	return err
}

// acks measures handoffs with shared commits and alone, in turns, and a sync beside them,
// where each takes so much longer.
func (b *deskBench) acks(a *app, slower time.Duration) (fsync latency, f ackFigures, err error) {
	a.store.SlowDisk(slower)
	defer a.store.SlowDisk(0)
	defer a.store.Share(256)
	var syncs, shared []time.Duration
	var sharedTook, aloneTook time.Duration
	var sharedN, aloneN int
	for range 3 {
		some, err := b.syncs(200)
		if err != nil {
			return fsync, f, err
		}
		for _, took := range some {
			syncs = append(syncs, took+slower)
		}
		a.store.Share(256)
		took, total, err := b.handoffs(a.store, b.each)
		if err != nil {
			return fsync, f, err
		}
		shared, sharedTook, sharedN = append(shared, took...), sharedTook+total, sharedN+len(took)
		a.store.Share(1)
		if took, total, err = b.handoffs(a.store, max(b.each/4, 1)); err != nil {
			return fsync, f, err
		}
		aloneTook, aloneN = aloneTook+total, aloneN+len(took)
	}
	fsync, f.Ack = latencyOf(syncs), latencyOf(shared)
	f.AckRatio = f.Ack.P50 / fsync.P50
	f.Shared, f.Alone = float64(sharedN)/sharedTook.Seconds(), float64(aloneN)/aloneTook.Seconds()
	f.Ratio = f.Shared / f.Alone
	return fsync, f, nil
}

// syncs writes a block and syncs it, n times.
func (b *deskBench) syncs(n int) ([]time.Duration, error) {
	file, err := os.CreateTemp(b.dir, "sync")
	if err != nil {
		return nil, err
	}
	defer func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) }()
	took, block := make([]time.Duration, n), bytes.Repeat([]byte{1}, 4096)
	for i := range took {
		at := time.Now()
		if _, err := file.Write(block); err != nil {
			return nil, err
		}
		if err := file.Sync(); err != nil {
			return nil, err
		}
		took[i] = time.Since(at)
	}
	return took, nil
}

// handoffs has 32 customers ask for a person in so many conversations each, and returns how
// long each was waited for, and all of them took.
func (b *deskBench) handoffs(s *store.Store, each int) ([]time.Duration, time.Duration, error) {
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	prepared := make([][]string, deskWriters)
	inParallel := func(do func(w int) error) {
		var group sync.WaitGroup
		for w := range deskWriters {
			group.Go(func() {
				if err := do(w); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			})
		}
		group.Wait()
	}
	inParallel(func(w int) error {
		customer, err := s.AddVisitor(b.ctx, benchSite)
		for range each {
			if err != nil {
				return err
			}
			id := identity.NewID("cnv")
			err = s.Create(b.ctx, conversation.Conversation{
				ID: id, Site: benchSite, Customer: customer, Visitor: true, State: conversation.Pending, Language: "en",
			}, benchMessage("Hello."))
			prepared[w] = append(prepared[w], id)
		}
		return err
	})
	if failed != nil {
		return nil, 0, failed
	}
	began := time.Now()
	inParallel(func(w int) error {
		took := make([]time.Duration, 0, each)
		for _, id := range prepared[w] {
			at := time.Now()
			if _, err := s.Handoff(b.ctx, id, conversation.CustomerRequest, benchMessage("A person will come.")); err != nil {
				return err
			}
			took = append(took, time.Since(at))
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, took...)
		return nil
	})
	return all, time.Since(began), failed
}

func benchMessage(text string) conversation.Message {
	return conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage(text)}
}

// seenTimes is how often what an agent sees is measured.
const seenTimes = 300

// seen measures, in turns, from a customer's request to the event in an agent's stream, and
// a synced publish to a stream of NATS to its delivery.
func (b *deskBench) seen(a *app, url string, n *benchNATS, f *deskFigures) error {
	agent := identity.StaffMember{ID: identity.StaffID(identity.NewID("stf")), Email: "agent@bench.example", Name: "Agent", Roles: []identity.Role{identity.RoleAgent}, Password: "x"}
	token := identity.NewSecret("pat")
	if err := errors.Join(a.store.AddStaff(b.ctx, agent), a.store.AddAPIToken(b.ctx, agent.ID, token)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	events, err := agentEvents(ctx, url, token)
	if err != nil {
		return err
	}
	bare, err := newBareStream(ctx, n)
	if err != nil {
		return err
	}
	defer bare.close()
	var seen, plain []time.Duration
	for range seenTimes {
		session, err := startSession(ctx, url)
		if err != nil {
			return err
		}
		quiet(events)
		at := time.Now()
		if err := askForAPerson(ctx, url, session); err != nil {
			return err
		}
		select {
		case when := <-events:
			seen = append(seen, when.Sub(at))
		case <-time.After(10 * time.Second):
			return errors.New("an agent was not told of a handoff")
		}
		took, err := bare.once(ctx)
		if err != nil {
			return err
		}
		plain = append(plain, took)
	}
	f.Seen, f.Bare = latencyOf(seen), latencyOf(plain)
	f.SeenRatio = f.Seen.P99 / f.Bare.P99
	return nil
}

// quiet waits until the stream says nothing for a moment.
func quiet(events <-chan time.Time) {
	for {
		select {
		case <-events:
		case <-time.After(20 * time.Millisecond):
			return
		}
	}
}

// agentEvents follows an agent's stream, and says when each event came.
func agentEvents(ctx context.Context, url, token string) (<-chan time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/desk/events", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req) //nolint:bodyclose // closed below
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("an agent's stream is refused: %s", resp.Status), resp.Body.Close())
	}
	out := make(chan time.Time, 1024)
	go func() {
		defer resp.Body.Close()
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "data:") {
				select {
				case out <- time.Now():
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out, nil
}

func askForAPerson(ctx context.Context, url string, s benchSession) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/conversations/"+s.Conversation+"/handoff", strings.NewReader("{}"))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("a handoff was refused: %s", resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(new(struct{}))
}

// bareStream is a stream of NATS with nothing of Candor's around it.
type bareStream struct {
	conn      *nats.Conn
	js        jetstream.JetStream
	delivered chan time.Time
	stop      func()
}

func newBareStream(ctx context.Context, n *benchNATS) (*bareStream, error) {
	conn, err := nats.Connect(fmt.Sprintf("nats://127.0.0.1:%d", n.port))
	if err != nil {
		return nil, err
	}
	s := &bareStream{conn: conn, delivered: make(chan time.Time, 1)}
	if s.js, err = jetstream.New(conn); err != nil {
		return nil, err
	}
	stream, err := s.js.CreateStream(ctx, jetstream.StreamConfig{Name: "BARE", Subjects: []string{"bare"}, Storage: jetstream.FileStorage})
	if err != nil {
		return nil, err
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true})
	if err != nil {
		return nil, err
	}
	consuming, err := consumer.Consume(func(jetstream.Msg) { s.delivered <- time.Now() })
	if err != nil {
		return nil, err
	}
	s.stop = consuming.Stop
	return s, nil
}

func (s *bareStream) once(ctx context.Context) (time.Duration, error) {
	at := time.Now()
	if _, err := s.js.Publish(ctx, "bare", bytes.Repeat([]byte{'x'}, 400)); err != nil {
		return 0, err
	}
	return (<-s.delivered).Sub(at), nil
}

func (s *bareStream) close() { s.stop(); s.conn.Close() }

// away measures the acknowledgement with NATS and without, and how long what waited takes
// once it is back.
func (b *deskBench) away(a *app, n *benchNATS, f *deskFigures) error {
	if err := b.drained(a, 30*time.Second); err != nil {
		return err
	}
	here, _, err := b.handoffs(a.store, b.each)
	if err != nil {
		return err
	}
	n.stop()
	away, _, err := b.handoffs(a.store, b.each)
	if err != nil {
		return err
	}
	f.Here, f.Away = latencyOf(here), latencyOf(away)
	f.AwayRatio = f.Away.P50 / f.Here.P50
	if f.Waited, err = a.store.Unpublished(b.ctx); err != nil {
		return err
	}
	if err := n.start(); err != nil {
		return err
	}
	back := time.Now()
	err = b.drained(a, 30*time.Second)
	f.Back = float64(time.Since(back).Microseconds()) / 1000
	return err
}

// drained waits until all is published.
func (b *deskBench) drained(a *app, atMost time.Duration) error {
	for deadline := time.Now().Add(atMost); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if n, err := a.store.Unpublished(b.ctx); err != nil || n == 0 {
			return err
		}
	}
	return errors.New("what waited is not published")
}

// benchNATS is a NATS server with JetStream that syncs before it acknowledges, as the
// embedded one does.
type benchNATS struct {
	dir    string
	port   int
	server *server.Server
}

func (n *benchNATS) start() error {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: n.port, JetStream: true, StoreDir: n.dir, SyncAlways: true, NoLog: true, NoSigs: true,
	})
	if err != nil {
		return fmt.Errorf("start NATS: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return errors.New("NATS does not start")
	}
	n.server = s
	return nil
}

func (n *benchNATS) stop() {
	n.server.Shutdown()
	n.server.WaitForShutdown()
}

// benchPort is a free port.
func benchPort(ctx context.Context) (int, error) {
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
