package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
)

type complaintInput struct {
	ID   string `path:"id"`
	Body struct {
		Kind consent.ComplaintKind `json:"kind" enum:"wrong,wrong_source,should_not_use,tone,other" doc:"What is wrong with the answer"`
		Text string                `json:"text,omitempty" doc:"In my own words, at most 4000 characters"`
	}
}

type complaintOutput struct {
	Body struct {
		ID  string    `json:"request_id"`
		Due time.Time `json:"due" doc:"By when there is an answer"`
	}
}

func (s *Server) complaintRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "complain", Method: http.MethodPost, Path: "/api/answers/{id}/complaint",
		Summary: "Say that something is wrong with an answer: a person looks into it", DefaultStatus: http.StatusCreated,
	}, s.complain)
}

func (s *Server) complain(ctx context.Context, who identity.Principal, in *complaintInput) (*complaintOutput, error) {
	a, err := s.Answers.Answer(ctx, who.Customer, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := s.Gate.NewComplaint(ctx, who, a.ConversationID, a.ID, in.Body.Kind, s.hide(in.Body.Text, a.Language))
	if err != nil {
		return nil, err
	}
	if err := s.Requests.AddRequest(ctx, r); err != nil {
		return nil, err
	}
	out := &complaintOutput{}
	out.Body.ID, out.Body.Due = r.ID, r.Due
	return out, nil
}
