package retrieval_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/indextest"
)

// shelf is a retrieval.VectorStore in memory.
type shelf struct {
	mu       sync.Mutex
	space    retrieval.Space
	state    int64
	articles map[retrieval.Article]retrieval.Record
	edition  map[retrieval.Article]int
	sealed   map[retrieval.Article][]byte
	fails    map[string]error // by method
	calls    map[string]int
}

var _ retrieval.VectorStore = (*shelf)(nil)

func newShelf() *shelf {
	return &shelf{
		space: indextest.Words{}.Space(), articles: make(map[retrieval.Article]retrieval.Record), edition: make(map[retrieval.Article]int),
		sealed: make(map[retrieval.Article][]byte), fails: make(map[string]error), calls: make(map[string]int),
	}
}

func (s *shelf) put(site identity.SiteID, id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := retrieval.Article{Site: site, ID: id}
	s.articles[a] = retrieval.Record{ID: id, Site: site, Text: text, Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge, Language: "en"}
	s.edition[a]++
	delete(s.sealed, a)
	s.state++
}

func (s *shelf) remove(site identity.SiteID, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := retrieval.Article{Site: site, ID: id}
	delete(s.articles, a)
	delete(s.sealed, a)
	s.edition[a]++
	s.state++
}

// fail makes a method fail; nil: no more.
func (s *shelf) fail(method string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails[method] = err
}

func (s *shelf) called(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// begin counts a call, and locks.
func (s *shelf) begin(ctx context.Context, method string) error {
	s.mu.Lock()
	s.calls[method]++
	return cmp.Or(ctx.Err(), s.fails[method])
}

func (s *shelf) body(a retrieval.Article) []byte {
	return fmt.Appendf(nil, "%s %s %d", a.Site, a.ID, s.edition[a])
}

func before(a, b retrieval.Article) int {
	return cmp.Or(strings.Compare(string(a.Site), string(b.Site)), strings.Compare(a.ID, b.ID))
}

func (s *shelf) Unembedded(ctx context.Context, space retrieval.Space, after retrieval.Article, limit int) ([]retrieval.Unembedded, error) {
	err := s.begin(ctx, "Unembedded")
	defer s.mu.Unlock()
	var out []retrieval.Unembedded
	for a, r := range s.articles {
		if space == s.space && s.sealed[a] == nil && before(a, after) > 0 {
			out = append(out, retrieval.Unembedded{Record: r, Body: s.body(a)})
		}
	}
	slices.SortFunc(out, func(a, b retrieval.Unembedded) int {
		return before(retrieval.Article{Site: a.Site, ID: a.ID}, retrieval.Article{Site: b.Site, ID: b.ID})
	})
	return out[:min(limit, len(out))], err
}

func (s *shelf) KnowledgeState(ctx context.Context) (int64, error) {
	err := s.begin(ctx, "KnowledgeState")
	defer s.mu.Unlock()
	return s.state, err
}

func (s *shelf) Space(ctx context.Context) (retrieval.Space, error) {
	err := s.begin(ctx, "Space")
	defer s.mu.Unlock()
	return s.space, err
}

func (s *shelf) CountUnembedded(context.Context, retrieval.Space) (missing, all int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.articles) - len(s.sealed), len(s.articles), nil
}

func (s *shelf) PutVectors(ctx context.Context, space retrieval.Space, vectors []retrieval.ArticleVectors) error {
	err := s.begin(ctx, "PutVectors")
	defer s.mu.Unlock()
	if err != nil {
		return err
	}
	for _, v := range vectors {
		if _, there := s.articles[v.Article]; there && space == s.space && bytes.Equal(v.Body, s.body(v.Article)) {
			s.sealed[v.Article] = v.Sealed
			s.state++
		}
	}
	return nil
}

// right fails unless just these many articles have vectors, each those of its text
// now.
func (s *shelf) right(t *testing.T, step string, want int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sealed) != want {
		t.Errorf("%s: %d articles have vectors, want %d", step, len(s.sealed), want)
	}
	for a, sealed := range s.sealed {
		r := s.articles[a]
		passages := retrieval.Split(r)
		texts := make([]string, len(passages))
		for i, p := range passages {
			texts[i] = retrieval.PassageInput(r, p)
		}
		want, err := indextest.Words{}.Embed(t.Context(), retrieval.PassageText, texts)
		if err != nil {
			t.Fatal(err)
		}
		got := retrieval.OpenVectors(sealed, s.space, r, passages)
		if got == nil || len(got) != len(want) || !slices.EqualFunc(got, want, func(v, w retrieval.Vector) bool { return v.Scale == w.Scale && slices.Equal(v.Values, w.Values) }) {
			t.Errorf("%s: %v has other vectors than its own", step, a)
		}
	}
}

// counter embeds words, and counts. Its hook is called before; its error is Embed's.
type counter struct {
	indextest.Words
	mu      sync.Mutex
	texts   map[string]int
	calls   int
	running int
	most    int // calls at the same time
	hook    func(call int, texts []string) error
}

func (c *counter) Embed(ctx context.Context, kind retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if kind != retrieval.PassageText {
		return nil, errors.New("an article is a passage")
	}
	c.mu.Lock()
	c.calls++
	call := c.calls
	c.running++
	c.most = max(c.most, c.running)
	if c.texts == nil {
		c.texts = make(map[string]int)
	}
	hook := c.hook
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.running--
	}()
	if hook != nil {
		if err := hook(call, texts); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	for _, t := range texts {
		c.texts[t]++
	}
	c.mu.Unlock()
	return c.Words.Embed(ctx, kind, texts)
}

// setHook replaces the hook.
func (c *counter) setHook(hook func(call int, texts []string) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hook = hook
}

func (c *counter) called() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// text of an article, which no other has. Every tenth is of several passages, and every
// eleventh of none.
func text(i int) string {
	switch {
	case i%11 == 10:
		return ""
	case i%10 == 9:
		var b strings.Builder
		for j := range 40 {
			fmt.Fprintf(&b, "The article %d says in line %d that parcels are brought by courier on any day but Sunday. ", i, j)
		}
		return b.String()
	}
	return fmt.Sprintf("Article %d is about parcels.", i)
}

func stocked(n int) *shelf {
	s := newShelf()
	for i := range n {
		s.put(identity.SiteID(fmt.Sprint("site ", i%3)), fmt.Sprintf("k%03d", i), text(i))
	}
	return s
}

// TestFill: every article gets the vectors of its own passages, once.
func TestFill(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 100} {
		for _, workers := range []int{-1, 0, 1, 3, 50} {
			s, c := stocked(n), &counter{}
			var progress []int
			k := retrieval.Keeper{Store: s, Embedder: c, Workers: workers}
			if err := k.Fill(t.Context(), func(done int) { progress = append(progress, done) }); err != nil {
				t.Fatal(err)
			}
			step := fmt.Sprintf("%d articles, %d workers", n, workers)
			s.right(t, step, n)
			for text, times := range c.texts {
				if times != 1 {
					t.Errorf("%s: %q was embedded %d times", step, text, times)
				}
			}
			if c.most > max(1, workers) {
				t.Errorf("%s: %d at the same time", step, c.most)
			}
			if !slices.IsSorted(progress) || n > 0 && (len(progress) == 0 || progress[len(progress)-1] != n) {
				t.Errorf("%s: the progress was %v", step, progress)
			}
			calls := c.calls
			if err := k.Fill(t.Context(), func(done int) { t.Errorf("%s: again %d are done", step, done) }); err != nil || c.calls != calls {
				t.Errorf("%s: again: %d calls, %v", step, c.calls-calls, err)
			}
		}
	}
}

// TestFillOfNeighbours: what follows at once on the last of a page is on the next.
func TestFillOfNeighbours(t *testing.T) {
	s, c := newShelf(), &counter{}
	for i := range 40 {
		s.put("site", "k"+strings.Repeat("0", i), text(i))
	}
	k := retrieval.Keeper{Store: s, Embedder: c}
	if err := k.Fill(t.Context(), func(int) {}); err != nil {
		t.Fatal(err)
	}
	s.right(t, "neighbours", 40)
}

// TestFillAtOnce: workers work at the same time.
func TestFillAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := stocked(64), &counter{hook: func(int, []string) error { time.Sleep(time.Second); return nil }}
		k := retrieval.Keeper{Store: s, Embedder: c, Workers: 4}
		at := time.Now()
		if err := k.Fill(t.Context(), func(int) {}); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(at); d != time.Second || c.most != 4 {
			t.Errorf("four batches took %s, %d at the same time", d, c.most)
		}
		s.right(t, "done", 64)
	})
}

// TestFillResumes: what was stored before something failed is not done again, and
// nothing wrong was.
func TestFillResumes(t *testing.T) {
	broken := errors.New("the model is away")
	for _, workers := range []int{1, 3} {
		for failing := 1; failing <= 7; failing++ {
			s, c := stocked(100), &counter{}
			c.hook = func(call int, _ []string) error {
				if call == failing {
					return broken
				}
				return nil
			}
			k := retrieval.Keeper{Store: s, Embedder: c, Workers: workers}
			last := 0
			if err := k.Fill(t.Context(), func(done int) { last = done }); !errors.Is(err, broken) {
				t.Fatalf("%d workers, call %d fails: %v", workers, failing, err)
			}
			s.mu.Lock()
			stored := len(s.sealed)
			s.mu.Unlock()
			if stored < last || stored%16 != 0 || workers == 1 && stored != (failing-1)*16 {
				t.Errorf("%d workers, call %d fails: %d are stored, %d reported", workers, failing, stored, last)
			}
			s.right(t, "cut off", stored)
			c.setHook(nil)
			c.texts = nil
			rest := 0
			if err := k.Fill(t.Context(), func(done int) { rest = done }); err != nil || rest != 100-stored {
				t.Errorf("%d workers, call %d fails: %d are done afterwards, %v", workers, failing, rest, err)
			}
			s.right(t, "resumed", 100)
			for text, times := range c.texts {
				if times != 1 {
					t.Errorf("%q was embedded %d times", text, times)
				}
			}
		}
	}
	s, c := stocked(40), &counter{}
	k := retrieval.Keeper{Store: s, Embedder: c}
	for _, method := range []string{"Unembedded", "PutVectors"} {
		s.fail(method, broken)
		if err := k.Fill(t.Context(), func(done int) { t.Errorf("%d are done", done) }); !errors.Is(err, broken) {
			t.Errorf("%s fails: %v", method, err)
		}
		s.right(t, method+" fails", 0)
		s.fail(method, nil)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c.setHook(func(int, []string) error { cancel(); return ctx.Err() })
	if err := k.Fill(ctx, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	s.right(t, "cancelled", 0)
}

// TestFillOfWhatChanges: an article that changes while it is embedded is not given the
// vectors of what it was.
func TestFillOfWhatChanges(t *testing.T) {
	s, c := stocked(20), &counter{}
	c.hook = func(call int, _ []string) error {
		if call == 1 {
			s.put("site 0", "k000", "It is about boots now.")
			s.put("site 0", "k003", text(3)) // the same text, and yet written anew
			s.put("site 0", "k0000", "A new one, before where the keeper is.")
			s.remove("site 0", "k006")
		}
		return nil
	}
	k := retrieval.Keeper{Store: s, Embedder: c}
	if err := k.Fill(t.Context(), func(int) {}); err != nil {
		t.Fatal(err)
	}
	s.right(t, "changed meanwhile", 20-3) // k000, k003 and k006
	if err := k.Fill(t.Context(), func(int) {}); err != nil {
		t.Fatal(err)
	}
	s.right(t, "filled again", 20)
}

// running runs a keeper in the bubble of a test, and returns what it reported, when.
type running struct {
	*testing.T
	shelf    *shelf
	counter  *counter
	start    time.Time
	reported []time.Duration
	stop     context.CancelFunc
	ended    chan error
}

func run(t *testing.T, s *shelf, hook func(call int, texts []string) error) *running {
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{T: t, shelf: s, counter: &counter{hook: hook}, start: time.Now(), stop: cancel, ended: make(chan error, 1)}
	k := retrieval.Keeper{Store: s, Embedder: r.counter}
	go func() {
		r.ended <- k.Run(ctx, func(err error) {
			if err == nil {
				t.Error("no error was reported")
			}
			r.reported = append(r.reported, time.Since(r.start).Round(time.Millisecond))
		})
	}()
	t.Cleanup(cancel)
	return r
}

// after lets time pass.
func (r *running) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *running) end() {
	r.Helper()
	r.stop()
	synctest.Wait()
	select {
	case err := <-r.ended:
		if !errors.Is(err, context.Canceled) {
			r.Errorf("it ended with %v", err)
		}
	default:
		r.Error("it goes on")
	}
}

// TestRun: what is imported while it runs is embedded soon after, and nothing else is
// done.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stocked(20)
		r := run(t, s, nil)
		r.after(time.Millisecond)
		s.right(t, "at the start", 20)
		r.after(time.Minute)
		calls, reads := r.counter.called(), s.called("Unembedded")
		if r.after(time.Hour); r.counter.called() != calls || s.called("Unembedded") != reads {
			t.Errorf("where nothing changes there are %d calls, %d reads", r.counter.called()-calls, s.called("Unembedded")-reads)
		}
		s.put("site 9", "k1", "A new one.")
		s.put("site 0", "k000", "A new text.")
		r.after(2 * time.Second)
		s.right(t, "imported", 21)
		s.remove("site 9", "k1")
		r.after(2 * time.Second)
		s.right(t, "removed", 20)
		// Changed while it is embedded: found again without anything else changing.
		once := sync.OnceFunc(func() { s.put("site 1", "k001", "Changed meanwhile.") })
		r.counter.setHook(func(int, []string) error { once(); return nil })
		s.put("site 1", "k001", "Changed.")
		r.after(4 * time.Second)
		s.right(t, "changed meanwhile", 20)
		r.end()
		if len(r.reported) != 0 {
			t.Errorf("reported at %v", r.reported)
		}
	})
}

// TestRunRetries: what fails is reported and tried again, later each time, and when it
// works everything is as it was.
func TestRunRetries(t *testing.T) {
	broken := errors.New("away")
	for _, what := range []string{"Embed", "KnowledgeState", "Space", "Unembedded", "PutVectors"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := stocked(20)
				s.fail(what, broken)
				r := run(t, s, func(int, []string) error {
					s.mu.Lock()
					defer s.mu.Unlock()
					return s.fails["Embed"]
				})
				r.after(10*time.Minute + time.Second)
				want := []time.Duration{0, 2, 6, 14, 30, 62}
				for at := time.Duration(122); at <= 601; at += 60 {
					want = append(want, at)
				}
				for i := range want {
					want[i] *= time.Second
				}
				if !slices.Equal(r.reported, want) {
					t.Errorf("reported at %v, want %v", r.reported, want)
				}
				s.right(t, "failing", 0)
				s.fail(what, nil)
				r.after(time.Minute)
				s.right(t, "working again", 20)
				n := len(r.reported)
				s.put("site 9", "k1", "A new one.")
				r.after(2 * time.Second)
				s.right(t, "soon again", 21)
				// The next failure begins at the beginning.
				s.fail(what, broken)
				s.put("site 9", "k2", "A new one.")
				r.after(10 * time.Second)
				if got := r.reported[n:]; len(got) != 3 {
					t.Errorf("reported again at %v", got)
				}
				r.end()
			})
		})
	}
}

// TestRunEnds: a keeper of another space than the index's ends, and embeds nothing.
func TestRunEnds(t *testing.T) {
	ended := func(t *testing.T, r *running) {
		t.Helper()
		select {
		case err := <-r.ended:
			if !errors.Is(err, retrieval.ErrSpace) || !strings.Contains(err.Error(), "elsewhere/") || !strings.Contains(err.Error(), "words/") {
				t.Errorf("it ended with %v", err)
			}
		default:
			t.Error("it goes on")
		}
		if len(r.reported) != 0 {
			t.Errorf("reported at %v", r.reported)
		}
	}
	elsewhere := retrieval.Space{Model: "elsewhere", Version: "1", Dimension: 3, Quantisation: retrieval.Int8}
	synctest.Test(t, func(t *testing.T) {
		s := stocked(20)
		s.space = elsewhere
		r := run(t, s, nil)
		r.after(time.Second)
		ended(t, r)
		if r.counter.called() != 0 || s.called("PutVectors") != 0 {
			t.Error("it embedded something")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := stocked(20)
		r := run(t, s, nil)
		r.after(time.Minute)
		calls := r.counter.called()
		s.mu.Lock()
		s.space, s.sealed = elsewhere, make(map[retrieval.Article][]byte)
		s.mu.Unlock()
		s.put("site 9", "k1", "A new one.")
		r.after(2 * time.Second)
		ended(t, r)
		if r.counter.called() != calls {
			t.Error("it embedded something in the space of before")
		}
		s.right(t, "moved on", 0)
	})
}

// TestRunCancelled: it ends at once, whatever it is doing, and reports no error for it.
func TestRunCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stocked(20)
		r := run(t, s, nil)
		r.counter.setHook(func(int, []string) error { r.stop(); return context.Canceled })
		s.put("site 9", "k1", "A new one.")
		r.after(2 * time.Second)
		r.end()
		if len(r.reported) != 0 {
			t.Errorf("reported at %v", r.reported)
		}
	})
}
