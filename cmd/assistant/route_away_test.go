package main

import (
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// TestRoutingAway: while NATS is away nobody is reserved anything, and everybody may take
// what waits; who could not be heard of meanwhile keeps what they have, until they have
// been listened for long enough.
func TestRoutingAway(t *testing.T) {
	const gone = 1500 * time.Millisecond
	dir := t.TempDir()
	nats := outsideNATS(t, dir, server.RANDOM_PORT)
	c := defaults()
	c.DataDir, c.Embedding, c.Messages = t.TempDir(), "none:", nats.ClientURL()
	var a *app
	info, _ := serveDemo(t, c, t.Output(), func(x *app) { a, x.gone = x, gone })
	robin := staff(t, info, "admin@fernhill.example")
	sam, noor := attend(t, info, "agent@fernhill.example", gone/5), attend(t, info, "second@fernhill.example", gone/5)
	desk := func(c *client, verb string) string { return "/api/desk/conversations/" + c.conversation + verb }
	handOff := func() *client {
		c := customer(t, info, "")
		c.must("POST", "/api/conversations/"+c.conversation+"/handoff", object{})
		return c
	}
	happened := func(c *client, kind string) bool {
		return slices.ContainsFunc(list(robin.must("GET", desk(c, ""), nil), "history"), func(e object) bool { return e["kind"] == kind })
	}
	// Each has a conversation that was kept for them.
	take := func() (*client, *client) {
		c := handOff()
		owner := sam
		soon(t, "it is offered", func() bool {
			if noor.offered(c.conversation) {
				owner = noor
			}
			return owner.offered(c.conversation)
		})
		owner.must("POST", desk(c, "/claim"), nil)
		return c, owner.client
	}
	ofSam, owner := take()
	ofNoor, other := take()
	if owner == other {
		t.Fatal("one of them was given both")
	}
	if owner == noor.client {
		ofSam, ofNoor = ofNoor, ofSam
	}

	port := nats.Addr().(*net.TCPAddr).Port
	nats.Shutdown()
	nats.WaitForShutdown()
	soon(t, "it is noticed", func() bool { return a.bus.Attendance().Since.IsZero() })
	sam.leave() // their pages reach nobody
	noor.leave()
	waits, taken := handOff(), handOff()
	if status, _ := sam.do("PUT", "/api/desk/presence", object{"status": "online"}); status != http.StatusServiceUnavailable {
		t.Errorf("presence is said while nobody can hear it: %d", status)
	}
	sam.must("POST", desk(taken, "/claim"), nil)
	time.Sleep(2 * gone) // longer than it takes to be gone, and than two looks at who waits
	if happened(waits, "reserved") || happened(taken, "reserved") {
		t.Error("something was reserved while it was not known who is there")
	}
	if happened(ofSam, "released") || happened(ofNoor, "released") {
		t.Error("somebody lost what they have while NATS was away")
	}

	// It is back, and so is Sam.
	outsideNATS(t, dir, port)
	soon(t, "presence can be said", func() bool {
		status, _ := sam.do("PUT", "/api/desk/presence", object{"status": "online"})
		return status < http.StatusMultipleChoices
	})
	sam = attend(t, info, "agent@fernhill.example", gone/5)
	soon(t, "who does not come back loses what they had", func() bool { return happened(ofNoor, "released") })
	if heard := a.bus.Attendance().Since; heard.IsZero() || time.Since(heard) < gone {
		t.Errorf("they were listened for since %s alone", heard)
	}
	soon(t, "what waited is offered to who is there", func() bool { return sam.offered(waits.conversation) && sam.offered(ofNoor.conversation) })
	if x := sam.ticket(taken.conversation); happened(ofSam, "released") || x["mine"] != true {
		t.Errorf("who came back lost what they had: %v", x)
	}
}
