package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"candor/store"
)

func (c Config) masterKeyFile() string { return c.path("master.key") }

// nextMasterKeyFile holds the new key while the old one is being replaced: the
// file of the key is renamed after the keys are wrapped by it.
func (c Config) nextMasterKeyFile() string { return c.masterKeyFile() + ".next" }

// openKeyring opens the keys with the master key, and ends a replacement of it
// that was cut off.
func openKeyring(ctx context.Context, c Config) (*store.Keyring, error) {
	master, err := masterKey(ctx, c)
	if err != nil {
		return nil, err
	}
	keys, err := store.OpenKeyring(ctx, c.keysURL(), master)
	if c.MasterKey != "" || !errors.Is(err, store.ErrWrongMaster) || !exists(c.nextMasterKeyFile()) {
		return keys, err
	}
	next, err := store.LoadMasterKey("", c.nextMasterKeyFile())
	if err != nil {
		return nil, err
	}
	if keys, err = store.OpenKeyring(ctx, c.keysURL(), next); err != nil {
		return nil, err
	}
	if err := os.Rename(c.nextMasterKeyFile(), c.masterKeyFile()); err != nil {
		return nil, errors.Join(fmt.Errorf("replace the master key: %w", err), keys.Close())
	}
	return keys, nil
}

// masterKey reads the master key, or makes one where there is nothing yet that
// it could open.
func masterKey(ctx context.Context, c Config) (store.MasterKey, error) {
	data := file(c.databaseURL())
	name, keys, err := "the keys database", false, error(nil)
	if path := file(c.keysURL()); path != "" {
		name, keys = path, exists(path)
	} else {
		keys, err = store.HasKeys(ctx, c.keysURL())
	}
	switch {
	case err != nil:
		return store.MasterKey{}, err
	case data != "" && exists(data) && !keys:
		return store.MasterKey{}, fmt.Errorf("%s is missing, but there is data that was sealed with its keys: restore it", name)
	case c.MasterKey == "" && keys && !exists(c.masterKeyFile()):
		return store.MasterKey{}, fmt.Errorf("%s is missing, but there are keys that it wraps: restore it, or set CANDOR_MASTER_KEY", c.masterKeyFile())
	case c.MasterKey == "" && !exists(c.masterKeyFile()):
		return store.MakeMasterKey(c.masterKeyFile())
	}
	return store.LoadMasterKey(c.MasterKey, c.masterKeyFile())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// rotateMaster replaces the master key while nothing else uses the data.
func rotateMaster(cmd *cobra.Command, io Stdio) (err error) {
	c, err := loadConfig(cmd, io.Env)
	if err != nil {
		return err
	}
	unlock, err := lock(c)
	if err != nil {
		return fmt.Errorf("%w: stop it first", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := nobodyThere(cmd.Context(), c); err != nil {
		return err
	}
	keys, err := openKeyring(cmd.Context(), c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	out := cmd.OutOrStdout()
	if c.MasterKey != "" {
		next := store.NewMasterKey()
		// Before anything is wrapped by it: nobody else has it.
		fmt.Fprintf(out, "CANDOR_MASTER_KEY  %s\n", next.Encode())
		n, err := keys.Rewrap(cmd.Context(), next)
		if err == nil {
			fmt.Fprintf(out, "wrapped            %d customers' keys; set the new value before the next start\n", n)
		}
		return err
	}
	// One that is left of an attempt that was cut off wraps nothing, as the old
	// key has just opened the keys.
	if err := os.Remove(c.nextMasterKeyFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	next, err := store.MakeMasterKey(c.nextMasterKeyFile())
	if err != nil {
		return err
	}
	n, err := keys.Rewrap(cmd.Context(), next)
	if err != nil {
		return err
	}
	if err := os.Rename(c.nextMasterKeyFile(), c.masterKeyFile()); err != nil {
		return fmt.Errorf("replace the master key: %w", err)
	}
	fmt.Fprintf(out, "master key  %s (new: keep a copy elsewhere)\nwrapped     %d customers' keys\n", c.masterKeyFile(), n)
	return nil
}

// nobodyThere refuses to go on while replicas use the database: they would go on
// with the old key.
func nobodyThere(ctx context.Context, c Config) (err error) {
	s, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	n, err := s.Replicas(ctx)
	if err == nil && n > 0 {
		err = fmt.Errorf("%d assistants use this database: stop them first", n)
	}
	return err
}
