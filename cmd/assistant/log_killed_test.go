package main

import (
	"context"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"candor/citation"
	"candor/store"
)

var logRounds = flag.Int("log.rounds", 3, "how often TestLogKilled kills the process")

// TestLogKilled kills the process at random moments while it answers. Every answer that
// was acknowledged has its entries in the log, and they are in the public tree once; no
// checkpoint that was ever served is taken back.
func TestLogKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process is killed as Unix does it")
	}
	bin, dir := assistantBinary(t), t.TempDir()
	var mu sync.Mutex
	acknowledged := make(map[string]bool)
	var checkpoints [][]byte
	for range *logRounds {
		p := startProcess(t, bin, dir)
		asking, stop := context.WithCancel(t.Context())
		var askers sync.WaitGroup
		for _, who := range []string{"maya", "", "tomas"} {
			c := customer(t, p.demoInfo, who)
			askers.Go(func() {
				for n := 0; asking.Err() == nil; n++ {
					question := []string{"How long do I have to return a jacket?", "Hello!", "Where is my order?", "I want to talk to a person"}[min(n%9, 3)]
					if n%9 > 3 {
						question = "How long does delivery take?"
					}
					status, body, ok := c.try("POST", "/api/conversations/"+c.conversation+"/messages", object{"text": question}, "")
					var out struct {
						AnswerID string `json:"answer_id"`
					}
					if !ok || status != http.StatusAccepted || json.Unmarshal([]byte(body), &out) != nil || out.AnswerID == "" {
						time.Sleep(20 * time.Millisecond)
						continue
					}
					mu.Lock()
					acknowledged[out.AnswerID] = true
					mu.Unlock()
					time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
				}
			})
		}
		time.Sleep(time.Duration(300+rand.IntN(1500)) * time.Millisecond)
		if status, _, body := newClient(t, p.URL).raw("GET", "/log/checkpoint", "", nil); status == http.StatusOK {
			checkpoints = append(checkpoints, body)
		}
		time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
		p.kill()
		stop()
		askers.Wait()
	}
	if len(acknowledged) == 0 || len(checkpoints) == 0 {
		t.Fatalf("%d answers were acknowledged, and %d checkpoints served", len(acknowledged), len(checkpoints))
	}
	p := startProcess(t, bin, dir)
	admin := staff(t, p.demoInfo, "admin@fernhill.example")
	for id := range acknowledged {
		recorded := func() bool {
			entries := list(admin.must("GET", "/api/admin/citations/"+id, nil), "entries")
			return len(entries) > 0 && entries[len(entries)-1]["kind"] == "closed"
		}
		for deadline := time.Now().Add(30 * time.Second); !recorded(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the log does not say how answer %s ended\n%s", id, p.log)
			}
		}
	}
	time.Sleep(2 * sequenceInterval)
	p.kill()

	s := theStore(t, dir)
	tree := s.Transparency()
	leaves := wholeLog(t, s)
	places := make(map[string]int)
	for _, text := range leaves {
		l, err := citation.ParseLeaf(text)
		if err != nil {
			t.Fatal(err)
		}
		places[l.ID]++
	}
	for id := range acknowledged {
		entries, err := s.Citations().ByAnswer(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		closed := 0
		for _, e := range entries {
			if places[e.ID] != 1 {
				t.Errorf("entry %s of answer %s is in the tree %d times", e.ID, id, places[e.ID])
			}
			if e.Kind == citation.Closed {
				closed++
			}
		}
		if closed != 1 {
			t.Errorf("answer %s has %d ends", id, closed)
		}
	}
	last, err := tree.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now, err := citation.OpenCheckpoint(last, tree.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	for _, signed := range checkpoints {
		then, err := citation.OpenCheckpoint(signed, tree.Verifier())
		if err != nil {
			t.Fatal(err)
		}
		if then.Size == 0 {
			continue
		}
		proof, err := tlog.ProveTree(now.Size, then.Size, tree.Hashes(t.Context(), now.Size))
		if err != nil || tlog.CheckTree(proof, now.Size, now.Root, then.Size, then.Root) != nil {
			t.Errorf("a checkpoint of %d entries was taken back: %v", then.Size, err)
		}
	}
	t.Logf("%d rounds: %d answers, %d leaves, %d checkpoints", *logRounds, len(acknowledged), len(leaves), len(checkpoints))
}

// theStore opens the database of a demo that has ended.
func theStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	c := defaults()
	c.DataDir = dir
	s, err := openStore(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// wholeLog adds what was left over to the tree, and returns its leaves: those that the
// checkpoint is of.
func wholeLog(t *testing.T, s *store.Store) []string {
	t.Helper()
	tree := s.Transparency()
	for n := store.MaxIntegrated; n == store.MaxIntegrated; {
		var err error
		if n, err = tree.Integrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := tree.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := citation.OpenCheckpoint(signed, tree.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	var leaves []string
	for n := int64(0); n*citation.TileWidth < c.Size; n++ {
		some, err := tree.Entries(t.Context(), n, citation.TileWidthAt(c.Size, 0, n))
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, some...)
	}
	_, root, err := citation.Grow(0, leaves, func(int, int64, int) ([]byte, error) { return nil, citation.ErrNoTile })
	if err != nil || root != c.Root {
		t.Errorf("%d leaves have another root than the checkpoint says (%v)", len(leaves), err)
	}
	return leaves
}

// TestLogOnAFullDisk: while there is no room, nothing is answered that cannot be
// recorded, and customers read that; afterwards everything goes on by itself.
func TestLogOnAFullDisk(t *testing.T) {
	dir := smallDisk(t, "48m")
	bin := assistantBinary(t)
	p := startProcess(t, bin, filepath.Join(dir, "data"))
	maya := customer(t, p.demoInfo, "maya")
	maya.consent(change("answers", "orders", "brand_ai", true))
	if a := maya.ask("Where is my order?"); a["status"] != "answered" {
		t.Fatalf("before: %v %v", a["status"], a["text"])
	}
	path := "/api/conversations/" + maya.conversation
	before := len(list(maya.must("GET", path, nil), "messages"))

	fill(t, dir)
	said := 0
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && said < 5; time.Sleep(50 * time.Millisecond) {
		status, body, ok := maya.try("POST", path+"/messages", object{"text": "Where is my order?"}, "")
		if !ok {
			t.Fatalf("the server does not answer: %s", p.log)
		}
		if status == http.StatusAccepted {
			continue // there was room for it still
		}
		said++
		if status != http.StatusServiceUnavailable || !strings.Contains(body, "detail") {
			t.Fatalf("%d %s", status, body)
		}
	}
	if said == 0 {
		t.Fatal("the disk never was full")
	}
	// What was there can be read.
	if n := len(list(maya.must("GET", path, nil), "messages")); n < before {
		t.Errorf("%d messages are left of %d", n, before)
	}
	if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	var answered object
	for answered == nil {
		if status, body, ok := maya.try("POST", path+"/messages", object{"text": "Where is my order?"}, ""); ok && status == http.StatusAccepted {
			var out struct {
				AnswerID string `json:"answer_id"`
			}
			if err := json.Unmarshal([]byte(body), &out); err != nil {
				t.Fatal(err)
			}
			if out.AnswerID == "" {
				t.Fatalf("a person has the conversation: %s", body)
			}
			answered = maya.finished(out.AnswerID)
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("half a minute after there is room, nothing is taken\n%s", p.log)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if answered["status"] != "answered" {
		t.Errorf("after: %v %v", answered["status"], answered["text"])
	}
	for _, personal := range []string{"FH-20871", "hammock"} {
		if strings.Contains(p.log.String(), personal) {
			t.Errorf("the log has %q", personal)
		}
	}
	var answers []string
	for _, m := range list(maya.must("GET", path, nil), "messages") {
		if id, ok := m["answer_id"].(string); ok && !slices.Contains(answers, id) {
			answers = append(answers, id)
		}
	}
	time.Sleep(2 * sequenceInterval)
	p.kill()
	s := theStore(t, filepath.Join(dir, "data"))
	leaves := wholeLog(t, s)
	// Everything that was said to the customer is in the log.
	for _, id := range answers {
		entries, err := s.Citations().ByAnswer(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.Stored(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		closed := slices.ContainsFunc(entries, func(e citation.Entry) bool { return e.Kind == citation.Closed })
		if len(a.Sentences) > 0 && !closed {
			t.Errorf("answer %s said %q, and the log has no end of it", id, a.Text)
		}
		opened := slices.ContainsFunc(entries, func(e citation.Entry) bool { return e.Kind == citation.Opened })
		if a.Personal() && !opened {
			t.Errorf("answer %s was made from records, and the log does not say so", id)
		}
	}
	if len(leaves) == 0 {
		t.Error("the public log is empty")
	}
}
