package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/encoder"
	"candor/retrieval/encoder/multilingual"
	"candor/retrieval/openai"
	"candor/store"
)

// embedderFlags are the settings of what tells the meaning of texts.
var embedderFlags = []string{"embedding", "encoder", "embedding_model", "embedding_dimension", "embedding_recipient"}

// openEmbedder makes what tells the meaning of texts; nil: nothing does.
func openEmbedder(c Config) (retrieval.Embedder, error) {
	switch scheme, _, _ := strings.Cut(c.Embedding, ":"); {
	case scheme == "none":
		return nil, nil
	case scheme == "http" || scheme == "https":
		dimension, _ := strconv.Atoi(c.EmbeddingDimension) // checked
		return openai.New(openai.Options{
			URL: c.Embedding, Key: c.EmbeddingKey, Model: c.EmbeddingModel, Dimension: dimension,
			Recipient: consent.Recipient(c.EmbeddingRecipient),
		})
	case c.Encoder != "":
		return encoder.OpenFile(c.Encoder)
	}
	return multilingual.Encoder()
}

// errOtherSpace says what to do where the index was made with another model.
func errOtherSpace(index, here retrieval.Space) error {
	return fmt.Errorf("the index was made with %s, and this configuration embeds with %s: run assistant index rebuild with this "+
		"configuration, and then start again (what runs with the old one goes on meanwhile)", index, here)
}

// enterSpace makes sure that the index and the embedder of this process are in one
// space: it takes an index without one over, and one whose rebuild is complete.
func enterSpace(ctx context.Context, s *store.Store, e retrieval.Embedder) error {
	here := e.Space()
	index, err := s.Space(ctx)
	if err != nil || index == here {
		return err
	}
	if index != (retrieval.Space{}) {
		missing, _, err := s.CountUnembedded(ctx, here)
		if err != nil {
			return err
		}
		if missing > 0 {
			return errOtherSpace(index, here)
		}
	}
	return s.SetSpace(ctx, here)
}

// keepEmbedded gives imported knowledge its vectors for as long as this process
// holds the lease.
func (a *app) keepEmbedded(ctx context.Context) error {
	k := retrieval.Keeper{Store: a.store, Embedder: a.embedder}
	err := k.Run(ctx, func(err error) {
		a.log.Warn("knowledge is found by words until it can be embedded", "error", err)
	})
	if errors.Is(err, retrieval.ErrSpace) {
		// Another replica was started with another model: this one serves on until it
		// is replaced, and adds nothing to the index.
		a.log.Warn("the index has moved on: new knowledge is found by words here until this process is started anew", "error", err)
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

// embedAll gives knowledge its vectors before anybody asks.
func (a *app) embedAll(ctx context.Context) error {
	if a.embedder == nil {
		return nil
	}
	k := retrieval.Keeper{Store: a.store, Embedder: a.embedder, Workers: runtime.GOMAXPROCS(0)}
	return k.Fill(ctx, func(int) {})
}

func indexCommand(std Stdio) *cobra.Command {
	group := &cobra.Command{Use: "index", Short: "Look after the search index"}
	cmd := &cobra.Command{
		Use: "rebuild", Short: "Embed the company's knowledge, for another model or anew", Args: cobra.NoArgs,
		Long: "Rebuild gives every article its vectors, by the model of this configuration, while an assistant\n" +
			"that runs goes on with those there are. It goes on where it was cut off. Afterwards an assistant\n" +
			"that is started with this configuration takes the new vectors over and removes the old ones;\n" +
			"customers' records are embedded again when a question needs them.",
	}
	addFlags(cmd.Flags(), append(slices.Clone(storeFlags), embedderFlags...)...)
	again := cmd.Flags().Bool("again", false, "Also embed what has vectors of this model; articles are found by words until they have them again")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, std, func(ctx context.Context, c Config, s *store.Store) error {
			e, err := openEmbedder(c)
			if err != nil {
				return err
			}
			if e == nil {
				return errors.New("embedding is none:, so there is nothing to embed with")
			}
			if *again {
				if err := s.DropVectors(ctx, e.Space()); err != nil {
					return err
				}
			}
			return rebuild(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr(), s, e)
		})
	}
	group.AddCommand(cmd, dropCommand(std))
	return group
}

func rebuild(ctx context.Context, out, progress io.Writer, s *store.Store, e retrieval.Embedder) error {
	missing, all, err := s.CountUnembedded(ctx, e.Space())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "model        %s\narticles     %d, of which %d have vectors of this model\n", e.Space(), all, all-missing)
	bar := newBar(progress, missing)
	k := retrieval.Keeper{Store: s, Embedder: e, Workers: runtime.GOMAXPROCS(0)}
	err = k.Fill(ctx, bar.show)
	bar.end()
	if err != nil {
		return err
	}
	left, _, err := s.CountUnembedded(ctx, e.Space())
	if err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("%d articles were changed meanwhile: run it once more", left)
	}
	index, err := s.Space(ctx)
	switch {
	case err != nil:
		return err
	case index == e.Space():
		fmt.Fprintln(out, "complete     an assistant that runs uses the new vectors already")
	default:
		fmt.Fprintln(out, "complete     start the assistant with this configuration to use them")
	}
	return nil
}

// bar is a progress bar on a terminal, or a line now and then elsewhere.
type bar struct {
	w     io.Writer
	total int
	began time.Time
	last  time.Time
}

func newBar(w io.Writer, total int) *bar { return &bar{w: w, total: total, began: time.Now()} }

func (b *bar) show(done int) {
	now := time.Now()
	if done < b.total && now.Sub(b.last) < 200*time.Millisecond {
		return
	}
	b.last = now
	const width = 30
	full := width
	left := ""
	if done < b.total {
		full = width * done / b.total
		spent := time.Since(b.began)
		left = ", " + (spent * time.Duration(b.total-done) / time.Duration(done)).Round(time.Second).String() + " left"
	}
	fmt.Fprintf(b.w, "\r[%s%s] %d of %d%-16s", strings.Repeat("=", full), strings.Repeat(" ", width-full), done, b.total, left)
}

func (b *bar) end() {
	if !b.last.IsZero() {
		fmt.Fprintln(b.w)
	}
}
