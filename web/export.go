package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"candor/export"
	"candor/identity"
)

type exportInput struct {
	Prefer   string `header:"Prefer" doc:"respond-async: make the archive in the background"`
	Accept   string `header:"Accept-Language"`
	Language string `query:"language" doc:"Of the archive's page; else that of the latest conversation"`
}

// archiveOutput is a response whose body is not held in memory.
type archiveOutput struct {
	Body func(huma.Context)
}

type exportJSON struct {
	ID      string        `json:"id"`
	Status  export.Status `json:"status" doc:"running, done or failed"`
	Done    int64         `json:"done"`
	Total   int64         `json:"total" doc:"An estimate until it is done"`
	Size    int64         `json:"size,omitempty" doc:"Of the archive in bytes"`
	Expires *time.Time    `json:"expires,omitempty" doc:"Until when the archive is kept"`
}

type exportOutput struct {
	Body exportJSON
}

func toExport(j export.Job) exportJSON {
	out := exportJSON{ID: j.ID, Status: j.Status, Done: j.Done, Total: j.Total}
	if j.Status == export.Done {
		out.Size, out.Expires = j.Size, optional(j.Expires)
	}
	return out
}

const (
	zipType = "application/zip"
	// exportRetry is after which an export that is being made may be done.
	exportRetry = 2 * time.Second
)

func (s *Server) exportRoutes() {
	archive := map[string]*huma.Response{"200": {
		Description: "The archive", Content: map[string]*huma.MediaType{zipType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
	made := map[string]*huma.Response{"200": archive["200"], "202": {
		Description: "The archive is being made: with Prefer: respond-async",
		Content: map[string]*huma.MediaType{"application/json": {
			Schema: &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
				"id": {Type: huma.TypeString}, "status": {Type: huma.TypeString},
			}},
		}},
	}}
	register(s, customers, huma.Operation{
		OperationID: "export", Method: http.MethodPost, Path: "/api/me/export",
		Summary:   "Everything that is held about me, as a ZIP of JSON files with a page to read",
		Responses: made, DefaultStatus: http.StatusOK,
	}, s.export)
	register(s, customers, huma.Operation{
		OperationID: "exportStatus", Method: http.MethodGet, Path: "/api/me/exports/{id}",
		Summary: "How an export stands",
	}, s.exportStatus)
	register(s, customers, huma.Operation{
		OperationID: "exportArchive", Method: http.MethodGet, Path: "/api/me/exports/{id}/archive",
		Summary: "The archive of an export that is done", Responses: archive, DefaultStatus: http.StatusOK,
	}, s.exportArchive)
}

// prefersAsync reports whether a Prefer header asks for a response at once
// (RFC 7240).
func prefersAsync(header string) bool {
	return slices.ContainsFunc(strings.Split(header, ","), func(p string) bool {
		p, _, _ = strings.Cut(p, ";")
		return strings.EqualFold(strings.TrimSpace(p), "respond-async")
	})
}

func (s *Server) export(ctx context.Context, who identity.Principal, in *exportInput) (*archiveOutput, error) {
	language := preferred(in.Language, in.Accept)
	if in.Language == "" && in.Accept == "" {
		c, ok, err := s.Conversations.Resume(ctx, who)
		if err != nil {
			return nil, err
		}
		if ok {
			language = c.Language
		}
	}
	if !prefersAsync(in.Prefer) {
		r, err := s.Exports.Stream(ctx, who, language)
		if err != nil {
			return nil, err
		}
		return s.archive(r, -1), nil
	}
	j, err := s.Exports.Start(ctx, who, language)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(toExport(j))
	if err != nil {
		return nil, err
	}
	return &archiveOutput{func(ctx huma.Context) {
		ctx.SetStatus(http.StatusAccepted)
		ctx.SetHeader("Location", "/api/me/exports/"+j.ID)
		ctx.SetHeader("Preference-Applied", "respond-async")
		ctx.SetHeader("Content-Type", "application/json")
		_, _ = ctx.BodyWriter().Write(body) // only sets the response
	}}, nil
}

// archive sends a ZIP while it is read; size -1 is not known yet. Where the reader
// fails the connection is cut, so that nobody takes half of it for all.
func (s *Server) archive(r io.ReadCloser, size int64) *archiveOutput {
	return &archiveOutput{func(ctx huma.Context) {
		c := humafiber.Unwrap(ctx)
		ctx.SetStatus(http.StatusOK)
		c.Set("Content-Type", zipType)
		c.Set("Content-Disposition", `attachment; filename="my-data.zip"`)
		c.Context().SetBodyStream(r, int(size))
	}}
}

func (s *Server) exportStatus(ctx context.Context, who identity.Principal, in *conversationID) (*exportOutput, error) {
	j, err := s.Exports.Job(ctx, who, in.ID)
	return &exportOutput{toExport(j)}, err
}

func (s *Server) exportArchive(ctx context.Context, who identity.Principal, in *conversationID) (*archiveOutput, error) {
	r, size, err := s.Exports.Archive(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return s.archive(r, size), nil
}
