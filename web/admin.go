package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// reviewers are the roles that may read the citation log with its sealed parts.
var reviewers = []identity.Role{identity.RoleReviewer, identity.RolePrivacy, identity.RoleAuditor}

type citationsInput struct {
	Customer      string    `query:"customer"`
	Site          string    `query:"site"`
	Conversation  string    `query:"conversation"`
	Record        string    `query:"record"`
	Category      string    `query:"category"`
	Recipient     string    `query:"recipient"`
	Status        string    `query:"status"`
	Kind          string    `query:"kind" doc:"opened or closed"`
	Language      string    `query:"language"`
	Model         string    `query:"model"`
	NotSearched   string    `query:"not_searched" doc:"A reason"`
	PolicyVersion string    `query:"policy_version"`
	From          time.Time `query:"from"`
	To            time.Time `query:"to"`
	Query         string    `query:"q" doc:"Whole words, all of them"`
	Cursor        string    `query:"cursor"`
	Limit         int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Resolve refuses a filter that is there and empty: it must never mean "any".
func (*citationsInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

type citationItem struct {
	ID             string                 `json:"id"`
	AnswerID       string                 `json:"answer_id"`
	ConversationID string                 `json:"conversation_id"`
	Customer       identity.CustomerID    `json:"customer"`
	Site           identity.SiteID        `json:"site"`
	At             time.Time              `json:"at"`
	Kind           citation.Kind          `json:"kind"`
	Status         string                 `json:"status"`
	Language       string                 `json:"language"`
	Model          answer.Model           `json:"model"`
	Attempt        int                    `json:"attempt"`
	Epoch          int64                  `json:"epoch"`
	PolicyVersion  string                 `json:"policy_version"`
	GPC            bool                   `json:"gpc"`
	Records        int                    `json:"records"`
	Categories     []consent.Category     `json:"categories"`
	NotSearched    []citation.NotSearched `json:"not_searched"`
	Question       string                 `json:"question"`
}

type citationsOutput struct {
	Body struct {
		Items []citationItem `json:"items"`
		Next  string         `json:"next,omitempty"`
	}
}

type entryJSON struct {
	ID          string                 `json:"id"`
	Kind        citation.Kind          `json:"kind"`
	Opened      string                 `json:"opened,omitempty" doc:"The opened entry that this one closes"`
	At          time.Time              `json:"at"`
	Attempt     int                    `json:"attempt"`
	Recipient   consent.Recipient      `json:"recipient"`
	Model       string                 `json:"model"`
	Epoch       int64                  `json:"epoch"`
	GPC         bool                   `json:"gpc"`
	Status      string                 `json:"status"`
	Records     []citation.Use         `json:"records"`
	NotSearched []citation.NotSearched `json:"not_searched"`
}

type citationOutput struct {
	Body struct {
		answer.Answer
		Customer identity.CustomerID `json:"customer"`
		Gone     bool                `json:"gone,omitempty" doc:"The conversation is kept no longer: this is what the log names"`
		Entries  []entryJSON         `json:"entries"`
	}
}

func (s *Server) adminRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "citations", Method: http.MethodGet, Path: "/api/admin/citations",
		Summary: "The citation log, newest first",
	}, s.citations)
	register(s, staffOnly, huma.Operation{
		OperationID: "citation", Method: http.MethodGet, Path: "/api/admin/citations/{id}",
		Summary: "An answer with its entries in the citation log",
	}, s.citation)
}

var errRole = huma.Error403Forbidden("Your role does not allow this.")

func (s *Server) citations(ctx context.Context, who identity.Principal, in *citationsInput) (*citationsOutput, error) {
	if !who.Has(reviewers...) {
		return nil, errRole
	}
	const list = "citations"
	before, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Citations.List(ctx, citation.Filter{
		Customer: identity.CustomerID(in.Customer), Site: identity.SiteID(in.Site), Conversation: in.Conversation,
		Record: in.Record, Category: consent.Category(in.Category), Recipient: consent.Recipient(in.Recipient),
		Status: in.Status, Kind: citation.Kind(in.Kind), Language: in.Language, Model: in.Model,
		NotSearched: consent.Reason(in.NotSearched), PolicyVersion: in.PolicyVersion, From: in.From, To: in.To,
		Query: in.Query, Before: before.Rank, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := &citationsOutput{}
	out.Body.Items = make([]citationItem, len(page))
	for i, e := range page {
		out.Body.Items[i] = citationItem{
			ID: e.ID, AnswerID: e.AnswerID, ConversationID: e.Conversation, Customer: e.Customer, Site: e.Site, At: e.At,
			Kind: e.Kind, Status: e.Status, Language: e.Language, Model: answer.Model{Name: e.Model, Recipient: e.Recipient},
			Attempt: e.Attempt, Epoch: e.Epoch, PolicyVersion: e.PolicyVersion, GPC: e.GPC, Records: len(e.Records),
			Categories: categories(e.Records), NotSearched: append([]citation.NotSearched{}, e.NotSearched...),
		}
	}
	out.Body.Next = s.cursor(list, consent.Place{Rank: next})
	return out, nil
}

func categories(uses []citation.Use) []consent.Category {
	out := []consent.Category{}
	for _, u := range uses {
		if !slices.Contains(out, u.Category) {
			out = append(out, u.Category)
		}
	}
	return out
}

func (s *Server) citation(ctx context.Context, who identity.Principal, in *conversationID) (*citationOutput, error) {
	if !who.Has(reviewers...) {
		return nil, errRole
	}
	a, customer, missing := s.Answers.AnyAnswer(ctx, in.ID)
	gone := errors.Is(missing, conversation.ErrNotFound)
	if missing != nil && !gone {
		return nil, missing
	}
	entries, err := s.Citations.ByAnswer(ctx, in.ID)
	switch {
	case err != nil:
		return nil, err
	case gone && len(entries) == 0:
		return nil, missing
	case gone:
		a, customer = ofLog(entries)
	}
	// Of a customer who was erased nothing can be opened.
	if a.Question != "" || slices.ContainsFunc(entries, func(e citation.Entry) bool { return e.Body != nil }) {
		if err := s.seen(ctx, lookAt(who, customer, a, entries)); err != nil {
			return nil, err
		}
	}
	out := &citationOutput{}
	out.Body.Answer, out.Body.Customer, out.Body.Gone, out.Body.Entries = a, customer, gone, make([]entryJSON, len(entries))
	for i, e := range entries {
		out.Body.Entries[i] = entryJSON{
			ID: e.ID, Kind: e.Kind, Opened: e.Opened, At: e.At, Attempt: e.Attempt, Recipient: e.Recipient, Model: e.Model,
			Epoch: e.Epoch, GPC: e.GPC, Status: e.Status, Records: append([]citation.Use{}, e.Records...),
			NotSearched: append([]citation.NotSearched{}, e.NotSearched...),
		}
	}
	return out, nil
}
