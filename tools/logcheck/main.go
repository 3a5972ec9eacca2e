// Command logcheck checks the citation log of a Candor installation, and receipts of
// its answers, from outside and without Candor: with the standard library and the
// hashes and notes of Go's checksum database (golang.org/x/mod/sumdb/{tlog,note}).
//
//	logcheck -key VKEY [-receipt FILE] [-checkpoint FILE] [URL]
//
// With a URL it reads the whole log: the checkpoint and its signature, every entry,
// every tile, and the root that they make. A receipt, and a checkpoint that was kept,
// are checked by themselves and then as a beginning of that log. It prints what it
// found and exits with 1 at the first thing that is not so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "logcheck:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("logcheck", flag.ContinueOnError)
	key := flags.String("key", "", "the log's key, as the company publishes it at /.well-known/candor-log.txt")
	receiptFile := flags.String("receipt", "", "file of a receipt of an answer")
	kept := flags.String("checkpoint", "", "file of a checkpoint that was kept")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *key == "" {
		return errors.New("-key is missing: give it the log's key, as the company publishes it")
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(*key))
	if err != nil {
		return fmt.Errorf("-key: %w", err)
	}
	if flags.NArg() > 1 || flags.NArg() == 0 && *receiptFile == "" {
		return errors.New("give it the address of one log, or -receipt FILE, or both")
	}

	var earlier []*earlierTree
	if *receiptFile != "" {
		file, err := os.ReadFile(*receiptFile)
		if err != nil {
			return err
		}
		r, err := checkReceipt(file, verifier)
		if err != nil {
			return fmt.Errorf("the receipt: %w", err)
		}
		fmt.Fprintf(out, "receipt: leaf %d of a tree of %d, its head and body are what the leaf commits to\n", r.index, r.tree.size)
		earlier = append(earlier, &earlierTree{checkpoint: r.tree, what: "the receipt's tree", index: r.index, leaf: r.hash})
	}
	if *kept != "" {
		file, err := os.ReadFile(*kept)
		if err != nil {
			return err
		}
		c, err := openCheckpoint(file, verifier)
		if err != nil {
			return fmt.Errorf("the checkpoint that was kept: %w", err)
		}
		earlier = append(earlier, &earlierTree{checkpoint: c, what: "the checkpoint that was kept", index: -1})
	}
	if flags.NArg() == 0 {
		return nil
	}
	l := remote{prefix: strings.TrimSuffix(flags.Arg(0), "/") + "/log/"}
	file, err := l.get(ctx, "checkpoint")
	if err != nil {
		return err
	}
	newest, err := openCheckpoint(file, verifier)
	if err != nil {
		return fmt.Errorf("the log's checkpoint: %w", err)
	}
	if err := checkLog(ctx, l, newest, earlier); err != nil {
		return err
	}
	fmt.Fprintf(out, "log: %d leaves, every entry and tile is as the signed root says: %s\n", newest.size, newest.root)
	for _, e := range earlier {
		fmt.Fprintf(out, "log: %s (%d leaves) is its beginning\n", e.what, e.size)
	}
	return nil
}
