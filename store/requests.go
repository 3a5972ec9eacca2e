package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

const requestColumns = "id, site, customer, kind, status, jurisdiction, record, conversation, answer, complaint, at, due, closed"

// requestRank is what requests are in order of: the most urgent first, then what
// was closed, the latest first. It is as an index has it.
const requestRank = "CASE WHEN closed = 0 THEN due ELSE 4000000000000000000 - closed END"

func requestPlace(id string) string { return "request/" + id }

func requestEventPlace(id string, ordinal int) string {
	return "request/" + id + "/" + strconv.Itoa(ordinal)
}

func scanRequest(scan func(...any) error) (consent.Request, error) {
	var r consent.Request
	var at, due, closed int64
	err := scan(&r.ID, &r.Site, &r.Customer, &r.Kind, &r.Status, &r.Jurisdiction, &r.Record, &r.Conversation,
		&r.Answer, &r.Complaint, &at, &due, &closed)
	r.At, r.Due, r.Closed = fromMicros(at), fromMicros(due), fromMicros(closed)
	if errors.Is(err, sql.ErrNoRows) {
		err = consent.ErrUnknownRequest
	}
	return r, err
}

func getRequest(ctx context.Context, q querier, id string) (consent.Request, error) {
	return scanRequest(q.QueryRowContext(ctx, "SELECT "+requestColumns+" FROM requests WHERE id = ?", id).Scan)
}

// undisputed is a condition on the records of a table, or its alias: their
// customer has no open request that says they are wrong.
//
// SECURITY: every query that reads a record to use it has this condition. The
// request itself decides, so that a record which is imported anew stays out.
func undisputed(records string) string {
	return ` NOT EXISTS (SELECT 1 FROM requests q WHERE q.closed = 0 AND q.record <> ''
		AND q.site = ` + records + ".site AND q.record = " + records + ".id AND q.customer = " + records + ".customer) "
}

// AddRequest stores a request with its history, which may be closed already. One
// that names a record restricts it, in the same commit: what is indexed of it
// goes, and what is being written for the customer starts again without it.
//
// Errors: retrieval.ErrNotFound if the record is not the customer's;
// consent.ErrDisputed if another open request names it; conversation.ErrNotFound if
// the answer is not the customer's, consent.ErrComplained if another open complaint
// names it;
// consent.ErrTooManyRequests; consent.ErrUnknownCustomer for words of a customer
// who was erased. A request without words needs no key, and can be stored of one.
func (s *Store) AddRequest(ctx context.Context, r consent.Request) error {
	noted := slices.ContainsFunc(r.History, func(e consent.RequestEvent) bool { return e.Note != "" })
	if r.Detail == "" && r.Record == "" && r.Answer == "" && !noted && r.Status.Closed() {
		return s.writeNew(ctx, func(tx *Tx) error { return tx.addRequest(Sealer{}, r) })
	}
	key, err := s.keys.For(ctx, r.Customer)
	if errors.Is(err, ErrKeyDestroyed) {
		return consent.ErrUnknownCustomer
	}
	if err != nil {
		return err
	}
	return s.writeFor(ctx, r.Customer, func(tx *Tx) error {
		if r.Status.Closed() {
			return tx.addRequest(key, r)
		}
		var open int
		if err := tx.row("SELECT COUNT(*) FROM requests WHERE customer = ? AND closed = 0", r.Customer).Scan(&open); err != nil {
			return err
		}
		if open >= consent.MaxOpenRequests {
			return consent.ErrTooManyRequests
		}
		if r.Record != "" {
			if err := s.restrict(tx, key, r); err != nil {
				return err
			}
		}
		if r.Answer != "" {
			if err := tx.mayComplain(r); err != nil {
				return err
			}
			if err := tx.complained(r.Answer); err != nil {
				return err
			}
		}
		return tx.addRequest(key, r)
	})
}

// addRequest inserts a request and its history.
func (tx *Tx) addRequest(key Sealer, r consent.Request) error {
	sealed, err := sealedText(key, requestPlace(r.ID), r.Detail)
	if err != nil {
		return err
	}
	_, err = tx.exec("INSERT INTO requests ("+requestColumns+", sealed) VALUES ("+marks(14)+")", r.ID, r.Site, r.Customer, r.Kind, r.Status,
		r.Jurisdiction, r.Record, r.Conversation, r.Answer, r.Complaint, micros(r.At), micros(r.Due), micros(r.Closed), sealed)
	for i, e := range r.History {
		if err == nil {
			err = tx.addRequestEvent(key, r.ID, i, e)
		}
	}
	return err
}

func (tx *Tx) addRequestEvent(key Sealer, request string, ordinal int, e consent.RequestEvent) error {
	sealed, err := sealedText(key, requestEventPlace(request, ordinal), e.Note)
	if err != nil {
		return err
	}
	_, err = tx.exec("INSERT INTO request_events (request, ordinal, at, actor, action, for_customer, outcome, sealed) VALUES ("+marks(8)+")",
		request, ordinal, micros(e.At), e.Actor, e.Action, e.ForCustomer, e.Outcome, sealed)
	return err
}

// sealedText seals a text; an empty one is nil.
func sealedText(key Sealer, place, text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	return key.Seal(place, []byte(text))
}

// restrict takes the record that a request names out of use. The epoch moves, so
// that nothing that was read of it before is released.
func (s *Store) restrict(tx *Tx, key Sealer, r consent.Request) error {
	var known, disputed bool
	err := tx.row(`SELECT EXISTS (SELECT 1 FROM records WHERE site = ? AND id = ? AND customer = ?),
		EXISTS (SELECT 1 FROM requests WHERE site = ? AND record = ? AND closed = 0 AND record <> '')`,
		r.Site, r.Record, r.Customer, r.Site, r.Record).Scan(&known, &disputed)
	switch {
	case errors.Is(err, sql.ErrNoRows): // it cannot be an id
		return retrieval.ErrNotFound
	case err != nil:
		return err
	case !known:
		return retrieval.ErrNotFound
	case disputed:
		return consent.ErrDisputed
	}
	return s.takeOut(tx, key, r.Customer, r.Site, r.Record, consent.DeletedByDispute)
}

// takeOut removes what is indexed of a customer's record, and raises their epoch: what
// is being written with it starts again.
func (s *Store) takeOut(tx *Tx, key Sealer, customer identity.CustomerID, site identity.SiteID, record string, why consent.DeletionReason) error {
	dropped, err := tx.deleteByCategory("DELETE FROM passages WHERE site = ? AND record = ?", site, record)
	if err != nil {
		return err
	}
	if err := tx.leaveOutsideIn(customer, dropped); err != nil {
		return err
	}
	if err := tx.logDeletions(customer, consent.DeletedPassage, because(why), dropped); err != nil {
		return err
	}
	if _, err := tx.exec("UPDATE records SET indexed = FALSE WHERE site = ? AND id = ?", site, record); err != nil {
		return err
	}
	var epoch int64
	if err := tx.row("UPDATE customers SET epoch = epoch + 1, data_version = data_version + 1 WHERE id = ? RETURNING epoch", customer).
		Scan(&epoch); err != nil {
		return err
	}
	return s.tellConsent(tx, key, customer, epoch)
}

// ActOnRequest adds what staff did to a request, at the time of the commit, and
// returns the request after it. Closing a dispute lifts the restriction of its
// record, or removes the record; opening it again restricts it again.
//
// Errors: consent.ErrUnknownRequest, and those of consent.Request.With;
// consent.ErrRequestErased; consent.ErrDisputed and consent.ErrComplained where a
// dispute or a complaint is opened again and another one is open.
func (s *Store) ActOnRequest(ctx context.Context, id string, e consent.RequestEvent) (consent.Request, error) {
	r, err := getRequest(ctx, s.reads, id)
	if err != nil {
		return r, err
	}
	customer := r.Customer
	key, err := s.keys.For(ctx, customer)
	if errors.Is(err, ErrKeyDestroyed) {
		return r, consent.ErrRequestErased
	}
	if err != nil {
		return r, err
	}
	err = s.writeFor(ctx, customer, func(tx *Tx) error {
		before, err := getRequest(tx.ctx, tx.tx, id)
		if err != nil {
			return err
		}
		e.At = tx.Now
		after, err := before.With(e)
		if err != nil {
			return err
		}
		e := after.History[len(after.History)-1]
		reopened := before.Status.Closed() && !after.Status.Closed()
		if after.Record != "" && reopened {
			// A record that is gone is restricted should it come back.
			if err := s.restrict(tx, key, after); err != nil && !errors.Is(err, retrieval.ErrNotFound) {
				return err
			}
		}
		if after.Answer != "" && reopened {
			if err := tx.oneComplaint(after); err != nil {
				return err
			}
		}
		if _, err := tx.exec("UPDATE requests SET status = ?, closed = ? WHERE id = ?", after.Status, micros(after.Closed), id); err != nil {
			return err
		}
		if err := tx.appendRequestEvent(key, id, e); err != nil {
			return err
		}
		if e.Outcome == consent.RecordRemoved {
			if _, err := tx.removeRecords(customer, consent.DeletedByDispute, "site = ? AND id = ?", after.Site, after.Record); err != nil {
				return err
			}
		}
		if after.Record != "" && before.Status != after.Status {
			return tx.touch(customer)
		}
		if after.Answer != "" && !before.Status.Closed() && after.Status.Closed() {
			return tx.tellComplainant(key, after)
		}
		return nil
	})
	if errors.Is(err, consent.ErrUnknownCustomer) {
		err = consent.ErrRequestErased
	}
	if err != nil {
		return r, err
	}
	return s.openRequest(ctx, id)
}

// appendRequestEvent adds an event with the request's next number.
func (tx *Tx) appendRequestEvent(key Sealer, request string, e consent.RequestEvent) error {
	var next int
	if err := tx.row("SELECT COUNT(*) FROM request_events WHERE request = ?", request).Scan(&next); err != nil {
		return err
	}
	return tx.addRequestEvent(key, request, next, e)
}

// openRequest reads a request with its words, as far as they are still there.
func (s *Store) openRequest(ctx context.Context, id string) (consent.Request, error) {
	r, err := getRequest(ctx, s.reads, id)
	if err != nil {
		return r, err
	}
	key, err := s.keys.For(ctx, r.Customer)
	erased := errors.Is(err, ErrKeyDestroyed)
	if err != nil && !erased {
		return r, err
	}
	open := func(place string, sealed []byte) (string, error) {
		if sealed == nil || erased {
			return "", nil
		}
		b, err := key.Open(place, sealed)
		return string(b), err
	}
	var sealed []byte
	var there bool
	err = s.reads.QueryRowContext(ctx, "SELECT sealed, "+present("requests.customer")+" FROM requests WHERE id = ?", id).Scan(&sealed, &there)
	if err != nil {
		return r, err
	}
	erased = erased || !there // whoever still has the key
	if r.Detail, err = open(requestPlace(id), sealed); err != nil {
		return r, err
	}
	r.History, err = collect(ctx, s.reads, func(scan func(...any) error) (e consent.RequestEvent, err error) {
		var ordinal int
		var at int64
		var sealed []byte
		if err := scan(&ordinal, &at, &e.Actor, &e.Action, &e.ForCustomer, &e.Outcome, &sealed); err != nil {
			return e, err
		}
		e.At = fromMicros(at)
		e.Note, err = open(requestEventPlace(id, ordinal), sealed)
		return e, err
	}, "SELECT ordinal, at, actor, action, for_customer, outcome, sealed FROM request_events WHERE request = ? ORDER BY ordinal", id)
	return r, err
}

// ReadRequest returns a request with its words for a member of staff, after it has
// recorded that they looked. What cannot be recorded is not returned.
func (s *Store) ReadRequest(ctx context.Context, id string, who identity.Principal) (consent.Request, error) {
	r, err := s.openRequest(ctx, id)
	if err != nil {
		return consent.Request{}, err
	}
	words := r.Detail != "" || slices.ContainsFunc(r.History, func(e consent.RequestEvent) bool { return e.Note != "" })
	if !words {
		return r, nil
	}
	err = s.Accessed(ctx, consent.Access{
		Customer: r.Customer, Actor: who.Actor(), Kind: consent.RequestAccess,
		Conversation: r.Conversation, Reason: "request", Categories: []consent.Category{consent.Conversation},
	})
	if err != nil {
		return consent.Request{}, err
	}
	return r, nil
}

// Requests returns the requests that the filter selects, without words and
// history: the most urgent first, then what was closed, the latest first. next is
// where the list goes on; the zero Place says that it does not.
func (s *Store) Requests(ctx context.Context, f consent.RequestFilter) (page []consent.Request, next consent.Place, err error) {
	where, args := "TRUE", []any(nil)
	add := func(clause string, values ...any) {
		where, args = where+" AND "+clause, append(args, values...)
	}
	if f.Site != "" {
		add("site = ?", f.Site)
	}
	if f.Customer != "" {
		add("customer = ?", f.Customer)
	}
	if f.Kind != "" {
		add("kind = ?", f.Kind)
	}
	if f.Status != "" {
		add("status = ?", f.Status)
	}
	if f.Overdue {
		add("closed = 0 AND due <= now_micros()")
	}
	if f.After != (consent.Place{}) {
		add("("+requestRank+" > ? OR "+requestRank+" = ? AND id > ?)", f.After.Rank, f.After.Rank, f.After.ID)
	}
	limit := f.Limit
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	type ranked struct {
		consent.Request
		rank int64
	}
	rows, err := collect(ctx, s.reads, func(scan func(...any) error) (x ranked, err error) {
		x.Request, err = scanRequest(func(dest ...any) error { return scan(append(dest, &x.rank)...) })
		return x, err
	}, "SELECT "+requestColumns+", "+requestRank+" FROM requests WHERE "+where+" ORDER BY "+requestRank+", id LIMIT ?", append(args, limit+1)...)
	if len(rows) > limit {
		rows = rows[:limit]
		next = consent.Place{Rank: rows[limit-1].rank, ID: rows[limit-1].ID}
	}
	for _, x := range rows {
		page = append(page, x.Request)
	}
	return page, next, err
}

// RequestsOf returns a customer's requests in the same order, with their words
// and history.
func (s *Store) RequestsOf(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) ([]consent.Request, consent.Place, error) {
	if customer == "" {
		return nil, consent.Place{}, nil // nobody has none, not everybody's
	}
	page, next, err := s.Requests(ctx, consent.RequestFilter{Customer: customer, After: after, Limit: limit})
	for i, r := range page {
		if err == nil {
			page[i], err = s.openRequest(ctx, r.ID)
		}
	}
	return page, next, err
}

// CountRequests returns how many requests of each kind are open, and overdue.
func (s *Store) CountRequests(ctx context.Context) ([]consent.RequestCount, error) {
	counts := make([]consent.RequestCount, len(consent.RequestKinds))
	for i, k := range consent.RequestKinds {
		counts[i].Kind = k
	}
	found, err := collect(ctx, s.reads, func(scan func(...any) error) (n consent.RequestCount, err error) {
		err = scan(&n.Kind, &n.Open, &n.Overdue)
		return n, err
	}, `SELECT kind, COUNT(*), SUM(CASE WHEN due <= now_micros() THEN 1 ELSE 0 END) FROM requests WHERE closed = 0 GROUP BY kind`)
	for _, n := range found {
		for i := range counts {
			if counts[i].Kind == n.Kind {
				counts[i] = n
			}
		}
	}
	return counts, err
}

// RemoveRequests removes the requests that were closed longer ago than they are
// proof of anything, and returns how many there were.
func (s *Store) RemoveRequests(ctx context.Context, kept time.Duration) (removed int64, err error) {
	const old = "closed > 0 AND closed <= now_micros() - ?"
	err = s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("DELETE FROM request_events WHERE request IN (SELECT id FROM requests WHERE "+old+")", kept.Microseconds())
		if err != nil {
			return err
		}
		removed, err = tx.exec("DELETE FROM requests WHERE "+old, kept.Microseconds())
		return err
	})
	return removed, err
}

// eraseRequests removes what a customer's requests say, and ends those that are
// open. That there were requests, and when they were answered, stays.
func (tx *Tx) eraseRequests(customer identity.CustomerID) error {
	open, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM requests WHERE customer = ? AND closed = 0", customer)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		"UPDATE requests SET sealed = NULL, record = '', conversation = '', answer = '', complaint = '' WHERE customer = ?",
		"UPDATE request_events SET sealed = NULL WHERE request IN (SELECT id FROM requests WHERE customer = ?)",
	} {
		if _, err := tx.exec(statement, customer); err != nil {
			return err
		}
	}
	for _, id := range open {
		if _, err := tx.exec("UPDATE requests SET status = ?, closed = ? WHERE id = ?", consent.RequestDone, micros(tx.Now), id); err != nil {
			return err
		}
		if err := tx.appendRequestEvent(Sealer{}, id, consent.RequestEvent{
			At: tx.Now, Actor: (identity.Principal{Kind: identity.System}).Actor(), Action: consent.ActErase,
		}); err != nil {
			return err
		}
	}
	return nil
}
