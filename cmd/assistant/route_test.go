package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// deskAgent is somebody at the desk whose page says that they are there.
type deskAgent struct {
	*client
	id    string
	leave func() // closes the page
}

// attend opens the page of a member of staff.
func attend(t *testing.T, info demoInfo, email string, every time.Duration) *deskAgent {
	t.Helper()
	c := staff(t, info, email)
	a := &deskAgent{client: c, id: c.must("GET", "/api/staff/me", nil)["id"].(string)}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	c.must("PUT", "/api/desk/presence", object{"status": "online"})
	group.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(every):
				c.do("PUT", "/api/desk/presence", object{"status": "online"})
			}
		}
	})
	a.leave = func() { cancel(); group.Wait() }
	t.Cleanup(a.leave)
	return a
}

// offered reports whether a conversation is reserved for the agent.
func (a *deskAgent) offered(conversation string) bool {
	a.t.Helper()
	return slices.ContainsFunc(list(a.must("GET", "/api/desk/me", nil), "reservations"), func(r object) bool { return r["conversation_id"] == conversation })
}

// ticket is a conversation's ticket, as the agent reads it.
func (a *deskAgent) ticket(conversation string) object {
	a.t.Helper()
	x, _ := a.must("GET", "/api/desk/conversations/"+conversation, nil)["ticket"].(object)
	return x
}

// TestRouting: a customer waits and is told where; their conversation is offered to one
// agent, whose time passes, then to the other; it is transferred and assigned, and comes
// back into the queue when its agent has disappeared.
func TestRouting(t *testing.T) {
	const gone = 1500 * time.Millisecond
	c := defaults()
	c.DataDir, c.Embedding = t.TempDir(), "none:"
	info, _ := serveDemo(t, c, t.Output(), func(a *app) { a.gone = gone })
	robin := staff(t, info, "admin@fernhill.example")
	robin.must("PUT", "/api/admin/queues/support", object{"title": "Support", "order": 1_000_000, "reserve": "3s"})

	// Nobody is there: a place, and no time.
	visitor, maya := customer(t, info, ""), customer(t, info, "maya")
	visitor.must("POST", "/api/conversations/"+visitor.conversation+"/handoff", object{})
	out := maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", object{})
	wait, _ := out["wait"].(object)
	if out["queue_position"] != float64(2) || wait["agents"] != float64(0) || wait["minutes"] != nil {
		t.Fatalf("the handoff says %v", out)
	}
	moved := make(chan struct{})
	go func() {
		defer close(moved)
		maya.events("/api/conversations/"+maya.conversation+"/events", 0, func(e event) bool {
			return e.name == "state" && e.data["queue_position"] == float64(1) && e.data["wait"] != nil
		})
	}()
	robin.must("POST", "/api/desk/conversations/"+visitor.conversation+"/claim", nil)
	<-moved

	// Two agents: the conversation is offered to one, and then to the other.
	sam := attend(t, info, "agent@fernhill.example", gone/5)
	noor := attend(t, info, "second@fernhill.example", gone/5)
	desk := "/api/desk/conversations/" + maya.conversation
	first, second := sam, noor
	soon(t, "the conversation is offered to one of them", func() bool {
		switch {
		case sam.offered(maya.conversation):
		case noor.offered(maya.conversation):
			first, second = noor, sam
		default:
			return false
		}
		return true
	})
	if second.offered(maya.conversation) {
		t.Error("it is offered to both")
	}
	first.events("/api/desk/events", 0, func(e event) bool {
		return e.name == "reservation" && e.data["conversation_id"] == maya.conversation && e.data["until"] != nil
	})
	if status, p := second.do("POST", desk+"/claim", nil); status != http.StatusConflict || !strings.Contains(p["detail"].(string), "colleague") {
		t.Errorf("a colleague takes what is kept: %d %v", status, p["detail"])
	}
	soon(t, "it is offered to the other", func() bool { return second.offered(maya.conversation) })
	if status, p := first.do("POST", desk+"/pass", nil); status != http.StatusConflict {
		t.Errorf("what has lapsed is passed: %d %v", status, p)
	}
	second.must("POST", desk+"/claim", nil)
	since := second.ticket(maya.conversation)["waiting_since"]
	me := second.must("GET", "/api/desk/me", nil)
	if me["status"] != "online" || me["load"] != float64(1) || len(list(me, "reservations")) != 0 {
		t.Errorf("the owner: %v", me)
	}
	for _, p := range list(second.must("GET", "/api/desk/colleagues", nil), "staff") {
		if p["id"] == second.id || p["id"] == first.id && (p["status"] != "online" || p["load"] != float64(0)) {
			t.Errorf("a colleague: %v", p)
		}
	}

	// Transferred, it is offered; assigned, it is theirs.
	second.must("POST", desk+"/transfer", object{"staff": first.id, "note": "Speaks Portuguese."})
	soon(t, "it is offered to whom it was transferred", func() bool { return first.offered(maya.conversation) })
	first.must("POST", desk+"/claim", nil)
	if status, _ := second.do("POST", desk+"/assign", object{"staff": second.id}); status != http.StatusForbidden {
		t.Errorf("an agent assigns: %d", status)
	}
	robin.must("POST", desk+"/assign", object{"staff": second.id})
	other := customer(t, info, "omar")
	other.must("POST", "/api/conversations/"+other.conversation+"/handoff", object{})
	first.must("POST", "/api/desk/conversations/"+other.conversation+"/claim", nil)

	// Its agent disappears; the other one stays, and keeps what they have.
	second.leave()
	soon(t, "it is offered to who is there", func() bool { return first.offered(maya.conversation) })
	if x := first.ticket(maya.conversation); x["state"] != "waiting" || x["waiting_since"] != since {
		t.Errorf("the ticket came back as %v, it waited since %v", x, since)
	}
	said := text(maya.must("GET", "/api/conversations/"+maya.conversation, nil)["messages"])
	if !strings.Contains(said, "You keep your place in the queue") {
		t.Errorf("the customer is not told: %s", said)
	}
	first.must("POST", desk+"/claim", nil)
	if x := first.ticket(other.conversation); x["state"] != "owned" || x["mine"] != true {
		t.Errorf("who is there lost what they had: %v", x)
	}
	if x := robin.must("GET", "/api/desk/conversations/"+visitor.conversation, nil)["ticket"].(object); x["state"] != "owned" {
		t.Errorf("who never said that they are there lost what they had: %v", x)
	}
}
