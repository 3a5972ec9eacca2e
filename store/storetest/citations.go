package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/review"
)

// closed is the entry that ends an answer.
func closed(answerID string, who identity.CustomerID) citation.Entry {
	return citation.Entry{
		ID: answer.LeafID(answerID), Kind: citation.Closed, AnswerID: answerID, Attempt: 1, Site: shop, Customer: who,
		Status: string(answer.Declined), Body: []byte("{}"),
	}
}

func citationsAreFound(f *fixture) {
	log := f.Citations()
	entry := func(id, answer string, who identity.Principal, kind citation.Kind, question string) citation.Entry {
		return citation.Entry{
			ID: id, Kind: kind, AnswerID: answer, Attempt: 1, Site: shop, Customer: who.Customer, Conversation: "cnv_" + answer,
			Purpose: consent.Answers, Recipient: consent.BrandAI, Model: "m", Language: "en", PolicyVersion: f.policy.Version, GPC: answer == "a2",
			Status: "answered", Records: []citation.Use{
				{RecordID: "r-" + answer, Category: "orders", Recipient: consent.BrandAI, GrantID: "grt_1"},
				{RecordID: "k-" + answer, Category: consent.Knowledge, Recipient: consent.BrandAI},
			},
			NotSearched: []citation.NotSearched{
				{Category: "billing", Reason: consent.NoConsent, Relevant: true},
				{Category: "browsing", Reason: consent.NoConsent},
			},
			Body: []byte(`{"question":"` + question + `"}`), Words: citation.Words(question),
		}
	}
	f.must(log.Append(f.Context(), entry("e1", "a1", f.maya, citation.Opened, "Where is my hammock?")))
	f.must(log.Append(f.Context(), entry("e2", "a1", f.maya, citation.Closed, "Where is my hammock?")))
	f.must(log.Append(f.Context(), entry("e3", "a2", f.omar, citation.Closed, "Pitch my tent")))
	before := f.contents()
	// The end of an answer may be recorded again; what was recorded first stays.
	f.must(log.Append(f.Context(), entry("e3", "a3", f.omar, citation.Closed, "Something else")))
	f.is("a customer without a key", log.Append(f.Context(), citation.Entry{ID: "e4", Customer: "cus_unknown"}), citation.ErrUnavailable)
	f.is("cancelled", log.Append(cancelled(f.T), entry("e9", "a9", f.maya, citation.Opened, "x")), citation.ErrUnavailable)
	f.unchanged("what was not added", before)
	for name, tt := range map[string]struct {
		filter citation.Filter
		want   string
	}{
		"all":                          {citation.Filter{}, "a2 a1"},
		"a customer":                   {citation.Filter{Customer: f.maya.Customer}, "a1"},
		"a customer who is not there":  {citation.Filter{Customer: "cus_unknown"}, ""},
		"a site":                       {citation.Filter{Site: shop}, "a2 a1"},
		"another site":                 {citation.Filter{Site: "other"}, ""},
		"a conversation":               {citation.Filter{Conversation: "cnv_a1"}, "a1"},
		"a status":                     {citation.Filter{Status: "answered"}, "a2 a1"},
		"a language":                   {citation.Filter{Language: "de"}, ""},
		"a model":                      {citation.Filter{Model: "m"}, "a2 a1"},
		"a policy":                     {citation.Filter{PolicyVersion: "old"}, ""},
		"a record":                     {citation.Filter{Record: "r-a2"}, "a2"},
		"a record that is not there":   {citation.Filter{Record: "r"}, ""},
		"what is not text":             {citation.Filter{Record: "\x00"}, ""},
		"a category":                   {citation.Filter{Category: "orders"}, "a2 a1"},
		"one that went nowhere":        {citation.Filter{Category: "billing"}, ""},
		"a recipient":                  {citation.Filter{Recipient: consent.BrandAI}, "a2 a1"},
		"another recipient":            {citation.Filter{Recipient: "ai_provider:openai"}, ""},
		"not searched":                 {citation.Filter{NotSearched: consent.NoConsent}, "a2 a1"},
		"not searched for another":     {citation.Filter{NotSearched: consent.GPC}, ""},
		"the latest entry is not this": {citation.Filter{Kind: citation.Opened}, ""},
		"a word":                       {citation.Filter{Query: "HAMMOCK"}, "a1"},
		"two words, of two answers":    {citation.Filter{Query: "hammock tent"}, ""},
		"a part of a word":             {citation.Filter{Query: "parc"}, ""},
		"punctuation":                  {citation.Filter{Query: "?!"}, ""},
		"a wildcard":                   {citation.Filter{Query: "%", Record: "%"}, ""},
		"before everything":            {citation.Filter{To: time.Unix(1, 0)}, ""},
		"from the beginning":           {citation.Filter{From: time.Unix(1, 0)}, "a2 a1"},
		"after everything":             {citation.Filter{From: f.now().Add(time.Hour)}, ""},
	} {
		page, next, err := f.Reviews().List(f.Context(), review.Filter{Filter: tt.filter})
		var got []string
		for _, s := range page {
			got = append(got, s.AnswerID)
		}
		if err != nil || strings.Join(got, " ") != tt.want || next != 0 {
			f.Errorf("%s: %v, %d, %v; want %s", name, got, next, err, tt.want)
		}
	}
	page, next, err := f.Reviews().List(f.Context(), review.Filter{Filter: citation.Filter{Limit: 1}})
	if err != nil || len(page) != 1 || next == 0 || !page[0].GPC {
		f.Fatalf("%+v, %d, %v", page, next, err)
	}
	open, err := log.Open(f.Context(), page[0].ID, "e1", "none")
	if err != nil || len(open) != 2 || string(open[page[0].ID].Said) != `{"question":"Pitch my tent"}` || open["e1"].Review != nil {
		f.Errorf("opened %+v, %v", open, err)
	}
	page, next, err = f.Reviews().List(f.Context(), review.Filter{Filter: citation.Filter{Limit: 1, Before: next}})
	if err != nil || len(page) != 1 || page[0].AnswerID != "a1" || page[0].GPC || next != 0 {
		f.Errorf("the second page: %+v, %d, %v", page, next, err)
	}
	entries, err := log.ByAnswer(f.Context(), "a1")
	if err != nil || len(entries) != 2 || entries[0].ID != "e1" || entries[1].ID != "e2" {
		f.Fatalf("%+v, %v", entries, err)
	}
	want := entry("e1", "a1", f.maya, citation.Opened, "Where is my hammock?")
	if !slices.Equal(entries[0].Records, want.Records) || !slices.Equal(entries[0].NotSearched, want.NotSearched) || entries[0].Body != nil {
		f.Errorf("%+v, want %+v", entries[0], want)
	}
	for _, word := range []string{"hammock", "pitch"} {
		if where := f.plain(word); len(where) > 0 {
			f.Errorf("the word %q of a question is in %v", word, where)
		}
	}
}

// citationsUnderStamp: what goes to a recipient is recorded only while the
// decision still holds.
func citationsUnderStamp(f *fixture) {
	f.choose(f.maya, true, "orders")
	n := 0
	open := func(stamp consent.Stamp) error {
		n++
		return f.Citations().Append(f.Context(), citation.Entry{
			ID: fmt.Sprint("e", n), Kind: citation.Opened, AnswerID: "a1", Customer: f.maya.Customer, Body: []byte("{}"), Stamp: &stamp,
		})
	}
	stamp := f.stamp(f.maya)
	f.must(open(stamp))
	f.choose(f.maya, false, "orders")
	before := f.contents()
	f.is("withdrawn", open(stamp), consent.ErrStale)
	f.is("another customer's", open(f.stamp(f.omar)), consent.ErrStale)
	f.unchanged("a stale entry", before)
	f.must(open(f.stamp(f.maya)))
	f.must(f.InstallPolicy(f.Context(), f.edition("next", "")))
	f.is("another policy", open(stamp), consent.ErrStale)
	if n := f.count("SELECT COUNT(*) FROM citation_entries"); n != 2 {
		f.Errorf("%d entries", n)
	}
}
