package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/review"
)

func correctionPlace(id string) string { return "correction/" + id }

// correctionTopic is woken when there is a correction to send.
const correctionTopic = "corrections"

// AddCorrection stores a correction with the conversations that it is for, and returns
// it: those that are there and have an answer which was made from the source, or one of
// the answers that are named. SendCorrections sends it.
//
// Where it is about one customer's data alone its words are sealed under their key, and
// go with them; else under the house's.
//
// Errors: those of review.Correction.Check; conversation.ErrNotFound for an answer that
// is not the site's; review.ErrNothingToCorrect.
func (s *Store) AddCorrection(ctx context.Context, c review.Correction) (review.Correction, error) {
	c, err := c.Check()
	if err != nil {
		return c, err
	}
	c.ID = identity.NewID("cor")
	about, err := s.correctedCustomer(ctx, c)
	if err != nil {
		return c, err
	}
	c.Customer = about
	key, err := s.sealerOf(ctx, about)
	if errors.Is(err, consent.ErrUnknownCustomer) {
		return c, review.ErrNothingToCorrect
	}
	if err != nil {
		return c, err
	}
	sealed, err := key.Seal(correctionPlace(c.ID), []byte(c.Text))
	if err != nil {
		return c, err
	}
	which, args := correctedBy(c)
	if about != "" {
		which, args = which+" AND c.customer = ?", append(args, about)
	}
	// Alone, as nothing less meets both: an answer whose end is being written now has it,
	// which no row says before that is committed; and an erasure that is under way does
	// not come between and leave a row of its customer's. So what used the source is
	// looked for once, by the statement that writes it down.
	err = s.writeAlone(ctx, func(tx *Tx) error {
		talks := " FROM conversations c WHERE c.site = ? AND " + present("c.customer") + " AND " + which
		var known bool
		if err := tx.row("SELECT EXISTS (SELECT 1 FROM sites WHERE id = ?)", c.Site).Scan(&known); err != nil {
			return err
		}
		if !known {
			return review.ErrNothingToCorrect
		}
		_, err := tx.exec("INSERT INTO corrections (id, site, customer, record, language, at, actor, talks, sealed) VALUES ("+marks(9)+")",
			c.ID, c.Site, about, c.Record, c.Language, micros(tx.Now), c.Actor, 0, sealed)
		if err != nil {
			return err
		}
		n, err := tx.exec("INSERT INTO corrected (correction, conversation, customer) SELECT CAST(? AS TEXT), c.id, c.customer"+talks,
			append([]any{c.ID, c.Site}, args...)...)
		if err == nil && n == 0 {
			err = review.ErrNothingToCorrect
		}
		if err != nil {
			return err
		}
		c.At, c.Conversations, c.Pending = tx.Now, n, n
		_, err = tx.exec("UPDATE corrections SET talks = ? WHERE id = ?", n, c.ID)
		tx.Wake(correctionTopic)
		return err
	})
	return c, err
}

// correctedBy is the condition on conversations c that a correction is for them.
func correctedBy(c review.Correction) (which string, args []any) {
	if c.Record != "" {
		return "c.id IN (SELECT e.conversation" + usesOf + ")", []any{c.Record, c.Site}
	}
	return "c.id IN (SELECT conversation FROM answers WHERE id IN (" + marks(len(c.Answers)) + "))", anys(c.Answers)
}

// correctedCustomer returns the one customer whose data a correction is about; empty
// if it is the company's, or several customers'.
func (s *Store) correctedCustomer(ctx context.Context, c review.Correction) (identity.CustomerID, error) {
	if c.Record == "" {
		type named struct {
			answer, customer string
			site             identity.SiteID
		}
		found, err := collect(ctx, s.reads, func(scan func(...any) error) (n named, err error) {
			err = scan(&n.answer, &n.customer, &n.site)
			return n, err
		}, `SELECT a.id, c.customer, c.site FROM answers a JOIN conversations c ON c.id = a.conversation
			WHERE a.id IN (`+marks(len(c.Answers))+") AND "+present("c.customer"), anys(c.Answers)...)
		if err != nil {
			return "", err
		}
		var whose []string
		for _, n := range found {
			if n.site != c.Site {
				return "", conversation.ErrNotFound
			}
			if !slices.Contains(whose, n.customer) {
				whose = append(whose, n.customer)
			}
		}
		switch {
		case len(found) < len(c.Answers):
			return "", conversation.ErrNotFound
		case len(whose) == 1:
			return identity.CustomerID(whose[0]), nil
		}
		return "", nil
	}
	whose, err := collect(ctx, s.reads, scanString, `SELECT DISTINCT CASE WHEN r.category = 'knowledge' THEN '' ELSE e.customer END`+usesOf+` LIMIT 2`, c.Record, c.Site)
	if err != nil || len(whose) != 1 {
		return "", err
	}
	return identity.CustomerID(whose[0]), nil
}

// WatchCorrections returns wake-ups when there is a correction to send.
func (s *Store) WatchCorrections() (<-chan struct{}, func()) { return s.Watch(correctionTopic) }

// correctionsAtOnce is how many conversations are read before they are written to.
const correctionsAtOnce = 100

// SendCorrections writes the corrections that are to be sent into their conversations:
// a message of the company's, once each whatever is cut off, and however many replicas
// do it. It changes nothing else of a conversation, so that whoever has it keeps it.
// What fails does not keep the others back; the next call tries it again. It returns
// how many were sent.
func (s *Store) SendCorrections(ctx context.Context) (sent int, err error) {
	type pending struct {
		correction, conversation string
		customer, about          identity.CustomerID
		brand                    string
		sealed                   []byte
	}
	var errs []error
	var last pending
	for {
		page, err := collect(ctx, s.reads, func(scan func(...any) error) (p pending, err error) {
			err = scan(&p.correction, &p.conversation, &p.customer, &p.about, &p.brand, &p.sealed)
			return p, err
		}, `SELECT d.correction, d.conversation, d.customer, c.customer, s.name, c.sealed
			FROM corrected d JOIN corrections c ON c.id = d.correction JOIN sites s ON s.id = c.site
			WHERE d.sent = 0 AND (d.correction, d.conversation) > (?, ?) ORDER BY d.correction, d.conversation LIMIT ?`,
			last.correction, last.conversation, correctionsAtOnce)
		if err != nil {
			return sent, errors.Join(append(errs, err)...)
		}
		for _, p := range page {
			last = p
			var wrote bool
			text, err := s.correctionText(ctx, p.correction, p.about, p.sealed)
			if err == nil {
				wrote, err = s.sendCorrection(ctx, p.correction, p.conversation, p.customer, p.brand, text)
			}
			if wrote {
				sent++
			}
			switch {
			case errors.Is(err, identity.ErrUnavailable), ctx.Err() != nil:
				return sent, errors.Join(append(errs, err)...)
			case errors.Is(err, consent.ErrUnknownCustomer): // they are being erased, and the row goes with them
			case err != nil:
				errs = append(errs, fmt.Errorf("send a correction: %w", err))
			}
		}
		if len(page) < correctionsAtOnce {
			return sent, errors.Join(errs...)
		}
	}
}

func (s *Store) correctionText(ctx context.Context, id string, about identity.CustomerID, sealed []byte) (string, error) {
	key, err := s.sealerOf(ctx, about)
	if err != nil {
		return "", err
	}
	return openedText(key, correctionPlace(id), sealed)
}

// sendCorrection writes a correction into a conversation, and reports whether it did:
// not where another did so meanwhile, nor where the conversation is gone.
func (s *Store) sendCorrection(ctx context.Context, correction, conv string, customer identity.CustomerID, brand, text string) (wrote bool, err error) {
	key, err := s.keys.For(ctx, customer)
	if err != nil {
		return false, err
	}
	err = s.writeFor(ctx, customer, func(tx *Tx) error {
		wrote = false
		at, gone := micros(tx.Now), false
		c, err := getConversation(tx.ctx, tx.tx, conv)
		if errors.Is(err, conversation.ErrNotFound) {
			at, gone, err = -1, true, nil // its time was over
		}
		if err != nil {
			return err
		}
		// The mark and the message are one commit: neither is there without the other.
		n, err := tx.exec("UPDATE corrected SET sent = ? WHERE correction = ? AND conversation = ? AND sent = 0", at, correction, conv)
		if err != nil || n == 0 || gone {
			return err
		}
		categories, err := tx.correctedCategories(correction, conv)
		if err != nil {
			return err
		}
		segments := conversation.PlainMessage(answer.Say(answer.SayCorrection, c.Language, "brand", brand) + " " + text)
		segments[0].Categories = categories
		_, err = tx.addMessage(key, conv, conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: segments})
		wrote = err == nil
		return err
	})
	return wrote && err == nil, err
}

// correctedCategories returns the categories of the customer's data that a correction is
// about in a conversation, so that the desk masks it like what it corrects: the source's;
// where answers were named, which are not kept, or the ids of records are gone, those of
// all answers there.
func (tx *Tx) correctedCategories(correction, conv string) ([]consent.Category, error) {
	return collect(tx.ctx, tx.tx, func(scan func(...any) error) (c consent.Category, err error) {
		err = scan(&c)
		return c, err
	}, `SELECT DISTINCT r.category FROM citation_records r WHERE r.entry IN (SELECT a.entry FROM log_answers a WHERE a.conversation = ?)
		AND r.category <> 'knowledge' AND EXISTS (SELECT 1 FROM corrections c WHERE c.id = ? AND (c.record = '' OR r.record IN (c.record, '')))
		ORDER BY r.category`, conv, correction)
}

const correctionColumns = `id, site, customer, record, language, at, actor, talks, sealed,
	(SELECT COUNT(*) FROM corrected d WHERE d.correction = corrections.id AND d.sent > 0),
	(SELECT COUNT(*) FROM corrected d WHERE d.correction = corrections.id AND d.sent = 0)`

func (s *Store) scanCorrection(ctx context.Context) func(func(...any) error) (review.Correction, error) {
	return func(scan func(...any) error) (c review.Correction, err error) {
		var about identity.CustomerID
		var at int64
		var sealed []byte
		if err := scan(&c.ID, &c.Site, &about, &c.Record, &c.Language, &at, &c.Actor, &c.Conversations, &sealed, &c.Sent, &c.Pending); err != nil {
			return c, err
		}
		c.At, c.Customer = fromMicros(at), about
		c.Text, err = s.correctionText(ctx, c.ID, about, sealed)
		if errors.Is(err, ErrKeyDestroyed) {
			c.Text, err = "", nil
		}
		return c, err
	}
}

// Correction returns a correction and how far it is: review.ErrUnknownCorrection.
func (s *Store) Correction(ctx context.Context, id string) (review.Correction, error) {
	c, err := s.scanCorrection(ctx)(s.reads.QueryRowContext(ctx, "SELECT "+correctionColumns+" FROM corrections WHERE id = ?", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = review.ErrUnknownCorrection
	}
	return c, err
}

// Corrections returns the corrections that the filter selects, the latest first. next
// is where the list goes on; the zero Place says that it does not.
func (s *Store) Corrections(ctx context.Context, f review.CorrectionFilter) (page []review.Correction, next consent.Place, err error) {
	where, args := "TRUE", []any(nil)
	if f.Site != "" {
		where, args = where+" AND site = ?", append(args, f.Site)
	}
	if f.After != (consent.Place{}) {
		where, args = where+" AND (at, id) < (?, ?)", append(args, f.After.Rank, f.After.ID)
	}
	limit := pageLimit(f.Limit)
	page, err = collect(ctx, s.reads, s.scanCorrection(ctx),
		"SELECT "+correctionColumns+" FROM corrections WHERE "+where+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit+1)...)
	if len(page) > limit {
		page = page[:limit]
		next = consent.Place{Rank: micros(page[limit-1].At), ID: page[limit-1].ID}
	}
	return page, next, err
}
