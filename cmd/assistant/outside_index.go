package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/retrieval/qdrant"
	"candor/store"
)

// searchIndex is what this process searches in.
type searchIndex interface {
	retrieval.CompleteIndex
	Load(ctx context.Context, site identity.SiteID) error
	Forget(customer identity.CustomerID)
	Close()
}

var (
	_ searchIndex = (*embedded.Index)(nil)
	_ searchIndex = (*qdrant.Index)(nil)
)

// outsideIndex reports whether the index is a server's.
func (c Config) outsideIndex() bool { return !strings.HasPrefix(c.Index, "embedded:") }

func (c Config) qdrant(space retrieval.Space) qdrant.Options {
	return qdrant.Options{URL: c.Index, APIKey: c.QdrantKey, Collection: c.IndexCollection, Space: space}
}

// openIndex opens the index of the configuration, for vectors of the space.
func (a *app) openIndex(ctx context.Context, space retrieval.Space) error {
	if !a.config.outsideIndex() {
		// SECURITY: nobody would remove what lies there when its grants end.
		switch n, err := a.store.CountOutside(ctx); {
		case err != nil:
			return err
		case n > 0:
			return fmt.Errorf("a Qdrant server may hold passages of %d customers, and index is %q: run assistant index drop with the index "+
				"setting of before, or assistant index drop --gone if that server's data is gone, and start again", n, a.config.Index)
		}
		a.index = embedded.New(a.store, embedded.Options{Space: space, Dir: a.config.path("index"), Logger: a.log})
		return nil
	}
	o := a.config.qdrant(space)
	o.Logger = a.log
	x, err := qdrant.Open(ctx, a.store, o)
	if err != nil {
		return err
	}
	a.index, a.outside = x, x
	return nil
}

const (
	// outsideInterval is how often what has to go from an index outside is looked for;
	// whatever makes it necessary wakes who looks.
	outsideInterval = 2 * time.Second
	// outsidePatience is the longest that it waits after a failure.
	outsidePatience = 30 * time.Second
)

// sweepOutside removes from an index on a server what was withdrawn, removed or erased.
// One replica at a time does it.
func (a *app) sweepOutside(ctx context.Context) error {
	wake, stop := a.store.WatchOutside()
	defer stop()
	wait, failing := outsideInterval, false
	for {
		_, err := a.outside.Sweep(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, identity.ErrUnavailable):
			// The database is away; others say so.
		case err != nil:
			if !failing {
				a.log.Error("what was withdrawn or erased cannot be removed from the index: it is found by nobody, and tried again", "error", err)
			}
			failing = true
			wait = min(2*wait, outsidePatience)
		default:
			if failing {
				a.log.Info("what was withdrawn or erased was removed from the index")
			}
			wait, failing = outsideInterval, false
		}
		var woken <-chan struct{}
		if !failing {
			woken = wake
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		case <-time.After(wait):
		}
	}
}

// eraser erases customers here and in an index outside.
type eraser struct {
	*store.Store
	outside *qdrant.Index // nil: there is none, or it cannot be opened
	cause   error         // why it cannot
}

var _ consent.Eraser = eraser{}

// Erase implements consent.Eraser. Where only the index outside is left, it is looked at
// now, so that whoever asked need not wait for the next sweep; where it is away, the
// sweep ends the erasure later.
func (e eraser) Erase(ctx context.Context, customer identity.CustomerID, request *consent.Request) (consent.Erased, error) {
	out, err := e.Store.Erase(ctx, customer, request)
	switch {
	case !errors.Is(err, store.ErrOutside):
		return out, err
	case e.outside == nil:
		return out, errors.Join(err, e.cause)
	}
	if _, swept := e.outside.Sweep(ctx); swept != nil {
		return out, errors.Join(err, swept)
	}
	return e.Store.Erase(ctx, customer, nil)
}

// eraserOf is the eraser of a command. Where the index outside cannot be opened a
// customer is erased here all the same.
func eraserOf(ctx context.Context, c Config, s *store.Store) (e eraser, end func()) {
	e = eraser{Store: s}
	if !c.outsideIndex() {
		return e, func() {}
	}
	var space retrieval.Space
	if c.Embedding != "none:" {
		space, e.cause = s.Space(ctx)
	}
	if e.cause == nil {
		e.outside, e.cause = qdrant.Open(ctx, s, c.qdrant(space))
	}
	if e.cause != nil {
		e.outside = nil
		return e, func() {}
	}
	return e, e.outside.Close
}

// dropCommand removes what an index outside holds.
func dropCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "drop", Short: "Remove the collection of a Qdrant server, with everything in it", Args: cobra.NoArgs,
		Long: "Drop removes the collection that the index is kept in (index, index_collection), and notes that\n" +
			"nothing of customers is there any more. Stop all assistants first. The next one that starts\n" +
			"with a Qdrant server makes its collection anew. It is for another embedding model, for going\n" +
			"back to embedded:, and after a restore, as a backup does not know what was written since.",
	}
	addFlags(cmd.Flags(), append([]string{"index", "index_collection"}, storeFlags...)...)
	gone := cmd.Flags().Bool("gone", false, "The server's data is gone: ask it nothing, and note that nothing is there")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return err
		}
		if !c.outsideIndex() && !*gone {
			return errors.New("index is embedded:, which keeps nothing on a server: name the server with --index, or say --gone if its data is gone")
		}
		unlock, err := lockFiles(c)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unlock()) }()
		return withStore(cmd, std, func(ctx context.Context, c Config, s *store.Store) error {
			if n, err := s.Replicas(ctx); err != nil || n > 0 {
				return errors.Join(err, fmt.Errorf("%d assistants use this database: stop them first", n))
			}
			if !*gone {
				if err := qdrant.Drop(ctx, c.qdrant(retrieval.Space{})); err != nil {
					return err
				}
			}
			if err := s.ForgetOutside(ctx); err != nil {
				return err
			}
			// Erasures that waited for just this are done now.
			n, err := s.EndErasures(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "dropped    the collection %s\nended      %d erasures that waited for it\n", c.IndexCollection, n)
			return nil
		})
	}
	return cmd
}
