package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// ErrServer means that a database is a server's, which has tools of its own.
var ErrServer = errors.New("a database in PostgreSQL is not a file: use its own tools")

// Backup copies the database of a URL, which is a file, as it is at one moment,
// to a file that must not be there, while others use it. The copy is durable
// and checked when Backup returns, for its owner only, and holds nothing that
// was deleted.
func (s Schema) Backup(ctx context.Context, rawURL, to string) (err error) {
	e, target, err := engineOf(rawURL)
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	if e.shared {
		return ErrServer
	}
	from, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	// Made here, so that nobody else may read it; SQLite takes an empty file.
	f, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make the copy: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	db, err := openFile(e, from, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("copy %s: %w", target, e.check(err))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write the copy: %w", err)
	}
	return CheckFile(ctx, to)
}

// CheckFile checks that a file is a database whose pages fit together.
func CheckFile(ctx context.Context, path string) (err error) {
	db, err := look(sqliteEngine, path)
	if err != nil {
		return err
	}
	if db == nil {
		return fmt.Errorf("%s is missing", path)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var word string
	err = db.DB.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&word)
	if err == nil && word != "ok" {
		err = errors.New(word)
	}
	if err != nil {
		return fmt.Errorf("%s is damaged: %w", path, sqliteEngine.check(err))
	}
	return nil
}
