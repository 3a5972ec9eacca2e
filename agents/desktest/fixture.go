package desktest

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// Brand is the name of the fixture's site, as customers read it.
const Brand = "Sunny Shop"

// Fixture is a company with a desk. NewFixture makes one whose desk is Service,
// in process; set Connect to test a desk that leads there by another way.
type Fixture struct {
	Store   Store
	Gate    *consent.Gate
	Service *agents.Service
	// Queue is the queue that conversations come to.
	Queue string
	// Connect returns the desk as the agent of the principal, and of the API
	// token, has it.
	Connect func(t *testing.T, who identity.Principal, token string) agents.Desk

	site  identity.SiteID
	looks *looks
	taken atomic.Int64 // how often the assistant was told that it has lost a conversation
}

// NewFixture makes a company in an empty store, with one site, and the default policy
// with one outside desk in it.
func NewFixture(t *testing.T, s Store) *Fixture {
	t.Helper()
	policy, err := consent.LoadPolicy(bytes.NewReader(withOutsideDesk(consent.DefaultPolicy().Text())))
	must(t, err)
	must(t, s.InstallPolicy(t.Context(), policy))
	f := &Fixture{Store: s, Gate: consent.NewGate(s, policy), Queue: "support", site: identity.SiteID(identity.NewID("site"))}
	must(t, s.AddSite(t.Context(), identity.Site{ID: f.site, Name: Brand, Secret: []byte("0123456789abcdef0123456789abcdef")},
		identity.NewSecret("key")))
	f.looks = &looks{Store: s}
	f.Service = agents.NewService(f.looks, f.Gate, phrases{}, func(string) { f.taken.Add(1) })
	f.Connect = func(*testing.T, identity.Principal, string) agents.Desk { return f.Service }
	return f
}

// Authenticate returns whom an API token speaks for.
func (f *Fixture) Authenticate(ctx context.Context, token string) (identity.Principal, error) {
	m, err := f.Store.StaffByAPIToken(ctx, token)
	if err != nil {
		return identity.Principal{}, err
	}
	return m.Principal(), nil
}

// addQueue makes a queue that takes no new tickets.
func (f *Fixture) addQueue(t *testing.T, name string) {
	t.Helper()
	must(t, f.Store.SetQueue(t.Context(), agents.Queue{
		Name: name, Title: name, Takes: agents.Takes{Topics: []string{"nothing"}}, Priority: 1, Reserve: agents.Span(time.Minute),
	}, ""))
}

// Agent is a member of staff at a desk.
type Agent struct {
	Desk  agents.Desk
	Who   identity.Principal
	Token string
}

// Hire makes a member of staff with the roles, and their desk.
func (f *Fixture) Hire(t *testing.T, name string, roles ...identity.Role) Agent {
	t.Helper()
	return f.hire(t, identity.StaffMember{Name: name, Roles: roles})
}

func (f *Fixture) hire(t *testing.T, m identity.StaffMember) Agent {
	t.Helper()
	m.ID = identity.StaffID(identity.NewID("stf"))
	m.Email = string(m.ID) + "@example.test"
	must(t, f.Store.AddStaff(t.Context(), m))
	token := identity.NewSecret("api")
	must(t, f.Store.AddAPIToken(t.Context(), m.ID, token))
	who, err := f.Authenticate(t.Context(), token)
	must(t, err)
	return Agent{Desk: f.Connect(t, who, token), Who: who, Token: token}
}

// Customer is a customer in a conversation with the assistant.
type Customer struct {
	Who          identity.Principal
	Conversation string

	f *Fixture
}

// Customer makes a customer with a conversation. The assistant has said the
// segments, if any, and the customer the words.
func (f *Fixture) Customer(t *testing.T, words string, assistant ...conversation.Segment) *Customer {
	t.Helper()
	id, err := f.Store.Customer(t.Context(), f.site, identity.NewID("sub"))
	must(t, err)
	c := &Customer{Conversation: identity.NewID("cnv"), f: f}
	c.Who = identity.Principal{Kind: identity.Customer, Site: f.site, Customer: id}.In(c.Conversation)
	first := conversation.Message{ID: identity.NewID("msg"), From: conversation.FromAssistant, Segments: assistant}
	if len(assistant) == 0 {
		first.From, first.Segments = conversation.FromSystem, conversation.PlainMessage("You're chatting with an AI.")
	}
	must(t, f.Store.Create(t.Context(), conversation.Conversation{
		ID: c.Conversation, Site: f.site, Customer: id, State: conversation.Pending, Language: "en",
	}, first))
	c.Say(t, words)
	return c
}

// Waiting makes a customer who waits for a person.
func (f *Fixture) Waiting(t *testing.T, words string) *Customer {
	t.Helper()
	c := f.Customer(t, words)
	c.AskForPerson(t)
	return c
}

// Say posts a message of the customer's.
func (c *Customer) Say(t *testing.T, words string) {
	t.Helper()
	_, err := c.f.Store.Post(t.Context(), c.Conversation, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage(words),
	}, "en")
	must(t, err)
}

// AskForPerson hands the conversation to the desk.
func (c *Customer) AskForPerson(t *testing.T) conversation.Ticket {
	t.Helper()
	ticket, err := c.f.Store.Handoff(t.Context(), c.Conversation, conversation.CustomerRequest, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("A person will be with you."),
	})
	must(t, err)
	return ticket
}

// Share lets people at the company's desk see a category, or stops it.
func (c *Customer) Share(t *testing.T, category consent.Category, granted bool) {
	t.Helper()
	c.ShareWith(t, consent.HumanAgents, category, granted)
}

// ShareWith lets people at a desk see a category, or stops it.
func (c *Customer) ShareWith(t *testing.T, desk consent.Recipient, category consent.Category, granted bool) {
	t.Helper()
	notice := c.f.Gate.Policy().Notice.Ref("en")
	_, err := c.f.Gate.Change(t.Context(), c.Who, consent.ChangeSet{
		Changes: []consent.Change{{
			Triple:  consent.Triple{Purpose: consent.AgentAssist, Category: category, Recipient: desk},
			Granted: granted, Duration: consent.Standing,
		}},
		Notice: &notice, Language: "en", Channel: "handoff",
	})
	must(t, err)
}

// Record stores a record about the customer.
func (c *Customer) Record(t *testing.T, category consent.Category, title, text string) {
	t.Helper()
	must(t, c.f.Store.PutRecord(t.Context(), retrieval.Record{
		ID: identity.NewID("rec"), Site: c.f.site, Customer: c.Who.Customer, Category: category,
		Title: title, Text: text, CollectedAt: time.Now(), Language: "en",
	}))
}

// See returns the conversation and its messages, as the customer sees them.
func (c *Customer) See(t *testing.T) (conversation.Conversation, []conversation.Message) {
	t.Helper()
	conv, err := c.f.Store.Conversation(t.Context(), c.Conversation)
	must(t, err)
	messages, err := c.f.Store.Messages(t.Context(), c.Conversation)
	must(t, err)
	return conv, messages
}

// count returns how many messages of an author hold the text.
func (c *Customer) count(t *testing.T, from conversation.Author, text string) int {
	t.Helper()
	_, messages := c.See(t)
	n := 0
	for _, m := range messages {
		if m.From == from && strings.Contains(m.Text(), text) {
			n++
		}
	}
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
