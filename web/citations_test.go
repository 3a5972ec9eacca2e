package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/review"
)

// roled is a directory whose one member of staff has some roles.
type roled struct {
	directory
	roles *atomic.Pointer[[]identity.Role]
}

func (d roled) Staff(context.Context, identity.StaffID) (identity.StaffMember, error) {
	return identity.StaffMember{ID: "stf_1", Name: "Sam", Roles: *d.roles.Load()}, d.down()
}

// endless is a log of as many answers as are asked for.
type endless struct {
	review.Store
	pages *atomic.Int64
	last  int64 // the page that is the last; 0: there is none, -1: each is
	fails int64 // the page that fails; 0: none does
}

func (e endless) List(_ context.Context, f review.Filter) ([]review.Item, int64, error) {
	n := e.pages.Add(1)
	if n == e.fails {
		return nil, 0, errors.New("the database is broken")
	}
	page := make([]review.Item, f.Limit)
	for i := range page {
		id := fmt.Sprint("ans_", n, "_", i)
		page[i].Entry = citation.Entry{ID: "cit_" + id, Kind: citation.Closed, AnswerID: id, Site: brand, Customer: "cus_1", Status: "answered"}
	}
	if n == e.last || e.last < 0 {
		return page, 0, nil
	}
	return page, n, nil
}

func (endless) AnswerOf(_ context.Context, id string) (string, error) { return id, nil }

func (endless) Item(context.Context, string) (review.Item, error) {
	return review.Item{}, review.ErrUnknownAnswer
}

func (endless) Reviewers(context.Context) ([]review.Person, error) { return []review.Person{}, nil }

func (endless) Summary(context.Context, time.Time, time.Time) (review.Summary, error) {
	return review.Summary{}, nil
}

func (endless) Sample(context.Context, review.SampleKind, int) ([]review.Item, error) {
	return nil, nil
}

func (endless) Looks(context.Context, review.AccessFilter) ([]review.Look, consent.Place, error) {
	return nil, consent.Place{}, nil
}

func (endless) AddReview(context.Context, review.Review) error { return nil }

func (endless) Assign(context.Context, string, identity.StaffID) error { return nil }

// wordy opens every entry, if the look at it was recorded.
type wordy struct {
	citation.Log
	*testing.T
	seen *seenAnswers
}

func (w wordy) Open(_ context.Context, ids ...string) (map[string]citation.Contents, error) {
	out := make(map[string]citation.Contents, len(ids))
	for _, id := range ids {
		if !w.seen.has(strings.TrimPrefix(id, "cit_")) {
			w.Errorf("%s is opened before that is on record", id)
		}
		out[id] = citation.Contents{Said: []byte(`{"question":"=1+1","sentences":[{"text":"Two, of course."}]}`)}
	}
	return out, nil
}

// seenAnswers are the answers that looks were recorded at.
type seenAnswers struct{ answers atomic.Pointer[[]string] }

func (s *seenAnswers) has(id string) bool {
	all := s.answers.Load()
	return all != nil && slices.Contains(*all, id)
}

func (s *seenAnswers) Accessed(_ context.Context, looks ...consent.Access) error {
	var all []string
	for _, l := range looks {
		if l.Reason == "" || l.Actor != "staff:stf_1" || l.Kind != consent.LogAccess {
			return fmt.Errorf("a look of no reason: %+v", l)
		}
		all = append(all, l.Answer)
	}
	s.answers.Store(&all)
	return nil
}

func newReviewReplica(t *testing.T, e endless, roles ...identity.Role) (*replica, *atomic.Pointer[[]identity.Role]) {
	t.Helper()
	d, has, seen := newDatabase(), &atomic.Pointer[[]identity.Role]{}, &seenAnswers{}
	has.Store(&roles)
	return newReplica(t, d, func(o *Options) {
		o.Directory, o.Reviews, o.Citations, o.Accesses = roled{directory{database: d}, has}, e, wordy{T: t, seen: seen}, seen
	}), has
}

// TestReviewRoles: who may do what with the log. Analysts read what is about nobody,
// auditors change nothing, and those who watch are not those who judge.
func TestReviewRoles(t *testing.T) {
	t.Parallel()
	const judged, assigned = "/api/admin/citations/ans_1/review", "/api/admin/citations/ans_1/assign"
	for role, may := range map[identity.Role]string{
		identity.RoleAdmin:      "list open export sample people summary review assign looks",
		identity.RoleReviewer:   "list open export sample people summary review assign",
		identity.RolePrivacy:    "list open export sample people summary looks",
		identity.RoleAuditor:    "list open export sample people summary looks",
		identity.RoleAnalyst:    "summary",
		identity.RoleAgent:      "",
		identity.RoleSupervisor: "",
	} {
		r, _ := newReviewReplica(t, endless{pages: &atomic.Int64{}, last: -1}, role)
		for name, c := range map[string]struct{ method, path, body string }{
			"list":    {"GET", "/api/admin/citations", ""},
			"open":    {"GET", "/api/admin/citations?reason=legal", ""},
			"sample":  {"GET", "/api/admin/citations/sample?kind=random", ""},
			"people":  {"GET", "/api/admin/reviewers", ""},
			"summary": {"GET", "/api/admin/reviews/summary", ""},
			"review":  {"POST", judged, `{"verdict":"tone"}`},
			"assign":  {"POST", assigned, `{"reviewer":""}`},
			"looks":   {"GET", "/api/admin/access-log", ""},
			"export":  {"GET", "/api/admin/citations/export?reason=legal", ""},
		} {
			got := r.do(c.method, c.path, c.body).status
			if allowed := slices.Contains(strings.Fields(may), name); allowed != (got/100 == 2) || !allowed && got != http.StatusForbidden {
				t.Errorf("%s as %s: %d", name, role, got)
			}
		}
	}
}

// TestExportStreams: an export of whatever length is sent as it is read, ends with its
// reader, and is not taken for a whole one where it failed.
func TestExportStreams(t *testing.T) {
	t.Parallel()
	get := func(r *replica, query string) io.ReadCloser {
		t.Helper()
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r.request(http.MethodGet, "/api/admin/citations/export?"+query, ""))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res.Body
	}
	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		r, _ := newReviewReplica(t, endless{pages: &atomic.Int64{}, last: 7}, identity.RoleAdmin)
		body := get(r, "reason=legal")
		rows, err := csv.NewReader(body).ReadAll()
		if err != nil || len(rows) != 1+7*exportPage || rows[1][23] != "'=1+1" || rows[1][24] != "Two, of course." {
			t.Errorf("%d rows, %v, %v", len(rows), rows[:min(2, len(rows))], err)
		}
	})
	t.Run("its reader leaves", func(t *testing.T) {
		t.Parallel()
		pages := &atomic.Int64{}
		r, _ := newReviewReplica(t, endless{pages: pages}, identity.RoleAdmin)
		body := get(r, "format=jsonl")
		if _, err := io.CopyN(io.Discard, body, 1<<20); err != nil {
			t.Fatal(err)
		}
		_ = body.Close()
		for before := int64(-1); before != pages.Load(); time.Sleep(200 * time.Millisecond) {
			if before = pages.Load(); before > 100_000 {
				t.Fatal("it goes on for nobody")
			}
		}
		r.streams.mu.Lock()
		defer r.streams.mu.Unlock()
		if n := len(r.streams.cancel); n > 0 {
			t.Errorf("%d streams are open", n)
		}
	})
	t.Run("a slow reader", func(t *testing.T) {
		t.Parallel()
		pages := &atomic.Int64{}
		r, _ := newReviewReplica(t, endless{pages: pages}, identity.RoleAdmin)
		get(r, "format=csv")
		for before := int64(-1); before != pages.Load(); time.Sleep(500 * time.Millisecond) {
			if before = pages.Load(); before > 5000 { // more than any buffer on the way holds
				t.Fatalf("%d pages are read for who does not read them", before)
			}
		}
	})
	t.Run("it fails", func(t *testing.T) {
		t.Parallel()
		r, _ := newReviewReplica(t, endless{pages: &atomic.Int64{}, fails: 3}, identity.RoleAdmin)
		b, err := io.ReadAll(get(r, "format=csv"))
		if !errors.Is(err, io.ErrUnexpectedEOF) || bytes.Count(b, []byte("\r\n")) != 1+2*exportPage || bytes.Contains(b, []byte("broken")) {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	})
	t.Run("its reader may not read any more", func(t *testing.T) {
		t.Parallel()
		r, has := newReviewReplica(t, endless{pages: &atomic.Int64{}}, identity.RoleReviewer)
		body := get(r, "format=csv&reason=legal")
		if _, err := io.CopyN(io.Discard, body, 1<<10); err != nil {
			t.Fatal(err)
		}
		has.Store(&[]identity.Role{identity.RoleAgent})
		if _, err := io.Copy(io.Discard, body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("it ends with %v", err)
		}
	})
}

// TestSafeCell: no cell is one that a spreadsheet computes.
func TestSafeCell(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", " =1": "' =1", "\u00a0=1": "'\u00a0=1",
		"\ufeff=1": "'\ufeff=1", "＝1": "'＝1", "＠x": "'＠x", "|calc": "'|calc", "%0A": "'%0A", "": "", " ": " ", "a=1": "a=1", "1-2": "1-2", "\"=1": "\"=1", "'=1": "'=1",
	} {
		if got := safeCell(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
