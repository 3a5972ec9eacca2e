package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"unicode/utf8"
)

// kind is what a column holds, whatever its engine calls it.
type kind byte

const (
	integer kind = 'i' // booleans too
	text    kind = 't'
	octets  kind = 'b'
)

// null is the mark of a value that is not there.
const null = 'n'

// column is a column of a table in one engine.
type column struct {
	name    string
	kind    kind
	boolean bool // the engine takes nothing but booleans
}

// columns returns the columns of the table, by name.
func (t table) columns(ctx context.Context, q querier) (out []column, err error) {
	rows, err := q.QueryContext(ctx, "SELECT * FROM "+t.name+" WHERE FALSE")
	if err != nil {
		return nil, q.engineOf().check(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	for _, c := range types {
		made := column{name: c.Name(), boolean: c.DatabaseTypeName() == "BOOL"}
		switch c.DatabaseTypeName() {
		case "INTEGER", "BIGINT", "BOOLEAN", "INT4", "INT8", "BOOL":
			made.kind = integer
		case "TEXT":
			made.kind = text
		case "BLOB", "BYTEA":
			made.kind = octets
		default:
			return nil, fmt.Errorf("the column %s of %s is of no known type", c.Name(), t.name)
		}
		out = append(out, made)
	}
	slices.SortFunc(out, func(a, b column) int { return strings.Compare(a.name, b.name) })
	return out, rows.Err()
}

// canonical is a value as every engine has it: nil, an int64, a string or bytes.
func (c column) canonical(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		if c.kind == integer {
			return v, nil
		}
	case bool:
		if c.kind == integer && v {
			return int64(1), nil
		} else if c.kind == integer {
			return int64(0), nil
		}
	case string:
		switch c.kind {
		case text:
			return v, nil
		case octets:
			return []byte(v), nil
		case integer:
		}
	case []byte:
		switch c.kind {
		case text:
			return string(v), nil
		case octets:
			return v, nil
		case integer:
		}
	}
	return nil, fmt.Errorf("the column %s holds what is not of its type", c.name)
}

// argument is a canonical value as the column takes it.
func (c column) argument(v any) (any, error) {
	switch v := v.(type) {
	case int64:
		if c.boolean {
			return v != 0, nil
		}
	case string:
		if !utf8.ValidString(v) || strings.Contains(v, "\x00") {
			return nil, fmt.Errorf("the column %s holds text that a database cannot hold: it is not UTF-8, or has a zero in it", c.name)
		}
	}
	return v, nil
}

// maxPage bounds the bytes of the rows that are held at once.
const maxPage = 4 << 20

// page returns the next rows of the table in the order of its key, at most
// limit: after the key of a row, nil for the first, and up to another's, nil for
// the last.
func (t table) page(ctx context.Context, q querier, columns []column, after, upTo []any, limit int) ([][]any, error) {
	key := strings.Join(t.key, ", ")
	bound := func(op string) string { return "(" + key + ") " + op + " (" + marks(len(t.key)) + ")" }
	var where []string
	if after != nil {
		where = append(where, bound(">"))
	}
	if upTo != nil {
		where = append(where, bound("<="))
	}
	query := "SELECT " + names(columns) + " FROM " + t.name
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	check := q.engineOf().check
	rows, err := q.QueryContext(ctx, query+" ORDER BY "+key+" LIMIT ?", slices.Concat(after, upTo, []any{limit})...)
	if err != nil {
		return nil, sqlError(query, check(err))
	}
	defer rows.Close()
	var out [][]any
	for held := 0; held < maxPage && rows.Next(); {
		row, size, err := scanRow(rows, columns)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		out, held = append(out, row), held+size
	}
	return out, check(rows.Err())
}

func scanRow(rows *sql.Rows, columns []column) (row []any, size int, err error) {
	row, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		dest[i] = &row[i]
	}
	if err := rows.Scan(dest...); err != nil {
		return nil, 0, err
	}
	for i, c := range columns {
		if row[i], err = c.canonical(row[i]); err != nil {
			return nil, 0, err
		}
		switch v := row[i].(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
	}
	return row, size, nil
}

func names(columns []column) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.name
	}
	return strings.Join(out, ", ")
}

// keyOf is the key of a row.
func (t table) keyOf(columns []column, row []any) []any {
	out := make([]any, len(t.key))
	for i, name := range t.key {
		out[i] = row[slices.IndexFunc(columns, func(c column) bool { return c.name == name })]
	}
	return out
}

// last returns the key of the last row; nil: there is none.
func (t table) last(ctx context.Context, q querier) ([]any, error) {
	out, dest := make([]any, len(t.key)), make([]any, len(t.key))
	for i := range out {
		dest[i] = &out[i]
	}
	err := q.QueryRowContext(ctx, "SELECT "+strings.Join(t.key, ", ")+" FROM "+t.name+
		" ORDER BY "+strings.Join(t.key, " DESC, ")+" DESC LIMIT 1").Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return out, err
}

func (t table) count(ctx context.Context, q querier) (n int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.name).Scan(&n)
	return n, err
}

// insert adds rows, whose values are in the order of the columns.
func (t table) insert(ctx context.Context, tx *transaction, columns []column, rows [][]any) error {
	one := "(" + marks(len(columns)) + ")"
	args := make([]any, 0, len(rows)*len(columns))
	for _, row := range rows {
		for i, c := range columns {
			v, err := c.argument(row[i])
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			args = append(args, v)
		}
	}
	query := "INSERT INTO " + t.name + " (" + names(columns) + ") "
	if t.serial != "" {
		query += carriers[tx.pool.engine].ownValues
	}
	query += "VALUES " + strings.TrimSuffix(strings.Repeat(one+",", len(rows)), ",")
	if _, err := tx.Tx.ExecContext(ctx, tx.pool.engine.bind(query), args...); err != nil {
		return sqlError(query, tx.pool.engine.check(err))
	}
	return nil
}

// digest is what two copies of a table have in common only if they are the
// same: how many rows there are, and the SHA-256 of them in the order of the key.
type digest struct {
	rows int64
	sum  string
}

// digest reads the rows up to a key, nil for all of them, page by page.
//
// The sum is over the table's name, the name and kind of each column, by name,
// and the values of each row: a mark of the kind, and the value, text and bytes
// with their length before them. So no two tables have the same encoding.
func (t table) digest(ctx context.Context, q querier, columns []column, upTo []any, limit int, progress func(n int)) (d digest, err error) {
	h := sha256.New()
	add(h, text, t.name)
	for _, c := range columns {
		add(h, c.kind, c.name)
	}
	var after []any
	for {
		rows, err := t.page(ctx, q, columns, after, upTo, limit)
		if err != nil {
			return d, err
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			h.Write([]byte{'r'})
			for i, c := range columns {
				addValue(h, c.kind, row[i])
			}
		}
		after = t.keyOf(columns, rows[len(rows)-1])
		d.rows += int64(len(rows))
		progress(len(rows))
	}
	d.sum = hex.EncodeToString(h.Sum(nil))
	if upTo != nil {
		return d, nil
	}
	// A key that two rows share could hide one of them between two pages.
	n, err := t.count(ctx, q)
	if err == nil && n != d.rows {
		err = fmt.Errorf("%s has %d rows, and %d with a key of their own", t.name, n, d.rows)
	}
	return d, err
}

func add(h hash.Hash, mark kind, s string) {
	h.Write(binary.BigEndian.AppendUint64([]byte{byte(mark)}, uint64(len(s))))
	h.Write([]byte(s))
}

func addValue(h hash.Hash, mark kind, v any) {
	switch v := v.(type) {
	case nil:
		h.Write([]byte{null})
	case int64:
		h.Write(binary.BigEndian.AppendUint64([]byte{byte(integer)}, uint64(v)))
	case string:
		add(h, mark, v)
	case []byte:
		add(h, mark, string(v))
	}
}
