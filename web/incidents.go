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

// Incidents is what went wrong with somebody's data, and what was done about it.
type Incidents interface {
	AddIncident(ctx context.Context, site identity.SiteID, e review.IncidentEvent) (review.Incident, error)
	ChangeIncident(ctx context.Context, id string, e review.IncidentEvent) (review.Incident, error)
	Incident(ctx context.Context, id string) (review.Incident, error)
	// Incidents returns incidents without their history.
	Incidents(ctx context.Context, f review.IncidentFilter) ([]review.Incident, consent.Place, error)
}

// Who may see incidents, and who records them.
var (
	incidentReaders = []identity.Role{identity.RolePrivacy, identity.RoleAuditor, identity.RoleReviewer}
	incidentWriters = []identity.Role{identity.RolePrivacy}
)

type clockJSON struct {
	Law     review.Law    `json:"law" enum:"gdpr,anpd"`
	To      []review.Told `json:"to" doc:"Who has to be told by then"`
	Due     time.Time     `json:"due"`
	Binding bool          `json:"binding" doc:"It is the law of the site's jurisdiction; where that is neither, both are"`
	Met     *time.Time    `json:"met,omitempty" doc:"When all of them were told"`
	Overdue bool          `json:"overdue"`
}

// IncidentSummary is an incident without what was done. It is exported so that the
// API's description has it where it is embedded.
type IncidentSummary struct {
	ID           string                `json:"id"`
	Site         identity.SiteID       `json:"site,omitempty" doc:"Absent: it concerns all sites"`
	Kind         review.IncidentKind   `json:"kind"`
	Status       review.IncidentStatus `json:"status"`
	Jurisdiction string                `json:"jurisdiction"`
	Title        string                `json:"title"`
	Found        time.Time             `json:"found_at"`
	At           time.Time             `json:"at" doc:"When it was recorded"`
	Answers      int64                 `json:"answers" doc:"How many are affected, as far as is known"`
	Customers    int64                 `json:"customers"`
	Clocks       []clockJSON           `json:"clocks"`
	Overdue      bool                  `json:"overdue"`
	Due          *time.Time            `json:"due,omitempty" doc:"Of the clocks that bind, the next"`
	Closed       *time.Time            `json:"closed,omitempty"`
}

type notificationJSON struct {
	To   review.Told `json:"to" enum:"authority,customers"`
	At   time.Time   `json:"at" doc:"When they were told"`
	Note string      `json:"note,omitempty"`
}

type incidentEventJSON struct {
	At     time.Time           `json:"at"`
	By     *memberJSON         `json:"by,omitempty"`
	Action review.IncidentStep `json:"action" enum:"open,note,notify,close,reopen,change"`
	Note   string              `json:"note,omitempty"`
	Title  string              `json:"title,omitempty" doc:"Where it was given another one"`
	// Changes is what it set.
	Changes review.IncidentChange `json:"changes"`
}

type incidentOutput struct {
	Body struct {
		IncidentSummary
		Notes         string              `json:"notes,omitempty" doc:"What was known at the beginning"`
		Notifications []notificationJSON  `json:"notifications"`
		History       []incidentEventJSON `json:"history"`
		MayAct        bool                `json:"may_act" doc:"Whether my role can change it"`
	}
}

type incidentsInput struct {
	Cursor string                `query:"cursor"`
	Limit  int                   `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Site   identity.SiteID       `query:"site"`
	Kind   review.IncidentKind   `query:"kind" enum:"data_shown_to_wrong_person,used_without_consent,wrong_answer,log_altered,other"`
	Status review.IncidentStatus `query:"status" enum:"open,notified,closed"`
}

// Resolve refuses a filter that is there and empty: it must never mean "any".
func (*incidentsInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

type incidentsOutput struct {
	Body struct {
		Items []IncidentSummary `json:"items"`
		Next  string            `json:"next,omitempty"`
	}
}

type newIncidentInput struct {
	Body struct {
		Site      identity.SiteID     `json:"site,omitempty" doc:"Absent: it concerns all sites"`
		Kind      review.IncidentKind `json:"kind" enum:"data_shown_to_wrong_person,used_without_consent,wrong_answer,log_altered,other"`
		Title     string              `json:"title" doc:"At most 200 characters; name no customer"`
		Notes     string              `json:"notes,omitempty" doc:"At most 4000 characters; name no customer"`
		Found     time.Time           `json:"found_at" doc:"When the company learned of it: the clocks begin"`
		Answers   *int64              `json:"answers,omitempty" doc:"How many are affected, as far as is known"`
		Customers *int64              `json:"customers,omitempty"`
	}
}

type changeIncidentInput struct {
	ID   string `path:"id"`
	Body struct {
		Status       *review.IncidentStatus `json:"status,omitempty" enum:"open,notified,closed"`
		Kind         *review.IncidentKind   `json:"kind,omitempty" enum:"data_shown_to_wrong_person,used_without_consent,wrong_answer,log_altered,other"`
		Title        string                 `json:"title,omitempty"`
		Note         string                 `json:"note,omitempty" doc:"At most 4000 characters; name no customer"`
		Found        *time.Time             `json:"found_at,omitempty"`
		Answers      *int64                 `json:"answers,omitempty"`
		Customers    *int64                 `json:"customers,omitempty"`
		Notification *struct {
			To review.Told `json:"to" enum:"authority,customers"`
			At time.Time   `json:"at"`
		} `json:"notification,omitempty" doc:"Somebody was told"`
	}
}

// incidentSaved holds nothing that was written: a remembered response is not for it.
type incidentSaved struct {
	Body struct {
		ID     string                `json:"id"`
		Status review.IncidentStatus `json:"status"`
		Clocks []clockJSON           `json:"clocks"`
	}
}

func (s *Server) incidentRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "incidents", Method: http.MethodGet, Path: "/api/admin/incidents",
		Summary: "Incidents, the latest first",
	}, s.incidents)
	register(s, staffOnly, huma.Operation{
		OperationID: "addIncident", Method: http.MethodPost, Path: "/api/admin/incidents",
		Summary: "Record an incident", DefaultStatus: http.StatusCreated,
	}, s.addIncident)
	register(s, staffOnly, huma.Operation{
		OperationID: "incident", Method: http.MethodGet, Path: "/api/admin/incidents/{id}",
		Summary: "An incident with its clocks and what was done",
	}, s.incident)
	register(s, staffOnly, huma.Operation{
		OperationID: "changeIncident", Method: http.MethodPatch, Path: "/api/admin/incidents/{id}",
		Summary: "Note what was done about an incident, and who was told", DefaultStatus: http.StatusOK,
	}, s.changeIncident)
}

func toClocks(x review.Incident, now time.Time) []clockJSON {
	clocks := x.Clocks()
	out := make([]clockJSON, len(clocks))
	for i, c := range clocks {
		out[i] = clockJSON{c.Law, c.To, c.Due, c.Binding, optional(c.Met), c.Overdue(now) && x.Status != review.IncidentClosed}
	}
	return out
}

func toIncident(x review.Incident, now time.Time) IncidentSummary {
	return IncidentSummary{
		ID: x.ID, Site: x.Site, Kind: x.Kind, Status: x.Status, Jurisdiction: x.Jurisdiction, Title: x.Title, Found: x.Found, At: x.At,
		Answers: x.Answers, Customers: x.Customers, Clocks: toClocks(x, now), Overdue: x.Overdue(now), Due: optional(x.Due()), Closed: optional(x.Closed),
	}
}

func (s *Server) incidents(ctx context.Context, who identity.Principal, in *incidentsInput) (*incidentsOutput, error) {
	if !who.Has(incidentReaders...) {
		return nil, errRole
	}
	const list = "incidents"
	after, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := s.Incidents.Incidents(ctx, review.IncidentFilter{Site: in.Site, Kind: in.Kind, Status: in.Status, After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	now, err := s.Directory.Now(ctx)
	if err != nil {
		return nil, err
	}
	out := &incidentsOutput{}
	out.Body.Items, out.Body.Next = make([]IncidentSummary, len(page)), s.cursor(list, next)
	for i, x := range page {
		out.Body.Items[i] = toIncident(x, now)
	}
	return out, nil
}

func (s *Server) incident(ctx context.Context, who identity.Principal, in *conversationID) (*incidentOutput, error) {
	if !who.Has(incidentReaders...) {
		return nil, errRole
	}
	x, err := s.Incidents.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	now, err := s.Directory.Now(ctx)
	if err != nil {
		return nil, err
	}
	out := &incidentOutput{}
	b := &out.Body
	b.IncidentSummary, b.MayAct = toIncident(x, now), who.Has(incidentWriters...)
	b.Notifications, b.History = []notificationJSON{}, make([]incidentEventJSON, len(x.History))
	for i, step := range x.Steps() {
		e := x.History[i]
		j := incidentEventJSON{At: e.At, Action: step, Note: e.Note, Title: e.Title, Changes: e.IncidentChange}
		if i == 0 { // they are the incident's own
			b.Notes, j.Note, j.Title = e.Note, "", ""
		}
		for to, at := range map[review.Told]*time.Time{review.ToAuthority: e.Authority, review.ToCustomers: e.Told} {
			if at != nil {
				b.Notifications = append(b.Notifications, notificationJSON{to, *at, j.Note})
			}
		}
		if j.By, err = s.member(ctx, e.Actor); err != nil {
			return nil, err
		}
		b.History[i] = j
	}
	return out, nil
}

func (s *Server) addIncident(ctx context.Context, who identity.Principal, in *newIncidentInput) (*incidentSaved, error) {
	if !who.Has(incidentWriters...) {
		return nil, errRole
	}
	b := in.Body
	x, err := s.Incidents.AddIncident(ctx, b.Site, review.IncidentEvent{Actor: who.Actor(), IncidentChange: review.IncidentChange{
		Kind: &b.Kind, Found: &b.Found, Title: b.Title, Note: b.Notes, Answers: b.Answers, Customers: b.Customers,
	}})
	return s.savedIncident(ctx, x, err)
}

func (s *Server) changeIncident(ctx context.Context, who identity.Principal, in *changeIncidentInput) (*incidentSaved, error) {
	if !who.Has(incidentWriters...) {
		return nil, errRole
	}
	b := in.Body
	c := review.IncidentChange{
		Status: b.Status, Kind: b.Kind, Found: b.Found, Answers: b.Answers, Customers: b.Customers, Title: b.Title, Note: b.Note,
	}
	if n := b.Notification; n != nil {
		if n.To == review.ToAuthority {
			c.Authority = &n.At
		} else {
			c.Told = &n.At
		}
	}
	x, err := s.Incidents.ChangeIncident(ctx, in.ID, review.IncidentEvent{Actor: who.Actor(), IncidentChange: c})
	return s.savedIncident(ctx, x, err)
}

func (s *Server) savedIncident(ctx context.Context, x review.Incident, err error) (*incidentSaved, error) {
	if err != nil {
		return nil, err
	}
	now, err := s.Directory.Now(ctx)
	out := &incidentSaved{}
	out.Body.ID, out.Body.Status, out.Body.Clocks = x.ID, x.Status, toClocks(x, now)
	return out, err
}
