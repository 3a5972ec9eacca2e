package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// A legal hold has a key of its own. What it covers and is to be deleted, for
// whatever cause, is sealed again under that key in the transaction that deletes
// it. Nothing reads it but the export for the legal department (Held); when the
// hold ends the key is destroyed.

// holdKey is whose the key of a hold is.
func holdKey(id string) identity.CustomerID { return identity.CustomerID("hold/" + id) }

func holdPlace(id string) string { return "hold/" + id }

func heldPlace(id string) string { return "held/" + id }

// errHolds ends a write that met holds whose keys it does not have.
var errHolds = errors.New("a legal hold keeps something of this")

// holding is what keeping needs: the customer's key, and those of the holds.
type holding struct {
	own  *Sealer // nil: it is destroyed, and there is nothing to keep
	keys map[string]Sealer
}

// standing is the condition that a hold stands at a time, its parameter.
const standing = "released = 0 AND ended = 0 AND until > ?"

// holding reads the keys of the holds that stand now.
func (s *Store) holding(ctx context.Context, customer identity.CustomerID) (*holding, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	holds, err := standingHolds(ctx, s.reads, customer, now)
	if err != nil {
		return nil, err
	}
	h := &holding{keys: make(map[string]Sealer, len(holds))}
	for _, x := range holds {
		key, err := s.keys.For(ctx, holdKey(x.ID))
		if errors.Is(err, ErrKeyDestroyed) {
			// Not wrapped: it is the hold's key, and not the customer's, who is there.
			err = fmt.Errorf("the key of the legal hold %s is missing: restore the keys, or release the hold", x.ID)
		}
		if err != nil {
			return nil, err
		}
		h.keys[x.ID] = key
	}
	own, err := s.keys.For(ctx, customer)
	if err == nil {
		h.own = &own
	} else if !errors.Is(err, ErrKeyDestroyed) {
		return nil, err
	}
	return h, nil
}

// standingHolds returns the holds of a customer that stand, without their reasons.
func standingHolds(ctx context.Context, q querier, customer identity.CustomerID, now time.Time) ([]consent.Hold, error) {
	found, err := collect(ctx, q, scanHold, "SELECT "+holdColumns+" FROM holds WHERE customer = ? AND "+standing+" ORDER BY position", customer, micros(now))
	out := make([]consent.Hold, len(found))
	for i, h := range found {
		out[i] = h.Hold
	}
	return out, err
}

// holds returns the holds that stand of the transaction's customer, for which it
// has the keys.
func (tx *Tx) holds() ([]consent.Hold, error) {
	if tx.customer == "" {
		return nil, nil
	}
	found, err := standingHolds(tx.ctx, tx.tx, tx.customer, tx.Now)
	if err != nil {
		return nil, err
	}
	for _, h := range found {
		if tx.holding == nil {
			return nil, errHolds
		}
		if _, has := tx.holding.keys[h.ID]; !has {
			return nil, errHolds
		}
	}
	return found, nil
}

// heldBody is what is kept of a deleted record or conversation.
type heldBody struct {
	Record       *heldRecord       `json:"record,omitempty"`
	Conversation *heldConversation `json:"conversation,omitempty"`
	File         *heldFile         `json:"file,omitempty"`
}

type heldRecord struct {
	ID          string           `json:"id"`
	Category    consent.Category `json:"category"`
	CollectedAt time.Time        `json:"collected_at"`
	recordBody
}

type heldConversation struct {
	ID       string            `json:"id"`
	Created  time.Time         `json:"created"`
	Messages []json.RawMessage `json:"messages"` // conversation.Message, in order
}

// keeping is something that is kept.
type keeping struct {
	category consent.Category
	what     string // record, conversation or attachment
	body     heldBody
}

// maxKept is how many rows a statement inserts.
const maxKept = 100

// keep seals things under the key of each hold that covers their category.
func (tx *Tx) keep(holds []consent.Hold, things ...keeping) error {
	var rows [][]any
	for _, x := range things {
		for _, h := range holds {
			if !h.Covers(x.category) {
				continue
			}
			id := identity.NewID("hld")
			sealed, err := tx.holding.keys[h.ID].sealJSON(heldPlace(id), x.body)
			if err != nil {
				return err
			}
			rows = append(rows, []any{id, h.ID, x.category, x.what, micros(tx.Now), sealed})
		}
	}
	for some := range slices.Chunk(rows, maxKept) {
		if _, err := tx.exec("INSERT INTO held (id, hold, category, what, at, sealed) VALUES "+repeated("("+marks(6)+")", len(some)), slices.Concat(some...)...); err != nil {
			return err
		}
	}
	return nil
}

// repeated returns a list of n equal parts, with commas between.
func repeated(part string, n int) string {
	return strings.TrimSuffix(strings.Repeat(part+", ", n), ", ")
}

// covered returns every category that one of the holds covers.
func covered(holds []consent.Hold) (out []consent.Category) {
	for _, h := range holds {
		for _, c := range h.Categories {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// hold moves those of the customer's records that a condition selects, and that a
// hold covers, to what is held, and logs it. It returns how many there were, and
// the categories that are covered: nothing else may delete records of those in this
// transaction.
func (tx *Tx) hold(customer identity.CustomerID, where string, args ...any) (n int64, kept []consent.Category, err error) {
	return tx.holdSome(customer, math.MaxInt64, where, args...)
}

// holdSome is hold of at most limit records.
func (tx *Tx) holdSome(customer identity.CustomerID, limit int64, where string, args ...any) (n int64, kept []consent.Category, err error) {
	holds, err := tx.holds()
	if err != nil || len(holds) == 0 || tx.holding.own == nil {
		return 0, nil, err
	}
	kept = covered(holds)
	type row struct {
		retrieval.Record
		sealed []byte
	}
	rows, err := collect(tx.ctx, tx.tx, func(scan func(...any) error) (r row, err error) {
		var collected int64
		err = scan(&r.Site, &r.ID, &r.Category, &r.sealed, &collected)
		r.CollectedAt = fromMicros(collected)
		return r, err
	}, "SELECT site, id, category, sealed, collected FROM records WHERE customer = ? AND category IN ("+marks(len(kept))+") AND ("+where+") LIMIT ?",
		slices.Concat([]any{customer}, anys(kept), args, []any{limit})...)
	if err != nil {
		return 0, nil, err
	}
	for some := range slices.Chunk(rows, maxKept) {
		ids := make([]any, 0, 2*len(some))
		for _, r := range some {
			ids = append(ids, r.Site, r.ID)
		}
		these := "(VALUES " + repeated("(?, ?)", len(some)) + ")"
		for _, statement := range []string{"DELETE FROM passages WHERE (site, record) IN ", "DELETE FROM records WHERE (site, id) IN "} {
			if _, err := tx.exec(statement+these, ids...); err != nil {
				return 0, nil, err
			}
		}
	}
	things := make([]keeping, len(rows))
	counts := make(map[consent.Category]int64)
	for i, r := range rows {
		body := &heldRecord{ID: r.ID, Category: r.Category, CollectedAt: r.CollectedAt}
		if err := tx.holding.own.openJSON(recordPlace(r.Record), r.sealed, &body.recordBody); err != nil {
			return 0, nil, err
		}
		things[i] = keeping{r.Category, "record", heldBody{Record: body}}
		counts[r.Category]++
	}
	if err := tx.leaveOutsideIn(customer, counts); err != nil {
		return 0, nil, err
	}
	if err := tx.keep(holds, things...); err != nil {
		return 0, nil, err
	}
	return int64(len(rows)), kept, tx.logDeletions(customer, consent.DeletedRecord, because(consent.DeletedUnderHold), counts)
}

// holdConversations keeps what was said in conversations that are about to be
// deleted, if a hold covers it, and reports whether one does.
func (tx *Tx) holdConversations(ids ...string) (bool, error) {
	holds, err := tx.holds()
	if err != nil || len(holds) == 0 || tx.holding.own == nil || !slices.Contains(covered(holds), consent.Conversation) {
		return false, err
	}
	for _, id := range ids {
		c, err := scanConversation(tx.row("SELECT "+conversationColumns+" FROM conversations WHERE id = ?", id).Scan)
		if err != nil {
			return true, err
		}
		events, err := collect(tx.ctx, tx.tx, scanEventOf(id, *tx.holding.own),
			"SELECT seq, type, ref, at, sealed FROM events WHERE conversation = ? AND type = ? ORDER BY seq", id, conversation.MessageEvent)
		if err != nil {
			return true, err
		}
		body := &heldConversation{ID: id, Created: c.Created, Messages: make([]json.RawMessage, len(events))}
		for i, e := range events {
			body.Messages[i] = e.Data
		}
		if err := tx.keep(holds, keeping{consent.Conversation, "conversation", heldBody{Conversation: body}}); err != nil {
			return true, err
		}
		if err := tx.holdAttachments(id, holds); err != nil {
			return true, err
		}
	}
	return true, nil
}

const holdColumns = "position, id, customer, categories, until, actor, at, released, releaser, ended, sealed"

// storedHold is a hold as it lies there.
type storedHold struct {
	consent.Hold
	position int64
	sealed   []byte // the reason
}

func scanHold(scan func(...any) error) (h storedHold, err error) {
	var categories string
	var until, at, released, ended int64
	err = scan(&h.position, &h.ID, &h.Customer, &categories, &until, &h.Actor, &at, &released, &h.Releaser, &ended, &h.sealed)
	if err == nil {
		err = json.Unmarshal([]byte(categories), &h.Categories)
	}
	h.Until, h.At, h.Released, h.Ended = fromMicros(until), fromMicros(at), fromMicros(released), fromMicros(ended)
	return h, err
}

// reason opens the reason of a hold; it is empty once the hold's key is destroyed.
func (s *Store) reason(ctx context.Context, h storedHold) (consent.Hold, error) {
	key, err := s.keys.For(ctx, holdKey(h.ID))
	if errors.Is(err, ErrKeyDestroyed) {
		return h.Hold, nil
	}
	if err != nil {
		return h.Hold, err
	}
	b, err := key.Open(holdPlace(h.ID), h.sealed)
	h.Reason = string(b)
	return h.Hold, err
}

// AddLegalHold stores a legal hold under a key that it makes for it.
func (s *Store) AddLegalHold(ctx context.Context, h consent.Hold) (consent.Hold, error) {
	if _, err := s.Snapshot(ctx, h.Customer); err != nil {
		return h, err
	}
	h.ID = identity.NewID("hol")
	if err := s.keys.Create(ctx, holdKey(h.ID)); err != nil {
		return h, err
	}
	key, err := s.keys.For(ctx, holdKey(h.ID))
	if err != nil {
		return h, err
	}
	sealed, err := key.Seal(holdPlace(h.ID), []byte(h.Reason))
	if err != nil {
		return h, err
	}
	categories, err := json.Marshal(h.Categories)
	if err != nil {
		return h, err
	}
	// With the customer's row locked, so that what is being deleted at this moment
	// is deleted before the hold, or kept by it.
	err = s.writeFor(ctx, h.Customer, func(tx *Tx) error {
		h.At = tx.Now
		_, err := tx.exec("INSERT INTO holds (id, customer, categories, sealed, until, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			h.ID, h.Customer, string(categories), sealed, micros(h.Until), h.Actor, micros(h.At))
		return err
	})
	return h, err
}

// LegalHold returns a hold.
func (s *Store) LegalHold(ctx context.Context, id string) (consent.Hold, error) {
	h, err := scanHold(s.reads.QueryRowContext(ctx, "SELECT "+holdColumns+" FROM holds WHERE id = ?", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = consent.ErrUnknownHold
	}
	if err != nil {
		return h.Hold, err
	}
	return s.reason(ctx, h)
}

// LegalHolds returns holds, the newest first.
func (s *Store) LegalHolds(ctx context.Context, f consent.HoldFilter) (page []consent.Hold, next int64, err error) {
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	where, args := "TRUE", []any(nil)
	if f.Customer != "" {
		where, args = where+" AND customer = ?", append(args, f.Customer)
	}
	if f.Before > 0 {
		where, args = where+" AND position < ?", append(args, f.Before)
	}
	found, err := collect(ctx, s.reads, scanHold, "SELECT "+holdColumns+" FROM holds WHERE "+where+" ORDER BY position DESC LIMIT ?", append(args, f.Limit+1)...)
	if err != nil {
		return nil, 0, err
	}
	if len(found) > f.Limit {
		found = found[:f.Limit]
		next = found[f.Limit-1].position
	}
	return s.reasons(ctx, found, next)
}

func (s *Store) reasons(ctx context.Context, found []storedHold, next int64) ([]consent.Hold, int64, error) {
	out := make([]consent.Hold, len(found))
	for i, h := range found {
		var err error
		if out[i], err = s.reason(ctx, h); err != nil {
			return nil, 0, err
		}
	}
	return out, next, nil
}

// holdsOf returns the holds of a customer that stand now, with their reasons.
func (s *Store) holdsOf(ctx context.Context, customer identity.CustomerID) ([]consent.Hold, error) {
	found, err := collect(ctx, s.reads, scanHold, "SELECT "+holdColumns+" FROM holds WHERE customer = ? AND released = 0 AND ended = 0 AND until > now_micros() ORDER BY position", customer)
	if err != nil {
		return nil, err
	}
	out, _, err := s.reasons(ctx, found, 0)
	return out, err
}

// ReleaseLegalHold ends a hold before its time.
func (s *Store) ReleaseLegalHold(ctx context.Context, id, actor string) (consent.Hold, error) {
	h, err := s.LegalHold(ctx, id)
	if err != nil {
		return h, err
	}
	// Also of somebody who was erased: that is when it matters most.
	err = s.write(job{ctx: ctx, customer: h.Customer, erases: true, fn: func(tx *Tx) error {
		n, err := tx.exec("UPDATE holds SET released = ?, releaser = ? WHERE id = ? AND "+standing, micros(tx.Now), actor, id, micros(tx.Now))
		if err == nil && n == 0 {
			err = consent.ErrHoldOver
		}
		return err
	}})
	if err != nil {
		return h, err
	}
	return s.LegalHold(ctx, id)
}

// EndLegalHolds destroys what the holds kept whose time is over or that were released,
// and returns how many there were. What is cut off is done again.
func (s *Store) EndLegalHolds(ctx context.Context) (n int, err error) {
	over, err := collect(ctx, s.reads, scanHold, "SELECT "+holdColumns+" FROM holds WHERE ended = 0 AND (released > 0 OR until <= now_micros()) ORDER BY position LIMIT 100")
	if err != nil {
		return 0, err
	}
	for _, h := range over {
		if err := s.endHold(ctx, h.Hold); err != nil {
			return n, fmt.Errorf("end a legal hold: %w", err)
		}
		n++
	}
	if s.logged.Load() {
		err = sweeping(s.truncateLogs(ctx))
	}
	return n, err
}

func (s *Store) endHold(ctx context.Context, h consent.Hold) error {
	defer s.logged.Store(true)
	if err := s.keys.Destroy(ctx, holdKey(h.ID)); err != nil {
		return err
	}
	return s.write(job{ctx: ctx, customer: h.Customer, erases: true, fn: func(tx *Tx) error {
		if _, err := tx.exec("DELETE FROM held WHERE hold = ?", h.ID); err != nil {
			return err
		}
		_, err := tx.exec("UPDATE holds SET ended = ? WHERE id = ? AND ended = 0", micros(tx.Now), h.ID)
		return err
	}})
}

// Held calls fn with everything that a hold keeps, oldest first, as JSON. It is for
// who answers to a court, and for nobody else.
func (s *Store) Held(ctx context.Context, id string, fn func(at time.Time, body json.RawMessage) error) error {
	key, err := s.keys.For(ctx, holdKey(id))
	if errors.Is(err, ErrKeyDestroyed) {
		return consent.ErrHoldOver
	}
	if err != nil {
		return err
	}
	type row struct {
		id     string
		at     int64
		sealed []byte
	}
	var last row
	for {
		rows, err := collect(ctx, s.reads, func(scan func(...any) error) (r row, err error) {
			err = scan(&r.id, &r.at, &r.sealed)
			return r, err
		}, "SELECT id, at, sealed FROM held WHERE hold = ? AND (at > ? OR at = ? AND id > ?) ORDER BY at, id LIMIT 100", id, last.at, last.at, last.id)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			body, err := key.Open(heldPlace(r.id), r.sealed)
			if err != nil {
				return err
			}
			if err := fn(fromMicros(r.at), body); err != nil {
				return err
			}
		}
		last = rows[len(rows)-1]
	}
}
