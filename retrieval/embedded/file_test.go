package embedded_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/retrieval/indextest"
)

// reopened starts again before every search: what it knows comes from its file.
type reopened struct {
	store   retrieval.Store
	options embedded.Options
}

func (r reopened) Search(ctx context.Context, scope consent.Scope, q retrieval.Query, limit int) ([]retrieval.Match, error) {
	x := embedded.New(r.store, r.options)
	defer x.Close()
	return x.Search(ctx, scope, q, limit)
}

// TestConformanceFromFile runs the suite on an index that is never older than its
// file.
func TestConformanceFromFile(t *testing.T) {
	indextest.Run(t, func(t *testing.T, s retrieval.Store, space retrieval.Space) retrieval.Index {
		return reopened{s, embedded.Options{Space: space, Dir: t.TempDir()}}
	})
}

// shelf is a store with articles, the folder of its index, and what was said.
type shelf struct {
	*testing.T
	store *indextest.Store
	dir   string
	said  bytes.Buffer
	scope consent.Scope
	read  int // articles
	clock time.Time
}

// Knowledge counts what an index reads.
func (s *shelf) Knowledge(ctx context.Context, site identity.SiteID, since int64, space retrieval.Space, changed func(retrieval.Record, []byte) error, removed func(string) error) error {
	return s.store.Knowledge(ctx, site, since, space, func(r retrieval.Record, v []byte) error {
		s.read++
		return changed(r, v)
	}, removed)
}

func (s *shelf) KnowledgeVersion(ctx context.Context, site identity.SiteID) (int64, error) {
	return s.store.KnowledgeVersion(ctx, site)
}

func (s *shelf) Passages(ctx context.Context, scope consent.Scope) ([]retrieval.Stored, error) {
	return s.store.Passages(ctx, scope)
}

func (s *shelf) Texts(ctx context.Context, scope consent.Scope, ids []string) ([]retrieval.Record, error) {
	return s.store.Texts(ctx, scope, ids)
}

func (s *shelf) Articles(ctx context.Context, site identity.SiteID, version int64) (map[string]time.Time, error) {
	return s.store.Articles(ctx, site, version)
}

func newShelf(t *testing.T) *shelf {
	s := &shelf{T: t, store: indextest.NewStore(), dir: t.TempDir(), clock: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	s.store.Embedder = indextest.Words{}
	var err error
	who := identity.Principal{Kind: identity.Staff, Site: "s", Staff: "stf"}
	if s.scope, err = indextest.NewGate().Scope(t.Context(), who, consent.Answers); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		s.put(fmt.Sprint("a", i), fmt.Sprintf("Boots number %d. ", i)+strings.Repeat("A parcel takes three days to a house. ", 1+i*3))
	}
	return s
}

func (s *shelf) put(id, text string) {
	s.clock = s.clock.Add(time.Second)
	v := retrieval.PublicKnowledge
	if strings.HasSuffix(id, "3") {
		v = retrieval.InternalKnowledge
	}
	s.store.Put(retrieval.Record{ID: id, Site: "s", Category: consent.Knowledge, Visibility: v, Title: "About " + id, Text: text, Language: "en", CollectedAt: s.clock})
}

func (s *shelf) open() *embedded.Index {
	return embedded.New(s, embedded.Options{Dir: s.dir, Space: s.store.Embedder.Space(), Logger: slog.New(slog.NewTextHandler(&s.said, nil))})
}

func (s *shelf) find(x retrieval.Index) []retrieval.Match {
	s.Helper()
	q := retrieval.Analyze("which boots and parcels are there?", "en")
	v, _ := s.store.Embedder.Embed(s.Context(), retrieval.QueryText, []string{q.Text}) // of tests, which does not fail
	q.Vector, q.Space = v[0], s.store.Embedder.Space()
	m, err := x.Search(s.Context(), s.scope, q, 1000)
	if err != nil {
		s.Fatal(err)
	}
	return m
}

// again starts anew, and wants as many articles read from the store, and what an
// index without a file finds.
func (s *shelf) again(read int) {
	s.Helper()
	s.read = 0
	x := s.open()
	defer x.Close()
	got := s.find(x)
	if s.read != read {
		s.Errorf("%d articles are read, want %d", s.read, read)
	}
	want := s.find(embedded.New(s.store, embedded.Options{Space: s.store.Embedder.Space()}))
	if d := cmp.Diff(want, got); d != "" {
		s.Errorf("not what an index without a file finds (-want +got):\n%s", d)
	}
}

func (s *shelf) file() string {
	s.Helper()
	all, err := filepath.Glob(filepath.Join(s.dir, "*"))
	if err != nil || len(all) != 1 {
		s.Fatalf("files %v, %v", all, err)
	}
	return all[0]
}

// TestFile: a start reads what has changed, and finds what it would without a file.
func TestFile(t *testing.T) {
	s := newShelf(t)
	s.again(20)
	s.again(0)
	s.put("a4", "Boots are back.")
	s.put("a13", "Boots for people at the desk.")
	s.put("new", "New boots.")
	s.store.Remove("a5")
	s.again(3)
	s.again(0)
	if s.said.Len() > 0 {
		t.Errorf("said: %s", &s.said)
	}
	info, err := os.Stat(s.file())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestFileWhileRunning: it is written beside the searches, and without an end.
func TestFileWhileRunning(t *testing.T) {
	s := newShelf(t)
	defer embedded.SaveAfter(time.Millisecond)()
	s.find(s.open()) // killed: never closed
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if all, _ := filepath.Glob(filepath.Join(s.dir, "*.idx")); len(all) == 1 {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("there is no file")
		}
	}
	s.again(0)
}

// TestBadFile: whatever is wrong with a file, the store is read, which is said.
func TestBadFile(t *testing.T) {
	s := newShelf(t)
	s.again(20)
	whole, err := os.ReadFile(s.file())
	if err != nil {
		t.Fatal(err)
	}
	bad := func(what string, b []byte) {
		t.Helper()
		s.said.Reset()
		if err := os.WriteFile(s.file(), b, 0o600); err != nil {
			t.Fatal(err)
		}
		s.again(20)
		if !strings.Contains(s.said.String(), "indexed again") || strings.Count(s.said.String(), "\n") != 1 {
			t.Errorf("%s: said: %s", what, &s.said)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		n := r.IntN(len(whole))
		bad(fmt.Sprint("cut at ", n), whole[:n])
		flipped := bytes.Clone(whole)
		flipped[n] ^= 1 << r.IntN(8)
		bad(fmt.Sprint("flipped at ", n), flipped)
	}
	bad("longer", append(bytes.Clone(whole), 0))
	bad("another kind", []byte("hello"))
	s.said.Reset()
	s.again(0)
	if s.said.Len() > 0 {
		t.Errorf("after all that: %s", &s.said)
	}
}

// TestFileOfAnotherDatabase: after a restore, or where there is another one, what the
// file says is not believed.
func TestFileOfAnotherDatabase(t *testing.T) {
	t.Run("older", func(t *testing.T) {
		s := newShelf(t)
		s.put("a1", "Boots of the future.")
		s.again(20)
		s.store = newShelf(t).store
		s.again(20)
	})
	t.Run("that went on another way", func(t *testing.T) {
		s := newShelf(t)
		s.put("a1", "Boots of the future.")
		s.again(20)
		other := newShelf(t)
		other.clock = s.clock.Add(time.Hour)
		other.put("a1", "Boots of another future.")
		other.put("a2", "Boots, too.")
		s.store = other.store
		s.again(20)
		if !strings.Contains(s.said.String(), "another database") {
			t.Errorf("said: %s", &s.said)
		}
	})
	t.Run("without an article", func(t *testing.T) {
		s := newShelf(t)
		s.put("phantom", "Phantom boots.")
		s.again(21)
		other := newShelf(t)
		other.put("x", "Something else.")
		other.store.Remove("x")
		s.store = other.store
		s.again(0)
	})
	t.Run("with another model", func(t *testing.T) {
		s := newShelf(t)
		s.again(20)
		s.read = 0
		x := embedded.New(s, embedded.Options{Dir: s.dir})
		defer x.Close()
		m, err := x.Search(t.Context(), s.scope, retrieval.Analyze("boots", "en"), 1000)
		if err != nil || len(m) < 20 || s.read != 20 {
			t.Errorf("%d matches, %d read, %v", len(m), s.read, err)
		}
	})
}

// TestNoRoomForFile: an index that cannot be written is one in memory.
func TestNoRoomForFile(t *testing.T) {
	s := newShelf(t)
	s.dir = filepath.Join(s.dir, "file")
	if err := os.WriteFile(s.dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.again(20)
	if !strings.Contains(s.said.String(), "cannot be written") {
		t.Errorf("said: %s", &s.said)
	}
}
