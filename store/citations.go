package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"candor/answer"
	"candor/citation"
	"candor/consent"
)

var _ citation.Log = (*Citations)(nil)

// Citations is the citation log in SQL. It is a type of its own because it and
// the ledger both append.
type Citations struct{ s *Store }

// Citations returns the citation log.
func (s *Store) Citations() *Citations { return &Citations{s} }

func entryPlace(id string) string { return "citation/" + id }

// errErasedAnswer refuses an entry of somebody who was erased meanwhile.
var errErasedAnswer = fmt.Errorf("%w: %w", citation.ErrUnavailable, answer.ErrNotWriting)

// Append adds an entry.
func (l *Citations) Append(ctx context.Context, e citation.Entry) error {
	key, err := l.s.keys.For(ctx, e.Customer)
	if errors.Is(err, consent.ErrUnknownCustomer) {
		return errErasedAnswer
	}
	if err != nil {
		return fmt.Errorf("%w: %w", citation.ErrUnavailable, err)
	}
	sealed, err := key.Seal(entryPlace(e.ID), e.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", citation.ErrUnavailable, err)
	}
	err = l.s.writeFor(ctx, e.Customer, func(tx *Tx) error {
		if e.Stamp != nil {
			if err := tx.checkStamp(*e.Stamp); err != nil {
				return err
			}
		}
		if e.Kind == citation.Opened {
			// A replica that was paused must not open what another has ended meanwhile.
			ended, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM answers WHERE id = ? AND (status <> ? OR attempt > ?)",
				e.AnswerID, answer.Writing, e.Attempt)
			if err != nil {
				return err
			}
			if len(ended) > 0 {
				return answer.ErrNotWriting
			}
		}
		// The end of an answer may be recorded again; what was recorded first stays.
		there, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM citation_entries WHERE id = ?", e.ID)
		if err != nil || len(there) > 0 {
			return err
		}
		_, err = tx.exec(`INSERT INTO citation_entries (id, kind, opened, answer, attempt, site, customer, conversation, at,
			purpose, recipient, model, language, epoch, policy_version, gpc, status, sealed) VALUES (`+marks(18)+`)`,
			e.ID, e.Kind, e.Opened, e.AnswerID, e.Attempt, e.Site, e.Customer, e.Conversation, micros(tx.Now),
			e.Purpose, e.Recipient, e.Model, e.Language, e.Epoch, e.PolicyVersion, e.GPC, e.Status, sealed)
		if err != nil {
			return err
		}
		if e.Kind == citation.Closed {
			if _, err := tx.exec("UPDATE answers SET recorded = TRUE WHERE id = ?", e.AnswerID); err != nil {
				return err
			}
		}
		for i, r := range e.Records {
			if _, err := tx.exec("INSERT INTO citation_records (entry, ordinal, record, category, recipient, grant_id) VALUES (?, ?, ?, ?, ?, ?)",
				e.ID, i, r.RecordID, r.Category, r.Recipient, r.GrantID); err != nil {
				return err
			}
		}
		for i, n := range e.NotSearched {
			if _, err := tx.exec("INSERT INTO citation_not_searched (entry, ordinal, category, reason, relevant) VALUES (?, ?, ?, ?, ?)",
				e.ID, i, n.Category, n.Reason, n.Relevant); err != nil {
				return err
			}
		}
		for _, w := range e.Words {
			if _, err := tx.exec("INSERT INTO citation_words (word, entry) VALUES (?, ?) ON CONFLICT DO NOTHING",
				l.s.wordHash(w), e.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, consent.ErrUnknownCustomer) {
		return errErasedAnswer
	}
	if err != nil && !errors.Is(err, consent.ErrStale) && !errors.Is(err, answer.ErrNotWriting) {
		return fmt.Errorf("%w: %w", citation.ErrUnavailable, err)
	}
	return err
}

func (s *Store) wordHash(word string) string { return s.keys.Hash("word", word) }

// entryColumns are the columns of an entry e. Of a customer who was erased nothing
// sealed is read, whoever still has their key.
var entryColumns = `e.position, e.id, e.kind, e.opened, e.answer, e.attempt, e.site, e.customer, e.conversation, e.at,
	e.purpose, e.recipient, e.model, e.language, e.epoch, e.policy_version, e.gpc, e.status,
	CASE WHEN ` + present("e.customer") + " THEN e.sealed END"

type positioned struct {
	citation.Entry
	position int64
}

func (l *Citations) scan(ctx context.Context) func(func(...any) error) (positioned, error) {
	return func(scan func(...any) error) (positioned, error) {
		var e positioned
		var at int64
		var sealed []byte
		err := scan(&e.position, &e.ID, &e.Kind, &e.Opened, &e.AnswerID, &e.Attempt, &e.Site, &e.Customer, &e.Conversation, &at,
			&e.Purpose, &e.Recipient, &e.Model, &e.Language, &e.Epoch, &e.PolicyVersion, &e.GPC, &e.Status, &sealed)
		if err != nil {
			return e, err
		}
		e.At = fromMicros(at)
		if sealed == nil {
			return e, nil // of a customer who was erased, only what was never sealed is left
		}
		key, err := l.s.keys.For(ctx, e.Customer)
		if errors.Is(err, ErrKeyDestroyed) {
			return e, nil
		}
		if err != nil {
			return e, err
		}
		e.Body, err = key.Open(entryPlace(e.ID), sealed)
		return e, err
	}
}

// List returns the newest answers that the filter selects: of each its latest
// entry.
func (l *Citations) List(ctx context.Context, f citation.Filter) ([]citation.Summary, int64, error) {
	where := []string{"NOT EXISTS (SELECT 1 FROM citation_entries n WHERE n.answer = e.answer AND n.position > e.position)"}
	var args []any
	add := func(clause string, values ...any) {
		where, args = append(where, clause), append(args, values...)
	}
	equal := func(column, value string) {
		if value != "" {
			add("e."+column+" = ?", value)
		}
	}
	equal("customer", string(f.Customer))
	equal("site", string(f.Site))
	equal("conversation", f.Conversation)
	equal("status", f.Status)
	equal("kind", string(f.Kind))
	equal("language", f.Language)
	equal("model", f.Model)
	equal("policy_version", f.PolicyVersion)
	// A recipient, record or category counts if any entry of the answer has it:
	// what an attempt that was taken back sent to a model was sent.
	const ofAnswer = "EXISTS (SELECT 1 FROM citation_records r JOIN citation_entries o ON o.id = r.entry WHERE o.answer = e.answer AND r."
	if f.Record != "" {
		add(ofAnswer+"record = ?)", f.Record)
	}
	if f.Category != "" {
		add(ofAnswer+"category = ?)", f.Category)
	}
	if f.Recipient != "" {
		add("(e.recipient = ? OR "+ofAnswer+"recipient = ?))", f.Recipient, f.Recipient)
	}
	if f.NotSearched != "" {
		add("EXISTS (SELECT 1 FROM citation_not_searched n WHERE n.entry = e.id AND n.reason = ?)", f.NotSearched)
	}
	if !f.From.IsZero() {
		add("e.at >= ?", micros(f.From))
	}
	if !f.To.IsZero() {
		add("e.at < ?", micros(f.To))
	}
	for _, w := range citation.Words(f.Query) {
		add("EXISTS (SELECT 1 FROM citation_words w WHERE w.word = ? AND w.entry = e.id)", l.s.wordHash(w))
	}
	if f.Query != "" && len(citation.Words(f.Query)) == 0 {
		return []citation.Summary{}, 0, nil // punctuation finds nothing, not everything
	}
	if f.Before > 0 {
		add("e.position < ?", f.Before)
	}
	limit := f.Limit
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	entries, err := collect(ctx, l.s.reads, l.scan(ctx), "SELECT "+entryColumns+" FROM citation_entries e WHERE "+
		strings.Join(where, " AND ")+" ORDER BY e.position DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, 0, err
	}
	var next int64
	if len(entries) > limit {
		entries = entries[:limit]
		next = entries[limit-1].position
	}
	out := make([]citation.Summary, len(entries))
	for i, e := range entries {
		if err := l.details(ctx, &e.Entry); err != nil {
			return nil, 0, err
		}
		out[i].Entry = e.Entry
		var body struct {
			Question string `json:"question"`
		}
		if json.Unmarshal(e.Body, &body) == nil {
			out[i].Question = body.Question
		}
	}
	return out, next, nil
}

// ByAnswer returns the entries of an answer, in order.
func (l *Citations) ByAnswer(ctx context.Context, id string) ([]citation.Entry, error) {
	entries, err := collect(ctx, l.s.reads, l.scan(ctx),
		"SELECT "+entryColumns+" FROM citation_entries e WHERE e.answer = ? ORDER BY e.position", id)
	if err != nil {
		return nil, err
	}
	out := make([]citation.Entry, len(entries))
	for i, e := range entries {
		if err := l.details(ctx, &e.Entry); err != nil {
			return nil, err
		}
		out[i] = e.Entry
	}
	return out, nil
}

// details reads what an entry names.
func (l *Citations) details(ctx context.Context, e *citation.Entry) (err error) {
	e.Records, err = collect(ctx, l.s.reads, func(scan func(...any) error) (u citation.Use, err error) {
		err = scan(&u.RecordID, &u.Category, &u.Recipient, &u.GrantID)
		return u, err
	}, "SELECT record, category, recipient, grant_id FROM citation_records WHERE entry = ? ORDER BY ordinal", e.ID)
	if err != nil {
		return err
	}
	e.NotSearched, err = collect(ctx, l.s.reads, func(scan func(...any) error) (n citation.NotSearched, err error) {
		err = scan(&n.Category, &n.Reason, &n.Relevant)
		return n, err
	}, "SELECT category, reason, relevant FROM citation_not_searched WHERE entry = ? ORDER BY ordinal", e.ID)
	return err
}
