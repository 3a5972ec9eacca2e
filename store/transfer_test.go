package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/delivery"
	"candor/identity"
	"candor/internal/pgtest"
	"candor/retrieval"
	"candor/review"
)

// site is an installation whose databases are at two URLs.
type site struct {
	*testing.T
	*Store
	data, keys string
	gate       *consent.Gate
	maya, omar identity.Principal
	conv       string // Maya's
	answered   string // in it
}

func fileURL(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// newSite makes an installation in which every table has rows.
func newSite(t *testing.T, data, keys string) *site {
	t.Helper()
	s := &site{T: t, data: data, keys: keys}
	s.openAt(data, keys)
	s.must(s.InstallPolicy(t.Context(), consent.DefaultPolicy()))
	s.must(s.AddSite(t.Context(), identity.Site{ID: "shop", Name: "Käse & Söhne", Origins: []string{"https://shop.example"}, Secret: []byte("s")}, "key"))
	s.must(s.AddStaff(t.Context(), identity.StaffMember{ID: "stf_1", Email: "a@shop.example", Name: "Noor", Roles: []identity.Role{identity.RoleAgent}, Password: "x"}))
	s.must(s.AddAPIToken(t.Context(), "stf_1", "at_1"))
	s.must(s.UseToken(t.Context(), "shop", "jti", time.Now().Add(time.Hour)))
	s.must(s.PutKnowledge(t.Context(), "shop", []retrieval.Record{{ID: "k1", Text: "Returns take 30 days.", Visibility: retrieval.PublicKnowledge}}))
	s.must(s.SetSpace(t.Context(), oneSpace))
	articles, err := s.Unembedded(t.Context(), oneSpace, retrieval.Article{}, 1)
	s.must(err)
	for _, a := range articles {
		s.must(s.PutVectors(t.Context(), oneSpace, []retrieval.ArticleVectors{{Article: retrieval.Article{Site: a.Site, ID: a.ID}, Body: a.Body, Sealed: []byte("vectors")}}))
	}
	s.must(s.SetSeat(t.Context(), agents.Seat{Staff: "stf_1", Capacity: 3}))
	s.must(s.PutCanned(t.Context(), "stf_1", agents.Canned{ID: "cnd_1", Title: "Hello", Text: "Hello from {{brand}}."}))
	s.must(s.Invite(t.Context(), identity.StaffMember{ID: "stf_2", Email: "b@shop.example", Name: "Bo", Roles: []identity.Role{identity.RoleAgent}}, nil, "link", "staff:stf_1", true))
	_, err = s.PutWebhook(t.Context(), delivery.Webhook{Name: "crm", URL: "https://crm.example/hook", Events: []string{"candor.handoff.*"}, Actor: "staff:stf_1"}, false)
	s.must(err)
	s.maya, s.omar = s.fill("maya"), s.fill("omar")
	s.hold(s.omar.Customer, "orders")
	s.must(s.RemoveRecord(t.Context(), "shop", "omar-order-4"))
	return s
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// openAt opens the installation at two URLs.
func (s *site) openAt(data, keys string) {
	s.Helper()
	s.must(s.tryOpen(data, keys))
	opened := s.Store
	s.Cleanup(func() {
		if err := opened.Close(); err != nil {
			s.Error(err)
		}
	})
}

func (s *site) tryOpen(data, keys string) error {
	ctx := context.WithoutCancel(s.Context())
	k, err := OpenKeyring(ctx, keys, master)
	if err != nil {
		return err
	}
	opened, err := Open(ctx, data, k)
	if err != nil {
		return errors.Join(err, k.Close())
	}
	s.Store, s.gate = opened, consent.NewGate(opened, consent.DefaultPolicy())
	return nil
}

// oneSpace is the one that the vectors are in.
var oneSpace = retrieval.Space{Model: "m", Version: "1", Dimension: 2, Quantisation: retrieval.Int8}

// fill puts rows of a customer into every table that has such.
func (s *site) fill(sub string) identity.Principal {
	s.Helper()
	ctx := s.Context()
	id, err := s.Customer(ctx, "shop", sub)
	s.must(err)
	who := identity.Principal{Kind: identity.Customer, Site: "shop", Customer: id}
	for i := range 5 {
		s.must(s.PutRecord(ctx, retrieval.Record{
			ID: fmt.Sprintf("%s-order-%d", sub, i), Site: "shop", Customer: id, Category: "orders", Title: "Order", Text: sub + " ordered a tent.",
		}))
	}
	_, err = s.gate.Change(ctx, who, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{
		{Triple: consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}, Granted: true},
	}})
	s.must(err)
	scope, err := s.gate.Scope(ctx, who, consent.Answers)
	s.must(err)
	passages, err := s.Passages(ctx, scope)
	if s.must(err); len(passages) == 0 {
		s.Fatal("nothing is indexed")
	}
	own, err := s.UnembeddedOwn(ctx, scope, scope.Searchable(), oneSpace, 2)
	s.must(err)
	for _, p := range own {
		s.must(s.PutOwnVectors(ctx, scope, oneSpace, []retrieval.OwnVector{{OwnPassage: p, Vector: retrieval.Quantise([]float32{1, 2})}}))
	}
	s.must(s.AddSession(ctx, identity.Session{ID: "ses_" + sub, Token: "token of " + sub, Kind: identity.Customer, Site: "shop", Customer: id, Expires: time.Now().Add(time.Hour)}))
	conv := identity.NewID("cnv")
	s.must(s.Create(ctx, conversation.Conversation{ID: conv, Site: "shop", Customer: id, State: conversation.Pending, Language: "en"},
		conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Hello")}))
	p, err := s.Post(ctx, conv, conversation.Message{ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage("Where is it?")}, "en")
	s.must(err)
	a := answer.Answer{
		ID: p.AnswerID, ConversationID: conv, Question: "Where is it?", Status: answer.Writing, Attempt: 1,
		Sentences: []answer.Sentence{{Text: "On its way to " + sub + "."}},
	}
	s.must(s.Begin(ctx, a, ""))
	a.Status = answer.Answered
	s.must(s.Finish(ctx, scope.Stamp(), a, answer.Ending{}))
	s.must(s.Citations().Append(ctx, citation.Entry{
		ID: "cit_" + sub, Kind: citation.Closed, AnswerID: a.ID, Site: "shop", Customer: id, Conversation: conv, Body: []byte(`{"question":"Where is it?"}`),
		Records:     []citation.Use{{RecordID: sub + "-order-1", Category: "orders", Recipient: consent.BrandAI}, {RecordID: sub + "-order-2", Category: "orders", Recipient: consent.BrandAI}},
		NotSearched: []citation.NotSearched{{Category: "billing", Reason: consent.NoConsent}}, Words: []string{"where", "tent"},
	}))
	_, err = s.Transparency().Integrate(ctx)
	s.must(err)
	_, err = s.Handoff(ctx, conv, conversation.CustomerRequest, conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Wait")})
	s.must(err)
	s.must(s.AddNote(ctx, agents.By{Staff: "stf_1"}, agents.Note{ID: "not_" + sub, Conversation: conv, Staff: "stf_1", Text: "Likes tents."}))
	talk, err := s.Conversation(ctx, conv)
	s.must(err)
	s.must(s.SetContact(ctx, talk, sub+"@example.com"))
	s.must(s.AddSuggestion(ctx, agents.By{Staff: "stf_1"}, id, agents.Suggestion{ID: "sug_" + sub, Status: "answered", Text: "It is on its way, " + sub + ".", Conversation: conv, Staff: "stf_1", Stamp: scope.Stamp()}))
	s.must(s.PutSummary(ctx, id, conv, agents.StoredSummary{Stamp: scope.Stamp()}))
	s.must(s.writeFor(ctx, id, func(tx *Tx) error {
		return tx.deliver(delivery.Delivery{ID: "dlv_" + sub, Target: delivery.MailTarget, Kind: delivery.Unread, Conversation: conv, Customer: id})
	}))
	photo := conversation.Attachment{ID: "att_" + sub, Name: sub + ".png", Type: "image/png", Size: 4}
	s.must(s.Upload(ctx, conversation.StoredAttachment{Attachment: photo, Conversation: conv, Customer: id, From: conversation.FromCustomer}, []byte("tent")))
	_, err = s.Post(ctx, conv, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage("Here it is."), Attachments: []conversation.Attachment{{ID: photo.ID}},
	}, "en")
	s.must(err)
	s.must(s.Rate(ctx, id, conv, 1, "good"))
	_, err = s.Budget(1000, 1000).Reserve(ctx, identity.Principal{Kind: identity.Customer, Customer: id}, time.Now(), 0)
	s.must(err)
	_, err = s.Remember(ctx, id, "scope", sub, "body")
	s.must(err)
	s.must(s.Settle(ctx, id, "scope", sub, Response{Status: 200, Body: []byte("remembered")}))
	s.must(s.Accessed(ctx, consent.Access{Customer: id, Actor: "staff:stf_1", Kind: consent.DeskAccess, Categories: []consent.Category{"orders"}}))
	complaint, err := s.gate.NewRequest(ctx, who, consent.ComplaintRequest, "Nobody answers "+sub+".")
	s.must(err)
	s.must(s.AddRequest(ctx, complaint))
	wrong, err := s.gate.NewComplaint(ctx, who, conv, a.ID, consent.WrongSource, sub+" says that it is another.")
	s.must(err)
	s.must(s.AddRequest(ctx, wrong))
	s.must(s.Reviews().AddReview(ctx, review.Review{ID: "rev_" + sub, Answer: a.ID, Verdict: review.Tone, Note: sub + " was not greeted.", Reviewer: review.Person{ID: "stf_1"}}))
	s.must(s.Reviews().AddFlag(ctx, conv, review.Flag{ID: "flg_" + sub, Answer: a.ID, Kind: review.Tone, Note: sub + " was not greeted.", By: review.Person{ID: "stf_1"}}))
	_, err = s.Hide(ctx, review.HiddenSource{Site: "shop", Record: sub + "-order-3", Actor: "staff:stf_1", Note: sub + " has no tent."})
	s.must(err)
	_, err = s.AddCorrection(ctx, review.Correction{Site: "shop", Record: sub + "-order-1", Text: sub + "'s tent is late.", Actor: "staff:stf_1"})
	s.must(err)
	kind, found := review.WrongAnswer, time.Now().Add(-time.Hour)
	_, err = s.AddIncident(ctx, "shop", review.IncidentEvent{Actor: "staff:stf_1", IncidentChange: review.IncidentChange{Kind: &kind, Found: &found, Title: "An answer was wrong"}})
	s.must(err)
	s.must(s.Exports().Begin(ctx, id, "exp_"+sub, 1))
	s.must(s.Exports().Put(ctx, id, "exp_"+sub, []byte("all of it"), 1))
	if sub == "maya" {
		s.conv, s.answered = conv, a.ID
	}
	return who
}

// hold puts a legal hold on categories of a customer's.
func (s *site) hold(customer identity.CustomerID, categories ...consent.Category) consent.Hold {
	s.Helper()
	h, err := s.AddLegalHold(s.Context(), consent.Hold{
		Customer: customer, Categories: categories, Reason: "A case at court.", Until: time.Now().Add(24 * time.Hour), Actor: "staff:stf_1",
	})
	s.must(err)
	return h
}

// look opens a database as an operator's tool does.
func (s *site) look(rawURL string) *sql.DB {
	s.Helper()
	driver, source := "pgx", rawURL
	if path, ok := strings.CutPrefix(rawURL, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	s.must(err)
	s.Cleanup(func() { _ = db.Close() })
	return db
}

func (s *site) exec(rawURL, statement string) {
	s.Helper()
	_, err := s.look(rawURL).ExecContext(s.Context(), statement)
	s.must(err)
}

func (s *site) count(rawURL, query string, args ...any) (n int) {
	s.Helper()
	s.must(s.look(rawURL).QueryRowContext(s.Context(), query, args...).Scan(&n))
	return n
}

// works checks that what the installation held can be read, and that it goes on.
func (s *site) works() {
	s.Helper()
	ctx := s.Context()
	if r, err := s.Record(ctx, "shop", "maya-order-1"); err != nil || r.Text != "maya ordered a tent." {
		s.Errorf("a record: %q, %v", r.Text, err)
	}
	if m, err := s.Messages(ctx, s.conv); err != nil || len(m) < 4 || m[1].Text() != "Where is it?" {
		s.Errorf("the conversation: %v, %v", m, err)
	}
	if a, err := s.Answer(ctx, s.maya.Customer, s.answered); err != nil || a.Sentences[0].Text != "On its way to maya." {
		s.Errorf("the answer: %v, %v", a, err)
	}
	if _, err := s.gate.Scope(ctx, s.maya, consent.Answers); err != nil {
		s.Error(err)
	}
	if id, err := s.Customer(ctx, "shop", "maya"); err != nil || id != s.maya.Customer {
		s.Errorf("Maya is %s, %v", id, err)
	}
	if x, err := s.Site(ctx, "shop"); err != nil || x.Name != "Käse & Söhne" || string(x.Secret) != "s" {
		s.Errorf("the site: %v", err)
	}
	if list, _, err := s.Reviews().List(ctx, review.Filter{Filter: citation.Filter{Query: "tent"}}); err != nil || len(list) != 2 || len(list[0].Records) != 2 {
		s.Errorf("the log: %v, %v", list, err)
	}
	if r, err := s.Remember(ctx, s.maya.Customer, "scope", "maya", "body"); err != nil || r == nil || string(r.Body) != "remembered" {
		s.Errorf("a remembered response: %v, %v", r, err)
	}
	s.fill("noor" + identity.NewID("x")[2:10])
}

// places are the pairs of engines that data goes between.
func places(t *testing.T, test func(t *testing.T, from, to func(*testing.T) string)) {
	server := func(t *testing.T) string { t.Helper(); return pgtest.Database(t) }
	for _, tt := range []struct {
		name     string
		from, to func(*testing.T) string
	}{
		{"a file to a server", fileURL, server},
		{"a file to a file", fileURL, fileURL},
		{"a server to a file", server, fileURL},
		{"a server to a server", server, server},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			test(t, tt.from, tt.to)
		})
	}
}

// TestMove carries an installation over: everything is there, the old one is
// refused, and it can be carried on.
func TestMove(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, from, to func(*testing.T) string) {
		s := newSite(t, from(t), from(t))
		installation := s.Store.keys.Installation()
		_, err := s.MoveOutside(t.Context(), "", "col_1")
		s.must(err)
		s.exec(s.data, "DELETE FROM outbox") // what it gave out before is not given out again
		s.must(s.Close())
		m := Move{Installation: installation, Data: Way{s.data, to(t)}, Keys: Way{s.keys, to(t)}, Chunk: 3}
		copied, err := m.Run(t.Context())
		s.must(err)
		if len(copied) != len(dataTables)+len(keysTables) {
			t.Errorf("%d tables were verified", len(copied))
		}
		for _, c := range copied {
			if c.Rows == 0 && c.Table != "outbox" && c.Table != "erasures" {
				t.Errorf("%s has no rows to be moved", c.Table)
			}
			if len(c.SHA256) != 64 {
				t.Errorf("%s has the sum %q", c.Table, c.SHA256)
			}
		}
		if err := s.tryOpen(s.data, m.Keys.To); !errors.Is(err, ErrMoved) {
			t.Errorf("the old data: %v", err)
		}
		if err := s.tryOpen(m.Data.To, s.keys); !errors.Is(err, ErrMoved) {
			t.Errorf("the old keys: %v", err)
		}
		if again, err := m.Run(t.Context()); err != nil || len(again) != 0 {
			t.Errorf("moved again: %v, %v", again, err)
		}
		elsewhere := m
		elsewhere.Data.To, elsewhere.Keys = to(t), Way{}
		if _, err := elsewhere.Run(t.Context()); !errors.Is(err, ErrMoved) {
			t.Errorf("moved to a second place: %v", err)
		}
		before := s.count(s.data, "SELECT MAX(position) FROM citation_entries")
		s.openAt(m.Data.To, m.Keys.To)
		s.works()
		if after := s.count(m.Data.To, "SELECT MAX(position) FROM citation_entries"); after != before+1 {
			t.Errorf("the log went on at %d after %d", after, before)
		}
		first := s.count(m.Data.To, "SELECT MIN(id) FROM outbox")
		if first < 5 {
			t.Errorf("the outbox begins again at %d", first)
		}
		for _, statement := range []string{"UPDATE ledger SET state = 'given'", "DELETE FROM citation_entries"} {
			if _, err := s.look(m.Data.To).ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}

// TestMoveCutOff cuts a move off after every step that it tells of, and runs it
// again: it goes on where it was, and until it is over nothing opens the target.
func TestMoveCutOff(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, from, to func(*testing.T) string) {
		s := newSite(t, from(t), from(t))
		m := Move{Installation: s.Store.keys.Installation(), Data: Way{s.data, to(t)}, Keys: Way{s.keys, to(t)}, Chunk: 20}
		s.must(s.Close())
		cuts := 0
		for last := 1; ; last += 3 {
			ctx, cut := context.WithCancel(t.Context())
			step := 0
			m.Progress = func(string, Schema, string, int64, int64) {
				if step++; step == last {
					cut()
				}
			}
			copied, err := m.Run(ctx)
			cut()
			if err == nil {
				if len(copied) == 0 || cuts < 20 {
					t.Errorf("%d tables after %d cuts", len(copied), cuts)
				}
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("after %d cuts: %v", cuts, err)
			}
			cuts++
			if err := s.tryOpen(m.Data.To, s.keys); !errors.Is(err, ErrMoving) {
				t.Fatalf("half of it was opened: %v", err)
			}
			s.must(s.tryOpen(s.data, s.keys)) // the old one could still be used
			s.must(s.Close())
		}
		s.openAt(m.Data.To, m.Keys.To)
		s.works()
	})
}

// TestMoveCutOffInTheSchema: a move that was cut off between two versions of the
// target's schema goes on.
func TestMoveCutOffInTheSchema(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, from, to func(*testing.T) string) {
		s := newSite(t, from(t), from(t))
		m := Move{Installation: s.Store.keys.Installation(), Data: Way{s.data, to(t)}, Keys: Way{s.keys, to(t)}}
		s.must(s.Close())
		for _, w := range []struct {
			schema Schema
			url    string
		}{{DataSchema, m.Data.To}, {KeysSchema, m.Keys.To}} {
			e, target, err := engineOf(w.url)
			s.must(err)
			db, err := newPool(e, target, forKeys)
			s.must(err)
			p, err := e.provider(db.DB, w.schema.folder(e))
			s.must(err)
			_, err = p.UpTo(t.Context(), 1)
			s.must(err)
			s.must(db.Close())
		}
		_, err := m.Run(t.Context())
		s.must(err)
		s.openAt(m.Data.To, m.Keys.To)
		s.works()
	})
}

// TestMoveCutOffAtTheEnd: between the mark on the old one and that on the new one
// neither is used, and moving again ends it.
func TestMoveCutOffAtTheEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, fileURL(t), fileURL(t))
	m := Move{Installation: s.Store.keys.Installation(), Data: Way{s.data, fileURL(t)}, Keys: Way{s.keys, fileURL(t)}}
	s.must(s.Close())
	_, err := m.Run(t.Context())
	s.must(err)
	s.exec(m.Data.To, "UPDATE installation SET moving = TRUE")
	if err := s.tryOpen(s.data, m.Keys.To); !errors.Is(err, ErrMoved) || !strings.Contains(err.Error(), m.Data.To) {
		t.Errorf("the old one: %v", err)
	}
	if err := s.tryOpen(m.Data.To, m.Keys.To); !errors.Is(err, ErrMoving) {
		t.Errorf("the new one: %v", err)
	}
	if copied, err := m.Run(t.Context()); err != nil || len(copied) != len(dataTables) {
		t.Errorf("%v, %v", copied, err)
	}
	s.openAt(m.Data.To, m.Keys.To)
	s.works()
}

// TestMoveRefuses what would lose or mix data, before anything is written.
func TestMoveRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, fileURL(t), fileURL(t))
	m := Move{Installation: s.Store.keys.Installation(), Data: Way{From: s.data}, Chunk: 5}
	refused := func(what string, m Move, want error, text string) {
		t.Helper()
		_, err := m.Run(t.Context())
		if err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
	to := func(m Move, url string) Move { m.Data.To = url; return m }
	_, err := s.Attend(t.Context())
	s.must(err)
	refused("a source in use", to(m, fileURL(t)), nil, "1 assistants use this database")
	s.must(s.Close())
	s.exec(s.data, "DELETE FROM leases")

	path := filepath.Join(t.TempDir(), "other.db")
	s.exec("sqlite:"+path, "CREATE TABLE other (a)")
	refused("a database of something else", to(m, "sqlite:"+path), ErrNotEmpty, "other")
	s.must(os.WriteFile(path, []byte("not a database, but a text that is long enough"), 0o600))
	refused("a file of something else", to(m, "sqlite:"+path), nil, "not a database")
	refused("itself", to(m, s.data), nil, "there already")
	refused("no URL", to(m, "data/x.db"), nil, "starts with sqlite:")
	refused("the keys", to(m, s.keys), ErrNotEmpty, "")
	other := newSite(t, fileURL(t), fileURL(t))
	other.must(other.Close())
	refused("another installation", to(m, other.data), ErrNotEmpty, "")
	refused("a source that is not there", Move{Installation: m.Installation, Data: Way{fileURL(t), fileURL(t)}}, nil, "nothing to move")
	wrong := to(m, fileURL(t))
	wrong.Installation = "other"
	refused("a source of other keys", wrong, ErrOtherKeys, "")
	if _, err := os.Stat(strings.TrimPrefix(wrong.Data.To, "sqlite:")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused move left a file: %v", err)
	}
	if server := os.Getenv(pgtest.Env); server != "" {
		away := pgtest.Database(t) + "_not_there"
		refused("a database that is not there", to(m, away), nil, "does not exist")
	}

	// A target that is being moved into from elsewhere, or from another time.
	half := to(m, fileURL(t))
	ctx, cut := context.WithCancel(t.Context())
	half.Progress = func(doing string, _ Schema, table string, _, _ int64) {
		if table == "records" {
			cut()
		}
	}
	if _, err := half.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	half.Progress = nil
	foreign := half
	foreign.Data.From, foreign.Installation = other.data, ""
	state, err := DataSchema.State(t.Context(), other.data)
	s.must(err)
	foreign.Installation = state.Installation
	refused("begun from elsewhere", foreign, ErrNotEmpty, "")
	s.exec(s.data, "UPDATE sites SET name = 'Changed'")
	refused("changed since", half, ErrChanged, "sites")
	s.exec(s.data, "UPDATE sites SET name = 'Käse & Söhne'")
	s.exec(s.data, "INSERT INTO spent_tokens (site, jti, expires) VALUES ('', 'a', 1)")
	refused("more since", half, ErrChanged, "spent_tokens")
	s.exec(s.data, "DELETE FROM spent_tokens WHERE jti = 'a'")
	_, err = half.Run(t.Context())
	s.must(err)

	// What cannot be text on a server is said, and whose it is is not.
	if os.Getenv(pgtest.Env) != "" {
		bad := newSite(t, fileURL(t), fileURL(t))
		bad.exec(bad.data, "UPDATE staff SET name = 'No' || char(0) || 'or'")
		m := Move{Installation: bad.Store.keys.Installation(), Data: Way{bad.data, pgtest.Database(t)}}
		bad.must(bad.Close())
		refused("text with a zero", m, nil, "staff: the column name")
	}
}

// TestMoveNotices a copy that differs in any way.
func TestMoveNotices(t *testing.T) {
	t.Parallel()
	s := newSite(t, fileURL(t), fileURL(t))
	m := Move{Installation: s.Store.keys.Installation(), Data: Way{From: s.data}}
	s.must(s.Close())
	for i, statement := range []string{
		"DELETE FROM ratings WHERE customer = '" + string(s.omar.Customer) + "'",
		"UPDATE records SET sealed = zeroblob(length(sealed)) WHERE id = 'maya-order-1'",
		"UPDATE customers SET subject = '' WHERE id = '" + string(s.maya.Customer) + "'",
		"UPDATE customers SET sealed = NULL WHERE id = '" + string(s.maya.Customer) + "'",
		"UPDATE citation_records SET ordinal = 7 WHERE ordinal = 1",
		"UPDATE citation_not_searched SET relevant = 2",
		"INSERT INTO citation_records SELECT entry, record, category, recipient, grant_id, ordinal, place FROM citation_records LIMIT 1",
	} {
		m := m
		m.Data.To = fileURL(t)
		m.Progress = func(doing string, _ Schema, table string, _, _ int64) {
			if doing == "verify" && table == "policy" {
				s.exec(m.Data.To, statement)
			}
		}
		_, err := m.Run(t.Context())
		if !errors.Is(err, ErrDiffers) && (i < 6 || err == nil) {
			t.Errorf("%s: %v", statement, err)
		}
		if err := s.tryOpen(m.Data.To, s.keys); !errors.Is(err, ErrMoving) {
			t.Errorf("%s: what differs was opened: %v", statement, err)
		}
	}
	s.openAt(s.data, s.keys) // and the old one is as it was
	s.works()
}

// TestTables: no table is forgotten when an installation is moved, or a customer
// erased.
func TestTables(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(*testing.T) string{"sqlite": fileURL, "postgres": func(t *testing.T) string { t.Helper(); return pgtest.Database(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &site{T: t}
			for _, schema := range []Schema{DataSchema, KeysSchema} {
				url := fresh(t)
				e, target, err := engineOf(url)
				s.must(err)
				db, err := newPool(e, target, forKeys)
				s.must(err)
				t.Cleanup(func() { _ = db.Close() })
				s.must(db.migrate(t.Context(), schema.folder(e)))
				got, err := db.tables(t.Context())
				s.must(err)
				var want []string
				for _, t := range schema.tables() {
					want = append(want, t.name)
				}
				for _, own := range ownTables {
					if slices.Contains(got, own) { // an engine may do without
						want = append(want, own)
					}
				}
				if slices.Sort(want); !slices.Equal(got, want) {
					t.Errorf("the %s has the tables\n%v, and these are listed:\n%v", schema, got, want)
				}
				for _, x := range schema.tables() {
					s.checkTable(db, x)
				}
			}
		})
	}
}

// checkTable: the key of a table is its primary key, what it gives out is known,
// and what has a customer goes with them.
func (s *site) checkTable(db *pool, x table) {
	s.Helper()
	columns, err := x.columns(s.Context(), db)
	s.must(err)
	var key, serial []string
	if db.engine.shared {
		key, err = collect(s.Context(), db, scanString, `SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			WHERE i.indisprimary AND i.indrelid = ?::regclass ORDER BY array_position(i.indkey::int2[], a.attnum)`, x.name)
		s.must(err)
		serial, err = collect(s.Context(), db, scanString, "SELECT column_name FROM information_schema.columns WHERE table_name = ? AND is_identity = 'YES'", x.name)
	} else {
		key, err = collect(s.Context(), db, scanString, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", x.name)
		s.must(err)
		serial, err = collect(s.Context(), db, scanString, "SELECT ? FROM sqlite_master WHERE name = ? AND sql LIKE '%AUTOINCREMENT%'", x.serial, x.name)
	}
	s.must(err)
	details := x.name == "citation_records" || x.name == "citation_not_searched"
	if details {
		key = []string{"entry", "ordinal"} // of one entry, which is written at once
	}
	if !slices.Equal(key, x.key) {
		s.Errorf("the rows of %s are in the order of %v, the key is %v", x.name, x.key, key)
	}
	if want := strings.Join(serial, ","); want != x.serial {
		s.Errorf("%s gives out %q, listed is %q", x.name, want, x.serial)
	}
	personal := slices.ContainsFunc(columns, func(c column) bool {
		return c.name == "customer" || c.name == "conversation" || c.name == "entry" || c.name == "ticket" || c.name == "sealed"
	})
	stays := details || slices.Contains([]string{"ledger", "citation_entries", "log_leaves", "log_answers", "customers", "keys", "erasures"}, x.name)
	byItself := slices.Contains([]string{"held", "requests", "request_events", "reviews", "flags"}, x.name) // EndLegalHolds, eraseRequests, eraseReviews
	if goes := x.erased != "" || x.proof != ""; personal != goes && !stays && !byItself {
		s.Errorf("%s holds what is a customer's: %t; erased with them: %q; with the proofs: %q", x.name, personal, x.erased, x.proof)
	}
}
