package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/store"
)

// retrievalSizes are those of the data of `bench retrieval`.
type retrievalSizes struct {
	Knowledge int `json:"knowledge"`                     // articles of one passage each
	Customers int `json:"customers"`                     // who have records
	Passages  int `json:"passages_per_customer"`         // records of one passage each
	Granted   int `json:"customers_who_granted"`         // so many of the customers
	Own       int `json:"passages_of_a_large_partition"` // of the customers at partitionSite
}

// dataMark is the file in a data folder that says what is in it, once all is.
const dataMark = "bench-retrieval.json"

// dataMade is what it holds.
type dataMade struct {
	retrievalSizes
	// Schema is the version of the database: another one may index anew.
	Schema int64 `json:"schema"`
}

// partitionSite has no knowledge: a search there is one of a customer's own passages
// and of nothing else.
const partitionSite identity.SiteID = "bench-partitions"

// granted are the categories of the customers' records, and what customers grant.
var granted = []consent.Category{"orders", "billing", "support_history", "preferences", "profile"}

// shares are the selectivities that are measured, in percent. The passages of a
// customer at partitionSite are of these categories, so that the first one, two and
// so on are those shares.
var shares = []struct {
	percent  int
	category consent.Category
}{{1, "profile"}, {10, "billing"}, {50, "support_history"}, {100, "orders"}}

// The made-up language of the data: words by Zipf's law, about topics that have
// words of their own, and vectors that lie around their topic's.
const (
	dataWords     = 50_000
	dataTopics    = 500
	dataDimension = 384
)

// dataWord is the i-th word, of three syllables.
func dataWord(i int) string {
	const consonants, vowels = "bdfghklmnprstvz", "aeiou"
	const syllables = len(consonants) * len(vowels)
	var b []byte
	for range 3 {
		s := i % syllables
		b = append(b, consonants[s/len(vowels)], vowels[s%len(vowels)])
		i /= syllables
	}
	return string(b)
}

// dataTexts makes texts from one source of random numbers.
type dataTexts struct {
	r    *rand.Rand
	zipf *rand.Zipf
}

// textsOf makes the texts of a thing, the same every time.
func textsOf(name string) dataTexts {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)              // a hash does not fail
	r := rand.New(rand.NewPCG(h.Sum64(), 2026)) //nolint:gosec // data of a benchmark
	return dataTexts{r, rand.NewZipf(r, 1.1, 20, dataWords-1)}
}

// words are n words of a topic: each third is the topic's own.
func (d dataTexts) words(topic, n int) []string {
	out := make([]string, n)
	for i := range out {
		w := int(d.zipf.Uint64())
		if d.r.IntN(3) == 0 {
			w = (w + (topic+1)*dataWords/(dataTopics+1)) % dataWords
		}
		out[i] = dataWord(w)
	}
	return out
}

// title starts with a word that says which topic it is.
func (d dataTexts) title(topic int) string {
	return dataWord(topic) + " " + strings.Join(d.words(topic, 2), " ")
}

// text is n words in sentences of twelve.
func (d dataTexts) text(topic, n int) string {
	var b strings.Builder
	for i, w := range d.words(topic, n) {
		switch {
		case i == 0:
		case i%12 == 0:
			b.WriteString(". ")
		default:
			b.WriteByte(' ')
		}
		if i%12 == 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		b.WriteString(w)
	}
	b.WriteByte('.')
	return b.String()
}

// question asks about the topic: its word and five others.
func (d dataTexts) question() string {
	topic := d.r.IntN(dataTopics)
	return dataWord(topic) + " " + strings.Join(d.words(topic, 5), " ")
}

// dataEmbedder is an Embedder that takes no time to speak of: a text's vector lies
// around that of the topic which its first word says.
type dataEmbedder struct{ topics [dataTopics][]float32 }

var newDataEmbedder = sync.OnceValue(func() *dataEmbedder {
	e := &dataEmbedder{}
	for t := range e.topics {
		e.topics[t] = direction(rand.New(rand.NewPCG(uint64(t), 384))) //nolint:gosec // data of a benchmark
	}
	return e
})

// direction is a random one, of length 1 or about.
func direction(r *rand.Rand) []float32 {
	v := make([]float32, dataDimension)
	for i := range v {
		v[i] = float32(r.NormFloat64()) / 19.6 // the root of the dimension
	}
	return v
}

func (*dataEmbedder) Space() retrieval.Space {
	return retrieval.Space{Model: "bench", Version: "1", Dimension: dataDimension, Quantisation: retrieval.Int8}
}

func (*dataEmbedder) Recipient() consent.Recipient { return consent.BrandAI }

func (e *dataEmbedder) Embed(_ context.Context, _ retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	out := make([]retrieval.Vector, len(texts))
	for i, text := range texts {
		h := fnv.New64a()
		_, _ = io.WriteString(h, text)
		v := direction(rand.New(rand.NewPCG(h.Sum64(), 384))) //nolint:gosec // data of a benchmark
		word, _, _ := strings.Cut(text, " ")
		for j, x := range e.topics[topicOf(word)] {
			v[j] += x
		}
		out[i] = retrieval.Quantise(v)
	}
	return out, nil
}

// topicOf is the topic whose word it is.
func topicOf(word string) int {
	i, ok := dataTopicWords()[word]
	if !ok {
		return 0
	}
	return i
}

var dataTopicWords = sync.OnceValue(func() map[string]int {
	out := make(map[string]int, dataTopics)
	for t := range dataTopics {
		out[dataWord(t)] = t
	}
	return out
})

// partitionSub is who has so many passages in all at partitionSite and grants so
// many of them, both in percent of a large partition.
func partitionSub(has, grants int) string { return fmt.Sprintf("has-%d-grants-%d", has, grants) }

// makeData fills an empty data folder, or finds that it is full.
func makeData(ctx context.Context, c Config, sizes retrievalSizes, progress io.Writer) error {
	mark := filepath.Join(c.DataDir, dataMark)
	migrations, err := store.DataSchema.Status(ctx, c.databaseURL())
	if err != nil {
		return err
	}
	made := dataMade{sizes, migrations[len(migrations)-1].Version}
	switch b, err := os.ReadFile(mark); {
	case err == nil:
		var has dataMade
		if err := json.Unmarshal(b, &has); err != nil || has != made {
			return fmt.Errorf("%s holds a benchmark of other sizes, or of another version of this program: name another folder, or remove this one", c.DataDir)
		}
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if files, err := os.ReadDir(c.DataDir); err == nil && len(files) > 0 {
		return fmt.Errorf("%s holds something else than a benchmark that was made to its end: name another folder, or remove this one", c.DataDir)
	}
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	m := maker{ctx: ctx, store: s, sizes: sizes, progress: progress, gate: consent.NewGate(s, consent.DefaultPolicy())}
	err = m.make(filepath.Join(c.DataDir, "index"))
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	b, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return os.WriteFile(mark, b, 0o600)
}

// maker fills a store.
type maker struct {
	ctx      context.Context
	store    *store.Store
	gate     *consent.Gate
	sizes    retrievalSizes
	progress io.Writer
}

func (m *maker) make(indexDir string) error {
	e := newDataEmbedder()
	if err := m.store.InstallPolicy(m.ctx, consent.DefaultPolicy()); err != nil {
		return err
	}
	for _, id := range []identity.SiteID{benchSite, partitionSite} {
		if err := m.store.AddSite(m.ctx, identity.Site{ID: id, Name: string(id), Secret: []byte("bench")}, identity.NewSecret("sk")); err != nil {
			return err
		}
	}
	if err := m.store.SetSpace(m.ctx, e.Space()); err != nil {
		return err
	}
	if err := m.knowledge(); err != nil {
		return err
	}
	fmt.Fprintf(m.progress, "making %d customers with %d records\n", m.sizes.Customers, m.sizes.Customers*m.sizes.Passages)
	if err := m.all(m.sizes.Customers, m.customer); err != nil {
		return err
	}
	fmt.Fprintf(m.progress, "asking what %d customers granted\n", m.sizes.Granted)
	index := embedded.New(withoutKnowledge(m.store), embedded.Options{Space: e.Space(), CacheBytes: 1})
	searcher := retrieval.NewSearcher(index, m.store).ByMeaning(e, m.store)
	if err := m.all(m.sizes.Granted, func(i int) error { return m.grants(searcher, benchSite, customerSub(i), granted) }); err != nil {
		return err
	}
	if err := m.partitions(searcher); err != nil {
		return err
	}
	// As an assistant leaves it when it stops.
	full := embedded.New(m.store, embedded.Options{Space: e.Space(), Dir: indexDir})
	err := full.Load(m.ctx, benchSite)
	full.Close()
	return err
}

// knowledge makes the articles of benchSite, all public, with their vectors.
func (m *maker) knowledge() error {
	fmt.Fprintf(m.progress, "making %d articles\n", m.sizes.Knowledge)
	const batch = 1000
	for from := 0; from < m.sizes.Knowledge; from += batch {
		var articles []retrieval.Record
		for i := from; i < min(from+batch, m.sizes.Knowledge); i++ {
			id := fmt.Sprintf("a%06d", i)
			d := textsOf(id)
			topic := d.r.IntN(dataTopics)
			articles = append(articles, retrieval.Record{
				ID: id, Site: benchSite, Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge,
				Title: d.title(topic), Text: d.text(topic, 100+d.r.IntN(40)), Language: "en",
			})
		}
		if err := m.store.PutKnowledge(m.ctx, benchSite, articles); err != nil {
			return err
		}
	}
	k := retrieval.Keeper{Store: m.store, Embedder: newDataEmbedder(), Workers: 8 * runtime.GOMAXPROCS(0)}
	return k.Fill(m.ctx, func(int) {})
}

func customerSub(i int) string { return fmt.Sprintf("c%06d", i) }

// customer makes a customer of benchSite with their records.
func (m *maker) customer(i int) error {
	sub := customerSub(i)
	id, err := m.store.Customer(m.ctx, benchSite, sub)
	if err != nil {
		return err
	}
	for n := range m.sizes.Passages {
		if err := m.store.PutRecord(m.ctx, ownRecord(benchSite, id, sub, n, granted[n%len(granted)])); err != nil {
			return err
		}
	}
	return nil
}

// ownRecord is a customer's n-th record.
func ownRecord(site identity.SiteID, id identity.CustomerID, sub string, n int, category consent.Category) retrieval.Record {
	record := fmt.Sprintf("%s-%d", sub, n)
	d := textsOf(record)
	topic := d.r.IntN(dataTopics)
	return retrieval.Record{
		ID: record, Site: site, Customer: id, Category: category,
		Title: d.title(topic), Text: d.text(topic, 20+d.r.IntN(10)), Language: "en",
		CollectedAt: time.Date(2026, 1, 1, 0, n, 0, 0, time.UTC),
	}
}

// grants lets a customer grant categories and ask until all is indexed and embedded.
func (m *maker) grants(searcher *retrieval.Searcher, site identity.SiteID, sub string, categories []consent.Category) error {
	id, err := m.store.Customer(m.ctx, site, sub)
	if err != nil {
		return err
	}
	who := identity.Principal{Kind: identity.Customer, Site: site, Customer: id}
	if err := choose(m.ctx, m.gate, who, categories, true); err != nil {
		return err
	}
	scope, err := m.gate.Scope(m.ctx, who, consent.Answers)
	if err != nil {
		return err
	}
	for {
		if _, err := searcher.Search(m.ctx, scope, retrieval.Analyze(dataWord(0), "en"), 1); err != nil {
			return err
		}
		left, err := m.store.UnembeddedOwn(m.ctx, scope, categories, newDataEmbedder().Space(), 1)
		if err != nil || len(left) == 0 {
			return err
		}
	}
}

// choose makes a customer's choices about their answers.
func choose(ctx context.Context, gate *consent.Gate, who identity.Principal, categories []consent.Category, grant bool) error {
	set := consent.ChangeSet{Language: "en", Channel: "widget"}
	for _, c := range categories {
		set.Changes = append(set.Changes, consent.Change{
			Triple: consent.Triple{Purpose: consent.Answers, Category: c, Recipient: consent.BrandAI}, Granted: grant,
		})
	}
	_, err := gate.Change(ctx, who, set)
	return err
}

// partitions makes the customers of partitionSite: for each share one who grants that
// share of a large partition, and one who has no more than that.
func (m *maker) partitions(searcher *retrieval.Searcher) error {
	type customer struct{ has, grants int }
	var all []customer
	for _, s := range shares {
		all = append(all, customer{100, s.percent})
		if s.percent < 100 {
			all = append(all, customer{s.percent, s.percent})
		}
	}
	return m.all(len(all), func(i int) error {
		x := all[i]
		sub := partitionSub(x.has, x.grants)
		id, err := m.store.Customer(m.ctx, partitionSite, sub)
		if err != nil {
			return err
		}
		n := 0
		var categories []consent.Category
		for _, s := range shares {
			for ; s.percent <= x.has && n < m.sizes.Own*s.percent/100; n++ {
				if err := m.store.PutRecord(m.ctx, ownRecord(partitionSite, id, sub, n, s.category)); err != nil {
					return err
				}
			}
			if s.percent <= x.grants {
				categories = append(categories, s.category)
			}
		}
		return m.grants(searcher, partitionSite, sub, categories)
	})
}

// all calls work for each of n, many at a time: writes share commits.
func (m *maker) all(n int, work func(i int) error) error {
	const workers = 64
	var group sync.WaitGroup
	var next atomic.Int64
	failed := make([]error, workers)
	began, last := time.Now(), time.Now()
	for w := range workers {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || m.ctx.Err() != nil || failed[w] != nil {
					return
				}
				if failed[w] = work(i); failed[w] != nil {
					next.Store(int64(n)) // the others stop too
				}
				if w == 0 && time.Since(last) > 10*time.Second {
					last = time.Now()
					left := time.Since(began) * time.Duration(n-i) / time.Duration(i+1)
					fmt.Fprintf(m.progress, "  %d of %d, %s left\n", i, n, left.Round(time.Second))
				}
			}
		})
	}
	group.Wait()
	return errors.Join(append(failed, m.ctx.Err())...)
}

// dataView is the store with other knowledge at benchSite: the same articles, of
// which a share is public, and the rest internal or not there.
type dataView struct {
	*store.Store
	percent int  // of public articles
	rest    bool // the others are internal
	visible *int // counts the public ones as they are read
}

var _ retrieval.VersionedStore = dataView{}

func withoutKnowledge(s *store.Store) dataView { return dataView{Store: s} }

// Knowledge is the store's, seen this way.
func (v dataView) Knowledge(ctx context.Context, site identity.SiteID, since int64, space retrieval.Space, changed func(retrieval.Record, []byte) error, removed func(string) error) error {
	if v.percent == 0 && !v.rest {
		return nil
	}
	return v.Store.Knowledge(ctx, site, since, space, func(r retrieval.Record, vectors []byte) error {
		h := fnv.New32a()
		_, _ = io.WriteString(h, r.ID)
		if int(h.Sum32()%100) >= v.percent {
			if !v.rest {
				return nil
			}
			r.Visibility = retrieval.InternalKnowledge
		} else {
			*v.visible++
		}
		return changed(r, vectors)
	}, removed)
}

// sample returns n of the customers who granted, in a random order, the same every
// time.
func (z retrievalSizes) sample(n int) []int {
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // data of a benchmark
	return r.Perm(z.Granted)[:min(n, z.Granted)]
}
