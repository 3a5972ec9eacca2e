package web

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
	"candor/review"
)

type accessesInput struct {
	Customer string    `query:"customer"`
	Actor    string    `query:"actor" doc:"As an item has it: staff:ID, site:ID or an outside recipient"`
	Answer   string    `query:"answer"`
	Reason   string    `query:"reason" enum:"complaint,sample,incident,request,legal,listen"`
	From     time.Time `query:"from"`
	To       time.Time `query:"to"`
	Cursor   string    `query:"cursor"`
	Limit    int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Resolve refuses a filter that is there and empty: it must never mean "any".
func (*accessesInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

type accessItem struct {
	ID             string              `json:"id"`
	At             time.Time           `json:"at"`
	Customer       identity.CustomerID `json:"customer"`
	Site           identity.SiteID     `json:"site"`
	Actor          string              `json:"actor"`
	Name           string              `json:"name,omitempty" doc:"Of a member of staff"`
	Kind           consent.AccessKind  `json:"kind"`
	ConversationID string              `json:"conversation_id,omitempty"`
	AnswerID       string              `json:"answer_id,omitempty"`
	Purpose        consent.Purpose     `json:"purpose,omitempty"`
	Reason         string              `json:"reason,omitempty" doc:"Why it was opened"`
	Categories     []consent.Category  `json:"categories" doc:"What was seen"`
}

type accessesOutput struct {
	Body struct {
		Items []accessItem `json:"items"`
		Next  string       `json:"next,omitempty"`
	}
}

func (s *Server) accessLog(ctx context.Context, who identity.Principal, in *accessesInput) (*accessesOutput, error) {
	if !who.Has(watchers...) {
		return nil, errRole
	}
	const list = "access-log"
	after, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Reviews.Looks(ctx, review.AccessFilter{
		Customer: identity.CustomerID(in.Customer), Actor: in.Actor, Answer: in.Answer, Reason: review.Reason(in.Reason),
		From: in.From, To: in.To, After: after, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := &accessesOutput{}
	out.Body.Items, out.Body.Next = make([]accessItem, len(page)), s.cursor(list, next)
	for i, x := range page {
		out.Body.Items[i] = accessItem{
			ID: x.ID, At: x.At, Customer: x.Customer, Site: x.Site, Actor: x.Actor, Name: x.Name, Kind: x.Kind,
			ConversationID: x.Conversation, AnswerID: x.Answer, Purpose: x.Purpose, Reason: x.Reason,
			Categories: append([]consent.Category{}, x.Categories...),
		}
	}
	return out, nil
}
