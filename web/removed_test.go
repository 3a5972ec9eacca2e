package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

// removing has an answer of which sentences were removed.
type removing struct {
	Answers
	*database
}

const removedText = "Your neighbour's order FH-1 costs 9 euros."

var removedOfAnswer = []answer.Removed{{Text: removedText, Reason: "value"}, {Text: "See [99].", Reason: "unknown_source"}}

func (r removing) Answer(context.Context, identity.CustomerID, string) (answer.Answer, error) {
	return answer.Answer{
		ID: "ans_1", Status: answer.Answered, Question: "Where is it?", Text: "It is on its way.",
		Verification: answer.Verification{Checked: 3, Released: 1, Dropped: 2, Removed: removedOfAnswer},
	}, r.down()
}

func (r removing) AnyAnswer(ctx context.Context, id string) (answer.Answer, identity.CustomerID, error) {
	a, err := r.Answer(ctx, "", id)
	return a, "cus_1", err
}

// shortLog has the end of the answer.
type shortLog struct{ citation.Log }

func (shortLog) ByAnswer(context.Context, string) ([]citation.Entry, error) {
	return []citation.Entry{{ID: "cit_1", Kind: citation.Closed, AnswerID: "ans_1", Site: brand, Customer: "cus_1"}}, nil
}

func (shortLog) Open(_ context.Context, ids ...string) (map[string]citation.Contents, error) {
	removed, _ := json.Marshal(answer.Reviewed{Removed: removedOfAnswer})
	out := make(map[string]citation.Contents)
	for _, id := range ids {
		out[id] = citation.Contents{Said: []byte(`{"question":"Where is it?","verification":{"checked":3,"released":1,"dropped":2}}`), Review: removed}
	}
	return out, nil
}

// oneReviewed lists the answer.
type oneReviewed struct{ review.Store }

func (oneReviewed) AnswerOf(_ context.Context, id string) (string, error) { return id, nil }

func (oneReviewed) Item(context.Context, string) (review.Item, error) {
	return review.Item{Entry: citation.Entry{ID: "cit_1", Kind: citation.Closed, AnswerID: "ans_1", Site: brand, Customer: "cus_1", Status: "answered"}}, nil
}

func (oneReviewed) Findings(context.Context, string, bool) (review.Findings, error) {
	return review.Findings{}, nil
}

// noSources has no text of any record.
type noSources struct{}

func (noSources) Texts(context.Context, consent.Scope, []string) ([]retrieval.Record, error) {
	return nil, nil
}

// looks counts who was noted to have looked.
type looks struct {
	consent.AccessLog
	n *int
}

func (l looks) Accessed(_ context.Context, all ...consent.Access) error {
	*l.n += len(all)
	return nil
}

// TestRemovedSentences: what was removed of an answer is for reviewers. Its customer has
// the counts, and in the demo, where they are alone, the sentences too.
func TestRemovedSentences(t *testing.T) {
	t.Parallel()
	const counts = `"checked":3,"released":1,"dropped":2`
	for _, c := range []struct {
		name, path string
		demo       bool
		shown      bool
	}{
		{"the customer", "/api/answers/ans_1", false, false},
		{"the customer's stream", "/api/conversations/" + talk + "/events", false, false},
		{"the customer of the demo", "/api/answers/ans_1", true, true},
		{"the stream of the demo", "/api/conversations/" + talk + "/events", true, true},
		{"a reviewer without a reason", "/api/admin/citations/ans_1", false, false},
		{"a reviewer", "/api/admin/citations/ans_1?reason=complaint", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, seen := newDatabase(), 0
			d.tell(conversation.AnswerEvent, map[string]string{"answer_id": "ans_1"})
			r := newReplica(t, d, func(o *Options) {
				o.Answers, o.Citations, o.Reviews, o.Sources, o.Accesses = removing{database: d}, shortLog{}, oneReviewed{}, noSources{}, looks{n: &seen}
				if c.demo {
					o.Demo = &Demo{Site: brand}
				}
			})
			var got string
			if strings.HasSuffix(c.path, "/events") {
				got = r.stream(c.path).event()
			} else {
				res := r.do(http.MethodGet, c.path, "")
				if res.status != http.StatusOK {
					t.Fatalf("%v", res)
				}
				b, _ := json.Marshal(res.body["verification"])
				got = string(b)
				if b, _ = json.Marshal(res.body); !c.shown && strings.Contains(string(b), "neighbour") {
					t.Errorf("a sentence that was removed is in the response: %s", b)
				}
			}
			if shown := strings.Contains(got, removedText) && strings.Contains(got, `"reason":"value"`); shown != c.shown {
				t.Errorf("the removed sentences are shown: %v, want %v: %s", shown, c.shown, got)
			}
			if !c.shown && (strings.Contains(got, "neighbour") || strings.Contains(got, "[99]") || strings.Contains(got, `"removed"`)) {
				t.Errorf("removed sentences are in the response: %s", got)
			}
			for _, n := range strings.Split(counts, ",") {
				if c.path == "/api/admin/citations/ans_1" { // they are sealed too
					continue
				}
				if !strings.Contains(got, n) {
					t.Errorf("%s is not in %s", n, got)
				}
			}
			if reviewer := strings.Contains(c.path, "reason"); reviewer != (seen == 1) {
				t.Errorf("%d looks are noted", seen)
			}
		})
	}
}

// TestDemoModel: only the demo has the switch, and only its own page turns it.
func TestDemoModel(t *testing.T) {
	t.Parallel()
	r := newReplica(t, newDatabase())
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		if res := r.do(method, "/demo/model", `{"made_up":true}`); res.status != http.StatusNotFound {
			t.Errorf("%s outside of the demo: %v", method, res)
		}
	}
	demo := &Demo{Site: brand}
	r = newReplica(t, newDatabase(), func(o *Options) { o.Demo = demo })
	if res := r.do(http.MethodGet, "/demo/model", ""); res.status != http.StatusOK || res.body["made_up"] != false {
		t.Errorf("at first: %v", res)
	}
	for _, bad := range []struct {
		body, site string
		status     int
	}{
		{`{"made_up":true}`, "cross-site", http.StatusForbidden},
		{`{"made_up":true}`, "same-site", http.StatusForbidden},
		{`{"made_up":"yes"}`, "same-origin", http.StatusUnprocessableEntity},
		{`{}`, "same-origin", http.StatusUnprocessableEntity},
	} {
		if res := r.do(http.MethodPut, "/demo/model", bad.body, "Sec-Fetch-Site", bad.site); res.status != bad.status {
			t.Errorf("%s from %s: %v", bad.body, bad.site, res)
		}
		if demo.MadeUp.Load() {
			t.Fatalf("%s from %s turned it on", bad.body, bad.site)
		}
	}
	for _, on := range []bool{true, false} {
		body, _ := json.Marshal(demoModel{on})
		if res := r.do(http.MethodPut, "/demo/model", string(body), "Sec-Fetch-Site", "same-origin"); res.status != http.StatusOK || res.body["made_up"] != on {
			t.Errorf("turned to %v: %v", on, res)
		}
		if res := r.do(http.MethodGet, "/demo/model", ""); res.body["made_up"] != on || demo.MadeUp.Load() != on {
			t.Errorf("after it was turned to %v: %v", on, res)
		}
	}
}
