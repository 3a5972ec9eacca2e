// Package ingest is how first-party data comes in.
//
// It promises that what it refuses is named, with its number and the reason,
// that the rest is stored, and that no line is guessed at: a record belongs to
// a customer or is company knowledge of a stated visibility. It never indexes
// anything: what is personal is stored sealed and waits for a grant.
package ingest

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/singleflight"

	"candor/consent"
	"candor/identity"
	"candor/pii"
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

// Report is the result of an import. Unchanged is how many of the items that were
// accepted were there already, as they are; First is the first that was not, nil if
// all were. Omitted is how many more were refused than Rejected lists. Malformed is
// whether some of what was read is not JSON.
type Report struct {
	Accepted  int         `json:"accepted"`
	Rejected  []Rejection `json:"rejected"`
	Omitted   int         `json:"-"`
	Unchanged int         `json:"-"`
	Malformed bool        `json:"-"`
	First     *Place      `json:"-"`
}

// Place is where an item stands, as in a Rejection.
type Place struct{ Index, Line int }

// Store is where records go. PutRecord and PutKnowledge replace what has the
// same id. PutRecord refuses with retrieval.ErrOtherCustomer, retrieval.ErrLeaving,
// retrieval.ErrNotWanted, and consent.ErrUnknownCustomer of somebody who was erased
// at this moment.
type Store interface {
	Customer(ctx context.Context, site identity.SiteID, sub string) (identity.CustomerID, error)
	// HasRecord reports whether the record is there as it is; without a CollectedAt,
	// whenever it was collected. To be kept a little longer changes nothing.
	HasRecord(ctx context.Context, r retrieval.Record) (bool, error)
	PutRecord(ctx context.Context, r retrieval.Record) error
	// ChangedKnowledge returns those of the articles, in their order, that are not
	// there as they are. Of those that share an id it returns all or none.
	ChangedKnowledge(ctx context.Context, site identity.SiteID, records []retrieval.Record) ([]retrieval.Record, error)
	PutKnowledge(ctx context.Context, site identity.SiteID, records []retrieval.Record) error
	// HashKey is a key of this installation for keyed hashes.
	HashKey() []byte
}

// Importer checks items and stores them.
//
// An item without an id has one by where it comes from, or by what it says: sent
// again it is the same record. What is there already is not written again. So an
// import that was cut off goes on when it is run again.
type Importer struct {
	Store  Store
	Policy func() *consent.Policy
	Now    func() time.Time
	// MostRejected bounds how many refusals a report lists; 0: it lists all.
	MostRejected int
}

// Entry is an item with where it stood, or what is wrong with it.
type Entry struct {
	Item Item
	Line int
	Err  error
}

// A transaction has at most so many articles, and no more once they have so many
// bytes: other writes wait for it.
const (
	batch      = 200
	batchBytes = 1 << 20
)

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

const (
	// workers is how many records are written at the same time: the store commits
	// them together.
	workers = 64
	// ahead is how many records wait for each of them. Then the reader waits.
	ahead = 4
)

// job is a record that waits to be stored, with the item that it was.
type job struct {
	retrieval.Record
	sub         string
	index, line int
}

func (im *Importer) run(ctx context.Context, site identity.SiteID, items iter.Seq[Entry], progress func(int),
	read func(Item) (retrieval.Record, error),
) (Report, error) {
	var mu sync.Mutex // guards what follows
	report := Report{Rejected: []Rejection{}}
	var failed error
	reject := func(index, line int, err error) {
		mu.Lock()
		defer mu.Unlock()
		report.Malformed = report.Malformed || errors.As(err, new(malformed))
		if im.MostRejected > 0 && len(report.Rejected) >= im.MostRejected {
			report.Omitted++
			return
		}
		report.Rejected = append(report.Rejected, Rejection{Index: index, Line: line, Error: err.Error()})
	}
	stop := make(chan struct{}) // closed: something failed
	fail := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if failed == nil {
			failed = err
			close(stop)
		}
	}
	stopped := func() bool {
		select {
		case <-stop:
			return true
		default:
			return false
		}
	}
	written := func(p Place) { // under mu
		if report.First == nil || p.Index < report.First.Index {
			report.First = &p
		}
	}
	var making singleflight.Group // of customers, each once
	store := func(j job) {
		id, err, _ := making.Do(j.sub, func() (any, error) { return im.Store.Customer(ctx, site, j.sub) })
		unchanged := false
		if err == nil {
			j.Customer = id.(identity.CustomerID)
			unchanged, err = im.store(ctx, j.Record)
		}
		switch {
		case refusal(err):
			reject(j.index, j.line, err)
		case err != nil:
			fail(err)
		default:
			mu.Lock()
			defer mu.Unlock()
			report.Accepted++
			if unchanged {
				report.Unchanged++
			} else {
				written(Place{j.index, j.line})
			}
		}
	}
	// The records of one id go to one worker: the last stays the last. What is being
	// written when something fails is finished.
	var group sync.WaitGroup
	queues := make([]chan job, workers)
	for i := range queues {
		queues[i] = make(chan job, ahead)
		group.Go(func() {
			for j := range queues[i] {
				if !stopped() {
					store(j)
				}
			}
		})
	}
	var articles []retrieval.Record
	places := make(map[string]Place) // of an article's id in the batch
	bytes := 0
	flush := func() {
		if len(articles) == 0 || stopped() {
			return
		}
		changed, err := im.Store.ChangedKnowledge(ctx, site, articles)
		if err == nil && len(changed) > 0 {
			err = im.Store.PutKnowledge(ctx, site, changed)
		}
		if err != nil {
			fail(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		report.Accepted += len(articles)
		report.Unchanged += len(articles) - len(changed)
		for _, r := range changed {
			written(places[r.ID])
		}
		articles, bytes = articles[:0], 0
		clear(places)
	}
	seed := maphash.MakeSeed()
	index := -1
	var unread error
	for e := range items {
		if ctx.Err() != nil {
			fail(ctx.Err())
		}
		if stopped() {
			break
		}
		index++
		err := e.Err
		var r retrieval.Record
		if err == nil {
			r, err = read(e.Item)
		}
		switch {
		case errors.Is(err, ErrRead):
			unread = err // it is the last
			continue
		case err != nil:
			reject(index, e.Line, err)
		case r.Knowledge():
			articles = append(articles, r)
			if _, twice := places[r.ID]; !twice {
				places[r.ID] = Place{index, e.Line}
			}
			if bytes += size(e.Item); len(articles) == batch || bytes >= batchBytes {
				flush()
			}
		default:
			queues[maphash.String(seed, r.ID)%workers] <- job{r, e.Item.Customer, index, e.Line}
		}
		progress(index + 1)
	}
	flush()
	for _, q := range queues {
		close(q)
	}
	group.Wait()
	slices.SortFunc(report.Rejected, func(a, b Rejection) int { return a.Index - b.Index })
	return report, cmp.Or(failed, unread)
}

// store stores a customer's record, unless it is there already.
func (im *Importer) store(ctx context.Context, r retrieval.Record) (unchanged bool, err error) {
	if unchanged, err = im.Store.HasRecord(ctx, r); unchanged || err != nil {
		return unchanged, err
	}
	if r.CollectedAt.IsZero() {
		r.CollectedAt = im.Now().UTC()
	}
	return false, im.Store.PutRecord(ctx, r)
}

// refusal reports whether an error is about one record.
func refusal(err error) bool {
	for _, one := range []error{retrieval.ErrOtherCustomer, retrieval.ErrLeaving, retrieval.ErrNotWanted, consent.ErrUnknownCustomer} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// id is that of an item without one: by its place in the system that it comes from,
// or else by all that it says.
func (im *Importer) id(kind string, site identity.SiteID, it Item) string {
	h := hmac.New(sha256.New, im.Store.HashKey())
	add := func(texts ...string) {
		for _, t := range texts {
			_, _ = fmt.Fprintf(h, "%d %s ", len(t), t) // a hash does not fail
		}
	}
	add(kind, string(site), it.Customer, it.Category)
	switch {
	case it.Source.System != "" && it.Source.Ref != "":
		add("source", it.Source.System, it.Source.Ref)
	case kind == "kno" && cmp.Or(it.Source.URL, it.URL) != "":
		add("page", cmp.Or(it.Source.URL, it.URL))
	default:
		add("text", it.Title, it.Text, it.CollectedAt)
		for _, k := range slices.Sorted(maps.Keys(it.Fields)) {
			add(k, it.Fields[k])
		}
	}
	return kind + "_" + base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:15])
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
		r.ID = im.id("kno", site, it)
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
		if pii.HoldsCard(text) {
			return r, errors.New("it holds a payment card's number, which is not kept here")
		}
	}
	now := im.Now().UTC()
	if r.CollectedAt, err = parseTime("collected_at", it.CollectedAt, time.Time{}); err != nil {
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
		r.ID = im.id("rec", site, it)
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
