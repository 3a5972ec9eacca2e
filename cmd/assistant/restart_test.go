package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestRestart keeps what a data folder holds, and does not fill it twice.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	maya := customer(t, info, "maya")
	maya.consent(change("answers", "orders", "brand_ai", true))
	before := maya.ask("Where is my order?")
	ticket := maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", object{})
	choices := text(maya.must("GET", "/api/me/consents", nil)["choices"])
	stop()

	again, _ := runDemo(t, t.Output(), "--data-dir", dir)
	if again.ServerKey != info.ServerKey {
		t.Errorf("the server key changed")
	}
	maya.base = again.URL // the session goes on, too
	if got := text(maya.must("GET", "/api/me/consents", nil)["choices"]); got != choices {
		t.Errorf("the choices were\n%s\nand are\n%s", choices, got)
	}
	after := maya.must("GET", "/api/answers/"+before["id"].(string), nil)
	before["leaf"] = after["leaf"] // it had no index yet
	if text(after) != text(before) {
		t.Errorf("the answer was\n%s\nand is\n%s", text(before), text(after))
	}
	queue := list(staff(t, again, "agent@fernhill.example").must("GET", "/api/desk/queue", nil), "tickets")
	if len(queue) != 1 || queue[0]["id"] != ticket["ticket_id"] {
		t.Errorf("the queue after the restart: %v", queue)
	}
	returning := customer(t, again, "maya")
	if returning.customer != maya.customer || returning.conversation != maya.conversation {
		t.Errorf("a returning customer is someone else, or elsewhere")
	}
	sam := staff(t, again, "agent@fernhill.example")
	sam.must("POST", "/api/desk/conversations/"+maya.conversation+"/claim", nil)
	sam.must("POST", "/api/desk/conversations/"+maya.conversation+"/return", nil)
	if a := returning.ask("Where is my order?"); a["status"] != "answered" || strings.Count(text(a["used"]), "FH-20871") != strings.Count(text(before["used"]), "FH-20871") {
		t.Errorf("the same question after the restart: %v %v", a["text"], a["used"])
	}
}

// assistantBinary is the program, to run it as a process that can be killed: this one,
// which TestMain has be the assistant where that is what it is called.
func assistantBinary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	bin := filepath.Join(t.TempDir(), "assistant")
	if err == nil {
		err = os.Symlink(self, bin)
	}
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// process is a running demo.
type process struct {
	demoInfo
	cmd *exec.Cmd
	log *bytes.Buffer
}

func startProcess(t *testing.T, bin, dir string) *process {
	t.Helper()
	p := &process{log: new(bytes.Buffer)}
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), bin, "demo", "--json", "--addr", "127.0.0.1:0", "--data-dir", dir)
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the process said:\n%s", p.log)
		}
	})
	p.demoInfo = readInfo(t, out)
	return p
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// TestKill kills the process between what a customer was told and what the
// desk, or the answer, makes of it.
func TestKill(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process is killed as Unix does it")
	}
	bin, dir := assistantBinary(t), t.TempDir()
	for round := range 4 {
		p := startProcess(t, bin, dir)
		who := "killed-" + string(rune('a'+round))
		c := customer(t, p.demoInfo, who)
		messages := "/api/conversations/" + c.conversation + "/messages"
		posted := c.must("POST", messages, object{"text": "How long do I have to return a jacket?"})
		ticket := object{}
		if round%2 == 0 {
			ticket = c.must("POST", "/api/conversations/"+c.conversation+"/handoff", object{})
		}
		p.kill()

		p = startProcess(t, bin, dir)
		c.base = p.URL
		a := c.finished(posted["answer_id"].(string)) // answered or interrupted, and never left writing
		if a["text"] == "" && a["status"] != "interrupted" {
			t.Errorf("round %d: the answer has no text: %v", round, a)
		}
		said := text(c.must("GET", "/api/conversations/"+c.conversation, nil)["messages"])
		if !strings.Contains(said, "return a jacket") {
			t.Errorf("round %d: an acknowledged message is gone", round)
		}
		if round%2 == 0 {
			sam := staff(t, p.demoInfo, "agent@fernhill.example")
			found := false
			for _, q := range list(sam.must("GET", "/api/desk/queue", nil), "tickets") {
				found = found || q["id"] == ticket["ticket_id"]
			}
			if !found {
				t.Errorf("round %d: an acknowledged handoff is not at the desk", round)
			}
		}
		admin := staff(t, p.demoInfo, "admin@fernhill.example")
		deadline := time.Now().Add(10 * time.Second)
		for recorded := false; !recorded; time.Sleep(50 * time.Millisecond) {
			entries := list(admin.must("GET", "/api/admin/citations/"+a["id"].(string), nil), "entries")
			recorded = len(entries) > 0 && entries[len(entries)-1]["kind"] == "closed"
			if !recorded && time.Now().After(deadline) {
				t.Fatalf("round %d: the log does not say how the answer ended: %v", round, entries)
			}
		}
		// What was to be published still is: the outbox empties.
		for p.outbox(t, c) != "0" && time.Now().Before(deadline) {
			time.Sleep(50 * time.Millisecond)
		}
		if n := p.outbox(t, c); n != "0" {
			t.Errorf("round %d: %s messages are still to be published", round, n)
		}
		p.kill()
	}
}

// outbox reads how many messages are to be published.
func (p *process) outbox(t *testing.T, c *client) string {
	t.Helper()
	_, _, metrics := c.raw("GET", "/metrics", "", nil)
	for line := range strings.Lines(string(metrics)) {
		if v, ok := strings.CutPrefix(line, "candor_outbox_messages "); ok {
			return strings.TrimSpace(v)
		}
	}
	t.Fatal("the metrics do not count the outbox")
	return ""
}
