package store

import (
	"context"
	"encoding/json"
	"math"
	"strings"

	"candor/consent"
	"candor/review"
)

// Looks returns who looked at what of customers, and why, the newest first. Which
// records they saw is sealed, and is not opened.
func (r *Reviews) Looks(ctx context.Context, f review.AccessFilter) (page []review.Look, next consent.Place, err error) {
	if f.After == (consent.Place{}) {
		f.After.Rank = math.MaxInt64
	}
	where, args := []string{"(at, id) < (?, ?)"}, []any{f.After.Rank, f.After.ID}
	add := func(is string, arg any) {
		where, args = append(where, is), append(args, arg)
	}
	if f.Customer != "" {
		add("customer = ?", f.Customer)
	}
	if f.Actor != "" {
		add("actor = ?", f.Actor)
	}
	if f.Answer != "" {
		add("answer <> '' AND answer = ?", f.Answer)
	}
	if f.Reason != "" {
		add("reason <> '' AND reason = ?", f.Reason)
	}
	if !f.From.IsZero() {
		add("at >= ?", micros(f.From))
	}
	if !f.To.IsZero() {
		add("at < ?", micros(f.To))
	}
	limit := pageLimit(f.Limit)
	page, err = collect(ctx, r.s.reads, func(scan func(...any) error) (x review.Look, err error) {
		var at int64
		var categories string
		err = scan(&x.ID, &at, &x.Site, &x.Customer, &x.Actor, &x.Kind, &x.Conversation, &x.Answer, &x.Purpose, &x.Reason, &categories)
		if err != nil {
			return x, err
		}
		x.At = fromMicros(at)
		return x, json.Unmarshal([]byte(categories), &x.Categories)
	}, "SELECT id, at, site, customer, actor, kind, conversation, answer, purpose, reason, categories FROM accesses WHERE "+
		strings.Join(where, " AND ")+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, next, err
	}
	if len(page) > limit {
		page = page[:limit]
		next = consent.Place{Rank: micros(page[limit-1].At), ID: page[limit-1].ID}
	}
	var staff []string
	for _, x := range page {
		if id, ok := strings.CutPrefix(x.Actor, "staff:"); ok {
			staff = append(staff, id)
		}
	}
	names, err := r.s.staffNames(ctx, staff)
	for i := range page {
		page[i].Name = names[strings.TrimPrefix(page[i].Actor, "staff:")]
	}
	return page, next, err
}
