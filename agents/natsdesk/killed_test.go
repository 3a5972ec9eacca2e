package natsdesk_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"candor/agents"
	"candor/agents/desktest"
	"candor/agents/natsdesk"
	"candor/conversation"
	"candor/identity"
	"candor/store"
	"candor/store/schematest"
)

var (
	killRounds   = flag.Int("desk.rounds", 3, "how often TestKilled kills the process")
	killHandoffs = flag.Int("desk.handoffs", 40, "how many handoffs TestKilled waits for before a kill, about")
)

// TestKilled kills a process that hands conversations off and publishes, again
// and again on the same folder. Every handoff that it acknowledged must be in
// the stream, once.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("NATSDESK_KILLED_DIR"); dir != "" {
		handOffUntilKilled(t, dir)
		return
	}
	dir := t.TempDir()
	s := schematest.Open(t, dir)
	desktest.NewFixture(t, s)
	must(t, s.Close())
	var acknowledged []string
	for range *killRounds {
		acknowledged = append(acknowledged, killAfter(t, dir, 1+rand.IntN(2**killHandoffs))...)
	}

	s = schematest.Open(t, dir)
	t.Cleanup(func() { must(t, s.Close()) })
	bus := openBus(t, natsdesk.Options{Dir: filepath.Join(dir, "jetstream")})
	drain(t, bus, s)
	n := handedOff(t, s, bus, acknowledged)
	t.Logf("%d kills: %d handoffs were acknowledged, %d are at the desk", *killRounds, len(acknowledged), n)
}

// inStream returns the conversations whose handoff is in the stream, in its order. No
// message is there twice.
func inStream(t *testing.T, bus *natsdesk.Bus) (waiting []string) {
	t.Helper()
	ids := make(map[string]int)
	for _, m := range stored(t, bus, "HANDOFFS") {
		ids[m.Header.Get(jetstream.MsgIDHeader)]++
		var event struct {
			Data struct {
				Conversation string `json:"conversation_id"`
				State        string `json:"state"`
			} `json:"data"`
		}
		must(t, json.Unmarshal(m.Data, &event))
		if event.Data.State == string(agents.Waiting) {
			waiting = append(waiting, event.Data.Conversation)
		}
	}
	for id, n := range ids {
		if n != 1 {
			t.Errorf("the message %s is stored %d times", id, n)
		}
	}
	return waiting
}

// handedOff: every conversation whose handoff was acknowledged is at the desk and in the
// stream, once. It returns how many are at the desk.
func handedOff(t *testing.T, s *store.Store, bus *natsdesk.Bus, acknowledged []string) int {
	t.Helper()
	waiting := make(map[string]int)
	for _, c := range inStream(t, bus) {
		waiting[c]++
	}
	queue, err := s.Tickets(t.Context(), "")
	must(t, err)
	desk := make(map[string]int)
	for _, ticket := range queue {
		desk[ticket.Conversation]++
	}
	for _, c := range acknowledged {
		if waiting[c] != 1 {
			t.Errorf("the handoff of %s, which was acknowledged, is in the stream %d times, want once", c, waiting[c])
		}
		if desk[c] != 1 {
			t.Errorf("the handoff of %s, which was acknowledged, is at the desk %d times, want once", c, desk[c])
		}
	}
	for c, n := range desk {
		if n != 1 {
			t.Errorf("%s is at the desk %d times", c, n)
		}
	}
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged")
	}
	return len(queue)
}

// killAfter runs a process until it has acknowledged n handoffs, kills it, and
// returns all that it acknowledged.
func killAfter(t *testing.T, dir string, n int) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "NATSDESK_KILLED_DIR="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	var acknowledged []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), "handed off ")
		if !ok {
			t.Log(lines.Text())
			continue
		}
		if acknowledged = append(acknowledged, id); len(acknowledged) == n {
			must(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait() // it was killed
	return acknowledged
}

func handOffUntilKilled(t *testing.T, dir string) {
	s := schematest.Open(t, dir)
	bus, err := natsdesk.Open(t.Context(), natsdesk.Options{URL: natsdesk.Embedded, Dir: filepath.Join(dir, "jetstream")})
	must(t, err)
	background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, s) })
	sites, err := s.Sites(t.Context())
	must(t, err)
	var group sync.WaitGroup
	var mu sync.Mutex
	for range 4 {
		group.Go(func() {
			for {
				id, err := handOff(t.Context(), s, sites[0].ID)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				fmt.Println("handed off " + id)
				mu.Unlock()
			}
		})
	}
	group.Wait()
}

// handOff has a new visitor ask for a person.
func handOff(ctx context.Context, s *store.Store, site identity.SiteID) (string, error) {
	id := identity.NewID("cnv")
	visitor, err := s.AddVisitor(ctx, site)
	if err == nil {
		err = s.Create(ctx, conversation.Conversation{
			ID: id, Site: site, Customer: visitor, Visitor: true, State: conversation.Pending, Language: "en",
		}, conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Hi.")})
	}
	if err == nil {
		_, err = s.Handoff(ctx, id, conversation.CustomerRequest, conversation.Message{
			ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Wait."),
		})
	}
	return id, err
}
