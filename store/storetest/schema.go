package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
	"candor/store"
)

// everything puts a row into every table.
func (f *fixture) everything() {
	f.Helper()
	f.put(record(f.maya, "r1", "orders", "A tent."))
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{{ID: "k1", Text: "Returns take 30 days.", Visibility: retrieval.PublicKnowledge}}))
	f.must(f.SetSpace(f.Context(), spaceA))
	f.embed(spaceA, f.unembedded(spaceA, 1)...)
	f.choose(f.maya, true, "orders")
	f.found(f.maya, consent.Answers)
	f.must(only(f.EnterOutside(f.Context(), f.scope(f.maya, consent.Answers), []consent.Category{"orders"}, time.Minute)))
	f.must(f.UseToken(f.Context(), shop, "jti", f.now().Add(time.Hour)))
	f.must(f.AddSession(f.Context(), identity.Session{ID: "ses_1", Token: "token", Kind: identity.Customer, Customer: f.maya.Customer, Expires: f.now().Add(time.Hour)}))
	f.must(f.AddAPIToken(f.Context(), f.agent("stf_1"), "api"))
	conv := f.talk(f.maya)
	a := f.writing(conv, "Where is my order?")
	a.Status = answer.Answered
	f.must(f.Finish(f.Context(), f.stamp(f.maya), sentence(a, "On its way."), answer.Ending{}))
	e := closed(a.ID, f.maya.Customer)
	e.Records = []citation.Use{{RecordID: "r1", Category: "orders", Recipient: consent.BrandAI}}
	e.NotSearched = []citation.NotSearched{{Category: "billing", Reason: consent.NoConsent}}
	e.Words = []string{"order"}
	f.must(f.Citations().Append(f.Context(), e))
	f.must(f.Reviews().AddReview(f.Context(), review.Review{ID: "rev_1", Answer: a.ID, Verdict: review.Correct, Note: "Fine.", Reviewer: review.Person{ID: "stf_1"}}))
	f.must(f.Reviews().AddFlag(f.Context(), e.Conversation, review.Flag{ID: "flg_1", Answer: a.ID, Kind: review.Tone, Note: "Curt.", By: review.Person{ID: "stf_1"}}))
	f.handOff(conv)
	f.must(f.Act(f.Context(), "stf_1", conv, agents.Action{Trigger: conversation.AgentClaims}))
	f.must(f.Rate(f.Context(), f.maya.Customer, conv, 1, "good"))
	f.must(only(f.Remember(f.Context(), f.maya.Customer, "scope", "key", "body")))
	f.must(f.Settle(f.Context(), f.maya.Customer, "scope", "key", store.Response{Status: 200}))
	f.put(record(f.maya, "r2", "orders", "A mat."))
	f.dispute(f.maya, "r2")
	f.complain(f.maya, conv, a.ID, consent.WrongTone, "")
	f.put(record(f.maya, "r4", "orders", "A stove."))
	f.must(only(f.Hide(f.Context(), review.HiddenSource{Site: shop, Record: "r4", Actor: "staff:stf_1"})))
	f.must(only(f.AddCorrection(f.Context(), review.Correction{Site: shop, Answers: []string{a.ID}, Text: "It is not.", Actor: "staff:stf_1"})))
	f.incident(review.WrongAnswer, "A wrong answer.")
	f.webhook("crm", "candor.handoff.*")
	f.must(only(f.TryWebhook(f.Context(), "crm")))
	f.invite("stf_2", "link", false)
	f.holdOn(f.maya, time.Hour, "orders")
	f.put(record(f.maya, "r3", "orders", "A lamp."))
	f.must(f.RemoveRecord(f.Context(), shop, "r3"))
	f.must(f.Accessed(f.Context(), deskLook(f.maya)))
	f.must(f.Exports().Begin(f.Context(), f.maya.Customer, "exp_1", 1))
	f.must(f.Exports().Put(f.Context(), f.maya.Customer, "exp_1", []byte("all of it"), 1))
	f.exec("INSERT INTO leases (name, holder, until) VALUES ('work', 'rep_other', 0)")
	for table, rows := range f.contents() {
		if rows == "" {
			f.Errorf("the table %s is empty", table)
		}
	}
}

// onlyGrows: the ledger and the citation log cannot be rewritten, not even with
// another tool.
func onlyGrows(f *fixture) {
	f.everything()
	before := f.contents()
	statements := []string{
		"UPDATE ledger SET state = 'given'", "UPDATE ledger SET at = 0 WHERE epoch = 1", "DELETE FROM ledger",
		"INSERT INTO ledger SELECT * FROM ledger WHERE epoch = 1 ON CONFLICT (id) DO UPDATE SET state = 'withdrawn'",
		"UPDATE citation_entries SET status = 'x'", "DELETE FROM citation_entries",
		"UPDATE incident_events SET actor = 'x'", "DELETE FROM incident_events",
		"UPDATE staff_events SET actor = 'x'", "DELETE FROM staff_events",
	}
	if f.db.engine.shared {
		statements = append(statements, "TRUNCATE ledger", "TRUNCATE citation_entries CASCADE")
	} else {
		// A replacement deletes without a trigger's being asked.
		columns, _ := f.read(f.operator, "SELECT * FROM ledger")
		statements = append(statements,
			"REPLACE INTO ledger SELECT "+strings.Replace(strings.Join(columns, ", "), "state", "'withdrawn'", 1)+" FROM ledger WHERE epoch = 1",
			"REPLACE INTO citation_entries SELECT * FROM citation_entries")
	}
	for _, statement := range statements {
		if _, err := f.operator.ExecContext(f.Context(), statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			f.Errorf("%s: %v", statement, err)
		}
	}
	f.unchanged("what only grows", before)
}

// rule is what there can be only one row of.
type rule struct {
	table   string
	columns []string
}

// rules are those of every table. Where there are several of a table, a copy
// breaks one of them at a time.
var rules = []rule{
	{"policy", []string{"one"}},
	{"policies", []string{"version"}},
	{"sites", []string{"id"}},
	{"sites", []string{"server_key"}},
	{"customers", []string{"id"}},
	{"customers", []string{"site", "subject"}},
	{"spent_tokens", []string{"site", "jti"}},
	{"staff", []string{"id"}},
	{"staff", []string{"email"}},
	{"api_tokens", []string{"hash"}},
	{"sessions", []string{"hash"}},
	{"ledger", []string{"id"}},
	{"ledger", []string{"customer", "purpose", "category", "recipient", "conversation", "epoch"}},
	{"knowledge", []string{"site", "id"}},
	{"records", []string{"site", "id"}},
	{"passages", []string{"site", "id"}},
	{"conversations", []string{"id"}},
	{"events", []string{"conversation", "seq"}},
	{"answers", []string{"id"}},
	{"citation_entries", []string{"id"}},
	{"citation_words", []string{"word", "place"}},
	{"log_answers", []string{"place"}},
	{"log_answers", []string{"answer"}},
	{"log_values", []string{"value", "place"}},
	{"reviews", []string{"id"}},
	{"flags", []string{"id"}},
	{"tickets", []string{"id"}},
	{"tickets", []string{"conversation"}}, // of those that are not closed
	{"outbox", []string{"message"}},
	{"idempotency", []string{"key"}},
	{"embedding", []string{"one"}},
	{"webhooks", []string{"name"}},
	{"deliveries", []string{"id", "target"}},
	{"staff_tokens", []string{"hash"}},
	{"staff_events", []string{"staff", "ordinal"}},
	{"knowledge_vectors", []string{"site", "id", "space"}},
	{"ratings", []string{"subject"}},
	{"requests", []string{"id"}},
	{"requests", []string{"site", "record"}}, // of the open ones that have one
	{"request_events", []string{"request", "ordinal"}},
	{"hidden", []string{"id"}},
	{"hidden", []string{"site", "record", "customer"}}, // of those that are hidden now
	{"corrections", []string{"id"}},
	{"corrected", []string{"correction", "conversation"}},
	{"incidents", []string{"id"}},
	{"incident_events", []string{"incident", "ordinal"}},
	{"accesses", []string{"id"}},
	{"exports", []string{"id"}},
	{"exports", []string{"customer"}}, // of those that are being made
	{"export_parts", []string{"export", "part"}},
	{"deletions", []string{"id"}},
	{"holds", []string{"id"}},
	{"held", []string{"id"}},
	{"outside", []string{"tenant", "category"}},
	{"leases", []string{"name"}},
	{"installation", []string{"one"}},
}

// free is, for each table, a column of each of its rules that refers to nothing:
// with other values there a copy breaks no rule.
var free = map[string][]string{
	"policies": {"version"}, "sites": {"id", "server_key"}, "customers": {"id", "subject"}, "spent_tokens": {"jti"},
	"staff": {"id", "email"}, "api_tokens": {"hash"}, "sessions": {"hash"}, "ledger": {"id", "conversation"},
	"knowledge": {"id"}, "knowledge_vectors": {"space"}, "records": {"id"}, "passages": {"id"}, "conversations": {"id"}, "events": {"seq"}, "answers": {"id"},
	"citation_entries": {"id"}, "citation_words": {"word"}, "log_answers": {"place", "answer"}, "log_values": {"value"}, "reviews": {"id"}, "flags": {"id"}, "outbox": {"message"}, "idempotency": {"key"},
	"ratings": {"subject"}, "requests": {"id", "record", "answer"}, "request_events": {"ordinal"}, "hidden": {"id", "record"}, "corrections": {"id"}, "corrected": {"conversation"}, "incidents": {"id"}, "incident_events": {"ordinal"}, "accesses": {"id"}, "export_parts": {"part"}, "leases": {"name"}, "deletions": {"id"}, "holds": {"id"}, "held": {"id"}, "outside": {"tenant"}, "webhooks": {"name"}, "deliveries": {"id"}, "staff_tokens": {"hash"}, "staff_events": {"ordinal"},
}

// copyRow adds a copy of a row with other values in some columns.
func (f *fixture) copyRow(table string, other map[string]string) error {
	f.Helper()
	columns, rows := f.read(f.operator, "SELECT * FROM "+table+" LIMIT 1")
	if len(rows) == 0 {
		f.Fatalf("the table %s is empty", table)
	}
	var into, from []string
	for _, c := range columns {
		if c == "position" || table == "outbox" && c == "id" {
			continue // given by the database
		}
		value := c
		if v, ok := other[c]; ok {
			value = v
		}
		into, from = append(into, c), append(from, value)
	}
	_, err := f.operator.ExecContext(f.Context(), fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM (SELECT * FROM %s LIMIT 1) AS one",
		table, strings.Join(into, ", "), strings.Join(from, ", "), table))
	return err
}

// unique: a copy is refused where it breaks a rule, and only there.
func unique(f *fixture) {
	f.everything()
	n := 0
	other := func(column string) string {
		n++
		if column == "seq" || column == "ordinal" || column == "part" || column == "place" {
			return fmt.Sprint(1000 + n)
		}
		return fmt.Sprintf("'other %d'", n)
	}
	for _, r := range rules {
		values := map[string]string{}
		for _, c := range free[r.table] {
			if !slices.Contains(r.columns, c) {
				values[c] = other(c)
			}
		}
		if (r.table == "tickets" || r.table == "exports") && r.columns[0] != "id" {
			values["id"] = other("id")
		}
		if err := f.copyRow(r.table, values); err == nil {
			f.Errorf("two rows of %s have one %s", r.table, strings.Join(r.columns, ", "))
		}
	}
	for _, table := range tables {
		values := map[string]string{}
		for _, c := range free[table] {
			values[c] = other(c)
		}
		if table == "tickets" {
			values = map[string]string{"id": other("id"), "state": "'closed'"}
		}
		if table == "exports" {
			values = map[string]string{"id": other("id"), "status": "'done'"}
		}
		err := f.copyRow(table, values)
		if single := table == "policy" || table == "embedding" || table == "installation"; (err == nil) == single {
			f.Errorf("a copy into %s with %v: %v", table, values, err)
		}
	}
	for _, table := range []string{"policy", "embedding", "installation"} {
		if err := f.copyRow(table, map[string]string{"one": "2"}); err == nil {
			f.Errorf("there are two of %s", table)
		}
	}
	if err := f.copyRow("knowledge", map[string]string{"id": "'k9'", "visibility": "'everybody'"}); err == nil {
		f.Error("knowledge may be for everybody")
	}
	if err := f.copyRow("customers", map[string]string{"id": "'c8'", "subject": "NULL"}); err != nil {
		f.Errorf("a visitor: %v", err)
	}
	if err := f.copyRow("customers", map[string]string{"id": "'c9'", "subject": "NULL"}); err != nil {
		f.Errorf("a second visitor: %v", err)
	}
	keys := f.raw(f.db.keys)
	for _, statement := range []string{
		"INSERT INTO keys SELECT * FROM keys", "INSERT INTO house SELECT * FROM house",
		"INSERT INTO erasures VALUES ('h', 1, 0), ('h', 1, 1)",
	} {
		if _, err := keys.ExecContext(f.Context(), statement); err == nil {
			f.Errorf("there are two of one: %s", statement)
		}
	}
	if _, err := keys.ExecContext(f.Context(), "INSERT INTO keys SELECT customer, generation + 1, wrapped, created FROM keys"); err != nil {
		f.Errorf("another generation of a key: %v", err)
	}
}

// references: no row is without what it belongs to.
func references(f *fixture) {
	f.everything()
	for child, columns := range map[string][]string{
		"customers": {"site"}, "api_tokens": {"staff"}, "ledger": {"customer"}, "knowledge": {"site"}, "knowledge_vectors": {"site", "id"}, "records": {"site", "customer"},
		"passages": {"site", "record"}, "conversations": {"site", "customer"}, "events": {"conversation"}, "answers": {"conversation"},
		"citation_records": {"entry"}, "citation_not_searched": {"entry"}, "citation_words": {"entry"}, "log_answers": {"entry"}, "reviews": {"answer"}, "flags": {"answer"}, "tickets": {"conversation"},
		"requests": {"site"}, "request_events": {"request"}, "hidden": {"site"}, "corrections": {"site"}, "corrected": {"correction"}, "incident_events": {"incident"}, "accesses": {"customer"}, "exports": {"customer"}, "export_parts": {"export"},
		"deletions": {"customer"}, "holds": {"customer"}, "held": {"hold"}, "staff_tokens": {"staff"}, "staff_events": {"staff"},
	} {
		for _, c := range columns {
			values := map[string]string{}
			for _, x := range free[child] {
				values[x] = fmt.Sprintf("'other %s %s'", child, c)
			}
			if child == "events" {
				values["seq"] = "1000"
			}
			if child == "request_events" || child == "incident_events" || child == "staff_events" {
				values["ordinal"] = "1000"
			}
			if child == "log_answers" {
				values["place"] = "1000"
			}
			if child == "export_parts" {
				values["part"] = "1000"
			}
			if child == "exports" {
				values["id"], values["status"] = "'other'", "'done'"
			}
			if child == "tickets" {
				values["id"] = "'other'"
			}
			values[c] = "'nothing'"
			if err := f.copyRow(child, values); err == nil {
				f.Errorf("%s has a row of no %s", child, c)
			}
		}
	}
	before := f.contents()
	for _, parent := range []string{"sites", "customers", "staff", "knowledge", "records", "conversations"} {
		if _, err := f.operator.ExecContext(f.Context(), "DELETE FROM "+parent); err == nil {
			f.Errorf("%s were deleted that something belongs to", parent)
		}
	}
	f.unchanged("what something belongs to", before)
}
