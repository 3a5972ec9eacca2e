package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"candor/identity"
)

// engine is what differs between databases. Queries are written for both; they
// mark parameters with ?.
type engine struct {
	name    string // the folder of its migrations
	dialect goose.Dialect
	// shared means that other processes may write too, and that the database is a
	// server which can go away and come back.
	shared bool
	// writers is how many commits run at once, readers how many reads.
	writers, readers int
	// prepared means that statements are kept prepared here; else the driver does.
	prepared bool
	// snapshot is a transaction whose reads belong together.
	snapshot *sql.TxOptions
	// open opens a pool; target is the URL without what is the program's own.
	open func(target string, use use) (*sql.DB, error)
	// bind puts the engine's parameters in the place of each ?.
	bind func(query string) string
	// begin starts a batch of jobs: it locks the rows of their customers, in
	// order, and the version of the policy, which a batch that installs one has for
	// itself. It returns the time, what committed asks about, and which of the
	// customers were erased.
	begin func(ctx context.Context, tx *transaction, customers []string, installs bool) (now time.Time, id string, erased []string, err error)
	// committed tells what became of a transaction whose commit failed.
	committed func(ctx context.Context, db *pool, id string) (outcome, error)
	// tidy removes what begin left of commits whose outcome nobody asks for any more;
	// empty: it leaves nothing.
	tidy string
	// fault says what an error of the engine means.
	fault func(error) fault
	// share locks the rows of a query against changes until the transaction ends.
	share string
	// hasTable is a query for whether a table is there.
	hasTable string
}

// use is what a connection is for.
type use int

const (
	forReading use = iota
	forWriting
	forKeys
)

// outcome is what became of a transaction.
type outcome int

const (
	unknown outcome = iota
	done
	undone
)

// fault is what an error means for who met it.
type fault int

const (
	// ordinary errors are the statement's own.
	ordinary fault = iota
	// transient ones go away when the transaction is run again.
	transient
	// away means that the database cannot be reached, or cannot write.
	away
	// notText means that a parameter cannot be text of the database, so that no
	// row has it.
	notText
)

// engineOf returns the engine that a URL chooses, and its target.
func engineOf(rawURL string) (*engine, string, error) {
	scheme, rest, _ := strings.Cut(rawURL, ":")
	switch scheme {
	case "sqlite":
		return sqliteEngine, rest, nil
	case "postgres", "postgresql":
		// The driver's error repeats the URL, and its password.
		if c, err := pgx.ParseConfig(rawURL); err != nil || c.Database == "" {
			return nil, "", errors.New("the PostgreSQL URL does not read: it is postgres://user:password@host:port/database")
		}
		return postgresEngine, rawURL, nil
	}
	return nil, "", errors.New("the URL of a database starts with sqlite: or with postgres:, as in postgres://user:password@host/database")
}

// check turns an error of the engine into what callers know.
func (e *engine) check(err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	switch e.fault(err) {
	case away:
		if errors.Is(err, identity.ErrUnavailable) {
			return err
		}
		return fmt.Errorf("%w: %w", identity.ErrUnavailable, brief(err))
	case notText:
		return notTextError{}
	case ordinary, transient:
	}
	return err
}

// notTextError refuses text that the engine cannot store; for who looks something up
// by it, there is nothing.
type notTextError struct{}

func (notTextError) Error() string { return "text that holds a NUL, or is not UTF-8, cannot be stored" }

func (notTextError) Is(target error) bool { return target == sql.ErrNoRows }

// brief leaves of a failure to connect the last attempt's reason: an outage is
// logged in one line.
func brief(err error) error {
	var c *pgconn.ConnectError
	if !errors.As(err, &c) {
		return err
	}
	cause := c.Unwrap()
	for {
		joined, ok := cause.(interface{ Unwrap() []error })
		if !ok || len(joined.Unwrap()) == 0 {
			return cause
		}
		all := joined.Unwrap()
		cause = all[len(all)-1]
	}
}

var sqliteEngine = &engine{
	name: "sqlite", dialect: goose.DialectSQLite3, writers: 1, readers: 8, prepared: true,
	snapshot:  &sql.TxOptions{ReadOnly: true},
	open:      openSQLite,
	bind:      func(query string) string { return query },
	begin:     beginSQLite,
	committed: func(context.Context, *pool, string) (outcome, error) { return undone, nil },
	fault: func(err error) fault {
		var e *sqlite.Error
		if !errors.As(err, &e) {
			return ordinary
		}
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return away
		}
		return ordinary
	},
	hasTable: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)",
}

func init() {
	sqlite.MustRegisterScalarFunction("now_micros", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		return time.Now().UnixMicro(), nil
	})
}

func beginSQLite(ctx context.Context, tx *transaction, customers []string, _ bool) (now time.Time, id string, erased []string, err error) {
	// Nobody else writes: there is nothing to lock.
	var micros int64
	if err := tx.QueryRowContext(ctx, "SELECT now_micros()").Scan(&micros); err != nil || len(customers) == 0 {
		return fromMicros(micros), "", nil, err
	}
	list, err := json.Marshal(customers) // one statement, however many they are
	if err != nil {
		return now, "", nil, err
	}
	erased, err = collect(ctx, tx, scanString,
		"SELECT id FROM customers WHERE id IN (SELECT value FROM json_each(?)) AND erased > 0", string(list))
	return fromMicros(micros), "", erased, err
}

func openSQLite(path string, use use) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// Made here, so that nobody else may read it, nor its write-ahead log, which
	// gets the same mode.
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	lock := "immediate"
	if use == forReading {
		lock = "deferred"
	}
	q := url.Values{"_txlock": {lock}}
	for _, p := range []string{
		"journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "foreign_keys(ON)",
		"busy_timeout(10000)", "temp_store(MEMORY)",
		// A page that is written often is moved out of the write-ahead log once for many
		// commits: 16 MB of it, not 4.
		"wal_autocheckpoint(4000)",
	} {
		q.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}
	return sql.Open("sqlite", u.String())
}

var postgresEngine = &engine{
	name: "postgres", dialect: goose.DialectPostgres, shared: true, writers: 4, readers: 16,
	snapshot:  &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead},
	open:      openPostgres,
	bind:      numbered,
	begin:     beginPostgres,
	committed: committedPostgres,
	tidy:      "DELETE FROM commits WHERE at <= now_micros() - 60000000",
	fault:     faultPostgres,
	share:     " FOR SHARE",
	hasTable:  "SELECT to_regclass(?) IS NOT NULL",
}

func openPostgres(target string, use use) (*sql.DB, error) {
	config, err := pgx.ParseConfig(target)
	if err != nil {
		return nil, errors.New("the PostgreSQL URL does not read")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	params := map[string]string{"application_name": "candor"}
	if use == forWriting {
		// A process that was stopped in a transaction, or cut off from the network,
		// must not keep its customers' rows from the other replicas.
		params["idle_in_transaction_session_timeout"] = "3000"
		params["lock_timeout"] = "5000"
		params["statement_timeout"] = "10000"
		// What is acknowledged is on the disk, whatever the server's default.
		params["synchronous_commit"] = "on"
	}
	for name, value := range params {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	db := stdlib.OpenDB(*config)
	db.SetConnMaxIdleTime(time.Minute)
	return db, nil
}

// numbered turns each ? into $1, $2 and so on.
func numbered(query string) string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// policyLock is the advisory lock that a write shares and that one which
// installs a policy has for itself.
const policyLock = 0x63616e646f72

func beginPostgres(ctx context.Context, tx *transaction, customers []string, installs bool) (now time.Time, id string, erased []string, err error) {
	if len(customers) > 0 {
		// In one order everywhere, so that no two transactions wait for each other.
		// Not FOR UPDATE, for which a foreign key elsewhere would have to wait.
		found, err := collect(ctx, tx, scanString,
			"SELECT CASE WHEN erased > 0 THEN id ELSE '' END FROM customers WHERE id = ANY (?) ORDER BY id FOR NO KEY UPDATE", customers)
		if err != nil {
			return now, "", nil, fmt.Errorf("lock customers: %w", err)
		}
		erased = slices.DeleteFunc(found, func(id string) bool { return id == "" })
	}
	take := "pg_advisory_xact_lock_shared"
	if installs {
		take = "pg_advisory_xact_lock"
	}
	// The time is that of this statement: waiting for customers took some.
	var micros int64
	var moved string
	var locked sql.NullString
	id = rand.Text()
	err = tx.QueryRowContext(ctx, `WITH c AS (INSERT INTO commits (id, at) VALUES (?, now_micros()) RETURNING at)
		SELECT at, COALESCE((SELECT moved FROM installation), ''), `+take+"(?)::text FROM c", id, policyLock).Scan(&micros, &moved, &locked)
	if err == nil && moved != "" {
		err = movedTo(moved) // while this process had it open
	}
	return fromMicros(micros), id, erased, err
}

// committedPostgres inserts the row that the transaction inserted. That waits for
// the transaction to end, and then says how it did: the server need not have
// noticed yet that we are gone. Its own ids do not tell, as PostgreSQL gives those
// that a crash has undone to others. A row that this has inserted has no time, so
// that asking again, after the answer was lost, does not take it for the other.
func committedPostgres(ctx context.Context, db *pool, id string) (outcome, error) {
	var at int64
	err := db.DB.QueryRowContext(ctx, `INSERT INTO commits (id, at) VALUES ($1, 0)
		ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING at`, id).Scan(&at)
	switch {
	case err != nil:
		return unknown, err
	case at == 0:
		return undone, nil
	}
	return done, nil
}

func faultPostgres(err error) fault {
	if errors.Is(err, identity.ErrUnavailable) {
		return away
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		// Not the server's word: the connection failed, or the caller gave up.
		var parse *pgconn.ParseConfigError
		var connect *pgconn.ConnectError
		switch {
		case errors.As(err, &parse):
			return ordinary
		case errors.As(err, &connect), errors.Is(err, driver.ErrBadConn), pgconn.Timeout(err), pgconn.SafeToRetry(err), broken(err):
			return away
		}
		return ordinary
	}
	switch e.Code {
	case "40001", "40P01", "55P03": // serialization, deadlock, lock timeout
		return transient
	case "22021", "22P05":
		return notText
	case "57014": // a statement took too long: it would again
		return ordinary
	case "25P03": // idle in transaction for too long
		return away
	case "25006": // read only: a standby
		return away
	}
	switch e.Code[:2] {
	case "08", "53", "57", "58": // connection, resources, operator, system
		return away
	}
	return ordinary
}

// provider runs the migrations of a folder.
func (e *engine) provider(db *sql.DB, folder string) (*goose.Provider, error) {
	dir, err := migrationsIn(folder)
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if e.shared {
		// Replicas start at once.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(e.dialect, db, dir, options...)
}
