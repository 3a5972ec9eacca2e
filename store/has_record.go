package store

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"candor/identity"
	"candor/retrieval"
)

// longer is how much longer a record has to be kept for that to be a change.
const longer = 7 * 24 * time.Hour

// HasRecord reports whether the record is there as it is; without a CollectedAt,
// whenever it was collected. To be kept a little longer changes nothing; to be kept
// for a shorter time always does, or it would stay for longer than its source says.
func (s *Store) HasRecord(ctx context.Context, r retrieval.Record) (bool, error) {
	found, err := collect(ctx, s.reads, s.scanRecord(ctx), "SELECT "+recordColumns+" FROM records WHERE site = ? AND id = ? AND customer = ? AND "+
		present("records.customer")+" AND "+undisputed("records"), r.Site, r.ID, r.Customer)
	if err != nil || len(found) == 0 {
		return false, err
	}
	old := found[0]
	return old.Category == r.Category && old.Own == r.Own && old.Title == r.Title && old.Text == r.Text && maps.Equal(old.Fields, r.Fields) &&
		old.Source == r.Source && old.Language == r.Language &&
		(r.CollectedAt.IsZero() || old.CollectedAt.Equal(r.CollectedAt)) &&
		!r.Expires.Before(old.Expires) && r.Expires.Sub(old.Expires) < longer, nil
}

// ChangedKnowledge returns those of the articles, in their order, that are not there as
// they are. Of those that share an id it returns all or none: the last of them is to
// stay.
func (s *Store) ChangedKnowledge(ctx context.Context, site identity.SiteID, records []retrieval.Record) ([]retrieval.Record, error) {
	if len(records) == 0 {
		return nil, nil
	}
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	type article struct {
		id         string
		visibility retrieval.Visibility
		body       []byte
	}
	found, err := collect(ctx, s.reads, func(scan func(...any) error) (a article, err error) {
		err = scan(&a.id, &a.visibility, &a.body)
		return a, err
	}, "SELECT id, visibility, body FROM knowledge WHERE site = ? AND NOT removed AND id IN ("+marks(len(ids))+")", append([]any{site}, anys(ids)...)...)
	if err != nil {
		return nil, err
	}
	old := make(map[string]article, len(found))
	for _, a := range found {
		old[a.id] = a
	}
	changed := make(map[string]bool)
	for _, r := range records {
		body, err := articleBody(r)
		if err != nil {
			return nil, err
		}
		if a, ok := old[r.ID]; !ok || a.visibility != r.Visibility || !bytes.Equal(a.body, body) {
			changed[r.ID] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(records), func(r retrieval.Record) bool { return !changed[r.ID] }), nil
}
