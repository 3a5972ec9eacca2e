package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"candor/identity"
	"candor/store"
)

func moveCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "move --to URL [--keys-to URL]",
		Short: "Move the data, or the keys, to another database",
		Long: "Move copies the data to an empty database, compares both sides, and marks the old one so\n" +
			"that it is not served any more. The assistant must be stopped. A move that was cut off\n" +
			"goes on when it is run again. With --keys-to the customers' keys move too; the master\n" +
			"key stays where it is.",
		Args: cobra.NoArgs,
		Example: "  assistant move --to postgres://candor@db.example/candor?sslmode=verify-full \\\n" +
			"    --keys-to postgres://candor@db.example/candor_keys?sslmode=verify-full",
	}
	addFlags(cmd.Flags(), storeFlags...)
	to := cmd.Flags().String("to", "", "URL of the empty database that the data moves to")
	keysTo := cmd.Flags().String("keys-to", "", "URL of the empty database that the keys move to")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *to == "" && *keysTo == "" {
			return errors.New("name the database to move to with --to, or --keys-to for the keys")
		}
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return err
		}
		return move(cmd, c, c.inDataDir(*to, "candor.db"), c.inDataDir(*keysTo, "keys.db"))
	}
	return cmd
}

func move(cmd *cobra.Command, c Config, to, keysTo string) (err error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	state, err := store.DataSchema.State(ctx, c.databaseURL())
	switch {
	case err != nil:
		return err
	case !state.Made:
		return fmt.Errorf("there is no data at %s: name it with --database, or its folder with --data-dir", redactURL(c.databaseURL()))
	}
	unlock, err := lock(c)
	if err != nil {
		return fmt.Errorf("%w: stop it first", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	// This also brings the schema up to date, and says whether the keys are those
	// of the data. What was moved before was checked then.
	if err := nobodyThere(ctx, c); err != nil && !errors.Is(err, store.ErrMoved) {
		return err
	}
	if state, err = store.DataSchema.State(ctx, c.databaseURL()); err != nil {
		return err
	}
	if err := makeFolders(to, keysTo); err != nil {
		return err
	}
	show, end := showRows(cmd.ErrOrStderr())
	m := store.Move{
		Installation: state.Installation, Progress: show,
		Data: store.Way{From: c.databaseURL(), To: to}, Keys: store.Way{From: c.keysURL(), To: keysTo},
	}
	copied, err := m.Run(ctx)
	end()
	switch {
	case ctx.Err() != nil:
		return errors.New("the move was interrupted: run it again, and it goes on")
	case errors.Is(err, identity.ErrUnavailable):
		return fmt.Errorf("%w: run it again, and it goes on", err)
	case err != nil:
		return err
	case len(copied) == 0:
		fmt.Fprintln(out, "everything was moved before")
		return nil
	}
	printCopied(out, copied)
	fmt.Fprint(out, "\nBoth sides are equal, and the old one is not served any more. Set the new one in the\n"+
		"configuration (database, keys). The old one still holds everybody's data: remove it\n"+
		"when you are sure.\n")
	return nil
}

// makeFolders makes the folders of the files among URLs.
func makeFolders(urls ...string) error {
	for _, url := range urls {
		if path := file(url); path != "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return fmt.Errorf("make the folder of the database: %w", err)
			}
		}
	}
	return nil
}

func printCopied(w io.Writer, copied []store.Copied) {
	fmt.Fprintf(w, "%-6s %-22s %10s  sha256 of the rows, on both sides\n", "", "table", "rows")
	for _, t := range copied {
		fmt.Fprintf(w, "%-6s %-22s %10d  %s\n", t.Schema, t.Table, t.Rows, t.SHA256)
	}
}

// showRows shows what is done to which table, at most ten times a second, and
// ends its line.
func showRows(w io.Writer) (show func(doing string, s store.Schema, table string, done, of int64), end func()) {
	var last time.Time
	show = func(doing string, s store.Schema, table string, done, of int64) {
		if now := time.Now(); now.Sub(last) > 100*time.Millisecond || done == of {
			last = now
			fmt.Fprintf(w, "\r%-60s", fmt.Sprintf("%s %s: %s, %d of %d", doing, s, table, done, of))
		}
	}
	return show, func() {
		if !last.IsZero() {
			fmt.Fprintln(w)
		}
	}
}
