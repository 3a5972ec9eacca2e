package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
)

// Requests is what customers ask about their data, and what is done about it.
type Requests interface {
	AddRequest(ctx context.Context, r consent.Request) error
	RequestsOf(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) ([]consent.Request, consent.Place, error)
	// Requests returns requests without words and history.
	Requests(ctx context.Context, f consent.RequestFilter) ([]consent.Request, consent.Place, error)
	// ReadRequest records that the member of staff has looked.
	ReadRequest(ctx context.Context, id string, who identity.Principal) (consent.Request, error)
	ActOnRequest(ctx context.Context, id string, e consent.RequestEvent) (consent.Request, error)
	CountRequests(ctx context.Context) ([]consent.RequestCount, error)
}

type requestInput struct {
	Body struct {
		Kind         consent.RequestKind `json:"kind" enum:"access,rectification,erasure,complaint"`
		Text         string              `json:"text,omitempty" doc:"In my own words, at most 4000 characters; a complaint and a rectification need it"`
		Conversation string              `json:"conversation_id,omitempty" doc:"The conversation that it is about"`
	}
}

type requestedOutput struct {
	Body struct {
		ID     string                `json:"id"`
		Status consent.RequestStatus `json:"status"`
		Due    time.Time             `json:"due" doc:"By when there is an answer"`
	}
}

// toldJSON is a note that the customer is meant to read.
type toldJSON struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// myRequestJSON is a request as its customer sees it.
type myRequestJSON struct {
	ID     string                `json:"id"`
	Kind   consent.RequestKind   `json:"kind"`
	Status consent.RequestStatus `json:"status"`
	At     time.Time             `json:"at"`
	Due    time.Time             `json:"due"`
	Closed *time.Time            `json:"closed,omitempty"`
	Text   string                `json:"text,omitempty"`
	Record string                `json:"record_id,omitempty" doc:"The record that I said is wrong"`
	Answer string                `json:"answer_id,omitempty" doc:"The answer that I complained about"`
	// Complaint is what I said is wrong with that answer.
	Complaint consent.ComplaintKind `json:"complaint,omitempty"`
	// Outcome is what became of that record.
	Outcome consent.RecordOutcome `json:"outcome,omitempty"`
	Notes   []toldJSON            `json:"notes" doc:"What the company says"`
}

type myRequestsOutput struct {
	Body struct {
		Items []myRequestJSON `json:"items"`
		Next  string          `json:"next,omitempty"`
	}
}

func (s *Server) requestRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "myRequests", Method: http.MethodGet, Path: "/api/me/requests",
		Summary: "What I asked about my data: what is due next comes first",
	}, s.myRequests)
	register(s, customers, huma.Operation{
		OperationID: "makeRequest", Method: http.MethodPost, Path: "/api/me/requests",
		Summary: "Ask the company something about my data", DefaultStatus: http.StatusCreated,
	}, s.makeRequest)
	register(s, staffOnly, huma.Operation{
		OperationID: "requests", Method: http.MethodGet, Path: "/api/admin/requests",
		Summary: "What customers have asked: what is due next comes first",
	}, s.requests)
	register(s, staffOnly, huma.Operation{
		OperationID: "request", Method: http.MethodGet, Path: "/api/admin/requests/{id}",
		Summary: "A request with its words and history; the customer learns who looked",
	}, s.request)
	register(s, staffOnly, huma.Operation{
		OperationID: "actOnRequest", Method: http.MethodPost, Path: "/api/admin/requests/{id}",
		Summary: "Start, note, close or reopen a request", DefaultStatus: http.StatusOK,
	}, s.actOnRequest)
}

func (s *Server) myRequests(ctx context.Context, who identity.Principal, in *listInput) (*myRequestsOutput, error) {
	list := "requests of " + string(who.Customer)
	after, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Requests.RequestsOf(ctx, who.Customer, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &myRequestsOutput{}
	out.Body.Items, out.Body.Next = make([]myRequestJSON, len(page)), s.cursor(list, next)
	for i, r := range page {
		j := myRequestJSON{
			ID: r.ID, Kind: r.Kind, Status: r.Status, At: r.At, Due: r.Due, Closed: optional(r.Closed),
			Text: r.Detail, Record: r.Record, Answer: r.Answer, Complaint: r.Complaint, Notes: []toldJSON{},
		}
		for _, e := range r.History {
			if e.ForCustomer && e.Note != "" {
				j.Notes = append(j.Notes, toldJSON{e.At, e.Note})
			}
			if r.Status.Closed() && e.Outcome != "" {
				j.Outcome = e.Outcome
			}
		}
		out.Body.Items[i] = j
	}
	return out, nil
}

func (s *Server) makeRequest(ctx context.Context, who identity.Principal, in *requestInput) (*requestedOutput, error) {
	r, err := s.Gate.NewRequest(ctx, who, in.Body.Kind, s.hide(in.Body.Text, ""))
	if err != nil {
		return nil, err
	}
	if in.Body.Conversation != "" {
		c, err := s.Conversations.Own(ctx, who, in.Body.Conversation)
		if err != nil {
			return nil, err
		}
		r.Conversation = c.ID
	}
	return s.addRequest(ctx, r)
}

func (s *Server) addRequest(ctx context.Context, r consent.Request) (*requestedOutput, error) {
	if err := s.Requests.AddRequest(ctx, r); err != nil {
		return nil, err
	}
	out := &requestedOutput{}
	out.Body.ID, out.Body.Status, out.Body.Due = r.ID, r.Status, r.Due
	return out, nil
}

// Who may see what customers ask, and who may answer.
var (
	requestReaders   = []identity.Role{identity.RolePrivacy, identity.RoleAuditor}
	requestAnswerers = []identity.Role{identity.RolePrivacy}
)

type requestsInput struct {
	Cursor  string                `query:"cursor"`
	Limit   int                   `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Kind    consent.RequestKind   `query:"kind" enum:"access,rectification,erasure,complaint"`
	Status  consent.RequestStatus `query:"status" enum:"open,in_progress,done,refused"`
	Overdue bool                  `query:"overdue"`
	Site    identity.SiteID       `query:"site"`
}

// Resolve refuses a filter that is there and empty: it must never mean "any".
func (*requestsInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

// RequestSummary is a request in the list of staff: nothing that the customer said.
// It is exported so that the API's description has it where it is embedded.
type RequestSummary struct {
	ID           string                `json:"id"`
	Kind         consent.RequestKind   `json:"kind"`
	Status       consent.RequestStatus `json:"status"`
	Site         identity.SiteID       `json:"site"`
	Customer     identity.CustomerID   `json:"customer"`
	Jurisdiction string                `json:"jurisdiction"`
	At           time.Time             `json:"at"`
	Due          time.Time             `json:"due"`
	Closed       *time.Time            `json:"closed,omitempty"`
	Overdue      bool                  `json:"overdue"`
	Disputes     bool                  `json:"disputes" doc:"It says that a record is wrong, which is not used meanwhile"`
	// Answer is the one that a complaint is about.
	Answer    string                `json:"answer_id,omitempty"`
	Complaint consent.ComplaintKind `json:"complaint,omitempty" doc:"What is said to be wrong with that answer"`
}

type countJSON struct {
	Kind    consent.RequestKind `json:"kind"`
	Open    int                 `json:"open"`
	Overdue int                 `json:"overdue" doc:"Of the open ones"`
}

type requestsOutput struct {
	Body struct {
		Items  []RequestSummary `json:"items"`
		Next   string           `json:"next,omitempty"`
		Counts []countJSON      `json:"counts" doc:"Of all sites, whatever the filter"`
	}
}

type requestEventJSON struct {
	At          time.Time             `json:"at"`
	Actor       string                `json:"actor"`
	Name        string                `json:"name,omitempty" doc:"Of a member of staff"`
	Action      consent.RequestAction `json:"action"`
	Note        string                `json:"note,omitempty"`
	ForCustomer bool                  `json:"for_customer,omitempty" doc:"The customer reads the note"`
	Outcome     consent.RecordOutcome `json:"outcome,omitempty"`
}

type requestOutput struct {
	Body struct {
		RequestSummary
		Text         string             `json:"text,omitempty" doc:"The customer's words; absent if there are none, or the customer was erased"`
		Record       string             `json:"record_id,omitempty" doc:"The record that is said to be wrong"`
		Conversation string             `json:"conversation_id,omitempty"`
		History      []requestEventJSON `json:"history"`
		MayAct       bool               `json:"may_act" doc:"Whether my role can answer it"`
	}
}

type actInput struct {
	ID   string `path:"id"`
	Body struct {
		Action      consent.RequestAction `json:"action" enum:"start,note,done,refuse,reopen"`
		Note        string                `json:"note,omitempty" doc:"At most 4000 characters; a refusal needs one for the customer"`
		ForCustomer bool                  `json:"for_customer,omitempty" doc:"The customer reads the note"`
		Record      *struct {
			Outcome consent.RecordOutcome `json:"outcome" enum:"corrected,removed,kept"`
		} `json:"record,omitempty" doc:"What became of the record, when a request that says it is wrong is done"`
	}
}

// actOutput holds nothing that was said: a remembered response must not outlive an
// erasure.
type actOutput struct {
	Body RequestSummary
}

func toRequest(r consent.Request, now time.Time) RequestSummary {
	return RequestSummary{
		ID: r.ID, Kind: r.Kind, Status: r.Status, Site: r.Site, Customer: r.Customer, Jurisdiction: r.Jurisdiction,
		At: r.At, Due: r.Due, Closed: optional(r.Closed), Overdue: r.Overdue(now), Disputes: r.Record != "",
		Answer: r.Answer, Complaint: r.Complaint,
	}
}

func (s *Server) requests(ctx context.Context, who identity.Principal, in *requestsInput) (*requestsOutput, error) {
	if !who.Has(requestReaders...) {
		return nil, errRole
	}
	const list = "requests"
	after, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Requests.Requests(ctx, consent.RequestFilter{
		Site: in.Site, Kind: in.Kind, Status: in.Status, Overdue: in.Overdue, After: after, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	counts, err := s.Requests.CountRequests(ctx)
	if err != nil {
		return nil, err
	}
	now, err := s.Directory.Now(ctx)
	if err != nil {
		return nil, err
	}
	out := &requestsOutput{}
	b := &out.Body
	b.Items, b.Counts, b.Next = make([]RequestSummary, len(page)), make([]countJSON, len(counts)), s.cursor(list, next)
	for i, r := range page {
		b.Items[i] = toRequest(r, now)
	}
	for i, n := range counts {
		b.Counts[i] = countJSON{n.Kind, n.Open, n.Overdue}
	}
	return out, nil
}

func (s *Server) request(ctx context.Context, who identity.Principal, in *conversationID) (*requestOutput, error) {
	if !who.Has(requestReaders...) {
		return nil, errRole
	}
	r, err := s.Requests.ReadRequest(ctx, in.ID, who)
	if err != nil {
		return nil, err
	}
	now, err := s.Directory.Now(ctx)
	if err != nil {
		return nil, err
	}
	out := &requestOutput{}
	b := &out.Body
	b.RequestSummary, b.Text, b.Record, b.Conversation = toRequest(r, now), r.Detail, r.Record, r.Conversation
	b.History, b.MayAct = make([]requestEventJSON, len(r.History)), who.Has(requestAnswerers...)
	names := make(map[string]string)
	for i, e := range r.History {
		if _, known := names[e.Actor]; !known {
			if names[e.Actor], err = s.nameOf(ctx, e.Actor); err != nil {
				return nil, err
			}
		}
		b.History[i] = requestEventJSON{e.At, e.Actor, names[e.Actor], e.Action, e.Note, e.ForCustomer, e.Outcome}
	}
	return out, nil
}

// nameOf returns the name of a member of staff who is still there; nobody else has
// one.
func (s *Server) nameOf(ctx context.Context, actor string) (string, error) {
	id, ok := strings.CutPrefix(actor, "staff:")
	if !ok {
		return "", nil
	}
	m, err := s.Directory.Staff(ctx, identity.StaffID(id))
	if away(err) {
		return "", err
	}
	if err != nil {
		return "", nil //nolint:nilerr // an account that was closed has no name to show
	}
	return m.Name, nil
}

func (s *Server) actOnRequest(ctx context.Context, who identity.Principal, in *actInput) (*actOutput, error) {
	if !who.Has(requestAnswerers...) {
		return nil, errRole
	}
	e := consent.RequestEvent{Actor: who.Actor(), Action: in.Body.Action, Note: in.Body.Note, ForCustomer: in.Body.ForCustomer}
	if in.Body.Record != nil {
		e.Outcome = in.Body.Record.Outcome
	}
	r, err := s.Requests.ActOnRequest(ctx, in.ID, e)
	if err != nil {
		return nil, err
	}
	now, err := s.Directory.Now(ctx)
	return &actOutput{toRequest(r, now)}, err
}

// emptyFilters refuses a filter of a list that is there and empty.
func emptyFilters(ctx huma.Context) []error {
	url := ctx.URL()
	for name, values := range url.Query() {
		if slices.Contains(values, "") {
			return []error{&huma.ErrorDetail{Location: "query." + name, Message: "empty: leave it out, or give it a value"}}
		}
	}
	return nil
}
