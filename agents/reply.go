package agents

import (
	"context"
	"errors"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Reply is a message to a customer as a member of staff sends it.
type Reply struct {
	Text string
	// Attachments are the ids of files that were uploaded before; with one of them the
	// text may be empty.
	Attachments []string
	// Suggestion is the one that the text came from; empty: none is named.
	Suggestion string
}

// Reply sends the customer a message, and takes the conversation if nobody has it.
func (s *Service) Reply(ctx context.Context, who identity.Principal, id, text string) error {
	return s.Send(ctx, who, id, Reply{Text: text})
}

// Send is Reply with what comes with the text. conversation.ErrAttachmentGone where a
// file is not there to be sent.
func (s *Service) Send(ctx context.Context, who identity.Principal, id string, m Reply) error {
	text, err := conversation.MessageText(m.Text, len(m.Attachments) > 0)
	if err != nil {
		return err
	}
	files, err := conversation.Named(m.Attachments)
	if err != nil {
		return err
	}
	err = s.once(ctx, who, id, func(by By) error {
		draft, segments, err := s.drafted(ctx, who, id, text, m.Suggestion)
		if err != nil {
			return err
		}
		c, _, err := s.about(ctx, who, id)
		if err != nil {
			return err
		}
		who.Site = c.Site
		stamp, err := s.naming(ctx, who.About(c.Customer, id), segments)
		if err != nil {
			return err
		}
		return s.actBy(ctx, who, by, id, func(conversation.Conversation, string) Action {
			return Action{Trigger: conversation.AgentReplies, Reason: conversation.TakenOver, Drafted: draft, Stamp: stamp, Message: &conversation.Message{
				ID: conversation.MessageID(ctx), From: conversation.FromAgent, Segments: segments, Assisted: draft != nil,
				Attachments: files, Staff: who.Staff, Name: who.Name,
			}}
		})
	})
	if errors.Is(err, consent.ErrStale) {
		err = ErrWithdrawn
	}
	return err
}
