package store

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/internal/pgtest"
	"candor/review"
)

// before13 is a log of before lists had tables of their own: an answer of two entries, one
// that has only begun, and words.
var before13 = []string{
	"INSERT INTO sites (id, name, accent, origins, secret, server_key, created) VALUES ('shop', 'Shop', '', '[]', '', 'k', 0)",
	"INSERT INTO customers (id, site, created) VALUES ('cus_1', 'shop', 0)",
	`INSERT INTO citation_entries (id, kind, opened, answer, attempt, site, customer, conversation, at, purpose, recipient, model, language, epoch, policy_version, gpc, status)
		VALUES ('e1', 'opened', '', 'a1', 1, 'shop', 'cus_1', 'cnv_1', 1000, 'answers', 'ai_provider:x', 'm', 'en', 1, '1', FALSE, 'writing')`,
	`INSERT INTO citation_entries (id, kind, opened, answer, attempt, site, customer, conversation, at, purpose, recipient, model, language, epoch, policy_version, gpc, status)
		VALUES ('e2', 'opened', '', 'a2', 1, 'shop', 'cus_1', 'cnv_1', 2000, 'answers', 'brand_ai', 'm', 'en', 1, '1', FALSE, 'writing')`,
	`INSERT INTO citation_entries (id, kind, opened, answer, attempt, site, customer, conversation, at, purpose, recipient, model, language, epoch, policy_version, gpc, status)
		VALUES ('e3', 'closed', 'e1', 'a1', 2, 'shop', 'cus_1', 'cnv_1', 3000, 'answers', 'brand_ai', 'm2', 'uk', 1, '2', FALSE, 'answered')`,
	"INSERT INTO citation_bodies (entry, sealed, at) VALUES ('e3', '', 3000)",
	"INSERT INTO citation_records (entry, ordinal, record, category, recipient, grant_id) VALUES ('e1', 0, 'r1', 'orders', 'ai_provider:x', 'grt_1')",
	"INSERT INTO citation_records (entry, ordinal, record, category, recipient, grant_id) VALUES ('e3', 0, 'k1', 'knowledge', 'brand_ai', '')",
	"INSERT INTO citation_not_searched (entry, ordinal, category, reason, relevant) VALUES ('e3', 0, 'billing', 'gpc', FALSE)",
}

// TestOlderLogIsListed: answers of before are found by everything that lists of then
// found them by, in the order in which they were begun.
func TestOlderLogIsListed(t *testing.T) {
	t.Parallel()
	test := func(t *testing.T, data, keysURL string) {
		t.Parallel()
		ctx := t.Context()
		keys, err := OpenKeyring(ctx, keysURL, MasterKey{1})
		must(t, err)
		must(t, migrateTo(ctx, data, 12, append(slices.Clone(before13),
			"INSERT INTO citation_words (word, entry) VALUES ('"+keys.Hash("word", "tent")+"', 'e3')")))
		s, err := Open(ctx, data, keys)
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		for name, c := range map[string]struct {
			filter citation.Filter
			want   []string
		}{
			"all":                {citation.Filter{}, []string{"a2", "a1"}},
			"a site":             {citation.Filter{Site: "shop"}, []string{"a2", "a1"}},
			"its latest status":  {citation.Filter{Status: "answered"}, []string{"a1"}},
			"one of before":      {citation.Filter{Status: "writing"}, []string{"a2"}},
			"not ended":          {citation.Filter{Kind: citation.Opened}, []string{"a2"}},
			"a language":         {citation.Filter{Language: "uk"}, []string{"a1"}},
			"a recipient":        {citation.Filter{Recipient: "ai_provider:x"}, []string{"a1"}},
			"a recipient of all": {citation.Filter{Recipient: consent.BrandAI}, []string{"a2", "a1"}},
			"a category":         {citation.Filter{Category: "orders"}, []string{"a1"}},
			"a record":           {citation.Filter{Record: "r1"}, []string{"a1"}},
			"a reason":           {citation.Filter{NotSearched: consent.GPC}, []string{"a1"}},
			"a word":             {citation.Filter{Query: "tent"}, []string{"a1"}},
			"when it was begun":  {citation.Filter{To: fromMicros(1500)}, []string{"a1"}},
		} {
			page, _, err := s.Reviews().List(ctx, review.Filter{Filter: c.filter})
			must(t, err)
			var got []string
			for _, x := range page {
				got = append(got, x.AnswerID)
				if x.AnswerID == "a1" && (x.ID != "e3" || x.Gone || x.Score != nil || x.Verdict != "" || len(x.Records) != 1 || x.Customer != identity.CustomerID("cus_1")) {
					t.Errorf("%s: %+v", name, x)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		test(t, "sqlite:"+filepath.Join(dir, "data.db"), "sqlite:"+filepath.Join(dir, "keys.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, pgtest.Database(t), pgtest.Database(t))
	})
}

// migrateTo brings a new database up to a version, and then runs statements in it.
func migrateTo(ctx context.Context, rawURL string, version int64, statements []string) error {
	e, target, err := engineOf(rawURL)
	if err != nil {
		return err
	}
	db, err := newPool(e, target, forWriting)
	if err != nil {
		return err
	}
	m, err := e.provider(db.DB, e.name)
	if err == nil {
		_, err = m.UpTo(ctx, version)
	}
	for _, statement := range statements {
		if err == nil {
			_, err = db.ExecContext(ctx, statement)
		}
	}
	return errors.Join(err, db.Close())
}
