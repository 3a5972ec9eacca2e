// Package schematest gives tests databases that have their schema already. Migrations
// take longer than most tests, and many times as long where races are looked for.
//
// It is for tests only.
package schematest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"candor/store"
)

// Open opens a store, and its keyring, in a folder: the one that is there, or a new one.
// Who opens it closes it.
func Open(tb testing.TB, dir string) *store.Store {
	tb.Helper()
	keys, err := store.OpenKeyring(context.Background(), "sqlite:"+filepath.Join(dir, "keys.db"), store.MasterKey{1})
	if err != nil {
		tb.Fatalf("open a keyring: %v", err)
	}
	s, err := store.Open(context.Background(), File(tb, filepath.Join(dir, "candor.db")), keys)
	if err != nil {
		tb.Fatalf("open a store: %v", err)
	}
	return s
}

// File makes an SQLite file that holds the schema of the data and no more, and returns its
// URL, for a store that is opened next. One that is there stays as it is.
func File(tb testing.TB, path string) string {
	tb.Helper()
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		var b []byte
		if b, err = made(); err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
	}
	if err != nil {
		tb.Fatalf("make a database: %v", err)
	}
	return "sqlite:" + path
}

// made is such a file, made once a process by the migrations themselves.
var made = sync.OnceValues(func() (b []byte, err error) {
	dir, err := os.MkdirTemp("", "schema")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "data.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil { // nothing migrates a file that is not there
		return nil, err
	}
	if _, err := store.DataSchema.Up(context.Background(), "sqlite:"+file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})
