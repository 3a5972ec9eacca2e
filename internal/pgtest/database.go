// Package pgtest gives tests a PostgreSQL: an empty database of their own on a
// server that is there (Database), or a server of their own, which they can
// crash (Start).
//
// It is for tests only. What it starts trusts everybody who reaches loopback,
// and holds nothing worth keeping.
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Env names the environment variable with the URL of a server on which
// Database makes its databases, as a user who may make them.
const Env = "CANDOR_TEST_POSTGRES"

// patience bounds one statement of this package: making or dropping a database,
// which may wait for a checkpoint on a busy machine.
const patience = time.Minute

// Database returns the URL of a fresh empty database, which is dropped when the
// test ends. Where Env is unset it skips the test, but in CI it fails: there
// nothing is skipped.
func Database(tb testing.TB) string {
	tb.Helper()
	admin := os.Getenv(Env)
	switch {
	case admin == "" && os.Getenv("CI") != "":
		tb.Fatalf("%s is not set to the URL of a PostgreSQL server, and in CI nothing is skipped", Env)
	case admin == "":
		tb.Skipf("%s is not set to the URL of a PostgreSQL server", Env)
	}
	u, err := url.Parse(admin)
	if err != nil {
		tb.Fatalf("%s: %v", Env, err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	// template0 is never in use, so that tests can do this side by side. The
	// strategy by default, WAL_LOG, needs no checkpoint.
	quoted := pgx.Identifier{name}.Sanitize()
	if err := execute(tb.Context(), admin, "CREATE DATABASE "+quoted+" TEMPLATE template0"); err != nil {
		tb.Fatalf("make a database: %v", err)
	}
	tb.Cleanup(func() {
		if err := execute(context.WithoutCancel(tb.Context()), admin, "DROP DATABASE IF EXISTS "+quoted+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop the database: %v", err)
		}
	})
	u.Path = "/" + name
	return u.String()
}

// execute runs one statement on a connection of its own.
func execute(ctx context.Context, address, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	_, err = conn.Exec(ctx, statement)
	_ = conn.Close(ctx) // what matters is the statement
	return err
}
