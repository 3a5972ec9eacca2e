package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/export"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

// many fills the tables that grow with what is long over: a thousand rows each, of
// other customers.
var many = []string{
	"INSERT INTO customers (id, site, created) SELECT 'cus_' || i, 'shop', 0 FROM n",
	`INSERT INTO conversations (id, site, customer, visitor, state, reason, assignee, language, last_seq, created, updated)
		SELECT 'cnv_' || i, 'shop', 'cus_' || i, FALSE, 'resolved', '', '', 'en', 2, i, i FROM n`,
	"INSERT INTO events (conversation, seq, type, ref, at, sealed) SELECT 'cnv_' || i, 1, 'message', 'msg_' || i, 0, '' FROM n",
	"INSERT INTO events (conversation, seq, type, ref, at, sealed) SELECT 'cnv_' || i, 2, 'message', 'msh_' || i, 0, '' FROM n",
	`INSERT INTO answers (id, conversation, customer, message, supersedes, status, attempt, offer, sealed, at, recorded)
		SELECT 'ans_' || i, 'cnv_' || i, 'cus_' || i, 'msg_' || i, '', 'answered', 1, '', '', i, TRUE FROM n`,
	`INSERT INTO tickets (id, conversation, site, customer, queue, reason, priority, language, state, assignee, waiting_since, closed)
		SELECT 'tkt_' || i, 'cnv_' || i, 'shop', 'cus_' || i, 'support', '', 1, 'en', 'closed', '', i, i FROM n`,
	`INSERT INTO ledger (id, customer, epoch, purpose, category, recipient, state, notice_id, notice_version, notice_sha256, language,
		jurisdiction, channel, actor, evidence, conversation, at, expires, deletes, policy_version)
		SELECT 'grt_' || i, 'cus_' || i, 1, 'answers', 'orders', 'brand_ai', 'given', '', '', '', 'en', '', '', '', '', '', 0, 0, FALSE, '' FROM n`,
	`INSERT INTO records (site, id, customer, category, sealed, collected, expires, indexed, at)
		SELECT 'shop', 'rec_' || i, 'cus_' || i, 'orders', '', i, 0, TRUE, i FROM n`,
	`INSERT INTO passages (site, id, record, customer, category, collected, sealed)
		SELECT 'shop', 'rec_' || i || '#0', 'rec_' || i, 'cus_' || i, 'orders', i, '' FROM n`,
	`INSERT INTO sessions (hash, id, kind, site, customer, staff, gpc, csrf, expires)
		SELECT 'hash_' || i, 'ses_' || i, 2, 'shop', 'cus_' || i, '', FALSE, '', i FROM n`,
	`INSERT INTO citation_entries (id, kind, opened, answer, attempt, site, customer, conversation, at, purpose, recipient, model, language,
		epoch, policy_version, gpc, status)
		SELECT 'cit_' || i, 'closed', '', 'ans_' || i, 1, 'shop', 'cus_' || i, 'cnv_' || i, i, '', '', '', 'en', 1, '', FALSE, '' FROM n`,
	"INSERT INTO citation_bodies (entry, key, sealed, at) SELECT 'cit_' || i, '', '', i FROM n",
	"INSERT INTO log_leaves (entry, nonce, leaf) SELECT 'cit_' || i, '', 'leaf' FROM n",
	`INSERT INTO log_answers (place, rank, answer, entry, at, site, customer, conversation, kind, status, language, model, policy_version)
		SELECT e.position, e.position, e.answer, e.id, e.at, e.site, e.customer, e.conversation, e.kind, e.status, e.language, e.model, e.policy_version
		FROM citation_entries e JOIN n ON e.id = 'cit_' || n.i`,
	"INSERT INTO log_values (value, place) SELECT 'category:orders', i FROM n",
	"INSERT INTO reviews (id, answer, customer, verdict, reviewer, at) SELECT 'rev_' || i, 'ans_' || i, 'cus_' || i, 'tone', '', i FROM n",
	"INSERT INTO flags (id, answer, customer, kind, agent, at) SELECT 'flg_' || i, 'ans_' || i, 'cus_' || i, 'tone', '', i FROM n",
	"INSERT INTO citation_records (entry, record, category, recipient, grant_id) SELECT 'cit_' || i, 'rec_' || i, 'orders', '', '' FROM n",
	"INSERT INTO idempotency (key, body, customer, status, expires) SELECT 'key_' || i, '', 'cus_' || i, 200, i FROM n",
	`INSERT INTO requests (id, site, customer, kind, status, jurisdiction, record, conversation, at, due, closed)
		SELECT 'req_' || i, 'shop', 'cus_' || i, 'rectification', 'done', 'default', 'rec_' || i, '', i, i, i FROM n`,
	`INSERT INTO hidden (id, site, record, customer, at, actor, shown) SELECT 'hid_' || i, 'shop', 'rec_' || i, 'cus_' || i, i, '', i FROM n`,
	`INSERT INTO corrections (id, site, customer, record, language, at, actor, talks, sealed)
		SELECT 'cor_' || i, 'shop', 'cus_' || i, 'rec_' || i, '', i, '', 1, '' FROM n`,
	"INSERT INTO corrected (correction, conversation, customer, sent) SELECT 'cor_' || i, 'cnv_' || i, 'cus_' || i, i FROM n",
	"INSERT INTO request_events (request, ordinal, at, actor, action, for_customer, outcome) SELECT 'req_' || i, 0, i, 'system', 'open', FALSE, '' FROM n",
	`INSERT INTO accesses (id, at, site, customer, actor, kind, conversation, answer, purpose, reason, categories, sealed)
		SELECT 'acc_' || i, i, 'shop', 'cus_' || i, '', 'desk', '', '', '', '', '[]', '' FROM n`,
	`INSERT INTO exports (id, customer, status, holder, done, total, size, parts, touched, at, expires)
		SELECT 'exp_' || i, 'cus_' || i, 'done', '', 1, 1, 1, 1, i, i, 4000000000000000 FROM n`,
	"INSERT INTO export_parts (export, part, sealed) SELECT 'exp_' || i, 0, '' FROM n",
	"INSERT INTO spent_tokens (site, jti, expires) SELECT 'shop', 'jti_' || i, i FROM n",
	"INSERT INTO ticket_events (ticket, ordinal, at, kind, actor, queue, detail) SELECT 'tkt_' || i, 0, i, 'claimed', '', 'support', '' FROM n",
	"INSERT INTO notes (id, conversation, customer, staff, at, sealed) SELECT 'not_' || i, 'cnv_' || i, 'cus_' || i, '', i, '' FROM n",
	`INSERT INTO attachments (id, conversation, customer, message, author, staff, size, pieces, at, sealed)
		SELECT 'att_' || i, 'cnv_' || i, 'cus_' || i, 'msg_' || i, 'customer', '', 1, 1, i, '' FROM n`,
	"INSERT INTO attachment_pieces (attachment, piece, sealed) SELECT 'att_' || i, 0, '' FROM n",
	"INSERT INTO contacts (conversation, customer, at, sealed) SELECT 'cnv_' || i, 'cus_' || i, i, '' FROM n",
	`INSERT INTO deliveries (id, target, kind, event, conversation, customer, staff, status, attempts, next, code, why, at, done)
		SELECT 'dlv_' || i, 'webhook:crm', 'webhook', '', 'cnv_' || i, '', '', 'sent', 1, 0, 200, '', i, 4000000000000000 FROM n`,
	`INSERT INTO suggestions (id, conversation, customer, staff, at, status, outcome)
		SELECT 'sug_' || i, 'cnv_' || i, 'cus_' || i, '', i, 'answered', 'used' FROM n`,
	"INSERT INTO summaries (conversation, customer, seq, reader, at, sealed) SELECT 'cnv_' || i, 'cus_' || i, 1, '', i, '' FROM n",
	"INSERT INTO ratings (subject, customer, score, sealed, at) SELECT 'cnv_' || i, 'cus_' || i, 5, '', i FROM n",
}

// large are the tables that no query on the way of a request reads as a whole.
var large = []string{
	"customers", "conversations", "events", "answers", "tickets", "ledger", "records", "passages", "sessions",
	"citation_entries", "citation_records", "citation_bodies", "log_leaves", "idempotency", "spent_tokens", "accesses", "exports", "export_parts", "requests", "request_events", "hidden", "corrections", "corrected",
	"ticket_events", "notes", "attachments", "attachment_pieces", "contacts", "deliveries", "suggestions", "summaries", "ratings",
}

// planned is a store with one customer among many.
type planned struct {
	*Store
	gate *consent.Gate
	who  identity.Principal
}

func newPlanned(t *testing.T, s *Store) planned {
	t.Helper()
	ctx := t.Context()
	must(t, s.InstallPolicy(ctx, consent.DefaultPolicy()))
	must(t, s.AddSite(ctx, identity.Site{ID: "shop"}, "key"))
	must(t, s.AddStaff(ctx, identity.StaffMember{ID: "stf_1", Roles: []identity.Role{identity.RoleAgent}}))
	maya, err := s.Customer(ctx, "shop", "maya")
	must(t, err)
	p := planned{s, consent.NewGate(s, consent.DefaultPolicy()), identity.Principal{Kind: identity.Customer, Site: "shop", Customer: maya}}
	_, err = p.gate.Change(ctx, p.who, consent.ChangeSet{Language: "en", Changes: []consent.Change{
		{Triple: consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}, Granted: true},
	}})
	must(t, err)
	must(t, s.Create(ctx, conversation.Conversation{ID: "cnv_maya", Site: "shop", Customer: maya, State: conversation.Pending}, p.message("msg_first")))
	return p
}

func (planned) message(id string) conversation.Message {
	return conversation.Message{ID: id, From: conversation.FromCustomer}
}

// asked is a call that somebody waits for.
type asked struct {
	name string
	call func() error
}

// asks makes a call, and fails where one of its queries reads the whole of a large table.
func (p planned) asks(t *testing.T, c asked) {
	t.Helper()
	queries := p.queries(t, c.call)
	if len(queries) == 0 {
		t.Errorf("%s: nothing was asked", c.name)
	}
	for _, q := range queries {
		for _, table := range readWhole(q, p.plan(t, q)) {
			if slices.Contains(large, table) {
				t.Errorf("%s reads all %s:\n%s", c.name, table, q)
			}
		}
	}
}

// TestPlans: what is asked while somebody waits is answered from an index on
// both engines, whatever the parameters are.
func TestPlans(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *Store) {
		p := newPlanned(t, open())
		s, ctx, gate, who, maya, message := p.Store, t.Context(), p.gate, p.who, p.who.Customer, p.message
		scope, err := gate.Scope(ctx, who, consent.Answers)
		must(t, err)
		posted, err := s.Post(ctx, "cnv_maya", message("msg_maya"), "en")
		must(t, err)
		a := answer.Answer{ID: posted.AnswerID, ConversationID: "cnv_maya", Attempt: 1, Status: answer.Writing, Sentences: []answer.Sentence{{Text: "x"}}}
		must(t, s.fill(ctx))

		for _, c := range []asked{
			{"a session", func() error { return ignore(s.Session(ctx, "token")) }},
			{"a customer", func() error { return only(s.Customer(ctx, "shop", "maya")) }},
			{"an identity token", func() error { return s.UseToken(ctx, "shop", "jti", time.Now()) }},
			{"a request", func() error { return only(s.Remember(ctx, maya, "scope", "key", "body")) }},
			{"the ledger of a customer", func() error { return only(s.Snapshot(ctx, maya)) }},
			{"the history of a customer", func() error { return only(s.History(ctx, maya)) }},
			{"what an erasure would do", func() error { return only(s.Erasable(ctx, maya)) }},
			{"who was erased of late", func() error { return only(s.ForgetErased(ctx)) }},
			{"the holds of a customer", func() error { return only(s.holdsOf(ctx, maya)) }},
			{"a record", func() error {
				return s.PutRecord(ctx, retrieval.Record{ID: "r1", Site: "shop", Customer: maya, Category: "orders", Text: "A tent."})
			}},
			{"passages", func() error { return only(s.Passages(ctx, scope)) }},
			{"passages without a vector", func() error {
				return only(s.UnembeddedOwn(ctx, scope, scope.Searchable(), retrieval.Space{Model: "m", Version: "1", Dimension: 1, Quantisation: retrieval.Int8}, 10))
			}},
			{"texts", func() error { return only(s.Texts(ctx, scope, []string{"r1", "r2"})) }},
			{"the next leaves of the log", func() error {
				_, err := s.Transparency().Integrate(ctx)
				return err
			}},
			{"a bundle of leaves", func() error { return only(s.Transparency().Entries(ctx, 0, 5)) }},
			{"the place of an entry", func() error { return only(s.Transparency().Index(ctx, "cit_7")) }},
			{"all that is held", func() error {
				_, _, err := s.RecordsOf(ctx, maya, consent.Place{Rank: 1, ID: "r1"}, 10)
				return err
			}},
			{"a dispute", func() error {
				r, err := gate.NewRequest(ctx, who, consent.RectificationRequest, "No.")
				if err != nil {
					return err
				}
				r.Record = "r1"
				if err := s.AddRequest(ctx, r); err != nil {
					return err
				}
				scope, err = gate.Scope(ctx, who, consent.Answers)
				_, err2 := s.ActOnRequest(ctx, r.ID, consent.RequestEvent{Action: consent.ActDone, Outcome: consent.RecordKept})
				return errors.Join(err, err2)
			}},
			{"a customer's requests", func() error {
				_, _, err := s.RequestsOf(ctx, maya, consent.Place{}, 10)
				return err
			}},
			{"the requests", func() error {
				_, _, err := s.Requests(ctx, consent.RequestFilter{After: consent.Place{Rank: 1, ID: "req_1"}})
				return err
			}},
			{"how many requests are open", func() error { return only(s.CountRequests(ctx)) }},
			{"the latest conversation", func() error { _, _, err := s.Latest(ctx, maya); return err }},
			{"events after one", func() error { return only(s.Events(ctx, "cnv_maya", 1, 10)) }},
			{"the messages", func() error { return only(s.Messages(ctx, "cnv_maya")) }},
			{"a message", func() error { return only(s.Post(ctx, "cnv_maya", message("msg_next"), "en")) }},
			{"a message again", func() error { return only(s.Post(ctx, "cnv_maya", message("msg_maya"), "en")) }},
			{"an answer's turn", func() error { return s.AwaitTurn(ctx, "cnv_maya", posted.AnswerID) }},
			{"an attempt", func() error { return s.Begin(ctx, a, "") }},
			{"a sentence", func() error { return s.Release(ctx, scope.Stamp(), a) }},
			{"a sentence that cites", func() error {
				b := a
				b.Sentences = []answer.Sentence{{Text: "x", Citations: []answer.Citation{{RecordID: "r1"}, {RecordID: "rec_7"}}}}
				return s.Release(ctx, scope.Stamp(), b)
			}},
			{"a complaint", func() error {
				r, err := gate.NewComplaint(ctx, who, "cnv_maya", posted.AnswerID, consent.WrongTone, "")
				if err != nil {
					return err
				}
				if err := s.AddRequest(ctx, r); err != nil {
					return err
				}
				_, err = s.ActOnRequest(ctx, r.ID, consent.RequestEvent{Action: consent.ActDone, Note: "Yes.", ForCustomer: true})
				return err
			}},
			{"how much was said from a source", func() error { return only(s.SourceUses(ctx, "shop", "rec_7")) }},
			{"what is hidden", func() error {
				_, _, err := s.Hidden(ctx, review.HiddenFilter{After: consent.Place{Rank: 500, ID: "hid_500"}, Limit: 10, Past: true})
				return err
			}},
			{"whether a source is hidden", func() error {
				_, _, err := s.Hidden(ctx, review.HiddenFilter{Site: "shop", Record: "rec_7"})
				return err
			}},
			{"a correction", func() error {
				if err := s.keys.Create(ctx, "cus_7"); err != nil {
					return err
				}
				c, err := s.AddCorrection(ctx, review.Correction{Site: "shop", Record: "rec_7", Text: "No."})
				if err != nil {
					return err
				}
				return only(s.Correction(ctx, c.ID))
			}},
			{"corrections to send", func() error { return only(s.SendCorrections(ctx)) }},
			{"corrections", func() error {
				_, _, err := s.Corrections(ctx, review.CorrectionFilter{After: consent.Place{Rank: 500, ID: "cor_500"}, Limit: 10})
				return err
			}},
			{"the same answer again", func() error { return only(s.Again(ctx, maya, posted.AnswerID)) }},
			{"an offer", func() error { return ignore(s.AnswerWithOffer(ctx, maya, "off_1")) }},
			{"an entry", func() error {
				return s.Citations().Append(ctx, citation.Entry{ID: "e1", Kind: citation.Closed, AnswerID: posted.AnswerID, Customer: maya, Body: []byte("{}")})
			}},
			{"the entries of an answer", func() error { return only(s.Citations().ByAnswer(ctx, posted.AnswerID)) }},
			{"the entries of a customer", func() error {
				_, _, err := s.Reviews().List(ctx, review.Filter{Filter: citation.Filter{Customer: maya}})
				return err
			}},
			{"the reviews of an answer", func() error { return only(s.Reviews().Findings(ctx, posted.AnswerID, true)) }},
			{"a review", func() error {
				return s.Reviews().AddReview(ctx, review.Review{ID: "rev_maya", Answer: posted.AnswerID, Verdict: review.Tone})
			}},
			{"a flag", func() error {
				err := s.Reviews().AddFlag(ctx, "cnv_maya", review.Flag{ID: "flg_maya", Answer: posted.AnswerID, Kind: review.Tone})
				if errors.Is(err, review.ErrUnknownAnswer) { // its entry names no conversation
					return nil
				}
				return err
			}},
			{"who looked at an answer", func() error {
				_, _, err := s.Reviews().Looks(ctx, review.AccessFilter{Answer: posted.AnswerID})
				return err
			}},
			{"answers below a score", func() error {
				below := 0.5
				_, _, err := s.Reviews().List(ctx, review.Filter{ScoreBelow: &below})
				return err
			}},
			{"what one reviewer has of a model's", func() error {
				_, _, err := s.Reviews().List(ctx, review.Filter{Filter: citation.Filter{Model: "m", Query: "word"}, Assigned: "stf_1"})
				return err
			}},
			{"unrecorded answers", func() error { return only(s.Unfinished(ctx, time.Minute)) }},
			{"answers left behind", func() error { return only(s.LeftBehind(ctx)) }},
			{"a handoff", func() error {
				return only(s.Handoff(ctx, "cnv_maya", conversation.CustomerRequest, message("msg_wait")))
			}},
			{"the place in the queue", func() error { return only(s.TicketOf(ctx, "cnv_maya")) }},
			{"the queue", func() error { return only(s.Tickets(ctx, "support")) }},
			{"what waits", func() error { _, _, err := s.Queued(ctx, 10); return err }},
			{"what is kept", func() error { return s.Lapse(ctx) }},
			{"what is kept for an agent", func() error { return only(s.Reservations(ctx, "stf_1")) }},
			{"who is given tickets", func() error { return only(s.Agents(ctx)) }},
			{"who has disappeared", func() error { return only(s.Silent(ctx, time.Minute)) }},
			{"a place in the queue", func() error { return ignore(s.Line(ctx, "cnv_maya")) }},
			{"how long others waited", func() error { return only(s.Waited(ctx, "support")) }},
			{"a ticket", func() error { return only(s.Ticket(ctx, "cnv_maya")) }},
			{"the desk's version", func() error { return only(s.DeskVersion(ctx)) }},
			{"a claim", func() error {
				return s.Act(ctx, agents.By{Staff: "stf_1"}, "cnv_maya", agents.Action{Trigger: conversation.AgentClaims})
			}},
			{"a look", func() error {
				return s.Accessed(ctx, consent.Access{Customer: maya, Actor: "staff:stf_1", Kind: consent.DeskAccess})
			}},
			{"what was done with somebody's data", func() error { _, _, err := s.Uses(ctx, maya, consent.Place{}, 50); return err }},
			{"how much is held", func() error { return only(s.Counts(ctx, maya)) }},
			{"the conversations", func() error { return only(s.ConversationsOf(ctx, maya)) }},
			{"an export", func() error { return s.Exports().Begin(ctx, maya, "exp_maya", 1) }},
			{"a part of it", func() error { return s.Exports().Put(ctx, maya, "exp_maya", []byte("x"), 1) }},
			{"its end", func() error { return s.Exports().End(ctx, maya, "exp_maya", export.Done) }},
			{"how it stands", func() error { return only(s.Exports().Job(ctx, maya, "exp_maya")) }},
			{"a part of its archive", func() error { return only(s.Exports().Part(ctx, maya, "exp_maya", 0)) }},
			{"a choice", func() error {
				_, err := gate.Change(ctx, who, consent.ChangeSet{Language: "en", Changes: []consent.Change{
					{Triple: consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}},
				}})
				return err
			}},
			{"a resolution", func() error {
				return s.Act(ctx, agents.By{Staff: "stf_1"}, "cnv_maya", agents.Action{Trigger: conversation.AgentResolves})
			}},
		} {
			p.asks(t, c)
		}
	})
}

// ignore returns nil for what is not there.
func ignore[T any](_ T, err error) error {
	for _, fine := range []error{identity.ErrUnauthenticated, conversation.ErrNotFound} {
		if errors.Is(err, fine) {
			return nil
		}
	}
	return err
}

// fill puts a thousand rows into each of the large tables.
func (s *Store) fill(ctx context.Context) error {
	for _, statement := range many {
		statement = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) " + statement
		if _, err := s.writes.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	if !s.engine.shared {
		return nil // nobody tells SQLite what is in its tables
	}
	_, err := s.writes.ExecContext(ctx, "ANALYZE")
	return err
}

// queries returns what a call asks, as the engine is asked.
func (s *Store) queries(t *testing.T, call func() error) (out []string) {
	t.Helper()
	var mu sync.Mutex
	for _, p := range []*pool{s.reads, s.writes} {
		was, watched := p.engine, *p.engine
		watched.bind = func(query string) string {
			bound := was.bind(query)
			mu.Lock()
			defer mu.Unlock()
			out = append(out, bound)
			return bound
		}
		p.bound.Clear()
		p.engine = &watched
		defer func() { p.engine = was }()
	}
	must(t, call())
	return out
}

// scanned finds what a plan reads as a whole: the table, or its alias. All of a site
// is nearly that.
var scanned = regexp.MustCompile(`(?m)^SCAN (\w+)$|^SEARCH (\w+) USING .*\(site=\?\)(?: LEFT-JOIN)?$|Seq Scan on (\w+)`)

// readWhole returns the tables that the plan of a query reads as a whole.
func readWhole(query, plan string) (tables []string) {
	for _, m := range scanned.FindAllStringSubmatch(plan, -1) {
		table := m[1] + m[2] + m[3]
		if named := regexp.MustCompile(`(?:FROM|JOIN)\s+(\w+)\s+` + table + `\b`).FindStringSubmatch(query); named != nil {
			table = named[1]
		}
		tables = append(tables, table)
	}
	return tables
}

// parameter finds the parameters of PostgreSQL; the store gives each one place.
var parameter = regexp.MustCompile(`\$\d+`)

// plan is how the engine answers a query, whatever its parameters are.
func (s *Store) plan(t *testing.T, query string) string {
	t.Helper()
	conn, err := s.writes.Conn(t.Context())
	must(t, err)
	defer conn.Close()
	none := make([]any, strings.Count(query, "?"))
	explain, column := "EXPLAIN QUERY PLAN "+query, 3
	if s.engine.shared {
		nulls := ""
		if n := len(parameter.FindAllString(query, -1)); n > 0 {
			nulls = "(" + strings.Repeat("NULL,", n-1) + "NULL)"
		}
		// Where an index can be used it is: which costs less is for the planner.
		for _, statement := range []string{"SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off", "PREPARE asked AS " + query} {
			_, err := conn.ExecContext(t.Context(), statement)
			must(t, err)
		}
		defer func() { must(t, only(conn.ExecContext(t.Context(), "DEALLOCATE asked"))) }()
		explain, column, none = "EXPLAIN EXECUTE asked"+nulls, 0, nil
	}
	rows, err := conn.QueryContext(t.Context(), explain, none...)
	must(t, err)
	defer rows.Close()
	var lines []string
	for rows.Next() {
		cells := make([]any, column+1)
		for i := range cells {
			cells[i] = new(any)
		}
		must(t, rows.Scan(cells...))
		lines = append(lines, fmt.Sprint(*cells[column].(*any)))
	}
	must(t, rows.Err())
	return strings.Join(lines, "\n")
}
