// Package agents is the desk: where people take conversations over from the
// assistant.
//
// It promises that a ticket has one owner, decided by a compare-and-set in SQL,
// that a person sees of a customer's data only what the customer lets people
// at the desk see, and that the assistant is silent while a person has the
// conversation. It never reads a record without a scope for agent_assist.
package agents

import (
	"context"
	"errors"
	"time"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// TicketState is how a ticket stands.
type TicketState string

// Ticket states.
const (
	Waiting TicketState = "waiting"
	Owned   TicketState = "owned"
	Closed  TicketState = "closed"
	// PutOff is one that is owned, and whose conversation is snoozed.
	PutOff TicketState = "snoozed"
)

// Ticket is a conversation that needs a person.
type Ticket struct {
	ID           string
	Conversation string
	Site         identity.SiteID
	Customer     identity.CustomerID
	Queue        string
	Reason       conversation.Reason
	Priority     int // lower is sooner
	WaitingSince time.Time
	Language     string
	State        TicketState
	Assignee     identity.StaffID
	AssigneeName string
	// Summary is the customer's own words, shortened. It is filled by Desk,
	// and never leaves it through a message stream.
	Summary string
	// Unread is how many of the customer's messages nobody at the desk has read. It is
	// filled by Desk.
	Unread int
	Topic  string   // of the policy, that it came for; empty: none
	Skills []string // that its agent needs
	Clocks TicketClocks
	// Escalated is how many of its targets have passed.
	Escalated int
	LastOwner identity.StaffID
	Reserved  *Kept  // for whom; nil: nobody
	Outcome   string // of a closed one: resolved, confirmed, returned, went_quiet, erased
	// Until is when one that is put off comes back, if its customer does not write before.
	Until time.Time
}

// Late reports whether one of its targets has passed. Where that moved it up, the target
// is not due any more.
func (t Ticket) Late() bool { return t.Clocks.Late || t.Escalated > 0 }

// TicketClocks are the times of a ticket; zero: not yet, or none.
type TicketClocks struct {
	Opened, FirstReply time.Time
	Asked              time.Time // since when its customer waits for a reply
	Due                time.Time // when DueKind passes
	DueKind            DueKind
	Late               bool // Due has passed
	Closed             time.Time
}

// Kept is for whom a ticket is kept, and until when.
type Kept struct {
	Staff identity.StaffID
	Name  string
	Until time.Time
}

// View is a conversation as an agent may see it.
type View struct {
	Conversation conversation.Conversation
	Ticket       Ticket
	Brand        string
	Messages     []ViewMessage
	Shared       []consent.Category // what the customer lets people at the desk see
	NotShared    []consent.Category
	// Asks says of what is not shared whether the customer may be asked for it, to
	// the agent who has the conversation.
	Asks    map[consent.Category]consent.AskState
	Records []retrieval.Record // of the shared categories
	Summary Summary
	Notes   []Note        // of the desk
	History []TicketEvent // of its tickets
}

// ViewMessage is a message with what its reader may not see left out.
type ViewMessage struct {
	conversation.Message
	Parts []Part
}

// Part is a piece of a message: its text, or a note that stands in its place.
// Category is one that it was made from, if any.
type Part struct {
	Text     string           `json:"text"`
	Masked   bool             `json:"masked,omitempty"`
	Category consent.Category `json:"category,omitempty"`
}

// Errors of a Desk.
var (
	// ErrOwned means that somebody else has the ticket.
	ErrOwned = errors.New("someone else has this conversation")
	// ErrNotOwner means that the agent must take the conversation first.
	ErrNotOwner = errors.New("take the conversation first")
	// ErrForbidden means that the role does not allow it.
	ErrForbidden = errors.New("your role does not allow this")
	// ErrUntil refuses a time to snooze until.
	ErrUntil = errors.New("`until` must lie in the future, and at most 90 days from now")
)

// MaxSnooze is for how long a conversation may be put off: nobody works on it meanwhile,
// and its customer waits.
const MaxSnooze = 90 * 24 * time.Hour

// By is who does something to a conversation, and how they asked for it.
type By struct {
	Staff identity.StaffID
	// Queue is the one that the conversation must be in, as Principal.Queue; empty: any.
	Queue string
	// Request is the id of what they asked for. What was done under it is done, and not
	// done again, for a day at least; empty: it has none.
	Request string
}

// Desk is what an agent can do. It is implemented in process by Service and
// over NATS by natsdesk.Client; both act for the agent that the principal, or
// the API token in its place, says.
//
// Claim succeeds for exactly one of several agents; for the others it is
// ErrOwned, and repeating one's own claim succeeds. A supervisor's takes what another put
// off, too. Reply claims what nobody has. Resolve, Return, Snooze and Release need the claim, else ErrNotOwner or
// ErrOwned; a supervisor can release what another has. An illegal
// state is conversation.ErrIllegalTransition, an unknown conversation
// conversation.ErrNotFound. Snooze is until a time within MaxSnooze, else ErrUntil. What
// returns without an error is durable.
//
// What changes something and is asked again under an id (conversation.WithMessageID) is
// done once, and succeeds as it did before, whatever has become of the conversation since:
// for a day at least, what its customer reads for as long as it is there. What failed is
// tried anew, and a suggestion is another one.
//
// Send is Reply with files that were uploaded before, and the suggestion that it came
// from. Suggest drafts a reply under the customer's choices of this moment; it may be
// asked for without the claim. Pass lets a conversation go to somebody else that was
// offered, else ErrNotReserved. Transfer gives it to a queue or to a person; it needs the
// claim. Note tells the desk something.
//
// Ask puts an offer to the customer, who alone can accept: that people at the desk
// see the categories, all of which may be asked for, once. It needs the claim; its
// other errors are those of consent.Gate.Ask, and consent.ErrNoRecords for a
// visitor.
type Desk interface {
	Queue(ctx context.Context, who identity.Principal, queue string) ([]Ticket, error)
	Get(ctx context.Context, who identity.Principal, conversation string) (View, error)
	Claim(ctx context.Context, who identity.Principal, conversation string) error
	Pass(ctx context.Context, who identity.Principal, conversation string) error
	Release(ctx context.Context, who identity.Principal, conversation string) error
	Reply(ctx context.Context, who identity.Principal, conversation, text string) error
	Send(ctx context.Context, who identity.Principal, conversation string, m Reply) error
	Resolve(ctx context.Context, who identity.Principal, conversation string) error
	Return(ctx context.Context, who identity.Principal, conversation string) error
	Snooze(ctx context.Context, who identity.Principal, conversation string, until time.Time) error
	Transfer(ctx context.Context, who identity.Principal, conversation string, t Transfer) error
	Note(ctx context.Context, who identity.Principal, conversation, text string) error
	Ask(ctx context.Context, who identity.Principal, conversation string, categories []consent.Category) error
	Suggest(ctx context.Context, who identity.Principal, conversation, instruction string) (Suggestion, error)
}
