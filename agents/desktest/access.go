package desktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// looks is a store that tells what was recorded in it, and may fail to.
type looks struct {
	Store
	mu   sync.Mutex
	all  []consent.Access
	fail error
	once bool // it fails no second time
}

func (l *looks) Accessed(ctx context.Context, some ...consent.Access) error {
	l.mu.Lock()
	fail := l.fail
	if l.once {
		l.fail, l.once = nil, false
	}
	l.mu.Unlock()
	if fail != nil {
		return fail
	}
	if err := l.Store.Accessed(ctx, some...); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, some...)
	return nil
}

// failing makes recording fail from now on; nil ends that.
func (l *looks) failing(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

// failingOnce makes recording fail the next time.
func (l *looks) failingOnce(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail, l.once = err, true
}

// take returns what was recorded since it was called last: who, in which
// conversation, which categories and how many records of each.
func (l *looks) take() (out []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.all {
		slices.Sort(a.Categories)
		line := fmt.Sprint(a.Kind, " ", a.Purpose, " ", a.Actor, " ", a.Conversation, " ", slices.Compact(a.Categories))
		if a.Reason != "" {
			line += " to " + a.Reason
		}
		for _, r := range a.Records {
			line += " " + string(r.Category)
			if r.Grant == "" {
				line += "?"
			}
		}
		out = append(out, line)
	}
	l.all = nil
	return out
}

// testOnRecord: whoever sees a customer's words or data is on record, with what
// they saw at that moment; who only acts has seen nothing.
func testOnRecord(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Customer(t, "my words",
		conversation.Segment{Text: "Your order is on its way.", Categories: []consent.Category{"orders"}},
		conversation.Segment{Text: "You paid.", Categories: []consent.Category{"billing"}})
	c.Record(t, "orders", "Order", "It has left.")
	c.Record(t, "preferences", "Colours", "Green.")
	c.AskForPerson(t)
	seen := func(what, want string) {
		t.Helper()
		if want != "" {
			want = "desk agent_assist staff:" + string(ana.Who.Staff) + " " + c.Conversation + " " + want
		}
		if got := strings.Join(f.looks.take(), "\n"); got != want {
			t.Errorf("%s: on record is\n%s\nwant\n%s", what, got, want)
		}
	}
	get := func() {
		t.Helper()
		_, err := ana.Desk.Get(t.Context(), ana.Who, c.Conversation)
		must(t, err)
	}
	do(t, "claim", ana, c)
	do(t, "reply", ana, c)
	seen("acting", "")
	f.queue(t, ana)
	seen("the queue", "[conversation]")
	get()
	seen("with nothing shared", "[conversation]")
	c.Share(t, "orders", true)
	get()
	seen("with orders shared", "[conversation orders] orders")
	c.Share(t, "preferences", true)
	get()
	seen("with preferences too, of which nothing was quoted", "[conversation orders preferences] orders preferences")
	c.Share(t, "orders", false)
	c.Share(t, "preferences", false)
	c.Share(t, "billing", true)
	get()
	seen("with what was only quoted", "[billing conversation]")
	c.Share(t, "billing", false)
	get()
	seen("after everything was withdrawn", "[conversation]")

	sue := f.Hire(t, "Sue", identity.RoleSupervisor)
	_, err := sue.Desk.Get(t.Context(), sue.Who, c.Conversation)
	must(t, err)
	want := "desk agent_assist staff:" + string(sue.Who.Staff) + " " + c.Conversation + " [conversation] to " + agents.Listening
	if got := strings.Join(f.looks.take(), "\n"); got != want {
		t.Errorf("who listens in is on record with\n%s\nwant\n%s", got, want)
	}

	rev := f.Hire(t, "Rev", identity.RoleReviewer)
	if _, err := rev.Desk.Get(t.Context(), rev.Who, c.Conversation); !errors.Is(err, agents.ErrForbidden) {
		t.Errorf("a reviewer at the desk: %v", err)
	}
	seen("a role that may not", "")
}

// testNotRecorded: without a record of it nobody sees anything.
func testNotRecorded(t *testing.T, f *Fixture) {
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Waiting(t, "my words")
	f.looks.failing(errors.New("disk full"))
	if v, err := ana.Desk.Get(t.Context(), ana.Who, c.Conversation); err == nil || v.Messages != nil || v.Ticket.Summary != "" {
		t.Errorf("a view that is not on record: %+v, %v", v, err)
	}
	if all, err := ana.Desk.Queue(t.Context(), ana.Who, f.Queue); err == nil || all != nil {
		t.Errorf("a queue that is not on record: %+v, %v", all, err)
	}
	do(t, "reply", ana, c) // to help needs no look
	f.looks.failing(nil)
	if _, err := ana.Desk.Get(t.Context(), ana.Who, c.Conversation); err != nil {
		t.Error(err)
	}
	// Somebody else who was in the queue is erased while it is read.
	f.looks.failingOnce(consent.ErrUnknownCustomer)
	if all, err := ana.Desk.Queue(t.Context(), ana.Who, f.Queue); err != nil || len(all) != 1 || all[0].Conversation != c.Conversation {
		t.Errorf("the queue while somebody is erased: %+v, %v", all, err)
	}
}
