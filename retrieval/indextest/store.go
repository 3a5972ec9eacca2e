package indextest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// Store is a retrieval.VersionedStore in memory that behaves as the real one
// does: it returns what the scope permits and counts versions. A record must
// keep its site and customer while it is there. The suite breaks the store on
// purpose, see Leaky.
type Store struct {
	mu        sync.Mutex
	version   int64
	knowledge map[string]versioned
	records   map[string]retrieval.Record
	sealed    map[string][]retrieval.Stored
	own       map[identity.CustomerID]int64
	outside   map[string]*outside
	home      string // see HomeOutside
	alone     sync.Mutex

	// Holds says whether a stamp does; nil: all do.
	Holds func(consent.Stamp) error
	// Leaky makes Passages and Texts forget their filter, to show that the index
	// and the searcher do not rely on it.
	Leaky bool
	// Fail is returned by every method, if it is set.
	Fail error
	// Reads counts the calls of Passages.
	Reads int
	// Embedder gives records their vectors as they are put; nil: they have none.
	Embedder retrieval.Embedder
}

type versioned struct {
	record  retrieval.Record
	version int64
	removed bool
}

var (
	_ retrieval.VersionedStore = (*Store)(nil)
	_ retrieval.DatedStore     = (*Store)(nil)
)

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{
		knowledge: make(map[string]versioned),
		records:   make(map[string]retrieval.Record),
		sealed:    make(map[string][]retrieval.Stored),
		own:       make(map[identity.CustomerID]int64),
		outside:   make(map[string]*outside),
	}
}

// Put adds records, or replaces those of the same id.
func (s *Store) Put(records ...retrieval.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		if r.Customer == "" {
			s.version++
			s.knowledge[r.ID] = versioned{record: r, version: s.version}
			continue
		}
		if old, ok := s.records[r.ID]; ok {
			s.leave(old.Site, old.Customer, old.Category)
		}
		s.records[r.ID] = r
		s.sealed[r.ID] = s.seal(r)
		s.own[r.Customer]++
	}
}

// Remove removes the record of an id.
func (s *Store) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.knowledge[id]; ok {
		s.version++
		v.removed, v.version = true, s.version
		s.knowledge[id] = v
	}
	if r, ok := s.records[id]; ok {
		s.own[r.Customer]++
		s.leave(r.Site, r.Customer, r.Category)
		delete(s.records, id)
		delete(s.sealed, id)
	}
}

// Records returns everything that is in the store, by id.
func (s *Store) Records() []retrieval.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []retrieval.Record
	for _, v := range s.knowledge {
		if !v.removed {
			out = append(out, v.record)
		}
	}
	for _, r := range s.records {
		out = append(out, r)
	}
	slices.SortFunc(out, byID)
	return out
}

func byID(a, b retrieval.Record) int {
	switch {
	case a.ID < b.ID:
		return -1
	case a.ID > b.ID:
		return 1
	}
	return 0
}

// KnowledgeVersion implements retrieval.Store.
func (s *Store) KnowledgeVersion(context.Context, identity.SiteID) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version, s.Fail
}

// Knowledge implements retrieval.Store.
func (s *Store) Knowledge(_ context.Context, site identity.SiteID, since int64, space retrieval.Space, changed func(retrieval.Record, []byte) error, removed func(id string) error) error {
	s.mu.Lock()
	var list []versioned
	for _, v := range s.knowledge {
		if v.record.Site == site && v.version > since {
			list = append(list, v)
		}
	}
	err := s.Fail
	s.mu.Unlock()
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b versioned) int { return byID(a.record, b.record) })
	for _, v := range list {
		if v.removed {
			err = removed(v.record.ID)
		} else {
			err = changed(v.record, s.sealedVectors(v.record, space))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Articles implements retrieval.DatedStore.
func (s *Store) Articles(_ context.Context, site identity.SiteID, version int64) (map[string]time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]time.Time)
	for id, v := range s.knowledge {
		if v.record.Site == site && v.version <= version && !v.removed {
			out[id] = v.record.CollectedAt
		}
	}
	return out, s.Fail
}

// PassagesVersion implements retrieval.VersionedStore.
func (s *Store) PassagesVersion(_ context.Context, scope consent.Scope) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own[scope.Customer()], s.Fail
}

// Passages implements retrieval.Store.
func (s *Store) Passages(_ context.Context, scope consent.Scope) ([]retrieval.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Reads++
	var list []retrieval.Record
	for _, r := range s.records {
		if r.Customer == scope.Customer() && (s.Leaky || retrieval.Permitted(scope, r)) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, byID)
	var out []retrieval.Stored
	for _, r := range list {
		out = append(out, s.sealed[r.ID]...)
	}
	return out, s.Fail
}

// Texts implements retrieval.Store.
func (s *Store) Texts(_ context.Context, scope consent.Scope, ids []string) ([]retrieval.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []retrieval.Record
	for _, id := range ids {
		r, ok := s.records[id]
		if v, known := s.knowledge[id]; known && !v.removed {
			r, ok = v.record, true
		}
		if ok && (s.Leaky || retrieval.Permitted(scope, r)) {
			out = append(out, r)
		}
	}
	return out, s.Fail
}

// ledger is a consent.Ledger in memory. Its clock is set by the test.
type ledger struct {
	mu     sync.Mutex
	now    time.Time
	epochs map[identity.CustomerID]int64
	events map[identity.CustomerID][]consent.Event
}

var _ consent.Ledger = (*ledger)(nil)

// policy is the one in force.
var policy = consent.DefaultPolicy()

func newLedger() *ledger {
	return &ledger{
		now:    time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		epochs: make(map[identity.CustomerID]int64),
		events: make(map[identity.CustomerID][]consent.Event),
	}
}

func (l *ledger) snapshot(customer identity.CustomerID) consent.Snapshot {
	s := consent.Snapshot{Epoch: l.epochs[customer], Now: l.now, PolicyVersion: policy.Version, Latest: make(map[consent.Key]consent.Event)}
	for _, e := range l.events[customer] {
		s.Latest[e.Key()] = e
	}
	return s
}

func (l *ledger) Append(_ context.Context, customer identity.CustomerID, decide func(consent.Snapshot) (consent.Entry, error)) (consent.Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry, err := decide(l.snapshot(customer))
	if err != nil {
		return consent.Snapshot{}, err
	}
	if len(entry.Events) > 0 {
		l.epochs[customer]++
		l.events[customer] = append(l.events[customer], entry.Events...)
	}
	return l.snapshot(customer), nil
}

func (l *ledger) Snapshot(_ context.Context, customer identity.CustomerID) (consent.Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.snapshot(customer), nil
}

func (l *ledger) History(_ context.Context, customer identity.CustomerID) ([]consent.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events[customer]), nil
}

// holds reports whether a stamp is of this moment, as a commit does.
func (l *ledger) holds(p consent.Stamp) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.Customer != "" && (p.Epoch != l.epochs[p.Customer] || !p.ValidUntil.IsZero() && !l.now.Before(p.ValidUntil)) {
		return consent.ErrStale
	}
	return nil
}

func (l *ledger) PolicyText(context.Context, string) ([]byte, error) { return policy.Text(), nil }

func (l *ledger) Policies(context.Context) ([]consent.PolicyVersion, error) {
	return []consent.PolicyVersion{{Version: policy.Version, Text: policy.Text()}}, nil
}

// Due is not part of what is tested here.
func (l *ledger) Due(context.Context, int) ([]identity.CustomerID, error) {
	return nil, errors.ErrUnsupported
}

// NewGated is NewStore and NewGate, where the store knows which scopes hold.
func NewGated() (*Store, *consent.Gate) {
	l, s := newLedger(), NewStore()
	s.Holds = l.holds
	return s, consent.NewGate(l, consent.DefaultPolicy())
}

// NewGate returns a gate over the default policy and an empty ledger in memory,
// for tests that need a scope: make choices with Gate.Change, as a customer does.
func NewGate() *consent.Gate { return consent.NewGate(newLedger(), consent.DefaultPolicy()) }
