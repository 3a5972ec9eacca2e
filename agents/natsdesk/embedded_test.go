//go:build unix

package natsdesk_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"candor/agents/natsdesk"
)

// limitFiles bounds the size of what this process writes to files. It stands
// for a full disk: the same writes fail, and it takes no disk to fill.
func limitFiles(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}))
	lift = func() { must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) }
	t.Cleanup(lift)
	return lift
}

// TestFullDisk fills the disk of the embedded server, and makes room again. It does
// so in a process of its own: the limit holds for everything that one writes.
func TestFullDisk(t *testing.T) {
	const alone = "CANDOR_TEST_FULL_DISK"
	if os.Getenv(alone) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		cmd.Env = append(os.Environ(), alone+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestFullDisk") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	var log recorder
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir(), Logger: log.logger()})
	messages := newLines()
	must(t, bus.SetPresence(t.Context(), "stf_1", "online"))
	heard := follow(t, bus, knock(t, bus))
	background(t, func(ctx context.Context) error { return bus.PublishOutbox(ctx, messages.box) })
	messages.add(1)
	eventually(t, "messages are published", messages.published(t))

	lift := limitFiles(t, 32<<10)
	messages.add(200) // more than fits
	eventually(t, "the outage is logged", func() bool { return strings.Contains(log.String(), "wait to be published") })
	eventually(t, "what is wrong is said", func() bool {
		err := bus.Ready(t.Context())
		return err != nil && strings.Contains(err.Error(), "cannot write")
	})
	if messages.published(t)() {
		t.Error("the disk was not full")
	}
	lift()
	eventually(t, "messages are published when there is room again", messages.published(t))
	messages.stored(t, bus)
	messages.followed(t, heard)
	must(t, bus.Ready(t.Context()))
	must(t, bus.SetPresence(t.Context(), "stf_1", "online"))
	messages.add(1)
	eventually(t, "messages are published", messages.published(t))
	if n := strings.Count(log.String(), "opened again"); n != 1 {
		t.Errorf("the streams were opened again %d times:\n%s", n, log.String())
	}
}
