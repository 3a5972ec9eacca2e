package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
)

type eventJSON struct {
	ID           string            `json:"id" doc:"Also that of its receipt"`
	At           time.Time         `json:"at"`
	Purpose      consent.Purpose   `json:"purpose"`
	Category     consent.Category  `json:"category"`
	Recipient    consent.Recipient `json:"recipient"`
	State        consent.State     `json:"state"`
	Channel      string            `json:"channel"`
	Actor        string            `json:"actor" doc:"Who: customer, visitor, guardian, site, browser, staff or system"`
	Language     string            `json:"language"`
	Jurisdiction string            `json:"jurisdiction,omitempty"`
	Notice       consent.NoticeRef `json:"notice"`
	Conversation string            `json:"conversation,omitempty" doc:"The one that it is limited to"`
	Expires      *time.Time        `json:"expires,omitempty"`
	Delete       bool              `json:"delete,omitempty"`
}

type historyInput struct {
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type historyOutput struct {
	Body struct {
		Items []eventJSON `json:"items"`
		Next  string      `json:"next,omitempty"`
	}
}

type pastInput struct {
	At     time.Time `query:"at" required:"true" doc:"RFC 3339"`
	Accept string    `header:"Accept-Language"`
}

type pastChoiceJSON struct {
	choiceJSON
	Conversation string             `json:"conversation,omitempty"`
	Language     string             `json:"language,omitempty"`
	Notice       *consent.NoticeRef `json:"notice,omitempty"`
	Text         string             `json:"text,omitempty" doc:"Of the notice, as it was shown"`
}

type pastOutput struct {
	Body struct {
		At            time.Time        `json:"at"`
		Epoch         int64            `json:"epoch"`
		PolicyVersion string           `json:"policy_version"`
		Choices       []pastChoiceJSON `json:"choices"`
	}
}

type customerConsentsInput struct {
	Customer string    `query:"customer" required:"true" minLength:"1" doc:"Candor's own id"`
	At       time.Time `query:"at" doc:"RFC 3339; without it, now"`
}

type customerConsentsOutput struct {
	Body struct {
		Customer      identity.CustomerID `json:"customer"`
		At            time.Time           `json:"at"`
		Epoch         int64               `json:"epoch"`
		PolicyVersion string              `json:"policy_version"`
		Choices       []pastChoiceJSON    `json:"choices"`
		Events        []eventJSON         `json:"events" doc:"Those up to the time, oldest first"`
	}
}

type reportInput struct {
	ID     string `path:"id" doc:"The site's own id for the customer"`
	Accept string `header:"Accept-Language"`
	Body   struct {
		Changes  []changeJSON      `json:"changes"`
		Notice   consent.NoticeRef `json:"notice,omitempty" doc:"The notice that the customer was shown"`
		Language string            `json:"language,omitempty" doc:"The language that it was shown in, BCP 47"`
		At       *time.Time        `json:"at,omitempty" doc:"When the customer chose"`
		Channel  string            `json:"channel,omitempty" doc:"Where: checkout, account, phone, ..."`
		Page     string            `json:"page,omitempty" doc:"The address of the page"`
		By       string            `json:"by,omitempty" enum:"customer,guardian" doc:"Who chose"`
	}
}

func (s *Server) consentRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "consentHistory", Method: http.MethodGet, Path: "/api/me/consents/history",
		Summary: "Everything that was chosen, newest first",
	}, s.consentHistory)
	register(s, customers, huma.Operation{
		OperationID: "consentsAt", Method: http.MethodGet, Path: "/api/me/consents/past",
		Summary: "What was allowed at a time, and under which notice",
	}, s.consentsAt)
	register(s, staffOnly, huma.Operation{
		OperationID: "customerConsents", Method: http.MethodGet, Path: "/api/admin/consents",
		Summary: "What a customer allowed at a time, and under which notice",
	}, s.customerConsents)
	register(s, sites, huma.Operation{
		OperationID: "reportConsents", Method: http.MethodPut, Path: "/api/customers/{id}/consents",
		Summary: "Report choices that a customer made on the site, with the evidence",
	}, s.reportConsents)
}

func (s *Server) consentHistory(ctx context.Context, who identity.Principal, in *historyInput) (*historyOutput, error) {
	page, next, err := s.ledgerPage(ctx, who, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{}
	out.Body.Items, out.Body.Next = make([]eventJSON, len(page)), next
	for i, e := range page {
		out.Body.Items[i] = toEvent(e)
	}
	return out, nil
}

func toEvent(e consent.Event) eventJSON {
	return eventJSON{
		ID: e.ID, At: e.At, Purpose: e.Purpose, Category: e.Category, Recipient: e.Recipient, State: e.State, Channel: e.Channel,
		Actor: e.ActorKind(), Language: e.Language, Jurisdiction: e.Jurisdiction, Notice: e.Notice, Conversation: e.Conversation,
		Expires: optional(e.Expires), Delete: e.Delete,
	}
}

func (s *Server) consentsAt(ctx context.Context, who identity.Principal, in *pastInput) (*pastOutput, error) {
	past, err := s.Gate.At(ctx, who.Customer, in.At)
	if err != nil {
		return nil, err
	}
	site, err := s.Directory.Site(ctx, who.Site)
	if err != nil {
		return nil, err
	}
	out := &pastOutput{}
	out.Body.At, out.Body.Epoch, out.Body.PolicyVersion = past.At, past.Epoch, past.PolicyVersion
	out.Body.Choices = toPast(past.Choices, site.Name)
	return out, nil
}

func toPast(choices []consent.PastChoice, brand string) []pastChoiceJSON {
	out := make([]pastChoiceJSON, len(choices))
	for i, c := range choices {
		out[i] = pastChoiceJSON{
			choiceJSON: toChoices([]consent.Choice{c.Choice})[0], Conversation: c.Conversation,
			Language: c.Language, Text: branded(c.Text, brand),
		}
		if c.Notice != (consent.NoticeRef{}) {
			out[i].Notice = &c.Notice
		}
	}
	return out
}

func (s *Server) customerConsents(ctx context.Context, who identity.Principal, in *customerConsentsInput) (*customerConsentsOutput, error) {
	if !who.Has(reviewers...) {
		return nil, errRole
	}
	customer := identity.CustomerID(in.Customer)
	if in.At.IsZero() {
		now, err := s.Directory.Now(ctx)
		if err != nil {
			return nil, err
		}
		in.At = now
	}
	past, err := s.Gate.At(ctx, customer, in.At)
	if err != nil {
		return nil, err
	}
	events, err := s.Gate.History(ctx, who.About(customer, ""))
	if err != nil {
		return nil, err
	}
	if err := s.Accesses.Accessed(ctx, consent.Access{Customer: customer, Actor: who.Actor(), Kind: consent.ChoicesAccess}); err != nil {
		return nil, err
	}
	out := &customerConsentsOutput{}
	b := &out.Body
	b.Customer, b.At, b.Epoch, b.PolicyVersion = customer, past.At, past.Epoch, past.PolicyVersion
	b.Choices, b.Events = toPast(past.Choices, "{brand}"), []eventJSON{}
	for _, e := range events {
		if !e.At.After(in.At) {
			b.Events = append(b.Events, toEvent(e))
		}
	}
	return out, nil
}

func (s *Server) reportConsents(ctx context.Context, who identity.Principal, in *reportInput) (*changeOutput, error) {
	b := in.Body
	evidence := consent.Evidence{
		Notice: b.Notice, Language: b.Language, Channel: b.Channel, Page: b.Page, Guardian: b.By == consent.Guardian,
	}
	if b.At != nil {
		evidence.At = *b.At
	}
	var changes []consent.Change
	grants := false
	for _, c := range b.Changes {
		changes = append(changes, c.change())
		grants = grants || c.Granted
	}
	var err error
	if who.Customer, err = s.reported(ctx, who, in.ID, grants); err != nil {
		return nil, err
	}
	if who.Kind == identity.Browser {
		// SECURITY: anybody can read the key: what comes back must not tell whether
		// there is such a customer, nor what they chose.
		if _, err := s.Gate.Report(ctx, who, changes, evidence); err != nil && !errors.Is(err, consent.ErrUnknownCustomer) {
			return nil, err
		}
		return changeOf(consent.Changed{}), nil
	}
	changed, err := s.Gate.Report(ctx, who, changes, evidence)
	if err != nil {
		return nil, err
	}
	return changeOf(changed), nil
}

// reported returns the customer that a site reports a choice of. Somebody may have
// agreed on the site before they ever chatted: then they are made.
func (s *Server) reported(ctx context.Context, who identity.Principal, id string, grants bool) (identity.CustomerID, error) {
	customer, known, err := s.Directory.FindCustomer(ctx, who.Site, id)
	if err != nil || known || !grants || who.Kind != identity.Backend {
		return customer, err
	}
	return s.Directory.Customer(ctx, who.Site, id)
}

func changeOf(c consent.Changed) *changeOutput {
	out := &changeOutput{}
	out.Body.Epoch, out.Body.Choices, out.Body.Receipts = c.Epoch, toChoices(c.Choices.Choices), []string{}
	for _, e := range c.Events {
		out.Body.Receipts = append(out.Body.Receipts, e.ID)
	}
	return out
}
