package qdrant_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/indextest"
	"candor/retrieval/qdrant"
	"candor/retrieval/qdrant/qdranttest"
)

const (
	shop identity.SiteID     = "shop"
	ana  identity.CustomerID = "cus_ana"
)

// world is a shop with one customer, who has some orders.
type world struct {
	*testing.T
	store  *indextest.Store
	gate   *consent.Gate
	server *qdranttest.Server
	index  *qdrant.Index
}

func newWorld(t *testing.T, o qdrant.Options) *world {
	t.Helper()
	w := &world{T: t, server: start(t, qdranttest.Options{})}
	w.store, w.gate = indextest.NewGated()
	for i := range 5 {
		w.store.Put(order(fmt.Sprint("order-", i)))
	}
	w.store.Put(article("delivery", "A parcel takes three days."))
	o.URL = w.server.URL()
	w.index = open(t, w.store, o)
	return w
}

func order(id string) retrieval.Record {
	return retrieval.Record{
		ID: id, Site: shop, Customer: ana, Category: "orders", Text: "Your parcel with zanzibar boots left on Monday.", Language: "en",
		CollectedAt: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
	}
}

func article(id, text string) retrieval.Record {
	return retrieval.Record{ID: id, Site: shop, Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge, Text: text, Language: "en"}
}

var customer = identity.Principal{Kind: identity.Customer, Site: shop, Customer: ana, Conversation: "cnv_1"}

func (w *world) choose(granted bool) {
	w.Helper()
	_, err := w.gate.Change(context.WithoutCancel(w.Context()), customer, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{{
		Triple: consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}, Granted: granted, Duration: consent.Standing,
	}}})
	if err != nil {
		w.Fatal(err)
	}
	if !granted {
		w.store.Withdraw(shop, ana, "orders")
	}
}

func (w *world) scope() consent.Scope {
	w.Helper()
	s, err := w.gate.Scope(w.Context(), customer, consent.Answers)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

func (w *world) search() ([]retrieval.Match, error) {
	w.Helper()
	return w.index.Search(w.Context(), w.scope(), retrieval.Analyze("parcel", "en"), 100)
}

// finds fails unless a search finds so many passages of the customer's.
func (w *world) finds(step string, want int) {
	w.Helper()
	got, err := w.search()
	own := make(map[string]bool)
	for _, m := range got {
		if m.Category != consent.Knowledge {
			own[m.PassageID] = true
		}
	}
	if n := len(own); err != nil || n != want {
		w.Errorf("%s: %d passages, %v; want %d", step, len(own), err, want)
	}
}

// sweep removes what has to go.
func (w *world) sweep(step string, ended int) {
	w.Helper()
	if n, err := w.index.Sweep(w.Context()); err != nil || n != ended {
		w.Errorf("%s: %d removals ended, %v; want %d", step, n, err, ended)
	}
}

// holds fails unless the server has so many passages of the customer's, and says so.
func (w *world) holds(step string, want int) {
	w.Helper()
	n, err := w.index.Held(w.Context(), shop, ana)
	own, heads := w.server.Points("kind", "own"), w.server.Points("category", "orders")-w.server.Points("kind", "own")
	if err != nil || own != want || n != own+heads {
		w.Errorf("%s: the server has %d passages and %d heads, and counts %d, %v; want %d passages", step, own, heads, n, err, want)
	}
}

// isOwn reports whether a request writes a customer's passages, or their head.
func isOwn(in proto.Message, kind string) bool {
	u, ok := in.(*api.UpsertPoints)
	return ok && u.GetPoints()[0].GetPayload()["kind"].GetStringValue() == kind && u.GetPoints()[0].GetPayload()["category"].GetStringValue() != ""
}

// hold makes the server wait with what selects, before it is run or after. It returns
// what says that one has come, and what lets all go on.
func (w *world) hold(after bool, selects func(proto.Message) bool) (come chan struct{}, release func()) {
	come, gone := make(chan struct{}, 100), make(chan struct{})
	w.server.SetStep(func(_ context.Context, _ string, in proto.Message, run func() (any, error)) (any, error) {
		if !selects(in) {
			return run()
		}
		if after {
			out, err := run()
			come <- struct{}{}
			<-gone
			return out, err
		}
		come <- struct{}{}
		<-gone
		return run()
	})
	return come, func() { close(gone); w.server.SetStep(nil) }
}

// TestLateWrite withdraws, and erases, while passages are on their way to the server.
func TestLateWrite(t *testing.T) {
	for name, end := range map[string]func(*world){
		"withdrawn":         func(w *world) { w.choose(false) },
		"withdrawn, again":  func(w *world) { w.choose(false); w.choose(true); w.choose(false) },
		"erased":            func(w *world) { w.choose(false); w.store.Erase(shop, ana) },
		"one record erased": func(w *world) { w.store.Remove("order-0"); w.choose(false) },
	} {
		for _, after := range []bool{false, true} {
			for _, kind := range []string{"own", "head"} {
				t.Run(fmt.Sprintf("%s, %s, after %t", name, kind, after), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, qdrant.Options{})
					w.choose(true)
					come, release := w.hold(after, func(in proto.Message) bool { return isOwn(in, kind) })
					done := make(chan error, 1)
					scope := w.scope()
					go func() {
						_, err := w.index.Search(context.WithoutCancel(t.Context()), scope, retrieval.Analyze("parcel", "en"), 100)
						done <- err
					}()
					<-come
					end(w)
					w.sweep("while it is written", 0) // not ended: the writer may be late
					release()
					if err := <-done; !errors.Is(err, consent.ErrStale) {
						t.Errorf("the search ended with %v", err)
					}
					w.finds("then", 0)
					w.sweep("then", 1)
					w.holds("then", 0)
					if due, err := w.store.DueOutside(t.Context(), 10); err != nil || len(due) > 0 {
						t.Errorf("%+v has to be removed still, %v", due, err)
					}
				})
			}
		}
	}
}

// TestCutOff fails at each request of a write in turn: the next search finds everything
// once, and nothing of what was cut off stays.
func TestCutOff(t *testing.T) {
	for _, ran := range []bool{false, true} {
		for n := 1; n <= 5; n++ {
			t.Run(fmt.Sprintf("request %d, run %t", n, ran), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, qdrant.Options{})
				if err := w.index.Load(t.Context(), shop); err != nil {
					t.Fatal(err)
				}
				w.choose(true)
				var writes atomic.Int64
				w.server.SetStep(func(_ context.Context, method string, _ proto.Message, run func() (any, error)) (any, error) {
					if method != "Upsert" && method != "Delete" && method != "Get" || int(writes.Add(1)) != n {
						return run()
					}
					if ran {
						if _, err := run(); err != nil {
							return nil, err
						}
					}
					return nil, status.Error(codes.Internal, "cut off")
				})
				_, err := w.search()
				if failed := writes.Load() >= int64(n); failed != (err != nil) {
					t.Fatalf("after %d requests: %v", writes.Load(), err)
				}
				if errors.Is(err, retrieval.ErrUnavailable) {
					t.Errorf("%v", err)
				}
				w.server.SetStep(nil)
				w.finds("then", 5)
				w.store.Put(order("order-5"))
				w.finds("one more", 6)
				w.holds("one more", 6)
				w.choose(false)
				w.finds("withdrawn", 0)
				if err != nil && n > 1 && n < 5 { // the first asks what is there, before anything is entered, and the last whether it still is
					w.sweep("withdrawn, and a writer did not say that it ended", 0)
				} else {
					w.sweep("withdrawn", 1)
				}
				w.holds("withdrawn", 0)
			})
		}
	}
}

// TestOldVersions: passages of before that could not be removed are found by nobody.
func TestOldVersions(t *testing.T) {
	w := newWorld(t, qdrant.Options{})
	w.choose(true)
	w.finds("to begin with", 5)
	w.store.Put(order("order-5"))
	w.server.SetStep(func(_ context.Context, method string, _ proto.Message, run func() (any, error)) (any, error) {
		if method == "Delete" {
			return nil, status.Error(codes.Internal, "cut off")
		}
		return run()
	})
	if _, err := w.search(); err == nil {
		t.Error("what could not be removed was no error")
	}
	w.finds("both versions are there", 6)
	w.holds("both versions are there", 11)
	w.server.SetStep(nil)
	w.store.Put(order("order-6"))
	w.finds("another one", 7)
	w.holds("another one", 7)
}

// TestOverlapped: a search that somebody else's writing overlaps begins anew.
func TestOverlapped(t *testing.T) {
	for _, kind := range []string{"public", "own"} {
		w := newWorld(t, qdrant.Options{})
		w.choose(true)
		w.finds("to begin with", 5)
		var queries atomic.Int64
		w.server.SetStep(func(_ context.Context, method string, _ proto.Message, run func() (any, error)) (any, error) {
			// After the first request of a search, as whoever writes does: first the heads.
			if method == "QueryBatch" && queries.Add(1) == 2 {
				w.server.Lose("kind", "head")
				w.server.Lose("kind", kind)
			}
			return run()
		})
		if got, err := w.search(); err != nil || len(got) != 6 || queries.Load() < 4 {
			t.Errorf("%s: %d matches after %d requests, %v", kind, len(got), queries.Load(), err)
		}
	}
}

// TestUnremoved: that a removal was acknowledged does not end it while something is there.
func TestUnremoved(t *testing.T) {
	w := newWorld(t, qdrant.Options{})
	w.choose(true)
	w.finds("to begin with", 5)
	w.choose(false)
	w.server.SetStep(func(_ context.Context, method string, _ proto.Message, run func() (any, error)) (any, error) {
		if method == "Delete" {
			return &api.PointsOperationResponse{Result: &api.UpdateResult{Status: api.UpdateStatus_Completed}}, nil
		}
		return run()
	})
	if n, err := w.index.Sweep(t.Context()); err == nil || n != 0 || !strings.Contains(err.Error(), "6 points are there") {
		t.Errorf("%d removals ended, %v", n, err)
	}
	if due, err := w.store.DueOutside(t.Context(), 10); err != nil || len(due) != 1 {
		t.Errorf("%+v has to be removed, %v", due, err)
	}
	w.server.SetStep(nil)
	w.sweep("then", 1)
	w.holds("then", 0)
}

// TestGivenUp: a write that the server carries out after it was given up is found by
// nobody, and removed.
func TestGivenUp(t *testing.T) {
	w := newWorld(t, qdrant.Options{Patience: 100 * time.Millisecond})
	w.choose(true)
	w.server.SetStep(func(_ context.Context, _ string, in proto.Message, run func() (any, error)) (any, error) {
		if isOwn(in, "own") {
			time.Sleep(400 * time.Millisecond)
		}
		return run()
	})
	if _, err := w.search(); !errors.Is(err, retrieval.ErrUnavailable) {
		t.Errorf("a server that is slow: %v", err)
	}
	w.server.SetStep(nil)
	w.choose(false)
	w.sweep("it may be late", 0)
	time.Sleep(500 * time.Millisecond)
	w.holds("it was late", 5)
	w.finds("it was late", 0)
	w.sweep("it may be late", 0) // it did not say that it ended
	w.holds("swept", 0)
	w.choose(true)
	w.finds("granted again", 5)
	w.holds("granted again", 5)
}

// TestAway: while the server is away nothing is guessed, and what it did not take is
// tried again, nothing else.
func TestAway(t *testing.T) {
	w := newWorld(t, qdrant.Options{Patience: 300 * time.Millisecond})
	w.choose(true)
	w.finds("to begin with", 5)
	w.server.SetAway(true)
	for range 2 {
		got, err := w.search()
		if !errors.Is(err, retrieval.ErrUnavailable) || len(got) != 0 || strings.Contains(err.Error(), "parcel") {
			t.Errorf("away: %d matches, %v", len(got), err)
		}
	}
	if err := w.index.Ready(t.Context()); !errors.Is(err, retrieval.ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
	w.choose(false)
	if _, err := w.index.Sweep(t.Context()); !errors.Is(err, retrieval.ErrUnavailable) {
		t.Errorf("a sweep: %v", err)
	}
	if due, err := w.store.DueOutside(t.Context(), 10); err != nil || len(due) != 1 {
		t.Errorf("%+v has to be removed, %v", due, err)
	}
	w.server.SetAway(false)
	if err := w.index.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	w.sweep("back", 1)
	w.holds("back", 0)
	w.choose(true)
	w.finds("back", 5)

	fails := func(code codes.Code, times int) int {
		before := w.server.Requests("QueryBatch")
		var n atomic.Int64
		w.server.SetStep(func(_ context.Context, method string, _ proto.Message, run func() (any, error)) (any, error) {
			if method == "QueryBatch" && int(n.Add(1)) <= times {
				return nil, status.Error(code, "no")
			}
			return run()
		})
		defer w.server.SetStep(nil)
		_, err := w.search()
		if (err == nil) != (code == codes.Unavailable) {
			t.Errorf("%s: %v", code, err)
		}
		return w.server.Requests("QueryBatch") - before
	}
	for _, code := range []codes.Code{codes.Internal, codes.ResourceExhausted, codes.Aborted, codes.InvalidArgument, codes.Unauthenticated} {
		if n := fails(code, 1); n != 1 {
			t.Errorf("%s: %d requests", code, n)
		}
	}
	if n := fails(codes.Unavailable, 2); n < 3 {
		t.Errorf("unavailable twice: %d requests", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.server.SetStep(func(_ context.Context, _ string, _ proto.Message, run func() (any, error)) (any, error) {
		cancel()
		return run()
	})
	if _, err := w.index.Search(ctx, w.scope(), retrieval.Analyze("parcel", "en"), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestLost: a server that was put back to an older state, or lost something, is filled
// again.
func TestLost(t *testing.T) {
	w := newWorld(t, qdrant.Options{})
	w.choose(true)
	find := func(step string) {
		t.Helper()
		got, err := w.search()
		if err != nil || len(got) != 6 {
			t.Errorf("%s: %d matches, %v", step, len(got), err)
		}
	}
	find("to begin with")
	w.server.Lose("kind", "head")
	find("without what says what is there")
	w.server.Lose("kind", "public")
	w.server.Lose("kind", "own")
	w.server.Lose("kind", "head")
	find("without anything")
	if n := w.server.Points("kind", "public"); n != 1 {
		t.Errorf("%d articles", n)
	}
	w.holds("filled again", 5)

	// A process that starts counts, whatever the server says that it has.
	w.server.Lose("kind", "public")
	again := open(t, w.store, qdrant.Options{URL: w.server.URL()})
	if err := again.Load(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	find("started again")
}

// TestPlain: nothing of what lies on the server can be read, and the words of one tenant
// are not those of another.
func TestPlain(t *testing.T) {
	w := newWorld(t, qdrant.Options{})
	w.store.Put(article("zanzibar-article", "Your parcel with zanzibar boots left on Monday."))
	w.choose(true)
	w.finds("granted", 5)
	dump := w.server.Dump()
	if len(dump) < 1000 {
		t.Fatalf("the server has %q", dump)
	}
	for _, plain := range []string{"parcel", "zanzibar", "boot", "monday", "order-", "delivery", "ana", "cus_", "shop"} {
		if strings.Contains(strings.ToLower(dump), plain) {
			t.Errorf("%q is on the server", plain)
		}
	}
	words := make(map[string]map[uint32]bool)
	for _, line := range strings.Split(dump, "\n") {
		kind := "public"
		if strings.Contains(line, `"own"`) {
			kind = "own"
		}
		_, list, ok := strings.Cut(line, "map[words:[")
		list, _, _ = strings.Cut(list, "]")
		if !ok {
			continue
		}
		if words[kind] == nil {
			words[kind] = make(map[uint32]bool)
		}
		for _, f := range strings.Fields(list) {
			var n uint32
			if _, err := fmt.Sscan(f, &n); err != nil {
				t.Fatal(err)
			}
			words[kind][n] = true
		}
	}
	if len(words["own"]) == 0 || len(words["public"]) == 0 {
		t.Fatalf("%d and %d words", len(words["own"]), len(words["public"]))
	}
	for n := range words["own"] {
		if words["public"][n] {
			t.Errorf("the word %d is in an article and in an order", n)
		}
	}
}
