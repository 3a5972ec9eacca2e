package store

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"candor/consent"
	"candor/export"
	"candor/identity"
)

// Uses returns what was done with the customer's data, the newest first: what the
// citation log says went to who writes answers, who saw something of it, and what
// was deleted. Titles of records and names of people are those of now.
func (s *Store) Uses(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) (page []export.Use, next consent.Place, err error) {
	if after == (consent.Place{}) {
		after.Rank = math.MaxInt64
	}
	args := []any{customer, after.Rank, after.ID, limit + 1}
	for _, read := range []func(context.Context, identity.CustomerID, []any) ([]export.Use, error){s.answerUses, s.accessUses, s.deletionUses} {
		uses, err := read(ctx, customer, args)
		if err != nil {
			return nil, next, err
		}
		page = append(page, uses...)
	}
	slices.SortFunc(page, func(a, b export.Use) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID))
	})
	if len(page) > limit {
		page = page[:limit]
		next = consent.Place{Rank: micros(page[limit-1].At), ID: page[limit-1].ID}
	}
	return page, next, s.nameUses(ctx, customer, page)
}

// onward selects a page of a list whose newest come first.
const onward = " AND (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT ?"

// answerUses are the opened entries with personal records, and those of words that
// left the house.
func (s *Store) answerUses(ctx context.Context, _ identity.CustomerID, args []any) ([]export.Use, error) {
	out, err := collect(ctx, s.reads, func(scan func(...any) error) (u export.Use, err error) {
		var at int64
		u.Kind = export.AnswerUse
		err = scan(&u.ID, &at, &u.AnswerID, &u.ConversationID, &u.Purpose, &u.Recipient)
		u.At = fromMicros(at)
		if u.Recipient.Outside() {
			u.Categories = []consent.Category{consent.Conversation}
		}
		return u, err
	}, `SELECT id, at, answer, conversation, purpose, recipient FROM citation_entries e
		WHERE customer = ? AND kind = 'opened' AND (recipient LIKE 'ai_provider:%' OR EXISTS (
			SELECT 1 FROM citation_records r WHERE r.entry = e.id AND r.category <> 'knowledge'))`+onward, args...)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	ids := make([]string, len(out))
	for i, u := range out {
		ids[i] = u.ID
	}
	type used struct {
		entry string
		export.UsedRecord
	}
	records, err := collect(ctx, s.reads, func(scan func(...any) error) (u used, err error) {
		err = scan(&u.entry, &u.ID, &u.Category, &u.GrantID)
		return u, err
	}, "SELECT entry, record, category, grant_id FROM citation_records WHERE category <> 'knowledge' AND entry IN ("+
		marks(len(ids))+") ORDER BY entry, ordinal", anys(ids)...)
	for _, r := range records {
		u := &out[slices.Index(ids, r.entry)]
		u.Records = append(u.Records, r.UsedRecord)
		u.Categories = append(u.Categories, r.Category)
	}
	return out, err
}

// accessUses are the looks at something of the customer's.
func (s *Store) accessUses(ctx context.Context, customer identity.CustomerID, args []any) ([]export.Use, error) {
	key, err := s.keyOf(ctx, customer)
	if err != nil {
		return nil, err
	}
	return collect(ctx, s.reads, func(scan func(...any) error) (u export.Use, err error) {
		var at int64
		var categories string
		var sealed []byte
		err = scan(&u.ID, &at, &u.Actor, &u.Recipient, &u.Kind, &u.ConversationID, &u.AnswerID, &u.Purpose, &u.Reason, &categories, &sealed)
		if err != nil {
			return u, err
		}
		u.At = fromMicros(at)
		if u.Recipient == "" {
			u.Recipient = consent.AccessKind(u.Kind).Recipient(u.Actor)
		}
		if u.Actor == string(u.Recipient) {
			u.Actor = "" // it is nobody else
		}
		var records []consent.AccessedRecord
		if err := key.openJSON(accessPlace(u.ID), sealed, &records); err != nil {
			return u, err
		}
		for _, r := range records {
			u.Records = append(u.Records, export.UsedRecord{ID: r.ID, Category: r.Category, GrantID: r.Grant})
		}
		return u, json.Unmarshal([]byte(categories), &u.Categories)
	}, "SELECT id, at, actor, recipient, kind, conversation, answer, purpose, reason, categories, sealed FROM accesses WHERE customer = ?"+onward, args...)
}

// deletionUses are what was deleted here.
func (s *Store) deletionUses(ctx context.Context, _ identity.CustomerID, args []any) ([]export.Use, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (u export.Use, err error) {
		var at int64
		var category consent.Category
		u.Kind = export.Deletion
		err = scan(&u.ID, &at, &category, &u.What, &u.Reason, &u.Count)
		u.At, u.Categories = fromMicros(at), []consent.Category{category}
		return u, err
	}, "SELECT id, at, category, what, reason, count FROM deletions WHERE customer = ?"+onward, args...)
}

// nameUses fills in the titles of records that still are the customer's, and the
// names of people.
func (s *Store) nameUses(ctx context.Context, customer identity.CustomerID, uses []export.Use) error {
	var records, staff []string
	for i := range uses {
		u := &uses[i]
		for _, r := range u.Records {
			records = append(records, r.ID)
		}
		if id, ok := strings.CutPrefix(u.Actor, "staff:"); ok {
			staff = append(staff, id)
		}
		slices.Sort(u.Categories)
		u.Categories = slices.Compact(append([]consent.Category{}, u.Categories...))
		u.Records = append([]export.UsedRecord{}, u.Records...)
	}
	titles, err := s.titles(ctx, customer, records)
	if err != nil {
		return err
	}
	names, err := s.staffNames(ctx, staff)
	if err != nil {
		return err
	}
	brand := ""
	if len(uses) > 0 {
		err := s.reads.QueryRowContext(ctx, "SELECT s.name FROM sites s JOIN customers c ON c.site = s.id WHERE c.id = ?", customer).Scan(&brand)
		if err != nil {
			return err
		}
	}
	for i := range uses {
		u := &uses[i]
		for j, r := range u.Records {
			u.Records[j].Title = titles[r.ID]
		}
		kind, id, _ := strings.Cut(u.Actor, ":")
		switch kind {
		case "":
		case "staff":
			u.Who = &export.Person{Kind: kind, Name: names[id]}
		case "site":
			u.Who = &export.Person{Kind: kind, Name: brand}
		default:
			u.Who = &export.Person{Kind: kind}
		}
	}
	return nil
}

// titles returns the titles of the customer's records, by their ids.
func (s *Store) titles(ctx context.Context, customer identity.CustomerID, ids []string) (map[string]string, error) {
	out := make(map[string]string)
	slices.Sort(ids)
	for some := range slices.Chunk(slices.Compact(ids), maxList) {
		found, err := collect(ctx, s.reads, s.scanRecord(ctx), "SELECT "+recordColumns+" FROM records WHERE customer = ? AND id IN ("+
			marks(len(some))+")", append([]any{customer}, anys(some)...)...)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			out[r.ID] = r.Title
		}
	}
	return out, nil
}

// maxList bounds the length of a list in a query.
const maxList = 500

// staffNames returns the names of members of staff, also of those who have left.
func (s *Store) staffNames(ctx context.Context, ids []string) (map[string]string, error) {
	out := make(map[string]string)
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return out, nil
	}
	type member struct{ id, name string }
	found, err := collect(ctx, s.reads, func(scan func(...any) error) (m member, err error) {
		err = scan(&m.id, &m.name)
		return m, err
	}, "SELECT id, name FROM staff WHERE id IN ("+marks(len(ids))+")", anys(ids)...)
	for _, m := range found {
		out[m.id] = m.name
	}
	return out, err
}
