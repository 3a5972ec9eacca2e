package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/answer"
	"candor/identity"
)

type confirmInput struct {
	ID   string `path:"id"`
	Body struct {
		Solved bool `json:"solved"`
	}
}

func (s *Server) confirmRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "confirm", Method: http.MethodPost, Path: "/api/conversations/{id}/confirm",
		Summary: "Say whether what a person resolved is solved; what is not goes back to them", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, who identity.Principal, in *confirmInput) (*conversationOutput, error) {
		c, err := s.Conversations.Own(ctx, who, in.ID)
		if err != nil {
			return nil, err
		}
		if err := s.Conversations.Confirm(ctx, who, in.ID, in.Body.Solved, answer.Say(answer.SayNotSolved, c.Language)); err != nil {
			return nil, err
		}
		return s.getConversation(ctx, who, &conversationID{in.ID})
	})
}
