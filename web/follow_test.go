package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

// followed is a database of what follows a verdict.
type followed struct {
	did     []string // the calls that change something
	err     error
	about   identity.CustomerID // whom corrections are about
	looks   []consent.Access    // that were recorded
	looking error
}

func (f *followed) do(what string, v any) error {
	f.did = append(f.did, fmt.Sprintf("%s %+v", what, v))
	return f.err
}

func (f *followed) Hide(_ context.Context, h review.HiddenSource) (review.HiddenSource, error) {
	return h, f.do("hide", []string{string(h.Site), h.Record, h.Note, h.Actor})
}

func (f *followed) Show(_ context.Context, site identity.SiteID, record, actor, note string) error {
	return f.do("show", []string{string(site), record, note, actor})
}

func (f *followed) Hidden(_ context.Context, x review.HiddenFilter) ([]review.HiddenSource, consent.Place, error) {
	return []review.HiddenSource{
		{ID: "hid_1", Site: brand, Record: "k1", Actor: "staff:stf_1", Note: "old", At: spoken.Due},
		{ID: "hid_2", Site: brand, Record: "o1", Customer: "cus_1", Actor: "staff:stf_1", Note: "hers", At: spoken.Due, Shown: spoken.Due, ShownBy: "staff:stf_1", Reason: "right"},
	}, consent.Place{Rank: int64(x.Limit), ID: x.Record + fmt.Sprint(x.Past)}, f.err
}

func (f *followed) HiddenOf(context.Context, identity.SiteID, []string) ([]string, error) {
	return nil, f.err
}

func (f *followed) SourceUses(_ context.Context, _ identity.SiteID, record string) (review.Uses, error) {
	return review.Uses{Answers: int64(len(record)), Conversations: 4, Customers: 3, Open: 2, Kept: 1}, f.err
}

func (f *followed) AddCorrection(_ context.Context, c review.Correction) (review.Correction, error) {
	c.ID, c.Conversations = "cor_1", 7
	return c, f.do("correct", []string{string(c.Site), c.Record, strings.Join(c.Answers, "+"), c.Text, c.Language, c.Actor})
}

func (f *followed) Correction(context.Context, string) (review.Correction, error) {
	return review.Correction{ID: "cor_1", Site: brand, Customer: f.about, Record: "o1", Text: "40 days", Actor: "staff:stf_1", Conversations: 7, Sent: 4, Pending: 1}, f.err
}

func (f *followed) Corrections(ctx context.Context, _ review.CorrectionFilter) ([]review.Correction, consent.Place, error) {
	c, err := f.Correction(ctx, "")
	return []review.Correction{c}, consent.Place{}, err
}

// shownOrder is an incident of which the authority was told.
func shownOrder() review.Incident {
	kind, found, told := review.DataShown, spoken.Due.Add(-80*time.Hour), spoken.Due.Add(-time.Hour)
	x, err := review.Incident{ID: "inc_1", Site: brand, Jurisdiction: "br-lgpd"}.With(review.IncidentEvent{
		At: found, Actor: "staff:stf_1", IncidentChange: review.IncidentChange{Kind: &kind, Found: &found, Title: "a canary title", Note: "a canary note"},
	})
	if err == nil {
		x, err = x.With(review.IncidentEvent{At: spoken.Due, Actor: "staff:stf_1", IncidentChange: review.IncidentChange{Authority: &told, Note: "by letter"}})
	}
	if err != nil {
		panic(err)
	}
	return x
}

func (f *followed) AddIncident(_ context.Context, site identity.SiteID, e review.IncidentEvent) (review.Incident, error) {
	return shownOrder(), f.do("record", []string{string(site), string(*e.Kind), e.Title, e.Note, e.Found.Format(time.DateOnly), e.Actor})
}

func (f *followed) ChangeIncident(_ context.Context, id string, e review.IncidentEvent) (review.Incident, error) {
	changes, err := json.Marshal(e.IncidentChange)
	if err != nil {
		return review.Incident{}, err
	}
	return shownOrder(), f.do("change", []string{id, string(changes), e.Title, e.Note, e.Actor})
}

func (f *followed) Incident(context.Context, string) (review.Incident, error) {
	return shownOrder(), f.err
}

func (f *followed) Incidents(context.Context, review.IncidentFilter) ([]review.Incident, consent.Place, error) {
	return []review.Incident{shownOrder()}, consent.Place{}, f.err
}

func (f *followed) Accessed(_ context.Context, looks ...consent.Access) error {
	if f.looking == nil {
		f.looks = append(f.looks, looks...)
	}
	return f.looking
}

func newFollowed(t *testing.T, role identity.Role) (*replica, *followed) {
	t.Helper()
	f := &followed{}
	d := newDatabase()
	return newReplica(t, d, func(o *Options) {
		o.Directory, o.Hiding, o.Corrections, o.Incidents, o.Accesses = office{directory{database: d}, role}, f, f, f, f
	}), f
}

const (
	hides   = `{"site":"shop","record":"k1"}`
	records = `{"kind":"other","title":"x","found_at":"2026-06-01T00:00:00Z"}`
)

// TestFollowRoles: who sees what was hidden, corrected and recorded, and who does so.
func TestFollowRoles(t *testing.T) {
	t.Parallel()
	type call struct{ method, path, body string }
	reads := []call{
		{"GET", "/api/admin/sources/hidden", ""},
		{"GET", "/api/admin/sources/shop/k1/uses", ""},
		{"GET", "/api/admin/corrections", ""},
		{"GET", "/api/admin/corrections/cor_1", ""},
		{"GET", "/api/admin/incidents", ""},
		{"GET", "/api/admin/incidents/inc_1", ""},
	}
	hiding := []call{
		{"POST", "/api/admin/sources/hide", hides},
		{"POST", "/api/admin/sources/show", hides},
		{"POST", "/api/admin/corrections", `{"site":"shop","record":"k1","text":"x"}`},
	}
	recording := []call{{"POST", "/api/admin/incidents", records}, {"PATCH", "/api/admin/incidents/inc_1", `{"note":"x"}`}}
	for _, role := range identity.Roles {
		r, f := newFollowed(t, role)
		may := func(calls []call, roles ...identity.Role) {
			t.Helper()
			allowed := (identity.Principal{Kind: identity.Staff, Roles: []identity.Role{role}}).Has(roles...)
			for _, c := range calls {
				before := len(f.did)
				res := r.do(c.method, c.path, c.body)
				if ok := res.status < 300; ok != allowed || !ok && (res.status != http.StatusForbidden || strings.Contains(fmt.Sprint(res.body), "canary")) {
					t.Errorf("%s: %s %s: %d %v", role, c.method, c.path, res.status, res.body)
				}
				if !allowed && len(f.did) > before {
					t.Errorf("%s did %v", role, f.did[before:])
				}
			}
		}
		may(reads, identity.RoleReviewer, identity.RolePrivacy, identity.RoleAuditor)
		may(hiding, identity.RoleReviewer)
		may(recording, identity.RolePrivacy)
	}
}

// TestFollowActions: each field reaches the store; nothing is guessed; a response that
// is remembered repeats nothing that was written.
func TestFollowActions(t *testing.T) {
	t.Parallel()
	r, f := newFollowed(t, identity.RoleAdmin)
	for _, tt := range []struct {
		method, path, body string
		status             int
		did                string
	}{
		{"POST", "/api/admin/sources/hide", `{"site":"shop","record":"k1","note":" old "}`, 204, "hide [shop k1 old staff:stf_1]"},
		{"POST", "/api/admin/sources/show", `{"site":"shop","record":"k1","note":"right"}`, 204, "show [shop k1 right staff:stf_1]"},
		{"POST", "/api/admin/corrections", `{"site":"shop","record":"k1","text":"40","language":"en"}`, 202, "correct [shop k1  40 en staff:stf_1]"},
		{"POST", "/api/admin/corrections", `{"site":"shop","answers":["ans_1","ans_2"],"text":"40"}`, 202, "correct [shop  ans_1+ans_2 40  staff:stf_1]"},
		{
			"POST", "/api/admin/incidents", `{"site":"shop","kind":"wrong_answer","title":"t","notes":"n","found_at":"2026-06-01T00:00:00Z","answers":3,"customers":2}`, 201,
			"record [shop wrong_answer t n 2026-06-01 staff:stf_1]",
		},
		{"PATCH", "/api/admin/incidents/inc_1", `{"note":"n"}`, 200, "change [inc_1 {}  n staff:stf_1]"},
		{
			"PATCH", "/api/admin/incidents/inc_1", `{"status":"closed","answers":0,"notification":{"to":"customers","at":"2026-06-01T00:00:00Z"}}`, 200,
			`change [inc_1 {"status":"closed","answers":0,"told":"2026-06-01T00:00:00Z"}   staff:stf_1]`,
		},
		{
			"PATCH", "/api/admin/incidents/inc_1", `{"notification":{"to":"authority","at":"2026-06-01T00:00:00Z"}}`, 200,
			`change [inc_1 {"authority":"2026-06-01T00:00:00Z"}   staff:stf_1]`,
		},
		{"POST", "/api/admin/sources/hide", `{"site":"","record":"k1"}`, 422, ""},
		{"POST", "/api/admin/sources/hide", `{"site":"shop"}`, 422, ""},
		{"POST", "/api/admin/sources/hide", `{"site":"shop","record":"k1","note":"` + strings.Repeat("x", review.MaxNote+1) + `"}`, 422, ""},
		{"POST", "/api/admin/sources/show", `{"site":"shop","record":""}`, 422, ""},
		{"POST", "/api/admin/corrections", `{"site":"shop","record":"k1"}`, 422, ""},
		{"POST", "/api/admin/incidents", `{"kind":"bad","title":"t","found_at":"2026-06-01T00:00:00Z"}`, 422, ""},
		{"POST", "/api/admin/incidents", `{"kind":"other","title":"t"}`, 422, ""},
		{"POST", "/api/admin/incidents", `{"kind":"other","title":"t","found_at":"yesterday"}`, 422, ""},
		{"PATCH", "/api/admin/incidents/inc_1", `{"status":"lost"}`, 422, ""},
		{"PATCH", "/api/admin/incidents/inc_1", `{"notification":{"to":"everybody","at":"2026-06-01T00:00:00Z"}}`, 422, ""},
		{"GET", "/api/admin/sources/hidden?site=", "", 422, ""},
		{"GET", "/api/admin/sources/hidden?cursor=x", "", 400, ""},
		{"GET", "/api/admin/incidents?status=", "", 422, ""},
		{"GET", "/api/admin/incidents?kind=bad", "", 422, ""},
		{"GET", "/api/admin/corrections?site=", "", 422, ""},
	} {
		f.did = nil
		res := r.do(tt.method, tt.path, tt.body)
		if did := strings.Join(f.did, ", "); res.status != tt.status || did != tt.did || strings.Contains(fmt.Sprint(res.body), "canary") {
			t.Errorf("%s %s %.80s: %d %v, it did %q, want %d, %q", tt.method, tt.path, tt.body, res.status, res.body, did, tt.status, tt.did)
		}
	}
	for err, want := range map[error]int{
		review.ErrHidden: 409, review.ErrNotHidden: 409, retrieval.ErrNotFound: 404, review.ErrNothingToCorrect: 422, review.ErrCorrection: 422,
		review.ErrUnknownCorrection: 404, review.ErrUnknownIncident: 404, review.ErrIncident: 422, review.ErrIncidentClosed: 409,
		identity.ErrUnknownSite: 404, conversation.ErrNotFound: 404, errors.New("canary"): 500,
	} {
		f.err = fmt.Errorf("%w: more", err)
		for _, res := range []reply{
			r.do("POST", "/api/admin/sources/hide", hides), r.do("PATCH", "/api/admin/incidents/inc_1", `{"note":"x"}`), r.do("GET", "/api/admin/corrections/cor_1", ""),
		} {
			if res.status != want || want == 500 && strings.Contains(fmt.Sprint(res.body), "canary") {
				t.Errorf("%v: %d %v, want %d", err, res.status, res.body, want)
			}
		}
	}
}

// TestFollowLists: what the lists and details say.
func TestFollowLists(t *testing.T) {
	t.Parallel()
	r, _ := newFollowed(t, identity.RoleAuditor)
	get := func(path string) map[string]any {
		t.Helper()
		res := r.do("GET", path, "")
		if res.status != http.StatusOK {
			t.Errorf("%s: %d %v", path, res.status, res.body)
		}
		return res.body
	}
	page := get("/api/admin/sources/hidden?past=true&record=k1&limit=3&reason=incident")
	items, _ := page["items"].([]any)
	if len(items) != 2 || page["next"] != r.cursor("hidden sources", consent.Place{Rank: 3, ID: "k1true"}) {
		t.Fatalf("%v", page)
	}
	article, own := items[0].(map[string]any), items[1].(map[string]any)
	if by := article["by"].(map[string]any); by["name"] != "Sam" || article["knowledge"] != true || article["note"] != "old" || article["shown"] != nil {
		t.Errorf("%v", article)
	}
	if own["knowledge"] != false || own["customer"] != "cus_1" || own["shown_note"] != "right" || own["shown"] == nil {
		t.Errorf("%v", own)
	}
	if uses := get("/api/admin/sources/shop/order%20k1/uses"); fmt.Sprint(uses) != "map[answers:8 conversations:4 customers:3 kept:1 open:2]" {
		t.Errorf("%v", uses)
	}
	if c := get("/api/admin/corrections/cor_1"); c["status"] != "sending" || c["sent"] != 4.0 || c["skipped"] != 2.0 || c["conversations"] != 7.0 {
		t.Errorf("%v", c)
	}
	x := get("/api/admin/incidents/inc_1")
	clocks, _ := x["clocks"].([]any)
	if len(clocks) != 2 || x["title"] != "a canary title" || x["notes"] != "a canary note" || x["status"] != "notified" || x["may_act"] != false {
		t.Fatalf("%v", x)
	}
	gdpr, anpd := clocks[0].(map[string]any), clocks[1].(map[string]any)
	if gdpr["law"] != "gdpr" || gdpr["binding"] != false || gdpr["overdue"] != false || gdpr["met"] == nil || anpd["law"] != "anpd" || anpd["binding"] != true || anpd["met"] != nil {
		t.Errorf("%v", clocks)
	}
	if told := fmt.Sprint(x["notifications"]); !strings.Contains(told, "by letter") || !strings.Contains(told, "authority") {
		t.Errorf("%v", told)
	}
	history, _ := x["history"].([]any)
	if len(history) != 2 || history[0].(map[string]any)["action"] != "open" || history[0].(map[string]any)["note"] != nil || history[1].(map[string]any)["action"] != "notify" {
		t.Errorf("%v", history)
	}
}

// TestFollowIsSealed: what is about one customer is given out for a reason only, once the
// look is on record; what is the company's always is.
func TestFollowIsSealed(t *testing.T) {
	t.Parallel()
	r, f := newFollowed(t, identity.RoleReviewer)
	f.about = "cus_1"
	paths := []string{"/api/admin/sources/hidden", "/api/admin/corrections", "/api/admin/corrections/cor_1"}
	check := func(step, query string, status int, open bool, looks int) {
		t.Helper()
		for _, path := range paths {
			f.looks = nil
			res := r.do("GET", path+query, "")
			said := fmt.Sprint(res.body)
			if res.status != status || len(f.looks) != looks {
				t.Errorf("%s: %s: %d %v, %d looks", step, path, res.status, res.body, len(f.looks))
			}
			for _, word := range []string{"40 days", "hers", "right", "o1"} {
				if !open && strings.Contains(said, word) {
					t.Errorf("%s: %s says %q: %v", step, path, word, said)
				}
			}
			if open && !strings.Contains(said, "record:o1") || status == http.StatusOK && strings.Contains(said, "sealed:true") == open {
				t.Errorf("%s: %s: %v", step, path, said)
			}
			for _, l := range f.looks {
				if l.Customer != "cus_1" || l.Reason != "incident" || l.Actor != "staff:stf_1" || l.Kind != consent.LogAccess {
					t.Errorf("%s: %s: the look is %+v", step, path, l)
				}
			}
		}
	}
	check("without a reason", "", http.StatusOK, false, 0)
	check("for a sample", "?reason=sample", http.StatusOK, false, 0)
	check("for a reason that is none", "?reason=curiosity", http.StatusUnprocessableEntity, false, 0)
	check("for a reason", "?reason=incident", http.StatusOK, true, 1)
	f.looking = consent.ErrUnknownCustomer
	check("erased meanwhile", "?reason=incident", http.StatusOK, false, 0)
	f.looking = errors.New("the log cannot be written")
	check("not on record", "?reason=incident", http.StatusInternalServerError, false, 0)
	f.about, f.looking = "", nil
	if res := r.do("GET", "/api/admin/corrections/cor_1", ""); res.body["text"] != "40 days" || res.body["sealed"] != false || len(f.looks) != 0 {
		t.Errorf("the company's: %v, %d looks", res.body, len(f.looks))
	}
}

// TestComplaintIsOfOnesOwn: whoever complains has to be whom the answer was for, and
// says what is wrong.
func TestComplaintIsOfOnesOwn(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	asked := &complaining{}
	r := newReplica(t, d, func(o *Options) {
		o.Answers, o.Requests, o.Gate = ownAnswers{}, asked, consent.NewGate(chosen{}, consent.DefaultPolicy())
	})
	complain := func(path, body string) reply {
		return r.do("POST", path, body)
	}
	for _, tt := range []struct {
		path, body string
		want       int
	}{
		{"/api/answers/ans_other/complaint", `{"kind":"wrong"}`, 404},
		{"/api/answers/ans_1/complaint", `{}`, 422},
		{"/api/answers/ans_1/complaint", `{"kind":"revenge"}`, 422},
		{"/api/answers/ans_1/complaint", `{"kind":"wrong","text":7}`, 422},
		{"/api/answers/ans_1/complaint", `{"kind":"wrong","text":"` + strings.Repeat("x", 4001) + `"}`, 422},
	} {
		if res := complain(tt.path, tt.body); res.status != tt.want || asked.stored != nil {
			t.Errorf("%s %.60s: %d %v, want %d", tt.path, tt.body, res.status, res.body, tt.want)
		}
	}
	res := complain("/api/answers/ans_1/complaint", `{"kind":"wrong_source","text":"my canary words"}`)
	if res.status != http.StatusCreated || asked.stored == nil || res.body["request_id"] != asked.stored.ID || res.body["due"] == nil || strings.Contains(fmt.Sprint(res.body), "canary") {
		t.Fatalf("%d %v", res.status, res.body)
	}
	if x := asked.stored; x.Answer != "ans_1" || x.Conversation != talk || x.Complaint != consent.WrongSource || x.Detail != "my canary words" || x.Customer != "cus_1" {
		t.Errorf("%+v", x)
	}
	asked.err = consent.ErrComplained
	if res := complain("/api/answers/ans_1/complaint", `{"kind":"wrong"}`); res.status != http.StatusConflict {
		t.Errorf("a second one: %d %v", res.status, res.body)
	}
}

// complaining keeps a request.
type complaining struct {
	requests
	stored *consent.Request
	err    error
}

func (c *complaining) AddRequest(_ context.Context, r consent.Request) error {
	if c.err == nil {
		c.stored = &r
	}
	return c.err
}

// ownAnswers has one answer of the customer's.
type ownAnswers struct{ Answers }

func (ownAnswers) Answer(_ context.Context, customer identity.CustomerID, id string) (answer.Answer, error) {
	if customer != "cus_1" || id != "ans_1" {
		return answer.Answer{}, conversation.ErrNotFound
	}
	return answer.Answer{ID: id, ConversationID: talk, Language: "en"}, nil
}

// chosen is a ledger in which nothing is.
type chosen struct{ consent.Ledger }

func (chosen) Snapshot(context.Context, identity.CustomerID) (consent.Snapshot, error) {
	return consent.Snapshot{Now: spoken.Due, PolicyVersion: consent.DefaultPolicy().Version}, nil
}

func (chosen) Policies(context.Context) ([]consent.PolicyVersion, error) {
	p := consent.DefaultPolicy()
	return []consent.PolicyVersion{{Version: p.Version, Text: p.Text(), At: spoken.Due}}, nil
}
