package agents

import (
	"context"
	"slices"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// access is a look of an agent's at a customer's own words.
func access(who identity.Principal, customer identity.CustomerID, conv string) consent.Access {
	return consent.Access{
		Customer: customer, Actor: who.Actor(), Kind: consent.DeskAccess, Conversation: conv,
		Purpose: consent.AgentAssist, Categories: []consent.Category{consent.Conversation},
	}
}

// recordQueue records whose words the agent is about to see in the queue.
func (s *Service) recordQueue(ctx context.Context, who identity.Principal, tickets []Ticket) error {
	var looks []consent.Access
	for _, t := range tickets {
		if t.Summary != "" {
			looks = append(looks, access(who, t.Customer, t.Conversation))
		}
	}
	return s.store.Accessed(ctx, looks...)
}

// recordView records what the agent is about to see of a conversation: the words,
// the records, and what the assistant quoted of others.
func (s *Service) recordView(ctx context.Context, who identity.Principal, v View, quoted []consent.Category, scope consent.Scope) error {
	stamp := scope.Stamp()
	a := access(who, v.Conversation.Customer, v.Conversation.ID)
	a.Stamp = &stamp
	a.Categories = append(a.Categories, quoted...)
	for _, r := range v.Records {
		grant, _ := scope.Permits(r.Category, consent.HumanAgents)
		a.Records = append(a.Records, consent.AccessedRecord{ID: r.ID, Category: r.Category, Grant: grant})
		a.Categories = append(a.Categories, r.Category)
	}
	return s.store.Accessed(ctx, a)
}

// QueueOf returns the queue of a conversation that is or was at the desk, and shows
// nothing of it.
func (s *Service) QueueOf(ctx context.Context, who identity.Principal, id string) (string, error) {
	if !who.Has(deskRoles...) {
		return "", ErrForbidden
	}
	t, err := s.store.Ticket(ctx, id)
	return t.Queue, err
}

// shown returns the categories of the segments that the scope lets people at the
// desk read.
func shown(scope consent.Scope, messages []conversation.Message) []consent.Category {
	var out []consent.Category
	denied := func(c consent.Category) bool {
		_, ok := scope.Permits(c, consent.HumanAgents)
		return !ok
	}
	for _, m := range messages {
		for _, seg := range m.Segments {
			if !slices.ContainsFunc(seg.Categories, denied) {
				out = append(out, seg.Categories...)
			}
		}
	}
	return out
}
