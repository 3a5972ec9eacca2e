package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// OwnRecords is what is held about a customer, for themself.
type OwnRecords interface {
	RecordsOf(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) ([]retrieval.Held, consent.Place, error)
	// Remember stores what the customer says about themself, and returns its id.
	Remember(ctx context.Context, site identity.SiteID, customer identity.CustomerID, category consent.Category, title, text string) (string, error)
	RemoveOwn(ctx context.Context, customer identity.CustomerID, id string) error
}

// listInput is where a list goes on.
type listInput struct {
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// heldJSON is a record as its customer sees it.
type heldJSON struct {
	ID          string            `json:"id"`
	Category    consent.Category  `json:"category"`
	Title       string            `json:"title"`
	Text        string            `json:"text"`
	Fields      map[string]string `json:"fields,omitempty"`
	Source      retrieval.Source  `json:"source"`
	CollectedAt time.Time         `json:"collected_at"`
	Expires     *time.Time        `json:"expires,omitempty"`
	Disputed    bool              `json:"disputed" doc:"I said that it is wrong; until that is answered nobody uses it"`
	Hidden      bool              `json:"hidden" doc:"The company took it out of use, and may put it back"`
	Mine        bool              `json:"mine" doc:"I made it, and can remove it"`
}

type heldOutput struct {
	Body struct {
		Items []heldJSON `json:"items"`
		Next  string     `json:"next,omitempty"`
	}
}

type rememberInput struct {
	Body struct {
		Text     string           `json:"text" doc:"At most 4000 bytes"`
		Title    string           `json:"title,omitempty" maxLength:"200"`
		Category consent.Category `json:"category,omitempty" enum:"preferences,profile" default:"preferences"`
	}
}

type createdOutput struct {
	Body struct {
		ID string `json:"id"`
	}
}

type disputeInput struct {
	ID   string `path:"id"`
	Body struct {
		Text string `json:"text" doc:"What is wrong, in at most 4000 characters"`
	}
}

func (s *Server) recordRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "myRecords", Method: http.MethodGet, Path: "/api/me/records",
		Summary: "Everything that is held about me here, granted or not, newest first",
	}, s.myRecords)
	register(s, customers, huma.Operation{
		OperationID: "remember", Method: http.MethodPost, Path: "/api/me/records",
		Summary: "Have something remembered", DefaultStatus: http.StatusCreated,
	}, s.remember)
	register(s, customers, huma.Operation{
		OperationID: "removeMine", Method: http.MethodDelete, Path: "/api/me/records/{id}",
		Summary: "Remove what I had remembered", DefaultStatus: http.StatusNoContent,
	}, s.removeMine)
	register(s, customers, huma.Operation{
		OperationID: "dispute", Method: http.MethodPost, Path: "/api/me/records/{id}/dispute",
		Summary: "Say that a record is wrong: until that is answered it is not used", DefaultStatus: http.StatusCreated,
	}, s.dispute)
}

func (s *Server) myRecords(ctx context.Context, who identity.Principal, in *listInput) (*heldOutput, error) {
	list := "records of " + string(who.Customer)
	after, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.OwnRecords.RecordsOf(ctx, who.Customer, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &heldOutput{}
	out.Body.Items, out.Body.Next = make([]heldJSON, len(page)), s.cursor(list, next)
	for i, r := range page {
		out.Body.Items[i] = heldJSON{
			ID: r.ID, Category: r.Category, Title: r.Title, Text: r.Text, Fields: r.Fields, Source: r.Source,
			CollectedAt: r.CollectedAt, Expires: optional(r.Expires), Disputed: r.Disputed, Hidden: r.Hidden, Mine: r.Own,
		}
	}
	return out, nil
}

func (s *Server) remember(ctx context.Context, who identity.Principal, in *rememberInput) (*createdOutput, error) {
	if who.Anonymous() {
		return nil, huma.Error403Forbidden("Nothing is remembered of somebody who is not signed in.")
	}
	out := &createdOutput{}
	var err error
	out.Body.ID, err = s.OwnRecords.Remember(ctx, who.Site, who.Customer, in.Body.Category, strings.TrimSpace(in.Body.Title), strings.TrimSpace(in.Body.Text))
	return out, err
}

func (s *Server) removeMine(ctx context.Context, who identity.Principal, in *conversationID) (*struct{}, error) {
	return nil, s.OwnRecords.RemoveOwn(ctx, who.Customer, in.ID)
}

func (s *Server) dispute(ctx context.Context, who identity.Principal, in *disputeInput) (*requestedOutput, error) {
	r, err := s.Gate.NewRequest(ctx, who, consent.RectificationRequest, s.hide(in.Body.Text, ""))
	if err != nil {
		return nil, err
	}
	r.Record = in.ID
	return s.addRequest(ctx, r)
}
