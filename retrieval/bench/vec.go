package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"math"
	"strings"

	"candor/retrieval"
)

// vecEngine is sqlite-vec as modernc.org/sqlite/vec brings it: a vec0 table each, with
// the audience or the customer as the key of a partition, and a customer's category as
// metadata. Distances are cosines, of float32, or of the same int8 that Candor keeps.
type vecEngine struct {
	db             *sql.DB
	float          bool
	passages       int
	articles, mine *sql.Stmt // mine: nil for float32, which is no quicker
}

func newVec(ctx context.Context, z sizes, dir string, say func(string)) ([]engine, error) {
	db, err := openSQLite(dir, "vec.db")
	if err != nil {
		return nil, err
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(allowed)), ",")
	for _, statement := range []string{
		"CREATE VIRTUAL TABLE articles8 USING vec0(visibility text partition key, v int8[384] distance_metric=cosine)",
		"CREATE VIRTUAL TABLE articles32 USING vec0(visibility text partition key, v float[384] distance_metric=cosine)",
		// A partition has chunks of its own, so a large chunk would mostly be empty.
		"CREATE VIRTUAL TABLE own USING vec0(customer integer partition key, category text, v int8[384] distance_metric=cosine, chunk_size=16)",
		// It looks its chunks up by the partition's key, and has no index of that.
		"CREATE INDEX own_partition ON own_chunks (partition00)",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	err = fill(ctx, db, "INSERT INTO articles8 (rowid, visibility, v) VALUES (?, ?, vec_int8(?))", z.knowledge, "sqlite-vec int8, knowledge", say, func(i int) []any {
		a := article(i)
		return []any{i, a.visibility(), int8s(embed(a.input()))}
	})
	if err == nil {
		err = fill(ctx, db, "INSERT INTO articles32 (rowid, visibility, v) VALUES (?, ?, ?)", z.knowledge, "sqlite-vec float32, knowledge", say, func(i int) []any {
			a := article(i)
			return []any{i, a.visibility(), float32s(embed(a.input()))}
		})
	}
	if err == nil {
		err = fill(ctx, db, "INSERT INTO own (rowid, customer, category, v) VALUES (?, ?, ?, vec_int8(?))", z.customers*z.passages, "sqlite-vec, customers", say, func(i int) []any {
			o := own(i/z.passages, i%z.passages)
			return []any{i, i / z.passages, o.category, int8s(embed(o.input()))}
		})
	}
	prepare := func(query string) *sql.Stmt {
		if err != nil {
			return nil
		}
		var s *sql.Stmt
		s, err = db.PrepareContext(ctx, query)
		return s
	}
	ints := &vecEngine{
		db: db, passages: z.passages,
		articles: prepare("SELECT rowid FROM articles8 WHERE v MATCH vec_int8(?) AND k = 20 AND visibility = 'public' ORDER BY distance"),
		mine:     prepare("SELECT rowid FROM own WHERE v MATCH vec_int8(?) AND k = 20 AND customer = ? AND category IN (" + marks + ") ORDER BY distance"),
	}
	floats := &vecEngine{
		db: db, float: true, passages: z.passages,
		articles: prepare("SELECT rowid FROM articles32 WHERE v MATCH ? AND k = 20 AND visibility = 'public' ORDER BY distance"),
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return []engine{ints, floats}, nil
}

func int8s(v []float32) []byte {
	q := retrieval.Quantise(v)
	b := make([]byte, len(q.Values))
	for i, x := range q.Values {
		b[i] = byte(x)
	}
	return b
}

func float32s(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func (e *vecEngine) name() string {
	if e.float {
		return "sqlite-vec, float32"
	}
	return "sqlite-vec, int8"
}

func (e *vecEngine) close() error {
	if !e.float {
		return nil // the other has the same database
	}
	return e.db.Close()
}

func (e *vecEngine) bytes(v []float32) []byte {
	if e.float {
		return float32s(v)
	}
	return int8s(v)
}

func (e *vecEngine) knowledge(ctx context.Context, text string, vector []float32) ([]found, error) {
	if text != "" || vector == nil {
		return nil, errCannot
	}
	return ask(ctx, e.articles, 0, e.bytes(vector))
}

func (e *vecEngine) own(ctx context.Context, customer int, text string, vector []float32) ([]found, error) {
	if text != "" || vector == nil || e.mine == nil {
		return nil, errCannot
	}
	args := []any{e.bytes(vector), customer}
	for _, c := range allowed {
		args = append(args, c)
	}
	return ask(ctx, e.mine, customer*e.passages, args...)
}
