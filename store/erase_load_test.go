package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// TestReturnDuringErasure: a customer who returns before their erasure is done is
// somebody new, and their site is told to wait for an id that is taken.
func TestReturnDuringErasure(t *testing.T) {
	t.Parallel()
	engines(t, func(s *site) {
		ctx := s.Context()
		met := 0
		back := retrieval.Record{ID: "maya-order-1", Site: "shop", Category: "orders", Title: "Order", Text: "Order 1."}
		s.step = func(step string) {
			if step != stepMarked {
				return
			}
			met++
			id, err := s.Customer(ctx, "shop", "maya")
			s.must(err)
			back.Customer = id
			if err := s.PutRecord(ctx, back); !errors.Is(err, retrieval.ErrLeaving) {
				s.Errorf("while the rows are there: %v", err)
			}
		}
		_, err := s.Erase(ctx, s.maya.Customer, nil)
		s.must(err)
		if met != 1 || back.Customer == s.maya.Customer {
			s.Fatalf("%d times, as %s", met, back.Customer)
		}
		s.must(s.PutRecord(ctx, back))
	})
}

// TestErasureSharesCommit: what shares the commit of an erasure, and comes after it,
// is refused as well.
func TestErasureSharesCommit(t *testing.T) {
	t.Parallel()
	engines(t, func(s *site) {
		ctx := s.Context()
		// All writers are held, and one is let go: several would take what waits in any
		// order.
		one, others := make(chan struct{}), make(chan struct{})
		defer close(others)
		for i := range s.engine.writers { // one after the other, so that none share a commit
			taken, block := make(chan struct{}), others
			if i == 0 {
				block = one
			}
			var once sync.Once // it may be run again
			go func() {
				_ = s.writeNew(ctx, func(*Tx) error {
					once.Do(func() {
						close(taken)
						<-block
					})
					return nil
				})
			}()
			<-taken
		}
		// Whoever waits for the writer is served in the order of coming.
		marked, before, after := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		session := func(token string) error {
			return s.AddSession(ctx, identity.Session{ID: token, Token: token, Kind: identity.Customer, Site: "shop", Customer: s.maya.Customer, Expires: time.Now().Add(time.Hour)})
		}
		for _, start := range []func(){
			func() { before <- session("before") },
			func() { marked <- s.mark(ctx, s.maya.Customer, time.Time{}, nil) },
			func() { after <- session("after") },
		} {
			go start()
			time.Sleep(50 * time.Millisecond)
		}
		close(one)
		s.must(<-before)
		s.must(<-marked)
		if err := <-after; !errors.Is(err, consent.ErrUnknownCustomer) {
			s.Errorf("somebody signs in as who was erased: %v", err)
		}
		for _, token := range []string{"before", "after", "token of maya"} {
			if _, err := s.Session(ctx, token); !errors.Is(err, identity.ErrUnauthenticated) {
				s.Errorf("the session %s: %v", token, err)
			}
		}
	})
}

// TestHeldInParts: a hold keeps everything once, however much there is.
func TestHeldInParts(t *testing.T) {
	t.Parallel()
	engines(t, func(s *site) {
		ctx := s.Context()
		key, err := s.Store.keys.For(ctx, s.maya.Customer)
		s.must(err)
		s.must(s.Write(ctx, func(tx *Tx) error {
			for i := range 2*maxHeldRecords + 1 {
				id := fmt.Sprintf("many-%d", i)
				sealed, err := key.sealJSON("record/shop/"+id, recordBody{Text: "Order " + id})
				if err != nil {
					return err
				}
				if _, err := tx.exec("INSERT INTO records (site, id, customer, category, sealed, collected, expires, at) VALUES ('shop', ?, ?, 'orders', ?, 1, 0, 1)",
					id, s.maya.Customer, sealed); err != nil {
					return err
				}
			}
			return nil
		}))
		for i := range maxHeldTalks {
			s.must(s.Create(ctx, conversation.Conversation{ID: fmt.Sprintf("cnv_many%d", i), Site: "shop", Customer: s.maya.Customer, State: conversation.Resolved},
				conversation.Message{ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage("Hello")}))
		}
		other := s.hold(s.maya.Customer, "orders")
		both := s.hold(s.maya.Customer, "orders", consent.Conversation)
		parts := 0
		done, err := s.Erase(ctx, s.maya.Customer, nil)
		if s.must(err); !done.Done || done.Deleted["records"] != 0 || done.Deleted["messages"] != 0 {
			s.Errorf("it was not held: %+v", done)
		}
		for _, want := range []struct {
			hold           consent.Hold
			records, talks int
		}{{other, 2*maxHeldRecords + 6, 0}, {both, 2*maxHeldRecords + 6, maxHeldTalks + 1}} {
			for what, n := range map[string]int{"record": want.records, "conversation": want.talks} {
				if got := s.count(s.data, "SELECT COUNT(*) FROM held WHERE hold = $1 AND what = $2", want.hold.ID, what); got != n {
					s.Errorf("%d of what is held is a %s, want %d", got, what, n)
				}
			}
		}
		logged, err := s.Deletions(ctx, s.maya.Customer)
		s.must(err)
		var kept int64
		for _, d := range logged {
			if d.Reason == consent.DeletedUnderHold {
				kept += d.Count
				parts++
			}
		}
		if kept != 2*maxHeldRecords+6 || parts != 3 {
			s.Errorf("the log of deletions tells of %d records in %d parts", kept, parts)
		}
	})
}

// TestErasureBesideReader: a long reader, such as a backup, keeps an erasure from
// being finished, and nobody from writing.
func TestErasureBesideReader(t *testing.T) {
	t.Parallel()
	s := newSite(t, fileURL(t), fileURL(t))
	ctx := s.Context()
	reader, err := s.look(s.data).BeginTx(ctx, nil)
	s.must(err)
	var n int
	s.must(reader.QueryRowContext(ctx, "SELECT COUNT(*) FROM records").Scan(&n))

	erased := make(chan error, 1)
	go func() { _, err := s.Erase(ctx, s.maya.Customer, nil); erased <- err }()
	for waiting := true; waiting; {
		at := time.Now()
		s.must(s.Ready(ctx))
		if d := time.Since(at); d > 3*time.Second {
			s.Errorf("a write waited %v", d)
		}
		select {
		case err := <-erased:
			waiting = false
			if !errors.Is(err, errLogRead) {
				s.Errorf("beside a reader: %v", err)
			}
		case <-time.After(10 * time.Millisecond):
		}
	}
	s.exec(s.data, "UPDATE customers SET erased = erased - 60000000 WHERE erasing")
	if n, err := s.EndErasures(ctx); n != 0 || err != nil {
		s.Errorf("it was asked again at once: %d, %v", n, err)
	}
	s.must(reader.Rollback())
	s.refused = time.Time{} // as if some time had passed
	if n, err := s.EndErasures(ctx); n != 1 || err != nil {
		s.Errorf("without the reader: %d, %v", n, err)
	}
	var timeout int
	s.must(s.writes.DB.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&timeout))
	if timeout != 10_000 {
		s.Errorf("a write waits for %d ms at most", timeout)
	}
}

// TestLogsEmptiedLater: what the end of a hold could not empty, since somebody read,
// is emptied by the next look.
func TestLogsEmptiedLater(t *testing.T) {
	t.Parallel()
	s := newSite(t, fileURL(t), fileURL(t))
	ctx := s.Context()
	_, err := s.EndLegalHolds(ctx) // what was before
	s.must(err)
	h := s.hold(s.maya.Customer, "orders")
	reader, err := s.look(s.keys).BeginTx(ctx, nil)
	s.must(err)
	var n int
	s.must(reader.QueryRowContext(ctx, "SELECT COUNT(*) FROM keys").Scan(&n))
	_, err = s.ReleaseLegalHold(ctx, h.ID, "staff:stf_1")
	s.must(err)
	if n, err := s.EndLegalHolds(ctx); n != 1 || !errors.Is(err, errLogRead) {
		s.Errorf("beside a reader: %d, %v", n, err)
	}
	s.must(reader.Rollback())
	s.refused = time.Time{}
	if n, err := s.EndLegalHolds(ctx); n != 0 || err != nil || s.logged.Load() {
		s.Errorf("without the reader: %d, %v", n, err)
	}
}

// TestForgetAfterOutage: who was erased while a replica could not look is forgotten
// when it can.
func TestForgetAfterOutage(t *testing.T) {
	t.Parallel()
	engines(t, func(s *site) {
		ctx := s.Context()
		key, err := s.Store.keys.key(ctx, s.maya.Customer)
		s.must(err)
		if ids, err := s.ForgetErased(ctx); err != nil || len(ids) != 0 {
			s.Fatalf("nobody was erased: %v, %v", ids, err)
		}
		_, err = s.Erase(ctx, s.maya.Customer, nil)
		s.must(err)
		s.Store.keys.put(s.maya.Customer, key)
		// An hour goes by in which the database is away.
		s.exec(s.data, "UPDATE customers SET erased = erased - 3600000000 WHERE erased > 0")
		s.forgot.Add(-3600_000_000)
		if ids, err := s.ForgetErased(ctx); err != nil || len(ids) != 1 || ids[0] != s.maya.Customer {
			s.Errorf("to forget: %v, %v", ids, err)
		}
		if _, err := s.Store.keys.For(ctx, s.maya.Customer); !errors.Is(err, ErrKeyDestroyed) {
			s.Errorf("the key is in memory: %v", err)
		}
		if ids, err := s.ForgetErased(ctx); err != nil || len(ids) != 0 {
			s.Errorf("it is forgotten again: %v, %v", ids, err)
		}
	})
}
