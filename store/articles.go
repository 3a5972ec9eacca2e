package store

import (
	"context"
	"time"

	"candor/identity"
	"candor/retrieval"
)

var _ retrieval.DatedStore = (*Store)(nil)

// Articles returns when each article that was last changed at version or before was
// stored.
func (s *Store) Articles(ctx context.Context, site identity.SiteID, version int64) (map[string]time.Time, error) {
	out := make(map[string]time.Time)
	_, err := collect(ctx, s.reads, func(scan func(...any) error) (none struct{}, err error) {
		var id string
		var at int64
		err = scan(&id, &at)
		out[id] = fromMicros(at)
		return none, err
	}, "SELECT id, at FROM knowledge WHERE site = ? AND version <= ? AND NOT removed AND"+visible("knowledge"), site, version)
	return out, err
}
