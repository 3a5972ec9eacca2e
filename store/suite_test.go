package store_test

import (
	"testing"

	"candor/internal/pgtest"
	"candor/store/storetest"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.SQLite())
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	pgtest.Database(t) // skips all of it, where there is none
	storetest.Run(t, storetest.Postgres(pgtest.Database))
}
