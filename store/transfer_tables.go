package store

// table is a table whose rows belong to an installation.
type table struct {
	name string
	key  []string // its columns order the rows, and no two have the same
	// serial is the column whose values the database gives out; empty: none.
	serial string
	// erased selects the rows that go with a customer; empty: they stay.
	erased string
	// made selects the rows that the schema comes with and nobody has changed; empty:
	// there are none.
	made string
	// proof selects the rows that stay of an erased customer for as long as the
	// proofs; empty: there are none, or they stay for ever.
	proof string
}

// Which rows are a customer's. Of the log and the ledger only what can be read
// without the customer's key goes: they are append-only.
const (
	ofCustomer     = "customer = ?"
	ofOne          = ofCustomer + " AND customer <> ''" // as the index says, where most are nobody's
	ofConversation = "conversation IN (SELECT id FROM conversations WHERE customer = ?)"
	ofExport       = "export IN (SELECT id FROM exports WHERE customer = ?)"
	ofTicket       = "ticket IN (SELECT id FROM tickets WHERE customer = ?)"
	ofAttachment   = "attachment IN (SELECT id FROM attachments WHERE customer = ?)"
	ofEntry        = "entry IN (SELECT id FROM citation_entries WHERE customer = ?)"
)

// dataTables are the tables of the data, each after those that it refers to.
var dataTables = []table{
	{name: "policy", key: []string{"one"}},
	{name: "policies", key: []string{"version"}},
	{name: "sites", key: []string{"id"}},
	{name: "customers", key: []string{"id"}},
	{name: "spent_tokens", key: []string{"site", "jti"}},
	{name: "staff", key: []string{"id"}},
	{name: "api_tokens", key: []string{"hash"}},
	{name: "sessions", key: []string{"hash"}, erased: ofCustomer},
	{name: "queues", key: []string{"name"}, made: "actor = ''"},
	{name: "seats", key: []string{"staff"}},
	{name: "ledger", key: []string{"id"}, proof: ofCustomer},
	{name: "deletions", key: []string{"id"}, proof: ofCustomer},
	{name: "holds", key: []string{"position"}, serial: "position", proof: ofCustomer},
	{name: "held", key: []string{"id"}}, // goes with its hold
	{name: "embedding", key: []string{"one"}},
	{name: "knowledge", key: []string{"site", "id"}},
	{name: "knowledge_vectors", key: []string{"site", "id", "space"}},
	{name: "records", key: []string{"site", "id"}, erased: ofCustomer},
	{name: "passages", key: []string{"site", "id"}, erased: ofCustomer},
	{name: "outside", key: []string{"tenant", "category"}}, // goes when it was looked for
	{name: "conversations", key: []string{"id"}, erased: ofCustomer},
	{name: "events", key: []string{"conversation", "seq"}, erased: ofConversation},
	{name: "answers", key: []string{"id"}, erased: ofConversation},
	{name: "model_tokens", key: []string{"customer", "day"}, erased: ofCustomer},
	{name: "citation_entries", key: []string{"position"}, serial: "position"},
	{name: "citation_records", key: []string{"entry", "ordinal"}},
	{name: "citation_not_searched", key: []string{"entry", "ordinal"}},
	{name: "citation_words", key: []string{"word", "place"}, erased: ofEntry},
	{name: "citation_bodies", key: []string{"entry"}, erased: ofEntry},
	{name: "log_leaves", key: []string{"serial"}, serial: "serial"},
	{name: "log_tiles", key: []string{"level", "number"}},
	{name: "log_head", key: []string{"one"}},
	{name: "log_answers", key: []string{"place"}},
	{name: "log_values", key: []string{"value", "place"}},
	{name: "reviews", key: []string{"id"}}, // see eraseReviews
	{name: "flags", key: []string{"id"}},
	{name: "tickets", key: []string{"id"}, erased: ofCustomer},
	{name: "ticket_events", key: []string{"ticket", "ordinal"}, erased: ofTicket},
	{name: "notes", key: []string{"id"}, erased: ofCustomer},
	{name: "contacts", key: []string{"conversation"}, erased: ofCustomer},
	{name: "webhooks", key: []string{"name"}},
	{name: "deliveries", key: []string{"id", "target"}, erased: ofCustomer}, // a webhook's are nobody's: they hold ids alone
	{name: "staff_tokens", key: []string{"hash"}},
	{name: "staff_events", key: []string{"staff", "ordinal"}},
	{name: "suggestions", key: []string{"id"}, erased: ofCustomer},
	{name: "summaries", key: []string{"conversation", "reader"}, erased: ofCustomer},
	{name: "canned", key: []string{"id"}},
	{name: "attachments", key: []string{"id"}, erased: ofCustomer},
	{name: "attachment_pieces", key: []string{"attachment", "piece"}, erased: ofAttachment},
	{name: "outbox", key: []string{"id"}, serial: "id"},
	{name: "idempotency", key: []string{"key"}, erased: ofCustomer},
	{name: "ratings", key: []string{"subject"}, erased: ofCustomer},
	{name: "requests", key: []string{"id"}}, // see eraseRequests
	{name: "request_events", key: []string{"request", "ordinal"}},
	{name: "hidden", key: []string{"id"}, erased: ofOne},
	{name: "corrections", key: []string{"id"}, erased: ofOne}, // what is about one customer alone
	{name: "corrected", key: []string{"correction", "conversation"}, erased: ofCustomer},
	{name: "incidents", key: []string{"id"}},
	{name: "incident_events", key: []string{"incident", "ordinal"}},
	{name: "accesses", key: []string{"id"}, erased: ofCustomer},
	{name: "exports", key: []string{"id"}, erased: ofCustomer},
	{name: "export_parts", key: []string{"export", "part"}, erased: ofExport},
}

// keysTables are the tables of the keys. The house's own come last: without
// them nothing opens the others.
var keysTables = []table{
	{name: "keys", key: []string{"customer", "generation"}},
	{name: "erasures", key: []string{"customer", "generation"}},
	{name: "house", key: []string{"name"}},
}

// ownTables are the tables that belong to a database, and not to what it holds.
var ownTables = []string{"commits", "goose_db_version", "installation", "leases"}

func (s Schema) tables() []table {
	if s == KeysSchema {
		return keysTables
	}
	return dataTables
}
