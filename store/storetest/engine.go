package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/store"
	"candor/store/schematest"
)

// Engine is a kind of database that the suite runs on: SQLite or Postgres.
type Engine struct {
	// fresh returns the URL of an empty database, of the data or of the keys.
	fresh func(tb testing.TB) string
	// made returns the URL of a database for the data that may hold its schema already, and
	// no more.
	made func(tb testing.TB) string
	// keys is the URL of the keys that tests share which do nothing to them; empty
	// where a database costs nothing.
	keys string
	// dial opens a database as an operator's tool does.
	dial func(rawURL string) (*sql.DB, error)
	// shared means that the databases are on a server: several stores may use them
	// at once, and the clock is the server's.
	shared bool
	// slots bounds how many tests have connections to a server at once.
	slots chan struct{}
}

// SQLite is the engine within the process. Its files are in folders of the
// tests' own.
func SQLite() Engine {
	return Engine{
		fresh: func(tb testing.TB) string { return "sqlite:" + filepath.Join(tb.TempDir(), "test.db") },
		made:  func(tb testing.TB) string { return schematest.File(tb, filepath.Join(tb.TempDir(), "test.db")) },
		dial: func(rawURL string) (*sql.DB, error) {
			return sql.Open("sqlite", "file:"+fileOf(rawURL)+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(ON)")
		},
		slots: make(chan struct{}, 64),
	}
}

// Postgres is the engine on a server; fresh returns the URL of an empty database
// of it, which is dropped after the test. The server must allow 100 connections.
func Postgres(fresh func(tb testing.TB) string) Engine {
	return Engine{
		fresh:  fresh,
		made:   fresh,
		dial:   func(rawURL string) (*sql.DB, error) { return sql.Open("pgx", rawURL) },
		shared: true,
		slots:  make(chan struct{}, 6),
	}
}

func fileOf(rawURL string) string { return strings.TrimPrefix(rawURL, "sqlite:") }

// database is the pair of databases of one test.
type database struct {
	engine     Engine
	data, keys string        // URLs
	ahead      time.Duration // of the server's clock
}

func (e Engine) database(tb testing.TB) *database {
	tb.Helper()
	db := &database{engine: e, data: e.made(tb), keys: e.keys}
	if db.keys == "" {
		db.keys = e.fresh(tb)
	}
	return db
}

// raw is a connection of its own to a database, as an operator's tool has.
func (f *fixture) raw(rawURL string) *sql.DB {
	f.Helper()
	db, err := f.db.engine.dial(rawURL)
	f.must(err)
	f.Cleanup(func() { _ = db.Close() })
	return db
}

// exec runs a statement on the data with another tool.
func (f *fixture) exec(statement string, args ...any) {
	f.Helper()
	_, err := f.operator.ExecContext(f.Context(), statement, args...)
	f.must(err)
}

func (f *fixture) count(query string, args ...any) (n int) {
	f.Helper()
	f.must(f.operator.QueryRowContext(f.Context(), query, args...).Scan(&n))
	return n
}

// now is the time of the database's clock.
func (f *fixture) now() time.Time {
	f.Helper()
	var micros int64
	f.must(f.operator.QueryRowContext(f.Context(), "SELECT now_micros()").Scan(&micros))
	return time.UnixMicro(micros).UTC()
}

// pass lets time pass in the database.
func (f *fixture) pass(d time.Duration) {
	f.Helper()
	if !f.db.engine.shared {
		time.Sleep(d) // in a bubble
		return
	}
	f.db.ahead += d
	f.setClock()
}

func (f *fixture) setClock() {
	f.Helper()
	f.exec(fmt.Sprintf(`CREATE OR REPLACE FUNCTION now_micros() RETURNS BIGINT LANGUAGE sql STABLE AS
		$$ SELECT (EXTRACT(EPOCH FROM statement_timestamp()) * 1000000)::BIGINT + %d $$`, f.db.ahead.Microseconds()))
}

// tables of the data.
var tables = []string{
	"policy", "policies", "sites", "customers", "spent_tokens", "staff", "api_tokens", "sessions", "ledger", "deletions", "holds", "held", "embedding", "knowledge", "knowledge_vectors", "records",
	"passages", "conversations", "events", "answers", "citation_entries", "citation_records", "citation_not_searched",
	"citation_words", "log_answers", "log_values", "reviews", "flags", "tickets", "outbox", "idempotency", "ratings", "accesses", "exports", "export_parts", "requests", "request_events", "hidden", "corrections", "corrected", "incidents", "incident_events", "outside", "webhooks", "deliveries", "staff_tokens", "staff_events", "leases", "installation",
}

// keyTables of the keys.
var keyTables = []string{"keys", "house", "erasures"}

// contents is every row of every table of the data, to say that nothing was
// stored.
func (f *fixture) contents() map[string]string {
	f.Helper()
	return f.rows(f.operator, tables)
}

func (f *fixture) rows(db *sql.DB, tables []string) map[string]string {
	f.Helper()
	out := make(map[string]string)
	for _, table := range tables {
		_, rows := f.read(db, "SELECT * FROM "+table)
		lines := make([]string, len(rows))
		for i, row := range rows {
			for _, v := range row {
				if b, ok := v.([]byte); ok {
					v = string(b)
				}
				if s, ok := v.(string); ok {
					v = strconv.Quote(s)
				}
				lines[i] += fmt.Sprint(v, " ")
			}
		}
		slices.Sort(lines)
		out[table] = strings.Join(lines, "\n")
	}
	return out
}

// read returns the columns and rows of a query. It outlives the test's context,
// so that it can be used to say what is left.
func (f *fixture) read(db *sql.DB, query string, args ...any) (columns []string, out [][]any) {
	f.Helper()
	rows, err := db.QueryContext(context.WithoutCancel(f.Context()), query, args...)
	f.must(err)
	defer rows.Close()
	columns, err = rows.Columns()
	f.must(err)
	for rows.Next() {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		f.must(rows.Scan(dest...))
		out = append(out, values)
	}
	f.must(rows.Err())
	return columns, out
}

// plain reports where a text is found: in a row of either database, or in a
// file where the databases are files.
func (f *fixture) plain(text string) (where []string) {
	f.Helper()
	text = strings.ToLower(text)
	for table, rows := range f.contents() {
		if strings.Contains(strings.ToLower(rows), text) {
			where = append(where, table)
		}
	}
	for table, rows := range f.rows(f.raw(f.db.keys), keyTables) {
		if strings.Contains(strings.ToLower(rows), text) {
			where = append(where, table)
		}
	}
	return append(where, f.onDisk(text)...)
}

// onDisk reports in which files of the databases a text is found.
func (f *fixture) onDisk(text string) (files []string) {
	f.Helper()
	if f.db.engine.shared {
		return nil
	}
	for _, url := range []string{f.db.data, f.db.keys} {
		beside, err := filepath.Glob(fileOf(url) + "*")
		f.must(err)
		for _, name := range beside {
			b, err := os.ReadFile(name)
			f.must(err)
			if strings.Contains(strings.ToLower(string(b)), strings.ToLower(text)) {
				files = append(files, name)
			}
		}
	}
	return files
}

// open opens the databases of a test.
func open(t *testing.T, db *database) (*store.Store, *store.Keyring) {
	t.Helper()
	keys, err := store.OpenKeyring(t.Context(), db.keys, master)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), db.data, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, keys
}
