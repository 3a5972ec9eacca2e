package qdrant

import (
	"context"
	"errors"
	"fmt"

	"candor/identity"
	"candor/retrieval"
)

// sweepBatch is how many removals are looked up at a time.
const sweepBatch = 100

// Sweep removes what has to go (retrieval.OutsideStore), counts what is left, and notes
// what is gone. It returns how much that was. One that cannot be noted yet, as a writer
// may be late, is looked at again by the next Sweep.
func (x *Index) Sweep(ctx context.Context) (ended int, err error) {
	due, err := x.store.DueOutside(ctx, sweepBatch)
	if err != nil {
		return 0, fmt.Errorf("find what has to be removed from the index: %w", err)
	}
	var errs []error
	for _, o := range due {
		done, err := x.sweep(ctx, o)
		if errors.Is(err, retrieval.ErrUnavailable) || ctx.Err() != nil {
			return ended, err // so it is for the others
		}
		if errs = append(errs, err); done {
			ended++
		}
	}
	return ended, errors.Join(errs...)
}

func (x *Index) sweep(ctx context.Context, o retrieval.Outside) (bool, error) {
	f := earlierFilter(o.Tenant, o.Before, o.Category)
	if f == nil {
		return false, errors.New("what has to be removed from the index has no tenant or no category")
	}
	if err := x.remove(ctx, f); err != nil {
		return false, err
	}
	// SECURITY: that a removal was acknowledged is not what ends it, but that nothing is
	// found any more.
	left, err := x.count(ctx, f)
	if err != nil {
		return false, err
	}
	if left > 0 {
		return false, fmt.Errorf("%d points are there after they were removed from the index: it is tried again", left)
	}
	return x.store.RemovedOutside(ctx, o)
}

// Held counts what the server holds of a customer, heads included.
func (x *Index) Held(ctx context.Context, site identity.SiteID, customer identity.CustomerID) (int, error) {
	return x.count(ctx, ofTenant(x.store.Tenant(site, customer), kindOwn, kindHead))
}
