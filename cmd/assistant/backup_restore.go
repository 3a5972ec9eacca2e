package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"candor/store"
)

func restoreCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore [DIR...]",
		Short: "Put backups in place, and erase again who was erased since",
		Long: "Restore checks the backups of the data and of the keys, which may be in one folder or in\n" +
			"two, against each other and the master key, erases in them whoever is on a list of\n" +
			"erasures, and puts them in place. The lists are the backups' own, that of the keys which\n" +
			"are replaced, and those that --erasures names. Without a folder only they are replayed,\n" +
			"on what is there: after pg_restore, for example. The assistant must be stopped.",
		Example: "  assistant restore /backup/data-2026-11-20 /vault/keys-2026-11-20 --erasures /vault/keys-2026-11-22/erasures.jsonl",
	}
	addFlags(cmd.Flags(), storeFlags...)
	r := restoring{}
	cmd.Flags().StringArrayVar(&r.lists, "erasures", nil, "List of erasures, of a later backup; may be repeated")
	cmd.Flags().BoolVar(&r.replace, "replace", false, "Move what is there into a folder of its own")
	only := cmd.Flags().String("only", "", "data or keys: leave the others out")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if r.Config, err = loadConfig(cmd, std.Env); err != nil {
			return err
		}
		if r.parts, err = partsOf(*only); err != nil {
			return err
		}
		if len(r.parts) == 0 {
			return errors.New("restore replays the lists of erasures in any case: name them with --erasures alone")
		}
		r.out = cmd.OutOrStdout()
		return r.run(cmd.Context(), args)
	}
	return cmd
}

// restoring is a restore under way.
type restoring struct {
	Config
	parts   []store.Schema // that are wanted
	lists   []string       // files of erasures
	replace bool
	out     io.Writer

	backups      map[store.Schema]backupPart
	installation string
	entries      []store.Erasure
	at           time.Time // the older backup's
}

// backupPart is a database in a backup.
type backupPart struct {
	dir string
	manifest
}

// staged is where a database lies until it is put in its place, beside it.
func staged(path string) string { return path + ".restoring" }

func (r *restoring) run(ctx context.Context, dirs []string) (err error) {
	unlock, err := lock(r.Config)
	if err != nil {
		return fmt.Errorf("%w: stop it first", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	ended, err := endRestore(r.Config)
	if err != nil {
		return err
	}
	if ended {
		fmt.Fprintln(r.out, "an earlier restore was cut off, and is done now")
	}
	switch {
	case len(dirs) > 0:
		return r.restore(ctx, dirs)
	case len(r.lists) > 0:
		return r.replayOnly(ctx)
	case ended:
		return nil
	}
	return errors.New("name the folder of a backup, or a list of erasures with --erasures")
}

// replayOnly erases again in what is there.
func (r *restoring) replayOnly(ctx context.Context) (err error) {
	state, err := store.DataSchema.State(ctx, r.databaseURL())
	if err == nil && !state.Made {
		err = fmt.Errorf("there is no data at %s", redactURL(r.databaseURL()))
	}
	if err != nil {
		return err
	}
	if err := nobodyThere(ctx, r.Config); err != nil {
		return err
	}
	s, err := openStore(ctx, r.Config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if state, err = store.DataSchema.State(ctx, r.databaseURL()); err != nil {
		return err
	}
	r.installation = state.Installation
	if err := r.readLists(); err != nil {
		return err
	}
	done, err := s.Replay(ctx, r.entries)
	if err == nil {
		r.printReplay(done)
	}
	return err
}

func (r *restoring) restore(ctx context.Context, dirs []string) error {
	if err := r.choose(dirs); err != nil {
		return err
	}
	for _, p := range r.parts {
		path := file(r.url(p))
		if path == "" {
			return fmt.Errorf("the %s are in PostgreSQL by the configuration: restore them with its own tools", p)
		}
		if exists(path) && !r.replace {
			return fmt.Errorf("there is %s already: --replace moves it aside", path)
		}
	}
	if err := r.readLists(); err != nil {
		return err
	}
	list, err := store.ErasureList(ctx, r.keysURL()) // of the keys that are replaced
	if err != nil {
		return err
	}
	r.entries = append(r.entries, list...)
	// What an attempt has left that was cut off before its end is nobody's.
	r.clear()
	done, err := r.stage(ctx)
	if err != nil {
		r.clear()
		return err
	}
	aside, err := r.putInPlace()
	if err != nil {
		return err
	}
	for _, p := range r.parts {
		fmt.Fprintf(r.out, "%-10s %s\n", p, file(r.url(p)))
	}
	r.printReplay(done)
	for _, folder := range aside {
		fmt.Fprintf(r.out, "replaced   %s (everybody's data is in it: remove it when you are sure)\n", folder)
	}
	fmt.Fprintf(r.out, "What happened after %s is not in it, withdrawals of consent included.\n", r.at.Format(time.RFC3339))
	return nil
}

// choose finds the wanted databases in the folders.
func (r *restoring) choose(dirs []string) error {
	r.backups = make(map[store.Schema]backupPart)
	for _, dir := range dirs {
		m, err := readManifest(dir)
		if err != nil {
			return err
		}
		if r.installation != "" && r.installation != m.Installation {
			return fmt.Errorf("%s is of another installation than %s", dir, dirs[0])
		}
		r.installation = m.Installation
		if r.at.IsZero() || m.At.Before(r.at) {
			r.at = m.At
		}
		for _, p := range r.parts {
			if _, has := m.Files[backupFiles[p]]; !has {
				continue
			}
			if other, twice := r.backups[p]; twice {
				return fmt.Errorf("the %s are in %s and in %s: name one of them", p, other.dir, dir)
			}
			r.backups[p] = backupPart{dir, m}
		}
		if err := r.readBackupList(dir, m); err != nil {
			return err
		}
	}
	r.parts = slices.DeleteFunc(r.parts, func(p store.Schema) bool { _, has := r.backups[p]; return !has })
	if len(r.parts) == 0 {
		return errors.New("the backup holds nothing of what is to be restored")
	}
	return nil
}

// readBackupList reads the list of erasures of a backup.
func (r *restoring) readBackupList(dir string, m manifest) error {
	path := filepath.Join(dir, erasuresFile)
	got, err := sum(path)
	if err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	if got != m.Files[erasuresFile] {
		return fmt.Errorf("%s is damaged: it is not what was backed up", path)
	}
	return r.readList(path)
}

func (r *restoring) readLists() error {
	for _, path := range r.lists {
		if err := r.readList(path); err != nil {
			return err
		}
	}
	return nil
}

func (r *restoring) readList(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the list of erasures: %w", err)
	}
	defer f.Close()
	entries, err := store.ReadErasures(f, r.installation)
	if err != nil {
		return fmt.Errorf("the list of erasures %s: %w", path, err)
	}
	r.entries = append(r.entries, entries...)
	return nil
}

// stage copies the databases beside their places, checks that they belong
// together, and erases in them.
func (r *restoring) stage(ctx context.Context) (done store.Replayed, err error) {
	master, err := r.master()
	if err != nil {
		return done, err
	}
	urls := map[store.Schema]string{store.DataSchema: r.databaseURL(), store.KeysSchema: r.keysURL()}
	for _, p := range r.parts {
		to := staged(file(urls[p]))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return done, err
		}
		if err := r.backups[p].copyFile(r.backups[p].dir, backupFiles[p], to); err != nil {
			return done, err
		}
		if err := store.CheckFile(ctx, to); err != nil {
			return done, err
		}
		urls[p] = "sqlite:" + to
	}
	if path := file(urls[store.KeysSchema]); path != "" && !exists(path) {
		return done, errNoKeys
	}
	if made, err := store.HasKeys(ctx, urls[store.KeysSchema]); err != nil || !made {
		return done, errors.Join(err, errNoKeys)
	}
	keys, err := store.OpenKeyring(ctx, urls[store.KeysSchema], master)
	if errors.Is(err, store.ErrWrongMaster) {
		return done, fmt.Errorf("%w: set CANDOR_MASTER_KEY to the one of the time of the backup", err)
	}
	if err != nil {
		return done, err
	}
	if keys.Installation() != r.installation {
		return done, errors.Join(store.ErrOtherKeys, keys.Close())
	}
	data, err := store.DataSchema.State(ctx, urls[store.DataSchema])
	if err == nil && !data.Made { // the keys alone, and the data later
		done, err = keys.Replay(ctx, r.entries)
	}
	if err != nil || !data.Made {
		return done, errors.Join(err, keys.Close())
	}
	s, err := store.Open(ctx, urls[store.DataSchema], keys)
	if err != nil {
		return done, errors.Join(err, keys.Close())
	}
	done, err = s.Replay(ctx, r.entries)
	return done, errors.Join(err, s.Close())
}

var errNoKeys = errors.New("there are no keys for this data: name the folder with the backup of the keys too")

// master reads the master key, and makes none.
func (r *restoring) master() (store.MasterKey, error) {
	if r.MasterKey == "" && !exists(r.masterKeyFile()) {
		return store.MasterKey{}, fmt.Errorf("%s is missing: put the master key of the time of the backup there, or set CANDOR_MASTER_KEY", r.masterKeyFile())
	}
	return store.LoadMasterKey(r.MasterKey, r.masterKeyFile())
}

// clear removes what is staged.
func (r *restoring) clear() {
	for _, p := range r.parts {
		for _, suffix := range sqliteSuffixes {
			// One that stays is replaced by the next attempt.
			_ = os.Remove(staged(file(r.url(p))) + suffix)
		}
	}
}

func (r *restoring) printReplay(done store.Replayed) {
	fmt.Fprintf(r.out, "erasures   %d listed; destroyed again: %d keys, the rows of %d customers\n", done.Listed, done.Keys, done.Customers)
	if done.Keyless > 0 {
		fmt.Fprintf(r.out, "no key     %d customers: their key was made after the backup of the keys, and what is sealed cannot be read\n", done.Keyless)
	}
}
