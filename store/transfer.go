package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Move copies the databases of an installation to others, of any engine, and
// ends with the old ones refused (ErrMoved) and the new ones in their place.
//
// It can be cut off at any point and run again. Rows are copied in the order of
// their keys, many in a transaction, so that the last key that is there says how
// far it got. From the first row to the end the new database is refused
// (ErrMoving), and the old one can be neither changed nor opened while Run runs.
// Sealed values are copied as they are: no key is needed.
type Move struct {
	// Installation is the keyed hash of the keys (State), by which both sides are
	// known.
	Installation string
	Data, Keys   Way
	// Chunk is how many rows are copied in a transaction; 0: as many as are
	// written fast, which is at most 1000.
	Chunk int
	// Progress is told what is being done to which table, and how many of its
	// rows it was done to; nil: nobody is.
	Progress func(doing string, s Schema, table string, done, of int64)
}

// Way is from which URL to which a database goes. The zero Way leaves it where
// it is.
type Way struct{ From, To string }

// Copied is a table of which both sides were found equal.
type Copied struct {
	Schema Schema
	Table  string
	Rows   int64
	SHA256 string // of the rows in the order of their keys
}

// Errors of Move.
var (
	// ErrNotEmpty means that the database to move into holds something else.
	ErrNotEmpty = errors.New("the database to move into is not empty: give it one of its own")
	// ErrChanged means that what was copied before is not what is there now.
	ErrChanged = errors.New("the data has changed since this move was begun, or the move was begun from elsewhere: begin again with an empty database")
	// ErrDiffers means that the two sides are not equal after all.
	ErrDiffers = errors.New("what was copied differs")
)

// errDone means that a database was moved before.
var errDone = errors.New("moved already")

// leg is one of the two databases on its way.
type leg struct {
	Schema
	move     *Move
	from, to *pool
	source   *transaction // holds the source as it is
	place    string       // the target's name
	moved    bool         // the source says that it was moved there
	began    bool         // the target says that it is being moved into
}

// Run moves what there is to move and returns every table that was copied. It
// returns none where everything was moved before. Nothing is written before every
// target was looked at.
func (m Move) Run(ctx context.Context) (copied []Copied, err error) {
	if m.Chunk <= 0 {
		m.Chunk = 1000
	}
	if m.Progress == nil {
		m.Progress = func(string, Schema, string, int64, int64) {}
	}
	var legs []*leg
	defer func() {
		for _, l := range legs {
			err = errors.Join(err, l.close())
		}
	}()
	// The keys first: there are few.
	for _, l := range []*leg{{Schema: KeysSchema, move: &m}, {Schema: DataSchema, move: &m}} {
		w := m.way(l.Schema)
		if w.To == "" {
			continue
		}
		legs = append(legs, l)
		if err := l.prepare(ctx, w); errors.Is(err, errDone) {
			legs = legs[:len(legs)-1]
			if err := l.close(); err != nil {
				return nil, err
			}
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Schema, brief(err))
		}
	}
	each := func(step func(*leg) error) error {
		for _, l := range legs {
			if err := step(l); err != nil {
				return fmt.Errorf("%s: %w", l.Schema, brief(err))
			}
		}
		return nil
	}
	verify := func(l *leg) error {
		same, err := l.verify(ctx)
		copied = append(copied, same...)
		return err
	}
	for _, step := range []func(*leg) error{
		func(l *leg) error { return l.begin(ctx) },
		func(l *leg) error { return l.copy(ctx) },
		verify,
		// The old one is refused before the new one is not: never are both used.
		func(l *leg) error { return l.leave(ctx) },
		func(l *leg) error { return l.arrive(ctx) },
	} {
		if err := each(step); err != nil {
			return nil, err
		}
	}
	return copied, nil
}

func (m Move) way(s Schema) Way {
	if s == KeysSchema {
		return m.Keys
	}
	return m.Data
}

func (l *leg) close() error {
	var errs []error
	if l.source != nil {
		_ = l.source.Rollback() // nothing was written in it
	}
	for _, p := range []*pool{l.from, l.to} {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}

// prepare holds the source, and looks at the target without changing it.
func (l *leg) prepare(ctx context.Context, w Way) error {
	e, target, err := engineOf(w.From)
	if err != nil {
		return err
	}
	here, err := place(e, target)
	if err != nil {
		return err
	}
	there, err := l.State(ctx, w.From)
	if err == nil && !there.Made {
		err = fmt.Errorf("there is nothing to move at %s", here)
	}
	if err != nil {
		return err
	}
	if l.from, err = newPool(e, target, forKeys); err != nil {
		return err
	}
	if err := l.from.migrate(ctx, l.folder(e)); err != nil {
		return err
	}
	if l.source, err = l.from.hold(ctx, "installation", l.own()); err != nil {
		return err
	}
	if err := l.unused(ctx); err != nil {
		return err
	}
	now, err := readInstallation(ctx, l.source)
	if err != nil {
		return err
	}
	if now.Moving {
		return ErrMoving
	}
	if now.Installation != "" && now.Installation != l.move.Installation {
		return ErrOtherKeys
	}
	return l.aim(ctx, w.To, here, now.Moved)
}

// unused refuses a source that replicas use.
func (l *leg) unused(ctx context.Context) error {
	if l.Schema != DataSchema {
		return nil
	}
	var n int
	err := l.source.QueryRowContext(ctx, "SELECT COUNT(*) FROM leases WHERE name LIKE ? AND until > now_micros()", replicaLease+"%").Scan(&n)
	if err == nil && n > 0 {
		err = fmt.Errorf("%d assistants use this database: stop them first", n)
	}
	return err
}

// aim looks at the target of a source that says where it was moved to.
func (l *leg) aim(ctx context.Context, to, here, moved string) error {
	e, target, err := engineOf(to)
	if err != nil {
		return fmt.Errorf("to: %w", err)
	}
	if l.place, err = place(e, target); err != nil {
		return fmt.Errorf("to: %w", err)
	}
	if l.place == here {
		return errors.New("it is there already: name another database")
	}
	if moved != "" && moved != l.place {
		return movedTo(moved)
	}
	l.moved = moved != ""
	state, err := l.look(ctx, e, target, to)
	switch {
	case err != nil:
		return err
	case state.Installation == "" && l.moved:
		return movedTo(moved) // and is not there any more
	case state.Installation == "":
		return l.open(e, target)
	case state.Installation != l.move.Installation:
		return ErrNotEmpty
	case state.Moving:
		l.began = true
		return l.open(e, target)
	case l.moved:
		return errDone
	}
	return ErrNotEmpty
}

func (l *leg) open(e *engine, target string) (err error) {
	l.to, err = newPool(e, target, forKeys)
	return err
}

// look returns how the target stands: it belongs to an installation, or it is
// empty.
func (l *leg) look(ctx context.Context, e *engine, target, rawURL string) (state State, err error) {
	db, err := look(e, target)
	if err != nil || db == nil {
		return state, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err := db.tables(ctx)
	if err != nil || len(tables) == 0 {
		return state, err
	}
	for _, name := range tables {
		if !slices.Contains(ownTables, name) && !slices.ContainsFunc(l.tables(), func(t table) bool { return t.name == name }) {
			return state, fmt.Errorf("%w (it has a table %s)", ErrNotEmpty, name)
		}
	}
	if state, err = l.State(ctx, rawURL); err != nil || state.Installation != "" {
		return state, err
	}
	return state, l.empty(ctx, db, tables)
}

// empty refuses a database that has rows in the tables, but for those that it came with.
func (l *leg) empty(ctx context.Context, q querier, tables []string) error {
	for _, t := range l.tables() {
		if !slices.Contains(tables, t.name) {
			continue // its schema is older
		}
		var rows bool
		query := "SELECT EXISTS (SELECT 1 FROM " + t.name + ")"
		if t.made != "" {
			query = "SELECT EXISTS (SELECT 1 FROM " + t.name + " WHERE NOT " + t.made + ")"
		}
		if err := q.QueryRowContext(ctx, query).Scan(&rows); err != nil {
			return err
		}
		if rows {
			return fmt.Errorf("%w (it has rows of %s)", ErrNotEmpty, t.name)
		}
	}
	return nil
}

// begin marks the target, which is empty, as being moved into; one that was
// begun before must hold what the source has.
func (l *leg) begin(ctx context.Context) error {
	if err := l.to.migrate(ctx, l.folder(l.to.engine)); err != nil {
		return err
	}
	if l.began {
		return l.resume(ctx)
	}
	var all []string
	for _, t := range l.tables() {
		all = append(all, t.name)
	}
	return l.to.inTx(ctx, func(tx *transaction) error {
		n, err := rowsOf(tx.ExecContext(ctx, "INSERT INTO installation (one, keys, moving, moved) VALUES (1, ?, TRUE, '') ON CONFLICT DO NOTHING", l.move.Installation))
		if err == nil && n == 0 {
			err = ErrNotEmpty // since it was looked at
		}
		if err != nil {
			return err
		}
		if err := l.empty(ctx, tx, all); err != nil {
			return err
		}
		for _, t := range l.tables() {
			if t.made != "" { // the source has its own
				if _, err := tx.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE "+t.made); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (l *leg) resume(ctx context.Context) error {
	for _, t := range l.tables() {
		last, err := t.last(ctx, l.to)
		if err != nil {
			return err
		}
		if last == nil {
			continue
		}
		if _, same, err := l.compare(ctx, "check", t, last); err != nil {
			return err
		} else if !same {
			return fmt.Errorf("%w (%s)", ErrChanged, t.name)
		}
	}
	return nil
}

// columns returns the columns of the table on both sides.
func (l *leg) columns(ctx context.Context, t table) (source, target []column, err error) {
	if source, err = t.columns(ctx, l.source); err != nil {
		return nil, nil, err
	}
	if target, err = t.columns(ctx, l.to); err != nil {
		return nil, nil, err
	}
	same := slices.EqualFunc(source, target, func(a, b column) bool { return a.name == b.name && a.kind == b.kind })
	if !same {
		err = fmt.Errorf("%s has other columns on the other side", t.name)
	}
	return source, target, err
}

// compare compares a table up to a key, nil: the whole of it, and returns what
// the target has.
func (l *leg) compare(ctx context.Context, doing string, t table, upTo []any) (digest, bool, error) {
	source, target, err := l.columns(ctx, t)
	if err != nil {
		return digest{}, false, err
	}
	of, err := t.count(ctx, l.to)
	if err != nil {
		return digest{}, false, err
	}
	var done int64
	progress := func(n int) {
		done += int64(n)
		l.move.Progress(doing, l.Schema, t.name, min(done/2, of), of)
	}
	want, err := t.digest(ctx, l.source, source, upTo, l.move.Chunk, progress)
	if err != nil {
		return digest{}, false, err
	}
	got, err := t.digest(ctx, l.to, target, upTo, l.move.Chunk, progress)
	return got, got == want, err
}

// copy copies the rows that are not there yet.
func (l *leg) copy(ctx context.Context) error {
	for _, t := range l.tables() {
		source, target, err := l.columns(ctx, t)
		if err != nil {
			return err
		}
		of, err := t.count(ctx, l.source)
		if err != nil {
			return err
		}
		done, err := t.count(ctx, l.to)
		if err != nil {
			return err
		}
		for {
			n, err := l.chunk(ctx, t, source, target)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
			done += int64(n)
			l.move.Progress("copy", l.Schema, t.name, done, of)
		}
		if err := l.keepSerial(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// maxParameters is how many parameters a statement may have in every engine.
const maxParameters = 32000

// chunk copies the next rows of a table in one transaction of the target, and
// returns how many.
func (l *leg) chunk(ctx context.Context, t table, source, target []column) (n int, err error) {
	err = l.to.inTx(ctx, func(tx *transaction) error {
		// Of two that move at once one waits here, and then goes on where the other
		// got to.
		var moving bool
		err := tx.QueryRowContext(ctx, "SELECT moving FROM installation"+carriers[l.to.engine].forUpdate).Scan(&moving)
		if err != nil || !moving {
			return errors.Join(err, errors.New("another has ended this move meanwhile"))
		}
		after, err := t.last(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := t.page(ctx, l.source, source, after, nil, min(l.move.Chunk, maxParameters/len(source)))
		n = len(rows)
		if err != nil || n == 0 {
			return err
		}
		return t.insert(ctx, tx, target, rows)
	})
	return n, err
}

// keepSerial lets the target go on with the values that the source would give
// out next.
func (l *leg) keepSerial(ctx context.Context, t table) error {
	if t.serial == "" {
		return nil
	}
	n, err := t.lastSerial(ctx, l.source)
	if err != nil {
		return err
	}
	return l.to.inTx(ctx, func(tx *transaction) error { return t.setSerial(ctx, tx, n) })
}

// verify compares every table on both sides.
func (l *leg) verify(ctx context.Context) (same []Copied, err error) {
	var differ []string
	for _, t := range l.tables() {
		d, ok, err := l.compare(ctx, "verify", t, nil)
		if err != nil {
			return nil, err
		}
		if !ok {
			differ = append(differ, t.name)
		}
		same = append(same, Copied{l.Schema, t.name, d.rows, d.sum})
	}
	if len(differ) > 0 {
		return nil, fmt.Errorf("%w: %s: begin again with an empty database", ErrDiffers, strings.Join(differ, ", "))
	}
	return same, l.to.inTx(ctx, func(tx *transaction) error {
		for _, statement := range carriers[l.to.engine].analyze {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// leave ends the holding of the source with the mark that it was moved.
func (l *leg) leave(ctx context.Context) error {
	if l.moved {
		return nil
	}
	_, err := l.source.ExecContext(ctx, `INSERT INTO installation (one, keys, moving, moved) VALUES (1, ?, FALSE, ?)
		ON CONFLICT (one) DO UPDATE SET moved = excluded.moved`, l.move.Installation, l.place)
	if err == nil {
		err = l.source.Commit()
	}
	if err != nil {
		return fmt.Errorf("mark what was moved: %w: run it again", l.from.engine.check(err))
	}
	l.source = nil
	return nil
}

// arrive ends the move: the target can be used.
func (l *leg) arrive(ctx context.Context) error {
	return l.to.inTx(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, "UPDATE installation SET moving = FALSE")
		return err
	})
}

// inTx runs fn in a transaction for writing.
func (p *pool) inTx(ctx context.Context, fn func(tx *transaction) error) error {
	tx, err := p.begin(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // its error would be that of the same connection
		return p.engine.check(err)
	}
	if err := tx.Commit(); err != nil {
		return p.engine.check(err)
	}
	tx.prepare(ctx)
	return nil
}

func rowsOf(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
