package consent

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"candor/identity"
)

// Event is one entry of the ledger. Events are never changed or removed; the
// state of a choice is that of its latest event.
type Event struct {
	ID       string              `json:"id"`
	Customer identity.CustomerID `json:"-"`
	Triple
	State        State     `json:"state"`
	Notice       NoticeRef `json:"notice"` // what the customer was shown
	Language     string    `json:"language"`
	Jurisdiction string    `json:"jurisdiction,omitempty"`
	Channel      string    `json:"channel"` // widget, handoff, backend, desk, system
	Actor        string    `json:"actor"`
	Evidence     string    `json:"evidence,omitempty"` // the offer, or the page of a backend grant
	// Conversation limits a grant to one conversation; empty means standing.
	Conversation string    `json:"conversation,omitempty"`
	At           time.Time `json:"at"`               // the database's clock, UTC
	Expires      time.Time `json:"expires,omitzero"` // zero: does not expire
	Epoch        int64     `json:"epoch"`            // the customer's epoch after this event
	Delete       bool      `json:"delete,omitempty"` // a withdrawal that also deletes what is held here
	Version      string    `json:"policy_version"`   // of the policy in force
}

// ActorKind is who made the choice, without an id: customer, visitor, guardian,
// site, browser, staff or system.
func (e Event) ActorKind() string {
	kind, _, _ := strings.Cut(e.Actor, ":")
	return kind
}

// Key names a choice with a state of its own: a triple, as a standing choice
// (Conversation is empty) or in one conversation. A choice in one conversation
// never touches another's.
type Key struct {
	Triple
	Conversation string
}

// Key returns the choice that the event is about.
func (e Event) Key() Key { return Key{e.Triple, e.Conversation} }

// NoticeRef names the exact text that a customer was shown.
type NoticeRef struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// Names reports whether it names the notice, as far as it says: without its hash
// the text may be any of that version.
func (n NoticeRef) Names(x NoticeRef) bool {
	return n.ID == x.ID && n.Version == x.Version && (n.SHA256 == "" || n.SHA256 == x.SHA256)
}

// Snapshot is what the ledger says about a customer at one moment.
type Snapshot struct {
	Epoch         int64
	Now           time.Time // the database's clock
	PolicyVersion string    // of the policy in force
	Person        Person
	Latest        map[Key]Event
	// Ended holds the conversations of keys that are over, or were and go on, each
	// with the epoch up to which choices for it have ended with it.
	Ended map[string]int64
}

// Person is what is known of a customer that decides who may choose for them, and
// by which law.
type Person struct {
	AgeBand      AgeBand
	Jurisdiction string // the id of a profile; empty: their site's, or the policy's first
}

// with returns the snapshot after further events.
func (s Snapshot) with(events []Event) Snapshot {
	after := s
	after.Epoch, after.Latest = s.Epoch+1, maps.Clone(s.Latest)
	if after.Latest == nil {
		after.Latest = make(map[Key]Event, len(events))
	}
	for _, e := range events {
		after.Latest[e.Key()] = e
	}
	return after
}

// Entry is what a change adds to the ledger in one transaction.
type Entry struct {
	Events []Event
	// Person is what is known now of the customer; what is empty of it stays.
	Person *Person
	// Live is every category that still has a grant of any kind after the
	// events. Terms and vectors of the others are removed with the same commit.
	Live []Category
	// Delete is every category whose records are destroyed with the same commit.
	Delete []Category
	// Asks is shown to the customer with the same commit, if the conversation is
	// that member of staff's. Else Append fails, with the desk's error.
	Asks *Asking
}

// Errors of a Ledger.
var (
	// ErrUnknownCustomer means that there is no such customer, or no longer.
	ErrUnknownCustomer = errors.New("unknown customer")
	// ErrReplaced means that a policy was in force before the present one, and so
	// cannot be put in force again without a new version.
	ErrReplaced = errors.New("this policy was replaced")
)

// Ledger stores consent events.
//
// Append runs decide on the customer's snapshot inside the writing transaction,
// with the customer's row locked, and stores what it returns: all events with
// the next epoch, or nothing. decide must not do I/O and may be called again if
// the transaction is retried. An entry without events, person and categories to
// delete changes nothing, and the epoch stays. When Append has returned, the events are durable and no release
// that was decided by an older epoch can commit, on any replica.
//
// Snapshot and History see every Append that returned before they were called.
// All methods are safe for concurrent use. An error of storage is returned as
// it is; callers must treat it as a denial. After identity.ErrUnavailable an
// Append may have happened.
type Ledger interface {
	Append(ctx context.Context, customer identity.CustomerID, decide func(Snapshot) (Entry, error)) (Snapshot, error)
	Snapshot(ctx context.Context, customer identity.CustomerID) (Snapshot, error)
	History(ctx context.Context, customer identity.CustomerID) ([]Event, error)
	// Due returns customers with a grant that has expired, or whose conversation
	// is over, and that has no event that says so yet; at most limit.
	Due(ctx context.Context, limit int) ([]identity.CustomerID, error)
	// PolicyText returns the text of a policy that is or was in force.
	PolicyText(ctx context.Context, version string) ([]byte, error)
	// Policies returns every policy that was ever in force, oldest first; the last
	// one is.
	Policies(ctx context.Context) ([]PolicyVersion, error)
}

// PolicyVersion is a policy that was put in force at a time.
type PolicyVersion struct {
	Version string
	Text    []byte
	At      time.Time
}
