package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/internal/pgtest"
	"candor/retrieval"
)

func engines(t *testing.T, test func(s *site)) {
	for name, fresh := range map[string]func(*testing.T) string{"sqlite": fileURL, "postgres": func(t *testing.T) string { t.Helper(); return pgtest.Database(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSite(t, fresh(t), fresh(t)))
		})
	}
}

// sealed returns everything that a customer's key sealed, and the key.
func (s *site) sealed(customer identity.CustomerID) (out [][]byte) {
	s.Helper()
	for _, q := range []struct{ url, query string }{
		{s.keys, "SELECT wrapped FROM keys WHERE customer = $1"},
		{s.data, "SELECT sealed FROM records WHERE customer = $1"},
		{s.data, "SELECT sealed FROM passages WHERE customer = $1"},
		{s.data, "SELECT sealed FROM answers WHERE customer = $1"},
		{s.data, "SELECT sealed FROM ratings WHERE customer = $1"},
		{s.data, "SELECT sealed FROM idempotency WHERE customer = $1 AND status > 0"},
		{s.data, "SELECT sealed FROM events WHERE conversation IN (SELECT id FROM conversations WHERE customer = $1)"},
		{s.data, "SELECT sealed FROM customers WHERE id = $1"},
	} {
		found := s.blobs(q.url, q.query, customer)
		if len(found) == 0 {
			s.Fatalf("there is nothing to be erased: %s", q.query)
		}
		out = append(out, found...)
	}
	return out
}

func (s *site) blobs(rawURL, query string, args ...any) (out [][]byte) {
	s.Helper()
	rows, err := s.look(rawURL).QueryContext(s.Context(), query, args...)
	s.must(err)
	defer rows.Close()
	for rows.Next() {
		var b []byte
		s.must(rows.Scan(&b))
		out = append(out, b)
	}
	s.must(rows.Err())
	return out
}

// TestErase: nothing of the customer is left but what is append-only, which
// cannot be read; others are as they were; who returns is somebody else.
func TestErase(t *testing.T) {
	t.Parallel()
	engines(t, func(s *site) {
		ctx := s.Context()
		gone := s.sealed(s.maya.Customer)
		stays := s.count(s.data, "SELECT COUNT(*) FROM citation_entries") + s.count(s.data, "SELECT COUNT(*) FROM citation_records")
		scope, err := s.gate.Scope(ctx, s.maya, consent.Answers)
		s.must(err)
		again := s.ask(s.maya)

		s.must(s.Erase(ctx, s.maya.Customer))

		if _, err := s.Store.keys.For(ctx, s.maya.Customer); !errors.Is(err, ErrKeyDestroyed) {
			s.Errorf("the key: %v", err)
		}
		if _, err := s.Record(ctx, "shop", "maya-order-1"); !errors.Is(err, retrieval.ErrNotFound) {
			s.Errorf("a record: %v", err)
		}
		if _, err := s.Conversation(ctx, s.conv); !errors.Is(err, conversation.ErrNotFound) {
			s.Errorf("the conversation: %v", err)
		}
		if _, err := s.Session(ctx, "token of maya"); !errors.Is(err, identity.ErrUnauthenticated) {
			s.Errorf("the session: %v", err)
		}
		if err := s.Release(ctx, scope.Stamp(), again); !errors.Is(err, conversation.ErrNotFound) {
			s.Errorf("what was being written was released: %v", err)
		}
		if tickets, err := s.Tickets(ctx, ""); err != nil || len(tickets) != 1 || tickets[0].Customer != s.omar.Customer {
			s.Errorf("the queue: %v, %v", tickets, err)
		}
		if n := s.count(s.data, "SELECT COUNT(*) FROM outbox WHERE subject LIKE 'candor.handoff.%'"); n < 3 {
			s.Errorf("the desk was told %d times", n)
		}
		for _, x := range dataTables {
			if x.erased == "" {
				continue
			}
			where := strings.Replace(x.erased, "?", "$1", 1)
			if n := s.count(s.data, "SELECT COUNT(*) FROM "+x.name+" WHERE "+where, s.maya.Customer); n > 0 {
				s.Errorf("%s has %d rows of the customer", x.name, n)
			}
			if n := s.count(s.data, "SELECT COUNT(*) FROM "+x.name+" WHERE "+where, s.omar.Customer); n == 0 {
				s.Errorf("%s has no rows of another customer", x.name)
			}
		}
		if n := s.count(s.data, "SELECT COUNT(*) FROM citation_entries") + s.count(s.data, "SELECT COUNT(*) FROM citation_records"); n != stays {
			s.Errorf("the log has %d rows, had %d", n, stays)
		}
		if n := s.count(s.data, "SELECT COUNT(*) FROM citation_records WHERE record LIKE 'maya%'"); n > 0 {
			s.Errorf("the log names %d records", n)
		}

		// The log can be listed, and shows nothing of them.
		list, _, err := s.Citations().List(ctx, citation.Filter{})
		if err != nil || len(list) != 2 {
			s.Fatalf("the log: %v, %v", list, err)
		}
		for _, e := range list {
			if mine := e.Customer == s.maya.Customer; (e.Question == "") != mine {
				s.Errorf("the log has of %s the question %q", e.Customer, e.Question)
			}
		}
		// No consent stands, so that none has to be ended when it expires.
		events, err := s.History(ctx, s.maya.Customer)
		if s.must(err); len(events) != 2 || events[1].State != consent.Invalidated {
			s.Errorf("the ledger: %v", events)
		}

		// Erasing is once; who never was there is unknown.
		epoch := s.count(s.data, "SELECT epoch FROM customers WHERE id = $1", s.maya.Customer)
		s.must(s.Erase(ctx, s.maya.Customer))
		if n := s.count(s.data, "SELECT epoch FROM customers WHERE id = $1", s.maya.Customer); n != epoch {
			s.Error("erasing again changed something")
		}
		if err := s.Erase(ctx, "cus_unknown"); !errors.Is(err, consent.ErrUnknownCustomer) {
			s.Errorf("an unknown customer: %v", err)
		}
		if entries, err := s.Store.keys.Erasures(ctx); err != nil || len(entries) != 1 || entries[0].Customer == string(s.maya.Customer) || entries[0].Generation != 1 {
			s.Errorf("the list: %v, %v", entries, err)
		}

		if s.engine == sqliteEngine {
			for _, url := range []string{s.data, s.keys} {
				for _, suffix := range []string{"", "-wal"} {
					b, err := os.ReadFile(strings.TrimPrefix(url, "sqlite:") + suffix)
					s.must(err)
					for _, x := range gone {
						if bytes.Contains(b, x) {
							s.Fatalf("%s holds what was erased: %s…", url+suffix, hex.EncodeToString(x)[:16])
						}
					}
				}
			}
		}

		back, err := s.Customer(ctx, "shop", "maya")
		if s.must(err); back == s.maya.Customer {
			s.Error("who returns is who was erased")
		}
		s.must(s.PutRecord(ctx, retrieval.Record{ID: "maya-order-1", Site: "shop", Customer: back, Category: "orders", Text: "A new order."}))
		if r, err := s.Record(ctx, "shop", "maya-order-1"); err != nil || r.Text != "A new order." {
			s.Errorf("a new record: %q, %v", r.Text, err)
		}
	})
}

// ask has the customer ask once more.
func (s *site) ask(who identity.Principal) answer.Answer {
	s.Helper()
	conv := identity.NewID("cnv")
	s.must(s.Create(s.Context(), conversation.Conversation{ID: conv, Site: "shop", Customer: who.Customer, State: conversation.Pending, Language: "en"},
		conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Hello")}))
	p, err := s.Post(s.Context(), conv, conversation.Message{ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage("And now?")}, "en")
	s.must(err)
	return answer.Answer{
		ID: p.AnswerID, ConversationID: conv, Question: "And now?", Status: answer.Writing, Attempt: 1,
		Sentences: []answer.Sentence{{Text: "Here."}},
	}
}

// TestReplay: the list of erasures destroys again what a backup of before brings
// back, and nothing else.
func TestReplay(t *testing.T) {
	t.Parallel()
	engines(t, func(s *site) {
		ctx := s.Context()
		s.must(s.Store.keys.Destroy(ctx, s.maya.Customer))
		entries, err := s.Store.keys.Erasures(ctx)
		s.must(err)
		var file bytes.Buffer
		s.must(WriteErasures(&file, s.Store.keys.Installation(), entries))
		// As if restored: the key is back, and the list is not there.
		s.exec(s.keys, "DELETE FROM erasures")
		s.must(s.Store.keys.Create(ctx, s.maya.Customer))
		s.must(s.Store.keys.Create(ctx, "cus_without_rows"))
		if _, err := s.Store.keys.For(ctx, s.maya.Customer); err != nil {
			s.Fatal(err)
		}

		read, err := ReadErasures(&file, s.Store.keys.Installation())
		s.must(err)
		r, err := s.Replay(ctx, read)
		if s.must(err); r != (Replayed{Listed: 1, Keys: 1, Customers: 1}) {
			s.Errorf("the replay: %+v", r)
		}
		if _, err := s.Store.keys.For(ctx, s.maya.Customer); !errors.Is(err, ErrKeyDestroyed) {
			s.Errorf("the key: %v", err)
		}
		if _, err := s.Record(ctx, "shop", "maya-order-1"); !errors.Is(err, retrieval.ErrNotFound) {
			s.Errorf("a record: %v", err)
		}
		if _, err := s.Record(ctx, "shop", "omar-order-1"); err != nil {
			s.Errorf("another's record: %v", err)
		}
		if again, err := s.Store.keys.Erasures(ctx); err != nil || len(again) != 1 || !again[0].At.Equal(entries[0].At) {
			s.Errorf("the list: %v, %v", again, err)
		}
		if r, err := s.Replay(ctx, nil); err != nil || r != (Replayed{Listed: 1}) {
			s.Errorf("replayed again: %+v, %v", r, err)
		}

		// A generation that was made later is not destroyed; a lost one is said.
		s.exec(s.keys, "INSERT INTO keys (customer, generation, wrapped, created) SELECT '"+string(s.maya.Customer)+"', 2, wrapped, created FROM keys WHERE customer = 'cus_without_rows'")
		s.exec(s.keys, "DELETE FROM keys WHERE customer = '"+string(s.omar.Customer)+"'")
		if r, err := s.Replay(ctx, read); err != nil || r != (Replayed{Listed: 1, Keyless: 1}) {
			s.Errorf("with a later generation: %+v, %v", r, err)
		}
		if n := s.count(s.keys, "SELECT COUNT(*) FROM keys WHERE customer = $1", s.maya.Customer); n != 1 {
			s.Errorf("of the later generation there are %d keys", n)
		}
	})
}

// TestDestroyedKeyIsNotKept: a key that is read while it is destroyed does not
// stay in memory.
func TestDestroyedKeyIsNotKept(t *testing.T) {
	t.Parallel()
	s := newSite(t, fileURL(t), fileURL(t))
	keys := s.Store.keys
	for range 20 {
		id := identity.CustomerID(identity.NewID("cus"))
		s.must(keys.Create(t.Context(), id))
		var reading sync.WaitGroup
		for range 4 {
			reading.Go(func() {
				for range 10 {
					_, err := keys.For(context.WithoutCancel(t.Context()), id)
					if err != nil && !errors.Is(err, ErrKeyDestroyed) {
						t.Error(err)
					}
				}
			})
		}
		s.must(keys.Destroy(t.Context(), id))
		reading.Wait()
		if _, err := keys.For(t.Context(), id); !errors.Is(err, ErrKeyDestroyed) {
			t.Fatalf("a destroyed key is in memory: %v", err)
		}
	}
}

func TestReadErasures(t *testing.T) {
	t.Parallel()
	e := Erasure{Customer: strings.Repeat("ab", 32), Generation: 1, At: time.Date(2026, 11, 22, 1, 2, 3, 4000, time.UTC)}
	var file bytes.Buffer
	if err := WriteErasures(&file, "here", []Erasure{e, e}); err != nil {
		t.Fatal(err)
	}
	good := file.String()
	if got, err := ReadErasures(strings.NewReader(good+"\n"), "here"); err != nil || len(got) != 2 || got[1] != e {
		t.Errorf("%v, %v", got, err)
	}
	line, _, _ := strings.Cut(good, "\n")
	for bad, want := range map[string]string{
		line[:len(line)-5]: "line 1 is not an entry",
		line + "\n[]":      "line 2 is not an entry",
		strings.Replace(line, `"generation":1`, `"generation":0`, 1): "not an entry",
		strings.Replace(line, "ab", "x", 1):                          "not an entry",
		strings.Replace(line, "here", "there", 1):                    "line 1 is of another installation",
		"{}": "not an entry", "\x00\xff": "not an entry",
	} {
		if _, err := ReadErasures(strings.NewReader(bad), "here"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
