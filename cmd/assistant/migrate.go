package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"candor/store"
)

var databaseFlags = []string{"data_dir", "database", "keys"}

// databases are the two of a configuration, in the order in which they are shown.
func (c Config) databases() []database {
	return []database{{store.DataSchema, c.databaseURL()}, {store.KeysSchema, c.keysURL()}}
}

type database struct {
	store.Schema
	url string
}

func migrateCommand(std Stdio) *cobra.Command {
	group := &cobra.Command{
		Use: "migrate", Short: "Show the versions of the databases' schemas, or bring them up to date",
		Long: "The databases are brought up to date whenever the assistant starts. Migrate does it\n" +
			"beforehand, where that is to be somebody else's step, and shows how they stand.",
	}
	status := &cobra.Command{Use: "status", Short: "Show which versions are applied, and change nothing", Args: cobra.NoArgs}
	up := &cobra.Command{Use: "up", Short: "Apply the versions that are not", Args: cobra.NoArgs}
	for _, cmd := range []*cobra.Command{status, up} {
		addFlags(cmd.Flags(), databaseFlags...)
		group.AddCommand(cmd)
	}
	status.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return err
		}
		for _, d := range c.databases() {
			list, err := d.Status(cmd.Context(), d.url)
			if len(list) > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s\n", d.Schema, redactURL(d.url))
				printMigrations(cmd.OutOrStdout(), list)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	up.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return err
		}
		return migrateUp(cmd.Context(), c, cmd.OutOrStdout())
	}
	return group
}

func migrateUp(ctx context.Context, c Config, out io.Writer) error {
	// Both are looked at before one is changed.
	for _, d := range c.databases() {
		if _, err := d.Status(ctx, d.url); err != nil {
			return err
		}
		if path := file(d.url); path != "" && !exists(path) {
			return fmt.Errorf("there is no database at %s yet: assistant init makes it", path)
		}
	}
	unlock, err := lockFiles(c)
	if err != nil {
		return err
	}
	defer func() { _ = unlock() }() // it ends with the process
	for _, d := range c.databases() {
		list, err := d.Up(ctx, d.url)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s  %s\n", d.Schema, redactURL(d.url))
		if len(list) == 0 {
			fmt.Fprintln(out, "  up to date")
		}
		printMigrations(out, list)
	}
	return nil
}

// lockFiles locks the data folder where a database is in a file, which one
// process at a time serves.
func lockFiles(c Config) (unlock func() error, err error) {
	if file(c.databaseURL()) == "" && file(c.keysURL()) == "" {
		return func() error { return nil }, nil
	}
	unlock, err = lock(c)
	if err != nil {
		return nil, fmt.Errorf("%w: stop it first", err)
	}
	return unlock, nil
}

func printMigrations(w io.Writer, list []store.Migration) {
	for _, m := range list {
		name, at := m.Name, "pending"
		if name == "" {
			name = "(not known to this program)"
		}
		if !m.Applied.IsZero() {
			at = m.Applied.Format(time.RFC3339)
		}
		fmt.Fprintf(w, "  %d  %-20s %s\n", m.Version, name, at)
	}
}
