package store

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

const shop identity.SiteID = "shop"

var master = MasterKey{1, 2, 3}

// fixture is a store in a folder, with a site, its policy and two customers.
type fixture struct {
	*testing.T
	*Store
	dir        string
	policy     *consent.Policy
	gate       *consent.Gate
	maya, omar identity.Principal
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	keys, err := OpenKeyring(t.Context(), filepath.Join(dir, "keys.db"), master)
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenSQLite(t.Context(), filepath.Join(dir, "candor.db"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, dir: t.TempDir(), policy: consent.DefaultPolicy()}
	f.Store = open(t, f.dir)
	f.gate = consent.NewGate(f.Store, f.policy)
	f.must(f.InstallPolicy(t.Context(), f.policy))
	f.must(f.AddSite(t.Context(), identity.Site{ID: shop, Name: "Shop", Secret: []byte("s")}, "key"))
	f.maya, f.omar = f.customer("maya"), f.customer("omar")
	return f
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

// raw is a connection of its own to a database file, as an operator's tool has.
func (f *fixture) raw(name string) *sql.DB {
	f.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(f.dir, name)+"?_pragma=busy_timeout(10000)")
	f.must(err)
	f.Cleanup(func() { _ = db.Close() })
	return db
}

func (f *fixture) count(query string, args ...any) (n int) {
	f.Helper()
	f.must(f.raw("candor.db").QueryRowContext(f.Context(), query, args...).Scan(&n))
	return n
}

// reopen closes the store and opens the same folder again.
func (f *fixture) reopen() {
	f.Helper()
	f.must(f.Close())
	f.Store = open(f.T, f.dir)
	f.gate = consent.NewGate(f.Store, f.policy)
}

func triple(p consent.Purpose, c consent.Category, r consent.Recipient) consent.Triple {
	return consent.Triple{Purpose: p, Category: c, Recipient: r}
}

// choose grants, or withdraws, answers from the company's own AI.
func (f *fixture) choose(who identity.Principal, granted bool, categories ...consent.Category) consent.Changed {
	f.Helper()
	set := consent.ChangeSet{Language: "en", Channel: "widget"}
	for _, c := range categories {
		set.Changes = append(set.Changes, consent.Change{Triple: triple(consent.Answers, c, consent.BrandAI), Granted: granted})
	}
	got, err := f.gate.Change(f.Context(), who, set)
	f.must(err)
	return got
}

func (f *fixture) scope(who identity.Principal, purpose consent.Purpose) consent.Scope {
	f.Helper()
	s, err := f.gate.Scope(f.Context(), who, purpose)
	f.must(err)
	return s
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

func (f *fixture) staff(id identity.StaffID) identity.StaffID {
	f.Helper()
	f.must(f.AddStaff(f.Context(), identity.StaffMember{
		ID: id, Email: string(id) + "@shop.example", Name: "Agent " + string(id), Roles: []identity.Role{identity.RoleAgent}, Password: "x",
	}))
	return id
}

// onDisk reports in which files of the folder the text is found.
func (f *fixture) onDisk(text string) (files []string) {
	f.Helper()
	entries, err := os.ReadDir(f.dir)
	f.must(err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(f.dir, e.Name()))
		f.must(err)
		if bytes.Contains(bytes.ToLower(b), bytes.ToLower([]byte(text))) {
			files = append(files, e.Name())
		}
	}
	return files
}

// contents is every row of the tables that a release writes, to say that
// nothing was stored.
func (f *fixture) contents() map[string]string {
	f.Helper()
	db := f.raw("candor.db")
	out := make(map[string]string)
	for table, key := range map[string]string{
		"events": "conversation || seq || hex(sealed)", "answers": "id || status || attempt || hex(sealed)",
		"conversations": "id || state || assignee || last_seq", "outbox": "message", "tickets": "id || state || assignee",
		"ledger": "id", "citation_entries": "id", "records": "id || indexed || hex(sealed)", "passages": "id", "customers": "id || epoch",
	} {
		var all sql.NullString
		f.must(db.QueryRowContext(context.WithoutCancel(f.Context()),
			"SELECT group_concat(k, char(10)) FROM (SELECT "+key+" AS k FROM "+table+" ORDER BY 1)").Scan(&all))
		out[table] = all.String
	}
	return out
}
