package agents

import (
	"context"

	"candor/conversation"
	"candor/identity"
)

// Pass lets a conversation that is reserved for the agent go to somebody else. Without a
// reservation it is ErrNotReserved.
func (s *Service) Pass(ctx context.Context, who identity.Principal, id string) error {
	return s.once(ctx, who, id, func(by By) error {
		if _, err := s.ticket(ctx, who, id); err != nil {
			return err
		}
		return s.store.Pass(ctx, by, id)
	})
}

// GoneNotice is what a customer reads whose agent has disappeared.
func (s *Service) GoneNotice(language string) conversation.Message {
	return *notice(s.notices.Gone(language))
}
