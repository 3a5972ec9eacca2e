// Package ingest is how first-party data comes in.
//
// It promises that what it refuses is named, with its number and the reason,
// that the rest is stored, and that no line is guessed at: a record belongs to
// a customer or is company knowledge of a stated visibility. It never indexes
// anything: what is personal is stored sealed and waits for a grant.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// MaxText is the longest that a record may be, in bytes.
const MaxText = 200_000

// Item is one record or article as it comes in: a line of a file or an element
// of a request. Customer is the site's own id.
type Item struct {
	ID          string            `json:"id"`
	Customer    string            `json:"customer"`
	Category    string            `json:"category"`
	Visibility  string            `json:"visibility"`
	Title       string            `json:"title"`
	Text        string            `json:"text"`
	Fields      map[string]string `json:"fields"`
	URL         string            `json:"url"`
	Source      retrieval.Source  `json:"source"`
	CollectedAt string            `json:"collected_at"`
	Expires     string            `json:"expires"`
	Language    string            `json:"language"`
}

// Rejection is an item that was refused. Index counts items from 0; Line is its
// line in a file, from 1, and 0 where there are no lines.
type Rejection struct {
	Index int    `json:"index"`
	Line  int    `json:"line,omitempty"`
	Error string `json:"error"`
}

// Report is the result of an import.
type Report struct {
	Accepted int         `json:"accepted"`
	Rejected []Rejection `json:"rejected"`
}

// Store is where records go. PutRecord and PutKnowledge replace what has the
// same id. PutRecord refuses with retrieval.ErrOtherCustomer, retrieval.ErrLeaving,
// retrieval.ErrNotWanted, and consent.ErrUnknownCustomer of somebody who was erased
// at this moment.
type Store interface {
	Customer(ctx context.Context, site identity.SiteID, sub string) (identity.CustomerID, error)
	PutRecord(ctx context.Context, r retrieval.Record) error
	PutKnowledge(ctx context.Context, site identity.SiteID, records []retrieval.Record) error
}

// Importer checks items and stores them.
type Importer struct {
	Store  Store
	Policy func() *consent.Policy
	Now    func() time.Time
}

// Entry is an item with where it stood, or what is wrong with it.
type Entry struct {
	Item Item
	Line int
	Err  error
}

// batch is how many articles share a transaction.
const batch = 200

// Records imports customers' records; an item with a visibility and no customer
// is company knowledge. The error is one of storage, after which the rest of
// the items was not tried; the report says how far it came. progress is called
// with the number of items seen.
func (im *Importer) Records(ctx context.Context, site identity.SiteID, items iter.Seq[Entry], progress func(int)) (Report, error) {
	return im.run(ctx, site, items, progress, func(it Item) (retrieval.Record, error) {
		switch {
		case it.Customer != "":
			return im.record(site, it)
		case it.Visibility != "":
			return im.article(site, it)
		}
		return retrieval.Record{}, errors.New("a record needs a `customer`, or as company knowledge a `visibility` (public or internal)")
	})
}

// Knowledge imports company knowledge. What has no visibility, or one that is
// "unspecified", gets the given one; if that is empty too it is refused.
func (im *Importer) Knowledge(ctx context.Context, site identity.SiteID, items iter.Seq[Entry], otherwise retrieval.Visibility, progress func(int)) (Report, error) {
	return im.run(ctx, site, items, progress, func(it Item) (retrieval.Record, error) {
		if it.Customer != "" {
			return retrieval.Record{}, errors.New("company knowledge has no `customer`: import it as a record")
		}
		if otherwise != "" && (it.Visibility == "" || it.Visibility == "unspecified") {
			it.Visibility = string(otherwise)
		}
		return im.article(site, it)
	})
}

func (im *Importer) run(ctx context.Context, site identity.SiteID, items iter.Seq[Entry], progress func(int),
	read func(Item) (retrieval.Record, error),
) (Report, error) {
	report := Report{Rejected: []Rejection{}}
	var articles []retrieval.Record
	flush := func() error {
		if len(articles) == 0 {
			return nil
		}
		err := im.Store.PutKnowledge(ctx, site, articles)
		if err == nil {
			report.Accepted += len(articles)
			articles = articles[:0]
		}
		return err
	}
	index := -1
	for e := range items {
		index++
		err := e.Err
		var r retrieval.Record
		if err == nil {
			r, err = read(e.Item)
		}
		if err == nil && r.Knowledge() {
			if articles = append(articles, r); len(articles) == batch {
				if err := flush(); err != nil {
					return report, err
				}
			}
		} else if err == nil {
			if r.Customer, err = im.Store.Customer(ctx, site, e.Item.Customer); err != nil {
				return report, err
			}
			err = im.Store.PutRecord(ctx, r)
			if err != nil && !errors.Is(err, retrieval.ErrOtherCustomer) && !errors.Is(err, retrieval.ErrLeaving) && !errors.Is(err, retrieval.ErrNotWanted) && !errors.Is(err, consent.ErrUnknownCustomer) {
				return report, err
			}
			if err == nil {
				report.Accepted++
			}
		}
		if err != nil {
			if ctx.Err() != nil {
				return report, ctx.Err()
			}
			report.Rejected = append(report.Rejected, Rejection{Index: index, Line: e.Line, Error: err.Error()})
		}
		progress(index + 1)
	}
	return report, flush()
}

// common checks what records and articles share.
func (im *Importer) common(site identity.SiteID, it Item) (retrieval.Record, error) {
	r := retrieval.Record{
		ID: it.ID, Site: site, Title: strings.TrimSpace(it.Title), Text: strings.TrimSpace(it.Text),
		Fields: it.Fields, Source: it.Source, Language: it.Language,
	}
	if r.Source.URL == "" {
		r.Source.URL = it.URL
	}
	switch {
	case r.Text == "" && r.Title == "":
		return r, errors.New("there is no `text`")
	case size(it) > MaxText:
		return r, fmt.Errorf("title, text and fields have %d bytes; at most %d are kept", size(it), MaxText)
	case len(it.ID) > 200 || !addressable(it.ID):
		return r, errors.New("`id` is longer than 200 bytes, or has a slash or control characters")
	case !valid(it):
		return r, errors.New("a field is not valid UTF-8")
	case !webAddress(r.Source.URL):
		return r, errors.New("the address of the source is not that of a web page (https://…)")
	}
	if r.Text == "" {
		r.Text = r.Title
	}
	return r, nil
}

func size(it Item) int {
	n := len(it.Title) + len(it.Text)
	for k, v := range it.Fields {
		n += len(k) + len(v)
	}
	return n
}

// texts is everything that an item says of its customer.
func texts(it Item) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(it.Title) || !yield(it.Text) {
			return
		}
		for _, v := range it.Fields {
			if !yield(v) {
				return
			}
		}
	}
}

func valid(it Item) bool {
	texts := []string{
		it.ID, it.Customer, it.Category, it.Visibility, it.Title, it.Text, it.URL, it.Language,
		it.Source.System, it.Source.Ref, it.Source.URL,
	}
	for k, v := range it.Fields {
		texts = append(texts, k, v)
	}
	return !slices.ContainsFunc(texts, func(s string) bool { return !utf8.ValidString(s) || strings.ContainsRune(s, 0) })
}

func (im *Importer) article(site identity.SiteID, it Item) (retrieval.Record, error) {
	r, err := im.common(site, it)
	if err != nil {
		return r, err
	}
	// A category of personal data says that its customer was forgotten.
	if _, personal := im.Policy().Category(consent.Category(it.Category)); personal {
		return r, fmt.Errorf("category %q is personal: the record needs a `customer`", it.Category)
	}
	r.Category = consent.Knowledge
	switch r.Visibility = retrieval.Visibility(it.Visibility); r.Visibility {
	case retrieval.PublicKnowledge, retrieval.InternalKnowledge:
	case "":
		return r, errors.New("`visibility` is missing: public or internal")
	default:
		return r, errors.New("`visibility` is neither public nor internal")
	}
	if r.ID == "" {
		r.ID = identity.NewID("kno")
	}
	return r, nil
}

// record checks a customer's record; whose it is, is looked up when it is stored.
func (im *Importer) record(site identity.SiteID, it Item) (retrieval.Record, error) {
	r, err := im.common(site, it)
	if err != nil {
		return r, err
	}
	if len(it.Customer) > 256 {
		return r, errors.New("`customer` is longer than 256 bytes")
	}
	r.Category = consent.Category(it.Category)
	spec, known := im.Policy().Category(r.Category)
	if !known || r.Category == consent.Conversation {
		return r, fmt.Errorf("the policy has no records of category %s", name(it.Category))
	}
	for text := range texts(it) {
		if holdsCardNumber(text) {
			return r, errors.New("it holds a payment card's number, which is not kept here")
		}
	}
	now := im.Now().UTC()
	if r.CollectedAt, err = parseTime("collected_at", it.CollectedAt, now); err != nil {
		return r, err
	}
	kept := now.Add(spec.Retention.Duration())
	if r.Expires, err = parseTime("expires", it.Expires, kept); err != nil {
		return r, err
	}
	if r.Expires.After(kept) {
		r.Expires = kept // nobody keeps it longer than customers were told
	}
	if r.ID == "" {
		r.ID = identity.NewID("rec")
	}
	return r, nil
}

func parseTime(field, value string, otherwise time.Time) (time.Time, error) {
	if value == "" {
		return otherwise, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("`%s` is not a time such as 2026-11-21T09:30:00Z", field)
}
