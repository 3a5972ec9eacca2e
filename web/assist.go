package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/agents"
	"candor/identity"
	"candor/retrieval"
)

// Assist is what helps people at the desk. Its errors are those of agents.Service.
type Assist interface {
	// Send is Desk.Reply with what comes with the text.
	Send(ctx context.Context, who identity.Principal, conversation string, m agents.Reply) error
	Suggest(ctx context.Context, who identity.Principal, conversation, instruction string) (agents.Suggestion, error)
	Standing(ctx context.Context, who identity.Principal, conversation, id string) (agents.Suggestion, error)
	Knowledge(ctx context.Context, who identity.Principal, q agents.KnowledgeQuery) ([]retrieval.Hit, error)
	Canned(ctx context.Context, who identity.Principal, conversation string) ([]agents.Rendered, error)
	PutCanned(ctx context.Context, who identity.Principal, c agents.Canned) error
	RemoveCanned(ctx context.Context, who identity.Principal, id string) error
}

type suggestInput struct {
	ID   string `path:"id"`
	Body struct {
		Instruction string `json:"instruction,omitempty" doc:"How to say it, or what to ask for. Only language models follow it"`
	}
}

type suggestionInput struct {
	ID         string `path:"id"`
	Suggestion string `path:"suggestion"`
}

type suggestionOutput struct {
	Body agents.Suggestion
}

type knowledgeInput struct {
	Query        string          `query:"q" required:"true" minLength:"1" maxLength:"400"`
	Language     string          `query:"language" doc:"BCP 47; without it as the query is written"`
	Conversation string          `query:"conversation" doc:"The site of this conversation is searched"`
	Site         identity.SiteID `query:"site" doc:"The site to search, where no conversation is named. Neither is needed where there is one site"`
}

type knowledgeItem struct {
	ID         string               `json:"id"`
	Title      string               `json:"title"`
	Text       string               `json:"text" doc:"The passage that was found"`
	URL        string               `json:"url,omitempty"`
	Visibility retrieval.Visibility `json:"visibility" enum:"public,internal"`
	Score      float64              `json:"score"`
}

type knowledgeOutput struct {
	Body struct {
		Items []knowledgeItem `json:"items"`
	}
}

type cannedInput struct {
	Conversation string `query:"conversation" doc:"Those for its queue and language, filled in; without it all of them"`
}

type cannedOutput struct {
	Body struct {
		Items []agents.Rendered `json:"items"`
	}
}

type putCannedInput struct {
	ID   string `path:"id"`
	Body struct {
		Title    string `json:"title"`
		Text     string `json:"text" doc:"May hold {{brand}}, {{agent}}, {{customer}}, {{ticket}} and {{language}}"`
		Language string `json:"language,omitempty"`
		Queue    string `json:"queue,omitempty"`
	}
}

type cannedID struct {
	ID string `path:"id"`
}

func (s *Server) assistRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "suggest", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/suggest", DefaultStatus: http.StatusOK,
		Summary: "Draft a reply, with its sources, from what the customer shares with people at the desk",
	}, func(ctx context.Context, who identity.Principal, in *suggestInput) (*suggestionOutput, error) {
		x, err := s.Assist.Suggest(ctx, who, in.ID, in.Body.Instruction)
		if err != nil {
			return nil, err
		}
		return &suggestionOutput{x}, nil
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "suggestion", Method: http.MethodGet, Path: "/api/desk/conversations/{id}/suggestions/{suggestion}",
		Summary: "A suggestion of mine that was not sent, while what it was made from may still be used",
	}, func(ctx context.Context, who identity.Principal, in *suggestionInput) (*suggestionOutput, error) {
		x, err := s.Assist.Standing(ctx, who, in.ID, in.Suggestion)
		if err != nil {
			return nil, err
		}
		return &suggestionOutput{x}, nil
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "deskKnowledge", Method: http.MethodGet, Path: "/api/desk/knowledge",
		Summary: "Search what the company knows, also what is for staff only. No customer's data is searched",
	}, s.deskKnowledge)
	register(s, staffOnly, huma.Operation{
		OperationID: "canned", Method: http.MethodGet, Path: "/api/desk/canned", Summary: "Replies that are ready",
	}, func(ctx context.Context, who identity.Principal, in *cannedInput) (*cannedOutput, error) {
		all, err := s.Assist.Canned(ctx, who, in.Conversation)
		out := &cannedOutput{}
		out.Body.Items = append([]agents.Rendered{}, all...)
		return out, err
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "putCanned", Method: http.MethodPut, Path: "/api/desk/canned/{id}",
		Summary: "Add a reply that is ready, or change one", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, who identity.Principal, in *putCannedInput) (*struct{}, error) {
		b := in.Body
		return nil, s.Assist.PutCanned(ctx, who, agents.Canned{ID: in.ID, Title: b.Title, Text: b.Text, Language: b.Language, Queue: b.Queue})
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "removeCanned", Method: http.MethodDelete, Path: "/api/desk/canned/{id}",
		Summary: "Remove a reply that is ready", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, who identity.Principal, in *cannedID) (*struct{}, error) {
		return nil, s.Assist.RemoveCanned(ctx, who, in.ID)
	})
}

func (s *Server) deskKnowledge(ctx context.Context, who identity.Principal, in *knowledgeInput) (*knowledgeOutput, error) {
	hits, err := s.Assist.Knowledge(ctx, who, agents.KnowledgeQuery{
		Text: in.Query, Language: in.Language, Conversation: in.Conversation, Site: in.Site,
	})
	if err != nil {
		return nil, err
	}
	out := &knowledgeOutput{}
	out.Body.Items = []knowledgeItem{}
	for _, h := range hits {
		out.Body.Items = append(out.Body.Items, knowledgeItem{
			ID: h.RecordID, Title: h.Record.Title, Text: h.Text(), URL: h.Record.Source.URL, Visibility: h.Record.Visibility, Score: h.Score,
		})
	}
	return out, nil
}
