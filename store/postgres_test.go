//go:build unix

package store_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"candor/identity"
	"candor/internal/pgtest"
	"candor/store/storetest"
)

func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	server, err := pgtest.Start(t.TempDir())
	if errors.Is(err, pgtest.ErrNotInstalled) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	fresh := func(tb testing.TB) string {
		tb.Helper()
		name := strings.ToLower(identity.NewID("test"))
		if err := server.Create(tb.Context(), name); err != nil {
			tb.Fatal(err)
		}
		return server.URL(name)
	}
	storetest.RunRestart(t, storetest.Postgres(fresh), server.Kill, server.Restart)
}
