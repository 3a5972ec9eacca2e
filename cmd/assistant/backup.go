package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"candor/store"
)

// What a backup, or a restore, can be limited to.
const (
	onlyData     = "data"
	onlyKeys     = "keys"
	onlyErasures = "erasures"
)

func backupCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup DIR",
		Short: "Copy the data and the keys into a folder, while the assistant runs",
		Long: "Backup copies the databases of the data and of the keys, as they are at one moment, with\n" +
			"the list of erasures into a folder that is not there or empty. Who has both, and the\n" +
			"master key, can read everything: keep the keys apart (--only), and the master key, which\n" +
			"is not in it, elsewhere. For databases in PostgreSQL use pg_dump, and --only erasures.",
		Args:    cobra.ExactArgs(1),
		Example: "  assistant backup /backup/data-$(date +%F) --only data\n  assistant backup /vault/keys-$(date +%F) --only keys",
	}
	addFlags(cmd.Flags(), databaseFlags...)
	only := cmd.Flags().String("only", "", "data, keys or erasures: leave the others out")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return err
		}
		parts, err := partsOf(*only)
		if err != nil {
			return err
		}
		return backup(cmd.Context(), c, args[0], parts, cmd.OutOrStdout())
	}
	return cmd
}

// partsOf returns the databases that are meant, the data first: the keys that
// are copied after it are those of all of its customers.
func partsOf(only string) ([]store.Schema, error) {
	switch only {
	case "":
		return []store.Schema{store.DataSchema, store.KeysSchema}, nil
	case onlyData:
		return []store.Schema{store.DataSchema}, nil
	case onlyKeys:
		return []store.Schema{store.KeysSchema}, nil
	case onlyErasures:
		return nil, nil
	}
	return nil, fmt.Errorf("only %q is none of %s, %s, %s", only, onlyData, onlyKeys, onlyErasures)
}

func (c Config) url(s store.Schema) string {
	if s == store.KeysSchema {
		return c.keysURL()
	}
	return c.databaseURL()
}

func backup(ctx context.Context, c Config, dir string, parts []store.Schema, out io.Writer) (err error) {
	m := manifest{Format: 1, At: time.Now().UTC().Truncate(time.Second), Files: make(map[string]fileSum)}
	if exists(c.restorePlan()) {
		return errHalfRestored
	}
	versions := make(map[store.Schema]int64)
	for _, d := range c.databases() {
		state, err := d.State(ctx, d.url)
		if err == nil && !state.Made {
			err = fmt.Errorf("there is nothing to back up at %s", redactURL(d.url))
		}
		if err == nil {
			err = state.Settled()
		}
		if err != nil {
			return err
		}
		versions[d.Schema] = state.Version
		if d.Schema == store.DataSchema {
			m.Installation = state.Installation
		}
	}
	for _, p := range parts {
		if file(c.url(p)) == "" {
			return fmt.Errorf("the %s are in PostgreSQL, whose own tools also restore them to a moment: pg_dump the data, then the keys, and keep the list of erasures with --only erasures", p)
		}
	}
	made, err := emptyFolder(dir)
	if err != nil {
		return err
	}
	var names []string
	defer func() {
		if err == nil {
			return
		}
		// What is not whole is not left. That it cannot be removed is not what went wrong.
		for _, name := range names {
			_ = os.Remove(filepath.Join(dir, name))
		}
		if made {
			_ = os.Remove(dir)
		}
	}()
	fmt.Fprintf(out, "backup     %s\n", dir)
	for _, p := range parts {
		name := backupFiles[p]
		names = append(names, name)
		path := filepath.Join(dir, name)
		if err := p.Backup(ctx, c.url(p), path); err != nil {
			return err
		}
		s, err := sum(path)
		if err != nil {
			return err
		}
		s.Schema = versions[p]
		m.Files[name] = s
		fmt.Fprintf(out, "%-10s %s, %d bytes, schema version %d\n", p, name, s.Size, s.Schema)
	}
	names = append(names, erasuresFile, manifestFile+".tmp")
	n, err := backupErasures(ctx, c, dir, m)
	if err != nil {
		return err
	}
	if err := m.write(dir); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if err := syncFolder(filepath.Dir(filepath.Clean(dir))); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	fmt.Fprintf(out, "erasures   %s, %d\n", erasuresFile, n)
	if len(parts) > 0 {
		fmt.Fprintln(out, "The master key is not in it: keep a copy elsewhere.")
	}
	return nil
}

// backupErasures writes the list of erasures, after the databases: it has those
// that came in between, which a restore then erases.
func backupErasures(ctx context.Context, c Config, dir string, m manifest) (n int, err error) {
	entries, err := store.ErasureList(ctx, c.keysURL())
	if err != nil {
		return 0, err
	}
	var lines bytes.Buffer
	if err := store.WriteErasures(&lines, m.Installation, entries); err != nil {
		return 0, err
	}
	path := filepath.Join(dir, erasuresFile)
	if err := writeFile(path, &lines); err != nil {
		return 0, fmt.Errorf("write the backup: %w", err)
	}
	m.Files[erasuresFile], err = sum(path)
	return len(entries), err
}

// emptyFolder makes a folder, or refuses one that has something in it.
func emptyFolder(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return false, fmt.Errorf("make the backup's folder: %w", err)
		}
		return true, nil
	case err != nil:
		return false, fmt.Errorf("make the backup's folder: %w", err)
	case len(entries) > 0:
		return false, fmt.Errorf("%s is not empty: name a folder that is, or is not there", dir)
	}
	return false, nil
}
