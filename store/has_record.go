package store

import (
	"context"
	"maps"
	"time"

	"candor/retrieval"
)

// longer is how much longer a record has to be kept for that to be a change.
const longer = 7 * 24 * time.Hour

// HasRecord reports whether the record is there as it is; without a CollectedAt,
// whenever it was collected.
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
		r.Expires.Sub(old.Expires).Abs() < longer, nil
}
