package natsdesk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"candor/agents"
	"candor/agents/natsdesk"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/store"
)

// stored returns everything in a stream, in its order.
func stored(t testing.TB, bus *natsdesk.Bus, name string) []jetstream.RawStreamMsg {
	t.Helper()
	js, err := jetstream.New(bus.Conn())
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	stream, err := js.Stream(ctx, name)
	must(t, err)
	state := stream.CachedInfo().State
	var out []jetstream.RawStreamMsg
	for seq := state.FirstSeq; seq <= state.LastSeq && state.Msgs > 0; seq++ {
		m, err := stream.GetMsg(ctx, seq)
		must(t, err)
		out = append(out, *m)
	}
	return out
}

// drain publishes until the outbox is empty.
func drain(t testing.TB, bus *natsdesk.Bus, box agents.Outbox) {
	t.Helper()
	stop := background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, box) })
	defer stop()
	eventually(t, "the outbox is empty", func() bool { return len(pending(t, box)) == 0 })
}

func pending(t testing.TB, box agents.Outbox) []agents.Outgoing {
	t.Helper()
	out, err := box.Outbox(context.Background(), 10_000)
	must(t, err)
	return out
}

// memoryBox is an outbox in memory that may forget to remove, as a process does
// that ends after the acknowledgement.
type memoryBox struct {
	mu      sync.Mutex
	out     []agents.Outgoing
	removed int
	dies    int // Published fails after so many; 0: never
	wake    chan struct{}
}

var errDied = errors.New("the process ended")

func (b *memoryBox) Outbox(_ context.Context, limit int) ([]agents.Outgoing, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]agents.Outgoing{}, b.out[:min(limit, len(b.out))]...), nil
}

func (b *memoryBox) Published(_ context.Context, positions ...int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, position := range positions {
		if b.removed++; b.dies > 0 && b.removed > b.dies {
			return errDied
		}
		b.out = slices.DeleteFunc(b.out, func(m agents.Outgoing) bool { return m.Position == position })
	}
	return nil
}

func (b *memoryBox) WatchOutbox() (<-chan struct{}, func()) { return b.wake, func() {} }

func TestStoppedBetweenWriteAndPublish(t *testing.T) {
	f := fixture(t)
	box := f.Store.(*store.Store)
	dir := t.TempDir()
	openBus(t, natsdesk.Options{Dir: dir}).Close()
	c := f.Waiting(t, "I want a person.") // while there is no server
	want := pending(t, box)
	if len(want) == 0 {
		t.Fatal("nothing waits to be published")
	}
	bus := openBus(t, natsdesk.Options{Dir: dir})
	drain(t, bus, box)
	got := make(map[string]int)
	for _, m := range append(stored(t, bus, "HANDOFFS"), stored(t, bus, "CONVERSATIONS")...) {
		got[m.Header.Get(jetstream.MsgIDHeader)]++
	}
	for _, m := range want {
		if got[m.ID] != 1 {
			t.Errorf("a message of %s was stored %d times, want once", m.Subject, got[m.ID])
		}
	}
	handoffs := stored(t, bus, "HANDOFFS")
	if len(handoffs) != 2 || handoffs[0].Subject != "candor.handoff.support" || !strings.Contains(string(handoffs[0].Data), c.Conversation) {
		t.Errorf("the handoffs are %+v", handoffs)
	}
}

// TestEndedBeforeRemoval ends "the process" after each acknowledgement in turn,
// before the message is removed, and starts it again on the same folder.
func TestEndedBeforeRemoval(t *testing.T) {
	dir := t.TempDir()
	box := &memoryBox{}
	var want []string
	for i := range 12 {
		m := agents.Outgoing{Position: int64(i + 1), ID: fmt.Sprint("evt_", i), Subject: "candor.handoff.support", Payload: []byte("{}")}
		box.out, want = append(box.out, m), append(want, m.ID)
	}
	for len(box.out) > 0 {
		box.removed, box.dies = 0, 3
		bus := openBus(t, natsdesk.Options{Dir: dir})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- bus.PublishOutbox(ctx, box) }()
		eventually(t, "the process ends", func() bool {
			box.mu.Lock()
			defer box.mu.Unlock()
			return box.removed > box.dies || len(box.out) == 0
		})
		cancel()
		must(t, <-done)
		must(t, bus.Close())
	}
	bus := openBus(t, natsdesk.Options{Dir: dir})
	var got []string
	for _, m := range stored(t, bus, "HANDOFFS") {
		got = append(got, m.Header.Get(jetstream.MsgIDHeader))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("stored are\n%v, want each once, in order:\n%v", got, want)
	}
}

// TestOneStreamDoesNotHoldUpAnother has a message that can never be published.
func TestOneStreamDoesNotHoldUpAnother(t *testing.T) {
	var log recorder
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir(), Logger: log.logger()})
	box := &memoryBox{out: []agents.Outgoing{
		{Position: 1, ID: "evt_1", Subject: "elsewhere", Payload: []byte("canary")},
		{Position: 2, ID: "evt_2", Subject: "candor.conversation.a", Payload: []byte("{}")},
		{Position: 3, ID: "evt_3", Subject: "elsewhere", Payload: []byte("canary")},
		{Position: 4, ID: "evt_4", Subject: "candor.conversation.b", Payload: []byte("{}")},
	}}
	stop := background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, box) })
	eventually(t, "the others are published", func() bool { return len(pending(t, box)) == 2 })
	eventually(t, "the failure is logged", func() bool { return strings.Contains(log.String(), "wait to be published") })
	stop()
	for _, m := range pending(t, box) {
		if m.Subject != "elsewhere" {
			t.Errorf("%s was not published", m.Subject)
		}
	}
	if s := log.String(); strings.Contains(s, "canary") {
		t.Errorf("the log has a payload: %s", s)
	}
}

// TestNothingOvertakes refuses a message in the middle of those that are on their way at
// once. What follows it, on any subject of the stream, waits for it.
func TestNothingOvertakes(t *testing.T) {
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	js, err := jetstream.New(bus.Conn())
	must(t, err)
	limit := func(size int32) {
		stream, err := js.Stream(t.Context(), "HANDOFFS")
		must(t, err)
		config := stream.CachedInfo().Config
		config.MaxMsgSize = size
		_, err = js.UpdateStream(t.Context(), config)
		must(t, err)
	}
	limit(1000)
	box := &memoryBox{}
	var want []string
	for i := range 9 {
		m := agents.Outgoing{Position: int64(i), ID: fmt.Sprint("evt_", i), Subject: fmt.Sprint("candor.handoff.queue", i%2), Payload: []byte("{}")}
		if i == 4 {
			m.Payload = bytes.Repeat([]byte("x"), 2000)
		}
		box.out, want = append(box.out, m), append(want, m.ID)
	}
	stop := background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, box) })
	defer stop()
	eventually(t, "what is before it is published", func() bool { return len(pending(t, box)) == 5 })
	time.Sleep(3 * time.Second / 10) // two more attempts
	if n := len(stored(t, bus, "HANDOFFS")); n != 4 || len(pending(t, box)) != 5 {
		t.Errorf("%d messages are stored and %d wait, want the 4 before the one that is refused, and 5", n, len(pending(t, box)))
	}
	limit(-1)
	eventually(t, "all is published", func() bool { return len(pending(t, box)) == 0 })
	var got []string
	for _, m := range stored(t, bus, "HANDOFFS") {
		got = append(got, m.Header.Get(jetstream.MsgIDHeader))
	}
	if !slices.Equal(got, want) {
		t.Errorf("stored are\n%v, want each once, in order:\n%v", got, want)
	}
}

// TestNoWordsInNATS scans everything that is published and everything that
// JetStream keeps for what a customer, an agent and a record say.
func TestNoWordsInNATS(t *testing.T) {
	const canary = "Zanzibar"
	var log recorder
	dir := t.TempDir()
	bus := openBus(t, natsdesk.Options{Dir: dir, Logger: log.logger()})
	f := fixture(t)
	serve(t, bus, f, f.Service, f.Queue)
	background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, f.Store.(*store.Store)) })

	var mu sync.Mutex
	var heard bytes.Buffer
	sub, err := bus.Conn().Subscribe(">", func(m *nats.Msg) {
		// Requests to the desk and their replies hold words, and pass only.
		if strings.HasPrefix(m.Subject, "candor.desk.") || strings.HasPrefix(m.Subject, "_CANDOR.") {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(&heard, m.Subject, m.Header, string(m.Data))
	})
	must(t, err)
	must(t, bus.Conn().Flush())

	ana := f.Hire(t, "Ana "+canary, identity.RoleAgent)
	client := natsdesk.NewClient(bus.Conn(), f.Queue, ana.Token)
	c := f.Customer(t, "I live in "+canary, conversation.Segment{Text: "Ordered from " + canary, Categories: []consent.Category{"orders"}})
	c.Record(t, "orders", canary, "Sent to "+canary)
	c.Share(t, "orders", true)
	c.AskForPerson(t)
	ctx := t.Context()
	must(t, client.Claim(ctx, ana.Who, c.Conversation))
	must(t, client.Reply(ctx, ana.Who, c.Conversation, "How is "+canary+"?"))
	view, err := client.Get(ctx, ana.Who, c.Conversation)
	must(t, err)
	if text, _ := json.Marshal(view); strings.Count(string(text), canary) < 4 {
		t.Errorf("the agent does not see what was said: %s", text)
	}
	c.Share(t, "orders", false)
	must(t, bus.SetPresence(ctx, ana.Who.Staff, "online"))
	_ = client.Reply(ctx, ana.Who, c.Conversation, strings.Repeat(canary, 1000))
	must(t, client.Resolve(ctx, ana.Who, c.Conversation))
	eventually(t, "the outbox is empty", func() bool { return len(pending(t, f.Store.(*store.Store))) == 0 })
	must(t, sub.Unsubscribe())
	must(t, bus.Conn().Flush())

	mu.Lock()
	published := heard.String()
	mu.Unlock()
	var kept bytes.Buffer
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		kept.WriteString(path)
		kept.Write(b)
		return err
	}))
	for where, text := range map[string]string{"published": published, "on disk": kept.String()} {
		if !strings.Contains(text, c.Conversation) {
			t.Errorf("%s is nothing of the conversation: the test looks in the wrong place", where)
		}
		for _, secret := range []string{canary, ana.Token, string(c.Who.Customer)} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is %q", where, secret)
			}
		}
	}
	for _, secret := range []string{canary, ana.Token} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("logged is %q:\n%s", secret, log.String())
		}
	}
	for _, subject := range []string{"candor.handoff.support", "candor.conversation." + c.Conversation, "candor.consent."} {
		if !strings.Contains(published, subject) {
			t.Errorf("nothing was published on %s", subject)
		}
	}
}
