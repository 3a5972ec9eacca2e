package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
	"candor/store"
)

// file is n records of customers, some without an id, and an article now and then.
func file(n int) string {
	var b strings.Builder
	for i := range n {
		switch i % 5 {
		case 0:
			fmt.Fprintf(&b, `{"customer":"c%d","category":"orders","title":"Order %d","text":"A tent, number %d."}`, i%17, i, i)
		case 1:
			fmt.Fprintf(&b, `{"customer":"c%d","category":"billing","text":"Paid.","source":{"system":"shop","ref":"%d"},"collected_at":"2026-03-01"}`, i%17, i)
		case 2:
			fmt.Fprintf(&b, `{"visibility":"public","title":"About %d","text":"Tents."}`, i)
		case 3:
			fmt.Fprintf(&b, `{"id":"r%d","customer":"c%d","category":"profile","text":"Likes %d.","fields":{"n":"%d"}}`, i, i%17, i, i)
		case 4:
			b.WriteString(`{"category":"orders","text":"of nobody"}`)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// everything is what the store has of customers c0 to c16, and of the site.
func everything(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for i := range 17 {
		sub := fmt.Sprint("c", i)
		id, ok, err := s.FindCustomer(t.Context(), shop, sub)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		for r, err := range held(t.Context(), s, id) {
			if err != nil {
				t.Fatal(err)
			}
			out[sub+" "+r.ID] = r.Title + " " + r.Text
		}
	}
	err := s.Knowledge(t.Context(), shop, 0, retrieval.Space{}, func(r retrieval.Record, _ []byte) error {
		out[r.ID] = r.Title + " " + r.Text
		return nil
	}, func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// counting counts the records that are written, and fails after some.
type counting struct {
	*store.Store
	written atomic.Int64
	most    int64
}

var errFull = errors.New("the disk is full")

func (c *counting) PutRecord(ctx context.Context, r retrieval.Record) error {
	if n := c.written.Add(1); c.most > 0 && n > c.most {
		return errFull
	}
	return c.Store.PutRecord(ctx, r)
}

// TestImportAgain: an import that was cut off goes on when it is run again, writes
// nothing twice, and comes to what it comes to in one run.
func TestImportAgain(t *testing.T) {
	t.Parallel()
	const n = 500
	read := func(s ingest.Store) (ingest.Report, error) {
		return importer(s).Records(t.Context(), shop, ingest.JSON(strings.NewReader(file(n))), nobody)
	}
	once := openStore(t)
	report, err := read(once)
	if err != nil || report.Accepted != n*4/5 || report.Unchanged != 0 || len(report.Rejected) != n/5 {
		t.Fatalf("%d accepted, %d unchanged, %d refused, %v", report.Accepted, report.Unchanged, len(report.Rejected), err)
	}
	if !slices.IsSortedFunc(report.Rejected, func(a, b ingest.Rejection) int { return a.Index - b.Index }) {
		t.Error("refusals are not in the order of the file")
	}
	want := everything(t, once)
	if len(want) != n*4/5 {
		t.Fatalf("%d are stored, want %d", len(want), n*4/5)
	}

	s := &counting{Store: openStore(t), most: 120}
	if _, err := read(s); !errors.Is(err, errFull) {
		t.Fatalf("a full disk: %v", err)
	}
	s.written.Store(0)
	s.most = 0
	report, err = read(s)
	if err != nil || report.Accepted != n*4/5 {
		t.Fatalf("%+v, %v", report, err)
	}
	if w := int(s.written.Load()); report.Unchanged != 120 || report.Unchanged+w != n*3/5 {
		t.Errorf("%d unchanged, %d written; 120 were written before", report.Unchanged, w)
	}
	if got := everything(t, s.Store); !maps.Equal(keysOf(got), keysOf(want)) {
		t.Errorf("%d stored, want %d", len(got), len(want))
	}
	if report.First == nil || report.First.Line != report.First.Index+1 {
		t.Errorf("the first that was written is %+v", report.First)
	}
	version, err := s.KnowledgeVersion(t.Context(), shop)
	if err != nil {
		t.Fatal(err)
	}
	s.written.Store(0)
	report, err = read(s)
	if err != nil || s.written.Load() != 0 || report.Unchanged != n*4/5 || report.First != nil {
		t.Errorf("a third time: %d written, %d unchanged, first %v, %v", s.written.Load(), report.Unchanged, report.First, err)
	}
	if v, err := s.KnowledgeVersion(t.Context(), shop); err != nil || v != version {
		t.Errorf("the knowledge has another version, %v", err)
	}
}

// keysOf are the texts, however often; the ids of records without one depend on the
// installation.
func keysOf(m map[string]string) map[string]int {
	out := make(map[string]int)
	for _, v := range m {
		out[v]++
	}
	return out
}

// TestChangedRecords: what has changed is written, and what only looks new is not.
func TestChangedRecords(t *testing.T) {
	t.Parallel()
	s := &counting{Store: openStore(t)}
	for _, tt := range []struct {
		name, line string
		written    int64
	}{
		{"first", `{"id":"a","customer":"maya","category":"orders","title":"Order","text":"one","fields":{"n":"1"}}`, 1},
		{"the same", `{"id":"a","customer":"maya","category":"orders","title":"Order","text":"one","fields":{"n":"1"}}`, 0},
		{"another text", `{"id":"a","customer":"maya","category":"orders","title":"Order","text":"two","fields":{"n":"1"}}`, 1},
		{"another field", `{"id":"a","customer":"maya","category":"orders","title":"Order","text":"two","fields":{"n":"2"}}`, 1},
		{"another category", `{"id":"a","customer":"maya","category":"billing","title":"Order","text":"two","fields":{"n":"2"}}`, 1},
		{"a date", `{"id":"a","customer":"maya","category":"billing","title":"Order","text":"two","fields":{"n":"2"},"collected_at":"2026-01-01"}`, 1},
		{"no date again", `{"id":"a","customer":"maya","category":"billing","title":"Order","text":"two","fields":{"n":"2"}}`, 0},
		{"kept for a shorter time", `{"id":"a","customer":"maya","category":"billing","title":"Order","text":"two","fields":{"n":"2"},"expires":"2026-12-24"}`, 1},
		{"without an id", `{"customer":"maya","category":"orders","text":"three"}`, 1},
		{"without an id again", `{"customer":"maya","category":"orders","text":"three"}`, 0},
		{"of another customer", `{"customer":"omar","category":"orders","text":"three"}`, 1},
		{"of a source", `{"customer":"maya","category":"orders","text":"four","source":{"system":"shop","ref":"4"}}`, 1},
		{"of that source, changed", `{"customer":"maya","category":"orders","text":"five","source":{"system":"shop","ref":"4"}}`, 1},
	} {
		s.written.Store(0)
		report, err := importer(s).Records(t.Context(), shop, ingest.JSON(strings.NewReader(tt.line)), nobody)
		if err != nil || report.Accepted != 1 || s.written.Load() != tt.written {
			t.Errorf("%s: %d written, %+v, %v", tt.name, s.written.Load(), report, err)
		}
	}
	id, err := s.Customer(t.Context(), shop, "maya")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range held(t.Context(), s.Store, id) {
		n++
	}
	if n != 3 {
		t.Errorf("maya has %d records, want 3", n)
	}
}

// TestChangedArticles: of articles what has changed is written, and the last of one id
// stays the last.
func TestChangedArticles(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for _, tt := range []struct {
		name, lines string
		unchanged   int
		first       int // line of the first that is written; 0: none
		want        string
	}{
		{"first", `{"id":"a","text":"one"}` + "\n" + `{"id":"b","text":"two"}`, 0, 1, "one, two"},
		{"again", `{"id":"a","text":"one"}` + "\n" + `{"id":"b","text":"two"}`, 2, 0, "one, two"},
		{"a change", `{"id":"a","text":"one"}` + "\n" + `{"id":"b","text":"three"}`, 1, 2, "one, three"},
		{"there and back", `{"id":"a","text":"x"}` + "\n" + `{"id":"a","text":"one"}`, 0, 1, "one, three"},
		{"another visibility", `{"id":"b","text":"three","visibility":"internal"}`, 0, 1, "one, three"},
	} {
		report, err := importer(s).Knowledge(t.Context(), shop, ingest.JSON(strings.NewReader(tt.lines)), retrieval.PublicKnowledge, nobody)
		if err != nil || report.Unchanged != tt.unchanged {
			t.Errorf("%s: %+v, %v", tt.name, report, err)
		}
		first := 0
		if report.First != nil {
			first = report.First.Line
		}
		if first != tt.first {
			t.Errorf("%s: the first that is written is line %d, want %d", tt.name, first, tt.first)
		}
		var texts []string
		err = s.Knowledge(t.Context(), shop, 0, retrieval.Space{}, func(r retrieval.Record, _ []byte) error {
			texts = append(texts, r.Text)
			return nil
		}, func(string) error { return nil })
		if got := strings.Join(texts, ", "); err != nil || got != tt.want {
			t.Errorf("%s: %s, want %s; %v", tt.name, got, tt.want, err)
		}
	}
	// What was removed is not there.
	if err := s.RemoveRecord(t.Context(), shop, "a"); err != nil {
		t.Fatal(err)
	}
	report, err := importer(s).Knowledge(t.Context(), shop, ingest.JSON(strings.NewReader(`{"id":"a","text":"one"}`)), retrieval.PublicKnowledge, nobody)
	if err != nil || report.Unchanged != 0 {
		t.Errorf("removed: %+v, %v", report, err)
	}
}

// sizes notes how many bytes of text, and how many articles, share a transaction.
type sizes struct {
	memory
	bytes, count int
}

func (s *sizes) PutKnowledge(_ context.Context, _ identity.SiteID, records []retrieval.Record) error {
	n := 0
	for _, r := range records {
		n += len(r.Text)
	}
	s.bytes, s.count = max(s.bytes, n), max(s.count, len(records))
	return nil
}

// TestBatches: a transaction is small, whether the articles are many or long.
func TestBatches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ length, bytes, count int }{{10, 2000, 200}, {190_000, 6 * 190_000, 6}} {
		s := &sizes{}
		items := func(yield func(ingest.Entry) bool) {
			for i := range 500 {
				if !yield(ingest.Entry{Item: ingest.Item{ID: fmt.Sprint(i), Visibility: "public", Text: strings.Repeat("x", tt.length)}}) {
					return
				}
			}
		}
		report, err := importer(s).Knowledge(t.Context(), shop, items, "", nobody)
		if err != nil || report.Accepted != 500 || s.bytes != tt.bytes || s.count != tt.count {
			t.Errorf("%d bytes each: %d accepted, %d articles and %d bytes in a transaction, %v", tt.length, report.Accepted, s.count, s.bytes, err)
		}
	}
}

// TestManyRefusals: a report lists as many as it may, and counts the others.
func TestManyRefusals(t *testing.T) {
	t.Parallel()
	im := importer(memory{})
	im.MostRejected = 10
	lines := strings.Repeat("nonsense\n", 1000) + `{"customer":"maya","category":"orders","text":"one"}`
	report, err := im.Records(t.Context(), shop, ingest.JSON(strings.NewReader(lines)), nobody)
	if err != nil || report.Accepted != 1 || len(report.Rejected) != 10 || report.Omitted != 990 || report.Rejected[9].Line != 10 {
		t.Errorf("%+v, %v", report, err)
	}
}

// waiting lets nothing be written until it is told to.
type waiting struct {
	memory
	release chan struct{}
}

func (w waiting) PutRecord(ctx context.Context, _ retrieval.Record) error {
	select {
	case <-w.release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestBackPressure: while nothing can be written no more is read than may wait.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	w := waiting{release: make(chan struct{})}
	var read atomic.Int64
	items := func(yield func(ingest.Entry) bool) {
		for i := range 5000 {
			read.Add(1)
			if !yield(ingest.Entry{Item: ingest.Item{Customer: fmt.Sprint("c", i), Category: "orders", Text: "one"}}) {
				return
			}
		}
	}
	done := make(chan error)
	go func() {
		report, err := importer(w).Records(t.Context(), shop, items, nobody)
		if report.Accepted != 5000 {
			err = errors.Join(err, fmt.Errorf("%d accepted", report.Accepted))
		}
		done <- err
	}()
	last := int64(-1)
	for read.Load() != last {
		last = read.Load()
		time.Sleep(100 * time.Millisecond)
	}
	if last > 1000 {
		t.Errorf("%d records are read while none is written", last)
	}
	close(w.release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func held(ctx context.Context, s *store.Store, id identity.CustomerID) func(func(retrieval.Held, error) bool) {
	return func(yield func(retrieval.Held, error) bool) {
		all, _, err := s.RecordsOf(ctx, id, consent.Place{}, 1000)
		if err != nil {
			yield(retrieval.Held{}, err)
			return
		}
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// TestCutOff: a file that cannot be read to its end is not imported to its end.
func TestCutOff(t *testing.T) {
	t.Parallel()
	const line = `{"customer":"maya","category":"orders","text":"one"}` + "\n"
	gone := errors.New("the disk is gone")
	for name, read := range map[string]func(io.Reader) iter.Seq[ingest.Entry]{"JSON": ingest.JSON, "CSV": ingest.CSV} {
		r := io.MultiReader(strings.NewReader(map[string]string{"JSON": line, "CSV": "customer,category,text\nmaya,orders,one\n"}[name]), iotest.ErrReader(gone))
		report, err := importer(openStore(t)).Records(t.Context(), shop, read(r), nobody)
		if !errors.Is(err, gone) || report.Accepted != 1 || len(report.Rejected) != 0 {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
}
