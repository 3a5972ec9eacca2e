package store

import (
	"context"
	"strings"

	"candor/citation"
)

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
		add("EXISTS (SELECT 1 FROM citation_words w WHERE w.word = ? AND w.entry = e.id)", l.s.keys.Hash("word", w))
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
	entries, err := collect(ctx, l.s.reads, scanEntry, "SELECT "+entryColumns+" FROM citation_entries e WHERE "+
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
		if err := l.s.details(ctx, l.s.reads, &e.Entry); err != nil {
			return nil, 0, err
		}
		out[i].Entry = e.Entry
	}
	return out, next, nil
}
