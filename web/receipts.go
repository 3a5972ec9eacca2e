package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"candor/consent"
	"candor/identity"
)

type receiptsInput struct {
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type receiptItem struct {
	ID        string            `json:"id"`
	At        time.Time         `json:"at"`
	State     consent.State     `json:"state"`
	Purpose   consent.Purpose   `json:"purpose"`
	Category  consent.Category  `json:"category"`
	Recipient consent.Recipient `json:"recipient"`
	Expires   *time.Time        `json:"expires,omitempty"`
}

type receiptsOutput struct {
	Body struct {
		Items []receiptItem `json:"items"`
		Next  string        `json:"next,omitempty"`
	}
}

type receiptInput struct {
	ID     string `path:"id"`
	Format string `query:"format" enum:"note,jsonld,kantara" default:"note" doc:"note: signed; jsonld: its text alone; kantara: Kantara v1.1, of consent that was given only"`
}

type receiptOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// receiptTypes are the formats of a receipt: their media type, and how a file's name
// ends.
var receiptTypes = map[string]struct{ media, suffix string }{
	"note":    {"application/vnd.candor.receipt; charset=utf-8", "txt"},
	"jsonld":  {"application/ld+json", "jsonld"},
	"kantara": {"application/json", "kantara.json"},
}

func (s *Server) receiptRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "receipts", Method: http.MethodGet, Path: "/api/me/receipts",
		Summary: "The receipts of my choices, newest first: one for every change",
	}, s.receipts)
	content := make(map[string]*huma.MediaType)
	for _, t := range receiptTypes {
		content[t.media] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	register(s, customers, huma.Operation{
		OperationID: "receipt", Method: http.MethodGet, Path: "/api/me/receipts/{id}",
		Summary:   "A receipt to keep, signed",
		Responses: map[string]*huma.Response{"200": {Description: "The receipt, as a file", Content: content}},
	}, s.receipt)
	s.app.Get(consent.KeyPath, func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
		return c.SendString(s.Receipts.Verifier() + "\n")
	})
}

// receipts lists the events of the customer's ledger, each of which has one.
func (s *Server) receipts(ctx context.Context, who identity.Principal, in *receiptsInput) (*receiptsOutput, error) {
	page, next, err := s.ledgerPage(ctx, who, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &receiptsOutput{}
	out.Body.Items, out.Body.Next = make([]receiptItem, len(page)), next
	for i, e := range page {
		out.Body.Items[i] = receiptItem{e.ID, e.At, e.State, e.Purpose, e.Category, e.Recipient, optional(e.Expires)}
	}
	return out, nil
}

func (s *Server) receipt(ctx context.Context, who identity.Principal, in *receiptInput) (*receiptOutput, error) {
	site, err := s.Directory.Site(ctx, who.Site)
	if err != nil {
		return nil, err
	}
	r, err := s.Receipts.One(ctx, who.Customer, in.ID, site.Name)
	if err != nil {
		return nil, err
	}
	t := receiptTypes[in.Format]
	out := &receiptOutput{ContentType: t.media, Disposition: fmt.Sprintf("attachment; filename=%q", "receipt-"+r.ID+"."+t.suffix)}
	switch in.Format {
	case "jsonld":
		out.Body, err = r.JSONLD()
	case "kantara":
		out.Body, err = kantara(r)
	default:
		out.Body, err = s.Receipts.File(r)
	}
	return out, err
}

func kantara(r consent.Receipt) ([]byte, error) {
	k, err := r.Kantara()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(k)
	return b.Bytes(), err
}
