package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
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

// powerDisk is a disk whose power can be cut, where the machine permits that; where it does
// not, only the process on it can be killed.
type powerDisk struct {
	image, dir string
	cuts       bool
}

func newPowerDisk(t *testing.T) *powerDisk {
	t.Helper()
	d := &powerDisk{image: filepath.Join(t.TempDir(), "disk"), dir: t.TempDir()}
	f, err := os.Create(d.image)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(powerDiskSize), f.Close()); err != nil {
		t.Fatal(err)
	}
	err = run(t, "mkfs.ext4", "-q", "-F", d.image)
	if err == nil {
		err = d.mount(t)
	}
	if d.cuts = err == nil; !d.cuts {
		t.Logf("this machine permits no disk whose power is cut, so the process is killed alone: %v", err)
		return d
	}
	t.Cleanup(func() { _ = syscall.Unmount(d.dir, syscall.MNT_DETACH) })
	return d
}

func run(t *testing.T, name string, args ...string) error {
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

func (d *powerDisk) mount(t *testing.T) error {
	return run(t, "mount", "-o", "loop", d.image, d.dir)
}

// cut takes the disk's power away: what was not synced by then is lost.
func (d *powerDisk) cut(t *testing.T) {
	t.Helper()
	if !d.cuts {
		return
	}
	f, err := os.Open(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.IoctlSetPointerInt(int(f.Fd()), ext4Shutdown, ext4NoLogFlush); err != nil {
		t.Fatalf("cut the power: %v", err)
	}
}

// restore gives the disk its power again.
func (d *powerDisk) restore(t *testing.T) {
	t.Helper()
	if !d.cuts {
		return
	}
	if err := errors.Join(syscall.Unmount(d.dir, 0), d.mount(t)); err != nil {
		t.Fatalf("mount the disk again: %v", err)
	}
}

// TestPowerCut cuts the power of the disk while customers ask for a person. Every
// handoff that was acknowledged is at the desk afterwards, once.
func TestPowerCut(t *testing.T) {
	t.Parallel()
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
		d.restore(t)
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
	t.Logf("%d cuts (of power: %t): %d handoffs were acknowledged, %d are at the desk", *powerRounds, d.cuts, len(acknowledged), len(at))
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
