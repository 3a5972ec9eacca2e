package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
	"candor/review"
)

// Hiding takes sources out of use, and says how much was said from them.
type Hiding interface {
	Hide(ctx context.Context, h review.HiddenSource) (review.HiddenSource, error)
	Show(ctx context.Context, site identity.SiteID, record, actor, note string) error
	Hidden(ctx context.Context, f review.HiddenFilter) ([]review.HiddenSource, consent.Place, error)
	// HiddenOf returns which of a site's sources are hidden.
	HiddenOf(ctx context.Context, site identity.SiteID, records []string) ([]string, error)
	SourceUses(ctx context.Context, site identity.SiteID, record string) (review.Uses, error)
}

// Corrections is what the company says about answers that were wrong.
type Corrections interface {
	AddCorrection(ctx context.Context, c review.Correction) (review.Correction, error)
	Correction(ctx context.Context, id string) (review.Correction, error)
	Corrections(ctx context.Context, f review.CorrectionFilter) ([]review.Correction, consent.Place, error)
}

// Who may see what was hidden and corrected, and who may do so.
var (
	sourceReaders = []identity.Role{identity.RoleReviewer, identity.RolePrivacy, identity.RoleAuditor}
	sourceHiders  = []identity.Role{identity.RoleReviewer}
)

// memberJSON is a member of staff; an account that was closed has no name.
type memberJSON struct {
	ID   string `json:"id" doc:"Who did it, as in the access log"`
	Name string `json:"name,omitempty"`
}

func (s *Server) member(ctx context.Context, actor string) (*memberJSON, error) {
	if actor == "" {
		return nil, nil //nolint:nilnil // nobody did it
	}
	name, err := s.nameOf(ctx, actor)
	return &memberJSON{actor, name}, err
}

type hiddenJSON struct {
	ID        string              `json:"id"`
	Site      identity.SiteID     `json:"site"`
	Record    string              `json:"record,omitempty" doc:"Empty while it is sealed"`
	Sealed    bool                `json:"sealed" doc:"It is a customer's, and no reason was given to open it: neither the record nor a note is here"`
	Knowledge bool                `json:"knowledge" doc:"It is the company's own; else it is a customer's record"`
	Customer  identity.CustomerID `json:"customer,omitempty"`
	At        time.Time           `json:"at"`
	By        *memberJSON         `json:"by,omitempty"`
	Note      string              `json:"note,omitempty"`
	Shown     *time.Time          `json:"shown,omitempty" doc:"When it was shown again"`
	ShownBy   *memberJSON         `json:"shown_by,omitempty"`
	ShownNote string              `json:"shown_note,omitempty"`
}

type hiddenInput struct {
	ReasonInput
	Cursor string          `query:"cursor"`
	Limit  int             `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Site   identity.SiteID `query:"site"`
	Record string          `query:"record"`
	Past   bool            `query:"past" doc:"Also what was shown again"`
}

// Resolve refuses a filter that is there and empty: it must never mean "any".
func (*hiddenInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

type hiddenOutput struct {
	Body struct {
		Items []hiddenJSON `json:"items"`
		Next  string       `json:"next,omitempty"`
	}
}

type hideInput struct {
	Body struct {
		Site   identity.SiteID `json:"site" minLength:"1"`
		Record string          `json:"record" minLength:"1" doc:"The id of an article or of a customer's record"`
		Note   string          `json:"note,omitempty" doc:"Why, in at most 4000 characters"`
	}
}

type usesInput struct {
	Site   identity.SiteID `path:"site"`
	Record string          `path:"record"`
}

type usesOutput struct {
	Body struct {
		Answers       int64 `json:"answers" doc:"That were written with it"`
		Conversations int64 `json:"conversations"`
		Customers     int64 `json:"customers"`
		Open          int64 `json:"open" doc:"Of the conversations, those that are not resolved"`
		Kept          int64 `json:"kept" doc:"Of the conversations, those that are still there: a correction can reach them"`
	}
}

type correctionInput struct {
	Body struct {
		Site     identity.SiteID `json:"site" minLength:"1"`
		Record   string          `json:"record,omitempty" doc:"The source that was wrong; or answers"`
		Answers  []string        `json:"answers,omitempty" maxItems:"1000"`
		Text     string          `json:"text" doc:"What is right, in at most 2000 characters. Customers read it"`
		Language string          `json:"language,omitempty" maxLength:"35" doc:"Of the text"`
	}
}

type correctionStarted struct {
	Body struct {
		ID            string `json:"id"`
		Conversations int64  `json:"conversations" doc:"How many it goes to, once each"`
	}
}

// correctionJSON is a correction and how far it is.
type correctionJSON struct {
	ID            string          `json:"id"`
	Site          identity.SiteID `json:"site"`
	Record        string          `json:"record,omitempty"`
	Text          string          `json:"text" doc:"Empty while it is sealed"`
	Sealed        bool            `json:"sealed" doc:"It is about one customer alone, and no reason was given to open it"`
	Language      string          `json:"language,omitempty"`
	At            time.Time       `json:"at"`
	By            *memberJSON     `json:"by,omitempty"`
	Status        string          `json:"status" enum:"sending,done"`
	Conversations int64           `json:"conversations"`
	Sent          int64           `json:"sent"`
	Skipped       int64           `json:"skipped" doc:"Their customer was erased, or their time was over"`
}

type correctionOutput struct {
	Body correctionJSON
}

type correctionID struct {
	ReasonInput
	ID string `path:"id"`
}

type correctionsInput struct {
	ReasonInput
	Cursor string          `query:"cursor"`
	Limit  int             `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Site   identity.SiteID `query:"site"`
}

// Resolve refuses a filter that is there and empty: it must never mean "any".
func (*correctionsInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

type correctionsOutput struct {
	Body struct {
		Items []correctionJSON `json:"items"`
		Next  string           `json:"next,omitempty"`
	}
}

func (s *Server) sourceRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "hideSource", Method: http.MethodPost, Path: "/api/admin/sources/hide",
		Summary: "Take a source out of use: no search returns it from now on", DefaultStatus: http.StatusNoContent,
	}, s.hideSource)
	register(s, staffOnly, huma.Operation{
		OperationID: "showSource", Method: http.MethodPost, Path: "/api/admin/sources/show",
		Summary: "Put a hidden source back into use", DefaultStatus: http.StatusNoContent,
	}, s.showSource)
	register(s, staffOnly, huma.Operation{
		OperationID: "hiddenSources", Method: http.MethodGet, Path: "/api/admin/sources/hidden",
		Summary: "What is hidden, by whom and why; the latest first",
	}, s.hiddenSources)
	register(s, staffOnly, huma.Operation{
		OperationID: "sourceUses", Method: http.MethodGet, Path: "/api/admin/sources/{site}/{record}/uses",
		Summary: "How much was said from a source",
	}, s.sourceUses)
	register(s, staffOnly, huma.Operation{
		OperationID: "addCorrection", Method: http.MethodPost, Path: "/api/admin/corrections",
		Summary: "Send a correction into the conversations that were told something wrong", DefaultStatus: http.StatusAccepted,
	}, s.addCorrection)
	register(s, staffOnly, huma.Operation{
		OperationID: "corrections", Method: http.MethodGet, Path: "/api/admin/corrections",
		Summary: "Corrections, the latest first",
	}, s.corrections)
	register(s, staffOnly, huma.Operation{
		OperationID: "correction", Method: http.MethodGet, Path: "/api/admin/corrections/{id}",
		Summary: "A correction and how far it is",
	}, s.correction)
}

func (s *Server) hideSource(ctx context.Context, who identity.Principal, in *hideInput) (*struct{}, error) {
	if !who.Has(sourceHiders...) {
		return nil, errRole
	}
	note, err := review.HideNote(in.Body.Note)
	if err != nil {
		return nil, err
	}
	_, err = s.Hiding.Hide(ctx, review.HiddenSource{Site: in.Body.Site, Record: in.Body.Record, Actor: who.Actor(), Note: note})
	return nil, err
}

func (s *Server) showSource(ctx context.Context, who identity.Principal, in *hideInput) (*struct{}, error) {
	if !who.Has(sourceHiders...) {
		return nil, errRole
	}
	note, err := review.HideNote(in.Body.Note)
	if err != nil {
		return nil, err
	}
	return nil, s.Hiding.Show(ctx, in.Body.Site, in.Body.Record, who.Actor(), note)
}

func (s *Server) hiddenSources(ctx context.Context, who identity.Principal, in *hiddenInput) (*hiddenOutput, error) {
	if !who.Has(sourceReaders...) {
		return nil, errRole
	}
	const list = "hidden sources"
	after, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Hiding.Hidden(ctx, review.HiddenFilter{Site: in.Site, Record: in.Record, Past: in.Past, After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &hiddenOutput{}
	out.Body.Items, out.Body.Next = make([]hiddenJSON, len(page)), s.cursor(list, next)
	owners := make([]identity.CustomerID, len(page))
	for i, h := range page {
		owners[i] = h.Customer
	}
	opened, err := s.openOwn(ctx, who, in.reason(), owners)
	if err != nil {
		return nil, err
	}
	for i, h := range page {
		sealed := !opened[h.Customer]
		if sealed {
			h.Record, h.Note, h.Reason = "", "", ""
		}
		j := hiddenJSON{
			Sealed: sealed,
			ID:     h.ID, Site: h.Site, Record: h.Record, Knowledge: h.Customer == "", Customer: h.Customer, At: h.At, Note: h.Note,
			Shown: optional(h.Shown), ShownNote: h.Reason,
		}
		if j.By, err = s.member(ctx, h.Actor); err != nil {
			return nil, err
		}
		if j.ShownBy, err = s.member(ctx, h.ShownBy); err != nil {
			return nil, err
		}
		out.Body.Items[i] = j
	}
	return out, nil
}

func (s *Server) sourceUses(ctx context.Context, who identity.Principal, in *usesInput) (*usesOutput, error) {
	if !who.Has(sourceReaders...) {
		return nil, errRole
	}
	u, err := s.Hiding.SourceUses(ctx, in.Site, in.Record)
	out := &usesOutput{}
	b := &out.Body
	b.Answers, b.Conversations, b.Customers, b.Open, b.Kept = u.Answers, u.Conversations, u.Customers, u.Open, u.Kept
	return out, err
}

func (s *Server) addCorrection(ctx context.Context, who identity.Principal, in *correctionInput) (*correctionStarted, error) {
	if !who.Has(sourceHiders...) {
		return nil, errRole
	}
	b := in.Body
	c, err := s.Corrections.AddCorrection(ctx, review.Correction{
		Site: b.Site, Record: b.Record, Answers: b.Answers, Text: b.Text, Language: b.Language, Actor: who.Actor(),
	})
	out := &correctionStarted{}
	out.Body.ID, out.Body.Conversations = c.ID, c.Conversations
	return out, err
}

// openOwn returns the customers whose rows of a list may be given out, once it is on
// record who looks; nobody's, which are the company's, always may. Without a reason no
// customer's are, and none for a sample, which is of answers alone.
//
// SECURITY: nothing is given out before its look is durable.
func (s *Server) openOwn(ctx context.Context, who identity.Principal, why review.Reason, owners []identity.CustomerID) (map[identity.CustomerID]bool, error) {
	out := map[identity.CustomerID]bool{"": true}
	if why == "" || why == review.ForSample {
		return out, nil
	}
	for _, customer := range owners {
		if out[customer] {
			continue
		}
		err := s.seen(ctx, consent.Access{Customer: customer, Actor: who.Actor(), Reason: string(why)})
		if err != nil && !changedMeanwhile(err) {
			return nil, err
		}
		out[customer] = err == nil
	}
	return out, nil
}

// toCorrection leaves out what is sealed of it.
func (s *Server) toCorrection(ctx context.Context, c review.Correction, sealed bool) (j correctionJSON, err error) {
	if sealed {
		c.Record, c.Text = "", ""
	}
	j = correctionJSON{
		Sealed: sealed, ID: c.ID, Site: c.Site, Record: c.Record, Text: c.Text, Language: c.Language, At: c.At, Status: "done",
		Conversations: c.Conversations, Sent: c.Sent, Skipped: c.Conversations - c.Sent - c.Pending,
	}
	if c.Pending > 0 {
		j.Status = "sending"
	}
	j.By, err = s.member(ctx, c.Actor)
	return j, err
}

func (s *Server) corrections(ctx context.Context, who identity.Principal, in *correctionsInput) (*correctionsOutput, error) {
	if !who.Has(sourceReaders...) {
		return nil, errRole
	}
	const list = "corrections"
	after, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Corrections.Corrections(ctx, review.CorrectionFilter{Site: in.Site, After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &correctionsOutput{}
	out.Body.Items, out.Body.Next = make([]correctionJSON, len(page)), s.cursor(list, next)
	owners := make([]identity.CustomerID, len(page))
	for i, c := range page {
		owners[i] = c.Customer
	}
	opened, err := s.openOwn(ctx, who, in.reason(), owners)
	if err != nil {
		return nil, err
	}
	for i, c := range page {
		if out.Body.Items[i], err = s.toCorrection(ctx, c, !opened[c.Customer]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Server) correction(ctx context.Context, who identity.Principal, in *correctionID) (*correctionOutput, error) {
	if !who.Has(sourceReaders...) {
		return nil, errRole
	}
	c, err := s.Corrections.Correction(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	opened, err := s.openOwn(ctx, who, in.reason(), []identity.CustomerID{c.Customer})
	if err != nil {
		return nil, err
	}
	j, err := s.toCorrection(ctx, c, !opened[c.Customer])
	return &correctionOutput{j}, err
}
