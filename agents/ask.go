package agents

import (
	"context"
	"slices"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// MayAsk returns why a member of staff may not ask the customer of a conversation
// for a consent: only who has it may.
func MayAsk(c conversation.Conversation, who identity.StaffID) error {
	switch c.Assignee {
	case "":
		return ErrNotOwner
	case who:
	default:
		return ErrOwned
	}
	_, err := c.State.Next(conversation.AgentAsks)
	return err
}

// Ask asks the customer to let people at the desk see categories of their data.
func (s *Service) Ask(ctx context.Context, who identity.Principal, id string, categories []consent.Category) error {
	return s.once(ctx, who, id, func(By) error { return s.ask(ctx, who, id, categories) })
}

func (s *Service) ask(ctx context.Context, who identity.Principal, id string, categories []consent.Category) error {
	c, err := s.store.Conversation(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.ticket(ctx, who, id); err != nil {
		return err
	}
	// How the customer's choices stand is for who has the conversation alone; that
	// they still have it is looked at again when the offer is shown.
	if err := MayAsk(c, who.Staff); err != nil {
		return err
	}
	if c.Visitor && slices.ContainsFunc(categories, func(c consent.Category) bool { return c != consent.Conversation }) {
		return consent.ErrNoRecords
	}
	site, err := s.store.Site(ctx, c.Site)
	if err != nil {
		return err
	}
	who.Site = c.Site
	return s.gate.Ask(ctx, who.About(c.Customer, id), categories, conversation.MessageID(ctx), c.Language, site.Name)
}

// asks says of what a view does not share whether its customer may be asked for it,
// to who has the conversation.
func (s *Service) asks(ctx context.Context, who identity.Principal, v View) (map[consent.Category]consent.AskState, error) {
	ask := v.NotShared
	if v.Conversation.Visitor { // who has no records has words
		ask = slices.DeleteFunc(slices.Clone(ask), func(c consent.Category) bool { return c != consent.Conversation })
	}
	if len(ask) == 0 || v.Conversation.Assignee != who.Staff {
		return nil, nil
	}
	return s.gate.Asks(ctx, who.About(v.Conversation.Customer, v.Conversation.ID), ask)
}
