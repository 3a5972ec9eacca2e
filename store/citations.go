package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/identity"
)

var _ citation.Log = (*Citations)(nil)

// Citations is the citation log in SQL. It is a type of its own because it and
// the ledger both append.
type Citations struct{ s *Store }

// Citations returns the citation log.
func (s *Store) Citations() *Citations { return &Citations{s} }

func entryPlace(id string) string { return "citation/" + id }

// errErasedAnswer refuses an entry of somebody who was erased meanwhile.
var errErasedAnswer = fmt.Errorf("%w: %w", citation.ErrUnavailable, answer.ErrNotWriting)

// Append adds an entry.
func (l *Citations) Append(ctx context.Context, e citation.Entry) error {
	key, err := l.s.keys.For(ctx, e.Customer)
	if errors.Is(err, consent.ErrUnknownCustomer) {
		return errErasedAnswer
	}
	if err != nil {
		return fmt.Errorf("%w: %w", citation.ErrUnavailable, err)
	}
	err = l.s.writeFor(ctx, e.Customer, func(tx *Tx) error {
		if e.Stamp != nil {
			if err := tx.checkStamp(*e.Stamp); err != nil {
				return err
			}
		}
		if err := tx.opensVisible(e); err != nil {
			return err
		}
		if e.Kind == citation.Opened {
			// A replica that was paused must not open what another has ended meanwhile.
			ended, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM answers WHERE id = ? AND (status <> ? OR attempt > ?)",
				e.AnswerID, answer.Writing, e.Attempt)
			if err != nil {
				return err
			}
			if len(ended) > 0 {
				return answer.ErrNotWriting
			}
		}
		// The end of an answer may be recorded again; what was recorded first stays.
		there, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM citation_entries WHERE id = ?", e.ID)
		if err != nil || len(there) > 0 {
			return err
		}
		sealed, err := tx.addEntry(key, e)
		if err != nil {
			return err
		}
		if err := tx.addLeaf(e.ID, sealed); err != nil || e.Kind == citation.Opened {
			return err
		}
		return tx.shredLate(e)
	})
	if errors.Is(err, consent.ErrUnknownCustomer) {
		return errErasedAnswer
	}
	if err != nil && !errors.Is(err, consent.ErrStale) && !errors.Is(err, answer.ErrNotWriting) {
		return fmt.Errorf("%w: %w", citation.ErrUnavailable, err)
	}
	return err
}

// addLeaf adds the leaf of an entry, to be given a place in the tree.
func (tx *Tx) addLeaf(entry string, sealed citation.Sealed) error {
	leaf, err := sealed.Leaf()
	if err != nil {
		return err
	}
	tx.Wake(logTopic)
	_, err = tx.exec("INSERT INTO log_leaves (entry, nonce, leaf) VALUES (?, ?, ?)", entry, sealed.HeadNonce, leaf.String())
	return err
}

// addEntry adds an entry and its sealed part, which it returns.
func (tx *Tx) addEntry(key Sealer, e citation.Entry) (citation.Sealed, error) {
	e.At = tx.Now
	sealed, err := e.Seal()
	if err != nil {
		return sealed, err
	}
	wrapped, data, err := key.sealEntry(e.ID, sealed)
	if err != nil {
		return sealed, err
	}
	return sealed, tx.addEntryRows(e, wrapped, data)
}

func (tx *Tx) addEntryRows(e citation.Entry, wrapped, sealed []byte) error {
	var position int64
	err := tx.row(`INSERT INTO citation_entries (id, kind, opened, answer, attempt, site, customer, conversation, at,
		purpose, recipient, model, language, epoch, policy_version, gpc, status) VALUES (`+marks(17)+`) RETURNING position`,
		e.ID, e.Kind, e.Opened, e.AnswerID, e.Attempt, e.Site, e.Customer, e.Conversation, micros(tx.Now),
		e.Purpose, e.Recipient, e.Model, e.Language, e.Epoch, e.PolicyVersion, e.GPC, e.Status).Scan(&position)
	if err != nil {
		return err
	}
	place, err := tx.indexAnswer(e, position)
	if err != nil {
		return err
	}
	if _, err := tx.exec("INSERT INTO citation_bodies (entry, key, sealed, at) VALUES (?, ?, ?, ?)", e.ID, wrapped, sealed, micros(tx.Now)); err != nil {
		return err
	}
	if e.Kind == citation.Closed {
		if _, err := tx.exec("UPDATE answers SET recorded = TRUE WHERE id = ?", e.AnswerID); err != nil {
			return err
		}
	}
	for i, r := range e.Records {
		if _, err := tx.exec("INSERT INTO citation_records (entry, ordinal, record, category, recipient, grant_id, place) VALUES (?, ?, ?, ?, ?, ?, ?)",
			e.ID, i, r.RecordID, r.Category, r.Recipient, r.GrantID, place); err != nil {
			return err
		}
	}
	for i, n := range e.NotSearched {
		if _, err := tx.exec("INSERT INTO citation_not_searched (entry, ordinal, category, reason, relevant) VALUES (?, ?, ?, ?, ?)",
			e.ID, i, n.Category, n.Reason, n.Relevant); err != nil {
			return err
		}
	}
	for _, w := range e.Words {
		if _, err := tx.exec("INSERT INTO citation_words (word, place, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			tx.keys.Hash("word", w), place, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// dataKeySize is the size of the key of one entry, for AES-256-GCM.
const dataKeySize = 32

// sealEntry seals an entry under a new data key, which the customer's key wraps.
func (s Sealer) sealEntry(id string, e citation.Sealed) (wrapped, sealed []byte, err error) {
	key := make([]byte, dataKeySize)
	rand.Read(key)
	if wrapped, err = s.Seal(entryPlace(id), key); err != nil {
		return nil, nil, err
	}
	data, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, nil, err
	}
	sealed, err = Sealer{data}.sealJSON(entryPlace(id), e)
	return wrapped, sealed, err
}

// openEntry opens what sealEntry made.
func (s Sealer) openEntry(id string, wrapped, sealed []byte) (e citation.Sealed, err error) {
	key, err := s.Open(entryPlace(id), wrapped)
	if err != nil {
		return e, err
	}
	data, err := subtle.NewAESGCM(key)
	if err != nil {
		return e, err
	}
	return e, Sealer{data}.openJSON(entryPlace(id), sealed, &e)
}

// entryColumns are the columns of an entry e.
const entryColumns = `e.position, e.id, e.kind, e.opened, e.answer, e.attempt, e.site, e.customer, e.conversation, e.at,
	e.purpose, e.recipient, e.model, e.language, e.epoch, e.policy_version, e.gpc, e.status`

type positioned struct {
	citation.Entry
	position int64
}

func scanEntry(scan func(...any) error) (positioned, error) {
	var e positioned
	var at int64
	err := scan(&e.position, &e.ID, &e.Kind, &e.Opened, &e.AnswerID, &e.Attempt, &e.Site, &e.Customer, &e.Conversation, &at,
		&e.Purpose, &e.Recipient, &e.Model, &e.Language, &e.Epoch, &e.PolicyVersion, &e.GPC, &e.Status)
	e.At = fromMicros(at)
	return e, err
}

// ByAnswer returns the entries of an answer, in order.
func (l *Citations) ByAnswer(ctx context.Context, id string) ([]citation.Entry, error) {
	entries, err := collect(ctx, l.s.reads, scanEntry, "SELECT "+entryColumns+" FROM citation_entries e WHERE e.answer = ? ORDER BY e.position", id)
	if err != nil {
		return nil, err
	}
	out := make([]citation.Entry, len(entries))
	for i, e := range entries {
		if err := l.s.details(ctx, l.s.reads, &e.Entry); err != nil {
			return nil, err
		}
		out[i] = e.Entry
	}
	return out, nil
}

// details reads what an entry names.
func (s *Store) details(ctx context.Context, q querier, e *citation.Entry) (err error) {
	e.Records, err = collect(ctx, q, func(scan func(...any) error) (u citation.Use, err error) {
		err = scan(&u.RecordID, &u.Category, &u.Recipient, &u.GrantID)
		return u, err
	}, "SELECT record, category, recipient, grant_id FROM citation_records WHERE entry = ? ORDER BY ordinal", e.ID)
	if err != nil {
		return err
	}
	e.NotSearched, err = collect(ctx, q, func(scan func(...any) error) (n citation.NotSearched, err error) {
		err = scan(&n.Category, &n.Reason, &n.Relevant)
		return n, err
	}, "SELECT category, reason, relevant FROM citation_not_searched WHERE entry = ? ORDER BY ordinal", e.ID)
	return err
}

// sealedBody is the sealed part of an entry, as it is stored.
type sealedBody struct {
	entry    string
	customer identity.CustomerID
	key      []byte // nil: it was sealed before there were data keys
	sealed   []byte
}

// bodies returns the sealed parts of entries that are there. Of a customer who was
// erased there is none, whoever still has their key.
func (s *Store) bodies(ctx context.Context, ids []string) ([]sealedBody, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return collect(ctx, s.reads, func(scan func(...any) error) (b sealedBody, err error) {
		err = scan(&b.entry, &b.customer, &b.key, &b.sealed)
		return b, err
	}, `SELECT b.entry, e.customer, b.key, b.sealed FROM citation_bodies b JOIN citation_entries e ON e.id = b.entry
		WHERE b.entry IN (`+marks(len(ids))+") AND "+present("e.customer"), anys(ids)...)
}

// open opens a sealed part. ErrKeyDestroyed: its customer was erased.
func (s *Store) open(ctx context.Context, b sealedBody) (citation.Sealed, error) {
	key, err := s.keys.For(ctx, b.customer)
	if err != nil {
		return citation.Sealed{}, err
	}
	if b.key != nil {
		return key.openEntry(b.entry, b.key, b.sealed)
	}
	said, err := key.Open(entryPlace(b.entry), b.sealed)
	if err != nil {
		return citation.Sealed{}, err
	}
	e := citation.Entry{ID: b.entry, Body: said}
	return e.Seal()
}

// Open opens the sealed parts of entries.
func (l *Citations) Open(ctx context.Context, ids ...string) (map[string]citation.Contents, error) {
	bodies, err := l.s.bodies(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]citation.Contents, len(bodies))
	for _, b := range bodies {
		sealed, err := l.s.open(ctx, b)
		if errors.Is(err, ErrKeyDestroyed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		said, review, _, err := sealed.Open()
		if err != nil {
			return nil, err
		}
		out[b.entry] = citation.Contents{Said: said, Review: review}
	}
	return out, nil
}
