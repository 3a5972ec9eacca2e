package storetest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

// logged appends the entries of an answer that was given: its score is that of its one
// citation; a negative one is that of an answer without any.
func (f *fixture) logged(who identity.Principal, id string, score float64, change ...func(*citation.Entry)) {
	f.Helper()
	said := answer.Said{Question: "Question of " + id, Sentences: []answer.Sentence{{Text: "Answer of " + id}}}
	if score >= 0 {
		said.Sentences[0].Citations = []answer.Citation{{RecordID: "k1", PassageID: "k1#0", Quote: "30 days", Score: score}, {RecordID: "k1", Score: 1}}
	}
	body, err := json.Marshal(said)
	f.must(err)
	open := citation.Entry{
		ID: "open_" + id, Kind: citation.Opened, AnswerID: id, Attempt: 1, Site: shop, Customer: who.Customer, Conversation: "cnv_1",
		Purpose: consent.Answers, Recipient: consent.BrandAI, Model: "m", Language: "en", PolicyVersion: "1", Body: []byte(`{"question":"x"}`),
	}
	end := open
	end.ID, end.Kind, end.Opened, end.Status, end.Body = "cit_"+id, citation.Closed, open.ID, "answered", body
	end.Words = citation.Words(said.Question, said.Sentences[0].Text)
	for _, c := range change {
		c(&open)
		c(&end)
	}
	f.must(f.Citations().Append(f.Context(), open))
	f.must(f.Citations().Append(f.Context(), end))
}

// listed are the answers of a page, with spaces between.
func (f *fixture) listed(filter review.Filter) string {
	f.Helper()
	page, _, err := f.Reviews().List(f.Context(), filter)
	f.must(err)
	var out []string
	for _, x := range page {
		out = append(out, x.AnswerID)
	}
	return strings.Join(out, " ")
}

func yes() *bool { b := true; return &b }

func no() *bool { return new(bool) }

// reviewsAreFiltered: answers are found by what people found of them, by any pair of
// filters, and by nothing else.
func reviewsAreFiltered(f *fixture) {
	f.agent("stf_1")
	f.must(f.AddStaff(f.Context(), identity.StaffMember{ID: "stf_r", Email: "r", Name: "Rita", Roles: []identity.Role{identity.RoleReviewer}}))
	f.must(f.AddStaff(f.Context(), identity.StaffMember{ID: "stf_a", Email: "a", Name: "Ada", Roles: []identity.Role{identity.RoleAdmin}}))
	f.logged(f.maya, "a1", 0.295)
	f.logged(f.omar, "a2", 0.3)
	f.logged(f.maya, "a3", 0.999, func(e *citation.Entry) { e.Language = "uk" })
	f.logged(f.omar, "a4", -1)
	r := f.Reviews()
	for i, v := range []struct {
		answer  string
		verdict review.Verdict
	}{{"a1", review.Tone}, {"a2", review.Correct}, {"a1", review.WrongSource}} {
		f.must(r.AddReview(f.Context(), review.Review{
			ID: fmt.Sprint("rev_", i), Answer: v.answer, Verdict: v.verdict, Note: "A canary of a note", Reviewer: review.Person{ID: "stf_r"},
		}))
	}
	f.must(r.AddFlag(f.Context(), "cnv_1", review.Flag{ID: "flg_1", Answer: "a3", Kind: review.Unsupported, Note: "A canary of a flag", By: review.Person{ID: "stf_1"}}))
	f.must(r.Assign(f.Context(), "a4", "stf_r"))
	f.must(r.Assign(f.Context(), "a2", "stf_a"))
	f.must(r.Assign(f.Context(), "a2", ""))

	below := func(x float64) review.Filter { return review.Filter{ScoreBelow: &x} }
	filters := map[string]struct {
		filter review.Filter
		want   string
	}{
		"all":                       {review.Filter{}, "a4 a3 a2 a1"},
		"a verdict":                 {review.Filter{Verdict: review.WrongSource}, "a1"},
		"one that was not the last": {review.Filter{Verdict: review.Tone}, ""},
		"an unknown verdict":        {review.Filter{Verdict: "x"}, ""},
		"reviewed":                  {review.Filter{Reviewed: yes()}, "a2 a1"},
		"not reviewed":              {review.Filter{Reviewed: no()}, "a4 a3"},
		"flagged":                   {review.Filter{Flagged: yes()}, "a3"},
		"not flagged":               {review.Filter{Flagged: no()}, "a4 a2 a1"},
		"complained about":          {review.Filter{Complaint: yes()}, ""},
		"not complained about":      {review.Filter{Complaint: no()}, "a4 a3 a2 a1"},
		"assigned":                  {review.Filter{Assigned: "stf_r"}, "a4"},
		"assigned to somebody else": {review.Filter{Assigned: "stf_x"}, ""},
		"assigned to nobody":        {review.Filter{Assigned: review.Unassigned}, "a3 a2 a1"},
		"below 0":                   {below(0), ""},
		"below .29":                 {below(.29), ""},
		"below .30":                 {below(.30), "a1"},
		"below .31":                 {below(.31), "a2 a1"},
		"below 1":                   {below(1), "a3 a2 a1"},
		"a customer":                {review.Filter{Filter: citation.Filter{Customer: f.maya.Customer}}, "a3 a1"},
		"a language":                {review.Filter{Filter: citation.Filter{Language: "uk"}}, "a3"},
		"a word of the answer":      {review.Filter{Filter: citation.Filter{Query: "a2"}}, "a2"},
		"a word of all":             {review.Filter{Filter: citation.Filter{Query: "question"}}, "a4 a3 a2 a1"},
		"ended":                     {review.Filter{Filter: citation.Filter{Kind: citation.Closed}}, "a4 a3 a2 a1"},
		"not ended":                 {review.Filter{Filter: citation.Filter{Kind: citation.Opened}}, ""},
		"neither":                   {review.Filter{Filter: citation.Filter{Kind: "x"}}, ""},
		"of today":                  {review.Filter{Filter: citation.Filter{From: f.now().Add(-time.Hour), To: f.now().Add(time.Hour)}}, "a4 a3 a2 a1"},
		"of yesterday":              {review.Filter{Filter: citation.Filter{From: f.now().Add(-26 * time.Hour), To: f.now().Add(-time.Hour)}}, ""},
	}
	for name, tt := range filters {
		if got := f.listed(tt.filter); got != tt.want {
			f.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		for other, second := range filters {
			var want []string
			for _, id := range strings.Fields(tt.want) {
				if slices.Contains(strings.Fields(second.want), id) {
					want = append(want, id)
				}
			}
			both, ok := together(tt.filter, second.filter)
			if got := f.listed(both); ok && got != strings.Join(want, " ") {
				f.Errorf("%s, and %s: %q, want %v", name, other, got, want)
			}
		}
	}
	for id, want := range map[string]string{"cit_a1": "a1", "open_a1": "a1", "a1": "a1", "cit_none": "cit_none"} {
		if got, err := r.AnswerOf(f.Context(), id); err != nil || got != want {
			f.Errorf("the answer of %s: %q, %v", id, got, err)
		}
	}
	x, err := r.Item(f.Context(), "a1")
	f.must(err)
	if x.Score == nil || math.Abs(*x.Score-.295) > 1e-9 || x.Verdict != review.WrongSource || x.Gone || x.Kind != citation.Closed || x.LeafIndex != nil || x.Assignee != nil {
		f.Errorf("%+v", x)
	}
	if x, err := r.Item(f.Context(), "a4"); err != nil || x.Score != nil || x.Assignee == nil || x.Assignee.Name != "Rita" {
		f.Errorf("%+v, %v", x, err)
	}
	for _, word := range []string{"canary", "Question of"} {
		if where := f.plain(word); len(where) > 0 {
			f.Errorf("%q is in %v", word, where)
		}
	}
}

// together is a filter of both, and whether they do not filter by the same.
func together(a, b review.Filter) (review.Filter, bool) {
	var x, y map[string]any
	for v, dest := range map[*review.Filter]*map[string]any{&a: &x, &b: &y} {
		text, _ := json.Marshal(v)
		_ = json.Unmarshal(text, dest)
	}
	for _, m := range []map[string]any{x, y} {
		delete(m, "Before")
		delete(m, "Limit")
	}
	for k, v := range x {
		if w := y[k]; !empty(v) && !empty(w) {
			return a, false
		}
	}
	merged := make(map[string]any)
	for k, v := range x {
		merged[k] = v
		if empty(v) {
			merged[k] = y[k]
		}
	}
	text, _ := json.Marshal(merged)
	var out review.Filter
	return out, json.Unmarshal(text, &out) == nil
}

func empty(v any) bool {
	return v == nil || v == "" || v == "0001-01-01T00:00:00Z"
}

// pagesStayRight: whoever reads page after page sees every answer that was there once,
// in order, whatever is added, ended and found meanwhile.
func pagesStayRight(f *fixture) {
	for i := range 9 {
		f.logged(f.maya, fmt.Sprint("a", i), .5)
	}
	late := citation.Entry{
		ID: "late", Kind: citation.Opened, AnswerID: "late", Site: shop, Customer: f.omar.Customer, Conversation: "cnv_1", Recipient: consent.BrandAI,
		Language: "en", Body: []byte("{}"),
	}
	f.must(f.Citations().Append(f.Context(), late))
	f.logged(f.maya, "a9", .5)
	for size := range 4 {
		for name, filter := range map[string]citation.Filter{
			"all": {}, "a customer": {Customer: f.maya.Customer}, "a category": {Recipient: consent.BrandAI}, "a word": {Query: "answer"},
		} {
			var got []string
			before := int64(0)
			for n := 0; ; n++ {
				filter.Before, filter.Limit = before, size+1
				page, next, err := f.Reviews().List(f.Context(), review.Filter{Filter: filter})
				f.must(err)
				for _, x := range page {
					got = append(got, x.AnswerID)
				}
				// Answers are added, and one that the reader has not seen yet ends.
				if n < 3 { // each is on the pages of every reader after this one
					f.logged(f.maya, fmt.Sprint("new", size, name, n), .5)
				}
				if n == 0 && size == 0 && name == "all" {
					end := late
					end.ID, end.Kind, end.Opened = "late-end", citation.Closed, late.ID
					f.must(f.Citations().Append(f.Context(), end))
				}
				if before = next; next == 0 {
					break
				}
			}
			got = slices.DeleteFunc(got, func(id string) bool { return strings.HasPrefix(id, "new") })
			want := []string{"a9", "late", "a8", "a7", "a6", "a5", "a4", "a3", "a2", "a1", "a0"}
			if name == "a customer" || name == "a word" {
				want = slices.DeleteFunc(want, func(id string) bool { return id == "late" })
			}
			if !slices.Equal(got, want) {
				f.Errorf("pages of %d, %s: %v", size+1, name, got)
			}
		}
	}
}

// reviewsAreKept: what people find is there in their order, with notes for whoever opens
// them, and without them once the customer is erased.
func reviewsAreKept(f *fixture) {
	r := f.Reviews()
	f.agent("stf_1")
	f.must(f.AddStaff(f.Context(), identity.StaffMember{ID: "stf_r", Email: "r", Name: "Rita", Roles: []identity.Role{identity.RoleReviewer}}))
	f.logged(f.maya, "a1", .5)
	f.logged(f.omar, "a2", .5)
	by := review.Person{ID: "stf_r"}
	before := f.contents()
	for what, c := range map[string]struct{ err, want error }{
		"an unknown answer":         {r.AddReview(f.Context(), review.Review{ID: "x", Answer: "a9", Verdict: review.Tone, Reviewer: by}), review.ErrUnknownAnswer},
		"no verdict":                {r.AddReview(f.Context(), review.Review{ID: "x", Answer: "a1", Reviewer: by}), review.ErrVerdict},
		"a long note":               {r.AddReview(f.Context(), review.Review{ID: "x", Answer: "a1", Verdict: review.Tone, Note: strings.Repeat("я", review.MaxNote+1), Reviewer: by}), review.ErrNote},
		"a flag that it is right":   {r.AddFlag(f.Context(), "cnv_1", review.Flag{ID: "x", Answer: "a1", Kind: review.Correct, By: by}), review.ErrFlag},
		"of another conversation":   {r.AddFlag(f.Context(), "cnv_2", review.Flag{ID: "x", Answer: "a1", Kind: review.Tone, By: by}), review.ErrUnknownAnswer},
		"given to an agent":         {r.Assign(f.Context(), "a1", "stf_1"), review.ErrNotReviewer},
		"given to who is not there": {r.Assign(f.Context(), "a1", "stf_9"), review.ErrNotReviewer},
		"an unknown one given":      {r.Assign(f.Context(), "a9", "stf_r"), review.ErrUnknownAnswer},
		"what is unknown":           {only(r.Item(f.Context(), "a9")), review.ErrUnknownAnswer},
	} {
		f.is(what, c.err, c.want)
	}
	f.unchanged("what was refused", before)

	for i, v := range []review.Verdict{review.Tone, review.Correct} {
		for _, id := range []string{"a1", "a2"} {
			f.must(r.AddReview(f.Context(), review.Review{
				ID: fmt.Sprint("rev_", id, i), Answer: id, Verdict: v, Note: fmt.Sprint("Note ", i), Reviewer: by,
			}))
		}
	}
	f.must(r.AddFlag(f.Context(), "cnv_1", review.Flag{ID: "flg_1", Answer: "a1", Kind: review.Unsupported, Note: "Look", By: review.Person{ID: "stf_1"}}))
	found, err := r.Findings(f.Context(), "a1", true)
	f.must(err)
	if len(found.Reviews) != 2 || found.Reviews[0].Note != "Note 0" || found.Reviews[1].Verdict != review.Correct || found.Reviews[1].Reviewer.Name != "Rita" ||
		len(found.Flags) != 1 || found.Flags[0].Note != "Look" || found.Flags[0].By.Name != "Agent stf_1" || found.Flags[0].At.IsZero() {
		f.Errorf("%+v", found)
	}
	shut, err := r.Findings(f.Context(), "a1", false)
	f.must(err)
	for i := range shut.Reviews {
		found.Reviews[i].Note = ""
	}
	found.Flags[0].Note = ""
	if a, b := fmt.Sprintf("%+v", shut), fmt.Sprintf("%+v", found); a != b {
		f.Errorf("what is not opened: %s, want %s", a, b)
	}
	f.must(only(f.Erase(f.Context(), f.maya.Customer, nil)))
	found, err = r.Findings(f.Context(), "a1", true)
	if err != nil || len(found.Reviews) != 2 || found.Reviews[0].Note != "" || found.Reviews[0].Verdict != review.Tone || found.Flags[0].Note != "" {
		f.Errorf("after the erasure: %+v, %v", found, err)
	}
	if n := f.count("SELECT COUNT(*) FROM reviews WHERE sealed IS NOT NULL"); n != 2 { // those of the other customer
		f.Errorf("%d notes are left", n)
	}
	if x, err := r.Item(f.Context(), "a1"); err != nil || !x.Gone || x.Verdict != review.Correct {
		f.Errorf("after the erasure: %+v, %v", x, err)
	}
	f.is("a verdict then", r.AddReview(f.Context(), review.Review{ID: "y", Answer: "a1", Verdict: review.Tone, Reviewer: by}), review.ErrErased)
	f.is("a flag then", r.AddFlag(f.Context(), "cnv_1", review.Flag{ID: "y", Answer: "a1", Kind: review.Tone, By: by}), review.ErrErased)
	f.is("given then", r.Assign(f.Context(), "a1", "stf_r"), review.ErrErased)
	if open, err := f.Citations().Open(f.Context(), "cit_a1"); err != nil || len(open) != 0 {
		f.Errorf("what is opened then: %+v, %v", open, err)
	}
}

// samplesAreAllowed: answers are chosen only of customers who let them be measured, at
// that moment, and are those that nobody has reviewed.
func samplesAreAllowed(f *fixture) {
	r := f.Reviews()
	for i := range 4 {
		f.logged(f.maya, fmt.Sprint("m", i), float64(9-i)/10)
		f.logged(f.omar, fmt.Sprint("o", i), .1)
	}
	f.logged(f.maya, "uncited", -1)
	f.logged(f.maya, "elsewhere", .05, func(e *citation.Entry) { e.Conversation = "cnv_2" })
	sample := func(what string, kind review.SampleKind, n int, want ...string) {
		f.Helper()
		page, err := r.Sample(f.Context(), kind, n)
		f.must(err)
		var got []string
		for _, x := range page {
			got = append(got, x.AnswerID)
		}
		if kind == review.Random {
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			f.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	grant := func(who identity.Principal, granted bool, d consent.Duration) {
		f.Helper()
		f.change(who, consent.Change{Triple: review.Improvement, Granted: granted, Duration: d})
	}
	sample("nobody allows it", review.Random, 10)
	sample("nobody allows it", review.LowScore, 10)
	grant(f.maya, true, consent.Standing)
	sample("at random", review.Random, 100, "m0", "m1", "m2", "m3", "uncited", "elsewhere")
	sample("the worst", review.LowScore, 3, "elsewhere", "m3", "m2")
	if page, err := r.Sample(f.Context(), review.Random, 2); err != nil || len(page) != 2 {
		f.Errorf("two at random: %v, %v", page, err)
	}
	f.must(r.AddReview(f.Context(), review.Review{ID: "rev_1", Answer: "elsewhere", Verdict: review.Tone}))
	sample("what is reviewed is not", review.LowScore, 2, "m3", "m2")
	grant(f.maya, false, "")
	sample("withdrawn", review.LowScore, 10)
	grant(f.maya.In("cnv_1"), true, consent.ThisConversation)
	sample("of one conversation", review.Random, 10, "m0", "m1", "m2", "m3", "uncited")
	if _, ok, err := f.gate.Permitted(f.Context(), f.maya.Customer, "cnv_2", review.Improvement); ok || err != nil {
		f.Errorf("the gate permits another conversation: %v, %v", ok, err)
	}
	grant(f.omar, true, consent.Standing)
	sample("the other's too", review.LowScore, 5, "o0", "o1", "o2", "o3", "m3")
	f.must(only(f.Erase(f.Context(), f.omar.Customer, nil)))
	sample("who was erased is not", review.LowScore, 5, "m3", "m2", "m1", "m0")
}

// reviewsAreCounted: of each answer the latest verdict counts.
func reviewsAreCounted(f *fixture) {
	r := f.Reviews()
	for i := range 3 {
		f.logged(f.maya, fmt.Sprint("a", i), .5, func(e *citation.Entry) {
			if i == 2 {
				e.Model, e.Language = "other", "uk"
			}
		})
	}
	for i, v := range []struct {
		answer, by string
		verdict    review.Verdict
	}{
		{"a0", "r1", review.Tone}, {"a0", "r1", review.Correct}, {"a0", "r2", review.Correct}, // agree in the end
		{"a1", "r1", review.Correct}, {"a1", "r2", review.Tone}, // do not
		{"a2", "r1", review.Unsupported},
	} {
		f.must(r.AddReview(f.Context(), review.Review{
			ID: fmt.Sprint("rev_", i), Answer: v.answer, Verdict: v.verdict, Reviewer: review.Person{ID: identity.StaffID(v.by)},
		}))
	}
	sum, err := r.Summary(f.Context(), time.Time{}, time.Time{})
	f.must(err)
	if sum.Reviews != 6 || sum.Answers != 3 || sum.Compared != 2 || sum.Agreed != 1 || sum.Verdicts[review.Correct] != 1 || sum.Verdicts[review.Tone] != 1 ||
		sum.ByModel["m"].Answers != 2 || sum.ByModel["other"].Verdicts[review.Unsupported] != 1 || sum.ByLanguage["en"].Answers != 2 {
		f.Errorf("%+v", sum)
	}
	if sum, err = r.Summary(f.Context(), f.now().Add(time.Hour), time.Time{}); err != nil || sum.Reviews != 0 || sum.Answers != 0 || sum.Verdicts[review.Tone] != 0 {
		f.Errorf("of later: %+v, %v", sum, err)
	}
}

// looksAreListed: who looked is found by each of what is asked for, page by page.
func looksAreListed(f *fixture) {
	r := f.Reviews()
	f.agent("stf_1")
	look := func(who identity.Principal, actor, answer string, why review.Reason) {
		f.must(f.Accessed(f.Context(), consent.Access{
			Customer: who.Customer, Actor: actor, Kind: consent.LogAccess, Conversation: "cnv_1", Answer: answer, Reason: string(why),
			Categories: []consent.Category{consent.Conversation}, Records: []consent.AccessedRecord{{ID: "order-canary", Category: "orders"}},
		}))
	}
	look(f.maya, "staff:stf_1", "a1", review.ForComplaint)
	look(f.maya, "staff:stf_2", "a2", review.ForLegal)
	look(f.omar, "staff:stf_1", "a3", review.ForComplaint)
	f.must(f.Accessed(f.Context(), deskLook(f.omar)))
	for name, tt := range map[string]struct {
		filter review.AccessFilter
		want   string
	}{
		"all":               {review.AccessFilter{}, " a3 a2 a1"},
		"a customer":        {review.AccessFilter{Customer: f.maya.Customer}, "a2 a1"},
		"an actor":          {review.AccessFilter{Actor: "staff:stf_2"}, "a2"},
		"an answer":         {review.AccessFilter{Answer: "a3"}, "a3"},
		"a reason":          {review.AccessFilter{Reason: review.ForComplaint}, "a3 a1"},
		"nobody's":          {review.AccessFilter{Customer: "cus_x"}, ""},
		"of later":          {review.AccessFilter{From: f.now().Add(time.Hour)}, ""},
		"of before":         {review.AccessFilter{To: f.now().Add(-time.Hour)}, ""},
		"all of it at once": {review.AccessFilter{Customer: f.omar.Customer, Actor: "staff:stf_1", Answer: "a3", Reason: review.ForComplaint, From: f.now().Add(-time.Hour), To: f.now().Add(time.Hour)}, "a3"},
	} {
		page, next, err := r.Looks(f.Context(), tt.filter)
		f.must(err)
		var got []string
		for _, x := range page {
			got = append(got, x.Answer)
		}
		if strings.Join(got, " ") != tt.want || next != (consent.Place{}) {
			f.Errorf("%s: %q, %v, want %q", name, got, next, tt.want)
		}
		var paged []string
		for tt.filter.Limit = 1; len(paged) <= len(got); {
			page, next, err := r.Looks(f.Context(), tt.filter)
			f.must(err)
			for _, x := range page {
				paged = append(paged, x.Answer)
			}
			if tt.filter.After = next; next == (consent.Place{}) {
				break
			}
		}
		if !slices.Equal(paged, got) {
			f.Errorf("%s, one by one: %q, want %q", name, paged, got)
		}
	}
	page, _, err := r.Looks(f.Context(), review.AccessFilter{Answer: "a1"})
	if err != nil || len(page) != 1 || page[0].Name != "Agent stf_1" || page[0].Site != shop || page[0].Reason != "complaint" || page[0].At.IsZero() || len(page[0].Records) > 0 {
		f.Errorf("%+v, %v", page, err)
	}
}

// sourcesAreCompared: whether a source still says what was quoted is told, and nothing of
// what it says.
func sourcesAreCompared(f *fixture) {
	r := f.Reviews()
	article := retrieval.Record{ID: "k1", Text: "Returns take\n30 days.", Visibility: retrieval.InternalKnowledge}
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article}))
	f.put(record(f.maya, "r1", "orders", "A tent for two."), record(f.maya, "r2", "orders", "A mat."))
	is := func(what, record, quote string, want review.Now) {
		f.Helper()
		if got, err := r.Compare(f.Context(), shop, record, quote); err != nil || got != want {
			f.Errorf("%s: %s, %v, want %s", what, got, err, want)
		}
	}
	is("an article", "k1", "take 30 days", review.Same)
	is("a record, without any grant", "r1", "tent for two", review.Same)
	is("a field of it", "r1", "field of r1", review.Same)
	is("what it never said", "r1", "tent for three", review.Changed)
	is("what is not there", "r9", "x", review.Gone)
	article.Text = "Returns take 14 days."
	f.must(f.PutKnowledge(f.Context(), shop, []retrieval.Record{article}))
	is("an article that was changed", "k1", "take 30 days", review.Changed)
	f.hide("k1", "Out of date")
	f.hide("r1", "Another person's")
	is("a hidden article", "k1", "14 days", review.Hidden)
	is("a hidden record", "r1", "tent for two", review.Hidden)
	f.dispute(f.maya, "r2")
	is("a disputed record", "r2", "A mat.", review.NotPermitted)
	f.must(f.RemoveRecord(f.Context(), shop, "r1"))
	is("a record that was removed", "r1", "tent for two", review.Gone)
}
