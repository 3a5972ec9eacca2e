package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"
	_ "modernc.org/sqlite/vec"
)

// openSQLite opens a database of its own, with all of it in the cache if it fits: one
// connection, so that there is one cache. Writes need not be durable here.
func openSQLite(dir, name string) (*sql.DB, error) {
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(OFF)", "temp_store(MEMORY)", "cache_size(-4000000)"}}
	u := url.URL{Scheme: "file", Path: filepath.Join(dir, name), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// fill runs an insert n times in one transaction.
func fill(ctx context.Context, db *sql.DB, statement string, n int, what string, say func(string), args func(i int) []any) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Commit()) }()
	insert, err := tx.PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	return many(n, what, say, func(i int) error {
		if a := args(i); a != nil {
			_, err := insert.ExecContext(ctx, a...)
			return err
		}
		return nil
	})
}

// ask runs a prepared query for row ids, and takes base off each.
func ask(ctx context.Context, s *sql.Stmt, base int, args ...any) ([]found, error) {
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []found
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, found(id-base))
	}
	return out, rows.Err()
}

// anyOf is a query of FTS5 for any of the words.
func anyOf(text string) string {
	return `("` + strings.Join(strings.Fields(text), `" OR "`) + `")`
}
