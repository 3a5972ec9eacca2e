package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/export"
	"candor/identity"
	"candor/internal/pgtest"
	"candor/retrieval"
	"candor/review"
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

		done, err := s.Erase(ctx, s.maya.Customer, nil)
		s.must(err)
		want := map[string]int64{
			"sessions": 1, "passages": 4, "records": 5, "conversations": 2, "messages": 7, "answers": 2, "attachments": 1,
			"log_words": 2, "log_texts": 1, "tickets": 1, "notes": 1, "contacts": 1, "deliveries": 1, "suggestions": 1, "summaries": 1, "responses": 1, "ratings": 1, "accesses": 1, "exports": 1,
		}
		if !done.Done || !maps.Equal(done.Deleted, want) || len(done.Held) > 0 {
			s.Errorf("the erasure: %+v", done)
		}

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
		if err := s.Release(ctx, scope.Stamp(), again); !errors.Is(err, answer.ErrNotWriting) {
			s.Errorf("what was being written was released: %v", err)
		}
		if tickets, err := s.Tickets(ctx, ""); err != nil || len(tickets) != 1 || tickets[0].Customer != s.omar.Customer {
			s.Errorf("the queue: %v, %v", tickets, err)
		}
		if n := s.count(s.data, "SELECT COUNT(*) FROM outbox WHERE subject LIKE 'candor.handoff.%'"); n < 3 {
			s.Errorf("the desk was told %d times", n)
		}
		// That they complained, twice, stays, and what they said does not.
		if n := s.count(s.data, "SELECT COUNT(*) FROM requests WHERE customer = $1 AND sealed IS NULL AND closed > 0", s.maya.Customer); n != 2 {
			s.Errorf("%d requests are closed and empty", n)
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
		list, _, err := s.Reviews().List(ctx, review.Filter{Filter: citation.Filter{}})
		if err != nil || len(list) != 2 {
			s.Fatalf("the log: %v, %v", list, err)
		}
		for _, e := range list {
			open, err := s.Citations().Open(ctx, e.ID)
			if mine := e.Customer == s.maya.Customer; err != nil || (len(open) == 0) != mine {
				s.Errorf("the log opens %d entries of %s, %v", len(open), e.Customer, err)
			}
		}
		// No consent stands, so that none has to be ended when it expires.
		events, err := s.History(ctx, s.maya.Customer)
		if s.must(err); len(events) != 2 || events[1].State != consent.Invalidated {
			s.Errorf("the ledger: %v", events)
		}

		// Erasing is once; who never was there is unknown.
		epoch := s.count(s.data, "SELECT epoch FROM customers WHERE id = $1", s.maya.Customer)
		if again, err := s.Erase(ctx, s.maya.Customer, nil); err != nil || !again.Done || !again.At.Equal(done.At) || !maps.Equal(again.Deleted, done.Deleted) {
			s.Errorf("erased again: %+v, %v", again, err)
		}
		if n := s.count(s.data, "SELECT epoch FROM customers WHERE id = $1", s.maya.Customer); n != epoch {
			s.Error("erasing again changed something")
		}
		if _, err := s.Erase(ctx, "cus_unknown", nil); !errors.Is(err, consent.ErrUnknownCustomer) {
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

// TestCachedKeyAfterErasure: whoever still has the key of somebody who was erased
// writes nothing under it and reads nothing with it, whatever they try.
func TestCachedKeyAfterErasure(t *testing.T) {
	t.Parallel()
	engines(t, func(s *site) {
		ctx, keys, maya := s.Context(), s.Store.keys, s.maya
		scope, err := s.gate.Scope(ctx, maya, consent.Answers)
		s.must(err)
		x, stamp := s.ask(maya), scope.Stamp()
		complaint, err := s.gate.NewRequest(ctx, maya, consent.ComplaintRequest, "Words.")
		s.must(err)
		key, err := keys.key(ctx, maya.Customer)
		s.must(err)
		rows := func() map[string]int {
			out := make(map[string]int)
			for _, x := range dataTables {
				out[x.name] = s.count(s.data, "SELECT COUNT(*) FROM "+x.name)
			}
			return out
		}
		message := conversation.Message{ID: "msg_late", From: conversation.FromCustomer, Segments: conversation.PlainMessage("Late")}
		s.must(s.Exports().End(ctx, maya.Customer, "exp_maya", export.Done))
		try := func(when string, archive error) {
			before := rows()
			for name, c := range map[string]struct {
				do   func() error
				want error
			}{
				"a record": {func() error {
					return s.PutRecord(ctx, retrieval.Record{ID: "late", Site: "shop", Customer: maya.Customer, Category: "orders", Text: "Late."})
				}, consent.ErrUnknownCustomer},
				"a choice": {func() error {
					return only(s.gate.Change(ctx, maya, consent.ChangeSet{Language: "en", Changes: []consent.Change{{Triple: consent.Triple{Purpose: consent.Answers, Category: "billing", Recipient: consent.BrandAI}, Granted: true}}}))
				}, consent.ErrUnknownCustomer},
				"a scope": {func() error { return only(s.gate.Scope(ctx, maya, consent.Answers)) }, consent.ErrUnknownCustomer},
				"a session": {func() error {
					return s.AddSession(ctx, identity.Session{ID: "late", Token: "late", Customer: maya.Customer, Expires: time.Now().Add(time.Hour)})
				}, consent.ErrUnknownCustomer},
				"a talk": {func() error {
					return s.Create(ctx, conversation.Conversation{ID: "cnv_late", Site: "shop", Customer: maya.Customer, State: conversation.Pending}, message)
				}, consent.ErrUnknownCustomer},
				"a message":      {func() error { return only(s.Post(ctx, s.conv, message, "en")) }, conversation.ErrNotFound},
				"a transcript":   {func() error { return only(s.Messages(ctx, s.conv)) }, conversation.ErrNotFound},
				"an answer":      {func() error { return only(s.Answer(ctx, maya.Customer, s.answered)) }, conversation.ErrNotFound},
				"the same again": {func() error { return only(s.Again(ctx, maya.Customer, s.answered)) }, conversation.ErrNotFound},
				"a beginning":    {func() error { return s.Begin(ctx, x, "") }, answer.ErrNotWriting},
				"a sentence":     {func() error { return s.Release(ctx, stamp, x) }, answer.ErrNotWriting},
				"an end":         {func() error { return s.Finish(ctx, stamp, x, answer.Ending{}) }, answer.ErrNotWriting},
				"an entry": {func() error {
					return s.Citations().Append(ctx, citation.Entry{ID: "cit_late", Kind: citation.Opened, AnswerID: x.ID, Customer: maya.Customer, Stamp: &stamp})
				}, answer.ErrNotWriting},
				"a rating": {func() error { return s.Rate(ctx, maya.Customer, s.conv, 1, "late") }, consent.ErrUnknownCustomer},
				"a key":    {func() error { return only(s.Remember(ctx, maya.Customer, "scope", "late", "body")) }, consent.ErrUnknownCustomer},
				"a response": {func() error {
					return s.Settle(ctx, maya.Customer, "scope", "maya", Response{Status: 200, Body: []byte("late")})
				}, nil},
				"a look": {func() error {
					return s.Accessed(ctx, consent.Access{Customer: maya.Customer, Actor: "staff:late", Kind: consent.DeskAccess})
				}, consent.ErrUnknownCustomer},
				"a request": {func() error { return s.AddRequest(ctx, complaint) }, consent.ErrUnknownCustomer},
				"an export": {func() error { return s.Exports().Begin(ctx, maya.Customer, "exp_late", 1) }, consent.ErrUnknownCustomer},
				"a hold": {func() error {
					return only(s.AddLegalHold(ctx, consent.Hold{Customer: maya.Customer, Categories: []consent.Category{"orders"}, Until: time.Now().Add(time.Hour)}))
				}, consent.ErrUnknownCustomer},
				"its record": {func() error { return only(s.Record(ctx, "shop", "maya-order-1")) }, retrieval.ErrNotFound},
				"its talks": {func() error {
					_, _, err := s.MessagesOf(ctx, conversation.Conversation{ID: s.conv, Customer: maya.Customer}, 0, 10)
					return err
				}, consent.ErrUnknownCustomer},
				"its answers": {func() error {
					_, _, err := s.AnswersOf(ctx, conversation.Conversation{ID: s.conv, Customer: maya.Customer}, "", 10)
					return err
				}, consent.ErrUnknownCustomer},
				"its ratings": {func() error { return only(s.RatingsOf(ctx, maya.Customer)) }, consent.ErrUnknownCustomer},
				"its uses": {func() error {
					_, _, err := s.Uses(ctx, maya.Customer, consent.Place{}, 10)
					return err
				}, consent.ErrUnknownCustomer},
				"its archive": {func() error { return only(s.Exports().Part(ctx, maya.Customer, "exp_maya", 0)) }, archive},
			} {
				keys.put(maya.Customer, key)
				if err := c.do(); !errors.Is(err, c.want) {
					s.Errorf("%s, %s: %v, want %v", when, name, err, c.want)
				}
			}
			keys.put(maya.Customer, key)
			if p, err := s.Permitted(ctx, scope, 10); err != nil || len(p) > 0 {
				s.Errorf("%s records are read: %v, %v", when, p, err)
			}
			if p, err := s.Passages(ctx, scope); len(p) > 0 {
				s.Errorf("%s passages are read: %v, %v", when, p, err)
			}
			list, _, err := s.Reviews().List(ctx, review.Filter{Filter: citation.Filter{Customer: maya.Customer}})
			if err != nil || len(list) == 0 {
				s.Fatalf("%s the log shows %+v, %v", when, list, err)
			}
			if open, err := s.Citations().Open(ctx, list[0].ID); err != nil || len(open) > 0 {
				s.Errorf("%s the log opens %d, %v", when, len(open), err)
			}
			if after := rows(); !maps.Equal(before, after) {
				s.Errorf("%s something was stored: %v, was %v", when, after, before)
			}
		}
		s.must(s.mark(ctx, maya.Customer, time.Time{}, nil))
		try("after the first step", consent.ErrUnknownCustomer)
		if done, err := s.Erase(ctx, maya.Customer, nil); err != nil || !done.Done {
			s.Fatalf("%+v, %v", done, err)
		}
		try("after the last step", export.ErrNotFound)
		keys.put(maya.Customer, key)
		if ids, err := s.ForgetErased(ctx); err != nil || len(ids) != 1 || ids[0] != maya.Customer {
			s.Errorf("to forget: %v, %v", ids, err)
		}
		if _, err := keys.For(ctx, maya.Customer); !errors.Is(err, ErrKeyDestroyed) {
			s.Errorf("the key is not forgotten: %v", err)
		}
	})
}

// put puts a key into memory, as a replica has it that read it before.
func (k *Keyring) put(customer identity.CustomerID, a tink.AEAD) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.cache[customer]; ok {
		k.order.Remove(e)
	}
	k.cache[customer] = k.order.PushFront(cachedKey{customer, a})
}
