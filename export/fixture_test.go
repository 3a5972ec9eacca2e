package export_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/export"
	"candor/identity"
	"candor/retrieval"
	"candor/store"
	"candor/store/schematest"
)

const shop = identity.SiteID("shop")

// source is the store, with another way to read records where a test has one.
type source struct {
	*store.Store
	mu      sync.Mutex
	records func(ctx context.Context, after consent.Place, limit int) ([]retrieval.Held, consent.Place, error)
}

func (s *source) RecordsOf(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) ([]retrieval.Held, consent.Place, error) {
	s.mu.Lock()
	read := s.records
	s.mu.Unlock()
	if read != nil {
		return read(ctx, after, limit)
	}
	return s.Store.RecordsOf(ctx, customer, after, limit)
}

func (s *source) read(fn func(ctx context.Context, after consent.Place, limit int) ([]retrieval.Held, consent.Place, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = fn
}

// record is a log that can be read while it is written.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// fixture is a shop with two customers and the service that exports them.
type fixture struct {
	*testing.T
	store      *store.Store
	source     *source
	gate       *consent.Gate
	receipts   *consent.Receipts
	service    *export.Service
	log        record
	maya, omar identity.Principal
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t}
	ctx := t.Context()
	f.store = schematest.Open(t, t.TempDir())
	t.Cleanup(func() { f.must(f.store.Close()) })
	policy := consent.DefaultPolicy()
	f.must(f.store.InstallPolicy(ctx, policy))
	f.gate = consent.NewGate(f.store, policy)
	f.must(f.store.AddSite(ctx, identity.Site{ID: shop, Name: "Käse & Söhne", Accent: "#1f6f4a", Secret: []byte("s")}, "key"))
	f.must(f.store.AddStaff(ctx, identity.StaffMember{ID: "stf_1", Email: "sam@shop.example", Name: "Sam", Roles: []identity.Role{identity.RoleAgent}}))
	life, leave := context.WithCancel(context.WithoutCancel(ctx))
	left, err := f.store.Attend(life)
	f.must(err)
	t.Cleanup(func() { leave(); <-left })
	f.receipts = consent.NewReceipts(f.store, f.store.ReceiptKey())
	f.source = &source{Store: f.store}
	f.service = export.NewService(export.Options{
		Source: f.source, Shelf: f.store.Exports(), Accesses: f.store, Gate: f.gate, Logger: slog.New(slog.NewTextHandler(&f.log, nil)),
		Receipt: func(ctx context.Context, e consent.Event, brand string) ([]byte, error) {
			x, err := f.receipts.Of(ctx, e, brand)
			if err != nil {
				return nil, err
			}
			return f.receipts.File(x)
		},
		Answered: func(context.Context, identity.Principal) error { return nil },
	})
	t.Cleanup(func() { f.service.Close(context.WithoutCancel(ctx)) })
	f.maya, f.omar = f.customer("maya-4711"), f.customer("omar-canary")
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
	id, err := f.store.Customer(f.Context(), shop, sub)
	f.must(err)
	return identity.Principal{Kind: identity.Customer, Site: shop, Customer: id}
}

func (f *fixture) put(who identity.Principal, id string, c consent.Category, title, text string) {
	f.Helper()
	f.must(f.store.PutRecord(f.Context(), retrieval.Record{
		ID: id, Site: shop, Customer: who.Customer, Category: c, Title: title, Text: text, Fields: map[string]string{"note <b>": text},
		Source: retrieval.Source{System: "shop", Ref: id, URL: "javascript:alert(1)"}, CollectedAt: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
	}))
}

func (f *fixture) choose(who identity.Principal, granted bool, categories ...consent.Category) {
	f.Helper()
	set := consent.ChangeSet{Language: "en", Channel: "widget"}
	for _, c := range categories {
		set.Changes = append(set.Changes, consent.Change{Triple: consent.Triple{Purpose: consent.Answers, Category: c, Recipient: consent.BrandAI}, Granted: granted})
	}
	_, err := f.gate.Change(f.Context(), who, set)
	f.must(err)
}

// talk is a conversation in which the customer asks, and is answered from records.
func (f *fixture) talk(who identity.Principal, question, said string, records ...citation.Use) answer.Answer {
	f.Helper()
	ctx := f.Context()
	message := func(from conversation.Author, text string) conversation.Message {
		return conversation.Message{ID: identity.NewID("msg"), From: from, Segments: conversation.PlainMessage(text)}
	}
	conv := identity.NewID("cnv")
	f.must(f.store.Create(ctx, conversation.Conversation{ID: conv, Site: shop, Customer: who.Customer, State: conversation.Pending, Language: "en"},
		message(conversation.FromSystem, "You're chatting with an AI.")))
	p, err := f.store.Post(ctx, conv, message(conversation.FromCustomer, question), "en")
	f.must(err)
	a := answer.Answer{ID: p.AnswerID, ConversationID: conv, Question: question, Status: answer.Writing, Attempt: 1}
	f.must(f.store.Begin(ctx, a, ""))
	scope, err := f.gate.Scope(ctx, who, consent.Answers)
	f.must(err)
	stamp := scope.Stamp()
	f.must(f.store.Citations().Append(ctx, citation.Entry{
		ID: identity.NewID("cit"), Kind: citation.Opened, AnswerID: a.ID, Attempt: 1, Site: shop, Customer: who.Customer, Conversation: conv,
		Purpose: consent.Answers, Recipient: consent.BrandAI, Records: records, Body: []byte("{}"), Stamp: &stamp,
	}))
	a.Status, a.Sentences = answer.Answered, []answer.Sentence{{Text: said}}
	// What a model made up of others is for reviewers.
	a.Verification = answer.Verification{Checked: 2, Released: 1, Dropped: 1, Removed: []answer.Removed{{Text: "The canary is Omar's.", Reason: "value"}}}
	f.must(f.store.Finish(ctx, stamp, a, answer.Ending{}))
	return a
}

// take streams an archive and reads it.
func (f *fixture) take(who identity.Principal, language string) map[string]string {
	f.Helper()
	r, err := f.service.Stream(f.Context(), who, language)
	f.must(err)
	b, err := io.ReadAll(r)
	f.must(err)
	return f.unzip(b)
}

func (f *fixture) unzip(b []byte) map[string]string {
	f.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	f.must(err)
	out := make(map[string]string)
	for _, file := range z.File {
		r, err := file.Open()
		f.must(err)
		content, err := io.ReadAll(r)
		f.must(err)
		f.must(r.Close())
		if _, twice := out[file.Name]; twice {
			f.Errorf("%s is there twice", file.Name)
		}
		out[file.Name] = string(content)
	}
	return out
}

type object = map[string]any

// items reads the items of a file.
func (f *fixture) items(files map[string]string, name string) []object {
	f.Helper()
	var out struct{ Items []object }
	if err := json.Unmarshal([]byte(files[name]), &out); err != nil {
		f.Fatalf("%s: %v", name, err)
	}
	return out.Items
}
