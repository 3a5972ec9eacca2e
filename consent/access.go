package consent

import (
	"context"

	"candor/identity"
)

// AccessKind is the way in which something of a customer's was seen.
type AccessKind string

// Access kinds.
const (
	DeskAccess    AccessKind = "desk"    // at the desk, by who serves the customer
	LogAccess     AccessKind = "log"     // in the citation log, by who reviews it
	ChoicesAccess AccessKind = "choices" // what they chose, by who reviews it
	BackendAccess AccessKind = "backend" // by the site's own backend
	ExportAccess  AccessKind = "export"  // by the customers themselves, all of it
	RequestAccess AccessKind = "request" // by who answers what the customer has asked
	// EmbeddingAccess is by an outside model that tells what texts mean. The actor is
	// the recipient.
	EmbeddingAccess AccessKind = "embedding"
	// WebhookAccess is by a program outside that is sent what is said. The actor is the
	// recipient.
	WebhookAccess AccessKind = "webhook"
)

// AccessKinds lists every kind.
var AccessKinds = []AccessKind{
	DeskAccess, LogAccess, ChoicesAccess, BackendAccess, ExportAccess, RequestAccess, EmbeddingAccess, WebhookAccess,
}

// Recipient returns the recipient of the policy that saw something in a look of the
// actor's. It is empty where that is none: who reviews and answers requests serves
// the company, and sites and customers see what is theirs.
func (k AccessKind) Recipient(actor string) Recipient {
	switch k {
	case DeskAccess:
		return HumanAgents
	case EmbeddingAccess, WebhookAccess:
		return Recipient(actor)
	case LogAccess, ChoicesAccess, BackendAccess, ExportAccess, RequestAccess:
	}
	return ""
}

// Access is a look at something of a customer's, by somebody other than the
// assistant, whose uses are in the citation log.
type Access struct {
	Customer identity.CustomerID
	Actor    string // identity.Principal.Actor, or a Recipient that is no person
	// Recipient is who it was shown to, where the kind does not say: an outside desk.
	Recipient    Recipient
	Kind         AccessKind
	Conversation string
	Answer       string  // the answer whose sealed parts were opened
	Purpose      Purpose // empty where no purpose of the policy covers it
	Reason       string  // why it was opened, of a closed list; never free text
	// Categories is what was seen. The customer's own words are Conversation.
	Categories []Category
	Records    []AccessedRecord
	// Stamp is what the look was decided by: it is recorded only if that still
	// holds. Nil: it needs no consent.
	Stamp *Stamp
}

// AccessedRecord is a record that was seen, and the grant that allowed it.
type AccessedRecord struct {
	ID       string   `json:"id"`
	Category Category `json:"category"`
	Grant    string   `json:"grant_id,omitempty"`
}

// AccessLog records who saw what of a customer's data.
//
// Accessed is called before anything is given out, and nothing may be where it
// fails. It is durable when it returns. A look that differs in nothing but its
// time from one of the same hour (UTC) is the same and is recorded once. ErrStale
// means that a stamp does not hold any more, ErrUnknownCustomer that there is no
// such customer.
type AccessLog interface {
	Accessed(ctx context.Context, looks ...Access) error
}
