package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/identity"
)

// LogCost is what the transparency log costs, measured on one database in one run.
type LogCost struct {
	// Entry is a committed write of an entry with its leaf, Bare one of the same entry
	// without: the median over the turns that the two take.
	Entry, Bare time.Duration
	// Integrate is giving one leaf a place in the tree, of MaxIntegrated at a time.
	Integrate time.Duration
	Leaves    int
}

// MeasureLog measures what the transparency log adds to the committed write of an entry:
// so many writers write entries of the customer's, in turns with their leaves and
// without, each entry of both kinds in a transaction of its own. It is for a database
// that is made for it, since what was written without a leaf is not in the tree.
func (s *Store) MeasureLog(ctx context.Context, customer identity.CustomerID, writers, each, turns int) (out LogCost, err error) {
	var others bool
	err = s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM citation_entries WHERE site <> ?)", benchSite).Scan(&others)
	if err == nil && others {
		err = errors.New("this log is in use: what is measured here would be missing in its tree")
	}
	if err != nil {
		return out, err
	}
	key, err := s.keys.For(ctx, customer)
	if err != nil {
		return out, err
	}
	turn := func(leaf bool) (time.Duration, error) {
		name := identity.NewID("turn")
		var group sync.WaitGroup
		errs := make(chan error, writers)
		began := time.Now()
		for w := range writers {
			group.Go(func() {
				for i := range each {
					e := benchEntry(customer, fmt.Sprintf("%s_%d_%d", name, w, i))
					err := s.writeFor(ctx, customer, func(tx *Tx) error {
						sealed, err := tx.addEntry(key, e)
						if err != nil || !leaf {
							return err
						}
						return tx.addLeaf(e.ID, sealed)
					})
					if err != nil {
						errs <- err
						return
					}
				}
			})
		}
		group.Wait()
		took := time.Since(began)
		close(errs)
		return took, <-errs
	}
	var entry, bare []time.Duration
	type kind struct {
		leaf bool
		took *[]time.Duration
	}
	for i := range turns {
		kinds := []kind{{false, &bare}, {true, &entry}}
		if i%2 == 1 { // neither is always the first on a database that grows
			slices.Reverse(kinds)
		}
		for _, of := range kinds {
			took, err := turn(of.leaf)
			if err != nil {
				return out, err
			}
			*of.took = append(*of.took, took/time.Duration(each))
		}
	}
	out.Entry, out.Bare = median(entry), median(bare)
	began := time.Now()
	for n := MaxIntegrated; n == MaxIntegrated; out.Leaves += n {
		if n, err = s.Transparency().Integrate(ctx); err != nil {
			return out, err
		}
	}
	out.Integrate = time.Since(began) / time.Duration(max(out.Leaves, 1))
	return out, nil
}

func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// benchSite is the site of what is measured.
const benchSite = "bench"

// benchEntry is an entry as an answer of two sentences from three records has it.
func benchEntry(customer identity.CustomerID, id string) citation.Entry {
	const question = "Where is the hammock that I ordered last week, and can I still send it back?"
	e := citation.Entry{
		ID: "cit_" + id, Kind: citation.Closed, AnswerID: "ans_" + id, Attempt: 1, Site: benchSite, Customer: customer, Conversation: "cnv_" + id,
		Purpose: consent.Answers, Recipient: consent.BrandAI, Model: "extractive", Language: "en", Epoch: 3, PolicyVersion: "1", Status: string(answer.Answered),
		Body: []byte(`{"question":"` + question + `","sentences":[{"text":"It was handed to the carrier on Monday.","citations":[]},{"text":"You can send it back within 30 days.","citations":[]}]}`),
	}
	for i, c := range []consent.Category{"orders", "orders", consent.Knowledge} {
		e.Records = append(e.Records, citation.Use{RecordID: fmt.Sprint("rec_", i), Category: c, Recipient: consent.BrandAI, GrantID: "grt_1"})
	}
	for _, c := range []consent.Category{"billing", "browsing", "location"} {
		e.NotSearched = append(e.NotSearched, citation.NotSearched{Category: c, Reason: consent.NoConsent})
	}
	e.Words = citation.Words(question, "It was handed to the carrier on Monday. You can send it back within 30 days.")
	return e
}
