package agents

import (
	"context"
	"errors"
	"time"

	"candor/conversation"
	"candor/identity"
)

// TicketEvent is something that happened to a ticket. It holds no words of anybody.
type TicketEvent struct {
	At   time.Time
	Kind EventKind
	// Actor is who did it: empty is Candor, ByCustomer the customer.
	Actor identity.StaffID
	Name  string // of the actor, if they are staff
	Queue string // the ticket's, after it
	// Detail depends on the kind: of a transfer the queue or the person, of an
	// escalation the target that passed.
	Detail string
}

// ByCustomer is the actor of what a customer did.
const ByCustomer identity.StaffID = "customer"

// EventKind is what happened to a ticket.
type EventKind string

// Kinds of what happens to tickets.
const (
	TicketOpened      EventKind = "opened" // detail: the reason
	TicketReserved    EventKind = "reserved"
	TicketPassed      EventKind = "passed"
	TicketLapsed      EventKind = "lapsed"
	TicketClaimed     EventKind = "claimed"
	TicketReleased    EventKind = "released"
	TicketTransferred EventKind = "transferred" // detail: the queue that it came from, or for whom it is
	TicketAssigned    EventKind = "assigned"    // detail: to whom
	TicketReplied     EventKind = "replied"
	TicketNoted       EventKind = "noted"
	TicketEscalated   EventKind = "escalated" // detail: a DueKind
	TicketSnoozed     EventKind = "snoozed"   // detail: until when
	TicketWoke        EventKind = "woke"      // detail: the reason
	TicketReturned    EventKind = "returned"
	TicketResolved    EventKind = "resolved" // detail: the reason
	TicketReopened    EventKind = "reopened" // detail: the reason
	TicketConfirmed   EventKind = "confirmed"
	TicketContact     EventKind = "contact"
)

// Transfer is where a conversation goes: to a queue or to a person, one of the two.
type Transfer struct {
	Queue string
	Staff identity.StaffID
	Note  string // for who takes it; empty: none
	// Assign gives it to the person without asking them.
	Assign bool
	// Joined is what the customer reads where it is assigned.
	Joined *conversation.Message
	// Anyone is whether what another agent has may be given away.
	Anyone bool
}

// Errors of transfers.
var (
	// ErrTransfer means that a transfer does not say where to.
	ErrTransfer = errors.New("name the queue or the colleague that the conversation is to go to, one of the two")
	// ErrUnknownColleague means that nobody of that id may have the conversation.
	ErrUnknownColleague = errors.New("nobody of this id works at the desk in that queue")
)

// TransferStore is what a Service does to tickets besides an Action. It is part of Store.
//
// Transfer is one transaction. It refuses what belongs to another agent (ErrOwned) or to
// nobody (ErrNotOwner) unless anyone's may be given away, ErrUnknownQueue and
// ErrUnknownColleague, and changes no clock; what is put off can be assigned, and comes
// back. AddNote stores a note once for its id. Both keep to By as Act does.
type TransferStore interface {
	Transfer(ctx context.Context, by By, conversation string, t Transfer) error
	// Colleague returns the name of somebody who may be given tickets.
	Colleague(ctx context.Context, staff identity.StaffID) (string, error)
	AddNote(ctx context.Context, by By, n Note) error
	// Notes and TicketHistory are of a conversation, the oldest first.
	Notes(ctx context.Context, conversation string) ([]Note, error)
	TicketHistory(ctx context.Context, conversation string) ([]TicketEvent, error)
}

// Transfer gives a conversation to a queue, where it waits with the clocks that it has, or
// offers it to a person, to whom it is kept for a while; with a note, if there is one. Who
// has the conversation may, and a supervisor.
func (s *Service) Transfer(ctx context.Context, who identity.Principal, id string, t Transfer) error {
	if (t.Queue == "") == (t.Staff == "") {
		return ErrTransfer
	}
	t.Assign, t.Joined = false, nil
	return s.transfer(ctx, who, id, t)
}

// Assign gives a conversation to a person, whoever has it. Supervisors may.
func (s *Service) Assign(ctx context.Context, who identity.Principal, id string, staff identity.StaffID) error {
	if !who.Has(identity.RoleSupervisor) {
		return ErrForbidden
	}
	if staff == "" {
		return ErrTransfer
	}
	name, err := s.store.Colleague(ctx, staff)
	if err != nil {
		return err
	}
	c, err := s.store.Conversation(ctx, id)
	if err != nil {
		return err
	}
	return s.transfer(ctx, who, id, Transfer{Staff: staff, Assign: true, Joined: notice(s.notices.Joined(c.Language, name))})
}

func (s *Service) transfer(ctx context.Context, who identity.Principal, id string, t Transfer) error {
	return s.once(ctx, who, id, func(by By) error {
		if _, err := s.ticket(ctx, who, id); err != nil {
			return err
		}
		note, err := noteText(t.Note, true)
		if err != nil {
			return err
		}
		t.Note, t.Anyone = note, who.Has(identity.RoleSupervisor)
		return s.store.Transfer(ctx, by, id, t)
	})
}
