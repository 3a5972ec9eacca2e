package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/export"
	"candor/identity"
)

// Usage tells what was done with a customer's data.
type Usage interface {
	Uses(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) (page []export.Use, next consent.Place, err error)
}

type usageInput struct {
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type usageOutput struct {
	Body struct {
		Items []export.Use `json:"items"`
		Next  string       `json:"next,omitempty"`
	}
}

func (s *Server) usageRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "usage", Method: http.MethodGet, Path: "/api/me/usage",
		Summary: "What was done with my data, by whom and under which consent, newest first",
	}, s.usage)
}

func (s *Server) usage(ctx context.Context, who identity.Principal, in *usageInput) (*usageOutput, error) {
	list := "usage " + string(who.Customer)
	after, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Usage.Uses(ctx, who.Customer, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &usageOutput{}
	out.Body.Items, out.Body.Next = append([]export.Use{}, page...), s.cursor(list, next)
	return out, nil
}

// seen records that a member of staff is about to read a customer's own words in
// the log, and the records that an answer was made from.
func (s *Server) seen(ctx context.Context, looks ...consent.Access) error {
	out := make([]consent.Access, len(looks))
	for i, a := range looks {
		a.Kind, a.Categories = consent.LogAccess, []consent.Category{consent.Conversation}
		for _, r := range a.Records {
			a.Categories = append(a.Categories, r.Category)
		}
		out[i] = a
	}
	return s.Accesses.Accessed(ctx, out...)
}

// lookAt is a look at an answer with everything that was used for it.
func lookAt(who identity.Principal, customer identity.CustomerID, a answer.Answer, entries []citation.Entry) consent.Access {
	out := consent.Access{Customer: customer, Actor: who.Actor(), Conversation: a.ConversationID, Answer: a.ID}
	add := func(id string, c consent.Category, grant string) {
		r := consent.AccessedRecord{ID: id, Category: c, Grant: grant}
		if c != consent.Knowledge && !slices.Contains(out.Records, r) {
			out.Records = append(out.Records, r)
		}
	}
	for _, u := range a.Used {
		add(u.RecordID, u.Category, u.GrantID)
	}
	for _, e := range entries {
		for _, r := range e.Records {
			add(r.RecordID, r.Category, r.GrantID)
		}
	}
	return out
}
