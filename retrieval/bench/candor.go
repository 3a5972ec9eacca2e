package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
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

const shop identity.SiteID = "shop"

// candor is the product as it runs by itself: retrieval/embedded over a SQLite database
// where every record is sealed, and scopes that a gate mints over what customers
// granted.
type candor struct {
	store  *store.Store
	gate   *consent.Gate
	index  *embedded.Index
	own    *embedded.Index // the same without knowledge, for questions to own passages
	ids    map[int]identity.CustomerID
	scopes map[int]consent.Scope
	public consent.Scope
}

// candorEngine is Candor, with a customer's passages in memory or not.
type candorEngine struct {
	*candor
	cold bool
}

var _ forgetful = candorEngine{}

// newCandor makes the database. The asked are the customers who grant the allowed
// categories and have asked before; of the others there are sealed records.
func newCandor(ctx context.Context, z sizes, asked []int, dir string, say func(string)) ([]engine, error) {
	var key store.MasterKey
	_, _ = rand.Read(key[:]) // it does not fail
	keys, err := store.OpenKeyring(ctx, "sqlite:"+filepath.Join(dir, "keys.db"), key)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "candor.db"), keys)
	if err != nil {
		return nil, errors.Join(err, keys.Close())
	}
	c := &candor{
		store: s, gate: consent.NewGate(s, consent.DefaultPolicy()),
		index: embedded.New(s, embedded.Options{Space: embedder{}.Space()}),
		own:   embedded.New(noKnowledge{s}, embedded.Options{Space: embedder{}.Space()}),
		ids:   make(map[int]identity.CustomerID), scopes: make(map[int]consent.Scope),
	}
	if err := c.fill(ctx, z, asked, say); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return []engine{candorEngine{c, true}, candorEngine{c, false}}, nil
}

// noKnowledge is the store without its knowledge.
type noKnowledge struct{ *store.Store }

var _ retrieval.VersionedStore = noKnowledge{}

func (noKnowledge) Knowledge(context.Context, identity.SiteID, int64, retrieval.Space, func(retrieval.Record, []byte) error, func(string) error) error {
	return nil
}

func (c *candor) fill(ctx context.Context, z sizes, asked []int, say func(string)) error {
	if err := c.store.InstallPolicy(ctx, consent.DefaultPolicy()); err != nil {
		return err
	}
	if err := c.store.AddSite(ctx, identity.Site{ID: shop, Name: "shop", Secret: []byte("bench")}, identity.NewSecret("sk")); err != nil {
		return err
	}
	if err := c.store.SetSpace(ctx, embedder{}.Space()); err != nil {
		return err
	}
	const batch = 1000
	err := many((z.knowledge+batch-1)/batch, "Candor, knowledge", say, func(i int) error {
		var records []retrieval.Record
		for n := i * batch; n < min((i+1)*batch, z.knowledge); n++ {
			a := article(n)
			records = append(records, retrieval.Record{
				ID: strconv.Itoa(n), Site: shop, Category: consent.Knowledge, Visibility: retrieval.Visibility(a.visibility()),
				Title: a.title, Text: a.text, Language: "en",
			})
		}
		return c.store.PutKnowledge(ctx, shop, records)
	})
	if err != nil {
		return err
	}
	say("Candor, vectors of the knowledge")
	k := retrieval.Keeper{Store: c.store, Embedder: embedder{}, Workers: 8 * runtime.GOMAXPROCS(0)}
	if err := k.Fill(ctx, func(int) {}); err != nil {
		return err
	}
	var mu sync.Mutex
	err = sideBySide(ctx, z.customers, "Candor, customers", say, func(i int) error {
		id, err := c.store.Customer(ctx, shop, fmt.Sprint("customer ", i))
		if err != nil {
			return err
		}
		mu.Lock()
		c.ids[i] = id
		mu.Unlock()
		for n := range z.passages {
			o := own(i, n)
			err := c.store.PutRecord(ctx, retrieval.Record{
				ID: fmt.Sprintf("%d-%d", i, n), Site: shop, Customer: id, Category: consent.Category(o.category),
				Title: o.title, Text: o.text, Language: "en", CollectedAt: time.Date(2026, 1, 1, 0, n, 0, 0, time.UTC),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	searcher := retrieval.NewSearcher(c.own, c.store).ByMeaning(embedder{}, c.store)
	err = sideBySide(ctx, len(asked), "Candor, grants", say, func(i int) error {
		who := identity.Principal{Kind: identity.Customer, Site: shop, Customer: c.ids[asked[i]]}
		set := consent.ChangeSet{Language: "en", Channel: "widget"}
		for _, category := range allowed {
			set.Changes = append(set.Changes, consent.Change{
				Triple:  consent.Triple{Purpose: consent.Answers, Category: consent.Category(category), Recipient: consent.BrandAI},
				Granted: true,
			})
		}
		if _, err := c.gate.Change(ctx, who, set); err != nil {
			return err
		}
		scope, err := c.gate.Scope(ctx, who, consent.Answers)
		if err != nil {
			return err
		}
		mu.Lock()
		c.scopes[asked[i]] = scope
		mu.Unlock()
		// Questions that index their passages and give them their vectors.
		for range 1 + z.passages/64 {
			if _, err := searcher.Search(ctx, scope, retrieval.Analyze(word(0), "en"), 1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.public, err = c.gate.Scope(ctx, identity.Principal{Kind: identity.Visitor, Site: shop}, consent.Answers)
	if err != nil {
		return err
	}
	say("Candor, index")
	return c.index.Load(ctx, shop)
}

// sideBySide calls work for 0 to n-1, many at a time: writes share commits.
func sideBySide(ctx context.Context, n int, what string, say func(string), work func(i int) error) error {
	const workers = 64
	var group sync.WaitGroup
	var next atomic.Int64
	failed := make([]error, workers)
	for w := range workers {
		group.Go(func() {
			for failed[w] == nil && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				failed[w] = work(i)
				if i > 0 && i%(max(n, 10)/5) == 0 {
					say(fmt.Sprintf("%s: %d of %d", what, i, n))
				}
			}
		})
	}
	group.Wait()
	return errors.Join(append(failed, ctx.Err())...)
}

func (e candorEngine) name() string {
	if e.cold {
		return "Candor, read and opened"
	}
	return "Candor"
}

func (e candorEngine) close() error {
	if !e.cold {
		return nil // the other has the same database
	}
	e.index.Close()
	e.candor.own.Close()
	return e.store.Close()
}

func (e candorEngine) forget(customer int) {
	if e.cold {
		e.candor.own.Forget(e.ids[customer])
	}
}

func (e candorEngine) knowledge(ctx context.Context, text string, vector []float32) ([]found, error) {
	if e.cold {
		return nil, errCannot // the knowledge is always in memory
	}
	matches, err := e.index.Search(ctx, e.public, query(text, vector), limit)
	out := make([]found, len(matches))
	for i, m := range matches {
		n, _ := strconv.Atoi(m.RecordID) // it is one
		out[i] = found(n)
	}
	return out, err
}

func (e candorEngine) own(ctx context.Context, customer int, text string, vector []float32) ([]found, error) {
	matches, err := e.candor.own.Search(ctx, e.scopes[customer], query(text, vector), limit)
	out := make([]found, len(matches))
	for i, m := range matches {
		_, after, _ := strings.Cut(m.RecordID, "-")
		n, _ := strconv.Atoi(after) // it is one
		out[i] = found(n)
	}
	return out, err
}

func query(text string, vector []float32) retrieval.Query {
	q := retrieval.Analyze(text, "en")
	if vector != nil {
		q.Vector, q.Space = retrieval.Quantise(vector), embedder{}.Space()
	}
	return q
}
