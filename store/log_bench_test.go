package store

import (
	"context"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/internal/pgtest"
	"candor/review"
)

// logSize is how many answers the log of the benchmark has, unless the environment says
// otherwise.
const (
	logSize    = 1_000_000
	logSizeEnv = "CANDOR_BENCH_LOG"
)

// manyAnswers fill a log: an opened and a closed entry each, of one site and 50,000
// customers. Values are as frequent as they come: some that nearly every answer has, some
// that a hundredth or none has.
var manyAnswers = []string{
	`INSERT INTO citation_entries (id, kind, opened, answer, attempt, site, customer, conversation, at, purpose, recipient, model, language,
		epoch, policy_version, gpc, status)
		SELECT 'cit_' || i, 'closed', '', 'ans_' || i, 1, 'shop', 'cus_' || (i % 50000), 'cnv_' || (i / 3), ` + benchAt + `, 'answers', 'brand_ai',
			CASE WHEN i % 100 = 7 THEN 'rare' ELSE 'extractive' END, CASE i % 10 WHEN 0 THEN 'uk' WHEN 1 THEN 'es' ELSE 'en' END,
			1, CASE WHEN i < 1000 THEN 'old' ELSE '2' END, FALSE, CASE WHEN i % 1000 = 3 THEN 'interrupted' WHEN i % 4 = 0 THEN 'declined' ELSE 'answered' END FROM n`,
	`INSERT INTO log_answers (place, rank, answer, entry, at, site, customer, conversation, kind, status, language, model, policy_version, score, hundredths, verdict, assignee, complaint, flags)
		SELECT e.position, e.position, e.answer, e.id, e.at, e.site, e.customer, e.conversation, e.kind, e.status, e.language, e.model, e.policy_version,
			(e.position % 100) * 10000, e.position % 100, CASE WHEN e.position % 50 = 0 THEN 'correct' WHEN e.position % 5000 = 1 THEN 'tone' ELSE '' END,
			CASE WHEN e.position % 200 = 0 THEN 'stf_1' ELSE '' END, e.position % 400 = 0, CASE WHEN e.position % 300 = 0 THEN 1 ELSE 0 END FROM citation_entries e`,
	`INSERT INTO citation_records (entry, ordinal, record, category, recipient, grant_id, place)
		SELECT e.id, 0, CASE WHEN e.position % 2 = 0 THEN 'k1' ELSE 'rec_' || e.position END, CASE WHEN e.position % 3 = 0 THEN 'orders' ELSE 'knowledge' END, 'brand_ai', '', e.position FROM citation_entries e`,
	`INSERT INTO log_values (value, place) SELECT CASE WHEN place % 3 = 0 THEN 'category:orders' ELSE 'category:knowledge' END, place FROM log_answers`,
	`INSERT INTO log_values (value, place) SELECT 'recipient:brand_ai', place FROM log_answers`,
	`INSERT INTO log_values (value, place) SELECT 'recipient:ai_provider:x', place FROM log_answers WHERE place % 1000 = 0`,
	`INSERT INTO log_values (value, place) SELECT 'not_searched:no_consent', place FROM log_answers WHERE place % 2 = 0`,
	`INSERT INTO log_values (value, place) SELECT 'not_searched:gpc', place FROM log_answers WHERE place < 500`,
}

// benchAt is when the i-th answer was: one a second.
const benchAt = "1790000000000000 + CAST(i AS BIGINT) * 1000000"

// BenchmarkLogFilters measures a page of the log for each filter alone and for pairs, on
// SQLite, and on PostgreSQL where there is one. It prints what half of the pages take, and
// all but one in a hundred; it reads pages from the newest and from everywhere.
func BenchmarkLogFilters(b *testing.B) {
	size := logSize
	if v := os.Getenv(logSizeEnv); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			b.Fatal(err)
		}
		size = n
	}
	b.Run("sqlite", func(b *testing.B) {
		dir := b.TempDir()
		benchLog(b, size, "sqlite:"+dir+"/data.db", "sqlite:"+dir+"/keys.db")
	})
	if os.Getenv(pgtest.Env) != "" {
		b.Run("postgres", func(b *testing.B) { benchLog(b, size, pgtest.Database(b), pgtest.Database(b)) })
	}
}

func benchLog(b *testing.B, size int, data, keysURL string) {
	ctx := context.Background()
	keys, err := OpenKeyring(ctx, keysURL, MasterKey{1})
	if err != nil {
		b.Fatal(err)
	}
	s, err := Open(ctx, data, keys)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	if err := s.AddSite(ctx, identity.Site{ID: "shop"}, "key"); err != nil {
		b.Fatal(err)
	}
	statements := append(slices.Clone(manyAnswers),
		"INSERT INTO citation_words (word, place, entry) SELECT '"+s.keys.Hash("word", "common")+"', place, entry FROM log_answers",
		"INSERT INTO citation_words (word, place, entry) SELECT '"+s.keys.Hash("word", "rare")+"', place, entry FROM log_answers WHERE place % 10007 = 0")
	if s.engine.shared {
		statements = append(statements, "VACUUM ANALYZE")
	}
	fill, err := s.engine.open(benchTarget(b, data), forKeys) // a server gives a write little time
	if err != nil {
		b.Fatal(err)
	}
	defer fill.Close()
	for _, statement := range statements {
		if statement != "VACUUM ANALYZE" {
			statement = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + strconv.Itoa(size) + ") " + statement
		}
		if _, err := fill.ExecContext(ctx, statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	yes, no := true, false
	half, low := 0.5, 0.01
	at := func(i int) time.Time { return fromMicros(1790000000000000 + int64(i)*1000000) }
	log := func(f citation.Filter) review.Filter { return review.Filter{Filter: f} }
	for _, c := range []struct {
		name   string
		filter review.Filter
	}{
		{"none", review.Filter{}},
		{"customer", log(citation.Filter{Customer: "cus_77"})},
		{"site", log(citation.Filter{Site: "shop"})},
		{"site=none", log(citation.Filter{Site: "other"})},
		{"conversation", log(citation.Filter{Conversation: "cnv_777"})},
		{"record=common", log(citation.Filter{Record: "k1"})},
		{"record", log(citation.Filter{Record: "rec_777"})},
		{"category", log(citation.Filter{Category: "orders"})},
		{"recipient", log(citation.Filter{Recipient: consent.BrandAI})},
		{"recipient=rare", log(citation.Filter{Recipient: "ai_provider:x"})},
		{"status", log(citation.Filter{Status: "answered"})},
		{"status=rare", log(citation.Filter{Status: "interrupted"})},
		{"kind=closed", log(citation.Filter{Kind: citation.Closed})},
		{"kind=opened", log(citation.Filter{Kind: citation.Opened})},
		{"language", log(citation.Filter{Language: "en"})},
		{"language=none", log(citation.Filter{Language: "de"})},
		{"model=rare", log(citation.Filter{Model: "rare"})},
		{"not_searched", log(citation.Filter{NotSearched: consent.NoConsent})},
		{"not_searched=old", log(citation.Filter{NotSearched: consent.GPC})},
		{"policy_version=old", log(citation.Filter{PolicyVersion: "old"})},
		{"from", log(citation.Filter{From: at(size / 2)})},
		{"to", log(citation.Filter{To: at(size / 2)})},
		{"to=old", log(citation.Filter{To: at(1000)})},
		{"q=common", log(citation.Filter{Query: "common"})},
		{"q=rare", log(citation.Filter{Query: "rare"})},
		{"q=both", log(citation.Filter{Query: "common rare"})},
		{"verdict", review.Filter{Verdict: review.Correct}},
		{"verdict=rare", review.Filter{Verdict: review.Tone}},
		{"reviewed", review.Filter{Reviewed: &yes}},
		{"not reviewed", review.Filter{Reviewed: &no}},
		{"complaint", review.Filter{Complaint: &yes}},
		{"no complaint", review.Filter{Complaint: &no}},
		{"flagged", review.Filter{Flagged: &yes}},
		{"assigned", review.Filter{Assigned: "stf_1"}},
		{"assigned=none", review.Filter{Assigned: review.Unassigned}},
		{"score_below=.5", review.Filter{ScoreBelow: &half}},
		{"score_below=.01", review.Filter{ScoreBelow: &low}},
		{"status, language", log(citation.Filter{Status: "declined", Language: "uk"})},
		{"status=rare, language", log(citation.Filter{Status: "interrupted", Language: "en"})},
		{"customer, category", log(citation.Filter{Customer: "cus_77", Category: "orders"})},
		{"from, to, status", log(citation.Filter{From: at(size / 4), To: at(size / 2), Status: "answered"})},
		{"q, model=rare", log(citation.Filter{Query: "common", Model: "rare"})},
		{"score, not reviewed", review.Filter{ScoreBelow: &half, Reviewed: &no}},
		{"score, language", review.Filter{Filter: citation.Filter{Language: "uk"}, ScoreBelow: &half}},
		{"complaint, not reviewed", review.Filter{Complaint: &yes, Reviewed: &no}},
		{"category, recipient=rare", log(citation.Filter{Category: "orders", Recipient: "ai_provider:x"})},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				f := c.filter
				if i%2 == 1 {
					f.Before = int64(1 + i*104729%size)
				}
				began := time.Now()
				if _, _, err := s.Reviews().List(ctx, f); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func benchTarget(b *testing.B, url string) string {
	b.Helper()
	_, target, err := engineOf(url)
	if err != nil {
		b.Fatal(err)
	}
	return target
}
