package desktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// looks is a store that tells what was recorded in it, and may fail to.
type looks struct {
	Store
	mu    sync.Mutex
	all   []consent.Access
	fail  error
	once  bool   // it fails no second time
	while func() // runs when messages are read next
}

func (l *looks) Messages(ctx context.Context, conv string) ([]conversation.Message, error) {
	l.mu.Lock()
	while := l.while
	l.while = nil
	l.mu.Unlock()
	if while != nil {
		while()
	}
	return l.Store.Messages(ctx, conv)
}

// reading runs something while a view or a queue is read the next time.
func (l *looks) reading(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.while = do
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

// testListens: whatever somebody looks at of a conversation that another has, they listen
// in. It is tested in process, where all of it is.
func testListens(t *testing.T, f *Fixture) {
	const form = "%PDF-1.4\n1 0 obj<<>>endobj\nstartxref\n9\n%%EOF\n"
	assist, files := f.Store.(agents.AssistStore), f.Store.(conversation.ExchangeStore)
	f.Service.SetAssist(agents.Assist{Store: assist, Suggester: writer{f.Gate}})
	x := agents.NewExchange(f.Service, files, conversation.NewLive())
	ana, sue := f.Hire(t, "Ana", identity.RoleAgent), f.Hire(t, "Sue", identity.RoleSupervisor)
	must(t, f.Service.PutCanned(t.Context(), sue.Who, agents.Canned{ID: "hello", Title: "Hello", Text: "Dear {{customer}},"}))
	c := f.Waiting(t, "Where is it?")
	// The name is older than as many records as a view shows.
	must(t, f.Store.PutRecord(t.Context(), retrieval.Record{
		ID: identity.NewID("rec"), Site: f.site, Customer: c.Who.Customer, Category: "profile", Title: "Profile", Text: "Maya Silva",
		Fields: map[string]string{"name": "Maya Silva"}, CollectedAt: time.Now().AddDate(-1, 0, 0), Language: "en",
	}))
	for range 51 {
		c.Record(t, "orders", "Order", "It has left.")
	}
	c.Share(t, "profile", true)
	c.Share(t, "orders", true)
	photo := conversation.StoredAttachment{
		Attachment:   conversation.Attachment{ID: identity.NewID("att"), Name: "form.pdf", Type: "application/pdf", Size: int64(len(form))},
		Conversation: c.Conversation, Customer: c.Who.Customer, From: conversation.FromCustomer,
	}
	must(t, files.Upload(t.Context(), photo, []byte(form)))
	_, err := f.Store.Post(t.Context(), c.Conversation, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage("This one."), Attachments: []conversation.Attachment{{ID: photo.ID}},
	}, "en")
	must(t, err)
	looks := map[string]func(a Agent) error{
		"a draft": func(a Agent) error {
			_, err := f.Service.Suggest(t.Context(), a.Who, c.Conversation, "")
			return err
		},
		"a file": func(a Agent) error {
			_, _, err := x.Attachment(t.Context(), t.Context(), a.Who, c.Conversation, photo.ID)
			return err
		},
		"a name": func(a Agent) error {
			all, err := f.Service.Canned(t.Context(), a.Who, c.Conversation)
			if err == nil && (len(all) != 1 || all[0].Rendered != "Dear Maya Silva,") {
				t.Errorf("the reply that is ready is %+v", all)
			}
			return err
		},
	}
	f.looks.take()
	for _, listens := range []bool{false, true} {
		if listens {
			do(t, "claim", ana, c)
		}
		for what, look := range looks {
			must(t, look(sue))
			got := f.looks.take()
			if len(got) != 1 || strings.Contains(got[0], " to "+agents.Listening) != listens {
				t.Errorf("of %s, listening in %t, there is on record %q", what, listens, got)
			}
		}
	}
	for what, look := range looks {
		must(t, look(ana))
		if got := f.looks.take(); len(got) != 1 || strings.Contains(got[0], agents.Listening) {
			t.Errorf("of %s in one's own there is on record %q", what, got)
		}
	}
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
