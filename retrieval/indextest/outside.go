package indextest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

var _ retrieval.OutsideStore = (*Store)(nil)

// outside is what an index on another server may hold of a tenant in a category.
type outside struct {
	entered, before int64
	writers         int
}

// HashKey implements retrieval.OutsideStore.
func (s *Store) HashKey() []byte { return []byte("a key for tests of 32 bytes, more ") }

// Tenant implements retrieval.OutsideStore.
func (s *Store) Tenant(site identity.SiteID, customer identity.CustomerID) string {
	sum := sha256.Sum256([]byte("tenant\x00" + string(site) + "\x00" + string(customer)))
	return hex.EncodeToString(sum[:])
}

// RecordIDs implements retrieval.OutsideStore.
func (s *Store) RecordIDs(_ context.Context, scope consent.Scope) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for id, r := range s.records {
		if s.Leaky || retrieval.Permitted(scope, r) {
			ids = append(ids, id)
		}
	}
	return ids, s.Fail
}

// Alone implements retrieval.OutsideStore.
func (s *Store) Alone(ctx context.Context, _ string, work func(context.Context) error) error {
	s.alone.Lock()
	defer s.alone.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return work(ctx)
}

// HomeOutside implements retrieval.OutsideStore.
func (s *Store) HomeOutside(context.Context) (string, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.home, len(s.outside) > 0, s.Fail
}

// MoveOutside implements retrieval.OutsideStore.
func (s *Store) MoveOutside(_ context.Context, from, to string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.home == from {
		s.home = to
	}
	return s.home, s.Fail
}

// EnterOutside implements retrieval.OutsideStore.
func (s *Store) EnterOutside(_ context.Context, scope consent.Scope, categories []consent.Category, _ time.Duration) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.holds(scope); err != nil {
		return 0, err
	}
	version := s.own[scope.Customer()]
	for _, c := range categories {
		key := s.outsideKey(scope.Site(), scope.Customer(), c)
		if s.outside[key] == nil {
			s.outside[key] = &outside{}
		}
		s.outside[key].entered = max(s.outside[key].entered, version)
		s.outside[key].writers++
	}
	return version, nil
}

// LeaveOutside implements retrieval.OutsideStore.
func (s *Store) LeaveOutside(_ context.Context, scope consent.Scope, categories []consent.Category) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range categories {
		if o := s.outside[s.outsideKey(scope.Site(), scope.Customer(), c)]; o != nil {
			o.writers--
		}
	}
	err := s.holds(scope)
	if err != nil {
		s.leave(scope.Site(), scope.Customer(), categories...)
	}
	return err
}

func (s *Store) holds(scope consent.Scope) error {
	if s.Fail != nil || s.Holds == nil {
		return s.Fail
	}
	return s.Holds(scope.Stamp())
}

func (s *Store) outsideKey(site identity.SiteID, customer identity.CustomerID, c consent.Category) string {
	return s.Tenant(site, customer) + "/" + string(c)
}

// leave notes that what is outside of a customer's has to go.
func (s *Store) leave(site identity.SiteID, customer identity.CustomerID, categories ...consent.Category) {
	for _, c := range categories {
		if o := s.outside[s.outsideKey(site, customer, c)]; o != nil && o.before <= o.entered {
			s.own[customer]++
			o.before = s.own[customer]
		}
	}
}

// Withdraw does what the store does when the last grant of categories ends.
func (s *Store) Withdraw(site identity.SiteID, customer identity.CustomerID, categories ...consent.Category) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(site, customer, categories...)
}

// Erase removes a customer, as an erasure does.
func (s *Store) Erase(site identity.SiteID, customer identity.CustomerID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.records {
		if r.Customer == customer {
			delete(s.records, id)
			delete(s.sealed, id)
		}
	}
	s.own[customer]++
	for key, o := range s.outside {
		if strings.HasPrefix(key, s.Tenant(site, customer)+"/") {
			o.before = math.MaxInt64
		}
	}
}

// DueOutside implements retrieval.OutsideStore.
func (s *Store) DueOutside(_ context.Context, limit int) ([]retrieval.Outside, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []retrieval.Outside
	for key, o := range s.outside {
		tenant, category, _ := strings.Cut(key, "/")
		if o.before > 0 && len(out) < limit {
			out = append(out, retrieval.Outside{Tenant: tenant, Category: consent.Category(category), Before: o.before, Entered: o.entered, Writing: o.writers > 0})
		}
	}
	slices.SortFunc(out, func(a, b retrieval.Outside) int {
		return strings.Compare(a.Tenant+string(a.Category), b.Tenant+string(b.Category))
	})
	return out, s.Fail
}

// RemovedOutside implements retrieval.OutsideStore.
func (s *Store) RemovedOutside(_ context.Context, r retrieval.Outside) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Tenant + "/" + string(r.Category)
	o := s.outside[key]
	if o == nil || o.before != r.Before || o.entered != r.Entered || r.Writing || o.writers > 0 {
		return false, s.Fail
	}
	if o.before = 0; r.Entered < r.Before {
		delete(s.outside, key)
	}
	return true, s.Fail
}
