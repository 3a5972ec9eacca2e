package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/pgtest"
)

// TestSchema: looking changes nothing; up brings an empty database to where the
// program starts; what is newer, or something else, is refused.
func TestSchema(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(*testing.T) string{"sqlite": fileURL, "postgres": func(t *testing.T) string { t.Helper(); return pgtest.Database(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &site{T: t, data: fresh(t), keys: fresh(t)}
			ctx := t.Context()
			for schema, url := range map[Schema]string{DataSchema: s.data, KeysSchema: s.keys} {
				list, err := schema.Status(ctx, url)
				s.must(err)
				for i, m := range list {
					if m.Version != int64(i+1) || m.Name == "" || !m.Applied.IsZero() {
						t.Errorf("of an empty database: %+v", m)
					}
				}
				if state, err := schema.State(ctx, url); err != nil || state != (State{}) {
					t.Errorf("of an empty database: %+v, %v", state, err)
				}
				s.untouched(url)
				if name == "sqlite" {
					if _, err := schema.Up(ctx, url); err == nil || !strings.Contains(err.Error(), "assistant init") {
						t.Errorf("a file that is not there: %v", err)
					}
					s.untouched(url)
					s.must(os.WriteFile(strings.TrimPrefix(url, "sqlite:"), nil, 0o600))
				}
				applied, err := schema.Up(ctx, url)
				if err != nil || len(applied) != len(list) {
					t.Fatalf("applied %v, %v", applied, err)
				}
				for _, m := range applied {
					if age := time.Since(m.Applied); age < -time.Minute || age > time.Minute {
						t.Errorf("applied at %v, %v ago", m.Applied, age)
					}
				}
				if again, err := schema.Up(ctx, url); err != nil || len(again) != 0 {
					t.Errorf("applied again: %v, %v", again, err)
				}
				if state, err := schema.State(ctx, url); err != nil || !state.Made || state.Version != int64(len(list)) || state.Installation != "" {
					t.Errorf("of a fresh database: %+v, %v", state, err)
				}
			}
			for schema, url := range map[Schema]string{DataSchema: s.keys, KeysSchema: s.data} {
				if _, err := schema.Up(ctx, url); err == nil || !strings.Contains(err.Error(), "one each") {
					t.Errorf("%s in the other's database: %v", schema, err)
				}
			}
			s.openAt(s.data, s.keys)
			if state, err := DataSchema.State(ctx, s.data); err != nil || state.Installation != s.Store.keys.Installation() {
				t.Errorf("of one that was opened: %+v, %v", state, err)
			}
			s.must(s.Close())
			s.exec(s.data, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
			list, err := DataSchema.Status(ctx, s.data)
			if err == nil || !strings.Contains(err.Error(), "use a newer program") || list[len(list)-1].Version != 9999 || list[len(list)-1].Name != "" {
				t.Errorf("of a newer one: %v, %v", list, err)
			}
			if _, err := DataSchema.Up(ctx, s.data); err == nil || !strings.Contains(err.Error(), "use a newer program") {
				t.Errorf("a newer one: %v", err)
			}
		})
	}
}

// untouched checks that a database has nothing in it, or is not there.
func (s *site) untouched(rawURL string) {
	s.Helper()
	if path, ok := strings.CutPrefix(rawURL, "sqlite:"); ok {
		if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) > 0 {
			s.Errorf("looking made %v, %v", files, err)
		}
		return
	}
	if n := s.count(rawURL, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'"); n > 0 {
		s.Errorf("looking made %d tables", n)
	}
}

// TestKeysMoved: keys that were moved, or are being moved, are refused as data is.
func TestKeysMoved(t *testing.T) {
	t.Parallel()
	s := newSite(t, fileURL(t), fileURL(t))
	s.must(s.Close())
	s.exec(s.keys, "INSERT INTO installation (one, keys, moving, moved) VALUES (1, 'x', TRUE, '')")
	if err := s.tryOpen(s.data, s.keys); !errors.Is(err, ErrMoving) {
		t.Errorf("keys that are being moved: %v", err)
	}
	s.exec(s.keys, "UPDATE installation SET moving = FALSE, moved = 'sqlite:/else/keys.db'")
	if err := s.tryOpen(s.data, s.keys); !errors.Is(err, ErrMoved) || !strings.Contains(err.Error(), "/else/keys.db") {
		t.Errorf("keys that were moved: %v", err)
	}
}
