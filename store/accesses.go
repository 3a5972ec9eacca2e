package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"candor/consent"
	"candor/identity"
)

var _ consent.AccessLog = (*Store)(nil)

// sameAccess is for how long the same look is one.
const sameAccess = time.Hour

// accessWriters bounds the customers of one call that are written at once.
const accessWriters = 8

func accessPlace(id string) string { return "access/" + id }

// seen is an access that is to be recorded.
type seen struct {
	consent.Access
	id         string
	categories string // JSON
	records    []byte // JSON
}

// newSeen gives an access its id, which is that of the same look within the hour.
func (s *Store) newSeen(a consent.Access, now time.Time) (seen, error) {
	a.Categories = slices.Clone(a.Categories)
	slices.Sort(a.Categories)
	a.Categories = slices.Compact(a.Categories)
	a.Records = slices.Clone(a.Records)
	slices.SortFunc(a.Records, func(x, y consent.AccessedRecord) int { return strings.Compare(x.ID, y.ID) })
	categories, err := json.Marshal(append([]consent.Category{}, a.Categories...))
	if err != nil {
		return seen{}, err
	}
	records, err := json.Marshal(append([]consent.AccessedRecord{}, a.Records...))
	if err != nil {
		return seen{}, err
	}
	id := "acc_" + s.keys.Hash("access", string(a.Customer), a.Actor, string(a.Recipient), string(a.Kind), a.Conversation, a.Answer, string(a.Purpose),
		a.Reason, string(categories), string(records), now.Truncate(sameAccess).Format(time.RFC3339))[:32]
	return seen{a, id, string(categories), records}, nil
}

// Accessed records who sees what. Looks that are recorded already cost a read or two;
// of the others those of one customer share a transaction.
func (s *Store) Accessed(ctx context.Context, looks ...consent.Access) error {
	if len(looks) == 0 {
		return nil
	}
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	all := make(map[string]seen, len(looks))
	for _, a := range looks {
		l, err := s.newSeen(a, now)
		if err != nil {
			return err
		}
		all[l.id] = l
	}
	ids := make([]string, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}
	known, err := collect(ctx, s.reads, scanString, "SELECT id FROM accesses WHERE id IN ("+marks(len(ids))+")", anys(ids)...)
	if err != nil {
		return err
	}
	for _, id := range known {
		// SECURITY: the same look was allowed within the hour; whether this one is
		// depends on what holds now.
		if l := all[id]; l.Stamp != nil {
			row := func(query string, args ...any) row { return s.reads.QueryRowContext(ctx, query, args...) }
			if err := holds(row, l.Customer, *l.Stamp); err != nil {
				return err
			}
		}
		delete(all, id)
	}
	fresh := make(map[identity.CustomerID][]seen)
	for _, l := range all {
		fresh[l.Customer] = append(fresh[l.Customer], l)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(accessWriters)
	for customer, looks := range fresh {
		group.Go(func() error { return s.addLooks(ctx, customer, looks) })
	}
	return group.Wait()
}

// addLooks records looks at one customer's data.
func (s *Store) addLooks(ctx context.Context, customer identity.CustomerID, looks []seen) error {
	key, err := s.keys.For(ctx, customer)
	if errors.Is(err, ErrKeyDestroyed) {
		return consent.ErrUnknownCustomer
	}
	if err != nil {
		return err
	}
	sealed := make([][]byte, len(looks))
	for i, l := range looks {
		if sealed[i], err = key.Seal(accessPlace(l.id), l.records); err != nil {
			return err
		}
	}
	return s.writeFor(ctx, customer, func(tx *Tx) error {
		for i, l := range looks {
			// SECURITY: in the transaction that records it: what was withdrawn since is
			// neither shown nor said to have been.
			if l.Stamp != nil {
				if err := tx.checkStamp(*l.Stamp); err != nil {
					return err
				}
			}
			_, err := tx.exec(`INSERT INTO accesses (id, at, site, customer, actor, recipient, kind, conversation, answer, purpose, reason, categories, sealed)
				VALUES (?, ?, (SELECT site FROM customers WHERE id = ?), `+marks(10)+`) ON CONFLICT (id) DO NOTHING`,
				l.id, micros(tx.Now), customer, customer, l.Actor, l.Recipient, l.Kind, l.Conversation, l.Answer, l.Purpose, l.Reason, l.categories, sealed[i])
			if err != nil {
				return err
			}
		}
		return nil
	})
}
