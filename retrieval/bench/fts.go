package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// ftsEngine is SQLite's FTS5, with the tokenizer that stems as Candor does, and
// without the texts (content=”), as nobody asks for them here.
//
// tokens says where the filter is. Without: in WHERE, as its documentation has it,
// which tests every passage that has one of the words. With: the public articles are a
// table of their own, and a customer and a category are words of columns that count
// nothing, so that the index finds the few passages that have all of them.
type ftsEngine struct {
	db             *sql.DB
	tokens         bool
	passages       int
	articles, mine *sql.Stmt
}

func newFTS(ctx context.Context, z sizes, dir string, say func(string)) ([]engine, error) {
	db, err := openSQLite(dir, "fts.db")
	if err != nil {
		return nil, err
	}
	const options = "content='', tokenize='porter unicode61')"
	for _, statement := range []string{
		"CREATE VIRTUAL TABLE articles USING fts5(title, body, " + options,
		"CREATE TABLE audience (id INTEGER PRIMARY KEY, visibility TEXT NOT NULL)",
		"CREATE VIRTUAL TABLE public USING fts5(title, body, " + options,
		"CREATE VIRTUAL TABLE own USING fts5(title, body, " + options,
		"CREATE TABLE owner (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, category TEXT NOT NULL)",
		"CREATE VIRTUAL TABLE mine USING fts5(title, body, customer, category, " + options,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	n := z.customers * z.passages
	at := func(i int) doc { return own(i/z.passages, i%z.passages) }
	for _, table := range []struct {
		insert string
		n      int
		args   func(i int) []any
	}{
		{"INSERT INTO articles (rowid, title, body) VALUES (?, ?, ?)", z.knowledge, func(i int) []any {
			a := article(i)
			return []any{i, a.title, a.text}
		}},
		{"INSERT INTO audience (id, visibility) VALUES (?, ?)", z.knowledge, func(i int) []any {
			return []any{i, article(i).visibility()}
		}},
		{"INSERT INTO public (rowid, title, body) VALUES (?, ?, ?)", z.knowledge, func(i int) []any {
			a := article(i)
			if a.internal {
				return nil
			}
			return []any{i, a.title, a.text}
		}},
		{"INSERT INTO own (rowid, title, body) VALUES (?, ?, ?)", n, func(i int) []any {
			o := at(i)
			return []any{i, o.title, o.text}
		}},
		{"INSERT INTO owner (id, customer, category) VALUES (?, ?, ?)", n, func(i int) []any {
			return []any{i, i / z.passages, categories[i%z.passages%len(categories)]}
		}},
		{"INSERT INTO mine (rowid, title, body, customer, category) VALUES (?, ?, ?, ?, ?)", n, func(i int) []any {
			o := at(i)
			return []any{i, o.title, o.text, i / z.passages, strings.ReplaceAll(o.category, "_", "")}
		}},
	} {
		_, name, _ := strings.Cut(table.insert, "INTO ")
		name, _, _ = strings.Cut(name, " ")
		if err := fill(ctx, db, table.insert, table.n, "FTS5, "+name, say, table.args); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	for _, table := range []string{"articles", "public", "own", "mine"} {
		// One segment each: the quickest that it can be.
		if _, err := db.ExecContext(ctx, "INSERT INTO "+table+"("+table+") VALUES ('optimize')"); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	// Titles count twice, as Candor counts them.
	const rank = " ORDER BY rank LIMIT 20"
	marks := strings.TrimSuffix(strings.Repeat("?,", len(allowed)), ",")
	prepare := func(query string) *sql.Stmt {
		if err != nil {
			return nil
		}
		var s *sql.Stmt
		s, err = db.PrepareContext(ctx, query)
		return s
	}
	where := &ftsEngine{
		db: db, passages: z.passages,
		articles: prepare("SELECT articles.rowid FROM articles JOIN audience ON audience.id = articles.rowid" +
			" WHERE articles MATCH ? AND rank MATCH 'bm25(2.0, 1.0)' AND audience.visibility = 'public'" + rank),
		mine: prepare("SELECT own.rowid FROM own JOIN owner ON owner.id = own.rowid" +
			" WHERE own MATCH ? AND rank MATCH 'bm25(2.0, 1.0)' AND owner.customer = ? AND owner.category IN (" + marks + ")" + rank),
	}
	tokens := &ftsEngine{
		db: db, passages: z.passages, tokens: true,
		articles: prepare("SELECT rowid FROM public WHERE public MATCH ? AND rank MATCH 'bm25(2.0, 1.0)'" + rank),
		mine:     prepare("SELECT rowid FROM mine WHERE mine MATCH ? AND rank MATCH 'bm25(2.0, 1.0, 0.0, 0.0)'" + rank),
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return []engine{where, tokens}, nil
}

func (e *ftsEngine) name() string {
	if e.tokens {
		return "FTS5, filter in the index"
	}
	return "FTS5, filter in WHERE"
}

func (e *ftsEngine) close() error {
	if !e.tokens {
		return nil // the other has the same database
	}
	return e.db.Close()
}

func (e *ftsEngine) knowledge(ctx context.Context, text string, vector []float32) ([]found, error) {
	if text == "" || vector != nil {
		return nil, errCannot
	}
	return ask(ctx, e.articles, 0, anyOf(text))
}

func (e *ftsEngine) own(ctx context.Context, customer int, text string, vector []float32) ([]found, error) {
	if text == "" || vector != nil {
		return nil, errCannot
	}
	if e.tokens {
		return ask(ctx, e.mine, customer*e.passages, fmt.Sprintf("customer: %q AND category: (%s) AND {title body}: %s",
			fmt.Sprint(customer), strings.ReplaceAll(strings.Join(allowed, " OR "), "_", ""), anyOf(text)))
	}
	args := []any{anyOf(text), customer}
	for _, c := range allowed {
		args = append(args, c)
	}
	return ask(ctx, e.mine, customer*e.passages, args...)
}
