package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Schema names one of the two databases of an installation, by what it holds.
type Schema string

// The schemas.
const (
	DataSchema Schema = "data"
	KeysSchema Schema = "keys"
)

// folder is the folder of the schema's migrations.
func (s Schema) folder(e *engine) string {
	if s == KeysSchema {
		return "keys-" + e.name
	}
	return e.name
}

// Migration is one version of a schema.
type Migration struct {
	Version int64
	Name    string    // what it brings; empty: this program does not know it
	Applied time.Time // zero: it was not applied yet
}

// State is how a database stands.
type State struct {
	Made         bool   // it has the tables of its schema
	Version      int64  // of the schema
	Installation string // keyed hash: which keys the data was sealed with; empty: none yet
	Moving       bool   // a move into it is not finished
	Moved        string // where it was moved to; empty: nowhere
}

// Settled returns ErrMoving or ErrMoved where the database is not to be used.
func (s State) Settled() error {
	switch {
	case s.Moving:
		return ErrMoving
	case s.Moved != "":
		return movedTo(s.Moved)
	}
	return nil
}

func movedTo(place string) error { return fmt.Errorf("%w (%s)", ErrMoved, place) }

// Status returns the versions of the schema, in order, and changes nothing: a
// database that is not there is not made, and one that holds something else is
// refused. Of a database that is newer than this program it returns the versions
// too, with an error.
func (s Schema) Status(ctx context.Context, rawURL string) (list []Migration, err error) {
	e, target, err := engineOf(rawURL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	if list, err = s.known(e); err != nil {
		return nil, err
	}
	db, err := look(e, target)
	if err != nil || db == nil {
		return list, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.holds(ctx, s); err != nil { // before its versions are taken for ours
		return nil, err
	}
	applied, err := db.applied(ctx)
	if err != nil {
		return nil, s.failed(err)
	}
	for i, m := range list {
		list[i].Applied = applied[m.Version]
		delete(applied, m.Version)
	}
	last := list[len(list)-1].Version
	for _, v := range slices.Sorted(maps.Keys(applied)) {
		list = append(list, Migration{Version: v, Applied: applied[v]})
	}
	if newest := list[len(list)-1].Version; newest > last {
		return list, fmt.Errorf("%s: %w", s, newerSchema(newest, last))
	}
	return list, nil
}

// Up brings the schema of a database up to date and returns the versions that
// it applied. A file that is not there is not made, and a database that holds
// something else is refused.
func (s Schema) Up(ctx context.Context, rawURL string) (applied []Migration, err error) {
	before, err := s.Status(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	e, target, err := engineOf(rawURL)
	if err != nil {
		return nil, err
	}
	if !e.shared {
		if _, err := os.Stat(target); err != nil {
			return nil, fmt.Errorf("there is no database at %s yet: assistant init makes it", target)
		}
	}
	db, err := newPool(e, target, forKeys)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.migrate(ctx, s.folder(e)); err != nil {
		return nil, s.failed(err)
	}
	after, err := s.Status(ctx, rawURL)
	for i, m := range after {
		if before[i].Applied.IsZero() && !m.Applied.IsZero() {
			applied = append(applied, m)
		}
	}
	return applied, err
}

// State returns how a database stands, and changes nothing.
func (s Schema) State(ctx context.Context, rawURL string) (state State, err error) {
	list, err := s.Status(ctx, rawURL)
	if err != nil {
		return state, err
	}
	e, target, err := engineOf(rawURL)
	if err != nil {
		return state, err
	}
	db, err := look(e, target)
	if err != nil || db == nil {
		return state, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var made bool
	if err := db.QueryRowContext(ctx, e.hasTable, s.own()).Scan(&made); err != nil || !made {
		return state, s.failed(err)
	}
	state, err = readInstallation(ctx, db)
	state.Made = true
	for _, m := range list {
		if !m.Applied.IsZero() {
			state.Version = m.Version
		}
	}
	return state, s.failed(err)
}

// own is a table that a database of the schema has, foreign one that only the
// other has.
func (s Schema) own() string {
	if s == KeysSchema {
		return "house"
	}
	return "customers"
}

func (s Schema) foreign() string {
	if s == KeysSchema {
		return DataSchema.own()
	}
	return KeysSchema.own()
}

// holds refuses a database that holds what the other one should.
func (p *pool) holds(ctx context.Context, s Schema) error {
	var other bool
	if err := p.QueryRowContext(ctx, p.engine.hasTable, s.foreign()).Scan(&other); err != nil {
		return s.failed(err)
	}
	if other {
		return fmt.Errorf("%s names the database of something else: data and keys need one each", s)
	}
	return nil
}

func (s Schema) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the %s database: %w", s, brief(err))
}

// known returns the versions that this program knows.
func (s Schema) known(e *engine) ([]Migration, error) {
	dir, err := migrationsIn(s.folder(e))
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(dir, "*.sql") // in order
	if err != nil {
		return nil, err
	}
	out := make([]Migration, len(files))
	for i, f := range files {
		number, name, _ := strings.Cut(strings.TrimSuffix(f, ".sql"), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the migration %s has no number: %w", f, err)
		}
		out[i] = Migration{Version: version, Name: strings.ReplaceAll(name, "_", " ")}
	}
	return out, nil
}

func newerSchema(version, known int64) error {
	return fmt.Errorf("the database has schema version %d, this program knows up to %d: use a newer program", version, known)
}

// look opens a database as it is: it is not made, and nothing in it can be
// changed. It returns nil where there is no file.
func look(e *engine, target string) (*pool, error) {
	if e.shared {
		return newPool(e, target, forReading)
	}
	path, err := filepath.Abs(target)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)"}}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		// Nobody has it open. SQLite would leave an empty log behind.
		q.Set("immutable", "1")
	}
	return openFile(e, path, q)
}

// openFile opens a file of SQLite as the query of its URL says.
func openFile(e *engine, path string, q url.Values) (*pool, error) {
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	return &pool{DB: db, engine: e}, nil
}

// applied returns the versions of a schema that were applied, and when.
func (p *pool) applied(ctx context.Context) (map[int64]time.Time, error) {
	var versioned bool
	if err := p.QueryRowContext(ctx, p.engine.hasTable, "goose_db_version").Scan(&versioned); err != nil || !versioned {
		return nil, err
	}
	at := "tstamp"
	if p.engine.shared {
		at = "CAST(tstamp AS TIMESTAMPTZ)" // it is in the server's zone
	}
	type row struct {
		version int64
		at      time.Time
	}
	rows, err := collect(ctx, p, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.version, &r.at)
		return r, err
	}, "SELECT version_id, "+at+" FROM goose_db_version WHERE is_applied AND version_id > 0 ORDER BY id")
	out := make(map[int64]time.Time, len(rows))
	for _, r := range rows {
		out[r.version] = r.at.UTC()
	}
	return out, err
}

// readInstallation reads which installation a database belongs to, and whether
// it is whole.
func readInstallation(ctx context.Context, q querier) (state State, err error) {
	var known bool
	if err := q.QueryRowContext(ctx, q.engineOf().hasTable, "installation").Scan(&known); err != nil || !known {
		return state, err // it is of before installations were known
	}
	err = q.QueryRowContext(ctx, "SELECT keys, moving, moved FROM installation").Scan(&state.Installation, &state.Moving, &state.Moved)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return state, err
}

// settled refuses a database that is being moved into, or was moved elsewhere.
func (p *pool) settled(ctx context.Context) error {
	state, err := readInstallation(ctx, p)
	if err != nil {
		return err
	}
	return state.Settled()
}

// place names a database without what is secret in its URL.
func place(e *engine, target string) (string, error) {
	if !e.shared {
		path, err := filepath.Abs(target)
		return e.name + ":" + path, err
	}
	c, err := pgx.ParseConfig(target)
	if err != nil {
		return "", errors.New("the PostgreSQL URL does not read")
	}
	return fmt.Sprintf("%s://%s/%s", e.name, net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))), c.Database), nil
}
