package histories

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/agents/natsdesk"
	"candor/store"
)

// beginning is how every word begins that only a record holds. It is in no other
// text: a letter for the category and chance follow.
const beginning = "vexqor"

var canary = regexp.MustCompile(beginning + "[a-c][a-z]{10}")

func newCanary(category int) string {
	letters := make([]byte, 10)
	rand.Read(letters)
	for i := range letters {
		letters[i] = 'a' + letters[i]%26
	}
	return beginning + string(rune('a'+category)) + string(letters)
}

// quotes returns the categories whose word is in a text, in their order, and notes
// a word that is another history's.
func (h *history) quotes(text string) (out []int) {
	for i, c := range h.canaries {
		if strings.Contains(text, c) {
			out = append(out, i)
		}
	}
	for _, found := range canary.FindAllString(text, -1) {
		if !slices.Contains(h.canaries[:], found) {
			h.wrong("a text quotes another customer's record")
		}
	}
	return out
}

// atRest holds that no row, and no file of a folder, has a word of any record: all
// that is kept of them is sealed.
func (w *world) atRest(dir string) {
	w.tb.Helper()
	ctx := context.WithoutCancel(w.tb.Context())
	for _, table := range w.tables(ctx) {
		w.inTable(ctx, table)
	}
	if dir != "" {
		inFiles(w.tb, dir)
	}
}

func (w *world) tables(ctx context.Context) (names []string) {
	w.tb.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if w.server {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	rows, err := w.operator.QueryContext(ctx, query)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var name string
		w.must(rows.Scan(&name))
		names = append(names, name)
	}
	w.must(rows.Err())
	return names
}

// inTable looks at every value of a table.
func (w *world) inTable(ctx context.Context, table string) {
	w.tb.Helper()
	rows, err := w.operator.QueryContext(ctx, "SELECT * FROM "+table)
	w.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	w.must(err)
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	for rows.Next() {
		w.must(rows.Scan(values...))
		for i, v := range values {
			text := fmt.Sprint(*v.(*any))
			if b, ok := (*v.(*any)).([]byte); ok {
				text = string(b)
			}
			if strings.Contains(text, beginning) {
				w.tb.Errorf("a row of %s holds a word of a record in %s", table, columns[i])
			}
		}
	}
	w.must(rows.Err())
}

func inFiles(tb testing.TB, dir string) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte(beginning)) {
			tb.Errorf("%s holds a word of a record", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		tb.Error(err)
	}
}

// heldByStreams publishes what the histories left in the outbox, and looks at the
// files of the message streams.
func heldByStreams(tb testing.TB, data, keys string) {
	tb.Helper()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	k, err := store.OpenKeyring(ctx, keys, master)
	must(err)
	s, err := store.Open(ctx, data, k)
	must(err)
	defer s.Close()
	dir := tb.TempDir()
	bus, err := natsdesk.Open(ctx, natsdesk.Options{URL: natsdesk.Embedded, Dir: dir})
	must(err)
	before, err := s.Unpublished(ctx)
	must(err)
	publishing, stop := context.WithCancel(ctx)
	published := make(chan error, 1)
	go func() { published <- bus.PublishOutbox(publishing, s) }()
	for left := before; left > 0; time.Sleep(20 * time.Millisecond) {
		left, err = s.Unpublished(ctx)
		must(err)
	}
	stop()
	must(<-published)
	must(bus.Close())
	if before == 0 {
		tb.Error("the histories have published nothing")
	}
	inFiles(tb, dir)
}
