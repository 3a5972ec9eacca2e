package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"candor/ingest"
)

// TestExpiresSooner: a source that wants a record gone sooner is heard, by however
// little; one that is kept a little longer is not written again for that.
func TestExpiresSooner(t *testing.T) {
	t.Parallel()
	s := &counting{Store: openStore(t)}
	for _, tt := range []struct {
		expires string
		written int64
	}{
		{"2026-12-24T00:00:00Z", 1},
		{"2026-12-24T00:00:00Z", 0},
		{"2026-12-23T23:59:59Z", 1},
		{"2026-12-20T00:00:00Z", 1},
		{"2026-12-24T00:00:00Z", 0},
		{"2026-12-27T00:00:00Z", 1},
	} {
		s.written.Store(0)
		line := fmt.Sprintf(`{"id":"a","customer":"maya","category":"orders","text":"one","collected_at":"2026-11-01","expires":%q}`, tt.expires)
		report, err := importer(s).Records(t.Context(), shop, ingest.JSON(strings.NewReader(line)), nobody)
		if err != nil || report.Accepted != 1 || s.written.Load() != tt.written {
			t.Errorf("expires %s: %d written, want %d; %+v, %v", tt.expires, s.written.Load(), tt.written, report, err)
		}
	}
}
