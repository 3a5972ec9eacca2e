package storetest

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/store"
)

const shop identity.SiteID = "shop"

var master = store.MasterKey{1, 2, 3}

// fixture is a store on databases of its own, with a site, its policy and two
// customers, and an operator who looks at the rows.
type fixture struct {
	*testing.T
	*store.Store
	db         *database
	operator   *sql.DB
	keys       *store.Keyring
	policy     *consent.Policy
	gate       *consent.Gate
	maya, omar identity.Principal
}

func newFixture(t *testing.T, e Engine, ahead time.Duration) *fixture {
	t.Helper()
	f := &fixture{T: t, db: e.database(t), policy: consent.DefaultPolicy()}
	f.db.ahead = ahead
	f.operator = f.raw(f.db.data)
	f.Store, f.keys = open(t, f.db)
	f.gate = consent.NewGate(f.Store, f.policy)
	if ahead != 0 {
		f.setClock()
	}
	f.must(f.InstallPolicy(t.Context(), f.policy))
	f.must(f.AddSite(t.Context(), identity.Site{ID: shop, Name: "Shop", Secret: []byte("s")}, "key"))
	f.maya, f.omar = f.customer("maya"), f.customer("omar")
	return f
}

// replica opens the same databases a second time.
func (f *fixture) replica() *fixture {
	f.Helper()
	g := *f
	g.Store, g.keys = open(f.T, f.db)
	g.gate = consent.NewGate(g.Store, f.policy)
	return &g
}

// reopen closes the store and opens the same databases again.
func (f *fixture) reopen() {
	f.Helper()
	f.must(f.Close())
	f.Store, f.keys = open(f.T, f.db)
	f.gate = consent.NewGate(f.Store, f.policy)
}

// strangers is the fixture with two customers of whom nothing is known yet.
func (f *fixture) strangers() *fixture {
	f.Helper()
	g := *f
	g.maya, g.omar = f.customer(identity.NewID("maya")), f.customer(identity.NewID("omar"))
	return &g
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) customer(sub string) identity.Principal {
	f.Helper()
	id, err := f.Customer(f.Context(), shop, sub)
	f.must(err)
	return identity.Principal{Kind: identity.Customer, Site: shop, Customer: id}
}

// edition is the policy under another version.
func (f *fixture) edition(version, extra string) *consent.Policy {
	f.Helper()
	text := strings.Replace(string(f.policy.Text()), `version: "`+f.policy.Version+`"`, `version: "`+version+`"`, 1) + extra
	p, err := consent.LoadPolicy(strings.NewReader(text))
	f.must(err)
	return p
}

func triple(p consent.Purpose, c consent.Category, r consent.Recipient) consent.Triple {
	return consent.Triple{Purpose: p, Category: c, Recipient: r}
}

// orders is the choice that most tests are about.
var orders = triple(consent.Answers, "orders", consent.BrandAI)

// change makes choices as the widget does.
func (f *fixture) change(who identity.Principal, changes ...consent.Change) consent.Changed {
	f.Helper()
	got, err := f.gate.Change(f.Context(), who, consent.ChangeSet{Language: "en", Channel: "widget", Changes: changes})
	f.must(err)
	return got
}

// choose grants, or withdraws, answers from the company's own AI.
func (f *fixture) choose(who identity.Principal, granted bool, categories ...consent.Category) consent.Changed {
	f.Helper()
	var changes []consent.Change
	for _, c := range categories {
		changes = append(changes, consent.Change{Triple: triple(consent.Answers, c, consent.BrandAI), Granted: granted})
	}
	return f.change(who, changes...)
}

func (f *fixture) scope(who identity.Principal, purpose consent.Purpose) consent.Scope {
	f.Helper()
	s, err := f.gate.Scope(f.Context(), who, purpose)
	f.must(err)
	return s
}

// stamp is what an answer to the customer would be decided by now.
func (f *fixture) stamp(who identity.Principal) consent.Stamp {
	f.Helper()
	return f.scope(who, consent.Answers).Stamp()
}

func record(who identity.Principal, id string, c consent.Category, text string) retrieval.Record {
	return retrieval.Record{
		ID: id, Site: shop, Customer: who.Customer, Category: c, Title: "Title of " + id, Text: text,
		CollectedAt: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Fields: map[string]string{"note": "field of " + id},
	}
}

func (f *fixture) put(records ...retrieval.Record) {
	f.Helper()
	for _, r := range records {
		f.must(f.PutRecord(f.Context(), r))
	}
}

func message(from conversation.Author, text string) conversation.Message {
	return conversation.Message{ID: identity.NewID("msg"), From: from, Segments: conversation.PlainMessage(text)}
}

// talk makes a conversation.
func (f *fixture) talk(who identity.Principal) string {
	f.Helper()
	id := identity.NewID("cnv")
	f.must(f.Create(f.Context(), conversation.Conversation{
		ID: id, Site: shop, Customer: who.Customer, State: conversation.Pending, Language: "en",
	}, message(conversation.FromSystem, "You're chatting with an AI.")))
	return id
}

// ask posts a message and returns the answer to be written.
func (f *fixture) ask(conv, text string) answer.Answer {
	f.Helper()
	p, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, text), "en")
	f.must(err)
	if p.AnswerID == "" {
		f.Fatal("there is no answer to write")
	}
	return answer.Answer{ID: p.AnswerID, ConversationID: conv, Question: text, Status: answer.Writing, Attempt: 1}
}

// say posts a message, whoever is to answer it.
func (f *fixture) say(conv, text string) {
	f.Helper()
	f.must(only(f.Post(f.Context(), conv, message(conversation.FromCustomer, text), "en")))
}

// writing asks, and begins the answer.
func (f *fixture) writing(conv, text string) answer.Answer {
	f.Helper()
	a := f.ask(conv, text)
	f.must(f.Begin(f.Context(), a, ""))
	return a
}

func sentence(a answer.Answer, text string) answer.Answer {
	a.Sentences = append(slices.Clone(a.Sentences), answer.Sentence{Text: text})
	return a
}

// Act, Pass, Transfer, AddNote and AddSuggestion are of somebody in whichever queue it is,
// by a request without an id: what most tests are about.
func (f *fixture) Act(ctx context.Context, who identity.StaffID, conv string, a agents.Action) error {
	return f.Store.Act(ctx, agents.By{Staff: who}, conv, a)
}

func (f *fixture) Pass(ctx context.Context, who identity.StaffID, conv string) error {
	return f.Store.Pass(ctx, agents.By{Staff: who}, conv)
}

func (f *fixture) Transfer(ctx context.Context, who identity.StaffID, conv string, t agents.Transfer) error {
	return f.Store.Transfer(ctx, agents.By{Staff: who}, conv, t)
}

func (f *fixture) AddNote(ctx context.Context, n agents.Note) error {
	return f.Store.AddNote(ctx, agents.By{Staff: n.Staff}, n)
}

func (f *fixture) AddSuggestion(ctx context.Context, customer identity.CustomerID, x agents.Suggestion) error {
	return f.Store.AddSuggestion(ctx, agents.By{Staff: x.Staff}, customer, x)
}

// handOff gives a conversation to the desk.
func (f *fixture) handOff(conv string) conversation.Ticket {
	f.Helper()
	t, err := f.Handoff(f.Context(), conv, conversation.CustomerRequest, message(conversation.FromSystem, "A person will come."))
	f.must(err)
	return t
}

func (f *fixture) state(conv string) conversation.Conversation {
	f.Helper()
	c, err := f.Conversation(f.Context(), conv)
	f.must(err)
	return c
}

// all returns every event of a conversation, and fails where its sequence has a
// gap.
func (f *fixture) all(conv string) []conversation.Event {
	f.Helper()
	events, err := f.Events(f.Context(), conv, 0, 100_000)
	f.must(err)
	for i, e := range events {
		if e.Seq != int64(i+1) {
			f.Fatalf("event %d has number %d", i+1, e.Seq)
		}
		if i > 0 && e.At.Before(events[i-1].At) {
			f.Errorf("event %d is of %s, the one before of %s", e.Seq, e.At, events[i-1].At)
		}
	}
	return events
}

func (f *fixture) agent(id identity.StaffID) identity.StaffID {
	f.Helper()
	f.must(f.AddStaff(f.Context(), identity.StaffMember{
		ID: id, Email: string(id) + "@shop.example", Name: "Agent " + string(id), Roles: []identity.Role{identity.RoleAgent}, Password: "x",
	}))
	return id
}

// unchanged fails where something differs from what was there before.
func (f *fixture) unchanged(what string, before map[string]string) {
	f.Helper()
	for table, rows := range f.contents() {
		if rows == before[table] {
			continue
		}
		f.Errorf("%s: %s changed", what, table)
		was, is := strings.Split(before[table], "\n"), strings.Split(rows, "\n")
		for _, row := range was {
			if !slices.Contains(is, row) {
				f.Logf("- %s", row)
			}
		}
		for _, row := range is {
			if !slices.Contains(was, row) {
				f.Logf("+ %s", row)
			}
		}
	}
}

// soon waits until a condition holds, and fails where it does not.
func (f *fixture) soon(what string, holds func() bool) {
	f.Helper()
	for range 400 {
		if holds() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	f.Errorf("after 10 s: %s", what)
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// only returns the error of a call.
func only[T any](_ T, err error) error { return err }

// is fails unless err is want.
func (f *fixture) is(what string, err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Errorf("%s: %v, want %v", what, err, want)
	}
}
