package natsdesk_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"candor/agents"
	"candor/agents/natsdesk"
	"candor/identity"
)

// TestRoster: who is there is known at once, and while NATS is away nothing is, from
// when on it was read included.
func TestRoster(t *testing.T) {
	port := freePort(t)
	s := outside(t, t.TempDir(), port)
	bus := openOutside(t, natsdesk.Options{URL: fmt.Sprint("nats://127.0.0.1:", port)})
	ready(t, bus)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { bus.KeepRoster(ctx); close(ended) }()
	defer func() { stop(); <-ended }()

	must(t, bus.SetPresence(t.Context(), "stf_1", agents.Busy))
	status := func() agents.Status { return bus.Attendance().Status("stf_1", time.Now()) }
	eventually(t, "who is there is heard of", func() bool { return status() == agents.Busy && !bus.Attendance().Since.IsZero() })
	must(t, bus.SetPresence(t.Context(), "stf_1", agents.Online))
	eventually(t, "a change is heard of", func() bool { return status() == agents.Online })
	first := bus.Attendance().Since

	s.Shutdown()
	s.WaitForShutdown()
	eventually(t, "nothing is known while NATS is away", func() bool { return bus.Attendance().Since.IsZero() })
	if status() != "" || bus.Attendance().Missed("stf_1", 0, time.Now()) {
		t.Error("while NATS is away somebody is there, or gone")
	}
	outside(t, t.TempDir(), port)
	eventually(t, "it is read again", func() bool { return bus.Attendance().Since.After(first) })
	if a := bus.Attendance(); a.Missed("stf_1", time.Minute, time.Now()) {
		t.Error("who was not heard of before the outage ended is gone")
	}
}

// TestMissed: somebody is gone only if all of the time was listened to.
func TestMissed(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		since, seen time.Time
		want        bool
	}{
		"not read":         {time.Time{}, ago(time.Hour), false},
		"read since then":  {ago(time.Minute), ago(time.Hour), false},
		"heard of":         {ago(time.Hour), ago(time.Minute), false},
		"silent":           {ago(time.Hour), ago(2 * time.Minute), true},
		"never heard of":   {ago(2 * time.Minute), time.Time{}, true},
		"not heard of yet": {ago(119 * time.Second), time.Time{}, false},
	} {
		a := agents.Attendance{Since: c.since, Seen: map[identity.StaffID]agents.Sighting{}}
		if !c.seen.IsZero() {
			a.Seen["stf_1"] = agents.Sighting{Status: agents.Online, At: c.seen}
		}
		if got := a.Missed("stf_1", 2*time.Minute, now); got != c.want {
			t.Errorf("%s: gone is %t", name, got)
		}
	}
}
