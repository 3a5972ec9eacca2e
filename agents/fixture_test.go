package agents_test

import (
	"testing"

	"candor/agents/desktest"
	"candor/store"
	"candor/store/schematest"
)

// newDesk makes a company with a desk in process, in a store of its own.
func newDesk(t *testing.T) (*desktest.Fixture, *store.Store) {
	t.Helper()
	s := schematest.Open(t, t.TempDir())
	t.Cleanup(func() { must(t, s.Close()) })
	return desktest.NewFixture(t, s), s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
