package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/retrieval/vector"
	"candor/store"
)

// retrievalFigures are the figures of `bench retrieval`. Times are in milliseconds,
// and without encoding: the vectors are made up.
type retrievalFigures struct {
	Sizes  retrievalSizes `json:"sizes"`
	Kernel string         `json:"kernel"` // avx512, avx2 or go
	CPUs   int            `json:"cpus"`

	Restart restartFigures `json:"restart"`
	// Personal are questions to a customer's own passages alone.
	Personal personalFigures `json:"personal_ms"`
	// Knowledge are a visitor's questions.
	Knowledge knowledgeFigures `json:"knowledge_ms"`
	// Both are a customer's questions to the knowledge and to their own passages, at a
	// partition that is not in memory.
	Both searchFigures `json:"knowledge_and_personal_cold_ms"`
	// Scope is what the gate takes to mint the scope of a question.
	Scope latency `json:"scope_ms"`

	// Gate compares by the share of the knowledge that a visitor may see, in percent,
	// and GatePersonal by the share of a customer's passages that is granted.
	Gate         map[string]gateFigures      `json:"gate_by_percent_visible"`
	GatePersonal map[string]partitionFigures `json:"gate_by_percent_granted"`
	// GateWorst is the highest ratio of them all.
	GateWorst float64 `json:"gate_worst_ratio"`
}

// searchFigures are of one question.
type searchFigures struct {
	Index latency `json:"index"`  // what of it the index takes, with the reading of passages
	All   latency `json:"search"` // retrieval.Searcher.Search: with the texts
}

type personalFigures struct {
	// First is the first question after a grant, for which records are indexed.
	First searchFigures `json:"first_after_grant"`
	// Cold is the first one since the start: the customer's key and passages are read
	// and opened. Warm is the next.
	Cold searchFigures `json:"cold"`
	Warm searchFigures `json:"warm"`
}

type knowledgeFigures struct {
	Meaning searchFigures `json:"words_and_meaning"`
	Words   searchFigures `json:"words_alone"`
}

type restartFigures struct {
	OpenMS  float64 `json:"open_database_ms"`
	ReadyMS float64 `json:"ready_ms"` // from the start of opening to having the index
	// FirstMS is from the start of opening to the first answer to a visitor.
	FirstMS float64 `json:"first_answer_ms"`
	// BuildMS is what the index takes where there is no file of it.
	BuildMS float64 `json:"build_index_ms"`
	// HeapMB is what is in use after a collection, RSSMB what the process has of the
	// machine's memory when it is ready, PeakMB the most that it ever had; 0: not told
	// here. After all questions, with partitions in memory: the other two.
	HeapMB      float64 `json:"heap_mb"`
	RSSMB       float64 `json:"rss_mb"`
	PeakMB      float64 `json:"rss_peak_mb"`
	HeapAfterMB float64 `json:"heap_after_questions_mb"`
	RSSAfterMB  float64 `json:"rss_after_questions_mb"`
}

// gateFigures compare a visitor's search where some articles are internal. Times are
// medians.
type gateFigures struct {
	Visible int     `json:"articles_visible"`
	Gated   float64 `json:"gated_ms"`   // the rest is internal
	Only    float64 `json:"ungated_ms"` // the rest is not there
	All     float64 `json:"all_ms"`     // everything is public
	Staff   float64 `json:"staff_ms"`   // the rest is internal, for who may see it
	// Ratio is of the gated search to the ungated one of the same visible articles.
	Ratio float64 `json:"gated_to_ungated"`
	// ToAll is of the gated search to one of everything.
	ToAll float64 `json:"gated_to_all"`
}

// partitionFigures compare a customer who granted a share of their passages with one
// who has no others. Times are medians.
type partitionFigures struct {
	Granted   int     `json:"passages_granted"`
	Warm      float64 `json:"gated_warm_ms"`
	WarmOnly  float64 `json:"ungated_warm_ms"`
	Cold      float64 `json:"gated_cold_ms"`
	ColdOnly  float64 `json:"ungated_cold_ms"`
	WarmRatio float64 `json:"warm_ratio"`
	ColdRatio float64 `json:"cold_ratio"`
}

func benchRetrievalCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "retrieval", Short: "Measure search: cold and warm partitions, knowledge, the gate's filter, a restart", Args: cobra.NoArgs,
		Long: "Retrieval fills a database of its own with sealed records and company knowledge, once, and\n" +
			"measures search on it: of customers who granted their data through the gate, and of visitors.\n" +
			"What is compared is measured in one run, by turns. The default sizes take some six minutes to\n" +
			"make and 2 GB; name a folder with --data-dir to keep them and measure again. The comparison\n" +
			"with other engines is retrieval/bench.",
	}
	var sizes retrievalSizes
	f := cmd.Flags()
	f.IntVar(&sizes.Knowledge, "knowledge", 100_000, "Articles, of one passage each")
	f.IntVar(&sizes.Customers, "customers", 100_000, "Customers with records")
	f.IntVar(&sizes.Passages, "passages", 10, "Records of each customer, of one passage each")
	f.IntVar(&sizes.Granted, "granted", 100_000, "Customers who granted their data and have asked before, so that it is indexed")
	queries := f.Int("queries", 2000, "Questions of each kind")
	dir := f.String("data-dir", "", "Folder to keep the data in, and to use again (default: a temporary one)")
	asJSON := f.Bool("json", false, "Print one JSON object")
	// To fill the folder takes memory, which is not to be measured: a process of its
	// own does it.
	onlyMake := f.Bool("only-make", false, "Make the data and measure nothing")
	_ = f.MarkHidden("only-make") // it is there
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		sizes.Granted = min(sizes.Granted, sizes.Customers)
		sizes.Own = 100 * sizes.Passages
		if min(sizes.Knowledge, sizes.Granted, sizes.Passages, *queries) < 1 {
			return errors.New("knowledge, customers, passages, granted and queries are 1 or more")
		}
		c := defaults()
		c.Database, c.Keys = "sqlite:", "sqlite:"
		if c.DataDir = *dir; c.DataDir == "" {
			if *onlyMake {
				return errors.New("name the folder to make the data in with --data-dir")
			}
			if c.DataDir, err = os.MkdirTemp("", "candor-bench-"); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(c.DataDir)) }()
		}
		progress := cmd.ErrOrStderr()
		if *onlyMake {
			return makeData(cmd.Context(), c, sizes, progress)
		}
		if err := makeElsewhere(cmd.Context(), c, sizes, progress); err != nil {
			return err
		}
		report, err := measureRetrieval(cmd.Context(), c, sizes, *queries, progress)
		if err != nil {
			return err
		}
		if *asJSON {
			return printReport(cmd.OutOrStdout(), report, true)
		}
		return report.print(cmd.OutOrStdout())
	}
	return cmd
}

// print writes the figures for people.
func (f retrievalFigures) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%d articles, %d customers with %d passages each, %d of whom granted them; %d CPUs, kernel %s\n\n",
		f.Sizes.Knowledge, f.Sizes.Customers, f.Sizes.Passages, f.Sizes.Granted, f.CPUs, f.Kernel)
	fmt.Fprint(w, "milliseconds\tindex p50\tp99\twith texts p50\tp99\t\n")
	for _, row := range []struct {
		name string
		searchFigures
	}{
		{"own passages, first question after the grant", f.Personal.First},
		{"own passages, cold", f.Personal.Cold},
		{"own passages, warm", f.Personal.Warm},
		{"knowledge, as a visitor", f.Knowledge.Meaning},
		{"knowledge, by words alone", f.Knowledge.Words},
		{"knowledge and own passages, cold", f.Both},
	} {
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t\n", row.name, row.Index.P50, row.Index.P99, row.All.P50, row.All.P99)
	}
	fmt.Fprintf(w, "the scope, by the gate\t%.2f\t%.2f\t\t\t\n\n", f.Scope.P50, f.Scope.P99)
	fmt.Fprint(w, "the gate: the rest is not visible, or not there\tgated ms\tungated ms\tratio\tto a search of all\t\n")
	for _, s := range shares {
		g := f.Gate[strconv.Itoa(s.percent)]
		fmt.Fprintf(w, "%d %% of the knowledge visible\t%.3f\t%.3f\t%.2f\t%.2f\t\n", s.percent, g.Gated, g.Only, g.Ratio, g.ToAll)
	}
	for _, s := range shares {
		g := f.GatePersonal[strconv.Itoa(s.percent)]
		fmt.Fprintf(w, "%d %% of %d own passages granted, warm\t%.3f\t%.3f\t%.2f\t\t\n", s.percent, f.Sizes.Own, g.Warm, g.WarmOnly, g.WarmRatio)
		fmt.Fprintf(w, "cold\t%.3f\t%.3f\t%.2f\t\t\n", g.Cold, g.ColdOnly, g.ColdRatio)
	}
	fmt.Fprintf(w, "the highest ratio\t\t\t%.2f\t\t\n\n", f.GateWorst)
	r := f.Restart
	fmt.Fprintf(w, "restart: the index is ready after %.0f ms, of which opening the database took %.0f, and the first answer is there after %.0f\n", r.ReadyMS, r.OpenMS, r.FirstMS)
	fmt.Fprintf(w, "without a file of it the index takes %.0f ms\n", r.BuildMS)
	fmt.Fprintf(w, "memory: %.0f MB in use, %.0f MB of the machine's; after the questions %.0f and %.0f\n", r.HeapMB, r.RSSMB, r.HeapAfterMB, r.RSSAfterMB)
	return w.Flush()
}

// makeElsewhere fills the data folder in another process.
func makeElsewhere(ctx context.Context, c Config, sizes retrievalSizes, progress io.Writer) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	p := exec.CommandContext(ctx, program) //nolint:gosec // this program itself
	p.Args = []string{"assistant", "bench", "retrieval", "--only-make", "--data-dir", c.DataDir}
	for name, n := range map[string]int{"knowledge": sizes.Knowledge, "customers": sizes.Customers, "passages": sizes.Passages, "granted": sizes.Granted} {
		p.Args = append(p.Args, fmt.Sprintf("--%s=%d", name, n))
	}
	p.Stderr = progress
	if err := p.Run(); err != nil {
		return fmt.Errorf("the data could not be made: %w", err)
	}
	return nil
}

// retrievalBench measures on a full data folder.
type retrievalBench struct {
	ctx      context.Context
	store    *store.Store
	gate     *consent.Gate
	sizes    retrievalSizes
	queries  int
	progress io.Writer
	report   retrievalFigures
}

// searchLimit is how many matches a question gets, as an answer's does.
const searchLimit = 20

func measureRetrieval(ctx context.Context, c Config, sizes retrievalSizes, queries int, progress io.Writer) (report retrievalFigures, err error) {
	b := &retrievalBench{ctx: ctx, sizes: sizes, queries: queries, progress: progress, report: retrievalFigures{
		Sizes: sizes, Kernel: vector.Kernel(), CPUs: runtime.GOMAXPROCS(0),
		Gate: make(map[string]gateFigures), GatePersonal: make(map[string]partitionFigures),
	}}
	newDataEmbedder() // its topics are not the index's memory, nor its time
	topicOf("")
	fmt.Fprintln(progress, "starting again")
	began := time.Now()
	if b.store, err = openStore(ctx, c); err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, b.store.Close()) }()
	b.report.Restart.OpenMS = since(began)
	b.gate = consent.NewGate(b.store, consent.DefaultPolicy())
	full := embedded.New(b.store, embedded.Options{Space: newDataEmbedder().Space(), Dir: filepath.Join(c.DataDir, "index")})
	defer full.Close()
	if err := full.Load(ctx, benchSite); err != nil {
		return report, err
	}
	b.report.Restart.ReadyMS = since(began)
	if _, err := b.visitor(&timedIndex{Index: full}, 0, true); err != nil {
		return report, err
	}
	b.report.Restart.FirstMS = since(began)
	b.report.Restart.RSSMB = memoryOf("VmRSS")
	b.report.Restart.PeakMB = memoryOf("VmHWM")
	b.report.Restart.HeapMB = heap()

	if err := b.questions(full); err != nil {
		return report, err
	}
	b.report.Restart.HeapAfterMB, b.report.Restart.RSSAfterMB = heap(), memoryOf("VmRSS")
	for _, s := range shares {
		if err := b.gated(full, s.percent); err != nil {
			return report, err
		}
	}
	if err := b.gatedPersonal(); err != nil {
		return report, err
	}
	return b.report, ctx.Err()
}

func since(t time.Time) float64 { return float64(time.Since(t).Microseconds()) / 1000 }

// heap is the memory in use after a collection, in MB.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}

// memoryOf is a figure of the system about this process, in MB; 0 where it has none.
func memoryOf(name string) float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if key, value, _ := strings.Cut(line, ":"); key == name {
			kb, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kb * 1024 / 1e6
		}
	}
	return 0
}

// timedIndex adds up how long an index takes.
type timedIndex struct {
	*embedded.Index
	took time.Duration
}

var _ retrieval.CompleteIndex = (*timedIndex)(nil)

func (x *timedIndex) Complete(ctx context.Context, scope consent.Scope) (bool, error) {
	defer x.add(time.Now())
	return x.Index.Complete(ctx, scope)
}

func (x *timedIndex) Search(ctx context.Context, scope consent.Scope, q retrieval.Query, limit int) ([]retrieval.Match, error) {
	defer x.add(time.Now())
	return x.Index.Search(ctx, scope, q, limit)
}

func (x *timedIndex) add(began time.Time) { x.took += time.Since(began) }

// timings are those of searches.
type timings struct{ index, all []time.Duration }

func (t *timings) add(x timing) { t.index, t.all = append(t.index, x.index), append(t.all, x.all) }

func (t *timings) figures() searchFigures { return searchFigures{latencyOf(t.index), latencyOf(t.all)} }

type timing struct{ index, all time.Duration }

// ask searches as the assistant does, for the n-th question.
func (b *retrievalBench) ask(x *timedIndex, scope consent.Scope, n int, meaning bool) (t timing, err error) {
	searcher := retrieval.NewSearcher(x, b.store)
	if meaning {
		searcher = searcher.ByMeaning(newDataEmbedder(), b.store)
	}
	q := retrieval.Analyze(textsOf(fmt.Sprint("question ", n)).question(), "en")
	x.took = 0
	began := time.Now()
	_, err = searcher.Search(b.ctx, scope, q, searchLimit)
	return timing{x.took, time.Since(began)}, err
}

func (b *retrievalBench) visitor(x *timedIndex, n int, meaning bool) (timing, error) {
	scope, err := b.gate.Scope(b.ctx, identity.Principal{Kind: identity.Visitor, Site: benchSite}, consent.Answers)
	if err != nil {
		return timing{}, err
	}
	return b.ask(x, scope, n, meaning)
}

// questions measures questions of customers and visitors, by turns.
func (b *retrievalBench) questions(full *embedded.Index) error {
	own := embedded.New(withoutKnowledge(b.store), embedded.Options{Space: newDataEmbedder().Space()})
	defer own.Close()
	personal, both := &timedIndex{Index: own}, &timedIndex{Index: full}
	var first, cold, warm, words, meaning, together timings
	var scopes []time.Duration
	sample := b.sizes.sample(b.queries)
	firsts := max(1, len(sample)/10)
	for i, customer := range sample {
		if i%500 == 0 {
			fmt.Fprintf(b.progress, "questions: %d of %d\n", i, len(sample))
		}
		id, ok, err := b.store.FindCustomer(b.ctx, benchSite, customerSub(customer))
		if err != nil || !ok {
			return errors.Join(errors.New("a customer of the benchmark is missing: make the data again"), err)
		}
		who := identity.Principal{Kind: identity.Customer, Site: benchSite, Customer: id}
		began := time.Now()
		scope, err := b.gate.Scope(b.ctx, who, consent.Answers)
		if err != nil {
			return err
		}
		scopes = append(scopes, time.Since(began))
		for _, step := range []struct {
			to  *timings
			ask func() (timing, error)
		}{
			{&cold, func() (timing, error) { return b.ask(personal, scope, 10*i, true) }},
			{&warm, func() (timing, error) { return b.ask(personal, scope, 10*i+1, true) }},
			{&together, func() (timing, error) { return b.ask(both, scope, 10*i+2, true) }},
			{&meaning, func() (timing, error) { return b.visitor(both, 10*i+3, true) }},
			{&words, func() (timing, error) { return b.visitor(both, 10*i+4, false) }},
		} {
			t, err := step.ask()
			if err != nil {
				return err
			}
			step.to.add(t)
		}
		if i < len(sample)-firsts {
			continue
		}
		// They take it back and grant it again, so that it is indexed anew.
		for _, grant := range []bool{false, true} {
			if err := choose(b.ctx, b.gate, who, granted, grant); err != nil {
				return err
			}
		}
		if scope, err = b.gate.Scope(b.ctx, who, consent.Answers); err != nil {
			return err
		}
		t, err := b.ask(personal, scope, 10*i+5, true)
		if err != nil {
			return err
		}
		first.add(t)
	}
	b.report.Personal = personalFigures{first.figures(), cold.figures(), warm.figures()}
	b.report.Knowledge = knowledgeFigures{meaning.figures(), words.figures()}
	b.report.Both, b.report.Scope = together.figures(), latencyOf(scopes)
	return nil
}

// contest are searches that are compared: the same questions, by turns, in a random
// order each time, as who comes first warms the processor's caches. It returns medians
// in milliseconds.
func contest(rounds int, run ...func(n int) (time.Duration, error)) ([]float64, error) {
	took := make([][]time.Duration, len(run))
	r := rand.New(rand.NewPCG(1, uint64(rounds)))  //nolint:gosec // an order
	for n := -max(2, rounds/20); n < rounds; n++ { // the first ones fill caches
		for _, who := range r.Perm(len(run)) {
			d, err := run[who](max(n, 0))
			if err != nil {
				return nil, err
			}
			if n >= 0 {
				took[who] = append(took[who], d)
			}
		}
	}
	out := make([]float64, len(run))
	for i := range took {
		slices.Sort(took[i])
		out[i] = float64(took[i][len(took[i])/2].Nanoseconds()) / 1e6
	}
	return out, nil
}

// gated compares searches of the knowledge where a share of it is public.
func (b *retrievalBench) gated(full *embedded.Index, percent int) error {
	fmt.Fprintf(b.progress, "the gate: %d %% of the knowledge visible\n", percent)
	staff, err := b.gate.Scope(b.ctx, identity.Principal{Kind: identity.Staff, Site: benchSite, Roles: []identity.Role{identity.RoleAgent}}, consent.AgentAssist)
	if err != nil {
		return err
	}
	visitor, err := b.gate.Scope(b.ctx, identity.Principal{Kind: identity.Visitor, Site: benchSite}, consent.Answers)
	if err != nil {
		return err
	}
	space := newDataEmbedder().Space()
	visible := 0
	gated := embedded.New(dataView{b.store, percent, true, &visible}, embedded.Options{Space: space})
	only := embedded.New(dataView{b.store, percent, false, new(int)}, embedded.Options{Space: space})
	for i, x := range []*embedded.Index{gated, only} {
		began := time.Now()
		if err := x.Load(b.ctx, benchSite); err != nil {
			return err
		}
		if i == 0 {
			b.report.Restart.BuildMS = max(b.report.Restart.BuildMS, since(began))
		}
	}
	search := func(x *embedded.Index, scope consent.Scope) func(int) (time.Duration, error) {
		return func(n int) (time.Duration, error) { return b.bare(x, scope, n) }
	}
	ms, err := contest(b.queries, search(gated, visitor), search(only, visitor), search(full, visitor))
	if err != nil {
		return err
	}
	// Apart, as this one would leave the same index in the processor's cache.
	more, err := contest(max(1, b.queries/4), search(gated, staff))
	if err != nil {
		return err
	}
	f := gateFigures{visible, ms[0], ms[1], ms[2], more[0], ms[0] / ms[1], ms[0] / ms[2]}
	b.report.Gate[strconv.Itoa(percent)] = f
	b.report.GateWorst = max(b.report.GateWorst, f.Ratio, f.ToAll)
	return nil
}

// bare is the n-th question to an index, without the texts of what it finds.
func (b *retrievalBench) bare(x *embedded.Index, scope consent.Scope, n int) (time.Duration, error) {
	text := textsOf(fmt.Sprint("contest ", n)).question()
	q := retrieval.Analyze(text, "en")
	v, err := newDataEmbedder().Embed(b.ctx, retrieval.QueryText, []string{text})
	if err != nil {
		return 0, err
	}
	q.Vector, q.Space = v[0], newDataEmbedder().Space()
	began := time.Now()
	_, err = x.Search(b.ctx, scope, q, searchLimit)
	return time.Since(began), err
}

// gatedPersonal compares customers who granted a share of a large partition with those
// who have no more than that. At 100 % it compares a customer with themself, which
// shows how far a ratio is off by chance.
func (b *retrievalBench) gatedPersonal() error {
	x := embedded.New(b.store, embedded.Options{Space: newDataEmbedder().Space(), CacheBytes: 1 << 30})
	defer x.Close()
	for _, s := range shares {
		fmt.Fprintf(b.progress, "the gate: %d %% of a partition granted\n", s.percent)
		var runs []func(int) (time.Duration, error)
		var scopes []consent.Scope
		for _, has := range []int{100, s.percent} {
			id, ok, err := b.store.FindCustomer(b.ctx, partitionSite, partitionSub(has, s.percent))
			if err != nil || !ok {
				return errors.Join(errors.New("a customer of the benchmark is missing: make the data again"), err)
			}
			scope, err := b.gate.Scope(b.ctx, identity.Principal{Kind: identity.Customer, Site: partitionSite, Customer: id}, consent.Answers)
			if err != nil {
				return err
			}
			scopes = append(scopes, scope)
			runs = append(runs, func(n int) (time.Duration, error) { return b.bare(x, scope, n) })
		}
		warm, err := contest(b.queries, runs...)
		if err != nil {
			return err
		}
		for i, scope := range scopes {
			runs[i] = func(n int) (time.Duration, error) {
				x.Forget(scope.Customer())
				return b.bare(x, scope, n)
			}
		}
		cold, err := contest(max(min(b.queries, 50), b.queries/10), runs...)
		if err != nil {
			return err
		}
		f := partitionFigures{b.sizes.Own * s.percent / 100, warm[0], warm[1], cold[0], cold[1], warm[0] / warm[1], cold[0] / cold[1]}
		b.report.GatePersonal[strconv.Itoa(s.percent)] = f
		b.report.GateWorst = max(b.report.GateWorst, f.WarmRatio, f.ColdRatio)
	}
	return nil
}
