package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
	"candor/store"
)

const shop identity.SiteID = "shop"

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func openStore(tb testing.TB) *store.Store {
	tb.Helper()
	dir := tb.TempDir()
	keys, err := store.OpenKeyring(tb.Context(), "sqlite:"+filepath.Join(dir, "keys.db"), store.MasterKey{1})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := store.Open(tb.Context(), "sqlite:"+filepath.Join(dir, "candor.db"), keys)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	if err := s.AddSite(tb.Context(), identity.Site{ID: shop, Name: "Shop", Secret: []byte("s")}, "key"); err != nil {
		tb.Fatal(err)
	}
	return s
}

var policy = consent.DefaultPolicy()

func importer(s ingest.Store) *ingest.Importer {
	return &ingest.Importer{Store: s, Policy: func() *consent.Policy { return policy }, Now: func() time.Time { return noon }}
}

func nobody(int) {}

func TestRecordRules(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", ingest.MaxText)
	for _, tt := range []struct {
		name, line string
		err        string // a part of it; empty: accepted
	}{
		{"a record", `{"customer":"maya","category":"orders","text":"Order 1"}`, ""},
		{"a title is enough", `{"customer":"maya","category":"orders","title":"Order 1"}`, ""},
		{"the longest text", `{"customer":"maya","category":"orders","text":"` + long + `"}`, ""},
		{"a text too long", `{"customer":"maya","category":"orders","text":"` + long + `x"}`, "at most 200000"},
		{"no text", `{"customer":"maya","category":"orders","text":" \n "}`, "no `text`"},
		{"no customer and no visibility", `{"category":"orders","text":"Order 1"}`, "needs a `customer`"},
		{"nothing at all", `{}`, "needs a `customer`"},
		{"a customer too long", `{"customer":"` + strings.Repeat("c", 257) + `","category":"orders","text":"x"}`, "256"},
		{"an id too long", `{"id":"` + strings.Repeat("i", 201) + `","customer":"maya","category":"orders","text":"x"}`, "200"},
		{"no category", `{"customer":"maya","text":"x"}`, `category ""`},
		{"an unknown category", `{"customer":"maya","category":"health","text":"x"}`, `category "health"`},
		{"the customer's own words", `{"customer":"maya","category":"conversation","text":"x"}`, `category "conversation"`},
		{"knowledge of a customer", `{"customer":"maya","category":"knowledge","text":"x"}`, `category "knowledge"`},
		{"a NUL", `{"customer":"maya","category":"orders","text":"a\u0000b"}`, "UTF-8"},
		{"a NUL in a field", `{"customer":"maya","category":"orders","text":"x","fields":{"a":"\u0000"}}`, "UTF-8"},
		{"a time", `{"customer":"maya","category":"orders","text":"x","collected_at":"2026-11-01T10:00:00+02:00","expires":"2027-01-01"}`, ""},
		{"not a time", `{"customer":"maya","category":"orders","text":"x","collected_at":"yesterday"}`, "`collected_at`"},
		{"not a time to expire", `{"customer":"maya","category":"orders","text":"x","expires":"31.12.2026"}`, "`expires`"},
		{"an article", `{"visibility":"public","text":"Returns"}`, ""},
		{"an internal article", `{"visibility":"internal","text":"Fraud rules"}`, ""},
		{"an article of an unknown visibility", `{"visibility":"secret","text":"x"}`, "neither public nor internal"},
		{"an article of no visibility", `{"visibility":"unspecified","text":"x"}`, "neither public nor internal"},
		// A row of an export whose customer is empty must not become an article
		// that everybody reads.
		{"a record that lost its customer", `{"customer":"","visibility":"public","category":"orders","text":"Order 1 of Maya"}`, "needs a `customer`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t)
			report, err := importer(s).Records(t.Context(), shop, ingest.JSON(strings.NewReader(tt.line)), nobody)
			if err != nil {
				t.Fatal(err)
			}
			if tt.err == "" {
				if report.Accepted != 1 || len(report.Rejected) != 0 {
					t.Errorf("refused: %+v", report)
				}
				return
			}
			if report.Accepted != 0 || len(report.Rejected) != 1 || !strings.Contains(report.Rejected[0].Error, tt.err) {
				t.Errorf("%+v, want a refusal with %q", report, tt.err)
			}
			if _, ok, err := s.FindCustomer(t.Context(), shop, "maya"); err != nil || ok {
				t.Errorf("a refused record made its customer (%v)", err)
			}
			if v, err := s.KnowledgeVersion(t.Context(), shop); err != nil || v != 0 {
				t.Errorf("a refused record became knowledge (%v)", err)
			}
		})
	}
}

func TestRecordIsStoredWhole(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	const line = `{"id":"r1","customer":"maya","category":"orders","title":" Order 1 ","text":" Two tents. ","fields":{"total":49.90},
		"source":{"system":"shop","ref":"1","url":"https://shop.example/1"},"collected_at":"2026-11-01T12:00:00+02:00","language":"en"}`
	report, err := importer(s).Records(t.Context(), shop, ingest.JSON(strings.NewReader(strings.ReplaceAll(line, "\n", ""))), nobody)
	if err != nil || report.Accepted != 1 {
		t.Fatal(report, err)
	}
	got, err := s.Record(t.Context(), shop, "r1")
	if err != nil {
		t.Fatal(err)
	}
	maya, _, err := s.FindCustomer(t.Context(), shop, "maya")
	if err != nil {
		t.Fatal(err)
	}
	orders, _ := consent.DefaultPolicy().Category("orders")
	want := retrieval.Record{
		ID: "r1", Site: shop, Customer: maya, Category: "orders", Title: "Order 1", Text: "Two tents.", Language: "en",
		Fields: map[string]string{"total": "49.90"}, Source: retrieval.Source{System: "shop", Ref: "1", URL: "https://shop.example/1"},
		CollectedAt: time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC), Expires: noon.Add(orders.Retention.Duration()),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if maya == "maya" {
		t.Error("the internal id is the site's own")
	}
}

// TestRecordIsNotKeptLonger: a record's own end may come before that of its
// category, and not after it.
func TestRecordIsNotKeptLonger(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	orders, _ := consent.DefaultPolicy().Category("orders")
	retained := noon.Add(orders.Retention.Duration())
	sooner := noon.Add(24 * time.Hour)
	for expires, want := range map[string]time.Time{
		"": retained, sooner.Format(time.RFC3339): sooner, "2099-12-31": retained,
	} {
		line := `{"id":"r1","customer":"maya","category":"orders","text":"Two tents.","expires":"` + expires + `"}`
		report, err := importer(s).Records(t.Context(), shop, ingest.JSON(strings.NewReader(line)), nobody)
		if err != nil || report.Accepted != 1 {
			t.Fatal(report, err)
		}
		if got, err := s.Record(t.Context(), shop, "r1"); err != nil || !got.Expires.Equal(want) {
			t.Errorf("%q: it is kept until %v, want %v; %v", expires, got.Expires, want, err)
		}
	}
}

func TestRecordOfAnotherCustomer(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	const lines = `{"id":"r1","customer":"maya","category":"orders","text":"Maya's order"}
{"id":"r1","customer":"omar","category":"orders","text":"Omar's order"}
{"id":"r1","customer":"maya","category":"orders","text":"Maya's order, shipped"}`
	report, err := importer(s).Records(t.Context(), shop, ingest.JSON(strings.NewReader(lines)), nobody)
	if err != nil {
		t.Fatal(err)
	}
	want := ingest.Report{
		Accepted: 2, Rejected: []ingest.Rejection{{Index: 1, Line: 2, Error: retrieval.ErrOtherCustomer.Error()}},
		First: &ingest.Place{Index: 0, Line: 1},
	}
	if d := cmp.Diff(want, report); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	got, err := s.Record(t.Context(), shop, "r1")
	if err != nil || got.Text != "Maya's order, shipped" {
		t.Errorf("%q, %v", got.Text, err)
	}
}

func TestKnowledgeRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, line string
		otherwise  retrieval.Visibility
		err        string
	}{
		{"public", `{"id":"a","text":"x","visibility":"public"}`, "", ""},
		{"none, and none given", `{"id":"a","text":"x"}`, "", "`visibility` is missing"},
		{"none, and one given", `{"id":"a","text":"x"}`, retrieval.PublicKnowledge, ""},
		{"unspecified, and one given", `{"id":"a","text":"x","visibility":"unspecified"}`, retrieval.InternalKnowledge, ""},
		{"unspecified, and none given", `{"id":"a","text":"x","visibility":"unspecified"}`, "", "neither"},
		{"unknown, and one given", `{"id":"a","text":"x","visibility":"Public"}`, retrieval.PublicKnowledge, "neither"},
		{"of a customer", `{"id":"a","text":"x","visibility":"public","customer":"maya"}`, retrieval.PublicKnowledge, "no `customer`"},
		{"of a personal category", `{"id":"a","text":"x","visibility":"public","category":"orders"}`, retrieval.PublicKnowledge, "personal"},
		{"of a category of the help centre", `{"id":"a","text":"x","visibility":"public","category":"shipping-faq"}`, "", ""},
		{"no text", `{"id":"a","visibility":"public"}`, "", "no `text`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t)
			report, err := importer(s).Knowledge(t.Context(), shop, ingest.JSON(strings.NewReader(tt.line)), tt.otherwise, nobody)
			if err != nil {
				t.Fatal(err)
			}
			var stored []retrieval.Visibility
			err = s.Knowledge(t.Context(), shop, 0, retrieval.Space{}, func(r retrieval.Record, _ []byte) error { stored = append(stored, r.Visibility); return nil },
				func(string) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			if (tt.err == "") != (report.Accepted == 1 && len(stored) == 1) || (tt.err != "") != (len(report.Rejected) == 1 && len(stored) == 0) {
				t.Fatalf("%+v, stored %v", report, stored)
			}
			if tt.err != "" && !strings.Contains(report.Rejected[0].Error, tt.err) {
				t.Errorf("%q, want %q in it", report.Rejected[0].Error, tt.err)
			}
			if tt.err == "" && tt.otherwise != "" && stored[0] != tt.otherwise {
				t.Errorf("visibility %s, want %s", stored[0], tt.otherwise)
			}
		})
	}
}

// TestManyArticles crosses the batches, with refusals inside and at the edges.
func TestManyArticles(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var b strings.Builder
	const n = 450
	for i := range n {
		if i%100 == 99 {
			b.WriteString("nonsense\n")
			continue
		}
		fmt.Fprintf(&b, "{\"id\":\"a%d\",\"text\":\"Article %d\",\"visibility\":\"public\"}\n", i, i)
	}
	var progress []int
	report, err := importer(s).Knowledge(t.Context(), shop, ingest.JSON(strings.NewReader(b.String())), "", func(n int) { progress = append(progress, n) })
	if err != nil || report.Accepted != n-4 || len(report.Rejected) != 4 {
		t.Fatalf("%d accepted, %+v refused, %v", report.Accepted, report.Rejected, err)
	}
	if r := report.Rejected[1]; r.Index != 199 || r.Line != 200 {
		t.Errorf("the second refusal is %+v", r)
	}
	stored := 0
	if err := s.Knowledge(t.Context(), shop, 0, retrieval.Space{}, func(retrieval.Record, []byte) error { stored++; return nil }, func(string) error { return nil }); err != nil || stored != n-4 {
		t.Errorf("%d stored, %v", stored, err)
	}
	if len(progress) != n || progress[n-1] != n {
		t.Errorf("progress was told %d times", len(progress))
	}
}

// broken is a store whose customers, or whose records, cannot be written.
type broken struct {
	*store.Store
	customer, record error
	after            int64
	calls            atomic.Int64
}

func (b *broken) Customer(ctx context.Context, site identity.SiteID, sub string) (identity.CustomerID, error) {
	if b.calls.Add(1) > b.after && b.customer != nil {
		return "", b.customer
	}
	return b.Store.Customer(ctx, site, sub)
}

func (b *broken) PutRecord(ctx context.Context, r retrieval.Record) error {
	if b.calls.Load() > b.after && b.record != nil {
		return b.record
	}
	return b.Store.PutRecord(ctx, r)
}

// TestStorageFails: a failure of storage is not a fault of the lines, and its
// words do not reach whoever sent them.
func TestStorageFails(t *testing.T) {
	t.Parallel()
	lost := errors.New("disk I/O error at /var/lib/candor")
	const most = 5000
	lines := strings.Repeat(`{"customer":"maya","category":"orders","text":"one"}`+"\n", most)
	for name, s := range map[string]*broken{
		"customers": {Store: openStore(t), customer: lost, after: 3},
		"records":   {Store: openStore(t), record: lost, after: 0},
	} {
		seen := 0
		report, err := importer(s).Records(t.Context(), shop, ingest.JSON(strings.NewReader(lines)), func(n int) { seen = n })
		if !errors.Is(err, lost) {
			t.Errorf("%s: the error is %v", name, err)
		}
		if int64(report.Accepted) != s.after || len(report.Rejected) != 0 {
			t.Errorf("%s: %+v, want %d accepted and none blamed", name, report, s.after)
		}
		if seen > most/2 {
			t.Errorf("%s: %d items were seen, want it to stop", name, seen)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report, err := importer(openStore(t)).Records(ctx, shop, ingest.JSON(strings.NewReader(lines)), nobody)
	if !errors.Is(err, context.Canceled) || report.Accepted != 0 || len(report.Rejected) != 0 {
		t.Errorf("cancelled: %+v, %v", report, err)
	}
}

// erasing is a store whose customers are erased before their record is stored.
type erasing struct {
	*store.Store
	text string // of the record before which its customer is
}

func (e erasing) PutRecord(ctx context.Context, r retrieval.Record) error {
	if r.Text == e.text {
		if _, err := e.Erase(ctx, r.Customer, nil); err != nil {
			return err
		}
	}
	return e.Store.PutRecord(ctx, r)
}

// TestErasedMeanwhile: an erasure in the middle of an import refuses what is about
// that customer, and nothing else.
func TestErasedMeanwhile(t *testing.T) {
	t.Parallel()
	const lines = `{"customer":"maya","category":"orders","text":"one"}
{"customer":"omar","category":"orders","text":"two"}
{"customer":"noor","category":"orders","text":"three"}`
	report, err := importer(erasing{openStore(t), "two"}).Records(t.Context(), shop, ingest.JSON(strings.NewReader(lines)), nobody)
	if err != nil || report.Accepted != 2 || len(report.Rejected) != 1 || report.Rejected[0].Index != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// FuzzImport: whatever comes, nothing panics, every item is counted once, and
// what is refused has a reason.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		"", "[", "[]", "{}", "null", "\ufeff[{}]", "{\"id\":\"a\"}\n\xff\n", `[{"customer":"m","category":"orders","text":"x"},7]`,
		"customer,category,text\nm,orders,x\n", "id\na\"b\n", "\"", "id,text\n\"a", "a\r\n\r\n\"b\"\"", `{"fields":{"a":[1]}}`,
		`{"visibility":"public","text":"` + strings.Repeat("x", 5000) + `"}`, "[[[[[[", `{"collected_at":"9999-12-31"}`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	sink := memory{}
	f.Fuzz(func(t *testing.T, data []byte, asCSV bool) {
		read := ingest.JSON
		if asCSV {
			read = ingest.CSV
		}
		items := 0
		for range read(strings.NewReader(string(data))) {
			items++
		}
		for _, knowledge := range []bool{false, true} {
			seen := 0
			progress := func(n int) { seen = n }
			var report ingest.Report
			var err error
			if knowledge {
				report, err = importer(sink).Knowledge(t.Context(), shop, read(strings.NewReader(string(data))), "", progress)
			} else {
				report, err = importer(sink).Records(t.Context(), shop, read(strings.NewReader(string(data))), progress)
			}
			if err != nil {
				t.Fatal(err)
			}
			if report.Accepted+len(report.Rejected) != items || seen != items {
				t.Fatalf("%d items, %d seen, %d accepted, %d refused", items, seen, report.Accepted, len(report.Rejected))
			}
			for i, r := range report.Rejected {
				if r.Error == "" || r.Index < 0 || r.Index >= items || i > 0 && r.Index <= report.Rejected[i-1].Index {
					t.Fatalf("refusal %+v of %d items", r, items)
				}
			}
		}
	})
}

// memory accepts whatever the importer lets through, after a look at it.
type memory struct{}

func (memory) Customer(_ context.Context, _ identity.SiteID, sub string) (identity.CustomerID, error) {
	return identity.CustomerID("cus_" + sub), nil
}

func (memory) HasRecord(context.Context, retrieval.Record) (bool, error) { return false, nil }

func (memory) HashKey() []byte { return []byte("key") }

func (memory) PutRecord(_ context.Context, r retrieval.Record) error {
	if r.ID == "" || r.Customer == "cus_" || r.Category == "" || r.Category == consent.Knowledge || r.Text == "" || r.Expires.IsZero() {
		return fmt.Errorf("an incomplete record: %+v", r)
	}
	return nil
}

func (memory) ChangedKnowledge(_ context.Context, _ identity.SiteID, records []retrieval.Record) ([]retrieval.Record, error) {
	return records, nil
}

func (memory) PutKnowledge(_ context.Context, _ identity.SiteID, records []retrieval.Record) error {
	for _, r := range records {
		if !r.Knowledge() || r.ID == "" || r.Text == "" || r.Visibility != retrieval.PublicKnowledge && r.Visibility != retrieval.InternalKnowledge {
			return fmt.Errorf("an incomplete article: %+v", r)
		}
	}
	return nil
}
