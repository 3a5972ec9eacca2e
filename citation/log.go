// Package citation is the citation log: for every message of the assistant,
// which records went to which recipient under which grants, and which
// categories were not searched and why.
//
// It promises that entries are only ever added, and that an opened entry is
// durable before anything reaches a model. It never decides what may be used.
package citation

import (
	"context"
	"errors"
	"time"

	"candor/consent"
	"candor/identity"
)

// Kind is which end of an answer an entry records.
type Kind string

// Kinds.
const (
	Opened Kind = "opened" // these records go to this recipient
	Closed Kind = "closed" // this is what was said
)

// Use is a record that went to a recipient, under a grant. Company knowledge
// has no grant.
type Use struct {
	RecordID  string            `json:"record_id"`
	Category  consent.Category  `json:"category"`
	Recipient consent.Recipient `json:"recipient"`
	GrantID   string            `json:"grant_id,omitempty"`
}

// NotSearched is a category that the scope did not cover. Relevant is whether
// the question suggests that it would have helped.
type NotSearched struct {
	Category consent.Category `json:"category"`
	Reason   consent.Reason   `json:"reason"`
	Relevant bool             `json:"relevant"`
}

// Entry is one entry of the log. An opened entry has what goes to the
// recipient; a closed one names it and has the outcome.
type Entry struct {
	ID            string
	Kind          Kind
	Opened        string // the opened entry that a closed one ends; empty if none was
	AnswerID      string
	Attempt       int
	Site          identity.SiteID
	Customer      identity.CustomerID
	Conversation  string
	At            time.Time // the database's clock
	Purpose       consent.Purpose
	Recipient     consent.Recipient
	Model         string
	Language      string
	Epoch         int64
	PolicyVersion string
	GPC           bool
	Status        string // of a closed entry: how the answer ended
	Records       []Use
	NotSearched   []NotSearched
	// Body is the sealed part: the question and, when closed, the sentences
	// with their citations. It is JSON. Entries are read without it: see Open.
	Body []byte
	// Review is what of the sealed part only reviewers may see. It is JSON; nil:
	// nothing.
	Review []byte
	// Words are words of the body by which an entry can be found. Only keyed
	// hashes of them are stored.
	Words []string
	// Stamp is what an opened entry was decided by: it is added only if that
	// still holds.
	Stamp *consent.Stamp
}

// Contents is the sealed part of an entry.
type Contents struct {
	Said   []byte // Entry.Body
	Review []byte // Entry.Review
}

// Filter selects answers. A field that is empty does not filter; a field that
// holds a value which nothing has selects nothing.
type Filter struct {
	Customer      identity.CustomerID
	Site          identity.SiteID
	Conversation  string
	Record        string
	Category      consent.Category
	Recipient     consent.Recipient
	Status        string
	Kind          Kind
	Purpose       consent.Purpose
	Language      string
	Model         string
	NotSearched   consent.Reason
	PolicyVersion string
	From, To      time.Time // From inclusive, To exclusive
	Query         string    // whole words, all of them
	Before        int64     // position to go on from; 0: from the newest
	Limit         int
}

// ErrUnavailable means that the log could not be written. Nothing may be shown
// to a model or a customer that it should have recorded.
var ErrUnavailable = errors.New("the citation log cannot be written")

// Log stores entries.
//
// Append is durable when it returns. An entry whose id is there already is not
// added again, and one whose stamp no longer holds is consent.ErrStale. Any other
// error wraps ErrUnavailable and means that nothing is known about the entry, and
// the caller must stop. Entries of one answer keep their order. ByAnswer opens nothing that
// is sealed.
// Open opens the sealed parts of entries, by their ids: whoever calls it has recorded why.
// Those whose sealed part is gone are not in the result. All methods are safe for
// concurrent use, and nothing else can change or remove an entry.
type Log interface {
	Append(ctx context.Context, e Entry) error
	ByAnswer(ctx context.Context, answer string) ([]Entry, error)
	Open(ctx context.Context, ids ...string) (map[string]Contents, error)
}
