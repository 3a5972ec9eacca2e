// Command bench compares Candor's embedded index with other search engines in Go, on
// the same passages, vectors and filters, in one run by turns.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var z sizes
	flag.IntVar(&z.knowledge, "knowledge", 100_000, "passages of company knowledge, of which one in ten is internal")
	flag.IntVar(&z.customers, "customers", 100_000, "customers")
	flag.IntVar(&z.passages, "passages", 10, "passages of each customer")
	questions := flag.Int("questions", 300, "questions of each kind")
	flag.Parse()
	if err := run(ctx, z, *questions, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// task is a kind of question.
type task struct {
	name           string
	words, meaning bool
	own            bool // to a customer's passages
}

var tasks = []task{
	{"knowledge, by words", true, false, false},
	{"knowledge, by meaning", false, true, false},
	{"knowledge, by both", true, true, false},
	{"a customer's, by words", true, false, true},
	{"a customer's, by meaning", false, true, true},
	{"a customer's, by both", true, true, true},
}

// ask asks an engine the n-th question.
func (t task) ask(ctx context.Context, e engine, n, customer int) ([]found, time.Duration, error) {
	text := question(n)
	var vector []float32
	if t.meaning {
		vector = embed(text)
	}
	if !t.words {
		text = ""
	}
	if f, ok := e.(forgetful); ok {
		f.forget(customer)
	}
	began := time.Now()
	if t.own {
		out, err := e.own(ctx, customer, text, vector)
		return out, time.Since(began), err
	}
	out, err := e.knowledge(ctx, text, vector)
	return out, time.Since(began), err
}

// pair asks one engine by words and another by meaning, and leaves what they find
// unmerged: it is quicker than anything that is made of the two.
type pair struct{ words, meaning engine }

func (p pair) name() string { return p.words.name() + " + " + p.meaning.name() }

func (p pair) close() error { return nil }

func (p pair) knowledge(ctx context.Context, text string, vector []float32) ([]found, error) {
	if text == "" || vector == nil {
		return nil, errCannot
	}
	if _, err := p.words.knowledge(ctx, text, nil); err != nil {
		return nil, err
	}
	return p.meaning.knowledge(ctx, "", vector)
}

func (p pair) own(ctx context.Context, customer int, text string, vector []float32) ([]found, error) {
	if text == "" || vector == nil {
		return nil, errCannot
	}
	if _, err := p.words.own(ctx, customer, text, nil); err != nil {
		return nil, err
	}
	return p.meaning.own(ctx, customer, "", vector)
}

// result is how an engine did at a task.
type result struct {
	task   task
	engine engine
	took   []time.Duration
	// same and of count, over all questions, the first ten that it found, and those of
	// them that are right: see judge.
	same, of int
}

func (r result) at(q float64) float64 {
	took := slices.Sorted(slices.Values(r.took))
	return float64(took[min(int(q*float64(len(took))), len(took)-1)].Microseconds()) / 1000
}

func run(ctx context.Context, z sizes, questions int, out, progress io.Writer) (err error) {
	began := time.Now()
	var mu sync.Mutex
	say := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(progress, "%6.0f s  %s\n", time.Since(began).Seconds(), what)
	}
	dir, err := os.MkdirTemp("", "candor-compare-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // data of a benchmark
	asked := r.Perm(z.customers)[:min(questions, z.customers)]

	engines, err := engines(ctx, z, asked, dir, say)
	if err != nil {
		return err
	}
	defer func() {
		for _, e := range engines {
			err = errors.Join(err, e.close())
		}
	}()
	results, err := measure(ctx, engines, asked, questions, say)
	if err != nil {
		return err
	}
	say("checking what was found")
	if err := judge(ctx, results, z, asked, min(questions, 50)); err != nil {
		return err
	}
	printTable(out, results)
	return nil
}

// engines makes all of them; Candor's are the first two.
func engines(ctx context.Context, z sizes, asked []int, dir string, say func(string)) ([]engine, error) {
	var all []engine
	fail := func(err error) ([]engine, error) {
		for _, e := range all {
			err = errors.Join(err, e.close())
		}
		return nil, err
	}
	for _, start := range []func() ([]engine, error){
		func() ([]engine, error) { return newCandor(ctx, z, asked, dir, say) },
		func() ([]engine, error) { return newFTS(ctx, z, dir, say) },
		func() ([]engine, error) { return newVec(ctx, z, dir, say) },
		func() ([]engine, error) { return newChromem(ctx, z, say) },
	} {
		some, err := start()
		if err != nil {
			return fail(err)
		}
		all = append(all, some...)
	}
	return append(all, pair{all[3], all[4]}), nil
}

// measure asks every engine that can every question, by turns, in a random order each
// time.
func measure(ctx context.Context, engines []engine, asked []int, questions int, say func(string)) ([]result, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	r := rand.New(rand.NewPCG(2, 2)) //nolint:gosec // an order
	var results []result
	for _, t := range tasks {
		say(t.name)
		var mine []result
		for _, e := range engines {
			_, _, err := t.ask(ctx, e, 0, asked[0])
			if err == nil {
				mine = append(mine, result{task: t, engine: e})
			} else if !errors.Is(err, errCannot) {
				return nil, fmt.Errorf("%s, %s: %w", t.name, e.name(), err)
			}
		}
		for n := -max(2, questions/10); n < questions; n++ { // the first ones fill caches
			if n%20 == 0 {
				runtime.GC() // what one leaves behind is not to cost the others
			}
			order := r.Perm(len(mine))
			if cold, warm := slices.Index(order, 0), slices.Index(order, 1); t.own && cold > warm {
				// Candor reads a customer's passages first, and has them in memory then.
				order[cold], order[warm] = 1, 0
			}
			for _, i := range order {
				m := &mine[i]
				_, took, err := t.ask(ctx, m.engine, max(n, 0), asked[max(n, 0)%len(asked)])
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", t.name, m.engine.name(), err)
				}
				if n >= 0 {
					m.took = append(m.took, took)
				}
			}
		}
		results = append(results, mine...)
	}
	return results, ctx.Err()
}

func printTable(w io.Writer, results []result) {
	fmt.Fprintln(w, "| task | engine | p50 ms | p99 ms | p50, times Candor's | right |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|")
	for i, r := range results {
		first := r // Candor's, with the passages not in memory where there is a difference
		for j := i; j >= 0 && results[j].task == r.task; j-- {
			first = results[j]
		}
		right := ""
		if r.of > 0 {
			right = fmt.Sprintf("%.1f %%", 100*float64(r.same)/float64(r.of))
		}
		fmt.Fprintf(w, "| %s | %s | %.3f | %.3f | %.1f | %s |\n", r.task.name, r.engine.name(), r.at(.5), r.at(.99), r.at(.5)/first.at(.5), right)
	}
}
