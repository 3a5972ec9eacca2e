package agents

import (
	"context"
	"errors"
	"io"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Exchange is what people at the desk exchange with customers besides plain messages.
type Exchange struct {
	desk  *Service
	store conversation.ExchangeStore
	live  *conversation.Live
}

// NewExchange returns the exchange of a desk.
func NewExchange(s *Service, store conversation.ExchangeStore, live *conversation.Live) *Exchange {
	return &Exchange{desk: s, store: store, live: live}
}

// Type tells the customer that the agent, who has the conversation, is typing. Nothing
// of it is kept.
func (x *Exchange) Type(ctx context.Context, who identity.Principal, id string) error {
	c, _, err := x.desk.about(ctx, who, id)
	switch {
	case err != nil:
		return err
	case c.Assignee == "":
		return ErrNotOwner
	case c.Assignee != who.Staff:
		return ErrOwned
	}
	x.live.Tell(conversation.Moment{Kind: conversation.Typing, Conversation: id, From: conversation.FromAgent, Staff: who.Staff})
	return nil
}

// Read says that the agent has read the conversation up to a sequence number. A look of
// somebody who does not have it is none that its customer waits for: it marks nothing.
func (x *Exchange) Read(ctx context.Context, who identity.Principal, id string, seq int64) error {
	if _, _, err := x.desk.about(ctx, who, id); err != nil {
		return err
	}
	at, raised, err := x.store.MarkRead(ctx, id, conversation.FromAgent, who.Staff, seq)
	if err == nil && raised {
		x.live.Tell(conversation.Moment{Kind: conversation.Reads, Conversation: id, From: conversation.FromAgent, Staff: who.Staff, Seq: at})
	}
	return err
}

// Edit changes a message of the agent's own, within conversation.EditableFor.
func (x *Exchange) Edit(ctx context.Context, who identity.Principal, id, message, text string) error {
	c, _, err := x.desk.about(ctx, who, id)
	if err != nil {
		return err
	}
	m, err := x.store.Message(ctx, id, message)
	if err != nil {
		return err
	}
	if text, err = conversation.MessageText(text, len(m.Attachments) > 0); err != nil {
		return err
	}
	e := conversation.Edit{Message: message, Text: text, By: conversation.FromAgent, Staff: who.Staff}
	_, segments, err := x.desk.drafted(ctx, who, id, text, "")
	if err != nil {
		return err
	}
	who.Site = c.Site
	if _, err := x.desk.naming(ctx, who.About(c.Customer, c.ID), segments); err != nil {
		return err
	}
	for _, s := range segments {
		e.Made = append(e.Made, s.Categories...)
	}
	if made := append(m.Categories(), e.Made...); len(made) > 0 {
		// SECURITY: an edit says once more what was made from the customer's data, and needs
		// what saying it needs, in the transaction that commits it.
		scope, err := x.desk.gate.Scope(ctx, who.About(c.Customer, c.ID), consent.AgentAssist)
		if err != nil {
			return err
		}
		for _, category := range made {
			if _, ok := scope.Permits(category, scope.Reader()); !ok {
				return ErrWithdrawn
			}
		}
		stamp := scope.Stamp()
		e.Stamp = &stamp
	}
	if err := x.store.Edit(ctx, id, e); errors.Is(err, consent.ErrStale) {
		return ErrWithdrawn
	} else if err != nil {
		return err
	}
	return nil
}

// Upload takes in a file to be sent with a reply within the hour: for a conversation that
// the agent has, or nobody; else ErrOwned.
func (x *Exchange) Upload(ctx context.Context, who identity.Principal, id, name string, data []byte) (conversation.Attachment, error) {
	c, _, err := x.desk.about(ctx, who, id)
	if err != nil {
		return conversation.Attachment{}, err
	}
	a, data, err := conversation.ReadAttachment(data, name)
	if err != nil {
		return conversation.Attachment{}, err
	}
	a.ID = conversation.AttachmentID(ctx)
	return a, x.store.Upload(ctx, conversation.StoredAttachment{
		Attachment: a, Conversation: id, Customer: c.Customer, From: conversation.FromAgent, Staff: who.Staff,
	}, data)
}

// Attachment returns an attachment of a conversation that is or was at the desk, and
// what reads it while life lasts. Of a customer's it is there once it was sent.
//
// SECURITY: a file is words of the conversation as the messages are. Another desk than the
// company's gets what is not its own by a grant only, and nobody before the look is on
// record.
func (x *Exchange) Attachment(ctx, life context.Context, who identity.Principal, id, attachment string) (conversation.Attachment, io.Reader, error) {
	c, _, err := x.desk.about(ctx, who, id)
	if err != nil {
		return conversation.Attachment{}, nil, err
	}
	a, err := x.store.Attachment(ctx, id, attachment)
	if err == nil && a.Message == "" && (a.From != conversation.FromAgent || a.Staff != who.Staff) {
		err = conversation.ErrNotFound
	}
	if err != nil {
		return conversation.Attachment{}, nil, err
	}
	if a.Staff == "" || a.Staff != who.Staff {
		if err := x.look(ctx, who, c); err != nil {
			return conversation.Attachment{}, nil, err
		}
	}
	return a.Attachment, conversation.ReadPieces(life, x.store, a), nil
}

// ErrNotShared refuses words of a customer to a desk that they were not shared with.
var ErrNotShared = errors.New("the customer does not share this with your desk")

// look records that the agent is about to see the customer's own words, if they may.
func (x *Exchange) look(ctx context.Context, who identity.Principal, c conversation.Conversation) error {
	who.Site = c.Site
	who = who.About(c.Customer, c.ID)
	scope, err := x.desk.gate.Scope(ctx, who, consent.AgentAssist)
	if err != nil && !scope.Unavailable() {
		return err
	}
	if !readsWords(scope) {
		return ErrNotShared
	}
	a := accessIn(who, c)
	if scope.Reader() != consent.HumanAgents {
		stamp := scope.Stamp()
		a.Stamp = &stamp
	}
	return x.desk.store.Accessed(ctx, a)
}
