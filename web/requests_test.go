package web

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/consent"
	"candor/identity"
)

// requests is what the tests do not reach.
type requests = Requests

// asked is what a database of requests was asked.
type asked struct {
	requests
	filter consent.RequestFilter
	event  consent.RequestEvent
	reader identity.Principal
	err    error
}

// spoken is a request with words.
var spoken = consent.Request{
	ID: "req_1", Site: brand, Customer: "cus_1", Kind: consent.ComplaintRequest, Status: consent.RequestOpen, Detail: "my canary words",
	Due: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), History: []consent.RequestEvent{
		{Actor: "customer:cus_1", Action: consent.ActOpen}, {Actor: "staff:stf_1", Action: consent.ActNote, Note: "a canary note"},
	},
}

func (a *asked) Requests(_ context.Context, f consent.RequestFilter) ([]consent.Request, consent.Place, error) {
	a.filter = f
	return []consent.Request{spoken}, consent.Place{Rank: 7, ID: "req_1"}, a.err
}

func (a *asked) ReadRequest(_ context.Context, _ string, who identity.Principal) (consent.Request, error) {
	a.reader = who
	return spoken, a.err
}

func (a *asked) ActOnRequest(_ context.Context, _ string, e consent.RequestEvent) (consent.Request, error) {
	a.event = e
	return spoken, a.err
}

func (a *asked) CountRequests(context.Context) ([]consent.RequestCount, error) {
	return []consent.RequestCount{{Kind: consent.ComplaintRequest, Open: 1, Overdue: 1}}, a.err
}

// office is a directory whose member of staff has some role, at some time.
type office struct {
	directory
	role identity.Role
}

func (o office) Staff(context.Context, identity.StaffID) (identity.StaffMember, error) {
	return identity.StaffMember{ID: "stf_1", Name: "Sam", Roles: []identity.Role{o.role}}, nil
}

func (o office) Now(context.Context) (time.Time, error) { return spoken.Due, nil }

func newOffice(t *testing.T, role identity.Role) (*replica, *asked) {
	t.Helper()
	a := &asked{}
	d := newDatabase()
	return newReplica(t, d, func(o *Options) {
		o.Directory, o.Requests = office{directory{database: d}, role}, a
	}), a
}

// TestRequestRoles: who may see what customers ask, and who may answer.
func TestRequestRoles(t *testing.T) {
	t.Parallel()
	for _, role := range identity.Roles {
		reads, acts := http.StatusForbidden, http.StatusForbidden
		switch role {
		case identity.RolePrivacy, identity.RoleAdmin:
			reads, acts = http.StatusOK, http.StatusOK
		case identity.RoleAuditor:
			reads = http.StatusOK
		case identity.RoleAgent, identity.RoleSupervisor, identity.RoleReviewer, identity.RoleAnalyst:
		}
		r, a := newOffice(t, role)
		for _, path := range []string{"/api/admin/requests", "/api/admin/requests/req_1"} {
			res := r.do("GET", path, "")
			if res.status != reads || reads != http.StatusOK && strings.Contains(fmt.Sprint(res.body), "canary") {
				t.Errorf("%s reads %s: %d %v", role, path, res.status, res.body)
			}
			if reads == http.StatusOK && strings.HasSuffix(path, "req_1") && res.body["may_act"] != (acts == http.StatusOK) {
				t.Errorf("%s may act: %v", role, res.body["may_act"])
			}
		}
		if reads == http.StatusOK && a.reader.Staff != "stf_1" {
			t.Errorf("%s reads as %v", role, a.reader)
		}
		if res := r.do("POST", "/api/admin/requests/req_1", `{"action":"start"}`); res.status != acts {
			t.Errorf("%s acts: %d", role, res.status)
		}
		if acted := a.event.Action != ""; acted != (acts == http.StatusOK) {
			t.Errorf("%s acted: %t", role, acted)
		}
	}
}

// TestRequestFilters: what is asked for is what is looked for, and nothing is
// guessed.
func TestRequestFilters(t *testing.T) {
	t.Parallel()
	r, a := newOffice(t, identity.RolePrivacy)
	for query, want := range map[string]consent.RequestFilter{
		"": {Limit: 50},
		"?kind=complaint&status=in_progress&overdue=true&site=shop&limit=3": {
			Kind: consent.ComplaintRequest, Status: consent.RequestInProgress, Overdue: true, Site: "shop", Limit: 3,
		},
		"?overdue=false": {Limit: 50},
		"?cursor=" + r.cursor("requests", consent.Place{Rank: 9, ID: "req_9"}): {
			Limit: 50, After: consent.Place{Rank: 9, ID: "req_9"},
		},
	} {
		res := r.do("GET", "/api/admin/requests"+query, "")
		if res.status != http.StatusOK || a.filter != want || strings.Contains(fmt.Sprint(res.body), "canary") {
			t.Errorf("%s: %d, %+v, %v", query, res.status, a.filter, res.body)
		}
	}
	for query, want := range map[string]int{
		"?kind=": 422, "?site=": 422, "?status=": 422, "?overdue=": 422, "?cursor=": 422, "?kind=revenge": 422, "?status=lost": 422, "?overdue=maybe": 422,
		"?limit=0": 422, "?limit=201": 422, "?limit=x": 422, "?cursor=x": 400, "?cursor=" + r.cursor("citations", consent.Place{Rank: 1}): 400,
		"?cursor=" + r.cursor("requests of cus_1", consent.Place{Rank: 9, ID: "req_9"}): 400,
	} {
		if res := r.do("GET", "/api/admin/requests"+query, ""); res.status != want {
			t.Errorf("%s: %d, want %d", query, res.status, want)
		}
	}
}

// TestRequestActions: each field reaches the store; the response, which is
// remembered under the house's key, holds nothing that was said.
func TestRequestActions(t *testing.T) {
	t.Parallel()
	r, a := newOffice(t, identity.RolePrivacy)
	res := r.do("POST", "/api/admin/requests/req_1",
		`{"action":"done","note":"We looked.","for_customer":true,"record":{"outcome":"kept"}}`, "Idempotency-Key", "k")
	want := consent.RequestEvent{Actor: "staff:stf_1", Action: consent.ActDone, Note: "We looked.", ForCustomer: true, Outcome: consent.RecordKept}
	if res.status != http.StatusOK || a.event != want || strings.Contains(fmt.Sprint(res.body), "canary") || res.body["overdue"] != true {
		t.Errorf("%d, %+v, %v", res.status, a.event, res.body)
	}
	a.event = consent.RequestEvent{}
	for body, want := range map[string]int{
		`{}`: 422, `{"action":"delete"}`: 422, `{"action":"open"}`: 422, `{"action":"erased"}`: 422, `{"action":7}`: 422, `[]`: 422, `{`: 400,
		`{"action":"done","record":{"outcome":"lost"}}`: 422, `{"action":"done","record":{}}`: 422,
		`{"action":"note","note":"` + strings.Repeat("x", 70_000) + `"}`: 413,
	} {
		if res := r.do("POST", "/api/admin/requests/req_1", body); res.status != want || a.event.Action != "" {
			t.Errorf("%.60s: %d, want %d; %+v", body, res.status, want, a.event)
		}
	}
	if res := r.do("POST", "/api/admin/requests/req_1", `{"action":"start"}`, csrfHeader, "another"); res.status != http.StatusForbidden || a.event.Action != "" {
		t.Errorf("without the token: %d", res.status)
	}
	for err, want := range map[error]int{
		consent.ErrUnknownRequest: 404, consent.ErrRequestState: 409, consent.ErrRequestStep: 422, consent.ErrRequestErased: 409,
		consent.ErrDisputed: 409, errors.New("canary"): 500,
	} {
		a.err = fmt.Errorf("%w: more", err)
		if res := r.do("POST", "/api/admin/requests/req_1", `{"action":"start"}`); res.status != want || want == 500 && strings.Contains(fmt.Sprint(res.body), "canary") {
			t.Errorf("%v: %d %v, want %d", err, res.status, res.body, want)
		}
	}
}

// TestCursors: a cursor goes on where it was made, in its list, and one that
// was changed goes nowhere.
func TestCursors(t *testing.T) {
	t.Parallel()
	r := newReplica(t, newDatabase())
	rapid.Check(t, func(t *rapid.T) {
		p := consent.Place{Rank: rapid.Int64().Draw(t, "rank"), ID: rapid.String().Draw(t, "id")}
		c := r.cursor("list", p)
		if got, err := r.readCursor("list", c); err != nil || got != p {
			t.Fatalf("%+v, %v", got, err)
		}
		if p == (consent.Place{}) {
			return // the beginning is the same everywhere
		}
		if got, err := r.readCursor("other", c); err == nil {
			t.Fatalf("in another list it is %+v", got)
		}
		b, err := base64.RawURLEncoding.DecodeString(c)
		if err != nil {
			t.Fatal(err)
		}
		b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if got, err := r.readCursor("list", base64.RawURLEncoding.EncodeToString(b)); err == nil {
			t.Fatalf("changed it is %+v", got)
		}
	})
}
