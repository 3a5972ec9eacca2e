package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
)

// holdJSON is a legal hold as staff see it.
type holdJSON struct {
	ID         string              `json:"id"`
	Customer   identity.CustomerID `json:"customer"`
	Categories []consent.Category  `json:"categories"`
	Reason     string              `json:"reason" doc:"Gone with the end of the hold"`
	Until      time.Time           `json:"until"`
	By         string              `json:"by"`
	At         time.Time           `json:"at"`
	Released   *time.Time          `json:"released,omitempty"`
	ReleasedBy string              `json:"released_by,omitempty"`
	Ended      *time.Time          `json:"ended,omitempty" doc:"When what it kept was destroyed"`
}

func toHold(h consent.Hold) holdJSON {
	return holdJSON{
		ID: h.ID, Customer: h.Customer, Categories: h.Categories, Reason: h.Reason, Until: h.Until, By: h.Actor, At: h.At,
		Released: optional(h.Released), ReleasedBy: h.Releaser, Ended: optional(h.Ended),
	}
}

type holdInput struct {
	Body struct {
		Customer   identity.CustomerID `json:"customer,omitempty" doc:"Candor's own id for the customer; or site and subject"`
		Site       identity.SiteID     `json:"site,omitempty"`
		Subject    string              `json:"subject,omitempty" doc:"The site's own id for the customer"`
		Categories []consent.Category  `json:"categories" doc:"Or [\"all\"]"`
		Reason     string              `json:"reason" doc:"The customer reads it too"`
		Until      time.Time           `json:"until"`
	}
}

type holdOutput struct {
	Body holdJSON
}

type holdsInput struct {
	Customer string `query:"customer"`
	Cursor   string `query:"cursor"`
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Resolve refuses a filter that is there and empty: it must never mean "any".
func (*holdsInput) Resolve(ctx huma.Context) []error { return (*citationsInput)(nil).Resolve(ctx) }

type holdsOutput struct {
	Body struct {
		Items []holdJSON `json:"items"`
		Next  string     `json:"next,omitempty"`
	}
}

func (s *Server) holdRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "holds", Method: http.MethodGet, Path: "/api/admin/holds",
		Summary: "Legal holds, newest first",
	}, s.holds)
	register(s, staffOnly, huma.Operation{
		OperationID: "addHold", Method: http.MethodPost, Path: "/api/admin/holds",
		Summary: "Keep a customer's data from being destroyed", DefaultStatus: http.StatusCreated,
	}, s.addHold)
	register(s, staffOnly, huma.Operation{
		OperationID: "releaseHold", Method: http.MethodDelete, Path: "/api/admin/holds/{id}",
		Summary: "End a hold: what it kept is destroyed", DefaultStatus: http.StatusOK,
	}, s.releaseHold)
}

func (s *Server) holds(ctx context.Context, who identity.Principal, in *holdsInput) (*holdsOutput, error) {
	if !who.Has(identity.RolePrivacy, identity.RoleAuditor) {
		return nil, errRole
	}
	const list = "holds"
	before, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Eraser.LegalHolds(ctx, consent.HoldFilter{Customer: identity.CustomerID(in.Customer), Before: before.Rank, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &holdsOutput{}
	out.Body.Items = make([]holdJSON, len(page))
	for i, h := range page {
		out.Body.Items[i] = toHold(h)
	}
	out.Body.Next = s.cursor(list, consent.Place{Rank: next})
	return out, nil
}

func (s *Server) addHold(ctx context.Context, who identity.Principal, in *holdInput) (*holdOutput, error) {
	if !who.Has(identity.RolePrivacy) {
		return nil, errRole
	}
	now, err := s.Directory.Now(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	h, err := consent.Hold{
		Customer: b.Customer, Categories: b.Categories, Reason: b.Reason, Until: b.Until, Actor: who.Actor(),
	}.Check(s.Gate.Policy(), now)
	if err != nil {
		return nil, err
	}
	switch byID, bySubject := b.Customer != "", b.Site != "" && b.Subject != ""; {
	case byID == bySubject:
		return nil, huma.Error422UnprocessableEntity("Name the customer by `customer`, or by `site` and `subject`.")
	case bySubject:
		var ok bool
		if h.Customer, ok, err = s.Directory.FindCustomer(ctx, b.Site, b.Subject); err == nil && !ok {
			err = consent.ErrUnknownCustomer
		}
		if err != nil {
			return nil, err
		}
	}
	h, err = s.Eraser.AddLegalHold(ctx, h)
	out := &holdOutput{toHold(h)}
	out.Body.Reason = "" // a remembered response must not outlive the hold
	return out, err
}

func (s *Server) releaseHold(ctx context.Context, who identity.Principal, in *conversationID) (*holdOutput, error) {
	if !who.Has(identity.RolePrivacy) {
		return nil, errRole
	}
	h, err := s.Eraser.ReleaseLegalHold(ctx, in.ID, who.Actor())
	return &holdOutput{toHold(h)}, err
}
