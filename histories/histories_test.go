// Package histories runs many small random histories of one customer each, on
// two replicas over one database, and holds them against a plain reference of
// the rules of consent.
//
// It is a test only. It uses the gate, the search, the answer engine, the desk
// and the store as the program wires them, notes when each step began and
// returned, and never looks at what a scope was decided by: whether a step was
// allowed is the reference's word (rules), at some moment between the two. Every
// record holds a word of its own, which is looked for in everything that goes out.
package histories

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"candor/internal/pgtest"
)

var (
	countFlag = flag.Int("histories", 200, "how many histories to check, on both engines together")
	seedFlag  = flag.Uint64("seed", 0, "what the histories are drawn from; 0: another each time")
)

const (
	// onServer is the share of the histories that run on PostgreSQL, where each
	// commit is a journey: one in so many.
	onServer = 5
	// perWorld is how many histories share a database.
	perWorld = 250
	// lines is how many worlds of an engine run side by side.
	lines = 2
	// enough is how many histories must show something of every kind.
	enough = 500
)

// TestHistories checks random histories on both engines.
func TestHistories(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "1m"} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	count := max(*countFlag, 2)
	server := max(count/onServer, 1)
	t.Logf("go test ./histories -histories=%d -seed=%d", count, seed)
	var seen coverage
	t.Run("engines", func(t *testing.T) {
		t.Run("sqlite", func(t *testing.T) { eachWorld(t, count-server, seed, runSQLite, &seen) })
		t.Run("postgres", func(t *testing.T) { eachWorld(t, server, seed+1<<32, runPostgres, &seen) })
	})
	t.Log(seen.String())
	if !t.Failed() && seen.total(histories) >= enough {
		for _, what := range seen.missing() {
			t.Errorf("no history shows %s: the run says nothing about it", what)
		}
	}
}

// eachWorld divides the histories of an engine among databases of their own.
func eachWorld(t *testing.T, count int, seed uint64, run func(*testing.T, int, uint64, *coverage), seen *coverage) {
	t.Parallel()
	worlds := max((count+perWorld-1)/perWorld, min(lines, count))
	slots := make(chan struct{}, lines)
	for i := range worlds {
		share := count*(i+1)/worlds - count*i/worlds
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			run(t, share, seed+uint64(i)<<16, seen)
		})
	}
}

func runSQLite(t *testing.T, count int, seed uint64, seen *coverage) {
	dir := t.TempDir()
	data, keys := "sqlite:"+filepath.Join(dir, "data.db"), "sqlite:"+filepath.Join(dir, "keys.db")
	inBubble(t, dir, data, keys, func(try func(plan) outcome) { check(t, count, seed, seen, try) })
	heldByStreams(t, data, keys)
}

// inBubble lets histories happen where time passes at once. They are drawn outside,
// where it does not.
func inBubble(t *testing.T, dir, data, keys string, draw func(try func(plan) outcome)) {
	t.Helper()
	plans, outcomes, gone := make(chan plan), make(chan outcome), make(chan struct{})
	go func() {
		defer close(gone)
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, data, keys)
			for p := range plans {
				outcomes <- w.try(p)
			}
			w.atRest(dir)
		})
	}()
	defer func() { <-gone }()
	defer close(plans)
	draw(func(p plan) outcome {
		select {
		case plans <- p:
		case <-gone:
			t.FailNow()
		}
		select {
		case o := <-outcomes:
			return o
		case <-gone:
			t.FailNow()
		}
		return outcome{}
	})
}

// runPostgres checks histories on a server, whose clock is moved.
func runPostgres(t *testing.T, count int, seed uint64, seen *coverage) {
	data, keys := pgtest.Database(t), pgtest.Database(t)
	w := newWorld(t, data, keys)
	check(t, count, seed, seen, w.try)
	w.atRest("")
	heldByStreams(t, data, keys)
}

// starting is held while rapid reads how many histories of which seed to draw:
// from flags, of which there is one set in the process.
var starting sync.Mutex

const (
	// attempts bounds how often a history that breaks a rule is tried with less in it.
	attempts = 4000
	// repeats is how often such a history is run before it counts as one that does
	// not, as what happens is up to chance too; firstRepeats is for the whole one.
	repeats, firstRepeats = 5, 50
)

// outcome is a history that has happened, and what of it breaks the rules.
type outcome struct {
	*history
	found []string
}

func (w *world) try(p plan) outcome {
	h := w.run(p)
	return outcome{h, h.judge()}
}

// check draws histories, lets them happen one after another, and shrinks the first
// that breaks a rule.
func check(t *testing.T, count int, seed uint64, seen *coverage, try func(plan) outcome) {
	t.Helper()
	c := &checking{seen: seen, try: try}
	defer func() {
		if c.report != "" {
			t.Log(c.report)
		}
	}()
	starting.Lock()
	started := sync.OnceFunc(starting.Unlock)
	defer started()
	for name, value := range map[string]string{"rapid.checks": fmt.Sprint(count), "rapid.seed": fmt.Sprint(seed)} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(quiet{t}, func(t *rapid.T) {
		started()
		if c.breaks(drawPlan(t)) {
			t.Fatal(broken)
		}
	})
}

// checking is a check under way, and the smallest history that broke a rule in it.
type checking struct {
	seen     *coverage
	try      func(plan) outcome
	tries    int
	smallest plan
	report   string // of it; empty: none did
}

// breaks lets a plan happen and reports whether that breaks a rule.
func (c *checking) breaks(p plan) bool {
	if c.report == "" {
		o := c.try(p)
		if len(o.found) == 0 {
			c.seen.add(o.history)
			return false
		}
		c.smallest, c.report = p, o.report(p, o.found)
		return true
	}
	times := repeats
	if c.tries == 0 {
		times = firstRepeats
	}
	for range times {
		if c.tries++; c.tries > attempts {
			return false
		}
		if o := c.try(p); len(o.found) > 0 {
			if p.size() < c.smallest.size() {
				c.smallest, c.report = p, o.report(p, o.found)
			}
			return true
		}
	}
	return false
}

// broken is the same whatever breaks, so that a smaller history counts as the same
// failure. What broke is in the report.
const broken = "a history breaks the rules: the smallest that does follows"

// quiet keeps rapid from saying what the report says better.
type quiet struct{ testing.TB }

func (q quiet) Logf(format string, args ...any) {
	q.Helper()
	if !strings.HasPrefix(format, "[rapid]") {
		q.TB.Logf(format, args...)
	}
}

// background is what outlives a test's context: a test that has failed still
// closes what it has opened.
func background(tb testing.TB) context.Context { return context.WithoutCancel(tb.Context()) }
