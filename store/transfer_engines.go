package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// carrier is what differs between engines where whole databases are carried
// over.
type carrier struct {
	// tables lists the tables.
	tables string
	// hold is the transaction in which a source stays as it is, and settings what
	// it begins with.
	hold     *sql.TxOptions
	settings []string
	// lock locks tables against everybody else's changes.
	lock string
	// ownValues lets rows keep the values that the database would give out.
	ownValues string
	// forUpdate locks the rows of a query.
	forUpdate string
	// analyze tells the planner of many new rows.
	analyze []string
}

var carriers = map[*engine]carrier{
	sqliteEngine: {
		tables: `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`,
		// A transaction for writing: it takes the one lock that there is.
	},
	postgresEngine: {
		tables: "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name",
		hold:   &sql.TxOptions{Isolation: sql.LevelRepeatableRead},
		settings: []string{ // it waits while the rows go elsewhere
			"SET LOCAL idle_in_transaction_session_timeout = 0", "SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = '10s'",
		},
		lock:      "LOCK TABLE %s IN EXCLUSIVE MODE",
		ownValues: "OVERRIDING SYSTEM VALUE ",
		forUpdate: " FOR UPDATE",
		analyze:   []string{"SET LOCAL statement_timeout = 0", "ANALYZE"},
	},
}

// lastSerial returns the last value that the database gave out for the table's
// column.
func (t table) lastSerial(ctx context.Context, tx *transaction) (n int64, err error) {
	query := "SELECT seq FROM sqlite_sequence WHERE name = ?"
	args := []any{t.name}
	if tx.pool.engine.shared {
		query = "SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence(?, ?)::regclass), 0)"
		args = append(args, t.serial)
	}
	err = tx.QueryRowContext(ctx, query, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil // it gave out none
	}
	return n, err
}

// setSerial makes n the last value that the database gave out.
func (t table) setSerial(ctx context.Context, tx *transaction, n int64) error {
	if n == 0 {
		return nil
	}
	if tx.pool.engine.shared {
		_, err := tx.ExecContext(ctx, "SELECT setval(pg_get_serial_sequence(?, ?), ?)", t.name, t.serial, n)
		return err
	}
	res, err := tx.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = ? WHERE name = ?", n, t.name)
	if err != nil {
		return err
	}
	if changed, err := res.RowsAffected(); err != nil || changed > 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", t.name, n)
	return err
}

// tables returns the names of the tables of a database.
func (p *pool) tables(ctx context.Context) ([]string, error) {
	names, err := collect(ctx, p, scanString, carriers[p.engine].tables)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", brief(err))
	}
	return names, nil
}

// hold begins a transaction in which nobody else can open the database, or
// write to the tables.
func (p *pool) hold(ctx context.Context, tables ...string) (*transaction, error) {
	c := carriers[p.engine]
	tx, err := p.begin(ctx, c.hold)
	if err != nil {
		return nil, err
	}
	statements := c.settings
	if c.lock != "" {
		statements = append(slices.Clip(statements), fmt.Sprintf(c.lock, strings.Join(tables, ", ")))
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			_ = tx.Rollback() // its error would be that of the same connection
			return nil, fmt.Errorf("lock the database: %w", p.engine.check(err))
		}
	}
	return tx, nil
}
