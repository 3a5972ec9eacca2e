package agents

import (
	"context"
	"slices"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// words returns the category that is needed to read a message at all, whatever it was
// made from. At the company's own desk it is none. Elsewhere it is that of the customer's
// own words: what others answered tells them too. Notices and one's own messages do not.
func words(scope consent.Scope, who identity.Principal, m conversation.Message) []consent.Category {
	own := m.Staff != "" && m.Staff == who.Staff
	if scope.Reader() == consent.HumanAgents || own || m.From == conversation.FromSystem {
		return nil
	}
	return []consent.Category{consent.Conversation}
}

// wordsOf reports whether the member of staff may read what the customer of a
// conversation says, at this moment. The stamp is what that was decided by; nil: it needs
// no consent.
func (s *Service) wordsOf(ctx context.Context, who identity.Principal, c conversation.Conversation) (bool, *consent.Stamp, error) {
	if !who.Outside() {
		return true, nil, nil
	}
	who.Site = c.Site
	scope, err := s.gate.Scope(ctx, who.About(c.Customer, c.ID), consent.AgentAssist)
	if scope.Unavailable() {
		return false, nil, nil // an error of the ledger is a denial
	}
	stamp := scope.Stamp()
	return err == nil && readsWords(scope), &stamp, err
}

// ticket returns the ticket of a conversation that is or was at the desk.
//
// SECURITY: to an outside desk there is nothing but what its queues have, and what its
// people took while they had it; to who asks for a queue, nothing of another one.
func (s *Service) ticket(ctx context.Context, who identity.Principal, id string) (Ticket, error) {
	t, err := s.store.Ticket(ctx, id)
	if err != nil {
		return Ticket{}, err
	}
	served, err := s.served(ctx, who, []Ticket{t})
	if err == nil && (len(served) == 0 || who.Queue != "" && t.Queue != who.Queue) {
		err = conversation.ErrNotFound
	}
	if err != nil {
		return Ticket{}, err
	}
	return t, nil
}

// served returns those of the tickets that there are to a member of staff.
func (s *Service) served(ctx context.Context, who identity.Principal, tickets []Ticket) ([]Ticket, error) {
	if !who.Outside() {
		return tickets, nil
	}
	queues, err := s.store.QueuesOf(ctx, who.Staff)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(tickets), func(t Ticket) bool {
		theirs := (t.State == Owned || t.State == PutOff) && t.Assignee == who.Staff
		return !slices.Contains(queues, t.Queue) && !theirs
	}), nil
}
