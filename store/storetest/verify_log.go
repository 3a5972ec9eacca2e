package storetest

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/store"
)

// logTables are the tables of the citation log.
var logTables = []string{
	"citation_entries", "citation_records", "citation_not_searched", "citation_bodies", "log_leaves", "log_tiles", "log_head",
}

// intruder is somebody with all rights to the database, who knows how to get around what
// refuses mistakes, and has no key.
type intruder struct {
	*fixture
	conn *sql.Conn
}

func newIntruder(f *fixture) *intruder {
	f.Helper()
	conn, err := f.operator.Conn(f.Context())
	f.must(err)
	i := &intruder{f, conn}
	f.Cleanup(func() { _ = conn.Close() })
	if f.db.engine.shared {
		i.do("SET session_replication_role = replica")
		return i
	}
	_, triggers := f.read(f.operator, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND (tbl_name LIKE 'log_%' OR tbl_name LIKE 'citation_%')")
	for _, row := range triggers {
		i.do(fmt.Sprintf("DROP TRIGGER %v", row[0]))
	}
	i.do("PRAGMA foreign_keys = OFF")
	return i
}

func (i *intruder) do(statement string, args ...any) {
	i.Helper()
	if _, err := i.conn.ExecContext(i.Context(), statement, args...); err != nil {
		i.Fatalf("%s: %v", statement, err)
	}
}

// keep copies the log, as a backup does.
func (i *intruder) keep(name string) {
	i.Helper()
	for _, table := range logTables {
		i.do("CREATE TABLE " + name + "_" + table + " AS SELECT * FROM " + table)
	}
}

// restore puts the copy in its place.
func (i *intruder) restore(name string) {
	i.Helper()
	for _, table := range slices.Backward(logTables) {
		i.do("DELETE FROM " + table)
	}
	how := ""
	if i.db.engine.shared {
		how = "OVERRIDING SYSTEM VALUE"
	}
	for _, table := range logTables {
		i.do("INSERT INTO " + table + " " + how + " SELECT * FROM " + name + "_" + table)
	}
}

// flip flips one bit of a value.
func (i *intruder) flip(column, from string) {
	i.Helper()
	var b []byte
	i.must(i.conn.QueryRowContext(i.Context(), "SELECT "+column+" FROM "+from).Scan(&b))
	b = bytes.Clone(b)
	b[len(b)/2] ^= 1
	table, where, _ := strings.Cut(from, " WHERE ")
	var value any = b
	if column == "leaf" {
		value = string(b)
	}
	i.do("UPDATE "+table+" SET "+column+" = $1 WHERE "+where, value)
}

// verify returns what a check of the whole log finds, without the words.
func (f *fixture) verify() ([]string, store.LogReport) {
	f.Helper()
	var found []string
	var last int64
	report, err := f.Transparency().Verify(f.Context(), nil, func(done, total int64) {
		if done <= last || done > total {
			f.Errorf("%d of %d leaves after %d", done, total, last)
		}
		last = done
	}, func(x citation.Finding) error {
		if x.Detail == "" {
			f.Errorf("nothing is said of %+v", x)
		}
		line := fmt.Sprint(x.Kind, " ", x.Index)
		for _, part := range []string{x.Entry, x.Answer, x.Tile, x.Field, x.Was, x.Is} {
			if part != "" {
				line += " " + part
			}
		}
		found = append(found, line)
		return nil
	})
	f.must(err)
	if report.Findings != int64(len(found)) || last != report.Leaves {
		f.Errorf("%d findings of %d, %d leaves of %d", len(found), report.Findings, last, report.Leaves)
	}
	return found, report
}

// written makes entries of both customers, from the n-th on.
func (f *fixture) written(from, n int) {
	f.Helper()
	for i := from; i < from+n; i++ {
		who := []identity.Principal{f.maya, f.omar}[i%2]
		e := citation.Entry{
			ID: fmt.Sprint("cit_", i), Kind: citation.Opened, AnswerID: fmt.Sprint("ans_", i/2), Attempt: 1, Site: shop, Customer: who.Customer,
			Conversation: "cnv_1", Purpose: consent.Answers, Recipient: consent.BrandAI, Model: "m<1>", Language: "en", Epoch: 3, PolicyVersion: "1",
			Records: []citation.Use{
				{RecordID: fmt.Sprint("rec_", i), Category: "orders", Recipient: consent.BrandAI, GrantID: "grt_1"},
				{RecordID: fmt.Sprint("art_", i), Category: consent.Knowledge, Recipient: consent.BrandAI},
			},
			NotSearched: []citation.NotSearched{{Category: "billing", Reason: consent.NoConsent, Relevant: true}},
			Body:        []byte(`{"question":"Where is <my> hammock?"}`),
		}
		if i%2 == 1 {
			e.Kind, e.Status, e.Review = citation.Closed, "answered", []byte(`{"removed":["x"]}`)
		}
		f.must(f.Citations().Append(f.Context(), e))
	}
}

// tamperingIsFound: whatever an intruder changes of an entry, a leaf, a tile or the
// checkpoint, a check of the log names it, and nothing else.
func tamperingIsFound(f *fixture) {
	const n = 300
	f.written(0, n)
	f.integrate()
	f.written(n, 2)
	signed, err := f.Transparency().Checkpoint(f.Context())
	f.must(err)
	f.must(f.Transparency().Cosigned(f.Context(), n, append(signed, "\u2014 witness AAAAAAAA\n"...)))
	clean, report := f.verify()
	if clean != nil || report.Leaves != n || report.Entries != n+2 || report.Bodies != n+2 || report.Pending != 2 || report.Erased+report.Expired != 0 {
		f.Fatalf("%v, %+v", clean, report)
	}
	i := newIntruder(f)
	i.keep("good")
	otherKey, err := citation.NewLogKey(bytes.Repeat([]byte{9}, 32))
	f.must(err)
	forged, err := otherKey.Checkpoint(n, report.Checkpoint.Root)
	f.must(err)
	swap := func(a, b int) func() {
		return func() {
			const move = "UPDATE log_leaves SET idx = $1 WHERE entry = $2"
			i.do(move, -7, fmt.Sprint("cit_", a)) // no two have one index
			i.do(move, a, fmt.Sprint("cit_", b))
			i.do(move, b, fmt.Sprint("cit_", a))
		}
	}
	do := func(statement string, args ...any) func() { return func() { i.do(statement, args...) } }
	entry := func(index int, rest string) string {
		return strings.TrimSuffix(fmt.Sprintf("entry %d cit_%d ans_%d %s", index, index, index/2, rest), " ")
	}
	for what, tt := range map[string]struct {
		tamper func()
		want   []string
	}{
		"nothing":                 {func() {}, nil},
		"a bit of a body":         {func() { i.flip("sealed", "citation_bodies WHERE entry = 'cit_7'") }, []string{entry(7, "")}},
		"a bit of a data key":     {func() { i.flip("key", "citation_bodies WHERE entry = 'cit_7'") }, []string{entry(7, "")}},
		"no data key":             {do("UPDATE citation_bodies SET key = NULL WHERE entry = 'cit_7'"), []string{entry(7, "")}},
		"a body of another entry": {do("UPDATE citation_bodies SET sealed = (SELECT sealed FROM citation_bodies WHERE entry = 'cit_9'), key = (SELECT key FROM citation_bodies WHERE entry = 'cit_9') WHERE entry = 'cit_7'"), []string{entry(7, "")}},
		"a bit of a nonce":        {func() { i.flip("nonce", "log_leaves WHERE entry = 'cit_7'") }, []string{entry(7, "nonce")}},
		"a bit of a leaf":         {func() { i.flip("leaf", "log_leaves WHERE entry = 'cit_7'") }, []string{entry(7, ""), "leaf 7 cit_7 ans_3"}},
		"a bit of the last leaf":  {func() { i.flip("leaf", "log_leaves WHERE entry = 'cit_299'") }, []string{entry(299, ""), "leaf 299 cit_299 ans_149"}},
		"a bit of a full tile":    {func() { i.flip("hashes", "log_tiles WHERE level = 0 AND number = 0") }, []string{"tile -1 0/000"}},
		"a bit of the last tile":  {func() { i.flip("hashes", "log_tiles WHERE level = 0 AND number = 1") }, []string{"tile -1 0/001"}},
		"a bit of an upper tile":  {func() { i.flip("hashes", "log_tiles WHERE level = 1 AND number = 0") }, []string{"tile -1 1/000"}},
		"no tile":                 {do("DELETE FROM log_tiles WHERE level = 0 AND number = 1"), []string{"tile -1 0/001"}},
		"a bit of the checkpoint": {func() { i.flip("checkpoint", "log_head WHERE one = 1") }, []string{"checkpoint -1"}},
		"a checkpoint of another": {do("UPDATE log_head SET checkpoint = $1", forged), []string{"checkpoint -1"}},
		"what witnesses signed":   {do("UPDATE log_head SET cosignatures = $1", string(forged)), []string{"checkpoint -1"}},
		"no head":                 {do("DELETE FROM log_head"), beyond(n)},
		"another size":            {do("UPDATE log_head SET size = 299"), []string{"checkpoint -1", "leaf 299 cit_299"}},
		"an entry is removed":     {do("DELETE FROM citation_entries WHERE id = 'cit_7'"), []string{"entry 7 cit_7"}},
		"an entry with its leaf": {func() {
			i.do("DELETE FROM citation_entries WHERE id = 'cit_7'")
			i.do("DELETE FROM log_leaves WHERE entry = 'cit_7'")
		}, []string{"leaf 7"}},
		"the last with its leaf": {func() {
			i.do("DELETE FROM citation_entries WHERE id = 'cit_299'")
			i.do("DELETE FROM log_leaves WHERE entry = 'cit_299'")
		}, []string{"leaf 299"}},
		"a leaf alone":             {do("DELETE FROM log_leaves WHERE entry = 'cit_7'"), []string{"leaf 7", "entry -1 cit_7 ans_3"}},
		"a leaf that waits":        {do("DELETE FROM log_leaves WHERE entry = 'cit_300'"), []string{"entry -1 cit_300 ans_150"}},
		"a pending entry":          {do("UPDATE citation_entries SET model = 'n' WHERE id = 'cit_300'"), []string{`entry -1 cit_300 ans_150 model "m\u003c1\u003e" "n"`}},
		"two leaves swapped":       {swap(3, 9), []string{"leaf 3 cit_9 ans_4", "leaf 9 cit_3 ans_1"}},
		"two of the last swapped":  {swap(298, 299), []string{"leaf 298 cit_299 ans_149", "leaf 299 cit_298 ans_149"}},
		"a status":                 {do("UPDATE citation_entries SET status = 'refused' WHERE id = 'cit_7'"), []string{entry(7, `status "answered" "refused"`)}},
		"two fields":               {do("UPDATE citation_entries SET model = 'n', epoch = 4 WHERE id = 'cit_7'"), []string{entry(7, `model "m\u003c1\u003e" "n"`), entry(7, `epoch 3 4`)}},
		"whose it is":              {do("UPDATE citation_entries SET customer = $1 WHERE id = 'cit_7'", string(f.maya.Customer)), []string{entry(7, "")}},
		"when it was":              {do("UPDATE citation_entries SET at = at + 1 WHERE id = 'cit_7'"), []string{"at"}},
		"a record's id":            {do("UPDATE citation_records SET record = 'rec_0' WHERE entry = 'cit_7' AND ordinal = 0"), []string{entry(7, `records ["rec_7","art_7"] ["rec_0","art_7"]`)}},
		"a record less":            {do("DELETE FROM citation_records WHERE entry = 'cit_7' AND ordinal = 1"), []string{"uses", "records"}},
		"another grant":            {do("UPDATE citation_records SET grant_id = 'grt_2' WHERE entry = 'cit_7' AND ordinal = 0"), []string{"uses"}},
		"a reason":                 {do("UPDATE citation_not_searched SET reason = 'refused' WHERE entry = 'cit_7'"), []string{"not_searched"}},
		"an entry behind its back": {do("INSERT INTO citation_entries (id, kind, opened, answer, attempt, site, customer, conversation, at, purpose, recipient, model, language, epoch, policy_version, gpc, status) SELECT 'cit_x', kind, opened, 'ans_x', attempt, site, customer, conversation, at, purpose, recipient, model, language, epoch, policy_version, gpc, status FROM citation_entries WHERE id = 'cit_7'"), []string{"entry -1 cit_x ans_x"}},
		"a body that is gone":      {do("DELETE FROM citation_bodies WHERE entry = 'cit_7'"), nil},
		"a status, the body gone": {func() {
			i.do("DELETE FROM citation_bodies WHERE entry = 'cit_7'")
			i.do("UPDATE citation_entries SET status = 'refused' WHERE id = 'cit_7'")
		}, []string{entry(7, `status "answered" "refused"`)}},
		"a model, the body gone": {func() {
			i.do("DELETE FROM citation_bodies WHERE entry = 'cit_7'")
			i.do("UPDATE citation_entries SET model = 'n' WHERE id = 'cit_7'")
		}, []string{entry(7, "")}},
	} {
		tt.tamper()
		got, _ := f.verify()
		i.restore("good")
		for j, line := range got {
			// Of the longer values, that it is this field.
			if field, _, ok := strings.Cut(strings.TrimPrefix(line, entry(7, "")+" "), " "); ok && slices.Contains(tt.want, field) {
				got[j] = field
			}
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) {
			f.Errorf("%s:\n got %q\nwant %q", what, got, tt.want)
		}
	}
	if again, _ := f.verify(); again != nil {
		f.Errorf("as it was: %v", again)
	}
}

// beyond is what is found of n leaves that no tree has.
func beyond(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("leaf %d cit_%d", i, i))
	}
	return out
}

// rollbackIsFound: an older copy of the database is in order by itself; whoever kept a
// checkpoint sees that it was put back, and by how much.
func rollbackIsFound(f *fixture) {
	tree := f.Transparency()
	kept := func() citation.Checkpoint {
		signed, err := tree.Checkpoint(f.Context())
		f.must(err)
		c, err := citation.OpenCheckpoint(signed, tree.Verifier())
		f.must(err)
		return c
	}
	prove := func(older, newer citation.Checkpoint) error {
		_, err := citation.ProveConsistent(func(level int, n int64, width int) ([]byte, error) {
			return tree.Tile(f.Context(), level, n, width)
		}, older, newer)
		return err
	}
	f.written(0, 20)
	f.integrate()
	first := kept()
	i := newIntruder(f)
	i.keep("old")
	f.written(20, 280)
	f.integrate()
	second := kept()
	if err := prove(first, second); err != nil {
		f.Errorf("a log that grew: %v", err)
	}
	for what, restored := range map[string]int{"rolled back": 0, "and written on": 10, "beyond where it was": 400} {
		i.restore("old")
		f.written(1000, restored)
		f.integrate()
		if found, report := f.verify(); found != nil || report.Leaves != int64(20+restored) {
			f.Errorf("%s: %v, %+v", what, found, report)
		}
		if err := prove(first, kept()); err != nil {
			f.Errorf("%s: what was before is not its beginning: %v", what, err)
		}
		if report, err := tree.Verify(f.Context(), &first, func(int64, int64) {}, func(citation.Finding) error { return nil }); err != nil || report.Continues != nil {
			f.Errorf("%s: %v, %v", what, report.Continues, err)
		}
		report, err := tree.Verify(f.Context(), &second, func(int64, int64) {}, func(citation.Finding) error { return nil })
		f.must(err)
		err = prove(second, kept())
		if fmt.Sprint(err) != fmt.Sprint(report.Continues) {
			f.Errorf("%s: %v, and %v", what, err, report.Continues)
		}
		var bad *citation.InconsistentError
		if !errors.As(err, &bad) || bad.RolledBack() != max(0, 280-int64(restored)) {
			f.Errorf("%s: %v", what, err)
		}
	}
}

// erasedIsVerified: of whom was erased the heads are checked, and what was changed in
// them since is found.
func erasedIsVerified(f *fixture) {
	f.written(0, 12)
	f.integrate()
	f.exec("DELETE FROM citation_bodies WHERE entry = 'cit_1'") // its time was over
	f.erase(f.maya)
	found, report := f.verify()
	if found != nil || report.Entries != 12 || report.Bodies != 5 || report.Erased != 6 || report.Expired != 1 {
		f.Errorf("%v, %+v", found, report)
	}
	// Their customers' data keys are of no use to whoever kept the bodies: what is gone is
	// proved by its leaf alone.
	f.is("the receipt", only(f.Transparency().Receipt(f.Context(), "cit_0")), citation.ErrBodyGone)
	i := newIntruder(f)
	i.do("UPDATE citation_records SET grant_id = 'grt_2' WHERE entry = 'cit_0'")
	if found, _ := f.verify(); !slices.Equal(found, []string{"entry 0 cit_0 ans_0"}) {
		f.Errorf("another grant: %v", found)
	}
	// An error of the caller ends it.
	enough := errors.New("enough")
	if _, err := f.Transparency().Verify(f.Context(), nil, func(int64, int64) {}, func(citation.Finding) error { return enough }); !errors.Is(err, enough) {
		f.Errorf("a caller that has enough: %v", err)
	}
}

// verifiedWhileItGrows: a check of a log that is written to meanwhile finds nothing.
func verifiedWhileItGrows(f *fixture) {
	f.written(0, 2)
	f.integrate()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 2; ; i += 2 {
			select {
			case <-stop:
				return
			default:
			}
			f.written(i, 2)
			if _, err := f.Transparency().Integrate(f.Context()); err != nil {
				f.Errorf("integrate: %v", err)
			}
		}
	}()
	var size int64
	for range 8 {
		found, report := f.verify()
		if found != nil || report.Checkpoint.Root == (tlog.Hash{}) || report.Leaves < size {
			f.Errorf("%v, %+v", found, report)
		}
		size = report.Leaves
	}
	close(stop)
	<-done
}
