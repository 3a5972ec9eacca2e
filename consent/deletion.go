package consent

import (
	"time"

	"candor/identity"
)

// Deletion says that something of a customer's was deleted here: when, of which
// category, what, how many and why, and never what it said. It is written in the
// transaction that deletes.
type Deletion struct {
	ID       string              `json:"id"`
	At       time.Time           `json:"at"` // the database's clock, UTC
	Site     identity.SiteID     `json:"site"`
	Customer identity.CustomerID `json:"-"`
	// Category is what the deleted was of; Conversation for what was said.
	Category Category       `json:"category"`
	What     Deleted        `json:"what"`
	Reason   DeletionReason `json:"reason"`
	Count    int64          `json:"count"`
}

// Deleted is a kind of thing that is deleted.
type Deleted string

// What is deleted. A passage is what an index has of a record, which may stay.
const (
	DeletedRecord       Deleted = "record"
	DeletedPassage      Deleted = "passage"
	DeletedConversation Deleted = "conversation"
	DeletedMessage      Deleted = "message"
	DeletedAnswer       Deleted = "answer"
	DeletedRating       Deleted = "rating"
	DeletedLogBody      Deleted = "log_text" // what an entry of the citation log says
)

// DeletionReason says why something was deleted.
type DeletionReason string

// Reasons of deletions.
const (
	DeletedByRetention  DeletionReason = "retention"       // its time was over
	DeletedUnconsented  DeletionReason = "unconsented_ttl" // it was never granted
	DeletedByStop       DeletionReason = "stop"            // the customer ended its last grant
	DeletedByStopDelete DeletionReason = "stop_and_delete" // and wanted it deleted
	DeletedByEnd        DeletionReason = "grant_ended"     // its last grant ran out, or the conversation that it was for is over
	DeletedByPolicy     DeletionReason = "policy_changed"  // no grant of it stands under the policy
	DeletedByAge        DeletionReason = "age"             // nor for somebody of the customer's age
	DeletedBySite       DeletionReason = "removed_by_site"
	DeletedByCustomer   DeletionReason = "removed_by_customer"
	DeletedByDispute    DeletionReason = "disputed" // the customer says that it is wrong
	DeletedByHiding     DeletionReason = "hidden"   // a reviewer took it out of use
	DeletedByErasure    DeletionReason = "erasure"
	DeletedUnderHold    DeletionReason = "legal_hold" // it is kept for the law alone, where nothing reads it
)

// Because returns why what is indexed of a category goes with the entry: the
// reason of the category's events in it. Without one it is what became known of
// the customer, or the policy, that no longer lets a grant stand.
func (e Entry) Because(c Category) DeletionReason {
	why := DeletedByPolicy
	if e.Person != nil {
		why = DeletedByAge
	}
	for _, x := range e.Events {
		if x.Category != c {
			continue
		}
		switch {
		case x.Delete:
			return DeletedByStopDelete
		case x.State == Expired:
			why = DeletedByEnd
		case x.State == Withdrawn, x.State == Refused, x.State == Revoked:
			why = DeletedByStop
		}
	}
	return why
}
