//go:build unix

// Package soak runs Candor as several processes under load, kills and pauses
// them, and holds everything that its clients saw against the promises of the
// design.
//
// It is a test only. It never looks into a process: what it knows is what was
// said over HTTP and NATS, so that a promise holds here only if it does for
// customers and agents.
package soak

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"candor/internal/pgtest"
)

var (
	roundsFlag = flag.Int("soak.rounds", 1, "how often something is killed, restarted or paused")
	seedFlag   = flag.Uint64("soak.seed", 0, "what chance does; 0: another each time")
	onlyFlag   = flag.String("soak.only", "", "a regular expression: only trouble whose name matches")
)

const (
	customers = 8
	// settle is how long the last answer may take once nothing is killed any more.
	settle = 20 * time.Second
	// patience is how long an answer that quotes orders is waited for.
	patience = 30 * time.Second
	// takeOver is how long the work of a replica that is killed may lie.
	takeOver = 5 * time.Second
)

// run is a run of the test.
type run struct {
	*recorder
	cluster *cluster
	only    *regexp.Regexp // what trouble there is
	urls    []string
	http    *http.Client
	rest    chan struct{} // closed: customers come to an end
	close   chan struct{} // closed: agents do, once nobody waits

	luck struct {
		sync.Mutex
		*rand.Rand
	}
	hurt struct {
		sync.Mutex
		wounds  []wound
		resumes []resume
	}
}

// wound is a replica that was killed.
type wound struct {
	At      time.Duration
	Replica int
	Before  lease         // to publish the outbox
	Lost    bool          // it was this replica's, and nothing else was wrong
	Late    bool          // neither it nor another had it in time
	Taken   time.Duration // how long after the kill another was seen to have it
}

// source returns chance of one's own.
func (r *run) source() *rand.Rand {
	r.luck.Lock()
	defer r.luck.Unlock()
	return rand.New(rand.NewPCG(r.luck.Uint64(), r.luck.Uint64()))
}

// wounded records that a replica is about to be killed.
func (r *run) wounded(ctx context.Context, replica int) {
	before := r.cluster.publishing(ctx)
	r.hurt.Lock()
	defer r.hurt.Unlock()
	r.hurt.wounds = append(r.hurt.wounds, wound{At: r.now(), Replica: replica, Before: before})
}

// healed looks whether the one wound of a round was of who published the outbox:
// then another does by now, else the lease has been renewed.
func (r *run) healed(ctx context.Context) {
	r.hurt.Lock()
	defer r.hurt.Unlock()
	w := &r.hurt.wounds[len(r.hurt.wounds)-1]
	if w.Before.holder == "" {
		return
	}
	for r.now() < w.At+takeOver {
		now := r.cluster.publishing(ctx)
		if w.Lost = now.holder != "" && now.holder != w.Before.holder; w.Lost {
			w.Taken = r.now() - w.At
			return
		}
		if now.holder == w.Before.holder && now.until.Sub(w.Before.until) > time.Second {
			return
		}
		pause(ctx, 50*time.Millisecond)
	}
	w.Late = true
}

func (r *run) resumed(x resume) {
	r.hurt.Lock()
	defer r.hurt.Unlock()
	r.hurt.resumes = append(r.hurt.resumes, x)
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (r *run) resting() bool { return closed(r.rest) }

func (r *run) closing() bool { return closed(r.close) }

// TestSoak keeps the promises of the design through whatever happens to the
// processes.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("a soak is not short")
	}
	only, err := regexp.Compile(*onlyFlag)
	if err != nil {
		t.Fatal(err)
	}
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d: go test ./soak -v -soak.rounds=%d -soak.seed=%d -soak.only=%q", seed, *roundsFlag, seed, *onlyFlag)
	dir, err := os.MkdirTemp("", "soak") //nolint:usetesting // it stays where the test fails
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the logs of the processes, and history.json, are in %s", dir)
		} else if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	ctx := t.Context()
	if deadline, ok := t.Deadline(); ok {
		// What was started must be ended before the test is.
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-20*time.Second))
		defer cancel()
	}
	r := &run{recorder: newRecorder(), only: only, rest: make(chan struct{}), close: make(chan struct{})}
	r.luck.Rand = rand.New(rand.NewPCG(seed, 0))
	r.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	for i := range customers {
		r.Canaries[fmt.Sprintf("customer%d", i+1)] = newCanary()
	}
	r.cluster, err = boot(ctx, dir, r.Canaries)
	if errors.Is(err, pgtest.ErrNotInstalled) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.cluster.end)
	r.urls = r.cluster.urls
	t.Logf("started in %s", r.now().Round(time.Millisecond))

	kinds, err := r.soak(ctx, t, seed)
	if err != nil {
		t.Error(err)
	}
	r.logs(t)
	found := check(r.history)
	r.report(t, kinds, len(found))
	if t.Failed() || len(found) > 0 {
		b, err := json.MarshalIndent(r.history, "", " ")
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "history.json"), b, 0o600)
		}
		if err != nil {
			t.Error(err)
		}
	}
	for i, v := range found {
		if i == 20 {
			t.Errorf("and %d more", len(found)-i)
			break
		}
		t.Errorf("%s\n%s", v, r.around(v))
	}
}

// soak keeps the load on through all rounds, ends it, and reads how things stand
// at the end.
func (r *run) soak(ctx context.Context, t *testing.T, seed uint64) (map[string]int, error) {
	kinds := make(map[string]int)
	streams, hangUp := context.WithCancel(ctx)
	defer hangUp()
	var readers sync.WaitGroup
	defer readers.Wait()
	defer hangUp()
	if err := r.listen(streams); err != nil {
		return kinds, err
	}
	var load, desk errgroup.Group
	var everybody []*customer
	for _, name := range slices.Sorted(maps.Keys(r.Canaries)) {
		c := &customer{client: client{run: r, rng: r.source(), name: name}, streams: streams, readers: &readers, screens: make(map[string]*screen)}
		everybody = append(everybody, c)
		load.Go(func() error { return c.live(ctx) })
	}
	for _, address := range agentAddresses {
		name, _, _ := strings.Cut(address, "@")
		token := r.cluster.tokens[address]
		a := &agent{client: client{run: r, rng: r.source(), name: name, token: token}, desk: newDesk(r.cluster.conn, token)}
		desk.Go(func() error { return a.work(ctx) })
	}

	var failed error
	chance := rand.New(rand.NewPCG(seed, 1))
	for i := 1; i <= *roundsFlag && failed == nil; i++ {
		began := r.now()
		var kind string
		kind, failed = r.round(ctx, chance)
		kinds[kind]++
		t.Logf("round %d: %s: %s", i, kind, (r.now() - began).Round(time.Millisecond))
	}
	if failed == nil {
		r.tried(ctx)
	}
	close(r.rest)
	failed = errors.Join(failed, load.Wait())
	close(r.close)
	failed = errors.Join(failed, desk.Wait())
	if failed != nil {
		return kinds, failed
	}
	err := r.settle(ctx, everybody)
	r.Complete = err == nil
	return kinds, err
}

// tried waits until an answer has quoted orders, for a while: on a busy machine a
// round can be over before one does.
func (r *run) tried(ctx context.Context) {
	for deadline := r.now() + patience; r.now() < deadline; {
		r.mu.Lock()
		quotes, _ := r.quotes()
		r.mu.Unlock()
		if quotes > 0 || !pause(ctx, 500*time.Millisecond) {
			return
		}
	}
}

// settle waits until everything that was begun is finished, and reads it.
func (r *run) settle(ctx context.Context, everybody []*customer) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var group errgroup.Group
	for _, c := range everybody {
		group.Go(func() error { return r.answers(ctx, c) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	group = errgroup.Group{}
	byName := make(map[string]*customer)
	for _, c := range everybody {
		byName[c.name] = c
	}
	for conversation, owner := range r.Owners {
		group.Go(func() error { return r.transcripts(ctx, byName[owner], conversation) })
	}
	group.Go(func() error { return r.published(ctx, conversations) })
	group.Go(func() error { return r.published(ctx, handoffs) })
	return group.Wait()
}

// answers waits for the end of a customer's answers, and reads what the log says
// of them.
func (r *run) answers(ctx context.Context, c *customer) error {
	var ids []string
	r.add(func(h *history) {
		for _, s := range h.Said {
			if s.Customer == c.name && s.Answer != "" {
				ids = append(ids, s.Answer)
			}
		}
		for _, g := range h.Choices {
			if g.Customer == c.name && g.Answer != "" {
				ids = append(ids, g.Answer)
			}
		}
	})
	reviewer := client{run: r, rng: r.source(), name: "the admin", token: r.cluster.tokens[admin]}
	deadline := r.now() + settle
	for _, id := range ids {
		e := ended{Answer: id}
		for {
			var log struct {
				Status  string
				Entries []struct{ Kind string }
				Leaf    struct{ Index *int64 }
			}
			if err := reviewer.get(ctx, "/api/admin/citations/"+id, &log); err != nil {
				return err
			}
			e.Status, e.Entries, e.Leaf = log.Status, nil, -1
			if log.Leaf.Index != nil {
				e.Leaf = *log.Leaf.Index
			}
			for _, x := range log.Entries {
				e.Entries = append(e.Entries, x.Kind)
			}
			recorded := len(e.Entries) > 0 && e.Entries[len(e.Entries)-1] == "closed"
			if e.Status != "writing" && recorded && e.Leaf >= 0 || r.now() > deadline {
				break
			}
			pause(ctx, 50*time.Millisecond)
		}
		r.add(func(h *history) { h.Ended = append(h.Ended, e) })
	}
	return nil
}

// transcripts reads a conversation and its stream from each replica.
func (r *run) transcripts(ctx context.Context, c *customer, conversation string) error {
	for i, url := range r.urls {
		one := client{run: r, rng: r.source(), name: c.name, token: c.token}
		status, b, err := one.attempt(ctx, url, request{method: http.MethodGet, path: "/api/conversations/" + conversation}, nil)
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("read %s: %d %w", conversation, status, err)
		}
		var out struct {
			LastSeq  int64 `json:"last_seq"`
			Messages []struct {
				ID, From, Text string
				Seq            int64
			}
		}
		if err := json.Unmarshal(b, &out); err != nil {
			return err
		}
		r.add(func(h *history) {
			for _, m := range out.Messages {
				h.Messages = append(h.Messages, message{i, conversation, m.ID, m.From, m.Text, m.Seq})
			}
		})
		last := &reader{
			client: client{run: r, rng: r.source(), name: fmt.Sprintf("%s's last page at %d", c.name, i), token: c.token},
			owner:  c.name, conversation: conversation, until: out.LastSeq, only: i,
		}
		reading, cancel := context.WithTimeout(ctx, settle)
		last.follow(reading)
		cancel()
		if last.last < out.LastSeq {
			r.surprise("%s: the stream of %s at replica %d ends at %d, not at %d", c.name, conversation, i, last.last, out.LastSeq)
		}
	}
	return nil
}

// published reads a stream back, once all that was committed is in it.
func (r *run) published(ctx context.Context, name string) error {
	missing := make(map[string]bool)
	r.add(func(h *history) {
		for _, s := range h.Said {
			if s.Acked && name == conversations {
				missing[s.Message] = true
			}
		}
		for _, x := range h.Handoffs {
			if x.Acked && name == handoffs {
				missing[x.Ticket] = true
			}
		}
	})
	stream, err := r.cluster.stream.OrderedConsumer(ctx, name, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	for deadline := r.now() + settle; ; {
		batch, err := stream.Fetch(256, jetstream.FetchMaxWait(500*time.Millisecond))
		if err != nil {
			return err
		}
		n := 0
		for m := range batch.Messages() {
			x := hear(m.Subject(), m.Headers(), m.Data())
			x.At, x.Stored = r.now(), true
			delete(missing, x.Message)
			delete(missing, x.Ticket)
			r.add(func(h *history) { h.Heard = append(h.Heard, x) })
			n++
		}
		if n == 0 && len(missing) == 0 || r.now() > deadline {
			return nil // what is missing the checks say
		}
	}
}

// logs looks for what customers' orders say where nobody should write it.
func (r *run) logs(t *testing.T) {
	for _, p := range slices.Concat(r.cluster.replicas, r.cluster.nodes) {
		b, err := os.ReadFile(p.log())
		if err != nil {
			t.Error(err)
		}
		for customer, canary := range r.Canaries {
			if strings.Contains(string(b), canary) {
				t.Errorf("the log of %s holds orders of %s", p.name, customer)
			}
		}
		for line := range strings.Lines(string(b)) {
			if strings.Contains(line, "DATA RACE") || strings.HasPrefix(line, "panic:") {
				t.Errorf("%s: %s", filepath.Base(p.log()), line)
			}
		}
	}
}

// around is the piece of the history that a violation is in.
func (r *run) around(v violation) string {
	if v.Conversation == "" {
		return ""
	}
	var b strings.Builder
	seen := make(map[int64]bool)
	var piece []event
	for _, e := range r.Events {
		if e.Conversation == v.Conversation && e.Seq >= v.Seq-8 && e.Seq <= v.Seq+4 && !seen[e.Seq] {
			seen[e.Seq] = true
			piece = append(piece, e)
		}
	}
	slices.SortFunc(piece, func(x, y event) int { return int(x.Seq - y.Seq) })
	for _, e := range piece {
		fmt.Fprintf(&b, "  %6d %9s %-8s %.160s\n", e.Seq, e.At.Round(time.Millisecond), e.Type, e.Data)
	}
	return b.String()
}

// report prints what happened.
func (r *run) report(t *testing.T, kinds map[string]int, violations int) {
	t.Helper()
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%4d × %s", kinds[kind], kind)
	}
	count := func(n int, yes func(i int) bool) (k int) {
		for i := range n {
			if yes(i) {
				k++
			}
		}
		return k
	}
	t.Logf("messages %d, answers %d, grants %d, withdrawals %d, handoffs %d, claims %d, events %d, on NATS %d, in %s",
		count(len(r.Said), func(i int) bool { return r.Said[i].Acked }), len(r.Ended),
		count(len(r.Choices), func(i int) bool { return r.Choices[i].Acked && r.Choices[i].Granted }),
		count(len(r.Choices), func(i int) bool { return r.Choices[i].Acked && !r.Choices[i].Granted }),
		count(len(r.Handoffs), func(i int) bool { return r.Handoffs[i].Acked }),
		count(len(r.Acts), func(i int) bool { return r.Acts[i].OK && r.Acts[i].Verb == "claim" }),
		len(r.Events), len(r.Heard), r.now().Round(time.Second))
	quotes, resets := r.quotes()
	t.Logf("answers that quote orders %d, answers that were reset %d", quotes, resets)
	if quotes == 0 {
		t.Error("no answer quotes orders, so nothing was tried")
	}
	// Publishing also waits for NATS, which may still be choosing leaders after an
	// earlier round.
	var took, published, back []time.Duration
	for _, w := range r.hurt.wounds {
		if w.Late {
			t.Errorf("nobody publishes the outbox %s after the kill of replica %d at %s", takeOver, w.Replica, w.At)
		}
		if w.Lost {
			took, published = append(took, w.Taken), append(published, r.publishedAfter(w))
		}
		for _, x := range r.hurt.resumes {
			if x.From == w.Replica && x.Broke >= w.At && x.Broke < w.At+500*time.Millisecond {
				back = append(back, x.Restored-x.Broke)
			}
		}
	}
	t.Logf("outbox taken over after a kill: %s, and published again: %s; streams resumed after a kill: %s", spread(took), spread(published), spread(back))
	t.Logf("violations %d", violations)
}

// quotes counts the answers that quote orders, and those that were written
// again.
func (r *run) quotes() (quotes, resets int) {
	seen := make(map[string]bool)
	for _, e := range r.Events {
		place := fmt.Sprint(e.Conversation, e.Seq)
		if e.Seq == 0 || seen[place] {
			continue
		}
		seen[place] = true
		switch {
		case e.Type == "reset":
			resets++
		case e.Type == "answer" && strings.Contains(e.Data, r.Canaries[e.Customer]):
			quotes++
		}
	}
	return quotes, resets
}

// publishedAfter is how long after a kill something was published that was said after
// it.
func (r *run) publishedAfter(w wound) time.Duration {
	sent := make(map[string]time.Duration)
	for _, s := range r.Said {
		sent[s.Message] = s.Sent
	}
	for _, n := range r.Heard {
		if at, ok := sent[n.Message]; ok && n.Message != "" && at > w.At && !n.Stored {
			return n.At - w.At
		}
	}
	return 0 // nothing more was said
}

// spread says how large times are.
func spread(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	return fmt.Sprintf("p50 %s, max %s of %d", all[len(all)/2].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond), len(all))
}
