package web

import (
	"context"
	"errors"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// madeOffer is an offer as its customer read it: with an answer, or from somebody
// at the desk.
type madeOffer struct {
	consent.Offer
	conversation string
	language     string
	answer       string // empty: from the desk
}

// madeOffer returns the customer's offer of the id.
func (s *Server) madeOffer(ctx context.Context, who identity.Principal, id string) (madeOffer, error) {
	a, err := s.Answers.AnswerWithOffer(ctx, who.Customer, id)
	if err == nil {
		return madeOffer{*a.Offer, a.ConversationID, a.Language, a.ID}, nil
	}
	if !errors.Is(err, conversation.ErrNotFound) {
		return madeOffer{}, err
	}
	o, err := s.Answers.Asked(ctx, who.Customer, id)
	return madeOffer{o.Offer, o.Conversation, o.Language, ""}, err
}
