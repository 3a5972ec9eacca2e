package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

func hiddenPlace(id string) string { return "hidden/" + id }

func shownPlace(id string) string { return "hidden/" + id + "/shown" }

// visible is a condition on the articles of a table, or its alias: nobody has hidden
// them.
//
// SECURITY: every query that reads an article to use it has this condition. The row in
// hidden decides, so that an article which is imported anew stays out.
func visible(articles string) string {
	return ` NOT EXISTS (SELECT 1 FROM hidden h WHERE h.shown = 0 AND h.site = ` + articles + ".site AND h.record = " + articles + ".id AND h.customer = '') "
}

// usable is a condition on the records of a table, or its alias: their customer does
// not say that they are wrong, and nobody has hidden them.
//
// SECURITY: as undisputed and visible.
func usable(records string) string {
	return undisputed(records) + "AND" + unhidden(records)
}

// unhidden is a condition on the records of a table, or its alias: nobody has hidden
// them.
func unhidden(records string) string {
	return ` NOT EXISTS (SELECT 1 FROM hidden h WHERE h.shown = 0
		AND h.site = ` + records + ".site AND h.record = " + records + ".id AND h.customer = " + records + ".customer) "
}

// errHiddenSource refuses what was made from a source that is hidden by now. It is
// stale: who writes it starts again, and does not find the source any more.
var errHiddenSource = fmt.Errorf("%w: %w", consent.ErrStale, retrieval.ErrHidden)

// staleReason is why what was said is taken back, as the customer's page has it.
func staleReason(err error) string {
	if errors.Is(err, retrieval.ErrHidden) {
		return "source_hidden"
	}
	return "consent_changed"
}

// citesVisible refuses an answer that cites a source which is hidden by now.
//
// SECURITY: as checkStamp, in the transaction that releases. Hiding knowledge waits for
// the writes under way, and hiding a record holds its customer's row, so of the two the
// later one sees the earlier.
func (tx *Tx) citesVisible(a answer.Answer) error {
	var cited []string
	for _, x := range a.Sentences {
		for _, c := range x.Citations {
			cited = append(cited, c.RecordID)
		}
	}
	return tx.citedVisible(a.ConversationID, cited)
}

// citedVisible refuses what is said in a conversation and cites a record that is hidden
// by now.
func (tx *Tx) citedVisible(conv string, cited []string) error {
	if len(cited) == 0 {
		return nil
	}
	slices.Sort(cited)
	cited = slices.Compact(cited)
	var hidden bool
	err := tx.row(`SELECT EXISTS (SELECT 1 FROM hidden h JOIN conversations c ON c.site = h.site AND h.customer IN ('', c.customer)
		WHERE c.id = ? AND h.shown = 0 AND h.record IN (`+marks(len(cited))+`))`, append([]any{conv}, anys(cited)...)...).Scan(&hidden)
	if err == nil && hidden {
		err = errHiddenSource
	}
	return err
}

// opensVisible refuses an entry that says that a source which is hidden by now goes to
// a model: then it does not.
func (tx *Tx) opensVisible(e citation.Entry) error {
	if e.Kind != citation.Opened || len(e.Records) == 0 {
		return nil
	}
	args := []any{e.Site, e.Customer}
	for _, r := range e.Records {
		args = append(args, r.RecordID)
	}
	var hidden bool
	err := tx.row(`SELECT EXISTS (SELECT 1 FROM hidden WHERE site = ? AND customer IN ('', ?) AND shown = 0
		AND record IN (`+marks(len(e.Records))+`))`, args...).Scan(&hidden)
	if err == nil && hidden {
		err = errHiddenSource
	}
	return err
}

// Hide takes a source out of use, from the commit on and on every replica: it is not
// found, what is indexed of a personal record goes, and an answer that is being written
// with it starts again. It names a record of a customer's or an article; where an id is
// both, both are hidden, and what is returned is the record, also where the article then
// could not be hidden. An article that was removed can be hidden too, in case it comes
// back.
//
// Errors: retrieval.ErrNotFound if there is neither; review.ErrHidden if it is hidden
// already.
func (s *Store) Hide(ctx context.Context, h review.HiddenSource) (review.HiddenSource, error) {
	owner, article, err := s.source(ctx, h.Site, h.Record)
	switch {
	case err != nil:
		return h, err
	case owner == "" && !article:
		return h, retrieval.ErrNotFound
	}
	out, hid := h, false
	for _, customer := range []identity.CustomerID{owner, ""} {
		if customer == "" && !article {
			continue
		}
		mine := h
		mine.ID, mine.Customer = identity.NewID("hid"), customer
		err := s.hide(ctx, &mine)
		if errors.Is(err, review.ErrHidden) {
			continue
		}
		if err != nil {
			return out, err
		}
		if !hid {
			out, hid = mine, true
		}
	}
	if !hid {
		return h, review.ErrHidden
	}
	return out, nil
}

// source returns whose record an id is, if it is one, and whether it is an article, or
// was.
func (s *Store) source(ctx context.Context, site identity.SiteID, id string) (owner identity.CustomerID, article bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT COALESCE((SELECT customer FROM records WHERE site = ? AND id = ? AND `+present("records.customer")+`), ''),
		EXISTS (SELECT 1 FROM knowledge WHERE site = ? AND id = ?)`, site, id, site, id).Scan(&owner, &article)
	if errors.Is(err, sql.ErrNoRows) { // it cannot be an id
		err = retrieval.ErrNotFound
	}
	return owner, article, err
}

// sealerOf returns the key of a customer, of nobody the house's.
func (s *Store) sealerOf(ctx context.Context, customer identity.CustomerID) (Sealer, error) {
	if customer == "" {
		return s.keys.House(), nil
	}
	return s.keys.For(ctx, customer)
}

// hide hides a record of its customer, or an article.
func (s *Store) hide(ctx context.Context, h *review.HiddenSource) error {
	key, err := s.sealerOf(ctx, h.Customer)
	if err != nil {
		return err
	}
	sealed, err := sealedText(key, hiddenPlace(h.ID), h.Note)
	if err != nil {
		return err
	}
	// Alone: what is being released with an article at this moment is another's, and
	// holds no row that this could wait for.
	return s.write(job{ctx: ctx, customer: h.Customer, alone: h.Customer == "", fn: func(tx *Tx) error {
		n, err := tx.exec(`INSERT INTO hidden (id, site, record, customer, at, actor, sealed) VALUES (`+marks(7)+`)
			ON CONFLICT (site, record, customer) WHERE shown = 0 DO NOTHING`,
			h.ID, h.Site, h.Record, h.Customer, micros(tx.Now), h.Actor, sealed)
		if err == nil && n == 0 {
			err = review.ErrHidden
		}
		if err != nil {
			return err
		}
		h.At = tx.Now
		if h.Customer == "" {
			return tx.touchArticle(h.Site, h.Record)
		}
		return s.takeOut(tx, key, h.Customer, h.Site, h.Record, consent.DeletedByHiding)
	}})
}

// touchArticle makes the indexes read an article again.
func (tx *Tx) touchArticle(site identity.SiteID, id string) error {
	version, err := tx.nextKnowledge(site)
	if err == nil {
		_, err = tx.exec("UPDATE knowledge SET version = ? WHERE site = ? AND id = ?", version, site, id)
	}
	return err
}

// Show puts a source that is hidden back into use; note is why.
// review.ErrNotHidden if nothing of the id is hidden.
func (s *Store) Show(ctx context.Context, site identity.SiteID, record, actor, note string) error {
	type row struct {
		id       string
		customer identity.CustomerID
	}
	rows, err := collect(ctx, s.reads, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.id, &r.customer)
		return r, err
	}, "SELECT id, customer FROM hidden WHERE site = ? AND record = ? AND shown = 0", site, record)
	if err != nil {
		return err
	}
	shown := false
	for _, r := range rows {
		key, err := s.sealerOf(ctx, r.customer)
		if errors.Is(err, consent.ErrUnknownCustomer) {
			continue // they are being erased, and this goes with them
		}
		if err != nil {
			return err
		}
		sealed, err := sealedText(key, shownPlace(r.id), note)
		if err != nil {
			return err
		}
		var n int64
		err = s.write(job{ctx: ctx, customer: r.customer, fn: func(tx *Tx) (err error) {
			n, err = tx.exec("UPDATE hidden SET shown = ?, shown_by = ?, reason = ? WHERE id = ? AND shown = 0", micros(tx.Now), actor, sealed, r.id)
			switch {
			case err != nil || n == 0:
				return err
			case r.customer == "":
				return tx.touchArticle(site, record)
			}
			return tx.touch(r.customer)
		}})
		if err != nil && !errors.Is(err, consent.ErrUnknownCustomer) {
			return err
		}
		shown = shown || err == nil && n > 0
	}
	if !shown {
		return review.ErrNotHidden
	}
	return nil
}

// Hidden returns the sources that the filter selects, the latest hidden first. next is
// where the list goes on; the zero Place says that it does not.
func (s *Store) Hidden(ctx context.Context, f review.HiddenFilter) (page []review.HiddenSource, next consent.Place, err error) {
	where, args := "TRUE", []any(nil)
	add := func(clause string, values ...any) {
		where, args = where+" AND "+clause, append(args, values...)
	}
	if f.Site != "" {
		add("site = ?", f.Site)
	}
	if f.Record != "" {
		add("record = ?", f.Record)
	}
	if !f.Past {
		add("shown = 0")
	}
	if f.After != (consent.Place{}) {
		add("(at, id) < (?, ?)", f.After.Rank, f.After.ID)
	}
	limit := pageLimit(f.Limit)
	page, err = collect(ctx, s.reads, func(scan func(...any) error) (h review.HiddenSource, err error) {
		var at, shown int64
		var there bool
		var note, reason []byte
		if err := scan(&h.ID, &h.Site, &h.Record, &h.Customer, &at, &h.Actor, &note, &shown, &h.ShownBy, &reason, &there); err != nil {
			return h, err
		}
		h.At, h.Shown = fromMicros(at), fromMicros(shown)
		if !there {
			return h, nil
		}
		key, err := s.sealerOf(ctx, h.Customer)
		if errors.Is(err, ErrKeyDestroyed) {
			return h, nil
		}
		if err != nil {
			return h, err
		}
		if h.Note, err = openedText(key, hiddenPlace(h.ID), note); err == nil {
			h.Reason, err = openedText(key, shownPlace(h.ID), reason)
		}
		return h, err
	}, "SELECT id, site, record, customer, at, actor, sealed, shown, shown_by, reason, customer = '' OR "+present("hidden.customer")+
		" FROM hidden WHERE "+where+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit+1)...)
	if len(page) > limit {
		page = page[:limit]
		next = consent.Place{Rank: micros(page[limit-1].At), ID: page[limit-1].ID}
	}
	return page, next, err
}

// HiddenOf returns which of a site's sources, at least one, are hidden, whosever they are.
func (s *Store) HiddenOf(ctx context.Context, site identity.SiteID, records []string) ([]string, error) {
	return collect(ctx, s.reads, scanString, "SELECT DISTINCT record FROM hidden WHERE shown = 0 AND site = ? AND record IN ("+marks(len(records))+")",
		append([]any{site}, anys(records)...)...)
}

// openedText opens what sealedText sealed.
func openedText(key Sealer, place string, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	b, err := key.Open(place, sealed)
	return string(b), err
}

// usesOf selects the ends of the answers that were made from a source; its
// parameters are the source's id and site. An empty id is that of whatever was erased.
const usesOf = ` FROM citation_records r JOIN citation_entries e ON e.id = r.entry
	WHERE r.record = ? AND r.record <> '' AND e.site = ? AND e.kind = 'closed'`

// SourceUses returns how much was said from a source. What attempts used that were
// taken back does not count, nor do customers who were erased.
func (s *Store) SourceUses(ctx context.Context, site identity.SiteID, record string) (u review.Uses, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT COUNT(DISTINCT u.answer), COUNT(DISTINCT u.conversation), COUNT(DISTINCT u.customer),
		COUNT(DISTINCT CASE WHEN c.state <> 'resolved' THEN c.id END), COUNT(DISTINCT c.id)
		FROM (SELECT e.answer, e.conversation, e.customer`+usesOf+`) u LEFT JOIN conversations c ON c.id = u.conversation AND `+present("c.customer"),
		record, site).Scan(&u.Answers, &u.Conversations, &u.Customers, &u.Open, &u.Kept)
	if errors.Is(err, sql.ErrNoRows) { // it cannot be an id
		err = nil
	}
	return u, err
}
