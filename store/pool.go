package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// querier is what reads: a pool, or a transaction. Queries mark parameters
// with ?; errors are those that callers know (engine.check).
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) row
	engineOf() *engine
}

// row is the one row of a query.
type row struct {
	*sql.Row
	engine *engine
	cancel context.CancelFunc // ends the query's time; nil: it has its caller's
}

// Scan reads the row; sql.ErrNoRows if there is none.
func (r row) Scan(dest ...any) error {
	if r.cancel != nil {
		defer r.cancel()
	}
	return r.engine.check(r.Row.Scan(dest...))
}

// readTimeout bounds a read from a server, which the network may have swallowed.
const readTimeout = 10 * time.Second

// limit bounds a read.
func (e *engine) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if !e.shared {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, readTimeout)
}

// keyConns is how many connections read keys, which are mostly in memory.
const keyConns = 4

// maxPrepared bounds the statements that a pool keeps prepared. Lists of
// different lengths are different statements.
const maxPrepared = 512

// pool is a pool of connections to an engine.
type pool struct {
	*sql.DB
	engine   *engine
	bound    sync.Map // query → the engine's query
	prepared sync.Map // the engine's query → *sql.Stmt
	n        atomic.Int32
}

func newPool(e *engine, target string, u use) (*pool, error) {
	db, err := e.open(target, u)
	if err != nil {
		return nil, err
	}
	n := map[use]int{forReading: e.readers, forWriting: e.writers, forKeys: keyConns}[u]
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return &pool{DB: db, engine: e}, nil
}

func (p *pool) engineOf() *engine { return p.engine }

func (p *pool) bind(query string) string {
	if bound, ok := p.bound.Load(query); ok {
		return bound.(string)
	}
	bound := p.engine.bind(query)
	if p.n.Load() < maxPrepared {
		p.n.Add(1)
		p.bound.Store(query, bound)
	}
	return bound
}

// statement returns the prepared statement, nil where the query is to be run as
// it is: its error then says what is wrong.
func (p *pool) statement(ctx context.Context, bound string) *sql.Stmt {
	if !p.engine.prepared {
		return nil
	}
	if s, ok := p.prepared.Load(bound); ok {
		return s.(*sql.Stmt)
	}
	if p.n.Load() >= maxPrepared {
		return nil
	}
	fresh, err := p.PrepareContext(ctx, bound)
	if err != nil {
		return nil
	}
	s, loaded := p.prepared.LoadOrStore(bound, fresh)
	if loaded {
		_ = fresh.Close() // another was first
	}
	return s.(*sql.Stmt)
}

func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	bound := p.bind(query)
	if s := p.statement(ctx, bound); s != nil {
		return s.QueryContext(ctx, args...)
	}
	rows, err := p.DB.QueryContext(ctx, bound, args...)
	if err != nil && p.again(ctx, err) {
		return p.DB.QueryContext(ctx, bound, args...)
	}
	return rows, err
}

// again reports whether a read that failed may go well on another connection: the
// server may have ended this one since it was used.
func (p *pool) again(ctx context.Context, err error) bool {
	return p.engine.shared && ctx.Err() == nil && p.engine.fault(err) == away
}

func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) row {
	bound := p.bind(query)
	if s := p.statement(ctx, bound); s != nil {
		return row{s.QueryRowContext(ctx, args...), p.engine, nil}
	}
	ctx, cancel := p.engine.limit(ctx)
	r := p.DB.QueryRowContext(ctx, bound, args...)
	if err := r.Err(); err != nil && p.again(ctx, err) {
		r = p.DB.QueryRowContext(ctx, bound, args...)
	}
	return row{r, p.engine, cancel}
}

func (p *pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.DB.ExecContext(ctx, p.bind(query), args...)
}

// begin starts a transaction.
func (p *pool) begin(ctx context.Context, o *sql.TxOptions) (*transaction, error) {
	tx, err := p.BeginTx(ctx, o)
	if err != nil {
		return nil, p.engine.check(err)
	}
	return &transaction{Tx: tx, pool: p}, nil
}

// Close closes the pool with its statements.
func (p *pool) Close() error {
	var errs []error
	p.prepared.Range(func(_, s any) bool {
		errs = append(errs, s.(*sql.Stmt).Close())
		return true
	})
	return errors.Join(append(errs, p.DB.Close())...)
}

// transaction is a transaction of a pool.
type transaction struct {
	*sql.Tx
	pool *pool
	// wanted are the statements that were not prepared. They are prepared when the
	// transaction is over: the pool may have no other connection.
	wanted []string
}

// prepare prepares what the transaction, which is over, wanted prepared.
func (t *transaction) prepare(ctx context.Context) {
	for _, bound := range t.wanted {
		t.pool.statement(ctx, bound)
	}
}

func (t *transaction) engineOf() *engine { return t.pool.engine }

func (t *transaction) statement(ctx context.Context, bound string) *sql.Stmt {
	if !t.pool.engine.prepared {
		return nil
	}
	if s, ok := t.pool.prepared.Load(bound); ok {
		return t.StmtContext(ctx, s.(*sql.Stmt))
	}
	t.wanted = append(t.wanted, bound)
	return nil
}

func (t *transaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	bound := t.pool.bind(query)
	if s := t.statement(ctx, bound); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, bound, args...)
}

func (t *transaction) QueryRowContext(ctx context.Context, query string, args ...any) row {
	bound := t.pool.bind(query)
	if s := t.statement(ctx, bound); s != nil {
		return row{s.QueryRowContext(ctx, args...), t.pool.engine, nil}
	}
	return row{t.Tx.QueryRowContext(ctx, bound, args...), t.pool.engine, nil}
}

func (t *transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	bound := t.pool.bind(query)
	if s := t.statement(ctx, bound); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, bound, args...)
}

// broken reports whether a connection failed under a statement.
func broken(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
