package agents

import (
	"context"
	"slices"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Listening is the reason of a look at a conversation that somebody else has.
const Listening = "listen"

// access is a look of an agent's at a customer's own words, as one of many in a queue.
func access(who identity.Principal, customer identity.CustomerID, conv string) consent.Access {
	a := consent.Access{
		Customer: customer, Actor: who.Actor(), Kind: consent.DeskAccess, Conversation: conv,
		Purpose: consent.AgentAssist, Categories: []consent.Category{consent.Conversation},
	}
	if r := consent.ReaderOf(who); who.Outside() {
		a.Recipient = r
	}
	return a
}

// accessIn is a look of an agent's into a conversation: who does not have it that somebody
// else has listens in.
func accessIn(who identity.Principal, c conversation.Conversation) consent.Access {
	a := access(who, c.Customer, c.ID)
	if c.Assignee != "" && c.Assignee != who.Staff {
		a.Reason = Listening
	}
	return a
}

// recordQueue records whose words the agent is about to see in the queue, by what was
// decided for each conversation.
func (s *Service) recordQueue(ctx context.Context, who identity.Principal, tickets []Ticket, stamps map[string]*consent.Stamp) error {
	var looks []consent.Access
	for _, t := range tickets {
		if t.Summary != "" {
			look := access(who, t.Customer, t.Conversation)
			look.Stamp = stamps[t.Conversation]
			looks = append(looks, look)
		}
	}
	return s.store.Accessed(ctx, looks...)
}

// recordView records what the agent is about to see of a conversation: the words,
// the records, and what the assistant quoted of others.
func (s *Service) recordView(ctx context.Context, who identity.Principal, v View, quoted []consent.Category, scope consent.Scope) error {
	stamp := scope.Stamp()
	a := accessIn(who, v.Conversation)
	a.Stamp = &stamp
	if !readsWords(scope) {
		a.Categories = nil
	}
	a.Categories = append(a.Categories, quoted...)
	for _, r := range v.Records {
		grant, _ := scope.Permits(r.Category, scope.Reader())
		a.Records = append(a.Records, consent.AccessedRecord{ID: r.ID, Category: r.Category, Grant: grant})
		a.Categories = append(a.Categories, r.Category)
	}
	if len(a.Categories) == 0 { // ids and states are nobody's data
		return nil
	}
	return s.store.Accessed(ctx, a)
}

// shown returns the categories of the segments that the scope lets its reader see.
func shown(scope consent.Scope, who identity.Principal, messages []conversation.Message) []consent.Category {
	var out []consent.Category
	for _, m := range messages {
		ofWords := words(scope, who, m)
		for _, seg := range m.Segments {
			if len(denied(scope, append(slices.Clone(ofWords), seg.Categories...))) == 0 {
				out = append(out, seg.Categories...)
			}
		}
	}
	return out
}

// denied returns those of the categories that the scope's reader may not see.
func denied(scope consent.Scope, categories []consent.Category) (out []consent.Category) {
	for _, c := range categories {
		if _, ok := scope.Permits(c, scope.Reader()); !ok {
			out = append(out, c)
		}
	}
	return out
}
