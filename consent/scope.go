package consent

import (
	"errors"
	"slices"
	"time"

	"candor/identity"
)

// Audience is who an answer is for: it decides which company knowledge may be
// searched.
type Audience int

// The zero Audience is the public.
const (
	Public Audience = iota
	Staff           // of the company's own: internal knowledge too
)

// Permit is one recipient that a category may go to, and the grant that says so.
type Permit struct {
	Recipient Recipient `json:"recipient"`
	Grant     string    `json:"grant_id"`
}

// Denial is a category that the scope does not cover.
type Denial struct {
	Category Category `json:"category"`
	Reason   Reason   `json:"reason"`
}

// Scope is the authority to use a customer's data for one purpose. Only a Gate
// mints one that permits anything: the zero value permits nothing personal and
// sees public knowledge only. A Scope is a value, is safe to share, and is
// checked again when something is released under it (see Stamp).
type Scope struct {
	site          identity.SiteID
	customer      identity.CustomerID
	conversation  string
	audience      Audience
	purpose       Purpose
	epoch         int64
	policyVersion string
	validUntil    time.Time
	within        string // the conversation that a grant in it ends with, if one does
	reader        Recipient
	permits       map[Category][]Permit
	denials       []Denial
	unavailable   bool
	masked        bool
}

// Permits reports whether data of the category may go to the recipient, and
// under which grant.
func (s Scope) Permits(c Category, r Recipient) (grant string, ok bool) {
	for _, p := range s.permits[c] {
		if p.Recipient == r {
			return p.Grant, true
		}
	}
	return "", false
}

// Recipients returns every recipient that data of the category may go to.
func (s Scope) Recipients(c Category) []Permit { return slices.Clone(s.permits[c]) }

// Categories returns the categories that may go to the recipient, sorted.
func (s Scope) Categories(r Recipient) []Category {
	var out []Category
	for c, permits := range s.permits {
		if slices.ContainsFunc(permits, func(p Permit) bool { return p.Recipient == r }) {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return out
}

// Reader returns the recipient that reads first under the scope: without it nothing
// of a category is searched, whoever else may have it. It is the company's own AI;
// for agent_assist people, at whosever desk they work.
func (s Scope) Reader() Recipient { return s.reader }

// Searchable returns the categories that may be searched and read under the
// scope, sorted: those that may go to its reader.
func (s Scope) Searchable() []Category { return s.Categories(s.reader) }

// Denials returns every category that the purpose could use and the scope does
// not cover, with the reason.
func (s Scope) Denials() []Denial { return slices.Clone(s.denials) }

// Site returns the site whose knowledge may be searched.
func (s Scope) Site() identity.SiteID { return s.site }

// Customer returns whose data the scope is about; empty for nobody's.
func (s Scope) Customer() identity.CustomerID { return s.customer }

// Audience returns who the result is for.
func (s Scope) Audience() Audience { return s.audience }

// Purpose returns what the scope was minted for.
func (s Scope) Purpose() Purpose { return s.purpose }

// GPC reports whether a privacy signal of the browser masked a recipient.
func (s Scope) GPC() bool { return s.masked }

// Unavailable reports whether the ledger could not be read, so that nothing
// personal is permitted.
func (s Scope) Unavailable() bool { return s.unavailable }

// Stamp is what a scope was decided by. A release under the scope commits only
// if the same still holds in the database, inside the committing transaction.
type Stamp struct {
	Customer      identity.CustomerID
	Epoch         int64
	PolicyVersion string
	ValidUntil    time.Time // zero: no grant in the scope expires
	// Conversation is the one that a grant in the scope ends with; empty: none does.
	Conversation string
	// Personal is whether the scope permits anything personal. Without it a
	// changed epoch makes an answer stale, but cannot make it a leak.
	Personal    bool
	Unavailable bool
}

// Stamp returns what the scope was decided by.
func (s Scope) Stamp() Stamp {
	return Stamp{
		Customer: s.customer, Epoch: s.epoch, PolicyVersion: s.policyVersion, ValidUntil: s.validUntil, Conversation: s.within,
		Personal: len(s.permits) > 0, Unavailable: s.unavailable,
	}
}

// ErrStale means that a scope no longer holds: the customer has changed a
// choice, a grant has run out or has ended with its conversation, or another policy
// is in force. Start again from a new scope.
var ErrStale = errors.New("the customer's choices have changed")
