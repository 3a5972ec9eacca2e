package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/tlog"

	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/store"
)

// proofLeaves is how many leaves the tree has in which a proof is measured.
const proofLeaves = 1_000_000

// logFigures are the figures of the transparency log.
type logFigures struct {
	// Write says by how much leaves slow down the committed write of an entry.
	Write map[string]logWrite `json:"write_by_writers"`
	// Proof is that of one leaf among a million.
	Proof logProof `json:"proof"`
}

type logWrite struct {
	EntryMS float64 `json:"entry_with_leaf_ms"`
	BareMS  float64 `json:"entry_without_ms"`
	Ratio   float64 `json:"ratio"`
	// IntegrateRatio is the time to give a leaf its place in the tree, against the time
	// of the write that brings it: below 1 the tree keeps up.
	IntegrateRatio float64 `json:"integrate_ratio"`
	Leaves         int     `json:"leaves"`
}

type logProof struct {
	Leaves  int64   `json:"leaves"`
	Bytes   int     `json:"bytes"`
	CheckUS float64 `json:"check_us"`
	// CheckRatio is the check against hashing the leaf alone.
	CheckRatio float64 `json:"check_ratio"`
}

func benchLogCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "log", Short: "Measure what the public log costs, and its proofs", Args: cobra.NoArgs,
		Long: "Log measures how much the leaves of the public log add to the committed write of an entry:\n" +
			"the same entries are written in turns with their leaves and without, into a database in a\n" +
			"temporary folder and, where --database and --keys name two empty PostgreSQL databases, into\n" +
			"those too. And it measures the proof of one entry among a million. Read the ratios: the rest\n" +
			"is this machine's at this moment.",
	}
	addEngines(cmd)
	entries := cmd.Flags().Int("entries", 200, "How many entries each writer writes in a turn")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		out := logFigures{Write: make(map[string]logWrite)}
		err = eachEngine(cmd, func(name, _ string, c Config) error {
			fmt.Fprintln(cmd.ErrOrStderr(), name+": entries with leaves and without")
			return logWrites(cmd.Context(), c, name, *entries, out.Write)
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "proofs in a tree of a million leaves")
		if out.Proof, err = logProofs(); err != nil {
			return err
		}
		return printReport(cmd.OutOrStdout(), out, *asJSON)
	}
	return cmd
}

func logWrites(ctx context.Context, c Config, name string, entries int, out map[string]logWrite) (err error) {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if sites, err := s.Sites(ctx); err != nil || len(sites) > 0 {
		return errors.Join(errors.New("the database is in use: name an empty one"), err)
	}
	if err := s.InstallPolicy(ctx, consent.DefaultPolicy()); err != nil {
		return err
	}
	if err := s.AddSite(ctx, identity.Site{ID: benchSite, Name: "bench", Secret: []byte("bench")}, identity.NewSecret("sk")); err != nil {
		return err
	}
	for _, writers := range []int{1, 32} {
		customer, err := s.AddVisitor(ctx, benchSite)
		if err != nil {
			return err
		}
		cost, err := s.MeasureLog(ctx, customer, writers, entries, 7)
		if err != nil {
			return err
		}
		out[fmt.Sprintf("%s_%d", name, writers)] = figuresOf(cost, writers)
	}
	return nil
}

func figuresOf(c store.LogCost, writers int) logWrite {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return logWrite{
		EntryMS: ms(c.Entry), BareMS: ms(c.Bare), Ratio: float64(c.Entry) / float64(c.Bare),
		IntegrateRatio: float64(c.Integrate) * float64(writers) / float64(c.Entry), Leaves: c.Leaves,
	}
}

func logProofs() (p logProof, err error) {
	tiles := make(map[[2]int64][]byte)
	read := func(level int, n int64, width int) ([]byte, error) {
		data := tiles[[2]int64{int64(level), n}]
		if len(data) < width*tlog.HashSize {
			return nil, citation.ErrNoTile
		}
		return data[:width*tlog.HashSize], nil
	}
	leaf := citation.Leaf{ID: identity.NewID("cit"), Hour: time.Now(), Kind: citation.Closed, Status: "answered", Head: make([]byte, 32), Body: make([]byte, 32)}.String()
	var root tlog.Hash
	const batch = 20_000
	leaves := make([]string, batch)
	for i := range leaves {
		leaves[i] = leaf
	}
	for size := int64(0); size < proofLeaves; size += batch {
		grown, r, err := citation.Grow(size, leaves, read)
		if err != nil {
			return p, err
		}
		for _, t := range grown {
			tiles[[2]int64{int64(t.Level), t.N}] = t.Hashes
		}
		root = r
	}
	const index = 567_890
	proof, err := tlog.ProveRecord(proofLeaves, index, citation.TileReader(read).Hashes(proofLeaves))
	if err != nil {
		return p, err
	}
	const times = 20_000
	began := time.Now()
	for range times {
		if err := tlog.CheckRecord(proof, proofLeaves, root, index, tlog.RecordHash([]byte(leaf))); err != nil {
			return p, err
		}
	}
	check := time.Since(began) / times
	began = time.Now()
	for range times {
		if tlog.RecordHash([]byte(leaf)) == root {
			return p, errors.New("a leaf has the hash of a tree")
		}
	}
	hash := time.Since(began) / times
	return logProof{
		Leaves: proofLeaves, Bytes: len(proof) * tlog.HashSize, CheckUS: float64(check.Nanoseconds()) / 1000,
		CheckRatio: float64(check) / float64(max(hash, 1)),
	}, nil
}
