package main

import (
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var powerRounds = flag.Int("power.rounds", 2, "how often TestPowerCut cuts the power")

// ext4Shutdown is EXT4_IOC_SHUTDOWN of linux/ext4.h; its flag 2 is to write nothing more,
// the journal included.
const (
	ext4Shutdown     = 0x8004587d
	ext4NoLogFlush   = 2
	powerDiskSize    = 512 << 20
	powerHandoffsAt1 = 8 // customers who ask for a person at once
)

// powerDisk is a disk whose power can be cut.
type powerDisk struct {
	image, dir string
}

func newPowerDisk(t *testing.T) *powerDisk {
	t.Helper()
	d := &powerDisk{filepath.Join(t.TempDir(), "disk"), t.TempDir()}
	f, err := os.Create(d.image)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(powerDiskSize), f.Close()); err != nil {
		t.Fatal(err)
	}
	d.run(t, "mkfs.ext4", "-q", "-F", d.image)
	d.mount(t)
	t.Cleanup(func() { _ = syscall.Unmount(d.dir, syscall.MNT_DETACH) })
	return d
}

// run runs a command that only root may; for anybody else the test is skipped.
func (d *powerDisk) run(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Skipf("skipped: this machine does not permit a disk whose power is cut: %s: %v %s", name, err, out)
	}
}

func (d *powerDisk) mount(t *testing.T) { d.run(t, "mount", "-o", "loop", d.image, d.dir) }

// cut takes the disk's power away: what was not synced by then is lost.
func (d *powerDisk) cut(t *testing.T) {
	t.Helper()
	f, err := os.Open(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.IoctlSetPointerInt(int(f.Fd()), ext4Shutdown, ext4NoLogFlush); err != nil {
		t.Skipf("skipped: the power of this disk cannot be cut: %v", err)
	}
}

// TestPowerCut cuts the power of the disk while customers ask for a person. Every
// handoff that was acknowledged is at the desk afterwards, once.
func TestPowerCut(t *testing.T) {
	d := newPowerDisk(t)
	bin, data := assistantBinary(t), filepath.Join(d.dir, "data")
	acknowledged := make(map[string]int)
	for range *powerRounds {
		p := startProcess(t, bin, data)
		var mu sync.Mutex
		var askers sync.WaitGroup
		over := make(chan struct{})
		for range powerHandoffsAt1 {
			askers.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
					}
					if id, ok := askForPerson(t, p.demoInfo); ok {
						mu.Lock()
						acknowledged[id]++
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(300*time.Millisecond + time.Duration(rand.IntN(700))*time.Millisecond)
		d.cut(t)
		close(over)
		p.kill()
		askers.Wait()
		if err := syscall.Unmount(d.dir, 0); err != nil {
			t.Fatalf("unmount the disk: %v", err)
		}
		d.mount(t)
	}
	p := startProcess(t, bin, data)
	at := make(map[string]int)
	for _, ticket := range list(staff(t, p.demoInfo, "agent@fernhill.example").must("GET", "/api/desk/queue", nil), "tickets") {
		at[ticket["id"].(string)]++
	}
	for id := range acknowledged {
		if at[id] != 1 {
			t.Errorf("the acknowledged ticket %s is at the desk %d times", id, at[id])
		}
	}
	if len(acknowledged) == 0 {
		t.Fatal("nothing was acknowledged")
	}
	t.Logf("%d cuts: %d handoffs were acknowledged, %d are at the desk", *powerRounds, len(acknowledged), len(at))
}

// askForPerson has a new visitor ask for a person, and returns the ticket if that was
// acknowledged.
func askForPerson(t *testing.T, info demoInfo) (ticket string, ok bool) {
	c := newClient(t, info.URL)
	status, body, ok := c.try(http.MethodPost, "/api/session", object{"site": info.Site}, "")
	var session struct{ Token, Conversation string }
	if !ok || status != http.StatusOK || json.Unmarshal([]byte(body), &session) != nil {
		return "", false
	}
	c.token = session.Token
	status, body, ok = c.try(http.MethodPost, "/api/conversations/"+session.Conversation+"/handoff", object{}, "")
	var out struct {
		TicketID string `json:"ticket_id"`
	}
	if !ok || status != http.StatusOK || json.Unmarshal([]byte(body), &out) != nil {
		return "", false
	}
	return out.TicketID, out.TicketID != ""
}
