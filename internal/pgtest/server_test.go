//go:build unix

package pgtest

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func start(t *testing.T, settings ...string) *Server {
	t.Helper()
	s, err := Start(t.TempDir(), settings...)
	if errors.Is(err, ErrNotInstalled) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestCrash writes, crashes the server, and finds what was committed.
func TestCrash(t *testing.T) {
	s := start(t)
	if err := s.Create(t.Context(), "kept"); err != nil {
		t.Fatal(err)
	}
	if err := execute(t.Context(), s.URL("kept"), "CREATE TABLE words AS SELECT 'said'::text AS word"); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), s.URL("kept"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if len(children(s.cmd.Process.Pid)) == 0 {
		t.Error("the server has no processes of its own")
	}
	s.Kill()
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a killed server answers")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	again, err := pgx.Connect(t.Context(), s.URL("kept"))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close(t.Context())
	var word, sync, where string
	if err := again.QueryRow(t.Context(), "SELECT word, current_setting('fsync'), current_setting('unix_socket_directories') FROM words").Scan(&word, &sync, &where); err != nil {
		t.Fatal(err)
	}
	if word != "said" || sync != "on" || where != "" {
		t.Errorf("after the crash: %q, fsync %s, sockets in %q", word, sync, where)
	}
	log, err := os.ReadFile(s.Log())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "not properly shut down") {
		t.Error("what was to be a crash was an orderly end")
	}
}

// TestDatabase makes two databases that know nothing of each other, and are
// dropped though somebody is still connected.
func TestDatabase(t *testing.T) {
	t.Setenv(Env, start(t, "fsync=off").URL("postgres"))
	var urls []string
	t.Run("use", func(t *testing.T) {
		urls = append(urls, Database(t), Database(t))
		for _, u := range urls {
			conn, err := pgx.Connect(t.Context(), u)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), "CREATE TABLE only_one (n int)"); err != nil {
				t.Error(err)
			}
		}
	})
	for _, u := range urls {
		if err := execute(t.Context(), u, "SELECT 1"); err == nil || !strings.Contains(err.Error(), "does not exist") {
			t.Errorf("after its test a database is still there: %v", err)
		}
	}
}
