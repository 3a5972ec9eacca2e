package main

import (
	"context"
	"errors"
	"time"

	"candor/identity"
	"candor/store"
)

const (
	// sequenceInterval is how often the replica that adds to the public log looks for
	// what the others have committed.
	sequenceInterval = 500 * time.Millisecond
	// sequencePause is how long leaves are gathered before they are added together.
	sequencePause = 100 * time.Millisecond
)

// sequence gives the leaves of new entries their places in the public log. One replica
// at a time does it; were two to, they would wait for each other.
func (a *app) sequence(ctx context.Context) error {
	tree := a.store.Transparency()
	wake, stop := a.store.WatchLog()
	defer stop()
	tick := time.NewTicker(sequenceInterval)
	defer tick.Stop()
	failing := false
	for {
		n, err := tree.Integrate(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil, errors.Is(err, store.ErrTreeAltered):
			failing = false
			a.logWatch.integrated(err)
		case !failing && !errors.Is(err, identity.ErrUnavailable):
			failing = true // once, until it works again
			a.log.Error("entries cannot be added to the public log", "error", err)
		}
		if err == nil && n == store.MaxIntegrated {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			continue
		case <-wake:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(sequencePause):
		}
	}
}
