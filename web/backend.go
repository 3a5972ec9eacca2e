package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

type importInput struct {
	RawBody []byte `contentType:"application/json" doc:"An array of items, or lines of JSON"`
}

type importOutput struct {
	Body Import
}

type recordOutput struct {
	Body struct {
		ID          string            `json:"id"`
		Customer    string            `json:"customer,omitempty" doc:"The site's own id for the customer; company knowledge has none"`
		Category    string            `json:"category"`
		Title       string            `json:"title"`
		Text        string            `json:"text"`
		Fields      map[string]string `json:"fields,omitempty"`
		Source      retrieval.Source  `json:"source"`
		CollectedAt time.Time         `json:"collected_at"`
		Language    string            `json:"language,omitempty"`
		Expires     *time.Time        `json:"expires,omitempty"`
	}
}

func (s *Server) backendRoutes() {
	register(s, backends, huma.Operation{
		OperationID: "importRecords", Method: http.MethodPost, Path: "/api/records",
		Summary: "Import customers' records", SkipValidateBody: true, // each item is checked on its own
	}, s.importRecords)
	register(s, backends, huma.Operation{
		OperationID: "importKnowledge", Method: http.MethodPost, Path: "/api/knowledge",
		Summary: "Import company knowledge", SkipValidateBody: true,
	}, s.importKnowledge)
	register(s, backends, huma.Operation{
		OperationID: "record", Method: http.MethodGet, Path: "/api/records/{id}", Summary: "A record of the site",
	}, s.getRecord)
	register(s, backends, huma.Operation{
		OperationID: "removeRecord", Method: http.MethodDelete, Path: "/api/records/{id}",
		Summary: "Remove a record or an article", DefaultStatus: http.StatusNoContent,
	}, s.removeRecord)
}

func (s *Server) importRecords(ctx context.Context, who identity.Principal, in *importInput) (*importOutput, error) {
	report, err := s.Records.ImportRecords(ctx, who.Site, in.RawBody)
	return imported(report, err)
}

func (s *Server) importKnowledge(ctx context.Context, who identity.Principal, in *importInput) (*importOutput, error) {
	report, err := s.Records.ImportKnowledge(ctx, who.Site, in.RawBody)
	return imported(report, err)
}

// imported turns an import of which nothing was acceptable into a problem that
// names every reason: a caller who looks at the status only must not take it
// for a success. Of what is not JSON all the rest may be missing.
func imported(report Import, err error) (*importOutput, error) {
	if err != nil {
		return nil, err
	}
	if report.Accepted > 0 {
		return &importOutput{report}, nil
	}
	if len(report.Rejected) == 0 {
		return nil, huma.Error422UnprocessableEntity("There is nothing to import.")
	}
	details := make([]error, len(report.Rejected))
	for i, r := range report.Rejected {
		details[i] = &huma.ErrorDetail{Message: r.Error, Location: "body[" + itoa(r.Index) + "]"}
	}
	status := http.StatusUnprocessableEntity
	if report.Malformed {
		status = http.StatusBadRequest
	}
	return nil, huma.NewError(status, "Nothing was imported. "+sentence(report.Rejected[0].Error), details...)
}

func (s *Server) getRecord(ctx context.Context, who identity.Principal, in *conversationID) (*recordOutput, error) {
	r, customer, err := s.Records.Record(ctx, who.Site, in.ID)
	if err != nil {
		return nil, err
	}
	// A look of the site's backend at its own data is one all the same.
	err = s.Accesses.Accessed(ctx, consent.Access{
		Customer: r.Customer, Actor: who.Actor(), Kind: consent.BackendAccess,
		Categories: []consent.Category{r.Category}, Records: []consent.AccessedRecord{{ID: r.ID, Category: r.Category}},
	})
	if err != nil {
		return nil, err
	}
	out := &recordOutput{}
	b := &out.Body
	b.ID, b.Customer, b.Category, b.Title, b.Text, b.Fields = r.ID, customer, string(r.Category), r.Title, r.Text, r.Fields
	b.Source, b.CollectedAt, b.Language, b.Expires = r.Source, r.CollectedAt, r.Language, optional(r.Expires)
	return out, nil
}

func (s *Server) removeRecord(ctx context.Context, who identity.Principal, in *conversationID) (*struct{}, error) {
	return nil, s.Records.RemoveRecord(ctx, who.Site, in.ID)
}
